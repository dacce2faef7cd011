//! P3: a damaged byte costs at most the account it is in, is noticed, and is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use countersign_core::error::{Error, InputError};
use countersign_core::limits::VAULT_CELLS;
use countersign_core::vault::{AccountId, Damage, NewAccount, Vault, VaultKey};
use countersign_protocol::jose::H32;

use super::disk::Dice;
use super::story;
use super::{effort, part, quick_folder};

/// What one account holds, as a hash, by id.
type Content = BTreeMap<u64, H32>;

/// What is left of a store after its bytes were damaged.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// What can be read.
    accounts: Content,
    /// What is said to be damaged or gone, by id.
    named: Vec<u64>,
    /// Whether anything at all is said to be wrong.
    noticed: bool,
}

/// A store in one file that can be read after it was damaged.
trait Subject {
    /// The file as it is when nothing is wrong.
    fn whole(&self) -> Vec<u8>;
    /// Reads a damaged one.
    fn read(&self, bytes: &[u8]) -> Result<Seen, String>;
}

/// The vault itself.
struct TheVault {
    bytes: Vec<u8>,
    key: VaultKey,
}

/// The story's accounts. Of the notes, a few go on over several pages, and the rest are as notes are: what lies in one sealed value is
/// all alike.
fn account(n: u64) -> NewAccount {
    let account = story::account(n);
    let note = if n < 40 { account.note } else { account.note.chars().take(60).collect() };
    NewAccount { note, ..account }
}

impl TheVault {
    fn new(accounts: u64) -> Self {
        let folder = quick_folder();
        let mut vault = story::create(folder.path(), 0x6269_7473).unwrap();
        for n in 1..=accounts {
            vault.add(&account(n)).unwrap();
        }
        let key = vault.key().unwrap();
        vault.lock();
        Self { bytes: fs::read(folder.path().join(story::NAME)).unwrap(), key }
    }

    fn unlocked<T>(&self, bytes: &[u8], look: impl FnOnce(&Path, &mut Vault) -> T) -> Result<T, Error> {
        let folder = quick_folder();
        fs::write(folder.path().join(story::NAME), bytes).unwrap();
        let mut vault = story::open(folder.path())?;
        vault.unlock_with(&self.key)?;
        Ok(look(folder.path(), &mut vault))
    }
}

impl Subject for TheVault {
    fn whole(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    fn read(&self, bytes: &[u8]) -> Result<Seen, String> {
        self.unlocked(bytes, |_, vault| vault.at_one_moment(see))
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())
    }
}

fn see(vault: &mut Vault) -> Result<Seen, Error> {
    let report = vault.report()?.clone();
    let mut accounts = Content::new();
    let mut named: Vec<u64> = vec![];
    for account in vault.accounts()?.iter() {
        let note = match vault.note(account.id) {
            Err(Error::Input(InputError::Damaged(_))) => "damaged".to_owned(),
            note => note?.to_string(),
        };
        let shown = format!("{:?} {:?} {:?} {:?} {note}", account.issuer, account.name, account.kind, account.order);
        let content = H32::sha256(&[shown.as_bytes(), vault.seed(account.id)?.expose()]);
        accounts.insert(account.id.0, content);
    }
    for damage in &report.damage {
        named.extend(match damage {
            Damage::Account(damaged) => Some(damaged.id.0),
            Damage::Note(id) | Damage::RolledBack(id) | Damage::Surplus(id) => Some(id.0),
            Damage::Missing { id, .. } => id.map(|AccountId(id)| id),
            Damage::Structure
            | Damage::Header
            | Damage::Summary
            | Damage::Groups
            | Damage::Icons
            | Damage::Tokens
            | Damage::Unexplained => None,
        });
    }
    if report.damage.is_empty() == report.kept.is_some() {
        return Err(Error::Internal);
    }
    Ok(Seen { accounts, named, noticed: !report.damage.is_empty() })
}

/// What the suite holds against a store.
#[derive(Debug, Default)]
struct Tally {
    tried: usize,
    noticed: usize,
    wrong: Vec<String>,
}

/// After how many damages the long form says how it goes.
const STAGE: usize = 50_000;

/// Reads `subject` after each of `damages`, of which at most `cost` accounts may suffer. The long form does so on each core.
fn strike(
    subject: &(dyn Subject + Sync),
    damages: impl Iterator<Item = (String, Vec<u8>)> + Send,
    cost: usize,
) -> Tally {
    let right = subject.read(&subject.whole()).unwrap();
    assert!(!right.noticed && right.accounts.len() >= 20, "{right:?}");
    let (damages, tally) = (Mutex::new(damages), Mutex::new(Tally::default()));
    let next = || damages.lock().unwrap().next();
    let work = || {
        while let Some((what, bytes)) = next() {
            let seen = subject.read(&bytes);
            tally.lock().unwrap().count(&what, seen, &right, cost);
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..effort(1, cores)).for_each(|_| drop(scope.spawn(work))));
    tally.into_inner().unwrap()
}

impl Tally {
    #[expect(clippy::print_stdout, reason = "a long form that is stopped early has said how far it came")]
    fn count(&mut self, what: &str, seen: Result<Seen, String>, right: &Seen, cost: usize) {
        self.tried += 1;
        match seen {
            Err(why) => self.wrong.push(format!("{what}: lost as a whole: {why}")),
            Ok(seen) => {
                self.noticed += usize::from(seen.noticed);
                self.wrong.extend(judge(right, &seen, cost).err().map(|why| format!("{what}: {why}")));
            }
        }
        if self.tried.is_multiple_of(STAGE) {
            println!("{} so far, {} noticed, {} wrong", self.tried, self.noticed, self.wrong.len());
        }
    }
}

/// Whatever is not as it was is named, and it is no more than `cost` accounts.
fn judge(right: &Seen, seen: &Seen, cost: usize) -> Result<(), String> {
    let differs = |id: &&u64| seen.accounts.get(id) != right.accounts.get(id);
    let suffered: Vec<&u64> = right.accounts.keys().filter(differs).collect();
    let added: Vec<&u64> = seen.accounts.keys().filter(|id| !right.accounts.contains_key(id)).collect();
    if let Some(silent) = suffered.iter().find(|id| !seen.named.contains(id)) {
        return Err(format!("account {silent} changed silently"));
    }
    if !added.is_empty() {
        return Err(format!("accounts came up: {added:?}"));
    }
    if suffered.len() > cost {
        return Err(format!("it cost {} accounts", suffered.len()));
    }
    if !suffered.is_empty() && !seen.noticed { Err("it was not noticed".into()) } else { Ok(()) }
}

fn flipped(whole: &[u8], at: usize, mask: u8) -> (String, Vec<u8>) {
    let mut bytes = whole.to_vec();
    bytes[at] ^= mask;
    (format!("byte {at} ^ {mask:#04x}"), bytes)
}

/// Where a file has bytes that are not of the reserve: what a cell of that holds is random for this vault, and nobody but a hidden
/// one, where there is one, may notice when it changes. Of the pages that the cells stand on all are alike: a few are tried.
fn outside_the_reserve(whole: &[u8]) -> Vec<usize> {
    const CELL: usize = 244;
    let mut tried = vec![true; whole.len()];
    let cells: Vec<usize> = (0..whole.len()).filter(|at| whole[*at..].starts_with(b"\xC5\x76\x31\x09")).collect();
    assert_eq!(cells.len() as u64, VAULT_CELLS);
    let pages: BTreeSet<usize> = cells.iter().map(|at| at / 4096).collect();
    for page in pages.into_iter().filter(|page| page % 20 != 0) {
        tried[page * 4096..(page + 1) * 4096].fill(false);
    }
    cells.iter().for_each(|at| tried[*at..at + CELL].fill(false));
    (0..whole.len()).filter(|at| tried[*at]).collect()
}

/// Every byte in the short form, by another bit each; every bit of a larger vault in the long one.
#[test]
fn one_damaged_byte_costs_at_most_its_account_and_is_named() {
    let subject = TheVault::new(effort(20, 200) as u64);
    let whole = subject.whole();
    let bits = effort(1, 8);
    let mask = |at: usize, bit: usize| {
        if bits == 8 { 1 << bit } else { [0x01, 0x80, 0xFF, 0x10, 0x02, 0x40, 0x08][at % 7] }
    };
    // In steps of a prime, each once: where the long form is stopped early, it looked everywhere.
    let places = outside_the_reserve(&whole);
    let total = places.len() * bits;
    let damages =
        part(total).map(|n| n * 1_000_003 % total).map(|n| (places[n / bits], mask(places[n / bits], n % bits)));
    let tally = strike(&subject, damages.map(|(at, mask)| flipped(&whole, at, mask)), 1);
    assert_eq!(tally.tried, part(total).len());
    println!("{} flips of {total}, {} noticed", tally.tried, tally.noticed);
    assert!(
        tally.wrong.is_empty(),
        "{} wrong, the first: {:#?}",
        tally.wrong.len(),
        &tally.wrong[..tally.wrong.len().min(8)]
    );
    // Half of the bytes of such a file hold something; what lies in unused space changes nothing.
    assert!(tally.noticed * 10 >= tally.tried, "{} of {} noticed", tally.noticed, tally.tried);
}

/// The key derivation runs only here: whatever byte of the header is damaged, the passphrase still opens the vault.
#[test]
fn a_damaged_header_still_opens_by_the_passphrase() {
    let subject = TheVault::new(1);
    let whole = subject.whole();
    let starts: Vec<usize> = (0..whole.len()).filter(|at| whole[*at..].starts_with(b"CSVH")).collect();
    assert_eq!(starts.len(), 2, "the header stands there twice");
    let length = u32::from_be_bytes(whole[starts[0] + 4..starts[0] + 8].try_into().unwrap()) as usize;
    let mut tried = 0;
    for at in starts.iter().flat_map(|start| (*start..start + length).step_by(effort(7, 1))) {
        let (what, bytes) = flipped(&whole, at, 0x20);
        let folder = quick_folder();
        fs::write(folder.path().join(story::NAME), &bytes).unwrap();
        let mut vault = story::open(folder.path()).unwrap();
        vault.unlock(&story::passphrase()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = vault.report().unwrap().damage.clone();
        assert!(!found.is_empty(), "{what} was not noticed");
        vault.lock();
        vault.unlock(&story::passphrase()).unwrap_or_else(|error| panic!("{what}, mended: {error}"));
        assert!(vault.report().unwrap().damage.is_empty(), "{what} was not mended");
        tried += 1;
    }
    assert!(tried >= 40);
}

/// Several bytes at once, anywhere: accounts may be lost, but none silently, and never all of them.
#[test]
fn many_damaged_bytes_change_nothing_silently() {
    let subject = TheVault::new(20);
    let whole = subject.whole();
    let total = part(effort(600, 100_000));
    let mut dice = Dice::new(0x2545_F491_4F6C_DD1D ^ total.start as u64);
    let mut draw = move |most: usize| dice.draw(most);
    let right = subject.read(&whole).unwrap();
    let mut opened = 0;
    for round in total.clone() {
        let mut bytes = whole.clone();
        let mut struck = vec![];
        for _ in 0..2 + draw(30) {
            let (at, mask) = (draw(bytes.len()), 1 + draw(255) as u8);
            bytes[at] ^= mask;
            struck.push(format!("{at} ^ {mask:#04x}"));
        }
        let Ok(seen) = subject.read(&bytes) else { continue };
        opened += 1;
        for (id, content) in &seen.accounts {
            let same = right.accounts.get(id) == Some(content) || seen.named.contains(id);
            assert!(same, "round {round}: account {id} changed silently by {struck:?}");
        }
        assert!(seen.noticed || seen.accounts == right.accounts, "round {round}: not noticed: {struck:?}");
    }
    let total = total.len();
    println!("{total} rounds, {opened} opened");
    assert!(opened * 10 >= total * 9, "{opened} of {total} opened");
}

#[test]
fn a_file_cut_at_any_page_is_noticed() {
    let subject = TheVault::new(40);
    let whole = subject.whole();
    let right = subject.read(&whole).unwrap();
    for end in (0..whole.len()).step_by(4096).chain([1, 100, whole.len() - 1]) {
        match subject.read(&whole[..end]) {
            // Without its header nobody can say more than that it is no vault.
            Err(why) => assert!(end <= 3 * 4096, "cut at {end}: {why}"),
            Ok(seen) => {
                assert!(seen.noticed, "cut at {end}");
                assert!(
                    seen.accounts
                        .iter()
                        .all(|(id, content)| right.accounts.get(id) == Some(content) || seen.named.contains(id))
                );
            }
        }
    }
}

/// The write-ahead log of another vault, or an old one of this, lies beside the file: SQLite would take either.
#[test]
fn a_foreign_log_beside_the_file_is_noticed() {
    let subject = TheVault::new(20);
    let right = subject.read(&subject.bytes).unwrap();
    let logs = quick_folder();
    let mut other = story::create(logs.path(), 0x006F_7468_6572).unwrap();
    for n in 50..80 {
        other.add(&story::account(n)).unwrap();
    }
    let foreign = fs::read(logs.path().join("vault.db-wal")).unwrap();
    assert!(foreign.len() > 4096 * 20, "the log is there");
    let folder = quick_folder();
    fs::write(folder.path().join(story::NAME), &subject.bytes).unwrap();
    fs::write(folder.path().join("vault.db-wal"), &foreign).unwrap();
    let mut vault = story::open(folder.path()).unwrap();
    vault.unlock_with(&subject.key).unwrap();
    let seen = see(&mut vault).unwrap();
    assert!(seen.noticed);
    assert_eq!(seen.accounts, right.accounts, "every account of ours is still there");
}

/// The saboteur: a store that seals nothing. Its damaged accounts look well, and the suite says so.
#[test]
fn a_store_without_seals_is_found_out() {
    struct Plain;
    impl Subject for Plain {
        fn whole(&self) -> Vec<u8> {
            (1..=20u64).flat_map(|id| [&id.to_be_bytes()[..], &[id as u8; 24]].concat()).collect()
        }
        fn read(&self, bytes: &[u8]) -> Result<Seen, String> {
            let rows = bytes
                .chunks_exact(32)
                .map(|row| (u64::from_be_bytes(row[..8].try_into().unwrap()), H32::sha256(&[row])));
            Ok(Seen { accounts: rows.collect(), named: vec![], noticed: false })
        }
    }
    let whole = Plain.whole();
    let tally = strike(&Plain, (0..whole.len()).map(|at| flipped(&whole, at, 1)), 1);
    assert_eq!(tally.wrong.len(), whole.len(), "each flip is a silent change");
    assert!(tally.wrong[0].contains("silently"), "{}", tally.wrong[0]);
}
