//! Normal form of e-mail addresses, by which people are identified.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::characters::is_format;

/// Returns the normal form of an e-mail address: without format characters and white space around it, in lower case, in
/// Unicode's form NFC, its domain in ASCII (UTS #46). It is for comparison only; mail goes to the address as it was
/// typed.
pub fn normal_form(address: &str) -> String {
    let seen: String = address.chars().filter(|c| !is_format(*c)).collect();
    // As the form accepts it.
    let seen = seen.replace('\u{ff20}', "@");
    let lower = seen.trim().to_lowercase();
    let address = ComposingNormalizerBorrowed::new_nfc().normalize(&lower);
    match address.rsplit_once('@') {
        Some((local, domain)) => [local, "@", &ascii(domain)].concat(),
        None => address.into_owned(),
    }
}

fn ascii(domain: &str) -> String {
    // As the form accepts them (RFC 3490, section 3.1), also if the rest is not a domain.
    let domain = domain.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
    let domain = domain.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_one_mailbox_are_the_same() {
        for (typed, normal) in [
            ("ada@example.org", "ada@example.org"),
            (" Ada@EXAMPLE.org\r\n", "ada@example.org"),
            ("a\u{200b}da@exam\u{ad}ple.org\u{feff}", "ada@example.org"),
            ("\u{2060}ada@example\u{200d}.org", "ada@example.org"),
            ("\u{feff} ada@example.org", "ada@example.org"),
            ("ada@example\u{3002}org", "ada@example.org"),
            ("ada@example\u{ff0e}co\u{ff61}uk", "ada@example.co.uk"),
            ("ada@ｅｘａｍｐｌｅ.org", "ada@example.org"),
            ("ada\u{ff20}example.org", "ada@example.org"),
            ("\u{202d}ada@example.org\u{202c}", "ada@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@bu\u{308}cher.example", "ada@xn--bcher-kva.example"),
            ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
            ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
            ("rene\u{301}@example.org", "ren\u{e9}@example.org"),
            ("RENÉ@example.org", "ren\u{e9}@example.org"),
            ("dara@ឧទាហរណ៍.example", "dara@xn--w2ef1ax7a5fyh.example"),
            // An invalid domain is left unchanged.
            ("ada@xn--a.org", "ada@xn--a.org"),
            ("a@b\u{3002}c d", "a@b.c d"),
            ("@ \u{3002}", "@"),
            ("Nowhere", "nowhere"),
            ("", ""),
        ] {
            assert_eq!(normal_form(typed), normal, "{typed:?}");
        }
        // Other mailboxes stay distinct.
        let others =
            ["ada@example.org", "a.da@example.org", "ada+x@example.org", "ada@example.com"];
        for (index, one) in others.iter().enumerate() {
            assert!(others[index + 1..].iter().all(|other| normal_form(one) != normal_form(other)));
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(address in "[aA.é\u{301}\u{200b}@ß\u{3002}ü១ -]{0,12}|\\PC{0,12}@\\PC{0,8}") {
            let normal = normal_form(&address);
            prop_assert_eq!(normal_form(&normal), normal);
        }
    }
}
