//! What a command is called, what it is for, and what its status word means: by the names of the standard or of the maker.

use countersign_strings::{fill, text};

/// Applets that are selected, by what the standards or their makers call them. These names are public.
const APPLETS: [(&[u8], &str); 4] = [
    (&[0xa0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01], "token.log_aid_oath"),
    (&[0xf0, 0x00, 0x00, 0x01, 0x4f, 0x74, 0x70, 0x01], "token.log_aid_token2"),
    (&[0xd1, 0x56, 0x00, 0x01, 0x32, 0x83, 0x26, 0x01, 0x01], "token.log_aid_feitian"),
    (&[0xa0, 0x00, 0x00, 0x06, 0x47, 0x2f, 0x00, 0x01], "token.log_aid_fido"),
];

/// A command's name, and what it is for.
pub fn command(command: &[u8]) -> String {
    let Some(header) = command.first_chunk::<4>() else { return text("token.log_unknown").to_owned() };
    let what = match header {
        [0x00, 0xa4, 0x04, _] => return fill("token.log_select", &[("applet", applet(command))]),
        // The public block of a profile is asked for by one byte, and the token itself by none or two.
        [0x80, 0x41, _, profile] if command.len() == 6 => {
            return fill("token.log_block", &[("n", &profile.to_string())]);
        }
        [0x80, 0x41, ..] => "token.log_info",
        [0x80, 0x4b, ..] => "token.log_challenge",
        [0x80, 0xce, ..] => "token.log_proof",
        [0x84, 0xd4, ..] => "token.log_config",
        [0x84, 0xc5, ..] => "token.log_seed",
        [0x84, 0xd5, ..] => "token.log_title",
        [0x84, 0xd7, ..] => "token.log_key",
        [0x80, 0xd8, ..] => "token.log_screen",
        [0x80, 0x56, ..] => "token.log_reset",
        [0x80, 0x33, ..] => "token.log_serial",
        [0x80, 0xc5, 0x01, _] => "token.log_agree",
        [0x80, 0xc5, 0x05, 0x00 | 0x01] => "token.log_entries",
        [0x80, 0xc5, 0x05, 0x02] => "token.log_entry",
        [0x80, 0xc5, 0x05, 0x04] => "token.log_state",
        [0x80, 0xc5, 0x02, 0x05] => "token.log_enable",
        [0x00, 0x01 | 0x09, ..] => "token.log_put",
        [0x00, 0x02 | 0x08, ..] | [0x80, 0xe6, ..] => "token.log_delete",
        [0x00, 0x03, ..] => "token.log_set_code",
        [0x00, 0x04, ..] => "token.log_reset",
        [0x00, 0xa1 | 0x17, ..] => "token.log_list",
        [0x00, 0xa2, ..] => "token.log_calculate",
        [0x00, 0xa3, ..] => "token.log_validate",
        [0x00, 0xa5, ..] => "token.log_rest",
        [0x00, 0xc0, ..] => "token.log_response",
        _ => "token.log_unknown",
    };
    text(what).to_owned()
}

/// Which applet is selected.
fn applet(command: &[u8]) -> &'static str {
    let aid = command.get(5..).unwrap_or_default();
    let known = APPLETS.iter().find(|(known, _)| aid.starts_with(known));
    text(known.map_or("token.log_applet", |(_, name)| name))
}

/// A status word, what it means (ISO/IEC 7816-4, or its maker), and how much came with it.
pub fn status([one, two]: [u8; 2], bytes: usize) -> String {
    let means = match (one, two) {
        (0x90, 0x00) => "token.log_sw_done",
        (0x61, _) => "token.log_sw_more",
        (0x63, _) => "token.log_sw_key",
        (0x67, 0x00) | (0x6c, _) => "token.log_sw_length",
        (0x69, 0x82) => "token.log_sw_security",
        (0x69, 0x83) => "token.log_sw_blocked",
        (0x69, 0x84 | 0x85) => "token.log_sw_conditions",
        (0x6a, 0x80) => "token.log_sw_data",
        (0x6a, 0x81) | (0x6d | 0x6e, _) => "token.log_sw_instruction",
        (0x6a, 0x82 | 0x83 | 0x88) => "token.log_sw_absent",
        (0x6a, 0x84) => "token.log_sw_full",
        (0x6a, 0x86) | (0x6b, _) => "token.log_sw_parameters",
        (0x90, 0x60) => "token.log_sw_button",
        _ => "token.log_sw_other",
    };
    let status = format!("{one:02X}{two:02X}");
    fill("token.log_answer", &[("status", &status), ("means", text(means)), ("n", &bytes.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_drivers_send_has_a_name() {
        let sent: [&[u8]; 30] = [
            &[0x80, 0x41, 0, 0, 2, 2, 0x11],
            &[0x80, 0x41, 0, 0, 0],
            &[0x80, 0x41, 0, 7, 1, 0x70],
            &[0x80, 0x4b, 8, 0, 1, 0],
            &[0x80, 0xce, 0, 0],
            &[0x84, 0xd4, 0, 0],
            &[0x84, 0xc5, 1, 0],
            &[0x84, 0xd5, 0, 7],
            &[0x84, 0xd7, 0, 0],
            &[0x80, 0xd8, 0x0c, 2],
            &[0x80, 0x56, 0, 0],
            &[0x80, 0xe6, 0, 7],
            &[0x80, 0x33, 0, 0],
            &[0x80, 0xc5, 1, 0],
            &[0x80, 0xc5, 5, 0],
            &[0x80, 0xc5, 5, 1],
            &[0x80, 0xc5, 5, 2],
            &[0x80, 0xc5, 5, 4],
            &[0x80, 0xc5, 2, 5],
            &[0, 1, 0, 0],
            &[0, 2, 0, 0],
            &[0, 3, 0, 0],
            &[0, 4, 0xde, 0xad],
            &[0, 8, 0, 0xf0],
            &[0, 9, 0, 0xf0],
            &[0, 0x17, 0, 0xf0],
            &[0, 0xa1, 0, 0],
            &[0, 0xa2, 0, 1],
            &[0, 0xa3, 0, 0],
            &[0, 0xa5, 0, 0],
        ];
        for bytes in sent {
            assert_ne!(command(bytes), text("token.log_unknown"), "{bytes:02x?}");
        }
        assert!(command(sent[2]).contains('7'), "{}", command(sent[2]));
        assert_eq!(command(&[0x12, 0x34, 0, 0]), text("token.log_unknown"));
        assert_eq!(command(&[0x80]), text("token.log_unknown"));
    }

    #[test]
    fn an_applet_is_named_where_it_is_known_and_no_other_byte_is() {
        for (aid, name) in APPLETS {
            let select = [&[0, 0xa4, 4, 0, aid.len() as u8], aid].concat();
            assert_eq!(command(&select), fill("token.log_select", &[("applet", text(name))]));
        }
        let other = command(&[0, 0xa4, 4, 0, 5, 0xde, 0xad, 0xbe, 0xef, 1]);
        assert_eq!(other, fill("token.log_select", &[("applet", text("token.log_applet"))]));
    }

    #[test]
    fn a_status_word_says_what_it_means() {
        for status in [[0x90, 0], [0x61, 0xff], [0x63, 0xc2], [0x69, 0x83], [0x6a, 0x80], [0x6d, 0], [0x12, 0x34]] {
            let words = super::status(status, 7);
            assert!(
                words.starts_with(&format!("{:02X}{:02X}", status[0], status[1])) && words.contains('7'),
                "{words}"
            );
        }
    }
}
