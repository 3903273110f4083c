//! Takes into the binary what the hosted form shares with the widget: catalogues and style.

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
    fs::write(Path::new(&env::var("OUT_DIR")?).join("shared.rs"), code)?;
    Ok(())
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
