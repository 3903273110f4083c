//! Statistics of repeated measurements.

use std::fmt;

/// Median and quartiles of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quartiles {
    pub(crate) first: f64,
    pub(crate) median: f64,
    pub(crate) third: f64,
}

impl Quartiles {
    /// Quartiles of these numbers; `None` if there are none.
    pub(crate) fn of(numbers: &[f64]) -> Option<Self> {
        let at = |part| quantile(numbers, part);
        Some(Quartiles { first: at(0.25)?, median: at(0.5)?, third: at(0.75)? })
    }
}

impl fmt::Display for Quartiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quartiles { first, median, third } = *self;
        let digits = f.precision().unwrap_or(1);
        write!(f, "{median:.digits$} [{first:.digits$}–{third:.digits$}]")
    }
}

/// Quantile of some numbers, interpolated linearly between two neighbours; `part` is between 0 and 1.
pub(crate) fn quantile(numbers: &[f64], part: f64) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = part * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// The largest of them.
pub(crate) fn greatest(numbers: &[f64]) -> Option<f64> {
    quantile(numbers, 1.0)
}

/// An upper limit that we aim for, and the measured value.
#[derive(Debug)]
pub(crate) struct Aim {
    what: String,
    at_most: f64,
    found: Option<f64>,
    digits: usize,
}

impl Aim {
    /// An aim that is met if `found` is at most `at_most`. They are compared as printed, rounded to this many digits.
    pub(crate) fn at_most(
        at_most: f64,
        what: impl Into<String>,
        found: Option<f64>,
        digits: usize,
    ) -> Self {
        Aim { what: what.into(), at_most, found, digits }
    }

    fn is_met(&self) -> bool {
        self.found.is_some_and(|found| {
            let unit = 10_f64.powi(i32::try_from(self.digits).unwrap_or_default());
            (found * unit).round() <= (self.at_most * unit).round()
        })
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Aim { what, at_most, digits, .. } = self;
        let verdict = if self.is_met() { "met" } else { "not met" };
        let found = self.found.map_or("nothing".to_owned(), |found| format!("{found:.digits$}"));
        write!(f, "{what:<56} at most {at_most:<5} {found:>8}  {verdict}")
    }
}

/// Prints the aims; returns whether all are met.
pub(crate) fn judge(aims: &[Aim]) -> bool {
    println!("\naims");
    aims.iter().for_each(|aim| println!("  {aim}"));
    aims.iter().all(Aim::is_met)
}

/// A number, or a dash if there is none.
pub(crate) fn or_dash(number: Option<impl fmt::Display>, digits: usize) -> String {
    number.map_or("–".to_owned(), |number| format!("{number:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_neighbours() {
        let quartiles = Quartiles::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(quartiles, Some(Quartiles { first: 1.75, median: 2.5, third: 3.25 }));
        assert_eq!(quantile(&[7.0], 0.95), Some(7.0));
        assert_eq!(Quartiles::of(&[]), None);
        assert_eq!(format!("{:.0}", Quartiles { first: 1.0, median: 2.0, third: 3.0 }), "2 [1–3]");
    }

    #[test]
    fn an_aim_is_met_as_it_is_printed() {
        let aim = |found| Aim::at_most(1.3, "ratio", found, 2);
        assert!(aim(Some(1.304)).is_met() && !aim(Some(1.306)).is_met());
        assert!(!aim(None).is_met());
    }
}
