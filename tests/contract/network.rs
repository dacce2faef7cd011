//! The network adapter passes the suite of every network, against a TLS server on this machine.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use countersign_core::net::Net;
use countersign_core::port::Trust;
use countersign_protocol::jose::H32;
use countersign_tests::contract::{self, Peer};
use countersign_tests::double::{BEGIN, FixedClock};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// Reads head and body of one request.
fn receive(stream: &mut Stream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn header(head: &str, name: &str) -> Option<String> {
    let pairs = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let mut found = pairs.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned())
}

fn serve(mut stream: Stream) {
    let Some((head, body)) = receive(&mut stream) else { return };
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let answer = match path.as_str() {
        "/echo" => {
            let sent = header(&head, "x-sent").unwrap_or_default();
            format!("HTTP/1.1 200 OK\r\nX-Method: {method}\r\nX-Sent: {sent}\r\nContent-Length: {}\r\n\r\n", body.len())
        }
        "/redirect" => "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/drip" => {
            let begun = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n";
            let _may_be_gone = stream.write_all(begun.as_bytes()).and_then(|()| stream.flush());
            let _gone = stream.read(&mut [0]);
            return;
        }
        _ => {
            // Until the other side goes away.
            let _gone = stream.read(&mut [0]);
            return;
        }
    };
    let body = if path == "/echo" { body } else { vec![] };
    let _may_be_gone = stream.write_all(answer.as_bytes()).and_then(|()| stream.write_all(&body));
    stream.conn.send_close_notify();
    let _may_be_gone = stream.flush();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a certificate of a test may be any")]
fn the_network_adapter() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], der)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(config.clone()).unwrap();
            std::thread::spawn(move || serve(StreamOwned::new(connection, socket)));
        }
    });
    let nobody = countersign_tests::port::port();
    let at = |path: &str| format!("https://localhost:{port}/{path}");
    let peer = Peer {
        echo: at("echo"),
        redirect: at("redirect"),
        silent: at("silent"),
        drip: at("drip"),
        nobody: format!("https://localhost:{nobody}/"),
        trust: Trust::Pins(vec![H32::sha256(&[&key.subject_public_key_info()])]),
        foreign: Some(Trust::Pins(vec![H32::from_bytes([2; 32])])),
    };
    contract::http(&Net::new(Vec::new, Arc::new(FixedClock::new(BEGIN))), &peer);
}
