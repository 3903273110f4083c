//! Sharing after sending.

use super::{Effect, PageEvent, Session, ShareResult, State};
use crate::campaign::Channel;

/// All channels, in their default order.
const CHANNELS: [Channel; 9] = [
    Channel::More,
    Channel::Whatsapp,
    Channel::Telegram,
    Channel::Signal,
    Channel::Bluesky,
    Channel::Facebook,
    Channel::X,
    Channel::Email,
    Channel::Copy,
];

impl Session {
    pub(super) fn share(&mut self, channel: &str) -> Vec<Effect> {
        let Some(known) = Channel::of(channel) else {
            return Vec::new();
        };
        let mut effects = vec![Effect::Tell(PageEvent::Share(channel.to_owned()))];
        match known {
            Channel::Copy | Channel::Signal => {
                if let State::Sent(sent) = &mut self.state {
                    sent.copied = known;
                }
                effects.insert(0, Effect::Copy(self.share_text(known)));
            }
            Channel::More => {
                let share = Effect::Share {
                    title: self.config.campaign.title.clone(),
                    text: self.share_words(known).to_owned(),
                    url: self.share_url().to_owned(),
                };
                effects.insert(0, share);
            }
            _ => {}
        }
        effects
    }

    /// Result of copying the text to share, and its channel.
    pub(crate) fn copied(&self) -> Option<(Channel, ShareResult)> {
        match &self.state {
            State::Sent(sent) => Some((sent.copied, sent.shared?)),
            _ => None,
        }
    }

    /// The channels that the campaign offers, in its order.
    pub(crate) fn channels(&self) -> &[Channel] {
        match &self.config.campaign.share {
            Some(share) if !share.channels.is_empty() => &share.channels,
            _ => &CHANNELS,
        }
    }

    /// Text and address to share by this channel.
    pub(crate) fn share_text(&self, channel: Channel) -> String {
        match self.share_words(channel) {
            "" => self.share_url().to_owned(),
            words => [words, "\n", self.share_url()].concat(),
        }
    }

    /// The campaign's text for this channel; empty if it has none.
    pub(crate) fn share_words(&self, channel: Channel) -> &str {
        let Some(share) = &self.config.campaign.share else {
            return "";
        };
        let texts = &share.texts;
        let own = match channel {
            Channel::Whatsapp => &texts.whatsapp,
            Channel::Telegram => &texts.telegram,
            Channel::Signal => &texts.signal,
            Channel::Bluesky => &texts.bluesky,
            Channel::X => &texts.x,
            Channel::Email => &texts.email,
            Channel::Copy => &texts.copy,
            Channel::More => &texts.more,
            Channel::Facebook => &share.text,
        };
        if own.is_empty() { &share.text } else { own }
    }

    pub(crate) fn share_url(&self) -> &str {
        match &self.config.campaign.share {
            Some(share) if !share.url.is_empty() => &share.url,
            _ => &self.config.page,
        }
    }
}
