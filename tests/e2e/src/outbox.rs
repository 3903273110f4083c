//! A message that can't be sent, stored by the browser until it can.

use crate::embedding::TAG;
use crate::harness::Stage;
use crate::harness::fault_proxy::Fault;
use crate::harness::form::Form;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use standwith::outbox::OutboxEntry;

/// Returns all outbox entries from the site's database.
const KEPT: &str = "const open = () => new Promise((done) => {
    const request = indexedDB.open('standwith', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('standwith');
    request.onsuccess = () => done(request.result);
  });
  const database = await open();
  const all = await new Promise((done) => {
    const request = database.transaction('standwith').objectStore('standwith').getAll();
    request.onsuccess = () => done(request.result);
  });
  database.close();
  return all;";

/// The outbox entries that the browser stores, as their texts.
pub(crate) async fn kept(stage: &Stage) -> Result<Vec<String>> {
    stage.browser.run(&format!("window.kept = undefined; (async () => {{ {KEPT} }})().then((all) => window.kept = all)"), &[]).await?;
    stage.browser.until("window.kept").await?;
    Ok(serde_json::from_value(stage.browser.value("window.kept").await?)?)
}

/// Opens a form whose message can't be sent, and has it stored in the outbox.
async fn queue(stage: &Stage) -> Result<Form<'_>> {
    stage.proxy.break_down("/actions", Fault::Break);
    stage.open_page("", TAG, &[]).await?;
    let form = stage.form();
    form.fill().await?;
    form.submit().await?;
    form.find("[data-act=keep]").await?;
    ensure!(kept(stage).await?.is_empty(), "stored without the supporter's consent");
    form.click("[data-act=keep]").await?;
    form.until("queued").await?;
    Ok(form)
}

pub(crate) async fn what_cannot_be_sent_is_kept_until_it_can(stage: &Stage) -> Result<()> {
    let form = queue(stage).await?;
    form.until_it_says("It has not been received yet.").await?;
    ensure!(form.focused().await? == "form-kept", "the focus is on {}", form.focused().await?);
    let all = kept(stage).await?;
    let signed =
        all.first().and_then(|kept| OutboxEntry::read(kept)).context("nothing is stored")?.body;
    ensure!(all.len() == 1, "{all:?}");
    ensure!(stage.browser.value("heard.at(-1)[0]").await? == "queued", "the page gets no event");
    let queued = stage.browser.value("heard.at(-1)[1].id").await?;

    // As if the tab had been closed: the page is opened again.
    let page = stage.browser.address().await?;
    stage.browser.open("about:blank").await?;
    stage.browser.open(&page).await?;
    form.until("queued").await?;
    form.until_it_says("We could not send it just now.").await?;
    // The connection is back.
    stage.proxy.clear_faults();
    stage.browser.run("dispatchEvent(new Event('online'))", &[]).await?;
    form.until("sent").await?;
    form.until_it_says("Receipt number").await?;
    ensure!(
        stage.browser.value("heard.at(-1)[1].count ?? heard.at(-1)[1]").await? == 1,
        "not counted"
    );
    let sent = "heard.find(([kind]) => kind === 'sent')[1].id";
    ensure!(stage.browser.value(sent).await? == queued, "the event is of another message");
    // The stored entry is the signed one, and is sent unchanged.
    let action = stage.endpoint.only_action().await?;
    ensure!(action["action"] == signed, "another one arrived: {action}");
    ensure!(kept(stage).await?.is_empty(), "it is still stored");
    ensure!(stage.uncaught().await? == json!([]), "{}", stage.uncaught().await?);
    Ok(())
}

pub(crate) async fn of_many_forms_one_sends_what_is_kept(stage: &Stage) -> Result<()> {
    queue(stage).await?;
    stage.proxy.clear_faults();
    let before = stage.proxy.posted().len();
    // Many forms on one page act like many tabs: all of them open the same database.
    let page = TAG.repeat(4);
    let script = "<script>
        window.sent = 0;
        addEventListener('standwith:sent', () => sent++);
        window.looked = 0;
        const begin = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (names, mode, ...more) {
          const begun = begin.call(this, names, mode, ...more);
          if (mode === 'readwrite') begun.addEventListener('complete', () => looked++);
          return begun;
        };
      </script>";
    stage.open_page(script, &page, &[]).await?;
    stage.browser.until("window.sent > 0").await?;
    stage.browser.until("[...document.querySelectorAll('stand-with')].every((form) => form.state !== 'loading')").await?;
    // Five transactions: each of the four forms has looked for entries, and the one that sent has deleted its own.
    stage.browser.until("window.looked >= 5").await?;
    ensure!(kept(stage).await?.is_empty(), "it is still stored");
    let posted = stage.proxy.posted().len() - before;
    ensure!(posted == 1, "posted {posted} times");
    stage.endpoint.only_action().await?;
    Ok(())
}

pub(crate) async fn a_browser_without_a_database_says_that_it_keeps_nothing(
    stage: &Stage,
) -> Result<()> {
    for broken in [
        "Object.defineProperty(window, 'indexedDB', { get() { throw new Error('no'); } })",
        "Object.defineProperty(window, 'indexedDB', { value: undefined })",
        "IDBFactory.prototype.open = () => { throw new Error('no'); }",
        "IDBObjectStore.prototype.put = () => { throw new Error('no'); }",
        // Browsers have been observed in which the database never answers. The timeout of 7 s is shortened to 0.
        "IDBFactory.prototype.open = () => new EventTarget();
        const patient = setTimeout;
        window.setTimeout = (done, time, ...more) => patient(done, time % 7000, ...more)",
    ] {
        stage.proxy.break_down("/actions", Fault::Break);
        stage.open_page(&format!("<script>{broken}</script>"), TAG, &[]).await?;
        let form = stage.form();
        form.fill().await?;
        form.submit().await?;
        form.click("[data-act=keep]").await?;
        form.until_it_says("This device could not keep your message.").await?;
        form.is_filled().await?;
        stage.proxy.clear_faults();
        form.send().await?;
        ensure!(stage.uncaught().await? == json!([]), "{broken}: {}", stage.uncaught().await?);
    }
    Ok(())
}
