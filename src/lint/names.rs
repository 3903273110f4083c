//! Rules for names in lists: known and unique, with suggestions for misspelled ones.

use super::Lint;
use crate::suggest::distance;

impl Lint<'_> {
    /// Checks that each name is known and unique.
    pub(super) fn named<'b>(
        &mut self,
        list: &str,
        key: &str,
        names: impl Iterator<Item = &'b str> + Clone,
        known: &[&str],
        what_for: &str,
    ) {
        self.distinct(list, key, names.clone());
        for (index, name) in names.enumerate().filter(|(_, name)| !known.contains(name)) {
            let hint = match meant(name, known) {
                Some(known) => format!("did you mean `{known}`?"),
                None if known.is_empty() => "leave it out".to_owned(),
                None => format!("known are: {}", known.join(", ")),
            };
            let problem = format!("the campaign has no `{name}`{what_for}");
            self.fault(&format!("{list}/{index}{key}"), &problem, &hint);
        }
    }

    pub(super) fn distinct<'b>(
        &mut self,
        list: &str,
        key: &str,
        names: impl Iterator<Item = &'b str>,
    ) {
        let mut earlier = Vec::new();
        for (index, name) in names.enumerate() {
            if earlier.contains(&name) {
                let problem = format!("`{name}` stands twice in this list");
                let hint = if key.is_empty() { "keep one" } else { "give each its own" };
                self.fault(&format!("{list}/{index}{key}"), &problem, hint);
            }
            earlier.push(name);
        }
    }
}

/// The known word nearest to a misspelled one: at edit distance 1, or 2 if both words are long enough.
pub(super) fn meant<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = |known: &&'k str| {
        let slips = distance(&word.to_lowercase(), known);
        let shorter = word.chars().count().min(known.chars().count());
        let allowed = match shorter {
            0 | 1 => 0,
            2 | 3 => 1,
            _ => 2,
        };
        (slips <= allowed).then_some((slips, *known))
    };
    known.iter().filter_map(near).min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}
