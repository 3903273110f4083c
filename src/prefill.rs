//! Prefilling from the page's address: `#given_name=Sophea&country=KH`, or the same as a query.

/// Extracts the fields' values from a query or fragment (`application/x-www-form-urlencoded`, URL Standard), without
/// its `?` or `#`. A `+` is a space in a query, as forms write it, and itself in a fragment, which is written by hand and
/// may hold an address like `ada+news@example.org`. Returns names with values, and the rest unchanged. Invalid UTF-8
/// becomes U+FFFD.
pub fn take(
    text: &str,
    is_query: bool,
    is_field: impl Fn(&str) -> bool,
) -> (Vec<(String, String)>, String) {
    let mut values = Vec::new();
    let mut rest = String::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name, is_query);
        if is_field(&name) {
            values.push((name, decoded(value, is_query)));
        } else {
            if !rest.is_empty() {
                rest.push('&');
            }
            rest.push_str(pair);
        }
    }
    (values, rest)
}

fn decoded(text: &str, is_query: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digit = |at: usize| after.get(at).and_then(|byte| (*byte as char).to_digit(16));
        bytes.push(match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                rest = &after[2..];
                (high * 16 + low) as u8
            }
            (b'+', ..) if is_query => b' ',
            _ => *first,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
