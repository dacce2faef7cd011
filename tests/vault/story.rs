//! A story of changes that every test here tells to a vault, and what the vault must hold after each.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use countersign_core::error::Error;
use countersign_core::vault::{AccountId, Details, Drawer, Edit, KdfCost, Kind, NewAccount, Sheet, Vault, VaultKey};
use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period};
use countersign_tests::double::{BEGIN, FixedClock, SeededRandom};

/// The vault's name in its folder.
pub const NAME: &str = "vault.db";

pub fn passphrase() -> Secret {
    Secret::from_slice(b"correct horse")
}

/// Makes the vault of the story. The same `seed` gives the same vault key.
pub fn create(folder: &Path, seed: u64) -> Result<Vault, Error> {
    let (clock, random) = (Arc::new(FixedClock::new(BEGIN)), Arc::new(SeededRandom::new(seed)));
    Vault::create(&folder.join(NAME), &passphrase(), KdfCost::LEAST, None, clock, random)
}

/// Opens it, locked.
pub fn open(folder: &Path) -> Result<Vault, Error> {
    // Nonces differ from those of the writer, as they do in life.
    let seed = u64::from(std::process::id()) << 32 | 0x6F70_656E;
    Vault::open(&folder.join(NAME), Arc::new(FixedClock::new(BEGIN)), Arc::new(SeededRandom::new(seed)))
}

/// Opens and unlocks it.
pub fn unlock(folder: &Path, key: &VaultKey) -> Result<Vault, Error> {
    let mut vault = open(folder)?;
    vault.unlock_with(key)?;
    Ok(vault)
}

/// The account that step `n` adds.
pub fn account(n: u64) -> NewAccount {
    NewAccount {
        issuer: format!("Issuer {n}"),
        name: format!("mara{n}@example.com"),
        note: if n % 6 == 1 { format!("note {n} ").repeat(450) } else { String::new() },
        kind: if n % 4 == 3 { Kind::Hotp(Counter::ZERO) } else { Kind::Totp(Period::THIRTY) },
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        secret: Secret::from_slice(&H32::sha256(&[b"seed", &n.to_be_bytes()]).as_bytes()[..20]),
        pin: None,
        origin: None,
        details: Details::default(),
    }
}

/// Step `n` of the story, from 1: mostly additions, with edits, deletions, counters and slots between.
pub fn step(vault: &mut Vault, n: u64) -> Result<(), Error> {
    let ids: Vec<AccountId> = vault.accounts()?.iter().map(|account| account.id).collect();
    let counted = vault.accounts()?.iter().find(|account| matches!(account.kind, Kind::Hotp(_))).map(|a| a.id);
    match (n % 10, counted) {
        (4, _) => {
            let (name, note) = (Some(format!("renamed {n}")), Some(format!("second thought {n} ").repeat(300)));
            vault.edit(ids[ids.len() / 2], &Edit { name, note, ..Edit::default() })
        }
        (5 | 9, Some(id)) => vault.next_hotp(id).map(drop),
        (7, _) => vault.delete(ids[ids.len() / 3]),
        (6, _) => change_slots(vault, n),
        (8, _) => {
            // What waits for nothing is no part of the story: a power cut may take it, and nothing beside it.
            (0..3).try_for_each(|mark: u8| {
                let mark = Secret::from_slice(&[mark; 40]);
                vault.change_kept_hastily(|rows| rows.put(Drawer::Burns, b"a token", &mark).map(drop))
            })?;
            vault.add(&account(n)).map(drop)
        }
        _ => vault.add(&account(n)).map(drop),
    }
}

/// Adds a recovery sheet, names the passphrase, or takes the sheet back, in turn.
fn change_slots(vault: &mut Vault, n: u64) -> Result<(), Error> {
    let slots = vault.slots()?;
    match n / 10 % 3 {
        0 => {
            let random = SeededRandom::new(n);
            let sheet = Sheet::generate(&random)?;
            let slot = vault.key()?.sheet_slot(&sheet, &random)?;
            vault.add_slot(slot, &format!("drawer {n}")).map(drop)
        }
        1 => vault.name_slot(slots[0].id, &format!("by heart {n}")),
        _ => vault.remove_slot(slots[slots.len() - 1].id),
    }
}

/// What a vault holds, as one hash: every account and every way in with all its values.
pub fn content(vault: &mut Vault) -> Result<H32, Error> {
    let mut text = String::new();
    for slot in vault.slots()? {
        text += &format!("{:?} {:?} {:?}\n", slot.id, slot.kind, slot.name);
    }
    for account in vault.accounts()?.iter() {
        let seed = H32::sha256(&[vault.seed(account.id)?.expose()]);
        let note = vault.note(account.id)?;
        text += &format!(
            "{} {:?} {:?} {:?} {:?} {:?} {} {} {:?} {seed}\n",
            account.id,
            account.issuer,
            account.name,
            account.kind,
            account.algorithm,
            account.digits,
            account.order,
            account.created,
            note.as_str(),
        );
    }
    Ok(H32::sha256(&[text.as_bytes()]))
}

/// The story told to the end: the key, and what the vault holds after each step, from the empty one.
pub struct Told {
    pub key: VaultKey,
    pub contents: Vec<H32>,
}

impl Told {
    /// Tells `steps` steps in `folder`.
    pub fn tell(folder: &Path, seed: u64, steps: u64) -> Self {
        let mut vault = create(folder, seed).unwrap();
        let mut contents = vec![content(&mut vault).unwrap()];
        for n in 1..=steps {
            step(&mut vault, n).unwrap();
            contents.push(content(&mut vault).unwrap());
        }
        Self { key: vault.key().unwrap(), contents }
    }

    /// After how many steps the vault in `folder` stands; or what is wrong with it.
    pub fn place(&self, folder: &Path) -> Result<usize, String> {
        let mut vault = unlock(folder, &self.key).map_err(|error| format!("does not open: {error}"))?;
        let damage = &vault.report().unwrap().damage;
        if !damage.is_empty() {
            return Err(format!("damaged: {damage:?}"));
        }
        let found = content(&mut vault).map_err(|error| format!("cannot be read: {error}"))?;
        let place = self.contents.iter().position(|content| *content == found);
        place.ok_or_else(|| "holds what it never held".to_owned())
    }
}

/// The words that start the test `name` of this very program alone.
pub fn child(name: &str) -> Vec<std::ffi::OsString> {
    let exe = std::env::current_exe().unwrap();
    let mut words = vec![exe.into_os_string()];
    words.extend([name, "--exact", "--ignored", "--nocapture", "--test-threads=1"].map(Into::into));
    words
}

/// Where a child works; `None` in a test that nobody started for that.
pub fn child_folder() -> Option<PathBuf> {
    std::env::var_os("COUNTERSIGN_TEST_FOLDER").map(PathBuf::from)
}

/// `strace` with these options before the child `name`.
///
/// Its output goes to `log`.
pub fn strace(options: &[String], log: &Path, name: &str, folder: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(log).args(options).arg("--").args(child(name));
    command.env("COUNTERSIGN_TEST_FOLDER", folder);
    command
}
