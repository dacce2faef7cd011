//! A batch of five hundred: two or three processes on one vault, links that fail at one token in twenty, and a person who
//! brings tokens back or takes another one first. In the end each token holds a seed of its own, and the ledger says so.
//!
//! The process that burns is this very program, started anew, with the vault on its disk. The tokens stay here, at the other
//! end of a socket: what a killed process leaves half done is in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use countersign_core::app::{App, Folders};
use countersign_core::burn::ledger::Proof;
use countersign_core::burn::source::{Choices, Kind, read};
use countersign_core::burn::{
    BatchLine, Credential, Ending, Family, Halt, KeyProfile, LinkError, Met, Progress, Request, Serial, TokenError,
    TokenLink, TokenName,
};
use countersign_core::cancel::Cancel;
use countersign_core::port::Clock as _;
use countersign_core::system::SystemClock;
use countersign_core::vault::{KdfCost, Vault};
use countersign_emulator::{Fault, Key, Link, Screen, Still, Token as _};
use countersign_tests::double::Doubles;

use super::stand::{Any, Earth, NOW, OATH, Wire, contents, hints, met, request, single};
use crate::vault::{quick_folder, story};

const TOKENS: usize = 500;
/// One token in so many has a link that fails.
const A_FAULT: usize = 20;
/// The process is killed while it burns these, when they have done so many commands: between settings and seed, after the seed,
/// after an entry.
const KILLS: [(usize, usize); 3] = [(180, 4), (341, 5), (462, 3)];
/// Ten times what five hundred may take of a host's time.
const HARD_STOP: Duration = Duration::from_secs(50);
const SOCKET: &str = "link";

/// What the burning process asks for that is no command to a token: a frame of one byte.
mod ask {
    /// The next token, or the one that is to be brought back first. Its family comes back, or nothing at the end.
    pub const NEXT: u8 = b'n';
    /// The same token, on the reader again.
    pub const BACK: u8 = b'b';
    /// What its display shows, switched off and on.
    pub const LOOK: u8 = b'l';
}

fn send(stream: &mut UnixStream, frame: &[u8]) {
    let length = u16::try_from(frame.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, frame].concat()).unwrap();
}

/// A frame; nothing when the other end is gone.
fn receive(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut frame = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut frame).ok()?;
    Some(frame)
}

/// The link of the burning process. An answer begins with a byte that says whether it is one.
struct Far(UnixStream);

impl Far {
    fn ask(&mut self, what: u8) -> Vec<u8> {
        send(&mut self.0, &[what]);
        receive(&mut self.0).expect("the tokens are there")
    }
}

impl TokenLink for Far {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        send(&mut self.0, command);
        match receive(&mut self.0).as_deref() {
            Some([0, answer @ ..]) => Ok(answer.to_vec()),
            Some([1]) => Err(LinkError::Late),
            _ => Err(LinkError::Lost),
        }
    }
}

/// A token by its number, and its family.
type Make = fn(usize, &Still) -> (Family, Any);

/// The families of a batch, in turn. All of them tell a number.
const KINDS: [Make; 5] = [
    |at, still| (Family::Single, single(&format!("8659622{at:07}"), still)),
    |at, still| (Family::Single, single(&format!("8659600{at:07}"), still)),
    |at, still| (OATH, Any::Key(Box::new(Key::yubikey([5, 7, 1], at as u32, still.clone())))),
    |at, still| (OATH, Any::Key(Box::new(Key::nitrokey(at as u32, still.clone())))),
    |at, still| (Family::Token2Otp, Any::Key(Box::new(Key::token2(&format!("8659000{at:07}"), still.clone())))),
];

/// How many commands each of them is.
const COMMANDS: [usize; 5] = [6, 6, 4, 4, 8];

/// What happens to links.
const FAULTS: [Fault; 5] = [
    Fault::DropAfter,
    Fault::DropBefore,
    Fault::Truncate,
    Fault::Slow(Duration::from_secs(2)),
    Fault::Slow(Duration::from_secs(20)),
];

fn kind(word: u8) -> Family {
    [Family::Single, OATH, Family::Token2Otp][usize::from(word)]
}

fn open(folder: &Path) -> App {
    let doubles = Doubles::new(u64::from(std::process::id()));
    doubles.clock.set(NOW);
    let [private, shared] = ["private", "shared"].map(|name| folder.join(name));
    let app = App::open(Folders { private, shared }, doubles.ports()).unwrap();
    app.unlock(&story::passphrase(), &Cancel::default()).unwrap();
    app
}

/// The process that burns: whatever is on the reader gets the next row, or is taken up, until no token is left.
#[test]
#[ignore = "the process that the batch is burned by"]
fn host() {
    let folder = story::child_folder().expect("started by the suite");
    let mut link = Far(UnixStream::connect(folder.join(SOCKET)).unwrap());
    let app = open(&folder);
    let id = app.batches().unwrap()[0].id;
    let mut batch = app.batch(id).unwrap();
    loop {
        let told = link.ask(ask::NEXT);
        let Some(family) = told.first().map(|word| kind(*word)) else { return };
        let mut line = None;
        let mut row_for = |serial: &Serial| {
            let row = batch.row_for(serial).expect("a row is left for each token");
            line = Some(row.line);
            (row.credential.clone(), BatchLine { batch: id, line: row.line })
        };
        let tries = std::iter::repeat_with(|| {
            let tried = one(&app, &mut link, family, &mut row_for).ok();
            // What could not be read back is read when the token is there again.
            let tried = tried.filter(|(_, ending)| !matches!(ending, Ending::Written(Some(_))));
            if tried.is_none() {
                assert!(link.ask(ask::BACK).is_empty());
            }
            tried
        });
        let (token, ending) = tries.take(4).flatten().next().expect("it is taken up");
        if !ending.is_proven() {
            let shown = String::from_utf8(link.ask(ask::LOOK)).unwrap();
            let (ending, _) = app.conclude_burn(&token, Some(&shown.parse().unwrap())).unwrap();
            assert_eq!(ending, Ending::ProvenByPerson);
        }
        if let Some(line) = line {
            batch.burned(line, token.serial.as_ref().unwrap()).unwrap();
        }
    }
}

/// One try at one token.
fn one(
    app: &App,
    link: &mut Far,
    family: Family,
    row_for: &mut dyn FnMut(&Serial) -> (Credential, BatchLine),
) -> Result<(TokenName, Ending), Halt> {
    let (none, key) = (Cancel::default(), KeyProfile::Vendor);
    let met = app.meet_token(link, hints(family), &none).map_err(|error| Halt::Plan(error.into()))?;
    let Met::Token(mut found) = met else { return Err(Halt::NotKept(TokenError::Unable)) };
    let token = TokenName::from(found.identity());
    if let Some(ending) = app.resume_burn(&mut found, &key, &none)? {
        return Ok((token, ending));
    }
    let (credential, line) = row_for(token.serial.as_ref().expect("it tells its number"));
    let plan = app.plan_burn(&mut found, Request::new(credential), &key, &none)?;
    let ending = app.burn(&mut found, &plan, &key, Some(line), &none)?;
    Ok((token, ending))
}

/// The tokens on a table, and which is on the reader.
struct Table {
    links: Vec<(Family, Wire<Any>)>,
    /// Which come next; those that a killed process left half done come last.
    waiting: VecDeque<usize>,
    at: usize,
    faults: usize,
}

impl Table {
    fn new(still: &Still) -> Self {
        let mut faults = 0;
        let link = |at: usize| {
            let (family, token) = KINDS[at % KINDS.len()](at, still);
            let (mut link, turn) = (Link::new(token), at / A_FAULT);
            if at % A_FAULT == turn % A_FAULT {
                // All kinds of faults at all commands of all families, as far as there are tokens.
                link.fault(1 + turn * 3 % COMMANDS[at % KINDS.len()], FAULTS[turn / KINDS.len() % FAULTS.len()]);
                faults += 1;
            }
            (family, Wire(link))
        };
        let links = (0..TOKENS).map(link).collect();
        Self { links, waiting: (0..TOKENS).collect(), at: 0, faults }
    }

    /// Answers a frame.
    fn answer(&mut self, frame: &[u8]) -> Vec<u8> {
        match frame {
            [ask::NEXT] => {
                let Some(next) = self.waiting.pop_front() else { return Vec::new() };
                self.at = next;
                let (family, link) = &mut self.links[next];
                link.0.come_back();
                vec![match family {
                    Family::Single => 0,
                    Family::Token2Otp => 2,
                    _ => 1,
                }]
            }
            [ask::BACK] => {
                self.links[self.at].1.0.come_back();
                Vec::new()
            }
            [ask::LOOK] => {
                let token = self.links[self.at].1.0.token_mut();
                token.power_cycle();
                let Screen::Code { code, .. } = token.screen() else { panic!("a display shows a code") };
                code.into_bytes()
            }
            command => match self.links[self.at].1.0.transmit(command) {
                Ok(answer) => [&[0][..], &answer].concat(),
                Err(countersign_emulator::Lost::Late) => vec![1],
                Err(countersign_emulator::Lost::Gone) => vec![2],
            },
        }
    }

    /// Whether the process is killed now.
    fn strikes(&self, kills: usize) -> bool {
        KILLS.get(kills) == Some(&(self.at, self.links[self.at].1.0.exchanges().len()))
    }
}

/// A vault with a batch of five hundred rows in it.
fn prepare(folder: &Path) {
    let doubles = Doubles::new(5);
    std::fs::create_dir(folder.join("private")).unwrap();
    let path = folder.join("private/vault.sqlite");
    let ports = (doubles.clock.clone(), doubles.random.clone());
    drop(Vault::create(&path, &story::passphrase(), KdfCost::LEAST, None, ports.0, ports.1).unwrap());
    let rows: String = (0..TOKENS).map(|at| format!(",{:040x},person {at}\n", 0x5eed_0000_0001 + at * 7919)).collect();
    let rows = read(Kind::Table, format!("serial,secret_hex,name\n{rows}").as_bytes(), Choices::default()).unwrap();
    assert_eq!((rows.rows.len(), rows.faults.len()), (TOKENS, 0));
    open(folder).keep_batch("five hundred", &rows.rows).unwrap();
}

fn start(folder: &Path) -> Child {
    let words = story::child("burn::batch::host");
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env("COUNTERSIGN_TEST_FOLDER", folder).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn five_hundred_tokens_with_faults_and_kills_are_each_burned_once() {
    let (folder, still) = (quick_folder(), Still::at(NOW));
    prepare(folder.path());
    let mut table = Table::new(&still);
    let socket = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
    let clock = SystemClock::new();
    let mut kills = 0;
    loop {
        let mut child = start(folder.path());
        let (mut stream, _) = socket.accept().unwrap();
        let mut is_struck = false;
        while let Some(frame) = receive(&mut stream) {
            assert!(clock.monotonic() < HARD_STOP, "{} tokens are left", table.waiting.len());
            let answer = table.answer(&frame);
            if table.strikes(kills) {
                // The token has done it. What it says finds nobody.
                child.kill().unwrap();
                is_struck = true;
                break;
            }
            send(&mut stream, &answer);
        }
        let ended = child.wait().unwrap();
        if !is_struck {
            assert!(ended.success(), "{ended}");
            break;
        }
        kills += 1;
        // Somebody lays it aside, and goes on with others first.
        table.waiting.push_back(table.at);
    }
    let took = clock.monotonic();
    assert_eq!((kills, table.waiting.len()), (KILLS.len(), 0));
    println!("{TOKENS} tokens, {} links that failed, {kills} kills: {} ms", table.faults, took.as_millis());
    assert!(table.faults * A_FAULT == TOKENS && took < HARD_STOP);
    is_right(&folder, &mut table);
}

/// Five hundred rows, none twice, each true of the token of its number.
fn is_right(folder: &tempfile::TempDir, table: &mut Table) {
    let app = open(folder.path());
    assert!(app.vault_report().unwrap().damage.is_empty());
    let batch = app.batches().unwrap().remove(0);
    assert_eq!((batch.rows, batch.done), (TOKENS, TOKENS));
    let ledger = app.ledger(Some(batch.id)).unwrap();
    assert_eq!(ledger.len(), TOKENS);
    let of_ledger: BTreeMap<String, Vec<u8>> = ledger
        .iter()
        .map(|line| {
            let is_read = line.row.token.family != Family::Single;
            assert_eq!(line.row.proof, if is_read { Proof::ByWire } else { Proof::ByCodes }, "{:?}", line.row.token);
            (line.row.token.serial.as_ref().unwrap().to_string(), line.row.credential.seed.expose().to_vec())
        })
        .collect();
    assert_eq!(of_ledger.len(), TOKENS, "no token stands there twice");
    let names: BTreeSet<&str> = ledger.iter().map(|line| line.row.credential.name.as_str()).collect();
    assert_eq!(names.len(), TOKENS, "no row was burned twice");
    assert!(
        app.burns().unwrap().iter().all(|row| matches!(row.progress, Progress::Ended(ending) if ending.is_proven()))
    );
    for (family, wire) in &mut table.links {
        wire.0.come_back();
        let token = TokenName::from(met(wire, *family, &Earth::new()).unwrap().identity());
        let held = contents(wire.0.token_mut(), &request()).seed;
        assert_eq!(of_ledger.get(token.serial.as_ref().unwrap().as_str()), held.as_ref(), "{token:?}");
    }
}
