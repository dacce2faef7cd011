//! The search itself: where a secret stands, in which form.

use std::collections::{BTreeMap, HashMap};
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

    /// Whether it is a code of a few digits.
    pub fn is_digits(&self) -> bool {
        self.digits
    }

    /// The digits of a code, with or without gaps. They count where they stand alone, and not inside longer numbers.
    pub fn digits(name: &'static str, shown: &str) -> Self {
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        assert!(digits.len() >= 6, "digits");
        let (first, second) = digits.split_at(digits.len() / 2);
        let grouped = [" ", "\u{a0}", "\u{202f}"].map(|gap| ("grouped", format!("{first}{gap}{second}").into_bytes()));
        let forms = [("plain", digits.clone().into_bytes())].into_iter().chain(grouped).collect();
        Self { name, forms, digits: true }
    }
}

/// Raw, hex, base32 and base64, each as it is usually written, and as it stands within something longer that is written
/// so, such as a key in a PEM file.
pub fn forms(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    let base32 = base32::encode(bytes);
    let mut forms = vec![
        ("raw", bytes.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("upper hex", hex.to_uppercase().into_bytes()),
        ("list of numbers", list.into_bytes()),
        ("base32", base32.as_bytes().to_vec()),
        ("lower base32", base32.to_lowercase().into_bytes()),
        ("base64", STANDARD.encode(bytes).into_bytes()),
        ("base64 without padding", STANDARD_NO_PAD.encode(bytes).into_bytes()),
        ("base64url", URL_SAFE_NO_PAD.encode(bytes).into_bytes()),
    ];
    for before in 0..3 {
        forms.push(("inside base64", inside(bytes, before, 3, 4, |all| STANDARD_NO_PAD.encode(all))));
        forms.push(("inside base64url", inside(bytes, before, 3, 4, |all| URL_SAFE_NO_PAD.encode(all))));
    }
    for before in 0..5 {
        let form = inside(bytes, before, 5, 8, |all| base32::encode(all).to_string());
        forms.push(("inside lower base32", form.to_ascii_lowercase()));
        forms.push(("inside base32", form));
    }
    forms.retain(|(_, form)| form.len() >= HEAD);
    forms
}

/// What `bytes` become behind `before` other ones: the characters that no neighbour has a part in. An encoding writes
/// `group` bytes as `characters`.
fn inside(bytes: &[u8], before: usize, group: usize, characters: usize, encode: impl Fn(&[u8]) -> String) -> Vec<u8> {
    let all = [&vec![0; before][..], bytes].concat();
    let bits = 8 * group / characters;
    let (first, end) = ((8 * before).div_ceil(bits), 8 * all.len() / bits);
    encode(&all).as_bytes()[first..end].to_vec()
}

/// Something that a program wrote.
pub struct Place {
    name: String,
    /// What is there.
    pub bytes: Vec<u8>,
}

impl Place {
    /// A log, a page, a list of arguments, a file of any kind.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes }
    }

    /// Whether it is a file of this name.
    pub fn is_called(&self, file: &str) -> bool {
        Path::new(&self.name).file_name().is_some_and(|name| name == file)
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
            places.push(Place::new(path.display().to_string(), bytes));
        }
    }
    places
}

/// So many bytes of each form are looked up at once; shorter forms are not looked for.
const HEAD: usize = 6;

/// A canary in one form, with the form's name.
type Form<'a> = (&'a Canary, &'static str, &'a [u8]);

/// Each place where a canary stands: names alone, since a failing test is a log too. One line a canary and place.
pub fn found(canaries: &[Canary], places: &[Place]) -> Vec<String> {
    let mut heads: HashMap<[u8; HEAD], Vec<Form<'_>>> = HashMap::new();
    let mut begins = vec![false; 1 << 16];
    for (canary, (name, form)) in canaries.iter().flat_map(|canary| canary.forms.iter().map(move |form| (canary, form)))
    {
        let head = form.first_chunk().expect("no form is shorter");
        begins[usize::from(u16::from_be_bytes([head[0], head[1]]))] = true;
        heads.entry(*head).or_default().push((canary, name, form));
    }
    let mut all = BTreeMap::new();
    for place in places {
        for (at, head) in place.bytes.array_windows::<HEAD>().enumerate() {
            if !begins[usize::from(u16::from_be_bytes([head[0], head[1]]))] {
                continue;
            }
            for (canary, name, form) in heads.get(head).into_iter().flatten() {
                if stands(place, at, canary, form) {
                    all.entry((canary.name, place.name.as_str())).or_insert(*name);
                }
            }
        }
    }
    all.into_iter().map(|((canary, place), form)| format!("{canary} in {place}, {form}")).collect()
}

fn stands(place: &Place, at: usize, canary: &Canary, form: &[u8]) -> bool {
    let alone = || {
        let before = at.checked_sub(1).map(|at| place.bytes[at]);
        let after = place.bytes.get(at + form.len());
        // The fraction of a second and a longer number hold many digits by chance.
        !before.is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') && !after.is_some_and(u8::is_ascii_digit)
    };
    place.bytes[at..].starts_with(form) && (!canary.digits || alone())
}
