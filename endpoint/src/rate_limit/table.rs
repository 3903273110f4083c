//! What is remembered for a while, in a table of fixed size.
//!
//! An entry whose time has come says nothing any more, so its place is free: nothing has to be swept. Where all the
//! places are taken in which a key may stand, the entry makes room that would have been free first. So whoever
//! comes from ever new networks pushes out their own traces, and not those of a network that has sent a lot.

/// How many entries there are.
const PLACES: usize = 1 << 17;
/// In how many places a key may stand.
const WAYS: usize = 8;
/// How much memory a table takes, in bytes: all of it from the start, and never more.
pub const MEMORY: usize = PLACES * size_of::<Entry>();

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: u64,
    /// Until when it says something, in microseconds of whatever clock its owner has.
    until: u64,
}

/// A table of times by keys. Keys are parts of digests: that two of them are the same happens, and does no harm.
#[derive(Debug)]
pub(super) struct Table(Vec<[Entry; WAYS]>);

impl Table {
    pub(super) fn new() -> Self {
        Table(vec![[Entry::default(); WAYS]; PLACES / WAYS])
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.fill([Entry::default(); WAYS]);
    }

    /// Until when something is known of this key: not later than now if nothing is.
    pub(super) fn until(&mut self, key: u64) -> &mut u64 {
        let sets = self.0.len() as u64;
        let set = &mut self.0[(key % sets) as usize];
        let known = set.iter().position(|entry| entry.key == key);
        let place = known.unwrap_or_else(|| {
            let first = (0..WAYS).min_by_key(|place| set[*place].until).unwrap_or_default();
            set[first] = Entry { key, until: 0 };
            first
        });
        &mut set[place].until
    }
}

/// How many a minute, and as many at once: a bucket of so many tokens that fills up in a minute. Of such a bucket
/// it is enough to know when it will be full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate(pub(super) u32);

/// In how many microseconds every bucket is full that was empty.
const MINUTE: u64 = 60_000_000;

impl Rate {
    /// Takes a token from a bucket that is full at this time, if there is one now; else says in how many
    /// microseconds there will be. A rate of 0 is none: then there always is.
    pub(super) fn take(self, full: &mut u64, now: u64) -> Result<(), u64> {
        let Some(each) = MINUTE.checked_div(self.0.into()) else { return Ok(()) };
        let then = now.max(*full) + each;
        match then.checked_sub(now + MINUTE) {
            Some(wait) if wait > 0 => Err(wait),
            _ => {
                *full = then;
                Ok(())
            }
        }
    }

    /// How empty a bucket is that is full at this time, in percent.
    pub(super) fn emptiness(full: u64, now: u64) -> u64 {
        full.saturating_sub(now) * 100 / MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn as_many_as_the_rate_says_are_taken_at_once_and_then_one_by_one() {
        let (rate, mut full) = (Rate(120), 0);
        let begun = 5 * MINUTE;
        for _ in 0..120 {
            assert_eq!(rate.take(&mut full, begun), Ok(()));
        }
        assert_eq!(Rate::emptiness(full, begun), 100);
        assert_eq!(rate.take(&mut full, begun), Err(SECOND / 2));
        // To be sent away costs nothing.
        assert_eq!(rate.take(&mut full, begun), Err(SECOND / 2));
        assert_eq!(rate.take(&mut full, begun + SECOND / 2), Ok(()));
        assert_eq!(rate.take(&mut full, begun + SECOND / 2), Err(SECOND / 2));
        assert_eq!(Rate::emptiness(full, begun + 31 * SECOND), 49);
        for _ in 0..120 {
            assert_eq!(rate.take(&mut full, begun + 61 * SECOND), Ok(()));
        }
        assert!(rate.take(&mut full, begun + 61 * SECOND).is_err());
        assert!((0..100_000).all(|_| Rate(0).take(&mut full, begun).is_ok()));
    }

    #[test]
    fn what_has_most_to_say_is_kept_when_the_table_is_full() {
        let mut table = Table::new();
        let sets = (PLACES / WAYS) as u64;
        // All of them stand in the same set.
        let key = |number: u64| number * sets + 1;
        *table.until(key(0)) = 1000;
        for other in 1..1000 {
            *table.until(key(other)) = 10 + other % 10;
        }
        assert_eq!(*table.until(key(0)), 1000);
        assert_eq!(*table.until(key(1)), 0);
        table.clear();
        assert_eq!(*table.until(key(0)), 0);
        assert_eq!(MEMORY, 2 * 1024 * 1024);
    }
}
