//! Syntax of single values: length, characters, e-mail addresses, numbers and dates.

use crate::phone::is_within;
use crate::time::days_since_1970;

/// Maximum length of a subject.
pub const LONGEST_SUBJECT: u32 = 200;

/// Maximum length of an e-mail address (RFC 5321, section 4.5.3.1.3, without the angle brackets).
pub const LONGEST_EMAIL: u32 = 254;

/// Maximum length of a single-line text.
pub const LONGEST_TEXT: u32 = 200;

/// Maximum length of a multi-line answer.
pub const LONGEST_LONG_TEXT: u32 = 2000;

/// Maximum length of a postcode or phone number.
pub const LONGEST_CODE: u32 = 32;

/// Maximum length of a member of `source`: longer than any origin.
pub const LONGEST_SOURCE: u32 = 300;

/// Maximum length of a language tag (BCP 47, section 4.4.1).
pub const LONGEST_LANGUAGE: u32 = 35;

/// Maximum length of an id of a campaign, a target or a variant.
pub(crate) const LONGEST_ID: u32 = 64;

/// Maximum length of an endpoint's address.
pub(crate) const LONGEST_ADDRESS: u32 = 2000;

/// Length of a text in Unicode scalar values.
pub fn length(text: &str) -> u32 {
    // Continuation bytes of UTF-8 begin with the bits 10.
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count() as u32
}

/// Whether a text has only invisible characters. Between letters they are legitimate: Khmer separates words by U+200B.
#[inline(never)]
pub(crate) fn is_blank(text: &str) -> bool {
    // The characters of Default_Ignorable_Code_Point (Unicode, section 5.21) that come from a keyboard or from copying,
    // and the blank of Braille; first and last of each range.
    const UNSEEN: [u16; 28] = [
        0xad, 0xad, 0x34f, 0x34f, 0x61c, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f,
        0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x206f, 0x2800, 0x2800, 0x3164, 0x3164, 0xfe00,
        0xfe0f, 0xfeff, 0xfeff, 0xffa0, 0xffa0,
    ];
    text.chars().all(|c| c.is_whitespace() || is_within(c, &UNSEEN) || c as u32 >> 12 == 0xe0)
}

/// The distinct values; `None` if one is unknown.
pub(crate) fn distinct<'a, 'k>(
    values: impl Iterator<Item = &'a str>,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Option<Vec<String>> {
    let mut distinct: Vec<String> = Vec::new();
    for value in values.map(str::trim).filter(|value| !value.is_empty()) {
        if !known.clone().any(|known| known == value) {
            return None;
        }
        if !distinct.iter().any(|known| known == value) {
            distinct.push(value.to_owned());
        }
    }
    Some(distinct)
}

/// Whether a value contains a forbidden control character.
pub(crate) fn holds_control(value: &str, lines: bool) -> bool {
    find_control(value, lines).is_some()
}

/// A forbidden control character and the bytes before it. In multi-line text (`lines`), tabs and line ends are
/// allowed, and so are bidirectional controls (UAX #9, sections 2.1 to 2.5) that are closed in their paragraph.
/// Unclosed ones would change the direction of the text after the value.
pub(crate) fn find_control(value: &str, lines: bool) -> Option<(usize, char)> {
    // Stack of open embeddings (0) and isolates (1) as bits, the innermost last, after a leading 1.
    let mut open = 1u32;
    let mut opening = None;
    for (at, c) in value.char_indices() {
        let isolate = u32::from(c > '\u{202e}');
        let fault = match c {
            '\u{202c}' | '\u{2069}' => {
                let ended = open;
                open >>= 1;
                open == 0 || ended & 1 != isolate
            }
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2068}' => {
                open = open << 1 | isolate;
                opening = Some((at, c));
                // At most 30 levels.
                !lines || open >> 31 != 0
            }
            '\n' | '\u{2029}' if lines && open > 1 => return opening,
            '\n' | '\u{2029}' if lines => false,
            _ => c.is_control() && !(lines && c == '\t'),
        };
        if fault {
            return Some((at, c));
        }
    }
    opening.filter(|_| open > 1)
}

/// The first `most` characters of a single-line text, without forbidden control characters.
pub(crate) fn fitting(text: &str, mut most: u32) -> String {
    let mut fitting = String::new();
    for c in text.chars() {
        if most > 0 && !holds_control(c.encode_utf8(&mut [0; 4]), false) {
            fitting.push(c);
            most -= 1;
        }
    }
    fitting
}

/// Whether this is an e-mail address by the rule of the HTML standard, extended to non-ASCII local parts and domains,
/// which are sent as typed.
pub fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let local_fits = |c: char| {
        c.is_ascii_alphanumeric()
            || ".!#$%&'*+/=?^_`{|}~-".chars().any(|other| other == c)
            || is_foreign(c)
    };
    let label_fits = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || is_foreign(c))
    };
    !local.is_empty()
        && length(local) <= 64
        && local.chars().all(local_fits)
        && domain.contains(is_dot)
        && domain.split(is_dot).all(label_fits)
}

/// Whether this is a dot between domain labels, including the three of Chinese and Japanese keyboards (RFC 3490,
/// section 3.1).
pub(crate) fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// Whether this is a non-ASCII character that is neither white space, control nor format character.
pub(crate) fn is_foreign(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !c.is_control() && !is_format(c)
}

/// Whether this is a format character (general category Cf) from a keyboard or from copying, except joiners, which are
/// part of letters, also in domains (RFC 5892, appendix A).
pub(crate) fn is_format(c: char) -> bool {
    const RANGES: [u16; 16] = [
        0xad, 0xad, 0x61c, 0x61c, 0x180e, 0x180e, 0x200b, 0x200b, 0x200e, 0x200f, 0x202a, 0x202e,
        0x2060, 0x206f, 0xfeff, 0xfeff,
    ];
    is_within(c, &RANGES)
}

pub(crate) fn is_number(value: &str) -> bool {
    value.parse::<i64>().is_ok()
}

/// Whether this is a date in the format of an HTML date control: `2024-10-24`.
pub(crate) fn is_date(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let &[year, month, day] = &parts[..] else {
        return false;
    };
    let lengths = [year.len(), month.len(), day.len()] == [4, 2, 2];
    let digits = parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let number = |part: &str| part.parse::<u16>().ok().map(i64::from);
    let numbers = (number(year), number(month), number(day));
    lengths
        && digits
        && matches!(numbers, (Some(y), Some(m), Some(d)) if days_since_1970(y, m, d).is_some())
}
