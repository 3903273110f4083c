//! Contrast: with any accent colour of a campaign, text in it and on it is readable.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::embedding::TAG;
use crate::harness::Stage;

/// Functions at the start of other scripts: `painted` returns a colour as red, green and blue, `contrast` the contrast
/// ratio of two colours by WCAG.
pub(crate) const COLOURS: &str = "
const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
  .getContext('2d', { willReadFrequently: true });
// The colour on the screen of these colours, painted one over the other.
const painted = (...colours) => {
  context.clearRect(0, 0, 1, 1);
  for (const colour of colours) {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
  }
  return Array.from(context.getImageData(0, 0, 1, 1).data).slice(0, 3);
};
const luminance = (colour) => {
  const [red, green, blue] = colour.map((byte) => byte / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [less, more] = [one, other].map(luminance).sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
};";

/// Sets 216 accent colours one after the other; returns the pairs of colours with less contrast than WCAG demands, and
/// the number of all pairs.
const MEASURE: &str = "
const element = document.querySelector('stand-with');
const within = (selector) => element.shadowRoot.querySelector(selector);
const form = within('.standwith');
const style = (selector, pseudo) => getComputedStyle(within(selector), pseudo);
const steps = ['00', '33', '66', '99', 'cc', 'ff'];
const [theme] = arguments;
element.setAttribute('theme', theme);
if (theme === 'old') {
  const [sheet] = element.shadowRoot.adoptedStyleSheets;
  const rules = [...sheet.cssRules];
  sheet.deleteRule(rules.findIndex((rule) => rule instanceof CSSSupportsRule));
}
const bad = [];
let count = 0;
for (const red of steps) for (const green of steps) for (const blue of steps) {
  const accent = `#${red}${green}${blue}`;
  form.style.setProperty('--campaign-accent', accent);
  const paper = style('.standwith').backgroundColor;
  const button = style('[type=submit]');
  const ring = style('.ring');
  const box = style('.box:has(:checked)');
  const pairs = {
    button: [4.5, painted(button.backgroundColor), painted(button.color)],
    border: [3, painted(paper), painted(button.borderTopColor)],
    link: [4.5, painted(paper), painted(style('.privacy a').color)],
    summary: [4.5, painted(paper), painted(style('.edit summary').color)],
    'ticked box': [3, painted(paper, box.backgroundColor), painted(box.borderTopColor)],
    tick: [3, painted(paper, box.backgroundColor), painted(style('[type=checkbox]').accentColor)],
    selection: [4.5, painted(style('.story', '::selection').backgroundColor),
      painted(style('.story', '::selection').color)],
    ring: [3, painted(paper), painted(ring.outlineColor)],
  };
  for (const [name, [least, one, other]] of Object.entries(pairs)) {
    count++;
    const there = contrast(one, other);
    if (!(there >= least)) bad.push([accent, name, there.toFixed(2), one.join(), other.join()]);
  }
}
return { bad, count };";

pub(crate) async fn any_accent_can_be_read(stage: &Stage) -> Result<()> {
    stage.open_body(TAG).await?;
    let form = stage.form();
    // All controls have their final style only when the form is ready.
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    form.click("[name=consent_delivery]").await?;
    stage.browser.strike("\u{e004}").await?;
    // The script finds the focused element, with its ring, by this class.
    let mark =
        "document.querySelector('stand-with').shadowRoot.activeElement.classList.add('ring')";
    stage.browser.run(mark, &[]).await?;
    // Under the mouse, no filter changes the button's colours.
    let button = form.find("[type=submit]").await?;
    stage.browser.run("arguments[0].scrollIntoView()", &[serde_json::to_value(&button)?]).await?;
    stage.browser.point_at(button.clone()).await?;
    ensure!(form.has("button:hover").await?, "the mouse is elsewhere");
    let filter = button.css_value("filter").await?;
    ensure!(filter == "none", "under the mouse the button has {filter}");
    // `old`: without the rules for `light-dark()`, as in a browser that does not know it.
    for theme in ["light", "dark", "old"] {
        let told = stage.browser.run(&[COLOURS, MEASURE].concat(), &[json!(theme)]).await?;
        ensure!(told["count"].as_u64() == Some(6 * 6 * 6 * 8), "{theme}: {}", told["count"]);
        let bad = told["bad"].as_array().map_or(&[][..], Vec::as_slice);
        let some: Vec<String> = bad.iter().take(40).map(Value::to_string).collect();
        ensure!(bad.is_empty(), "{theme}: {} of {}: {}", bad.len(), told["count"], some.join("\n"));
    }
    Ok(())
}
