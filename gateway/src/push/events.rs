//! Events: the State of a device, told on connecting and at each change, over one held answer (`push-v1.md` §8).
//!
//! Each stream is a task that looks at the store off the threads that serve connections and hands lines to the answer's
//! body. Two lines may wait for a peer that does not read; then the task waits too, and the connection gives the peer up.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use countersign_protocol::jose::Id;
use countersign_protocol::push::State;
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::Phones;
use super::reply::Refusal;
use super::state::{Held, Look};
use crate::house::House;
use crate::wake::{Ended, Listening, Topic};

/// How often a line says that the stream lives, so that nothing between takes it down.
pub const COMMENT: Duration = Duration::from_secs(25);
/// How long a stream lasts.
pub const LIFE: Duration = Duration::from_secs(900);
/// Lines that may wait for the peer.
const WAITING: usize = 2;
const ALIVE: &[u8] = b": \n\n";

/// The body of the answer: lines as they come.
struct Lines(mpsc::Receiver<Bytes>);

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}

/// One stream of a device.
struct Stream {
    phones: Phones,
    did: Id,
    number: u64,
    lines: mpsc::Sender<Bytes>,
}

impl Phones {
    /// The stream of a proven device. An older one of the same device ends.
    ///
    /// # Errors
    /// [`Refusal`], when there is nothing to be told at all.
    pub async fn events(&self, house: &Arc<House>, did: Id) -> Result<Response, Refusal> {
        let number = self.inner.streams.begin(did);
        self.inner.wakes.wake(Topic::Device(did));
        let listening = self.inner.wakes.listen(Topic::Device(did));
        let first = self.look_aside(house, did, Vec::new()).await;
        let first = first.inspect_err(|_| self.inner.streams.end(did, number))?;
        let (sender, lines) = mpsc::channel(WAITING);
        let stream = Stream { phones: self.clone(), did, number, lines: sender };
        let house = house.clone();
        tokio::spawn(async move {
            stream.run(&house, listening, first).await;
            stream.phones.inner.streams.end(did, number);
        });
        let mut response = Response::new(Body::new(Lines(lines)));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        Ok(response)
    }
}

impl Stream {
    /// Tells the first State and each that differs, until fifteen minutes are over, a newer stream of the device opens, the
    /// device goes, the peer does or the gateway stops.
    async fn run(&self, house: &Arc<House>, mut listening: Listening, first: Look) {
        let it = &*self.phones.inner;
        let began = it.clock.monotonic();
        let (mut told, mut left, mut look) = (None, LIFE, first);
        loop {
            let holds = Held::of(&look.state);
            if told.as_ref() != Some(&holds) && !self.say(event(&look.state)).await {
                return;
            }
            let have = holds.have.clone();
            told = Some(holds);
            if left.is_zero() || !it.streams.is(self.did, self.number) {
                return;
            }
            let slice = COMMENT.min(left).min(until(look.soonest, look.state.now));
            let ended = tokio::select! {
                ended = listening.wait(slice, &*house.timer, house.stopping.begun()) => ended,
                () = self.lines.closed() => return,
            };
            match ended {
                Ended::Stop => return,
                Ended::Woken => {}
                Ended::Time => {
                    left = left.saturating_sub(slice);
                    if !self.say(Bytes::from_static(ALIVE)).await {
                        return;
                    }
                }
            }
            let passed = it.clock.monotonic().saturating_sub(began);
            left = left.min(LIFE.saturating_sub(passed));
            listening = it.wakes.listen(Topic::Device(self.did));
            // A device that is gone is told so by its next call.
            let Ok(next) = self.phones.look_aside(house, self.did, have).await else { return };
            look = next;
        }
    }

    /// Hands a line to the peer. False when it is gone.
    async fn say(&self, line: Bytes) -> bool {
        self.lines.send(line).await.is_ok()
    }
}

/// How long until what ends first has ended. Nothing wakes a stream then.
fn until(soonest: Option<u64>, now: u64) -> Duration {
    soonest.map_or(LIFE, |end| Duration::from_secs(end.saturating_sub(now) + 1))
}

/// One event, its State on one line. JSON escapes every line's end.
fn event(state: &State) -> Bytes {
    let data = serde_json::to_string(state).unwrap_or_default();
    Bytes::from(format!("event: state\ndata: {data}\n\n"))
}

#[cfg(test)]
mod tests {
    use countersign_protocol::push::{DeviceState, List};

    use super::*;

    #[test]
    fn an_event_is_three_lines() {
        let state = State {
            now: 7,
            device: DeviceState::Active,
            meta: (1, 3).into(),
            challenges: List::try_from(vec!["a\nb".to_owned()]).unwrap(),
            closed: List::default(),
            joining: None,
        };
        let text = event(&state);
        assert!(text.starts_with(b"event: state\ndata: {\"now\":7,") && text.ends_with(b"}\n\n"));
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 3, "what a line holds ends no line");
    }
}
