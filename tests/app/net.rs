//! The network adapter against real TLS servers on this machine. What stands in a group of section 14 is a test there.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::limits;
use countersign_core::net::Net;
use countersign_core::port::{Clock, Http, Method, Request, Response, Trust};
use countersign_protocol::jose::H32;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::phone::NOW;

/// A clock that stands still.
struct Fixed(u64);

impl Clock for Fixed {
    fn now(&self) -> u64 {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// A key with a certificate over it.
struct Identity {
    key: KeyPair,
    certificate: CertificateDer<'static>,
}

impl Identity {
    /// Self-signed, for `name`, until the first day of a month of 2026 or 2027.
    #[expect(clippy::disallowed_methods, reason = "a certificate of a test may be any")]
    fn until(name: &str, year: i32, month: u8) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, month, 1);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { key, certificate }
    }

    /// One whose certificate is exactly so many bytes long.
    #[expect(clippy::disallowed_methods, reason = "a certificate of a test may be any")]
    fn of_size(bytes: usize) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut filler = bytes - 1_000;
        loop {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            (params.not_before, params.not_after) =
                (rcgen::date_time_ymd(2026, 1, 1), rcgen::date_time_ymd(2027, 1, 1));
            let filling = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![4; filler]);
            params.custom_extensions = vec![filling];
            let certificate = params.self_signed(&key).unwrap().der().clone();
            match certificate.len() {
                length if length == bytes => return Self { key, certificate },
                // Signatures differ in length by a byte or two.
                length => filler = filler + bytes - length,
            }
        }
    }

    fn pin(&self) -> H32 {
        H32::sha256(&[&self.key.subject_public_key_info()])
    }
}

/// What a server saw and how often it was connected to.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

type Answer = fn(&str, &mut StreamOwned<ServerConnection, TcpStream>);

/// Serves `certificate` signed for by `key`, which need not belong together.
fn serve(certificate: &Identity, key: &Identity, answer: Answer) -> Server {
    serve_chain(&[certificate], key, answer)
}

fn serve_chain(chain: &[&Identity], key: &Identity, answer: Answer) -> Server {
    let provider = rustls::crypto::ring::default_provider();
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.key.serialize_der()));
    let signing = provider.key_provider.load_private_key(der).unwrap();
    let chain = chain.iter().map(|identity| identity.certificate.clone()).collect();
    let certified = CertifiedKey::new(chain, signing);
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Always(Arc::new(certified))));
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("https://localhost:{}/push/v1/metadata", listener.local_addr().unwrap().port());
    let (requests, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
    let (seen, count) = (requests.clone(), connections.clone());
    // The thread ends with the test's process; it holds nothing that others wait for.
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            count.fetch_add(1, Ordering::SeqCst);
            let (config, seen) = (config.clone(), seen.clone());
            std::thread::spawn(move || {
                let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut byte) {
                        Ok(1) => request.push(byte[0]),
                        _ => return,
                    }
                }
                let request = String::from_utf8(request).unwrap();
                seen.lock().unwrap().push(request.clone());
                answer(&request, &mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            });
        }
    });
    Server { url, requests, connections }
}

fn ok(_: &str, stream: &mut StreamOwned<ServerConnection, TcpStream>) {
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nCountersign-Nonce: n1\r\n\r\n{}");
}

fn never(_: &str, _: &mut StreamOwned<ServerConnection, TcpStream>) {
    std::thread::park();
}

fn request(server: &Server, trust: Trust) -> Request {
    Request {
        method: Method::Get,
        url: server.url.clone(),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: Vec::new(),
        trust,
        deadline: Duration::from_secs(20),
        most: 64 * 1024,
    }
}

fn get(net: &Net, server: &Server, trust: Trust) -> Result<Response, PortError> {
    net.send(request(server, trust), &Cancel::default())
}

fn net(roots: &[&Identity]) -> Net {
    let roots: Vec<Vec<u8>> = roots.iter().map(|root| root.certificate.to_vec()).collect();
    Net::new(move || roots, Arc::new(Fixed(NOW)))
}

pub(super) fn pinned_self_signed() {
    // Another name, and past its time: of a certificate that is pinned nothing but the key is asked.
    let own = Identity::until("elsewhere.example", 2026, 6);
    let server = serve(&own, &own, ok);
    let response = get(&net(&[]), &server, Trust::Pins(vec![H32::sha256(&[b"old"]), own.pin()])).unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!(response.header("countersign-nonce"), Some("n1"));
}

#[test]
fn roots_are_asked_for_by_the_first_request_that_needs_them_and_once() {
    let own = Identity::until("localhost", 2027, 1);
    let (server, asked) = (serve(&own, &own, ok), Arc::new(AtomicUsize::new(0)));
    let (root, count) = (own.certificate.to_vec(), Arc::clone(&asked));
    let roots = move || {
        count.fetch_add(1, Ordering::SeqCst);
        vec![root]
    };
    let net = Net::new(roots, Arc::new(Fixed(NOW)));
    get(&net, &server, Trust::Pins(vec![own.pin()])).unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 0, "a pinned gateway needs none");
    for _ in 0..2 {
        get(&net, &server, Trust::Platform).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

pub(super) fn pin_foreign() {
    let (own, other) = (Identity::until("localhost", 2027, 1), Identity::until("localhost", 2027, 1));
    let server = serve(&own, &own, ok);
    // Also where the platform would believe it.
    assert_eq!(get(&net(&[&own]), &server, Trust::Pins(vec![other.pin()])), Err(PortError::Tls));
    assert!(server.requests.lock().unwrap().is_empty(), "nothing was sent");
}

pub(super) fn certificate_copied() {
    // The pinned certificate, shown by somebody who does not have its key.
    let (own, thief) = (Identity::until("localhost", 2027, 1), Identity::until("localhost", 2027, 1));
    let server = serve(&own, &thief, ok);
    for trust in [Trust::Pins(vec![own.pin()]), Trust::Platform, Trust::MetadataOnly] {
        assert_eq!(get(&net(&[&own]), &server, trust), Err(PortError::Tls));
    }
    assert!(server.requests.lock().unwrap().is_empty());
}

pub(super) fn tls_expired_without_pin() {
    let (good, late) = (Identity::until("localhost", 2027, 1), Identity::until("localhost", 2026, 6));
    let other_name = Identity::until("elsewhere.example", 2027, 1);
    let roots = net(&[&good, &late, &other_name]);
    assert!(get(&roots, &serve(&good, &good, ok), Trust::Platform).is_ok());
    for bad in [&late, &other_name] {
        assert_eq!(get(&roots, &serve(bad, bad, ok), Trust::Platform), Err(PortError::Tls));
    }
    assert_eq!(get(&net(&[]), &serve(&good, &good, ok), Trust::Platform), Err(PortError::Tls), "no roots, no trust");
}

#[test]
fn a_chain_is_of_eight_certificates_at_most() {
    let own = Identity::until("localhost", 2027, 1);
    for (length, fits) in [(limits::CHAIN - 1, true), (limits::CHAIN, true), (limits::CHAIN + 1, false)] {
        let server = serve_chain(&vec![&own; length], &own, ok);
        for trust in [Trust::Pins(vec![own.pin()]), Trust::Platform, Trust::MetadataOnly] {
            assert_eq!(get(&net(&[&own]), &server, trust).is_ok(), fits, "{length} certificates");
        }
    }
}

#[test]
fn a_certificate_is_of_sixteen_kibibytes_at_most() {
    for (bytes, fits) in
        [(limits::CERTIFICATE - 1, true), (limits::CERTIFICATE, true), (limits::CERTIFICATE + 1, false)]
    {
        let own = Identity::of_size(bytes);
        let server = serve(&own, &own, ok);
        for trust in [Trust::Pins(vec![own.pin()]), Trust::Platform, Trust::MetadataOnly] {
            assert_eq!(get(&net(&[&own]), &server, trust).is_ok(), fits, "{bytes} bytes");
        }
    }
}

#[test]
fn metadata_alone_goes_over_a_connection_that_nobody_vouches_for() {
    let own = Identity::until("elsewhere.example", 2026, 6);
    assert!(get(&net(&[]), &serve(&own, &own, ok), Trust::MetadataOnly).is_ok());
}

pub(super) fn redirect() {
    let own = Identity::until("localhost", 2027, 1);
    let server = serve(&own, &own, |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    });
    assert_eq!(get(&net(&[]), &server, Trust::Pins(vec![own.pin()])).unwrap().status, 302);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

pub(super) fn cookie() {
    let own = Identity::until("localhost", 2027, 1);
    let server = serve(&own, &own, ok);
    let net = net(&[]);
    for _ in 0..2 {
        get(&net, &server, Trust::Pins(vec![own.pin()])).unwrap();
    }
    let requests = server.requests.lock().unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), 2, "each request is one connection");
    for request in requests.iter() {
        let request = request.to_ascii_lowercase();
        assert!(!request.contains("\r\ncookie:") && !request.contains("\r\naccept-encoding:"), "{request}");
        assert!(request.starts_with("get /push/v1/metadata http/1.1\r\n"), "{request}");
    }
}

#[test]
fn an_answer_over_its_limit_is_not_read_to_its_end() {
    let own = Identity::until("localhost", 2027, 1);
    let declared: Answer = |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n");
        let _ = stream.write_all(&[b' '; 65537]);
    };
    let endless: Answer = |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(b"400\r\n").is_ok()
            && stream.write_all(&[b' '; 0x400]).is_ok()
            && stream.write_all(b"\r\n").is_ok()
        {}
    };
    let full: Answer = |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n");
        let _ = stream.write_all(&[b' '; 65536]);
    };
    let trust = Trust::Pins(vec![own.pin()]);
    for answer in [declared, endless] {
        assert_eq!(get(&net(&[]), &serve(&own, &own, answer), trust.clone()), Err(PortError::TooLarge));
    }
    assert_eq!(get(&net(&[]), &serve(&own, &own, full), trust).unwrap().body.len(), 65536);
}

#[test]
fn a_deadline_ends_a_request_that_is_not_answered() {
    let own = Identity::until("localhost", 2027, 1);
    let server = serve(&own, &own, never);
    let late = Request { deadline: Duration::from_millis(300), ..request(&server, Trust::Pins(vec![own.pin()])) };
    assert_eq!(net(&[]).send(late, &Cancel::default()), Err(PortError::Timeout));
}

#[test]
fn cancelling_ends_a_request_at_once() {
    let own = Identity::until("localhost", 2027, 1);
    let server = serve(&own, &own, never);
    let (cancel, pin) = (Cancel::default(), own.pin());
    let waiting = std::thread::spawn({
        let (cancel, request) = (cancel.clone(), request(&server, Trust::Pins(vec![pin])));
        move || net(&[]).send(Request { deadline: Duration::from_secs(600), ..request }, &cancel)
    });
    while server.requests.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    cancel.cancel();
    assert_eq!(waiting.join().unwrap(), Err(PortError::Cancelled));
    assert_eq!(
        net(&[]).send(request(&server, Trust::Platform), &cancel),
        Err(PortError::Cancelled),
        "before it is sent"
    );
}

#[test]
fn a_connection_that_breaks_is_not_tried_again() {
    let own = Identity::until("localhost", 2027, 1);
    let server = serve(&own, &own, |_, _| {});
    assert_eq!(get(&net(&[]), &server, Trust::Pins(vec![own.pin()])), Err(PortError::Network));
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn nothing_goes_without_tls() {
    let own = Identity::until("localhost", 2027, 1);
    let server = serve(&own, &own, ok);
    let mut plain = request(&server, Trust::Pins(vec![own.pin()]));
    plain.url = plain.url.replace("https://", "http://");
    assert_eq!(net(&[]).send(plain, &Cancel::default()), Err(PortError::Network));
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}
