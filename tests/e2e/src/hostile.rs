//! A page that fights the form.

use anyhow::{Context, Result, ensure};

use crate::harness::Stage;

pub(crate) async fn a_hostile_page_neither_hides_the_form_nor_steals_its_keys(
    stage: &Stage,
) -> Result<()> {
    stage.open("hostile.html").await?;
    let form = stage.form();
    form.until("editing").await?;
    // Struck, not sent to the field: so they pass the page's own listeners.
    form.click("[name=given_name]").await?;
    stage.browser.strike("jk/? gG1#x").await?;
    ensure!(form.value("given_name").await? == "jk/? gG1#x", "{}", form.value("given_name").await?);

    for selector in
        ["h2", "[name=given_name]", "[name=body]", "select", "[type=checkbox]", "[type=submit]"]
    {
        let looks = stage.browser.run(LOOKS, &[selector.into()]).await?;
        let told = format!("{selector}: {looks:#}");
        let number =
            |name: &str| looks[name].as_f64().with_context(|| format!("{name} of {selector}"));
        ensure!(number("width")? >= 13.0 && number("height")? >= 13.0, "{told}");
        ensure!(number("left")? >= 0.0 && number("right")? <= number("page")?, "{told}");
        ensure!(number("font")? >= 13.0, "{told}");
        ensure!(looks["hit"] == true, "something lies on it, or it takes no click: {told}");
        for (property, values) in [
            ("visibility", &["visible"][..]),
            ("direction", &["ltr"]),
            ("writingMode", &["horizontal-tb"]),
            ("textTransform", &["none"]),
            ("letterSpacing", &["normal", "0px"]),
            ("textIndent", &["0px"]),
            ("fontStyle", &["normal"]),
            ("pointerEvents", &["auto"]),
        ] {
            let value = looks[property].as_str().unwrap_or_default();
            ensure!(values.contains(&value), "{property} is {value}; {told}");
        }
        ensure!(looks["color"] != looks["ground"], "it can't be told from its ground: {told}");
        ensure!(looks["color"] != "rgb(255, 255, 0)", "{told}");
    }
    form.fill().await?;
    form.send().await?;
    stage.endpoint.only_action().await?;
    Ok(())
}

/// How an element of the form looks to a person.
const LOOKS: &str = "
  const root = document.querySelector('stand-with').shadowRoot;
  const element = root.querySelector(arguments[0]);
  element.scrollIntoView({ block: 'center' });
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const names = ['visibility', 'direction', 'writingMode', 'textTransform', 'letterSpacing',
    'textIndent', 'fontStyle', 'pointerEvents', 'color'];
  let ground = element;
  while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
  const [x, y] = [box.left + Math.min(box.width / 2, 20), box.top + box.height / 2];
  return {
    ...Object.fromEntries(names.map((name) => [name, style[name]])),
    ground: ground && getComputedStyle(ground).backgroundColor,
    width: box.width, height: box.height, left: box.left, right: box.right,
    page: document.documentElement.clientWidth,
    font: parseFloat(style.fontSize),
    hit: root.elementFromPoint(x, y) === element && document.elementFromPoint(x, y) === root.host,
  };";
