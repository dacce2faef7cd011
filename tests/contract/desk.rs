//! The desk's keystore passes the suite of every keystore, its passphrase given each time it asks.

use std::sync::Arc;

use countersign_cli::port::{AskPassphrase, Cost, DeskKeystore};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::Prompt;
use countersign_protocol::Secret;
use countersign_tests::contract;
use countersign_tests::double::SeededRandom;

struct Typist;

impl AskPassphrase for Typist {
    fn ask(&self, _: Option<&Prompt>, _: bool, cancel: &Cancel) -> Result<Secret, PortError> {
        cancel.check()?;
        Ok(Secret::from_slice(b"correct horse"))
    }
}

#[test]
fn the_desks_keystore() {
    let folder = tempfile::tempdir().unwrap();
    let random = Arc::new(SeededRandom::new(11));
    let store = DeskKeystore::open(folder.path(), random, Arc::new(Typist), Cost::LEAST).unwrap();
    store.create(&Secret::from_slice(b"correct horse")).unwrap();
    contract::keystore(&store);
}
