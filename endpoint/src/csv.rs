//! Tables for people (RFC 4180, also with semicolons or tabs between cells). No cell is a formula, for any database
//! content and whichever of the three separators a spreadsheet program assumes.
//!
//! The crate `csv` does not fit: it quotes a cell for the file's own separator alone, or every cell. It reads the tables
//! in `tests/hardening`.

use std::io::{self, Write};

use clap::ValueEnum;

use crate::characters::{is_format, neutralised};

/// The start of a table: without it, spreadsheet programs assume another encoding than UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Characters that a spreadsheet program takes for the beginning of a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Character between the cells of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Separator {
    /// `,`, as RFC 4180 has it
    #[default]
    Comma,
    /// `;`, which spreadsheet programs expect where the comma is the decimal sign
    Semicolon,
    /// A tab
    Tab,
}

impl Separator {
    fn byte(self) -> u8 {
        match self {
            Separator::Comma => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
        }
    }
}

/// Text of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Any text; it is made harmless ([`defused`]).
    Text(String),
    /// Ids, separated by spaces, by which other programs identify something. They are written unchanged and may begin
    /// with a hyphen; letters, digits, hyphens and underscores can't call a function.
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

/// Writes a row as RFC 4180 has it, with this separator. A cell that holds any of the separators is quoted.
///
/// # Errors
/// `out` can't be written to.
pub fn write_row(out: &mut impl Write, cells: &[Cell], separator: Separator) -> io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(&[separator.byte()])?;
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

/// Text without controls ([`neutralised`]), and with an apostrophe before every possible formula: at the beginning, and
/// after each separator and line end. A program that assumes another separator than the file's splits a cell there,
/// because it sees the quotation mark in the middle of a cell.
pub fn defused(text: &str) -> String {
    let mut defused = String::with_capacity(text.len());
    let mut begins = true;
    for c in neutralised(text).chars() {
        if begins && FORMULA.contains(&c) {
            defused.push('\'');
        }
        defused.push(c);
        begins = match c {
            ',' | ';' | '\t' | '\n' => true,
            // Programs may ignore these before a formula.
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

    const SEPARATORS: [(Separator, char); 3] =
        [(Separator::Comma, ','), (Separator::Semicolon, ';'), (Separator::Tab, '\t')];

    fn table(cells: &[Cell], separator: Separator) -> String {
        let mut out = Vec::new();
        write_row(&mut out, cells, separator).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+855 12", "-1", "@SUM(A1)", "＝1"] {
            assert_eq!(defused(formula), format!("'{formula}"));
            for before in
                [",", ", \"", ";", "\t", "\n", "; ", ";\"", "\n\t", "a;\u{feff}", ";;\u{a0}\""]
            {
                assert_eq!(defused(&[before, formula].concat()), format!("{before}'{formula}"));
            }
        }
        assert_eq!(defused("\r=1\0=1"), "\u{fffd}=1\u{fffd}=1");
        assert_eq!(defused("មេឃ ដារ៉ា"), "មេឃ ដារ៉ា");
        assert_eq!(defused("a=b, c-d; e"), "a=b, c-d; e");
    }

    #[test]
    fn quotes_as_rfc_4180_does() {
        let cells = ["a", "b,c", "say \"no\"", "two\nlines", "", "=x,y", "d;e", "f\tg"];
        let expected =
            "a,\"b,c\",\"say \"\"no\"\"\",\"two\nlines\",,\"'=x,y\",\"d;e\",\"f\tg\"\r\n";
        assert_eq!(table(&cells.map(Cell::from), Separator::Comma), expected);
        for (separator, sign) in [(Separator::Semicolon, ';'), (Separator::Tab, '\t')] {
            let expected = format!("a{sign}\"b,c\"{sign}\"d;e\"{sign}\"f\tg\"\r\n");
            let cells = ["a", "b,c", "d;e", "f\tg"].map(Cell::from);
            assert_eq!(table(&cells, separator), expected);
        }
    }

    #[test]
    fn ids_stay_to_the_letter() {
        let id = |text: &str| Cell::Id(text.to_owned());
        let ids = ["-_79_Pv6-fj39vX08_Lx8A", "_x", "a -b"];
        assert_eq!(table(&ids.map(id), Separator::Comma), format!("{}\r\n", ids.join(",")));
        // Any other text in an id cell is made harmless, too.
        let others = table(&[id("-1;=2"), id("=1"), id("\u{1b}")], Separator::Comma);
        assert_eq!(others, "\"'-1;'=2\",'=1,\u{fffd}\r\n");
    }

    proptest! {
        #[test]
        fn no_separator_makes_a_cell_a_formula(
            texts in prop::collection::vec("[a=+@;,\"\t\n\r\0 \\-\u{feff}＝\u{202e}\u{202c}']{0,10}", 1..6),
        ) {
            let cells = [&[Cell::Id("id".to_owned())], &texts.iter().map(|text| text.as_str().into()).collect::<Vec<_>>()[..]].concat();
            for (written, sign) in SEPARATORS {
                let table = [table(&cells, written), table(&cells, written)].concat();
                for (_, assumed) in SEPARATORS {
                    for cell in rows(&table, assumed).concat() {
                        prop_assert!(!is_formula(&cell), "{:?} in {:?} by {:?}", cell, table, assumed);
                    }
                }
                // Also for a program that ignores quotation marks, or takes all three separators at once.
                for cell in table.split(['\n', ',', ';', '\t']) {
                    prop_assert!(!is_formula(cell), "{:?} in {:?}", cell, table);
                }
                // With the right separator nothing is lost.
                let read = rows(&table, sign);
                prop_assert_eq!(read.len(), 2);
                let expected: Vec<String> = texts.iter().map(|text| defused(text)).collect();
                prop_assert_eq!(&read[0][1..], &expected[..]);
            }
        }
    }
}
