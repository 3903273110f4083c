//! Fixed-size set-associative table of expiry times.
//!
//! An expired entry is a free slot, so nothing has to be swept. If all slots for a key are taken, the entry that would
//! expire first is replaced. So a client that uses ever new networks replaces its own entries, and not those of a
//! network that has sent a lot.

/// The number of entries.
const PLACES: usize = 1 << 17;
/// The number of slots for a key.
const WAYS: usize = 8;
/// The memory of a table in bytes: allocated at the start, never more.
pub const MEMORY: usize = PLACES * size_of::<Entry>();

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: u64,
    /// When it expires, in microseconds of its owner's clock.
    until: u64,
}

/// A table of times by keys. Keys are parts of digests: collisions happen, and do no harm.
#[derive(Debug)]
pub(super) struct Table(Vec<[Entry; WAYS]>);

impl Table {
    pub(super) fn new() -> Self {
        Table(vec![[Entry::default(); WAYS]; PLACES / WAYS])
    }

    /// Removes all entries.
    pub(super) fn clear(&mut self) {
        self.0.fill([Entry::default(); WAYS]);
    }

    /// The expiry time of this key: not later than now if there is none.
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

/// A rate per minute, which is also the burst size: a bucket of this many tokens that fills up in a minute. Its state
/// is only the time at which it will be full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate(pub(super) u32);

/// The time in which an empty bucket becomes full, in microseconds.
const MINUTE: u64 = 60_000_000;

impl Rate {
    /// Takes a token from a bucket that is full at time `full`, if it has one at `now`; else returns in how many
    /// microseconds it will have one. With a rate of 0 it always has one.
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

    /// How empty a bucket is that is full at time `full`, in percent.
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
        // A rejected attempt costs nothing.
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
        // All of them are in the same set.
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
