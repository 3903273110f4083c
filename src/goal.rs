//! The displayed goal. Once the campaign's goal is reached, the next round number is shown, so that further messages
//! still seem worthwhile.

/// The goal to show at this count: the campaign's own until it is reached, then the next of 1, 2, 5, 10, 20, 50 and so
/// on.
pub fn shown(goal: i64, count: i64) -> i64 {
    if count < goal {
        return goal;
    }
    let mut power: i64 = 1;
    loop {
        for step in [1, 2, 5] {
            match power.checked_mul(step) {
                Some(next) if next > count => return next,
                Some(_) => {}
                // No larger round number fits.
                None => return count,
            }
        }
        power = match power.checked_mul(10) {
            Some(power) => power,
            None => return count,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_goal_rises_once_it_is_reached() {
        for (goal, count, expected) in [
            (5000, 0, 5000),
            (5000, 4999, 5000),
            (5000, 5000, 10_000),
            (3000, 3000, 5000),
            (3000, 12_345, 20_000),
            (1, 1, 2),
            (1, 2, 5),
            (1, 9, 10),
            (0, 0, 1),
            (100, -1, 100),
            (1, i64::MAX, i64::MAX),
            (1, 5_000_000_000_000_000_000, 5_000_000_000_000_000_000),
        ] {
            assert_eq!(shown(goal, count), expected, "{count} of {goal}");
        }
    }

    proptest! {
        #[test]
        fn it_is_ahead_and_never_falls(goal in 1..1_000_000_000_i64, count in 0..1_000_000_000_000_i64) {
            let now = shown(goal, count);
            prop_assert!(now > count && now >= goal);
            prop_assert!(shown(goal, count + 1) >= now);
            // Nor does it run away.
            prop_assert!(now == goal || now <= 5 * count / 2 + 2);
        }
    }
}
