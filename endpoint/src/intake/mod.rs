//! The path from a request body to a stored action. Nothing here knows HTTP or SQL.
//!
//! ```text
//! body ─ decode ─ verify ─ open? ─ validate ─ plan ─ store.insert ─ receipt
//! ```
//!
//! The order matters: first untrusted actions are refused (format, signature, audience, time), then those that the
//! campaign does not allow. But a supporter who holds a receipt always gets it again, whatever has changed since:
//! before a refusal is sent, the identity is looked up in the store.

mod decode;
mod plan;
mod refusal;
mod validate;
mod verify;

use std::sync::Arc;

use standwith::action::Claims;
use standwith::answer::Status;
use standwith::envelope::ReceiptClaims;

use self::decode::Received;
pub use self::decode::{Form, Named};
pub(crate) use self::plan::status;
use self::plan::{Plan, plan};
pub use self::refusal::Refusal;
use self::validate::field_errors;
use self::verify::verify;
use crate::address::PublicUrl;
use crate::campaigns::{Campaigns, Version};
use crate::counts::Counts;
use crate::keys::Keyring;
use crate::metrics::Metrics;
use crate::receipt;
use crate::store::{Inserted, NewAction, Store, StoreError, StoredAction};

/// The longest body of a post, in bytes.
pub const LONGEST_BODY: usize = 32 * 1024;
/// How old an action may be, in seconds: as long as an entry stays in an outbox, and a day more.
pub const OLDEST: i64 = 7 * 86_400;
/// How far in the future an action may be signed, in seconds: clocks can be wrong.
pub const EARLIEST: i64 = 10 * 60;

/// The parts of a running endpoint that intake needs.
#[derive(Debug)]
pub struct Intake {
    /// Where actions are stored.
    pub store: Arc<dyn Store>,
    /// The counts of campaigns.
    pub counts: Arc<Counts>,
    /// The campaigns.
    pub campaigns: Arc<Campaigns>,
    /// The keys that sign receipts.
    pub keys: Arc<Keyring>,
    /// The addresses that actions may name as audience. The first one is the issuer of receipts.
    pub addresses: Vec<PublicUrl>,
    /// The counters.
    pub metrics: Metrics,
}

/// The answer to an action that is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptance {
    /// The action's identity.
    pub id: String,
    /// The status of the action.
    pub status: Status,
    /// The signed receipt.
    pub receipt: String,
    /// The count of the campaign.
    pub count: i64,
    /// Whether it arrived for the first time.
    pub is_new: bool,
}

impl Intake {
    /// Receives an action that was posted for a campaign at the time `now` (seconds since 1970).
    ///
    /// # Errors
    /// The reason why it is refused.
    pub async fn take(
        &self,
        campaign: &str,
        form: Form,
        body: &[u8],
        now: i64,
    ) -> Result<Acceptance, Refusal> {
        let taken = self.take_unmeasured(campaign, form, body, now).await;
        self.measure(campaign, &taken);
        taken
    }

    async fn take_unmeasured(
        &self,
        campaign: &str,
        form: Form,
        body: &[u8],
        now: i64,
    ) -> Result<Acceptance, Refusal> {
        let served = self.campaigns.get(campaign);
        // Here, not on a worker's thread: it takes less time than waking another thread twice.
        let action = match Received::open(form, body) {
            Err(_) if served.is_none() => return Err(Refusal::CampaignUnknown),
            opened => opened?,
        };
        match self.validate(campaign, served, &action, now).await {
            Ok(digest_known) => self.store(&action, digest_known, now).await,
            Err(refusal) => self.unless_stored(campaign, &action, refusal).await,
        }
    }

    /// Whether this very action is stored already, by its unverified identity and digest.
    ///
    /// # Errors
    /// The database fails.
    pub async fn has(&self, campaign: &str, named: &Named) -> Result<bool, StoreError> {
        let stored = self.store.get(campaign, &named.jti).await?;
        Ok(stored.is_some_and(|stored| stored.action_digest == named.action_digest))
    }

    /// Receives the claims of a hosted form, without proof, made from a validated draft.
    ///
    /// # Errors
    /// The campaign is closed, another action has this identity, or it can't be stored now.
    pub async fn take_bare(&self, claims: Claims, now: i64) -> Result<Acceptance, Refusal> {
        let campaign = claims.campaign.clone();
        let action = Received::bare(claims);
        let taken = match self.admits_bare(&campaign, now) {
            Ok(()) => self.store(&action, true, now).await,
            Err(refusal) => self.unless_stored(&campaign, &action, refusal).await,
        };
        self.measure(&campaign, &taken);
        taken
    }

    /// Fails unless the campaign accepts claims in the clear and without proof.
    fn admits_bare(&self, campaign: &str, now: i64) -> Result<(), Refusal> {
        let served = self.campaigns.get(campaign).ok_or(Refusal::CampaignUnknown)?;
        if served.campaign().sealing.is_some() {
            // It arrived in plain text: nothing of it is stored.
            return Err(Refusal::Rules(vec![("sealed".to_owned(), "answer_missing".to_owned())]));
        }
        served.is_open(now).map_err(Refusal::Closed)
    }

    fn measure(&self, campaign: &str, taken: &Result<Acceptance, Refusal>) {
        // A client can post to any name: only served campaigns become labels.
        if self.campaigns.get(campaign).is_none() {
            return;
        }
        let outcome = match taken {
            Err(refusal) => refusal.code(),
            Ok(acceptance) if acceptance.is_new => acceptance.status.word(),
            Ok(_) => "repeated",
        };
        self.metrics.validated(campaign, outcome);
    }

    /// Fails unless an action may be stored. Returns whether the campaign version that it names is known.
    async fn validate(
        &self,
        campaign: &str,
        served: Option<Arc<Version>>,
        action: &Received,
        now: i64,
    ) -> Result<bool, Refusal> {
        let served = served.ok_or(Refusal::CampaignUnknown)?;
        verify(&action.claims, campaign, &self.addresses, now)?;
        // Today's file decides whether the campaign is open: it may close early.
        served.is_open(now).map_err(Refusal::Closed)?;
        // The signature was verified when the action was decoded: unsigned actions load no file.
        let named = self.campaigns.version(campaign, &action.claims.campaign_digest).await?;
        let digest_known = named.is_some();
        let found = field_errors(&action.claims, &served, named.as_deref());
        if found.is_empty() { Ok(digest_known) } else { Err(Refusal::Rules(found)) }
    }

    /// Stores an action and returns the answer.
    async fn store(
        &self,
        action: &Received,
        digest_known: bool,
        now: i64,
    ) -> Result<Acceptance, Refusal> {
        let claims = &action.claims;
        let Plan { status, counts, jobs } = plan(action.is_signed(), claims);
        let receipt = self.receipt(action, now)?;
        let new = NewAction {
            campaign: claims.campaign.clone(),
            jti: claims.jti.clone(),
            received_at: now,
            status,
            content: action.content.clone(),
            campaign_digest: claims.campaign_digest.clone(),
            digest_known,
            counts,
            action_digest: action.action_digest.clone(),
            receipt: receipt.clone(),
        };
        match self.store.insert(new, jobs).await? {
            Inserted::New { count } => {
                self.counts.note(&claims.campaign, count);
                let id = claims.jti.clone();
                Ok(Acceptance { id, status, receipt, count, is_new: true })
            }
            Inserted::Existing { stored, count } => again(action, *stored, count),
            Inserted::Withdrawn => Err(Refusal::Withdrawn),
        }
    }

    /// The signed receipt for an action.
    fn receipt(&self, action: &Received, now: i64) -> Result<String, Refusal> {
        let claims = ReceiptClaims {
            iss: self.addresses.first().map_or("", PublicUrl::as_str).to_owned(),
            jti: action.claims.jti.clone(),
            campaign: action.claims.campaign.clone(),
            action_digest: action.action_digest.clone(),
            iat: now,
        };
        receipt::issue(&self.keys, &claims).map_err(|_| Refusal::Busy)
    }

    /// The refusal, unless the action is stored already: then the answer is the first one again.
    async fn unless_stored(
        &self,
        campaign: &str,
        action: &Received,
        refusal: Refusal,
    ) -> Result<Acceptance, Refusal> {
        if action.claims.campaign != campaign {
            return Err(refusal);
        }
        match self.store.get(campaign, &action.claims.jti).await? {
            Some(stored) => again(action, stored, self.counts.get(campaign).await?),
            None => Err(refusal),
        }
    }
}

/// The answer if the identity is used: the first one again, if this is the same action.
fn again(action: &Received, stored: StoredAction, count: i64) -> Result<Acceptance, Refusal> {
    if !action.is_same_as(&stored) {
        return Err(Refusal::ReplayMismatch);
    }
    let id = action.claims.jti.clone();
    let StoredAction { status, receipt, .. } = stored;
    Ok(Acceptance { id, status, receipt, count, is_new: false })
}
