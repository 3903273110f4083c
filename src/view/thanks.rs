//! View after sending: thanks, receipt, next step and sharing.

use super::{Region, Viewer};
use crate::answer::{Acceptance, Status};
use crate::campaign::Channel;
use crate::draft::clean;
use crate::mail::percent_encode;
use crate::markdown;
use crate::markup::{Attribute, RECEIPT, Tag, html};
use crate::receipt;
use crate::session::{Sent, ShareResult};
use crate::text::Key;

impl Viewer<'_> {
    pub(super) fn thanks(&mut self, sent: &Sent) {
        let (campaign, acceptance) = (self.campaign, &sent.acceptance);
        self.out.put(html!(
            "<div class=\"thanks\"><h2 class=\"title\" id=\"form-thanks\" tabindex=\"-1\">"
        ));
        self.say(Key::SentHeading);
        self.out.end();
        let status = match acceptance.status {
            _ if self.session.config.test => Key::TestSent,
            Status::Accepted | Status::Recorded if self.session.entered.mailing.is_some() => {
                Key::SentByMail
            }
            Status::Accepted => Key::SentAccepted,
            Status::Recorded => Key::SentRecorded,
            Status::AwaitingConfirmation => Key::SentAwaiting,
            Status::Unknown => Key::SentUnknown,
        };
        self.sentence(Tag::P, "", status);
        if sent.outdated {
            self.sentence(Tag::P, "notice", Key::SentAsBefore);
        } else {
            self.out.nothing();
        }
        self.numbered(Region::Share);
        self.prose(&campaign.thanks);
        match &campaign.next {
            Some(next) if markdown::is_safe(&next.url) => {
                self.out.begin(Tag::P);
                self.link("next", &next.label, &next.url);
                self.out.end();
            }
            _ => self.out.nothing(),
        }
        if self.session.shows_receipt() {
            self.receipt(acceptance);
        } else {
            self.receipt_on_request(acceptance);
        }
        self.out.end();
    }

    pub(super) fn receipt(&mut self, acceptance: &Acceptance) {
        self.out.put(html!("<div class=\"receipt\" part=\"receipt\">"));
        self.asked_for();
        self.out.begin(Tag::P);
        self.say(Key::ReceiptNumber);
        self.out.put(html!(" <code>"));
        self.out.text(&acceptance.id);
        self.out.put(html!("</code></p>"));
        let risk = self.campaign.is_at_risk();
        let keep = if risk { Key::ReceiptRisk } else { Key::ReceiptKeep };
        self.sentence(Tag::P, "hint", keep);
        if !acceptance.receipt.is_empty() {
            self.out.begin(Tag::A);
            let address = [RECEIPT, &acceptance.receipt].concat();
            self.out.set(Attribute::Href, &address);
            self.out.set(Attribute::Download, &[&acceptance.id, ".receipt.jws"].concat());
            self.say(Key::ReceiptDownload);
            self.out.end();
            self.receipt_check(&acceptance.receipt);
        }
        let publisher = self.campaign.publisher.name.as_str();
        // A test cannot be withdrawn.
        if !publisher.is_empty() && !self.session.config.test {
            let words = self.locale.say_with(Key::Withdraw, &[("publisher", publisher)]);
            self.leaf(Tag::P, "hint", &words);
        }
        self.out.end();
    }

    /// How to check the receipt, and its text for those who cannot save a file.
    fn receipt_check(&mut self, receipt: &str) {
        self.out.put(html!("<details><summary>"));
        self.say(Key::ReceiptCheck);
        self.out.end();
        if let Some(keys) = receipt::keys(receipt) {
            self.out.begin(Tag::P);
            self.say(Key::ReceiptCheckHint);
            self.out.text(" ");
            if markdown::is_safe(&keys) {
                self.link("", &keys, &keys);
            } else {
                self.leaf(Tag::Code, "", &keys);
            }
            self.out.end();
        }
        self.out.put(html!("<p><code>"));
        self.out.text(receipt);
        self.out.put(html!("</code></p></details>"));
    }

    pub(super) fn share(&mut self) {
        let session = self.session;
        self.out.put(html!("<div class=\"share\" part=\"share\"><h3>"));
        self.say(Key::ShareHeading);
        self.out.end();
        let channels = session.channels();
        // The browser's share dialog comes first, if there is one.
        if session.lasting.shares && channels.contains(&Channel::More) {
            self.sharing_button(Channel::More, Key::ShareMore);
        } else {
            self.out.nothing();
        }
        self.out.begin(Tag::Ul);
        channels.iter().for_each(|channel| self.sharing_link(*channel));
        self.out.end();
        for channel in channels {
            match channel {
                Channel::Copy => self.sharing_button(*channel, Key::ShareCopy),
                Channel::Signal => self.sharing_button(*channel, Key::ShareSignal),
                _ => {}
            }
        }
        self.out.put(html!("<p role=\"status\">"));
        match session.copied() {
            None => self.out.text(""),
            Some((_, ShareResult::Copied)) => self.say(Key::Copied),
            Some((channel, ShareResult::NotCopied)) => {
                let text = session.share_text(channel);
                self.out.text(&self.locale.say_with(Key::CopyFailed, &[("text", &text)]));
            }
        }
        self.out.put(html!("</p></div>"));
    }

    fn sharing_button(&mut self, channel: Channel, key: Key) {
        self.out.put(html!("<button type=\"button\">"));
        self.out.set(Attribute::DataShare, channel.word());
        self.say(key);
        self.out.end();
    }

    /// The link for a sharing channel, if it has an address.
    fn sharing_link(&mut self, channel: Channel) {
        let session = self.session;
        let text = percent_encode(&clean(&session.share_text(channel)));
        let words = percent_encode(&clean(session.share_words(channel)));
        let address = percent_encode(&clean(session.share_url()));
        let subject = percent_encode(&clean(&self.campaign.title));
        let (label, address) = match channel {
            Channel::Whatsapp => ("WhatsApp", ["https://wa.me/?text=", &text, "", ""]),
            Channel::Telegram => {
                ("Telegram", ["https://t.me/share/url?url=", &address, "&text=", &words])
            }
            Channel::Bluesky => {
                ("Bluesky", ["https://bsky.app/intent/compose?text=", &text, "", ""])
            }
            Channel::Facebook => {
                ("Facebook", ["https://www.facebook.com/sharer/sharer.php?u=", &address, "", ""])
            }
            Channel::X => ("X", ["https://x.com/intent/post?text=", &words, "&url=", &address]),
            Channel::Email => {
                (self.words(Key::ShareEmail), ["mailto:?subject=", &subject, "&body=", &text])
            }
            Channel::Signal | Channel::Copy | Channel::More => return,
        };
        self.out.begin(Tag::Li);
        self.out.set(Attribute::DataShare, channel.word());
        self.link("", label, &address.concat());
        self.out.end();
    }
}
