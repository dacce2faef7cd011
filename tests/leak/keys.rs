//! The secrets that no page shows: opened from what both programs left on disk, as only their owners can.

use std::path::Path;
use std::sync::Arc;

use countersign_cli::desk::Desk;
use countersign_cli::home::Home;
use countersign_cli::port::{AskPassphrase, Cost, DeskKeystore, DeviceKey, UserKey};
use countersign_core::cancel::Cancel;
use countersign_core::device::Store;
use countersign_core::error::PortError;
use countersign_core::port::{Guard, Keystore as _, Ports, Prompt};
use countersign_core::record::Stage;
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_gateway::config::Config;
use countersign_gateway::port::Random;
use countersign_gateway::port::machine::MachineRandom;
use countersign_gateway::seal::{Seal, master};
use countersign_gateway::start::unlock;
use countersign_gateway::store;
use countersign_protocol::Secret;
use countersign_tests::double::ScriptedHttp;

use super::search::Canary;

/// What the gateway in `data` holds: its master key, what is made of it, and all that is sealed by it.
pub fn of_gateway(data: &Path) -> Vec<Canary> {
    let random: Arc<dyn Random> = Arc::new(MachineRandom::default());
    let (store, seal) = unlock(&Config::local(data.to_owned()), &random).expect("the store and its seal");
    let text = std::fs::read_to_string(data.join("master.key")).expect("the master key's file");
    let master = master::parse(&text).expect("a master key");
    let mut canaries = vec![
        Canary::bytes("master key", &*master),
        Canary::bytes("key of form tokens", &seal.derive("form")),
        Canary::bytes("key of vouchers", &seal.derive("voucher")),
    ];
    // Names are kept, so that the test notices when one of them is no longer there.
    let places: [(&str, &str, &str); 5] = [
        ("gk", "chain.key", "SELECT thumbprint, private FROM chain_key WHERE private IS NOT NULL"),
        ("gateway's own key", "house.value", "SELECT CAST(name AS BLOB), value FROM house"),
        ("ok", "device.ok", "SELECT did, ok FROM device WHERE ok IS NOT NULL"),
        ("seed of an enrolment", "device.totp", "SELECT did, totp FROM device WHERE totp IS NOT NULL"),
        ("enrolment code", "enrol.code", "SELECT e, code FROM enrol_code"),
    ];
    for (name, place, rows) in places {
        let opened = opened(&store, &seal, place, rows);
        assert!(!opened.is_empty(), "no {name} was found in the store");
        canaries.extend(opened.iter().map(|secret| Canary::bytes(name, secret.expose())));
    }
    canaries
}

/// A row's id, and its value as it is stored.
type Sealed = (Vec<u8>, Vec<u8>);

/// Every value of these rows that this seal opens; the others are no secrets.
fn opened(store: &store::Store, seal: &Seal, place: &str, rows: &'static str) -> Vec<Secret> {
    let read = |connection: &store::Connection| -> Result<Vec<Sealed>, store::StoreFault> {
        let mut rows = connection.prepare(rows)?;
        let pairs = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(pairs.collect::<Result<_, _>>()?)
    };
    let sealed = store.read(read).expect("the store");
    sealed.iter().filter_map(|(row, value)| seal.open(place, row, value).ok()).collect()
}

/// Answers with the passphrase of the story.
struct Knows(&'static str);

impl AskPassphrase for Knows {
    fn ask(&self, _: Option<&Prompt>, _: bool, _: &Cancel) -> Result<Secret, PortError> {
        Ok(Secret::from_slice(self.0.as_bytes()))
    }
}

/// What the phone in `home` holds: keys of its keystore, of each enrolment, and the seed that came along.
pub fn of_phone(home: &Path, passphrase: &'static str) -> Vec<Canary> {
    let home = Home::find(Some(home), None, |_| None).expect("a home");
    let random = Arc::new(SystemRandom::new());
    let ask = Arc::new(Knows(passphrase));
    let device = std::fs::read(home.keys().join("device.key")).expect("the device key");
    let mut canaries = vec![Canary::bytes("key of this device", &device)];

    let device = DeviceKey::open(&home.keys().join("device.key"), &*random).expect("the device key");
    let user = UserKey::open(&home.keys().join("user.key")).expect("the user key").expect("it is there");
    let vault = Desk::open(&home, ask.clone()).expect("the phone").app;
    let secret = vault.keystore_secret_by(&Secret::from_slice(passphrase.as_bytes())).expect("the passphrase fits");
    drop(vault);
    let user = user.unlock_bound(&secret).expect("a file of ours").expect("the vault's secret fits");
    canaries.push(Canary::bytes("what the vault gives to the keystore", secret.expose()));
    for entry in std::fs::read_dir(home.keys()).expect("the folder").flatten() {
        let path = entry.path();
        let (stem, ending) = [path.file_stem(), path.extension()].map(|part| part.and_then(|it| it.to_str())).into();
        let (Some(stem), Some(ending)) = (stem, ending) else { continue };
        let names = format!("{ending}/{stem}").into_bytes();
        let sealed = std::fs::read(&path).expect("a key file");
        match ending {
            "approve" => canaries.push(Canary::bytes("ak", user.open(&names, &sealed).expect("ak opens").expose())),
            "prove" => {
                canaries.push(Canary::bytes("pk", device.open_sealed(&names, &sealed).expect("pk opens").expose()))
            }
            _ => {}
        }
    }

    let keystore = Arc::new(DeskKeystore::open(&home.keys(), random.clone(), ask, Cost::DESK).expect("the keystore"));
    keystore.ask_vault(move |_| Ok(Some(secret.clone())));
    let http = Arc::new(ScriptedHttp::default());
    let ports = Ports { clock: Arc::new(SystemClock::new()), random, keystore: keystore.clone(), http };
    let store = Store::open(&home.shared().join("device"), &ports).expect("the device store");
    let wrapped = std::fs::read(home.shared().join("device/key")).expect("the store's key");
    let open = |guard: Guard, bytes: &[u8]| keystore.unwrap(guard, bytes, &Cancel::default()).expect("it opens");
    canaries.push(Canary::bytes("key of the device store", open(Guard::Device, &wrapped).expose()));
    for record in store.records() {
        let Stage::Enrolled(enrolled) = &record.stage else { continue };
        canaries.push(Canary::bytes("seal", open(Guard::Device, &enrolled.seal.0).expose()));
        canaries.push(Canary::bytes("ok on the phone", open(Guard::User, &enrolled.ok.0).expose()));
    }
    canaries
}
