//! The database's files on disk: whether they are still the ones that are open. A file that was removed or replaced
//! takes everything that is written to it and keeps nothing.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::StoreFault;

/// The files of a database that is open.
#[derive(Debug)]
pub(super) struct Files {
    database: (PathBuf, Identity),
    /// The write-ahead log, once it is there. It stays until the last connection is closed.
    log: (PathBuf, Mutex<Option<Identity>>),
}

/// Device and inode.
type Identity = (u64, u64);

impl Files {
    /// The files of the database that is open at this path.
    pub(super) fn of(path: &Path) -> Result<Self, StoreFault> {
        let identity = identity(path).ok_or(StoreFault::FileGone)?;
        let log = with_ending(path, "-wal");
        Ok(Files { database: (path.to_owned(), identity), log: (log, Mutex::new(None)) })
    }

    /// Whether the database's file is the one that was opened.
    pub(super) fn is_database(&self) -> bool {
        let (path, opened) = &self.database;
        identity(path) == Some(*opened)
    }

    /// # Errors
    /// [`StoreFault::FileGone`]: a file was removed or replaced since it was opened.
    pub(super) fn check(&self) -> Result<(), StoreFault> {
        if !self.is_database() {
            return Err(StoreFault::FileGone);
        }
        let (path, opened) = &self.log;
        let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
        let now = identity(path);
        match *opened {
            None => *opened = now,
            Some(_) if now != *opened => return Err(StoreFault::FileGone),
            Some(_) => {}
        }
        Ok(())
    }
}

/// A path with this at its end, as SQLite names the files beside a database.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}
