//! A message as the supporter's own mail: the links with which a mail program or a mailbox on the web
//! opens it, addressed and written, for the supporter to send.

use crate::action::Action;
use crate::campaign::Campaign;
use crate::find::replace;

/// The longest `mailto:` link. Windows hands a program no more than 2,083 characters of a link, and Outlook
/// takes fewer; browsers there stop at about 2,000.
pub const LONGEST_MAILTO: usize = 1900;
/// The longest link into a mailbox on the web: many servers refuse more than 8,190 bytes in a request's
/// first line.
pub const LONGEST_WEB: usize = 8000;

/// A mail that is to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// The addresses of those who get it.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Body, its line ends LF.
    pub body: String,
}

impl Mail {
    /// The mail that says what an action says, to those to whom that says it.
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

    /// The addresses in one line.
    pub fn addresses(&self) -> String {
        self.to.join(", ")
    }

    /// The link for the supporter's mail program (RFC 6068), if no program cuts it off.
    pub fn mailto(&self) -> Option<String> {
        let link = self.mailto_of_any_length();
        (link.len() <= LONGEST_MAILTO).then_some(link)
    }

    fn mailto_of_any_length(&self) -> String {
        let mut link = "mailto:".to_owned();
        for (index, address) in self.to.iter().enumerate() {
            link.push_str(if index == 0 { "" } else { "," });
            // The one character between the two parts stands for itself (RFC 6068, section 2).
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

    /// Links to mailboxes on the web, each with its name; those only that are not too long.
    ///
    /// None of these addresses is documented by those who answer them. Gmail's and Yahoo's have stood for
    /// many years, and browsers come with forms of them; Outlook's is the one that Microsoft's own pages
    /// lead to, and is for private mailboxes; Proton's is the one with which its site offers itself to
    /// browsers for `mailto:`. Where one changes, its mailbox opens without the message: copying is there.
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

/// All but the unreserved characters of RFC 3986, as percent-encoded UTF-8; line ends as CRLF
/// (RFC 6068, section 5).
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
