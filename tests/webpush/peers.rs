//! Web Push by other hands: PyPI's `http-ece` opens what we send, `joserfc` checks our token, and we open what npm's
//! `web-push` sends.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_gateway::port::machine::{MachineRandom, RingSigners};
use countersign_gateway::seal::Seal;
use countersign_gateway::store::Store;
use countersign_gateway::value;
use countersign_gateway::webpush::body;
use countersign_gateway::webpush::vapid::Vapid;
use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::push::{PushMode, endpoint};
use countersign_protocol::seal::{Receiver, open};
use countersign_tests::program;
use countersign_tests::push_server::{PushServer, Reply};
use countersign_tests::raw_phone::Key;
use serde_json::{Value, json};

fn b64u(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn peer(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("webpush/peer").join(file)
}

fn receiver() -> Receiver {
    Receiver::new(&Secret::from_slice(Key::named("seal").scalar()), Id::from_bytes([0x30; 16])).unwrap()
}

/// Runs a program with JSON on its standard input and reads JSON from its output.
fn ask(command: &mut Command, question: &Value) -> Value {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("cargo xtask setup installs it");
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn python() -> Command {
    let mut command = Command::new(program::target().join("python-venv/bin/python"));
    command.args(["-B"]).arg(peer("check.py"));
    command
}

#[test]
fn http_ece_opens_what_we_seal() {
    let (receiver, random) = (receiver(), MachineRandom::default());
    let point = receiver.public().p256dh.0.to_sec1();
    for length in [1, 700, 1_022, 1_023, 1_024, 2_047, 2_048] {
        let text = "c".repeat(length);
        let sealed = body::body(receiver.public(), &text, PushMode::Sealed, &random).unwrap();
        let question = json!({"body": b64u(&sealed), "private": b64u(Key::named("seal").scalar()),
                              "public": b64u(&point), "auth": b64u(&[0x30; 16])});
        let answer = ask(python().arg("open"), &question);
        let expected = if length <= 2_047 { text.as_str() } else { "wake" };
        assert_eq!(answer["plain"], json!(expected), "{length}");
    }
}

#[test]
fn joserfc_takes_our_token() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let seal = Seal::new(&[1; 32], std::sync::Arc::new(MachineRandom::default()));
    let now = 1_795_260_000;
    let vapid = Vapid::open(
        &value::store::values(&store, &seal),
        &RingSigners::default(),
        "mailto:ops@example.com".into(),
        now,
    )
    .unwrap();
    let to = endpoint::parse("https://push.example.com:8443/up/abc").unwrap();
    let header = vapid.authorization(0, &to, now).unwrap();
    let answer = ask(python().arg("token"), &json!({"authorization": header}));
    assert_eq!(answer["header"], json!({"typ": "JWT", "alg": "ES256"}));
    let claims = json!({"aud": "https://push.example.com:8443", "exp": now + 43_200, "sub": "mailto:ops@example.com"});
    assert_eq!(answer["claims"], claims);
    let forged = header.replacen("vapid t=ey", "vapid t=ez", 1);
    assert_eq!(ask(python().arg("token"), &json!({"authorization": forged})), json!({"refused": true}));
}

#[test]
fn we_open_what_web_push_sends() {
    let (server, receiver) = (PushServer::start(&[Reply::Status(201)]), receiver());
    let keys = json!({"p256dh": b64u(&receiver.public().p256dh.0.to_sec1()), "auth": b64u(&[0x30; 16])});
    // It adds no padding of its own, so these are the two lengths that come out in our sizes.
    for (turn, length) in [1_023, 2_047, 700].into_iter().enumerate() {
        let payload: String = (0..length).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
        let subscription = json!({"endpoint": server.endpoint_of("localhost", "/up/web-push"), "keys": keys});
        let mut node = Command::new("node");
        node.arg(peer("send.mjs")).env("NODE_EXTRA_CA_CERTS", server.roots());
        let answer = ask(&mut node, &json!({"subscription": subscription, "payload": payload}));
        assert_eq!(answer["status"], json!(201));
        let bell = server.wait(turn + 1).remove(turn);
        assert_eq!(bell.header("content-encoding"), Some("aes128gcm"));
        match open(&receiver, &bell.body) {
            Ok(plain) => assert!(plain.ct_eq(payload.as_bytes()) && length != 700),
            Err(_) => assert_eq!(length, 700, "any other size is refused"),
        }
    }
}
