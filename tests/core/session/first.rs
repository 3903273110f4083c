//! The first markup, which comes with the campaign file and so may come from anyone: whether it is this form's own, and
//! what happens to input into one that is not.

use std::collections::BTreeSet;

use crate::scenario::{Scenario, campaign, campaign_with};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::draft::{Draft, SUBJECT, seed_of_first};
use standwith::session::{Effect, Event, Focus};
use standwith::text::{Locale, Rules, compile};
use standwith::view::{first, is_first, is_first_of};

/// How an endpoint formats numbers and days.
const ENDPOINT: Rules = Rules {
    number: |_, number| {
        if number < 1000 { number.to_string() } else { "1\u{202f}234".to_owned() }
    },
    ..Rules::PLAIN
};

/// How a browser formats them.
const BROWSER: Rules = Rules {
    number: |_, number| format!("<{number}>"),
    date: |_, seconds| format!("the day of {seconds}"),
    ..Rules::PLAIN
};

/// A campaign whose form contains numbers and a day.
fn counting() -> Value {
    campaign_with(json!({
        "closes": "2030-10-31T00:00:00Z",
        "retention_days": 1234,
        "public": { "ask": true },
        "consents": [{ "purpose": "updates", "wording": "Write to me for 30 days." }],
    }))
}

fn read(campaign: &Value) -> Campaign {
    let file = CampaignFile::parse(campaign.to_string().as_bytes()).unwrap();
    file.campaign("en", Strictness::Lenient).unwrap()
}

fn english(rules: Rules) -> Locale {
    Locale::english(rules)
}

fn own(campaign: &Value) -> String {
    first(&read(campaign), &english(ENDPOINT)).as_str().to_owned()
}

fn is_own(markup: &str, campaign: &Value) -> bool {
    let mut lent = read(campaign);
    let is_own = is_first_of(markup, &mut lent, &mut english(BROWSER));
    assert_eq!(lent, read(campaign), "it does not come back as it was");
    is_own
}

#[test]
fn the_first_plan_of_an_endpoint_is_known_again_in_every_language() {
    for campaign in [campaign(), counting(), campaign_with(json!({ "at_risk": true }))] {
        assert!(is_own(&own(&campaign), &campaign));
    }
    let random =
        campaign_with(json!({ "targeting": { "mode": "random", "most": 2, "least": null } }));
    assert!(is_own(&own(&random), &random));
    for file in std::fs::read_dir(crate::scenario::checkout("www/locales")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let texts = compile(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let lang = path.file_stem().unwrap().to_string_lossy().into_owned();
        let locale = |rules| Locale::compiled(&lang, &texts, rules);
        let (campaign, mut browser) = (read(&counting()), locale(BROWSER));
        let markup = first(&campaign, &locale(ENDPOINT));
        assert!(is_first(markup.as_str(), &campaign, &mut browser), "{lang}");
        // Numbers are written as before.
        assert_eq!(browser.number(7), "<7>");
        assert!(!is_first(markup.as_str(), &campaign, &mut english(BROWSER)), "{lang}");
    }
}

#[test]
fn a_plan_with_other_words_is_not_this_forms() {
    let campaign = counting();
    let own = own(&campaign);
    for (from, to) in [
        ("Write to me for 30 days.", "Keep my name secret."),
        // Numbers in a wording are plain text.
        ("for 30 days", "for 3 days"),
        ("for 30 days", "for 30,000 days"),
        ("Send message", "Save as a draft"),
        ("With my full name", "Do not name me"),
        ("Choose at least 1.", "Choose at least one."),
        // Numbers are the form's own, in any format.
        ("Choose at least 1.", "Choose at least 2."),
        ("for 1\u{202f}234 days", "for 1 days"),
        ("for 1\u{202f}234 days", "for 12\u{202f}34 days."),
        ("2030-10-30", "2030-10-31"),
        ("Choose at least 1.", "Choose at least ."),
        (
            "Open until the end of 2030-10-30.",
            "Open until the end of 2030-10-30. Nothing is sent before.",
        ),
        ("consent_updates", "consent_delivery"),
        ("Email address", "Any address"),
    ] {
        let other = own.replacen(from, to, 1);
        assert_ne!(other, own, "{from}");
        assert!(!is_own(&other, &campaign), "{from} -> {to}");
    }
    let mut checked = own.clone();
    let place = own.find("consent_updates").unwrap();
    checked.insert(place, 'x');
    for other in [checked.as_str(), "", &own[1..], &own[..own.len() - 1], &format!("{own}/")] {
        assert!(!is_own(other, &campaign));
    }
    // However long a number is.
    let long = own.replacen("at least 1.", &format!("at least {}1.", "1,".repeat(1 << 20)), 1);
    assert!(!is_own(&long, &campaign));
    // A first paint can't know the form's variant.
    let varied = campaign_with(json!({ "variants": [{ "id": "a" }, { "id": "b" }] }));
    assert!(!is_own(&self::own(&varied), &varied));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// A markup that differs from this form's own in more than the form's own numbers is rejected.
    #[test]
    fn a_plan_that_differs_in_one_character_is_not_this_forms(at: prop::sample::Index, by in "[^0-9,\\-\u{202f}]", how in 0..3) {
        let campaign = campaign();
        let own: Vec<char> = own(&campaign).chars().collect();
        let at = at.index(own.len());
        // A part of a number is a number, too.
        prop_assume!(how < 2 || !own[at].is_ascii_digit());
        let by = by.chars().next().unwrap();
        let mut other = own.clone();
        match how {
            0 => other[at] = by,
            1 => other.insert(at, by),
            _ => drop(other.remove(at)),
        }
        prop_assume!(other != own);
        let other: String = other.into_iter().collect();
        prop_assert!(!is_own(&other, &campaign));
    }
}

// Input into a first paint that is not this form's own.

#[test]
fn what_was_ticked_and_chosen_on_another_form_is_forgotten() {
    let asked = campaign_with(json!({
        "fields": [
            { "id": "given_name" }, { "id": "email" }, { "id": "country" },
            { "id": "trade", "kind": "choice", "label": "Trade", "options": ["press", "other"] },
            { "id": "ways", "kind": "choices", "label": "Ways", "options": ["post", "phone"] },
            { "id": "member", "kind": "checkbox", "label": "I am a member" },
            { "id": "why", "kind": "long_text", "label": "Why?" },
        ],
        "delivery": { "disclose": ["name"] },
        "public": { "ask": true },
    }));
    let fresh = Scenario::new(asked.clone());
    let typed = [
        ("given_name", "Sophea"),
        ("email", "a@b.invalid"),
        ("why", "Mine"),
        ("body", "My own words here."),
    ];
    let mut flow = Scenario::new(asked);
    for (name, text) in typed {
        flow = flow.enter(name, text);
    }
    let flow = flow
        .enter("country", "KH")
        .enter("trade", "press")
        .enter("public", "name")
        .tick("ways", "post")
        .tick("member", "on")
        .tick("targets", "embassy")
        .tick("consent_updates", "on")
        .tick("consent_delivery", "on")
        .event(Event::Repainted { own: false, pressed: true })
        .does(&[Effect::Focus(Focus::Notice)])
        .is("editing");
    for (name, text) in typed {
        assert_eq!(flow.value(name), text, "{name}");
    }
    for name in ["country", "trade"] {
        assert_eq!(flow.value(name), fresh.value(name), "{name}");
    }
    assert!(flow.text().contains("this form looked different"), "{}", flow.text());
    let checked = |flow: &Scenario| flow.markup().as_str().matches("checked").count();
    assert_eq!(checked(&flow), checked(&fresh));
    let names = |flow: Scenario| flow.submit().form().summary.unwrap().items;
    let items = names(flow);
    assert!(items.iter().any(|(name, _)| name == "targets"), "{items:?}");
    assert!(items.iter().any(|(name, _)| name == "consent_delivery"), "{items:?}");
}

#[test]
fn nobody_is_told_of_another_form_who_did_nothing_there() {
    let says = |flow: &Scenario| flow.text().contains("this form looked different");
    let flow =
        Scenario::new(campaign()).event(Event::Repainted { own: false, pressed: false }).does(&[]);
    assert!(!says(&flow));
    // A press was seen, without effect.
    assert!(says(&flow.event(Event::Repainted { own: false, pressed: true })));
    // A single target is not an error: the supporter has no choice.
    let only = campaign_with(json!({
        "targets": [{ "id": "a", "name": "A" }],
        "targeting": { "mode": "all", "least": null, "most": null },
    }));
    let flow = Scenario::new(only)
        .enter("given_name", "Sophea")
        .event(Event::Repainted { own: false, pressed: false });
    assert!(says(&flow));
    let items = flow.submit().form().summary.unwrap().items;
    assert!(items.iter().all(|(name, _)| name != "targets"), "{items:?}");
}

#[test]
fn a_press_on_the_forms_own_first_paint_is_dropped_and_nothing_else() {
    let flow = Scenario::new(campaign()).filled();
    let before = flow.session.draft().clone();
    let flow = flow
        .event(Event::Repainted { own: true, pressed: true })
        .does(&[Effect::Focus(Focus::Notice)])
        .is("editing")
        .says("Send message", Some("Check the form, then send your message."));
    assert_eq!(*flow.session.draft(), before);
    // No box has to be ticked again.
    flow.send().accept("accepted", 1).is("sent");
}

#[test]
fn a_seed_of_the_first_subject_is_another_for_each_form() {
    for count in [0, 1, 2, 7, 2000] {
        let subjects: Vec<String> = (0..count).map(|n| format!("Subject {n}")).collect();
        let mut campaign = read(&campaign());
        campaign.message.subjects = subjects;
        let first = Draft::new(&campaign);
        let seeds: BTreeSet<u64> = (0..50)
            .map(|n| seed_of_first(&campaign, u64::MAX.wrapping_sub(5).wrapping_add(n << 40)))
            .inspect(|seed| {
                let begun = Draft::begun(&campaign, *seed);
                assert_eq!(begun.get(SUBJECT), first.get(SUBJECT));
            })
            .collect();
        assert_eq!(seeds.len(), 50, "{count} subjects");
    }
    // With a single subject, any seed will do.
    assert_eq!(seed_of_first(&Campaign::default(), 7), 7);
}
