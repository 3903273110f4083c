//! What there is to see: a session and a locale flattened into plain data. Whoever paints it knows
//! nothing of phases, rules and catalogues.

use crate::answer::{Acceptance, Status};
use crate::campaign::{Campaign, Disclosed, Field, Kind, Picture, TargetingMode};
use crate::check::{Mistake, MistakeKind, consent_of, length, limits};
use crate::draft::{BODY, SUBJECT, TARGETS, TICKED, clean, consent_name};
use crate::language;
use crate::markdown::{self, Block};
use crate::message;
use crate::session::{Notice, Phase, Session, ShareResult};
use crate::text::{Key, Locale};

/// All that there is to see.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The language (BCP 47).
    pub lang: String,
    /// Whether it is written from right to left.
    pub right_to_left: bool,
    /// The heading.
    pub title: String,
    /// The colour of the button, as `#rrggbb`.
    pub accent: Option<String>,
    /// How far the campaign is.
    pub progress: Option<Progress>,
    /// The rest, which depends on how far the supporter is.
    pub screen: Screen,
}

/// What stands under the heading.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// The form.
    Form(Box<Form>),
    /// The receipt.
    Thanks(Box<Thanks>),
    /// A sentence, where nothing can be sent.
    Closed(String),
}

/// How many have sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// In words.
    pub text: String,
    /// How many, and how many are hoped for.
    pub of_goal: Option<(i64, i64)>,
}

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The campaign's picture.
    pub picture: Option<Picture>,
    /// What it is about.
    pub story: Vec<Block>,
    /// All that has to be mended.
    pub summary: Option<Summary>,
    /// Headed groups of fields.
    pub sections: Vec<Section>,
    /// What the targets get to know.
    pub disclosed: String,
    /// Who is responsible, and for how long data are kept.
    pub responsible: Vec<String>,
    /// The publisher's privacy notice: what the link says, and where it leads.
    pub privacy: Option<(String, String)>,
    /// What went wrong on the way.
    pub notice: Option<String>,
    /// What the button says.
    pub button: String,
    /// Whether the message is on its way.
    pub busy: bool,
}

/// All that has to be mended.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The heading.
    pub heading: String,
    /// The controls' names, and what is wrong with each, in the order of the form. A name is empty
    /// where there is no control to lead to.
    pub items: Vec<(String, String)>,
}

/// A headed group of fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The heading; empty where the only field's question is one.
    pub heading: String,
    /// The fields.
    pub fields: Vec<FieldView>,
    /// The message as it would be sent: heading, subject, body.
    pub preview: Option<[String; 3]>,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldView {
    /// The control's name.
    pub name: String,
    /// What is asked for.
    pub label: String,
    /// Help, under the label.
    pub hint: String,
    /// What is wrong with it.
    pub error: String,
    /// How many characters are left.
    pub remaining: String,
    /// Whether it must be answered.
    pub required: bool,
    /// What it is filled with.
    pub control: Control,
}

/// What a field is filled with.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// A line of text.
    Line {
        /// The value.
        value: String,
        /// `type` of HTML: `text`, `email`, `tel` or `date`.
        kind: &'static str,
        /// `inputmode` of HTML, where the type alone does not say it.
        inputmode: &'static str,
        /// `autocomplete` of HTML.
        autocomplete: &'static str,
        /// Whether it can't be changed.
        fixed: bool,
    },
    /// Lines of text.
    Lines {
        /// The value.
        value: String,
        /// How many to show.
        rows: u32,
        /// Whether it can't be changed.
        fixed: bool,
    },
    /// A country of all countries.
    Country {
        /// Its code.
        value: String,
        /// What stands there while none is chosen.
        prompt: String,
    },
    /// One of some.
    One {
        /// The id of the one that is chosen.
        value: String,
        /// What stands there while none is chosen.
        prompt: String,
        /// Ids and labels.
        options: Vec<(String, String)>,
    },
    /// Boxes, of which some are ticked.
    Boxes(Vec<Choice>),
    /// A box alone, the label beside it.
    Tick {
        /// Whether it is ticked.
        ticked: bool,
    },
    /// Nothing to fill in: a list to read.
    List(Vec<(String, String)>),
}

/// A box among others.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its value.
    pub value: String,
    /// Its label.
    pub label: String,
    /// What more there is to say.
    pub detail: String,
    /// Whether it is ticked.
    pub ticked: bool,
}

/// What a supporter sees after sending.
#[derive(Clone, Debug, PartialEq)]
pub struct Thanks {
    /// The heading.
    pub heading: String,
    /// What the endpoint did with it.
    pub status: String,
    /// The campaign's own words.
    pub words: Vec<Block>,
    /// What the receipt's number is called, and the number.
    pub number: (String, String),
    /// What the number is for.
    pub keep: String,
    /// The signed receipt to download: what the link says, and the receipt.
    pub download: Option<(String, String)>,
    /// Ways to pass it on.
    pub share: ShareView,
    /// The next step: what the link says, and where it leads.
    pub next: Option<(String, String)>,
}

/// Ways to pass it on.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareView {
    /// The heading.
    pub heading: String,
    /// Channel, what the link says, and where it leads.
    pub links: Vec<(&'static str, String, String)>,
    /// What the copy button says.
    pub copy: String,
    /// What became of copying.
    pub result: String,
}

/// What there is to see of a session.
pub fn view(session: &Session, locale: &Locale) -> View {
    let painter = Viewer { session, campaign: &session.setting.campaign, locale };
    let campaign = painter.campaign;
    View {
        lang: campaign.lang.clone(),
        right_to_left: language::is_right_to_left(&campaign.lang),
        title: campaign.title.clone(),
        accent: campaign.theme.accent.as_ref().map(|accent| accent.0.clone()),
        progress: painter.progress(),
        screen: match &session.phase {
            Phase::NotYetOpen => Screen::Closed(locale.say(Key::NotYetOpen)),
            Phase::Closed => Screen::Closed(locale.say(Key::Closed)),
            Phase::Sent(acceptance) => Screen::Thanks(Box::new(painter.thanks(acceptance))),
            Phase::Editing => Screen::Form(Box::new(painter.form(false))),
            _ => Screen::Form(Box::new(painter.form(true))),
        },
    }
}

struct Viewer<'a> {
    session: &'a Session,
    campaign: &'a Campaign,
    locale: &'a Locale,
}

impl Viewer<'_> {
    fn progress(&self) -> Option<Progress> {
        let count = self.session.count?;
        let goal = self.campaign.counter.goal.map(i64::from);
        let text = match goal {
            Some(goal) => {
                let goal = self.locale.number(goal);
                self.locale.say_count(Key::CountOfGoal, count, &[("goal", &goal)])
            }
            None => self.locale.say_count(Key::Count, count, &[]),
        };
        Some(Progress { text, of_goal: goal.map(|goal| (count, goal)) })
    }

    fn form(&self, busy: bool) -> Form {
        let (campaign, locale) = (self.campaign, self.locale);
        let fields = campaign.fields.iter().map(|field| self.field(field)).collect();
        let mut sections = vec![
            // The question is the heading.
            Section { heading: String::new(), fields: vec![self.targets()], preview: None },
            self.section(Key::YourDetails, fields),
            self.message(),
        ];
        let consents: Vec<_> = self.consents().collect();
        if !consents.is_empty() {
            sections.push(self.section(Key::Consents, consents));
        }
        let publisher = &campaign.publisher;
        let mut responsible = Vec::new();
        if !publisher.name.is_empty() {
            let name = [("publisher", publisher.name.as_str())];
            responsible.push(locale.say_with(Key::Responsible, &name));
        }
        if let Some(days) = campaign.retention_days {
            responsible.push(locale.say_count(Key::Retention, i64::from(days), &[]));
        }
        let notice = self.session.notice.as_ref().map(|notice| self.notice(notice));
        Form {
            picture: campaign.picture.clone(),
            story: markdown::parse(&campaign.story),
            summary: self.summary(&sections),
            sections,
            disclosed: self.disclosed(),
            responsible,
            privacy: markdown::is_safe(&publisher.privacy_url)
                .then(|| (locale.say(Key::Privacy), publisher.privacy_url.clone())),
            button: locale.say(match (busy, &self.session.notice) {
                (true, _) => Key::Sending,
                (_, Some(Notice::Unreachable | Notice::Busy(_))) => Key::TryAgain,
                _ => Key::Send,
            }),
            notice,
            busy,
        }
    }

    fn section(&self, heading: Key, fields: Vec<FieldView>) -> Section {
        Section { heading: self.locale.say(heading), fields, preview: None }
    }

    fn targets(&self) -> FieldView {
        let targeting = &self.campaign.targeting;
        let targets = self.campaign.targets.iter();
        let (hint, control) = match targeting.mode {
            TargetingMode::Choose => (
                self.locale.say_count(Key::TargetsChoose, i64::from(targeting.least.max(1)), &[]),
                Control::Boxes(
                    targets
                        .map(|target| Choice {
                            value: target.id.0.clone(),
                            label: target.name.clone(),
                            detail: self.office(target),
                            ticked: self.session.draft.has(TARGETS, target.id.as_str()),
                        })
                        .collect(),
                ),
            ),
            TargetingMode::All => (
                self.locale.say(Key::TargetsAll),
                Control::List(targets.map(|t| (t.name.clone(), self.office(t))).collect()),
            ),
        };
        let mut field = self.plain(TARGETS, self.locale.say(Key::Targets), true, control);
        field.hint = hint;
        field
    }

    /// Office and organisation, as far as the name does not say them.
    fn office(&self, target: &crate::campaign::Target) -> String {
        let parts = [&target.office, &target.organisation];
        let told = |part: &&&String| !part.is_empty() && !target.name.contains(part.as_str());
        self.join(parts.iter().filter(told).map(|part| part.as_str().to_owned()))
    }

    fn join(&self, parts: impl Iterator<Item = String>) -> String {
        let join = |before: String, after: String| {
            self.locale.say_with(Key::ListJoin, &[("before", &before), ("after", &after)])
        };
        parts.reduce(join).unwrap_or_default()
    }

    fn field(&self, field: &Field) -> FieldView {
        let name = field.id.as_str();
        let value = self.session.draft.get(name).to_owned();
        let line = |kind, inputmode| Control::Line {
            value: value.clone(),
            kind,
            inputmode,
            autocomplete: autocomplete(name),
            fixed: false,
        };
        let options =
            || field.options.iter().map(|option| (option.id.clone(), option.label.clone()));
        let control = match field.kind() {
            Kind::Text => line("text", ""),
            Kind::Email => line("email", "email"),
            Kind::Phone => line("tel", "tel"),
            Kind::Number => line("text", "numeric"),
            Kind::Date => line("date", ""),
            Kind::LongText => Control::Lines { value, rows: 5, fixed: false },
            Kind::Country => {
                Control::Country { value, prompt: self.locale.say(Key::ChooseCountry) }
            }
            Kind::Choice => Control::One {
                value,
                prompt: self.locale.say(Key::ChooseAnswer),
                options: options().collect(),
            },
            Kind::Choices => Control::Boxes(
                options()
                    .map(|(value, label)| Choice {
                        ticked: self.session.draft.has(name, &value),
                        detail: String::new(),
                        value,
                        label,
                    })
                    .collect(),
            ),
            Kind::Checkbox => Control::Tick { ticked: value == TICKED },
        };
        self.plain(name, self.label(name), field.required, control)
    }

    fn plain(&self, name: &str, label: String, required: bool, control: Control) -> FieldView {
        let mistake = self.session.mistakes.iter().find(|mistake| mistake.field == name);
        FieldView {
            error: mistake.map_or_else(String::new, |mistake| self.mistake(mistake)),
            label: match required {
                true => label,
                false => self.locale.say_with(Key::Optional, &[("label", &label)]),
            },
            name: name.to_owned(),
            hint: String::new(),
            remaining: String::new(),
            required,
            control,
        }
    }

    fn message(&self) -> Section {
        let (session, template) = (self.session, &self.campaign.message);
        let fixed = !template.editable;
        let text = |name: &str| session.draft.get(name).to_owned();
        let subject = Control::Line {
            value: text(SUBJECT),
            kind: "text",
            inputmode: "",
            autocomplete: "off",
            fixed,
        };
        let body = Control::Lines { value: text(BODY), rows: 12, fixed };
        let mut subject = self.plain(SUBJECT, self.locale.say(Key::Subject), true, subject);
        let mut body = self.plain(BODY, self.locale.say(Key::Body), true, body);
        let sent = session.draft.composed(self.campaign);
        let (_, most) = limits(self.campaign, BODY);
        let left = i64::from(most) - i64::from(length(sent.get(BODY)));
        let key = if left < 0 { Key::CharactersOver } else { Key::CharactersLeft };
        body.remaining = self.locale.say_count(key, left.abs(), &[]);
        let mut filled = false;
        for field in [&mut subject, &mut body] {
            let template = session.draft.get(&field.name);
            if message::placeholders(template).any(message::is_placeholder) {
                filled = true;
                if !fixed {
                    field.hint = self.locale.say(Key::PlaceholderHint);
                }
            }
        }
        let framed = !template.head.is_empty() || !template.foot.is_empty();
        let preview = (filled || framed).then(|| {
            [self.locale.say(Key::Preview), sent.get(SUBJECT).to_owned(), sent.get(BODY).to_owned()]
        });
        Section { heading: self.locale.say(Key::YourMessage), fields: vec![subject, body], preview }
    }

    fn consents(&self) -> impl Iterator<Item = FieldView> {
        let country = self.session.draft.get("country");
        self.campaign.consents.iter().filter(move |consent| consent.is_asked_in(country)).map(
            |consent| {
                let name = consent_name(consent.purpose.as_str());
                let ticked = self.session.draft.has(&name, TICKED);
                let mut field =
                    self.plain(&name, String::new(), consent.required, Control::Tick { ticked });
                // To the letter: the digest of the wording is signed.
                field.label.clone_from(&consent.wording);
                field
            },
        )
    }

    fn summary(&self, sections: &[Section]) -> Option<Summary> {
        let controls: Vec<&str> = sections
            .iter()
            .flat_map(|section| &section.fields)
            .filter(|field| !matches!(field.control, Control::List(_)))
            .map(|field| field.name.as_str())
            .collect();
        let mistakes = &self.session.mistakes;
        // As the form stands, then what is reported of nothing on it. Sorting would cost 1 KB.
        let placed = controls.iter().filter_map(|name| {
            mistakes.iter().find(|mistake| mistake.field == *name).map(|mistake| (*name, mistake))
        });
        let rest = mistakes.iter().filter(|mistake| !controls.contains(&&*mistake.field));
        let all = placed.chain(rest.map(|mistake| ("", mistake)));
        (!mistakes.is_empty()).then(|| Summary {
            heading: self.locale.say(Key::SummaryHeading),
            items: all.map(|(name, mistake)| (name.to_owned(), self.mistake(mistake))).collect(),
        })
    }

    /// What a control is called.
    fn label(&self, name: &str) -> String {
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
            _ => {
                let own = self.campaign.fields.iter().find(|field| field.id.0 == name);
                let consent = || consent_of(self.campaign, name).map(|c| &c.wording);
                let label = own.map(|field| &field.label).or_else(consent);
                return label.map_or(name, String::as_str).to_owned();
            }
        };
        self.locale.say(key)
    }

    fn mistake(&self, mistake: &Mistake) -> String {
        let name = mistake.field.as_str();
        let label = self.label(name);
        let say = |key| self.locale.say_with(key, &[("label", &label)]);
        let count = |key, count| self.locale.say_count(key, i64::from(count), &[("label", &label)]);
        match mistake.kind {
            MistakeKind::Missing => say(match name {
                "given_name" => Key::MissingGivenName,
                "family_name" => Key::MissingFamilyName,
                "email" => Key::MissingEmail,
                "phone" => Key::MissingPhone,
                "country" => Key::MissingCountry,
                "region" => Key::MissingRegion,
                "locality" => Key::MissingLocality,
                "postal_code" => Key::MissingPostalCode,
                "address" => Key::MissingAddress,
                SUBJECT => Key::MissingSubject,
                BODY => Key::MissingBody,
                _ if consent_of(self.campaign, name).is_some() => Key::MissingConsent,
                _ => Key::MissingAnswer,
            }),
            MistakeKind::TooLong(most) => count(Key::TooLong, most),
            MistakeKind::TooShort(least) => count(Key::TooShort, least),
            MistakeKind::TooFew(least) => count(Key::TooFewTargets, least),
            MistakeKind::TooMany(most) => count(Key::TooManyTargets, most),
            MistakeKind::ControlCharacter => say(Key::ControlCharacter),
            MistakeKind::UnknownChoice if name == "country" => say(Key::MissingCountry),
            MistakeKind::UnknownChoice => say(Key::UnknownChoice),
            MistakeKind::Altered => say(Key::Altered),
            MistakeKind::Refused => say(Key::Refused),
            MistakeKind::Malformed => {
                let field = self.campaign.fields.iter().find(|field| field.id.0 == name);
                say(match field.map(Field::kind) {
                    Some(Kind::Email) => Key::MalformedEmail,
                    Some(Kind::Phone) => Key::MalformedPhone,
                    Some(Kind::Number) => Key::MalformedNumber,
                    Some(Kind::Date) => Key::MalformedDate,
                    _ => Key::Refused,
                })
            }
        }
    }

    fn notice(&self, notice: &Notice) -> String {
        let locale = self.locale;
        match notice {
            Notice::Unreachable => locale.say(Key::Unreachable),
            Notice::Busy(None) => locale.say(Key::Busy),
            Notice::Busy(Some(s)) => locale.say_count(Key::BusySeconds, i64::from(*s), &[]),
            Notice::Refused(code) => locale.say_with(Key::RefusedWhole, &[("code", code)]),
            Notice::Closed => locale.say(Key::ClosedMeanwhile),
            Notice::CannotSign => locale.say(Key::CannotSign),
            Notice::Vetoed => locale.say(Key::Vetoed),
        }
    }

    fn disclosed(&self) -> String {
        let disclosed = self.campaign.delivery.disclose.iter().map(|disclosed| {
            self.locale.say(match disclosed {
                Disclosed::Name => Key::DisclosedName,
                Disclosed::Email => Key::DisclosedEmail,
                Disclosed::Phone => Key::DisclosedPhone,
                Disclosed::Country => Key::DisclosedCountry,
                Disclosed::Region => Key::DisclosedRegion,
                Disclosed::Locality => Key::DisclosedLocality,
                Disclosed::PostalCode => Key::DisclosedPostalCode,
                Disclosed::Address => Key::DisclosedAddress,
            })
        });
        let list = self.join(disclosed);
        self.locale.say_with(Key::Disclosed, &[("list", &list)])
    }

    fn thanks(&self, acceptance: &Acceptance) -> Thanks {
        let (campaign, locale) = (self.campaign, self.locale);
        let safe = |label: &str, url: &str| {
            markdown::is_safe(url).then(|| (label.to_owned(), url.to_owned()))
        };
        Thanks {
            heading: locale.say(Key::SentHeading),
            status: locale.say(match acceptance.status {
                Status::Accepted => Key::SentAccepted,
                Status::Recorded => Key::SentRecorded,
                Status::AwaitingConfirmation => Key::SentAwaiting,
                Status::Unknown => Key::SentUnknown,
            }),
            words: markdown::parse(&campaign.thanks),
            number: (locale.say(Key::ReceiptNumber), acceptance.id.clone()),
            keep: locale.say(Key::ReceiptKeep),
            download: (!acceptance.receipt.is_empty())
                .then(|| (locale.say(Key::ReceiptDownload), acceptance.receipt.clone())),
            share: self.share(),
            next: campaign.next.as_ref().and_then(|next| safe(&next.label, &next.url)),
        }
    }

    fn share(&self) -> ShareView {
        let session = self.session;
        let text = percent_encode(&session.share_text());
        let subject = percent_encode(&self.campaign.title);
        let address = percent_encode(session.share_url());
        let words =
            percent_encode(self.campaign.share.as_ref().map_or("", |share| share.text.as_str()));
        let links = vec![
            ("whatsapp", "WhatsApp".to_owned(), ["https://wa.me/?text=", &text].concat()),
            (
                "telegram",
                "Telegram".to_owned(),
                ["https://t.me/share/url?url=", &address, "&text=", &words].concat(),
            ),
            (
                "email",
                self.locale.say(Key::ShareEmail),
                ["mailto:?subject=", &subject, "&body=", &text].concat(),
            ),
        ];
        ShareView {
            heading: self.locale.say(Key::ShareHeading),
            links,
            copy: self.locale.say(Key::ShareCopy),
            result: match session.shared {
                None => String::new(),
                Some(ShareResult::Copied) => self.locale.say(Key::Copied),
                Some(ShareResult::NotCopied) => {
                    let text = session.share_text();
                    self.locale.say_with(Key::CopyFailed, &[("text", &text)])
                }
            },
        }
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

/// All but the unreserved characters of RFC 3986, as percent-encoded UTF-8; line ends as CRLF
/// (RFC 6068, section 5).
fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in clean(text).replace('\n', "\r\n").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(b"0123456789ABCDEF"[usize::from(digit)] as char);
            }
        }
    }
    encoded
}
