//! Receipts: the endpoint's signed confirmations that it stored an action.

use aws_lc_rs::error::Unspecified;
use standwith::envelope::{self, ReceiptClaims};

use crate::keys::Keyring;

/// Signs a receipt: a compact JWS of the type `receipt+jws`.
///
/// # Errors
/// The system has no randomness.
pub fn issue(keys: &Keyring, claims: &ReceiptClaims) -> Result<String, Unspecified> {
    let input = envelope::receipt_signing_input(keys.kid(), claims);
    let signature = keys.sign(input.as_bytes())?;
    Ok(envelope::compact(&input, &signature))
}
