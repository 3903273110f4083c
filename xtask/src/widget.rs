//! `cargo xtask build`: the widget as WebAssembly, its loader, and the endpoint.

use crate::dist::{self, Asset, DIST, VERSION, integrity};
use crate::parts::{self, Part};
use crate::run::{self, Run, target_dir};
use crate::stamp::{Step, files, write};
use crate::tools;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use fs_err as fs;
use standwith::markup::{EDITION, NAMES, TAGS, address_patterns};
use std::path::{Path, PathBuf};

/// The JSON Schema of campaign files, for editors.
const SCHEMA: &str = "campaign.schema.json";

/// The widget's WebAssembly file.
const WASM: &str = "standwith.wasm";
/// The same as wasm-bindgen writes it.
const GLUED: &str = "standwith_bg.wasm";
/// Names of countries, by language.
const COUNTRIES: &str = "www/locales/countries";

/// Constructs that the strictest pages refuse at run time (no `unsafe-eval`, Trusted Types), and those without a
/// meaning in a classic script.
const FORBIDDEN: [&str; 7] = [
    "import.meta",
    "new Function",
    "eval(",
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
];

/// Options of wasm-opt. After brotli, arranging blocks and jumps anew saves 800 bytes, `-Os` in place of `-Oz` 240, the
/// second one 170, instances of a generic function beside one another 850, short names 1,000 and, in the loader, 980.
const WASM_OPT: &str = "--flatten --rereloop -Os -Os --always-inline-max-function-size=4 \
    --reorder-functions-by-name --strip-producers --strip-target-features \
    --minify-imports-and-exports-and-modules";
/// What wasm-opt prints of the names that it shortens.
const SHORT_NAMES: &str = "short-names.txt";

/// Options of `build`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the widget's files
    #[arg(long)]
    pub(crate) widget: bool,
}

/// Builds the release form of the widget and of the endpoint. Unchanged parts are skipped.
pub(crate) fn build() -> Result<()> {
    build_widget()?;
    build_endpoint()
}

/// Builds the release form of the widget.
pub(crate) fn build_widget() -> Result<()> {
    tools::for_build()?;
    if !compile()? & !bundle()? {
        run::say("widget: unchanged");
    }
    Ok(())
}

/// Builds the release form of the endpoint.
pub(crate) fn build_endpoint() -> Result<()> {
    run::say("endpoint");
    Run::cargo().args(["build", "--release", "--package", "standwith-endpoint"]).visibly()
}

/// Path of the built endpoint.
pub(crate) fn endpoint() -> PathBuf {
    target_dir().join("release/standwith")
}

/// Sizes of the parts of the WebAssembly file.
pub(crate) fn parts() -> Result<Vec<(String, Part)>> {
    compile()?;
    parts::of(&out_dir().join(GLUED))
}

/// Compiles core and shell to WebAssembly, with the JavaScript glue; returns whether it had to.
fn compile() -> Result<bool> {
    let out = out_dir();
    let settings = ["Cargo.toml", "Cargo.lock", "package-lock.json", ".cargo/config.toml"];
    let sources = ["src", "widget", "xtask/src"];
    let inputs: Vec<&Path> = settings.iter().chain(&sources).map(Path::new).collect();
    let step = Step {
        stamp: &target_dir().join("stamps/widget"),
        inputs: &inputs,
        facts: &[&Run::new("rustc").arg("-vV").read()?],
        outputs: &[&out.join("standwith.js"), &out.join(WASM), &out.join(SHORT_NAMES)],
    };
    step.unless_fresh(|| {
        run::say("widget: compiling");
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        wasm_pack(&out)?;
        let printed = wasm_opt(&out.join(GLUED), &out.join(WASM), &[])?;
        write(&out.join(SHORT_NAMES), printed)
    })
}

/// Runs wasm-pack: cargo and wasm-bindgen. What wasm-opt prints is needed, so it is run on its own.
fn wasm_pack(out: &Path) -> Result<()> {
    let overriding = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"];
    let flags = format!("target.wasm32-unknown-unknown.rustflags={:?}", forget_paths()?);
    overriding
        .iter()
        .fold(Run::new("wasm-pack"), |run, name| run.without_env(name))
        .args(["--log-level", "warn", "build", "widget", "--target", "web", "--profile", "widget"])
        .args(["--no-opt", "--no-typescript", "--no-pack", "--out-name", "standwith", "--out-dir"])
        .arg(out)
        .args(["--", "--config", &flags])
        .visibly()
}

/// Runs wasm-opt on a file that wasm-bindgen wrote, and returns what it prints of names that it shortens.
pub(crate) fn wasm_opt(from: &Path, to: &Path, more: &[&str]) -> Result<String> {
    let run = Run::new("node_modules/.bin/wasm-opt").args(WASM_OPT.split(' ')).args(more);
    run.arg(from).arg("-o").arg(to).read()
}

/// Flags that remove this machine's paths from the file: they cost bytes, reveal where it was built, and make it differ
/// between machines.
fn forget_paths() -> Result<Vec<String>> {
    let here = std::env::current_dir()?;
    let sysroot = Run::new("rustc").args(["--print", "sysroot"]).read()?;
    let mut paths = vec![here.display().to_string(), sysroot.trim().to_owned()];
    let sources = run::cargo_home().join("registry/src");
    for registry in fs::read_dir(&sources).into_iter().flatten() {
        paths.push(registry?.path().display().to_string());
    }
    Ok(paths.iter().map(|path| format!("--remap-path-prefix={path}/=")).collect())
}

/// A pattern of the imports and exports that have short names, and the file that tells esbuild all of them.
fn short_names(parts: &Path) -> Result<(String, PathBuf)> {
    let (printed, cache) = (fs::read_to_string(parts.join(SHORT_NAMES))?, parts.join("names.json"));
    // A line has the name, the short name and, for imports, before both the module, which becomes `a`.
    let words = printed.lines().map(|line| line.split('"').skip(1).step_by(2).collect::<Vec<_>>());
    let mut names = vec![("./standwith_bg.js", "a")];
    names.extend(words.filter_map(|line| line.last_chunk().map(|[name, short]| (*name, *short))));
    let list: Vec<_> = names.iter().map(|(name, short)| format!("{name:?}:{short:?}")).collect();
    write(&cache, format!("{{{}}}", list.join(",")))?;
    Ok((names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|"), cache))
}

/// Bundles the loader and fills `dist/`; returns whether it had to.
fn bundle() -> Result<bool> {
    let out = out_dir();
    let step = Step {
        stamp: &target_dir().join("stamps/dist"),
        inputs: &[
            Path::new("www/loader"),
            Path::new("www/locales"),
            Path::new("package-lock.json"),
            Path::new("src"),
            // The renderer, and the modules that the glue imports.
            Path::new("widget/src"),
            Path::new("xtask/src"),
            &out.join("standwith.js"),
            &out.join(WASM),
            &out.join(SHORT_NAMES),
        ],
        facts: &[VERSION],
        outputs: &[
            &Path::new(DIST).join("standwith.js"),
            &Path::new(DIST).join(SCHEMA),
            &dist::version_dir(),
        ],
    };
    step.unless_fresh(|| {
        run::say("widget: bundling");
        let [catalogues, countries] = locales()?;
        let wasm = Asset { name: WASM.into(), bytes: fs::read(out.join(WASM))? };
        let list = hashes(&catalogues);
        let code = loader(&wasm, &list)?;
        dist::put(&Path::new(DIST).join("standwith.js"), &code)?;
        dist::put(&Path::new(DIST).join(SCHEMA), standwith::lint::schema().as_bytes())?;
        let script = Asset { name: "standwith.js".into(), bytes: code };
        let assets = [vec![script, wasm, list], catalogues, countries].concat();
        dist::publish(&dist::version_dir(), &assets)
    })
}

/// The compiled catalogues, and the names of the countries in their languages.
fn locales() -> Result<[Vec<Asset>; 2]> {
    let (mut catalogues, mut countries) = (Vec::new(), Vec::new());
    for (lang, path) in dist::by_stem(Path::new("www/locales"), "json")? {
        let bytes = fs::read(Path::new(COUNTRIES).join(format!("{lang}.txt")))?;
        let list = Asset { name: format!("{lang}-countries.txt"), bytes };
        let file = format!("{} {}", list.name, hash(&list.bytes));
        let compiled = standwith::text::compile_for_widget(&fs::read_to_string(&path)?, &file)
            .map_err(|faults| anyhow!("{}:\n  {}", path.display(), faults.join("\n  ")))?;
        catalogues.push(Asset { name: format!("{lang}.json"), bytes: compiled.into_bytes() });
        countries.push(list);
    }
    Ok([catalogues, countries])
}

/// The hashes of the catalogues by language.
fn hashes(catalogues: &[Asset]) -> Asset {
    let hashes = catalogues.iter().map(|Asset { name, bytes }| {
        format!("{:?}:{:?}", name.trim_end_matches(".json"), hash(bytes))
    });
    let list = format!("{{{}}}", hashes.collect::<Vec<_>>().join(","));
    Asset { name: "catalogues.json".into(), bytes: list.into_bytes() }
}

/// The one script that pages load: the loader, its style and wasm-bindgen's glue to the WebAssembly file.
fn loader(wasm: &Asset, hashes: &Asset) -> Result<Vec<u8>> {
    let parts = out_dir();
    let (out, staged) = (parts.join("bundle.js"), stage()?);
    let (names, cache) = short_names(&parts)?;
    esbuild()
        .arg(staged.join("main.js"))
        .args(["--bundle", "--format=iife", "--loader:.css=text"])
        .arg(format!("--alias:standwith-glue={}", parts.join("standwith.js").display()))
        .arg(format!("--alias:standwith-browser={}", snippet(&parts)?.display()))
        .arg("--alias:standwith-renderer=./widget/src/renderer.js")
        .arg(format!("--inject:{}", staged.join("natives.js").display()))
        .arg(format!("--mangle-props=^({names})$"))
        .arg(format!("--mangle-cache={}", cache.display()))
        .arg("--mangle-quoted")
        .args(constants().map(|(name, value)| format!("--define:{name}={value}")))
        .arg(format!("--define:__VERSION__={VERSION:?}"))
        .arg(format!("--define:__WASM__={:?}", hash(&wasm.bytes)))
        .arg(format!("--define:__CATALOGUES__={:?}", hash(&hashes.bytes)))
        // The loader compiles the WebAssembly file: the glue's own ways to find and fetch one are left out.
        .args(["--define:import.meta.url=undefined", "--define:Response=undefined"])
        .arg("--define:Request=undefined")
        // The glue warns of other ways to start it. The loader's own warnings have another name.
        .arg("--pure:console.warn")
        // A form ends with its element, and frees all that it holds: nothing is left to a garbage collector.
        .args(["--define:FinalizationRegistry=undefined", "--define:Symbol.dispose=undefined"])
        .arg(format!("--outfile={}", out.display()))
        .quietly()?;
    // After esbuild, terser still finds 270 to 300 bytes after brotli, most of them in the glue. Nothing in the bundle
    // calls a plain function with `new`, which is all that its unsafe options assume.
    Run::new("node_modules/.bin/terser")
        .arg(&out)
        .args(["--compress", "passes=5,ecma=2022,unsafe_arrows,unsafe_methods", "--mangle"])
        .arg("--output")
        .arg(&out)
        .quietly()?;
    let code = fs::read_to_string(&out)?;
    if let Some(word) = FORBIDDEN.into_iter().find(|word| mentions(&code, word)) {
        bail!("the bundle uses `{word}`, which strict pages refuse: see {}", out.display());
    }
    Ok(code.into_bytes())
}

/// The loader's constants about markup, with their values in JSON.
pub(crate) fn constants() -> [(&'static str, String); 4] {
    [
        ("__NAMES__", format!("{:?}", NAMES.join(" "))),
        ("__TAGS__", TAGS.to_string()),
        ("__ADDRESSES__", address_patterns()),
        ("__EDITION__", EDITION.to_string()),
    ]
}

/// The hash of a file for the loader, which puts `sha256-` before it and `=` after it.
fn hash(bytes: &[u8]) -> String {
    integrity(bytes).trim_start_matches("sha256-").trim_end_matches('=').to_owned()
}

/// The same copy of browser.js that the glue imports, so that the bundle does not contain it twice.
fn snippet(parts: &Path) -> Result<PathBuf> {
    let copies = files(&parts.join("snippets"))?;
    let found = copies.into_iter().find(|path| path.ends_with("src/browser.js"));
    found.context("wasm-bindgen copied no browser.js")
}

/// A copy of the loader's folder with minified styles: they are bundled as text.
fn stage() -> Result<PathBuf> {
    let (source, staged) = (Path::new("www/loader"), out_dir().join("loader"));
    for file in files(source)? {
        let to = staged.join(file.strip_prefix(source)?);
        if file.extension().is_some_and(|ending| ending == "css") {
            esbuild().arg(&file).arg(format!("--outfile={}", to.display())).quietly()?;
        } else {
            write(&to, fs::read(&file)?)?;
        }
    }
    Ok(staged)
}

/// esbuild with the options that all our bundles share.
fn esbuild() -> Run {
    Run::new("node_modules/.bin/esbuild")
        .args(["--minify", "--target=es2022", "--charset=utf8", "--legal-comments=none"])
        .args(["--log-level=warning", "--log-override:empty-import-meta=error"])
}

/// Whether a script contains a whole word: `eval(` but not `retrieval(`.
fn mentions(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(part_of_name))
}

/// Folder of the parts before they are bundled.
fn out_dir() -> PathBuf {
    target_dir().join("parts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_words_and_not_parts_of_words() {
        assert!(mentions("a=eval(b)", "eval("));
        assert!(mentions("eval(b)", "eval("));
        assert!(mentions("a.innerHTML=b", "innerHTML"));
        assert!(!mentions("retrieval(b)", "eval("));
    }
}
