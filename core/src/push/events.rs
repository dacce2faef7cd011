//! Events as they arrive (push-v1 section 8): `event: state` with one State a `data` line, comments between them.
//!
//! The stream is cut anywhere by the network, so it is read byte by byte; what is not ours is passed over.

use countersign_protocol::jose::FormError;
use countersign_protocol::json;
use countersign_protocol::push::State;

use crate::error::{Error, GatewayError, PortError};
use crate::limits;

/// Puts the parts of a stream together again.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    is_state: bool,
    after_return: bool,
}

impl Reader {
    /// Takes the next part and returns the States that are complete with it, in order.
    ///
    /// # Errors
    /// [`PortError::TooLarge`] for an event over 64 KiB; [`GatewayError::Malformed`] for a State that is none. Then
    /// nothing that follows can be trusted to begin where it seems to: the stream is over.
    pub fn take(&mut self, part: &[u8]) -> Result<Vec<State>, Error> {
        let mut states = Vec::new();
        for byte in part {
            match byte {
                // A line ends with CR, LF or both.
                b'\n' if std::mem::take(&mut self.after_return) => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    states.extend(self.end_of_line()?);
                }
                _ if self.line.len() + self.data.as_ref().map_or(0, Vec::len) >= limits::ANSWER => {
                    return Err(PortError::TooLarge.into());
                }
                _ => {
                    self.after_return = false;
                    self.line.push(*byte);
                }
            }
        }
        Ok(states)
    }

    fn end_of_line(&mut self) -> Result<Option<State>, Error> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let (data, is_state) = (self.data.take(), std::mem::take(&mut self.is_state));
            let state = data.filter(|_| is_state).map(|data| json::parse(&data));
            return state.transpose().map_err(|rule: FormError| GatewayError::Malformed(rule).into());
        }
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line.as_slice(), &[][..]),
        };
        match name {
            b"event" => self.is_state = value == b"state",
            b"data" => match &mut self.data {
                // Several lines are one text, as in any event stream; a State is on one.
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                none => *none = Some(value.to_vec()),
            },
            // Comments have no name; other fields are not ours.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{"now":7,"device":"active","meta":[1,3],"challenges":[],"closed":[]}"#;

    fn nows(text: &str, cut: usize) -> Result<Vec<u64>, Error> {
        let mut reader = Reader::default();
        let mut nows = Vec::new();
        for part in text.as_bytes().chunks(cut) {
            nows.extend(reader.take(part)?.iter().map(|state| state.now));
        }
        Ok(nows)
    }

    #[test]
    fn states_are_found_wherever_the_network_cuts() {
        let other = STATE.replace('7', "8");
        let text = format!(
            ": hello\n\nevent: state\ndata: {STATE}\n\n:\n\nid: 4\nretry: 1\nevent:state\ndata:{other}\n\nevent: state\ndata: cut"
        );
        for cut in [1, 2, 3, 7, 64, 10_000] {
            assert_eq!(nows(&text, cut).unwrap(), [7, 8], "cut at {cut}");
            assert_eq!(nows(&text.replace('\n', "\r\n"), cut).unwrap(), [7, 8], "CR LF, cut at {cut}");
            assert_eq!(nows(&text.replace('\n', "\r"), cut).unwrap(), [7, 8], "CR, cut at {cut}");
        }
    }

    #[test]
    fn other_events_are_passed_over() {
        let text = format!("data: {STATE}\n\nevent: other\ndata: {STATE}\n\nevent: state\n\nevent: State\ndata: x\n\n");
        assert_eq!(nows(&text, 5).unwrap(), [0u64; 0]);
    }

    #[test]
    fn a_state_that_is_none_ends_the_stream() {
        for bad in ["{}", "not json", &format!("{STATE}{STATE}"), &STATE.replace("\"now\":7", "\"now\":7.0")] {
            let fault = nows(&format!("event: state\ndata: {bad}\n\n"), 9).unwrap_err();
            assert!(matches!(fault, Error::Gateway(GatewayError::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn an_endless_line_is_refused_at_the_limit() {
        let fits = format!("event: state\ndata: {STATE}{}\n\n", " ".repeat(limits::ANSWER - STATE.len() - 6));
        assert_eq!(nows(&fits, 1000).unwrap(), [7]);
        for endless in ["d".repeat(limits::ANSWER + 1), format!("data: {}\n", "x".repeat(99)).repeat(700)] {
            assert_eq!(nows(&endless, 1000).unwrap_err(), PortError::TooLarge.into());
        }
    }

    #[test]
    fn any_stream_is_read_alike_wherever_it_is_cut() {
        use proptest::prelude::*;
        let event = |state: &str| format!("\n\nevent: state\ndata: {state}\n\n");
        let line = prop_oneof![
            8 => (0u64..99).prop_map(|now| event(&STATE.replace('7', &now.to_string()))),
            1 => Just("event: state\n".to_owned()),
            1 => Just(format!("data: {STATE}\n")),
            1 => Just("\n".to_owned()),
            2 => ":[a-z ]{0,9}\r\n",
            1 => any::<String>().prop_map(|text| text + "\r"),
        ];
        let cuts = proptest::collection::vec(1usize..40, 1..9);
        let streams = (proptest::collection::vec(line, 0..30).prop_map(|lines| lines.concat()), cuts);
        countersign_properties::parser(streams, |(text, cuts)| {
            let whole = nows(text, text.len().max(1));
            let mut reader = Reader::default();
            let (mut rest, mut found) = (text.as_bytes(), Ok(Vec::new()));
            for cut in cuts.iter().cycle() {
                let (part, after) = rest.split_at((*cut).min(rest.len()));
                match (reader.take(part), &mut found) {
                    (Ok(states), Ok(found)) => found.extend(states.iter().map(|state| state.now)),
                    (Err(fault), found) => *found = Err(fault),
                    (Ok(_), Err(_)) => {}
                }
                rest = after;
                if rest.is_empty() || found.is_err() {
                    break;
                }
            }
            assert_eq!(found, whole);
            whole.is_ok_and(|nows| !nows.is_empty())
        });
    }
}
