//! Delivery from the supporter's own mailbox. The message is validated, offered as links and for copying, and signed
//! and posted once the supporter confirms that it was sent.

use super::state::{Step, Submission};
use super::{Dirty, Effect, Focus, Message, Notice, Session, ShareResult, State};
use crate::action::{Action, DeliveryClaim};
use crate::draft::{TICKED, consent_name};
use crate::mail::Mail;

/// An offered e-mail and its state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mailing {
    /// The e-mail.
    pub(crate) mail: Mail,
    /// The text that was copied last.
    pub(crate) copying: String,
    /// The result of copying it.
    pub(crate) copied: Option<ShareResult>,
    /// Whether the form has changed since.
    pub(crate) outdated: bool,
    /// The message to sign after confirmation: the one that was offered.
    message: Message,
    /// Whether the supporter has just confirmed that it was sent.
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
    /// Handles the submit button.
    pub(super) fn press(&mut self, now: i64) -> Vec<Effect> {
        if self.config.campaign.is_only_mailed() {
            return self.offer();
        }
        self.entered.mailing = None;
        self.submit(now)
    }

    /// Handles a button of the offered e-mail.
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
                // Cleared, so that the same result is announced again.
                mailing.copied = None;
                let copy = Effect::Copy(mailing.copying.clone());
                self.changed(Dirty::PROGRESS);
                vec![copy]
            }
            _ => Vec::new(),
        }
    }

    /// Validates the form, and asks the page for permission.
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

    /// Handles the page's decision on the e-mail.
    pub(super) fn mail_allowed(&mut self, allowed: bool) -> Vec<Effect> {
        if !allowed {
            self.entered.mailing = None;
            return self.stop(Notice::Vetoed, "vetoed", false);
        }
        self.edit();
        vec![Effect::Focus(Focus::Mail)]
    }

    /// Signs and posts the message after the supporter's confirmation at the time `now`.
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
            // The offered message was sent. Consents that were withdrawn since are not claimed.
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
        // The page has already given permission.
        self.allowed(true)
    }

    /// Updates whether the form still matches the offered e-mail.
    pub(super) fn compare_mail(&mut self) {
        let outdated = !self.validate().is_ok_and(|action| self.is_as_offered(&action));
        if let Some(mailing) = &mut self.entered.mailing
            && std::mem::replace(&mut mailing.outdated, outdated) != outdated
        {
            self.changed(Dirty::PROGRESS);
        }
    }

    /// Whether the offered e-mail matches this action.
    fn is_as_offered(&self, action: &Action) -> bool {
        let mail = Mail::of(&self.config.campaign, action);
        self.entered.mailing.as_ref().is_some_and(|mailing| mailing.mail == mail)
    }

    /// Withdraws an e-mail that was offered in another language, because the consents now have other wordings.
    pub(super) fn withdraw_mail(&mut self) {
        if matches!(self.state, State::Editing) && self.entered.mailing.take().is_some() {
            self.edit();
        }
    }

    /// Records the result of copying a part of the offered e-mail. Returns whether one is offered.
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

    /// The same form with an e-mail that is offered, or was sent.
    pub fn with_mail(mut self, mail: Mail) -> Self {
        self.entered.mailing = Some(Box::new(Mailing::new(mail, Message::default())));
        self
    }
}
