//! A version of a campaign: one text of its file, read in all of its languages.

use axum::body::Bytes;
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::shape::ConfigFault;

use super::first_paint::FirstPaint;
use crate::compression::Packed;
use crate::signature::digest;

/// A version of a campaign, in all of its languages.
#[derive(Debug)]
pub struct Version {
    /// SHA-256 of the file's bytes, in base64url: the value of `campaign_digest`.
    pub digest: String,
    /// The file.
    pub bytes: Bytes,
    /// The file in smaller forms.
    pub packed: Packed,
    /// The first paint in each language. A campaign with variants has none: only the form knows which variant it shows.
    pub first_paints: Vec<FirstPaint>,
    first: Campaign,
    others: Vec<Campaign>,
}

impl Version {
    /// Reads a file's bytes for validation only: nothing is compressed or rendered.
    ///
    /// # Errors
    /// The faults of the file; unknown keys count only when `Strict`.
    pub fn read(bytes: Vec<u8>, how: Strictness) -> Result<Self, Vec<ConfigFault>> {
        let (first, others) = languages(&bytes, how)?;
        Ok(Version {
            digest: digest(&bytes),
            bytes: bytes.into(),
            packed: Packed::default(),
            first_paints: Vec::new(),
            first,
            others,
        })
    }

    /// The campaign in its first language.
    pub fn campaign(&self) -> &Campaign {
        &self.first
    }

    /// The campaign in every language, the first one first.
    pub fn campaigns(&self) -> impl Iterator<Item = &Campaign> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The campaign in this language, if it has it.
    pub fn in_language(&self, lang: &str) -> Option<&Campaign> {
        self.campaigns().find(|campaign| campaign.lang == lang)
    }

    /// The version as it is served: with smaller forms and first paints.
    pub(super) fn prepared(self) -> Self {
        let packed = Packed::of(&self.bytes);
        let painted = self.campaigns().filter(|campaign| campaign.variants.is_empty());
        let first_paints = painted.map(|c| FirstPaint::new(c, &self.bytes)).collect();
        Version { packed, first_paints, ..self }
    }

    /// The id of the campaign.
    pub(super) fn id(&self) -> &str {
        self.first.id.as_str()
    }

    /// Whether this is the version of this campaign with this digest.
    pub(super) fn is(&self, campaign: &str, digest: &str) -> bool {
        self.digest == digest && self.first.id.as_str() == campaign
    }

    /// Bytes of text that are parsed for it: each language is parsed from the whole file.
    pub(super) fn weight(&self) -> usize {
        self.bytes.len() * (1 + self.others.len())
    }

    /// Fails unless the campaign accepts actions at this time (seconds since 1970).
    ///
    /// # Errors
    /// The reason why it accepts none.
    pub fn is_open(&self, now: i64) -> Result<(), String> {
        let Campaign { opens, closes, .. } = &self.first;
        match (opens, closes) {
            (Some(opens), _) if now < opens.seconds() => {
                Err(format!("the campaign takes messages from {} on", opens.as_str()))
            }
            (_, Some(closes)) if now >= closes.seconds() => {
                Err(format!("the campaign took messages until {}", closes.as_str()))
            }
            _ => Ok(()),
        }
    }
}

/// A campaign in its first language, and in the others.
pub(super) fn languages(
    bytes: &[u8],
    how: Strictness,
) -> Result<(Campaign, Vec<Campaign>), Vec<ConfigFault>> {
    let file = CampaignFile::parse(bytes).map_err(|fault| vec![fault])?;
    let languages = file.languages();
    let read: Result<Vec<_>, _> = languages.iter().map(|lang| file.campaign(lang, how)).collect();
    let mut campaigns = read?.into_iter();
    let first = campaigns.next().ok_or_else(Vec::new)?;
    Ok((first, campaigns.collect()))
}
