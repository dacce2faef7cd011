//! The move to a new phone: who may invite and confirm, how often, and what the new phone gets.

use countersign_tests::raw_phone::{Key, RawPhone, h, id, payload, sign, twin};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

use super::stage;

/// The body of an invitation.
pub fn invitation(claims: &Value, by: &Key) -> Value {
    json!({"invite": sign("cs-invite+jwt", claims, by)})
}

#[test]
fn a_move_to_a_new_phone() {
    let (stage, alice, old) = stage();
    let third = stage.active_phone(&alice, "third");
    let link = old.invite(true);
    let new = stage.raw_phone("successor");
    let digits = new.enrol(&link);
    let e = link.c.id().to_string();
    let state = old.poll(&old.echo(0)).json();
    assert_eq!(state["joining"], json!({"e": e, "os": "android", "model": "Pixel 9"}));
    assert_eq!(third.poll(&third.echo(0)).json()["joining"], Value::Null, "on the phone that invited alone");
    assert_eq!(old.type_digits(&link, &digits).status, 204);
    assert_eq!(new.poll(&new.echo(0)).json()["device"], "active");
    let gone = old.poll(&old.echo(0));
    assert_eq!(gone.verdict(), "410 gone");
    assert_eq!(payload(gone.json()["gone"].as_str().unwrap())["why"], "replaced");
    let told: Vec<Value> = third.notices().iter().map(|text| payload(text)["info"].clone()).collect();
    assert_eq!(told, ["device_removed", "device_added"], "the newest first");
    let listed = stage.house().devices.of(alice.id).unwrap();
    assert!(listed.iter().any(|(device, _)| device.name == "Pixel 9"), "it goes by its model");
}

#[test]
fn a_held_poll_tells_of_the_one_that_joins() {
    let (stage, _alice, old) = stage();
    let link = old.invite(false);
    let (u, address) = (stage.u(), stage.address());
    let state = std::thread::scope(|scope| {
        scope.spawn(|| RawPhone::new("successor", &u, address).enrol(&link));
        old_poll(&old)
    });
    assert_eq!(state["joining"]["e"], link.c.id().to_string());
    let mut echo = old.echo(0);
    echo["joining"] = state["joining"]["e"].clone();
    assert_eq!(old.poll(&echo).json()["joining"], state["joining"]);
}

fn old_poll(phone: &RawPhone) -> Value {
    let mut state = phone.poll(&phone.echo(30)).json();
    // The poll may have begun before the invitation was taken, or just after.
    for _ in 0..3 {
        if state["joining"].is_object() {
            break;
        }
        state = phone.poll(&phone.echo(30)).json();
    }
    state
}

#[test]
fn same_h_same_receipt_of_an_invitation() {
    let (stage, _alice, phone) = stage();
    let claims = phone.invite_claims(false);
    let mut body = invitation(&claims, &phone.ak);
    let one = phone.call("/invite", &body);
    assert_eq!(one.status, 201);
    body["invite"] = twin(body["invite"].as_str().unwrap()).into();
    let two = phone.call("/invite", &body);
    assert_eq!((two.status, &two.json()["receipt"]), (201, &one.json()["receipt"]));
    let mut other = claims.clone();
    other["replace"] = true.into();
    assert_eq!(phone.call("/invite", &invitation(&other, &phone.ak)).verdict(), "401 refused", "a used jti");
    stage.clock.advance(600 + 3_600);
    assert_eq!(phone.call("/invite", &body).json()["receipt"], one.json()["receipt"], "an hour past x");
    stage.clock.advance(1);
    stage.house().devices.store().sweep(stage.house().devices.moment()).unwrap();
    assert_eq!(phone.call("/invite", &body).verdict(), "410 expired", "and nobody is invited by it again");
}

#[test]
fn invite_by_pk() {
    let (_stage, _alice, phone) = stage();
    let claims = phone.invite_claims(false);
    assert_eq!(phone.call("/invite", &invitation(&claims, &phone.pk)).verdict(), "401 refused");
    assert_eq!(phone.call("/invite", &invitation(&claims, &phone.ak)).status, 201);
}

#[test]
fn invite_for_another_device() {
    let (stage, alice, phone) = stage();
    let other = stage.active_phone(&alice, "other");
    let mut claims = phone.invite_claims(false);
    claims["iss"] = other.did.borrow().as_str().into();
    assert_eq!(phone.call("/invite", &invitation(&claims, &phone.ak)).verdict(), "401 refused");
}

/// Of two invitations each gets the receipt of its own request, whatever is repeated and in whatever order.
#[test]
fn invite_foreign_eh() {
    let (_stage, _alice, phone) = stage();
    let bodies = [false, true].map(|replace| invitation(&phone.invite_claims(replace), &phone.ak));
    for body in [&bodies[0], &bodies[1], &bodies[0], &bodies[1]] {
        let reply = phone.call("/invite", body);
        assert_eq!(reply.status, 201, "{}", reply.verdict());
        let receipt = payload(reply.json()["receipt"].as_str().unwrap());
        assert_eq!(receipt["eh"], h(body["invite"].as_str().unwrap()).to_string());
        assert_eq!(receipt["aud"].as_str(), Some(phone.did.borrow().as_str()));
    }
}

/// One that is meant for another gateway is refused; what this one gives leads to itself.
#[test]
fn invite_foreign_u() {
    let (stage, _alice, phone) = stage();
    let mut claims = phone.invite_claims(false);
    claims["aud"] = "https://gate.example.com/push/v1".into();
    assert_eq!(phone.call("/invite", &invitation(&claims, &phone.ak)).verdict(), "401 refused");
    assert_eq!(phone.invite(false).u.as_str(), stage.u());
}

/// What it gives names the key that signs, and whoever enrols by it under another key's name is refused.
#[test]
fn invite_foreign_k() {
    let (stage, _alice, phone) = stage();
    let link = phone.invite(false);
    assert_eq!(link.k, Key::named("gk").jwk().thumbprint());
    let new = stage.raw_phone("successor");
    let mut claims = new.enrol_claims(&link);
    claims["gk"] = Key::named("gk2").thumbprint().into();
    assert_eq!(new.call("/enrol", &new.enrol_body(&link.c, &claims)).verdict(), "401 refused");
    assert_eq!(phone.type_digits(&link, &new.enrol(&link)).status, 204, "the control passes");
}

#[test]
fn invite_without_the_policy() {
    let stage = Stage::start();
    let phone = stage.active_phone(&stage.person("alice"), "keys");
    let body = invitation(&phone.invite_claims(false), &phone.ak);
    assert_eq!(phone.call("/invite", &body).verdict(), "403 policy:move");
}

#[test]
fn five_invitations_a_day() {
    let (stage, _alice, phone) = stage();
    (0..5).for_each(|_| drop(phone.invite(false)));
    let sixth = invitation(&phone.invite_claims(false), &phone.ak);
    assert_eq!(phone.call("/invite", &sixth).verdict(), "403 policy:limit");
    stage.clock.advance(86_400);
    assert_eq!(phone.call("/invite", &sixth).status, 201, "a refusal uses nothing up");
}

#[test]
fn five_devices() {
    let (stage, alice, phone) = stage();
    stage.clock.advance(86_400);
    (0..4).for_each(|n| drop(stage.active_phone(&alice, &format!("more {n}"))));
    let claims = phone.invite_claims(false);
    assert_eq!(phone.call("/invite", &invitation(&claims, &phone.ak)).verdict(), "403 policy:limit");
    let link = phone.invite(true);
    let successor = stage.raw_phone("successor");
    let digits = successor.enrol(&link);
    assert_eq!(phone.type_digits(&link, &digits).status, 204, "one that is replaced does not count");
}

#[test]
fn a_newer_invitation_ends_the_older_one() {
    let (stage, _alice, phone) = stage();
    let (first, second) = (phone.invite(false), phone.invite(false));
    let late = stage.raw_phone("late");
    let body = late.enrol_body(&first.c, &late.enrol_claims(&first));
    assert_eq!(late.call("/enrol", &body).verdict(), "410 expired");
    let new = stage.raw_phone("successor");
    let digits = new.enrol(&second);
    phone.invite(false);
    assert_eq!(new.poll(&new.echo(0)).verdict(), "410 gone", "what waited for its digits is refused");
    assert_eq!(phone.type_digits(&second, &digits).verdict(), "410 expired");
}

#[test]
fn confirm_by_pk() {
    let (stage, _alice, phone) = stage();
    let link = phone.invite(false);
    let digits = stage.raw_phone("successor").enrol(&link);
    let claims = phone.confirm_claims(&link.c.id().to_string(), &digits);
    let body = |key: &Key| json!({"confirm": sign("cs-confirm+jwt", &claims, key)});
    assert_eq!(phone.call("/confirm", &body(&phone.pk)).verdict(), "401 refused");
    assert_eq!(phone.call("/confirm", &body(&phone.ak)).status, 204);
    assert_eq!(phone.call("/confirm", &body(&phone.ak)).status, 204, "a repeat");
}

#[test]
fn a_repeated_confirmation_is_told_the_same_after_moves_were_switched_off() {
    let (mut stage, _alice, phone) = stage();
    let link = phone.invite(false);
    let digits = stage.raw_phone("successor").enrol(&link);
    let body = |digits: &str| {
        let claims = phone.confirm_claims(&link.c.id().to_string(), digits);
        json!({"confirm": sign("cs-confirm+jwt", &claims, &phone.ak)})
    };
    let other: String = digits.chars().map(|c| if c == '9' { '0' } else { '9' }).collect();
    let (wrong, right, new) = (body(&other), body(&digits), body(&digits));
    assert_eq!(phone.call("/confirm", &wrong).json()["left"], 2);
    assert_eq!(phone.call("/confirm", &right).status, 204);
    stage.restart_with(9, |config| config.policy.moving = false);
    assert_eq!(phone.call("/confirm", &right).status, 204, "a repeat");
    assert_eq!(phone.call("/confirm", &wrong).json()["left"], 2, "a repeat");
    assert_eq!(phone.call("/confirm", &new).verdict(), "403 policy:move");
}

#[test]
fn confirm_other_device() {
    let (stage, alice, phone) = stage();
    let other = stage.active_phone(&alice, "other");
    let link = phone.invite(false);
    let digits = stage.raw_phone("successor").enrol(&link);
    assert_eq!(other.type_digits(&link, &digits).verdict(), "401 refused");
    assert_eq!(phone.type_digits(&link, &digits).status, 204);
}

#[test]
fn confirm_unknown_e() {
    let (stage, alice, phone) = stage();
    let link = phone.invite(false);
    assert_eq!(phone.type_digits(&link, "000000").verdict(), "401 refused", "nobody enrolled with it");
    let of_page = stage.link(&alice, "browser");
    let digits = stage.raw_phone("by page").enrol(&of_page);
    assert_eq!(phone.type_digits(&of_page, &digits).verdict(), "401 refused", "no invitation");
    let body = json!({"confirm": sign("cs-confirm+jwt", &phone.confirm_claims(&id(9), "000000"), &phone.ak)});
    assert_eq!(phone.call("/confirm", &body).verdict(), "401 refused");
}

#[test]
fn confirm_thrice() {
    let (stage, _alice, phone) = stage();
    let link = phone.invite(false);
    let new = stage.raw_phone("successor");
    let digits = new.enrol(&link);
    let wrong: String = digits.chars().map(|c| if c == '9' { '0' } else { '9' }).collect();
    let claims = phone.confirm_claims(&link.c.id().to_string(), &wrong);
    let body = json!({"confirm": sign("cs-confirm+jwt", &claims, &phone.ak)});
    for _ in 0..2 {
        let reply = phone.call("/confirm", &body);
        assert_eq!((reply.verdict().as_str(), &reply.json()["left"]), ("403 policy:digits", &json!(2)), "once");
    }
    assert_eq!(phone.type_digits(&link, &wrong).json()["left"], 1);
    assert_eq!(phone.type_digits(&link, &wrong).verdict(), "410 expired");
    assert_eq!(phone.type_digits(&link, &digits).verdict(), "410 expired", "right digits come too late");
    assert_eq!(new.poll(&new.echo(0)).verdict(), "410 gone");
    assert_eq!(phone.call("/confirm", &body).json()["left"], 2, "a repeat is told what it was told");
}

#[test]
fn confirm_late() {
    let (stage, _alice, phone) = stage();
    let link = phone.invite(false);
    let digits = stage.raw_phone("successor").enrol(&link);
    stage.clock.advance(601);
    assert_eq!(phone.poll(&phone.echo(0)).json()["joining"], Value::Null);
    assert_eq!(phone.type_digits(&link, &digits).verdict(), "410 expired");
}
