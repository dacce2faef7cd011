//! The search itself: where a secret stands, in which form.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use countersign_protocol::otp::base32;

/// A secret that the test knows.
pub struct Canary {
    name: &'static str,
    forms: Vec<(&'static str, Vec<u8>)>,
    digits: bool,
}

impl Canary {
    /// Key material.
    pub fn bytes(name: &'static str, bytes: &[u8]) -> Self {
        Self { name, forms: forms(bytes), digits: false }
    }

    /// Something that a person types.
    pub fn text(name: &'static str, text: &str) -> Self {
        Self::bytes(name, text.as_bytes())
    }

    /// Whether it goes by this name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The digits of a code, with or without gaps. Looked for in texts alone, and not inside longer numbers.
    pub fn digits(name: &'static str, shown: &str) -> Self {
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        assert!(digits.len() >= 6, "digits");
        let (first, second) = digits.split_at(digits.len() / 2);
        let grouped = [" ", "\u{a0}", "\u{202f}"].map(|gap| ("grouped", format!("{first}{gap}{second}").into_bytes()));
        let forms = [("plain", digits.clone().into_bytes())].into_iter().chain(grouped).collect();
        Self { name, forms, digits: true }
    }
}

/// Raw, hex, base32 and base64, each as it is usually written.
pub fn forms(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    let base32 = base32::encode(bytes);
    vec![
        ("raw", bytes.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("upper hex", hex.to_uppercase().into_bytes()),
        ("list of numbers", list.into_bytes()),
        ("base32", base32.as_bytes().to_vec()),
        ("lower base32", base32.to_lowercase().into_bytes()),
        ("base64", STANDARD.encode(bytes).into_bytes()),
        ("base64 without padding", STANDARD_NO_PAD.encode(bytes).into_bytes()),
        ("base64url", URL_SAFE_NO_PAD.encode(bytes).into_bytes()),
    ]
}

/// Something that a program wrote.
pub struct Place {
    name: String,
    /// What is there.
    pub bytes: Vec<u8>,
    is_text: bool,
}

impl Place {
    /// A log, a page, a list of arguments.
    pub fn text(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes, is_text: true }
    }

    /// Whether it is a file of this name.
    pub fn is_called(&self, file: &str) -> bool {
        Path::new(&self.name).file_name().is_some_and(|name| name == file)
    }

    /// A file of any kind.
    pub fn file(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes, is_text: false }
    }
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            places.extend(files(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            places.push(Place::file(path.display().to_string(), bytes));
        }
    }
    places
}

/// Each place where a canary stands: names alone, since a failing test is a log too. One line a canary and place.
pub fn found(canaries: &[Canary], places: &[Place]) -> Vec<String> {
    let mut all = Vec::new();
    for place in places {
        for canary in canaries.iter().filter(|canary| place.is_text || !canary.digits) {
            let form = canary.forms.iter().find(|(_, form)| stands(&place.bytes, form, canary.digits));
            all.extend(form.map(|(form, _)| format!("{} in {}, {form}", canary.name, place.name)));
        }
    }
    all
}

fn stands(bytes: &[u8], form: &[u8], digits: bool) -> bool {
    let alone = |at: usize| {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(at + form.len());
        // The fraction of a second and a longer number hold many digits by chance.
        !before.is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') && !after.is_some_and(u8::is_ascii_digit)
    };
    bytes.windows(form.len()).enumerate().any(|(at, window)| window == form && (!digits || alone(at)))
}
