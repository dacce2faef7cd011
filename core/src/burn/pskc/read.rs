//! A container's key packages as rows.

use countersign_protocol::Secret;
use countersign_protocol::otp::{Counter, Period};

use super::last_part;
use super::lock::{Lock, Stop, base64};
use super::xml::{Element, parts};
use crate::burn::credential::TokenDigits;
use crate::burn::source::{
    Column, Draft, Fault, Note, Row, Rule, Source, SourceError, Unlock, algorithm, seed_bytes, serial,
};

/// Reads a container. One that is not encrypted needs nothing to open it.
pub(crate) fn read(text: &str, unlock: Unlock<'_>) -> Result<Source, SourceError> {
    let (mut lock, mut source, mut opened) = (Lock::default(), Source::default(), false);
    parts(text, "KeyContainer", |part| match &part {
        part if part.is("EncryptionKey") => lock.set_key(part),
        part if part.is("MACMethod") => lock.set_mac(part),
        part if part.is("KeyPackage") => {
            let mut package = Package { lock: &mut lock, unlock, opened: &mut opened };
            match package.row(part) {
                Ok(row) => source.add(part.line, Ok(row)),
                Err(Stop::Row(rule)) => source.add(part.line, Err(rule)),
                Err(Stop::File(fault)) => Err(fault),
            }
        }
        part if part.is("Signature") => {
            source.signature_passed_over = true;
            Ok(())
        }
        // Extensions.
        _ => Ok(()),
    })?;
    let is_wrong = |fault: &Fault| matches!(fault.rule, Rule::MacWrong | Rule::Padding);
    if !opened && source.faults.iter().any(is_wrong) {
        return Err(SourceError::WrongKey);
    }
    source.or_empty()
}

struct Package<'a> {
    lock: &'a mut Lock,
    unlock: Unlock<'a>,
    /// Whether any value was opened: then the key is right.
    opened: &'a mut bool,
}

impl Package<'_> {
    fn row(&mut self, package: &Element) -> Result<Row, Stop> {
        let keys = package.all("Key").count();
        let key = package.child("Key").filter(|_| keys == 1).ok_or(Rule::Keys(keys))?;
        let mut draft = Draft { is_timed: Some(is_timed(key)?), ..Draft::default() };
        device(&mut draft, package, key)?;
        parameters(&mut draft, key)?;
        if key.child("Policy").is_some() {
            draft.notes.push(Note::PolicyPassedOver);
        }
        let data = key.child("Data").ok_or(Rule::Missing(Column::Secret))?;
        let secret = data.child("Secret").ok_or(Rule::Missing(Column::Secret))?;
        let seed = match (secret.child("PlainValue"), secret.child("EncryptedValue")) {
            (Some(plain), None) => base64(plain.text(), Column::Secret)?,
            (None, Some(value)) => self.open(secret, value)?,
            (Some(_), Some(_)) => return Err(Rule::TwoSeeds.into()),
            (None, None) => return Err(Rule::Missing(Column::Secret).into()),
        };
        draft.seed = Some(seed_bytes(seed)?);
        if draft.is_timed == Some(true) {
            let period = self.number(data, "TimeInterval", Column::Period)?;
            draft.period = period.map(Period::try_from).transpose().map_err(Rule::Setting)?;
        } else {
            let counter = self.number(data, "Counter", Column::Counter)?;
            draft.counter = counter.map(Counter::try_from).transpose().map_err(Rule::Setting)?;
        }
        let mut runs = false;
        for clock in ["Time", "TimeDrift"] {
            runs |= self.number(data, clock, Column::Period)?.is_some_and(|number| number != 0);
        }
        if runs {
            draft.notes.push(Note::ClockPassedOver);
        }
        Ok(draft.row(package.line)?)
    }

    fn open(&mut self, beside: &Element, value: &Element) -> Result<Secret, Stop> {
        let opened = self.lock.open(beside, value, self.unlock)?;
        *self.opened = true;
        Ok(opened)
    }

    /// A number; encrypted ones are digits with some makers, and bytes with others.
    fn number(&mut self, data: &Element, name: &str, column: Column) -> Result<Option<u64>, Stop> {
        let Some(element) = data.child(name) else { return Ok(None) };
        if let Some(plain) = element.child("PlainValue") {
            let number = plain.text().parse().map_err(|_| Rule::Number(column))?;
            return Ok(Some(number));
        }
        let Some(value) = element.child("EncryptedValue") else { return Ok(None) };
        let opened = self.open(element, value)?;
        let bytes = opened.expose();
        let is_digits = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_digits);
        let number = match text {
            Some(text) => text.parse().ok(),
            None if bytes.len() <= 8 => Some(bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))),
            None => None,
        };
        Ok(Some(number.ok_or(Rule::Number(column))?))
    }
}

/// `…:pskc:totp`, and the names that drafts of the standard had.
fn is_timed(key: &Element) -> Result<bool, Rule> {
    match last_part(key.attribute("Algorithm").unwrap_or_default()) {
        name if name.eq_ignore_ascii_case("totp") => Ok(true),
        name if name.eq_ignore_ascii_case("hotp") => Ok(false),
        _ => Err(Rule::Type),
    }
}

fn device(draft: &mut Draft, package: &Element, key: &Element) -> Result<(), Rule> {
    let device = package.child("DeviceInfo");
    let of_device = |name: &str| device.and_then(|device| device.child(name)).map(Element::text);
    draft.put_name(Column::Manufacturer, of_device("Manufacturer").unwrap_or_default())?;
    draft.put_name(Column::Model, of_device("Model").unwrap_or_default())?;
    draft.put_name(Column::Issuer, key.child("Issuer").map(Element::text).unwrap_or_default())?;
    let person = key.child("UserId").map(Element::text).or_else(|| of_device("UserId"));
    draft.put_name(Column::Name, person.unwrap_or_default())?;
    let said = of_device("SerialNo").filter(|text| !text.is_empty());
    let id = key.attribute("Id").map(str::trim).filter(|id| !id.is_empty() && said.is_none());
    if id.is_some() {
        draft.notes.push(Note::SerialOfKey);
    }
    draft.serial = said.or(id).map(serial).transpose()?;
    Ok(())
}

fn parameters(draft: &mut Draft, key: &Element) -> Result<(), Rule> {
    let Some(parameters) = key.child("AlgorithmParameters") else { return Ok(()) };
    // The exporter of privacyIDEA has the hash in an attribute.
    let suite = parameters.child("Suite");
    let named = suite.and_then(|suite| suite.attribute("hashalgo"));
    let suite = suite.map(Element::text).filter(|suite| !suite.is_empty()).or(named);
    draft.algorithm = suite.filter(|suite| !suite.trim().is_empty()).map(algorithm).transpose()?;
    let Some(format) = parameters.child("ResponseFormat") else { return Ok(()) };
    let is_decimal = format.attribute("Encoding").is_none_or(|encoding| encoding.eq_ignore_ascii_case("DECIMAL"));
    let checked = format.attribute("CheckDigits").is_some_and(|said| matches!(said.trim(), "true" | "1"));
    if !is_decimal || checked {
        return Err(Rule::Response);
    }
    let length = format.attribute("Length").map(|text| text.trim().parse().map_err(|_| Rule::Number(Column::Digits)));
    draft.digits = length.transpose()?.map(|digits: u64| TokenDigits::try_from(digits)).transpose()?;
    Ok(())
}
