//! The widget's files: `/standwith.js`, which is revalidated each time, and `/vX.Y.Z/…`, which never change.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::file::Served;
use super::problem::Problem;
use crate::app::AppState;

const REVALIDATED: &str = "no-cache";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The loader of the newest version.
pub(super) async fn loader(
    State(state): State<Arc<AppState>>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    serve(state, "standwith.js".to_owned(), REVALIDATED, &request).await
}

/// A file of a version.
pub(super) async fn file(
    State(state): State<Arc<AppState>>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let Path((version, file)) = path.map_err(|_| Problem::not_found())?;
    if !is_version(&version) || !file.split('/').all(is_name) {
        return Err(Problem::not_found());
    }
    serve(state, format!("{version}/{file}"), IMMUTABLE, &request).await
}

async fn serve(
    state: Arc<AppState>,
    name: String,
    cache_control: &'static str,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let content_type = content_type(&name).ok_or_else(Problem::not_found)?;
    let reading = tokio::task::spawn_blocking(move || state.widgets.as_ref()?.get(&name));
    let file = reading.await.ok().flatten().ok_or_else(Problem::not_found)?;
    let served = Served {
        bytes: file.bytes.clone(),
        packed: file.packed.clone(),
        digest: file.digest.clone(),
        content_type,
        cache_control,
        vary: "Accept-Encoding",
    };
    Ok(served.answer(request))
}

/// `v1.2.3`
pub(super) fn is_version(text: &str) -> bool {
    let mut parts = text.strip_prefix('v').unwrap_or_default().split('.');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.clone().count() == 3 && parts.all(number)
}

/// Whether a name stays in the folder: no leading dot, no slash, only ASCII.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(fits)
}

fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "css" => "text/css; charset=utf-8",
        // Names of countries; not notes left in the folder.
        "txt" if name.ends_with("-countries.txt") => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert!(is_version("v0.1.0") && is_version("v12.34.56"));
        for wrong in ["", "v", "v1.2", "v1.2.3.4", "1.2.3", "v1..3", "v1.2.x", "..", "v1.2.3-rc1"] {
            assert!(!is_version(wrong), "{wrong}");
        }
        assert!(is_name("standwith.wasm") && is_name("km.json") && is_name("snippet-1_x.js"));
        for wrong in ["", ".", "..", ".env", "a\\b", "a%2fb", "ä.js", "a b", "a\0"] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
