//! The format's vectors: a small vault in `tests/vectors/vault`, its passphrase, and all that it holds, for whoever writes
//! another reader. Made by `COUNTERSIGN_ACCEPT=1 cargo xtask test --only vault::vectors`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_core::vault::{Details, Drawer, Edit, Icon, KdfCost, Kind, NewAccount, Picture, Sheet, Vault};
use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period, Pin, base32, motp};
use countersign_tests::double::{BEGIN, FixedClock, SeededRandom};
use serde_json::{Value, json};

use super::quick_folder;
use super::reader::{ask, by_id, read, told};

/// In two forms that are one in normal form C.
const PASSPHRASE: &str = "Zoe\u{308} and 12 \u{212b}ngstr\u{f6}m";

/// An owner's key of single-profile tokens, as it is kept.
const TOKEN_KEY: &[u8] = b"\x01\x01sixteen bytes of";

fn vectors(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/vault").join(name)
}

fn passphrase() -> Secret {
    Secret::from_slice(PASSPHRASE.as_bytes())
}

fn doubles(seed: u64) -> (Arc<FixedClock>, Arc<SeededRandom>) {
    (Arc::new(FixedClock::new(BEGIN)), Arc::new(SeededRandom::new(seed)))
}

/// A picture of one colour, as small as one can be.
fn picture() -> Picture {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 4, 4);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[11, 93, 75].repeat(16)).unwrap();
    Picture::from_file(&file).unwrap()
}

/// Every kind of account, and every part that a label can have.
fn accounts(groups: &[countersign_core::vault::GroupId]) -> Vec<NewAccount> {
    let seed = |text: &str| base32::decode(text).unwrap().0;
    let plain = |n: u8| NewAccount {
        issuer: format!("Issuer {n}"),
        name: format!("mara{n}@example.com"),
        note: String::new(),
        kind: Kind::Totp(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        secret: Secret::new(vec![n; 20]),
        pin: None,
        origin: None,
        details: Details::default(),
    };
    let late = Period::try_from(60).unwrap().counted_from(1_000_000_000).unwrap();
    let details = Details {
        favourite: true,
        groups: groups.to_vec(),
        tags: vec!["geld".to_owned(), "wichtig ∞".to_owned()],
        ..Details::default()
    };
    vec![
        plain(1),
        NewAccount { algorithm: Algorithm::Sha512, digits: Digits::EIGHT, kind: Kind::Totp(late), ..plain(2) },
        NewAccount { algorithm: Algorithm::Sha256, kind: Kind::Hotp(Counter::try_from(41).unwrap()), ..plain(3) },
        NewAccount { kind: Kind::Steam, ..plain(4) },
        NewAccount {
            kind: Kind::Yandex,
            secret: seed("6SB2IKNM6OBZPAVBVTOHDKS4FAAAAAAADFUTQMBTRY"),
            pin: Some(Pin::yandex("5239").unwrap()),
            ..plain(5)
        },
        NewAccount {
            kind: Kind::MOtp,
            secret: motp::seed("e3152afee62599c8").unwrap(),
            pin: Some(Pin::motp("1234").unwrap()),
            ..plain(6)
        },
        NewAccount { note: "a short note".to_owned(), details, ..plain(7) },
        NewAccount { note: "a long note, ".repeat(300), issuer: "日本語".to_owned(), ..plain(8) },
        NewAccount { origin: Some(Id::from_bytes([7; 16])), issuer: String::new(), ..plain(9) },
        plain(10),
        NewAccount { algorithm: Algorithm::Sha224, ..plain(11) },
        NewAccount { algorithm: Algorithm::Sha384, digits: Digits::EIGHT, ..plain(12) },
        NewAccount { algorithm: Algorithm::Md5, kind: Kind::Hotp(Counter::ZERO), ..plain(13) },
    ]
}

/// Makes the vault anew, and has the reader in the other language say what is in it.
fn make() {
    let folder = quick_folder();
    let path = folder.path().join("two.vault");
    let (clock, random) = doubles(0x7665_6374);
    let mut vault = Vault::create(&path, &passphrase(), KdfCost::LEAST, None, clock.clone(), random.clone()).unwrap();
    let sheet = Sheet::generate(&*random).unwrap();
    let slot = vault.key().unwrap().sheet_slot(&sheet, &*random).unwrap();
    vault.add_slot(slot, "drawer").unwrap();
    let groups = ["Work", "Zuhause"].map(|name| vault.add_group(name).unwrap());
    let ids: Vec<_> = vault.add_all(&accounts(&groups)).unwrap().into_iter().map(Result::unwrap).collect();
    clock.advance(100);
    vault.set_picture(&ids[..2], &picture()).unwrap();
    let drawn = Some(Some(Icon::Drawn("mail".into())));
    vault.edit(ids[6], &Edit { pinned: Some(true), hidden: Some(true), icon: drawn, ..Edit::default() }).unwrap();
    vault.move_account(ids[3], Some(ids[0])).unwrap();
    vault.next_hotp(ids[2]).unwrap();
    vault.used(ids[0]).unwrap();
    vault.delete(ids[9]).unwrap();
    vault.change_kept(|rows| rows.add(Drawer::TokenKeys, b"office", &Secret::from_slice(TOKEN_KEY))).unwrap();
    vault.lock();
    drop(vault);
    fs::create_dir_all(vectors("")).unwrap();
    fs::copy(&path, vectors("two.vault")).unwrap();
    let lines: Vec<String> = sheet.lines().iter().map(|line| line.to_string()).collect();
    let said = json!({ "passphrase": PASSPHRASE, "sheet": lines, "holds": ask("rest.py", &path, &passphrase()) });
    fs::write(vectors("two.json"), format!("{}\n", serde_json::to_string_pretty(&said).unwrap())).unwrap();
}

fn said() -> Value {
    serde_json::from_slice(&fs::read(vectors("two.json")).unwrap()).unwrap()
}

#[test]
fn the_vault_of_the_vectors_holds_what_is_written_beside_it_by_passphrase_and_by_sheet() {
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        make();
    }
    let said = said();
    assert_eq!(said["passphrase"], PASSPHRASE);
    let folder = quick_folder();
    let path = folder.path().join("two.vault");
    fs::copy(vectors("two.vault"), &path).unwrap();
    assert_eq!(ask("rest.py", &path, &passphrase()), said["holds"], "in Python");
    assert_eq!(ask("reader.py", &path, &passphrase()), said["holds"]["accounts"], "in forty lines of it");
    let (clock, random) = doubles(1);
    let mut vault = Vault::open(&path, clock, random).unwrap();
    vault.unlock(&passphrase()).unwrap();
    assert!(vault.report().unwrap().damage.is_empty());
    assert_eq!(by_id(told(&mut vault)), by_id(read(&said["holds"]["accounts"])), "in Rust");
    let groups = vault.groups().unwrap();
    let groups: Value = groups.iter().map(|group| (group.id.0.to_string(), json!([group.order, group.name]))).collect();
    assert_eq!(groups, said["holds"]["groups"]);
    for (id, hex) in said["holds"]["pictures"].as_object().unwrap() {
        let picture = vault.picture(countersign_core::vault::IconId(id.parse().unwrap())).unwrap();
        let png: String = picture.as_png().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(*hex, png);
    }
    assert_eq!((vault.accounts().unwrap().len(), vault.bin().unwrap().len()), (12, 1));
    let (id, key) = vault.kept_as(Drawer::TokenKeys, b"office").unwrap().unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(said["holds"]["kept"], json!({ (id.0.to_string()): [3, hex(b"office"), hex(key.expose())] }));

    vault.lock();
    let lines: Vec<String> = serde_json::from_value(said["sheet"].clone()).unwrap();
    let opened = vault.lockbox().open_sheet(&Sheet::read(&lines.join("\n")).unwrap()).unwrap();
    vault.unlock_with(&opened.key).unwrap();
    assert_eq!(vault.accounts().unwrap().len(), 12);
}

/// A vault as programs left it that kept the last change alone; it is not made anew. Its last change was a removal.
#[test]
fn the_change_that_an_older_program_kept_is_taken_back_and_further_ones_after_it() {
    let folder = quick_folder();
    let path = folder.path().join("one-step.vault");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vault-2/one-step.vault");
    fs::copy(kept, &path).unwrap();
    let (clock, random) = doubles(2);
    let mut vault = Vault::open(&path, clock, random).unwrap();
    vault.unlock(&passphrase()).unwrap();
    assert!(vault.report().unwrap().damage.is_empty());
    let step = vault.last_step().unwrap().unwrap();
    let [removed] = step.accounts.as_slice() else { panic!("{:?}", step.accounts) };
    let id = removed.now.id;
    assert_eq!((removed.before.deleted.is_some(), removed.now.deleted.is_some()), (false, true));
    let name = |name: &str| Edit { name: Some(name.to_owned()), ..Edit::default() };
    let first = vault.accounts().unwrap()[0].clone();
    ["one", "two"].iter().for_each(|one| vault.edit(first.id, &name(one)).unwrap());
    for before in ["one", &first.name] {
        vault.undo().unwrap();
        assert_eq!(vault.get(first.id).unwrap().name, before);
    }
    vault.undo().unwrap();
    assert!(vault.get(id).unwrap().deleted.is_none(), "what the older program had kept came after them");
    assert!(!vault.can_undo());
    assert_eq!((vault.accounts().unwrap().len(), vault.bin().unwrap().len()), (13, 0));
}
