//! `countersign-story`: plays the demo's story against a gateway that runs. What it needs comes on standard input, since a
//! password must not stand among arguments: `{"url", "name", "password", "voucher", "home"}`, and `"served"` for the last act.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a step that fails ends the story, with its reason")]
#![expect(clippy::print_stdout, reason = "the story is told on standard output")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use countersign_strings::{fill, text};
use countersign_tests::browser::{Browser, Look};
use countersign_tests::other_make::{self, Served};
use countersign_tests::plain::Plain;
use countersign_tests::story::{Say, Scene, tell};
use countersign_tests::window::Window;
use serde_json::Value;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|reason| println!("  {}", fill("demo.failed", &[("why", &reason.to_string())]))));
    let told: Value = serde_json::from_reader(std::io::stdin()).expect("a scene on standard input");
    let (scene, served) = (scene(&told), served(&told["served"]));
    let mut steps = 0;
    let mut say = |step: &str, seen: &str| {
        steps += 1;
        println!("  {steps:>2}. {step}: {seen}");
    };
    let told = catch_unwind(AssertUnwindSafe(|| match missing() {
        None => {
            println!("{}", text("demo.in_browser"));
            let browser = Browser::start();
            play(&scene, served.as_ref(), || browser.open(&Look::default()), &mut say);
        }
        Some(missing) => {
            println!("{}", fill("demo.without_browser", &[("missing", missing)]));
            play(&scene, served.as_ref(), Plain::new, &mut say);
        }
    }));
    match told {
        Ok(()) => {
            println!("{}", text("demo.approved"));
            ExitCode::SUCCESS
        }
        // The hook has said which step and why.
        Err(_) => ExitCode::from(1),
    }
}

/// The story with the phone of the desk, then the one with a phone of another make.
fn play<W: Window>(scene: &Scene, served: Option<&Served>, window: impl Fn() -> W, say: &mut Say<'_>) {
    if let Some(served) = served {
        served.make_recovery_key(say);
    }
    tell(scene, &window, say);
    match served {
        Some(served) => drop(other_make::tell(scene, served, &window, say)),
        None => println!("{}", text("demo.without_other")),
    }
}

/// What the last act needs; none where there is no Python for it.
fn served(told: &Value) -> Option<Served> {
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    let python = PathBuf::from(text("python")?);
    let listen = told["listen"].as_array()?.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    let process = told["process"].as_u64().and_then(|id| id.try_into().ok())?;
    python.is_file().then_some(Served { process, data: PathBuf::from(text("data")?), listen, python })
}

fn scene(scene: &Value) -> Scene {
    let text = |name: &str| scene[name].as_str().unwrap_or_else(|| panic!("the scene has no {name}")).to_owned();
    Scene {
        url: text("url"),
        name: text("name"),
        password: text("password"),
        voucher: text("voucher"),
        home: PathBuf::from(text("home")),
    }
}

/// What a browser needs and is not here.
fn missing() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/playwright-core");
    if !Path::new("/usr/bin/chromium").is_file() {
        Some(text("demo.missing_chromium"))
    } else if !on_path("node") {
        Some(text("demo.missing_node"))
    } else if !driver.is_dir() {
        Some(text("demo.missing_driver"))
    } else {
        None
    }
}
