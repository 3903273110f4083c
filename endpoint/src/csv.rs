//! Tables for people (RFC 4180), of which no cell is a formula.

use std::io::{self, Write};

/// What a spreadsheet takes for the beginning of a formula, or passes over before one.
const FORMULA: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// Writes a row as RFC 4180 has it, each cell [`defused`].
///
/// # Errors
/// Whatever keeps `out` from being written to.
pub fn write_row(out: &mut impl Write, cells: &[String]) -> io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let defused = defused(cell);
        if defused.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", defused.replace('"', "\"\""))?;
        } else {
            out.write_all(defused.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// The text, with an apostrophe in front where a spreadsheet would take it for a formula.
pub fn defused(cell: &str) -> String {
    let apostrophe = if cell.starts_with(FORMULA) { "'" } else { "" };
    [apostrophe, cell].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+855 12", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "＝1"] {
            assert_eq!(defused(formula), format!("'{formula}"));
        }
        assert_eq!(defused("មេឃ ដារ៉ា"), "មេឃ ដារ៉ា");
        assert_eq!(defused("a=b"), "a=b");
    }

    #[test]
    fn quotes_as_rfc_4180_does() {
        let mut out = Vec::new();
        let cells = ["a", "b,c", "say \"no\"", "two\nlines", "", "=x,y"].map(str::to_owned);
        write_row(&mut out, &cells).unwrap();
        let expected = "a,\"b,c\",\"say \"\"no\"\"\",\"two\nlines\",,\"'=x,y\"\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
