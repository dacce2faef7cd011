//! Installs what the tests need beside Rust. Quick when everything is there.
//!
//! System packages come from Debian's own release; npm and Python parts are pinned by lock file and hash. As root, or with
//! `CI=true`, nothing is asked; otherwise the exact line is printed, with the reason, and the person decides.

use crate::{Fallible, child, repo};
use countersign_strings::{fill, text};
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// The oldest compiler that builds this, as in `Cargo.toml`.
const RUST: &str = "1.95";

/// A Debian package, how to see that it is there, and what it is for.
struct Package {
    name: &'static str,
    sign: Sign,
    /// The key of the sentence that says what it is for.
    why: &'static str,
}

enum Sign {
    Program(&'static str),
    File(&'static str),
    /// By its file, in the folder of this machine's kind.
    Library(&'static str),
    PythonModule(&'static str),
}

const PACKAGES: [Package; 26] = [
    Package { name: "chromium", sign: Sign::Program("chromium"), why: "xtask.why_chromium" },
    Package { name: "dbus-daemon", sign: Sign::Program("dbus-run-session"), why: "xtask.why_bus" },
    Package { name: "fish", sign: Sign::Program("fish"), why: "xtask.why_shell" },
    Package { name: "fonts-noto-core", sign: Sign::File(FONT), why: "xtask.why_font" },
    Package { name: "gnome-keyring", sign: Sign::Program("gnome-keyring-daemon"), why: "xtask.why_keyring" },
    Package { name: "mandoc", sign: Sign::Program("mandoc"), why: "xtask.why_mandoc" },
    Package { name: "maven", sign: Sign::Program("mvn"), why: "xtask.why_maven" },
    Package { name: "mmdebstrap", sign: Sign::Program("mmdebstrap"), why: "xtask.why_swift" },
    Package { name: "nodejs", sign: Sign::Program("node"), why: "xtask.why_node" },
    Package { name: "npm", sign: Sign::Program("npm"), why: "xtask.why_npm" },
    Package { name: "oathtool", sign: Sign::Program("oathtool"), why: "xtask.why_oathtool" },
    Package { name: "openjdk-17-jdk-headless", sign: Sign::Program("javac"), why: "xtask.why_java" },
    Package { name: "pskctool", sign: Sign::Program("pskctool"), why: "xtask.why_pskctool" },
    // Not by the path: people other than root have it where they do not look.
    Package { name: "iproute2", sign: Sign::File("/bin/ip"), why: "xtask.why_ip" },
    Package { name: "libpcsclite-dev", sign: Sign::File("/usr/include/PCSC/winscard.h"), why: "xtask.why_readers" },
    Package { name: "libzbar0", sign: Sign::Library("libzbar.so.0"), why: "xtask.why_zbar" },
    Package { name: "pcscd", sign: Sign::File("/usr/sbin/pcscd"), why: "xtask.why_cards" },
    Package { name: "tmux", sign: Sign::Program("tmux"), why: "xtask.why_tmux" },
    Package { name: "strace", sign: Sign::Program("strace"), why: "xtask.why_strace" },
    Package { name: "python3", sign: Sign::Program("python3"), why: "xtask.why_python" },
    Package { name: "python3-venv", sign: Sign::PythonModule("ensurepip"), why: "xtask.why_venv" },
    Package { name: "vsmartcard-vpcd", sign: Sign::File("/etc/reader.conf.d/vpcd"), why: "xtask.why_cards" },
    Package { name: "xclip", sign: Sign::Program("xclip"), why: "xtask.why_xclip" },
    Package { name: "xvfb", sign: Sign::Program("Xvfb"), why: "xtask.why_display" },
    Package { name: "yubikey-manager", sign: Sign::Program("ykman"), why: "xtask.why_ykman" },
    Package { name: "zsh", sign: Sign::Program("zsh"), why: "xtask.why_shell" },
];

const FONT: &str = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf";

/// Installs every part that is missing.
pub fn all() -> Fallible<()> {
    compiler_parts()?;
    system()?;
    tracing();
    npm()?;
    python()
}

/// One line on the compiler found and the one wanted; the same as a fault when it is too old.
pub fn rust_version() -> Fallible<String> {
    let found = child::first_line("rustc", &["--version"]).unwrap_or_else(|| text("xtask.no_rustc").to_owned());
    // Without commit and date: they say nothing here, and the line is to fit a narrow terminal.
    let short = found.split(" (").next().unwrap_or_default();
    let values = [("wanted", RUST), ("found", short)];
    if is_new_enough(&found) { Ok(fill("xtask.rust_found", &values)) } else { Err(fill("xtask.rust_too_old", &values)) }
}

fn is_new_enough(found: &str) -> bool {
    let numbers = |text: &str| text.split('.').map_while(|part| part.parse::<u32>().ok()).collect::<Vec<_>>();
    let version = found.split(' ').nth(1).unwrap_or_default();
    numbers(version.split('-').next().unwrap_or_default()) >= numbers(RUST)
}

fn compiler_parts() -> Fallible<()> {
    for (part, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if child::first_line("cargo", &[part, "--version"]).is_none() {
            return Err(fill("xtask.no_component", &[("part", part), ("component", component)]));
        }
    }
    Ok(())
}

fn system() -> Fallible<()> {
    let missing: Vec<&Package> = PACKAGES.iter().filter(|package| !package.sign.is_seen()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    if !repo::on_path("apt-get") {
        return Err(fill("xtask.own_packages", &[("packages", &names.join(", "))]));
    }
    let is_root = child::first_line("id", &["-u"]).as_deref() == Some("0");
    let steps = apt_steps(is_root, &names);
    if !is_root && !child::is_ci() {
        let line = steps.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join(" && ");
        println!("{}", text("xtask.packages_needed"));
        missing.iter().for_each(|package| println!("  {:<16} {}", package.name, text(package.why)));
        println!("  {line}");
        if !asked_and_allowed()? {
            return Err(fill("xtask.not_installed", &[("line", &line)]));
        }
    }
    steps.iter().try_for_each(|words| apt(words))
}

/// Says up front, where it is so, that this machine lets no program look into another, as some containers do.
fn tracing() {
    let looks = || child::first_line("strace", &["-o", "/dev/null", "true"]).is_some();
    if repo::on_path("strace") && !looks() {
        println!("{}", text("xtask.no_ptrace"));
    }
}

/// The two commands that install `names`, word by word: what is printed is what is run.
fn apt_steps(is_root: bool, names: &[&str]) -> [Vec<String>; 2] {
    let start: &[&str] = if is_root { &[] } else { &["sudo"] };
    let apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"];
    let words = |rest: &[&str]| [start, &apt, rest].concat().into_iter().map(str::to_owned).collect();
    [words(&["update"]), words(&[&["install", "-y", "--no-install-recommends"], names].concat())]
}

fn asked_and_allowed() -> Fallible<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    print!("{} ", text("xtask.install_now"));
    std::io::stdout().flush().map_err(|fault| fault.to_string())?;
    let mut reply = String::new();
    std::io::stdin().read_line(&mut reply).map_err(|fault| fault.to_string())?;
    Ok(matches!(reply.trim(), "y" | "Y" | "yes"))
}

fn apt(words: &[String]) -> Fallible<()> {
    tried_again(|| {
        let mut command = Command::new(&words[0]);
        quiet(command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive"))
    })
}

/// The browser's driver, axe-core, the other makers of codes and the other sender of Web Push, exactly as the lock files have them.
fn npm() -> Fallible<()> {
    for folder in ["tests/browser", "tests/otp/peer", "tests/webpush/peer"] {
        let folder = repo::root().join(folder);
        let lock = read(&folder.join("package-lock.json"))?;
        let stamp = folder.join("node_modules/.stamp");
        if fs::read_to_string(&stamp).is_ok_and(|seen| seen == lock) {
            continue;
        }
        tried_again(|| {
            let mut npm = Command::new("npm");
            quiet(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))
        })?;
        write(&stamp, &lock)?;
    }
    Ok(())
}

/// The spelling checker, the other readers of our messages and what the phone of another make needs, in an environment of
/// their own.
pub fn python() -> Fallible<()> {
    if has_python_parts() {
        return Ok(());
    }
    if !repo::on_path("python3") {
        return Err(text("xtask.no_python").to_owned());
    }
    let (folder, wanted) = (python_folder(), PythonParts::wanted()?);
    tried_again(|| quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)))?;
    let install = |list: &Path, how: &[&str]| {
        tried_again(|| {
            let mut pip = Command::new(folder.join("bin/python"));
            pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--require-hashes"]);
            quiet(pip.args(how).arg("-r").arg(list))
        })
    };
    install(&wanted.wheels, &["--only-binary=:all:"])?;
    install(&wanted.sources, &["--no-binary=:all:", "--no-build-isolation", "--no-deps"])?;
    install(&wanted.alone, &["--only-binary=:all:", "--no-deps"])?;
    write(&folder.join(STAMP), &wanted.text)
}

/// Where they are put.
pub fn python_folder() -> PathBuf {
    repo::target().join("python-venv")
}

/// Whether they are there, exactly as the lists have them.
pub fn has_python_parts() -> bool {
    let seen = fs::read_to_string(python_folder().join(STAMP));
    PythonParts::wanted().is_ok_and(|wanted| seen.is_ok_and(|seen| seen == wanted.text))
}

/// What tells which parts a folder was filled with.
const STAMP: &str = "stamp";

struct PythonParts {
    wheels: PathBuf,
    sources: PathBuf,
    alone: PathBuf,
    text: String,
}

impl PythonParts {
    fn wanted() -> Fallible<Self> {
        let list = |name: &str| repo::root().join("xtask").join(name);
        let (wheels, sources) = (list("requirements.txt"), list("requirements-source.txt"));
        let alone = list("requirements-alone.txt");
        let text = read(&wheels)? + &read(&sources)? + &read(&alone)?;
        Ok(Self { wheels, sources, alone, text })
    }
}

/// A network is away for a moment now and then; three tries, then the words of the last.
fn tried_again(mut step: impl FnMut() -> Fallible<()>) -> Fallible<()> {
    for pause in [2, 10] {
        if step().is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_secs(pause));
    }
    step()
}

/// Runs a command and shows what it printed only when it failed.
fn quiet(command: &mut Command) -> Fallible<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ended = child::capture(command, Duration::from_secs(600))?;
    if ended.ok {
        Ok(())
    } else {
        Err(fill("xtask.failed", &[("program", &name), ("output", ended.output.trim_end())]))
    }
}

fn read(path: &Path) -> Fallible<String> {
    fs::read_to_string(path).map_err(|fault| format!("{}: {fault}", path.display()))
}

fn write(path: &Path, text: &str) -> Fallible<()> {
    fs::write(path, text).map_err(|fault| format!("{}: {fault}", path.display()))
}

impl Sign {
    fn is_seen(&self) -> bool {
        match self {
            Self::Program(name) => repo::on_path(name),
            Self::File(path) => Path::new(path).is_file(),
            Self::Library(name) => fs::read_dir("/usr/lib")
                .is_ok_and(|folders| folders.flatten().any(|folder| folder.path().join(name).exists())),
            Self::PythonModule(name) => {
                let mut python = Command::new("python3");
                python.args(["-c", &format!("import {name}")]).stdin(Stdio::null());
                python.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_wanted_is_the_one_that_the_packages_name() {
        let manifest = fs::read_to_string(repo::root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("rust-version = \"{RUST}\"")));
    }

    #[test]
    fn versions_compare_as_numbers() {
        for good in ["rustc 1.95.0 (59807616e 2026-04-14)", "rustc 1.100.1", "rustc 2.0.0-nightly"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["rustc 1.94.9", "rustc 1.9.0", "no rustc"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }

    #[test]
    fn a_step_that_fails_once_is_tried_again() {
        let mut tries = 0;
        let done = tried_again(|| {
            tries += 1;
            if tries == 2 { Ok(()) } else { Err("away".to_owned()) }
        });
        assert_eq!((done, tries), (Ok(()), 2));
    }
}
