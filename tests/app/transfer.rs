//! Many accounts at once, in and out: Google's transfer, and links of single accounts.

use base64::Engine as _;
use countersign_core::app::{App, NotHeld, Scanned, TransferState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, Named};
use countersign_core::limits::VAULT_ACCOUNTS;
use countersign_core::vault::{AccountId, DeviceClass, NewAccount};
use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::otp::Algorithm;
use countersign_protocol::uri::migration::{self, Added, CannotHold, EntryFault, Part, Transfer};
use countersign_protocol::uri::otpauth::{self, UriError};

use super::phone::{NOW, World};

const PASSPHRASE: &[u8] = b"correct horse";

fn phone() -> (World, App) {
    let world = World::new();
    let app = world.app();
    app.create_vault(&Secret::from_slice(PASSPHRASE), DeviceClass::Phone, &Cancel::default()).unwrap();
    (world, app)
}

fn uri(n: usize) -> String {
    let seed = countersign_protocol::otp::base32::encode(format!("seed number {n:08}").as_bytes());
    format!("otpauth://totp/Shop%20{n}:mara?secret={}&issuer=Shop%20{n}", *seed)
}

fn account(n: usize) -> otpauth::Account {
    otpauth::parse(&uri(n)).unwrap().0
}

fn new(n: usize) -> NewAccount {
    NewAccount::scanned(&account(n), &[], None)
}

/// The parts of a transfer of these accounts, as texts.
fn texts(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    let accounts: Vec<_> = numbers.into_iter().map(account).collect();
    let links = migration::write(&accounts.iter().collect::<Vec<_>>(), 77).unwrap();
    links.iter().map(|link| link.to_string()).collect()
}

fn part(app: &App, text: &str) -> Part {
    match app.scan_text(text) {
        Scanned::Part(part) => *part,
        other => panic!("{other:?}"),
    }
}

fn transfer<'a>(app: &App, texts: impl IntoIterator<Item = &'a String>) -> Transfer {
    let mut transfer = Transfer::default();
    texts.into_iter().for_each(|text| assert_eq!(transfer.add(part(app, text)), Ok(Added::Accounts)));
    transfer
}

fn states(rows: &[countersign_core::app::TransferRow]) -> Vec<TransferState> {
    rows.iter().map(|row| row.state).collect()
}

#[test]
fn a_transfer_comes_in_whole_and_in_one_step() {
    let (world, app) = phone();
    app.add_account(&new(3)).unwrap();
    let texts = texts((0..30).chain([5]));
    assert!(texts.len() > 3, "{}", texts.len());
    let transfer = transfer(&app, texts.iter().rev());
    let before = app.transfer_rows(&transfer).unwrap();
    assert_eq!(before.len(), 31);
    assert_eq!((before[3].state, before[30].state), (TransferState::There(AccountId(1)), TransferState::Twice));
    assert_eq!(states(&before).iter().filter(|state| **state == TransferState::New).count(), 29);
    assert_eq!(app.accounts().unwrap().len(), 1, "nothing is stored by looking");

    let rows = app.import_transfer(&transfer, false).unwrap();
    assert_eq!((rows[0].issuer.as_str(), rows[0].name.as_str()), ("Shop 0", "mara"));
    assert_eq!((rows[3].state, rows[30].state), (TransferState::There(AccountId(1)), TransferState::Twice));
    assert_eq!(rows.iter().filter(|row| matches!(row.state, TransferState::Added(_))).count(), 29);
    // Once more: all are there.
    let again = app.import_transfer(&transfer, false).unwrap();
    assert!(again.iter().all(|row| matches!(row.state, TransferState::There(_) | TransferState::Twice)));
    drop(app);
    let app = world.app();
    app.unlock(&Secret::from_slice(PASSPHRASE), &Cancel::default()).unwrap();
    assert_eq!((app.accounts().unwrap().len(), app.codes(NOW).unwrap().rows.len()), (30, 30));
}

#[test]
fn parts_that_are_missing_must_be_known_of() {
    let (_world, app) = phone();
    let texts = texts(0..12);
    let transfer = transfer(&app, &texts[1..]);
    let (read, of) = (texts.len() - 1, texts.len());
    let refused = app.import_transfer(&transfer, false).unwrap_err();
    assert_eq!(refused, InputError::Unfinished { read, of }.into());
    assert!(app.accounts().unwrap().is_empty());
    let read = app.import_transfer(&transfer, true).unwrap().len();
    assert_eq!((app.accounts().unwrap().len(), transfer.entries().count()), (read, read));
    let nothing = app.import_transfer(&Transfer::default(), false).unwrap_err();
    assert_eq!(nothing, InputError::Unfinished { read: 0, of: 0 }.into());
}

#[test]
fn one_bad_account_leaves_the_others_in() {
    let (_world, app) = phone();
    // Two accounts, of which the second wants a hash that nobody knows.
    let good = [&[0x0a, 16][..], &[7; 16]].concat();
    let old = [&[0x0a, 16][..], &[8; 16], &[0x12, 3], b"old", &[0x20, 5]].concat();
    let message = [&[0x0a, good.len() as u8][..], &good, &[0x0a, old.len() as u8], &old].concat();
    let text =
        format!("otpauth-migration://offline?data={}", base64::engine::general_purpose::URL_SAFE.encode(message));
    let transfer = transfer(&app, [&text]);
    let rows = app.import_transfer(&transfer, false).unwrap();
    let unknown = EntryFault::Setting(UriError::UnknownAlgorithm);
    assert_eq!(rows[1].state, TransferState::Unreadable(unknown));
    assert_eq!((rows[1].name.as_str(), app.accounts().unwrap().len()), ("old", 1));
}

#[test]
fn many_are_added_each_for_itself_up_to_the_limit() {
    let (_world, app) = phone();
    let most = VAULT_ACCOUNTS as u64;
    let long = NewAccount { name: "x".repeat(257), ..new(1) };
    let counted = |counter: u64| {
        let link = format!("otpauth://hotp/c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter={counter}");
        NewAccount::scanned(&otpauth::parse(&link).unwrap().0, &[], None)
    };
    let added = app.add_accounts(&[new(0), long.clone(), new(0), counted(4), counted(7), counted(5)]).unwrap();
    let too_long = InputError::TooMuch { what: Named::Name, found: 257, most: 256 };
    let (zero, count) = (added[0].unwrap(), added[3].unwrap());
    assert_eq!(
        added[1..],
        [
            Err(too_long),
            Err(InputError::Duplicate(zero.0)),
            Ok(count),
            Err(InputError::Duplicate(count.0)),
            Err(InputError::Duplicate(count.0))
        ]
    );
    // Of three counters the largest is kept: RFC 4226, appendix D.
    assert_eq!(app.next_hotp(count).unwrap().to_string(), "162583");
    assert_eq!(app.add_accounts(&[long]).unwrap(), [Err(too_long)]);
    assert_eq!(app.add_accounts(&[]).unwrap(), []);

    let all: Vec<_> = (0..VAULT_ACCOUNTS).map(new).collect();
    let added = app.add_accounts(&all).unwrap();
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), VAULT_ACCOUNTS - 2);
    let full = InputError::TooMuch { what: Named::Accounts, found: most + 1, most };
    assert_eq!(added.last(), Some(&Err(full)), "the last one finds no room");
    assert_eq!(app.accounts().unwrap().len(), VAULT_ACCOUNTS);
}

#[test]
fn a_locked_vault_takes_and_gives_nothing() {
    let (_world, app) = phone();
    let id = app.add_account(&new(0)).unwrap();
    let fresh = app.prove(&Secret::from_slice(PASSPHRASE), &Cancel::default()).unwrap();
    app.lock();
    let locked = || Error::from(InputError::VaultLocked);
    let transfer = transfer(&app, &texts(0..1));
    assert_eq!(app.transfer_rows(&transfer).unwrap_err(), locked());
    assert_eq!(app.import_transfer(&transfer, false).unwrap_err(), locked());
    assert_eq!(app.add_accounts(&[new(1)]).unwrap_err(), locked());
    assert_eq!(app.export_link(id, &fresh).unwrap_err(), locked());
    app.unlock(&Secret::from_slice(PASSPHRASE), &Cancel::default()).unwrap();
    assert_eq!(app.export_link(id, &fresh).unwrap_err(), locked(), "what was proved ended with the lock");
    assert!(app.export_transfer(&[id], &fresh).is_err_and(|fault| fault == locked()));
}

#[test]
fn the_passphrase_is_wanted_anew_and_unlocks() {
    let (_world, app) = phone();
    let id = app.add_account(&new(0)).unwrap();
    let wrong = app.prove(&Secret::from_slice(b"battery staple"), &Cancel::default()).unwrap_err();
    assert_eq!(wrong, InputError::WrongPassphrase.into());
    app.lock();
    let fresh = app.prove(&Secret::from_slice(PASSPHRASE), &Cancel::default()).unwrap();
    assert_eq!(*app.export_link(id, &fresh).unwrap(), uri(0));
}

#[test]
fn links_come_back_as_they_left() {
    let (_world, app) = phone();
    let (seed, other) = ("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    for link in [
        format!("otpauth://totp/x?{seed}"),
        format!("otpauth://totp/A%26B%3A%20%C3%BC%3F%23%2F%2B:%25mara?{other}&issuer=A%26B%3A%20%C3%BC%3F%23%2F%2B"),
        format!("otpauth://totp/x?{seed}&algorithm=SHA512&digits=8&period=60"),
        format!("otpauth://hotp/x?{seed}&counter=5"),
        format!("otpauth://hotp/x?{seed}&algorithm=MD5&counter=5"),
        format!("otpauth://totp/y?{other}&algorithm=SHA224"),
        format!("otpauth://totp/z?{other}&algorithm=SHA384&digits=8"),
    ] {
        let (account, repairs) = otpauth::parse(&link).unwrap();
        let id = app.add_account(&NewAccount::scanned(&account, &repairs, None)).unwrap();
        let fresh = app.prove(&Secret::from_slice(PASSPHRASE), &Cancel::default()).unwrap();
        assert_eq!(*app.export_link(id, &fresh).unwrap(), link);
    }
}

#[test]
fn a_transfer_goes_out_without_what_it_cannot_hold_and_what_may_not_leave() {
    let (_world, app) = phone();
    let mut ids: Vec<_> = (0..20).map(|n| app.add_account(&new(n)).unwrap()).collect();
    let odd = |query: &str, n: usize| {
        let (account, repairs) = otpauth::parse(&format!("{}{query}", uri(n))).unwrap();
        NewAccount::scanned(&account, &repairs, None)
    };
    let minute = app.add_account(&odd("&period=60", 100)).unwrap();
    let seven = app.add_account(&odd("&digits=7", 101)).unwrap();
    let bound = NewAccount { origin: Some(Id::from_bytes([7; 16])), ..new(102) };
    let bound = app.add_account(&bound).unwrap();
    let strong = app.add_account(&odd("&algorithm=SHA256&digits=8", 103)).unwrap();
    let odd_hash = app.add_account(&odd("&algorithm=SHA384", 104)).unwrap();
    ids.extend([minute, seven, bound, strong, odd_hash]);
    let fresh = app.prove(&Secret::from_slice(PASSPHRASE), &Cancel::default()).unwrap();
    assert_eq!(app.export_link(bound, &fresh).unwrap_err(), InputError::Bound.into());
    assert_eq!(app.export_link(AccountId(999), &fresh).unwrap_err(), InputError::NotFound.into());

    let out = app.export_transfer(&ids, &fresh).unwrap();
    let left: Vec<_> = out.left.iter().map(|(account, why)| (account.id, *why)).collect();
    assert_eq!(
        left,
        [
            (minute, NotHeld::Form(CannotHold::Period(60))),
            (seven, NotHeld::Form(CannotHold::Digits(7))),
            (bound, NotHeld::Account(InputError::Bound)),
            (odd_hash, NotHeld::Form(CannotHold::Algorithm(Algorithm::Sha384))),
        ]
    );
    assert_eq!(out.held.len(), 21);
    // Another phone reads it.
    let (_other, other) = phone();
    let links: Vec<_> = out.links.iter().map(|link| link.to_string()).collect();
    let rows = other.import_transfer(&transfer(&other, &links), false).unwrap();
    assert_eq!(rows.len(), 21);
    let codes = |app: &App, without: &[AccountId]| -> Vec<String> {
        let rows = app.codes(NOW).unwrap().rows;
        let kept = rows.iter().filter(|row| !without.contains(&row.account.id));
        kept.map(|row| row.live.as_ref().unwrap().code.to_string()).collect()
    };
    assert_eq!(codes(&other, &[]), codes(&app, &[minute, seven, bound, odd_hash]));
    assert_eq!(other.accounts().unwrap().last().unwrap().algorithm, Algorithm::Sha256);
    let none = app.export_transfer(&[minute], &fresh).unwrap();
    assert!(none.links.is_empty() && none.held.is_empty() && none.left.len() == 1);
}
