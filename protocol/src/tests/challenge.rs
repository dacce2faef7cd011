//! Group `challenge`: what a hostile gateway, relay or page may say, and the phone does not take.

use serde_json::{Value, json};

use super::generate::longest;
use super::{NOW, No, did, id, key, sample, trusted, trusted_two_keys};
use crate::jose::{FormError, Refused, SigningInput, Typ};
use crate::push::{Challenge, Message, check};

fn take_at(text: &str, now: u64) -> Result<(), No> {
    check::challenge(Message::parse(text)?, &trusted(), &did(), now, |_| false)?;
    Ok(())
}

fn with(change: impl FnOnce(&mut Value)) -> Result<(), No> {
    take_at(&sample("challenge").with(change), NOW)
}

fn form(reason: FormError, change: impl FnOnce(&mut Value)) {
    assert_eq!(with(change), Err(No::Form(reason)));
}

#[test]
fn control() {
    assert_eq!(with(|_| {}), Ok(()));
    assert_eq!(with(|claims| claims["ico"] = key("gk").kid().to_string().into()), Ok(()), "an icon is ignored");
    assert_eq!(with(|claims| claims["ctx"] = json!({"src": "direct"})), Ok(()));
    assert_eq!(take_at(&sample("challenge").text, NOW + 120), Ok(()), "until exp");
}

#[test]
fn aud_other() {
    assert_eq!(with(|claims| claims["aud"] = id(9).to_string().into()), Err(No::Fact(Refused::Audience)));
}

#[test]
fn iss_other() {
    for other in ["https://gate.example.com/push/v2", "https://gate.example.com", "https://evil.example/push/v1"] {
        assert_eq!(with(|claims| claims["iss"] = other.into()), Err(No::Fact(Refused::Issuer)));
    }
}

fn by(name: &str) -> Result<(), No> {
    take_at(&key(name).jws(Typ::Challenge, sample("challenge").payload), NOW)
}

#[test]
fn by_removed_key() {
    assert_eq!(by("gk2"), Err(No::Fact(Refused::Key)));
    let kept = trusted_two_keys();
    let text = key("gk2").jws(Typ::Challenge, sample("challenge").payload);
    let take = |trusted| check::challenge(Message::parse(&text).unwrap(), trusted, &did(), NOW, |_| false).map(|_| ());
    assert_eq!(take(&kept), Ok(()), "control: while it counts");
    assert_eq!(take(&trusted()), Err(Refused::Key));
}

#[test]
fn by_gr() {
    assert_eq!(by("gr"), Err(No::Fact(Refused::Key)));
}

#[test]
fn expired() {
    assert_eq!(take_at(&sample("challenge").text, NOW + 121), Err(No::Fact(Refused::Expired)));
}

#[test]
fn life_601() {
    form(FormError::Life, |claims| claims["exp"] = (NOW + 601).into());
    assert_eq!(with(|claims| claims["exp"] = (NOW + 600).into()), Ok(()));
}

#[test]
fn exp_before_iat() {
    form(FormError::Life, |claims| claims["exp"] = (NOW - 1).into());
    form(FormError::Life, |claims| claims["exp"] = NOW.into());
}

#[test]
fn nm_0_login() {
    form(FormError::Range, |claims| claims["nm"] = 0.into());
}

#[test]
fn nm_1() {
    form(FormError::Range, |claims| claims["nm"] = 1.into());
}

#[test]
fn nm_9() {
    form(FormError::Range, |claims| claims["nm"] = 9.into());
    form(FormError::Range, |claims| claims["nm"] = 262.into());
}

#[test]
fn nm_string() {
    form(FormError::Type, |claims| claims["nm"] = "6".into());
}

#[test]
fn msg_on_login() {
    form(FormError::Unexpected, |claims| claims["msg"] = "Pay".into());
    form(FormError::Type, |claims| claims["msg"] = json!({}));
}

#[test]
fn info_on_login() {
    form(FormError::Unexpected, |claims| claims["info"] = "lockout".into());
}

#[test]
fn dev_on_login() {
    form(FormError::Unexpected, |claims| claims["dev"] = json!({"os": "linux", "model": "Desk"}));
}

fn sign(claims: &mut Value) {
    claims["op"] = "sign".into();
    claims["msg"] = "Pay 12 to Bob".into();
}

fn notice(claims: &mut Value, info: &str) {
    claims["op"] = "info".into();
    claims["info"] = info.into();
    claims["nm"] = 0.into();
}

#[test]
fn control_each_op() {
    assert_eq!(with(sign), Ok(()));
    assert_eq!(with(|claims| claims["op"] = "enrol".into()), Ok(()));
    for info in ["recovery_used", "lockout"] {
        assert_eq!(with(|claims| notice(claims, info)), Ok(()));
    }
    for info in ["device_added", "device_removed", "keys_changed"] {
        let about = |claims: &mut Value| {
            notice(claims, info);
            claims["dev"] = json!({"os": "linux", "model": "Desk"});
        };
        assert_eq!(with(about), Ok(()));
    }
}

#[test]
fn sign_without_msg() {
    form(FormError::Missing, |claims| claims["op"] = "sign".into());
}

#[test]
fn msg_257() {
    let long = |len: usize| {
        move |claims: &mut Value| {
            sign(claims);
            claims["msg"] = "x".repeat(len).into();
        }
    };
    assert_eq!(with(long(256)), Ok(()));
    form(FormError::Text, long(257));
}

#[test]
fn info_unknown() {
    for info in ["weather", "", "Lockout"] {
        form(FormError::OutsideSet, |claims| notice(claims, info));
    }
    form(FormError::Missing, |claims| {
        notice(claims, "lockout");
        super::drop_member(claims, "/info");
    });
}

#[test]
fn dev_missing() {
    for info in ["device_added", "device_removed", "keys_changed"] {
        form(FormError::Missing, |claims| notice(claims, info));
    }
    for info in ["recovery_used", "lockout"] {
        form(FormError::Unexpected, |claims| {
            notice(claims, info);
            claims["dev"] = json!({"os": "linux", "model": "Desk"});
        });
    }
    form(FormError::OutsideSet, |claims| {
        notice(claims, "device_added");
        claims["dev"] = json!({"os": "plan9", "model": "Desk"});
    });
}

#[test]
fn info_31_days() {
    let days = |days: u64| {
        move |claims: &mut Value| {
            notice(claims, "lockout");
            claims["exp"] = (NOW + days * 86_400).into();
        }
    };
    assert_eq!(with(days(30)), Ok(()));
    form(FormError::Life, days(31));
    form(FormError::Life, |claims| {
        days(30)(claims);
        claims["exp"] = (NOW + 30 * 86_400 + 1).into();
    });
}

/// A notice asks for no digits and has no icon; anything else asks for some.
#[test]
fn notices_ask_nothing() {
    form(FormError::Range, |claims| {
        notice(claims, "lockout");
        claims["nm"] = 6.into();
    });
    form(FormError::Unexpected, |claims| {
        notice(claims, "lockout");
        claims["ico"] = key("gk").kid().to_string().into();
    });
    form(FormError::Range, |claims| {
        sign(claims);
        claims["nm"] = 0.into();
    });
}

#[test]
fn op_unknown() {
    for op in ["Login", "", "pay", "login "] {
        form(FormError::OutsideSet, |claims| claims["op"] = op.into());
    }
}

#[test]
fn src_unknown() {
    form(FormError::OutsideSet, |claims| claims["ctx"]["src"] = "mail".into());
}

#[test]
fn new_unknown() {
    form(FormError::OutsideSet, |claims| claims["ctx"]["new"] = json!(["moon"]));
    form(FormError::Range, |claims| claims["ctx"]["new"] = json!([]));
    form(FormError::EntryTwice, |claims| claims["ctx"]["new"] = json!(["ip", "ip"]));
    form(FormError::Range, |claims| claims["ctx"]["new"] = json!(["ip", "ua", "cc", "far", "ip"]));
    assert_eq!(with(|claims| claims["ctx"]["new"] = json!(["far", "cc", "ua", "ip"])), Ok(()));
}

#[test]
fn no_ctx() {
    form(FormError::Missing, |claims| super::drop_member(claims, "/ctx"));
    form(FormError::Missing, |claims| claims["ctx"] = json!({}));
}

#[test]
fn ip_not_canonical() {
    for ip in ["192.0.2.07", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "fe80::1%1", "1.2.3", ""] {
        form(FormError::Ip, |claims| claims["ctx"]["ip"] = ip.into());
    }
    assert_eq!(with(|claims| claims["ctx"]["ip"] = "2001:db8::1".into()), Ok(()));
}

#[test]
fn ip_mapped() {
    form(FormError::Ip, |claims| claims["ctx"]["ip"] = "::ffff:192.0.2.7".into());
    form(FormError::Ip, |claims| claims["ctx"]["ip"] = "::ffff:c000:207".into());
}

#[test]
fn cc_lower() {
    for cc in ["de", "D", "DEU", "D1", "ÄÖ"] {
        form(FormError::Text, |claims| claims["ctx"]["cc"] = cc.into());
    }
}

#[test]
fn over_4096() {
    form(FormError::Large, |claims| claims["zz"] = "x".repeat(3000).into());
}

#[test]
fn closed_again() {
    let message = Message::parse(&sample("challenge").text).unwrap();
    let refused = check::challenge(message, &trusted(), &did(), NOW, |jti| *jti == id(3));
    assert_eq!(refused.err(), Some(Refused::Closed));
}

/// Digits under a name of their own are not shown: there is nowhere they could be.
#[test]
fn digits_in_unknown_name_shown() {
    let text = sample("challenge").with(|claims| {
        claims["number"] = "424242".into();
        claims["ctx"]["digits"] = "424242".into();
    });
    let taken = check::challenge(Message::parse(&text).unwrap(), &trusted(), &did(), NOW, |_| false).unwrap();
    assert!(!format!("{:?}", taken.claims()).contains("424242"));
    assert!(!serde_json::to_string(taken.claims()).unwrap().contains("424242"));
}

/// Section 6 says how long a challenge gets at all limits, by a gateway of its own make.
#[test]
fn lengths_at_all_limits_are_those_measured() {
    let gk = key("gk").kid();
    let len = |filler: char| serde_json::to_vec(&longest(filler)).unwrap().len();
    let jws = |payload: usize| (120 + payload * 4).div_ceil(3);
    // Ours and the measured one differ in numbers of other lengths and `src`; a few characters of thousands.
    for (filler, measured) in [('a', 1757), ('"', 2610), ('字', 3463), ('𝕏', 4317)] {
        let (ours, measured) = (jws(len(filler)), measured);
        assert!(ours.abs_diff(measured) < 200, "{filler}: {ours}, measured {measured}");
    }
    assert!(SigningInput::of(gk, &longest('字')).is_ok());
    assert_eq!(SigningInput::of(gk, &longest('𝕏')), Err(FormError::Large));
}

/// First the browser is left out, then the network, then the city; what says who asks for what never is.
#[test]
fn a_challenge_too_long_is_cut_in_order() {
    let gk = key("gk").kid();
    let whole = longest('字');
    assert_eq!(whole.clone().fit(gk), Ok(whole), "what fits is not cut");
    let ico = Some(gk);
    let cut = Challenge { ico, ..longest('𝕏') }.fit(gk).unwrap();
    let left = |it: &Challenge| (it.ctx.ua.is_some(), it.ctx.asn.is_some(), it.ctx.city.is_some());
    assert_eq!(left(&cut), (false, true, true));
    assert!(SigningInput::of(gk, &cut).unwrap().jws_len() <= 4096);
    assert_eq!((cut.acct, cut.app, cut.msg), (longest('𝕏').acct, longest('𝕏').app, longest('𝕏').msg));
    let broken = Challenge { exp: NOW, iat: NOW, ..longest('a') };
    assert_eq!(broken.fit(gk), Err(FormError::Life), "a fault is not cut away");
}

/// Past the end of the metadata approving stops, denying does not.
#[test]
fn metadata_expired_approve() {
    let trusted = trusted();
    let end = trusted.metadata().exp;
    assert!(check::may_approve(&trusted, end, 0));
    assert!(!check::may_approve(&trusted, end + 1, 0));
    assert!(!check::may_approve(&trusted, 0, end + 1), "a phone clock that was set back does not help");
    assert_eq!(check::last_signed(NOW, NOW + 5, NOW), NOW + 5);
    assert_eq!(check::last_signed(NOW, NOW - 5, NOW), NOW);
    assert_eq!(check::last_signed(NOW, NOW + 86_400, NOW), NOW + 86_400);
    assert_eq!(check::last_signed(NOW, NOW + 86_401, NOW), NOW, "more than a day ahead does not count");
}

#[test]
fn of_another_key_under_its_kid() {
    let forged =
        key("evil").compact(key("gk").header(Typ::Challenge).as_bytes(), sample("challenge").payload_text.as_bytes());
    assert_eq!(take_at(&forged, NOW), Err(No::Fact(Refused::Signature)));
}
