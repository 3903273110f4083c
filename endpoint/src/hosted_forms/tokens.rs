//! The tokens of hosted forms: only a form of this endpoint can be posted.

use std::fmt;

use aws_lc_rs::hmac;
use standwith::envelope::{decode, encode};

/// How long a form may stay open before it is sent, in seconds.
const VALID_FOR: i64 = 12 * 3600;
/// How far the clocks of several endpoints may differ, in seconds.
const SKEW: i64 = 300;

/// Makes and verifies the tokens that bind a form's identity (`jti`) to the time at which this endpoint, or one
/// that shares its keys, sent the form.
pub(crate) struct FormTokens(hmac::Key);

impl fmt::Debug for FormTokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("FormTokens")
    }
}

impl FormTokens {
    pub(crate) fn new(secret: &[u8]) -> Self {
        FormTokens(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token of a form sent at `now` (seconds since 1970).
    pub(crate) fn issue(&self, campaign: &str, jti: &str, now: i64) -> String {
        let code = hmac::sign(&self.0, &signed(campaign, jti, now));
        format!("{now}.{}", encode(code.as_ref()))
    }

    /// Whether this is the token of such a form, sent in the last hours.
    pub(crate) fn is_valid(&self, token: &str, campaign: &str, jti: &str, now: i64) -> bool {
        let Some((sent, code)) = token.split_once('.') else { return false };
        let (Ok(sent), Some(code)) = (sent.parse::<i64>(), decode(code)) else { return false };
        // The value is not trusted: the range of an i64 is not the range of a time.
        let is_recent = (now - VALID_FOR..=now + SKEW).contains(&sent);
        is_recent && hmac::verify(&self.0, &signed(campaign, jti, sent), &code).is_ok()
    }
}

fn signed(campaign: &str, jti: &str, sent: i64) -> Vec<u8> {
    format!("{campaign}\n{jti}\n{sent}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_form_and_some_hours() {
        let (tokens, now) = (FormTokens::new(&[7; 32]), 1_790_000_000);
        let token = tokens.issue("free-press", "A", now);
        assert!(tokens.is_valid(&token, "free-press", "A", now));
        assert!(tokens.is_valid(&token, "free-press", "A", now + VALID_FOR));
        assert!(tokens.is_valid(&token, "free-press", "A", now - SKEW));
        for (campaign, jti, at) in [
            ("free-press", "B", now),
            ("free-speech", "A", now),
            ("free-press", "A", now + VALID_FOR + 1),
            ("free-press", "A", now - SKEW - 1),
        ] {
            assert!(!tokens.is_valid(&token, campaign, jti, at), "{campaign} {jti} {at}");
        }
        assert!(!FormTokens::new(&[8; 32]).is_valid(&token, "free-press", "A", now));
        let (_, code) = token.split_once('.').unwrap();
        for forged in ["", ".", &format!("{}.{code}", now + 1), &format!("{}.", i64::MAX), code] {
            assert!(!tokens.is_valid(forged, "free-press", "A", now), "{forged}");
        }
    }
}
