//! The supported subset of Markdown; everything else is plain text.

use proptest::prelude::*;
use standwith::markdown::{Block, Inline, is_safe, parse};

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

fn strong(text: &str) -> Inline {
    Inline::Strong(text.to_owned())
}

fn emphasis(text: &str) -> Inline {
    Inline::Emphasis(text.to_owned())
}

fn link(text: &str, address: &str) -> Inline {
    Inline::Link { text: text.to_owned(), address: address.to_owned() }
}

/// Asserts that `source` is one paragraph of these runs.
#[track_caller]
fn check(source: &str, inlines: &[Inline]) {
    assert_eq!(parse(source), [Block::Paragraph(inlines.into())], "{source:?}");
}

/// Asserts that `source` is plain text only.
#[track_caller]
fn check_plain(source: &str) {
    check(source, &[text(source)]);
}

#[test]
fn nothing_is_nothing() {
    for source in ["", " ", "\n", "\r\n \r\n\t"] {
        assert_eq!(parse(source), [], "{source:?}");
    }
}

#[test]
fn blank_lines_part_paragraphs_and_line_ends_are_spaces() {
    let paragraph = |line: &str| Block::Paragraph(vec![text(line)]);
    for source in ["One\ntwo.\n\n\nThree.", "  One\r\ntwo.\r\n \t\r\nThree.\r\n"] {
        assert_eq!(parse(source), [paragraph("One two."), paragraph("Three.")], "{source:?}");
    }
}

#[test]
fn headings_and_lists_need_no_blank_line() {
    let source = "Before\n## Who he *is*\nAfter\n- one\n- **two**\n\n- three\nEnd";
    assert_eq!(
        parse(source),
        [
            Block::Paragraph(vec![text("Before")]),
            Block::Heading(vec![text("Who he "), emphasis("is")]),
            Block::Paragraph(vec![text("After")]),
            Block::List(vec![vec![text("one")], vec![strong("two")], vec![text("three")]]),
            Block::Paragraph(vec![text("End")]),
        ]
    );
}

#[test]
fn headings_of_all_levels_and_both_signs_of_items_are_known() {
    for level in 1..=6 {
        let source = format!("{} One", "#".repeat(level));
        assert_eq!(parse(&source), [Block::Heading(vec![text("One")])]);
    }
    let items = Block::List(vec![vec![text("one")], vec![emphasis("two")], vec![text("three*")]]);
    assert_eq!(parse("* one\n- *two*\n* three*"), [items]);
    check("*one* two", &[emphasis("one"), text(" two")]);
}

#[test]
fn what_only_looks_like_a_heading_or_an_item_is_text() {
    for source in
        ["####### Seven", "##two", "#", "-one", "*", "1. first", "+ plus", "> quoted", "---"]
    {
        check_plain(source);
    }
}

#[test]
fn strong_and_emphasis() {
    check("**all**", &[strong("all")]);
    check("a **b c** d", &[text("a "), strong("b c"), text(" d")]);
    check("a *b* and *c*", &[text("a "), emphasis("b"), text(" and "), emphasis("c")]);
    check("**a***b*", &[strong("a"), emphasis("b")]);
    check("**មេឃ ដារ៉ា**។", &[strong("មេឃ ដារ៉ា"), text("។")]);
}

#[test]
fn stars_that_mark_nothing_are_stars() {
    for source in ["2 * 3 * 4", "a * b", "**open", "*open", "** a **", "****", "**", "*", "a * a*"]
    {
        check_plain(source);
    }
}

#[test]
fn links() {
    check("[here](https://example.org/a?b=c#d)", &[link("here", "https://example.org/a?b=c#d")]);
    check(
        "Write to [us](mailto:us@example.org), or [call](tel:+85512345678).",
        &[
            text("Write to "),
            link("us", "mailto:us@example.org"),
            text(", or "),
            link("call", "tel:+85512345678"),
            text("."),
        ],
    );
}

#[test]
fn an_address_may_hold_brackets_in_pairs() {
    check(
        "([Dara](https://example.org/Dara_(journalist)))",
        &[text("("), link("Dara", "https://example.org/Dara_(journalist)"), text(")")],
    );
    check_plain("[a](https://example.org/(b");
}

#[test]
fn an_address_has_an_end() {
    let address = |length: usize| format!("https://a.invalid/{}", "a".repeat(length - 18));
    check(&format!("[a]({})", address(2000)), &[link("a", &address(2000))]);
    check_plain(&format!("[a]({})", address(2001)));
}

/// If each mark searched for its end through all the following text, these would take hours.
#[test]
fn what_is_never_closed_takes_no_longer_than_it_is_long() {
    let links = ["[a](", "[a](https://"].map(|mark| (mark, 20_000));
    let others = ["[", "*", "**", "*a ", "**a ", "a*", "]("].map(|mark| (mark, 500_000));
    for (mark, times) in others.into_iter().chain(links) {
        let source = mark.repeat(times);
        let blocks = parse(source.trim());
        assert!(matches!(&blocks[..], [Block::Paragraph(_)]), "{mark}");
    }
}

#[test]
fn a_bracket_before_a_link_is_text() {
    check(
        "He said [so] and [more](https://example.org/).",
        &[text("He said [so] and "), link("more", "https://example.org/"), text(".")],
    );
    check(
        "[[a](https://example.org/)]",
        &[text("["), link("a", "https://example.org/"), text("]")],
    );
}

#[test]
fn a_link_that_leads_anywhere_else_is_text() {
    for address in [
        "http://example.org/",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//example.org",
        "/relative",
        "#here",
        "",
        " https://example.org/",
        "https://exa mple.org/",
        "https://example.org/\u{a0}",
        "https://example.org/\u{7}",
        "vbscript:x",
        "file:///etc/passwd",
        "HTTPS://example.org/",
    ] {
        check_plain(&format!("[x]({address})"));
        assert!(!is_safe(address), "{address:?}");
    }
}

#[test]
fn there_is_no_html() {
    check_plain("<script>alert(1)</script> <b onclick=\"x\">b</b> &lt; ![img](x)");
    check(
        "**<b>** *<i>* [<u>](https://example.org/\"onclick=\"x)",
        &[
            strong("<b>"),
            text(" "),
            emphasis("<i>"),
            text(" "),
            link("<u>", "https://example.org/\"onclick=\"x"),
        ],
    );
}

/// The visible text of a block; markup, and everything between runs, is left out.
fn words(blocks: &[Block]) -> String {
    let of = |inlines: &[Inline]| -> String {
        let word = |inline: &Inline| match inline {
            Inline::Text(text) | Inline::Strong(text) | Inline::Emphasis(text) => text.clone(),
            Inline::Link { text, .. } => text.clone(),
        };
        inlines.iter().map(word).collect()
    };
    let block = |block: &Block| match block {
        Block::Heading(inlines) | Block::Paragraph(inlines) => of(inlines),
        Block::List(items) => items.iter().map(|item| of(item)).collect(),
    };
    blocks.iter().map(block).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_is_valid(source in any::<String>()) {
        parse(&source);
    }

    #[test]
    fn marks_in_any_order_lose_no_word(source in r"([ab\n]|- |## |\*|\[|\]|\(|\)|https://|x:){0,40}") {
        let blocks = parse(&source);
        let letters = |text: &str| text.matches(['a', 'b']).count();
        // An address is the only invisible part.
        let mut hidden = 0;
        let mut look = |inlines: &[Inline]| for inline in inlines {
            if let Inline::Link { address, .. } = inline {
                assert!(is_safe(address), "{address:?}");
                hidden += letters(address);
            }
        };
        for block in &blocks {
            match block {
                Block::Heading(inlines) | Block::Paragraph(inlines) => look(inlines),
                Block::List(items) => items.iter().for_each(|item| look(item)),
            }
        }
        prop_assert_eq!(letters(&words(&blocks)) + hidden, letters(&source), "{:?}", blocks);
    }
}
