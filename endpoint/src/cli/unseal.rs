//! The sealed payload of an exported action, and whether the whole action is valid: the endpoint could validate only
//! the part that it could read.

use std::collections::HashMap;

use standwith::action::Claims;
use standwith::campaign::Strictness;
use standwith::check::check_claims;
use standwith::json;
use standwith::sealing::{self, Sealed, SealedFault, open, read_inside};
use standwith::shape::ConfigFault;

use crate::campaigns::{Version, in_words};
use crate::sealing::SealingKey;
use crate::store::{ExportedAction, Store, StoreError};
use crate::validation::validate;

/// The result of unsealing.
pub(super) enum Seal {
    /// Nothing is sealed.
    None,
    /// No key was given.
    Closed,
    /// It was unsealed.
    Opened {
        /// The sealed payload: JSON, on one line.
        text: String,
        /// The claims, with the payload merged in.
        whole: Box<Claims>,
        /// Its errors: names of controls and codes. If there are none, the action is valid.
        errors: Vec<(String, String)>,
    },
    /// It can't be unsealed, or its content is malformed.
    Unread {
        /// The content, if it is JSON.
        text: Option<String>,
        /// The reason why it can't be read.
        problem: String,
    },
}

/// Opens and validates the sealed actions of a campaign.
pub(super) struct Unsealer<'a> {
    campaign: &'a str,
    keys: Vec<SealingKey>,
    store: &'a dyn Store,
    /// The versions that were looked up, by their digests.
    versions: HashMap<String, Option<Version>>,
}

impl<'a> Unsealer<'a> {
    pub(super) fn new(campaign: &'a str, keys: Vec<SealingKey>, store: &'a dyn Store) -> Self {
        Unsealer { campaign, keys, store, versions: HashMap::new() }
    }

    /// Unseals the payload of an action.
    pub(super) async fn look(
        &mut self,
        action: &ExportedAction,
        claims: &Claims,
    ) -> Result<Seal, StoreError> {
        let Some(sealed) = &claims.sealed else { return Ok(Seal::None) };
        if self.keys.is_empty() {
            return Ok(Seal::Closed);
        }
        let unread = |text, problem| Ok(Seal::Unread { text, problem });
        let inside = match open(sealed).map_err(|fault| told(&fault)) {
            Ok(sealed) => match self.unseal(&sealed) {
                Some(inside) => inside,
                None => return unread(None, no_key(&sealed)),
            },
            Err(problem) => return unread(None, problem),
        };
        // The campaigner may see even malformed content.
        let text = String::from_utf8(inside.clone()).ok();
        let text = text.filter(|text| json::parse(text).is_ok());
        let text = text.as_deref().map(on_one_line);
        let inside = match read_inside(&inside) {
            Ok(inside) => inside,
            Err(faults) => return unread(text, format!("what is inside: {}", listed(&faults))),
        };
        let whole = match sealing::joined(claims.clone(), inside) {
            Ok(whole) => Box::new(whole),
            Err(names) => {
                return unread(text, format!("in the clear, too: {}", names.join(", ")));
            }
        };
        let errors = self.validate(action, &whole).await?;
        Ok(Seal::Opened { text: text.unwrap_or_default(), whole, errors })
    }

    /// Unseals a text with the key that fits.
    fn unseal(&self, sealed: &Sealed<'_>) -> Option<Vec<u8>> {
        self.keys.iter().find_map(|key| key.unseal(sealed))
    }

    /// Validates whole claims by the campaign version by which the endpoint validated the rest of them.
    async fn validate(
        &mut self,
        action: &ExportedAction,
        whole: &Claims,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let named = &whole.campaign_digest;
        if !self.versions.contains_key(named) {
            let bytes = self.store.version(self.campaign, named).await?;
            self.versions.insert(named.clone(), bytes.and_then(read));
        }
        let check = |campaign: &_, claims: &_| check_claims(campaign, claims).map(|_| ());
        if let Some(Some(version)) = self.versions.get(named) {
            return Ok(validate(version, whole, true, check));
        }
        let bytes = self.store.version_at(self.campaign, action.received_at).await?;
        Ok(match bytes.and_then(read) {
            Some(version) => validate(&version, whole, false, check),
            None => vec![("campaign_digest".to_owned(), "campaign_unknown".to_owned())],
        })
    }
}

/// JSON unchanged but on one line: tabs and line ends outside strings are white space, in strings they are escaped.
pub(super) fn on_one_line(json: &str) -> String {
    json.trim().replace(['\n', '\r', '\t'], " ")
}

/// It passed the strict check when it was first served.
fn read(bytes: Vec<u8>) -> Option<Version> {
    Version::read(bytes, Strictness::Lenient).ok()
}

fn no_key(sealed: &Sealed<'_>) -> String {
    match &sealed.header.kid {
        Some(kid) => format!("no key that was given opens it; it says it is sealed to {kid}"),
        None => "no key that was given opens it".to_owned(),
    }
}

fn told(fault: &SealedFault) -> String {
    match fault {
        SealedFault::NotCompact => {
            "it is not five parts of unpadded base64url with dots between them".to_owned()
        }
        SealedFault::Header(faults) => format!("its header: {}", listed(faults)),
        SealedFault::Length => "its vector is not 12 bytes long, or its tag not 16".to_owned(),
    }
}

/// The first few faults.
fn listed(faults: &[ConfigFault]) -> String {
    let told: Vec<String> = faults.iter().take(5).map(in_words).collect();
    told.join(". ")
}
