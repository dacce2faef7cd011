//! The gateway is killed in the middle of an approval, three times, and started again on the same folder.

use std::path::Path;

use countersign_core::app::{ApprovalState, GatewayState};
use countersign_core::error::{Error, PortError};
use countersign_protocol::push::{Res, Status};
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::port::port;
use countersign_tests::program::{Program, command, run};
use countersign_tests::stage::PASSWORD;
use countersign_tests::window::{Window, with_tries};

use super::handset::Handset;
use super::{digits, wrong};

/// The built program on a folder and a port that stay the same.
struct Served {
    home: tempfile::TempDir,
    port: u16,
    program: Program,
}

impl Served {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = port();
        let program = serve(home.path(), port);
        Self { home, port, program }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// No chance to tidy up; then the same folder and port again.
    fn kill(&mut self) {
        self.program.kill();
        self.program = serve(self.home.path(), self.port);
    }

    /// Adds a person beside the running gateway; the voucher.
    fn add_person(&self) -> String {
        let mut add = command("countersign-gateway", self.home.path());
        let added =
            run(add.args(["user", "add", "alice", "--password-stdin", "--data", "gateway"]), PASSWORD.as_bytes());
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let said = String::from_utf8_lossy(&added.stdout).into_owned();
        said.split_whitespace().next_back().expect("a voucher").to_owned()
    }

    /// A new person's phone, her browser, and the link that the page offers the phone.
    fn offered(&self) -> (Handset, Plain, String) {
        let voucher = self.add_person();
        let mut manage = Plain::new();
        manage.goto(&self.url("/manageotp"));
        manage.submit("/login", &[("name", "alice"), ("password", PASSWORD)]);
        manage.submit("/manageotp/add", &[("name", "Phone"), ("voucher", &voucher)]);
        let link = manage.words("#link").expect("a link");
        (Handset::of_this_machine(), manage, link)
    }

    /// A browser that asks the phone, and the digits that it shows.
    fn asking(&self) -> (Plain, String) {
        let mut login = Plain::new();
        login.goto(&self.url("/demo"));
        login.submit("/login", &[("name", "alice"), ("password", PASSWORD)]);
        let shown = digits(&mut login);
        (login, shown)
    }
}

fn serve(home: &Path, port: u16) -> Program {
    let mut command = command("countersign-gateway", home);
    command.args(["serve", "--data", "gateway", "--sample-app", "true", "--listen", &format!("127.0.0.1:{port}")]);
    let program = Program::start(&mut command);
    program.stdout.line_with("https://localhost");
    program
}

/// The result in an answer's reply, byte for byte.
fn result(body: &[u8]) -> String {
    let reply: serde_json::Value = serde_json::from_slice(body).unwrap();
    reply["result"].as_str().expect("a result").to_owned()
}

#[test]
fn a_gateway_killed_in_the_middle_of_an_approval_loses_and_doubles_nothing() {
    let mut served = Served::new();
    let (phone, mut manage, link) = served.offered();

    // In the middle of the enrolment: the gateway took it, the phone did not hear so, and the gateway dies.
    let offer = phone.app.enrol_offer(&link).unwrap();
    let cancel = countersign_core::cancel::Cancel::default();
    phone.line.lose_answer_of("/enrol");
    let unheard = phone.app.enrol(&offer, &crate::app::phone::me(), &cancel).unwrap_err();
    assert_eq!(unheard, Error::Port(PortError::Network));
    served.kill();
    phone.poll();
    let GatewayState::Pending { digits: shown, .. } = phone.state() else { panic!("{:?}", phone.state()) };
    manage.goto(&served.url("/manageotp/add"));
    manage.submit("/manageotp/confirm", &[("digits", &shown)]);
    phone.poll();
    assert_eq!(phone.state(), GatewayState::Active);

    // After the beginning.
    let (mut login, shown) = served.asking();
    served.kill();
    login.goto(&served.url("/login/wait"));
    assert_eq!(digits(&mut login), shown, "the same question");
    phone.poll();
    assert_eq!(phone.app.approvals().len(), 1);

    // After wrong digits whose result the phone never saw.
    phone.line.lose_answer_of("/answer");
    assert_eq!(phone.answer(&wrong(&shown)), Err(Error::Port(PortError::Network)));
    assert_eq!(phone.first().state, ApprovalState::Sending(Res::Approve));
    let (request, first) = phone.line.last("/answer");
    served.kill();
    login.goto(&served.url("/login/wait"));
    let two_left = with_tries("login.line_wrong", 2);
    assert!(login.page().words(".state").is_some_and(|line| line.contains(&two_left)), "the try was counted");
    phone.poll();
    assert!(matches!(phone.first().state, ApprovalState::Open(Some(left)) if left.get() == 2), "once");
    let (repeated, second) = phone.line.last("/answer");
    assert_eq!(repeated.body, request.body, "the phone repeats what it signed");
    assert_eq!(result(&second.body), result(&first.body), "and gets the same result");
    assert_eq!(result(&phone.line.again(&request).body), result(&first.body));

    // After it was approved and before the browser took it.
    phone.line.lose_answer_of("/answer");
    assert_eq!(phone.answer(&shown), Err(Error::Port(PortError::Network)));
    let (request, first) = phone.line.last("/answer");
    served.kill();
    phone.poll();
    assert_eq!(phone.first().state, ApprovalState::Decided(Status::Approved));
    assert_eq!(result(&phone.line.again(&request).body), result(&first.body));
    login.goto(&served.url("/login/wait"));
    assert_eq!(login.heading(), text("login.approved"));
    login.submit("/login/finish", &[]);
    assert_eq!((login.path().as_str(), login.heading().as_str()), ("/demo", text("login.sample")));

    // After it was taken: the session lives, and nothing is taken twice.
    served.kill();
    login.goto(&served.url("/demo"));
    assert_eq!(login.path(), "/demo");
    assert_eq!(result(&phone.line.again(&request).body), result(&first.body), "still the same, and it opens nothing");
    let mut other = Plain::new();
    other.goto(&served.url("/demo"));
    assert_eq!(other.path(), "/login");
}

#[test]
fn a_denial_outlives_a_killed_gateway() {
    let mut served = Served::new();
    let (phone, mut manage, link) = served.offered();
    let enrolling = phone.enrol(&link);
    manage.goto(&served.url("/manageotp/add"));
    manage.submit("/manageotp/confirm", &[("digits", &enrolling.digits)]);
    let (mut login, shown) = served.asking();
    phone.poll();
    // Approved and then denied, and the gateway dies with the denial acknowledged.
    phone.approve(&shown);
    let denied = phone.app.deny(phone.first().id, &countersign_core::cancel::Cancel::default()).unwrap();
    assert_eq!(denied.st, Status::Denied);
    served.kill();
    login.goto(&served.url("/login/wait"));
    assert_eq!(login.heading(), text("login.denied"));
    assert!(!login.has_form("/login/finish"));
    login.goto(&served.url("/demo"));
    assert_eq!(login.path(), "/login");
}
