//! One call to a gateway: proof, nonce, and what a status means (push-v1 section 4).
//!
//! A fault that is not signed never changes anything but when the phone asks again.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_protocol::jose::{H32, Refused, SigningInput, signature_from_der};
use countersign_protocol::json;
use countersign_protocol::push::{
    BaseUrl, ErrorBody, ErrorCode, ErrorWhy, Gone, Message, MetadataReply, Nonce, Proof, TriesLeft,
};

use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, PortError};
use crate::limits;
use crate::port::{KeyName, Method, Ports, Request, Response, Trust};

/// What a call to a gateway ended with, if not with success.
#[derive(Debug)]
pub enum Fault {
    /// It did not arrive, or the answer did not.
    Port(PortError),
    /// The nonce was too old, twice.
    Nonce,
    /// 401: some key, signature or name is not what the gateway knows.
    Refused,
    /// The gateway calls the request malformed or too large: a fault of one of both programs.
    Malformed(u16),
    /// This version of the protocol is no longer served.
    Version,
    /// Right in form, not allowed.
    Policy(ErrorWhy),
    /// The digits of a new phone are others; so many tries are left.
    Digits(TriesLeft),
    /// The enrolment code was used by another request.
    Used,
    /// Too old, or ended.
    Expired,
    /// The gateway says that this device is removed. Nothing is known yet of who signed that.
    Gone(Box<Message<Gone>>),
    /// Not now: overloaded, broken, or something in between answered. Seconds, if it said how long.
    Busy(u16, Option<u64>),
}

impl From<PortError> for Fault {
    fn from(fault: PortError) -> Self {
        Self::Port(fault)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Port(fault) => fault.into(),
            Fault::Refused => GatewayError::DeviceRefused.into(),
            Fault::Malformed(status) => GatewayError::Status(status).into(),
            Fault::Version => GatewayError::Version.into(),
            Fault::Policy(why) => GatewayError::Policy(why).into(),
            Fault::Digits(left) => GatewayError::WrongDigits(left).into(),
            Fault::Used => GatewayError::CodeUsed.into(),
            Fault::Expired => GatewayError::CodeExpired.into(),
            Fault::Nonce => GatewayError::Busy(None).into(),
            // Only a word that verifies removes anything; the caller has looked.
            Fault::Gone(_) => GatewayError::Refused(Refused::Signature).into(),
            Fault::Busy(_, seconds) => GatewayError::Busy(seconds).into(),
        }
    }
}

/// What a line to one gateway remembers while the app runs.
#[derive(Debug, Default)]
pub struct Memory {
    nonce: Mutex<Option<Nonce>>,
    outdated: AtomicBool,
}

impl Memory {
    /// Takes the newest well-formed nonce; an answer without one leaves the old.
    fn learn(&self, response: &Response) {
        if let Some(Ok(nonce)) = response.header("countersign-nonce").map(Nonce::try_from) {
            *lock(&self.nonce) = Some(nonce);
        }
    }

    /// The newest one.
    pub(crate) fn nonce(&self) -> Option<Nonce> {
        lock(&self.nonce).clone()
    }

    /// Whether the gateway said last that it no longer serves this version: the app asks to be updated. Unsigned, so it
    /// moves the display alone, and any success takes it back.
    pub(crate) fn is_outdated(&self) -> bool {
        self.outdated.load(Ordering::Relaxed)
    }

    fn set_outdated(&self, outdated: bool) {
        self.outdated.store(outdated, Ordering::Relaxed);
    }
}

/// How long to wait between two tries of one kind (push-v1 section 4, «Retries»).
#[derive(Debug, Default)]
pub struct Backoff(Mutex<u32>);

impl Backoff {
    /// The next pause of a row of failures: 1, 2, 4 … 60 s, a fifth more or less as `dice` (0–255) falls.
    pub(crate) fn pause(&self, dice: u8) -> Duration {
        let mut failures = lock(&self.0);
        let whole = limits::RETRY_MOST.min(1000 << (*failures).min(16));
        *failures = failures.saturating_add(1);
        Duration::from_millis(whole * (800 + u64::from(dice) * 400 / 255) / 1000)
    }

    /// The row of failures is over.
    pub(crate) fn well(&self) {
        *lock(&self.0) = 0;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Single values are whole in every moment, whoever panicked meanwhile.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One call of the table in section 4.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Its method, as the proof names it.
    pub method: Method,
    /// What follows the base URL and a slash.
    pub path: &'a str,
    /// The body, empty for none.
    pub body: &'a [u8],
    /// The status of its success.
    pub success: u16,
}

impl<'a> Call<'a> {
    /// `POST path`.
    pub fn post(path: &'a str, body: &'a [u8], success: u16) -> Self {
        Self { method: Method::Post, path, body, success }
    }

    /// `PUT path`, which answers 204.
    pub fn put(path: &'a str, body: &'a [u8]) -> Self {
        Self { method: Method::Put, path, body, success: 204 }
    }

    /// `DELETE path`, which answers 204.
    pub fn delete(path: &'a str) -> Self {
        Self { method: Method::Delete, path, body: &[], success: 204 }
    }

    /// `GET path`, proven.
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::Get, path, body: &[], success: 200 }
    }
}

/// The way to one gateway for one device.
pub struct Line<'a> {
    /// The shell's ports.
    pub ports: &'a Ports,
    /// The gateway's base URL.
    pub u: &'a BaseUrl,
    /// Whom a connection must lead to.
    pub trust: Trust,
    /// What is remembered between calls.
    pub memory: &'a Memory,
}

/// The key that proves a call.
#[derive(Debug, Clone, Copy)]
pub struct Prover<'a> {
    /// Its name in the keystore.
    pub name: &'a KeyName,
    /// Its thumbprint.
    pub kid: H32,
}

impl Line<'_> {
    /// `GET metadata`. Where `trust` is [`Trust::MetadataOnly`] the nonce is not taken.
    pub fn metadata(&self, cancel: &Cancel) -> Result<MetadataReply, Fault> {
        let call = Call::get("metadata");
        let body = self.read(self.send(call, None, limits::CALL_DEADLINE, cancel)?, call)?;
        json::parse(&body).map_err(|_| Fault::Busy(200, None))
    }

    /// A call proven by `prover`: signed anew once when the nonce was too old. It may take `wait` longer than others.
    pub fn proven(
        &self,
        call: Call<'_>,
        prover: Prover<'_>,
        wait: Duration,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, Fault> {
        self.signed_anew_once(prover, cancel, call, |proof| {
            self.read(self.send(call, Some(proof), limits::CALL_DEADLINE + wait, cancel)?, call)
        })
    }

    /// A call of something that is signed itself.
    pub fn plain(&self, call: Call<'_>, cancel: &Cancel) -> Result<Vec<u8>, Fault> {
        self.read(self.send(call, None, limits::CALL_DEADLINE, cancel)?, call)
    }

    /// `GET events`, proven by `prover`: each part of the body goes to `take`, which may break off.
    pub fn events(
        &self,
        prover: Prover<'_>,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        let call = Call::get("events");
        self.signed_anew_once(prover, cancel, call, |proof| {
            let request = self.request(call, "text/event-stream", Some(proof), limits::EVENT_SILENCE);
            let response = self.ports.http.stream(request, cancel, &mut *take)?;
            self.learn(&response);
            self.read(response, call).map(drop)
        })
    }

    fn signed_anew_once<T>(
        &self,
        prover: Prover<'_>,
        cancel: &Cancel,
        call: Call<'_>,
        mut send: impl FnMut(String) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        cancel.check()?;
        if self.memory.nonce().is_none() {
            self.metadata(cancel)?;
        }
        match send(self.proof(call, prover)?) {
            Err(Fault::Nonce) => send(self.proof(call, prover)?),
            outcome => outcome,
        }
    }

    fn proof(&self, call: Call<'_>, prover: Prover<'_>) -> Result<String, Fault> {
        let nonce = self.memory.nonce().ok_or(Fault::Busy(200, None))?;
        let claims = Proof {
            htm: call.method,
            htu: self.u.join(call.path),
            bh: H32::sha256(&[call.body]),
            jti: self.ports.random.id()?,
            nonce,
            iat: self.ports.clock.now(),
        };
        let input = SigningInput::of(prover.kid, &claims).map_err(|_| PortError::Failed)?;
        let der = self.ports.keystore.sign_proof(prover.name, input.as_bytes())?;
        Ok(input.attach(signature_from_der(&der).map_err(|_| PortError::Failed)?))
    }

    fn send(
        &self,
        call: Call<'_>,
        proof: Option<String>,
        deadline: Duration,
        cancel: &Cancel,
    ) -> Result<Response, PortError> {
        cancel.check()?;
        let response = self.ports.http.send(self.request(call, "application/json", proof, deadline), cancel)?;
        self.learn(&response);
        Ok(response)
    }

    fn request(&self, call: Call<'_>, accept: &str, proof: Option<String>, deadline: Duration) -> Request {
        let Call { method, path, body, .. } = call;
        let mut headers = vec![("accept".to_owned(), accept.to_owned())];
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        headers.extend(proof.map(|proof| ("countersign-proof".to_owned(), proof)));
        let (url, body, trust) = (self.u.join(path), body.to_vec(), self.trust.clone());
        Request { method, url, headers, body, trust, deadline, most: limits::ANSWER }
    }

    /// Takes the answer's nonce, unless it came over a connection that is good for metadata alone.
    fn learn(&self, response: &Response) {
        if self.trust != Trust::MetadataOnly {
            self.memory.learn(response);
        }
    }

    /// The body of a success, or what the answer means (the table of push-v1 section 4).
    fn read(&self, response: Response, call: Call<'_>) -> Result<Vec<u8>, Fault> {
        if response.body.len() > limits::ANSWER {
            return Err(Fault::Port(PortError::TooLarge));
        }
        if response.status == call.success {
            // Metadata may be had in any version.
            if call.path != "metadata" {
                self.memory.set_outdated(false);
            }
            return Ok(response.body);
        }
        let fault = refusal(&response);
        if matches!(fault, Fault::Version) {
            self.memory.set_outdated(true);
        }
        Err(fault)
    }
}

fn refusal(response: &Response) -> Fault {
    let status = response.status;
    let busy = Fault::Busy(status, retry_after(response));
    let body = ErrorBody::read(status, &response.body);
    if let Some(text) = &body.text {
        // The gateway's own words, at most 256 characters, are for the log and shown to nobody. Escaped, they stay one line.
        tracing::warn!(status, error = ?body.error, text = ?text, "a gateway refused");
    }
    match body.error {
        ErrorCode::Malformed | ErrorCode::Large => Fault::Malformed(status),
        ErrorCode::Version => Fault::Version,
        ErrorCode::Nonce => Fault::Nonce,
        ErrorCode::Refused => Fault::Refused,
        ErrorCode::Policy => match (body.why, body.left) {
            (Some(ErrorWhy::Digits), Some(left)) => Fault::Digits(left),
            (why, _) => Fault::Policy(why.unwrap_or(ErrorWhy::Other)),
        },
        ErrorCode::Used => Fault::Used,
        ErrorCode::Expired => Fault::Expired,
        ErrorCode::Gone => body.gone.map_or(busy, |gone| Fault::Gone(Box::new(gone))),
        ErrorCode::Slow | ErrorCode::Busy | ErrorCode::Other => busy,
    }
}

/// `Retry-After` in whole seconds, an hour at most.
fn retry_after(response: &Response) -> Option<u64> {
    let text = response.header("retry-after").filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    // Digits that do not fit a number are more than an hour, too.
    (!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX).min(limits::RETRY_AFTER_MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Response { status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_status_and_its_error_mean_what_the_table_says() {
        let meaning = |status, body: &str| format!("{:?}", refusal(&answer(status, body, &[])));
        for (status, body, means) in [
            (400, r#"{"error":"malformed"}"#, "Malformed(400)"),
            (404, r#"{"error":"malformed"}"#, "Malformed(404)"),
            (413, r#"{"error":"large"}"#, "Malformed(413)"),
            (431, "anything", "Malformed(431)"),
            (400, r#"{"error":"version"}"#, "Version"),
            (401, r#"{"error":"nonce"}"#, "Nonce"),
            (401, r#"{"error":"refused"}"#, "Refused"),
            (403, r#"{"error":"policy","why":"level"}"#, "Policy(Level)"),
            (403, r#"{"error":"policy","why":"moon"}"#, "Policy(Other)"),
            (403, r#"{"error":"policy","why":"digits"}"#, "Policy(Digits)"),
            (403, r#"{"error":"policy","why":"digits","left":2}"#, "Digits(Within(2))"),
            (409, r#"{"error":"used"}"#, "Used"),
            (410, r#"{"error":"expired"}"#, "Expired"),
        ] {
            assert_eq!(meaning(status, body), means, "{status} {body}");
        }
    }

    #[test]
    fn what_is_not_of_the_table_is_busy() {
        for (status, body) in [
            (500, "<html>"),
            (502, r#"{"error":"refused"}"#),
            (401, r#"{"error":"gone"}"#),
            (400, r#"{"error":"refused"}"#),
            (410, r#"{"error":"gone"}"#),
            (410, "<html>gone</html>"),
            (302, ""),
            (200, "{}"),
            (418, r#"{"error":"teapot"}"#),
            (401, r#"{"error":"nonce","error":"refused"}"#),
        ] {
            assert!(
                matches!(refusal(&answer(status, body, &[])), Fault::Busy(s, None) if s == status),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_pause_asked_for_is_an_hour_at_most() {
        let asked = |value: &str| retry_after(&answer(503, "", &[("retry-after", value)]));
        assert_eq!(asked("7"), Some(7));
        assert_eq!(asked("31536000"), Some(3600));
        assert_eq!(asked("99999999999999999999999999"), Some(3600));
        assert_eq!(asked("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(asked("-1"), None);
        assert_eq!(asked(""), None);
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_begin_anew_after_a_success() {
        let memory = Backoff::default();
        let pauses: Vec<u64> = (0..8).map(|_| memory.pause(127).as_secs_f64().round() as u64).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        memory.well();
        assert_eq!(memory.pause(0), Duration::from_millis(800));
        assert_eq!(memory.pause(255), Duration::from_millis(2400));
    }

    #[test]
    fn only_a_well_formed_nonce_replaces_the_old_one() {
        let memory = Memory::default();
        memory.learn(&answer(200, "", &[("countersign-nonce", "abc_-9")]));
        for bad in ["", "a b", "ü", &"n".repeat(129)] {
            memory.learn(&answer(200, "", &[("countersign-nonce", bad)]));
        }
        memory.learn(&answer(200, "", &[]));
        assert_eq!(memory.nonce().as_ref().map(Nonce::as_str), Some("abc_-9"));
    }
}
