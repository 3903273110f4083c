//! The folder `dist/`: the files to serve, each with its hash and its compressed forms.

use crate::stamp::{files, write};
use anyhow::{Result, anyhow, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fs_err as fs;
use sha2::{Digest, Sha256};
use standwith::json;
use std::collections::BTreeSet;
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
    pub(crate) bytes: Vec<u8>,
}

/// The sizes of a file on disk and on the wire.
#[derive(Clone, Copy)]
pub(crate) struct Weight {
    /// Uncompressed.
    pub(crate) raw: usize,
    /// After `gzip -9`.
    pub(crate) gzip: usize,
    /// After `brotli -q 11`.
    pub(crate) brotli: usize,
}

/// The folder of this version: its content never changes once it is released.
pub(crate) fn version_dir() -> PathBuf {
    Path::new(DIST).join(format!("v{VERSION}"))
}

/// Fills a version's folder with these files and a manifest, and with nothing else. Folders of earlier versions stay
/// unchanged: pages with an older loader rely on them.
pub(crate) fn publish(dir: &Path, assets: &[Asset]) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    for asset in assets {
        put(&dir.join(&asset.name), &asset.bytes)?;
    }
    put(&dir.join(MANIFEST), manifest(dir)?.as_bytes())
}

/// Checks that a folder's manifest matches its files, and lists all of them.
pub(crate) fn fits(dir: &Path) -> Result<()> {
    let (said, found) = (fs::read_to_string(dir.join(MANIFEST))?, manifest(dir)?);
    json::parse(&said).map_err(|fault| anyhow!("{MANIFEST}: {fault:?}"))?;
    for line in found.lines().map(|line| line.trim_matches([' ', ','])) {
        ensure!(said.contains(line), "{MANIFEST} does not say {line}");
    }
    ensure!(said == found, "{MANIFEST} lists a file that its folder does not have");
    Ok(())
}

/// The manifest of a folder, a line for each file: its hash, and its size as it is and compressed.
fn manifest(dir: &Path) -> Result<String> {
    let mut names = BTreeSet::new();
    for file in files(dir)? {
        let file = if is_packed(&file) { file.with_extension("") } else { file };
        names.insert(file.strip_prefix(dir)?.to_string_lossy().into_owned());
    }
    names.remove(MANIFEST);
    let mut lines = Vec::new();
    for name in names {
        let path = dir.join(&name);
        let bytes = fs::read(&path)?;
        lines.push(format!(
            r#"    "{name}": {{"integrity": "{}", "bytes": {}, "gzip": {}, "brotli": {}}}"#,
            integrity(&bytes),
            bytes.len(),
            fs::read(path.with_added_extension("gz"))?.len(),
            fs::read(path.with_added_extension("br"))?.len(),
        ));
    }
    let lines = lines.join(",\n");
    Ok(format!("{{\n  \"version\": \"{VERSION}\",\n  \"files\": {{\n{lines}\n  }}\n}}\n"))
}

/// Writes a file, and its compressed forms beside it.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes)?;
    write(&path.with_added_extension("gz"), gzip(bytes)?)?;
    write(&path.with_added_extension("br"), brotli(bytes)?)
}

/// Whether a file is the compressed form of another one.
pub(crate) fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "br" || ending == "gz")
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
    let (buffer, quality, window) = (4096, 11, 22);
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), buffer, quality, window);
    encoder.write_all(bytes)?;
    Ok(encoder.into_inner())
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
    fn rejects_a_manifest_that_does_not_match_its_folder() {
        let dir = std::env::temp_dir().join(format!("standwith-dist-{}", std::process::id()));
        let asset = |name: &str| Asset { name: name.into(), bytes: name.repeat(50).into_bytes() };
        publish(&dir, &[asset("a.js"), asset("b.wasm")]).unwrap();
        fits(&dir).unwrap();
        let refused = |why: &str| {
            let error = fits(&dir).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        };
        let remove = |name: &str| fs::remove_file(dir.join(name)).unwrap();
        put(&dir.join("c.js"), b"left out").unwrap();
        refused(r#"does not say "c.js""#);
        remove("c.js");
        refused("c.js");
        remove("c.js.gz");
        remove("c.js.br");
        write(&dir.join("a.js.br"), "shorter").unwrap();
        refused(r#""brotli": 7"#);
        let mut tampered = asset("a.js").bytes;
        tampered[0] ^= 1;
        put(&dir.join("a.js"), &tampered).unwrap();
        refused(r#"does not say "a.js""#);
        ["a.js", "a.js.gz", "a.js.br"].into_iter().for_each(remove);
        refused("lists a file");
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
