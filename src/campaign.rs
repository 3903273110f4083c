//! The campaign file as types. A [`Campaign`] is in one language: [`Campaign::read`] lays the texts
//! of that language over the file's own before it reads them. No default lives elsewhere.

use crate::draft::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS};
use crate::envelope::PublicKey;
use crate::find::find;
use crate::json::{self, Json, Member, Value, Writer};
use crate::shape::{
    ConfigFault, FaultKind, MOST_ITEMS, Reading, Shape, Table, record, string_enum,
};

record! { read
    /// A campaign: texts, targets, fields, consents and delivery.
    pub struct Campaign {
        /// Campaign id: 1 to 64 characters of a-z, 0-9 and hyphen.
        id: Id,
        /// Language of the texts outside `languages` (BCP 47).
        lang: String = "en".to_owned(),
        /// Heading of the form.
        title: String,
        /// Explanation of the campaign, in a small subset of Markdown.
        story: String = String::new(),
        /// Picture above the story.
        picture: Option<Picture> = None,
        /// Organisation responsible for the campaign and its data.
        publisher: Publisher = Publisher::default(),
        /// Translations of the texts, by language tag (BCP 47).
        languages: Translations = Translations::default(),
        /// Recipients of the messages.
        targets: Vec<Target>,
        /// Rule that selects the targets of one message.
        targeting: Targeting = Targeting::default(),
        /// Suggested message and its limits.
        message: Template,
        /// Fields of the form, in order.
        fields: Vec<Field> = standard_fields(),
        /// Consents that the form asks for. No box is ticked in advance.
        consents: Vec<Consent> = Vec::new(),
        /// Endpoint that receives the actions.
        endpoint: Endpoint = Endpoint::default(),
        /// Counter of messages and its goal.
        counter: Counter = Counter::default(),
        /// Time from which messages are accepted.
        opens: Option<Moment> = None,
        /// Time from which no more messages are accepted.
        closes: Option<Moment> = None,
        /// Text shown after sending, in the same Markdown.
        thanks: String = String::new(),
        /// Sharing after sending.
        share: Option<Share> = None,
        /// Next step after sending.
        next: Option<Next> = None,
        /// Appearance.
        theme: Theme = Theme::default(),
        /// Encryption of person, message and answers; without it, the endpoint's operator can read them.
        sealing: Option<Sealing> = None,
        /// Delivery of the messages, and what it discloses about the supporter.
        delivery: Delivery = Delivery::default(),
        /// Days for which the publisher stores the actions.
        retention_days: Option<u32> = None,
        /// Public naming of supporters.
        public: Public = Public::default(),
        /// Whether taking part may be dangerous: `true`, or an object with details.
        at_risk: AtRisk = AtRisk(None),
        /// Sets of alternative texts for an A/B test; each form picks one set at random.
        variants: Vec<Variant> = Vec::new(),
    }

    /// A picture.
    pub struct Picture {
        /// URL, relative to the campaign file.
        url: String,
        /// Alternative text; empty if the picture is decorative.
        alt: String,
    }

    /// An organisation.
    pub struct Publisher {
        /// Name of the organisation.
        name: String = String::new(),
        /// Website.
        url: String = String::new(),
        /// Privacy notice.
        privacy_url: String = String::new(),
    }

    /// A recipient of messages.
    pub struct Target {
        /// Target id.
        id: Id,
        /// Name or form of address.
        name: String,
        /// Office held.
        office: String = String::new(),
        /// Institution of the office.
        organisation: String = String::new(),
        /// Country (ISO 3166-1 alpha-2).
        country: Option<Country> = None,
        /// E-mail address for delivery.
        email: String = String::new(),
        /// Picture of the target.
        picture: Option<Picture> = None,
        /// Supporters whose messages the target gets, if `targeting` is by country or postcode; default: all.
        filter: Filter = Filter::default(),
    }

    /// Filter of supporters by country and postcode; both must match.
    pub struct Filter {
        /// Countries of the supporters; default: all.
        countries: Vec<Country> = Vec::new(),
        /// Prefixes of the supporters' postcodes, without regard to case and spaces; default: all.
        postcodes: Vec<String> = Vec::new(),
    }

    /// Selection of the targets of one message.
    pub struct Targeting {
        /// Mode of selection.
        mode: TargetingMode = TargetingMode::All,
        /// Minimum number that a supporter chooses; default 1. By country or postcode, the message goes to all matching
        /// targets unless `least` or `most` is given.
        least: Option<u32> = None,
        /// Maximum number that a supporter chooses; default: all. With `random`, the number that is picked; default 1.
        most: Option<u32> = None,
        /// Ids of the targets for supporters whom no other target matches, by country or postcode.
        fallback: Vec<Id> = Vec::new(),
    }

    /// Suggested message. Placeholders: `{{given_name}}` and other fields for what the supporter enters;
    /// `{{target_name}}`, `{{target_office}}` and `{{target_organisation}}` for the target.
    pub struct Template {
        /// Suggested subjects; with several, each form picks one at random.
        subjects: Vec<String>,
        /// Fixed text before the body.
        head: String = String::new(),
        /// Suggested body.
        body: String,
        /// Fixed text after the body.
        foot: String = String::new(),
        /// Whether the supporter may edit subject and body.
        editable: bool = true,
        /// Minimum length of the message, in Unicode scalar values.
        min: u32 = 1,
        /// Maximum length of the message, in Unicode scalar values.
        max: u32 = 5000,
        /// Whether each target gets a separate message, with `{{target_name}}` and similar placeholders filled in.
        per_target: bool = false,
        /// Whether a supporter who sends the suggested body unchanged is asked once to add own words.
        nudge: bool = false,
    }

    /// A field of the form.
    pub struct Field {
        /// Name of a standard field, or a new name for a question of the campaign.
        id: FieldId,
        /// Kind of answer. A standard field has its own.
        kind: Option<Kind> = None,
        /// Whether an answer is required.
        required: bool = false,
        /// Label of the field. A standard field has its own.
        label: String = String::new(),
        /// Answers to choose from, each with a unique id.
        options: Vec<Answer> = Vec::new(),
        /// Maximum length of the answer, in Unicode scalar values, if lower than the usual one.
        max: Option<u32> = None,
    }

    /// A consent.
    pub struct Consent {
        /// Purpose of the consent, its id in actions.
        purpose: FieldId,
        /// Wording beside the checkbox. Its digest is part of the action.
        wording: String,
        /// Whether it is required for sending.
        required: bool = false,
        /// Countries whose residents are asked; all if absent.
        countries: Vec<Country> = Vec::new(),
        /// Organisation that the consent is given to, if not the publisher. Each organisation needs a consent of its own.
        organisation: Publisher = Publisher::default(),
    }

    /// Endpoint.
    pub struct Endpoint {
        /// URL, relative to the campaign file; default `{id}/actions`.
        url: String = String::new(),
        /// Format of the request body.
        format: Format = Format::Jws,
    }

    /// Counter.
    pub struct Counter {
        /// Goal.
        goal: Option<u32> = None,
        /// URL of the count, relative to the campaign file; default: `count` beside the endpoint.
        url: String = String::new(),
    }

    /// Sharing.
    pub struct Share {
        /// Text.
        text: String,
        /// URL to share; default: the page.
        url: String = String::new(),
        /// Channels offered, in this order; default: all.
        channels: Vec<Channel> = Vec::new(),
        /// Texts for single channels.
        texts: ShareTexts = ShareTexts::default(),
    }

    /// Texts for single channels; `text` is used for the others.
    pub struct ShareTexts {
        /// WhatsApp.
        whatsapp: String = String::new(),
        /// Telegram.
        telegram: String = String::new(),
        /// Text to copy for Signal.
        signal: String = String::new(),
        /// Bluesky.
        bluesky: String = String::new(),
        /// X.
        x: String = String::new(),
        /// E-mail.
        email: String = String::new(),
        /// Text to copy.
        copy: String = String::new(),
        /// The browser's share dialog.
        more: String = String::new(),
    }

    /// The next step after sending.
    pub struct Next {
        /// Text of the link.
        label: String,
        /// Address of the link.
        url: String,
        /// Whether the page goes there automatically some seconds after the thanks, unless the supporter interacts.
        redirect: bool = false,
    }

    /// Appearance.
    pub struct Theme {
        /// Accent colour, as `#rrggbb`.
        accent: Option<Colour> = None,
    }

    /// Encryption of actions.
    pub struct Sealing {
        /// Public key, as printed by `standwith keys seal`.
        jwk: SealingKey,
    }

    /// A public key on P-256 as a JWK (RFC 7517).
    pub struct SealingKey {
        /// Always `EC`.
        kty: String,
        /// Always `P-256`.
        crv: String,
        /// X coordinate: 32 bytes in base64url.
        x: String,
        /// Y coordinate: 32 bytes in base64url.
        y: String,
        /// Key id, sent with everything sealed to it.
        kid: String = String::new(),
    }

    /// Delivery.
    pub struct Delivery {
        /// Method of delivery.
        modes: Vec<DeliveryMode> = vec![DeliveryMode::Server],
        /// Data about the supporter that targets receive. The form says so beside the button.
        disclose: Vec<Disclosed> = vec![Disclosed::Name, Disclosed::Country],
    }

    /// Public naming of supporters.
    pub struct Public {
        /// Whether the form asks: full name, initials or not at all (preset). Without it, no supporter is named.
        ask: bool = false,
    }

    /// Details of a campaign that may endanger supporters. An empty object is enough to mark it.
    pub struct Risk {
        /// Countries whose residents are warned, in addition to those whose authorities are targets.
        own_government: Vec<Country> = Vec::new(),
        /// Links to advice on staying safe.
        advice: Vec<Link> = Vec::new(),
        /// Page that the quick exit opens. It should be unsuspicious; the default is a widely used search page.
        exit_url: String = "https://www.google.com/".to_owned(),
    }

    /// A link.
    pub struct Link {
        /// Text of the link.
        label: String,
        /// Address of the link.
        url: String,
    }

    /// Alternative texts for an A/B test; missing ones are the campaign's own.
    pub struct Variant {
        /// Purpose of the consent, its id in actions.
        id: Id,
        /// Relative weight for random selection; default 1.
        weight: u32 = 1,
        /// Heading of the form.
        title: String = String::new(),
        /// Explanation of the campaign.
        story: String = String::new(),
        /// Suggested message.
        message: TemplateText = TemplateText::default(),
    }

    /// Texts of a campaign in another language; missing ones stay in the campaign's own.
    pub struct Translation {
        /// Heading of the form.
        title: String = String::new(),
        /// Explanation of the campaign.
        story: String = String::new(),
        /// Texts of the picture.
        picture: PictureText = PictureText::default(),
        /// Texts of the publisher.
        publisher: PublisherText = PublisherText::default(),
        /// Texts of targets, by `id`.
        targets: Vec<TargetText> = Vec::new(),
        /// Suggested message.
        message: TemplateText = TemplateText::default(),
        /// Texts of fields, by `id`.
        fields: Vec<FieldText> = Vec::new(),
        /// Texts of consents, by `purpose`.
        consents: Vec<ConsentText> = Vec::new(),
        /// Text shown after sending.
        thanks: String = String::new(),
        /// Sharing after sending.
        share: ShareText = ShareText::default(),
        /// Next step after sending.
        next: NextText = NextText::default(),
        /// Texts for people at risk.
        at_risk: RiskText = RiskText::default(),
        /// Texts of variants, by `id`; each is complete.
        variants: Vec<VariantText> = Vec::new(),
    }

    /// Texts of a variant.
    pub struct VariantText {
        /// Id of the variant.
        id: Id,
        /// Heading of the form.
        title: String = String::new(),
        /// Explanation of the campaign.
        story: String = String::new(),
        /// Suggested message.
        message: TemplateText = TemplateText::default(),
    }

    /// Texts of a picture.
    pub struct PictureText {
        /// Alternative text.
        alt: String = String::new(),
    }

    /// Texts of a publisher.
    pub struct PublisherText {
        /// Name of the organisation.
        name: String = String::new(),
        /// Privacy notice in this language.
        privacy_url: String = String::new(),
    }

    /// Texts of a target.
    pub struct TargetText {
        /// Id of the target.
        id: Id,
        /// Name or form of address.
        name: String = String::new(),
        /// Office held.
        office: String = String::new(),
        /// Institution of the office.
        organisation: String = String::new(),
        /// Texts of the picture.
        picture: PictureText = PictureText::default(),
    }

    /// Texts of a message.
    pub struct TemplateText {
        /// Subjects, as many as the campaign has.
        subjects: Vec<String> = Vec::new(),
        /// Fixed text before the body.
        head: String = String::new(),
        /// Suggested body.
        body: String = String::new(),
        /// Fixed text after the body.
        foot: String = String::new(),
    }

    /// Texts of a field.
    pub struct FieldText {
        /// Id of the field.
        id: FieldId,
        /// Label.
        label: String = String::new(),
        /// Texts of answers, by `id`.
        options: Vec<Answer> = Vec::new(),
    }

    /// Texts of a consent.
    pub struct ConsentText {
        /// Purpose of the consent.
        purpose: FieldId,
        /// Wording beside the checkbox.
        wording: String,
        /// The organisation's.
        organisation: PublisherText = PublisherText::default(),
    }

    /// Sharing.
    pub struct ShareText {
        /// Text.
        text: String = String::new(),
        /// The address.
        url: String = String::new(),
        /// Texts for single channels.
        texts: ShareTexts = ShareTexts::default(),
    }

    /// The next step's texts.
    pub struct NextText {
        /// Text of the link.
        label: String = String::new(),
        /// Address of the link.
        url: String = String::new(),
    }

    /// Texts for people at risk.
    pub struct RiskText {
        /// Where there is advice in this language, in place of all advice in the other.
        advice: Vec<Link> = Vec::new(),
    }
}

string_enum! {
    /// Who chooses the targets of a message.
    pub enum TargetingMode: "\"all\", \"choose\", \"country\", \"postcode\" or \"random\"" {
        /// Nobody: the message goes to all.
        All = "all",
        /// The supporter.
        Choose = "choose",
        /// The supporter's country, after each target's filter.
        Country = "country",
        /// The supporter's postcode, after each target's filter.
        Postcode = "postcode",
        /// The lot.
        Random = "random",
    }

    /// What a field asks for.
    pub enum Kind: "\"text\", \"long_text\", \"email\", \"phone\", \"country\", \"choice\", \"choices\", \"checkbox\", \"number\" or \"date\"" {
        /// A line of text.
        Text = "text",
        /// Lines of text.
        LongText = "long_text",
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// A country.
        Country = "country",
        /// One of the options.
        Choice = "choice",
        /// Some of the options.
        Choices = "choices",
        /// A box to tick.
        Checkbox = "checkbox",
        /// A whole number.
        Number = "number",
        /// A day.
        Date = "date",
    }

    /// What is posted to the endpoint.
    pub enum Format: "\"jws\" or \"json\"" {
        /// The signed action, as a compact JWS.
        Jws = "jws",
        /// `{"action":{…},"proof":"<JWS>"}`.
        Json = "json",
    }

    /// Who delivers the message to the targets.
    pub enum DeliveryMode: "\"server\" or \"mail-app\"" {
        /// The endpoint.
        Server = "server",
        /// The supporter, from an own mailbox.
        MailApp = "mail-app",
    }

    /// A way to pass it on.
    pub enum Channel: "\"whatsapp\", \"telegram\", \"signal\", \"bluesky\", \"facebook\", \"x\", \"email\", \"copy\" or \"more\"" {
        /// A message in WhatsApp.
        Whatsapp = "whatsapp",
        /// A message in Telegram.
        Telegram = "telegram",
        /// A text to paste into Signal, which has no address for it.
        Signal = "signal",
        /// A post on Bluesky.
        Bluesky = "bluesky",
        /// A post on Facebook, which takes the address only.
        Facebook = "facebook",
        /// A post on X.
        X = "x",
        /// An e-mail.
        Email = "email",
        /// A text to paste.
        Copy = "copy",
        /// Whatever the browser offers, where it offers any.
        More = "more",
    }

    /// What of a supporter the targets get to know.
    pub enum Disclosed: "\"name\", \"email\", \"phone\", \"country\", \"region\", \"locality\", \"postal_code\" or \"address\"" {
        /// AnswerValue and family name.
        Name = "name",
        /// The e-mail address, which then is where answers go.
        Email = "email",
        /// The phone number.
        Phone = "phone",
        /// The country.
        Country = "country",
        /// The region.
        Region = "region",
        /// The town.
        Locality = "locality",
        /// The postcode.
        PostalCode = "postal_code",
        /// The street address.
        Address = "address",
    }
}

/// The standard fields, in the order in which they are best asked for.
pub const STANDARD_FIELDS: [&str; 9] = [
    "given_name",
    "family_name",
    "email",
    "phone",
    "country",
    "region",
    "locality",
    "postal_code",
    "address",
];

/// What is asked for where the campaign file names no fields.
fn standard_fields() -> Vec<Field> {
    let ask = |id: &str| Field { id: FieldId(id.to_owned()), required: true, ..Field::default() };
    ["given_name", "family_name", "email", "country"].map(ask).into()
}

impl Field {
    /// What is asked for: the standard field's own kind, or the one that the file names.
    pub fn kind(&self) -> Kind {
        match self.id.0.as_str() {
            "email" => Kind::Email,
            "phone" => Kind::Phone,
            "country" => Kind::Country,
            _ if self.is_standard() => Kind::Text,
            _ => self.kind.unwrap_or_default(),
        }
    }

    /// Whether this is one of [`STANDARD_FIELDS`], whose answer is part of `person`.
    pub fn is_standard(&self) -> bool {
        STANDARD_FIELDS.contains(&self.id.0.as_str())
    }
}

impl Campaign {
    /// Whether two controls of the form would have one name, or two targets or two options of a field one id.
    fn has_doubles(&self) -> bool {
        let mut names = Vec::new();
        let mut add = |parts: &[&str]| names.push(parts.concat());
        [TARGETS, SUBJECT, BODY, PUBLIC].iter().for_each(|name| add(&[name]));
        // No control has a name with a slash.
        self.targets.iter().for_each(|target| add(&["/", &target.id.0]));
        self.consents.iter().for_each(|consent| add(&[CONSENT, &consent.purpose.0]));
        for Field { id: FieldId(id), options, .. } in &self.fields {
            add(&[id]);
            options.iter().for_each(|option| add(&[id, "/", &option.id]));
        }
        // Compared each with each, 6,000 names took 0.8 s.
        names.sort_unstable();
        !names.is_sorted_by(|one, next| one < next)
    }

    /// The field of this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id.0 == id)
    }

    /// Whether supporters may send the message from their own mailboxes.
    /// A mailbox sends one message to all of them.
    pub fn is_mailed(&self) -> bool {
        self.delivery.modes.contains(&DeliveryMode::MailApp) && !self.message.per_target
    }

    /// Whether nobody but the supporters delivers.
    pub fn is_only_mailed(&self) -> bool {
        self.is_mailed() && !self.delivery.modes.contains(&DeliveryMode::Server)
    }
}

impl Campaign {
    /// Whether the form asks how the supporter may be named in public. Without a name there is nothing to
    /// ask.
    pub fn asks_for_public_name(&self) -> bool {
        self.public.ask && self.asks_for_name()
    }

    /// Whether the supporter is asked for a name.
    pub fn asks_for_name(&self) -> bool {
        ["given_name", "family_name"].iter().any(|name| self.field(name).is_some())
    }

    /// Whether taking part may be dangerous.
    pub fn is_at_risk(&self) -> bool {
        self.at_risk.0.is_some()
    }
}

impl SealingKey {
    /// The uncompressed point, as [`PublicKey::point`]; `None` for any other key.
    pub fn point(&self) -> Option<[u8; 65]> {
        let SealingKey { kty, crv, x, y, .. } = self;
        let [kty, crv, x, y] = [kty, crv, x, y].map(String::clone);
        PublicKey { kty, crv, x, y }.point()
    }
}

/// Whether taking part may be dangerous, and what a form has to know then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtRisk(pub Option<Risk>);

impl Shape for AtRisk {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        match json.value {
            Value::Bool(said) => self.0 = said.then(Risk::default),
            // Whether there is a risk is all that an outline says of it.
            Value::Object(_) => self.0.fill(json, reading),
            _ => reading.expected(json, "true, false or an object in braces"),
        }
    }
    fn schema(out: &mut Writer) {
        out.key("anyOf").list(|out| {
            out.object(bool::schema);
            out.object(Risk::schema);
        });
    }
}

impl Consent {
    /// Whether people of this country (ISO 3166-1 alpha-2) are asked. Without a list, all are.
    pub fn is_asked_in(&self, country: &str) -> bool {
        self.countries.is_empty() || self.countries.iter().any(|known| known.0 == country.trim())
    }
}

/// An answer to choose from. A bare text is its own id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Purpose of the consent, its id in actions.
    pub id: String,
    /// What the form shows.
    pub label: String,
}

impl Shape for Answer {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        if let Some(text) = json.text() {
            *self = Answer { id: text.to_owned(), label: text.to_owned() };
        } else {
            reading.keys(json, &["id", "label"]);
            reading.required(json, "id", &mut self.id);
            reading.required(json, "label", &mut self.label);
        }
    }
    fn schema(out: &mut Writer) {
        let member = |out: &mut Writer, key: &str| out.key(key).object(String::schema);
        out.key("anyOf").list(|out| {
            out.object(String::schema);
            out.object(|out| {
                out.key("type").text("object");
                out.key("additionalProperties").boolean(false);
                out.key("properties").object(|out| {
                    member(out, "id");
                    member(out, "label");
                });
                out.key("required").list(|out| ["id", "label"].iter().for_each(|k| out.text(k)));
            });
        });
    }
}

/// Declares a text of a fixed form.
macro_rules! text {
    ($( $(#[doc = $doc:literal])* pub struct $Name:ident: $pattern:literal, $expected:literal, $test:expr; )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $Name(pub String);

        impl $Name {
            /// Text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Shape for $Name {
            fn fill(&mut self, json: &Json, reading: &mut Reading) {
                let test: fn(&str) -> bool = $test;
                match json.text() {
                    Some(text) if test(text) => text.clone_into(&mut self.0),
                    _ => reading.expected(json, $expected),
                }
            }
            fn schema(out: &mut Writer) {
                out.key("type").text("string");
                out.key("pattern").text($pattern);
            }
        }
    )*};
}

text! {
    /// A name on the wire.
    pub struct Id: "^[a-z0-9-]{1,64}$", "1 to 64 of the characters a-z, 0-9 and -",
        |text| is_name(text, b'-');
    /// The name of a field or a purpose.
    pub struct FieldId: "^[a-z0-9_]{1,64}$", "1 to 64 of the characters a-z, 0-9 and _",
        |text| is_name(text, b'_');
    /// A country, by its two letters in ISO 3166-1.
    pub struct Country: "^[A-Z]{2}$", "two capital letters of ISO 3166-1, like \"KH\"",
        is_like_country;
    /// A colour.
    pub struct Colour: "^#[0-9a-fA-F]{6}$", "a colour like \"#0b6e4f\"",
        |text| text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit());
    /// A point in time (RFC 3339, in UTC, whole seconds).
    pub struct Moment: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
        "a time in UTC like \"2024-10-01T00:00:00Z\"",
        |text| seconds_since_1970(text).is_some();
}

/// Whether this is a country's code in its form. Which of these are codes is a long list: `lint` and
/// `check` look there.
pub(crate) fn is_like_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_name(text: &str, joint: u8) -> bool {
    let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == joint;
    (1..=64).contains(&text.len()) && text.bytes().all(named)
}

impl Id {
    /// Whether this is the form of an id.
    pub fn is(text: &str) -> bool {
        is_name(text, b'-')
    }
}

impl Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(&self) -> i64 {
        seconds_since_1970(&self.0).unwrap_or(0)
    }
}

fn seconds_since_1970(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:ddZ";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        _ => byte == shape,
    };
    if bytes.len() != shape.len() || !bytes.iter().zip(shape).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    };
    let days = days_since_1970(number(0, 4), number(5, 7), number(8, 10))?;
    let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
    let of_day = hour * 3600 + minute * 60 + second;
    (hour < 24 && minute < 60 && second < 60).then_some(days * 86400 + of_day)
}

/// The days from 1970-01-01 to a day of the Gregorian calendar, if there is such a day.
pub(crate) fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms", `civil_from_days`).
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The campaign's languages, its first one first. A [`Campaign`] has the texts of its own language
/// laid over its own already, so nothing else of them is kept; `lint` reads each of them as a
/// [`Translation`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translations(pub Vec<String>);

impl Shape for Translations {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        if !matches!(json.value, Value::Object(_)) {
            reading.expected(json, "an object in braces");
        }
    }
    fn schema(out: &mut Writer) {
        Table::<Translation>::schema(out);
    }
}

/// How a reader treats what it doesn't know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// `check` and `serve`: a fault.
    Strict,
    /// The widget: passed over, so that a newer file works with an older widget.
    Lenient,
}

/// A campaign file, read as JSON but not yet in any language.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignFile {
    pub(crate) json: Json,
}

impl CampaignFile {
    /// Reads the bytes of a campaign file.
    ///
    /// # Errors
    /// The place where they are no UTF-8 or no JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigFault> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::read(text),
            Err(_) => Err(Self::fault(1, "a text in UTF-8")),
        }
    }

    /// Reads the text of a campaign file.
    ///
    /// # Errors
    /// The place where it is no JSON.
    pub fn read(text: &str) -> Result<Self, ConfigFault> {
        // Editors on Windows begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match json::parse(text) {
            Ok(json) => Ok(CampaignFile { json }),
            Err(fault) => Err(Self::fault(fault.line, fault.expected)),
        }
    }

    fn fault(line: u32, expected: &'static str) -> ConfigFault {
        ConfigFault { pointer: String::new(), line, kind: FaultKind::Expected(expected) }
    }

    /// The campaign's languages, its first one first.
    pub fn languages(&self) -> Vec<String> {
        let mut all = vec![self.first_language().to_owned()];
        if let Some(Value::Object(members)) = self.json.get("languages").map(|json| &json.value) {
            for member in members {
                if !all.contains(&member.key) {
                    all.push(member.key.clone());
                }
            }
        }
        all
    }

    fn first_language(&self) -> &str {
        self.json.get("lang").and_then(Json::text).unwrap_or("en")
    }

    /// Lays the texts of a language over the file's own; gives the language that it is.
    fn localise(&mut self, languages: &[String], lang: &str) -> String {
        let known = languages.iter().find(|known| *known == lang).or(languages.first());
        let lang = known.map_or_else(String::new, String::clone);
        let translations = self.json.get_mut("languages");
        if let Some(translation) = translations.and_then(|languages| languages.get_mut(&lang)) {
            let nothing = Json { line: translation.line, value: Value::Null };
            let translation = std::mem::replace(translation, nothing);
            lay_over(&mut self.json, translation, "");
        }
        lang
    }

    /// The campaign in one of its languages; in its first one, where it has no such language.
    ///
    /// # Errors
    /// All that is wrong with the file; unknown keys only when `Strict`, but for those that say
    /// how a message must be protected.
    pub fn campaign(&self, lang: &str, how: Strictness) -> Result<Campaign, Vec<ConfigFault>> {
        self.clone().into_campaign(lang, how)
    }

    /// The same, where the file is not needed any more.
    ///
    /// # Errors
    /// As those of [`campaign`](Self::campaign).
    pub fn into_campaign(
        mut self,
        lang: &str,
        how: Strictness,
    ) -> Result<Campaign, Vec<ConfigFault>> {
        let languages = self.languages();
        let lang = self.localise(&languages, lang);
        let mut reading = Reading::default();
        let mut campaign = Campaign::read(&self.json, &mut reading);
        campaign.lang = lang;
        campaign.languages.0 = languages;
        let mut faults = reading.faults;
        faults.retain(|fault| {
            let unknown = matches!(fault.kind, FaultKind::Unknown | FaultKind::Duplicate);
            match how {
                // To pass over the order to seal would be to send in plain text.
                Strictness::Lenient => !unknown || fault.pointer == "/sealing",
                Strictness::Strict => true,
            }
        });
        // One control would answer for two questions, and an answer be signed for words that stand nowhere.
        if faults.is_empty() && campaign.has_doubles() {
            let kind = FaultKind::Expected("ids and purposes that stand once");
            faults.push(ConfigFault { pointer: "/fields".to_owned(), line: 1, kind });
        }
        if faults.is_empty() { Ok(campaign) } else { Err(faults) }
    }
}

/// The keys of a translation that hold texts, or objects and lists of them, wherever they stand.
const TEXTS: &str = " title story picture publisher targets message fields consents thanks share next at_risk variants \
    alt name privacy_url office organisation subjects head body foot label options wording text url texts whatsapp \
    telegram signal bluesky x email copy more advice ";

/// Whether a translation may say this member of what stands under `of`: texts, and nothing that says what the form
/// does.
fn is_text(of: &str, key: &str) -> bool {
    match key {
        "url" => ["share", "next", "advice"].contains(&of),
        "email" => of == "texts",
        _ => find(TEXTS, &[" ", key, " "].concat()).is_some(),
    }
}

/// Lays a translation over what it translates, which stands under `key`: objects member by member, lists of named
/// things by their `id` or `purpose`, texts and lists of texts as a whole. Lists of named things never grow, and ids,
/// switches and numbers stay what they are in every language.
fn lay_over(under: &mut Json, over: Json, key: &str) {
    match (&mut under.value, over.value) {
        // Whether people are at risk is said for all languages.
        (Value::Bool(false), _) => {}
        (Value::List(items), Value::List(overs)) if !is_replaced(key) => {
            // No longer list is read.
            for over in overs.into_iter().take(MOST_ITEMS) {
                let named =
                    |item: &&mut Json| name_of(item).is_some_and(|n| name_of(&over) == Some(n));
                if let Some(item) = items.iter_mut().take(MOST_ITEMS).find(named) {
                    lay_over(item, over, key);
                }
            }
        }
        (value, Value::Object(overs)) => {
            if !matches!(value, Value::Object(_)) {
                let id = std::mem::replace(value, Value::Null);
                let id =
                    Member { key: "id".to_owned(), value: Json { line: over.line, value: id } };
                // A bare text is an answer, and its own id.
                let is_answer = matches!(id.value.value, Value::Text(_));
                *value = Value::Object(if is_answer { vec![id] } else { Vec::new() });
            }
            let Value::Object(members) = value else { return };
            for Member { key: name, value: over } in overs {
                if !is_text(key, &name) {
                    continue;
                }
                let place = members.iter().position(|member| member.key == name);
                let place = match (place, &over.value) {
                    (Some(place), _) => place,
                    (None, Value::List(_)) if !is_replaced(&name) => continue,
                    (None, _) if name == "at_risk" => continue,
                    (None, _) => {
                        let value = Json { line: over.line, value: Value::Null };
                        members.push(Member { key: name.clone(), value });
                        members.len() - 1
                    }
                };
                lay_over(&mut members[place].value, over, &name);
            }
        }
        (Value::Bool(_) | Value::Object(_), _) => {}
        (value, other) => {
            *value = other;
            under.line = over.line;
        }
    }
}

/// Whether a translation replaces the list under this key as a whole: what is in it has no names.
fn is_replaced(key: &str) -> bool {
    key == "subjects" || key == "advice"
}

/// What a thing in a list is found by. A bare text is an answer, and its own id.
fn name_of(json: &Json) -> Option<&str> {
    json.text().or_else(|| json.get("id").or_else(|| json.get("purpose"))?.text())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

    use super::*;

    /// The members of an object, or of the objects in a list, by its schema.
    fn members(schema: &Json) -> Vec<(&str, &Json)> {
        if let Some(items) = schema.get("items") {
            return members(items);
        }
        if let Some(Value::List(choices)) = schema.get("anyOf").map(|choices| &choices.value) {
            return choices.iter().flat_map(members).collect();
        }
        match schema.get("properties").map(|properties| &properties.value) {
            Some(Value::Object(all)) => all.iter().map(|m| (m.key.as_str(), &m.value)).collect(),
            _ => Vec::new(),
        }
    }

    fn compare(key: &str, own: &Json, translation: &Json) -> usize {
        let translated = members(translation);
        let mut texts = 0;
        for (name, own) in members(own) {
            let text = translated.iter().find(|(known, _)| *known == name);
            let is_name = name == "id" || name == "purpose";
            assert_eq!(is_text(key, name), text.is_some() && !is_name, "{key}/{name}");
            if let Some((_, text)) = text {
                texts += 1 + compare(name, own, text);
            }
        }
        texts
    }

    #[test]
    fn lays_over_what_the_schema_of_translations_has_and_nothing_else() {
        let schema = |write: fn(&mut Writer)| {
            let mut out = Writer::default();
            out.object(write);
            json::parse(&out.finish()).unwrap()
        };
        let texts = compare("", &schema(Campaign::schema), &schema(Translation::schema));
        assert!(texts > 40, "{texts}");
    }
}
