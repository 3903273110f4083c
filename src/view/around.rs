//! What is said around the form: whether it is for a test, and when the campaign takes messages.

use super::Viewer;
use crate::plan::Tag;
use crate::text::Key;

impl Viewer<'_> {
    /// What stands above the form: two places.
    pub(super) fn before_form(&mut self) {
        match &self.campaign.closes {
            None => self.out.nothing(),
            // The last day on which it takes messages: where it closes at midnight, the one that ends.
            Some(closes) => self.dated(Key::OpenUntil, closes.seconds() - 1),
        }
        if self.session.setting.test {
            self.sentence(Tag::P, "notice", Key::TestBanner);
        } else {
            self.out.nothing();
        }
    }

    /// When the campaign begins.
    pub(super) fn opens_on(&mut self) {
        if let Some(opens) = &self.campaign.opens {
            self.dated(Key::OpensOn, opens.seconds());
        }
    }

    fn dated(&mut self, key: Key, seconds: i64) {
        let date = self.locale.date(seconds);
        self.leaf(Tag::P, "hint", &self.locale.say_with(key, &[("date", &date)]));
    }
}
