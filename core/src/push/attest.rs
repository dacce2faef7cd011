//! What the phone's platform writes of its keys, as messages carry it (push-v1 sections 5.3 and 11). The gateway judges it.

use countersign_protocol::limits::ATTESTATION_CHAIN;
use countersign_protocol::push::{Attest, Attestation, B64, KeyAttestation, List, Policy};

type Chain = List<B64, 1, ATTESTATION_CHAIN>;

/// Whether keys are made with a challenge: what they are attested by tells the gateway of the phone's maker.
pub(crate) fn is_asked(policy: &Policy) -> bool {
    policy.attest != Attest::None
}

/// For both keys of an enrolment; none where one of them has no chain that a message takes.
pub(crate) fn of_enrolment(ak: Vec<Vec<u8>>, pk: Vec<Vec<u8>>) -> Option<Attestation> {
    Some(Attestation::AndroidKey { ak: chain(ak)?, pk: chain(pk)? })
}

/// For one new key.
pub(crate) fn of_change(key: Vec<Vec<u8>>) -> Option<KeyAttestation> {
    Some(KeyAttestation::AndroidKey { chain: chain(key)? })
}

fn chain(certificates: Vec<Vec<u8>>) -> Option<Chain> {
    Chain::try_from(certificates.into_iter().map(B64).collect::<Vec<_>>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_one_to_eight_certificates_for_each_key() {
        let of = |count: usize| vec![vec![0x30, 0x00]; count];
        for (ak, pk, is_sent) in [(1, 8, true), (0, 1, false), (1, 0, false), (9, 1, false), (0, 0, false)] {
            assert_eq!(of_enrolment(of(ak), of(pk)).is_some(), is_sent, "{ak} and {pk}");
        }
        assert_eq!([0, 1, 8, 9].map(|count| of_change(of(count)).is_some()), [false, true, true, false]);
    }
}
