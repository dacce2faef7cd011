//! Writes what was measured: on the screen, as JSON, and into the tables of `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rounds::Figure;

/// One table.
pub struct Table {
    /// Above it.
    pub title: String,
    /// What a figure counts: «ns a code».
    pub unit: &'static str,
    /// Its rows; ours first.
    pub rows: Vec<Figure>,
    /// Each goal in words, the figure reached, and the bound it must not pass.
    pub goals: Vec<Goal>,
}

/// What was wanted, and what came out.
#[derive(serde::Serialize)]
pub struct Goal {
    /// In words.
    pub wanted: String,
    /// What was reached.
    pub reached: f64,
    /// Whether that is good enough.
    pub met: bool,
}

impl Goal {
    /// `reached` must be `least` at least.
    pub fn least(wanted: impl Into<String>, reached: f64, least: f64) -> Self {
        Self { wanted: wanted.into(), reached, met: reached >= least }
    }

    /// `reached` may be `most` at most.
    pub fn most(wanted: impl Into<String>, reached: f64, most: f64) -> Self {
        Self { wanted: wanted.into(), reached, met: reached <= most }
    }
}

/// Prints and files the tables of the bench `name`.
pub fn file(name: &str, tables: &[Table]) {
    let text = render(tables);
    println!("{text}");
    let rows: Vec<_> = tables
        .iter()
        .map(|it| serde_json::json!({"title": it.title, "unit": it.unit, "rows": it.rows, "goals": it.goals}))
        .collect();
    let folder = root().join("target/bench");
    std::fs::create_dir_all(&folder).expect("the folder for figures");
    let body = serde_json::json!({"bench": name, "machine": machine(), "tables": rows});
    std::fs::write(folder.join(format!("{name}.json")), format!("{body:#}\n")).expect("the figures are written");
    refresh(name, &text);
}

/// Prints and files a bench whose table has a form of its own.
pub fn file_text(name: &str, text: &str) {
    let text = format!("{}\n{text}", machine());
    println!("{text}");
    refresh(name, &text);
}

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("benches lies in the repository").to_owned()
}

fn render(tables: &[Table]) -> String {
    let mut text = format!("{}\n", machine());
    for table in tables {
        let _ = write!(
            text,
            "\n**{}**, {}\n\n| | median | least | to ours |\n|---|---:|---:|---:|\n",
            table.title, table.unit
        );
        for row in &table.rows {
            let _ =
                writeln!(text, "| {} | {} | {} | {:.2} |", row.name, number(row.median), number(row.least), row.ratio);
        }
        for goal in &table.goals {
            let word = if goal.met { "met" } else { "**not met**" };
            let _ = write!(text, "\n- {}: {:.2}, {word}", goal.wanted, goal.reached);
        }
        text.push('\n');
    }
    text
}

/// Few digits; groups of three where they are many.
fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    let whole = format!("{value:.0}");
    let groups: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().map(|it| std::str::from_utf8(it).unwrap_or_default()).collect();
    groups.join(",")
}

/// Day, compiler, load: what a figure is worth without a ratio.
fn machine() -> String {
    let said = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).output().ok().filter(|it| it.status.success());
        output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned()).unwrap_or_default()
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        model.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown processor").to_owned();
    format!(
        "{}, {}, {cores} cores of {model}, load {load} at the end",
        said("date", &["-u", "+%F"]),
        said("rustc", &["-V"])
    )
}

/// Puts the text between the marks of its bench.
fn refresh(name: &str, text: &str) {
    let place = root().join("docs/benchmarks.md");
    let page = std::fs::read_to_string(&place).expect("docs/benchmarks.md");
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
    let (Some(from), Some(to)) = (page.find(&start), page.find(&end)) else {
        panic!("docs/benchmarks.md has no place for {name}");
    };
    let page = format!("{}{start}\n{text}\n{}", &page[..from], &page[to..]);
    std::fs::write(&place, page).expect("docs/benchmarks.md is written");
}
