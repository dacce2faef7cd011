//! What every keystore must do.

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Guard, KeyName, Keystore, Prompt, Purpose, UserVerification};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Jwk, signature_from_der};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

/// [`Keystore`], whose prompts are answered with yes by whoever calls this.
pub fn keystore(store: &dyn Keystore) {
    signs_with_keys_of_its_own(store);
    keeps_purposes_apart(store);
    lists_and_deletes(store);
    attests(store);
    wraps(store);
    hears_a_cancel(store);
}

fn name(n: u8) -> KeyName {
    KeyName::new("contract", &Id::from_bytes([n; 16]))
}

fn prompt() -> Prompt {
    Prompt { app: "Payroll".into(), host: "gate.example.com".into(), account: "mara@example.com".into() }
}

const APPROVE: Purpose = Purpose::Approve(UserVerification::Any);

fn verifies(key: &Jwk, input: &[u8], der: &[u8]) -> bool {
    let fixed = signature_from_der(der).expect("a signature is DER with r and s in range");
    let signature = Signature::from_slice(&fixed).expect("64 bytes are r and s");
    let key = VerifyingKey::from_sec1_bytes(&key.to_sec1()).expect("a key is on the curve");
    key.verify(input, &signature).is_ok()
}

fn signs_with_keys_of_its_own(store: &dyn Keystore) {
    let cancel = Cancel::default();
    let approve = store.generate(APPROVE, &name(1), &cancel).expect("an approval key is made");
    let prove = store.generate(Purpose::Prove, &name(2), &cancel).expect("a proof key is made");
    assert_ne!(approve, prove, "each key is a new one");
    // Short, longer than a block, and empty: signatures are many so that a leading zero or a high bit occurs.
    for n in 0..40u8 {
        let input = vec![n; usize::from(n) * 7];
        let signature = store.sign_approval(&name(1), &prompt(), &input, &cancel).expect("approvals are signed");
        assert!(verifies(&approve, &input, &signature), "an approval verifies under the key that was made");
        let signature = store.sign_proof(&name(2), &input).expect("proofs are signed");
        assert!(verifies(&prove, &input, &signature), "a proof verifies under the key that was made");
        assert!(!verifies(&approve, &input, &signature), "and under no other");
        assert!(!verifies(&prove, b"other", &signature), "a signature is for its input alone");
    }
    let anew = store.generate(Purpose::Prove, &name(2), &cancel).expect("a key is replaced");
    assert_ne!(anew, prove);
    let signature = store.sign_proof(&name(2), b"x").expect("the new key signs");
    assert!(verifies(&anew, b"x", &signature), "the key under a name is the one that was made last");
}

fn keeps_purposes_apart(store: &dyn Keystore) {
    let cancel = Cancel::default();
    let by_proof_key = store.sign_approval(&name(2), &prompt(), b"x", &cancel);
    assert_eq!(by_proof_key, Err(PortError::KeyGone), "a proof key approves nothing");
    assert_eq!(store.sign_proof(&name(1), b"x"), Err(PortError::KeyGone), "an approval key proves nothing");
    assert_eq!(store.sign_proof(&name(9), b"x"), Err(PortError::KeyGone), "a key that was never made signs nothing");
    store.generate(APPROVE, &name(2), &cancel).expect("a key of the other purpose takes the name");
    assert_eq!(store.sign_proof(&name(2), b"x"), Err(PortError::KeyGone), "the key before is gone");
}

fn lists_and_deletes(store: &dyn Keystore) {
    let sorted = || {
        let mut names = store.list().expect("names are listed");
        names.sort();
        names
    };
    assert_eq!(sorted(), [name(1), name(2)], "each key is listed once, wrapping keys are not");
    store.delete(&name(1)).expect("a key is deleted");
    store.delete(&name(1)).expect("deleting again is well");
    assert_eq!(sorted(), [name(2)]);
    let gone = store.sign_approval(&name(1), &prompt(), b"x", &Cancel::default());
    assert_eq!(gone, Err(PortError::KeyGone), "a deleted key signs nothing");
}

fn attests(store: &dyn Keystore) {
    let (cancel, challenge) = (Cancel::default(), H32::from_bytes([0xC5; 32]));
    for (purpose, n) in [(APPROVE, 3), (Purpose::Prove, 4)] {
        let made = store.generate_attested(purpose, &name(n), &challenge, &cancel).expect("a key is made");
        let signature = match purpose {
            Purpose::Approve(_) => store.sign_approval(&name(n), &prompt(), b"x", &cancel),
            Purpose::Prove => store.sign_proof(&name(n), b"x"),
        };
        assert!(verifies(&made.jwk, b"x", &signature.expect("it signs")), "an attested key is a key like others");
        let holds = |part: &[u8]| made.chain.first().is_none_or(|leaf| leaf.windows(part.len()).any(|it| it == part));
        assert!(holds(&made.jwk.to_sec1()), "the first certificate is of this key");
        assert!(holds(challenge.as_bytes()), "and was written for this challenge");
        store.delete(&name(n)).expect("a key is deleted");
    }
    let cancelled = Cancel::default();
    cancelled.cancel();
    let made = store.generate_attested(Purpose::Prove, &name(4), &challenge, &cancelled);
    assert_eq!(made.err(), Some(PortError::Cancelled), "no key is made for a call that was cancelled");
}

fn wraps(store: &dyn Keystore) {
    let cancel = Cancel::default();
    for guard in [Guard::Device, Guard::User] {
        for len in [1, 32, 512] {
            let secret = Secret::new((0..len).map(|n| n as u8 ^ 0x5A).collect());
            let sealed = store.wrap(guard, &secret, &cancel).expect("secrets are wrapped");
            let again = store.wrap(guard, &secret, &cancel).expect("secrets are wrapped");
            assert_ne!(sealed, again, "the same secret is never wrapped the same");
            let holds = len > 4 && sealed.windows(len.min(8)).any(|part| secret.expose().starts_with(part));
            assert!(!holds, "what is wrapped is not to be seen");
            let opened = store.unwrap(guard, &sealed, &cancel).expect("what was wrapped is unwrapped");
            assert!(opened.ct_eq(secret.expose()), "to the same bytes");
            for at in [0, sealed.len() / 2, sealed.len() - 1] {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert!(store.unwrap(guard, &changed, &cancel).is_err(), "a changed byte is noticed");
            }
            assert!(store.unwrap(guard, &sealed[..sealed.len() - 1], &cancel).is_err(), "a cut end is noticed");
            let other = if guard == Guard::Device { Guard::User } else { Guard::Device };
            assert!(store.unwrap(other, &sealed, &cancel).is_err(), "a guard opens nothing of the other");
        }
    }
    assert!(store.unwrap(Guard::Device, &[], &cancel).is_err(), "nothing is not a wrapped secret");
}

fn hears_a_cancel(store: &dyn Keystore) {
    let cancelled = Cancel::default();
    cancelled.cancel();
    let secret = Secret::from_slice(b"secret");
    let signed = store.sign_approval(&name(2), &prompt(), b"x", &cancelled);
    assert_eq!(signed, Err(PortError::Cancelled), "nothing is signed for a call that was cancelled");
    let made = store.generate(Purpose::Prove, &name(7), &cancelled);
    assert_eq!(made.err(), Some(PortError::Cancelled), "no key is made for one");
    assert_eq!(store.wrap(Guard::User, &secret, &cancelled).err(), Some(PortError::Cancelled));
    assert!(!store.list().expect("names are listed").contains(&name(7)));
}
