//! Which exported actions are of one person, as far as the address tells.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use standwith::action::Claims;
use standwith::envelope::{decode, encode};

use super::unseal::Seal;
use crate::email::normal_form;
use crate::signature::brief;

/// The people of an export. They are known by the normal form of their e-mail address, of which a digest is remembered.
#[derive(Default)]
pub(super) struct People {
    /// Identities of first actions, by the digest of the address.
    first: HashMap<[u8; 16], [u8; 16]>,
}

impl People {
    /// Returns the identity of the first action of the same person; none where this one is the first. Tests are
    /// nobody's, and so is what is sealed or does not hold: else they could take the place of what counts.
    pub(super) fn earlier(&mut self, claims: &Claims, seal: &Seal) -> Option<String> {
        let claims = match seal {
            Seal::None => claims,
            Seal::Opened { whole, errors, .. } if errors.is_empty() => whole,
            _ => return None,
        };
        let address = normal_form(&claims.person.email);
        if claims.test || address.is_empty() {
            return None;
        }
        let jti = <[u8; 16]>::try_from(decode(&claims.jti)?).ok()?;
        match self.first.entry(brief(&address)) {
            Entry::Occupied(first) => Some(encode(first.get())),
            Entry::Vacant(place) => {
                place.insert(jti);
                None
            }
        }
    }
}
