//! Reproducible mutations of inputs. The fuzzer is better, but takes a nightly toolchain and minutes; this takes
//! seconds anywhere.

/// Pseudo-random numbers from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let splitmix64 = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let splitmix64 = (splitmix64 ^ (splitmix64 >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        splitmix64 ^ (splitmix64 >> 31)
    }

    /// A number below `end`, which is above zero.
    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % end.max(1) as u64) as usize
    }

    /// One of these; there must be at least one.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Strings that our parsers look for, and those that break others.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    ".",
    "..",
    "null",
    "true",
    "false",
    "-1",
    "0",
    "1e9",
    "4294967296",
    "9223372036854775808",
    "\\u0000",
    "\\ud800",
    "\\udfff\\ud800",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{2028}",
    "\u{fffd}",
    "\u{1f54a}",
    "e\u{301}",
    "\r",
    "\n",
    "\r\n",
    "\t",
    " ",
    "**",
    "*",
    "](",
    ")",
    "(",
    "[a](https://a.invalid/)",
    "- ",
    "## ",
    "https://",
    "mailto:",
    "tel:",
    "javascript:",
    "data:",
    "//",
    "/../",
    "?",
    "#",
    "@",
    "%",
    "%0a",
    "%zz",
    "&",
    "=",
    "+",
    ";",
    "'",
    "<",
    ">",
    "{{given_name}}",
    "{{target_name}}",
    "{{",
    "}}",
    "id",
    "lang",
    "languages",
    "km",
    "variants",
    "targets",
    "fields",
    "at_risk",
    "jwk",
    "kid",
    "A",
    "=",
    "-",
    "_",
    "\u{17d2}\u{178f}",
    "xn--",
    "[::1]",
    ":443",
    ":80",
];

/// Another input: one of these with a few changes, or two of them spliced.
pub fn mutated(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = chance.one_of(seeds).clone();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let end = at + chance.below((bytes.len() - at).min(24) + 1);
        match chance.below(9) {
            // A bit, a byte, or a piece replaced.
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 if at < bytes.len() => bytes[at] = chance.draw() as u8,
            2 => drop(bytes.splice(at..end, chance.one_of(PIECES).bytes())),
            3 => drop(bytes.splice(at..at, chance.one_of(PIECES).bytes())),
            4 => drop(bytes.drain(at..end)),
            // The same again, or many times.
            5 => {
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part));
            }
            6 => {
                let part = bytes[at..at + (end - at).min(4)].repeat(1 + chance.below(200));
                drop(bytes.splice(at..at, part));
            }
            // A part of another one, or all the rest of it.
            7 => {
                let other = chance.one_of(seeds);
                let from = chance.below(other.len() + 1);
                let to = from + chance.below((other.len() - from).min(64) + 1);
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            _ => {
                let other = chance.one_of(seeds);
                bytes.truncate(at);
                bytes.extend(&other[chance.below(other.len() + 1)..]);
            }
        }
    }
    bytes
}
