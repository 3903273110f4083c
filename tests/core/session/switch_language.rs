//! Switching the language of a form in use.

use crate::scenario::{Scenario, digest, example, locale};
use proptest::prelude::*;
use standwith::campaign::{Campaign, Strictness};
use standwith::markup::{Markup, Node};
use standwith::session::{Effect, Event};
use standwith::text::Key;
use standwith::view::whole;

fn read(lang: &str) -> Campaign {
    example().campaign(lang, Strictness::Strict).unwrap()
}

/// The shell has loaded catalogue and campaign in this language.
fn spoken(mut flow: Scenario, lang: &str) -> Scenario {
    flow.locale = locale(lang);
    flow.event(Event::Spoken(Box::new(read(lang))))
}

fn asked(flow: &Scenario) -> Option<(&str, u32)> {
    flow.effects.iter().find_map(|effect| match effect {
        Effect::Speak { lang, place } => Some((lang.as_str(), *place)),
        _ => None,
    })
}

/// The language switch in a markup: the languages, and the form's own.
fn languages(flow: &Scenario) -> Vec<(String, bool)> {
    let markup: Markup = whole(&flow.session, &flow.locale, None);
    let mut found = Vec::new();
    let mut stack = vec![markup.tree()];
    while let Some(node) = stack.pop() {
        if let Node::Element(element) = node {
            if let Some(pressed) = element.attribute("aria-pressed") {
                found.push((element.attribute("lang").unwrap().to_owned(), pressed == "true"));
            }
            stack.extend(element.children.iter().rev().cloned());
        }
    }
    found
}

#[test]
fn a_button_asks_for_its_language() {
    let flow = Scenario::example("en");
    assert_eq!(languages(&flow), [("en".to_owned(), true), ("km".to_owned(), false)]);
    let flow = flow.act("language-km");
    assert_eq!(asked(&flow), Some(("km", 1)));
    assert_eq!(flow.session.language(1), "km");
    // Nothing changes before it is loaded, and a language that the campaign lacks is not requested.
    assert_eq!(flow.view().lang, "en");
    for other in ["language-fr", "language-", "language-KM"] {
        assert_eq!(asked(&Scenario::example("en").act(other)), None);
    }
}

#[test]
fn what_is_written_stays_and_what_is_suggested_changes() {
    let (english, khmer) = (read("en"), read("km"));
    let flow = Scenario::example("en").filled().enter("subject", &english.message.subjects[1]);
    let flow = spoken(flow, "km");
    assert_eq!(flow.view().lang, "km");
    assert_eq!(flow.view().title, khmer.title);
    assert_eq!(languages(&flow), [("en".to_owned(), false), ("km".to_owned(), true)]);
    let flow = flow
        .holds("given_name", "ដារ៉ា")
        .holds("country", "KH")
        .holds("subject", &khmer.message.subjects[1])
        .holds("body", &khmer.message.body);
    // The supporter's own text is not translated.
    let flow = flow.enter("body", "My own words").enter("subject", "Mine");
    let flow = spoken(flow, "en").holds("body", "My own words").holds("subject", "Mine");
    assert_eq!(flow.view().lang, "en");
}

#[test]
fn mistakes_are_told_in_the_other_language() {
    let flow = spoken(Scenario::example("en").submit(), "km");
    let summary = flow.form().summary.unwrap();
    assert_eq!(summary.heading, locale("km").say(standwith::text::Key::SummaryHeading));
    assert!(!summary.items.is_empty());
}

#[test]
fn the_family_name_comes_first_where_the_language_has_it_so() {
    let named = |flow: &Scenario| -> Vec<String> {
        flow.names().into_iter().filter(|name| name.ends_with("_name")).collect()
    };
    let told = |flow: &Scenario| -> Vec<String> {
        let told = flow.field_errors().into_iter().map(|(name, _)| name);
        told.filter(|name| name.ends_with("_name")).collect()
    };
    let given_first = ["given_name", "family_name"];
    let family_first = ["family_name", "given_name"];
    for (lang, order) in [("en", given_first), ("km", family_first)] {
        let flow = Scenario::example(lang).submit();
        assert_eq!(named(&flow), order);
        assert_eq!(told(&flow), order);
        // Errors from before the switch are listed in the other language's order.
        let (other, order) = if lang == "en" { ("km", family_first) } else { ("en", given_first) };
        let flow = spoken(flow, other);
        assert_eq!(named(&flow), order);
        assert_eq!(told(&flow), order);
    }
}

#[test]
fn what_is_signed_is_in_the_language_that_was_shown_last() {
    let khmer = read("km");
    // The other language may come while key and digests are made, or after.
    for made in [false, true] {
        let mut flow = Scenario::example("en").filled();
        if made {
            flow = flow.prepare();
        } else {
            // Digests for one language are not valid for the other.
            flow = spoken(flow, "km").prepare();
        }
        let flow = if made { spoken(flow, "km") } else { flow };
        // Consent refers to the text that was read, so it is asked for again.
        let flow = flow.submit();
        let wrong: Vec<String> = flow.field_errors().into_iter().map(|(name, _)| name).collect();
        assert_eq!(wrong, ["consent_delivery"]);
        let claims = flow.tick("consent_delivery", "on").prepare().send().claims();
        assert_eq!(claims.lang, "km");
        for consent in &khmer.consents {
            let claim = claims.consents.iter().find(|claim| claim.purpose == consent.purpose.0);
            assert_eq!(claim.unwrap().wording_digest, digest(&consent.wording));
        }
    }
}

#[test]
fn a_preparation_that_fails_meanwhile_is_made_again() {
    let flow = spoken(Scenario::example("en").filled(), "km").fail_to_prepare();
    let flow = flow.tick("consent_delivery", "on");
    assert_eq!(flow.prepare().send().claims().lang, "km");
}

#[test]
fn what_is_on_its_way_keeps_its_language_until_it_is_there() {
    let sending = Scenario::example("en").filled().send();
    let before = sending.view();
    let after = sending.act("language-km");
    assert_eq!(asked(&after), None);
    let mut after = after.event(Event::Spoken(Box::new(read("km"))));
    after.locale = locale("en");
    assert_eq!(after.view(), before);
    // The press is not lost: the thanks are in that language.
    let sent = after.accept("accepted", 1);
    assert_eq!(asked(&sent), Some(("km", 1)));
    let sent = spoken(sent, "km").is("sent");
    assert_eq!(sent.thanks().heading, sent.locale.say(Key::SentHeading));
    assert_eq!(languages(&sent), [("en".to_owned(), false), ("km".to_owned(), true)]);
    // And back, without new signing inputs for another message.
    let sent = spoken(sent, "en").does_not_prepare();
    assert!(!sent.text().contains("What you changed"));

    let failed = Scenario::example("en").filled().send().act("language-km").silence();
    assert_eq!(asked(&failed), Some(("km", 1)));
}

#[test]
fn a_language_that_cannot_be_had_is_told() {
    let failed = "The form could not be loaded in that language. Choose it again to try once more.";
    let flow = Scenario::example("en").act("language-km");
    assert!(!flow.text().contains(failed));
    let flow = flow.event(Event::NotSpoken);
    assert!(flow.text().contains(failed));
    let flow = spoken(flow.act("language-km"), "km");
    assert!(!flow.text().contains(&flow.locale.say(Key::LanguageFailed)));
}

#[test]
fn a_mail_that_is_offered_is_not_offered_in_another_language() {
    let mailed = |lang: &str| {
        let mut campaign = read(lang);
        campaign.delivery.modes.push(standwith::campaign::DeliveryMode::MailApp);
        campaign
    };
    let flow = Scenario::of(crate::scenario::config(mailed("en"))).filled().act("mail").allow();
    assert!(flow.form().mail.is_some());
    let mut flow = flow;
    flow.locale = locale("km");
    let flow = flow.event(Event::Spoken(Box::new(mailed("km"))));
    assert!(flow.form().mail.is_none());
}

proptest! {
    // Back and forth leaves no change, with any typed text.
    #[test]
    fn there_and_back_changes_nothing(name in "\\PC{0,20}", body in proptest::option::of("\\PC{0,60}")) {
        let mut flow = Scenario::example("en").enter("given_name", &name);
        if let Some(body) = &body {
            flow = flow.enter("body", body);
        }
        let before = flow.view();
        let after = spoken(spoken(flow, "km"), "en").view();
        prop_assert_eq!(before, after);
    }
}

// It was signed as given to the other organisation.
#[test]
fn a_consent_to_another_organisation_is_asked_for_anew() {
    let mut english = read("en");
    let purpose = english.consents[0].purpose.as_str().to_owned();
    english.consents[0].organisation.name = "The River".to_owned();
    let mut khmer = english.clone();
    let name = standwith::draft::consent_name(&purpose);
    for (organisation, stays) in [("The River", "on"), ("A Data Broker", "")] {
        khmer.consents[0].organisation.name = organisation.to_owned();
        let flow = Scenario::of(crate::scenario::config(english.clone())).tick(&name, "on");
        let flow = flow.event(Event::Spoken(Box::new(khmer.clone())));
        assert_eq!(flow.session.draft().get(&name), stays, "{organisation}");
    }
}
