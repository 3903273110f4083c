//! Campaign files, their counts, and the list of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use standwith::language::choose;

use super::CampaignId;
use super::file::Served;
use super::html;
use super::problem::Problem;
use crate::app::AppState;
use crate::campaigns::first_paint::MEDIA_TYPE;
use crate::intake::Refusal;
use crate::language::wanted;

/// `GET /campaigns/{id}.json`: the file, byte for byte; and for a loader that asks for it, after the
/// file, what its form paints first in the language that the loader wants.
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

/// `GET /campaigns/{id}/count`: how many have sent, and how many are hoped for.
pub(super) async fn count(
    State(state): State<Arc<AppState>>,
    CampaignId(campaign): CampaignId,
) -> Result<Response, Problem> {
    let version = state.campaigns.get(&campaign).ok_or(Refusal::CampaignUnknown)?;
    let count = state.store.count(&campaign).await.map_err(|_| Refusal::Busy)?;
    let answer = Count { count, goal: version.campaign().counter.goal };
    Ok(([(header::CACHE_CONTROL, "public, max-age=10")], Json(answer)).into_response())
}

/// `GET /`: the campaigns that take messages now.
pub(super) async fn list(State(state): State<Arc<AppState>>) -> Response {
    let mut items = String::new();
    let (all, now) = (state.campaigns.all(), state.clock.now());
    for version in all.iter().filter(|version| version.is_open(now).is_ok()) {
        let campaign = version.campaign();
        let id = campaign.id.as_str();
        items.push_str("<li><a href=\"campaigns/");
        items.push_str(id);
        items.push_str("\" lang=\"");
        html::escape(&campaign.lang, &mut items);
        items.push_str("\">");
        html::escape(&campaign.title, &mut items);
        items.push_str("</a> · <a href=\"campaigns/");
        items.push_str(id);
        items.push_str(".json\">campaign file</a></li>\n");
    }
    if items.is_empty() {
        items.push_str("<li>None is open.</li>\n");
    }
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Campaigns</title>\n\
         <h1>Campaigns</h1>\n<ul>\n{items}</ul>\n</html>\n"
    );
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'",
        ),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, Html(page)).into_response()
}
