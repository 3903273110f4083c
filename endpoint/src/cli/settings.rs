//! Settings from the environment and from a file: each option of `serve` is also a variable
//! (`STANDWITH_LISTEN` for `--listen`) and a key of a TOML file (`listen`). The command line comes first, then the
//! environment, then the file.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use crate::input;

/// The command whose options these are.
const SERVE: &str = "serve";
/// The option that names the file.
const CONFIG: &str = "config";
/// The option that is given once, by hand: in a setting it would switch off the check of keys for good.
const NEW_KEYS: &str = "new-keys";
/// The longest file, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The variable of an option.
pub(super) fn variable(option: &str) -> String {
    format!("STANDWITH_{}", option.to_uppercase().replace('-', "_"))
}

/// Gives each option of `serve` its variable.
pub(super) fn with_variables(command: Command) -> Command {
    command.mut_subcommand(SERVE, |serve| {
        serve.mut_args(|arg| match arg.get_long().filter(|long| *long != NEW_KEYS).map(variable) {
            Some(variable) => {
                let arg = arg.env(variable).hide_env_values(true);
                // One variable holds several values.
                if matches!(arg.get_action(), ArgAction::Append) {
                    arg.value_delimiter(',')
                } else {
                    arg
                }
            }
            None => arg,
        })
    })
}

/// Adds the settings of a file to a command line that names one, in front of all others.
///
/// # Errors
/// The file can't be read, or a setting in it does not exist or has a value of another kind.
pub(super) fn with_file(command: &Command, line: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let name = line.get(1).and_then(|name| name.to_str()).unwrap_or_default();
    let has_file =
        |command: &&Command| command.get_arguments().any(|arg| arg.get_long() == Some(CONFIG));
    let Some(own) = command.find_subcommand(name).filter(has_file) else { return Ok(line) };
    let Some(path) = named(&line).or_else(|| std::env::var_os(variable(CONFIG)).map(PathBuf::from))
    else {
        return Ok(line);
    };
    let place = path.display();
    let text = input::text(&path, LONGEST).with_context(|| place.to_string())?;
    // The error of the parser shows the line.
    let table: Table = text.parse().with_context(|| place.to_string())?;
    let serve = command.find_subcommand(SERVE).context("there is no `serve`")?;
    let mut settings = Vec::new();
    for (name, value) in &table {
        let find = |command: &'_ Command| {
            let mut all = command.get_arguments();
            all.find(|arg| arg.get_long() == Some(name)).cloned()
        };
        ensure!(
            find(serve).is_some() && ![CONFIG, NEW_KEYS].contains(&name.as_str()),
            "{place}: there is no setting `{name}`: `standwith serve --help` lists all"
        );
        // Other commands than `serve` take what they need.
        let Some(arg) = find(own) else { continue };
        let option = format!("--{name}");
        let given = |word: &OsString| {
            let word = word.to_string_lossy();
            word == option || word.starts_with(&format!("{option}="))
        };
        let is_set = line.iter().any(given) || std::env::var_os(variable(name)).is_some();
        let arguments =
            arguments(&arg, &option, value).with_context(|| format!("{place}: {name}"))?;
        if !is_set {
            settings.extend(arguments);
        }
    }
    let (before, after) = line.split_at(2);
    Ok([before, &settings, after].concat())
}

/// The file that a command line names.
fn named(line: &[OsString]) -> Option<PathBuf> {
    let option = format!("--{CONFIG}");
    let at = line.iter().position(|word| *word == *option);
    let apart = at.and_then(|at| line.get(at + 1)).map(PathBuf::from);
    apart.or_else(|| {
        line.iter().find_map(|word| {
            word.to_str()?.strip_prefix(&option)?.strip_prefix('=').map(PathBuf::from)
        })
    })
}

/// A setting as words of a command line.
fn arguments(arg: &Arg, option: &str, value: &Value) -> anyhow::Result<Vec<OsString>> {
    let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let with = |value: String| OsString::from(format!("{option}={value}"));
    Ok(match value {
        Value::Boolean(true) if is_flag => vec![option.into()],
        Value::Boolean(false) if is_flag => Vec::new(),
        _ if is_flag => bail!("expected true or false"),
        Value::String(text) => vec![with(text.clone())],
        Value::Integer(number) => vec![with(number.to_string())],
        Value::Array(values) => {
            ensure!(matches!(arg.get_action(), ArgAction::Append), "expected one value");
            let texts = values.iter().map(|value| value.as_str().map(|text| with(text.to_owned())));
            texts.collect::<Option<_>>().context("expected a list of texts")?
        }
        _ => bail!("expected a text, a whole number, true or false, or a list of texts"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;
    use std::ffi::OsStr;

    const DOCUMENT: &str = include_str!("../../../docs/operators.md");

    #[test]
    fn the_document_lists_each_option_with_its_variable_and_default() {
        let command = with_variables(Cli::command());
        let serve = command.find_subcommand(SERVE).unwrap();
        let rows: Vec<&str> = DOCUMENT
            .lines()
            .filter(|line| line.contains("`STANDWITH_") && line.starts_with('|'))
            .collect();
        let options: Vec<_> = serve.get_arguments().filter_map(Arg::get_long).collect();
        assert_eq!(rows.len(), options.len() - 1, "{options:?}");
        for arg in serve.get_arguments() {
            let long = arg.get_long().unwrap();
            if long == NEW_KEYS {
                assert_eq!(arg.get_env(), None);
                continue;
            }
            let start = format!("| `--{long}");
            let row = rows.iter().find(|row| {
                row.strip_prefix(&start).is_some_and(|rest| rest.starts_with([' ', '`']))
            });
            let row = row.unwrap_or_else(|| panic!("no row for --{long}"));
            assert!(row.contains(&format!("`{}`", variable(long))), "{row}");
            assert_eq!(arg.get_env().unwrap(), OsStr::new(&variable(long)));
            for default in arg.get_default_values() {
                let default = format!("`{}`", default.to_string_lossy().to_lowercase());
                assert!(row.contains(&default), "{row}");
            }
        }
    }

    #[test]
    fn the_documents_example_of_a_file_is_read() {
        let example = DOCUMENT.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("standwith.toml");
        std::fs::write(&file, example).unwrap();
        let command = with_variables(Cli::command());
        let words = ["standwith", "serve", "--config"].map(OsString::from);
        let line = [&words[..], &[file.into_os_string()]].concat();
        let line = with_file(&command, line).unwrap();
        assert!(line.contains(&"--listen=0.0.0.0:8080".into()), "{line:?}");
        assert!(line.contains(&"--trust-forwarded=10.0.0.0/8".into()), "{line:?}");
        assert!(command.try_get_matches_from(line).is_ok());
    }

    #[test]
    fn a_file_is_found_in_both_ways_to_name_it() {
        for (line, path) in [
            (&["standwith", "serve", "--config", "a.toml"][..], Some("a.toml")),
            (&["standwith", "serve", "--config=b.toml", "--strict"], Some("b.toml")),
            (&["standwith", "serve", "--config"], None),
            (&["standwith", "serve"], None),
        ] {
            let line: Vec<OsString> = line.iter().map(OsString::from).collect();
            assert_eq!(named(&line), path.map(PathBuf::from));
        }
    }
}
