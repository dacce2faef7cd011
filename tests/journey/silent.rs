//! The notification that does not come, whatever became of it: the phone asks by itself, and the page can ring again.

use std::net::{Ipv4Addr, TcpListener};

use countersign_core::app::Bell;
use countersign_core::cancel::Cancel;
use countersign_gateway::config::Config;
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::push_server::{PushServer, Reply};
use countersign_tests::stage::Stage;
use countersign_tests::window::Window;

use super::handset::Handset;
use super::{digits, sign_in, told};

/// A gateway that rings at this server, and a phone whose bell hangs at `endpoint`.
fn scene(server: &PushServer, endpoint: &str) -> (Stage, Handset) {
    let stage = Stage::with(|config: &mut Config| {
        config.sample_app = true;
        config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
        config.outgoing.roots = Some(server.roots());
    });
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    phone.app.set_endpoint(phone.id(), Some(endpoint), &Cancel::default()).unwrap();
    (stage, phone)
}

/// A sign-in whose bell nobody hears ends as one that rang.
fn ends_well(stage: &Stage, phone: &Handset, rang: impl FnOnce()) {
    let mut page = Plain::new();
    sign_in(&mut page, stage, "/demo");
    let shown = digits(&mut page);
    rang();
    assert!(phone.app.approvals().is_empty(), "the phone has heard nothing");
    page.goto(&format!("{}/login/wait", stage.origin()));
    assert_eq!(page.heading(), text("login.wait_title"), "the page waits on");
    assert!(phone.poll(), "the phone's own poll finds it");
    phone.approve(&shown);
    page.goto(&format!("{}/login/wait", stage.origin()));
    page.submit("/login/finish", &[]);
    assert_eq!(page.path(), "/demo");
}

#[test]
fn a_bell_that_is_swallowed_refused_or_cut_off_costs_nothing_but_time() {
    for reply in [Reply::Status(201), Reply::Status(503), Reply::Status(410), Reply::Garbage, Reply::Cut] {
        let server = PushServer::start(std::slice::from_ref(&reply));
        let (stage, phone) = scene(&server, &server.endpoint("/up/alice"));
        // It came to the server, which hands it to nobody.
        ends_well(&stage, &phone, || drop(server.wait(1)));
    }
}

#[test]
fn a_bell_that_hangs_nowhere_costs_nothing_but_time() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let (stage, phone) = scene(&server, &format!("https://{nobody}/up/alice"));
    ends_well(&stage, &phone, || ());
    assert!(server.received().is_empty());
}

#[test]
fn sent_again_from_the_page_the_same_question_rings_until_it_is_heard() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let (stage, phone) = scene(&server, &server.endpoint("/up/alice"));
    let mut page = Plain::new();
    sign_in(&mut page, &stage, "/demo");
    let shown = digits(&mut page);
    server.wait(1);
    for bell in 2..=4 {
        stage.clock.advance(20);
        page.goto(&format!("{}/login/wait", stage.origin()));
        page.submit("/login/resend", &[]);
        assert_eq!(digits(&mut page), shown, "the same question");
        server.wait(bell);
    }
    stage.clock.advance(20);
    page.goto(&format!("{}/login/wait", stage.origin()));
    assert!(!page.has_form("/login/resend"), "three times at most");
    assert_eq!(told(&stage, "approval.resend", "rung"), 3);
    // The last one is heard, and then the first one too, late.
    let bells = server.received();
    let Bell::Asks(id) = phone.app.bell(&bells[3].body) else { panic!("it asks") };
    assert_eq!(phone.app.bell(&bells[0].body), Bell::Asks(id));
    assert_eq!((phone.app.approvals().len(), phone.first().id), (1, id));
    phone.approve(&shown);
    page.goto(&format!("{}/login/wait", stage.origin()));
    page.submit("/login/finish", &[]);
    assert_eq!(page.path(), "/demo");
}
