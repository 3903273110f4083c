//! The whole journey of a message, from the article to the export.

use anyhow::{Result, ensure};

use crate::harness::endpoint::{EXPORT, Endpoint, JWKS};
use crate::harness::form::PERSON;
use crate::harness::{CAMPAIGN, Missing, Place, Stage};
use crate::jose::Campaigns;

pub(crate) async fn a_message_goes_from_the_article_to_the_export(stage: &Stage) -> Result<()> {
    stage.open("index.html").await?;
    let form = stage.form();
    form.until_it_says("0 of 5,000 messages sent").await?;
    stage.browser.until("document.currentScript === null && document.querySelector('aside.action script[data-campaign] + stand-with')").await?;

    form.fill().await?;
    form.click("[name=consent_updates]").await?;
    let number = form.send().await?;
    ensure!(form.focused().await? == "form-thanks", "the focus is not on the thanks");
    form.until_it_says("It was verified and counted.").await?;
    form.until_it_says("1 of 5,000 messages sent").await?;
    let download = form.find("[part=receipt] a[download]").await?.attr("href").await?;
    stage.endpoint.keep_jwks().await?;

    // A confirmed action is on disk, also if the endpoint is killed.
    stage.endpoint.kill().await?;
    let exported = stage.endpoint.only_action().await?;
    ensure!(exported["status"] == "accepted", "{exported}");
    let receipt = exported["receipt"].as_str().unwrap_or_default();
    ensure!(download == Some(format!("data:application/jose,{receipt}")), "{download:?}");
    let claims = &exported["claims"];
    ensure!(claims["jti"] == number.as_str(), "{claims}");
    ensure!(claims["campaign"] == CAMPAIGN && claims["lang"] == "en", "{claims}");
    ensure!(
        claims["aud"] == format!("{}/campaigns/{CAMPAIGN}/actions", stage.proxy.origin),
        "{claims}"
    );
    ensure!(claims["source"]["page"] == stage.partner.origin.as_str(), "{claims}");
    let targets = ["prime-minister", "minister-of-justice", "minister-of-interior", "embassy"];
    ensure!(claims["targets"] == serde_json::json!(targets), "{claims}");
    for (name, text) in PERSON {
        ensure!(claims["person"][name] == text, "{claims}");
    }
    let body = claims["message"]["body"].as_str().unwrap_or_default();
    ensure!(body.ends_with("មេឃ ស្ត្រី"), "{body}");
    for consent in claims["consents"].as_array().into_iter().flatten() {
        ensure!(consent["granted"] == true, "{claims}");
    }

    // The exported action can be verified without the endpoint, and by libraries other than ours.
    let verified = stage.endpoint.run(["verify", "--jwks", JWKS, EXPORT]).await?;
    ensure!(verified.status.success(), "{verified:?}");
    let place = Place::find()?;
    let another = Endpoint::start(&place, None).await?;
    another.keep_jwks().await?;
    let keys = another.path(JWKS);
    let keys = keys.to_string_lossy();
    let verified = stage.endpoint.run(["verify", "--jwks", &*keys, EXPORT]).await?;
    ensure!(verified.status.code() == Some(1), "another endpoint's keys pass: {verified:?}");
    for campaigns in Campaigns::ALL {
        match campaigns.verify(&place, &stage.endpoint, &exported).await {
            Ok(verified) => ensure!(verified == *claims, "{verified}"),
            // The tests in `jose` report that the library is missing.
            Err(error) if error.is::<Missing>() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
