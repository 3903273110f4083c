//! Two-letter codes of the countries in ISO 3166-1, and of Kosovo, with their names in English.

/// Codes and names in English, a line each, in the order of the names. The lists of other languages are beside this one.
pub const ENGLISH: &str = include_str!("../www/locales/countries/en.txt");

/// Every code.
pub fn all() -> impl Iterator<Item = &'static str> {
    ENGLISH.lines().filter_map(|line| line.get(..2))
}

/// Whether this is one of the codes.
pub fn is_known(code: &str) -> bool {
    all().any(|known| known == code)
}
