//! Postcodes: their format in countries where it is certain, and their comparison. Case, spaces and hyphens are
//! ignored; the postcode is sent as typed.

use crate::phone::{digit, is_between, lists};

/// Formats with their countries: `#` is a digit, `@` a letter, any other letter itself. `|` separates alternatives; the
/// first one is shown as an example, and only there spaces and hyphens matter. Countries whose codes are changing or
/// often omitted are not listed, nor is Cyprus, which has two systems. Territories whose residents choose this country
/// have their own alternatives.
const FORMS: &str = "####:ATAUBEBGCHHULILULVMDNONZPHSIZA;#####:AXDEEEESFIFRHRIDITLTMCMEMXMYTHTR;#####|######:UAVN;####|###:DK;\
###:ADIS;######:CNINRORUSG;### ##:CZGRSESK;#####|#####-####:US;@#@ #@#:CA;@@# #@@|@# #@@|@## #@@|\
@@## #@@|@#@ #@@|@@#@ #@@|BFPO #|BFPO ##|BFPO ###|BFPO ####|@@@@ #@@:GB;#### @@:NL;##-###:PL;####-###|####:PT;\
#####-###:BR;###-####:JP;#####|###-###:KR;######|#####:KH";

/// Whether a postcode has the format of this country (ISO 3166-1 alpha-2). True for a country without a certain format,
/// and for none.
pub fn fits(country: &str, postcode: &str) -> bool {
    let Some(forms) = forms(country) else {
        return true;
    };
    let code = plain(postcode);
    let mut inland = code.as_str();
    // Letters from abroad have a country code before the digits: D-10115, SE-111 22.
    if forms.starts_with('#') {
        let digits = code.trim_start_matches(|c: char| c.is_ascii_uppercase());
        if code.len() - digits.len() <= 2 {
            inland = digits;
        }
    }
    forms.split('|').any(|form| is_of(form, inland))
}

/// An example of a postcode of this country; empty if its format is not certain.
pub fn example(country: &str) -> String {
    let form = forms(country).and_then(|forms| forms.split('|').next()).unwrap_or_default();
    let (mut digits, mut letters) = (0, 0);
    let mut example = String::new();
    for c in form.chars() {
        example.push(match c {
            '#' => {
                digits += 1;
                char::from(b'0' + digits)
            }
            '@' => {
                letters += 1;
                char::from(b'@' + letters)
            }
            other => other,
        });
    }
    example
}

/// A postcode in the form that is compared: upper case, ASCII digits, no separators.
pub(crate) fn plain(postcode: &str) -> String {
    let mut plain = String::new();
    for c in postcode.chars() {
        match digit(c) {
            Some(digit) => plain.push(char::from(b'0' + digit)),
            // The Japanese postal mark is not part of the code.
            None if is_between(c) || c.is_whitespace() || c == '\u{3012}' => {}
            None => plain.push(c.to_ascii_uppercase()),
        }
    }
    plain
}

/// The formats of a country's postcodes.
fn forms(country: &str) -> Option<&'static str> {
    let entries = FORMS.split(';').filter_map(|entry| entry.split_once(':'));
    entries.into_iter().find(|(_, countries)| lists(countries, country)).map(|(forms, _)| forms)
}

/// Whether a normalised postcode matches this format.
fn is_of(form: &str, code: &str) -> bool {
    let mut chars = code.chars();
    for wanted in form.chars().filter(|c| !matches!(c, ' ' | '-')) {
        let fits = match chars.next() {
            None => false,
            Some(c) => match wanted {
                '#' => c.is_ascii_digit(),
                '@' => c.is_ascii_uppercase(),
                letter => c == letter,
            },
        };
        if !fits {
            return false;
        }
    }
    chars.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country;
    use proptest::prelude::*;

    #[test]
    fn a_postcode_has_the_form_of_its_country() {
        for (country, good, bad) in [
            ("US", &["20500", "20500-0003", "205000003"][..], &["2050", "20500-00", "K1A 0B1"][..]),
            ("CA", &["K1A 0B1", "k1a0b1", "K1A-0B1"], &["K1A", "K1A 0B", "11A 0B1"]),
            (
                "GB",
                &[
                    "SW1A 1AA", "sw1a1aa", "M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "W1A 0AX",
                    "BFPO 57",
                ],
                &["SW1A", "12345", "SW1A 1A", "S 1AA"],
            ),
            (
                "DE",
                &["10115", "D-10115", "DE 10115", "１０１１５"],
                &["1011", "101155", "ABC10115"],
            ),
            ("FR", &["75001", "F-75001", "97400"], &["7500", "75001 PARIS"]),
            ("NL", &["1012 AB", "1012ab", "NL-1012 AB"], &["1012", "1012 A", "AB 1012"]),
            ("CH", &["8000", "CH-8000"], &["80000"]),
            ("SE", &["111 22", "SE-111 22", "11122"], &["1112"]),
            ("PL", &["00-950", "00950"], &["0095"]),
            ("PT", &["1000-205", "1000"], &["100-205"]),
            ("BR", &["01310-100", "01310100"], &["01310"]),
            ("JP", &["100-0001", "〒100-0001", "１００−０００１", "1000001"], &["100"]),
            ("KR", &["03051", "110-050"], &["0305"]),
            ("IN", &["110001", "110 001", "११०००१"], &["11000"]),
            ("KH", &["12000", "120101", "១២០១០១"], &["1200", "1201012"]),
            ("VN", &["11010", "100000"], &["1101"]),
            ("AU", &["0800", "2600"], &["800"]),
            ("LV", &["LV-1050", "1050"], &["105"]),
            // Crimea, the Faroes, the Falklands.
            ("UA", &["01001", "295000"], &["0100"]),
            ("DK", &["DK-1050", "FO-100", "100"], &["10"]),
            ("GB", &["FIQQ 1ZZ", "GX11 1AA"], &["FIQQ"]),
            ("AD", &["AD500", "500"], &["5"]),
        ] {
            for postcode in good {
                assert!(fits(country, postcode), "{country} {postcode}");
            }
            for postcode in bad.iter().chain(&["", "x", "-", "123456789012", "10115\u{301}"]) {
                assert!(!fits(country, postcode), "{country} {postcode}");
            }
        }
        // Countries whose postcodes have no certain format accept every value.
        for country in ["", "XX", "IE", "AR", "KZ", "GG", "CY"] {
            for postcode in ["", "x", "12", "Dublin 4", "A94 T6P4", "99010", "Mersin 10"] {
                assert!(fits(country, postcode), "{country} {postcode}");
            }
            assert_eq!(example(country), "");
        }
    }

    #[test]
    fn an_example_is_one() {
        for (country, shown) in [
            ("GB", "AB1 2CD"),
            ("CA", "A1B 2C3"),
            ("US", "12345"),
            ("NL", "1234 AB"),
            ("PT", "1234-567"),
            ("KH", "123456"),
        ] {
            assert_eq!(example(country), shown);
        }
        for country in country::all() {
            assert!(fits(country, &example(country)), "{country}");
        }
        for (_, countries) in FORMS.split(';').filter_map(|entry| entry.split_once(':')) {
            for pair in countries.as_bytes().chunks(2) {
                let country = std::str::from_utf8(pair).unwrap_or_default();
                assert!(country::is_known(country), "{country}");
                assert_eq!(FORMS.matches(&[":", countries].concat()).count(), 1);
                let listed = FORMS.split(';').filter_map(|entry| entry.split_once(':'));
                assert_eq!(listed.filter(|(_, all)| lists(all, country)).count(), 1, "{country}");
            }
        }
    }

    proptest! {
        #[test]
        fn case_and_spaces_are_forgiven(
            country in prop::sample::select(country::all().collect::<Vec<_>>()),
            postcode in "[A-Z0-9 -]{0,10}|\\PC*",
        ) {
            let spaced: String = postcode.chars().flat_map(|c| [c, ' ']).collect();
            let fit = fits(country, &postcode);
            prop_assert_eq!(fits(country, &spaced), fit);
            prop_assert_eq!(fits(country, &postcode.to_ascii_lowercase()), fit);
            prop_assert_eq!(plain(&plain(&postcode)), plain(&postcode));
        }
    }
}
