//! The form of single values: lengths, characters, addresses, numbers and days.

use crate::phone::is_within;
use crate::time::days_since_1970;

/// The longest subject.
pub const LONGEST_SUBJECT: u32 = 200;

/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const LONGEST_EMAIL: u32 = 254;

/// The longest line of text.
pub const LONGEST_TEXT: u32 = 200;

/// The longest answer of several lines.
pub const LONGEST_LONG_TEXT: u32 = 2000;

/// The longest postcode and phone number.
pub const LONGEST_CODE: u32 = 32;

/// The longest text about where a supporter came from: longer than any origin.
pub const LONGEST_SOURCE: u32 = 300;

/// The longest language tag (BCP 47, section 4.4.1).
pub const LONGEST_LANGUAGE: u32 = 35;

/// The longest id of a campaign, a target or a variant.
pub(crate) const LONGEST_ID: u32 = 64;

/// The longest address of an endpoint.
pub(crate) const LONGEST_ADDRESS: u32 = 2000;

/// The length that counts: Unicode scalar values.
pub fn length(text: &str) -> u32 {
    // Bytes that go on with a character begin with the bits 10.
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count() as u32
}

/// Whether nothing of a text can be seen. Among letters such characters have their uses: Khmer has its words ended by
/// U+200B.
#[inline(never)]
pub(crate) fn is_blank(text: &str) -> bool {
    // Of Default_Ignorable_Code_Point (Unicode, section 5.21) what a keyboard or a copy brings, and the blank of Braille; first and last of each range.
    const UNSEEN: [u16; 28] = [
        0xad, 0xad, 0x34f, 0x34f, 0x61c, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f,
        0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x206f, 0x2800, 0x2800, 0x3164, 0x3164, 0xfe00,
        0xfe0f, 0xfeff, 0xfeff, 0xffa0, 0xffa0,
    ];
    text.chars().all(|c| c.is_whitespace() || is_within(c, &UNSEEN) || c as u32 >> 12 == 0xe0)
}

/// Each of the values once, where all of them are known.
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

/// Whether a value holds a control character. In several lines, tab and line end are none, and controls of direction
/// (UAX #9, sections 2.1 to 2.5) may stand where each is ended in its paragraph; left open, they would turn around
/// whatever is shown behind the value.
pub(crate) fn holds_control(value: &str, lines: bool) -> bool {
    // A bit for each embedding (0) and isolate (1) that is open, the innermost one last, behind a first 1.
    let mut open = 1u32;
    for c in value.chars() {
        let isolate = u32::from(c > '\u{202e}');
        let fault = match c {
            '\u{202c}' | '\u{2069}' => {
                let ended = open;
                open >>= 1;
                open == 0 || ended & 1 != isolate
            }
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2068}' => {
                open = open << 1 | isolate;
                // Nobody writes thirty within one another.
                !lines || open >> 31 != 0
            }
            '\n' | '\u{2029}' if lines => open > 1,
            _ => c.is_control() && !(lines && c == '\t'),
        };
        if fault {
            return true;
        }
    }
    open > 1
}

/// The beginning of a text of one line, less what [`holds_control`] finds in it.
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

/// The HTML standard's rule for e-mail addresses, let out for domains and names beyond ASCII,
/// which travel as typed.
pub fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let local_fits =
        |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c) || is_foreign(c);
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

/// A dot between the labels of a domain: keyboards for Chinese and Japanese have three more
/// (RFC 3490, section 3.1).
pub(crate) fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// A character beyond ASCII that is neither space nor control.
pub(crate) fn is_foreign(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !c.is_control()
}

pub(crate) fn is_number(value: &str) -> bool {
    value.parse::<i64>().is_ok()
}

/// A day as a date control gives it: `2024-10-24`.
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
