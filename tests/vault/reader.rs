//! The format as it is written down: a reader in another language, made after `docs/vault-format.md` alone, opens what
//! this program writes.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_core::vault::{Details, Drawer, Edit, Icon, Kind, NewAccount, Picture, Vault};
use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::otp::Algorithm;
use countersign_tests::program;
use serde_json::{Value, json};

use super::{duress, quick_folder, story};

/// What a reader says of a vault's file: `reader.py` lists its accounts, `rest.py` tells all that it holds.
pub fn ask(reader: &str, path: &Path, passphrase: &Secret) -> Value {
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("vault").join(reader);
    let mut command = Command::new(program::target().join("python-venv/bin/python"));
    command.arg("-B").arg(reader).arg(path);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("cargo xtask setup installs it");
    child.stdin.take().unwrap().write_all(passphrase.expose()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A vault with every kind of row.
fn fill(vault: &mut Vault) {
    let work = vault.add_group("Work").unwrap();
    let home = vault.add_group("Zuhause").unwrap();
    let tags = vec!["geld".to_owned(), "wichtig".to_owned()];
    let details = Details { favourite: true, groups: vec![work, home], tags, ..Details::default() };
    let all = [
        NewAccount { note: "a short note".into(), details, ..story::account(2) },
        story::account(3),
        story::account(1),
        NewAccount { issuer: "Gateway ∞".into(), origin: Some(Id::from_bytes([7; 16])), ..story::account(4) },
        story::account(5),
    ];
    let ids: Vec<_> = vault.add_all(&all).unwrap().into_iter().map(Result::unwrap).collect();
    let photo = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/qr/poor.jpg")).unwrap();
    vault.set_picture(&ids[..2], &Picture::from_file(&photo).unwrap()).unwrap();
    let drawn = Some(Some(Icon::Drawn("mail".into())));
    vault.edit(ids[2], &Edit { pinned: Some(true), hidden: Some(true), icon: drawn, ..Edit::default() }).unwrap();
    vault.move_account(ids[3], Some(ids[0])).unwrap();
    vault.next_hotp(ids[1]).unwrap();
    vault.used(ids[0]).unwrap();
    vault.delete(ids[4]).unwrap();
    vault
        .change_kept(|rows| {
            rows.add(Drawer::Burns, b"one", &Secret::from_slice(b"half"))?;
            rows.add(Drawer::BatchRows, &[0; 200], &Secret::from_slice(b""))
        })
        .unwrap();
    vault.change_kept_hastily(|rows| rows.put(Drawer::Burns, b"one", &Secret::from_slice(b"whole"))).unwrap();
}

/// What `rest.py` says of the rows that [`fill`] kept.
fn is_kept(told: &Value) -> bool {
    let rows: Vec<&Value> = told["kept"].as_object().unwrap().values().collect();
    let [burn, row] = [json!([1, "6f6e65", "77686f6c65"]), json!([5, "00".repeat(200), ""])];
    // By the letters of their ids, in either order.
    rows == [&burn, &row] || rows == [&row, &burn]
}

/// What a vault holds, in the reader's words.
pub fn told(vault: &mut Vault) -> Vec<Value> {
    let mut out = vec![];
    for account in vault.accounts().unwrap().iter() {
        let (kind, moving) = match account.kind {
            Kind::Totp(period) if period.start() == 0 => (1, vec![u64::from(period.seconds())]),
            Kind::Totp(period) => (6, vec![period.seconds().into(), period.start()]),
            Kind::Hotp(counter) => (2, vec![counter.get()]),
            Kind::Steam => (3, vec![]),
            Kind::Yandex => (4, vec![]),
            Kind::MOtp => (5, vec![]),
        };
        let algorithm = match account.algorithm {
            Algorithm::Sha1 => 1,
            Algorithm::Sha256 => 2,
            Algorithm::Sha512 => 3,
            Algorithm::Sha224 => 4,
            Algorithm::Sha384 => 5,
            Algorithm::Md5 => 6,
        };
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let Details { favourite, pinned, hidden, icon, groups, tags } = &account.details;
        let icon = icon.as_ref().map(|icon| match icon {
            Icon::Drawn(name) => json!(name),
            Icon::Picture(id) => json!(id.0),
        });
        let (seed, pin) = vault.seed_and_pin(account.id).unwrap();
        let mut kept = pin.map_or(vec![], |pin| [&[pin.expose().len() as u8], pin.expose()].concat());
        kept.extend_from_slice(seed.expose());
        out.push(json!({
            "id": account.id.0, "issuer": account.issuer, "name": account.name, "kind": kind, "moving": moving,
            "algorithm": algorithm, "digits": account.digits.get(), "created": account.created,
            "changed": account.changed, "order": account.order, "origin": account.origin.map(|id| hex(id.as_bytes())), "note": vault.note(account.id).unwrap().as_str(),
            "favourite": favourite, "pinned": pinned, "hidden": hidden, "icon": icon, "tags": tags,
            "groups": groups.iter().map(|group| group.0).collect::<Vec<_>>(), "uses": account.uses, "used": account.used,
            "seed": hex(&kept), "deleted": null,
        }));
    }
    out
}

/// The reader's accounts, without the bin, and with what a label leaves out since it goes without saying.
pub fn read(answer: &Value) -> Vec<Value> {
    let mut all = answer.as_array().unwrap().clone();
    all.retain(|account| account["deleted"].is_null());
    all.iter_mut().for_each(|account| {
        let (created, id) = (account["created"].clone(), account["id"].as_u64().unwrap());
        let left_out = json!({
            "changed": created, "order": id << 20, "origin": null, "note": "", "favourite": false, "pinned": false,
            "hidden": false, "icon": null, "groups": [], "tags": [], "uses": 0, "used": 0, "deleted": null,
        });
        let account = account.as_object_mut().unwrap();
        account.remove("parts");
        left_out.as_object().unwrap().iter().for_each(|(name, value)| {
            account.entry(name.clone()).or_insert_with(|| value.clone());
        });
    });
    all
}

pub fn by_id(mut all: Vec<Value>) -> Vec<Value> {
    all.sort_by_key(|account| account["id"].as_u64());
    all
}

#[test]
fn a_reader_in_another_language_opens_what_this_program_writes() {
    let folder = quick_folder();
    let mut vault = story::create(folder.path(), 0x7265_6164).unwrap();
    fill(&mut vault);
    // Also with what stands in the log alone, while another has it open.
    let path = folder.path().join(story::NAME);
    let live = ask("reader.py", &path, &story::passphrase());
    assert_eq!(by_id(read(&live)), by_id(told(&mut vault)));
    vault.lock();
    let listed = ask("reader.py", &path, &story::passphrase());
    let answer = ask("rest.py", &path, &story::passphrase());
    assert_eq!(listed, answer["accounts"]);
    vault.unlock(&story::passphrase()).unwrap();
    assert_eq!(by_id(read(&listed)), by_id(told(&mut vault)));
    assert_eq!((vault.bin().unwrap().len(), listed.as_array().unwrap().len()), (1, 5));
    assert_eq!(answer["groups"], json!({"1": [1, "Work"], "2": [2, "Zuhause"]}));
    assert_eq!(answer["pictures"].as_object().unwrap().len(), 1);
    assert!(is_kept(&answer), "{}", answer["kept"]);
}

/// The reserve too is as it is written down: whoever has the passphrase of what lies beneath a decoy needs no program of ours.
#[test]
fn a_reader_in_another_language_opens_what_lies_beneath_a_decoy() {
    let folder = quick_folder();
    let mut vault = story::create(folder.path(), 0x7265_6165).unwrap();
    fill(&mut vault);
    let whole = by_id(told(&mut vault));
    let keep: Vec<_> = vault.accounts().unwrap()[..2].iter().map(|account| account.id).collect();
    vault.hide(&duress::decoy(), &keep).unwrap();
    vault.add(&story::account(77)).unwrap();
    let all = by_id(told(&mut vault));
    assert_eq!(all.len(), whole.len() + 1);
    vault.lock();
    let path = folder.path().join(story::NAME);
    let beneath = ask("rest.py", &path, &story::passphrase());
    assert_eq!(by_id(read(&beneath["accounts"])), all);
    assert_eq!(beneath["groups"], json!({"1": [1, "Work"], "2": [2, "Zuhause"]}));
    assert!(is_kept(&beneath), "{}", beneath["kept"]);
    let shown = ask("rest.py", &path, &duress::decoy_passphrase());
    assert!(shown["kept"].as_object().unwrap().is_empty());
    assert_eq!((shown["accounts"].as_array().unwrap().len(), &shown["key"]), (2, &beneath["shown"]));
    vault.unlock(&duress::decoy_passphrase()).unwrap();
    assert_eq!(by_id(read(&ask("reader.py", &path, &duress::decoy_passphrase()))), by_id(told(&mut vault)));
}
