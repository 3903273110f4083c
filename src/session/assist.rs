//! What helps while somebody writes: the way back to the suggested text and on to another subject, a word
//! before it is sent as it is, and the e-mail address that was meant.

use super::{Dirty, Effect, Focus, Notice, Session};
use crate::campaign::Campaign;
use crate::draft::{BODY, Draft, SUBJECT, clean};
use crate::message;
use crate::suggest;

/// What a form remembers in order to help.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Help {
    /// The e-mail address that was typed, and the one that may have been meant.
    pub(crate) suggestion: Option<[String; 2]>,
    /// Own subjects and bodies that made way for others, the last of which comes back first.
    pub(crate) kept: Vec<[String; 2]>,
    /// What was done last.
    pub(crate) done: Option<Done>,
    /// Whether what the tab had kept is back.
    pub(crate) restored: bool,
    /// Whether somebody was asked for words of their own.
    pub(crate) nudged: bool,
}

/// What was done for whoever writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Done {
    /// The suggested text is back.
    Reset,
    /// The own text is back.
    Undo,
    /// Another subject is suggested.
    Subject,
}

/// The name of the field whose address may be mended.
pub(crate) const EMAIL: &str = "email";

impl Session {
    /// Somebody has done with a control.
    pub(super) fn left(&mut self, name: &str) -> Vec<Effect> {
        if name == EMAIL {
            let typed = self.entered.draft.get(EMAIL);
            let meant = suggest::address(typed).map(|meant| [typed.to_owned(), meant]);
            if self.entered.help.suggestion != meant {
                self.entered.help.suggestion = meant;
                self.changed(Dirty::DETAILS);
            }
        }
        Vec::new()
    }

    /// Whether this button is one of these.
    pub(super) fn helps(&self, what: &str) -> bool {
        ["another-subject", "reset-text", "undo-reset", "use-suggestion"].contains(&what)
    }

    /// Somebody pressed a button that helps.
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

    /// The e-mail address that may have been meant, while there is what was typed instead.
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

    /// The place of the subject among those that are suggested.
    pub(crate) fn suggested_subject(&self) -> Option<usize> {
        place_of_subject(&self.config.campaign, &self.entered.draft)
    }

    /// Whether there is a text that is the supporter's own.
    pub(crate) fn is_own(&self) -> bool {
        let campaign = &self.config.campaign;
        let unchanged = message::is_unchanged(campaign, &self.entered.draft);
        campaign.message.editable && !(unchanged && self.suggested_subject().is_some())
    }

    /// Whether there is a text to bring back.
    pub(crate) fn is_kept(&self) -> bool {
        let now = self.text();
        self.entered.help.kept.iter().any(|kept| *kept != now)
    }

    fn suggest_subject(&mut self) -> Vec<Effect> {
        let subjects = &self.config.campaign.message.subjects;
        // A subject of the supporter's own stays.
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
        // What was written meanwhile is not lost either.
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

    /// Asks once for words of the supporter's own; `None` where the message may go.
    pub(super) fn nudge(&mut self) -> Option<Vec<Effect>> {
        let campaign = &self.config.campaign;
        let asks = campaign.message.nudge && message::is_unchanged(campaign, &self.entered.draft);
        if !asks || std::mem::replace(&mut self.entered.help.nudged, true) {
            return None;
        }
        self.notice = Some(Notice::Nudge);
        self.changed(Dirty::MISTAKES);
        self.edit();
        Some(vec![Effect::Focus(Focus::Notice)])
    }
}

/// The place of what the draft has as its subject among those that the campaign suggests.
pub(super) fn place_of_subject(campaign: &Campaign, draft: &Draft) -> Option<usize> {
    let subject = clean(draft.get(SUBJECT));
    campaign.message.subjects.iter().position(|known| clean(known) == subject)
}
