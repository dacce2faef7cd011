//! Reading pictures of codes: ours and those of other makes on the same corpus, in the same run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use countersign_core::qr::{Luma, Rotation, search_frame, search_still};
use countersign_corpus::bombs::bombs;
use countersign_corpus::{Picture, corpus};
use rustix::time::{ClockId, clock_gettime};

use crate::qr_rqrr::Rqrr;
use crate::report::{file_text, root};

/// The second is held against tuning: it was never looked at while the reader was made.
const SEEDS: [u64; 2] = [1, 2];
/// The peers that are not in Rust; Debian's `libzbar0` must be there.
const PYTHON: [&str; 4] = ["zxing-cpp==3.1.1", "pyzbar==0.1.9", "opencv-python-headless==5.0.0.93", "numpy"];
/// Frames in which each way of looking has its turn.
const TURNS: usize = 8;
const STILL: &str = "countersign, still";
const ZXING: &str = "zxing-cpp, all options";
const LIVE: &str = "countersign, live: within eight frames";

/// What one reader made of one picture.
pub struct Outcome {
    /// What it read.
    pub texts: Vec<String>,
    /// Milliseconds of processor.
    pub ms: f64,
}

/// A picture's class, what it says, and what each reader said.
struct Row {
    class: &'static str,
    wanted: Option<String>,
    said: BTreeMap<String, Outcome>,
}

/// Both seeds, the bombs, and whether every goal was met.
pub fn bench() -> bool {
    let python = python();
    let mut text = String::new();
    let mut is_good = true;
    // The peers in Python read one seed's pictures while the next one's are drawn.
    let drawn = SEEDS.map(|seed| drawn(seed, &python));
    for (seed, drawn) in SEEDS.into_iter().zip(drawn) {
        is_good &= render(&mut text, seed, &drawn.rows());
    }
    is_good &= render_bombs(&mut text);
    file_text("qr-read", &text);
    is_good
}

/// The interpreter of an environment with the peers.
fn python() -> PathBuf {
    let folder = root().join("target/bench/qr-venv");
    let python = folder.join("bin/python");
    let run = |command: &mut Command| assert!(command.status().expect("it starts").success(), "{command:?}");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "-q", "--only-binary=:all:"]).args(PYTHON));
    }
    python
}

fn luma(picture: &Picture) -> Luma {
    Luma::new(picture.pixels.clone(), picture.width, picture.height, picture.width, Rotation::None).expect("a picture")
}

/// Of this thread, as Python counts that of its process: other work on the machine is not in it.
pub fn processor_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn timed<T>(texts: impl FnOnce() -> Vec<T>, name: impl Fn(T) -> String) -> Outcome {
    let start = processor_ms();
    let texts = texts();
    Outcome { ms: processor_ms() - start, texts: texts.into_iter().map(name).collect() }
}

/// A seed's pictures on disk, what was read in this process, and the process that reads the rest.
struct Drawn {
    folder: PathBuf,
    rows: Vec<Row>,
    peers: Child,
}

fn drawn(seed: u64, python: &Path) -> Drawn {
    let folder = root().join(format!("target/bench/qr-{seed}"));
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    let (mut rows, mut list) = (Vec::new(), String::new());
    let mut rqrr = Rqrr::new();
    for entry in corpus(seed) {
        let name = format!("{}.pgm", rows.len());
        let file = folder.join(&name);
        std::fs::write(&file, entry.picture.pgm()).expect("a picture is written");
        let _ = writeln!(list, "{name}\t{}", entry.class);
        let mut said = ours(&entry.picture);
        said.insert("rqrr, for a second".to_owned(), rqrr.read(&file));
        rows.push(Row { class: entry.class, wanted: entry.picture.texts.first().cloned(), said });
    }
    std::fs::write(folder.join("list.tsv"), list).expect("the list is written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/qr_peers.py");
    let answers = File::create(folder.join("peers.jsonl")).expect("a file for answers");
    let peers = Command::new(python).arg(script).arg(&folder).stdout(answers).spawn().expect("python starts");
    Drawn { folder, rows, peers }
}

impl Drawn {
    fn rows(mut self) -> Vec<Row> {
        assert!(self.peers.wait().expect("python ends").success(), "the peers in Python failed");
        let answers = std::fs::read_to_string(self.folder.join("peers.jsonl")).expect("answers");
        assert_eq!(answers.lines().count(), self.rows.len(), "an answer for each picture");
        for (row, line) in self.rows.iter_mut().zip(answers.lines()) {
            let said: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).expect("a line of JSON");
            for (reader, said) in said {
                let texts = serde_json::from_value(said["texts"].clone()).expect("texts");
                row.said.insert(reader, Outcome { texts, ms: said["ms"].as_f64().unwrap_or_default() });
            }
        }
        std::fs::remove_dir_all(&self.folder).expect("the pictures go");
        self.rows
    }
}

/// What is in this process: ours, and the peers in Rust.
fn ours(picture: &Picture) -> BTreeMap<String, Outcome> {
    let frame = luma(picture);
    let mut said = BTreeMap::new();
    said.insert(STILL.to_owned(), timed(|| search_still(&frame).codes, |code| code.text));
    // The longest of the frames is what counts.
    let mut live = Outcome { texts: Vec::new(), ms: 0.0 };
    for turn in 0..TURNS {
        let one = timed(|| search_frame(&frame, turn).codes, |code| code.text);
        live = Outcome { texts: one.texts, ms: one.ms.max(live.ms) };
        if !live.texts.is_empty() {
            break;
        }
    }
    said.insert(LIVE.to_owned(), live);
    said.insert("rxing, filtered".to_owned(), timed(|| rxing(picture), |text| text));
    said
}

fn rxing(picture: &Picture) -> Vec<String> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let mut hints =
        rxing::DecodeHints { TryHarder: Some(true), AlsoInverted: Some(true), ..rxing::DecodeHints::default() };
    let format = Some(rxing::BarcodeFormat::QR_CODE);
    let found =
        rxing::helpers::detect_in_luma_filtered_with_hints(picture.pixels.clone(), width, height, format, &mut hints);
    found.map(|code| code.getText().to_owned()).into_iter().collect()
}

/// One table; whether its goals were met.
fn render(text: &mut String, seed: u64, rows: &[Row]) -> bool {
    let readers: Vec<&String> = rows[0].said.keys().collect();
    let mut classes: Vec<&str> = rows.iter().map(|row| row.class).collect();
    classes.dedup();
    let is_read = |row: &Row, reader: &str| {
        row.wanted.as_ref().is_some_and(|wanted| row.said.get(reader).is_some_and(|said| said.texts.contains(wanted)))
    };
    let count =
        |reader: &str, class: &str| rows.iter().filter(|row| row.class == class && is_read(row, reader)).count();
    let _ = writeln!(
        text,
        "\n**Seed {seed}: read of each class**\n\n| | {} |",
        joined(&readers, |reader| reader.to_string())
    );
    let _ = writeln!(text, "|---|{}", "---:|".repeat(readers.len()));
    for class in classes.iter().filter(|class| !class.starts_with("no code")) {
        let _ = writeln!(text, "| {class} | {} |", joined(&readers, |reader| count(reader, class).to_string()));
    }
    let all = |reader: &str| rows.iter().filter(|row| is_read(row, reader)).count();
    let falses = |reader: &str| {
        rows.iter()
            .filter_map(|row| Some((row, row.said.get(reader)?)))
            .filter(|(row, said)| said.texts.iter().any(|it| Some(it) != row.wanted.as_ref()))
            .count()
    };
    let times = |reader: &str, empty: bool| {
        let of = rows.iter().filter(|row| !empty || row.wanted.is_none()).filter_map(|row| row.said.get(reader));
        let mut times: Vec<f64> = of.map(|said| said.ms).collect();
        times.sort_by(f64::total_cmp);
        (times.iter().sum::<f64>() / times.len().max(1) as f64, times[times.len() * 95 / 100], times[times.len() - 1])
    };
    let wanted = rows.iter().filter(|row| row.wanted.is_some()).count();
    let _ = writeln!(text, "| **of {wanted}** | {} |", joined(&readers, |reader| format!("**{}**", all(reader))));
    let _ = writeln!(text, "| false reads | {} |", joined(&readers, |reader| falses(reader).to_string()));
    let _ = writeln!(
        text,
        "| ms of processor, mean | {} |",
        joined(&readers, |reader| format!("{:.1}", times(reader, false).0))
    );
    let _ = writeln!(text, "| ms, p95 | {} |", joined(&readers, |reader| format!("{:.1}", times(reader, false).1)));
    let _ = writeln!(text, "| ms, most | {} |", joined(&readers, |reader| format!("{:.1}", times(reader, false).2)));
    let _ = writeln!(
        text,
        "| ms without a code, p95 | {} |",
        joined(&readers, |reader| format!("{:.1}", times(reader, true).1))
    );

    let (ours, theirs, both) = on_hits(rows, is_read);
    let peers: Vec<&&String> = readers.iter().filter(|reader| !reader.starts_with("countersign")).collect();
    let best = peers.iter().map(|reader| all(reader)).max().unwrap_or_default();
    let together = rows.iter().filter(|row| peers.iter().any(|reader| is_read(row, reader))).count();
    let part = |reader: &str| all(reader) as f64 / wanted.max(1) as f64 * 100.0;
    let (zxing, zbar) = (part(ZXING), part("libzbar"));
    let goals = [
        (format!("more read than by each peer: {} to {best}", all(STILL)), all(STILL) > best),
        (format!("at least as many as by all peers together: {} to {together}", all(STILL)), all(STILL) >= together),
        ("no false read".to_owned(), falses(STILL) + falses(LIVE) == 0),
        (format!("live frames, p95 at most 15 ms: {:.1}", times(LIVE, false).1), times(LIVE, false).1 <= 15.0),
        (
            format!("live frames without a code, p95 at most 15 ms: {:.1}", times(LIVE, true).1),
            times(LIVE, true).1 <= 15.0,
        ),
        (
            format!(
                "a live frame to zxing-cpp, all options, mean of the {both} pictures that both read, at most 1: {ours:.1} ms to {theirs:.1} = {:.2}",
                ours / theirs
            ),
            ours <= theirs,
        ),
        (
            format!(
                "the corpus is not too easy: zxing-cpp {zxing:.0} % of at most 92, libzbar {zbar:.0} % of at most 78"
            ),
            zxing <= 92.0 && zbar <= 78.0,
        ),
    ];
    text.push('\n');
    for (goal, is_met) in &goals {
        let _ = writeln!(text, "- {goal}, {}", if *is_met { "met" } else { "**not met**" });
    }
    goals.iter().all(|(_, is_met)| *is_met)
}

/// Mean milliseconds of a live frame of ours and of zxing-cpp, and on how many pictures: those that both read.
fn on_hits(rows: &[Row], is_read: impl Fn(&Row, &str) -> bool) -> (f64, f64, usize) {
    let both: Vec<&Row> = rows.iter().filter(|row| is_read(row, LIVE) && is_read(row, ZXING)).collect();
    let mean = |reader: &str| both.iter().map(|row| row.said[reader].ms).sum::<f64>() / both.len().max(1) as f64;
    (mean(LIVE), mean(ZXING), both.len())
}

fn render_bombs(text: &mut String) -> bool {
    let _ = write!(
        text,
        "\n**Pictures made to keep a reader busy**, ms of processor, goal at most 250, and for a frame 15\n\n\
         | | still | million units of work | longest frame |\n|---|---:|---:|---:|\n"
    );
    let mut is_good = true;
    for bomb in bombs() {
        let picture = luma(&bomb.picture);
        let start = processor_ms();
        let searched = search_still(&picture);
        let ms = processor_ms() - start;
        let frame = |turn| timed(|| search_frame(&picture, turn).codes, |code| code.text).ms;
        let frame = (0..TURNS).map(frame).fold(0.0, f64::max);
        is_good &= ms <= 250.0 && searched.codes.is_empty();
        let _ = writeln!(text, "| {} | {ms:.0} | {:.0} | {frame:.1} |", bomb.name, searched.work as f64 / 1e6);
    }
    is_good
}

fn joined(readers: &[&String], cell: impl Fn(&str) -> String) -> String {
    readers.iter().map(|reader| cell(reader)).collect::<Vec<_>>().join(" | ")
}
