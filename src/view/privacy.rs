//! View of the data that targets and publisher receive about the supporter.

use super::Viewer;
use crate::campaign::Disclosed;
use crate::markdown;
use crate::markup::html;
use crate::text::Key;

impl Viewer<'_> {
    pub(super) fn privacy(&mut self) {
        let (campaign, locale) = (self.campaign, self.locale);
        // Only fields of the form can be disclosed.
        let asked = campaign.delivery.disclose.iter().filter(|disclosed| match disclosed {
            Disclosed::Name => campaign.asks_for_name(),
            _ => campaign.field(disclosed.word()).is_some(),
        });
        let disclosed = asked.map(|disclosed| {
            let key = match disclosed {
                Disclosed::Name => Key::DisclosedName,
                Disclosed::Email => Key::DisclosedEmail,
                Disclosed::Phone => Key::DisclosedPhone,
                Disclosed::Country => Key::DisclosedCountry,
                Disclosed::Region => Key::DisclosedRegion,
                Disclosed::Locality => Key::DisclosedLocality,
                Disclosed::PostalCode => Key::DisclosedPostalCode,
                Disclosed::Address => Key::DisclosedAddress,
            };
            locale.words(key).to_owned()
        });
        let list = self.join(Key::ListJoin, disclosed);
        self.out.put(html!("<div class=\"privacy\"><p id=\"form-disclosed\">"));
        if campaign.is_only_mailed() {
            self.say(Key::MailDisclosed);
            self.out.end();
        } else if list.is_empty() {
            self.out.end();
        } else {
            self.tell(Key::Disclosed, 0, "list", &list);
        }
        self.out.put(html!("<p class=\"hint\">"));
        if campaign.sealing.is_some() && !self.posted {
            self.say(Key::SealedHint);
            self.out.text(" ");
        }
        let publisher = &campaign.publisher;
        if !publisher.name.is_empty() {
            let name = [("publisher", publisher.name.as_str())];
            self.out.text(&locale.say_with(Key::Responsible, &name));
            self.out.text(" ");
        }
        if let Some(days) = campaign.retention_days {
            self.out.text(&locale.say_count(Key::Retention, i64::from(days), &[]));
            self.out.text(" ");
        }
        if markdown::is_safe(&publisher.privacy_url) {
            self.link("", self.words(Key::Privacy), &publisher.privacy_url);
        }
        self.out.put(html!("</p></div>"));
    }
}
