//! Rules for the variants of an A/B test.

use super::Lint;
use super::pointer::nearest_to;
use crate::campaign::{Campaign, TemplateText, Translation};

impl Lint<'_> {
    /// Rules for the variants.
    pub(super) fn variants(&mut self, campaign: &Campaign) {
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

    /// Rules for the message of a variant, in any language.
    pub(super) fn varied_message(&mut self, campaign: &Campaign, at: &str, text: &TemplateText) {
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

    /// Rules for translated variants: each translates exactly the texts that the variant has.
    pub(super) fn translated_variants(
        &mut self,
        campaign: &Campaign,
        at: &str,
        texts: &Translation,
    ) {
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
}
