//! The widget's files: `/standwith.js`, which is revalidated each time, and `/vX.Y.Z/…`, which never change. They are
//! held in memory once, however many answers send them, and read again when the file on disk is another, so that a
//! new version is served as soon as it is there.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::file::Served;
use super::problem::Problem;
use crate::app::AppState;
use crate::characters::escaped;
use crate::compression::Packed;
use crate::signature::digest;
use crate::throttle::OnceAMinute;

/// Limits the log lines about files that are too large.
static TOO_LARGE: OnceAMinute = OnceAMinute::new();

const REVALIDATED: &str = "no-cache";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A folder of the widget's files.
#[derive(Debug)]
pub struct WidgetFiles {
    folder: PathBuf,
    /// The largest file that is served, in bytes.
    largest: u64,
    /// What was read of it, by name.
    read: Mutex<HashMap<String, Arc<WidgetFile>>>,
}

/// A file with its compressed forms.
#[derive(Debug)]
pub(super) struct WidgetFile {
    /// Tells whether the files on disk are still the ones that were read: as they are, gzip, brotli.
    stamps: [Option<Stamp>; 3],
    pub(super) bytes: Bytes,
    packed: Packed,
    pub(super) digest: String,
}

/// Size, inode and time of the last change.
type Stamp = (u64, u64, Option<SystemTime>);

impl WidgetFiles {
    /// The files in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self::up_to(u64::MAX, folder)
    }

    /// The files in this folder that have at most so many bytes.
    pub(super) fn up_to(largest: u64, folder: PathBuf) -> Self {
        WidgetFiles { folder, largest, read: Mutex::default() }
    }

    /// Where they are.
    pub fn folder(&self) -> &FilePath {
        &self.folder
    }

    /// A file by its name below the folder, which must lead nowhere else. Blocks.
    pub(super) fn get(&self, name: &str) -> Option<Arc<WidgetFile>> {
        let paths = ["", ".gz", ".br"].map(|form| self.folder.join([name, form].concat()));
        let stamps = [stamp(&paths[0]), stamp(&paths[1]), stamp(&paths[2])];
        // Only names of files that are there are ever remembered.
        let Some((size, ..)) = stamps[0] else {
            self.lock().remove(name);
            return None;
        };
        if size > self.largest {
            self.lock().remove(name);
            if TOO_LARGE.is_due() {
                let (file, largest) = (escaped(name), self.largest);
                tracing::warn!(file, size, largest, "file not served: it is too large");
            }
            return None;
        }
        let known = self.lock().get(name).cloned();
        if let Some(known) = known.filter(|known| known.stamps == stamps) {
            return Some(known);
        }
        let read = |path: &FilePath| fs::read(path).ok().map(Bytes::from);
        let bytes = read(&paths[0])?;
        let packed = Packed { gzip: read(&paths[1]), brotli: read(&paths[2]) };
        let file = Arc::new(WidgetFile { stamps, digest: digest(&bytes), bytes, packed });
        let mut files = self.lock();
        // Files that are gone take no memory.
        files.retain(|name, _| self.folder.join(name).exists());
        files.insert(name.to_owned(), file.clone());
        Some(file)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<WidgetFile>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(path: &FilePath) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((metadata.len(), metadata.ino(), metadata.modified().ok()))
}

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

    // Each answer had a copy of its own: 4,200 clients that read nothing took 720 MB.
    #[test]
    fn all_answers_share_the_bytes_until_the_file_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            fs::write(dir.path().join("aside"), text).unwrap();
            fs::rename(dir.path().join("aside"), dir.path().join(name)).unwrap();
        };
        let files = WidgetFiles::new(dir.path().to_owned());
        assert!(files.get("a.js").is_none() && files.lock().is_empty());
        put("a.js", "old");
        let [first, second] = [(); 2].map(|()| files.get("a.js").unwrap());
        assert!(Arc::ptr_eq(&first, &second) && &first.bytes[..] == b"old");
        put("a.js", "new");
        assert_eq!(&files.get("a.js").unwrap().bytes[..], b"new");
        put("a.js.br", "small");
        assert_eq!(files.get("a.js").unwrap().packed.brotli.as_deref(), Some(&b"small"[..]));
    }

    #[test]
    fn files_that_are_gone_or_too_large_take_no_memory() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        let files = WidgetFiles::up_to(4, dir.path().to_owned());
        for name in ["a.png", "b.png", "c.png"] {
            put(name, "four");
            assert!(files.get(name).is_some());
        }
        fs::remove_file(dir.path().join("a.png")).unwrap();
        fs::remove_file(dir.path().join("b.png")).unwrap();
        assert!(files.get("a.png").is_none());
        assert_eq!(files.lock().len(), 2);
        put("c.png", "fives");
        assert!(files.get("c.png").is_none());
        put("d.png", "four");
        assert!(files.get("d.png").is_some());
        let left = files.lock().keys().cloned().collect::<Vec<_>>();
        assert_eq!(left, ["d.png"]);
    }

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
