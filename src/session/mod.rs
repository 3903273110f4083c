//! The course of one form, from the first key press to the receipt, as a function of state and
//! event. No browser, no wording: what is to be done comes out as [`Effect`]s, and whatever the
//! world answers comes in as [`Event`]s.

use crate::action::{Claims, Source};
use crate::answer::{self, Acceptance, Outcome};
use crate::campaign::{Campaign, Channel, Field, Kind, SealingKey, TargetingMode};
use crate::check::{FieldError, consent_of};
use crate::draft::{BODY, Draft, PUBLIC, SUBJECT, TARGETS, consent_name};
use crate::envelope::PublicKey;
use crate::outbox::OutboxEntry;
use crate::targeting::depends_on;

pub(crate) mod assist;
mod draft_storage;
mod language;
mod mail_app;
mod outbox;
mod risk;
mod sending;
mod sharing;

pub(crate) use language::LANGUAGE;
pub(crate) use mail_app::Mailing;

/// Where a form stands, apart from what is typed into it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormConfig {
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
    /// The address of the hosted form; empty where there is none, or this is it.
    pub hosted: String,
    /// A number of this form's own: with it targets are drawn, where chance decides.
    pub seed: u64,
    /// Whether this is a trial: what is sent is never counted and reaches nobody.
    pub test: bool,
    /// Whether the tab may keep what was typed until it is sent.
    pub keeps: bool,
    /// Whether it is in a frame: another page is around it.
    pub framed: bool,
    /// Which of the campaign's variants it shows; drawn when the form begins.
    pub variant: Option<String>,
}

/// The form and all that it remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub(crate) config: FormConfig,
    pub(crate) draft: Draft,
    pub(crate) phase: Phase,
    pub(crate) field_errors: Vec<FieldError>,
    pub(crate) notice: Option<Notice>,
    pub(crate) count: Option<i64>,
    pub(crate) shared: Option<ShareResult>,
    /// Whether the form hears of what is done with it: a hosted page does not.
    pub(crate) hears: bool,
    /// Whether somebody at risk asked for the receipt.
    pub(crate) receipt_shown: bool,
    /// The mail that the supporter is to send, or has sent.
    pub(crate) mailing: Option<Box<Mailing>>,
    /// What was copied last.
    pub(crate) copied: Channel,
    /// Whether the browser has ways of its own to pass things on.
    pub(crate) shares: bool,
    pub(crate) help: assist::Help,
    changes: Dirty,
    /// Whether somebody has written.
    wrote: bool,
    /// Whether what is to be done then was said.
    started: bool,
    attempt: u32,
    /// How often the message on its way was sent.
    tries: u32,
    /// The proof of work for the message on its way.
    proof: String,
    key_state: KeyState,
    /// What is about to be signed.
    next: Option<Box<Message>>,
    /// What was signed and may have arrived, the one on its way last. All of it has one identity, so
    /// that it counts once, whatever was changed in between.
    unclear: Vec<Message>,
    /// Whether the form was emptied while the message was on its way: nothing in it is that message any more.
    emptied: bool,
    /// Whether what has arrived is not what the form says.
    pub(crate) outdated: bool,
    /// The language that was asked for while the message was on its way.
    wish: Option<String>,
    /// Whether somebody chose the language.
    spoke: bool,
    /// Whether a language that was asked for can't be had.
    pub(crate) unspoken: bool,
    /// The message that the device keeps, or is to keep.
    pub(crate) kept: Option<Box<OutboxEntry>>,
    /// Whether this form is the first one since the page was opened: what the device keeps is none of the next
    /// person's business.
    first: bool,
    /// Whether somebody has pressed a button that sends.
    pressed: bool,
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
    Asking,
    /// Key, digests and identity are made.
    Preparing,
    /// What is to be sealed is, and the key signs.
    Signing,
    /// A proof of work is made.
    Proving,
    /// The endpoint is asked.
    Posting,
    /// Nobody answered, and it is asked once more in a while.
    Waiting,
    /// The device keeps it, and nobody else has it for certain; whether it is being sent.
    OutboxEntry(bool),
    /// The endpoint has it.
    Sent(Acceptance),
}

/// How far what signing needs is.
#[derive(Clone, Debug, PartialEq)]
enum KeyState {
    /// Nobody asked for it.
    None,
    /// It is being made.
    Asked,
    /// It is being made, and not any more what signing needs.
    Stale,
    /// It is there.
    Made(SigningInputs),
}

/// A message on its way.
#[derive(Clone, Debug, Default, PartialEq)]
struct Message {
    /// The claims as they are before they get an identity: by this the same message is known.
    said: String,
    claims: Claims,
    /// What is to be sealed, where the campaign seals.
    inside: String,
    key: PublicKey,
    input: String,
    /// Whether it can't be signed once more: it was, or its key is gone.
    settled: bool,
    body: String,
}

/// Facets of a session, as a set: what an event may have changed, or what a part of the form shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dirty(u16);

impl Dirty {
    /// None.
    pub const NOTHING: Self = Self(0);
    /// Everything: another screen.
    pub const SCREEN: Self = Self(1);
    /// How many have sent.
    pub const COUNT: Self = Self(1 << 1);
    /// What has to be mended.
    pub const MISTAKES: Self = Self(1 << 2);
    /// Who writes.
    pub const DETAILS: Self = Self(1 << 3);
    /// Who is written to.
    pub const TARGETS: Self = Self(1 << 4);
    /// What is written.
    pub const MESSAGE: Self = Self(1 << 5);
    /// What is agreed to.
    pub const CONSENTS: Self = Self(1 << 6);
    /// How far the message is on its way, and what went wrong.
    pub const PROGRESS: Self = Self(1 << 7);
    /// What became of passing it on.
    pub const SHARED: Self = Self(1 << 8);

    /// These and those.
    #[must_use]
    pub const fn and(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }

    /// Whether any of those is among these.
    pub const fn touch(self, those: Self) -> bool {
        self.0 & those.0 != 0
    }

    /// The facets that a control's value belongs to.
    fn of(name: &str, campaign: &Campaign) -> Self {
        match name {
            TARGETS => Self::TARGETS,
            SUBJECT | BODY => Self::MESSAGE,
            PUBLIC => Self::CONSENTS,
            _ if consent_of(campaign, name).is_some() => Self::CONSENTS,
            _ if depends_on(campaign, name) => Self::DETAILS.and(Self::TARGETS),
            _ => Self::DETAILS,
        }
    }
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
    /// It can't be sealed.
    CannotSeal,
    /// The page objected.
    Vetoed,
    /// A few words of one's own would be good.
    Nudge,
    /// No answer came yet, and it is tried again.
    Trying,
    /// The endpoint wants a proof of work first.
    Proving,
    /// The device can't keep it.
    NotKept,
    /// The device keeps it no longer.
    Dropped,
    /// What the device kept is refused, with this code, and is not here to be mended.
    KeptRefused(String),
    /// What the device kept went from another tab.
    Elsewhere,
    /// Of what the device kept, an earlier version had arrived.
    Before,
    /// What the device kept could not be sent in time.
    Expired,
    /// What was painted before was not this form.
    Repainted,
    /// The form was filled in further after a button was pressed: nothing was sent.
    Recheck,
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
    Submitted {
        /// Seconds since 1970.
        now: i64,
    },
    /// The page lets the message go, or not.
    Allowed(bool),
    /// All that signing needs is there.
    Prepared(SigningInputs),
    /// The message is sealed, or can't be.
    Sealed {
        /// Of this attempt.
        attempt: u32,
        /// The compact JWE.
        sealed: Option<String>,
    },
    /// The proof of work is made, or can't be.
    Proved {
        /// Of this attempt.
        attempt: u32,
        /// The proof.
        proof: Option<String>,
    },
    /// The key signed.
    Signed {
        /// Of this attempt.
        attempt: u32,
        /// r and s, 32 bytes each, in base64url.
        signature: String,
    },
    /// There is no key or no digest to be had.
    NotPrepared,
    /// There is no signature to be had.
    NotSigned {
        /// In this attempt.
        attempt: u32,
    },
    /// The wait that was asked for is over.
    Due {
        /// Of this attempt.
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
    /// The supporter pressed the button of this name.
    Acted(String),
    /// The time that was asked for: seconds since 1970.
    Time(i64),
    /// The browser has ways of its own to pass things on.
    CanShare,
    /// Start afresh.
    Reset,
    /// The supporter has done with the control of this name.
    Left(String),
    /// The page may be gone the next moment.
    Hidden,
    /// The page is left; the browser may show it again as it is now.
    Gone,
    /// What the tab kept of this form.
    Restored(String),
    /// What a link fills in: names and values.
    Prefilled(Vec<(String, String)>),
    /// What was painted before was not this form.
    Repainted {
        /// Whether the first paint was this form's own, and only what it holds is other since: by a draft, a link, a
        /// test or targets drawn at random.
        own: bool,
        /// Whether a button that sends was pressed on it. That press is dropped.
        pressed: bool,
    },
    /// The campaign in the language that was asked for.
    Spoken(Box<Campaign>),
    /// That language can't be had.
    NotSpoken,
    /// The device keeps the message now, or can't, or can't be asked.
    Stored(bool),
    /// What the device keeps of this campaign, where it was looked for: all of it, and what this tab sends
    /// now.
    Found {
        /// All of it.
        kept: Vec<OutboxEntry>,
        /// Whether there was some that was kept for too long.
        expired: bool,
        /// The identities of what this tab sends now.
        mine: Vec<String>,
    },
    /// The endpoint answered to what was kept, or nobody did.
    Drained {
        /// What was sent.
        kept: OutboxEntry,
        /// What came of it.
        outcome: Outcome,
    },
}

/// What signing needs and a pure function can't make.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningInputs {
    /// The action's identity: 128 random bits, in base64url.
    pub jti: String,
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
    Tell(PageEvent),
    /// Ask the page, by the cancelable event, whether the message may go.
    Ask,
    /// Make a fresh key, an identity and these texts' digests.
    Prepare(Vec<String>),
    /// Seal to a key.
    Seal {
        /// For this attempt.
        attempt: u32,
        /// What is to be sealed.
        plaintext: String,
        /// The campaign's key.
        key: SealingKey,
    },
    /// Make a proof of work.
    Prove {
        /// For this attempt.
        attempt: u32,
        /// The endpoint's challenge.
        challenge: String,
        /// The identity of the action that it is for.
        jti: String,
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
    /// Have the device keep this, and say whether it does.
    Store(OutboxEntry),
    /// Have it keep the message of this name no longer.
    Discard(String),
    /// Look for what it keeps of this campaign, and send what no other tab is sending.
    Drain,
    /// Say when so much time has passed.
    Wait {
        /// For this attempt.
        attempt: u32,
        /// So much: milliseconds.
        milliseconds: u32,
    },
    /// Fetch the count.
    FetchCount(String),
    /// Put this into the clipboard.
    Copy(String),
    /// Say what time it is.
    AskTime,
    /// Have the browser offer its own ways to pass this on.
    Share {
        /// What it is called.
        title: String,
        /// The text.
        text: String,
        /// The address.
        url: String,
    },
    /// Lead to this address in a while, unless the supporter does anything before.
    Lead(String),
    /// Move the keyboard's focus, after painting.
    Focus(Focus),
    /// Leave the page for this address, so that no way leads back.
    Leave(String),
    /// Have the tab keep this until it is closed.
    Keep(String),
    /// Have it keep nothing.
    Forget,
    /// Fetch the texts of this language, and read the campaign in it.
    Speak {
        /// The language (BCP 47).
        lang: String,
        /// Its place among the campaign's.
        place: u32,
    },
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
    /// The receipt.
    Receipt,
    /// The heading of the mail that is offered.
    Mail,
    /// The heading of the message that is kept.
    OutboxEntry,
    /// The field of the e-mail address.
    Email,
}

/// What the page is told. No personal data, ever.
#[derive(Clone, Debug, PartialEq)]
pub enum PageEvent {
    /// The form can be used.
    Ready,
    /// The supporter began.
    Start,
    /// Something has to be mended: names and codes.
    Invalid(Vec<(String, String)>),
    /// The endpoint has it.
    Sent {
        /// The action's identity, unless somebody may be at risk: a receipt is for nobody else then.
        id: Option<String>,
        /// What the endpoint did with it.
        status: &'static str,
        /// How many there are, unless somebody may be at risk: it would say which action is theirs.
        count: Option<i64>,
    },
    /// The device keeps it.
    Queued {
        /// The action's identity.
        id: String,
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
    pub fn new(mut config: FormConfig, now: i64) -> (Self, Vec<Effect>) {
        config.variant = config.campaign.vary(config.seed);
        let mut session = Session::editing(config);
        let Campaign { opens, closes, .. } = &session.config.campaign;
        session.phase = match (opens, closes) {
            (_, Some(closes)) if now >= closes.seconds() => Phase::Closed,
            (Some(opens), _) if now < opens.seconds() => Phase::NotYetOpen,
            _ => Phase::Editing,
        };
        let mut effects = vec![Effect::Tell(PageEvent::Ready)];
        if !session.config.count_url.is_empty() {
            effects.push(Effect::FetchCount(session.config.count_url.clone()));
        }
        (session, effects)
    }

    /// A form of a campaign that takes messages, before anything has happened.
    pub(crate) fn editing(config: FormConfig) -> Self {
        Session {
            draft: Draft::begun(&config.campaign, config.seed),
            config,
            phase: Phase::Editing,
            field_errors: Vec::new(),
            notice: None,
            count: None,
            shared: None,
            hears: true,
            receipt_shown: false,
            mailing: None,
            copied: Channel::Copy,
            shares: false,
            help: assist::Help::default(),
            changes: Dirty::SCREEN,
            wrote: false,
            started: false,
            attempt: 0,
            tries: 0,
            proof: String::new(),
            key_state: KeyState::None,
            next: None,
            unclear: Vec::new(),
            emptied: false,
            outdated: false,
            wish: None,
            spoke: false,
            unspoken: false,
            kept: None,
            first: true,
            pressed: false,
        }
    }

    /// The form as it stands when a hosted page is asked for, or posted back with field errors.
    pub fn hosted(
        config: FormConfig,
        now: i64,
        draft: Option<Draft>,
        field_errors: Vec<FieldError>,
    ) -> Self {
        let (mut session, _) = Session::new(config, now);
        let seed = session.config.seed;
        session.draft = draft.map_or(session.draft, |draft| draft.seeded(seed));
        session.field_errors = field_errors;
        session.hears = false;
        session.left(assist::EMAIL);
        session
    }

    /// The thanks that a hosted page shows.
    pub fn thanks(config: FormConfig, now: i64, acceptance: Acceptance) -> Self {
        let (mut session, _) = Session::new(config, now);
        session.count = acceptance.count;
        session.phase = Phase::Sent(acceptance);
        session.hears = false;
        session
    }

    /// A number of this form's own, with which lots are drawn.
    pub fn seed(&self) -> u64 {
        self.config.seed
    }

    /// The campaign's name on the wire.
    pub fn campaign(&self) -> &str {
        self.config.campaign.id.as_str()
    }

    /// The word for where the form is: `editing`, `sending`, `queued`, `sent` or `closed`.
    pub fn state(&self) -> &'static str {
        match self.phase {
            Phase::NotYetOpen | Phase::Closed => "closed",
            Phase::Editing => "editing",
            Phase::Asking
            | Phase::Preparing
            | Phase::Signing
            | Phase::Proving
            | Phase::Posting
            | Phase::Waiting => "sending",
            Phase::OutboxEntry(_) => "queued",
            Phase::Sent(_) => "sent",
        }
    }

    /// What the last event may have changed of what there is to see.
    pub fn changes(&self) -> Dirty {
        self.changes
    }

    /// The same form where so many are known to have sent.
    pub fn with_count(mut self, count: Option<i64>) -> Self {
        self.count = count;
        self
    }

    /// The same form with something that the supporter has to know.
    pub fn with_notice(mut self, notice: Notice) -> Self {
        self.notice = Some(notice);
        self
    }

    /// The next state, and what is to be done. An event that comes too late changes nothing.
    pub fn update(mut self, event: Event) -> (Self, Vec<Effect>) {
        let effects = self.take(event);
        (self, effects)
    }

    /// As [`update`](Self::update), in place.
    pub fn take(&mut self, event: Event) -> Vec<Effect> {
        self.changes = Dirty::NOTHING;
        match event {
            Event::Entered { name, value } => self.enter(&name, &value, None),
            Event::Ticked { name, value, ticked } => self.enter(&name, &value, Some(ticked)),
            Event::Submitted { now } if matches!(self.phase, Phase::Editing) => self.press(now),
            Event::Allowed(allowed) if matches!(self.phase, Phase::Asking) => match self.mailing {
                Some(_) => self.mail_allowed(allowed),
                None => self.allowed(allowed),
            },
            Event::Prepared(key_state) if matches!(self.key_state, KeyState::Asked) => {
                self.key_state = KeyState::Made(key_state);
                for message in &mut self.unclear {
                    message.settled = true;
                }
                self.prepare()
            }
            Event::Prepared(_) | Event::NotPrepared
                if matches!(self.key_state, KeyState::Stale) =>
            {
                self.key_state = KeyState::None;
                self.ask_for_materials().into_iter().collect()
            }
            Event::NotPrepared if matches!(self.key_state, KeyState::Asked) => {
                self.key_state = KeyState::None;
                match self.phase {
                    Phase::Preparing => self.stop(Notice::CannotSign, "signing_failed", false),
                    // There is time to try again until it is needed.
                    _ => Vec::new(),
                }
            }
            Event::Sealed { attempt, sealed }
                if attempt == self.attempt && matches!(self.phase, Phase::Signing) =>
            {
                self.sealed(sealed)
            }
            Event::Proved { attempt, proof }
                if attempt == self.attempt && matches!(self.phase, Phase::Proving) =>
            {
                self.proved(proof)
            }
            Event::Signed { attempt, signature }
                if attempt == self.attempt && matches!(self.phase, Phase::Signing) =>
            {
                self.signed(&signature)
            }
            Event::NotSigned { attempt }
                if attempt == self.attempt && matches!(self.phase, Phase::Signing) =>
            {
                self.stop(Notice::CannotSign, "signing_failed", false)
            }
            Event::Due { attempt } if attempt == self.attempt => self.due(),
            Event::Answered { attempt, reply }
                if attempt == self.attempt && matches!(self.phase, Phase::Posting) =>
            {
                self.answered(reply)
            }
            Event::Counted(body) => {
                // What was asked for before sending and comes after it is older.
                let sent = matches!(self.phase, Phase::Sent(_));
                let known = self.count.filter(|_| sent).unwrap_or(0);
                let count = answer::count(&body).filter(|count| *count >= known);
                self.counted(if sent { self.told_count(count) } else { count })
            }
            Event::Shared(channel) => self.share(&channel),
            Event::CanShare => {
                self.shares = true;
                self.changed(Dirty::SHARED);
                Vec::new()
            }
            Event::Time(now) => self.mailed(now),
            Event::Copied(result) if self.mail_copied(result) => Vec::new(),
            Event::Copied(result) => {
                self.shared = Some(result);
                self.changed(Dirty::SHARED);
                Vec::new()
            }
            Event::Acted(name) => match name.as_str() {
                "exit" => self.leave(),
                "show-receipt" => self.show_receipt(),
                act if self.helps(act) => self.act(act),
                act if self.queues(act) => self.queue(act),
                act => self.speak(act).unwrap_or_else(|| self.mail_act(act)),
            },
            Event::Reset => self.reset(),
            Event::Left(name) => self.left(&name),
            Event::Hidden => self.keep(),
            Event::Restored(kept) => self.restored(&kept),
            Event::Prefilled(values) => {
                self.prefilled(&values);
                Vec::new()
            }
            Event::Repainted { own, pressed } => self.repainted(own, pressed),
            Event::Gone => self.gone(),
            Event::Spoken(campaign) => self.spoken(*campaign),
            Event::Stored(stored) => self.stored(stored),
            Event::Found { kept, expired, mine } => self.found(kept, expired, &mine),
            Event::Drained { kept, outcome } => self.drained(kept, outcome),
            Event::NotSpoken => {
                self.unspoken = true;
                self.changed(Dirty::SCREEN);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Empties the form for the next person.
    fn reset(&mut self) -> Vec<Effect> {
        self.empty();
        // Only a campaign that was open can have been sent to; it is validated again on sending.
        if !matches!(self.phase, Phase::NotYetOpen | Phase::Closed) {
            self.phase = Phase::Editing;
        }
        self.notice = None;
        self.shared = None;
        self.receipt_shown = false;
        self.emptied = false;
        self.attempt += 1;
        self.next = None;
        self.unclear.clear();
        (self.outdated, self.unspoken, self.wish) = (false, false, None);
        // What is kept goes on its way without this form.
        self.kept = None;
        (self.first, self.pressed) = (false, false);
        self.forget().into_iter().collect()
    }

    /// Empties the form of everything that was entered.
    fn empty(&mut self) {
        self.draft = Draft::begun(&self.config.campaign, self.config.seed);
        self.help = assist::Help::default();
        self.field_errors.clear();
        self.mailing = None;
        (self.wrote, self.started) = (false, false);
        self.changed(Dirty::SCREEN);
    }

    fn changed(&mut self, these: Dirty) {
        self.changes = self.changes.and(these);
    }

    fn step(&mut self, phase: Phase) {
        self.phase = phase;
        self.changed(Dirty::PROGRESS);
    }

    /// A control has another value, or a box with this value was ticked or cleared; says whether that
    /// is new, and so may be.
    fn change(&mut self, name: &str, value: &str, ticked: Option<bool>) -> bool {
        // On its way is what was submitted; what is typed meanwhile is there if it has to go again.
        let writable = !matches!(
            self.phase,
            Phase::NotYetOpen | Phase::Closed | Phase::OutboxEntry(_) | Phase::Sent(_)
        );
        // An extension of the browser may have put a control of its own among ours.
        let same = match ticked {
            None => self.draft.get(name) == value,
            Some(ticked) => self.draft.has(name, value) == ticked,
        };
        // What an endpoint found wrong is mended by touching it.
        let same = same && !self.field_errors.iter().any(|field_error| field_error.field == name);
        if !writable || same || !self.asks(name) {
            return false;
        }
        match ticked {
            None => self.draft.set(name, value),
            Some(ticked) => self.draft.tick(name, value, ticked),
        }
        self.changed(Dirty::of(name, &self.config.campaign));
        self.wrote = true;
        true
    }

    /// As [`change`](Self::change), with what hangs on it: the field errors that are shown, and a mail that is offered.
    fn enter(&mut self, name: &str, value: &str, ticked: Option<bool>) -> Vec<Effect> {
        let validate = |session: &Self| session.validate().err().unwrap_or_default();
        let is_judged = !self.field_errors.is_empty();
        let before = if is_judged { validate(self) } else { Vec::new() };
        if self.change(name, value, ticked) {
            if is_judged {
                let after = validate(self);
                let of = |field_errors: &[FieldError], field: &str| {
                    field_errors.iter().find(|field_error| field_error.field == field).cloned()
                };
                // Of the other fields, those are validated anew whose field error hung on this one: a consent
                // on the country, the message on what fills it. What an endpoint reported stays.
                self.field_errors = std::mem::take(&mut self.field_errors)
                    .into_iter()
                    .filter_map(|known| {
                        let anew = known.field == name || of(&before, &known.field).is_some();
                        if anew { of(&after, &known.field) } else { Some(known) }
                    })
                    .collect();
                self.changed(Dirty::MISTAKES);
            }
            if self.mailing.is_some() {
                self.compare_mail();
            }
        }
        self.begun()
    }

    /// What is to be done when somebody begins to write.
    fn begun(&mut self) -> Vec<Effect> {
        if !self.wrote || std::mem::replace(&mut self.started, true) {
            return Vec::new();
        }
        let mut effects = vec![Effect::Tell(PageEvent::Start)];
        // Whoever begins will send: key and digests are made meanwhile.
        effects.extend(self.ask_for_materials());
        effects
    }

    /// What was entered.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Whether the form shows what its first markup showed: nothing was filled in but what was there `before`, it suggests
    /// the same subject, no targets are drawn at random, which no first markup names, and it is for no test.
    pub fn is_as_first(&self, before: &Draft) -> bool {
        let campaign = &self.config.campaign;
        let is_random = campaign.targeting.mode == TargetingMode::Random;
        let subject = assist::place_of_subject(campaign, &self.draft);
        let first = assist::place_of_subject(campaign, &Draft::begun(campaign, 0));
        let same_subject = subject.is_none() || subject == first;
        !self.config.test && !is_random && same_subject && self.draft == *before
    }

    /// The page is left. Where people may be at risk, nothing of the form is left for whoever comes back to it; a
    /// message on its way goes on, but nothing of what it says stays in the form.
    fn gone(&mut self) -> Vec<Effect> {
        if !self.config.campaign.is_at_risk() {
            return self.keep();
        }
        // What the page has not let go yet is not on its way.
        if self.state() != "sending" || matches!(self.phase, Phase::Asking) {
            return self.reset();
        }
        self.empty();
        self.emptied = true;
        Vec::new()
    }

    /// Whether the campaign asks for a field of this name.
    pub fn asks_for(&self, name: &str) -> bool {
        self.config.campaign.field(name).is_some()
    }

    /// Whether the form has a control of this name.
    pub fn asks(&self, name: &str) -> bool {
        let campaign = &self.config.campaign;
        [TARGETS, SUBJECT, BODY].contains(&name)
            || (name == PUBLIC && campaign.asks_for_public_name())
            || campaign.field(name).is_some()
            || consent_of(campaign, name).is_some()
    }

    /// The names of all controls, in the order of the form.
    fn names(&self) -> Vec<String> {
        let campaign = &self.config.campaign;
        let mut names = vec![TARGETS.to_owned()];
        names.extend(campaign.fields.iter().map(|field| field.id.0.clone()));
        names.extend([SUBJECT, BODY].map(str::to_owned));
        names.extend(campaign.consents.iter().map(|consent| consent_name(&consent.purpose.0)));
        names.push(PUBLIC.to_owned());
        names
    }

    /// Drops a press on what was painted before. Unless that was this form's `own`, what somebody ticked or chose
    /// there is no answer to what the form asks, and is cleared. What they typed stays: it is to be seen beside what
    /// it is typed into.
    fn repainted(&mut self, own: bool, pressed: bool) -> Vec<Effect> {
        let fresh = Draft::begun(&self.config.campaign, self.config.seed);
        for name in self.names() {
            let is_typed = match self.config.campaign.field(&name).map(Field::kind) {
                Some(Kind::Country | Kind::Choice | Kind::Choices | Kind::Checkbox) => false,
                Some(_) => true,
                None => name == SUBJECT || name == BODY,
            };
            if !own && !is_typed {
                self.draft.set(&name, "");
                fresh.all(&name).for_each(|value| self.draft.tick(&name, value, true));
            }
        }
        self.changed(Dirty::SCREEN);
        if !self.wrote && !pressed {
            return Vec::new();
        }
        self.notice = Some(if own { Notice::Recheck } else { Notice::Repainted });
        vec![Effect::Focus(Focus::Notice)]
    }

    fn counted(&mut self, count: Option<i64>) -> Vec<Effect> {
        let Some(count) = count.filter(|count| *count >= 0) else {
            return Vec::new();
        };
        self.count = Some(count);
        self.changed(Dirty::COUNT);
        let goal = self.config.campaign.counter.goal;
        vec![Effect::Tell(PageEvent::Count { count, goal })]
    }
}
