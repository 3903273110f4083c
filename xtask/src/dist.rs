//! The folder `dist/`: the files to serve, each with its hash and its compressed forms.

use crate::stamp::{files, read, read_text, write};
use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use standwith::json::{self, Json, Member, Value};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The version of everything here.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The manifest with the hash of each file in the folder of a version.
const MANIFEST: &str = "manifest.json";

/// The output folder.
pub(crate) const DIST: &str = "dist";

/// A file as it is served.
#[derive(Clone)]
pub(crate) struct Asset {
    /// Its name in its version's folder.
    pub(crate) name: String,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

/// The sizes of a file on disk and on the wire.
#[derive(Clone, Copy, Default)]
pub(crate) struct Weight {
    /// Uncompressed.
    pub(crate) raw: usize,
    /// After `gzip -9`.
    pub(crate) gzip: usize,
    /// After `brotli -q 11`.
    pub(crate) brotli: usize,
}

impl std::ops::Add for Weight {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            raw: self.raw + other.raw,
            gzip: self.gzip + other.gzip,
            brotli: self.brotli + other.brotli,
        }
    }
}

/// The folder of this version: its content never changes once it is released.
pub(crate) fn version_dir() -> PathBuf {
    Path::new(DIST).join(format!("v{VERSION}"))
}

/// Fills this version's folder with these files and a manifest, and with nothing else. The folders of earlier versions
/// stay unchanged: pages with an older loader rely on them.
pub(crate) fn publish(assets: &[Asset]) -> Result<()> {
    publish_in(&version_dir(), assets)
}

fn publish_in(dir: &Path, assets: &[Asset]) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot empty {}", dir.display()))?;
    }
    let mut entries = Vec::new();
    for asset in assets {
        let weight = put(&dir.join(&asset.name), &asset.bytes)?;
        entries.push(entry(asset, weight));
    }
    let manifest = format!(
        "{{\n  \"version\": \"{VERSION}\",\n  \"files\": {{\n{}\n  }}\n}}\n",
        entries.join(",\n")
    );
    put(&dir.join(MANIFEST), manifest.as_bytes())?;
    Ok(())
}

/// Checks that a folder's manifest is right about each file, and complete.
pub(crate) fn fits(dir: &Path) -> Result<()> {
    let text = read_text(&dir.join(MANIFEST))?;
    let manifest = json::parse(&text).map_err(|fault| anyhow!("{MANIFEST}: {fault:?}"))?;
    let Some(Value::Object(entries)) = manifest.get("files").map(|files| &files.value) else {
        bail!("{MANIFEST} has no files");
    };
    for Member { key, value } in entries {
        let bytes = read(&dir.join(key))?;
        let said = value.get("integrity").and_then(Json::text);
        ensure!(said == Some(&integrity(&bytes)), "{key} is not what {MANIFEST} says");
        let sizes = [("bytes", ""), ("gzip", "gz"), ("brotli", "br")];
        for (size, ending) in sizes {
            let path = dir.join(key);
            let path = if ending.is_empty() { path } else { with_ending(&path, ending) };
            let length = read(&path)?.len() as i64;
            let said = value.get(size).map(|said| &said.value);
            ensure!(said == Some(&Value::Whole(length)), "{size} of {key}: {said:?}, not {length}");
        }
    }
    for file in files(dir)? {
        let name = file.strip_prefix(dir)?.to_string_lossy();
        let name = name.strip_suffix(".gz").or(name.strip_suffix(".br")).unwrap_or(&name);
        let known = name == MANIFEST || entries.iter().any(|entry| entry.key == name);
        ensure!(known, "{MANIFEST} leaves out {name}");
    }
    Ok(())
}

/// One line of the manifest.
fn entry(asset: &Asset, weight: Weight) -> String {
    format!(
        "    \"{}\": {{\"integrity\": \"{}\", \"bytes\": {}, \"gzip\": {}, \"brotli\": {}}}",
        asset.name,
        integrity(&asset.bytes),
        weight.raw,
        weight.gzip,
        weight.brotli
    )
}

/// Writes a file, and its compressed forms beside it.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<Weight> {
    let (gzip, brotli) = (gzip(bytes)?, brotli(bytes)?);
    write(path, bytes)?;
    write(&with_ending(path, "gz"), &gzip)?;
    write(&with_ending(path, "br"), &brotli)?;
    Ok(Weight { raw: bytes.len(), gzip: gzip.len(), brotli: brotli.len() })
}

/// The sizes of a file.
pub(crate) fn weigh(bytes: &[u8]) -> Result<Weight> {
    Ok(Weight { raw: bytes.len(), gzip: gzip(bytes)?.len(), brotli: brotli(bytes)?.len() })
}

/// The hash by which a browser checks a file (Subresource Integrity).
pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(bytes)))
}

/// The files with this ending in a folder, without subfolders, by the name before the ending.
pub(crate) fn by_stem(dir: &Path, ending: &str) -> Result<Vec<(String, PathBuf)>> {
    let is_named = |path: &PathBuf| {
        path.parent() == Some(dir) && path.extension().is_some_and(|e| e == ending)
    };
    let named = files(dir)?.into_iter().filter(is_named);
    let stem = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(named.filter_map(|path| Some((stem(&path)?, path))).collect())
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    {
        let (buffer, quality, window) = (4096, 11, 22);
        let mut encoder = brotli::CompressorWriter::new(&mut out, buffer, quality, window);
        encoder.write_all(bytes)?;
    }
    Ok(out)
}

/// `standwith.js` and `br` make `standwith.js.br`.
fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compresses_the_same_each_time() {
        let text = "Free Mech Dara. ".repeat(100);
        let weight = weigh(text.as_bytes()).unwrap();
        assert_eq!(weight.raw, 1600);
        assert!(weight.gzip < 100 && weight.brotli < 50);
        assert_eq!(gzip(text.as_bytes()).unwrap(), gzip(text.as_bytes()).unwrap());
    }

    #[test]
    fn a_manifest_that_does_not_fit_is_seen() {
        let dir = std::env::temp_dir().join(format!("standwith-dist-{}", std::process::id()));
        let asset = |name: &str| Asset { name: name.into(), bytes: name.repeat(50).into_bytes() };
        publish_in(&dir, &[asset("a.js"), asset("b.wasm")]).unwrap();
        fits(&dir).unwrap();
        let refused = |told: &str| {
            let error = fits(&dir).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        };
        write(&dir.join("c.js"), "left out").unwrap();
        refused("leaves out c.js");
        fs::remove_file(dir.join("c.js")).unwrap();
        write(&dir.join("a.js.br"), "shorter").unwrap();
        refused("brotli of a.js");
        let mut tampered = asset("a.js").bytes;
        tampered[0] ^= 1;
        put(&dir.join("a.js"), &tampered).unwrap();
        refused("a.js is not what manifest.json says");
        fs::remove_file(dir.join("a.js")).unwrap();
        refused("a.js");
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn hashes_as_browsers_do() {
        // `printf 'alert("Hello, world.");' | openssl dgst -sha256 -binary | base64`
        assert_eq!(
            integrity(br#"alert("Hello, world.");"#),
            "sha256-95/2P1j1ZySEaTPvS2vdbldPcGJYZRvEeWm0x0qZqcQ="
        );
    }
}
