//! The committed corpus and some thousands of mutations of it: every property holds, within a time limit.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use standwith_hardening::mutations::{Chance, mutated};
use standwith_hardening::targets;

/// Number of mutations for each property.
const MUTATIONS: usize = 4000;
/// Time limit for one input, on a busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(10);

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[expect(clippy::disallowed_methods, reason = "what hangs is to be seen")]
fn now() -> Instant {
    Instant::now()
}

#[track_caller]
fn holds(name: &str) {
    let (_, property) = *targets::ALL.iter().find(|(known, _)| *known == name).unwrap();
    let kept = corpus(name);
    assert!(kept.len() >= 10, "only {} inputs for {name}", kept.len());
    let seeds: Vec<Vec<u8>> = kept.iter().map(|(_, bytes)| bytes.clone()).collect();
    let try_one = |bytes: &[u8], from: &str| {
        let begun = now();
        if catch_unwind(AssertUnwindSafe(|| property(bytes))).is_err() {
            panic!("{from}: {:?}", String::from_utf8_lossy(bytes));
        }
        let took = begun.elapsed();
        assert!(took < PATIENCE, "{from} took {took:?}: {:?}", String::from_utf8_lossy(bytes));
    };
    for (path, bytes) in &kept {
        try_one(bytes, &path.display().to_string());
    }
    let mut chance = Chance(0);
    for number in 0..MUTATIONS {
        try_one(&mutated(&seeds, &mut chance), &format!("mutation {number}"));
    }
}

#[test]
fn signed_texts() {
    holds("jws");
}

#[test]
fn campaign_files() {
    holds("campaign");
}

#[test]
fn markdown() {
    holds("markdown");
}

#[test]
fn claims_and_answers() {
    holds("claims");
}

#[test]
fn tables() {
    holds("csv");
}

#[test]
fn addresses() {
    holds("address");
}

#[test]
fn every_property_has_its_target() {
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    for (name, _) in targets::ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets::ALL.len());
}

#[test]
fn mutations_are_always_the_same() {
    let made = || {
        let mut chance = Chance(1);
        (0..50)
            .map(|_| mutated(&[b"[one]".to_vec(), b"{two}".to_vec()], &mut chance))
            .collect::<Vec<_>>()
    };
    assert_eq!(made(), made());
    let different: std::collections::BTreeSet<_> = made().into_iter().collect();
    assert!(different.len() > 40);
}
