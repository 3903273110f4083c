//! Markup: written markup reads back as the same tree, and invalid markup as [`Node::Nothing`].

use std::collections::BTreeSet;

use proptest::prelude::*;
use standwith::markup::{
    ADDRESSES, Attribute, END, Element, Markup, NAMES, Node, TAGS, Tag, address_patterns,
    is_allowed,
};

/// A written text as it reads back: U+FFFD replaces the character that ends texts.
fn read(text: &str) -> String {
    text.replace(END, "\u{fffd}")
}

fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

fn element(tag: &'static str, children: Vec<Node>) -> Element {
    Element { tag, attributes: Vec::new(), children, countries: None, part: None }
}

#[test]
fn no_name_stands_twice_and_all_of_them_fit() {
    let (tags, attributes) = NAMES.split_at(TAGS);
    for names in [tags, attributes] {
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        // In alphabetical order, so that a new one has its place.
        assert!(names.is_sorted(), "{names:?}");
    }
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(NAMES.iter().all(|name| !name.is_empty() && name.chars().all(letters)));
    // The codes of names run from `0` to at most `~`, below [`END`]; the codes of the structure are below `0`.
    let last = u32::from('0') + NAMES.len() as u32 - 1;
    assert!(last < u32::from(END));
    assert!(['\'', '*', '.', '/', '#'].iter().all(|sign| *sign < '0'));
}

#[test]
fn no_name_is_a_way_in() {
    for name in NAMES {
        assert!(!name.starts_with("on"), "{name}");
    }
    for name in ["script", "style", "iframe", "object", "embed", "base", "link", "srcdoc"] {
        assert!(!NAMES.contains(&name), "{name}");
    }
}

#[test]
fn an_address_may_begin_only_as_the_table_says() {
    for (name, value) in [
        ("href", "https://a.invalid/"),
        ("href", "mailto:a@a.invalid"),
        ("href", "tel:+85512345678"),
        ("href", "#email"),
        ("href", "data:application/jose,a.b.c"),
        ("src", "http://a.invalid/a.png"),
        ("src", "https://a.invalid/a.png"),
        ("action", ""),
        ("class", "javascript:"),
    ] {
        assert!(is_allowed(name, value), "{name}={value}");
    }
    for (name, value) in [
        ("href", ""),
        ("href", "http://a.invalid/"),
        ("href", "javascript:a#https://a.invalid/"),
        ("href", " https://a.invalid/"),
        ("href", "data:text/html,a"),
        ("src", "data:image/svg+xml,a"),
        ("src", "a.png"),
        ("action", "https://a.invalid/"),
    ] {
        assert!(!is_allowed(name, value), "{name}={value}");
    }
}

#[test]
fn the_patterns_of_addresses_are_regular_expressions_as_they_stand() {
    let plain = |c: char| c.is_ascii_lowercase() || ":/#,".contains(c);
    for (attribute, begins) in ADDRESSES {
        assert!(begins.iter().all(|begin| begin.chars().all(plain)), "{}", attribute.name());
    }
    assert_eq!(
        address_patterns(),
        r##"{"action":"^$","href":"^(https://|mailto:|tel:|#|data:application/jose,)","src":"^(http:|https:)"}"##
    );
}

#[test]
fn each_name_is_read_as_itself() {
    // The first and the last of each, and one between.
    for (tag, name) in [(Tag::A, "a"), (Tag::Ul, "ul"), (Tag::Progress, "progress")] {
        let mut markup = Markup::default();
        markup.begin(tag);
        markup.end();
        assert_eq!(markup.tree(), Node::Element(element(name, Vec::new())));
        assert_eq!(NAMES[tag as usize], name);
    }
    for (attribute, name) in [
        (Attribute::Accent, "accent"),
        (Attribute::Value, "value"),
        (Attribute::AriaDescribedby, "aria-describedby"),
    ] {
        let mut markup = Markup::default();
        markup.begin(Tag::Div);
        markup.set(attribute, "x");
        markup.end();
        let Node::Element(read) = markup.tree() else { unreachable!("{}", markup.as_str()) };
        assert_eq!(read.attributes, [(name, "x".to_owned())]);
        assert_eq!(read.attribute(name), Some("x"));
        assert_eq!(NAMES[TAGS + attribute as usize], name);
    }
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let mut markup = Markup::default();
    markup.begin(Tag::Div);
    markup.set(Attribute::Lang, "km");
    markup.set(Attribute::Class, "");
    markup.nothing();
    markup.text("/'#1.*");
    markup.part(3);
    markup.begin(Tag::P);
    markup.end();
    markup.begin(Tag::Select);
    markup.set(Attribute::Value, "KH");
    markup.begin(Tag::Option);
    markup.text("Choose");
    markup.end();
    markup.countries("KH");
    markup.end();
    markup.part(4);
    markup.nothing();
    markup.end();
    let option = element("option", vec![text("Choose")]);
    let select = Element {
        attributes: vec![("value", "KH".to_owned())],
        countries: Some("KH".to_owned()),
        ..element("select", vec![Node::Element(option)])
    };
    let whole = Element {
        attributes: vec![("lang", "km".to_owned()), ("class", String::new())],
        ..element(
            "div",
            vec![
                Node::Nothing,
                text("/'#1.*"),
                Node::Element(Element { part: Some(3), ..element("p", Vec::new()) }),
                Node::Element(select),
                Node::Nothing,
            ],
        )
    };
    assert_eq!(markup.tree(), Node::Element(whole));
}

#[test]
fn what_ends_a_text_does_not_end_it_early() {
    let mut markup = Markup::default();
    markup.begin(Tag::P);
    markup.set(Attribute::Id, "a\u{7f}b");
    markup.text("\u{7f}/\u{7f}");
    markup.countries("\u{7f}");
    markup.end();
    let read = Element {
        attributes: vec![("id", "a\u{fffd}b".to_owned())],
        countries: Some("\u{fffd}".to_owned()),
        ..element("p", vec![text("\u{fffd}/\u{fffd}")])
    };
    assert_eq!(markup.tree(), Node::Element(read));
    assert_eq!(markup.as_str().matches(END).count(), 3);
}

#[test]
fn what_is_no_plan_is_nothing() {
    assert_eq!(Markup::default().tree(), Node::Nothing);
    let wrong: [&[Step]; 11] = [
        &[Step::End],
        &[Step::Begin],
        &[Step::Begin, Step::Begin, Step::End],
        &[Step::Begin, Step::End, Step::End],
        &[Step::Begin, Step::End, Step::Begin, Step::End],
        &[Step::Set(String::new())],
        &[Step::Countries(String::new())],
        &[Step::Begin, Step::Text(String::new()), Step::Set(String::new()), Step::End],
        &[Step::Begin, Step::Countries(String::new()), Step::Nothing, Step::End],
        &[Step::Region(1)],
        &[Step::Region(1), Step::Region(2), Step::Begin, Step::End],
    ];
    for steps in wrong {
        assert_eq!(written(steps).tree(), Node::Nothing, "{steps:?}");
    }
    // So deep that it could exhaust the stack.
    let deep = |depth| {
        let steps = [vec![Step::Begin; depth], vec![Step::End; depth]].concat();
        written(&steps).tree()
    };
    assert!(matches!(deep(50), Node::Element(_)));
    assert_eq!(deep(1_000_000), Node::Nothing);
}

/// A call on [`Markup`]; tests make them in any order.
#[derive(Clone, Debug)]
enum Step {
    Begin,
    Set(String),
    End,
    Text(String),
    Nothing,
    Region(u8),
    Countries(String),
}

fn written(steps: &[Step]) -> Markup {
    let mut markup = Markup::default();
    for step in steps {
        match step {
            Step::Begin => markup.begin(Tag::Div),
            Step::Set(value) => markup.set(Attribute::Id, value),
            Step::End => markup.end(),
            Step::Text(text) => markup.text(text),
            Step::Nothing => markup.nothing(),
            Step::Region(number) => markup.part(*number),
            Step::Countries(chosen) => markup.countries(chosen),
        }
    }
    markup
}

/// Writes a tree as it is read.
fn write(node: &Node, markup: &mut Markup) {
    match node {
        Node::Nothing => markup.nothing(),
        Node::Text(text) => markup.text(text),
        Node::Element(element) => {
            if let Some(number) = element.part {
                markup.part(number);
            }
            markup.begin(Tag::Div);
            for (_, value) in &element.attributes {
                markup.set(Attribute::Id, value);
            }
            element.children.iter().for_each(|child| write(child, markup));
            if let Some(chosen) = &element.countries {
                markup.countries(chosen);
            }
            markup.end();
        }
    }
}

/// Any text, often with characters that have a meaning in markup.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\u{7f}'#./*0-9a-z~]{0,8}"]
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![Just(Node::Nothing), texts().prop_map(Node::Text)];
    leaf.prop_recursive(5, 40, 5, |inner| {
        (
            proptest::collection::vec(inner, 0..5),
            proptest::option::of(texts()),
            proptest::option::of(texts()),
            proptest::option::of(0..16u8),
        )
            .prop_map(|(children, id, countries, part)| {
                let attributes = id.map(|id| ("id", id)).into_iter().collect();
                Node::Element(Element { tag: "div", attributes, children, countries, part })
            })
    })
}

/// The tree with its texts as they read back.
fn legible(node: &Node) -> Node {
    match node {
        Node::Nothing => Node::Nothing,
        Node::Text(text) => Node::Text(read(text)),
        Node::Element(element) => Node::Element(Element {
            attributes: element.attributes.iter().map(|(name, v)| (*name, read(v))).collect(),
            children: element.children.iter().map(legible).collect(),
            countries: element.countries.as_deref().map(read),
            ..element.clone()
        }),
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        4 => Just(Step::Begin),
        2 => texts().prop_map(Step::Set),
        4 => Just(Step::End),
        2 => texts().prop_map(Step::Text),
        1 => Just(Step::Nothing),
        1 => (0..16u8).prop_map(Step::Region),
        1 => texts().prop_map(Step::Countries),
    ];
    proptest::collection::vec(one, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tree_comes_back(node in nodes()) {
        let mut markup = Markup::default();
        write(&node, &mut markup);
        prop_assert_eq!(markup.tree(), legible(&node));
    }

    #[test]
    fn every_text_comes_back(said in texts(), value in texts()) {
        let mut markup = Markup::default();
        markup.begin(Tag::P);
        markup.set(Attribute::Value, &value);
        markup.text(&said);
        markup.end();
        let attributes = vec![("value", read(&value))];
        let expected = Element { attributes, ..element("p", vec![Node::Text(read(&said))]) };
        prop_assert_eq!(markup.tree(), Node::Element(expected));
    }

    /// Markup that has a tree is what writing this tree gives, to the last character; other input has none.
    #[test]
    fn no_plan_is_half_read(steps in steps()) {
        let markup = written(&steps);
        let tree = markup.tree();
        if tree != Node::Nothing {
            let mut again = Markup::default();
            write(&tree, &mut again);
            let numbered = |markup: &Markup| {
                // Only elements have a region number in the tree.
                ('0'..='?').fold(markup.as_str().to_owned(), |text, number| {
                    text.replace(&format!("#{number}"), "")
                })
            };
            prop_assert_eq!(numbered(&again), numbered(&markup));
        }
    }
}

#[test]
fn debug_prints_indented_escaped_html() {
    let mut markup = Markup::default();
    markup.part(3);
    markup.begin(Tag::Div);
    markup.set(Attribute::Class, "a \"b\"");
    markup.begin(Tag::P);
    markup.text("1 < 2 & 3\n--> 4");
    markup.end();
    markup.nothing();
    markup.begin(Tag::Input);
    markup.end();
    markup.begin(Tag::Select);
    markup.countries("KH");
    markup.end();
    markup.text("end");
    let beginning = markup.clone();
    markup.end();
    let html = "<!-- region 3 -->\n\
                <div class=\"a &quot;b&quot;\">\n  \
                  <p>1 &lt; 2 &amp; 3&#10;--&gt; 4</p>\n  \
                  <!-- free -->\n  \
                  <input>\n  \
                  <select>\n    \
                    <!-- all countries, selected: KH -->\n  \
                  </select>\n  \
                  end\n\
                </div>\n";
    assert_eq!(format!("{markup:?}"), html);
    // A truncated markup has no tree: `Debug` prints its codes.
    assert_eq!(format!("{beginning:?}"), format!("{:?}", beginning.as_str()));
}
