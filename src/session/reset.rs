//! Reset of the form for the next person.

use super::state::{Entered, Step};
use super::{Dirty, Effect, Session, State};

impl Session {
    /// Replaces the session by an unused one that keeps only [`Lasting`](super::Lasting).
    pub(super) fn reset(&mut self) -> Vec<Effect> {
        let state = match self.state {
            State::NotYetOpen => State::NotYetOpen,
            State::Closed => State::Closed,
            // The campaign was open; the endpoint checks again on sending.
            _ => State::Editing,
        };
        let mut lasting = self.lasting.clone();
        lasting.attempt += 1;
        lasting.first = false;
        // Outbox entries are sent independently of this form.
        *self = Session::unused(std::mem::take(&mut self.config), lasting, state);
        self.forget().into_iter().collect()
    }

    /// Handles leaving the page. If supporters may be at risk, the form is emptied, because the browser may restore the
    /// page later; a submission continues, but its content is removed from the form.
    pub(super) fn gone(&mut self) -> Vec<Effect> {
        if !self.config.campaign.is_at_risk() {
            return self.keep();
        }
        match &mut self.state {
            // Before the page's permission there is no submission to continue.
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
