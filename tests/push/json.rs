//! `json::*` at the gateway: one way to write a message, and no other (push-v1 section 2).

use super::sender::{Kind, Sender};

const FORM: &str = "400 malformed";

/// Rewrites the text of an object: of the payload and the header of each message, and of each body.
fn everywhere(name: &str, rewrite: impl Fn(&str) -> Vec<u8>) {
    for kind in Kind::ALL {
        let sender = Sender::new(kind);
        let header = sender.header().to_string();
        let payload = sender.signed(&header, &rewrite(&sender.claims.to_string()));
        assert_eq!((name, kind, sender.send(&payload).as_str()), (name, kind, FORM), "in the payload");
        if let Ok(rewritten) = String::from_utf8(rewrite(&header)) {
            let message = sender.signed(&rewritten, sender.claims.to_string().as_bytes());
            assert_eq!((name, kind, sender.send(&message).as_str()), (name, kind, FORM), "in the header");
        }
        let (path, body) = sender.good_body();
        let verdict = sender.send_body(path, &rewrite(&body.to_string()));
        assert_eq!((name, kind, verdict.as_str()), (name, kind, FORM), "in the body");
        assert_eq!((kind, sender.send(&sender.good()).as_str()), (kind, kind.taken()), "the control passes");
    }
}

/// Puts text in front of the first member.
fn first(text: &'static str) -> impl Fn(&str) -> Vec<u8> {
    move |object| object.replacen('{', &format!("{{{text},"), 1).into_bytes()
}

macro_rules! refused_member {
    ($($name:ident => $member:expr;)*) => {$(
        #[test]
        fn $name() {
            everywhere(stringify!($name), first($member));
        }
    )*};
}

refused_member! {
    name_twice => r#""zz":1,"zz":1"#;
    name_twice_escaped => r#""zz":1,"z\u007a":1"#;
    name_twice_nested => r#""zz":{"a":1,"a":2}"#;
    null_unknown => r#""zz":null"#;
    float => r#""zz":1.0"#;
    exponent => r#""zz":1e2"#;
    minus_zero => r#""zz":-0"#;
    negative => r#""zz":-1"#;
    int_2_53 => r#""zz":9007199254740992"#;
    leading_zero => r#""zz":01"#;
    depth_6 => r#""zz":[[[[[1]]]]]"#;
    surrogate => r#""zz":"\ud800""#;
}

#[test]
fn two_objects() {
    everywhere("two_objects", |object| format!("{object}{{}}").into_bytes());
}

#[test]
fn array() {
    everywhere("array", |object| format!("[{object}]").into_bytes());
}

#[test]
fn bom() {
    everywhere("bom", |object| format!("\u{feff}{object}").into_bytes());
}

#[test]
fn bad_utf8() {
    everywhere("bad_utf8", |object| {
        let mut bytes = first(r#""zz":"?""#)(object);
        let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[at] = 0xff;
        bytes
    });
}

/// Writes a value that travels as base64url in another way.
fn base64url(name: &str, rewrite: impl Fn(&str) -> String) {
    for kind in Kind::ALL {
        let mut sender = Sender::new(kind);
        let claim = kind.id_claim();
        let good = sender.claims[claim].as_str().unwrap().to_owned();
        sender.claims[claim] = rewrite(&good).into();
        assert_eq!((name, kind, sender.send(&sender.good()).as_str()), (name, kind, FORM));
        sender.claims[claim] = good.into();
        assert_eq!((name, kind, sender.send(&sender.good()).as_str()), (name, kind, kind.taken()));
    }
}

#[test]
fn padding() {
    base64url("padding", |text| format!("{text}=="));
}

#[test]
fn low_bits() {
    base64url("low_bits", |text| format!("{}B", &text[..text.len() - 1]));
}

#[test]
fn blank() {
    base64url("blank", |text| format!("{text} "));
}

#[test]
fn other_alphabet() {
    base64url("other_alphabet", |text| format!("+/{}", &text[2..]));
}
