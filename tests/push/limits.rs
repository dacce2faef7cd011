//! `limits::*`: the bodies of device calls, at their limits and one byte beyond.

use countersign_gateway::limits::{DEVICE_BODY, ENROL_BODY};

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
