//! From the click on the button to the endpoint's answer: the message gets its identity, is signed, posted and
//! answered for. The same message once more is the same action.

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

/// Times that an endpoint's clock may show (seconds since 1970): from 2023 to 2100. None else is signed on its word.
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

    /// What an action says, but for its identity and time.
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

    /// Whether the form says what this message says.
    pub(super) fn says(&self, message: &Message) -> bool {
        let delivery = message.claims.delivery;
        let now = self.validate().map(|action| self.message(&action, delivery));
        now.is_ok_and(|now| now.said == message.said)
    }

    /// Asks the page whether what is claimed may go.
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
        self.entered.field_errors = field_errors;
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
            // The form is for whoever comes next, whose message is another one.
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
        // The same message once more is the same action: it can't be counted twice.
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

    /// Asks for what signing needs, unless it is there or on its way.
    pub(super) fn ask_for_materials(&mut self) -> Option<Effect> {
        if !matches!(self.lasting.key_state, KeyState::None) {
            return None;
        }
        self.lasting.key_state = KeyState::Asked;
        let consents = self.config.campaign.consents.iter();
        Some(Effect::Prepare(consents.map(|consent| consent.wording.clone()).collect()))
    }

    /// Gives the message its identity, where one waits for that and what it takes is there.
    pub(super) fn prepare(&mut self) -> Vec<Effect> {
        if !self.state.is_at(Step::Preparing) {
            // Judged once unseen: browsers compile code when it first runs, and now there is time.
            let _ = self.validate();
            return Vec::new();
        }
        let KeyState::Made(key_state) = &self.lasting.key_state else {
            return self.ask_for_materials().into_iter().collect();
        };
        let Some(mut message) = self.state.take_next() else {
            return Vec::new();
        };
        // What was changed after it may have arrived is not to count beside it.
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
        // A key is for one message.
        self.lasting.key_state = KeyState::None;
        let Some(sealing) = &self.config.campaign.sealing else {
            return self.sign(message);
        };
        let (plaintext, key) = (std::mem::take(&mut message.inside), sealing.jwk.clone());
        self.sign_next(message);
        vec![Effect::Seal { attempt: self.lasting.attempt, plaintext, key }]
    }

    /// The message is sealed, or can't be: then nothing is sent.
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

    /// Keeps a message until it is sealed or signed.
    fn sign_next(&mut self, message: Box<Message>) {
        self.step(Step::Signing);
        if let State::Submitting(submission) = &mut self.state {
            submission.next = Some(message);
        }
    }

    /// How often the message on its way was sent.
    fn tries(&self) -> u32 {
        match &self.state {
            State::Submitting(submission) => submission.tries,
            _ => 0,
        }
    }

    /// Posts what was signed before once more.
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
        // The page may be gone before the answer is there.
        effects.extend(self.keep());
        effects
    }

    pub(super) fn media_type(&self) -> &'static str {
        match self.config.campaign.endpoint.format {
            // No preflight: a whole round trip less.
            Format::Jws => "text/plain",
            Format::Json => "application/json",
        }
    }

    /// The wait that was asked for is over.
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

    /// Does what is to be done after this outcome.
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

    /// Has a proof of work made.
    fn prove(&mut self, challenge: String) -> Vec<Effect> {
        let jti = self.unclear.last().map_or("", |message| &message.claims.jti).to_owned();
        self.notice = Some(Notice::Proving);
        self.lasting.attempt += 1;
        self.step(Step::Proving);
        vec![Effect::Prove { attempt: self.lasting.attempt, challenge, jti }]
    }

    /// The proof of work is made, or can't be.
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
        // It leads on with what the campaign's file says, and nothing else.
        let next = self.config.campaign.next.as_ref();
        let next = next.filter(|next| next.redirect && next.url.starts_with("https://"));
        effects.extend(next.map(|next| Effect::Lead(next.url.clone())));
        effects.extend(self.forget());
        effects.extend(self.kept.take().map(|kept| Effect::Discard(kept.key())));
        // What the endpoint took may not be what was mailed.
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

    /// Tells the page that a message was sent.
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
        // Refused for certain, so that one has not arrived.
        let message = self.unclear.pop();
        match (refusal.code.as_str(), refusal.now, message) {
            // What was sent before it was changed has arrived: that is what counts.
            ("replay_mismatch", ..) if !self.unclear.is_empty() => {
                self.lasting.attempt += 1;
                if let State::Submitting(submission) = &mut self.state {
                    submission.tries = 0;
                }
                return self.post_again(0);
            }
            // A wrong clock: once more with the endpoint's time and the same identity.
            ("iat_out_of_window", Some(now), Some(mut message))
                if !message.settled && TIMES.contains(&now) =>
            {
                message.claims.iat = now;
                message.settled = true;
                return self.sign(Box::new(message));
            }
            ("rules", ..) if !self.state.is_emptied() => {
                // A field shows one field error; for what is not on the form nobody can do anything.
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
    /// The same message, by what it says known again.
    pub(super) fn saying(mut self) -> Self {
        self.said = [&shape::write(&self.claims), self.inside.as_str()].concat();
        self
    }
}
