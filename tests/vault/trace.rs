//! Reads what `strace -f -xx` wrote down, as operations on the files of one folder.

use std::collections::HashMap;
use std::path::Path;

use super::story;

/// One thing that was done to the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A name came to be, for a new empty file.
    Create(String),
    /// Bytes were written at an offset.
    Write(String, usize, Vec<u8>),
    /// A file was cut or stretched.
    Truncate(String, usize),
    /// A file's bytes, and its name where it is new, were made to last.
    Sync(String),
    /// All names were made to last.
    SyncFolder,
    /// A name went over to another.
    Rename(String, String),
    /// A name went away.
    Unlink(String),
}

/// Has the writer `name` take its `steps` in `folder` under `strace`, and says what it did to its files.
pub fn record(name: &str, folder: &Path, steps: u64) -> Vec<Op> {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("log");
    let traced =
        "trace=openat,close,lseek,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat";
    let options = ["-xx", "-s", "8388608", "-e", traced, "-e", "signal=none"].map(str::to_owned);
    let mut command = story::strace(&options, &log, name, folder);
    let output = command.env("COUNTERSIGN_TEST_STEPS", steps.to_string()).output();
    let output = output.expect("strace is there; `cargo xtask setup` installs it");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
    let log = std::fs::read_to_string(log).unwrap();
    parse(&log, folder.to_str().unwrap())
}

/// The operations on files in `folder`, in order. Files that end in `-shm` or `.lock` hold nothing that must last.
pub fn parse(log: &str, folder: &str) -> Vec<Op> {
    let mut reader = Reader { folder: folder.to_owned(), files: HashMap::new(), ops: vec![] };
    let mut begun: HashMap<&str, String> = HashMap::new();
    for line in log.lines() {
        let (process, call) = line.split_once(' ').unwrap_or(("", line));
        let call = call.trim_start();
        if let Some(first) = call.strip_suffix("<unfinished ...>") {
            begun.insert(process, first.to_owned());
        } else if let Some((_, second)) = call.strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>")) {
            let first = begun.remove(process).unwrap_or_default();
            reader.take(&(first + second));
        } else {
            reader.take(call);
        }
    }
    reader.ops
}

struct Open {
    name: String,
    at: usize,
}

struct Reader {
    folder: String,
    files: HashMap<i64, Open>,
    ops: Vec<Op>,
}

impl Reader {
    fn take(&mut self, call: &str) {
        let Some((name, rest)) = call.split_once('(') else { return };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { return };
        let result = result.split_whitespace().next().and_then(|number| number.parse::<i64>().ok());
        let Some(result) = result.filter(|result| *result >= 0) else { return };
        let arguments = arguments.trim_end().strip_suffix(')').unwrap_or(arguments);
        self.apply(name, &split(arguments), result);
    }

    fn apply(&mut self, call: &str, arguments: &[&str], result: i64) {
        let text = |n: usize| arguments.get(n).map(|text| unescape(text)).unwrap_or_default();
        let path = |n: usize| String::from_utf8_lossy(&text(n)).into_owned();
        let number = |n: usize| arguments.get(n).and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1);
        match call {
            "openat" => self.open(&path(1), arguments.get(2).copied().unwrap_or_default(), result),
            "close" => drop(self.files.remove(&number(0))),
            "lseek" => self.files.get_mut(&number(0)).into_iter().for_each(|file| file.at = result as usize),
            "write" => {
                let Some(file) = self.files.get_mut(&number(0)) else { return };
                let at = file.at;
                file.at += result as usize;
                let name = file.name.clone();
                self.wrote(name, at, &text(1), result);
            }
            "pwrite64" => {
                let Some(file) = self.files.get(&number(0)) else { return };
                let (name, at) = (file.name.clone(), number(3) as usize);
                self.wrote(name, at, &text(1), result);
            }
            "ftruncate" => {
                let Some(file) = self.files.get(&number(0)) else { return };
                let name = file.name.clone();
                self.push(&name.clone(), Op::Truncate(name, number(1) as usize));
            }
            "fsync" | "fdatasync" => {
                let Some(file) = self.files.get(&number(0)) else { return };
                let name = file.name.clone();
                let op = if name.is_empty() { Op::SyncFolder } else { Op::Sync(name.clone()) };
                self.push(&name, op);
            }
            "rename" => self.rename(&path(0), &path(1)),
            "renameat" | "renameat2" => self.rename(&path(1), &path(3)),
            "unlink" => self.unlink(&path(0)),
            "unlinkat" => self.unlink(&path(1)),
            _ => {}
        }
    }

    /// The name within the folder; empty for the folder itself.
    fn within(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(&self.folder)?;
        if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('/').map(str::to_owned) }
    }

    fn open(&mut self, path: &str, flags: &str, result: i64) {
        let Some(name) = self.within(path) else { return };
        if flags.contains("O_CREAT") && !name.is_empty() {
            self.push(&name, Op::Create(name.clone()));
        }
        if flags.contains("O_TRUNC") {
            self.push(&name, Op::Truncate(name.clone(), 0));
        }
        self.files.insert(result, Open { name, at: 0 });
    }

    fn wrote(&mut self, name: String, at: usize, bytes: &[u8], result: i64) {
        let bytes = bytes[..result as usize].to_vec();
        self.push(&name.clone(), Op::Write(name, at, bytes));
    }

    fn rename(&mut self, from: &str, to: &str) {
        let (Some(from), Some(to)) = (self.within(from), self.within(to)) else { return };
        for file in self.files.values_mut().filter(|file| file.name == from) {
            file.name.clone_from(&to);
        }
        self.ops.push(Op::Rename(from, to));
    }

    fn unlink(&mut self, path: &str) {
        if let Some(name) = self.within(path) {
            self.push(&name, Op::Unlink(name.clone()));
        }
    }

    fn push(&mut self, name: &str, op: Op) {
        if !name.ends_with("-shm") && !name.ends_with(".lock") {
            self.ops.push(op);
        }
    }
}

/// Splits arguments at commas outside of texts.
fn split(arguments: &str) -> Vec<&str> {
    let mut within = false;
    let at_comma = |c: char| {
        within ^= c == '"';
        c == ',' && !within
    };
    arguments.split(at_comma).map(str::trim).collect()
}

/// The bytes of a text in which each is written `\x00`.
fn unescape(text: &str) -> Vec<u8> {
    let digits = text.trim_matches('"').split("\\x").filter(|part| !part.is_empty());
    digits.map(|hex| u8::from_str_radix(hex, 16).expect("strace -xx writes hexadecimal, whole")).collect()
}

#[test]
fn a_log_is_read_as_operations() {
    let log = r#"71 openat(AT_FDCWD, "\x2f\x74\x2f\x61", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3
71 openat(AT_FDCWD, "\x2f\x65\x74\x63", O_RDONLY) = 4
71 pwrite64(3, "\x01\x2c\x22", 3, 8) = 3
72 pwrite64(4, "\x01", 1, 0) = 1
71 lseek(3, 2, SEEK_SET) = 2
71 write(3, "\x05\x06", 2 <unfinished ...>
72 fsync(9) = 0
71 <... write resumed>) = 2
71 fdatasync(3) = 0
71 pwrite64(3, "\x01", 1, 0) = -1 ENOSPC (No space left on device) (INJECTED)
71 rename("\x2f\x74\x2f\x61", "\x2f\x74\x2f\x62") = 0
71 ftruncate(3, 1) = 0
71 openat(AT_FDCWD, "\x2f\x74", O_RDONLY|O_CLOEXEC) = 5
71 fsync(5) = 0
71 unlink("\x2f\x74\x2f\x62") = 0
"#;
    let (a, b) = (|| "a".to_owned(), || "b".to_owned());
    let expected = [
        Op::Create(a()),
        Op::Write(a(), 8, vec![1, 44, 34]),
        Op::Write(a(), 2, vec![5, 6]),
        Op::Sync(a()),
        Op::Rename(a(), b()),
        Op::Truncate(b(), 1),
        Op::SyncFolder,
        Op::Unlink(b()),
    ];
    assert_eq!(parse(log, "/t"), expected);
}
