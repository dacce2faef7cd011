//! One pack: a zip archive with `pack.json` and the pictures that it names, as Aegis documents it (`docs/iconpacks.md`
//! there).

use std::fmt;
use std::str::FromStr;

use countersign_protocol::text::is_forbidden;
use serde::Deserialize;

use super::archive::{Archive, REFUSED};
use crate::error::{InputError, Named, Rule};
use crate::limits;

/// The one file that every pack has.
const LIST: &str = "pack.json";
/// Pictures that can be drawn here.
const ENDINGS: [&str; 3] = [".png", ".jpg", ".jpeg"];

/// Which pack; the same in every version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackId([u8; 16]);

impl fmt::Display for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for PackId {
    type Err = InputError;

    /// Reads a UUID as everybody writes it: thirty-two hexadecimal digits with four hyphens, whatever the case.
    fn from_str(text: &str) -> Result<Self, InputError> {
        let has_hyphens =
            text.len() == 36 && text.char_indices().all(|(at, c)| (c == '-') == matches!(at, 8 | 13 | 18 | 23));
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        if !has_hyphens || digits.len() != 32 {
            return Err(REFUSED);
        }
        u128::from_str_radix(&digits, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| REFUSED)
    }
}

/// A pack that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Which pack.
    pub id: PackId,
    /// Its name, fit to be shown.
    pub name: String,
    /// Its version, which grows.
    pub version: u64,
    /// How many of its icons can be chosen.
    pub icons: usize,
    /// How many cannot: SVG, which is not drawn here, and what the archive does not have.
    pub left_out: usize,
}

/// One icon of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackIcon {
    /// Of which pack.
    pub pack: PackId,
    /// Which of its files.
    pub file: String,
    /// Its name, fit to be shown.
    pub name: String,
    /// Its category, fit to be shown; may be empty.
    pub category: String,
    /// The words that an issuer is held against, in lower case.
    pub(super) issuers: Vec<String>,
}

/// How well an icon fits an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// One of its words holds the issuer, or the issuer one of its words: what Aegis proposes.
    Part,
    /// One of its words stands in the issuer between blanks or marks.
    Word,
    /// One of its words is the issuer.
    Whole,
}

impl PackIcon {
    /// The icon of a file, for what needs no more than that.
    pub const fn of_file(pack: PackId, file: String) -> Self {
        Self { pack, file, name: String::new(), category: String::new(), issuers: Vec::new() }
    }

    /// How well it fits an issuer, whatever the case; `None` where Aegis would not propose it.
    pub fn fits(&self, issuer: &str) -> Option<Fit> {
        let issuer = issuer.trim().to_lowercase();
        if issuer.is_empty() {
            return None;
        }
        let fit = |word: &String| match () {
            () if *word == issuer => Some(Fit::Whole),
            () if stands_alone(word, &issuer) => Some(Fit::Word),
            () if word.contains(&issuer) || issuer.contains(word.as_str()) => Some(Fit::Part),
            () => None,
        };
        self.issuers.iter().filter_map(fit).max()
    }

    /// Whether each word of a search, in lower case, stands in its name, its category or one of its issuers.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        let (name, category) = (self.name.to_lowercase(), self.category.to_lowercase());
        let all = || [&name, &category].into_iter().chain(&self.issuers);
        words.iter().all(|word| all().any(|text| text.contains(word)))
    }
}

/// Whether a word stands in a text with neither letter nor digit before and behind it.
fn stands_alone(word: &str, text: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
    })
}

/// `pack.json`.
#[derive(Deserialize)]
struct List {
    uuid: String,
    name: String,
    version: u64,
    icons: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    filename: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    category: Option<String>,
    issuer: Vec<String>,
}

/// Reads a pack and what of it can be chosen.
///
/// # Errors
/// [`InputError::TooMuch`] over a limit; [`InputError::Field`] for what is no pack, or has no icon that can be drawn.
pub(super) fn read(bytes: &[u8]) -> Result<(Pack, Vec<PackIcon>), InputError> {
    let archive = Archive::read(bytes)?;
    let list = match archive.unpack(LIST, Named::IconPack, limits::ICON_PACK_LIST) {
        Err(InputError::NotFound) => return Err(REFUSED),
        list => list?,
    };
    let list: List = serde_json::from_slice(&list).map_err(|_| REFUSED)?;
    let (id, all) = (list.uuid.parse()?, list.icons.len());
    let drawn = |entry: &Entry| is_drawn(&entry.filename) && archive.has(&entry.filename);
    let icons: Vec<PackIcon> = list.icons.into_iter().filter(drawn).map(|entry| icon(id, entry)).collect();
    if icons.is_empty() {
        return Err(InputError::Field { field: Named::IconPack, rule: Rule::NoPngIcons });
    }
    let pack =
        Pack { id, name: shown(&list.name), version: list.version, icons: icons.len(), left_out: all - icons.len() };
    Ok((pack, icons))
}

/// Unpacks the file of one icon: a PNG or JPEG, if it is what its name says.
///
/// # Errors
/// [`InputError::NotFound`]; [`InputError::TooMuch`]; [`InputError::Field`] for an archive that is damaged.
pub(super) fn picture(bytes: &[u8], file: &str) -> Result<Vec<u8>, InputError> {
    if !is_drawn(file) {
        return Err(InputError::NotFound);
    }
    Archive::read(bytes)?.unpack(file, Named::Picture, limits::ICON_PICTURE)
}

fn is_drawn(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| file.ends_with(ending))
}

fn icon(pack: PackId, entry: Entry) -> PackIcon {
    let Entry { filename, name, category, issuer } = entry;
    let stem =
        || filename.rsplit('/').next().and_then(|last| last.rsplit_once('.')).map_or("", |(stem, _)| stem).to_owned();
    let name = shown(&name.filter(|name| !name.trim().is_empty()).unwrap_or_else(stem));
    let issuers = issuer.iter().map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect();
    PackIcon { pack, name, category: shown(&category.unwrap_or_default()), issuers, file: filename }
}

/// What stands in a stranger's file, fit to be shown.
fn shown(text: &str) -> String {
    let text: String = text.trim().chars().filter(|c| !is_forbidden(*c)).take(limits::ICON_NAME).collect();
    text.trim().to_owned()
}
