//! Differences for supporters at risk: the quick exit, a receipt that is shown on request only, and claims without the
//! page.

use super::{Dirty, Effect, Focus, Session, State};
use crate::action::Source;

impl Session {
    /// Quick exit: empties the form and leaves the page.
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

    /// Whether the receipt is shown.
    pub(crate) fn shows_receipt(&self) -> bool {
        self.is_receipt_shown() || !self.config.campaign.is_at_risk()
    }

    /// Whether the supporter asked for the receipt.
    pub(crate) fn is_receipt_shown(&self) -> bool {
        matches!(&self.state, State::Sent(sent) if sent.receipt_shown)
    }

    /// The action's identity for the page; `None` at risk.
    pub(super) fn told_id(&self, id: &str) -> Option<String> {
        (!self.config.campaign.is_at_risk()).then(|| id.to_owned())
    }

    /// The count after sending, for the page; `None` at risk, because it would identify the supporter's action among
    /// the stored ones.
    pub(super) fn told_count(&self, count: Option<i64>) -> Option<i64> {
        count.filter(|_| !self.config.campaign.is_at_risk())
    }

    /// The displayed count; at risk none after sending, because the page can read the form.
    pub(crate) fn shown_count(&self) -> Option<i64> {
        let sent = matches!(self.state, State::Sent(_));
        if sent { self.told_count(self.lasting.count) } else { self.lasting.count }
    }

    /// The source for the claims; empty at risk.
    pub(super) fn source(&self) -> Source {
        match self.config.campaign.is_at_risk() {
            true => Source::default(),
            false => self.config.source.clone(),
        }
    }
}
