//! `countersign undo`: takes back the last change of accounts or groups, and says which; again, the one before it.

use countersign_core::vault::{Group, Step};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::choose::agreed;
use super::groups::accounts_of;
use super::kept::{self, Groups};
use super::{Context, step};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::outside;

/// Says what is taken back, asks where that is more than one account, and does it; or lets it stand.
pub fn run(context: &Context, yes: bool, skip: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let last = desk.app.last_step()?.ok_or_else(|| Fault::refused(text("accounts.nothing_to_undo")))?;
    let what = step::what(&last);
    if skip {
        desk.app.let_stand(last.number)?;
        context.terminal.result("", &json!({ "undone": [], "groups": [], "stands": what }));
        context.terminal.say(&fill("accounts.undo_stands", &[("what", &what)]));
        return say_next(context, &desk);
    }
    if let Some(why) = step::hindrance(&desk.app, &last) {
        return Err(Fault::refused(fill("accounts.undo_hindered", &[("what", &what), ("why", &why)])));
    }
    tell(context, &desk, &last)?;
    if let more @ 2.. = last.accounts.len() {
        agreed(context, yes, &fill("accounts.undo_ask", &[("n", &more.to_string())]))?;
    }
    desk.app.undo_step(last.number)?;
    let (accounts, groups) = (desk.app.accounts()?, Groups::of(&desk.app)?);
    let now = last.accounts.iter().filter_map(|one| accounts.iter().find(|account| account.id == one.now.id));
    let json: Vec<Value> = now.map(|account| kept::as_json(account, &groups)).collect();
    let back = last.removed.iter().chain(last.regrouped.iter().map(|(before, _)| before));
    let back: Vec<Value> = back.map(|group| json!(group.name)).collect();
    context.terminal.result("", &json!({ "undone": json, "groups": back }));
    context.terminal.say(text("accounts.undone"));
    say_next(context, &desk)
}

/// What taking it back does.
fn tell(context: &Context, desk: &Desk, last: &Step) -> Result<(), Fault> {
    if last.removed.is_empty() {
        let groups = Groups::of(&desk.app)?;
        kept::told(&desk.app, &last.accounts, &groups, true)?.iter().for_each(|words| context.terminal.say(words));
    }
    for group in &last.removed {
        let members = last.accounts.iter().filter(|one| one.before.details.groups.contains(&group.id)).count();
        let values = [("name", &*outside::isolated(&group.name)), ("accounts", &accounts_of(members))];
        context.terminal.say(&fill("accounts.group_back", &values));
    }
    last.regrouped.iter().for_each(|(before, now)| context.terminal.say(&group_words(now, before)));
    Ok(())
}

fn group_words(from: &Group, to: &Group) -> String {
    let (before, after) = (outside::isolated(&from.name), outside::isolated(&to.name));
    if from.name == to.name {
        return format!("{after}: {}", text("accounts.place"));
    }
    fill("accounts.difference", &[("field", text("accounts.group")), ("before", &before), ("after", &after)])
}

fn say_next(context: &Context, desk: &Desk) -> Result<(), Fault> {
    if let Some(next) = desk.app.last_step()?.filter(|next| next.hindrance.is_none()) {
        context.terminal.say(&fill("accounts.undo_next", &[("what", &step::what(&next))]));
    }
    Ok(())
}
