//! A menu in the terminal of the person, a few lines high: it stands below what was typed before and leaves nothing behind.
//! Standard input and output may be pipes all the while.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_core::error::PortError;
use countersign_strings::{fill, text};
use crossterm::cursor::{MoveToColumn, MoveUp};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType, disable_raw_mode, enable_raw_mode, size};

use crate::fault::Fault;
use crate::fuzzy;
use crate::measure::{columns, cut_right};

/// How many names are shown at once.
const ROWS: usize = 10;

/// How often it is seen that the terminal wants us to end.
const LOOK: Duration = Duration::from_millis(250);

/// What the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// This one.
    Print(usize),
    /// This one, into the clipboard.
    Copy(usize),
    /// None.
    Nothing,
}

/// Lets the person choose one of `names`; `typed` is there already.
///
/// # Errors
/// A [`Fault`] where there is no terminal.
pub fn choose(names: &[String], typed: &str) -> Result<Chosen, Fault> {
    let none = |_| Fault::refused(text("cli.pick_needs_terminal"));
    let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(none)?;
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let chosen = if dumb { by_number(tty, names, typed) } else { by_keys(tty, names, typed) };
    chosen.map_err(|_| PortError::Failed.into())
}

/// What is typed, what it finds, and which of that is marked.
struct Menu<'n> {
    names: &'n [String],
    typed: String,
    found: Vec<usize>,
    at: usize,
}

impl<'n> Menu<'n> {
    fn new(names: &'n [String], typed: &str) -> Self {
        let mut menu = Self { names, typed: typed.to_owned(), found: Vec::new(), at: 0 };
        menu.look();
        menu
    }

    fn look(&mut self) {
        let numbered: Vec<(usize, &String)> = self.names.iter().enumerate().collect();
        let best = fuzzy::best(&self.typed, &numbered, |(_, name)| (*name).clone());
        self.found = best.into_iter().map(|(at, _)| *at).collect();
        self.at = 0;
    }

    /// What a key does: what was chosen, once something is.
    fn press(&mut self, key: KeyEvent) -> Option<Chosen> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let marked = |menu: &Self| menu.found.get(menu.at).copied();
        match key.code {
            KeyCode::Esc => return Some(Chosen::Nothing),
            KeyCode::Char('c' | 'd' | 'g') if control => return Some(Chosen::Nothing),
            KeyCode::Enter => return marked(self).map(Chosen::Print),
            KeyCode::Char('y') if control => return marked(self).map(Chosen::Copy),
            KeyCode::Up => self.at = self.at.saturating_sub(1),
            KeyCode::Char('p' | 'k') if control => self.at = self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => self.down(),
            KeyCode::Char('n' | 'j') if control => self.down(),
            KeyCode::Backspace => {
                self.typed.pop();
                self.look();
            }
            KeyCode::Char('u') if control => {
                self.typed.clear();
                self.look();
            }
            KeyCode::Char(c) if !control => {
                self.typed.push(c);
                self.look();
            }
            _ => {}
        }
        None
    }

    fn down(&mut self) {
        self.at = (self.at + 1).min(self.found.len().saturating_sub(1));
    }

    /// Its lines: what is typed, the names around the marked one, and what the keys do.
    fn lines(&self, width: usize, height: usize) -> Vec<String> {
        let rows = height.saturating_sub(3).clamp(1, ROWS);
        let first = (self.at + 1).saturating_sub(rows);
        let mark = |at: usize| if at == self.at { "> " } else { "  " };
        let names = self.found.iter().enumerate().skip(first).take(rows);
        let names = names.map(|(at, name)| format!("{}{}", mark(at), self.names[*name]));
        let none = self.found.is_empty().then(|| format!("  {}", text("cli.pick_none")));
        let values = [("n", &*self.found.len().to_string()), ("all", &*self.names.len().to_string())];
        let lines = std::iter::once(self.prompt()).chain(names).chain(none).chain([fill("cli.pick_keys", &values)]);
        lines.map(|line| cut_right(&line, width.saturating_sub(1).max(1))).collect()
    }

    fn prompt(&self) -> String {
        format!("{} {}", text("cli.pick_which"), self.typed)
    }
}

/// Raw as long as this lives.
struct Raw;

impl Raw {
    fn begin() -> io::Result<Self> {
        enable_raw_mode().map(|()| Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that went away needs nothing back.
        let _ = disable_raw_mode();
    }
}

fn by_keys(mut tty: File, names: &[String], typed: &str) -> io::Result<Chosen> {
    let ended = Arc::new(AtomicBool::new(false));
    let signals = [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP];
    for signal in signals {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    let _raw = Raw::begin()?;
    let mut menu = Menu::new(names, typed);
    let chosen = loop {
        draw(&mut tty, &menu)?;
        if let Some(chosen) = pressed(&mut menu, &ended)? {
            break chosen;
        }
    };
    let mut out = Vec::new();
    queue!(out, MoveToColumn(0), Clear(ClearType::FromCursorDown))?;
    tty.write_all(&out)?;
    tty.flush()?;
    Ok(chosen)
}

/// Waits for what changes the menu, or ends it.
fn pressed(menu: &mut Menu<'_>, ended: &AtomicBool) -> io::Result<Option<Chosen>> {
    loop {
        if ended.load(Ordering::Relaxed) {
            return Ok(Some(Chosen::Nothing));
        }
        if !event::poll(LOOK)? {
            continue;
        }
        match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => return Ok(menu.press(key)),
            Event::Resize(..) => return Ok(None),
            _ => {}
        }
    }
}

/// Draws it where the cursor is, and leaves the cursor behind what is typed.
fn draw(tty: &mut File, menu: &Menu<'_>) -> io::Result<()> {
    let (width, height) = size().map_or((80, 24), |(width, height)| (usize::from(width), usize::from(height)));
    let lines = menu.lines(width, height);
    let mut out = Vec::new();
    queue!(out, MoveToColumn(0), Clear(ClearType::FromCursorDown))?;
    for (at, line) in lines.iter().enumerate() {
        // A line feed makes room at the foot of the screen; a movement would not.
        let feed = if at == 0 { "" } else { "\r\n" };
        queue!(out, Print(feed), Print(line))?;
    }
    let above = u16::try_from(lines.len().saturating_sub(1)).unwrap_or_default();
    if above > 0 {
        queue!(out, MoveUp(above))?;
    }
    let column = columns(lines.first().map_or("", String::as_str));
    queue!(out, MoveToColumn(u16::try_from(column).unwrap_or_default()))?;
    tty.write_all(&out)?;
    tty.flush()
}

/// For a terminal that can do nothing but lines: all names with numbers, and a line to answer.
fn by_number(tty: File, names: &[String], typed: &str) -> io::Result<Chosen> {
    let mut menu = Menu::new(names, typed);
    let mut lines = BufReader::new(tty.try_clone()?);
    loop {
        let mut shown: Vec<String> =
            menu.found.iter().enumerate().map(|(at, name)| format!("{:>3}  {}", at + 1, names[*name])).collect();
        if shown.is_empty() {
            shown.push(text("cli.pick_none").to_owned());
        }
        (&tty).write_all(format!("{}\n{} ", shown.join("\n"), text("cli.pick_number")).as_bytes())?;
        let mut line = String::new();
        if lines.by_ref().take(crate::limits::LINE as u64).read_line(&mut line)? == 0 {
            return Ok(Chosen::Nothing);
        }
        match line.trim() {
            "" => return Ok(if let [one] = menu.found[..] { Chosen::Print(one) } else { Chosen::Nothing }),
            line => match line.parse::<usize>().ok().and_then(|n| menu.found.get(n.checked_sub(1)?)) {
                Some(name) => return Ok(Chosen::Print(*name)),
                None => {
                    menu.typed = line.to_owned();
                    menu.look();
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        let more = (0..20).map(|n| format!("Service {n:02}"));
        ["GitLab (mara)", "GitHub (mara)"].map(str::to_owned).into_iter().chain(more).collect()
    }

    fn press(menu: &mut Menu<'_>, keys: &[KeyCode]) -> Option<Chosen> {
        keys.iter().find_map(|code| menu.press(KeyEvent::new(*code, KeyModifiers::NONE)))
    }

    fn control(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    #[test]
    fn letters_narrow_it_and_enter_takes_what_is_marked() {
        let names = names();
        let mut menu = Menu::new(&names, "");
        let chosen = press(&mut menu, &[KeyCode::Char('g'), KeyCode::Char('i'), KeyCode::Down, KeyCode::Enter]);
        assert_eq!(chosen, Some(Chosen::Print(1)));
        assert_eq!(press(&mut menu, &[KeyCode::Char('q'), KeyCode::Enter]), None, "nothing is marked");
        assert_eq!(press(&mut menu, &[KeyCode::Backspace, KeyCode::Up, KeyCode::Enter]), Some(Chosen::Print(0)));
        assert_eq!(menu.press(control('y')), Some(Chosen::Copy(0)));
        assert_eq!(menu.press(control('c')), Some(Chosen::Nothing));
        assert_eq!(Menu::new(&names, "gith").found, [1], "what was typed before counts");
    }

    #[test]
    fn it_fits_the_screen_and_the_marked_line_stays_in_view() {
        let names = names();
        for (width, height) in [(80, 24), (40, 20), (12, 5), (3, 2), (1, 1)] {
            let mut menu = Menu::new(&names, "");
            for _ in 0..15 {
                menu.press(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE));
                let lines = menu.lines(width, height);
                assert!(lines.iter().all(|line| columns(line) < width.max(2)), "{lines:?}");
                assert!(lines.len() <= height.max(3), "{lines:?}");
                assert_eq!(lines.iter().filter(|line| line.starts_with('>')).count(), usize::from(width > 2));
            }
        }
    }

    #[test]
    fn what_finds_nothing_says_so() {
        let names = names();
        let lines = Menu::new(&names, "zzz").lines(80, 24);
        assert!(lines[1].contains(text("cli.pick_none")) && lines[0].ends_with("zzz"), "{lines:?}");
    }
}
