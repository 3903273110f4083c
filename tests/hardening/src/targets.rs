//! The properties, each named after its input.

use std::sync::LazyLock;

use standwith::action::{ClaimContext, Claims};
use standwith::answer::{self, Acceptance};
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::check::{check, check_claims, is_email};
use standwith::draft::Draft;
use standwith::envelope::{self, PublicKey, ReceiptClaims, open_action, open_receipt};
use standwith::lint::lint;
use standwith::mail::Mail;
use standwith::markdown::{self, Block, Inline};
use standwith::session::{Event, FormConfig, Reply, Session, SigningInputs};
use standwith::text::{Locale, Rules};
use standwith::{country, json, markup, phone, postcode, prefill, shape, suggest, view};
use standwith_endpoint::address::PublicUrl;
use standwith_endpoint::characters::neutralised;
use standwith_endpoint::csv::{self as table, Cell, Separator};
use url::Url;

use crate::renderer;

/// Panics if the property does not hold.
pub type Property = fn(&[u8]);

/// Name of a property, and the property. Its folder in the committed corpus has the same name.
pub const ALL: [(&str, Property); 6] = [
    ("jws", jws),
    ("campaign", campaign),
    ("markdown", markdown),
    ("claims", claims),
    ("csv", csv),
    ("address", address),
];

/// Signed actions and receipts: an accepted text is the only encoding of its content, and its content is unchanged by
/// writing and reading. NULs in the input separate the parts that are then encoded.
pub fn jws(bytes: &[u8]) {
    assert_eq!(envelope::decode(&envelope::encode(bytes)).as_deref(), Some(bytes));
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let encoded = || parts.iter().map(|part| envelope::encode(part)).collect::<Vec<_>>().join(".");
    let text = match (&parts[..], std::str::from_utf8(bytes)) {
        ([_], Ok(text)) => text.to_owned(),
        ([_], Err(_)) => return,
        _ => encoded(),
    };
    if let Some(bytes) = envelope::decode(&text) {
        assert_eq!(envelope::encode(&bytes), text, "one form of base64url");
    }
    let (action, receipt) = (open_action(&text), open_receipt(&text));
    assert!(action.is_err() || receipt.is_err(), "an action is no receipt");
    if let Ok(action) = action {
        assert_eq!(envelope::compact(action.signed, &action.signature), text);
        let payload = action.signed.split_once('.').map(|(_, payload)| payload.to_owned());
        assert_eq!(payload, Some(envelope::encode(&action.payload)));
        assert!(action.header.jwk.as_ref().and_then(PublicKey::point).is_some());
        assert_eq!(shape::read(&shape::write(&action.header)).as_ref(), Ok(&action.header));
        comes_back(&action.claims);
    }
    if let Ok(receipt) = receipt {
        assert_eq!(envelope::compact(receipt.signed, &receipt.signature), text);
        let again: Result<ReceiptClaims, _> = shape::read(&shape::write(&receipt.claims));
        assert_eq!(again.as_ref(), Ok(&receipt.claims));
    }
}

fn comes_back(claims: &Claims) {
    let written = shape::write(claims);
    let again: Result<Claims, _> = shape::read(&written);
    assert_eq!(again.as_ref(), Ok(claims));
    assert_eq!(again.map(|again| shape::write(&again)).as_ref(), Ok(&written));
}

/// The current time: seconds since 1970.
const NOW: i64 = 1_790_000_000;

/// Campaign files: each error has a position and one line of text; a file that the strict reader accepts, the lenient
/// one reads as the same; of any readable file, every screen is markup that the renderer accepts, and nothing in it
/// runs script or misleads.
pub fn campaign(bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    let faults = lint(bytes);
    for fault in &faults {
        assert!((1..=lines).contains(&(fault.line as usize)), "{fault:?}");
        assert!(!fault.to_string().contains(char::is_control), "{fault}");
    }
    let file = match CampaignFile::parse(bytes) {
        Ok(file) => file,
        Err(fault) => {
            assert_eq!(faults, [fault]);
            return;
        }
    };
    for lang in file.languages().iter().take(3) {
        let strict = file.campaign(lang, Strictness::Strict);
        let lenient = file.campaign(lang, Strictness::Lenient);
        assert!(strict.is_ok() || !faults.is_empty(), "a file without errors can be read");
        if strict.is_ok() {
            assert_eq!(strict, lenient);
        }
        if let Ok(campaign) = lenient {
            screens(&campaign, faults.is_empty());
        }
    }
}

/// Every screen of a form is harmless: editing, field errors, signing, rejected, thanks, hosted. In a campaign without
/// errors, its references to ids resolve.
pub fn screens(campaign: &Campaign, faultless: bool) {
    let locale = Locale::english(Rules::PLAIN);
    let look = |markup: markup::Markup| {
        let painted = renderer::painted(&markup);
        let harmless = painted.as_ref().map_err(String::clone).and_then(renderer::harmless);
        assert_eq!(harmless, Ok(()), "{}", markup.as_str());
        if faultless {
            assert_eq!(painted.as_ref().map_err(String::clone).and_then(renderer::tied), Ok(()));
        }
    };
    let first = view::first(campaign, &locale);
    // With any campaign, a form recognises its own first markup.
    let known = view::is_first(first.as_str(), campaign, &mut locale.clone());
    assert_eq!(known, campaign.variants.is_empty(), "{}", first.as_str());
    look(first);
    let config = || FormConfig {
        campaign: campaign.clone(),
        endpoint: "https://actions.invalid/a/actions".to_owned(),
        count_url: "https://actions.invalid/a/count".to_owned(),
        hosted: "https://actions.invalid/a".to_owned(),
        page: "https://partner.invalid/".to_owned(),
        seed: 7,
        ..FormConfig::default()
    };
    let (mut session, _) = Session::new(config(), NOW);
    look(view::whole(&session, &locale, None));
    let names = ["given_name", "family_name", "email", "phone", "postal_code", "address", "body"];
    let own = campaign.fields.iter().map(|field| field.id.as_str());
    for name in names.into_iter().chain(own.take(20)) {
        let value = match name {
            "email" => "somebody@gmial.com",
            "country" => "KH",
            _ => "<b>៣\u{7f}\"'&",
        };
        session.take(Event::Entered { name: name.to_owned(), value: value.to_owned() });
    }
    for target in campaign.targets.iter().take(3) {
        let (name, value) = ("targets".to_owned(), target.id.as_str().to_owned());
        session.take(Event::Ticked { name, value, ticked: true });
    }
    session.take(Event::Submitted { now: NOW });
    look(view::whole(&session, &locale, None));
    // The rest of a submission, if the draft is valid.
    session.take(Event::Allowed(true));
    let wordings = campaign.consents.len();
    let jti = envelope::encode(&[7; 16]);
    session.take(Event::Prepared(SigningInputs {
        jti: jti.clone(),
        key: PublicKey::p256(&envelope::encode(&[1; 32]), &envelope::encode(&[2; 32])),
        digests: vec![envelope::encode(&[3; 32]); wordings],
    }));
    session.take(Event::Signed { attempt: 1, signature: envelope::encode(&[4; 64]) });
    look(view::whole(&session, &locale, None));
    let errors = r#"{"code":"rules","errors":[{"field":"<b>","code":"\"on"}]}"#;
    let reply = Reply { status: 422, body: errors.to_owned(), retry_after: None };
    session.take(Event::Answered { attempt: 1, reply: Some(reply) });
    look(view::whole(&session, &locale, None));
    let acceptance =
        Acceptance { id: jti, receipt: "e30.e30.AA".to_owned(), ..Acceptance::default() };
    look(view::whole(&Session::thanks(config(), NOW, acceptance), &locale, None));
    let mailed = Mail { to: vec!["a@b.invalid".to_owned()], ..Mail::default() };
    let mistaken = check(campaign, &Draft::posted(Vec::new())).err().unwrap_or_default();
    let hosted = Session::hosted(config(), NOW, None, mistaken).with_mail(mailed);
    look(view::whole(&hosted, &locale, None));
}

/// The subset of Markdown: nothing is lost, links are safe, and parsed text is unchanged by writing and parsing it
/// again.
pub fn markdown(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let blocks = markdown::parse(text);
    let source = written(&blocks);
    assert_eq!(markdown::parse(&source), blocks, "{source:?}");
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    // Headings are written in one form, and so are items.
    let in_one_form = |line: &str| {
        let line = line.trim();
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        match (line[level..].strip_prefix(' '), line.strip_prefix("* ")) {
            (Some(heading), _) if (1..=6).contains(&level) => format!("## {heading}"),
            (_, Some(item)) => format!("- {item}"),
            _ => line.to_owned(),
        }
    };
    let lines: Vec<String> = text.lines().map(in_one_form).collect();
    assert_eq!(letters(&source), letters(&lines.concat()));
    let runs = blocks.iter().flat_map(|block| match block {
        Block::Heading(runs) | Block::Paragraph(runs) => runs.iter().collect(),
        Block::List(items) => items.iter().flatten().collect::<Vec<_>>(),
    });
    for run in runs {
        if let Inline::Link { address, .. } = run {
            assert!(markdown::is_safe(address), "{address}");
            let leads = Url::parse(address).map(|url| url.scheme().to_owned());
            // An address that is invalid for a browser has no effect.
            assert!(leads.as_deref().map_or(true, is_link), "{address}");
        }
    }
}

/// Blocks as equivalent source.
fn written(blocks: &[Block]) -> String {
    let blocks = blocks.iter().map(|block| match block {
        Block::Heading(runs) => format!("## {}", written_runs(runs)),
        Block::Paragraph(runs) => {
            // A paragraph that begins with the mark of another block had a line break after the mark.
            let mut text = written_runs(runs);
            let mut at = 0;
            let marks = ["# ", "## ", "### ", "#### ", "##### ", "###### ", "- ", "* "];
            while let Some(mark) = marks.iter().find(|mark| text[at..].starts_with(**mark)) {
                at += mark.len();
                text.replace_range(at - 1..at, "\n");
            }
            text
        }
        Block::List(items) => {
            let items = items.iter().map(|runs| format!("- {}", written_runs(runs)));
            items.collect::<Vec<_>>().join("\n")
        }
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn written_runs(runs: &[Inline]) -> String {
    let runs = runs.iter().map(|run| match run {
        Inline::Text(text) => text.clone(),
        Inline::Strong(text) => format!("**{text}**"),
        Inline::Emphasis(text) => format!("*{text}*"),
        Inline::Link { text, address } => format!("[{text}]({address})"),
    });
    runs.collect()
}

const EXAMPLE: &str = include_str!("../../../www/campaigns/free-mech-dara.json");
const VECTORS: &str = include_str!("../../vectors/campaign.json");

/// Campaigns for validating claims: read once, which makes fuzzing faster.
static JUDGES: LazyLock<Vec<Campaign>> = LazyLock::new(|| {
    let files = [EXAMPLE, VECTORS].into_iter().filter_map(|text| CampaignFile::read(text).ok());
    files.filter_map(|file| file.into_campaign("en", Strictness::Strict).ok()).collect()
});

/// Claims, posted forms and answers: read values are unchanged by writing and reading; a campaign that accepts an
/// action accepts it again after serialisation; a rejection names the field.
pub fn claims(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Any text may be an answer.
    for status in [200, 201, 400, 422, 429, 500] {
        answer::outcome(status, text, None, "jti");
    }
    answer::count(text);
    let judges = &*JUDGES;
    assert_eq!(judges.len(), 2, "campaigns to judge by");
    if let Ok(claims) = shape::read::<Claims>(text) {
        comes_back(&claims);
        for campaign in judges {
            match check_claims(campaign, &claims) {
                Ok(action) => {
                    let again = action.claims(campaign, ClaimContext::default());
                    comes_back(&again);
                    let unvaried = claims.variant.is_none() && claims.delivery.is_none();
                    assert!(!unvaried || check_claims(campaign, &again) == Ok(action));
                }
                Err(field_errors) => assert!(!field_errors.is_empty()),
            }
        }
    }
    let posted: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
    let locale = Locale::english(Rules::PLAIN);
    for campaign in judges {
        let draft = Draft::posted(posted.clone());
        let field_errors = check(campaign, &draft.composed(campaign)).err().unwrap_or_default();
        let config = FormConfig { campaign: campaign.clone(), ..FormConfig::default() };
        let session = Session::hosted(config, NOW, Some(draft), field_errors);
        let painted = renderer::painted(&view::whole(&session, &locale, None));
        let harmless = painted.as_ref().map_err(String::clone).and_then(renderer::harmless);
        assert_eq!(harmless, Ok(()));
    }
}

/// Tables: any text is read back unchanged, and no cell is a formula, with any separator of cells. US separates cells,
/// RS rows.
pub fn csv(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let rows: Vec<Vec<&str>> =
        text.split('\u{1e}').map(|row| row.split('\u{1f}').collect()).collect();
    for separator in [Separator::Comma, Separator::Semicolon, Separator::Tab] {
        table_of(&rows, separator);
    }
}

fn table_of(rows: &[Vec<&str>], separator: Separator) {
    let mut out = Vec::new();
    for row in rows {
        // Every row of an export begins with an identity.
        let id = [Cell::Id("jti".to_owned())].into_iter();
        let cells: Vec<Cell> = id.chain(row.iter().map(|text| Cell::from(*text))).collect();
        assert!(table::write_row(&mut out, &cells, separator).is_ok());
    }
    let read = |separator: u8| -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.delimiter(separator).has_headers(false).flexible(true);
        let records = reader.from_reader(&out[..]).into_records();
        records.filter_map(|it| Some(it.ok()?.iter().map(str::to_owned).collect())).collect()
    };
    let found = read(match separator {
        Separator::Comma => b',',
        Separator::Semicolon => b';',
        Separator::Tab => b'\t',
    });
    assert_eq!(found.len(), rows.len());
    let letters = |text: &str| text.replace('\'', "");
    for (found, row) in found.iter().zip(rows) {
        assert_eq!(found.len(), row.len() + 1);
        for (found, text) in found[1..].iter().zip(row) {
            assert_eq!(letters(found), letters(&neutralised(text)));
        }
    }
    for cell in b",;\t".iter().flat_map(|separator| read(*separator)).flatten() {
        let begun = cell.trim_start_matches(|c: char| c == '"' || c.is_whitespace());
        assert!(!begun.starts_with(['=', '+', '-', '@']), "{cell:?}");
        assert!(!cell.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)), "{cell:?}");
    }
}

/// Addresses of all kinds: e-mail, phone, post, the web. An accepted one has the right format, and is unchanged by
/// encoding.
pub fn address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    email(text);
    phone_and_post(text);
    filled_in(text);
    web(text);
}

fn email(text: &str) {
    if let Some(meant) = suggest::address(text) {
        let local = |address: &str| address.trim().rsplit_once('@').map(|(it, _)| it.to_owned());
        assert_eq!(local(&meant), local(text));
        assert_ne!(meant, text);
    }
    if is_email(text) {
        assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control() || c == ','));
        let mail =
            Mail { to: vec![text.to_owned()], subject: "&?".to_owned(), body: "&?".to_owned() };
        let link = mail.mailto().unwrap_or_default();
        let to = link.strip_prefix("mailto:").and_then(|rest| rest.split('?').next());
        // If it is too long there is no link.
        assert!(to.is_none_or(|to| unescaped(to) == text), "{link}");
        assert!(link.is_empty() || link.ends_with("?subject=%26%3F&body=%26%3F"), "{link}");
    }
    // No text of a campaign is taken for another part of the link.
    let mail = Mail { to: vec![text.to_owned()], subject: text.to_owned(), body: text.to_owned() };
    let links = mail.on_the_web().map(|(_, link)| link).chain(mail.mailto());
    for link in links {
        assert!(
            link.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte))
        );
        let scheme = Url::parse(&link).map(|url| url.scheme().to_owned());
        assert!(
            scheme.is_ok_and(|scheme| ["https", "mailto"].contains(&scheme.as_str())),
            "{link}"
        );
    }
}

fn unescaped(text: &str) -> String {
    // A plus is not a space here.
    let text = text.replace('+', "%2B");
    form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

fn phone_and_post(text: &str) {
    let some: Vec<&str> = country::all().step_by(7).collect();
    for country in some.into_iter().chain(["", "KH", "GB", "US", text]) {
        if let Some(form) = phone::international(country, text) {
            let digits = form.strip_prefix('+').unwrap_or_default();
            assert!((8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
            assert!(phone::is_phone(&form));
            assert_eq!(phone::international(country, &form), Some(form));
        }
        let fits = postcode::fits(country, text);
        assert_eq!(postcode::fits(country, &text.to_ascii_lowercase()), fits);
        assert_eq!(postcode::fits(country, &format!(" {text} ")), fits);
    }
}

fn filled_in(text: &str) {
    let is_field = |name: &str| ["email", "country", "a b"].contains(&name);
    let (values, rest) = prefill::take(text, true, is_field);
    let all: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let ours: Vec<_> = all.iter().filter(|(name, _)| is_field(name)).cloned().collect();
    assert_eq!(values, ours, "as the URL Standard reads it");
    let (none, same) = prefill::take(&rest, true, is_field);
    assert!(none.is_empty() && same == rest, "{rest:?}");
    let literal = prefill::take(&text.replace('+', "%2B"), true, is_field).0;
    assert_eq!(prefill::take(text, false, is_field).0, literal, "a plus in a fragment is a plus");
    let others: Vec<_> = all.into_iter().filter(|(name, _)| !is_field(name)).collect();
    let left: Vec<(String, String)> =
        form_urlencoded::parse(rest.as_bytes()).into_owned().collect();
    assert_eq!(left, others, "and nothing else is lost");
}

/// Whether a link may have this scheme.
fn is_link(scheme: &str) -> bool {
    markup::LINKS.iter().any(|begin| begin.split(':').next() == Some(scheme))
}

fn web(text: &str) {
    if let Ok(public) = text.parse::<PublicUrl>() {
        let again = public.as_str().parse::<PublicUrl>();
        assert_eq!(again.as_ref(), Ok(&public));
        // As a browser writes it, except for the slash at the end.
        let read = Url::parse(&public.actions("a")).map(String::from);
        assert_eq!(read, Ok(public.actions("a")), "{text:?}");
    }
    // The addresses that a campaign's texts may link to.
    if markdown::is_safe(text)
        && let Ok(url) = Url::parse(text)
    {
        assert!(is_link(url.scheme()), "{text:?}");
    }
    // One parser for all JSON: it accepts an input only as a whole.
    if json::parse(text).is_ok() {
        assert!(json::parse(&format!("{text},")).is_err());
    }
}
