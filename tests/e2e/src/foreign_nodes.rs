//! Nodes that browser extensions and scripts of the page insert into the form or around it.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::embedding::{SCRIPT, TAG};
use crate::first_paint::serve_changed;
use crate::harness::fault_proxy::Fault;
use crate::harness::form::PERSON;
use crate::harness::{CAMPAIGN, Stage};

const ROOT: &str = "document.querySelector('stand-with').shadowRoot";

/// Inserts a style at the top of the form, and foreign nodes before every element, at the start of most, and around its
/// controls unless they have the focus, as one extension or another does.
const CROWD: &str = "
  const root = document.querySelector('stand-with').shadowRoot;
  const foreign = () => document.createElement('x-y');
  const style = document.createElement('style');
  style.textContent = 'x-y { display: contents }';
  root.prepend(style);
  for (const element of root.querySelectorAll('.standwith, .standwith :not(option)')) {
    if (element.localName === 'x-y') continue;
    element.before(foreign());
    if (!element.matches('select, legend, summary')) element.prepend(foreign());
    if (!element.matches('input, textarea, .standwith') || element === root.activeElement) continue;
    const around = foreign();
    element.before(around);
    around.append(element);
  }
  root.append(foreign());";

pub(crate) async fn a_writing_assistant_takes_no_focus(stage: &Stage) -> Result<()> {
    stage.open_body(&format!("<main>{TAG}</main>")).await?;
    let form = stage.form();
    form.until("editing").await?;
    for name in ["body", "subject", "given_name", "email"] {
        let seen = async {
            let selector = format!("[name={name}]");
            form.click(&selector).await?;
            let set = "const root = document.querySelector('stand-with').shadowRoot;
              window.control = root.activeElement;
              if (control.type !== 'email') control.setSelectionRange(0, 0);
              control.before(window.beside = document.createElement('x-y'));";
            stage.browser.run(set, &[]).await?;
            let before = form.value(name).await?;
            stage.browser.strike("abc").await?;
            let typed = form.value(name).await?;
            ensure!(typed == format!("abc{before}"), "{typed:?}");
            let kept = format!(
                "[{ROOT}.activeElement === control, control.previousSibling === beside, control.isConnected]"
            );
            let kept = stage.browser.value(&kept).await?;
            ensure!(kept == json!([true, true, true]), "{kept}");

            // Around the control: moving it takes its focus, which the script restores; a second click would select.
            let around = "const around = document.createElement('x-y');
              control.before(around);
              around.append(control);
              control.focus();";
            stage.browser.run(around, &[]).await?;
            stage.browser.strike("d").await?;
            stage.browser.strike("e").await?;
            let kept = format!(
                "[{ROOT}.activeElement === control, control.parentNode.localName,
                  control.value.length - {}, {ROOT}.querySelectorAll('[name={name}]').length]",
                before.encode_utf16().count()
            );
            let kept = stage.browser.value(&kept).await?;
            ensure!(kept == json!([true, "x-y", 5, 1]), "around it: {kept}");
            anyhow::Ok(())
        };
        seen.await.context(name)?;
    }
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

pub(crate) async fn nothing_of_the_form_stays_beside_the_thanks(stage: &Stage) -> Result<()> {
    for at_risk in [false, true] {
        if at_risk {
            serve_changed(stage, |file| file["at_risk"] = true.into()).await?;
        }
        for crowd in [
            CROWD,
            "document.querySelector('stand-with').shadowRoot.prepend(
            document.createElement('style'))",
        ] {
            stage.open_body(&format!("<main>{TAG}</main>")).await?;
            let form = stage.form();
            form.until("editing").await?;
            stage.browser.run(crowd, &[]).await?;
            form.click("[name=subject]").await?;
            stage.browser.strike("Letter of mine ").await?;
            form.fill().await?;
            form.submit().await?;
            form.until("sent").await?;
            let left = format!(
                "[{ROOT}.querySelectorAll('.standwith').length, {ROOT}.querySelectorAll('form, .letters').length,
                  {ROOT}.querySelectorAll('input, textarea').length]"
            );
            let told = format!("at risk: {at_risk}");
            let seen = stage.browser.value(&left).await?;
            ensure!(seen == json!([1, 0, 0]), "{told}: {seen}");
            let text = stage.browser.value(&format!("{ROOT}.textContent")).await?;
            let text = text.as_str().unwrap_or_default();
            for entered in PERSON.map(|(_, value)| value).into_iter().chain(["Letter of mine"]) {
                ensure!(!text.contains(entered), "{told}: {entered} in {text}");
            }

            stage.browser.run("document.querySelector('stand-with').reset()", &[]).await?;
            form.until("editing").await?;
            let forms = stage.browser.value(&left).await?;
            ensure!(forms[0] == 1 && forms[1] == 2, "{told}, after reset: {forms}");
            for (name, _) in PERSON {
                ensure!(form.value(name).await?.is_empty(), "{told}, after reset: {name}");
            }
            ensure!(!form.value("subject").await?.contains("Letter"), "{told}, after reset");
            ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
        }
    }
    Ok(())
}

pub(crate) async fn the_fallback_is_hidden_beside_foreign_nodes(stage: &Stage) -> Result<()> {
    stage.proxy.break_down(".json", Fault::Hold);
    let element = format!(
        r#"<stand-with campaign="https://actions.example.org/campaigns/{CAMPAIGN}.json"><a
          id=fallback href="https://actions.example.org/campaigns/{CAMPAIGN}">Send your message</a></stand-with>"#
    );
    stage.open_page(SCRIPT, &element, &[]).await?;
    stage.form().until("loading").await?;
    let crowd = format!(
        "{ROOT}.prepend(document.createElement('style')); {ROOT}.append(document.createElement('x-y'))"
    );
    stage.browser.run(&crowd, &[]).await?;
    stage.proxy.clear_faults();
    let form = stage.form();
    form.find("form").await?;
    let height = "fallback.getBoundingClientRect().height";
    ensure!(stage.browser.value(height).await? == 0, "the content is visible beside the form");
    form.until("editing").await?;
    ensure!(stage.browser.value(height).await? == 0, "the content is still visible");
    form.fill().await?;
    form.send().await?;
    let seen = format!("[{height}, {ROOT}.querySelectorAll('style, x-y, .standwith').length]");
    let seen = stage.browser.value(&seen).await?;
    ensure!(seen == json!([0, 3]), "{seen}");
    Ok(())
}
