//! Enrolments: their bells, keys and icons, leaving them, and moving to another phone, mirrored.

use std::sync::Arc;

use countersign_core::error::InputError;

use crate::record::{Bell, DamagedEnrolment, KeyClass, MoveRow, PollOutcome, PushEndpoint};
use crate::{CancelHandle, Countersign, CountersignError, caught, digits, enrolment};

#[uniffi::export]
impl Countersign {
    /// Enrolments whose files do not open; the others work.
    pub fn damaged_enrolments(&self) -> Result<Vec<DamagedEnrolment>, CountersignError> {
        caught(|| Ok(self.app.damaged_enrolments().into_iter().map(DamagedEnrolment::from).collect()))
    }

    /// Leaves a gateway: it removes this phone, and then the enrolment is forgotten with its keys. Waits for the gateway.
    pub async fn leave(&self, gateway: String, cancel: Arc<CancelHandle>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.leave(enrolment(&gateway)?, &cancel.token())?)).await
    }

    /// The icon that an approval names by `ico`: a PNG file; none where the gateway has none. Waits for the gateway.
    pub async fn icon(
        &self,
        gateway: String,
        ico: String,
        cancel: Arc<CancelHandle>,
    ) -> Result<Option<Vec<u8>>, CountersignError> {
        let ico = ico.parse().map_err(|_| InputError::NotFound)?;
        self.blocking(move |app| Ok(app.icon(enrolment(&gateway)?, &ico, &cancel.token())?)).await
    }

    /// Listens to a gateway until its stream ends, in place of `poll`. Waits for the gateway.
    pub async fn events(&self, gateway: String, cancel: Arc<CancelHandle>) -> Result<PollOutcome, CountersignError> {
        self.blocking(move |app| Ok(app.events(enrolment(&gateway)?, &cancel.token())?.into())).await
    }

    /// Polls because a bell rang, without waiting there.
    pub async fn poll_for_bell(
        &self,
        gateway: String,
        cancel: Arc<CancelHandle>,
    ) -> Result<PollOutcome, CountersignError> {
        self.blocking(move |app| Ok(app.poll_for_bell(enrolment(&gateway)?, &cancel.token())?.into())).await
    }

    /// What a bell means, by its body as the platform or a distributor handed it over. Nothing is sent.
    pub async fn bell(&self, body: Vec<u8>) -> Result<Bell, CountersignError> {
        self.blocking(move |app| Ok(app.bell(&body).into())).await
    }

    /// Takes what the notification extension left; whether it brought something. Opening the app and each poll do it too.
    pub async fn take_inbox(&self) -> Result<bool, CountersignError> {
        self.blocking(|app| Ok(app.take_inbox()?)).await
    }

    /// Where the bells of an enrolment go.
    pub async fn push_endpoint(&self, gateway: String) -> Result<PushEndpoint, CountersignError> {
        self.blocking(move |app| Ok(app.push_endpoint(enrolment(&gateway)?)?.into())).await
    }

    /// Has bells go to this endpoint from now on; none ends them. Waits for the gateway.
    pub async fn set_endpoint(
        &self,
        gateway: String,
        endpoint: Option<String>,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        let set = move |app: &countersign_core::app::App| {
            Ok(app.set_endpoint(enrolment(&gateway)?, endpoint.as_deref(), &cancel.token())?)
        };
        self.blocking(set).await
    }

    /// Draws a new receiving key for sealed bells, and tells the gateway.
    pub async fn change_seal(&self, gateway: String, cancel: Arc<CancelHandle>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.change_seal(enrolment(&gateway)?, &cancel.token())?)).await
    }

    /// Gives an enrolment a new key. Waits for the keystore, which may ask for the person, and the gateway.
    pub async fn rotate_keys(
        &self,
        gateway: String,
        which: KeyClass,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.rotate_keys(enrolment(&gateway)?, which.into(), &cancel.token())?)).await
    }

    /// Asks a gateway for a code by which another phone of the same person enrols; with `replace` this phone is removed
    /// when that one is active. Waits for the keystore's prompt and the gateway.
    pub async fn invite(
        &self,
        gateway: String,
        replace: bool,
        cancel: Arc<CancelHandle>,
    ) -> Result<MoveRow, CountersignError> {
        self.blocking(move |app| Ok(app.invite(enrolment(&gateway)?, replace, &cancel.token())?.into())).await
    }

    /// The move of an enrolment that is under way, if there is one.
    pub async fn moving(&self, gateway: String) -> Result<Option<MoveRow>, CountersignError> {
        self.blocking(move |app| Ok(app.moving(enrolment(&gateway)?)?.map(MoveRow::from))).await
    }

    /// Tells the gateway the six digits that the new phone shows. Waits for the keystore's prompt and the gateway.
    pub async fn confirm(
        &self,
        gateway: String,
        typed: String,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.confirm(enrolment(&gateway)?, &digits(&typed)?, &cancel.token())?)).await
    }
}
