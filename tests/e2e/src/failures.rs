//! Faults of the network, the endpoint, the clock and the tag: the form reports them, and no input is lost.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::embedding::TAG;
use crate::harness::fault_proxy::Fault;
use crate::harness::server::answer;
use crate::harness::{CAMPAIGN, Stage};
use crate::strict::says_why;

const HTML: &str = "<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>";

pub(crate) async fn a_campaign_that_can_not_be_read_leaves_the_fallback(
    stage: &Stage,
) -> Result<()> {
    let (unread, faulty) = ("the campaign did not answer", "something is wrong with the campaign");
    let json = |body: &'static str| Fault::Answer(answer(200, "application/json", body));
    // Larger than any campaign file may be: the loader stops reading it.
    let large = vec![b' '; 10_000_000];
    for (fault, why) in [
        (Fault::Break, "Trying again..."),
        (
            Fault::Answer(answer(
                404,
                "application/problem+json",
                r#"{"code":"campaign_unknown"}"#,
            )),
            unread,
        ),
        (Fault::Answer(answer(502, "text/html", HTML)), "Trying again..."),
        (Fault::Answer(answer(200, "text/html", HTML)), faulty),
        (json(""), faulty),
        (json("[]"), faulty),
        (json("{\"id\": 7, \"title\": []}"), faulty),
        (json("{\"id\": \"x\", \"title\": \"x\", \"message\": {}, \"targets\": {}}"), faulty),
        (json("\u{feff}null"), faulty),
        (Fault::Answer(answer(200, "application/json", vec![0xff, 0xfe, 0x00])), faulty),
        (Fault::Answer(answer(200, "application/json", large)), unread),
    ] {
        let told = format!("{fault:?}").chars().take(200).collect::<String>();
        stage.proxy.break_down(&format!("{CAMPAIGN}.json"), fault);
        stage.open_body(TAG).await?;
        says_why(stage, why).await.map_err(|error| error.context(told))?;
    }
    // An element without any attribute.
    stage.proxy.clear_faults();
    stage.open_body(&format!("{TAG}<stand-with id=bare>My own words</stand-with>")).await?;
    let bare = stage.form_at("document.querySelector('#bare')");
    bare.until("unavailable").await?;
    bare.until_it_says("something is wrong with the campaign").await?;
    ensure!(!bare.has("a").await?, "a link leads nowhere");
    stage.form().until("editing").await?;
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn a_campaign_file_that_is_cut_off_is_asked_for_again(
    stage: &Stage,
) -> Result<()> {
    // Without a stated length, an answer that was cut off looks like a complete one.
    let name = format!("{CAMPAIGN}.json");
    let file = std::fs::read(stage.endpoint.path("campaigns").join(&name))?;
    let after = |wanted: fn(&[u8]) -> bool| {
        let at = file.windows(2).position(wanted).context("the file has no such place")?;
        anyhow::Ok(at + 1)
    };
    let within_a_character = after(|pair| pair[0] >= 0xe0 && pair[1] >= 0x80)?;
    for end in [file.len() / 2, after(|pair| pair == b"},")?, within_a_character] {
        let asked = stage.proxy.asked(&name);
        let cut = answer(200, "application/json", file[..end].to_vec());
        stage.proxy.break_down(&name, Fault::Answer(cut));
        stage.open_body(TAG).await?;
        for _ in 0..500 {
            if stage.proxy.asked(&name) > asked + 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ensure!(stage.proxy.asked(&name) > asked + 1, "cut at {end}: not requested again");
        stage.proxy.clear_faults();
        stage.form().until("editing").await?;
    }
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn a_tampered_core_is_not_run(stage: &Stage) -> Result<()> {
    // Browsers reject a file with the wrong hash, whatever its status, as they report a network failure; so the loader
    // tries again.
    let why = "Trying again...";
    // Valid WebAssembly, but not the file for which the loader was built.
    let core = b"\0asm\x01\0\0\0".to_vec();
    for fault in [
        Fault::Answer(answer(200, "application/wasm", core)),
        Fault::Answer(answer(200, "text/html", HTML)),
        Fault::Answer(answer(404, "text/html", HTML)),
        Fault::Break,
    ] {
        stage.proxy.break_down("standwith.wasm", fault);
        stage.open_body(TAG).await?;
        says_why(stage, why).await?;
    }
    // Without its catalogue, the form is in English.
    stage.proxy.break_down("km.json", Fault::Answer(answer(200, "application/json", "[1]")));
    stage.open_body(&TAG.replace("data-campaign", "data-lang=km data-campaign")).await?;
    stage.form().until_it_says("Send message").await?;
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn nothing_is_lost_while_the_endpoint_fails(stage: &Stage) -> Result<()> {
    stage.open_body(TAG).await?;
    let form = stage.form();
    form.fill().await?;
    let ways = [
        (Fault::Break, "there was no answer"),
        (Fault::Answer(answer(200, "text/html", HTML)), "there was no answer"),
        (Fault::Answer(answer(502, "text/html", HTML)), "there was no answer"),
        (
            Fault::Answer(answer(201, "application/json", r#"{"id":"another"}"#)),
            "there was no answer",
        ),
        (Fault::Answer(answer(503, "text/html", HTML)), "can’t take your message right now"),
        (Fault::LoseAnswer, "there was no answer"),
    ];
    for (fault, notice) in ways {
        let told = format!("{fault:?}");
        stage.proxy.break_down("/actions", fault);
        form.submit().await?;
        // Each notice gets the focus, even if the one before had the same text.
        form.until("editing").await?;
        form.until_it_says(notice).await.map_err(|error| error.context(told.clone()))?;
        ensure!(
            form.focused().await? == "form-notice",
            "{told}: focus is on {}",
            form.focused().await?
        );
        form.is_filled().await.map_err(|error| error.context(told.clone()))?;
        ensure!(form.text("[type=submit]").await? == "Try again", "{told}");
    }

    // The endpoint's process is killed, and started again.
    stage.proxy.clear_faults();
    stage.endpoint.kill().await?;
    form.submit().await?;
    form.until("editing").await?;
    form.is_filled().await?;
    stage.endpoint.start_again().await?;
    stage.proxy.lead_to(&stage.endpoint.origin());

    // The answer is slow, but arrives; a press in the meantime posts nothing else.
    stage.proxy.break_down("/actions", Fault::Wait(Duration::from_millis(800)));
    form.submit().await?;
    form.until("sending").await?;
    form.until_it_says("Sending…").await?;
    form.submit().await?;
    form.until("sent").await?;

    // The same action each time, so it is stored once. A browser may post more often than requested: it retries by
    // itself when a reused connection breaks.
    let posted = stage.proxy.posted();
    ensure!(posted.len() >= 8, "posted {} times", posted.len());
    ensure!(posted.iter().all(|post| *post == posted[0]), "{posted:?}");
    stage.endpoint.only_action().await?;
    Ok(())
}

pub(crate) async fn an_endpoint_that_never_answers_is_given_up(stage: &Stage) -> Result<()> {
    // Shortens the form's timeout for an answer to a quarter.
    let hurry = "<script>
      const timeout = AbortSignal.timeout;
      AbortSignal.timeout = (time) => timeout.call(AbortSignal, time === 10_000 ? time / 4 : time);
    </script>";
    stage.open_page(hurry, TAG, &[]).await?;
    let form = stage.form();
    form.fill().await?;
    // The second attempt may start before the fault is cleared: it is held, too, and answered then.
    stage.proxy.break_down("/actions", Fault::Hold);
    form.submit().await?;
    form.until("sending").await?;
    form.until_it_says("No answer has come yet").await?;
    form.is_filled().await?;
    stage.proxy.clear_faults();
    // The form sends it again by itself.
    form.until("sent").await?;
    stage.endpoint.only_action().await?;
    Ok(())
}

pub(crate) async fn a_wrong_clock_does_no_harm(stage: &Stage) -> Result<()> {
    let slow = "<script>const now = Date.now; Date.now = () => now() - 20 * 864e5;</script>";
    stage.open_page(slow, TAG, &[]).await?;
    let form = stage.form();
    form.fill().await?;
    form.send().await?;
    // The first one is rejected, and the form signs again with the endpoint's time.
    ensure!(stage.proxy.posted().len() == 2, "posted {} times", stage.proxy.posted().len());
    ensure!(stage.endpoint.only_action().await?["status"] == "accepted", "not accepted");
    Ok(())
}

pub(crate) async fn an_address_that_is_none_is_said_and_what_was_typed_stays(
    stage: &Stage,
) -> Result<()> {
    let tag = TAG.replace("data-campaign", "data-endpoint=\"https://host:PORT/x\" data-campaign");
    let rejects = "<script>
      SubtleCrypto.prototype.digest = () => Promise.reject(new Error('no'));
    </script>";
    for (head, tag, code) in
        [("", tag.as_str(), "unavailable_faulty"), (rejects, TAG, "unavailable_wasm")]
    {
        // Text typed before the failure was known stays, so that it can be copied, and there is no button.
        stage.proxy.break_down("standwith.wasm", Fault::Hold);
        stage.open_page(head, tag, &[]).await?;
        let form = stage.form();
        form.click("[name=given_name]").await?;
        stage.browser.strike("Sophea").await?;
        form.submit().await?;
        stage.proxy.clear_faults();
        form.until("unavailable").await?;
        form.until_it_says("Open the form on its own page").await?;
        ensure!(form.value("given_name").await? == "Sophea", "the input is lost");
        ensure!(!form.has("button").await?, "there is a button that does nothing");
        let heard = stage.browser.value("heard.map(([kind, { code }]) => [kind, code])").await?;
        ensure!(heard == json!([["error", code]]), "{heard}");
        let uncaught = stage.uncaught().await?;
        ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    }
    // If nothing was typed, the element's own content is shown again.
    stage.open_body(&tag).await?;
    says_why(stage, "something is wrong with the campaign").await
}
