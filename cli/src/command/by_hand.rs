//! An account typed in by hand: its settings by options, key and PIN by standard input or a hidden prompt.

use countersign_core::error::{InputError, Named, Rule};
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::{Algorithm, Counter, Digits, Period, Pin, base32, motp};
use countersign_core::protocol::uri::otpauth::{Repair, UriError, spelt};
use countersign_core::vault::{Details, Kind, NewAccount, is_nameless};
use countersign_strings::{fill, text};

use crate::args::Typed;
use crate::fault::Fault;
use crate::scan_words;
use crate::terminal::Terminal;

/// What `--kind` takes.
pub const KINDS: [&str; 5] = ["totp", "hotp", "steam", "yandex", "motp"];

/// The account, and what should be known of it.
///
/// # Errors
/// A [`Fault`] for a value that is not taken.
pub fn account(terminal: &Terminal, kind: &str, typed: &Typed) -> Result<(NewAccount, Vec<String>), Fault> {
    let range = |field| move |_| Fault::from(InputError::Field { field, rule: Rule::Range });
    let kind = match kind.to_ascii_lowercase().as_str() {
        "totp" => {
            let period = typed.period.map(Period::try_from).transpose().map_err(range(Named::Period))?;
            let start = typed.start.unwrap_or_default();
            Kind::Totp(period.unwrap_or_default().counted_from(start).map_err(range(Named::Start))?)
        }
        "hotp" => Kind::Hotp(Counter::try_from(typed.counter.unwrap_or_default()).map_err(range(Named::Counter))?),
        "steam" => Kind::Steam,
        "yandex" => Kind::Yandex,
        "motp" => Kind::MOtp,
        _ => return Err(Fault::refused(fill("cli.kind_unknown", &[("kinds", &KINDS.join(", "))]))),
    };
    if let Some(option) = misplaced(kind, typed) {
        return Err(Fault::refused(fill("cli.kind_option", &[("option", option)])));
    }
    let unknown = || {
        Fault::refused(fill("cli.algorithm_unknown", &[("names", &Algorithm::ALL.map(Algorithm::as_str).join(", "))]))
    };
    let algorithm = typed.algorithm.as_deref().map(|name| spelt(name).ok_or_else(unknown)).transpose()?;
    let digits = typed.digits.map(Digits::try_from).transpose().map_err(range(Named::Digits))?;
    let (algorithm, digits) = kind.form(algorithm.unwrap_or_default(), digits.unwrap_or_default());
    let (issuer, name) = (typed.issuer.clone().unwrap_or_default(), typed.account.clone().unwrap_or_default());
    if is_nameless(&issuer, &name) {
        return Err(Fault::refused(text("tui.form_nameless")));
    }
    let (secret, mut remarks) = key(terminal, kind)?;
    // As a link of Steam's is doubted that says no kind.
    let ordinary = matches!(kind, Kind::Totp(_)) && typed.digits.is_none();
    remarks.extend((ordinary && issuer.eq_ignore_ascii_case("steam")).then(|| text("qr.maybe_steam").to_owned()));
    let pin = if kind.has_pin() { Some(pin(terminal, kind)?) } else { None };
    let new = NewAccount {
        issuer,
        name,
        note: String::new(),
        kind,
        algorithm,
        digits,
        secret,
        pin,
        origin: None,
        details: Details::default(),
    };
    Ok((new, remarks))
}

/// An option that was given and is nothing that an account of this kind has.
fn misplaced(kind: Kind, typed: &Typed) -> Option<&'static str> {
    let (timed, counted) = (matches!(kind, Kind::Totp(_)), matches!(kind, Kind::Hotp(_)));
    let given = [
        ("--algorithm", typed.algorithm.is_some(), timed || counted),
        ("--digits", typed.digits.is_some(), timed || counted),
        ("--period", typed.period.is_some(), timed),
        ("--start", typed.start.is_some(), timed),
        ("--counter", typed.counter.is_some(), counted),
    ];
    given.into_iter().find(|(_, given, fits)| *given && !fits).map(|(option, ..)| option)
}

/// The key: in base32, of mOTP in hexadecimal digits.
fn key(terminal: &Terminal, kind: Kind) -> Result<(Secret, Vec<String>), Fault> {
    let line = terminal.line(text("cli.key_ask"), true)?;
    let refused = |fault: UriError| Fault::refused(scan_words::of_uri_error(&fault));
    if kind == Kind::MOtp {
        return Ok((motp::seed(&line).map_err(|fault| refused(fault.into()))?, vec![]));
    }
    let (secret, found) = base32::decode(&line).map_err(|fault| refused(UriError::Secret(fault)))?;
    let loose = found.loose_end.then_some(Repair::KeyLooseEnd);
    Ok((secret, scan_words::of_repairs(loose.as_slice())))
}

/// The PIN of an account of this kind.
///
/// # Errors
/// A [`Fault`] for what is none.
pub fn pin(terminal: &Terminal, kind: Kind) -> Result<Pin, Fault> {
    let line = terminal.next_line(text("cli.pin_ask"), true)?;
    let line = line.ok_or_else(|| Fault::refused(text("cli.pin_not_there")))?;
    let timed = kind.timed(Algorithm::default(), Digits::default());
    let pin = timed.and_then(|timed| Pin::of(timed, &line).ok());
    pin.ok_or_else(|| InputError::Field { field: Named::Pin, rule: Rule::Pin }.into())
}
