//! What a session holds.

use super::Dirty;
use super::SigningInputs;
use super::assist;
use super::mail_app::Mailing;
use crate::action::{Claims, Source};
use crate::answer::Acceptance;
use crate::campaign::{Campaign, Channel};
use crate::check::FieldError;
use crate::draft::Draft;
use crate::envelope::PublicKey;
use crate::outbox::OutboxEntry;

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

/// One form: what outlives a reset, and all of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub(crate) config: FormConfig,
    pub(crate) lasting: Lasting,
    pub(crate) state: State,
    pub(crate) entered: Entered,
    /// What was signed and may have arrived, the one on its way last. All of it has one identity, so
    /// that it counts once, whatever was changed in between.
    pub(super) unclear: Vec<Message>,
    /// The message that the device keeps, or is to keep.
    pub(crate) kept: Option<Box<OutboxEntry>>,
    pub(crate) notice: Option<Notice>,
    /// The language that was asked for while the message was on its way.
    pub(super) wish: Option<String>,
    /// Whether a language that was asked for can't be had.
    pub(crate) unspoken: bool,
    pub(super) changes: Dirty,
}

/// What outlives a reset: nothing of it is about a person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lasting {
    pub(crate) count: Option<i64>,
    /// Whether the form hears of what is done with it: a hosted page does not.
    pub(crate) hears: bool,
    /// Whether the browser has ways of its own to pass things on.
    pub(crate) shares: bool,
    /// Whether somebody chose the language.
    pub(super) spoke: bool,
    /// Whether this form is the first one since the page was opened: what the device keeps is none of the next
    /// person's business.
    pub(super) first: bool,
    /// Number of the current attempt: answers to earlier ones are late.
    pub(super) attempt: u32,
    /// A key that was made and has signed nothing, or is being made.
    pub(super) key_state: KeyState,
}

/// What a person entered, and what the form remembers of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entered {
    pub(crate) draft: Draft,
    pub(crate) field_errors: Vec<FieldError>,
    pub(crate) help: assist::Help,
    /// The mail that the supporter is to send, or has sent.
    pub(crate) mailing: Option<Box<Mailing>>,
    /// Whether somebody has written.
    pub(super) wrote: bool,
    /// Whether the effects of a start were emitted.
    pub(super) started: bool,
}

/// Where a form stands, with what belongs to that state only.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// The campaign has not begun.
    NotYetOpen,
    /// The campaign is over.
    Closed,
    /// The supporter fills in the form.
    Editing,
    /// A message is on its way.
    Submitting(Submission),
    /// The device keeps the message, and nobody else has it for certain.
    Queued(Queued),
    /// The endpoint has the message.
    Sent(Sent),
}

/// A message on its way, from the press of the button to the endpoint's last answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Submission {
    pub(super) step: Step,
    /// What is about to be signed.
    pub(super) next: Option<Box<Message>>,
    /// How often the message was sent.
    pub(super) tries: u32,
    /// The proof of work for the message.
    pub(super) proof: String,
    /// Whether the form was emptied meanwhile: nothing in it is that message any more.
    pub(super) emptied: bool,
}

/// The steps of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
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
}

/// A message that the device keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queued {
    /// Whether it is being sent.
    pub(crate) sending: bool,
    /// Whether somebody has pressed the button that sends it.
    pub(super) pressed: bool,
}

/// A message that has arrived.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) acceptance: Acceptance,
    /// Whether what has arrived is not what the form says.
    pub(crate) outdated: bool,
    /// Whether somebody at risk asked for the receipt.
    pub(crate) receipt_shown: bool,
    /// What became of copying the text to share.
    pub(crate) shared: Option<ShareResult>,
    /// What was copied last.
    pub(crate) copied: Channel,
}

impl Entered {
    /// What a form holds before anybody has entered anything.
    pub(super) fn begun(config: &FormConfig) -> Self {
        Entered {
            draft: Draft::begun(&config.campaign, config.seed),
            field_errors: Vec::new(),
            help: assist::Help::default(),
            mailing: None,
            wrote: false,
            started: false,
        }
    }
}

impl Submission {
    pub(super) fn begun(step: Step, next: Option<Box<Message>>) -> Self {
        Submission { step, next, tries: 0, proof: String::new(), emptied: false }
    }
}

impl Sent {
    pub(super) fn new(acceptance: Acceptance) -> Self {
        Sent {
            acceptance,
            outdated: false,
            receipt_shown: false,
            shared: None,
            copied: Channel::Copy,
        }
    }
}

impl State {
    /// The submission at this step.
    pub(super) fn is_at(&self, step: Step) -> bool {
        matches!(self, State::Submitting(submission) if submission.step == step)
    }

    /// The message that is about to be signed.
    pub(super) fn take_next(&mut self) -> Option<Box<Message>> {
        match self {
            State::Submitting(submission) => submission.next.take(),
            _ => None,
        }
    }

    /// Whether the form was emptied while its message was on its way.
    pub(super) fn is_emptied(&self) -> bool {
        matches!(self, State::Submitting(submission) if submission.emptied)
    }
}

/// How far what signing needs is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyState {
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
pub(super) struct Message {
    /// The claims as they are before they get an identity: by this the same message is known.
    pub(super) said: String,
    pub(super) claims: Claims,
    /// What is to be sealed, where the campaign seals.
    pub(super) inside: String,
    pub(super) key: PublicKey,
    pub(super) input: String,
    /// Whether it can't be signed once more: it was, or its key is gone.
    pub(super) settled: bool,
    pub(super) body: String,
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
