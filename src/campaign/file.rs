//! Reader for a campaign file, in one of its languages.

use super::Campaign;
use super::translation::lay_over;
use crate::json::{self, Json, Value};
use crate::shape::{ConfigFault, FaultKind, Reading, Shape};

/// Treatment of unknown keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// For `check` and `serve`: an unknown key is a fault.
    Strict,
    /// For the widget: unknown keys are ignored, so that a newer file works with an older widget.
    Lenient,
}

/// A campaign file, parsed as JSON; no language has been selected yet.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignFile {
    pub(crate) json: Json,
}

impl CampaignFile {
    /// Parses the bytes of a campaign file.
    ///
    /// # Errors
    /// The first place that is not UTF-8 or not JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigFault> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::read(text),
            Err(_) => Err(Self::fault(1, "a text in UTF-8")),
        }
    }

    /// Parses the text of a campaign file.
    ///
    /// # Errors
    /// The first place that is not JSON.
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

    /// The campaign's languages, the default one first.
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

    /// Replaces the file's texts by their translations; returns the language in use.
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

    /// The campaign in one of its languages; in the default one if it has no such language.
    ///
    /// # Errors
    /// Every fault of the file. Unknown keys are faults only when `Strict`, except inside `sealing`, which says how a
    /// message must be protected.
    pub fn campaign(&self, lang: &str, how: Strictness) -> Result<Campaign, Vec<ConfigFault>> {
        self.clone().into_campaign(lang, how)
    }

    /// Same as [`campaign`](Self::campaign), but consumes the file.
    ///
    /// # Errors
    /// Those of [`campaign`](Self::campaign).
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
                // If `sealing` were ignored, the message would be sent in plain text.
                Strictness::Lenient => !unknown || fault.pointer == "/sealing",
                Strictness::Strict => true,
            }
        });
        // Otherwise one control would answer two questions, and a signed answer could not be matched to its wording.
        if faults.is_empty() && campaign.has_doubles() {
            let kind = FaultKind::Expected("ids and purposes that stand once");
            faults.push(ConfigFault { pointer: "/fields".to_owned(), line: 1, kind });
        }
        if faults.is_empty() { Ok(campaign) } else { Err(faults) }
    }
}
