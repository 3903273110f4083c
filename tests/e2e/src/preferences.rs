//! A person's preferences in browser and system: own colours, dark pages, reduced motion.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::contrast::COLOURS;
use crate::embedding::{SCRIPT, TAG};
use crate::harness::browser::Browser;
use crate::harness::engine::{Engine, Wish};
use crate::harness::fault_proxy::Fault;
use crate::harness::form::Form;
use crate::harness::server::answer;
use crate::harness::{CAMPAIGN, Stage};

/// Opens a page of the partner with this body, in a browser with preferences.
async fn open(stage: &Stage, browser: &Browser, body: &str) -> Result<()> {
    let page = stage.partner.publish("", body, &[]);
    browser.open(&format!("{}/{page}", stage.partner.origin)).await
}

fn form_in(browser: &Browser) -> Form<'_> {
    Form { browser, element: "document.querySelector('stand-with')".to_owned() }
}

/// Whether its background is dark, and its text light.
async fn is_dark(browser: &Browser, element: &str) -> Result<bool> {
    let script = format!(
        "{COLOURS} const {{ backgroundColor, color }} = getComputedStyle({element});
        return [backgroundColor, color].map((colour) => luminance(painted(colour)));"
    );
    let told = browser.run(&script, &[]).await?;
    let [paper, words] = [0, 1].map(|at| told[at].as_f64().unwrap_or_default());
    ensure!((paper - words).abs() > 0.5, "{element}: nothing is readable: {told}");
    Ok(paper < words)
}

const FORM: &str = "document.querySelector('stand-with').shadowRoot.querySelector('.standwith')";

pub(crate) async fn it_is_as_dark_as_it_is_told(stage: &Stage) -> Result<()> {
    for (page, theme, dark) in [
        ("", "", false),
        ("light", "", false),
        ("dark", "", true),
        ("light", "dark", true),
        ("dark", "light", false),
        // `auto` means the page's scheme, like no theme.
        ("dark", "auto", true),
    ] {
        let tag = TAG.replace("data-campaign", &format!("data-theme='{theme}' data-campaign"));
        let style = format!("<style>:root {{ color-scheme: {page} }}</style>");
        stage.open_page(&style, &tag, &[]).await?;
        stage.form().until("editing").await?;
        let is_dark = is_dark(&stage.browser, FORM).await?;
        ensure!(is_dark == dark, "the page is {page:?}, the theme {theme:?}: dark is {is_dark}");
        // The parts that the browser itself draws have the same scheme.
        let scheme = format!("getComputedStyle({FORM}).colorScheme");
        let scheme = stage.browser.value(&scheme).await?;
        let expected = if dark { "dark" } else { "light" };
        ensure!(page.is_empty() || scheme == expected, "{page:?}, {theme:?}: {scheme}");
    }
    Ok(())
}

pub(crate) async fn dark_and_still_is_how_it_is_wanted(stage: &Stage) -> Result<()> {
    // Without the preference, something moves while sending; so the check below proves something.
    let moving = "document.querySelector('stand-with').shadowRoot.getAnimations().length";
    let send = async |form: &Form<'_>| {
        form.fill().await?;
        stage.proxy.break_down("/actions", Fault::Hold);
        form.submit().await?;
        form.until("sending").await?;
        form.find("[aria-disabled]").await?;
        let count = form.browser.value(moving).await?;
        stage.proxy.clear_faults();
        form.until("sent").await?;
        anyhow::Ok(count)
    };
    let is_still = "matchMedia('(prefers-reduced-motion: reduce)').matches";
    stage.open_body(TAG).await?;
    if stage.browser.value(is_still).await? == false {
        let count = send(&stage.form()).await?;
        ensure!(count == 1, "{count} move");
    }

    let browser = Browser::start_for(stage.browser.engine, Wish::DarkAndStill).await?;
    let done = async {
        let auto = "<style>:root { color-scheme: light dark }</style>";
        open(stage, &browser, &[auto, TAG].concat()).await?;
        let dark = browser.value("matchMedia('(prefers-color-scheme: dark)').matches").await?;
        ensure!(dark == true, "the browser is not dark");
        let form = form_in(&browser);
        form.until("editing").await?;
        ensure!(is_dark(&browser, FORM).await?, "the form is light");
        ensure!(browser.value(is_still).await? == true, "the browser does not reduce motion");
        let count = send(&form).await?;
        ensure!(count == 0, "{count} move");
        // Nor does an element have a transition.
        let moves = "[...document.querySelector('stand-with').shadowRoot.querySelectorAll('*')]
            .filter((element) => parseFloat(getComputedStyle(element).transitionDuration)).length";
        ensure!(browser.value(moves).await? == 0, "something moves");

        open(stage, &browser, TAG).await?;
        form.until("editing").await?;
        ensure!(!is_dark(&browser, FORM).await?, "it is dark on a page that can't be");

        browser.open(&format!("{}/campaigns/{CAMPAIGN}?lang=en", stage.proxy.origin)).await?;
        for element in ["document.querySelector('.standwith')", "document.body"] {
            ensure!(is_dark(&browser, element).await?, "{element} of the hosted page is light");
        }
        Ok(())
    };
    let done = done.await;
    browser.quit().await;
    done
}

/// Returns the lines and texts that can't be distinguished from their background when no colour of ours is left; all
/// colours are computed ones.
const APART: &str = "
const root = document.querySelector('stand-with').shadowRoot;
const paper = painted(getComputedStyle(root.querySelector('.standwith')).backgroundColor);
const bad = [];
const line = (selector, side, least) => {
  const style = getComputedStyle(root.querySelector(selector));
  const [width, kind, colour] = ['Width', 'Style', 'Color'].map((what) => style[`border${side}${what}`]);
  const there = contrast(paper, painted(colour));
  if (parseFloat(width) < least || kind === 'none' || there < 3) bad.push([selector, side, width, kind, colour, there]);
};
for (const [selector, side, least] of arguments[0]) line(selector, side, least);
for (const element of root.querySelectorAll('*')) {
  if (!element.checkVisibility() || ![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
  const { color, backgroundColor } = getComputedStyle(element);
  const there = contrast(painted('Canvas', paper.length ? `rgb(${paper})` : '', backgroundColor), painted(color));
  if (there < 4.5) bad.push([element.outerHTML.slice(0, 80), color, backgroundColor, there]);
}
return bad;";

async fn are_apart(browser: &Browser, lines: Value) -> Result<()> {
    let bad = browser.run(&[COLOURS, APART].concat(), &[lines]).await?;
    ensure!(bad == json!([]), "{bad:#}");
    Ok(())
}

pub(crate) async fn own_colours_leave_nothing_out(stage: &Stage) -> Result<()> {
    if stage.browser.engine == Engine::Webkit {
        // WebKitGTK has no such setting.
        return Ok(());
    }
    let browser = Browser::start_for(stage.browser.engine, Wish::OwnColours).await?;
    let done = with_own_colours(stage, &browser).await;
    browser.quit().await;
    done
}

async fn with_own_colours(stage: &Stage, browser: &Browser) -> Result<()> {
    let count = r#"{"count":2500,"goal":5000}"#;
    stage.proxy.break_down("/count", Fault::Answer(answer(200, "application/json", count)));
    let element = r#"<stand-with campaign="https://actions.example.org/campaigns/free-mech-dara.json"></stand-with>"#;
    open(stage, browser, &[SCRIPT, element].concat()).await?;
    let forced = browser.value("matchMedia('(forced-colors: active)').matches").await?;
    ensure!(forced == true, "the browser does not force its colours");
    let form = form_in(browser);
    form.until_it_says("2,500 of 5,000").await?;
    are_apart(
        browser,
        json!([["button", "Top", 1], ["input[type=email]", "Top", 1], ["progress", "Top", 1]]),
    )
    .await?;
    // Half of the bar is filled, and visibly so.
    let bar = form.find("progress").await?;
    let full = browser.colour_at(&bar, (0.25, 0.5)).await?;
    let rest = browser.colour_at(&bar, (0.75, 0.5)).await?;
    let apart = format!("{COLOURS} return contrast(...arguments[0])");
    let apart = browser.run(&apart, &[json!([full, rest])]).await?;
    ensure!(apart.as_f64() >= Some(3.0), "the bar: {full} beside {rest}: {apart}");

    // The focused element has a ring.
    form.click("[name=consent_updates]").await?;
    browser.strike("\u{e004}").await?;
    let ring = format!(
        "{COLOURS} const root = document.querySelector('stand-with').shadowRoot;
        const {{ outlineStyle, outlineWidth, outlineColor }} = getComputedStyle(root.activeElement);
        const paper = getComputedStyle(root.querySelector('.standwith')).backgroundColor;
        return [outlineStyle, parseFloat(outlineWidth), contrast(painted(paper), painted(outlineColor))];"
    );
    let ring = browser.run(&ring, &[]).await?;
    let is_seen =
        ring[0] == "solid" && ring[1].as_f64() >= Some(2.0) && ring[2].as_f64() >= Some(3.0);
    ensure!(is_seen, "the ring: {ring}");
    // A ticked box looks different from an empty one.
    let pixel = async |selector| {
        let tick = form.find(selector).await?;
        let mut seen = Vec::new();
        for at in [0.3, 0.4, 0.5, 0.6, 0.7] {
            seen.push(browser.colour_at(&tick, (at, 0.5)).await?);
            seen.push(browser.colour_at(&tick, (at, 0.65)).await?);
        }
        anyhow::Ok(seen)
    };
    let ticked = pixel("[name=consent_updates]").await?;
    let empty = pixel("[name=consent_delivery]").await?;
    ensure!(ticked != empty, "ticked boxes look like empty ones");

    form.click("[type=submit]").await?;
    form.find("#form-summary").await?;
    // More than a colour marks an error: a frame around the summary, a bar beside the field, and a wider border.
    are_apart(
        browser,
        json!([["#form-summary", "Top", 3], [".wrong", "Left", 5], ["#email", "Top", 2]]),
    )
    .await?;
    form.fill().await?;
    stage.proxy.break_down("/actions", Fault::Answer(answer(502, "text/html", "")));
    form.submit().await?;
    form.find("#form-notice[part=error]").await?;
    are_apart(browser, json!([["#form-notice", "Left", 5], ["button", "Top", 1]])).await?;
    stage.proxy.clear_faults();
    form.send().await?;
    are_apart(browser, json!([[".share a", "Top", 1], [".next", "Top", 1]])).await
}
