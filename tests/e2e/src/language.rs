//! The loader's choice of a language, beside the core's.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::harness::Place;
use crate::harness::engine::first;

/// Chooses for each case of a file: `node -e SCRIPT LOADER'S FILE, VECTORS`. The loader's file is a
/// module by its content only, so it is imported by that.
const SCRIPT: &str = r#"
  const { readFileSync } = require("node:fs");
  const [code, vectors] = process.argv.slice(1).map((path) => readFileSync(path, "utf8"));
  import(`data:text/javascript,${encodeURIComponent(code)}`).then(({ choose }) => {
    const chosen = JSON.parse(vectors).map(({ wanted, available }) => choose(wanted, available));
    console.log(JSON.stringify(chosen));
  });"#;

pub(crate) async fn the_loader_chooses_as_the_core_does(place: &Place) -> Result<()> {
    let vectors = place.root.join("tests/vectors/languages.json");
    let mut command = Command::new(first(&["node"])?);
    command.args(["-e", SCRIPT]).arg(place.root.join("www/loader/language.js")).arg(&vectors);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let chosen: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(vectors)?)?;
    ensure!(chosen.len() == cases.len(), "{chosen:?}");
    for (case, chosen) in cases.iter().zip(chosen) {
        let expected = case.get("chosen").context("nothing is chosen")?;
        ensure!(chosen == *expected, "{chosen} in {case}");
    }
    Ok(())
}
