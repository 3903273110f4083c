//! Size of the WebAssembly file by part: its functions, grouped by the module or dependency that they come from.

use crate::widget::wasm_opt;
use anyhow::{Context, Result};
use fs_err as fs;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Size of a part.
#[derive(Default)]
pub(crate) struct Part {
    /// Bytes, before compression.
    pub(crate) bytes: usize,
    /// Number of functions.
    pub(crate) functions: usize,
}

/// The parts of wasm-bindgen's output as wasm-opt shrinks it, the largest first. Here it retains the names of its
/// functions.
pub(crate) fn of(wasm: &Path) -> Result<Vec<(String, Part)>> {
    let named = wasm.with_file_name("named.wasm");
    wasm_opt(wasm, &named, &["-g"])?;
    let mut parts: Vec<_> = measure(&fs::read(&named)?)?.into_iter().collect();
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.bytes));
    Ok(parts)
}

fn measure(wasm: &[u8]) -> Result<BTreeMap<String, Part>> {
    let (mut imported, mut bodies, mut names) = (0, Vec::new(), HashMap::new());
    let mut parts = BTreeMap::<String, Part>::new();
    let mut add = |name: &str, bytes: usize, functions: usize| {
        let part = parts.entry(name.to_owned()).or_default();
        part.bytes += bytes;
        part.functions += functions;
    };
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.context("no WebAssembly")? {
            Payload::ImportSection(section) => {
                imported = section.count();
                add("names of imports", section.range().len(), 0);
            }
            Payload::DataSection(section) => {
                add("texts and tables", section.range().len(), 0);
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(section) = section.as_known() else { continue };
                for subsection in section {
                    let Name::Function(map) = subsection? else { continue };
                    for naming in map {
                        let naming = naming?;
                        names.insert(naming.index, naming.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    for (index, bytes) in (imported..).zip(bodies) {
        add(&owner(names.get(&index).map_or("", String::as_str)), bytes, 1);
    }
    Ok(parts)
}

/// The module of ours, or the dependency, that a function serves. One that the compiler generated from both for a type
/// of ours is ours.
fn owner(name: &str) -> String {
    let plain = plain(name);
    for ours in ["standwith_widget::", "standwith::"] {
        if let Some((_, rest)) = plain.split_once(ours) {
            let is_name = |c: &char| c.is_alphanumeric() || *c == '_';
            let module: String = rest.chars().take_while(is_name).collect();
            // A path without a module belongs to the crate's own file.
            let in_module = rest[module.len()..].starts_with("::");
            let module = if in_module { &module } else { "lib" };
            return [if ours == "standwith::" { "src/" } else { "widget/src/" }, module].concat();
        }
    }
    let krate =
        plain.trim_start_matches(['<', '&', '(', ' ']).split("::").next().unwrap_or_default();
    match krate {
        "gloo_net" | "rlsf" => krate.replace('_', "-"),
        "wasm_bindgen" | "js_sys" | "web_sys" => "wasm-bindgen, js-sys, web-sys".to_owned(),
        krate if krate.contains("serde") => "serde, serde-wasm-bindgen".to_owned(),
        _ if plain.contains("::") => "the standard library".to_owned(),
        _ => "the entries from JavaScript".to_owned(),
    }
}

/// `core[1a2b3c]::str` and `core::str::h0123456789abcdef` as `core::str`: a path without hashes.
fn plain(name: &str) -> String {
    let is_hash = |end: &str| end.len() == 16 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hashed = name.rsplit_once("::h").filter(|(_, end)| is_hash(end));
    let path = hashed.map_or(name, |(path, _)| path);
    // Brackets are left out, with their content.
    path.split('[').map(|piece| piece.rsplit(']').next().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_hashes_from_paths() {
        for name in ["<str[0a1b]>::len", "<str>::len::h0123456789abcdef", "<str>::len"] {
            assert_eq!(plain(name), "<str>::len");
        }
        assert_eq!(plain("a::help"), "a::help");
    }

    #[test]
    fn assigns_functions_to_modules_and_dependencies() {
        for (name, part) in [
            ("<standwith[51]::view::Viewer>::part", "src/view"),
            ("<alloc[c8]::vec::Vec<standwith[51]::campaign::Field> as X>::fill", "src/campaign"),
            ("standwith_widget::runtime::Runtime::paint::h58", "widget/src/runtime"),
            ("core::ptr::drop_in_place::<alloc::string::String>", "the standard library"),
            ("<&serde_wasm_bindgen[1]::ser::Serializer as S>::x", "serde, serde-wasm-bindgen"),
            ("gloo_net::http::request::RequestBuilder::build", "gloo-net"),
            ("<str>::trim_matches::<<char>::is_whitespace>", "the standard library"),
            ("standwith_widget[2]::in_words", "widget/src/lib"),
            ("mount", "the entries from JavaScript"),
        ] {
            assert_eq!(owner(name), part, "{name}");
        }
    }
}
