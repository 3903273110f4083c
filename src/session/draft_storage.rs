//! Draft storage in the tab, and prefilling from a link.

use super::state::Entered;
use super::{Dirty, Effect, Message, Session, State};
use crate::action::Claims;
use crate::campaign::{Field, Kind};
use crate::country;
use crate::draft::{BODY, SUBJECT, TARGETS, TICKED};
use crate::json::{self, Json, Value, Writer};
use crate::message::is_unchanged;

// Reserved names in the stored list. No control has such a name.
/// The language that the supporter chose.
const CHOSEN: &str = "@lang";
/// Subject and body on the undo stack.
const OWN: [&str; 2] = ["@subject", "@body"];
/// Identity and request body of a message that was sent and may have arrived.
const POSTED: [&str; 2] = ["@jti", "@posted"];

impl Session {
    /// Stores the draft in the tab, as a JSON list of names and values. Consents are not stored. Does nothing if
    /// nothing was entered, if supporters may be at risk, or if the campaign is sealed.
    pub(super) fn keep(&self) -> Vec<Effect> {
        let open = !matches!(
            self.state,
            State::NotYetOpen | State::Closed | State::Queued(_) | State::Sent(_)
        );
        if !self.keeps() || !self.entered.wrote || !open {
            return Vec::new();
        }
        let mut out = Writer::default();
        out.list(|out| {
            let mut pair = |name: &str, value: &str| {
                out.text(name);
                out.text(value);
            };
            if self.lasting.spoke {
                pair(CHOSEN, &self.config.campaign.lang);
            }
            if let Some(message) = self.unclear.last() {
                pair(POSTED[0], &message.claims.jti);
                pair(POSTED[1], &message.body);
            }
            let own = |name: &str| match name {
                SUBJECT => self.suggested_subject().is_none(),
                BODY => !is_unchanged(&self.config.campaign, &self.entered.draft),
                _ => true,
            };
            for name in self.names().iter().filter(|name| self.may_keep(name) && own(name)) {
                self.entered.draft.all(name).for_each(|value| pair(name, value));
            }
            if self.may_keep(BODY) {
                for own in &self.entered.help.kept {
                    OWN.iter().zip(own).for_each(|(name, text)| pair(name, text));
                }
            }
        });
        vec![Effect::Keep(out.finish())]
    }

    /// Deletes the stored draft.
    pub(super) fn forget(&self) -> Option<Effect> {
        self.config.keeps.then_some(Effect::Forget)
    }

    /// Whether the tab may store a draft. It is plain text, which other scripts of the site can read.
    fn keeps(&self) -> bool {
        let campaign = &self.config.campaign;
        self.config.keeps && !campaign.is_at_risk() && campaign.sealing.is_none()
    }

    fn may_keep(&self, name: &str) -> bool {
        match name {
            TARGETS => true,
            SUBJECT | BODY => self.config.campaign.message.editable,
            _ => self.config.campaign.field(name).is_some(),
        }
    }

    /// Whether the form has this checkbox or option.
    pub(super) fn has_box(&self, name: &str, value: &str) -> bool {
        let campaign = &self.config.campaign;
        let options =
            || campaign.field(name).is_some_and(|f| f.options.iter().any(|o| o.id == value));
        match campaign.field(name).map(Field::kind) {
            _ if name == TARGETS => campaign.targets.iter().any(|target| target.id.0 == value),
            Some(Kind::Checkbox) => value == TICKED,
            _ => options(),
        }
    }

    /// Restores a stored draft. It does not overwrite what was entered since.
    pub(super) fn restored(&mut self, kept: &str) -> Vec<Effect> {
        // A draft that may not be stored is deleted.
        if !self.keeps() || !matches!(self.state, State::Editing) {
            return self.forget().into_iter().collect();
        }
        let Ok(Json { value: Value::List(kept), .. }) = json::parse(kept) else {
            return Vec::new();
        };
        let fresh = Entered::begun(&self.config).draft;
        let before = self.entered.draft.clone();
        let [mut chosen, mut own, mut jti] = [const { String::new() }; 3];
        for pair in kept.chunks(2) {
            let [Some(name), Some(value)] = [0, 1].map(|at| pair.get(at).and_then(Json::text))
            else {
                continue;
            };
            match name {
                CHOSEN => value.clone_into(&mut chosen),
                _ if name == OWN[0] => value.clone_into(&mut own),
                _ if name == POSTED[0] => value.clone_into(&mut jti),
                // The next message gets the same identity, so that both count once.
                _ if name == POSTED[1] && self.unclear.is_empty() => {
                    let claims = Claims { jti: std::mem::take(&mut jti), ..Claims::default() };
                    let message = Message { claims, settled: true, ..Message::default() };
                    self.unclear.push(Message { body: value.to_owned(), ..message });
                }
                _ if name == OWN[1] && self.may_keep(BODY) => {
                    self.entered.help.kept.push([std::mem::take(&mut own), value.to_owned()]);
                }
                _ => {}
            }
            if !self.may_keep(name) || !before.all(name).eq(fresh.all(name)) {
                continue;
            }
            let kind = self.config.campaign.field(name).map(Field::kind);
            let is_box = name == TARGETS || matches!(kind, Some(Kind::Choices | Kind::Checkbox));
            // An option or a target may have been removed.
            match is_box || kind == Some(Kind::Choice) {
                true if !self.has_box(name, value) => false,
                _ => self.change(name, value, is_box.then_some(true)),
            };
        }
        self.entered.help.restored = self.entered.draft != before;
        self.changed(Dirty::SCREEN);
        let mut effects = self.begun();
        if chosen != self.config.campaign.lang {
            self.wish = Some(chosen);
            effects.extend(self.grant());
        }
        effects
    }

    /// Fills in fields from a link: names and values. It neither overwrites input nor ticks a checkbox. Ignored if
    /// supporters may be at risk, because the link stays in the browser's history.
    pub(super) fn prefilled(&mut self, values: &[(String, String)]) {
        if self.config.campaign.is_at_risk() {
            return;
        }
        for (name, value) in values {
            let Some(field) = self.config.campaign.field(name) else { continue };
            let fits = match field.kind() {
                Kind::Choices | Kind::Checkbox => false,
                Kind::Choice => self.has_box(name, value),
                Kind::Country => country::is_known(value),
                _ => true,
            };
            let now = self.entered.draft.get(name);
            let is_suggested = name == "country" && now == self.config.region;
            if fits && (now.is_empty() || is_suggested && !self.entered.wrote) {
                self.entered.draft.set(name, value);
            }
        }
        self.changed(Dirty::SCREEN);
    }
}
