//! A wire that harms packets: two network namespaces, joined by a program that loses, doubles, delays and reorders what
//! passes, and cuts connections (`tests/wire/wire.py`). It needs root and `/dev/net/tun`.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_tests::program::Program;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

/// Where the gateway listens, as only the phone's end sees it.
pub const GATEWAY: &str = "10.77.0.1:8443";

/// How many of a thousand packets are harmed, in each way.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    pub lost: u32,
    pub doubled: u32,
    pub late: u32,
    pub cut: u32,
}

/// The wire. Dropping it removes the namespaces.
pub struct Packets {
    program: Program,
    phone: File,
    gateway: File,
}

impl Packets {
    /// A wire of this seed.
    ///
    /// # Errors
    /// Why this machine cannot have one.
    pub fn start(seed: u64, rates: Rates) -> Result<Self, String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if std::fs::metadata("/proc/self").map_err(|fault| fault.to_string())?.uid() != 0 {
            return Err("only root makes network namespaces".to_owned());
        }
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let found = |program: &str| path.split(':').any(|folder| Path::new(folder).join(program).is_file());
        for needed in ["ip", "python3"] {
            if !found(needed) {
                return Err(format!("there is no {needed}"));
            }
        }
        let name = format!("cs{}n{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/wire.py"));
        let Rates { lost, doubled, late, cut } = rates;
        command.arg(&name).arg(seed.to_string()).args([lost, doubled, late, cut].map(|rate| rate.to_string()));
        let program = Program::start(command.env_clear().env("PATH", path));
        let said = program.stdout.line_with("");
        if said != "ready" {
            return Err(said);
        }
        let open = |end: &str| File::open(format!("/run/netns/{name}{end}")).map_err(|fault| fault.to_string());
        Ok(Self { phone: open("p")?, gateway: open("g")?, program })
    }

    /// Does something on a thread at the phone's end. Threads that it starts are there too.
    pub fn at_phone<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        inside(&self.phone, act)
    }

    /// The same at the gateway's end.
    pub fn at_gateway<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        inside(&self.gateway, act)
    }

    /// Takes the wire down; what it did to how many packets.
    pub fn end(mut self) -> Value {
        assert!(self.program.wait().success(), "{}", self.program.stderr.text());
        serde_json::from_str(&self.program.stdout.line_with("packets")).unwrap()
    }
}

impl Drop for Packets {
    fn drop(&mut self) {
        // Its end of input is its sign to tidy up; a kill would leave the namespaces.
        self.program.close_stdin();
        self.program.stdout.wait_end(countersign_tests::program::PATIENCE);
    }
}

fn inside<T: Send>(namespace: &File, act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let there = scope.spawn(|| {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            act()
        });
        there.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
