//! Campaign files and their counts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
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

/// `GET /campaigns/{id}/count`: the number of messages, and the goal.
pub(super) async fn count(
    State(state): State<Arc<AppState>>,
    CampaignId(campaign): CampaignId,
) -> Result<Response, Problem> {
    let version = state.campaigns.get(&campaign).ok_or(Refusal::CampaignUnknown)?;
    let count = state.store.count(&campaign).await.map_err(|_| Refusal::Busy)?;
    let answer = Count { count, goal: version.campaign().counter.goal };
    Ok(([(header::CACHE_CONTROL, "public, max-age=10")], Json(answer)).into_response())
}
