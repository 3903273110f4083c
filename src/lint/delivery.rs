//! Rules for delivery, encryption and sharing.

use super::Lint;
use super::fields::is_asked;
use super::pointer::{escaped, nearest_to};
use crate::campaign::{Campaign, Channel, DeliveryMode, Disclosed, Format};
use crate::check::{LONGEST_TEXT, length};
use crate::json::Value;

/// Pointer to a private key, if the file contains one.
pub(super) const PRIVATE: &str = "/sealing/jwk/d";

impl Lint<'_> {
    pub(super) fn delivery(&mut self, campaign: &Campaign) {
        let delivery = &campaign.delivery;
        if delivery.modes.is_empty() {
            self.fault("/delivery/modes", "no way of delivery", "add \"server\"");
        }
        self.distinct("/delivery/modes", "", delivery.modes.iter().map(|mode| mode.word()));
        if delivery.modes.contains(&DeliveryMode::MailApp) && campaign.message.per_target {
            self.fault(
                "/message/per_target",
                "an own mailbox sends one message to all",
                "leave the key out, or take \"mail-app\" out of `delivery.modes`",
            );
        }
        if campaign.is_mailed() {
            for (index, target) in campaign.targets.iter().enumerate() {
                if target.email.is_empty() {
                    self.fault(
                        &format!("/targets/{index}/email"),
                        "a target without an e-mail address cannot be mailed",
                        "add `email`, or take \"mail-app\" out of `delivery.modes`",
                    );
                }
            }
        }
        self.distinct("/delivery/disclose", "", delivery.disclose.iter().map(|what| what.word()));
        // The default discloses only fields that the form has; an explicit list must name fields of the form.
        if nearest_to(self.json, "/delivery/disclose").1 {
            for (index, what) in delivery.disclose.iter().enumerate() {
                let asked = match what {
                    Disclosed::Name => {
                        ["given_name", "family_name"].iter().any(|n| is_asked(campaign, n))
                    }
                    _ => is_asked(campaign, what.word()),
                };
                if !asked {
                    self.fault(
                        &format!("/delivery/disclose/{index}"),
                        &format!("the form does not ask for \"{}\"", what.word()),
                        "take it out, or ask for it in `fields`",
                    );
                }
            }
        }
    }

    /// The key is valid, and no setting requires a server to read sealed data.
    pub(super) fn sealing(&mut self, campaign: &Campaign) {
        let Some(sealing) = &campaign.sealing else { return };
        if sealing.jwk.point().is_none() {
            self.fault(
                "/sealing/jwk",
                "no public key on P-256",
                "put here what `standwith keys seal` prints",
            );
        }
        if length(&sealing.jwk.kid) > LONGEST_TEXT {
            self.fault(
                "/sealing/jwk/kid",
                &format!("more than {LONGEST_TEXT} characters"),
                "shorten the name, or leave the key out",
            );
        }
        if campaign.endpoint.format != Format::Jws {
            self.fault(
                "/endpoint/format",
                "sealed messages go out as \"jws\" only",
                "leave the key out, or take `sealing` out",
            );
        }
        // The default is ignored in a sealed campaign; an explicit "server" would promise an impossible delivery.
        let modes = &campaign.delivery.modes;
        if let Some(index) = modes.iter().position(|mode| *mode == DeliveryMode::Server)
            && nearest_to(self.json, "/delivery/modes").1
        {
            self.fault(
                &format!("/delivery/modes/{index}"),
                "no server can deliver what is sealed",
                "take it out, and deliver what you unseal; or take `sealing` out",
            );
        }
    }

    /// The sharing channels and their texts.
    pub(super) fn share(&mut self, channels: &[Channel]) {
        if channels.is_empty() && nearest_to(self.json, "/share/channels").1 {
            self.fault(
                "/share/channels",
                "no way to pass it on",
                "name some, or leave the key out",
            );
        }
        self.distinct("/share/channels", "", channels.iter().map(|channel| channel.word()));
        let texts = self.json.get("share").and_then(|share| share.get("texts"));
        if let Some(Value::Object(texts)) = texts.map(|texts| &texts.value) {
            for text in texts {
                let pointer = format!("/share/texts/{}", escaped(&text.key));
                self.filled(&pointer, text.value.text().unwrap_or_default());
            }
        }
    }
}
