//! What makes it easier: another language, what the tab keeps, what a link fills in, passing it on.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::embedding::TAG;
use crate::first_paint::serve_changed;
use crate::harness::Stage;
use crate::harness::form::{Form, PERSON};
use crate::risk::{at_risk, open_whole};

pub(crate) async fn another_language_keeps_what_is_written(stage: &Stage) -> Result<()> {
    let form = open_whole(stage).await?;
    form.fill().await?;
    form.click("[data-act=language-km]").await?;
    form.until_it_says("ព័ត៌មានរបស់អ្នក").await?;
    let root = "document.querySelector('stand-with').shadowRoot";
    let focus = stage.browser.value(&format!("{root}.activeElement?.dataset.act")).await?;
    ensure!(focus == "language-km", "the focus is at {focus}");
    let lang = stage.browser.value(&format!("{root}.querySelector('.standwith').lang")).await?;
    ensure!(lang == "km", "{lang}");
    // Also where the browser has no names of countries in Khmer.
    let country =
        format!("{root}.querySelector('[name=country]').selectedOptions[0]?.text === 'កម្ពុជា'");
    stage.browser.until(&country).await?;
    // Agreement is to what was read.
    form.submit().await?;
    form.find("#form-summary").await?;
    form.click("[name=consent_delivery]").await?;
    form.submit().await?;
    form.until("sent").await?;
    let claims = stage.endpoint.only_action().await?["claims"].take();
    ensure!(claims["lang"] == "km", "{claims}");
    ensure!(claims["person"]["country"] == "KH", "{claims}");
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

/// Opens a page with a form whose tag says more.
async fn open_with<'a>(stage: &'a Stage, attribute: &str, address: &str) -> Result<Form<'a>> {
    let tag = TAG.replace("data-campaign", &format!("{attribute} data-campaign"));
    stage.open_page("", &format!("<main>{tag}</main>"), &[]).await?;
    if !address.is_empty() {
        // The same page, as a link leads to it.
        let page = stage.browser.address().await?;
        stage.browser.open("about:blank").await?;
        stage.browser.open(&format!("{page}{address}")).await?;
    }
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    Ok(stage.form())
}

pub(crate) async fn the_tab_keeps_what_is_typed_until_it_is_sent(stage: &Stage) -> Result<()> {
    let form = open_with(stage, "data-draft=session", "").await?;
    form.fill().await?;
    let page = stage.browser.address().await?;
    let again = || async {
        stage.browser.open("about:blank").await?;
        stage.browser.open(&page).await?;
        stage.browser.until("heard.some(([kind]) => kind === 'ready')").await
    };
    again().await?;
    form.until_it_says("What you typed before has been restored.").await?;
    ensure!(form.value("email").await? == PERSON[2].1, "the address is not back");
    let kept = stage.browser.value("JSON.stringify(sessionStorage)").await?;
    ensure!(!kept.to_string().contains("consent"), "{kept}");
    // What is agreed to is agreed to anew.
    form.submit().await?;
    form.until_it_says("There is a problem").await?;
    form.click("[name=consent_delivery]").await?;
    form.submit().await?;
    form.until("sent").await?;
    again().await?;
    ensure!(form.value("email").await?.is_empty(), "it is still kept");
    let kept = stage.browser.value("JSON.stringify(sessionStorage)").await?;
    ensure!(!kept.to_string().contains("standwith"), "{kept}");

    // Nor is anything kept where the partner does not say so.
    let form = open_with(stage, "", "").await?;
    form.fill().await?;
    let kept = stage.browser.value("JSON.stringify(sessionStorage)").await?;
    ensure!(!kept.to_string().contains("standwith"), "{kept}");
    Ok(())
}

pub(crate) async fn a_link_fills_in_and_is_stripped(stage: &Stage) -> Result<()> {
    for (attribute, address, rest) in [
        (
            "data-prefill=fragment",
            "?utm_source=a#given_name=%E1%9E%9F%E1%9E%BB%E1%9E%97%E1%9E%B6&country=KH&top=1",
            "?utm_source=a#top=1",
        ),
        (
            "data-prefill=query",
            "?given_name=%E1%9E%9F%E1%9E%BB%E1%9E%97%E1%9E%B6&utm_source=a&country=KH#top",
            "?utm_source=a#top",
        ),
        ("", "?given_name=Sophea#country=KH", "?given_name=Sophea#country=KH"),
    ] {
        let form = open_with(stage, attribute, address).await?;
        let name = if attribute.is_empty() { "" } else { "សុភា" };
        ensure!(form.value("given_name").await? == name, "{attribute}");
        let found = stage.browser.value("location.search + location.hash").await?;
        ensure!(found == rest, "{found} is left of {address}");
        let country = form.value("country").await?;
        // Without it, the country is that of the browser.
        ensure!((country == "KH") != attribute.is_empty(), "{attribute}: {country}");
    }

    // At risk nothing is filled in: such a link stays in the browser's history. It leaves the address all the same.
    serve_changed(stage, at_risk).await?;
    let form =
        open_with(stage, "data-prefill=fragment", "#given_name=Sophea&country=KH&top=1").await?;
    for name in ["given_name", "country"] {
        let held = form.value(name).await?;
        ensure!(held.is_empty(), "{name} holds {held:?}");
    }
    let left = stage.browser.value("location.hash").await?;
    ensure!(left == "#top=1", "{left} is left");
    Ok(())
}

pub(crate) async fn it_can_be_passed_on_and_leads_on(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| {
        file["next"] =
            json!({ "label": "Give", "url": "https://give.invalid/now", "redirect": true });
        file["share"] = json!({ "text": "I wrote.", "url": "https://campaign.invalid/dara" });
    })
    .await?;
    let share = "<script>
      navigator.canShare = () => true;
      navigator.share = (what) => { window.passed = what; return Promise.reject(new Error('no')); };
      // The three seconds are over when the test says so.
      window.pending = [];
      const later = window.setTimeout;
      window.setTimeout = (done, time, ...more) =>
        time === 3000 ? pending.push(done) : later(done, time, ...more);
      window.left = false;
      addEventListener('beforeunload', () => window.left = true);
    </script>";
    let time_is_over = "pending.forEach((done) => done());
        requestAnimationFrame(() => requestAnimationFrame(() => window.settled = true))";
    stage.open_page(share, &format!("<main>{TAG}</main>"), &[]).await?;
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    let form = stage.form();
    form.fill().await?;
    form.submit().await?;
    form.until("sent").await?;
    // Whoever does anything is not led away.
    form.click("[data-share=more]").await?;
    let passed = stage.browser.value("window.passed").await?;
    ensure!(passed["text"] == "I wrote.", "{passed}");
    ensure!(passed["url"] == "https://campaign.invalid/dara", "{passed}");
    stage.browser.until("pending.length === 1").await?;
    stage.browser.run(time_is_over, &[]).await?;
    stage.browser.until("window.settled").await?;
    ensure!(stage.browser.value("left").await? == false, "the page is about to be left");
    ensure!(stage.browser.value("!!window.passed").await? == true, "the page is left");
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");

    // Whoever does nothing is.
    stage.open_page(share, &format!("<main>{TAG}</main>"), &[]).await?;
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    form.fill().await?;
    form.submit().await?;
    form.until("sent").await?;
    stage.browser.until("pending.length === 1").await?;
    stage.browser.run(time_is_over, &[]).await?;
    for _ in 0..400 {
        // That page answers nowhere, which Firefox calls an error.
        match stage.browser.address().await {
            Ok(address) if address == "https://give.invalid/now" => return Ok(()),
            Err(error) if format!("{error:#}").contains("give.invalid") => return Ok(()),
            _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
    anyhow::bail!("still at {}", stage.browser.address().await?)
}

pub(crate) async fn days_are_told_as_the_language_writes_them(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| file["closes"] = "2100-06-01T12:00:00Z".into()).await?;
    for lang in ["en", "km"] {
        let tag = TAG.replace("data-campaign", &format!("data-lang={lang} data-campaign"));
        stage.open_page("", &format!("<main>{tag}</main>"), &[]).await?;
        stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
        let day = format!(
            "new Date('2100-06-01T11:59:59Z').toLocaleDateString('{lang}', {{ dateStyle: 'long' }})"
        );
        let day = stage.browser.value(&day).await?;
        stage.form().until_it_says(day.as_str().unwrap_or("no day")).await?;
    }
    Ok(())
}
