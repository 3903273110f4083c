//! A form's session: events of supporter, page and endpoint, and their effects.

mod assist;
mod consents;
mod draft_storage;
mod first;
mod mail_app;
mod outbox;
mod proving;
mod public;
mod region;
mod risk;
mod sending_sealed;
mod switch_language;

use std::collections::BTreeMap;

use crate::scenario::seen::{Control, Progress, Screen, View, root, view, words};
use crate::scenario::{
    AUDIENCE, COUNT_URL, ENDPOINT, NOW, SIGNATURE, Scenario, campaign, campaign_with, jti,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::Claims;
use standwith::answer::{Acceptance, Status};
use standwith::campaign::{Campaign, CampaignFile, Id, Strictness, Variant};
use standwith::check::{FieldError, FieldErrorKind, check_claims};
use standwith::draft::Draft;
use standwith::envelope;
use standwith::markdown;
use standwith::session::{
    Effect, Event, Focus, FormConfig, Notice, PageEvent, Reply, Session, ShareResult, SigningInputs,
};
use standwith::text::{Key, Locale, Rules};
use standwith::view::whole;

fn invalid(fields: &[(&str, &str)]) -> Effect {
    let owned = |(name, code): &(&str, &str)| (name.to_string(), code.to_string());
    Effect::Tell(PageEvent::Invalid(fields.iter().map(owned).collect()))
}

fn error(code: &str, retryable: bool) -> Effect {
    Effect::Tell(PageEvent::Error { code: code.to_owned(), retryable })
}

/// The wordings to digest at the first key press: those of all consents, for any country.
fn preparation() -> Effect {
    Effect::Prepare(["Write to me.", "Pass my message on."].map(str::to_owned).into())
}

fn problem(code: &str) -> Value {
    json!({ "title": "No", "status": 400, "code": code, "detail": "Because." })
}

fn rules(errors: &[(&str, &str)]) -> Value {
    let error = |(field, code): &(&str, &str)| json!({ "field": field, "code": code });
    let mut problem = problem("rules");
    problem["errors"] = errors.iter().map(error).collect();
    problem
}

const UNREACHABLE: &str = "We could not confirm that your message arrived: there was no answer. It is still here. \
                           Check your connection, then try again. It will not be counted twice.";

// The beginning.

#[test]
fn a_form_begins_ready_and_asks_for_the_count() {
    Scenario::new(campaign())
        .does(&[Effect::Tell(PageEvent::Ready), Effect::FetchCount(COUNT_URL.to_owned())])
        .is("editing")
        .says("Send message", None)
        .wrong(&[]);
}

#[test]
fn without_an_address_no_count_is_asked_for() {
    let mut config = crate::scenario::config(
        crate::scenario::example().campaign("en", Strictness::Strict).unwrap(),
    );
    config.count_url.clear();
    Scenario::of(config).does(&[Effect::Tell(PageEvent::Ready)]);
}

#[test]
fn the_example_in_english() {
    let flow = Scenario::example("en");
    let (view, form) = (flow.view(), flow.form());
    assert_eq!((view.lang.as_str(), view.right_to_left), ("en", false));
    assert_eq!(view.title, "Free Mech Dara (example, October 2024)");
    assert_eq!(view.accent.as_deref(), Some("#14546b"));
    assert_eq!(view.progress, None);
    let campaign = crate::scenario::example().campaign("en", Strictness::Strict).unwrap();
    assert_eq!(form.story, markdown::parse(&campaign.story));
    assert_eq!(form.picture, campaign.picture.map(|picture| (picture.url, picture.alt)));
    let headings: Vec<_> = form.sections.iter().map(|section| section.heading.as_str()).collect();
    // The targets' question is their heading. They are chosen already, and shown beside the message.
    assert_eq!(headings, ["Your details", "", "Your message", "Your agreement"]);
    assert_eq!(flow.field("targets").label, "Who to write to");
    assert_eq!(
        flow.names(),
        [
            "given_name",
            "family_name",
            "email",
            "country",
            "postal_code",
            "targets",
            "subject",
            "body",
            "consent_updates",
            "consent_delivery"
        ]
    );
    assert_eq!(flow.field("given_name").label, "First name");
    assert_eq!(flow.field("postal_code").label, "Postcode (optional)");
    assert_eq!(form.disclosed, "The people you write to will see: your name, your country.");
    assert_eq!(
        form.responsible,
        [
            "Example Campaign for Press Freedom is responsible for your data.",
            "Your data is kept for 180 days."
        ]
    );
    assert_eq!(
        form.privacy,
        Some(("Privacy notice".to_owned(), "https://press-freedom.invalid/privacy".to_owned()))
    );
    assert!(flow.value("body").starts_with("Your Excellency,"));
    assert!(!form.busy);
}

#[test]
fn the_example_in_khmer() {
    let flow = Scenario::example("km");
    let (view, form) = (flow.view(), flow.form());
    assert_eq!((view.lang.as_str(), view.right_to_left), ("km", false));
    assert_eq!(view.title, "សូមដោះលែងលោក ម៉ិច ដារ៉ា (ឧទាហរណ៍ ខែតុលា ឆ្នាំ២០២៤)");
    // The first suggestion depends on the form's seed.
    assert_eq!(flow.value("subject"), "សំណើសុំដោះលែងលោក ម៉ិច ដារ៉ា");
    assert!(flow.field("consent_delivery").label.starts_with("ខ្ញុំយល់ព្រម"));
    assert_eq!(form.button, flow.locale.say(Key::Send));
    assert_eq!(flow.field("given_name").label, flow.locale.say(Key::GivenName));
    match flow.field("targets").control {
        Control::Boxes(choices) => {
            assert_eq!(choices[1].value, "minister-of-justice");
            assert_eq!(choices[1].label, "រដ្ឋមន្ត្រីក្រសួងយុត្តិធម៌កម្ពុជា");
        }
        other => panic!("{other:?}"),
    }
    // The same form, except for the texts.
    let english = Scenario::example("en");
    let mut names = english.names();
    // Only the supporter's names are in another order.
    names.swap(0, 1);
    assert_eq!(flow.names(), names);
    assert!(flow.wrong(&[]).submit().field_errors().len() == english.submit().field_errors().len());
}

#[test]
fn no_box_is_ticked_and_nothing_is_filled_in_beforehand_but_the_message() {
    let flow = Scenario::example("en");
    let targets: Vec<&str> = flow.session.draft().all("targets").collect();
    let campaign = crate::scenario::example().campaign("en", Strictness::Strict).unwrap();
    // All targets are preselected, if all may be chosen.
    let all = campaign.targets.iter().map(|target| target.id.as_str());
    let all = all.filter(|_| {
        campaign.targeting.most.is_none_or(|most| most >= campaign.targets.len() as u32)
    });
    assert_eq!(targets, all.collect::<Vec<_>>());
    for name in flow.names() {
        let filled = ["subject", "body"].contains(&name.as_str());
        let filled = filled || name == "targets" && !targets.is_empty();
        assert_eq!(flow.value(&name).is_empty(), !filled, "{name}");
    }
}

#[test]
fn the_only_target_is_chosen_from_the_start() {
    let only = json!([{ "id": "embassy", "name": "The Embassy" }]);
    Scenario::new(campaign_with(json!({ "targets": only, "targeting": null })))
        .filled()
        .clear("targets", "minister-of-justice")
        .send();
    let chosen = campaign_with(json!({ "targets": only, "targeting": { "most": null } }));
    Scenario::new(chosen)
        .holds("targets", "embassy")
        .clear("targets", "embassy")
        .holds("targets", "");
}

#[test]
fn all_targets_are_a_list_to_read() {
    let all = json!({ "targeting": { "mode": "all" } });
    // On one line beside the message, unless the campaign shows each target.
    let flow = Scenario::new(campaign_with(all.clone()));
    let section = flow.form().sections.into_iter().nth(1).unwrap();
    assert_eq!(section.to.as_deref(), Some("To: The Prime Minister, The Minister, The Embassy"));
    assert_eq!((section.fields, section.opens), (vec![], None));
    let flow = flow.filled().clear("targets", "minister-of-justice").send();
    assert_eq!(flow.claims().targets, ["prime-minister", "minister-of-justice", "embassy"]);
    let mut open = campaign_with(all);
    open["display"] = json!({ "targets": "open" });
    let flow = Scenario::new(open);
    assert_eq!(flow.form().sections[0].to, None);
    let field = flow.field("targets");
    assert_eq!(field.hint, "Your message goes to all of them.");
    let expected =
        [("The Prime Minister", ""), ("The Minister", "Minister of Justice"), ("The Embassy", "")];
    let expected = expected.map(|(name, detail)| (name.to_owned(), detail.to_owned()));
    assert_eq!(field.control, Control::List(expected.into()));
    let flow = flow.filled().clear("targets", "minister-of-justice").send();
    assert_eq!(flow.claims().targets, ["prime-minister", "minister-of-justice", "embassy"]);
}

#[test]
fn a_start_is_told_once() {
    Scenario::new(campaign())
        .enter("given_name", "ដ")
        .does(&[Effect::Tell(PageEvent::Start), preparation()])
        .enter("given_name", "ដា")
        .does(&[])
        .tick("consent_updates", "on")
        .does(&[]);
}

#[test]
fn controls_that_are_not_the_forms_change_nothing() {
    Scenario::new(campaign())
        .enter("phone", "012 345 678")
        .does(&[])
        .enter("extension-note", "mine")
        .tick("consent_strange", "on")
        .does(&[])
        .filled()
        .submit()
        .does(&[Effect::Ask]);
}

// Field errors.

#[test]
fn nothing_filled_in() {
    let flow = Scenario::new(campaign())
        .submit()
        .does(&[
            invalid(&[
                ("targets", "targets_too_few"),
                ("given_name", "given_name_missing"),
                ("family_name", "family_name_missing"),
                ("email", "email_missing"),
                ("country", "country_missing"),
                ("consent_delivery", "consent_missing"),
            ]),
            Effect::Focus(Focus::Summary),
        ])
        .is("editing")
        .wrong(&["targets", "given_name", "family_name", "email", "country", "consent_delivery"]);
    let summary = flow.form().summary.unwrap();
    assert_eq!(summary.heading, "There is a problem");
    let sentences: Vec<String> = summary.items.into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        sentences,
        [
            "Choose at least 1 person to write to",
            "Enter your first name",
            "Enter your last name",
            "Enter your email address",
            "Choose your country",
            "Tick the box if you agree. Your message can’t be sent without your agreement",
        ]
    );
    for (name, text) in flow.field_errors() {
        assert_eq!(flow.field(&name).error, text);
    }
}

#[test]
fn a_message_of_placeholders_alone_is_empty_without_a_name() {
    let patch = json!({ "message": { "body": "{{given_name}} {{family_name}}", "min": 1 } });
    Scenario::new(campaign_with(patch))
        .filled()
        .enter("given_name", "")
        .enter("family_name", "")
        .submit()
        .wrong(&["given_name", "family_name", "body"])
        // A change clears the error of its field, and of texts that its value is filled into.
        .enter("given_name", "Dara")
        .wrong(&["family_name"]);
}

#[test]
fn mending_a_field_removes_its_mistake_and_no_other() {
    Scenario::new(campaign())
        .submit()
        .enter("email", "dara")
        .wrong(&["targets", "given_name", "family_name", "email", "country", "consent_delivery"])
        .enter("email", "dara@example.org")
        .wrong(&["targets", "given_name", "family_name", "country", "consent_delivery"])
        .tick("targets", "embassy")
        .wrong(&["given_name", "family_name", "country", "consent_delivery"])
        .tick("consent_delivery", "on")
        .wrong(&["given_name", "family_name", "country"])
        .enter("country", "KH")
        .enter("family_name", "មេឃ")
        .enter("given_name", "ដារ៉ា")
        .wrong(&[])
        .submit()
        .does(&[Effect::Ask]);
}

#[test]
fn a_mistake_changes_with_what_is_typed() {
    let flow = Scenario::new(campaign()).filled().enter("email", "").submit();
    assert_eq!(flow.field("email").error, "Enter your email address");
    let flow = flow.enter("email", "dara@");
    let malformed = "Enter an email address in the correct format, like name@example.com";
    assert_eq!(flow.field("email").error, malformed);
    assert_eq!(flow.field_errors(), [("email".to_owned(), malformed.to_owned())]);
}

#[test]
fn nobody_is_blamed_while_typing() {
    Scenario::new(campaign())
        .enter("email", "not yet an address")
        .wrong(&[])
        .submit()
        .enter("given_name", "Dara")
        .enter("given_name", "")
        .wrong(&["targets", "family_name", "email", "country", "consent_delivery"]);
}

#[test]
fn every_mistake_says_what_to_do() {
    let question = |id: &str, kind: &str, label: &str| {
        json!({
            "id": id, "kind": kind, "label": label, "required": true,
            "options": if kind.starts_with("choice") { json!(["a", "b"]) } else { json!([]) },
        })
    };
    let campaign = campaign_with(json!({ "fields": [
        { "id": "given_name", "required": true },
        { "id": "phone" },
        { "id": "country" },
        question("age", "number", "Your age"),
        question("since", "date", "Since when?"),
        question("why", "long_text", "Why?"),
        question("role", "choice", "Your role"),
        question("roles", "choices", "Your roles"),
        question("adult", "checkbox", "I am of age"),
    ] }));
    let flow = Scenario::new(campaign)
        .enter("given_name", &"a".repeat(201))
        .enter("phone", "call me")
        .enter("country", "XX")
        .enter("age", "many")
        .enter("since", "yesterday")
        .enter("subject", "a\u{7}b")
        .enter("body", "Too short.")
        .tick("roles", "c")
        .tick("targets", "embassy")
        .tick("targets", "prime-minister")
        .tick("targets", "minister-of-justice")
        .submit();
    let expected = [
        ("targets", "Choose no more than 2 people to write to"),
        ("given_name", "First name must be 200 characters or fewer"),
        ("phone", "Enter a phone number, like +44 20 7946 0958"),
        ("country", "Choose your country"),
        ("age", "Enter a whole number, like 12"),
        ("since", "Enter a real date"),
        ("why", "Answer “Why?”"),
        ("role", "Answer “Your role”"),
        ("roles", "Choose one of the answers to “Your roles”"),
        ("adult", "Answer “I am of age”"),
        (
            "subject",
            "Subject contains an invisible character (U+0007) after “a” that can’t be sent. Delete that word and type it again",
        ),
        ("body", "Message must be 20 characters or more"),
        (
            "consent_delivery",
            "Tick the box if you agree. Your message can’t be sent without your agreement",
        ),
    ];
    let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(flow.field_errors(), expected);
}

#[test]
fn a_phone_number_is_shown_as_in_the_country_that_is_chosen() {
    let fields = json!({ "fields": [{ "id": "phone" }, { "id": "country" }] });
    for (country, number) in [("FR", "+33 6 39 98 01 23"), ("KH", "+44 20 7946 0958")] {
        let flow = Scenario::new(campaign_with(fields.clone()));
        let flow = flow.filled().enter("country", country).enter("phone", "call me").submit();
        let text = format!("Enter a phone number, like {number}");
        assert!(flow.field_errors().contains(&("phone".to_owned(), text)), "{country}");
    }
}

#[test]
fn an_invisible_character_is_named_and_found() {
    let says = |name: &str, value: &str| {
        let flow = Scenario::new(campaign()).filled().enter(name, value).submit();
        let found = flow.field_errors().into_iter().map(|(_, text)| text);
        found.collect::<Vec<_>>()
    };
    for (name, value, text) in [
        // At the start of the field, or after white space.
        (
            "given_name",
            "\u{202e}Dara",
            "First name contains an invisible character (U+202E) that can’t be sent. Clear the \
             field and type it again",
        ),
        (
            "subject",
            "Free \u{1b}him",
            "Subject contains an invisible character (U+001B) that can’t be sent. Clear the \
             field and type it again",
        ),
        (
            "subject",
            "Free Dara\u{2066} now",
            "Subject contains an invisible character (U+2066) after “Dara” that can’t be sent. \
             Delete that word and type it again",
        ),
        // One that is not closed within its paragraph, after one that is.
        (
            "body",
            "\u{2068}Dara\u{2069} writes to you\u{202b} now.\nFree him, please, today.",
            "Message contains an invisible character (U+202B) after “you” that can’t be sent. \
             Delete that word and type it again",
        ),
    ] {
        assert_eq!(says(name, value)[0], text, "{value:?}");
    }
    // Of an endless word, only the part right before the character.
    let found = says("subject", &format!("{}\u{7}", "ខ".repeat(100)));
    assert!(found[0].contains(&format!("after “{}”", "ខ".repeat(24))), "{found:?}");
}

#[test]
fn a_mistake_goes_with_the_consent_that_it_is_about() {
    let patch = json!([
        { "purpose": "abroad", "wording": "Send it abroad.", "required": true, "countries": ["GB"] },
    ]);
    Scenario::new(campaign_with(json!({ "consents": patch })))
        .filled()
        .enter("country", "GB")
        .submit()
        .wrong(&["consent_abroad"])
        .enter("country", "KH")
        .wrong(&[])
        .submit()
        .does(&[Effect::Ask]);
}

#[test]
fn consents_by_country_come_and_go() {
    let flow = Scenario::new(campaign());
    assert!(!flow.names().contains(&"consent_updates".to_owned()));
    let flow = flow.enter("country", "GB");
    assert_eq!(flow.names()[7..], ["consent_updates", "consent_delivery"]);
    let flow = flow.tick("consent_updates", "on").enter("country", "FR");
    assert_eq!(flow.names()[7..], ["consent_delivery"]);
    // A tick for another country is not asked for or sent; it is restored with its country.
    let flow = flow.filled().enter("country", "FR").send();
    let granted = |flow: &Scenario| -> Vec<(String, bool)> {
        let consents = flow.claims().consents.into_iter();
        let told = consents.map(|consent| {
            // Consents that are not asked for do not affect the other digests.
            let wording = match &*consent.purpose {
                "updates" => "Write to me.",
                _ => "Pass my message on.",
            };
            assert_eq!(consent.wording_digest, crate::scenario::digest(wording));
            (consent.purpose, consent.granted)
        });
        told.collect()
    };
    assert_eq!(granted(&flow), [("delivery".to_owned(), true)]);
    let flow = flow.silence().enter("country", "KH").holds("consent_updates", "on").send();
    assert_eq!(granted(&flow), [("updates".to_owned(), true), ("delivery".to_owned(), true)]);
}

#[test]
fn where_nobody_is_asked_to_agree_there_is_no_section_for_it() {
    let consents = json!([{ "purpose": "updates", "wording": "Write.", "countries": ["GB"] }]);
    let flow = Scenario::new(campaign_with(json!({ "consents": consents })));
    assert_eq!(flow.form().sections.len(), 3);
    let flow = flow.enter("country", "GB");
    assert_eq!(flow.form().sections.len(), 4);
}

// The message.

#[test]
fn the_preview_shows_what_stands_for_what() {
    let flow = Scenario::new(campaign());
    // A field has a hint only if its text contains placeholders.
    assert_eq!(flow.field("subject").hint, "");
    assert_eq!(
        flow.field("body").hint,
        "Words in double curly brackets are replaced by what you enter."
    );
    let preview = |flow: &Scenario| flow.form().sections[2].preview.clone();
    let expected = |subject: &str, body: &str| Some(["", subject, body].map(str::to_owned));
    // A value that is still missing is shown as the field's label in brackets.
    let body = "Please free the writer.\n\n[First name] [Last name]";
    assert_eq!(preview(&flow), expected("Please free the writer", body));
    let flow = flow.filled();
    let body = "Please free the writer.\n\nដារ៉ា មេឃ";
    assert_eq!(preview(&flow), expected("Please free the writer", body));
    // Inserted values are not filled in again, and text that is no placeholder stays.
    let flow = flow
        .enter("subject", "{{ given_name }}, {{name}}, {{")
        .enter("given_name", "{{family_name}}");
    let body = "Please free the writer.\n\n{{family_name}} មេឃ";
    assert_eq!(preview(&flow), expected("{{family_name}}, {{name}}, {{", body));
    let flow = flow.enter("subject", "Freedom").enter("body", "Please let the writer go, now.");
    assert_eq!(preview(&flow), expected("Freedom", "Please let the writer go, now."));
    assert_eq!(flow.field("body").hint, "");
}

#[test]
fn head_and_foot_stand_about_the_message() {
    let framed = campaign_with(json!({ "message": {
        "head": "Your Excellency,",
        "body": "Please free the writer.",
        "foot": "{{given_name}} {{family_name}}",
    } }));
    let whole = "Your Excellency,\n\nMy own words.\n\nដារ៉ា មេឃ";
    let flow = Scenario::new(framed).filled().enter("body", "  My own words.\r\n").send();
    let claims = flow.claims();
    assert_eq!(claims.message.map(|message| message.body).as_deref(), Some(whole));
    let flow = flow.silence();
    let preview = flow.form().sections[2].preview.clone();
    assert_eq!(preview.map(|[_, _, body]| body).as_deref(), Some(whole));
    // They are shown around the editable text, whose hint explains the placeholders.
    assert_eq!(
        flow.form().sections[2].frame,
        ["Your Excellency,", "{{given_name}} {{family_name}}"]
    );
    assert!(flow.field("body").hint.starts_with("Words in double curly brackets"));
    assert_eq!(flow.field("subject").hint, "");
    // They are not part of the editable text.
    assert_eq!(flow.value("body"), "  My own words.\r\n");
}

#[test]
fn a_locked_message_is_sent_as_it_stands() {
    let locked = campaign_with(json!({ "message": { "editable": false } }));
    let flow = Scenario::new(locked).filled();
    // It is shown, without a control to change it.
    assert!(!flow.names().iter().any(|name| ["subject", "body"].contains(&name.as_str())));
    let section = flow.form().sections.swap_remove(2);
    let expected = ["", "Please free the writer", "Please free the writer.\n\nដារ៉ា មេឃ"];
    assert_eq!(section.preview, Some(expected.map(str::to_owned)));
    assert_eq!((section.fields, section.opens), (vec![], None));
    let flow = flow.send();
    let message = flow.claims().message.unwrap();
    assert_eq!(message.subject, "Please free the writer");
    assert_eq!(message.body, "Please free the writer.\n\nដារ៉ា មេឃ");
}

#[test]
fn a_locked_message_takes_no_other_words() {
    let locked = campaign_with(json!({ "message": { "editable": false } }));
    let flow = Scenario::new(locked).filled().enter("body", "Something else altogether.").send();
    assert!(flow.claims().message.unwrap().body.starts_with("Please free the writer."));
    // There is no control to link to.
    let flow = flow.silence().enter("subject", "Something else").submit();
    let told = "The fixed part of the message can’t be changed";
    assert_eq!(flow.field_errors(), [(String::new(), told.to_owned())]);
}

#[test]
fn characters_left_and_over() {
    let remaining = |body: &str| {
        let flow = Scenario::new(campaign()).enter("body", body);
        // The text is counted, never cut.
        assert_eq!(flow.value("body"), body);
        flow.field("body").remaining
    };
    assert_eq!(remaining(""), "You have 200 characters left");
    assert_eq!(remaining(&"ស្ត្រី".repeat(33)), "You have 2 characters left");
    assert_eq!(remaining(&"x".repeat(199)), "You have 1 character left");
    assert_eq!(remaining(&"x".repeat(200)), "You have 0 characters left");
    assert_eq!(remaining(&"x".repeat(201)), "You have 1 character too many");
    assert_eq!(remaining(&"x".repeat(300)), "You have 100 characters too many");
    // Head, foot and filled-in placeholders count.
    assert_eq!(remaining("{{given_name}}"), "You have 200 characters left");
    let flow = Scenario::new(campaign_with(json!({ "message": { "foot": "{{given_name}}" } })));
    let flow = flow.enter("body", "").enter("given_name", "ដារ៉ា");
    assert_eq!(flow.field("body").remaining, "You have 195 characters left");
}

// Submission.

#[test]
fn the_page_is_asked_before_anything_is_signed() {
    let flow = Scenario::new(campaign()).filled().submit().does(&[Effect::Ask]).is("sending");
    let flow = flow.says("Sending…", None).allow().does(&[]).is("sending").prepare();
    assert!(matches!(flow.effects[..], [Effect::Sign { attempt: 1, .. }]), "{:?}", flow.effects);
}

#[test]
fn the_key_is_made_while_the_person_types() {
    let flow = Scenario::new(campaign())
        .tick("targets", "embassy")
        .does(&[Effect::Tell(PageEvent::Start), preparation()])
        .prepare()
        .does(&[])
        .filled()
        .does(&[])
        .submit()
        .does(&[Effect::Ask])
        .allow();
    assert!(matches!(flow.effects[..], [Effect::Sign { attempt: 1, .. }]), "{:?}", flow.effects);
    let flow = flow.sign().accept("accepted", 1).is("sent");
    assert_eq!((flow.keys, flow.thanks().number.1), (1, jti(1)));
}

#[test]
fn nobody_who_only_reads_makes_a_key() {
    let flow = Scenario::new(campaign()).counted(r#"{"count":1}"#).enter("phone", "1").submit();
    flow.does_not_prepare().reset().does_not_prepare();
    // Without typing, it is made when it is needed.
    let flow = Scenario::new(campaign_with(json!({
        "targets": [{ "id": "embassy", "name": "The Embassy" }],
        "targeting": null,
        "fields": [{ "id": "given_name" }],
        "message": { "body": "Please free the writer, now." },
        "consents": [{ "purpose": "updates", "wording": "Write to me." }],
    })));
    let flow = flow.submit().does(&[Effect::Ask]).allow();
    let flow = flow.does(&[Effect::Prepare(vec!["Write to me.".to_owned()])]).is("sending");
    let flow = flow.prepare().sign().accept("accepted", 1).is("sent");
    assert_eq!(flow.keys, 1);
}

#[test]
fn a_key_is_for_one_message() {
    let flow = Scenario::new(campaign()).filled().prepare().send().silence();
    assert_eq!((flow.keys, flow.claims().jti), (1, jti(1)));
    // Not while the next one is typed: it may be the same message again.
    let flow = flow.enter("given_name", "Dara").does(&[]).submit().allow().does(&[preparation()]);
    let flow = flow.prepare().sign();
    assert_eq!((flow.keys, flow.claims().jti), (2, jti(1)));
    let flow = flow.accept("accepted", 2).reset().enter("given_name", "Sok");
    let flow =
        flow.does(&[Effect::Tell(PageEvent::Start), preparation()]).filled().prepare().send();
    assert_eq!((flow.keys, flow.claims().jti), (3, jti(3)));
}

#[test]
fn a_failure_while_typing_is_told_only_if_it_happens_again_on_sending() {
    let words = "Your browser could not sign the message, so it was not sent. It is still here. \
                 Try another browser.";
    let flow = Scenario::new(campaign()).filled().fail_to_prepare().does(&[]).is("editing");
    let flow = flow.says("Send message", None).enter("given_name", "Dara").does(&[]);
    let flow = flow.submit().does(&[Effect::Ask]).allow().does(&[preparation()]).is("sending");
    flow.fail_to_prepare()
        .does(&[error("signing_failed", false), Effect::Focus(Focus::Notice)])
        .is("editing")
        .says("Send message", Some(words))
        .holds("given_name", "Dara")
        // And again, if the supporter retries.
        .submit()
        .does(&[Effect::Ask])
        .allow()
        .does(&[preparation()])
        .prepare()
        .sign()
        .accept("accepted", 1)
        .is("sent");
    // A failure while the page is asked is retried, too.
    let flow =
        Scenario::new(campaign()).filled().submit().fail_to_prepare().does(&[]).is("sending");
    flow.allow().does(&[preparation()]).prepare().sign().accept("accepted", 1).is("sent");
}

#[test]
fn a_page_may_object() {
    let vetoed = "This page stopped the message from being sent. It is still here.";
    Scenario::new(campaign())
        .filled()
        .submit()
        .veto()
        .does(&[error("vetoed", false), Effect::Focus(Focus::Notice)])
        .is("editing")
        .says("Send message", Some(vetoed))
        .holds("email", "dara@example.org")
        .submit()
        .does(&[Effect::Ask])
        .says("Sending…", None)
        .allow()
        .is("sending");
}

#[test]
fn what_is_made_before_the_page_agreed_is_used_only_then() {
    let flow = Scenario::new(campaign()).filled().submit().prepare().does(&[]);
    let flow = flow.sign().does(&[]).veto().is("editing").allow().does(&[]).is("editing");
    // A veto does not use up the key.
    let flow = flow.submit().does(&[Effect::Ask]).allow();
    assert!(matches!(flow.effects[..], [Effect::Sign { attempt: 1, .. }]), "{:?}", flow.effects);
    assert_eq!((flow.keys, flow.claims().jti), (1, jti(1)));
    // Nor does a veto before the key exists.
    let flow = Scenario::new(campaign()).filled().submit().veto().prepare().does(&[]).is("editing");
    let flow = flow.submit().allow().sign();
    assert_eq!((flow.keys, flow.claims().jti, flow.bodies.len()), (1, jti(1), 1));
}

#[test]
fn when_it_was_signed_is_when_it_was_sent() {
    let submitted = |flow: Scenario, now| flow.event(Event::Submitted { now }).allow();
    let flow = submitted(Scenario::new(campaign()).filled().prepare(), NOW + 60).sign().silence();
    assert_eq!(flow.claims().iat, NOW + 60);
    // Later, but with the same bytes.
    let flow = submitted(flow, NOW + 120);
    assert_eq!((flow.bodies.len(), &flow.bodies[0]), (2, &flow.bodies[1]));
    let flow = submitted(flow.silence().enter("given_name", "Dara"), NOW + 180).prepare();
    assert_eq!((flow.claims().iat, flow.claims().jti), (NOW + 180, jti(1)));
}

#[test]
fn the_claims_are_exactly_what_was_shown_and_entered() {
    let flow = Scenario::new(campaign_with(json!({ "public": { "ask": true } })))
        .filled()
        .enter("given_name", "  ដារ៉ា ")
        .tick("targets", "prime-minister")
        .enter("public", "initials")
        .submit()
        .allow()
        .prepare();
    let [Effect::Sign { attempt: 1, input }] = &flow.effects[..] else {
        panic!("{:?}", flow.effects);
    };
    let parts: Vec<Value> = input
        .split('.')
        .map(|part| serde_json::from_slice(&envelope::decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(
        parts,
        [
            json!({
                "alg": "ES256",
                "typ": "action+jws",
                "jwk": {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": envelope::encode(&[1; 32]),
                    "y": envelope::encode(&[2; 32]),
                },
            }),
            json!({
                "jti": "AQEBAQEBAQEBAQEBAQEBAQ",
                "iat": NOW,
                "aud": AUDIENCE,
                "campaign": "free-the-writer",
                "campaign_digest": crate::scenario::digest("the file"),
                "lang": "en",
                "person": {
                    "given_name": "ដារ៉ា",
                    "family_name": "មេឃ",
                    "email": "dara@example.org",
                    "country": "KH",
                },
                "message": {
                    "subject": "Please free the writer",
                    "body": "Please free the writer.\n\nដារ៉ា មេឃ",
                },
                "targets": ["prime-minister", "minister-of-justice"],
                "consents": [
                    {
                        "purpose": "updates",
                        "granted": false,
                        "wording_digest": crate::scenario::digest("Write to me."),
                        "lang": "en",
                    },
                    {
                        "purpose": "delivery",
                        "granted": true,
                        "wording_digest": crate::scenario::digest("Pass my message on."),
                        "lang": "en",
                    },
                ],
                "public": "initials",
                "source": {
                    "page": "https://partner.invalid",
                    "partner": "A partner",
                    "utm_source": "newsletter",
                },
            }),
        ]
    );
}

#[test]
fn what_is_signed_is_posted() {
    let flow = Scenario::new(campaign()).filled().submit().allow().prepare();
    let [Effect::Sign { input, .. }] = &flow.effects[..] else {
        panic!("{:?}", flow.effects);
    };
    let body = envelope::compact(input, &SIGNATURE);
    let url = ENDPOINT.to_owned();
    flow.sign()
        .does(&[Effect::Post { attempt: 1, url, body, content_type: "text/plain" }])
        .is("sending")
        .says("Sending…", None);
}

#[test]
fn a_form_in_khmer_is_sent_in_khmer() {
    let flow = Scenario::example("km").filled().send();
    let claims = flow.claims();
    assert_eq!(claims.lang, "km");
    assert!(claims.consents.iter().all(|consent| consent.lang == "km"));
    let wording = &flow.form().sections[3].fields[0].label;
    assert_eq!(claims.consents[0].wording_digest, crate::scenario::digest(wording));
}

#[test]
fn the_format_json_has_the_action_beside_its_proof() {
    let json = campaign_with(json!({ "endpoint": { "format": "json" } }));
    let flow = Scenario::new(json).filled().send();
    let [Effect::Post { content_type: "application/json", body, .. }] = &flow.effects[..] else {
        panic!("{:?}", flow.effects);
    };
    let body: Value = serde_json::from_str(body).unwrap();
    let proof = body["proof"].as_str().unwrap();
    let opened = envelope::open_action(proof).unwrap();
    let signed: Value = serde_json::from_slice(&opened.payload).unwrap();
    assert_eq!(body, json!({ "action": signed, "proof": proof }));
    assert_eq!(opened.claims, flow.claims());
    assert_eq!(opened.signature, SIGNATURE);
}

// Accepted messages.

#[test]
fn each_status_has_its_words() {
    for (status, words) in [
        ("accepted", "It was verified and counted."),
        ("recorded", "It was recorded."),
        (
            "awaiting_confirmation",
            "One step is left: open the email that we sent you and confirm your message. It counts \
             after that.",
        ),
        (
            "unknown",
            "It was passed on, but the campaign’s system has not confirmed what happened to it.",
        ),
    ] {
        let flow = Scenario::new(campaign()).filled().send().accept(status, 1235).is("sent");
        let count = Some(1235);
        let word = Status::of(status).unwrap().word();
        let flow = flow.does(&[
            Effect::Tell(PageEvent::Sent { id: Some(jti(1)), status: word, count }),
            Effect::Tell(PageEvent::Count { count: 1235, goal: Some(5000) }),
            Effect::Focus(Focus::Thanks),
        ]);
        let thanks = flow.thanks();
        assert_eq!(thanks.heading, "Thank you. Your message was received");
        assert_eq!(thanks.status, words);
        assert_eq!(thanks.number, ("Receipt number:".to_owned(), jti(1)));
        let download = ("Download your receipt".to_owned(), "a.b.c".to_owned());
        assert_eq!(thanks.download, Some(download));
        let text = "1235 of 5000 messages sent".to_owned();
        assert_eq!(flow.view().progress, Some(Progress { text, of_goal: Some((1235, 5000)) }));
    }
}

#[test]
fn a_status_that_nobody_knows_is_unknown() {
    let flow = Scenario::new(campaign()).filled().send();
    let body = json!({ "id": jti(1), "status": "celebrated" });
    let flow = flow.reply(200, &body.to_string(), None).is("sent");
    let id = jti(1);
    let flow = flow.does(&[
        Effect::Tell(PageEvent::Sent { id: Some(id), status: "unknown", count: None }),
        Effect::Focus(Focus::Thanks),
    ]);
    // Without a receipt there is no download.
    assert_eq!(flow.thanks().download, None);
    assert_eq!(flow.view().progress, None);
}

#[test]
fn an_answer_about_another_action_is_none() {
    let flow = Scenario::new(campaign()).filled().send();
    let body = json!({ "id": jti(9), "status": "accepted" }).to_string();
    flow.reply(201, &body, None).is("editing").says("Try again", Some(UNREACHABLE));
}

#[test]
fn the_count_is_shown_and_told() {
    let flow = Scenario::new(campaign())
        .counted(r#"{"count":1234,"goal":5000}"#)
        .does(&[Effect::Tell(PageEvent::Count { count: 1234, goal: Some(5000) })]);
    let text = "1234 of 5000 messages sent".to_owned();
    assert_eq!(flow.view().progress, Some(Progress { text, of_goal: Some((1234, 5000)) }));
    for nonsense in ["", "1234", r#"{"count":-1}"#, r#"{"count":"1"}"#, "<html>"] {
        let flow = Scenario::new(campaign()).counted(nonsense).does(&[]);
        assert_eq!(flow.view().progress, None);
    }
    let without = campaign_with(json!({ "counter": null }));
    let flow = Scenario::new(without).counted(r#"{"count":1}"#);
    let text = "1 message sent".to_owned();
    assert_eq!(flow.view().progress, Some(Progress { text, of_goal: None }));
}

#[test]
fn the_count_is_looked_at_again_but_not_by_all_at_once_and_not_at_risk() {
    let pauses = |seed: u64| {
        let mut config = crate::scenario::config(
            crate::scenario::example().campaign("en", Strictness::Strict).unwrap(),
        );
        config.seed = seed;
        let mut flow = Scenario::of(config);
        let mut pauses = Vec::new();
        for body in [r#"{"count":1}"#, "", r#"{"count":2}"#] {
            flow = flow.event(Event::Counted(body.to_owned()));
            let Some(Effect::CountLater { milliseconds }) = flow.effects.last() else {
                panic!("{:?}", flow.effects)
            };
            pauses.push(*milliseconds);
            flow = flow.event(Event::CountDue).does(&[Effect::FetchCount(COUNT_URL.to_owned())]);
        }
        pauses
    };
    let mut all: Vec<u32> = (0..100).flat_map(pauses).collect();
    assert!(all.iter().all(|pause| (45_000..75_000).contains(pause)), "{all:?}");
    all.sort_unstable();
    all.dedup();
    assert!(all.len() > 290, "{}", all.len());
    let risky = Scenario::new(campaign_with(json!({ "at_risk": true })));
    let flow = risky.event(Event::Counted(r#"{"count":1}"#.to_owned()));
    assert!(!flow.effects.iter().any(|effect| matches!(effect, Effect::CountLater { .. })));
}

#[test]
fn a_count_that_comes_late_does_not_take_the_own_message_away() {
    let flow = Scenario::new(campaign()).filled().send().accept("accepted", 1235);
    let flow = flow.counted(r#"{"count":1234}"#).does(&[]);
    assert_eq!(flow.view().progress.unwrap().text, "1235 of 5000 messages sent");
    let flow = flow.counted(r#"{"count":1240}"#);
    assert_eq!(flow.view().progress.unwrap().text, "1240 of 5000 messages sent");
}

#[test]
fn a_goal_that_is_reached_rises_to_be_seen_and_stays_as_it_is_told() {
    let flow = Scenario::new(campaign()).counted(r#"{"count":4999}"#);
    let progress = |flow: &Scenario| flow.view().progress.unwrap();
    assert_eq!(progress(&flow).of_goal, Some((4999, 5000)));
    let flow = flow.filled().send().accept("accepted", 5000);
    assert_eq!(progress(&flow).of_goal, Some((5000, 10_000)));
    assert_eq!(progress(&flow).text, "5000 of 10000 messages sent");
    let report = PageEvent::Count { count: 5000, goal: Some(5000) };
    assert!(flow.effects.contains(&Effect::Tell(report)), "{:?}", flow.effects);
}

#[test]
fn only_where_the_campaign_says_so_the_page_leads_on_by_itself() {
    let leaves = |next: Value| {
        let flow = Scenario::new(campaign_with(json!({ "next": next }))).filled().send();
        let flow = flow.accept("accepted", 1);
        // The page leads on after the thanks have the focus, and so are read out.
        let focus = flow.effects.iter().position(|e| *e == Effect::Focus(Focus::Thanks)).unwrap();
        let after = flow.effects[focus + 1..].to_vec();
        let told = |effect: &Effect| matches!(effect, Effect::Lead(_));
        assert_eq!(flow.effects.iter().any(told), !after.is_empty());
        after
    };
    let url = "https://campaign.invalid/more";
    assert_eq!(leaves(json!({ "label": "More", "url": url })), []);
    let leave = Effect::Lead(url.to_owned());
    assert_eq!(leaves(json!({ "label": "More", "url": url, "redirect": true })), [leave]);
    for elsewhere in ["http://localhost/more", "javascript:alert(1)", "mailto:a@b.invalid", ""] {
        assert_eq!(leaves(json!({ "label": "M", "url": elsewhere, "redirect": true })), []);
    }
    let refused = campaign_with(json!({ "next": { "label": "M", "url": url, "redirect": true } }));
    let flow = Scenario::new(refused).filled().send().refuse(410, problem("closed"));
    assert!(!flow.effects.iter().any(|effect| matches!(effect, Effect::Lead(_))));
}

#[test]
fn the_thanks_offer_ways_to_pass_it_on() {
    let campaign = campaign_with(json!({
        "thanks": "So **good**.",
        "share": { "text": "Write too & now\nពេលនេះ", "url": "https://campaign.invalid/?a=1&b=2" },
        "next": { "label": "More", "url": "https://campaign.invalid/more" },
    }));
    let flow = Scenario::new(campaign).filled().send().accept("accepted", 1);
    let thanks = flow.thanks();
    let address = "https%3A%2F%2Fcampaign.invalid%2F%3Fa%3D1%26b%3D2";
    let words =
        "Write%20too%20%26%20now%0D%0A%E1%9E%96%E1%9F%81%E1%9E%9B%E1%9E%93%E1%9F%81%E1%9F%87";
    let links: Vec<String> = thanks.share.links.into_iter().map(|(_, _, link)| link).collect();
    assert_eq!(
        links,
        [
            format!("https://wa.me/?text={words}%0D%0A{address}"),
            format!("https://t.me/share/url?url={address}&text={words}"),
            format!("https://bsky.app/intent/compose?text={words}%0D%0A{address}"),
            format!("https://www.facebook.com/sharer/sharer.php?u={address}"),
            format!("https://x.com/intent/post?text={words}&url={address}"),
            format!("mailto:?subject=Free%20the%20writer&body={words}%0D%0A{address}"),
        ]
    );
    let buttons = [("signal", "Copy for Signal"), ("copy", "Copy text and link")];
    assert_eq!(thanks.share.buttons, buttons.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!(thanks.next, Some(("More".to_owned(), "https://campaign.invalid/more".to_owned())));
    let text = "Write too & now\nពេលនេះ\nhttps://campaign.invalid/?a=1&b=2";
    let flow = flow
        .share("whatsapp")
        .does(&[Effect::Tell(PageEvent::Share("whatsapp".to_owned()))])
        .share("copy")
        .does(&[Effect::Copy(text.to_owned()), Effect::Tell(PageEvent::Share("copy".to_owned()))]);
    assert_eq!(flow.thanks().share.result, "");
    let flow = flow.copied(ShareResult::Copied);
    assert_eq!(flow.thanks().share.result, "Copied");
    let flow = flow.copied(ShareResult::NotCopied);
    assert!(flow.thanks().share.result.ends_with(text));
}

#[test]
fn a_receipt_says_how_it_is_checked_and_how_the_message_is_withdrawn() {
    let accepted = |campaign: Value, issuer: &str| {
        let claims = json!({ "iss": issuer }).to_string();
        let receipt = ["e30", &envelope::encode(claims.as_bytes()), "c2ln"].join(".");
        let flow = Scenario::new(campaign).filled().send();
        let id = flow.claims().jti;
        let answer = json!({ "id": id, "status": "accepted", "receipt": receipt, "count": 1 });
        (flow.reply(201, &answer.to_string(), None).thanks(), receipt)
    };
    let (thanks, receipt) = accepted(campaign(), "https://actions.invalid");
    let (called, said) = thanks.check.unwrap();
    assert_eq!(called, "How to check this receipt");
    assert!(said[0].ends_with("public keys: https://actions.invalid/.well-known/jwks.json"));
    assert_eq!(said[1], receipt);
    assert!(thanks.withdraw.unwrap().contains("write to Example Campaign and give"));
    // If the receipt names no address of an endpoint, only the receipt is shown.
    let nobody = campaign_with(json!({ "publisher": { "name": "" } }));
    let (thanks, receipt) = accepted(nobody, "somebody");
    assert_eq!(thanks.check.unwrap().1, [receipt]);
    assert_eq!(thanks.withdraw, None);
}

/// The channels of all links and buttons: the browser's own first, the others from top to bottom.
fn channels(flow: &Scenario) -> Vec<String> {
    let share = flow.thanks().share;
    let links = share.links.into_iter().map(|(channel, ..)| channel);
    let (own, rest): (Vec<_>, Vec<_>) =
        share.buttons.into_iter().map(|(channel, _)| channel).partition(|c| c == "more");
    own.into_iter().chain(links).chain(rest).collect()
}

#[test]
fn the_browsers_own_ways_are_offered_where_there_are_any() {
    let sent = || Scenario::new(campaign()).filled().send().accept("accepted", 1);
    assert!(!channels(&sent()).contains(&"more".to_owned()));
    // The browser's own sharing is known before the form is filled in, or only after the thanks are shown.
    let before =
        Scenario::new(campaign()).event(Event::CanShare).filled().send().accept("accepted", 1);
    for flow in [before, sent().event(Event::CanShare)] {
        assert_eq!(channels(&flow)[0], "more");
        let share = Effect::Share {
            title: "Free the writer".to_owned(),
            text: String::new(),
            url: "https://partner.invalid/article".to_owned(),
        };
        let flow =
            flow.share("more").does(&[share, Effect::Tell(PageEvent::Share("more".to_owned()))]);
        // The next person uses the same browser.
        let again = flow.reset().filled().send().accept("accepted", 2);
        assert_eq!(channels(&again)[0], "more");
    }
}

#[test]
fn the_campaign_says_which_ways_there_are_and_what_is_said_there() {
    let campaign = campaign_with(json!({ "share": {
        "text": "Write too",
        "url": "https://campaign.invalid/",
        "channels": ["x", "signal", "whatsapp", "facebook"],
        "texts": { "x": "Short", "signal": "Among us" },
    } }));
    let flow = Scenario::new(campaign).event(Event::CanShare).filled().send().accept("accepted", 1);
    assert_eq!(channels(&flow), ["x", "whatsapp", "facebook", "signal"]);
    let address = "https%3A%2F%2Fcampaign.invalid%2F";
    let links: Vec<String> = flow.thanks().share.links.into_iter().map(|link| link.2).collect();
    assert_eq!(
        links,
        [
            format!("https://x.com/intent/post?text=Short&url={address}"),
            format!("https://wa.me/?text=Write%20too%0D%0A{address}"),
            format!("https://www.facebook.com/sharer/sharer.php?u={address}"),
        ]
    );
    let text = "Among us\nhttps://campaign.invalid/";
    let flow = flow
        .share("signal")
        .does(&[Effect::Copy(text.to_owned()), Effect::Tell(PageEvent::Share("signal".to_owned()))])
        .copied(ShareResult::NotCopied);
    assert!(flow.thanks().share.result.ends_with(text));
    // An unknown channel may contain typed text, so it is not reported.
    flow.share("dara@example.org").does(&[]);
}

#[test]
fn without_words_of_the_campaign_the_page_is_passed_on() {
    let flow = Scenario::new(campaign()).filled().send().accept("accepted", 1).share("copy");
    assert_eq!(flow.effects[0], Effect::Copy("https://partner.invalid/article".to_owned()));
}

// Refusals.

#[test]
fn what_breaks_the_rules_is_shown_at_its_field() {
    let flow = Scenario::new(campaign())
        .filled()
        .send()
        .refuse(
            422,
            rules(&[
                ("consent_delivery", "consent_missing"),
                ("email", "email_malformed"),
                ("body", "body_too_long"),
                ("email", "email_refused"),
                ("targets", "targets_too_many"),
                ("given_name", "given_name_is_funny"),
            ]),
        )
        .does(&[
            invalid(&[
                ("targets", "targets_too_many"),
                ("given_name", "given_name_refused"),
                ("email", "email_malformed"),
                ("body", "body_too_long"),
                ("consent_delivery", "consent_missing"),
            ]),
            Effect::Focus(Focus::Summary),
        ])
        .is("editing")
        .says("Send message", None)
        .wrong(&["targets", "given_name", "email", "body", "consent_delivery"]);
    assert_eq!(flow.field("body").error, "Message must be 200 characters or fewer");
    assert_eq!(flow.field("targets").error, "Choose no more than 2 people to write to");
    assert_eq!(
        flow.field("given_name").error,
        "The campaign did not accept “First name”. Change it and try again"
    );
    // The endpoint's error stays until its field is changed, though the form finds none.
    let flow = flow.enter("email", "dara@example.com");
    flow.wrong(&["targets", "given_name", "body", "consent_delivery"])
        .enter("body", "Please free the writer, and soon.")
        .enter("given_name", "Dara")
        .tick("consent_delivery", "on")
        .clear("targets", "minister-of-justice")
        .tick("targets", "embassy")
        .wrong(&[])
        .send()
        .is("sending");
}

#[test]
fn a_rule_about_what_is_not_on_the_form_is_no_riddle() {
    let refused = "The campaign did not accept your message (rules). It is still here, and \
                   nothing was sent.";
    let flow = Scenario::new(campaign()).filled().send();
    flow.refuse(422, rules(&[("messages", "answer_unknown_choice")]))
        .does(&[error("rules", false), Effect::Focus(Focus::Notice)])
        .says("Send message", Some(refused))
        .send()
        .refuse(422, rules(&[("sealed", "answer_unknown_choice"), ("email", "email_refused")]))
        .wrong(&["email"])
        .send()
        .refuse(422, rules(&[]))
        .says("Send message", Some(refused));
}

#[test]
fn every_other_refusal_keeps_the_text() {
    for code in ["replay_mismatch", "signature_invalid", "audience_mismatch", "campaign_unknown"] {
        let refused = format!(
            "The campaign did not accept your message ({code}). It is still here, and nothing was \
             sent."
        );
        let flow = Scenario::new(campaign())
            .filled()
            .send()
            .refuse(422, problem(code))
            .does(&[error(code, false), Effect::Focus(Focus::Notice)])
            .is("editing")
            .says("Send message", Some(&refused))
            .holds("email", "dara@example.org")
            .holds("consent_delivery", "on")
            // Definitely rejected: the next one is another action.
            .send();
        assert_eq!(flow.claims().jti, jti(2));
    }
}

#[test]
fn closed_meanwhile() {
    let closed = "This campaign has closed, so your message was not sent. It is still here if you \
                  want to copy it.";
    Scenario::new(campaign())
        .filled()
        .send()
        .refuse(410, problem("closed"))
        .does(&[error("closed", false), Effect::Focus(Focus::Notice)])
        .says("Send message", Some(closed))
        .holds("subject", "Please free the writer");
}

#[test]
fn busy_endpoints_are_asked_again_with_the_same_action() {
    for (status, retry_after, words) in [
        (
            429,
            Some(30),
            "The campaign can’t take your message right now. It is still here. Try again in 30 \
             seconds.",
        ),
        (
            503,
            Some(1),
            "The campaign can’t take your message right now. It is still here. Try again in 1 \
             second.",
        ),
        (
            429,
            None,
            "The campaign can’t take your message right now. It is still here. Wait a moment, \
             then try again.",
        ),
    ] {
        let body = problem("rate_limited").to_string();
        let flow = Scenario::new(campaign())
            .filled()
            .send()
            .reply(status, &body, retry_after)
            .does(&[error("busy", true), Effect::Focus(Focus::Notice)])
            .says("Try again", Some(words))
            .submit()
            .says("Sending…", None)
            .allow();
        assert_eq!(flow.bodies[0], flow.bodies[1]);
    }
}

#[test]
fn a_wrong_clock_is_set_right_once() {
    let late = json!({ "code": "iat_out_of_window", "now": NOW - 900_000 });
    let flow = Scenario::new(campaign()).filled().send();
    let first = flow.claims();
    let flow = flow.refuse(400, late.clone()).is("sending").says("Sending…", None);
    assert!(matches!(flow.effects[..], [Effect::Sign { attempt: 1, .. }]), "{:?}", flow.effects);
    let mut expected = first.clone();
    expected.iat = NOW - 900_000;
    assert_eq!(flow.claims(), expected);
    let flow = flow.sign();
    assert_eq!(flow.bodies.len(), 2);
    let opened = envelope::open_action(&flow.bodies[1]).unwrap();
    assert_eq!((opened.claims, opened.header.jwk), (expected, Some(crate::scenario::key())));
    // Not a third time.
    let flow = flow
        .refuse(400, late.clone())
        .does(&[error("iat_out_of_window", false), Effect::Focus(Focus::Notice)])
        .is("editing");
    assert_eq!(flow.bodies.len(), 2);
    // The supporter may begin again.
    let flow = flow.send().refuse(400, late).sign().accept("accepted", 5).is("sent");
    assert_eq!(flow.thanks().number.1, jti(2));
}

#[test]
fn a_clock_can_be_set_right_after_silence() {
    let late = json!({ "code": "iat_out_of_window", "now": NOW + 700_000 });
    let flow = Scenario::new(campaign()).filled().send().silence().submit().allow();
    let flow = flow.refuse(400, late).sign();
    assert_eq!((flow.claims().jti, flow.claims().iat), (jti(1), NOW + 700_000));
    // No answer again: the next post is the action with the endpoint's time.
    let flow = flow.silence().submit().allow();
    assert_eq!(flow.bodies.len(), 4);
    assert_eq!(flow.bodies[2], flow.bodies[3]);
}

#[test]
fn a_refused_clock_without_the_endpoints_time_is_a_refusal() {
    let flow = Scenario::new(campaign()).filled().send();
    flow.refuse(400, problem("iat_out_of_window"))
        .does(&[error("iat_out_of_window", false), Effect::Focus(Focus::Notice)])
        .is("editing");
}

#[test]
fn a_browser_that_cannot_sign() {
    let words = "Your browser could not sign the message, so it was not sent. It is still here. \
                 Try another browser.";
    let effects = [error("signing_failed", false), Effect::Focus(Focus::Notice)];
    let flow = Scenario::new(campaign()).filled().submit().allow();
    flow.fail_to_prepare().does(&effects).is("editing").says("Send message", Some(words));
    let flow = Scenario::new(campaign()).filled().submit().allow().prepare();
    let flow = flow.fail_to_sign().does(&effects).says("Send message", Some(words));
    assert!(flow.bodies.is_empty());
    flow.send().accept("accepted", 1).is("sent");
}

#[test]
fn a_code_that_is_a_sentence_is_not_passed_on() {
    for code in ["dara@example.org is no address", "", "Email", &"x".repeat(65)] {
        let flow = Scenario::new(campaign()).filled().send();
        flow.refuse(400, problem(code))
            .does(&[error("refused", false), Effect::Focus(Focus::Notice)]);
    }
}

// No answer, and retrying.

#[test]
fn silence_keeps_the_text_and_offers_to_try_again() {
    let flow = Scenario::new(campaign())
        .filled()
        .send()
        .silence()
        .does(&[error("unreachable", true), Effect::Focus(Focus::Notice)])
        .is("editing")
        .says("Try again", Some(UNREACHABLE));
    for name in flow.names() {
        assert_eq!(flow.value(&name).is_empty(), name == "consent_updates", "{name}");
    }
}

#[test]
fn trying_again_unchanged_is_the_very_same_action() {
    let flow = Scenario::new(campaign()).filled().send().silence().submit().allow();
    let [Effect::Post { body, .. }] = &flow.effects[..] else {
        panic!("{:?}", flow.effects);
    };
    assert_eq!(*body, flow.bodies[0]);
    let flow = flow.silence().submit().allow();
    assert_eq!((flow.keys, &flow.bodies[2]), (1, &flow.bodies[0]));
    let flow = flow.accept("accepted", 7).is("sent");
    assert_eq!(flow.thanks().number.1, jti(1));
}

#[test]
fn what_makes_no_difference_is_unchanged() {
    let flow = Scenario::new(campaign())
        .filled()
        .send()
        .silence()
        .enter("email", " dara@example.org ")
        .tick("targets", "embassy")
        .clear("targets", "embassy")
        .submit()
        .allow();
    assert_eq!(flow.bodies.len(), 2);
    assert_eq!(flow.bodies[0], flow.bodies[1]);
}

#[test]
fn trying_again_changed_counts_in_the_place_of_what_may_have_arrived() {
    let flow = Scenario::new(campaign()).filled().send().silence();
    let flow = flow.enter("given_name", "Dara").submit().allow();
    let flow = flow.does(&[preparation()]).prepare();
    assert!(matches!(flow.effects[..], [Effect::Sign { .. }]), "{:?}", flow.effects);
    let flow = flow.sign();
    assert_ne!(flow.bodies[0], flow.bodies[1]);
    // One identity: the first one to arrive counts.
    assert_eq!((flow.claims().jti, flow.claims().person.given_name.as_str()), (jti(1), "Dara"));
    let flow = flow.accept("accepted", 1).is("sent");
    assert!(!flow.text().contains(AS_BEFORE));
    // The next message has another identity.
    let flow = flow.reset().filled().send();
    assert_eq!(flow.claims().jti, jti(3));
}

const AS_BEFORE: &str = "Your message arrived as you first sent it.";

#[test]
fn what_had_arrived_before_it_was_changed_is_what_counts() {
    let mismatch = || problem("replay_mismatch");
    let flow = Scenario::new(campaign()).filled().send().silence();
    let flow = flow.enter("given_name", "Dara").send().refuse(422, mismatch()).is("sending");
    // The endpoint has another message with this identity: the first one, whose receipt is requested.
    assert_eq!(flow.bodies.len(), 3);
    assert_eq!(flow.bodies[0], flow.bodies[2]);
    let flow = flow.accept("accepted", 1).is("sent");
    assert!(flow.text().contains(AS_BEFORE), "{}", flow.text());

    // Of three, the middle one may be it.
    let flow = Scenario::new(campaign()).filled().send().silence();
    let flow = flow.enter("given_name", "Dara").send().silence();
    let flow = flow.enter("given_name", "Sok").send().refuse(422, mismatch());
    let flow = flow.refuse(422, mismatch()).is("sending");
    assert_eq!(flow.bodies.len(), 5);
    assert_eq!(flow.bodies[1], flow.bodies[4]);
    assert!(flow.accept("accepted", 1).text().contains(AS_BEFORE));

    // The endpoint confirms none of them: no further attempt is possible.
    let flow = Scenario::new(campaign()).filled().send().silence();
    let flow = flow.enter("given_name", "Dara").send();
    let flow = flow.refuse(422, mismatch()).refuse(422, mismatch()).is("editing");
    assert!(flow.form().notice.unwrap().contains("(replay_mismatch)"));
}

#[test]
fn what_is_changed_and_changed_back_is_the_first_message() {
    let flow = Scenario::new(campaign()).filled().send().silence();
    let flow = flow.enter("given_name", "Dara").send().silence();
    let flow = flow.enter("given_name", "ដារ៉ា").submit().allow();
    assert_eq!((flow.bodies.len(), &flow.bodies[0]), (3, &flow.bodies[2]));
    assert!(!flow.accept("accepted", 1).text().contains(AS_BEFORE));
}

#[test]
fn what_is_changed_on_the_way_is_told_not_to_have_arrived() {
    let flow = Scenario::new(campaign()).filled().send().clear("consent_delivery", "on");
    assert!(flow.accept("accepted", 1).text().contains(AS_BEFORE));
    let flow = Scenario::new(campaign()).filled().send().enter("given_name", "Sok");
    let flow = flow.enter("given_name", "ដារ៉ា").accept("accepted", 1);
    assert!(!flow.text().contains(AS_BEFORE), "it says the same again");
    assert!(!flow.reset().filled().send().accept("accepted", 2).text().contains(AS_BEFORE));
}

#[test]
fn a_message_is_sent_six_times_before_anybody_is_asked() {
    let flow = Scenario::new(campaign()).filled().send();
    let mut flow = flow.answer_once(None);
    let mut waits = Vec::new();
    while let Some(milliseconds) = flow.waits() {
        waits.push(milliseconds);
        let trying =
            "No answer has come yet. Your message is still here, and it is being sent again.";
        flow = flow.is("sending").says("Sending…", Some(trying));
        // Only the end of the requested wait sends it.
        let early = flow.session.clone().update(Event::Due { attempt: flow.attempt - 1 });
        assert_eq!(early.1, []);
        flow = flow.due();
        assert!(matches!(flow.effects[..], [Effect::Post { .. }]), "{:?}", flow.effects);
        flow = flow.answer_once(None);
    }
    assert_eq!(waits.len(), 5);
    for (wait, most) in waits.iter().zip([1_000, 2_000, 4_000, 8_000, 16_000]) {
        assert!(*wait <= most, "{waits:?}");
    }
    flow.does(&[error("unreachable", true), Effect::Focus(Focus::Notice)]).is("editing");
    // A success at any attempt ends the retries.
    let flow = Scenario::new(campaign()).filled().send().answer_once(None).due().answer_once(None);
    flow.due().accept("accepted", 1).is("sent");
}

#[test]
fn an_endpoint_says_when_it_wants_to_be_asked_again() {
    let busy = |after| {
        Some(standwith::session::Reply {
            status: 503,
            body: String::new(),
            retry_after: Some(after),
        })
    };
    let flow = Scenario::new(campaign()).filled().send().answer_once(busy(7));
    assert!(flow.waits().is_some_and(|wait| (7_000..=8_000).contains(&wait)));
    // An hour is reported to the supporter, not waited for.
    let flow = Scenario::new(campaign()).filled().send().answer_once(busy(3600));
    flow.does(&[error("busy", true), Effect::Focus(Focus::Notice)]).is("editing");
}

#[test]
fn a_wait_ends_with_the_form() {
    let flow = Scenario::new(campaign()).filled().send().answer_once(None);
    let attempt = flow.attempt;
    flow.reset().event(Event::Due { attempt }).does(&[]).is("editing");
}

#[test]
fn what_is_no_answer_is_silence() {
    for (status, body) in [
        (200, "<!doctype html><title>Log in to the Wi-Fi</title>"),
        (200, ""),
        (201, "{}"),
        (204, ""),
        (404, "<html>Not found</html>"),
        (400, "{}"),
        (500, r#"{"code":"rules"}"#),
        (502, "<html>Bad gateway</html>"),
        (0, ""),
    ] {
        Scenario::new(campaign())
            .filled()
            .send()
            .reply(status, body, None)
            .does(&[error("unreachable", true), Effect::Focus(Focus::Notice)])
            .says("Try again", Some(UNREACHABLE));
    }
}

#[test]
fn answers_to_an_earlier_attempt_change_nothing() {
    let flow = Scenario::new(campaign()).filled().send().silence().submit().allow();
    let now = flow.attempt;
    let stale = |attempt| {
        let body = json!({ "id": jti(1), "status": "accepted" }).to_string();
        let reply = Reply { status: 201, body, retry_after: None };
        Event::Answered { attempt, reply: Some(reply) }
    };
    let flow = flow.event(stale(now - 1)).does(&[]).is("sending");
    flow.event(stale(now + 1)).does(&[]).is("sending").event(stale(now)).is("sent");
}

#[test]
fn work_for_an_earlier_attempt_changes_nothing() {
    let stray = || {
        let digests = Vec::new();
        Event::Prepared(SigningInputs { jti: jti(9), key: crate::scenario::key(), digests })
    };
    let flow =
        Scenario::new(campaign()).filled().submit().allow().prepare().fail_to_sign().submit();
    let flow = flow
        // A second key, not requested, and a failure of the used one.
        .event(stray())
        .does(&[])
        .event(Event::NotPrepared)
        .does(&[])
        .is("sending")
        .allow()
        .does(&[preparation()])
        .event(Event::NotSigned { attempt: 1 })
        .does(&[])
        .event(Event::NotSigned { attempt: 2 })
        .does(&[])
        .is("sending")
        .prepare()
        .event(stray())
        .does(&[])
        .event(Event::NotPrepared)
        .does(&[])
        .event(Event::NotSigned { attempt: 1 })
        .does(&[])
        .event(crate::scenario::signed(1))
        .does(&[])
        .is("sending")
        .sign();
    assert_eq!(flow.claims().jti, jti(2));
    let flow = flow.accept("accepted", 1);
    // No later event about it removes the thanks.
    let flow = flow.fail_to_sign().does(&[]).fail_to_prepare().does(&[]).prepare().does(&[]);
    flow.sign().does(&[]).silence().does(&[]).is("sent");
}

#[test]
fn an_answer_without_a_question_changes_nothing() {
    let start = || Scenario::new(campaign()).filled();
    start().fail_to_sign().does(&[]).says("Send message", None);
    start().fail_to_prepare().does(&[]).says("Send message", None);
    start().silence().does(&[]).says("Send message", None);
    start().allow().does(&[]).is("editing");
    start().veto().does(&[]).says("Send message", None);
    start().submit().fail_to_sign().does(&[]).is("sending").silence().does(&[]).is("sending");
}

#[test]
fn sending_twice_sends_once() {
    let flow = Scenario::new(campaign()).filled().submit().submit().does(&[]);
    let flow = flow.allow().submit().does(&[]).prepare().submit().does(&[]).sign();
    let flow = flow.submit().does(&[]).accept("accepted", 1).submit().does(&[]).is("sent");
    assert_eq!(flow.bodies.len(), 1);
}

#[test]
fn what_is_typed_on_the_way_is_not_sent_and_not_lost() {
    let flow = Scenario::new(campaign())
        .filled()
        .submit()
        .enter("given_name", "Sokha")
        .does(&[])
        .allow()
        .enter("given_name", "Sok")
        .prepare()
        .clear("consent_delivery", "on")
        .sign()
        .tick("consent_delivery", "on")
        .enter("family_name", "");
    let claims = flow.claims();
    assert_eq!(claims.person.given_name, "ដារ៉ា");
    assert_eq!(claims.message.unwrap().body, "Please free the writer.\n\nដារ៉ា មេឃ");
    assert!(claims.consents[1].granted);
    let flow = flow.silence().holds("given_name", "Sok").holds("family_name", "");
    // A changed message is validated again, and is another action.
    let flow = flow.submit().wrong(&["family_name"]).enter("family_name", "Chan").send();
    assert_eq!((flow.claims().jti, flow.bodies.len()), (jti(1), 2));
    assert_ne!(flow.bodies[0], flow.bodies[1]);
}

// Reset and restart.

#[test]
fn a_reset_is_a_fresh_form() {
    let flow = Scenario::new(campaign()).filled().submit().allow().reset().does(&[]).is("editing");
    // Results that the earlier submission requested have no effect on the form.
    let flow = flow.prepare().does(&[]).fail_to_sign().does(&[]).is("editing");
    let flow = flow.says("Send message", None);
    for name in flow.names() {
        let filled = ["subject", "body"].contains(&name.as_str());
        assert_eq!(flow.value(&name).is_empty(), !filled, "{name}");
    }
    // But the key, not used for a signature, is as good as a new one.
    let flow =
        flow.enter("given_name", "A").does(&[Effect::Tell(PageEvent::Start)]).filled().send();
    assert_eq!((flow.keys, flow.claims().jti), (1, jti(1)));
    let flow = Scenario::new(campaign()).enter("given_name", "A").reset().enter("given_name", "B");
    let flow = flow.does(&[Effect::Tell(PageEvent::Start)]).filled().submit().allow().does(&[]);
    let flow = flow.prepare().sign();
    assert_eq!((flow.keys, flow.claims().jti), (1, jti(1)));
}

#[test]
fn a_reset_after_sending_is_for_the_next_person() {
    let flow = Scenario::new(campaign()).filled().send().accept("accepted", 1235);
    let flow = flow.share("copy").copied(ShareResult::Copied).reset().is("editing").wrong(&[]);
    assert_eq!(flow.view().progress.unwrap().text, "1235 of 5000 messages sent");
    assert_eq!(flow.value("email"), "");
    let flow = flow.filled().send();
    assert_eq!(flow.claims().jti, jti(2));
    let flow = flow.accept("accepted", 1236);
    assert_eq!(flow.thanks().share.result, "");
}

#[test]
fn an_answer_for_the_person_before_is_not_the_next_ones() {
    let flow = Scenario::new(campaign()).filled().send();
    let before = flow.attempt;
    let flow = flow.reset().filled().send();
    assert_ne!(flow.attempt, before);
    let late = Reply { status: 410, body: problem("closed").to_string(), retry_after: None };
    let flow = flow.event(Event::Answered { attempt: before, reply: Some(late) });
    flow.does(&[]).is("sending").accept("accepted", 2).is("sent");
}

#[test]
fn a_reset_forgets_what_was_waiting_for_an_answer() {
    let flow =
        Scenario::new(campaign()).filled().send().silence().reset().filled().submit().allow();
    let flow = flow.does(&[]).is("sending").prepare();
    assert!(matches!(flow.effects[..], [Effect::Sign { .. }]), "{:?}", flow.effects);
    assert_eq!((flow.bodies.len(), flow.claims().jti), (1, jti(2)));
    let flow =
        Scenario::new(campaign()).filled().submit().veto().reset().says("Send message", None);
    flow.submit().reset().wrong(&[]);
}

#[test]
fn before_and_after_its_time_a_campaign_takes_nothing() {
    let times = json!({ "opens": "2024-10-01T00:00:00Z", "closes": "2024-11-01T00:00:00Z" });
    let bytes = serde_json::to_vec(&campaign_with(times)).unwrap();
    let file = standwith::campaign::CampaignFile::parse(&bytes).unwrap();
    let campaign = file.campaign("en", Strictness::Strict).unwrap();
    let (opens, closes) = (1_727_740_800, 1_730_419_200);
    let at = |now| Scenario::at(crate::scenario::config(campaign.clone()), now);
    for (now, words) in [
        (opens - 1, "This campaign has not opened yet."),
        (closes, "This campaign has closed. It no longer accepts messages."),
        (closes + 1_000_000, "This campaign has closed. It no longer accepts messages."),
    ] {
        let flow = at(now).filled().does(&[]).submit().does(&[]).is("closed");
        assert_eq!(flow.view().screen, Screen::Closed(words.to_owned()));
        let flow = flow.reset().is("closed").counted(r#"{"count":3}"#);
        assert_eq!(flow.view().progress.unwrap().text, "3 of 5000 messages sent");
        let flow = flow.fail_to_sign().does(&[]).fail_to_prepare().does(&[]).is("closed");
        flow.prepare().does(&[]).is("closed");
    }
    at(opens).is("editing");
    at(closes - 1).is("editing");
    // And the form gives the dates: the first day, and the last one.
    let says = |flow: &Scenario| words(&root(&flow.markup()));
    assert!(says(&at(opens - 1)).ends_with("This campaign opens on 2024-10-01."));
    assert!(says(&at(opens)).contains("Open until the end of 2024-10-31."));
    for silent in [
        at(closes),
        at(opens).filled().send().accept("accepted", 1),
        Scenario::new(self::campaign()),
    ] {
        assert!(!says(&silent).contains("Open until") && !says(&silent).contains("opens on"));
    }
    // The first paint gives the last day, too.
    let first = standwith::view::first(&campaign, &Locale::english(Rules::PLAIN));
    assert!(words(&root(&first)).contains("Open until the end of 2024-10-31."));
}

#[test]
fn two_forms_know_nothing_of_each_other() {
    let (one, other) = (Scenario::new(campaign()), Scenario::new(campaign()));
    let before = other.view();
    let one = one.filled().send();
    assert_eq!(other.view(), before);
    let other = other.filled().enter("given_name", "Sok").submit().allow();
    let one = one.accept("accepted", 1);
    other.is("sending");
    one.is("sent");
}

// The hosted form.

#[test]
fn a_hosted_form_is_shown_with_what_was_posted() {
    let config = || {
        crate::scenario::config(
            crate::scenario::example().campaign("en", Strictness::Strict).unwrap(),
        )
    };
    let locale = Locale::english(Rules::PLAIN);
    let view = |session: &Session| -> View { view(&whole(session, &locale, None), &locale) };
    let fresh = Session::hosted(config(), NOW, None, Vec::new()).with_count(Some(12));
    let (widget, _) = Session::new(config(), NOW);
    assert_eq!(view(&fresh), view(&widget.with_count(Some(12))));
    let posted = Draft::posted(vec![("email".to_owned(), "dara".to_owned())]);
    let field_error = FieldError { field: "email".to_owned(), kind: FieldErrorKind::Malformed };
    let again = Session::hosted(config(), NOW, Some(posted), vec![field_error]);
    let Screen::Form(form) = view(&again).screen else {
        panic!("no form");
    };
    let email = form.sections[0].fields.iter().find(|field| field.name == "email").unwrap();
    assert!(matches!(&email.control, Control::Line { value, .. } if value == "dara"));
    assert!(!email.error.is_empty());
    assert_eq!(form.summary.unwrap().items[0].0, "email");
    let acceptance = Acceptance {
        id: jti(1),
        status: Status::Recorded,
        receipt: "a.b.c".to_owned(),
        count: Some(13),
    };
    let thanks = view(&Session::thanks(config(), NOW, acceptance));
    assert_eq!(thanks.progress.unwrap().text, "13 of 5000 messages sent");
    assert!(matches!(thanks.screen, Screen::Thanks(thanks) if thanks.status == "It was recorded."));
}

#[test]
fn a_hosted_form_says_why_it_was_not_taken() {
    let locale = Locale::english(Rules::PLAIN);
    for (notice, button, words) in [
        (
            Notice::Busy(None),
            "Try again",
            "The campaign can’t take your message right now. It is still here. Wait a moment, \
             then try again.",
        ),
        (
            Notice::Closed,
            "Send message",
            "This campaign has closed, so your message was not sent. It is still here if you want \
             to copy it.",
        ),
        (
            Notice::Refused("replay_mismatch".to_owned()),
            "Send message",
            "The campaign did not accept your message (replay_mismatch). It is still here, and \
             nothing was sent.",
        ),
    ] {
        let config = crate::scenario::config(
            crate::scenario::example().campaign("en", Strictness::Strict).unwrap(),
        );
        let session = Session::hosted(config, NOW, None, Vec::new()).with_notice(notice);
        assert_eq!(session.state(), "editing");
        let Screen::Form(form) = view(&whole(&session, &locale, None), &locale).screen else {
            panic!("no form");
        };
        assert_eq!((form.button.as_str(), form.notice.as_deref()), (button, Some(words)));
    }
}

// Properties for any events.

/// A mark in the texts that a supporter types here, and in nothing else. No code or name has such characters.
const MARK: &str = "ZQX#7";

/// A possible event.
#[derive(Clone, Debug)]
enum Move {
    Enter(usize, String),
    Tick(usize, bool),
    Fill,
    Send,
    Submit,
    Allow(bool),
    Prepare,
    FailToPrepare,
    Sign,
    FailToSign,
    Answer(usize),
    Late(u32),
    Count(i64),
    Share(usize),
    Leave(usize),
    Act(usize),
    Reset,
}

/// The actions of the buttons that help with writing.
const ACTS: [&str; 4] = ["reset-text", "undo-reset", "another-subject", "use-suggestion"];

/// Text controls, of a form that has them all.
const TEXTS: [&str; 13] = [
    "given_name",
    "family_name",
    "email",
    "phone",
    "country",
    "region",
    "locality",
    "postal_code",
    "address",
    "age",
    "why",
    "subject",
    "body",
];

/// Boxes, by name and value.
const BOXES: [(&str, &str); 8] = [
    ("targets", "prime-minister"),
    ("targets", "minister-of-justice"),
    ("targets", "embassy"),
    ("roles", "writer"),
    ("roles", "reader"),
    ("adult", "on"),
    ("consent_updates", "on"),
    ("consent_delivery", "on"),
];

/// A form that can be sent: texts, and ticked boxes.
const RIGHT: [(&str, &str); 13] = [
    ("given_name", "ZQX#7 ដារ៉ា"),
    ("family_name", "ZQX#7 មេឃ"),
    ("email", "ZQX#7@example.org"),
    ("phone", ""),
    ("country", "KH"),
    ("region", "ZQX#7"),
    ("locality", "ZQX#7"),
    ("postal_code", "ZQX#7"),
    ("address", "ZQX#7"),
    ("age", ""),
    ("why", "ZQX#7"),
    ("subject", "ZQX#7"),
    ("body", "ZQX#7 and long enough to be a message."),
];
const RIGHTLY_TICKED: [bool; BOXES.len()] = [false, true, false, true, false, true, false, true];

fn everything() -> Value {
    let standard = TEXTS[..9].iter().map(|id| json!({ "id": id }));
    let own = [
        json!({ "id": "age", "kind": "number", "label": "Age" }),
        json!({ "id": "why", "kind": "long_text", "label": "Why?" }),
        json!({ "id": "roles", "kind": "choices", "label": "Roles", "options": ["writer", "reader"] }),
        json!({ "id": "adult", "kind": "checkbox", "label": "Of age" }),
    ];
    campaign_with(json!({ "fields": standard.chain(own).collect::<Vec<_>>() }))
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let text = prop_oneof![
        3 => any::<String>(),
        1 => Just(String::new()),
        1 => Just("{{email}} {{given_name}}".to_owned()),
        1 => Just("KH".to_owned()),
        1 => Just("12".to_owned()),
        1 => Just("dara@example.org".to_owned()),
        1 => Just("dara@gmial.com".to_owned()),
        1 => Just("ស្ត្រី ម៉ិច ដារ៉ា, and long enough to be a message".to_owned()),
        1 => Just("x".repeat(400)),
    ];
    let one = prop_oneof![
        6 => (0..TEXTS.len(), text).prop_map(|(at, text)| Move::Enter(at, text)),
        4 => (0..BOXES.len(), any::<bool>()).prop_map(|(at, ticked)| Move::Tick(at, ticked)),
        1 => Just(Move::Fill),
        2 => Just(Move::Send),
        4 => Just(Move::Submit),
        3 => Just(Move::Allow(true)),
        1 => Just(Move::Allow(false)),
        3 => Just(Move::Prepare),
        1 => Just(Move::FailToPrepare),
        3 => Just(Move::Sign),
        1 => Just(Move::FailToSign),
        3 => (0..9usize).prop_map(Move::Answer),
        1 => (0..4u32).prop_map(Move::Late),
        1 => any::<i64>().prop_map(Move::Count),
        1 => (0..4usize).prop_map(Move::Share),
        1 => (0..TEXTS.len()).prop_map(Move::Leave),
        2 => (0..ACTS.len()).prop_map(Move::Act),
        1 => Just(Move::Reset),
    ];
    proptest::collection::vec(one, 0..60)
}

fn fill(mut flow: Scenario) -> Scenario {
    for (name, value) in RIGHT {
        flow = flow.enter(name, value);
    }
    for ((name, value), ticked) in BOXES.into_iter().zip(RIGHTLY_TICKED) {
        flow = if ticked { flow.tick(name, value) } else { flow.clear(name, value) };
    }
    flow
}

/// Plays a move. An endpoint's answer may repeat typed text.
fn play(flow: Scenario, step: &Move) -> Scenario {
    let echo = format!("{MARK} is wrong");
    match step {
        Move::Enter(at, text) => flow.enter(TEXTS[*at], text),
        Move::Tick(at, true) => flow.tick(BOXES[*at].0, BOXES[*at].1),
        Move::Tick(at, false) => flow.clear(BOXES[*at].0, BOXES[*at].1),
        Move::Fill => fill(flow),
        Move::Send => fill(flow).send(),
        Move::Submit => flow.submit(),
        Move::Allow(true) => flow.allow(),
        Move::Allow(false) => flow.veto(),
        Move::Prepare => flow.prepare(),
        Move::FailToPrepare => flow.fail_to_prepare(),
        Move::Sign => flow.sign(),
        Move::FailToSign => flow.fail_to_sign(),
        Move::Answer(0) => flow.silence(),
        Move::Answer(1) => flow.reply(200, &echo, None),
        Move::Answer(2) => flow.reply(429, &echo, Some(5)),
        Move::Answer(3) => flow.refuse(400, problem(&echo)),
        Move::Answer(4) => {
            flow.refuse(422, rules(&[("email", &echo), (&echo, "x"), ("body", "body_missing")]))
        }
        Move::Answer(5) => {
            flow.refuse(400, json!({ "code": "iat_out_of_window", "now": 5, "detail": echo }))
        }
        Move::Answer(6) => flow.refuse(410, problem("closed")),
        Move::Answer(7) => {
            flow.reply(201, &json!({ "id": echo, "status": echo }).to_string(), None)
        }
        Move::Answer(_) => {
            let jti = jti(flow.keys);
            let body = json!({ "id": jti, "status": echo, "receipt": echo, "count": 5 });
            flow.reply(201, &body.to_string(), None)
        }
        Move::Late(attempt) => flow.event(Event::Answered { attempt: *attempt, reply: None }),
        Move::Count(count) => flow.counted(&format!("{{\"count\":{count}}}")),
        Move::Share(at) => flow.share(["more", "telegram", "email", "copy"][*at]),
        Move::Leave(at) => flow.leave(TEXTS[*at]),
        Move::Act(at) => flow.act(ACTS[*at]),
        Move::Reset => flow.reset(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_typed_is_ever_lost_before_it_is_sent(moves in moves()) {
        let mut flow = Scenario::new(everything());
        let fresh: Vec<(&str, String)> =
            TEXTS.iter().map(|name| (*name, flow.value(name))).collect();
        let mut typed = fresh.clone();
        let mut ticked = [false; BOXES.len()];
        for step in &moves {
            let open = flow.session.state() != "sent";
            flow = play(flow, step);
            match step {
                Move::Enter(at, text) if open => typed[*at].1.clone_from(text),
                Move::Tick(at, now) if open => ticked[*at] = *now,
                Move::Fill | Move::Send if open => {
                    typed = RIGHT.map(|(name, value)| (name, value.to_owned())).into();
                    ticked = RIGHTLY_TICKED;
                }
                // Text that is replaced is saved: see `assist`.
                Move::Act(_) if open => {
                    let helped = |name: &str| ["email", "subject", "body"].contains(&name);
                    for (name, value) in typed.iter_mut().filter(|(name, _)| helped(name)) {
                        *value = flow.value(name);
                    }
                }
                Move::Reset => (typed, ticked) = (fresh.clone(), [false; BOXES.len()]),
                _ => {}
            }
            if flow.session.state() == "sent" {
                continue;
            }
            let shown: BTreeMap<String, String> =
                flow.fields().into_iter().map(|field| (field.name, field.control.value())).collect();
            for (name, value) in &typed {
                prop_assert_eq!(&shown[*name], value, "{} after {:?}", name, step);
            }
            for (at, (name, value)) in BOXES.iter().enumerate() {
                if let Some(shown) = shown.get(*name) {
                    let holds = shown.split(' ').any(|known| known == *value);
                    prop_assert_eq!(holds, ticked[at], "{} {} after {:?}", name, value, step);
                }
            }
        }
    }

    #[test]
    fn no_report_ever_holds_what_was_typed(moves in moves()) {
        let mut flow = Scenario::new(everything());
        for step in &moves {
            flow = match step {
                Move::Enter(at, text) => {
                    flow.enter(TEXTS[*at], &match TEXTS[*at] {
                        // Valid values, so that the message is sent.
                        "email" => format!("{MARK}@example.org"),
                        "country" | "phone" | "age" => text.clone(),
                        _ => format!("{MARK} and long enough to be a message {text}"),
                    })
                }
                step => play(flow, step),
            };
        }
        let told = format!("{:?}", flow.told);
        prop_assert!(!told.contains(MARK), "{}", told);
    }

    #[test]
    fn nothing_is_signed_or_posted_that_the_page_did_not_allow(moves in moves()) {
        let mut flow = Scenario::new(everything());
        let (mut asked, mut agreed) = (false, false);
        for step in &moves {
            flow = match step {
                Move::Send => fill(flow).submit(),
                step => play(flow, step),
            };
            if let Move::Allow(allowed) = step {
                agreed |= *allowed && asked;
                asked = false;
            }
            let started = flow.told.contains(&PageEvent::Start);
            for effect in &flow.effects {
                match effect {
                    Effect::Ask => (asked, agreed) = (true, false),
                    Effect::Prepare(_) => prop_assert!(started || agreed, "{step:?}"),
                    Effect::Post { .. } | Effect::Sign { .. } => {
                        prop_assert!(agreed, "{step:?} led to {effect:?}");
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn no_key_ever_signs_two_messages(moves in moves()) {
        let mut flow = Scenario::new(everything());
        let mut signed: Vec<(String, Value)> = Vec::new();
        for step in &moves {
            flow = match step {
                // Step by step, so that no signature is missed.
                Move::Send => fill(flow).submit().allow(),
                step => play(flow, step),
            };
            prop_assert!(flow.effects.len() < 5);
            if flow.effects.iter().any(|effect| matches!(effect, Effect::Sign { .. })) {
                let mut claims = flow.claims();
                prop_assert!((1..=flow.keys).map(jti).any(|jti| jti == claims.jti), "{:?}", step);
                let jti = std::mem::take(&mut claims.jti);
                // Only `iat` may differ, if the endpoint's time corrects it.
                claims.iat = 0;
                let said: Value = serde_json::from_str(&standwith::shape::write(&claims)).unwrap();
                let known = signed.iter().find(|(known, _)| *known == jti);
                prop_assert!(known.is_none_or(|(_, before)| *before == said), "{:?}", step);
                signed.push((jti, said));
            }
        }
    }
}

// Test mode.

#[test]
fn a_form_for_a_test_says_so_from_first_to_last() {
    let campaign = campaign();
    let flow =
        Scenario::of(FormConfig { test: true, ..crate::scenario::config(read(&campaign, "en")) });
    assert!(words(&root(&flow.markup())).contains("Test mode. What you send here is not counted"));
    let flow = flow.says("Send a test message", None).filled().send();
    assert!(flow.claims().test);
    // A retry is still a test, and the same one.
    let flow = flow.silence().says("Try again", Some(UNREACHABLE)).submit().allow();
    assert_eq!(flow.bodies[0], flow.bodies[1]);
    let thanks = flow.accept("recorded", 4).thanks();
    assert_eq!(thanks.status, "This was a test. Your message was not counted and reaches nobody.");
    assert_eq!(thanks.withdraw, None);

    let real = Scenario::new(campaign);
    assert!(!words(&root(&real.markup())).contains("Test mode"));
    assert!(!real.filled().send().claims().test);
}

// Variants of the text.

/// A campaign with three variants, of which the first has no text of its own.
fn varied() -> Value {
    campaign_with(json!({
        "variants": [
            { "id": "as-it-is", "weight": 2 },
            { "id": "short", "title": "Free her", "message": { "body": "Please free her today." } },
            {
                "id": "framed",
                "story": "Another story.",
                "message": { "subjects": ["Let her go"], "head": "Your Excellency,", "foot": "With respect" },
            },
        ],
        "languages": { "km": { "variants": [{ "id": "short", "title": "ខ្លី" }] } },
    }))
}

fn read(campaign: &Value, lang: &str) -> Campaign {
    let bytes = serde_json::to_vec(campaign).unwrap();
    CampaignFile::parse(&bytes).unwrap().campaign(lang, Strictness::Strict).unwrap()
}

#[test]
fn a_form_shows_one_variant_and_its_claims_say_which() {
    let campaign = read(&varied(), "en");
    let mut seen = BTreeMap::new();
    for seed in 0..60 {
        let config = FormConfig { seed, ..crate::scenario::config(campaign.clone()) };
        let flow = Scenario::of(config.clone()).filled();
        let variant = campaign.drawn(seed).unwrap().id.0.clone();
        let shown = (flow.view().title, flow.value("subject"), flow.value("body"));
        let claims = flow.send().claims();
        assert_eq!(claims.variant.as_deref(), Some(variant.as_str()));
        assert!(check_claims(&campaign, &claims).is_ok(), "{claims:?}");
        let body = claims.message.clone().unwrap().body;
        match variant.as_str() {
            "short" => assert_eq!(
                (shown.0.as_str(), body.as_str()),
                ("Free her", "Please free her today.")
            ),
            "framed" => {
                assert_eq!((shown.0.as_str(), shown.1.as_str()), ("Free the writer", "Let her go"));
                assert!(
                    body.starts_with("Your Excellency,\n\n") && body.ends_with("\n\nWith respect")
                );
                // Without its frame it is not this variant's message.
                let mut bare = claims.clone();
                bare.message.as_mut().unwrap().body = "Please free the writer today.".to_owned();
                assert!(check_claims(&campaign, &bare).is_err());
                bare.variant = Some("short".to_owned());
                assert!(check_claims(&campaign, &bare).is_ok());
            }
            _ => assert_eq!(shown.0, "Free the writer"),
        }
        // An older widget had no variants, and showed the campaign's own texts.
        let before = Claims { variant: None, ..claims.clone() };
        assert!(check_claims(&campaign, &before).is_ok());
        let unknown = Claims { variant: Some("other".to_owned()), ..claims };
        let faults = check_claims(&campaign, &unknown).unwrap_err();
        assert!(faults.iter().any(|fault| fault.field == "variant"), "{faults:?}");
        // The next person at this form sees the same.
        let again = Scenario::of(config).filled().reset().filled().send().claims();
        assert_eq!(again.variant.as_ref(), Some(&variant));
        *seen.entry(variant).or_insert(0) += 1;
    }
    assert!(seen.len() == 3 && seen["as-it-is"] > 15 && seen["short"] > 5, "{seen:?}");
    assert_eq!(Scenario::new(self::campaign()).filled().send().claims().variant, None);
    let title = read(&varied(), "km").in_variant("short").unwrap().title;
    assert_eq!(title, "ខ្លី");
}

proptest! {
    #[test]
    fn a_variant_is_drawn_as_often_as_its_weight_says(
        weights in proptest::collection::vec(0..5_u32, 0..5),
        seed: u64,
    ) {
        let mut campaign = read(&campaign(), "en");
        let named = |(at, weight): (usize, &u32)| Variant {
            id: Id(format!("v{at}")),
            weight: *weight,
            ..Variant::default()
        };
        campaign.variants = weights.iter().enumerate().map(named).collect();
        let total: u32 = weights.iter().sum();
        let mut drawn = vec![0; weights.len()];
        for near in 0..2000 {
            let variant = campaign.drawn(seed.wrapping_add(near));
            prop_assert_eq!(variant.is_some(), total > 0);
            if let Some(variant) = variant {
                drawn[variant.id.0[1..].parse::<usize>().unwrap()] += 1;
            }
        }
        for (weight, drawn) in weights.iter().zip(drawn) {
            let expected = 2000.0 * f64::from(*weight) / f64::from(total.max(1));
            // Six standard deviations.
            prop_assert!((f64::from(drawn) - expected).abs() <= 6.0 * (expected + 1.0).sqrt());
            prop_assert_eq!(*weight == 0, drawn == 0);
        }
    }
}
