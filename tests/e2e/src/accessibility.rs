//! Accessibility: axe finds none of the barriers that WCAG 2.2, levels A and AA, names and a program can detect.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::embedding::TAG;
use crate::first_paint::serve_changed;
use crate::harness::form::Form;
use crate::harness::{CAMPAIGN, Missing, Stage};
use crate::risk;
use crate::states::{self, ARABIC, Page};

/// Tags of the rules that axe applies.
const WCAG: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// The program axe, and the browser in which it runs.
struct Axe<'a> {
    stage: &'a Stage,
    program: String,
}

impl<'a> Axe<'a> {
    fn of(stage: &'a Stage) -> Result<Self> {
        let path = stage.modules.join("axe-core/axe.min.js");
        let program = fs::read_to_string(&path).map_err(|_| Missing(path.display().to_string()))?;
        Ok(Axe { stage, program })
    }

    /// Asserts that axe finds nothing on the page, light or dark. `how` is a script that sets the
    /// colour scheme, which it calls `THEME`.
    async fn finds_nothing(&self, how: &str) -> Result<()> {
        for (theme, rules) in [
            ("light", json!({ "type": "tag", "values": WCAG })),
            // No other rule depends on the colour scheme.
            ("dark", json!({ "type": "rule", "values": ["color-contrast", "link-in-text-block"] })),
        ] {
            let found = self.look(&how.replace("THEME", theme), &rules).await?;
            for kind in ["violations", "incomplete"] {
                ensure!(found[kind] == json!([]), "{theme}, {kind}: {:#}", found[kind]);
            }
            // On a page where axe does not find the form, it would find no faults either.
            ensure!(found["seen"].as_u64() > Some(0), "{theme}: axe has not found the form");
        }
        Ok(())
    }

    async fn look(&self, how: &str, rules: &Value) -> Result<Value> {
        let browser = &self.stage.browser;
        // Through the driver, which no policy of the page can block.
        if browser.value("!window.axe").await? == true {
            browser.run(&self.program, &[]).await?;
        }
        let script = "
            window.found = undefined;
            // axe can't check text that has scrolled out of the letter's box; its colours are those of the rest.
            const isScrolled = ({ target }) => /\\.letter|\\.subject/.test(target.flat().at(-1));
            // The rule, the place and the reason of each finding.
            const told = (results, leaveOut = () => false) => results.flatMap(({ id, nodes }) => nodes
              .filter((node) => !(id === 'color-contrast' && leaveOut(node)))
              .map(({ target, failureSummary, any }) => [
                id, target.flat().join(' >> '), failureSummary, any.map(({ data }) => data?.messageKey),
              ]));
            axe.run({
              runOnly: arguments[0],
              resultTypes: ['violations', 'incomplete', 'passes'],
              preload: false,
            }).then(({ violations, incomplete, passes }) => {
              window.found = {
                violations: told(violations),
                incomplete: told(incomplete, isScrolled),
                seen: passes.flatMap(({ nodes }) => nodes)
                  .filter(({ target }) => document.querySelector('stand-with')
                    ? Array.isArray(target[0]) : /field|title|form|campaign|^h1/.test(target)).length,
              };
            }, (error) => window.found = { violations: [String(error)] });";
        browser.run(&format!("{how};{script}"), std::slice::from_ref(rules)).await?;
        browser.until("!!window.found").await?;
        browser.value("window.found").await
    }
}

/// Counter-check: axe finds barriers that are put into the shadow root.
pub(crate) async fn axe_finds_what_is_there(stage: &Stage) -> Result<()> {
    let axe = Axe::of(stage)?;
    for (how, rule) in [
        ("element.style.setProperty('--standwith-muted', '#ccc')", "color-contrast"),
        ("element.shadowRoot.querySelector('label[for=email]').remove()", "label"),
    ] {
        stage.open_body(TAG).await?;
        stage.form().until("editing").await?;
        let how = format!("const element = document.querySelector('stand-with'); {how}");
        let found = axe.look(&how, &json!({ "type": "tag", "values": WCAG })).await?;
        let found = found["violations"].to_string();
        ensure!(found.contains(rule) && found.contains("stand-with >> "), "{rule}: {found}");
    }
    Ok(())
}

/// Sets the colour scheme by the element's attribute.
const ELEMENT: &str = "document.querySelector('stand-with').setAttribute('theme', 'THEME')";
/// Sets the colour scheme of a page without an element, with the effect of a person's own setting.
const ROOT: &str = "document.documentElement.style.colorScheme = 'THEME'";

fn english() -> Page<'static> {
    Page { name: "English", head: "", tag: states::tag_of(CAMPAIGN), is_framed: false }
}

pub(crate) async fn axe_finds_nothing_from_first_paint_to_thanks(stage: &Stage) -> Result<()> {
    let axe = Axe::of(stage)?;
    let look = async |_: &Form<'_>, _: &str| axe.finds_nothing(ELEMENT).await;
    states::walk(stage, &english(), look).await
}

pub(crate) async fn axe_finds_nothing_where_nothing_can_be_sent(stage: &Stage) -> Result<()> {
    states::serve_them(stage).await?;
    let axe = Axe::of(stage)?;
    let look = async |_: &Form<'_>, _: &str| axe.finds_nothing(ELEMENT).await;
    states::show_the_rest(stage, &english(), look).await
}

pub(crate) async fn axe_finds_nothing_from_right_to_left(stage: &Stage) -> Result<()> {
    states::serve_them(stage).await?;
    let axe = Axe::of(stage)?;
    let look = async |form: &Form<'_>, _: &str| {
        let direction = form.find(".standwith").await?.css_value("direction").await?;
        ensure!(direction == "rtl", "the direction is {direction}");
        axe.finds_nothing(ELEMENT).await
    };
    let page = Page { name: "Arabic", head: "", tag: states::tag_of(ARABIC), is_framed: false };
    states::walk(stage, &page, look).await
}

pub(crate) async fn axe_finds_nothing_on_the_hosted_page(stage: &Stage) -> Result<()> {
    let axe = Axe::of(stage)?;
    let look = async |state: &str| axe.finds_nothing(ROOT).await.context(state.to_owned());
    let browser = &stage.browser;
    let submit = "document.querySelector('[type=submit]')";
    browser.open(&format!("{}/campaigns/{CAMPAIGN}?lang=en", stage.proxy.origin)).await?;
    look("plain").await?;
    browser.element(submit).await?.click().await?;
    browser.until("!!document.querySelector('#form-summary')").await?;
    look("with mistakes").await?;
    let fill = "
        for (const [name, value] of Object.entries(arguments[0])) {
          document.querySelector(`[name=${name}]`).value = value;
        }
        for (const box of ['[value=embassy]', '[name=consent_delivery]']) {
          document.querySelector(box).checked = true;
        }";
    let person = json!({
        "given_name": "Sophea", "family_name": "Chan", "email": "sophea@supporter.invalid",
        "country": "KH",
    });
    browser.run(fill, &[person]).await?;
    browser.element(submit).await?.click().await?;
    browser.until("!!document.querySelector('#form-thanks')").await?;
    look("sent").await
}

pub(crate) async fn axe_finds_nothing_on_pages_without_a_form(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| {
        // In the Arabic list, one title is in Arabic, and that of the other campaign in English.
        file["languages"]["ar"] = json!({ "title": "أطلقوا سراح الصحفي" });
        file["theme"] = json!({ "accent": "#ffd400" });
    })
    .await?;
    let axe = Axe::of(stage)?;
    let browser = &stage.browser;
    let size = browser.value("[outerWidth, outerHeight]").await?;
    let side = |of: usize| size[of].as_u64().and_then(|side| u32::try_from(side).ok());
    let (wide, high) = (side(0).context("no width")?, side(1).context("no height")?);
    for lang in ["en", "ar", "de"] {
        for path in ["/", "/campaigns/unknown"] {
            browser.open(&format!("{}{path}?lang={lang}", stage.proxy.origin)).await?;
            // Folded content is checked, too.
            let how = ROOT.to_owned()
                + "; document.querySelectorAll('details').forEach((it) => { it.open = true; })";
            // In Firefox, axe does not check a page whose text is all Arabic; the list has Latin text, too.
            if (lang, path) != ("ar", "/campaigns/unknown") {
                axe.finds_nothing(&how).await.with_context(|| format!("{path} in {lang}"))?;
            }
            browser.resize(320, 640).await?;
            let scrolls = "document.documentElement.scrollWidth > innerWidth";
            ensure!(
                browser.value(scrolls).await? == false,
                "{path} in {lang} scrolls sideways at 320 px"
            );
            // The next page and the next test have the same window.
            browser.resize(wide, high).await?;
        }
    }
    Ok(())
}

pub(crate) async fn axe_finds_nothing_where_somebody_may_be_at_risk(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| {
        risk::at_risk(file);
        file["delivery"]["modes"] = json!(["server", "mail-app"]);
    })
    .await?;
    let axe = Axe::of(stage)?;
    let look = async |state: &str| axe.finds_nothing(ELEMENT).await.context(state.to_owned());
    let form = risk::open_whole(stage).await?;
    form.fill().await?;
    look("warned").await?;
    form.click("[data-act=mail]").await?;
    form.find("#form-mail").await?;
    look("with a mail").await?;
    form.submit().await?;
    form.until("sent").await?;
    form.click("[data-act=show-receipt]").await?;
    form.find("[part=receipt] a[download]").await?;
    look("with a receipt").await
}

pub(crate) async fn axe_finds_nothing_in_test_mode(stage: &Stage) -> Result<()> {
    let axe = Axe::of(stage)?;
    let head = "<script>history.replaceState(null, '', '?standwith-test')</script>";
    stage.open_page(head, &format!("<main><h1>An article</h1>{TAG}</main>"), &[]).await?;
    stage.form().until_it_says("Test mode.").await?;
    axe.finds_nothing(ELEMENT).await
}
