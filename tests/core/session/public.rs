//! Public naming of supporters: who is asked, and the resulting claims.

use crate::scenario::seen::{Choice, Control};
use crate::scenario::{Scenario, campaign, campaign_with};
use proptest::prelude::*;
use serde_json::json;
use standwith::action::PublicName;

fn asking() -> Scenario {
    Scenario::new(campaign_with(json!({ "public": { "ask": true } })))
}

fn choices(flow: &Scenario) -> Vec<Choice> {
    match flow.field("public").control {
        Control::Boxes(choices) => choices,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_is_asked_unless_the_campaign_says_so() {
    for patch in [json!({}), json!({ "public": {} }), json!({ "public": { "ask": false } })] {
        let flow = Scenario::new(campaign_with(patch));
        assert!(!flow.names().contains(&"public".to_owned()));
        // An event for a control that the form does not have changes nothing.
        let flow = flow.filled().enter("public", "name").send();
        assert_eq!(flow.claims().public, PublicName::Anonymous);
    }
    // Without a name there is no question.
    let nameless = campaign_with(json!({
        "public": { "ask": true },
        "fields": [{ "id": "email" }],
        "message": { "body": "Please free the writer." },
        "consents": null,
    }));
    assert!(!Scenario::new(nameless).names().contains(&"public".to_owned()));
    assert!(campaign().get("public").is_none());
}

#[test]
fn three_answers_of_which_the_last_is_preset() {
    let flow = asking();
    assert_eq!(flow.names().last().unwrap(), "public");
    let field = flow.field("public");
    assert_eq!(field.label, "How can the campaign name you publicly?");
    let said: Vec<_> = choices(&flow).into_iter().map(|c| (c.value, c.label, c.ticked)).collect();
    let expected = [
        ("name", "With my full name", false),
        ("initials", "With my initials", false),
        ("anonymous", "Do not name me", true),
    ];
    assert_eq!(said, expected.map(|(v, l, t)| (v.to_owned(), l.to_owned(), t)));
    assert_eq!(flow.filled().send().claims().public, PublicName::Anonymous);
}

#[test]
fn what_is_chosen_is_claimed() {
    for (word, name) in [
        ("name", PublicName::Name),
        ("initials", PublicName::Initials),
        ("anonymous", PublicName::Anonymous),
    ] {
        let flow = asking().filled().enter("public", "name").enter("public", word);
        let chosen: Vec<_> = choices(&flow).into_iter().filter(|choice| choice.ticked).collect();
        assert_eq!(chosen.iter().map(|choice| choice.value.as_str()).collect::<Vec<_>>(), [word]);
        assert_eq!(flow.send().claims().public, name);
    }
}

#[test]
fn what_is_none_of_the_answers_is_a_mistake() {
    let flow = asking().filled().enter("public", "loudly").submit().wrong(&["public"]);
    let sentence = "Choose one of the answers to “How can the campaign name you publicly?”";
    assert_eq!(flow.field_errors()[0].1, sentence);
    flow.enter("public", "initials").wrong(&[]);
}

#[test]
fn a_fresh_form_is_anonymous_again() {
    let flow = asking().filled().enter("public", "name").reset();
    assert!(choices(&flow)[2].ticked);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// With any input, one answer is chosen, and that one is sent.
    #[test]
    fn the_last_answer_counts(words in proptest::collection::vec(0..3_usize, 0..8)) {
        let known = ["name", "initials", "anonymous"];
        let mut flow = asking().filled();
        for word in &words {
            flow = flow.enter("public", known[*word]);
        }
        let chosen: Vec<_> = choices(&flow).into_iter().filter(|c| c.ticked).collect();
        let last = words.last().map_or("anonymous", |word| known[*word]);
        prop_assert_eq!(chosen.len(), 1);
        prop_assert_eq!(&chosen[0].value, last);
        prop_assert_eq!(flow.send().claims().public.word(), last);
    }
}
