//! The proof of work by WebCrypto, as `standwith::proof` has it: one derivation after the other, in the browser's own
//! threads, so that the page stays alive.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use crate::browser::{call, list, then};
use crate::detail::{Detail, Value};
use crate::sealing::{bytes, given, subtle};
use standwith::proof::Challenge;

/// Solves a challenge for the action of this identity: `done` hears of the proof, or of nothing.
/// It is given up as soon as it is not `wanted`.
pub(crate) fn solve(
    challenge: String,
    jti: &str,
    wanted: Box<dyn Fn() -> bool>,
    done: impl FnOnce(Option<String>) + 'static,
) {
    let uses = list(&["deriveBits".into()]).into();
    let how = ["raw".into(), given(jti.as_bytes()), "PBKDF2".into(), false.into(), uses];
    then(call(&subtle(), "importKey", &how), move |password| match password {
        Some(password) => attempt(challenge, password, 0, wanted, Box::new(done)),
        None => done(None),
    });
}

fn attempt(
    text: String,
    password: JsValue,
    number: u32,
    wanted: Box<dyn Fn() -> bool>,
    done: Box<dyn FnOnce(Option<String>)>,
) {
    let challenge = Challenge::read(&text).filter(|it| it.is_worth(number) && wanted());
    let Some(challenge) = challenge else { return done(None) };
    let proof = challenge.proof(number);
    let how = Detail(&[
        ("name", Value::Text("PBKDF2")),
        ("hash", Value::Text("SHA-256")),
        ("iterations", Value::Number(challenge.iterations.into())),
    ]);
    let how = how.to_js();
    let _ = Reflect::set(&how, &"salt".into(), &given(proof.as_bytes()));
    let derived = call(&subtle(), "deriveBits", &[how, password.clone(), 256.into()]);
    then(derived, move |derived| {
        let Some(derived) = derived else { return done(None) };
        let solved = Challenge::read(&text).is_some_and(|it| it.is_solved_by(&bytes(&derived)));
        if solved {
            done(Some(proof));
        } else {
            attempt(text, password, number + 1, wanted, done);
        }
    });
}
