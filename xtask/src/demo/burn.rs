//! `cargo xtask demo burn`: a QR, a token in memory that leaves the reader in the middle of being written, and the ledger. It
//! needs no reader and no token.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use countersign_strings::{fill, text};

use crate::{Fallible, child, repo};

/// The vault's passphrase, which protects nothing but a seed that is printed in RFC 6238.
const PASSPHRASE: &str = "larch violin";

const LINK: &str = "otpauth://totp/ACME:noor?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ACME";

/// The token, and the command before which its link is lost: its settings are there by then, and took its old seed away.
/// Where a person is asked between, it is met twice.
const TOKEN: [&str; 3] = ["--emulated", "C301-i", "--lose"];
const LOST: [&str; 2] = ["6", "5"];

/// Plays it; true when the token was proven to hold its seed. Where a person sits, they compare its display.
pub fn play(folder: &Path, by_itself: bool) -> Fallible<bool> {
    let (qr, ledger) = (folder.join("noor.png").display().to_string(), folder.join("ledger.csv").display().to_string());
    let passphrase = format!("{PASSPHRASE}\n");
    quietly(folder, &["init", "--passphrase-fd", "0"], &passphrase)?;
    quietly(folder, &["add", "--yes", "--passphrase-fd", "0"], &format!("{passphrase}{LINK}\n"))?;
    quietly(folder, &["export-uri", "ACME", "--png", &qr, "--yes", "--passphrase-fd", "0"], &passphrase)?;

    println!("\n{}", text("demo.burn_qr"));
    let shown = quietly(folder, &["export-uri", "ACME", "--qr", "--yes", "--passphrase-fd", "0"], &passphrase)?;
    println!("{}", String::from_utf8_lossy(&shown.stdout));

    let lost = LOST[usize::from(by_itself)];
    let burn = [&["token", "burn", "--picture", &qr, "--ledger", &ledger], &TOKEN[..], &[lost]].concat();
    println!("{}\n\n$ countersign {}", text("demo.burn_token"), burn.join(" "));
    let is_written = if by_itself {
        // What the display will show, typed as a person would.
        let code = quietly(folder, &["code", "ACME", "--passphrase-fd", "0"], &passphrase)?;
        let burn = [&burn[..], &["--yes", "--compare"]].concat();
        loudly(folder, &burn, Some(&code.stdout))?
    } else {
        loudly(folder, &burn, None)?
    };
    if !is_written {
        return Ok(false);
    }
    let rows = std::fs::read_to_string(&ledger).map_err(|fault| fault.to_string())?;
    println!("\n{}\n\n{rows}", fill("demo.burn_ledger", &[("file", &ledger)]));
    Ok(rows.contains("proven_by_codes"))
}

fn program(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(repo::built("countersign"));
    command.env("COUNTERSIGN_HOME", folder.join("phone-1")).env_remove("COUNTERSIGN_VAULT").args(words);
    command
}

/// Runs a command that nobody needs to see.
fn quietly(folder: &Path, words: &[&str], input: &str) -> Fallible<Output> {
    let mut command = program(folder, words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|fault| child::not_started("countersign", &fault))?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes()).map_err(|fault| fault.to_string())?;
    }
    let output = child.wait_with_output().map_err(|fault| fault.to_string())?;
    if output.status.success() { Ok(output) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Runs a command whose words are read here: whether it did what it was told.
fn loudly(folder: &Path, words: &[&str], input: Option<&[u8]>) -> Fallible<bool> {
    let mut command = program(folder, words);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::inherit() });
    let mut child = command.spawn().map_err(|fault| child::not_started("countersign", &fault))?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        pipe.write_all(input).map_err(|fault| fault.to_string())?;
    }
    Ok(child.wait().map_err(|fault| fault.to_string())?.success())
}
