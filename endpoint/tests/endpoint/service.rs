//! The systemd unit of `deploy/`, by systemd's own checks.

use std::fs;
use std::process::Command;

const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/standwith.service");

fn analyze(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("systemd-analyze").args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn the_unit_is_valid_and_gives_the_endpoint_few_rights() {
    // The check expects the program to exist.
    let dir = tempfile::tempdir().unwrap();
    let unit = dir.path().join("standwith.service");
    let text = fs::read_to_string(UNIT).unwrap();
    fs::write(&unit, text.replace("/usr/local/bin/standwith", env!("CARGO_BIN_EXE_standwith")))
        .unwrap();
    let unit = unit.to_str().unwrap();
    let (is_valid, said) = analyze(&["verify", "--man=no", "--recursive-errors=no", unit]);
    assert!(is_valid, "{said}");
    assert!(!said.contains("standwith.service"), "{said}");
    // 10 is full access, 0 none.
    let (is_safe, said) =
        analyze(&["security", "--offline=yes", "--threshold=15", "--no-pager", unit]);
    assert!(is_safe, "{said}");
}
