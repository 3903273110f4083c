//! `cargo xtask bench flood`: what the endpoint bears. It needs neither a browser nor the widget's files.

use anyhow::Result;

use crate::bench::SpeedOptions;
use crate::run::{Run, absolute};
use crate::widget;

/// Floods the release endpoint. False when it did not hold.
pub(crate) fn flood(options: &SpeedOptions) -> Result<bool> {
    Run::cargo().args(["build", "--release", "--package", "standwith-endpoint"]).visibly()?;
    let run = Run::cargo()
        .args(["run", "--quiet", "--release", "--package", "standwith-bench", "--", "flood"])
        .args(&options.options)
        .env("STANDWITH_BIN", absolute(widget::endpoint()));
    Ok(run.watched()?.0)
}
