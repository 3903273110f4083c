//! Bodies of posts: read whole, within a limit and a time.

use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::problem::Problem;
use crate::intake::Refusal;

/// How long a body may take, where there is a place for it to wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long any body may take. Most come with the head.
const MOMENT: Duration = Duration::from_millis(500);
/// How much of a body that is too long is read and thrown away, in bytes. Who is cut off while
/// sending sees a broken connection and no answer.
const SWALLOWED: usize = 1024 * 1024;

/// Reads a body of at most so many bytes. One that does not come at once takes one of the `places`, if it may, so
/// that bodies that never come don't hold all of the connections.
pub(crate) async fn read(
    body: Body,
    longest: usize,
    places: Option<&Semaphore>,
) -> Result<Vec<u8>, Problem> {
    let mut collecting = pin!(collect(body, longest));
    if let Ok(collected) = timeout(MOMENT, &mut collecting).await {
        return collected;
    }
    let Some(_place) = places.and_then(|places| places.try_acquire().ok()) else {
        return Err(Refusal::Busy.into());
    };
    timeout(PATIENCE - MOMENT, collecting).await.unwrap_or_else(|_| {
        let detail = "the body took too long to come";
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail))
    })
}

async fn collect(mut body: Body, longest: usize) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            let detail = "the body broke off";
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
