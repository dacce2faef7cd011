//! `offline::*`: answer codes of phones without a network (push-v1 section 12).

use countersign_gateway::approval::offline::Offered;
use countersign_gateway::approval::record::{CodeEnd, Offline, Row};
use countersign_gateway::approval::{Begin, Means, Push, State};
use countersign_gateway::enrol::accept::open_answer_key;
use countersign_gateway::person::Person;
use countersign_protocol::jose::Id;
use countersign_protocol::push::answer_code;
use countersign_protocol::uri::OfflineLink;
use countersign_tests::raw_phone::{RawPhone, payload, sign};
use countersign_tests::stage::{Asked, Stage, caller, hash};

fn stage() -> Stage {
    Stage::with(|config| config.policy.offline = true)
}

fn with_phone() -> (Stage, Person, RawPhone) {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    (stage, alice, phone)
}

fn row(stage: &Stage, asked: &Asked<'_>) -> Row {
    stage.house().approvals.store().get(asked.id).expect("the store").expect("a row")
}

fn did(phone: &RawPhone) -> Id {
    phone.did.borrow().parse().expect("an id")
}

/// Picks a phone on the page.
fn pick(stage: &Stage, asked: &Asked<'_>, phone: &RawPhone) -> Offered {
    stage.house().approvals.offer(&row(stage, asked), did(phone), &caller()).expect("the store")
}

fn shown(stage: &Stage, asked: &Asked<'_>, phone: &RawPhone) -> Offline {
    match pick(stage, asked, phone) {
        Offered::Shown(offline) => offline,
        other => panic!("{other:?}"),
    }
}

/// The eight digits that this phone shows for what it scanned, made by its own key.
fn code(stage: &Stage, phone: &RawPhone, scanned: &Offline) -> String {
    let device = stage.house().devices.store().device(did(phone)).expect("the store").expect("a device");
    let ok = open_answer_key(&stage.house().seal, &device.did, &device.ok.expect("a key")).expect("the seal");
    answer_code(&ok, &scanned.ch).to_string()
}

/// Types a code where the approval began.
fn typed(stage: &Stage, asked: &Asked<'_>, code: &str) -> CodeEnd {
    let (approvals, row) = (&stage.house().approvals, row(stage, asked));
    let hit = approvals.answer_hit(&row, code).expect("the store");
    approvals.code(row.id, row.binding, hit, &caller()).expect("the store")
}

/// A control, and what the phone scans.
#[test]
fn the_right_code_approves_once() {
    let (stage, alice, phone) = with_phone();
    let asked = stage.begin(&alice);
    let online = payload(&phone.challenges()[0]);
    let scanned = shown(&stage, &asked, &phone);
    let (_, text) = stage.house().approvals.offered(&row(&stage, &asked)).expect("the store").expect("a QR");
    let link = OfflineLink::parse(&text).expect("what a phone takes");
    assert_eq!(link.challenge.jws().text(), scanned.jws);
    assert!(scanned.jws.len() <= 900, "{}", scanned.jws.len());
    let claims = payload(&scanned.jws);
    for same in ["iss", "aud", "aid", "iat", "exp", "op", "acct", "app", "nm"] {
        assert_eq!(claims[same], online[same], "{same}");
    }
    assert_ne!(claims["jti"], online["jti"]);
    let ctx: Vec<&String> = claims["ctx"].as_object().expect("an object").keys().collect();
    assert_eq!(ctx, ["ip", "src"], "and nothing else of where it comes from");
    assert_eq!(phone.challenges().len(), 1, "it stands in no State");

    let code = code(&stage, &phone, &scanned);
    assert_eq!(typed(&stage, &asked, &code), CodeEnd::Approved);
    assert_eq!(row(&stage, &asked).means, Some(Means::Answer));
    assert_eq!(typed(&stage, &asked, &code), CodeEnd::NotOpen);
    assert!(asked.consume());
    assert!(!asked.consume());
}

#[test]
fn code_other_challenge() {
    let (stage, alice, phone) = with_phone();
    let earlier = {
        let asked = stage.begin(&alice);
        let scanned = shown(&stage, &asked, &phone);
        code(&stage, &phone, &scanned)
    };
    stage.clock.advance(126);
    let asked = stage.begin(&alice);
    assert_eq!(typed(&stage, &asked, &earlier), CodeEnd::Wrong(2), "none was picked");
    let scanned = shown(&stage, &asked, &phone);
    assert_eq!(typed(&stage, &asked, &earlier), CodeEnd::Wrong(1));
    assert_eq!(typed(&stage, &asked, &code(&stage, &phone, &scanned)), CodeEnd::Approved, "the control passes");
}

#[test]
fn code_other_device() {
    let stage = stage();
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let phone = stage.active_phone(&alice, "phone");
    let (second, bobs) = (stage.active_phone(&alice, "second"), stage.active_phone(&bob, "bobs"));
    let asked = stage.begin(&alice);
    assert_eq!(pick(&stage, &asked, &bobs), Offered::No, "another person's phone");
    let first = shown(&stage, &asked, &phone);
    let scanned = shown(&stage, &asked, &second);
    assert_eq!(typed(&stage, &asked, &code(&stage, &phone, &first)), CodeEnd::Wrong(2), "picking another ends it");
    assert_eq!(typed(&stage, &asked, &code(&stage, &phone, &scanned)), CodeEnd::Wrong(1), "made by another's key");
    assert_eq!(typed(&stage, &asked, &code(&stage, &second, &scanned)), CodeEnd::Approved, "the control passes");
}

#[test]
fn policy_off() {
    let mut stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let (id, code) = {
        let asked = stage.begin(&alice);
        let scanned = shown(&stage, &asked, &phone);
        (asked.id, code(&stage, &phone, &scanned))
    };
    stage.configure(|config| config.policy.offline = false);
    let approvals = &stage.house().approvals;
    let row = approvals.store().get(id).expect("the store").expect("a row");
    assert_eq!(approvals.offline_phones(alice.id).expect("the store"), []);
    assert_eq!(approvals.offer(&row, did(&phone), &caller()).expect("the store"), Offered::No);
    assert_eq!(approvals.offered(&row).expect("the store"), None);
    assert_eq!(approvals.answer_hit(&row, &code).expect("the store"), None, "what was shown before counts no more");
}

/// A notice is no approval: there is nothing on a page that a phone could be picked for, and no challenge is made of it.
#[test]
fn info() {
    let claims = countersign_protocol::push::Challenge {
        op: countersign_protocol::push::Op::Info,
        info: Some(countersign_protocol::push::Info::Lockout),
        nm: countersign_protocol::push::DigitsAsked::NONE,
        ..challenge()
    };
    let kid = countersign_protocol::jose::H32::from_bytes([1; 32]);
    let jti = Id::from_bytes([5; 16]);
    assert!(claims.for_answer_code(jti, kid).is_err());
    assert!(challenge().for_answer_code(jti, kid).is_ok(), "the control passes");
}

fn challenge() -> countersign_protocol::push::Challenge {
    let stage = stage();
    let alice = stage.person("alice");
    stage.active_phone(&alice, "phone");
    let asked = stage.begin(&alice);
    serde_json::from_str(&row(&stage, &asked).asks.question).expect("claims")
}

#[test]
fn code_late() {
    let (stage, alice, phone) = with_phone();
    for (after, end) in [(126, CodeEnd::NotOpen), (125, CodeEnd::Approved)] {
        let asked = stage.begin(&alice);
        let scanned = shown(&stage, &asked, &phone);
        stage.clock.advance(after);
        assert_eq!(typed(&stage, &asked, &code(&stage, &phone, &scanned)), end, "{after}");
        stage.clock.advance(31);
    }
}

#[test]
fn jws_901() {
    // A base URL that leaves less room than the names may take.
    let stage = Stage::with(|config| {
        config.policy.offline = true;
        config.public_url = format!("https://{}.{}.example.com", "g".repeat(60), "h".repeat(60)).parse().ok();
    });
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let begin = |acct: usize| {
        let begin = Begin {
            acct: "a".repeat(acct).try_into().expect("shown text"),
            app: "b".repeat(64).try_into().expect("shown text"),
            ..Stage::beginning(&alice, "browser")
        };
        stage.begin_as(&begin, "browser").expect("an approval").0
    };
    // As long as it may be, found by making it longer: each character of the name is a third more of the text.
    let mut longest = 0;
    for acct in 1..=128 {
        stage.house().approvals.store().reset(alice.id).expect("the store");
        let asked = begin(acct);
        match pick(&stage, &asked, &phone) {
            Offered::Shown(offline) => {
                assert_eq!(longest, acct - 1, "whatever is shorter fits");
                assert!(offline.jws.len() <= 900, "{}", offline.jws.len());
                longest = acct;
            }
            other => {
                assert_eq!(other, Offered::Long);
                assert_eq!(stage.house().approvals.offered(&row(&stage, &asked)).expect("the store"), None);
            }
        }
        stage.house().approvals.cancel(asked.id, hash("browser"), &caller()).expect("the store");
    }
    assert!((1..128).contains(&longest), "{longest}");
}

#[test]
fn wrong_code_takes_a_try() {
    let (stage, alice, phone) = with_phone();
    let asked = stage.begin(&alice);
    let scanned = shown(&stage, &asked, &phone);
    let right = code(&stage, &phone, &scanned);
    let wrong: String = right.chars().map(|c| if c == '9' { '0' } else { '9' }).collect();
    assert_eq!(typed(&stage, &asked, &wrong), CodeEnd::Wrong(2));
    let held = phone.challenges().pop().expect("a challenge");
    assert_eq!(phone.decide(&phone.approval(&held, &asked.wrong_digits())), "wrong", "of the same three");
    let standing = || stage.house().approvals.store().standing(alice.id).expect("the store");
    assert_eq!((standing().wrong, standing().wrong_codes), (1, 1), "each in its own count");
    assert_eq!(typed(&stage, &asked, &right), CodeEnd::Approved, "the last try may be right");
    assert_eq!((standing().wrong, standing().wrong_codes), (1, 0));
}

#[test]
fn fourth_try() {
    let (stage, alice, phone) = with_phone();
    let asked = stage.begin(&alice);
    let scanned = shown(&stage, &asked, &phone);
    let right = code(&stage, &phone, &scanned);
    let ends = [0, 1, 2].map(|_| typed(&stage, &asked, "00000000"));
    assert_eq!(ends, [CodeEnd::Wrong(2), CodeEnd::Wrong(1), CodeEnd::Failed]);
    assert_eq!(typed(&stage, &asked, &right), CodeEnd::NotOpen);
    assert_eq!(asked.state(), State::Failed);
}

/// Ten wrong codes in a row, over all approvals and of both kinds: no code is taken any more.
#[test]
fn tenth_code_in_a_row() {
    let (stage, alice, phone) = with_phone();
    let mut ends = Vec::new();
    let again = |alice: &Person| {
        let (asked, _) = stage.try_begin(alice, "browser", true).expect("an approval");
        asked
    };
    while !ends.contains(&CodeEnd::Off) {
        let asked = again(&alice);
        let scanned = shown(&stage, &asked, &phone);
        while asked.state() == State::Pending && ends.len() < 10 {
            ends.push(typed(&stage, &asked, "000000"));
        }
        if ends.len() == 10 && asked.state() == State::Pending {
            ends.push(typed(&stage, &asked, &code(&stage, &phone, &scanned)));
        }
    }
    assert_eq!(ends.iter().filter(|end| **end == CodeEnd::Failed).count(), 4, "the tenth failed it: {ends:?}");
    let told = phone.notices().iter().filter(|held| payload(held)["info"] == "lockout").count();
    assert_eq!(told, 1, "the phone is told once");
    let (asked, push) = stage.try_begin(&alice, "other browser", true).expect("an approval");
    assert_ne!(push, Push::Off, "digits are counted elsewhere");
    drop(asked);
    // Another second factor, such as a voucher, does not end that; a right code does.
    stage.house().approvals.store().reset(alice.id).expect("the store");
    stage.clock.advance(126);
    let asked = again(&alice);
    let scanned = shown(&stage, &asked, &phone);
    assert_eq!(typed(&stage, &asked, &code(&stage, &phone, &scanned)), CodeEnd::Off);
    let (devices, entry) = (&stage.house().devices, caller().entry(0, "device.test", "right"));
    assert!(devices.store().spend(alice.id, did(&phone), 1, devices.moment(), entry).expect("the store"));
    assert_eq!(typed(&stage, &asked, &code(&stage, &phone, &scanned)), CodeEnd::Approved);
}

#[test]
fn a_phone_that_was_suspended_meanwhile_counts_no_more() {
    let (stage, alice, phone) = with_phone();
    let second = stage.active_phone(&alice, "second");
    let asked = stage.begin(&alice);
    let scanned = shown(&stage, &asked, &phone);
    let made = code(&stage, &phone, &scanned);
    let owner = countersign_tests::stage::owner(&alice);
    let gone = countersign_protocol::push::GoneWhy::Person;
    stage.house().devices.remove(owner, did(&phone), gone, &caller()).expect("the store");
    assert_eq!(typed(&stage, &asked, &made), CodeEnd::Wrong(2));
    let scanned = shown(&stage, &asked, &second);
    assert_eq!(typed(&stage, &asked, &code(&stage, &second, &scanned)), CodeEnd::Approved);
}

/// `answer::offline_answered_online` from the side of the one who scans.
pub(super) fn answered_online() {
    let (stage, alice, phone) = with_phone();
    let asked = stage.begin(&alice);
    let scanned = shown(&stage, &asked, &phone);
    assert_eq!(phone.decide(&phone.approval(&scanned.jws, &asked.digits())), "unknown");
    assert_eq!(phone.decide(&phone.refusal(&scanned.jws, "deny")), "unknown");
    let mut claims = phone.answer_claims(&scanned.jws, "approve");
    claims["qs"] = asked.qs().into();
    assert_eq!(phone.decide(&sign("cs-answer+jwt", &claims, &phone.ak)), "unknown");
    assert_eq!((asked.state(), row(&stage, &asked).tries), (State::Pending, 3), "nothing was counted");
    let held = phone.challenges().pop().expect("a challenge");
    assert_eq!(phone.decide(&phone.approval(&held, &asked.digits())), "approved", "the control passes");
}
