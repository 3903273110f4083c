//! Files that are named on the command line: read within a limit, and never from a pipe, which may have no end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The longest key file, in bytes.
pub(crate) const LONGEST_KEYS: u64 = 1024 * 1024;

/// Opens a regular file, or a descriptor that the shell has opened for this command.
///
/// # Errors
/// It can't be opened, or is another kind of file: opening a pipe waits for a writer.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let is_open = ["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|at| path.starts_with(at));
    if !is_open && !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("is no regular file"));
    }
    File::open(path)
}

/// Reads a file as [`open`] opens it, but at most `most` bytes.
///
/// # Errors
/// As those of [`open`].
pub(crate) fn start(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file of text as [`open`] opens it.
///
/// # Errors
/// As those of [`open`]; it is longer than `longest` bytes, or not UTF-8.
pub(crate) fn text(path: &Path, longest: u64) -> io::Result<String> {
    let bytes = start(path, longest.saturating_add(1))?;
    if bytes.len() as u64 > longest {
        return Err(io::Error::other(format!("is longer than {} KiB", longest / 1024)));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("is no UTF-8"))
}
