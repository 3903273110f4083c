//! `standwith check`: what is wrong with campaign files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use standwith::lint::{missing_pictures, warnings};

use crate::characters::escaped;
use crate::library::{faults, in_words, located};

#[derive(Args)]
pub(super) struct Options {
    /// Campaign files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Whether all files are without fault.
pub(super) fn check(options: &Options) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    let (mut good, mut unread) = (true, None);
    for path in &options.files {
        let bytes = match fs::read(path).with_context(|| path.display().to_string()) {
            Ok(bytes) => bytes,
            Err(error) => {
                // The other files are looked at all the same.
                unread.get_or_insert(error);
                continue;
            }
        };
        let faults = faults(&bytes);
        for fault in &faults {
            writeln!(out, "{}", located(path, fault))?;
        }
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut warnings = warnings(&bytes);
        warnings.extend(missing_pictures(&bytes, |name| beside.join(name).is_file()));
        for warning in &warnings {
            let (path, line) = (path.display(), warning.line);
            let told = escaped(&format!("{path}:{line}: warning: {}", in_words(warning)));
            writeln!(out, "{told}")?;
        }
        if faults.is_empty() {
            writeln!(out, "{}: ok", escaped(&path.display().to_string()))?;
        }
        good &= faults.is_empty();
    }
    match unread {
        Some(error) => Err(error),
        None => Ok(good),
    }
}
