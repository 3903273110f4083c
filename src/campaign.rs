//! The campaign file as types. A [`Campaign`] is in one language: [`Campaign::read`] lays the texts
//! of that language over the file's own before it reads them. No default lives elsewhere.

use crate::draft::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS};
use crate::envelope::PublicKey;
use crate::find::find;
use crate::json::{self, Json, Member, Value, Writer};
use crate::shape::{ConfigFault, FaultKind, MOST_ITEMS, Reading, Shape, Table, record, words};

record! { read
    /// A campaign: who is asked for what, how, and where the messages go.
    pub struct Campaign {
        /// The campaign's name on the wire: 1 to 64 of a-z, 0-9 and hyphen.
        id: Id,
        /// The language of the texts that stand outside `languages` (BCP 47).
        lang: String = "en".to_owned(),
        /// The heading of the form.
        title: String,
        /// What it is about, in a small subset of Markdown.
        story: String = String::new(),
        /// A picture above the story.
        picture: Option<Picture> = None,
        /// Who is responsible for the campaign and for the data.
        publisher: Publisher = Publisher::default(),
        /// The texts in other languages, by language tag (BCP 47).
        languages: Translations = Translations::default(),
        /// The authorities who get the message.
        targets: Vec<Target>,
        /// Which of the targets one message goes to.
        targeting: Targeting = Targeting::default(),
        /// The message that the form suggests, and its limits.
        message: Template,
        /// What the supporter is asked for, in the order of the form.
        fields: Vec<Field> = standard_fields(),
        /// What the supporter is asked to agree to. No box is ever ticked beforehand.
        consents: Vec<Consent> = Vec::new(),
        /// Where the actions go.
        endpoint: Endpoint = Endpoint::default(),
        /// How many have sent, and how many are hoped for.
        counter: Counter = Counter::default(),
        /// When the campaign begins to take messages.
        opens: Option<Moment> = None,
        /// When it no longer takes any.
        closes: Option<Moment> = None,
        /// What the supporter reads after sending, in the same Markdown.
        thanks: String = String::new(),
        /// What supporters are given to pass on.
        share: Option<Share> = None,
        /// Where the supporter is led after sending.
        next: Option<Next> = None,
        /// The looks.
        theme: Theme = Theme::default(),
        /// To whom person, message and answers are sealed; without it, whoever runs the endpoint reads them.
        sealing: Option<Sealing> = None,
        /// How messages reach the targets, and what of the supporter goes along.
        delivery: Delivery = Delivery::default(),
        /// How long the publisher keeps the actions, in days.
        retention_days: Option<u32> = None,
        /// How supporters may be named in public.
        public: Public = Public::default(),
        /// Whether taking part may be dangerous: `true`, or an object with what more is known.
        at_risk: AtRisk = AtRisk(None),
        /// Texts of which each form shows one set, drawn by lot, in the place of the campaign's own: to find
        /// out which does better.
        variants: Vec<Variant> = Vec::new(),
    }

    /// A picture.
    pub struct Picture {
        /// Its address, resolved against the campaign file's.
        url: String,
        /// What it shows, for those who can't see it; empty for mere decoration.
        alt: String,
    }

    /// Who is responsible.
    pub struct Publisher {
        /// The organisation's name.
        name: String = String::new(),
        /// Its site.
        url: String = String::new(),
        /// What it says of its handling of personal data.
        privacy_url: String = String::new(),
    }

    /// Somebody who gets the message.
    pub struct Target {
        /// The target's name on the wire.
        id: Id,
        /// The name, or the form of address.
        name: String,
        /// The office held.
        office: String = String::new(),
        /// The body in which it is held.
        organisation: String = String::new(),
        /// The country (ISO 3166-1 alpha-2).
        country: Option<Country> = None,
        /// The e-mail address to which the message is delivered.
        email: String = String::new(),
        /// A picture of the target.
        picture: Option<Picture> = None,
        /// Whose messages the target gets, where `targeting` goes by country or postcode; without it,
        /// everybody's.
        filter: Filter = Filter::default(),
    }

    /// Whose messages a target gets. Where both are given, both must fit.
    pub struct Filter {
        /// Those of people in these countries; without it, in all.
        countries: Vec<Country> = Vec::new(),
        /// Those of people whose postcode begins like one of these, whatever its case and spaces;
        /// without it, like any.
        postcodes: Vec<String> = Vec::new(),
    }

    /// How the targets of one message are found.
    pub struct Targeting {
        /// Who or what chooses.
        mode: TargetingMode = TargetingMode::All,
        /// The fewest that a supporter may choose; without it, one. By country or postcode, nobody
        /// chooses unless there is `least` or `most`: the message goes to all that are found.
        least: Option<u32> = None,
        /// The most that a supporter may choose; without it, all of them. At random, how many are
        /// drawn; without it, one.
        most: Option<u32> = None,
        /// By country or postcode, the targets for those for whom there is nobody else: their ids.
        fallback: Vec<Id> = Vec::new(),
    }

    /// The suggested message. `{{given_name}}` and the like stand for what the supporter enters;
    /// `{{target_name}}`, `{{target_office}}` and `{{target_organisation}}` for whom it goes to.
    pub struct Template {
        /// Suggested subjects.
        subjects: Vec<String>,
        /// What stands before the body, unchangeable.
        head: String = String::new(),
        /// The suggested body.
        body: String,
        /// What stands after the body, unchangeable.
        foot: String = String::new(),
        /// Whether the supporter may change subject and body.
        editable: bool = true,
        /// The shortest message, in Unicode scalar values.
        min: u32 = 1,
        /// The longest message, in Unicode scalar values.
        max: u32 = 5000,
        /// Whether each target gets a message of its own: the same, but for `{{target_name}}` and the like.
        per_target: bool = false,
        /// Whether somebody who sends the suggested body as it is is asked once for words of their own.
        nudge: bool = false,
    }

    /// Something that the supporter is asked for.
    pub struct Field {
        /// A standard field's name, or a new one for a question of the campaign's own.
        id: FieldId,
        /// What is asked for. A standard field has its own.
        kind: Option<Kind> = None,
        /// Whether it must be answered.
        required: bool = false,
        /// The question. A standard field has its own.
        label: String = String::new(),
        /// The answers to choose from, each with an id of its own.
        options: Vec<Answer> = Vec::new(),
        /// The longest answer, in Unicode scalar values, where lines of text may not be as long as
        /// otherwise.
        max: Option<u32> = None,
    }

    /// Something that the supporter may agree to.
    pub struct Consent {
        /// Its name on the wire.
        purpose: FieldId,
        /// What the box says. Its digest goes into the action.
        wording: String,
        /// Whether nothing can be sent without it.
        required: bool = false,
        /// The countries whose people are asked; without them, all.
        countries: Vec<Country> = Vec::new(),
        /// Whom it is given to, where that is another than the publisher. Each organisation asks with a box
        /// of its own.
        organisation: Publisher = Publisher::default(),
    }

    /// Where actions go.
    pub struct Endpoint {
        /// The address, resolved against the campaign file's; without it, `{id}/actions`.
        url: String = String::new(),
        /// What is posted.
        format: Format = Format::Jws,
    }

    /// The count of messages.
    pub struct Counter {
        /// How many are hoped for.
        goal: Option<u32> = None,
        /// Where the count is, resolved against the campaign file's address; without it, `count`
        /// beside the endpoint.
        url: String = String::new(),
    }

    /// What supporters pass on.
    pub struct Share {
        /// The text.
        text: String,
        /// The address; without it, that of the page.
        url: String = String::new(),
        /// The ways that are offered, in this order; without the key, all.
        channels: Vec<Channel> = Vec::new(),
        /// Texts that are other ones on some ways.
        texts: ShareTexts = ShareTexts::default(),
    }

    /// Texts for some ways to pass it on. What is left out is `text`.
    pub struct ShareTexts {
        /// WhatsApp's.
        whatsapp: String = String::new(),
        /// Telegram's.
        telegram: String = String::new(),
        /// The one to copy for Signal.
        signal: String = String::new(),
        /// Bluesky's.
        bluesky: String = String::new(),
        /// X's.
        x: String = String::new(),
        /// The e-mail's.
        email: String = String::new(),
        /// The one to copy.
        copy: String = String::new(),
        /// What the browser's own ways get.
        more: String = String::new(),
    }

    /// The next step after sending.
    pub struct Next {
        /// What the link says.
        label: String,
        /// Where it leads.
        url: String,
        /// Whether the page goes there by itself a while after the thanks, unless the supporter does
        /// anything.
        redirect: bool = false,
    }

    /// The looks.
    pub struct Theme {
        /// The colour of the button and of what is to be seen first, as `#rrggbb`.
        accent: Option<Colour> = None,
    }

    /// To whom actions are sealed.
    pub struct Sealing {
        /// The public key, as `standwith keys seal` prints it.
        jwk: SealingKey,
    }

    /// A public key on P-256 as a JWK (RFC 7517).
    pub struct SealingKey {
        /// Always `EC`.
        kty: String,
        /// Always `P-256`.
        crv: String,
        /// The x coordinate: 32 bytes in base64url.
        x: String,
        /// The y coordinate: 32 bytes in base64url.
        y: String,
        /// The key's name, which goes out with what is sealed to it.
        kid: String = String::new(),
    }

    /// How messages reach the targets.
    pub struct Delivery {
        /// Who delivers.
        modes: Vec<DeliveryMode> = vec![DeliveryMode::Server],
        /// What of the supporter the targets get to know. The form says it beside the button.
        disclose: Vec<Disclosed> = vec![Disclosed::Name, Disclosed::Country],
    }

    /// How supporters may be named in public.
    pub struct Public {
        /// Whether the form asks: by name, by initials or not at all, which is preset. Nobody is named who
        /// was not asked.
        ask: bool = false,
    }

    /// What a form has to know where taking part may be dangerous. Already an empty object says that
    /// it may.
    pub struct Risk {
        /// The countries whose people are warned as those are whose own country's authorities are
        /// written to.
        own_government: Vec<Country> = Vec::new(),
        /// Where there is advice on staying safe.
        advice: Vec<Link> = Vec::new(),
        /// Where the button leads that leaves the page quickly. What it shows must tell nothing: the
        /// default is the page that is opened most often of all.
        exit_url: String = "https://www.google.com/".to_owned(),
    }

    /// A link.
    pub struct Link {
        /// What it says.
        label: String,
        /// Where it leads.
        url: String,
    }

    /// Texts to try. What is left out is the campaign's own.
    pub struct Variant {
        /// Its name on the wire.
        id: Id,
        /// How often it is drawn, beside the others.
        weight: u32 = 1,
        /// The heading of the form.
        title: String = String::new(),
        /// What it is about.
        story: String = String::new(),
        /// The suggested message.
        message: TemplateText = TemplateText::default(),
    }

    /// The texts of a campaign in another language. What is left out stays as it is.
    pub struct Translation {
        /// The heading of the form.
        title: String = String::new(),
        /// What it is about.
        story: String = String::new(),
        /// The picture's.
        picture: PictureText = PictureText::default(),
        /// The publisher's.
        publisher: PublisherText = PublisherText::default(),
        /// The targets', found by `id`.
        targets: Vec<TargetText> = Vec::new(),
        /// The suggested message.
        message: TemplateText = TemplateText::default(),
        /// The fields', found by `id`.
        fields: Vec<FieldText> = Vec::new(),
        /// The consents', found by `purpose`.
        consents: Vec<ConsentText> = Vec::new(),
        /// What the supporter reads after sending.
        thanks: String = String::new(),
        /// What supporters are given to pass on.
        share: ShareText = ShareText::default(),
        /// Where the supporter is led after sending.
        next: NextText = NextText::default(),
        /// What is said to people at risk.
        at_risk: RiskText = RiskText::default(),
        /// The variants', found by `id`: all that each of them says.
        variants: Vec<VariantText> = Vec::new(),
    }

    /// A variant's texts.
    pub struct VariantText {
        /// Which variant.
        id: Id,
        /// The heading of the form.
        title: String = String::new(),
        /// What it is about.
        story: String = String::new(),
        /// The suggested message.
        message: TemplateText = TemplateText::default(),
    }

    /// A picture's texts.
    pub struct PictureText {
        /// What it shows.
        alt: String = String::new(),
    }

    /// A publisher's texts.
    pub struct PublisherText {
        /// The organisation's name.
        name: String = String::new(),
        /// What it says of its handling of personal data, in this language.
        privacy_url: String = String::new(),
    }

    /// A target's texts.
    pub struct TargetText {
        /// Which target.
        id: Id,
        /// The name, or the form of address.
        name: String = String::new(),
        /// The office held.
        office: String = String::new(),
        /// The body in which it is held.
        organisation: String = String::new(),
        /// The picture's.
        picture: PictureText = PictureText::default(),
    }

    /// A message's texts.
    pub struct TemplateText {
        /// As many subjects as the campaign has.
        subjects: Vec<String> = Vec::new(),
        /// What stands before the body.
        head: String = String::new(),
        /// The suggested body.
        body: String = String::new(),
        /// What stands after the body.
        foot: String = String::new(),
    }

    /// A field's texts.
    pub struct FieldText {
        /// Which field.
        id: FieldId,
        /// The question.
        label: String = String::new(),
        /// The answers', found by `id`.
        options: Vec<Answer> = Vec::new(),
    }

    /// A consent's texts.
    pub struct ConsentText {
        /// Which consent.
        purpose: FieldId,
        /// What the box says.
        wording: String,
        /// The organisation's.
        organisation: PublisherText = PublisherText::default(),
    }

    /// What supporters pass on.
    pub struct ShareText {
        /// The text.
        text: String = String::new(),
        /// The address.
        url: String = String::new(),
        /// Texts that are other ones on some ways.
        texts: ShareTexts = ShareTexts::default(),
    }

    /// The next step's texts.
    pub struct NextText {
        /// What the link says.
        label: String = String::new(),
        /// Where it leads.
        url: String = String::new(),
    }

    /// What is said to people at risk.
    pub struct RiskText {
        /// Where there is advice in this language, in place of all advice in the other.
        advice: Vec<Link> = Vec::new(),
    }
}

words! {
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
    /// Its name on the wire.
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
            /// The text.
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
