//! `proof::*`: what the gateway refuses of a signature over a request (push-v1 section 4).

use countersign_tests::raw_phone::{RawPhone, RawRequest, id, payload, sign, twin};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

/// A gateway with one active phone that has proven itself once.
fn stage() -> (Stage, RawPhone) {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "proof");
    assert_eq!(phone.poll(&phone.echo(0)).status, 200, "the phone of the test is taken as it is");
    (stage, phone)
}

/// A poll whose proof claims were changed.
fn with_claims(phone: &RawPhone, change: impl FnOnce(&mut Value)) -> String {
    let body = phone.echo(0).to_string();
    let mut claims = phone.proof_claims("POST", "/poll", body.as_bytes());
    change(&mut claims);
    send(phone, &body, &sign("cs-proof+jwt", &claims, &phone.pk))
}

fn send(phone: &RawPhone, body: &str, proof: &str) -> String {
    phone.wire.send(RawRequest::post("/poll", body).header("countersign-proof", proof)).verdict()
}

#[test]
fn proof_none() {
    let (_stage, phone) = stage();
    let reply = phone.wire.send(RawRequest::post("/poll", phone.echo(0).to_string()));
    assert_eq!(reply.verdict(), "400 malformed");
}

#[test]
fn proof_two() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let [one, two] = [0, 1].map(|_| phone.proof("POST", "/poll", body.as_bytes()));
    let request = RawRequest::post("/poll", body).header("countersign-proof", &one).header("countersign-proof", &two);
    assert_eq!(phone.wire.send(request).verdict(), "400 malformed");
}

#[test]
fn proof_by_ak() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let claims = phone.proof_claims("POST", "/poll", body.as_bytes());
    assert_eq!(send(&phone, &body, &sign("cs-proof+jwt", &claims, &phone.ak)), "401 refused");
}

#[test]
fn proof_unknown_key() {
    let (stage, phone) = stage();
    let stranger = stage.raw_phone("stranger");
    let body = phone.echo(0).to_string();
    assert_eq!(send(&phone, &body, &stranger.proof("POST", "/poll", body.as_bytes())), "401 refused");
}

#[test]
fn body_changed() {
    let (_stage, phone) = stage();
    let proof = phone.proof("POST", "/poll", phone.echo(0).to_string().as_bytes());
    assert_eq!(send(&phone, &phone.echo(1).to_string(), &proof), "401 refused");
}

#[test]
fn method_changed() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["htm"] = "PUT".into()), "401 refused");
}

#[test]
fn path_changed() {
    let (_stage, phone) = stage();
    let htu = format!("{}/pol", phone.wire.u());
    assert_eq!(with_claims(&phone, |claims| claims["htu"] = htu.into()), "401 refused");
}

#[test]
fn proof_of_other_call() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let proof = phone.proof("POST", "/answer", body.as_bytes());
    assert_eq!(send(&phone, &body, &proof), "401 refused");
}

#[test]
fn htm_lower() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["htm"] = "post".into()), "400 malformed");
}

#[test]
fn htu_other_host() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["htu"] = "https://evil.example/push/v1/poll".into()), "401 refused");
}

#[test]
fn htu_slash() {
    let (_stage, phone) = stage();
    let htu = format!("{}/poll/", phone.wire.u());
    assert_eq!(with_claims(&phone, |claims| claims["htu"] = htu.into()), "401 refused");
}

#[test]
fn htu_upper() {
    let (_stage, phone) = stage();
    let htu = format!("{}/poll", phone.wire.u().replace("localhost", "LOCALHOST"));
    assert_eq!(with_claims(&phone, |claims| claims["htu"] = htu.into()), "401 refused");
}

#[test]
fn host_and_htu_foreign() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let mut claims = phone.proof_claims("POST", "/poll", body.as_bytes());
    claims["htu"] = "https://evil.example/push/v1/poll".into();
    let proof = sign("cs-proof+jwt", &claims, &phone.pk);
    let request = RawRequest::post("/poll", body).header("countersign-proof", &proof).header("host", "evil.example");
    let verdict = phone.wire.send(request).verdict();
    assert!(matches!(verdict.as_str(), "421 malformed" | "401 refused"), "{verdict}");
}

#[test]
fn nonce_never_given() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["nonce"] = "never-given".into()), "401 nonce");
}

#[test]
fn nonce_old_125s() {
    let (stage, phone) = stage();
    let nonce = phone.wire.nonce();
    stage.clock.advance(125);
    assert_eq!(with_claims(&phone, |claims| claims["nonce"] = nonce.into()), "401 nonce");
}

/// A control: the same nonce a little earlier.
#[test]
fn nonce_old_115s_passes() {
    let (stage, phone) = stage();
    let nonce = phone.wire.nonce();
    stage.clock.advance(115);
    assert_eq!(with_claims(&phone, |claims| claims["nonce"] = nonce.into()), "200");
}

#[test]
fn nonce_empty() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["nonce"] = "".into()), "400 malformed");
}

#[test]
fn nonce_129() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["nonce"] = "A".repeat(129).into()), "400 malformed");
}

#[test]
fn jti_used() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["jti"] = id(1).into()), "200");
    assert_eq!(with_claims(&phone, |claims| claims["jti"] = id(1).into()), "401 nonce");
}

#[test]
fn jti_used_twin() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let proof = phone.proof("POST", "/poll", body.as_bytes());
    assert_eq!(send(&phone, &body, &proof), "200");
    assert_ne!(proof, twin(&proof));
    assert_eq!(send(&phone, &body, &twin(&proof)), "401 nonce");
}

/// A control: the other signature of the same claims is as good as the first.
#[test]
fn twin_passes() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let proof = phone.proof("POST", "/poll", body.as_bytes());
    assert_eq!(send(&phone, &body, &twin(&proof)), "200");
}

#[test]
fn bad_signature_before_nonce() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let mut claims = phone.proof_claims("POST", "/poll", body.as_bytes());
    claims["nonce"] = "never-given".into();
    let (good, other) = (sign("cs-proof+jwt", &claims, &phone.pk), phone.proof("POST", "/poll", b"other"));
    let mixed = format!("{}.{}", good.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    assert_eq!(send(&phone, &body, &mixed), "401 refused", "a stranger must not learn whether a nonce is good");
}

#[test]
fn body_large() {
    let (_stage, phone) = stage();
    let mut echo = phone.echo(0);
    echo["padding"] = "x".repeat(16 * 1024).into();
    assert_eq!(phone.poll(&echo).verdict(), "413 large");
}

/// A control: unknown members may fill a body up to its limit.
#[test]
fn body_at_its_limit_passes() {
    let (_stage, phone) = stage();
    let mut echo = phone.echo(0);
    echo["padding"] = "".into();
    echo["padding"] = "x".repeat(16 * 1024 - echo.to_string().len()).into();
    assert_eq!((echo.to_string().len(), phone.poll(&echo).verdict().as_str()), (16 * 1024, "200"));
}

#[test]
fn jws_large() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["padding"] = "x".repeat(2048).into()), "400 malformed");
}

#[test]
fn query() {
    let (_stage, phone) = stage();
    let body = phone.echo(0).to_string();
    let proof = phone.proof("POST", "/poll", body.as_bytes());
    let request = RawRequest::post("/poll?x=1", body).header("countersign-proof", &proof);
    assert_eq!(phone.wire.send(request).verdict(), "404 malformed");
}

#[test]
fn unknown_path() {
    let (_stage, phone) = stage();
    for path in ["/nothing", "/icon/AAAA", "/push/", "/devices", "/poll/", "/"] {
        let reply = phone.wire.send(phone.proven(path, &phone.echo(0)));
        assert_eq!((path, reply.verdict().as_str()), (path, "404 malformed"));
    }
}

#[test]
fn wrong_method() {
    let (_stage, phone) = stage();
    let wrong = [
        ("GET", "/poll", "POST"),
        ("DELETE", "/enrol", "POST"),
        ("POST", "/metadata", "GET"),
        ("POST", "/events", "GET"),
        ("GET", "/push", "PUT, DELETE"),
        ("PUT", "/device", "DELETE"),
        ("GET", "/keys", "POST"),
        ("PUT", "/invite", "POST"),
        ("DELETE", "/confirm", "POST"),
        ("PATCH", "/push", "PUT, DELETE"),
    ];
    for (method, path, allow) in wrong {
        let reply = phone.wire.send(RawRequest { method, ..RawRequest::get(path) });
        assert_eq!(
            (reply.verdict().as_str(), reply.header("allow")),
            ("405 malformed", Some(allow)),
            "{method} {path}"
        );
    }
}

#[test]
fn media_type() {
    let (_stage, phone) = stage();
    for media in ["text/plain", "application/jsonp", "application/json+x", ""] {
        let mut request = phone.proven("/poll", &phone.echo(0));
        request.headers[0].1 = media.into();
        assert_eq!((media, phone.wire.send(request).verdict().as_str()), (media, "415 malformed"));
    }
    let mut request = phone.proven("/poll", &phone.echo(0));
    request.headers[0].1 = "application/json; charset=utf-8".into();
    assert_eq!(phone.wire.send(request).verdict(), "200", "parameters are ignored");
}

#[test]
fn get_with_body() {
    let (_stage, phone) = stage();
    let request = RawRequest { body: Some(b"{}".to_vec()), ..RawRequest::get("/metadata") };
    assert_eq!(phone.wire.send(request).verdict(), "400 malformed");
}

#[test]
fn wait_31() {
    let (_stage, phone) = stage();
    assert_eq!(phone.poll(&phone.echo(31)).verdict(), "400 malformed");
}

#[test]
fn have_13() {
    let (_stage, phone) = stage();
    let mut echo = phone.echo(0);
    echo["have"] = (0..13).map(id).collect();
    assert_eq!(phone.poll(&echo).verdict(), "400 malformed");
    echo["have"] = (0..12).map(id).collect();
    assert_eq!(phone.poll(&echo).verdict(), "200", "twelve are allowed");
}

/// A control: the gateway never looks at the phone's clock.
#[test]
fn iat_1970() {
    let (_stage, phone) = stage();
    assert_eq!(with_claims(&phone, |claims| claims["iat"] = 0.into()), "200");
}

/// A control: forwarded headers of a stranger change nothing.
#[test]
fn forwarded_header() {
    let (_stage, phone) = stage();
    let request = phone.proven("/poll", &phone.echo(0));
    let request = request.header("x-forwarded-host", "evil.example").header("forwarded", "host=evil.example");
    assert_eq!(phone.wire.send(request).verdict(), "200");
}

#[test]
fn every_answer_carries_a_nonce_and_is_not_stored() {
    let (_stage, phone) = stage();
    let mut wrong = phone.proven("/poll", &phone.echo(0));
    wrong.headers.pop();
    for request in
        [RawRequest::get("/metadata"), phone.proven("/poll", &phone.echo(0)), wrong, RawRequest::get("/none")]
    {
        let reply = phone.wire.send(request);
        let nonce = reply.header("countersign-nonce").unwrap_or_default();
        assert!((1..=128).contains(&nonce.len()), "{}", reply.verdict());
        assert!(nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", reply.verdict());
        assert_eq!(reply.header("www-authenticate").is_some(), reply.status == 401);
    }
}

#[test]
fn metadata_is_signed_by_one_of_its_own_keys() {
    let (_stage, phone) = stage();
    let reply = phone.wire.send(RawRequest::get("/metadata")).json();
    let meta = payload(reply["meta"].as_str().unwrap());
    assert_eq!((&reply["links"], &reply["recovery"]), (&json!([]), &json!([])));
    assert_eq!((meta["iss"].as_str(), meta["keys"].as_array().map(Vec::len)), (Some(phone.wire.u()), Some(1)));
    assert_eq!(meta["pins"].as_array().map(Vec::len), Some(1), "a certificate that we made is pinned");
}
