//! Group `endpoint`, as far as the text tells.

use core::net::IpAddr;

use super::vectors;
use crate::jose::Refused;
use crate::push::endpoint::{Host, check, check_with, is_global, parse};

/// Every published endpoint of that name is refused, and there is one.
fn refused(name: &str) {
    let file = vectors!("endpoint");
    let cases: Vec<&str> = file["bad"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["name"] == name)
        .map(|case| case["text"].as_str().unwrap())
        .collect();
    assert!(!cases.is_empty(), "{name}");
    for text in cases {
        assert_eq!(check(text), Err(Refused::Endpoint), "{text}");
    }
}

macro_rules! groups {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            refused(stringify!($name));
        }
    )* };
}

groups! {
    http user fragment bytes_1001 loopback_v4 loopback_v6 mapped_v6 nat64 six_to_four localhost ten_net cgnat
    link_local metadata_service zero multicast unique_local decimal short_form
}

#[test]
fn published_endpoints() {
    let file = vectors!("endpoint");
    for text in file["good"].as_array().unwrap() {
        assert_eq!(check(text.as_str().unwrap()), Ok(()), "{text}");
    }
    for case in file["bad"].as_array().unwrap() {
        assert_eq!(check(case["text"].as_str().unwrap()), Err(Refused::Endpoint), "{case}");
    }
}

#[test]
fn what_a_gateway_may_reach_besides_is_taken() {
    let ours = |text: &str| check_with(text, |address| is_global(address) || address == IpAddr::from([127, 0, 0, 1]));
    for good in ["https://127.0.0.1:8443/up", "https://localhost:8443/up", "https://push.example.com/up"] {
        assert_eq!(ours(good), Ok(()), "{good}");
    }
    for bad in ["https://127.0.0.2/up", "https://10.0.0.1/up", "https://127.1/up", "http://127.0.0.1/up"] {
        assert_eq!(ours(bad), Err(Refused::Endpoint), "{bad}");
    }
    assert_eq!(check("https://localhost/up"), Err(Refused::Endpoint));
}

#[test]
fn an_endpoint_has_its_parts() {
    let parts = |text| {
        let it = parse(text).unwrap();
        (it.authority, it.host, it.port, it.target)
    };
    let six = IpAddr::from([0x2606, 0x4700, 0, 0, 0, 0, 0, 1]);
    assert_eq!(
        parts("https://push.example.com:8443/up?a=b"),
        ("push.example.com:8443", Host::Name("push.example.com"), 8443, "/up?a=b")
    );
    assert_eq!(parts("https://push.example.com?a"), ("push.example.com", Host::Name("push.example.com"), 443, "?a"));
    assert_eq!(parts("https://[2606:4700::1]:1"), ("[2606:4700::1]:1", Host::Address(six), 1, ""));
}
