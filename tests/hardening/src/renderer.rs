//! What a renderer in the browser takes of a markup (`widget/src/renderer.js`), and what must be true of all that
//! is painted, whatever a campaign file says.

use std::collections::BTreeSet;

use standwith::markup::{Element, Markup, Node};
use url::Url;

/// Where the campaign file of a painted form came from.
const BASE: &str = "https://actions.invalid/campaigns/a.json";

/// The attributes that hold an address, and what it must begin with to be set.
const ADDRESSES: [(&str, &[&str]); 3] = [
    ("action", &[]),
    ("href", &["https://", "mailto:", "tel:", "#", "data:application/jose,"]),
    ("src", &["http:", "https:"]),
];

/// The tags of a form of ours, and nothing that runs, embeds or styles.
const TAGS: &[&str] = &[
    "a", "button", "code", "details", "div", "em", "fieldset", "form", "h2", "h3", "img", "input",
    "label", "legend", "li", "option", "p", "progress", "section", "select", "span", "strong",
    "summary", "textarea", "ul",
];

/// What the renderer makes of a markup: the same tree, without the addresses that it does not set.
///
/// # Errors
/// Why it would throw, or paint something else than was written.
pub fn painted(markup: &Markup) -> Result<Element, String> {
    match markup.tree() {
        Node::Element(mut element) => {
            paint(&mut element)?;
            Ok(element)
        }
        _ => Err(format!("no plan: {}", markup.as_str())),
    }
}

fn paint(element: &mut Element) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for (name, value) in &mut element.attributes {
        if !names.insert(*name) {
            return Err(format!("{name} twice on one {}", element.tag));
        }
        if *name == "src" {
            // An address that is none leads nowhere as it is.
            let resolved = Url::parse(BASE).and_then(|base| base.join(value));
            *value = resolved.map_or(value.clone(), String::from);
        }
    }
    element.attributes.retain(|(name, value)| {
        let safe = ADDRESSES.iter().find(|(address, _)| address == name);
        safe.is_none_or(|(_, begins)| {
            value.is_empty() && begins.is_empty() || begins.iter().any(|it| value.starts_with(it))
        })
    });
    for child in &mut element.children {
        if let Node::Element(child) = child {
            paint(child)?;
        }
    }
    Ok(())
}

/// Makes sure that nothing of this runs, and that nothing leads where it must not.
///
/// # Errors
/// What does.
pub fn harmless(element: &Element) -> Result<(), String> {
    if !TAGS.contains(&element.tag) {
        return Err(format!("an element {}", element.tag));
    }
    for (name, value) in &element.attributes {
        let told = || format!("{} with {name}={value:?}", element.tag);
        if name.starts_with("on") || ["style", "srcdoc", "srcset", "formaction"].contains(name) {
            return Err(told());
        }
        let schemes: &[&str] = match *name {
            "href" => &["https", "mailto", "tel"],
            "src" => &["http", "https"],
            _ => continue,
        };
        // As a browser reads it, which passes over more than one would think.
        let Ok(leads) = Url::parse(BASE).and_then(|base| base.join(value)) else {
            // What is no address to it leads nowhere.
            continue;
        };
        let own = *name == "href" && value.starts_with('#');
        let receipt = leads.as_str().starts_with("data:application/jose,")
            && element.attribute("download").is_some();
        if !schemes.contains(&leads.scheme()) && !own && !receipt {
            return Err(told());
        }
        let other_window = element.attribute("target").is_some();
        let rel = element.attribute("rel").unwrap_or_default();
        if other_window && !(rel.contains("noopener") && rel.contains("noreferrer")) {
            return Err(told());
        }
    }
    element.children.iter().try_for_each(|child| match child {
        Node::Element(child) => harmless(child),
        _ => Ok(()),
    })
}

/// Makes sure that every id stands once and every reference to one leads somewhere.
///
/// # Errors
/// What does not.
pub fn tied(element: &Element) -> Result<(), String> {
    let (mut ids, mut references) = (Vec::new(), Vec::new());
    gather(element, &mut ids, &mut references);
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    if distinct.len() != ids.len() {
        return Err(format!("an id twice: {ids:?}"));
    }
    references
        .iter()
        .find(|id| !distinct.contains(*id))
        .map_or(Ok(()), |id| Err(format!("no {id}")))
}

fn gather<'a>(element: &'a Element, ids: &mut Vec<&'a str>, references: &mut Vec<&'a str>) {
    for (name, value) in &element.attributes {
        match *name {
            "id" => ids.push(value),
            "for" | "aria-describedby" | "aria-labelledby" => references.extend(value.split(' ')),
            _ => {}
        }
    }
    for child in &element.children {
        if let Node::Element(child) = child {
            gather(child, ids, references);
        }
    }
}

/// All that is said in a tree, texts and attributes.
pub fn said(element: &Element) -> Vec<&str> {
    let mut said: Vec<&str> = element.attributes.iter().map(|(_, value)| value.as_str()).collect();
    for child in &element.children {
        match child {
            Node::Text(text) => said.push(text),
            Node::Element(child) => said.extend(self::said(child)),
            Node::Nothing => {}
        }
    }
    said
}
