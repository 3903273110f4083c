//! The outbox: messages that could not be sent and are stored on the device, and their later delivery.

use crate::scenario::seen::Screen;
use crate::scenario::{NOW, Scenario, campaign, campaign_with, jti};
use proptest::prelude::*;
use serde_json::json;
use standwith::answer::{Acceptance, Outcome, Refusal, Status};
use standwith::base64url;
use standwith::outbox::{ClaimResult, LONGEST, OutboxEntry};
use standwith::session::{Attempt, Delivery, Effect, Event, Focus, PageEvent, deliver};

const ASK: &str = "This device can keep your message and send it when there is a connection.";
const KEPT: &str = "Your message is kept on this device";

fn silent() -> Scenario {
    Scenario::new(campaign()).filled().send().silence()
}

fn kept(flow: &Scenario) -> OutboxEntry {
    let found = flow.effects.iter().find_map(|effect| match effect {
        Effect::Store(kept) => Some(kept.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing is stored: {:?}", flow.effects))
}

/// A form whose message is stored in the outbox, and the entry.
fn queued() -> (Scenario, OutboxEntry) {
    let flow = silent().act("keep");
    let kept = kept(&flow);
    (flow.event(Event::Stored(true)).is("queued"), kept)
}

fn found(flow: Scenario, kept: &[OutboxEntry], sending: bool) -> Scenario {
    let mine = kept.iter().filter(|_| sending).cloned().collect();
    flow.event(Event::Found { kept: kept.to_vec(), expired: false, mine })
}

fn accepted(jti: &str) -> Outcome {
    Outcome::Accepted(Acceptance {
        id: jti.to_owned(),
        status: Status::Accepted,
        receipt: "a.b.c".to_owned(),
        count: Some(7),
    })
}

fn refused(code: &str) -> Outcome {
    Outcome::Refused(Refusal { code: code.to_owned(), ..Refusal::default() })
}

#[test]
fn a_device_is_asked_only_after_six_tries_and_on_the_supporters_word() {
    let flow = Scenario::new(campaign()).filled().send();
    assert!(!flow.text().contains(ASK));
    let flow = flow.answer_once(None);
    assert!(!flow.text().contains(ASK), "it is still being retried");
    let flow = silent();
    assert!(flow.text().contains(ASK), "{}", flow.text());
    assert!(flow.text().contains("The website that you are on could read it there."));
    assert!(!flow.effects.iter().any(|effect| matches!(effect, Effect::Store(_))));
    assert!(flow.text().contains("In a private window, it is deleted when the window is closed."));
    // An unsigned message can't be stored.
    assert!(!Scenario::new(campaign()).filled().submit().veto().text().contains(ASK));
    Scenario::new(campaign()).act("keep").does(&[]);
}

#[test]
fn where_it_may_be_dangerous_no_device_keeps_anything() {
    let flow = Scenario::new(campaign_with(json!({ "at_risk": true })));
    assert!(!flow.session.queues_here());
    let flow = flow.filled().send().silence();
    assert!(!flow.text().contains(ASK));
    flow.act("keep").does(&[]).is("editing");
}

#[test]
fn what_is_kept_is_what_was_signed_and_nothing_else() {
    let flow = silent().act("keep");
    let kept = kept(&flow);
    assert_eq!((kept.campaign.as_str(), kept.jti.as_str()), ("free-the-writer", jti(1).as_str()));
    assert_eq!((&kept.body, kept.until), (&flow.bodies[0], NOW + LONGEST));
    // The form promises nothing before the device has stored it.
    let flow = flow.is("editing");
    let flow = flow.event(Event::Stored(true)).is("queued");
    assert_eq!(flow.effects[0], Effect::Tell(PageEvent::Queued { id: jti(1) }));
    assert!(flow.effects.contains(&Effect::Focus(Focus::OutboxEntry)));
    let Screen::OutboxEntry(words) = flow.view().screen else { panic!("{}", flow.text()) };
    assert!(words.contains(KEPT) && words.contains("It has not been received yet."), "{words}");
    assert!(words.contains("2026-09-27"), "{words}");
    // It is retried while the page is open.
    let flow = flow.due_kept();
    flow.does(&[Effect::Drain]);
}

#[test]
fn a_device_that_cannot_keep_it_says_so() {
    let flow = silent().keep(false).is("editing");
    assert!(flow.form().notice.unwrap().contains("This device could not keep your message."));
    // And nothing is lost: the same bytes are sent again.
    let flow = flow.submit().allow();
    assert_eq!((flow.bodies.len(), &flow.bodies[0]), (2, &flow.bodies[1]));
}

#[test]
fn what_is_sent_from_there_is_thanked_for() {
    let (flow, kept) = queued();
    let flow =
        found(flow.act("send-kept").does(&[Effect::Drain]), std::slice::from_ref(&kept), true);
    assert!(flow.text().contains("Sending…"));
    let flow =
        flow.event(Event::Drained { proved: false, outcome: accepted(&kept.jti), kept }).is("sent");
    assert_eq!(flow.thanks().number.1, jti(1));
    assert!(!flow.text().contains("What you changed"));
    let sent = PageEvent::Sent { id: Some(jti(1)), status: "accepted", count: Some(7) };
    assert!(flow.told.contains(&sent));
    // The next person's message has another identity.
    assert_eq!(flow.reset().filled().send().claims().jti, jti(2));
}

#[test]
fn what_cannot_be_sent_yet_stays() {
    for outcome in [Outcome::Unreachable, Outcome::RetryLater(Some(30))] {
        let (flow, kept) = queued();
        let flow = found(flow.act("send-kept"), std::slice::from_ref(&kept), true);
        let flow =
            flow.event(Event::Drained { proved: false, kept: kept.clone(), outcome }).is("queued");
        assert!(flow.waits().is_some_and(|wait| wait == 60_000));
        assert!(flow.text().contains("We could not send it just now."));
    }
    let (flow, kept) = queued();
    // Another tab has the claim: its answer is awaited.
    let flow = found(flow.act("send-kept"), std::slice::from_ref(&kept), false).is("queued");
    assert!(flow.waits().is_some());
    // The other tab sent it.
    let flow = found(flow.act("send-kept"), &[], false).is("editing");
    assert!(flow.form().notice.unwrap().contains("it was sent or deleted in another tab"));
    // A later attempt posts the same bytes, so it gets the receipt of the first one.
    let flow = flow.submit().allow();
    assert_eq!(flow.bodies[0], flow.bodies[1]);
}

#[test]
fn it_can_be_taken_back() {
    let (flow, kept) = queued();
    let under_way = found(flow.act("send-kept"), std::slice::from_ref(&kept), true);
    let under_way = under_way.act("delete-kept").does(&[]).is("queued");
    let outcome = Outcome::Unreachable;
    let flow = under_way.event(Event::Drained { proved: false, kept: kept.clone(), outcome });
    let flow = flow.act("delete-kept").is("editing");
    assert!(flow.effects.contains(&Effect::Discard(kept.key())));
    assert!(flow.form().notice.unwrap().contains("This device no longer keeps your message."));
    // The typed text is still there, and counts once in any case.
    let flow = flow.holds("given_name", "ដារ៉ា").enter("given_name", "Dara").send();
    assert_eq!(flow.claims().jti, jti(1));
    let flow = flow.accept("accepted", 1).is("sent");
    // The answer to the earlier post then changes nothing.
    flow.event(Event::Drained { proved: false, outcome: Outcome::Unreachable, kept: kept.clone() })
        .does(&[Effect::Release(kept)])
        .is("sent");
}

#[test]
fn what_goes_by_itself_after_all_is_not_kept_any_longer() {
    let flow = silent().act("keep");
    let kept = kept(&flow);
    // Stored while the supporter retried.
    let flow = flow.submit().allow().event(Event::Stored(true)).is("sending");
    let flow = flow.accept("accepted", 1).is("sent");
    assert!(flow.effects.contains(&Effect::Discard(kept.key())));
}

#[test]
fn a_form_that_finds_a_message_shows_it_unless_somebody_writes() {
    let (_, kept) = queued();
    let fresh = || Scenario::new(campaign());
    let flow = found(fresh(), std::slice::from_ref(&kept), true).is("queued");
    assert!(flow.text().contains(KEPT));
    let flow = flow.event(Event::Drained {
        proved: false,
        outcome: accepted(&kept.jti),
        kept: kept.clone(),
    });
    assert_eq!(flow.is("sent").thanks().number.1, jti(1));

    let writing =
        found(fresh().enter("given_name", "Sok"), std::slice::from_ref(&kept), true).is("editing");
    let sent = writing.event(Event::Drained {
        proved: false,
        outcome: accepted(&kept.jti),
        kept: kept.clone(),
    });
    // The page is notified, and the supporter is not disturbed.
    assert!(matches!(sent.effects[0], Effect::Tell(PageEvent::Sent { .. })), "{:?}", sent.effects);
    sent.is("editing").holds("given_name", "Sok");

    found(fresh(), &[], false).does(&[]).is("editing");
    // A supporter who does not wait for it writes another, and does not see it again.
    let next = found(fresh(), std::slice::from_ref(&kept), true).reset().is("editing");
    let next = next.event(Event::Drained {
        proved: false,
        outcome: refused("closed"),
        kept: kept.clone(),
    });
    let next = next.does(&[Effect::Release(kept.clone())]).is("editing");
    let next = next.says("Send message", None);
    let post = Effect::PostEntry { entry: kept.clone(), proof: String::new() };
    found(next, &[kept], true).does(&[post]).is("editing");
}

#[test]
fn what_is_refused_comes_back_to_be_mended() {
    let (flow, kept) = queued();
    let errors = vec![("email".to_owned(), "email_malformed".to_owned())];
    let rules = || {
        let code = "rules".to_owned();
        Outcome::Refused(Refusal { code, errors: errors.clone(), now: None })
    };
    // In the tab where it was written, and in another one.
    for flow in [flow, found(Scenario::new(campaign()), std::slice::from_ref(&kept), true)] {
        let flow =
            flow.event(Event::Drained { proved: false, outcome: rules(), kept: kept.clone() });
        let flow =
            flow.wrong(&["email"]).holds("given_name", "ដារ៉ា").holds("email", "dara@example.org");
        let body = flow.value("body");
        assert!(body.starts_with("Please free the writer."), "{body}");
        // Consent is asked for again if the form was another one.
        let flow = flow.enter("email", "dara@example.com").tick("consent_delivery", "on");
        assert_eq!(flow.prepare_if_asked().send().claims().person.email, "dara@example.com");
    }
    // A sealed entry can't be read, so it does not come back to be corrected.
    let sealed = OutboxEntry { body: "e30.eyJzZWFsZWQiOiJ4In0.e30".to_owned(), ..kept };
    let flow = found(Scenario::new(campaign()), std::slice::from_ref(&sealed), true);
    let flow =
        flow.event(Event::Drained { proved: false, outcome: refused("closed"), kept: sealed });
    let notice = flow.is("editing").form().notice.unwrap();
    assert!(notice.contains("that this device had kept (closed)"), "{notice}");
}

// Otherwise a target would be ticked without a box, and could never be removed.
#[test]
fn what_has_no_box_does_not_come_back() {
    let (_, kept) = queued();
    let payload = kept.body.split('.').nth(1).unwrap();
    let claims = String::from_utf8(base64url::decode(payload).unwrap()).unwrap();
    let other = claims.replacen("\"targets\":[\"", "\"targets\":[\"nowhere\",\"", 1);
    assert_ne!(other, claims);
    let body = kept.body.replace(payload, &base64url::encode(other.as_bytes()));
    let kept = OutboxEntry { body, ..kept };
    let flow = found(Scenario::new(campaign()), std::slice::from_ref(&kept), true);
    let flow = flow.event(Event::Drained { outcome: refused("rules"), kept, proved: false });
    let targets: Vec<_> = flow.session.draft().all("targets").collect();
    assert!(!targets.is_empty() && !targets.contains(&"nowhere"), "{targets:?}");
}

#[test]
fn own_words_come_back_without_head_and_foot() {
    let about = |head: &str, foot: &str| {
        campaign_with(json!({ "message": { "head": head, "foot": foot } }))
    };
    let written = "Please free the writer.\n\nWith respect\n\nHe did no wrong.";
    for (head, foot) in [
        ("Dear {{target_name}},", "With respect\n\n{{given_name}} {{family_name}}"),
        ("", "With respect"),
        ("Your Excellency,", ""),
        ("", ""),
    ] {
        let writing = Scenario::new(about(head, foot)).filled().enter("body", written);
        let flow = writing.send().silence().act("keep");
        let kept = kept(&flow);
        let other = found(Scenario::new(about(head, foot)), std::slice::from_ref(&kept), true);
        let flow = other.event(Event::Drained {
            proved: false,
            outcome: refused("rules"),
            kept: kept.clone(),
        });
        assert_eq!(flow.value("body"), written, "between {head:?} and {foot:?}");
        // If the campaign's head has changed since, the earlier head and foot may come back with the text.
        let other = found(Scenario::new(about("Sir,", foot)), std::slice::from_ref(&kept), true);
        let flow = other.event(Event::Drained { proved: false, outcome: refused("rules"), kept });
        assert!(flow.value("body").contains(written), "{}", flow.value("body"));
    }
}

#[test]
fn one_proof_is_made_for_each_claim() {
    let challenge = || "challenge".to_owned();
    let asked = Outcome::Prove(challenge());
    let claimed = |outcome: &Outcome, proved| deliver(outcome.clone(), Attempt::Claimed(proved));
    assert_eq!(claimed(&asked, false), Delivery::Prove(challenge()));
    assert_eq!(claimed(&asked, true), Delivery::Wait(60_000));
    for proved in [false, true] {
        assert!(matches!(claimed(&accepted(&jti(1)), proved), Delivery::Sent(_)));
        assert!(matches!(claimed(&refused("closed"), proved), Delivery::Refused(_)));
        assert_eq!(claimed(&Outcome::Unreachable, proved), Delivery::Wait(60_000));
        assert_eq!(claimed(&Outcome::RetryLater(Some(90)), proved), Delivery::Wait(90_000));
    }
    // The same state machine for the form's own message, which is proved for as long as it is retried.
    let watched = |outcome, tries| deliver(outcome, Attempt::Watched(tries, 0));
    assert_eq!(watched(asked.clone(), 5), Delivery::Prove(challenge()));
    assert_eq!(watched(asked, 6), Delivery::GiveUp(Some(None)));
    assert_eq!(watched(Outcome::RetryLater(Some(2)), 1), Delivery::Wait(2000));
    assert_eq!(watched(Outcome::RetryLater(Some(61)), 1), Delivery::GiveUp(Some(Some(61))));
    assert_eq!(watched(Outcome::Unreachable, 6), Delivery::GiveUp(None));
}

#[test]
fn the_shell_only_performs_what_the_session_decides_for_the_outbox() {
    let (_, kept) = queued();
    let entry = || kept.clone();
    let post = |proof: &str| Effect::PostEntry { entry: entry(), proof: proof.to_owned() };
    let writing = || Scenario::new(campaign()).enter("given_name", "Sok");
    let flow = found(writing(), std::slice::from_ref(&kept), true).does(&[post("")]);
    let challenge = "challenge".to_owned();
    let outcome = Outcome::Prove(challenge.clone());
    let flow =
        flow.event(Event::Drained { kept: entry(), proved: false, outcome: outcome.clone() });
    let flow = flow.does(&[Effect::ProveEntry { entry: entry(), challenge }]);
    let proved = |proof: Option<&str>| Event::EntryProved {
        entry: entry(),
        proof: proof.map(str::to_owned),
    };
    let flow = flow.event(proved(Some("proof"))).does(&[post("proof")]);
    let release = [Effect::Release(entry())];
    let flow = flow.event(Event::Drained { kept: entry(), proved: true, outcome }).does(&release);
    let flow = flow.event(proved(None)).does(&release);
    let outcome = accepted(&kept.jti);
    let flow = flow.event(Event::Drained { kept: entry(), proved: true, outcome });
    assert!(flow.effects.contains(&Effect::Discard(kept.key())));
    flow.is("editing").holds("given_name", "Sok");
}

#[test]
fn a_tab_that_has_no_time_left_posts_no_more() {
    let mut kept = OutboxEntry { until: NOW + LONGEST, ..OutboxEntry::default() };
    assert!(!kept.may_be_posted(NOW), "it is not claimed");
    assert_eq!(kept.turn(NOW), ClaimResult::Send);
    assert!(kept.may_be_posted(NOW + 30));
    // Another tab may claim it at the end of the minute, and a post takes a while.
    assert!(!kept.may_be_posted(NOW + 50));
}

#[test]
fn what_was_kept_for_too_long_is_gone_and_that_is_said() {
    let expired = |flow: Scenario| {
        flow.event(Event::Found { kept: Vec::new(), expired: true, mine: Vec::new() })
    };
    for flow in [expired(Scenario::new(campaign())), expired(queued().0)] {
        let notice = flow.is("editing").form().notice.unwrap();
        assert!(notice.contains("could not be sent in six days"), "{notice}");
    }
    let flow = expired(Scenario::new(campaign()).enter("given_name", "Sok"));
    assert_eq!(flow.form().notice, None, "another supporter is writing");
}

#[test]
fn the_clock_of_the_endpoint_says_how_long() {
    let late = json!({ "code": "iat_out_of_window", "now": NOW + 700_000 });
    let flow = Scenario::new(campaign()).filled().send().refuse(400, late).sign().silence();
    assert_eq!(kept(&flow.act("keep")).until, NOW + 700_000 + LONGEST);
}

#[test]
fn of_two_tabs_one_sends() {
    let mut kept = OutboxEntry { until: NOW + LONGEST, ..OutboxEntry::default() };
    assert_eq!(kept.turn(NOW), ClaimResult::Send);
    let mut other = OutboxEntry::read(&kept.write()).unwrap();
    assert_eq!(other.turn(NOW), ClaimResult::Wait);
    assert_eq!(other.turn(NOW + 59), ClaimResult::Wait);
    // The first tab is gone: its claim ends.
    assert_eq!(other.turn(NOW + 60), ClaimResult::Send);
    assert_eq!(other.turn(NOW + LONGEST - 1), ClaimResult::Send);
    assert_eq!(other.turn(NOW + LONGEST), ClaimResult::Delete);
    // A clock that was set back by a day delays nothing.
    let mut ahead =
        OutboxEntry { claimed: NOW + 86_460, until: NOW + LONGEST, ..OutboxEntry::default() };
    assert_eq!(ahead.turn(NOW), ClaimResult::Send);
}

#[test]
fn a_page_that_says_nothing_hears_nothing() {
    let flow = Scenario::new(campaign());
    for event in [Event::Stored(true), Event::Stored(false)] {
        let (after, effects) = flow.session.clone().update(event);
        assert_eq!((after.state(), effects), ("editing", Vec::new()));
    }
}

proptest! {
    #[test]
    fn what_is_kept_is_read_as_it_was_written(
        campaign in "\\PC*", jti in "\\PC*", body in "\\PC*", until: i64, claimed: i64,
    ) {
        let kept = OutboxEntry { url: jti.clone(), test: until > claimed, campaign, jti, body, until, claimed };
        prop_assert_eq!(OutboxEntry::read(&kept.write()), Some(kept));
    }

    // Any script of the site can write there.
    #[test]
    fn whatever_lies_there_does_no_harm(text in "\\PC*", body in "\\PC*") {
        let _ = OutboxEntry::read(&text);
        let kept = OutboxEntry { body, ..OutboxEntry::default() };
        let _ = kept.draft();
        let flow = found(Scenario::new(campaign()), std::slice::from_ref(&kept), true);
        let _ = flow.event(Event::Drained { proved: false, outcome: refused("rules"), kept }).text();
    }
}

#[test]
fn what_is_another_endpoints_or_another_kinds_is_left_alone() {
    let (flow, kept) = queued();
    assert!(flow.session.owns(&kept));
    for other in [
        OutboxEntry { url: "https://other.invalid/actions".to_owned(), ..kept.clone() },
        OutboxEntry { test: true, ..kept.clone() },
        OutboxEntry { campaign: "another".to_owned(), ..kept.clone() },
    ] {
        assert!(!flow.session.owns(&other), "{other:?}");
    }
}

#[test]
fn what_was_changed_since_is_signed_before_it_is_kept() {
    let flow = silent().clear("consent_delivery", "on").act("keep");
    // Without consent there is nothing to store.
    assert!(!flow.effects.iter().any(|effect| matches!(effect, Effect::Store(_))));
    flow.wrong(&["consent_delivery"]);
    let flow = silent().enter("given_name", "Dara").act("keep").does(&[Effect::Ask]);
    let flow = flow.allow().prepare().sign().silence().act("keep");
    let kept = kept(&flow);
    assert_eq!((&kept.body, kept.jti), (&flow.bodies[1], jti(1)));
    assert_ne!(flow.bodies[0], flow.bodies[1]);
}

#[test]
fn what_arrived_before_it_was_changed_and_kept_is_what_counts() {
    let (_, kept) = queued();
    let flow = found(Scenario::new(campaign()), std::slice::from_ref(&kept), true);
    let flow = flow.event(Event::Drained {
        proved: false,
        outcome: refused("replay_mismatch"),
        kept: kept.clone(),
    });
    assert!(flow.effects.contains(&Effect::Discard(kept.key())));
    let notice = flow.form().notice.unwrap();
    assert!(notice.contains("Your message arrived as you first sent it."), "{notice}");
    // There is nothing to send a second time.
    flow.holds("given_name", "");
}

#[test]
fn what_is_refused_is_deleted_only_where_that_is_seen() {
    let (flow, kept) = queued();
    let shown = flow.event(Event::Drained {
        proved: false,
        outcome: refused("closed"),
        kept: kept.clone(),
    });
    assert!(shown.effects.contains(&Effect::Discard(kept.key())));
    let writing = found(
        Scenario::new(campaign()).enter("given_name", "Sok"),
        std::slice::from_ref(&kept),
        true,
    );
    writing
        .event(Event::Drained { proved: false, outcome: refused("closed"), kept: kept.clone() })
        .does(&[Effect::Release(kept.clone())]);
    // Signed again with the endpoint's time, it is stored until that one has arrived.
    let late =
        Refusal { code: "iat_out_of_window".to_owned(), now: Some(NOW + 700_000), errors: vec![] };
    let (flow, kept) = queued();
    let outcome = Outcome::Refused(late);
    let flow =
        flow.event(Event::Drained { proved: false, outcome, kept: kept.clone() }).is("sending");
    assert!(!flow.effects.contains(&Effect::Discard(kept.key())));
    let flow = flow.sign().accept("accepted", 1).is("sent");
    assert!(flow.effects.contains(&Effect::Discard(kept.key())));
}

#[test]
fn who_only_opens_a_page_is_led_nowhere() {
    let next =
        json!({ "next": { "label": "Give", "url": "https://give.invalid/", "redirect": true } });
    let campaign = campaign_with(next);
    let kept = kept(&Scenario::new(campaign.clone()).filled().send().silence().act("keep"));
    let arrives = |flow: Scenario| {
        let outcome = accepted(&kept.jti);
        found(flow, std::slice::from_ref(&kept), true).event(Event::Drained {
            proved: false,
            outcome,
            kept: kept.clone(),
        })
    };
    let leads = |flow: &Scenario| {
        flow.effects.iter().any(|effect| matches!(effect, Effect::Lead(_) | Effect::Focus(_)))
    };
    assert!(!leads(&arrives(Scenario::new(campaign.clone()))));
    let waiting = found(Scenario::new(campaign), std::slice::from_ref(&kept), false);
    assert!(leads(&arrives(waiting.act("send-kept"))));
}

#[test]
fn a_device_that_cannot_be_asked_leaves_a_way_on() {
    let (flow, _) = queued();
    let flow = flow.act("send-kept").event(Event::Stored(false)).is("queued");
    assert!(flow.waits().is_some());
    assert!(flow.text().contains("We could not send it just now."));
}

#[test]
fn nothing_but_what_the_form_asks_for_comes_back() {
    let planted = json!({
        "person": { "given_name": "Sok", "consent_delivery": "on" },
        "message": { "subject": "s", "body": "Please free the writer now." },
        "answers": { "consent_updates": "on", "public": "name" },
        "targets": ["embassy"],
    });
    let body = json!({ "action": planted, "proof": "x" }).to_string();
    let kept = OutboxEntry { body, ..queued().1 };
    let flow = found(Scenario::new(campaign()), std::slice::from_ref(&kept), true);
    let flow = flow.event(Event::Drained { proved: false, outcome: refused("closed"), kept });
    let flow =
        flow.holds("given_name", "Sok").holds("consent_delivery", "").holds("targets", "embassy");
    flow.holds("body", "Please free the writer now.");
}

#[test]
fn a_reset_leaves_nothing_of_the_person() {
    const NAME: &str = "Sokha-of-before";
    const WORDS: &str = "Please free the writer, say these words of before.";
    const EMAIL: &str = "sokha@exmaple.org";
    let typed = || {
        let flow = Scenario::new(campaign()).filled().enter("given_name", NAME);
        flow.enter("email", EMAIL).leave("email").enter("body", WORDS).act("reset-text")
    };
    let on_its_way = || typed().enter("body", WORDS).send();
    let of_the_outbox = || on_its_way().silence().act("keep").event(Event::Stored(true));
    for (state, flow) in [
        ("editing", typed()),
        ("sending", typed().enter("body", WORDS).submit()),
        ("sending", on_its_way()),
        ("editing", on_its_way().silence()),
        ("queued", of_the_outbox()),
        ("sent", {
            let accepted = json!({ "id": jti(1), "status": "accepted" }).to_string();
            on_its_way().reply(201, &accepted, None)
        }),
    ] {
        let flow = flow.is(state);
        let before = format!("{:?}", flow.session);
        assert!([NAME, WORDS, EMAIL].iter().all(|typed| before.contains(typed)), "{state}");
        let after = format!("{:?}", flow.reset().session);
        assert!([NAME, WORDS, EMAIL].iter().all(|typed| !after.contains(typed)), "{after}");
    }
}
