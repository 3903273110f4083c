//! Campaign files and their counts.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{HeaderMapExt, IfModifiedSince, LastModified};
use serde::Serialize;
use standwith::language::choose;

use super::CampaignId;
use super::file::Served;
use super::problem::Problem;
use crate::app::AppState;
use crate::campaigns::first_paint::MEDIA_TYPE;
use crate::intake::Refusal;
use crate::language::wanted;

/// `GET /campaigns/{id}.json`: the file, byte for byte; for a loader that requests it, followed by the first paint of
/// its form in the loader's language.
pub(super) fn file(
    state: &AppState,
    campaign: &str,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let version = state.campaigns.get(campaign).ok_or(Refusal::CampaignUnknown)?;
    let accept = request.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let asks = accept.is_some_and(|accept| accept.starts_with(MEDIA_TYPE));
    let languages: Vec<String> =
        version.first_paints.iter().map(|first| first.lang.clone()).collect();
    let lang = choose(&wanted(request), &languages);
    let first = version.first_paints.iter().find(|first| asks && first.lang == lang);
    let (bytes, packed, digest, content_type) = match first {
        Some(first) => (&first.bytes, &first.packed, &first.digest, MEDIA_TYPE),
        None => (&version.bytes, &version.packed, &version.digest, "application/json"),
    };
    let served = Served {
        bytes: bytes.clone(),
        packed: packed.clone(),
        digest: digest.clone(),
        content_type,
        cache_control: "no-cache",
        vary: "Accept, Accept-Language, Accept-Encoding",
    };
    Ok(served.answer(request))
}

/// Number of counted actions, and the campaign's goal.
#[derive(Serialize)]
struct Count {
    count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<u32>,
}

/// How long others may keep a count, and an old one: while they ask for a new one, and while the endpoint fails.
const COUNT_CACHE: &str = "public, max-age=10, stale-while-revalidate=20, stale-if-error=50";
/// For this many seconds a count is said to be unchanged.
const COUNT_AGE: i64 = 10;

/// `GET /campaigns/{id}/count`: the number of messages, and the goal. A client that has a count of the same ten
/// seconds gets `304`.
pub(super) async fn count(
    State(state): State<Arc<AppState>>,
    CampaignId(campaign): CampaignId,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let version = state.campaigns.get(&campaign).ok_or(Refusal::CampaignUnknown)?;
    let now = state.clock.now();
    let begun = Duration::from_secs(u64::try_from(now - now.rem_euclid(COUNT_AGE)).unwrap_or(0));
    let modified = UNIX_EPOCH + begun;
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(COUNT_CACHE));
    headers.typed_insert(LastModified::from(modified));
    let since: Option<IfModifiedSince> = request.typed_get();
    if since.is_some_and(|since| !since.is_modified(modified)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let count = state.counts.get(&campaign).await.map_err(|_| Refusal::Busy)?;
    let answer = Count { count, goal: version.campaign().counter.goal };
    Ok((headers, Json(answer)).into_response())
}
