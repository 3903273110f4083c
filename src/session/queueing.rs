//! A message that could not be sent, and that the device keeps on the supporter's word until it can be.

use super::{Changes, Effect, Focus, Kept, Message, Notice, Phase, Report, Session};
use crate::answer::{Outcome, Refusal};
use crate::outbox::LONGEST;

/// How long to wait before what is kept is sent once more while the page is open, in milliseconds.
const PAUSE: u32 = 60_000;

impl Session {
    /// Whether the device may be asked to keep the message: never where that may be dangerous, nor on a page that
    /// hears of nothing.
    pub(crate) fn may_queue(&self) -> bool {
        self.hears && !self.setting.campaign.is_at_risk() && !self.unclear.is_empty()
    }

    /// Whether a device may keep messages of this campaign.
    pub fn queues_here(&self) -> bool {
        !self.setting.campaign.is_at_risk() && self.state() != "closed"
    }

    /// Where messages go, and as what media type.
    pub fn destination(&self) -> (String, &'static str) {
        (self.setting.endpoint.clone(), self.media_type())
    }

    /// Whether this button is one of these.
    pub(super) fn queues(&self, what: &str) -> bool {
        ["keep", "send-kept", "delete-kept"].contains(&what)
    }

    /// Somebody pressed a button about what is kept.
    pub(super) fn queue(&mut self, what: &str) -> Vec<Effect> {
        match (what, &self.phase) {
            ("keep", Phase::Editing) if self.may_queue() => self.store(),
            ("send-kept", Phase::Kept(false)) => self.drain(),
            ("delete-kept", Phase::Kept(_)) => {
                let name = self.kept.as_ref().map(|kept| kept.key());
                let mut effects = self.back(Notice::Dropped);
                effects.extend(name.map(Effect::Discard));
                effects
            }
            _ => Vec::new(),
        }
    }

    fn store(&mut self) -> Vec<Effect> {
        let Some(message) = self.unclear.last() else { return Vec::new() };
        let kept = Kept {
            campaign: message.claims.campaign.clone(),
            jti: message.claims.jti.clone(),
            body: message.body.clone(),
            until: message.claims.iat + LONGEST,
            claimed: 0,
        };
        self.kept = Some(Box::new(kept.clone()));
        vec![Effect::Store(kept)]
    }

    /// The device keeps it now, or can't.
    pub(super) fn stored(&mut self, stored: bool) -> Vec<Effect> {
        let Some(kept) = self.kept.as_ref().filter(|_| self.phase == Phase::Editing) else {
            return Vec::new();
        };
        if !stored {
            self.kept = None;
            return self.stop(Notice::NotKept, "not_kept", true);
        }
        let mut effects = vec![Effect::Tell(Report::Queued { id: kept.jti.clone() })];
        effects.extend(self.wait_for_it(false));
        effects.push(Effect::Focus(Focus::Kept));
        effects.extend(self.forget());
        effects
    }

    /// Shows that it is kept, and has it sent in a while, unless it is on its way.
    fn wait_for_it(&mut self, sending: bool) -> Vec<Effect> {
        self.attempt += 1;
        self.phase = Phase::Kept(sending);
        self.changed(Changes::SCREEN);
        match sending {
            true => Vec::new(),
            false => vec![Effect::Wait { attempt: self.attempt, milliseconds: PAUSE }],
        }
    }

    /// Has what is kept sent, if no other tab is at it.
    pub(super) fn drain(&mut self) -> Vec<Effect> {
        self.notice = None;
        self.wait_for_it(true);
        vec![Effect::Drain]
    }

    /// What the device keeps of this campaign. Whoever finds such a form untouched sees the message again.
    pub(super) fn found(&mut self, all: Vec<Kept>, expired: bool, sending: bool) -> Vec<Effect> {
        match (&self.phase, &self.kept) {
            (Phase::Kept(_), Some(mine)) => {
                if !all.iter().any(|kept| kept.jti == mine.jti) {
                    let notice = if expired { Notice::Expired } else { Notice::Elsewhere };
                    return self.back(notice);
                }
                if sending { Vec::new() } else { self.wait_for_it(false) }
            }
            (Phase::Editing, None) if !self.wrote => {
                let Some(first) = all.into_iter().next() else {
                    if expired {
                        self.notice = Some(Notice::Expired);
                        self.changed(Changes::PROGRESS);
                    }
                    return Vec::new();
                };
                self.kept = Some(Box::new(first));
                self.wait_for_it(sending)
            }
            _ => Vec::new(),
        }
    }

    /// What became of sending what was kept.
    pub(super) fn drained(&mut self, kept: Kept, outcome: Outcome) -> Vec<Effect> {
        let is_shown = matches!(self.phase, Phase::Kept(_))
            && self.kept.as_ref().is_some_and(|mine| mine.jti == kept.jti);
        match outcome {
            Outcome::Accepted(acceptance) if is_shown => {
                // The form may hold another message of that identity by now.
                self.unclear.retain(|message| message.body == kept.body);
                self.accepted(acceptance)
            }
            Outcome::Accepted(acceptance) => self.tell_sent(&acceptance),
            _ if !is_shown => Vec::new(),
            Outcome::Refused(refusal) => self.refused_kept(&kept, refusal),
            // A proof of work is made where somebody looks on.
            Outcome::Prove(_) | Outcome::RetryLater(_) | Outcome::Unreachable => {
                self.notice = Some(Notice::Unreachable);
                self.wait_for_it(false)
            }
        }
    }

    /// What was kept is refused: it is mended in the form, if that can still be read.
    fn refused_kept(&mut self, kept: &Kept, refusal: Refusal) -> Vec<Effect> {
        self.phase = Phase::Editing;
        self.kept = None;
        self.changed(Changes::SCREEN);
        if !self.unclear.iter().any(|message| message.body == kept.body) {
            let Some(draft) = kept.draft() else {
                let code = refusal.told();
                return self.stop(Notice::KeptRefused(code.clone()), &code, false);
            };
            self.draft = draft.seeded(self.setting.seed);
            // Its key was another page's.
            self.unclear = vec![Message { settled: true, ..Message::default() }];
        }
        self.refused(refusal)
    }

    /// Back to the form, with what is to be known.
    fn back(&mut self, notice: Notice) -> Vec<Effect> {
        self.attempt += 1;
        self.kept = None;
        self.notice = Some(notice);
        self.phase = Phase::Editing;
        self.changed(Changes::SCREEN);
        vec![Effect::Focus(Focus::Notice)]
    }
}
