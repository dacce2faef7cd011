//! The pages on which people look after their devices.

use askama::Template;
use countersign_strings::text;

use super::filters;
use super::frame::Frame;
use super::qr::QrSvg;
use super::sentence::{Part, Sentence};

/// Where a device stands, as drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardState {
    /// Counts.
    Active,
    /// Waits for its digits or its first code.
    Pending,
    /// Counts for nothing until somebody says so.
    Suspended,
}

/// A device in the list.
#[derive(Debug, Clone)]
pub struct DeviceCard {
    /// The id, b64u; stands in addresses.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// Whether it is a phone with Countersign; else an authenticator with codes alone.
    pub phone: bool,
    /// Whether it has codes.
    pub codes: bool,
    /// Model and system as the phone says.
    pub model: Option<String>,
    /// Whether its keys are in software.
    pub software: bool,
    /// Where a phone's keys are, for people; `None` where [`DeviceCard::software`] says it.
    pub keys: Option<&'static str>,
    /// When it was added, for people.
    pub added: String,
    /// When it was last used, for people.
    pub used: Option<String>,
    /// Where it stands.
    pub state: CardState,
}

impl DeviceCard {
    /// Whether it counts.
    pub fn is_active(&self) -> bool {
        self.state == CardState::Active
    }

    /// Whether it counts for nothing until somebody says so.
    pub fn is_suspended(&self) -> bool {
        self.state == CardState::Suspended
    }

    /// Whether it waits for its digits or its first code.
    pub fn is_pending(&self) -> bool {
        self.state == CardState::Pending
    }
}

/// The list.
#[derive(Template)]
#[template(path = "manage/list.html")]
pub struct ListView {
    /// Around the page.
    pub frame: Frame,
    /// The devices, oldest first.
    pub devices: Vec<DeviceCard>,
    /// What was just done: a sentence.
    pub notice: Option<String>,
}

/// What is being added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Countersign: code and push in one scan.
    Countersign,
    /// Any authenticator: codes alone.
    Other,
}

/// Adding a device: three steps on one page.
#[derive(Template)]
#[template(path = "manage/add.html")]
pub struct AddView {
    /// Around the page.
    pub frame: Frame,
    /// Which of the two.
    pub tab: Tab,
    /// Whether codes are taken at all: else there is no second tab.
    pub codes: bool,
    /// The name given, or typed before.
    pub name: String,
    /// The step under way, with what it needs. Those before it are drawn as done.
    pub step: AddStep,
    /// What was wrong in this step.
    pub fault: Option<AddFault>,
}

/// What was wrong in a step of adding a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddFault {
    /// The name.
    Name,
    /// The voucher.
    Voucher,
    /// Something else: a sentence.
    Other(String),
}

impl AddFault {
    /// The sentence that says it.
    pub fn sentence(&self) -> &str {
        match self {
            Self::Name => text("manage.name_wrong"),
            Self::Voucher => text("login.voucher_wrong"),
            Self::Other(sentence) => sentence,
        }
    }
}

/// The step under way.
pub enum AddStep {
    /// 1: name, and the voucher where one is asked.
    Name {
        /// Whether a voucher is asked.
        voucher: bool,
    },
    /// 2: the QR; for an authenticator also the field for its first code.
    Scan {
        /// The QR.
        qr: QrSvg,
        /// Its text, to copy.
        link: String,
        /// Until when and how often it works: a sentence or two.
        until: Sentence,
        /// The word of the present state, handed back by the script to `GET /manageotp/add/state?state=WORD`; empty: not
        /// asked.
        state: String,
        /// The device's id, for an authenticator.
        device: String,
    },
    /// 3: the phone's digits.
    Digits {
        /// The device's id.
        device: String,
        /// By what it was scanned, as the phone says: a sentence.
        scanned: Sentence,
        /// Whether its keys are in software.
        software: bool,
        /// The last moment to type them: a sentence.
        until: Sentence,
    },
}

impl AddView {
    /// The number of the step: 1 to 3.
    pub fn number(&self) -> u8 {
        match self.step {
            AddStep::Name { .. } => 1,
            AddStep::Scan { .. } => 2,
            AddStep::Digits { .. } => 3,
        }
    }

    /// Whether the name was wrong.
    pub fn is_name_wrong(&self) -> bool {
        self.fault == Some(AddFault::Name)
    }

    /// Whether the voucher was wrong.
    pub fn is_voucher_wrong(&self) -> bool {
        self.fault == Some(AddFault::Voucher)
    }

    /// Whether the authenticator's first code is what is to be typed now.
    pub fn is_code_now(&self) -> bool {
        !self.is_countersign() && self.number() == 2
    }

    /// Whether Countersign is being added.
    pub fn is_countersign(&self) -> bool {
        self.tab == Tab::Countersign
    }
}

/// A new name for a device.
#[derive(Template)]
#[template(path = "manage/rename.html")]
pub struct RenameView {
    /// Around the page.
    pub frame: Frame,
    /// The device.
    pub device: DeviceCard,
    /// What was typed, or the present name.
    pub name: String,
    /// What was wrong: a sentence.
    pub fault: Option<String>,
}

/// Asks before a device is removed.
#[derive(Template)]
#[template(path = "manage/remove.html")]
pub struct RemoveView {
    /// Around the page.
    pub frame: Frame,
    /// The device.
    pub device: DeviceCard,
    /// Whether it is the last one that counts.
    pub last: bool,
}

/// Lets a suspended device count again.
#[derive(Template)]
#[template(path = "manage/resume.html")]
pub struct ResumeView {
    /// Around the page.
    pub frame: Frame,
    /// The device.
    pub device: DeviceCard,
    /// Why it cannot be done: a sentence.
    pub fault: Option<String>,
}

/// Tests a code of a device. Nothing is used up but the code.
#[derive(Template)]
#[template(path = "manage/test.html")]
pub struct TestView {
    /// Around the page.
    pub frame: Frame,
    /// The device.
    pub device: DeviceCard,
    /// Whether the code typed was right.
    pub right: Option<bool>,
}

impl TestView {
    /// Whether the code typed was wrong.
    pub fn is_wrong(&self) -> bool {
        self.right == Some(false)
    }
}
