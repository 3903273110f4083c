//! Writing aids: reset to the suggested text and undo, another suggested subject, the nudge before an unchanged message
//! is sent, and a suggestion for a misspelled e-mail address.

use super::{Dirty, Effect, Focus, Notice, Session};
use crate::campaign::{Campaign, Kind};
use crate::draft::{BODY, Draft, SUBJECT, clean_as, clean_line};
use crate::message;
use crate::suggest;

/// State of the writing aids.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Help {
    /// The e-mail address that was typed, and the suggested one.
    pub(crate) suggestion: Option<[String; 2]>,
    /// Undo stack: own subjects and bodies that a reset replaced, the newest last.
    pub(crate) kept: Vec<[String; 2]>,
    /// The last action, announced to the supporter.
    pub(crate) done: Option<Done>,
    /// Whether a draft stored in the tab was restored.
    pub(crate) restored: bool,
    /// Whether the nudge was shown.
    pub(crate) nudged: bool,
}

/// An action that is announced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Done {
    /// The text was reset to the suggested one.
    Reset,
    /// The reset was undone.
    Undo,
    /// Another subject was suggested.
    Subject,
}

/// Name of the field with suggestions for misspelled addresses.
pub(crate) const EMAIL: &str = "email";

impl Session {
    /// Handles the end of input in a control.
    pub(super) fn left(&mut self, name: &str) -> Vec<Effect> {
        if name == EMAIL {
            let typed = self.entered.draft.get(EMAIL);
            let meant = suggest::address(&clean_as(Kind::Email, typed))
                .map(|meant| [typed.to_owned(), meant]);
            if self.entered.help.suggestion != meant {
                self.entered.help.suggestion = meant;
                self.changed(Dirty::DETAILS);
            }
        }
        Vec::new()
    }

    /// Whether this is the action of a button of the writing aids.
    pub(super) fn helps(&self, what: &str) -> bool {
        ["another-subject", "reset-text", "undo-reset", "use-suggestion"].contains(&what)
    }

    /// Handles a button of the writing aids.
    pub(super) fn act(&mut self, what: &str) -> Vec<Effect> {
        if !matches!(self.state(), "editing" | "sending") {
            return Vec::new();
        }
        match what {
            "another-subject" => self.suggest_subject(),
            "reset-text" => self.reset_text(),
            "undo-reset" => self.undo_reset(),
            "use-suggestion" => self.use_suggestion(),
            _ => Vec::new(),
        }
    }

    /// The suggested e-mail address, as long as the field has the value that it was made for.
    pub(crate) fn suggestion(&self) -> Option<&str> {
        let [typed, meant] = self.entered.help.suggestion.as_ref()?;
        (typed == self.entered.draft.get(EMAIL)).then_some(meant)
    }

    fn use_suggestion(&mut self) -> Vec<Effect> {
        let Some(meant) = self.suggestion().map(str::to_owned) else {
            return Vec::new();
        };
        self.entered.help.suggestion = None;
        let mut effects = self.enter(EMAIL, &meant, None);
        effects.push(Effect::Focus(Focus::Email));
        effects
    }

    fn text(&self) -> [String; 2] {
        [SUBJECT, BODY].map(|name| self.entered.draft.get(name).to_owned())
    }

    /// Index of the current subject among the suggested ones.
    pub(crate) fn suggested_subject(&self) -> Option<usize> {
        place_of_subject(&self.config.campaign, &self.entered.draft)
    }

    /// Whether the supporter has changed subject or body.
    pub(crate) fn is_own(&self) -> bool {
        let campaign = &self.config.campaign;
        let unchanged = message::is_unchanged(campaign, &self.entered.draft);
        campaign.message.editable && !(unchanged && self.suggested_subject().is_some())
    }

    /// Whether a reset can be undone.
    pub(crate) fn is_kept(&self) -> bool {
        let now = self.text();
        self.entered.help.kept.iter().any(|kept| *kept != now)
    }

    fn suggest_subject(&mut self) -> Vec<Effect> {
        let subjects = &self.config.campaign.message.subjects;
        // The supporter's own subject is not replaced.
        let Some(at) = self.suggested_subject().filter(|_| subjects.len() > 1) else {
            return Vec::new();
        };
        let next = subjects[(at + 1) % subjects.len()].clone();
        self.entered.help.done = Some(Done::Subject);
        self.enter(SUBJECT, &next, None)
    }

    fn reset_text(&mut self) -> Vec<Effect> {
        if !self.is_own() {
            return Vec::new();
        }
        let own = self.text();
        let [subject, _] = &own;
        let suggested = Draft::begun(&self.config.campaign, self.config.seed);
        let subject = match self.suggested_subject() {
            Some(_) => subject.clone(),
            None => suggested.get(SUBJECT).to_owned(),
        };
        self.entered.help.kept.retain(|kept| *kept != own);
        self.entered.help.kept.push(own);
        self.put(Done::Reset, &[subject, suggested.get(BODY).to_owned()])
    }

    fn undo_reset(&mut self) -> Vec<Effect> {
        let now = self.text();
        let Some(last) = self.entered.help.kept.iter().rposition(|kept| *kept != now) else {
            return Vec::new();
        };
        let back = self.entered.help.kept.remove(last);
        // Text written since the reset goes onto the stack as well.
        if self.is_own() && !self.entered.help.kept.contains(&now) {
            self.entered.help.kept.insert(0, now);
        }
        self.put(Done::Undo, &back)
    }

    fn put(&mut self, done: Done, [subject, body]: &[String; 2]) -> Vec<Effect> {
        self.entered.help.done = Some(done);
        let mut effects = self.enter(SUBJECT, subject, None);
        effects.append(&mut self.enter(BODY, body, None));
        effects
    }

    /// Shows the nudge once, before an unchanged message is sent; `None` if the message may be sent.
    pub(super) fn nudge(&mut self) -> Option<Vec<Effect>> {
        let campaign = &self.config.campaign;
        let asks = campaign.message.nudge && message::is_unchanged(campaign, &self.entered.draft);
        if !asks || std::mem::replace(&mut self.entered.help.nudged, true) {
            return None;
        }
        self.notice = Some(Notice::Nudge);
        self.entered.opened.push(BODY.to_owned());
        self.changed(Dirty::MISTAKES);
        self.edit();
        Some(vec![Effect::Focus(Focus::Notice)])
    }
}

/// Index of the draft's subject among the campaign's suggested ones.
pub(super) fn place_of_subject(campaign: &Campaign, draft: &Draft) -> Option<usize> {
    let subject = clean_line(draft.get(SUBJECT));
    campaign.message.subjects.iter().position(|known| clean_line(known) == subject)
}
