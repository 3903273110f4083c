//! A message that the supporter sends from an own mailbox: it is judged as any other, offered as links
//! and to be copied, and signed and posted once the supporter says that it was sent.

use super::{Changes, Effect, Focus, Notice, Phase, Session, ShareResult};
use crate::action::{Action, DeliveryClaim};
use crate::mail::Mail;

/// A mail that is offered, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mailing {
    /// What is to be sent.
    pub(crate) mail: Mail,
    /// What was copied last.
    pub(crate) copying: String,
    /// What became of copying it.
    pub(crate) copied: Option<ShareResult>,
    /// Whether the supporter has just said that it was sent.
    told: bool,
}

impl Mailing {
    pub(super) fn new(mail: Mail) -> Self {
        Mailing { mail, copying: String::new(), copied: None, told: false }
    }
}

impl Session {
    /// The supporter pressed the form's button.
    pub(super) fn press(&mut self, now: i64) -> Vec<Effect> {
        if self.setting.campaign.is_only_mailed() {
            return self.offer();
        }
        self.mailing = None;
        self.submit(now)
    }

    /// The supporter pressed a button of this name.
    pub(super) fn mail_act(&mut self, act: &str) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Editing) {
            return Vec::new();
        }
        match (act, &mut self.mailing) {
            ("mail", _) if self.setting.campaign.is_mailed() => self.offer(),
            ("mail-yes", Some(mailing)) => {
                mailing.told = true;
                vec![Effect::AskTime]
            }
            ("mail-not-yet", Some(_)) => vec![Effect::Focus(Focus::Mail)],
            (_, Some(mailing)) => {
                let mail = &mailing.mail;
                mailing.copying = match act {
                    "copy-addresses" => mail.addresses(),
                    "copy-subject" => mail.subject.clone(),
                    "copy-body" => mail.body.clone(),
                    _ => return Vec::new(),
                };
                // What is told once more is heard once more.
                mailing.copied = None;
                let copy = Effect::Copy(mailing.copying.clone());
                self.changed(Changes::PROGRESS);
                vec![copy]
            }
            _ => Vec::new(),
        }
    }

    /// Judges the form, and asks the page whether the message may go.
    fn offer(&mut self) -> Vec<Effect> {
        self.notice = None;
        match self.judge() {
            Ok(action) => {
                if let Some(nudge) = self.nudge() {
                    return nudge;
                }
                self.mailing = Some(Box::new(Mailing::new(self.mail_of(&action))));
                self.mistakes.clear();
                self.changed(Changes::MISTAKES);
                self.step(Phase::Asking);
                vec![Effect::Ask]
            }
            Err(mistakes) => {
                self.mailing = None;
                self.show(mistakes)
            }
        }
    }

    fn mail_of(&self, action: &Action) -> Mail {
        Mail::of(&self.setting.campaign, action)
    }

    /// The page lets the mail go, or not.
    pub(super) fn mail_allowed(&mut self, allowed: bool) -> Vec<Effect> {
        if !allowed {
            self.mailing = None;
            return self.stop(Notice::Vetoed, "vetoed", false);
        }
        self.step(Phase::Editing);
        vec![Effect::Focus(Focus::Mail)]
    }

    /// The mail was sent, says the supporter, and this is the time.
    pub(super) fn mailed(&mut self, now: i64) -> Vec<Effect> {
        let told = self.mailing.as_mut().is_some_and(|mailing| std::mem::take(&mut mailing.told));
        if !told || !matches!(self.phase, Phase::Editing) {
            return Vec::new();
        }
        // What is signed is what was to be sent.
        if !self.is_as_offered() {
            return self.offer();
        }
        let effects = self.submit(now);
        match self.phase {
            // The page has agreed already.
            Phase::Asking => self.allowed(true),
            _ => effects,
        }
    }

    fn is_as_offered(&self) -> bool {
        let mail = self.judge().ok().map(|action| self.mail_of(&action));
        mail.as_ref() == self.mailing.as_ref().map(|mailing| &mailing.mail)
    }

    /// Takes the offer back where the form says something else by now.
    pub(super) fn keep_mail(&mut self) {
        if self.mailing.is_some() && matches!(self.phase, Phase::Editing) && !self.is_as_offered() {
            self.mailing = None;
            self.step(Phase::Editing);
        }
    }

    /// What became of copying: of a part of the mail, where one is offered.
    pub(super) fn mail_copied(&mut self, result: ShareResult) -> bool {
        let sent = matches!(self.phase, Phase::Sent(_));
        let Some(mailing) = self.mailing.as_mut().filter(|_| !sent) else {
            return false;
        };
        if !mailing.copying.is_empty() {
            mailing.copied = Some(result);
            self.changed(Changes::PROGRESS);
        }
        true
    }

    /// What the claims say of who delivers.
    pub(super) fn delivery(&self) -> Option<DeliveryClaim> {
        self.mailing.as_ref().map(|_| DeliveryClaim::MailApp)
    }

    /// The same form with a mail that is offered, or was sent.
    pub fn with_mail(mut self, mail: Mail) -> Self {
        self.mailing = Some(Box::new(Mailing::new(mail)));
        self
    }
}
