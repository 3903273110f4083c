//! A [`View`] as a tree of HTML elements: labels tied to controls, errors to fields, all roles and
//! states of ARIA. The widget patches a shadow root into this tree, the hosted page writes it as
//! text, so that both are the same to a screen reader.
//!
//! Every place keeps its number among its siblings: what is not there is [`Node::Nothing`]. So a
//! painter that compares place by place never takes a control away from under the person's hands.

use crate::markdown::{Block, Inline};
use crate::view::{Choice, Control, FieldView, Form, Progress, Screen, Section, Thanks, View};

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

/// The id of the summary of what has to be mended.
pub const SUMMARY: &str = "summary";
/// The id of the notice of what went wrong.
pub const NOTICE: &str = "notice";
/// The id of the heading of the thanks.
pub const THANKS: &str = "thanks";

fn el(tag: &'static str) -> Element {
    Element { tag, attributes: Vec::new(), children: Children::Nodes(Vec::new()) }
}

impl Element {
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    fn with_if(self, condition: bool, name: &'static str, value: &str) -> Self {
        if condition { self.with(name, value) } else { self }
    }

    fn child(mut self, node: impl Into<Node>) -> Self {
        if let Children::Nodes(nodes) = &mut self.children {
            nodes.push(node.into());
        }
        self
    }

    fn children(self, nodes: impl IntoIterator<Item = impl Into<Node>>) -> Self {
        nodes.into_iter().fold(self, |element, node| element.child(node))
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl From<Element> for Node {
    fn from(element: Element) -> Self {
        Node::Element(element)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Node::Text(text.to_owned())
    }
}

impl From<Option<Element>> for Node {
    fn from(element: Option<Element>) -> Self {
        element.map_or(Node::Nothing, Node::Element)
    }
}

/// The tree of a view. `posting` is for pages without script.
pub fn tree(view: &View, posting: Option<Posting<'_>>) -> Element {
    let root = el("div")
        .with("class", "standwith")
        .with("lang", &*view.lang)
        .with("dir", if view.right_to_left { "rtl" } else { "ltr" });
    let heading = el("h2").with("class", "title").child(&*view.title);
    let progress = view.progress.as_ref().map(progress);
    match &view.screen {
        Screen::Form(view) => {
            root.children([Node::from(heading), progress.into(), form(view, posting).into()])
        }
        Screen::Thanks(view) => root.children([Node::from(thanks(view)), progress.into()]),
        Screen::Closed(text) => {
            let text = el("p").with("class", "notice").child(&**text);
            root.children([Node::from(heading), progress.into(), text.into()])
        }
    }
}

fn progress(view: &Progress) -> Element {
    let bar = view.of_goal.map(|(count, goal)| {
        el("progress")
            .with("aria-hidden", "true")
            .with("max", goal.max(1).to_string())
            .with("value", count.clamp(0, goal).to_string())
    });
    el("div")
        .with("class", "progress")
        .with("part", "progress")
        .child(el("p").with("role", "status").child(&*view.text))
        .child(bar)
}

fn form(view: &Form, posting: Option<Posting<'_>>) -> Element {
    let mut form = el("form").with("part", "form").with("novalidate", "");
    let mut hidden = Vec::new();
    if let Some(posting) = posting {
        form = form.with("method", "post").with("action", posting.action);
        for (name, value) in posting.hidden {
            let field = el("input").with("type", "hidden").with("name", *name);
            hidden.push(field.with("value", &**value));
        }
    }
    let picture = view.picture.as_ref().map(|picture| {
        let image = el("img").with("class", "picture").with("src", &*picture.url);
        image.with("alt", &*picture.alt)
    });
    let story = el("div").with("class", "story").children(view.story.iter().map(block));
    let summary = view.summary.as_ref().map(|summary| {
        let item = |(name, text): &(String, String)| {
            let link = el("a").with("href", ["#", name].concat()).child(&**text);
            el("li").child(link)
        };
        // The alert is inside what gets the focus, so that it is told even to those who have it.
        let alert = el("div")
            .with("role", "alert")
            .child(el("h3").with("id", "summary-heading").child(&*summary.heading))
            .child(el("ul").children(summary.items.iter().map(item)));
        el("div")
            .with("id", SUMMARY)
            .with("class", "summary")
            .with("part", "summary")
            .with("tabindex", "-1")
            .with("aria-labelledby", "summary-heading")
            .child(alert)
    });
    let notice = view.notice.as_ref().map(|notice| {
        let alert = el("p").with("role", "alert").child(&**notice);
        el("div")
            .with("id", NOTICE)
            .with("class", "notice")
            .with("part", "error")
            .with("tabindex", "-1")
            .child(alert)
    });
    form.child(picture)
        .child(story)
        .child(summary)
        .child(el("div").children(view.sections.iter().map(section)))
        .child(privacy(view))
        .child(notice)
        .child(
            el("button")
                .with("type", "submit")
                .with("part", "button")
                .with("aria-describedby", "disclosed")
                .with_if(view.busy, "aria-disabled", "true")
                .child(&*view.button),
        )
        .child(el("p").with("class", "hidden").with("role", "status").child(if view.busy {
            &*view.button
        } else {
            ""
        }))
        .children(hidden)
}

fn privacy(view: &Form) -> Element {
    let mut paragraph = el("p").with("class", "hint");
    for sentence in &view.responsible {
        paragraph = paragraph.child(&**sentence).child(" ");
    }
    if let Some((text, address)) = &view.privacy {
        paragraph = paragraph.child(link(text, address));
    }
    el("div")
        .with("class", "privacy")
        .child(el("p").with("id", "disclosed").child(&*view.disclosed))
        .child(paragraph)
}

fn section(view: &Section) -> Element {
    let preview = view.preview.as_ref().map(|[heading, subject, body]| {
        el("details")
            .with("class", "preview")
            .child(el("summary").child(&**heading))
            .child(el("p").with("class", "subject").child(&**subject))
            .child(el("p").with("class", "letter").child(&**body))
    });
    el("section")
        .child(el("h3").child(&*view.heading))
        .child(el("div").children(view.fields.iter().map(field)))
        .child(preview)
}

fn field(view: &FieldView) -> Element {
    let name = &*view.name;
    let part = |suffix: &str| [name, "-", suffix].concat();
    let text = |suffix: &str, class: &str, text: &str| {
        (!text.is_empty())
            .then(|| el("p").with("id", part(suffix)).with("class", class).child(text))
    };
    let hint = text("hint", "hint", &view.hint);
    let error = text("error", "error", &view.error).map(|error| error.with("part", "error"));
    let remaining = text("remaining", "hint", &view.remaining);
    let told = [(&view.hint, "hint"), (&view.error, "error"), (&view.remaining, "remaining")];
    let told: Vec<String> =
        told.iter().filter(|(text, _)| !text.is_empty()).map(|(_, suffix)| part(suffix)).collect();
    let (told, wrong) = (told.join(" "), !view.error.is_empty());
    let state = |element: Element| {
        element.with_if(!told.is_empty(), "aria-describedby", &told).with_if(
            wrong,
            "aria-invalid",
            "true",
        )
    };
    // For assistive technology only: the form itself says what is missing, in its own words.
    let named = |tag| {
        let element = el(tag).with("id", name).with("name", name).with("part", "input");
        state(element.with_if(view.required, "aria-required", "true"))
    };
    let label = || {
        el("label")
            .with("for", name)
            .with("class", "label")
            .with("part", "label")
            .child(&*view.label)
    };
    let group = |inside: Vec<Node>| {
        // The summary's link leads to the first box.
        state(el("fieldset"))
            .child(el("legend").with("class", "label").with("part", "label").child(&*view.label))
            .child(hint.clone())
            .child(error.clone())
            .children(inside)
    };
    let simple = |control: Element| {
        el("div")
            .child(label())
            .child(hint.clone())
            .child(error.clone())
            .child(control)
            .child(remaining.clone())
    };
    let field = match &view.control {
        Control::Line { value, kind, inputmode, autocomplete, fixed } => simple(
            named("input")
                .with("type", *kind)
                .with_if(!inputmode.is_empty(), "inputmode", inputmode)
                .with_if(*kind == "email", "spellcheck", "false")
                .with("autocomplete", *autocomplete)
                .with_if(*fixed, "readonly", "")
                .with("value", &**value),
        ),
        Control::Lines { value, rows, fixed } => simple(
            named("textarea")
                .with("rows", rows.to_string())
                .with_if(*fixed, "readonly", "")
                .with("value", &**value),
        ),
        Control::Country { value, prompt } => {
            let mut select =
                named("select").with("autocomplete", "country").with("value", &**value);
            select.children = Children::Countries { prompt: prompt.clone(), chosen: value.clone() };
            simple(select)
        }
        Control::One { value, prompt, options } => {
            let option = |id: &str, label: &str| {
                let option = el("option").with("value", id);
                option.with_if(id == value, "selected", "").child(label)
            };
            let options = options.iter().map(|(id, label)| option(id, label));
            let select = named("select").with("value", &**value).child(option("", prompt));
            simple(select.children(options))
        }
        Control::Boxes(choices) => group(
            choices.iter().enumerate().map(|(index, c)| box_of(name, index, c).into()).collect(),
        ),
        Control::Tick { ticked } => {
            let input = named("input")
                .with("type", "checkbox")
                .with("value", crate::draft::TICKED)
                .with_if(*ticked, "checked", "");
            el("div")
                .child(hint.clone())
                .child(error.clone())
                .child(el("div").with("class", "box").child(input).child(label()))
        }
        Control::List(items) => {
            let item = |(name, detail): &(String, String)| {
                el("li").child(&**name).child(detail_of(detail))
            };
            group(vec![el("ul").children(items.iter().map(item)).into()])
        }
    };
    field.with("class", if wrong { "field wrong" } else { "field" }).with("part", "field")
}

fn box_of(name: &str, index: usize, choice: &Choice) -> Element {
    // The first box bears the field's name, to which the summary's link leads.
    let id = if index == 0 { name.to_owned() } else { [name, "-", &index.to_string()].concat() };
    let label = el("label").with("for", &*id).child(&*choice.label);
    let input = el("input")
        .with("type", "checkbox")
        .with("id", id)
        .with("name", name)
        .with("part", "input")
        .with("value", &*choice.value)
        .with_if(choice.ticked, "checked", "");
    el("div").with("class", "box").child(input).child(label.child(detail_of(&choice.detail)))
}

fn detail_of(detail: &str) -> Option<Element> {
    (!detail.is_empty()).then(|| el("span").with("class", "hint").child(detail))
}

fn thanks(view: &Thanks) -> Element {
    let number = el("p")
        .child([&*view.number.0, ": "].concat().as_str())
        .child(el("code").child(&*view.number.1));
    let download = view.download.as_ref().map(|(text, receipt)| {
        el("a")
            .with("href", ["data:application/jose,", receipt].concat())
            .with("download", [&*view.number.1, ".receipt.jws"].concat())
            .child(&**text)
    });
    let share = view.share.links.iter().map(|(channel, text, address)| {
        el("li").child(link(text, address).with("data-share", *channel))
    });
    let copy = el("button").with("type", "button").with("data-share", "copy");
    let next = view
        .next
        .as_ref()
        .map(|(text, address)| el("p").child(link(text, address).with("class", "next")));
    el("div")
        .with("class", "thanks")
        .child(
            el("h2")
                .with("id", THANKS)
                .with("class", "title")
                .with("tabindex", "-1")
                .child(&*view.heading),
        )
        .child(el("p").child(&*view.status))
        .child(
            el("div")
                .with("class", "receipt")
                .with("part", "receipt")
                .child(number)
                .child(el("p").with("class", "hint").child(&*view.keep))
                .child(download),
        )
        .child(el("div").with("class", "story").children(view.words.iter().map(block)))
        .child(next)
        .child(
            el("div")
                .with("class", "share")
                .with("part", "share")
                .child(el("h3").child(&*view.share.heading))
                .child(el("ul").children(share))
                .child(copy.child(&*view.share.copy))
                .child(el("p").with("role", "status").child(&*view.share.result)),
        )
}

/// A link that leaves the page, and takes nothing along.
fn link(text: &str, address: &str) -> Element {
    el("a")
        .with("href", address)
        .with("target", "_blank")
        .with("rel", "noopener noreferrer")
        .child(text)
}

fn block(block: &Block) -> Element {
    match block {
        Block::Heading(inlines) => el("h3").children(inlines.iter().map(inline)),
        Block::Paragraph(inlines) => el("p").children(inlines.iter().map(inline)),
        Block::List(items) => {
            let item = |inlines: &Vec<Inline>| el("li").children(inlines.iter().map(inline));
            el("ul").children(items.iter().map(item))
        }
    }
}

fn inline(inline: &Inline) -> Node {
    match inline {
        Inline::Text(text) => text.as_str().into(),
        Inline::Strong(text) => el("strong").child(&**text).into(),
        Inline::Emphasis(text) => el("em").child(&**text).into(),
        Inline::Link { text, address } => link(text, address).into(),
    }
}
