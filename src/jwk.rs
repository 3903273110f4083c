//! Public keys on P-256 as JWK (RFC 7517 and RFC 7518, section 6.2).

use crate::base64url::decode;
use crate::shape::record;

record! { written
    /// A public key on P-256 (RFC 7518, section 6.2). No other member is allowed.
    pub struct PublicKey {
        /// Always `EC`.
        kty: String,
        /// Always `P-256`.
        crv: String,
        /// The x coordinate: 32 bytes in base64url.
        x: String,
        /// The y coordinate: 32 bytes in base64url.
        y: String,
    }
}

impl PublicKey {
    /// Makes a key of its coordinates, each 32 bytes in base64url.
    pub fn p256(x: &str, y: &str) -> Self {
        let [kty, crv, x, y] = ["EC", "P-256", x, y].map(str::to_owned);
        PublicKey { kty, crv, x, y }
    }

    /// The uncompressed point (SEC 1, section 2.3.3): 4, x, y. `None` for any other key.
    pub fn point(&self) -> Option<[u8; 65]> {
        if self.kty != "EC" || self.crv != "P-256" {
            return None;
        }
        let mut point = [4; 65];
        for (coordinate, place) in [(&self.x, 1..33), (&self.y, 33..65)] {
            let bytes = decode(coordinate).filter(|bytes| bytes.len() == 32)?;
            point[place].copy_from_slice(&bytes);
        }
        Some(point)
    }
}
