//! The outbox in the session: storing a message that could not be sent, and sending the stored entries.

use super::deliver::{Attempt, Delivery, PAUSE, deliver};
use super::{Dirty, Effect, Focus, Message, Notice, PageEvent, Queued, Session, State};
use crate::answer::{Outcome, Refusal};
use crate::campaign::{Field, Kind};
use crate::draft::{BODY, Draft, SUBJECT, TARGETS};
use crate::find::find;
use crate::message;
use crate::outbox::{LONGEST, OutboxEntry};
use crate::proof::PARAMETER;

impl Session {
    /// Whether the form may offer to store the message: never if supporters may be at risk, nor on a page without
    /// script.
    pub(crate) fn may_queue(&self) -> bool {
        self.lasting.hears && !self.config.campaign.is_at_risk() && !self.unclear.is_empty()
    }

    /// Whether devices may store messages of this campaign.
    pub fn queues_here(&self) -> bool {
        !self.config.campaign.is_at_risk()
    }

    /// Whether this form may send an entry: same campaign, same endpoint, same test mode.
    pub fn owns(&self, kept: &OutboxEntry) -> bool {
        let config = &self.config;
        kept.campaign == config.campaign.id.as_str()
            && kept.url == config.endpoint
            && kept.test == config.test
    }

    /// Address and media type of the request, with a proof of work if there is one.
    pub fn destination(&self, proof: &str) -> (String, &'static str) {
        let mut url = self.config.endpoint.clone();
        if !proof.is_empty() {
            let end = find(&url, "#").unwrap_or(url.len());
            let has_query = url.get(..end).is_some_and(|url| find(url, "?").is_some());
            let mark = if has_query { "&" } else { "?" };
            url.insert_str(end, &[mark, PARAMETER, "=", proof].concat());
        }
        (url, self.media_type())
    }

    /// Whether this is the action of an outbox button.
    pub(super) fn queues(&self, what: &str) -> bool {
        ["keep", "send-kept", "delete-kept"].contains(&what)
    }

    /// Handles an outbox button.
    pub(super) fn queue(&mut self, what: &str) -> Vec<Effect> {
        match (what, &self.state) {
            ("keep", State::Editing) if self.may_queue() => self.store(),
            ("send-kept", State::Queued(Queued { sending: false, .. })) => {
                self.state = State::Queued(Queued { sending: false, pressed: true });
                self.drain()
            }
            ("delete-kept", State::Queued(Queued { sending: false, .. })) => {
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
        if !self.says(message) {
            // The form has changed since: sign it first, which also tries to send it.
            let now = message.claims.iat;
            return self.press(now);
        }
        let kept = OutboxEntry {
            campaign: message.claims.campaign.clone(),
            jti: message.claims.jti.clone(),
            url: self.config.endpoint.clone(),
            test: self.config.test,
            body: message.body.clone(),
            until: message.claims.iat.saturating_add(LONGEST),
            claimed: 0,
        };
        self.kept = Some(Box::new(kept.clone()));
        vec![Effect::Store(kept)]
    }

    /// Handles the result of storing the entry.
    pub(super) fn stored(&mut self, stored: bool) -> Vec<Effect> {
        if !stored && matches!(self.state, State::Queued(Queued { sending: true, .. })) {
            // The outbox could not be read.
            self.notice = Some(Notice::Unreachable);
            return self.wait_for_it(false);
        }
        let Some(kept) = self.kept.as_ref().filter(|_| self.state == State::Editing) else {
            return Vec::new();
        };
        if !stored {
            self.kept = None;
            return self.stop(Notice::NotKept, "not_kept", true);
        }
        let mut effects = vec![Effect::Tell(PageEvent::Queued { id: kept.jti.clone() })];
        effects.extend(self.wait_for_it(false));
        effects.push(Effect::Focus(Focus::OutboxEntry));
        effects.extend(self.forget());
        effects
    }

    /// Shows the stored message, and schedules the next try unless it is being sent.
    fn wait_for_it(&mut self, sending: bool) -> Vec<Effect> {
        self.wait_so_long(sending, PAUSE)
    }

    fn wait_so_long(&mut self, sending: bool, milliseconds: u32) -> Vec<Effect> {
        self.lasting.attempt += 1;
        self.state = State::Queued(Queued { sending, pressed: self.is_pressed() });
        self.changed(Dirty::SCREEN);
        match sending {
            true => Vec::new(),
            false => vec![Effect::Wait { attempt: self.lasting.attempt, milliseconds }],
        }
    }

    /// Whether the supporter pressed the button that sends the stored message.
    fn is_pressed(&self) -> bool {
        matches!(self.state, State::Queued(Queued { pressed: true, .. }))
    }

    /// Sends the stored entries that no other tab has claimed.
    pub(super) fn drain(&mut self) -> Vec<Effect> {
        self.notice = None;
        self.wait_for_it(true);
        vec![Effect::Drain]
    }

    /// Handles the entries of this campaign. Those that this tab has claimed are posted, in every state of the form.
    pub(super) fn found(
        &mut self,
        all: Vec<OutboxEntry>,
        expired: bool,
        mine: Vec<OutboxEntry>,
    ) -> Vec<Effect> {
        let mut effects = self.show_found(all, expired, &mine);
        let posts = mine.into_iter().map(|entry| Effect::PostEntry { entry, proof: String::new() });
        effects.extend(posts);
        effects
    }

    /// Updates the screen for the entries that were found. An untouched form shows the first one.
    fn show_found(
        &mut self,
        all: Vec<OutboxEntry>,
        expired: bool,
        mine: &[OutboxEntry],
    ) -> Vec<Effect> {
        let is_mine = |entry: &OutboxEntry| mine.iter().any(|mine| mine.jti == entry.jti);
        match (&self.state, &self.kept) {
            (State::Queued(_), Some(shown)) => {
                let sending = is_mine(shown);
                if !all.iter().any(|kept| kept.jti == shown.jti) {
                    let notice = if expired { Notice::Expired } else { Notice::Elsewhere };
                    return self.back(notice);
                }
                if sending { Vec::new() } else { self.wait_for_it(false) }
            }
            (State::Editing, None) if !self.entered.wrote && self.lasting.first => {
                let Some(first) = all.into_iter().next() else {
                    if expired {
                        self.notice = Some(Notice::Expired);
                        self.changed(Dirty::PROGRESS);
                    }
                    return Vec::new();
                };
                let sending = is_mine(&first);
                self.kept = Some(Box::new(first));
                self.wait_for_it(sending)
            }
            _ => Vec::new(),
        }
    }

    /// Handles the outcome for an entry.
    pub(super) fn drained(
        &mut self,
        kept: OutboxEntry,
        proved: bool,
        outcome: Outcome,
    ) -> Vec<Effect> {
        let is_shown = matches!(self.state, State::Queued(_))
            && self.kept.as_ref().is_some_and(|mine| mine.jti == kept.jti);
        match deliver(outcome, Attempt::Claimed(proved)) {
            Delivery::Sent(acceptance) if is_shown => {
                // The form may have another message with the same identity.
                self.unclear.retain(|message| message.body == kept.body);
                let own = self.is_pressed() || !self.unclear.is_empty();
                let mut effects = self.accepted(acceptance);
                // A person who only opened the page is not redirected.
                effects.retain(|it| own || !matches!(it, Effect::Lead(_) | Effect::Focus(_)));
                effects
            }
            Delivery::Sent(acceptance) => {
                let mut effects = self.tell_sent(&acceptance);
                effects.push(Effect::Discard(kept.key()));
                effects
            }
            Delivery::Prove(challenge) => vec![Effect::ProveEntry { entry: kept, challenge }],
            // The claim ends and the entry stays; a rejected one until the supporter has seen the rejection.
            Delivery::Refused(refusal) if is_shown => {
                let mut effects = vec![Effect::Release(kept.clone())];
                effects.append(&mut self.refused_kept(&kept, refusal));
                effects
            }
            Delivery::Wait(milliseconds) if is_shown => {
                self.notice = Some(Notice::Unreachable);
                let mut effects = vec![Effect::Release(kept)];
                effects.append(&mut self.wait_so_long(false, milliseconds));
                effects
            }
            Delivery::Refused(_) | Delivery::Wait(_) | Delivery::GiveUp(_) => {
                vec![Effect::Release(kept)]
            }
        }
    }

    /// Handles the proof of work for an entry.
    pub(super) fn entry_proved(
        &mut self,
        entry: OutboxEntry,
        proof: Option<String>,
    ) -> Vec<Effect> {
        match proof {
            Some(proof) => vec![Effect::PostEntry { entry, proof }],
            None => self.drained(entry, true, Outcome::Unreachable),
        }
    }

    /// Handles the rejection of the entry that is shown. It is opened in the form for correction, if readable.
    fn refused_kept(&mut self, kept: &OutboxEntry, refusal: Refusal) -> Vec<Effect> {
        self.state = State::Editing;
        self.changed(Dirty::SCREEN);
        let mut effects = if self.unclear.iter().any(|message| message.body == kept.body) {
            self.refused(refusal)
        } else {
            self.refused_elsewhere(kept, refusal)
        };
        // If it was signed again, the entry stays until the new message has arrived.
        if self.state() == "editing" {
            self.kept = None;
            effects.push(Effect::Discard(kept.key()));
        }
        effects
    }

    /// Handles the rejection of an entry that another page had signed.
    fn refused_elsewhere(&mut self, kept: &OutboxEntry, refusal: Refusal) -> Vec<Effect> {
        let code = refusal.told();
        if code == "replay_mismatch" {
            return self.back(Notice::Before);
        }
        let Some(mut draft) = kept.draft() else {
            return self.stop(Notice::KeptRefused(code.clone()), &code, false);
        };
        let mut mended = Draft::begun(&self.config.campaign, self.config.seed);
        let campaign = &self.config.campaign;
        // The campaign adds head and foot again.
        let body = message::own(campaign, &draft, draft.get(BODY)).to_owned();
        draft.set(BODY, &body);
        let own = |name: &str| match name {
            BODY | SUBJECT => campaign.message.editable,
            TARGETS => true,
            // Consents must be given again.
            _ => self.asks_for(name),
        };
        draft.names().filter(|name| own(name)).for_each(|name| mended.set(name, ""));
        for name in draft.names().filter(|name| own(name)) {
            // A value without a checkbox could not be removed by the supporter.
            let kind = campaign.field(name).map(Field::kind);
            let boxes = [Some(Kind::Choice), Some(Kind::Choices), Some(Kind::Checkbox)];
            let has_boxes = name == TARGETS || boxes.contains(&kind);
            let values = draft.all(name).filter(|value| !has_boxes || self.has_box(name, value));
            values.for_each(|value| mended.tick(name, value, true));
        }
        self.entered.draft = mended;
        self.entered.wrote = true;
        // The page that signed it had the key, and is gone.
        self.unclear = vec![Message { settled: true, ..Message::default() }];
        self.refused(refusal)
    }

    /// Returns to the form with a notice.
    fn back(&mut self, notice: Notice) -> Vec<Effect> {
        self.lasting.attempt += 1;
        self.kept = None;
        self.notice = Some(notice);
        self.state = State::Editing;
        self.changed(Dirty::SCREEN);
        let mut effects = vec![Effect::Focus(Focus::Notice)];
        effects.extend(self.grant());
        effects
    }
}
