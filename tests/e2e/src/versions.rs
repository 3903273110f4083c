//! Old versions of the widget, which pages may use forever.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use reqwest::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};

use crate::embedding::TAG;
use crate::harness::endpoint::Endpoint;
use crate::harness::{Place, Stage, folder};

const NEW: &str = env!("CARGO_PKG_VERSION");
const OLD: &str = "0.0.9";

/// A copy of the widget files with an older version, which is the current one under another number.
fn with_an_older_version(place: &Place, folder: &Path) -> Result<PathBuf> {
    let dist = folder.join("dist");
    folder::copy(&place.dist, &dist)?;
    let (new, old) = (dist.join(format!("v{NEW}")), dist.join(format!("v{OLD}")));
    fs::create_dir(&old)?;
    for file in fs::read_dir(&new)? {
        let file = file?;
        let name = file.file_name().into_string().ok().context("a name that is not UTF-8")?;
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("js") => {
                let loader = fs::read_to_string(file.path())?;
                ensure!(loader.contains(NEW), "the loader does not know its version");
                fs::write(old.join(&name), loader.replace(NEW, OLD))?;
            }
            // The compressed form of the loader would still contain the current number.
            Some("br" | "gz") => {}
            _ => drop(fs::copy(file.path(), old.join(&name))?),
        }
    }
    Ok(dist)
}

pub(crate) async fn versions_stay_and_the_loader_is_asked_for_anew(place: &Place) -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let dist = with_an_older_version(place, folder.path())?;
    let endpoint = Endpoint::start_with(place, None, dist).await?;
    let client = reqwest::Client::new();
    let get = |path: &str| client.get(format!("{}/{path}", endpoint.origin()));

    for path in [
        format!("v{NEW}/standwith.wasm"),
        format!("v{OLD}/standwith.js"),
        format!("v{OLD}/standwith.wasm"),
    ] {
        let answer = get(&path).send().await?;
        ensure!(answer.status() == 200, "{path}: {}", answer.status());
        let said = answer.headers()[CACHE_CONTROL].to_str()?.to_owned();
        ensure!(said.contains("immutable") && said.contains("max-age=31536000"), "{path}: {said}");
        ensure!(answer.headers()["access-control-allow-origin"] == "*", "{path}");
    }
    let loader = get("standwith.js").send().await?;
    let (said, tag) = (loader.headers()[CACHE_CONTROL].clone(), loader.headers()[ETAG].clone());
    ensure!(!said.to_str()?.contains("immutable"), "{said:?}");
    ensure!(loader.text().await?.contains(NEW), "the loader is not the newest one");
    let again = get("standwith.js").header(IF_NONE_MATCH, tag).send().await?;
    ensure!(again.status() == 304, "{}", again.status());
    let packed = get("standwith.js").header("Accept-Encoding", "gzip, br").send().await?;
    ensure!(packed.headers()["content-encoding"] == "br", "{:?}", packed.headers());
    ensure!(get("v9.9.9/standwith.js").send().await?.status() == 404, "there is a version 9.9.9");
    Ok(())
}

pub(crate) async fn a_pinned_older_version_still_works(stage: &Stage) -> Result<()> {
    let place = Place::find()?;
    let folder = tempfile::TempDir::new()?;
    let dist = with_an_older_version(&place, folder.path())?;
    let endpoint = Endpoint::start_with(&place, Some(&stage.proxy.origin), dist).await?;
    stage.proxy.lead_to(&endpoint.origin());

    let pinned = TAG.replace("org/standwith.js", &format!("org/v{OLD}/standwith.js"));
    stage.open_body(&pinned).await?;
    let form = stage.form();
    form.until("editing").await?;
    ensure!(stage.browser.value("StandWith.version").await? == OLD, "it is not the pinned one");
    ensure!(stage.proxy.asked(&format!("v{OLD}/standwith.wasm")) == 1, "{:?}", stage.proxy.seen());
    ensure!(stage.proxy.asked(&format!("v{NEW}/standwith.wasm")) == 0, "{:?}", stage.proxy.seen());
    form.fill().await?;
    form.send().await?;
    endpoint.only_action().await?;
    Ok(())
}
