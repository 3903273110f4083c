//! The widget's files: `/standwith.js`, which is asked for anew each time, and `/vX.Y.Z/…`, which
//! never change. They are read from disk as they are asked for, so that a new version is served
//! as soon as it is there.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::fs;

use super::Endpoint;
use super::file::Served;
use super::problem::Problem;
use crate::packing::Packed;
use crate::signature::digest;

const REVALIDATED: &str = "no-cache";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The loader of the newest version.
pub(super) async fn loader(
    State(endpoint): State<Arc<Endpoint>>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    serve(&endpoint, "standwith.js", REVALIDATED, &request).await
}

/// A file of a version.
pub(super) async fn file(
    State(endpoint): State<Arc<Endpoint>>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let Path((version, file)) = path.map_err(|_| Problem::not_found())?;
    if !is_version(&version) || !file.split('/').all(is_name) {
        return Err(Problem::not_found());
    }
    serve(&endpoint, &format!("{version}/{file}"), IMMUTABLE, &request).await
}

async fn serve(
    endpoint: &Endpoint,
    name: &str,
    cache_control: &'static str,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let (Some(folder), Some(content_type)) = (&endpoint.widgets, content_type(name)) else {
        return Err(Problem::not_found());
    };
    let read = |name: String| {
        let path: PathBuf = folder.join(name);
        async { fs::read(path).await.ok().map(axum::body::Bytes::from) }
    };
    let bytes = read(name.to_owned()).await.ok_or_else(Problem::not_found)?;
    let served = Served {
        packed: Packed {
            gzip: read(format!("{name}.gz")).await,
            brotli: read(format!("{name}.br")).await,
        },
        digest: digest(&bytes),
        bytes,
        content_type,
        cache_control,
        vary: "Accept-Encoding",
    };
    Ok(served.answer(request))
}

/// `v1.2.3`
fn is_version(text: &str) -> bool {
    let mut parts = text.strip_prefix('v').unwrap_or_default().split('.');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.clone().count() == 3 && parts.all(number)
}

/// A name that leads nowhere else: no dot in front, no slash, nothing but ASCII.
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
