//! No serial number and no key twice in one source.

use std::collections::HashMap;

use ring::hmac;

use super::{Fault, Row, Rule, Source};
use crate::burn::credential::Serial;

/// Parts the rows that stand for the first time from those that do not.
pub(super) fn part(source: Source) -> Source {
    let Source { rows, mut faults, passed_over, signature_passed_over } = source;
    let mut serials: HashMap<(Serial, Option<u8>), usize> = HashMap::new();
    let mut keys: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        // A token with many profiles stands once for each.
        let serial = row.credential.serial.clone().map(|serial| (serial, row.profile));
        let before = serial.as_ref().and_then(|serial| serials.get(serial)).copied();
        let tag = tag(&row);
        let same = |at: &&usize| kept.get(**at).is_some_and(|kept| is_same_key(kept, &row));
        let twin = keys.get(&tag).and_then(|kept| kept.iter().find(same)).and_then(|at| kept.get(*at));
        let rule = before.map(Rule::SameSerial).or_else(|| twin.map(|twin| Rule::SameKey(twin.line)));
        if let Some(rule) = rule {
            faults.push(Fault { line: row.line, rule });
            continue;
        }
        if let Some(serial) = serial {
            serials.insert(serial, row.line);
        }
        keys.entry(tag).or_default().push(kept.len());
        kept.push(row);
    }
    faults.sort_by_key(|fault| fault.line);
    Source { rows: kept, faults, passed_over, signature_passed_over }
}

fn is_same_key(one: &Row, other: &Row) -> bool {
    one.credential.seed.is_same_key(&other.credential.seed)
}

/// The same for the same key, so that ten thousand are not each compared with each; it leaves this call in no form.
fn tag(row: &Row) -> [u8; 32] {
    let seed = row.credential.seed.expose();
    let length = seed.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"one source");
    let tag = hmac::sign(&key, seed.get(..length).unwrap_or_default());
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    bytes
}
