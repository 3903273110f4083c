//! Address of the keys that verify a receipt. Nothing is verified here: a person who checks the receipt uses the keys
//! at that address.

use crate::json::{self, Json};

/// Path of an endpoint's public keys.
const KEYS: &str = "/.well-known/jwks.json";

/// Address of the issuer's public keys, from the receipt's `iss`.
pub fn keys(receipt: &str) -> Option<String> {
    let mut parts = receipt.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = json::parse(&String::from_utf8(decoded(payload)?).ok()?).ok()?;
    let issuer = claims.get("iss").and_then(Json::text)?;
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let host = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"))?;
    // A user, a query or a fragment would change the address.
    let strange = |c: char| {
        c.is_whitespace() || c.is_control() || "?#@\\<>\"".chars().any(|other| other == c)
    };
    (!host.is_empty() && !host.starts_with('/') && !host.contains(strange))
        .then(|| [issuer, KEYS].concat())
}

/// Decodes base64url leniently. The strict decoder of [`envelope`](crate::envelope) would add bytes to the widget,
/// which does not need it otherwise.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url::encode;
    use proptest::prelude::*;

    fn receipt(claims: &str) -> String {
        ["e30.", &encode(claims.as_bytes()), ".c2ln"].concat()
    }

    #[test]
    fn keys_are_where_the_issuer_is() {
        for (issuer, expected) in [
            ("https://a.invalid", Some("https://a.invalid/.well-known/jwks.json")),
            ("https://a.invalid/", Some("https://a.invalid/.well-known/jwks.json")),
            ("https://a.invalid/of/us", Some("https://a.invalid/of/us/.well-known/jwks.json")),
            ("http://localhost:8080", Some("http://localhost:8080/.well-known/jwks.json")),
            ("javascript:alert(1)", None),
            ("https://", None),
            ("https:///x", None),
            ("https://a.invalid?x", None),
            ("https://a.invalid#x", None),
            ("https://a.invalid@b.invalid", None),
            ("https://a.invalid/ x", None),
            ("", None),
        ] {
            let claims = format!("{{\"iss\":\"{issuer}\"}}");
            assert_eq!(keys(&receipt(&claims)).as_deref(), expected, "{issuer}");
        }
        for strange in
            ["", "a", "a.b.c", "a.b.c.d", &receipt("{}"), &receipt("{\"iss\":1}"), &receipt("x")]
        {
            assert_eq!(keys(strange), None, "{strange}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes: Vec<u8>) {
            prop_assert_eq!(decoded(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read(text: String) {
            let _ = keys(&text);
        }
    }
}
