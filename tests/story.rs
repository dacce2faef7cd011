//! `countersign-story`: plays the demo's story against a gateway that runs. What it needs comes on standard input, since a
//! password must not stand among arguments: `{"url", "name", "password", "voucher", "home"}`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a step that fails ends the story, with its reason")]
#![expect(clippy::print_stdout, reason = "the story is told on standard output")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use countersign_strings::{fill, text};
use countersign_tests::browser::{Browser, Look};
use countersign_tests::plain::Plain;
use countersign_tests::story::{Scene, tell};
use serde_json::Value;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|reason| println!("  {}", fill("demo.failed", &[("why", &reason.to_string())]))));
    let scene = scene();
    let mut steps = 0;
    let mut say = |step: &str, seen: &str| {
        steps += 1;
        println!("  {steps:>2}. {step}: {seen}");
    };
    let told = catch_unwind(AssertUnwindSafe(|| match missing() {
        None => {
            println!("{}", text("demo.in_browser"));
            let browser = Browser::start();
            tell(&scene, || browser.open(&Look::default()), &mut say)
        }
        Some(missing) => {
            println!("{}", fill("demo.without_browser", &[("missing", missing)]));
            tell(&scene, Plain::new, &mut say)
        }
    }));
    match told {
        Ok(_phone) => {
            println!("{}", text("demo.approved"));
            ExitCode::SUCCESS
        }
        // The hook has said which step and why.
        Err(_) => ExitCode::from(1),
    }
}

fn scene() -> Scene {
    let scene: Value = serde_json::from_reader(std::io::stdin()).expect("a scene on standard input");
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
