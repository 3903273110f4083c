//! A second visit: files that the browser has cached are not requested again.

use anyhow::{Context, Result, ensure};

use crate::embedding::TAG;
use crate::harness::fault_proxy::Seen;
use crate::harness::{CAMPAIGN, CAMPAIGN_IN_JSON, Stage};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Visits a new page with this in its body; returns the recorded requests, by method and path.
async fn visit(stage: &Stage, body: &str) -> Result<Vec<String>> {
    let seen = stage.proxy.seen().len();
    stage.open_body(body).await?;
    stage.form().until("editing").await?;
    stage.browser.until("heard.some(([kind]) => kind === 'count')").await?;
    let told = |seen: &Seen| format!("{} {}", seen.method, seen.path);
    Ok(stage.proxy.seen()[seen..].iter().map(told).collect())
}

/// Whether this browser revalidates the files that a page has fetched. WebKitGTK does not while it is driven: it then
/// has only a cache in memory, which stores a fetched file only if the request has an integrity hash.
async fn asks_whether_it_changed(stage: &Stage) -> Result<bool> {
    let file = format!("/campaigns/{CAMPAIGN_IN_JSON}.json");
    for _ in 0..2 {
        stage.open_body("").await?;
        let fetch = "fetch(arguments[0]).then((it) => it.text()).then(() => window.fetched = true)";
        stage.browser.run(fetch, &[format!("{}{file}", stage.proxy.origin).into()]).await?;
        stage.browser.until("window.fetched").await?;
    }
    Ok(stage.proxy.answered(&file) == [200, 304])
}

pub(crate) async fn a_second_visit_asks_for_the_campaign_and_the_count(
    stage: &Stage,
) -> Result<()> {
    let asks = asks_whether_it_changed(stage).await?;
    let pinned = TAG.replace("org/standwith.js", &format!("org/v{VERSION}/standwith.js"));
    let pinned = pinned.replace("data-campaign", "data-lang=km data-campaign");
    let campaign = format!("GET /campaigns/{CAMPAIGN}.json");
    let count = format!("GET /campaigns/{CAMPAIGN}/count");
    let file = |name: &str| format!("GET /v{VERSION}/{name}");

    let mut first = visit(stage, &pinned).await?;
    first.sort();
    let mut all = vec![campaign.clone(), count.clone()];
    let files =
        ["catalogues.json", "km-countries.txt", "km.json", "standwith.js", "standwith.wasm"];
    all.extend(files.map(file));
    ensure!(first == all, "{first:?}");
    // The count may come from the cache for some seconds.
    let second = visit(stage, &pinned).await?;
    let fresh = |seen: &&String| **seen != count;
    ensure!(second.iter().filter(fresh).eq([&campaign]), "{second:?}");
    let how = stage.proxy.answered(&format!("{CAMPAIGN}.json"));
    ensure!(how == [200, if asks { 304 } else { 200 }], "the campaign was answered {how:?}");

    // Unpinned, the loader is requested again, and is unchanged.
    let unpinned = TAG.replace("data-campaign", "data-lang=km data-campaign");
    let loader = "GET /standwith.js".to_owned();
    for _ in 0..2 {
        let mut third = visit(stage, &unpinned).await?;
        third.retain(|seen| *seen != count);
        third.sort();
        ensure!(third == [campaign.clone(), loader.clone()], "{third:?}");
    }
    let how = stage.proxy.answered("/standwith.js");
    let (last, before) = how.split_last().context("no loader")?;
    ensure!(*last == 304 && before == [200, 200], "the loaders were answered {how:?}");

    // No request needs a preflight, not even that of the message.
    let form = stage.form();
    form.fill().await?;
    form.send().await?;
    let methods: Vec<_> = stage.proxy.seen().into_iter().map(|seen| seen.method).collect();
    ensure!(methods.iter().all(|method| ["GET", "POST"].contains(&method.as_str())), "{methods:?}");
    stage.endpoint.only_action().await?;
    Ok(())
}

pub(crate) async fn the_count_is_looked_at_again_only_while_the_page_is_seen(
    stage: &Stage,
) -> Result<()> {
    // About a minute passes in a moment.
    let head = "<script>{
      const { setTimeout: later } = window;
      window.minutes = 0;
      window.setTimeout = (call, time, ...given) => {
        const long = time >= 45000 && time < 75000;
        return later(() => { window.minutes += long; call(...given); }, long ? 20 : time);
      };
    }</script>";
    stage.open_page(head, &format!("<main>{TAG}</main>"), &[]).await?;
    stage.form().until("editing").await?;
    let counts = "heard.filter(([kind]) => kind === 'count').length";
    stage.browser.until(&format!("{counts} >= 4")).await?;
    let hide = "Object.defineProperty(document, 'hidden', { value: true, configurable: true })";
    stage.browser.run(hide, &[]).await?;
    // A request may be on its way.
    stage.browser.run("window.begun = window.minutes", &[]).await?;
    stage.browser.until("minutes >= begun + 3").await?;
    let before = stage.browser.value(counts).await?;
    stage.browser.until("minutes >= begun + 10").await?;
    ensure!(stage.browser.value(counts).await? == before, "a hidden page asks for the count");
    stage.browser.run("delete document.hidden", &[]).await?;
    stage.browser.until(&format!("{counts} > {before}")).await?;
    Ok(())
}
