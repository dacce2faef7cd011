//! An account as a Key URI that every program reads.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::{Account, Kind};
use crate::otp::{Algorithm, Digits, Period, base32};

/// Writes the account: issuer both in the label and as parameter, everything but letters, digits and `-._~@` escaped,
/// a blank as `%20`, no padding, no defaults. The text holds the seed and is wiped on drop.
///
/// Steam, Yandex and mOTP, on which nobody agreed, are written as Aegis does; it leaves out mOTP's PIN.
///
/// For names that [`clean`](super::clean) leaves as they are, [`parse`](super::parse) gives back the same account, but
/// for the logo's host and for a start of its own that steps of TOTP are counted from: no URI has one.
pub fn write(account: &Account) -> Zeroizing<String> {
    // Room for everything, so that no copy of the seed stays behind in a buffer that was too small.
    let names = account.issuer.len() * 2 + account.name.len();
    let mut uri = Zeroizing::new(String::with_capacity(128 + 3 * names + 2 * account.secret.len()));
    uri.push_str(match account.kind {
        Kind::Totp { .. } => "otpauth://totp/",
        Kind::Hotp { .. } => "otpauth://hotp/",
        Kind::Steam => "otpauth://steam/",
        Kind::Yandex => "otpauth://yaotp/",
        Kind::MOtp => "motp://",
    });
    escape(&account.issuer, &mut uri);
    // An empty issuer that is written down keeps readers from taking half of the name for one, or the kind's own.
    let bare_colon = account.issuer.is_empty() && account.name.contains(':');
    if bare_colon || !account.issuer.is_empty() {
        uri.push(':');
    }
    escape(&account.name, &mut uri);
    uri.push_str("?secret=");
    // The seed leaves its type as the text that was asked for.
    match account.kind {
        Kind::MOtp => hex(account.secret.expose(), &mut uri),
        _ => uri.push_str(&base32::encode(account.secret.expose())),
    }
    let own_issuer = matches!(account.kind, Kind::Steam | Kind::Yandex);
    if bare_colon || own_issuer || !account.issuer.is_empty() {
        uri.push_str("&issuer=");
        escape(&account.issuer, &mut uri);
    }
    if account.kind.fixed().is_none() && account.algorithm != Algorithm::default() {
        uri.push_str("&algorithm=");
        uri.push_str(account.algorithm.as_str());
    }
    if account.kind.fixed().is_none() && account.digits != Digits::default() {
        number("digits", u64::from(account.digits.get()), &mut uri);
    }
    match account.kind {
        Kind::Totp { period } if period.seconds() != Period::default().seconds() => {
            number("period", u64::from(period.seconds()), &mut uri);
        }
        Kind::Hotp { counter } => number("counter", counter.get(), &mut uri),
        _ => {}
    }
    if let Some(pin) = &account.pin {
        uri.push_str("&pin=");
        // And so does the PIN.
        uri.push_str(&base32::encode(pin.expose()));
    }
    uri
}

fn hex(bytes: &[u8], uri: &mut String) {
    for byte in bytes {
        let _ = write!(uri, "{byte:02x}");
    }
}

fn number(name: &str, value: u64, uri: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(uri, "&{name}={value}");
}

fn escape(text: &str, uri: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@') {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
}
