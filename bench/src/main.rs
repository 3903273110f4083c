//! How fast the form is in Chromium, beside the least that a form can be (`floor/floor.js`) and a page
//! without one. `README.md` says what each number means.
//!
//! It needs what `cargo xtask build` makes; `cargo xtask bench page` sees to that. Results go to the
//! standard output, progress to the standard error.

mod browser;
mod figures;
mod flood;
mod many;
mod page;
mod site;
mod typing;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use browser::{Browser, Network};
use clap::{Parser, Subcommand};
use site::Site;
use tokio::process::Command;

/// Measures the form in Chromium.
///
/// Exit codes: 0 it was measured, 1 something failed or, with --check, an aim was missed, 2 the
/// command line was not understood.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench", version)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// How soon the form is there, how soon it answers, and what it costs the page
    Page(page::Options),
    /// How soon a letter is seen that is typed into a long message
    Typing(typing::Options),
    /// What forms leave behind that come and go, and how soon twenty of them are there
    Many(many::Options),
    /// How the endpoint bears thousands of bad requests a second beside a few good ones; without a browser
    Flood(flood::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().bench).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures; false when an aim was missed and that was to be checked.
async fn run(bench: Bench) -> Result<bool> {
    if let Bench::Flood(options) = bench {
        return flood::measure(&options).await;
    }
    let site = Site::open().await?;
    let browser = Browser::start().await?;
    println!("{}", context(&browser).await?);
    println!("{}", slowness(&browser, &site).await?);
    println!("the floor's script weighs {} bytes (brotli)", site.floor_weighs);
    match bench {
        Bench::Page(options) => page::measure(&browser, &site, &options).await,
        Bench::Typing(options) => typing::measure(&browser, &site, &options).await,
        Bench::Many(options) => many::measure(&browser, &site, &options).await,
        Bench::Flood(options) => flood::measure(&options).await,
    }
}

/// When and on what it is measured.
async fn context(browser: &Browser) -> Result<String> {
    let date = read("date", &["-u", "+%Y-%m-%d"]).await?;
    let machine = read("uname", &["-srm"]).await?;
    let processors = std::thread::available_parallelism()?;
    let rustc = read("rustc", &["--version"]).await?;
    let chromium = browser.version().await?;
    Ok(format!("{date}, {machine}, {processors} processors, {chromium}, {rustc}"))
}

async fn read(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().await;
    let output = output.with_context(|| format!("{program} did not start"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Makes sure that what is slowed down is slow, on this machine's own addresses too.
async fn slowness(browser: &Browser, site: &Site) -> Result<String> {
    let mut tab = browser.tab(&site.partner, false).await?;
    // The same process as the measured pages', and after a navigation.
    let (mut loops, mut requests) = (Vec::new(), Vec::new());
    for (processor, network) in [(1, Network::Unlimited), (4, Network::Poor)] {
        tab.slow_down(processor, network).await?;
        tab.open(&format!("{}/empty", site.partner)).await?;
        tab.until("loaded").await?;
        // The best of ten, each of some milliseconds.
        let turns = "(() => { const times = []; \
            for (let turn = 0; turn < 10; turn++) { const begun = performance.now(); let n = 0; \
            for (let i = 0; i < 2e6; i++) n = (n + i * i) % 1000003; \
            times.push(performance.now() - begun) } return Math.min(...times) })()";
        loops.push(tab.number(turns).await?);
        let request = format!(
            "(async () => {{ const begun = performance.now(); \
             await (await fetch('{}', {{ cache: 'no-store' }})).arrayBuffer(); \
             return performance.now() - begun }})()",
            site.campaign
        );
        requests.push(tab.number(&request).await?);
    }
    tab.close().await?;
    let ([fast, slow], [quick, long]) = (&loops[..], &requests[..]) else {
        return Ok(String::new());
    };
    ensure!(slow / fast > 2.5, "the processor is not slowed down: {fast} and {slow} ms");
    ensure!(*long > 150.0, "the network is not slowed down: {quick} and {long} ms");
    Ok(format!(
        "slowed down, a loop takes {:.1} times as long, and the campaign file {long:.0} ms for {quick:.0}",
        slow / fast
    ))
}
