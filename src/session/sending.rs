//! From the click on the button to the endpoint's answer: the message gets its identity, is signed, posted and
//! answered for. The same message once more is the same action.

use super::Changes;
use super::{Effect, Focus, Message, Notice, Phase, Preparation, Reply, Report, Session};
use crate::action::{Action, Circumstances};
use crate::answer::{self, Acceptance, Outcome, Refusal};
use crate::campaign::Format;
use crate::check::{Mistake, check};
use crate::envelope;
use crate::shape;

impl Session {
    pub(super) fn judge(&self) -> Result<Action, Vec<Mistake>> {
        check(&self.setting.campaign, &self.draft.composed(&self.setting.campaign))
    }

    #[inline(never)]
    pub(super) fn submit(&mut self, now: i64) -> Vec<Effect> {
        self.notice = None;
        match self.judge() {
            Ok(action) => {
                self.mistakes.clear();
                if let Some(effects) = self.nudge() {
                    return effects;
                }
                let endpoint = &self.setting.endpoint;
                let audience = endpoint.split(['?', '#']).next().unwrap_or(endpoint);
                let mut claims = action.claims(
                    &self.setting.campaign,
                    Circumstances {
                        aud: audience.to_owned(),
                        campaign_digest: self.setting.campaign_digest.clone(),
                        source: self.source(),
                        test: self.setting.test,
                        variant: self.setting.variant.clone(),
                        ..Circumstances::default()
                    },
                );
                claims.delivery = self.delivery();
                let said = shape::write(&claims);
                claims.iat = now;
                self.next = Some(Box::new(Message { said, claims, ..Message::default() }));
                self.changed(Changes::MISTAKES);
                self.step(Phase::Asking);
                vec![Effect::Ask]
            }
            Err(mistakes) => self.show(mistakes),
        }
    }

    pub(super) fn show(&mut self, mistakes: Vec<Mistake>) -> Vec<Effect> {
        let fields = mistakes.iter().map(|m| (m.field.clone(), m.code())).collect();
        self.mistakes = mistakes;
        self.changed(Changes::MISTAKES);
        self.step(Phase::Editing);
        vec![Effect::Tell(Report::Invalid(fields)), Effect::Focus(Focus::Summary)]
    }

    pub(super) fn stop(&mut self, notice: Notice, code: &str, retryable: bool) -> Vec<Effect> {
        self.notice = Some(notice);
        self.step(Phase::Editing);
        let code = code.to_owned();
        vec![Effect::Tell(Report::Error { code, retryable }), Effect::Focus(Focus::Notice)]
    }

    #[inline(never)]
    pub(super) fn allowed(&mut self, allowed: bool) -> Vec<Effect> {
        if !allowed {
            return self.stop(Notice::Vetoed, "vetoed", false);
        }
        self.attempt += 1;
        // The same message once more is the same action: it can't be counted twice.
        if let (Some(next), Some(pending)) = (&self.next, &self.pending)
            && next.said == pending.said
        {
            return self.post();
        }
        self.step(Phase::Preparing);
        self.prepare()
    }

    /// Asks for what signing needs, unless it is there or on its way.
    pub(super) fn ask_for_materials(&mut self) -> Option<Effect> {
        if !matches!(self.materials, Preparation::None) {
            return None;
        }
        self.materials = Preparation::Asked;
        let consents = self.setting.campaign.consents.iter();
        Some(Effect::Prepare(consents.map(|consent| consent.wording.clone()).collect()))
    }

    /// Gives the message its identity, where one waits for that and what it takes is there.
    pub(super) fn prepare(&mut self) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Preparing) {
            // Judged once unseen: browsers compile code when it first runs, and now there is time.
            let _ = self.judge();
            return Vec::new();
        }
        let Preparation::Made(materials) = &self.materials else {
            return self.ask_for_materials().into_iter().collect();
        };
        let Some(mut message) = self.next.take() else {
            return Vec::new();
        };
        message.claims.jti = materials.jti.clone();
        message.key = materials.key.clone();
        let digests = self.setting.campaign.consents.iter().zip(&materials.digests);
        for (consent, digest) in digests {
            let mut claimed = message.claims.consents.iter_mut();
            if let Some(claim) = claimed.find(|claim| claim.purpose == consent.purpose.0) {
                claim.wording_digest.clone_from(digest);
            }
        }
        // A key is for one message.
        self.materials = Preparation::None;
        self.sign(message)
    }

    pub(super) fn sign(&mut self, mut message: Box<Message>) -> Vec<Effect> {
        message.input = envelope::signing_input(&message.key, &message.claims);
        let input = message.input.clone();
        self.next = Some(message);
        self.step(Phase::Signing);
        vec![Effect::Sign { attempt: self.attempt, input }]
    }

    #[inline(never)]
    pub(super) fn signed(&mut self, signature: &str) -> Vec<Effect> {
        let Some(mut message) = self.next.take() else {
            return Vec::new();
        };
        let proof = envelope::join([&message.input, signature]);
        message.body = match self.setting.campaign.endpoint.format {
            Format::Jws => proof,
            Format::Json => envelope::json_body(&message.claims, &proof),
        };
        self.pending = Some(message);
        self.post()
    }

    pub(super) fn post(&mut self) -> Vec<Effect> {
        self.step(Phase::Posting);
        vec![Effect::Post {
            attempt: self.attempt,
            url: self.setting.endpoint.clone(),
            body: self.pending.as_ref().map_or_else(String::new, |pending| pending.body.clone()),
            content_type: match self.setting.campaign.endpoint.format {
                // No preflight: a whole round trip less.
                Format::Jws => "text/plain",
                Format::Json => "application/json",
            },
        }]
    }

    #[inline(never)]
    pub(super) fn answered(&mut self, reply: Option<Reply>) -> Vec<Effect> {
        let jti = self.pending.as_ref().map_or("", |pending| &pending.claims.jti);
        let outcome = reply.map_or(Outcome::Unreachable, |reply| {
            answer::outcome(reply.status, &reply.body, reply.retry_after, jti)
        });
        match outcome {
            Outcome::Accepted(acceptance) => self.accepted(acceptance),
            Outcome::Refused(refusal) => self.refused(refusal),
            Outcome::RetryLater(after) => self.stop(Notice::Busy(after), "busy", true),
            Outcome::Unreachable => self.stop(Notice::Unreachable, "unreachable", true),
        }
    }

    #[inline(never)]
    pub(super) fn accepted(&mut self, acceptance: Acceptance) -> Vec<Effect> {
        let mut effects = vec![Effect::Tell(Report::Sent {
            id: self.told_id(&acceptance.id),
            status: acceptance.status.word(),
            count: acceptance.count,
        })];
        effects.extend(self.counted(acceptance.count));
        effects.push(Effect::Focus(Focus::Thanks));
        // It leads on with what the campaign's file says, and nothing else.
        let next = self.setting.campaign.next.as_ref();
        let next = next.filter(|next| next.redirect && next.url.starts_with("https://"));
        effects.extend(next.map(|next| Effect::Lead(next.url.clone())));
        effects.extend(self.forget());
        self.pending = None;
        self.phase = Phase::Sent(acceptance);
        self.changed(Changes::SCREEN);
        effects
    }

    #[inline(never)]
    pub(super) fn refused(&mut self, refusal: Refusal) -> Vec<Effect> {
        // Refused for certain, so nothing waits for an answer any more.
        let pending = self.pending.take();
        match (refusal.code.as_str(), refusal.now, pending) {
            // A wrong clock: once more with the endpoint's time and the same identity.
            ("iat_out_of_window", Some(now), Some(mut pending)) if !pending.settled => {
                pending.claims.iat = now;
                pending.settled = true;
                return self.sign(pending);
            }
            ("rules", ..) => {
                // A field shows one mistake; for what is not on the form nobody can do anything.
                let reported = |name: &String| {
                    let (field, code) = refusal.errors.iter().find(|(field, _)| field == name)?;
                    Some(Mistake::reported(&self.setting.campaign, field, code))
                };
                let mistakes: Vec<Mistake> = self.names().iter().filter_map(reported).collect();
                if !mistakes.is_empty() {
                    return self.show(mistakes);
                }
            }
            ("closed", ..) => return self.stop(Notice::Closed, "closed", false),
            _ => {}
        }
        // It is shown, and told to the page: a sentence might hold what was typed.
        let code = refusal.code.as_str();
        let is_code = (1..=64).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let code = if is_code { code } else { "refused" };
        self.stop(Notice::Refused(code.to_owned()), code, false)
    }
}
