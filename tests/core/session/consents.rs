//! Consents: one box for each purpose and organisation; and the details of those who are responsible for the data.

use crate::scenario::{Scenario, campaign_with, config, digest};
use serde_json::{Value, json};
use standwith::campaign::{CampaignFile, Strictness};
use standwith::markup::Markup;
use standwith::view::{self, Region};

/// Two organisations ask, each for itself.
fn campaign() -> Value {
    campaign_with(json!({
        "consents": [
            { "purpose": "updates", "wording": "Write to me." },
            {
                "purpose": "alliance",
                "wording": "The alliance may write to me, too.",
                "countries": ["KH", "FR"],
                "organisation": { "name": "The Alliance", "privacy_url": "https://alliance.invalid/privacy" },
            },
            { "purpose": "fund", "wording": "The fund may write.", "organisation": { "name": "The Fund" } },
        ],
        "languages": { "km": {
            "consents": [{
                "purpose": "alliance",
                "wording": "សម្ព័ន្ធអាចសរសេរមកខ្ញុំ។",
                "organisation": { "name": "សម្ព័ន្ធ", "privacy_url": "https://alliance.invalid/km" },
            }],
        } },
    }))
}

fn links(markup: &Markup) -> Vec<&str> {
    let after = markup.as_str().split("https://").skip(1);
    after.map(|rest| rest.split(standwith::markup::END).next().unwrap()).collect()
}

#[test]
fn an_organisation_is_named_under_its_box() {
    let flow = Scenario::new(campaign()).enter("country", "KH");
    let given_to = |name: &str| flow.field(name).given_to;
    assert_eq!(given_to("consent_updates"), "");
    assert_eq!(given_to("consent_alliance"), "The Alliance · Privacy notice");
    assert_eq!(given_to("consent_fund"), "The Fund");
    // Only the wording is signed, and no box is ticked.
    for name in ["consent_updates", "consent_alliance", "consent_fund"] {
        assert_eq!(flow.value(name), "", "{name}");
    }
    assert_eq!(flow.field("consent_alliance").label, "The alliance may write to me, too.");
    let consents = view::part(&flow.session, &flow.locale, Region::Consents);
    assert_eq!(links(&consents), ["alliance.invalid/privacy"]);
    // It appears and disappears with its box.
    let flow = flow.enter("country", "GB");
    assert!(!flow.names().contains(&"consent_alliance".to_owned()));
    assert!(!flow.markup().as_str().contains("The Alliance"));
}

#[test]
fn an_organisation_has_its_name_and_its_notice_in_other_languages() {
    let file = CampaignFile::parse(campaign().to_string().as_bytes()).unwrap();
    let flow = Scenario::of(config(file.campaign("km", Strictness::Strict).unwrap()))
        .enter("country", "FR");
    assert!(flow.field("consent_alliance").given_to.starts_with("សម្ព័ន្ធ"));
    let consents = view::part(&flow.session, &flow.locale, Region::Consents);
    assert_eq!(links(&consents), ["alliance.invalid/km"]);
}

#[test]
fn each_answer_is_claimed_with_its_words_and_their_language() {
    let flow = Scenario::new(campaign())
        .filled()
        .tick("consent_alliance", "on")
        .clear("consent_delivery", "on")
        .send();
    let claims = flow.claims();
    let said: Vec<_> = claims
        .consents
        .iter()
        .map(|it| (it.purpose.as_str(), it.granted, it.wording_digest.clone(), it.lang.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("updates", false, digest("Write to me."), "en"),
            ("alliance", true, digest("The alliance may write to me, too."), "en"),
            ("fund", false, digest("The fund may write."), "en"),
        ]
    );
    assert_eq!(claims.iat, crate::scenario::NOW);
}

#[test]
fn who_is_responsible_is_said_as_far_as_it_is_known() {
    let said = |patch: Value| {
        let form = Scenario::new(campaign_with(patch)).form();
        (form.responsible.join("|"), form.privacy.map(|(_, address)| address))
    };
    let (name, days) =
        ("Example Campaign is responsible for your data.", "Your data is kept for 180 days.");
    let notice = Some("https://campaign.invalid/privacy".to_owned());
    assert_eq!(said(json!({})), (format!("{name}|{days}"), notice.clone()));
    assert_eq!(said(json!({ "retention_days": null })), (name.to_owned(), notice.clone()));
    let one = "Your data is kept for 1 day.".to_owned();
    assert_eq!(said(json!({ "retention_days": 1, "publisher": { "name": null } })), (one, notice));
    assert_eq!(said(json!({ "retention_days": null, "publisher": null })), (String::new(), None));
    let elsewhere = json!({ "publisher": { "privacy_url": "http://localhost/privacy" } });
    assert_eq!(said(elsewhere).1, None);
}

#[test]
fn what_the_targets_learn_is_said_beside_the_button() {
    let disclosed = |fields: Value, disclose: Value| {
        let delivery = match disclose {
            Value::Null => json!({}),
            disclose => json!({ "disclose": disclose }),
        };
        let patch = json!({
            "fields": fields,
            "delivery": delivery,
            "message": { "body": "Please free the writer." },
            "consents": null,
        });
        Scenario::new(campaign_with(patch)).form().disclosed
    };
    let ask = |ids: &[&str]| -> Value { ids.iter().map(|id| json!({ "id": id })).collect() };
    let all =
        ["given_name", "email", "phone", "country", "region", "locality", "postal_code", "address"];
    assert_eq!(
        disclosed(
            ask(&all),
            json!([
                "name",
                "email",
                "phone",
                "country",
                "region",
                "locality",
                "postal_code",
                "address"
            ])
        ),
        "The people you write to will see: your name, your email address, your phone number, your country, your region, your town or city, your postcode, your street address."
    );
    let default = |ids: &[&str]| disclosed(ask(ids), Value::Null);
    assert_eq!(default(&all), "The people you write to will see: your name, your country.");
    // Fields that the form does not ask for are not listed.
    assert_eq!(default(&["family_name", "email"]), "The people you write to will see: your name.");
    assert_eq!(default(&["email"]), "");
    assert_eq!(disclosed(ask(&all), json!([])), "");
}

#[test]
fn the_example_says_all_of_it_in_each_of_its_languages() {
    for lang in crate::scenario::example().languages() {
        let form = Scenario::example(&lang).form();
        assert_eq!(form.responsible.len(), 2, "{lang}");
        assert!(form.privacy.is_some() && !form.disclosed.is_empty(), "{lang}");
    }
}
