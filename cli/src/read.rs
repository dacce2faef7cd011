//! What a link or a picture holds: an account, an enrolment, or a sentence on what it is instead.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign_core::app::{App, ApprovalRow, EnrolOffer, OfflineCode, Scanned};
use countersign_core::cancel::Cancel;
use countersign_core::limits::PICTURE_FILE;
use countersign_core::protocol::otp::base32::{self, Base32Error};
use countersign_core::protocol::uri::otpauth::{Account, Repair, UriError};
use countersign_core::qr::Class;
use countersign_strings::text;
use zeroize::Zeroizing;

use crate::port::clipboard::{self, Pasted};
use crate::{scan_words, transfer_words, words};

/// What was read, and is asked about before anything is stored or sent.
pub enum Found {
    /// An account that can be added.
    Account {
        /// The account with its seed.
        account: Box<Account>,
        /// What was mended.
        repairs: Vec<Repair>,
        /// Were a 0, 1 or 8 of its key read as O, I or B? That is a guess: it is offered, and never taken unasked.
        guessed: bool,
    },
    /// An enrolment at a gateway, and the name by which the gateway calls itself.
    Enrolment(Box<EnrolOffer>, String),
    /// A sign-in that waits for an answer code, verified, and what it asks.
    Offline(Box<OfflineCode>, Box<ApprovalRow>),
}

/// Reads a link. A login's is refused: it is for cameras alone.
///
/// # Errors
/// The sentence on what it is instead, or why it is not taken.
pub fn link(app: &App, link: &str) -> Result<Found, String> {
    match scanned(app, link) {
        (Scanned::Account { account, repairs }, guessed) => Ok(Found::Account { account, repairs, guessed }),
        (other, _) => found(app, other),
    }
}

/// What a link is, and whether a 0, 1 or 8 of its key had to be read as a letter for that.
pub fn scanned(app: &App, link: &str) -> (Scanned, bool) {
    let scanned = app.scan_text(link);
    if let Scanned::Unreadable(UriError::Secret(Base32Error::LookAlike(_))) = &scanned
        && let Some(guess) = with_letters(link)
        && let guess @ Scanned::Account { .. } = app.scan_text(&guess)
    {
        return (guess, true);
    }
    (scanned, false)
}

/// The link with the digits of its key that base32 does not have read as the letters that look like them.
fn with_letters(link: &str) -> Option<Zeroizing<String>> {
    const NAME: &str = "secret=";
    let lower = Zeroizing::new(link.to_ascii_lowercase());
    let starts = |at: &usize| link[..*at].ends_with(['?', '&']);
    let start = lower.match_indices(NAME).map(|(at, _)| at).find(starts)? + NAME.len();
    let end = link[start..].find(['&', '#']).map_or(link.len(), |length| start + length);
    // Of what is written in percent form the digits are not the key's.
    let key = Some(&link[start..end]).filter(|key| !key.contains('%'))?;
    let mut guess = Zeroizing::new(String::with_capacity(link.len()));
    guess.push_str(&link[..start]);
    guess.push_str(&base32::unmistaken(key)?);
    guess.push_str(&link[end..]);
    Some(guess)
}

fn found(app: &App, scanned: Scanned) -> Result<Found, String> {
    match scanned {
        Scanned::Account { account, repairs } => Ok(Found::Account { account, repairs, guessed: false }),
        Scanned::Enrolment(offer) => {
            let name = app.enrol_name(&offer, &Cancel::default()).map_err(|fault| words::of_error(&fault))?;
            Ok(Found::Enrolment(offer, name))
        }
        Scanned::Offline(code) => {
            let row = app.offline_row(&code).map_err(|fault| words::of_error(&fault))?;
            Ok(Found::Offline(code, Box::new(row)))
        }
        other => Err(named(other)),
    }
}

/// What something is that is not taken here, or why it is not.
pub fn named(scanned: Scanned) -> String {
    let class = match scanned {
        Scanned::Unreadable(fault) => return scan_words::of_uri_error(&fault),
        Scanned::UnreadablePart(fault) => return transfer_words::of_part(fault),
        Scanned::Refused(fault) => return words::of_error(&fault.into()),
        Scanned::Account { .. } => Class::Account,
        Scanned::Part(_) => Class::Migration,
        Scanned::Enrolment(_) => Class::Enrolment,
        Scanned::Offline(_) => Class::Offline,
        // There is no camera here; were there one, this would not be its way.
        Scanned::Login | Scanned::Page(_) => Class::Login,
        Scanned::Other(class) => class,
    };
    scan_words::of_class(&class)
}

/// Reads the one QR of a picture.
///
/// # Errors
/// As [`link`]; and where the picture holds none or several, or can't be read.
pub fn picture(app: &App, path: &Path) -> Result<Found, String> {
    only(app, codes(app, path)?)
}

/// Reads what was copied: a link, or a picture of one QR.
///
/// # Errors
/// As [`link`] and [`picture`]; and where nothing was copied.
pub fn clipboard(app: &App) -> Result<Found, String> {
    match clipboard::paste().map_err(|fault| fault.words)? {
        Pasted::Text(text) => link(app, text.trim()),
        Pasted::Picture(file) => only(app, codes_of(app, file)?),
    }
}

fn only(app: &App, mut codes: Vec<Scanned>) -> Result<Found, String> {
    match (codes.pop(), codes.is_empty()) {
        (Some(one), true) => found(app, one),
        (Some(_), false) => Err(text("qr.several_found").to_owned()),
        (None, _) => Err(text("qr.none_found").to_owned()),
    }
}

/// What each code of a picture is.
///
/// # Errors
/// A sentence where the picture holds none, or can't be read.
pub fn codes(app: &App, path: &Path) -> Result<Vec<Scanned>, String> {
    let missing = |fault: std::io::Error| {
        let is_there = fault.kind() != std::io::ErrorKind::NotFound;
        text(if is_there { "qr.picture_missing" } else { "qr.picture_not_there" }).to_owned()
    };
    let mut file = Vec::new();
    let most = PICTURE_FILE as u64 + 1;
    File::open(path).and_then(|opened| opened.take(most).read_to_end(&mut file)).map_err(missing)?;
    codes_of(app, file)
}

/// The same of a picture that is here already.
///
/// # Errors
/// As [`codes`].
pub fn codes_of(app: &App, file: Vec<u8>) -> Result<Vec<Scanned>, String> {
    let codes = app.scan_picture(file).map_err(|fault| scan_words::of_scan_error(fault).to_owned())?;
    if codes.is_empty() { Err(text("qr.none_found").to_owned()) } else { Ok(codes) }
}

/// Reads what was typed or pasted into a field: a link, or the path of a picture.
///
/// # Errors
/// As [`link`] and [`picture`].
pub fn field(app: &App, typed: &str) -> Result<Found, String> {
    match as_path(typed.trim()) {
        Some(path) => picture(app, &path),
        None => link(app, typed),
    }
}

/// The path that was meant, if it looks like one.
fn as_path(typed: &str) -> Option<PathBuf> {
    // A terminal into which a file is dropped quotes its name.
    let typed = typed.trim_matches('\'');
    if let Some(rest) = typed.strip_prefix("~/") {
        return Some(PathBuf::from(std::env::var_os("HOME")?).join(rest));
    }
    let rest = typed.strip_prefix("file://").unwrap_or(typed);
    ["/", "./", "../"].iter().any(|start| rest.starts_with(start)).then(|| PathBuf::from(rest))
}

/// The account with each + of its issuer read as a blank, where the link leaves open how it was meant.
pub fn with_blanks(account: &Account, repairs: &[Repair]) -> Option<Account> {
    let is_open = repairs.contains(&Repair::PlusKept) && account.issuer.contains('+');
    is_open.then(|| Account { issuer: account.issuer.replace('+', " ").trim().to_owned(), ..account.clone() })
}

/// May it be of a kind whose codes can't be shown? Then one yes is not enough.
pub fn is_doubtful(repairs: &[Repair]) -> bool {
    repairs.contains(&Repair::MaybeSteam)
}

/// Issuer and name of a link's account, as one line.
pub fn line(account: &Account) -> String {
    match (account.issuer.is_empty(), account.name.is_empty()) {
        (true, true) => text("scan.no_name").to_owned(),
        (false, false) => format!("{} ({})", account.issuer, account.name),
        (false, true) => account.issuer.clone(),
        (true, _) => account.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_core::error::PortError;
    use countersign_core::port::Prompt;
    use countersign_core::protocol::Secret;
    use countersign_properties::table::{Row, table};

    use super::*;
    use crate::desk::Desk;
    use crate::home::Home;
    use crate::port::AskPassphrase;

    struct Nobody;

    impl AskPassphrase for Nobody {
        fn ask(&self, _: Option<&Prompt>, _: bool, _: &Cancel) -> Result<Secret, PortError> {
            Err(PortError::UserRefused)
        }
    }

    #[test]
    fn what_is_no_account_is_named_alike_by_every_command() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path()), None, |_| None).unwrap();
        let app = Desk::open(&home, Arc::new(Nobody)).unwrap().app;
        let taken = ["Account", "Migration", "Enrolment", "Offline"];
        for Row { class, sentence, text } in table(include_str!("../../tests/vectors/scanned.txt")) {
            if !taken.contains(&class.as_str()) {
                assert_eq!(link(&app, &text).err().as_ref(), Some(&sentence), "add, enrol, answer-code: {text}");
                assert_eq!(named(scanned(&app, &text).0), sentence, "scan: {text}");
            }
        }
    }

    #[test]
    fn a_plus_that_may_be_a_blank_is_offered_as_one_and_a_certain_one_is_not() {
        use countersign_core::protocol::uri::otpauth;
        let offered = |link: &str| {
            let (account, repairs) = otpauth::parse(link).unwrap();
            with_blanks(&account, &repairs).map(|account| account.issuer)
        };
        let key = "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(offered(&format!("otpauth://totp/mara?{key}&issuer=Big+Bank")), Some("Big Bank".to_owned()));
        assert_eq!(offered(&format!("otpauth://totp/Big%20Bank:mara?{key}&issuer=Big+Bank")), None);
        assert_eq!(offered(&format!("otpauth://totp/mara?{key}&issuer=Bank")), None);
    }

    #[test]
    fn paths_are_told_from_links() {
        assert_eq!(as_path("/tmp/a.png"), Some("/tmp/a.png".into()));
        assert_eq!(as_path("'/tmp/a b.png'"), Some("/tmp/a b.png".into()));
        assert_eq!(as_path("file:///tmp/a.png"), Some("/tmp/a.png".into()));
        assert_eq!(as_path("./a.png"), Some("./a.png".into()));
        for link in ["otpauth://totp/a", "https://gate.example.com/enrol#1.e", "countersign://enrol#1.e", "a.png"] {
            assert_eq!(as_path(link), None, "{link}");
        }
    }

    #[test]
    fn digits_that_no_key_has_are_read_as_letters_in_the_key_alone() {
        let guess = |link: &str| with_letters(link).map(|guess| guess.to_string());
        assert_eq!(
            guess("otpauth://totp/A18?issuer=B0&Secret=M0X1 8a&digits=8#1").as_deref(),
            Some("otpauth://totp/A18?issuer=B0&Secret=MOXI Ba&digits=8#1")
        );
        for none in ["otpauth://totp/secret=0?x=1", "otpauth://totp/a?secret=M0%20X", "otpauth://totp/a?mysecret=0"] {
            assert_eq!(guess(none), None, "{none}");
        }
    }
}
