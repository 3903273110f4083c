//! What `standwith check` and `serve` refuse in a campaign file: all that the reader finds, and
//! the rules between values. Every fault says where it is, what is wrong and how to mend it.
//!
//! Native only: the widget takes for granted that a file has passed here.

use std::fmt;

use crate::campaign::{
    Answer, Campaign, CampaignFile, Channel, Country, DeliveryMode, Disclosed, Field, Format, Id,
    Kind, Link, Picture, Publisher, STANDARD_FIELDS, Target, TargetingMode, Template, TemplateText,
    Translation,
};
use crate::check::{
    LONGEST_LANGUAGE, LONGEST_LONG_TEXT, LONGEST_SUBJECT, LONGEST_TEXT, holds_control, is_email,
    length,
};
use crate::country;
use crate::draft::{BODY, CONSENT, Draft, PUBLIC, SUBJECT, TARGETS, clean};
use crate::json::{self, Json, Value, Writer};
use crate::markdown::{self, Block, Inline};
use crate::message::{self, OF_TARGETS};
use crate::postcode;
use crate::shape::{ConfigFault, FaultKind, LONGEST_POINTER, Reading, Shape, Table};
use crate::suggest::distance;
use crate::targeting::{depends_on, limits};

/// How many faults of a file are told.
const MOST_FAULTS: usize = 1000;
/// How many languages a campaign may have besides its first: an endpoint holds what its form paints first in each.
const MOST_LANGUAGES: usize = 64;
/// How long a campaign file may be, in bytes.
pub const LONGEST_FILE: usize = 1 << 20;
/// The longest message that fits into an action of 32 KiB in every script: 4 bytes a character,
/// a third more in base64url, and room for the rest.
const LONGEST_BODY: u32 = 5000;

/// The same where it is sealed, and base64url comes upon base64url.
const LONGEST_SEALED_BODY: u32 = 3500;

/// The longest action, in bytes.
const LONGEST_ACTION: u32 = 32 * 1024;

/// How many bytes a character of message and answers takes together. The scripts in everyday use take three at most;
/// nobody fills all of a form with signs of four.
const BYTES_OF_CHARACTER: u32 = 3;

/// Bytes of the rest of an action: times, digests, consents, subject, signature and, apart, the person. Names and
/// addresses count as long as people have them, and not as long as a field takes them.
const REST: u32 = 1500;
const PERSON: u32 = 1800;

/// Keys that the format has and this version does nothing about. `*` is any one step.
const LATER_KEYS: [&str; 1] = ["/endpoint/headers"];

/// Where a private key would stand.
const PRIVATE: &str = "/sealing/jwk/d";

/// Words that the format has and this version does nothing about.
const LATER_WORDS: [(&str, &[&str]); 1] =
    [("/endpoint/format", &["form", "osdi", "proca", "actionkit"])];

/// Keys whose texts may run over several lines.
const LONG_TEXTS: [&str; 7] = ["story", "head", "body", "foot", "wording", "thanks", "text"];

/// Keys whose texts an action holds on one line, or what is filled into its subject: there the check takes no
/// control of direction.
const SIGNED_LINES: [&str; 6] = ["subjects", "name", "office", "organisation", "options", "id"];

/// All that is wrong with a campaign file, in the order of its lines. Rules between values are
/// looked at once every value is of its type.
pub fn lint(bytes: &[u8]) -> Vec<ConfigFault> {
    if bytes.len() > LONGEST_FILE {
        let kind = FaultKind::Rule {
            problem: format!("the file is longer than {LONGEST_FILE} bytes"),
            hint: "shorten its texts, or make several campaigns of it".to_owned(),
        };
        return vec![ConfigFault { pointer: String::new(), line: 1, kind }];
    }
    let file = match CampaignFile::parse(bytes) {
        Ok(file) => file,
        Err(fault) => return vec![fault],
    };
    let mut reading = Reading::default();
    let campaign = Campaign::read(&file.json, &mut reading);
    let mut languages = Table::<Translation>::default();
    // The campaign says already when this is no object.
    if matches!(file.json.get("languages"), Some(Json { value: Value::Object(_), .. })) {
        reading.member(&file.json, "languages", &mut languages);
    }
    let of_their_types = reading
        .faults
        .iter()
        .all(|fault| matches!(fault.kind, FaultKind::Unknown | FaultKind::Duplicate));
    let schema = campaign_schema();
    let explained = reading.faults.into_iter().filter_map(|f| explain(f, &file.json, &schema));
    let mut lint = Lint { json: &file.json, faults: explained.collect() };
    if of_their_types {
        lint.campaign(&campaign);
        for (at, (lang, texts)) in languages.0.iter().enumerate() {
            lint.translation(&campaign, lang, texts);
            lint.once(&campaign.lang, lang, &languages.0[..at]);
        }
    }
    lint.faults.sort_by_key(|fault| fault.line);
    lint.faults
}

/// What a campaign file may say, and its author should think about: pictures on other hosts, or that `serve` does
/// not serve, in the order of its lines. Nothing where the file has faults.
pub fn warnings(bytes: &[u8]) -> Vec<ConfigFault> {
    let Ok(file) = CampaignFile::parse(bytes) else { return Vec::new() };
    if !lint(bytes).is_empty() {
        return Vec::new();
    }
    let campaign = Campaign::read(&file.json, &mut Reading::default());
    let mut lint = Lint { json: &file.json, faults: Vec::new() };
    for (pointer, picture) in pictures(&campaign) {
        if is_relative(&picture.url) && picture_file(&picture.url).is_none() {
            lint.fault(
                &pointer,
                "`standwith serve` serves no picture of this name",
                "put it beside the campaign file, named with letters, digits, `-`, `_` and .png, .jpg, .jpeg, .webp or \
                 .avif, unless another server has it",
            );
        }
    }
    for pointer in pictures_elsewhere(&campaign) {
        lint.fault(
            &pointer,
            "this picture's host learns who opens the form, and has to allow it (CORS)",
            "put it beside the campaign file and write its path, unless you trust that host",
        );
    }
    lint.markdown(&file.json, "", "");
    lint.faults.sort_by_key(|fault| fault.line);
    lint.faults
}

/// Pictures that should lie beside the campaign file and are not there, in the order of its lines.
pub fn missing_pictures(bytes: &[u8], is_there: impl Fn(&str) -> bool) -> Vec<ConfigFault> {
    let Ok(file) = CampaignFile::parse(bytes) else { return Vec::new() };
    let campaign = Campaign::read(&file.json, &mut Reading::default());
    let mut lint = Lint { json: &file.json, faults: Vec::new() };
    for (pointer, picture) in pictures(&campaign) {
        if let Some(name) = picture_file(&picture.url).filter(|name| !is_there(name)) {
            let problem = format!("there is no file {name} beside the campaign file");
            lint.fault(&pointer, &problem, "put the picture there");
        }
    }
    lint.faults.sort_by_key(|fault| fault.line);
    lint.faults
}

/// The name of the file beside the campaign file to which a picture's address leads, if it is one that an endpoint
/// serves: nothing hidden, no folder, no format that could run script.
pub fn picture_file(url: &str) -> Option<&str> {
    let name = url.strip_prefix("./").unwrap_or(url);
    let (stem, ending) = name.rsplit_once('.')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_picture = ["png", "jpg", "jpeg", "webp", "avif"].contains(&ending);
    (is_picture && !stem.is_empty() && !name.starts_with('.') && name.bytes().all(fits))
        .then_some(name)
}

/// The campaign's pictures with their pointers.
fn pictures(campaign: &Campaign) -> Vec<(String, &Picture)> {
    let own = ("/picture/url".to_owned(), campaign.picture.as_ref());
    let targets = campaign.targets.iter().enumerate();
    let targets =
        targets.map(|(at, it)| (format!("/targets/{at}/picture/url"), it.picture.as_ref()));
    let all = std::iter::once(own).chain(targets);
    all.filter_map(|(pointer, picture)| Some((pointer, picture?))).collect()
}

/// The pointers of pictures whose addresses name a host. Which host the campaign's own is, no file says.
fn pictures_elsewhere(campaign: &Campaign) -> Vec<String> {
    let elsewhere = |picture: &Picture| !picture.url.is_empty() && !is_relative(&picture.url);
    let all = pictures(campaign).into_iter();
    all.filter(|(_, picture)| elsewhere(picture)).map(|(pointer, _)| pointer).collect()
}

/// The JSON Schema (2020-12) of the campaign file, for editors and for other people's programs.
/// It can't say the rules between values: [`lint`] does.
pub fn schema() -> String {
    let mut out = String::new();
    pretty(&campaign_schema(), 0, &mut out);
    out.push('\n');
    out
}

impl fmt::Display for ConfigFault {
    /// One line: `line 12: /targets/0/email: no e-mail address; write it like name@example.org`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.pointer.is_empty() {
            write!(f, "{}: ", on_one_line(&self.pointer))?;
        }
        match &self.kind {
            FaultKind::Missing => write!(f, "missing; add this key"),
            FaultKind::Unknown => write!(f, "unknown key; leave it out"),
            FaultKind::Duplicate => write!(f, "this key stands twice; keep one of them"),
            FaultKind::Expected(expected) => write!(f, "expected {expected}"),
            FaultKind::Rule { problem, hint } => {
                write!(f, "{}; {}", on_one_line(problem), on_one_line(hint))
            }
        }
    }
}

fn on_one_line(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(escape).collect()
}

struct Lint<'a> {
    json: &'a Json,
    faults: Vec<ConfigFault>,
}

impl Lint<'_> {
    fn fault(&mut self, pointer: &str, problem: &str, hint: &str) {
        let kind = FaultKind::Rule { problem: problem.to_owned(), hint: hint.to_owned() };
        let (nearest, found) = nearest_to(self.json, pointer);
        // An option that is a bare text is its own id and label.
        let pointer = match pointer.rsplit_once('/') {
            Some((text, _)) if !found && nearest.text().is_some() => text,
            _ => pointer,
        };
        if self.faults.len() < MOST_FAULTS {
            let pointer = pointer.chars().take(LONGEST_POINTER).collect();
            self.faults.push(ConfigFault { pointer, line: nearest.line, kind });
        }
    }

    fn campaign(&mut self, campaign: &Campaign) {
        self.texts(self.json, "", "");
        if !is_language(&campaign.lang) {
            self.no_language("/lang");
        }
        let languages = self.json.get("languages");
        let languages = match languages.map(|languages| &languages.value) {
            Some(Value::Object(members)) => members.len(),
            _ => 0,
        };
        if languages > MOST_LANGUAGES {
            let hint = format!("make several campaigns of at most {MOST_LANGUAGES} languages");
            self.fault("/languages", "more languages than an endpoint holds in memory", &hint);
        }
        self.filled("/title", &campaign.title);
        self.picture("/picture/url", campaign.picture.as_ref());
        self.address("/publisher/url", &campaign.publisher.url, Reach::Web);
        self.address("/publisher/privacy_url", &campaign.publisher.privacy_url, Reach::Web);
        self.targets(campaign);
        self.message(campaign);
        self.fields(campaign);
        self.consents(campaign);
        self.address("/endpoint/url", &campaign.endpoint.url, Reach::Near);
        let other = campaign.endpoint.url.strip_suffix("/actions");
        if other.is_some_and(|id| Id::is(id) && id != campaign.id.as_str()) {
            self.fault(
                "/endpoint/url",
                "the address of another campaign",
                &format!("write \"{}/actions\", or leave the key out", campaign.id.as_str()),
            );
        }
        self.address("/counter/url", &campaign.counter.url, Reach::Near);
        if campaign.counter.goal == Some(0) {
            self.fault("/counter/goal", "a goal of nobody", "raise it, or leave the key out");
        }
        if let (Some(opens), Some(closes)) = (&campaign.opens, &campaign.closes)
            && opens.seconds() >= closes.seconds()
        {
            self.fault(
                "/closes",
                "the campaign closes before it opens",
                "put `closes` after `opens`",
            );
        }
        if let Some(share) = &campaign.share {
            self.filled("/share/text", &share.text);
            self.share(&share.channels);
            self.address("/share/url", &share.url, Reach::Web);
        }
        if let Some(next) = &campaign.next {
            self.filled("/next/label", &next.label);
            self.filled("/next/url", &next.url);
            self.address("/next/url", &next.url, Reach::Web);
        }
        self.variants(campaign);
        self.delivery(campaign);
        self.sealing(campaign);
        self.at_risk(campaign);
        if campaign.public.ask && !campaign.asks_for_public_name() {
            self.fault(
                "/public/ask",
                "nobody is asked for a name that could be made public",
                "add `given_name` or `family_name` to `fields`, or leave the key out",
            );
        }
        if campaign.retention_days == Some(0) {
            self.fault(
                "/retention_days",
                "no action can be kept for 0 days",
                "say how many days the actions are kept, or leave the key out",
            );
        }
    }

    /// The ways to pass it on, and their own texts.
    fn share(&mut self, channels: &[Channel]) {
        if channels.is_empty() && nearest_to(self.json, "/share/channels").1 {
            self.fault(
                "/share/channels",
                "no way to pass it on",
                "name some, or leave the key out",
            );
        }
        self.distinct("/share/channels", "", channels.iter().map(|channel| channel.word()));
        let texts = self.json.get("share").and_then(|share| share.get("texts"));
        if let Some(Value::Object(texts)) = texts.map(|texts| &texts.value) {
            for text in texts {
                let pointer = format!("/share/texts/{}", escaped(&text.key));
                self.filled(&pointer, text.value.text().unwrap_or_default());
            }
        }
    }

    /// Texts to try.
    fn variants(&mut self, campaign: &Campaign) {
        self.distinct("/variants", "/id", campaign.variants.iter().map(|v| v.id.as_str()));
        for (index, variant) in campaign.variants.iter().enumerate() {
            let at = format!("/variants/{index}");
            if variant.weight == 0 {
                self.fault(
                    &format!("{at}/weight"),
                    "a variant that is never drawn",
                    "make it 1 or more, or leave the variant out",
                );
            }
            for (key, text) in [("title", &variant.title), ("story", &variant.story)] {
                let pointer = format!("{at}/{key}");
                if nearest_to(self.json, &pointer).1 {
                    self.filled(&pointer, text);
                }
            }
            self.varied_message(campaign, &format!("{at}/message"), &variant.message);
        }
    }

    /// What is laid over the campaign's message, by a variant in any language.
    fn varied_message(&mut self, campaign: &Campaign, at: &str, text: &TemplateText) {
        let parts = [&text.head, &text.body, &text.foot].map(String::as_str);
        for (index, subject) in text.subjects.iter().enumerate() {
            self.filled(&format!("{at}/subjects/{index}"), subject);
        }
        self.wording(campaign, at, &text.subjects, parts);
        if parts.iter().any(|part| !part.is_empty()) {
            let own = &campaign.message;
            let [head, body, foot] = parts;
            let or = |text, own| if str::is_empty(text) { own } else { text };
            let laid_over = [or(head, &own.head), or(body, &own.body), or(foot, &own.foot)];
            self.length(campaign, at, laid_over);
        }
    }

    /// The variants in another language: all that each of them says, and nothing else.
    fn translated_variants(&mut self, campaign: &Campaign, at: &str, texts: &Translation) {
        let known: Vec<&str> = campaign.variants.iter().map(|v| v.id.as_str()).collect();
        let named = texts.variants.iter().map(|text| text.id.as_str());
        self.named(at, "/id", named, &known, " to translate");
        let keys =
            ["title", "story", "message/subjects", "message/head", "message/body", "message/foot"];
        for (index, variant) in campaign.variants.iter().enumerate() {
            let place = texts.variants.iter().position(|text| text.id == variant.id);
            for key in keys {
                let says = nearest_to(self.json, &format!("/variants/{index}/{key}")).1;
                let translated = place.map(|place| format!("{at}/{place}/{key}"));
                let translates = translated.as_ref().is_some_and(|to| nearest_to(self.json, to).1);
                let id = variant.id.as_str();
                if says && !translates {
                    self.fault(
                        at,
                        &format!(
                            "`{key}` of the variant `{id}` is in the campaign's language only"
                        ),
                        "translate it: else a form would be in two languages",
                    );
                } else if translates && !says {
                    self.fault(
                        translated.as_deref().unwrap_or(at),
                        "the translation of what the variant doesn't have",
                        "leave it out, or add it to the variant",
                    );
                }
            }
            let Some((place, text)) = place.and_then(|p| Some((p, texts.variants.get(p)?))) else {
                continue;
            };
            let at = format!("{at}/{place}/message");
            let (count, own) = (text.message.subjects.len(), variant.message.subjects.len());
            if count > 0 && own > 0 && count != own {
                self.fault(
                    &format!("{at}/subjects"),
                    &format!("{count} subjects, where the variant has {own}"),
                    "translate each of them, in the same order",
                );
            }
            self.varied_message(campaign, &at, &text.message);
        }
    }

    /// What holds for every text: no control characters, and none that is empty in a translation.
    fn texts(&mut self, json: &Json, pointer: &str, key: &str) {
        if self.faults.iter().any(|fault| fault.pointer == pointer) {
            return;
        }
        match &json.value {
            Value::Object(members) => {
                for member in members {
                    let pointer = format!("{pointer}/{}", escaped(&member.key));
                    self.texts(&member.value, &pointer, &member.key);
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.texts(item, &format!("{pointer}/{index}"), key);
                }
            }
            Value::Text(text) => {
                let long = LONG_TEXTS.contains(&key) || pointer.contains("/share/texts/");
                let text = clean(text);
                let held = holds_control(&text, !SIGNED_LINES.contains(&key))
                    || !long && text.contains(['\n', '\t']);
                if held {
                    self.fault(
                        pointer,
                        "a control character, or a line break where there is one line only",
                        "take it out",
                    );
                }
                if pointer.starts_with("/languages/") && text.is_empty() && key != "alt" {
                    self.fault(
                        pointer,
                        "an empty translation",
                        "translate it, or leave the key out: then the file's own text stands",
                    );
                }
            }
            _ => {}
        }
    }

    /// Warns of texts in which signs of Markdown are shown as they are.
    fn markdown(&mut self, json: &Json, pointer: &str, key: &str) {
        match &json.value {
            Value::Object(members) => {
                for member in members {
                    let pointer = format!("{pointer}/{}", escaped(&member.key));
                    self.markdown(&member.value, &pointer, &member.key);
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.markdown(item, &format!("{pointer}/{index}"), key);
                }
            }
            Value::Text(text) => {
                let raw = match key {
                    "story" | "thanks" => shown_raw(text),
                    "title" | "head" | "body" | "foot" | "wording" | "subjects" => marked(text),
                    _ => None,
                };
                if let Some(raw) = raw {
                    let hint = match key {
                        "story" | "thanks" => {
                            "docs/campaigners.md says which Markdown there is; write it otherwise, or leave it so"
                        }
                        _ => {
                            "Markdown works in `story` and `thanks` only; take the signs out, or leave them so"
                        }
                    };
                    self.fault(pointer, &format!("{raw} is shown as it is written"), hint);
                }
            }
            _ => {}
        }
    }

    fn filled(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() {
            self.fault(pointer, "an empty text", "say something");
        }
    }

    fn address(&mut self, pointer: &str, url: &str, reach: Reach) {
        if url.is_empty() || is_web_address(url) || (reach == Reach::Near && is_relative(url)) {
            return;
        }
        let hint = match reach {
            Reach::Web => "write a whole address like https://example.org/page",
            Reach::Near => "write an address like https://example.org/page, or a path like page",
        };
        self.fault(pointer, "no address on the web, or one without https", hint);
    }

    fn picture(&mut self, pointer: &str, picture: Option<&Picture>) {
        if let Some(picture) = picture {
            self.filled(pointer, &picture.url);
            self.address(pointer, &picture.url, Reach::Near);
        }
    }

    fn no_language(&mut self, pointer: &str) {
        self.fault(pointer, "no language tag", "write a tag of BCP 47, like km or pt-BR");
    }

    fn targets(&mut self, campaign: &Campaign) {
        let targets = &campaign.targets;
        let count = targets.len() as u32;
        if targets.is_empty() {
            self.fault("/targets", "nobody gets the message", "name at least one target");
            return;
        }
        self.distinct("/targets", "/id", targets.iter().map(|target| target.id.as_str()));
        for (index, target) in targets.iter().enumerate() {
            self.filled(&format!("/targets/{index}/name"), &target.name);
            if !target.email.is_empty() && !is_email(&target.email) {
                self.fault(
                    &format!("/targets/{index}/email"),
                    "no e-mail address",
                    "write it like name@example.org, or leave the key out",
                );
            }
        }
        for (index, target) in targets.iter().enumerate() {
            self.picture(&format!("/targets/{index}/picture/url"), target.picture.as_ref());
            self.countries(&format!("/targets/{index}/country"), target.country.as_ref());
        }
        let targeting = &campaign.targeting;
        let (least, most) = (targeting.least.unwrap_or(1), targeting.most.unwrap_or(count));
        if targeting.mode == TargetingMode::Random {
            if targeting.least.is_some() {
                self.fault(
                    "/targeting/least",
                    "nobody chooses where the lot decides",
                    "leave the key out, and let `most` say how many are drawn",
                );
            }
            if most == 0 {
                self.fault("/targeting/most", "a message to nobody", "make it 1 or more");
            } else if most > count {
                self.fault(
                    "/targeting/most",
                    &format!("nobody can draw {most} of {count}"),
                    "lower it, or name more targets",
                );
            }
        } else if least == 0 {
            self.fault("/targeting/least", "a message to nobody", "make it 1 or more");
        } else if least > count {
            self.fault(
                "/targeting/least",
                &format!("nobody can choose {least} of {}", targets.len()),
                "lower it, or name more targets",
            );
        } else if least > most {
            self.fault("/targeting/most", "`most` is less than `least`", "raise it");
        }
        self.filters(campaign);
    }

    /// Codes that are none of a country: one at this place, or several in a list.
    fn countries<'a>(&mut self, at: &str, countries: impl IntoIterator<Item = &'a Country>) {
        for (index, country) in countries.into_iter().enumerate() {
            if !country::is_known(country.as_str()) {
                self.fault(
                    &format!("{at}/{index}"),
                    &format!("ISO 3166-1 has no country {}", country.as_str()),
                    "write its two letters, like \"KH\", or \"GB\" for the United Kingdom",
                );
            }
        }
    }

    /// What finds the targets by country or postcode.
    fn filters(&mut self, campaign: &Campaign) {
        let (targets, targeting) = (&campaign.targets, &campaign.targeting);
        let mode = targeting.mode;
        let known: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
        let fallback = targeting.fallback.iter().map(Id::as_str);
        self.named("/targeting/fallback", "", fallback, &known, "");
        let filters = matches!(mode, TargetingMode::Country | TargetingMode::Postcode);
        if !filters && !targeting.fallback.is_empty() {
            self.fault(
                "/targeting/fallback",
                "nobody is left without a target",
                "leave the key out, or make `mode` \"country\" or \"postcode\"",
            );
        }
        let (mut countries, mut postcodes) = (false, false);
        for (index, target) in targets.iter().enumerate() {
            let (at, filter) = (format!("/targets/{index}/filter"), &target.filter);
            if !filters && nearest_to(self.json, &at).1 {
                self.fault(
                    &at,
                    "a filter that nobody looks at",
                    "leave the key out, or make `mode` \"country\" or \"postcode\"",
                );
                continue;
            }
            countries |= !filter.countries.is_empty();
            postcodes |= !filter.postcodes.is_empty();
            if mode == TargetingMode::Country && !filter.postcodes.is_empty() {
                self.fault(
                    &format!("{at}/postcodes"),
                    "postcodes that nobody looks at",
                    "leave the key out, or make `mode` \"postcode\"",
                );
            }
            self.countries(&format!("{at}/countries"), &filter.countries);
            let codes = filter.countries.iter().map(Country::as_str);
            self.distinct(&format!("{at}/countries"), "", codes);
            self.distinct(&format!("{at}/postcodes"), "", filter.postcodes.iter().map(|p| &**p));
            for (number, beginning) in filter.postcodes.iter().enumerate() {
                if postcode::plain(beginning).is_empty() {
                    self.fault(
                        &format!("{at}/postcodes/{number}"),
                        "no letter and no digit",
                        "write how the postcodes begin, like \"SW1A\" or \"75\"",
                    );
                }
            }
        }
        let (found, example) = match mode {
            TargetingMode::Country => (countries, "{\"countries\": [\"KH\"]}"),
            _ => (postcodes, "{\"postcodes\": [\"75\"]}"),
        };
        if filters && !found {
            self.fault(
                "/targeting/mode",
                &format!("no target is for some and not for others by {}", mode.word()),
                &format!("give targets a `filter` like {example}"),
            );
        }
        for name in ["country", "postal_code"] {
            let asked = campaign.field(name).is_some_and(|field| field.required);
            if depends_on(campaign, name) && !asked {
                self.fault(
                    "/targeting/mode",
                    &format!("the targets hang on `{name}`, which nobody has to give"),
                    &format!("put {{\"id\": \"{name}\", \"required\": true}} into `fields`"),
                );
            }
        }
    }

    fn message(&mut self, campaign: &Campaign) {
        let template = &campaign.message;
        if template.subjects.is_empty() {
            self.fault("/message/subjects", "no subject", "suggest at least one");
        }
        for (index, subject) in template.subjects.iter().enumerate() {
            self.filled(&format!("/message/subjects/{index}"), subject);
        }
        let longest = match campaign.sealing {
            Some(_) => LONGEST_SEALED_BODY,
            None => LONGEST_BODY,
        };
        if template.max > longest {
            let sealed = if longest < LONGEST_BODY { "sealed " } else { "" };
            self.fault(
                "/message/max",
                &format!("so long a {sealed}message may not fit into the 32 KiB of an action"),
                &match nearest_to(self.json, "/message/max").1 {
                    true => format!("lower it to {longest} or less"),
                    false => {
                        format!("without this key it is {}: write {longest} or less", template.max)
                    }
                },
            );
        }
        if template.min > template.max {
            self.fault("/message/min", "`min` is more than `max`", "lower it, or raise `max`");
        }
        let most = message_count(campaign);
        // A subject and the words about it come with each.
        let rest = LONGEST_SUBJECT + 32;
        let mut fits = template.max <= longest;
        if template.per_target && template.max <= longest && most > 1 {
            let room = ((longest + rest) / most).saturating_sub(rest);
            if template.max > room {
                fits = false;
                self.fault(
                    "/message/max",
                    &format!(
                        "{most} messages of that length may not fit into the 32 KiB of an action"
                    ),
                    &if room == 0 {
                        "lower `targeting.most`, or leave `per_target` out".to_owned()
                    } else {
                        format!("lower it to {room} or less, or lower `targeting.most`")
                    },
                );
            }
        }
        if fits {
            let count = if template.per_target { most.max(1) } else { 1 };
            self.size(campaign, count, rest);
        }
        if template.nudge && !template.editable {
            self.fault(
                "/message/nudge",
                "nobody can add words of their own",
                "leave the key out, or make `editable` true",
            );
        }
        let Template { subjects, head, body, foot, .. } = template;
        self.wording(campaign, "/message", subjects, [head, body, foot]);
        self.length(campaign, "/message", [head, body, foot]);
    }

    /// Whether as many messages and all answers fit into an action, each as long as it may be.
    fn size(&mut self, campaign: &Campaign, count: u32, rest: u32) {
        let is_sealed = campaign.sealing.is_some();
        let answers: u32 = campaign.fields.iter().map(longest_answer).sum();
        let messages = |max: u32| count.saturating_mul(max + rest) - rest;
        let size = |max: u32| {
            let bytes = (messages(max).saturating_add(answers)).saturating_mul(BYTES_OF_CHARACTER);
            match is_sealed {
                true => encoded(encoded(bytes.saturating_add(PERSON)).saturating_add(REST)),
                false => encoded(bytes.saturating_add(PERSON + REST)),
            }
        };
        let max = campaign.message.max;
        if answers == 0 || size(max) <= LONGEST_ACTION {
            return;
        }
        let room = (1..max).rev().find(|max| size(*max) <= LONGEST_ACTION).unwrap_or_default();
        let is_there = nearest_to(self.json, "/message/max").1;
        let least = campaign.message.min.max(1);
        self.fault(
            if room < least { "/fields" } else { "/message/max" },
            &format!(
                "an action with message and answers of full length has {} KiB, and may have 32",
                size(max).div_ceil(1024)
            ),
            &match (room >= least, is_there) {
                (false, _) => "give the longest fields a lower `max`".to_owned(),
                (_, true) => format!("lower it to {room} or less, or give long fields a lower `max`"),
                (_, false) => format!(
                    "without this key it is {max}: write {room} or less, or give long fields a lower `max`"
                ),
            },
        );
    }

    /// What holds for the texts of a message in every language.
    fn wording(&mut self, campaign: &Campaign, at: &str, subjects: &[String], parts: [&str; 3]) {
        for (index, subject) in subjects.iter().enumerate() {
            let pointer = format!("{at}/subjects/{index}");
            self.placeholders(campaign, &pointer, subject);
            if length(&unfilled(subject)) > LONGEST_SUBJECT {
                self.fault(
                    &pointer,
                    &format!("more than {LONGEST_SUBJECT} characters"),
                    "shorten the subject",
                );
            }
        }
        for (key, text) in ["head", "body", "foot"].into_iter().zip(parts) {
            self.placeholders(campaign, &format!("{at}/{key}"), text);
        }
    }

    /// The suggested message, at its shortest, has a length that can be sent.
    fn length(&mut self, campaign: &Campaign, at: &str, parts: [&str; 3]) {
        let [head, body, foot] = parts.map(unfilled);
        let count = length(&message::joined([&head, &body, &foot]));
        let Template { min, max, editable, .. } = campaign.message;
        let pointer = format!("{at}/body");
        if count > max {
            self.fault(
                &pointer,
                &format!("with head and foot {count} characters, where `max` is {max}"),
                "shorten it, or raise `max`",
            );
        }
        if !editable && count < min {
            self.fault(
                &pointer,
                &format!("only {count} characters, where `min` is {min} and nobody can add any"),
                "lower `min`",
            );
        }
    }

    fn placeholders(&mut self, campaign: &Campaign, pointer: &str, text: &str) {
        for part in text.split("{{").skip(1) {
            let Some((name, _)) = part.split_once("}}") else {
                self.fault(pointer, "{{ without }}", "close it, as in {{given_name}}");
                continue;
            };
            let name = name.trim();
            if !message::is_placeholder(name) {
                let known = [&STANDARD_FIELDS[..], &OF_TARGETS[..]].concat();
                let hint = meant(name, &known).map_or_else(
                    || format!("known are: {}", known.join(", ")),
                    |known| format!("did you mean {{{{{known}}}}}?"),
                );
                self.fault(pointer, &format!("{{{{{name}}}}} is no placeholder"), &hint);
            } else if OF_TARGETS.contains(&name) {
                self.placeholder_of_targets(campaign, pointer, name);
            } else if !is_asked(campaign, name) {
                self.fault(
                    pointer,
                    &format!("{{{{{name}}}}} stands for what nobody is asked for"),
                    &format!("add `{name}` to `fields`, or take the placeholder out"),
                );
            }
        }
    }

    /// What stands for a target stands for one, and is known of each.
    fn placeholder_of_targets(&mut self, campaign: &Campaign, pointer: &str, name: &str) {
        if !campaign.message.per_target && message_count(campaign) > 1 {
            self.fault(
                pointer,
                &format!("{{{{{name}}}}} in a message that several targets get"),
                "make `message.per_target` true, so that each gets its own, or `targeting.most` 1",
            );
        }
        let unknown = |target: &Target| message::of_target(target, name).is_empty();
        if let Some(index) = campaign.targets.iter().position(unknown) {
            let key = name.trim_start_matches("target_");
            self.fault(
                pointer,
                &format!("{{{{{name}}}}} stands for nothing where a target has no `{key}`"),
                &format!("add `{key}` to `targets/{index}`, or take the placeholder out"),
            );
        }
    }

    fn fields(&mut self, campaign: &Campaign) {
        let fields = &campaign.fields;
        self.distinct("/fields", "/id", fields.iter().map(|field| field.id.as_str()));
        for (index, field) in fields.iter().enumerate() {
            let at = format!("/fields/{index}");
            if field.is_standard() {
                if field.kind.is_some_and(|kind| kind != field.kind()) {
                    let problem = format!("`{}` is of its own kind", field.id.as_str());
                    self.fault(&format!("{at}/kind"), &problem, "leave the key out");
                }
            } else {
                self.question(&at, field);
            }
            let wants_options = matches!(field.kind(), Kind::Choice | Kind::Choices);
            if wants_options && field.options.is_empty() {
                self.fault(&at, "nothing to choose from", "add `options`");
            } else if !wants_options && !field.options.is_empty() {
                self.fault(
                    &format!("{at}/options"),
                    "options where nothing is chosen",
                    "leave the key out, or make `kind` \"choice\" or \"choices\"",
                );
            }
            self.options(&format!("{at}/options"), &field.options);
            self.longest(&format!("{at}/max"), field);
        }
    }

    fn longest(&mut self, at: &str, field: &Field) {
        let Some(max) = field.max else { return };
        let most = match field.kind() {
            Kind::Text => LONGEST_TEXT,
            Kind::LongText => LONGEST_LONG_TEXT,
            _ => {
                self.fault(at, "a length where nobody writes a text", "leave the key out");
                return;
            }
        };
        if max == 0 {
            self.fault(at, "an answer of no characters", "raise it, or leave the field out");
        } else if max > most {
            let problem = format!("more than the {most} characters that such an answer may have");
            self.fault(at, &problem, "lower it, or leave the key out");
        }
    }

    /// A field of the campaign's own.
    fn question(&mut self, at: &str, field: &Field) {
        let id = field.id.as_str();
        if OF_TARGETS.contains(&id) {
            self.fault(
                &format!("{at}/id"),
                "in a message, this name stands for a target",
                "choose another",
            );
        }
        if [SUBJECT, BODY, TARGETS, PUBLIC, "jti"].contains(&id) || id.starts_with(CONSENT) {
            self.fault(
                &format!("{at}/id"),
                "another control of the form has this name",
                "choose another",
            );
        }
        if field.kind.is_none() {
            let hint = meant(id, &STANDARD_FIELDS).map_or_else(
                || "add `kind`, like \"text\"".to_owned(),
                |known| format!("did you mean `{known}`? Otherwise add `kind`, like \"text\""),
            );
            let problem = format!("`{id}` is no standard field, and nothing says what it asks for");
            self.fault(&format!("{at}/kind"), &problem, &hint);
        }
        if field.label.trim().is_empty() {
            self.fault(&format!("{at}/label"), "a field without a question", "add `label`");
        }
    }

    fn options(&mut self, at: &str, options: &[Answer]) {
        self.distinct(at, "/id", options.iter().map(|option| option.id.as_str()));
        for (index, option) in options.iter().enumerate() {
            let at = format!("{at}/{index}");
            self.filled(&format!("{at}/label"), &option.label);
            if option.id.is_empty() || option.id != clean(&option.id) {
                self.fault(
                    &format!("{at}/id"),
                    "an empty id, or one with space around it",
                    "name the option by what an export should hold",
                );
            }
            if length(&option.id) > LONGEST_TEXT {
                self.fault(
                    &format!("{at}/id"),
                    &format!("more than {LONGEST_TEXT} characters"),
                    "write the option as {\"id\": …, \"label\": …} with a short id",
                );
            }
        }
    }

    fn consents(&mut self, campaign: &Campaign) {
        let consents = &campaign.consents;
        let purposes = consents.iter().map(|consent| consent.purpose.as_str());
        self.distinct("/consents", "/purpose", purposes);
        for (index, consent) in consents.iter().enumerate() {
            self.filled(&format!("/consents/{index}/wording"), &consent.wording);
            let at = format!("/consents/{index}/organisation");
            if nearest_to(self.json, &at).1 {
                self.filled(&format!("{at}/name"), &consent.organisation.name);
                let Publisher { url, privacy_url, .. } = &consent.organisation;
                self.address(&format!("{at}/url"), url, Reach::Web);
                self.address(&format!("{at}/privacy_url"), privacy_url, Reach::Web);
            }
            self.countries(&format!("/consents/{index}/countries"), &consent.countries);
            if !consent.countries.is_empty() && !is_asked(campaign, "country") {
                self.fault(
                    &format!("/consents/{index}/countries"),
                    "nobody is asked for the country on which this depends",
                    "add `country` to `fields`, or leave the key out",
                );
            }
        }
    }

    fn delivery(&mut self, campaign: &Campaign) {
        let delivery = &campaign.delivery;
        if delivery.modes.is_empty() {
            self.fault("/delivery/modes", "nobody delivers", "add \"server\"");
        }
        self.distinct("/delivery/modes", "", delivery.modes.iter().map(|mode| mode.word()));
        if delivery.modes.contains(&DeliveryMode::MailApp) && campaign.message.per_target {
            self.fault(
                "/message/per_target",
                "an own mailbox sends one message to all",
                "leave the key out, or take \"mail-app\" out of `delivery.modes`",
            );
        }
        if campaign.is_mailed() {
            for (index, target) in campaign.targets.iter().enumerate() {
                if target.email.is_empty() {
                    self.fault(
                        &format!("/targets/{index}/email"),
                        "nobody can mail a target without an e-mail address",
                        "add `email`, or take \"mail-app\" out of `delivery.modes`",
                    );
                }
            }
        }
        self.distinct("/delivery/disclose", "", delivery.disclose.iter().map(|what| what.word()));
        // The default discloses what is there; what a campaigner writes must be asked for.
        if nearest_to(self.json, "/delivery/disclose").1 {
            for (index, what) in delivery.disclose.iter().enumerate() {
                let asked = match what {
                    Disclosed::Name => {
                        ["given_name", "family_name"].iter().any(|n| is_asked(campaign, n))
                    }
                    _ => is_asked(campaign, what.word()),
                };
                if !asked {
                    self.fault(
                        &format!("/delivery/disclose/{index}"),
                        &format!("nobody is asked for \"{}\"", what.word()),
                        "take it out, or ask for it in `fields`",
                    );
                }
            }
        }
    }

    /// A key that is one, and nothing besides that would have to read what is sealed.
    fn sealing(&mut self, campaign: &Campaign) {
        let Some(sealing) = &campaign.sealing else { return };
        if sealing.jwk.point().is_none() {
            self.fault(
                "/sealing/jwk",
                "no public key on P-256",
                "put here what `standwith keys seal` prints",
            );
        }
        if length(&sealing.jwk.kid) > LONGEST_TEXT {
            self.fault(
                "/sealing/jwk/kid",
                &format!("more than {LONGEST_TEXT} characters"),
                "shorten the name, or leave the key out",
            );
        }
        if campaign.endpoint.format != Format::Jws {
            self.fault(
                "/endpoint/format",
                "sealed messages go out as \"jws\" only",
                "leave the key out, or take `sealing` out",
            );
        }
        // Without the key, whoever unseals the messages delivers them; what a campaigner writes is a promise.
        let modes = &campaign.delivery.modes;
        if let Some(index) = modes.iter().position(|mode| *mode == DeliveryMode::Server)
            && nearest_to(self.json, "/delivery/modes").1
        {
            self.fault(
                &format!("/delivery/modes/{index}"),
                "no server can deliver what is sealed",
                "take it out, and deliver what you unseal; or take `sealing` out",
            );
        }
    }

    fn at_risk(&mut self, campaign: &Campaign) {
        let Some(risk) = &campaign.at_risk.0 else { return };
        self.countries("/at_risk/own_government", &risk.own_government);
        let codes = risk.own_government.iter().map(Country::as_str);
        self.distinct("/at_risk/own_government", "", codes);
        if !risk.own_government.is_empty() && !is_asked(campaign, "country") {
            self.fault(
                "/at_risk/own_government",
                "nobody is asked for the country on which this depends",
                "add `country` to `fields`, or leave the key out",
            );
        }
        self.advice("/at_risk/advice", &risk.advice);
        self.linked("/at_risk/exit_url", &risk.exit_url);
        for pointer in pictures_elsewhere(campaign) {
            self.fault(
                &pointer,
                "a picture on another host, which would learn who opens the form",
                "put it beside the campaign file, and write its path",
            );
        }
    }

    fn advice(&mut self, at: &str, advice: &[Link]) {
        for (index, link) in advice.iter().enumerate() {
            self.filled(&format!("{at}/{index}/label"), &link.label);
            self.linked(&format!("{at}/{index}/url"), &link.url);
        }
    }

    /// An address that is there, and to which a link may lead.
    fn linked(&mut self, pointer: &str, url: &str) {
        self.filled(pointer, url);
        if url.starts_with("http:") {
            self.fault(pointer, "an address without https", "write one like https://example.org/");
        } else {
            self.address(pointer, url, Reach::Web);
        }
    }

    fn translation(&mut self, campaign: &Campaign, lang: &str, texts: &Translation) {
        let at = format!("/languages/{}", escaped(lang));
        if !is_language(lang) {
            self.no_language(&at);
        }
        self.address(
            &format!("{at}/publisher/privacy_url"),
            &texts.publisher.privacy_url,
            Reach::Web,
        );
        self.address(&format!("{at}/share/url"), &texts.share.url, Reach::Web);
        self.address(&format!("{at}/next/url"), &texts.next.url, Reach::Web);
        for (key, there) in [
            ("picture", campaign.picture.is_some()),
            ("share", campaign.share.is_some()),
            ("next", campaign.next.is_some()),
            ("at_risk", campaign.is_at_risk()),
        ] {
            let pointer = format!("{at}/{key}");
            if !there && nearest_to(self.json, &pointer).1 {
                self.fault(
                    &pointer,
                    "the translation of what the campaign doesn't have",
                    &format!("leave it out, or add `{key}` to the campaign"),
                );
            }
        }
        self.advice(&format!("{at}/at_risk/advice"), &texts.at_risk.advice);
        let known: Vec<&str> = campaign.targets.iter().map(|target| target.id.as_str()).collect();
        let named = texts.targets.iter().map(|target| target.id.as_str());
        self.named(&format!("{at}/targets"), "/id", named, &known, " to translate");
        for (index, text) in texts.targets.iter().enumerate() {
            let target = campaign.targets.iter().find(|target| target.id == text.id);
            let pointer = format!("{at}/targets/{index}/picture");
            if target.is_some_and(|t| t.picture.is_none()) && nearest_to(self.json, &pointer).1 {
                self.fault(
                    &pointer,
                    "the translation of what the target doesn't have",
                    "leave it out, or add `picture` to the target",
                );
            }
        }
        let known: Vec<&str> = campaign.consents.iter().map(|c| c.purpose.as_str()).collect();
        let named = texts.consents.iter().map(|consent| consent.purpose.as_str());
        self.named(&format!("{at}/consents"), "/purpose", named, &known, " to translate");
        for (index, text) in texts.consents.iter().enumerate() {
            let pointer = format!("{at}/consents/{index}/organisation");
            let url = &text.organisation.privacy_url;
            self.address(&format!("{pointer}/privacy_url"), url, Reach::Web);
            let consent = campaign.consents.iter().find(|known| known.purpose == text.purpose);
            let own = consent.is_some_and(|consent| consent.organisation.name.is_empty());
            if own && nearest_to(self.json, &pointer).1 {
                self.fault(
                    &pointer,
                    "the translation of what the consent doesn't have",
                    "leave it out, or add `organisation` to the consent",
                );
            }
        }
        self.translated_fields(campaign, &format!("{at}/fields"), texts);
        self.translated_message(campaign, &format!("{at}/message"), texts);
        self.translated_variants(campaign, &format!("{at}/variants"), texts);
    }

    /// Nobody translates into a language that is there already.
    fn once(&mut self, own: &str, lang: &str, earlier: &[(String, Translation)]) {
        let mut there = earlier.iter().map(|(tag, _)| tag.as_str()).chain([own]);
        if there.any(|tag| tag != lang && tag.eq_ignore_ascii_case(lang)) || own == lang {
            self.fault(
                &format!("/languages/{}", escaped(lang)),
                "the file has this language already",
                "keep one: `lang` is the language of the texts outside `languages`",
            );
        }
    }

    fn translated_fields(&mut self, campaign: &Campaign, at: &str, texts: &Translation) {
        if !texts.fields.is_empty() && self.json.get("fields").is_none() {
            self.fault(at, "the campaign names no fields", "add `fields` to the campaign as well");
            return;
        }
        let known: Vec<&str> = campaign.fields.iter().map(|field| field.id.as_str()).collect();
        let named = texts.fields.iter().map(|field| field.id.as_str());
        self.named(at, "/id", named, &known, " to translate");
        for (index, text) in texts.fields.iter().enumerate() {
            let Some(field) = campaign.fields.iter().find(|field| field.id == text.id) else {
                continue;
            };
            let known: Vec<&str> = field.options.iter().map(|option| option.id.as_str()).collect();
            let named = text.options.iter().map(|option| option.id.as_str());
            self.named(&format!("{at}/{index}/options"), "/id", named, &known, " to translate");
        }
    }

    fn translated_message(&mut self, campaign: &Campaign, at: &str, texts: &Translation) {
        let (own, text) = (&campaign.message, &texts.message);
        let count = own.subjects.len();
        if !text.subjects.is_empty() && text.subjects.len() != count {
            self.fault(
                &format!("{at}/subjects"),
                &format!("{} subjects, where the campaign has {count}", text.subjects.len()),
                "translate each of them, in the same order",
            );
        }
        let parts = [&text.head, &text.body, &text.foot].map(String::as_str);
        self.wording(campaign, at, &text.subjects, parts);
        if parts.iter().any(|part| !part.is_empty()) {
            let [head, body, foot] = parts;
            let or = |text, own| if str::is_empty(text) { own } else { text };
            let laid_over = [or(head, &own.head), or(body, &own.body), or(foot, &own.foot)];
            self.length(campaign, at, laid_over);
        }
    }

    /// Each name is one that is known, and stands once.
    fn named<'b>(
        &mut self,
        list: &str,
        key: &str,
        names: impl Iterator<Item = &'b str> + Clone,
        known: &[&str],
        what_for: &str,
    ) {
        self.distinct(list, key, names.clone());
        for (index, name) in names.enumerate().filter(|(_, name)| !known.contains(name)) {
            let hint = match meant(name, known) {
                Some(known) => format!("did you mean `{known}`?"),
                None if known.is_empty() => "leave it out".to_owned(),
                None => format!("known are: {}", known.join(", ")),
            };
            let problem = format!("the campaign has no `{name}`{what_for}");
            self.fault(&format!("{list}/{index}{key}"), &problem, &hint);
        }
    }

    fn distinct<'b>(&mut self, list: &str, key: &str, names: impl Iterator<Item = &'b str>) {
        let mut earlier = Vec::new();
        for (index, name) in names.enumerate() {
            if earlier.contains(&name) {
                let problem = format!("`{name}` stands twice in this list");
                let hint = if key.is_empty() { "keep one" } else { "give each its own" };
                self.fault(&format!("{list}/{index}{key}"), &problem, hint);
            }
            earlier.push(name);
        }
    }
}

/// Which addresses may stand at a place.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    /// Whole ones only.
    Web,
    /// Also those that are resolved against the campaign file's.
    Near,
}

/// How many targets one action may go to.
fn message_count(campaign: &Campaign) -> u32 {
    let all = campaign.targets.len() as u32;
    match campaign.targeting.mode {
        TargetingMode::All => all,
        _ => limits(campaign).1.min(all),
    }
}

/// The characters of the longest answer to a question of the campaign's own, with what stands around it.
fn longest_answer(field: &Field) -> u32 {
    if field.is_standard() {
        return 0;
    }
    let ids = field.options.iter().map(|option| length(&option.id));
    let most = |most: u32| field.max.map_or(most, |max| max.min(most));
    let answer = match field.kind() {
        Kind::LongText => most(LONGEST_LONG_TEXT),
        Kind::Text => most(LONGEST_TEXT),
        // Nearly all of it is ASCII.
        Kind::Email | Kind::Phone => 64,
        Kind::Country | Kind::Checkbox | Kind::Number | Kind::Date => 10,
        Kind::Choice => ids.max().unwrap_or_default(),
        Kind::Choices => ids.map(|id| id + 1).sum(),
    };
    answer + length(field.id.as_str()) / BYTES_OF_CHARACTER + 2
}

/// What of a text looks like Markdown and is none that the form knows.
fn shown_raw(text: &str) -> Option<&'static str> {
    let starts = |line: &str| {
        let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_numbered = numbered.len() < line.len()
            && (numbered.starts_with(". ") || numbered.starts_with(") "));
        let is_rule = line.len() > 2
            && ['-', '*', '_', '='].iter().any(|sign| line.trim_matches(*sign).is_empty());
        match line {
            _ if is_numbered => Some("a numbered list (`1.`)"),
            _ if is_rule => Some("a line of signs (`---`)"),
            _ if line.starts_with("+ ") => Some("a list with `+`"),
            _ if line.starts_with('>') => Some("a quotation (`>`)"),
            _ if line.starts_with('|') => Some("a table (`|`)"),
            _ if line.starts_with("```") => Some("a block of code"),
            _ if line.starts_with('#')
                && line.trim_start_matches('#').starts_with(char::is_alphanumeric) =>
            {
                Some("a heading without a space behind `#`")
            }
            _ => None,
        }
    };
    let found = text.lines().map(str::trim).find_map(starts);
    // Its link is one that the form knows.
    let found = found.or_else(|| holds(text, "![", "](").then_some(PICTURE));
    found.or_else(|| {
        let blocks = markdown::parse(text);
        let inlines = blocks.iter().flat_map(|block| match block {
            Block::Heading(inlines) | Block::Paragraph(inlines) => vec![inlines],
            Block::List(items) => items.iter().collect(),
        });
        let texts = inlines.flatten().filter_map(|inline| match inline {
            Inline::Text(text) => Some(text),
            _ => None,
        });
        texts.into_iter().find_map(|text| marked(text))
    })
}

const PICTURE: &str = "a picture (`![]()`)";

/// Whether there is something between these signs.
fn holds(text: &str, open: &str, close: &str) -> bool {
    let inner = text.split_once(open).and_then(|(_, rest)| rest.split_once(close));
    inner.is_some_and(|(inner, _)| !inner.trim().is_empty())
}

/// Signs of Markdown within a text that is shown as it is.
fn marked(text: &str) -> Option<&'static str> {
    let is_tag = text.split('<').skip(1).any(|rest| {
        rest.contains('>')
            && rest.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic())
    });
    match text {
        _ if holds(text, "![", "](") => Some(PICTURE),
        _ if holds(text, "[", "](") => {
            Some("a link (an address begins with https:, mailto: or tel:)")
        }
        _ if holds(text, "**", "**") => Some("a text between `**`"),
        _ if holds(text, "__", "__") => Some("a text between `__`"),
        _ if holds(text, "`", "`") => Some("a text between backticks"),
        _ if is_tag => Some("HTML"),
        _ => None,
    }
}

/// The length of so many bytes in base64url.
fn encoded(bytes: u32) -> u32 {
    bytes.saturating_mul(4).div_ceil(3)
}

fn is_asked(campaign: &Campaign, name: &str) -> bool {
    campaign.fields.iter().any(|field| field.id.as_str() == name)
}

/// A text whose placeholders all stand for nothing: the shortest that it can become.
fn unfilled(text: &str) -> String {
    clean(&message::fill(text, &Draft::default(), &[], u32::MAX))
}

/// Whether a text has the form of a language tag (BCP 47), without asking a registry.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    tag.len() as u32 <= LONGEST_LANGUAGE
        && (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// Whether this is a whole address with https, or with http on this very machine.
fn is_web_address(url: &str) -> bool {
    let (rest, here_only) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (_, Some(rest)) => (rest, true),
        _ => return false,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let host_fits = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let fits = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-._".contains(c);
            !host.is_empty() && host.chars().all(fits)
        }
    };
    let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    host_fits && port_fits && (here || !here_only) && !url.chars().any(never_in_address)
}

/// Whether this is a path or a query, without scheme and host.
fn is_relative(url: &str) -> bool {
    let first = url.split(['/', '?', '#']).next().unwrap_or_default();
    !url.starts_with("//") && !first.contains(':') && !url.chars().any(never_in_address)
}

fn never_in_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\\<>\"{}".contains(c)
}

/// A fault of the reader with what can be said beyond it; `None` for none at all.
fn explain(fault: ConfigFault, file: &Json, schema: &Json) -> Option<ConfigFault> {
    let value = nearest_to(file, &fault.pointer).0;
    let rule = |problem: &str, hint: String| {
        let kind = FaultKind::Rule { problem: problem.to_owned(), hint };
        Some(ConfigFault { kind, ..fault.clone() })
    };
    match fault.kind {
        FaultKind::Unknown if LATER_KEYS.iter().any(|key| is_at(&fault.pointer, key)) => {
            rule("this version of StandWith doesn't do this yet", "leave the key out".to_owned())
        }
        FaultKind::Unknown | FaultKind::Duplicate if fault.pointer == PRIVATE => rule(
            "this is the private key, which nobody but you may have",
            "take `d` out. Whoever has seen this file reads what is sealed to this key: make a new one with \
             `standwith keys seal`"
                .to_owned(),
        ),
        FaultKind::Unknown => {
            let (parent, key) = fault.pointer.rsplit_once('/')?;
            if own_of(parent).is_some_and(|own| known_keys(schema, own).contains(&key)) {
                return rule(
                    "a translation changes nothing but texts",
                    format!("leave `{key}` out: what the campaign says of it holds in every language"),
                );
            }
            match meant(&unescaped(key), &known_keys(schema, parent)) {
                Some(known) => rule("unknown key", format!("did you mean `{known}`?")),
                None => Some(fault),
            }
        }
        FaultKind::Expected(expected) => {
            let of_later = |(place, words): &(&str, &[&str])| {
                is_at(&fault.pointer, place) && value.text().is_some_and(|t| words.contains(&t))
            };
            if LATER_WORDS.iter().any(of_later) {
                rule("this version of StandWith doesn't do this yet", format!("write {expected}"))
            } else {
                Some(fault)
            }
        }
        _ => Some(fault),
    }
}

/// Where what stands at this pointer into a translation stands in the campaign itself.
fn own_of(pointer: &str) -> Option<&str> {
    let within = pointer.strip_prefix("/languages/")?;
    Some(within.find('/').map_or("", |at| &within[at..]))
}

fn is_at(pointer: &str, place: &str) -> bool {
    let (mut steps, mut places) = (pointer.split('/'), place.split('/'));
    steps.by_ref().zip(places.by_ref()).all(|(step, place)| place == "*" || step == place)
        && pointer.split('/').count() == place.split('/').count()
}

/// The value at a pointer and `true`, or the last one on the way to it and `false`.
fn nearest_to<'j>(json: &'j Json, pointer: &str) -> (&'j Json, bool) {
    let mut at = json;
    for step in pointer.split('/').skip(1) {
        let next = match &at.value {
            Value::List(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => at.get(&unescaped(step)),
        };
        match next {
            Some(next) => at = next,
            None => return (at, false),
        }
    }
    (at, true)
}

/// The keys that a schema knows for the object at a pointer into the file.
fn known_keys<'s>(schema: &'s Json, pointer: &str) -> Vec<&'s str> {
    let mut at = schema;
    for step in pointer.split('/').skip(1) {
        let named = at.get("properties").and_then(|known| known.get(&unescaped(step)));
        match named.or_else(|| at.get("additionalProperties")).or_else(|| at.get("items")) {
            Some(next) => at = next,
            None => return Vec::new(),
        }
        if let Some(Value::List(choices)) = at.get("anyOf").map(|choices| &choices.value) {
            at = choices.iter().find(|choice| choice.get("properties").is_some()).unwrap_or(at);
        }
    }
    match at.get("properties").map(|known| &known.value) {
        Some(Value::Object(members)) => members.iter().map(|member| member.key.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The known word that somebody may have meant by another: one slip away, or two where both words
/// are long enough.
fn meant<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = |known: &&'k str| {
        let slips = distance(&word.to_lowercase(), known);
        let shorter = word.chars().count().min(known.chars().count());
        let allowed = match shorter {
            0 | 1 => 0,
            2 | 3 => 1,
            _ => 2,
        };
        (slips <= allowed).then_some((slips, *known))
    };
    known.iter().filter_map(near).min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

/// A key as a step of a JSON pointer (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The schema as data.
fn campaign_schema() -> Json {
    let mut out = Writer::default();
    out.object(|out| {
        out.key("$schema").text("https://json-schema.org/draft/2020-12/schema");
        out.key("title").text("A campaign of StandWith");
        out.key("description").text(
            "Who is asked for what, how, and where the messages go. `standwith check` knows more \
             rules than this schema can say.",
        );
        Campaign::schema(out);
    });
    // What the writer writes is JSON.
    let nothing = Json { line: 1, value: Value::Null };
    json::parse(&out.finish()).unwrap_or(nothing)
}

/// Writes JSON for people. A fraction, which nothing of ours holds, becomes `null`.
fn pretty(json: &Json, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    let quoted = |text: &str| {
        let mut writer = Writer::default();
        writer.text(text);
        writer.finish()
    };
    match &json.value {
        Value::Null | Value::Fraction => out.push_str("null"),
        Value::Bool(truth) => out.push_str(&truth.to_string()),
        Value::Whole(number) => out.push_str(&number.to_string()),
        Value::Text(text) => out.push_str(&quoted(text)),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                line(out, depth + 1);
                pretty(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Object(members) if members.is_empty() => out.push_str("{}"),
        Value::Object(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                line(out, depth + 1);
                out.push_str(&quoted(&member.key));
                out.push_str(": ");
                pretty(&member.value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
    }
}
