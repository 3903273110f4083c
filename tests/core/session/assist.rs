//! Assistance while writing: undo and redo between texts, other subjects, a message for each target, a notice before an
//! unchanged text is sent, and suggestions for mistyped e-mail addresses.

use crate::scenario::{NOW, Scenario, campaign, campaign_with, jti};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::campaign::Strictness;
use standwith::check::check_claims;
use standwith::draft::Draft;
use standwith::session::{Effect, Event, Focus, Notice, PageEvent, Session};
use standwith::text::{Locale, Rules};
use standwith::view::{Posting, whole};

const BODY: &str = "Please free the writer.\n\n{{given_name}} {{family_name}}";
const MINE: &str = "Mine, and long enough.";

/// The actions of the buttons, from top to bottom.
fn acts(flow: &Scenario) -> Vec<String> {
    flow.form().acts.into_iter().map(|(what, _)| what).collect()
}

fn several() -> Value {
    campaign_with(json!({ "message": { "subjects": ["One", "Two", "{{given_name}} asks"] } }))
}

// The suggested text.

#[test]
fn the_suggested_text_comes_back_and_the_own_one_too() {
    let flow = Scenario::new(campaign());
    assert_eq!(acts(&flow), [""; 0]);
    // Without a text of the supporter's own, there is nothing to restore.
    let flow = flow.act("reset-text").act("undo-reset").holds("body", BODY);
    assert!(!flow.told.contains(&PageEvent::Start));
    let flow = flow.enter("body", MINE).enter("subject", "My subject");
    assert_eq!(
        flow.form().acts,
        [("reset-text".to_owned(), "Go back to the suggested text".to_owned())]
    );
    let flow =
        flow.act("reset-text").holds("body", BODY).holds("subject", "Please free the writer");
    let form = flow.form();
    assert_eq!(form.acts, [("undo-reset".to_owned(), "Bring my own text back".to_owned())]);
    assert_eq!(
        form.done,
        "The suggested text is back. Your own text is kept, in case you want it again."
    );
    let flow = flow.act("undo-reset").holds("body", MINE).holds("subject", "My subject");
    assert_eq!(
        (acts(&flow), flow.form().done.as_str()),
        (vec!["reset-text".to_owned()], "Your own text is back.")
    );
    // The notice disappears when it no longer applies.
    let flow = flow.act("reset-text").enter("body", "And now something else.");
    assert_eq!(flow.form().done, "");
    assert_eq!(acts(&flow), ["reset-text", "undo-reset"]);
    // Text written meanwhile is saved as well.
    let flow = flow.act("undo-reset").holds("body", MINE);
    let flow = flow.act("undo-reset").holds("body", "And now something else.");
    let flow = flow.act("undo-reset").holds("body", MINE).act("reset-text");
    flow.act("undo-reset").holds("body", MINE).holds("subject", "My subject");
}

#[test]
fn a_button_that_was_pressed_is_followed_in_its_place() {
    let place = |flow: &Scenario| {
        let markup = flow.markup();
        let all = markup.as_str();
        let (before, _) = all.split_once("acts\u{7f}").unwrap();
        let (_, after) = all.split_once("acts\u{7f}").unwrap();
        (before.len(), after.find("button\u{7f}"))
    };
    let own = Scenario::new(campaign()).enter("subject", "My own");
    let (_, first) = place(&own);
    assert!(first.is_some());
    let back = own.act("reset-text");
    assert_eq!(place(&back).1, first);
    assert_eq!(place(&back.act("undo-reset")).1, first);
}

#[test]
fn what_has_to_be_mended_is_mended_by_the_suggested_text() {
    let flow = Scenario::new(campaign()).filled().enter("body", "Short").submit().wrong(&["body"]);
    let flow = flow.act("reset-text").wrong(&[]);
    flow.act("undo-reset").wrong(&[]).submit().wrong(&["body"]);
}

#[test]
fn to_go_back_is_to_begin() {
    let flow = Scenario::new(several()).act("another-subject");
    assert!(flow.told.contains(&PageEvent::Start));
    assert!(flow.effects.iter().any(|effect| matches!(effect, Effect::Prepare(_))));
}

#[test]
fn where_nobody_may_write_nobody_goes_back() {
    let locked = campaign_with(json!({ "message": { "editable": false } }));
    let flow = Scenario::new(locked).enter("body", MINE);
    assert_eq!(acts(&flow), [""; 0]);
    assert_eq!(flow.act("reset-text").session.draft().get("body"), MINE);
}

#[test]
fn the_next_person_finds_nothing_of_the_one_before() {
    let flow = Scenario::new(campaign()).filled().enter("body", MINE).act("reset-text");
    let flow = flow.enter("email", "dara@gmial.com").leave("email").reset();
    assert_eq!(acts(&flow), [""; 0]);
    let flow = flow.act("undo-reset").holds("body", BODY).act("use-suggestion").holds("email", "");
    let flow = flow.filled().enter("body", MINE).act("reset-text").send().accept("accepted", 1);
    let flow = flow.act("undo-reset").act("another-subject").act("use-suggestion").is("sent");
    flow.reset().act("undo-reset").holds("body", BODY);
}

// Subjects.

#[test]
fn subjects_take_turns() {
    let flow = Scenario::new(several());
    let first = flow.value("subject");
    assert_eq!(
        flow.form().acts,
        [("another-subject".to_owned(), "Suggest another subject".to_owned())]
    );
    let mut seen = vec![first.clone()];
    let mut flow = flow;
    for _ in 0..2 {
        flow = flow.act("another-subject");
        seen.push(flow.value("subject"));
        // The status announces the new subject.
        assert_eq!(flow.form().done, flow.value("subject"));
    }
    seen.sort();
    assert_eq!(seen, ["One", "Two", "{{given_name}} asks"]);
    let flow = flow.act("another-subject").holds("subject", &first);
    // The supporter's own subject is not replaced.
    let flow = flow.enter("subject", "Mine").act("another-subject").holds("subject", "Mine");
    assert_eq!(acts(&flow), ["reset-text"]);
    let flow = flow.act("reset-text").holds("subject", &first);
    assert_eq!(acts(&flow), ["another-subject", "undo-reset"]);
    // The subject that was suggested last stays when the body is reset.
    let flow = flow.act("another-subject").enter("body", MINE);
    let second = flow.value("subject");
    flow.act("reset-text").holds("subject", &second).holds("body", BODY);
    let one = Scenario::new(campaign()).act("another-subject");
    assert_eq!(one.holds("subject", "Please free the writer").effects, []);
}

#[test]
fn each_form_draws_its_own_subject_and_says_which_was_left() {
    let file = serde_json::to_vec(&several()).unwrap();
    let file = standwith::campaign::CampaignFile::parse(&file).unwrap();
    let campaign = file.campaign("en", Strictness::Strict).unwrap();
    let mut drawn = Vec::new();
    for seed in 0..20 {
        let config =
            standwith::session::FormConfig { seed, ..crate::scenario::config(campaign.clone()) };
        let flow = Scenario::of(config).filled().send();
        let index = flow.claims().subject_index.unwrap();
        assert_eq!(flow.silence().value("subject"), campaign.message.subjects[index as usize]);
        drawn.push(index);
    }
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn, [0, 1, 2]);
    let flow = Scenario::new(several()).filled().enter("subject", "Mine").send();
    assert_eq!(flow.claims().subject_index, None);
    // A locked message has one of them.
    let locked =
        campaign_with(json!({ "message": { "subjects": ["One", "Two"], "editable": false } }));
    let flow = Scenario::new(locked);
    assert_eq!(acts(&flow), ["another-subject"]);
    let index = |flow: Scenario| flow.filled().send().claims().subject_index.unwrap();
    let (one, other) = (index(flow), index(Scenario::new(several()).act("another-subject")));
    assert!(one < 2 && other < 3);
}

// One message per target.

fn apart() -> Value {
    campaign_with(json!({
        "targets": [
            { "id": "minister", "name": "The Minister", "office": "Minister of Justice" },
            { "id": "embassy", "name": "The Embassy", "office": "Ambassador" },
        ],
        "message": {
            "subjects": ["To the {{target_office}}"],
            "head": "Dear {{target_name}},",
            "per_target": true,
        },
    }))
}

#[test]
fn each_target_is_written_to_by_name() {
    let flow = Scenario::new(apart()).filled();
    let preview = |flow: &Scenario| flow.form().sections[2].preview.clone().unwrap();
    // Without chosen targets, the preview has no heading.
    let flow = flow.clear("targets", "minister-of-justice");
    let flow = flow.clear("targets", "minister").clear("targets", "embassy");
    assert_eq!(preview(&flow)[0], "");
    let flow = flow.tick("targets", "embassy").tick("targets", "minister");
    let [headings, subjects, bodies] = preview(&flow);
    assert_eq!(headings, "Message to The Minister\n\nMessage to The Embassy");
    assert_eq!(subjects, "To the Minister of Justice\n\nTo the Ambassador");
    let own = "Please free the writer.\n\nដារ៉ា មេឃ";
    assert_eq!(bodies, format!("Dear The Minister,\n\n{own}\n\nDear The Embassy,\n\n{own}"));
    // The longest counts.
    let longest = format!("Dear The Minister,\n\n{own}").chars().count();
    let left = format!("You have {} characters left", 200 - longest);
    assert_eq!(flow.field("body").remaining, left);
    let flow = flow.send();
    let claims = flow.claims();
    assert_eq!(claims.message, None);
    let said: Vec<_> = claims.messages.0.iter().map(|(id, m)| (&id[..], &m.subject[..])).collect();
    assert_eq!(
        said,
        [("minister", "To the Minister of Justice"), ("embassy", "To the Ambassador")]
    );
    assert_eq!(claims.messages.0[1].1.body, format!("Dear The Embassy,\n\n{own}"));
    let file = serde_json::to_vec(&apart()).unwrap();
    let file = standwith::campaign::CampaignFile::parse(&file).unwrap();
    let campaign = file.campaign("en", Strictness::Strict).unwrap();
    assert!(check_claims(&campaign, &claims).is_ok());
}

// A notice before an unchanged text is sent.

fn nudging() -> Value {
    campaign_with(json!({ "message": { "nudge": true } }))
}

const NUDGE: &str =
    "A few words of your own give your message more weight. You can also send it as it is.";

#[test]
fn a_message_sent_as_it_is_is_nudged_once() {
    let flow = Scenario::new(nudging()).filled().prepare().submit();
    let flow = flow.does(&[Effect::Focus(Focus::Notice)]).is("editing");
    let flow = flow.says("Send message", Some(NUDGE)).holds("body", BODY);
    // The page gets no failure event.
    assert!(
        !flow
            .told
            .iter()
            .any(|told| matches!(told, PageEvent::Error { .. } | PageEvent::Invalid(_)))
    );
    let flow = flow.submit().does(&[Effect::Ask]).says("Sending…", None);
    let flow = flow.veto().submit().does(&[Effect::Ask]);
    // The next person gets the notice, too.
    flow.veto().reset().filled().submit().says("Send message", Some(NUDGE));
}

#[test]
fn who_wrote_is_not_nudged() {
    let own = Scenario::new(nudging()).filled().enter("body", MINE).submit();
    own.does(&[Effect::Ask]);
    let mended = Scenario::new(nudging()).filled().submit().enter("body", MINE).submit();
    mended.does(&[Effect::Ask]);
    // A changed subject alone is not enough.
    Scenario::new(nudging())
        .filled()
        .enter("subject", "Mine")
        .submit()
        .says("Send message", Some(NUDGE));
    // Field errors come first.
    let flow = Scenario::new(nudging()).filled().enter("email", "").submit().wrong(&["email"]);
    flow.enter("email", "dara@example.org").submit().says("Send message", Some(NUDGE));
    Scenario::new(campaign()).filled().submit().does(&[Effect::Ask]);
    let locked = campaign_with(json!({ "message": { "nudge": true, "editable": false } }));
    Scenario::new(locked).filled().submit().does(&[Effect::Ask]);
}

// Suggested e-mail addresses.

#[test]
fn an_address_that_may_be_another_is_asked_about() {
    let flow = Scenario::new(campaign()).enter("email", "dara@gmial.com");
    // Typing is not interrupted.
    assert_eq!((acts(&flow), flow.form().told.as_str()), (vec![], ""));
    let flow = flow.leave("given_name");
    assert_eq!(acts(&flow), [""; 0]);
    let flow = flow.leave("email").does(&[]);
    let form = flow.form();
    assert_eq!(form.told, "Did you mean dara@gmail.com?");
    assert_eq!(form.acts, [("use-suggestion".to_owned(), "Use dara@gmail.com".to_owned())]);
    assert!(flow.markup().as_str().matches("Did you mean dara@gmail.com?").count() == 2);
    let flow = flow.act("use-suggestion").does(&[Effect::Focus(Focus::Email)]);
    let flow = flow.holds("email", "dara@gmail.com");
    assert_eq!((acts(&flow), flow.form().told.as_str()), (vec![], ""));
    let flow = flow.leave("email");
    assert_eq!(acts(&flow), [""; 0]);
    // Further typing dismisses the suggestion, and the button's action has no effect without one.
    let flow = flow.enter("email", "dara@gmial.com").leave("email").enter("email", "dara@gmial.co");
    assert_eq!(acts(&flow), [""; 0]);
    let flow = flow.act("use-suggestion").holds("email", "dara@gmial.co");
    let flow = flow.leave("email").enter("email", "");
    assert_eq!(acts(&flow), [""; 0]);
    flow.leave("email").act("use-suggestion").holds("email", "");
}

#[test]
fn who_means_it_sends_it() {
    let flow =
        Scenario::new(campaign()).filled().enter("email", "dara@gmial.com").leave("email").send();
    assert_eq!(flow.claims().person.email, "dara@gmial.com");
}

#[test]
fn to_leave_is_not_to_begin() {
    let flow = Scenario::new(campaign()).leave("email").leave("body").act("nothing").act("");
    assert!(!flow.told.contains(&PageEvent::Start));
}

// Without script.

#[test]
fn a_page_without_script_has_no_buttons_that_do_nothing() {
    let locale = Locale::english(Rules::PLAIN);
    let file = serde_json::to_vec(&several()).unwrap();
    let file = standwith::campaign::CampaignFile::parse(&file).unwrap();
    let campaign = file.campaign("en", Strictness::Strict).unwrap();
    let posting = Posting { action: "here", hidden: &[("jti", jti(1))] };
    let values = [("email", "dara@gmial.com"), ("body", MINE)];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let draft = Draft::posted(values.into());
    let session = Session::hosted(crate::scenario::config(campaign), NOW, Some(draft), Vec::new());
    let page = whole(&session.with_notice(Notice::Nudge), &locale, Some(posting));
    let form = match crate::scenario::seen::view(&page, &locale).screen {
        crate::scenario::seen::Screen::Form(form) => form,
        other => panic!("{other:?}"),
    };
    assert_eq!(form.acts, []);
    assert_eq!(form.notice.as_deref(), Some(NUDGE));
    // The suggestion is shown as text, without a button.
    assert!(page.as_str().contains("Did you mean dara@gmail.com?"));
}

/// A step that may change a text.
#[derive(Clone, Debug)]
enum Move {
    Subject(String),
    Body(String),
    Act(&'static str),
    Submit,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_own_text_that_made_way_is_ever_lost(
        moves in prop::collection::vec(
            prop_oneof![
                1 => "[a-c]".prop_map(Move::Subject),
                2 => prop_oneof![Just(BODY.to_owned()), "[xyz]{20}"].prop_map(Move::Body),
                4 => prop::sample::select(vec!["reset-text", "undo-reset", "another-subject"])
                    .prop_map(Move::Act),
                1 => Just(Move::Submit),
            ],
            0..24,
        )
    ) {
        let text = |flow: &Scenario| [flow.value("subject"), flow.value("body")];
        let suggested = |text: &[String; 2]| {
            text[1] == BODY && ["One", "Two", "{{given_name}} asks"].contains(&&text[0][..])
        };
        let mut flow = Scenario::new(several());
        let mut made_way: Vec<[String; 2]> = Vec::new();
        for step in moves {
            let before = text(&flow);
            flow = match step {
                Move::Subject(text) => flow.enter("subject", &text),
                Move::Body(text) => flow.enter("body", &text),
                Move::Submit => flow.submit(),
                Move::Act(what) => {
                    let flow = flow.act(what);
                    // `another-subject` replaces only a suggested subject.
                    let resets = what != "another-subject";
                    let gone = resets && text(&flow) != before && !suggested(&before);
                    // A restored text is in the form again, and the supporter may overwrite it.
                    if what == "undo-reset" {
                        made_way.retain(|own| *own != text(&flow) || *own == before);
                    }
                    if gone && !made_way.contains(&before) {
                        made_way.push(before);
                    }
                    flow
                }
            };
        }
        // Each replaced text comes back, with enough presses.
        let mut seen = vec![text(&flow)];
        for _ in 0..=made_way.len() {
            flow = flow.event(Event::Acted("undo-reset".to_owned()));
            seen.push(text(&flow));
        }
        for own in made_way {
            prop_assert!(seen.contains(&own), "{:?} is lost: {:?}", own, seen);
        }
    }
}
