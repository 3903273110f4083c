//! Suggestions for misspelled e-mail addresses: "Did you mean …@gmail.com?". A suggestion never blocks sending.

/// Domains with many mailboxes, and domains that are similar to one of them and valid.
const KNOWN: &str = "gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com live.com \
msn.com icloud.com me.com mac.com aol.com proton.me protonmail.com gmx.de gmx.net gmx.com gmx.at \
gmx.ch web.de t-online.de freenet.de posteo.de mailbox.org mail.ru yandex.ru yandex.com inbox.ru \
list.ru bk.ru rambler.ru ukr.net qq.com 163.com 126.com sina.com foxmail.com naver.com hanmail.net \
daum.net yahoo.co.uk yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.ca yahoo.co.in yahoo.co.jp \
yahoo.co.id yahoo.com.br yahoo.com.au yahoo.com.mx yahoo.com.vn hotmail.co.uk hotmail.fr hotmail.de \
hotmail.it hotmail.es hotmail.ca live.co.uk live.fr live.nl live.ca outlook.fr outlook.de outlook.es \
outlook.it orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tin.it alice.it \
uol.com.br bol.com.br terra.com.br btinternet.com sky.com comcast.net verizon.net att.net \
sbcglobal.net bellsouth.net cox.net charter.net rogers.com shaw.ca sympatico.ca bigpond.com \
optusnet.com.au seznam.cz centrum.cz wp.pl o2.pl onet.pl interia.pl abv.bg mail.com email.com \
zoho.com fastmail.com tutanota.com tuta.com rediffmail.com hey.com duck.com mail.de";

/// Common misspellings of top-level domains, each followed by the right one.
const ENDS: &str = "con com cmo com ocm com comm com coom com conm com vom com xom com cpm com \
c0m com nte net nett net ent net orgg org ogr org rog org ort org";

/// The suggested address, with its domain in lower case. `None` if there is no suggestion, and always for a known
/// domain.
pub fn address(typed: &str) -> Option<String> {
    let (local, domain) = typed.trim().rsplit_once('@')?;
    let domain = domain.to_ascii_lowercase();
    if local.is_empty() || KNOWN.split(' ').any(|known| known == domain) {
        return None;
    }
    let mended = mended(&domain);
    let meant = nearest(mended.as_deref().unwrap_or(&domain)).map(str::to_owned).or(mended)?;
    Some([local, "@", &meant].concat())
}

/// The domain with a corrected top-level domain, if it is a common misspelling.
fn mended(domain: &str) -> Option<String> {
    let (name, end) = domain.rsplit_once('.')?;
    let mut ends = ENDS.split(' ');
    while let (Some(typed), Some(meant)) = (ends.next(), ends.next()) {
        if typed == end && !name.is_empty() {
            return Some([name, ".", meant].concat());
        }
    }
    None
}

/// The known domain within edit distance 2 of this one.
fn nearest(domain: &str) -> Option<&'static str> {
    let mut best = (3, None);
    // Longer than any known domain plus two characters.
    if domain.len() > 24 {
        return None;
    }
    for known in KNOWN.split(' ') {
        // A short domain that differs by one character may well be another valid one.
        let allowed = match known.len() {
            0..=6 => 0,
            7..=8 => 1,
            _ => 2,
        };
        let slips = distance(domain, known);
        if slips <= allowed && slips < best.0 {
            best = (slips, Some(known));
        }
    }
    best.1
}

/// Edit distance: insertions, deletions, substitutions, and swaps of neighbours (optimal string alignment).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    // A row for each prefix of `a`, a column for each prefix of `b`.
    let width = b.len() + 1;
    let mut slips: Vec<usize> = (0..width).collect();
    for i in 1..=a.len() {
        let above = (i - 1) * width;
        slips.push(i);
        for j in 1..width {
            let changed = slips[above + j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(slips[above + j] + 1).min(slips[above + width + j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(slips[above - width + j - 2] + 1);
            }
            slips.push(least);
        }
    }
    slips[slips.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_is_mended() {
        for (typed, meant) in [
            ("ada@gmial.com", "ada@gmail.com"),
            ("ada@gmal.com", "ada@gmail.com"),
            ("ada@gamil.com", "ada@gmail.com"),
            ("ada@gnail.com", "ada@gmail.com"),
            ("ada@gmail.co", "ada@gmail.com"),
            ("ada@gmail.cm", "ada@gmail.com"),
            ("ada@gmail.om", "ada@gmail.com"),
            ("ada@gmail,com", "ada@gmail.com"),
            ("ada@gmailcom", "ada@gmail.com"),
            ("ada@gmail.com.", "ada@gmail.com"),
            ("ada@gmail.con", "ada@gmail.com"),
            ("ada@gmial.cmo", "ada@gmail.com"),
            (" Ada@GMIAL.COM ", "Ada@gmail.com"),
            ("ada@hotmial.com", "ada@hotmail.com"),
            ("ada@hotmil.co.uk", "ada@hotmail.co.uk"),
            ("ada@yaho.com", "ada@yahoo.com"),
            ("ada@yahooo.fr", "ada@yahoo.fr"),
            ("ada@outlok.com", "ada@outlook.com"),
            ("ada@iclod.com", "ada@icloud.com"),
            ("ada@protonmial.com", "ada@protonmail.com"),
            ("ada@example.con", "ada@example.com"),
            ("ada@example.co.nte", "ada@example.co.net"),
            ("ada@example.orgg", "ada@example.org"),
            ("ដារ៉ា@gmial.com", "ដារ៉ា@gmail.com"),
            ("a@b@gmial.com", "a@b@gmail.com"),
            ("ada@gm\u{430}il.com", "ada@gmail.com"),
        ] {
            assert_eq!(address(typed).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn nothing_is_said_of_what_may_be_right() {
        for typed in [
            "",
            "@",
            "ada",
            "ada@",
            "@gmial.com",
            "ada@example.org",
            "ada@freedom.example",
            "ada@mail.gov.kh",
            "ada@mine.de",
            "ada@ne.com",
            "ada@love.org",
            "ada@gmx.fr",
            "ada@b.co",
            "ada@ឧទាហរណ៍.កម្ពុជា",
            "ada@.con",
            "ada@con",
        ] {
            assert_eq!(address(typed), None, "{typed}");
        }
        for known in KNOWN.split(' ') {
            assert_eq!(address(&["Ada@", &known.to_uppercase()].concat()), None, "{known}");
        }
        assert!(KNOWN.split(' ').all(|known| (5..=22).contains(&known.len())));
    }

    proptest! {
        #[test]
        fn what_is_suggested_is_left_alone(typed in "[a-z.@]{0,30}|[a-z]{1,3}@[ghmailotc.]{5,12}|\\PC*") {
            if let Some(meant) = address(&typed) {
                prop_assert_eq!(address(&meant).filter(|again| *again == meant), None);
                prop_assert!(meant.len() <= typed.len() + 2);
            }
        }

        #[test]
        fn a_distance_is_one(a in "[abc]{0,6}", b in "[abc]{0,6}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
            prop_assert!(distance(&a, &b) >= a.len().abs_diff(b.len()));
        }
    }
}
