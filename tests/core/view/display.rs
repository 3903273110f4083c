//! The parts of the form that are visible at first, and those that open on request.

use serde_json::{Value, json};
use standwith::campaign::{Display, MessageDisplay, StoryDisplay, Strictness, TargetsDisplay};
use standwith::markdown;
use standwith::markup::Markup;
use standwith::session::{FormConfig, Session};
use standwith::view::{Posting, whole};

use crate::scenario::seen::{Form, Screen, view};
use crate::scenario::{NOW, Scenario, campaign, campaign_with, config, locale};

const STORY: &str = "## Who\n\nThe first paragraph.\n\nThe second.\n\n- One\n- Two";

/// A form for a campaign, with the tag's attribute `display`.
fn shown(file: &Value, words: &str) -> Scenario {
    let campaign = crate::scenario::read(file);
    Scenario::of(FormConfig { display: words.to_owned(), ..config(campaign) })
}

/// The section of the message: the only one with a preview.
fn edit(flow: &Scenario) -> Option<(String, bool)> {
    let sections = flow.form().sections;
    sections.into_iter().find(|section| section.preview.is_some()).unwrap().opens
}

fn is_open(flow: &Scenario) -> bool {
    let (says, is_open) = edit(flow).unwrap();
    assert_eq!(says, "Edit the message");
    is_open
}

#[test]
fn words_of_the_tag_come_before_the_file() {
    let file = Display { story: StoryDisplay::Full, ..Display::default() };
    let shown = file.clone().with_words("story:none\n message:open  targets:open");
    let expected = (StoryDisplay::None, MessageDisplay::Open, TargetsDisplay::Open);
    assert_eq!((shown.story, shown.message, shown.targets), expected);
    for words in [
        "",
        "story",
        "story:",
        "story:None",
        "story:open",
        "stories:none",
        "story: none",
        "x:y:z",
        ":",
    ] {
        assert_eq!(file.clone().with_words(words), file, "{words}");
    }
    // The last one counts, and an unknown one has no effect.
    assert_eq!(file.clone().with_words("story:none story:summary").story, StoryDisplay::Summary);
    assert_eq!(file.with_words("story:none story:all").story, StoryDisplay::None);
}

#[test]
fn the_tag_says_what_the_form_shows() {
    let file = campaign_with(json!({
        "story": STORY,
        "display": { "story": "full", "message": "open" },
        "targeting": { "mode": "all" },
    }));
    let flow = shown(&file, "");
    assert!(flow.form().more.is_none() && is_open(&flow));
    assert!(flow.form().sections.iter().any(|section| section.to.is_some()));
    let flow = shown(&file, "story:summary message:preview targets:open");
    assert!(flow.form().more.is_some() && !is_open(&flow));
    assert!(flow.form().sections.iter().all(|section| section.to.is_none()));
    assert_eq!(flow.names()[0], "targets");
}

#[test]
fn a_story_is_shown_as_far_as_is_wanted() {
    let all = markdown::parse(STORY);
    let form = |words: &str| shown(&campaign_with(json!({ "story": STORY })), words).form();
    let summary = form("");
    assert_eq!(summary.story, all);
    // Up to the first paragraph, with the heading above it.
    assert_eq!(summary.more, Some(("Read more".to_owned(), all[2..].to_vec())));
    let full = form("story:full");
    assert_eq!((full.story, full.more), (all, None));
    let none = form("story:none");
    assert_eq!((none.story, none.more), (vec![], None));
    // If nothing is left, nothing opens.
    assert_eq!(Scenario::new(campaign()).form().more, None);
    for story in ["Alone.", "## Heading\n\nAlone."] {
        assert_eq!(shown(&campaign_with(json!({ "story": story })), "").form().more, None);
    }
    // Of a story without a paragraph, everything opens on request.
    let list = shown(&campaign_with(json!({ "story": "- One\n- Two" })), "").form();
    assert_eq!(list.more.unwrap().1, markdown::parse("- One\n- Two"));
}

/// The form on a page without script.
fn posted(file: &Value, words: &str) -> (Markup, Form) {
    let config = FormConfig { display: words.to_owned(), ..config(crate::scenario::read(file)) };
    let session = Session::hosted(config, NOW, None, Vec::new());
    let posting = Posting { action: "/actions", hidden: &[] };
    let markup = whole(&session, &locale("en"), Some(posting));
    match view(&markup, &locale("en")).screen {
        Screen::Form(form) => (markup, *form),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hosted_form_tells_all_of_the_story() {
    for display in ["summary", "full", "none"] {
        let file = campaign_with(json!({ "story": STORY, "display": { "story": display } }));
        let (_, form) = posted(&file, "");
        assert_eq!((form.story, form.more), (markdown::parse(STORY), None), "{display}");
    }
}

#[test]
fn a_hosted_form_posts_a_subject_that_nobody_may_change() {
    let hidden = |editable: bool| {
        let file = campaign_with(json!({ "message": { "editable": editable } }));
        let (markup, form) = posted(&file, "");
        let names = form.sections.into_iter().flat_map(|section| section.fields);
        let is_field = names.map(|field| field.name).any(|name| name == "subject");
        (markup.as_str().contains("hidden"), is_field)
    };
    assert!(hidden(true).1);
    assert_eq!(hidden(false), (true, false));
}

#[test]
fn the_message_is_open_where_it_must_be_written() {
    let open = |message: Value| is_open(&shown(&campaign_with(json!({ "message": message })), ""));
    assert!(!open(json!({})));
    assert!(open(json!({ "body": "" })));
    assert!(open(json!({ "body": "Short." })));
    assert!(open(json!({ "subjects": [] })));
    assert!(is_open(&shown(&campaign(), "message:open")));
    let locked = campaign_with(json!({ "message": { "editable": false } }));
    assert_eq!(edit(&shown(&locked, "message:open")), None);
}

#[test]
fn a_mistake_in_the_message_opens_it_for_good() {
    for (name, wrong, right) in
        [("body", "Too short.", "Please let the writer go, now."), ("subject", "", "Freedom")]
    {
        let flow = Scenario::new(campaign()).filled().enter(name, wrong);
        assert!(!is_open(&flow));
        let flow = flow.submit().wrong(&[name]);
        assert!(is_open(&flow), "{name}");
        let flow = flow.enter(name, right).wrong(&[]);
        assert!(is_open(&flow), "{name}");
        // The next person finds it closed.
        assert!(!is_open(&flow.reset()), "{name}");
    }
    // A field error elsewhere does not.
    assert!(!is_open(&Scenario::new(campaign()).filled().enter("email", "x").submit()));
}

#[test]
fn a_word_of_ones_own_is_asked_for_where_it_can_be_written() {
    let nudging = campaign_with(json!({ "message": { "nudge": true } }));
    let flow = Scenario::new(nudging).filled();
    assert!(!is_open(&flow));
    let flow = flow.submit();
    assert!(flow.form().notice.is_some() && is_open(&flow));
}

#[test]
fn what_is_written_stays_when_the_controls_close() {
    let own = "Please let the writer go, now.";
    let flow = shown(&campaign(), "message:open").filled().enter("body", own);
    // The session does not know which of them are open: all their content counts.
    let preview = |flow: &Scenario| flow.form().sections[2].preview.clone().unwrap();
    assert_eq!(preview(&flow)[2], own);
    let flow = Scenario::new(campaign()).filled().enter("body", own).enter("email", "a@b.co");
    assert!(!is_open(&flow));
    assert_eq!(preview(&flow)[2], own);
    assert_eq!(flow.send().claims().message.unwrap().body, own);
}

// The targets.

#[test]
fn targets_are_chosen_at_first_where_all_may_be() {
    let ids = ["prime-minister", "minister-of-justice", "embassy"];
    for (targeting, chosen) in [
        (json!({ "most": null }), true),
        (json!({ "most": 3 }), true),
        (json!({ "most": 3, "preselected": "all" }), true),
        (json!({ "most": null, "preselected": "none" }), false),
        (json!({ "most": 2 }), false),
        (json!({ "most": 2, "preselected": "all" }), false),
    ] {
        let flow = Scenario::new(campaign_with(json!({ "targeting": targeting })));
        let drafted: Vec<&str> = flow.session.draft().all("targets").collect();
        assert_eq!(drafted, if chosen { &ids[..] } else { &[] }, "{targeting}");
        // A required choice comes first.
        let at =
            flow.form().sections.iter().position(|s| s.fields.iter().any(|f| f.name == "targets"));
        assert_eq!(at, Some(usize::from(chosen)), "{targeting}");
    }
}

#[test]
fn targets_that_are_chosen_are_in_one_line_that_opens() {
    let flow = Scenario::new(campaign_with(json!({ "targeting": { "most": null } })));
    let section = |flow: &Scenario| flow.form().sections.swap_remove(1);
    let line = |flow: &Scenario| (section(flow).to.unwrap(), section(flow).opens.unwrap().1);
    let to = |names: &str| format!("To: {names}");
    assert_eq!(line(&flow), (to("The Prime Minister, The Minister, The Embassy"), false));
    let flow = flow.clear("targets", "embassy");
    assert_eq!(line(&flow), (to("The Prime Minister, The Minister"), false));
    let flow = flow.clear("targets", "prime-minister").clear("targets", "minister-of-justice");
    assert_eq!(line(&flow), ("Who to write to".to_owned(), false));
    let flow = flow.enter("given_name", "A").submit();
    assert!(line(&flow).1);
    let flow = flow.tick("targets", "embassy");
    assert_eq!(line(&flow), (to("The Embassy"), true));
}

// The letters.

#[test]
fn targets_that_are_still_to_be_chosen_are_in_brackets() {
    for per_target in [true, false] {
        let body = "Dear {{target_name}}, as {{target_office}}, please free the writer.";
        let file = campaign_with(json!({
            "message": { "body": body, "per_target": per_target },
            "targeting": { "most": null, "preselected": "none" },
        }));
        let preview = |flow: &Scenario| flow.form().sections[2].preview.clone().unwrap().join(" ");
        let flow = Scenario::new(file);
        let letter = preview(&flow);
        let words = "Dear [Who to write to], as [Who to write to], please free the writer.";
        assert!(letter.contains(words), "{letter}");
        let letter = preview(&flow.tick("targets", "embassy"));
        assert!(letter.contains("Dear The Embassy, as"), "{letter}");
    }
}

#[test]
fn placeholders_are_filled_as_one_types() {
    let preview = |flow: &Scenario| flow.form().sections[2].preview.clone().unwrap()[2].clone();
    let body = |name: &str| format!("Please free the writer.\n\n{name}");
    let flow = Scenario::new(campaign());
    assert_eq!(preview(&flow), body("[First name] [Last name]"));
    let flow = flow.enter("given_name", "Dara");
    assert_eq!(preview(&flow), body("Dara [Last name]"));
    let flow = flow.enter("family_name", "{{given_name}}");
    assert_eq!(preview(&flow), body("Dara {{given_name}}"));
    let flow = flow.enter("given_name", " ");
    assert_eq!(preview(&flow), body("[First name] {{given_name}}"));
    // A label in brackets is shown, not sent. A placeholder of a field that the form does not ask for shows nothing.
    let unasked =
        campaign_with(json!({ "message": { "body": "Please free the writer. {{phone}}" } }));
    assert_eq!(preview(&Scenario::new(unasked)), "Please free the writer.");
}

#[test]
fn each_target_has_a_letter_with_its_name() {
    let file = campaign_with(json!({
        "targeting": { "most": null },
        "message": { "per_target": true, "head": "To {{target_name}}, from {{given_name}}:" },
    }));
    let flow = Scenario::new(file).clear("targets", "prime-minister");
    let [headings, _, bodies] = flow.form().sections[2].preview.clone().unwrap();
    assert_eq!(headings, "Message to The Minister\n\nMessage to The Embassy");
    for name in ["The Minister", "The Embassy"] {
        assert!(bodies.contains(&format!("To {name}, from [First name]:")), "{bodies}");
    }
}

#[test]
fn an_unknown_word_in_the_file_is_a_fault() {
    let file = campaign_with(json!({ "display": { "story": "some" } }));
    let file = standwith::campaign::CampaignFile::parse(&serde_json::to_vec(&file).unwrap());
    assert!(file.is_err() || file.unwrap().campaign("en", Strictness::Strict).is_err());
}
