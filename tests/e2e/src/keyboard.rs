//! Keyboard use, without a mouse.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::contrast::COLOURS;
use crate::harness::Stage;
use crate::harness::browser::Browser;
use crate::harness::form::Form;
use crate::states::{self, ARABIC};

// Key codes of WebDriver.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const SHIFT: char = '\u{e008}';

pub(crate) async fn a_form_needs_no_mouse(stage: &Stage) -> Result<()> {
    stage.open("index.html").await?;
    let form = stage.form();
    form.until("editing").await?;
    let strike = |keys: String| async move { stage.browser.strike(&keys).await };

    // Enter in a field submits the form, which still has field errors.
    tab_to(&form, "given_name").await?;
    strike(format!("Sophea{ENTER}")).await?;
    form.find("#form-summary").await?;
    ensure!(form.focused().await? == "form-summary", "the focus is not on the summary");
    // The links of the summary come next, in the order of the form.
    strike(format!("{TAB}{ENTER}")).await?;
    ensure!(form.focused().await? == "family_name", "led to {}", form.focused().await?);
    strike(format!("Chan{TAB}sophea@supporter.invalid{TAB}")).await?;
    ensure!(
        form.focused().await? == "country",
        "after the address comes {}",
        form.focused().await?
    );
    strike("cambod".to_owned()).await?;
    // Enter opens the list of targets, and Space deselects the first one.
    tab_to_summary(&form, ".to").await?;
    strike(ENTER.to_string()).await?;
    tab_to(&form, "targets").await?;
    strike(" ".to_owned()).await?;
    ensure!(!form.has("#targets:checked").await?, "Space did not untick");
    tab_to(&form, "consent_delivery").await?;
    strike(" ".to_owned()).await?;
    ensure!(form.value("country").await? == "KH", "{:?}", form.value("country").await?);
    ensure!(
        !form.has("[aria-invalid]").await?,
        "a field error is left: {}",
        form.text("#form-summary").await?
    );

    // Enter sends once, however the engine treats it.
    stage
        .browser
        .run(
            "document.querySelector('stand-with').shadowRoot.querySelector('[name=email]').focus()",
            &[],
        )
        .await?;
    strike(ENTER.to_string()).await?;
    form.until("sent").await?;
    ensure!(form.focused().await? == "form-thanks", "the focus is not on the thanks");
    ensure!(stage.proxy.posted().len() == 1, "sent {} times", stage.proxy.posted().len());
    let claims = stage.endpoint.only_action().await?["claims"].take();
    ensure!(claims["person"]["email"] == "sophea@supporter.invalid", "{claims}");
    Ok(())
}

/// Returns all elements that Tab must reach, in the order of the form, with their vertical positions.
const STOPS: &str = "
const root = document.querySelector('stand-with').shadowRoot;
return [...root.querySelectorAll('a[href], input, select, textarea, button, summary, .letters')]
  .filter((stop) => stop.checkVisibility() && stop.getClientRects().length)
  .map((stop) => [
    stop.id || stop.getAttribute('href') || stop.localName,
    Math.round(stop.getBoundingClientRect().top + scrollY),
  ]);";

/// Returns the focused element, and what is wrong with its visibility or that of its ring.
const SEEN: &str = "
const inner = document.activeElement.shadowRoot?.activeElement;
const stop = inner ?? document.activeElement;
const called = stop.id || stop.getAttribute('href') || stop.localName;
if (!inner) return [called, ''];
const root = inner.getRootNode();
const style = getComputedStyle(stop);
const paper = painted(getComputedStyle(root.querySelector('.standwith')).backgroundColor);
const ring = contrast(paper, painted(style.outlineColor));
// The box of the first line, for a link on several lines.
const [box] = stop.getClientRects();
if (!box) return [called, 'it has no box'];
const { left, top, right, bottom } = box;
const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
const above = root.elementFromPoint(x, y);
return [called, [
  style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2 ? `no ring: ${style.outline}` : '',
  ring < 3 ? `the ring has only ${ring}` : '',
  stop === above || stop.contains(above) ? '' : `something is above it: ${above?.outerHTML.slice(0, 80)}`,
].join('')];";

pub(crate) async fn tab_leads_through_all_of_it_and_back(stage: &Stage) -> Result<()> {
    states::serve_them(stage).await?;
    let tag = states::tag_of(ARABIC);
    let body = format!("<a id=before href='#'>Before</a>{tag}<a id=after href='#'>After</a>");
    let page = stage.partner.publish("", &body, &[]);
    // The viewport of a window of 1280 by 1024 pixels at 400 %.
    let frame = format!("<iframe title=Form width=320 height=256 src='{page}'></iframe>");
    stage.open_body(&frame).await?;
    stage.browser.enter_frame().await?;
    let form = stage.form();
    form.until("editing").await?;
    form.submit().await?;
    form.find("#form-summary").await?;
    let open = "for (const details of document.querySelector('stand-with').shadowRoot.querySelectorAll('details'))
        details.open = true";
    stage.browser.run(open, &[]).await?;

    let stops = stage.browser.run(STOPS, &[]).await?;
    let stops = stops.as_array().context("no list")?;
    ensure!(stops.len() > 30, "{stops:?}");
    // No element is higher on the page than the one before.
    ensure!(stops.iter().map(|stop| stop[1].as_i64()).is_sorted(), "{stops:?}");
    let mut wanted = vec![json!("before")];
    wanted.extend(stops.iter().map(|stop| stop[0].clone()));
    wanted.push(json!("after"));
    stage.browser.run("document.querySelector('#before').focus()", &[]).await?;
    let there = all_stops(stage, "after", false).await?;
    ensure!(there == wanted, "there: {there:?}\nwanted: {wanted:?}");
    let mut back = all_stops(stage, "before", true).await?;
    back.reverse();
    ensure!(back == wanted, "back: {back:?}\nwanted: {wanted:?}");
    Ok(())
}

/// Presses Tab until `last` has the focus; returns the focused elements, and asserts that each is visible.
async fn all_stops(stage: &Stage, last: &str, is_back: bool) -> Result<Vec<Value>> {
    let look = || async { stage.browser.run(&[COLOURS, SEEN].concat(), &[]).await };
    let mut stops = vec![look().await?[0].take()];
    for _ in 0..80 {
        if stops.last().is_some_and(|stop| stop == last) {
            return Ok(stops);
        }
        if is_back {
            stage.browser.strike_with(SHIFT, TAB).await?;
        } else {
            stage.browser.strike(&TAB.to_string()).await?;
        }
        let mut seen = look().await?;
        // Some engines scroll with a delay.
        for _ in 0..20 {
            if seen[1] == "" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            seen = look().await?;
        }
        ensure!(seen[1] == "", "{}: {}", seen[0], seen[1]);
        // A date field has several stops, which count as one.
        if stops.last() != Some(&seen[0]) {
            stops.push(seen[0].take());
        }
    }
    bail!("Tab never leads to {last}: {stops:?}")
}

pub(crate) async fn each_mistake_leads_to_its_field(stage: &Stage) -> Result<()> {
    states::serve_them(stage).await?;
    stage.open_body(&states::tag_of(ARABIC)).await?;
    let form = stage.form();
    form.until("editing").await?;
    form.enter("letters", "many").await?;
    form.enter("phone", "none").await?;
    form.submit().await?;
    form.find("#form-summary").await?;
    ensure!(form.focused().await? == "form-summary", "the focus is not on the summary");
    let links = stage.browser.run(LINKS, &[]).await?;
    let links = links.as_array().context("no list")?;
    ensure!(links.len() >= 6, "{links:?}");
    for (index, link) in links.iter().enumerate() {
        let [name, said, error, described] =
            [0, 1, 2, 3].map(|at| link[at].as_str().unwrap_or_default());
        ensure!(
            !said.is_empty() && said == error,
            "{name}: {said:?} above, {error:?} at the field"
        );
        let is_tied = described.split(' ').any(|id| id == format!("{name}-error"));
        ensure!(is_tied && link[4] == "true", "{name} is described by {described:?}");
        follow(stage.form().browser, index).await?;
        ensure!(form.focused().await? == name, "{name}: led to {}", form.focused().await?);
    }
    Ok(())
}

/// Returns for each link of the summary its target, its text, the text of the error there, and the attributes that
/// connect control and error.
const LINKS: &str = "
const root = document.querySelector('stand-with').shadowRoot;
return [...root.querySelectorAll('.summary a')].map((link) => {
  const name = link.getAttribute('href').slice(1);
  const error = root.getElementById(`${name}-error`);
  const control = error?.closest('fieldset') ?? root.getElementById(name);
  return [
    name, link.textContent, error?.textContent, control.getAttribute('aria-describedby'),
    control.getAttribute('aria-invalid'),
  ];
});";

async fn follow(browser: &Browser, index: usize) -> Result<()> {
    let focus = "document.querySelector('stand-with').shadowRoot
        .querySelectorAll('.summary a')[arguments[0]].focus()";
    browser.run(focus, &[index.into()]).await?;
    browser.strike(&ENTER.to_string()).await
}

/// Presses Tab until the `summary` of the element that this selector finds has the focus.
async fn tab_to_summary(form: &Form<'_>, of: &str) -> Result<()> {
    let is_there = format!(
        "document.querySelector('stand-with').shadowRoot.activeElement?.matches('{of} > summary')"
    );
    for _ in 0..60 {
        if form.browser.value(&is_there).await? == true {
            return Ok(());
        }
        form.browser.strike(&TAB.to_string()).await?;
    }
    bail!("Tab never leads to the summary of {of}")
}

/// Presses Tab until the element with this id has the focus.
async fn tab_to(form: &Form<'_>, id: &str) -> Result<()> {
    for _ in 0..60 {
        if form.focused().await? == id {
            return Ok(());
        }
        form.browser.strike(&TAB.to_string()).await?;
    }
    bail!("Tab never leads to {id}")
}
