//! The vault's file, damaged. Accounts may be lost by it, but none changes silently.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use countersign_core::error::{Error, PortError};
use countersign_core::port::{Clock, Random};
use countersign_core::vault::{KdfCost, NewAccount, Vault, VaultKey};
use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use countersign_protocol::uri::otpauth;

/// What a header begins with.
const HEADER: &[u8] = b"CSVH";
/// What a sealed piece begins with.
const PIECE: &[u8] = &[0xC5, 0x76, 0x31];
/// Accounts of the vault that is damaged.
const ACCOUNTS: u64 = 12;

/// What each account holds, as a hash, by id.
type Content = BTreeMap<u64, H32>;

/// The vault as it is when nothing is wrong.
struct Whole {
    bytes: Vec<u8>,
    key: VaultKey,
    content: Content,
}

/// Bits that differ, laid over both copies of the header: it is noticed, and the accounts are as they were.
pub fn header(input: &[u8]) -> bool {
    let whole = whole();
    let mut bytes = whole.bytes.clone();
    for (start, length) in headers(&whole.bytes) {
        change(&mut bytes[start..start + length], input);
    }
    let Ok((content, noticed)) = read(&bytes, &whole.key) else { return false };
    assert!(noticed || bytes == whole.bytes, "a changed header was taken for the vault's own");
    assert_eq!(content, whole.content, "a header changes no account");
    !noticed
}

/// Bits that differ, laid over one sealed piece, which the first byte chooses: what is in it is as it was, or is named.
pub fn row(input: &[u8]) -> bool {
    let Some((chosen, input)) = input.split_first() else { return false };
    let whole = whole();
    let mut bytes = whole.bytes.clone();
    let pieces = starts(&whole.bytes, PIECE);
    change(&mut bytes[pieces[usize::from(*chosen) % pieces.len()]..], input);
    judged(&bytes)
}

/// Damages anywhere in the file, three bytes each: where, and which bits.
pub fn file(input: &[u8]) -> bool {
    let mut bytes = whole().bytes.clone();
    for [high, low, bits] in input.as_chunks().0 {
        let at = usize::from(u16::from_be_bytes([*high, *low])) * bytes.len() / 65_536;
        bytes[at] ^= bits;
    }
    judged(&bytes)
}

/// Whether all of it can still be read; nothing may differ that is not said.
fn judged(bytes: &[u8]) -> bool {
    let whole = whole();
    let Ok((content, noticed)) = read(bytes, &whole.key) else { return false };
    assert!(noticed || content == whole.content, "an account changed silently");
    assert!(content.keys().all(|id| whole.content.contains_key(id)), "an account came up");
    content == whole.content
}

fn change(bytes: &mut [u8], bits: &[u8]) {
    bytes.iter_mut().zip(bits).for_each(|(byte, bits)| *byte ^= bits);
}

fn starts(bytes: &[u8], magic: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(magic.len()).enumerate();
    windows.filter(|(_, window)| *window == magic).map(|(start, _)| start).collect()
}

/// Where headers stand, and how long each is by its own word.
fn headers(bytes: &[u8]) -> Vec<(usize, usize)> {
    let length = |start: usize| bytes[start + 4..start + 8].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    starts(bytes, HEADER).into_iter().map(|start| (start, length(start))).collect()
}

fn whole() -> &'static Whole {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let folder = folder();
        let path = folder.path().join("vault");
        let passphrase = Secret::from_slice(b"larch violin");
        let mut vault = Vault::create(&path, &passphrase, KdfCost::LEAST, None, clock(), dice(1)).expect("a vault");
        for n in 0..ACCOUNTS {
            let uri =
                format!("otpauth://totp/Issuer%20{n}:mara{n}?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQO{}", letters(n));
            let (account, repairs) = otpauth::parse(&uri).expect("a link");
            vault.add(&NewAccount::scanned(&account, &repairs, None)).expect("an account");
        }
        let (key, content) = (vault.key().expect("it is unlocked"), content(&mut vault).expect("the accounts"));
        vault.lock();
        Whole { bytes: fs::read(&path).expect("the file"), key, content }
    })
}

/// The end of a seed that no other account has.
fn letters(n: u64) -> String {
    [n / 8 * 8, n % 8 * 4]
        .iter()
        .map(|value| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[*value as usize % 32]))
        .collect()
}

/// What is left in a damaged file, and whether anything is said to be wrong.
fn read(bytes: &[u8], key: &VaultKey) -> Result<(Content, bool), Error> {
    let folder = folder();
    let path = folder.path().join("vault");
    fs::write(&path, bytes).expect("a file");
    let mut vault = Vault::open(&path, clock(), dice(2))?;
    vault.unlock_with(key)?;
    let noticed = !vault.report()?.damage.is_empty();
    Ok((content(&mut vault)?, noticed))
}

fn content(vault: &mut Vault) -> Result<Content, Error> {
    let accounts = vault.accounts()?;
    let hash = |account: &countersign_core::vault::Account, seed: &Secret| {
        let shown = format!("{:?} {:?} {:?}", account.issuer, account.name, account.kind);
        H32::sha256(&[shown.as_bytes(), seed.expose()])
    };
    accounts.iter().map(|account| Ok((account.id.0, hash(account, &vault.seed(account.id)?)))).collect()
}

/// In memory where there is such a place: it is written anew for each input.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder")
}

/// Time that stands still, so that one input is one story.
struct Still;

impl Clock for Still {
    fn now(&self) -> u64 {
        1_795_260_000
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(Still)
}

/// Bytes that are the same in each run.
struct Dice(AtomicU64);

impl Random for Dice {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        for part in out.chunks_mut(32) {
            let block = H32::sha256(&[b"fuzz", &self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
            part.copy_from_slice(&block.as_bytes()[..part.len()]);
        }
        Ok(())
    }
}

fn dice(from: u64) -> Arc<dyn Random> {
    Arc::new(Dice(AtomicU64::new(from << 32)))
}
