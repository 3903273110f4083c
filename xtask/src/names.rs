//! Short names between the WebAssembly file and its glue. wasm-bindgen's own are long, and unlike
//! one another: some kilobytes of what is sent.

use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// What wasm-opt is told so that it shortens the names and prints which became which.
pub(crate) const SHORTEN: &str = "--minify-imports-and-exports-and-modules";

/// The one module from which everything is imported afterwards.
const MODULE: &str = "a";

/// The short names, by the long ones.
#[derive(Default)]
pub(crate) struct Names<'a> {
    modules: BTreeSet<&'a str>,
    imports: BTreeMap<&'a str, &'a str>,
    exports: BTreeMap<&'a str, &'a str>,
}

impl<'a> Names<'a> {
    /// Reads what wasm-opt printed: a line `["module", "import", "a"]` or `["export", "a"]` each.
    pub(crate) fn read(printed: &'a str) -> Self {
        let mut names = Self::default();
        for line in printed.lines() {
            let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            match strings[..] {
                [module, import, short] => {
                    names.modules.insert(module);
                    names.imports.insert(import, short);
                }
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
        let [module] = self.modules.iter().collect::<Vec<_>>()[..] else {
            bail!("expected imports from one module, not from {:?}", self.modules);
        };
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
        let quoted = |name: &str| format!("\"{name}\": import");
        let renamed = short.replacen(&quoted(module), &quoted(MODULE), 1);
        if renamed == short {
            bail!("the glue does not name the module {module}");
        }
        Ok(renamed)
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
return { "./standwith_bg.js": import0 };"#;
        let short = r#"
export function mount(a) { return wasm.D(a, wasm.C.buffer); }
const import0 = { A: (memory) => memory, B: null };
return { "a": import0 };"#;
        assert_eq!(Names::read(PRINTED).shorten(glue).unwrap(), short);
    }

    #[test]
    fn refuses_a_glue_that_it_does_not_understand() {
        let error = |glue| Names::read(PRINTED).shorten(glue).unwrap_err().to_string();
        assert_eq!(error("__wbg_get_6: 1"), "the glue does not define __wbg_get_63");
        let nameless = "const import0 = { __wbg_get_63: 1, __wbg_get_6: 2 };";
        assert_eq!(error(nameless), "the glue does not name the module ./standwith_bg.js");
    }
}
