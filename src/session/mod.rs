//! The course of one form, from the first key press to the receipt, as a function of state and
//! event. No browser, no wording: what is to be done comes out as [`Effect`]s, and whatever the
//! world answers comes in as [`Event`]s.

pub(crate) mod assist;
mod dirty;
mod draft_storage;
mod effect;
mod entry;
mod event;
mod language;
mod mail_app;
mod outbox;
mod reset;
mod risk;
mod sharing;
mod state;
mod submit;

use crate::answer::{self, Acceptance};
use crate::campaign::{Campaign, Channel};
use crate::check::FieldError;
use crate::draft::Draft;
pub use dirty::Dirty;
pub use effect::{Effect, Focus, PageEvent};
pub use event::{Event, Reply, SigningInputs};
pub(crate) use language::LANGUAGE;
pub(crate) use state::Phase;
pub use state::{FormConfig, Notice, Session, ShareResult};
use state::{KeyState, Message};

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

    fn changed(&mut self, these: Dirty) {
        self.changes = self.changes.and(these);
    }

    fn step(&mut self, phase: Phase) {
        self.phase = phase;
        self.changed(Dirty::PROGRESS);
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
