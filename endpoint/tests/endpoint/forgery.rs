//! Altered or unsigned actions are never accepted as signed, however small the change.
//!
//! `STANDWITH_MUTANTS` sets the number of attempts; the default is ten thousand.

use serde_json::{Value, json};
use standwith::envelope::{compact, decode, encode, open_action};
use standwith_endpoint::signature::is_unaltered;

use crate::test_endpoint::{Signer, TestEndpoint, claims};

/// Whether a text passes as an unaltered action.
fn passes(text: &str) -> bool {
    open_action(text).is_ok_and(|action| is_unaltered(&action))
}

/// Reproducible random numbers (SplitMix64: Steele, Lea, Flood 2014).
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % end as u64) as usize
    }

    fn of<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.below(these.len())]
    }
}

/// The parts of an action, as a forger has them.
struct Parts {
    header: Value,
    payload: Value,
    signature: Vec<u8>,
}

impl Parts {
    fn of(jws: &str) -> Self {
        let parts: Vec<Vec<u8>> = jws.split('.').map(|part| decode(part).unwrap()).collect();
        Parts {
            header: serde_json::from_slice(&parts[0]).unwrap(),
            payload: serde_json::from_slice(&parts[1]).unwrap(),
            signature: parts[2].clone(),
        }
    }

    fn written(&self) -> String {
        self.signed_with(&self.header.to_string(), &self.payload.to_string())
    }

    fn signed_with(&self, header: &str, payload: &str) -> String {
        let input = [encode(header.as_bytes()), encode(payload.as_bytes())].join(".");
        compact(&input, &self.signature)
    }
}

/// An action that differs from the signed one.
fn mutant(lot: &mut Lot, jws: &str, other: &str) -> String {
    let mut parts = Parts::of(jws);
    let others = Parts::of(other);
    match lot.below(14) {
        // One bit flipped in one of the three parts.
        kind @ 0..=2 => {
            let mut texts: Vec<Vec<u8>> =
                jws.split('.').map(|part| decode(part).unwrap()).collect();
            let place = lot.below(texts[kind].len());
            texts[kind][place] ^= 1 << lot.below(8);
            texts.iter().map(|part| encode(part)).collect::<Vec<_>>().join(".")
        }
        // A character replaced, inserted or removed.
        kind @ 3..=5 => {
            let mut text = jws.as_bytes().to_vec();
            let place = lot.below(text.len());
            let character = *lot.of(b"ABCxyz019-_.=+/ \n");
            match kind {
                3 => text[place] = character,
                4 => text.insert(place, character),
                _ => drop(text.remove(place)),
            }
            String::from_utf8(text).unwrap()
        }
        // The signature, key or payload of another action.
        6 => {
            parts.signature = others.signature;
            parts.written()
        }
        7 => {
            parts.header["jwk"] = others.header["jwk"].clone();
            parts.written()
        }
        8 => {
            parts.payload = others.payload;
            parts.written()
        }
        // A header that requests another kind of verification.
        9 => {
            let (name, value) = lot
                .of(&[
                    ("alg", json!("none")),
                    ("alg", json!("HS256")),
                    ("alg", json!("ES384")),
                    ("alg", json!("")),
                    ("typ", json!("receipt+jws")),
                    ("typ", json!("JWT")),
                    ("kid", json!("standwith")),
                    ("jku", json!("https://evil.invalid/keys")),
                    ("crit", json!(["b64"])),
                    ("b64", json!(false)),
                    ("jwk", Value::Null),
                ])
                .clone();
            parts.header[name] = value;
            if lot.below(2) == 0 {
                parts.signature.clear();
            }
            parts.written()
        }
        // Changed claims.
        10 => {
            let (pointer, value) = lot
                .of(&[
                    ("/jti", json!(encode(&[lot_byte(jws); 16]))),
                    ("/person/email", json!("other@example.org")),
                    ("/person/given_name", json!("")),
                    ("/iat", json!(0)),
                    ("/campaign", json!("another")),
                    ("/consents/0/granted", json!(true)),
                    ("/message/body", json!("Words that nobody wrote.")),
                ])
                .clone();
            *parts.payload.pointer_mut(pointer).unwrap() = value;
            parts.written()
        }
        // The same JSON, written differently.
        11 => {
            let header = parts.header.to_string();
            let payload = parts.payload.to_string();
            let spaced = |text: &str| text.replacen(':', ": ", 1);
            let twice = |text: &str| text.replacen('{', "{\"alg\":\"ES256\",", 1);
            match lot.below(3) {
                0 => parts.signed_with(&spaced(&header), &payload),
                1 => parts.signed_with(&header, &spaced(&payload)),
                _ => parts.signed_with(&twice(&header), &payload),
            }
        }
        // A signature of edge cases: 0, 1, the group's order, the number after it, the greatest, half of the real one.
        12 => {
            let order = decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").unwrap();
            let mut above = order.clone();
            above[31] = above[31].wrapping_add(1);
            let (zero, one) = (vec![0; 32], [vec![0; 31], vec![1]].concat());
            let numbers = [zero, one, order, above, vec![255; 32], parts.signature[..32].to_vec()];
            let [r, s] = [lot.of(&numbers).clone(), lot.of(&numbers).clone()];
            parts.signature = [r, s].concat();
            parts.written()
        }
        // A signature of another length, or in DER.
        _ => {
            let (r, s) = parts.signature.split_at(32);
            parts.signature = match lot.below(4) {
                0 => [r, s, &[0]].concat(),
                1 => parts.signature[..lot.below(64)].to_vec(),
                2 => [&[0; 32], r, s].concat(),
                _ => [&[0x30, 0x46, 0x02, 0x21, 0][..], r, &[0x02, 0x21, 0], s].concat(),
            };
            parts.written()
        }
    }
}

fn lot_byte(text: &str) -> u8 {
    text.as_bytes().iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[test]
fn no_mutant_passes() {
    let wanted = std::env::var("STANDWITH_MUTANTS").ok().and_then(|number| number.parse().ok());
    let wanted: usize = wanted.unwrap_or(10_000);
    let sign = || {
        let signer = Signer::new();
        signer.sign_raw(&signer.header().to_string(), &claims(b"{}").to_string())
    };
    let (jws, other) = (sign(), sign());
    // The unchanged actions pass, so that a mutant can fail only because of its change.
    assert!(passes(&jws) && passes(&other));
    assert!(passes(&Parts::of(&jws).written()), "the parts are not what was signed");
    let mut lot = Lot(1);
    let mut tried = 0;
    while tried < wanted {
        let mutant = mutant(&mut lot, &jws, &other);
        if mutant == jws || mutant == other {
            continue;
        }
        assert!(!passes(&mutant), "number {tried} passes: {mutant}");
        tried += 1;
    }
}

#[tokio::test]
async fn no_mutant_makes_a_row() {
    let scene = TestEndpoint::new().await;
    let sign = || {
        let signer = Signer::new();
        signer.sign_raw(&signer.header().to_string(), &scene.claims().to_string())
    };
    let (jws, other) = (sign(), sign());
    let mut lot = Lot(2);
    for number in 0..500 {
        let mutant = mutant(&mut lot, &jws, &other);
        if mutant == jws || mutant == other {
            continue;
        }
        let answer = scene.post(mutant.clone()).await;
        assert!(answer.status.is_client_error(), "number {number}, {}: {mutant}", answer.status);
    }
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
    scene.post(jws).await.taken(201);
}
