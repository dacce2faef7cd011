//! A person types what a display shows, and it is told what that says of the token.

use countersign_core::burn::{Comparison, Family, Judgement, Moving, Plan, TokenDigits, judge};
use countersign_core::protocol::otp::Typed;
use countersign_strings::{fill, text};

use super::args::Manner;
use super::table::Table;
use crate::fault::Fault;
use crate::terminal::Terminal;
use crate::token_words;

/// How often digits may be typed.
const TRIES: u32 = 3;

/// Whether digits are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Of a person, and of a pipe.
    Always,
    /// Of a person.
    OfPerson,
    /// Of nobody.
    Never,
}

impl Wanted {
    /// As a command line asks.
    pub const fn of(manner: &Manner) -> Self {
        match manner {
            Manner { no_compare: true, .. } => Self::Never,
            Manner { compare: true, .. } => Self::Always,
            _ => Self::OfPerson,
        }
    }

    /// Whether they are, there.
    pub fn is_asked(self, terminal: &Terminal) -> bool {
        match self {
            Self::Always => true,
            Self::OfPerson => terminal.is_asked(),
            Self::Never => false,
        }
    }
}

/// Asks for the digits of the display, and judges them; nothing when nobody is asked, or the person skips it.
pub fn compare(table: &mut Table<'_>, plan: &Plan, wanted: Wanted) -> Result<Option<Judgement>, Fault> {
    let terminal = table.context.terminal.clone();
    if !wanted.is_asked(&terminal) {
        return Ok(None);
    }
    let request = plan.request();
    let how = how(plan);
    if table.is_news(&how) {
        terminal.say(&how);
    }
    if let Some(code) = table.seat.display(request.profile) {
        terminal.say(&fill("token.emulated_shows", &[("code", &code)]));
    }
    let mut last = None;
    let mut tries = 0;
    while tries < TRIES {
        // Who saw other digits and leaves has seen them all the same.
        let asked = terminal.next_line_unless(text("token.digits_ask"), &table.interrupt)?;
        let Some(line) = asked else { return Ok(last) };
        if line.trim().is_empty() {
            return Ok(last);
        }
        // A slip says nothing of the token: it is neither judged nor counted.
        let Some(typed) = of_code(&line, request.credential.digits) else {
            terminal.say(&fill("token.digits_form", &[("n", &request.credential.digits.get().to_string())]));
            continue;
        };
        tries += 1;
        let now = table.clock.now();
        let judgement = judge(&request.credential, &typed, now);
        terminal.say(&token_words::of_judgement(judgement));
        if judgement != Judgement::WrongSeed {
            return Ok(Some(judgement));
        }
        last = Some(judgement);
        if let Some(codes) = Comparison::at(&request.credential, now) {
            let next_in = codes.next_in.to_string();
            let values = [
                ("before", codes.before.as_str()),
                ("now", codes.now.as_str()),
                ("next", codes.next.as_str()),
                ("seconds", next_in.as_str()),
            ];
            terminal.say(&fill("token.would_show", &values));
        }
    }
    Ok(last)
}

/// What was typed, where it is digits and as many as the code has.
fn of_code(line: &str, digits: TokenDigits) -> Option<Typed> {
    line.trim().parse().ok().filter(|typed: &Typed| typed.len() == usize::from(digits.get()))
}

/// What is to be done before the display is looked at.
fn how(plan: &Plan) -> String {
    match plan.identity().family {
        Family::Single => text("token.compare_single").to_owned(),
        Family::Molto2 => fill("token.compare_molto", &[("n", &plan.request().profile.to_string())]),
        _ if matches!(plan.request().credential.moving, Moving::Counter(_)) => text("token.compare_counter").to_owned(),
        _ => text("token.compare_other").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_code_is_judged() {
        let is_judged = |line: &str| of_code(line, TokenDigits::SIX).is_some();
        for whole in ["123456", " 123 456\n", "123-456"] {
            assert!(is_judged(whole), "{whole}");
        }
        for slip in ["12345", "1234567", "abcdef", "12345b", "1", "?", "12345678"] {
            assert!(!is_judged(slip), "{slip}");
        }
    }
}
