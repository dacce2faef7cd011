//! `limits::*`: the bodies of device calls, at their limits and one byte beyond; how many calls a network may make.

use countersign_gateway::limits::{CONNECTION_RATE, DEVICE_BODY, ENROL_BODY};
use countersign_gateway::push::rate;
use countersign_tests::raw_phone::any_certificate;
use countersign_tests::stage::Stage;

use super::sender::{Kind, Sender};

/// What the good body of that kind is answered with when blanks make it this long.
fn padded(kind: Kind, bytes: usize) -> String {
    let sender = Sender::new(kind);
    let (path, body) = sender.good_body();
    let mut body = body.to_string().into_bytes();
    assert!(body.len() < bytes, "there is room for blanks");
    body.resize(bytes, b' ');
    sender.send_body(path, &body)
}

#[test]
fn bodies() {
    assert_eq!((ENROL_BODY, DEVICE_BODY), (48 * 1024, 16 * 1024), "as push-v1 section 4 has them");
    let limits = [
        (Kind::Enrol, ENROL_BODY),
        (Kind::Proof, DEVICE_BODY),
        (Kind::Answer, DEVICE_BODY),
        (Kind::Keys, ENROL_BODY),
        (Kind::Invite, DEVICE_BODY),
        (Kind::Confirm, DEVICE_BODY),
    ];
    for (kind, limit) in limits {
        for (bytes, expected) in [(limit - 1, kind.taken()), (limit, kind.taken()), (limit + 1, "413 large")] {
            assert_eq!((kind, bytes, padded(kind, bytes).as_str()), (kind, bytes, expected));
        }
    }
}

/// Makes so many calls in a row, on as few connections as may carry them; status, body and `Retry-After` of the last.
async fn calls(stage: &Stage, method: &str, path: &str, count: u32) -> (u16, String, Option<String>) {
    let (url, mut left) = (format!("{}{path}", stage.u()), count);
    loop {
        let client = reqwest::Client::builder().tls_backend_preconfigured(any_certificate()).no_proxy();
        let client = client.resolve("localhost", stage.address()).build().expect("a client");
        for _ in 0..left.min(CONNECTION_RATE) {
            let request = client.request(method.parse().expect("a method"), &url);
            let request =
                if method == "POST" { request.header("content-type", "application/json").body("{}") } else { request };
            let answer = request.send().await.expect("an answer");
            left -= 1;
            if left == 0 {
                let after = answer.headers().get("retry-after").map(|it| it.to_str().expect("text").to_owned());
                assert!(answer.headers().contains_key("countersign-nonce"));
                return (answer.status().as_u16(), answer.text().await.expect("a body"), after);
            }
            assert_ne!(answer.status(), 429, "{path}: {left} before the limit");
        }
    }
}

/// Section 4: what is open to all is limited per network, before anything of it is read.
#[test]
fn calls_of_a_network() {
    let stage = Stage::start();
    let phone = stage.active_phone(&stage.person("alice"), "phone");
    let poll = phone.proven("/poll", &phone.echo(0));
    // Whatever the phone did is forgotten by then.
    stage.clock.advance(60);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (method, path, rate, status) in [
        ("GET", "/metadata", rate::OPEN, 200),
        ("POST", "/enrol", rate::ENROL, 400),
        ("POST", "/answer", rate::OPEN, 400),
    ] {
        let last = |count| runtime.block_on(calls(&stage, method, path, count));
        assert_eq!(last(rate.burst).0, status, "{path}");
        let (refused, body, after) = last(1);
        assert_eq!((refused, body.as_str(), after.as_deref()), (429, r#"{"error":"slow"}"#, Some("1")), "{path}");
        stage.clock.advance(1);
        assert_eq!(last(1).0, status, "{path}: a second later");
    }
    assert_eq!(phone.wire.send(poll).status, 200, "who proves it is not held up by that");
}
