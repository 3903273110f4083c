//! The suggested message.

use crate::shape::record;

record! { read
    /// Suggested message. Placeholders: `{{given_name}}` and other fields for what the supporter enters;
    /// `{{target_name}}`, `{{target_office}}` and `{{target_organisation}}` for the target.
    pub struct Template {
        /// Suggested subjects; with several, each form picks one at random.
        subjects: Vec<String>,
        /// Fixed text before the body.
        head: String = String::new(),
        /// Suggested body.
        body: String,
        /// Fixed text after the body.
        foot: String = String::new(),
        /// Whether the supporter may edit subject and body.
        editable: bool = true,
        /// Minimum length of the message, in Unicode scalar values.
        min: u32 = 1,
        /// Maximum length of the message, in Unicode scalar values.
        max: u32 = 5000,
        /// Whether each target gets a separate message, with `{{target_name}}` and similar placeholders filled in.
        per_target: bool = false,
        /// Whether a supporter who sends the suggested body unchanged is asked once to add own words.
        nudge: bool = false,
    }
}
