//! Validating claims by the campaign: their content, and which of it must be sealed.

use standwith::action::Claims;
use standwith::check::check_received;
use standwith::sealing;

use crate::campaigns::Version;
use crate::sealing::is_on_curve;
use crate::validation::validate;

/// Returns the errors of claims, as names of fields and codes. They are validated by the version that they name, or, if
/// that is unknown, by the one that is served today.
pub(super) fn field_errors(
    claims: &Claims,
    served: &Version,
    named: Option<&Version>,
) -> Vec<(String, String)> {
    let version = named.unwrap_or(served);
    let mut field_errors = validate(version, claims, named.is_some(), check_received);
    if !is_sealed_to_a_key(claims) {
        field_errors.push(("sealed".to_owned(), "answer_malformed".to_owned()));
    }
    // For any version that it names: a campaign that seals today stores nothing in the clear.
    if served.campaign().sealing.is_some() {
        let missing = claims.sealed.is_none().then_some(("sealed", "answer_missing"));
        let exposed = sealing::exposed(claims).into_iter();
        let exposed = exposed.map(|name| (name, "answer_unknown_choice"));
        for (field, code) in missing.into_iter().chain(exposed) {
            let field_error = (field.to_owned(), code.to_owned());
            if !field_errors.contains(&field_error) {
                field_errors.push(field_error);
            }
        }
    }
    field_errors
}

/// Whether the ephemeral key of a sealed text is a point of the curve. Malformed texts have other errors.
fn is_sealed_to_a_key(claims: &Claims) -> bool {
    let opened = claims.sealed.as_deref().and_then(|sealed| sealing::open(sealed).ok());
    opened.is_none_or(|sealed| sealed.header.epk.point().is_some_and(|point| is_on_curve(&point)))
}
