//! Validation of claims, as an endpoint receives them.

use super::field_error::{FieldError, FieldErrorKind};
use super::limits::limits;
use super::validator::Validator;
use super::{MESSAGES, bears, check, consent_of};
use crate::action::{Action, Claims, DeliveryClaim};
use crate::base64url;
use crate::campaign::{Campaign, Kind, STANDARD_FIELDS};
use crate::draft::{BODY, Draft, SUBJECT, TARGETS, consent_name};
use crate::sealing;
use crate::targeting::possible;
use crate::value::{
    LONGEST_ADDRESS, LONGEST_ID, LONGEST_LANGUAGE, LONGEST_SOURCE, LONGEST_TEXT, holds_control,
    length,
};

/// Validates claims against the campaign that they name.
///
/// # Errors
/// Every field error, in the order of the form; errors in claims that no form of this campaign could produce come last.
pub fn check_claims(campaign: &Campaign, claims: &Claims) -> Result<Action, Vec<FieldError>> {
    let (varied, mut unasked) = varied(campaign, claims);
    let campaign = varied.as_ref().unwrap_or(campaign);
    if claims.sealed.is_some() {
        unasked.push(FieldError::new("sealed", FieldErrorKind::UnknownChoice));
    }
    let apart = campaign.message.per_target;
    if apart && claims.message.is_some() {
        unasked.push(FieldError::new("message", FieldErrorKind::UnknownChoice));
    }
    if !apart && !claims.messages.0.is_empty() {
        unasked.push(FieldError::new(MESSAGES, FieldErrorKind::UnknownChoice));
    }
    unasked.extend(around(campaign, claims));
    // An answer must not set another control, and only a field with several choices has several values.
    let misfits = claims.answers.0.iter().filter(|(name, given)| {
        let field =
            campaign.fields.iter().find(|field| !field.is_standard() && field.id.0 == *name);
        !field.is_some_and(|f| f.kind() == Kind::Choices || given.values().len() == 1)
    });
    for (name, _) in misfits {
        unasked.push(FieldError::new(name, FieldErrorKind::UnknownChoice));
    }
    let draft = Draft::claimed(claims);
    match check(campaign, &draft) {
        Ok(action) => {
            let strangers = claims.messages.0.iter().any(|(id, _)| !action.targets.contains(id));
            if strangers && apart {
                unasked.push(FieldError::new(MESSAGES, FieldErrorKind::UnknownChoice));
            }
            if claims.subject_index.is_some_and(|index| !bears(campaign, &draft, &action, index)) {
                unasked.push(FieldError::new("subject_index", FieldErrorKind::UnknownChoice));
            }
            unasked.extend(not_for_all(claims, &action.targets));
            if unasked.is_empty() { Ok(action) } else { Err(unasked) }
        }
        Err(mut field_errors) => {
            field_errors.retain(|field_error| !unasked.contains(field_error));
            field_errors.append(&mut unasked);
            Err(field_errors)
        }
    }
}

/// Validates the readable claims of a sealed campaign. The sealed part can be validated only after decryption, by
/// [`check_claims`] of [`sealing::joined`]. Targets and consents that depend on a sealed country or postcode are not
/// checked here.
///
/// # Errors
/// Every field error, including one for each member that should be sealed and is readable.
pub fn check_sealed(campaign: &Campaign, claims: &Claims) -> Result<(), Vec<FieldError>> {
    let (varied, mut field_errors) = varied(campaign, claims);
    let campaign = varied.as_ref().unwrap_or(campaign);
    let fault = match claims.sealed.as_deref().map(sealing::open) {
        None => Some(FieldErrorKind::Missing),
        Some(Err(_)) => Some(FieldErrorKind::Malformed),
        Some(Ok(_)) => None,
    };
    field_errors.extend(fault.map(|kind| FieldError::new("sealed", kind)));
    for name in sealing::exposed(claims) {
        field_errors.push(FieldError::new(name, FieldErrorKind::UnknownChoice));
    }
    field_errors.extend(around(campaign, claims));
    let count = campaign.message.subjects.len();
    if claims.subject_index.is_some_and(|index| index as usize >= count) {
        field_errors.push(FieldError::new("subject_index", FieldErrorKind::UnknownChoice));
    }
    let draft = Draft::claimed(&sealing::split(claims.clone()).0);
    let offer = possible(campaign, &draft);
    let mut validate = Validator { campaign, draft: &draft, offer, field_errors: Vec::new() };
    let targets = validate.targets();
    validate.consents();
    validate.public();
    validate.field_errors.extend(not_for_all(claims, &targets));
    field_errors.retain(|field_error| !validate.field_errors.contains(field_error));
    validate.field_errors.append(&mut field_errors);
    if validate.field_errors.is_empty() { Ok(()) } else { Err(validate.field_errors) }
}

/// Validates claims as an endpoint receives them: by [`check_sealed`] for a sealed campaign, else by
/// [`check_claims`].
///
/// # Errors
/// Every field error.
pub fn check_received(campaign: &Campaign, claims: &Claims) -> Result<(), Vec<FieldError>> {
    match campaign.sealing {
        Some(_) => check_sealed(campaign, claims),
        None => check_claims(campaign, claims).map(|_| ()),
    }
}

/// The campaign with the texts of the variant that the claims name, if they name one; a field error if it is unknown.
pub(super) fn varied(campaign: &Campaign, claims: &Claims) -> (Option<Campaign>, Vec<FieldError>) {
    match claims.variant.as_deref().map(|id| campaign.in_variant(id)) {
        Some(None) => (None, vec![FieldError::new("variant", FieldErrorKind::UnknownChoice)]),
        varied => (varied.flatten(), Vec::new()),
    }
}

/// Field errors of the claims beside person, message and answers.
pub(super) fn around(campaign: &Campaign, claims: &Claims) -> Vec<FieldError> {
    // Without the claim, the endpoint delivers.
    let fits = match claims.delivery {
        Some(DeliveryClaim::MailApp) => campaign.is_mailed(),
        Some(DeliveryClaim::Server) | None => !campaign.is_only_mailed(),
    };
    let delivery = (!fits).then(|| "delivery".to_owned());
    let strange = claims.consents.iter().map(|consent| consent_name(&consent.purpose));
    let strange = strange.filter(|name| consent_of(campaign, name).is_none());
    let names = delivery.into_iter().chain(strange);
    let mut field_errors: Vec<FieldError> =
        names.map(|name| FieldError::new(&name, FieldErrorKind::UnknownChoice)).collect();
    texts(campaign, claims, &mut field_errors);
    field_errors
}

/// Checks every string in the claims for control characters and length, with the white space around it. Exports and
/// logs show all of them, also those that the campaign does not ask for.
pub(super) fn texts(campaign: &Campaign, claims: &Claims, field_errors: &mut Vec<FieldError>) {
    let mut refuse = |field: &str, kind: Option<FieldErrorKind>| {
        field_errors.extend(kind.map(|kind| FieldError::new(field, kind)));
    };
    let source = &claims.source;
    for (field, text, most) in [
        ("jti", &claims.jti, LONGEST_ID),
        ("aud", &claims.aud, LONGEST_ADDRESS),
        ("campaign", &claims.campaign, LONGEST_ID),
        ("source.page", &source.page, LONGEST_SOURCE),
        ("source.partner", &source.partner, LONGEST_SOURCE),
        ("source.utm_source", &source.utm_source, LONGEST_SOURCE),
    ] {
        refuse(field, unfit(text, most));
    }
    let variant = claims.variant.iter().map(|id| ("variant", id));
    for (field, id) in variant.chain(claims.targets.iter().map(|id| (TARGETS, id))) {
        refuse(field, unfit(id, LONGEST_ID));
    }
    let targets = campaign.targets.len();
    refuse(TARGETS, repeated(claims.targets.len(), targets));
    let consents = &claims.consents;
    let digests =
        consents.iter().map(|consent| ("consents.wording_digest", &consent.wording_digest));
    for (field, digest) in digests.chain([("campaign_digest", &claims.campaign_digest)]) {
        let fits =
            digest.is_empty() || base64url::decode(digest).is_some_and(|digest| digest.len() == 32);
        refuse(field, (!fits).then_some(FieldErrorKind::Malformed));
    }
    let languages = consents.iter().map(|consent| ("consents.lang", &consent.lang));
    for (field, lang) in languages.chain([("lang", &claims.lang)]) {
        refuse(field, (!is_like_language(lang)).then_some(FieldErrorKind::Malformed));
    }
    for name in STANDARD_FIELDS {
        refuse(name, padded(campaign, name, claims.person.get(name)));
    }
    let messages = claims.messages.0.iter().map(|(_, message)| message);
    for message in messages.chain(&claims.message) {
        refuse(SUBJECT, padded(campaign, SUBJECT, &message.subject));
        refuse(BODY, padded(campaign, BODY, &message.body));
    }
    for (name, given) in &claims.answers.0 {
        for value in given.values() {
            refuse(name, padded(campaign, name, value));
        }
        let options = campaign.field(name).map_or(0, |field| field.options.len());
        refuse(name, repeated(given.values().len(), options.max(1)));
    }
}

/// The fault of a value before white space around it is trimmed.
pub(super) fn padded(campaign: &Campaign, field: &str, text: &str) -> Option<FieldErrorKind> {
    let (_, most) = limits(campaign, field);
    // CRLF line ends become LF later.
    let most = most.max(LONGEST_TEXT).saturating_mul(2);
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.contains(control) {
        return Some(FieldErrorKind::ControlCharacter);
    }
    (length(text) > most).then_some(FieldErrorKind::TooLong(most))
}

/// The fault of a single-line string, with the white space around it.
pub(super) fn unfit(text: &str, most: u32) -> Option<FieldErrorKind> {
    if holds_control(text, false) {
        return Some(FieldErrorKind::ControlCharacter);
    }
    (length(text) > most).then_some(FieldErrorKind::TooLong(most))
}

/// `TooMany` if a list has more than twice as many items as there are known values. Duplicates up to that are ignored.
pub(super) fn repeated(count: usize, known: usize) -> Option<FieldErrorKind> {
    (count > 2 * known).then_some(FieldErrorKind::TooMany(known as u32))
}

/// Whether a text is empty or has the syntax of a language tag. The campaign knows which languages it has.
pub(super) fn is_like_language(tag: &str) -> bool {
    tag.len() as u32 <= LONGEST_LANGUAGE
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An error if the message would go to more targets than the claims name.
pub(super) fn not_for_all(claims: &Claims, targets: &[String]) -> Option<FieldError> {
    let more = targets.iter().any(|target| !claims.targets.contains(target));
    let all = targets.len() as u32;
    (more && !claims.targets.is_empty())
        .then(|| FieldError::new(TARGETS, FieldErrorKind::TooFew(all)))
}
