//! Bodies of posts: read whole, within a limit, and at a minimum pace.

use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::problem::Problem;
use crate::intake::Refusal;
use crate::rate_limit::SlowPlace;

/// How long any body may take. Most arrive with the head.
const MOMENT: Duration = Duration::from_millis(500);
/// How long a body that has a place may take, at any speed.
const GRACE: Duration = Duration::from_secs(10);
/// After that time, the minimum number of bytes per second. A letter over a poor mobile network is faster.
const PACE: u32 = 1024;
/// How long a body may take in total.
const WHOLE: Duration = Duration::from_secs(120);
/// How many bytes of a body that is too long are read and discarded. A client that is cut off while sending sees a
/// broken connection and no answer.
const SWALLOWED: usize = 1024 * 1024;

/// A place for a slow body.
pub(crate) trait Place {
    /// Returns when the place is given to another body.
    fn lost(&self) -> impl Future<Output = ()> + Send;
}

impl Place for SlowPlace<'_> {
    fn lost(&self) -> impl Future<Output = ()> + Send {
        SlowPlace::lost(self)
    }
}

/// Reads a body of at most `longest` bytes. A body that does not arrive at once asks for a `place` to wait in, so that
/// bodies that never arrive don't hold all connections; it is rejected if there is none, or if it loses it.
pub(crate) async fn read<P: Place>(
    body: Body,
    longest: usize,
    place: impl FnOnce() -> Option<P>,
) -> Result<Vec<u8>, Problem> {
    let begun = Instant::now();
    let mut collecting = pin!(collect(body, longest, begun));
    if let Ok(collected) = timeout(MOMENT, &mut collecting).await {
        return collected;
    }
    let Some(place) = place() else {
        return Err(Refusal::Busy.into());
    };
    tokio::select! {
        collected = collecting => collected,
        () = place.lost() => Err(Refusal::Busy.into()),
    }
}

/// The time by which more must have arrived of a body of which this many bytes are there.
fn deadline(begun: Instant, length: usize, longest: usize) -> Instant {
    // Discarded bytes extend no deadline.
    let paid = u32::try_from(length.min(longest)).unwrap_or(u32::MAX);
    begun + (GRACE + Duration::from_secs(1) * paid / PACE).min(WHOLE)
}

async fn collect(mut body: Body, longest: usize, begun: Instant) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let Ok(frame) = timeout_at(deadline(begun, length, longest), body.frame()).await else {
            let detail = "the body arrived too slowly";
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail));
        };
        let Some(frame) = frame else { break };
        let Ok(frame) = frame else {
            let detail = "the body was cut off";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed", detail));
        };
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        if length <= longest {
            bytes.extend_from_slice(data);
        } else if length > SWALLOWED {
            break;
        }
    }
    if length <= longest { Ok(bytes) } else { Err(Refusal::TooLarge.into()) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::{Bytes, HttpBody};
    use hyper::body::Frame;
    use tokio::time::{Sleep, sleep};

    use super::*;

    /// A place that is never lost, or lost after this time.
    struct Kept(Option<Duration>);

    impl Place for Kept {
        async fn lost(&self) {
            match self.0 {
                Some(time) => sleep(time).await,
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_loses_its_place_is_refused() {
        let begun = Instant::now();
        let body = Body::new(Paced { pieces: 9, size: 1, waiting: Box::pin(sleep(MOMENT * 2)) });
        let read = read(body, 1024, || Some(Kept(Some(Duration::from_secs(3))))).await;
        assert_eq!(read.map_err(|problem| problem.status().as_u16()), Err(503));
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }

    /// A body that arrives in pieces of a fixed size, one a second.
    struct Paced {
        pieces: usize,
        size: usize,
        waiting: Pin<Box<Sleep>>,
    }

    impl HttpBody for Paced {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.waiting.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if self.pieces == 0 {
                return Poll::Ready(None);
            }
            self.pieces -= 1;
            self.waiting.as_mut().reset(Instant::now() + Duration::from_secs(1));
            Poll::Ready(Some(Ok(Frame::data(vec![b'a'; self.size].into()))))
        }
    }

    // A limit of ten seconds for any body cut off letters that were on their way over a poor network.
    #[tokio::test(start_paused = true)]
    async fn a_body_comes_at_a_minimum_pace() {
        const KIB: usize = 1024;
        for (pieces, size, longest, status, at_most) in [
            (9, 1, 32 * KIB, 0, 10),
            (32, KIB, 32 * KIB, 0, 33),
            (40, 800, 32 * KIB, 0, 41),
            (110, KIB, 128 * KIB, 0, 111),
            (20, 1, 32 * KIB, 408, 11),
            (100, 500, 64 * KIB, 408, 21),
            // Two minutes in total; discarded bytes extend no deadline.
            (128, KIB, 128 * KIB, 408, 121),
            (500, 2 * KIB, 32 * KIB, 408, 43),
            (20, 2 * KIB, 32 * KIB, 413, 21),
        ] {
            let begun = Instant::now();
            let waiting = Box::pin(sleep(Duration::ZERO));
            let body = Body::new(Paced { pieces, size, waiting });
            let read = read(body, longest, || Some(Kept(None))).await;
            let told = read.as_ref().map_or_else(|problem| problem.status().as_u16(), |_| 0);
            assert_eq!(told, status, "{pieces} of {size}");
            assert!(
                begun.elapsed().as_secs() <= at_most,
                "{pieces} of {size}: {:?}",
                begun.elapsed()
            );
            if let Ok(bytes) = read {
                assert_eq!(bytes.len(), pieces * size);
            }
        }
    }
}
