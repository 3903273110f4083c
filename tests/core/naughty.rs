//! Strings of all kinds, in every field and every text of a campaign file, are unchanged except for trimming and line
//! ends, or rejected with a message; there is no third outcome.

use crate::scenario::{campaign_with, checkout, config};
use serde_json::{Value, json};
use standwith::action::{ClaimContext, Claims};
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::check::{check, check_claims};
use standwith::draft::{Draft, clean, clean_as, clean_line};
use standwith::session::Session;
use standwith::shape;
use standwith::text::{Locale, Rules};
use standwith::view::whole;

fn strings() -> Vec<String> {
    let file = std::fs::read(checkout("tests/vectors/naughty/strings.json")).unwrap();
    let strings: Vec<String> = serde_json::from_slice(&file).unwrap();
    assert!(strings.len() > 400);
    strings
}

/// A campaign with all standard fields, and fields of its own of most other kinds.
fn file() -> Value {
    campaign_with(json!({
        "targeting": { "mode": "all", "least": null, "most": null },
        "message": { "min": 1, "max": 5000, "body": "Please." },
        "fields": [
            { "id": "given_name" }, { "id": "family_name" }, { "id": "email" }, { "id": "phone" },
            { "id": "country" }, { "id": "region" }, { "id": "locality" }, { "id": "postal_code" },
            { "id": "address" },
            { "id": "line", "kind": "text", "label": "Line" },
            { "id": "lines", "kind": "long_text", "label": "Lines" },
            { "id": "one", "kind": "choice", "label": "One", "options": [{ "id": "a", "label": "A" }] },
            { "id": "some", "kind": "choices", "label": "Some", "options": [{ "id": "a", "label": "A" }] },
            { "id": "tick", "kind": "checkbox", "label": "Tick" },
            { "id": "number", "kind": "number", "label": "Number" },
            { "id": "date", "kind": "date", "label": "Date" },
        ],
        "consents": [],
    }))
}

fn read(file: &Value) -> Campaign {
    let file = CampaignFile::parse(file.to_string().as_bytes()).unwrap();
    file.campaign("en", Strictness::Strict).unwrap()
}

/// The value of a control as the endpoint receives it.
fn arrived(claims: &Claims, name: &str) -> Option<String> {
    let draft = Draft::claimed(claims);
    draft.all(name).next().map(str::to_owned)
}

#[test]
fn what_is_typed_arrives_unchanged_or_is_refused_at_its_field() {
    let campaign = read(&file());
    let (mut came, mut refused) = (0, 0);
    let names = campaign.fields.iter().map(|field| field.id.as_str()).chain(["subject", "body"]);
    for name in names {
        for string in strings() {
            let mut draft = Draft::new(&campaign);
            draft.set(name, &string);
            match check(&campaign, &draft.composed(&campaign)) {
                Ok(action) => {
                    let claims = action.claims(&campaign, ClaimContext::default());
                    let travelled: Claims = shape::read(&shape::write(&claims)).unwrap();
                    assert_eq!(
                        check_claims(&campaign, &travelled).as_ref(),
                        Ok(&action),
                        "{name}: {string:?}"
                    );
                    let value = arrived(&travelled, name).unwrap_or_default();
                    // A phone number may be made international; other values change only in white space and line ends.
                    let expected = match campaign.field(name) {
                        Some(field) => clean_as(field.kind(), &string),
                        None if name == "subject" => clean_line(&string),
                        None => clean(&string),
                    };
                    if name != "phone" {
                        assert_eq!(value, expected, "{name}");
                    }
                    came += 1;
                }
                Err(field_errors) => {
                    assert_eq!(field_errors.len(), 1, "{name}: {string:?}: {field_errors:?}");
                    assert_eq!(field_errors[0].field, name, "{string:?}");
                    refused += 1;
                }
            }
        }
    }
    // Both happen, otherwise this test proves nothing.
    assert!(came > 2000 && refused > 500, "{came} arrived, {refused} were rejected");
}

#[test]
fn a_campaign_may_say_anything() {
    let locale = Locale::english(Rules::PLAIN);
    let mut shown = 0;
    for string in strings().into_iter().filter(|string| !string.trim().is_empty()) {
        let mut file = file();
        for (pointer, text) in [
            ("/title", &string),
            ("/story", &string),
            ("/publisher/name", &string),
            ("/targets/0/name", &string),
            ("/fields/9/label", &string),
            ("/fields/11/options/0/label", &string),
        ] {
            *file.pointer_mut(pointer).unwrap() = json!(text);
        }
        // A campaign may be rejected, for control characters; each error then has a pointer.
        let read = CampaignFile::parse(file.to_string().as_bytes())
            .map_err(|fault| vec![fault])
            .and_then(|file| file.campaign("en", Strictness::Strict));
        let campaign = match read {
            Ok(campaign) => campaign,
            Err(faults) => {
                assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.pointer.is_empty()));
                continue;
            }
        };
        assert_eq!(campaign.title, string);
        let (session, _) = Session::new(config(campaign.clone()), 0);
        let markup = whole(&session, &locale, None);
        // Texts can't forge the renderer's codes: the markup is intact, and contains the title unchanged but for
        // U+007F.
        let tree = format!("{:?}", markup.tree());
        let said = format!("{:?}", string.replace('\u{7f}', ""));
        assert!(tree.contains(said.trim_matches('"')), "{string:?} is not in {tree}");
        shown += 1;
    }
    assert!(shown > 400, "only {shown} were accepted");
}
