//! The readable content of a tree of elements, found as a person or a screen reader finds it: labels by their `for`,
//! hints and errors by the description of a control, values by the control's own state. A tree in which it can't be
//! found fails the test.

use std::ops::Range;

use standwith::markdown::{Block, Inline};
use standwith::markup::{END, Element, Markup, NAMES, Node, TAGS};
use standwith::text::{Key, Locale};
use standwith::view::{MAIL, NOTICE, SUMMARY, THANKS};

/// Everything visible.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    /// The language (BCP 47).
    pub(crate) lang: String,
    /// Whether it is written from right to left.
    pub(crate) right_to_left: bool,
    /// The heading.
    pub(crate) title: String,
    /// The colour of the button, as `#rrggbb`.
    pub(crate) accent: Option<String>,
    /// The count, compared with the goal.
    pub(crate) progress: Option<Progress>,
    /// The rest, which depends on the supporter's progress.
    pub(crate) screen: Screen,
}

/// The content below the heading.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Screen {
    /// The form.
    Form(Box<Form>),
    /// The receipt.
    Thanks(Box<Thanks>),
    /// A sentence, if nothing can be sent.
    Closed(String),
    /// The section on the outbox: all its texts.
    OutboxEntry(String),
}

/// The count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress {
    /// In words.
    pub(crate) text: String,
    /// The count and the goal.
    pub(crate) of_goal: Option<(i64, i64)>,
}

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    /// The campaign's picture: its address and its alternative text.
    pub(crate) picture: Option<(String, String)>,
    /// The whole story.
    pub(crate) story: Vec<Block>,
    /// The part of the story that opens on request, and the text that opens it.
    pub(crate) more: Option<(String, Vec<Block>)>,
    /// The summary of field errors.
    pub(crate) summary: Option<Summary>,
    /// Headed groups of fields.
    pub(crate) sections: Vec<Section>,
    /// The notice on data that the targets get.
    pub(crate) disclosed: String,
    /// The controller, and how long data are stored.
    pub(crate) responsible: Vec<String>,
    /// The publisher's privacy notice: text and address of the link.
    pub(crate) privacy: Option<(String, String)>,
    /// The notice about a failure.
    pub(crate) notice: Option<String>,
    /// The button's text.
    pub(crate) button: String,
    /// Whether the message is being sent.
    pub(crate) busy: bool,
    /// The message as a mail, if it is offered as one.
    pub(crate) mail: Option<MailView>,
    /// The text of the second button, which leads there.
    pub(crate) by_mail: Option<String>,
    /// The buttons with `data-act`: its value, and the text.
    pub(crate) acts: Vec<(String, String)>,
    /// The result of these buttons.
    pub(crate) done: String,
    /// The content of the live region.
    pub(crate) told: String,
}

/// The message as a mail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MailView {
    /// Heading and explanation.
    pub(crate) words: Vec<String>,
    /// Links: text and address.
    pub(crate) links: Vec<(String, String)>,
    /// The addresses.
    pub(crate) addresses: String,
    /// Buttons: action and text.
    pub(crate) buttons: Vec<(String, String)>,
    /// The result of copying.
    pub(crate) result: String,
    /// The question.
    pub(crate) question: String,
}

/// The summary of field errors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Summary {
    /// The heading.
    pub(crate) heading: String,
    /// The controls' names and their errors, in the order of the form. A name is empty if there is no control to link
    /// to.
    pub(crate) items: Vec<(String, String)>,
}

/// A headed group of fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Section {
    /// The heading; empty if the question of the only field is the heading.
    pub(crate) heading: String,
    /// The fields.
    pub(crate) fields: Vec<FieldView>,
    /// The targets in one line.
    pub(crate) to: Option<String>,
    /// The message as it would be sent: heading, subject, body. Of several messages: all headings, subjects and bodies,
    /// a blank line between them.
    pub(crate) preview: Option<[String; 3]>,
    /// The fixed text above and below the message.
    pub(crate) frame: Vec<String>,
    /// The text that opens the fields, and whether they are open.
    pub(crate) opens: Option<(String, bool)>,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldView {
    /// The control's name.
    pub(crate) name: String,
    /// The label.
    pub(crate) label: String,
    /// The hint below the label.
    pub(crate) hint: String,
    /// The error.
    pub(crate) error: String,
    /// Number of characters left.
    pub(crate) remaining: String,
    /// The organisation that a consent is given to, if it is not the publisher.
    pub(crate) given_to: String,
    /// Whether it is required.
    pub(crate) required: bool,
    /// The control.
    pub(crate) control: Control,
}

/// The kind and value of a control.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Control {
    /// A line of text.
    Line {
        /// The value.
        value: String,
        /// `type` of HTML: `text`, `email`, `tel` or `date`.
        kind: String,
        /// `inputmode` of HTML, where the type does not imply it.
        inputmode: String,
        /// `autocomplete` of HTML.
        autocomplete: String,
    },
    /// Lines of text.
    Lines {
        /// The value.
        value: String,
        /// Number of rows.
        rows: u32,
    },
    /// A country from the list of all.
    Country {
        /// Its code.
        value: String,
        /// The text while none is chosen.
        prompt: String,
    },
    /// One of several options.
    One {
        /// The id of the chosen one.
        value: String,
        /// The text while none is chosen.
        prompt: String,
        /// Ids and labels.
        options: Vec<(String, String)>,
    },
    /// Boxes, of which some may be ticked.
    Boxes(Vec<Choice>),
    /// A single box with its label.
    Tick {
        /// Whether it is ticked.
        ticked: bool,
    },
    /// A list to read, without a control.
    List(Vec<(String, String)>),
}

impl Control {
    /// Its value, or the values that are ticked.
    pub(crate) fn value(self) -> String {
        match self {
            Control::Line { value, .. }
            | Control::Lines { value, .. }
            | Control::Country { value, .. }
            | Control::One { value, .. } => value,
            Control::Boxes(choices) => {
                let ticked = choices.into_iter().filter(|choice| choice.ticked);
                ticked.map(|choice| choice.value).collect::<Vec<_>>().join(" ")
            }
            Control::Tick { ticked } => if ticked { "on" } else { "" }.to_owned(),
            Control::List(_) => String::new(),
        }
    }
}

/// One of several boxes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Its value.
    pub(crate) value: String,
    /// Its label.
    pub(crate) label: String,
    /// Further text.
    pub(crate) detail: String,
    /// Whether it is ticked.
    pub(crate) ticked: bool,
}

/// The view after sending.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Thanks {
    /// The heading.
    pub(crate) heading: String,
    /// The status of the action.
    pub(crate) status: String,
    /// The campaign's own words.
    pub(crate) words: Vec<Block>,
    /// The label of the receipt's number, and the number.
    pub(crate) number: (String, String),
    /// The purpose of the number.
    pub(crate) keep: String,
    /// The signed receipt to download: text of the link, and the receipt.
    pub(crate) download: Option<(String, String)>,
    /// How to verify it: heading and explanation.
    pub(crate) check: Option<(String, Vec<String>)>,
    /// How to withdraw.
    pub(crate) withdraw: Option<String>,
    /// Ways to share.
    pub(crate) share: ShareView,
    /// The next step: text and address of the link.
    pub(crate) next: Option<(String, String)>,
}

/// Ways to share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShareView {
    /// The heading.
    pub(crate) heading: String,
    /// Links: channel, text and address.
    pub(crate) links: Vec<(String, String, String)>,
    /// Buttons: channel and text.
    pub(crate) buttons: Vec<(String, String)>,
    /// The result of copying.
    pub(crate) result: String,
}

/// The root of a whole markup.
pub(crate) fn root(markup: &Markup) -> Element {
    match markup.tree() {
        Node::Element(root) => root,
        other => panic!("no element but {other:?} in {}", markup.as_str()),
    }
}

/// The whole text of an element.
pub(crate) fn words(element: &Element) -> String {
    let said = element.children.iter().map(|node| match node {
        Node::Nothing => String::new(),
        Node::Text(text) => text.clone(),
        Node::Element(element) => words(element),
    });
    said.collect()
}

/// An element and all its descendants, from top to bottom.
fn all(element: &Element) -> Vec<&Element> {
    fn walk<'a>(element: &'a Element, found: &mut Vec<&'a Element>) {
        found.push(element);
        inside(element).for_each(|element| walk(element, found));
    }
    let mut found = Vec::new();
    walk(element, &mut found);
    found
}

/// The child elements.
fn inside(element: &Element) -> impl Iterator<Item = &Element> {
    element.children.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        _ => None,
    })
}

/// The child texts.
fn texts(element: &Element) -> impl Iterator<Item = &str> {
    element.children.iter().filter_map(|node| match node {
        Node::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

fn is(element: &Element, attribute: &str, value: &str) -> bool {
    element.attribute(attribute) == Some(value)
}

fn value(element: &Element, attribute: &str) -> String {
    element.attribute(attribute).unwrap_or_default().to_owned()
}

/// The only one of these elements that matches, if any.
#[track_caller]
fn only<'a>(among: &[&'a Element], fits: impl Fn(&Element) -> bool) -> Option<&'a Element> {
    let mut fitting = among.iter().filter(|element| fits(element));
    let found = fitting.next();
    assert_eq!(fitting.next(), None, "two elements match");
    found.copied()
}

#[track_caller]
fn by_tag<'a>(element: &'a Element, tag: &str) -> &'a Element {
    only(&all(element), |e| e.tag == tag).unwrap_or_else(|| panic!("no {tag} in {element:?}"))
}

/// Text and address of a link.
fn link(element: &Element) -> (String, String) {
    (words(element), value(element, "href"))
}

/// Reads everything visible.
pub(crate) fn view(markup: &Markup, locale: &Locale) -> View {
    let root = root(markup);
    let page = Page { all: all(&root), locale };
    let heading = page.all.iter().find(|e| e.tag == "h2").unwrap();
    let thanks = page.all.iter().find(|e| is(e, "class", "thanks"));
    let form = page.all.iter().find(|e| e.tag == "form");
    View {
        lang: value(&root, "lang"),
        right_to_left: is(&root, "dir", "rtl"),
        title: words(heading),
        accent: root.attribute("accent").map(str::to_owned),
        // A count that is not known yet has a reserved place without text.
        progress: only(&page.all, |e| is(e, "part", "progress"))
            .filter(|e| e.attribute("aria-hidden").is_none())
            .map(progress),
        screen: match (thanks, form) {
            (Some(thanks), None) => Screen::Thanks(Box::new(page.thanks(thanks))),
            (None, Some(form)) => Screen::Form(Box::new(page.form(form))),
            (None, None) if page.all.iter().any(|e| is(e, "class", "kept")) => {
                let kept = page.all.iter().find(|e| is(e, "class", "kept")).unwrap();
                Screen::OutboxEntry(words(kept))
            }
            (None, None) => {
                let sentence = inside(&root).find(|e| is(e, "class", "notice")).unwrap();
                Screen::Closed(words(sentence))
            }
            (Some(_), Some(_)) => panic!("form and thanks at once"),
        },
    }
}

fn progress(element: &Element) -> Progress {
    let all = all(element);
    let number = |bar: &Element, name: &str| bar.attribute(name).unwrap().parse().unwrap();
    Progress {
        text: words(only(&all, |e| is(e, "role", "status")).unwrap()),
        of_goal: only(&all, |e| e.tag == "progress")
            .map(|bar| (number(bar, "value"), number(bar, "max"))),
    }
}

/// The blocks of a text of the campaign.
fn story(element: &Element) -> Vec<Block> {
    let inlines = |element: &Element| -> Vec<Inline> {
        let inline = |node: &Node| match node {
            Node::Text(text) => Inline::Text(text.clone()),
            Node::Element(e) => match e.tag {
                "strong" => Inline::Strong(words(e)),
                "em" => Inline::Emphasis(words(e)),
                "a" => Inline::Link { text: words(e), address: value(e, "href") },
                other => panic!("{other} in a story"),
            },
            Node::Nothing => panic!("a hole in a story"),
        };
        element.children.iter().map(inline).collect()
    };
    let block = |element: &Element| match element.tag {
        "h3" => Block::Heading(inlines(element)),
        "p" => Block::Paragraph(inlines(element)),
        "ul" => Block::List(inside(element).map(inlines).collect()),
        other => panic!("{other} in a story"),
    };
    inside(element).filter(|e| e.tag != "summary").map(block).collect()
}

/// A story of which a part may open on request: all of its blocks, and the summary with the hidden blocks.
fn folding_story(element: &Element) -> (Vec<Block>, Option<(String, Vec<Block>)>) {
    let mut shown = element.clone();
    let Some(Node::Element(last)) = shown.children.last() else { return (story(&shown), None) };
    if last.tag != "details" {
        return (story(&shown), None);
    }
    assert_eq!(last.attributes, [], "it is closed at first");
    let more = (words(summary_of(last)), story(last));
    shown.children.pop();
    let all = [story(&shown), more.1.clone()].concat();
    (all, Some(more))
}

/// The summary of a `details`: its first child.
fn summary_of(details: &Element) -> &Element {
    let first = inside(details).next().unwrap();
    assert_eq!(first.tag, "summary");
    assert!(!words(first).trim().is_empty());
    first
}

/// A page: all of its elements and its language.
struct Page<'a> {
    all: Vec<&'a Element>,
    locale: &'a Locale,
}

impl<'a> Page<'a> {
    #[track_caller]
    fn by_id(&self, id: &str) -> &'a Element {
        only(&self.all, |e| is(e, "id", id)).unwrap_or_else(|| panic!("no element has the id {id}"))
    }

    /// The text of the elements whose ids are in this attribute of an element.
    #[track_caller]
    fn said_by(&self, element: &Element, attribute: &str) -> String {
        let ids = value(element, attribute);
        ids.split_whitespace().map(|id| words(self.by_id(id))).collect()
    }

    fn form(&self, form: &'a Element) -> Form {
        let within = all(form);
        let button = only(&within, |e| is(e, "type", "submit")).unwrap();
        let privacy = only(&within, |e| is(e, "class", "privacy")).unwrap();
        let alert = |e: &Element| words(only(&all(e), |e| is(e, "role", "alert")).unwrap());
        let hint = only(&all(privacy), |e| is(e, "class", "hint")).unwrap();
        let story = only(&within, |e| is(e, "class", "story")).map(folding_story);
        let (story, more) = story.unwrap_or_default();
        Form {
            picture: only(&within, |e| is(e, "class", "picture"))
                .map(|e| (value(e, "src"), value(e, "alt"))),
            story,
            more,
            summary: only(&within, |e| is(e, "id", SUMMARY)).map(|e| self.summary(e)),
            sections: within
                .iter()
                .filter(|e| e.tag == "section")
                .map(|section| self.section(section))
                .collect(),
            disclosed: self.said_by(button, "aria-describedby"),
            responsible: texts(hint).filter(|text| *text != " ").map(str::to_owned).collect(),
            privacy: inside(hint).next().map(link),
            notice: only(&within, |e| is(e, "id", NOTICE))
                .map(alert)
                .or(only(&within, |e| is(e, "id", "form-trying")).map(words)),
            button: words(button),
            busy: is(button, "aria-disabled", "true"),
            mail: only(&within, |e| is(e, "class", "mail"))
                .filter(|e| inside(e).any(|e| is(e, "id", MAIL)))
                .map(|e| self.mail(e)),
            by_mail: only(&within, |e| is(e, "data-act", "mail")).map(words),
            acts: within
                .iter()
                .filter(|e| e.attribute("data-act").is_some())
                .map(|e| (value(e, "data-act"), words(e)))
                .collect(),
            done: within
                .iter()
                .filter(|e| is(e, "class", "acts"))
                .find_map(|e| inside(e).find(|e| is(e, "role", "status")))
                .map_or_else(String::new, words),
            told: words(only(&within, |e| e.tag == "p" && is(e, "class", "hidden")).unwrap()),
        }
    }

    fn mail(&self, mail: &Element) -> MailView {
        let within = all(mail);
        let asked = only(&within, |e| is(e, "role", "group")).unwrap();
        assert!(is(self.by_id(MAIL), "tabindex", "-1"));
        let plain = |e: &&Element| ["h3", "p"].contains(&e.tag) && e.attribute("role").is_none();
        let addresses = only(&within, |e| is(e, "class", "addresses")).map(words).unwrap();
        let links = within.iter().filter(|e| e.tag == "a").map(|e| link(e));
        MailView {
            words: inside(mail).filter(plain).map(words).filter(|it| *it != addresses).collect(),
            links: links.collect(),
            buttons: within
                .iter()
                .filter(|e| e.tag == "button")
                .map(|e| (value(e, "data-act"), words(e)))
                .collect(),
            addresses,
            result: words(only(&within, |e| is(e, "role", "status")).unwrap()),
            question: self.said_by(asked, "aria-labelledby"),
        }
    }

    fn summary(&self, summary: &Element) -> Summary {
        let item = |item: &Element| match inside(item).next() {
            None => (String::new(), words(item)),
            Some(link) => {
                let name = value(link, "href");
                (name.strip_prefix('#').unwrap().to_owned(), words(link))
            }
        };
        Summary {
            heading: self.said_by(summary, "aria-labelledby"),
            items: inside(by_tag(summary, "ul")).map(item).collect(),
        }
    }

    fn section(&self, section: &'a Element) -> Section {
        let heading = inside(section).find(|e| e.tag == "h3").map(words);
        let fields = all(section).into_iter().filter(|e| is(e, "part", "field"));
        let within = all(section);
        let preview = only(&within, |e| is(e, "class", "letters")).map(|letters| {
            // It scrolls, so the keyboard must reach it; its name is that of the section.
            assert!(is(letters, "role", "group") && is(letters, "tabindex", "0"));
            assert_eq!(Some(self.said_by(letters, "aria-labelledby")), heading);
            let parts = |fits: &dyn Fn(&Element) -> bool| {
                let parts: Vec<String> = inside(letters).filter(|e| fits(e)).map(words).collect();
                parts.join("\n\n")
            };
            [
                parts(&|e| e.tag == "h3"),
                parts(&|e| is(e, "class", "subject")),
                parts(&|e| is(e, "class", "letter")),
            ]
        });
        let details = only(&within, |e| e.tag == "details");
        let about = details.into_iter().flat_map(inside);
        let frame = about.filter(|e| is(e, "class", "letter")).map(words).collect();
        let opens = details.map(|e| (words(summary_of(e)), e.attribute("open").is_some()));
        // The line is alone if there is nothing to choose; otherwise it is the summary of the choice.
        let line = only(&within, |e| is(e, "class", "to"));
        let to = line.map(|e| words(if e.tag == "details" { summary_of(e) } else { e }));
        Section {
            heading: heading.unwrap_or_default(),
            fields: fields.map(|field| self.field(field)).collect(),
            to,
            preview,
            frame,
            opens,
        }
    }

    fn field(&self, field: &'a Element) -> FieldView {
        let within = all(field);
        let controls: Vec<&Element> = within
            .iter()
            .copied()
            .filter(|e| ["input", "select", "textarea"].contains(&e.tag))
            .collect();
        let group = only(&within, |e| e.tag == "fieldset");
        // Errors and hints belong to the field's only control, or to the group of several.
        let bearer = group.unwrap_or_else(|| only(&controls, |_| true).unwrap());
        let told: Vec<&str> =
            bearer.attribute("aria-describedby").unwrap_or_default().split_whitespace().collect();
        let name = match controls.first() {
            Some(control) => value(control, "name"),
            // A list to read has no control: its name is part of the ids of its description.
            None => told[0].rsplit_once('-').unwrap().0.to_owned(),
        };
        let shown: Vec<&str> =
            within.iter().filter(|e| e.tag == "p").map(|e| e.attribute("id").unwrap()).collect();
        assert_eq!(told, shown, "{name}: `aria-describedby` lists what is shown");
        let said = |suffix: &str| {
            let id = [&name, suffix].concat();
            told.iter().find(|told| **told == id).map_or_else(String::new, |id| {
                let text = words(self.by_id(id));
                assert!(!text.is_empty(), "{id} says nothing");
                text
            })
        };
        let suffixes = ["-hint", "-error", "-remaining", "-organisation"];
        let [hint, error, remaining, given_to] = suffixes.map(said);
        let texts = [&hint, &error, &remaining, &given_to];
        assert_eq!(told.len(), texts.iter().filter(|text| !text.is_empty()).count(), "{told:?}");
        assert_eq!(is(bearer, "aria-invalid", "true"), !error.is_empty(), "{name}");
        assert_eq!(is(field, "class", "field wrong"), !error.is_empty(), "{name}");
        let label = match group {
            Some(group) => words(inside(group).find(|e| e.tag == "legend").unwrap()),
            None => self.label(bearer).0,
        };
        let optional = self.is_optional(&label);
        let required = match group {
            Some(_) => !optional,
            None => is(bearer, "aria-required", "true"),
        };
        // A consent shows the signed wording, with nothing added.
        assert!(required != optional || name.starts_with("consent_"), "{name}: {label}");
        let control = match (group, &controls[..]) {
            (Some(_), []) => {
                let item = |item: &Element| {
                    (texts_of(item), inside(item).next().map(words).unwrap_or_default())
                };
                Control::List(inside(by_tag(field, "ul")).map(item).collect())
            }
            (Some(_), boxes) => Control::Boxes(boxes.iter().map(|e| self.choice(e)).collect()),
            (None, _) => control(bearer),
        };
        FieldView { name, label, hint, error, remaining, given_to, required, control }
    }

    /// The text of a control's label, and further text.
    fn label(&self, control: &Element) -> (String, String) {
        let id = control.attribute("id").unwrap();
        let label = only(&self.all, |e| e.tag == "label" && is(e, "for", id));
        let label = label.unwrap_or_else(|| panic!("{id} without a label"));
        (texts_of(label), inside(label).next().map(words).unwrap_or_default())
    }

    fn is_optional(&self, label: &str) -> bool {
        let said = self.locale.say_with(Key::Optional, &[("label", "\0")]);
        let (before, after) = said.split_once('\0').unwrap();
        label.starts_with(before) && label.ends_with(after)
    }

    fn choice(&self, control: &Element) -> Choice {
        assert!(["checkbox", "radio"].contains(&&*value(control, "type")));
        let (label, detail) = self.label(control);
        let ticked = control.attribute("checked").is_some();
        Choice { value: value(control, "value"), label, detail, ticked }
    }

    fn thanks(&self, thanks: &'a Element) -> Thanks {
        let within = all(thanks);
        let receipt = only(&within, |e| is(e, "part", "receipt")).unwrap();
        let mut sentences = inside(receipt).filter(|e| e.tag == "p");
        let code = sentences.find_map(|sentence| inside(sentence).find(|e| e.tag == "code"));
        let number = code.map(words).unwrap_or_default();
        let check = inside(receipt).find(|e| e.tag == "details");
        let download = inside(receipt).find(|e| e.tag == "a").map(|e| {
            assert_eq!(value(e, "download"), [&number, ".receipt.jws"].concat());
            let (text, address) = link(e);
            (text, address.strip_prefix("data:application/jose,").unwrap().to_owned())
        });
        let called = inside(receipt).find_map(|e| e.children.first());
        let called = match called {
            Some(Node::Text(called)) => called,
            other => panic!("{other:?}"),
        };
        Thanks {
            heading: words(self.by_id(THANKS)),
            status: words(inside(thanks).find(|e| e.tag == "p").unwrap()),
            words: story(only(&within, |e| is(e, "class", "story")).unwrap()),
            number: (called.clone(), number),
            keep: inside(receipt).find(|e| is(e, "class", "hint")).map(words).unwrap_or_default(),
            check: check.map(|details| {
                let paragraphs = inside(details).filter(|e| e.tag == "p").map(words);
                (words(by_tag(details, "summary")), paragraphs.collect())
            }),
            withdraw: inside(receipt).filter(|e| is(e, "class", "hint")).nth(1).map(words),
            download,
            share: share(only(&within, |e| is(e, "part", "share")).unwrap()),
            next: only(&within, |e| is(e, "class", "next")).map(link),
        }
    }
}

/// The child texts as one.
fn texts_of(element: &Element) -> String {
    texts(element).collect()
}

/// A single control with its value.
fn control(element: &Element) -> Control {
    let held = value(element, "value");
    let options: Vec<(String, String)> =
        inside(element).map(|option| (value(option, "value"), words(option))).collect();
    // The state of a list is in its options too, for a page without script.
    let selected: Vec<String> = inside(element)
        .filter(|option| option.attribute("selected").is_some())
        .map(|option| value(option, "value"))
        .collect();
    match (element.tag, element.attribute("type")) {
        ("input", Some("checkbox")) => {
            Control::Tick { ticked: element.attribute("checked").is_some() }
        }
        ("input", Some(kind)) => Control::Line {
            value: held,
            kind: kind.to_owned(),
            inputmode: value(element, "inputmode"),
            autocomplete: value(element, "autocomplete"),
        },
        ("textarea", _) => {
            Control::Lines { value: held, rows: value(element, "rows").parse().unwrap() }
        }
        ("select", _) => {
            let known = options.iter().filter(|(id, _)| *id == held).map(|(id, _)| id.clone());
            assert_eq!(selected, known.collect::<Vec<_>>());
            let mut options = options.into_iter();
            let (empty, prompt) = options.next().unwrap();
            assert_eq!(empty, "");
            let options: Vec<_> = options.collect();
            match &element.countries {
                Some(chosen) => {
                    assert_eq!((chosen, &options[..]), (&held, &[][..]));
                    Control::Country { value: held, prompt }
                }
                None => Control::One { value: held, prompt, options },
            }
        }
        other => panic!("{other:?}"),
    }
}

fn share(element: &Element) -> ShareView {
    let within = all(element);
    let item = |item: &Element| {
        let (text, address) = link(by_tag(item, "a"));
        (value(item, "data-share"), text, address)
    };
    let button = |button: &Element| (value(button, "data-share"), words(button));
    ShareView {
        heading: words(by_tag(element, "h3")),
        links: inside(by_tag(element, "ul")).map(item).collect(),
        buttons: inside(element).filter(|e| e.tag == "button").map(button).collect(),
        result: words(only(&within, |e| is(e, "role", "status")).unwrap()),
    }
}

/// The state of a renderer that replaces only the regions that may have changed: the markup in pieces, each a region
/// with its number or the markup between two.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rendered(Vec<(Option<u8>, String)>);

impl Rendered {
    /// The whole markup.
    pub(crate) fn new(markup: &Markup) -> Self {
        let markup = markup.as_str();
        let mut pieces = Vec::new();
        let mut done = 0;
        for (number, part) in parts(markup) {
            pieces.push((None, markup[done..part.start].to_owned()));
            done = part.end;
            pieces.push((Some(number), markup[part].to_owned()));
        }
        pieces.push((None, markup[done..].to_owned()));
        Rendered(pieces)
    }

    /// Replaces a region, if it is on the screen.
    pub(crate) fn put(&mut self, markup: &Markup) {
        let markup = markup.as_str();
        let found = parts(markup);
        let [(number, place)] = &found[..] else {
            panic!("expected one region, without one inside it: {markup}");
        };
        if let Some((_, piece)) = self.0.iter_mut().find(|(known, _)| *known == Some(*number)) {
            markup[place.clone()].clone_into(piece);
        }
    }

    /// The numbers of the regions on the screen, from top to bottom.
    pub(crate) fn parts(&self) -> Vec<u8> {
        self.0.iter().filter_map(|(number, _)| *number).collect()
    }
}

/// The numbers and positions of all regions in a markup of one node.
fn parts(markup: &str) -> Vec<(u8, Range<usize>)> {
    let mut scan = Scan { markup, at: 0, parts: Vec::new() };
    scan.node();
    assert_eq!(scan.at, markup.len(), "one node: {markup}");
    scan.parts
}

/// Walks through a markup, and records the positions of its regions. It has its own implementation of the grammar, as a
/// check of the markup's reader.
struct Scan<'a> {
    markup: &'a str,
    at: usize,
    parts: Vec<(u8, Range<usize>)>,
}

impl Scan<'_> {
    fn peek(&self) -> u8 {
        self.markup.as_bytes()[self.at]
    }

    fn text(&mut self) {
        self.at += self.markup[self.at..].find(END).unwrap() + 1;
    }

    fn node(&mut self) {
        let number = (self.peek() == b'#').then(|| {
            self.at += 2;
            self.markup.as_bytes()[self.at - 1] - b'0'
        });
        let from = self.at;
        self.at += 1;
        match self.markup.as_bytes()[from] {
            b'.' => {}
            b'\'' => self.text(),
            tag => {
                assert!(usize::from(tag - b'0') < TAGS, "{} is no tag", tag as char);
                self.element();
            }
        }
        if let Some(number) = number {
            self.parts.push((number, from..self.at));
        }
    }

    /// The part after the tag.
    fn element(&mut self) {
        let attributes =
            |byte: u8| (TAGS..NAMES.len()).contains(&usize::from(byte.wrapping_sub(b'0')));
        while attributes(self.peek()) {
            self.at += 1;
            self.text();
        }
        while self.peek() != b'/' {
            if self.peek() == b'*' {
                self.at += 1;
                self.text();
            } else {
                self.node();
            }
        }
        self.at += 1;
    }
}
