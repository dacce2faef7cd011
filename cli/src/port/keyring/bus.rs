//! The session's bus: one socket, calls one after the other (D-Bus specification, «Message Protocol»).

use std::env;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::wire::{In, Out};
use crate::limits;

/// How long an answer is waited for: the bus may have to start who gives it.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the first byte of a message says of its numbers: the least significant byte comes first, as here.
const LITTLE: u8 = b'l';
const VERSION: u8 = 1;

/// Kinds of messages.
const CALL: u8 = 1;
const REPLY: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;

/// Fields of a header.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_TO: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// Why a call came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusError {
    /// There is no bus, or nobody who answers there.
    Nobody,
    /// The answer is an error of this name.
    Refused(String),
    /// Nothing came in time.
    TimedOut,
    /// What came is no message.
    Broken,
}

impl From<io::Error> for BusError {
    fn from(fault: io::Error) -> Self {
        match fault.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Nobody,
        }
    }
}

/// A call: whose, on what, which, and its values with their types.
pub struct Call<'a> {
    /// Who is called.
    pub to: &'a str,
    /// The path of the object.
    pub path: &'a str,
    /// The interface that has the method.
    pub interface: &'a str,
    /// The method.
    pub member: &'a str,
    /// The types of the values.
    pub types: &'a str,
    /// The values.
    pub values: Zeroizing<Vec<u8>>,
}

/// One side of the bus.
pub struct Bus {
    stream: UnixStream,
    serial: u32,
    signals: Vec<Message>,
}

/// A message that came.
struct Message {
    kind: u8,
    path: String,
    member: String,
    error: String,
    reply_to: u32,
    body: Zeroizing<Vec<u8>>,
}

impl Bus {
    /// Joins the session's bus.
    ///
    /// # Errors
    /// [`BusError::Nobody`] where there is none that takes us.
    pub fn of_session() -> Result<Self, BusError> {
        let address = env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
        let beside = || Some(format!("unix:path={}", env::var_os("XDG_RUNTIME_DIR")?.to_str()?) + "/bus");
        let address = address.or_else(beside).ok_or(BusError::Nobody)?;
        let mut streams = address.split(';').filter_map(|one| connect(one).ok());
        let mut bus = Self { stream: streams.next().ok_or(BusError::Nobody)?, serial: 0, signals: Vec::new() };
        bus.stream.set_read_timeout(Some(PATIENCE))?;
        bus.stream.set_write_timeout(Some(PATIENCE))?;
        bus.introduce()?;
        Ok(bus)
    }

    /// Says who we are; the socket proves it.
    fn introduce(&mut self) -> Result<(), BusError> {
        let id: String = rustix::process::geteuid().as_raw().to_string().bytes().map(|b| format!("{b:02x}")).collect();
        self.stream.write_all(format!("\0AUTH EXTERNAL {id}\r\n").as_bytes())?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            line.push(byte[0]);
            if line.len() > 512 {
                return Err(BusError::Broken);
            }
        }
        if !line.starts_with(b"OK ") {
            return Err(BusError::Nobody);
        }
        self.stream.write_all(b"BEGIN\r\n")?;
        let bus = "org.freedesktop.DBus";
        let hello = Call { to: bus, path: BUS_PATH, interface: bus, member: "Hello", types: "", values: none() };
        self.call(&hello).map(drop)
    }

    /// Has signals of this interface and name come here too.
    ///
    /// # Errors
    /// As [`Bus::call`].
    pub fn follow(&mut self, interface: &str, member: &str) -> Result<(), BusError> {
        let bus = "org.freedesktop.DBus";
        let values = values(|out| {
            out.text(&format!("type='signal',interface='{interface}',member='{member}'"));
        });
        self.call(&Call { to: bus, path: BUS_PATH, interface: bus, member: "AddMatch", types: "s", values }).map(drop)
    }

    /// Calls, and waits for the answer: its values.
    ///
    /// # Errors
    /// A [`BusError`].
    pub fn call(&mut self, call: &Call<'_>) -> Result<Zeroizing<Vec<u8>>, BusError> {
        self.serial += 1;
        let message = Zeroizing::new(written(call, self.serial)?);
        self.stream.write_all(&message)?;
        loop {
            let message = self.next()?;
            match message.kind {
                REPLY if message.reply_to == self.serial => return Ok(message.body),
                ERROR if message.reply_to == self.serial => return Err(refused(message.error)),
                SIGNAL => self.signals.push(message),
                _ => {}
            }
        }
    }

    /// Waits for a signal of this object, for as long as a person may take to answer.
    ///
    /// # Errors
    /// A [`BusError`].
    pub fn signal(&mut self, path: &str, member: &str, patience: Duration) -> Result<Zeroizing<Vec<u8>>, BusError> {
        let is_it = |message: &Message| message.path == path && message.member == member;
        if let Some(at) = self.signals.iter().position(is_it) {
            return Ok(self.signals.swap_remove(at).body);
        }
        self.stream.set_read_timeout(Some(patience))?;
        let message = loop {
            let message = self.next()?;
            if message.kind == SIGNAL && is_it(&message) {
                break message;
            }
        };
        self.stream.set_read_timeout(Some(PATIENCE))?;
        Ok(message.body)
    }

    fn next(&mut self) -> Result<Message, BusError> {
        let mut head = [0; 16];
        self.stream.read_exact(&mut head)?;
        let (length, fields) = lengths(&head).ok_or(BusError::Broken)?;
        let mut rest = Zeroizing::new(vec![0; fields + length]);
        self.stream.read_exact(&mut rest)?;
        Message::read(head[1], &rest, fields).ok_or(BusError::Broken)
    }
}

const BUS_PATH: &str = "/org/freedesktop/DBus";

/// No values.
pub fn none() -> Zeroizing<Vec<u8>> {
    Zeroizing::default()
}

/// Values, written by `write`.
pub fn values(write: impl FnOnce(&mut Out)) -> Zeroizing<Vec<u8>> {
    let mut out = Out::default();
    write(&mut out);
    Zeroizing::new(out.into_bytes())
}

fn refused(name: String) -> BusError {
    let nobody = ["org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"];
    let is_nobody = nobody.contains(&name.as_str()) || name.starts_with("org.freedesktop.DBus.Error.Spawn");
    if is_nobody { BusError::Nobody } else { BusError::Refused(name) }
}

/// Opens one address of a list of them.
fn connect(address: &str) -> io::Result<UnixStream> {
    let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
    let pairs = address.strip_prefix("unix:").ok_or_else(unsupported)?;
    for (name, value) in pairs.split(',').filter_map(|pair| pair.split_once('=')) {
        let value = unescaped(value).ok_or_else(unsupported)?;
        match name {
            "path" => return UnixStream::connect(PathBuf::from(value)),
            #[cfg(target_os = "linux")]
            "abstract" => {
                use std::os::linux::net::SocketAddrExt;
                let name = std::os::unix::net::SocketAddr::from_abstract_name(value)?;
                return UnixStream::connect_addr(&name);
            }
            _ => {}
        }
    }
    Err(unsupported())
}

/// A value of an address, in which other than plain letters stand as `%2f`.
fn unescaped(value: &str) -> Option<String> {
    let mut parts = value.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

fn written(call: &Call<'_>, serial: u32) -> Result<Vec<u8>, BusError> {
    let mut out = Out::default();
    let length = u32::try_from(call.values.len()).map_err(|_| BusError::Broken)?;
    out.byte(LITTLE).byte(CALL).byte(0).byte(VERSION).number(length).number(serial);
    out.list(8, |out| {
        let fields = [(PATH, "o", call.path), (DESTINATION, "s", call.to), (INTERFACE, "s", call.interface)];
        for (field, kind, value) in fields.into_iter().chain([(MEMBER, "s", call.member)]) {
            out.pad(8).byte(field).signature(kind).text(value);
        }
        if !call.types.is_empty() {
            out.pad(8).byte(SIGNATURE).signature("g").signature(call.types);
        }
    });
    out.pad(8);
    let mut message = out.into_bytes();
    // All at once: a buffer that grows leaves its old half behind.
    message.reserve_exact(call.values.len());
    message.extend_from_slice(&call.values);
    if message.len() > limits::BUS_MESSAGE { Err(BusError::Broken) } else { Ok(message) }
}

/// Bytes of the body, and of the header's fields with what aligns the body.
fn lengths(head: &[u8; 16]) -> Option<(usize, usize)> {
    (head[0] == LITTLE && head[3] == VERSION).then_some(())?;
    let number = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?) as usize);
    let (body, fields) = (number(4)?, number(12)?);
    let fields = (16 + fields.min(limits::BUS_MESSAGE)).next_multiple_of(8) - 16;
    (body.saturating_add(fields + 16) <= limits::BUS_MESSAGE).then_some((body, fields))
}

impl Message {
    fn read(kind: u8, rest: &[u8], fields: usize) -> Option<Self> {
        let (fields, body) = rest.split_at_checked(fields)?;
        let mut message = Self {
            kind,
            path: String::new(),
            member: String::new(),
            error: String::new(),
            reply_to: 0,
            body: Zeroizing::new(body.to_vec()),
        };
        // The list begins behind sixteen bytes, which is a multiple of eight; what aligns the body reads as no field.
        let mut fields = In::new(fields);
        loop {
            fields.pad(8)?;
            if fields.is_done() {
                return Some(message);
            }
            let field = fields.byte()?;
            let value = match fields.signature()? {
                "s" | "o" => fields.text()?.to_owned(),
                "g" => fields.signature()?.to_owned(),
                "u" => {
                    let number = fields.number()?;
                    if field == REPLY_TO {
                        message.reply_to = number;
                    }
                    continue;
                }
                // None that we know; behind it nothing can be found.
                _ => return Some(message),
            };
            match field {
                PATH => message.path = value,
                MEMBER => message.member = value,
                ERROR_NAME => message.error = value,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(fields: impl FnOnce(&mut Out), body: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut out = Out::default();
        out.byte(LITTLE).byte(REPLY).byte(1).byte(VERSION).number(body.len() as u32).number(9).list(8, fields);
        out.pad(8);
        let mut all = out.into_bytes();
        all.extend_from_slice(body);
        (all[..16].to_vec(), all[16..].to_vec())
    }

    #[test]
    fn an_answer_is_read_with_what_it_answers() {
        let (head, rest) = reply(
            |out| {
                // As the bus itself ends its header: off the eight bytes that the body is aligned to.
                out.pad(8).byte(SIGNATURE).signature("g").signature("su");
                out.pad(8).byte(REPLY_TO).signature("u").number(3);
                out.pad(8).byte(7).signature("s").text("org.freedesktop.DBus");
            },
            b"\x01\0\0\0x\0",
        );
        let (body, fields) = lengths(&head.try_into().unwrap()).unwrap();
        assert_eq!(body + fields, rest.len());
        let message = Message::read(REPLY, &rest, fields).unwrap();
        assert_eq!((message.reply_to, message.body.as_slice()), (3, &b"\x01\0\0\0x\0"[..]));
    }

    #[test]
    fn a_message_holds_its_limit_and_is_of_this_machine() {
        let head = |body: u32, fields: u32| {
            let mut head = [0; 16];
            (head[0], head[3]) = (LITTLE, VERSION);
            head[4..8].copy_from_slice(&body.to_le_bytes());
            head[12..].copy_from_slice(&fields.to_le_bytes());
            head
        };
        let most = limits::BUS_MESSAGE as u32 - 16;
        for (body, fields, taken) in
            [(most - 1, 0, true), (most, 0, true), (most + 1, 0, false), (u32::MAX, u32::MAX, false), (most, 1, false)]
        {
            assert_eq!(lengths(&head(body, fields)).is_some(), taken, "{body} {fields}");
        }
        let mut other = head(0, 0);
        other[0] = b'B';
        assert_eq!(lengths(&other), None);
        let long = Call { to: "a", path: "/", interface: "b", member: "c", types: "s", values: vec![0; 70_000].into() };
        assert_eq!(written(&long, 1), Err(BusError::Broken));
    }

    #[test]
    fn addresses_may_be_escaped() {
        assert_eq!(unescaped("/tmp/a%20b%2c").as_deref(), Some("/tmp/a b,"));
        assert_eq!((unescaped("%"), unescaped("%2"), unescaped("%zz"), unescaped("%é")), (None, None, None, None));
        assert!(connect("tcp:host=localhost").is_err());
    }

    #[test]
    fn nobody_there_is_told_from_a_refusal() {
        assert_eq!(refused("org.freedesktop.DBus.Error.ServiceUnknown".into()), BusError::Nobody);
        let locked = "org.freedesktop.Secret.Error.IsLocked";
        assert_eq!(refused(locked.into()), BusError::Refused(locked.into()));
    }
}
