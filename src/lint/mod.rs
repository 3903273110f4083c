//! Validation of campaign files for `standwith check` and `serve`: the faults of the reader, and the rules between
//! values. Each fault has a place, a problem and a hint.
//!
//! Native only: the widget assumes that a file has passed.

mod consents;
mod delivery;
mod explain;
mod fields;
mod json_schema;
mod message;
mod names;
mod pointer;
mod risk;
mod targets;
mod texts;
mod translation;
mod urls;
mod variants;

use crate::campaign::{Campaign, CampaignFile, Id, Translation};
use crate::json::{Json, Value};
use crate::shape::{ConfigFault, FaultKind, LONGEST_POINTER, Reading, Shape, Table};
use explain::explain;
use json_schema::campaign_schema;
pub use json_schema::schema;
use pointer::nearest_to;
use translation::is_language;
pub use urls::picture_file;
use urls::{Reach, is_relative, pictures, pictures_elsewhere};

/// Maximum number of faults reported for a file.
const MOST_FAULTS: usize = 1000;
/// Maximum number of translations. An endpoint holds the first paint in each language in memory.
const MOST_LANGUAGES: usize = 64;
/// Maximum size of a campaign file, in bytes.
pub const LONGEST_FILE: usize = 1 << 20;

/// All faults of a campaign file, by line. Rules between values are checked only if every value has the right type.
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
    // Reading the campaign has already reported a value that is no object.
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

/// Warnings about a valid campaign file, by line: pictures on other hosts or with names that `serve` does not serve,
/// and Markdown that is shown as written. Empty if the file has faults.
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

/// Faults for pictures that are missing beside the campaign file, by line.
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

struct Lint<'a> {
    json: &'a Json,
    faults: Vec<ConfigFault>,
}

impl Lint<'_> {
    fn fault(&mut self, pointer: &str, problem: &str, hint: &str) {
        let kind = FaultKind::Rule { problem: problem.to_owned(), hint: hint.to_owned() };
        let (nearest, found) = nearest_to(self.json, pointer);
        // An option that is a plain string is its own id and label.
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
        self.goal_and_times(campaign);
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
        self.embed(campaign);
        if campaign.public.ask && !campaign.asks_for_public_name() {
            self.fault(
                "/public/ask",
                "the form does not ask for a name that could be made public",
                "add `given_name` or `family_name` to `fields`, or leave the key out",
            );
        }
    }

    /// Rules for the goal, the opening and closing times, and the retention period.
    fn goal_and_times(&mut self, campaign: &Campaign) {
        if campaign.counter.goal == Some(0) {
            self.fault("/counter/goal", "a goal of 0", "raise it, or leave the key out");
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
        if campaign.retention_days == Some(0) {
            self.fault(
                "/retention_days",
                "no action can be kept for 0 days",
                "say how many days the actions are kept, or leave the key out",
            );
        }
    }
}
