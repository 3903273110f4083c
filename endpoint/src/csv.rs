//! Tables for people (RFC 4180), of which no cell is a formula, whatever stands in the database and whether a
//! spreadsheet program takes commas, semicolons or tabs for what separates cells.

use std::io::{self, Write};

use crate::characters::{is_format, neutralised};

/// Stands at the head of a table: without it, spreadsheet programs take UTF-8 for something else.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a spreadsheet program takes for the beginning of a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Text of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Any text; it is made harmless ([`defused`]).
    Text(String),
    /// Ids, with spaces between them: what other programs know something by. They stay to the letter, and may begin
    /// with a hyphen; of letters, digits, hyphens and underscores no function is called.
    Id(String),
}

impl Cell {
    fn written(&self) -> String {
        match self {
            Cell::Id(id) if is_id(id) => id.clone(),
            Cell::Id(text) | Cell::Text(text) => defused(text),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_ ".contains(&byte))
}

/// Writes a row as RFC 4180 has it.
///
/// # Errors
/// Whatever keeps `out` from being written to.
pub fn write_row(out: &mut impl Write, cells: &[Cell]) -> io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let text = cell.written();
        if text.contains([',', ';', '"', '\n', '\t']) {
            write!(out, "\"{}\"", text.replace('"', "\"\""))?;
        } else {
            out.write_all(text.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// Text without controls ([`neutralised`]), and with an apostrophe in front of whatever a spreadsheet program could
/// take for a formula, at the beginning or behind what another separator would make a beginning: quotation marks don't
/// keep a cell together where commas are not what separates cells.
pub fn defused(text: &str) -> String {
    let mut defused = String::with_capacity(text.len());
    let mut begins = true;
    for c in neutralised(text).chars() {
        if begins && FORMULA.contains(&c) {
            defused.push('\'');
        }
        defused.push(c);
        begins = match c {
            ';' | '\t' | '\n' => true,
            // Programs may pass over these in front of a formula.
            c => begins && (c == '"' || c.is_whitespace() || is_format(c)),
        };
    }
    defused
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a table as spreadsheet programs do: a quotation mark at the beginning of a cell holds it together, any
    /// other is a letter.
    fn rows(table: &str, separator: char) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
        let (mut begins, mut quoted) = (true, false);
        let mut chars = table.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted => match chars.peek() {
                    Some('"') => cell.extend(chars.next()),
                    _ => quoted = false,
                },
                c if quoted => cell.push(c),
                '"' if begins => (begins, quoted) = (false, true),
                c if c == separator || c == '\n' => {
                    row.push(std::mem::take(&mut cell).trim_end_matches('\r').to_owned());
                    begins = true;
                    if c == '\n' {
                        rows.push(std::mem::take(&mut row));
                    }
                }
                c => {
                    begins = false;
                    cell.push(c);
                }
            }
        }
        assert!((&row, &cell) == (&Vec::new(), &String::new()) || quoted, "{table:?}");
        rows
    }

    fn is_formula(cell: &str) -> bool {
        cell.trim_start_matches(|c: char| c == '"' || c.is_whitespace() || is_format(c))
            .starts_with(FORMULA)
    }

    fn table(cells: &[Cell]) -> String {
        let mut out = Vec::new();
        write_row(&mut out, cells).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+855 12", "-1", "@SUM(A1)", "＝1"] {
            assert_eq!(defused(formula), format!("'{formula}"));
            for before in [";", "\t", "\n", "; ", ";\"", "\n\t", "a;\u{feff}", ";;\u{a0}\""] {
                assert_eq!(defused(&[before, formula].concat()), format!("{before}'{formula}"));
            }
        }
        assert_eq!(defused("\r=1\0=1"), "\u{fffd}=1\u{fffd}=1");
        assert_eq!(defused("មេឃ ដារ៉ា"), "មេឃ ដារ៉ា");
        assert_eq!(defused("a=b, -c; d"), "a=b, -c; d");
    }

    #[test]
    fn quotes_as_rfc_4180_does() {
        let cells = ["a", "b,c", "say \"no\"", "two\nlines", "", "=x,y", "d;e", "f\tg"];
        let expected =
            "a,\"b,c\",\"say \"\"no\"\"\",\"two\nlines\",,\"'=x,y\",\"d;e\",\"f\tg\"\r\n";
        assert_eq!(table(&cells.map(Cell::from)), expected);
    }

    #[test]
    fn ids_stay_to_the_letter() {
        let id = |text: &str| Cell::Id(text.to_owned());
        let ids = ["-_79_Pv6-fj39vX08_Lx8A", "_x", "a -b"];
        assert_eq!(table(&ids.map(id)), format!("{}\r\n", ids.join(",")));
        // In their place, too, anything else is made harmless.
        assert_eq!(table(&[id("-1;=2"), id("=1"), id("\u{1b}")]), "\"'-1;'=2\",'=1,\u{fffd}\r\n");
    }

    proptest! {
        #[test]
        fn no_separator_makes_a_cell_a_formula(
            texts in prop::collection::vec("[a=+@;,\"\t\n\r\0 \\-\u{feff}＝\u{202e}\u{202c}']{0,10}", 1..6),
        ) {
            let cells = [&[Cell::Id("id".to_owned())], &texts.iter().map(|text| text.as_str().into()).collect::<Vec<_>>()[..]].concat();
            let table = [table(&cells), table(&cells)].concat();
            for separator in [',', ';', '\t'] {
                for cell in rows(&table, separator).concat() {
                    prop_assert!(!is_formula(&cell), "{:?} in {:?} by {:?}", cell, table, separator);
                }
            }
            // Nor does a program that knows no quotation marks.
            for cell in table.split(['\n', ';', '\t']) {
                prop_assert!(!is_formula(cell), "{:?} in {:?}", cell, table);
            }
            // And by the right one nothing is lost.
            let read = rows(&table, ',');
            prop_assert_eq!(read.len(), 2);
            let expected: Vec<String> = texts.iter().map(|text| defused(text)).collect();
            prop_assert_eq!(&read[0][1..], &expected[..]);
        }
    }
}
