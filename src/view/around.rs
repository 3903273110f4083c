//! What is said around the form: whether it is for a test.

use super::Viewer;
use crate::plan::Tag;
use crate::text::Key;

impl Viewer<'_> {
    /// What stands above the form.
    pub(super) fn before_form(&mut self) {
        if self.session.setting.test {
            self.sentence(Tag::P, "notice", Key::TestBanner);
        } else {
            self.out.nothing();
        }
    }
}
