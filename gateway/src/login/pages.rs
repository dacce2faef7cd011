//! From an approval to what its page shows.

use axum::response::Response;
use countersign_protocol::push::Op;
use countersign_strings::{fill, text};

use super::App;
use super::route::ADD;
use crate::approval::record::Row;
use crate::approval::{Push, State, rule};
use crate::failure::Failure;
use crate::house::House;
use crate::page::login::{About, ApprovedView, EndedView, FreshView, Mark, PushView, WaitView, Waited};
use crate::page::qr::QrSvg;
use crate::page::{Frame, Sentence, Value, render, tries_left};
use crate::request::Visitor;

/// An approval as the browser that began it may see it.
pub struct Sight {
    /// The row.
    pub row: Row,
    /// Its state now.
    pub state: State,
    /// Who is asked, by name.
    pub person: String,
    /// Whether the browser signed in as this person before.
    pub known: bool,
    /// Whether a phone of the person may answer without a network.
    pub offline: bool,
    /// Whether phones are not asked any more, after too many wrong digits.
    pub locked: bool,
    /// Whether no code is taken any more, after too many wrong ones.
    pub codes_off: bool,
}

/// What was wrong in what was typed on the page that waits.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The code; so many tries are left.
    Code(u8),
    /// No code is taken any more.
    Off,
    /// The voucher.
    Voucher,
}

/// What is drawn.
pub enum Drawn {
    /// Still open.
    Wait(Box<WaitView>),
    /// To be taken.
    Approved(ApprovedView),
    /// Over.
    Ended(EndedView),
}

impl Sight {
    /// The word of what is shown: it changes exactly when the page would. Another approval has other words, so that a page
    /// in another tab never goes on showing the digits of an older one.
    pub fn word(&self) -> String {
        let Row { id, tries, resends, .. } = &self.row;
        format!("{id}-{}-{tries}-{resends}-{}", self.state, u8::from(self.is_delivered()))
    }

    /// Whether a device is to be added.
    pub fn is_enrol(&self) -> bool {
        self.row.asks.op == Op::Enrol
    }

    fn is_delivered(&self) -> bool {
        self.known && self.row.delivered
    }

    /// Whether something was wrong so far.
    fn warn(&self, house: &House) -> bool {
        self.state == State::Pending && self.row.tries < crate::approval::Policy::from(&house.config.approval).tries()
    }

    fn line(&self, warn: bool) -> String {
        if self.state != State::Pending {
            text("login.line_approved").to_owned()
        } else if warn {
            fill("login.line_wrong", &[("tries", &tries_left(self.row.tries))])
        } else if self.is_delivered() {
            text("login.line_delivered").to_owned()
        } else if self.row.resends > 0 {
            text("login.resent").to_owned()
        } else {
            text("login.line_sent").to_owned()
        }
    }

    /// The answer to the script's held request.
    pub fn waited(&self, house: &House) -> Waited {
        let then = match self.state {
            State::Pending => "wait",
            State::Approved => "finish",
            _ => "load",
        };
        let warn = self.warn(house);
        Waited { state: self.word(), line: self.line(warn), warn, then }
    }

    /// The page.
    ///
    /// # Errors
    /// 500.
    pub fn draw(self, house: &House, token: String, fault: Option<Fault>) -> Result<Drawn, Failure> {
        Ok(match self.state {
            State::Pending => Drawn::Wait(Box::new(self.wait(house, token, fault)?)),
            State::Approved => {
                let (frame, about) = (form(text("login.approved"), token), self.about());
                let go = Sentence::fill("login.go_to", &[("app", Value::Name(App::of(&self.row.next).name()))]);
                Drawn::Approved(ApprovedView { frame, go, about })
            }
            State::Denied => ended("login.denied", "login.denied_text", Mark::Over, false),
            State::Reported => ended("login.reported", "login.reported_text", Mark::Alarm, false),
            State::Failed if self.locked => ended("login.failed", "login.failed_off_text", Mark::Warn, true),
            State::Failed => ended("login.failed", "login.failed_text", Mark::Warn, true),
            State::Expired | State::Lapsed => ended("login.expired", "login.expired_text", Mark::Over, true),
            State::Consumed | State::Cancelled => ended("login.cancelled", "login.cancelled_text", Mark::Over, true),
        })
    }

    /// What is asked, and as whom.
    pub fn to(&self) -> Sentence {
        let person = Value::Name(&self.person);
        if self.is_enrol() {
            return Sentence::fill("login.to_enrol_as", &[("person", person)]);
        }
        let app = Value::Name(App::of(&self.row.next).name());
        Sentence::fill("login.to_as", &[("app", app), ("person", person)])
    }

    /// When it ends.
    pub fn ends(&self, house: &House) -> Sentence {
        let left = self.row.exp.saturating_sub(house.clock.now());
        Sentence::fill("login.ends", &[("time", Value::Wait(left))])
    }

    /// What its forms name.
    pub fn about(&self) -> About {
        About { approval: self.row.id.to_string(), app: self.row.client.clone() }
    }

    fn wait(self, house: &House, token: String, fault: Option<Fault>) -> Result<WaitView, Failure> {
        let asked = self.row.push == Push::Sent;
        let code_off = house.config.policy.totp && self.codes_off;
        let code = house.config.policy.totp && !code_off;
        let title = match (asked, code) {
            (true, _) => "login.wait_title",
            (false, true) => "login.code_title",
            (false, false) => "login.not_asked",
        };
        let push = if asked { Some(self.push(house)?) } else { None };
        Ok(WaitView {
            frame: form(text(title), token),
            state: self.word(),
            about: self.about(),
            to: self.to(),
            voucher: self.is_manage(),
            voucher_fault: matches!(fault, Some(Fault::Voucher)).then(|| text("login.voucher_wrong").to_owned()),
            few: asked && house.config.approval.digits < 6,
            offline: self.offline,
            push,
            no_push: self.no_push(code, code_off),
            code,
            code_off,
            code_fault: match fault {
                Some(Fault::Code(left)) => Some(fill("login.code_wrong", &[("tries", &tries_left(left))])),
                Some(Fault::Off) => Some(text("login.code_off").to_owned()),
                Some(Fault::Voucher) | None => None,
            },
            ends: self.ends(house),
        })
    }

    /// Whether it is for the person's own devices.
    fn is_manage(&self) -> bool {
        self.row.client == App::Manage.client()
    }

    /// Why no phone is asked, and what there is to do instead, unless the page says so of codes.
    fn no_push(&self, code: bool, code_off: bool) -> Option<String> {
        let push = self.row.push;
        let why = text(match push {
            Push::Sent => return None,
            Push::NoPhone => "login.no_phone",
            Push::Open => "login.no_push_open",
            Push::Denied => "login.no_push_denied",
            Push::Limit => "login.no_push_limit",
            Push::Off => "login.no_push_off",
        });
        if code_off {
            return Some(why.to_owned());
        }
        let instead = text(match push {
            Push::Limit | Push::Off if code => "login.do_code_first",
            _ if code => "login.do_code",
            _ if self.offline => "login.do_offline",
            // Finished there, or over by itself.
            Push::Open | Push::Denied => return Some(why.to_owned()),
            _ if self.is_manage() => "login.do_voucher",
            _ => "login.do_admin",
        });
        Some(format!("{why} {instead}"))
    }

    fn push(&self, house: &House) -> Result<PushView, Failure> {
        let shown = house.approvals.shown(&self.row)?;
        let qr = shown.qr(house.origin.trim_start_matches("https://"), self.row.id);
        let ready = self.row.rung + rule::RESEND_AFTER;
        let more = self.row.resends < rule::RESENDS;
        let warn = self.warn(house);
        Ok(PushView {
            digits: shown.digits().to_owned(),
            qr: QrSvg::new(&qr)?,
            line: self.line(warn),
            warn,
            resend_in: more.then(|| ready.saturating_sub(house.clock.now()).min(rule::RESEND_AFTER)),
        })
    }
}

/// A frame whose forms carry a token, with nobody signed in.
pub fn form(title: &str, token: String) -> Frame {
    Frame { token, ..Frame::new(title) }
}

/// The page that asks for another second factor before a change of factors.
pub fn fresh_page(house: &House, by: &Visitor, next: &str, fault: Option<String>) -> Response {
    let (title, token) = (text("login.fresh"), by.token(house));
    let frame = match &by.session {
        Some(session) => Frame::signed_in(title, &session.name, token),
        None => form(title, token),
    };
    let (next, enrol) = (next.to_owned(), next.starts_with(ADD));
    let view = FreshView { frame, next, enrol, fault };
    render(&view)
}

fn ended(title: &str, what: &str, mark: Mark, again: bool) -> Drawn {
    let what = text(what).to_owned();
    Drawn::Ended(EndedView { frame: Frame::new(text(title)), text: what, mark, again, later: None })
}

/// The page on which somebody has to wait so many seconds, after wrong digits.
pub fn later_page(seconds: u64) -> Response {
    let (frame, later) = (Frame::new(text("login.failed")), Some(later(seconds)));
    render(&EndedView { frame, text: String::new(), mark: Mark::Warn, again: false, later })
}

/// That somebody has to wait so many seconds, after wrong digits.
pub fn later(seconds: u64) -> Sentence {
    Sentence::fill("login.no_push_wait", &[("time", Value::Wait(seconds))])
}
