//! P2: a failing disk call never damages the vault.
//!
//! A writer makes a vault, tells the story and changes the passphrase; one of its calls on the vault's files fails, or
//! kills it there, and each call has its turn. It must name what failed, and go on where the story stood. The device store
//! and the desk's key files are struck in the same way.

mod phone;
mod strike;

use std::path::{Path, PathBuf};

use countersign_core::error::Error;
use countersign_core::vault::{KdfCost, Vault, VaultKey};
use countersign_protocol::Secret;

use super::story::{self, Told};
use super::{effort, quick_folder};
use strike::{Fault, Run, Said, Writer};

const SEED: u64 = 0x0065_7272_6E6F;
/// After this step the passphrase changes.
const CHANGE: usize = 3;
/// What is acknowledged when it has changed.
const CHANGED: &str = "changed";

fn passphrase(changed: bool) -> Secret {
    if changed { Secret::from_slice(b"larch and rain") } else { story::passphrase() }
}

/// The writer. It says `+` for the vault and for each step.
#[test]
#[ignore = "the writer that the errno suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let contents = std::fs::read_to_string(folder.join("contents")).unwrap();
    let contents: Vec<&str> = contents.lines().collect();
    let swallows = is_saboteur();
    let (mut said, mut teller) = (Said::new(&folder), Teller::default());
    said.until_done(|said| teller.tell(&folder.join("vault"), &contents, swallows, said));
}

/// Whether the writer takes every error for success.
fn is_saboteur() -> bool {
    std::env::var_os("COUNTERSIGN_TEST_SABOTEUR").is_some()
}

/// What the writer remembers when something has failed.
#[derive(Default)]
struct Teller {
    key: Option<VaultKey>,
    /// Whether the passphrase has changed; unknown after a fault.
    changed: Option<bool>,
    /// What the vault held for it.
    memory: Option<String>,
}

impl Teller {
    /// Tells what is left of the story.
    fn tell(&mut self, folder: &Path, contents: &[&str], swallows: bool, said: &mut Said) -> Result<(), Error> {
        let mut vault = self.opened(folder, said)?;
        let found = story::content(&mut vault)?.to_string();
        if let Some(memory) = self.memory.take() {
            assert_eq!(memory, found, "memory and disk agree after a fault");
        }
        let mut place = contents.iter().position(|content| *content == found).expect("a place in the story");
        let mut changed = match self.changed {
            Some(changed) => changed,
            None => vault.lockbox().open(&passphrase(true)).is_ok(),
        };
        while place + 1 < contents.len() || !changed {
            let changes = place >= CHANGE && !changed;
            let done = if changes {
                vault.change_passphrase(&passphrase(false), &passphrase(true), KdfCost::LEAST)
            } else {
                story::step(&mut vault, place as u64 + 1)
            };
            if let (Err(fault), false) = (done, swallows) {
                self.memory = story::content(&mut vault).ok().map(|content| content.to_string());
                self.changed = if changes { None } else { Some(changed) };
                return Err(fault);
            }
            changed |= changes;
            place += usize::from(!changes);
            said.line(if changes { CHANGED } else { "+" });
        }
        vault.lock();
        Ok(())
    }

    /// The vault, made where there is none.
    fn opened(&mut self, folder: &Path, said: &mut Said) -> Result<Vault, Error> {
        if !Vault::exists(&folder.join(story::NAME)) {
            self.changed = Some(false);
            let vault = story::create(folder, SEED)?;
            self.key = Some(vault.key()?);
            said.line("+");
            return Ok(vault);
        }
        let mut vault = story::open(folder)?;
        match &self.key {
            Some(key) => vault.unlock_with(key)?,
            // Its making failed, and there it is.
            None => vault.unlock(&passphrase(false))?,
        }
        Ok(vault)
    }
}

struct Vaults {
    told: Told,
    saboteur: bool,
}

impl Vaults {
    fn new(steps: usize, saboteur: bool) -> Self {
        Self { told: Told::tell(quick_folder().path(), SEED, steps as u64), saboteur }
    }

    /// Each call of the writer; in the long form every second fault too.
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (call, count) in strike::calls(self) {
            for nth in 1..=count {
                let once = ["error=ENOSPC", "error=EIO", "signal=SIGKILL"];
                faults.extend(once.map(|fate| Fault { call, nth, twice: false, fate }));
                // A second fault while recovering: each in the long form, one in ten in the short one.
                let twice = ["error=ENOSPC", "error=EIO"].map(|fate| Fault { call, nth, twice: true, fate });
                faults.extend(twice.into_iter().filter(|_| nth % effort(10, 1) == 0));
            }
        }
        faults
    }

    /// Whether the vault opens by this passphrase.
    fn opens_by(folder: &Path, changed: bool) -> Result<bool, String> {
        let vault = story::open(folder).map_err(|error| format!("does not open: {error}"))?;
        Ok(vault.lockbox().open(&passphrase(changed)).is_ok())
    }
}

impl Writer for Vaults {
    const NAME: &'static str = "vault::errno::writer";
    const CALLS: &'static [&'static str] =
        &["pwrite64", "write", "fsync", "fdatasync", "rename", "openat", "ftruncate", "unlink"];

    fn begin(&self, folder: &Path) -> Vec<PathBuf> {
        let vault = folder.join("vault");
        std::fs::create_dir(&vault).unwrap();
        let contents: Vec<String> = self.told.contents.iter().map(ToString::to_string).collect();
        std::fs::write(folder.join("contents"), contents.join("\n")).unwrap();
        let names = ["", ".lock", ".new"].map(|part| format!("{}{part}", story::NAME));
        let beside = ["", "-wal", "-shm", "-journal"];
        let files = names.iter().flat_map(|name| beside.map(|end| vault.join(format!("{name}{end}"))));
        [vault.clone()].into_iter().chain(files).collect()
    }

    fn told(&self) -> Vec<(&'static str, String)> {
        if self.saboteur { vec![("COUNTERSIGN_TEST_SABOTEUR", "1".into())] } else { vec![] }
    }

    /// The vault opens by its passphrase and stands where the story was acknowledged last, or one step on.
    fn judge(&self, run: &Run, killed: bool) -> Result<(), String> {
        let folder = run.folder.path().join("vault");
        let acknowledged = run.acknowledged().filter(|line| *line == "+").count();
        if !Vault::exists(&folder.join(story::NAME)) {
            return if killed && acknowledged == 0 { Ok(()) } else { Err("there is no vault".into()) };
        }
        // With the vault itself, which is acknowledged before the first step.
        let place = self.told.place(&folder)? + 1;
        // After an error the step may be there or not; the writer looked, and told what was left of the story.
        let most = if killed { acknowledged + 1 } else { self.told.contents.len() };
        let least = if killed { acknowledged } else { most };
        if !(least..=most).contains(&place) {
            return Err(format!("{acknowledged} acknowledged, and it stands at {place}"));
        }
        let changed = !killed || run.acknowledged().any(|line| line == CHANGED);
        let may_have_changed = !changed && place > CHANGE;
        if Self::opens_by(&folder, changed)? || may_have_changed && Self::opens_by(&folder, true)? {
            Ok(())
        } else {
            Err("its passphrase does not open it".into())
        }
    }
}

#[test]
fn a_failing_disk_call_never_damages_the_vault() {
    let vaults = Vaults::new(effort(7, 220), false);
    let tally = strike::strike_all(&vaults, vaults.faults());
    println!("{} faults, named {:?}", tally.faults, tally.named);
    tally.is_well(effort(100, 5_000));
}

#[test]
fn a_writer_that_takes_errors_for_success_is_found_out() {
    let vaults = Vaults::new(3, true);
    let mut faults = vaults.faults();
    faults.retain(|fault| fault.call == "pwrite64" && fault.fate == "error=ENOSPC" && !fault.twice);
    let tally = strike::strike_all(&vaults, faults);
    assert!(!tally.wrong.is_empty(), "{tally:?}");
}
