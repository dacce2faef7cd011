//! `cargo xtask demo`: a gateway on this machine, and the phone in this terminal. Needs no browser driver, no Node, no
//! Python; installs nothing.

mod burn;
mod folder;
mod gateway;
mod process;
mod running;

use std::io::{IsTerminal, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_strings::{fill, text};
use serde_json::json;

use crate::{Fallible, child, repo, setup};
use folder::Folder;
use gateway::Gateway;
use running::Running;

/// The person of the story.
const NAME: &str = "alice";

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A token is written, and nobody signs in.
    burn: bool,
    script: bool,
    /// Programs are taken as they are: `test` has built them.
    built: bool,
    phone: Option<u32>,
    keep: Option<PathBuf>,
}

impl Options {
    /// Reads the words after `demo`.
    pub fn parse(words: &[&str]) -> Fallible<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "burn" => options.burn = true,
                "--script" => options.script = true,
                "--built" => options.built = true,
                "--phone" => {
                    let number = words.next().and_then(|number| number.parse().ok()).filter(|n| (2..=9).contains(n));
                    options.phone = Some(number.ok_or(text("demo.phone_number"))?);
                }
                "--keep" => options.keep = Some(PathBuf::from(*words.next().ok_or(text("demo.keep_folder"))?)),
                other => return Err(fill("demo.unknown_word", &[("word", other)])),
            }
        }
        match options {
            Self { phone: Some(_), script: true, .. }
            | Self { phone: Some(_), keep: Some(_), .. }
            | Self { phone: Some(_), burn: true, .. } => Err(text("demo.phone_alone").to_owned()),
            options => Ok(options),
        }
    }
}

/// Runs the demo to its end; true when the story came out well.
pub fn run(options: &Options) -> Fallible<bool> {
    let has_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let by_itself = options.script || !has_terminal;
    // From here on Ctrl-C does not end us before the gateway is ended and the folder gone.
    let stopped = stop_flag()?;
    if let Some(number) = options.phone {
        return second_phone(number, &stopped);
    }
    if options.burn {
        return burn(options, by_itself, &stopped);
    }
    if !options.built {
        build(by_itself)?;
        if options.script {
            parts_of_the_last_act();
        }
    }
    running::tidy();
    let folder = Folder::make(options.keep.as_deref())?;
    let running = Running::begin(&folder)?;
    let played = play(&folder, &running, by_itself, &stopped);
    drop(running);
    folder.end()?;
    // Who ends the phone's demo has seen enough; a story that is stopped was not told.
    if stopped.load(Ordering::Relaxed) { Ok(!by_itself) } else { played }
}

/// Writes a token that lies in memory.
fn burn(options: &Options, by_itself: bool, stopped: &AtomicBool) -> Fallible<bool> {
    if !options.built {
        println!("{}", text("demo.building"));
        let mut cargo = child::cargo();
        child::show(cargo.args(["build", "--locked", "--bins", "-p", "countersign"]).stdin(Stdio::null()))?;
    }
    let folder = Folder::make(options.keep.as_deref())?;
    let played = burn::play(folder.path(), by_itself);
    folder.end()?;
    if stopped.load(Ordering::Relaxed) { Ok(!by_itself) } else { played }
}

/// Starts the gateway, makes the person, and is the phone or tells the story.
fn play(folder: &Folder, running: &Running, by_itself: bool, stopped: &AtomicBool) -> Fallible<bool> {
    let gateway = Gateway::start(folder.path(), stopped)?;
    let password = password()?;
    let voucher = gateway.add_person(NAME, &password)?;
    running.serves(folder, gateway.id())?;
    let welcome = welcome(&gateway, &password, &voucher);
    println!("\n{welcome}\n");
    let well = if stopped.load(Ordering::Relaxed) {
        false
    } else if by_itself {
        story(&gateway, folder.path(), &password, &voucher, stopped)?
    } else {
        let note = folder.path().join("note.txt");
        folder::write_private(&note, &welcome)?;
        phone(&folder.path().join("phone-1"), &note, stopped)?
    };
    gateway.stop();
    Ok(well)
}

fn stop_flag() -> Fallible<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stopped)).map_err(|fault| fault.to_string())?;
    }
    Ok(stopped)
}

fn build(with_story: bool) -> Fallible<()> {
    println!("{}", text("demo.building"));
    let mut cargo = child::cargo();
    cargo.args(["build", "--locked", "--bins", "-p", "countersign", "-p", "countersign-gateway"]);
    if with_story {
        cargo.args(["-p", "countersign-tests"]);
    }
    child::show(cargo.stdin(Stdio::null()))
}

/// Python parts into a folder under `target/`, where they are not there yet. Without them the story says what it leaves
/// out, and plays the rest.
fn parts_of_the_last_act() {
    if setup::has_python_parts() {
        return;
    }
    println!("{}", fill("demo.python_parts", &[("folder", &setup::python_folder().display().to_string())]));
    if let Err(why) = setup::python() {
        println!("{}", fill("demo.no_python_parts", &[("why", why.lines().next().unwrap_or_default())]));
    }
}

/// Sixteen letters and figures that nobody mistakes: 80 bits.
fn password() -> Fallible<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 16];
    let source = std::fs::File::open("/dev/urandom");
    source
        .and_then(|mut source| std::io::Read::read_exact(&mut source, &mut random))
        .map_err(|fault| fault.to_string())?;
    let letters = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let letters: Vec<char> = letters.collect();
    Ok(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
}

fn welcome(gateway: &Gateway, password: &str, voucher: &str) -> String {
    let Gateway { url, fingerprint, log, .. } = gateway;
    let values = [
        ("url", url.as_str()),
        ("name", NAME),
        ("password", password),
        ("voucher", voucher),
        ("fingerprint", &lines_of_fingerprint(fingerprint)),
        ("log", &log.display().to_string()),
    ];
    fill("demo.welcome", &values)
}

/// In two halves: whole it is wider than sixty columns.
fn lines_of_fingerprint(fingerprint: &str) -> String {
    match fingerprint.char_indices().nth(48) {
        Some((at, _)) => format!("   {}\n   {}", &fingerprint[..at], &fingerprint[at..]),
        None => format!("   {fingerprint}"),
    }
}

/// The terminal becomes a phone, until `q` or Ctrl-C: both are a good end.
fn phone(home: &Path, note: &Path, stopped: &AtomicBool) -> Fallible<bool> {
    let before = child::first_line_of_terminal("stty", &["-g"]);
    let mut phone = Command::new(repo::built("countersign"));
    phone.arg("--home").arg(home).args(["tui", "--fresh", "--note-file"]).arg(note);
    let mut phone = phone.spawn().map_err(|fault| child::not_started("countersign", &fault))?;
    let status = process::wait(&mut phone, stopped)?;
    if let Some(before) = before.filter(|_| !status.success()) {
        // A phone that was ended by force may have left the terminal without echo.
        let _as_before = Command::new("stty").arg(before).stderr(Stdio::null()).status();
    }
    let interrupted = stopped.load(Ordering::Relaxed) || status.signal() == Some(signal_hook::consts::SIGINT);
    Ok(status.success() || interrupted)
}

fn second_phone(number: u32, stopped: &AtomicBool) -> Fallible<bool> {
    let folder = running::find()?;
    phone(&folder.join(format!("phone-{number}")), &folder.join("note.txt"), stopped)
}

/// The story plays itself. What is secret goes through a pipe.
fn story(gateway: &Gateway, folder: &Path, password: &str, voucher: &str, stopped: &AtomicBool) -> Fallible<bool> {
    let scene = json!({
        "url": gateway.url, "name": NAME, "password": password, "voucher": voucher, "home": folder.join("phone-1"),
        "served": {"process": gateway.id(), "data": gateway.data, "listen": gateway.listen, "python": repo::in_venv("python")},
    });
    let mut told = Command::new(repo::built("countersign-story"));
    let mut told =
        told.stdin(Stdio::piped()).spawn().map_err(|fault| child::not_started("countersign-story", &fault))?;
    if let Some(mut pipe) = told.stdin.take() {
        pipe.write_all(scene.to_string().as_bytes()).map_err(|fault| fault.to_string())?;
    }
    process::wait(&mut told, stopped).map(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let options = Options::parse(&["--script", "--keep", "x"]).unwrap();
        let keep = Some(PathBuf::from("x"));
        assert_eq!(options, Options { burn: false, script: true, built: false, phone: None, keep });
        assert!(Options::parse(&["burn"]).unwrap().burn);
        assert_eq!(Options::parse(&["--phone", "2"]).unwrap().phone, Some(2));
        for bad in [
            &["--phone"][..],
            &["--phone", "1"],
            &["--keep"],
            &["--fast"],
            &["--phone", "2", "--script"],
            &["burn", "--phone", "2"],
            &["--keep", "x", "--phone", "2"],
        ] {
            assert!(Options::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords_are_long_and_never_the_same() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_eq!((one.len(), one.matches('-').count()), (19, 3));
        assert_ne!(one, other);
    }

    #[test]
    fn a_fingerprint_fits_sixty_columns() {
        let lines = lines_of_fingerprint(&["AB"; 32].join(":"));
        assert!(lines.lines().all(|line| line.len() <= 60) && lines.lines().count() == 2);
    }
}
