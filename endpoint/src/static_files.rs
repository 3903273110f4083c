//! Files of a folder, held in memory once for all answers, and read again when the file on disk has changed, so that a
//! new version is served as soon as it is there.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;

use crate::characters::escaped;
use crate::compression::Packed;
use crate::signature::digest;
use crate::throttle::OnceAMinute;

/// Limits the log lines about files that are too large.
static TOO_LARGE: OnceAMinute = OnceAMinute::new();

/// A folder of files.
#[derive(Debug)]
pub struct StaticFiles {
    folder: PathBuf,
    /// The largest file that is served, in bytes.
    largest: u64,
    /// The files that were read, by name.
    read: Mutex<HashMap<String, Arc<StaticFile>>>,
}

/// A file with its compressed forms.
#[derive(Debug)]
pub(crate) struct StaticFile {
    /// The state on disk when the files were read: uncompressed, gzip, brotli.
    stamps: [Option<Stamp>; 3],
    pub(crate) bytes: Bytes,
    pub(crate) packed: Packed,
    pub(crate) digest: String,
}

/// Size, inode and time of the last change.
type Stamp = (u64, u64, Option<SystemTime>);

impl StaticFiles {
    /// The files in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self::up_to(u64::MAX, folder)
    }

    /// The files in this folder, up to this size in bytes.
    pub(crate) fn up_to(largest: u64, folder: PathBuf) -> Self {
        StaticFiles { folder, largest, read: Mutex::default() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a file by its name below the folder; the name must not lead out of it. Blocks.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<StaticFile>> {
        let paths = ["", ".gz", ".br"].map(|form| self.folder.join([name, form].concat()));
        let stamps = [stamp(&paths[0]), stamp(&paths[1]), stamp(&paths[2])];
        // Only names of existing files are cached.
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
        let read = |path: &Path| fs::read(path).ok().map(Bytes::from);
        let bytes = read(&paths[0])?;
        let packed = Packed { gzip: read(&paths[1]), brotli: read(&paths[2]) };
        let file = Arc::new(StaticFile { stamps, digest: digest(&bytes), bytes, packed });
        let mut files = self.lock();
        // Drop files that no longer exist.
        files.retain(|name, _| self.folder.join(name).exists());
        files.insert(name.to_owned(), file.clone());
        Some(file)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<StaticFile>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((metadata.len(), metadata.ino(), metadata.modified().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Each answer used to have a copy of its own: 4,200 clients that read nothing took 720 MB.
    #[test]
    fn all_answers_share_the_bytes_until_the_file_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            fs::write(dir.path().join("aside"), text).unwrap();
            fs::rename(dir.path().join("aside"), dir.path().join(name)).unwrap();
        };
        let files = StaticFiles::new(dir.path().to_owned());
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
        let files = StaticFiles::up_to(4, dir.path().to_owned());
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
}
