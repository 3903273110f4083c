//! A form's proof of work, which an endpoint under a flood requires.

use crate::scenario::{Scenario, campaign, jti};
use serde_json::json;
use standwith::session::{Effect, Event, Focus, PageEvent, Reply};

const CHALLENGE: &str = "pbkdf2-sha256.1000.1024.1790000300.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn asks(flow: Scenario) -> Scenario {
    let body = json!({ "code": "proof_required", "challenge": CHALLENGE }).to_string();
    flow.answer_once(Some(Reply { status: 429, body, retry_after: None }))
}

fn proves(flow: Scenario, proof: Option<&str>) -> Scenario {
    let attempt = match &flow.effects[..] {
        [Effect::Prove { attempt, challenge, jti: of }] => {
            assert_eq!((challenge.as_str(), of.as_str()), (CHALLENGE, jti(1).as_str()));
            *attempt
        }
        other => panic!("no proof is requested: {other:?}"),
    };
    flow.event(Event::Proved { attempt, proof: proof.map(str::to_owned) })
}

fn url(flow: &Scenario) -> &str {
    match &flow.effects[..] {
        [Effect::Post { url, .. }] => url,
        other => panic!("nothing is posted: {other:?}"),
    }
}

#[test]
fn a_proof_is_made_and_goes_along_with_the_very_same_action() {
    let flow = asks(Scenario::new(campaign()).filled().send()).is("sending");
    let says = "The campaign is getting a very large number of messages.";
    assert!(flow.text().contains(says), "{}", flow.text());
    let flow = proves(flow, Some("a.proof.7"));
    // Into the query, and before the fragment.
    let wanted = "https://actions.invalid/campaigns/free-the-writer/actions?k=1&proof=a.proof.7#x";
    assert_eq!(url(&flow), wanted);
    assert_eq!(flow.bodies[0], flow.bodies[1]);
    let flow = flow.accept("accepted", 1).is("sent");
    assert!(!flow.text().contains(says));
    // The next message has no proof.
    let flow = flow.reset().filled().send();
    assert!(!url(&flow).contains("proof"));
}

#[test]
fn a_proof_is_for_one_message() {
    let flow = proves(asks(Scenario::new(campaign()).filled().send()), Some("a.proof.7"));
    // There was no answer: the proof may still be valid.
    let flow = flow.answer_once(None).due();
    assert!(url(&flow).contains("proof=a.proof.7"), "{}", url(&flow));
    // It was rejected, so another one is made.
    let flow = proves(asks(flow), Some("a.proof.8"));
    assert!(url(&flow).contains("proof=a.proof.8#"), "{}", url(&flow));
    let flow = flow.silence().submit().allow();
    assert!(!url(&flow).contains("proof"), "{}", url(&flow));
}

#[test]
fn who_cannot_prove_it_waits_like_everybody() {
    let flow = proves(asks(Scenario::new(campaign()).filled().send()), None).is("sending");
    assert!(flow.waits().is_some());
    flow.due().accept("accepted", 1).is("sent");
}

#[test]
fn an_endpoint_that_asks_for_ever_is_given_up() {
    let mut flow = asks(Scenario::new(campaign()).filled().send());
    for _ in 0..5 {
        flow = asks(proves(flow, Some("a.proof.7")));
    }
    let error = PageEvent::Error { code: "busy".to_owned(), retryable: true };
    let effects = [Effect::Tell(error), Effect::Focus(Focus::Notice)];
    flow.does(&effects).is("editing").holds("given_name", "ដារ៉ា");
}

#[test]
fn a_challenge_that_is_none_is_as_good_as_none() {
    for body in
        [json!({ "code": "proof_required" }), json!({ "code": "proof_required", "challenge": 7 })]
    {
        let flow = Scenario::new(campaign()).filled().send();
        let reply = Reply { status: 429, body: body.to_string(), retry_after: Some(2) };
        let flow = flow.answer_once(Some(reply));
        assert!(flow.waits().is_some_and(|wait| wait >= 2_000));
    }
}
