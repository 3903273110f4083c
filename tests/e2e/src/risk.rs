//! Forms of campaigns at risk, delivery by the supporter's own mail, and test mode.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::embedding::TAG;
use crate::first_paint::serve_changed;
use crate::harness::fault_proxy::Fault;
use crate::harness::form::{Form, PERSON};
use crate::harness::{CAMPAIGN, Stage};
use crate::hostile::clobbering;

/// Changes a campaign file to one at risk, with advice, an exit page, and a question about the public name.
pub(crate) fn at_risk(file: &mut Value) {
    file["at_risk"] = json!({
        "advice": [{ "label": "Digital safety", "url": "https://advice.invalid/" }],
        "exit_url": "https://weather.invalid/today",
    });
    file["public"] = json!({ "ask": true });
}

/// Opens a page with a form, and waits until it is ready.
pub(crate) async fn open_whole(stage: &Stage) -> Result<Form<'_>> {
    stage.open_page("", &format!("<main><h1>An article</h1>{TAG}</main>"), &[]).await?;
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    Ok(stage.form())
}

/// Whether this error means that the form was left: Firefox reports that the exit page can't be reached.
fn is_there(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("weather.invalid")
}

/// Takes the quick exit, then goes back, and asserts that this leads past the form, to the page `before` it.
pub(crate) async fn leave_and_go_back(stage: &Stage, before: &str) -> Result<()> {
    if let Err(error) = stage.form().click("[data-act=exit]").await {
        ensure!(is_there(&error), "{error:#}");
    }
    go_back(stage, before).await
}

/// Waits until the form is left, goes back, and asserts that this leads past the form, to the page `before` it.
async fn go_back(stage: &Stage, before: &str) -> Result<()> {
    let mut left = false;
    for _ in 0..250 {
        let address = stage.browser.address().await;
        left = address.map_or_else(|error| is_there(&error), |at| at.contains("weather.invalid"));
        if left {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ensure!(left, "still at {}", stage.browser.address().await?);
    for _ in 0..5 {
        if let Err(error) = stage.browser.back().await {
            ensure!(is_there(&error), "{error:#}");
        }
        for _ in 0..100 {
            match stage.browser.address().await {
                Ok(address) if address == before => return Ok(()),
                Ok(address) if !address.contains("weather.invalid") => {
                    bail!("going back leads to {address}")
                }
                Err(error) if !is_there(&error) => return Err(error),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        // The browser was still loading the exit page: goes back once more.
    }
    bail!("going back does not lead there")
}

pub(crate) async fn the_quick_way_out_leaves_nothing_behind(stage: &Stage) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    stage.open("index.html").await?;
    let before = stage.browser.address().await?;
    let form = open_whole(stage).await?;
    form.fill().await?;
    leave_and_go_back(stage, &before).await?;
    ensure!(stage.proxy.posted().is_empty(), "something was sent");
    Ok(())
}

pub(crate) async fn the_quick_way_out_needs_no_code(stage: &Stage) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    stage.open("index.html").await?;
    let before = stage.browser.address().await?;
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    stage.open_page("", &format!("<main>{TAG}</main>"), &[]).await?;
    stage.form().enter("given_name", "Sophea").await?;
    leave_and_go_back(stage, &before).await
}

pub(crate) async fn the_quick_way_out_stays_where_it_is_while_the_code_comes(
    stage: &Stage,
) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    let place = "(({ x, y, width, height }) => [x, y, width, height])(
        document.querySelector('stand-with').shadowRoot.querySelector('[data-act=exit]').getBoundingClientRect())";
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    stage.open_page("", &format!("<main>{TAG}</main>"), &[]).await?;
    stage.form().find("[data-act=exit]").await?;
    let before = stage.browser.value(place).await?;
    stage.proxy.clear_faults();
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    let after = stage.browser.value(place).await?;
    ensure!(before == after, "it was at {before} and is at {after}");
    Ok(())
}

pub(crate) async fn a_form_left_before_its_code_is_there_is_empty(stage: &Stage) -> Result<()> {
    // Only at risk: any other form stays as it is.
    let held = "standwith.wasm";
    // All texts and values of the form after `pagehide`: they stay if the browser stores the page for going back.
    let leave = "dispatchEvent(new Event('pagehide'));
        const root = document.querySelector('stand-with').shadowRoot;
        return [root.textContent, ...[...root.querySelectorAll('[name]')]
          .filter(({ type, checked }) => checked || !/checkbox|radio/.test(type)).map(({ value }) => value)].join(' ')";
    let name = format!("{CAMPAIGN}.json");
    for risk in [true, false] {
        serve_changed(stage, |file| {
            at_risk(file);
            file["at_risk"] = if risk { file["at_risk"].take() } else { json!(false) };
            file["public"] = json!({ "ask": false });
            file["fields"] = json!([{ "id": "given_name" }, { "id": "family_name" }]);
            file["delivery"]["disclose"] = json!(["name"]);
        })
        .await?;
        let try_it = async {
            stage.proxy.break_down(held, Fault::Hold);
            stage.open_page("", &format!("<main>{TAG}</main>"), &[]).await?;
            let form = stage.form();
            form.enter("given_name", "Sophea").await?;
            form.click("[value=embassy]").await?;
            form.click("[name=consent_delivery]").await?;
            form.submit().await?;
            form.find("[type=submit][aria-disabled]").await?;
            let (asked, posted) = (stage.proxy.asked(&name), stage.proxy.posted().len());
            let left = stage.browser.run(leave, &[]).await?.to_string();
            let kept = ["Sophea", "on"].map(|it| left.contains(it));
            ensure!(kept == [!risk; 2], "there is {left}");
            stage.proxy.clear_faults();
            if !risk {
                return form.until("sent").await;
            }
            // A person who comes back gets a fresh form, and nothing is sent.
            stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
            ensure!(stage.proxy.asked(&name) > asked, "it is the same form as before");
            ensure!(form.value("given_name").await?.is_empty(), "the input is back");
            ensure!(!form.has("[name^=consent]:checked").await?, "a consent is ticked");
            ensure!(!form.has("[type=submit][aria-disabled]").await?, "the press is back");
            ensure!(stage.proxy.posted().len() == posted, "sent");
            form.until("editing").await
        };
        try_it.await.with_context(|| format!("at risk: {risk}, without {held}"))?;
    }
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn the_quick_way_out_leaves_a_page_with_elements_named_like_the_documents(
    stage: &Stage,
) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    stage.open("index.html").await?;
    let before = stage.browser.address().await?;
    // First the loader handles the exit, then the form itself.
    for held in ["standwith.wasm", "nothing"] {
        stage.proxy.break_down(held, Fault::Hold);
        stage.open_page("", &format!("<main>{}{TAG}</main>", clobbering()), &[]).await?;
        let exit =
            "document.querySelector('stand-with')?.shadowRoot?.querySelector('[data-act=exit]')";
        let there =
            if held == "nothing" { "heard.some(([kind]) => kind === 'ready')" } else { exit };
        stage.browser.until(&format!("!!({there})")).await?;
        // By a script, because WebDriver finds no elements on such a page.
        let left = stage.browser.run(&format!("{exit}.click()"), &[]).await;
        ensure!(left.as_ref().err().is_none_or(is_there), "{left:?}");
        go_back(stage, &before).await.with_context(|| format!("without {held}"))?;
        stage.proxy.clear_faults();
    }
    Ok(())
}

pub(crate) async fn in_a_frame_that_may_not_lead_the_page_away_the_form_leaves_alone(
    stage: &Stage,
) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    let says = "If the page around this form stays open, close it yourself.";
    let inner = stage.partner.publish("", TAG, &[]);
    let frame = format!(
        r#"<p id=around>An article</p><iframe sandbox="allow-scripts" src="/{inner}" width=800 height=700></iframe>"#
    );
    // First the form itself handles the exit, then the loader.
    for held in ["nothing", "standwith.wasm"] {
        stage.proxy.break_down(held, Fault::Hold);
        stage.open_body(&frame).await?;
        stage.browser.enter_frame().await?;
        let form = stage.form();
        if held == "nothing" {
            form.until_it_says(says).await?;
            form.fill().await?;
        }
        if let Err(error) = form.click("[data-act=exit]").await {
            ensure!(is_there(&error), "{error:#}");
        }
        // Nothing of the form is left in the frame.
        let mut left = false;
        for _ in 0..250 {
            let there = stage.browser.value("!!document.querySelector('stand-with')").await;
            left = there.map_or_else(|error| is_there(&error), |there| there == false);
            if left {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ensure!(left, "the form is still in the frame, without {held}");
        stage.proxy.clear_faults();
    }
    ensure!(stage.proxy.posted().is_empty(), "something was sent");
    // Outside a frame, the form does not mention it.
    let form = open_whole(stage).await?;
    let text =
        stage.browser.value("document.querySelector('stand-with').shadowRoot.textContent").await?;
    ensure!(!text.to_string().contains(says), "{text}");
    form.find("[data-act=exit]").await?;
    Ok(())
}

pub(crate) async fn people_at_risk_are_warned_and_leave_no_trace(stage: &Stage) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    let form = open_whole(stage).await?;
    // Looking for outbox entries creates no database.
    let count = "indexedDB.databases().then(({ length }) => window.databases = length)";
    stage.browser.run(count, &[]).await?;
    stage.browser.until("window.databases !== undefined").await?;
    ensure!(stage.browser.value("window.databases").await? == 0, "there is a database");
    form.until_it_says("You don’t have to use your real name.").await?;
    ensure!(!form.has("[autocomplete]:not([autocomplete=off])").await?, "the browser remembers");
    form.fill().await?;
    form.until_it_says("think carefully before you send your message").await?;
    form.click("[name=public][value=initials]").await?;
    form.submit().await?;
    form.until("sent").await?;
    ensure!(!form.has("[part=receipt] code").await?, "the receipt is shown unasked");
    form.click("[data-act=show-receipt]").await?;
    form.find("[part=receipt] a[download]").await?;
    let heard = stage.browser.value("heard.find(([kind]) => kind === 'sent')[1]").await?;
    ensure!(heard.get("id").is_none(), "the page got {heard}");
    // The page gets no exact count either: it would identify the action for anyone who has all stored ones.
    ensure!(heard.get("count").is_none(), "the page got {heard}");
    let counts = stage.browser.value("heard.map(([kind]) => kind)").await?;
    let kinds: Vec<_> = counts.as_array().into_iter().flatten().collect();
    let sent = kinds.iter().position(|kind| **kind == "sent").context("not sent")?;
    ensure!(kinds[sent..].iter().all(|kind| **kind != "count"), "the page got {counts}");
    ensure!(!form.has("[part=progress]").await?, "the count is visible");
    let claims = stage.endpoint.only_action().await?["claims"].take();
    ensure!(claims["public"] == "initials", "{claims}");
    ensure!(claims.get("source").is_none_or(|source| source["page"].is_null()), "{claims}");
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn a_message_leaves_by_the_supporters_own_mail(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| file["delivery"]["modes"] = json!(["mail-app"])).await?;
    let form = open_whole(stage).await?;
    form.fill().await?;
    form.submit().await?;
    form.find("#form-mail").await?;
    ensure!(form.focused().await? == "form-mail", "the focus is not on the offer");
    let gmail = form.find("a[href^='https://mail.google.com/']").await?.attr("href").await?;
    let gmail = gmail.context("no address")?;
    ensure!(gmail.contains("su=") && gmail.contains("%20"), "{gmail}");
    ensure!(stage.proxy.posted().is_empty(), "sent before it was mailed");
    form.click("[data-act=mail-yes]").await?;
    form.until("sent").await?;
    form.until_it_says("You told us that you sent it from your own email").await?;
    let action = stage.endpoint.only_action().await?;
    ensure!(action["status"] == "recorded", "{action}");
    ensure!(action["claims"]["delivery"] == "mail-app", "{action}");
    ensure!(action["claims"]["person"]["given_name"] == PERSON[0].1, "{action}");
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn a_test_says_so_and_never_counts(stage: &Stage) -> Result<()> {
    stage.open("index.html?standwith-test").await?;
    let form = stage.form();
    form.until_it_says("Test mode.").await?;
    form.fill().await?;
    ensure!(form.text("[type=submit]").await? == "Send a test message", "it does not say so");
    form.submit().await?;
    form.until("sent").await?;
    form.until_it_says("This was a test.").await?;
    let action = stage.endpoint.only_action().await?;
    ensure!(action["claims"]["test"] == true, "{action}");
    stage.open("index.html").await?;
    stage.form().until_it_says("0 of 5,000 messages sent").await
}
