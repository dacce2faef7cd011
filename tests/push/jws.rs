//! `jws::*` at the gateway: every way a signed message of a phone can be wrong (push-v1 section 2).

use countersign_tests::raw_phone::{self, Key, b64u, sign_raw};
use serde_json::{Value, json};

use super::sender::{Kind, Sender};

const FORM: &str = "400 malformed";
const KEY: &str = "401 refused";

/// One test: the message of each kind is broken in this way, refused with this verdict, and then sent whole.
macro_rules! refused {
    ($($name:ident => $verdict:expr, $break:expr;)*) => {$(
        #[test]
        fn $name() {
            for kind in Kind::ALL {
                let sender = Sender::new(kind);
                let broken: String = $break(&sender);
                assert_eq!((kind, sender.send(&broken).as_str()), (kind, $verdict));
                assert_eq!((kind, sender.send(&sender.good()).as_str()), (kind, kind.taken()), "the control passes");
            }
        }
    )*};
}

/// One control: the message of each kind is written in this other way and taken.
macro_rules! taken {
    ($($name:ident => $write:expr;)*) => {$(
        #[test]
        fn $name() {
            for kind in Kind::ALL {
                let sender = Sender::new(kind);
                let text: String = $write(&sender);
                assert_eq!((kind, sender.send(&text).as_str()), (kind, kind.taken()));
            }
        }
    )*};
}

fn header(sender: &Sender, change: impl FnOnce(&mut Value)) -> String {
    let mut header = sender.header();
    change(&mut header);
    sender.signed(&header.to_string(), sender.claims.to_string().as_bytes())
}

fn claims(sender: &Sender, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = sender.claims.clone();
    change(&mut claims);
    sender.signed(&sender.header().to_string(), claims.to_string().as_bytes())
}

fn signature(sender: &Sender, signature: &[u8]) -> String {
    format!("{}.{}", sender.good().rsplit_once('.').unwrap().0, b64u(signature))
}

/// The order of P-256 (SEC 2 section 2.4.2).
const N: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

refused! {
    other_key => KEY, |sender: &Sender| {
        let evil = Key::named("evil");
        let header = json!({"alg": "ES256", "kid": evil.thumbprint(), "typ": sender.kind.typ()});
        sign_raw(&header.to_string(), sender.claims.to_string().as_bytes(), &evil)
    };
    kid_lies => KEY, |sender: &Sender| {
        sign_raw(&sender.header().to_string(), sender.claims.to_string().as_bytes(), &Key::named("evil"))
    };
    payload_flip => KEY, |sender: &Sender| {
        let mut claims = sender.claims.clone();
        match sender.kind {
            Kind::Pop => claims["aud"] = "https://gate.example.com/push/v1".into(),
            _ => claims["iat"] = (claims["iat"].as_u64().unwrap() + 1).into(),
        }
        let (good, changed) = (sender.good(), b64u(claims.to_string().as_bytes()));
        let parts: Vec<&str> = good.split('.').collect();
        format!("{}.{changed}.{}", parts[0], parts[2])
    };
    typ_upper => FORM, |sender: &Sender| header(sender, |header| header["typ"] = sender.kind.typ().to_uppercase().into());
    typ_application => FORM, |sender: &Sender| {
        header(sender, |header| header["typ"] = format!("application/{}", sender.kind.typ()).into())
    };
    alg_none => FORM, |sender: &Sender| header(sender, |header| header["alg"] = "none".into());
    alg_hs256 => FORM, |sender: &Sender| header(sender, |header| header["alg"] = "HS256".into());
    alg_es384 => FORM, |sender: &Sender| header(sender, |header| header["alg"] = "ES384".into());
    header_fourth => FORM, |sender: &Sender| header(sender, |header| header["cty"] = "x".into());
    header_jwk => FORM, |sender: &Sender| header(sender, |header| header["jwk"] = sender.key().jwk_json());
    header_crit => FORM, |sender: &Sender| header(sender, |header| header["crit"] = json!(["exp"]));
    header_twice => FORM, |sender: &Sender| {
        let twice = sender.header().to_string().replacen('{', r#"{"alg":"ES256","#, 1);
        sender.signed(&twice, sender.claims.to_string().as_bytes())
    };
    header_no_kid => FORM, |sender: &Sender| header(sender, |header| drop(header.as_object_mut().unwrap().remove("kid")));
    kid_array => FORM, |sender: &Sender| header(sender, |header| header["kid"] = json!([header["kid"]]));
    sig_empty => FORM, |sender: &Sender| signature(sender, &[]);
    sig_zero => FORM, |sender: &Sender| signature(sender, &[0; 64]);
    sig_r_n => FORM, |sender: &Sender| signature(sender, &[N, [1; 32]].concat());
    sig_der => FORM, |sender: &Sender| {
        let fixed = sender.key().sign(b"input");
        let der = p256::ecdsa::Signature::from_slice(&fixed).unwrap().to_der();
        signature(sender, der.as_bytes())
    };
    sig_low_bits => FORM, |sender: &Sender| {
        // 64 bytes end in two characters of which the last has four unused bits.
        let good = sender.good();
        let (whole, last) = good.split_at(good.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = alphabet.find(last).unwrap();
        assert_eq!(at % 16, 0);
        format!("{whole}{}", &alphabet[at + 1..at + 2])
    };
    four_parts => FORM, |sender: &Sender| format!("{}.", sender.good());
    over_limit => FORM, |sender: &Sender| {
        claims(sender, |claims| claims["padding"] = "x".repeat(sender.kind.limit() * 3 / 4).into())
    };
    claim_missing => FORM, |sender: &Sender| claims(sender, |claims| {
        drop(claims.as_object_mut().unwrap().remove(sender.kind.id_claim()))
    });
    claim_wrong_type => FORM, |sender: &Sender| claims(sender, |claims| {
        match sender.kind {
            Kind::Pop => claims["nh"] = 1_795_260_000_u64.into(),
            _ => claims["iat"] = "1795260000".into(),
        }
    });
    value_outside_set => FORM, |sender: &Sender| claims(sender, |claims| match sender.kind {
        Kind::Enrol => claims["uv"] = "none".into(),
        Kind::Proof => claims["htm"] = "PATCH".into(),
        Kind::Answer => claims["via"] = "mail".into(),
        Kind::Keys => claims["class"] = "seal".into(),
        Kind::Pop => claims["aud"] = "http://gate.example.com/push/v1".into(),
        Kind::Invite => claims["replace"] = "yes".into(),
        Kind::Confirm => claims["nm"] = "12345x".into(),
    });
}

/// The type of an answer of the gateway, and that of every other message of phones: none is read as another.
#[test]
fn typ_swapped() {
    for kind in Kind::ALL {
        let sender = Sender::new(kind);
        let others = Kind::ALL.into_iter().filter(|other| *other != kind).map(Kind::typ);
        for typ in others.chain(["cs-result+jwt"]) {
            let broken = header(&sender, |header| header["typ"] = typ.into());
            assert_eq!((kind, typ, sender.send(&broken).as_str()), (kind, typ, FORM));
        }
        assert_eq!((kind, sender.send(&sender.good()).as_str()), (kind, kind.taken()), "the control passes");
    }
}

#[test]
fn json_serialisation() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Proof) {
        let sender = Sender::new(kind);
        let good = sender.good();
        let parts: Vec<&str> = good.split('.').collect();
        let flat = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
        assert_eq!((kind, sender.send_value(&flat).as_str()), (kind, FORM));
        assert_eq!((kind, sender.send(&good).as_str()), (kind, kind.taken()));
    }
}

taken! {
    twin => |sender: &Sender| raw_phone::twin(&sender.good());
    unknown_name => |sender: &Sender| claims(sender, |claims| claims["zz"] = json!({"a": ["b"]}));
    blanks => |sender: &Sender| {
        let header = format!("\r\n {} \t", sender.header().to_string().replace(',', " ,\n"));
        let payload = format!(" {}\n", sender.claims.to_string().replacen(':', " : ", 1));
        sender.signed(&header, payload.as_bytes())
    };
    escaped => |sender: &Sender| {
        let payload = sender.claims.to_string().replacen("\"aud\"", "\"\\u0061ud\"", 1).replacen("\"iat\"", "\"\\u0069at\"", 1);
        sender.signed(&sender.header().to_string().replacen("ES256", "\\u0045S256", 1), payload.as_bytes())
    };
    name_order => |sender: &Sender| {
        let reversed = |value: &Value| {
            let members: Vec<String> =
                value.as_object().unwrap().iter().rev().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        };
        sender.signed(&reversed(&sender.header()), reversed(&sender.claims).as_bytes())
    };
}
