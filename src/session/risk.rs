//! What is otherwise where taking part may be dangerous: the quick way out, a receipt that is shown to
//! those only who ask for it, and claims that don't say on which page somebody was.

use super::{Dirty, Effect, Focus, Session, State};
use crate::action::Source;

impl Session {
    /// Empties the form, and leaves.
    pub(super) fn leave(&mut self) -> Vec<Effect> {
        let Some(risk) = &self.config.campaign.at_risk.0 else { return Vec::new() };
        let leave = Effect::Leave(risk.exit_url.clone());
        let mut effects = self.reset();
        effects.push(leave);
        effects
    }

    pub(super) fn show_receipt(&mut self) -> Vec<Effect> {
        if self.shows_receipt() {
            return Vec::new();
        }
        let State::Sent(sent) = &mut self.state else { return Vec::new() };
        sent.receipt_shown = true;
        self.changed(Dirty::SCREEN);
        vec![Effect::Focus(Focus::Receipt)]
    }

    /// Whether the receipt may be seen by whoever looks at the screen.
    pub(crate) fn shows_receipt(&self) -> bool {
        self.is_receipt_shown() || !self.config.campaign.is_at_risk()
    }

    /// Whether somebody at risk asked for the receipt.
    pub(crate) fn is_receipt_shown(&self) -> bool {
        matches!(&self.state, State::Sent(sent) if sent.receipt_shown)
    }

    /// The action's identity, as far as the page may know it.
    pub(super) fn told_id(&self, id: &str) -> Option<String> {
        (!self.config.campaign.is_at_risk()).then(|| id.to_owned())
    }

    /// The count after sending, as far as the page may know it: whoever holds the actions could tell by it
    /// which one is this person's.
    pub(super) fn told_count(&self, count: Option<i64>) -> Option<i64> {
        count.filter(|_| !self.config.campaign.is_at_risk())
    }

    /// The count, as far as it may be seen. At risk none after sending: the page can read what is painted.
    pub(crate) fn shown_count(&self) -> Option<i64> {
        let sent = matches!(self.state, State::Sent(_));
        if sent { self.told_count(self.lasting.count) } else { self.lasting.count }
    }

    /// Where the supporter came from, as far as the claims say it.
    pub(super) fn source(&self) -> Source {
        match self.config.campaign.is_at_risk() {
            true => Source::default(),
            false => self.config.source.clone(),
        }
    }
}
