//! No room on the disk: what needs no room goes on, what needs it is told to come again, and nothing is half written.

use countersign_gateway::approval::State;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::store::StoreFault;
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::stage::{PASSWORD, Stage, owner};

/// SQLite's own limit of pages: what goes over it fails as it does when the disk is full.
fn set_room(stage: &Stage, more: i64) {
    let set = move |tx: &countersign_gateway::store::Connection| {
        let pages: i64 = tx.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        tx.query_row(&format!("PRAGMA max_page_count = {}", pages + more), [], |row| row.get::<_, i64>(0))?;
        Ok::<_, StoreFault>(())
    };
    stage.house().store.write(set).expect("a pragma");
}

/// Fills what is left of the pages that there are; a person's name by name.
fn fill_up(stage: &Stage) {
    let house = stage.house();
    let full = (0..10_000).any(|number| {
        let entry = countersign_tests::stage::caller().entry(0, "test.fill", "done").person(format!("filler {number}"));
        house.audit.append(&entry) == Err(StoreFault::Full)
    });
    assert!(full, "the store never got full");
    // Single bytes may still fit: take them too, so that each following write needs a page.
    let table = "CREATE TABLE filler (a BLOB)";
    let made = house.store.write(move |tx| Ok::<_, StoreFault>(tx.execute_batch(table)?));
    assert!(made.is_err(), "{made:?}");
}

fn devices(stage: &Stage, person: &countersign_gateway::person::Person) -> Vec<DeviceState> {
    stage.house().devices.of(person.id).expect("the store").into_iter().map(|(_, state)| state).collect()
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let stage = Stage::with(|config| config.sample_app = true);
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let bob = stage.person("bob");
    let link = stage.link(&bob, "browser");
    let new = stage.raw_phone("new");
    let body = new.enrol_body(&link.c, &new.enrol_claims(&link));
    let asked = stage.begin(&alice);
    let challenge = phone.challenges()[0].clone();
    let mut window = Plain::new();
    window.get(&format!("{}/demo", stage.origin()));

    set_room(&stage, 0);
    fill_up(&stage);
    // Reading goes on: the page, the poll, the readiness of what is served.
    assert_eq!(phone.poll(&phone.echo(0)).status, 200);
    assert_eq!(Plain::new().get(&format!("{}/login", stage.origin())), 200);
    // What needs room is 503 with a time to come again, for pages and phones alike.
    let refused = new.call("/enrol", &body);
    assert_eq!((refused.verdict().as_str(), refused.header("retry-after")), ("503 busy", Some("5")));
    assert_eq!(window.post_form("/login", &[("name", "alice"), ("password", PASSWORD)]), 503);
    assert_eq!(window.page().words("h1").as_deref(), text("gateway.full").split_once(". ").map(|(first, _)| first));
    let answer = phone.approval(&challenge, &asked.digits());
    let said = phone.call("/answer", &serde_json::json!({"answer": answer}));
    assert_eq!(said.verdict(), "503 busy");
    assert_eq!((devices(&stage, &bob), asked.state()), (vec![], State::Pending), "nothing is half done");
    let code = stage.house().devices.offered(countersign_tests::stage::hash("browser")).expect("the store");
    assert!(code.is_some_and(|code| code.taken.is_none() && !code.ended), "the code is still open");

    // Space is back: the same requests, byte for byte, and nothing was counted against them.
    set_room(&stage, 100_000);
    assert_eq!(new.call("/enrol", &body).status, 201);
    assert_eq!(devices(&stage, &bob), [DeviceState::Pending]);
    assert_eq!(phone.decide(&answer), "approved");
    assert!(asked.consume());
    let row = stage.house().approvals.store().get(asked.id).expect("the store").expect("a row");
    assert_eq!(row.tries, 3);
    window.get(&format!("{}/demo", stage.origin()));
    window.post_form("/login", &[("name", "alice"), ("password", PASSWORD)]);
    assert_eq!(window.page().words("h1").as_deref(), Some(text("login.wait_title")));
    assert_eq!(owner(&bob).name, "bob");
}
