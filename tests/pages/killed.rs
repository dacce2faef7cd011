//! A gateway killed in the middle of an approval: what it told anybody is in the store (P4, short).

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use countersign_protocol::uri::EnrolLink;
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::program::{Program, command, run};
use countersign_tests::raw_phone::RawPhone;
use countersign_tests::stage::PASSWORD;

use super::{digits, heading};

/// The built gateway, on a folder and a port that outlive it.
struct Built {
    home: tempfile::TempDir,
    address: SocketAddr,
    program: Program,
}

impl Built {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        // Free now, and nobody else asks for it by number.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let program = serve(home.path(), address);
        Self { home, address, program }
    }

    fn kill_and_start(&mut self) {
        self.program.kill();
        self.program = serve(self.home.path(), self.address);
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// Adds a person; the voucher.
    fn add(&self, name: &str) -> String {
        let mut add = command("countersign-gateway", self.home.path());
        add.args(["user", "add", name, "--password-stdin", "--data"]).arg(self.home.path().join("data"));
        let output = run(&mut add, format!("{PASSWORD}\n").as_bytes());
        let said = String::from_utf8(output.stdout).unwrap();
        let is_voucher = |word: &&str| word.len() == 14 && word.matches('-').count() == 2;
        said.split_whitespace().find(is_voucher).unwrap_or_else(|| panic!("no voucher: {said}")).to_owned()
    }

    fn sign_in(&self, path: &str) -> Plain {
        let mut window = Plain::new();
        window.get(&self.url(path));
        window.post_form("/login", &[("name", "alice"), ("password", PASSWORD)]);
        window
    }

    /// Adds a phone by the page.
    fn enrol(&self, voucher: &str) -> RawPhone {
        let mut window = self.sign_in("/manageotp");
        window.post_form("/manageotp/add", &[("name", "Phone"), ("voucher", voucher)]);
        let link = EnrolLink::parse(&window.page().words("#link").expect("a link")).unwrap();
        let phone = RawPhone::new("phone", &self.url("/push/v1"), self.address);
        let shown = phone.enrol(&link);
        window.get(&self.url("/manageotp/add"));
        window.post_form("/manageotp/confirm", &[("digits", &shown)]);
        phone
    }
}

fn serve(home: &Path, address: SocketAddr) -> Program {
    let mut serve = command("countersign-gateway", home);
    serve.args(["serve", "--sample-app", "true", "--listen", &address.to_string(), "--data"]).arg(home.join("data"));
    let program = Program::start(&mut serve);
    program.stdout.wait_for("https://localhost:");
    program
}

#[test]
fn killed_in_the_middle_of_an_approval() {
    let mut gateway = Built::start();
    let phone = gateway.enrol(&gateway.add("alice"));

    // Before the answer: the same challenge is there, byte for byte, and the page shows the same digits.
    let mut window = gateway.sign_in("/demo");
    assert_eq!(heading(&window), text("login.wait_title"));
    let (shown, challenges) = (digits(&window), phone.challenges());
    gateway.kill_and_start();
    assert_eq!(phone.challenges(), challenges);
    window.get(&gateway.url("/login/wait"));
    assert_eq!(digits(&window), shown);

    // Between answer and taking: the same answer gets the same result, byte for byte, and counts once.
    let answer = phone.approval(&challenges[0], &shown);
    let first = phone.answer(&answer);
    gateway.kill_and_start();
    let again = phone.answer(&answer);
    assert_eq!((first.status, first.json()), (again.status, again.json()));
    window.get(&gateway.url("/login/wait"));
    window.post_form("/login/finish", &[]);
    assert_eq!(window.url(), gateway.url("/demo"));

    // After taking: the session is there, and the same approval cannot be taken again.
    gateway.kill_and_start();
    window.get(&gateway.url("/demo"));
    assert_eq!(heading(&window), text("login.sample"));

    // A denial stays one.
    let mut window = gateway.sign_in("/demo");
    let challenge = phone.challenges()[0].clone();
    assert_eq!(phone.decide(&phone.refusal(&challenge, "deny")), "denied");
    gateway.kill_and_start();
    assert_eq!(phone.decide(&phone.approval(&challenge, &digits(&window))), "closed");
    window.get(&gateway.url("/login/wait"));
    assert_eq!(heading(&window), text("login.denied"));
}
