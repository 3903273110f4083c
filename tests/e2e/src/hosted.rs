//! The hosted form, without script and with it.

use anyhow::{Context, Result, ensure};
use fantoccini::elements::Element;

use crate::first_paint::serve_changed;
use crate::harness::endpoint::Endpoint;
use crate::harness::form::PERSON;
use crate::harness::{CAMPAIGN, Place, Stage};
use crate::risk::{at_risk, leave_and_go_back};

pub(crate) async fn the_hosted_form_needs_no_script(stage: &Stage) -> Result<()> {
    let find = |selector: &'static str| async move {
        let element: Element =
            stage.browser.element(&format!("document.querySelector({selector:?})")).await?;
        anyhow::Ok(element)
    };
    stage.browser.open(&format!("{}/campaigns/{CAMPAIGN}", stage.proxy.origin)).await?;
    ensure!(stage.browser.value("document.scripts.length").await? == 0, "there is script");
    find("[name=given_name]").await?.send_keys("Sophea").await?;
    find("[type=submit]").await?.click().await?;

    // The entered values are there, with a summary of the field errors above them.
    stage.browser.until("!!document.querySelector('#form-summary')").await?;
    // The page opens at the summary.
    stage.browser.until("document.activeElement.id === 'form-summary'").await?;
    let top = "document.querySelector('#form-summary').getBoundingClientRect().top";
    stage.browser.until(&format!("{top} >= 0 && {top} < innerHeight")).await?;
    let value = find("[name=given_name]").await?.prop("value").await?;
    ensure!(value.as_deref() == Some("Sophea"), "{value:?}");
    find("#form-summary a[href='#email']").await?.click().await?;
    ensure!(stage.browser.value("location.hash").await? == "#email", "the link leads nowhere");
    for (selector, (_, text)) in
        ["[name=given_name]", "[name=family_name]", "[name=email]"].into_iter().zip(PERSON)
    {
        let control = find(selector).await?;
        control.clear().await?;
        control.send_keys(text).await?;
    }
    find("[name=country] option[value=KH]").await?.click().await?;
    find("[name=consent_delivery]").await?.click().await?;
    find("[type=submit]").await?.click().await?;
    stage.browser.until("!!document.querySelector('#form-thanks')").await?;

    let exported = stage.endpoint.only_action().await?;
    ensure!(exported["status"] == "recorded" && exported["assurance"] == "none", "{exported}");
    ensure!(exported["claims"]["person"]["family_name"] == PERSON[1].1, "{exported}");
    Ok(())
}

pub(crate) async fn the_hosted_form_at_risk_has_the_whole_quick_way_out(
    stage: &Stage,
) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    stage.open("index.html").await?;
    let before = stage.browser.address().await?;
    stage.browser.open(&format!("{}/campaigns/{CAMPAIGN}", stage.proxy.origin)).await?;
    let form = stage.form();
    form.until_it_says("Leave this page quickly").await?;
    form.enter("given_name", "Sophea").await?;
    leave_and_go_back(stage, &before).await?;
    // The whole form works there, up to the receipt.
    stage.browser.open(&format!("{}/campaigns/{CAMPAIGN}", stage.proxy.origin)).await?;
    let form = stage.form();
    // The first paint can't know that it is on the hosted page; once Rust runs, the page no longer links to itself.
    let safety =
        "document.querySelector('stand-with').shadowRoot.querySelector('.safety')?.innerText";
    let leads = "'Open the form on its own page'";
    stage.browser.until(&format!("{safety}?.includes({leads}) === false")).await?;
    form.fill().await?;
    form.submit().await?;
    form.until_it_says("Show my receipt").await?;
    Ok(())
}

// Regression: Back and Reload showed the typed text again.
pub(crate) async fn what_was_posted_without_script_at_risk_does_not_come_back(
    stage: &Stage,
) -> Result<()> {
    serve_changed(stage, at_risk).await?;
    let address = format!("{}/campaigns/{CAMPAIGN}?plain", stage.proxy.origin);
    stage.browser.open(&address).await?;
    ensure!(stage.browser.value("document.scripts.length").await? == 0, "there is script");
    let element = stage.browser.element("document.querySelector('[name=given_name]')").await?;
    element.send_keys("Sophea").await?;
    stage.browser.element("document.querySelector('[type=submit]')").await?.click().await?;
    stage.browser.until("!!document.querySelector('#form-summary')").await?;
    let typed = "document.querySelector('[name=given_name]').value";
    ensure!(stage.browser.value(typed).await? == "Sophea", "the input is lost");
    ensure!(stage.browser.address().await?.contains("?once="), "it was not redirected");
    stage.browser.run("location.reload()", &[]).await?;
    stage.browser.until("document.body.innerText.includes('could be opened only once')").await?;
    ensure!(stage.browser.value(typed).await? == "", "reload restores the input");
    stage.browser.run("history.back()", &[]).await?;
    stage
        .browser
        .until("location.search === '?plain' && document.readyState === 'complete'")
        .await?;
    ensure!(stage.browser.value(typed).await? == "", "going back restores the input");
    Ok(())
}

/// The browser lets only the sites that the campaign names frame the page, only at its `?embed` address, and a form
/// that is sent there gets its answer.
pub(crate) async fn only_a_site_that_the_campaign_names_frames_the_page(
    stage: &Stage,
) -> Result<()> {
    let hosted = format!("{}/campaigns/{CAMPAIGN}", stage.proxy.origin);
    let frame = |query: &str| {
        format!("<iframe title=Form width=800 height=700 src='{hosted}{query}'></iframe>")
    };
    let form = "!!document.querySelector('[type=submit]')";
    for (origin, query, is_shown) in [
        ("https://partner.invalid", "?embed", false),
        (stage.partner.origin.as_str(), "", false),
        (stage.partner.origin.as_str(), "?lang=en&embed", true),
    ] {
        serve_changed(stage, |file| {
            file["embed"] = serde_json::json!({ "origins": [origin] });
        })
        .await?;
        stage.open_body(&frame(query)).await?;
        stage.browser.until("document.readyState === 'complete'").await?;
        stage.browser.enter_frame().await?;
        ensure!(stage.browser.value(form).await? == is_shown, "{origin} {query}");
    }
    stage.browser.element("document.querySelector('[type=submit]')").await?.click().await?;
    // The answer to the post is in the frame, too.
    stage.browser.until("!!document.querySelector('#form-summary')").await
}

pub(crate) async fn posting_twice_records_once(place: &Place) -> Result<()> {
    let endpoint = Endpoint::start(place, None).await?;
    let address = format!("{}/campaigns/{CAMPAIGN}?lang=en", endpoint.origin());
    let page = reqwest::get(&address).await?;
    let header = |name: &str| {
        page.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
    };
    ensure!(header("cache-control").contains("no-store"), "{:?}", page.headers());
    ensure!(!header("content-security-policy").is_empty(), "{:?}", page.headers());
    let page = page.text().await?;
    let body = value_of(&page, "<textarea", "body")?;
    let subject = value_of(&page, "<input", "subject")?;
    let jti = value_of(&page, "<input", "jti")?;
    ensure!(jti.len() == 22, "{jti}");
    let token = value_of(&page, "<input", "form-token")?;
    ensure!(
        value_of(&reqwest::get(&address).await?.text().await?, "<input", "jti")? != jti,
        "the `jti` is not fresh"
    );

    let post = |values: Vec<(&str, String)>| {
        let encoded: Vec<String> =
            values.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let sent = reqwest::Client::new().post(&address);
        let sent = sent
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(encoded.join("&"));
        async move {
            let answer = sent.send().await?;
            anyhow::Ok((answer.status().as_u16(), answer.text().await?))
        }
    };
    let (status, page) = post(vec![
        ("jti", jti.clone()),
        ("form-token", token.clone()),
        ("given_name", "<b>Sophea".to_owned()),
    ])
    .await?;
    ensure!(status == 422 && page.contains("form-summary"), "{status} {page}");
    ensure!(page.contains("&lt;b&gt;Sophea") || page.contains("&lt;b>Sophea"), "{page}");

    let mut right = vec![
        ("jti", jti.clone()),
        ("form-token", token),
        ("targets", "embassy".to_owned()),
        ("country", "KH".to_owned()),
        ("subject", subject),
        ("body", body),
        ("consent_delivery", "on".to_owned()),
    ];
    right.extend(PERSON.map(|(name, text)| (name, text.to_owned())));
    for _ in 0..2 {
        let (status, page) = post(right.clone()).await?;
        ensure!(status == 200 && page.contains(&jti), "{status} {page}");
    }
    let exported = endpoint.only_action().await?;
    ensure!(
        exported["claims"]["jti"] == jti.as_str() && exported["assurance"] == "none",
        "{exported}"
    );
    let count = reqwest::get(format!("{}/campaigns/{CAMPAIGN}/count", endpoint.origin())).await?;
    let count = count.text().await?;
    ensure!(count == r#"{"count":1,"goal":5000}"#, "{count}");
    Ok(())
}

/// The value of a control in the HTML of a page.
fn value_of(page: &str, tag: &str, name: &str) -> Result<String> {
    let named = format!("name=\"{name}\"");
    let element = page
        .split(tag)
        .skip(1)
        .find(|element| element.split('>').next().is_some_and(|t| t.contains(&named)));
    let element = element.with_context(|| format!("there is no {name}"))?;
    let value = match tag {
        "<textarea" => element.split_once('>').and_then(|(_, rest)| rest.split_once('<')),
        _ => element.split_once("value=\"").and_then(|(_, rest)| rest.split_once('"')),
    };
    Ok(value.map_or("", |(value, _)| value).trim_start_matches('\n').to_owned())
}

/// Encodes a value as browsers do in a posted form.
fn encode(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.replace('\n', "\r\n").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(byte.into())
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
