//! The file that an export is written to: it appears complete or not at all, and only its owner can read it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use aws_lc_rs::rand;
use standwith::envelope::{decode, encode};
use standwith::json::{self, Json, Value};

use super::key_file;
use crate::characters::escaped;
use crate::store::with_ending;

/// The first bytes of a database (SQLite's file format, section 1.3.1).
const DATABASE: &[u8] = b"SQLite format 3\0";

/// The prefix of the names of unfinished files.
const PREFIX: &str = ".standwith-";

/// The destination of an export.
pub(super) enum Output {
    /// The standard output.
    Standard(BufWriter<io::Stdout>),
    /// A file, which has a temporary name in the same folder until it is complete.
    File(Unfinished),
}

/// A file with a temporary name, which is deleted unless it is [`finished`](Output::finish).
pub(super) struct Unfinished {
    out: BufWriter<File>,
    aside: PathBuf,
    path: PathBuf,
}

/// The longest file that is searched for a private key, in bytes.
const LONGEST_KEY_FILE: u64 = 64 * 1024;

/// Fails if a file belongs to a database that is read, or holds a private key: writing there would destroy it. Fails
/// also if a log of an older database of that name is beside it: SQLite would replay it into the new file and damage
/// it.
///
/// # Errors
/// Which of these it is.
pub(super) fn keep_apart(
    path: &Path,
    database: Option<&Path>,
    keys: &[PathBuf],
) -> anyhow::Result<()> {
    let identity = |path: &Path| fs::metadata(path).ok().map(|about| (about.dev(), about.ino()));
    let beside = |ending: &str| with_ending(path, ending);
    let own = database.into_iter().flat_map(|database| {
        let files = ["", "-wal", "-shm", "-journal"].map(|ending| with_ending(database, ending));
        files.into_iter().chain([key_file(database)])
    });
    let written = identity(path);
    for file in own.chain(keys.iter().cloned()) {
        let is_same = written.is_some() && written == identity(&file);
        anyhow::ensure!(!is_same, "{} is {} itself", path.display(), file.display());
    }
    let start = start(path, LONGEST_KEY_FILE + 1).with_context(|| path.display().to_string())?;
    let is_short = start.len() as u64 <= LONGEST_KEY_FILE;
    anyhow::ensure!(
        !is_short || !holds_private_key(&start),
        "{} holds a private key and is not replaced: choose another file, or move this one away",
        path.display()
    );
    for left in ["-wal", "-shm", "-journal"].map(beside) {
        anyhow::ensure!(
            !left.exists(),
            "{} was left by an older file and would damage the new one: remove it first",
            left.display()
        );
    }
    Ok(())
}

/// Fails if the existing file can't be an earlier backup.
///
/// # Errors
/// It is neither empty nor a database, or can't be read.
pub(super) fn is_replaceable_by_backup(path: &Path) -> anyhow::Result<()> {
    let start = start(path, DATABASE.len() as u64).with_context(|| path.display().to_string())?;
    anyhow::ensure!(
        start.is_empty() || start == DATABASE,
        "{} is no database and is not replaced: choose another file, or move this one away",
        path.display()
    );
    Ok(())
}

/// The first bytes of a regular file; empty if there is no such file.
fn start(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Opening a pipe would wait for a writer.
    if fs::metadata(path).is_ok_and(|there| there.is_file()) {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Whether these are the bytes of a private JWK, or of a JWK set with one (RFC 7517).
fn holds_private_key(bytes: &[u8]) -> bool {
    let Some(json) = std::str::from_utf8(bytes).ok().and_then(|text| json::parse(text).ok()) else {
        return false;
    };
    let is_private = |key: &Json| key.get("d").is_some();
    is_private(&json)
        || matches!(json.get("keys").map(|keys| &keys.value), Some(Value::List(keys)) if keys.iter().any(is_private))
}

impl Output {
    /// Opens the output.
    ///
    /// # Errors
    /// No file can be created in that folder, or the path is not a regular file.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        match path {
            None => Ok(Output::Standard(BufWriter::new(io::stdout()))),
            Some(path) => {
                Unfinished::open(path).map(Output::File).with_context(|| path.display().to_string())
            }
        }
    }

    /// Moves the file to its place once all of it is on disk. An existing file or symbolic link is replaced.
    ///
    /// # Errors
    /// It can't be written or moved.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Output::Standard(mut out) => Ok(out.flush()?),
            Output::File(mut file) => file.put().with_context(|| file.path.display().to_string()),
        }
    }
}

impl Unfinished {
    /// Creates the file beside its place.
    ///
    /// # Errors
    /// None can be created in that folder, or the path is not a regular file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let fault = |problem| Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        if path.file_name().is_none() {
            return fault("is no name of a file");
        }
        // Renaming over a device or a pipe would remove it for all programs.
        let is_special = |path| fs::metadata(path).is_ok_and(|there| !there.is_file());
        if is_special(path) || path.starts_with("/dev") {
            return fault("is no file; without --output, the export goes to the standard output");
        }
        remove_leftovers(folder_of(path));
        let (file, aside) = make_aside(path)?;
        Ok(Unfinished { out: BufWriter::new(file), aside, path: path.to_owned() })
    }

    /// The path of the file until it is complete.
    pub(super) fn aside(&self) -> &Path {
        &self.aside
    }

    /// Moves the file to its place once all of it is on disk.
    ///
    /// # Errors
    /// It can't be written or moved.
    pub(super) fn put(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        fs::rename(&self.aside, &self.path)?;
        File::open(folder_of(&self.path))?.sync_all()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it is in its place, no file has this name.
        remove(&self.aside);
    }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Creates a file with a random name beside a path. It is locked while it is open, so that a later run can detect that
/// no process writes to it any more.
fn make_aside(path: &Path) -> io::Result<(File, PathBuf)> {
    loop {
        let mut random = [0; 12];
        rand::fill(&mut random).map_err(|_| io::Error::other("the system has no randomness"))?;
        let aside = path.with_file_name([PREFIX, &encode(&random)].concat());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        match file.try_lock() {
            Ok(()) if aside.exists() => return Ok((file, aside)),
            // Another run took it for a leftover before it was locked.
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // Without file locks, no run removes leftovers.
            Err(TryLockError::Error(_)) => return Ok((file, aside)),
        }
    }
}

/// Removes what killed runs have left in a folder: it holds personal data. Reports each removal, and each failure to
/// remove, on standard error.
fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_aside(name)) else { continue };
        let path = folder.join(name);
        // Links are not followed, and pipes are not waited for.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let opened = OpenOptions::new().write(true).custom_flags(flags).open(&path);
        let told = match opened
            .map_err(TryLockError::Error)
            .and_then(|file| file.try_lock().map(|()| file))
        {
            // Another run is using it.
            Err(TryLockError::WouldBlock) => continue,
            Ok(_locked) => {
                remove(&path);
                if path.exists() { "could not be removed" } else { "is removed" }
            }
            Err(TryLockError::Error(_)) => "could not be removed",
        };
        let path = escaped(&path.display().to_string());
        // Go on even if standard error is closed.
        let _ = writeln!(io::stderr(), "{path}: left by a run that was killed; it {told}");
    }
}

/// Whether this is the name of a file that [`make_aside`] makes.
fn is_aside(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).unwrap_or_default();
    random.len() == 16 && decode(random).is_some_and(|bytes| bytes.len() == 12)
}

/// Removes an unfinished file and the files that SQLite has put beside it.
fn remove(aside: &Path) {
    for ending in ["-journal", "-wal", "-shm", ""] {
        let _ = fs::remove_file(with_ending(aside, ending));
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Standard(out) => out.write(bytes),
            Output::File(file) => file.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Standard(out) => out.flush(),
            Output::File(file) => file.out.flush(),
        }
    }
}
