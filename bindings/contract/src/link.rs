//! What every link to a token must do.

use countersign_core::burn::{LinkError, TokenLink};

/// Selects the YKOATH applet.
const SELECT: &[u8] = &[0x00, 0xa4, 0x04, 0x00, 0x07, 0xa0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];
/// Selects an applet that no token has.
const ABSENT: &[u8] = &[0x00, 0xa4, 0x04, 0x00, 0x07, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01];

/// [`TokenLink`] to a `YubiKey`, which `take_away` takes from the reader.
pub fn link(link: &mut dyn TokenLink, take_away: impl FnOnce()) {
    for round in 0..3 {
        let selected = link.transmit(SELECT).expect("a command is answered");
        assert!(selected.ends_with(&[0x90, 0x00]) && selected.len() > 2, "round {round}: data and status word arrive");
        let absent = link.transmit(ABSENT).expect("a refusal is an answer, and no failure of the link");
        assert!(absent.len() == 2 && absent != [0x90, 0x00], "round {round}: the status word is the token's own");
    }
    take_away();
    for _ in 0..2 {
        assert_eq!(link.transmit(SELECT), Err(LinkError::Lost), "a token that is gone answers nothing");
    }
}
