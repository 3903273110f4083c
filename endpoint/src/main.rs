//! The command `standwith`.

use std::process::ExitCode;

fn main() -> ExitCode {
    standwith_endpoint::cli::run()
}
