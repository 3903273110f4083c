//! Exported tables, opened with LibreOffice. A separate binary, because it needs that program: `cargo xtask test
//! native` installs it and runs this, `cargo test` alone does not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]
#![allow(missing_docs, reason = "tests")]

#[allow(dead_code, reason = "shared with the other tests of the endpoint")]
#[path = "../endpoint/test_endpoint.rs"]
mod test_endpoint;

use std::fs;
use std::path::Path;
use std::process::Command;

use roxmltree::{Document, Node};
use serde_json::json;

use crate::test_endpoint::{ID, TestEndpoint, database, signed};

/// Separators by name, and the ones that LibreOffice uses: each alone, and all three at once, as preselected in its
/// dialog when a table is opened by a double click.
const SEPARATORS: [(&str, &str); 3] = [("comma", "44"), ("semicolon", "59"), ("tab", "9")];
const DOUBLE_CLICK: &str = "9/44/59";

/// A table's cells in LibreOffice, and the formulas among them.
struct Sheet {
    rows: Vec<Vec<String>>,
    formulas: Vec<String>,
}

impl Sheet {
    /// Reads a flat OpenDocument spreadsheet.
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let document = Document::parse(&text).unwrap();
        let named = |name: &'static str| move |node: &Node| node.tag_name().name() == name;
        let rows = document.descendants().filter(named("table-row")).map(|row| {
            let cells = row.children().filter(named("table-cell"));
            let cells = cells.flat_map(|cell| {
                let times = attribute(cell, "number-columns-repeated").unwrap_or("1");
                std::iter::repeat_n(shown(cell), times.parse().unwrap())
            });
            cells.collect()
        });
        let formulas = document.descendants().filter_map(|node| attribute(node, "formula"));
        Sheet { rows: rows.collect(), formulas: formulas.map(str::to_owned).collect() }
    }

    /// The cells below this heading.
    fn column(&self, name: &str) -> Vec<&str> {
        let (heads, rows) = self.rows.split_first().unwrap();
        let at = heads.iter().position(|head| head == name);
        let at = at.unwrap_or_else(|| panic!("no column {name} in {heads:?}"));
        rows.iter().map(|row| row.get(at).map_or("", String::as_str)).collect()
    }
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|found| found.value())
}

/// The text of a cell: a paragraph for each line, tabs and repeated spaces as elements.
fn shown(cell: Node<'_, '_>) -> String {
    let paragraphs = cell.children().filter(|node| node.tag_name().name() == "p");
    let lines = paragraphs.map(|paragraph| {
        let pieces = paragraph.descendants().map(|node| match node.tag_name().name() {
            "tab" => "\t".to_owned(),
            "s" => " ".repeat(attribute(node, "c").map_or(1, |count| count.parse().unwrap())),
            _ => node.text().filter(|_| node.is_text()).unwrap_or_default().to_owned(),
        });
        pieces.collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Opens tables with these separators, as UTF-8.
fn opened(dir: &Path, separators: &str, tables: &[&str]) -> Vec<Sheet> {
    let profile = format!("-env:UserInstallation=file://{}/profile", dir.display());
    let filter = format!("Text - txt - csv (StarCalc):{separators},34,76,1");
    let done = Command::new("soffice")
        .args(["--headless", &profile, "--convert-to", "fods", "--outdir", "opened"])
        .arg(format!("--infilter={filter}"))
        .args(tables)
        .current_dir(dir)
        .output();
    let done = done.unwrap_or_else(|error| {
        panic!("soffice: {error}; install LibreOffice Calc (Debian: libreoffice-calc-nogui)")
    });
    let told = String::from_utf8_lossy(&done.stderr);
    let sheet = |table: &&str| {
        let sheet = dir.join("opened").join(table).with_extension("fods");
        assert!(sheet.is_file(), "{table} was not opened: {told}");
        let read = Sheet::read(&sheet);
        fs::remove_file(sheet).unwrap();
        read
    };
    tables.iter().map(sheet).collect()
}

#[tokio::test]
async fn libreoffice_opens_exports_to_the_letter_and_finds_no_formula() {
    let scene = TestEndpoint::new().await;
    let dir = scene.dir.path();
    let bodies = [
        "សូមអនុញ្ញាតឱ្យពួកគេសរសេរ។\nLine two; with, both.",
        "=1+1",
        "one line\t=1+1  with two spaces",
        "a,=1+1;=2+2\t=3+3\n=4+4",
        "\"=1+1\",\"=2+2\";\"=3+3\"\n\"=4+4\"",
        "+1+1, -2, @SUM(A1:A9)",
        "=HYPERLINK(\"http://evil.invalid\",\"x\")",
    ];
    // The expected cells: with an apostrophe before anything that could start a formula.
    let expected = [
        bodies[0],
        "'=1+1",
        "one line\t'=1+1  with two spaces",
        // LibreOffice drops tabs in cells of several lines.
        "a,'=1+1;'=2+2'=3+3\n'=4+4",
        "\"'=1+1\",\"'=2+2\";\"'=3+3\"\n\"'=4+4\"",
        "'+1+1, '-2, '@SUM(A1:A9)",
        "'=HYPERLINK(\"http://evil.invalid\",\"x\")",
    ];
    let mut jtis = Vec::new();
    for (index, body) in bodies.iter().enumerate() {
        let mut claims = scene.claims();
        // Identities may start with a character that starts a formula.
        if index < 2 {
            claims["jti"] = json!(["-_79_Pv6-fj39vX08_Lx8A", "-1-2-3-4-5-6-7-8-9-0-w"][index]);
        }
        claims["message"]["body"] = json!(body);
        claims["person"]["family_name"] = json!("មេឃ");
        scene.post(signed(&claims)).await.taken(201);
        jtis.push(claims["jti"].as_str().unwrap().to_owned());
    }
    let url = database(dir);
    let mut tables = Vec::new();
    for (name, _) in SEPARATORS {
        let file = format!("{name}.csv");
        let done = Command::new(env!("CARGO_BIN_EXE_standwith"))
            .args(["export", "--campaign", ID, "--database", &url, "--format", "csv"])
            .args(["--separator", name, "--output", &file])
            .current_dir(dir)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        tables.push(file);
    }
    // In a table without these apostrophes, LibreOffice does calculate.
    fs::write(dir.join("bare.csv"), "a\r\n=1+1\r\n").unwrap();
    tables.push("bare.csv".to_owned());
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();

    for assumed in SEPARATORS.map(|(_, code)| code).into_iter().chain([DOUBLE_CLICK]) {
        let sheets = opened(dir, assumed, &tables);
        let (bare, sheets) = sheets.split_last().unwrap();
        assert_eq!(bare.formulas.len(), 1);
        for ((name, code), sheet) in SEPARATORS.iter().zip(sheets) {
            assert_eq!(sheet.formulas, [""; 0], "{name} opened as {assumed}");
            if assumed != *code && assumed != DOUBLE_CLICK {
                continue;
            }
            // The first heading is found only if it does not include the byte order mark.
            assert_eq!(sheet.column("jti"), jtis, "{name} opened as {assumed}");
            assert_eq!(sheet.column("family_name"), ["មេឃ"; 7]);
            assert_eq!(sheet.column("body"), expected, "{name} opened as {assumed}");
            assert_eq!(sheet.rows.len(), 1 + bodies.len());
        }
    }
}
