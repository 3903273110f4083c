//! A message as an e-mail that the supporter sends: links that open it in a mail program or in webmail, with recipients
//! and text filled in.

use crate::action::Action;
use crate::campaign::Campaign;
use crate::find::replace;

/// Maximum length of a `mailto:` link. Windows passes at most 2,083 characters of a link to a program, Outlook accepts
/// fewer, and browsers on Windows stop at about 2,000.
pub const LONGEST_MAILTO: usize = 1900;
/// Maximum length of a link to webmail. Many servers reject a request line of more than 8,190 bytes.
pub const LONGEST_WEB: usize = 8000;

/// An e-mail for the supporter to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Addresses of the recipients.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Body, with LF line ends.
    pub body: String,
}

impl Mail {
    /// The e-mail with the message and the targets of an action.
    pub fn of(campaign: &Campaign, action: &Action) -> Self {
        let ids = &action.targets;
        let targets = campaign.targets.iter();
        let targets = targets.filter(|it| !it.email.is_empty() && ids.contains(&it.id.0));
        Mail {
            to: targets.map(|target| target.email.clone()).collect(),
            subject: action.message.subject.clone(),
            body: action.message.body.clone(),
        }
    }

    /// The recipients' addresses in one line.
    pub fn addresses(&self) -> String {
        self.to.join(", ")
    }

    /// The `mailto:` link (RFC 6068); `None` if it is so long that programs truncate it.
    pub fn mailto(&self) -> Option<String> {
        let link = self.mailto_of_any_length();
        (link.len() <= LONGEST_MAILTO).then_some(link)
    }

    fn mailto_of_any_length(&self) -> String {
        let mut link = "mailto:".to_owned();
        for (index, address) in self.to.iter().enumerate() {
            link.push_str(if index == 0 { "" } else { "," });
            // The `@` is not encoded (RFC 6068, section 2).
            match address.rsplit_once('@') {
                Some((local, domain)) => {
                    link.push_str(&percent_encode(local));
                    link.push('@');
                    link.push_str(&percent_encode(domain));
                }
                None => link.push_str(&percent_encode(address)),
            }
        }
        let mut joint = "?";
        for (name, value) in [("subject=", &self.subject), ("body=", &self.body)] {
            if !value.is_empty() {
                link.push_str(joint);
                link.push_str(name);
                link.push_str(&percent_encode(value));
                joint = "&";
            }
        }
        link
    }

    /// Links to webmail services, each with the service's name. Links that would be too long are left out.
    ///
    /// None of these addresses is documented by its service. Gmail's and Yahoo's have worked for many years, and
    /// browsers ship with variants of them. Outlook's is the one that Microsoft's own pages link to, for private
    /// mailboxes. Proton's is the one that its site registers for `mailto:`. If an address changes, the mailbox opens
    /// without the message, and the supporter can still copy it.
    pub fn on_the_web(&self) -> impl Iterator<Item = (&'static str, String)> {
        let [to, subject, body] =
            [&self.to.join(","), &self.subject, &self.body].map(|text| percent_encode(text));
        let filled = |begin: &str, subject_is: &str| {
            [begin, "to=", &to, subject_is, &subject, "&body=", &body].concat()
        };
        let mailto = percent_encode(&self.mailto_of_any_length());
        [
            ("Gmail", filled("https://mail.google.com/mail/?view=cm&fs=1&", "&su=")),
            ("Outlook", filled("https://outlook.live.com/mail/0/deeplink/compose?", "&subject=")),
            ("Yahoo", filled("https://compose.mail.yahoo.com/?", "&subject=")),
            ("Proton", ["https://mail.proton.me/u/0/inbox#mailto=", &mailto].concat()),
        ]
        .into_iter()
        .filter(|(_, link)| link.len() <= LONGEST_WEB)
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986, as UTF-8. Line ends become CRLF (RFC 6068, section
/// 5).
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    let lines = replace(&replace(text, "\r\n", "\n"), "\r", "\n");
    for byte in replace(&lines, "\n", "\r\n").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(b"0123456789ABCDEF"[usize::from(digit)] as char);
            }
        }
    }
    encoded
}
