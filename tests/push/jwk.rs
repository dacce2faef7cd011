//! `jwk::*` at the gateway: each of the two signing keys that an enrolment brings has one form (push-v1 section 2).

use serde_json::Value;

use super::sender::{Kind, Sender};

/// Breaks each key in turn; the unbroken request passes afterwards.
fn refused(change: impl Fn(&mut Value)) {
    let mut sender = Sender::new(Kind::Enrol);
    let good = sender.claims.clone();
    for key in ["/keys/ak", "/keys/pk"] {
        change(sender.claims.pointer_mut(key).expect("a key"));
        assert_eq!((key, sender.send(&sender.good()).as_str()), (key, "400 malformed"));
        sender.claims = good.clone();
    }
    assert_eq!(sender.send(&sender.good()), "201", "the control passes");
}

macro_rules! refused {
    ($($name:ident => $change:expr;)*) => {$(
        #[test]
        fn $name() {
            let change: fn(&mut Value) = $change;
            refused(change);
        }
    )*};
}

refused! {
    off_curve => |jwk| jwk["y"] = jwk["x"].clone();
    extra_member => |jwk| jwk["use"] = "sig".into();
    private_d => |jwk| jwk["d"] = jwk["x"].clone();
    short_x => |jwk| jwk["x"] = jwk["x"].as_str().expect("text")[..42].into();
    compressed_point => |jwk| drop(jwk.as_object_mut().expect("an object").remove("y"));
}
