//! The fields of a posted hosted form.

use standwith::draft::Draft;
use standwith::shape::MOST_ITEMS;

use crate::http::{honeypot, html};

/// The most values of a form: no list of a campaign has more items, and there are other fields.
const MOST_VALUES: usize = MOST_ITEMS + 1000;

/// The name of the hidden field with the action's identity.
pub(super) const JTI: &str = "jti";
/// The name of the hidden field with the token that binds the identity to this endpoint. No field of a campaign
/// has a hyphen in its name.
pub(super) const TOKEN: &str = "form-token";
/// The name of the hidden field with the digest of the campaign file.
pub(super) const VERSION: &str = "campaign_digest";
/// The name of the hidden field with the digest of the mail that the page offers.
pub(super) const MAIL: &str = "form-mail";
/// The name of the query parameter (with any value) and hidden field that mark a form as a test.
pub(super) const TEST: &str = "standwith-test";
/// The name of the hidden field which says that the supporter was asked for words of their own.
pub(super) const NUDGED: &str = "form-nudged";

/// A posted form; its hidden fields are separate from what was filled in.
pub(super) struct Posted {
    pub(super) jti: String,
    pub(super) token: String,
    /// The digest of the campaign file that the form showed.
    pub(super) version: String,
    /// The fingerprint of the mail that the form offered.
    pub(super) offered: Option<String>,
    /// The name of the button that was pressed, if it has one.
    pub(super) act: Option<String>,
    pub(super) test: bool,
    pub(super) nudged: bool,
    /// Whether the honeypot was filled in.
    pub(super) is_bot: bool,
    pub(super) draft: Draft,
}

impl Posted {
    /// Reads a body of the media type `application/x-www-form-urlencoded`.
    pub(super) fn read(body: &[u8]) -> Self {
        let values = form_urlencoded::parse(body).take(MOST_VALUES);
        let mut values: Vec<(String, String)> =
            values.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let mut take = |name: &str| {
            let at = values.iter().position(|(known, _)| known == name)?;
            Some(values.remove(at).1)
        };
        Posted {
            jti: take(JTI).unwrap_or_default(),
            token: take(TOKEN).unwrap_or_default(),
            version: take(VERSION).unwrap_or_default(),
            offered: take(MAIL),
            act: take(html::ACT),
            test: take(TEST).is_some(),
            nudged: take(NUDGED).is_some(),
            is_bot: take(honeypot::NAME).is_some_and(|filled| !filled.trim().is_empty()),
            draft: Draft::posted(values),
        }
    }
}
