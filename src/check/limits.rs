//! Length limits of values, in Unicode scalar values.

use crate::campaign::{Campaign, Field, Kind};
use crate::control::{BODY, SUBJECT};
use crate::value::{LONGEST_CODE, LONGEST_EMAIL, LONGEST_LONG_TEXT, LONGEST_SUBJECT, LONGEST_TEXT};

/// Minimum and maximum length of a control's value.
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
