//! The way of a request, on a gateway that listens.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use http_body_util::BodyExt;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::outermost::TRANSACTION;
use super::{Peer, answer, routes};
use crate::config::{Config, Tls};
use crate::house::House;
use crate::port::{Adapters, Timer, machine};
use crate::session::{Cookie, Step};
use crate::start::folder::FolderFault;
use crate::{Gateway, Running, StartFault, limits, page};

async fn gateway(change: impl FnOnce(&mut Config)) -> (tempfile::TempDir, Running) {
    gateway_with(change, machine::adapters()).await
}

async fn gateway_with(change: impl FnOnce(&mut Config), adapters: Adapters) -> (tempfile::TempDir, Running) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::local(folder.path().join("data"));
    change(&mut config);
    let running = Gateway::start(config, adapters).await.unwrap();
    (folder, running)
}

/// No time ever passes: what ends, ends by itself.
struct Never;

impl Timer for Never {
    fn wait(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

fn request(house: &House, method: &str, path: &str) -> Request<Body> {
    let host = house.origin.trim_start_matches("https://");
    let builder = Request::builder().method(method).uri(path).header(header::HOST, host);
    builder.extension(Peer(([192, 0, 2, 7], 4000).into())).body(Body::empty()).unwrap()
}

async fn ask(house: &Arc<House>, request: Request<Body>) -> Response {
    answer(house, &routes(house), request, true).await
}

async fn text_of(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn header_of(response: &Response, name: impl header::AsHeaderName) -> String {
    response.headers().get(name).map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() {
    let (_folder, running) = gateway(|_| {}).await;
    let house = running.house();
    let paths = [
        "/",
        "/enrol",
        "/approve",
        "/login",
        "/manageotp",
        "/assets/app.css",
        "/assets/app.js",
        "/assets/mark.svg",
        "/healthz",
        "/readyz",
        "/nowhere",
    ];
    for path in paths {
        let response = ask(house, request(house, "GET", path)).await;
        assert_eq!(header_of(&response, header::CONTENT_SECURITY_POLICY), page::CSP, "{path}");
        assert_eq!(header_of(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(header_of(&response, header::REFERRER_POLICY), "no-referrer", "{path}");
        assert_eq!(header_of(&response, TRANSACTION).len(), 12, "{path}");
        assert_eq!(header_of(&response, header::STRICT_TRANSPORT_SECURITY), "", "self-signed, {path}");
        let cached = path.starts_with("/assets/");
        assert_eq!(header_of(&response, header::CACHE_CONTROL) == "no-store", !cached, "{path}");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a certificate of a test may be any")]
async fn with_a_certificate_of_the_operator_browsers_are_told_to_keep_to_https() {
    let files = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (files.path().join("c.pem"), files.path().join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (_folder, running) = gateway(|config| config.tls = Tls::Files { certificate, key }).await;
    let house = running.house();
    for path in ["/login", "/assets/app.css", "/healthz", "/nowhere", "/push/v1/metadata"] {
        let response = ask(house, request(house, "GET", path)).await;
        let told = header_of(&response, header::STRICT_TRANSPORT_SECURITY);
        assert_eq!(told, "max-age=31536000; includeSubDomains", "{path}");
    }
}

#[tokio::test]
async fn while_it_stops_it_lives_and_is_not_ready() {
    let (_folder, running) = gateway(|_| {}).await;
    let house = running.house();
    let ready = ask(house, request(house, "GET", "/readyz")).await;
    assert_eq!((ready.status(), text_of(ready).await.as_str()), (StatusCode::OK, "ready\n"));
    house.stopping.begin();
    let stopping = ask(house, request(house, "GET", "/readyz")).await;
    assert_eq!((stopping.status(), text_of(stopping).await.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"));
    assert_eq!(ask(house, request(house, "GET", "/healthz")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so_with_the_transaction_id() {
    let (_folder, running) = gateway(|_| {}).await;
    let response = ask(running.house(), request(running.house(), "GET", "/nowhere")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let transaction = header_of(&response, TRANSACTION);
    let html = text_of(response).await;
    assert!(html.contains(&transaction) && html.contains("<h1>There is no page at this address</h1>"), "{html}");
    let device = ask(running.house(), request(running.house(), "GET", "/push/v1/nowhere")).await;
    assert_eq!(text_of(device).await, r#"{"error":"malformed"}"#);
}

#[tokio::test]
async fn a_panic_in_a_handler_is_500_and_the_process_lives() {
    let (_folder, running) = gateway(|_| {}).await;
    let house = running.house();
    async fn broken() -> &'static str {
        panic!("a bug")
    }
    let routes = Router::new().route("/broken", get(broken));
    let response = answer(house, &routes, request(house, "GET", "/broken"), true).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask(house, request(house, "GET", "/healthz")).await.status(), StatusCode::OK);
    let service: Result<(), crate::failure::Failure> = house.run(|_| panic!("a bug")).await;
    assert_eq!(service.unwrap_err().status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn lines_and_headers_over_their_limits_are_refused() {
    let (_folder, running) = gateway(|_| {}).await;
    let house = running.house();
    let path = |line: usize| format!("/{}", "a".repeat(line - "GET / HTTP/1.1".len()));
    for (line, status) in [
        (limits::REQUEST_LINE, StatusCode::NOT_FOUND),
        (limits::REQUEST_LINE + 1, StatusCode::URI_TOO_LONG),
        (limits::REQUEST_LINE * 10, StatusCode::URI_TOO_LONG),
    ] {
        assert_eq!(ask(house, request(house, "GET", &path(line))).await.status(), status, "{line}");
    }
    // `Host` is one of them.
    for (count, status) in
        [(limits::HEADERS - 1, StatusCode::OK), (limits::HEADERS, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)]
    {
        let mut many = request(house, "GET", "/enrol");
        for n in 0..count {
            many.headers_mut().append(HeaderName::try_from(format!("x-{n}")).unwrap(), "1".parse().unwrap());
        }
        assert_eq!(ask(house, many).await.status(), status, "{count}");
    }
    for (name, bytes) in [("x-long", limits::HEADER_BYTES), ("cookie", limits::COOKIE_BYTES + 1)] {
        let mut long = request(house, "GET", "/enrol");
        long.headers_mut().append(HeaderName::from_static(name), "a".repeat(bytes).parse().unwrap());
        assert_eq!(ask(house, long).await.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "{name}");
    }
}

#[tokio::test]
async fn only_configured_hosts_are_served() {
    let (_folder, running) = gateway(|config| config.hosts = vec!["other.example.com".into()]).await;
    let house = running.house();
    let with_hosts = |path: &str, hosts: &[&str]| {
        let mut request = request(house, "GET", path);
        request.headers_mut().remove(header::HOST);
        for host in hosts {
            request.headers_mut().append(header::HOST, host.parse().unwrap());
        }
        request
    };
    let own = house.origin.trim_start_matches("https://").to_owned();
    for hosts in [&["evil.example.com"][..], &[], &[&own, &own], &["localhost"], &["LOCALHOST"]] {
        assert_eq!(
            ask(house, with_hosts("/enrol", hosts)).await.status(),
            StatusCode::MISDIRECTED_REQUEST,
            "{hosts:?}"
        );
    }
    assert_eq!(ask(house, with_hosts("/enrol", &["other.example.com"])).await.status(), StatusCode::OK);
    assert_eq!(ask(house, with_hosts("/healthz", &["10.0.0.1"])).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_form_counts_only_from_our_own_page() {
    let (_folder, running) = gateway(|_| {}).await;
    let house = running.house();
    let person =
        house.people.add("alice", &countersign_protocol::Secret::from_slice(b"tea and rain"), &Default::default());
    let (person, _) = person.unwrap();
    let signed_in = || house.sessions.begin(person.id, "alice", Step::default()).unwrap().unwrap().0;
    let post = |headers: &[(&'static str, &str)], cookie: &Cookie, body: String| {
        let mut request = request(house, "POST", "/logout").map(|_| Body::from(body));
        let set = cookie.set();
        let pair = set.split(';').next().unwrap_or_default();
        for (name, value) in
            [("cookie", pair), ("content-type", "application/x-www-form-urlencoded")].iter().chain(headers)
        {
            request.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        ask(house, request)
    };
    let cookie = signed_in();
    let token = |cookie: &Cookie| format!("token={}", house.forms.token(cookie));
    let own = ("origin", house.origin.as_str());
    let site = |site| ("sec-fetch-site", site);
    for refused in [
        &[][..],
        &[("origin", "https://evil.example.com")],
        &[("origin", "null")],
        &[own, site("cross-site")],
        &[own, site("same-site")],
        &[("origin", "https://evil.example.com"), site("same-origin")],
    ] {
        assert_eq!(post(refused, &cookie, token(&cookie)).await.status(), StatusCode::FORBIDDEN, "{refused:?}");
    }
    let other = signed_in();
    for body in [String::new(), "token=".into(), "token=AAAA".into(), token(&other), format!("{0}&{0}", token(&cookie))]
    {
        assert_ne!(post(&[own], &cookie, body).await.status(), StatusCode::SEE_OTHER);
    }
    assert!(house.sessions.find(&cookie).unwrap().is_some());
    let large = format!("{}&x={}", token(&cookie), "a".repeat(limits::FORM_BODY));
    assert_eq!(post(&[own], &cookie, large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let done = post(&[("origin", "null"), site("same-origin")], &cookie, token(&cookie)).await;
    assert_eq!((done.status(), header_of(&done, header::LOCATION).as_str()), (StatusCode::SEE_OTHER, "/login"));
    assert!(header_of(&done, header::SET_COOKIE).contains("Max-Age=0"));
    assert!(house.sessions.find(&cookie).unwrap().is_none());
    assert_eq!(post(&[own], &other, token(&other)).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_changes_something_is_not_asked_for_by_get() {
    let (_folder, running) = gateway(|_| {}).await;
    let response = ask(running.house(), request(running.house(), "GET", "/logout")).await;
    assert_eq!(
        (response.status(), header_of(&response, header::ALLOW).as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "POST")
    );
}

#[tokio::test]
async fn a_forwarded_address_counts_from_a_configured_proxy_alone() {
    for (proxies, expected) in [(vec![], "192.0.2.7"), (vec!["192.0.2.7".parse().unwrap()], "203.0.113.9")] {
        let (_folder, running) = gateway(|config| config.proxies = proxies).await;
        let house = running.house();
        let seen = Router::new().route(
            "/seen",
            get(async |parts: Request<Body>| {
                crate::request::caller(&parts.into_parts().0).address.unwrap().to_string()
            }),
        );
        let mut request = request(house, "GET", "/seen");
        request.headers_mut().insert("x-forwarded-for", "10.0.0.1, 203.0.113.9".parse().unwrap());
        assert_eq!(text_of(answer(house, &seen, request, true).await).await, expected);
    }
}

async fn connect(running: &Running) -> TlsStream<TcpStream> {
    let certificate = running.house().values.get("tls.certificate").unwrap().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(running.addresses()[0]).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

/// Sends a request and reads one answer with a body of known length.
async fn exchange(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "closed after {text}");
        read.extend_from_slice(&buffer[..count]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_connection_is_kept_until_the_stop() {
    let (folder, running) = gateway_with(|_| {}, Adapters { timer: Arc::new(Never), ..machine::adapters() }).await;
    let host = running.url().trim_start_matches("https://").to_owned();
    let mut stream = connect(&running).await;
    for _ in 0..3 {
        let answer = exchange(&mut stream, &format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
    }
    let second = Gateway::start(Config::local(folder.path().join("data")), machine::adapters()).await;
    assert!(matches!(second.err(), Some(StartFault::Folder(FolderFault::Held(_)))));
    let address = running.addresses()[0];
    tokio::select! {
        () = running.stop() => {}
        () = (machine::adapters().timer).wait(Duration::from_secs(60)) => panic!("an idle connection held the stop"),
    }
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(Gateway::start(Config::local(folder.path().join("data")), machine::adapters()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_may_ask_so_often_a_minute() {
    let (_folder, running) = gateway(|_| {}).await;
    let host = running.url().trim_start_matches("https://").to_owned();
    let mut stream = connect(&running).await;
    let device = format!("GET /push/v1/nowhere HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for n in 0..limits::CONNECTION_RATE {
        let answer = exchange(&mut stream, &device).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{n}: {answer}");
    }
    let answer = exchange(&mut stream, &device).await;
    assert!(
        answer.starts_with("HTTP/1.1 429")
            && answer.contains("retry-after: ")
            && answer.ends_with(r#"{"error":"slow"}"#),
        "{answer}"
    );
    let page = exchange(&mut stream, &format!("GET /enrol HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    assert!(page.starts_with("HTTP/1.1 200"), "pages are not counted: {page}");
}
