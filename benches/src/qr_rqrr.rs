//! rqrr in a process of its own: it has no bound, and some pictures keep it busy for minutes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::qr_read::{Outcome, processor_ms};

/// After this it is taken to have found nothing, and is begun anew.
const PATIENCE: Duration = Duration::from_secs(1);

/// A process that reads one picture after the other.
pub struct Rqrr {
    child: Child,
    to: ChildStdin,
    from: Receiver<String>,
}

impl Rqrr {
    /// Starts one.
    pub fn new() -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        let mut child = command.arg("rqrr").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let (to, lines) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (tell, from) = channel();
        // Ends with the process.
        thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, to, from }
    }

    /// What it reads in this file.
    pub fn read(&mut self, file: &Path) -> Outcome {
        writeln!(self.to, "{}", file.display()).expect("it listens");
        let Ok(line) = self.from.recv_timeout(PATIENCE) else {
            let _ = self.child.kill();
            let _ = self.child.wait();
            *self = Self::new();
            return Outcome { texts: Vec::new(), ms: PATIENCE.as_secs_f64() * 1e3 };
        };
        let (texts, ms) = serde_json::from_str(&line).expect("texts and a time");
        Outcome { texts, ms }
    }
}

impl Drop for Rqrr {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Its side: a line with a file in, a line with texts and milliseconds out.
pub fn serve() {
    for file in std::io::stdin().lines().map_while(Result::ok) {
        let bytes = std::fs::read(file).expect("a picture");
        let mut parts = bytes.splitn(4, |byte| *byte == b'\n').skip(1);
        let sides = String::from_utf8_lossy(parts.next().expect("sides")).into_owned();
        let (width, height) = sides.split_once(' ').expect("two sides");
        let (width, height): (usize, usize) = (width.parse().expect("a width"), height.parse().expect("a height"));
        let pixels = parts.nth(1).expect("pixels");
        let start = processor_ms();
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
        let texts: Vec<String> =
            prepared.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect();
        println!("{}", serde_json::json!([texts, processor_ms() - start]));
    }
}
