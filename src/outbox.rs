//! What a device keeps of a message that could not be sent, on the supporter's word: what was signed, and
//! nothing else. Every form of the same campaign on the same site sends it as soon as it can.

use crate::draft::{Draft, TARGETS};
use crate::envelope;
use crate::json::{self, Json, Value, Writer};

/// How long a message is kept, in seconds: a day less than an endpoint takes it.
pub const LONGEST: i64 = 6 * 86_400;
/// For how long a tab has a message for itself, in seconds: longer than a post takes, a proof of work, and a second
/// post with it.
const CLAIM: i64 = 60;
/// How long a post takes at most, and a little more, in seconds.
const POST: i64 = 15;

/// A message that is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutboxEntry {
    /// The campaign.
    pub campaign: String,
    /// The action's identity.
    pub jti: String,
    /// Where it goes: a form of another endpoint leaves it alone.
    pub url: String,
    /// Whether it is for a test.
    pub test: bool,
    /// What is posted.
    pub body: String,
    /// When it is deleted: seconds since 1970.
    pub until: i64,
    /// Until when some tab has it for itself, in order to send it: seconds since 1970.
    pub claimed: i64,
}

/// What is to be done with a message that is found.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimResult {
    /// Nothing: another tab is sending it.
    Wait,
    /// It was kept long enough.
    Delete,
    /// It is sent, and belongs to this tab for as long as that takes.
    Send,
}

impl OutboxEntry {
    /// Reads what a device kept. It may be from anyone: scripts of the same site can write there.
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

    /// What a device keeps.
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

    /// Under which name it is kept.
    pub fn key(&self) -> String {
        [&self.campaign, "/", &self.jti].concat()
    }

    /// What was typed, as far as it can be read: nothing of a message that is sealed. What was agreed to is not
    /// in it, to be agreed to anew.
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

    /// Whether the tab that claimed it can still post it before any other may, at the time `now` (seconds since
    /// 1970).
    pub fn may_be_posted(&self, now: i64) -> bool {
        now + POST < self.claimed
    }

    /// Whose turn it is at the time `now` (seconds since 1970). A clock that was set back delays nothing.
    pub fn turn(&mut self, now: i64) -> ClaimResult {
        if now >= self.until {
            return ClaimResult::Delete;
        }
        // Nor does any clock keep it for longer.
        self.until = self.until.min(now.saturating_add(LONGEST));
        if self.claimed > now && self.claimed <= now + CLAIM {
            return ClaimResult::Wait;
        }
        self.claimed = now + CLAIM;
        ClaimResult::Send
    }
}
