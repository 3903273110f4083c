//! Debug output of markup: indented HTML, as failing tests print it.

use std::fmt::{Debug, Formatter, Result, Write};

use super::{Element, Markup, Node};

impl Debug for Markup {
    /// Writes indented HTML, with comments for placeholders and region numbers. Incomplete markup is written as a
    /// string.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.tree() {
            Node::Nothing if self.0 != "." => Debug::fmt(&self.0, f),
            tree => tree.indented(f, 0),
        }
    }
}

impl Node {
    fn indented(&self, f: &mut Formatter<'_>, depth: usize) -> Result {
        let indent = "  ".repeat(depth);
        match self {
            Node::Nothing => writeln!(f, "{indent}<!-- free -->"),
            Node::Text(text) => {
                write!(f, "{indent}")?;
                escaped(f, text)?;
                f.write_char('\n')
            }
            Node::Element(element) => {
                if let Some(region) = element.part {
                    writeln!(f, "{indent}<!-- region {region} -->")?;
                }
                element.indented(f, &indent, depth)
            }
        }
    }
}

impl Element {
    fn indented(&self, f: &mut Formatter<'_>, indent: &str, depth: usize) -> Result {
        let tag = self.tag;
        write!(f, "{indent}<{tag}")?;
        for (name, value) in &self.attributes {
            write!(f, " {name}=\"")?;
            escaped(f, value)?;
            f.write_char('"')?;
        }
        f.write_char('>')?;
        match (self.children.as_slice(), &self.countries) {
            ([], None) => {}
            ([Node::Text(text)], None) => escaped(f, text)?,
            (children, countries) => {
                f.write_char('\n')?;
                for child in children {
                    child.indented(f, depth + 1)?;
                }
                if let Some(chosen) = countries {
                    write!(f, "{indent}  <!-- all countries, selected: ")?;
                    escaped(f, chosen)?;
                    f.write_str(" -->\n")?;
                }
                f.write_str(indent)?;
            }
        }
        if !["img", "input"].contains(&tag) {
            write!(f, "</{tag}>")?;
        }
        f.write_char('\n')
    }
}

/// Writes a text escaped as HTML, on one line.
fn escaped(f: &mut Formatter<'_>, text: &str) -> Result {
    for char in text.chars() {
        match char {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' => f.write_str("&quot;")?,
            char if char.is_control() => write!(f, "&#{};", u32::from(char))?,
            char => f.write_char(char)?,
        }
    }
    Ok(())
}
