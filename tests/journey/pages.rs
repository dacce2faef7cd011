//! What pages give away and what they take: unknown people, wrong passwords, foreign forms, GET.

use countersign_gateway::approval::record::{Row, Standing};
use countersign_gateway::enrol::record::Device;
use countersign_gateway::person::Person;
use countersign_gateway::store::StoreFault;
use countersign_protocol::jose::{H32, b64u};
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::stage::{PASSWORD, Stage};
use countersign_tests::window::Window;

use super::{digits, sign_in, signed_in, told, with_phone};

/// All that a request could change.
#[derive(Debug, PartialEq)]
struct Everything {
    devices: Vec<Device>,
    approval: Option<Row>,
    standing: Standing,
    sessions: Vec<bool>,
    audit: usize,
}

fn binding(window: &Plain) -> H32 {
    let cookie = window.cookie("__Host-countersign").expect("a cookie");
    let bytes: [u8; 16] = b64u::decode_array(cookie).unwrap();
    H32::sha256(&[&bytes])
}

fn everything(stage: &Stage, alice: &Person, windows: [&Plain; 2]) -> Everything {
    let house = stage.house();
    let mut devices: Vec<Device> = house.devices.of(alice.id).unwrap().into_iter().map(|(device, _)| device).collect();
    // When it proved something last may move.
    devices.iter_mut().for_each(|device| device.used = None);
    let session = |window: &Plain| {
        let sql = "SELECT EXISTS (SELECT 1 FROM session WHERE id = ?1)";
        let id = *binding(window).as_bytes();
        house.store.read(|tx| Ok::<bool, StoreFault>(tx.query_one(sql, [id], |row| row.get(0))?)).unwrap()
    };
    Everything {
        devices,
        approval: house.approvals.store().of_browser(binding(windows[0])).unwrap(),
        standing: house.approvals.store().standing(alice.id).unwrap(),
        sessions: windows.map(session).to_vec(),
        audit: house.audit.latest(None, 10_000).unwrap().len(),
    }
}

/// Where forms go, with fields that would change something.
fn forms(did: &str) -> Vec<(String, Vec<(&str, &str)>)> {
    let plain: [(&str, &[(&str, &str)]); 14] = [
        ("/login", &[("name", "alice"), ("password", PASSWORD)]),
        ("/login/code", &[("code", "123456")]),
        ("/login/resend", &[]),
        ("/login/cancel", &[]),
        ("/login/finish", &[]),
        ("/login/voucher", &[("voucher", "0000-0000-0000")]),
        ("/login/fresh", &[("next", "/manageotp/add")]),
        ("/login/fresh/voucher", &[("next", "/manageotp/add"), ("voucher", "0000-0000-0000")]),
        ("/logout", &[]),
        ("/manageotp/add", &[("kind", "other"), ("name", "Second")]),
        ("/manageotp/add/cancel", &[]),
        ("/manageotp/confirm", &[("digits", "123456")]),
        ("/manageotp/refuse", &[]),
        ("/manageotp/first-code", &[("code", "123456")]),
    ];
    let mut forms: Vec<_> = plain.iter().map(|(path, fields)| ((*path).to_owned(), fields.to_vec())).collect();
    forms.push((format!("/manageotp/{did}/rename"), vec![("name", "Theirs")]));
    forms.push((format!("/manageotp/{did}/remove"), Vec::new()));
    forms.push((format!("/manageotp/{did}/test"), vec![("code", "123456")]));
    forms
}

#[test]
fn a_form_without_its_token_or_from_elsewhere_changes_nothing() {
    let (stage, alice, phone) = with_phone();
    let did = stage.house().devices.of(alice.id).unwrap()[0].0.did.to_string();
    let mut full = signed_in(&stage, &phone, "/manageotp");
    let mut waiting = Plain::new();
    sign_in(&mut waiting, &stage, "/demo");
    digits(&mut waiting);
    stage.clock.advance(21);
    let (origin, evil) = (stage.origin(), "https://evil.example");
    let neighbour = origin.replace("localhost", "localhost.evil.example");
    let own_token = |window: &mut Plain| {
        let page = if window.path() == "/login/wait" { "/login/cancel" } else { "/logout" };
        window.page().field(page, "token").expect("a token")
    };
    let (token_full, token_waiting) = (own_token(&mut full), own_token(&mut waiting));
    let before = everything(&stage, &alice, [&waiting, &full]);
    let mut tried = 0;
    for (path, fields) in forms(&did) {
        let (window, token, other) = if path.starts_with("/login") {
            (&mut waiting, &token_waiting, &token_full)
        } else {
            (&mut full, &token_full, &token_waiting)
        };
        let ways: [(&str, &[(&str, &str)]); 11] = [
            ("", &[("origin", &origin)]),
            ("AAAAAAAAAAAAAAAAAAAAAA", &[("origin", &origin)]),
            (other, &[("origin", &origin)]),
            (token, &[]),
            (token, &[("origin", evil)]),
            (token, &[("origin", &neighbour)]),
            (token, &[("origin", "null")]),
            (token, &[("origin", &origin), ("sec-fetch-site", "cross-site")]),
            (token, &[("origin", &origin), ("sec-fetch-site", "same-site")]),
            (token, &[("origin", &origin), ("sec-fetch-site", "none")]),
            (token, &[("origin", evil), ("sec-fetch-site", "same-origin")]),
        ];
        for (token, headers) in ways {
            let mut sent = fields.clone();
            sent.extend((!token.is_empty()).then_some(("token", token)));
            let status = window.post_as(&format!("{origin}{path}"), &sent, headers);
            assert_eq!(status, 403, "{path} {headers:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 17 * 11);
    assert_eq!(everything(&stage, &alice, [&waiting, &full]), before);
    // The same forms with their token, from here, do what they say.
    let own = [("origin", origin.as_str())];
    let rename = format!("{origin}/manageotp/{did}/rename");
    assert_eq!(full.post_as(&rename, &[("name", "Mine"), ("token", &token_full)], &own), 303);
    assert_eq!(stage.house().devices.of(alice.id).unwrap()[0].0.name, "Mine");
    let browser = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    let kept = waiting.page().hidden_fields("/login/cancel").expect("a form");
    let kept: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(waiting.post_as(&format!("{origin}/login/cancel"), &kept, &browser), 303);
    assert_eq!(told(&stage, "approval.end", "cancelled"), 1);
}

#[test]
fn nothing_changes_by_get() {
    let (stage, alice, phone) = with_phone();
    let did = stage.house().devices.of(alice.id).unwrap()[0].0.did.to_string();
    let mut full = signed_in(&stage, &phone, "/manageotp");
    let mut waiting = Plain::new();
    sign_in(&mut waiting, &stage, "/demo");
    let shown = digits(&mut waiting);
    phone.poll();
    phone.approve(&shown);
    let before = everything(&stage, &alice, [&waiting, &full]);
    let mut statuses = Vec::new();
    for (path, fields) in forms(&did) {
        let query: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = format!("{}{path}?{}", stage.origin(), query.join("&"));
        for window in [&mut full, &mut waiting] {
            statuses.push(window.glance(&url));
        }
    }
    for page in [
        "/",
        "/demo",
        "/manageotp",
        "/manageotp?removed=x",
        "/login/wait",
        "/login/state?state=x",
        "/enrol",
        "/approve",
    ] {
        for window in [&mut full, &mut waiting] {
            statuses.push(window.glance(&format!("{}{page}", stage.origin())));
        }
    }
    assert!(statuses.iter().all(|status| [200, 303, 404, 405].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&405) && statuses.contains(&200));
    assert_eq!(everything(&stage, &alice, [&waiting, &full]), before);
    // What was approved is still there to be taken.
    waiting.goto(&format!("{}/login/wait", stage.origin()));
    waiting.submit("/login/finish", &[]);
    assert_eq!(waiting.path(), "/demo");
}

#[test]
fn push_before_first_factor() {
    let (stage, _, phone) = with_phone();
    let mut window = Plain::new();
    window.goto(&format!("{}/demo", stage.origin()));
    for (name, password) in [("alice", "not the password"), ("alice", ""), ("nobody", PASSWORD)] {
        let status = window.post_form("/login", &[("name", name), ("password", password)]);
        assert_eq!((status, window.path().as_str()), (403, "/login"), "{name}");
        assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.wrong")));
        assert!(!phone.poll() && phone.app.approvals().is_empty(), "nothing rings");
    }
    assert_eq!(told(&stage, "approval.begin", "sent"), 0);
    // Nor by going on as if the password had been right.
    for path in ["/login/wait", "/demo", "/manageotp"] {
        window.goto(&format!("{}{path}", stage.origin()));
        assert_eq!(window.path(), "/login", "{path}");
    }
    // The control: with the right one it rings.
    window.submit("/login", &[("name", "alice"), ("password", PASSWORD)]);
    assert!(phone.poll());
}

#[test]
fn an_unknown_person_gets_the_same_page_as_a_known_one() {
    let (stage, _, _) = with_phone();
    let disabled = stage.person("carol");
    stage.house().people.set_disabled(&disabled.name, true, &countersign_tests::stage::caller()).unwrap();
    let page = |name: &str, password: &str| {
        let mut window = Plain::new();
        window.goto(&format!("{}/login?next=/demo", stage.origin()));
        let token = window.page().field("/login", "token").expect("a token");
        let status = window.post_form("/login", &[("name", name), ("password", password)]);
        (status, window.page().source().replace(&token, "TOKEN").replace(name, "NAME"))
    };
    let known = page("alice", "not the password");
    assert_eq!(known.0, 403);
    for (name, password) in [("nobody", "not the password"), ("nobody", PASSWORD), ("carol", PASSWORD), ("carol", "x")]
    {
        assert_eq!(page(name, password), known, "{name}");
    }
}
