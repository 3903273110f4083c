//! The beginning of a story, for cards and previews of links.

use standwith::markdown::{Block, Inline, parse};

/// A shorter text does not say what a campaign is about, and may end with an abbreviation.
const SHORTEST: usize = 40;
/// A longer text is cut off by the sites that show it.
const LONGEST: usize = 200;

/// The first sentence of a text in Markdown, as plain text; the next ones too while it is very short. Empty if there is
/// only a heading or nothing.
pub(super) fn first_sentence(story: &str) -> String {
    let text = parse(story).iter().find_map(|block| match block {
        Block::Heading(_) => None,
        Block::Paragraph(inlines) => Some(plain(inlines)),
        Block::List(items) => items.first().map(|item| plain(item)),
    });
    shortened(text.unwrap_or_default().trim())
}

fn plain(inlines: &[Inline]) -> String {
    let text = |inline: &Inline| match inline {
        Inline::Text(text) | Inline::Strong(text) | Inline::Emphasis(text) => text.clone(),
        Inline::Link { text, .. } => text.clone(),
    };
    let text: String = inlines.iter().map(text).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first sentences of a text, at least [`SHORTEST`] characters; cut between words after [`LONGEST`].
fn shortened(text: &str) -> String {
    let (mut end, mut last_space) = (0, None);
    let mut chars = text.char_indices().enumerate().peekable();
    while let Some((count, (at, char))) = chars.next() {
        if count == LONGEST {
            let end = last_space.unwrap_or(at);
            return [text[..end].trim_end_matches([',', ';', ':', ' ']), "…"].concat();
        }
        if char == ' ' {
            last_space = Some(at);
        }
        end = at + char.len_utf8();
        let follows = chars.peek().map(|(_, (_, next))| *next);
        if count + 1 >= SHORTEST && ends_sentence(char, follows) {
            break;
        }
    }
    text[..end].to_owned()
}

/// Whether a sentence ends between two characters. Some scripts put no space after their marks.
fn ends_sentence(char: char, follows: Option<char>) -> bool {
    let is_apart = follows.is_none_or(char::is_whitespace);
    match char {
        '.' | '!' | '?' | '…' | '؟' | '۔' => is_apart,
        '。' | '！' | '？' | '។' | '៕' | '။' | '।' | '॥' => {
            // A bracket or a quotation mark may follow it.
            follows.is_none_or(|next| !"」』”’\"）)".contains(next))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_first_sentence_as_plain_text() {
        for (story, sentence) in [
            ("", ""),
            ("# Only a heading", ""),
            (
                "One sentence of the usual length, about a journalist. Another.",
                "One sentence of the usual length, about a journalist.",
            ),
            (
                "# Heading\n\nShe was arrested on **3 October** by [police](https://p.invalid/). Why?",
                "She was arrested on 3 October by police.",
            ),
            (
                "**An example, from October 2024.** Nothing sent here arrives. Nor there.",
                "An example, from October 2024. Nothing sent here arrives.",
            ),
            (
                "Mr. Dara was arrested at the end of September. Free him.",
                "Mr. Dara was arrested at the end of September.",
            ),
            ("- the first of the demands\n- the second", "the first of the demands"),
            (
                "លោក ម៉ិច ដារ៉ា ជាអ្នកសារព័ត៌មានកម្ពុជាដែលទទួលបានពានរង្វាន់។ លោកបានរាយការណ៍។",
                "លោក ម៉ិច ដារ៉ា ជាអ្នកសារព័ត៌មានកម្ពុជាដែលទទួលបានពានរង្វាន់។",
            ),
            (
                "<b>bold</b> \"quoted\" & plain, which is all of it",
                "<b>bold</b> \"quoted\" & plain, which is all of it",
            ),
        ] {
            assert_eq!(first_sentence(story), sentence);
        }
    }

    #[test]
    fn is_cut_between_words_where_it_is_long() {
        let cut = first_sentence(&"word, ".repeat(100));
        assert!(cut.ends_with("word…") && cut.chars().count() <= LONGEST, "{cut}");
        let cut = first_sentence(&"字".repeat(500));
        assert_eq!(cut.chars().count(), LONGEST + 1);
    }
}
