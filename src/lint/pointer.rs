//! JSON pointers (RFC 6901) into a campaign file.

use crate::json::{Json, Value};

/// The value at a pointer and `true`; if there is none, its nearest ancestor and `false`.
pub(super) fn nearest_to<'j>(json: &'j Json, pointer: &str) -> (&'j Json, bool) {
    let mut at = json;
    for step in pointer.split('/').skip(1) {
        let next = match &at.value {
            Value::List(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => at.get(&unescaped(step)),
        };
        match next {
            Some(next) => at = next,
            None => return (at, false),
        }
    }
    (at, true)
}

/// A key as a step of a JSON pointer (RFC 6901).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

pub(super) fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
