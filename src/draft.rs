//! The supporter's input: unvalidated named values, as an HTML form would post them. They come from the widget's
//! controls, the hosted form or claims.

use crate::action::{Claims, Person};
use crate::campaign::{Campaign, Kind, STANDARD_FIELDS, kind_of};
pub use crate::control::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS, TICKED, consent_name};
use crate::json::{Json, Value};
use crate::phone::digit;
use crate::rng::splitmix64;
use crate::value::is_format;

/// Named values in order of arrival. A name may have several values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    values: Vec<(String, String)>,
    /// Seed for random choices.
    seed: u64,
}

impl Draft {
    /// The initial draft of a form: the campaign's preselected targets, its first subject and its body.
    pub fn new(campaign: &Campaign) -> Self {
        Draft::begun(campaign, 0)
    }

    /// The initial draft of a form with this seed, which picks one of several subjects at random.
    pub fn begun(campaign: &Campaign, seed: u64) -> Self {
        let mut draft = Draft { seed, ..Draft::default() };
        if campaign.preselects() {
            campaign
                .targets
                .iter()
                .for_each(|target| draft.tick(TARGETS, target.id.as_str(), true));
        }
        let subject = campaign.message.subjects.get(drawn(campaign, seed));
        draft.set(SUBJECT, subject.map_or("", String::as_str));
        draft.set(BODY, &campaign.message.body);
        draft
    }

    /// The draft that an HTML form posted: pairs of control name and value.
    pub fn posted(values: Vec<(String, String)>) -> Self {
        Draft { values, seed: 0 }
    }

    /// The same draft with this seed for random choices. Each form has its own.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The seed for random targets.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The draft that these claims were made from.
    pub fn claimed(claims: &Claims) -> Self {
        let mut draft = Draft::default();
        for name in STANDARD_FIELDS {
            draft.set(name, claims.person.get(name));
        }
        for (name, answer) in &claims.answers.0 {
            for value in answer.values() {
                draft.values.push((name.clone(), value.clone()));
            }
        }
        for target in &claims.targets {
            draft.values.push((TARGETS.to_owned(), target.clone()));
        }
        if let Some(message) = &claims.message {
            draft.set(SUBJECT, &message.subject);
            draft.set(BODY, &message.body);
        }
        for (id, message) in &claims.messages.0 {
            for (name, text) in [(SUBJECT, &message.subject), (BODY, &message.body)] {
                draft.set(&[name, "/", id].concat(), text);
            }
        }
        for consent in claims.consents.iter().filter(|consent| consent.granted) {
            draft.tick(&consent_name(&consent.purpose), TICKED, true);
        }
        draft.set(PUBLIC, claims.public.word());
        draft
    }

    /// Adds a JSON string, or each string of a JSON list.
    pub(crate) fn recall(&mut self, name: &str, value: &Json) {
        match &value.value {
            Value::Text(text) => self.tick(name, text, true),
            Value::List(texts) => texts.iter().for_each(|text| self.recall(name, text)),
            _ => {}
        }
    }

    /// The first value of this name; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All values of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The name of each value, in order; a name with several values appears several times.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name.as_str())
    }

    /// Whether the name has this value.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|known| known == value)
    }

    /// Sets the only value of the name; an empty one removes it.
    pub fn set(&mut self, name: &str, value: &str) {
        self.values.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.values.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Adds a value to the name, or removes it.
    pub fn tick(&mut self, name: &str, value: &str, ticked: bool) {
        self.values.retain(|(n, v)| n != name || v != value);
        if ticked {
            self.values.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// Index of the subject that a form with this seed suggests first.
fn drawn(campaign: &Campaign, seed: u64) -> usize {
    (splitmix64(seed) % campaign.message.subjects.len().max(1) as u64) as usize
}

/// The first seed, counting up from this one, that suggests the same subject as the first paint (whose seed is 0).
pub fn seed_of_first(campaign: &Campaign, mut seed: u64) -> u64 {
    while drawn(campaign, seed) != drawn(campaign, 0) {
        seed = seed.wrapping_add(1);
    }
    seed
}

/// The normal form of a multi-line text, for comparing and storing: trimmed, with LF line ends.
pub fn clean(value: &str) -> String {
    cleaned(value, '\n')
}

/// The normal form of a single-line text, for comparing and storing: trimmed, with spaces for the rarer line ends,
/// which browsers do not remove from a single-line control.
pub fn clean_line(value: &str) -> String {
    cleaned(value, ' ')
}

/// The normal form of a value in a field of this kind, for comparing and storing. Invisible characters from copying are
/// removed from addresses and numbers; an address may have the `@`, a number the digits of another keyboard.
pub fn clean_as(kind: Kind, value: &str) -> String {
    let plain = |c: char| match (kind, c) {
        (Kind::Email, '\u{ff20}') => '@',
        (Kind::Number, '\u{2212}' | '\u{ff0d}') => '-',
        (Kind::Number, _) => digit(c).map_or(c, |digit| char::from(b'0' + digit)),
        _ => c,
    };
    match kind {
        Kind::LongText => clean(value),
        Kind::Email | Kind::Phone | Kind::Number => {
            let seen: String = value.chars().filter(|c| !is_format(*c)).map(plain).collect();
            clean_line(&seen)
        }
        _ => clean_line(value),
    }
}

/// The normal form of a standard field of claims, for comparing: other programs may send white space and invisible
/// characters around it.
pub fn claimed_field(person: &Person, name: &str) -> String {
    clean_as(kind_of(name), person.get(name))
}

/// The text, trimmed, with LF for CRLF and CR and `end` for the other line ends.
fn cleaned(value: &str, end: char) -> String {
    let mut cleaned = String::new();
    let mut last = ' ';
    for c in value.trim().chars() {
        match c {
            '\n' if last == '\r' => {}
            '\r' => cleaned.push('\n'),
            '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(end),
            _ => cleaned.push(c),
        }
        last = c;
    }
    cleaned
}
