//! HTML as text: the markup that the widget renders with the DOM, written out.

use standwith::markup::{Element, Node};
use standwith::view;

use crate::language::countries;

/// Writes a text escaped, for use between tags and in a quoted attribute.
pub(crate) fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
}

/// Writes a tree. `lang` is the language of the countries' names; `first` is HTML that every form begins with.
pub(crate) fn write(node: &Node, lang: &str, first: &str, out: &mut String) {
    match node {
        Node::Nothing => {}
        Node::Text(text) => escape(text, out),
        Node::Element(element) => write_element(element, lang, first, out),
    }
}

/// The name under which a button that posts the form submits its action. No field's name has a hyphen.
pub(crate) const ACT: &str = "form-act";
/// Actions of buttons that a page without script can perform by posting the form.
const POSTED: [&str; 2] = ["mail", "mail-yes"];

/// Elements at which a page opens if they are present.
const TOLD: [&str; 2] = [view::SUMMARY, view::NOTICE];

fn write_element(element: &Element, lang: &str, first: &str, out: &mut String) {
    if is_button(element) {
        if let Some(act) = element.attribute("data-act").filter(|act| POSTED.contains(act)) {
            out.push_str("<button type=\"submit\" name=\"");
            out.push_str(ACT);
            out.push_str("\" value=\"");
            out.push_str(act);
            out.push_str("\">");
            element.children.iter().for_each(|node| write(node, lang, first, out));
            out.push_str("</button>");
        }
        return;
    }
    out.push('<');
    out.push_str(element.tag);
    for (name, value) in &element.attributes {
        // In HTML's text these states are not attributes but content. And the colour is in the page's style.
        let is_inside = *name == "value" && ["textarea", "select"].contains(&element.tag);
        if is_inside || *name == "accent" {
            continue;
        }
        out.push(' ');
        out.push_str(name);
        if !value.is_empty() {
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        }
    }
    // As the renderer does: the picture's host learns neither the page's address nor a cookie.
    if element.tag == "img" {
        out.push_str(r#" referrerpolicy="no-referrer" crossorigin="anonymous""#);
    }
    // Without script nothing else moves to the message: the page would open at its beginning.
    if element.attribute("id").is_some_and(|id| TOLD.contains(&id)) {
        out.push_str(" autofocus");
    }
    out.push('>');
    if ["img", "input"].contains(&element.tag) {
        return;
    }
    if element.tag == "textarea" {
        // The parser drops one line end after the tag: without this it would drop one of the text.
        out.push('\n');
        escape(element.attribute("value").unwrap_or_default(), out);
    }
    if element.tag == "form" {
        out.push_str(first);
    }
    element.children.iter().for_each(|node| write(node, lang, first, out));
    if let Some(chosen) = &element.countries {
        countries(lang).for_each(|(code, name)| option(code, name, code == chosen, out));
    }
    out.push_str("</");
    out.push_str(element.tag);
    out.push('>');
}

fn option(value: &str, label: &str, chosen: bool, out: &mut String) {
    out.push_str("<option value=\"");
    escape(value, out);
    out.push_str(if chosen { "\" selected>" } else { "\">" });
    escape(label, out);
    out.push_str("</option>");
}

/// A button that does nothing without script, such as copying.
fn is_button(element: &Element) -> bool {
    element.tag == "button" && element.attribute("type") == Some("button")
}
