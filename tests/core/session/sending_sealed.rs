//! A form's session in a campaign that seals: no typed text is sent in the clear.

use crate::scenario::{Scenario, campaign_with, jti, key};
use serde_json::json;
use standwith::sealing::{compact, header, read_inside};
use standwith::session::{Effect, Event, Focus, PageEvent};

fn sealing() -> Scenario {
    Scenario::new(campaign_with(json!({ "sealing": { "jwk": {
        "kty": "EC", "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "kid": "Bob",
    }}})))
}

fn asked(flow: &Scenario) -> (u32, String) {
    match &flow.effects[..] {
        [Effect::Seal { attempt, plaintext, key }] => {
            assert_eq!(key.kid, "Bob");
            (*attempt, plaintext.clone())
        }
        other => panic!("no sealing is requested: {other:?}"),
    }
}

/// A sealed text of the right format, without content.
fn sealed() -> String {
    compact(&header(&key(), "Bob"), &[7; 12], &[9; 300])
}

#[test]
fn what_is_typed_is_sealed_before_it_is_signed() {
    let flow = sealing().filled().submit().allow().prepare();
    let (attempt, plaintext) = asked(&flow);
    let inside = read_inside(plaintext.as_bytes()).unwrap();
    assert_eq!(inside.person.given_name, "ដារ៉ា");
    assert!(inside.message.unwrap().body.contains("ដារ៉ា"));
    let flow = flow.event(Event::Sealed { attempt, sealed: Some(sealed()) });
    let claims = flow.claims();
    assert_eq!(claims.sealed, Some(sealed()));
    assert_eq!(claims.person, Default::default());
    assert_eq!((claims.message, claims.jti), (None, jti(1)));
    let flow = flow.sign();
    let payload = flow.bodies[0].split('.').nth(1).unwrap();
    let payload = String::from_utf8(standwith::envelope::decode(payload).unwrap()).unwrap();
    for typed in ["ដារ៉ា", "dara@example.org", "Please free"] {
        assert!(!payload.contains(typed), "{payload}");
    }
    assert_eq!(flow.accept("accepted", 1).is("sent").thanks().number.1, jti(1));
}

#[test]
fn the_form_says_so() {
    let says = "What you write is encrypted on this device, and only the campaign can read it.";
    assert!(sealing().text().contains(says));
    assert!(!Scenario::new(crate::scenario::campaign()).text().contains(says));
}

#[test]
fn what_cannot_be_sealed_is_not_sent() {
    let flow = sealing().filled().submit().allow().prepare();
    let (attempt, _) = asked(&flow);
    let flow = flow.event(Event::Sealed { attempt, sealed: None });
    let error = PageEvent::Error { code: "sealing_failed".to_owned(), retryable: false };
    let flow = flow.does(&[Effect::Tell(error), Effect::Focus(Focus::Notice)]).is("editing");
    assert!(
        flow.form().notice.unwrap().contains("could not encrypt the message, so it was not sent")
    );
    assert!(flow.bodies.is_empty());
    // A second time, with another key.
    let (attempt, plaintext) = asked(&flow.submit().allow().prepare());
    assert!(plaintext.contains("dara@example.org") && attempt > 1);
    // A sealed text that was not requested is ignored.
    let flow = sealing().filled().event(Event::Sealed { attempt: 0, sealed: Some(sealed()) });
    flow.does(&[]).is("editing");
}

#[test]
fn what_is_sealed_is_sent_again_as_it_is() {
    let seal = |flow: Scenario| {
        let (attempt, _) = asked(&flow);
        flow.event(Event::Sealed { attempt, sealed: Some(sealed()) }).sign()
    };
    let flow = seal(sealing().filled().submit().allow().prepare()).silence();
    assert!(flow.text().contains("encrypted: only the campaign can read it"), "{}", flow.text());
    let flow = flow.submit().allow();
    assert_eq!((flow.bodies.len(), &flow.bodies[0]), (2, &flow.bodies[1]));
    // Changed, it has the same identity, and is sealed again.
    let flow = flow.silence().enter("given_name", "Dara").submit().allow().prepare();
    assert!(asked(&flow).1.contains("Dara"));
    assert_eq!(seal(flow).claims().jti, jti(1));
}
