//! Phone numbers: syntax, and international form (E.164) where the country is known. A number whose international form
//! is uncertain is left as typed.

use crate::find::{find, split_once};

/// Calling codes with their countries. A hyphen introduces the trunk prefix if it is not `0`: empty if there is none or
/// the 0 belongs to the number, `x` if it is ambiguous. Source: the numbering plans that the countries have filed
/// with the ITU (list annexed to Recommendation E.164).
const CODES: &str = "1-1:AGAIASBBBMBSCADMDOGDGUJMKNKYLCMPMSPRSXTCTTUMUSVCVGVI 20:EG 211:SS 212:EHMA \
213:DZ 216-:TN 218:LY 220-:GM 221-:SN 222-:MR 223-:ML 224-:GN 225-:CI 226-:BF 227-:NE 228-:TG 229-:BJ \
230-:MU 231:LR 232:SL 233:GH 234:NG 235-:TD 236-:CF 237-:CM 238-:CV 239-:ST 240-:GQ 241-x:GA 242-:CG \
243:CD 244-:AO 245-:GW 246-:IO 248-:SC 249:SD 250:RW 251:ET 252:SO 253-:DJ 254:KE 255:TZ 256:UG \
257-:BI 258-:MZ 260:ZM 261:MG 262:RETFYT 263:ZW 264:NA 265:MW 266-:LS 267-:BW 268-:SZ 269-:KM 27:ZA \
290-:SH 291:ER 297-:AW 298-:FO 299-:GL 30-:GR 31:NL 32:BE 33:FR 34-:ES 350-:GI 351-:PT 352-:LU 353:IE \
354-:IS 355:AL 356-:MT 357-:CY 358:AXFI 359:BG 36-06:HU 370:LT 371-:LV 372-:EE 373:MD 374:AM \
375-80:BY 376-:AD 377:MC 378-:SM 380:UA 381:RS 382:ME 383:XK 385:HR 386:SI 387:BA 389:MK 39-:ITVA \
40:RO 41:CH 420-:CZ 421:SK 423:LI 43:AT 44:GBGGIMJE 45-:DK 46:SE 47-:BVNOSJ 48-:PL 49:DE 500-:FKGS \
501-:BZ 502-:GT 503-:SV 504-:HN 505-:NI 506-:CR 507-:PA 508:PM 509-:HT 51:PE 52-:MX 53:CU 54-x:AR \
55:BR 56-:CL 57:CO 58:VE 590:BLGPMF 591:BO 592-:GY 593:EC 594:GF 595:PY 596:MQ 597-:SR 598:UY \
599-:BQCW 60:MY 61:AUCCCXHM 62:ID 63:PH 64:NZPN 65-:SG 66:TH 670-:TL 672-:AQNF 673-:BN 674-:NR \
675-:PG 676-:TO 677-:SB 678-:VU 679-:FJ 680-:PW 681-:WF 682-:CK 683-:NU 685-:WS 686:KI 687-:NC \
688-:TV 689-:PF 690-:TK 691-:FM 692-:MH 7-8:KZRU 81:JP 82:KR 84:VN 850:KP 852-:HK 853-:MO 855:KH \
856:LA 86:CN 880:BD 886:TW 90:TR 91:IN 92:PK 93:AF 94:LK 95:MM 960-:MV 961:LB 962:JO 963:SY 964:IQ \
965-:KW 966:SA 967:YE 968-:OM 970:PS 971:AE 972:IL 973-:BH 974-:QA 975-:BT 976:MN 977:NP 98:IR \
992-:TJ 993-8:TM 994:AZ 995:GE 996:KG 998-:UZ";

/// Countries whose international prefix begins with `00` and is longer.
const LONGER_THAN_00: &str = "AUBRCOGYHKIDKEKHKRMNNGSGTHTWTZUG";

/// Numbers that are set aside for fiction, one of a calling code: by Ofcom, NANPA, Arcep, ComReg, PTS, the
/// Bundesnetzagentur and ACMA.
const EXAMPLES: [&str; 7] = [
    "+44 20 7946 0958",
    "+1 202 555 0123",
    "+33 6 39 98 01 23",
    "+353 20 910 0123",
    "+46 70 174 06 05",
    "+49 30 23125 012",
    "+61 491 570 006",
];

/// A calling code and its rules.
#[derive(Clone, Copy)]
struct Numbers {
    code: &'static str,
    /// Trunk prefix for calls within the country.
    trunk: &'static str,
    countries: &'static str,
}

/// Whether this is a phone number: 5 to 15 digits with common separators. An extension or a second number may follow,
/// with any words.
pub fn is_phone(value: &str) -> bool {
    let (mut digits, mut more, mut is_behind) = (0, 0, false);
    for c in value.chars() {
        if digit(c).is_some() {
            *if is_behind { &mut more } else { &mut digits } += 1;
        } else if !is_plus(c) && !is_between(c) {
            is_behind = true;
        }
    }
    (5..=15).contains(&digits)
        && (!is_behind || (1..=15).contains(&more) && find(value, "@").is_none())
}

/// An example of a phone number in international form: of this country, if its authority has set numbers aside for
/// fiction, else a British one.
pub fn example(country: &str) -> &'static str {
    let home = numbers().find(|numbers| lists(numbers.countries, country));
    let code = home.map_or("", |home| home.code);
    let is_of_code =
        |known: &&&str| split_once(known, " ").is_some_and(|(plus, _)| plus.get(1..) == Some(code));
    EXAMPLES.iter().find(is_of_code).unwrap_or(&EXAMPLES[0])
}

/// The number in E.164, typed by a person in this country (ISO 3166-1 alpha-2; empty if unknown). `None` if uncertain.
pub fn international(country: &str, typed: &str) -> Option<String> {
    let (mut digits, mut plus) = (String::new(), false);
    for c in typed.chars() {
        if let Some(digit) = digit(c) {
            digits.push(char::from(b'0' + digit));
        } else if is_plus(c) && !plus && digits.is_empty() {
            plus = true;
        } else if !is_between(c) {
            return None;
        }
    }
    let home = numbers().find(|numbers| lists(numbers.countries, country));
    let (code, number) = if plus {
        split(&digits)?
    } else if let Some(after) = digits.strip_prefix("00") {
        let home = home?;
        if lists(LONGER_THAN_00, country) && !after.starts_with(home.code) {
            return None;
        }
        split(after)?
    } else {
        let home = home?;
        (home.code, inside(home, &digits)?)
    };
    let whole = ["+", code, number].concat();
    (9..=16).contains(&whole.len()).then_some(whole)
}

/// Splits digits into calling code and national number, without a trunk prefix after the code.
fn split(digits: &str) -> Option<(&'static str, &str)> {
    let Numbers { code, trunk, .. } = numbers().find(|n| digits.starts_with(n.code))?;
    let number = digits.get(code.len()..)?;
    let of_trunk = trunk.starts_with('0') && number.starts_with(trunk);
    let number = if of_trunk { number.get(trunk.len()..)? } else { number };
    if of_trunk && number.starts_with('0') {
        return None;
    }
    // 001 and 007 are more often an international prefix than the code of these countries.
    (code.len() > 1 || number.len() == 10).then_some((code, number))
}

/// The national number in digits that were typed without an international prefix; `None` if uncertain.
fn inside(home: Numbers, digits: &str) -> Option<&str> {
    let Numbers { code, trunk, .. } = home;
    // If all numbers, or all mobile ones, have the same length, the trunk prefix is often omitted.
    let length = match code {
        "1" | "7" | "57" | "90" | "91" => 10,
        "55" | "86" => 11,
        _ => 0,
    };
    let number = if digits.len() == length {
        digits
    } else if length > 0 && digits.len() == length + code.len() && digits.starts_with(code) {
        digits.get(code.len()..)?
    } else if trunk.is_empty() {
        // It may be the calling code, written without a plus.
        return (!digits.starts_with(code)).then_some(digits);
    } else {
        digits.strip_prefix(trunk)?
    };
    (!number.starts_with('0') && (length == 0 || number.len() == length)).then_some(number)
}

fn numbers() -> impl Iterator<Item = Numbers> {
    CODES.split(' ').map(|entry| {
        let (head, countries) = entry.split_once(':').unwrap_or_default();
        let (code, trunk) = head.split_once('-').unwrap_or((head, "0"));
        Numbers { code, trunk, countries }
    })
}

/// Whether a list of two-letter codes contains this country.
pub(crate) fn lists(countries: &str, country: &str) -> bool {
    let mut pairs = countries.as_bytes().chunks(2);
    pairs.any(|pair| pair == country.as_bytes())
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{ff0b}')
}

/// Whether this is a separator between digits, or an invisible character from copying.
pub(crate) fn is_between(c: char) -> bool {
    // First and last of each range. Those after U+2212 are used for a hyphen on Japanese keyboards.
    const RANGES: [u16; 34] = [
        0x20, 0x20, 0x28, 0x29, 0x2d, 0x2f, 0xa0, 0xa0, 0xad, 0xad, 0xb7, 0xb7, 0x2000, 0x2015,
        0x202a, 0x202f, 0x2060, 0x2069, 0x2212, 0x2212, 0x2500, 0x2500, 0x3000, 0x3000, 0x30fc,
        0x30fc, 0xfeff, 0xfeff, 0xff08, 0xff09, 0xff0d, 0xff0f, 0xff70, 0xff70,
    ];
    is_within(c, &RANGES)
}

/// Whether a character is in one of these ranges, given as pairs of first and last.
pub(crate) fn is_within(c: char, ranges: &[u16]) -> bool {
    let mut ends = ranges.iter();
    while let (Some(first), Some(last)) = (ends.next(), ends.next()) {
        if (u32::from(*first)..=u32::from(*last)).contains(&(c as u32)) {
            return true;
        }
    }
    false
}

/// The value of a decimal digit in a script in everyday use. The ten digits of a script are contiguous; Unicode's full
/// table would cost the widget 1 KB.
pub(crate) fn digit(c: char) -> Option<u8> {
    const ZEROS: [u16; 19] = [
        0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50,
        0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10,
    ];
    for zero in ZEROS {
        let above = (c as u32).wrapping_sub(u32::from(zero));
        if above < 10 {
            return Some(above as u8);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country;
    use proptest::prelude::*;

    #[test]
    fn every_country_has_one_calling_code() {
        for country in country::all() {
            let codes = numbers().filter(|numbers| lists(numbers.countries, country)).count();
            assert_eq!(codes, 1, "{country}");
        }
        for Numbers { code, trunk, countries } in numbers() {
            assert!((1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()));
            assert!(["", "x", "0", "1", "8", "06", "80"].contains(&trunk), "{code}");
            let mut known = countries.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair));
            assert!(known.all(|known| known.is_ok_and(country::is_known)), "{countries}");
            // No code begins another one.
            assert_eq!(numbers().filter(|other| other.code.starts_with(code)).count(), 1, "{code}");
        }
    }

    #[test]
    fn a_number_takes_its_international_form() {
        for (country, typed, form) in [
            ("KH", "012 345 678", "+85512345678"),
            ("KH", "០១២ ៣៤៥ ៦៧៨", "+85512345678"),
            ("KH", "+855 12 345 678", "+85512345678"),
            ("KH", "+855 (0)12 345 678", "+85512345678"),
            ("KH", "(+855) 012-345-678", "+85512345678"),
            ("KH", "00855 12 345 678", "+85512345678"),
            ("GB", "020 7946 0958", "+442079460958"),
            ("GB", "(020) 7946-0958", "+442079460958"),
            ("GB", "0044 (0)20 7946 0958", "+442079460958"),
            ("GB", "00855 12 345 678", "+85512345678"),
            ("", "+44 20 7946 0958", "+442079460958"),
            ("FR", "06.12.34.56.78", "+33612345678"),
            ("DE", "030/123456", "+4930123456"),
            ("IT", "06 1234 5678", "+390612345678"),
            ("IT", "+39 06 1234 5678", "+390612345678"),
            ("IT", "347 123 4567", "+393471234567"),
            ("ES", "612 34 56 78", "+34612345678"),
            ("PT", "912 345 678", "+351912345678"),
            ("DK", "20 12 34 56", "+4520123456"),
            ("NO", "912 34 567", "+4791234567"),
            ("PL", "501 234 567", "+48501234567"),
            ("HU", "06 20 123 4567", "+36201234567"),
            ("HU", "+36 06 20 123 4567", "+36201234567"),
            ("US", "(202) 555-0123", "+12025550123"),
            ("US", "1-202-555-0123", "+12025550123"),
            ("CA", "+1 613 555 0123", "+16135550123"),
            ("RU", "8 (916) 123-45-67", "+79161234567"),
            ("RU", "7 916 123-45-67", "+79161234567"),
            ("RU", "916 123-45-67", "+79161234567"),
            ("RU", "800 555-35-35", "+78005553535"),
            ("KZ", "8 701 123 4567", "+77011234567"),
            ("BY", "8 029 123-45-67", "+375291234567"),
            ("IN", "98765 43210", "+919876543210"),
            ("IN", "०९८७६५ ४३२१०", "+919876543210"),
            ("IN", "91 98765 43210", "+919876543210"),
            ("BR", "(11) 91234-5678", "+5511912345678"),
            ("CN", "138 0013 8000", "+8613800138000"),
            ("CI", "07 12 34 56 78", "+2250712345678"),
            ("EG", "٠١٠ ١٢٣٤ ٥٦٧٨", "+201012345678"),
            ("JP", "０９０－１２３４－５６７８", "+819012345678"),
            ("JP", "＋81 90 1234 5678", "+819012345678"),
            ("JP", "090\u{30fc}1234\u{30fc}5678", "+819012345678"),
            ("JP", "０９０ｰ１２３４\u{3000}５６７８", "+819012345678"),
            ("JP", "０９０─１２３４．５６７８", "+819012345678"),
            ("IL", "\u{202a}+972 50-123-4567\u{202c}", "+972501234567"),
            ("AU", "0061 2 9374 4000", "+61293744000"),
        ] {
            assert_eq!(international(country, typed).as_deref(), Some(form), "{country} {typed}");
            assert!(is_phone(typed) && is_phone(form));
        }
    }

    #[test]
    fn an_example_is_of_the_country_where_a_number_is_set_aside() {
        for (country, number) in [
            ("GB", "+44 20 7946 0958"),
            ("JE", "+44 20 7946 0958"),
            ("US", "+1 202 555 0123"),
            ("CA", "+1 202 555 0123"),
            ("FR", "+33 6 39 98 01 23"),
            ("IE", "+353 20 910 0123"),
            ("KH", "+44 20 7946 0958"),
            ("XX", "+44 20 7946 0958"),
            ("", "+44 20 7946 0958"),
        ] {
            assert_eq!(example(country), number, "{country}");
        }
        for number in EXAMPLES {
            assert!(is_phone(number));
            assert_eq!(international("", number), Some(number.replace(' ', "")));
        }
    }

    #[test]
    fn a_doubtful_number_stays_as_it_is() {
        for (country, typed) in [
            ("", "012 345 678"),
            ("XX", "012 345 678"),
            ("", "0044 20 7946 0958"),
            // Without area code, or without what comes before it.
            ("KH", "345 678"),
            ("KH", "12 345 678"),
            ("US", "555-0123"),
            ("US", "202 555 0123 4"),
            ("RU", "123-45-67"),
            // Ways out of the country.
            ("KH", "001 44 20 7946 0958"),
            ("KH", "007 44 20 7946 0958"),
            ("AU", "0011 44 20 7946 0958"),
            ("TW", "002 44 20 7946 0958"),
            ("US", "011 44 20 7946 0958"),
            ("GB", "001 44 20 7946 0958"),
            // A calling code without its plus, perhaps.
            ("ES", "34 612 34 56 78"),
            ("DK", "45 20 12 34 56"),
            ("AR", "011 15-2345-6789"),
            ("GB", "00 0 20 7946"),
            ("GB", "0020 7946"),
            // Too short, too long, or none.
            ("KH", "012 34"),
            ("GB", "020 7946 0958 1234 567"),
            ("KH", ""),
            ("KH", "+"),
            ("KH", "12+345678"),
            ("KH", "++855 12 345 678"),
            ("KH", "012 345 678 ext 9"),
            ("FI", "03 331 6005 ext 3456"),
            ("KH", "+999 12 345 678"),
        ] {
            assert_eq!(international(country, typed), None, "{country} {typed}");
        }
    }

    #[test]
    fn a_number_may_have_an_extension_or_another_number_behind_it() {
        for typed in [
            "03 331 6005 ext 3456",
            "+44 20 7946 0958 x12",
            "8 (495) 123-45-67 доб. 8901",
            "012 345 678, 098 765 432",
            "+1-202-555-0123;ext=7",
            "02-1234-5678#9",
            "０３ー１２３４ー５６７８（内線１２）",
            "012 345 678 ឬ 098 765 432",
        ] {
            assert!(is_phone(typed), "{typed}");
            assert_eq!(international("GB", typed), None);
        }
        for typed in
            ["ext 3456", "1234 ext 5", "12345 Berlin", "call 12345", "12345@6.example", "12345x"]
        {
            assert!(!is_phone(typed), "{typed}");
        }
        assert!(!is_phone(&format!("12345 x{}", "6".repeat(16))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn the_form_is_its_own_form(
            country in prop::sample::select(country::all().collect::<Vec<_>>()),
            other in prop::sample::select(country::all().collect::<Vec<_>>()),
            typed in "[+0-9 ()./៣-៩-]{0,18}|\\PC*",
        ) {
            if let Some(form) = international(country, &typed) {
                let digits = form.strip_prefix('+').unwrap_or_default();
                prop_assert!((8..=15).contains(&digits.len()), "{}", form);
                prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()));
                prop_assert!(is_phone(&form));
                for country in [country, other, ""] {
                    prop_assert_eq!(international(country, &form), Some(form.clone()));
                }
            }
        }
    }
}
