//! Validation of claims by a campaign version: when an action arrives and, if it was sealed, again when it is exported.

use standwith::action::{Claims, ConsentClaim};
use standwith::campaign::{Campaign, Consent};
use standwith::check::{FieldError, FieldErrorKind};
use standwith::draft::consent_name;

use crate::campaigns::Version;
use crate::signature::digest;

/// Returns the errors of claims, as names of controls and codes, by this version of their campaign. If it is not
/// `known` to be the one that they name, their wordings may have differed.
pub(crate) fn validate(
    version: &Version,
    claims: &Claims,
    known: bool,
    check: impl Fn(&Campaign, &Claims) -> Result<(), Vec<FieldError>>,
) -> Vec<(String, String)> {
    let mut field_errors = Vec::new();
    let campaign = match version.in_language(&claims.lang) {
        Some(campaign) => campaign,
        None => {
            if known && !claims.lang.is_empty() {
                field_errors.push(("lang".to_owned(), "lang_unknown_choice".to_owned()));
            }
            version.campaign()
        }
    };
    if let Err(found) = check(campaign, claims) {
        // Another version may have different variants.
        let unknown =
            FieldError { field: "variant".to_owned(), kind: FieldErrorKind::UnknownChoice };
        let found = found.into_iter().filter(|field_error| known || *field_error != unknown);
        field_errors
            .extend(found.map(|field_error| (field_error.field.clone(), field_error.code())));
    }
    for (index, consent) in claims.consents.iter().enumerate() {
        let earlier = &claims.consents[..index];
        if earlier.iter().any(|earlier| earlier.purpose == consent.purpose) {
            field_errors.push((consent_name(&consent.purpose), "consent_duplicate".to_owned()));
        } else if known && !has_wording(version, consent) {
            field_errors
                .push((consent_name(&consent.purpose), "consent_wording_mismatch".to_owned()));
        }
    }
    field_errors
}

/// Whether the campaign, in the language that the consent names, uses the wording that it names. A purpose that the
/// campaign does not have is an error of validation.
fn has_wording(version: &Version, claim: &ConsentClaim) -> bool {
    let same = |known: &&Consent| known.purpose.as_str() == claim.purpose;
    if !version.campaign().consents.iter().any(|known| same(&known)) {
        return true;
    }
    let campaign = version.in_language(&claim.lang);
    let asked = campaign.and_then(|campaign| campaign.consents.iter().find(same));
    asked.is_some_and(|asked| digest(asked.wording.as_bytes()) == claim.wording_digest)
}
