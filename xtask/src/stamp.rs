//! Build steps that are skipped while their inputs and outputs are unchanged since the last run.

use anyhow::Result;
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A build step: its inputs and outputs. A folder stands for all files in it.
pub(crate) struct Step<'a> {
    /// The file that stores the fingerprint of the last run.
    pub(crate) stamp: &'a Path,
    /// Input files and folders.
    pub(crate) inputs: &'a [&'a Path],
    /// Other inputs that affect the result, such as a compiler's version.
    pub(crate) facts: &'a [&'a str],
    /// Output files and folders.
    pub(crate) outputs: &'a [&'a Path],
}

impl Step<'_> {
    /// Runs the step unless its result is up to date; returns whether it ran.
    pub(crate) fn unless_fresh(&self, work: impl FnOnce() -> Result<()>) -> Result<bool> {
        if fs::read_to_string(self.stamp)
            .is_ok_and(|last| self.state().is_ok_and(|now| now == last))
        {
            return Ok(false);
        }
        work()?;
        write(self.stamp, self.state()?)?;
        Ok(true)
    }

    /// Fingerprint of all inputs and outputs.
    fn state(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for fact in self.facts {
            hash.update(fact);
            hash.update([0]);
        }
        for path in self.inputs.iter().chain(self.outputs) {
            for file in files(path)? {
                let bytes = fs::read(&file)?;
                hash.update(file.as_os_str().as_encoded_bytes());
                hash.update([0]);
                hash.update(bytes.len().to_le_bytes());
                hash.update(bytes);
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// All files under a path, sorted; the path itself if it is a file.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut paths =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let nested = paths.iter().map(|path| files(path)).collect::<Result<Vec<_>>>()?;
    Ok(nested.concat())
}

/// Writes a file, and creates its folders.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step that counts the files of `in/`; whether it ran.
    fn runs(facts: &[&str], dir: &Path) -> bool {
        let (stamp, input, output) = (dir.join("stamp"), dir.join("in"), dir.join("out"));
        let step = Step { stamp: &stamp, inputs: &[&input], facts, outputs: &[&output] };
        step.unless_fresh(|| write(&output, files(&input)?.len().to_string())).unwrap()
    }

    #[test]
    fn runs_again_only_when_something_changed() {
        let dir = std::env::temp_dir().join(format!("standwith-stamp-{}", std::process::id()));
        write(&dir.join("in/a"), "1").unwrap();

        assert!(runs(&[], &dir), "first run");
        assert!(!runs(&[], &dir), "nothing changed");
        write(&dir.join("in/a"), "2").unwrap();
        assert!(runs(&[], &dir), "an input changed");
        write(&dir.join("in/deep/b"), "").unwrap();
        assert!(runs(&[], &dir), "a file was added");
        assert!(runs(&["rustc 2"], &dir), "a fact changed");
        write(&dir.join("out"), "?").unwrap();
        assert!(runs(&["rustc 2"], &dir), "the output was changed by someone else");
        fs::remove_file(dir.join("out")).unwrap();
        assert!(runs(&["rustc 2"], &dir), "the output is gone");
        assert!(!runs(&["rustc 2"], &dir), "nothing changed");

        fs::remove_dir_all(&dir).unwrap();
    }
}
