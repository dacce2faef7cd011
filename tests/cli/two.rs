//! Two `countersign` processes on one vault: whatever either of them acknowledged is there, killed or not, and who has to
//! wait too long gets a clear word.
//!
//! The short form runs in every test run; `cargo xtask torture cli::two` makes a thousand saves in each process.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Digits, base32, hotp};
use countersign_strings::{fill, text};
use countersign_tests::program::{Program, command};

use super::{Desk, Ended, PASSPHRASE};
use crate::vault::disk::Dice;
use crate::vault::effort;

/// The seed of the account that both count on.
const SHARED: &[u8] = b"a key that two share";

/// The name of that account.
const COUNTED: &str = "Counted";

/// One of the two: what it was told, and what it acknowledged.
struct Talker<'a> {
    desk: &'a Desk,
    name: char,
    dice: Dice,
    program: Program,
    /// Lines of its output that were looked at.
    seen: usize,
    kills: usize,
    added: Vec<String>,
    codes: Vec<String>,
}

/// What became of one request.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Added,
    Code(String),
    /// The vault was in use for too long; nothing was saved.
    Busy,
    /// The process ended before it said anything.
    Killed,
}

impl<'a> Talker<'a> {
    fn new(desk: &'a Desk, name: char) -> Self {
        let (dice, program) = (Dice::new(u64::from(name)), started(desk));
        let (added, codes) = (Vec::new(), Vec::new());
        Self { desk, name, dice, program, seen: 0, kills: 0, added, codes }
    }

    /// Saves so often, by turns a new account and the next code of the shared one; every now and then it is killed, and
    /// another process goes on.
    fn save(mut self, saves: usize, kills: usize) -> Self {
        for n in 0..saves {
            let strikes = self.kills < kills && (n + 1) * kills / saves > self.kills;
            let account = format!("{}{n}", self.name);
            let request = match n % 2 {
                0 => format!("{}\ny\n", link(&account)),
                _ => format!("next {COUNTED}\n"),
            };
            loop {
                match self.asked(&request, strikes) {
                    Reply::Added => self.added.push(account.clone()),
                    Reply::Code(code) => self.codes.push(code),
                    Reply::Busy => continue,
                    Reply::Killed => {
                        self.kills += 1;
                        (self.program, self.seen) = (started(self.desk), 0);
                    }
                }
                break;
            }
        }
        self.program.close_stdin();
        assert!(self.program.wait().success(), "{}", self.program.stderr.text());
        self
    }

    /// Asks for one save and waits for its word. With `strikes` the process is killed at some moment of it.
    fn asked(&mut self, request: &str, strikes: bool) -> Reply {
        self.program.write(request.as_bytes());
        if strikes {
            pause(Duration::from_micros(self.dice.draw(6_000) as u64));
            self.program.kill();
        }
        let (added, busy) = (fill("cli.added", &[("name", "")]), text("error.file_busy"));
        let added = added.trim();
        let mut reply = Reply::Killed;
        let (seen, stdout) = (&mut self.seen, self.program.stdout.clone());
        stdout.found(|printed| {
            let whole = printed.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let lines: Vec<&str> = whole.map(str::trim_end).collect();
            let found = lines.iter().enumerate().skip(*seen).find_map(|(at, line)| {
                let line = line.trim_start_matches("> ");
                let code: String = line.chars().filter(|c| !c.is_whitespace()).collect();
                let is_code = code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit());
                let reply = match line {
                    _ if is_code => Reply::Code(code),
                    _ if line.contains(busy) => Reply::Busy,
                    _ if line.contains(added) => Reply::Added,
                    _ => return None,
                };
                Some((at + 1, reply))
            });
            let Some((at, found)) = found else { return false };
            (*seen, reply) = (at, found);
            true
        });
        if strikes && reply != Reply::Killed {
            // It had said so before it died: the save counts, and yet the process is gone.
            self.kills += 1;
            (self.program, self.seen) = (started(self.desk), 0);
        }
        assert!(strikes || reply != Reply::Killed, "it ended: {}", self.program.stderr.text());
        reply
    }
}

/// Real processes race here: a kill is to strike at any moment of a save.
#[expect(clippy::disallowed_methods, reason = "a kill strikes at a moment, and moments have to pass for that")]
fn pause(time: Duration) {
    thread::sleep(time);
}

/// A process that talks line by line, with its vault open.
fn started(desk: &Desk) -> Program {
    loop {
        let mut program = Program::start(command("countersign", desk.path()).arg("tui"));
        program.write(format!("codes\n{PASSPHRASE}\n").as_bytes());
        let (open, busy) = (text("tui.plain_counted"), text("error.file_busy"));
        program.stdout.wait_until("the list", |printed| printed.contains(open) || printed.contains(busy));
        if program.stdout.text().contains(open) {
            // The rest of the list is said when the next word is.
            program.write(b"an unknown word\n");
            program.stdout.wait_for(text("tui.plain_unknown"));
            return program;
        }
    }
}

fn link(account: &str) -> String {
    let seed = base32::encode(account.repeat(20).as_bytes().get(..20).unwrap());
    format!("otpauth://totp/Two:{account}?secret={}&issuer=Two", *seed)
}

#[test]
fn of_two_processes_that_save_at_once_nothing_acknowledged_is_lost() {
    let desk = Desk::new();
    let seed = base32::encode(SHARED);
    desk.add(&format!("otpauth://hotp/{COUNTED}?secret={}&digits=8&counter=0", *seed));
    let (saves, kills) = (effort(30, 1_000), effort(3, 40));
    let both = thread::scope(|scope| {
        let talk = |name| {
            scope.spawn({
                let desk = &desk;
                move || Talker::new(desk, name).save(saves, kills)
            })
        };
        [talk('a'), talk('b')].map(|talker| talker.join().unwrap())
    });
    // Of the saves that were struck one may be there or not; all others were acknowledged.
    let acknowledged = both.iter().map(|it| it.added.len() + it.codes.len()).sum::<usize>();
    let struck = both.iter().map(|it| it.kills).sum::<usize>();
    assert!(acknowledged + struck >= 2 * saves && struck == 2 * kills, "{acknowledged} acknowledged, {struck} killed");

    let list = desk.run(&["list", "--json"], "").json();
    let names = list["accounts"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned());
    let names: BTreeSet<String> = names.collect();
    let lost: Vec<&String> = both.iter().flat_map(|it| &it.added).filter(|name| !names.contains(*name)).collect();
    assert!(lost.is_empty(), "acknowledged, and not there: {lost:?}");

    let known = codes(2 * saves as u64 + 2);
    let shown: Vec<u64> = both.iter().flat_map(|it| &it.codes).map(|code| known[code]).collect();
    let different: BTreeSet<u64> = shown.iter().copied().collect();
    assert_eq!(different.len(), shown.len(), "a counted code was shown twice");
    let next = desk.run(&["code", COUNTED], "");
    assert!(different.last() < Some(&known[next.stdout.trim_end()]), "a counter went back");
    println!("{acknowledged} saves acknowledged, {struck} kills, nothing lost");
}

/// The codes of the shared account by their text, with the counter of each.
fn codes(count: u64) -> BTreeMap<String, u64> {
    let seed = Secret::from_slice(SHARED);
    let code = |n| hotp(&seed, Counter::try_from(n).unwrap(), Algorithm::Sha1, Digits::EIGHT).to_string();
    let codes: BTreeMap<String, u64> = (0..count).map(|n| (code(n), n)).collect();
    assert_eq!(codes.len() as u64, count, "no two are the same");
    codes
}

#[test]
fn who_waits_too_long_for_the_other_gets_a_clear_word_and_loses_nothing() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://hotp/{COUNTED}?secret={}&digits=8&counter=0", *base32::encode(SHARED)));
    let known = codes(9);
    let path = desk.path().join("data/countersign/vault.sqlite");
    // One that has begun to save, and does not come to its end.
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let late = desk.run(&["code", COUNTED], "");
    let first_line = |ended: &Ended| ended.stderr.lines().next().map(str::to_owned);
    assert_eq!((late.code, first_line(&late).as_deref()), (2, Some(text("error.file_busy"))));
    assert_eq!(late.stdout, "", "no code without its counter on the disk");
    assert_eq!(desk.run(&["list"], "").code, 0, "reading waits for nobody");
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(known[desk.run(&["code", COUNTED], "").stdout.trim_end()], 0);

    // And one that builds the file anew.
    let mut lock = path.into_os_string();
    lock.push(".lock");
    let building = std::fs::File::options().write(true).open(&lock).unwrap();
    building.lock().unwrap();
    let kept_out = desk.run(&["code", COUNTED], "");
    assert_eq!((kept_out.code, first_line(&kept_out).as_deref()), (2, Some(text("error.file_busy"))));
    building.unlock().unwrap();
    assert_eq!(known[desk.run(&["code", COUNTED], "").stdout.trim_end()], 1);
}
