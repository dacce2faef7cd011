//! `user add`, `list`, `password`, `voucher`, `disable`, `enable`, `remove`: on the store, whether the gateway runs or not.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use clap::ArgMatches;
use countersign_protocol::Secret;
use countersign_strings::{fill, text};

use super::{Ended, say};
use crate::audit::Caller;
use crate::config::Config;
use crate::limits;
use crate::person::{self, People};
use crate::port::machine;
use crate::start;

pub(super) fn run(matches: &ArgMatches, config: &Config) -> Result<(), Ended> {
    let adapters = machine::adapters();
    let (store, seal) = start::unlock(config, &adapters.random)?;
    let people = People::new(Arc::new(person::store::SqlStore(store)), &seal, adapters.clock, adapters.random);
    let by = Caller { address: None, transaction: "command-line".into() };
    let name = |matches: &ArgMatches| matches.get_one::<String>("name-of-person").cloned().unwrap_or_default();
    match matches.subcommand() {
        Some(("add", matches)) => add(&people, &name(matches), matches.get_flag("password-stdin"), &by),
        Some(("password", matches)) => set_password(&people, &name(matches), matches.get_flag("password-stdin"), &by),
        Some(("voucher", matches)) => {
            let person = people.named(&name(matches))?;
            let voucher = people.give_voucher(&person, &by)?;
            say(&fill("gateway.voucher", &[("name", &person.name), ("voucher", &voucher.reveal())]))
        }
        Some(("disable", matches)) => {
            let person = people.set_disabled(&name(matches), true, &by)?;
            say(&fill("gateway.disabled", &[("name", &person.name)]))
        }
        Some(("enable", matches)) => {
            let person = people.set_disabled(&name(matches), false, &by)?;
            say(&fill("gateway.enabled", &[("name", &person.name)]))
        }
        Some(("remove", matches)) => {
            let person = people.named(&name(matches))?;
            if !matches.get_flag("yes") && !is_meant(&person.name)? {
                return Err(Ended::Refused(text("gateway.not_removed").into()));
            }
            people.remove(&person, &by)?;
            say(&fill("gateway.removed", &[("name", &person.name)]))
        }
        Some(("list", _)) => people.all()?.iter().try_for_each(|person| {
            say(&match person.disabled {
                true => fill("gateway.listed_disabled", &[("name", &person.name)]),
                false => person.name.clone(),
            })
        }),
        // clap asks for one of them.
        _ => Err(Ended::Failed(String::new())),
    }
}

fn add(people: &People, name: &str, from_stdin: bool, by: &Caller) -> Result<(), Ended> {
    let (person, voucher) = people.add(name, &chosen(name, from_stdin)?, by)?;
    say(&fill("gateway.added", &[("name", &person.name), ("voucher", &voucher.reveal())]))
}

fn set_password(people: &People, name: &str, from_stdin: bool, by: &Caller) -> Result<(), Ended> {
    // Before anything is asked.
    people.named(name)?;
    let person = people.set_password(name, &chosen(name, from_stdin)?, by)?;
    say(&fill("gateway.password_set", &[("name", &person.name)]))
}

fn chosen(name: &str, from_stdin: bool) -> Result<Secret, Ended> {
    if from_stdin { line_of_stdin() } else { asked_twice(name) }
}

/// Asks whether a person is to go; the name typed once more is the yes.
fn is_meant(name: &str) -> Result<bool, Ended> {
    write!(io::stderr(), "{} ", fill("gateway.ask_remove", &[("name", name)]))?;
    let mut line = String::new();
    io::stdin().lock().take(limits::CONFIG_BYTES).read_line(&mut line)?;
    Ok(line.trim() == name)
}

fn asked_twice(name: &str) -> Result<Secret, Ended> {
    let first = hidden(&fill("gateway.ask_password", &[("name", name)]))?;
    let again = hidden(text("gateway.ask_again"))?;
    // Exposed to be compared, in constant time.
    if first.ct_eq(again.expose()) { Ok(first) } else { Err(Ended::Refused(text("gateway.not_the_same").into())) }
}

/// A password that nobody sees. One byte more than the longest is read, so that what is too long is refused and not cut.
fn hidden(question: &str) -> Result<Secret, Ended> {
    let typed = countersign_prompt::hidden(&format!("{question} "), limits::PASSWORD_BYTES + 1)?;
    Ok(Secret::from_slice(typed.as_bytes()))
}

/// The first line of stdin, without its end.
fn line_of_stdin() -> Result<Secret, Ended> {
    let mut line = Vec::new();
    io::stdin().lock().take(limits::PASSWORD_BYTES as u64 + 2).read_until(b'\n', &mut line)?;
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Secret::new(line))
}
