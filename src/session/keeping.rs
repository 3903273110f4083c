//! What a form holds that was not typed into it just now: what a link fills in, and what the same tab kept.

use super::{Changes, Effect, Phase, Session};
use crate::campaign::{Field, Kind};
use crate::country;
use crate::draft::{BODY, Draft, SUBJECT, TARGETS};
use crate::json::{self, Json, Value, Writer};

impl Session {
    /// What the tab is to keep, as a JSON list of names and values: all but agreement, which is given anew.
    /// Nothing where nobody wrote, nor where taking part may be dangerous.
    pub(super) fn keep(&self) -> Vec<Effect> {
        let open = !matches!(self.phase, Phase::NotYetOpen | Phase::Closed | Phase::Sent(_));
        if !self.keeps() || !self.wrote || !open {
            return Vec::new();
        }
        let mut out = Writer::default();
        out.list(|out| {
            for name in self.names().iter().filter(|name| self.is_kept_of(name)) {
                for value in self.draft.all(name) {
                    out.text(name);
                    out.text(value);
                }
            }
        });
        vec![Effect::Keep(out.finish())]
    }

    /// The tab is to keep nothing any more.
    pub(super) fn forget(&self) -> Option<Effect> {
        self.keeps().then_some(Effect::Forget)
    }

    fn keeps(&self) -> bool {
        self.setting.keeps && !self.setting.campaign.is_at_risk()
    }

    fn is_kept_of(&self, name: &str) -> bool {
        [TARGETS, SUBJECT, BODY].contains(&name) || self.setting.campaign.field(name).is_some()
    }

    /// What the tab kept. It takes the place of nothing that somebody has written since.
    pub(super) fn restored(&mut self, kept: &str) -> Vec<Effect> {
        let Ok(Json { value: Value::List(kept), .. }) = json::parse(kept) else {
            return Vec::new();
        };
        if !self.keeps() {
            return Vec::new();
        }
        let fresh = Draft::begun(&self.setting.campaign, self.setting.seed);
        let before = self.draft.clone();
        for pair in kept.chunks(2) {
            let [Some(name), Some(value)] = [0, 1].map(|at| pair.get(at).and_then(Json::text))
            else {
                continue;
            };
            if !self.is_kept_of(name) || !before.all(name).eq(fresh.all(name)) {
                continue;
            }
            let kind = self.setting.campaign.field(name).map(Field::kind);
            match kind {
                _ if name == TARGETS => self.change(name, value, Some(true)),
                Some(Kind::Choices | Kind::Checkbox) => self.change(name, value, Some(true)),
                _ => self.change(name, value, None),
            };
        }
        self.help.restored = self.draft != before;
        self.changed(Changes::SCREEN);
        self.begun()
    }

    /// What a link fills in: names and values. What somebody has written stays, and no box is ticked.
    pub(super) fn prefilled(&mut self, values: &[(String, String)]) {
        for (name, value) in values {
            let Some(field) = self.setting.campaign.field(name) else { continue };
            let fits = match field.kind() {
                Kind::Choices | Kind::Checkbox => false,
                Kind::Choice => field.options.iter().any(|option| option.id == *value),
                Kind::Country => country::is_known(value),
                _ => true,
            };
            if fits && self.draft.get(name).is_empty() {
                self.draft.set(name, value);
            }
        }
        self.changed(Changes::SCREEN);
    }
}
