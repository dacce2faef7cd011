//! What core says, in the words that people read.

use std::io;

use countersign_core::app::{GatewayRow, GatewayState, NoticeText, PastEnd, Staleness, Verdict};
use countersign_core::error::{Error, GatewayError, InputError, PortError};
use countersign_core::protocol::push::{ClosedStatus, ErrorWhy, GoneWhy, Info, Op, Res, Status};
use countersign_core::vault::{Damage, Report};
use countersign_strings::{fill, text};

use crate::field_words;
use crate::outside::isolated;

/// A clock that is this many seconds off is told of: a code may then be one that is not taken.
const CLOCK_OFF: u64 = 30;

/// What a person reads of an error. An error carries no input, so neither does the sentence.
pub fn of_error(error: &Error) -> String {
    match error {
        Error::Input(fault) => of_input(*fault),
        Error::Gateway(fault) => of_gateway(*fault),
        Error::Port(fault) => of_port(*fault).to_owned(),
        Error::Internal => text("error.internal").to_owned(),
    }
}

/// A sentence, and what the system says under it.
pub fn caused(words: String, why: &io::Error) -> String {
    fill("common.caused", &[("words", &words), ("why", &why.to_string())])
}

fn of_input(fault: InputError) -> String {
    let words = match fault {
        InputError::Field { field, rule } => return field_words::of_field(field, rule),
        InputError::TooMuch { what, found, most } => return field_words::of_too_much(what, found, most),
        InputError::NewerVault { found, known } => {
            let (found, known) = (found.to_string(), known.to_string());
            return fill("error.newer_vault", &[("found", &found), ("known", &known)]);
        }
        InputError::SheetLine(n) => return fill("error.sheet_line", &[("n", &n.to_string())]),
        InputError::DigitsAsked(n) => return fill("error.digits_asked", &[("n", &n.to_string())]),
        InputError::Ended(how) => return ended(how).to_owned(),
        InputError::Form(_) => "error.form",
        InputError::WrongPassphrase => "error.wrong_passphrase",
        InputError::VaultLocked => "error.vault_locked",
        InputError::VaultExists => "error.vault_exists",
        InputError::NoVault => "error.no_vault",
        InputError::NotAVault => "error.not_a_vault",
        InputError::HeaderDamaged => "error.header_damaged",
        InputError::Slot(_) => "error.slot",
        InputError::LastPassphrase => "error.last_passphrase",
        InputError::WrongSheet => "error.wrong_sheet",
        InputError::Duplicate(_) => "error.duplicate",
        InputError::NotFound => "error.not_found",
        InputError::SameName => "error.same_name",
        InputError::OtherPhone => "error.other_phone",
        InputError::Bound => "error.bound",
        InputError::NoLink => "error.no_link",
        InputError::Unfinished { .. } => "error.unfinished",
        InputError::Damaged(_) => "error.damaged",
        InputError::NewerLink => "error.newer_link",
        InputError::DecidedMeanwhile => "error.decided_meanwhile",
        InputError::WrongKind(_) => "error.wrong_kind",
    };
    text(words).to_owned()
}

/// Why nothing, or nothing new, can be approved at a gateway.
pub fn of_staleness(stale: Staleness) -> &'static str {
    text(match stale {
        Staleness::Old => "error.metadata_expired",
        Staleness::Clock => "error.clock",
        Staleness::Keys => "error.keys_lost",
    })
}

/// That this machine's clock is off, and by how much; `ahead` is in seconds, negative when it is behind. The gateway's
/// time is known to within the length of a call, so less than half a minute is not told.
pub fn of_clock(ahead: i64) -> Option<String> {
    let off = ahead.unsigned_abs();
    let words = if ahead > 0 { "error.clock_fast" } else { "error.clock_slow" };
    (off >= CLOCK_OFF).then(|| fill(words, &[("time", &time(off))]))
}

/// The same for one enrolment: not where it ended, and not where the clock is so far off that nothing can be approved.
pub fn clock_of(row: &GatewayRow) -> Option<String> {
    let is_there = !matches!(row.state, GatewayState::Gone(_) | GatewayState::KeysGone | GatewayState::Damaged);
    of_clock(row.clock_ahead).filter(|_| is_there && row.stale != Some(Staleness::Clock))
}

/// The host of an enrolment; where its file does not open, words in place of it.
pub fn host(row: &GatewayRow) -> &str {
    if row.host.is_empty() { text("tui.no_host") } else { &row.host }
}

/// A span in the largest unit of which there are two.
pub fn time(seconds: u64) -> String {
    let (unit, n) = match seconds {
        1 => return text("error.second").to_owned(),
        0..120 => ("error.seconds", seconds),
        120..7200 => ("error.minutes", (seconds + 30) / 60),
        _ => ("error.hours", (seconds + 1800) / 3600),
    };
    fill(unit, &[("n", &n.to_string())])
}

/// What heads an approval, in words that the application's name follows.
pub fn heading(op: Op) -> &'static str {
    text(match op {
        Op::Sign => "tui.sign_for",
        Op::Enrol => "tui.enrol_for",
        Op::Login | Op::Info => "tui.sign_in_to",
    })
}

fn of_gateway(fault: GatewayError) -> String {
    let words = match fault {
        GatewayError::Policy(why) => return of_policy(why).to_owned(),
        GatewayError::Busy(Some(seconds)) => return fill("error.busy_for", &[("time", &time(seconds))]),
        GatewayError::WrongDigits(left) => return wrong_move(left.get()),
        GatewayError::NoAnswerCodes => "error.no_answer_codes",
        GatewayError::Busy(None) => "error.busy",
        GatewayError::ForeignCode => "error.foreign_code",
        GatewayError::Clock => "error.clock",
        GatewayError::CodeUsed => "error.code_used",
        GatewayError::CodeExpired => "error.code_expired",
        GatewayError::ForeignReceipt => "error.foreign_receipt",
        GatewayError::Version => "error.version",
        GatewayError::DeviceRefused => "error.device_refused",
        GatewayError::Gone => "error.gone",
        GatewayError::MetadataExpired => "error.metadata_expired",
        GatewayError::Status(_) | GatewayError::Malformed(_) | GatewayError::Refused(_) => "error.bad_answer",
    };
    text(words).to_owned()
}

fn of_policy(why: ErrorWhy) -> &'static str {
    text(match why {
        ErrorWhy::Attest => "error.policy_attest",
        ErrorWhy::Level => "error.policy_level",
        ErrorWhy::Uv => "error.policy_uv",
        ErrorWhy::Limit => "error.policy_limit",
        ErrorWhy::State => "error.policy_state",
        ErrorWhy::Move => "error.policy_move",
        _ => "error.policy",
    })
}

fn of_port(fault: PortError) -> &'static str {
    text(match fault {
        PortError::Cancelled | PortError::Interrupted => "error.interrupted",
        PortError::Unavailable => "error.unavailable",
        PortError::Locked => "error.vault_locked",
        PortError::DiskFull => "error.disk_full",
        PortError::Denied => "error.file_denied",
        PortError::Disk => "error.disk",
        PortError::Busy => "error.file_busy",
        PortError::Memory => "error.memory",
        PortError::Network => "error.network",
        PortError::Timeout => "error.timeout",
        PortError::Tls => "error.tls",
        PortError::TooLarge => "error.too_large",
        PortError::UserRefused => "error.user_refused",
        PortError::KeyGone => "error.key_gone",
        PortError::Failed => "error.failed",
    })
}

/// What a notice tells.
pub fn of_notice(notice: &NoticeText) -> String {
    let words = match notice.info {
        Info::DeviceAdded => "tui.notice_device_added",
        Info::DeviceRemoved => "tui.notice_device_removed",
        Info::KeysChanged => "tui.notice_keys_changed",
        Info::RecoveryUsed => "tui.notice_recovery_used",
        Info::Lockout => "tui.notice_lockout",
    };
    let model = notice.device.as_ref().map(|(_, model)| isolated(model)).unwrap_or_default();
    fill(words, &[("model", &model)])
}

/// How something ended, in a word and a shape for the history.
pub fn of_end(end: PastEnd) -> &'static str {
    text(match end {
        PastEnd::Decided(Status::Approved) => "tui.past_approved",
        PastEnd::Decided(Status::Denied) => "tui.past_denied",
        PastEnd::Decided(Status::Reported) => "tui.past_reported",
        PastEnd::Decided(Status::Failed | Status::Wrong) => "tui.past_failed",
        PastEnd::Decided(Status::Expired) => "tui.past_expired",
        PastEnd::Decided(Status::Closed | Status::Unknown | Status::Mismatch) => "tui.past_closed",
        PastEnd::Sent(Res::Approve) => "tui.past_sent_approve",
        PastEnd::Sent(Res::Deny | Res::Report) => "tui.past_sent_no",
        PastEnd::Ended(ClosedStatus::Approved) => "tui.past_approved_elsewhere",
        PastEnd::Ended(ClosedStatus::Denied | ClosedStatus::Reported) => "tui.past_denied_elsewhere",
        PastEnd::Ended(ClosedStatus::Failed) => "tui.past_failed",
        PastEnd::Ended(ClosedStatus::Expired) => "tui.past_expired",
        PastEnd::Ended(ClosedStatus::Closed | ClosedStatus::Unknown | ClosedStatus::Other) => "tui.past_closed",
        PastEnd::Dismissed => "tui.past_dismissed",
        PastEnd::CodeShown => "tui.past_code_shown",
    })
}

/// What an answer came to, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What happened, what it means, what to do.
    pub words: String,
    /// Is it what the person wanted?
    pub good: bool,
    /// Wrong digits, and there are tries left.
    pub again: bool,
}

/// What a gateway made of an answer.
pub fn of_verdict(verdict: Verdict) -> Outcome {
    let (words, good) = match verdict.st {
        Status::Approved => ("error.approved", true),
        Status::Denied => ("error.denied", true),
        Status::Reported => ("error.reported", true),
        Status::Failed => ("error.failed_digits", false),
        Status::Closed => ("error.ended_closed", false),
        Status::Expired => ("error.ended_expired", false),
        Status::Unknown | Status::Mismatch => ("error.ended_unknown", false),
        Status::Wrong => {
            let words = wrong_digits(verdict.left.map(|left| left.get()));
            return Outcome { words, good: false, again: true };
        }
    };
    Outcome { words: text(words).to_owned(), good, again: false }
}

fn wrong_digits(left: Option<u8>) -> String {
    match left {
        Some(1) => text("error.wrong_digits_last").to_owned(),
        left => fill("error.wrong_digits", &[("n", &left.unwrap_or_default().to_string())]),
    }
}

/// Wrong digits of a new phone: they are not on a page.
fn wrong_move(left: u8) -> String {
    match left {
        1 => text("error.wrong_move_last").to_owned(),
        left => fill("error.wrong_move", &[("n", &left.to_string())]),
    }
}

/// What a gateway made of an answer, where no tries are counted any more.
pub fn of_status(st: Status) -> String {
    match st {
        Status::Wrong => text("error.ended_failed").to_owned(),
        st => of_verdict(Verdict { st, left: None }).words,
    }
}

/// How an approval ended without this phone.
pub fn ended(how: ClosedStatus) -> &'static str {
    text(match how {
        ClosedStatus::Approved => "error.ended_approved",
        ClosedStatus::Denied => "error.ended_denied",
        ClosedStatus::Reported => "error.ended_reported",
        ClosedStatus::Failed => "error.ended_failed",
        ClosedStatus::Expired => "error.ended_expired",
        ClosedStatus::Closed => "error.ended_closed",
        ClosedStatus::Unknown | ClosedStatus::Other => "error.ended_unknown",
    })
}

/// Why an enrolment ended.
pub fn gone(why: GoneWhy) -> &'static str {
    text(match why {
        GoneWhy::Itself => "error.gone_self",
        GoneWhy::Person => "error.gone_person",
        GoneWhy::Admin => "error.gone_admin",
        GoneWhy::Replaced => "error.gone_replaced",
        GoneWhy::Refused => "error.gone_refused",
        GoneWhy::Account => "error.gone_account",
        GoneWhy::Other => "error.gone_other",
    })
}

/// What an unlock found damaged, each in a sentence.
pub fn of_report(report: &Report) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for damage in &report.damage {
        let words = of_damage(damage);
        if !out.contains(&words) {
            out.push(words);
        }
    }
    if let Some(kept) = &report.kept {
        out.push(fill("error.damage_kept", &[("file", &kept.display().to_string())]));
    }
    out
}

fn of_damage(damage: &Damage) -> String {
    let words = match damage {
        Damage::Account(account) => {
            let label = account.label.as_ref().map(|label| format!("{} {}", label.issuer, label.name));
            let name = label.unwrap_or_else(|| account.position.to_string());
            return fill("error.damage_account", &[("name", isolated(name.trim()).as_str())]);
        }
        Damage::Missing { count, .. } => return fill("error.damage_missing", &[("n", &count.to_string())]),
        Damage::Structure => "error.damage_structure",
        Damage::Header => "error.damage_header",
        Damage::Summary | Damage::Unexplained => "error.damage_unexplained",
        Damage::Note(_) => "error.damage_note",
        Damage::Groups => "error.damage_groups",
        Damage::Icons => "error.damage_icons",
        Damage::Tokens => "error.damage_tokens",
        Damage::RolledBack(_) => "error.damage_rolled_back",
        Damage::Surplus(_) => "error.damage_surplus",
    };
    text(words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_once_more_says_how_often() {
        let verdict = |left: u64| of_verdict(Verdict { st: Status::Wrong, left: left.try_into().ok() });
        assert_eq!(verdict(2).words, "Those aren't the digits on the page. 2 tries left.");
        assert_eq!(verdict(1).words, "Those aren't the digits on the page. One try left.");
        assert!(verdict(2).again && !verdict(2).good);
    }

    #[test]
    fn wrong_digits_of_a_new_phone_are_not_blamed_on_a_page() {
        for left in [1_u64, 2] {
            let words = of_error(&GatewayError::WrongDigits(left.try_into().unwrap()).into());
            assert!(words.contains("the new phone shows") && !words.contains("page"), "{words}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told_from_half_a_minute_on() {
        assert_eq!((of_clock(29), of_clock(-29), of_clock(0)), (None, None, None));
        let said = |ahead| of_clock(ahead).unwrap();
        assert!(said(240).starts_with("This machine's clock is 4 minutes fast. Approvals work;"), "{}", said(240));
        assert!(said(-30).contains("30 seconds slow"), "{}", said(-30));
        assert!(said(i64::MIN).contains("hours slow"));
        assert_eq!((time(1), time(119), time(7200)), ("1 second".into(), "119 seconds".into(), "2 hours".into()));
    }
}
