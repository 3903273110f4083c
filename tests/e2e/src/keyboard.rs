//! Without a mouse.

use anyhow::{Result, bail, ensure};

use crate::harness::Stage;
use crate::harness::form::Form;

// As WebDriver calls them.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

pub(crate) async fn a_form_needs_no_mouse(stage: &Stage) -> Result<()> {
    stage.open("index.html").await?;
    let form = stage.form();
    form.until("editing").await?;
    let strike = |keys: String| async move { stage.browser.strike(&keys).await };

    // Enter in a field sends, here something that has to be mended.
    tab_to(&form, "given_name").await?;
    strike(format!("Sophea{ENTER}")).await?;
    form.find("#form-summary").await?;
    ensure!(form.focused().await? == "form-summary", "the summary has not the focus");
    // The links of the summary come next, in the order of the form.
    strike(format!("{TAB}{ENTER}")).await?;
    ensure!(form.focused().await? == "targets", "led to {}", form.focused().await?);
    strike(" ".to_owned()).await?;
    ensure!(form.has("[name=targets]:checked").await?, "Space did not tick");

    tab_to(&form, "family_name").await?;
    strike(format!("Chan{TAB}sophea@supporter.invalid{TAB}")).await?;
    ensure!(
        form.focused().await? == "country",
        "after the address comes {}",
        form.focused().await?
    );
    strike("cambod".to_owned()).await?;
    tab_to(&form, "consent_delivery").await?;
    strike(" ".to_owned()).await?;
    ensure!(form.value("country").await? == "KH", "{:?}", form.value("country").await?);
    ensure!(
        !form.has("[aria-invalid]").await?,
        "a mistake is left: {}",
        form.text("#form-summary").await?
    );

    // Once, whatever the engine makes of Enter.
    stage
        .browser
        .run(
            "document.querySelector('stand-with').shadowRoot.querySelector('[name=email]').focus()",
            &[],
        )
        .await?;
    strike(ENTER.to_string()).await?;
    form.until("sent").await?;
    ensure!(form.focused().await? == "form-thanks", "the thanks have not the focus");
    ensure!(stage.gate.posted().len() == 1, "sent {} times", stage.gate.posted().len());
    let claims = stage.endpoint.only_action().await?["claims"].take();
    ensure!(claims["person"]["email"] == "sophea@supporter.invalid", "{claims}");
    Ok(())
}

/// Strikes Tab until the focus is where it is wanted.
async fn tab_to(form: &Form<'_>, id: &str) -> Result<()> {
    for _ in 0..60 {
        if form.focused().await? == id {
            return Ok(());
        }
        form.browser.strike(&TAB.to_string()).await?;
    }
    bail!("Tab never leads to {id}")
}
