//! A [`View`] as a tree of HTML elements: labels tied to controls, errors to fields, all roles and
//! states of ARIA. The widget patches a shadow root into this tree, the hosted page writes it as
//! text, so that both are the same to a screen reader.
//!
//! Every place keeps its number among its siblings: what is not there is [`Node::Nothing`]. So a
//! painter that compares place by place never takes a control away from under the person's hands.

use crate::draft::TICKED;
use crate::markdown::{Block, Inline};
use crate::view::{
    Choice, Control, FieldView, Form, Progress, Screen, Section, ShareView, Summary, Thanks, View,
};

/// A place in the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Kept free.
    Nothing,
    /// Text.
    Text(String),
    /// An element.
    Element(Element),
}

/// An element of HTML.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The name of the tag.
    pub tag: &'static str,
    /// Attributes, each name once. `value` and `checked` mean the state of a control.
    pub attributes: Vec<(&'static str, String)>,
    /// What is inside.
    pub children: Children,
}

/// What is inside an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Children {
    /// These nodes.
    Nodes(Vec<Node>),
    /// An `option` for each country, in the painter's own words and order, after an empty one that
    /// says the prompt. The country of this code is chosen.
    Countries {
        /// What the empty option says.
        prompt: String,
        /// The code.
        chosen: String,
    },
}

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
/// The id of what the targets get to know.
const DISCLOSED: &str = "form-disclosed";
/// The id of the summary's heading.
const SUMMARY_HEADING: &str = "form-summary-heading";

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// The tree of a view. `posting` is for pages without script.
pub fn tree(view: &View, posting: Option<Posting<'_>>) -> Element {
    let mut out = Builder { open: Vec::new() };
    out.begin("div");
    out.set("class", "standwith");
    out.set("lang", &view.lang);
    out.set("dir", if view.right_to_left { "rtl" } else { "ltr" });
    if let Screen::Thanks(thanks) = &view.screen {
        out.thanks(thanks);
    } else {
        out.leaf("h2", "title", &view.title);
    }
    out.progress(view.progress.as_ref());
    match &view.screen {
        Screen::Form(form) => out.form(form, posting),
        Screen::Thanks(_) => {}
        Screen::Closed(text) => out.leaf("p", "notice", text),
    }
    out.finish()
}

/// Builds the tree in the order of reading. Its methods are few and plain, and get their arguments
/// by reference: the widget pays for each call.
struct Builder {
    /// The elements that are begun and not ended, the outermost first.
    open: Vec<Element>,
}

impl Builder {
    fn begin(&mut self, tag: &'static str) {
        self.open.push(Element {
            tag,
            attributes: Vec::new(),
            children: Children::Nodes(Vec::new()),
        });
    }

    fn end(&mut self) {
        if let Some(element) = self.open.pop() {
            self.node(Node::Element(element));
        }
    }

    fn finish(mut self) -> Element {
        while self.open.len() > 1 {
            self.end();
        }
        let none = || Element {
            tag: "div",
            attributes: Vec::new(),
            children: Children::Nodes(Vec::new()),
        };
        self.open.pop().unwrap_or_else(none)
    }

    fn node(&mut self, node: Node) {
        if let Some(Element { children: Children::Nodes(nodes), .. }) = self.open.last_mut() {
            nodes.push(node);
        }
    }

    /// Sets an attribute of the innermost open element.
    fn set(&mut self, name: &'static str, value: &str) {
        if let Some(element) = self.open.last_mut() {
            element.attributes.push((name, value.to_owned()));
        }
    }

    fn set_if(&mut self, condition: bool, name: &'static str, value: &str) {
        if condition {
            self.set(name, value);
        }
    }

    fn text(&mut self, text: &str) {
        self.node(Node::Text(text.to_owned()));
    }

    fn nothing(&mut self) {
        self.node(Node::Nothing);
    }

    fn element(&mut self, tag: &'static str, inside: impl FnOnce(&mut Self)) {
        self.begin(tag);
        inside(self);
        self.end();
    }

    /// An element with a class and a text; without a class where that is empty.
    fn leaf(&mut self, tag: &'static str, class: &str, text: &str) {
        self.begin(tag);
        self.set_if(!class.is_empty(), "class", class);
        self.text(text);
        self.end();
    }

    /// A link that leaves the page, and takes nothing along.
    fn link(&mut self, class: &str, text: &str, address: &str) {
        self.begin("a");
        self.set_if(!class.is_empty(), "class", class);
        self.set("href", address);
        self.set("target", "_blank");
        self.set("rel", "noopener noreferrer");
        self.text(text);
        self.end();
    }

    fn progress(&mut self, view: Option<&Progress>) {
        let Some(view) = view else {
            return self.nothing();
        };
        self.element("div", |out| {
            out.set("class", "progress");
            out.set("part", "progress");
            out.element("p", |out| {
                out.set("role", "status");
                out.text(&view.text);
            });
            match view.of_goal {
                None => out.nothing(),
                Some((count, goal)) => out.element("progress", |out| {
                    out.set("aria-hidden", "true");
                    out.set("max", &goal.max(1).to_string());
                    out.set("value", &count.clamp(0, goal).to_string());
                }),
            }
        });
    }

    fn form(&mut self, view: &Form, posting: Option<Posting<'_>>) {
        self.element("form", |out| {
            out.set("part", "form");
            out.set("novalidate", "");
            if let Some(posting) = posting {
                out.set("method", "post");
                out.set("action", posting.action);
            }
            match &view.picture {
                None => out.nothing(),
                Some(picture) => out.element("img", |out| {
                    out.set("class", "picture");
                    out.set("src", &picture.url);
                    out.set("alt", &picture.alt);
                }),
            }
            out.story(&view.story);
            out.summary(view.summary.as_ref());
            out.element("div", |out| view.sections.iter().for_each(|section| out.section(section)));
            out.privacy(view);
            match &view.notice {
                None => out.nothing(),
                Some(notice) => out.element("div", |out| {
                    out.set("id", NOTICE);
                    out.set("class", "notice");
                    out.set("part", "error");
                    out.set("tabindex", "-1");
                    out.element("p", |out| {
                        out.set("role", "alert");
                        out.text(notice);
                    });
                }),
            }
            out.element("button", |out| {
                out.set("type", "submit");
                out.set("part", "button");
                out.set("aria-describedby", DISCLOSED);
                out.set_if(view.busy, "aria-disabled", "true");
                out.text(&view.button);
            });
            out.element("p", |out| {
                out.set("class", "hidden");
                out.set("role", "status");
                out.text(if view.busy { &view.button } else { "" });
            });
            for (name, value) in posting.map_or(&[][..], |posting| posting.hidden) {
                out.element("input", |out| {
                    out.set("type", "hidden");
                    out.set("name", name);
                    out.set("value", value);
                });
            }
        });
    }

    fn summary(&mut self, view: Option<&Summary>) {
        let Some(view) = view else {
            return self.nothing();
        };
        self.element("div", |out| {
            out.set("id", SUMMARY);
            out.set("role", "group");
            out.set("class", "summary");
            out.set("part", "summary");
            out.set("tabindex", "-1");
            out.set("aria-labelledby", SUMMARY_HEADING);
            // The alert is inside what gets the focus, so that it is told even to those who have it.
            out.element("div", |out| {
                out.set("role", "alert");
                out.element("h3", |out| {
                    out.set("id", SUMMARY_HEADING);
                    out.text(&view.heading);
                });
                out.element("ul", |out| {
                    for (name, text) in &view.items {
                        out.begin("li");
                        if name.is_empty() {
                            out.text(text);
                        } else {
                            out.element("a", |out| {
                                out.set("href", &["#", name].concat());
                                out.text(text);
                            });
                        }
                        out.end();
                    }
                });
            });
        });
    }

    fn privacy(&mut self, view: &Form) {
        self.element("div", |out| {
            out.set("class", "privacy");
            out.element("p", |out| {
                out.set("id", DISCLOSED);
                out.text(&view.disclosed);
            });
            out.element("p", |out| {
                out.set("class", "hint");
                for sentence in &view.responsible {
                    out.text(sentence);
                    out.text(" ");
                }
                if let Some((text, address)) = &view.privacy {
                    out.link("", text, address);
                }
            });
        });
    }

    fn section(&mut self, view: &Section) {
        self.element("section", |out| {
            match &*view.heading {
                "" => out.nothing(),
                heading => out.leaf("h3", "", heading),
            }
            out.element("div", |out| view.fields.iter().for_each(|field| out.field(field)));
            match &view.preview {
                None => out.nothing(),
                Some([heading, subject, body]) => out.element("details", |out| {
                    out.set("class", "preview");
                    out.leaf("summary", "", heading);
                    out.leaf("p", "subject", subject);
                    out.leaf("p", "letter", body);
                }),
            }
        });
    }

    fn field(&mut self, view: &FieldView) {
        self.begin("div");
        self.set("class", if view.error.is_empty() { "field" } else { "field wrong" });
        self.set("part", "field");
        match &view.control {
            Control::Boxes(choices) => {
                self.group(view);
                for (index, choice) in choices.iter().enumerate() {
                    self.box_of(view, index, choice);
                }
                self.end();
            }
            Control::List(items) => {
                self.group(view);
                self.element("ul", |out| {
                    for (name, detail) in items {
                        out.element("li", |out| {
                            out.text(name);
                            out.detail(detail);
                        });
                    }
                });
                self.end();
            }
            Control::Tick { ticked } => {
                self.told(view);
                self.element("div", |out| {
                    out.set("class", "box");
                    out.control("input", view);
                    out.set("type", "checkbox");
                    out.set("value", TICKED);
                    out.set_if(*ticked, "checked", "");
                    out.end();
                    out.label(view);
                });
            }
            control => {
                self.label(view);
                self.told(view);
                self.simple(view, control);
                self.told_one(view, "remaining", "hint", &view.remaining);
            }
        }
        self.end();
    }

    /// Begins a group of boxes, its question and what is told of it.
    fn group(&mut self, view: &FieldView) {
        self.begin("fieldset");
        self.state(view);
        self.element("legend", |out| {
            out.set("class", "label");
            out.set("part", "label");
            out.text(&view.label);
        });
        self.told(view);
    }

    fn simple(&mut self, view: &FieldView, control: &Control) {
        match control {
            Control::Line { value, kind, inputmode, autocomplete, fixed } => {
                self.control("input", view);
                self.set("type", kind);
                self.set_if(!inputmode.is_empty(), "inputmode", inputmode);
                self.set_if(*kind == "email", "spellcheck", "false");
                self.set("autocomplete", autocomplete);
                self.set_if(*fixed, "readonly", "");
                self.set("value", value);
            }
            Control::Lines { value, rows, fixed } => {
                self.control("textarea", view);
                self.set("rows", &rows.to_string());
                self.set_if(*fixed, "readonly", "");
                self.set("value", value);
            }
            Control::Country { value, prompt } => {
                self.control("select", view);
                self.set("autocomplete", "country");
                self.set("value", value);
                if let Some(select) = self.open.last_mut() {
                    let (prompt, chosen) = (prompt.clone(), value.clone());
                    select.children = Children::Countries { prompt, chosen };
                }
            }
            Control::One { value, prompt, options } => {
                self.control("select", view);
                self.set("value", value);
                self.option("", prompt, value);
                for (id, label) in options {
                    self.option(id, label, value);
                }
            }
            Control::Boxes(_) | Control::List(_) | Control::Tick { .. } => return,
        }
        self.end();
    }

    fn option(&mut self, id: &str, label: &str, chosen: &str) {
        self.element("option", |out| {
            out.set("value", id);
            out.set_if(id == chosen, "selected", "");
            out.text(label);
        });
    }

    /// Begins a control that bears the field's name.
    fn control(&mut self, tag: &'static str, view: &FieldView) {
        self.begin(tag);
        self.set("id", &view.name);
        self.set("name", &view.name);
        self.set("part", "input");
        // For assistive technology only: the form itself says what is missing, in its own words.
        self.set_if(view.required, "aria-required", "true");
        self.state(view);
    }

    fn label(&mut self, view: &FieldView) {
        self.element("label", |out| {
            out.set("for", &view.name);
            out.set("class", "label");
            out.set("part", "label");
            out.text(&view.label);
        });
    }

    /// Hint and error.
    fn told(&mut self, view: &FieldView) {
        self.told_one(view, "hint", "hint", &view.hint);
        self.told_one(view, "error", "error", &view.error);
    }

    fn told_one(&mut self, view: &FieldView, suffix: &str, class: &str, text: &str) {
        if text.is_empty() {
            return self.nothing();
        }
        self.element("p", |out| {
            out.set("id", &[&view.name, "-", suffix].concat());
            out.set("class", class);
            out.set_if(class == "error", "part", "error");
            out.text(text);
        });
    }

    /// Ties what is told of a field to the innermost open element.
    fn state(&mut self, view: &FieldView) {
        let mut told = String::new();
        for (text, suffix) in
            [(&view.hint, "-hint"), (&view.error, "-error"), (&view.remaining, "-remaining")]
        {
            if !text.is_empty() {
                if !told.is_empty() {
                    told.push(' ');
                }
                told.push_str(&view.name);
                told.push_str(suffix);
            }
        }
        self.set_if(!told.is_empty(), "aria-describedby", &told);
        self.set_if(!view.error.is_empty(), "aria-invalid", "true");
    }

    fn box_of(&mut self, view: &FieldView, index: usize, choice: &Choice) {
        // The first box bears the field's name, to which the summary's link leads.
        let id = match index {
            0 => view.name.clone(),
            _ => [&view.name, "-", &index.to_string()].concat(),
        };
        self.element("div", |out| {
            out.set("class", "box");
            out.element("input", |out| {
                out.set("type", "checkbox");
                out.set("id", &id);
                out.set("name", &view.name);
                out.set("part", "input");
                out.set("value", &choice.value);
                out.set_if(choice.ticked, "checked", "");
            });
            out.element("label", |out| {
                out.set("for", &id);
                out.text(&choice.label);
                out.detail(&choice.detail);
            });
        });
    }

    fn detail(&mut self, detail: &str) {
        if detail.is_empty() { self.nothing() } else { self.leaf("span", "hint", detail) }
    }

    fn thanks(&mut self, view: &Thanks) {
        self.element("div", |out| {
            out.set("class", "thanks");
            out.element("h2", |out| {
                out.set("id", THANKS);
                out.set("class", "title");
                out.set("tabindex", "-1");
                out.text(&view.heading);
            });
            out.leaf("p", "", &view.status);
            out.element("div", |out| {
                out.set("class", "receipt");
                out.set("part", "receipt");
                out.element("p", |out| {
                    out.text(&view.number.0);
                    out.text(": ");
                    out.leaf("code", "", &view.number.1);
                });
                out.leaf("p", "hint", &view.keep);
                if let Some((text, receipt)) = &view.download {
                    out.element("a", |out| {
                        out.set("href", &["data:application/jose,", receipt].concat());
                        out.set("download", &[&view.number.1, ".receipt.jws"].concat());
                        out.text(text);
                    });
                }
            });
            out.story(&view.words);
            match &view.next {
                None => out.nothing(),
                Some((text, address)) => {
                    out.element("p", |out| out.link("next", text, address));
                }
            }
            out.share(&view.share);
        });
    }

    fn share(&mut self, view: &ShareView) {
        self.element("div", |out| {
            out.set("class", "share");
            out.set("part", "share");
            out.leaf("h3", "", &view.heading);
            out.element("ul", |out| {
                for (channel, text, address) in &view.links {
                    out.element("li", |out| {
                        out.set("data-share", channel);
                        out.link("", text, address);
                    });
                }
            });
            out.element("button", |out| {
                out.set("type", "button");
                out.set("data-share", "copy");
                out.text(&view.copy);
            });
            out.element("p", |out| {
                out.set("role", "status");
                out.text(&view.result);
            });
        });
    }

    fn story(&mut self, blocks: &[Block]) {
        self.element("div", |out| {
            out.set("class", "story");
            for block in blocks {
                match block {
                    Block::Heading(inlines) => out.inlines("h3", inlines),
                    Block::Paragraph(inlines) => out.inlines("p", inlines),
                    Block::List(items) => {
                        out.element("ul", |out| {
                            items.iter().for_each(|item| out.inlines("li", item))
                        });
                    }
                }
            }
        });
    }

    fn inlines(&mut self, tag: &'static str, inlines: &[Inline]) {
        self.begin(tag);
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.text(text),
                Inline::Strong(text) => self.leaf("strong", "", text),
                Inline::Emphasis(text) => self.leaf("em", "", text),
                Inline::Link { text, address } => self.link("", text, address),
            }
        }
        self.end();
    }
}
