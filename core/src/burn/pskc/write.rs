//! A container as others read it: `Suite` by the bare name of the hash, AES-128 in CBC mode, HMAC-SHA1.

use countersign_protocol::Secret;
use ring::pbkdf2;
use zeroize::Zeroizing;

use super::lock::{check_value, derive, seal, to_base64};
use super::{ENCRYPTION, ENCRYPTION_1_1, NAMESPACE, PKCS5, SIGNATURE};
use crate::burn::credential::{Credential, Moving, Serial};
use crate::error::PortError;
use crate::port::Random;

/// Rounds of PBKDF2 with HMAC-SHA1 for a container's password, as OWASP's cheat sheet on passwords counts them.
pub const ROUNDS: u32 = 1_300_000;

/// How the keys of a container are kept from others.
#[derive(Debug, Clone)]
pub enum Protection {
    /// Not at all: who has the file has the keys.
    Plain,
    /// By a key of 16 bytes that both sides agreed on.
    Key(Secret),
    /// By a password.
    Password {
        /// The password, as typed.
        password: Secret,
        /// Rounds of PBKDF2: [`ROUNDS`].
        rounds: u32,
    },
}

/// A token of the container.
pub(crate) struct Item<'a> {
    pub(crate) serial: Serial,
    pub(crate) manufacturer: &'a str,
    pub(crate) model: &'a str,
    pub(crate) credential: &'a Credential,
}

/// Writes a container.
///
/// # Errors
/// [`PortError`] of the random source; [`PortError::Unavailable`] for a key or rounds that are none.
pub(crate) fn write(
    items: &[Item<'_>],
    protection: &Protection,
    random: &dyn Random,
) -> Result<Zeroizing<String>, PortError> {
    let seal = Seal::new(protection, random)?;
    // Room for all: text that holds seeds is not to be moved about.
    let long = |item: &Item<'_>| {
        let names =
            item.manufacturer.len() + item.model.len() + item.credential.issuer.len() + item.credential.name.len();
        2_048 + 6 * (names + 3 * item.serial.as_str().len()) + 2 * item.credential.seed.len()
    };
    let mut out = Zeroizing::new(String::with_capacity(4_096 + items.iter().map(long).sum::<usize>()));
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<KeyContainer Version=\"1.0\" xmlns=\"");
    out.push_str(NAMESPACE);
    out.push('"');
    if let Some(seal) = &seal {
        for (prefix, uri) in [("ds", SIGNATURE), ("xenc", ENCRYPTION), ("xenc11", ENCRYPTION_1_1), ("pkcs5", PKCS5)] {
            out.push_str(&format!("\n    xmlns:{prefix}=\"{uri}\""));
        }
        out.push_str(">\n");
        out.push_str(&seal.head);
    } else {
        out.push_str(">\n");
    }
    items.iter().try_for_each(|item| package(&mut out, item, seal.as_ref(), random))?;
    out.push_str("</KeyContainer>\n");
    Ok(out)
}

fn package(out: &mut String, item: &Item<'_>, seal: Option<&Seal>, random: &dyn Random) -> Result<(), PortError> {
    let Credential { issuer, name, seed, moving, algorithm, digits, .. } = item.credential;
    let is_timed = matches!(moving, Moving::Time(_));
    out.push_str("  <KeyPackage>\n    <DeviceInfo>\n");
    said(out, 6, "Manufacturer", item.manufacturer);
    said(out, 6, "SerialNo", item.serial.as_str());
    said(out, 6, "Model", item.model);
    out.push_str("    </DeviceInfo>\n    <Key Id=\"");
    escape(out, item.serial.as_str());
    out.push_str(&format!("\" Algorithm=\"{NAMESPACE}:{}\">\n", if is_timed { "totp" } else { "hotp" }));
    said(out, 6, "Issuer", issuer);
    out.push_str(&format!(
        "      <AlgorithmParameters>\n        <Suite>{algorithm}</Suite>\n        \
         <ResponseFormat Length=\"{}\" Encoding=\"DECIMAL\"/>\n      </AlgorithmParameters>\n      <Data>\n        <Secret>\n",
        digits.get()
    ));
    match seal {
        None => {
            out.push_str("          <PlainValue>");
            out.push_str(&to_base64(seed.expose()));
            out.push_str("</PlainValue>\n");
        }
        Some(seal) => {
            let sealed = seal.seal(seed.expose(), random)?;
            out.push_str("          <EncryptedValue>\n");
            cipher(out, 12, &sealed);
            out.push_str("          </EncryptedValue>\n          <ValueMAC>");
            out.push_str(&to_base64(check_value(&seal.mac_key, &sealed).as_ref()));
            out.push_str("</ValueMAC>\n");
        }
    }
    out.push_str("        </Secret>\n");
    let mut number = |name: &str, number: u64| {
        out.push_str(&format!("        <{name}><PlainValue>{number}</PlainValue></{name}>\n"));
    };
    match moving {
        Moving::Time(period) => {
            number("Time", 0);
            number("TimeInterval", u64::from(period.seconds()));
        }
        Moving::Counter(counter) => number("Counter", counter.get()),
    }
    out.push_str("      </Data>\n");
    said(out, 6, "UserId", name);
    out.push_str("    </Key>\n  </KeyPackage>\n");
    Ok(())
}

/// What an encrypted container says of its key, and that key.
struct Seal {
    head: String,
    key: Secret,
    mac_key: Secret,
}

impl Seal {
    fn new(protection: &Protection, random: &dyn Random) -> Result<Option<Self>, PortError> {
        let mut head = String::from("  <EncryptionKey>\n");
        let key = match protection {
            Protection::Plain => return Ok(None),
            Protection::Key(key) if key.len() == 16 => {
                head.push_str("    <ds:KeyName>Pre-shared key</ds:KeyName>\n");
                key.clone()
            }
            Protection::Key(_) => return Err(PortError::Unavailable),
            Protection::Password { password, rounds } => {
                let salt = random.array::<16>()?;
                head.push_str(&derived(&salt, *rounds));
                derive(pbkdf2::PBKDF2_HMAC_SHA1, u64::from(*rounds), &salt, password, 16)
                    .map_err(|_| PortError::Unavailable)?
            }
        };
        let mac_key = random.secret(20)?;
        let mut seal = Self { head, key, mac_key };
        let sealed = seal.seal(seal.mac_key.expose(), random)?;
        seal.head
            .push_str(&format!("  </EncryptionKey>\n  <MACMethod Algorithm=\"{SIGNATURE}hmac-sha1\">\n    <MACKey>\n"));
        cipher(&mut seal.head, 6, &sealed);
        seal.head.push_str("    </MACKey>\n  </MACMethod>\n");
        Ok(Some(seal))
    }

    fn seal(&self, plain: &[u8], random: &dyn Random) -> Result<Vec<u8>, PortError> {
        seal(&self.key, random.array()?, plain).ok_or(PortError::Unavailable)
    }
}

/// As figure 7 of the standard has it: the parameters themselves without a prefix's name space.
fn derived(salt: &[u8], rounds: u32) -> String {
    format!(
        "    <xenc11:DerivedKey>\n      <xenc11:KeyDerivationMethod Algorithm=\"{PKCS5}pbkdf2\">\n        \
         <pkcs5:PBKDF2-params>\n          <Salt><Specified>{}</Specified></Salt>\n          \
         <IterationCount>{rounds}</IterationCount>\n          <KeyLength>16</KeyLength>\n        \
         </pkcs5:PBKDF2-params>\n      </xenc11:KeyDerivationMethod>\n    </xenc11:DerivedKey>\n",
        *to_base64(salt)
    )
}

fn cipher(out: &mut String, indent: usize, sealed: &[u8]) {
    out.push_str(&format!(
        "{:indent$}<xenc:EncryptionMethod Algorithm=\"{ENCRYPTION}aes128-cbc\"/>\n{:indent$}<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>\n",
        "", "", *to_base64(sealed)
    ));
}

/// An element with a text, where there is one.
fn said(out: &mut String, indent: usize, name: &str, text: &str) {
    if !text.is_empty() {
        out.push_str(&format!("{:indent$}<{name}>", ""));
        escape(out, text);
        out.push_str(&format!("</{name}>\n"));
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
}
