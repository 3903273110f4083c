//! Values that were not typed just now: those of a stored draft, and those of a link.

use crate::scenario::{Scenario, campaign, campaign_with, config};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::campaign::{CampaignFile, Strictness};
use standwith::prefill;
use standwith::session::{Effect, Event, FormConfig, PageEvent};

/// A form whose partner allows draft storage.
fn keeping(campaign: &Value) -> Scenario {
    let file = CampaignFile::parse(campaign.to_string().as_bytes()).unwrap();
    let campaign = file.campaign("en", Strictness::Strict).unwrap();
    Scenario::of(FormConfig { keeps: true, ..config(campaign) })
}

fn hidden(flow: Scenario) -> Scenario {
    flow.event(Event::Hidden)
}

fn kept(flow: &Scenario) -> Option<String> {
    flow.effects.iter().find_map(|effect| match effect {
        Effect::Keep(kept) => Some(kept.clone()),
        _ => None,
    })
}

fn restored(campaign: &Value, kept: &str) -> Scenario {
    keeping(campaign).event(Event::Restored(kept.to_owned()))
}

#[test]
fn what_was_typed_is_back_but_for_what_is_agreed_to() {
    let flow = hidden(keeping(&campaign()).filled().enter("body", "Mine, and long enough."));
    let kept = kept(&flow).unwrap();
    assert!(!kept.contains("consent_"), "{kept}");
    let back = restored(&campaign(), &kept);
    let back = back
        .holds("given_name", "ដារ៉ា")
        .holds("country", "KH")
        .holds("body", "Mine, and long enough.");
    assert!(back.told.contains(&PageEvent::Start));
    let claims = back.tick("consent_delivery", "on").send().claims();
    assert_eq!(claims.targets, ["minister-of-justice"]);
}

#[test]
fn it_says_so() {
    let flow = hidden(keeping(&campaign()).enter("given_name", "Sophea"));
    let said = |flow: &Scenario| flow.text().contains("What you typed before has been restored.");
    assert!(said(&restored(&campaign(), &kept(&flow).unwrap())));
    assert!(!said(&restored(&campaign(), "[]")));
    assert!(!said(&restored(&campaign(), "")));
}

// Regression: a message whose form was left while it was sent, and that was sent again, was another one and counted
// twice.
#[test]
fn a_message_that_was_left_while_it_was_sent_counts_once() {
    let flow = keeping(&campaign()).filled().send();
    let (first, body) = (flow.claims(), flow.bodies[0].clone());
    let kept = kept(&flow).unwrap();
    let back = || restored(&campaign(), &kept).tick("consent_delivery", "on");
    // Changed or not, it replaces the first one.
    for back in [back(), back().enter("given_name", "Sophea")] {
        let again = back.send();
        assert_eq!(again.claims().jti, first.jti);
        // If the first one has arrived, its receipt is requested.
        let problem = json!({ "code": "replay_mismatch" }).to_string();
        let again = again.reply(422, &problem, None);
        assert_eq!(again.bodies.last(), Some(&body));
    }
    // When the message is accepted, the stored draft is deleted.
    let sent = keeping(&campaign()).filled().send().accept("accepted", 1);
    assert!(sent.effects.contains(&Effect::Forget));
}

#[test]
fn what_is_written_since_stays() {
    let kept = r#"["given_name","Old","family_name","Name","body","Old words, long enough."]"#;
    let flow = keeping(&campaign()).enter("given_name", "New");
    let flow = flow.event(Event::Restored(kept.to_owned()));
    flow.holds("given_name", "New")
        .holds("family_name", "Name")
        .holds("body", "Old words, long enough.");
}

#[test]
fn nothing_is_kept_without_leave_before_writing_after_sending_or_at_risk() {
    assert_eq!(kept(&hidden(Scenario::new(campaign()).filled())), None, "without leave");
    assert_eq!(kept(&hidden(keeping(&campaign()))), None, "before writing");
    let sent = keeping(&campaign()).filled().send().accept("accepted", 1);
    assert!(sent.effects.contains(&Effect::Forget));
    assert_eq!(kept(&hidden(sent)), None, "after sending");
    let emptied = keeping(&campaign()).filled().reset();
    assert!(emptied.effects.contains(&Effect::Forget));
    assert_eq!(kept(&hidden(emptied)), None, "after emptying");
    let risky = campaign_with(json!({ "at_risk": true }));
    assert_eq!(kept(&hidden(keeping(&risky).filled())), None, "at risk");
    let flow = restored(&risky, r#"["given_name","Old"]"#);
    assert_eq!(flow.value("given_name"), "", "at risk");
}

/// A key to seal to.
fn sealing() -> Value {
    json!({ "sealing": { "jwk": {
        "kty": "EC", "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "kid": "Bob",
    } } })
}

#[test]
fn a_sealed_campaign_keeps_no_draft_and_deletes_an_old_one() {
    let sealed = campaign_with(sealing());
    let flow = hidden(keeping(&sealed).filled().enter("body", "Mine, and long enough."));
    assert_eq!(kept(&flow), None);
    // Any stored draft, from before the campaign sealed or from elsewhere.
    for old in [r#"["given_name","Old"]"#, "{}", "["] {
        let flow = restored(&sealed, old);
        assert_eq!(flow.effects, [Effect::Forget], "{old}");
        assert_eq!(flow.value("given_name"), "", "{old}");
    }
}

#[test]
fn what_was_only_suggested_is_not_kept() {
    let flow = hidden(keeping(&campaign()).enter("given_name", "Sophea"));
    let kept = kept(&flow).unwrap();
    assert!(!kept.contains("subject") && !kept.contains("body"), "{kept}");
    // A stored draft does not replace a text that may not be edited.
    let locked = campaign_with(json!({ "message": { "editable": false } }));
    let kept = r#"["body","Another text, and long enough.","subject","Another"]"#;
    let fresh = keeping(&locked);
    let flow = restored(&locked, kept);
    for name in ["subject", "body"] {
        assert_eq!(flow.session.draft().get(name), fresh.session.draft().get(name), "{name}");
    }
    assert_eq!(flow.form().sections[2].preview, fresh.form().sections[2].preview);
}

#[test]
fn what_is_kept_goes_where_it_may_not_lie_any_longer() {
    let kept = r#"["given_name","Old"]"#;
    let over = json!({ "closes": "2020-01-01T00:00:00Z" });
    for changed in [json!({ "at_risk": true }), over, sealing()] {
        let flow = restored(&campaign_with(changed), kept);
        assert_eq!(flow.effects, [Effect::Forget]);
    }
}

#[test]
fn a_tab_that_kept_anything_else_does_no_harm() {
    for kept in [
        "{}",
        "[",
        "[1,2,3]",
        r#"["given_name"]"#,
        r#"["given_name",{}]"#,
        r#"["consent_delivery","on","public","name","nobody","x","__proto__","y"]"#,
        r#"["targets","nobody"]"#,
    ] {
        let flow = restored(&campaign(), kept);
        assert_eq!(flow.value("given_name"), "", "{kept}");
        let flow = flow.submit();
        assert!(
            flow.form().summary.unwrap().items.iter().any(|(name, _)| name.contains("consent"))
        );
    }
}

// Links.

fn filled_in(campaign: Value, values: &[(&str, &str)]) -> Scenario {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Scenario::new(campaign).event(Event::Prefilled(values.collect()))
}

#[test]
fn a_link_fills_in_fields_and_ticks_nothing() {
    let asked = campaign_with(json!({ "fields": [
        { "id": "given_name" }, { "id": "country" }, { "id": "email" },
        { "id": "trade", "kind": "choice", "label": "Trade", "options": ["press", "other"] },
        { "id": "member", "kind": "checkbox", "label": "I am a member" },
    ], "delivery": { "disclose": ["name"] } }));
    let values = [
        ("given_name", "សុភា"),
        ("country", "XX"),
        ("trade", "none"),
        ("member", "on"),
        ("consent_delivery", "on"),
        ("targets", "minister-of-justice"),
        ("body", "Words that are not the supporter's"),
    ];
    let flow = filled_in(asked.clone(), &values);
    assert!(!flow.told.contains(&PageEvent::Start), "the supporter has not started");
    let fresh = Scenario::new(asked.clone());
    for name in ["country", "trade", "body"] {
        assert_eq!(flow.value(name), fresh.value(name), "{name}");
    }
    let flow = flow.holds("given_name", "សុភា").submit();
    let items = flow.form().summary.unwrap().items;
    assert!(items.iter().any(|(name, _)| name == "targets"), "{items:?}");
    assert!(items.iter().any(|(name, _)| name == "consent_delivery"), "{items:?}");
    let flow = filled_in(asked, &[("country", "KH"), ("trade", "press")]);
    flow.holds("country", "KH").holds("trade", "press");
}

#[test]
fn what_somebody_wrote_stays_when_a_link_fills_in() {
    let flow = Scenario::new(campaign()).enter("given_name", "Mine");
    let flow = flow.event(Event::Prefilled(vec![("given_name".to_owned(), "Theirs".to_owned())]));
    flow.holds("given_name", "Mine");
}

#[test]
fn a_link_fills_in_nothing_at_risk() {
    let flow = filled_in(campaign_with(json!({ "at_risk": true })), &[("given_name", "Sophea")]);
    flow.holds("given_name", "");
}

#[test]
fn a_query_is_read_as_forms_write_it() {
    let take = |text| prefill::take(text, true, |name| ["given_name", "email"].contains(&name));
    let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for (text, values, rest) in [
        ("", &[][..], ""),
        ("utm_source=a&x", &[], "utm_source=a&x"),
        ("given_name=A+B%20C", &[("given_name", "A B C")], ""),
        ("x=1&given_name=%E1%9E%9F&y=%zz", &[("given_name", "ស")], "x=1&y=%zz"),
        ("given%5Fname=%zz%4", &[("given_name", "%zz%4")], ""),
        ("email", &[("email", "")], ""),
        ("email=a@b=c&#&", &[("email", "a@b=c")], "#&"),
        ("given_name=%ff", &[("given_name", "\u{fffd}")], ""),
    ] {
        assert_eq!(take(text), (own(values), rest.to_owned()), "{text}");
    }
    // In a fragment, as it is written by hand.
    let fragment = "email=ada+news@example.org&given_name=A%20B&x=a+b";
    let values = own(&[("email", "ada+news@example.org"), ("given_name", "A B")]);
    let taken = prefill::take(fragment, false, |name| ["given_name", "email"].contains(&name));
    assert_eq!(taken, (values, "x=a+b".to_owned()));
}

proptest! {
    #[test]
    fn whatever_a_link_holds_is_read_as_the_standard_does(text in "[a-c=&+%0-9é#]{0,40}") {
        let (values, rest) = prefill::take(&text, true, |_| true);
        let standard: Vec<(String, String)> =
            form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        // The standard skips pairs without name and value.
        let values: Vec<_> = values
            .into_iter()
            .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
            .collect();
        let standard: Vec<_> = standard
            .into_iter()
            .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
            .collect();
        prop_assert_eq!((values, rest.as_str()), (standard, ""));
    }
}

#[test]
fn the_language_that_was_chosen_and_ones_own_text_are_back() {
    let spoken = |lang: &str, flow: Scenario| {
        let bytes = campaign().to_string();
        let file = CampaignFile::parse(bytes.as_bytes()).unwrap();
        let campaign = file.campaign(lang, Strictness::Strict).unwrap();
        flow.event(Event::Spoken(Box::new(campaign)))
    };
    let asked = |flow: &Scenario| {
        flow.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Speak { lang, .. } if lang == "km"))
    };
    let flow = keeping(&campaign()).enter("given_name", "Sophea").enter("body", "Mine, and long.");
    let flow = spoken("km", flow.act("reset-text").act("language-km"));
    let flow = hidden(flow);
    let back = restored(&campaign(), &kept(&flow).unwrap()).holds("given_name", "Sophea");
    assert!(asked(&back), "{:?}", back.effects);
    let back = spoken("km", back).act("undo-reset").holds("body", "Mine, and long.");
    // A second restore works like the first.
    assert!(asked(&restored(&campaign(), &kept(&hidden(back)).unwrap())));

    // If the supporter chose no language, the page decides.
    let flow = hidden(keeping(&campaign()).enter("given_name", "Sophea"));
    assert!(!asked(&restored(&campaign(), &kept(&flow).unwrap())));
    // A stored draft is external input: a language that the campaign lacks is not requested.
    let flow = restored(&campaign(), r#"["@lang","xx","@body","Mine","@subject",7]"#);
    assert!(!flow.effects.iter().any(|effect| matches!(effect, Effect::Speak { .. })));
}
