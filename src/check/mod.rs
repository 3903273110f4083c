//! Validation of a submission. The browser runs it before signing, the endpoint after verifying the signature, the
//! hosted form before storing. There is no other validation, so form and endpoint cannot disagree.
//!
//! Lengths are Unicode scalar values, never grapheme clusters: engines count those differently, above all in Khmer.
//! Names may contain any letter, mark and joiner; only control characters are rejected, including bidirectional ones.

mod claims;
mod field_error;
mod limits;
mod validator;

use crate::action::{Action, Message};
use crate::campaign::{Campaign, Consent, Target};
use crate::draft::{CONSENT, Draft, SUBJECT, clean_line};
use crate::message;
use crate::targeting::offered;
pub use crate::value::{
    LONGEST_CODE, LONGEST_EMAIL, LONGEST_LANGUAGE, LONGEST_LONG_TEXT, LONGEST_SOURCE,
    LONGEST_SUBJECT, LONGEST_TEXT, is_email, length,
};
pub use claims::{check_claims, check_received, check_sealed};
pub use field_error::{FieldError, FieldErrorKind};
pub use limits::limits;
use validator::Validator;

/// Field name in errors about a message to a target that the campaign does not have.
const MESSAGES: &str = "messages";

/// Validates a draft as it would be sent (see [`Draft::composed`]).
///
/// # Errors
/// Every field error, in the order of the form.
pub fn check(campaign: &Campaign, draft: &Draft) -> Result<Action, Vec<FieldError>> {
    let offer = offered(campaign, draft);
    let mut validate = Validator { campaign, draft, offer, field_errors: Vec::new() };
    // Field errors come in the order of the form.
    let targets = validate.targets();
    let (person, answers) = validate.fields();
    let (message, messages) = validate.messages(&targets);
    let consents = validate.consents();
    let public = validate.public();
    if !validate.field_errors.is_empty() {
        return Err(validate.field_errors);
    }
    let subject_index = None;
    let mut action =
        Action { person, message, messages, subject_index, targets, consents, answers, public };
    let count = campaign.message.subjects.len() as u32;
    // A single subject needs no index.
    let mut known = (0..count).filter(|_| count > 1);
    action.subject_index = known.find(|index| bears(campaign, draft, &action, *index));
    Ok(action)
}

/// Whether the action's subject is the suggested one with this index, with placeholders filled in.
fn bears(campaign: &Campaign, draft: &Draft, action: &Action, index: u32) -> bool {
    let Some(suggested) = campaign.message.subjects.get(index as usize) else {
        return false;
    };
    let to: Vec<&Target> =
        campaign.targets.iter().filter(|target| action.targets.contains(&target.id.0)).collect();
    let is = |message: &Message, to: &[&Target]| {
        clean_line(&message::fill(suggested, draft, to, message::room(campaign, SUBJECT)))
            == message.subject
    };
    if action.messages.0.is_empty() {
        return is(&action.message, &to);
    }
    to.chunks(1).zip(&action.messages.0).all(|(to, (_, message))| is(message, to))
}

/// The consent that the control with this name asks for.
pub(crate) fn consent_of<'a>(campaign: &'a Campaign, name: &str) -> Option<&'a Consent> {
    let purpose = name.strip_prefix(CONSENT)?;
    campaign.consents.iter().find(|consent| consent.purpose.0 == purpose)
}
