//! What is to be written into one token: an account's seed, a link or a typed seed, a QR, or one drawn here.

use std::path::Path;

use countersign_core::burn::source::{self, Row, Settings, Typed};
use countersign_core::burn::{Credential, DisplayTime, Moving, Request, Seed, TokenDigits};
use countersign_core::cancel::Cancel;
use countersign_core::error::{InputError, Named, Rule};
use countersign_core::port::Random;
use countersign_core::protocol::otp::{Algorithm, Counter, Period};
use countersign_core::protocol::uri::otpauth::{self, UriError};
use countersign_core::qr::{Class, classify};
use countersign_strings::text;

use super::args::{Burn, Display, Manner, ReadingName, Shape};
use crate::command::{Context, account};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::read::{self, Found};
use crate::{scan_words, token_words};

/// What the token is to hold, and what was repaired or assumed on the way.
pub fn request(
    context: &Context,
    asked: &Burn,
    desk: Option<&Desk>,
    random: &dyn Random,
) -> Result<(Request, Vec<String>), Fault> {
    let (mut credential, remarks) = credential(context, asked, desk, random)?;
    if let Some(issuer) = &asked.issuer {
        credential.issuer.clone_from(issuer);
    }
    if let Some(account) = &asked.account {
        credential.name.clone_from(account);
    }
    let request =
        Request { profile: asked.profile.unwrap_or_default(), title: asked.title.clone(), ..Request::new(credential) };
    Ok((with_manner(request, &asked.writing.manner), remarks))
}

/// The same, written in this manner. That what is in the place goes was asked for, or will be.
pub fn with_manner(request: Request, manner: &Manner) -> Request {
    Request {
        display: manner.display.map_or_else(DisplayTime::default, display),
        touch: manner.touch,
        replace: true,
        expert: manner.expert,
        ..request
    }
}

/// How long a display stays on, as drivers take it.
pub const fn display(asked: Display) -> DisplayTime {
    match asked {
        Display::Fifteen => DisplayTime::Fifteen,
        Display::Thirty => DisplayTime::Thirty,
        Display::Sixty => DisplayTime::Sixty,
        Display::TwoMinutes => DisplayTime::TwoMinutes,
    }
}

fn credential(
    context: &Context,
    asked: &Burn,
    desk: Option<&Desk>,
    random: &dyn Random,
) -> Result<(Credential, Vec<String>), Fault> {
    if asked.random {
        let rows = source::random(1, settings(&asked.writing.shape)?, random)?;
        let row = rows.into_iter().next().ok_or(countersign_core::error::PortError::Failed)?;
        return Ok(told(row));
    }
    let row = match (&asked.name, &asked.picture) {
        (Some(name), _) => of_account(context, desk, name)?,
        (None, Some(path)) => of_picture(context, path)?,
        (None, None) => return of_line(context, asked),
    };
    only_of_links(&asked.writing.shape)?;
    Ok(told(row))
}

fn told(row: Row) -> (Credential, Vec<String>) {
    let mut remarks: Vec<String> = Vec::new();
    for remark in row.notes.iter().map(token_words::of_source_note) {
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    (row.credential, remarks)
}

/// Whether anything of it was said.
pub const fn is_set(shape: &Shape) -> bool {
    shape.algorithm.is_some() || shape.digits.is_some() || shape.period.is_some() || shape.counter.is_some()
}

/// An account's link says all of it: nothing of that is set beside it.
fn only_of_links(shape: &Shape) -> Result<(), Fault> {
    if is_set(shape) { Err(Fault::refused(text("token.shape_of_link"))) } else { Ok(()) }
}

/// An account of the vault. Its seed leaves the vault, so the passphrase is asked for anew.
pub fn of_account(context: &Context, desk: Option<&Desk>, name: &str) -> Result<Row, Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    let desk = desk.map_or_else(|| context.desk(), |desk| Ok(desk.clone()))?;
    let fresh = desk.app.prove(&terminal.passphrase(text("cli.passphrase"))?, &Cancel::default())?;
    let account = account::find(&desk.app.accounts()?, name)?;
    let link = desk.app.export_link(account.id, &fresh)?;
    source::link(&link).map_err(refused)
}

fn of_picture(context: &Context, path: &Path) -> Result<Row, Fault> {
    let desk = context.desk()?;
    match read::picture(&desk.app, path).map_err(Fault::refused)? {
        Found::Account { guessed: true, .. } => Err(Fault::refused(text("qr.secret_look_alike"))),
        Found::Account { account, .. } => source::link(&otpauth::write(&account)).map_err(refused),
        Found::Enrolment(..) | Found::Offline(..) => Err(Fault::refused(text("qr.enrolment"))),
    }
}

/// A link or a seed, from a prompt or from standard input.
fn of_line(context: &Context, asked: &Burn) -> Result<(Credential, Vec<String>), Fault> {
    let line = context.terminal.line(text("token.seed_ask"), true)?;
    let line = line.trim();
    if line.is_empty() {
        return Err(Fault::refused(text("token.seed_nothing")));
    }
    if classify(line) == Class::Account {
        only_of_links(&asked.writing.shape)?;
        return source::link(line).map(told).map_err(refused);
    }
    let (seed, notes) = match source::typed(line) {
        // The number on a token's back is scanned for its key more often than anything else.
        Ok(Typed::One { notes, .. }) if notes.contains(&source::Note::DigitsAlone) && !is_said(context, asked) => {
            return Err(Fault::refused(text("token.digits_alone")));
        }
        Ok(Typed::One { seed, notes }) => (seed, notes),
        Ok(Typed::Either { base32, hex }) => (either(context, asked.writing.reading, base32, hex)?, vec![]),
        Err(rule) => return Err(instead(line, rule)),
    };
    let Settings { moving, algorithm, digits } = settings(&asked.writing.shape)?;
    let credential =
        Credential { serial: None, issuer: String::new(), name: String::new(), seed, moving, algorithm, digits };
    Ok((credential, notes.iter().map(token_words::of_source_note).collect()))
}

/// Whether what looks like a serial number was said to be a key, or a person will be asked.
fn is_said(context: &Context, asked: &Burn) -> bool {
    asked.writing.reading == Some(ReadingName::Hex) || (context.terminal.has_person() && !asked.writing.manner.yes)
}

/// The reading that was asked for, or that the person chooses: nothing is guessed.
fn either(context: &Context, reading: Option<ReadingName>, base32: Seed, hex: Seed) -> Result<Seed, Fault> {
    let reading = match reading {
        Some(reading) => reading,
        None if context.terminal.has_person() => {
            let is_hex = context.terminal.answer(text("token.reading_ask"))?;
            match is_hex.trim().to_lowercase().as_str() {
                "b" | "base32" => ReadingName::Base32,
                "h" | "hex" => ReadingName::Hex,
                _ => return Err(Fault::refused(text("token.rule_ambiguous"))),
            }
        }
        None => return Err(Fault::refused(text("token.rule_ambiguous"))),
    };
    Ok(match reading {
        ReadingName::Base32 => base32,
        ReadingName::Hex => hex,
    })
}

/// What a text is that is no seed: a serial number, a page, another app's code. Else why it is none.
fn instead(line: &str, rule: source::Rule) -> Fault {
    match classify(line) {
        Class::Text | Class::Empty | Class::Account | Class::TooLong { .. } => refused(rule),
        class => Fault::refused(scan_words::of_class(&class)),
    }
}

fn refused(rule: source::Rule) -> Fault {
    Fault::refused(token_words::of_rule(rule))
}

/// What the codes of a seed without a link are set to: six digits, every 30 seconds, SHA-1, unless something else is said.
pub fn settings(shape: &Shape) -> Result<Settings, Fault> {
    let range = |field| move |_| Fault::from(InputError::Field { field, rule: Rule::Range });
    let moving = match shape.counter {
        Some(counter) => Moving::Counter(Counter::try_from(counter).map_err(range(Named::Counter))?),
        None => {
            let period = shape.period.map(Period::try_from).transpose().map_err(range(Named::Period))?;
            Moving::Time(period.unwrap_or_default())
        }
    };
    let algorithm = shape.algorithm.as_deref().map(|name| name.to_ascii_uppercase().replace('-', "").parse());
    let algorithm: Option<Algorithm> =
        algorithm.transpose().map_err(|_| Fault::refused(scan_words::of_uri_error(&UriError::UnknownAlgorithm)))?;
    if algorithm.is_some_and(|algorithm| !Algorithm::RFC_6238.contains(&algorithm)) {
        return Err(Fault::refused(text("token.rule_algorithm")));
    }
    let digits = match shape.digits {
        Some(digits) => TokenDigits::try_from(digits).map_err(|fault| refused(source::Rule::Value(fault)))?,
        None => TokenDigits::SIX,
    };
    Ok(Settings { moving, algorithm: algorithm.unwrap_or_default(), digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_the_usual_ones_unless_something_else_is_said() {
        let usual = settings(&Shape::default()).unwrap();
        let wanted =
            Settings { moving: Moving::Time(Period::THIRTY), algorithm: Algorithm::Sha1, digits: TokenDigits::SIX };
        assert_eq!(usual, wanted);
        let shape = Shape { algorithm: Some("sha-256".into()), digits: Some(4), period: None, counter: Some(7) };
        let other = settings(&shape).unwrap();
        assert_eq!((other.algorithm, other.digits.get()), (Algorithm::Sha256, 4));
        assert!(matches!(other.moving, Moving::Counter(counter) if counter.get() == 7));
    }

    #[test]
    fn settings_that_no_token_has_are_refused() {
        for shape in [
            Shape { digits: Some(3), ..Shape::default() },
            Shape { digits: Some(11), ..Shape::default() },
            Shape { period: Some(0), ..Shape::default() },
            Shape { algorithm: Some("md5".into()), ..Shape::default() },
        ] {
            assert!(settings(&shape).is_err(), "{shape:?}");
        }
    }

    #[test]
    fn what_is_no_seed_is_called_by_what_it_is() {
        let fault = instead("phonefactor://activate_account?code=1", source::Rule::HexOdd);
        assert_eq!(fault.words, text("qr.microsoft"));
        assert_eq!(instead("not a seed!", source::Rule::HexOdd).words, text("token.rule_hex_odd"));
    }
}
