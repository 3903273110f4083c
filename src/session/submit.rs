//! Submission, from the press of the button to the endpoint's response: validate, ask the page, prepare, seal, sign,
//! post, retry. Sending the same message again sends the same action.

use super::Dirty;
use super::deliver::{Attempt, Delivery, deliver};
use super::state::{Queued, Sent, Step, Submission};
use super::{Effect, Focus, KeyState, Message, Notice, PageEvent, Reply, Session, State};
use crate::action::{Action, ClaimContext, Claims, DeliveryClaim};
use crate::answer::{self, Acceptance, Outcome, Refusal};
use crate::campaign::Format;
use crate::check::{FieldError, check};
use crate::envelope;
use crate::rng::splitmix64;
use crate::sealing;
use crate::shape;

/// Plausible times of an endpoint's clock (seconds since 1970): 2023 to 2100. No other time from an endpoint is signed.
const TIMES: std::ops::Range<i64> = 1_672_531_200..4_102_444_800;

impl Session {
    pub(super) fn validate(&self) -> Result<Action, Vec<FieldError>> {
        check(&self.config.campaign, &self.entered.draft.composed(&self.config.campaign))
    }

    pub(super) fn submit(&mut self, now: i64) -> Vec<Effect> {
        self.notice = None;
        match self.validate() {
            Ok(action) => {
                self.entered.field_errors.clear();
                if let Some(effects) = self.nudge() {
                    return effects;
                }
                let message = self.message(&action, None);
                self.ask(message, now)
            }
            Err(field_errors) => self.show(field_errors),
        }
    }

    /// The message for an action, without identity and time.
    pub(super) fn message(&self, action: &Action, delivery: Option<DeliveryClaim>) -> Message {
        let endpoint = &self.config.endpoint;
        let audience = endpoint.split(['?', '#']).next().unwrap_or(endpoint);
        let claims = action.claims(
            &self.config.campaign,
            ClaimContext {
                aud: audience.to_owned(),
                campaign_digest: self.config.campaign_digest.clone(),
                source: self.source(),
                test: self.config.test,
                variant: self.config.variant.clone(),
                ..ClaimContext::default()
            },
        );
        let inside = match self.config.campaign.sealing {
            Some(_) => sealing::plaintext(&action.inside()),
            None => String::new(),
        };
        let message =
            Message { claims: Claims { delivery, ..claims }, inside, ..Message::default() };
        message.saying()
    }

    /// Whether the form's current content equals this message.
    pub(super) fn says(&self, message: &Message) -> bool {
        let delivery = message.claims.delivery;
        let now = self.validate().map(|action| self.message(&action, delivery));
        now.is_ok_and(|now| now.said == message.said)
    }

    /// Begins a submission: asks the page for permission.
    pub(super) fn ask(&mut self, mut message: Message, now: i64) -> Vec<Effect> {
        self.notice = None;
        message.claims.iat = now;
        self.changed(Dirty::MISTAKES.and(Dirty::PROGRESS));
        let next = Some(Box::new(message));
        self.state = State::Submitting(Submission::begun(Step::Asking, next));
        vec![Effect::Ask]
    }

    pub(super) fn show(&mut self, field_errors: Vec<FieldError>) -> Vec<Effect> {
        let fields = field_errors.iter().map(|m| (m.field.clone(), m.code())).collect();
        self.entered.show_errors(field_errors);
        self.notice = None;
        self.changed(Dirty::MISTAKES);
        self.edit();
        let mut effects =
            vec![Effect::Tell(PageEvent::Invalid(fields)), Effect::Focus(Focus::Summary)];
        effects.extend(self.grant());
        effects
    }

    pub(super) fn stop(&mut self, notice: Notice, code: &str, retryable: bool) -> Vec<Effect> {
        self.notice = Some(notice);
        if self.state.is_emptied() {
            // The emptied form is for another person, with another message.
            self.notice = None;
            self.unclear.clear();
        }
        self.edit();
        let code = code.to_owned();
        let mut effects =
            vec![Effect::Tell(PageEvent::Error { code, retryable }), Effect::Focus(Focus::Notice)];
        effects.extend(self.grant());
        effects
    }

    pub(super) fn allowed(&mut self, allowed: bool) -> Vec<Effect> {
        if !allowed {
            return self.stop(Notice::Vetoed, "vetoed", false);
        }
        self.lasting.attempt += 1;
        // The same message is sent as the same action, so it cannot count twice.
        let next = match &self.state {
            State::Submitting(submission) => submission.next.as_ref(),
            _ => None,
        };
        let same = self.unclear.iter().position(|known| next.is_some_and(|n| n.said == known.said));
        if let Some(same) = same {
            return self.post_again(same);
        }
        self.step(Step::Preparing);
        self.prepare()
    }

    /// Requests a key and digests, unless they are ready or requested.
    pub(super) fn ask_for_materials(&mut self) -> Option<Effect> {
        if !matches!(self.lasting.key_state, KeyState::None) {
            return None;
        }
        self.lasting.key_state = KeyState::Asked;
        let consents = self.config.campaign.consents.iter();
        Some(Effect::Prepare(consents.map(|consent| consent.wording.clone()).collect()))
    }

    /// Gives the waiting message its identity and signs it, if key and digests are ready.
    pub(super) fn prepare(&mut self) -> Vec<Effect> {
        if !self.state.is_at(Step::Preparing) {
            // Warm-up: browsers compile code on its first run, and there is time now.
            let _ = self.validate();
            return Vec::new();
        }
        let KeyState::Made(key_state) = &self.lasting.key_state else {
            return self.ask_for_materials().into_iter().collect();
        };
        let Some(mut message) = self.state.take_next() else {
            return Vec::new();
        };
        // A changed message gets the identity of an earlier one that may have arrived, so that only one counts.
        let before = self.unclear.first();
        let jti = before.map_or(&key_state.jti, |before| &before.claims.jti);
        message.claims.jti.clone_from(jti);
        message.key = key_state.key.clone();
        let digests = self.config.campaign.consents.iter().zip(&key_state.digests);
        for (consent, digest) in digests {
            let mut claimed = message.claims.consents.iter_mut();
            if let Some(claim) = claimed.find(|claim| claim.purpose == consent.purpose.0) {
                claim.wording_digest.clone_from(digest);
            }
        }
        // A key signs one message.
        self.lasting.key_state = KeyState::None;
        let Some(sealing) = &self.config.campaign.sealing else {
            return self.sign(message);
        };
        let (plaintext, key) = (std::mem::take(&mut message.inside), sealing.jwk.clone());
        self.sign_next(message);
        vec![Effect::Seal { attempt: self.lasting.attempt, plaintext, key }]
    }

    /// Handles the result of encryption. Nothing is sent after a failure.
    pub(super) fn sealed(&mut self, sealed: Option<String>) -> Vec<Effect> {
        match (self.state.take_next(), sealed) {
            (Some(mut message), Some(sealed)) => {
                message.claims.sealed = Some(sealed);
                self.sign(message)
            }
            _ => self.stop(Notice::CannotSeal, "sealing_failed", false),
        }
    }

    pub(super) fn sign(&mut self, mut message: Box<Message>) -> Vec<Effect> {
        message.input = envelope::signing_input(&message.key, &message.claims);
        let input = message.input.clone();
        self.sign_next(message);
        vec![Effect::Sign { attempt: self.lasting.attempt, input }]
    }

    pub(super) fn signed(&mut self, signature: &str) -> Vec<Effect> {
        let Some(mut message) = self.state.take_next() else {
            return Vec::new();
        };
        let proof = envelope::join([&message.input, signature]);
        message.body = match self.config.campaign.endpoint.format {
            Format::Jws => proof,
            Format::Json => envelope::json_body(&message.claims, &proof),
        };
        self.unclear.push(*message);
        self.post()
    }

    /// Holds the message until it is encrypted or signed.
    fn sign_next(&mut self, message: Box<Message>) {
        self.step(Step::Signing);
        if let State::Submitting(submission) = &mut self.state {
            submission.next = Some(message);
        }
    }

    /// Number of tries of the current message.
    fn tries(&self) -> u32 {
        match &self.state {
            State::Submitting(submission) => submission.tries,
            _ => 0,
        }
    }

    /// Posts an earlier signed message again.
    fn post_again(&mut self, which: usize) -> Vec<Effect> {
        let message = self.unclear.remove(which);
        self.unclear.push(message);
        self.post()
    }

    pub(super) fn post(&mut self) -> Vec<Effect> {
        self.step(Step::Posting);
        let State::Submitting(submission) = &mut self.state else { return Vec::new() };
        submission.tries += 1;
        let proof = std::mem::take(&mut submission.proof);
        let (url, content_type) = self.destination(&proof);
        if let State::Submitting(submission) = &mut self.state {
            submission.proof = proof;
        }
        let mut effects = vec![Effect::Post {
            attempt: self.lasting.attempt,
            url,
            body: self.unclear.last().map_or_else(String::new, |message| message.body.clone()),
            content_type,
        }];
        // The page may be closed before the response arrives.
        effects.extend(self.keep());
        effects
    }

    pub(super) fn media_type(&self) -> &'static str {
        match self.config.campaign.endpoint.format {
            // Needs no preflight, which would cost a round trip.
            Format::Jws => "text/plain",
            Format::Json => "application/json",
        }
    }

    /// Handles the end of a delay.
    pub(super) fn due(&mut self) -> Vec<Effect> {
        match &self.state {
            State::Submitting(submission) if submission.step == Step::Waiting => {
                self.lasting.attempt += 1;
                self.post()
            }
            State::Queued(Queued { sending: false, .. }) => self.drain(),
            _ => Vec::new(),
        }
    }

    pub(super) fn answered(&mut self, reply: Option<Reply>) -> Vec<Effect> {
        let jti = self.unclear.last().map_or("", |message| &message.claims.jti);
        let outcome = reply.map_or(Outcome::Unreachable, |reply| {
            answer::outcome(reply.status, &reply.body, reply.retry_after, jti)
        });
        self.delivered(outcome)
    }

    /// Performs the decision after an outcome.
    fn delivered(&mut self, outcome: Outcome) -> Vec<Effect> {
        let random = splitmix64(self.config.seed ^ u64::from(self.lasting.attempt));
        match deliver(outcome, Attempt::Watched(self.tries(), random)) {
            Delivery::Sent(acceptance) => self.accepted(acceptance),
            Delivery::Refused(refusal) => self.refused(refusal),
            Delivery::Prove(challenge) => self.prove(challenge),
            Delivery::Wait(milliseconds) => {
                self.notice = Some(Notice::Trying);
                self.step(Step::Waiting);
                vec![Effect::Wait { attempt: self.lasting.attempt, milliseconds }]
            }
            Delivery::GiveUp(Some(after)) => self.stop(Notice::Busy(after), "busy", true),
            Delivery::GiveUp(None) => self.stop(Notice::Unreachable, "unreachable", true),
        }
    }

    /// Requests a proof of work.
    fn prove(&mut self, challenge: String) -> Vec<Effect> {
        let jti = self.unclear.last().map_or("", |message| &message.claims.jti).to_owned();
        self.notice = Some(Notice::Proving);
        self.lasting.attempt += 1;
        self.step(Step::Proving);
        vec![Effect::Prove { attempt: self.lasting.attempt, challenge, jti }]
    }

    /// Handles the proof of work.
    pub(super) fn proved(&mut self, proof: Option<String>) -> Vec<Effect> {
        match proof {
            Some(proof) => {
                if let State::Submitting(submission) = &mut self.state {
                    submission.proof = proof;
                }
                self.post()
            }
            None => self.delivered(Outcome::RetryLater(None)),
        }
    }

    pub(super) fn accepted(&mut self, acceptance: Acceptance) -> Vec<Effect> {
        let mut effects = self.tell_sent(&acceptance);
        effects.push(Effect::Focus(Focus::Thanks));
        // Only the campaign file decides on a redirect.
        let next = self.config.campaign.next.as_ref();
        let next = next.filter(|next| next.redirect && next.url.starts_with("https://"));
        effects.extend(next.map(|next| Effect::Lead(next.url.clone())));
        effects.extend(self.forget());
        effects.extend(self.kept.take().map(|kept| Effect::Discard(kept.key())));
        // The endpoint may have stored an earlier message that was not mailed.
        if self.unclear.last().is_some_and(|message| message.claims.delivery.is_none()) {
            self.entered.mailing = None;
        }
        let outdated = !self.state.is_emptied()
            && self.unclear.last().is_some_and(|message| !self.says(message));
        self.unclear.clear();
        self.notice = None;
        self.state = State::Sent(Sent { outdated, ..Sent::new(acceptance) });
        effects.extend(self.grant());
        self.changed(Dirty::SCREEN);
        effects
    }

    /// Page events for a message that was stored.
    pub(super) fn tell_sent(&mut self, acceptance: &Acceptance) -> Vec<Effect> {
        let count = self.told_count(acceptance.count);
        let mut effects = vec![Effect::Tell(PageEvent::Sent {
            id: self.told_id(&acceptance.id),
            status: acceptance.status.word(),
            count,
        })];
        effects.extend(self.counted(count));
        effects
    }

    pub(super) fn refused(&mut self, refusal: Refusal) -> Vec<Effect> {
        // This message was rejected, so it has not been stored.
        let message = self.unclear.pop();
        match (refusal.code.as_str(), refusal.now, message) {
            // An earlier version has arrived and counts. Its receipt is requested by posting it again.
            ("replay_mismatch", ..) if !self.unclear.is_empty() => {
                self.lasting.attempt += 1;
                if let State::Submitting(submission) = &mut self.state {
                    submission.tries = 0;
                }
                return self.post_again(0);
            }
            // Wrong clock: sign again with the endpoint's time and the same identity.
            ("iat_out_of_window", Some(now), Some(mut message))
                if !message.settled && TIMES.contains(&now) =>
            {
                message.claims.iat = now;
                message.settled = true;
                return self.sign(Box::new(message));
            }
            ("rules", ..) if !self.state.is_emptied() => {
                // A field shows one error. Errors about anything else cannot be corrected in the form.
                let reported = |name: &String| {
                    let (field, code) = refusal.errors.iter().find(|(field, _)| field == name)?;
                    Some(FieldError::reported(&self.config.campaign, field, code))
                };
                let field_errors: Vec<FieldError> =
                    self.names().iter().filter_map(reported).collect();
                if !field_errors.is_empty() {
                    return self.show(field_errors);
                }
            }
            ("closed", ..) => return self.stop(Notice::Closed, "closed", false),
            _ => {}
        }
        let code = refusal.told();
        self.stop(Notice::Refused(code.clone()), &code, false)
    }
}

impl Message {
    /// Sets `said`, which is compared to recognise equal messages.
    pub(super) fn saying(mut self) -> Self {
        self.said = [&shape::write(&self.claims), self.inside.as_str()].concat();
        self
    }
}
