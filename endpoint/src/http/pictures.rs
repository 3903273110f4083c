//! Pictures beside the campaign files: `/campaigns/NAME.jpg`. Of that folder, only these and the campaign files are
//! served.

use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use standwith::lint::picture_file;

use super::file::Served;
use super::problem::Problem;
use crate::app::AppState;

/// Whether a file of this folder exists and is not a link that leads out of it: links are followed within the folder
/// only.
pub(crate) fn is_inside(folder: &Path, name: &str) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (Ok(file), Ok(folder)) = (folder.join(name).canonicalize(), folder.canonicalize()) else {
        return false;
    };
    file.starts_with(folder) && file.is_file()
}

/// The media type of a picture, by the ending of its file's name.
pub(super) fn media_type(name: &str) -> Option<&'static str> {
    let name = picture_file(name).filter(|file| *file == name)?;
    Some(match name.rsplit_once('.')?.1 {
        "png" => "image/png",
        "webp" => "image/webp",
        "avif" => "image/avif",
        _ => "image/jpeg",
    })
}

/// `GET /campaigns/{name}`: the picture.
pub(super) async fn file(
    state: Arc<AppState>,
    name: String,
    content_type: &'static str,
    request: &HeaderMap,
) -> Response {
    let reading = tokio::task::spawn_blocking(move || {
        let pictures = &state.pictures;
        is_inside(pictures.folder(), &name).then(|| pictures.get(&name)).flatten()
    });
    let Some(file) = reading.await.ok().flatten() else {
        return Problem::not_found().into_response();
    };
    let served = Served {
        bytes: file.bytes.clone(),
        // A picture is compressed already.
        packed: crate::compression::Packed::default(),
        digest: file.digest.clone(),
        content_type,
        cache_control: "public, max-age=300",
        vary: "Accept-Encoding",
    };
    let mut response = served.answer(request);
    let nothing = HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, nothing);
    response
}
