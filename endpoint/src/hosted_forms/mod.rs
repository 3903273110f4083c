//! State of hosted forms beyond a request: tokens, and one-time pages for campaigns at risk.

mod one_time_pages;
mod tokens;

use axum::body::Bytes;

pub(crate) use self::one_time_pages::{OneTimePages, PackedPage};
pub(crate) use self::tokens::FormTokens;

/// A page, ready to be sent.
pub(crate) type Rendered = axum::http::Response<Bytes>;

/// The tokens and one-time pages of hosted forms.
#[derive(Debug)]
pub struct HostedForms {
    pub(crate) tokens: FormTokens,
    pub(crate) pages: OneTimePages,
}

impl HostedForms {
    /// Endpoints that share the secret accept each other's forms.
    pub fn new(secret: &[u8]) -> Self {
        HostedForms { tokens: FormTokens::new(secret), pages: OneTimePages::default() }
    }

    /// The token of a form with this identity, sent at `now` (seconds since 1970).
    pub fn token(&self, campaign: &str, jti: &str, now: i64) -> String {
        self.tokens.issue(campaign, jti, now)
    }

    /// Drops the pages that no browser requested in time.
    pub fn purge(&self) {
        self.pages.purge();
    }
}
