//! A TCP proxy that harms connections: on every machine, and the same in each run.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What happens to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing.
    Whole,
    /// It ends at once.
    Refused,
    /// It ends when the phone has sent so many bytes.
    CutThere(usize),
    /// It ends when the gateway has sent so many bytes: what was asked may have been done.
    CutBack(usize),
    /// Each part comes later.
    Late(Duration),
    /// The gateway's answer never comes; after a while the connection ends.
    Stalled(Duration),
}

/// Draws what happens, the same in each run: about a third of all connections come through undamaged.
struct Fates(AtomicU64);

impl Fates {
    fn next(&self) -> Fate {
        let draw = |most: u64| {
            let mut x = self.0.load(Ordering::SeqCst);
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            self.0.store(x, Ordering::SeqCst);
            x % most
        };
        match draw(9) {
            0 => Fate::Refused,
            // A handshake takes about 300 bytes there and 1,000 back, a call 1,500 to 4,000 more.
            1 => Fate::CutThere(1 + draw(2_500) as usize),
            2 | 3 => Fate::CutBack(1 + draw(2_500) as usize),
            4 => Fate::Late(Duration::from_millis(5 + draw(25))),
            5 => Fate::Stalled(Duration::from_millis(20 + draw(80))),
            _ => Fate::Whole,
        }
    }
}

/// The proxy. Its threads end with the test's process, or sooner with their connections.
pub struct Proxy {
    port: u16,
    to: Arc<OnceLock<SocketAddr>>,
    connections: Arc<AtomicUsize>,
    harmed: Arc<AtomicUsize>,
    is_bad: Arc<AtomicBool>,
}

impl Proxy {
    /// A proxy that harms more than half of all connections.
    pub fn start(seed: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (to, connections, harmed) = (Arc::<OnceLock<SocketAddr>>::default(), Arc::default(), Arc::default());
        let wire = Self { port, to, connections, harmed, is_bad: Arc::new(AtomicBool::new(true)) };
        let fates = Fates(AtomicU64::new(0x9E37_79B9_7F4A_7C15 ^ (seed + 1).wrapping_mul(0xD134_2543_DE82_EF95)));
        let (to, connections) = (wire.to.clone(), wire.connections.clone());
        let (harmed, is_bad) = (wire.harmed.clone(), wire.is_bad.clone());
        std::thread::spawn(move || {
            for phone in listener.incoming().map_while(Result::ok) {
                connections.fetch_add(1, Ordering::SeqCst);
                let fate = if is_bad.load(Ordering::SeqCst) { fates.next() } else { Fate::Whole };
                harmed.fetch_add(usize::from(fate != Fate::Whole), Ordering::SeqCst);
                let to = *to.get().expect("the gateway runs");
                std::thread::spawn(move || carry(&phone, to, fate));
            }
        });
        wire
    }

    /// Which port phones call.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Says where the gateway listens.
    pub fn lead_to(&self, gateway: SocketAddr) {
        self.to.set(gateway).unwrap();
    }

    /// Every connection is carried whole from now on.
    pub fn mend(&self) {
        self.is_bad.store(false, Ordering::SeqCst);
    }

    /// How many connections there were, and how many of them were harmed.
    pub fn harmed(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.harmed.load(Ordering::SeqCst))
    }
}

/// Carries one connection to its fate.
fn carry(phone: &TcpStream, to: SocketAddr, fate: Fate) {
    let Some(gateway) = (fate != Fate::Refused).then(|| TcpStream::connect(to).ok()).flatten() else { return };
    let late = if let Fate::Late(time) = fate { time } else { Duration::ZERO };
    let (mut there, mut back) = (Way { cut: None, late, stall: None }, Way { cut: None, late, stall: None });
    match fate {
        Fate::CutThere(bytes) => there.cut = Some(bytes),
        Fate::CutBack(bytes) => back.cut = Some(bytes),
        Fate::Stalled(time) => back.stall = Some(time),
        Fate::Whole | Fate::Refused | Fate::Late(_) => {}
    }
    std::thread::scope(|scope| {
        scope.spawn(|| there.pass(phone, &gateway));
        back.pass(&gateway, phone);
    });
}

/// One direction of a connection.
struct Way {
    cut: Option<usize>,
    late: Duration,
    /// After its first part nothing more comes for so long, and then the end.
    stall: Option<Duration>,
}

impl Way {
    #[expect(clippy::disallowed_methods, reason = "a late wire is late in the machine's time")]
    fn pass(mut self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut part = [0; 4_096];
        loop {
            let read = match from.read(&mut part) {
                Ok(0) => break,
                Ok(read) => read,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            std::thread::sleep(self.late);
            let sent = self.cut.map_or(read, |left| left.min(read));
            if to.write_all(&part[..sent]).is_err() || sent < read {
                break;
            }
            self.cut = self.cut.map(|left| left - read);
            if let Some(time) = self.stall {
                std::thread::sleep(time);
                break;
            }
        }
        // Both directions end: a half of a connection is of no use to either side.
        let _ended = from.shutdown(Shutdown::Both).and(to.shutdown(Shutdown::Both));
    }
}
