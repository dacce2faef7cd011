//! The built `countersign-gateway device …`, beside a gateway that runs.

use countersign_strings::{fill, text};
use countersign_tests::program::{command, run};
use countersign_tests::stage::Stage;

use super::Ended;

fn device(stage: &Stage, arguments: &[&str]) -> Ended {
    let home = tempfile::tempdir().unwrap();
    let mut command = command("countersign-gateway", home.path());
    command.arg("device").args(arguments).arg("--data").arg(stage.data());
    Ended::of(&run(&mut command, b""))
}

#[test]
fn the_help_desk_suspends_resumes_and_removes() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let none = device(&stage, &["list", "alice"]);
    assert_eq!((none.code, none.stdout.trim()), (0, text("gateway.device_none")), "{}", none.stderr);
    let (one, two) = (stage.active_phone(&alice, "one"), stage.active_phone(&alice, "two"));
    let did = one.did.borrow().clone();
    let list = device(&stage, &["list", "alice"]).stdout;
    let active = |id: &str| {
        fill("gateway.device_line", &[("id", id), ("name", "Phone"), ("state", text("gateway.device_active"))])
    };
    let mut expected = [active(&did), active(&two.did.borrow())];
    // Of one second: then by their ids' bytes.
    let mut lines: Vec<&str> = list.lines().collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);

    let told = |ended: Ended, key| {
        let sentence = fill(key, &[("name", "Phone"), ("person", "alice")]);
        assert_eq!((ended.code, ended.stdout.trim()), (0, sentence.as_str()), "{}", ended.stderr);
    };
    let refused = |ended: Ended, key| assert_eq!((ended.code, ended.stderr.trim()), (1, text(key)));
    refused(device(&stage, &["suspend", "alice", "Phone"]), "gateway.device_several");
    refused(device(&stage, &["suspend", "alice", "Desk"]), "gateway.device_unknown");
    refused(device(&stage, &["suspend", "bob", &did]), "gateway.person_unknown");
    told(device(&stage, &["suspend", "alice", &did]), "gateway.device_now_suspended");
    assert_eq!(one.poll(&one.echo(0)).json()["device"], "suspended");
    refused(device(&stage, &["suspend", "alice", &did]), "gateway.device_not_active");
    assert!(device(&stage, &["list", "alice"]).stdout.contains(text("gateway.device_admin")));
    told(device(&stage, &["resume", "alice", &did]), "gateway.device_now_resumed");
    assert_eq!(one.poll(&one.echo(0)).json()["device"], "active");
    refused(device(&stage, &["resume", "alice", &did]), "gateway.device_not_suspended");
    told(device(&stage, &["remove", "alice", &did]), "gateway.device_now_removed");
    assert_eq!(one.poll(&one.echo(0)).verdict(), "410 gone");
    assert_eq!(two.notices().len(), 1, "the other phone is told");

    stage.house().people.set_disabled("alice", true, &countersign_tests::stage::caller()).unwrap();
    refused(device(&stage, &["resume", "alice", "Phone"]), "gateway.device_person_disabled");
}
