//! `countersign token list` and `info`: readers and what lies on them, what a token is and can hold. Nothing is written.

use countersign_core::burn::{Capabilities, Declined, Identity, Label, Periods};
use countersign_core::protocol::otp::Algorithm;
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::Where;
use super::table::{NotMet, Table};
use super::{seat, told};
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::token_words;

/// No account's codes live longer, whatever a token could do: a day, in seconds.
const LONGEST: u32 = 86_400;

/// Lists the readers of this machine, and asks the token on each what it is; of an emulated one that alone.
pub fn list(context: &Context, on: &Where) -> Result<(), Fault> {
    let places: Vec<(Where, String, bool)> = if on.emulated.is_some() || on.reader.is_some() {
        vec![(on.clone(), on.emulated.clone().or_else(|| on.reader.clone()).unwrap_or_default(), true)]
    } else {
        let place =
            |(name, has_token): (String, bool)| (Where { reader: Some(name.clone()), ..on.clone() }, name, has_token);
        seat::readers()?.into_iter().map(place).collect()
    };
    if places.is_empty() {
        context.terminal.result("", &json!({ "readers": [] }));
        context.terminal.say(text("token.no_reader"));
        return Ok(());
    }
    let mut rows: Vec<Value> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for (on, name, has_token) in places {
        let (words, token) =
            if has_token { on_reader(context, &on)? } else { (text("token.reader_empty").to_owned(), Value::Null) };
        lines.push(fill("token.reader", &[("name", &isolated(&name)), ("token", &words)]));
        rows.push(json!({ "reader": name, "token": token }));
    }
    context.terminal.result(&lines.join("\n"), &json!({ "readers": rows }));
    Ok(())
}

/// What lies on a reader, in words and for scripts.
fn on_reader(context: &Context, on: &Where) -> Result<(String, Value), Fault> {
    match met(context, on) {
        Ok((identity, _)) => Ok((token_words::of_identity(&identity), told::identity(&identity))),
        Err(NotMet::Declined(why)) => {
            Ok((token_words::of_declined(why).to_owned(), json!({ "declined": told::declined(why) })))
        }
        Err(NotMet::Token(error)) => {
            Ok((token_words::of_error(error), json!({ "declined": told::declined(Declined::Unknown) })))
        }
        Err(NotMet::Fault(fault)) => Err(fault),
    }
}

fn met(context: &Context, on: &Where) -> Result<(Identity, Capabilities), NotMet> {
    let mut table = Table::to_look(context, on)?;
    table.with(|found, _| (found.identity().clone(), found.capabilities()))
}

/// Tells what a token is, and what it can hold.
pub fn info(context: &Context, on: &Where) -> Result<(), Fault> {
    let (identity, capabilities) = met(context, on)?;
    let family = token_words::of_family(identity.family);
    let mut lines = vec![token_words::of_identity(&identity)];
    lines.extend((identity.model != Some(family)).then(|| family.to_owned()));
    lines.extend(
        identity
            .version
            .map(|version| fill("token.version", &[("version", &version.map(|part| part.to_string()).join("."))])),
    );
    lines.extend(identity.ahead.map(token_words::of_clock));
    lines.extend(holds(&capabilities));
    if identity.clock_takes_seed {
        lines.push(text("token.clock_takes_seed").to_owned());
    }
    if identity.family.is_experimental() {
        lines.push(text("token.note_experimental").to_owned());
    }
    let json = json!({ "token": told::identity(&identity), "holds": told::capabilities(&capabilities) });
    context.terminal.result(&lines.join("\n"), &json);
    Ok(())
}

fn holds(of: &Capabilities) -> Vec<String> {
    let listed = |numbers: &mut dyn Iterator<Item = String>| numbers.collect::<Vec<_>>().join(", ");
    let hashes = listed(&mut of.algorithms.iter().map(|hash| Algorithm::as_str(*hash).to_owned()));
    let digits = listed(&mut of.digits.iter().map(ToString::to_string));
    let periods = match of.periods {
        Periods::Only(periods) => listed(&mut periods.iter().map(ToString::to_string)),
        Periods::UpTo(most) => fill("token.up_to", &[("n", &most.min(LONGEST).to_string())]),
    };
    let (least, most) = (of.seed.start().to_string(), of.seed.end().to_string());
    let label = text(match of.label {
        Label::None => "token.label_none",
        Label::Title => "token.label_title",
        Label::Name => "token.label_name",
        Label::TwoNames => "token.label_two_names",
    });
    let counter = text(if of.counter.is_some() { "token.takes_counters" } else { "token.takes_no_counters" });
    let codes = text(if of.reads_codes { "token.reads_codes" } else { "token.reads_no_codes" });
    vec![
        fill("token.holds_settings", &[("hashes", &hashes), ("digits", &digits), ("periods", &periods)]),
        fill("token.holds_seed", &[("least", &least), ("most", &most)]),
        label.to_owned(),
        counter.to_owned(),
        codes.to_owned(),
    ]
}
