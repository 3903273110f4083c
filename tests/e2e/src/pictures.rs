//! Screenshots of a form in every state, for the documentation: made if `STANDWITH_PICTURES` names a folder for them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;

use crate::embedding::TAG;
use crate::first_paint::serve_changed;
use crate::harness::Stage;
use crate::harness::form::Form;
use crate::risk::at_risk;
use crate::states::{self, ARABIC, Page};

/// The environment variable that names the folder.
pub(crate) const FOLDER: &str = "STANDWITH_PICTURES";

pub(crate) async fn every_state_is_light_and_wide(stage: &Stage) -> Result<()> {
    every_state(stage, "light", (760, 1000), "light").await
}

pub(crate) async fn every_state_is_dark_and_narrow(stage: &Stage) -> Result<()> {
    every_state(stage, "narrow-dark", (320, 800), "dark").await
}

async fn every_state(
    stage: &Stage,
    window: &str,
    (width, height): (u32, u32),
    scheme: &str,
) -> Result<()> {
    let folder = PathBuf::from(std::env::var_os(FOLDER).context("no folder for them")?);
    stage.browser.resize(width, height).await?;
    let head = format!(
        "<meta name=viewport content='width=device-width'>
         <style>:root {{ color-scheme: {scheme} }} body {{ margin: 0 }} h1 {{ display: none }}</style>"
    );
    let take = async |form: &Form<'_>, state: &str| {
        // Scrolls to the element that shows the state.
        let show = "const root = document.querySelector('stand-with').shadowRoot;
            const told = root.querySelector('#form-summary, #form-notice, [aria-disabled], #form-mail, p.notice, .standwith ~ * > slot + p');
            scrollTo(0, 0);
            const [what] = arguments;
            const isForm = what === 'editing' || what === 'given';
            const shown = told ?? (isForm ? root.querySelector('section') : null);
            shown?.scrollIntoView({ block: told ? 'center' : 'start' });";
        form.browser.run(show, &[state.into()]).await?;
        // Waits for fonts and animations, but not for the spinner, which is endless.
        let settle = "window.settled = false;
            const moving = document.querySelector('stand-with').shadowRoot.getAnimations()
              .filter((moving) => moving.effect.getComputedTiming().endTime !== Infinity);
            Promise.allSettled([document.fonts.ready, ...moving.map(({ finished }) => finished)])
              .then(() => requestAnimationFrame(() => requestAnimationFrame(() => window.settled = true)))";
        form.browser.run(settle, &[]).await?;
        form.browser.until("window.settled").await?;
        let name = format!("{}-{window}.png", state.replace(' ', "-"));
        form.browser.photograph(&folder.join(name)).await
    };
    let page = |name, tag| Page { name, head: &head, tag, is_framed: false };
    let open = async |tag: &str| {
        stage.open_page(&head, &format!("<main>{tag}</main>"), &[]).await?;
        stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
        anyhow::Ok(stage.form())
    };

    states::serve_them(stage).await?;
    let campaign = page("example", TAG.to_owned());
    states::walk(stage, &campaign, &take).await?;
    states::show_the_rest(stage, &campaign, &take).await?;
    take(&open(&states::tag_of(ARABIC)).await?, "from right to left").await?;
    let khmer = TAG.replace("data-campaign", "data-lang=km data-campaign");
    take(&open(&khmer).await?, "in Khmer").await?;

    serve_changed(stage, |file| {
        file["delivery"]["modes"] = json!(["server", "mail-app"]);
    })
    .await?;
    let form = open(TAG).await?;
    form.fill().await?;
    form.click("[data-act=mail]").await?;
    form.find("#form-mail").await?;
    take(&form, "by own mail").await?;

    serve_changed(stage, at_risk).await?;
    take(&open(TAG).await?, "at risk").await?;
    let address = stage.browser.address().await?;
    serve_changed(stage, |file| {
        file.as_object_mut().map(|file| file.remove("at_risk"));
    })
    .await?;
    stage.browser.open(&format!("{address}?standwith-test")).await?;
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    take(&stage.form(), "test").await?;
    Ok(())
}
