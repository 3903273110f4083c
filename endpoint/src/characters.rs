//! Characters that are not seen in a text but act on the program that shows it.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// The replacement for a character that is not allowed.
const REPLACEMENT: char = '\u{fffd}';

/// Text in which every control character, line separator and mark or control of direction is written as JSON writes
/// it, `\u001b`: it neither moves a terminal's cursor nor turns letters around, and within JSON it is the same value.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        // All of them are in the basic plane, so four digits suffice.
        match c {
            '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}' => {}
            c if c.is_control() || ending(c).is_some() || is_end(c) => {}
            c => {
                escaped.push(c);
                continue;
            }
        }
        escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
    }
    escaped
}

/// Text in which every control character but line feed and tab, and every direction control without its counterpart in
/// the same paragraph, is replaced by U+FFFD.
pub fn neutralised(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut open: Vec<(usize, char)> = Vec::new();
    for at in 0..chars.len() {
        let c = chars[at];
        if let Some(end) = ending(c) {
            open.push((at, end));
        } else if is_end(c) {
            match open.last() {
                Some((_, end)) if *end == c => drop(open.pop()),
                _ => chars[at] = REPLACEMENT,
            }
        } else if matches!(c, '\n' | '\u{2029}') {
            for (begun, _) in open.drain(..) {
                chars[begun] = REPLACEMENT;
            }
        } else if c.is_control() && c != '\t' {
            chars[at] = REPLACEMENT;
        }
    }
    for (begun, _) in open {
        chars[begun] = REPLACEMENT;
    }
    chars.into_iter().collect()
}

/// The character that ends the embedding, override or isolate that this one begins (UAX #9, section 2).
fn ending(c: char) -> Option<char> {
    match c {
        '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => Some('\u{202c}'),
        '\u{2066}'..='\u{2068}' => Some('\u{2069}'),
        _ => None,
    }
}

fn is_end(c: char) -> bool {
    matches!(c, '\u{202c}' | '\u{2069}')
}

/// Whether Unicode counts a character among the format characters (general category Cf): nearly all of them are
/// invisible.
pub fn is_format(c: char) -> bool {
    CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::Format
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether each control of direction is ended in its paragraph.
    fn is_balanced(text: &str) -> bool {
        text.split(['\n', '\u{2029}']).all(|paragraph| {
            let mut open = Vec::new();
            let fits = paragraph.chars().all(|c| match ending(c) {
                Some(end) => {
                    open.push(end);
                    true
                }
                None => !is_end(c) || open.pop() == Some(c),
            });
            fits && open.is_empty()
        })
    }

    #[test]
    fn replaces_what_is_not_ended_and_nothing_else() {
        for (text, kept) in [
            ("a\u{202e}b", "a\u{fffd}b"),
            ("a\u{202e}b\u{202c}c", "a\u{202e}b\u{202c}c"),
            ("\u{2067}a\nb\u{2069}", "\u{fffd}a\nb\u{fffd}"),
            ("\u{2067}a\u{202b}b\u{2069}\u{202c}", "\u{fffd}a\u{202b}b\u{fffd}\u{202c}"),
            (
                "\0a\tb\nc\rd\u{1b}[0m\u{85}\u{9b}",
                "\u{fffd}a\tb\nc\u{fffd}d\u{fffd}[0m\u{fffd}\u{fffd}",
            ),
            ("មេឃ\u{200b}\u{200d}\u{200e}", "មេឃ\u{200b}\u{200d}\u{200e}"),
        ] {
            assert_eq!(neutralised(text), kept);
        }
    }

    #[test]
    fn knows_format_characters() {
        for c in "\u{ad}\u{61c}\u{200b}\u{200d}\u{2060}\u{2066}\u{feff}\u{e0061}".chars() {
            assert!(is_format(c), "{c:?}");
        }
        assert!(!"a១\u{17d2}\u{301} \u{a0}\u{2028}\n\u{fe0f}".contains(is_format));
    }

    proptest! {
        #[test]
        fn nothing_acts_on_what_shows_it(text in "[ab\n\t\r\0\u{1b}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{2028}\u{2029}]{0,12}") {
            let neutral = neutralised(&text);
            prop_assert!(is_balanced(&neutral), "{:?}", neutral);
            prop_assert!(!neutral.contains(|c: char| c.is_control() && !"\n\t".contains(c)));
            prop_assert_eq!(neutralised(&neutral), neutral);
            let escaped = escaped(&text);
            prop_assert!(!escaped.contains(|c: char| c.is_control() || !c.is_ascii()), "{:?}", escaped);
        }
    }
}
