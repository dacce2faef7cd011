//! `countersign token ledger`, and the file that a burn or a batch leaves: what became of each token.
//!
//! A file is new, its owner's alone, and read back after it was written. Seeds for everyone to read are written only where that
//! was said.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use countersign_core::burn::ledger::{self, Entry, Form, LeftOut, Why, Written};
use countersign_core::burn::{Protection, ROUNDS};
use countersign_core::port::Random;
use countersign_core::protocol::Secret;
use countersign_core::system::SystemRandom;
use countersign_strings::{fill, text};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::args::{FormName, Ledger, Out};
use super::kept;
use super::table::hex;
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::{new_file, token_words, when, words};

/// Bytes of the key of an encrypted container.
const KEY: usize = 16;

/// Characters of a password under which seeds leave the vault: whoever has the file tries as many as they like.
const PASSWORD: usize = 8;

/// Lists what is kept of tokens, or writes it into a file.
pub fn run(context: &Context, asked: &Ledger) -> Result<(), Fault> {
    let Ledger { file, form, clear, unproven, .. } = asked.clone();
    let out = Out { ledger: file, form, clear, unproven };
    may_write(&out)?;
    let entries = kept::open(context, false)?.entries()?;
    let is_empty = entries.is_empty();
    let out = prepared(context, &out)?;
    let entries: Vec<Entry> = entries.into_iter().filter(|entry| is_asked(asked, entry)).collect();
    if asked.file.is_some() {
        let written = write_out(context, out.as_ref(), &entries, &SystemRandom::new())?;
        context.terminal.result("", &json!({ "ledger": written }));
        return Ok(());
    }
    let rows: Vec<Value> = entries.iter().map(as_json).collect();
    let lines: Vec<String> = entries.iter().map(line).collect();
    context.terminal.result(&lines.join("\n"), &json!({ "tokens": rows }));
    if entries.is_empty() {
        context.terminal.say(text(if is_empty { "token.ledger_empty" } else { "token.ledger_no_match" }));
    }
    Ok(())
}

/// Whether a token is one of those that were asked for.
fn is_asked(asked: &Ledger, entry: &Entry) -> bool {
    let is = |wanted: &Option<String>, said: &str| wanted.as_ref().is_none_or(|wanted| wanted == said);
    let is_serial = asked.serial.is_empty() || asked.serial.iter().any(|serial| *serial == entry.serial.as_str());
    is_serial && is(&asked.account, &entry.credential.name) && is(&asked.issuer, &entry.credential.issuer)
}

/// One token in one line.
pub fn line(entry: &Entry) -> String {
    let owner = token_words::of_owner(&entry.credential);
    let model = if entry.model.is_empty() { &entry.manufacturer } else { &entry.model };
    let values = [
        ("serial", &*isolated(entry.serial.as_str())),
        ("model", &*token_words::of_place(&isolated(model), entry.profile)),
        ("owner", &*owner),
        ("when", &*when::minute(entry.written_at)),
        ("proof", token_words::of_proof(entry.proof)),
    ];
    let line = fill("token.ledger_line", &values);
    match entry.ahead {
        Some(ahead) => format!("{line}  {}", token_words::of_clock(ahead)),
        None => line,
    }
}

/// One token for scripts, without its seed.
pub fn as_json(entry: &Entry) -> Value {
    json!({
        "serial": entry.serial.as_str(),
        "profile": entry.profile,
        "manufacturer": entry.manufacturer,
        "model": entry.model,
        "account": super::told::credential(&entry.credential),
        "written_at": entry.written_at,
        "verified": entry.proof.as_str(),
        "clock_ahead": entry.ahead,
    })
}

/// A ledger that may be written: where to, and what protects it, which was asked for.
pub struct Prepared {
    file: PathBuf,
    form: Form,
    /// Whether tokens that nobody proved stand in a server's form too.
    unproven: bool,
}

impl Prepared {
    /// Whether only what is proven stands in it.
    pub const fn wants_proof(&self) -> bool {
        !self.unproven && self.form.is_for_servers()
    }
}

/// Asks for all that a ledger wants, before any token is touched; nothing where no file was named.
pub fn prepared(context: &Context, out: &Out) -> Result<Option<Prepared>, Fault> {
    let Some(file) = &out.ledger else { return Ok(None) };
    Ok(Some(Prepared { file: file.clone(), form: form(context, out.form)?, unproven: out.unproven }))
}

/// Refuses first of all what would be refused after all is burned: a form with seeds in the clear that nobody asked for so, a
/// file that is there, and one that cannot be made where it is to be. Nothing of it stays.
pub fn may_write(out: &Out) -> Result<(), Fault> {
    let Some(file) = &out.ledger else { return Ok(()) };
    if is_clear(out.form) && !out.clear {
        return Err(Fault::refused(text("token.ledger_clear")));
    }
    new_file::made(file).and_then(|_| fs::remove_file(file)).map_err(|why| not_new(file, &why))
}

/// Why no file was made anew: one is there, or there can be none.
pub fn not_new(file: &Path, why: &io::Error) -> Fault {
    let shown = file.display().to_string();
    if fs::symlink_metadata(file).is_ok() {
        return Fault::refused(fill("token.ledger_there", &[("file", &shown)]));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Fault::refused(fill("token.no_folder", &[("folder", &folder.display().to_string())])),
        None => Fault::failed(words::caused(fill("token.ledger_no_file", &[("file", &shown)]), why)),
    }
}

/// How a ledger was asked for, beside its file; nothing where none was.
pub fn options(out: &Out) -> Option<String> {
    out.ledger.as_ref()?;
    let form = out.form.to_possible_value().map(|value| format!("--form {}", value.get_name()));
    let flags = [("--clear", out.clear), ("--unproven", out.unproven)];
    let flags = flags.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name.to_owned());
    Some(form.into_iter().chain(flags).collect::<Vec<_>>().join(" "))
}

const fn is_clear(form: FormName) -> bool {
    match form {
        FormName::Inventory | FormName::InventoryJson | FormName::Pskc | FormName::PskcKey => false,
        FormName::Entra | FormName::Oath | FormName::PskcPlain | FormName::Table | FormName::Json => true,
    }
}

/// Says which of these tokens the file will not have, before any of them is touched, and refuses where it would have none.
pub fn foretell(context: &Context, out: Option<&Prepared>, to_be: &[Entry], random: &dyn Random) -> Result<(), Fault> {
    let form = match out.map(|out| &out.form) {
        Some(form @ (Form::Entra | Form::Oath)) => form,
        // However its keys are kept from others.
        Some(Form::Pskc(_)) => &Form::Pskc(Protection::Plain),
        Some(Form::Table { .. } | Form::Json { .. }) | None => return Ok(()),
    };
    let refused = |error| Fault::refused(token_words::of_ledger_error(error));
    // Where no token would be left, it is said of each why.
    let left_out = ledger::left_out(to_be, form);
    left_out.iter().for_each(|left| context.terminal.say(&token_words::of_left_out(left)));
    ledger::write(to_be, form, random).map_err(refused)?;
    Ok(())
}

/// Writes the file that was asked for, says what is not in it, and reads it back; nothing where no file was named.
pub fn write_out(
    context: &Context,
    out: Option<&Prepared>,
    entries: &[Entry],
    random: &dyn Random,
) -> Result<Value, Fault> {
    let Some(Prepared { file, form, unproven }) = out else { return Ok(Value::Null) };
    let terminal = &context.terminal;
    let says = |left_out: &[LeftOut]| left_out.iter().for_each(|left| terminal.say(&token_words::of_left_out(left)));
    let all = entries.to_vec();
    let (entries, held_back) = if *unproven { (all, vec![]) } else { ledger::proven(all, form) };
    says(&held_back);
    let is_off = |left: &LeftOut| matches!(left.why, Why::ClockOff(_));
    if held_back.iter().any(|left| !is_off(left)) {
        terminal.say(text("token.left_unproven_how"));
    }
    if held_back.iter().any(is_off) {
        terminal.say(text("token.left_clock_how"));
    }
    let Written { bytes, left_out, told } = ledger::write(&entries, form, random).map_err(|error| {
        says(&ledger::left_out(&entries, form));
        Fault::refused(token_words::of_ledger_error(error))
    })?;
    let shown = file.display().to_string();
    let no_file = |why| Fault::failed(words::caused(fill("token.ledger_no_file", &[("file", &shown)]), &why));
    new_file::written(file, &bytes).map_err(|why| {
        let fault = no_file(why);
        Fault { words: format!("{} {}", fault.words, text("token.ledger_later")), ..fault }
    })?;
    let read = Zeroizing::new(fs::read(file).map_err(no_file)?);
    ledger::read_back(&read, &entries, form).map_err(|error| {
        Fault::failed(fill("token.ledger_other", &[("file", &shown), ("why", &token_words::of_back(error))]))
    })?;
    says(&left_out);
    told.iter().for_each(|told| terminal.say(&token_words::of_told(*told)));
    if form.is_for_servers() {
        clocks_off(&entries, &left_out).for_each(|words| terminal.say(&words));
    }
    let count = entries.len() - left_out.len();
    terminal.say(&fill("token.ledger_written", &[("file", &shown), ("n", &count.to_string())]));
    if form.is_clear() {
        terminal.say(text("token.ledger_is_clear"));
    }
    let left: Vec<&LeftOut> = held_back.iter().chain(&left_out).collect();
    let serials: Vec<&str> = left.iter().map(|left| left.serial.as_str()).collect();
    let why: Vec<Value> = left.iter().map(|left| super::told::left_out(left)).collect();
    Ok(json!({ "file": shown, "tokens": count, "left_out": serials, "left_out_why": why }))
}

/// Of each token of a file whose clock a person saw to be off, how far.
fn clocks_off<'e>(entries: &'e [Entry], left_out: &'e [LeftOut]) -> impl Iterator<Item = String> + 'e {
    let is_in =
        |entry: &&Entry| !left_out.iter().any(|left| (&left.serial, left.profile) == (&entry.serial, entry.profile));
    entries.iter().filter(is_in).filter_map(|entry| {
        let token = token_words::of_place(&isolated(entry.serial.as_str()), entry.profile);
        Some(fill("token.told_clock_of", &[("token", &token), ("clock", &token_words::of_clock(entry.ahead?))]))
    })
}

/// The form, with what protects it asked for.
fn form(context: &Context, name: FormName) -> Result<Form, Fault> {
    let terminal = &context.terminal;
    Ok(match name {
        FormName::Inventory => Form::Table { seeds: false },
        FormName::InventoryJson => Form::Json { seeds: false },
        FormName::Entra => Form::Entra,
        FormName::Oath => Form::Oath,
        FormName::PskcPlain => Form::Pskc(Protection::Plain),
        FormName::Table => Form::Table { seeds: true },
        FormName::Json => Form::Json { seeds: true },
        FormName::PskcKey => {
            let typed = terminal.line(text("token.ledger_key_ask"), true)?;
            let key = hex(&typed).filter(|key| key.len() == KEY);
            Form::Pskc(Protection::Key(key.ok_or_else(|| Fault::refused(text("token.key_hex")))?))
        }
        FormName::Pskc => {
            let typed = terminal.line(text("token.ledger_password_ask"), true)?;
            if typed.chars().count() < PASSWORD {
                return Err(Fault::refused(fill("token.ledger_password_short", &[("n", &PASSWORD.to_string())])));
            }
            if terminal.is_typed() && !is_same(&typed, &terminal.line(text("cli.again"), true)?) {
                return Err(Fault::refused(text("token.keys_differ")));
            }
            let password = Secret::from_slice(typed.as_bytes());
            Form::Pskc(Protection::Password { password, rounds: ROUNDS })
        }
    })
}

fn is_same(one: &str, other: &str) -> bool {
    Secret::from_slice(one.as_bytes()).ct_eq(other.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_in_the_clear_are_written_only_where_that_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = Some(folder.path().join("out"));
        for form in [FormName::Entra, FormName::Oath, FormName::PskcPlain, FormName::Table, FormName::Json] {
            let refused = may_write(&Out { ledger: file.clone(), form, ..Out::default() }).unwrap_err();
            assert_eq!(refused.words, text("token.ledger_clear"), "{form:?}");
            assert_eq!(may_write(&Out { ledger: file.clone(), form, clear: true, unproven: false }), Ok(()));
        }
        for form in [FormName::Inventory, FormName::InventoryJson, FormName::Pskc, FormName::PskcKey] {
            assert_eq!(may_write(&Out { ledger: file.clone(), form, ..Out::default() }), Ok(()), "{form:?}");
        }
    }

    #[test]
    fn how_a_ledger_was_asked_for_is_said_as_it_is_typed() {
        assert_eq!(options(&Out::default()), None);
        let ledger = Some("seeds".into());
        let all = Out { ledger: ledger.clone(), form: FormName::PskcPlain, clear: true, unproven: true };
        assert_eq!(options(&all).as_deref(), Some("--form pskc-plain --clear --unproven"));
        let inventory = Out { ledger, form: FormName::Inventory, ..Out::default() };
        assert_eq!(options(&inventory).as_deref(), Some("--form inventory"));
    }

    #[test]
    fn profiles_of_one_token_are_told_apart_and_chosen_by_account() {
        use countersign_core::burn::source::{Choices, Kind, read};
        let source = b"serial,secret_hex,name\n42,3132333435363738393031323334353637383930,mara\n";
        let credential = read(Kind::Table, source, Choices::default()).unwrap().rows.remove(0).credential;
        let entry = |profile| Entry {
            serial: credential.serial.clone().unwrap(),
            profile,
            manufacturer: "Token2".into(),
            model: "Molto-2".into(),
            credential: credential.clone(),
            written_at: 0,
            proof: ledger::Proof::Written,
            ahead: None,
        };
        let lines = [Some(0), Some(7), None].map(|profile| line(&entry(profile)));
        assert!(lines[0] != lines[1] && lines[1].contains("profile 7") && !lines[2].contains("profile"), "{lines:?}");
        assert_eq!(as_json(&entry(Some(7)))["profile"], 7);
        let of = |account: &str| Ledger { account: Some(account.into()), ..Ledger::default() };
        assert!(is_asked(&of("mara"), &entry(None)) && !is_asked(&of("noor"), &entry(None)));
    }

    #[test]
    fn a_ledger_that_cannot_be_made_is_refused_first_and_nothing_of_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |file: &Path| {
            let out = Out { ledger: Some(file.to_owned()), form: FormName::Inventory, ..Out::default() };
            may_write(&out).unwrap_err()
        };
        let none = folder.path().join("not there");
        let words = fill("token.no_folder", &[("folder", &none.display().to_string())]);
        assert_eq!(refused(&none.join("out")), Fault::refused(words));
        assert!(refused(folder.path()).words.contains("is there already"));
        let long = folder.path().join("x".repeat(300));
        assert_eq!(refused(&long).end.code(), 2, "no disk takes such a name");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_ledger_is_its_owners_alone_and_takes_no_files_place() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        new_file::written(&file, b"tokens").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(new_file::written(&file, b"others").is_err());
        let out = Out { ledger: Some(file.clone()), form: FormName::Inventory, ..Out::default() };
        assert!(may_write(&out).unwrap_err().words.contains(&file.display().to_string()));
        assert_eq!(fs::read(&file).unwrap(), b"tokens");
    }
}
