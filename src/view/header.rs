//! What is said around the form: its languages, whether it is for a test, and when the campaign takes messages.

use super::Viewer;
use crate::language::autonym;
use crate::markup::{Attribute, Tag, html};
use crate::session::LANGUAGE;
use crate::text::Key;

impl Viewer<'_> {
    /// The campaign's languages, each by its own name. A page without script has links to pages.
    pub(super) fn languages(&mut self) {
        let languages = &self.campaign.languages.0;
        if self.posted || !self.session.lasting.hears || languages.len() < 2 {
            return self.out.nothing();
        }
        self.out.put(html!("<div class=\"acts\" role=\"group\" aria-labelledby=\"form-language\"><span class=\"hidden\" id=\"form-language\">"));
        self.say(Key::Language);
        self.out.end();
        for lang in languages {
            self.out.put(html!("<button type=\"button\">"));
            self.out.set(Attribute::DataAct, &[LANGUAGE, lang].concat());
            self.out.set(Attribute::Lang, lang);
            let is_it = *lang == self.campaign.lang;
            self.out.set(Attribute::AriaPressed, if is_it { "true" } else { "false" });
            self.out.text(autonym(lang));
            self.out.end();
        }
        self.out.put(html!("<p role=\"status\">"));
        if self.session.unspoken {
            self.say(Key::LanguageFailed);
        }
        self.out.put(html!("</p></div>"));
    }

    /// What stands above the form: three places.
    pub(super) fn before_form(&mut self) {
        match &self.campaign.closes {
            None => self.out.nothing(),
            // The last day on which it takes messages: where it closes at midnight, the one that ends.
            Some(closes) => self.dated(Key::OpenUntil, closes.seconds() - 1),
        }
        if self.session.config.test {
            self.sentence(Tag::P, "notice", Key::TestBanner);
        } else {
            self.out.nothing();
        }
        if self.session.entered.help.restored {
            self.out.put(html!("<p class=\"hint\" role=\"status\">"));
            self.say(Key::DraftRestored);
            self.out.end();
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
