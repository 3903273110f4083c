//! The painter: patches a shadow root, place by place, into the tree of [`standwith::markup`], and
//! reads controls. It creates elements, attributes and text nodes, and nothing else.

use std::cell::{Cell, RefCell};

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{Document, HtmlElement, Node as DomNode, ShadowRoot};

use crate::env;
use standwith::markup::{Children, Element, Node};
use standwith::session::Event;

pub(crate) struct Page {
    document: Document,
    root: ShadowRoot,
    lang: String,
    painted: RefCell<Option<Element>>,
    /// Whether the names of all countries are wanted: they cost a slow phone 0.1 s.
    countries: Cell<bool>,
}

impl Page {
    pub(crate) fn new(document: Document, root: ShadowRoot, lang: String) -> Self {
        let (painted, countries) = (RefCell::new(None), Cell::new(false));
        Page { document, root, lang, painted, countries }
    }

    /// Makes the page what the tree says.
    pub(crate) fn paint(&self, tree: Element) {
        let before = self.painted.take();
        let place = self.root.first_child();
        match (&before, place) {
            (Some(before), Some(place)) => self.patch_element(&place, before, &tree),
            _ => {
                if let Some(node) = self.element(&tree) {
                    // A fresh element fits under any root.
                    let _ = self.root.append_child(&node);
                }
            }
        }
        self.painted.replace(Some(tree));
    }

    /// The colour of the campaign, for the style sheet.
    pub(crate) fn accent(&self, accent: &str) {
        if let Some(Ok(root)) = self.root.first_child().map(JsCast::dyn_into::<HtmlElement>) {
            let _ = root.style().set_property("--campaign-accent", accent);
        }
    }

    pub(crate) fn focus(&self, id: &str) {
        let element = self.root.get_element_by_id(id);
        if let Some(Ok(element)) = element.map(JsCast::dyn_into::<HtmlElement>) {
            // Without a rendered page there is no focus to move.
            let _ = element.focus();
        }
    }

    fn patch(&self, place: &DomNode, before: &Node, after: &Node) {
        match (before, after) {
            _ if before == after => {}
            (Node::Text(_), Node::Text(text)) => place.set_text_content(Some(text)),
            (Node::Element(before), Node::Element(after)) if before.tag == after.tag => {
                self.patch_element(place, before, after);
            }
            _ => {
                if let (Some(parent), Some(node)) = (place.parent_node(), self.node(after)) {
                    // The page may have taken the place away; then there is nothing to replace.
                    let _ = parent.replace_child(&node, place);
                }
            }
        }
    }

    fn patch_element(&self, place: &DomNode, before: &Element, after: &Element) {
        let Some(element) = place.dyn_ref::<web_sys::Element>() else {
            return;
        };
        for (name, _) in &before.attributes {
            if after.attribute(name).is_none() {
                remove(element, after.tag, name);
            }
        }
        match (&before.children, &after.children) {
            (Children::Nodes(befores), Children::Nodes(afters)) => {
                let mut place = element.first_child();
                for (index, after) in afters.iter().enumerate() {
                    match (place.take(), befores.get(index)) {
                        (Some(here), Some(before)) => {
                            place = here.next_sibling();
                            self.patch(&here, before, after);
                        }
                        (here, _) => {
                            place = here;
                            if let Some(node) = self.node(after) {
                                let _ = element.insert_before(&node, place.as_ref());
                            }
                        }
                    }
                }
                for _ in afters.len()..befores.len() {
                    if let Some(here) = place.take() {
                        place = here.next_sibling();
                        let _ = element.remove_child(&here);
                    }
                }
            }
            (_, Children::Countries { .. }) => {}
            (_, Children::Nodes(_)) => {}
        }
        for (name, value) in &after.attributes {
            set(element, after.tag, name, value, before.attribute(name));
        }
    }

    fn node(&self, node: &Node) -> Option<DomNode> {
        match node {
            // Holds the place.
            Node::Nothing => Some(self.document.create_text_node("").into()),
            Node::Text(text) => Some(self.document.create_text_node(text).into()),
            Node::Element(element) => self.element(element),
        }
    }

    fn element(&self, tree: &Element) -> Option<DomNode> {
        let element = self.document.create_element(tree.tag).ok()?;
        match &tree.children {
            Children::Nodes(nodes) => {
                for node in nodes.iter().filter_map(|node| self.node(node)) {
                    let _ = element.append_child(&node);
                }
            }
            Children::Countries { prompt, chosen } => {
                self.option(&element, "", prompt);
                if self.countries.get() {
                    self.all_countries(&element);
                } else if !chosen.is_empty() {
                    self.option(&element, chosen, chosen);
                }
            }
        }
        // After the children: a select takes only a value that it has.
        for (name, value) in &tree.attributes {
            set(&element, tree.tag, name, value, None);
        }
        Some(element.into())
    }

    fn option(&self, select: &web_sys::Element, value: &str, text: &str) {
        if let Ok(option) = self.document.create_element("option") {
            option.set_text_content(Some(text));
            let _ = option.set_attribute("value", value);
            let _ = select.append_child(&option);
        }
    }

    fn all_countries(&self, select: &web_sys::Element) {
        let countries = env::countries(&self.lang);
        while let Some(country) = countries.shift() {
            if let Some((name, code)) = country.split_once('\t') {
                self.option(select, code, name);
            }
        }
    }

    /// Fills lists of countries, the first time that they may be needed.
    pub(crate) fn fill_countries(&self) {
        if self.countries.replace(true) {
            return;
        }
        if let Ok(Some(select)) = self.root.query_selector("select[autocomplete=country]") {
            let chosen = get(&select, "value");
            while select.child_element_count() > 1 {
                select.last_element_child().inspect(|option| option.remove());
            }
            self.all_countries(&select);
            let _ = Reflect::set(&select, &"value".into(), &chosen);
        }
    }

    /// What a control says now.
    pub(crate) fn read(control: &web_sys::Element) -> Option<Event> {
        let name = control.get_attribute("name")?;
        let value = get(control, "value").as_string()?;
        Some(match control.get_attribute("type").as_deref() {
            Some("checkbox") => {
                Event::Ticked { name, value, ticked: get(control, "checked").is_truthy() }
            }
            _ => Event::Entered { name, value },
        })
    }

    /// What all controls say now: some password managers fill them without a word.
    pub(crate) fn read_all(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Ok(controls) = self.root.query_selector_all("[name]") {
            for index in 0..controls.length() {
                let control = controls.get(index).and_then(|node| node.dyn_into().ok());
                events.extend(control.and_then(|control| Page::read(&control)));
            }
        }
        events
    }
}

fn get(element: &web_sys::Element, property: &str) -> JsValue {
    Reflect::get(element, &property.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The state of a control is a property; everything else is an attribute.
fn is_state(tag: &str, name: &str, element: &web_sys::Element) -> bool {
    match name {
        "checked" => true,
        "value" => {
            matches!(tag, "textarea" | "select")
                || tag == "input" && element.get_attribute("type").as_deref() != Some("checkbox")
        }
        _ => false,
    }
}

fn set(element: &web_sys::Element, tag: &str, name: &str, value: &str, before: Option<&str>) {
    if is_state(tag, name, element) {
        let state = if name == "checked" { JsValue::TRUE } else { value.into() };
        // Setting what stands there already would move the cursor.
        if get(element, name) != state {
            let _ = Reflect::set(element, &name.into(), &state);
        }
    } else if before != Some(value) {
        let _ = element.set_attribute(name, value);
    }
}

fn remove(element: &web_sys::Element, tag: &str, name: &str) {
    if is_state(tag, name, element) {
        let none = if name == "checked" { JsValue::FALSE } else { "".into() };
        let _ = Reflect::set(element, &name.into(), &none);
    } else {
        let _ = element.remove_attribute(name);
    }
}
