//! What every answer carries, whatever the route: read out of the routers, so that a new route is asked too.

use countersign_gateway::page;
use countersign_strings::text;
use countersign_tests::raw_phone::{RawReply, RawRequest, Wire};
use countersign_tests::source::{files, root};

use super::stage;

/// Routes that the routers name by a constant.
const NAMED: [&str; 4] = ["/manageotp", "/manageotp/add", "/login/wait", "/demo"];

/// The routes of the gateway, with an id where one stands.
fn routes() -> Vec<String> {
    let mut routes: Vec<String> = NAMED.map(str::to_owned).to_vec();
    for file in files(&root().join("gateway/src"), "rs") {
        if file.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(file).expect("a source can be read");
        let named =
            text.split(".route(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
        routes.extend(named.map(|route| route.replace("{device}", "AAECAwQFBgcICQoLDA0ODw")));
    }
    routes
}

fn assert_headers(reply: &RawReply, what: &str) {
    for (name, expected) in [
        ("content-security-policy", page::CSP),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        let given: Vec<&str> =
            reply.headers.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str()).collect();
        assert_eq!(given, [expected], "{name} of {what}, {}", reply.status);
    }
    let kept = what.contains("/assets/") && reply.status == 200;
    assert_eq!(reply.header("cache-control") == Some("no-store"), !kept, "{what}");
    assert_eq!(reply.header("strict-transport-security"), None, "{what}: the certificate is the gateway's own");
    for (_, cookie) in reply.headers.iter().filter(|(name, _)| name == "set-cookie") {
        let parts: Vec<&str> = cookie.split("; ").skip(1).collect();
        let safe = ["Secure", "HttpOnly", "Path=/"].iter().all(|part| parts.contains(part));
        assert!(safe && cookie.starts_with("__Host-") && cookie.contains("SameSite="), "{what}: {cookie}");
    }
}

#[test]
fn an_address_that_cannot_be_read_gets_our_page() {
    let stage = stage();
    let wire = Wire::new(&stage.origin(), stage.address());
    let long = format!("/manageotp/{}/remove", "a".repeat(1000));
    for (path, status, said) in [
        ("/login?next=a&next=b", 400, "gateway.unreadable"),
        ("/login/state?state=a&state=b", 400, "gateway.unreadable"),
        ("/manageotp?done=a&done=b", 400, "gateway.unreadable"),
        ("/manageotp/%ff/test", 404, "gateway.not_found"),
        ("/manageotp/a%0Ab/remove", 404, "gateway.not_found"),
        ("/manageotp/a%0d%0ab/rename", 404, "gateway.not_found"),
        ("/manageotp/%2e%2e/test", 404, "gateway.not_found"),
        (&long, 404, "gateway.not_found"),
    ] {
        let reply = wire.send(RawRequest::get(path));
        let transaction = reply.header("countersign-transaction").expect("an id").to_owned();
        let page = String::from_utf8_lossy(&reply.body);
        assert_eq!((reply.status, reply.header("location")), (status, None), "{path}");
        let said = text(said).split('.').next().expect("a sentence");
        assert!(page.contains(said) && page.contains(&transaction), "{path}: {page}");
        assert_headers(&reply, path);
    }
}

#[test]
fn every_answer_of_every_route_is_protected() {
    let stage = stage();
    let wire = Wire::new(&stage.origin(), stage.address());
    let routes = routes();
    assert!(routes.len() > 25, "the routers were read: {routes:?}");
    for path in &routes {
        for method in ["GET", "POST", "DELETE"] {
            let reply = wire.send(RawRequest { method, path: path.clone(), headers: Vec::new(), body: None });
            assert_headers(&reply, &format!("{method} {path}"));
            assert!(
                method != "POST" || (400..500).contains(&reply.status),
                "a stranger's POST {path}: {}",
                reply.status
            );
            assert!(method != "DELETE" || [404, 405].contains(&reply.status), "DELETE {path}: {}", reply.status);
        }
    }
    for path in ["/nowhere", "/push/v1/nowhere", "/manageotp/x/y/z", "/assets/"] {
        let reply = wire.send(RawRequest::get(path));
        assert_eq!(reply.status, 404, "{path}");
        assert_headers(&reply, path);
    }
}
