//! Retry delays: exponential backoff with full jitter, so that clients of a failing endpoint do not all return at once.

/// Number of tries before the supporter is asked what to do.
pub const TRIES: u32 = 6;
/// Maximum random delay, in milliseconds.
const LONGEST: u64 = 30_000;
/// Maximum `Retry-After` that is waited for while the supporter watches, in seconds. A longer one is shown to the
/// supporter instead.
pub const PATIENCE: u32 = 60;

/// Delay in milliseconds before the next try, after so many `failed` ones (1 and up): uniform between 0 and
/// min(30 s, 0.5 s · 2^failed), from the number `random`. Seconds from `Retry-After` (RFC 9110, section 10.2.3) are
/// added. `None` to give up: after [`TRIES`] tries, or if `Retry-After` exceeds [`PATIENCE`].
pub fn delay(failed: u32, random: u64, retry_after: Option<u32>) -> Option<u32> {
    let asked = retry_after.unwrap_or(0);
    if failed >= TRIES || asked > PATIENCE {
        return None;
    }
    let most = LONGEST.min(500 << failed);
    let drawn = random % (most + 1);
    u32::try_from(u64::from(asked) * 1000 + drawn).ok()
}
