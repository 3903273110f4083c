//! Rules of the browser's renderer for markup (`widget/src/renderer.js`), and properties of all rendered content, with
//! any campaign file.

use std::collections::BTreeSet;

use standwith::markup::{ADDRESSES, Element, Markup, NAMES, Node, RECEIPT, TAGS, is_allowed};
use url::Url;

/// The address of a rendered form's campaign file.
const BASE: &str = "https://actions.invalid/campaigns/a.json";

/// The renderer's result for a markup: the same tree, without the addresses that it does not set.
///
/// # Errors
/// The reason why it would throw, or render something else than was written.
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
            // An address that can't be resolved stays as it is: it has no effect.
            let resolved = Url::parse(BASE).and_then(|base| base.join(value));
            *value = resolved.map_or(value.clone(), String::from);
        }
    }
    element.attributes.retain(|(name, value)| is_allowed(name, value));
    for child in &mut element.children {
        if let Node::Element(child) = child {
            paint(child)?;
        }
    }
    Ok(())
}

/// Checks that nothing in it runs script, and that no address has a scheme that is not allowed.
///
/// # Errors
/// The first violation.
pub fn harmless(element: &Element) -> Result<(), String> {
    if !NAMES[..TAGS].contains(&element.tag) {
        return Err(format!("an element {}", element.tag));
    }
    for (name, value) in &element.attributes {
        let told = || format!("{} with {name}={value:?}", element.tag);
        if name.starts_with("on") || ["style", "srcdoc", "srcset", "formaction"].contains(name) {
            return Err(told());
        }
        let address = ADDRESSES.iter().find(|(known, _)| known.name() == *name);
        let Some((_, begins)) = address.filter(|(_, begins)| !begins.is_empty()) else {
            continue;
        };
        // As a browser reads it, which ignores more characters than one would expect.
        let Ok(leads) = Url::parse(BASE).and_then(|base| base.join(value)) else {
            // An address that is invalid for the browser has no effect.
            continue;
        };
        let own = *name == "href" && value.starts_with('#');
        // A receipt is a file to save, not to open.
        let receipt =
            leads.as_str().starts_with(RECEIPT) && element.attribute("download").is_some();
        let schemes = begins.iter().filter(|begin| **begin != RECEIPT);
        let mut schemes = schemes.filter_map(|begin| begin.split_once(':')).map(|(it, _)| it);
        if !schemes.any(|scheme| scheme == leads.scheme()) && !own && !receipt {
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

/// Checks that ids are unique and that every reference to one resolves.
///
/// # Errors
/// The first violation.
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

/// All texts and attribute values of a tree.
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
