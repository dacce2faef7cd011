//! What was scanned or pasted, mirrored.

use countersign_core::app;
use countersign_core::protocol::Secret;
use countersign_core::protocol::uri::otpauth;
use countersign_core::qr;
use countersign_core::vault;
use std::sync::Arc;

use super::{EnrolOffer, NewAccount};
use crate::approvals::{OfflineCode, PageCode};
use crate::error::InputFault;
use crate::transfer::TransferPart;

/// What a scanned text is.
#[derive(uniffi::Enum)]
pub enum Scanned {
    /// An account, to be added once the person agreed, and what was mended of it.
    Account {
        /// The account.
        account: NewAccount,
        /// Every fault that was mended.
        repairs: Vec<Repair>,
    },
    /// An account that cannot be read.
    Unreadable {
        /// Why, by names and numbers.
        why: String,
    },
    /// One part of Google's transfer, to be added to a `Transfer`.
    Part {
        /// The part.
        part: Arc<TransferPart>,
    },
    /// A part of such a transfer that cannot be read.
    UnreadablePart {
        /// Why, by names and numbers.
        why: String,
    },
    /// An enrolment; for `enrol` once the person saw its host and agreed.
    Enrolment {
        /// What is shown of it.
        offer: EnrolOffer,
        /// What `enrol` takes.
        link: Vec<u8>,
    },
    /// A link of ours that cannot be taken.
    Refused {
        /// Why.
        fault: InputFault,
    },
    /// A login QR by link, picture or clipboard: only a camera may bring it, and nothing of it was read.
    Login,
    /// A login QR that the camera saw.
    Page {
        /// For `page_approval` and `approve_by_qr`.
        page: Arc<PageCode>,
    },
    /// A sign-in that waits for an answer code.
    Offline {
        /// For `offline_row` and `answer_code`.
        code: Arc<OfflineCode>,
    },
    /// Anything else, named as what it is.
    Other {
        /// What it is.
        what: ScannedClass,
    },
}

impl From<app::Scanned> for Scanned {
    fn from(core: app::Scanned) -> Self {
        use app::Scanned as Core;
        match core {
            Core::Account { account, repairs } => Self::Account {
                account: NewAccount::from(vault::NewAccount::scanned(&account, &repairs, None)),
                repairs: repairs.into_iter().map(Repair::from).collect(),
            },
            Core::Unreadable(fault) => Self::Unreadable { why: fault.to_string() },
            Core::Part(part) => Self::Part { part: Arc::new(TransferPart::of(*part)) },
            Core::UnreadablePart(fault) => Self::UnreadablePart { why: fault.to_string() },
            Core::Enrolment(offer) => {
                Self::Enrolment { offer: EnrolOffer::from(&*offer), link: offer.to_link().as_bytes().to_vec() }
            }
            Core::Refused(fault) => Self::Refused { fault: fault.into() },
            Core::Login => Self::Login,
            Core::Page(page) => Self::Page { page: Arc::new(PageCode::of(page)) },
            Core::Offline(code) => Self::Offline { code: Arc::new(OfflineCode::of(*code)) },
            Core::Other(what) => Self::Other { what: what.into() },
        }
    }
}

impl From<vault::NewAccount> for NewAccount {
    /// Seed and PIN leave their types to cross to the shell, which hands them back when the person agreed.
    fn from(core: vault::NewAccount) -> Self {
        let vault::NewAccount { issuer, name, note, kind, algorithm, digits, secret, pin, origin: _, details } = core;
        let details = (details != vault::Details::default()).then(|| (&details).into());
        Self {
            issuer,
            name,
            note,
            kind: kind.into(),
            algorithm: algorithm.into(),
            digits: digits.get(),
            secret: Secret::expose(&secret).to_vec(),
            pin: pin.map(|pin| pin.expose().to_vec()),
            details,
        }
    }
}

/// What a text is that is nothing of ours, and no account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum ScannedClass {
    Account,
    Enrolment,
    Login,
    Offline,
    Migration,
    Sheet,
    Backup,
    Microsoft,
    Passkey,
    OtherPush { name: String },
    OwnApp { maker: String },
    Wifi,
    Contact,
    Calendar,
    Phone,
    Mail,
    Place,
    Sim,
    Payment,
    Wallet,
    Thing,
    Serial,
    WebPage { host: String },
    Text,
    Empty,
    TooLong { bytes: u64 },
}

impl From<qr::Class> for ScannedClass {
    fn from(core: qr::Class) -> Self {
        use qr::Class as Core;
        match core {
            Core::Account => Self::Account,
            Core::Enrolment => Self::Enrolment,
            Core::Login => Self::Login,
            Core::Offline => Self::Offline,
            Core::Migration => Self::Migration,
            Core::Sheet => Self::Sheet,
            Core::Backup => Self::Backup,
            Core::Microsoft => Self::Microsoft,
            Core::Passkey => Self::Passkey,
            Core::OtherPush(name) => Self::OtherPush { name: name.to_owned() },
            Core::OwnApp(maker) => Self::OwnApp { maker: maker.to_owned() },
            Core::Wifi => Self::Wifi,
            Core::Contact => Self::Contact,
            Core::Calendar => Self::Calendar,
            Core::Phone => Self::Phone,
            Core::Mail => Self::Mail,
            Core::Place => Self::Place,
            Core::Sim => Self::Sim,
            Core::Payment => Self::Payment,
            Core::Wallet => Self::Wallet,
            Core::Thing => Self::Thing,
            Core::Serial => Self::Serial,
            Core::WebPage { host } => Self::WebPage { host },
            Core::Text => Self::Text,
            Core::Empty => Self::Empty,
            Core::TooLong { bytes } => Self::TooLong { bytes: bytes as u64 },
        }
    }
}

/// A fault of a link that was mended, or a thing worth telling. `field` is the part of the link, by its name there.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum Repair {
    LetterCase,
    Slashes,
    LabelSlash,
    Hash,
    Percent,
    NotUtf8,
    Removed { field: String },
    Glued { field: String },
    PlusIsBlank,
    PlusKept,
    TwoIssuers { kept: String, other: String },
    KeyLowerCase,
    KeyBlanks,
    KeyPadding,
    KeyLooseEnd,
    KeyShort { bits: u64 },
    AlgorithmSpelling,
    EmptyParameter { field: String },
    CounterMissing,
    CounterMinusOne,
    Fixed { field: String },
    MaybeSteam,
}

impl From<otpauth::Repair> for Repair {
    fn from(core: otpauth::Repair) -> Self {
        use otpauth::Repair as Core;
        let name = |field: otpauth::Field| field.as_str().to_owned();
        match core {
            Core::Case => Self::LetterCase,
            Core::Slashes => Self::Slashes,
            Core::LabelSlash => Self::LabelSlash,
            Core::Hash => Self::Hash,
            Core::Percent => Self::Percent,
            Core::NotUtf8 => Self::NotUtf8,
            Core::Removed(field) => Self::Removed { field: name(field) },
            Core::Glued(field) => Self::Glued { field: name(field) },
            Core::PlusIsBlank => Self::PlusIsBlank,
            Core::PlusKept => Self::PlusKept,
            Core::TwoIssuers { kept, other } => Self::TwoIssuers { kept, other },
            Core::KeyLowerCase => Self::KeyLowerCase,
            Core::KeyBlanks => Self::KeyBlanks,
            Core::KeyPadding => Self::KeyPadding,
            Core::KeyLooseEnd => Self::KeyLooseEnd,
            Core::KeyShort { bits } => Self::KeyShort { bits: bits as u64 },
            Core::AlgorithmSpelling => Self::AlgorithmSpelling,
            Core::EmptyParameter(field) => Self::EmptyParameter { field: name(field) },
            Core::CounterMissing => Self::CounterMissing,
            Core::CounterMinusOne => Self::CounterMinusOne,
            Core::Fixed(field) => Self::Fixed { field: name(field) },
            Core::MaybeSteam => Self::MaybeSteam,
        }
    }
}

/// How far a camera's picture must be turned clockwise to stand upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Rotation {
    /// Not at all. Swift has a `none` of its own.
    Upright,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

impl From<Rotation> for qr::Rotation {
    fn from(shell: Rotation) -> Self {
        match shell {
            Rotation::Upright => Self::None,
            Rotation::Quarter => Self::Quarter,
            Rotation::Half => Self::Half,
            Rotation::ThreeQuarters => Self::ThreeQuarters,
        }
    }
}

/// A picture in grey, as a camera gives it: one byte a pixel, rows from the top.
#[derive(Clone, uniffi::Record)]
pub struct Frame {
    /// The bytes.
    pub pixels: Vec<u8>,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from row to row.
    pub stride: u32,
    /// How far it must be turned.
    pub rotation: Rotation,
}

impl TryFrom<Frame> for qr::Luma {
    type Error = qr::LumaError;

    fn try_from(frame: Frame) -> Result<Self, qr::LumaError> {
        let Frame { pixels, width, height, stride, rotation } = frame;
        Self::new(pixels, width as usize, height as usize, stride as usize, rotation.into())
    }
}

/// A QR code to be drawn: dark on light, with a light border of four modules around it.
#[derive(Clone, uniffi::Record)]
pub struct QrSymbol {
    /// Modules in a row, and rows.
    pub width: u32,
    /// Row by row from the top left: 1 is dark, 0 is light.
    pub modules: Vec<u8>,
}

impl From<qr::Symbol> for QrSymbol {
    fn from(core: qr::Symbol) -> Self {
        let width = core.width();
        let modules = (0..width * width).map(|at| u8::from(core.is_dark(at % width, at / width))).collect();
        Self { width: u32::try_from(width).unwrap_or_default(), modules }
    }
}
