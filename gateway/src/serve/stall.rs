//! A stream that gives up when the peer takes nothing for too long.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits;
use crate::port::Timer;

/// Writing to it fails when it makes no progress within [`limits::WRITE_STALL`]. Reading is left alone: who may read for
/// how long is decided a level above.
pub(super) struct Stall<T> {
    inner: T,
    timer: Arc<dyn Timer>,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<T> Stall<T> {
    pub(super) fn new(inner: T, timer: Arc<dyn Timer>) -> Self {
        Self { inner, timer, waiting: None }
    }

    /// Passes on what happened; while nothing does, the time runs.
    fn watched<R>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if polled.is_ready() {
            self.waiting = None;
            return polled;
        }
        let timer = &self.timer;
        let waiting = self.waiting.get_or_insert_with(|| timer.wait(limits::WRITE_STALL));
        waiting.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Stall<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stall<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write(context, bytes);
        this.watched(context, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_flush(context);
        this.watched(context, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_shutdown(context);
        this.watched(context, polled)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Ends at once, and says how long it was asked to wait.
    struct AtOnce;
    impl Timer for AtOnce {
        fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            assert_eq!(time, limits::WRITE_STALL);
            Box::pin(async {})
        }
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (near, _far) = tokio::io::duplex(16);
        let fault = Stall::new(near, Arc::new(AtOnce)).write_all(&[0; 64]).await;
        assert_eq!(fault.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_reads_gets_everything() {
        let (near, mut far) = tokio::io::duplex(16);
        let timer = crate::port::machine::adapters().timer;
        let writing = tokio::spawn(async move { Stall::new(near, timer).write_all(&[7; 64]).await });
        let mut read = Vec::new();
        far.read_to_end(&mut read).await.unwrap();
        assert!(writing.await.unwrap().is_ok());
        assert_eq!(read, [7; 64]);
    }
}
