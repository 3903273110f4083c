//! A message that the supporter sends from an own mailbox: it is validated as any other, offered as links
//! and to be copied, and signed and posted once the supporter says that it was sent.

use super::state::{Step, Submission};
use super::{Dirty, Effect, Focus, Message, Notice, Session, ShareResult, State};
use crate::action::{Action, DeliveryClaim};
use crate::draft::{TICKED, consent_name};
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
    /// Whether the form says something else by now.
    pub(crate) outdated: bool,
    /// What is signed once it was sent: what was offered.
    message: Message,
    /// Whether the supporter has just said that it was sent.
    told: bool,
}

impl Mailing {
    pub(super) fn new(mail: Mail, message: Message) -> Self {
        Mailing {
            mail,
            copying: String::new(),
            copied: None,
            outdated: false,
            message,
            told: false,
        }
    }
}

impl Session {
    /// The supporter pressed the form's button.
    pub(super) fn press(&mut self, now: i64) -> Vec<Effect> {
        if self.config.campaign.is_only_mailed() {
            return self.offer();
        }
        self.entered.mailing = None;
        self.submit(now)
    }

    /// The supporter pressed a button of this name.
    pub(super) fn mail_act(&mut self, act: &str) -> Vec<Effect> {
        if !matches!(self.state, State::Editing) {
            return Vec::new();
        }
        match (act, &mut self.entered.mailing) {
            ("mail", _) if self.config.campaign.is_mailed() => self.offer(),
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
                self.changed(Dirty::PROGRESS);
                vec![copy]
            }
            _ => Vec::new(),
        }
    }

    /// Validates the form, and asks the page whether the message may go.
    fn offer(&mut self) -> Vec<Effect> {
        self.notice = None;
        match self.validate() {
            Ok(action) => {
                if let Some(nudge) = self.nudge() {
                    return nudge;
                }
                let mail = Mail::of(&self.config.campaign, &action);
                let message = self.message(&action, Some(DeliveryClaim::MailApp));
                self.entered.mailing = Some(Box::new(Mailing::new(mail, message)));
                self.entered.field_errors.clear();
                self.changed(Dirty::MISTAKES.and(Dirty::PROGRESS));
                self.state = State::Submitting(Submission::begun(Step::Asking, None));
                vec![Effect::Ask]
            }
            Err(field_errors) => self.show(field_errors),
        }
    }

    /// The page lets the mail go, or not.
    pub(super) fn mail_allowed(&mut self, allowed: bool) -> Vec<Effect> {
        if !allowed {
            self.entered.mailing = None;
            return self.stop(Notice::Vetoed, "vetoed", false);
        }
        self.edit();
        vec![Effect::Focus(Focus::Mail)]
    }

    /// The mail was sent, says the supporter, and this is the time.
    pub(super) fn mailed(&mut self, now: i64) -> Vec<Effect> {
        let Some(mailing) = &mut self.entered.mailing else { return Vec::new() };
        let told = std::mem::take(&mut mailing.told);
        if !told || !matches!(self.state, State::Editing) {
            return Vec::new();
        }
        let mut message = mailing.message.clone();
        match self.validate() {
            Ok(action) if self.is_as_offered(&action) => {
                message = self.message(&action, Some(DeliveryClaim::MailApp));
            }
            // What was sent is what was offered. What is not agreed to any more is not claimed.
            _ => {
                for consent in &mut message.claims.consents {
                    consent.granted &=
                        self.entered.draft.has(&consent_name(&consent.purpose), TICKED);
                }
                message = message.saying();
            }
        }
        self.entered.field_errors.clear();
        self.ask(message, now);
        // The page has agreed already.
        self.allowed(true)
    }

    /// Looks whether the form still says what the mail says, which may be on its way.
    pub(super) fn compare_mail(&mut self) {
        let outdated = !self.validate().is_ok_and(|action| self.is_as_offered(&action));
        if let Some(mailing) = &mut self.entered.mailing
            && std::mem::replace(&mut mailing.outdated, outdated) != outdated
        {
            self.changed(Dirty::PROGRESS);
        }
    }

    /// Whether the mail that is offered says what this action says.
    fn is_as_offered(&self, action: &Action) -> bool {
        let mail = Mail::of(&self.config.campaign, action);
        self.entered.mailing.as_ref().is_some_and(|mailing| mailing.mail == mail)
    }

    /// Takes back what was offered in another language: what is agreed to has other words now.
    pub(super) fn withdraw_mail(&mut self) {
        if matches!(self.state, State::Editing) && self.entered.mailing.take().is_some() {
            self.edit();
        }
    }

    /// What became of copying: of a part of the mail, where one is offered.
    pub(super) fn mail_copied(&mut self, result: ShareResult) -> bool {
        let sent = matches!(self.state, State::Sent(_));
        let Some(mailing) = self.entered.mailing.as_mut().filter(|_| !sent) else {
            return false;
        };
        if !mailing.copying.is_empty() {
            mailing.copied = Some(result);
            self.changed(Dirty::PROGRESS);
        }
        true
    }

    /// The same form with a mail that is offered, or was sent.
    pub fn with_mail(mut self, mail: Mail) -> Self {
        self.entered.mailing = Some(Box::new(Mailing::new(mail, Message::default())));
        self
    }
}
