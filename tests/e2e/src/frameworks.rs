//! Pages on which a program adds tag, element or campaign: libraries, consent managers, frameworks, page caches. Also
//! engines without shared style sheets, and fallbacks.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::embedding::{SCRIPT, TAG};
use crate::harness::{CAMPAIGN, CAMPAIGN_IN_JSON, Stage};

const FORMS: &str = "document.querySelectorAll('stand-with').length";

pub(crate) async fn a_tag_that_never_runs_has_its_form(stage: &Stage) -> Result<()> {
    let late = "here.append(document.createRange().createContextualFragment(late.innerHTML))";
    let inert = TAG.replace("<script", "<script type=text/plain");
    let module = TAG.replace("<script async", "<script type=module");
    for (told, body) in [
        ("a copy of its address", format!("{inert}{SCRIPT}")),
        ("a module", module),
        (
            "late",
            format!(
                "{SCRIPT}<div id=here></div><template id=late>{inert}</template><script>{late}</script>"
            ),
        ),
    ] {
        let seen = async {
            stage.open_body(&format!("<main>{body}</main>")).await?;
            stage.form().until("editing").await?;
            if told == "late" {
                stage.browser.run(late, &[]).await?;
                stage.browser.until(&format!("{FORMS} === 2")).await?;
            } else {
                ensure!(stage.browser.value(FORMS).await? == 1, "not one form");
            }
            let uncaught = stage.uncaught().await?;
            ensure!(uncaught == json!([]), "uncaught: {uncaught}");
            anyhow::Ok(())
        };
        seen.await.context(told)?;
    }
    Ok(())
}

pub(crate) async fn a_page_kept_with_its_form_has_one(stage: &Stage) -> Result<()> {
    stage.open_body(&format!("<main>{TAG}</main>")).await?;
    stage.form().until("editing").await?;
    // As Turbo does: it stores a copy of the body, whose scripts run when it is restored.
    let away = "const kept = document.querySelector('main').cloneNode(true);
        document.querySelector('main').replaceWith(document.createElement('main'));
        for (const old of kept.querySelectorAll('script')) {
          const script = document.createElement('script');
          for (const { name, value } of old.attributes) script.setAttribute(name, value);
          script.onload = () => window.isBack = true;
          old.replaceWith(script);
        }
        window.isBack = false;
        document.querySelector('main').replaceWith(kept);";
    for _ in 0..4 {
        stage.browser.run(away, &[]).await?;
        stage.browser.until("window.isBack").await?;
        ensure!(stage.browser.value(FORMS).await? == 1, "not one form");
        stage.form().until("editing").await?;
    }
    // As a prerenderer does: the page is served with the element that the tag has inserted.
    let made = stage.browser.value("document.querySelector('main').outerHTML").await?;
    let made = made.as_str().context("no page")?;
    for page in [made.to_owned(), made.replace("async=\"\"", "")] {
        stage.open_body(&page).await?;
        stage.form().until("editing").await?;
        stage.browser.until("document.readyState === 'complete'").await?;
        ensure!(stage.browser.value(FORMS).await? == 1, "not one form");
    }
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    Ok(())
}

pub(crate) async fn a_page_that_replaces_its_content_has_a_form(stage: &Stage) -> Result<()> {
    stage.open_body(&format!("<main>{TAG}</main>")).await?;
    stage.form().until("editing").await?;
    // As page transitions do: scripts of a parsed page never run.
    let go = "window.old = document.querySelector('stand-with');
        fetch(location.href).then((page) => page.text()).then((html) => {
          const { body } = new DOMParser().parseFromString(html, 'text/html');
          document.querySelector('main').replaceWith(body.querySelector('main'));
        });";
    for _ in 0..2 {
        stage.browser.run(go, &[]).await?;
        let is_new =
            "document.querySelector('stand-with') && document.querySelector('stand-with') !== old";
        stage.browser.until(is_new).await?;
        stage.form().until("editing").await?;
        ensure!(stage.browser.value(FORMS).await? == 1, "not one form");
    }
    stage.form().fill().await?;
    stage.form().send().await?;
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    Ok(())
}

pub(crate) async fn a_form_that_is_taken_out_for_a_moment_stays_as_it_is(
    stage: &Stage,
) -> Result<()> {
    stage.open_body(&format!("<main>{TAG}</main>")).await?;
    let form = stage.form();
    form.until("editing").await?;
    form.fill().await?;
    // Turbo waits some microtasks before it puts an element back; htmx moves it through another document.
    let away = "window.isBack = false;
        const form = document.querySelector('stand-with');
        form.remove();
        Promise.resolve().then(() => {}).then(() => {
          document.implementation.createHTMLDocument('').body.append(form);
          document.querySelector('main').append(form);
          window.isBack = true;
        });";
    stage.browser.run(away, &[]).await?;
    stage.browser.until("isBack").await?;
    form.is_filled().await?;
    let cursor = "getComputedStyle(document.querySelector('stand-with').shadowRoot.querySelector('[type=submit]')).cursor";
    ensure!(stage.browser.value(cursor).await? == "pointer", "the form has no style");
    form.send().await?;
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    Ok(())
}

pub(crate) async fn escape_closes_the_dialog_around_the_form(stage: &Stage) -> Result<()> {
    stage.open_body(&format!("<main>{TAG}</main>")).await?;
    let form = stage.form();
    form.until("editing").await?;
    let listen = "window.pressed = [];
        document.addEventListener('keydown', ({ key }) => pressed.push(key));";
    stage.browser.run(listen, &[]).await?;
    form.click("[name=given_name]").await?;
    stage.browser.strike("a\u{e00c}").await?;
    stage.browser.until("pressed.length > 0").await?;
    let pressed = stage.browser.value("pressed").await?;
    ensure!(pressed == json!(["Escape"]), "{pressed}");
    Ok(())
}

pub(crate) async fn elements_may_be_polyfilled(stage: &Stage) -> Result<()> {
    // As a polyfill of custom elements does: its constructor does not inherit from `Element`.
    let polyfill = "<script>{
        const native = HTMLElement;
        const patched = function () { return Reflect.construct(native, [], new.target); };
        patched.prototype = native.prototype;
        patched.prototype.constructor = window.HTMLElement = patched;
      }</script>";
    stage.open_page(polyfill, TAG, &[]).await?;
    let form = stage.form();
    form.until("editing").await?;
    form.fill().await?;
    form.send().await?;
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    Ok(())
}

pub(crate) async fn a_campaign_may_come_late_and_change(stage: &Stage) -> Result<()> {
    stage.open_page(SCRIPT, "<stand-with>My words</stand-with>", &[]).await?;
    let form = stage.form();
    form.until("unavailable").await?;
    let set = |campaign: &str| {
        let address = format!("{}/campaigns/{campaign}.json", stage.proxy.origin);
        format!("document.querySelector('stand-with').setAttribute('campaign', {address:?})")
    };
    stage.browser.run(&set(CAMPAIGN), &[]).await?;
    form.until("editing").await?;
    form.fill().await?;
    stage.browser.run(&set(CAMPAIGN_IN_JSON), &[]).await?;
    form.until_it_says("In JSON").await?;
    form.until("editing").await?;
    ensure!(form.value("given_name").await?.is_empty(), "typed for another campaign");
    ensure!(stage.proxy.posted().is_empty(), "sent");
    form.fill().await?;
    form.send().await?;
    let posted = stage.proxy.posted();
    ensure!(posted.len() == 1 && posted[0].path.contains(CAMPAIGN_IN_JSON), "{posted:?}");
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    Ok(())
}

pub(crate) async fn without_shared_styles_the_form_brings_its_own(stage: &Stage) -> Result<()> {
    let old = "<script>window.CSSStyleSheet = function () { throw new TypeError('Illegal constructor'); }</script>";
    stage.open_page(old, TAG, &[]).await?;
    let form = stage.form();
    form.until("editing").await?;
    let cursor = "getComputedStyle(document.querySelector('stand-with').shadowRoot.querySelector('[type=submit]')).cursor";
    ensure!(stage.browser.value(cursor).await? == "pointer", "the form has no style");
    form.fill().await?;
    form.send().await?;
    // If a policy forbids the form's own style element, a sentence and a link appear instead of the form.
    let policy = "style-src 'none'";
    let old = old.replace("<script>", "<script nonce=n>");
    stage.open_page(&old, TAG, &[("Content-Security-Policy", policy)]).await?;
    form.until("unavailable").await?;
    form.until_it_says("Open the form on its own page").await
}

pub(crate) async fn the_fallback_leads_to_the_hosted_form_and_the_language_around_counts(
    stage: &Stage,
) -> Result<()> {
    for end in ["?v=2", "#x", " "] {
        let tag = TAG.replace(".json\"", &format!(".json{end}\""));
        stage.open_page("<script>delete window.WebAssembly</script>", &tag, &[]).await?;
        crate::strict::says_why(stage, "this page or browser does not let it run").await?;
    }
    let page = format!("{SCRIPT}<div id=host lang=km></div>");
    stage.open_body(&page).await?;
    let place = format!(
        "const form = document.createElement('stand-with');
        form.setAttribute('campaign', '{}/campaigns/{CAMPAIGN}.json');
        host.attachShadow({{ mode: 'open' }}).append(form);",
        stage.proxy.origin
    );
    stage.browser.run(&place, &[]).await?;
    let form = stage.form_at("host.shadowRoot.querySelector('stand-with')");
    form.until("editing").await?;
    ensure!(form.has(".standwith[lang=km]").await?, "the form is not in Khmer");
    Ok(())
}
