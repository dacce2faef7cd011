//! The phone in a real terminal, tmux: what a person sees of it, down to the colours. The pictures stand in
//! `tests/golden/terminal`; `COUNTERSIGN_ACCEPT=1` takes them anew: then look at each with `cat`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign_tests::patience::until;
use countersign_tests::program::built;

use super::{Desk, PASSPHRASE, SEED};

/// One terminal with the phone in it. Dropped, both end.
struct Pane {
    socket: PathBuf,
    size: (usize, usize),
}

impl Pane {
    /// Opens a terminal of this size in the folder of `desk` and starts the phone there.
    fn open(desk: &Desk, size: (usize, usize), environment: &str) -> Self {
        Self::open_with(desk, size, environment, "")
    }

    /// The same with these arguments.
    fn open_with(desk: &Desk, size: (usize, usize), environment: &str, arguments: &str) -> Self {
        // One server ends while the next one begins.
        let pane = Self { socket: desk.path().join(format!("tmux-{}", size.0)), size };
        let config = desk.path().join("tmux.conf");
        std::fs::write(&config, "set -g status off\nset -s escape-time 0\nset -s set-clipboard on\n").unwrap();
        let program = built("countersign");
        let data = desk.path().join("data");
        let inside = format!(
            "exec env -i PATH=/usr/bin:/bin HOME={} XDG_DATA_HOME={} LANG=C.UTF-8 TERM=screen {environment} {} {arguments}",
            desk.path().display(),
            data.display(),
            program.display()
        );
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let mut tmux = pane.tmux();
        tmux.arg("-f").arg(&config).args(["-u", "new-session", "-d", "-x", &columns, "-y", &rows, &inside]);
        done(tmux.output());
        pane
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        command.env("SHELL", "/bin/sh").arg("-S").arg(&self.socket);
        command
    }

    /// Types text as it is.
    fn write(&self, text: &str) {
        done(self.tmux().args(["send-keys", "-l", text]).output());
    }

    /// Presses a key by the name that tmux has for it.
    fn press(&self, key: &str) {
        done(self.tmux().args(["send-keys", key]).output());
    }

    /// Pastes text in one piece.
    fn paste(&self, text: &str) {
        done(self.tmux().args(["set-buffer", text]).output());
        done(self.tmux().args(["paste-buffer", "-p"]).output());
    }

    /// Clicks what stands at this place of the screen.
    fn click(&self, part: &str) {
        let text = self.text();
        let row = text.lines().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}:\n{text}"));
        let line = text.lines().nth(row).unwrap_or_default();
        let column = line[..line.find(part).unwrap()].chars().count();
        for end in ["M", "m"] {
            self.write(&format!("\x1b[<0;{};{}{end}", column + 1, row + 1));
        }
    }

    /// What is on the screen, without colours.
    fn text(&self) -> String {
        done(self.tmux().args(["capture-pane", "-p"]).output())
    }

    fn wait_for(&self, part: &str) {
        until(part, || self.text().contains(part).then_some(()));
    }

    /// Waits until the chosen row has this.
    fn wait_for_chosen(&self, part: &str) {
        let chosen = |line: &str| line.rsplit_once('▸').is_some_and(|(_, row)| row.contains(part));
        until(part, || self.text().lines().any(chosen).then_some(()));
    }

    /// Compares the screen with its golden picture, colours and all.
    fn golden(&self, name: &str) {
        let (columns, rows) = self.size;
        let picture = still(&drawn(&done(self.tmux().args(["capture-pane", "-p", "-e"]).output())));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/terminal");
        let file = folder.join(format!("{name}_{columns}x{rows}.ansi"));
        if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &picture).unwrap();
        }
        let want = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(picture, want, "{} differs; this is tmux {}", file.display(), version());
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").output();
    }
}

fn done(output: std::io::Result<Output>) -> String {
    let output = output.expect("tmux is there; `cargo xtask setup` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn version() -> String {
    done(Command::new("tmux").arg("-V").output()).trim().to_owned()
}

/// The picture with what time changes written as `#`: the code of the one account that follows the clock, and its seconds.
fn still(picture: &str) -> String {
    let lines = picture.lines().map(|line| match line.find("Clock") {
        Some(at) => {
            let (before, after) = line.split_at(at);
            let end = after.find('│').unwrap_or(after.len());
            let (row, rest) = after.split_at(end);
            format!("{before}{}{rest}", without_figures(row))
        }
        None => line.to_owned(),
    });
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The picture in one form: what tmux writes of how a blank is drawn depends on how the screen came to be.
fn drawn(picture: &str) -> String {
    let mut now: Vec<String> = Vec::new();
    let mut out = String::new();
    for line in picture.lines() {
        let (mut shown, mut rest) = (Vec::new(), line.chars());
        while let Some(c) = rest.next() {
            if c == '\x1b' {
                let codes: String = rest.by_ref().skip(1).take_while(|c| *c != 'm').collect();
                restyle(&mut now, &codes);
                continue;
            }
            let is_seen = c != ' ' || now.iter().any(|code| code == "7" || code.starts_with("48"));
            if is_seen && shown != now {
                shown.clone_from(&now);
                let codes: String = now.iter().map(|code| format!(";{code}")).collect();
                out.push_str(&format!("\x1b[0{codes}m"));
            }
            out.push(c);
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push_str(if shown.is_empty() { "\n" } else { "\x1b[0m\n" });
    }
    out
}

/// Applies the codes of one sequence to how letters are drawn.
fn restyle(now: &mut Vec<String>, codes: &str) {
    let mut codes = codes.split(';');
    while let Some(code) = codes.next() {
        match code {
            "" | "0" => now.clear(),
            "39" => now.retain(|code| !code.starts_with("38")),
            "49" => now.retain(|code| !code.starts_with("48")),
            "38" | "48" => {
                now.retain(|old| !old.starts_with(code));
                let colour: Vec<&str> = codes.by_ref().take(2).collect();
                now.push(format!("{code};{}", colour.join(";")));
            }
            other => now.push(other.to_owned()),
        }
    }
    now.sort();
    now.dedup();
}

/// Figures as `#`, those of a colour's number left as they are. Seconds take as many places as two figures do.
fn without_figures(row: &str) -> String {
    let mut inside = false;
    let hide = |c: char| {
        inside = (inside || c == '\x1b') && c != 'm';
        if !inside && c.is_ascii_digit() { '#' } else { c }
    };
    let row = row.chars().map(hide).collect::<String>().replace("  # ", " ## ").replace("  #\x1b", " ##\x1b");
    row.strip_suffix("  #").map(|start| format!("{start} ##")).unwrap_or(row)
}

/// Accounts that look the same each time but for one, which is there to be seen changing.
fn stocked() -> Desk {
    let desk = Desk::new();
    let seed = |n: usize| format!("{}{}", &SEED[..30], ["22", "33", "44", "55", "66"][n]);
    let links = [
        "hotp/AWS:mara%40example.com?issuer=AWS&counter=7",
        "totp/Clock:mara?issuer=Clock",
        "hotp/%D7%91%D7%A0%D7%A7:mara?issuer=%D7%91%D7%A0%D7%A7&counter=0",
        "hotp/%E6%9D%B1%E4%BA%AC%E9%83%BD%E5%BA%81:mara?issuer=%E6%9D%B1%E4%BA%AC%E9%83%BD%E5%BA%81&counter=0",
        "hotp/Northern%20Paper%20and%20Sons%2C%20Ltd.:accounts%40northern-paper.example?issuer=Northern%20Paper%20and%20Sons%2C%20Ltd.&digits=8&counter=1",
    ];
    desk.add_all(links.into_iter().enumerate().map(|(n, link)| format!("otpauth://{link}&secret={}", seed(n))));
    desk
}

/// Unlocks, and waits for the list.
fn unlock(pane: &Pane) {
    pane.wait_for("Your accounts are locked.");
    pane.write(PASSPHRASE);
    pane.press("Enter");
    pane.wait_for("Clock");
}

#[test]
fn a_real_terminal_shows_the_list_the_form_and_the_help() {
    let desk = stocked();
    for size in [(80, 24), (40, 20), (200, 50)] {
        let pane = Pane::open(&desk, size, "");
        pane.wait_for("Your accounts are locked.");
        pane.write("larch");
        pane.wait_for("•••••_");
        pane.golden("locked");
        (0..5).for_each(|_| pane.press("BSpace"));
        unlock(&pane);
        pane.wait_for("press Enter");
        pane.golden("list");
        pane.write("/paper");
        pane.wait_for("paper_");
        pane.wait_for("1 found");
        pane.golden("search");
        pane.press("Escape");
        // An Escape with a key right behind it would be Alt and that key. What was found stays chosen.
        until("the whole list", || (!pane.text().contains("1 found")).then_some(()));
        pane.wait_for_chosen("Northern");
        pane.write("t");
        pane.wait_for("Type an account in");
        pane.press("Down");
        pane.write("Bank");
        pane.wait_for("Bank_");
        pane.golden("form");
        pane.press("Escape");
        pane.wait_for("What you typed is not kept.");
        pane.press("Escape");
        pane.wait_for("press Enter");
        pane.write("?");
        pane.wait_for("choose a row");
        pane.golden("help");
        pane.press("Escape");
        pane.wait_for("press Enter");
    }
}

#[test]
fn without_colours_the_same_is_seen() {
    let desk = stocked();
    let pane = Pane::open(&desk, (80, 24), "NO_COLOR=1");
    unlock(&pane);
    pane.wait_for("press Enter");
    pane.golden("plain");
    // 39 and 49 are the colours that a terminal has by itself.
    let picture = done(pane.tmux().args(["capture-pane", "-p", "-e"]).output());
    let picture = picture.replace("\x1b[39m", "").replace("\x1b[49m", "");
    for colour in ["\x1b[3", "\x1b[9", ";3", ";9"] {
        assert!(!picture.contains(colour), "{colour:?} in {picture:?}");
    }
}

#[test]
fn the_order_stays_uses_are_counted_and_no_mark_is_left_where_a_name_was() {
    let desk = stocked();
    assert_eq!(desk.run_plain(&["settings", "sort", "name"], "").code, 0);
    let pane = Pane::open(&desk, (80, 24), "");
    unlock(&pane);
    pane.wait_for("by name");
    pane.write("o");
    pane.wait_for("by use");
    let isolates = ['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
    assert!(pane.text().contains(" \u{2068}בנק\u{2069} "), "{:?}", pane.text());
    pane.write("/clock");
    pane.wait_for("1 found");
    assert!(!pane.text().contains(isolates), "{:?}", pane.text());
    pane.press("Enter");
    pane.write("c");
    pane.wait_for("✓ copied");
    pane.press("Escape");
    pane.wait_for("Northern");
    pane.write("/aws");
    pane.wait_for("1 found");
    pane.press("Enter");
    // Two quick keys are two: it is a favourite, and is none again.
    pane.write("cff");
    pane.wait_for("✓ copied");
    pane.wait_for("No favourite any more");
    pane.write("q");
    until("the end of the phone", || {
        (!pane.tmux().arg("list-sessions").output().unwrap().status.success()).then_some(())
    });
    let listed = desk.run(&["list", "--json"], "").json();
    let uses = |issuer: &str| {
        let all = listed["accounts"].as_array().unwrap();
        all.iter().find(|account| account["issuer"] == issuer).map(|account| account["uses"].clone()).unwrap()
    };
    assert_eq!((uses("Clock"), uses("AWS")), (1.into(), 1.into()), "{listed}");
    assert!(listed.to_string().matches("\"favourite\":false").count() == 5, "{listed}");
    assert_eq!(desk.run_plain(&["settings", "sort", "--json"], "").json()["value"], "use");
}

#[test]
fn the_mouse_chooses_opens_and_presses() {
    let desk = stocked();
    let pane = Pane::open(&desk, (80, 24), "");
    unlock(&pane);
    pane.wait_for("▸AWS");
    pane.click("Clock");
    pane.wait_for("▸Clock");
    pane.click("AWS");
    pane.wait_for("▸AWS");
    pane.click("AWS");
    pane.wait_for("Use it once. Enter makes the next one.");
    pane.click("? keys");
    pane.wait_for("choose a row");
    pane.press("Escape");
    pane.wait_for("▸AWS");
    pane.click("l lock");
    pane.wait_for("Your accounts are locked.");
    assert!(!pane.text().contains("AWS"), "{}", pane.text());
}

#[test]
fn a_code_goes_to_the_terminals_clipboard_and_a_pasted_link_is_read() {
    let desk = stocked();
    let pane = Pane::open(&desk, (80, 24), "");
    unlock(&pane);
    pane.wait_for("▸AWS");
    pane.write("c");
    pane.wait_for("✓ copied");
    let code = until("a code on the clipboard", || {
        let held = pane.tmux().args(["show-buffer"]).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&held.stdout).trim().to_owned())
    });
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    let shown = format!("{} {}", &code[..3], &code[3..]);
    assert!(pane.text().contains(&shown), "what was copied is what is shown:\n{}", pane.text());
    pane.paste(&format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0"));
    pane.wait_for("Add this account?");
    assert!(!pane.text().contains(SEED));
    pane.write("y");
    pane.wait_for("Added: VPN (mara)");
}

#[test]
fn an_account_is_typed_in_changed_and_looked_at() {
    let desk = Desk::new();
    let pane = Pane::open(&desk, (80, 24), "");
    pane.wait_for("Your accounts are locked.");
    pane.write(PASSPHRASE);
    pane.press("Enter");
    pane.wait_for("No accounts yet.");
    pane.write("t");
    pane.wait_for("Type an account in");
    pane.press("Right");
    pane.wait_for("‹ changes with each use ›");
    pane.press("Down");
    pane.write("VPN");
    pane.press("Tab");
    pane.write("mara");
    pane.press("Tab");
    pane.write("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1");
    pane.press("C-s");
    pane.wait_for("perhaps O, I or B is meant");
    pane.press("BSpace");
    pane.write("Q");
    assert!(!pane.text().contains("GEZDG"), "the key is masked:\n{}", pane.text());
    pane.press("C-s");
    pane.wait_for("press Enter");
    pane.write("e");
    pane.wait_for("Change VPN (mara)");
    pane.press("End");
    pane.write(" of the works");
    pane.press("Down");
    pane.press("Down");
    pane.write("Ask Jo.");
    pane.press("C-j");
    pane.write("Or Kim.");
    pane.press("C-s");
    pane.wait_for("▸VPN of the works");
    pane.write("d");
    pane.wait_for("Ask Jo.");
    assert!(pane.text().contains("Or Kim.") && pane.text().contains("SHA1"), "{}", pane.text());
    pane.press("Escape");
    pane.wait_for("▸VPN of the works");
    pane.press("Enter");
    // RFC 4226, appendix D, counter 0: what was typed is the key.
    pane.wait_for("755 224");
}

#[test]
fn accounts_are_put_into_groups_marked_ordered_removed_and_brought_back() {
    let desk = stocked();
    for size in [(80, 24), (40, 20), (200, 50)] {
        let pane = Pane::open(&desk, size, "");
        unlock(&pane);
        if size == (80, 24) {
            pane.wait_for("▸AWS");
            pane.write("G");
            pane.wait_for("There is none yet.");
            pane.write("n");
            pane.wait_for("A new group is called");
            pane.write("Work");
            pane.wait_for("Work_");
            pane.press("Enter");
            pane.wait_for("▸[ ] Work");
            pane.write(" ");
            pane.wait_for("▸[x] Work");
            pane.write("u");
            pane.wait_for("▸[ ] Work");
            pane.write(" ");
            pane.wait_for("▸[x] Work");
            pane.press("Escape");
            pane.wait_for("▸AWS");
            pane.write("f");
            pane.wait_for("▸★ AWS");
        }
        pane.wait_for("★ AWS");
        pane.write("P");
        pane.wait_for("↑ ★ AWS");
        pane.write("u");
        pane.wait_for("Taken back:");
        assert!(!pane.text().contains("↑"), "{}", pane.text());
        pane.press("Right");
        pane.wait_for("★ Favourites");
        pane.press("Right");
        let is_chosen = |text: &str| text.contains("(Work)") || text.contains("▸Work");
        until("the group alone", || is_chosen(&pane.text()).then_some(()));
        pane.golden("group");
        pane.press("Escape");
        pane.wait_for("Clock");
        pane.write("J");
        pane.wait_for("Moved:");
        pane.write("u");
        pane.wait_for("Taken back:");
        pane.write("o");
        pane.wait_for("by name");
        pane.write("ooo");
        until("the own order", || (!pane.text().contains("by ")).then_some(()));
        pane.press("End");
        pane.wait_for_chosen("Northern");
        pane.write("x");
        pane.wait_for("Remove this account?");
        pane.write("y");
        pane.wait_for("Removed: Northern");
        pane.golden("removed");
        pane.write("b");
        pane.wait_for_chosen("Northern");
        pane.press("Enter");
        pane.wait_for("Nothing was removed in the last");
        pane.press("Escape");
        pane.wait_for("★ AWS");
        pane.write("s");
        pane.wait_for("Clear clipboard after");
        pane.golden("settings");
        pane.press("Escape");
        pane.wait_for("★ AWS");
    }
}

/// A token is written behind the screen, the link lost in the middle, and the person compares its codes.
#[test]
fn a_token_is_written_and_proven_on_the_screen() {
    let desk = stocked();
    let pane = Pane::open_with(&desk, (80, 24), "", "tui --emulated miniOTP-2-i --lose 5");
    pane.wait_for("Passphrase");
    pane.write(PASSPHRASE);
    pane.press("Enter");
    pane.wait_for("AWS");
    pane.write("T");
    pane.wait_for("Hardware tokens");
    pane.golden("tokens");
    pane.write("w");
    pane.wait_for("it is not shown");
    pane.write(SEED);
    pane.press("Enter");
    pane.wait_for("write it now?");
    pane.golden("tokens_plan");
    pane.write("y");
    pane.wait_for("The token left the reader");
    pane.wait_for("empty to skip");
    let text = pane.text();
    let shown = text.split("emulated token shows ").nth(1).unwrap_or_else(|| panic!("{text}"));
    let code: String = shown.chars().take_while(char::is_ascii_digit).collect();
    pane.write(&code);
    pane.press("Enter");
    pane.wait_for("its display showed the right code");
    pane.press("Enter");
    pane.wait_for("Hardware tokens");
    pane.write("w");
    pane.wait_for("it is not shown");
    pane.press("Escape");
    pane.wait_for("Stopped.");
    pane.press("Escape");
    pane.press("Escape");
    pane.wait_for("AWS");
}
