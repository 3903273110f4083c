//! Selection of a form's language, and its direction.

use serde_json::Value;
use standwith::language::{choose, is_right_to_left, primary};

/// Asserts that these preferences select `expected` from the available languages.
#[track_caller]
fn check(wanted: &[&str], available: &[&str], expected: &str) {
    let owned = |tags: &[&str]| tags.iter().map(|tag| tag.to_string()).collect::<Vec<_>>();
    let (wanted, available) = (owned(wanted), owned(available));
    assert_eq!(choose(&wanted, &available), expected, "{wanted:?} of {available:?}");
}

#[test]
fn the_first_wanted_language_that_there_is() {
    check(&["km"], &["en", "km"], "km");
    check(&["fr", "km", "en"], &["en", "km"], "km");
    check(&["en", "km"], &["km", "en"], "en");
}

#[test]
fn a_nearer_one_is_as_good_as_the_same() {
    check(&["km-KH"], &["en", "km"], "km");
    check(&["km"], &["en", "km-KH"], "km-KH");
    check(&["pt-PT", "en"], &["en", "pt-BR"], "pt-BR");
    check(&["KM_kh"], &["en", "km"], "km");
    check(&["EN"], &["km", "en"], "en");
}

#[test]
fn of_several_near_ones_the_nearest() {
    check(&["pt-PT"], &["en", "pt-BR", "pt"], "pt");
    check(&["pt-BR"], &["pt", "pt-BR"], "pt-BR");
    check(&["zh-Hant-TW"], &["zh-Hans", "zh-Hant"], "zh-Hant");
    check(&["zh-Hant-HK"], &["zh-Hans", "zh-Hant-TW"], "zh-Hant-TW");
    check(&["sr-Latn-RS"], &["sr-Cyrl", "sr-Latn", "sr"], "sr-Latn");
}

#[test]
fn an_earlier_wish_counts_more_than_a_nearer_language() {
    check(&["en-GB", "km"], &["km", "en-US"], "en-US");
}

#[test]
fn without_any_the_campaigns_first() {
    check(&["fr"], &["km", "en"], "km");
    check(&[], &["km", "en"], "km");
    check(&["", "-", "_", "x"], &["km"], "km");
    check(&["fr"], &[], "en");
    // A tag with the same prefix is another language.
    check(&["kmr"], &["en", "km"], "en");
    check(&["km"], &["en", "kmr"], "en");
}

#[test]
fn what_the_loader_chooses_too() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../vectors/languages.json")).unwrap();
    for case in &cases {
        let texts = |key: &str| case[key].as_array().unwrap().iter().map(|t| t.as_str().unwrap());
        let (wanted, available) = (texts("wanted").collect::<Vec<_>>(), texts("available"));
        check(&wanted, &available.collect::<Vec<_>>(), case["chosen"].as_str().unwrap());
    }
}

#[test]
fn the_primary_subtag() {
    for (tag, expected) in [("km", "km"), ("km-KH", "km"), ("zh_Hant_TW", "zh"), ("", "")] {
        assert_eq!(primary(tag), expected, "{tag}");
    }
}

#[test]
fn which_way_it_runs() {
    for tag in
        ["ar", "ar-EG", "fa-AF", "he", "ur_PK", "AR", "ckb", "ps", "prs", "ku-Arab", "pa-arab-PK"]
    {
        assert!(is_right_to_left(tag), "{tag}");
    }
    for tag in ["km", "en", "fr", "zh-Hant", "arn", "hi", "az-Latn", "ku", "", "Arab"] {
        assert!(!is_right_to_left(tag), "{tag}");
    }
}
