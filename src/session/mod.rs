//! State machine of one form, from the first key press to the receipt. [`Session::update`] is a pure function of state
//! and [`Event`]; it returns [`Effect`]s for the shell. It knows neither browser nor texts.

pub(crate) mod assist;
mod deliver;
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
use crate::campaign::{Campaign, Display};
use crate::check::FieldError;
use crate::draft::Draft;
use crate::rng::splitmix64;
pub use deliver::{Attempt, Delivery, deliver};
pub use dirty::Dirty;
pub use effect::{Effect, Focus, PageEvent};
pub use event::{Event, Reply, SigningInputs};
pub(crate) use language::LANGUAGE;
use state::{Entered, KeyState, Lasting, Message, Step, Submission};
pub use state::{FormConfig, Notice, Session, ShareResult};
pub(crate) use state::{Queued, Sent, State};

impl Session {
    /// A new form at the time `now` (seconds since 1970), and its first effects.
    pub fn new(mut config: FormConfig, now: i64) -> (Self, Vec<Effect>) {
        config.variant = config.campaign.vary(config.seed);
        let mut session = Session::editing(config);
        let Campaign { opens, closes, .. } = &session.config.campaign;
        session.state = match (opens, closes) {
            (_, Some(closes)) if now >= closes.seconds() => State::Closed,
            (Some(opens), _) if now < opens.seconds() => State::NotYetOpen,
            _ => State::Editing,
        };
        let mut effects = vec![Effect::Tell(PageEvent::Ready)];
        if !session.config.count_url.is_empty() {
            effects.push(Effect::FetchCount(session.config.count_url.clone()));
        }
        (session, effects)
    }

    /// A new form of an open campaign.
    pub(crate) fn editing(config: FormConfig) -> Self {
        let lasting = Lasting {
            count: None,
            hears: true,
            shares: false,
            spoke: false,
            first: true,
            attempt: 0,
            looks: 0,
            key_state: KeyState::None,
        };
        Session::unused(config, lasting, State::Editing)
    }

    /// An unused form: everything but the arguments has its initial value.
    fn unused(config: FormConfig, lasting: Lasting, state: State) -> Self {
        Session {
            entered: Entered::begun(&config),
            config,
            lasting,
            state,
            unclear: Vec::new(),
            kept: None,
            notice: None,
            wish: None,
            unspoken: false,
            changes: Dirty::SCREEN,
        }
    }

    /// The form of a hosted page, new or posted back with field errors.
    pub fn hosted(
        config: FormConfig,
        now: i64,
        draft: Option<Draft>,
        field_errors: Vec<FieldError>,
    ) -> Self {
        let (mut session, _) = Session::new(config, now);
        let seed = session.config.seed;
        session.entered.draft = draft.map_or(session.entered.draft, |draft| draft.seeded(seed));
        session.entered.show_errors(field_errors);
        session.lasting.hears = false;
        session.left(assist::EMAIL);
        session
    }

    /// The thanks of a hosted page.
    pub fn thanks(config: FormConfig, now: i64, acceptance: Acceptance) -> Self {
        let (mut session, _) = Session::new(config, now);
        session.lasting.count = acceptance.count;
        session.state = State::Sent(Sent::new(acceptance));
        session.lasting.hears = false;
        session
    }

    /// The form's seed for random choices.
    pub fn seed(&self) -> u64 {
        self.config.seed
    }

    /// The campaign's id.
    pub fn campaign_id(&self) -> &str {
        self.config.campaign.id.as_str()
    }

    /// The campaign, with the texts of the variant that this form shows.
    pub fn campaign(&self) -> &Campaign {
        &self.config.campaign
    }

    /// The campaign, mutable, so that it can be lent.
    pub fn campaign_mut(&mut self) -> &mut Campaign {
        &mut self.config.campaign
    }

    /// What the form shows at first, by the campaign and the tag.
    pub(crate) fn display(&self) -> Display {
        self.config.campaign.display.clone().with_words(&self.config.display)
    }

    /// Whether this field had an error, so that the element that contains it stays open.
    pub(crate) fn opened(&self, name: &str) -> bool {
        self.entered.opened.iter().any(|opened| opened == name)
    }

    /// The public name of the state: `editing`, `sending`, `queued`, `sent` or `closed`.
    pub fn state(&self) -> &'static str {
        match self.state {
            State::NotYetOpen | State::Closed => "closed",
            State::Editing => "editing",
            State::Submitting(_) => "sending",
            State::Queued(_) => "queued",
            State::Sent(_) => "sent",
        }
    }

    /// The facets that the last event may have changed.
    pub fn changes(&self) -> Dirty {
        self.changes
    }

    /// The same form with a known count.
    pub fn with_count(mut self, count: Option<i64>) -> Self {
        self.lasting.count = count;
        self
    }

    /// The same form with a notice.
    pub fn with_notice(mut self, notice: Notice) -> Self {
        self.entered.help.nudged |= notice == Notice::Nudge;
        self.notice = Some(notice);
        self
    }

    /// Returns the next state and the effects of an event. An event that is late or impossible in this state changes
    /// nothing.
    pub fn update(mut self, event: Event) -> (Self, Vec<Effect>) {
        let effects = self.take(event);
        (self, effects)
    }

    /// In-place version of [`update`](Self::update). It dispatches each event to a handler.
    pub fn take(&mut self, event: Event) -> Vec<Effect> {
        self.changes = Dirty::NOTHING;
        match event {
            Event::Entered { name, value } => self.enter(&name, &value, None),
            Event::PressedEarly => {
                self.withdraw_suggestion();
                Vec::new()
            }
            Event::Ticked { name, value, ticked } => self.enter(&name, &value, Some(ticked)),
            Event::Submitted { now } if matches!(self.state, State::Editing) => self.press(now),
            Event::Allowed(allowed) if self.state.is_at(Step::Asking) => match self.entered.mailing
            {
                Some(_) => self.mail_allowed(allowed),
                None => self.allowed(allowed),
            },
            Event::Prepared(key_state) if matches!(self.lasting.key_state, KeyState::Asked) => {
                self.lasting.key_state = KeyState::Made(key_state);
                for message in &mut self.unclear {
                    message.settled = true;
                }
                self.prepare()
            }
            Event::Prepared(_) | Event::NotPrepared
                if matches!(self.lasting.key_state, KeyState::Stale) =>
            {
                self.lasting.key_state = KeyState::None;
                self.ask_for_materials().into_iter().collect()
            }
            Event::NotPrepared if matches!(self.lasting.key_state, KeyState::Asked) => {
                self.lasting.key_state = KeyState::None;
                // If it is not needed yet, it is tried again later.
                match self.state.is_at(Step::Preparing) {
                    true => self.stop(Notice::CannotSign, "signing_failed", false),
                    false => Vec::new(),
                }
            }
            Event::Sealed { attempt, sealed }
                if attempt == self.lasting.attempt && self.state.is_at(Step::Signing) =>
            {
                self.sealed(sealed)
            }
            Event::Proved { attempt, proof }
                if attempt == self.lasting.attempt && self.state.is_at(Step::Proving) =>
            {
                self.proved(proof)
            }
            Event::Signed { attempt, signature }
                if attempt == self.lasting.attempt && self.state.is_at(Step::Signing) =>
            {
                self.signed(&signature)
            }
            Event::NotSigned { attempt }
                if attempt == self.lasting.attempt && self.state.is_at(Step::Signing) =>
            {
                self.stop(Notice::CannotSign, "signing_failed", false)
            }
            Event::Due { attempt } if attempt == self.lasting.attempt => self.due(),
            Event::Answered { attempt, reply }
                if attempt == self.lasting.attempt && self.state.is_at(Step::Posting) =>
            {
                self.answered(reply)
            }
            Event::Counted(body) => {
                // A count that was requested before sending is outdated after it.
                let sent = matches!(self.state, State::Sent(_));
                let known = self.lasting.count.filter(|_| sent).unwrap_or(0);
                let count = answer::count(&body).filter(|count| *count >= known);
                let mut effects = self.counted(if sent { self.told_count(count) } else { count });
                effects.extend(self.count_later());
                effects
            }
            Event::CountDue => vec![Effect::FetchCount(self.config.count_url.clone())],
            Event::Shared(channel) => self.share(&channel),
            Event::CanShare => {
                self.lasting.shares = true;
                self.changed(Dirty::SHARED);
                Vec::new()
            }
            Event::Time(now) => self.mailed(now),
            Event::Copied(result) if self.mail_copied(result) => Vec::new(),
            Event::Copied(result) => {
                if let State::Sent(sent) = &mut self.state {
                    sent.shared = Some(result);
                    self.changed(Dirty::SHARED);
                }
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
            Event::Found { kept, expired, mine } => self.found(kept, expired, mine),
            Event::Drained { kept, proved, outcome } => self.drained(kept, proved, outcome),
            Event::EntryProved { entry, proof } => self.entry_proved(entry, proof),
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

    /// Moves the submission to a step, or begins a new one at it.
    fn step(&mut self, step: Step) {
        match &mut self.state {
            State::Submitting(submission) => submission.step = step,
            _ => self.state = State::Submitting(Submission::begun(step, None)),
        }
        self.changed(Dirty::PROGRESS);
    }

    /// Returns to editing.
    fn edit(&mut self) {
        self.state = State::Editing;
        self.changed(Dirty::PROGRESS);
    }

    /// The next look at the count, after 45 to 75 seconds: thousands of forms that were opened at once must not ask at
    /// once. If supporters may be at risk, the form asks for nothing that it does not need.
    fn count_later(&mut self) -> Option<Effect> {
        self.lasting.looks += 1;
        let random = splitmix64(self.config.seed ^ (u64::from(self.lasting.looks) << 32));
        let milliseconds = 45_000 + (random % 30_000) as u32;
        (!self.config.campaign.is_at_risk()).then_some(Effect::CountLater { milliseconds })
    }

    fn counted(&mut self, count: Option<i64>) -> Vec<Effect> {
        let Some(count) = count.filter(|count| *count >= 0) else {
            return Vec::new();
        };
        self.lasting.count = Some(count);
        self.changed(Dirty::COUNT);
        let goal = self.config.campaign.counter.goal;
        vec![Effect::Tell(PageEvent::Count { count, goal })]
    }
}
