//! What there is to see of a session: elements with their words, labels tied to controls, errors to
//! fields, all roles and states of ARIA. Whoever paints it knows nothing of phases, rules and
//! catalogues: the widget patches a shadow root into the [`Markup`], the hosted page writes it as
//! text, so that both are the same to a screen reader.
//!
//! What changes while a form is used are its [`REGIONS`], each with the facets of the session that it
//! shows. A renderer has those made anew of which a facet [changed](crate::session::Dirty), and
//! nothing else. A test holds that this comes to the same as making everything anew.

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

pub use first::{first, is_first};
pub use regions::{REGIONS, Region};

use crate::campaign::Campaign;
use crate::language;
use crate::markup::{Attribute, Markup, Tag, html};
use crate::session::{Session, State};
use crate::text::{Key, Locale};

/// How a page without script posts the form.
#[derive(Clone, Copy, Debug)]
pub struct Posting<'a> {
    /// The address.
    pub action: &'a str,
    /// Hidden fields: names and values.
    pub hidden: &'a [(&'static str, String)],
}

// A hyphen stands in every id that is not a control's name, so that a field may have any name.
/// The id of the summary of what has to be mended.
pub const SUMMARY: &str = "form-summary";
/// The id of the notice of what went wrong.
pub const NOTICE: &str = "form-notice";
/// The id of the heading of the thanks.
pub const THANKS: &str = "form-thanks";
/// The id of a receipt that was asked for.
pub const RECEIPT: &str = "form-receipt";
/// The id of the warning of one's own authorities.
pub const OWN_GOVERNMENT: &str = "form-own-government";
/// The id of the heading of what the device keeps.
pub const KEPT: &str = "form-kept";
/// The id of the heading of the mail that is offered.
pub const MAIL: &str = "form-mail";

/// All that there is to see. `posting` is for pages without script.
pub fn whole(session: &Session, locale: &Locale, posting: Option<Posting<'_>>) -> Markup {
    let mut viewer = Viewer::new(session, locale);
    viewer.whole(posting);
    viewer.out
}

/// One part with its number, for where it is on the screen.
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
    /// Whether it is for a page without script.
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
                campaign.fields.iter().for_each(|field| self.field(field));
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
            Region::Message => self.message(),
            Region::Share => self.share(),
        }
    }

    // Words.

    // Elements.

    // The form.

    // Fields.
}
