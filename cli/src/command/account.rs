//! An account by its name, and its row as text and JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::protocol::otp::{Period, Timed};
use countersign_core::vault::{Account, Kind, is_nameless};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::{outside, scan_words};

/// Begins the number of an account, by which it is named where names do not tell it from another.
pub const NUMBER: char = '@';

/// The account that `name` means: the only one of this issuer or name, else the only one that has it as a part; or the one
/// of a number.
pub fn find(accounts: &[Arc<Account>], name: &str) -> Result<Arc<Account>, Fault> {
    let wanted = name.trim().to_lowercase();
    let exact = |a: &&Arc<Account>| {
        let (issuer, name) = (a.issuer.to_lowercase(), a.name.to_lowercase());
        issuer == wanted || name == wanted || wanted == format!("{issuer}:{name}") || wanted == line(a).to_lowercase()
    };
    let part = |a: &&Arc<Account>| a.issuer.to_lowercase().contains(&wanted) || a.name.to_lowercase().contains(&wanted);
    let mut found: Vec<&Arc<Account>> = accounts.iter().filter(exact).collect();
    if found.is_empty() && !wanted.is_empty() {
        found = accounts.iter().filter(part).collect();
    }
    if found.is_empty()
        && let Some(number) = wanted.strip_prefix(NUMBER)
    {
        found = accounts.iter().filter(|account| account.id.to_string() == number).collect();
    }
    match found.as_slice() {
        [one] => Ok(Arc::clone(one)),
        [] => Err(Fault::refused(text("cli.no_such_account"))),
        several => {
            let name = |a: &&Arc<Account>| format!("  {}  {NUMBER}{}", outside::isolated(&line(a)), a.id);
            let names: Vec<String> = several.iter().map(name).collect();
            Err(Fault::refused(fill("cli.several_accounts", &[("names", &names.join("\n"))])))
        }
    }
}

/// Issuer and name as one line; one that has neither says so.
pub fn line(account: &Account) -> String {
    if is_nameless(&account.issuer, &account.name) {
        return text("accounts.no_name").to_owned();
    }
    names(&account.issuer, &account.name)
}

/// The same of what is no account yet; nothing where it has neither.
pub fn names(issuer: &str, name: &str) -> String {
    match (issuer.is_empty(), name.is_empty()) {
        (false, false) => format!("{issuer} ({name})"),
        (false, true) => issuer.to_owned(),
        (true, _) => name.to_owned(),
    }
}

/// Each as one line that can be shown, with its number where another has the same names or it has none.
pub fn told_apart(accounts: &[&Account]) -> Vec<String> {
    let lines: Vec<String> = accounts.iter().map(|account| line(account)).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    lines.iter().for_each(|line| *times.entry(line).or_default() += 1);
    let line = |(account, line): (&&Account, &String)| {
        let shown = outside::isolated(line);
        let alone = times.get(line.as_str()) == Some(&1) && !is_nameless(&account.issuer, &account.name);
        if alone { shown } else { format!("{shown}  {NUMBER}{}", account.id) }
    };
    accounts.iter().zip(&lines).map(line).collect()
}

/// What kind it is, in words.
pub fn kind(account: &Account) -> String {
    scan_words::of_codes(account.kind.timed(account.algorithm, account.digits), account.digits)
}

/// The account without its seed.
pub fn as_json(account: &Account) -> Value {
    let period = account.kind.timed(account.algorithm, account.digits).map(Timed::period);
    let (kind, algorithm) = match account.kind {
        Kind::Totp(_) => ("totp", account.algorithm.as_str()),
        Kind::Hotp(_) => ("hotp", account.algorithm.as_str()),
        Kind::Steam => ("steam", account.algorithm.as_str()),
        Kind::Yandex => ("yandex", account.algorithm.as_str()),
        Kind::MOtp => ("motp", "MD5"),
    };
    json!({
        "id": account.id.to_string(),
        "issuer": account.issuer,
        "name": account.name,
        "kind": kind,
        "algorithm": algorithm,
        "digits": account.digits.get(),
        "period": period.map(Period::seconds),
        "start": period.map(Period::start),
    })
}
