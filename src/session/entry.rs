//! Input: new values, and the state that depends on them.

use super::Dirty;
use super::assist;
use super::{Effect, Focus, PageEvent};
use super::{Notice, Session, State};
use crate::campaign::{Field, Kind, TargetingMode};
use crate::check::{FieldError, consent_of};
use crate::draft::{BODY, Draft, PUBLIC, SUBJECT, TARGETS, consent_name};

impl Session {
    /// Changes a control's value, or ticks or clears the checkbox with this value. Returns whether the draft changed.
    pub(super) fn change(&mut self, name: &str, value: &str, ticked: Option<bool>) -> bool {
        // Input during a submission does not affect it, but is used if the message has to be sent anew.
        let writable = !matches!(
            self.state,
            State::NotYetOpen | State::Closed | State::Queued(_) | State::Sent(_)
        );
        // `asks` below ignores controls that a browser extension has inserted.
        let same = match ticked {
            None => self.entered.draft.get(name) == value,
            Some(ticked) => self.entered.draft.has(name, value) == ticked,
        };
        // A change back to the same value still clears an error that the endpoint reported.
        let same =
            same && !self.entered.field_errors.iter().any(|field_error| field_error.field == name);
        if !writable || same || !self.asks(name) {
            return false;
        }
        match ticked {
            None => self.entered.draft.set(name, value),
            Some(ticked) => self.entered.draft.tick(name, value, ticked),
        }
        self.changed(Dirty::of(name, &self.config.campaign));
        self.entered.wrote = true;
        true
    }

    /// Changes a value, then updates the field errors that are shown and the offered e-mail.
    pub(super) fn enter(&mut self, name: &str, value: &str, ticked: Option<bool>) -> Vec<Effect> {
        let validate = |session: &Self| session.validate().err().unwrap_or_default();
        let is_judged = !self.entered.field_errors.is_empty();
        let before = if is_judged { validate(self) } else { Vec::new() };
        if self.change(name, value, ticked) {
            if is_judged {
                let after = validate(self);
                let of = |field_errors: &[FieldError], field: &str| {
                    field_errors.iter().find(|field_error| field_error.field == field).cloned()
                };
                // Other fields' errors are updated if the form itself found them: they may depend on this value, as a
                // consent does on the country. Errors that the endpoint reported remain.
                self.entered.field_errors = std::mem::take(&mut self.entered.field_errors)
                    .into_iter()
                    .filter_map(|known| {
                        let anew = known.field == name || of(&before, &known.field).is_some();
                        if anew { of(&after, &known.field) } else { Some(known) }
                    })
                    .collect();
                self.changed(Dirty::MISTAKES);
            }
            if self.entered.mailing.is_some() {
                self.compare_mail();
            }
        }
        self.begun()
    }

    /// Effects of the first input.
    pub(super) fn begun(&mut self) -> Vec<Effect> {
        if !self.entered.wrote || std::mem::replace(&mut self.entered.started, true) {
            return Vec::new();
        }
        let mut effects = vec![Effect::Tell(PageEvent::Start)];
        // Key and digests are made now, so that they are ready when the message is sent.
        effects.extend(self.ask_for_materials());
        effects
    }

    /// The current input.
    pub fn draft(&self) -> &Draft {
        &self.entered.draft
    }

    /// Whether the form still equals its first paint: the draft is the one from `before`, the suggested subject is the
    /// same, no targets are picked at random (the first paint cannot name them), and it is not a test.
    pub fn is_as_first(&self, before: &Draft) -> bool {
        let campaign = &self.config.campaign;
        let is_random = campaign.targeting.mode == TargetingMode::Random;
        let subject = assist::place_of_subject(campaign, &self.entered.draft);
        let first = assist::place_of_subject(campaign, &Draft::begun(campaign, 0));
        let same_subject = subject.is_none() || subject == first;
        !self.config.test && !is_random && same_subject && self.entered.draft == *before
    }

    /// Takes the suggested country back, unless the supporter has entered something since.
    pub(super) fn withdraw_suggestion(&mut self) {
        if self.config.suggests_country() && !self.entered.wrote {
            self.entered.draft.set("country", "");
            self.changed(Dirty::SCREEN);
        }
    }

    /// Whether the campaign asks for a field of this name.
    pub fn asks_for(&self, name: &str) -> bool {
        self.config.campaign.field(name).is_some()
    }

    /// Whether the form has a control of this name.
    pub fn asks(&self, name: &str) -> bool {
        let campaign = &self.config.campaign;
        [TARGETS, SUBJECT, BODY].contains(&name)
            || (name == PUBLIC && campaign.asks_for_public_name())
            || campaign.field(name).is_some()
            || consent_of(campaign, name).is_some()
    }

    /// The names of all controls, in the order of the form.
    pub(super) fn names(&self) -> Vec<String> {
        let campaign = &self.config.campaign;
        let mut names = vec![TARGETS.to_owned()];
        names.extend(campaign.fields_on_screen().into_iter().map(|field| field.id.0.clone()));
        names.extend([SUBJECT, BODY].map(str::to_owned));
        names.extend(campaign.consents.iter().map(|consent| consent_name(&consent.purpose.0)));
        names.push(PUBLIC.to_owned());
        names
    }

    /// Discards a press of the button on the first paint. If the first paint was not this form's `own`, ticks and
    /// choices made on it are cleared, because they may have answered other questions. Typed text stays, visible beside
    /// its label.
    pub(super) fn repainted(&mut self, own: bool, pressed: bool) -> Vec<Effect> {
        let fresh = Draft::begun(&self.config.campaign, self.config.seed);
        for name in self.names() {
            let is_typed = match self.config.campaign.field(&name).map(Field::kind) {
                Some(Kind::Country | Kind::Choice | Kind::Choices | Kind::Checkbox) => false,
                Some(_) => true,
                None => name == SUBJECT || name == BODY,
            };
            if !own && !is_typed {
                self.entered.draft.set(&name, "");
                fresh.all(&name).for_each(|value| self.entered.draft.tick(&name, value, true));
            }
        }
        self.changed(Dirty::SCREEN);
        if !self.entered.wrote && !pressed {
            return Vec::new();
        }
        self.notice = Some(if own { Notice::Recheck } else { Notice::Repainted });
        vec![Effect::Focus(Focus::Notice)]
    }
}
