//! Parser for the subset of Markdown in campaign texts: paragraphs, `# headings`, `- lists` or `* lists`, `**strong**`,
//! `*emphasis*` and `[links](https://…)`. Everything else, HTML included, is plain text.

use crate::find::split_once;
use crate::markup::LINKS;

/// A block of text.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// `# …`; all six levels are the same.
    Heading(Vec<Inline>),
    /// Consecutive lines without a blank line.
    Paragraph(Vec<Inline>),
    /// Lines that begin with `- ` or `* `.
    List(Vec<Vec<Inline>>),
}

/// A run of text within a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    /// Plain text.
    Text(String),
    /// `**…**`
    Strong(String),
    /// `*…*`
    Emphasis(String),
    /// `[text](address)`, where the address [`is_safe`].
    Link {
        /// The link's text.
        text: String,
        /// The link's address.
        address: String,
    },
}

/// Parses a text. Every text is valid Markdown.
pub fn parse(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim).chain([""]) {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let heading = line.get(level..).and_then(|rest| rest.strip_prefix(' '));
        let heading = heading.filter(|_| (1..=6).contains(&level));
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        if (line.is_empty() || heading.is_some() || item.is_some()) && !lines.is_empty() {
            blocks.push(Block::Paragraph(inlines(&lines.join(" "))));
            lines.clear();
        }
        match (heading, item, blocks.last_mut()) {
            (Some(heading), ..) => blocks.push(Block::Heading(inlines(heading))),
            (_, Some(item), Some(Block::List(items))) => items.push(inlines(item)),
            (_, Some(item), _) => blocks.push(Block::List(vec![inlines(item)])),
            _ if line.is_empty() => {}
            _ => lines.push(line),
        }
    }
    blocks
}

fn inlines(text: &str) -> Vec<Inline> {
    let mut inlines = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        match marked(rest) {
            Some((inline, after)) => {
                if !plain.is_empty() {
                    inlines.push(Inline::Text(std::mem::take(&mut plain)));
                }
                inlines.push(inline);
                rest = after;
            }
            None => {
                let mut chars = rest.chars();
                plain.extend(chars.next());
                rest = chars.as_str();
            }
        }
    }
    if !plain.is_empty() {
        inlines.push(Inline::Text(plain));
    }
    inlines
}

/// The marked inline at the beginning of a text, and the rest.
fn marked(text: &str) -> Option<(Inline, &str)> {
    let between = |open: &str, close: &str| {
        let (inner, after) = split_once(text.strip_prefix(open)?, close)?;
        let fits = !inner.is_empty() && inner.trim() == inner;
        fits.then(|| (inner.to_owned(), after))
    };
    if let Some((inner, after)) = between("**", "**") {
        return Some((Inline::Strong(inner), after));
    }
    if let Some((inner, after)) = between("*", "*").filter(|_| !text.starts_with("**")) {
        return Some((Inline::Emphasis(inner), after));
    }
    let rest = text.strip_prefix('[')?;
    // An earlier bracket is plain text, not the beginning of the link.
    let end = rest.bytes().position(|byte| matches!(byte, b'[' | b']'))?;
    let (text, after) = (rest.get(..end)?, rest.get(end..)?.strip_prefix("](")?);
    let (address, after) = enclosed(after)?;
    if text.is_empty() || text.trim() != text {
        return None;
    }
    let link = Inline::Link { text: text.to_owned(), address: address.to_owned() };
    is_safe(address).then_some((link, after))
}

/// Maximum length of a link's address, in characters. Without a limit, parsing could take quadratic time.
const LONGEST_ADDRESS: usize = 2000;

/// The text before the closing bracket, and the rest. An address may contain pairs of brackets.
fn enclosed(text: &str) -> Option<(&str, &str)> {
    let mut open = 0;
    for (at, char) in text.char_indices().take(LONGEST_ADDRESS + 1) {
        match char {
            '(' => open += 1,
            ')' if open == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            ')' => open -= 1,
            _ => {}
        }
    }
    None
}

/// Whether this may be the address of a link: it begins with one of [`LINKS`], and has no white space or control
/// character, which URL parsers skip.
pub fn is_safe(address: &str) -> bool {
    LINKS.iter().any(|begin| address.starts_with(begin))
        && !address.chars().any(|c| c.is_whitespace() || c.is_control())
}
