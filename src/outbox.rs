//! Outbox entries: signed messages that could not be sent and that the device stores with the supporter's consent. Any
//! form of the same campaign on the same site sends them when it can.

use crate::draft::{Draft, TARGETS};
use crate::envelope;
use crate::json::{self, Json, Value, Writer};

/// Lifetime of an entry, in seconds: one day less than endpoints accept an action.
pub const LONGEST: i64 = 6 * 86_400;
/// Duration of a claim, in seconds: enough for a request, a proof of work, and a second request.
const CLAIM: i64 = 60;
/// Maximum duration of a request with a margin, in seconds.
const POST: i64 = 15;

/// A stored message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutboxEntry {
    /// Campaign id.
    pub campaign: String,
    /// The action's identity.
    pub jti: String,
    /// The endpoint's address. A form with another endpoint ignores the entry.
    pub url: String,
    /// Whether it is a test.
    pub test: bool,
    /// Request body.
    pub body: String,
    /// Expiry: seconds since 1970.
    pub until: i64,
    /// End of the current claim: seconds since 1970; 0 if no tab has claimed it.
    pub claimed: i64,
}

/// Result of an attempt to claim an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimResult {
    /// Another tab has claimed it.
    Wait,
    /// It has expired.
    Delete,
    /// This tab has claimed it and sends it.
    Send,
}

impl OutboxEntry {
    /// Parses a stored entry. It is untrusted: scripts of the same site can write to the database.
    pub fn read(text: &str) -> Option<Self> {
        let Value::List(values) = json::parse(text).ok()?.value else { return None };
        let text = |at: usize| values.get(at).and_then(Json::text).map(str::to_owned);
        let time = |at: usize| match values.get(at)?.value {
            Value::Whole(number) => Some(number),
            _ => None,
        };
        Some(OutboxEntry {
            campaign: text(0)?,
            jti: text(1)?,
            url: text(2)?,
            test: values.get(3)?.value == Value::Bool(true),
            body: text(4)?,
            until: time(5)?,
            claimed: time(6)?,
        })
    }

    /// The entry in the form that is stored.
    pub fn write(&self) -> String {
        let mut out = Writer::default();
        out.list(|out| {
            out.text(&self.campaign);
            out.text(&self.jti);
            out.text(&self.url);
            out.boolean(self.test);
            out.text(&self.body);
            out.whole(self.until);
            out.whole(self.claimed);
        });
        out.finish()
    }

    /// Key of the entry in the database.
    pub fn key(&self) -> String {
        [&self.campaign, "/", &self.jti].concat()
    }

    /// The draft that the entry was made from, without consents, which must be given anew. `None` if it is sealed or
    /// unreadable.
    pub fn draft(&self) -> Option<Draft> {
        let claims = match json::parse(&self.body) {
            Ok(body) => body.get("action")?.clone(),
            Err(_) => {
                let payload = envelope::decode(self.body.split('.').nth(1)?)?;
                json::parse(&String::from_utf8(payload).ok()?).ok()?
            }
        };
        if claims.get("sealed").is_some() {
            return None;
        }
        let mut draft = Draft::default();
        for part in ["person", "message", "answers"] {
            if let Some(Value::Object(members)) = claims.get(part).map(|part| &part.value) {
                members.iter().for_each(|member| draft.recall(&member.key, &member.value));
            }
        }
        draft.recall(TARGETS, claims.get(TARGETS)?);
        Some(draft)
    }

    /// Whether the claim lasts long enough for another request at the time `now` (seconds since 1970).
    pub fn may_be_posted(&self, now: i64) -> bool {
        now + POST < self.claimed
    }

    /// Claims the entry for this tab at the time `now` (seconds since 1970), unless it has expired or is claimed. A
    /// claim that ends too far in the future, because the clock was set back, is ignored.
    pub fn turn(&mut self, now: i64) -> ClaimResult {
        if now >= self.until {
            return ClaimResult::Delete;
        }
        // A clock that was set back does not prolong the lifetime.
        self.until = self.until.min(now.saturating_add(LONGEST));
        if self.claimed > now && self.claimed <= now + CLAIM {
            return ClaimResult::Wait;
        }
        self.claimed = now + CLAIM;
        ClaimResult::Send
    }
}
