//! The tree of elements: in any state it is valid, safe, and accessible.

mod display;

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::seen::{root, words};
use crate::scenario::{NOW, Scenario, campaign, campaign_with, jti};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::answer::{Acceptance, Status};
use standwith::campaign::{CampaignFile, Strictness};
use standwith::check::{FieldError, FieldErrorKind};
use standwith::draft::Draft;
use standwith::markup::{Element, Node, is_allowed};
use standwith::session::{Dirty, Event, Focus, Session, ShareResult};
use standwith::text::{Locale, Rules};
use standwith::view::{NOTICE, Posting, Region, SUMMARY, THANKS, whole};

/// The path to an element for a renderer that compares by position: at each level, number among siblings and tag.
type Path = Vec<(usize, &'static str)>;

/// Every element of a tree, from top to bottom, with its path and its ancestors.
fn elements(root: &Element) -> Vec<(Path, Vec<&Element>, &Element)> {
    fn walk<'a>(
        element: &'a Element,
        path: &Path,
        about: &[&'a Element],
        found: &mut Vec<(Path, Vec<&'a Element>, &'a Element)>,
    ) {
        found.push((path.clone(), about.to_vec(), element));
        let about = [about, &[element]].concat();
        for (index, node) in element.children.iter().enumerate() {
            if let Node::Element(child) = node {
                let path = [&path[..], &[(index, child.tag)]].concat();
                walk(child, &path, &about, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(root, &vec![(0, root.tag)], &[], &mut found);
    found
}

fn is_control(element: &Element) -> bool {
    ["input", "select", "textarea"].contains(&element.tag)
        && element.attribute("type") != Some("hidden")
}

/// Elements without content, not even text.
const VOID: [&str; 2] = ["img", "input"];

/// Checks all invariants of a tree.
fn check(root: &Element) {
    let all = elements(root);
    let mut ids = BTreeSet::new();
    for (_, _, element) in &all {
        let mut names = BTreeSet::new();
        for (name, value) in &element.attributes {
            assert!(names.insert(*name), "{}: {name} occurs twice", element.tag);
            assert!(!name.starts_with("on"), "{}: {name}", element.tag);
            assert!(!["style", "srcdoc", "formaction"].contains(name), "{name}");
            let letters = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(name.chars().all(letters), "{name}");
            if *name == "id" {
                assert!(!value.is_empty() && !value.contains(char::is_whitespace), "{value:?}");
                assert!(ids.insert(value.as_str()), "two elements are called {value}");
            }
        }
    }
    let targets: BTreeMap<&str, &Element> = all
        .iter()
        .filter(|(_, _, element)| element.tag == "label")
        .map(|(_, _, label)| (label.attribute("for").unwrap(), *label))
        .collect();
    for (_, about, element) in &all {
        let is_in = |tag: &str| about.iter().any(|outer| outer.tag == tag);
        let tag = element.tag;
        assert!(!["script", "style", "iframe", "object", "embed", "base", "link"].contains(&tag));
        if VOID.contains(&tag) {
            assert_eq!((&element.children[..], &element.countries), (&[][..], &None), "{tag}");
        }
        for name in ["for", "aria-describedby", "aria-labelledby"] {
            for id in element.attribute(name).unwrap_or_default().split_whitespace() {
                assert!(ids.contains(id), "{tag}: {name} {id}");
            }
        }
        if let Some(address) = element.attribute("href") {
            match address.strip_prefix('#') {
                Some(id) => {
                    let control = all.iter().find(|(_, _, e)| e.attribute("id") == Some(id));
                    assert!(control.is_some_and(|(_, _, e)| is_control(e)), "{address} is dead");
                }
                None => assert!(is_allowed("href", address), "{address}"),
            }
            if element.attribute("target").is_some() {
                assert_eq!(element.attribute("rel"), Some("noopener noreferrer"));
            }
            assert!(!is_in("a") && !is_in("button") && !is_in("label"), "{address}");
        }
        if is_control(element) {
            let id = element.attribute("id").unwrap_or_else(|| panic!("{tag} without an id"));
            let label = targets.get(id).unwrap_or_else(|| panic!("{id} without a label"));
            assert!(!words(label).is_empty(), "{id}: nothing on the label");
            assert!(!element.attribute("name").unwrap_or_default().is_empty(), "{id}: no name");
            assert!(is_in("form"), "{id}");
            if element.attribute("aria-invalid").is_some() {
                let told = element.attribute("aria-describedby").unwrap_or_default();
                assert!(told.split(' ').any(|id| id.ends_with("-error")), "{id}: {told}");
            }
        }
        match tag {
            "img" => assert!(element.attribute("alt").is_some()),
            "fieldset" => assert!(words(element).trim() != ""),
            "button" => {
                assert!(!words(element).trim().is_empty());
                assert!(["submit", "button"].contains(&element.attribute("type").unwrap()));
            }
            "select" => assert!(!element.children.is_empty()),
            "option" => assert!(is_in("select") && element.attribute("value").is_some()),
            "label" => assert!(element.attribute("for").is_some()),
            "li" => assert_eq!(about.last().unwrap().tag, "ul"),
            _ => {}
        }
        assert!(element.countries.is_none() || tag == "select", "{tag}: countries");
    }
    // At most one option of a list is selected.
    for (_, _, select) in all.iter().filter(|(_, _, element)| element.tag == "select") {
        let chosen = select.children.iter().filter(
            |option| matches!(option, Node::Element(e) if e.attribute("selected").is_some()),
        );
        let country = select.countries.as_ref().is_some_and(|chosen| !chosen.is_empty());
        assert!(chosen.count() + usize::from(country) <= 1);
    }
    let submits =
        all.iter().filter(|(_, _, element)| element.attribute("type") == Some("submit")).count();
    assert_eq!(submits, all.iter().filter(|(_, _, element)| element.tag == "form").count());
}

fn of(flow: &Scenario) -> Element {
    let root = root(&flow.markup());
    check(&root);
    root
}

/// The same form in each possible state.
fn states(campaign: &Value) -> Vec<(&'static str, Scenario)> {
    let new = || Scenario::new(campaign.clone());
    let filled = || new().filled();
    let closed = json!({ "code": "closed" });
    let email =
        json!({ "code": "rules", "errors": [{ "field": "email", "code": "email_refused" }] });
    vec![
        ("fresh", new()),
        ("counted", new().counted(r#"{"count":12}"#)),
        ("with mistakes", new().submit()),
        ("half mended", new().submit().enter("email", "dara@example.org").enter("country", "GB")),
        ("filled", filled()),
        ("asking", filled().submit()),
        ("preparing", filled().submit().allow()),
        ("vetoed", filled().submit().veto()),
        ("unprepared", filled().submit().allow().fail_to_prepare()),
        ("signing", filled().submit().allow().prepare()),
        ("unsigned", filled().submit().allow().prepare().fail_to_sign()),
        ("posting", filled().send()),
        ("unreachable", filled().send().silence()),
        ("trying again", filled().send().silence().submit()),
        ("busy", filled().send().reply(429, "", Some(3))),
        ("closed meanwhile", filled().send().refuse(410, closed)),
        ("refused", filled().send().refuse(422, email)),
        ("reset", filled().submit().reset()),
        ("rewritten", filled().enter("body", "Mine, and long enough.")),
        ("back", filled().enter("body", "Mine, and long enough.").act("reset-text")),
        ("forth", filled().enter("subject", "My own").act("reset-text").act("undo-reset")),
        ("suggested", filled().enter("email", "dara@gmial.com").leave("email")),
    ]
}

/// The path of each control, by its name and, for one of several boxes, its value.
fn places(root: &Element) -> BTreeMap<(String, String), Path> {
    elements(root)
        .into_iter()
        .filter(|(_, _, element)| is_control(element))
        .map(|(path, _, element)| {
            let boxes = ["checkbox", "radio"].map(Some).contains(&element.attribute("type"));
            let value = element.attribute("value").filter(|_| boxes).unwrap_or_default();
            ((element.attribute("name").unwrap().to_owned(), value.to_owned()), path)
        })
        .collect()
}

/// A campaign with a field of every kind.
fn everything() -> Value {
    let mut fields: Vec<Value> = [
        "given_name",
        "family_name",
        "email",
        "phone",
        "country",
        "region",
        "address",
    ]
    .map(|id| json!({ "id": id, "required": id != "region" && id != "phone" && id != "address" }))
    .into();
    for kind in ["text", "long_text", "number", "date", "choice", "choices", "checkbox"] {
        let options =
            if kind.starts_with("choice") { json!(["a b", "\"", "c"]) } else { json!([]) };
        let id = format!("own_{kind}");
        fields.push(json!({ "id": id, "kind": kind, "label": kind, "options": options }));
    }
    campaign_with(json!({
        "fields": fields,
        "picture": { "url": "https://campaign.invalid/a.png", "alt": "A portrait" },
        "message": { "head": "Your Excellency,", "foot": "{{given_name}}" },
    }))
}

/// Campaigns with every targeting mode; their targets have pictures, and some are for people in Cambodia only.
fn found() -> Vec<Value> {
    let picture = json!({ "url": "https://campaign.invalid/b.png", "alt": "" });
    let filter = json!({ "countries": ["KH"], "postcodes": [] });
    let targeting = [
        json!({ "mode": "all" }),
        json!({ "mode": "choose" }),
        json!({ "mode": "country" }),
        json!({ "mode": "country", "most": 2, "fallback": ["embassy"] }),
        json!({ "mode": "postcode", "least": 1 }),
        json!({ "mode": "random", "least": null }),
    ];
    let campaign = |targeting| {
        campaign_with(json!({
            "targets": [
                { "id": "prime-minister", "name": "A", "picture": picture, "filter": filter },
                { "id": "minister-of-justice", "name": "B", "office": "M", "picture": picture, "filter": filter },
                { "id": "embassy", "name": "C", "filter": { "countries": ["FR"] } },
            ],
            "targeting": targeting,
        }))
    };
    targeting.map(campaign).into()
}

/// A campaign at risk, with public naming.
fn at_risk() -> Value {
    campaign_with(json!({
        "public": { "ask": true },
        "at_risk": {
            "own_government": ["TH"],
            "advice": [{ "label": "Advice", "url": "https://advice.invalid/" }],
        },
    }))
}

#[test]
fn every_state_is_sound() {
    for campaign in found() {
        for (_, flow) in &states(&campaign) {
            of(flow);
        }
    }
    for campaign in [campaign(), everything(), at_risk()] {
        for (_, flow) in &states(&campaign) {
            of(flow);
        }
    }
    let thanks = Scenario::new(at_risk()).filled().send().accept("accepted", 5);
    of(&thanks);
    of(&thanks.event(Event::Acted("show-receipt".to_owned())));
    for lang in ["en", "km"] {
        of(&Scenario::example(lang));
        of(&Scenario::example(lang).submit());
        of(&Scenario::example(lang).filled().send().accept("accepted", 5).share("copy"));
    }
}

#[test]
fn a_control_keeps_its_place_whatever_happens() {
    for campaign in [campaign(), everything(), at_risk()] {
        let states = states(&campaign);
        let fresh = places(&of(&states[0].1));
        assert!(fresh.len() > 8);
        for (name, flow) in &states {
            let now = places(&of(flow));
            for (control, path) in &fresh {
                // A consent may disappear with the country; the others must not move.
                if let Some(now) = now.get(control) {
                    let moved = control.0.starts_with("consent_");
                    assert!(now == path || moved, "{control:?} moved when {name}");
                } else {
                    assert!(control.0.starts_with("consent_"), "{control:?} went when {name}");
                }
            }
        }
    }
}

#[test]
fn the_button_and_the_live_places_never_move() {
    let path = |root: &Element, wanted: &dyn Fn(&Element) -> bool| {
        elements(root).into_iter().find(|(_, _, e)| wanted(e)).map(|(path, _, _)| path)
    };
    let states = states(&everything());
    let fresh = of(&states[0].1);
    for (name, flow) in &states {
        let now = of(flow);
        let submits: &dyn Fn(&Element) -> bool = &|e| e.attribute("type") == Some("submit");
        assert_eq!(path(&now, submits), path(&fresh, submits), "{name}");
        let live: &dyn Fn(&Element) -> bool =
            &|e| e.tag == "p" && e.attribute("class") == Some("hidden");
        assert_eq!(path(&now, live), path(&fresh, live), "{name}");
    }
}

#[test]
fn what_gets_the_focus_is_there_and_takes_it() {
    let states: BTreeMap<&str, Scenario> = states(&campaign()).into_iter().collect();
    let thanks = Scenario::new(campaign()).filled().send().accept("accepted", 1);
    for (flow, focus, id) in [
        (&states["with mistakes"], Focus::Summary, SUMMARY),
        (&states["refused"], Focus::Summary, SUMMARY),
        (&states["unreachable"], Focus::Notice, NOTICE),
        (&states["vetoed"], Focus::Notice, NOTICE),
        (&thanks, Focus::Thanks, THANKS),
    ] {
        assert_eq!(flow.effects.last(), Some(&standwith::session::Effect::Focus(focus)));
        let root = of(flow);
        let all = elements(&root);
        let (_, _, element) = all.iter().find(|(_, _, e)| e.attribute("id") == Some(id)).unwrap();
        assert_eq!(element.attribute("tabindex"), Some("-1"), "{id}");
        // An alert is announced when it appears inside the focused element.
        let alerts = elements(element);
        let alert = alerts.iter().any(|(_, _, e)| e.attribute("role") == Some("alert"));
        assert_eq!(alert, id != THANKS, "{id}");
    }
}

#[test]
fn a_mistake_is_tied_to_its_control() {
    let flow = Scenario::new(campaign()).submit();
    let root = of(&flow);
    let all = elements(&root);
    let by_id = |id: &str| all.iter().find(|(_, _, e)| e.attribute("id") == Some(id)).unwrap().2;
    let links: Vec<_> = all
        .iter()
        .filter_map(|(_, _, e)| Some((e.attribute("href")?.strip_prefix('#')?, words(e))))
        .collect();
    let expected = ["targets", "given_name", "family_name", "email", "country", "consent_delivery"];
    assert_eq!(links.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
    for (id, sentence) in &links {
        let error = [id, "-error"].concat();
        assert_eq!(words(by_id(&error)), *sentence);
        // A group of boxes has the field error, not each box.
        let bearer = all.iter().find(|(_, _, e)| {
            e.attribute("aria-describedby").is_some_and(|told| told.split(' ').any(|t| t == error))
        });
        let bearer = bearer.unwrap_or_else(|| panic!("no element is described by {error}")).2;
        assert_eq!(bearer.attribute("aria-invalid"), Some("true"));
        let tag = if *id == "targets" { "fieldset" } else { by_id(id).tag };
        assert_eq!(bearer.tag, tag);
    }
}

#[test]
fn the_button_tells_that_it_is_at_work_and_stays_in_reach() {
    for (name, flow) in &states(&campaign()) {
        let root = of(flow);
        let all = elements(&root);
        let button = all.iter().find(|(_, _, e)| e.attribute("type") == Some("submit")).unwrap().2;
        let sending = flow.session.state() == "sending";
        assert_eq!(button.attribute("aria-disabled").is_some(), sending, "{name}");
        // A disabled element loses the focus.
        assert!(all.iter().all(|(_, _, e)| e.attribute("disabled").is_none()), "{name}");
        let is_status = |e: &Element| {
            e.attribute("class") == Some("hidden") && e.attribute("role") == Some("status")
        };
        let status = all.iter().find(|(_, _, e)| is_status(e)).unwrap().2;
        let told = match *name {
            _ if sending => "Sending…",
            "suggested" => "Did you mean dara@gmail.com?",
            _ => "",
        };
        assert_eq!(words(status), told, "{name}");
    }
}

#[test]
fn a_mail_that_is_offered_is_well_made_and_moves_nothing() {
    let target = json!([
        { "id": "minister-of-justice", "name": "The Minister", "email": "moj@gov.invalid" },
    ]);
    for modes in [json!(["mail-app"]), json!(["server", "mail-app"])] {
        let patch = json!({ "targets": target, "targeting": null, "delivery": { "modes": modes } });
        let new = || Scenario::new(campaign_with(patch.clone())).filled().prepare();
        let offered = || new().act("mail").allow();
        let told = || offered().act("mail-yes").time();
        let places = places(&of(&new()));
        for flow in [
            new().act("mail"),
            new().act("mail").veto(),
            offered(),
            offered().act("copy-body"),
            offered().act("copy-body").copied(ShareResult::NotCopied),
            offered().act("mail-yes"),
            told(),
            told().sign(),
            told().sign().silence(),
            offered().submit(),
        ] {
            let root = of(&flow);
            assert_eq!(self::places(&root), places);
            let sending = flow.session.state() == "sending";
            let busy = |(_, _, e): &(_, _, &Element)| e.attribute("aria-disabled").is_some();
            let all = elements(&root);
            let yes = all.iter().any(|(_, _, e)| e.attribute("data-act") == Some("mail-yes"));
            let buttons = if yes { 2 } else { 1 };
            assert_eq!(all.iter().filter(|e| busy(e)).count(), if sending { buttons } else { 0 });
        }
        assert!(told().sign().accept("recorded", 1).session.state() == "sent");
    }
}

#[test]
fn only_what_may_have_changed_is_made_anew() {
    let anew = |flow: Scenario, parts: &[Region]| {
        assert_eq!(flow.anew(), parts);
        flow
    };
    let message = [Region::Message, Region::Ways, Region::Letter];
    let details = [
        Region::Details,
        Region::Message,
        Region::Consents,
        Region::Status,
        Region::OwnGovernment,
        Region::Letter,
    ];
    let on_its_way = [Region::Notice, Region::Button, Region::Status, Region::Mail];
    let submitted = [
        Region::Summary,
        Region::Targets,
        Region::Details,
        Region::Message,
        Region::Consents,
        Region::Notice,
        Region::Button,
        Region::Status,
        Region::Mail,
        Region::Public,
    ];
    let flow = anew(Scenario::new(everything()).enter("body", "Please"), &message);
    let flow = anew(flow.enter("subject", "F"), &message);
    let flow = anew(flow.enter("given_name", "ដ"), &details);
    let flow = anew(flow.enter("country", "KH"), &details);
    let flow = anew(flow.tick("own_choices", "c"), &details);
    let flow = anew(
        flow.tick("targets", "embassy"),
        &[Region::Targets, Region::Message, Region::OwnGovernment, Region::Letter],
    );
    let flow = anew(flow.tick("consent_updates", "on"), &[Region::Consents, Region::Public]);
    let flow = anew(flow.counted(r#"{"count":12}"#), &[Region::Progress]);
    // Changes that are not visible.
    let flow = anew(flow.enter("extension-note", "mine"), &[]);
    let flow = anew(flow.counted("no count"), &[]);
    let flow = anew(flow.prepare(), &[]);
    let flow = anew(flow.sign(), &[]);
    let flow = anew(flow.silence(), &[]);
    let flow = anew(flow.share("whatsapp"), &[]);
    // While there are field errors, each key press may fix one.
    let flow = anew(flow.submit(), &submitted);
    let mended = [&submitted[..5], &[Region::Public, Region::Ways, Region::Letter]].concat();
    let flow = anew(flow.enter("body", "Please free the writer."), &mended);
    let mended =
        [&submitted[..5], &[Region::Status, Region::OwnGovernment, Region::Public, Region::Letter]]
            .concat();
    let flow = anew(flow.enter("given_name", "ដារ៉ា"), &mended);
    let flow = anew(flow.filled().submit(), &submitted);
    let flow = anew(flow.allow(), &on_its_way);
    let flow = anew(flow.enter("body", "Please free the writer now."), &message);
    let flow = anew(flow.sign(), &on_its_way);
    let flow = anew(flow.silence(), &on_its_way);
    let flow = anew(flow.submit().allow(), &on_its_way);
    let flow = anew(flow.veto(), &[]);
    let flow = flow.prepare().sign().accept("accepted", 13);
    assert!(flow.session.changes().touch(Dirty::SCREEN));
    let flow = anew(flow.counted(r#"{"count":14}"#), &[Region::Progress]);
    let flow = anew(flow.copied(ShareResult::Copied), &[Region::Share]);
    let flow = anew(flow.enter("body", "Too late."), &[]).reset();
    assert!(flow.session.changes().touch(Dirty::SCREEN));
}

#[test]
fn controls_say_what_they_are_for() {
    let root = of(&Scenario::new(everything()));
    let all = elements(&root);
    let control = |name: &str| {
        all.iter().find(|(_, _, e)| is_control(e) && e.attribute("name") == Some(name)).unwrap().2
    };
    for (name, tag, kind, autocomplete, inputmode) in [
        ("given_name", "input", Some("text"), Some("given-name"), None),
        ("family_name", "input", Some("text"), Some("family-name"), None),
        ("email", "input", Some("email"), Some("email"), Some("email")),
        ("phone", "input", Some("tel"), Some("tel"), Some("tel")),
        ("country", "select", None, Some("country"), None),
        ("region", "input", Some("text"), Some("address-level1"), None),
        ("address", "input", Some("text"), Some("street-address"), None),
        ("own_number", "input", Some("text"), Some("off"), Some("numeric")),
        ("own_date", "input", Some("date"), Some("off"), None),
        ("own_long_text", "textarea", None, None, None),
        ("own_choice", "select", None, None, None),
        ("own_choices", "input", Some("checkbox"), None, None),
        ("own_checkbox", "input", Some("checkbox"), None, None),
        ("consent_delivery", "input", Some("checkbox"), None, None),
        ("targets", "input", Some("checkbox"), None, None),
    ] {
        let control = control(name);
        assert_eq!(control.tag, tag, "{name}");
        assert_eq!(control.attribute("type"), kind, "{name}");
        assert_eq!(control.attribute("autocomplete"), autocomplete, "{name}");
        assert_eq!(control.attribute("inputmode"), inputmode, "{name}");
    }
    assert_eq!(control("given_name").attribute("aria-required"), Some("true"));
    assert_eq!(control("phone").attribute("aria-required"), None);
    // The browser shows no messages of its own beside the form's.
    assert!(all.iter().all(|(_, _, e)| e.attribute("required").is_none()));
    let form = all.iter().find(|(_, _, e)| e.tag == "form").unwrap().2;
    assert!(form.attribute("novalidate").is_some());
}

#[test]
fn parts_can_be_styled_from_outside() {
    let mut parts = BTreeSet::new();
    for (_, flow) in &states(&campaign_with(json!({ "counter": { "goal": 9 } }))) {
        for (_, _, element) in elements(&of(flow)) {
            parts.extend(element.attribute("part").map(str::to_owned));
        }
    }
    let thanks = Scenario::new(campaign()).filled().send().accept("accepted", 1);
    for (_, _, element) in elements(&of(&thanks)) {
        parts.extend(element.attribute("part").map(str::to_owned));
    }
    let expected = "button error field form input label progress receipt share summary";
    assert_eq!(parts, expected.split(' ').map(str::to_owned).collect());
}

#[test]
fn a_field_may_be_called_like_anything_of_ours() {
    let names = ["summary", "notice", "thanks", "disclosed", "form", "title", "summary_heading"];
    let own = names.map(|id| json!({ "id": id, "kind": "text", "label": id }));
    let fields: Vec<Value> =
        ["given_name", "family_name", "email", "country"].map(|id| json!({ "id": id })).into();
    let fields = [fields, own.into()].concat();
    let campaign = campaign_with(json!({ "fields": fields }));
    for (_, flow) in &states(&campaign) {
        of(flow);
    }
}

#[test]
fn a_mistake_in_what_is_not_shown_is_told_without_a_link() {
    let all = campaign_with(json!({ "targeting": { "mode": "all" } }));
    let report = json!({ "code": "rules", "errors": [
        { "field": "targets", "code": "targets_unknown_choice" },
        { "field": "public", "code": "public_unknown_choice" },
    ] });
    let flow = Scenario::new(all).filled().send().refuse(422, report);
    let root = of(&flow);
    let links = elements(&root)
        .iter()
        .filter(|(_, _, e)| e.attribute("href").is_some_and(|address| address.starts_with('#')))
        .count();
    assert_eq!((links, flow.field_errors().len()), (0, 2));
}

// The hosted page.

#[test]
fn a_page_without_script_posts_the_same_form() {
    let hidden = [("jti", jti(1)), ("lang", "km".to_owned())];
    let posting =
        Posting { action: "https://actions.invalid/campaigns/x?a=1&b=\"", hidden: &hidden };
    let field_error =
        |field: &str| FieldError { field: field.to_owned(), kind: FieldErrorKind::Missing };
    let draft = Draft::posted(vec![("email".to_owned(), "dara".to_owned())]);
    let config = || {
        crate::scenario::config(
            crate::scenario::example().campaign("km", Strictness::Strict).unwrap(),
        )
    };
    let locale = crate::scenario::locale("km");
    for session in [
        Session::hosted(config(), NOW, None, Vec::new()),
        Session::hosted(
            config(),
            NOW,
            Some(draft),
            ["email", "consent_delivery", "targets", "jti"].map(field_error).into(),
        ),
    ] {
        let page = root(&whole(&session, &locale, Some(posting)));
        let widget = root(&whole(&session, &locale, None));
        check(&page);
        assert_eq!(places(&page), places(&widget));
        let all = elements(&page);
        let form = all.iter().find(|(_, _, e)| e.tag == "form").unwrap().2;
        assert_eq!(form.attribute("method"), Some("post"));
        assert_eq!(form.attribute("action"), Some(posting.action));
        let found: Vec<_> = all
            .iter()
            .filter(|(_, _, e)| e.attribute("type") == Some("hidden"))
            .map(|(_, _, e)| (e.attribute("name").unwrap(), e.attribute("value").unwrap()))
            .collect();
        assert_eq!(found, [("jti", jti(1).as_str()), ("lang", "km")]);
        // The widget never leaves the page.
        let all = elements(&widget);
        let form = all.iter().find(|(_, _, e)| e.tag == "form").unwrap().2;
        assert_eq!((form.attribute("method"), form.attribute("action")), (None, None));
    }
}

#[test]
fn the_root_says_language_and_direction() {
    for (lang, direction) in [("en", "ltr"), ("ar", "rtl"), ("km", "ltr"), ("fa-AF", "rtl")] {
        let root = of(&Scenario::new(campaign_with(json!({ "lang": lang }))));
        assert_eq!(root.attribute("lang"), Some(lang));
        assert_eq!(root.attribute("dir"), Some(direction));
    }
}

#[test]
fn office_and_organisation_are_one_recipient() {
    let minister = json!({
        "id": "a", "name": "Ms A", "office": "司法部长", "organisation": "司法部",
    });
    let campaign = json!({ "lang": "zh", "targets": [minister, { "id": "b", "name": "B" }] });
    let mut flow = Scenario::new(campaign_with(campaign));
    flow.locale = crate::scenario::locale("zh");
    assert!(
        words(&root(&flow.markup())).contains("司法部长，司法部"),
        "{}",
        words(&root(&flow.markup()))
    );
}

#[test]
fn before_and_after_its_time() {
    for times in
        [json!({ "opens": "2100-01-01T00:00:00Z" }), json!({ "closes": "2020-01-01T00:00:00Z" })]
    {
        let flow = Scenario::new(campaign_with(times)).is("closed");
        let root = of(&flow);
        assert!(elements(&root).iter().all(|(_, _, e)| e.tag != "form" && e.tag != "input"));
        assert!(words(&root).contains("campaign has"), "{}", words(&root));
    }
}

// With any texts of a campaign and a supporter.

/// Texts that have broken forms.
const NAUGHTY: [&str; 24] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "[x](https://e.invalid/\" onclick=\"y)",
    "[x](data:text/html,<script>)",
    "**[a*b](https://e.invalid/)**",
    "- [x](mailto:a@b.invalid?subject=<b>)\n## \n- ",
    "https://e.invalid/\u{202e}gnp.exe",
    "{{given_name}} {{body}} {{{{email}}}} {{",
    "{label} {count} {} {",
    "\u{feff}\u{200b}\u{200d}",
    "\u{0}\u{1b}[31m\u{7f}",
    "ស្ត្រី មេឃ ដារ៉ា",
    "مرحبا \u{200f}(עברית)\u{200e}",
    "👩‍👧‍👦🏳️‍🌈",
    "Z̸̢a̷̡l̴g̵o̶",
    "%s%n%00%20&amp;&lt;",
    "#given_name",
    "a b\tc\nd\r\ne",
    "mailto:",
    "https://",
    "null",
];

fn naughty() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0..NAUGHTY.len()).prop_map(|at| NAUGHTY[at].to_owned()),
        1 => (0..NAUGHTY.len(), 0..NAUGHTY.len())
            .prop_map(|(one, two)| [NAUGHTY[one], NAUGHTY[two]].concat()),
        1 => any::<String>(),
    ]
}

/// A campaign with one of these texts in every possible place, as the widget reads it.
fn campaign_saying(texts: &[String]) -> standwith::campaign::Campaign {
    let mut texts = texts.iter().cycle();
    // A label must not be empty.
    let mut next = || format!("{}.", texts.next().unwrap());
    // Ids are unique.
    let options = json!([
        { "id": next() + "1", "label": next() }, { "id": next() + "2", "label": next() },
    ]);
    let kinds = ["text", "long_text", "email", "phone", "choice", "choices", "checkbox", "date"];
    let mut fields: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            let options = if kind.starts_with("choice") { options.clone() } else { json!([]) };
            let label = next();
            json!({ "id": format!("own_{kind}"), "kind": kind, "label": label, "options": options })
        })
        .collect();
    fields.extend(["given_name", "family_name", "email", "country"].map(|id| json!({ "id": id })));
    let targets: Vec<Value> = ["prime-minister", "minister-of-justice", "embassy"]
        .map(|id| json!({ "id": id, "name": next(), "office": next(), "organisation": next() }))
        .into();
    let campaign = campaign_with(json!({
        "lang": next(),
        "title": next(),
        "story": next(),
        "picture": { "url": next(), "alt": next() },
        "publisher": { "name": next(), "url": next(), "privacy_url": next() },
        "languages": null,
        "targets": targets,
        "message": {
            "subjects": [next()], "head": next(), "body": next(), "foot": next(), "min": 1,
            "max": 4000,
        },
        "fields": fields,
        "consents": [
            { "purpose": "updates", "wording": next(), "countries": ["GB", "KH"] },
            { "purpose": "delivery", "wording": next() },
        ],
        "thanks": next(),
        "share": { "text": next(), "url": next() },
        "next": { "label": next(), "url": next() },
        "at_risk": { "advice": [{ "label": next(), "url": next() }], "exit_url": next() },
    }));
    let file = CampaignFile::parse(campaign.to_string().as_bytes()).unwrap();
    file.campaign("", Strictness::Lenient).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_breaks_the_tree(
        texts in proptest::collection::vec(naughty(), 1..60),
        typed in proptest::collection::vec(naughty(), 8),
    ) {
        let config = crate::scenario::config(campaign_saying(&texts));
        let mut flow = Scenario::of(config.clone());
        of(&flow);
        let names = ["own_text", "own_long_text", "own_email", "own_phone", "own_choice",
            "own_date", "subject", "body"];
        for (name, text) in names.iter().zip(&typed) {
            flow = flow.enter(name, text);
        }
        flow = flow.tick("own_choices", &typed[0]).submit();
        of(&flow);
        // Sent, if it can be sent.
        let mut flow = Scenario::of(config.clone()).filled().enter("subject", "Freedom").submit();
        of(&flow);
        if flow.session.state() == "sending" {
            flow = flow.allow().prepare().sign();
            of(&flow);
            of(&flow.reply(422, &json!({ "code": typed[1], "errors": [
                { "field": typed[2], "code": typed[3] },
                { "field": "email", "code": typed[4] },
            ] }).to_string(), None));
        }
        for status in [Status::Accepted, Status::Unknown] {
            let acceptance = Acceptance {
                id: jti(1),
                status,
                receipt: typed[5].clone(),
                count: Some(i64::MAX),
            };
            let session = Session::thanks(config.clone(), NOW, acceptance);
            let (session, _) = session.update(Event::Copied(ShareResult::NotCopied));
            check(&root(&whole(&session, &Locale::english(Rules::PLAIN), None)));
        }
    }
}
