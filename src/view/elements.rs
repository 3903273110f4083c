//! Basic elements, sentences and links.

use super::Viewer;
use crate::campaign::StoryDisplay;
use crate::markdown::{self, Block, Inline};
use crate::markup::{Attribute, Tag, html};
use crate::text::Key;

impl<'a> Viewer<'a> {
    pub(super) fn words(&self, key: Key) -> &'a str {
        self.locale.words(key)
    }

    /// Writes a text of the catalogue.
    pub(super) fn say(&mut self, key: Key) {
        self.out.text(self.locale.words(key));
    }

    pub(super) fn join(&self, key: Key, parts: impl Iterator<Item = String>) -> String {
        let join = |before: String, after: String| {
            self.locale.say_with(key, &[("before", &before), ("after", &after)])
        };
        parts.reduce(join).unwrap_or_default()
    }

    /// Begins an element, with a class unless it is empty.
    pub(super) fn begin(&mut self, tag: Tag, class: &str) {
        self.out.begin(tag);
        self.set_some(Attribute::Class, class);
    }

    /// Sets an attribute, unless it is empty.
    pub(super) fn set_some(&mut self, attribute: Attribute, value: &str) {
        if !value.is_empty() {
            self.out.set(attribute, value);
        }
    }

    pub(super) fn set_if(&mut self, condition: bool, attribute: Attribute, value: &str) {
        if condition {
            self.out.set(attribute, value);
        }
    }

    /// An element with a class and a text.
    pub(super) fn leaf(&mut self, tag: Tag, class: &str, text: &str) {
        self.begin(tag, class);
        self.out.text(text);
        self.out.end();
    }

    /// A [`leaf`](Self::leaf), or a placeholder if the text is empty.
    pub(super) fn leaf_if(&mut self, tag: Tag, class: &str, text: &str) {
        if text.is_empty() { self.out.nothing() } else { self.leaf(tag, class, text) }
    }

    pub(super) fn sentence(&mut self, tag: Tag, class: &str, key: Key) {
        self.leaf(tag, class, self.words(key));
    }

    /// Writes a sentence with a number and a value, and ends the current element.
    pub(super) fn tell(&mut self, key: Key, count: i64, name: &str, value: &str) {
        let text = self.locale.say_count(key, count, &[(name, value)]);
        self.out.text(&text);
        self.out.end();
    }

    /// A link that opens a new window, without opener and referrer.
    pub(super) fn link(&mut self, class: &str, text: &str, address: &str) {
        self.out.put(html!("<a target=\"_blank\" rel=\"noopener noreferrer\">"));
        self.set_some(Attribute::Class, class);
        self.out.set(Attribute::Href, address);
        self.out.text(text);
        self.out.end();
    }

    /// The campaign's story, as much of it as the form shows at first, and the rest on request. A page without script is the
    /// campaign's own, and shows all of it.
    pub(super) fn story(&mut self) {
        let display = if self.posted { StoryDisplay::Full } else { self.session.display().story };
        let blocks = markdown::parse(&self.campaign.story);
        let is_paragraph = |block: &Block| matches!(block, Block::Paragraph(_));
        let first = match display {
            StoryDisplay::None => return self.out.nothing(),
            StoryDisplay::Full => blocks.len(),
            StoryDisplay::Summary => blocks.iter().position(is_paragraph).map_or(0, |at| at + 1),
        };
        let (first, rest) = blocks.split_at(first);
        self.out.put(html!("<div class=\"story\">"));
        self.blocks(first);
        if !rest.is_empty() {
            self.out.put(html!("<details><summary>"));
            self.say(Key::ReadMore);
            self.out.end();
            self.blocks(rest);
            self.out.end();
        }
        self.out.end();
    }

    /// A text of the campaign.
    pub(super) fn prose(&mut self, text: &str) {
        self.out.put(html!("<div class=\"story\">"));
        self.blocks(&markdown::parse(text));
        self.out.end();
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Heading(inlines) => self.inlines(Tag::H3, inlines),
                Block::Paragraph(inlines) => self.inlines(Tag::P, inlines),
                Block::List(items) => {
                    self.out.begin(Tag::Ul);
                    items.iter().for_each(|item| self.inlines(Tag::Li, item));
                    self.out.end();
                }
            }
        }
    }

    pub(super) fn inlines(&mut self, tag: Tag, inlines: &[Inline]) {
        self.out.begin(tag);
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.out.text(text),
                Inline::Strong(text) => self.leaf(Tag::Strong, "", text),
                Inline::Emphasis(text) => self.leaf(Tag::Em, "", text),
                Inline::Link { text, address } => self.link("", text, address),
            }
        }
        self.out.end();
    }
}
