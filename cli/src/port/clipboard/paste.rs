//! What was copied, of this session's display: a picture as a file, or text. Nothing is asked of a terminal, which would have
//! to be believed.

use std::sync::mpsc::channel;
use std::thread;

use countersign_core::limits::PICTURE_FILE;
use countersign_strings::text;
use zeroize::Zeroizing;

use super::{PATIENCE, has_display};
use crate::fault::Fault;
use crate::limits;

/// What was copied.
pub enum Pasted {
    /// The bytes of a picture's file.
    Picture(Vec<u8>),
    /// Text.
    Text(Zeroizing<String>),
}

/// Pictures that can be read, the best first; then text. Each with the most of it that is taken.
const WANTED: [(&str, usize); 4] = [
    ("image/png", PICTURE_FILE),
    ("image/jpeg", PICTURE_FILE),
    ("UTF8_STRING", limits::LINE),
    ("text/plain;charset=utf-8", limits::LINE),
];
/// How many of them are pictures.
const PICTURES: usize = 2;

/// Takes what was copied, and leaves it where it is.
///
/// # Errors
/// A [`Fault`] where there is no display, or nothing was copied that can be read.
pub fn paste() -> Result<Pasted, Fault> {
    if !has_display() {
        return Err(Fault::refused(text("accounts.no_display")));
    }
    let (tell, told) = channel();
    // Who copied it may not answer, and is not waited for longer than a person would.
    thread::spawn(move || tell.send(display::taken()));
    let (at, bytes) = told.recv_timeout(PATIENCE).ok().flatten().ok_or_else(nothing)?;
    if at < PICTURES {
        return Ok(Pasted::Picture(bytes.to_vec()));
    }
    // A text that is cut would be another one.
    if bytes.len() >= limits::LINE {
        return Err(Fault::refused(text("cli.long_line")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| nothing())?;
    Ok(Pasted::Text(Zeroizing::new(text.to_owned())))
}

fn nothing() -> Fault {
    Fault::refused(text("accounts.nothing_copied"))
}

#[cfg(all(unix, not(target_os = "macos")))]
mod display {
    use std::io::Read as _;

    use wl_clipboard_rs::paste::{ClipboardType, MimeType, Seat, get_contents};
    use x11rb::connection::Connection;
    use x11rb::protocol::Event;
    use x11rb::protocol::xproto::{
        Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, Property, Window, WindowClass,
    };
    use x11rb::rust_connection::RustConnection;
    use x11rb::{COPY_DEPTH_FROM_PARENT, CURRENT_TIME, NONE};
    use zeroize::Zeroizing;

    use super::WANTED;

    /// The most of a list of kinds, in bytes.
    const OFFERED: usize = 4096;
    /// How much of a property is asked for at once, in units of four bytes.
    const AT_ONCE: u32 = 64 * 1024;

    type Taken = Zeroizing<Vec<u8>>;

    /// The first of [`WANTED`] that was copied, by its place there.
    pub fn taken() -> Option<(usize, Taken)> {
        let has_wayland = std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty());
        has_wayland.then(|| first(of_wayland)).flatten().or_else(|| {
            let server = X11::open()?;
            let offered = server.offered()?;
            first(|kind, most| server.taken(server.atom(kind).filter(|kind| offered.contains(kind))?, most))
        })
    }

    fn first(taken: impl Fn(&str, usize) -> Option<Taken>) -> Option<(usize, Taken)> {
        (0..).zip(WANTED).find_map(|(at, (kind, most))| {
            let bytes = taken(kind, most)?;
            (!bytes.is_empty()).then_some((at, bytes))
        })
    }

    fn of_wayland(kind: &str, most: usize) -> Option<Taken> {
        let (pipe, _) = get_contents(ClipboardType::Regular, Seat::Unspecified, MimeType::Specific(kind)).ok()?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        pipe.take(most as u64).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A connection to an X server, with a window that nobody sees (ICCCM, section 2).
    struct X11 {
        server: RustConnection,
        window: Window,
        clipboard: Atom,
        property: Atom,
        incremental: Atom,
    }

    impl X11 {
        fn open() -> Option<Self> {
            let (server, screen) = x11rb::connect(None).ok()?;
            let root = server.setup().roots.get(screen)?.root;
            let window = server.generate_id().ok()?;
            let events = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
            let (depth, visual) = (COPY_DEPTH_FROM_PARENT, 0);
            server
                .create_window(depth, window, root, 0, 0, 1, 1, 0, WindowClass::INPUT_OUTPUT, visual, &events)
                .ok()?;
            let [clipboard, property, incremental] =
                ["CLIPBOARD", "COUNTERSIGN_PASTED", "INCR"].map(|name| atom(&server, name));
            Some(Self { window, clipboard: clipboard?, property: property?, incremental: incremental?, server })
        }

        /// The kinds as which it can be had. Who copied it is asked: some give the same bytes whatever is asked for.
        fn offered(&self) -> Option<Vec<Atom>> {
            let bytes = self.taken(self.atom("TARGETS")?, OFFERED)?;
            Some(bytes.as_chunks().0.iter().map(|atom| Atom::from_ne_bytes(*atom)).collect())
        }

        fn atom(&self, name: &str) -> Option<Atom> {
            atom(&self.server, name)
        }

        fn taken(&self, target: Atom, most: usize) -> Option<Taken> {
            let (window, property) = (self.window, self.property);
            self.server.convert_selection(window, self.clipboard, target, property, CURRENT_TIME).ok()?;
            self.server.flush().ok()?;
            loop {
                match self.server.wait_for_event().ok()? {
                    Event::SelectionNotify(answer) if answer.property == NONE => return None,
                    Event::SelectionNotify(_) => break,
                    _ => {}
                }
            }
            let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
            if self.read(&mut bytes, most)? != self.incremental {
                return Some(bytes);
            }
            bytes.clear();
            // It comes in parts, each once the one before was taken; an empty one is the last.
            while bytes.len() < most {
                let before = bytes.len();
                self.wait_for_part()?;
                self.read(&mut bytes, most)?;
                if bytes.len() == before {
                    break;
                }
            }
            Some(bytes)
        }

        fn wait_for_part(&self) -> Option<()> {
            loop {
                if let Event::PropertyNotify(change) = self.server.wait_for_event().ok()?
                    && (change.atom, change.state) == (self.property, Property::NEW_VALUE)
                {
                    return Some(());
                }
            }
        }

        /// Reads the property to its end and takes it away; of which type it was.
        fn read(&self, bytes: &mut Vec<u8>, most: usize) -> Option<Atom> {
            let mut offset = 0;
            loop {
                let asked = self.server.get_property(false, self.window, self.property, AtomEnum::ANY, offset, AT_ONCE);
                let part = asked.ok()?.reply().ok()?;
                let room = most.saturating_sub(bytes.len());
                bytes.extend(part.value.iter().take(room));
                offset += AT_ONCE;
                if part.bytes_after == 0 || room <= part.value.len() {
                    self.server.delete_property(self.window, self.property).ok()?;
                    self.server.flush().ok()?;
                    return Some(part.type_);
                }
            }
        }
    }

    fn atom(server: &RustConnection, name: &str) -> Option<Atom> {
        Some(server.intern_atom(false, name.as_bytes()).ok()?.reply().ok()?.atom)
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
mod display {
    /// Here the clipboard is not read.
    pub fn taken() -> Option<(usize, zeroize::Zeroizing<Vec<u8>>)> {
        None
    }
}
