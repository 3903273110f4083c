//! First paint: the form's markup before any input, and its comparison with a received one.

use super::risk::UNKNOWN;
use super::whole;
use crate::campaign::{Campaign, Target, TargetingMode};
use crate::find::split_once;
use crate::json::decimal;
use crate::markup::Markup;
use crate::session::{FormConfig, Session};
use crate::targeting::limits;
use crate::text::{Locale, Rules, day};

/// The first paint of an open campaign. Its dates are in ISO 8601, so that [`is_first`] can compare them.
pub fn first(campaign: &Campaign, locale: &Locale) -> Markup {
    let mut locale = locale.clone();
    locale.rules.date = |_, seconds| day(seconds);
    whole(&beginning(campaign.clone()), &locale, None)
}

/// Whether an untrusted markup equals the [`first`] paint of this campaign. Only numbers and dates in the form's own
/// sentences may differ in their format, which depends on the engine.
pub fn is_first(markup: &str, campaign: &Campaign, locale: &mut Locale) -> bool {
    is_first_of(markup, &mut campaign.clone(), locale)
}

/// Like [`is_first`], with a campaign that is lent and restored unchanged, because copying one costs the widget 1.8 KB.
pub fn is_first_of(markup: &str, campaign: &mut Campaign, locale: &mut Locale) -> bool {
    // The first paint cannot know the variant.
    if !campaign.variants.is_empty() {
        return false;
    }
    let targets = (campaign.targeting.mode == TargetingMode::Random).then(|| {
        let places = campaign.targets.iter().map(|_| Target::default()).collect();
        std::mem::replace(&mut campaign.targets, places)
    });
    let session = beginning(std::mem::take(campaign));
    let is_first = is_paint_of(&session, markup, locale);
    *campaign = session.config.campaign;
    if let Some(targets) = targets {
        campaign.targets = targets;
    }
    is_first
}

/// Whether a markup equals the view of this session, except for the format of numbers and dates.
fn is_paint_of(session: &Session, markup: &str, locale: &mut Locale) -> bool {
    // Numbers and dates are rendered between marks; between those, only the digits are compared.
    let rules = locale.rules;
    locale.rules = Rules {
        number: |_, number| [MARK, &decimal(number), MARK].concat(),
        date: |_, seconds| [MARK, &day(seconds), MARK].concat(),
        ..rules
    };
    let made = whole(session, locale, None);
    locale.rules = rules;
    let (mut rest, mut made) = (markup, made.as_str());
    while let Some((before, after)) = split_once(made, MARK) {
        let Some((number, after)) = split_once(after, MARK) else { return false };
        let Some(written) = rest.strip_prefix(before) else { return false };
        let Some(left) = after_number(written) else { return false };
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let shown = written.strip_suffix(left).unwrap_or_default();
        if digits(shown) != digits(number) {
            return false;
        }
        (rest, made) = (left, after);
    }
    rest == made
}

/// Mark before and after numbers and dates. No text of a form contains this control character.
pub(super) const MARK: &str = "\u{1}";

/// The text after a number or date in an endpoint's format; `None` if the text does not begin with one.
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

/// The session of an open campaign before any input.
pub(super) fn beginning(mut campaign: Campaign) -> Session {
    if campaign.targeting.mode == TargetingMode::Random {
        // The form picks the targets: until then, placeholders are shown.
        campaign.targets.truncate(limits(&campaign).1 as usize);
        for target in &mut campaign.targets {
            *target = Target { name: "\u{a0}".to_owned(), ..Target::default() };
        }
    }
    // Placeholders for values that only the page has.
    let (count_url, hosted) = ("count".to_owned(), UNKNOWN.to_owned());
    Session::editing(FormConfig { campaign, count_url, hosted, ..FormConfig::default() })
}
