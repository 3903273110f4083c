//! The ways in which pages embed the form.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::harness::fault_proxy::Fault;
use crate::harness::server::answer;
use crate::harness::{CAMPAIGN, CAMPAIGN_IN_JSON, Stage};

/// The tag, as partners paste it.
pub(crate) const TAG: &str = r#"<script async crossorigin="anonymous" src="https://actions.example.org/standwith.js"
  data-campaign="https://actions.example.org/campaigns/free-mech-dara.json"></script>"#;

/// The loader without a campaign, for pages that insert the element themselves.
pub(crate) const SCRIPT: &str = r#"<script async crossorigin="anonymous" src="https://actions.example.org/standwith.js"></script>"#;

/// Records the address of each fetch in `fetched`, at the moment of the call.
pub(crate) const FETCHED: &str = "<script>
  window.fetched = [];
  const fetchIt = window.fetch;
  window.fetch = (what, ...how) => {
    fetched.push(String(what.url ?? what));
    return fetchIt(what, ...how);
  };
</script>";

pub(crate) async fn an_element_shows_its_content_until_the_form_is_there(
    stage: &Stage,
) -> Result<()> {
    stage.proxy.break_down(".json", Fault::Hold);
    let element = r#"<stand-with campaign="https://actions.example.org/campaigns/free-mech-dara.json"
        lang="km" source="The Estuary">
        <a id="fallback" href="https://actions.example.org/campaigns/free-mech-dara">Send your message</a>
      </stand-with>"#;
    let page = stage.partner.publish(SCRIPT, element, &[]);
    stage.open(&format!("{page}?private=yes&utm_source=newsletter#here")).await?;
    let form = stage.form();
    form.until("loading").await?;
    let height = "document.querySelector('#fallback').getBoundingClientRect().height > 0";
    ensure!(stage.browser.value(height).await? == true, "the content is not visible");
    stage.proxy.clear_faults();
    form.until("editing").await?;
    ensure!(stage.browser.value(height).await? == false, "the content is still visible");

    // In the element's own language: the widget's texts and the campaign's.
    let lang = form.find(".standwith").await?.attr("lang").await?;
    ensure!(lang.as_deref() == Some("km"), "{lang:?}");
    let title = form.text("h2").await?;
    ensure!(title.starts_with("សូមដោះលែងលោក"), "{title}");
    let button = form.text("[type=submit]").await?;
    ensure!(!button.is_ascii(), "{button}");
    form.fill().await?;
    form.send().await?;
    let claims = stage.endpoint.only_action().await?["claims"].take();
    let source = serde_json::json!({
        "page": stage.partner.origin, "partner": "The Estuary", "utm_source": "newsletter"
    });
    ensure!(claims["lang"] == "km" && claims["source"] == source, "{claims}");
    ensure!(stage.uncaught().await? == serde_json::json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn a_script_in_the_head_puts_the_form_at_the_end(stage: &Stage) -> Result<()> {
    for kind in ["", "async", "defer"] {
        let tag = TAG.replace("async", kind);
        stage.open_page(&tag, "<h1>An article</h1><p id=last>The end.</p>", &[]).await?;
        stage.form().until("editing").await?;
        let last = "document.body.lastElementChild === document.querySelector('stand-with')";
        ensure!(stage.browser.value(last).await? == true, "{kind:?}: it is not at the end");
    }
    Ok(())
}

pub(crate) async fn forms_of_one_page_do_not_mix(stage: &Stage) -> Result<()> {
    let other = TAG.replace(CAMPAIGN, CAMPAIGN_IN_JSON);
    stage.open_body(&format!("<div>{TAG}</div><div>{other}</div><div>{TAG}</div>")).await?;
    let forms: Vec<_> = (0..3)
        .map(|index| {
            stage.form_at(&format!("document.querySelectorAll('div > stand-with')[{index}]"))
        })
        .collect();
    for form in &forms {
        form.until("editing").await?;
    }
    ensure!(forms[1].text("h2").await? == "In JSON", "the second is another campaign's");
    ensure!(stage.proxy.asked("standwith.wasm") == 1, "the core was fetched more than once");

    forms[0].enter("given_name", "Sophea").await?;
    for form in &forms[1..] {
        ensure!(form.value("given_name").await?.is_empty(), "typed into another form");
    }
    forms[2].fill().await?;
    forms[2].send().await?;
    ensure!(forms[0].state().await? == "editing", "sent from another form");
    ensure!(forms[0].value("given_name").await? == "Sophea", "lost through another form");
    ensure!(
        stage.endpoint.only_action().await?["claims"]["person"]["given_name"] == "មេឃ",
        "the wrong form was sent"
    );

    // When `ready` arrives, the form can be used; the page gets one for each form.
    let ready = "heard.filter(([kind]) => kind === 'ready').map(([, , state]) => state)";
    let ready = stage.browser.value(ready).await?;
    ensure!(ready == serde_json::json!(["editing", "editing", "editing"]), "{ready}");
    // All forms of a page share one `StandWith`.
    let version = stage.browser.value("StandWith.version").await?;
    ensure!(version == env!("CARGO_PKG_VERSION"), "{version}");
    stage.browser.run("StandWith.ready.then(() => window.isReady = true)", &[]).await?;
    stage.browser.until("window.isReady").await?;
    ensure!(stage.uncaught().await? == serde_json::json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn moving_keeps_what_was_typed_and_removing_frees_it(stage: &Stage) -> Result<()> {
    stage.open_body(&format!("<div id=here>{TAG}</div><div id=there></div>")).await?;
    stage.form().until("editing").await?;
    stage.browser.run("window.kept = document.querySelector('stand-with')", &[]).await?;
    let form = stage.form_at("window.kept");
    form.fill().await?;

    stage.browser.run("there.append(kept)", &[]).await?;
    form.is_filled().await?;
    ensure!(form.state().await? == "editing", "moving ended the form");
    // Removed and inserted again in separate tasks of the page: that ends the form.
    stage.browser.run("kept.remove()", &[]).await?;
    form.until("unavailable").await?;
    ensure!(!form.has("*").await?, "removing left something");
    stage.browser.run("here.append(kept)", &[]).await?;
    form.until("editing").await?;
    ensure!(form.value("given_name").await?.is_empty(), "the input is still there");
    form.fill().await?;
    form.send().await?;

    // Emptied for the next person, as a button of the page would do it.
    stage.browser.run("kept.reset()", &[]).await?;
    ensure!(form.state().await? == "editing", "reset did not start a new form");
    ensure!(form.value("email").await?.is_empty(), "reset left something");
    let countries = "kept.shadowRoot.querySelector('[name=country]').options.length > 200";
    ensure!(stage.browser.value(countries).await? == true, "the list of countries is gone");
    stage.endpoint.only_action().await?;

    // Removed and inserted while the campaign file is still loading.
    stage.proxy.break_down(".json", Fault::Wait(Duration::from_millis(300)));
    stage.browser.run("kept.remove()", &[]).await?;
    stage.browser.run("here.append(kept); kept.remove(); there.append(kept)", &[]).await?;
    form.until("editing").await?;
    ensure!(stage.browser.value("kept.shadowRoot.childElementCount").await? == 1, "two forms");
    ensure!(stage.uncaught().await? == serde_json::json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn a_page_may_have_an_element_of_that_name(stage: &Stage) -> Result<()> {
    let taken = "<script>customElements.define('stand-with', class extends HTMLElement {
        connectedCallback() { this.textContent = 'Mine'; }
      })</script><stand-with></stand-with>";
    stage.open_body(&format!("{taken}<div>{TAG}</div>")).await?;
    let form = stage.form_at("document.querySelector('div').lastElementChild");
    form.until("editing").await?;
    form.fill().await?;
    form.send().await?;
    ensure!(
        stage.browser.value("document.querySelector('stand-with').textContent").await? == "Mine"
    );
    ensure!(stage.uncaught().await? == serde_json::json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn an_endpoint_may_take_json(stage: &Stage) -> Result<()> {
    // The campaign file contains no address of an endpoint; the tag does.
    let tag = TAG.replace(CAMPAIGN, CAMPAIGN_IN_JSON).replace(
        "></script>",
        &format!(r#" data-endpoint="https://actions.example.org/campaigns/{CAMPAIGN_IN_JSON}/actions?from=tag"></script>"#),
    );
    stage.open_body(&tag).await?;
    let form = stage.form();
    form.fill().await?;
    form.send().await?;
    let posted = stage.proxy.posted();
    ensure!(posted.len() == 1 && posted[0].content_type == "application/json", "{posted:?}");
    let body: Value = serde_json::from_slice(&posted[0].body)?;
    let exported = stage.endpoint.export(CAMPAIGN_IN_JSON).await?;
    ensure!(exported.len() == 1 && exported[0]["claims"] == body["action"], "{exported:?}");
    ensure!(
        exported[0]["action"] == body["proof"] && exported[0]["status"] == "accepted",
        "{body}"
    );
    Ok(())
}

pub(crate) async fn a_campaign_may_have_moved(stage: &Stage) -> Result<()> {
    // The endpoint's address follows from the campaign file's final address, after redirections.
    let mut moved = answer(308, "text/plain", "");
    let location = format!("{}/campaigns/{CAMPAIGN}.json", stage.proxy.origin).parse()?;
    moved.headers_mut().insert("Location", location);
    stage.proxy.break_down("/old/place.json", Fault::Answer(moved));
    stage.open_body(&TAG.replace(&format!("campaigns/{CAMPAIGN}.json"), "old/place.json")).await?;
    let form = stage.form();
    form.fill().await?;
    form.send().await?;
    stage.endpoint.only_action().await?;
    Ok(())
}

pub(crate) async fn a_lazy_form_waits_until_it_is_near(stage: &Stage) -> Result<()> {
    let lazy = TAG.replace("data-campaign", "data-loading=lazy data-campaign");
    let far = "<div style=\"height: 5000px\">A long article</div>";
    stage.open_page(FETCHED, &format!("{far}{lazy}"), &[]).await?;
    stage.browser.until("!!document.querySelector('stand-with')").await?;
    // Observers are notified in the order of their registration: the form's own before this one.
    let watch = "new IntersectionObserver(() => window.observed = true)
        .observe(document.querySelector('stand-with'))";
    stage.browser.run(watch, &[]).await?;
    stage.browser.until("window.observed").await?;
    let fetched = stage.browser.value("fetched").await?;
    ensure!(fetched == json!([]), "it did not wait: {fetched}");
    ensure!(stage.proxy.asked("standwith.wasm") == 0, "it did not wait");
    ensure!(stage.form().state().await? == "loading", "{}", stage.form().state().await?);
    stage.browser.run("scrollTo(0, 4500)", &[]).await?;
    stage.form().until("editing").await?;
    // Counter-check: the form's fetches do appear in the record.
    stage.browser.until("fetched.some((address) => address.includes('standwith.wasm'))").await
}

pub(crate) async fn a_sandboxed_frame_is_enough(stage: &Stage) -> Result<()> {
    // Without `allow-forms`, so that no `submit` event is fired, and with an opaque origin.
    let inner = stage.partner.publish("", TAG, &[]);
    stage
        .open_body(&format!(
            r#"<iframe sandbox="allow-scripts" src="/{inner}" width=800 height=700></iframe>"#
        ))
        .await?;
    stage.browser.enter_frame().await?;
    let form = stage.form();
    form.fill().await?;
    form.find("[name=email]").await?.send_keys("\u{e007}").await?;
    form.until("sent").await?;
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == serde_json::json!([]), "uncaught errors: {uncaught}");
    ensure!(stage.proxy.posted().len() == 1, "sent {} times", stage.proxy.posted().len());
    stage.endpoint.only_action().await?;
    Ok(())
}
