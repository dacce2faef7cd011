//! A real terminal, tmux, with a program in it: what a person sees, down to the colours. Pictures stand in
//! `tests/golden/terminal`; `COUNTERSIGN_ACCEPT=1` takes them anew: then look at each with `cat`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign_tests::patience::until;

/// One terminal with a program in it. Dropped, both end.
pub(crate) struct Pane {
    socket: PathBuf,
    size: (usize, usize),
}

impl Pane {
    /// Opens a terminal of this size, whose server keeps its files in `folder`, and runs this line of the shell in it.
    pub(crate) fn open(folder: &Path, size: (usize, usize), line: &str) -> Self {
        // One server ends while the next one begins.
        let pane = Self { socket: folder.join(format!("tmux-{}", size.0)), size };
        let config = folder.join("tmux.conf");
        std::fs::write(&config, "set -g status off\nset -s escape-time 0\nset -s set-clipboard on\n").unwrap();
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let mut tmux = pane.tmux();
        tmux.arg("-f").arg(&config).args(["-u", "new-session", "-d", "-x", &columns, "-y", &rows, line]);
        done(tmux.output());
        pane
    }

    pub(crate) fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        command.env("SHELL", "/bin/sh").arg("-S").arg(&self.socket);
        command
    }

    /// Types text as it is.
    pub(crate) fn write(&self, text: &str) {
        done(self.tmux().args(["send-keys", "-l", text]).output());
    }

    /// Presses a key by the name that tmux has for it.
    pub(crate) fn press(&self, key: &str) {
        done(self.tmux().args(["send-keys", key]).output());
    }

    /// Pastes text in one piece.
    pub(crate) fn paste(&self, text: &str) {
        done(self.tmux().args(["set-buffer", text]).output());
        done(self.tmux().args(["paste-buffer", "-p"]).output());
    }

    /// Clicks what stands at this place of the screen.
    pub(crate) fn click(&self, part: &str) {
        let text = self.text();
        let row = text.lines().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}:\n{text}"));
        let line = text.lines().nth(row).unwrap_or_default();
        let column = line[..line.find(part).unwrap()].chars().count();
        for end in ["M", "m"] {
            self.write(&format!("\x1b[<0;{};{}{end}", column + 1, row + 1));
        }
    }

    /// What is on the screen, without colours.
    pub(crate) fn text(&self) -> String {
        done(self.tmux().args(["capture-pane", "-p"]).output())
    }

    pub(crate) fn wait_for(&self, part: &str) {
        until(part, || self.text().contains(part).then_some(()));
    }

    /// Waits until the chosen row has this.
    pub(crate) fn wait_for_chosen(&self, part: &str) {
        let chosen = |line: &str| line.rsplit_once('▸').is_some_and(|(_, row)| row.contains(part));
        until(part, || self.text().lines().any(chosen).then_some(()));
    }

    /// Compares the screen with its golden picture, colours and all.
    pub(crate) fn golden(&self, name: &str) {
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

pub(crate) fn done(output: std::io::Result<Output>) -> String {
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
