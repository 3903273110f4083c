//! Which exported actions are from the same person, judging by the e-mail address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use standwith::action::Claims;
use standwith::envelope::{decode, encode};

use super::unseal::Seal;
use crate::email::normal_form;
use crate::signature::brief;

/// The people of an export, identified by the normal form of their e-mail address, of which only a digest is stored.
#[derive(Default)]
pub(super) struct People {
    /// Identities of first actions, by the digest of the address.
    first: HashMap<[u8; 16], [u8; 16]>,
}

impl People {
    /// Returns the identity of the first action of the same person; `None` if this is the first. Tests, invalid
    /// actions and those still sealed are ignored: else they could replace an action that counts.
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
