//! From an approval to what its page shows.

use axum::response::Response;
use countersign_protocol::push::Op;
use countersign_strings::{fill, text};

use super::App;
use crate::approval::record::Row;
use crate::approval::{Push, State, rule};
use crate::calendar;
use crate::failure::Failure;
use crate::house::House;
use crate::page::login::{About, ApprovedView, EndedView, FreshView, LaterView, PushView, WaitView, Waited};
use crate::page::qr::QrSvg;
use crate::page::{Frame, render};
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
}

/// What was wrong in what was typed on the page that waits.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The code; the key of the sentence that says it.
    Code(&'static str),
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

    fn line(&self, tries: u8) -> String {
        if self.state != State::Pending {
            text("login.line_approved").to_owned()
        } else if self.row.tries < tries {
            fill("login.line_wrong", &[("n", &self.row.tries.to_string())])
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
        Waited { state: self.word(), line: self.line(tries(house)), then }
    }

    /// The page.
    ///
    /// # Errors
    /// 500.
    pub fn draw(self, house: &House, token: String, fault: Option<Fault>) -> Result<Drawn, Failure> {
        let app = App::of(&self.row.next).name().to_owned();
        Ok(match self.state {
            State::Pending => Drawn::Wait(Box::new(self.wait(house, app, token, fault)?)),
            State::Approved => {
                let about = self.about();
                Drawn::Approved(ApprovedView { frame: form(text("login.approved"), token), app, about })
            }
            State::Denied => ended("login.denied", "login.denied_text", true, false),
            State::Reported => ended("login.reported", "login.reported_text", true, false),
            State::Failed if self.locked => ended("login.failed", "login.failed_off_text", true, true),
            State::Failed => ended("login.failed", "login.failed_text", true, true),
            State::Expired | State::Lapsed => ended("login.expired", "login.expired_text", false, true),
            State::Consumed | State::Cancelled => ended("login.cancelled", "login.cancelled_text", false, true),
        })
    }

    /// What its forms name.
    pub fn about(&self) -> About {
        About { approval: self.row.id.to_string(), app: self.row.client.clone() }
    }

    fn wait(self, house: &House, app: String, token: String, fault: Option<Fault>) -> Result<WaitView, Failure> {
        let asked = self.row.push == Push::Sent;
        let title = text(if asked { "login.wait_title" } else { "login.code_title" });
        let left = self.row.exp.saturating_sub(house.clock.now());
        let push = if asked { Some(self.push(house)?) } else { None };
        Ok(WaitView {
            frame: form(title, token),
            state: self.word(),
            about: self.about(),
            app,
            voucher: self.row.client == App::Manage.client(),
            voucher_fault: matches!(fault, Some(Fault::Voucher)).then(|| text("login.voucher_wrong").to_owned()),
            enrol: self.is_enrol(),
            offline: self.offline,
            person: self.person,
            push,
            no_push: why_no_push(self.row.push).map(str::to_owned),
            code: house.config.policy.totp,
            code_fault: match fault {
                Some(Fault::Code(key)) => Some(text(key).to_owned()),
                _ => None,
            },
            ends: fill("login.ends", &[("time", &calendar::span(left))]),
        })
    }

    fn push(&self, house: &House) -> Result<PushView, Failure> {
        let shown = house.approvals.shown(&self.row)?;
        let qr = shown.qr(house.origin.trim_start_matches("https://"), self.row.id);
        let ready = self.row.rung + rule::RESEND_AFTER;
        let more = self.row.resends < rule::RESENDS;
        Ok(PushView {
            digits: shown.digits().to_owned(),
            qr: QrSvg::new(&qr)?,
            line: self.line(tries(house)),
            resend_in: more.then(|| ready.saturating_sub(house.clock.now()).min(rule::RESEND_AFTER)),
        })
    }
}

fn tries(house: &House) -> u8 {
    crate::approval::Policy::from(&house.config.approval).tries()
}

fn why_no_push(push: Push) -> Option<&'static str> {
    Some(text(match push {
        Push::Sent => return None,
        Push::NoPhone => "login.no_phone",
        Push::Open => "login.no_push_open",
        Push::Denied => "login.no_push_denied",
        Push::Limit => "login.no_push_limit",
        Push::Off => "login.no_push_off",
    }))
}

/// A frame whose forms carry a token, with nobody signed in.
pub fn form(title: &str, token: String) -> Frame {
    Frame { token, ..Frame::new(title) }
}

/// The page that asks for another second factor before a change of factors.
pub fn fresh_page(house: &House, by: &Visitor, next: &str, fault: Option<String>) -> Response {
    let view = FreshView { frame: form(text("login.fresh"), by.token(house)), next: next.to_owned(), fault };
    render(&view)
}

fn ended(title: &str, what: &str, alarm: bool, again: bool) -> Drawn {
    let what = text(what).to_owned();
    Drawn::Ended(EndedView { frame: Frame::new(text(title)), text: what, alarm, again, later: None })
}

/// That somebody has to wait so many seconds.
pub fn later(seconds: u64) -> LaterView {
    // The time stands in an element of its own, wherever in the sentence it is.
    const HERE: char = '\u{0}';
    let sentence = fill("login.no_push_wait", &[("time", &HERE.to_string())]);
    let (before, after) = sentence.split_once(HERE).unwrap_or((&sentence, ""));
    LaterView { before: before.to_owned(), time: calendar::span(seconds), after: after.to_owned(), seconds }
}
