//! View of a session as [`Markup`]: elements and texts, with labels, errors and ARIA roles and states. Renderers know
//! nothing about states, rules or catalogues. The widget applies the markup to a shadow root, the hosted page writes it
//! as HTML, so both are the same to a screen reader.
//!
//! The changing parts of a form are its [`REGIONS`], each with the facets of the session that it shows. After an event,
//! only regions with a [changed](crate::session::Dirty) facet are rendered. Tests compare the result with a full
//! rendering after every event.

mod assist;
mod consents;
mod control;
mod elements;
mod field;
mod field_errors;
mod first;
mod form;
mod header;
mod mail;
mod message;
mod outbox;
mod privacy;
mod public;
mod regions;
mod risk;
mod targets;
mod thanks;

pub use first::{first, is_first, is_first_of};
pub use regions::{REGIONS, Region};

use crate::campaign::Campaign;
use crate::language;
use crate::markup::{Attribute, Markup, Tag, html};
use crate::session::{Session, State};
use crate::text::{Key, Locale};

/// How a page without script submits the form.
#[derive(Clone, Copy, Debug)]
pub struct Posting<'a> {
    /// The address.
    pub action: &'a str,
    /// Hidden fields: names and values.
    pub hidden: &'a [(&'static str, String)],
}

// Every id that is not a control's name contains a hyphen, so it cannot collide with a field's name.
/// Id of the error summary.
pub const SUMMARY: &str = "form-summary";
/// Id of the notice.
pub const NOTICE: &str = "form-notice";
/// Id of the heading of the thanks.
pub const THANKS: &str = "form-thanks";
/// Id of a receipt that was requested.
pub const RECEIPT: &str = "form-receipt";
/// Id of the warning about the supporter's own government.
pub const OWN_GOVERNMENT: &str = "form-own-government";
/// Id of the heading of the stored message.
pub const KEPT: &str = "form-kept";
/// Id of the heading of the message.
pub(crate) const MESSAGE: &str = "form-message";
/// Id of the heading of the offered e-mail.
pub const MAIL: &str = "form-mail";

/// The whole form. `posting` is for pages without script.
pub fn whole(session: &Session, locale: &Locale, posting: Option<Posting<'_>>) -> Markup {
    let mut viewer = Viewer::new(session, locale);
    viewer.whole(posting);
    viewer.out
}

/// One region with its number.
pub fn part(session: &Session, locale: &Locale, part: Region) -> Markup {
    let mut viewer = Viewer::new(session, locale);
    viewer.numbered(part);
    viewer.out
}

struct Viewer<'a> {
    session: &'a Session,
    campaign: &'a Campaign,
    locale: &'a Locale,
    out: Markup,
    /// Whether this is for a page without script.
    posted: bool,
}

impl<'a> Viewer<'a> {
    fn new(session: &'a Session, locale: &'a Locale) -> Self {
        let out = Markup::default();
        Viewer { session, campaign: &session.config.campaign, locale, out, posted: false }
    }

    fn whole(&mut self, posting: Option<Posting<'_>>) {
        let (session, campaign) = (self.session, self.campaign);
        self.posted = posting.is_some();
        self.out.put(html!("<div class=\"standwith\">"));
        self.out.set(Attribute::Lang, &campaign.lang);
        let right_to_left = language::is_right_to_left(&campaign.lang);
        self.out.set(Attribute::Dir, if right_to_left { "rtl" } else { "ltr" });
        if let Some(accent) = &campaign.theme.accent {
            self.out.set(Attribute::Accent, accent.as_str());
        }
        self.exit();
        self.languages();
        match &session.state {
            State::Sent(sent) => self.thanks(sent),
            State::Queued(queued) => self.kept(queued.sending),
            _ => self.leaf(Tag::H2, "title", &campaign.title),
        }
        self.numbered(Region::Progress);
        match &session.state {
            State::Sent(_) | State::Queued(_) => {}
            State::NotYetOpen => {
                self.sentence(Tag::P, "notice", Key::NotYetOpen);
                self.opens_on();
            }
            State::Closed => self.sentence(Tag::P, "notice", Key::Closed),
            _ => {
                self.before_form();
                self.safety();
                self.form(posting);
            }
        }
        self.out.end();
    }

    fn numbered(&mut self, part: Region) {
        self.out.part(part as u8);
        self.part(part);
    }

    fn part(&mut self, part: Region) {
        match part {
            Region::Targets => self.targets(),
            Region::Details => {
                let campaign = self.campaign;
                self.section(Key::YourDetails);
                campaign.fields_on_screen().into_iter().for_each(|field| self.field(field));
                self.out.put(html!("</div></section>"));
            }
            Region::Consents => self.consents(),
            Region::Progress => self.progress(),
            Region::Summary => self.summary(),
            Region::Notice => self.notice(),
            Region::Button => self.button(),
            Region::Mail => self.mail(),
            Region::Status => self.status(),
            Region::OwnGovernment => self.own_government(),
            Region::Public => self.public(),
            Region::Ways => self.ways(),
            Region::Letter => self.letters(),
            Region::Message => self.message(),
            Region::Share => self.share(),
        }
    }
}
