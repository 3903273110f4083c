//! `bench many`: memory left behind by forms that are added and removed, and load time of a page with twenty forms.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use tokio::time::sleep;

use crate::browser::{Browser, Network, Tab};
use crate::figures::{Aim, Quartiles, judge};
use crate::site::Site;

/// Numbers of forms after which memory is measured. During the first hundreds the browser still compiles code, which
/// stays in the heap: only growth between the last two numbers shows a leak.
const MOUNTS: [u32; 3] = [100, 1_000, 2_000];

/// Number of forms added and removed by one expression: it must end before the browser's time limit.
const STEP: u32 = 50;

/// Options of `bench many`.
#[derive(Args)]
pub(crate) struct Options {
    /// How often the pages with twenty forms and with one are loaded
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Fail when an aim is missed
    #[arg(long)]
    check: bool,
}

/// The memory that a page uses.
#[derive(Clone, Copy, Default)]
struct Held {
    heap: f64,
    wasm: f64,
    nodes: f64,
    listeners: f64,
}

/// Measures, and prints the results.
pub(crate) async fn measure(browser: &Browser, site: &Site, options: &Options) -> Result<bool> {
    ensure!(options.rounds > 0, "there must be a round");
    let held = come_and_go(browser, site).await?;
    let row = MOUNTS.map(|mounts| format!("{mounts:>12}")).concat();
    println!("\n{:<32}{row}", "mounted and removed");
    for (name, of) in [
        ("JavaScript heap, bytes", (|held| held.heap) as fn(&Held) -> f64),
        ("Wasm memory, bytes", |held| held.wasm),
        ("nodes", |held| held.nodes),
        ("listeners", |held| held.listeners),
    ] {
        let row = held.each_ref().map(|held| format!("{:>12}", of(held))).concat();
        println!("  {name:<30}{row}");
    }

    let (mut one, mut twenty) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        let mut pages = [("one", 1, &mut one), ("twenty", 20, &mut twenty)];
        if round % 2 == 1 {
            pages.reverse();
        }
        for (page, forms, times) in pages {
            times.push(ready(browser, site, page, forms).await.with_context(|| page.to_owned())?);
        }
        eprintln!("round {} of {}", round + 1, options.rounds);
    }
    let ratios: Vec<f64> = twenty.iter().zip(&one).map(|(twenty, one)| twenty / one).collect();
    let shown = |times: &[f64]| Quartiles::of(times).context("nothing was measured");
    let ratio = shown(&ratios)?;
    println!("\n{:<32} processor 4x, rounds: {}", "until all are ready", options.rounds);
    println!("  {:<30} {:.0} ms", "one form", shown(&one)?);
    println!("  {:<30} {:.0} ms", "twenty forms", shown(&twenty)?);
    println!("  {:<30} {ratio:.2}", "ratio");
    let [_, before, after] = &held;
    let heap = Some(after.heap / before.heap);
    let wasm = Some(after.wasm / before.wasm);
    let aims = [
        Aim::at_most(1.05, "heap after 2,000, to that after 1,000", heap, 2),
        Aim::at_most(1.0, "Wasm memory after 2,000, to that after 1,000", wasm, 2),
        Aim::at_most(3.0, "twenty forms, to one", Some(ratio.median), 2),
    ];
    Ok(judge(&aims) || !options.check)
}

/// Adds and removes forms; returns the page's memory at each checkpoint.
async fn come_and_go(browser: &Browser, site: &Site) -> Result<[Held; 3]> {
    let mut tab = browser.tab(&site.partner, false).await?;
    tab.open(&format!("{}/none", site.partner)).await?;
    tab.until("loaded").await?;
    let step = format!(
        "(async () => {{
          await customElements.whenDefined('stand-with');
          for (let n = 0; n < {STEP}; n++) {{
            const form = document.createElement('stand-with');
            form.setAttribute('campaign', '{}');
            const ready = new Promise((resolve, reject) => {{
              form.addEventListener('standwith:ready', resolve, {{ once: true }});
              form.addEventListener('standwith:error', reject, {{ once: true }});
            }});
            document.body.append(form);
            await ready;
            form.remove();
            await new Promise((resolve) => setTimeout(resolve));
          }}
        }})()",
        site.campaign
    );
    let mut held = [Held::default(); 3];
    let mut mounted = 0;
    for (held, mounts) in held.iter_mut().zip(MOUNTS) {
        while mounted < mounts {
            tab.value(&step).await?;
            mounted += STEP;
        }
        *held = hold(&tab).await?;
        eprintln!("{mounted} forms added and removed");
    }
    tab.close().await?;
    Ok(held)
}

/// The page's memory after garbage collection.
async fn hold(tab: &Tab) -> Result<Held> {
    for _ in 0..3 {
        sleep(Duration::from_millis(500)).await;
        tab.collect_garbage().await?;
    }
    let counts = tab.counts().await?;
    Ok(Held {
        heap: counts.get("JSHeapUsedSize")?,
        wasm: tab.number("bench.wasm()").await?,
        nodes: counts.get("Nodes")?,
        listeners: counts.get("JSEventListeners")?,
    })
}

/// Time from the start of the navigation until the last form of a page was ready.
async fn ready(browser: &Browser, site: &Site, page: &str, forms: u32) -> Result<f64> {
    let mut tab = browser.tab(&site.partner, false).await?;
    tab.slow_down(4, Network::Unlimited).await?;
    tab.open(&format!("{}/{page}", site.partner)).await?;
    tab.until(&format!("ready {forms}")).await?;
    let ready = tab.number("bench.readyAt").await?;
    tab.close().await?;
    Ok(ready)
}
