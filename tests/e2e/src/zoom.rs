//! Large text and narrow windows: everything is there, in one column, and nothing is cut off.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::form::Form;
use crate::harness::{CAMPAIGN, Stage};
use crate::states::{self, ARABIC, Page};

/// Returns the form's defects in its frame, at each of these widths and with each of these styles.
const MEASURE: &str = r#"
const element = document.querySelector('stand-with');
const root = element.shadowRoot;
const frame = frameElement;
// WCAG 1.4.12. A person's own style overrides any of a page.
const spacing = `* {
  line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
} p { margin-bottom: 2em !important; }`;
const bad = [];
const sheets = [...root.adoptedStyleSheets];
const name = (node) => `${node.localName}#${node.id}.${node.className}`;
const isSeen = (node) => !node.closest('.hidden, [aria-hidden]') && node.checkVisibility()
  && node.getClientRects().length > 0;
for (const [what, width, css] of [
  // 200 % and 400 % of a window 1280 pixels wide.
  ['200 %', 640, ''],
  ['400 %', 320, ''],
  // Larger text alone, as the settings of a system may have it. A select shows one line, which does not wrap.
  ['letters of 200 %', 640, '.standwith { font-size: 200% !important; }'],
  ['more space', 640, spacing],
  ['more space in a narrow window', 320, spacing],
]) {
  frame.style.width = `${width}px`;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...sheets, sheet];
  const say = (fault, node, ...more) => bad.push([what, fault, node && name(node), ...more].join(' '));

  const scrolling = document.scrollingElement;
  if (innerWidth !== width) say(`the window is ${innerWidth} pixels wide`);
  if (scrolling.scrollWidth > scrolling.clientWidth) say('the page scrolls sideways', undefined, scrolling.scrollWidth);
  const edge = root.querySelector('.standwith').getBoundingClientRect();
  const nodes = [...root.querySelectorAll('.standwith *')].filter(isSeen);
  if (nodes.length < 2) say('nothing is visible');
  for (const node of nodes) {
    const { left, right, width, height } = node.getBoundingClientRect();
    if (left < edge.left || right > edge.right + 0.5) say('it sticks out', node, left, right);
    // Inline boxes have no width of their own, and typed text scrolls in its field.
    if (node.clientWidth && !/^(input|textarea|select|option|progress)$/.test(node.localName)) {
      if (node.scrollWidth > node.clientWidth + 1) say('it overflows to the side', node, node.scrollWidth, node.clientWidth);
      const { overflowY } = getComputedStyle(node);
      // The letter scrolls in its box.
      if (overflowY !== 'visible' && !node.matches('.letters') && node.scrollHeight > node.clientHeight + 1) say('it is cut off', node);
    }
    if (/^(input|select)$/.test(node.localName) && !/checkbox|hidden/.test(node.type)) {
      // One line of text fits in.
      const { fontSize, paddingTop, paddingBottom } = getComputedStyle(node);
      const room = node.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
      if (room < 1.15 * parseFloat(fontSize)) say('its line is cut off', node, room, fontSize);
    }
    // WCAG 2.5.8; links within a sentence are exempt.
    const isSentence = node.localName === 'a' && getComputedStyle(node).display === 'inline'
      && node.parentElement.textContent.trim() !== node.textContent.trim();
    if (node.matches('a[href], button, summary, input, select, textarea') && !isSentence) {
      if (Math.min(width, height) < 24) say('it is too small to hit', node, width, height);
    }
    // A block does not overlap the next one.
    const next = node.nextElementSibling;
    if (next && isSeen(next) && node.parentElement.matches('form, section, fieldset, .standwith, .field, .thanks, .story, ul, .summary > div, .privacy, .receipt')) {
      const [one, other] = [node, next].map((each) => each.getBoundingClientRect());
      const apart = one.bottom <= other.top + 1 || one.right <= other.left + 1 || other.right <= one.left + 1;
      if (!apart) say('it overlaps the next element', node, one.bottom, other.top);
    }
  }
}
frame.style.width = '';
root.adoptedStyleSheets = sheets;
return bad;"#;

async fn nothing_is_lost(form: &Form<'_>) -> Result<()> {
    let bad = form.browser.run(MEASURE, &[]).await?;
    ensure!(bad == json!([]), "{bad:#}");
    Ok(())
}

pub(crate) async fn nothing_is_lost_in_any_size(stage: &Stage) -> Result<()> {
    states::serve_them(stage).await?;
    let look = async |form: &Form<'_>, _: &str| nothing_is_lost(form).await;
    let page = Page { name: "Arabic", head: "", tag: states::tag_of(ARABIC), is_framed: true };
    states::walk(stage, &page, look).await
}

pub(crate) async fn nothing_is_lost_where_nothing_can_be_sent(stage: &Stage) -> Result<()> {
    states::serve_them(stage).await?;
    let look = async |form: &Form<'_>, _: &str| nothing_is_lost(form).await;
    let page = Page { name: "English", head: "", tag: states::tag_of(CAMPAIGN), is_framed: true };
    states::show_the_rest(stage, &page, look).await
}
