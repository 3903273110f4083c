//! Emptying the form for the next person.

use super::Dirty;
use super::Effect;
use super::assist;
use super::{Phase, Session};
use crate::draft::Draft;

impl Session {
    /// Empties the form for the next person.
    pub(super) fn reset(&mut self) -> Vec<Effect> {
        self.empty();
        // Only a campaign that was open can have been sent to; it is validated again on sending.
        if !matches!(self.phase, Phase::NotYetOpen | Phase::Closed) {
            self.phase = Phase::Editing;
        }
        self.notice = None;
        self.shared = None;
        self.receipt_shown = false;
        self.emptied = false;
        self.attempt += 1;
        self.next = None;
        self.unclear.clear();
        (self.outdated, self.unspoken, self.wish) = (false, false, None);
        // What is kept goes on its way without this form.
        self.kept = None;
        (self.first, self.pressed) = (false, false);
        self.forget().into_iter().collect()
    }

    /// Empties the form of everything that was entered.
    pub(super) fn empty(&mut self) {
        self.draft = Draft::begun(&self.config.campaign, self.config.seed);
        self.help = assist::Help::default();
        self.field_errors.clear();
        self.mailing = None;
        (self.wrote, self.started) = (false, false);
        self.changed(Dirty::SCREEN);
    }

    /// The page is left. Where people may be at risk, nothing of the form is left for whoever comes back to it; a
    /// message on its way goes on, but nothing of what it says stays in the form.
    pub(super) fn gone(&mut self) -> Vec<Effect> {
        if !self.config.campaign.is_at_risk() {
            return self.keep();
        }
        // What the page has not let go yet is not on its way.
        if self.state() != "sending" || matches!(self.phase, Phase::Asking) {
            return self.reset();
        }
        self.empty();
        self.emptied = true;
        Vec::new()
    }
}
