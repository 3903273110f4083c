//! Checks beyond the compiler: forbidden code and names, directions of imports, dead links, traces of a machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use standwith::json::Value;
use standwith::{json, text};

/// Build output, installed files and git's own.
const NOT_OURS: [&str; 6] = [".demo", ".git", "dist", "node_modules", "pkg", "target"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file in the checkout, by its path from the root.
fn files() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<String, String>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if NOT_OURS.contains(&&*name) {
                // In a second working tree, `.git` is a file.
            } else if path.is_dir() {
                walk(&path, found)?;
            } else if let (Ok(text), Ok(below)) =
                (std::fs::read_to_string(&path), path.strip_prefix(root()))
            {
                found.insert(below.to_string_lossy().replace('\\', "/"), text);
            }
        }
        Ok(())
    }
    let mut found = BTreeMap::new();
    let walked = walk(root(), &mut found);
    assert!(walked.is_ok() && found.contains_key("src/lib.rs"), "{walked:?}");
    found
}

fn files_of(kind: &str) -> impl Iterator<Item = (String, String)> {
    let kind = format!(".{kind}");
    files().into_iter().filter(move |(path, _)| path.ends_with(&kind))
}

/// The lines that contain a text, as `path:line`.
fn places(
    files: impl Iterator<Item = (String, String)>,
    fits: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut places = Vec::new();
    for (path, text) in files {
        let lines = text.lines().enumerate().filter(|(_, line)| fits(line));
        places.extend(lines.map(|(number, _)| format!("{path}:{}", number + 1)));
    }
    places
}

#[test]
fn only_three_files_ask_for_what_machine_they_are_built() {
    let asked = concat!("target_", "arch");
    // `src/campaign/mod.rs` has a key that only the endpoint reads.
    let may = ["src/lib.rs", "widget/src/lib.rs", "src/campaign/mod.rs"];
    let others = files_of("rs").filter(|(path, _)| !may.contains(&path.as_str()));
    assert_eq!(places(others, |line| line.contains(asked)), [""; 0]);
}

#[test]
fn no_code_is_unsafe() {
    let word = concat!("un", "safe");
    let begins_block = |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].trim_start();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '`')
                && ["{", "(", "fn ", "impl ", "trait ", "extern "]
                    .iter()
                    .any(|w| after.starts_with(w))
        })
    };
    assert_eq!(places(files_of("rs"), begins_block), [""; 0]);
    // Nor is there an `allow` for it.
    let allows = |line: &str| {
        line.contains(&format!("allow({word}")) || line.contains(&format!("{word}_code = \"allow"))
    };
    assert_eq!(places(files().into_iter(), allows), [""; 0]);
}

#[test]
fn no_file_tells_where_it_was_written() {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("file:", "///home")];
    let tells = |line: &str| folders.iter().any(|folder| line.contains(folder));
    assert_eq!(places(files().into_iter(), tells), [""; 0]);
}

#[test]
fn lock_files_say_what_is_taken_and_not_from_where() {
    let files = files();
    for path in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let packages: Vec<&str> = files[path].split("[[package]]").skip(1).collect();
        assert!(packages.len() > 20, "{path}");
        for package in packages {
            let crates_io = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
            let ours =
                package.contains("name = \"standwith") || package.contains("name = \"xtask\"");
            let taken = package.contains(crates_io) && package.contains("checksum = \"");
            assert!(taken != ours && package.contains("source = ") != ours, "{path}: {package}");
        }
    }
    // Each npm package is identified by its hash; the registry depends on the machine.
    let lock = json::parse(&files["package-lock.json"]).unwrap();
    let Some(Value::Object(packages)) = lock.get("packages").map(|packages| &packages.value) else {
        panic!("no packages");
    };
    assert!(packages.len() > 4);
    for package in packages.iter().filter(|package| !package.key.is_empty()) {
        let hash = package.value.get("integrity").and_then(|hash| hash.text());
        assert!(hash.is_some_and(|hash| hash.starts_with("sha512-")), "{}", package.key);
        assert!(package.value.get("resolved").is_none(), "{}", package.key);
    }
}

#[test]
fn files_are_called_after_concepts() {
    let vague = ["utils", "util", "helpers", "helper", "common", "types", "misc"];
    for path in files().keys().filter(|path| path.ends_with(".rs")) {
        let mut names = path.trim_end_matches(".rs").split('/');
        assert!(!names.any(|name| vague.contains(&name)), "{path}");
    }
}

#[test]
fn every_json_file_is_json_and_every_catalogue_complete() {
    for (path, content) in files_of("json") {
        json::parse(&content).unwrap_or_else(|fault| panic!("{path}: {fault:?}"));
        if path.starts_with("www/locales/") && !path.starts_with("www/locales/countries/") {
            text::compile(&content).unwrap_or_else(|faults| panic!("{path}: {faults:#?}"));
        }
    }
}

// Links.

/// The links of a document, without code blocks.
fn links(path: &str, text: &str) -> Vec<String> {
    if path.ends_with(".md") {
        let mut links = Vec::new();
        for (number, block) in text.split("```").enumerate() {
            if number % 2 == 1 {
                continue;
            }
            // Code between single backticks contains no links either.
            let prose: String = block.split('`').step_by(2).collect();
            for part in prose.split("](").skip(1) {
                links.extend(part.split([')', ' ']).next().map(str::to_owned));
            }
        }
        links
    } else {
        ["href=\"", "src=\""]
            .iter()
            .flat_map(|attribute| text.split(attribute).skip(1))
            .filter_map(|part| part.split('"').next())
            .map(str::to_owned)
            .collect()
    }
}

/// The names that a fragment can refer to.
fn anchors(path: &str, text: &str) -> Vec<String> {
    if !path.ends_with(".md") {
        let ids = text.split("id=\"").skip(1).filter_map(|part| part.split('"').next());
        return ids.map(str::to_owned).collect();
    }
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            heading.chars().filter(kept).collect::<String>().replace(' ', "-")
        })
        .collect()
}

/// A path from the root, seen from a file.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut path: Vec<String> = Vec::new();
    let base = Path::new(from).parent().unwrap_or(Path::new(""));
    let joined: PathBuf = base.join(link);
    for part in joined.components() {
        match part {
            Component::ParentDir => drop(path.pop()?),
            Component::Normal(name) => path.push(name.to_str()?.to_owned()),
            _ => {}
        }
    }
    Some(path.join("/"))
}

#[test]
fn no_link_between_files_is_dead() {
    let files = files();
    let mut dead = Vec::new();
    for (path, text) in &files {
        if !path.ends_with(".md") && !path.ends_with(".html") {
            continue;
        }
        for link in links(path, text) {
            // External addresses, and those that a server or a template resolves.
            if link.contains(':') || link.starts_with('/') || link.contains(['{', '<', '$']) {
                continue;
            }
            let (file, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let file = file.split('?').next().unwrap_or_default();
            let target = match file {
                "" => Some(path.clone()),
                file => resolve(path, file),
            };
            let there = target.as_ref().is_some_and(|target| root().join(target).exists());
            let anchored = fragment.is_empty()
                || target.and_then(|target| files.get_key_value(&target)).is_some_and(
                    |(path, text)| anchors(path, text).iter().any(|anchor| anchor == fragment),
                );
            if !there || !anchored {
                dead.push(format!("{path}: {link}"));
            }
        }
    }
    assert_eq!(dead, [""; 0]);
}

#[test]
fn documents_name_only_files_that_there_are() {
    let mut dead = Vec::new();
    for (path, text) in files_of("md") {
        for (number, block) in text.split("```").enumerate() {
            let spans = block.split('`').skip(1).step_by(2);
            for span in spans.filter(|_| number % 2 == 0) {
                let first = span.split('/').next().unwrap_or_default();
                // A path with a leading slash is a route.
                let is_path = !first.is_empty()
                    && span.contains('/')
                    && span.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
                    && root().join(first).is_dir()
                    && !NOT_OURS.contains(&first);
                if is_path && !root().join(span).exists() {
                    dead.push(format!("{path}: {span}"));
                }
            }
        }
    }
    assert_eq!(dead, [""; 0]);
}

#[test]
fn modules_of_the_core_import_each_other_in_one_direction() {
    let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
    for (path, text) in files_of("rs") {
        let Some(within) = path.strip_prefix("src/") else { continue };
        let module = within.split(['/', '.']).next().unwrap_or_default().to_owned();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
        let named = lines.flat_map(|line| line.split("crate::").skip(1));
        let named =
            named.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
        let mut others: BTreeSet<String> = named.map(str::to_owned).collect();
        others.remove(&module);
        imports.entry(module).or_default().extend(others);
    }
    imports.remove("lib");
    // Modules that import none of the remaining ones are removed, until nothing is left or there is a cycle.
    loop {
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        imports.retain(|_, others| !others.is_disjoint(&left));
        if imports.len() == left.len() {
            break;
        }
    }
    assert!(imports.is_empty(), "a circle among {:?}", imports.keys());
}

#[test]
fn no_file_of_the_core_has_more_than_500_lines() {
    let long = files_of("rs").filter(|(path, text)| {
        // text.rs is mostly a table of sentences.
        path.starts_with("src/") && path != "src/text.rs" && text.lines().count() > 500
    });
    assert_eq!(long.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<String>::new());
}
