//! The consents that the form asks for.

use super::{Country, FieldId, Publisher};
use crate::shape::record;

record! { read
    /// A consent.
    pub struct Consent {
        /// Purpose of the consent, its id in actions.
        purpose: FieldId,
        /// Wording beside the checkbox. Its digest is part of the action.
        wording: String,
        /// Whether it is required for sending.
        required: bool = false,
        /// Countries whose residents are asked; all if absent.
        countries: Vec<Country> = Vec::new(),
        /// Organisation that the consent is given to, if not the publisher. Each organisation needs a consent of its
        /// own.
        organisation: Publisher = Publisher::default(),
    }
}

impl Consent {
    /// Whether people of this country (ISO 3166-1 alpha-2) are asked. Without a list, all are.
    pub fn is_asked_in(&self, country: &str) -> bool {
        self.countries.is_empty() || self.countries.iter().any(|known| known.0 == country.trim())
    }
}
