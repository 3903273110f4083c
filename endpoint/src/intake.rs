//! What becomes of an action that is posted: it is opened, verified, validated, kept and answered for.
//! Nothing here knows HTTP.
//!
//! The order matters. First what can't be trusted is told apart (form, signature, whom it is meant
//! for, when it was signed), then what the campaign's rules say. But whoever holds a receipt gets
//! it again, whatever has changed meanwhile: before a refusal goes out, the identity is looked up.

use std::sync::Arc;

use standwith::action::Claims;
use standwith::answer::Status;
use standwith::check::check_received;
use standwith::envelope::{self, EnvelopeFault, ReceiptClaims};
use standwith::json::{self, Json, Value};
use standwith::sealing;
use standwith::shape::{self, ConfigFault, Reading, Shape};

use crate::address::PublicUrl;
use crate::campaigns::{Campaigns, Version, in_words};
use crate::keys::Keyring;
use crate::metrics::Metrics;
use crate::receipt;
use crate::sealing::is_on_curve;
use crate::signature::{digest, is_unaltered};
use crate::skew::ClockWatch;
use crate::store::{Content, Inserted, NewAction, Store, StoreError, StoredAction};
use crate::validation::{status, validate};
use crate::workers::{WorkFailed, Workers};

/// The longest body of a post, in bytes.
pub const LONGEST_BODY: usize = 32 * 1024;
/// How old an action may be, in seconds: as long as an outbox keeps it, and a day more.
pub const OLDEST: i64 = 7 * 86_400;
/// How far in the future an action may be signed, in seconds: clocks go wrong.
pub const EARLIEST: i64 = 10 * 60;

/// Whether many devices agree that the clock of this machine is off.
static CLOCK: ClockWatch = ClockWatch::new();

/// What takes actions in: the parts of a running endpoint that it needs.
#[derive(Debug)]
pub struct Intake {
    /// Where actions are kept.
    pub store: Arc<dyn Store>,
    /// The campaigns.
    pub campaigns: Arc<Campaigns>,
    /// What signs receipts.
    pub keys: Arc<Keyring>,
    /// Where actions may be meant to go. The first one is the issuer of receipts.
    pub addresses: Vec<PublicUrl>,
    /// What is counted.
    pub metrics: Metrics,
    /// Where actions are verified and validated, and pages rendered.
    pub workers: Workers,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A compact JWS.
    Jws,
    /// `{"action":{…},"proof":"<JWS>"}`
    Json,
}

/// The endpoint's word that it has an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptance {
    /// The action's identity.
    pub id: String,
    /// What the endpoint did with it.
    pub status: Status,
    /// The signed receipt.
    pub receipt: String,
    /// How many count in the campaign.
    pub count: i64,
    /// Whether it came for the first time.
    pub is_new: bool,
}

/// Why an action is not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// There is no such campaign.
    CampaignUnknown,
    /// It is not of the form that the contract wants: what, and where.
    Malformed(String),
    /// The signature is not that of the key inside over this text.
    SignatureInvalid,
    /// It is meant for another endpoint: what `aud` should have been.
    AudienceMismatch(String),
    /// It was signed too long ago or too far in the future, by this clock.
    IatOutOfWindow {
        /// Seconds since 1970.
        now: i64,
    },
    /// The campaign's rules speak against it: names of controls and codes.
    Rules(Vec<(String, String)>),
    /// Another action has this identity.
    ReplayMismatch,
    /// The action was withdrawn.
    Withdrawn,
    /// The campaign takes none now: why.
    Closed(String),
    /// The body is longer than [`LONGEST_BODY`].
    TooLarge,
    /// It can't be kept at the moment. It may be sent again.
    Busy,
}

impl Refusal {
    /// The contract's code.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::CampaignUnknown => "campaign_unknown",
            Refusal::Malformed(_) => "malformed",
            Refusal::SignatureInvalid => "signature_invalid",
            Refusal::AudienceMismatch(_) => "audience_mismatch",
            Refusal::IatOutOfWindow { .. } => "iat_out_of_window",
            Refusal::Rules(_) => "rules",
            Refusal::ReplayMismatch => "replay_mismatch",
            Refusal::Withdrawn => "withdrawn",
            Refusal::Closed(_) => "closed",
            Refusal::TooLarge => "too_large",
            Refusal::Busy => "busy",
        }
    }
}

impl From<WorkFailed> for Refusal {
    fn from(_: WorkFailed) -> Self {
        Refusal::Busy
    }
}

impl Intake {
    /// Takes in what was posted for a campaign at the time `now` (seconds since 1970).
    ///
    /// # Errors
    /// Why it is not taken.
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
        let body = body.to_vec();
        let action = match self.workers.run(move || Received::open(form, &body)).await? {
            Err(_) if served.is_none() => return Err(Refusal::CampaignUnknown),
            opened => Arc::new(opened?),
        };
        match self.validate(campaign, served, &action, now).await {
            Ok(known) => self.keep(&action, known, now).await,
            Err(refusal) => self.unless_kept(campaign, &action, refusal).await,
        }
    }

    /// Whether this very action is kept already, by what it says of itself.
    ///
    /// # Errors
    /// The database fails.
    pub async fn has(&self, campaign: &str, named: &Named) -> Result<bool, StoreError> {
        let kept = self.store.get(campaign, &named.jti).await?;
        Ok(kept.is_some_and(|kept| kept.action_digest == named.action_digest))
    }

    /// Takes in what the hosted form sends: claims without proof, made from a checked draft.
    ///
    /// # Errors
    /// The campaign is closed, another action has this identity, or it can't be kept now.
    pub async fn take_bare(&self, claims: Claims, now: i64) -> Result<Acceptance, Refusal> {
        let text = shape::write(&claims);
        let campaign = claims.campaign.clone();
        let action_digest = digest(text.as_bytes());
        let action = Received { content: Content::Bare(text), action_digest, claims };
        let served = self.campaigns.get(&campaign).ok_or(Refusal::CampaignUnknown);
        let open = served.and_then(|served| match served.campaign().sealing {
            // It came in plain text: nothing of it is kept.
            Some(_) => {
                Err(Refusal::Rules(vec![("sealed".to_owned(), "answer_missing".to_owned())]))
            }
            None => served.is_open(now).map_err(Refusal::Closed),
        });
        let taken = match open {
            Ok(()) => self.keep(&action, true, now).await,
            Err(refusal) => self.unless_kept(&campaign, &action, refusal).await,
        };
        self.measure(&campaign, &taken);
        taken
    }

    fn measure(&self, campaign: &str, taken: &Result<Acceptance, Refusal>) {
        // Anybody may post to any name: only those that are served become labels.
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

    /// Whether an action may be kept; if so, whether the version that it names is known.
    async fn validate(
        &self,
        campaign: &str,
        served: Option<Arc<Version>>,
        action: &Arc<Received>,
        now: i64,
    ) -> Result<bool, Refusal> {
        let claims = &action.claims;
        let served = served.ok_or(Refusal::CampaignUnknown)?;
        if !self.addresses.iter().any(|address| address.actions(campaign) == claims.aud) {
            let wanted = self.addresses.first().map(|address| address.actions(campaign));
            return Err(Refusal::AudienceMismatch(wanted.unwrap_or_default()));
        }
        if claims.campaign != campaign {
            return Err(malformed("/campaign", "must be the campaign in the address"));
        }
        if envelope::decode(&claims.jti).is_none_or(|bits| bits.len() != 16) {
            return Err(malformed("/jti", "must be 16 bytes in base64url, 22 characters"));
        }
        if !(now - OLDEST..=now + EARLIEST).contains(&claims.iat) {
            warn_of_clock(claims.iat, now);
            return Err(Refusal::IatOutOfWindow { now });
        }
        CLOCK.in_time();
        // Whether it is open is for today's file to say: a campaign may close early.
        served.is_open(now).map_err(Refusal::Closed)?;
        // The signature was verified when the action was opened: what is not signed loads no file.
        let digest = &claims.campaign_digest;
        let named = self.campaigns.version(campaign, digest).await;
        let named = named.map_err(busy)?;
        let known = named.is_some();
        let action = action.clone();
        let field_errors = self.workers.run(move || {
            let claims = &action.claims;
            let is_sealed = served.campaign().sealing.is_some();
            let mut field_errors =
                validate(&named.unwrap_or(served), claims, known, check_received);
            if !is_sealed_to_a_key(claims) {
                field_errors.push(("sealed".to_owned(), "answer_malformed".to_owned()));
            }
            // Whatever version it names: a campaign that seals today keeps nothing in the clear.
            let missing = claims.sealed.is_none().then_some(("sealed", "answer_missing"));
            let exposed = sealing::exposed(claims).into_iter();
            let exposed = exposed.map(|name| (name, "answer_unknown_choice"));
            for (field, code) in missing.into_iter().chain(exposed).filter(|_| is_sealed) {
                let field_error = (field.to_owned(), code.to_owned());
                if !field_errors.contains(&field_error) {
                    field_errors.push(field_error);
                }
            }
            field_errors
        });
        let field_errors = field_errors.await?;
        if field_errors.is_empty() { Ok(known) } else { Err(Refusal::Rules(field_errors)) }
    }

    async fn keep(
        &self,
        action: &Received,
        digest_known: bool,
        now: i64,
    ) -> Result<Acceptance, Refusal> {
        let claims = &action.claims;
        let receipt = ReceiptClaims {
            iss: self.addresses.first().map_or("", PublicUrl::as_str).to_owned(),
            jti: claims.jti.clone(),
            campaign: claims.campaign.clone(),
            action_digest: action.action_digest.clone(),
            iat: now,
        };
        let receipt = receipt::issue(&self.keys, &receipt).map_err(|_| Refusal::Busy)?;
        let new = NewAction {
            campaign: claims.campaign.clone(),
            jti: claims.jti.clone(),
            received_at: now,
            status: action.status(),
            content: action.content.clone(),
            campaign_digest: claims.campaign_digest.clone(),
            digest_known,
            counts: !claims.test,
            action_digest: action.action_digest.clone(),
            receipt: receipt.clone(),
        };
        let id = claims.jti.clone();
        match self.store.insert(new, Vec::new()).await.map_err(busy)? {
            Inserted::New { count } => {
                Ok(Acceptance { id, status: action.status(), receipt, count, is_new: true })
            }
            Inserted::Existing { stored, count } => action.again(*stored, count),
            Inserted::Withdrawn => Err(Refusal::Withdrawn),
        }
    }

    /// The refusal, unless the action is kept already: then that is the end of it.
    async fn unless_kept(
        &self,
        campaign: &str,
        action: &Received,
        refusal: Refusal,
    ) -> Result<Acceptance, Refusal> {
        if action.claims.campaign != campaign {
            return Err(refusal);
        }
        match self.store.get(campaign, &action.claims.jti).await.map_err(busy)? {
            Some(kept) => action.again(kept, self.store.count(campaign).await.map_err(busy)?),
            None => Err(refusal),
        }
    }
}

/// What an action says of itself, before anything of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its identity.
    pub jti: String,
    /// SHA-256 of the decoded payload, in base64url.
    pub action_digest: String,
}

impl Named {
    /// What a body says.
    ///
    /// # Errors
    /// It can't be an action.
    pub fn of(form: Form, body: &[u8]) -> Result<Self, Refusal> {
        let (jws, _) = apart(form, body)?;
        let action = envelope::open_action(&jws).map_err(|fault| told(&fault))?;
        Ok(Named { action_digest: digest(&action.payload), jti: action.claims.jti })
    }
}

/// An action that is what it says, whether or not it may be kept.
struct Received {
    content: Content,
    action_digest: String,
    claims: Claims,
}

impl Received {
    /// Opens what was posted and verifies its signature.
    fn open(form: Form, body: &[u8]) -> Result<Self, Refusal> {
        let (jws, clear) = apart(form, body)?;
        let action = envelope::open_action(&jws).map_err(|fault| told(&fault))?;
        if !is_unaltered(&action) {
            return Err(Refusal::SignatureInvalid);
        }
        if clear.is_some_and(|clear| clear != action.claims) {
            return Err(malformed("/action", "differs from the signed claims in `proof`"));
        }
        let action_digest = digest(&action.payload);
        let claims = action.claims;
        Ok(Received { content: Content::Signed(jws), action_digest, claims })
    }

    fn status(&self) -> Status {
        status(matches!(self.content, Content::Signed(_)), &self.claims)
    }

    /// The answer where the identity is taken: that of the first time, if this is the same action.
    fn again(&self, stored: StoredAction, count: i64) -> Result<Acceptance, Refusal> {
        let same = match (&self.content, &stored.content) {
            // The payload identifies it, not the signature: of that there are many for one text.
            (Content::Signed(_), _) => self.action_digest == stored.action_digest,
            (Content::Bare(_), Content::Bare(before)) => self.says_the_same_as(before),
            (Content::Bare(_), Content::Signed(_)) => false,
        };
        if !same {
            return Err(Refusal::ReplayMismatch);
        }
        let id = self.claims.jti.clone();
        Ok(Acceptance { id, status: stored.status, receipt: stored.receipt, count, is_new: false })
    }

    /// A hosted form that is sent twice is the same but for what the endpoint put in itself.
    fn says_the_same_as(&self, before: &str) -> bool {
        let before: Result<Claims, _> = shape::read(before);
        before.is_ok_and(|before| {
            let again = Claims {
                iat: before.iat,
                aud: before.aud.clone(),
                campaign_digest: before.campaign_digest.clone(),
                ..self.claims.clone()
            };
            again == before
        })
    }
}

/// Whether the key that was made for a sealed text can be one; of a text that is none, the rules tell.
fn is_sealed_to_a_key(claims: &Claims) -> bool {
    let opened = claims.sealed.as_deref().and_then(|sealed| sealing::open(sealed).ok());
    opened.is_none_or(|sealed| sealed.header.epk.point().is_some_and(|point| is_on_curve(&point)))
}

/// What is in a body: the JWS, and the claims in the clear where they are beside it.
fn apart(form: Form, body: &[u8]) -> Result<(String, Option<Claims>), Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| malformed("the body", "is no UTF-8"))?;
    match form {
        // Programs that send a line send its end as well. It is the body's, and no part of the action.
        Form::Jws => {
            let line = text
                .strip_suffix('\n')
                .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
            Ok((line.to_owned(), None))
        }
        Form::Json => read_json(text).map(|(proof, claims)| (proof, Some(claims))),
    }
}

/// Takes `{"action":{…},"proof":"<JWS>"}` apart: the proof, and the claims in the clear.
fn read_json(text: &str) -> Result<(String, Claims), Refusal> {
    let expected = || malformed("the body", "is not {\"action\":{…},\"proof\":\"…\"} and no more");
    let json = json::parse(text).map_err(|_| expected())?;
    let members = match &json.value {
        Value::Object(members) => members.len(),
        _ => 0,
    };
    let (action, proof) = (json.get("action"), json.get("proof").and_then(Json::text));
    let (Some(action), Some(proof), 2) = (action, proof, members) else {
        return Err(expected());
    };
    let mut reading = Reading::default();
    let claims = reading.inside("action", |reading| Claims::read(action, reading));
    if reading.faults.is_empty() {
        Ok((proof.to_owned(), claims))
    } else {
        Err(malformed("the action:", &listed(&reading.faults)))
    }
}

/// Warns, now and then, where many actions were signed too far from now in one direction.
fn warn_of_clock(iat: i64, now: i64) {
    let Some(offset) = CLOCK.refused(iat.saturating_sub(now)) else { return };
    let (seconds, direction) = (offset.unsigned_abs(), if offset > 0 { "behind" } else { "ahead" });
    tracing::warn!(
        seconds,
        direction,
        "actions rejected: the clock of this machine may be off by about that (median of the last ones)"
    );
}

/// The supporter may send it again; the log says why.
fn busy(error: StoreError) -> Refusal {
    // It was logged when it began.
    if error.is_failing() {
        tracing::debug!(%error, "action rejected: store unavailable");
    } else {
        tracing::warn!(%error, "action rejected: store unavailable");
    }
    Refusal::Busy
}

fn malformed(place: &str, problem: &str) -> Refusal {
    Refusal::Malformed(format!("{place} {problem}"))
}

/// An envelope's fault in words: what, and where.
fn told(fault: &EnvelopeFault) -> Refusal {
    match fault {
        EnvelopeFault::NotCompact => {
            malformed("the JWS", "is not three parts of unpadded base64url with dots between them")
        }
        EnvelopeFault::Signature => {
            malformed("the JWS", "has a signature that is not 64 bytes long")
        }
        EnvelopeFault::Header(faults) => malformed("the JWS header:", &listed(faults)),
        EnvelopeFault::Payload(faults) => malformed("the claims:", &listed(faults)),
    }
}

/// The first few faults.
fn listed(faults: &[ConfigFault]) -> String {
    let told: Vec<String> = faults.iter().take(5).map(in_words).collect();
    told.join(". ")
}
