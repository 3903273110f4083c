//! `cargo xtask reproducible`: the same sources in another folder produce the same widget, byte for byte.

use crate::dist::{DIST, is_packed, version_dir};
use crate::run::{Run, complain, say, target_dir};
use crate::stamp::{files, write};
use crate::widget;
use anyhow::{Result, ensure};
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Builds the widget here and in a copy of the checkout, and compares. Returns true if they are equal.
pub(crate) fn reproducible() -> Result<bool> {
    widget::build_widget()?;
    let copy = target_dir().join("reproducible/in another folder");
    copy_checkout(&copy)?;
    say("the same in another folder");
    // This program itself, which finds its checkout by this variable.
    Run::new(std::env::current_exe()?)
        .args(["build", "--widget"])
        .env("CARGO_MANIFEST_DIR", copy.join("xtask"))
        .env("CARGO_TARGET_DIR", copy.join("target"))
        .visibly()?;
    let (ours, theirs) = (hashes(Path::new(""))?, hashes(&copy)?);
    ensure!(ours.len() > 10, "only {} files were built", ours.len());
    let differs: BTreeSet<_> = ours.symmetric_difference(&theirs).map(|(name, _)| name).collect();
    for name in &differs {
        complain(&format!("{} differs from folder to folder", name.display()));
    }
    if differs.is_empty() {
        println!("{} files are the same, byte for byte", ours.len());
        for (name, hash) in ours.iter().filter(|(name, _)| !is_packed(name)) {
            println!("{hash}  {}", name.display());
        }
        // The copy is as large as a build.
        fs::remove_dir_all(&copy)?;
    }
    Ok(differs.is_empty())
}

/// Copies the checkout's files, uncommitted changes included, to another folder; installed tools are shared.
fn copy_checkout(copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let tracked = Run::new("git").args(list).read()?;
    for name in tracked.split('\0').filter(|name| !name.is_empty() && Path::new(name).is_file()) {
        write(&copy.join(name), fs::read(name)?)?;
    }
    fs::create_dir_all(copy.join("target"))?;
    for (installed, name) in
        [(target_dir().join("tools"), "target/tools"), ("node_modules".into(), "node_modules")]
    {
        if installed.exists() {
            symlink(std::path::absolute(installed)?, copy.join(name))?;
        }
    }
    Ok(())
}

/// Every file of this version's build, with its SHA-256.
fn hashes(root: &Path) -> Result<BTreeSet<(PathBuf, String)>> {
    let loose = ["standwith.js", "campaign.schema.json"].map(|name| root.join(DIST).join(name));
    let hash = |path: PathBuf| {
        let hash =
            Sha256::digest(fs::read(&path)?).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((path.strip_prefix(root)?.to_owned(), hash))
    };
    files(&root.join(version_dir()))?.into_iter().chain(loose).map(hash).collect()
}
