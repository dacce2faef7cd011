//! A batch that a person stops: while a token is awaited, while one is asked or written, between two, and after one was lost for
//! good. It ends in words and in its tally, and the same command goes on where it was.

use std::fs;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use countersign_emulator::{Fault, Link, MODELS, Single, Still};
use countersign_strings::{fill, text};
use countersign_tests::program::Program;
use countersign_tests::readers::{READER, Readers};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::token::{json as told, noticed, token, vault, waiting};
use super::{SEED, emptied, now};

/// A desk with a reader, and a file of two seeds.
struct Stand {
    readers: Readers,
    home: TempDir,
    file: String,
}

/// The seed of the second row.
fn second() -> Vec<u8> {
    (0..20).collect()
}

fn single(number: u32) -> Link<Single> {
    let prefix = MODELS.iter().find(|model| model.restricted).unwrap().prefix;
    Link::new(Single::new(&format!("{prefix}{number:07}"), Still::at(now())))
}

/// A token that says when its command of this number came, and answers when it may.
fn held(number: u32, command: usize) -> (Link<Single>, Receiver<()>, Sender<()>) {
    let (came, comes) = channel();
    let (goes, go) = channel();
    let mut link = single(number).passing(move |_| {
        came.send(()).unwrap();
        go.recv().unwrap();
    });
    link.fault(command, Fault::Slow(Duration::from_secs(1)));
    (link, comes, goes)
}

impl Stand {
    fn new() -> Self {
        let home = vault();
        let file = home.path().join("seeds.csv");
        let hex = |seed: &[u8]| seed.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        fs::write(&file, format!("secret_hex,name\n{},mara\n{},noor\n", hex(SEED), hex(&second()))).unwrap();
        Self { readers: Readers::start(), home, file: file.display().to_string() }
    }

    /// The command, the same each time, until it waits for a token.
    fn batch(&self) -> Program {
        waiting(&self.readers, &self.home, &["batch", &self.file], "")
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        told(&token(&self.readers, &self.home, arguments, ""))
    }

    /// How many rows the ledger has, and how many of the batch that is kept are in tokens.
    fn kept(&self) -> (usize, Value) {
        let rows = self.ask(&["ledger"])["tokens"].as_array().unwrap().len();
        (rows, self.ask(&["batch", "--list"])["batches"][0]["done"].clone())
    }

    /// The same command goes on: a token that has its row takes none, and the next one takes what is left.
    fn goes_on(&self, written: Link<Single>) -> Link<Single> {
        noticed(&self.readers, &self.home);
        let mut again = self.batch();
        again.stderr.wait_for("This batch is kept, and goes on");
        let one = self.readers.lay(written);
        again.stderr.wait_for(&fill("token.assign_burned", &[("n", "2")]));
        let one = one.take();
        let two = self.readers.lay(single(2));
        assert!(again.wait().success(), "{}", again.stderr.text());
        assert!(two.take().token().seed().unwrap().ct_eq(&second()));
        assert_eq!(self.kept(), (2, Value::Null), "each token once, and a batch that is done is not kept");
        one
    }
}

/// Waits for the end of a program that was stopped; gives its tally.
fn tally(mut program: Program) -> Value {
    let status = program.wait();
    let said = program.stderr.text();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("countersign token batch --resume goes on with it"), "{said}");
    let last_words = said.rsplit(text("token.stopped_by_person")).next().filter(|last| *last != said);
    assert!(last_words.is_some_and(|last| last.lines().count() <= 2), "{said}");
    let last: Value = serde_json::from_str(program.stdout.text().lines().last().unwrap()).unwrap();
    let counts = ["proven", "written", "failed", "left"].map(|name| last["batch"][name].clone());
    let words = ["proven", "written", "failed", "left"].into_iter().zip(counts.iter().map(ToString::to_string));
    let words: Vec<(&str, String)> = words.collect();
    let words: Vec<(&str, &str)> = words.iter().map(|(name, count)| (*name, count.as_str())).collect();
    assert!(said.contains(&fill("token.batch_done", &words)), "{said}");
    Value::from(counts.to_vec())
}

#[test]
fn a_batch_is_stopped_while_a_token_is_awaited() {
    let stand = Stand::new();
    let program = stand.batch();
    program.interrupt();
    assert_eq!(tally(program), json!([0, 0, 0, 2]));
    assert_eq!(stand.kept(), (0, 0.into()));
}

/// What the file is to be is said again by who goes on: it is asked for with what protects it.
#[test]
fn who_stops_a_batch_is_told_to_ask_for_its_ledger_again() {
    let stand = Stand::new();
    let file = stand.home.path().join("ledger").display().to_string();
    let ledger = ["--ledger", &file, "--form", "entra", "--clear", "--unproven"];
    let mut program = waiting(&stand.readers, &stand.home, &[&["batch", &*stand.file], &ledger[..]].concat(), "");
    program.interrupt();
    program.wait();
    let again = fill("token.batch_stays_ledger", &[("options", "--form entra --clear --unproven")]);
    assert!(program.stderr.text().contains(&again), "{}", program.stderr.text());
}

#[test]
fn a_batch_is_stopped_between_two_tokens() {
    let stand = Stand::new();
    let program = stand.batch();
    let one = stand.readers.lay(single(1));
    program.stderr.wait_for(text("token.batch_next"));
    program.interrupt();
    assert_eq!(tally(program), json!([0, 1, 0, 1]));
    assert_eq!(stand.kept(), (1, 1.into()));
    // What no token has cannot be given back, and what one has stays then.
    let none = fill("token.give_back_none", &[("line", "3")]);
    let wrong = fill("token.batch_no_line", &[("n", "99"), ("all", "2"), ("first", "2"), ("last", "3")]);
    for (lines, words) in [(&["3"][..], &none), (&["99"], &wrong), (&["2", "3"], &none)] {
        let mut arguments = vec!["batch", "--resume", "--yes", "--reader", READER, "--wait", "20"];
        lines.iter().for_each(|line| arguments.extend(["--give-back", line]));
        let refused = token(&stand.readers, &stand.home, &arguments, "");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains(words), "{said}");
        assert_eq!(stand.kept(), (1, 1.into()));
    }
    let one = stand.goes_on(one.take());
    assert!(one.token().seed().unwrap().ct_eq(SEED));
}

#[test]
fn the_next_token_is_asked_for_in_one_sentence() {
    let stand = Stand::new();
    let mut program = stand.batch();
    let one = stand.readers.lay(single(1));
    program.stderr.wait_for(text("token.batch_next"));
    one.take();
    emptied(&stand.readers);
    let two = stand.readers.lay(single(2));
    assert!(program.wait().success(), "{}", program.stderr.text());
    assert!(two.take().token().seed().is_some());
    let said = program.stderr.text();
    assert_eq!(said.matches("Lay the token on the reader").count(), 1, "once, for the first: {said}");
}

/// What is only asked is left; what is written is finished first.
#[test]
fn a_batch_is_stopped_while_a_token_is_asked_and_while_one_is_written() {
    let stand = Stand::new();
    let (asked, comes, goes) = held(1, 1);
    let program = stand.batch();
    let asked = stand.readers.lay(asked);
    comes.recv().unwrap();
    program.interrupt();
    goes.send(()).unwrap();
    assert_eq!(tally(program), json!([0, 0, 0, 2]));
    assert_eq!(stand.kept(), (0, 0.into()));
    drop(asked.take());
    noticed(&stand.readers, &stand.home);

    // Two meetings of a command each, challenge, proof, settings: the seed.
    let (written, comes, goes) = held(1, 6);
    let program = stand.batch();
    let written = stand.readers.lay(written);
    comes.recv().unwrap();
    program.interrupt();
    goes.send(()).unwrap();
    assert_eq!(tally(program), json!([0, 1, 0, 1]));
    assert_eq!(stand.kept(), (1, 1.into()));
    let one = stand.goes_on(written.take());
    assert!(one.token().seed().unwrap().ct_eq(SEED));
}

#[test]
fn a_batch_is_stopped_after_a_token_was_lost_and_finishes_it_when_it_is_found() {
    let stand = Stand::new();
    let program = stand.batch();
    let mut link = single(1);
    link.fault(6, Fault::DropBefore);
    let mut link = stand.readers.lay(link).lost();
    program.stderr.wait_for(text("token.link_lost"));
    program.interrupt();
    assert!(link.token().seed().is_none(), "the settings took the old seed away");
    assert_eq!(tally(program), json!([0, 0, 1, 1]));
    assert_eq!(stand.kept(), (1, 1.into()));

    noticed(&stand.readers, &stand.home);
    let mut again = stand.batch();
    again.stderr.wait_for("--give-back 2");
    link.come_back();
    let one = stand.readers.lay(link);
    again.stdout.wait_for("\"line\":2");
    again.stderr.wait_for(text("token.batch_next"));
    assert!(one.take().token().seed().unwrap().ct_eq(SEED));
    let two = stand.readers.lay(single(2));
    assert!(again.wait().success(), "{}", again.stderr.text());
    assert!(two.take().token().seed().unwrap().ct_eq(&second()));
    assert_eq!(stand.kept(), (2, Value::Null));
}
