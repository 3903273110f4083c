//! What the form shows at first, and what opens on request.

use crate::shape::{record, string_enum};

record! { read
    /// What the form shows at first. An attribute `display` of the tag, with words such as `story:none`, takes precedence.
    pub struct Display {
        /// Story: its first paragraph, all of it, or nothing. The hosted form always shows all of it.
        story: StoryDisplay = StoryDisplay::Summary,
        /// Message: as it will be sent, with a way to edit it, or ready to be edited.
        message: MessageDisplay = MessageDisplay::Preview,
        /// Targets: their names in one line, or one line each.
        targets: TargetsDisplay = TargetsDisplay::Summary,
    }
}

string_enum! {
    /// How much of the story the form shows at first.
    pub enum StoryDisplay: "\"summary\", \"full\" or \"none\"" {
        /// The first paragraph; the rest opens in place.
        Summary = "summary",
        /// All of it.
        Full = "full",
        /// Nothing: the page around the form tells the story.
        None = "none",
    }

    /// How the form shows the message at first.
    pub enum MessageDisplay: "\"preview\" or \"open\"" {
        /// As it will be sent.
        Preview = "preview",
        /// In controls, to be edited.
        Open = "open",
    }

    /// How the form shows the targets at first.
    pub enum TargetsDisplay: "\"summary\" or \"open\"" {
        /// In one line.
        Summary = "summary",
        /// One line each.
        Open = "open",
    }
}

impl Display {
    /// This display, as far as the words of a tag's attribute do not say otherwise: `story:none message:open`. Unknown words
    /// are ignored.
    #[must_use]
    pub fn with_words(mut self, words: &str) -> Self {
        for (key, word) in words.split_whitespace().filter_map(|pair| pair.split_once(':')) {
            match key {
                "story" => self.story = StoryDisplay::of(word).unwrap_or(self.story),
                "message" => self.message = MessageDisplay::of(word).unwrap_or(self.message),
                "targets" => self.targets = TargetsDisplay::of(word).unwrap_or(self.targets),
                _ => {}
            }
        }
        self
    }
}
