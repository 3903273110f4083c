//! `bench page`: time until the form is visible and complete, and its cost for the page.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::browser::{Browser, Network, Tab};
use crate::figures::{Aim, Quartiles, greatest, judge, or_dash};
use crate::site::Site;

/// How long a page is watched after its form is ready.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// How long a person reviews the entries before sending.
const LOOKING: Duration = Duration::from_secs(1);

/// Options of `bench page`.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each page is loaded under each condition [default: 15, or 3 with --quick]
    #[arg(long)]
    rounds: Option<u32>,
    /// Only with a slow processor, and three rounds unless --rounds is given
    #[arg(long)]
    quick: bool,
    /// Write every single measurement to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fail when an aim is missed
    #[arg(long)]
    check: bool,
}

/// A page to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// With our form, by the snippet of the README
    Ours,
    /// With the minimal form
    Floor,
    /// Without a form
    Empty,
    /// With our tag alone: no height is reserved for it
    Bare,
}

impl Page {
    const ALL: [Self; 4] = [Self::Ours, Self::Floor, Self::Empty, Self::Bare];

    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Floor => "floor",
            Self::Empty => "empty",
            Self::Bare => "bare",
        }
    }
}

/// The conditions under which it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Machine {
    /// Factor by which the processor is slowed down.
    processor: u32,
    network: Network,
}

impl Machine {
    /// With a slow processor, the slowest network first.
    const SLOW: [Self; 3] = [
        Self { processor: 4, network: Network::Poor },
        Self { processor: 4, network: Network::Good },
        Self { processor: 4, network: Network::Unlimited },
    ];
    const ALL: [Self; 5] = [
        Self { processor: 1, network: Network::Unlimited },
        Self { processor: 1, network: Network::Poor },
        Self::SLOW[0],
        Self::SLOW[1],
        Self::SLOW[2],
    ];

    fn name(self) -> String {
        format!("processor {}x, {}", self.processor, self.network.name())
    }
}

/// A measured quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    Field,
    Ready,
    Told,
    Blocking,
    BlockingWhileTyping,
    Shift,
    Heap,
    Wasm,
    Leaving,
    Answered,
}

impl Measure {
    const ALL: [Self; 10] = [
        Self::Field,
        Self::Ready,
        Self::Told,
        Self::Blocking,
        Self::BlockingWhileTyping,
        Self::Shift,
        Self::Heap,
        Self::Wasm,
        Self::Leaving,
        Self::Answered,
    ];

    /// Name for people, name for programs, number of digits.
    fn names(self) -> (&'static str, &'static str, usize) {
        match self {
            Self::Field => ("first field painted, ms", "first_field_ms", 0),
            Self::Ready => ("all there, ms", "ready_ms", 0),
            Self::Told => ("a key press answered, ms", "told_ms", 0),
            Self::Blocking => ("blocking time, ms", "blocking_ms", 0),
            Self::BlockingWhileTyping => ("… with keys pressed", "blocking_while_typing_ms", 0),
            Self::Shift => ("layout shift", "layout_shift", 3),
            Self::Heap => ("JavaScript heap, KiB", "heap_kib", 0),
            Self::Wasm => ("Wasm memory, KiB", "wasm_kib", 0),
            Self::Leaving => ("click to POST leaving, ms", "click_to_post_ms", 1),
            Self::Answered => ("POST leaving to answered, ms", "post_to_answer_ms", 1),
        }
    }
}

type Values = BTreeMap<Measure, f64>;

/// The values of one page under one condition in one round.
struct Sample {
    round: u32,
    page: Page,
    machine: Machine,
    warm: bool,
    values: Values,
}

impl Sample {
    fn json(&self) -> Value {
        let named =
            self.values.iter().map(|(measure, value)| (measure.names().1.to_owned(), json!(value)));
        json!({
            "round": self.round,
            "page": self.page.name(),
            "processor": self.machine.processor,
            "network": self.machine.network.name(),
            "cache": if self.warm { "warm" } else { "cold" },
            "measured": named.collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// Measures, and prints the results.
pub(crate) async fn measure(browser: &Browser, site: &Site, options: &Options) -> Result<bool> {
    let (usual, machines) =
        if options.quick { (3, &Machine::SLOW[..]) } else { (15, &Machine::ALL[..]) };
    let rounds = options.rounds.unwrap_or(usual);
    ensure!(rounds > 0, "there must be a round");
    let mut samples = Vec::new();
    for round in 0..rounds {
        // Each round starts with another machine and another page.
        for machine in rotated(machines, round) {
            for page in rotated(&Page::ALL, round) {
                let visited = visit(browser, site, page, machine).await;
                let [cold, warm] = visited
                    .with_context(|| format!("the page {}, {}", page.name(), machine.name()))?;
                for (warm, values) in [(false, cold), (true, warm)] {
                    samples.push(Sample { round, page, machine, warm, values });
                }
            }
        }
        eprintln!("round {} of {rounds}", round + 1);
    }
    if let Some(path) = &options.json {
        let all: Vec<Value> = samples.iter().map(Sample::json).collect();
        fs::write(path, serde_json::to_vec(&all)?).with_context(|| path.display().to_string())?;
    }
    println!(
        "rounds: {rounds}; median [first quartile–third quartile]; ratios are of the same round"
    );
    println!("our POST is verified and stored by the endpoint, the floor's is only received");
    let found = Found { samples };
    for &machine in machines {
        for warm in [false, true] {
            found.table(machine, warm);
        }
    }
    Ok(judge(&found.aims()) || !options.check)
}

/// All elements in order; each round starts with another one.
fn rotated<T: Copy>(all: &[T], round: u32) -> impl Iterator<Item = T> {
    let first = round as usize % all.len();
    all[first..].iter().chain(&all[..first]).copied()
}

/// Loads a page on a machine, with an empty cache and with a filled one. Keys are pressed in separate loads, so that
/// they don't disturb the other measurements.
async fn visit(
    browser: &Browser,
    site: &Site,
    page: Page,
    machine: Machine,
) -> Result<[Values; 2]> {
    let mut both = [Values::new(), Values::new()];
    let modes = match page {
        Page::Ours | Page::Floor => &[false, true][..],
        Page::Empty | Page::Bare => &[false],
    };
    for &live in modes {
        let mut tab = browser.tab(&site.partner, live).await?;
        tab.slow_down(machine.processor, machine.network).await?;
        for (visit, values) in both.iter_mut().enumerate() {
            if visit > 0 {
                tab.leave(&site.partner).await?;
            }
            tab.open(&format!("{}/{}", site.partner, page.name())).await?;
            if live {
                type_along(&mut tab, values).await?;
            } else {
                watch(&mut tab, page, values).await?;
            }
        }
        tab.close().await?;
    }
    Ok(both)
}

/// Measures a page while it loads, then fills in and sends its form, if it has one.
async fn watch(tab: &mut Tab, page: Page, values: &mut Values) -> Result<()> {
    let words = if page == Page::Empty { &["loaded"][..] } else { &["field", "ready"] };
    tab.until_all(words).await?;
    sleep(AFTERWARDS).await;
    values.insert(Measure::Shift, tab.number("bench.shift").await?);
    if page == Page::Bare {
        return Ok(());
    }
    values.insert(Measure::Blocking, tab.number("bench.blocking").await?);
    if page == Page::Empty {
        return weigh(tab, values).await;
    }
    values.insert(Measure::Field, tab.number("bench.field").await?);
    values.insert(Measure::Ready, tab.number("bench.readyAt").await?);
    tab.value("person.fill()").await?;
    sleep(LOOKING).await;
    let place = tab.value("person.button()").await?;
    let at = |index: usize| place[index].as_f64().context("the form has no button");
    tab.click(at(0)?, at(1)?).await?;
    let status = tab.until("answered").await.context("nothing was posted")?;
    ensure!(status.starts_with('2'), "the POST was answered with {status}");
    values.insert(Measure::Leaving, tab.number("bench.left - bench.clicked").await?);
    values.insert(Measure::Answered, tab.number("bench.answered - bench.left").await?);
    Ok(())
}

/// Presses keys in the first field as soon as it exists, until the form responds.
async fn type_along(tab: &mut Tab, values: &mut Values) -> Result<()> {
    tab.until("focused").await?;
    tab.press_until("told").await?;
    sleep(AFTERWARDS).await;
    values.insert(Measure::Told, tab.number("bench.told").await?);
    values.insert(Measure::BlockingWhileTyping, tab.number("bench.blocking").await?);
    weigh(tab, values).await
}

/// Measures the page's memory. Garbage collection discards compiled code too, so nothing is timed after it.
async fn weigh(tab: &Tab, values: &mut Values) -> Result<()> {
    tab.collect_garbage().await?;
    let heap = tab.counts().await?.get("JSHeapUsedSize")?;
    values.insert(Measure::Heap, heap / 1024.0);
    values.insert(Measure::Wasm, tab.number("bench.wasm()").await? / 1024.0);
    Ok(())
}

/// All measurements.
struct Found {
    samples: Vec<Sample>,
}

impl Found {
    /// The values of a measure by round.
    fn series(
        &self,
        page: Page,
        machine: Machine,
        warm: bool,
        measure: Measure,
    ) -> BTreeMap<u32, f64> {
        let fits = |sample: &&Sample| {
            sample.page == page && sample.machine == machine && sample.warm == warm
        };
        let fitting = self.samples.iter().filter(fits);
        fitting.filter_map(|sample| Some((sample.round, *sample.values.get(&measure)?))).collect()
    }

    fn values(&self, page: Page, machine: Machine, warm: bool, measure: Measure) -> Vec<f64> {
        self.series(page, machine, warm, measure).into_values().collect()
    }

    /// Ratio of our form to the minimal one in each round; empty if a value of the minimal form is not positive.
    fn ratios(&self, machine: Machine, warm: bool, measure: Measure) -> Vec<f64> {
        let ours = self.series(Page::Ours, machine, warm, measure);
        let floor = self.series(Page::Floor, machine, warm, measure);
        if floor.values().any(|floor| *floor <= 0.0) {
            return Vec::new();
        }
        ours.iter().filter_map(|(round, ours)| Some(ours / floor.get(round)?)).collect()
    }

    fn table(&self, machine: Machine, warm: bool) {
        let cache = if warm { "warm" } else { "cold" };
        let heading = format!("{}, {cache}", machine.name());
        println!(
            "\n{heading:<36} {:>23} {:>23} {:>23} {:>19}",
            "ours", "floor", "empty", "ours/floor"
        );
        for measure in Measure::ALL {
            let (name, _, digits) = measure.names();
            let shown =
                |page| or_dash(Quartiles::of(&self.values(page, machine, warm, measure)), digits);
            let (ours, floor, empty) = (shown(Page::Ours), shown(Page::Floor), shown(Page::Empty));
            let ratio = or_dash(Quartiles::of(&self.ratios(machine, warm, measure)), 2);
            println!("  {name:<34} {ours:>23} {floor:>23} {empty:>23} {ratio:>19}");
            if measure == Measure::Shift {
                println!("  {:<34} {:>23}", "… of the bare tag", shown(Page::Bare));
            }
        }
    }

    /// The aims, for a slow processor and an empty cache.
    fn aims(&self) -> Vec<Aim> {
        let middle = |numbers: &[f64]| Quartiles::of(numbers).map(|quartiles| quartiles.median);
        let aims = Machine::SLOW.map(|machine| {
            let of = |what| format!("{what}, {}", machine.network.name());
            let ratio = |measure| middle(&self.ratios(machine, false, measure));
            let ours = |measure| self.values(Page::Ours, machine, false, measure);
            let field = if machine.network == Network::Poor { 1.2 } else { 1.4 };
            [
                Aim::at_most(field, of("first field, ours/floor"), ratio(Measure::Field), 2),
                Aim::at_most(1.9, of("all there, ours/floor"), ratio(Measure::Ready), 2),
                Aim::at_most(50.0, of("blocking ms"), middle(&ours(Measure::Blocking)), 0),
                Aim::at_most(0.0, of("greatest shift"), greatest(&ours(Measure::Shift)), 3),
                Aim::at_most(2.0, of("click to POST, ours/floor"), ratio(Measure::Leaving), 2),
            ]
        });
        aims.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_begins_with_another_page() {
        let names = |round| rotated(&Page::ALL, round).map(Page::name).collect::<Vec<_>>();
        assert_eq!(names(0), ["ours", "floor", "empty", "bare"]);
        assert_eq!(names(5), ["floor", "empty", "bare", "ours"]);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let sample = |round, page, value| Sample {
            round,
            page,
            machine: Machine::SLOW[0],
            warm: false,
            values: Values::from([(Measure::Ready, value)]),
        };
        let samples = vec![
            sample(0, Page::Ours, 3.0),
            sample(1, Page::Floor, 2.0),
            sample(1, Page::Ours, 5.0),
            sample(0, Page::Floor, 1.0),
        ];
        let found = Found { samples };
        assert_eq!(found.ratios(Machine::SLOW[0], false, Measure::Ready), [3.0, 2.5]);
    }
}
