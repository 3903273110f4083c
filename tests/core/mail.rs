//! A message as the supporter's own mail: the links contain exactly the message to send.

use proptest::prelude::*;
use standwith::mail::{LONGEST_MAILTO, LONGEST_WEB, Mail, percent_encode};

fn mail(to: &[&str], subject: &str, body: &str) -> Mail {
    let to = to.iter().map(|address| (*address).to_owned()).collect();
    Mail { to, subject: subject.to_owned(), body: body.to_owned() }
}

/// Percent-decoding alone: `+` stays a plus.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn lines(text: &str) -> String {
    decoded(text).replace("\r\n", "\n")
}

/// Reads a `mailto:` link by RFC 6068.
fn read(link: &str) -> Mail {
    let rest = link.strip_prefix("mailto:").unwrap();
    let (to, fields) = rest.split_once('?').unwrap_or((rest, ""));
    let to = to.split(',').filter(|to| !to.is_empty()).map(decoded).collect();
    let mut mail = Mail { to, ..Mail::default() };
    for field in fields.split('&').filter(|field| !field.is_empty()) {
        match field.split_once('=').unwrap() {
            ("subject", value) => mail.subject = lines(value),
            ("body", value) => mail.body = lines(value),
            other => panic!("{other:?}"),
        }
    }
    mail
}

/// Reads a link to webmail: names and values after the first of these characters.
fn values(link: &str) -> Vec<(String, String)> {
    let (_, query) = link.split_once(['?', '#']).unwrap();
    let pair = |pair: &str| pair.split_once('=').map(|(n, v)| (n.to_owned(), decoded(v))).unwrap();
    query.split('&').map(pair).collect()
}

fn read_on_the_web(name: &str, link: &str) -> Mail {
    let values = values(link);
    let get = |name: &str| &values.iter().find(|(known, _)| known == name).unwrap().1;
    if name == "Proton" {
        return read(get("mailto"));
    }
    let subject = get(if name == "Gmail" { "su" } else { "subject" }).replace("\r\n", "\n");
    let to = get("to").split(',').filter(|to| !to.is_empty()).map(str::to_owned).collect();
    Mail { to, subject, body: get("body").replace("\r\n", "\n") }
}

#[test]
fn the_examples_of_rfc_6068_are_written_to_the_letter() {
    for (link, mail) in [
        ("mailto:chris@example.com", mail(&["chris@example.com"], "", "")),
        (
            "mailto:infobot@example.com?subject=current-issue",
            mail(&["infobot@example.com"], "current-issue", ""),
        ),
        (
            "mailto:infobot@example.com?body=send%20current-issue",
            mail(&["infobot@example.com"], "", "send current-issue"),
        ),
        (
            "mailto:infobot@example.com?body=send%20current-issue%0D%0Asend%20index",
            mail(&["infobot@example.com"], "", "send current-issue\nsend index"),
        ),
        (
            "mailto:majordomo@example.com?body=subscribe%20bamboo-l",
            mail(&["majordomo@example.com"], "", "subscribe bamboo-l"),
        ),
        ("mailto:gorby%25kremvax@example.com", mail(&["gorby%kremvax@example.com"], "", "")),
        ("mailto:unlikely%3Faddress@example.com", mail(&["unlikely?address@example.com"], "", "")),
        ("mailto:Mike%26family@example.org", mail(&["Mike&family@example.org"], "", "")),
        ("mailto:%22not%40me%22@example.org", mail(&["\"not@me\"@example.org"], "", "")),
        ("mailto:%22oh%5C%5Cno%22@example.org", mail(&["\"oh\\\\no\"@example.org"], "", "")),
        (
            "mailto:user@example.org?subject=caf%C3%A9&body=caf%C3%A9",
            mail(&["user@example.org"], "café", "café"),
        ),
        (
            "mailto:user@example.org?subject=%3D%3Futf-8%3FQ%3Fcaf%3DC3%3DA9%3F%3D",
            mail(&["user@example.org"], "=?utf-8?Q?caf=C3=A9?=", ""),
        ),
        (
            "mailto:user@%E7%B4%8D%E8%B1%86.example.org?subject=Test&body=NATTO",
            mail(&["user@納豆.example.org"], "Test", "NATTO"),
        ),
        (
            "mailto:addr1@an.example,addr2@an.example",
            mail(&["addr1@an.example", "addr2@an.example"], "", ""),
        ),
    ] {
        assert_eq!(mail.mailto().as_deref(), Some(link));
        assert_eq!(read(link), mail);
    }
    // The RFC leaves the apostrophe of this example unescaped; an escaped one reads as the same.
    let ugly = mail(&["\"\\\\\\\"it's\\ ugly\\\\\\\"\"@example.org"], "", "");
    let link = "mailto:%22%5C%5C%5C%22it's%5C%20ugly%5C%5C%5C%22%22@example.org";
    assert_eq!(read(link), ugly);
    assert_eq!(read(&ugly.mailto().unwrap()), ugly);
}

#[test]
fn every_sign_arrives_as_it_was_typed() {
    for text in [
        "សូមដោះលែងលោក មេឃ ដារ៉ា",
        "ស្ត្រី\u{200b}ម្នាក់\u{200d}\u{200c}",
        "Q&A, 1+1=2, 100% #free; a=b?c/d\\e",
        "“He said: ‘no’”, \"it's\" <b>`x`</b> {{given_name}}",
        "One\nTwo\n\n\nThree\tfour",
        "%20 %E1 %0D%0A + %",
        "👩‍👩‍👧 \u{10ffff}",
    ] {
        let mail = mail(&["o+neill@example.org", "ជាតិ@ឧទាហរណ៍.example"], text, text);
        let link = mail.mailto().unwrap();
        assert_eq!(read(&link), mail);
        assert!(link.is_ascii() && !link.contains([' ', '"', '\'', '<', '>', '+', '\n']), "{link}");
        let web: Vec<_> = mail.on_the_web().collect();
        assert_eq!(web.len(), 4);
        for (name, link) in web {
            assert_eq!(read_on_the_web(name, &link), mail, "{link}");
        }
    }
    assert_eq!(percent_encode("a\r\nb\rc\nd"), "a%0D%0Ab%0D%0Ac%0D%0Ad");
}

#[test]
fn mailboxes_on_the_web_have_their_own_links() {
    let links: Vec<_> = mail(&["a@x.example", "b@x.example"], "S 1", "B&C").on_the_web().collect();
    let expected = [
        (
            "Gmail",
            "https://mail.google.com/mail/?view=cm&fs=1&to=a%40x.example%2Cb%40x.example\
             &su=S%201&body=B%26C",
        ),
        (
            "Outlook",
            "https://outlook.live.com/mail/0/deeplink/compose?to=a%40x.example%2Cb%40x.example\
             &subject=S%201&body=B%26C",
        ),
        (
            "Yahoo",
            "https://compose.mail.yahoo.com/?to=a%40x.example%2Cb%40x.example\
             &subject=S%201&body=B%26C",
        ),
        (
            "Proton",
            "https://mail.proton.me/u/0/inbox#mailto=mailto%3Aa%40x.example%2Cb%40x.example\
             %3Fsubject%3DS%25201%26body%3DB%2526C",
        ),
    ];
    assert_eq!(links, expected.map(|(name, link)| (name, link.to_owned())));
}

#[test]
fn a_link_that_would_be_cut_off_is_none() {
    let begin = "mailto:a@example.org?subject=S&body=".len();
    let fits = mail(&["a@example.org"], "S", &"x".repeat(LONGEST_MAILTO - begin));
    assert_eq!(fits.mailto().unwrap().len(), LONGEST_MAILTO);
    assert_eq!(mail(&["a@example.org"], "S", &[&fits.body, "x"].concat()).mailto(), None);
    // Each Khmer character takes nine characters of a link.
    let khmer = mail(&["a@example.org"], "S", &"ក".repeat(300));
    assert_eq!((khmer.mailto(), khmer.on_the_web().count()), (None, 4));
    let long = mail(&["a@example.org"], "S", &"ក".repeat(2000));
    assert_eq!((long.mailto(), long.on_the_web().count()), (None, 0));
    // Many recipients count, too.
    let many: Vec<String> = (0..200).map(|n| format!("minister-{n}@government.example")).collect();
    let many = Mail { to: many, ..fits };
    assert_eq!(many.mailto(), None);
    assert!(many.on_the_web().all(|(_, link)| link.len() <= LONGEST_WEB));
}

proptest! {
    #[test]
    fn what_a_link_says_is_what_is_sent(
        to in proptest::collection::vec("[a-z+&%'\u{1780}\u{fc}.]{1,12}@[a-z\u{1780}-]{1,12}\\.example", 1..6),
        subject in "[ -~\u{1780}-\u{17d2}\u{200b}\u{1f600}]{0,60}",
        body in "[ -~\n\t\u{1780}-\u{17d2}\u{200b}\u{1f600}]{0,200}",
    ) {
        let mail = Mail { to, subject, body };
        if let Some(link) = mail.mailto() {
            prop_assert!(link.len() <= LONGEST_MAILTO);
            prop_assert_eq!(&read(&link), &mail);
        }
        for (name, link) in mail.on_the_web() {
            prop_assert!(link.starts_with("https://") && link.len() <= LONGEST_WEB);
            prop_assert_eq!(&read_on_the_web(name, &link), &mail, "{}", link);
        }
    }

    #[test]
    fn whatever_is_encoded_is_read_as_the_same(text in any::<String>()) {
        let plain = text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(lines(&percent_encode(&text)), plain);
    }
}
