//! A way in by a hardware key that answers challenges with HMAC-SHA1: alone, or together with a passphrase.
//!
//! The slot holds a random challenge. Its key is HKDF-SHA256 of the answer, behind what Argon2id makes of the passphrase where
//! there is one. Alone means that whoever has the key and the file opens the vault: then the file and the key must not lie in
//! one place. The answer is the same each time, so whoever saw it once needs the key no more for this slot.

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use ring::hkdf;
use zeroize::Zeroizing;

use super::cost::{KdfCost, SALT};
use super::key::{LEN, VaultKey};
use super::lockbox::{Lockbox, Opened};
use super::slot::{Slot, SlotId, Way};
use crate::error::{Error, InputError, PortError};
use crate::port::Random;

/// Bytes of a challenge.
pub(super) const CHALLENGE: usize = 32;
/// Bytes of an answer.
const ANSWER: usize = 20;

/// Which of the two places of a hardware key answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPlace {
    /// The first, of a short touch.
    One,
    /// The second, of a long touch.
    Two,
}

impl KeyPlace {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// What a hardware key is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// Which of its places answers.
    pub place: KeyPlace,
    /// The number that is printed on it; `None` for one that does not tell it.
    pub serial: Option<u32>,
    /// Whether a passphrase belongs to its answer.
    pub with_passphrase: bool,
    /// What it is asked.
    pub bytes: [u8; CHALLENGE],
}

/// Asks a hardware key: its answer of twenty bytes, or nothing where another key is wanted than the one at hand.
pub type Respond<'a> = &'a mut dyn FnMut(&Challenge) -> Result<Option<Secret>, Error>;

impl VaultKey {
    /// Makes a slot that a hardware key opens, together with a passphrase where one is given. The key is asked once; with a
    /// passphrase it takes as long as its cost says: call it without a lock.
    ///
    /// # Errors
    /// [`InputError::Slot`] where no key answered; [`InputError::Field`] for a passphrase outside its limits; what asking
    /// gives; [`PortError::Failed`] for an answer that is none.
    pub fn hardware_slot(
        &self,
        place: KeyPlace,
        serial: Option<u32>,
        passphrase: Option<(&Secret, KdfCost)>,
        random: &dyn Random,
        respond: Respond<'_>,
    ) -> Result<Slot, Error> {
        let bytes = random.array()?;
        let asked = Challenge { place, serial, with_passphrase: passphrase.is_some(), bytes };
        let answer = respond(&asked)?.ok_or(InputError::Slot("no hardware key answers"))?;
        let salt: [u8; SALT] = random.array()?;
        let derived = passphrase.map(|(text, cost)| cost.derive(text, &salt)).transpose()?;
        let key = slot_key(&self.vault, derived.as_ref(), &answer)?;
        let passphrase = passphrase.map(|(_, cost)| (cost, salt));
        self.slot(Way::Hardware { place, serial, challenge: bytes, passphrase }, &key, random)
    }
}

impl Slot {
    /// What is asked of a hardware key to open it.
    pub(super) fn challenge(&self) -> Option<Challenge> {
        let Way::Hardware { place, serial, challenge, passphrase } = self.way else { return None };
        Some(Challenge { place, serial, with_passphrase: passphrase.is_some(), bytes: challenge })
    }

    /// Asks the hardware key; `None` where the slot is none of it, or wants a passphrase and there is none.
    fn open_hardware(
        &self,
        vault: &Id,
        passphrase: Option<&Secret>,
        respond: Respond<'_>,
    ) -> Result<Option<VaultKey>, Error> {
        let (Some(asked), Way::Hardware { passphrase: cost, .. }) = (self.challenge(), &self.way) else {
            return Ok(None);
        };
        if asked.with_passphrase && passphrase.is_none() {
            return Ok(None);
        }
        // The key first: what it does not answer needs no derivation.
        let Some(answer) = respond(&asked)? else { return Ok(None) };
        let derived = cost.zip(passphrase).map(|((cost, salt), text)| cost.derive(text, &salt)).transpose()?;
        self.open_by(vault, &slot_key(vault, derived.as_ref(), &answer)?)
    }
}

impl Lockbox {
    /// What hardware keys may be asked for, by slot; empty where no hardware key opens the vault.
    pub fn challenges(&self) -> Vec<(SlotId, Challenge)> {
        let slots = self.copies.first().map(|copy| copy.header.slots.iter());
        slots.into_iter().flatten().filter_map(|slot| Some((slot.id, slot.challenge()?))).collect()
    }

    /// Opens a slot by a hardware key, with the passphrase that belongs to it where it wants one. May ask for a touch: to be
    /// used without any lock.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`] where a key answered and the slot did not open: the passphrase of that slot is another,
    /// or the key is; [`InputError::Slot`] where none answered; [`InputError::HeaderDamaged`] where no whole header is left;
    /// what asking gives.
    pub fn open_hardware(&self, passphrase: Option<&Secret>, respond: Respond<'_>) -> Result<Opened, Error> {
        let mut answered = false;
        let none = InputError::Slot("no hardware key opens");
        let opened = self.try_each(none, |slot, vault| {
            slot.open_hardware(vault, passphrase, &mut |asked| {
                let answer = respond(asked)?;
                answered |= answer.is_some();
                Ok(answer)
            })
        });
        let (slot, key) = opened.map_err(|error| match error {
            Error::Input(refused) if refused == none && answered => InputError::WrongPassphrase.into(),
            error => error,
        })?;
        Ok(Opened { key, slot, took: std::time::Duration::ZERO })
    }
}

/// The key of a slot. The passphrase's part has one length, so that nothing of it is taken for the answer.
fn slot_key(vault: &Id, derived: Option<&Secret>, answer: &Secret) -> Result<Secret, Error> {
    if answer.len() != ANSWER {
        return Err(PortError::Failed.into());
    }
    let info: &[u8] = match derived {
        Some(_) => b"countersign vault 2 hardware key and passphrase",
        None => b"countersign vault 2 hardware key",
    };
    // Both leave their types to be mixed.
    let mut both = Zeroizing::new(Vec::with_capacity(LEN + ANSWER));
    derived.iter().for_each(|derived| both.extend_from_slice(derived.expose()));
    both.extend_from_slice(answer.expose());
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, vault.as_bytes()).extract(&both);
    let mut out = Zeroizing::new(vec![0; LEN]);
    let info = [info];
    let okm = pseudo_random.expand(&info, hkdf::HKDF_SHA256);
    okm.and_then(|okm| okm.fill(&mut out)).map_err(|_| Error::Internal)?;
    Ok(Secret::new(std::mem::take(&mut *out)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::tests::{Folder, secret, totp};
    use super::super::{Decoy, SlotKind, Vault};
    use super::*;
    use crate::error::Named;
    use crate::system::SystemRandom;

    /// A key of this number, as a hardware key would answer: it is told its challenge, and counts.
    struct Key(u32, Cell<usize>);

    impl Key {
        fn answer(&self, asked: &Challenge) -> Result<Option<Secret>, Error> {
            if asked.serial.is_some_and(|serial| serial != self.0) {
                return Ok(None);
            }
            self.1.set(self.1.get() + 1);
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0.to_be_bytes());
            Ok(Some(Secret::from_slice(ring::hmac::sign(&key, &asked.bytes).as_ref())))
        }
    }

    fn key_of(number: u32) -> Key {
        Key(number, Cell::default())
    }

    fn add(vault: &mut Vault, key: &Key, passphrase: Option<&str>) -> SlotId {
        let typed = passphrase.map(secret);
        let cost = vault.cost(KdfCost::LEAST).unwrap();
        let slot = vault.key().unwrap().hardware_slot(
            KeyPlace::Two,
            Some(key.0),
            typed.as_ref().map(|typed| (typed, cost)),
            &SystemRandom::new(),
            &mut |asked| key.answer(asked),
        );
        vault.add_slot(slot.unwrap(), "at my belt").unwrap()
    }

    fn open(vault: &Vault, key: &Key, passphrase: Option<&str>) -> Result<SlotId, Error> {
        let typed = passphrase.map(secret);
        let opened = vault.lockbox().open_hardware(typed.as_ref(), &mut |asked| key.answer(asked))?;
        Ok(opened.slot)
    }

    const NONE: InputError = InputError::Slot("no hardware key opens");

    #[test]
    fn a_key_opens_with_its_passphrase_or_alone_and_another_key_does_not() {
        let folder = Folder::new();
        let mut vault = folder.create();
        assert!(vault.lockbox().challenges().is_empty());
        let (mine, spare, other) = (key_of(7), key_of(8), key_of(9));
        assert_eq!(open(&vault, &mine, None), Err(NONE.into()), "there is no such slot yet");
        let both = add(&mut vault, &mine, Some("short"));
        let alone = add(&mut vault, &spare, None);
        vault.lock();
        assert_eq!(open(&vault, &mine, Some("short")), Ok(both));
        assert_eq!(open(&vault, &spare, None), Ok(alone));
        assert_eq!(open(&vault, &spare, Some("whatever")), Ok(alone), "it needs none");
        for (key, passphrase, refusal) in [
            (&mine, None, NONE),
            (&mine, Some("shorter"), InputError::WrongPassphrase),
            (&other, Some("short"), NONE),
            (&other, None, NONE),
        ] {
            assert_eq!(open(&vault, key, passphrase), Err(refusal.into()), "{} {passphrase:?}", key.0);
        }
        assert_eq!(vault.unlock(&secret("short")), Err(InputError::WrongPassphrase.into()), "not without the key");
        let asked = mine.1.get();
        assert_eq!(open(&vault, &mine, None), Err(NONE.into()));
        assert_eq!(mine.1.get(), asked, "no touch for a slot that wants a passphrase where there is none");
        let opened = vault.lockbox().open_hardware(None, &mut |asked| spare.answer(asked)).unwrap();
        vault.unlock_with(&opened.key).unwrap();
        let kinds: Vec<SlotKind> = vault.slots().unwrap().iter().map(|row| row.kind).skip(1).collect();
        let kind = |serial, with_passphrase| SlotKind::Hardware { serial: Some(serial), with_passphrase };
        assert_eq!(kinds, [kind(7, true), kind(8, false)]);
        vault.remove_slot(alone).unwrap();
        vault.lock();
        assert_eq!(open(&vault, &spare, None), Err(NONE.into()), "it was taken back");
    }

    #[test]
    fn each_slot_has_a_challenge_of_its_own_and_who_saw_an_answer_opens_no_other_slot() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let key = key_of(7);
        add(&mut vault, &key, None);
        add(&mut vault, &key, None);
        let asked = vault.lockbox().challenges();
        assert_ne!(asked[0].1.bytes, asked[1].1.bytes);
        let seen = key.answer(&asked[0].1).unwrap().unwrap();
        vault.remove_slot(asked[0].0).unwrap();
        let replayed = vault.lockbox().open_hardware(None, &mut |_| Ok(Some(seen.clone())));
        assert_eq!(replayed.err(), Some(InputError::WrongPassphrase.into()));
    }

    #[test]
    fn a_key_without_a_number_and_liars_are_taken_as_they_are() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let key = vault.key().unwrap();
        let make = |answer: Result<Option<Secret>, Error>| {
            let mut answer = Some(answer);
            key.hardware_slot(KeyPlace::One, None, None, &SystemRandom::new(), &mut |asked| {
                assert_eq!((asked.place, asked.serial, asked.with_passphrase), (KeyPlace::One, None, false));
                answer.take().unwrap()
            })
        };
        assert_eq!(make(Ok(None)).err(), Some(InputError::Slot("no hardware key answers").into()));
        assert_eq!(make(Ok(Some(secret("short")))).err(), Some(PortError::Failed.into()));
        assert_eq!(make(Err(PortError::Cancelled.into())).err(), Some(PortError::Cancelled.into()));
        let answer = Secret::new(vec![5; ANSWER]);
        let slot = make(Ok(Some(answer.clone()))).unwrap();
        let id = vault.add_slot(slot, "").unwrap();
        let opened = vault.lockbox().open_hardware(None, &mut |_| Ok(Some(answer.clone()))).unwrap();
        assert_eq!(opened.slot, id);
        let stopped = vault.lockbox().open_hardware(None, &mut |_| Err(PortError::Cancelled.into()));
        assert_eq!(stopped.err(), Some(PortError::Cancelled.into()));
    }

    #[test]
    fn the_last_passphrase_stays_whatever_keys_open() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let key = key_of(7);
        add(&mut vault, &key, Some("short"));
        add(&mut vault, &key, None);
        let first = vault.slots().unwrap()[0].id;
        assert_eq!(vault.remove_slot(first), Err(InputError::LastPassphrase.into()));
        assert_eq!(vault.slots().unwrap().len(), 3);
    }

    #[test]
    fn a_passphrase_beside_a_key_is_no_cheaper_than_the_vaults_own() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let key = key_of(7);
        let short = add(&mut vault, &key, Some("short"));
        let dearer = KdfCost::new(19 * 1024, 3, 1).unwrap();
        let first = vault.slots().unwrap()[0].id;
        let slot = vault.key().unwrap().passphrase_slot(&secret("long"), dearer, &SystemRandom::new()).unwrap();
        vault.replace_slot(first, slot, None).unwrap();
        vault.lock();
        assert_eq!(open(&vault, &key, Some("short")), Ok(short), "the least stays what all ways reach");
        vault.unlock(&secret("long")).unwrap();
        vault.remove_slot(short).unwrap();
        let slot = vault.key().unwrap().passphrase_slot(&secret("longer"), dearer, &SystemRandom::new()).unwrap();
        vault.replace_slot(first, slot, None).unwrap();
        let cheap = vault.key().unwrap().hardware_slot(
            KeyPlace::Two,
            None,
            Some((&secret("short"), KdfCost::LEAST)),
            &SystemRandom::new(),
            &mut |asked| key.answer(&Challenge { serial: None, ..*asked }),
        );
        let refused = vault.add_slot(cheap.unwrap(), "").unwrap_err();
        assert!(matches!(refused, Error::Input(InputError::Field { field: Named::KeyDerivation, .. })));
    }

    #[test]
    fn a_hidden_vault_has_no_such_way_and_a_key_opens_what_is_shown() {
        let folder = Folder::new();
        let mut vault = folder.create();
        vault.add(&totp(1)).unwrap();
        let key = key_of(7);
        add(&mut vault, &key, None);
        let random = SystemRandom::new();
        let decoy =
            Decoy::prepare(&secret("correct horse"), &secret("battery staple"), KdfCost::LEAST, &random).unwrap();
        vault.hide(&decoy, &[]).unwrap();
        assert_eq!(open(&vault, &key, None), Err(NONE.into()), "every other way in is gone");
        let hidden = vault.key().unwrap();
        let slot = hidden.hardware_slot(KeyPlace::Two, None, None, &random, &mut |asked| key.answer(asked)).unwrap();
        let refused = InputError::TooMuch { what: Named::Slots, found: 2, most: 1 };
        assert_eq!(vault.add_slot(slot, ""), Err(refused.into()));
        vault.lock();
        vault.unlock(&secret("battery staple")).unwrap();
        add(&mut vault, &key, Some("short"));
        let shown = vault.key().unwrap();
        vault.lock();
        let opened = vault.lockbox().open_hardware(Some(&secret("short")), &mut |asked| key.answer(asked)).unwrap();
        assert!(opened.key.is_same(&shown));
    }
}
