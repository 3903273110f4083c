//! The one judgement of what a supporter sends: the browser asks it before signing, the endpoint
//! after verifying, the hosted form before recording.
//!
//! Lengths are Unicode scalar values, never graphemes, on which engines differ (for Khmer above
//! all). Names may hold any letter, mark and joiner: only control characters are refused, those of direction among
//! them.

use crate::action::{
    Action, Agreement, AnswerValue, Claims, DeliveryClaim, Message, Person, PublicName,
};
use crate::campaign::{
    Campaign, Consent, Field, FieldId, Kind, STANDARD_FIELDS, Target, TargetingMode,
};
use crate::country;
use crate::draft::{BODY, CONSENT, Draft, PUBLIC, SUBJECT, TARGETS, TICKED, clean, consent_name};
use crate::envelope;
use crate::message;
use crate::phone::{is_phone, is_within};
use crate::postcode;
use crate::sealing;
use crate::shape::Table;
use crate::targeting::{self, Offer, offered, possible};
use crate::time::days_since_1970;

/// The longest subject.
pub const LONGEST_SUBJECT: u32 = 200;
/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const LONGEST_EMAIL: u32 = 254;
/// The longest line of text.
pub const LONGEST_TEXT: u32 = 200;
/// The longest answer of several lines.
pub const LONGEST_LONG_TEXT: u32 = 2000;
/// The longest postcode and phone number.
pub const LONGEST_CODE: u32 = 32;
/// The longest text about where a supporter came from: longer than any origin.
pub const LONGEST_SOURCE: u32 = 300;
/// The longest language tag (BCP 47, section 4.4.1).
pub const LONGEST_LANGUAGE: u32 = 35;
/// The longest id of a campaign, a target or a variant.
const LONGEST_ID: u32 = 64;
/// The longest address of an endpoint.
const LONGEST_ADDRESS: u32 = 2000;
/// Where a message to one target is reported that nobody can take.
const MESSAGES: &str = "messages";

/// Something that the supporter has to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the control.
    pub field: String,
    /// What is wrong with it.
    pub kind: FieldErrorKind,
}

/// What can be wrong with what was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// Nothing was entered, ticked or chosen.
    Missing,
    /// More than so many characters.
    TooLong(u32),
    /// Fewer than so many characters.
    TooShort(u32),
    /// A control character, or one of direction where it may not stand.
    ControlCharacter,
    /// Not of the form that such a thing has.
    Malformed,
    /// Not one of the choices.
    UnknownChoice,
    /// Fewer choices than so many.
    TooFew(u32),
    /// More choices than so many.
    TooMany(u32),
    /// Not the text that the campaign has fixed.
    Altered,
    /// Refused by the endpoint, for a reason that this widget does not know.
    Refused,
}

impl FieldError {
    fn new(field: &str, kind: FieldErrorKind) -> Self {
        FieldError { field: field.to_owned(), kind }
    }

    /// The code on the wire: what is wrong, and with what, like `email_malformed`.
    pub fn code(&self) -> String {
        let subject = match self.field.as_str() {
            name if name.starts_with(CONSENT) => "consent",
            name if is_named_by_us(name) => name,
            _ => "answer",
        };
        [subject, "_", self.kind.word()].concat()
    }

    /// The field error that an endpoint reports by field and code.
    pub fn reported(campaign: &Campaign, field: &str, code: &str) -> Self {
        let (least, most) = limits(campaign, field);
        let kind = match code {
            _ if code.ends_with("_missing") => FieldErrorKind::Missing,
            _ if code.ends_with("_too_long") => FieldErrorKind::TooLong(most),
            _ if code.ends_with("_too_short") => FieldErrorKind::TooShort(least),
            _ if code.ends_with("_control_character") => FieldErrorKind::ControlCharacter,
            _ if code.ends_with("_malformed") => FieldErrorKind::Malformed,
            _ if code.ends_with("_unknown_choice") => FieldErrorKind::UnknownChoice,
            _ if code.ends_with("_too_few") => {
                FieldErrorKind::TooFew(targeting::limits(campaign).0)
            }
            _ if code.ends_with("_too_many") => {
                FieldErrorKind::TooMany(targeting::limits(campaign).1)
            }
            _ if code.ends_with("_altered") => FieldErrorKind::Altered,
            _ => FieldErrorKind::Refused,
        };
        FieldError::new(field, kind)
    }
}

impl FieldErrorKind {
    fn word(self) -> &'static str {
        match self {
            FieldErrorKind::Missing => "missing",
            FieldErrorKind::TooLong(_) => "too_long",
            FieldErrorKind::TooShort(_) => "too_short",
            FieldErrorKind::ControlCharacter => "control_character",
            FieldErrorKind::Malformed => "malformed",
            FieldErrorKind::UnknownChoice => "unknown_choice",
            FieldErrorKind::TooFew(_) => "too_few",
            FieldErrorKind::TooMany(_) => "too_many",
            FieldErrorKind::Altered => "altered",
            FieldErrorKind::Refused => "refused",
        }
    }
}

fn is_named_by_us(name: &str) -> bool {
    STANDARD_FIELDS.contains(&name) || [SUBJECT, BODY, TARGETS, PUBLIC].contains(&name)
}

/// The least and most characters of a control's value.
pub fn limits(campaign: &Campaign, name: &str) -> (u32, u32) {
    let field = campaign.field(name);
    let most = match (name, field.map(Field::kind)) {
        (BODY, _) => return (campaign.message.min, campaign.message.max),
        (SUBJECT, _) => LONGEST_SUBJECT,
        ("email", _) => LONGEST_EMAIL,
        ("phone" | "postal_code", _) => LONGEST_CODE,
        (_, Some(Kind::LongText)) => LONGEST_LONG_TEXT,
        _ => LONGEST_TEXT,
    };
    (1, field.and_then(|field| field.max).map_or(most, |max| max.min(most)))
}

/// Validates a draft as it would be sent (see [`Draft::composed`]).
///
/// # Errors
/// Every field error, in the order of the form.
pub fn check(campaign: &Campaign, draft: &Draft) -> Result<Action, Vec<FieldError>> {
    let offer = offered(campaign, draft);
    let mut validate = Validator { campaign, draft, offer, field_errors: Vec::new() };
    // In the order of the form, which is the order of the field errors.
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
    // Of a single one there is nothing to tell.
    let mut known = (0..count).filter(|_| count > 1);
    action.subject_index = known.find(|index| bears(campaign, draft, &action, *index));
    Ok(action)
}

/// Whether an action bears the suggested subject of this number, as it is filled in.
fn bears(campaign: &Campaign, draft: &Draft, action: &Action, index: u32) -> bool {
    let Some(suggested) = campaign.message.subjects.get(index as usize) else {
        return false;
    };
    let to: Vec<&Target> =
        campaign.targets.iter().filter(|target| action.targets.contains(&target.id.0)).collect();
    let is = |message: &Message, to: &[&Target]| {
        clean(&message::fill(suggested, draft, to, message::room(campaign, SUBJECT)))
            == message.subject
    };
    if action.messages.0.is_empty() {
        return is(&action.message, &to);
    }
    to.chunks(1).zip(&action.messages.0).all(|(to, (_, message))| is(message, to))
}

/// Validates claims against the campaign that they name.
///
/// # Errors
/// Every field error, in the order of the form; what this campaign can't take at all comes last.
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
    // An answer must not pass for anything else that the form asks, nor lose one of several.
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

/// Validates claims of a sealed campaign as far as they can be read; what is sealed, only whoever unseals it can
/// validate, by [`check_claims`] of [`sealing::joined`]. Whom somebody in an unknown country may write to, and what
/// is asked of people of some countries only, stays open.
///
/// # Errors
/// Every field error, what should be sealed and is not among them.
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

/// Validates claims as an endpoint receives them: [`check_sealed`] where the campaign seals, else
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

/// The campaign with the texts of the variant that claims name, where they name one: what was suggested is
/// what it says.
fn varied(campaign: &Campaign, claims: &Claims) -> (Option<Campaign>, Vec<FieldError>) {
    match claims.variant.as_deref().map(|id| campaign.in_variant(id)) {
        Some(None) => (None, vec![FieldError::new("variant", FieldErrorKind::UnknownChoice)]),
        varied => (varied.flatten(), Vec::new()),
    }
}

/// What of the claims about a message the campaign can't take.
fn around(campaign: &Campaign, claims: &Claims) -> Vec<FieldError> {
    // Whoever does not say so has not sent it by mail.
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

/// What no text of claims may be, whatever the campaign asks and whichever version of it they name: exports and
/// logs show all of them, and white space around a value is no place to hide in.
fn texts(campaign: &Campaign, claims: &Claims, field_errors: &mut Vec<FieldError>) {
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
            digest.is_empty() || envelope::decode(digest).is_some_and(|digest| digest.len() == 32);
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

/// What a value may not be before white space around it is taken away.
fn padded(campaign: &Campaign, field: &str, text: &str) -> Option<FieldErrorKind> {
    let (_, most) = limits(campaign, field);
    // CRLF becomes LF.
    let most = most.max(LONGEST_TEXT).saturating_mul(2);
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.contains(control) {
        return Some(FieldErrorKind::ControlCharacter);
    }
    (length(text) > most).then_some(FieldErrorKind::TooLong(most))
}

/// What a text of one line may not be: not even around its value.
fn unfit(text: &str, most: u32) -> Option<FieldErrorKind> {
    if holds_control(text, false) {
        return Some(FieldErrorKind::ControlCharacter);
    }
    (length(text) > most).then_some(FieldErrorKind::TooLong(most))
}

/// Whether there are so many in a list that some must be repeated again and again; one that comes twice is passed
/// over.
fn repeated(count: usize, known: usize) -> Option<FieldErrorKind> {
    (count > 2 * known).then_some(FieldErrorKind::TooMany(known as u32))
}

/// Whether a text is empty or looks like a language tag: of which ones there are, the campaign knows.
fn is_like_language(tag: &str) -> bool {
    tag.len() as u32 <= LONGEST_LANGUAGE
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What was signed for some must not go to all.
fn not_for_all(claims: &Claims, targets: &[String]) -> Option<FieldError> {
    let more = targets.iter().any(|target| !claims.targets.contains(target));
    let all = targets.len() as u32;
    (more && !claims.targets.is_empty())
        .then(|| FieldError::new(TARGETS, FieldErrorKind::TooFew(all)))
}

/// The consent that a control of this name asks for.
pub(crate) fn consent_of<'a>(campaign: &'a Campaign, name: &str) -> Option<&'a Consent> {
    let purpose = name.strip_prefix(CONSENT)?;
    campaign.consents.iter().find(|consent| consent.purpose.0 == purpose)
}

struct Validator<'a> {
    campaign: &'a Campaign,
    draft: &'a Draft,
    offer: Offer<'a>,
    field_errors: Vec<FieldError>,
}

impl Validator<'_> {
    fn field_error(&mut self, field: &str, kind: FieldErrorKind) {
        if !self.field_errors.iter().any(|known| known.field == field) {
            self.field_errors.push(FieldError::new(field, kind));
        }
    }

    fn fields(&mut self) -> (Person, Table<AnswerValue>) {
        let campaign = self.campaign;
        let (mut person, mut answers) = (Person::default(), Vec::new());
        for field in &campaign.fields {
            let name = field.id.as_str();
            if field.is_standard() {
                person.set(name, self.line(field));
                continue;
            }
            let given = match field.kind() {
                Kind::Choices => AnswerValue::Several(self.choices(field)),
                _ => AnswerValue::One(self.line(field)),
            };
            if given.values().iter().any(|value| !value.is_empty()) {
                answers.push((name.to_owned(), given));
            }
        }
        let asked = |name: &str| campaign.field(name).is_some();
        for name in STANDARD_FIELDS.into_iter().filter(|name| !asked(name)) {
            // What is given without being asked for is held to the same rules.
            let unasked = Field { id: FieldId(name.to_owned()), ..Field::default() };
            person.set(name, self.line(&unasked));
        }
        let draft = self.draft;
        for name in draft.names() {
            if let Some((SUBJECT | BODY, id)) = name.split_once('/') {
                let known = || campaign.targets.iter().any(|target| target.id.0 == id);
                if !campaign.message.per_target || !known() {
                    self.field_error(MESSAGES, FieldErrorKind::UnknownChoice);
                }
            } else if !name.starts_with(CONSENT) && !is_named_by_us(name) && !asked(name) {
                self.field_error(name, FieldErrorKind::UnknownChoice);
            }
        }
        (person, Table(answers))
    }

    /// Several values, each of which must be one of the options.
    fn choices(&mut self, field: &Field) -> Vec<String> {
        let name = field.id.as_str();
        let known = field.options.iter().map(|option| option.id.as_str());
        let Some(chosen) = distinct(self.draft.all(name), known) else {
            self.field_error(name, FieldErrorKind::UnknownChoice);
            return Vec::new();
        };
        if chosen.is_empty() && field.required {
            self.field_error(name, FieldErrorKind::Missing);
        }
        chosen
    }

    /// One value, validated by the field's kind.
    fn line(&mut self, field: &Field) -> String {
        let name = field.id.as_str();
        let value = clean(self.draft.get(name));
        let is_needed = field.required || self.offer.waits == Some(name);
        if value.is_empty() || (is_needed && is_blank(&value)) {
            if is_needed {
                self.field_error(name, FieldErrorKind::Missing);
            }
            return value;
        }
        let (_, most) = limits(self.campaign, name);
        let kind = field.kind();
        let chosen = || field.options.iter().any(|option| option.id == value);
        let is_postcode = || postcode::fits(self.draft.get("country").trim(), &value);
        let fault = if holds_control(&value, kind == Kind::LongText) {
            Some(FieldErrorKind::ControlCharacter)
        } else if length(&value) > most {
            Some(FieldErrorKind::TooLong(most))
        } else {
            match kind {
                Kind::Email if !is_email(&value) => Some(FieldErrorKind::Malformed),
                Kind::Phone if !is_phone(&value) => Some(FieldErrorKind::Malformed),
                Kind::Number if !is_number(&value) => Some(FieldErrorKind::Malformed),
                Kind::Date if !is_date(&value) => Some(FieldErrorKind::Malformed),
                Kind::Country if !country::is_known(&value) => Some(FieldErrorKind::UnknownChoice),
                Kind::Choice if !chosen() => Some(FieldErrorKind::UnknownChoice),
                Kind::Checkbox if value != TICKED => Some(FieldErrorKind::UnknownChoice),
                _ if name == "postal_code" && !is_postcode() => Some(FieldErrorKind::Malformed),
                _ => None,
            }
        };
        if let Some(fault) = fault {
            self.field_error(name, fault);
        } else if self.offer.waits == Some(name) {
            // Without it there is nobody to write to.
            self.field_error(name, FieldErrorKind::Missing);
        }
        value
    }

    fn targets(&mut self) -> Vec<String> {
        let known = &self.campaign.targets;
        let ids = known.iter().map(|target| target.id.as_str());
        let Some(chosen) = distinct(self.draft.all(TARGETS), ids.clone()) else {
            self.field_error(TARGETS, FieldErrorKind::UnknownChoice);
            return Vec::new();
        };
        let ids = ids.map(str::to_owned);
        let by_lot = self.campaign.targeting.mode == TargetingMode::Random;
        let offer = &self.offer;
        let (least, most) = match offer.choice {
            // Which ones chance drew, only the form knows.
            _ if by_lot => targeting::limits(self.campaign),
            // The field for which this waits is missed in its own place.
            _ if offer.waits.is_some() => return Vec::new(),
            _ if chosen.iter().any(|id| !offer.includes(id)) => {
                self.field_error(TARGETS, FieldErrorKind::UnknownChoice);
                return Vec::new();
            }
            None if offer.targets.is_empty() => {
                self.field_error(TARGETS, FieldErrorKind::Missing);
                return Vec::new();
            }
            None => return offer.targets.iter().map(|target| target.id.0.clone()).collect(),
            Some(limits) => limits,
        };
        let count = chosen.len() as u32;
        if count < least {
            self.field_error(TARGETS, FieldErrorKind::TooFew(least));
        } else if count > most {
            self.field_error(TARGETS, FieldErrorKind::TooMany(most));
        }
        // In the campaign's order, so that the same choice gives the same bytes.
        ids.filter(|id| chosen.contains(id)).collect()
    }

    /// What is said to all of these targets, or to each.
    fn messages(&mut self, targets: &[String]) -> (Message, Table<Message>) {
        let campaign = self.campaign;
        let to: Vec<&Target> =
            campaign.targets.iter().filter(|target| targets.contains(&target.id.0)).collect();
        if !campaign.message.per_target || to.is_empty() {
            return (self.message([SUBJECT, BODY], &to), Table::default());
        }
        let mut messages = Vec::new();
        for target in to {
            let names = [SUBJECT, BODY].map(|name| message::name_for(name, target));
            let message = self.message([&names[0], &names[1]], &[target]);
            messages.push((target.id.0.clone(), message));
        }
        (Message::default(), Table(messages))
    }

    /// The message that stands under these names.
    fn message(&mut self, names: [&str; 2], to: &[&Target]) -> Message {
        let template = &self.campaign.message;
        let [subject, body] = names.map(|name| clean(self.draft.get(name)));
        for (name, value) in [(SUBJECT, &subject), (BODY, &body)] {
            let (least, most) = limits(self.campaign, name);
            let count = length(value);
            if is_blank(value) {
                self.field_error(name, FieldErrorKind::Missing);
            } else if holds_control(value, name == BODY) {
                self.field_error(name, FieldErrorKind::ControlCharacter);
            } else if count < least {
                self.field_error(name, FieldErrorKind::TooShort(least));
            } else if count > most {
                self.field_error(name, FieldErrorKind::TooLong(most));
            }
        }
        let room = message::room(self.campaign, BODY);
        let filled = |part: &str| clean(&message::fill(&clean(part), self.draft, to, room));
        let (subject_stands, body_stands) = if template.editable {
            (true, is_framed(&body, &filled(&template.head), &filled(&template.foot)))
        } else {
            let suggested = template.subjects.iter().any(|known| filled(known) == subject);
            (suggested, body == message::body(self.campaign, self.draft, to))
        };
        for (name, stands) in [(SUBJECT, subject_stands), (BODY, body_stands)] {
            if !stands {
                self.field_error(name, FieldErrorKind::Altered);
            }
        }
        Message { subject, body }
    }

    fn consents(&mut self) -> Vec<Agreement> {
        let campaign = self.campaign;
        let country = self.draft.get("country");
        let asked = campaign.consents.iter().filter(|consent| consent.is_asked_in(country));
        let mut agreements = Vec::new();
        for consent in asked {
            let name = consent_name(consent.purpose.as_str());
            let granted = self.draft.has(&name, TICKED);
            if consent.required && !granted {
                self.field_error(&name, FieldErrorKind::Missing);
            }
            agreements.push(Agreement {
                purpose: consent.purpose.0.clone(),
                granted,
                wording: consent.wording.clone(),
            });
        }
        let draft = self.draft;
        for name in draft.names() {
            if name.starts_with(CONSENT) && consent_of(campaign, name).is_none() {
                self.field_error(name, FieldErrorKind::UnknownChoice);
            }
        }
        agreements
    }

    fn public(&mut self) -> PublicName {
        let word = self.draft.get(PUBLIC);
        if !word.is_empty() && PublicName::of(word).is_none() {
            self.field_error(PUBLIC, FieldErrorKind::UnknownChoice);
        }
        PublicName::of(word).unwrap_or_default()
    }
}

/// Whether a body holds head and foot as [`message::joined`] sets them about the supporter's own.
fn is_framed(body: &str, head: &str, foot: &str) -> bool {
    let gap = |part: &str| if part.is_empty() { "" } else { message::GAP };
    let (before, after) = ([head, gap(head)].concat(), [gap(foot), foot].concat());
    let own = body.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&after));
    own.is_some() || body == message::joined([head, "", foot])
}

/// Whether nothing of a text can be seen. Among letters such characters have their uses: Khmer has its words ended by
/// U+200B.
#[inline(never)]
fn is_blank(text: &str) -> bool {
    // Of Default_Ignorable_Code_Point (Unicode, section 5.21) what a keyboard or a copy brings, and the blank of Braille; first and last of each range.
    const UNSEEN: [u16; 28] = [
        0xad, 0xad, 0x34f, 0x34f, 0x61c, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f,
        0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x206f, 0x2800, 0x2800, 0x3164, 0x3164, 0xfe00,
        0xfe0f, 0xfeff, 0xfeff, 0xffa0, 0xffa0,
    ];
    text.chars().all(|c| c.is_whitespace() || is_within(c, &UNSEEN) || c as u32 >> 12 == 0xe0)
}

/// The length that counts: Unicode scalar values.
pub fn length(text: &str) -> u32 {
    // Bytes that go on with a character begin with the bits 10.
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count() as u32
}

/// Each of the values once, where all of them are known.
fn distinct<'a, 'k>(
    values: impl Iterator<Item = &'a str>,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Option<Vec<String>> {
    let mut distinct: Vec<String> = Vec::new();
    for value in values.map(str::trim).filter(|value| !value.is_empty()) {
        if !known.clone().any(|known| known == value) {
            return None;
        }
        if !distinct.iter().any(|known| known == value) {
            distinct.push(value.to_owned());
        }
    }
    Some(distinct)
}

/// Whether a value holds a control character. In several lines, tab and line end are none, and controls of direction
/// (UAX #9, sections 2.1 to 2.5) may stand where each is ended in its paragraph; left open, they would turn around
/// whatever is shown behind the value.
pub(crate) fn holds_control(value: &str, lines: bool) -> bool {
    // A bit for each embedding (0) and isolate (1) that is open, the innermost one last, behind a first 1.
    let mut open = 1u32;
    for c in value.chars() {
        let isolate = u32::from(c > '\u{202e}');
        let fault = match c {
            '\u{202c}' | '\u{2069}' => {
                let ended = open;
                open >>= 1;
                open == 0 || ended & 1 != isolate
            }
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2068}' => {
                open = open << 1 | isolate;
                // Nobody writes thirty within one another.
                !lines || open >> 31 != 0
            }
            '\n' | '\u{2029}' if lines => open > 1,
            _ => c.is_control() && !(lines && c == '\t'),
        };
        if fault {
            return true;
        }
    }
    open > 1
}

/// The beginning of a text of one line, less what [`holds_control`] finds in it.
pub(crate) fn fitting(text: &str, mut most: u32) -> String {
    let mut fitting = String::new();
    for c in text.chars() {
        if most > 0 && !holds_control(c.encode_utf8(&mut [0; 4]), false) {
            fitting.push(c);
            most -= 1;
        }
    }
    fitting
}

/// The HTML standard's rule for e-mail addresses, let out for domains and names beyond ASCII,
/// which travel as typed.
pub fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let local_fits =
        |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c) || is_foreign(c);
    let label_fits = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || is_foreign(c))
    };
    !local.is_empty()
        && length(local) <= 64
        && local.chars().all(local_fits)
        && domain.contains(is_dot)
        && domain.split(is_dot).all(label_fits)
}

/// A dot between the labels of a domain: keyboards for Chinese and Japanese have three more
/// (RFC 3490, section 3.1).
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// A character beyond ASCII that is neither space nor control.
fn is_foreign(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !c.is_control()
}

fn is_number(value: &str) -> bool {
    value.parse::<i64>().is_ok()
}

/// A day as a date control gives it: `2024-10-24`.
fn is_date(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let &[year, month, day] = &parts[..] else {
        return false;
    };
    let lengths = [year.len(), month.len(), day.len()] == [4, 2, 2];
    let digits = parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let number = |part: &str| part.parse::<u16>().ok().map(i64::from);
    let numbers = (number(year), number(month), number(day));
    lengths
        && digits
        && matches!(numbers, (Some(y), Some(m), Some(d)) if days_since_1970(y, m, d).is_some())
}
