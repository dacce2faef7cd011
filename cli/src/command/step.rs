//! A change that is kept to be taken back, in words: what it was, and what hinders it.

use countersign_core::app::App;
use countersign_core::limits;
use countersign_core::vault::{Account, AccountId, Changed, Hindrance, Step};
use countersign_strings::{fill, text};

use super::account;
use crate::outside;

/// What it was, as part of a sentence: «the removal of GitHub (mara)».
pub fn what(step: &Step) -> String {
    let group = |key: &str, name: &str| fill(key, &[("name", &outside::isolated(name))]);
    match (step.removed.as_slice(), step.regrouped.as_slice()) {
        ([one], _) => return group("accounts.step_group", &one.name),
        ([], [(before, now)]) if before.name != now.name => {
            return fill(
                "accounts.step_rename",
                &[("before", &outside::isolated(&before.name)), ("after", &outside::isolated(&now.name))],
            );
        }
        ([], []) => {}
        ([], _) => return text("accounts.step_regroup").to_owned(),
        (several, _) => return fill("accounts.step_groups", &[("n", &several.len().to_string())]),
    }
    let key = match step.accounts.as_slice() {
        [] => "accounts.step_edit",
        all if all.iter().all(is_removal) => "accounts.step_removal",
        all if all.iter().all(is_move) => "accounts.step_move",
        _ => "accounts.step_edit",
    };
    let several = |n: usize| fill("accounts.count", &[("n", &n.to_string())]);
    let whose = match (step.accounts.as_slice(), &step.hindrance) {
        ([one], _) => shown(&one.before),
        ([], Some(Hindrance::Account(account) | Hindrance::Added(account, _))) => shown(account),
        (all, _) => several(all.len()),
    };
    fill(key, &[("what", &whose)])
}

fn is_removal(one: &Changed) -> bool {
    one.before.deleted.is_none() && one.now.deleted.is_some()
}

fn is_move(one: &Changed) -> bool {
    let (before, now) = (&*one.before, &*one.now);
    let mut same = before.clone();
    (same.order, same.uses, same.used) = (now.order, now.uses, now.used);
    before.order != now.order && same == *now
}

/// Why it can't be taken back, and what helps; `None` where it can.
pub fn hindrance(app: &App, step: &Step) -> Option<String> {
    Some(match step.hindrance.as_ref()? {
        Hindrance::Account(account) => fill("accounts.hindered_account", &[("name", &shown(account))]),
        Hindrance::Group(group) => fill("accounts.hindered_group", &[("name", &outside::isolated(&group.name))]),
        Hindrance::Added(account, same) => {
            fill("accounts.hindered_added", &[("name", &named(app, *same).unwrap_or_else(|| shown(account)))])
        }
        Hindrance::Name(group) => fill("accounts.hindered_name", &[("name", &outside::isolated(&group.name))]),
        Hindrance::Groups(_) => fill("accounts.hindered_groups", &[("n", &limits::VAULT_GROUPS.to_string())]),
    })
}

fn named(app: &App, id: AccountId) -> Option<String> {
    let accounts = app.accounts().ok()?;
    let account = accounts.iter().find(|account| account.id == id)?;
    Some(format!("{}  @{id}", shown(account)))
}

fn shown(account: &Account) -> String {
    outside::isolated(&account::line(account))
}
