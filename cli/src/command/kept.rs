//! How accounts are kept, in words and as JSON: their groups and tags, and how each is shown.

use countersign_core::app::App;
use countersign_core::vault::{Account, Changed, Group, GroupId, Icon, Kind};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::account::{self, Alike};
use crate::fault::Fault;
use crate::outside;

/// How many changed accounts are told of one by one.
const TOLD: usize = 20;

/// The groups of the vault, in their order.
pub struct Groups(Vec<Group>);

impl Groups {
    /// Those that there are now.
    pub fn of(app: &App) -> Result<Self, Fault> {
        Ok(Self(app.groups()?))
    }

    /// All of them.
    pub fn all(&self) -> &[Group] {
        &self.0
    }

    /// The group that `name` means: of this name whatever the case, else the only one that has it as a part.
    pub fn find(&self, name: &str) -> Result<&Group, Fault> {
        let wanted = name.trim().to_lowercase();
        let mut found: Vec<&Group> = self.0.iter().filter(|group| group.name.to_lowercase() == wanted).collect();
        if found.is_empty() && !wanted.is_empty() {
            found = self.0.iter().filter(|group| group.name.to_lowercase().contains(&wanted)).collect();
        }
        match found.as_slice() {
            [one] => Ok(one),
            [] if self.0.is_empty() => Err(Fault::refused(text("accounts.no_groups"))),
            [] => Err(Fault::refused(fill("accounts.no_such_group", &[("names", &lines(&self.0))]))),
            several => {
                let names = lines(several.iter().copied());
                Err(Fault::refused(fill("accounts.several_groups", &[("names", &names)])))
            }
        }
    }

    /// The names of these groups, in the order of the groups.
    pub fn names(&self, ids: &[GroupId]) -> Vec<&str> {
        self.0.iter().filter(|group| ids.contains(&group.id)).map(|group| group.name.as_str()).collect()
    }
}

fn lines<'a>(groups: impl IntoIterator<Item = &'a Group>) -> String {
    let names = groups.into_iter().map(|group| format!("  {}", outside::isolated(&group.name)));
    names.collect::<Vec<_>>().join("\n")
}

/// How an account is shown and where it belongs, each in a word: nothing of one that was never touched.
pub fn marks(account: &Account, groups: &Groups) -> Vec<String> {
    let details = &account.details;
    let words = [
        (details.pinned, "accounts.pinned"),
        (details.favourite, "accounts.favourite"),
        (details.hidden, "accounts.hidden"),
    ];
    let words = words.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| text(word).to_owned());
    let names = joined(&groups.names(&details.groups));
    let groups = (!names.is_empty()).then(|| fill("accounts.in_groups", &[("names", &names)]));
    let tags = details.tags.iter().map(|tag| outside::isolated(&format!("#{tag}")));
    words.chain(groups).chain(tags).collect()
}

/// An account with how it is kept, for a script: no seed and no note.
pub fn as_json(account: &Account, groups: &Groups) -> Value {
    let mut json = account::as_json(account);
    let details = &account.details;
    let icon = details.icon.as_ref().map(|icon| match icon {
        Icon::Drawn(name) => json!({ "drawn": name }),
        Icon::Picture(id) => json!({ "picture": id.0 }),
    });
    json["groups"] = json!(groups.names(&details.groups));
    json["tags"] = json!(details.tags);
    json["favourite"] = json!(details.favourite);
    json["pinned"] = json!(details.pinned);
    json["hidden"] = json!(details.hidden);
    json["icon"] = json!(icon);
    json["counter"] = json!(account::counter(account));
    json["created"] = json!(account.created);
    json["changed"] = json!(account.changed);
    json["uses"] = json!(account.uses);
    json["used"] = json!((account.used > 0).then_some(account.used));
    json
}

/// What a person gave an account, by its name.
pub fn fields(account: &Account, note: Option<&str>, groups: &Groups) -> Vec<(&'static str, String)> {
    let details = &account.details;
    let tags: Vec<&str> = details.tags.iter().map(String::as_str).collect();
    let icon = match &details.icon {
        None => String::new(),
        Some(Icon::Drawn(name)) => name.clone(),
        Some(Icon::Picture(_)) => text("accounts.own_picture").to_owned(),
    };
    let mut fields = vec![
        (text("accounts.issuer"), outside::isolated(&account.issuer)),
        (text("accounts.account"), outside::isolated(&account.name)),
        (text("accounts.groups"), joined(&groups.names(&details.groups))),
        (text("accounts.tags"), joined(&tags)),
        (text("accounts.is_favourite"), yes_or_no(details.favourite)),
        (text("accounts.is_pinned"), yes_or_no(details.pinned)),
        (text("accounts.is_hidden"), yes_or_no(details.hidden)),
        (text("accounts.icon"), icon),
    ];
    fields.extend(note.map(|note| (text("accounts.note"), note.to_owned())));
    fields
}

/// What a change of accounts did, account by account; with `back`, what taking it back does.
pub fn told(app: &App, changed: &[Changed], groups: &Groups, back: bool) -> Result<Vec<String>, Fault> {
    let (mut out, alike) = (Vec::new(), Alike::among(app)?);
    for one in changed.iter().take(TOLD) {
        let now = one.note.is_some().then(|| app.note(one.now.id)).transpose()?;
        let before = (&one.before, one.note.as_deref().map(String::as_str));
        let now = (&one.now, now.as_deref().map(String::as_str));
        let (from, to) = if back { (now, before) } else { (before, now) };
        let lines = differences((from.0, from.1), (to.0, to.1), groups);
        out.push(format!("{}\n  {}", alike.shown(from.0), lines.join("\n  ")));
    }
    if let more @ 1.. = changed.len().saturating_sub(TOLD) {
        out.push(fill("accounts.and_more", &[("n", &more.to_string())]));
    }
    Ok(out)
}

type Kept<'a> = (&'a Account, Option<&'a str>);

fn differences(from: Kept<'_>, to: Kept<'_>, groups: &Groups) -> Vec<String> {
    let shown = |value: String| if value.is_empty() { text("accounts.none").to_owned() } else { value };
    let pairs = fields(from.0, from.1, groups).into_iter().zip(fields(to.0, to.1, groups));
    let differ = pairs.filter(|((_, before), (_, after))| before != after);
    let mut lines: Vec<String> = differ
        .map(|((field, before), (_, after))| {
            let values = [("field", field), ("before", &*shown(before)), ("after", &*shown(after))];
            fill("accounts.difference", &values)
        })
        .collect();
    match (from.0.deleted.is_some(), to.0.deleted.is_some()) {
        (false, true) => lines.push(text("accounts.into_the_bin").to_owned()),
        (true, false) => lines.push(text("accounts.out_of_the_bin").to_owned()),
        _ => {}
    }
    if let (Kind::Hotp(before), Kind::Hotp(after)) = (from.0.kind, to.0.kind)
        && before != after
    {
        let (before, after) = (before.get().to_string(), after.get().to_string());
        let values = [("field", text("error.field_counter")), ("before", &*before), ("after", &*after)];
        lines.push(fill("accounts.difference", &values));
    }
    if from.0.order != to.0.order {
        lines.push(text("accounts.place").to_owned());
    }
    if lines.is_empty() {
        lines.push(text("accounts.as_before").to_owned());
    }
    lines
}

fn joined(names: &[&str]) -> String {
    names.iter().map(|name| outside::isolated(name)).collect::<Vec<_>>().join(", ")
}

fn yes_or_no(yes: bool) -> String {
    text(if yes { "accounts.yes" } else { "accounts.no" }).to_owned()
}
