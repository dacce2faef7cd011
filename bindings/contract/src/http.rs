//! What every network must do, against a peer that the caller puts up.

use std::ops::ControlFlow;
use std::time::Duration;

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Http, Method, Request, Trust};

/// What answers at the other end.
pub struct Peer {
    /// Answers any method at `{echo}` with status 200, `x-method` and `x-sent` (the request's header of that name), and
    /// the request's body as its own.
    pub echo: String,
    /// Redirects from here with 302 to `echo`.
    pub redirect: String,
    /// Takes the request from here and never answers.
    pub silent: String,
    /// Answers from here with 200 and `begun` as the first part of a body that never ends.
    pub drip: String,
    /// Nothing listens here.
    pub nobody: String,
    /// Whom to believe; the peer's own certificate fits.
    pub trust: Trust,
    /// Like `trust`, and the peer's certificate does not fit; `None` where the peer has no TLS.
    pub foreign: Option<Trust>,
}

/// [`Http`] against `peer`.
pub fn http(http: &dyn Http, peer: &Peer) {
    let cancel = Cancel::default();
    let request = |url: &str| Request {
        method: Method::Get,
        url: url.to_owned(),
        headers: vec![],
        body: vec![],
        trust: peer.trust.clone(),
        deadline: Duration::from_secs(20),
        most: 64 * 1024,
    };
    for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
        let body = if matches!(method, Method::Get | Method::Delete) { vec![] } else { vec![b'x'; 1000] };
        let headers = vec![("x-sent".to_owned(), "as it is".to_owned())];
        let sent = Request { method, headers, body: body.clone(), ..request(&peer.echo) };
        let answer = http.send(sent, &cancel).expect("an answer comes");
        assert_eq!((answer.status, answer.header("x-method")), (200, Some(method.as_str())), "the method is sent");
        assert_eq!(answer.header("x-sent"), Some("as it is"), "headers are sent, and read by lower-case names");
        assert_eq!(answer.body, body, "bodies go both ways as they are");
    }
    let large = |most| Request { method: Method::Post, body: vec![b'y'; 2000], most, ..request(&peer.echo) };
    assert!(http.send(large(2000), &cancel).is_ok(), "an answer at the limit is taken");
    assert_eq!(http.send(large(1999), &cancel).err(), Some(PortError::TooLarge), "one byte more is refused");
    let answer = http.send(request(&peer.redirect), &cancel).expect("a redirect is an answer");
    assert_eq!(answer.status, 302, "and is not followed");
    assert_eq!(http.send(request(&peer.nobody), &cancel).err(), Some(PortError::Network), "nobody there: network");
    if let Some(foreign) = &peer.foreign {
        let sent = Request { trust: foreign.clone(), ..request(&peer.echo) };
        assert_eq!(http.send(sent, &cancel).err(), Some(PortError::Tls), "a foreign certificate is refused");
    }
    let plain = request(&peer.echo.replacen("https://", "http://", 1));
    assert!(http.send(plain, &cancel).is_err(), "nothing is sent in the clear");
    stops(http, &request(&peer.silent));
    streams(http, peer, &request(&peer.echo));
}

/// A body is handed over as it arrives, and the call ends by its end, by the taker, a deadline or a cancel.
fn streams(http: &dyn Http, peer: &Peer, echo: &Request) {
    let cancel = Cancel::default();
    let whole = Request { method: Method::Post, body: vec![b'z'; 3000], most: 10, ..echo.clone() };
    let mut seen = Vec::new();
    let mut keep = |part: &[u8]| {
        seen.extend_from_slice(part);
        ControlFlow::Continue(())
    };
    let head = http.stream(whole.clone(), &cancel, &mut keep).expect("a body that ends");
    assert_eq!((head.status, head.header("x-method"), head.body.len()), (200, Some("POST"), 0), "the head is returned");
    assert_eq!(seen, whole.body, "the body is handed over whole, however long it is");

    let mut nothing = |_: &[u8]| -> ControlFlow<()> { panic!("the body of another status is not handed over") };
    let redirect = Request { url: peer.redirect.clone(), ..echo.clone() };
    assert_eq!(http.stream(redirect, &cancel, &mut nothing).expect("an answer").status, 302, "and is not followed");
    let nobody = Request { url: peer.nobody.clone(), ..echo.clone() };
    assert_eq!(http.stream(nobody, &cancel, &mut nothing).err(), Some(PortError::Network), "nobody there: network");
    if let Some(foreign) = &peer.foreign {
        let sent = Request { trust: foreign.clone(), ..echo.clone() };
        assert_eq!(http.stream(sent, &cancel, &mut nothing).err(), Some(PortError::Tls), "a foreign certificate");
    }

    let drip = Request { url: peer.drip.clone(), ..echo.clone() };
    let mut stop = |part: &[u8]| {
        assert_eq!(part, b"begun", "a part is handed over before the next one comes");
        let inside = http.send(echo.clone(), &Cancel::default());
        assert_eq!(inside.expect("a request of the taker's own").status, 200);
        ControlFlow::Break(())
    };
    assert_eq!(http.stream(drip.clone(), &cancel, &mut stop).expect("broken off").status, 200);

    let mut go_on = |_: &[u8]| ControlFlow::Continue(());
    let short = Request { deadline: Duration::from_millis(300), ..drip.clone() };
    assert_eq!(http.stream(short, &cancel, &mut go_on).err(), Some(PortError::Timeout), "a part that is late");
    let stopped = Cancel::default();
    let mut cancels = |_: &[u8]| {
        stopped.cancel();
        ControlFlow::Continue(())
    };
    assert_eq!(
        http.stream(drip.clone(), &stopped, &mut cancels).err(),
        Some(PortError::Cancelled),
        "between two parts"
    );
    assert_eq!(http.stream(drip, &stopped, &mut nothing).err(), Some(PortError::Cancelled), "before it began");
}

/// A deadline and a cancel end a call that hangs.
fn stops(http: &dyn Http, silent: &Request) {
    let cancelled = Cancel::default();
    cancelled.cancel();
    assert_eq!(http.send(silent.clone(), &cancelled).err(), Some(PortError::Cancelled), "cancelled before it began");
    let cancel = Cancel::default();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| http.send(silent.clone(), &cancel));
        std::thread::yield_now();
        cancel.cancel();
        let ended = call.join().expect("the call ends");
        assert_eq!(ended.err(), Some(PortError::Cancelled), "cancelled while it hung");
    });
    let short = Request { deadline: Duration::from_millis(50), ..silent.clone() };
    assert_eq!(http.send(short, &Cancel::default()).err(), Some(PortError::Timeout), "the deadline ends it");
}
