//! `cargo xtask build`: the widget as WebAssembly, the loader around it, and the endpoint.

use crate::dist::{self, Asset, DIST, VERSION, integrity};
use crate::glue;
use crate::names::{Names, SHORTEN};
use crate::parts::{self, Part};
use crate::run::{self, Run, target_dir};
use crate::split::{Root, split};
use crate::stamp::{Step, files, read, read_text, write};
use crate::tools;
use anyhow::{Context, Result, bail};
use clap::Args;
use standwith::json::Writer;
use standwith::language::named_by_us;
use standwith::plan::{EDITION, NAMES, TAGS};
use std::path::{Path, PathBuf};

/// The JSON Schema of campaign files, for the editors of those who write them.
const SCHEMA: &str = "campaign.schema.json";

/// The files of the widget's two halves.
const FIRST_HALF: &str = "standwith.wasm";
const SECOND_HALF: &str = "sending.wasm";
/// Names of countries, by language.
const COUNTRIES: &str = "endpoint/countries";
/// The style of what only the second half shows.
const SECOND_STYLE: &str = "sending.css";

/// What wasm-opt may use. Every browser of the last years knows these features.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// What the strictest pages refuse at run time (no `unsafe-eval`, Trusted Types), and what has no
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

/// How `build` is asked.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the widget's files
    #[arg(long)]
    pub(crate) widget: bool,
}

/// Makes the release forms of the widget and of the endpoint. What is unchanged is left alone.
pub(crate) fn build() -> Result<()> {
    build_widget()?;
    build_endpoint()
}

/// Makes the release form of the widget.
pub(crate) fn build_widget() -> Result<()> {
    tools::for_build()?;
    if !compile()? & !bundle()? {
        run::say("widget: unchanged");
    }
    Ok(())
}

/// Makes the endpoint's release form.
pub(crate) fn build_endpoint() -> Result<()> {
    run::say("endpoint");
    Run::cargo().args(["build", "--release", "--package", "standwith-endpoint"]).visibly()
}

/// Where the endpoint is after a build.
pub(crate) fn endpoint() -> PathBuf {
    target_dir().join("release/standwith")
}

/// What takes how many bytes of the WebAssembly file.
pub(crate) fn parts() -> Result<Vec<(String, Part)>> {
    parts::of(&out_dir().join("whole").join(FIRST_HALF), &[&["-Oz"], &FEATURES[..]].concat())
}

/// Compiles core and shell to WebAssembly, with the JavaScript that calls it; says whether it had to.
fn compile() -> Result<bool> {
    let out = out_dir();
    let lean = can_be_lean();
    if let Err(error) = &lean {
        run::warn(&format!("the lean form can't be made, so the plain one is: {error:#}"));
    }
    let form = if lean.is_ok() { "lean" } else { "plain" };
    let step = Step {
        stamp: &target_dir().join("stamps/widget"),
        inputs: &[
            Path::new("Cargo.toml"),
            Path::new("Cargo.lock"),
            Path::new("package-lock.json"),
            Path::new(".cargo/config.toml"),
            Path::new("src"),
            Path::new("widget"),
            Path::new("xtask/src"),
        ],
        facts: &[&Run::new("rustc").arg("-vV").read()?, form],
        outputs: &[&out.join("glue.js"), &out.join(FIRST_HALF), &out.join(SECOND_HALF)],
    };
    step.unless_fresh(|| {
        run::say("widget: compiling");
        wasm_pack(&out, lean.is_ok())?;
        shrink(&out)
    })
}

/// Flags for the compiler besides those of .cargo/config.toml. A panic is a trap without words, and
/// nothing says where in the code it stands: nobody reads either in a browser of someone else's. Two of
/// LLVM's passes are off that trade bytes for a speed that a form has no use for.
const LEAN: [&str; 7] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
    "-Cllvm-args=-disable-lsr",
    "-Cllvm-args=-enable-pre=false",
    CUT,
];

/// Has the linker say what refers to what, so that the file can be cut in halves.
const CUT: &str = "-Clink-arg=--emit-relocs";

/// The standard library, compiled anew for size with these flags: 7 KB of the widget (brotli).
const LEAN_STD: [&str; 2] =
    ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

/// Fails where the lean form can't be made, and says why. The compiler is the stable one; the standard
/// library comes with it as source (rustup's component rust-src), and only to compile that anew takes
/// flags that are not stable yet: `RUSTC_BOOTSTRAP` lets them through, for this one build. A toolchain
/// that has no such source or knows other flags makes the plain form, which is larger.
fn can_be_lean() -> Result<()> {
    tools::standard_library()?;
    let target = ["--print", "cfg", "--target", "wasm32-unknown-unknown"];
    Run::new("rustc").env("RUSTC_BOOTSTRAP", "1").args(target).args(LEAN).read().map(drop)
}

/// Runs wasm-pack: cargo, then wasm-bindgen.
fn wasm_pack(out: &Path, lean: bool) -> Result<()> {
    if !lean {
        // By their names functions are cut, as in the lean form.
        let cut = [CUT, "-Csymbol-mangling-version=v0"].map(str::to_owned);
        let flags = config(&[&forget_paths()?[..], &cut].concat());
        return pack(out).args(["--", "--config", &flags]).visibly();
    }
    let flags = config(&[&forget_paths()?[..], &LEAN.map(str::to_owned)].concat());
    let cargo = [&LEAN_STD[..], &["--config", &flags]].concat();
    pack(out).env("RUSTC_BOOTSTRAP", "1").arg("--").args(cargo).visibly()
}

fn pack(out: &Path) -> Run {
    let overriding = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"];
    overriding
        .iter()
        .fold(Run::new("wasm-pack"), |run, name| run.without_env(name))
        .args(["--log-level", "warn", "build", "widget", "--target", "web"])
        .args(["--profile", "widget", "--no-opt", "--no-typescript", "--no-pack"])
        .args(["--out-name", "standwith", "--out-dir"])
        .arg(out)
}

/// Where the widget's second half begins: what no form needs until somebody has written in it.
///
/// What the first half calls of these, and where, stands beside them: it does so only when the second half is
/// there, which `Runtime::complete` says. A form that goes before waits for that, because to drop what a
/// campaign holds is work of the second half.
const LATER: [Root<'_>; 17] = [
    ("session::Session>::proceed", &[]),
    ("session::Session>::begun", &[]),
    ("session::Session>::complete", &[]),
    ("view::Viewer>::whole", &[]),
    ("view::Viewer>::later", &["view::Viewer>::numbered"]),
    ("view::Viewer>::mistake", &["view::Viewer>::told_of"]),
    ("view::Viewer>::suggestion", &["view::Viewer>::filled"]),
    ("view::Viewer>::boxes", &["view::Viewer>::filled"]),
    ("view::Viewer>::select", &["view::Viewer>::filled"]),
    ("phone::international", &["draft::Draft>::composed"]),
    ("CampaignFile>::into_campaign", &[]),
    // Of an outline nobody reads the rest.
    (">::fill_rest", &["as standwith::shape::Shape>::fill", "as standwith::shape::Shape>::read"]),
    ("runtime::Runtime>::complete", &["mounted_complete"]),
    ("runtime::Runtime>::work", &["runtime::Runtime>::send"]),
    (
        "Rc<standwith_widget::runtime::Runtime>>::drop_slow",
        &["drop_in_place::<alloc::rc::Rc<standwith_widget::runtime::Runtime>>"],
    ),
    ("drop_in_place::<standwith::campaign::Campaign>", &[]),
    ("drop_in_place::<standwith::session::Event>", &[]),
];

/// Shortens the names between the file and its glue, cuts the file in two, and shrinks both.
fn shrink(out: &Path) -> Result<()> {
    let named = out.join("named.wasm");
    let printed = wasm_opt(&out.join("standwith_bg.wasm"), &named, &["-g", SHORTEN])?;
    let glue = Names::read(&printed).shorten(&read_text(&out.join("standwith.js"))?)?;
    write(&out.join("glue.js"), glue::spare(&glue)?)?;
    let linked = target_dir().join("wasm32-unknown-unknown/widget/standwith_widget.wasm");
    let halves = split(&read(&named)?, &read(&linked)?, &LATER)?;
    for (half, name) in [(halves.first, FIRST_HALF), (halves.second, SECOND_HALF)] {
        let (whole, shrunk) = (out.join("whole").join(name), out.join(name));
        write(&whole, half)?;
        wasm_opt(&whole, &shrunk, &["-Oz", "-Oz", "--coalesce-locals-learning", "--strip-debug"])?;
    }
    Ok(())
}

fn wasm_opt(from: &Path, to: &Path, options: &[&str]) -> Result<String> {
    Run::new("node_modules/.bin/wasm-opt")
        .args(FEATURES)
        .args(["--strip-producers", "--strip-target-features"])
        .args(options)
        .arg(from)
        .arg("-o")
        .arg(to)
        .read()
}

/// Flags that keep this machine's paths out of the file: they cost bytes, tell where it was built,
/// and make it differ from machine to machine.
fn forget_paths() -> Result<Vec<String>> {
    let here = std::env::current_dir()?;
    let sysroot = Run::new("rustc").args(["--print", "sysroot"]).read()?;
    let mut paths = vec![here.display().to_string(), sysroot.trim().to_owned()];
    let sources = run::cargo_home().join("registry/src");
    for registry in std::fs::read_dir(&sources).into_iter().flatten() {
        paths.push(registry?.path().display().to_string());
    }
    Ok(paths.iter().map(|path| format!("--remap-path-prefix={path}/=")).collect())
}

/// Flags for the compiler, as a setting of cargo.
fn config(flags: &[String]) -> String {
    format!("target.wasm32-unknown-unknown.rustflags={flags:?}")
}

/// Bundles the loader and fills `dist/`; says whether it had to.
fn bundle() -> Result<bool> {
    let out = out_dir();
    let step = Step {
        stamp: &target_dir().join("stamps/dist"),
        inputs: &[
            Path::new("www/loader"),
            Path::new("www/locales"),
            Path::new(COUNTRIES),
            Path::new("package-lock.json"),
            Path::new("src"),
            // The painter, and what the glue imports.
            Path::new("widget/src"),
            Path::new("xtask/src"),
            &out.join("glue.js"),
            &out.join(FIRST_HALF),
            &out.join(SECOND_HALF),
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
        let locales = locales()?;
        let half =
            |name: &str| anyhow::Ok(Asset { name: name.into(), bytes: read(&out.join(name))? });
        let staged = stage()?;
        let style = Asset { name: SECOND_STYLE.into(), bytes: read(&staged.join(SECOND_STYLE))? };
        let halves = [half(FIRST_HALF)?, half(SECOND_HALF)?, style];
        let code = loader(&staged, &halves, &locales)?;
        dist::put(&Path::new(DIST).join("standwith.js"), &code)?;
        dist::put(&Path::new(DIST).join(SCHEMA), standwith::lint::schema().as_bytes())?;
        let script = Asset { name: "standwith.js".into(), bytes: code };
        dist::publish(&[vec![script], halves.to_vec(), locales].concat())
    })
}

/// The languages, as the core wants them.
fn locales() -> Result<Vec<Asset>> {
    let english = standwith::text::compiled_english().into_bytes();
    let mut assets = vec![Asset { name: "en.json".into(), bytes: english }];
    for (lang, path) in dist::by_stem(Path::new(COUNTRIES), "txt")? {
        if named_by_us(&lang) {
            let mut list = Writer::default();
            let lines = read_text(&path)?;
            list.list(|list| lines.lines().for_each(|line| list.text(&line.replacen(' ', "", 1))));
            let bytes = list.finish().into_bytes();
            assets.push(Asset { name: format!("{lang}-countries.json"), bytes });
        }
    }
    for (lang, path) in dist::by_stem(Path::new("www/locales"), "json")? {
        let text = read_text(&path)?;
        match standwith::text::compile_for_widget(&text) {
            Ok(compiled) => {
                assets.push(Asset { name: format!("{lang}.json"), bytes: compiled.into_bytes() });
            }
            Err(faults) => bail!("{}:\n  {}", path.display(), faults.join("\n  ")),
        }
    }
    Ok(assets)
}

/// The one script that pages load: the loader, its style and the glue to the WebAssembly file.
fn loader(staged: &Path, halves: &[Asset; 3], locales: &[Asset]) -> Result<Vec<u8>> {
    let out = out_dir().join("bundle.js");
    // The very file that the glue has, so that nothing of it is there twice.
    let glue = String::from_utf8(read(&out_dir().join("glue.js"))?)?;
    let browser = glue.split(['\'', '"']).find(|part| part.ends_with("/src/browser.js"));
    let browser = out_dir().join(browser.context("the glue has no browser.js")?);
    let hashes: Vec<String> = locales
        .iter()
        .map(|asset| {
            format!("{:?}:{:?}", asset.name.trim_end_matches(".json"), integrity(&asset.bytes))
        })
        .collect();
    esbuild()
        .arg(staged.join("main.js"))
        .args(["--bundle", "--format=iife", "--loader:.css=text"])
        .arg(format!("--alias:standwith-glue={}", out_dir().join("glue.js").display()))
        .arg(format!("--alias:standwith-browser={}", browser.display()))
        .arg("--alias:standwith-paint=./widget/src/paint.js")
        .arg(format!("--define:__NAMES__={:?}", NAMES.join(" ")))
        .arg(format!("--define:__TAGS__={TAGS}"))
        .arg(format!("--define:__EDITION__={EDITION}"))
        .arg(format!("--define:__VERSION__={VERSION:?}"))
        .arg(format!("--define:__FIRST_HALF__={:?}", integrity(&halves[0].bytes)))
        .arg(format!("--define:__SECOND_HALF__={:?}", integrity(&halves[1].bytes)))
        .arg(format!("--define:__SECOND_STYLE__={:?}", integrity(&halves[2].bytes)))
        .arg(format!("--define:__LOCALES__={{{}}}", hashes.join(",")))
        // A form ends with its element, and frees all that it holds: there is nothing to be collected behind
        // its back, when the half that frees it may not be there yet.
        .args(["--define:FinalizationRegistry=undefined", "--define:Symbol.dispose=undefined"])
        // The glue's own guess of where the WebAssembly file is: the loader always says.
        .arg("--define:import.meta.url=undefined")
        .arg(format!("--outfile={}", out.display()))
        .quietly()?;
    let code = read_text(&out)?;
    if let Some(word) = FORBIDDEN.into_iter().find(|word| mentions(&code, word)) {
        bail!("the bundle uses `{word}`, which strict pages refuse: see {}", out.display());
    }
    Ok(code.into_bytes())
}

/// A copy of the loader's folder in which the styles are minified: they go into it as text.
fn stage() -> Result<PathBuf> {
    let (source, staged) = (Path::new("www/loader"), out_dir().join("loader"));
    for file in files(source)? {
        let to = staged.join(file.strip_prefix(source)?);
        if file.extension().is_some_and(|ending| ending == "css") {
            esbuild().arg(&file).arg(format!("--outfile={}", to.display())).quietly()?;
        } else {
            write(&to, read(&file)?)?;
        }
    }
    Ok(staged)
}

/// esbuild with what holds for all that we make.
fn esbuild() -> Run {
    Run::new("node_modules/.bin/esbuild").args([
        "--minify",
        "--target=es2022",
        "--charset=utf8",
        "--legal-comments=none",
        "--log-level=warning",
        "--log-override:empty-import-meta=error",
    ])
}

/// Whether a script uses a word as a word: `eval(` but not `retrieval(`.
fn mentions(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(part_of_name))
}

/// Where the parts are before they are put together.
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
