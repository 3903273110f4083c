//! A sealed campaign, and an endpoint under a flood, which requires proofs of work: both need the browser's
//! cryptography.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::embedding::TAG;
use crate::first_paint::serve_changed;
use crate::harness::fault_proxy::Fault;
use crate::harness::{CAMPAIGN, Stage};
use crate::outbox::kept;
use standwith::outbox::OutboxEntry;

/// Makes the example campaign a sealed one, with a key made by the program's own command.
async fn seal(stage: &Stage) -> Result<()> {
    let key = stage.endpoint.run(["keys", "seal", "--key", "seal.json"]).await?;
    ensure!(key.status.success(), "keys seal: {key:?}");
    let jwk: Value = serde_json::from_slice(&key.stdout)?;
    serve_changed(stage, |file| {
        file["sealing"] = json!({ "jwk": jwk });
        file["message"]["max"] = 3000.into();
        if let Some(delivery) = file["delivery"].as_object_mut() {
            delivery.remove("modes");
        }
    })
    .await?;
    Ok(())
}

/// The claims of a posted JWS, as anyone can decode them.
fn payload(body: &str) -> Result<String> {
    let payload = body.split('.').nth(1).and_then(standwith::envelope::decode);
    Ok(String::from_utf8(payload.context("no JWS")?)?)
}

/// Asserts that a text contains nothing of the message and its sender.
fn hides(text: &str) -> Result<()> {
    for typed in ["មេឃ", "mekh@supporter.invalid", "Excellency"] {
        ensure!(!text.contains(typed), "{typed} is readable: {text}");
    }
    Ok(())
}

pub(crate) async fn what_is_typed_leaves_sealed_for_the_campaign_alone(
    stage: &Stage,
) -> Result<()> {
    seal(stage).await?;
    let tag = TAG.replace("data-campaign", "data-draft=session data-campaign");
    stage.open_page("", &tag, &[]).await?;
    let form = stage.form();
    form.until_it_says("What you write is encrypted on this device").await?;
    form.fill().await?;
    // A draft in the tab would be clear text.
    stage.browser.run("dispatchEvent(new Event('pagehide'))", &[]).await?;
    let tab = stage.browser.value("JSON.stringify(sessionStorage)").await?;
    ensure!(!tab.to_string().contains("standwith"), "the tab stores {tab}");
    // The outbox on the device contains no clear text, either.
    stage.proxy.break_down("/actions", Fault::Break);
    form.submit().await?;
    form.click("[data-act=keep]").await?;
    form.until("queued").await?;
    let kept = kept(stage).await?;
    let kept = kept.first().and_then(|kept| OutboxEntry::read(kept)).context("no entry")?;
    hides(&payload(&kept.body)?)?;
    stage.proxy.clear_faults();
    form.click("[data-act=send-kept]").await?;
    form.until("sent").await?;
    ensure!(stage.uncaught().await? == json!([]), "{}", stage.uncaught().await?);

    let body = stage.proxy.posted().pop().context("nothing was posted")?.body;
    hides(&payload(std::str::from_utf8(&body)?)?)?;
    let arguments = ["export", "--campaign", CAMPAIGN, "--database", "sqlite:standwith.sqlite"];
    let arguments = [&arguments[..], &["--format", "jsonl", "--unseal", "seal.json"]].concat();
    let output = stage.endpoint.run(&arguments).await?;
    ensure!(output.status.success(), "export: {output:?}");
    let line: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(line["holds"] == true, "{line}");
    ensure!(line["unsealed"]["person"]["given_name"] == "មេឃ", "{line}");
    Ok(())
}

pub(crate) async fn without_its_cryptography_nothing_is_sent(stage: &Stage) -> Result<()> {
    seal(stage).await?;
    for broken in [
        "SubtleCrypto.prototype.encrypt = () => Promise.reject(new Error('no'))",
        "SubtleCrypto.prototype.deriveBits = () => { throw new Error('no'); }",
        "SubtleCrypto.prototype.encrypt = () => 'Excellency'",
    ] {
        stage.open_page(&format!("<script>{broken}</script>"), TAG, &[]).await?;
        let form = stage.form();
        form.fill().await?;
        form.submit().await?;
        form.until_it_says("could not encrypt the message, so it was not sent").await?;
        form.is_filled().await?;
        ensure!(stage.proxy.posted().is_empty(), "{broken}: something was sent");
        ensure!(stage.uncaught().await? == json!([]), "{broken}: {}", stage.uncaught().await?);
    }
    Ok(())
}

pub(crate) async fn under_a_flood_a_form_proves_its_work(stage: &Stage) -> Result<()> {
    stage.endpoint.kill().await?;
    stage.endpoint.start_again_with(&["--posts-from-all", "1", "--proof-tries", "64"]).await?;
    stage.proxy.lead_to(&stage.endpoint.origin());
    stage.open_page("", TAG, &[]).await?;
    let form = stage.form();
    for _ in 0..2 {
        form.fill().await?;
        form.send().await?;
        stage.browser.run("document.querySelector('stand-with').reset()", &[]).await?;
        form.until("editing").await?;
    }
    // At the second message the endpoint asked for a proof of work, and got it.
    let posted = stage.proxy.posted().len();
    ensure!(posted >= 3, "posted {posted} times: no proof was asked for");
    ensure!(stage.endpoint.export(CAMPAIGN).await?.len() == 2, "a message is missing");

    // A message from the outbox is sent with a proof of work, too.
    stage.proxy.break_down("/actions", Fault::Break);
    form.fill().await?;
    form.submit().await?;
    form.click("[data-act=keep]").await?;
    form.until("queued").await?;
    stage.proxy.clear_faults();
    form.click("[data-act=send-kept]").await?;
    form.until("sent").await?;
    let answered = stage.proxy.answered("/actions");
    ensure!(answered.ends_with(&[429, 201]), "no proof was asked for: {answered:?}");
    ensure!(kept(stage).await?.is_empty(), "it is still stored");
    ensure!(stage.endpoint.export(CAMPAIGN).await?.len() == 3, "it did not arrive");
    ensure!(stage.uncaught().await? == json!([]), "{}", stage.uncaught().await?);
    Ok(())
}
