//! What comes from the terminal, and what is asked of it: keys, pasted text, the mouse, signals.

use std::io::{self, Write};
use std::sync::mpsc::Sender;
use std::thread;

use countersign_strings::text;
use crossterm::event::{
    self, DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, KeyCode, KeyEvent,
    KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use crossterm::execute;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use zeroize::Zeroizing;

use super::Message;
use crate::fault::Fault;
use crate::tui::state::{Event, Key};

/// Buttons and wheel in the form that has no limit of columns; not each movement, as crossterm's own command asks for.
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const NO_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Asks the terminal for pasted text in one piece, and for the mouse.
pub fn take(out: &mut impl Write) -> io::Result<()> {
    execute!(out, EnableBracketedPaste, EnableFocusChange)?;
    out.write_all(MOUSE).and_then(|()| out.flush())
}

/// Takes that back.
pub fn give_back(out: &mut impl Write) -> io::Result<()> {
    out.write_all(NO_MOUSE)?;
    execute!(out, DisableFocusChange, DisableBracketedPaste)
}

/// The threads that wait for keys and signals.
pub fn listen(messages: Sender<Message>) -> Result<(), Fault> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(|_| Fault::failed(text("tui.no_screen")))?;
    let stop = messages.clone();
    thread::spawn(move || {
        for _ in signals.forever() {
            let _ = stop.send(pressed(Key::Stop));
        }
    });
    thread::spawn(move || {
        // A terminal that can't be read any more has gone away.
        while let Ok(event) = event::read() {
            if let Some(message) = of_terminal(event)
                && messages.send(message).is_err()
            {
                return;
            }
        }
        let _ = messages.send(pressed(Key::Stop));
    });
    Ok(())
}

fn pressed(key: Key) -> Message {
    Message::Event(Box::new(Event::Key(key)))
}

fn of_terminal(event: event::Event) -> Option<Message> {
    match event {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(pressed),
        event::Event::Paste(text) => Some(Message::Event(Box::new(Event::Paste(Zeroizing::new(text))))),
        event::Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Message::Clicked(mouse.column, mouse.row)),
            MouseEventKind::ScrollUp => Some(pressed(Key::Up)),
            MouseEventKind::ScrollDown => Some(pressed(Key::Down)),
            _ => None,
        },
        event::Event::FocusLost => Some(Message::Left),
        event::Event::Resize(..) => Some(Message::Resized),
        _ => None,
    }
}

fn key_of(key: KeyEvent) -> Option<Key> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if control => Key::Stop,
        KeyCode::Char('j') if control => Key::NewLine,
        KeyCode::Char('r') if control => Key::Reveal,
        KeyCode::Char('s') if control => Key::Save,
        KeyCode::Char('u') if control => Key::Clear,
        KeyCode::Enter if alt => Key::NewLine,
        KeyCode::Char(_) if control || alt => return None,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Back,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    })
}

/// Asks the terminal to take a code into its clipboard (OSC 52).
pub fn copy(out: &mut impl Write, code: &str) -> io::Result<()> {
    let sequence = Zeroizing::new(format!("\x1b]52;c;{}\x07", base64(code.as_bytes()).as_str()));
    out.write_all(sequence.as_bytes()).and_then(|()| out.flush())
}

fn base64(bytes: &[u8]) -> Zeroizing<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(3) * 4));
    for three in bytes.chunks(3) {
        let at = |n: usize| u32::from(three.get(n).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for (n, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = LETTERS[(bits >> shift & 63) as usize];
            out.push(if n <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_clicks_are_told() {
        let of = |code, modifiers| of_terminal(event::Event::Key(KeyEvent::new(code, modifiers)));
        let is = |message: Option<Message>, wanted: Key| matches!(message, Some(Message::Event(event)) if matches!(*event, Event::Key(key) if key == wanted));
        let (none, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        for (code, modifiers, key) in [
            (KeyCode::Char('c'), none, Key::Char('c')),
            (KeyCode::Char('c'), control, Key::Stop),
            (KeyCode::Char('s'), control, Key::Save),
            (KeyCode::Enter, KeyModifiers::ALT, Key::NewLine),
            (KeyCode::PageDown, none, Key::PageDown),
        ] {
            assert!(is(of(code, modifiers), key), "{code:?}");
        }
        assert!(of(KeyCode::Char('x'), control).is_none() && of(KeyCode::Char('q'), KeyModifiers::ALT).is_none());
        let mouse = |kind| {
            let (column, row) = (300, 7);
            of_terminal(event::Event::Mouse(event::MouseEvent { kind, column, row, modifiers: none }))
        };
        assert!(matches!(mouse(MouseEventKind::Down(MouseButton::Left)), Some(Message::Clicked(300, 7))));
        assert!(is(mouse(MouseEventKind::ScrollDown), Key::Down) && is(mouse(MouseEventKind::ScrollUp), Key::Up));
        assert!(matches!(of_terminal(event::Event::FocusLost), Some(Message::Left)));
        assert!(mouse(MouseEventKind::Moved).is_none() && mouse(MouseEventKind::Down(MouseButton::Right)).is_none());
    }

    #[test]
    fn a_code_is_copied_as_the_terminal_takes_it() {
        // RFC 4648, section 10.
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()).as_str(), text);
        }
        let mut out = Vec::new();
        copy(&mut out, "492039").unwrap();
        assert_eq!(out, b"\x1b]52;c;NDkyMDM5\x07");
    }

    #[test]
    fn what_is_asked_of_the_terminal_is_taken_back() {
        let (mut asked, mut back) = (Vec::new(), Vec::new());
        take(&mut asked).unwrap();
        give_back(&mut back).unwrap();
        for mode in ["?2004", "?1000", "?1004", "?1006"] {
            let has = |out: &[u8], end: &str| String::from_utf8_lossy(out).contains(&format!("\x1b[{mode}{end}"));
            assert!(has(&asked, "h") && has(&back, "l"), "{mode}");
        }
    }
}
