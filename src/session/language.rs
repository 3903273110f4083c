//! Change of language while the form is in use. Input stays; suggested texts are replaced by those of the new language.

use super::assist::place_of_subject;
use super::{Dirty, Effect, KeyState, Session, State};
use crate::campaign::Campaign;
use crate::draft::{BODY, Draft, SUBJECT, consent_name};
use crate::message::is_unchanged;

/// Prefix of the action of a language button; the tag follows.
pub(crate) const LANGUAGE: &str = "language-";

impl Session {
    /// Handles a language button.
    pub(super) fn speak(&mut self, act: &str) -> Option<Vec<Effect>> {
        self.wish = Some(act.strip_prefix(LANGUAGE)?.to_owned());
        Some(self.grant().into_iter().collect())
    }

    /// Requests the wanted language as soon as the form may change it.
    pub(super) fn grant(&mut self) -> Option<Effect> {
        if !self.may_speak() {
            return None;
        }
        let lang = self.wish.take()?;
        let known = &self.config.campaign.languages.0;
        let place = known.iter().position(|known| *known == lang)? as u32;
        Some(Effect::Speak { lang, place })
    }

    /// Whether the form may change its language: not during a submission.
    pub fn may_speak(&self) -> bool {
        self.state() != "sending"
    }

    /// The campaign's language with this index.
    pub fn language(&self, place: usize) -> &str {
        self.config.campaign.languages.0.get(place).map_or("", String::as_str)
    }

    /// Takes over the campaign in another language.
    pub(super) fn spoken(&mut self, mut campaign: Campaign) -> Vec<Effect> {
        if !self.may_speak() {
            return Vec::new();
        }
        campaign.vary(self.config.seed);
        let before = std::mem::take(&mut self.config.campaign);
        self.adopt(&before, campaign);
        (self.lasting.spoke, self.unspoken) = (true, false);
        if matches!(self.state, State::Sent(_) | State::Queued(_)) {
            // There is no form to fill in; the digests do not match the new wordings.
            self.lasting.key_state = match self.lasting.key_state {
                KeyState::Asked | KeyState::Stale => KeyState::Stale,
                _ => KeyState::None,
            };
            return Vec::new();
        }
        self.withdraw_mail();
        // The digests are those of the previous language's wordings.
        match self.lasting.key_state {
            KeyState::None => Vec::new(),
            KeyState::Made(_) => {
                self.lasting.key_state = KeyState::None;
                self.ask_for_materials().into_iter().collect()
            }
            KeyState::Asked | KeyState::Stale => {
                self.lasting.key_state = KeyState::Stale;
                Vec::new()
            }
        }
    }

    /// Replaces the campaign by another version of it. Suggested texts are replaced by the new ones, input stays. A
    /// suggested subject keeps its index, or another one is picked.
    fn adopt(&mut self, before: &Campaign, campaign: Campaign) {
        let suggested = Draft::begun(&campaign, self.config.seed);
        let [subject, body] = [SUBJECT, BODY].map(|name| self.entered.draft.get(name).to_owned());
        if let Some(place) = place_of_subject(before, &self.entered.draft) {
            let same = campaign.message.subjects.get(place);
            self.entered.draft.set(SUBJECT, same.map_or(suggested.get(SUBJECT), String::as_str));
        }
        let fixed = !campaign.message.editable;
        if fixed || is_unchanged(before, &self.entered.draft) {
            self.entered.draft.set(BODY, suggested.get(BODY));
        }
        for (name, written) in [(SUBJECT, subject), (BODY, body)] {
            if self.entered.draft.get(name) != written {
                self.entered.field_errors.retain(|field_error| field_error.field != name);
            }
        }
        // A consent holds only for the wording that was read,
        for consent in &campaign.consents {
            let known = before.consents.iter().find(|known| known.purpose == consent.purpose);
            // and for the organisation that was named.
            if known.is_none_or(|known| {
                known.wording != consent.wording
                    || known.organisation.name != consent.organisation.name
            }) {
                self.entered.draft.set(&consent_name(consent.purpose.as_str()), "");
            }
        }
        self.config.campaign = campaign;
        self.order_errors();
        self.changed(Dirty::SCREEN);
    }

    /// Puts the errors of the two names into the order of the form, which depends on the language.
    fn order_errors(&mut self) {
        let (names, errors) = (self.names(), &mut self.entered.field_errors);
        let [given, family] = ["given_name", "family_name"].map(|name| {
            let of_name = |known: &String| known == name;
            (names.iter().position(of_name), errors.iter().position(|it| of_name(&it.field)))
        });
        if let (Some(first), Some(second)) = (given.1, family.1)
            && (first < second) != (given.0 < family.0)
        {
            errors.swap(first, second);
        }
    }
}
