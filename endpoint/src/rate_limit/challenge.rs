//! The proof that a post above the limit requires.

use std::fmt::Debug;
use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use aws_lc_rs::{hmac, rand};
use standwith::proof::{self, read_proof};

/// How long a challenge is valid, in seconds: long enough to solve and send it with a slow phone on a bad network, and
/// short enough that proofs prepared in advance soon expire.
const GOOD_FOR: i64 = 300;

/// The action that a proof is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The campaign's id.
    pub campaign: &'a str,
    /// The action's identity, as it was sent and not yet verified.
    pub jti: &'a str,
}

/// The reason why a proof is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// It does not have the format of a proof.
    Malformed,
    /// This endpoint did not issue its challenge for this campaign.
    Foreign,
    /// Its challenge has expired.
    Expired,
    /// Its challenge was issued with a lower difficulty than is required now.
    TooEasy,
    /// It does not solve the challenge for this action.
    Wrong,
    /// It was used before.
    Used,
    /// Too many proofs are being verified. This one was not verified and can be sent again.
    Busy,
}

/// A kind of proof that a post must provide above the limit. The proof of work is the only one so far; a third party's
/// puzzle, or tokens that are bought or given out, would be others.
///
/// A client receives the text of a challenge, and sends the same action again with the text of a proof. The endpoint
/// ensures that a proof is accepted only once.
pub trait Challenge: Debug + Send + Sync {
    /// Returns a new challenge for an action of this campaign, at this time (seconds since 1970), which need not be
    /// stored. `pressure` is the factor by which it should be harder than usual: 1, 2, 4 and so on. `None` if there can
    /// be no challenge; the client is then asked to retry later.
    fn issue(&self, campaign: &str, pressure: u32, now: i64) -> Option<String>;

    /// Checks what takes only microseconds, on any untrusted input: before the body of the post has arrived, so that
    /// only its campaign is known. A challenge of half the current `pressure` is still accepted, since pressure may
    /// rise while one is solved; an easier one is not.
    ///
    /// # Errors
    /// The reason why the proof is invalid, whatever `verify` would return.
    fn precheck(
        &self,
        proof: &str,
        campaign: &str,
        pressure: u32,
        now: i64,
    ) -> Result<(), ProofError>;

    /// Whether the proof is valid. It may take its time, within reason: it runs on a thread of its own, only after
    /// [`precheck`](Self::precheck), and a limited number run at once.
    fn verify(&self, proof: &str, subject: Subject<'_>) -> bool;

    /// Until when a proof can be used (seconds since 1970): its use is remembered until then.
    fn good_until(&self, proof: &str) -> i64;
}

/// The proof of work: see [`standwith::proof`].
#[derive(Debug)]
pub struct ProofOfWork {
    key: hmac::Key,
    difficulty: Difficulty,
}

/// The cost of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difficulty {
    /// Iterations of each derivation: the cost of verifying one.
    pub iterations: u32,
    /// The average number of derivations until a proof is found.
    pub tries: u32,
}

impl ProofOfWork {
    /// Endpoints that share the secret accept each other's challenges.
    pub fn new(secret: &[u8], difficulty: Difficulty) -> Self {
        ProofOfWork { key: hmac::Key::new(hmac::HMAC_SHA256, secret), difficulty }
    }

    /// The average number of derivations for a challenge of this pressure.
    fn tries(&self, pressure: u32) -> u32 {
        let Difficulty { iterations, tries } = self.difficulty;
        let most = u32::try_from(proof::MOST_WORK).unwrap_or(u32::MAX) / iterations.max(1);
        tries.saturating_mul(pressure).min(most).clamp(1, proof::MOST_TRIES)
    }

    /// The input of a challenge's authentication code. A challenge for one campaign is invalid for another.
    fn over(campaign: &str, unsigned: &str) -> Vec<u8> {
        [campaign, "\n", unsigned].concat().into_bytes()
    }
}

impl Challenge for ProofOfWork {
    fn issue(&self, campaign: &str, pressure: u32, now: i64) -> Option<String> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).ok()?;
        let (iterations, tries) = (self.difficulty.iterations, self.tries(pressure));
        let expires = u32::try_from(now + GOOD_FOR).ok()?;
        let unsigned = proof::unsigned(iterations, tries, expires, &salt);
        let code = hmac::sign(&self.key, &Self::over(campaign, &unsigned));
        Some([&unsigned, ".", &standwith::envelope::encode(code.as_ref())].concat())
    }

    fn precheck(
        &self,
        proof: &str,
        campaign: &str,
        pressure: u32,
        now: i64,
    ) -> Result<(), ProofError> {
        let (challenge, _) = read_proof(proof).ok_or(ProofError::Malformed)?;
        if challenge.expires <= now {
            return Err(ProofError::Expired);
        }
        let (unsigned, code) = challenge.signed();
        let over = Self::over(campaign, unsigned);
        hmac::verify(&self.key, &over, &code).map_err(|_| ProofError::Foreign)?;
        if challenge.tries.saturating_mul(2) < self.tries(pressure) {
            return Err(ProofError::TooEasy);
        }
        Ok(())
    }

    fn verify(&self, proof: &str, subject: Subject<'_>) -> bool {
        let Some((challenge, _)) = read_proof(proof) else { return false };
        let derived = derive(proof, subject.jti, challenge.iterations);
        derived.is_some_and(|derived| challenge.is_solved_by(&derived))
    }

    fn good_until(&self, proof: &str) -> i64 {
        read_proof(proof).map_or(0, |(challenge, _)| challenge.expires)
    }
}

/// The result of the derivation for a proof.
fn derive(proof: &str, jti: &str, iterations: u32) -> Option<[u8; 32]> {
    let mut derived = [0; 32];
    let iterations = NonZeroU32::new(iterations)?;
    pbkdf2::derive(PBKDF2_HMAC_SHA256, iterations, proof.as_bytes(), jti.as_bytes(), &mut derived);
    Some(derived)
}

/// Solves a challenge of the proof of work, as the form does in the browser: for other clients, tests and benches.
/// `None` if it is not a challenge, or exceeds the bounds.
pub fn solve(challenge: &str, jti: &str) -> Option<String> {
    let challenge = proof::Challenge::read(challenge)?;
    (0..u32::MAX).find_map(|number| {
        let proof = challenge.proof(number);
        let derived = derive(&proof, jti, challenge.iterations)?;
        challenge.is_solved_by(&derived).then_some(proof)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use standwith::envelope::encode;

    const NOW: i64 = 1_790_000_000;
    const ABOUT: Subject<'_> = Subject { campaign: "free-press", jti: "AAAAAAAAAAAAAAAAAAAAAA" };

    fn work() -> ProofOfWork {
        ProofOfWork::new(&[7; 32], Difficulty { iterations: 10, tries: 16 })
    }

    #[test]
    fn what_is_solved_is_a_proof_for_this_action_only() {
        let work = work();
        let challenge = work.issue(ABOUT.campaign, 4, NOW).unwrap();
        assert!(challenge.starts_with("pbkdf2-sha256.10.64.1790000300."), "{challenge}");
        let proof = solve(&challenge, ABOUT.jti).unwrap();
        assert_eq!(work.precheck(&proof, ABOUT.campaign, 1, NOW), Ok(()));
        assert!(work.verify(&proof, ABOUT));
        assert_eq!(work.good_until(&proof), NOW + GOOD_FOR);
        // Each of ten others is valid by chance with one in 64: all of them with one in 64^10.
        let other = |number: u8| encode(&[number; 16]);
        assert!((1..=10).any(|n| !work.verify(&proof, Subject { jti: &other(n), ..ABOUT })));
        assert_eq!(work.precheck(&proof, "free-speech", 1, NOW), Err(ProofError::Foreign));
        assert_eq!(work.precheck(&proof, ABOUT.campaign, 1, NOW + GOOD_FOR - 1), Ok(()));
        assert_eq!(
            work.precheck(&proof, ABOUT.campaign, 1, NOW + GOOD_FOR),
            Err(ProofError::Expired)
        );
        // It was issued under fourfold pressure.
        for (pressure, fits) in [(8, Ok(())), (16, Err(ProofError::TooEasy))] {
            assert_eq!(work.precheck(&proof, ABOUT.campaign, pressure, NOW), fits);
        }
        // Another endpoint with the secret accepts it, one without does not.
        let twin = ProofOfWork::new(&[7; 32], Difficulty { iterations: 1, tries: 1 });
        assert_eq!(twin.precheck(&proof, ABOUT.campaign, 1, NOW), Ok(()));
        assert!(twin.verify(&proof, ABOUT));
        let stranger = ProofOfWork::new(&[8; 32], Difficulty { iterations: 10, tries: 16 });
        assert_eq!(stranger.precheck(&proof, ABOUT.campaign, 1, NOW), Err(ProofError::Foreign));
    }

    #[test]
    fn nobody_makes_a_challenge_easier() {
        let work = work();
        let proof = solve(&work.issue(ABOUT.campaign, 1, NOW).unwrap(), ABOUT.jti).unwrap();
        for (from, to, why) in [
            (".16.", ".1.", ProofError::Foreign),
            (".10.", ".1.", ProofError::Foreign),
            (".1790000300.", ".1790000301.", ProofError::Foreign),
            ("pbkdf2-sha256", "none", ProofError::Malformed),
        ] {
            let bad = proof.replacen(from, to, 1);
            assert_ne!(bad, proof);
            assert_eq!(work.precheck(&bad, ABOUT.campaign, 1, NOW), Err(why), "{bad}");
        }
        assert_eq!(work.precheck("", ABOUT.campaign, 1, NOW), Err(ProofError::Malformed));
    }

    // From RFC 7914, section 11, adapted to SHA-256: 64 bytes there, of which the first 32 are the same.
    #[test]
    fn it_derives_what_others_derive() {
        let derived = derive("salt", "passwd", 1).map(|bytes| encode(&bytes));
        let hex = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc";
        let bytes: Vec<u8> =
            (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
        assert_eq!(derived, Some(encode(&bytes)));
    }

    // Result of OpenSSL through Python's hashlib: ten numbers do not solve it, the eleventh does.
    #[test]
    fn it_solves_what_others_solve() {
        let challenge = "pbkdf2-sha256.1000.16.1790000300.BwcHBwcHBwcHBwcHBwcHBw.\
                         CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk";
        let jti = "AQEBAQEBAQEBAQEBAQEBAQ";
        let proof = solve(challenge, jti).unwrap();
        assert_eq!(proof, format!("{challenge}.10"));
        let derived = derive(&proof, jti, 1000).unwrap();
        assert_eq!(derived[..8], [0x05, 0x6c, 0x62, 0x74, 0x2e, 0xfd, 0xf4, 0x7e]);
    }

    /// The cost of a proof on this machine. Run it so:
    /// `cargo test --release -p standwith-endpoint --lib what_a_proof_costs -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement, not a test"]
    fn what_a_proof_costs() {
        let work = ProofOfWork::new(&[7; 32], super::super::Limits::default().difficulty);
        let challenge = work.issue(ABOUT.campaign, 1, NOW).unwrap();
        let time = |what: &str, turns: u32, turn: &dyn Fn()| {
            let begun = tokio::time::Instant::now();
            (0..turns).for_each(|_| turn());
            println!("{what:12} {:?}", begun.elapsed() / turns);
        };
        time("issue", 10_000, &|| drop(work.issue(ABOUT.campaign, 1, NOW)));
        let proof = solve(&challenge, ABOUT.jti).unwrap();
        time("precheck", 10_000, &|| {
            assert_eq!(work.precheck(&proof, ABOUT.campaign, 1, NOW), Ok(()))
        });
        time("verify", 1_000, &|| assert!(work.verify(&proof, ABOUT)));
        time("solve", 20, &|| {
            let challenge = work.issue(ABOUT.campaign, 1, NOW).unwrap();
            assert!(solve(&challenge, ABOUT.jti).is_some());
        });
    }
}
