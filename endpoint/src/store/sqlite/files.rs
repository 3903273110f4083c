//! The database's files on disk: whether they are still the ones that are open. Writes to a removed or replaced file
//! are lost; writes to an overwritten one damage it.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::fault::Fault;

/// The files of an open database.
#[derive(Debug)]
pub(super) struct Files {
    database: (PathBuf, Identity),
    /// The write-ahead log, once it exists. It stays until the last connection is closed.
    log: (PathBuf, Mutex<Option<Identity>>),
    /// The database, to detect that another program writes over it. It stays open until SQLite has closed it: closing
    /// any descriptor of a file gives up all locks that the process has on it.
    head: Mutex<Option<(File, Head)>>,
}

/// Values that only grow or stay the same while a database is open.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// How many transactions have changed the first page (SQLite's file format, section 1.3.7).
    changes: u32,
    size: u64,
    /// The versions for writing and reading: 2 with a write-ahead log, 1 in a backup.
    versions: [u8; 2],
}

impl Head {
    /// Reads the head; `None` if the file is not a database.
    fn of(file: &File) -> Option<Self> {
        // The size first: before a file shrinks, its first page has changed.
        let size = file.metadata().ok()?.len();
        let mut head = [0; 28];
        file.read_exact_at(&mut head, 0).ok()?;
        let [.., a, b, c, d] = head;
        let changes = u32::from_be_bytes([a, b, c, d]);
        let is_database = head.starts_with(b"SQLite format 3\0");
        is_database.then_some(Head { changes, size, versions: [head[18], head[19]] })
    }

    /// Whether a file with this head can later have the other.
    fn becomes(self, other: Head) -> bool {
        let is_later = (other.changes, other.size) >= (self.changes, self.size);
        is_later && other.versions == self.versions
    }
}

/// Device and inode.
type Identity = (u64, u64);

impl Files {
    /// The files of the database that is open at this path.
    pub(super) fn of(path: &Path) -> Result<Self, Fault> {
        let identity = identity(path).ok_or(Fault::FileGone)?;
        let log = with_ending(path, "-wal");
        let head = File::open(path).ok().and_then(|file| Some((Head::of(&file)?, file)));
        let head = head.map(|(head, file)| (file, head)).ok_or(Fault::FileGone)?;
        let (database, log) = ((path.to_owned(), identity), (log, Mutex::new(None)));
        Ok(Files { database, log, head: Mutex::new(Some(head)) })
    }

    /// The database's path.
    pub(super) fn path(&self) -> &Path {
        &self.database.0
    }

    /// Closes the file, once no connection of this process has it open.
    pub(super) fn release(&self) {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether the file has changed since the last check only as SQLite changes it.
    fn is_intact(&self) -> bool {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((file, before)) = &mut *head else { return true };
        let now = Head::of(file).filter(|now| before.becomes(*now));
        now.inspect(|now| *before = *now).is_some()
    }

    /// Whether the database's file is the one that was opened.
    pub(super) fn is_database(&self) -> bool {
        let (path, opened) = &self.database;
        identity(path) == Some(*opened)
    }

    /// # Errors
    /// [`Fault::FileGone`]: a file was removed, replaced or overwritten since it was opened.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if !self.is_database() || !self.is_intact() {
            return Err(Fault::FileGone);
        }
        let (path, opened) = &self.log;
        let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
        let now = identity(path);
        match *opened {
            None => *opened = now,
            Some(_) if now != *opened => return Err(Fault::FileGone),
            Some(_) => {}
        }
        Ok(())
    }
}

/// A path with a suffix, as SQLite names the files beside a database.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}
