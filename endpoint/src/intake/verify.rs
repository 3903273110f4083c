//! Verifying the audience of a signed action and the time of its signature. The signature was verified when it was
//! decoded.

use standwith::action::Claims;
use standwith::envelope;

use super::refusal::Refusal;
use super::{EARLIEST, OLDEST};
use crate::address::PublicUrl;
use crate::skew::ClockWatch;

/// Whether many devices agree that the clock of this machine is off.
static CLOCK: ClockWatch = ClockWatch::new();

/// Verifies that claims are for this campaign at one of these addresses, that their identity has the right form, and
/// that they were signed recently.
///
/// # Errors
/// The reason why they are not.
pub(super) fn verify(
    claims: &Claims,
    campaign: &str,
    addresses: &[PublicUrl],
    now: i64,
) -> Result<(), Refusal> {
    if !addresses.iter().any(|address| address.actions(campaign) == claims.aud) {
        let wanted = addresses.first().map(|address| address.actions(campaign));
        return Err(Refusal::AudienceMismatch(wanted.unwrap_or_default()));
    }
    if claims.campaign != campaign {
        return Err(Refusal::malformed("/campaign", "must be the campaign in the address"));
    }
    if envelope::decode(&claims.jti).is_none_or(|bits| bits.len() != 16) {
        let problem = "must be 16 bytes in base64url, 22 characters";
        return Err(Refusal::malformed("/jti", problem));
    }
    if !(now - OLDEST..=now + EARLIEST).contains(&claims.iat) {
        warn_of_clock(claims.iat, now);
        return Err(Refusal::IatOutOfWindow { now });
    }
    CLOCK.in_time();
    Ok(())
}

/// Warns, at intervals, if many actions were signed too far from now in one direction.
fn warn_of_clock(iat: i64, now: i64) {
    let Some(offset) = CLOCK.refused(iat.saturating_sub(now)) else { return };
    let (seconds, direction) = (offset.unsigned_abs(), if offset > 0 { "behind" } else { "ahead" });
    tracing::warn!(
        seconds,
        direction,
        "actions rejected: the clock of this machine may be off by about that (median of the last ones)"
    );
}
