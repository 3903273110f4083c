//! Campaigns at risk: what a form shows, stores and hides.

use crate::scenario::seen::{root, words};
use crate::scenario::{NOW, Scenario, campaign_with, config, jti};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::Source;
use standwith::answer::{Acceptance, Status};
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::draft::Draft;
use standwith::markup::{Element, Node};
use standwith::session::{Effect, Event, Focus, FormConfig, PageEvent, Session};
use standwith::text::{Key, Locale, Rules};
use standwith::view::{OWN_GOVERNMENT, RECEIPT, first, whole};

const HOSTED: &str = "https://actions.invalid/campaigns/free-the-writer";

/// A campaign in which people may be at risk: two targets of Cambodia, one of France.
fn campaign(at_risk: Value) -> Value {
    campaign_with(json!({
        "at_risk": at_risk,
        "targets": [
            { "id": "prime-minister", "name": "The Prime Minister", "country": "KH" },
            { "id": "minister-of-justice", "name": "The Minister", "country": "KH" },
            { "id": "embassy", "name": "The Embassy", "country": "FR" },
        ],
    }))
}

fn read(campaign: &Value) -> Campaign {
    let file = CampaignFile::parse(campaign.to_string().as_bytes()).unwrap();
    file.campaign("en", Strictness::Strict).unwrap()
}

fn english() -> Locale {
    Locale::english(Rules::PLAIN)
}

/// Every element, from top to bottom.
fn all(element: &Element) -> Vec<&Element> {
    let inside = element.children.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        _ => None,
    });
    std::iter::once(element).chain(inside.flat_map(all)).collect()
}

fn by<'a>(root: &'a Element, name: &str, value: &str) -> Option<&'a Element> {
    all(root).into_iter().find(|element| element.attribute(name) == Some(value))
}

fn act(name: &str) -> Event {
    Event::Acted(name.to_owned())
}

/// The section on safety, line by line: texts, and links with their addresses.
fn safety(root: &Element) -> Vec<String> {
    let Some(section) = by(root, "class", "safety") else { return Vec::new() };
    let lines = all(section).into_iter().filter(|e| ["h3", "p", "a"].contains(&e.tag));
    let line = |element: &Element| match element.attribute("href") {
        Some(address) => format!("{} -> {address}", words(element)),
        None => words(element),
    };
    lines.map(line).collect()
}

#[test]
fn where_nobody_is_at_risk_nothing_is_otherwise() {
    let flow = Scenario::new(campaign(json!(false)));
    let root = root(&flow.markup());
    assert_eq!(safety(&root), [""; 0]);
    assert_eq!(by(&root, "data-act", "exit"), None);
    assert_eq!(by(&root, "id", OWN_GOVERNMENT), None);
    assert_eq!(by(&root, "name", "email").unwrap().attribute("autocomplete"), Some("email"));
    assert_eq!(by(&root, "name", "country").unwrap().attribute("autocomplete"), Some("country"));
    assert_eq!(by(&root, "part", "form").unwrap().attribute("autocomplete"), None);
    let flow = flow.event(act("exit")).does(&[]).event(act("show-receipt")).does(&[]);
    let flow = flow.filled().send().accept("accepted", 1);
    assert!(flow.told.contains(&PageEvent::Sent {
        id: Some(jti(1)),
        status: "accepted",
        count: Some(1)
    }));
    assert_eq!(flow.claims().source, config(Campaign::default()).source);
    assert_eq!(flow.thanks().keep, "Keep it to show that your message arrived.");
}

#[test]
fn a_section_says_what_people_at_risk_should_know() {
    let advice =
        json!({ "advice": [{ "label": "Digital safety", "url": "https://advice.invalid/" }] });
    let flow = Scenario::new(campaign(advice));
    let root = root(&flow.markup());
    assert_eq!(
        safety(&root),
        [
            "Your safety",
            "You don’t have to use your real name.",
            "This form keeps nothing on this device. It can’t hide that you opened this page: from this website, from your network, or from anyone who can see your screen.",
            "Advice on staying safe",
            "Digital safety -> https://advice.invalid/",
            &format!("Open the form on its own page, away from this website -> {HOSTED}"),
        ]
    );
    // The section is above the form; without advice, it has no lines about it.
    let order: Vec<_> = all(&root)
        .into_iter()
        .filter_map(|e| e.attribute("class").or(e.attribute("part")))
        .collect();
    let place = |of: &str| order.iter().position(|class| *class == of).unwrap();
    assert!(place("safety") < place("form"));
    for said in [json!(true), json!({})] {
        assert_eq!(safety(&self_root(&Scenario::new(campaign(said)))).len(), 4);
    }
}

/// As `root`, under another name.
fn self_root(flow: &Scenario) -> Element {
    root(&flow.markup())
}

#[test]
fn the_hosted_form_does_not_lead_to_itself() {
    let mut config = config(read(&campaign(json!(true))));
    config.hosted.clear();
    let session = Session::hosted(config.clone(), NOW, None, Vec::new());
    assert_eq!(safety(&root(&whole(&session, &english(), None))).len(), 3);
    // Nor is there a link to an address without https.
    config.hosted = "http://localhost/campaigns/free-the-writer".to_owned();
    assert_eq!(safety(&self_root(&Scenario::of(config))).len(), 3);
}

#[test]
fn the_first_plan_has_it_all_in_its_place() {
    let campaign = campaign(json!({ "advice": [{ "label": "A", "url": "https://a.invalid/" }] }));
    let markup = first(&read(&campaign), &english());
    let (early, late) = (root(&markup), self_root(&Scenario::new(campaign)));
    let without_address = |lines: Vec<String>| -> Vec<String> {
        lines.iter().map(|line| line.replace(&format!(" -> {HOSTED}"), "")).collect()
    };
    assert_eq!(safety(&early), without_address(safety(&late)));
    assert_eq!(by(&early, "data-act", "exit"), by(&late, "data-act", "exit"));
}

// The supporter's own authorities.

fn warning(flow: &Scenario) -> String {
    let root = self_root(flow);
    let warning = by(&root, "id", OWN_GOVERNMENT).unwrap();
    assert_eq!(warning.attribute("role"), Some("status"));
    words(warning)
}

#[test]
fn whoever_writes_to_their_own_authorities_is_warned() {
    let said = "You are writing to authorities of the country you chose. If it could be dangerous for you if they knew your name, think carefully before you send your message.";
    let flow = Scenario::new(campaign(json!({ "own_government": ["TH"] })));
    assert_eq!(warning(&flow), "");
    let flow = flow.enter("country", "KH");
    // No target is chosen yet.
    assert_eq!(warning(&flow), "");
    let flow = flow.tick("targets", "minister-of-justice");
    assert_eq!(warning(&flow), said);
    let flow = flow.clear("targets", "minister-of-justice").tick("targets", "embassy");
    assert_eq!(warning(&flow), "");
    let flow = flow.enter("country", "FR");
    assert_eq!(warning(&flow), said);
    // Supporters from a listed country are warned with any target.
    let flow = flow.enter("country", "TH");
    assert_eq!(warning(&flow), said);
    let flow = flow.enter("country", "DE");
    assert_eq!(warning(&flow), "");
    // The warning is part of the button's description.
    let root = self_root(&flow);
    let button = by(&root, "type", "submit").unwrap();
    assert_eq!(button.attribute("aria-describedby"), Some("form-disclosed form-own-government"));
}

#[test]
fn where_nobody_chooses_all_targets_count() {
    let mut campaign = campaign(json!(true));
    campaign["targeting"] = json!({ "mode": "all" });
    let flow = Scenario::new(campaign).enter("country", "KH");
    assert_ne!(warning(&flow), "");
    assert_eq!(warning(&flow.enter("country", "GB")), "");
}

// Leaving the page quickly.

#[test]
fn the_way_out_comes_first_and_leads_away_without_code() {
    let root = self_root(&Scenario::new(campaign(json!(true))));
    let reached = |e: &&Element| ["a", "button", "input", "select", "textarea"].contains(&e.tag);
    let exit = all(&root).into_iter().find(reached).unwrap();
    assert_eq!(words(exit), "Leave this page quickly");
    for (name, value) in [
        ("data-act", "exit"),
        ("href", "https://www.google.com/"),
        ("target", "_top"),
        ("rel", "noopener noreferrer"),
    ] {
        assert_eq!(exit.attribute(name), Some(value));
    }
    let own = json!({ "exit_url": "https://weather.invalid/" });
    let thanks = Scenario::new(campaign(own)).filled().send().accept("accepted", 1);
    let root = self_root(&thanks);
    let exit = by(&root, "data-act", "exit").unwrap();
    assert_eq!(exit.attribute("href"), Some("https://weather.invalid/"));
}

#[test]
fn a_form_in_a_frame_says_that_the_page_around_it_may_stay() {
    let says = |framed: bool, at_risk: bool| {
        let config = config(read(&campaign(json!(at_risk))));
        let flow = Scenario::of(FormConfig { framed, ..config });
        flow.text().contains("If the page around this form stays open, close it yourself.")
    };
    assert!(says(true, true));
    assert!(!says(false, true) && !says(true, false));
}

#[test]
fn whoever_leaves_leaves_nothing_behind() {
    let own = campaign(json!({ "exit_url": "https://weather.invalid/" }));
    let leave = [Effect::Leave("https://weather.invalid/".to_owned())];
    let fresh = Scenario::new(own.clone()).markup();
    let filled = || Scenario::new(own.clone()).filled();
    for flow in [
        Scenario::new(own.clone()),
        filled(),
        filled().enter("email", "x").submit(),
        filled().send(),
        filled().send().silence(),
        filled().send().accept("accepted", 1).event(act("show-receipt")),
    ] {
        let flow = flow.event(act("exit")).does(&leave);
        let count = flow.view().progress.is_some();
        assert!(count || flow.markup() == fresh);
        assert!(!flow.markup().as_str().contains("dara@example.org"));
        // Answers to earlier posts are ignored.
        let attempt = flow.attempt;
        flow.event(Event::Answered { attempt, reply: None }).does(&[]);
    }
    // Also when the campaign is over.
    let mut over = own;
    over["closes"] = json!("2020-01-01T00:00:00Z");
    Scenario::new(over).event(act("exit")).does(&leave).is("closed");
}

/// A form whose message was posted and got no answer, left while it waits for the next try.
fn left_while_it_waits() -> Scenario {
    let flow = Scenario::new(campaign(json!(true))).filled().enter("body", "My own secret words.");
    let flow = flow.send().answer_once(None).is("sending");
    assert!(flow.waits().is_some() && flow.markup().as_str().contains("dara@example.org"));
    flow.event(Event::Gone).does(&[]).is("sending")
}

#[test]
fn a_form_left_while_its_message_waits_is_empty_and_sends_it() {
    let flow = left_while_it_waits();
    let fresh = Scenario::new(campaign(json!(true)));
    assert_eq!(flow.session.draft(), fresh.session.draft());
    for typed in ["dara@example.org", "secret", "ដារ៉ា", "checked"] {
        assert!(!flow.markup().as_str().contains(typed), "{typed}");
    }
    // The next attempt posts the same bytes, and the thanks do not mention a change since.
    let flow = flow.due().accept("accepted", 1).is("sent");
    assert_eq!(flow.claims().person.email, "dara@example.org");
    assert!(!flow.text().contains("What you changed after that"), "{}", flow.text());
    assert_eq!(flow.event(Event::Gone).is("editing").session.draft(), fresh.session.draft());
}

#[test]
fn whoever_comes_back_to_an_emptied_form_gets_nothing_of_a_message_that_fails() {
    let rules = json!({
        "code": "rules", "errors": [{ "field": "email", "code": "email_malformed" }],
    });
    let fails: [fn(Scenario, &Value) -> Scenario; 2] =
        [|flow, _| flow.due().silence(), |flow, rules| flow.due().refuse(422, rules.clone())];
    for fail in fails {
        let flow = fail(left_while_it_waits(), &rules).is("editing").says("Send message", None);
        let error = matches!(flow.told.last(), Some(PageEvent::Error { .. }));
        assert!(error && flow.form().summary.is_none(), "{:?}", flow.told);
        // Their own message has an identity of its own.
        let flow = flow.filled().prepare_if_asked().send().accept("accepted", 1).is("sent");
        assert_eq!(flow.claims().jti, jti(2));
    }
}

#[test]
fn a_message_that_the_page_has_not_let_go_ends_when_the_form_is_left() {
    let flow =
        Scenario::new(campaign(json!(true))).filled().submit().event(Event::Gone).is("editing");
    assert_eq!(flow.markup(), Scenario::new(campaign(json!(true))).markup());
    flow.allow().does(&[]).is("editing");
}

#[test]
fn a_form_left_where_nobody_is_at_risk_stays_as_it_is() {
    let flow = Scenario::new(campaign(json!(false))).filled().send().answer_once(None);
    let before = flow.markup();
    assert_eq!(flow.event(Event::Gone).does(&[]).is("sending").markup(), before);
}

// What the browser stores, and what the page learns.

#[test]
fn no_browser_keeps_what_was_entered() {
    let kinds = ["text", "long_text", "number", "date", "choice", "choices", "checkbox"];
    let own = kinds.map(|kind| {
        let options = if kind.starts_with("choice") { json!(["a", "b"]) } else { json!([]) };
        json!({ "id": format!("own_{kind}"), "kind": kind, "label": kind, "options": options })
    });
    let standard = [
        "given_name",
        "family_name",
        "email",
        "phone",
        "country",
        "region",
        "locality",
        "postal_code",
        "address",
    ];
    let fields: Vec<Value> = standard.iter().map(|id| json!({ "id": id })).chain(own).collect();
    let mut campaign = campaign(json!(true));
    campaign["fields"] = json!(fields);
    let flow = Scenario::new(campaign).enter("country", "KH");
    let root = self_root(&flow);
    let named: Vec<_> = all(&root).into_iter().filter(|e| e.attribute("name").is_some()).collect();
    assert!(named.len() > 20);
    for control in named.into_iter().chain(by(&root, "part", "form")) {
        assert_eq!(control.attribute("autocomplete"), Some("off"), "{control:?}");
    }
}

#[test]
fn the_claims_do_not_say_whence_and_the_page_hears_no_identity() {
    let flow = Scenario::new(campaign(json!(true))).filled().send().accept("accepted", 7);
    assert_eq!(flow.claims().source, Source::default());
    assert!(flow.told.contains(&PageEvent::Sent { id: None, status: "accepted", count: None }));
    assert!(!format!("{:?}", flow.told).contains(&jti(1)));
}

#[test]
fn the_page_learns_no_count_from_sending() {
    let counts = |flow: &Scenario| {
        flow.told.iter().filter(|it| matches!(it, PageEvent::Count { .. })).count()
    };
    let counted = |count: i64| Event::Counted(json!({ "count": count }).to_string());
    let flow = Scenario::new(campaign(json!(true))).event(counted(4711));
    assert!(flow.text().contains("4711 of 5000"), "{}", flow.text());
    assert_eq!(counts(&flow), 1);
    let flow = flow.filled().send().accept("accepted", 4720);
    assert!(!format!("{:?}", flow.told).contains("4720"), "{:?}", flow.told);
    // Nor from text of the form that the page can read, nor from a late answer.
    let flow = flow.event(counted(4721)).does(&[]);
    assert_eq!(counts(&flow), 1);
    for count in ["4711", "4720", "4721"] {
        assert!(!flow.markup().as_str().contains(count), "{count} is visible");
    }
    // The next person sees the count that was known before.
    assert!(flow.reset().text().contains("4711 of 5000"));
}

#[test]
fn a_receipt_is_for_those_who_ask() {
    let flow = Scenario::new(campaign(json!(true))).event(act("show-receipt")).does(&[]);
    let flow = flow.filled().send().accept("accepted", 7);
    let seen = |flow: &Scenario, what: &str| flow.markup().as_str().contains(what);
    assert!(!seen(&flow, &jti(1)) && !seen(&flow, "a.b.c"));
    let root = self_root(&flow);
    let button = by(&root, "data-act", "show-receipt").unwrap();
    assert_eq!((button.tag, words(button).as_str()), ("button", "Show my receipt"));
    let flow = flow.event(act("show-receipt")).does(&[Effect::Focus(Focus::Receipt)]);
    let thanks = flow.thanks();
    assert_eq!(thanks.number.1, jti(1));
    assert_eq!(thanks.download.unwrap().1, "a.b.c");
    assert_eq!(thanks.keep, flow.locale.say(Key::ReceiptRisk));
    let root = self_root(&flow);
    assert_eq!(by(&root, "id", RECEIPT).unwrap().attribute("tabindex"), Some("-1"));
    // The next person's receipt is not shown before they ask.
    let next = flow.reset().filled().send().accept("accepted", 8);
    assert!(!seen(&next, &jti(2)) && !seen(&next, &jti(1)));
}

#[test]
fn without_script_a_receipt_is_folded_away() {
    let receipt = Acceptance {
        id: jti(1),
        status: Status::Recorded,
        receipt: "a.b.c".to_owned(),
        count: Some(1),
    };
    let session = Session::thanks(config(read(&campaign(json!(true)))), NOW, receipt);
    let root = root(&whole(&session, &english(), None));
    let folded = all(&root).into_iter().find(|e| e.tag == "details").unwrap();
    assert_eq!(folded.attributes, []);
    assert_eq!(
        words(all(folded).into_iter().find(|e| e.tag == "summary").unwrap()),
        "Show my receipt"
    );
    assert!(words(folded).contains(&jti(1)));
    assert_eq!(by(&root, "data-act", "show-receipt"), None);
}

#[test]
fn a_page_that_hears_of_no_choice_says_the_warning_to_all() {
    let config = config(read(&campaign(json!(true))));
    let session = Session::hosted(config, NOW, Some(Draft::default()), Vec::new());
    let root = root(&whole(&session, &english(), None));
    assert_eq!(
        words(by(&root, "id", OWN_GOVERNMENT).unwrap()),
        english().say(Key::RiskOwnGovernment)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// With any events in any order: until the supporter asks for it, neither the page nor the screen contains evidence
    /// that this person took part.
    #[test]
    fn nothing_tells_that_somebody_took_part(steps in proptest::collection::vec(0..9, 1..24)) {
        let mut flow = Scenario::new(campaign(json!(true)));
        let mut asked = false;
        for step in steps {
            flow = match step {
                0 => flow.filled(),
                1 => flow.submit(),
                2 => flow.event(Event::Allowed(true)),
                3 if flow.session.state() == "sending" && flow.keys == 0 => flow.prepare(),
                4 => flow.sign(),
                5 => flow.reply(201, &json!({ "id": jti(1), "status": "accepted" }).to_string(), None),
                6 => flow.event(act("exit")),
                7 => flow.event(Event::Reset),
                8 => flow.event(act("show-receipt")),
                _ => flow,
            };
            asked = flow.session.state() == "sent" && (asked || step == 8);
            prop_assert!(asked || !flow.markup().as_str().contains(&jti(1)));
            let told = format!("{:?}", flow.told);
            prop_assert!(!told.contains(&jti(1)), "{}", told);
        }
    }
}
