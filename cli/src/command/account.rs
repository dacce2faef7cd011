//! An account by its name, and its row as text and JSON.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign_core::app::App;
use countersign_core::error::Error;
use countersign_core::protocol::otp::{Period, Timed};
use countersign_core::vault::{Account, AccountId, Kind, is_nameless};
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

/// The accounts of which names don't say which is meant: those that share theirs with another, and those without any. They
/// are shown with their numbers.
pub struct Alike(BTreeSet<AccountId>);

impl Alike {
    /// Those among all accounts.
    pub fn of<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> Self {
        let mut first: BTreeMap<String, AccountId> = BTreeMap::new();
        let mut alike = BTreeSet::new();
        for account in accounts {
            match first.entry(line(account)) {
                Entry::Occupied(other) => alike.extend([*other.get(), account.id]),
                Entry::Vacant(place) => drop(place.insert(account.id)),
            }
            alike.extend(is_nameless(&account.issuer, &account.name).then_some(account.id));
        }
        Self(alike)
    }

    /// Those of the vault.
    ///
    /// # Errors
    /// What `App` gives.
    pub fn among(app: &App) -> Result<Self, Error> {
        Ok(Self::of(app.accounts()?.iter().map(|account| &**account)))
    }

    /// The number by which this one is named, where it has to be.
    pub fn number(&self, account: &Account) -> Option<String> {
        self.0.contains(&account.id).then(|| format!("{NUMBER}{}", account.id))
    }

    /// The account as one line, with its number where it has to be named by that.
    pub fn line(&self, account: &Account) -> String {
        with_number(line(account), self.number(account).as_deref())
    }

    /// The same to be printed.
    pub fn shown(&self, account: &Account) -> String {
        with_number(outside::isolated(&line(account)), self.number(account).as_deref())
    }
}

/// A line with the number behind it.
pub fn with_number(line: String, number: Option<&str>) -> String {
    match number {
        Some(number) => format!("{line}  {number}"),
        None => line,
    }
}

/// What kind it is, in words.
pub fn kind(account: &Account) -> String {
    scan_words::of_codes(account.kind.timed(account.algorithm, account.digits), account.algorithm, account.digits)
}

/// The counter of its next code, where it has one.
pub fn counter(account: &Account) -> Option<u64> {
    if let Kind::Hotp(counter) = account.kind { Some(counter.get()) } else { None }
}

/// The hash that its codes are made by.
pub const fn hash(account: &Account) -> &'static str {
    match account.kind {
        Kind::MOtp => "MD5",
        Kind::Totp(_) | Kind::Hotp(_) | Kind::Steam | Kind::Yandex => account.algorithm.as_str(),
    }
}

/// The account without its seed.
pub fn as_json(account: &Account) -> Value {
    let period = account.kind.timed(account.algorithm, account.digits).map(Timed::period);
    let kind = match account.kind {
        Kind::Totp(_) => "totp",
        Kind::Hotp(_) => "hotp",
        Kind::Steam => "steam",
        Kind::Yandex => "yandex",
        Kind::MOtp => "motp",
    };
    json!({
        "id": account.id.to_string(),
        "issuer": account.issuer,
        "name": account.name,
        "kind": kind,
        "algorithm": hash(account),
        "digits": account.digits.get(),
        "period": period.map(Period::seconds),
        "start": period.map(Period::start),
    })
}
