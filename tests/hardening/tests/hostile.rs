//! Several thousand payloads, each in every text and every address of a campaign file: the rendered content is
//! harmless, and has the same structure as with a plain word.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;

use standwith::answer::Acceptance;
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::markup::{Element, Node};
use standwith::session::{FormConfig, Session};
use standwith::text::{Locale, Rules};
use standwith::view::whole;
use standwith_hardening::campaigns::{Place, saying};
use standwith_hardening::renderer::{harmless, painted, said};
use standwith_hardening::{payloads, targets};

fn read(file: &str) -> Campaign {
    let file = CampaignFile::read(file).unwrap();
    file.into_campaign("en", Strictness::Lenient).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// A payload of every part of the form, and of the thanks.
fn screens(file: &str) -> [Element; 2] {
    let config = |seed| FormConfig {
        campaign: read(file),
        endpoint: "https://actions.invalid/a".to_owned(),
        hosted: "https://actions.invalid/".to_owned(),
        page: "https://partner.invalid/".to_owned(),
        seed,
        ..FormConfig::default()
    };
    let locale = Locale::english(Rules::PLAIN);
    let acceptance = Acceptance { id: "id".to_owned(), ..Acceptance::default() };
    let sessions = [Session::new(config(1), 0).0, Session::thanks(config(2), 0, acceptance)];
    sessions.map(|session| painted(&whole(&session, &locale, None)).unwrap())
}

/// Tags and names of attributes, nested.
fn shape(element: &Element) -> String {
    let names: Vec<&str> = element.attributes.iter().map(|(name, _)| *name).collect();
    let inside = element.children.iter().map(|child| match child {
        Node::Nothing => ".".to_owned(),
        Node::Text(_) => "'".to_owned(),
        Node::Element(child) => shape(child),
    });
    format!("<{} {}>{}", element.tag, names.join(" "), inside.collect::<String>())
}

#[test]
fn there_are_several_thousand_and_none_stands_twice_without_need() {
    let all = payloads::all();
    assert!(all.len() > 4000, "{}", all.len());
    let distinct: BTreeSet<&String> = all.iter().collect();
    assert!(distinct.len() > 4000, "{}", distinct.len());
    assert!(all.iter().filter(|text| text.contains("pwned")).count() > 3500);
    // The same every day.
    assert_eq!(all, payloads::all());
}

/// Each payload in every text and every address.
#[test]
fn nothing_in_a_campaign_file_runs_or_leads_astray() {
    for payload in payloads::all() {
        for screen in screens(&saying(|_| payload.clone())) {
            assert_eq!(harmless(&screen), Ok(()), "{payload:?}");
        }
    }
}

/// Each payload in every text that is no Markdown: there are no more elements, attributes or texts than with a plain
/// word, and the payload is readable unchanged.
#[test]
fn a_text_is_a_text() {
    let file = |text: &str| {
        saying(|place| match place {
            Place::Line => text.to_owned(),
            Place::Lines => "Words".to_owned(),
            Place::Address => "https://a.invalid/".to_owned(),
        })
    };
    let plain = screens(&file("word")).map(|screen| shape(&screen));
    for payload in payloads::all().into_iter().filter(|text| !text.contains("{{")) {
        let seen = screens(&file(&payload));
        assert_eq!(seen.each_ref().map(shape), plain, "{payload:?}");
        let to_the_letter = payload.replace('\u{7f}', "\u{fffd}");
        for screen in &seen {
            assert!(said(screen).iter().any(|text| text.contains(&to_the_letter)), "{payload:?}");
        }
    }
}

/// All screens, with one payload of each kind.
#[test]
fn no_screen_runs_anything() {
    for payload in payloads::all().iter().step_by(41) {
        targets::screens(&read(&saying(|_| payload.clone())), false);
    }
}
