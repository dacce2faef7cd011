//! A push server in this process: takes bells over TLS, keeps them, and answers as it is told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::attested::pair;

/// How long a test waits for bells at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// One answer of the server.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status without a body.
    Status(u16),
    /// A status with one further header.
    With(u16, String),
    /// A status with a body of so many bytes.
    Body(u16, usize),
    /// A head of so many bytes, from the status line to the blank line, sent in one piece.
    Head(usize),
    /// So many headers.
    Fields(usize),
    /// Nothing, and the connection stays open.
    Silence,
    /// No HTTP at all.
    Garbage,
    /// The beginning of an answer, then the end of the connection.
    Cut,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST /up/… HTTP/1.1`.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// The only header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands twice");
        first
    }
}

#[derive(Default)]
struct Kept {
    received: Mutex<Vec<Received>>,
    more: Condvar,
    connections: AtomicUsize,
}

/// A push server of 127.0.0.1, localhost and push.example.com, whose root nobody knows until told.
pub struct PushServer {
    address: SocketAddr,
    kept: Arc<Kept>,
    folder: tempfile::TempDir,
}

impl PushServer {
    /// Answers in this order; the last answer is given again for ever.
    pub fn start(replies: &[Reply]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, config) = identity();
        std::fs::write(folder.path().join("roots.pem"), root).expect("a file");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let kept = Arc::<Kept>::default();
        let (seen, replies, config) = (kept.clone(), replies.to_vec(), Arc::new(config));
        // The threads end with the test's process; they hold nothing that others wait for.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (seen, replies, config) = (seen.clone(), replies.clone(), config.clone());
                std::thread::spawn(move || answer(&seen, &replies, config, stream));
            }
        });
        Self { address, kept, folder }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An endpoint of it, by address.
    pub fn endpoint(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// An endpoint of it, by a name that leads to it or not.
    pub fn endpoint_of(&self, name: &str, path: &str) -> String {
        format!("https://{name}:{}{path}", self.address.port())
    }

    /// The PEM file of its root.
    pub fn roots(&self) -> PathBuf {
        self.folder.path().join("roots.pem")
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.kept.connections.load(Ordering::SeqCst)
    }

    /// All that came so far.
    pub fn received(&self) -> Vec<Received> {
        self.kept.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many requests came.
    ///
    /// # Panics
    /// When they do not.
    pub fn wait(&self, count: usize) -> Vec<Received> {
        let received = self.kept.received.lock().unwrap_or_else(PoisonError::into_inner);
        let fewer = |all: &mut Vec<Received>| all.len() < count;
        let (received, _) =
            self.kept.more.wait_timeout_while(received, PATIENCE, fewer).unwrap_or_else(PoisonError::into_inner);
        assert!(received.len() >= count, "{} bells instead of {count}", received.len());
        received.clone()
    }
}

/// A root in PEM form, and the settings of a server below it.
fn identity() -> (String, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Root of a push server");
    let root_key = pair();
    let root = params.self_signed(&root_key).expect("a root");
    let names = ["127.0.0.1", "localhost", "push.example.com"].map(str::to_owned).to_vec();
    let key = pair();
    let leaf = CertificateParams::new(names).expect("parameters");
    let leaf = leaf.signed_by(&key, &Issuer::from_params(&params, &root_key)).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(leaf.der().to_vec())], der)
        .expect("key and certificate belong together");
    (root.pem(), config)
}

fn answer(kept: &Kept, replies: &[Reply], config: Arc<ServerConfig>, socket: TcpStream) {
    let mut stream = StreamOwned::new(ServerConnection::new(config).expect("a connection"), socket);
    let Some(request) = read(&mut stream) else { return };
    let number = {
        let mut received = kept.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push(request);
        kept.more.notify_all();
        received.len() - 1
    };
    let reply = replies.get(number).or(replies.last()).cloned().unwrap_or(Reply::Status(201));
    // Who hangs up early is what some tests are about.
    let _sent = write(&mut stream, &reply);
    stream.conn.send_close_notify();
    let _sent = stream.flush();
}

fn read(stream: &mut impl Read) -> Option<Received> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.trim_end().lines().map(str::to_owned);
    let line = lines.next()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|it| it.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(Received { line, headers, body })
}

fn write(stream: &mut impl Write, reply: &Reply) -> std::io::Result<()> {
    match reply {
        Reply::Status(status) => write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n"),
        Reply::With(status, header) => write!(stream, "HTTP/1.1 {status} x\r\n{header}\r\nContent-Length: 0\r\n\r\n"),
        Reply::Body(status, length) => {
            write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n\r\n")?;
            stream.write_all(&vec![b'a'; *length])
        }
        Reply::Head(length) => {
            let (begin, end) = ("HTTP/1.1 201 x\r\nX-Long: ", "\r\nContent-Length: 0\r\n\r\n");
            let padding = "a".repeat(length - begin.len() - end.len());
            stream.write_all(format!("{begin}{padding}{end}").as_bytes())
        }
        Reply::Fields(count) => {
            let more: String = (1..*count).map(|n| format!("X-{n}: a\r\n")).collect();
            stream.write_all(format!("HTTP/1.1 201 x\r\n{more}Content-Length: 0\r\n\r\n").as_bytes())
        }
        Reply::Silence => {
            stream.flush()?;
            std::thread::park();
            Ok(())
        }
        Reply::Garbage => stream.write_all(b"220 this is not what you think\r\n"),
        Reply::Cut => stream.write_all(b"HTTP/1.1 201 x\r\nContent-Length: 10\r\n\r\nabc"),
    }
}
