//! Rules for translations.

use super::Lint;
use super::pointer::{escaped, nearest_to};
use super::urls::Reach;
use crate::campaign::{Campaign, Translation};
use crate::check::LONGEST_LANGUAGE;

impl Lint<'_> {
    pub(super) fn translation(&mut self, campaign: &Campaign, lang: &str, texts: &Translation) {
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
        self.translated_consents(campaign, &format!("{at}/consents"), texts);
        self.translated_fields(campaign, &format!("{at}/fields"), texts);
        self.translated_message(campaign, &format!("{at}/message"), texts);
        self.translated_variants(campaign, &format!("{at}/variants"), texts);
    }

    fn translated_consents(&mut self, campaign: &Campaign, at: &str, texts: &Translation) {
        let known: Vec<&str> = campaign.consents.iter().map(|c| c.purpose.as_str()).collect();
        let named = texts.consents.iter().map(|consent| consent.purpose.as_str());
        self.named(at, "/purpose", named, &known, " to translate");
        for (index, text) in texts.consents.iter().enumerate() {
            let pointer = format!("{at}/{index}/organisation");
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
    }

    /// Checks that each language appears once.
    pub(super) fn once(&mut self, own: &str, lang: &str, earlier: &[(String, Translation)]) {
        let mut there = earlier.iter().map(|(tag, _)| tag.as_str()).chain([own]);
        if there.any(|tag| tag != lang && tag.eq_ignore_ascii_case(lang)) || own == lang {
            self.fault(
                &format!("/languages/{}", escaped(lang)),
                "the file has this language already",
                "keep one: `lang` is the language of the texts outside `languages`",
            );
        }
    }

    pub(super) fn translated_fields(&mut self, campaign: &Campaign, at: &str, texts: &Translation) {
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

    pub(super) fn translated_message(
        &mut self,
        campaign: &Campaign,
        at: &str,
        texts: &Translation,
    ) {
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

    pub(super) fn no_language(&mut self, pointer: &str) {
        self.fault(pointer, "no language tag", "write a tag of BCP 47, like km or pt-BR");
    }
}

/// Whether a text has the syntax of a language tag (BCP 47). No registry is consulted.
pub(super) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    tag.len() as u32 <= LONGEST_LANGUAGE
        && (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}
