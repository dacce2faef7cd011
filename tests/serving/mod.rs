//! What a connection may take, on real sockets: time for handshake, head and body, places, and a stop. Time passes when the
//! test says so, so that each limit is tried a moment before it and at it.

mod disk;
mod table;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use countersign_gateway::config::Config;
use countersign_gateway::limits;
use countersign_tests::hand_timer::HandTimer;
use countersign_tests::raw_phone::any_certificate;
use countersign_tests::stage::Stage;
use countersign_tests::window::rest;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

/// Just before a limit.
const MOMENT: Duration = Duration::from_millis(1);
/// For real: how long something may take that should come at once.
const PATIENCE: Duration = Duration::from_secs(20);
/// For real: how long nothing may come where nothing should.
const QUIET: Duration = Duration::from_millis(150);

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn stage(change: impl FnOnce(&mut Config)) -> (Stage, Arc<HandTimer>) {
    let timer = Arc::new(HandTimer::default());
    (Stage::with_timer(change, timer.clone()), timer)
}

fn host(stage: &Stage) -> String {
    stage.origin().trim_start_matches("https://").to_owned()
}

/// A connection without a handshake, from one of the addresses of the loopback network.
fn plain(stage: &Stage, from: u8) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, from), 0))).expect("an address");
        socket.connect(stage.address()).await.expect("the system's queue has room").into_std().expect("a stream")
    });
    stream.set_nonblocking(false).expect("blocking");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream
}

fn tls(stream: TcpStream) -> Tls {
    let name = ServerName::try_from("localhost").expect("a name");
    StreamOwned::new(ClientConnection::new(Arc::new(any_certificate()), name).expect("a client"), stream)
}

/// Asks for something small; whether it was answered.
fn asks(stream: &mut Tls, host: &str) -> bool {
    let sent = stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    sent.is_ok() && answer(stream).starts_with("HTTP/1.1 200")
}

/// One answer whose body has a known length; what there was when the connection ended before.
fn answer(stream: &mut Tls) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let told = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= told.map_or(0, |told| told.trim().parse().expect("a number")) {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Whether nothing comes for a moment, and the connection is still there.
fn is_quiet(stream: &mut Tls) -> bool {
    stream.sock.set_read_timeout(Some(QUIET)).expect("a time");
    let read = stream.read(&mut [0; 16]);
    stream.sock.set_read_timeout(Some(PATIENCE)).expect("a time");
    read.is_err_and(|fault| matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

/// Whether the other end closed without another word.
fn is_closed(stream: &mut Tls) -> bool {
    match stream.read(&mut [0; 16]) {
        Ok(count) => count == 0,
        Err(fault) => !matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn a_handshake_that_does_not_come_ends_the_connection() {
    let (stage, timer) = stage(|_| {});
    for (after, served) in [(limits::HANDSHAKE_TIME - MOMENT, true), (limits::HANDSHAKE_TIME, false)] {
        let mut stream = plain(&stage, 1);
        timer.until_waiting(limits::HANDSHAKE_TIME, 1);
        timer.pass(after);
        if served {
            assert!(asks(&mut tls(stream), &host(&stage)), "{after:?}");
        } else {
            assert_eq!(stream.read(&mut [0; 1]).expect("closed, without a word"), 0, "{after:?}");
        }
        timer.until_waiting(limits::HANDSHAKE_TIME, 0);
    }
}

#[test]
fn headers_that_do_not_come_are_408() {
    let (stage, timer) = stage(|_| {});
    let host = host(&stage);
    for (after, status) in [(limits::HEADER_TIME - MOMENT, "200"), (limits::HEADER_TIME, "408")] {
        let mut stream = tls(plain(&stage, 1));
        // The beginning of the second head travels with the first request, so that the gateway has it.
        let begun = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\nGET /healthz HTTP/1.1\r\nHo");
        stream.write_all(begun.as_bytes()).expect("sent");
        assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
        timer.until_waiting(limits::HEADER_TIME, 1);
        timer.pass(after);
        if status == "200" {
            assert!(is_quiet(&mut stream), "{after:?}");
            stream.write_all(format!("st: {host}\r\n\r\n").as_bytes()).expect("sent");
        }
        let said = answer(&mut stream);
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{after:?}: {said}");
        assert!(status == "200" || is_closed(&mut stream), "{after:?}");
        drop(stream);
        timer.until_waiting(limits::HEADER_TIME, 0);
    }
    // Where nothing was begun there is nothing to answer: the connection ends.
    let mut idle = tls(plain(&stage, 1));
    assert!(asks(&mut idle, &host));
    timer.until_waiting(limits::HEADER_TIME, 1);
    timer.pass(limits::HEADER_TIME);
    assert_eq!(answer(&mut idle), "");
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let (stage, timer) = stage(|_| {});
    let (host, origin) = (host(&stage), stage.origin());
    let page = format!(
        "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n"
    );
    let device = format!(
        "POST /push/v1/enrol HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nCountersign-Proof: x\r\n\
         Content-Length: 9\r\n\r\n"
    );
    for (call, in_time) in [(page, "HTTP/1.1 403"), (device, "HTTP/1.1 400")] {
        for (after, expected) in [(limits::BODY_TIME - MOMENT, in_time), (limits::BODY_TIME, "HTTP/1.1 408")] {
            let mut stream = tls(plain(&stage, 1));
            stream.write_all(call.as_bytes()).expect("sent");
            timer.until_waiting(limits::BODY_TIME, 1);
            timer.pass(after);
            if expected == in_time {
                assert!(is_quiet(&mut stream), "{after:?}");
                stream.write_all(b"name=mara").expect("sent");
            }
            let said = answer(&mut stream);
            assert!(said.starts_with(expected), "{after:?}: {said}");
            drop(stream);
            timer.until_waiting(limits::BODY_TIME, 0);
        }
    }
}

#[test]
fn a_stop_lets_requests_finish_for_ten_seconds() {
    for (after, finishes) in [(limits::STOP_TIME - MOMENT, true), (limits::STOP_TIME, false)] {
        let (mut stage, timer) = stage(|_| {});
        let (host, origin) = (host(&stage), stage.origin());
        let mut stream = tls(plain(&stage, 1));
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        timer.until_waiting(limits::BODY_TIME, 1);
        std::thread::scope(|scope| {
            let stopping = scope.spawn(|| stage.stop());
            timer.until_waiting(limits::STOP_TIME, 1);
            timer.pass(after);
            if finishes {
                assert!(!stopping.is_finished());
                stream.write_all(b"name=mara").expect("sent");
                let said = answer(&mut stream);
                assert!(said.starts_with("HTTP/1.1 403"), "answered though it stops: {said}");
            }
            stopping.join().expect("it stops");
        });
        assert!(is_closed(&mut stream), "{after:?}");
    }
}

#[test]
fn held_requests_are_answered_at_a_stop() {
    let (mut stage, timer) = stage(|config| config.sample_app = true);
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    stage.begin(&alice);
    let mut echo = phone.echo(30);
    echo["have"] = serde_json::json!([countersign_tests::raw_phone::payload(&phone.challenges()[0])["jti"]]);
    std::thread::scope(|scope| {
        let held = scope.spawn(move || phone.poll(&echo));
        timer.until_waiting(Duration::from_secs(30), 1);
        assert!(!held.is_finished(), "held while nothing changes");
        let stopping = scope.spawn(|| stage.stop());
        let reply = held.join().expect("an answer");
        assert_eq!((reply.status, reply.json()["device"].as_str()), (200, Some("active")), "{}", reply.verdict());
        stopping.join().expect("it stops, and nobody waited for thirty seconds");
    });
}

#[test]
fn beyond_the_most_connections_a_further_one_waits() {
    const MOST: usize = 3;
    let (stage, _timer) = stage(|config| config.limits.connections = MOST);
    assert_eq!(Config::local("x").limits.connections, limits::CONNECTIONS);
    let host = host(&stage);
    let mut open: Vec<Tls> = (0..MOST).map(|_| tls(plain(&stage, 1))).collect();
    for stream in &mut open {
        assert!(asks(stream, &host));
    }
    let mut further = tls(plain(&stage, 1));
    further.write_all(b"").expect("nothing yet");
    let hello = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
    further.sock.set_read_timeout(Some(QUIET)).expect("a time");
    assert!(further.write_all(hello.as_bytes()).is_err(), "no handshake while all places are taken");
    further.sock.set_read_timeout(Some(PATIENCE)).expect("a time");
    drop(open.pop());
    assert!(asks(&mut further, &host), "it waited in the queue, and has its turn");
}

#[test]
fn one_address_does_not_take_all_places() {
    const MOST: usize = 2;
    let proxy = "127.0.0.9".parse().expect("an address");
    let (stage, _timer) = stage(|config| {
        config.limits.address_connections = MOST;
        config.proxies = vec![proxy];
    });
    assert_eq!(Config::local("x").limits.address_connections, limits::ADDRESS_CONNECTIONS);
    let host = host(&stage);
    let mut open: Vec<Tls> = (0..MOST).map(|_| tls(plain(&stage, 1))).collect();
    for stream in &mut open {
        assert!(asks(stream, &host));
    }
    assert!(!asks(&mut tls(plain(&stage, 1)), &host), "one more than it may have");
    assert!(asks(&mut tls(plain(&stage, 2)), &host), "another address");
    let mut through: Vec<Tls> = (0..MOST + 2).map(|_| tls(plain(&stage, 9))).collect();
    assert!(through.iter_mut().all(|stream| asks(stream, &host)), "a proxy stands for many");
    assert!(open.iter_mut().all(|stream| asks(stream, &host)), "those that were open are served on");
    drop(open);
    let again = (0..100).any(|_| {
        rest(Duration::from_millis(20));
        asks(&mut tls(plain(&stage, 1)), &host)
    });
    assert!(again, "places come back");
}
