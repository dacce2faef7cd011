//! A disk that remembers what was made to last, and says what may be left of it after a crash.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_protocol::jose::H32;

use super::trace::Op;

/// What is left on a disk: names and bytes.
pub type Left = BTreeMap<String, Vec<u8>>;

/// One folder on a disk that keeps only what was synced, as the strictest file systems do.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: Vec<File>,
    /// Names as programs see them.
    names: BTreeMap<String, usize>,
    /// Names that last.
    lasting: BTreeMap<String, usize>,
    /// What happened to names since: each may or may not last.
    pending: Vec<NameOp>,
}

#[derive(Debug, Clone, Default)]
struct File {
    now: Vec<u8>,
    lasting: Vec<u8>,
    pending: Vec<DataOp>,
}

#[derive(Debug, Clone)]
enum NameOp {
    Link(String, usize),
    Unlink(String),
    Rename(String, String, usize),
}

#[derive(Debug, Clone)]
enum DataOp {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

/// Which wrong disk or program is played, to see that the suite notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saboteur {
    /// None: all as it was recorded.
    None,
    /// The write-ahead log is never synced.
    NoLogSync,
    /// Nothing is ever synced.
    NoSync,
}

impl Disk {
    /// Does what was recorded.
    pub fn apply(&mut self, op: &Op, saboteur: Saboteur) {
        match op {
            Op::Create(name) => {
                if !self.names.contains_key(name) {
                    self.files.push(File::default());
                    let file = self.files.len() - 1;
                    self.names.insert(name.clone(), file);
                    self.pending.push(NameOp::Link(name.clone(), file));
                }
            }
            Op::Write(name, at, bytes) => self.data(name, DataOp::Write(*at, bytes.clone())),
            Op::Truncate(name, len) => self.data(name, DataOp::Truncate(*len)),
            Op::Sync(name) if saboteur == Saboteur::NoLogSync && name.ends_with("-wal") => {}
            Op::Sync(_) | Op::SyncFolder if saboteur == Saboteur::NoSync => {}
            Op::Sync(name) => self.sync(name),
            Op::SyncFolder => {
                self.lasting = self.names.clone();
                self.pending.clear();
            }
            Op::Rename(from, to) => {
                let Some(file) = self.names.remove(from) else { return };
                self.names.insert(to.clone(), file);
                self.pending.push(NameOp::Rename(from.clone(), to.clone(), file));
            }
            Op::Unlink(name) => {
                if self.names.remove(name).is_some() {
                    self.pending.push(NameOp::Unlink(name.clone()));
                }
            }
        }
    }

    fn data(&mut self, name: &str, op: DataOp) {
        let Some(file) = self.names.get(name).map(|file| &mut self.files[*file]) else { return };
        op.apply(&mut file.now, None);
        file.pending.push(op);
    }

    /// A file's bytes last; its name too, where it is a new file's first.
    fn sync(&mut self, name: &str) {
        let Some(&file) = self.names.get(name) else { return };
        let inode = &mut self.files[file];
        inode.lasting = inode.now.clone();
        inode.pending.clear();
        let new = |op: &NameOp| matches!(op, NameOp::Link(linked, of) if linked == name && *of == file);
        if let Some(place) = self.pending.iter().position(new) {
            self.pending.remove(place).apply(&mut self.lasting);
        }
    }

    /// After a kill: all that was done.
    pub fn kill(&self) -> Left {
        self.names.iter().map(|(name, file)| (name.clone(), self.files[*file].now.clone())).collect()
    }

    /// After a power cut that took all that was not synced.
    pub fn drop_unsynced(&self) -> Left {
        self.lasting.iter().map(|(name, file)| (name.clone(), self.files[*file].lasting.clone())).collect()
    }

    /// What a crash now could leave: after a kill, after a power cut that took all that was not synced, and after
    /// `subsets` that took some of it.
    pub fn crashes(&self, subsets: usize, dice: &mut Dice) -> Vec<Left> {
        let mut left = vec![self.kill(), self.drop_unsynced()];
        left.extend((0..subsets).map(|_| self.subset(|most| dice.draw(most))));
        left
    }

    /// After a power cut that took some of what was not synced: any writes of a file, the last torn at a sector, and
    /// names from some point on.
    pub fn subset(&self, mut draw: impl FnMut(usize) -> usize) -> Left {
        let mut names = self.lasting.clone();
        let kept = draw(self.pending.len() + 1);
        self.pending[..kept].iter().for_each(|op| op.apply(&mut names));
        let mut left = Left::new();
        for (name, file) in names {
            let file = &self.files[file];
            let mut bytes = file.lasting.clone();
            let kept: Vec<&DataOp> = file.pending.iter().filter(|_| draw(2) == 0).collect();
            for (place, op) in kept.iter().enumerate() {
                let torn = (place + 1 == kept.len()).then(|| draw(9) * 512);
                op.apply(&mut bytes, torn);
            }
            left.insert(name, bytes);
        }
        left
    }
}

impl NameOp {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, file) => drop(names.insert(name.clone(), *file)),
            Self::Unlink(name) => drop(names.remove(name)),
            Self::Rename(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }
}

impl DataOp {
    /// Does it to `bytes`, a write up to `torn` of its bytes.
    fn apply(&self, bytes: &mut Vec<u8>, torn: Option<usize>) {
        match self {
            Self::Write(at, new) => {
                let new = &new[..torn.unwrap_or(new.len()).min(new.len())];
                if bytes.len() < at + new.len() && !new.is_empty() {
                    bytes.resize(at + new.len(), 0);
                }
                if !new.is_empty() {
                    bytes[*at..at + new.len()].copy_from_slice(new);
                }
            }
            Self::Truncate(len) => bytes.resize(*len, 0),
        }
    }
}

/// Draws the same in each run.
pub struct Dice(u64);

impl Dice {
    /// Dice that begin with this number, which is not 0.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `most`.
    pub fn draw(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }
}

/// What tells one state from another.
pub fn hash(left: &Left) -> H32 {
    let parts: Vec<Vec<u8>> = left
        .iter()
        .map(|(name, bytes)| [name.as_bytes(), &[0], &(bytes.len() as u64).to_be_bytes(), bytes].concat())
        .collect();
    H32::sha256(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// Puts what is left into an empty folder.
pub fn write(left: &Left, folder: &Path) {
    for (name, bytes) in left {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

#[test]
fn a_disk_keeps_what_was_synced_and_nothing_else() {
    let mut disk = Disk::default();
    let name = || "f".to_owned();
    let mut apply = |op: Op| disk.apply(&op, Saboteur::None);
    apply(Op::Create(name()));
    apply(Op::Write(name(), 0, vec![1; 4]));
    apply(Op::Sync(name()));
    apply(Op::Write(name(), 2, vec![2; 4]));
    apply(Op::Rename(name(), "g".into()));
    assert_eq!(disk.kill(), Left::from([("g".into(), vec![1, 1, 2, 2, 2, 2])]));
    assert_eq!(disk.drop_unsynced(), Left::from([(name(), vec![1; 4])]));
    let all = disk.subset(|most| if most == 9 { 8 } else { (most - 1) * usize::from(most != 2) });
    assert_eq!(all, Left::from([(name(), vec![1, 1, 2, 2, 2, 2])]), "the name is lost, the write is not");
    disk.apply(&Op::SyncFolder, Saboteur::None);
    assert_eq!(disk.drop_unsynced(), Left::from([("g".into(), vec![1; 4])]));
}
