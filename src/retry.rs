//! When a message that nobody answered for is sent once more: waits that grow and are drawn at random ("full
//! jitter"), so that those whom a failing endpoint sent away do not all come back at once.

/// How often a message is sent before the supporter is asked what to do.
pub const TRIES: u32 = 6;
/// The longest wait that is drawn, in milliseconds.
const LONGEST: u64 = 30_000;
/// The longest wait that an endpoint may ask for while somebody looks on, in seconds. Whoever is told to come back
/// later than that is told so.
pub const PATIENCE: u32 = 60;

/// How many milliseconds to wait after so many tries that `failed` (1 and up) before the next one: a lot between
/// nothing and the least of 30 s and 0.5 s · 2^failed, drawn with `random`. An endpoint that names the seconds
/// (Retry-After, RFC 9110, section 10.2.3) is not asked before. None where it is time to give up.
pub fn delay(failed: u32, random: u64, retry_after: Option<u32>) -> Option<u32> {
    let asked = retry_after.unwrap_or(0);
    if failed >= TRIES || asked > PATIENCE {
        return None;
    }
    let most = LONGEST.min(500 << failed);
    let drawn = random % (most + 1);
    u32::try_from(u64::from(asked) * 1000 + drawn).ok()
}
