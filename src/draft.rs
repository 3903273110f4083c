//! What was typed: raw, never trusted, and never lost. It is a list of named values, as an HTML
//! form would post them, whether they come from the widget's controls, the hosted form or claims.

use crate::action::Claims;
use crate::campaign::{Campaign, STANDARD_FIELDS};
pub use crate::control::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS, TICKED, consent_name};
use crate::find::replace;
use crate::json::{Json, Value};
use crate::rng::splitmix64;

/// Named values in the order in which they came. A name may have several values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    values: Vec<(String, String)>,
    /// What is drawn with, where chance decides.
    seed: u64,
}

impl Draft {
    /// The draft with which a form begins: every target chosen where there is one only, and the
    /// campaign's first subject and body.
    pub fn new(campaign: &Campaign) -> Self {
        Draft::begun(campaign, 0)
    }

    /// The same for a form of this seed: of several subjects, it draws the one that is suggested first.
    pub fn begun(campaign: &Campaign, seed: u64) -> Self {
        let mut draft = Draft { seed, ..Draft::default() };
        if let [only] = &campaign.targets[..] {
            draft.tick(TARGETS, only.id.as_str(), true);
        }
        let subject = campaign.message.subjects.get(drawn(campaign, seed));
        draft.set(SUBJECT, subject.map_or("", String::as_str));
        draft.set(BODY, &campaign.message.body);
        draft
    }

    /// What a form posted: pairs of control name and value.
    pub fn posted(values: Vec<(String, String)>) -> Self {
        Draft { values, seed: 0 }
    }

    /// The same draft, where chance decides with this seed: one for each form.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What targets are drawn with.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// What claims say was typed.
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

    /// Adds what a JSON value says: a text, or each of several.
    pub(crate) fn recall(&mut self, name: &str, value: &Json) {
        match &value.value {
            Value::Text(text) => self.tick(name, text, true),
            Value::List(texts) => texts.iter().for_each(|text| self.recall(name, text)),
            _ => {}
        }
    }

    /// The first value under this name; empty without one.
    pub fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Every value under this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every name that has a value, as often as it has one.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name.as_str())
    }

    /// Whether this is among the values of the name.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|known| known == value)
    }

    /// Makes this the only value of the name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.values.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.values.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Adds the value to those of the name, or takes it away.
    pub fn tick(&mut self, name: &str, value: &str, ticked: bool) {
        self.values.retain(|(n, v)| n != name || v != value);
        if ticked {
            self.values.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// The place of the subject that a form of this seed suggests first.
fn drawn(campaign: &Campaign, seed: u64) -> usize {
    (splitmix64(seed) % campaign.message.subjects.len().max(1) as u64) as usize
}

/// The first seed from this one on whose form suggests the subject that a first markup shows, which is made with 0.
pub fn seed_of_first(campaign: &Campaign, mut seed: u64) -> u64 {
    while drawn(campaign, seed) != drawn(campaign, 0) {
        seed = seed.wrapping_add(1);
    }
    seed
}

/// A value as it is compared and kept: trimmed, its line ends LF.
pub fn clean(value: &str) -> String {
    replace(&replace(value.trim(), "\r\n", "\n"), "\r", "\n")
}
