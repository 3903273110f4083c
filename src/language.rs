//! Which language a form is shown in, and which way it runs.

/// The language among the `available` that is nearest to the first of the `wanted` that any is
/// near to: the same tag, else the same primary subtag (RFC 4647, lookup). Without one, the first
/// available.
pub fn choose<'a>(wanted: &[String], available: &'a [String]) -> &'a str {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    for tag in wanted {
        let exact = available.iter().find(|known| same(known, tag));
        let near = || available.iter().find(|known| same(primary(known), primary(tag)));
        if let Some(found) = exact.or_else(near) {
            return found;
        }
    }
    available.first().map_or("en", String::as_str)
}

/// The primary subtag: `km` of `km-KH`.
pub fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// Whether the language is written from right to left.
pub fn is_right_to_left(tag: &str) -> bool {
    ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"].contains(&primary(tag))
}
