//! The course of one form, from the first key press to the receipt, as a function of state and
//! event. No browser, no wording: what is to be done comes out as [`Effect`]s, and whatever the
//! world answers comes in as [`Event`]s.

use crate::action::{Action, Circumstances, Claims, Source};
use crate::answer::{self, Acceptance, Outcome, Refusal};
use crate::campaign::{Campaign, Format};
use crate::check::{Mistake, check, consent_of};
use crate::draft::{BODY, Draft, PUBLIC, SUBJECT, TARGETS};
use crate::envelope::{self, PublicKey};

/// Where a form stands, apart from what is typed into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The campaign, in the language of the form.
    pub campaign: Campaign,
    /// SHA-256 of the campaign file's bytes, in base64url.
    pub campaign_digest: String,
    /// The endpoint's absolute address.
    pub endpoint: String,
    /// Where the count is.
    pub count_url: String,
    /// The address of the page, without query and fragment: what is shared where the campaign
    /// names nothing else.
    pub page: String,
    /// What goes into the claims about where the supporter came from.
    pub source: Source,
}

/// The form and all that it remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub(crate) setting: Setting,
    pub(crate) draft: Draft,
    pub(crate) phase: Phase,
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) notice: Option<Notice>,
    pub(crate) count: Option<i64>,
    pub(crate) shared: Option<ShareResult>,
    started: bool,
    attempt: u32,
    /// What was signed and has not been answered for, so that trying again is the same action.
    pending: Option<Pending>,
}

/// The steps on the way of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    /// The campaign has not begun.
    NotYetOpen,
    /// The campaign is over.
    Closed,
    /// The supporter is at it.
    Editing,
    /// The page is asked whether it objects.
    Asking(Box<Action>),
    /// Key, digests and identity are made.
    Preparing(Box<Action>),
    /// The key signs.
    Signing(Box<Pending>),
    /// The endpoint is asked.
    Posting,
    /// The endpoint has it.
    Sent(Acceptance),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pending {
    action: Action,
    claims: Claims,
    key: PublicKey,
    input: String,
    /// Signed once more with the endpoint's time.
    again: bool,
    body: String,
}

/// Something that the supporter has to know, and that no field is to blame for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// No answer that can be understood.
    Unreachable,
    /// The endpoint is busy, for so many seconds where it says so.
    Busy(Option<u32>),
    /// The endpoint refuses, with this code.
    Refused(String),
    /// The campaign closed meanwhile.
    Closed,
    /// There is no key, no digest or no signature to be had.
    CannotSign,
    /// The page objected.
    Vetoed,
}

/// What became of copying the text to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareResult {
    /// It is in the clipboard.
    Copied,
    /// The browser refused.
    NotCopied,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A control has a new value.
    Entered {
        /// The control's name.
        name: String,
        /// All of its value.
        value: String,
    },
    /// A box was ticked or cleared.
    Ticked {
        /// The control's name.
        name: String,
        /// The box's value.
        value: String,
        /// Whether it is ticked now.
        ticked: bool,
    },
    /// The supporter wants to send.
    Submitted,
    /// The page lets the message go, or not.
    Allowed(bool),
    /// All that signing needs is there.
    Prepared(Materials),
    /// The key signed.
    Signed {
        /// Of this attempt.
        attempt: u32,
        /// r and s, 32 bytes each.
        signature: Vec<u8>,
    },
    /// There is no key, no digest or no signature to be had.
    SigningFailed {
        /// In this attempt.
        attempt: u32,
    },
    /// The endpoint answered, or nobody did.
    Answered {
        /// To this attempt.
        attempt: u32,
        /// What came.
        reply: Option<Reply>,
    },
    /// The text of the count.
    Counted(String),
    /// The supporter passes it on by this channel.
    Shared(String),
    /// What became of copying the text.
    Copied(ShareResult),
    /// Start afresh.
    Reset,
}

/// What signing needs and a pure function can't make.
#[derive(Clone, Debug, PartialEq)]
pub struct Materials {
    /// Of this attempt.
    pub attempt: u32,
    /// 128 random bits, from which the action gets its identity.
    pub entropy: [u8; 16],
    /// Seconds since 1970.
    pub now: i64,
    /// The public half of the fresh key.
    pub key: PublicKey,
    /// SHA-256 of each wording that [`Effect::Prepare`] named, in base64url.
    pub digests: Vec<String>,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The header Retry-After in seconds.
    pub retry_after: Option<u32>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Dispatch an event on the element.
    Tell(Report),
    /// Ask the page, by the cancelable event, whether the message may go.
    Ask,
    /// Make a fresh key, an identity and these texts' digests.
    Prepare {
        /// For this attempt.
        attempt: u32,
        /// The texts to digest.
        wordings: Vec<String>,
    },
    /// Sign with the key of the last preparation.
    Sign {
        /// For this attempt.
        attempt: u32,
        /// The text to sign.
        input: String,
    },
    /// Post to the endpoint.
    Post {
        /// For this attempt.
        attempt: u32,
        /// The address.
        url: String,
        /// The body.
        body: String,
        /// Its media type.
        content_type: &'static str,
    },
    /// Fetch the count.
    FetchCount(String),
    /// Put this into the clipboard.
    Copy(String),
    /// Move the keyboard's focus, after painting.
    Focus(Focus),
}

/// Where the focus goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The summary of what has to be mended.
    Summary,
    /// The notice of what went wrong.
    Notice,
    /// The heading of the thanks.
    Thanks,
}

/// What the page is told. No personal data, ever.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// The form can be used.
    Ready,
    /// The supporter began.
    Start,
    /// Something has to be mended: names and codes.
    Invalid(Vec<(String, String)>),
    /// The endpoint has it.
    Sent {
        /// The action's identity.
        id: String,
        /// What the endpoint did with it.
        status: &'static str,
        /// How many there are.
        count: Option<i64>,
    },
    /// It did not work.
    Error {
        /// Why.
        code: String,
        /// Whether trying again can help.
        retryable: bool,
    },
    /// The supporter passes it on by this channel.
    Share(String),
    /// The count is known.
    Count {
        /// How many there are.
        count: i64,
        /// How many are hoped for.
        goal: Option<u32>,
    },
}

impl Session {
    /// A form at the time `now` (seconds since 1970), and what to do first.
    pub fn new(setting: Setting, now: i64) -> (Self, Vec<Effect>) {
        let campaign = &setting.campaign;
        let phase = match (&campaign.opens, &campaign.closes) {
            (_, Some(closes)) if now >= closes.seconds() => Phase::Closed,
            (Some(opens), _) if now < opens.seconds() => Phase::NotYetOpen,
            _ => Phase::Editing,
        };
        let mut effects = vec![Effect::Tell(Report::Ready)];
        if !setting.count_url.is_empty() {
            effects.push(Effect::FetchCount(setting.count_url.clone()));
        }
        let session = Session {
            draft: Draft::new(campaign),
            setting,
            phase,
            mistakes: Vec::new(),
            notice: None,
            count: None,
            shared: None,
            started: false,
            attempt: 0,
            pending: None,
        };
        (session, effects)
    }

    /// The form as it stands when a hosted page is asked for, or posted back with mistakes.
    pub fn hosted(
        setting: Setting,
        now: i64,
        draft: Option<Draft>,
        mistakes: Vec<Mistake>,
    ) -> Self {
        let (mut session, _) = Session::new(setting, now);
        session.draft = draft.unwrap_or(session.draft);
        session.mistakes = mistakes;
        session
    }

    /// The thanks that a hosted page shows.
    pub fn thanks(setting: Setting, now: i64, acceptance: Acceptance) -> Self {
        let (mut session, _) = Session::new(setting, now);
        session.count = acceptance.count;
        session.phase = Phase::Sent(acceptance);
        session
    }

    /// The word for where the form is: `editing`, `sending`, `sent` or `closed`.
    pub fn state(&self) -> &'static str {
        match self.phase {
            Phase::NotYetOpen | Phase::Closed => "closed",
            Phase::Editing => "editing",
            Phase::Asking(_) | Phase::Preparing(_) | Phase::Signing(_) | Phase::Posting => {
                "sending"
            }
            Phase::Sent(_) => "sent",
        }
    }

    /// The same form where so many are known to have sent.
    pub fn with_count(mut self, count: Option<i64>) -> Self {
        self.count = count;
        self
    }

    /// The next state, and what is to be done. An event that comes too late changes nothing.
    pub fn update(mut self, event: Event) -> (Self, Vec<Effect>) {
        let effects = match event {
            Event::Entered { name, value } => self.change(&name, |draft| draft.set(&name, &value)),
            Event::Ticked { name, value, ticked } => {
                self.change(&name, |draft| draft.tick(&name, &value, ticked))
            }
            Event::Submitted if self.phase == Phase::Editing => self.submit(),
            Event::Allowed(allowed) => self.allowed(allowed),
            Event::Prepared(materials) if materials.attempt == self.attempt => {
                self.prepared(materials)
            }
            Event::Signed { attempt, signature } if attempt == self.attempt => {
                self.signed(&signature)
            }
            Event::SigningFailed { attempt }
                if attempt == self.attempt
                    && matches!(self.phase, Phase::Preparing(_) | Phase::Signing(_)) =>
            {
                self.stop(Notice::CannotSign, "signing_failed", false)
            }
            Event::Answered { attempt, reply }
                if attempt == self.attempt && self.phase == Phase::Posting =>
            {
                self.answered(reply)
            }
            Event::Counted(body) => {
                // What was asked for before sending and comes after it is older.
                let sent = matches!(self.phase, Phase::Sent(_));
                let known = self.count.filter(|_| sent).unwrap_or(0);
                self.counted(answer::count(&body).filter(|count| *count >= known))
            }
            Event::Shared(channel) => {
                let mut effects = Vec::new();
                if channel == "copy" {
                    effects.push(Effect::Copy(self.share_text()));
                }
                effects.push(Effect::Tell(Report::Share(channel)));
                effects
            }
            Event::Copied(result) => {
                self.shared = Some(result);
                Vec::new()
            }
            Event::Reset => {
                let attempt = self.attempt + 1;
                let count = self.count;
                // Only a campaign that was open can have been sent to; it is judged again on sending.
                let open = !matches!(self.phase, Phase::NotYetOpen | Phase::Closed);
                let phase = if open { Phase::Editing } else { self.phase };
                let (fresh, _) = Session::new(self.setting, 0);
                self = Session { phase, count, attempt, ..fresh };
                Vec::new()
            }
            _ => Vec::new(),
        };
        (self, effects)
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Draft)) -> Vec<Effect> {
        // On its way is what was submitted; what is typed meanwhile is there if it has to go again.
        let writable = !matches!(self.phase, Phase::NotYetOpen | Phase::Closed | Phase::Sent(_));
        // An extension of the browser may have put a control of its own among ours.
        if !writable || !self.asks(name) {
            return Vec::new();
        }
        if self.mistakes.is_empty() {
            change(&mut self.draft);
        } else {
            let before = self.judge().err().unwrap_or_default();
            change(&mut self.draft);
            let after = self.judge().err().unwrap_or_default();
            let of = |mistakes: &[Mistake], field: &str| {
                mistakes.iter().find(|mistake| mistake.field == field).cloned()
            };
            // Of the other fields, those are judged anew whose mistake hung on this one: a consent
            // on the country, the message on what fills it. What an endpoint reported stays.
            self.mistakes = std::mem::take(&mut self.mistakes)
                .into_iter()
                .filter_map(|known| {
                    let anew = known.field == name || of(&before, &known.field).is_some();
                    if anew { of(&after, &known.field) } else { Some(known) }
                })
                .collect();
        }
        if std::mem::replace(&mut self.started, true) {
            return Vec::new();
        }
        vec![Effect::Tell(Report::Start)]
    }

    /// Whether the form has a control of this name.
    fn asks(&self, name: &str) -> bool {
        let campaign = &self.setting.campaign;
        [TARGETS, SUBJECT, BODY, PUBLIC].contains(&name)
            || campaign.fields.iter().any(|field| field.id.as_str() == name)
            || consent_of(campaign, name).is_some()
    }

    fn judge(&self) -> Result<Action, Vec<Mistake>> {
        check(&self.setting.campaign, &self.draft.composed(&self.setting.campaign))
    }

    fn submit(&mut self) -> Vec<Effect> {
        self.notice = None;
        match self.judge() {
            Ok(action) => {
                self.mistakes.clear();
                self.phase = Phase::Asking(Box::new(action));
                vec![Effect::Ask]
            }
            Err(mistakes) => self.show(mistakes),
        }
    }

    fn show(&mut self, mistakes: Vec<Mistake>) -> Vec<Effect> {
        let fields = mistakes.iter().map(|m| (m.field.clone(), m.code())).collect();
        self.phase = Phase::Editing;
        self.mistakes = mistakes;
        vec![Effect::Tell(Report::Invalid(fields)), Effect::Focus(Focus::Summary)]
    }

    fn stop(&mut self, notice: Notice, code: &str, retryable: bool) -> Vec<Effect> {
        self.phase = Phase::Editing;
        self.notice = Some(notice);
        let code = code.to_owned();
        vec![Effect::Tell(Report::Error { code, retryable }), Effect::Focus(Focus::Notice)]
    }

    fn allowed(&mut self, allowed: bool) -> Vec<Effect> {
        let Phase::Asking(action) = &self.phase else {
            return Vec::new();
        };
        if !allowed {
            return self.stop(Notice::Vetoed, "vetoed", false);
        }
        self.attempt += 1;
        // The same message once more is the same action: it can't be counted twice.
        if self.pending.as_ref().is_some_and(|pending| pending.action == **action) {
            return self.post();
        }
        let wordings = action.wordings().map(str::to_owned).collect();
        self.phase = Phase::Preparing(action.clone());
        vec![Effect::Prepare { attempt: self.attempt, wordings }]
    }

    fn prepared(&mut self, materials: Materials) -> Vec<Effect> {
        let Phase::Preparing(action) = &self.phase else {
            return Vec::new();
        };
        let endpoint = &self.setting.endpoint;
        let audience = endpoint.split(['?', '#']).next().unwrap_or(endpoint);
        let claims = action.claims(
            &self.setting.campaign,
            Circumstances {
                jti: envelope::encode(&materials.entropy),
                iat: materials.now,
                aud: audience.to_owned(),
                campaign_digest: self.setting.campaign_digest.clone(),
                wording_digests: materials.digests,
                source: self.setting.source.clone(),
            },
        );
        let action = (**action).clone();
        self.sign(Pending {
            action,
            claims,
            key: materials.key,
            input: String::new(),
            again: false,
            body: String::new(),
        })
    }

    fn sign(&mut self, mut pending: Pending) -> Vec<Effect> {
        pending.input = envelope::signing_input(&pending.key, &pending.claims);
        let input = pending.input.clone();
        self.phase = Phase::Signing(Box::new(pending));
        vec![Effect::Sign { attempt: self.attempt, input }]
    }

    fn signed(&mut self, signature: &[u8]) -> Vec<Effect> {
        let Phase::Signing(pending) = &mut self.phase else {
            return Vec::new();
        };
        let proof = envelope::compact(&pending.input, signature);
        pending.body = match self.setting.campaign.endpoint.format {
            Format::Jws => proof,
            Format::Json => envelope::json_body(&pending.claims, &proof),
        };
        self.pending = Some((**pending).clone());
        self.post()
    }

    fn post(&mut self) -> Vec<Effect> {
        self.phase = Phase::Posting;
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

    fn answered(&mut self, reply: Option<Reply>) -> Vec<Effect> {
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

    fn accepted(&mut self, acceptance: Acceptance) -> Vec<Effect> {
        let mut effects = vec![Effect::Tell(Report::Sent {
            id: acceptance.id.clone(),
            status: acceptance.status.word(),
            count: acceptance.count,
        })];
        effects.extend(self.counted(acceptance.count));
        effects.push(Effect::Focus(Focus::Thanks));
        self.pending = None;
        self.phase = Phase::Sent(acceptance);
        effects
    }

    fn refused(&mut self, refusal: Refusal) -> Vec<Effect> {
        // Refused for certain, so nothing waits for an answer any more.
        let pending = self.pending.take();
        match (refusal.code.as_str(), refusal.now, pending) {
            // A wrong clock: once more with the endpoint's time and the same identity.
            ("iat_out_of_window", Some(now), Some(mut pending)) if !pending.again => {
                pending.claims.iat = now;
                pending.again = true;
                self.sign(pending)
            }
            ("rules", ..) if refusal.errors.iter().any(|(field, _)| self.asks(field)) => {
                let mut mistakes: Vec<Mistake> = Vec::new();
                for (field, code) in &refusal.errors {
                    // A field shows one mistake; for what is not on the form nobody can do anything.
                    if self.asks(field) && !mistakes.iter().any(|known| known.field == *field) {
                        mistakes.push(Mistake::reported(&self.setting.campaign, field, code));
                    }
                }
                self.show(mistakes)
            }
            ("closed", ..) => self.stop(Notice::Closed, "closed", false),
            (code, ..) => {
                // It is shown, and told to the page: a sentence might hold what was typed.
                let is_code = (1..=64).contains(&code.len())
                    && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                let code = if is_code { code } else { "refused" };
                self.stop(Notice::Refused(code.to_owned()), code, false)
            }
        }
    }

    fn counted(&mut self, count: Option<i64>) -> Vec<Effect> {
        let Some(count) = count.filter(|count| *count >= 0) else {
            return Vec::new();
        };
        self.count = Some(count);
        let goal = self.setting.campaign.counter.goal;
        vec![Effect::Tell(Report::Count { count, goal })]
    }

    /// What is passed on: the campaign's text and address.
    pub(crate) fn share_text(&self) -> String {
        match &self.setting.campaign.share {
            Some(share) => [&share.text, "\n", self.share_url()].concat(),
            None => self.share_url().to_owned(),
        }
    }

    pub(crate) fn share_url(&self) -> &str {
        match &self.setting.campaign.share {
            Some(share) if !share.url.is_empty() => &share.url,
            _ => &self.setting.page,
        }
    }
}
