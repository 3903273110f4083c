//! State of a session.

use super::Dirty;
use super::SigningInputs;
use super::assist;
use super::mail_app::Mailing;
use crate::action::{Claims, Source};
use crate::answer::Acceptance;
use crate::campaign::{Campaign, Channel};
use crate::check::FieldError;
use crate::country;
use crate::draft::Draft;
use crate::envelope::PublicKey;
use crate::outbox::OutboxEntry;

/// Configuration of a form: campaign, addresses and context.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormConfig {
    /// The campaign, in the language of the form.
    pub campaign: Campaign,
    /// SHA-256 of the campaign file's bytes, in base64url.
    pub campaign_digest: String,
    /// The endpoint's absolute address.
    pub endpoint: String,
    /// Address of the count; empty for none.
    pub count_url: String,
    /// Address of the page, without query and fragment. It is shared if the campaign names no other.
    pub page: String,
    /// Source for the claims.
    pub source: Source,
    /// Address of the hosted form; empty if there is none, or if this is it.
    pub hosted: String,
    /// Seed for random choices.
    pub seed: u64,
    /// Test mode: messages are neither counted nor delivered.
    pub test: bool,
    /// Whether the partner allows draft storage in the tab.
    pub keeps: bool,
    /// Whether the form is in a frame.
    pub framed: bool,
    /// The variant that it shows, picked when the form begins.
    pub variant: Option<String>,
    /// The words of the tag's attribute `display`.
    pub display: String,
    /// Country (ISO 3166-1 alpha-2) that is suggested; empty for none.
    pub region: String,
}

impl FormConfig {
    /// Whether the form suggests its `region` as the country.
    pub(super) fn suggests_country(&self) -> bool {
        self.campaign.suggests_country() && country::is_known(&self.region)
    }
}

/// One form: the part that outlives a reset, and the data of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub(crate) config: FormConfig,
    pub(crate) lasting: Lasting,
    pub(crate) state: State,
    pub(crate) entered: Entered,
    /// Signed messages that may have arrived, the current one last. All have the same identity, so that they count
    /// once.
    pub(super) unclear: Vec<Message>,
    /// The outbox entry that is shown, or is being stored.
    pub(crate) kept: Option<Box<OutboxEntry>>,
    pub(crate) notice: Option<Notice>,
    /// The language that was requested during a submission.
    pub(super) wish: Option<String>,
    /// Whether a requested language could not be loaded.
    pub(crate) unspoken: bool,
    pub(super) changes: Dirty,
}

/// The part of a session that outlives a reset. It contains no personal data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lasting {
    pub(crate) count: Option<i64>,
    /// Whether the form receives events: a hosted page without script does not.
    pub(crate) hears: bool,
    /// Whether the browser has a share dialog.
    pub(crate) shares: bool,
    /// Whether the supporter chose the language.
    pub(super) spoke: bool,
    /// Whether this is the first form since the page was opened. After a reset, stored messages are not shown, because
    /// they belong to another person.
    pub(super) first: bool,
    /// Number of the current attempt. Results of earlier ones are ignored.
    pub(super) attempt: u32,
    /// How often the count was looked at.
    pub(super) looks: u32,
    /// State of the next signing key.
    pub(super) key_state: KeyState,
}

/// Input of one person, and state derived from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entered {
    pub(crate) draft: Draft,
    pub(crate) field_errors: Vec<FieldError>,
    /// Fields that had an error; the elements that contain them stay open.
    pub(crate) opened: Vec<String>,
    pub(crate) help: assist::Help,
    /// The e-mail that is offered to the supporter, or was sent.
    pub(crate) mailing: Option<Box<Mailing>>,
    /// Whether there was any input.
    pub(super) wrote: bool,
    /// Whether the effects of the first input were emitted.
    pub(super) started: bool,
}

/// State of a form, with the data of that state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// The campaign has not opened.
    NotYetOpen,
    /// The campaign has closed.
    Closed,
    /// The supporter fills in the form.
    Editing,
    /// A message is being sent.
    Submitting(Submission),
    /// The message is in the outbox.
    Queued(Queued),
    /// The endpoint has stored the message.
    Sent(Sent),
}

/// A submission, from the press of the button to the endpoint's last response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Submission {
    pub(super) step: Step,
    /// The message that is about to be signed.
    pub(super) next: Option<Box<Message>>,
    /// How often the message was sent.
    pub(super) tries: u32,
    /// The proof of work for the message.
    pub(super) proof: String,
    /// Whether the form was emptied since.
    pub(super) emptied: bool,
}

/// The steps of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The page is asked for permission.
    Asking,
    /// Key, digests and identity are made.
    Preparing,
    /// The message is encrypted, if required, and signed.
    Signing,
    /// A proof of work is made.
    Proving,
    /// The request is running.
    Posting,
    /// No response; waiting for the next try.
    Waiting,
}

/// A message in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queued {
    /// Whether it is being sent.
    pub(crate) sending: bool,
    /// Whether the supporter pressed the button that sends it.
    pub(super) pressed: bool,
}

/// A message that was stored by the endpoint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) acceptance: Acceptance,
    /// Whether an earlier version arrived, not the one in the form.
    pub(crate) outdated: bool,
    /// Whether the supporter asked for the receipt.
    pub(crate) receipt_shown: bool,
    /// Result of copying the text to share.
    pub(crate) shared: Option<ShareResult>,
    /// The channel whose text was copied last.
    pub(crate) copied: Channel,
}

impl Entered {
    /// Initial state, before any input.
    pub(super) fn begun(config: &FormConfig) -> Self {
        let mut draft = Draft::begun(&config.campaign, config.seed);
        if config.suggests_country() {
            draft.set("country", &config.region);
        }
        Entered {
            draft,
            opened: Vec::new(),
            field_errors: Vec::new(),
            help: assist::Help::default(),
            mailing: None,
            wrote: false,
            started: false,
        }
    }

    /// Shows these errors. The element that contains a field with an error opens, and stays open after the correction.
    pub(super) fn show_errors(&mut self, field_errors: Vec<FieldError>) {
        self.opened.extend(field_errors.iter().map(|error| error.field.clone()));
        self.field_errors = field_errors;
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
    /// Whether there is a submission at this step.
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

    /// Whether the form was emptied during the submission.
    pub(super) fn is_emptied(&self) -> bool {
        matches!(self, State::Submitting(submission) if submission.emptied)
    }
}

/// State of the next signing key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyState {
    /// Not requested.
    None,
    /// Requested.
    Asked,
    /// Requested, but for outdated wordings.
    Stale,
    /// Ready.
    Made(SigningInputs),
}

/// A message with its signing state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    /// Claims and sealed text without identity and time; equal for equal messages.
    pub(super) said: String,
    pub(super) claims: Claims,
    /// The text to encrypt, in a sealed campaign.
    pub(super) inside: String,
    pub(super) key: PublicKey,
    pub(super) input: String,
    /// Whether it cannot be signed again: it was already, or its key is gone.
    pub(super) settled: bool,
    pub(super) body: String,
}

/// A message to the supporter that does not concern a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// No response, or an unclear one.
    Unreachable,
    /// The endpoint is busy, with the seconds to wait if known.
    Busy(Option<u32>),
    /// The endpoint rejected the message with this code.
    Refused(String),
    /// The campaign has closed since.
    Closed,
    /// Key, digests or signature could not be made.
    CannotSign,
    /// Encryption failed.
    CannotSeal,
    /// The page denied permission.
    Vetoed,
    /// The supporter is asked to add own words.
    Nudge,
    /// No response yet; trying again.
    Trying,
    /// The endpoint requires a proof of work.
    Proving,
    /// The device could not store the message.
    NotKept,
    /// The stored message was deleted.
    Dropped,
    /// The endpoint rejected a stored message with this code, and it cannot be opened for correction.
    KeptRefused(String),
    /// Another tab sent or deleted the stored message.
    Elsewhere,
    /// An earlier version of the stored message had arrived.
    Before,
    /// A stored message has expired.
    Expired,
    /// The first paint was that of another form.
    Repainted,
    /// The form changed after the button was pressed on the first paint; nothing was sent.
    Recheck,
}

/// Result of copying the text to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareResult {
    /// It was copied.
    Copied,
    /// It could not be copied.
    NotCopied,
}
