//! A real browser: Debian's Chromium, driven by `tests/browser/driver.mjs`. Each page has cookies and looks of its own.
//!
//! A page that saw its Content-Security-Policy broken, a script fail or a dialog fails its test when it is dropped.

use crate::program::target;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// The driver gives up after a minute; this is for a driver that died.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running browser. Cheap to start a page in, dear to start: tests use [`Browser::shared`].
pub struct Browser {
    child: Mutex<Child>,
    stdin: Mutex<ChildStdin>,
    waiting: Arc<Mutex<HashMap<u64, Sender<Value>>>>,
    next: AtomicU64,
}

/// How the person has set up window and eyes.
#[derive(Debug, Clone)]
pub struct Look {
    /// Window width before zoom, in CSS pixels.
    pub width: u32,
    /// Window height before zoom, in CSS pixels.
    pub height: u32,
    /// Zoom of the browser: 2.0 leaves half the width.
    pub zoom: f32,
    /// Default text size: 2.0 is 200 %.
    pub text_scale: f32,
    /// The dark colour scheme.
    pub dark: bool,
    /// Right to left.
    pub rtl: bool,
    /// The system's own few colours, as people choose who see little.
    pub forced: bool,
    /// Whether scripts run.
    pub scripts: bool,
    /// What the page's clock says, in Unix seconds; `None` leaves it running.
    pub now: Option<u64>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            width: 1024,
            height: 768,
            zoom: 1.0,
            text_scale: 1.0,
            dark: false,
            rtl: false,
            forced: false,
            scripts: true,
            now: None,
        }
    }
}

/// How a person, or a program for one, finds something on a page. The first match counts.
#[derive(Debug, Clone, Copy)]
pub enum Find<'a> {
    /// By its role and accessible name: `Role("button", "Sign in")`.
    Role(&'a str, &'a str),
    /// A field by its label.
    Label(&'a str),
    /// By text that it holds.
    Text(&'a str),
    /// By selector, for what has no name a person would say.
    Css(&'a str),
}

impl Find<'_> {
    fn json(self) -> Value {
        match self {
            Self::Role(role, name) => json!({"role": role, "name": name}),
            Self::Label(label) => json!({"label": label}),
            Self::Text(text) => json!({"text": text}),
            Self::Css(css) => json!({"css": css}),
        }
    }
}

impl Browser {
    /// The browser of this test run. It ends with the process, which closes its input.
    pub fn shared() -> &'static Self {
        static BROWSER: OnceLock<Browser> = OnceLock::new();
        BROWSER.get_or_init(Self::start)
    }

    /// Starts a browser.
    ///
    /// # Panics
    /// When Node or the driver is missing: `cargo xtask setup` installs them.
    pub fn start() -> Self {
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/driver.mjs");
        let mut command = Command::new("node");
        command.arg(&driver).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("node starts; `cargo xtask setup` installs it");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let waiting: Arc<Mutex<HashMap<u64, Sender<Value>>>> = Arc::default();
        let answers = Arc::clone(&waiting);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(answer) = serde_json::from_str::<Value>(&line) else { continue };
                let id = answer["id"].as_u64().unwrap_or_default();
                if let Some(asker) = answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
                    let _asker_may_have_given_up = asker.send(answer);
                }
            }
            // Whoever still waits learns at once that the driver is gone.
            answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        });
        Self { child: Mutex::new(child), stdin: Mutex::new(stdin), waiting, next: AtomicU64::new(1) }
    }

    /// Opens an empty page.
    pub fn open(&self, look: &Look) -> Page<'_> {
        let mut options = json!({
            "width": look.width, "height": look.height, "zoom": look.zoom, "text_scale": look.text_scale,
            "scheme": if look.dark { "dark" } else { "light" }, "rtl": look.rtl, "scripts": look.scripts,
        });
        if let Some(now) = look.now {
            options["now"] = json!(now);
        }
        self.page(options)
    }

    /// Chromium's version.
    ///
    /// # Panics
    /// When the driver is gone.
    pub fn version(&self) -> String {
        string(self.ask("version", json!({})).unwrap_or_else(|fault| panic!("version: {fault}")))
    }

    fn page(&self, options: Value) -> Page<'_> {
        let name = self.ask("open", options).unwrap_or_else(|fault| panic!("open: {fault}"));
        Page { browser: self, name: name.as_str().expect("a page has a name").to_owned() }
    }

    fn ask(&self, act: &str, mut options: Value) -> Result<Value, String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        options["id"] = json!(id);
        options["do"] = json!(act);
        let answer = self.send(id, &options);
        let mut answer = answer.recv_timeout(PATIENCE).map_err(|_| "the browser's driver is gone".to_owned())?;
        match answer["ok"].as_bool() {
            Some(true) => Ok(answer["value"].take()),
            _ => Err(answer["error"].as_str().unwrap_or("no reason given").to_owned()),
        }
    }

    fn send(&self, id: u64, command: &Value) -> Receiver<Value> {
        let (asker, answer) = channel();
        lock(&self.waiting).insert(id, asker);
        let written = writeln!(lock(&self.stdin), "{command}");
        if written.is_err() {
            lock(&self.waiting).remove(&id);
        }
        answer
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        let _may_have_ended = child.kill();
        let _status = child.wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One page. Every method waits until the browser has done it, a minute at most, and panics with the reason when not.
pub struct Page<'a> {
    browser: &'a Browser,
    name: String,
}

impl<'a> Page<'a> {
    /// Goes to `url`; the status of the answer. The gateway's self-signed certificate is taken.
    pub fn goto(&self, url: &str) -> u16 {
        let answer = self.act("goto", json!({"url": url}));
        answer["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(0)
    }

    /// Goes to `url`; one header of the answer.
    pub fn header_of(&self, url: &str, name: &str) -> Option<String> {
        self.act("goto", json!({"url": url}))["headers"][name].as_str().map(str::to_owned)
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.act("reload", json!({}));
    }

    /// The browser's back button.
    pub fn back(&self) {
        self.act("back", json!({}));
    }

    /// Replaces what stands in a field.
    pub fn fill(&self, target: Find<'_>, text: &str) {
        self.act_on("fill", target, json!({"text": text}));
    }

    /// Clicks.
    pub fn click(&self, target: Find<'_>) {
        self.act_on("click", target, json!({}));
    }

    /// Ticks a box or a radio button.
    pub fn check(&self, target: Find<'_>) {
        self.act_on("check", target, json!({}));
    }

    /// Presses a key (`Tab`, `Enter`, `Space`, `ArrowRight`) where the focus is.
    pub fn press(&self, key: &str) {
        self.act("press", json!({"key": key}));
    }

    /// Types where the focus is.
    pub fn type_text(&self, text: &str) {
        self.act("type", json!({"text": text}));
    }

    /// The visible text.
    pub fn text(&self, target: Find<'_>) -> String {
        string(self.act_on("text", target, json!({})))
    }

    /// The visible text of each match, at this moment.
    pub fn texts(&self, target: Find<'_>) -> Vec<String> {
        strings(&self.act_on("texts", target, json!({})))
    }

    /// What stands in a field.
    pub fn value(&self, target: Find<'_>) -> String {
        string(self.act_on("value", target, json!({})))
    }

    /// An attribute, when it is there.
    pub fn attribute(&self, target: Find<'_>, name: &str) -> Option<String> {
        self.act_on("attribute", target, json!({"name": name})).as_str().map(str::to_owned)
    }

    /// How many match, at this moment.
    pub fn count(&self, target: Find<'_>) -> usize {
        self.act_on("count", target, json!({})).as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    }

    /// Whether it is in view, at this moment.
    pub fn is_visible(&self, target: Find<'_>) -> bool {
        self.count(target) > 0 && self.act_on("visible", target, json!({})) == json!(true)
    }

    /// Waits until it is in view.
    pub fn wait_for(&self, target: Find<'_>) {
        self.act_on("wait", target, json!({}));
    }

    /// Waits at most `patience` until it is in view.
    pub fn wait_long_for(&self, target: Find<'_>, patience: Duration) {
        self.act_on("wait", target, json!({"timeout": patience.as_millis() as u64}));
    }

    /// Waits until it is out of view.
    pub fn wait_gone(&self, target: Find<'_>) {
        self.act_on("wait", target, json!({"state": "hidden"}));
    }

    /// Waits until the address holds `part`.
    pub fn wait_url(&self, part: &str) {
        self.act("wait_url", json!({"part": part}));
    }

    /// The address.
    pub fn url(&self) -> String {
        string(self.act("url", json!({})))
    }

    /// The title.
    pub fn title(&self) -> String {
        string(self.act("title", json!({})))
    }

    /// The document as it stands now.
    pub fn source(&self) -> String {
        string(self.act("source", json!({})))
    }

    /// Identity, name or text of what has the focus; empty when nothing has.
    pub fn focused(&self) -> String {
        string(self.act("focused", json!({})))
    }

    /// The value of a JavaScript expression.
    pub fn evaluate(&self, expression: &str) -> Value {
        self.act("evaluate", json!({"expression": expression}))
    }

    /// As [`Page::evaluate`]; nothing when the page is just being replaced.
    pub fn try_evaluate(&self, expression: &str) -> Option<Value> {
        self.browser.ask("evaluate", json!({"page": self.name, "expression": expression})).ok()
    }

    /// The cookies of this page, as the browser keeps them.
    pub fn cookies(&self) -> Vec<Value> {
        self.act("cookies", json!({})).as_array().cloned().unwrap_or_default()
    }

    /// Gives it cookies for the origin `url`, as a server would over HTTPS.
    pub fn set_cookies<'c>(&self, url: &str, cookies: impl IntoIterator<Item = (&'c String, &'c String)>) {
        let cookie = |(name, value): (&String, &String)| json!({"name": name, "value": value, "url": url});
        let cookies: Vec<Value> = cookies.into_iter().map(cookie).collect();
        self.act("set_cookies", json!({"cookies": cookies}));
    }

    /// The person sets up window and eyes anew; the page stays as it is. Zoom, scripts and clock stay too.
    pub fn look(&self, look: &Look) {
        let scheme = if look.dark { "dark" } else { "light" };
        let (width, height) = (look.width, look.height);
        let options = json!({
            "width": width, "height": height, "text_scale": look.text_scale, "scheme": scheme,
            "rtl": look.rtl, "forced": look.forced,
        });
        self.act("look", options);
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        self.act("clear_cookies", json!({}));
    }

    /// A second page with the same cookies.
    pub fn beside(&self) -> Page<'a> {
        self.browser.page(json!({"with": self.name}))
    }

    /// The whole page as PNG, without caret and animation.
    pub fn screenshot(&self) -> Vec<u8> {
        decode(&self.act("screenshot", json!({})))
    }

    /// One part of the page as PNG.
    pub fn screenshot_of(&self, target: Find<'_>) -> Vec<u8> {
        decode(&self.act_on("screenshot", target, json!({})))
    }

    /// Leaves a screenshot in `target/pictures`, for a person to look at.
    pub fn keep_picture(&self, name: &str) -> PathBuf {
        let folder = target().join("pictures");
        std::fs::create_dir_all(&folder).expect("target can be written");
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, self.screenshot()).expect("target can be written");
        path
    }

    /// All console messages so far.
    pub fn console(&self) -> Vec<String> {
        strings(&self.act("console", json!({})))
    }

    /// Policy violations, script faults and dialogs so far.
    pub fn trouble(&self) -> Vec<String> {
        strings(&self.act("trouble", json!({})))
    }

    /// What axe-core finds wrong, each as `impact rule: help, nodes`.
    ///
    /// # Panics
    /// When axe looked at nothing: then it did not run.
    pub fn axe(&self) -> Vec<String> {
        let report = self.act("axe", json!({}));
        assert!(report["rules"].as_u64().unwrap_or(0) > 5, "axe looked at nothing: {report}");
        let found = report["violations"].as_array().cloned().unwrap_or_default();
        let line =
            |v: &Value| format!("{} {}: {}, {}", v["impact"].as_str().unwrap_or("?"), v["rule"], v["help"], v["nodes"]);
        found.iter().map(line).collect()
    }

    /// Asserts that axe finds nothing serious or critical.
    pub fn assert_accessible(&self) {
        let grave = |line: &String| line.starts_with("serious") || line.starts_with("critical");
        let found: Vec<String> = self.axe().into_iter().filter(grave).collect();
        assert!(found.is_empty(), "axe on {}:\n{}", self.url(), found.join("\n"));
    }

    /// Closes it and returns its trouble, for a test that expects some.
    pub fn close(self) -> Vec<String> {
        let this = std::mem::ManuallyDrop::new(self);
        this.browser.ask("close", json!({"page": this.name})).map(|trouble| strings(&trouble)).unwrap_or_default()
    }

    fn act(&self, act: &str, mut options: Value) -> Value {
        options["page"] = json!(self.name);
        self.browser.ask(act, options.clone()).unwrap_or_else(|fault| panic!("{act} {options}: {fault}"))
    }

    fn act_on(&self, act: &str, target: Find<'_>, mut options: Value) -> Value {
        options["target"] = target.json();
        self.act(act, options)
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        let trouble = self.browser.ask("close", json!({"page": self.name}));
        if let (Ok(trouble), false) = (trouble, std::thread::panicking()) {
            assert!(strings(&trouble).is_empty(), "the page had trouble: {trouble}");
        }
    }
}

fn string(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
}

fn decode(picture: &Value) -> Vec<u8> {
    use base64::Engine as _;
    let text = picture.as_str().expect("a picture comes as text");
    base64::engine::general_purpose::STANDARD.decode(text).expect("the driver encodes base64")
}
