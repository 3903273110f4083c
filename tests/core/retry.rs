//! The waits before a message is sent again.

use proptest::prelude::*;
use standwith::retry::{PATIENCE, TRIES, delay};

proptest! {
    #[test]
    fn a_wait_is_drawn_between_nothing_and_what_it_may_be(failed in 1..TRIES, random: u64) {
        let most = [1_000, 2_000, 4_000, 8_000, 16_000][failed as usize - 1];
        prop_assert!(delay(failed, random, None).is_some_and(|wait| wait <= most));
    }

    #[test]
    fn an_endpoint_is_not_asked_before_it_wants(failed in 1..TRIES, random: u64, after in 0..=PATIENCE) {
        let wait = delay(failed, random, Some(after));
        prop_assert!(wait.is_some_and(|wait| wait >= after * 1000 && wait <= after * 1000 + 16_000));
    }

    #[test]
    fn nobody_tries_for_ever(failed in TRIES.., random: u64, after: Option<u32>) {
        prop_assert_eq!(delay(failed, random, after), None);
    }
}

#[test]
fn every_wait_that_may_be_drawn_is_drawn() {
    let drawn: Vec<_> = (0..=1_000).filter_map(|random| delay(1, random, None)).collect();
    assert_eq!(drawn, (0..=1_000).collect::<Vec<_>>());
}

#[test]
fn whoever_is_sent_away_for_long_is_told_so() {
    assert_eq!(delay(1, 0, Some(PATIENCE + 1)), None);
}
