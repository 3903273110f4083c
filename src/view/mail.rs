//! View of the delivery from the supporter's own mailbox.

use super::{MAIL, Viewer};
use crate::markup::{Attribute, Tag, html};
use crate::session::{Notice, ShareResult};
use crate::text::Key;

impl Viewer<'_> {
    pub(super) fn mail(&mut self) {
        let session = self.session;
        match &session.entered.mailing {
            Some(_) => self.mail_offered(),
            // The submit button offers the e-mail.
            None if !self.campaign.is_mailed() || self.campaign.is_only_mailed() => {
                self.out.nothing();
            }
            None => {
                self.out.put(html!("<div class=\"mail\">"));
                self.mail_button("mail", Key::MailSend);
                self.out.end();
            }
        }
    }

    fn mail_offered(&mut self) {
        let session = self.session;
        let Some(mailing) = &session.entered.mailing else { return };
        let mail = &mailing.mail;
        self.out.put(html!("<div class=\"mail\"><h3 tabindex=\"-1\">"));
        self.out.set(Attribute::Id, MAIL);
        self.say(Key::MailHeading);
        self.out.end();
        self.sentence(Tag::P, "", Key::MailHint);
        if mailing.outdated {
            self.sentence(Tag::P, "notice", Key::MailOutdated);
        } else {
            self.out.nothing();
        }
        self.sentence(Tag::P, "hint", Key::MailDisclosed);
        let mailto = mail.mailto();
        match &mailto {
            Some(address) => self.link("next", self.words(Key::MailOpen), address),
            None => self.sentence(Tag::P, "", Key::MailTooLong),
        }
        self.out.put(html!("<ul class=\"ways\">"));
        for (name, address) in mail.on_the_web() {
            self.out.begin(Tag::Li);
            let text = self.locale.say_with(Key::MailOpenIn, &[("name", name)]);
            self.link("", &text, &address);
            self.out.end();
        }
        self.out.put(html!("</ul><p class=\"addresses\">"));
        self.out.text(&mail.addresses());
        self.out.put(html!("</p><div class=\"ways\">"));
        self.mail_button("copy-addresses", Key::MailCopyAddresses);
        self.mail_button("copy-subject", Key::MailCopySubject);
        self.mail_button("copy-body", Key::MailCopyBody);
        self.out.put(html!("</div><p role=\"status\">"));
        match mailing.copied {
            None => self.out.text(""),
            Some(ShareResult::Copied) => self.say(Key::Copied),
            Some(ShareResult::NotCopied) => {
                let text = [("text", mailing.copying.as_str())];
                self.out.text(&self.locale.say_with(Key::CopyFailed, &text));
            }
        }
        self.out.put(html!(
            "</p><div class=\"asked\" role=\"group\" aria-labelledby=\"form-mail-asked\"><p id=\"form-mail-asked\">"
        ));
        self.say(Key::MailDidYouSend);
        self.out.end();
        self.mail_button(
            "mail-yes",
            match &session.notice {
                Some(Notice::Unreachable | Notice::Busy(_)) => Key::TryAgain,
                _ => Key::MailYes,
            },
        );
        self.mail_button("mail-not-yet", Key::MailNotYet);
        if mailing.outdated {
            self.mail_button("mail", Key::MailAnew);
        }
        self.out.put(html!("</div></div>"));
    }

    /// A button with this action.
    fn mail_button(&mut self, act: &str, key: Key) {
        self.out.put(html!("<button type=\"button\">"));
        self.out.set(Attribute::DataAct, act);
        self.set_if(act == "mail-yes" && self.is_busy(), Attribute::AriaDisabled, "true");
        self.say(key);
        self.out.end();
    }
}
