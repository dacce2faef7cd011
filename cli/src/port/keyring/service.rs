//! The Secret Service (freedesktop, draft 0.2): a session, the default collection, and one item for each vault.

use std::time::Duration;

use countersign_core::error::PortError;
use countersign_core::protocol::Secret;

use super::bus::{Bus, BusError, Call, none, values};
use super::wire::{In, Out};

/// How long the person may take to open the keyring.
const PATIENCE: Duration = Duration::from_secs(120);

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";
const LABEL: &str = "org.freedesktop.Secret.Item.Label";
const ATTRIBUTES: &str = "org.freedesktop.Secret.Item.Attributes";
/// The path that means «none».
const NO_PATH: &str = "/";

/// The keyring, and our session with it.
pub struct Service {
    bus: Bus,
    session: String,
}

impl From<BusError> for PortError {
    fn from(fault: BusError) -> Self {
        match fault {
            BusError::Nobody => Self::Unavailable,
            BusError::TimedOut => Self::Timeout,
            BusError::Refused(_) | BusError::Broken => Self::Failed,
        }
    }
}

impl Service {
    /// Begins a session.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] where there is no keyring.
    pub fn open() -> Result<Self, PortError> {
        let mut bus = Bus::of_session()?;
        bus.follow(PROMPT, "Completed")?;
        let mut service = Self { bus, session: String::new() };
        let plain = values(|out| {
            out.text("plain").signature("s").text("");
        });
        let answer = service.call(PATH, SERVICE, "OpenSession", "sv", plain)?;
        let mut answer = In::new(&answer);
        let mut path = || {
            // What a session of this kind gives back: an empty text.
            (answer.signature()? == "s").then_some(())?;
            answer.text()?;
            answer.text().map(str::to_owned)
        };
        service.session = path().ok_or(PortError::Failed)?;
        Ok(service)
    }

    /// The secret under this name.
    ///
    /// # Errors
    /// [`PortError::UserRefused`] where the person does not open the keyring.
    pub fn find(&mut self, name: &str) -> Result<Option<Secret>, PortError> {
        let Some(item) = self.items(name)?.into_iter().next() else { return Ok(None) };
        let session = self.session.clone();
        let asked = values(|out| {
            out.text(&session);
        });
        let answer = self.call(&item, ITEM, "GetSecret", "o", asked)?;
        let mut answer = In::new(&answer);
        let mut read = || {
            answer.pad(8)?;
            answer.text()?;
            answer.bytes()?;
            answer.bytes().map(Secret::from_slice)
        };
        read().map(Some).ok_or(PortError::Failed)
    }

    /// Keeps a secret under this name.
    ///
    /// # Errors
    /// As [`Service::find`]; [`PortError::Unavailable`] where there is no default collection.
    pub fn store(&mut self, name: &str, label: &str, secret: &Secret) -> Result<(), PortError> {
        let default = values(|out| {
            out.text("default");
        });
        let answer = self.call(PATH, SERVICE, "ReadAlias", "s", default)?;
        let collection = In::new(&answer).text().unwrap_or(NO_PATH).to_owned();
        if collection == NO_PATH {
            return Err(PortError::Unavailable);
        }
        self.unlock(std::slice::from_ref(&collection))?;
        let session = self.session.clone();
        let item = values(|out| {
            out.list(8, |out| {
                out.pad(8).text(LABEL).signature("s").text(label);
                out.pad(8).text(ATTRIBUTES).signature("a{ss}");
                attributes(out, name);
            });
            out.pad(8).text(&session).bytes(&[]).bytes(secret.expose()).text("application/octet-stream");
            out.flag(true);
        });
        let answer = self.call(&collection, COLLECTION, "CreateItem", "a{sv}(oayays)b", item)?;
        let mut answer = In::new(&answer);
        let (item, prompt) = (answer.text().map(str::to_owned), answer.text().map(str::to_owned));
        match (item.as_deref(), prompt) {
            (Some(NO_PATH), Some(prompt)) => self.prompt(&prompt),
            (Some(_), Some(_)) => Ok(()),
            _ => Err(PortError::Failed),
        }
    }

    /// Takes out what is kept under this name.
    ///
    /// # Errors
    /// As [`Service::find`].
    pub fn delete(&mut self, name: &str) -> Result<(), PortError> {
        for item in self.items(name)? {
            let answer = self.call(&item, ITEM, "Delete", "", none())?;
            let prompt = In::new(&answer).text().unwrap_or(NO_PATH).to_owned();
            self.prompt(&prompt)?;
        }
        Ok(())
    }

    /// The items of this name, unlocked.
    fn items(&mut self, name: &str) -> Result<Vec<String>, PortError> {
        let wanted = values(|out| attributes(out, name));
        let answer = self.call(PATH, SERVICE, "SearchItems", "a{ss}", wanted)?;
        let mut answer = In::new(&answer);
        let (open, locked) = (paths(&mut answer), paths(&mut answer));
        let (mut open, locked) = open.zip(locked).ok_or(PortError::Failed)?;
        self.unlock(&locked)?;
        open.extend(locked);
        Ok(open)
    }

    /// Unlocks these, asking the person where the keyring does.
    fn unlock(&mut self, locked: &[String]) -> Result<(), PortError> {
        if locked.is_empty() {
            return Ok(());
        }
        let asked = values(|out| {
            out.list(4, |out| {
                for path in locked {
                    out.text(path);
                }
            });
        });
        let answer = self.call(PATH, SERVICE, "Unlock", "ao", asked)?;
        let mut answer = In::new(&answer);
        let prompt = paths(&mut answer).and_then(|_| answer.text()).ok_or(PortError::Failed)?.to_owned();
        self.prompt(&prompt)
    }

    /// Lets the keyring ask the person, where it wants to.
    fn prompt(&mut self, path: &str) -> Result<(), PortError> {
        if path == NO_PATH {
            return Ok(());
        }
        let window = values(|out| {
            out.text("");
        });
        self.call(path, PROMPT, "Prompt", "s", window)?;
        let answer = self.bus.signal(path, "Completed", PATIENCE)?;
        match In::new(&answer).flag() {
            Some(false) => Ok(()),
            Some(true) => Err(PortError::UserRefused),
            None => Err(PortError::Failed),
        }
    }

    fn call(
        &mut self,
        path: &str,
        interface: &str,
        member: &str,
        types: &str,
        values: zeroize::Zeroizing<Vec<u8>>,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, PortError> {
        Ok(self.bus.call(&Call { to: NAME, path, interface, member, types, values })?)
    }
}

/// By what an item is found.
fn attributes(out: &mut Out, name: &str) {
    let pairs = [("application", "countersign"), ("vault", name), ("xdg:schema", "org.countersign.Vault")];
    out.list(8, |out| {
        for (key, value) in pairs {
            out.pad(8).text(key).text(value);
        }
    });
}

fn paths(answer: &mut In<'_>) -> Option<Vec<String>> {
    answer.list(4, |each| each.text().map(str::to_owned))
}
