//! Screen reader announcements: changes of live regions, and moves of the focus.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::embedding::TAG;
use crate::harness::Stage;
use crate::harness::fault_proxy::Fault;
use crate::harness::form::Form;
use crate::harness::server::answer;

/// Records what a screen reader would read: a live region whose text changes while it is on the page, and an alert
/// that appears.
const LISTEN: &str = "
const root = document.querySelector('stand-with').shadowRoot;
const live = '[role=status], [role=alert]';
const known = new WeakSet(root.querySelectorAll(live));
const isHeard = (region) => region.checkVisibility({ visibilityProperty: true })
  && !region.closest('[aria-hidden]');
window.told = [];
new MutationObserver((records) => {
  const changed = new Set();
  for (const { target, addedNodes } of records) {
    const region = (target.closest ?? target.parentElement?.closest)?.call(target.closest ? target : target.parentElement, live);
    if (region && known.has(region)) changed.add(region);
    for (const node of addedNodes) {
      for (const region of node.querySelectorAll ? [node, ...node.querySelectorAll(live)] : []) {
        if (!region.matches(live) || known.has(region)) continue;
        known.add(region);
        // A status that appears together with its text is often not read.
        if (region.getAttribute('role') === 'alert') changed.add(region);
      }
    }
  }
  for (const region of changed) {
    if (isHeard(region)) told.push([region.getAttribute('role'), region.textContent]);
  }
}).observe(root, { childList: true, characterData: true, subtree: true });";

/// The announcements since the last call, each with its role and its text.
async fn told(form: &Form<'_>) -> Result<Value> {
    form.browser.value("told.splice(0).filter(([, text]) => text.trim())").await
}

async fn focus_is_on(form: &Form<'_>, id: &str) -> Result<()> {
    ensure!(form.focused().await? == id, "the focus is on {:?}, not {id}", form.focused().await?);
    Ok(())
}

pub(crate) async fn what_happens_is_told(stage: &Stage) -> Result<()> {
    stage.proxy.break_down("/count", Fault::Hold);
    stage.open_body(TAG).await?;
    let form = stage.form();
    form.until("editing").await?;
    stage.browser.run(LISTEN, &[]).await?;
    stage.proxy.clear_faults();
    form.until_it_says("0 of 5,000").await?;
    let heard = told(&form).await?;
    ensure!(heard == json!([["status", "0 of 5,000 messages sent"]]), "the count: {heard}");

    form.submit().await?;
    form.find("#form-summary").await?;
    focus_is_on(&form, "form-summary").await?;
    let heard = told(&form).await?;
    let alert = heard[0][1].as_str().unwrap_or_default();
    ensure!(heard[0][0] == "alert" && alert.starts_with("There is a problem"), "{heard}");
    ensure!(alert.contains("Enter your email address"), "{heard}");

    form.fill().await?;
    told(&form).await?;
    for _ in 0..2 {
        stage.proxy.break_down("/actions", Fault::Hold);
        form.submit().await?;
        form.until("sending").await?;
        form.find("[aria-disabled]").await?;
        let heard = told(&form).await?;
        ensure!(heard == json!([["status", "Sending…"]]), "while it is sent: {heard}");
        // The button keeps the focus: it is not disabled.
        ensure!(!form.has("[type=submit]:disabled").await?, "the button is disabled");

        // The second error has the same text as the first, and is announced nevertheless.
        stage.proxy.break_down("/actions", Fault::Answer(answer(502, "text/html", "")));
        form.find("#form-notice[part=error]").await?;
        focus_is_on(&form, "form-notice").await?;
        let heard = told(&form).await?;
        let waits = heard[0][1].as_str().unwrap_or_default();
        ensure!(heard[0][0] == "status" && waits.contains("it is being sent again"), "{heard}");
        let alert = heard[1][1].as_str().unwrap_or_default();
        ensure!(heard[1][0] == "alert" && alert.contains("there was no answer"), "{heard}");
    }

    stage.proxy.clear_faults();
    form.send().await?;
    focus_is_on(&form, "form-thanks").await?;
    form.until_it_says("1 of 5,000").await?;
    told(&form).await?;
    form.click("[data-share=copy]").await?;
    stage.browser.until("told.length > 0").await?;
    let heard = told(&form).await?;
    let told = heard[0][1].as_str().unwrap_or_default();
    ensure!(heard[0][0] == "status" && told.to_lowercase().contains("cop"), "{heard}");
    Ok(())
}
