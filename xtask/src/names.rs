//! Short names between the WebAssembly file and its glue. wasm-bindgen's own are long, and unlike
//! one another: some kilobytes of what is sent.

use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// What wasm-opt is told so that it shortens the names and prints which became which.
pub(crate) const SHORTEN: &str = "--minify-imports-and-exports-and-modules";

/// What wasm-bindgen calls the glue, as a module from which the WebAssembly file imports.
const GLUE: &str = "./standwith_bg.js";

/// What the glue exports for the whole file.
const EXPORTS: &str = "export { initSync, __wbg_init as default };";

/// The one module from which everything is imported afterwards.
const MODULE: &str = "a";

/// The short names, by the long ones.
#[derive(Default)]
pub(crate) struct Names<'a> {
    imports: BTreeMap<&'a str, &'a str>,
    /// What is imported straight from a module of ours: module, name, short name.
    direct: Vec<[&'a str; 3]>,
    exports: BTreeMap<&'a str, &'a str>,
}

impl<'a> Names<'a> {
    /// Reads what wasm-opt printed: a line `["module", "import", "a"]` or `["export", "a"]` each.
    pub(crate) fn read(printed: &'a str) -> Self {
        let mut names = Self::default();
        for line in printed.lines() {
            let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            match strings[..] {
                [GLUE, import, short] => {
                    names.imports.insert(import, short);
                }
                [module, import, short] => names.direct.push([module, import, short]),
                [export, short] => {
                    names.exports.insert(export, short);
                }
                _ => {}
            }
        }
        names
    }

    /// The glue with the short names, if it is of the form that this understands.
    pub(crate) fn shorten(&self, glue: &str) -> Result<String> {
        let mut unused: BTreeSet<&str> = self.imports.keys().copied().collect();
        let mut short = String::new();
        for word in words(glue) {
            let known = if short.ends_with("wasm.") { &self.exports } else { &self.imports };
            unused.remove(word);
            short.push_str(known.get(word).copied().unwrap_or(word));
        }
        if let Some(name) = unused.first() {
            bail!("the glue does not define {name}");
        }
        for [module, import, name] in &self.direct {
            short = self.redirect(&short, module, import, name)?;
        }
        let glue =
            replaced(&short, &format!("\"{GLUE}\": import"), &format!("\"{MODULE}\": import"))?;
        // The loader starts the file itself: it comes in two halves, which take the same imports.
        replaced(
            &glue,
            EXPORTS,
            "export { __wbg_get_imports as imports, __wbg_finalize_init as begin };",
        )
    }

    /// Has the glue give what it took straight from a module of ours.
    fn redirect(&self, glue: &str, module: &str, import: &str, name: &str) -> Result<String> {
        let star = format!(" from \"{module}\"");
        let star = glue.lines().find_map(|line| {
            line.strip_suffix(&star)?.strip_prefix("import * as ").map(str::to_owned)
        });
        let Some(star) = star else {
            bail!("the glue does not import the module {module}");
        };
        let given = format!("const import0 = {{\n{name}: {star}.{import},");
        let glue = replaced(glue, "const import0 = {", &given)?;
        // Each import of a module has such a line, under one name or another; nothing asks for it now.
        let line = format!("\"{module}\": import");
        let kept = glue.lines().filter(|known| !known.trim_start().starts_with(&line));
        Ok(kept.collect::<Vec<_>>().join("\n"))
    }
}

/// The script with one thing in the place of another, which has to be there.
fn replaced(script: &str, from: &str, to: &str) -> Result<String> {
    match script.split_once(from) {
        Some((before, after)) => Ok([before, to, after].concat()),
        None => bail!("the glue does not have {from}"),
    }
}

/// Cuts a script into identifiers and what stands between them.
fn words(script: &str) -> impl Iterator<Item = &str> {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut rest = script;
    std::iter::from_fn(move || {
        let is_name = rest.chars().next().map(part_of_name)?;
        let end = rest.find(|c| part_of_name(c) != is_name).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = r#"{
 "imports": [
  ["./standwith_bg.js", "__wbg_get_63", "A"],
  ["./standwith_bg.js", "__wbg_get_6", "B"]
 ],
"exports": [
  ["memory", "C"],
  ["mount", "D"]
 ]
}"#;

    #[test]
    fn renames_on_both_sides() {
        let glue = r#"
export function mount(a) { return wasm.mount(a, wasm.memory.buffer); }
const import0 = { __wbg_get_63: (memory) => memory, __wbg_get_6: null };
return { "./standwith_bg.js": import0 };
export { initSync, __wbg_init as default };"#;
        let short = r#"
export function mount(a) { return wasm.D(a, wasm.C.buffer); }
const import0 = { A: (memory) => memory, B: null };
return { "a": import0 };
export { __wbg_get_imports as imports, __wbg_finalize_init as begin };"#;
        assert_eq!(Names::read(PRINTED).shorten(glue).unwrap(), short);
    }

    #[test]
    fn what_comes_from_a_module_of_ours_comes_through_the_glue() {
        let printed = r#"["./standwith_bg.js", "__wbg_a_1", "A"]
["./snippets/x/page.js", "send", "B"]"#;
        let glue = r#"import * as import1 from "./snippets/x/page.js"
const import0 = {
__wbg_a_1: 1 };
return { "./standwith_bg.js": import0,
"./snippets/x/page.js": import1,
};
export { initSync, __wbg_init as default };"#;
        let short = r#"import * as import1 from "./snippets/x/page.js"
const import0 = {
B: import1.send,
A: 1 };
return { "a": import0,
};
export { __wbg_get_imports as imports, __wbg_finalize_init as begin };"#;
        assert_eq!(Names::read(printed).shorten(glue).unwrap(), short);
    }

    #[test]
    fn refuses_a_glue_that_it_does_not_understand() {
        let error = |glue| Names::read(PRINTED).shorten(glue).unwrap_err().to_string();
        assert_eq!(error("__wbg_get_6: 1"), "the glue does not define __wbg_get_63");
        let nameless = "const import0 = { __wbg_get_63: 1, __wbg_get_6: 2 };";
        assert_eq!(error(nameless), "the glue does not have \"./standwith_bg.js\": import");
    }
}
