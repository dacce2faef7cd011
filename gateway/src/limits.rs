//! The limits of the gateway, in one table. Tests take their cases from here.

use std::time::Duration;

use countersign_protocol::limits::Limit;

/// A request line: method, target, version, with the blanks between. Beyond: 414.
pub const REQUEST_LINE: usize = 4 * 1024;
/// Headers a request. Beyond: 431.
pub const HEADERS: usize = 32;
/// All headers of a request, in bytes: names, values, four a line for what separates them. Beyond: 431.
pub const HEADER_BYTES: usize = 8 * 1024;
/// All cookies of a request, in bytes. Beyond: 431.
pub const COOKIE_BYTES: usize = 4 * 1024;
/// The time from connecting, or from the last answer's end, to the end of the headers.
pub const HEADER_TIME: Duration = Duration::from_secs(10);
/// The time for a body. Beyond: 408.
pub const BODY_TIME: Duration = Duration::from_secs(20);
/// The time in which a written answer must make progress.
pub const WRITE_STALL: Duration = Duration::from_secs(20);
/// The time for a TLS handshake.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Body of a form or of JSON from a page. Beyond: 413.
pub const FORM_BODY: usize = 64 * 1024;
/// Requests a connection a minute. Beyond: 429.
pub const CONNECTION_RATE: u32 = 100;
/// Open connections, unless set otherwise; a further one waits in the system's queue.
pub const CONNECTIONS: usize = 16_384;
/// Open connections of one address (IPv6: of one /64), unless set otherwise; a further one is closed at once. A
/// configured proxy stands for many and has no such limit.
pub const ADDRESS_CONNECTIONS: usize = 2_048;
/// How long a stop lets requests finish.
pub const STOP_TIME: Duration = Duration::from_secs(10);

/// `metadata` and `answer`, of one network (push-v1 §4, as those that follow): at once, and then one each ten milliseconds.
pub const OPEN_CALLS: u32 = 500;
/// `enrol` of one network: at once, and then one each fifth of a second.
pub const ENROL_CALLS: u32 = 60;
/// Calls by which a phone changes itself, of one network: at once, and then one each fifth of a second.
pub const CHANGE_CALLS: u32 = 200;
/// Answers of one phone: at once, and then one each tenth of a second.
pub const PHONE_ANSWERS: u32 = 200;
/// Changes that one phone made: at once, and then one each five minutes.
pub const PHONE_CHANGES: u32 = 20;
/// What one phone reads: at once, and then one each tenth of a second.
pub const PHONE_READS: u32 = 600;

/// The configuration file, in bytes.
pub const CONFIG_BYTES: u64 = 1024 * 1024;

/// A password, in bytes.
pub const PASSWORD_BYTES: usize = 1024;
/// A password, in characters, at least.
pub const PASSWORD_LEAST: usize = 8;
/// A person's name, in characters.
pub const NAME_CHARS: usize = 64;
/// How long a sign-in waits for a free place at the password hash. Beyond: 503.
pub const PASSWORD_QUEUE: Duration = Duration::from_secs(2);
/// Wrong passwords in a row for a name from one network, before it has to wait.
pub const GUESSES_A_NETWORK: u32 = 5;
/// The same from anywhere (NIST SP 800-63B-4 §3.2.2).
pub const GUESSES: u32 = 100;
/// The longest wait of a name from one network, in seconds.
pub const GUESS_WAIT_A_NETWORK: u64 = 900;
/// The same from anywhere.
pub const GUESS_WAIT: u64 = 60;
/// Time without a try after which wrong ones are forgotten.
pub const GUESS_MEMORY: Duration = Duration::from_secs(24 * 3600);
/// Counts of wrong passwords that are kept; beyond them those that are not waiting are forgotten.
pub const GUESS_COUNTS: usize = 100_000;
/// Life of a voucher, in seconds.
pub const VOUCHER_LIFE: u64 = 24 * 3600;
/// A voucher whose making lies ahead by more than so many seconds tells that the wall clock was set back. Administrators make
/// them in another run than the gateway's, so there is no monotonic clock to go by.
pub const VOUCHER_SLACK: u64 = 60;

/// A session without a request, in seconds.
pub const SESSION_IDLE: u64 = 30 * 60;
/// A session in all, in seconds.
pub const SESSION_LIFE: u64 = 12 * 3600;
/// How exactly the last request of a session is noted, in seconds.
pub const SESSION_SEEN_STEP: u64 = 60;
/// How long a second factor counts for changing factors, in seconds.
pub const SECOND_FACTOR_FRESH: u64 = 600;

/// Digits of an approval, unless set otherwise (push-v1 §10, as all up to `WRONG_MOST`).
pub const DIGITS: u8 = 6;
/// The same, at least.
pub const DIGITS_LEAST: u8 = 2;
/// The same, at most.
pub const DIGITS_MOST: u8 = 8;
/// Tries of an approval, unless set otherwise; at least one.
pub const TRIES: u8 = 3;
/// The same, at most.
pub const TRIES_MOST: u8 = 5;
/// Life of an approval in seconds, unless set otherwise.
pub const APPROVAL_LIFE: u64 = 120;
/// The same, at least.
pub const APPROVAL_LIFE_LEAST: u64 = 30;
/// The same, at most.
pub const APPROVAL_LIFE_MOST: u64 = countersign_protocol::limits::CHALLENGE_LIFE;
/// Open approvals of a person that asked a phone, unless set otherwise; at least one.
pub const OPEN_APPROVALS: u32 = 1;
/// The same, at most.
pub const OPEN_APPROVALS_MOST: u32 = 3;
/// Pushes to a person since the last success, unless set otherwise; at least one.
pub const PUSHES: u32 = 5;
/// The same where nobody stated a first factor.
pub const PUSHES_ALONE: u32 = 2;
/// Both, at most.
pub const PUSHES_MOST: u32 = 10;
/// Wrong digits in a row at which push is off, unless set otherwise; at least one.
pub const WRONG_DIGITS: u32 = 10;
/// Wrong codes in a row at which codes are off, unless set otherwise; at least one.
pub const WRONG_CODES: u32 = 10;
/// Both, at most.
pub const WRONG_MOST: u32 = 100;

/// A certificate's last days, in which start-up warns.
pub const CERTIFICATE_WARNING_DAYS: i64 = 30;
/// How long a certificate's key is listed before it is used, in seconds: by then every phone that calls has read it.
pub const PIN_AHEAD: u64 = 14 * 86_400;
/// A chain of certificates.
pub const CHAIN: usize = 8;
/// One certificate of a chain, in bytes.
pub const CERTIFICATE_BYTES: usize = 16 * 1024;

/// A file of certificates in PEM form, in bytes.
pub const PEM_BYTES: u64 = 1024 * 1024;

/// A file of places, in bytes.
pub const GEO_BYTES: u64 = 1 << 30;
/// The file of an icon, in bytes.
pub const ICON_FILE_BYTES: u64 = 4 << 20;
/// An icon as phones get it, in bytes.
pub const ICON_BYTES: usize = 60 * 1024;

/// Calls to others: to connect to one address.
pub const OUTGOING_CONNECT: Duration = Duration::from_secs(3);
/// Calls to others: in all.
pub const OUTGOING_TOTAL: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
pub const OUTGOING_ADDRESSES: usize = 4;
/// What is read of an answer's body, in bytes.
pub const OUTGOING_BODY: usize = 4 * 1024;
/// What is read of an answer's headers, in bytes; the least that the HTTP library takes.
pub const OUTGOING_HEADERS: usize = 8 * 1024;
/// Headers of an answer.
pub const OUTGOING_HEADER_COUNT: usize = 64;

/// Bells under way in all, waiting for another try included. Beyond, a bell is not rung: the phone asks by itself.
pub const BELLS: usize = 4_096;
/// Bells under way to one push server.
pub const BELLS_A_SERVER: usize = 1_024;
/// Calls to push servers at once.
pub const BELL_CALLS: usize = 64;
/// Calls to one push server at once.
pub const BELL_CALLS_A_SERVER: usize = 8;
/// How long a stop lets a bell's call end.
pub const BELL_STOP_TIME: Duration = Duration::from_secs(5);

/// The list of attestation certificates that were called back, in bytes.
pub const REVOKED_BYTES: u64 = 16 * 1024 * 1024;

/// Every limit above, as `countersign-gateway limits` prints it.
pub const TABLE: &[Limit] = &[
    Limit { surface: "a voucher made by a clock that was ahead", most: VOUCHER_SLACK, unit: "seconds" },
    Limit { surface: "file of places or networks", most: GEO_BYTES, unit: "bytes" },
    Limit { surface: "file of certificates", most: PEM_BYTES, unit: "bytes" },
    Limit { surface: "file of an icon", most: ICON_FILE_BYTES, unit: "bytes" },
    Limit { surface: "icon as phones get it", most: ICON_BYTES as u64, unit: "bytes" },
    Limit { surface: "request line", most: REQUEST_LINE as u64, unit: "bytes" },
    Limit { surface: "headers of a request", most: HEADERS as u64, unit: "headers" },
    Limit { surface: "all headers of a request", most: HEADER_BYTES as u64, unit: "bytes" },
    Limit { surface: "all cookies of a request", most: COOKIE_BYTES as u64, unit: "bytes" },
    Limit { surface: "time for the headers of a request", most: HEADER_TIME.as_secs(), unit: "seconds" },
    Limit { surface: "time for a body", most: BODY_TIME.as_secs(), unit: "seconds" },
    Limit { surface: "pause in taking an answer", most: WRITE_STALL.as_secs(), unit: "seconds" },
    Limit { surface: "time for a TLS handshake", most: HANDSHAKE_TIME.as_secs(), unit: "seconds" },
    Limit { surface: "body of a form", most: FORM_BODY as u64, unit: "bytes" },
    Limit { surface: "requests of a connection", most: CONNECTION_RATE as u64, unit: "requests a minute" },
    Limit { surface: "open connections, unless set otherwise", most: CONNECTIONS as u64, unit: "connections" },
    Limit {
        surface: "open connections of an address, unless set otherwise",
        most: ADDRESS_CONNECTIONS as u64,
        unit: "connections",
    },
    Limit { surface: "time for open requests at a stop", most: STOP_TIME.as_secs(), unit: "seconds" },
    Limit { surface: "metadata and answer, of a network", most: OPEN_CALLS as u64, unit: "calls at once" },
    Limit { surface: "enrol, of a network", most: ENROL_CALLS as u64, unit: "calls at once" },
    Limit { surface: "changes of phones, of a network", most: CHANGE_CALLS as u64, unit: "calls at once" },
    Limit { surface: "answers of a phone", most: PHONE_ANSWERS as u64, unit: "calls at once" },
    Limit { surface: "changes that a phone made", most: PHONE_CHANGES as u64, unit: "calls at once" },
    Limit { surface: "calls by which a phone reads", most: PHONE_READS as u64, unit: "calls at once" },
    Limit { surface: "configuration file", most: CONFIG_BYTES, unit: "bytes" },
    Limit { surface: "password", most: PASSWORD_BYTES as u64, unit: "bytes" },
    Limit { surface: "password, at least", most: PASSWORD_LEAST as u64, unit: "characters" },
    Limit { surface: "name of a person", most: NAME_CHARS as u64, unit: "characters" },
    Limit { surface: "wait for the password hash", most: PASSWORD_QUEUE.as_secs(), unit: "seconds" },
    Limit { surface: "wrong passwords of a name from a network", most: GUESSES_A_NETWORK as u64, unit: "in a row" },
    Limit { surface: "wrong passwords of a name from anywhere", most: GUESSES as u64, unit: "in a row" },
    Limit { surface: "wait of a name from a network", most: GUESS_WAIT_A_NETWORK, unit: "seconds" },
    Limit { surface: "wait of a name from anywhere", most: GUESS_WAIT, unit: "seconds" },
    Limit { surface: "memory of wrong passwords", most: GUESS_MEMORY.as_secs(), unit: "seconds" },
    Limit { surface: "counts of wrong passwords", most: GUESS_COUNTS as u64, unit: "counts" },
    Limit { surface: "life of a voucher", most: VOUCHER_LIFE, unit: "seconds" },
    Limit { surface: "session without a request", most: SESSION_IDLE, unit: "seconds" },
    Limit { surface: "session in all", most: SESSION_LIFE, unit: "seconds" },
    Limit { surface: "exactness of a session's last request", most: SESSION_SEEN_STEP, unit: "seconds" },
    Limit { surface: "second factor that counts for changes", most: SECOND_FACTOR_FRESH, unit: "seconds" },
    Limit { surface: "digits of an approval, unless set otherwise", most: DIGITS as u64, unit: "digits" },
    Limit { surface: "digits of an approval, set at least", most: DIGITS_LEAST as u64, unit: "digits" },
    Limit { surface: "digits of an approval, set at most", most: DIGITS_MOST as u64, unit: "digits" },
    Limit { surface: "tries of an approval, unless set otherwise", most: TRIES as u64, unit: "tries" },
    Limit { surface: "tries of an approval, set at most", most: TRIES_MOST as u64, unit: "tries" },
    Limit { surface: "life of an approval, unless set otherwise", most: APPROVAL_LIFE, unit: "seconds" },
    Limit { surface: "life of an approval, set at least", most: APPROVAL_LIFE_LEAST, unit: "seconds" },
    Limit { surface: "life of an approval, set at most", most: APPROVAL_LIFE_MOST, unit: "seconds" },
    Limit {
        surface: "open approvals of a person, unless set otherwise",
        most: OPEN_APPROVALS as u64,
        unit: "approvals",
    },
    Limit { surface: "open approvals of a person, set at most", most: OPEN_APPROVALS_MOST as u64, unit: "approvals" },
    Limit { surface: "pushes since the last success, unless set otherwise", most: PUSHES as u64, unit: "pushes" },
    Limit { surface: "the same without a first factor", most: PUSHES_ALONE as u64, unit: "pushes" },
    Limit { surface: "pushes since the last success, set at most", most: PUSHES_MOST as u64, unit: "pushes" },
    Limit { surface: "wrong digits in a row, unless set otherwise", most: WRONG_DIGITS as u64, unit: "tries" },
    Limit { surface: "wrong codes in a row, unless set otherwise", most: WRONG_CODES as u64, unit: "tries" },
    Limit { surface: "wrong digits or codes in a row, set at most", most: WRONG_MOST as u64, unit: "tries" },
    Limit { surface: "warning before a certificate ends", most: CERTIFICATE_WARNING_DAYS as u64, unit: "days" },
    Limit { surface: "time a certificate's key is listed before use", most: PIN_AHEAD, unit: "seconds" },
    Limit { surface: "chain of certificates in a file", most: CHAIN as u64, unit: "certificates" },
    Limit { surface: "one certificate of that chain", most: CERTIFICATE_BYTES as u64, unit: "bytes" },
    Limit { surface: "call to others, to connect", most: OUTGOING_CONNECT.as_secs(), unit: "seconds" },
    Limit { surface: "call to others, in all", most: OUTGOING_TOTAL.as_secs(), unit: "seconds" },
    Limit { surface: "addresses of a name that are tried", most: OUTGOING_ADDRESSES as u64, unit: "addresses" },
    Limit { surface: "body of an answer of others", most: OUTGOING_BODY as u64, unit: "bytes" },
    Limit { surface: "headers of an answer of others, in bytes", most: OUTGOING_HEADERS as u64, unit: "bytes" },
    Limit { surface: "headers of an answer of others", most: OUTGOING_HEADER_COUNT as u64, unit: "headers" },
    Limit { surface: "bells under way", most: BELLS as u64, unit: "bells" },
    Limit { surface: "bells under way to one push server", most: BELLS_A_SERVER as u64, unit: "bells" },
    Limit { surface: "calls to push servers at once", most: BELL_CALLS as u64, unit: "calls" },
    Limit { surface: "calls to one push server at once", most: BELL_CALLS_A_SERVER as u64, unit: "calls" },
    Limit { surface: "time for a bell's call at a stop", most: BELL_STOP_TIME.as_secs(), unit: "seconds" },
    Limit { surface: "list of revoked attestation certificates", most: REVOKED_BYTES, unit: "bytes" },
];
