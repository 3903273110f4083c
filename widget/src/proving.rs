//! Proof of work by WebCrypto, as defined in `standwith::proof`: one derivation after the other, in the browser's own
//! threads, so that the page stays responsive.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::CryptoKey;

use crate::detail::{Algorithm, to_js};
use crate::task::settled;
use crate::web_crypto::{bytes, given, subtle, uses};
use standwith::proof::Challenge;

/// Solves a challenge for the action with this `jti`. Returns the proof, or `None`; stops when it is no longer
/// `wanted`.
pub(crate) async fn solve(
    challenge: String,
    jti: String,
    wanted: Box<dyn Fn() -> bool>,
) -> Option<String> {
    let uses = uses("deriveBits");
    let subtle = subtle();
    let password = given(jti.as_bytes());
    let password = subtle.import_key_with_str("raw", &password, "PBKDF2", false, &uses);
    let password: CryptoKey = settled(password).await?.unchecked_into();
    let challenge = Challenge::read(&challenge)?;
    let mut number = 0;
    while challenge.is_worth(number) && wanted() {
        let proof = challenge.proof(number);
        let how = Algorithm {
            name: "PBKDF2",
            named_curve: None,
            hash: Some("SHA-256"),
            iterations: Some(challenge.iterations),
        };
        let how: Object = to_js(&how).unchecked_into();
        let _ = Reflect::set(&how, &"salt".into(), &given(proof.as_bytes()));
        let derived = subtle.derive_bits_with_object(&how, &password, 256);
        if challenge.is_solved_by(&bytes(&settled(derived).await?)) {
            return Some(proof);
        }
        number += 1;
    }
    None
}
