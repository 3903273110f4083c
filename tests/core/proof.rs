//! Challenges and proofs as text.

use proptest::prelude::*;
use standwith::envelope::encode;
use standwith::proof::{Challenge, MOST_ITERATIONS, MOST_TRIES, MOST_WORK, read_proof, unsigned};

fn challenge(iterations: u32, tries: u32) -> String {
    let unsigned = unsigned(iterations, tries, 1_790_000_300, &[7; 16]);
    format!("{unsigned}.{}", encode(&[9; 32]))
}

#[test]
fn a_challenge_says_what_it_asks_for() {
    let text = challenge(1000, 1024);
    let expected = "pbkdf2-sha256.1000.1024.1790000300.BwcHBwcHBwcHBwcHBwcHBw.\
                    CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk";
    assert_eq!(text, expected);
    let challenge = Challenge::read(&text).unwrap();
    assert_eq!((challenge.iterations, challenge.tries), (1000, 1024));
    assert_eq!((challenge.expires, challenge.text()), (1_790_000_300, text.as_str()));
    let (signed, code) = challenge.signed();
    assert_eq!(code, [9; 32]);
    assert_eq!(format!("{signed}.{}", encode(&code)), text);
}

#[test]
fn what_is_no_challenge_is_not_read() {
    let good = challenge(1000, 1024);
    assert!(Challenge::read(&good).is_some());
    for (from, to) in [
        ("pbkdf2-sha256", "pbkdf2-sha512"),
        ("pbkdf2-sha256", ""),
        (".1000.", ".01000."),
        (".1000.", ".+1000."),
        (".1000.", ".-1."),
        (".1000.", ".0."),
        (".1000.", ".4294967296."),
        (".1024.", ".0."),
        (".1024.", ".1024.1."),
        (".1790000300.", ".1790000300a."),
        ("BwcH", "BwcHBwcH"),
        ("CQkJCQkJCQk", ""),
        (".CQkJ", ".C+kJ"),
        ("QkJ", "QkJ="),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert_eq!(Challenge::read(&bad), None, "{bad}");
    }
    assert_eq!(Challenge::read(&format!("{good} ")), None);
}

#[test]
fn nobody_is_made_to_work_for_long() {
    let read = |iterations, tries| Challenge::read(&challenge(iterations, tries)).is_some();
    let most = u32::try_from(MOST_WORK).unwrap();
    for (iterations, tries) in [
        // Too long a derivation: it could not be interrupted.
        (MOST_ITERATIONS + 1, 1),
        (most, 1),
        // Too many derivations.
        (1, MOST_TRIES + 1),
        (1, most),
        // Too much work in total.
        (most / 1024 + 1, 1024),
        (MOST_ITERATIONS, MOST_TRIES),
        (u32::MAX, u32::MAX),
    ] {
        assert!(!read(iterations, tries), "{iterations} iterations, {tries} tries");
    }
    for (iterations, tries) in [(MOST_ITERATIONS, 256), (512, MOST_TRIES), (most / 1024, 1024)] {
        assert!(read(iterations, tries), "{iterations} iterations, {tries} tries");
    }
    // The endpoint's values: usually, under load, and at most.
    for tries in [1024, 8 * 1024, 16 * 1024, most / 1000] {
        assert!(read(1000, tries), "{tries} tries");
    }
}

#[test]
fn a_challenge_that_is_not_solved_is_given_up() {
    let text = challenge(512, MOST_TRIES);
    let challenge = Challenge::read(&text).unwrap();
    assert!(challenge.is_worth(0) && challenge.is_worth(MOST_TRIES * 10));
    assert!(!challenge.is_worth(MOST_TRIES * 17));
}

#[test]
fn one_in_so_many_derivations_solves_it() {
    let text = challenge(1, 4);
    let challenge = Challenge::read(&text).unwrap();
    let quarter = u32::MAX / 4;
    for (first, solves) in [(0, true), (quarter, true), (quarter + 1, false), (u32::MAX, false)] {
        let derived = [&first.to_be_bytes()[..], &[0; 28]].concat();
        assert_eq!(challenge.is_solved_by(&derived), solves, "{first}");
    }
    assert!(!challenge.is_solved_by(&[0; 3]));
}

proptest! {
    #[test]
    fn a_proof_is_read_as_it_was_written(iterations in 1..4096_u32, tries in 1..4096_u32, found: u32) {
        let text = challenge(iterations, tries);
        let challenge = Challenge::read(&text).unwrap();
        let proof = challenge.proof(found);
        prop_assert_eq!(read_proof(&proof), Some((challenge, found)));
        // It needs no escaping in a query.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        prop_assert!(proof.bytes().all(plain));
        let longer = format!("{text}.0{found}");
        prop_assert_eq!(read_proof(&longer), None);
    }

    #[test]
    fn any_text_is_read(text: String) {
        let _ = (Challenge::read(&text), read_proof(&text));
    }
}
