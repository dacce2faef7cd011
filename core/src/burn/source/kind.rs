//! Which kind of file it is.

use super::{SourceError, csv, decode, table};

/// A kind of file that tokens are burned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Key URIs, one a line.
    Links,
    /// A table with a header: `serial`, `secret_base32` or `secret_hex`, `algorithm`, `digits`, `period` and more.
    Table,
    /// Microsoft Entra's table of hardware tokens.
    Entra,
    /// privacyIDEA's OATH table, which has no header.
    Oath,
    /// Token2's table for Molto-2: `profile,seed,title,algorithm,digits,period`.
    Molto,
    /// The older text for Molto-2: `slot seed algorithm length step yes yes title`.
    MoltoText,
    /// RFC 6030.
    Pskc,
}

impl Kind {
    /// All kinds, in the order in which choices are offered.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Entra, Self::Oath, Self::Pskc, Self::Links, Self::Molto, Self::MoltoText];

    /// The kind that a file looks like; `None` where a person must say.
    ///
    /// # Errors
    /// What is too long, or no text.
    pub fn of(bytes: &[u8]) -> Result<Option<Self>, SourceError> {
        let text = decode(bytes)?;
        let text = text.trim_start();
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if text.starts_with('<') {
            return Ok(Some(Self::Pskc));
        }
        if line.trim_start().get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("otpauth:")) {
            return Ok(Some(Self::Links));
        }
        if table::is_entra(line) {
            return Ok(Some(Self::Entra));
        }
        if is_molto_header(line) {
            return Ok(Some(Self::Molto));
        }
        if table::is_header(line) {
            return Ok(Some(Self::Table));
        }
        if line.starts_with('#') {
            return Ok(Some(Self::Oath));
        }
        Ok(of_row(line))
    }
}

fn is_molto_header(line: &str) -> bool {
    line.trim().to_ascii_lowercase().replace(' ', "").starts_with("profile,seed,title")
}

/// By the form of a row, where there is no header.
fn of_row(line: &str) -> Option<Kind> {
    if !line.contains(',') {
        return (line.split_whitespace().count() >= 7).then_some(Kind::MoltoText);
    }
    let cells = csv::records(line, b',').next()?.ok()?.cells;
    let cell = |at: usize| cells.get(at).map(|cell| cell.trim().to_ascii_lowercase()).unwrap_or_default();
    let is_type = |text: String| matches!(text.as_str(), "totp" | "hotp" | "ocra");
    if is_type(cell(2)) || is_type(cell(5)) || cells.len() == 2 {
        return Some(Kind::Oath);
    }
    (cells.len() == 6 && super::cell::profile(&cell(0)).is_ok()).then_some(Kind::Molto)
}
