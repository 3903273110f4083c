//! The campaign file as types. A [`Campaign`] is in one language: [`CampaignFile::campaign`] replaces the file's texts
//! by those of the language before it reads them. The defaults of all values are declared here; the shells resolve the
//! default addresses of endpoint, count and hosted form.

mod consents;
mod delivery;
mod display;
mod embed;
mod fields;
mod file;
mod ids;
mod message;
mod risk;
mod sharing;
mod targets;
mod translation;

use std::collections::BinaryHeap;

use crate::language::is_family_name_first;
pub use crate::time::civil;
pub use consents::Consent;
pub use delivery::{Delivery, DeliveryMode, Disclosed, Endpoint, Format, Sealing, SealingKey};
pub use display::{Display, MessageDisplay, StoryDisplay, TargetsDisplay};
pub use embed::Embed;
pub(crate) use fields::kind_of;
use fields::standard_fields;
pub use fields::{Answer, Field, Kind, STANDARD_FIELDS};
pub use file::{CampaignFile, Strictness};
pub(crate) use ids::is_like_country;
pub use ids::{Colour, Country, FieldId, Id, Moment};
pub use message::Template;
pub use risk::{AtRisk, Risk};
pub use sharing::{Channel, Next, Share, ShareTexts};
pub use targets::{Filter, Preselected, Target, Targeting, TargetingMode};
pub use translation::{
    ConsentText, FieldText, NextText, PictureText, PublisherText, RiskText, ShareText, TargetText,
    TemplateText, Translation, Translations, Variant, VariantText,
};

use crate::control::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS};
use crate::shape::record;

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
        /// What the form shows at first.
        display: Display = Display::default(),
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
        /// Days for which the publisher promises to store the actions at most. The endpoint does not delete them by
        /// itself.
        retention_days: Option<u32> = None,
        /// Public naming of supporters.
        public: Public = Public::default(),
        /// Whether taking part may be dangerous: `true`, or an object with details.
        at_risk: AtRisk = AtRisk(None),
        /// Sets of alternative texts for an A/B test; each form picks one set at random.
        variants: Vec<Variant> = Vec::new(),
        /// Frames on other sites that may show the hosted page.
        #[cfg(not(target_arch = "wasm32"))]
        embed: Embed = Embed::default(),
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

    /// Counter.
    pub struct Counter {
        /// Goal.
        goal: Option<u32> = None,
        /// URL of the count, relative to the campaign file; default: `count` beside the endpoint.
        url: String = String::new(),
    }

    /// Appearance.
    pub struct Theme {
        /// Accent colour, as `#rrggbb`.
        accent: Option<Colour> = None,
    }

    /// Public naming of supporters.
    pub struct Public {
        /// Whether the form asks: full name, initials or not at all (preset). Without it, no supporter is named.
        ask: bool = false,
    }

    /// A link.
    pub struct Link {
        /// Text of the link.
        label: String,
        /// Address of the link.
        url: String,
    }
}

impl Campaign {
    /// Whether two controls of the form have the same name, or two targets or two options of a field the same id.
    fn has_doubles(&self) -> bool {
        let mut names = Vec::new();
        let mut add = |parts: &[&str]| names.push(parts.concat());
        [TARGETS, SUBJECT, BODY, PUBLIC].iter().for_each(|name| add(&[name]));
        // No control's name contains a slash.
        self.targets.iter().for_each(|target| add(&["/", &target.id.0]));
        self.consents.iter().for_each(|consent| add(&[CONSENT, &consent.purpose.0]));
        for Field { id: FieldId(id), options, .. } in &self.fields {
            add(&[id]);
            options.iter().for_each(|option| add(&[id, "/", &option.id]));
        }
        // Comparing all pairs took 0.8 s for 6,000 names.
        // A heap takes the widget 1 KB less than sorting.
        let mut heap = BinaryHeap::from(names);
        let mut last = None;
        while let Some(name) = heap.pop() {
            if last.as_ref() == Some(&name) {
                return true;
            }
            last = Some(name);
        }
        false
    }

    /// The fields in the order of the form: that of the file, but the family name before the given name if they stand side
    /// by side and the language has this order.
    pub fn fields_on_screen(&self) -> Vec<&Field> {
        let mut fields: Vec<&Field> = self.fields.iter().collect();
        let ids = ["given_name", "family_name"];
        let given = fields.windows(2).position(|pair| pair.iter().map(|it| it.id.as_str()).eq(ids));
        if let Some(place) = given.filter(|_| is_family_name_first(&self.lang)) {
            fields.swap(place, place + 1);
        }
        fields
    }

    /// The field with this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id.0 == id)
    }

    /// Whether supporters may send the message from their own mailboxes. That excludes a message for each target.
    pub fn is_mailed(&self) -> bool {
        self.delivery.modes.contains(&DeliveryMode::MailApp) && !self.message.per_target
    }

    /// Whether supporters' own mailboxes are the only way of delivery.
    pub fn is_only_mailed(&self) -> bool {
        self.is_mailed() && !self.delivery.modes.contains(&DeliveryMode::Server)
    }

    /// Whether the form asks how the supporter may be named in public. It does not if it asks for no name.
    pub fn asks_for_public_name(&self) -> bool {
        self.public.ask && self.asks_for_name()
    }

    /// Whether the form may suggest a country: it asks for one, and supporters are not at risk. They might send the guess
    /// unseen.
    pub fn suggests_country(&self) -> bool {
        self.field("country").is_some() && !self.is_at_risk()
    }

    /// Whether the form asks for a name.
    pub fn asks_for_name(&self) -> bool {
        ["given_name", "family_name"].iter().any(|name| self.field(name).is_some())
    }

    /// Whether taking part may be dangerous.
    pub fn is_at_risk(&self) -> bool {
        self.at_risk.0.is_some()
    }
}
