//! Group `endpoint` where the text does not tell: names that lead somewhere else, redirects, proxies, and servers that are
//! anything but push servers.

use std::future::Future;
use std::io::Write as _;
use std::net::{IpAddr, TcpListener};
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign_gateway::limits;
use countersign_gateway::outgoing::{Answer, Limits, Outgoing, OutgoingFault, Parts, Reach};
use countersign_gateway::port::{Resolver, machine};
use countersign_tests::push_server::{PushServer, Reply};
use countersign_tests::stage::Stage;
use serde_json::json;

/// Names lead where a test says; each question takes the next answer, and the last one stays.
struct Names(Mutex<Vec<Vec<IpAddr>>>, AtomicUsize);

impl Names {
    fn leading(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |one: &&[&str]| one.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parsed).collect()), AtomicUsize::new(0)))
    }

    fn asked(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

fn client(names: &Arc<Names>, allow: &[&str], roots: Option<PathBuf>) -> Outgoing {
    // Patient, so that a call that must come through does so on a busy machine as well.
    client_within(names, allow, roots, Duration::from_secs(60))
}

fn client_within(names: &Arc<Names>, allow: &[&str], roots: Option<PathBuf>, total: Duration) -> Outgoing {
    let adapters = machine::adapters();
    let limits = Limits { connect: total, total };
    let parts = Parts {
        reach: Reach::new(allow.iter().map(|text| text.parse().unwrap()).collect()),
        roots,
        resolver: names.clone(),
        timer: adapters.timer,
        clock: adapters.clock,
        limits,
    };
    Outgoing::new(parts).unwrap()
}

fn post(client: &Outgoing, url: &str) -> Result<Answer, OutgoingFault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.post(url, hyper::HeaderMap::new(), b"bell".to_vec()))
}

/// A call by name to a server that may be called.
fn called(server: &PushServer) -> Result<Answer, OutgoingFault> {
    let client = client(&Names::leading(&[&["127.0.0.1"]]), &["127.0.0.1"], Some(server.roots()));
    post(&client, &server.endpoint_of("push.example.com", "/up/abc"))
}

fn forbidden(text: &str) -> Option<OutgoingFault> {
    Some(OutgoingFault::Forbidden(text.parse().unwrap()))
}

#[test]
fn a_checked_address_is_called_by_the_name_that_was_written() {
    let server = PushServer::start(&[Reply::With(201, "Location: /m/1".into())]);
    let answer = called(&server).unwrap();
    assert_eq!((answer.status, answer.headers["location"].as_bytes()), (201, &b"/m/1"[..]));
    let received = &server.received()[0];
    assert_eq!((received.line.as_str(), received.body.as_slice()), ("POST /up/abc HTTP/1.1", &b"bell"[..]));
    let host = format!("push.example.com:{}", server.address().port());
    assert_eq!(received.header("host"), Some(host.as_str()));
    for absent in ["cookie", "accept-encoding", "referer", "transfer-encoding"] {
        assert_eq!(received.header(absent), None, "{absent}");
    }
}

#[test]
fn name_to_loopback() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let elsewhere = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.168.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fd00::1",
        "ff02::1",
    ];
    for address in elsewhere {
        let client = client(&Names::leading(&[&[address]]), &[], Some(server.roots()));
        let fault = post(&client, &server.endpoint_of("push.example.com", "/up")).err();
        assert_eq!(fault, forbidden(address), "{address}");
    }
    let client = client(&Names::leading(&[&["127.0.0.1"]]), &[], Some(server.roots()));
    assert_eq!(post(&client, &server.endpoint("/up")).err(), forbidden("127.0.0.1"), "as a literal, too");
    assert_eq!(server.connections(), 0);
    assert_eq!(called(&server).unwrap().status, 201, "with an allow-list it is called");
}

#[test]
fn rebinding() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let url = server.endpoint_of("push.example.com", "/up");
    // The address is checked, then the name leads elsewhere: nobody asks a second time.
    let names = Names::leading(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client_of = |names: &Arc<Names>| client(names, &["127.0.0.1"], Some(server.roots()));
    let client = client_of(&names);
    assert_eq!(post(&client, &url).unwrap().status, 201);
    assert_eq!((names.asked(), server.connections()), (1, 1));
    assert_eq!(post(&client, &url).err(), forbidden("127.0.0.2"), "each call checks anew");
    // One good address does not make up for a bad one, wherever it stands.
    for mixed in [&["127.0.0.1", "127.0.0.2"][..], &["127.0.0.2", "127.0.0.1"]] {
        assert_eq!(post(&client_of(&Names::leading(&[mixed])), &url).err(), forbidden("127.0.0.2"));
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn redirect_to_loopback() {
    let inside = PushServer::start(&[Reply::Status(201)]);
    for status in [301, 302, 303, 307, 308] {
        let to = format!("Location: {}", inside.endpoint("/inside"));
        let server = PushServer::start(&[Reply::With(status, to)]);
        assert_eq!(called(&server).unwrap().status, status);
        assert_eq!(server.connections(), 1);
    }
    assert_eq!(inside.connections(), 0);
}

#[test]
fn proxy_env() {
    // The environment belongs to the process, so another one calls, with a proxy in every variable there is.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "push::endpoint::a_checked_address_is_called_by_the_name_that_was_written"]);
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &address);
    }
    let ended = command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    assert!(proxy.accept().is_err(), "nobody came to the proxy");
}

#[test]
fn a_private_literal_is_taken_where_the_allow_list_has_it() {
    let stage = Stage::with(|config| config.outgoing.allow = vec!["10.1.2.0/24".parse().unwrap()]);
    let alice = stage.person("alice");
    for (endpoint, expected) in [
        ("https://10.1.3.7/up", "403 policy:endpoint"),
        ("https://127.0.0.1/up", "403 policy:endpoint"),
        ("https://localhost/up", "403 policy:endpoint"),
        ("https://10.1.2.7:8443/up", "201"),
    ] {
        let (link, phone) = (stage.link(&alice, "browser"), stage.raw_phone(endpoint));
        let mut claims = phone.enrol_claims(&link);
        claims["push"] = json!({"endpoint": endpoint});
        assert_eq!(phone.call("/enrol", &phone.enrol_body(&link.c, &claims)).verdict(), expected, "{endpoint}");
    }
}

#[test]
fn no_more_than_four_kibibytes_are_read() {
    for (length, read, is_cut) in
        [(4_095, 4_095, false), (4_096, 4_096, false), (4_097, 4_096, true), (50_000_000, 4_096, true)]
    {
        let server = PushServer::start(&[Reply::Body(201, length)]);
        let answer = called(&server).unwrap();
        assert_eq!((answer.status, answer.body.len(), answer.is_cut), (201, read, is_cut), "{length}");
    }
}

#[test]
fn a_head_is_read_up_to_its_limits() {
    let long = limits::OUTGOING_HEADERS;
    let many = limits::OUTGOING_HEADER_COUNT;
    for (reply, taken) in [
        (Reply::Head(long - 1), true),
        (Reply::Head(long), true),
        (Reply::Head(long + 1), false),
        (Reply::Head(20_000), false),
        (Reply::Fields(many - 1), true),
        (Reply::Fields(many), true),
        (Reply::Fields(many + 1), false),
    ] {
        let answer = called(&PushServer::start(std::slice::from_ref(&reply))).map(|answer| answer.status);
        assert_eq!(answer, if taken { Ok(201) } else { Err(OutgoingFault::Http) }, "{reply:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this measures how long real waiting lasts")]
fn who_does_not_answer_is_left() {
    let server = PushServer::start(&[Reply::Silence]);
    let began = Instant::now();
    let total = Duration::from_millis(1_500);
    let client = client_within(&Names::leading(&[&["127.0.0.1"]]), &["127.0.0.1"], Some(server.roots()), total);
    let late = post(&client, &server.endpoint_of("push.example.com", "/up/abc"));
    assert_eq!(late.err(), Some(OutgoingFault::Late));
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_is_no_push_server_gets_nothing() {
    // Something else listens there, such as a remote shell, and says so first.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://push.example.com:{}/up", other.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for mut stream in other.incoming().map_while(Result::ok) {
            let _sent = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
        }
    });
    let allow = ["127.0.0.1"];
    let names = Names::leading(&[&["127.0.0.1"]]);
    assert_eq!(post(&client(&names, &allow, None), &url).err(), Some(OutgoingFault::Tls));
    for (reply, fault) in [(Reply::Garbage, OutgoingFault::Http), (Reply::Cut, OutgoingFault::Http)] {
        assert_eq!(called(&PushServer::start(&[reply])).err(), Some(fault));
    }
    let server = PushServer::start(&[Reply::Status(201)]);
    let of = |name: &str| server.endpoint_of(name, "/up");
    let known = client(&names, &allow, Some(server.roots()));
    assert_eq!(post(&known, &of("other.example.com")).err(), Some(OutgoingFault::Tls), "another name");
    let unknown = client(&names, &allow, None);
    assert_eq!(post(&unknown, &of("push.example.com")).err(), Some(OutgoingFault::Tls), "an unknown root");
    assert!(server.received().is_empty());
    assert_eq!(post(&known, "http://push.example.com/up").err(), Some(OutgoingFault::Url));
    assert_eq!(post(&known, "https://127.1/up").err(), Some(OutgoingFault::Url));
}

#[test]
fn a_closed_port_is_no_connection_and_the_next_address_is_tried() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let url = server.endpoint_of("push.example.com", "/up");
    let names = Names::leading(&[&["127.0.0.9", "127.0.0.1"]]);
    let known = client(&names, &["127.0.0.0/8"], Some(server.roots()));
    assert_eq!(post(&known, &url).unwrap().status, 201);
    let closed = Names::leading(&[&["127.0.0.9"]]);
    let known = client(&closed, &["127.0.0.0/8"], Some(server.roots()));
    assert_eq!(post(&known, &url).err(), Some(OutgoingFault::Connect));
    let nowhere = client(&Names::leading(&[&[]]), &[], None);
    assert_eq!(post(&nowhere, &url).err(), Some(OutgoingFault::Name));
}

#[test]
fn no_more_addresses_of_a_name_are_tried_than_the_limit() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let most = limits::OUTGOING_ADDRESSES;
    for (place, expected) in [(most - 1, Ok(201)), (most, Ok(201)), (most + 1, Err(OutgoingFault::Connect))] {
        // Nobody listens at the addresses before it.
        let mut addresses: Vec<String> = (1..place).map(|n| format!("127.0.0.{}", 10 + n)).collect();
        addresses.push("127.0.0.1".to_owned());
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let client = client(&Names::leading(&[&addresses]), &["127.0.0.0/8"], Some(server.roots()));
        let answer = post(&client, &server.endpoint_of("push.example.com", "/up")).map(|answer| answer.status);
        assert_eq!(answer, expected, "in place {place}");
    }
}
