//! Pages with a strict content security policy, and insecure pages.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::embedding::TAG;
use crate::harness::Stage;

/// The strictest policy that we promise to work under, with reports of violations.
const POLICY: &str = "default-src 'none'; \
    script-src https://actions.example.org 'wasm-unsafe-eval'; \
    connect-src https://actions.example.org; style-src 'none'; \
    require-trusted-types-for 'script'; report-uri /violations";

pub(crate) async fn the_strictest_policy_is_enough(stage: &Stage) -> Result<()> {
    stage.partner.put_headers("strict.html", &[("Content-Security-Policy", POLICY)]);
    stage.open("strict.html").await?;
    let form = stage.form();
    form.submit().await?;
    form.until_it_says("Enter your first name").await?;
    form.fill().await?;
    form.send().await?;
    // The form has its style nevertheless.
    let button = "getComputedStyle(document.querySelector('stand-with').shadowRoot.querySelector('[data-share=copy]'))";
    let cursor = stage.browser.value(&format!("{button}.cursor")).await?;
    ensure!(cursor == "pointer", "the form has no style: {cursor}");
    let violations = stage.partner.violations();
    ensure!(violations.is_empty(), "{violations:#?}");
    stage.endpoint.only_action().await?;
    Ok(())
}

pub(crate) async fn a_policy_without_wasm_leaves_the_fallback(stage: &Stage) -> Result<()> {
    let policy = POLICY.replace("'wasm-unsafe-eval'", "'self'");
    let page = format!("{TAG}<p style=\"color: red\">Not red</p>");
    stage.open_page("", &page, &[("Content-Security-Policy", &policy)]).await?;
    says_why(stage, "this page or browser does not let it run").await?;
    // Violations are reported: the test above relies on the absence of reports.
    let violations = stage.partner.violations();
    ensure!(violations.iter().any(|report| report.contains("style-src")), "{violations:?}");
    Ok(())
}

pub(crate) async fn an_insecure_page_leaves_the_fallback(stage: &Stage) -> Result<()> {
    let insecure = "<script>Object.defineProperty(crypto, 'subtle', { value: undefined })</script>";
    stage.open_page(insecure, TAG, &[]).await?;
    says_why(stage, "The form needs a secure connection").await
}

/// Asserts that a sentence gives this reason, a link leads to the hosted form, and the page gets one event, an error.
pub(crate) async fn says_why(stage: &Stage, why: &str) -> Result<()> {
    let form = stage.form();
    form.until("unavailable").await?;
    form.until_it_says(why).await?;
    let sentence = "slot + [role=status]";
    let status = form.find(sentence).await?;
    ensure!(status.is_displayed().await?, "the sentence is not visible");
    // It is marked as English, whatever the language of the page.
    let lang = status.attr("lang").await?;
    ensure!(lang.as_deref() == Some("en"), "the sentence is in {lang:?}");
    let link = form.find(&format!("{sentence} a")).await?.prop("href").await?;
    let hosted = format!("{}/campaigns/free-mech-dara", stage.proxy.origin);
    ensure!(link.as_deref() == Some(&hosted), "the link leads to {link:?}");
    ensure!(form.has("slot").await?, "the element's own content is gone");
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    let heard = stage.browser.value("heard.map(([kind, detail]) => [kind, detail.code])").await?;
    let code = heard[0][1].as_str().unwrap_or_default();
    ensure!(heard[0][0] == "error" && code.starts_with("unavailable_"), "{heard}");
    ensure!(heard.as_array().map(Vec::len) == Some(1), "{heard}");
    Ok(())
}
