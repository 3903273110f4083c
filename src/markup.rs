//! Markup: a tree of elements, encoded as one string in document order. [`view`](crate::view) writes it; a renderer in
//! the browser turns it into DOM nodes, and the endpoint writes it as HTML.
//!
//! ```text
//! markup  = node
//! node    = [ "#" number ] ( element / "'" text / "." )      "#3": the node is region 3
//! number  = one of the 16 characters from "0" to "?"
//! element = tag *( attribute text ) *node [ "*" text ] "/"   "*": an option per country, this one selected
//! text    = *char DEL
//! ```
//!
//! A number, a tag or an attribute is one character, counted from `0` (`:` follows `9`). Tags and attributes are
//! indices into [`NAMES`], so markup from any source can name only the elements and attributes listed there. `.` is an
//! empty placeholder: each node has the same index among its siblings in every state of the form, so a renderer that
//! compares by index never removes a control that has the focus.
//!
//! A string costs the widget a fraction of the bytes of a node tree, crosses into JavaScript in one call, and can be
//! sent with a campaign file.

use crate::find::replace;
use crate::json::Writer;

mod debug;

/// The character of the first name.
const FIRST: u8 = b'0';
/// End of a text. DEL is the one control character that JSON need not escape, and validation rejects it in messages.
/// In any other text it is replaced by U+FFFD.
pub const END: char = '\u{7f}';

macro_rules! names {
    ($($Tag:ident = $tag:literal)* ; $($Attribute:ident = $attribute:literal)*) => {
        /// The allowed HTML elements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Tag { $( #[doc = concat!("`", $tag, "`")] $Tag, )* }

        /// The allowed attributes, each at most once per element. `value` and `checked` set the state of a control;
        /// `accent` is a colour that is set as a style property.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Attribute { $( #[doc = concat!("`", $attribute, "`")] $Attribute, )* }

        /// The names of all tags, then of all attributes; the index is the code.
        pub const NAMES: &[&str] = &[$($tag,)* $($attribute,)*];
        /// Number of tags in [`NAMES`].
        pub const TAGS: usize = [$($tag,)*].len();
    };
}

names! {
    A = "a" Button = "button" Code = "code" Details = "details" Div = "div" Em = "em"
    Fieldset = "fieldset" Form = "form" H2 = "h2" H3 = "h3" Img = "img" Input = "input"
    Label = "label" Legend = "legend" Li = "li" Option = "option" P = "p" Progress = "progress"
    Section = "section" Select = "select" Span = "span" Strong = "strong" Summary = "summary"
    Textarea = "textarea" Ul = "ul"
    ;
    Accent = "accent" Action = "action" Alt = "alt" AriaDescribedby = "aria-describedby"
    AriaDisabled = "aria-disabled" AriaHidden = "aria-hidden" AriaInvalid = "aria-invalid"
    AriaLabelledby = "aria-labelledby" AriaPressed = "aria-pressed" AriaRequired = "aria-required"
    Autocomplete = "autocomplete" Checked = "checked" Class = "class" DataAct = "data-act"
    DataShare = "data-share"
    Dir = "dir" Download = "download" For = "for" Href = "href" Id = "id" Inputmode = "inputmode"
    Lang = "lang" Max = "max" Method = "method" Name = "name" Novalidate = "novalidate" Open = "open"
    Region = "part" Rel = "rel" Role = "role" Rows = "rows"
    Selected = "selected" Spellcheck = "spellcheck" Src = "src" Tabindex = "tabindex"
    Target = "target" Type = "type" Value = "value"
}

/// Prefixes of addresses that a link may lead to.
pub const LINKS: [&str; 3] = ["https://", "mailto:", "tel:"];
/// Prefix of the address of a receipt, which can be downloaded.
pub const RECEIPT: &str = "data:application/jose,";

/// The attributes whose value is an address, with the allowed prefixes; without any, only the empty value is allowed.
/// Renderers set no other value, because markup may come from a hostile server.
pub const ADDRESSES: [(Attribute, &[&str]); 3] = [
    // The browser never submits the form by itself.
    (Attribute::Action, &[]),
    // `#` links to a control of the form.
    (Attribute::Href, &[LINKS[0], LINKS[1], LINKS[2], "#", RECEIPT]),
    (Attribute::Src, &["http:", "https:"]),
];

/// Whether an attribute may have this value (see [`ADDRESSES`]).
pub fn is_allowed(name: &str, value: &str) -> bool {
    let begins = ADDRESSES.iter().find(|(attribute, _)| attribute.name() == name);
    begins.is_none_or(|(_, begins)| {
        begins.iter().any(|begin| value.starts_with(begin)) || begins.is_empty() && value.is_empty()
    })
}

/// [`ADDRESSES`] for the JavaScript renderer: a JSON object with a regular expression for each attribute.
pub fn address_patterns() -> String {
    let mut out = Writer::default();
    out.object(|out| {
        for (attribute, begins) in ADDRESSES {
            let begins = begins.join("|");
            let pattern = if begins.is_empty() { "^$".into() } else { format!("^({begins})") };
            out.key(attribute.name()).text(&pattern);
        }
    });
    out.finish()
}

/// Hash (FNV-1a) of [`NAMES`] and the crate's version. A renderer accepts only a first paint of the same edition:
/// another version may have its controls in another order, and input must not end up under another name.
pub const EDITION: u32 = {
    let (mut hash, mut place) = (2_166_136_261_u32, 0);
    while place <= NAMES.len() {
        let version = place == NAMES.len();
        let name = if version { env!("CARGO_PKG_VERSION") } else { NAMES[place] }.as_bytes();
        let mut at = 0;
        // A zero byte ends each name.
        while at <= name.len() {
            let byte = if at < name.len() { name[at] } else { 0 };
            hash = (hash ^ byte as u32).wrapping_mul(16_777_619);
            at += 1;
        }
        place += 1;
    }
    hash
};

impl Attribute {
    /// The name in HTML.
    pub const fn name(self) -> &'static str {
        NAMES[TAGS + self as usize]
    }
}

// Codes go up to the tilde, before DEL.
const _: () = assert!(NAMES.len() <= (b'~' - FIRST) as usize);

/// A piece of markup, compiled from HTML by [`html!`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template(pub(crate) &'static str);

/// Compiles HTML to a [`Template`]. An element that it opens may be closed by another template, and the last opened one
/// may get more attributes. Calls of `begin` and `set` for constant markup would cost the widget three times the bytes.
macro_rules! html {
    ($html:literal) => {{
        const LENGTH: usize = $crate::markup::encoded::<0>($html).1;
        const BYTES: [u8; LENGTH] = $crate::markup::encoded::<LENGTH>($html).0;
        const PLAN: &str = match ::core::str::from_utf8(&BYTES) {
            Ok(markup) => markup,
            Err(_) => "",
        };
        $crate::markup::Template(PLAN)
    }};
}
pub(crate) use html;

/// Compiles simple HTML to markup; returns as much as fits into `ROOM` bytes, and the full length.
pub(crate) const fn encoded<const ROOM: usize>(html: &str) -> ([u8; ROOM], usize) {
    let html = html.as_bytes();
    let (mut markup, mut length, mut at) = ([0; ROOM], 0, 0);
    macro_rules! push {
        ($byte:expr) => {{
            if length < ROOM {
                markup[length] = $byte;
            }
            length += 1;
        }};
    }
    while at < html.len() {
        let begun = at;
        if html[at] != b'<' {
            push!(b'\'');
            while at < html.len() && html[at] != b'<' {
                push!(html[at]);
                at += 1;
            }
            push!(END as u8);
        } else if html[at + 1] == b'/' {
            while html[at] != b'>' {
                at += 1;
            }
            at += 1;
            push!(b'/');
        } else {
            at += 1;
            while html[at] != b'>' {
                if html[at] == b' ' {
                    at += 1;
                }
                let name = at;
                while !matches!(html[at], b'=' | b' ' | b'>') {
                    at += 1;
                }
                let (from, to) = if name == begun + 1 { (0, TAGS) } else { (TAGS, NAMES.len()) };
                push!(FIRST + named(html, name, at, from, to) as u8);
                if html[at] == b'=' {
                    at += 2;
                    while html[at] != b'"' {
                        push!(html[at]);
                        at += 1;
                    }
                    at += 1;
                }
                if from > 0 {
                    push!(END as u8);
                }
            }
            at += 1;
        }
    }
    (markup, length)
}

/// Index of a name among those from `from` to `to`. An unknown name is a compile error.
const fn named(html: &[u8], begin: usize, end: usize, from: usize, to: usize) -> usize {
    let mut place = from;
    while place < to {
        let name = NAMES[place].as_bytes();
        let mut same = name.len() == end - begin;
        let mut at = 0;
        while same && at < name.len() {
            same = name[at] == html[begin + at];
            at += 1;
        }
        if same {
            return place;
        }
        place += 1;
    }
    assert!(place < to, "no such tag or attribute");
    place
}

/// A markup string, possibly incomplete. It has few, simple methods because each call costs the widget bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// The markup as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends a template.
    #[inline(never)]
    pub(crate) fn put(&mut self, piece: Template) {
        self.0.push_str(piece.0);
    }

    /// Begins an element.
    #[inline(never)]
    pub fn begin(&mut self, tag: Tag) {
        self.code(tag as u8);
    }

    /// Sets an attribute of the element that was begun last, before its children.
    #[inline(never)]
    pub fn set(&mut self, attribute: Attribute, value: &str) {
        self.code(TAGS as u8 + attribute as u8);
        self.say(value);
    }

    /// Ends the innermost element.
    #[inline(never)]
    pub fn end(&mut self) {
        self.0.push('/');
    }

    /// Appends a text.
    #[inline(never)]
    pub fn text(&mut self, text: &str) {
        self.0.push('\'');
        self.say(text);
    }

    /// An empty placeholder.
    #[inline(never)]
    pub fn nothing(&mut self) {
        self.0.push('.');
    }

    /// Marks the next node as the region with this number, from 0 to 15.
    pub fn part(&mut self, number: u8) {
        self.0.push('#');
        self.0.push((b'0' + number) as char);
    }

    /// Appends an `option` for each country, with names and order from the renderer; this one is selected.
    pub fn countries(&mut self, chosen: &str) {
        self.0.push('*');
        self.say(chosen);
    }

    fn code(&mut self, place: u8) {
        self.0.push((FIRST + place) as char);
    }

    fn say(&mut self, text: &str) {
        self.0.push_str(&replace(text, "\u{7f}", "\u{fffd}"));
        self.0.push(END);
    }

    /// Parses the markup into a tree.
    ///
    /// # Panics
    /// Never: invalid markup becomes [`Node::Nothing`].
    pub fn tree(&self) -> Node {
        let mut reader = Reader { rest: &self.0, depth: 0 };
        reader.node().filter(|_| reader.rest.is_empty()).unwrap_or(Node::Nothing)
    }
}

/// A node of a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// An empty placeholder.
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
    /// Attributes, each name once.
    pub attributes: Vec<(&'static str, String)>,
    /// Child nodes.
    pub children: Vec<Node>,
    /// If set, an `option` for each country follows the children, and the one with this code is selected.
    pub countries: Option<String>,
    /// Number of the region, if the element is one.
    pub part: Option<u8>,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

struct Reader<'a> {
    rest: &'a str,
    /// Number of open elements.
    depth: usize,
}

/// Maximum nesting depth. Deeper markup is invalid, because it could exhaust the stack.
const DEEPEST: usize = 64;

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn text(&mut self) -> Option<String> {
        let (text, rest) = self.rest.split_once(END)?;
        self.rest = rest;
        Some(text.to_owned())
    }

    fn node(&mut self) -> Option<Node> {
        let next = self.next()?;
        Some(match next {
            '\'' => Node::Text(self.text()?),
            '.' => Node::Nothing,
            '#' => {
                let number = place(self.next()?).filter(|number| *number < 16)?;
                if self.rest.starts_with('#') {
                    return None;
                }
                match self.node()? {
                    Node::Element(element) => {
                        Node::Element(Element { part: Some(number as u8), ..element })
                    }
                    other => other,
                }
            }
            _ => Node::Element(self.element(place(next)?)?),
        })
    }

    fn element(&mut self, tag: usize) -> Option<Element> {
        let tag = NAMES[..TAGS].get(tag)?;
        let (mut attributes, mut children, mut countries) = (Vec::new(), Vec::new(), None);
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        loop {
            let next = self.rest.chars().next()?;
            match place(next) {
                None if next == '/' => {
                    self.next();
                    break;
                }
                // Countries are the last child.
                _ if countries.is_some() => return None,
                Some(attribute) if attribute >= TAGS && children.is_empty() => {
                    self.next();
                    attributes.push((*NAMES.get(attribute)?, self.text()?));
                }
                None if next == '*' => {
                    self.next();
                    countries = Some(self.text()?);
                }
                _ => children.push(self.node()?),
            }
        }
        self.depth -= 1;
        Some(Element { tag, attributes, children, countries, part: None })
    }
}

/// Index of a code.
fn place(code: char) -> Option<usize> {
    (code as usize).checked_sub(usize::from(FIRST))
}
