//! Hardware tokens, mirrored: each call meets the token that lies on the link, since a phone's link is as short as a touch.

use std::sync::Arc;

use countersign_core::app::App;
use countersign_core::burn;
use countersign_core::cancel::Cancel;
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::Typed;

use crate::error::TokenFault;
use crate::port::{Link, TokenLinkPort};
use crate::record::{
    BatchLine, BurnEnding, BurnRow, BurnSettings, Concluded, DeviceClass, HardwareSlot, Held, KeyPlace, LedgerRow,
    PlanRow, TokenCodes, TokenFamily, TokenIdentity, TokenName, TokenRoom, TokenSeen,
};
use crate::seeds::TokenSeed;
use crate::{CancelHandle, Countersign, CountersignError, caught, digits};

/// The key that is proven to a token before it takes anything. Candidates are never tried in turn: a token counts.
#[derive(Clone, uniffi::Enum)]
pub enum TokenKey {
    /// What its maker puts in.
    Maker,
    /// One that the vault keeps, by its name.
    Kept {
        /// The name.
        name: String,
    },
    /// The owner's, as typed.
    Own {
        /// Its bytes.
        key: Vec<u8>,
    },
}

/// A token on its link, and what is proven to it.
#[derive(Clone, uniffi::Record)]
pub struct TokenAt {
    /// The link, opened anew for each time that the token is held there.
    pub link: Arc<dyn TokenLinkPort>,
    /// The key.
    pub key: TokenKey,
    /// The family that is likely, because the last token was of it: asked for first.
    #[uniffi(default = None)]
    pub likely: Option<TokenFamily>,
}

impl TokenAt {
    /// Meets the token, and goes on with it.
    fn with<T>(
        self,
        app: &App,
        cancel: &Cancel,
        go_on: impl FnOnce(&mut burn::Found<'_>, &burn::KeyProfile) -> Result<T, CountersignError>,
    ) -> Result<T, CountersignError> {
        let Self { link, key, likely } = self;
        let mut link = Link::new(link);
        let hints = burn::Hints { reader: None, likely: likely.map(burn::Family::from) };
        let key = match key {
            TokenKey::Own { key } => Err(burn::KeyProfile::Own(Secret::new(key))),
            TokenKey::Maker => Err(burn::KeyProfile::Vendor),
            TokenKey::Kept { name } => Ok(name),
        };
        let mut found = match app.meet_token(&mut link, hints, cancel)? {
            burn::Met::Token(found) => found,
            burn::Met::Declined(why) => {
                return Err(CountersignError::Token { fault: TokenFault::Declined { why: why.into() } });
            }
        };
        let key = match key {
            Ok(name) => app.token_key(&name, found.identity().family)?,
            Err(key) => key,
        };
        go_on(&mut found, &key)
    }
}

/// A burn that may be done, with its seed: made by `plan_burn`, shown, agreed to, and carried out by `burn`.
#[derive(uniffi::Object)]
pub struct BurnPlan(burn::Plan);

#[uniffi::export]
impl BurnPlan {
    /// What is shown of it.
    pub fn row(&self) -> Result<PlanRow, CountersignError> {
        caught(|| Ok((&self.0).into()))
    }
}

/// What can be done to a token beside burning it.
#[derive(Clone, uniffi::Enum)]
pub enum TokenOperation {
    /// Sets the clock and leaves the seed, with the settings of this one.
    SyncClock {
        /// What it holds.
        seed: Arc<TokenSeed>,
        /// How it was burned.
        settings: BurnSettings,
    },
    /// Deletes a profile, or the entry of a name.
    Delete {
        /// Whose name it has.
        seed: Arc<TokenSeed>,
        /// Which profile.
        settings: BurnSettings,
    },
    /// Gives the token another key, or access code.
    ChangeKey {
        /// The new one.
        key: Vec<u8>,
    },
    /// Takes the access code away.
    RemoveKey,
    /// Locks its screen.
    LockScreen,
    /// Unlocks its screen.
    UnlockScreen,
    /// Forgets everything, its key too.
    Reset,
    /// Switches Token2's OTP applet on.
    Enable,
}

impl From<TokenOperation> for burn::Operation {
    fn from(shell: TokenOperation) -> Self {
        match shell {
            TokenOperation::SyncClock { seed, settings } => Self::SyncClock(settings.request(seed.credential())),
            TokenOperation::Delete { seed, settings } => Self::Delete(settings.request(seed.credential())),
            TokenOperation::ChangeKey { key } => Self::ChangeKey(Secret::new(key)),
            TokenOperation::RemoveKey => Self::RemoveKey,
            TokenOperation::LockScreen => Self::LockScreen,
            TokenOperation::UnlockScreen => Self::UnlockScreen,
            TokenOperation::Reset => Self::Reset,
            TokenOperation::Enable => Self::Enable,
        }
    }
}

mirror! {
    /// What came of an operation.
    Operated = burn::Operated {
        /// It is done.
        Done,
        /// The token asks on its screen, and does it when its button is pressed.
        AsksForButton,
        /// There was nothing to delete.
        WasEmpty,
    }
}

#[uniffi::export]
impl Countersign {
    /// Finds out what lies there, with commands that change nothing.
    pub async fn meet_token(
        &self,
        link: Arc<dyn TokenLinkPort>,
        likely: Option<TokenFamily>,
        cancel: Arc<CancelHandle>,
    ) -> Result<TokenSeen, CountersignError> {
        let hints = burn::Hints { reader: None, likely: likely.map(burn::Family::from) };
        self.blocking(move |app| Ok(app.meet_token(&mut Link::new(link), hints, &cancel.token())?.into())).await
    }

    /// What else of a security key can be written, beside the family that answered first.
    pub async fn other_applets(
        &self,
        at: TokenAt,
        cancel: Arc<CancelHandle>,
    ) -> Result<Vec<TokenIdentity>, CountersignError> {
        let cancel = cancel.token();
        let others = move |app: &App| {
            let others = at.with(app, &cancel, |found, _key| Ok(app.other_applets(found, &cancel)?))?;
            Ok(others.iter().map(TokenIdentity::from).collect())
        };
        self.blocking(others).await
    }

    /// How full a token is; none of a family that does not tell.
    pub async fn token_room(
        &self,
        at: TokenAt,
        cancel: Arc<CancelHandle>,
    ) -> Result<Option<TokenRoom>, CountersignError> {
        let cancel = cancel.token();
        let room = move |app: &App| {
            at.with(app, &cancel, |found, key| Ok(app.token_room(found, key, &cancel)?.map(TokenRoom::from)))
        };
        self.blocking(room).await
    }

    /// Says what a burn would write and take away. Nothing is written.
    pub async fn plan_burn(
        &self,
        at: TokenAt,
        seed: Arc<TokenSeed>,
        settings: BurnSettings,
        cancel: Arc<CancelHandle>,
    ) -> Result<Arc<BurnPlan>, CountersignError> {
        let (request, cancel) = (settings.request(seed.credential()), cancel.token());
        let plan = move |app: &App| {
            at.with(app, &cancel, |found, key| Ok(Arc::new(BurnPlan(app.plan_burn(found, request, key, &cancel)?))))
        };
        self.blocking(plan).await
    }

    /// What the ledger says is in the place that a plan writes, and would be gone.
    pub async fn standing(&self, plan: Arc<BurnPlan>) -> Result<Option<LedgerRow>, CountersignError> {
        self.blocking(move |app| Ok(app.standing(&plan.0)?.map(LedgerRow::from))).await
    }

    /// The other place that the ledger says holds the seed of a plan.
    pub async fn elsewhere(&self, plan: Arc<BurnPlan>) -> Result<Option<LedgerRow>, CountersignError> {
        self.blocking(move |app| Ok(app.elsewhere(&plan.0)?.map(LedgerRow::from))).await
    }

    /// Burns as planned, and agreed to: recorded before the first write and after the last. `from` is the row of a batch that
    /// is kept. How far it is stands in `burns`, which the observer is told of.
    pub async fn burn(
        &self,
        at: TokenAt,
        plan: Arc<BurnPlan>,
        from: Option<BatchLine>,
        cancel: Arc<CancelHandle>,
    ) -> Result<BurnEnding, CountersignError> {
        let (from, cancel) = (from.map(burn::BatchLine::from), cancel.token());
        let burn = move |app: &App| {
            at.with(app, &cancel, |found, key| Ok(app.burn_agreed(found, &plan.0, key, from, &cancel)?.into()))
        };
        self.blocking(burn).await
    }

    /// Takes up the burn of the token that lies there again; none where the vault knows of none.
    pub async fn resume_burn(
        &self,
        at: TokenAt,
        cancel: Arc<CancelHandle>,
    ) -> Result<Option<BurnEnding>, CountersignError> {
        let cancel = cancel.token();
        let resume = move |app: &App| {
            at.with(app, &cancel, |found, key| Ok(app.resume_burn(found, key, &cancel)?.map(BurnEnding::from)))
        };
        self.blocking(resume).await
    }

    /// Which of what a token may hold it can still hold, for who does not resume.
    pub async fn token_holds(
        &self,
        at: TokenAt,
        possible: Vec<Held>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Vec<Held>, CountersignError> {
        let (possible, cancel): (Vec<_>, _) = (possible.into_iter().map(burn::Held::from).collect(), cancel.token());
        let holds = move |app: &App| {
            at.with(app, &cancel, |found, key| {
                let holds = app.token_holds(found, &possible, key, &cancel)?;
                Ok(holds.into_iter().map(Held::from).collect())
            })
        };
        self.blocking(holds).await
    }

    /// Does to a token one of the things that are no burn.
    pub async fn operate_token(
        &self,
        at: TokenAt,
        operation: TokenOperation,
        cancel: Arc<CancelHandle>,
    ) -> Result<Operated, CountersignError> {
        let (operation, cancel) = (operation.into(), cancel.token());
        let operate = move |app: &App| {
            at.with(app, &cancel, |found, key| Ok(app.operate_token(found, &operation, key, &cancel)?.into()))
        };
        self.blocking(operate).await
    }

    /// The codes that the display of a written token must show at this moment; none for codes that a counter moves.
    pub async fn token_codes(&self, token: TokenName) -> Result<Option<TokenCodes>, CountersignError> {
        let token = token.try_into()?;
        self.blocking(move |app| Ok(app.token_codes(&token)?.map(TokenCodes::from))).await
    }

    /// Records the digits that the display of a written token shows, or that nobody compared.
    pub async fn conclude_burn(&self, token: TokenName, shown: Option<String>) -> Result<Concluded, CountersignError> {
        let token = token.try_into()?;
        let shown: Option<Typed> = shown.map(|shown| digits(&shown)).transpose()?;
        self.blocking(move |app| Ok(app.conclude_burn(&token, shown.as_ref())?.into())).await
    }

    /// All burns that the vault knows of, one a token, the oldest first.
    pub async fn burns(&self) -> Result<Vec<BurnRow>, CountersignError> {
        self.blocking(|app| Ok(app.burns()?.into_iter().map(BurnRow::from).collect())).await
    }

    /// Forgets the burn of a token, its seed among it.
    pub async fn forget_burn(&self, token: TokenName) -> Result<(), CountersignError> {
        let token = token.try_into()?;
        self.blocking(move |app| Ok(app.forget_burn(&token)?)).await
    }

    /// Hardware keys that open the vault, locked or not.
    pub async fn hardware_slots(&self) -> Result<Vec<HardwareSlot>, CountersignError> {
        self.blocking(|app| Ok(app.hardware_slots()?.into_iter().map(HardwareSlot::from).collect())).await
    }

    /// Lets the hardware key on the link open the vault, alone or with a passphrase; the number of its slot.
    pub async fn add_hardware_slot(
        &self,
        link: Arc<dyn TokenLinkPort>,
        place: KeyPlace,
        passphrase: Option<Vec<u8>>,
        device: DeviceClass,
        name: String,
        cancel: Arc<CancelHandle>,
    ) -> Result<u32, CountersignError> {
        let passphrase = passphrase.map(Secret::new);
        let add = move |app: &App| {
            let passphrase = passphrase.as_ref().map(|text| (text, device.into()));
            let link = &mut Link::new(link);
            Ok(app.add_hardware_slot(link, place.into(), passphrase, &name, &cancel.token())?.number())
        };
        self.blocking(add).await
    }

    /// Unlocks by the hardware key on the link, with the passphrase that belongs to it where it wants one.
    pub async fn unlock_by_hardware(
        &self,
        link: Arc<dyn TokenLinkPort>,
        passphrase: Option<Vec<u8>>,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        let passphrase = passphrase.map(Secret::new);
        let unlock =
            move |app: &App| Ok(app.unlock_by_hardware(&mut Link::new(link), passphrase.as_ref(), &cancel.token())?);
        self.blocking(unlock).await
    }
}
