//! `cargo xtask fuzz`: cargo-fuzz on the properties of tests/hardening, starting from the committed corpus.

use crate::dist::by_stem;
use crate::run::{Run, now, say};
use crate::tools;
use anyhow::{Result, ensure};
use clap::Args;
use fs_err as fs;
use std::path::Path;

/// Folder of the committed corpora, one for each target.
const COMMITTED: &str = "fuzz/corpus";
/// Folder for inputs that reach new code. It is not committed; single inputs may be, once they are small.
const GROWN: &str = "target/fuzz/corpus";
/// Folder for inputs that break a property.
const BROKEN: &str = "fuzz/artifacts";

/// Options of `fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these, by their names in fuzz/corpus; all if none is named
    targets: Vec<String>,
    /// Time for each target
    #[arg(long, value_name = "N", default_value_t = 600)]
    seconds: u32,
}

/// Fuzzes the targets one after the other. Returns true if nothing was found.
pub(crate) fn fuzz(options: &Options) -> Result<bool> {
    let all = known()?;
    for name in &options.targets {
        ensure!(all.contains(name), "no target {name}: there are {}", all.join(", "));
    }
    let targets = if options.targets.is_empty() { &all } else { &options.targets };
    tools::for_fuzzing()?;
    let mut lines = Vec::new();
    let mut well = true;
    for target in targets {
        say(&format!("fuzz {target}"));
        let start = now();
        let held = run(target, options.seconds)?;
        well &= held;
        let verdict = match held {
            true => "nothing found".to_owned(),
            false => format!("FOUND SOMETHING: see {BROKEN}/{target}"),
        };
        lines.push(format!("{target:<10} {:>6.0} s  {verdict}", start.elapsed().as_secs_f32()));
    }
    lines.iter().for_each(|line| println!("{line}"));
    Ok(well)
}

/// The targets by name.
fn known() -> Result<Vec<String>> {
    let targets = by_stem(Path::new("fuzz/fuzz_targets"), "rs")?;
    Ok(targets.into_iter().map(|(name, _)| name).collect())
}

/// Fuzzes a target for this time; returns whether its property held.
fn run(target: &str, seconds: u32) -> Result<bool> {
    let (grown, committed) = (Path::new(GROWN).join(target), Path::new(COMMITTED).join(target));
    fs::create_dir_all(&grown)?;
    // This command itself runs on the stable toolchain.
    let run = Run::new("rustup")
        .args(["run", "nightly", "cargo", "fuzz", "run", "--target-dir", "target/fuzz", target])
        .arg(grown)
        .arg(committed)
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1"]);
    Ok(run.visibly().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_corpus() {
        // Tests run in their package's folder.
        std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        let targets = known().unwrap();
        assert!(targets.len() >= 6, "{targets:?}");
        let corpora = fs::read_dir(COMMITTED).unwrap().map(|entry| entry.unwrap().file_name());
        let mut corpora: Vec<_> = corpora.map(|name| name.into_string().unwrap()).collect();
        corpora.sort();
        assert_eq!(targets, corpora);
    }
}
