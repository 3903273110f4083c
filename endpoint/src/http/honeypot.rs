//! A field of the hosted form that people don't see and robots fill in.
//!
//! Robots that fill in everything give themselves away by it: their post is answered like one that was taken, with
//! the status of success and a page of the same kind, and nothing of it is kept. But a browser may fill it in, too,
//! whatever it is told, and then somebody's message must not be lost without a word. So that page is the form again
//! with what was typed, says that the message is not sent yet and why, and shows the field, empty. Whoever reads
//! that sends again; a robot that can read it would have left the field alone in the first place.
//!
//! Its name is one that robots look for and that no browser or password manager has anything to put into; no field
//! of a campaign can have it, for that hyphen. It is out of sight by the style alone, neither `hidden` nor of that
//! type, for which robots look; out of the order of tabs and hidden from assistive technology; and where there is
//! no style, its label says what to do.

use standwith::text::{Key, Locale};

use super::html::escape;

/// The field's name.
pub(crate) const NAME: &str = "form-website";

/// What keeps it out of sight.
pub(crate) const STYLE: &str =
    "#form-extra{position:absolute;inset-inline-start:-200vw;width:1px;height:1px;overflow:hidden}";

/// The field; out of sight, or in sight where it was filled in, and then with the reason.
pub(crate) fn html(locale: &Locale, is_seen: bool) -> String {
    let mut out = String::new();
    if is_seen {
        out.push_str("<div class=\"notice\" id=\"form-is_bot\"><p role=\"alert\">");
        escape(locale.words(Key::Trapped), &mut out);
        out.push_str("</p></div><div class=\"field\">");
    } else {
        out.push_str("<div id=\"form-extra\" aria-hidden=\"true\">");
    }
    out.push_str("<label for=\"form-website\">");
    escape(locale.words(Key::Trap), &mut out);
    out.push_str("</label><input type=\"text\" id=\"form-website\" name=\"");
    out.push_str(NAME);
    out.push_str(if is_seen {
        "\" autocomplete=\"off\" aria-describedby=\"form-is_bot\" autofocus></div>"
    } else {
        "\" autocomplete=\"off\" tabindex=\"-1\"></div>"
    });
    out
}
