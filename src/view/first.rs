//! The first paint: what there is to see before anything has happened, and whether a markup is that.

use super::risk::UNKNOWN;
use super::whole;
use crate::campaign::{Campaign, Target, TargetingMode};
use crate::find::split_once;
use crate::json::decimal;
use crate::markup::Markup;
use crate::session::{FormConfig, Session};
use crate::targeting::limits;
use crate::text::{Locale, Rules, day};

/// What there is to see of a campaign that takes messages, before anything has happened.
pub fn first(campaign: &Campaign, locale: &Locale) -> Markup {
    whole(&beginning(campaign.clone()), locale, None)
}

/// Whether a markup, which may come from anyone, is the [`first`] one of this campaign. Only numbers and days that the
/// form's own sentences say may be written in another way, because each engine has its own.
pub fn is_first(markup: &str, campaign: &Campaign, locale: &mut Locale) -> bool {
    // Which variant a form shows, no first markup can know.
    if !campaign.variants.is_empty() {
        return false;
    }
    let session = beginning(campaign.clone());
    // Made with a mark about numbers and days: between those, only the digits have to be the same.
    let rules = locale.rules;
    locale.rules = Rules {
        number: |_, number| [MARK, &decimal(number), MARK].concat(),
        date: |_, seconds| [MARK, &day(seconds), MARK].concat(),
        ..rules
    };
    let made = whole(&session, locale, None);
    locale.rules = rules;
    let (mut rest, mut made) = (markup, made.as_str());
    while let Some((before, after)) = split_once(made, MARK) {
        let Some((number, after)) = split_once(after, MARK) else { return false };
        let Some(written) = rest.strip_prefix(before) else { return false };
        let Some(left) = after_number(written) else { return false };
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        if digits(&written[..written.len() - left.len()]) != digits(number) {
            return false;
        }
        (rest, made) = (left, after);
    }
    rest == made
}

/// Stands about numbers and days: no text of a form holds a control character.
pub(super) const MARK: &str = "\u{1}";

/// What comes after a number or a day as an endpoint writes them; none where there is none.
pub(super) fn after_number(text: &str) -> Option<&str> {
    fn after_digits(text: &str) -> Option<&str> {
        let after = text.trim_start_matches(|char: char| char.is_ascii_digit());
        (after.len() < text.len()).then_some(after)
    }
    let mut after = after_digits(text)?;
    let apart =
        |text| [',', '-', '\u{202f}'].iter().find_map(|sign| str::strip_prefix(text, *sign));
    while let Some(next) = apart(after).and_then(after_digits) {
        after = next;
    }
    Some(after)
}

/// The form of a campaign that takes messages, before anything has happened.
pub(super) fn beginning(mut campaign: Campaign) -> Session {
    if campaign.targeting.mode == TargetingMode::Random {
        // The lot is drawn with the form: until then, their places are kept.
        campaign.targets.truncate(limits(&campaign).1 as usize);
        for target in &mut campaign.targets {
            *target = Target { name: "\u{a0}".to_owned(), ..Target::default() };
        }
    }
    // Of what only the page knows, the places.
    let (count_url, hosted) = ("count".to_owned(), UNKNOWN.to_owned());
    Session::editing(FormConfig { campaign, count_url, hosted, ..FormConfig::default() })
}
