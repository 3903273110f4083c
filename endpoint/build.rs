//! Takes into the binary what the hosted form shares with the widget: catalogues, and the style, minified.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    println!("cargo:rerun-if-changed=migrations");
    let mut code = String::new();
    for (name, folder, ending) in
        [("CATALOGUES", "../www/locales", "json"), ("COUNTRIES", "../www/locales/countries", "txt")]
    {
        println!("cargo:rerun-if-changed={folder}");
        writeln!(code, "/// The files of {folder} by the language that they are named after.")?;
        writeln!(code, "const {name}: &[(&str, &str)] = &[")?;
        for (lang, path) in files(&here.join(folder), ending)? {
            writeln!(code, "    ({lang:?}, include_str!({path:?})),")?;
        }
        writeln!(code, "];")?;
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("shared.rs"), code)?;
    for (path, name) in
        [("../www/loader/style.css", "style.css"), ("src/http/page.css", "page.css")]
    {
        println!("cargo:rerun-if-changed={path}");
        fs::write(out.join(name), minified(&fs::read_to_string(here.join(path))?))?;
    }
    Ok(())
}

/// A style sheet without comments and without spaces that mean nothing. It must be one that our own files could hold:
/// strings have no line ends and no comments, and no selector has a space before or after a colon.
fn minified(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(char) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
            continue;
        }
        rest = &rest[char.len_utf8()..];
        match char {
            '"' | '\'' => {
                let end = rest.find(char).map_or(rest.len(), |end| end + 1);
                out.push(char);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            }
            // After these, and at the beginning, a space means nothing.
            _ if char.is_whitespace() => {
                if !out.is_empty() && !out.ends_with([' ', '{', '}', ';', ':', ',']) {
                    out.push(' ');
                }
            }
            '{' | '}' | ';' | ',' => {
                let end = out.trim_end().len();
                out.truncate(end);
                if char == '}' && out.ends_with(';') {
                    out.pop();
                }
                out.push(char);
            }
            _ => out.push(char),
        }
    }
    out.trim_end().to_owned()
}

/// The files of a folder that end so, in the order of their names.
fn files(folder: &Path, ending: &str) -> Result<Vec<(String, PathBuf)>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == ending) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push((stem, path));
        }
    }
    files.sort();
    Ok(files)
}
