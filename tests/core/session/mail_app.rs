//! A form's session with a message that the supporter sends from their own mailbox.

use crate::scenario::seen::MailView;
use crate::scenario::{COUNT_URL, NOW, Scenario, campaign_with, jti};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::DeliveryClaim;
use standwith::session::{Effect, Event, Focus, PageEvent, ShareResult};
use standwith::text::Key;

/// A campaign with these modes, whose targets have addresses.
fn campaign(modes: Value) -> Value {
    campaign_with(json!({
        "targets": [
            { "id": "prime-minister", "name": "The Prime Minister", "email": "pm@gov.invalid" },
            { "id": "minister-of-justice", "name": "The Minister", "email": "moj@gov.invalid" },
            { "id": "embassy", "name": "The Embassy", "email": "embassy@gov.invalid" },
        ],
        "delivery": { "modes": modes },
    }))
}

fn mailed() -> Scenario {
    Scenario::new(campaign(json!(["mail-app"])))
}

fn both() -> Scenario {
    Scenario::new(campaign(json!(["server", "mail-app"])))
}

#[track_caller]
fn offered(flow: &Scenario) -> MailView {
    flow.form().mail.unwrap()
}

/// From the button to the offer.
fn offer(flow: Scenario) -> Scenario {
    let flow = match flow.form().by_mail {
        Some(_) => flow.act("mail"),
        None => flow.submit(),
    };
    let flow = flow.does(&[Effect::Ask]).allow();
    assert_eq!(flow.effects, [Effect::Focus(Focus::Mail)]);
    flow.is("editing")
}

/// From the offer to the post.
fn tell(flow: Scenario) -> Scenario {
    let flow = flow.act("mail-yes").does(&[Effect::AskTime]).time();
    // Key and digests may be there since the first key press.
    let asks = flow.effects.iter().any(|effect| matches!(effect, Effect::Prepare(_)));
    let flow = if asks { flow.prepare() } else { flow };
    if flow.effects.iter().any(|effect| matches!(effect, Effect::Sign { .. })) {
        return flow.sign();
    }
    flow
}

#[test]
fn without_this_mode_there_is_nothing_to_see_and_nothing_to_press() {
    for act in ["mail", "mail-yes", "mail-not-yet", "copy-body", "strange"] {
        let flow =
            Scenario::new(crate::scenario::campaign()).filled().prepare().act(act).does(&[]).time();
        assert_eq!(
            (&flow.effects[..], flow.form().mail, flow.form().by_mail),
            (&[][..], None, None)
        );
    }
}

#[test]
fn where_only_the_supporter_delivers_the_button_leads_to_the_mail() {
    let flow = mailed();
    let form = flow.form();
    assert_eq!((form.button.as_str(), form.by_mail), ("Continue in my own email", None));
    let disclosed = "The people you write to will see the name and address of the email account that you send \
         it from.";
    assert_eq!(form.disclosed, disclosed);
    // It is validated as any other message.
    let flow = flow.submit();
    assert_eq!(flow.field_errors().len(), 6);
    let flow = offer(flow.filled().tick("targets", "embassy"));
    let mail = offered(&flow);
    assert_eq!(
        mail.words,
        [
            "Send your message from your own email",
            "Your message opens in your own email, with the addresses and the text filled in. You send it from there.",
            disclosed,
        ]
    );
    assert_eq!(mail.addresses, "moj@gov.invalid, embassy@gov.invalid");
    let says: Vec<&str> = mail.links.iter().map(|(says, _)| says.as_str()).collect();
    assert_eq!(
        says,
        [
            "Open my email app",
            "Open in Gmail",
            "Open in Outlook",
            "Open in Yahoo",
            "Open in Proton"
        ]
    );
    let name = "%E1%9E%8A%E1%9E%B6%E1%9E%9A%E1%9F%89%E1%9E%B6%20%E1%9E%98%E1%9F%81%E1%9E%83";
    let link = format!(
        "mailto:moj@gov.invalid,embassy@gov.invalid?subject=Please%20free%20the%20writer\
         &body=Please%20free%20the%20writer.%0D%0A%0D%0A{name}"
    );
    assert_eq!(mail.links[0].1, link);
    assert_eq!(mail.question, "Did you send it?");
    let buttons = mail.buttons.iter().map(|(act, says)| (act.as_str(), says.as_str()));
    assert_eq!(
        buttons.collect::<Vec<_>>(),
        [
            ("copy-addresses", "Copy the addresses"),
            ("copy-subject", "Copy the subject"),
            ("copy-body", "Copy the message"),
            ("mail-yes", "Yes, I sent it"),
            ("mail-not-yet", "Not yet"),
        ]
    );
}

#[test]
fn what_was_mailed_is_signed_and_posted_with_that_claim() {
    let flow = offer(mailed().filled().prepare());
    assert_eq!(flow.bodies, [""; 0]);
    let flow = flow.act("mail-yes").does(&[Effect::AskTime]).time().is("sending");
    let flow = flow.sign();
    let claims = flow.claims();
    assert_eq!((claims.delivery, claims.iat), (Some(DeliveryClaim::MailApp), NOW));
    assert_eq!(claims.message.unwrap().body, "Please free the writer.\n\nដារ៉ា មេឃ");
    assert_eq!(claims.targets, ["minister-of-justice"]);
    let flow = flow.accept("recorded", 13);
    let sent = PageEvent::Sent { id: Some(jti(1)), status: "recorded", count: Some(13) };
    assert!(flow.told.contains(&sent));
    assert_eq!(
        flow.thanks().status,
        "You told us that you sent it from your own email. It is counted on that basis."
    );
    // The next person starts without it.
    let flow = flow.reset();
    assert_eq!(flow.form().mail, None);
    let told = format!("{:?}", flow.told);
    assert!(!told.contains("gov.invalid") && !told.contains("ដារ៉ា"), "{told}");
}

#[test]
fn other_answers_have_their_own_words() {
    for (status, key) in [
        ("accepted", Key::SentByMail),
        ("awaiting_confirmation", Key::SentAwaiting),
        ("unknown", Key::SentUnknown),
    ] {
        let flow = tell(offer(mailed().filled().prepare())).accept(status, 1);
        assert_eq!(flow.thanks().status, flow.locale.say(key));
    }
}

#[test]
fn whoever_may_choose_has_two_buttons() {
    let flow = both().filled().prepare();
    let form = flow.form();
    assert_eq!(
        (form.button.as_str(), form.by_mail),
        ("Send message", flow.locale.say(Key::MailSend).into())
    );
    assert_eq!(form.disclosed, "The people you write to will see: your name, your country.");
    // The button sends as usual.
    let flow = flow.send();
    assert_eq!(flow.claims().delivery, None);
    let flow = flow.accept("accepted", 1);
    assert_eq!(flow.thanks().status, "It was verified and counted.");
    let flow = tell(offer(flow.reset().filled().prepare()));
    assert_eq!(flow.claims().delivery, Some(DeliveryClaim::MailApp));
    // After the mail was offered, the supporter can still have the endpoint deliver.
    let flow = offer(both().filled().prepare()).send();
    assert_eq!(flow.claims().delivery, None);
    let flow = flow.accept("recorded", 1);
    assert_eq!(flow.thanks().status, "It was recorded.");
}

#[test]
fn not_yet_leads_back_to_the_links() {
    let flow = offer(mailed().filled().prepare());
    let before = offered(&flow);
    let flow = flow.act("mail-not-yet").does(&[Effect::Focus(Focus::Mail)]).is("editing");
    assert_eq!((offered(&flow), flow.bodies.len()), (before, 0));
}

#[test]
fn addresses_subject_and_text_can_be_copied() {
    let flow = offer(mailed().filled().tick("targets", "embassy"));
    for (act, text) in [
        ("copy-addresses", "moj@gov.invalid, embassy@gov.invalid"),
        ("copy-subject", "Please free the writer"),
        ("copy-body", "Please free the writer.\n\nដារ៉ា មេឃ"),
    ] {
        let copy = || offer(mailed().filled().tick("targets", "embassy")).act(act);
        let flow = copy().does(&[Effect::Copy(text.to_owned())]).copied(ShareResult::Copied);
        assert_eq!(offered(&flow).result, "Copied");
        let flow = copy().copied(ShareResult::NotCopied);
        let failed =
            format!("Your browser could not copy the text. Select it and copy it yourself: {text}");
        assert_eq!(offered(&flow).result, failed);
    }
    // The thanks do not mention it.
    let flow = flow.act("copy-body").copied(ShareResult::Copied).prepare();
    let flow = tell(flow).accept("recorded", 1);
    assert_eq!(flow.thanks().share.result, "");
}

#[test]
fn what_is_changed_is_told_as_it_was_sent_or_offered_anew() {
    let flow = offer(mailed().filled().prepare());
    // A change that does not affect the mail leaves it there.
    let flow = flow.enter("email", "other@example.org");
    assert!(!offered(&flow).words.contains(&OUTDATED.to_owned()));
    let changed = || {
        let flow = offer(mailed().filled().prepare()).enter("email", "other@example.org");
        flow.enter("body", "Please free the writer now, at once.")
    };
    // It may have been sent already: it stays, with a note.
    let flow = changed();
    assert!(offered(&flow).words.contains(&OUTDATED.to_owned()));
    assert!(!offered(&flow).links[0].1.contains("at%20once"));
    let claims = tell(flow).claims();
    assert!(!claims.message.unwrap().body.contains("at once"));
    // Or the form offers a new mail, with the changes.
    let flow = changed().act("mail").does(&[Effect::Ask]).allow();
    assert!(offered(&flow).links[0].1.contains("at%20once"));
    assert!(!offered(&flow).words.contains(&OUTDATED.to_owned()));
    let claims = tell(flow).claims();
    assert_eq!(claims.message.unwrap().body, "Please free the writer now, at once.");
    assert_eq!(claims.person.email, "other@example.org");
    // The note disappears when the change is undone.
    let flow = changed().enter("body", "Please free the writer.\n\n{{given_name}} {{family_name}}");
    assert!(!offered(&flow).words.contains(&OUTDATED.to_owned()));
    // If the form has become invalid since, the mail is recorded as it was offered.
    let flow = offer(mailed().filled().prepare()).clear("targets", "minister-of-justice");
    assert_eq!(tell(flow).claims().targets, ["minister-of-justice"]);
    let flow = offer(mailed().filled().prepare()).enter("given_name", "");
    let flow = flow.act("mail").wrong(&["given_name"]);
    assert_eq!(tell(flow).claims().person.given_name, "ដារ៉ា");
}

const OUTDATED: &str =
    "You changed the form after opening this email. The email still has the earlier text.";

#[test]
fn what_is_not_agreed_to_any_more_is_not_claimed_of_a_mail() {
    let flow = offer(mailed().filled().tick("consent_updates", "on").prepare());
    let claims = tell(flow.clear("consent_updates", "on")).claims();
    assert_eq!(claims.consents.iter().map(|it| it.granted).collect::<Vec<_>>(), [false, true]);
    let flow = offer(mailed().filled().tick("consent_updates", "on").prepare());
    let flow = flow.enter("given_name", "").clear("consent_updates", "on");
    let claims = tell(flow).claims();
    assert_eq!(claims.consents.iter().map(|it| it.granted).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_is_changed_on_the_way_leaves_the_mail_as_it_was_sent() {
    let flow = tell(offer(mailed().filled().prepare()));
    let flow = flow.enter("body", "Please free the writer now, at once.").silence();
    let flow = flow.act("mail-yes").time();
    // The same bytes are posted.
    assert_eq!((flow.bodies.len(), &flow.bodies[0]), (2, &flow.bodies[1]));
    let flow = flow.accept("recorded", 1);
    assert!(flow.text().contains("Changes that you made after that are not part of it."));
}

#[test]
fn silence_leaves_it_there_to_try_again() {
    for flow in [mailed(), both()] {
        let button = flow.form().button;
        let flow = tell(offer(flow.filled().prepare())).silence();
        assert_eq!(flow.effects[1], Effect::Focus(Focus::Notice));
        let form = flow.form();
        assert_eq!(form.button, button);
        let buttons = form.mail.unwrap().buttons;
        assert_eq!(buttons[3], ("mail-yes".to_owned(), "Try again".to_owned()));
        // The same bytes are posted again.
        let flow = flow.act("mail-yes").time();
        assert_eq!(flow.bodies.len(), 2);
        assert_eq!(flow.bodies[0], flow.bodies[1]);
        let flow = flow.accept("recorded", 1);
        assert_eq!(flow.thanks().status, flow.locale.say(Key::SentByMail));
    }
}

#[test]
fn a_page_may_object_to_a_mail() {
    let flow = mailed().filled().submit().does(&[Effect::Ask]).veto();
    assert_eq!(flow.form().mail, None);
    let notice = "This page stopped the message from being sent. It is still here.";
    flow.says("Continue in my own email", Some(notice));
}

#[test]
fn what_the_endpoint_finds_wrong_is_mended_and_offered_again() {
    let errors = json!([{ "field": "body", "code": "body_too_short" }]);
    let flow = tell(offer(mailed().filled().prepare()));
    let flow = flow.refuse(422, json!({ "code": "rules", "errors": errors })).wrong(&["body"]);
    let flow = flow.enter("body", "Please free the writer now, at once.").wrong(&[]);
    assert_eq!(tell(offer(flow)).bodies.len(), 2);
}

#[test]
fn a_message_that_no_link_can_hold_is_copied() {
    let patch = json!({ "message": { "max": 5000 } });
    let mut long = campaign(json!(["mail-app"]));
    long["message"]["max"] = patch["message"]["max"].clone();
    let flow = offer(Scenario::new(long.clone()).filled().enter("body", &"ក".repeat(300)));
    let mail = offered(&flow);
    let too_long = flow.locale.say(Key::MailTooLong);
    assert!(mail.words.contains(&too_long), "{mail:?}");
    assert!(mail.links.iter().all(|(_, address)| address.starts_with("https://")));
    assert_eq!(mail.links.len(), 4);
    let flow = offer(Scenario::new(long).filled().enter("body", &"ក".repeat(4000)));
    let mail = offered(&flow);
    assert!(mail.links.is_empty() && mail.words.contains(&too_long));
    assert_eq!(mail.addresses, "moj@gov.invalid");
    flow.act("copy-body").does(&[Effect::Copy("ក".repeat(4000))]);
}

#[test]
fn the_time_is_told_to_whoever_asked() {
    let flow = offer(mailed().filled().prepare()).time().does(&[]).is("editing");
    let flow = flow.act("mail-yes").act("mail-yes").time().is("sending").time().does(&[]);
    let flow = flow.act("mail").does(&[]).act("copy-body").does(&[]);
    flow.act("mail-yes").reset().time().does(&[]).is("editing");
    let fresh = [Effect::Tell(PageEvent::Ready), Effect::FetchCount(COUNT_URL.to_owned())];
    mailed().does(&fresh).time().does(&[]);
}

/// Events that can occur in any order.
#[derive(Clone, Debug)]
enum Move {
    Enter(&'static str, String),
    Act(&'static str),
    Submit,
    Allow(bool),
    Time,
    Prepare,
    Sign,
    Silence,
    Accept,
    Copied(bool),
    Reset,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let acts = ["mail", "mail-yes", "mail-not-yet", "copy-addresses", "copy-subject", "copy-body"];
    let names = ["given_name", "email", "subject", "body"];
    let text = prop_oneof![
        Just(String::new()),
        Just("dara@example.org".to_owned()),
        "[a-zក-អ&+% ]{20,40}",
    ];
    let one = prop_oneof![
        2 => (prop::sample::select(names.to_vec()), text).prop_map(|(name, text)| Move::Enter(name, text)),
        6 => prop::sample::select(acts.to_vec()).prop_map(Move::Act),
        2 => Just(Move::Submit),
        4 => any::<bool>().prop_map(Move::Allow),
        4 => Just(Move::Time),
        2 => Just(Move::Prepare),
        3 => Just(Move::Sign),
        1 => Just(Move::Silence),
        1 => Just(Move::Accept),
        1 => any::<bool>().prop_map(Move::Copied),
        1 => Just(Move::Reset),
    ];
    proptest::collection::vec(one, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// With any events: a post marked as mailed was offered as that mail, after the page agreed; and page events
    /// contain no typed text. After each event, the scenario checks that the rendered regions match the whole.
    #[test]
    fn what_is_told_is_what_was_offered(only in any::<bool>(), moves in moves()) {
        let mut flow = if only { mailed() } else { both() }.filled();
        let (mut asked, mut agreed, mut last) = (false, false, None);
        for step in moves {
            flow = match step {
                Move::Enter(name, text) => flow.enter(name, &text),
                Move::Act(act) => flow.act(act),
                Move::Submit => flow.submit(),
                Move::Allow(allowed) => {
                    agreed |= asked && allowed;
                    asked = false;
                    flow.event(Event::Allowed(allowed))
                }
                Move::Time => flow.time(),
                Move::Prepare => flow.prepare(),
                Move::Sign => flow.sign(),
                Move::Silence => flow.silence(),
                Move::Accept if flow.bodies.is_empty() => continue,
                Move::Accept => flow.accept("recorded", 1),
                Move::Copied(true) => flow.copied(ShareResult::Copied),
                Move::Copied(false) => flow.copied(ShareResult::NotCopied),
                Move::Reset => flow.reset(),
            };
            let state = flow.session.state();
            if state == "editing" && let Some(mail) = flow.form().mail {
                last = Some(mail);
            }
            for effect in &flow.effects {
                if matches!(effect, Effect::Ask) {
                    (asked, agreed) = (true, false);
                }
                if matches!(effect, Effect::Sign { .. }) {
                    prop_assert!(agreed);
                    let claims = flow.claims();
                    prop_assert!(claims.delivery.is_some() || !only);
                    if claims.delivery.is_some() {
                        let mail = last.as_ref().unwrap();
                        let subject = standwith::mail::percent_encode(&claims.message.unwrap().subject);
                        prop_assert!(mail.links.iter().any(|(_, link)| link.contains(&subject)));
                    }
                }
            }
        }
        let told = format!("{:?}", flow.told);
        prop_assert!(!told.contains("gov.invalid") && !told.contains("example.org"), "{}", told);
    }
}

#[test]
fn whoever_is_nudged_is_nudged_before_the_mail() {
    let mut nudging = campaign(json!(["mail-app"]));
    nudging["message"]["nudge"] = true.into();
    let flow = Scenario::new(nudging).filled().prepare().submit();
    assert_eq!(flow.effects, [Effect::Focus(Focus::Notice)]);
    assert!(flow.form().mail.is_none() && flow.form().notice.is_some());
    // The notice appears once, and not between mailing and recording.
    let flow = tell(offer(flow));
    assert_eq!(flow.claims().delivery, Some(DeliveryClaim::MailApp));
}
