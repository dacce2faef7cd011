//! What is done about a damaged file: it is copied aside, searched for whole pieces, and built anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::frame::{self, Place, Tag};
use super::header::Header;
use super::icon;
use super::key::Keys;
use super::raw::{Raw, beside, disk, wal_of};
use super::reserve::Cell;
use super::store::{Change, Store};
use super::summary::{Summary, Verdict};
use crate::error::{Error, PortError};
use crate::limits;
use countersign_protocol::jose::H32;

/// Keeps others from building the file anew while it is open here, and the reverse.
pub(super) struct FileLock(File);

impl FileLock {
    /// Many may hold it.
    ///
    /// # Errors
    /// [`PortError::Busy`] while another process builds the file anew.
    pub fn shared(path: &Path) -> Result<Self, Error> {
        let mut options = fs::OpenOptions::new();
        let file =
            private(options.create(true).truncate(false).write(true)).open(beside(path, ".lock")).map_err(disk)?;
        file.try_lock_shared().map_err(busy)?;
        Ok(Self(file))
    }

    /// Runs `work` while nobody else has the file open.
    ///
    /// # Errors
    /// [`PortError::Busy`] while another process has it open; what `work` gives.
    pub fn alone<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.0.unlock().map_err(disk)?;
        let alone = self.0.try_lock().map_err(busy);
        let result = alone.and_then(|()| work());
        self.0.unlock().map_err(disk)?;
        self.0.try_lock_shared().map_err(busy)?;
        result
    }
}

fn busy(error: TryLockError) -> Error {
    match error {
        TryLockError::WouldBlock => PortError::Busy.into(),
        TryLockError::Error(error) => disk(error),
    }
}

/// New files are for their owner alone.
pub(super) fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the names in the folder of `path` last.
pub(super) fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(disk(error)),
        _ => Ok(()),
    }
}

/// Copies file and write-ahead log aside, once for each `print`: the damage it is known by. Returns
/// where to.
///
/// # Errors
/// [`PortError`] of the disk; then nothing may be mended.
pub(super) fn keep_copy(path: &Path, print: &H32) -> Result<PathBuf, Error> {
    let mark: String = print.as_bytes()[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = beside(path, &format!(".damaged-{mark}"));
    if !kept.exists() {
        copy(&wal_of(path), &wal_of(&kept))?;
        copy(path, &kept)?;
        sync_folder(path)?;
    }
    Ok(kept)
}

/// Copies file and write-ahead log aside before they are brought to a later format.
///
/// # Errors
/// [`PortError`] of the disk; then the format stays.
pub(super) fn keep_older(path: &Path, format: u32) -> Result<(), Error> {
    let kept = beside(path, &format!(".format-{format}"));
    remove(&wal_of(&kept))?;
    copy(&wal_of(path), &wal_of(&kept))?;
    copy(path, &kept)?;
    sync_folder(path)
}

/// Removes what [`keep_older`] kept: a month after, or at once when what opens the vault changes, since the copy is
/// opened by what opened it then.
pub(super) fn drop_older(path: &Path, now: Option<u64>) -> Result<(), Error> {
    let kept = beside(path, ".format-1");
    let Ok(written) = fs::metadata(&kept).and_then(|kept| kept.modified()) else { return Ok(()) };
    let at = written.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if now.is_some_and(|now| now < at.saturating_add(limits::BIN_KEPT)) {
        return Ok(());
    }
    remove(&wal_of(&kept))?;
    remove(&kept)
}

/// Copies under a passing name first: what has the name is whole. A file that is not there is none.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let bytes = match fs::read(from) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(disk(error)),
    };
    let passing = beside(to, ".part");
    let mut options = fs::OpenOptions::new();
    let mut file = private(options.create(true).truncate(true).write(true)).open(&passing).map_err(disk)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(disk)?;
    fs::rename(&passing, to).map_err(disk)
}

/// A whole new file that waits to take the place of the damaged one.
fn rebuilt(path: &Path) -> PathBuf {
    beside(path, ".rebuilt")
}

/// Ends what [`rebuild`] began, where it was interrupted after the new file was whole: the old log goes
/// first, since SQLite would take it for the new file's.
pub(super) fn finish_rebuild(path: &Path) -> Result<(), Error> {
    let rebuilt = rebuilt(path);
    if !rebuilt.exists() {
        return Ok(());
    }
    remove(&wal_of(path))?;
    remove(&beside(path, "-shm"))?;
    sync_folder(path)?;
    fs::rename(&rebuilt, path).map_err(disk)?;
    sync_folder(path)
}

/// Builds the file anew from every piece of it that still opens. Pieces that do not are kept as they
/// are, where it can be told whose they were. The caller has copied the file aside.
///
/// # Errors
/// [`PortError`] of the disk; then the damaged file is as it was.
pub(super) fn rebuild(path: &Path, raw: &Raw, keys: &Keys, header: &Header, cells: &[Cell]) -> Result<(), Error> {
    let building = beside(path, ".building");
    remove_whole(&building)?;
    let pieces = Pieces::collect(raw, keys);
    fill(&building, &pieces, keys, header, cells)?;
    put_in_place(path, &building)?;
    finish_rebuild(path)
}

/// From here on `new`, whole and closed, is the vault at `path`: [`finish_rebuild`] ends it, now or at the next start.
///
/// # Errors
/// [`PortError`] of the disk; then the vault is what it was.
pub(super) fn put_in_place(path: &Path, new: &Path) -> Result<(), Error> {
    File::open(new).and_then(|file| file.sync_all()).map_err(disk)?;
    fs::rename(new, rebuilt(path)).map_err(disk)?;
    sync_folder(path)
}

/// Removes a file of SQLite with all that goes with it.
pub(super) fn remove_whole(path: &Path) -> Result<(), Error> {
    ["", "-wal", "-shm"].iter().try_for_each(|suffix| remove(&beside(path, suffix)))
}

/// Makes a new vault file at `path` and lets `write` fill it in one transaction; closed, it is one file
/// without a log.
pub(super) fn make_file(path: &Path, write: impl FnOnce(&Change<'_>) -> Result<(), Fault>) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    private(options.create_new(true).write(true)).open(path).map_err(disk)?;
    let mut store = Store::create(path)?;
    let change = store.begin()?;
    write(&change)?;
    change.commit()?;
    store.checkpoint()?;
    Ok(store.close()?)
}

fn fill(path: &Path, pieces: &Pieces, keys: &Keys, header: &Header, cells: &[Cell]) -> Result<(), Error> {
    make_file(path, |change| {
        change.put_header(&header.write(keys))?;
        change.put_cells(cells)?;
        if let Some((_, frame)) = &pieces.summary {
            change.put_summary(frame)?;
        }
        for (id, row) in &pieces.rows {
            change.put_account(*id, &row.seed, &row.label)?;
        }
        for ((place, id), (_, frame)) in &pieces.singles {
            change.put(*place, *id, frame)?;
        }
        let parts = |place, parts: &BTreeMap<u64, Vec<u8>>| {
            parts.iter().try_for_each(|(id, frame)| change.put(place, *id, frame))
        };
        parts(Place::Note, &pieces.notes)?;
        parts(Place::Picture, &pieces.pictures)
    })
}

/// What was found in a damaged file.
#[derive(Default)]
struct Pieces {
    summary: Option<(Summary, Vec<u8>)>,
    rows: BTreeMap<u64, Columns>,
    /// Groups, icons and what else is kept: the latest version that opens.
    singles: BTreeMap<(Place, u64), (u64, Vec<u8>)>,
    notes: BTreeMap<u64, Vec<u8>>,
    pictures: BTreeMap<u64, Vec<u8>>,
}

/// The sealed columns of one account, empty where nothing was found.
#[derive(Default)]
struct Columns {
    version: Option<u64>,
    seed: Vec<u8>,
    label: Vec<u8>,
}

impl Pieces {
    fn collect(raw: &Raw, keys: &Keys) -> Self {
        let mut whole: BTreeMap<Tag, Vec<u8>> = BTreeMap::new();
        let mut broken: BTreeMap<Tag, Vec<u8>> = BTreeMap::new();
        for frame in raw.parts().flat_map(frame::find_all) {
            if frame.tag.place == Place::Reserve || whole.contains_key(&frame.tag) {
                continue;
            }
            let sort = if keys.open_frame(&frame).is_some() { &mut whole } else { &mut broken };
            sort.insert(frame.tag, frame.whole.to_vec());
        }
        let mut pieces = Self { summary: latest_summary(&whole, keys), ..Self::default() };
        let ids: BTreeSet<u64> = whole.keys().filter(|tag| is_account(tag.place)).map(|tag| tag.row).collect();
        for id in ids {
            pieces.rows.insert(id, columns(&whole, &broken, id));
        }
        pieces.keep_unread(&broken);
        let singles = whole.iter().filter(|(tag, _)| matches!(tag.place, Place::Group | Place::Icon | Place::Kept));
        // In order of their versions: the latest stays.
        pieces.singles = singles.map(|(tag, frame)| ((tag.place, tag.row), (tag.version, frame.clone()))).collect();
        pieces.drop_deleted(keys);
        for (tag, frame) in whole {
            match tag.place {
                Place::Note if pieces.rows.get(&(tag.row >> 4)).is_some_and(|row| row.version == Some(tag.version)) => {
                    pieces.notes.insert(tag.row, frame);
                }
                Place::Picture if pieces.singles.contains_key(&(Place::Icon, icon::of_part(tag.row))) => {
                    pieces.pictures.insert(tag.row, frame);
                }
                _ => {}
            }
        }
        pieces
    }

    /// Rows of which no piece opens: kept as they are where the name they bear is one the vault gave.
    fn keep_unread(&mut self, broken: &BTreeMap<Tag, Vec<u8>>) {
        let Some((summary, _)) = self.summary else { return };
        for (tag, frame) in broken.iter().filter(|(tag, _)| is_account(tag.place)) {
            let missing = self.rows.len() as u64 <= summary.accounts.count && (1..summary.next_id).contains(&tag.row);
            let known = self.rows.get(&tag.row).is_some_and(|row| row.version.is_some());
            if known || !missing {
                continue;
            }
            let row = self.rows.entry(tag.row).or_default();
            *if tag.place == Place::Seed { &mut row.seed } else { &mut row.label } = frame.clone();
        }
    }

    /// Pieces of what was deleted may stand in the log still: the summary tells which one is over.
    fn drop_deleted(&mut self, keys: &Keys) {
        let Some((summary, _)) = self.summary else { return };
        let versions = |rows: &BTreeMap<u64, Columns>| rows.iter().map(|(id, row)| (*id, row.version)).collect();
        while let Verdict::Surplus(id) = summary.accounts.compare(keys, &versions(&self.rows), summary.next_id) {
            self.rows.remove(&id);
        }
        for (place, part) in [(Place::Group, summary.groups), (Place::Icon, summary.icons), (Place::Kept, summary.kept)]
        {
            let of = |singles: &BTreeMap<(Place, u64), (u64, Vec<u8>)>| {
                let rows = singles.iter().filter(|((at, _), _)| *at == place);
                rows.map(|((_, id), (version, _))| (*id, Some(*version))).collect()
            };
            while let Verdict::Surplus(id) = part.compare(keys, &of(&self.singles), summary.next_id) {
                self.singles.remove(&(place, id));
            }
        }
    }
}

fn is_account(place: Place) -> bool {
    matches!(place, Place::Seed | Place::Label)
}

fn latest_summary(whole: &BTreeMap<Tag, Vec<u8>>, keys: &Keys) -> Option<(Summary, Vec<u8>)> {
    let (tag, bytes) = whole.iter().rfind(|(tag, _)| tag.place == Place::Summary && tag.row == 1)?;
    let (_, plain) = keys.open(Place::Summary, 1, bytes)?;
    Some((Summary::read(tag.version, plain.expose())?, bytes.clone()))
}

/// The latest version of which both columns open; else the latest of which one does, with the other
/// column as it is.
fn columns(whole: &BTreeMap<Tag, Vec<u8>>, broken: &BTreeMap<Tag, Vec<u8>>, id: u64) -> Columns {
    let at = |place, version| Tag { place, row: id, version };
    let of = |place| {
        let range = whole.range(at(place, 0)..=at(place, u64::MAX));
        range.map(|(tag, _)| tag.version).collect::<BTreeSet<_>>()
    };
    let (seeds, labels) = (of(Place::Seed), of(Place::Label));
    let both = seeds.intersection(&labels).max();
    let version = both.or(seeds.union(&labels).max()).copied().unwrap_or_default();
    let piece = |place| {
        let tag = at(place, version);
        whole.get(&tag).or_else(|| broken.get(&tag)).cloned().unwrap_or_default()
    };
    Columns { version: Some(version), seed: piece(Place::Seed), label: piece(Place::Label) }
}
