//! View of the consents.

use super::Viewer;
use super::field::Control;
use crate::campaign::Consent;
use crate::draft::consent_name;
use crate::markup::html;
use crate::text::Key;

impl Viewer<'_> {
    pub(super) fn consents(&mut self) {
        let campaign = self.campaign;
        if !campaign.consents.iter().any(|consent| self.is_asked(consent)) {
            return self.out.nothing();
        }
        self.section(Key::Consents);
        for consent in &campaign.consents {
            if !self.is_asked(consent) {
                self.out.nothing();
                continue;
            }
            let name = consent_name(consent.purpose.as_str());
            let mut context = self.context(&name, consent.required);
            let organisation = &consent.organisation;
            context.given_to = Some(organisation).filter(|known| !known.name.is_empty());
            self.filled(&context, &Control::Tick);
        }
        self.out.put(html!("</div></section>"));
    }

    pub(super) fn is_asked(&self, consent: &Consent) -> bool {
        consent.is_asked_in(self.session.entered.draft.get("country"))
    }
}
