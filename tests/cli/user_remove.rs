//! The built `countersign-gateway user remove`, beside a gateway that runs.

use countersign_gateway::enrol::GONE_KEPT;
use countersign_strings::{fill, text};
use countersign_tests::program::{command, run};
use countersign_tests::raw_phone::payload;
use countersign_tests::stage::{Stage, caller};

use super::Ended;

fn remove(stage: &Stage, arguments: &[&str], typed: &str) -> Ended {
    let home = tempfile::tempdir().unwrap();
    let mut command = command("countersign-gateway", home.path());
    command.args(["user", "remove"]).args(arguments).arg("--data").arg(stage.data());
    Ended::of(&run(&mut command, typed.as_bytes()))
}

#[test]
fn a_person_is_removed_when_that_is_meant() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "one");
    for typed in ["", "yes\n", "bob\n"] {
        let kept = remove(&stage, &["alice"], typed);
        assert_eq!((kept.code, kept.stdout.as_str()), (1, ""), "{typed}");
        let asked = fill("gateway.ask_remove", &[("name", "alice")]);
        assert!(kept.stderr.contains(&asked) && kept.stderr.contains(text("gateway.not_removed")), "{}", kept.stderr);
        assert_eq!(phone.poll(&phone.echo(0)).status, 200, "{typed}");
    }
    let done = remove(&stage, &["Alice"], "alice\n");
    assert_eq!((done.code, done.stdout.trim()), (0, fill("gateway.removed", &[("name", "alice")]).as_str()));
    stage.person("bob");
    let unasked = remove(&stage, &["bob", "--yes"], "");
    assert_eq!((unasked.code, unasked.stderr.as_str()), (0, ""));
    let unknown = remove(&stage, &["alice", "--yes"], "");
    assert_eq!((unknown.code, unknown.stderr.trim()), (1, text("gateway.person_unknown")));
}

/// push-v1 section 10, account deleted; section 4, gone for 400 days.
#[test]
fn phones_of_a_removed_person_are_told_for_400_days() {
    let stage = Stage::start();
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let phone = stage.active_phone(&alice, "one");
    let pending = stage.raw_phone("pending");
    pending.enrol(&stage.link(&alice, "browser"));
    let (unheard, link) = (stage.raw_phone("unheard"), stage.link(&alice, "browser"));
    let request = unheard.enrol_body(&link.c, &unheard.enrol_claims(&link));
    assert_eq!(unheard.call("/enrol", &request).status, 201);
    let (asked, held) = (stage.begin(&alice), phone.challenges().remove(0));
    let other = stage.active_phone(&bob, "other");
    // Here, and not by the program, which has the machine's clock.
    stage.house().people.remove(&alice, &caller()).unwrap();
    let why = |reply: countersign_tests::raw_phone::RawReply| {
        assert_eq!(reply.verdict(), "410 gone");
        payload(reply.json()["gone"].as_str().unwrap())["why"].clone()
    };
    assert_eq!(why(phone.poll(&phone.echo(0))), "account");
    assert_eq!(why(phone.answer(&phone.approval(&held, &asked.digits()))), "account");
    assert_eq!(why(pending.poll(&pending.echo(0))), "refused");
    assert_eq!(why(unheard.call("/enrol", &request)), "refused", "who repeats, having heard nothing, is told as well");
    assert_eq!(other.poll(&other.echo(0)).status, 200, "other people's phones stay");
    let house = stage.house();
    assert_eq!(house.people.all().unwrap().iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["bob"]);
    let did = phone.did.borrow().parse().unwrap();
    let kept = house.devices.store().device(did).unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.phone.unwrap().model.as_str()), ("", ""), "what described it is forgotten");
    // The name is free, and who takes it has nothing of the one before.
    let again = stage.person("alice");
    assert!(house.devices.of(again.id).unwrap().is_empty());

    let sweep = || house.devices.store().sweep(house.devices.moment()).unwrap();
    stage.clock.advance(GONE_KEPT);
    sweep();
    assert_eq!(why(phone.poll(&phone.echo(0))), "account");
    stage.clock.advance(1);
    sweep();
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "401 refused");
}
