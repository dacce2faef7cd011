//! The pages of signing in. Whoever fills them decides; here is only what is drawn.

use askama::Template;

use super::filters;
use super::frame::Frame;
use super::qr::QrSvg;
use super::sentence::{Part, Sentence};

/// Name and password.
#[derive(Template)]
#[template(path = "login/password.html")]
pub struct PasswordView {
    /// Around the page.
    pub frame: Frame,
    /// Where to go afterwards: a path of this gateway.
    pub next: String,
    /// What the person signs in to: a sentence.
    pub to: Sentence,
    /// Whether a code may take the phone's place.
    pub codes: bool,
    /// The name typed before, after a refusal.
    pub name: String,
    /// What was wrong: a sentence.
    pub fault: Option<String>,
    /// How long to wait before another try.
    pub later: Option<Sentence>,
}

/// What a form on these pages is about, in fields of its own: a browser has one approval at a time, and a page in another
/// tab may show an older one.
#[derive(Debug, Clone)]
pub struct About {
    /// The approval's id, b64u.
    pub approval: String,
    /// The client that began it and takes it.
    pub app: String,
}

/// Digits and QR, the state, a field for a code. One page until the approval ends.
#[derive(Template)]
#[template(path = "login/wait.html")]
pub struct WaitView {
    /// Around the page.
    pub frame: Frame,
    /// What is asked, and as whom: a sentence.
    pub to: Sentence,
    /// What its forms name.
    pub about: About,
    /// Whether the digits are fewer than NIST SP 800-63B-4 asks.
    pub few: bool,
    /// Whether a phone without a network may answer by a code.
    pub offline: bool,
    /// What to show for the phone; `None` where no phone was asked.
    pub push: Option<PushView>,
    /// Why no phone was asked, and what to do: sentences.
    pub no_push: Option<String>,
    /// Whether a code is taken here.
    pub code: bool,
    /// Whether codes were wrong too often, so that none is taken.
    pub code_off: bool,
    /// What was wrong with the code typed: a sentence.
    pub code_fault: Option<String>,
    /// Whether a voucher is taken here instead.
    pub voucher: bool,
    /// What was wrong with the voucher typed: a sentence.
    pub voucher_fault: Option<String>,
    /// The word of the present state, handed back by the script: see [`Waited`].
    pub state: String,
    /// When it ends, counted: a sentence.
    pub ends: Sentence,
}

/// What a phone needs from the page.
pub struct PushView {
    /// The digits to type.
    pub digits: String,
    /// The same as a QR for the phone's camera.
    pub qr: QrSvg,
    /// The quiet line of state: a sentence.
    pub line: String,
    /// Whether something was wrong so far.
    pub warn: bool,
    /// Seconds until «Send again» may be pressed; `None`: no more bells.
    pub resend_in: Option<u64>,
}

impl PushView {
    /// The digits in groups: 3+3, 4+4, else as they are.
    pub fn groups(&self) -> Vec<&str> {
        let half = self.digits.len() / 2;
        let (one, two) = self.digits.split_at_checked(half).unwrap_or((&self.digits, ""));
        if half >= 3 && half * 2 == self.digits.len() { vec![one, two] } else { vec![&self.digits] }
    }

    /// The digits one by one, for a screen reader.
    pub fn spelled(&self) -> String {
        self.digits.chars().map(String::from).collect::<Vec<_>>().join(" ")
    }
}

/// An answer code: which phone, what it scans, where its digits are typed.
#[derive(Template)]
#[template(path = "login/offline.html")]
pub struct OfflineView {
    /// Around the page.
    pub frame: Frame,
    /// What is asked, and as whom: a sentence.
    pub to: Sentence,
    /// What its forms name.
    pub about: About,
    /// What the phone that was picked scans; `None`: none was picked yet.
    pub shown: Option<OfflineShown>,
    /// The phones that may be picked, the one that was picked excepted.
    pub phones: Vec<OfflinePhone>,
    /// Why there is nothing to scan: a sentence.
    pub none: Option<String>,
    /// What was wrong with the code typed: a sentence.
    pub code_fault: Option<String>,
    /// The word of the present state, handed back by the script: see [`Waited`].
    pub state: String,
    /// When it ends, counted: a sentence.
    pub ends: Sentence,
}

/// What the phone scans.
pub struct OfflineShown {
    /// What to do, with the name of the phone: a sentence.
    pub scan: Sentence,
    /// The question as a QR.
    pub qr: QrSvg,
    /// Its text, for a phone without a camera.
    pub link: String,
}

/// A phone to pick.
pub struct OfflinePhone {
    /// Its id.
    pub id: String,
    /// What the person calls it.
    pub name: String,
}

/// The answer to the script's held request `GET /login/state?state=WORD`: held while the word would be the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Waited {
    /// The word of the state, to ask with next time.
    pub state: String,
    /// The line to show.
    pub line: String,
    /// Whether something was wrong so far.
    pub warn: bool,
    /// What the page does: `wait` shows the line and asks again, `load` loads itself anew, `finish` sends the form
    /// `finish`.
    pub then: &'static str,
}

/// The phone said yes; one more step of this browser takes it.
#[derive(Template)]
#[template(path = "login/approved.html")]
pub struct ApprovedView {
    /// Around the page.
    pub frame: Frame,
    /// What the button says.
    pub go: Sentence,
    /// What its form names.
    pub about: About,
}

/// How an attempt ended that did not succeed.
#[derive(Template)]
#[template(path = "login/ended.html")]
pub struct EndedView {
    /// Around the page; its title is the heading.
    pub frame: Frame,
    /// What it means and what to do: a sentence or two.
    pub text: String,
    /// How it is marked.
    pub mark: Mark,
    /// Whether «Try again» is offered. Never after a denial.
    pub again: bool,
    /// How long to wait before another try; then `text` is not shown.
    pub later: Option<Sentence>,
}

/// How the end of an attempt is marked: by a drawing, and by colour besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is over, and nothing is to be feared.
    Over,
    /// Something went wrong.
    Warn,
    /// Somebody may be attacking.
    Alarm,
}

impl EndedView {
    /// Whether somebody may be attacking.
    pub fn is_alarm(&self) -> bool {
        self.mark == Mark::Alarm
    }

    /// Whether it is merely over.
    pub fn is_over(&self) -> bool {
        self.mark == Mark::Over
    }
}

/// A change of factors asks a second factor not older than ten minutes.
#[derive(Template)]
#[template(path = "login/fresh.html")]
pub struct FreshView {
    /// Around the page.
    pub frame: Frame,
    /// Where to go afterwards.
    pub next: String,
    /// Whether a device is to be added, which is asked by itself.
    pub enrol: bool,
    /// What was wrong with the voucher typed: a sentence.
    pub fault: Option<String>,
}

/// The sample application.
#[derive(Template)]
#[template(path = "login/sample.html")]
pub struct SampleView {
    /// Around the page.
    pub frame: Frame,
    /// Who signed in.
    pub person: String,
    /// When the second factor was right, for people.
    pub at: String,
}
