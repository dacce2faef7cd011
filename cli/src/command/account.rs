//! An account by its name, and its row as text and JSON.

use std::sync::Arc;

use countersign_core::vault::{Account, Kind};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::{outside, scan_words};

/// The account that `name` means: the only one of this issuer or name, else the only one that has it as a part.
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
    match found.as_slice() {
        [one] => Ok(Arc::clone(one)),
        [] => Err(Fault::refused(text("cli.no_such_account"))),
        several => {
            let names: Vec<String> = several.iter().map(|a| format!("  {}", outside::isolated(&line(a)))).collect();
            Err(Fault::refused(fill("cli.several_accounts", &[("names", &names.join("\n"))])))
        }
    }
}

/// Issuer and name as one line.
pub fn line(account: &Account) -> String {
    match (account.issuer.is_empty(), account.name.is_empty()) {
        (false, false) => format!("{} ({})", account.issuer, account.name),
        (false, true) => account.issuer.clone(),
        (true, _) => account.name.clone(),
    }
}

/// What kind it is, in words.
pub fn kind(account: &Account) -> String {
    match account.kind {
        Kind::Totp(period) => scan_words::timed(account.digits.get(), period.seconds()),
        Kind::Hotp(_) => scan_words::counted(account.digits.get()),
    }
}

/// The account without its seed.
pub fn as_json(account: &Account) -> Value {
    let (kind, period) = match account.kind {
        Kind::Totp(period) => ("totp", Some(period.seconds())),
        Kind::Hotp(_) => ("hotp", None),
    };
    json!({
        "id": account.id.to_string(),
        "issuer": account.issuer,
        "name": account.name,
        "kind": kind,
        "algorithm": account.algorithm.to_string(),
        "digits": account.digits.get(),
        "period": period,
    })
}
