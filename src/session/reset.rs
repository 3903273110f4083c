//! Emptying the form for the next person.

use super::state::{Entered, Step};
use super::{Dirty, Effect, Session, State};

impl Session {
    /// Begins anew for the next person: a new form with what outlives one person.
    pub(super) fn reset(&mut self) -> Vec<Effect> {
        let state = match self.state {
            State::NotYetOpen => State::NotYetOpen,
            State::Closed => State::Closed,
            // Only a campaign that was open can have been sent to; it is validated again on sending.
            _ => State::Editing,
        };
        let mut lasting = self.lasting.clone();
        lasting.attempt += 1;
        lasting.first = false;
        // What the outbox holds goes on its way without this form.
        *self = Session::unused(std::mem::take(&mut self.config), lasting, state);
        self.forget().into_iter().collect()
    }

    /// The page is left. Where people may be at risk, nothing of the form is left for whoever comes back to it; a
    /// message on its way goes on, but nothing of what it says stays in the form.
    pub(super) fn gone(&mut self) -> Vec<Effect> {
        if !self.config.campaign.is_at_risk() {
            return self.keep();
        }
        match &mut self.state {
            // What the page has not let go yet is not on its way.
            State::Submitting(submission) if submission.step != Step::Asking => {
                submission.emptied = true;
                self.entered = Entered::begun(&self.config);
                self.changed(Dirty::SCREEN);
                Vec::new()
            }
            _ => self.reset(),
        }
    }
}
