//! Targeting in every mode: the targets that the form offers and validation accepts, and that browser and endpoint
//! agree, with any input.

use crate::scenario::seen::Control;
use crate::scenario::{Scenario, campaign_with, config};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::{Action, AnswerValue, ClaimContext, Claims};
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::check::{FieldError, FieldErrorKind, FieldErrorKind::*, check, check_claims};
use standwith::draft::{Draft, TARGETS};
use standwith::shape;
use standwith::targeting::{Offer, offered};
use standwith::view::{Region, first};

/// A campaign of six targets with this targeting.
fn file(targeting: Value) -> Value {
    let filter = |countries: &[&str], postcodes: &[&str]| json!({"countries": countries, "postcodes": postcodes});
    let targets = json!([
        {"id": "everybody", "name": "A"},
        {"id": "kh", "name": "B", "filter": filter(&["KH"], &[])},
        {"id": "europe", "name": "C", "filter": filter(&["FR", "DE"], &[])},
        {"id": "paris", "name": "D", "filter": filter(&["FR"], &["75"])},
        {"id": "london", "name": "E", "filter": filter(&[], &["SW1A", "E1"])},
        {"id": "un", "name": "F", "filter": filter(&["XK"], &["9"])},
    ]);
    let needed = |id: &str| json!({"id": id, "required": true});
    let mut file = campaign_with(json!({
        "targets": targets,
        "message": {"subjects": ["S {{country}}"], "body": "To {{postal_code}} {{phone}}", "min": 1},
        "fields": [needed("country"), needed("postal_code"), json!({"id": "phone"})],
        "consents": [],
    }));
    file["targeting"] = targeting;
    file
}

/// The same without `everybody`, `paris` and `london`, so that some supporters find no target.
fn some(targeting: Value) -> Value {
    let mut file = file(targeting);
    let targets = file["targets"].as_array_mut().unwrap();
    targets.retain(|target| ["kh", "europe", "un"].contains(&target["id"].as_str().unwrap()));
    file
}

fn read(file: &Value) -> Campaign {
    let file = CampaignFile::parse(file.to_string().as_bytes()).unwrap();
    file.campaign("en", Strictness::Strict).unwrap()
}

/// A supporter from there, who ticked these.
fn from(country: &str, postcode: &str, ticked: &[&str]) -> Draft {
    let mut draft = Draft::default();
    draft.set("country", country);
    draft.set("postal_code", postcode);
    draft.set("subject", "About");
    draft.set("body", "Body");
    for id in ticked {
        draft.tick(TARGETS, id, true);
    }
    draft
}

fn ids<'a>(offer: &'a Offer<'_>) -> Vec<&'a str> {
    offer.targets.iter().map(|target| target.id.as_str()).collect()
}

fn claims(campaign: &Campaign, action: &Action) -> Claims {
    action.claims(campaign, ClaimContext::default())
}

/// Valid input, as the endpoint receives it.
fn sent(campaign: &Campaign, draft: &Draft) -> Result<Vec<String>, Vec<(String, FieldErrorKind)>> {
    match check(campaign, &draft.composed(campaign)) {
        Ok(action) => {
            assert_eq!(check_claims(campaign, &claims(campaign, &action)).as_ref(), Ok(&action));
            Ok(action.targets().to_vec())
        }
        Err(field_errors) => Err(field_errors.into_iter().map(|m| (m.field, m.kind)).collect()),
    }
}

#[track_caller]
fn goes_to(campaign: &Campaign, draft: &Draft, targets: &[&str]) {
    assert_eq!(
        sent(campaign, draft).as_deref(),
        Ok(&targets.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()[..])
    );
}

#[track_caller]
fn is_wrong(campaign: &Campaign, draft: &Draft, expected: &[(&str, FieldErrorKind)]) {
    let expected: Vec<_> =
        expected.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    assert_eq!(sent(campaign, draft), Err(expected));
}

#[test]
fn a_country_finds_its_targets() {
    let campaign = read(&file(json!({"mode": "country"})));
    for (country, targets) in [
        ("KH", &["everybody", "kh"][..]),
        (" DE ", &["everybody", "europe"]),
        ("US", &["everybody"]),
    ] {
        let draft = from(country, "", &[]);
        let offer = offered(&campaign, &draft);
        assert_eq!(
            (ids(&offer), offer.choice, offer.waits, offer.fallback),
            (targets.to_vec(), None, None, false)
        );
    }
    for country in ["", " ", "KHM", "kh", "Cambodia"] {
        let draft = from(country, "", &[]);
        let offer = offered(&campaign, &draft);
        assert_eq!((ids(&offer), offer.waits), (vec![], Some("country")), "{country}");
    }
    goes_to(&campaign, &from("KH", "12000", &[]), &["everybody", "kh"]);
    // A choice left from an earlier country is not sent.
    goes_to(&campaign, &from("KH", "12000", &["europe", "kh"]), &["everybody", "kh"]);
    is_wrong(&campaign, &from("", "12000", &[]), &[("country", Missing)]);
    is_wrong(&campaign, &from("XX", "12000", &[]), &[("country", UnknownChoice)]);
    is_wrong(&campaign, &from("KH", "12000", &["nobody"]), &[(TARGETS, UnknownChoice)]);
}

#[test]
fn a_postcode_finds_its_targets() {
    let campaign = read(&file(json!({"mode": "postcode"})));
    for (country, postcode, targets) in [
        ("FR", "75001", &["everybody", "europe", "paris"][..]),
        ("FR", "F-75 001", &["everybody", "europe"]),
        ("FR", "13001", &["everybody", "europe"]),
        ("DE", "75015", &["everybody", "europe"]),
        ("GB", "sw1a 1aa", &["everybody", "london"]),
        ("GB", "E 1 6 A N", &["everybody", "london"]),
        ("GB", "SW1 1AA", &["everybody"]),
        ("XK", "９０００", &["everybody", "un"]),
    ] {
        let draft = from(country, postcode, &[]);
        assert_eq!(ids(&offered(&campaign, &draft)), targets, "{country} {postcode}");
        if sent(&campaign, &draft).is_ok() {
            goes_to(&campaign, &draft, targets);
        }
    }
    for (country, postcode, waits) in
        [("", "75001", "country"), ("FR", "", "postal_code"), ("FR", " - ", "postal_code")]
    {
        let draft = from(country, postcode, &[]);
        assert_eq!(offered(&campaign, &draft).waits, Some(waits));
        assert!(sent(&campaign, &draft).is_err());
    }
    // Where the format of postcodes is unknown, a postcode without letters and digits counts as missing.
    is_wrong(&campaign, &from("IE", "-", &[]), &[("postal_code", Missing)]);
    // Without a filter by country, the country is not required.
    let mut without = file(json!({"mode": "postcode"}));
    for target in without["targets"].as_array_mut().unwrap() {
        target.as_object_mut().unwrap().remove("country");
        if let Some(filter) = target.get_mut("filter") {
            filter.as_object_mut().unwrap().remove("countries");
        }
    }
    without["fields"] = json!([{"id": "postal_code", "required": true}]);
    let campaign = read(&without);
    goes_to(&campaign, &from("", "E1 6AN", &[]), &["everybody", "kh", "europe", "london"]);
}

#[test]
fn somebody_is_there_for_those_from_elsewhere() {
    let fallback = read(&some(json!({"mode": "country", "fallback": ["un", "europe"]})));
    let draft = from("US", "20500", &[]);
    let offer = offered(&fallback, &draft);
    assert_eq!((ids(&offer), offer.fallback), (vec!["europe", "un"], true));
    goes_to(&fallback, &draft, &["europe", "un"]);
    goes_to(&fallback, &from("KH", "12000", &[]), &["kh"]);
    let nobody = read(&some(json!({"mode": "country"})));
    let offer = offered(&nobody, &draft);
    assert_eq!((ids(&offer), offer.fallback, offer.waits), (vec![], false, None));
    is_wrong(&nobody, &draft, &[(TARGETS, Missing)]);
}

#[test]
fn among_those_who_are_found_some_may_be_chosen() {
    let campaign = read(&file(json!({"mode": "postcode", "least": 1, "most": 2})));
    let from = |country, postcode, ticked: &[&str]| from(country, postcode, ticked);
    assert_eq!(offered(&campaign, &from("FR", "75001", &[])).choice, Some((1, 2)));
    goes_to(&campaign, &from("FR", "75001", &["paris"]), &["paris"]);
    goes_to(
        &campaign,
        &from("FR", "75001", &["paris", "kh", "everybody"]),
        &["everybody", "paris"],
    );
    is_wrong(&campaign, &from("FR", "75001", &[]), &[(TARGETS, TooFew(1))]);
    is_wrong(&campaign, &from("FR", "75001", &["london"]), &[(TARGETS, TooFew(1))]);
    let three = ["everybody", "europe", "paris"];
    is_wrong(&campaign, &from("FR", "75001", &three), &[(TARGETS, TooMany(2))]);
    // A single target leaves no choice.
    assert_eq!(offered(&campaign, &from("US", "20500", &[])).choice, None);
    goes_to(&campaign, &from("US", "20500", &[]), &["everybody"]);
    for field_error in [TooFew(1), TooMany(2)] {
        let field_error = FieldError { field: TARGETS.to_owned(), kind: field_error };
        assert_eq!(FieldError::reported(&campaign, TARGETS, &field_error.code()), field_error);
    }
}

#[test]
fn the_lot_is_fair_and_stands() {
    let mut file = file(json!({"mode": "random", "most": 2}));
    for target in file["targets"].as_array_mut().unwrap() {
        target.as_object_mut().unwrap().remove("filter");
    }
    let campaign = read(&file);
    let mut drawn = std::collections::BTreeMap::<String, u32>::new();
    let mut pairs = std::collections::BTreeSet::new();
    for seed in 0..6000 {
        let draft = from("US", "20500", &["un"]).seeded(seed);
        let offer = offered(&campaign, &draft);
        assert_eq!((offer.targets.len(), offer.choice, offer.waits), (2, None, None));
        for id in ids(&offer) {
            *drawn.entry(id.to_owned()).or_default() += 1;
        }
        pairs.insert(ids(&offer).join(" "));
        if seed % 100 == 0 {
            goes_to(&campaign, &draft, &ids(&offered(&campaign, &draft)));
        }
    }
    assert_eq!((drawn.len(), pairs.len()), (6, 15));
    assert!(drawn.values().all(|count| (1850..2150).contains(count)), "{drawn:?}");
    let one =
        read(&campaign_with(json!({"targeting": {"mode": "random", "least": null, "most": null}})));
    assert_eq!(offered(&one, &Draft::default()).targets.len(), 1);
}

#[test]
fn the_endpoint_finds_the_targets_itself() {
    let check = |targeting: Value, targets: &[&str], expected: Result<&[&str], FieldErrorKind>| {
        let campaign = read(&file(targeting));
        let draft = from("FR", "75001", &["everybody", "paris"]).seeded(5);
        let mut claims = claims(
            &campaign,
            &standwith::check::check(&campaign, &draft.composed(&campaign)).unwrap(),
        );
        claims.targets = targets.iter().map(|id| (*id).to_owned()).collect();
        match (check_claims(&campaign, &claims), expected) {
            (Ok(action), Ok(targets)) => assert_eq!(action.targets(), targets),
            (Err(field_errors), Err(kind)) => {
                assert_eq!(field_errors, [FieldError { field: TARGETS.to_owned(), kind }]);
            }
            (found, expected) => panic!("{targets:?}: {found:?}, not {expected:?}"),
        }
    };
    let found = ["everybody", "europe", "paris"];
    let by_postcode = || json!({"mode": "postcode"});
    check(by_postcode(), &found, Ok(&found));
    check(by_postcode(), &["paris", "europe", "everybody"], Ok(&found));
    check(by_postcode(), &[], Ok(&found));
    check(by_postcode(), &["paris"], Err(TooFew(3)));
    check(by_postcode(), &["everybody", "europe", "paris", "london"], Err(UnknownChoice));
    check(by_postcode(), &["nobody"], Err(UnknownChoice));
    let chosen = || json!({"mode": "postcode", "most": 2});
    check(chosen(), &["paris"], Ok(&["paris"]));
    check(chosen(), &["london"], Err(UnknownChoice));
    check(chosen(), &[], Err(TooFew(1)));
    check(chosen(), &found, Err(TooMany(2)));
    // The endpoint can't know which ones were drawn, only how many.
    let by_lot = || json!({"mode": "random", "most": 2});
    check(by_lot(), &["un", "kh"], Ok(&["kh", "un"]));
    check(by_lot(), &["kh"], Err(TooFew(2)));
    check(by_lot(), &["kh", "kh"], Err(TooFew(2)));
    check(by_lot(), &[], Err(TooFew(2)));
    check(by_lot(), &found, Err(TooMany(2)));
    check(by_lot(), &["kh", "nobody"], Err(UnknownChoice));
}

// What the form shows.

fn shown(flow: &Scenario) -> (Vec<String>, String) {
    let field = flow.fields().into_iter().find(|field| field.label == "Who to write to").unwrap();
    let names = match field.control {
        Control::List(items) => items.into_iter().map(|(name, _)| name).collect(),
        Control::Boxes(boxes) => boxes.into_iter().map(|one| format!("[{}]", one.label)).collect(),
        other => panic!("{other:?}"),
    };
    (names, field.hint)
}

/// The campaign, with each target in a line of its own.
fn each_seen(mut file: Value) -> Value {
    file["display"] = json!({"targets": "open"});
    file
}

#[test]
fn the_form_shows_who_is_found() {
    let flow = Scenario::new(each_seen(some(json!({"mode": "country"}))));
    let says = |names: &[&str], hint: &str| {
        (names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), hint.to_owned())
    };
    let all = "Your message goes to all of them.";
    assert_eq!(shown(&flow), says(&[], "Choose your country to see who your message goes to."));
    let flow = flow.enter("country", "KH");
    assert!(flow.anew().contains(&Region::Targets));
    assert_eq!(shown(&flow), says(&["B"], all));
    let flow = flow.enter("country", "DE");
    assert_eq!(shown(&flow), says(&["C"], all));
    let flow = flow.enter("postal_code", "10115");
    assert!(!flow.anew().contains(&Region::Targets));
    let flow = flow.enter("country", "US");
    assert_eq!(
        shown(&flow),
        says(&[], "Nobody on the campaign’s list is responsible for the place you entered.")
    );
    let flow = flow.submit();
    let sentence = "Nobody on the campaign’s list is responsible for the place you entered.";
    let targets = flow.field_errors().into_iter().find(|(_, said)| said == sentence);
    // There is no control to link to.
    assert_eq!(targets, Some((String::new(), sentence.to_owned())));
    // The other country fixes it.
    let flow = flow.enter("country", "KH").enter("postal_code", "12000");
    assert_eq!(flow.field_errors(), []);
    let flow = flow.send();
    assert_eq!(flow.claims().targets, ["kh"]);

    let flow = Scenario::new(file(json!({"mode": "postcode", "most": 1})));
    assert_eq!(shown(&flow), says(&[], "Choose your country to see who your message goes to."));
    let flow = flow.enter("country", "FR");
    assert_eq!(shown(&flow), says(&[], "Enter your postcode to see who your message goes to."));
    let flow = flow.enter("postal_code", "75001");
    assert!(flow.anew().contains(&Region::Targets));
    assert_eq!(shown(&flow), says(&["[A]", "[C]", "[D]"], "Choose at least 1."));
    let flow = flow.submit().wrong(&["targets"]).tick("targets", "paris").wrong(&[]);
    let flow = flow.enter("postal_code", "13001").submit().wrong(&["targets"]);
    assert_eq!(flow.tick("targets", "europe").send().claims().targets, ["europe"]);
}

#[test]
fn the_form_shows_whom_the_lot_drew() {
    let lot = campaign_with(json!({"targeting": {"mode": "random", "least": null, "most": 2}}));
    // The first paint names no target, also where the targets are in one line.
    let campaign = read(&lot);
    let markup = first(&campaign, &crate::scenario::locale("en"));
    assert!(campaign.targets.iter().all(|target| !markup.as_str().contains(&target.name)));
    let campaign = read(&each_seen(lot));
    let mut seen = std::collections::BTreeSet::new();
    for seed in 1..30 {
        let mut config = config(campaign.clone());
        config.seed = seed;
        let flow = Scenario::of(config).filled();
        let (names, _) = shown(&flow);
        assert_eq!(names.len(), 2);
        // An event from another part of the form doesn't draw again.
        let flow = flow.tick("targets", "embassy").clear("targets", "embassy");
        assert_eq!(shown(&flow).0, names);
        let flow = flow.send();
        let said =
            |id: &String| campaign.targets.iter().find(|t| t.id.0 == *id).unwrap().name.clone();
        assert_eq!(flow.claims().targets.iter().map(said).collect::<Vec<_>>(), names);
        seen.insert(names);
    }
    assert_eq!(seen.len(), 3);
    // The first paint names no target, and reserves their space.
    let markup = first(&campaign, &crate::scenario::locale("en"));
    assert_eq!(markup.as_str().matches('\u{a0}').count(), 3);
    assert!(campaign.targets.iter().all(|target| !markup.as_str().contains(&target.name)));
}

#[test]
fn a_target_is_seen() {
    let picture = json!({"url": "https://campaign.invalid/a.jpg", "alt": "The minister"});
    for mode in ["all", "choose"] {
        let file = campaign_with(json!({
            "targets": [{"id": "a", "name": "A", "picture": picture}, {"id": "b", "name": "B"}],
            "targeting": {"mode": mode},
            "display": {"targets": "open"},
        }));
        let markup = Scenario::new(file).markup();
        let text = markup.as_str();
        assert_eq!(text.matches("https://campaign.invalid/a.jpg").count(), 1, "{mode}");
        assert_eq!(text.matches("The minister").count(), 1, "{mode}");
    }
}

// Properties for any input.

fn campaigns() -> impl Strategy<Value = Value> {
    let modes = prop::sample::select(vec!["all", "choose", "country", "postcode", "random"]);
    let least = prop::option::of(1_u32..4);
    let most = prop::option::of(1_u32..5);
    let fallback = prop::sample::subsequence(vec!["kh", "un", "everybody"], 0..=2);
    (modes, least, most, fallback, any::<[bool; 4]>(), 0..4_usize).prop_map(
        |(mode, least, most, fallback, [only, editable, framed, required], length)| {
            let targeting = json!({"mode": mode, "least": least.unwrap_or(1), "most": most.unwrap_or(3), "fallback": fallback});
            let mut file = if only { some(targeting) } else { file(targeting) };
            for (key, given) in [("least", least), ("most", most)] {
                if given.is_none() {
                    file["targeting"].as_object_mut().unwrap().remove(key);
                }
            }
            let frame = if framed { ["To {{phone}} {{country}}", "{{postal_code}}"] } else { ["", ""] };
            file["message"] = json!({"subjects": ["S {{country}}"], "body": "{{phone}} B", "min": 1,
                "editable": editable, "head": frame[0], "foot": frame[1]});
            let fields = file["fields"].as_array_mut().unwrap();
            for kind in ["text", "long_text", "email", "phone", "country", "choice", "choices", "checkbox", "number", "date"] {
                let options = if kind.starts_with("choice") { json!(["a", "b"]) } else { json!([]) };
                let mut field = json!({"id": format!("own_{kind}"), "kind": kind, "label": "?", "options": options});
                if kind == "text" {
                    (field["required"], field["max"]) = (json!(required), json!(5 + length));
                }
                fields.push(field);
            }
            file
        },
    )
}

/// A supporter's country and postcode, mostly given.
fn places() -> impl Strategy<Value = [(String, String); 2]> {
    let right = prop::sample::select(vec![
        ("KH", "12000"),
        ("KH", "១២០១០១"),
        (" FR ", "75001"),
        ("FR", "F-13001"),
        ("GB", "sw1a 1aa"),
        ("GB", "E1 6AN"),
        ("US", "20500-0003"),
        ("XK", "９"),
        ("IE", "Dublin 4"),
        ("DE", "75015"),
    ]);
    let any = (
        prop::sample::select(vec!["", "XX", "KH", "FR"]),
        prop::sample::select(vec!["", "-", "75001", "9"]),
    );
    prop_oneof![9 => right, 1 => any].prop_map(|(country, postcode)| {
        [("country", country), ("postal_code", postcode)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    })
}

/// Input for a field of its kind, mostly valid.
fn typed(name: &'static str) -> impl Strategy<Value = (String, String)> {
    let right: &[&str] = match name {
        "own_country" => &["KH", "FR", " GB ", "US", "XK", ""],
        "phone" | "own_phone" => {
            &["012 345 678", "+855 (0)12 345 678", "00 33 6 12 34 56 78", "12345", ""]
        }
        "own_email" => &["a@b.co", "ដ@ឧ.ក"],
        "own_choice" | "own_choices" => &["a", "b", ""],
        "own_checkbox" => &["on", ""],
        "own_number" => &["-3", "007"],
        "own_date" => &["2024-02-29"],
        "targets" => &["everybody", "kh", "europe", "paris", "un", "un"],
        "own_text" => &["ក", "abcde", "{{a}}"],
        _ => &["ក", "a\nb", "{{phone}}", "x"],
    };
    let right = prop::sample::select(right.to_vec()).prop_map(str::to_owned);
    prop_oneof![60 => right, 1 => "\\PC{0,6}"].prop_map(move |value| (name.to_owned(), value))
}

fn drafts() -> impl Strategy<Value = Draft> {
    let names = [
        "phone",
        "own_text",
        "own_long_text",
        "own_email",
        "own_phone",
        "own_country",
        "own_choice",
        "own_choices",
        "own_checkbox",
        "own_number",
        "own_date",
        "body",
    ];
    let one = names.map(|name| prop::option::weighted(0.8, typed(name)).boxed());
    let targets = prop::collection::vec(typed("targets"), 0..4);
    (Vec::from(one), targets, places(), any::<u64>()).prop_map(|(values, targets, places, seed)| {
        let mut values: Vec<(String, String)> = values.into_iter().flatten().collect();
        values.extend(targets);
        values.extend(places);
        values.push(("subject".to_owned(), "S {{country}}".to_owned()));
        Draft::posted(values).seeded(seed)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn browser_and_endpoint_agree(file in campaigns(), draft in drafts()) {
        let campaign = read(&file);
        let composed = draft.composed(&campaign);
        let offer = offered(&campaign, &draft);
        let Ok(action) = check(&campaign, &composed) else { return Ok(()) };
        // The message goes only to targets that the form showed.
        prop_assert!(offer.waits.is_none() && !action.targets().is_empty());
        prop_assert!(action.targets().iter().all(|id| offer.includes(id)));
        match offer.choice {
            None => prop_assert_eq!(action.targets(), ids(&offer)),
            Some((least, most)) => {
                let count = action.targets().len() as u32;
                prop_assert!((least..=most).contains(&count) && action.targets().iter().all(|id| draft.all(TARGETS).any(|typed| typed.trim() == id)));
            }
        }
        // The endpoint accepts it, over the wire and again, each time with the same result.
        let claims = claims(&campaign, &action);
        let travelled: Claims = shape::read(&shape::write(&claims)).unwrap();
        let again = check_claims(&campaign, &travelled);
        prop_assert_eq!(again.as_ref(), Ok(&action));
        prop_assert_eq!(&action.claims(&campaign, ClaimContext::default()), &claims);
        // Claims for another target go to exactly that one, or have errors in `targets` only.
        for target in &campaign.targets {
            let mut other = claims.clone();
            if !other.targets.contains(&target.id.0) {
                other.targets = vec![target.id.0.clone()];
                match check_claims(&campaign, &other) {
                    Ok(taken) => prop_assert_eq!(taken.targets(), &other.targets[..]),
                    Err(field_errors) => prop_assert!(field_errors.iter().all(|m| m.field == TARGETS)),
                }
            }
        }
        prop_assert!(action.answers().0.iter().all(|(_, given)| !matches!(given, AnswerValue::One(value) if value.is_empty())));
    }

    /// Arbitrary claims: if accepted, they go to the targets found, and are accepted again.
    #[test]
    fn claims_of_anybody_go_to_those_who_are_found(file in campaigns(), draft in drafts()) {
        let campaign = read(&file);
        let claims = Claims {
            person: {
                let mut person = json!({});
                for name in ["country", "postal_code", "phone"] {
                    person[name] = json!(draft.get(name));
                }
                shape::read(&person.to_string()).unwrap()
            },
            targets: draft.all(TARGETS).map(str::to_owned).collect(),
            message: Some(standwith::action::Message {
                subject: format!("S {}", draft.get("country").trim()),
                body: draft.get("phone").to_owned() + " B",
            }),
            ..Claims::default()
        };
        if let Ok(action) = check_claims(&campaign, &claims) {
            prop_assert!(!action.targets().is_empty());
            let again = check_claims(&campaign, &action.claims(&campaign, ClaimContext::default()));
            prop_assert_eq!(again.as_ref(), Ok(&action));
        }
    }
}
