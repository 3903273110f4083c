//! How long values may be, in Unicode scalar values.

use crate::campaign::{Campaign, Field, Kind};
use crate::draft::{BODY, SUBJECT};

/// The longest subject.
pub const LONGEST_SUBJECT: u32 = 200;

/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const LONGEST_EMAIL: u32 = 254;

/// The longest line of text.
pub const LONGEST_TEXT: u32 = 200;

/// The longest answer of several lines.
pub const LONGEST_LONG_TEXT: u32 = 2000;

/// The longest postcode and phone number.
pub const LONGEST_CODE: u32 = 32;

/// The longest text about where a supporter came from: longer than any origin.
pub const LONGEST_SOURCE: u32 = 300;

/// The longest language tag (BCP 47, section 4.4.1).
pub const LONGEST_LANGUAGE: u32 = 35;

/// The longest id of a campaign, a target or a variant.
pub(super) const LONGEST_ID: u32 = 64;

/// The longest address of an endpoint.
pub(super) const LONGEST_ADDRESS: u32 = 2000;

/// The least and most characters of a control's value.
pub fn limits(campaign: &Campaign, name: &str) -> (u32, u32) {
    let field = campaign.field(name);
    let most = match (name, field.map(Field::kind)) {
        (BODY, _) => return (campaign.message.min, campaign.message.max),
        (SUBJECT, _) => LONGEST_SUBJECT,
        ("email", _) => LONGEST_EMAIL,
        ("phone" | "postal_code", _) => LONGEST_CODE,
        (_, Some(Kind::LongText)) => LONGEST_LONG_TEXT,
        _ => LONGEST_TEXT,
    };
    (1, field.and_then(|field| field.max).map_or(most, |max| max.min(most)))
}

/// The length that counts: Unicode scalar values.
pub fn length(text: &str) -> u32 {
    // Bytes that go on with a character begin with the bits 10.
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count() as u32
}
