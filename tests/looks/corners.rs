//! The rarer states of the pages: what was refused, what runs out, what a setting leaves out.

use countersign_gateway::approval::rule;
use countersign_gateway::person::Person;
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::RawPhone;
use countersign_tests::stage::caller;
use serde_json::json;

use super::hall::{Hall, PUBLIC, State, app_code, digits, enrol, wrong};

/// The details in which a voucher is typed.
pub const LOST: &str = "details.instead summary";
/// What is no voucher of anybody.
pub const NO_VOUCHER: (&str, &str) = ("#voucher", "0000-0000-0000");

impl Hall {
    /// Sign-ins that wait and where something was wrong, or where no script runs.
    pub fn waiting(&self) -> Vec<State> {
        let (abel, phone) = self.with_phone("abel");
        let window = self.signed_in(&abel, "/demo");
        assert_eq!(phone.decide(&phone.approval(&phone.challenges()[0], &wrong(&digits(&window)))), "wrong");
        let mut states = vec![State::new("wait-wrong", &window, "/login/wait")];
        let (berta, _) = self.with_phone("berta");
        let window = self.signed_in(&berta, "/demo");
        states.push(State { scripts: false, ..State::new("wait-noscript", &window, "/login/wait") });
        let (carl, _) = self.with_phone("carl");
        let window = self.signed_in(&carl, "/manageotp");
        let voucher = State::new("wait-voucher-wrong", &window, "/login/wait").typing(&[NO_VOUCHER]);
        states.push(State { opened: Some(LOST), ..voucher });
        states
    }

    /// Bells that were rung again. The clock goes on: these are looked at last.
    pub fn rung_again(&self) -> Vec<State> {
        let [first, second] = ["dagmar", "edgar"].map(|name| {
            let (person, _) = self.with_phone(name);
            self.signed_in(&person, "/demo")
        });
        let ring = |window: &mut Plain| {
            self.stage.clock.advance(rule::RESEND_AFTER);
            assert_eq!(window.post_form("/login/resend", &[]), 200);
        };
        let (mut none_left, mut just_now) = (first, second);
        for _ in 1..rule::RESENDS {
            ring(&mut none_left);
        }
        ring(&mut just_now);
        assert_eq!(none_left.post_form("/login/resend", &[]), 200);
        [("wait-no-bell", none_left), ("wait-resent", just_now)]
            .map(|(name, window)| State::new(name, &window, "/login/wait"))
            .into()
    }

    /// Devices of other kinds, and what is said of them.
    pub fn kinds(&self) -> Vec<State> {
        let frida = self.stage.person("frida");
        let name = "The phone that lay in the drawer of the kitchen, with the crack";
        let chip = json!({"level": "strongbox", "dev": {"os": "android", "model": "Pixel 9 Pro Fold", "app": "Countersign 1.0"}});
        let phone = self.add_phone(&frida, "frida", name, &chip, true);
        let window = self.full(&frida, &phone, "/manageotp");
        let did = phone.did.borrow().clone();
        let page = |what: &str| format!("/manageotp/{did}/{what}");
        let mut states = vec![
            State::new("list-notice", &window, &format!("/manageotp?renamed={did}")),
            State::new("rename-wrong", &window, &page("rename")).typing(&[("#name", " ")]),
            State::new("remove-last", &window, &page("remove")),
        ];

        let gregor = self.stage.person("gregor");
        let seed = self.add_app(&gregor, "Authenticator");
        let phone = self.add_phone(&gregor, "gregor", "My phone", &json!({}), true);
        let window = self.full(&gregor, &phone, "/manageotp");
        let listed = self.stage.house().devices.of(gregor.id).expect("the store");
        let app = listed.iter().find(|(device, _)| device.phone.is_none()).expect("the app").0.did;
        let right = app_code(&seed, self.stage.house().clock.now() + 30);
        let test = State::new("test-right", &window, &format!("/manageotp/{app}/test")).typing(&[("#code", &right)]);
        states.push(State { answered: ".notice", ..test });

        // Whoever suspends the only phone cannot bring it back by what was shown before.
        let (hanna, phone) = self.with_phone("hanna");
        let mut window = self.with_voucher(&hanna, &phone);
        let page = |what: &str| format!("/manageotp/{}/{what}", phone.did.borrow());
        self.go(&mut window, &page("remove"));
        window.post_form(&page("suspend"), &[]);
        states.push(State::new("resume-alone", &window, &page("resume")));
        states.push(State::new("remove-suspended", &window, &page("remove")));
        states
    }

    /// Adding a device: a later one, and what is refused.
    pub fn adding_corners(&self) -> Vec<State> {
        let add = "/manageotp/add";
        let (ida, phone) = self.with_phone("ida");
        let mut states = vec![State::new("add-later", &self.with_voucher(&ida, &phone), add)];
        let jan = self.stage.person("jan");
        let wrong = State::new("add-voucher-wrong", &self.signed_in(&jan, "/manageotp"), add);
        states.push(wrong.typing(&[("#name", "My phone"), NO_VOUCHER]));

        let (karin, phone) = self.with_phone("karin");
        for n in 2..=5 {
            self.add_phone(&karin, &format!("karin {n}"), &format!("Phone {n}"), &json!({}), true);
        }
        let full = State::new("add-no-room", &self.with_voucher(&karin, &phone), add);
        states.push(full.typing(&[("#name", "One more")]));

        let scanned = |person: &str, claims| {
            let window = self.adding(person, "countersign");
            enrol(&self.raw_phone(person), &self.link_on(&window), &claims);
            window
        };
        let mut window = scanned("leo", json!({}));
        self.go(&mut window, add);
        for _ in 0..2 {
            assert_eq!(window.post_form("/manageotp/confirm", &[("digits", "000000")]), 403);
        }
        states.push(State::new("add-refused", &window, add).typing(&[("#digits", "000000")]));
        let desk = json!({"level": "software", "dev": {"os": "linux", "model": "Desk", "app": "Countersign 1.0"}});
        states.push(State::new("add-software", &scanned("mona", desk), add));
        let noscript = State::new("add-noscript", &self.adding("nora", "countersign"), add);
        states.push(State { scripts: false, ..noscript });
        states.push(State::new("help-offline", &Plain::from_origin(PUBLIC), "/offline"));
        states
    }

    /// A gateway that takes no codes: what is asked, and what there is to do without.
    pub fn without_codes(&self) -> Vec<State> {
        let nobody = Plain::from_origin(PUBLIC);
        let mut states = vec![State::new("login-phone", &nobody, "/demo")];
        let (otto, phone) = self.with_phone("otto");
        states.push(State::new("list-push", &self.full(&otto, &phone, "/manageotp"), "/manageotp"));
        let (paula, _) = self.with_phone("paula");
        states.push(State::new("wait-no-codes", &self.signed_in(&paula, "/manageotp"), "/login/wait"));
        let (ralf, _) = self.with_phone("ralf");
        drop(self.signed_in(&ralf, "/demo"));
        states.push(State::new("code-none", &self.signed_in(&ralf, "/demo"), "/login/wait"));
        let selma = self.stage.person("selma");
        states.push(State::new("add-alone", &self.signed_in(&selma, "/manageotp"), "/manageotp/add"));
        states
    }

    /// A sign-in whose digits are so many.
    pub fn of_digits(&self, name: &'static str) -> Vec<State> {
        let (tilda, _) = self.with_phone("tilda");
        let window = self.signed_in(&tilda, "/demo");
        self.stage.clock.advance(rule::RESEND_AFTER);
        vec![State::new(name, &window, "/login/wait")]
    }

    /// Whoever confirms anew has to wait. The clock goes on.
    pub fn has_to_wait(&self) -> Vec<State> {
        let (urs, phone) = self.with_phone("urs");
        let window = self.full(&urs, &phone, "/manageotp");
        self.stage.clock.advance(601);
        self.mistype(&urs, &phone, 7);
        let asked = State::new("later", &window, &format!("/manageotp/{}/rename", phone.did.borrow()));
        vec![State { pressed: Some("form[action='/login/fresh'] button"), answered: ".mark", ..asked }]
    }

    /// Whoever has typed wrong codes ten times.
    pub fn codes_off(&self) -> Vec<State> {
        let vally = self.stage.person("vally");
        self.add_app(&vally, "Authenticator");
        let mut window = self.signed_in(&vally, "/demo");
        for _ in 0..countersign_gateway::limits::WRONG_CODES {
            if !window.page().has_form("/login/code") {
                window = self.signed_in(&vally, "/demo");
            }
            window.post_form("/login/code", &[("code", "000000")]);
        }
        vec![State::new("code-refused", &self.signed_in(&vally, "/demo"), "/login/wait")]
    }

    /// A window of this person after password, phone, and a voucher.
    fn with_voucher(&self, person: &Person, phone: &RawPhone) -> Plain {
        let mut window = self.full(person, phone, "/manageotp");
        let voucher = self.stage.house().people.give_voucher(person, &caller()).expect("a voucher").reveal();
        let token = window.page().field("/logout", "token").expect("a token");
        let fields = [("token", token.as_str()), ("voucher", &voucher), ("next", "/manageotp")];
        let status = window.post_as(&format!("{}/login/fresh/voucher", self.base), &fields, &[("origin", PUBLIC)]);
        assert_eq!(status, 303);
        window
    }
}
