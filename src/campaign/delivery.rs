//! Where actions are posted, how they are encrypted, and how messages reach the targets.

use crate::jwk::PublicKey;
use crate::shape::{record, string_enum};

record! { read
    /// Endpoint.
    pub struct Endpoint {
        /// URL, relative to the campaign file; default `{id}/actions`.
        url: String = String::new(),
        /// Format of the request body: the signed action (`jws`), or its claims with the signed action as proof
        /// (`json`).
        format: Format = Format::Jws,
    }

    /// Encryption of actions.
    pub struct Sealing {
        /// Public key, as printed by `standwith keys seal`.
        jwk: SealingKey,
    }

    /// A public key on P-256 as a JWK (RFC 7517).
    pub struct SealingKey {
        /// Always `EC`.
        kty: String,
        /// Always `P-256`.
        crv: String,
        /// X coordinate: 32 bytes in base64url.
        x: String,
        /// Y coordinate: 32 bytes in base64url.
        y: String,
        /// Key id, sent with everything sealed to it.
        kid: String = String::new(),
    }

    /// Delivery.
    pub struct Delivery {
        /// Ways of delivery: by the endpoint (`server`), from the supporter's own mailbox (`mail-app`), or both.
        modes: Vec<DeliveryMode> = vec![DeliveryMode::Server],
        /// Data about the supporter that targets receive. The form says so beside the button.
        disclose: Vec<Disclosed> = vec![Disclosed::Name, Disclosed::Country],
    }
}

string_enum! {
    /// What is posted to the endpoint.
    pub enum Format: "\"jws\" or \"json\"" {
        /// The signed action, as a compact JWS.
        Jws = "jws",
        /// `{"action":{…},"proof":"<JWS>"}`.
        Json = "json",
    }

    /// Way in which the message reaches the targets.
    pub enum DeliveryMode: "\"server\" or \"mail-app\"" {
        /// The endpoint.
        Server = "server",
        /// The supporter, from their own mailbox.
        MailApp = "mail-app",
    }

    /// Data about the supporter that targets receive.
    pub enum Disclosed: "\"name\", \"email\", \"phone\", \"country\", \"region\", \"locality\", \"postal_code\" or \"address\"" {
        /// Given and family name.
        Name = "name",
        /// The e-mail address, to which targets can then reply.
        Email = "email",
        /// The phone number.
        Phone = "phone",
        /// The country.
        Country = "country",
        /// The region.
        Region = "region",
        /// The town.
        Locality = "locality",
        /// The postcode.
        PostalCode = "postal_code",
        /// The street address.
        Address = "address",
    }
}

impl SealingKey {
    /// The uncompressed point, as [`PublicKey::point`]; `None` for any other key.
    pub fn point(&self) -> Option<[u8; 65]> {
        let SealingKey { kty, crv, x, y, .. } = self;
        let [kty, crv, x, y] = [kty, crv, x, y].map(String::clone);
        PublicKey { kty, crv, x, y }.point()
    }
}
