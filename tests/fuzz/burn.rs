//! Files that tokens are burned from.

use countersign_core::burn::ledger::{Entry, Form, Proof, inventory, read_back, write};
use countersign_core::burn::source::{self, Choices, Kind, Reading, Row, Typed, Unlock};
use countersign_core::burn::{Protection, Serial};
use countersign_core::error::PortError;
use countersign_core::limits;
use countersign_core::port::Random;
use countersign_protocol::Secret;

use crate::as_text;

pub const TABLE_WORDS: &[&str] = &[
    "serial,secret_base32,secret_hex,algorithm,digits,period,",
    "upn,serial number,secret key,time interval,manufacturer,model",
    "profile,seed,title,algorithm,digits,period",
    "# version: 2",
    "GEZDGNBVGY3TQOJQ",
    "31323334",
    "SHA256",
    "totp",
    "hotp",
    "\"\"",
    "\r\n",
    ";",
    " yes yes ",
];

pub const PSKC_WORDS: &[&str] = &[
    "<KeyContainer>",
    "</KeyContainer>",
    "<KeyPackage>",
    "<Key Id=\"1\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:totp\">",
    "<Data><Secret><PlainValue>",
    "<EncryptedValue><xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/>",
    "<xenc:CipherData><xenc:CipherValue>",
    "<MACMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><MACKey>",
    "<EncryptionKey><DerivedKey>",
    "<ValueMAC>",
    "<Suite>SHA256</Suite>",
    "<ResponseFormat Length=\"8\" Encoding=\"DECIMAL\"/>",
    "<TimeInterval>",
    "<![CDATA[",
    "<!DOCTYPE",
    "&#x41;",
    "&amp;",
];

pub const LEDGER_WORDS: &[&str] = &[
    "{\"countersign_ledger\":1,\"tokens\":[",
    "\"serial\":\"1\"",
    "\"type\":\"totp\"",
    "\"algorithm\":\"SHA256\"",
    "\"digits\":6",
    "\"period\":30",
    "\"counter\":0",
    "\"secret_base32\":\"GEZDGNBV\"",
    "\"verified\":\"failed\"",
];

/// The key of figure 6 of RFC 6030.
const KEY: [u8; 16] = [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12];

/// Every table, whichever it may be: rows and faults within their bounds, and what is taken survives our own table.
pub fn table(input: &[u8]) -> bool {
    let mut taken = false;
    let kinds = [Kind::Links, Kind::Table, Kind::Entra, Kind::Oath, Kind::Molto, Kind::MoltoText];
    for kind in kinds {
        for reading in [None, Some(Reading::Hex)] {
            let Ok(source) = source::read(kind, input, Choices { reading, unlock: Unlock::Nothing }) else { continue };
            assert!(source.rows.len() + source.faults.len() <= limits::BURN_ROWS);
            let once = source.clone().without_doubles();
            assert_eq!(once.rows.len() + once.faults.len(), source.rows.len() + source.faults.len());
            taken |= !once.rows.is_empty();
            survives(&once.rows);
        }
    }
    // The kind that it looks like is one of these; what it looks like is read without a panic.
    let _ = Kind::of(input);
    taken
}

/// A container: with no key, and with the one that the corpus has.
pub fn pskc(input: &[u8]) -> bool {
    let key = Secret::from_slice(&KEY);
    let mut taken = false;
    for unlock in [Unlock::Nothing, Unlock::Key(&key)] {
        if let Ok(source) = source::read(Kind::Pskc, input, Choices { reading: None, unlock }) {
            assert!(source.rows.len() + source.faults.len() <= limits::BURN_ROWS);
            taken |= !source.rows.is_empty();
            survives(&source.rows);
        }
    }
    taken
}

/// A seed as it is typed: what reads in two ways asks, and each reading is one by itself.
pub fn seed(input: &[u8]) -> bool {
    match source::typed(as_text(input)) {
        Ok(Typed::One { seed, .. }) => assert!(limits::ACCOUNT_SEED.contains(&seed.len())),
        Ok(Typed::Either { base32, hex }) => {
            assert!(limits::ACCOUNT_SEED.contains(&base32.len()) && limits::ACCOUNT_SEED.contains(&hex.len()));
        }
        Err(_) => return false,
    }
    true
}

/// Our own JSON: what is taken is written again, and read as itself.
pub fn ledger(input: &[u8]) -> bool {
    let Some(tokens) = inventory(input) else { return false };
    let entry = |token: countersign_core::burn::ledger::Inventory| {
        let (serial, profile, manufacturer, model) = (token.serial, token.profile, token.manufacturer, token.model);
        let credential = token.credential?;
        let (proof, ahead) = (token.proof, token.ahead);
        Some(Entry { serial, profile, manufacturer, model, credential, written_at: 0, proof, ahead })
    };
    let entries: Vec<Entry> = tokens.into_iter().filter_map(entry).collect();
    rewritten(&entries, &Form::Json { seeds: true });
    true
}

/// Rows with a serial number survive our own table and container.
fn survives(rows: &[Row]) {
    // Enough to find a difference; all of ten thousand would be slow.
    let entry = |(at, row): (usize, &Row)| Entry {
        serial: row
            .credential
            .serial
            .clone()
            .or_else(|| Serial::try_from(at.to_string().as_str()).ok())
            .expect("a number"),
        profile: row.profile,
        manufacturer: row.manufacturer.clone(),
        model: row.model.clone(),
        credential: row.credential.clone(),
        written_at: 0,
        proof: Proof::Written,
        ahead: None,
    };
    let entries: Vec<Entry> = rows.iter().take(8).enumerate().map(entry).collect();
    for form in [Form::Table { seeds: true }, Form::Pskc(Protection::Plain), Form::Oath, Form::Entra] {
        rewritten(&entries, &form);
    }
}

fn rewritten(entries: &[Entry], form: &Form) {
    if let Ok(written) = write(entries, form, &Zeros) {
        assert_eq!(read_back(&written.bytes, entries, form), Ok(()));
    }
}

/// A machine whose dice show nothing: no form that is written here draws.
struct Zeros;

impl Random for Zeros {
    fn fill(&self, _: &mut [u8]) -> Result<(), PortError> {
        Err(PortError::Unavailable)
    }
}
