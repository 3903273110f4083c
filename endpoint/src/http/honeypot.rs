//! A field of the hosted form that people don't see and robots fill in.
//!
//! Robots that fill in everything fill in this field, too: their post is answered like an accepted one, with the status
//! of success and a page of the same kind, and is not stored. But a browser may fill it in as well, even with
//! autocomplete off, and then a message must not be lost silently. So that page is the form again with what was typed,
//! says that the message is not sent yet and why, and shows the field, empty. A person reads that and sends again; a
//! robot that could read it would not have filled in the field.
//!
//! Its name is one that robots look for and for which no browser or password manager has a value; no field of a
//! campaign can have it, because of the hyphen. It is hidden by style only, not by `hidden` or its type, which robots
//! check; it is out of the tab order and hidden from assistive technology; without style, its label says what to do.

use standwith::text::{Key, Locale};

use super::html::escape;

/// The field's name.
pub(crate) const NAME: &str = "form-website";

/// The style that hides it.
pub(crate) const STYLE: &str =
    "#form-extra{position:absolute;inset-inline-start:-200vw;width:1px;height:1px;overflow:hidden}";

/// The field: hidden, or visible with the reason if it was filled in.
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
