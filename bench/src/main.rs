//! Performance of the form in Chromium, compared with the simplest possible form (`floor/floor.js`) and with a page
//! without a form. `README.md` explains each number.
//!
//! It needs the output of `cargo xtask build`; `cargo xtask bench page` builds it first. Results go to standard output,
//! progress to standard error.

mod browser;
mod endpoint;
mod figures;
mod flood;
mod http;
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
    /// Time until the form is visible, complete and responsive, and its cost for the page
    Page(page::Options),
    /// Time until a typed letter is visible in a long message
    Typing(typing::Options),
    /// Memory left behind by forms that are added and removed, and load time of a page with twenty forms
    Many(many::Options),
    /// The endpoint under thousands of bad requests a second and a few good ones; without a browser
    Flood(flood::Options),
    /// Actions a second that the endpoint verifies and stores, beside what verifying and storing alone would allow;
    /// without a browser
    Endpoint(endpoint::Options),
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

/// Measures; returns false if an aim was missed and `--check` was given.
async fn run(bench: Bench) -> Result<bool> {
    match &bench {
        Bench::Flood(options) => return flood::measure(options).await,
        Bench::Endpoint(options) => return endpoint::measure(options).await,
        Bench::Page(_) | Bench::Typing(_) | Bench::Many(_) => {}
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
        Bench::Endpoint(options) => endpoint::measure(&options).await,
    }
}

/// Time and environment of the measurement.
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

/// Checks that throttling takes effect, also for this machine's own addresses; returns a line about it.
async fn slowness(browser: &Browser, site: &Site) -> Result<String> {
    let mut tab = browser.tab(&site.partner, false).await?;
    // In the same process as the measured pages, and after a navigation.
    let (mut loops, mut requests) = (Vec::new(), Vec::new());
    for (processor, network) in [(1, Network::Unlimited), (4, Network::Poor)] {
        tab.slow_down(processor, network).await?;
        tab.open(&format!("{}/empty", site.partner)).await?;
        tab.until("loaded").await?;
        // The shortest of ten loops, each of which takes some milliseconds.
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
