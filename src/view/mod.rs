//! What there is to see of a session: elements with their words, labels tied to controls, errors to
//! fields, all roles and states of ARIA. Whoever paints it knows nothing of phases, rules and
//! catalogues: the widget patches a shadow root into the [`Markup`], the hosted page writes it as
//! text, so that both are the same to a screen reader.
//!
//! What changes while a form is used are its [`REGIONS`], each with the facets of the session that it
//! shows. A renderer has those made anew of which a facet [changed](crate::session::Dirty), and
//! nothing else. A test holds that this comes to the same as making everything anew.

use crate::campaign::{
    Answer, Campaign, Consent, Disclosed, Field, Kind, Picture, Publisher, Target, TargetingMode,
};
use crate::check::{FieldError, consent_of, length};
use crate::draft::{BODY, CONSENT, Draft, PUBLIC, SUBJECT, TARGETS, TICKED, consent_name};
use crate::find::{find, split_once};
use crate::goal;
use crate::json::decimal;
use crate::language;
use crate::markdown::{self, Block, Inline};
use crate::markup::{Attribute, Markup, Tag, html};
use crate::message::{self, name_for};
use crate::session::{Dirty, FormConfig, Notice, Phase, Session};
use crate::targeting::{limits, offered, recipients};
use crate::text::{Key, Locale, Rules, day};

mod assist;
mod field_errors;
mod header;
mod mail;
mod outbox;
mod public;
mod risk;
mod thanks;

/// How a page without script posts the form.
#[derive(Clone, Copy, Debug)]
pub struct Posting<'a> {
    /// The address.
    pub action: &'a str,
    /// Hidden fields: names and values.
    pub hidden: &'a [(&'static str, String)],
}

// A hyphen stands in every id that is not a control's name, so that a field may have any name.
/// The id of the summary of what has to be mended.
pub const SUMMARY: &str = "form-summary";
/// The id of the notice of what went wrong.
pub const NOTICE: &str = "form-notice";
/// The id of the heading of the thanks.
pub const THANKS: &str = "form-thanks";
/// The id of a receipt that was asked for.
pub const RECEIPT: &str = "form-receipt";
/// The id of the warning of one's own authorities.
pub const OWN_GOVERNMENT: &str = "form-own-government";
/// The id of the heading of what the device keeps.
pub const KEPT: &str = "form-kept";
/// The id of the heading of the mail that is offered.
pub const MAIL: &str = "form-mail";

/// A part, which can be made anew by itself. Its number is that of the markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// How many have sent.
    Progress,
    /// All that has to be mended.
    Summary,
    /// Who is written to.
    Targets,
    /// Who writes.
    Details,
    /// What is written.
    Message,
    /// What is agreed to.
    Consents,
    /// What went wrong on the way.
    Notice,
    /// What sends.
    Button,
    /// What is told to those who don't see the button.
    Status,
    /// Ways to pass it on.
    Share,
    /// A warning of one's own authorities.
    OwnGovernment,
    /// Sending it from an own mailbox.
    Mail,
    /// How the supporter may be named in public.
    Public,
    /// Ways to the suggested text and subjects.
    Ways,
}

/// Every part, and the facets that it shows.
pub const REGIONS: [(Region, Dirty); 14] = [
    (Region::Progress, Dirty::COUNT),
    (Region::Summary, Dirty::MISTAKES),
    (Region::Targets, Dirty::TARGETS.and(Dirty::MISTAKES)),
    (Region::Details, Dirty::DETAILS.and(Dirty::MISTAKES)),
    (Region::Message, Dirty::MESSAGE.and(Dirty::DETAILS).and(Dirty::TARGETS).and(Dirty::MISTAKES)),
    (Region::Consents, Dirty::CONSENTS.and(Dirty::DETAILS).and(Dirty::MISTAKES)),
    (Region::Notice, Dirty::PROGRESS),
    (Region::Button, Dirty::PROGRESS),
    (Region::Status, Dirty::PROGRESS.and(Dirty::DETAILS)),
    (Region::Share, Dirty::SHARED),
    (Region::OwnGovernment, Dirty::DETAILS.and(Dirty::TARGETS)),
    (Region::Mail, Dirty::PROGRESS),
    (Region::Public, Dirty::CONSENTS.and(Dirty::MISTAKES)),
    (Region::Ways, Dirty::MESSAGE),
];

/// All that there is to see. `posting` is for pages without script.
pub fn whole(session: &Session, locale: &Locale, posting: Option<Posting<'_>>) -> Markup {
    let mut viewer = Viewer::new(session, locale);
    viewer.whole(posting);
    viewer.out
}

/// What there is to see of a campaign that takes messages, before anything has happened.
pub fn first(campaign: &Campaign, locale: &Locale) -> Markup {
    whole(&beginning(campaign.clone()), locale, None)
}

/// Whether a markup, which may come from anyone, is the [`first`] one of this campaign. Only numbers and days that the
/// form's own sentences say may be written in another way, because each engine has its own.
pub fn is_first(markup: &str, campaign: Campaign, locale: &mut Locale) -> bool {
    // Which variant a form shows, no first markup can know.
    if !campaign.variants.is_empty() {
        return false;
    }
    let session = beginning(campaign);
    // Made with a mark about numbers and days: between those, only the digits have to be the same.
    let rules = locale.rules;
    locale.rules = Rules {
        number: |_, number| [MARK, &decimal(number), MARK].concat(),
        date: |_, seconds| [MARK, &day(seconds), MARK].concat(),
        ..rules
    };
    let made = whole(&session, locale, None);
    locale.rules = rules;
    let (mut rest, mut made) = (markup, made.as_str());
    while let Some((before, after)) = split_once(made, MARK) {
        let Some((number, after)) = split_once(after, MARK) else { return false };
        let Some(written) = rest.strip_prefix(before) else { return false };
        let Some(left) = after_number(written) else { return false };
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        if digits(&written[..written.len() - left.len()]) != digits(number) {
            return false;
        }
        (rest, made) = (left, after);
    }
    rest == made
}

/// Stands about numbers and days: no text of a form holds a control character.
const MARK: &str = "\u{1}";

/// What comes after a number or a day as an endpoint writes them; none where there is none.
fn after_number(text: &str) -> Option<&str> {
    fn after_digits(text: &str) -> Option<&str> {
        let after = text.trim_start_matches(|char: char| char.is_ascii_digit());
        (after.len() < text.len()).then_some(after)
    }
    let mut after = after_digits(text)?;
    let apart =
        |text| [',', '-', '\u{202f}'].iter().find_map(|sign| str::strip_prefix(text, *sign));
    while let Some(next) = apart(after).and_then(after_digits) {
        after = next;
    }
    Some(after)
}

/// The form of a campaign that takes messages, before anything has happened.
fn beginning(mut campaign: Campaign) -> Session {
    if campaign.targeting.mode == TargetingMode::Random {
        // The lot is drawn with the form: until then, their places are kept.
        campaign.targets.truncate(limits(&campaign).1 as usize);
        for target in &mut campaign.targets {
            *target = Target { name: "\u{a0}".to_owned(), ..Target::default() };
        }
    }
    // Of what only the page knows, the places.
    let (count_url, hosted) = ("count".to_owned(), risk::UNKNOWN.to_owned());
    Session::editing(FormConfig { campaign, count_url, hosted, ..FormConfig::default() })
}

/// One part with its number, for where it is on the screen.
pub fn part(session: &Session, locale: &Locale, part: Region) -> Markup {
    let mut viewer = Viewer::new(session, locale);
    viewer.numbered(part);
    viewer.out
}

struct Viewer<'a> {
    session: &'a Session,
    campaign: &'a Campaign,
    locale: &'a Locale,
    out: Markup,
    /// Whether it is for a page without script.
    posted: bool,
}

/// What is told of a field, whatever it is filled with.
struct FieldContext<'a> {
    name: &'a str,
    required: bool,
    /// A sentence, and its number.
    hint: Option<(Key, u32)>,
    field_error: Option<&'a FieldError>,
    /// How many characters are left.
    left: Option<i64>,
    /// Whom a consent is given to, where that is not the publisher.
    given_to: Option<&'a Publisher>,
}

/// What a field is filled with.
enum Control<'a> {
    Line { kind: &'a str, inputmode: &'a str, fixed: bool },
    Lines { rows: &'a str, fixed: bool },
    Country,
    One(&'a [Answer]),
    Several(&'a [Answer]),
    Tick,
}

impl<'a> Viewer<'a> {
    fn new(session: &'a Session, locale: &'a Locale) -> Self {
        let out = Markup::default();
        Viewer { session, campaign: &session.config.campaign, locale, out, posted: false }
    }

    fn whole(&mut self, posting: Option<Posting<'_>>) {
        let (session, campaign) = (self.session, self.campaign);
        self.posted = posting.is_some();
        self.out.put(html!("<div class=\"standwith\">"));
        self.out.set(Attribute::Lang, &campaign.lang);
        let right_to_left = language::is_right_to_left(&campaign.lang);
        self.out.set(Attribute::Dir, if right_to_left { "rtl" } else { "ltr" });
        if let Some(accent) = &campaign.theme.accent {
            self.out.set(Attribute::Accent, accent.as_str());
        }
        self.exit();
        self.languages();
        match &session.phase {
            Phase::Sent(acceptance) => self.thanks(acceptance),
            Phase::OutboxEntry(sending) => self.kept(*sending),
            _ => self.leaf(Tag::H2, "title", &campaign.title),
        }
        self.numbered(Region::Progress);
        match &session.phase {
            Phase::Sent(_) | Phase::OutboxEntry(_) => {}
            Phase::NotYetOpen => {
                self.sentence(Tag::P, "notice", Key::NotYetOpen);
                self.opens_on();
            }
            Phase::Closed => self.sentence(Tag::P, "notice", Key::Closed),
            _ => {
                self.before_form();
                self.safety();
                self.form(posting);
            }
        }
        self.out.end();
    }

    fn numbered(&mut self, part: Region) {
        self.out.part(part as u8);
        self.part(part);
    }

    fn part(&mut self, part: Region) {
        match part {
            Region::Targets => self.targets(),
            Region::Details => {
                let campaign = self.campaign;
                self.section(Key::YourDetails);
                campaign.fields.iter().for_each(|field| self.field(field));
                self.out.put(html!("</div></section>"));
            }
            Region::Consents => self.consents(),
            Region::Progress => self.progress(),
            Region::Summary => self.summary(),
            Region::Notice => self.notice(),
            Region::Button => self.button(),
            Region::Mail => self.mail(),
            Region::Status => self.status(),
            Region::OwnGovernment => self.own_government(),
            Region::Public => self.public(),
            Region::Ways => self.ways(),
            Region::Message => self.message(),
            Region::Share => self.share(),
        }
    }

    // Words.

    fn words(&self, key: Key) -> &'a str {
        self.locale.words(key)
    }

    /// Writes a text of the catalogue.
    fn say(&mut self, key: Key) {
        self.out.text(self.locale.words(key));
    }

    fn join(&self, parts: impl Iterator<Item = String>) -> String {
        let join = |before: String, after: String| {
            self.locale.say_with(Key::ListJoin, &[("before", &before), ("after", &after)])
        };
        parts.reduce(join).unwrap_or_default()
    }

    // Elements.

    /// Begins an element of a class; of none where that is empty.
    fn begin(&mut self, tag: Tag, class: &str) {
        self.out.begin(tag);
        self.set_some(Attribute::Class, class);
    }

    /// Sets an attribute, unless it is empty.
    fn set_some(&mut self, attribute: Attribute, value: &str) {
        if !value.is_empty() {
            self.out.set(attribute, value);
        }
    }

    fn set_if(&mut self, condition: bool, attribute: Attribute, value: &str) {
        if condition {
            self.out.set(attribute, value);
        }
    }

    /// An element with a class and a text.
    fn leaf(&mut self, tag: Tag, class: &str, text: &str) {
        self.begin(tag, class);
        self.out.text(text);
        self.out.end();
    }

    /// A leaf, or a place kept free for it.
    fn leaf_if(&mut self, tag: Tag, class: &str, text: &str) {
        if text.is_empty() { self.out.nothing() } else { self.leaf(tag, class, text) }
    }

    fn sentence(&mut self, tag: Tag, class: &str, key: Key) {
        self.leaf(tag, class, self.words(key));
    }

    /// A link that leaves the page, and takes nothing along.
    fn link(&mut self, class: &str, text: &str, address: &str) {
        self.out.put(html!("<a target=\"_blank\" rel=\"noopener noreferrer\">"));
        self.set_some(Attribute::Class, class);
        self.out.set(Attribute::Href, address);
        self.out.text(text);
        self.out.end();
    }

    fn story(&mut self, text: &str) {
        self.out.put(html!("<div class=\"story\">"));
        for block in markdown::parse(text) {
            match block {
                Block::Heading(inlines) => self.inlines(Tag::H3, &inlines),
                Block::Paragraph(inlines) => self.inlines(Tag::P, &inlines),
                Block::List(items) => {
                    self.out.begin(Tag::Ul);
                    items.iter().for_each(|item| self.inlines(Tag::Li, item));
                    self.out.end();
                }
            }
        }
        self.out.end();
    }

    fn inlines(&mut self, tag: Tag, inlines: &[Inline]) {
        self.out.begin(tag);
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.out.text(text),
                Inline::Strong(text) => self.leaf(Tag::Strong, "", text),
                Inline::Emphasis(text) => self.leaf(Tag::Em, "", text),
                Inline::Link { text, address } => self.link("", text, address),
            }
        }
        self.out.end();
    }

    // The form.

    fn progress(&mut self) {
        let session = self.session;
        let counted = session.shown_count();
        let goal = self.campaign.counter.goal.map(i64::from);
        let goal = goal.map(|goal| goal::shown(goal, counted.unwrap_or(0)));
        let comes = !session.config.count_url.is_empty() && session.state() != "sent";
        if counted.is_none() && !comes {
            return self.out.nothing();
        }
        self.out.put(html!("<div class=\"progress\" part=\"progress\">"));
        // Until the count is there, its place is kept: nothing moves when it comes.
        self.set_if(counted.is_none(), Attribute::AriaHidden, "true");
        self.out.put(html!("<p role=\"status\">"));
        match counted {
            None => self.out.put(html!("\u{a0}</p>")),
            Some(count) => {
                let said = goal.map_or_else(String::new, |goal| self.locale.number(goal));
                let key = if goal.is_some() { Key::CountOfGoal } else { Key::Count };
                self.tell(key, count, "goal", &said);
            }
        }
        if let Some(goal) = goal {
            self.out.put(html!("<progress aria-hidden=\"true\">"));
            self.out.set(Attribute::Max, &decimal(goal.max(1)));
            self.out.set(Attribute::Value, &decimal(counted.unwrap_or(0).clamp(0, goal)));
            self.out.end();
        }
        self.out.end();
    }

    fn form(&mut self, posting: Option<Posting<'_>>) {
        let campaign = self.campaign;
        self.out.put(html!("<form part=\"form\" novalidate>"));
        self.unremembered();
        if let Some(posting) = posting {
            self.out.set(Attribute::Method, "post");
            self.out.set(Attribute::Action, posting.action);
        }
        match self.shown(campaign.picture.as_ref()) {
            None => self.out.nothing(),
            Some(picture) => {
                self.out.put(html!("<img class=\"picture\">"));
                self.out.set(Attribute::Src, &picture.url);
                self.out.set(Attribute::Alt, &picture.alt);
                self.out.end();
            }
        }
        self.story(&campaign.story);
        self.numbered(Region::Summary);
        self.out.begin(Tag::Div);
        for part in [
            Region::Targets,
            Region::Details,
            Region::Message,
            Region::Ways,
            Region::Consents,
            Region::Public,
        ] {
            self.numbered(part);
        }
        self.out.end();
        self.privacy();
        for part in
            [Region::OwnGovernment, Region::Notice, Region::Button, Region::Status, Region::Mail]
        {
            self.numbered(part);
        }
        for (name, value) in posting.map_or(&[][..], |posting| posting.hidden) {
            self.out.put(html!("<input type=\"hidden\">"));
            self.out.set(Attribute::Name, name);
            self.out.set(Attribute::Value, value);
            self.out.end();
        }
        self.out.end();
    }

    /// Whether there is a control of this name to lead to.
    fn is_shown(&self, name: &str) -> bool {
        match name {
            SUBJECT | BODY => true,
            PUBLIC => self.campaign.asks_for_public_name(),
            TARGETS => offered(self.campaign, &self.session.draft).choice.is_some(),
            _ => {
                self.campaign.field(name).is_some()
                    || consent_of(self.campaign, name).is_some_and(|consent| self.is_asked(consent))
            }
        }
    }

    fn is_asked(&self, consent: &Consent) -> bool {
        consent.is_asked_in(self.session.draft.get("country"))
    }

    /// Begins a headed group of fields: two elements.
    fn section(&mut self, heading: Key) {
        self.out.put(html!("<section><h3>"));
        self.say(heading);
        self.out.put(html!("</h3><div>"));
    }

    fn targets(&mut self) {
        let offer = offered(self.campaign, &self.session.draft);
        // The question is the heading.
        self.out.begin(Tag::Section);
        self.out.nothing();
        self.out.begin(Tag::Div);
        let mut context = self.context(TARGETS, true);
        context.hint = Some(match (offer.choice, offer.waits) {
            (Some((least, _)), _) => (Key::TargetsChoose, least),
            (_, Some("country")) => (Key::TargetsByCountry, 0),
            (_, Some(_)) => (Key::TargetsByPostcode, 0),
            _ if offer.targets.is_empty() => (Key::TargetsNone, 0),
            _ => (Key::TargetsAll, 1),
        });
        let choose = offer.choice.is_some();
        self.group(&context);
        if !choose {
            self.out.begin(Tag::Ul);
        }
        let mut index = 0;
        let mut offered = offer.targets.into_iter().peekable();
        for target in &self.campaign.targets {
            // Each keeps its place, whoever else is offered.
            if offered.next_if(|next| next.id == target.id).is_none() {
                self.out.nothing();
                continue;
            }
            let office = self.office(target);
            if choose {
                let picture = target.picture.as_ref();
                self.box_of(&context, index, target.id.as_str(), &target.name, &office, picture);
                index += 1;
            } else {
                self.out.begin(Tag::Li);
                self.portrait(target.picture.as_ref());
                self.out.text(&target.name);
                self.leaf_if(Tag::Span, "hint", &office);
                self.out.end();
            }
        }
        if !choose {
            self.out.end();
        }
        self.out.put(html!("</fieldset></div></div></section>"));
    }

    /// A picture, where its host is the campaign's own or nobody is at risk: another host would learn who looks.
    fn shown<'p>(&self, picture: Option<&'p Picture>) -> Option<&'p Picture> {
        let is_near = |url: &str| !url.contains(':') && !url.starts_with("//");
        picture.filter(|picture| !self.campaign.is_at_risk() || is_near(&picture.url))
    }

    /// A picture of a target, or a place kept free for it.
    fn portrait(&mut self, picture: Option<&Picture>) {
        match self.shown(picture) {
            None => self.out.nothing(),
            Some(picture) => {
                self.out.put(html!("<img class=\"portrait\">"));
                self.out.set(Attribute::Src, &picture.url);
                self.out.set(Attribute::Alt, &picture.alt);
                self.out.end();
            }
        }
    }

    /// Office and organisation, as far as the name does not say them.
    fn office(&self, target: &Target) -> String {
        let parts = [&target.office, &target.organisation].into_iter();
        let context = parts.filter(|part| !part.is_empty() && find(&target.name, part).is_none());
        self.join(context.cloned())
    }

    fn field(&mut self, field: &Field) {
        let line = |kind, inputmode| Control::Line { kind, inputmode, fixed: false };
        let control = match field.kind() {
            Kind::Text => line("text", ""),
            Kind::Email => line("email", "email"),
            Kind::Phone => line("tel", "tel"),
            Kind::Number => line("text", "numeric"),
            Kind::Date => line("date", ""),
            Kind::LongText => Control::Lines { rows: "5", fixed: false },
            Kind::Country => Control::Country,
            Kind::Choice => Control::One(&field.options),
            Kind::Choices => Control::Several(&field.options),
            Kind::Checkbox => Control::Tick,
        };
        let context = self.context(field.id.as_str(), field.required);
        self.filled(&context, &control);
    }

    /// What is told of the field of this name.
    fn context<'t>(&self, name: &'t str, required: bool) -> FieldContext<'t>
    where
        'a: 't,
    {
        let field_error =
            self.session.field_errors.iter().find(|field_error| field_error.field == name);
        FieldContext { name, required, hint: None, field_error, left: None, given_to: None }
    }

    fn message(&mut self) {
        let (session, template) = (self.session, &self.campaign.message);
        let fixed = !template.editable;
        let sent = session.draft.composed(self.campaign);
        let mut subject = self.context(SUBJECT, true);
        let mut body = self.context(BODY, true);
        let to = match template.per_target {
            true => recipients(self.campaign, &sent),
            false => Vec::new(),
        };
        let longest = to.iter().map(|target| length(sent.get(&name_for(BODY, target)))).max();
        let longest = longest.unwrap_or_else(|| length(sent.get(BODY)));
        body.left = Some(i64::from(template.max) - i64::from(longest));
        let frame = [template.head.as_str(), &template.foot].concat();
        let mut differs = !frame.is_empty();
        for (context, about) in [(&mut subject, ""), (&mut body, &frame)] {
            let written = [session.draft.get(context.name), about].concat();
            if message::fill(&written, &Draft::default(), &[], u32::MAX) != written {
                differs = true;
                if !fixed {
                    context.hint = Some((Key::PlaceholderHint, 0));
                }
            }
        }
        self.section(Key::YourMessage);
        self.filled(&subject, &Control::Line { kind: "text", inputmode: "", fixed });
        // What stands about the body can be read there.
        self.leaf_if(Tag::P, "letter", &template.head);
        self.filled(&body, &Control::Lines { rows: "12", fixed });
        self.leaf_if(Tag::P, "letter", &template.foot);
        self.out.end();
        if differs {
            self.preview(&sent, &to)
        } else {
            self.out.nothing()
        }
        self.out.end();
    }

    fn preview(&mut self, sent: &Draft, to: &[&Target]) {
        self.out.put(html!("<details class=\"preview\"><summary>"));
        self.say(Key::Preview);
        self.out.end();
        for target in to {
            let heading = self.locale.say_with(Key::MessageFor, &[("name", &target.name)]);
            self.leaf(Tag::H3, "", &heading);
            self.letter(sent, [&name_for(SUBJECT, target), &name_for(BODY, target)]);
        }
        if to.is_empty() {
            self.letter(sent, [SUBJECT, BODY]);
        }
        self.out.end();
    }

    fn letter(&mut self, sent: &Draft, [subject, body]: [&str; 2]) {
        self.leaf(Tag::P, "subject", sent.get(subject));
        self.leaf(Tag::P, "letter", sent.get(body));
    }

    fn consents(&mut self) {
        let campaign = self.campaign;
        if !campaign.consents.iter().any(|consent| self.is_asked(consent)) {
            return self.out.nothing();
        }
        self.section(Key::Consents);
        for consent in &campaign.consents {
            if !self.is_asked(consent) {
                self.out.nothing();
                continue;
            }
            let name = consent_name(consent.purpose.as_str());
            let mut context = self.context(&name, consent.required);
            let organisation = &consent.organisation;
            context.given_to = Some(organisation).filter(|known| !known.name.is_empty());
            self.filled(&context, &Control::Tick);
        }
        self.out.put(html!("</div></section>"));
    }

    fn privacy(&mut self) {
        let (campaign, locale) = (self.campaign, self.locale);
        // What nobody is asked for, nobody gets to know.
        let asked = campaign.delivery.disclose.iter().filter(|disclosed| match disclosed {
            Disclosed::Name => campaign.asks_for_name(),
            _ => campaign.field(disclosed.word()).is_some(),
        });
        let disclosed = asked.map(|disclosed| {
            let key = match disclosed {
                Disclosed::Name => Key::DisclosedName,
                Disclosed::Email => Key::DisclosedEmail,
                Disclosed::Phone => Key::DisclosedPhone,
                Disclosed::Country => Key::DisclosedCountry,
                Disclosed::Region => Key::DisclosedRegion,
                Disclosed::Locality => Key::DisclosedLocality,
                Disclosed::PostalCode => Key::DisclosedPostalCode,
                Disclosed::Address => Key::DisclosedAddress,
            };
            locale.words(key).to_owned()
        });
        let list = self.join(disclosed);
        self.out.put(html!("<div class=\"privacy\"><p id=\"form-disclosed\">"));
        if campaign.is_only_mailed() {
            self.say(Key::MailDisclosed);
            self.out.end();
        } else if list.is_empty() {
            self.out.end();
        } else {
            self.tell(Key::Disclosed, 0, "list", &list);
        }
        self.out.put(html!("<p class=\"hint\">"));
        if campaign.sealing.is_some() && !self.posted {
            self.say(Key::SealedHint);
            self.out.text(" ");
        }
        let publisher = &campaign.publisher;
        if !publisher.name.is_empty() {
            let name = [("publisher", publisher.name.as_str())];
            self.out.text(&locale.say_with(Key::Responsible, &name));
            self.out.text(" ");
        }
        if let Some(days) = campaign.retention_days {
            self.out.text(&locale.say_count(Key::Retention, i64::from(days), &[]));
            self.out.text(" ");
        }
        if markdown::is_safe(&publisher.privacy_url) {
            self.link("", self.words(Key::Privacy), &publisher.privacy_url);
        }
        self.out.put(html!("</p></div>"));
    }

    fn is_busy(&self) -> bool {
        self.session.state() == "sending"
    }

    fn button(&mut self) {
        self.out.put(html!("<button type=\"submit\" part=\"button\">"));
        let warned = self.campaign.is_at_risk();
        let context = if warned { "form-disclosed form-own-government" } else { "form-disclosed" };
        self.out.set(Attribute::AriaDescribedby, context);
        self.set_if(self.is_busy(), Attribute::AriaDisabled, "true");
        self.out.text(self.button_says());
        self.out.end();
    }

    fn button_says(&self) -> &'a str {
        self.words(match &self.session.notice {
            _ if self.is_busy() => Key::Sending,
            _ if self.campaign.is_only_mailed() => Key::MailSend,
            _ if self.session.mailing.is_some() => Key::Send,
            Some(Notice::Unreachable | Notice::Busy(_)) => Key::TryAgain,
            _ if self.session.config.test => Key::TestSend,
            _ => Key::Send,
        })
    }

    // Fields.

    /// A field, filled with what was entered under its name.
    fn filled(&mut self, context: &FieldContext<'_>, control: &Control<'_>) {
        let session = self.session;
        let value = session.draft.get(context.name);
        if matches!(control, Control::Several(_) | Control::Tick) {
            return self.boxes(context, value, control);
        }
        self.begin_field(context);
        self.label(context);
        self.told_of(context);
        self.simple(context, value, control);
        match context.left {
            None => self.out.nothing(),
            Some(left) => {
                let over = left < 0;
                let key = if over { Key::CharactersOver } else { Key::CharactersLeft };
                self.begin_told(context, "-remaining", "hint");
                self.tell(key, left.abs(), "", "");
            }
        }
        if session.help.suggestion.is_some() {
            self.suggestion(context.name);
        }
        self.out.end();
    }

    /// A field of boxes to tick.
    fn boxes(&mut self, context: &FieldContext<'_>, value: &str, control: &Control<'_>) {
        let Control::Several(options) = control else {
            self.begin_field(context);
            self.told_of(context);
            self.out.put(html!(
                "<div class=\"box\"><input part=\"input\" type=\"checkbox\" value=\"on\">"
            ));
            self.control(context);
            self.set_if(value == TICKED, Attribute::Checked, "");
            self.out.end();
            self.label(context);
            self.out.end();
            self.given_to(context);
            return self.out.end();
        };
        self.group(context);
        for (index, option) in options.iter().enumerate() {
            self.box_of(context, index, &option.id, &option.label, "", None);
        }
        self.out.end();
        self.out.end();
    }

    fn begin_field(&mut self, context: &FieldContext<'_>) {
        self.out.put(html!("<div part=\"field\">"));
        let class = if context.field_error.is_none() { "field" } else { "field wrong" };
        self.out.set(Attribute::Class, class);
    }

    /// Begins a field of several boxes, its question and what is told of it: two elements.
    fn group(&mut self, context: &FieldContext<'_>) {
        self.begin_field(context);
        self.out.begin(Tag::Fieldset);
        self.state(context);
        self.out.put(html!("<legend class=\"label\" part=\"label\">"));
        self.label_text(context);
        self.out.end();
        self.told_of(context);
    }

    /// A control alone.
    fn simple(&mut self, context: &FieldContext<'_>, value: &str, control: &Control<'_>) {
        let remembered = !self.campaign.is_at_risk();
        let fixed = match control {
            Control::Line { kind, inputmode, fixed } => {
                self.out.put(html!("<input part=\"input\">"));
                self.control(context);
                self.out.set(Attribute::Type, kind);
                self.set_some(Attribute::Inputmode, inputmode);
                self.set_if(*kind == "email", Attribute::Spellcheck, "false");
                self.set_if(remembered, Attribute::Autocomplete, autocomplete(context.name));
                *fixed
            }
            Control::Lines { rows, fixed } => {
                self.out.put(html!("<textarea part=\"input\">"));
                self.control(context);
                self.out.set(Attribute::Rows, rows);
                *fixed
            }
            _ => return self.select(context, value, control),
        };
        self.set_if(fixed, Attribute::Readonly, "");
        self.out.set(Attribute::Value, value);
        self.out.end();
    }

    /// A list to choose from.
    fn select(&mut self, context: &FieldContext<'_>, value: &str, control: &Control<'_>) {
        self.out.put(html!("<select part=\"input\">"));
        self.control(context);
        let Control::One(options) = control else {
            self.set_if(!self.campaign.is_at_risk(), Attribute::Autocomplete, "country");
            self.out.set(Attribute::Value, value);
            self.option("", self.words(Key::ChooseCountry), value);
            self.out.countries(value);
            return self.out.end();
        };
        self.out.set(Attribute::Value, value);
        self.option("", self.words(Key::ChooseAnswer), value);
        for option in *options {
            self.option(&option.id, &option.label, value);
        }
        self.out.end();
    }

    fn option(&mut self, id: &str, label: &str, chosen: &str) {
        self.out.begin(Tag::Option);
        self.out.set(Attribute::Value, id);
        self.set_if(id == chosen, Attribute::Selected, "");
        self.out.text(label);
        self.out.end();
    }

    /// Has the control that has begun bear the field's name.
    fn control(&mut self, context: &FieldContext<'_>) {
        self.out.set(Attribute::Id, context.name);
        self.out.set(Attribute::Name, context.name);
        // For assistive technology only: the form itself says what is missing, in its own words.
        self.set_if(context.required, Attribute::AriaRequired, "true");
        self.unremembered();
        self.state(context);
    }

    /// Where taking part may be dangerous, no browser keeps what was entered in what has begun.
    fn unremembered(&mut self) {
        self.set_if(self.campaign.is_at_risk(), Attribute::Autocomplete, "off");
    }

    fn label(&mut self, context: &FieldContext<'_>) {
        self.out.put(html!("<label class=\"label\" part=\"label\">"));
        self.out.set(Attribute::For, context.name);
        self.label_text(context);
        self.out.end();
    }

    fn label_text(&mut self, context: &FieldContext<'_>) {
        let label = self.label_of(context.name);
        // The wording of a consent stands to the letter: its digest is signed.
        if context.required || context.name.starts_with(CONSENT) {
            self.out.text(label);
        } else {
            let label = self.locale.say_with(Key::Optional, &[("label", label)]);
            self.out.text(&label);
        }
    }

    /// Hint and error.
    fn told_of(&mut self, context: &FieldContext<'_>) {
        match context.hint {
            None => self.out.nothing(),
            Some((key, count)) => {
                self.begin_told(context, "-hint", "hint");
                self.tell(key, i64::from(count), "", "");
            }
        }
        match context.field_error {
            None => self.out.nothing(),
            Some(field_error) => {
                self.begin_told(context, "-error", "error");
                self.out.set(Attribute::Region, "error");
                self.field_error(field_error);
                self.out.end();
            }
        }
    }

    /// Whom a consent is given to, under its box.
    fn given_to(&mut self, context: &FieldContext<'_>) {
        let Some(organisation) = context.given_to else { return self.out.nothing() };
        self.begin_told(context, "-organisation", "hint");
        self.out.text(&organisation.name);
        if markdown::is_safe(&organisation.privacy_url) {
            self.out.text(" · ");
            self.link("", self.words(Key::Privacy), &organisation.privacy_url);
        }
        self.out.end();
    }

    fn begin_told(&mut self, context: &FieldContext<'_>, suffix: &str, class: &str) {
        self.begin(Tag::P, class);
        self.out.set(Attribute::Id, &[context.name, suffix].concat());
    }

    /// Writes a sentence with a number and a value, and ends the element that it is in.
    fn tell(&mut self, key: Key, count: i64, name: &str, value: &str) {
        let text = self.locale.say_count(key, count, &[(name, value)]);
        self.out.text(&text);
        self.out.end();
    }

    /// Ties what is told of a field to the element that has begun.
    fn state(&mut self, context: &FieldContext<'_>) {
        let mut ids = String::new();
        for (is_told, suffix) in [
            (context.hint.is_some(), "-hint "),
            (context.field_error.is_some(), "-error "),
            (context.left.is_some(), "-remaining "),
            (context.given_to.is_some(), "-organisation "),
        ] {
            if is_told {
                ids.push_str(context.name);
                ids.push_str(suffix);
            }
        }
        self.set_some(Attribute::AriaDescribedby, ids.trim_end());
        self.set_if(context.field_error.is_some(), Attribute::AriaInvalid, "true");
    }

    fn box_of(
        &mut self,
        context: &FieldContext<'_>,
        index: usize,
        value: &str,
        label: &str,
        detail: &str,
        picture: Option<&Picture>,
    ) {
        // The first box bears the field's name, to which the summary's link leads.
        let mut id = context.name.to_owned();
        if index > 0 {
            id.push('-');
            id.push_str(&decimal(index as i64));
        }
        self.out.put(html!("<div class=\"box\"><input part=\"input\" type=\"checkbox\">"));
        self.out.set(Attribute::Id, &id);
        self.out.set(Attribute::Name, context.name);
        self.out.set(Attribute::Value, value);
        self.unremembered();
        self.set_if(self.session.draft.has(context.name, value), Attribute::Checked, "");
        self.out.end();
        self.out.begin(Tag::Label);
        self.out.set(Attribute::For, &id);
        self.portrait(picture);
        self.out.text(label);
        self.leaf_if(Tag::Span, "hint", detail);
        self.out.put(html!("</label></div>"));
    }

    /// What a control is called.
    fn label_of<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        let key = match name {
            "given_name" => Key::GivenName,
            "family_name" => Key::FamilyName,
            "email" => Key::Email,
            "phone" => Key::Phone,
            "country" => Key::Country,
            "region" => Key::Region,
            "locality" => Key::Locality,
            "postal_code" => Key::PostalCode,
            "address" => Key::Address,
            SUBJECT => Key::Subject,
            BODY => Key::Body,
            TARGETS => Key::Targets,
            PUBLIC => Key::Public,
            _ => {
                let own = self.campaign.field(name);
                let consent = || consent_of(self.campaign, name).map(|c| &c.wording);
                let label = own.map(|field| &field.label).or_else(consent);
                return label.map_or(name, String::as_str);
            }
        };
        self.words(key)
    }
}

/// `autocomplete` of the HTML standard for a field.
fn autocomplete(name: &str) -> &'static str {
    match name {
        "given_name" => "given-name",
        "family_name" => "family-name",
        "email" => "email",
        "phone" => "tel",
        "region" => "address-level1",
        "locality" => "address-level2",
        "postal_code" => "postal-code",
        "address" => "street-address",
        _ => "off",
    }
}
