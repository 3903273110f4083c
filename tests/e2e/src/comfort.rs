//! Conveniences: another language, draft storage, values from a link or a paste, sharing, redirection, dates.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::embedding::TAG;
use crate::first_paint::serve_changed;
use crate::harness::fault_proxy::Fault;
use crate::harness::form::{Form, PERSON};
use crate::harness::{CAMPAIGN, Stage};
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
    // Countries have Khmer names even if the browser has none.
    let country =
        format!("{root}.querySelector('[name=country]').selectedOptions[0]?.text === 'កម្ពុជា'");
    stage.browser.until(&country).await?;
    // A consent is to the wording that was read, so it has to be given again in the other language.
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

/// Names of countries in a language that is no longer shown may arrive before those of the one that is.
pub(crate) async fn late_names_of_countries_are_not_shown(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| {
        file["languages"]["de"] = file["languages"]["km"].clone();
    })
    .await?;
    stage.proxy.break_down("-countries.txt", Fault::Hold);
    let form = open_with(stage, "data-lang=km", "").await?;
    form.until("editing").await?;
    form.click("[data-act=language-de]").await?;
    form.find(".standwith[lang=de]").await?;
    // The Khmer names arrive, the German ones are still held.
    stage.proxy.break_down("de-countries.txt", Fault::Hold);
    let arrived = "performance.getEntriesByType('resource')
      .some((it) => it.name.endsWith('km-countries.txt') && it.responseEnd > 0)";
    stage.browser.until(arrived).await?;
    form.click("[name=given_name]").await?;
    let options =
        "document.querySelector('stand-with').shadowRoot.querySelector('[name=country]').options";
    let count = stage.browser.value(&format!("{options}.length")).await?;
    ensure!(count.as_u64().is_some_and(|count| count <= 2), "{count} countries are named");
    stage.proxy.clear_faults();
    stage.browser.until(&format!("[...{options}].some((it) => it.text === 'Kambodscha')")).await?;
    Ok(())
}

/// Opens a page, at this query or fragment, with a form whose tag has this additional attribute.
async fn open_with<'a>(stage: &'a Stage, attribute: &str, address: &str) -> Result<Form<'a>> {
    let tag = TAG.replace("data-campaign", &format!("{attribute} data-campaign"));
    stage.open_page("", &format!("<main>{tag}</main>"), &[]).await?;
    if !address.is_empty() {
        // The same page again, as through a link with this query or fragment.
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
    ensure!(form.value("email").await? == PERSON[2].1, "the address is not restored");
    let kept = stage.browser.value("JSON.stringify(sessionStorage)").await?;
    ensure!(!kept.to_string().contains("consent"), "{kept}");
    // A draft contains no consents: they have to be given again.
    form.submit().await?;
    form.until_it_says("There is a problem").await?;
    form.click("[name=consent_delivery]").await?;
    form.submit().await?;
    form.until("sent").await?;
    again().await?;
    ensure!(form.value("email").await?.is_empty(), "it is still stored");
    let kept = stage.browser.value("JSON.stringify(sessionStorage)").await?;
    ensure!(!kept.to_string().contains("standwith"), "{kept}");

    // Without the partner's `data-draft`, nothing is stored.
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
        // Without the attribute, the country is the browser's.
        ensure!((country == "KH") != attribute.is_empty(), "{attribute}: {country}");
    }

    // At risk nothing is filled in: such a link stays in the browser's history. The values are
    // removed from the address nevertheless.
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

pub(crate) async fn a_plus_in_a_fragment_is_a_plus(stage: &Stage) -> Result<()> {
    for (attribute, address, email) in [
        ("data-prefill=fragment", "#email=ada+news@example.org", "ada+news@example.org"),
        ("data-prefill=fragment", "#email=ada%2Bnews@example.org", "ada+news@example.org"),
        ("data-prefill=query", "?email=ada%2Bnews@example.org", "ada+news@example.org"),
        ("data-prefill=query", "?given_name=Ada+B&email=ada@example.org", "ada@example.org"),
    ] {
        let form = open_with(stage, attribute, address).await?;
        let held = form.value("email").await?;
        ensure!(held == email, "{address}: {held}");
        let name = form.value("given_name").await?;
        ensure!(name.is_empty() || name == "Ada B", "{address}: {name}");
    }
    Ok(())
}

/// Sets the whole text of a control, with the event of a paste.
async fn paste(stage: &Stage, name: &str, text: &str) -> Result<()> {
    let paste = "const root = document.querySelector('stand-with').shadowRoot;
      const control = root.querySelector(`[name=${arguments[0]}]`);
      control.value = arguments[1];
      control.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));";
    stage.browser.run(paste, &[name.into(), text.into()]).await?;
    Ok(())
}

pub(crate) async fn what_comes_along_with_a_copy_is_taken_out(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| {
        if let Some(fields) = file["fields"].as_array_mut() {
            fields.push(json!({ "id": "age", "kind": "number", "label": "Your age" }));
        }
    })
    .await?;
    for email in ["\u{202d}ada@example.org\u{202c}", "\u{feff}ada\u{ff20}example.org"] {
        let form = open_with(
            stage,
            &format!("data-source='{}\u{202e}\u{1b}'", "Estuary ".repeat(60)),
            &format!("?utm_source=%00%0B%0A%E2%80%AEmail{}", "9".repeat(400)),
        )
        .await?;
        form.fill().await?;
        paste(stage, "email", email).await?;
        paste(stage, "age", "\u{200f}៤២").await?;
        paste(stage, "given_name", "Ada\u{2028}B").await?;
        let body = form.value("body").await?.replace("\n\n", "\u{b}\u{85}");
        paste(stage, "body", &body).await?;
        // The error names the forbidden character, and the word before it.
        paste(stage, "family_name", "Lovelace\u{7}").await?;
        form.submit().await?;
        form.until_it_says("an invisible character (U+0007) after “Lovelace” that").await?;
        paste(stage, "family_name", "Lovelace").await?;
        form.send().await?;
        let exported = stage.endpoint.export(CAMPAIGN).await?;
        let claims = &exported.last().context("nothing was stored")?["claims"];
        ensure!(claims["person"]["email"] == "ada@example.org", "{claims}");
        ensure!(claims["person"]["given_name"] == "Ada B", "{claims}");
        ensure!(claims["answers"]["age"] == "42", "{claims}");
        let text = claims["message"]["body"].as_str().unwrap_or_default();
        ensure!(text.contains("\n\n") && !text.contains(['\u{b}', '\u{85}']), "{text:?}");
        let source = &claims["source"];
        let partner = source["partner"].as_str().unwrap_or_default();
        ensure!(partner.starts_with("Estuary Estuary") && partner.len() <= 300, "{source}");
        let utm_source = source["utm_source"].as_str().unwrap_or_default();
        ensure!(utm_source.trim().starts_with("mail999") && utm_source.len() <= 300, "{source}");
    }
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn the_thanks_take_no_focus_from_another_field(stage: &Stage) -> Result<()> {
    for elsewhere in [true, false] {
        stage.open_body(&format!("<main tabindex=-1>{TAG}</main><input id=own>")).await?;
        stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
        let form = stage.form();
        form.fill().await?;
        stage.proxy.break_down("/actions", Fault::Hold);
        form.submit().await?;
        form.until("sending").await?;
        if elsewhere {
            stage.browser.run("document.querySelector('#own').focus()", &[]).await?;
            stage.browser.strike("wri").await?;
        }
        stage.proxy.clear_faults();
        form.until("sent").await?;
        if elsewhere {
            stage.browser.strike("tes").await?;
            let written = stage.browser.value("document.querySelector('#own').value").await?;
            ensure!(written == "writes", "the page's own field holds {written}");
        } else {
            ensure!(form.focused().await? == "form-thanks", "the focus is not on the thanks");
        }
    }
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
      // The test ends the three seconds before the redirection itself.
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
    // Any action of the supporter cancels the redirection.
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

    // Without an action the redirection takes place.
    stage.open_page(share, &format!("<main>{TAG}</main>"), &[]).await?;
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    form.fill().await?;
    form.submit().await?;
    form.until("sent").await?;
    stage.browser.until("pending.length === 1").await?;
    stage.browser.run(time_is_over, &[]).await?;
    for _ in 0..400 {
        // That host does not exist, which Firefox reports as an error.
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
        // By the form's own rule, because Chromium has no Khmer dates.
        let day = if lang == "km" {
            "ថ្ងៃទី 1 ខែមិថុនា ឆ្នាំ 2100"
        } else {
            "June 1, 2100"
        };
        stage.form().until_it_says(day).await?;
    }
    Ok(())
}
