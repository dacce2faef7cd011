//! `countersign token list` and `info`: readers and what lies on them, what a token is and can hold. Nothing is written.

use countersign_core::burn::{
    Capabilities, Declined, Identity, KeyProfile, Label, LinkError, Progress, Record, Room, TokenError, TokenName,
};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::Where;
use super::kept::{self, Burns};
use super::table::{NotMet, Table, nobody_came};
use super::{applet, seat, told};
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::{token_words, when};

/// For so many seconds a list looks for a token that lay there just now.
const MEANWHILE: u64 = 3;

/// Lists the readers of this machine, and asks the token on each what it is; of an emulated one that alone, and of those alone whose
/// name has what was asked for in it.
pub fn list(context: &Context, on: &Where) -> Result<(), Fault> {
    let places: Vec<(Where, String, bool)> = if let Some(model) = &on.emulated {
        vec![(on.clone(), seat::emulated(model)?.to_owned(), true)]
    } else {
        // A token that leaves meanwhile is not waited for.
        let there =
            |name: &str| Where { reader: Some(name.to_owned()), wait: on.wait.or(Some(MEANWHILE)), ..on.clone() };
        let place = |(name, has_token): (String, bool)| (there(&name), name, has_token);
        seat::readers(on.reader.as_deref())?.into_iter().map(place).collect()
    };
    if places.is_empty() {
        context.terminal.result("", &json!({ "readers": [] }));
        context.terminal.say(text("token.no_reader"));
        return Ok(());
    }
    let mut rows: Vec<Value> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let mut kept = kept::open_unasked(context, on.emulated.is_some())?;
    let is_closed = kept.is_none() && is_vault_closed(context, on);
    let mut may_be_unfinished = false;
    for (on, name, has_token) in places {
        let there = if has_token { on_reader(context, &on)? } else { There::default() };
        let open = there.identity.as_ref().map(|identity| unfinished(kept.as_deref_mut(), identity)).transpose()?;
        let open = open.flatten();
        may_be_unfinished |= is_closed && there.identity.is_some_and(|identity| identity.serial.is_some());
        lines.push(fill("token.reader", &[("name", &isolated(&name)), ("token", &there.words)]));
        lines.extend(open.as_ref().map(|record| format!("  {}", of_unfinished(record))));
        let open = open.as_ref().map_or(Value::Null, unfinished_json);
        rows.push(json!({ "reader": name, "token": there.json, "unfinished": open }));
    }
    context.terminal.result(&lines.join("\n"), &json!({ "readers": rows, "vault_closed": is_closed }));
    if may_be_unfinished {
        context.terminal.say(text("token.unfinished_closed"));
    }
    Ok(())
}

/// Whether there is a vault that nothing opened, so that nobody knows whether a burn came to its end.
fn is_vault_closed(context: &Context, on: &Where) -> bool {
    on.emulated.is_none() && context.desk().is_ok()
}

/// What lies on a reader, in words and for scripts.
struct There {
    words: String,
    json: Value,
    /// What it is, where it can be written.
    identity: Option<Identity>,
}

impl There {
    const fn of(words: String, json: Value) -> Self {
        Self { words, json, identity: None }
    }
}

impl Default for There {
    /// Nothing.
    fn default() -> Self {
        Self::of(text("token.reader_empty").to_owned(), Value::Null)
    }
}

fn on_reader(context: &Context, on: &Where) -> Result<There, Fault> {
    let declined = |why| json!({ "declined": told::declined(why) });
    Ok(match met(context, on) {
        Ok(identity) => {
            let (words, json) = (token_words::of_identity(&identity), told::identity(&identity));
            There { words, json, identity: Some(identity) }
        }
        Err(NotMet::Declined(why)) => There::of(token_words::of_declined(why).to_owned(), declined(why)),
        Err(NotMet::Token(error)) => There::of(token_words::of_error(error), declined(Declined::Unknown)),
        Err(NotMet::Other(identity)) => There::of(token_words::of_other(&identity), told::identity(&identity)),
        Err(NotMet::Fault(fault)) if fault == nobody_came() => There::default(),
        Err(NotMet::Fault(fault)) => return Err(fault),
    })
}

/// The burn of this token that was begun and did not come to its end, where it is known of. Without a number it may be another's.
fn unfinished(kept: Option<&mut (dyn Burns + 'static)>, identity: &Identity) -> Result<Option<Record>, Fault> {
    let Some(kept) = kept.filter(|_| identity.serial.is_some()) else { return Ok(None) };
    let record = kept.journal().record(&TokenName::from(identity))?;
    Ok(record.filter(|record| matches!(record.progress, Progress::Begun(_))))
}

fn of_unfinished(record: &Record) -> String {
    let owner = token_words::of_owner(&record.request.credential);
    let owner = if owner.is_empty() { text("token.owner_none") } else { &owner };
    fill("token.unfinished_burn", &[("owner", owner), ("when", &when::minute(record.began))])
}

fn unfinished_json(record: &Record) -> Value {
    json!({ "account": told::credential(&record.request.credential), "began": record.began })
}

fn met(context: &Context, on: &Where) -> Result<Identity, NotMet> {
    Table::to_look(context, on)?.with(|found, _| found.identity().clone())
}

/// How full a token is, as far as it tells without a key: none is asked for here.
enum Fullness {
    Hidden,
    Closed(TokenError),
    Told(Room),
}

fn looked_at(context: &Context, on: &Where) -> Result<(Identity, Fullness, Vec<Identity>), NotMet> {
    let mut table = Table::to_look(context, on)?;
    let (identity, room) =
        table.with(|found, at| (found.identity().clone(), found.room(&KeyProfile::Vendor, at.tools)))?;
    let fullness = match room {
        Ok(Some(room)) => Fullness::Told(room),
        Ok(None) => Fullness::Hidden,
        Err(error @ TokenError::Link(LinkError::Lost | LinkError::Reader)) => return Err(NotMet::Token(error)),
        Err(error) => Fullness::Closed(error),
    };
    Ok((identity, fullness, table.applet.several().to_vec()))
}

/// Tells what a token is, what it can hold, and how full it is.
pub fn info(context: &Context, on: &Where) -> Result<(), Fault> {
    let mut kept = kept::open_unasked(context, on.emulated.is_some())?;
    let (identity, fullness, applets) = looked_at(context, on)?;
    let open = unfinished(kept.as_deref_mut(), &identity)?;
    let is_closed = kept.is_none() && is_vault_closed(context, on);
    let capabilities = Capabilities::of(&identity);
    let family = token_words::of_family(identity.family);
    let mut lines = vec![token_words::of_identity(&identity)];
    lines.extend(open.as_ref().map(of_unfinished));
    lines.extend((identity.model != Some(family)).then(|| family.to_owned()));
    lines.extend((!token_words::is_known(&identity)).then(|| text("token.info_unknown_model").to_owned()));
    lines.extend(
        identity
            .version
            .map(|version| fill("token.version", &[("version", &version.map(|part| part.to_string()).join("."))])),
    );
    lines.extend(identity.ahead.map(token_words::of_clock));
    lines.extend(match &fullness {
        Fullness::Told(room) => Some(token_words::of_room(room)),
        Fullness::Closed(error) => Some(fill("token.room_closed", &[("why", &token_words::of_error(*error))])),
        Fullness::Hidden => None,
    });
    lines.extend(holds(&capabilities));
    if identity.clock_takes_seed {
        lines.push(text("token.clock_takes_seed").to_owned());
    }
    if identity.family.is_experimental() {
        lines.push(text("token.note_experimental").to_owned());
    }
    if !applets.is_empty() {
        let names: Vec<String> = applets.iter().map(applet::label).collect();
        lines.push(fill("token.has_applets", &[("names", &names.join("\n  "))]));
    }
    let applets: Vec<String> = applets.iter().map(|other| applet::said(other.family)).collect();
    let places = match &fullness {
        Fullness::Told(room) => told::room(room),
        Fullness::Hidden | Fullness::Closed(_) => Value::Null,
    };
    let holds = told::capabilities(&capabilities);
    let open = open.as_ref().map_or(Value::Null, unfinished_json);
    let token = told::identity(&identity);
    let json = json!({
        "token": token, "unfinished": open, "vault_closed": is_closed, "holds": holds, "places": places, "applets": applets,
    });
    context.terminal.result(&lines.join("\n"), &json);
    if is_closed && identity.serial.is_some() {
        context.terminal.say(text("token.unfinished_closed"));
    }
    Ok(())
}

fn holds(of: &Capabilities) -> Vec<String> {
    let label = text(match of.label {
        Label::None => "token.label_none",
        Label::Title => "token.label_title",
        Label::Name => "token.label_name",
        Label::TwoNames => "token.label_two_names",
    });
    let counter = text(if of.counter.is_some() { "token.takes_counters" } else { "token.takes_no_counters" });
    let codes = text(if of.reads_codes { "token.reads_codes" } else { "token.reads_no_codes" });
    let more = [label, counter, codes].map(str::to_owned);
    token_words::of_capabilities(of).into_iter().chain(more).collect()
}
