//! `standwith check`: reports the faults of campaign files.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use standwith::json::{self, Json};
use standwith::lint::{LONGEST_FILE, missing_pictures, warnings};
use standwith::shape::ConfigFault;

use crate::campaigns::{fault_of_id, faults, in_words, located};
use crate::characters::escaped;
use crate::http::pictures::is_inside;
use crate::input::start;

#[derive(Args)]
pub(super) struct Options {
    /// Campaign files. Two files in one folder must not have the same id: `serve` would serve only one
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Returns whether all files are valid.
pub(super) fn check(options: &Options) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    let (mut good, mut unread, mut ids) = (true, None, Ids::default());
    for path in &options.files {
        let bytes = match start(path, LONGEST_FILE as u64 + 1)
            .with_context(|| path.display().to_string())
        {
            Ok(bytes) => bytes,
            Err(error) => {
                // The other files are checked all the same. The last one that can't be read is reported at the end.
                if let Some(earlier) = unread.replace(error) {
                    writeln!(io::stderr(), "standwith: {}", escaped(&format!("{earlier:#}")))?;
                }
                continue;
            }
        };
        let mut faults = faults(&bytes);
        faults.extend(ids.namesake(path, &bytes));
        for fault in &faults {
            writeln!(out, "{}", located(path, fault))?;
        }
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut warnings = warnings(&bytes);
        warnings.extend(missing_pictures(&bytes, |name| is_inside(&beside, name)));
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

/// The first file with each id, by folder and id.
#[derive(Default)]
struct Ids(BTreeMap<(PathBuf, String), PathBuf>);

impl Ids {
    /// The fault of a file whose id another file of its folder has, as `serve` reports it.
    fn namesake(&mut self, path: &Path, bytes: &[u8]) -> Option<ConfigFault> {
        let file = json::parse(std::str::from_utf8(bytes).ok()?).ok()?;
        let id = file.get("id").and_then(Json::text)?.to_owned();
        // Resolve the path: a file that is named twice, in different ways, is one file.
        let path = path.canonicalize().ok()?;
        let folder = path.parent()?.to_owned();
        let known = self.0.entry((folder, id.clone())).or_insert_with(|| path.clone());
        if *known == path {
            return None;
        }
        let name = known.file_name().unwrap_or_default().display();
        let problem = format!("the id \"{id}\" is that of {name}");
        Some(fault_of_id(bytes, problem, "give each campaign its own, or move the file away"))
    }
}
