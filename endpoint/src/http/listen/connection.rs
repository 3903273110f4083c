//! An open connection and its phases. Hyper can't distinguish them, so the stream and the body of an answer detect when
//! each begins.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::Bounds;
use crate::rate_limit::Network;

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Open {
    /// The narrowest first; none for trusted proxies, this machine and private networks.
    pub(super) networks: Vec<Network>,
    pub(super) phase: watch::Sender<Phase>,
    /// Notified when it has to make room.
    pub(super) given_up: Notify,
}

impl Open {
    pub(super) fn new(networks: Vec<Network>) -> Self {
        let phase = watch::Sender::new(Phase::Head(Instant::now()));
        Open { networks, phase, given_up: Notify::new() }
    }

    /// Enters another phase, if `next` returns one.
    pub(super) fn change(&self, next: impl FnOnce(Phase) -> Option<Phase>) {
        self.phase.send_if_modified(|phase| match next(*phase) {
            None => false,
            Some(next) => {
                *phase = next;
                true
            }
        });
    }

    /// Since when no request is being answered, or the same exchange has lasted, if at least for `yielding`.
    pub(super) fn yields(&self, yielding: Duration) -> Option<(bool, Instant)> {
        match *self.phase.borrow() {
            Phase::Head(since) | Phase::Idle(since) => Some((false, since)),
            Phase::Exchange(since) | Phase::Flush(since) => {
                (since.elapsed() >= yielding).then_some((true, since))
            }
        }
    }
}

/// The event that a connection waits for, and since when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// The rest of a request's head.
    Head(Instant),
    /// The rest of a request, or the writing of its answer.
    Exchange(Instant),
    /// The writing of the answer, all of which hyper has taken. The exchange began then.
    Flush(Instant),
    /// Another request.
    Idle(Instant),
}

/// Returns when a connection has been in a phase for too long.
pub(super) async fn overdue(mut phases: watch::Receiver<Phase>, bounds: &Bounds) {
    loop {
        let end = match *phases.borrow_and_update() {
            Phase::Head(since) => since + bounds.head,
            Phase::Exchange(since) | Phase::Flush(since) => since + bounds.exchange,
            Phase::Idle(since) => since + bounds.idle,
        };
        match timeout_at(end, phases.changed()).await {
            Ok(Ok(())) => {}
            // The connection is gone: its task ends without this.
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return,
        }
    }
}

/// A stream that reports when a head begins and when an answer is written: hyper has one limit for waiting for a head
/// and for reading it, and holds what it has taken of an answer in a buffer of its own.
pub(super) struct Watched<S> {
    pub(super) stream: S,
    pub(super) open: Arc<Open>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.open.change(|phase| match phase {
                Phase::Idle(_) => Some(Phase::Head(Instant::now())),
                _ => None,
            });
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        // Hyper flushes the stream when its own buffer is empty.
        if flushed.is_ready() {
            self.open.change(|phase| match phase {
                Phase::Flush(_) => Some(Phase::Idle(Instant::now())),
                _ => None,
            });
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The body of an answer. When it is dropped, hyper has taken all of it, or the client is gone.
pub(super) struct Answer {
    pub(super) body: Body,
    pub(super) open: Arc<Open>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.open.change(|phase| match phase {
            Phase::Exchange(since) => Some(Phase::Flush(since)),
            _ => None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_time() {
        let bounds = Bounds::default();
        let start = Instant::now();
        for (phase, seconds) in
            [(Phase::Head(start), 20), (Phase::Idle(start), 75), (Phase::Flush(start), 300)]
        {
            let (_phase, phases) = watch::channel(phase);
            overdue(phases, &bounds).await;
            assert_eq!((Instant::now() - start).as_secs(), seconds);
        }
    }
}
