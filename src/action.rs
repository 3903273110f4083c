//! One submission: [`Action`], valid by construction, and [`Claims`], its form on the wire.

use crate::campaign::Campaign;
use crate::json::{Json, Value, Writer};
use crate::shape::{Reading, Shape, Table, Written, record, string_enum};
use crate::value::{LONGEST_SOURCE, fitting};

/// A valid action. Only [`check`](crate::check::check) makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    pub(crate) person: Person,
    pub(crate) message: Message,
    pub(crate) messages: Table<Message>,
    pub(crate) subject_index: Option<u32>,
    pub(crate) targets: Vec<String>,
    pub(crate) consents: Vec<Agreement>,
    pub(crate) answers: Table<AnswerValue>,
    pub(crate) public: PublicName,
}

/// The supporter's answer to one consent, with the wording beside the box.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Purpose of the consent.
    pub purpose: String,
    /// Whether the supporter agreed.
    pub granted: bool,
    /// The wording beside the box.
    pub wording: String,
}

/// The claims that do not come from the supporter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimContext {
    /// The action's identity: 128 random bits in base64url.
    pub jti: String,
    /// Seconds since 1970.
    pub iat: i64,
    /// The endpoint's address without query and fragment.
    pub aud: String,
    /// SHA-256 of the campaign file's bytes, in base64url.
    pub campaign_digest: String,
    /// SHA-256 of each consent's wording in base64url, in the order of [`Action::wordings`]; empty
    /// if not computed yet.
    pub wording_digests: Vec<String>,
    /// Where the supporter came from.
    pub source: Source,
    /// Whether it is a test.
    pub test: bool,
    /// Which variant of the texts was shown.
    pub variant: Option<String>,
}

impl Action {
    /// Who acts.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The message to all targets; empty if each target gets its own.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The message to each target, by target id; empty if all targets get the same one.
    pub fn messages(&self) -> &Table<Message> {
        &self.messages
    }

    /// Index of the suggested subject, if the campaign has several and the supporter left it unchanged.
    pub fn subject_index(&self) -> Option<u32> {
        self.subject_index
    }

    /// Ids of the targets.
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// The answers to the consents.
    pub fn consents(&self) -> &[Agreement] {
        &self.consents
    }

    /// The answers to the campaign's own questions.
    pub fn answers(&self) -> &Table<AnswerValue> {
        &self.answers
    }

    /// The wordings whose digests the claims need.
    pub fn wordings(&self) -> impl Iterator<Item = &str> {
        self.consents.iter().map(|consent| consent.wording.as_str())
    }

    /// The part of the action that a sealed campaign encrypts.
    pub fn inside(&self) -> SealedPayload {
        SealedPayload {
            person: self.person.clone(),
            message: self.messages.0.is_empty().then(|| self.message.clone()),
            messages: self.messages.clone(),
            answers: self.answers.clone(),
        }
    }

    /// The claims of the action. In a sealed campaign they never contain any of [`inside`](Self::inside), even if the
    /// shell fails to encrypt it, so it cannot be sent in plain text.
    pub fn claims(&self, campaign: &Campaign, given: ClaimContext) -> Claims {
        let open = campaign.sealing.is_none();
        let mut digests = given.wording_digests.into_iter();
        let mut claims = Claims {
            jti: given.jti,
            iat: given.iat,
            aud: given.aud,
            campaign: campaign.id.0.clone(),
            campaign_digest: given.campaign_digest,
            lang: campaign.lang.clone(),
            targets: self.targets.clone(),
            consents: self
                .consents
                .iter()
                .map(|consent| ConsentClaim {
                    purpose: consent.purpose.clone(),
                    granted: consent.granted,
                    wording_digest: digests.next().unwrap_or_default(),
                    lang: campaign.lang.clone(),
                })
                .collect(),
            public: self.public,
            source: given.source.fitting(),
            test: given.test,
            variant: given.variant,
            // The index would reveal part of the message.
            subject_index: self.subject_index.filter(|_| open),
            ..Claims::default()
        };
        if open {
            claims.unseal(self.inside());
        }
        claims
    }
}

record! { written
    /// The payload of a signed action. New claims are optional and have a default; none is ever removed.
    pub struct Claims {
        /// The action's identity: 22 characters of base64url, 128 random bits.
        jti: String,
        /// When it was signed: seconds since 1970.
        iat: i64,
        /// The endpoint's address without query and fragment.
        aud: String,
        /// The campaign's id.
        campaign: String,
        /// SHA-256 of the campaign file's bytes, in base64url.
        campaign_digest: String = String::new(),
        /// What kind of action it is.
        kind: ActionKind = ActionKind::Message,
        /// The language in which the form was shown (BCP 47).
        lang: String = String::new(),
        /// Who acts.
        person: Person = Person::default(),
        /// The message to all targets; absent if there are `messages`.
        message: Option<Message> = None,
        /// Ids of the targets.
        targets: Vec<String> = Vec::new(),
        /// What was agreed to.
        consents: Vec<ConsentClaim> = Vec::new(),
        /// The answers to the campaign's own questions.
        answers: Table<AnswerValue> = Table::default(),
        /// How the supporter may be named in public.
        public: PublicName = PublicName::Anonymous,
        /// Where the supporter came from.
        source: Source = Source::default(),
        /// Whether it is a test, which is never counted or delivered.
        test: bool = false,
        /// Which variant of the texts was shown.
        variant: Option<String> = None,
        /// Index of the suggested subject, if it was left unchanged.
        subject_index: Option<u32> = None,
        /// A message for each target, by its id.
        messages: Table<Message> = Table::default(),
        /// Who delivers.
        delivery: Option<DeliveryClaim> = None,
        /// Person, message and answers, sealed to the campaign's key (a compact JWE).
        sealed: Option<String> = None,
    }

    /// The supporter. Fields that the form does not ask for are empty.
    pub struct Person {
        /// Given name.
        given_name: String = String::new(),
        /// Family name.
        family_name: String = String::new(),
        /// E-mail address as typed, without invisible characters.
        email: String = String::new(),
        /// Phone number: in international form (E.164) if it can be determined, else as typed.
        phone: String = String::new(),
        /// Country (ISO 3166-1 alpha-2).
        country: String = String::new(),
        /// Region.
        region: String = String::new(),
        /// Town.
        locality: String = String::new(),
        /// Postcode.
        postal_code: String = String::new(),
        /// Street address.
        address: String = String::new(),
    }

    /// Subject and body of a message.
    pub struct Message {
        /// Subject.
        subject: String = String::new(),
        /// Body, with LF line ends.
        body: String = String::new(),
    }

    /// What was agreed to.
    pub struct ConsentClaim {
        /// Purpose of the consent.
        purpose: String,
        /// Whether the supporter agreed.
        granted: bool,
        /// SHA-256 of the UTF-8 wording, in base64url.
        wording_digest: String,
        /// The language of the wording (BCP 47).
        lang: String,
    }

    /// Where the supporter came from.
    pub struct Source {
        /// The origin of the page.
        page: String = String::new(),
        /// The partner's name: the tag's `source` attribute.
        partner: String = String::new(),
        /// `utm_source` of the page's address.
        utm_source: String = String::new(),
    }
}

string_enum! {
    /// What kind of action it is.
    pub enum ActionKind: "\"message\"" {
        /// A message to authorities.
        Message = "message",
    }

    /// How the supporter may be named in public.
    pub enum PublicName: "\"name\", \"initials\" or \"anonymous\"" {
        /// Not at all.
        Anonymous = "anonymous",
        /// By the initials.
        Initials = "initials",
        /// By name.
        Name = "name",
    }

    /// Who delivers.
    pub enum DeliveryClaim: "\"server\" or \"mail-app\"" {
        /// The endpoint.
        Server = "server",
        /// The supporter, by mail.
        MailApp = "mail-app",
    }
}

/// The answer to a question of the campaign: a text, or several choices.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerValue {
    /// One answer.
    One(String),
    /// Several choices.
    Several(Vec<String>),
}

impl AnswerValue {
    /// The answers, one or several.
    pub fn values(&self) -> &[String] {
        match self {
            AnswerValue::One(value) => std::slice::from_ref(value),
            AnswerValue::Several(values) => values,
        }
    }
}

impl Default for AnswerValue {
    fn default() -> Self {
        AnswerValue::One(String::new())
    }
}

impl Shape for AnswerValue {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        *self = match json.value {
            Value::List(_) => AnswerValue::Several(Vec::read(json, reading)),
            _ => AnswerValue::One(String::read(json, reading)),
        };
    }
    fn schema(out: &mut Writer) {
        out.key("anyOf").list(|out| {
            out.object(String::schema);
            out.object(Vec::<String>::schema);
        });
    }
}

impl Written for AnswerValue {
    fn write(&self, out: &mut Writer) {
        match self {
            AnswerValue::One(value) => value.write(out),
            AnswerValue::Several(values) => values.write(out),
        }
    }
    fn is_absent(&self) -> bool {
        self.values().iter().all(String::is_empty)
    }
}

impl Source {
    /// The source, shortened to what an endpoint accepts, so that a long tag or link does not cause a rejection.
    fn fitting(self) -> Self {
        let [page, partner, utm_source] =
            [self.page, self.partner, self.utm_source].map(|text| fitting(&text, LONGEST_SOURCE));
        Source { page, partner, utm_source }
    }
}

impl Person {
    /// The value of a standard field; empty for any other name.
    pub fn get(&self, field: &str) -> &str {
        match field {
            "given_name" => &self.given_name,
            "family_name" => &self.family_name,
            "email" => &self.email,
            "phone" => &self.phone,
            "country" => &self.country,
            "region" => &self.region,
            "locality" => &self.locality,
            "postal_code" => &self.postal_code,
            "address" => &self.address,
            _ => "",
        }
    }

    /// Sets a standard field; any other name changes nothing.
    pub(crate) fn set(&mut self, field: &str, value: String) {
        match field {
            "given_name" => self.given_name = value,
            "family_name" => self.family_name = value,
            "email" => self.email = value,
            "phone" => self.phone = value,
            "country" => self.country = value,
            "region" => self.region = value,
            "locality" => self.locality = value,
            "postal_code" => self.postal_code = value,
            "address" => self.address = value,
            _ => {}
        }
    }
}

record! { written
    /// The part of an action that a sealed campaign encrypts. The claims then have none of it.
    pub struct SealedPayload {
        /// Who acts.
        person: Person = Person::default(),
        /// The message to all targets; absent if there are `messages`.
        message: Option<Message> = None,
        /// A message for each target, by its id.
        messages: Table<Message> = Table::default(),
        /// The answers to the campaign's own questions.
        answers: Table<AnswerValue> = Table::default(),
    }
}

impl Claims {
    /// Puts the members of a sealed payload into the claims.
    pub(crate) fn unseal(&mut self, inside: SealedPayload) {
        let SealedPayload { person, message, messages, answers } = inside;
        (self.person, self.message) = (person, message);
        (self.messages, self.answers) = (messages, answers);
    }
}
