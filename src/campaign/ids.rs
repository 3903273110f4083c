//! Strings with a fixed syntax: ids, countries, colours and points in time.

use crate::json::{Json, Writer};
use crate::shape::{Reading, Shape};
use crate::time::seconds_since_1970;

/// Declares a string type with a fixed syntax.
macro_rules! text {
    ($( $(#[doc = $doc:literal])* pub struct $Name:ident: $pattern:literal, $expected:literal, $test:expr; )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $Name(pub String);

        impl $Name {
            /// The string.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Shape for $Name {
            fn fill(&mut self, json: &Json, reading: &mut Reading) {
                let test: fn(&str) -> bool = $test;
                match json.text() {
                    Some(text) if test(text) => text.clone_into(&mut self.0),
                    _ => reading.expected(json, $expected),
                }
            }
            fn schema(out: &mut Writer) {
                out.key("type").text("string");
                out.key("pattern").text($pattern);
            }
        }
    )*};
}

text! {
    /// An id of a campaign, a target or a variant.
    pub struct Id: "^[a-z0-9-]{1,64}$", "1 to 64 of the characters a-z, 0-9 and -",
        |text| is_name(text, b'-');
    /// The name of a field or a purpose.
    pub struct FieldId: "^[a-z0-9_]{1,64}$", "1 to 64 of the characters a-z, 0-9 and _",
        |text| is_name(text, b'_');
    /// A country, by its two letters in ISO 3166-1.
    pub struct Country: "^[A-Z]{2}$", "two capital letters of ISO 3166-1, like \"KH\"",
        is_like_country;
    /// A colour.
    pub struct Colour: "^#[0-9a-fA-F]{6}$", "a colour like \"#0b6e4f\"",
        |text| {
            let is_hex = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            text.len() == 7 && text.strip_prefix('#').is_some_and(is_hex)
        };
    /// A point in time (RFC 3339, in UTC, whole seconds).
    pub struct Moment: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
        "a time in UTC like \"2024-10-01T00:00:00Z\"",
        |text| seconds_since_1970(text).is_some();
}

/// Whether this has the syntax of a country code. `lint` and `check` look it up in the list of codes.
pub(crate) fn is_like_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_name(text: &str, joint: u8) -> bool {
    let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == joint;
    (1..=64).contains(&text.len()) && text.bytes().all(named)
}

impl Id {
    /// Whether the text has the syntax of an id.
    pub fn is(text: &str) -> bool {
        is_name(text, b'-')
    }
}

impl Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(&self) -> i64 {
        seconds_since_1970(&self.0).unwrap_or(0)
    }
}
