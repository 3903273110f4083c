//! Suggestion of a country.

use serde_json::{Value, json};
use standwith::session::{Event, FormConfig, Session};
use standwith::text::{Locale, Rules};
use standwith::view;

use crate::scenario::{Scenario, campaign, campaign_with, config, locale, read};

fn form(file: &Value, region: &str) -> Scenario {
    let config = FormConfig { keeps: true, region: region.to_owned(), ..config(read(file)) };
    Scenario::of(config)
}

fn country(flow: &Scenario) -> &str {
    flow.session.draft().get("country")
}

#[test]
fn a_country_is_suggested_where_one_is_asked_for() {
    assert_eq!(country(&form(&campaign(), "KH")), "KH");
    let flow = form(&campaign(), "KH").holds("country", "KH");
    // Consents that depend on it are shown.
    assert!(flow.names().contains(&"consent_updates".to_owned()));
    for unknown in ["", "XX", "kh", "KHM", "419"] {
        assert_eq!(country(&form(&campaign(), unknown)), "", "{unknown}");
    }
    let unasked = campaign_with(json!({ "fields": [{ "id": "email", "required": true }] }));
    assert_eq!(country(&form(&unasked, "KH")), "");
    let at_risk = campaign_with(json!({ "at_risk": true }));
    assert_eq!(country(&form(&at_risk, "KH")), "");
}

#[test]
fn a_suggested_country_is_the_supporters_to_change() {
    let flow = form(&campaign(), "KH").enter("country", "FR").holds("country", "FR");
    assert_eq!(flow.filled().enter("country", "FR").send().claims().person.country, "FR");
    let flow = form(&campaign(), "KH").enter("country", "").holds("country", "");
    // The next person gets the same suggestion.
    flow.reset().holds("country", "KH");
}

#[test]
fn a_press_before_the_suggestion_was_shown_takes_it_back() {
    form(&campaign(), "KH").event(Event::PressedEarly).holds("country", "");
    // The supporter's own choice stays.
    form(&campaign(), "KH")
        .enter("country", "FR")
        .event(Event::PressedEarly)
        .holds("country", "FR");
    let flow = form(&campaign(), "KH").event(Event::PressedEarly).filled();
    assert!(flow.reset().holds("country", "KH").names().contains(&"country".to_owned()));
}

#[test]
fn a_link_and_a_draft_come_before_a_suggestion() {
    let link = |country: &str| Event::Prefilled(vec![("country".to_owned(), country.to_owned())]);
    form(&campaign(), "KH").event(link("FR")).holds("country", "FR");
    form(&campaign(), "KH").event(link("XX")).holds("country", "KH");
    // The supporter's own value is not overwritten.
    form(&campaign(), "KH").enter("country", "GB").event(link("FR")).holds("country", "GB");
    let kept = || Event::Restored(r#"["country","FR"]"#.to_owned());
    form(&campaign(), "KH").event(kept()).holds("country", "FR");
    form(&campaign(), "KH").enter("country", "GB").event(kept()).holds("country", "GB");
}

#[test]
fn a_first_paint_is_recognised_with_a_suggestion() {
    let campaign = read(&campaign());
    let mut locale = locale("en");
    let first = view::first(&campaign, &locale);
    assert!(view::is_first(first.as_str(), &campaign, &mut locale));
    // The suggestion comes after the first paint, which has none.
    let config = FormConfig { region: "KH".to_owned(), ..config(campaign.clone()) };
    let (session, _) = Session::new(config, crate::scenario::NOW);
    let whole = view::whole(&session, &Locale::english(Rules::PLAIN), None);
    assert!(!view::is_first(whole.as_str(), &campaign, &mut locale));
    assert!(view::is_first(first.as_str(), session.campaign(), &mut locale));
}
