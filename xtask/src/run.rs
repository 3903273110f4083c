//! Runs other programs: prints their command lines, and their output when they fail.

use anyhow::{Context, Result, bail};
use clap::builder::styling::{AnsiColor, Style};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

/// A program to run, with empty standard input.
pub(crate) struct Run {
    command: Command,
}

impl Run {
    /// A program by its name, looked up where [`search_path`] says, or by its path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.env("PATH", search_path()).stdin(Stdio::null());
        Self { command }
    }

    /// `cargo`, of the toolchain that runs this: rustup passes it on in `RUSTUP_TOOLCHAIN`.
    pub(crate) fn cargo() -> Self {
        Self::new("cargo")
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// The standard output of a short program; nothing is printed.
    pub(crate) fn read(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| self.cannot_start())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed: {}", self.line(), said.trim());
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("{} printed something that is no text", self.line()))
    }

    /// Runs silently, and prints all output if it fails.
    pub(crate) fn quietly(mut self) -> Result<()> {
        self.show();
        let output = self.command.output().with_context(|| self.cannot_start())?;
        if output.status.success() {
            return Ok(());
        }
        let mut stderr = std::io::stderr().lock();
        stderr.write_all(&output.stdout)?;
        stderr.write_all(&output.stderr)?;
        bail!("{} failed ({})", self.name(), output.status)
    }

    /// Runs, and passes all output on to standard error.
    pub(crate) fn visibly(mut self) -> Result<()> {
        self.show();
        self.command.stdout(std::io::stderr());
        let status = self.command.status().with_context(|| self.cannot_start())?;
        if !status.success() {
            bail!("{} failed ({status})", self.name());
        }
        Ok(())
    }

    /// Runs, passes its standard output on, and returns it with whether the program succeeded.
    pub(crate) fn watched(mut self) -> Result<(bool, String)> {
        let (mut child, output) = self.spawn()?;
        let mut seen = String::new();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            writeln!(std::io::stdout(), "{line}")?;
            seen.push_str(&line);
            seen.push('\n');
        }
        Ok((child.wait()?.success(), seen))
    }

    /// Starts a program in the background, and returns it with its standard output. Ctrl-C does not reach it.
    pub(crate) fn start(mut self) -> Result<(Child, ChildStdout)> {
        self.command.process_group(0);
        self.spawn()
    }

    fn spawn(&mut self) -> Result<(Child, ChildStdout)> {
        self.show();
        self.command.stdout(Stdio::piped());
        let mut child = self.command.spawn().with_context(|| self.cannot_start())?;
        let output = child.stdout.take().context("its output is not piped")?;
        Ok((child, output))
    }

    fn show(&self) {
        anstream::eprintln!("  {FAINT}{}{FAINT:#}", self.line());
    }

    /// The command line as one would type it.
    fn line(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap_or_default()
    }

    fn cannot_start(&self) -> String {
        format!("cannot start {}", self.name())
    }

    fn name(&self) -> Cow<'_, str> {
        self.command.get_program().to_string_lossy()
    }
}

/// Search path for programs: this checkout's, cargo's, then the machine's.
pub(crate) fn search_path() -> OsString {
    let npm = absolute("node_modules/.bin");
    let mut folders = vec![target_dir().join("tools/bin"), npm, cargo_home().join("bin")];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    std::env::join_paths(folders).unwrap_or_default()
}

/// Where a program is, if it is on the search path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Cargo's target folder.
pub(crate) fn target_dir() -> PathBuf {
    absolute(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Cargo's folder of crates and installed programs.
pub(crate) fn cargo_home() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// The same path, from the root of the file system.
pub(crate) fn absolute(path: impl AsRef<Path>) -> PathBuf {
    std::path::absolute(&path).unwrap_or_else(|_| path.as_ref().to_owned())
}

/// The only clock here: durations are for people to read, nothing depends on them.
#[expect(clippy::disallowed_methods, reason = "progress is shown with the time it took")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Prints the current step.
pub(crate) fn say(what: &str) {
    anstream::eprintln!("{BOLD}>{BOLD:#} {what}");
}

/// Prints an error.
pub(crate) fn complain(what: &str) {
    anstream::eprintln!("{RED}error:{RED:#} {what}");
}

/// Prints a note.
pub(crate) fn warn(what: &str) {
    anstream::eprintln!("{YELLOW}note:{YELLOW:#} {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_command_as_one_would_type_it() {
        let run = Run::new("wasm-pack").args(["build", "--config", "a = ['b']"]);
        assert_eq!(run.line(), r#"wasm-pack build --config "a = ['b']""#);
    }

    #[test]
    fn reads_what_a_program_prints_and_says_why_it_failed() {
        assert_eq!(Run::new("echo").arg("well").read().unwrap(), "well\n");
        let error = Run::new("ls").arg("/nowhere/at/all").read().unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
        let error = Run::new("no-such-program").read().unwrap_err();
        assert_eq!(error.to_string(), "cannot start no-such-program");
    }
}
