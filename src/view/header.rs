//! View of the header: languages, test mode, and dates of the campaign.

use super::Viewer;
use crate::language::autonym;
use crate::markup::{Attribute, Tag, html};
use crate::session::LANGUAGE;
use crate::text::Key;

impl Viewer<'_> {
    /// Buttons for the campaign's languages. A page without script has links instead.
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

    /// The lines above the form: three places, each filled or empty.
    pub(super) fn before_form(&mut self) {
        match &self.campaign.closes {
            None => self.out.nothing(),
            // The last day that is open: if the campaign closes at midnight, the day before.
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

    /// The date on which the campaign opens.
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
