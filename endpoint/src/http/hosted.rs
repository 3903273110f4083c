//! The hosted form: the widget's own view as plain HTML, for browsers without script and pages
//! without the widget. What it sends has no proof, so it is recorded as such.
//!
//! The form carries the action's identity and the version of the campaign that it shows, so that
//! sending it twice is harmless and a consent is recorded in the words that were read.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest as hash};
use aws_lc_rs::rand;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use base64ct::{Base64, Encoding};
use standwith::action::{Action, Circumstances, DeliveryClaim, Source};
use standwith::answer;
use standwith::campaign::{Campaign, Risk};
use standwith::check::{Mistake, check};
use standwith::draft::Draft;
use standwith::envelope::{decode, encode};
use standwith::language;
use standwith::language::autonym;
use standwith::mail::Mail;
use standwith::message::is_unchanged;
use standwith::session::{Notice, Session, Setting};
use standwith::text::Key;
use standwith::view::{self, OWN_GOVERNMENT, Posting, whole};

use super::file::accepts;
use super::html;
use super::problem::Problem;
use super::trap;
use super::{CampaignId, Client, Endpoint, body};
use crate::brake::Kind;
use crate::clock;
use crate::intake::{Acceptance, Refusal};
use crate::language::{locale, wanted};
use crate::library::Version;
use crate::packing;
use crate::signature::digest;

/// The longest form in bytes: the longest message, each byte of it percent-encoded, and the rest.
const LONGEST_FORM: usize = 128 * 1024;
/// The most values of a form. No campaign asks as much.
const MOST_VALUES: usize = 1000;

/// The name of the hidden field with the action's identity.
const JTI: &str = "jti";
/// The name of the hidden field with the digest of the campaign file.
const VERSION: &str = "campaign_digest";
/// The name of the hidden field with the digest of the mail that the page offers.
const MAIL: &str = "form-mail";
/// What makes a form one for a test: in the address, whatever its value, and then a hidden field.
const TEST: &str = "standwith-test";
/// The name of the hidden field that says that somebody was asked for words of their own. No field of a
/// campaign has a hyphen in its name.
const NUDGED: &str = "form-nudged";

/// `GET /campaigns/{id}`: the form.
pub(super) async fn get(
    endpoint: &Endpoint,
    campaign: &str,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let Some(version) = endpoint.intake.library.get(campaign) else { return Ok(nobody_there()) };
    let page = Page::new(endpoint, version, uri, headers, fresh_jti()?);
    if page.campaign().sealing.is_some() {
        return Ok(page.sealed(StatusCode::OK));
    }
    let count = endpoint.intake.store.count(campaign).await.ok();
    let session = Session::hosted(page.setting(), clock::now(), None, Vec::new());
    Ok(page.answer(StatusCode::OK, &session.with_count(count)))
}

/// `POST /campaigns/{id}`: the form, filled in.
pub(super) async fn post(
    State(endpoint): State<Arc<Endpoint>>,
    CampaignId(campaign): CampaignId,
    Client(client): Client,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (now, library, brake) = (clock::now(), &endpoint.intake.library, &endpoint.brake);
    let Some(served) = library.get(&campaign) else { return Ok(nobody_there()) };
    if served.campaign().sealing.is_some() {
        // Somebody sent in plain text what is to be sealed, perhaps by an older page: it isn't even read.
        let page = Page::new(&endpoint, served, &uri, &headers, String::new());
        let mut response = page.sealed(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(response);
    }
    let admitted = brake.admit(Kind::Form, client);
    let over = admitted.err();
    let places = over.is_none().then(|| brake.slow_bodies());
    let body = body::read(body, LONGEST_FORM, places).await;
    if let Some(wait) = over
        && (!brake.may_give_back_page() || body.is_err())
    {
        return Ok(go_back(wait));
    }
    let body = body?;
    let posted = form_urlencoded::parse(&body).take(MOST_VALUES);
    let mut values: Vec<(String, String)> =
        posted.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let mut take = |name: &str| {
        let at = values.iter().position(|(known, _)| known == name)?;
        Some(values.remove(at).1)
    };
    let (jti, shown, test) = (take(JTI), take(VERSION), take(TEST));
    let (act, offered) = (take(html::ACT), take(MAIL));
    let nudged = take(NUDGED).is_some();
    let trapped = take(trap::NAME).is_some_and(|filled| !filled.trim().is_empty());
    let draft = Draft::posted(values);

    let shown = shown.unwrap_or_default();
    let shown = library.version(&campaign, &shown, &endpoint.intake.store).await;
    let version = shown.ok().flatten().unwrap_or(served);
    let jti = match jti.filter(|jti| decode(jti).is_some_and(|bits| bits.len() == 16)) {
        Some(jti) => jti,
        None => fresh_jti()?,
    };
    let mut page = Page::new(&endpoint, version, &uri, &headers, jti);
    page.nudged = nudged;
    page.test |= test.is_some();
    if let Some(wait) = over {
        let session = Session::hosted(page.setting(), now, Some(draft), Vec::new());
        let session = session.with_notice(Notice::Busy(Some(wait)));
        let mut response = page.answer(StatusCode::TOO_MANY_REQUESTS, &session);
        response.headers_mut().insert(header::RETRY_AFTER, wait.into());
        return Ok(response);
    }
    if trapped {
        endpoint.intake.metrics.braked("robot");
        page.trapped = true;
        let session = Session::hosted(page.setting(), now, Some(draft), Vec::new());
        // As if it had been taken: a robot looks no further.
        return Ok(page.answer(StatusCode::OK, &session));
    }
    let way = page.way(act.as_deref(), offered);
    match page.send(&draft, now, way).await {
        Ok(Sent::Thanks(acceptance, mail)) => {
            let session = Session::thanks(page.setting(), now, acceptance);
            let session = page.offer(session, mail);
            Ok(page.answer(StatusCode::OK, &session))
        }
        Ok(Sent::Offer(mail)) => {
            let session = Session::hosted(page.setting(), now, Some(draft), Vec::new());
            let session = page.offer(session, Some(mail));
            Ok(page.answer(StatusCode::OK, &session))
        }
        Err(Unsent::Mistakes(mistakes)) => {
            let session = Session::hosted(page.setting(), now, Some(draft), mistakes);
            Ok(page.answer(StatusCode::UNPROCESSABLE_ENTITY, &session))
        }
        Err(Unsent::Unchanged) => {
            page.nudged = true;
            let session = Session::hosted(page.setting(), now, Some(draft), Vec::new());
            let session = session.with_notice(Notice::Nudge);
            Ok(page.answer(StatusCode::UNPROCESSABLE_ENTITY, &session))
        }
        Err(Unsent::Refused(refusal, mail)) => {
            if refusal == Refusal::ReplayMismatch {
                // What was changed after sending is another message.
                page.renew()?;
            }
            let session = Session::hosted(page.setting(), now, Some(draft), Vec::new());
            let session = page.offer(session, mail).with_notice(notice(&refusal));
            let problem = Problem::from(refusal);
            let mut response = page.answer(problem.status(), &session);
            problem.put_retry_after(&mut response);
            Ok(response)
        }
    }
}

/// What people see who follow a link to a campaign that is not here, or no longer.
fn nobody_there() -> Response {
    let page = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
        <meta name=\"viewport\" content=\"width=device-width\">\n<title>No campaign</title>\n\
        <h1>There is no campaign at this address</h1>\n</html>\n";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::NOT_FOUND, headers, Html(page)).into_response()
}

/// What people see when so many forms come that theirs can't even be shown again. The browser kept it.
fn go_back(wait: u32) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Too many at once</title>\n\
         <h1>Your message has not been sent yet</h1>\n<p>Too many are sending at once. Go back with your \
         browser’s Back button: what you typed should still be there. Try again in {wait} seconds.</p>\n</html>\n"
    );
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; base-uri 'none'"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::RETRY_AFTER, wait.into()),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, Html(page)).into_response()
}

/// Who is to deliver.
enum Way {
    /// The endpoint.
    Server,
    /// The supporter, by mail; and has done so already, with the mail of this fingerprint.
    Mail(Option<String>),
}

/// What came of a form.
enum Sent {
    /// It is recorded, and the mail with it that was sent, if one was.
    Thanks(answer::Acceptance, Option<Mail>),
    /// It is for the supporter to send this.
    Offer(Mail),
}

/// Why a form was not taken.
enum Unsent {
    Mistakes(Vec<Mistake>),
    /// A few words of the supporter's own would be good.
    Unchanged,
    /// And the mail, if one was sent.
    Refused(Refusal, Option<Mail>),
}

/// A form on its way out or in.
struct Page<'a> {
    endpoint: &'a Endpoint,
    version: Arc<Version>,
    lang: String,
    jti: String,
    /// The fingerprint of the mail that is offered.
    offered: Option<String>,
    /// Whether the form is for a test.
    test: bool,
    /// Whether the supporter was asked for words of their own.
    nudged: bool,
    /// Whether something was in the field that nobody sees, which is then seen.
    trapped: bool,
    /// Whether the browser takes gzip.
    packs: bool,
}

impl<'a> Page<'a> {
    fn new(
        endpoint: &'a Endpoint,
        version: Arc<Version>,
        uri: &Uri,
        headers: &HeaderMap,
        jti: String,
    ) -> Self {
        let query = uri.query().unwrap_or_default();
        let asked = |wanted: &str| {
            let mut asked = form_urlencoded::parse(query.as_bytes());
            asked.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let (test, asked) = (asked(TEST).is_some(), asked("lang"));
        let wanted: Vec<String> = asked.into_iter().chain(wanted(headers)).collect();
        let available: Vec<String> = version.campaigns().map(|c| c.lang.clone()).collect();
        let lang = language::choose(&wanted, &available).to_owned();
        Page {
            endpoint,
            version,
            lang,
            jti,
            offered: None,
            test,
            nudged: false,
            trapped: false,
            packs: accepts(headers, "gzip"),
        }
    }

    fn campaign(&self) -> &Campaign {
        self.version.in_language(&self.lang).unwrap_or(self.version.campaign())
    }

    /// The campaign as this form shows it, and which of its variants that is.
    fn varied(&self) -> (Campaign, Option<String>) {
        let mut campaign = self.campaign().clone();
        let variant = campaign.vary(seed(&self.jti));
        (campaign, variant)
    }

    /// Gives the form another identity, and leaves it the variant that it shows.
    fn renew(&mut self) -> Result<(), Problem> {
        let of = |page: &Self| page.campaign().drawn(seed(&page.jti)).cloned();
        let shown = of(self);
        // A variant that is drawn once in so many times is not waited for.
        for _ in 0..1000 {
            self.jti = fresh_jti()?;
            if of(self) == shown {
                break;
            }
        }
        Ok(())
    }

    fn setting(&self) -> Setting {
        let (campaign, variant) = self.varied();
        let address = self.endpoint.intake.addresses.first();
        let at = |path: &str| address.map_or_else(String::new, |a| [a.as_str(), path].concat());
        let hosted = format!("/campaigns/{}", campaign.id.as_str());
        Setting {
            campaign,
            campaign_digest: self.version.digest.clone(),
            endpoint: at(&format!("{hosted}/actions")),
            count_url: at(&format!("{hosted}/count")),
            page: at(&hosted),
            source: Source::default(),
            hosted: String::new(),
            seed: seed(&self.jti),
            test: self.test,
            keeps: false,
            variant,
        }
    }

    /// Shows a mail, if there is one, and keeps in mind which.
    fn offer(&mut self, session: Session, mail: Option<Mail>) -> Session {
        let Some(mail) = mail else { return session };
        self.offered = Some(fingerprint(&mail));
        session.with_mail(mail)
    }

    /// What the button means that was pressed, where it has a name.
    fn way(&self, act: Option<&str>, offered: Option<String>) -> Way {
        let campaign = self.campaign();
        match act {
            Some("mail-yes") if campaign.is_mailed() => Way::Mail(offered),
            Some("mail") if campaign.is_mailed() => Way::Mail(None),
            _ if campaign.is_only_mailed() => Way::Mail(None),
            _ => Way::Server,
        }
    }

    /// Judges what was filled in, and has it recorded or offers it as a mail.
    async fn send(&self, draft: &Draft, now: i64, way: Way) -> Result<Sent, Unsent> {
        let setting = self.setting();
        let campaign = &setting.campaign;
        let composed = draft.clone().seeded(setting.seed).composed(campaign);
        let action = check(campaign, &composed).map_err(Unsent::Mistakes)?;
        if campaign.message.nudge && !self.nudged && is_unchanged(campaign, draft) {
            return Err(Unsent::Unchanged);
        }
        let Way::Mail(told) = way else {
            return self.record(&action, None, now).await;
        };
        let mail = Mail::of(campaign, &action);
        // What was mailed is what is recorded.
        if told.is_some_and(|told| told == fingerprint(&mail)) {
            return self.record(&action, Some(mail), now).await;
        }
        let today = self.endpoint.intake.library.get(campaign.id.as_str());
        let open = today.ok_or(Refusal::CampaignUnknown);
        match open.and_then(|today| today.is_open(now).map_err(Refusal::Closed)) {
            Ok(()) => Ok(Sent::Offer(mail)),
            Err(refusal) => Err(Unsent::Refused(refusal, None)),
        }
    }

    async fn record(&self, action: &Action, mail: Option<Mail>, now: i64) -> Result<Sent, Unsent> {
        let (campaign, setting) = (self.campaign(), self.setting());
        let circumstances = Circumstances {
            jti: self.jti.clone(),
            iat: now,
            aud: setting.endpoint,
            campaign_digest: setting.campaign_digest,
            wording_digests: action.wordings().map(|wording| digest(wording.as_bytes())).collect(),
            source: setting.source,
            test: setting.test,
            variant: setting.variant,
        };
        let mut claims = action.claims(campaign, circumstances);
        claims.delivery = mail.as_ref().map(|_| DeliveryClaim::MailApp);
        match self.endpoint.intake.take_bare(claims, now).await {
            Ok(Acceptance { id, status, receipt, count, .. }) => Ok(Sent::Thanks(
                answer::Acceptance { id, status, receipt, count: Some(count) },
                mail,
            )),
            Err(refusal) => Err(Unsent::Refused(refusal, mail)),
        }
    }

    fn answer(&self, status: StatusCode, session: &Session) -> Response {
        let style = style(self.campaign());
        let page = self.html(session, &style);
        self.response(status, page, &style, "form-action 'self'")
    }

    /// The page of a sealed campaign. What is sealed is sealed by script, so there is no form of plain HTML:
    /// without script the page says why, with it the widget stands there, where its files are served.
    fn sealed(&self, status: StatusCode) -> Response {
        let campaign = self.campaign();
        let style = style(campaign);
        let mut page = String::with_capacity(16 * 1024);
        self.head(&campaign.title, &style, &mut page);
        let served = self.endpoint.widgets.is_some() && status == StatusCode::OK;
        page.push_str("<main class=\"standwith\">");
        // The widget brings a heading of its own.
        page.push_str(if served { "<noscript><h1>" } else { "<h1>" });
        html::escape(&campaign.title, &mut page);
        page.push_str("</h1><p>");
        html::escape(locale(&self.lang).words(Key::SealedNeedsScript), &mut page);
        page.push_str(if served { "</p></noscript>" } else { "</p>" });
        if served {
            // Relative, so that it holds wherever a proxy puts the endpoint. An id needs no escaping.
            page.push_str("<script async src=\"../standwith.js\" data-campaign=\"");
            page.push_str(campaign.id.as_str());
            page.push_str(".json\" data-lang=\"");
            html::escape(&self.lang, &mut page);
            page.push_str("\"></script>");
        }
        page.push_str("</main>\n</html>\n");
        let policy = match served {
            true => {
                let elsewhere =
                    [&campaign.endpoint.url, &campaign.counter.url].map(|url| origin(url));
                let elsewhere = elsewhere.concat();
                format!(
                    "form-action 'none'; script-src 'self' 'wasm-unsafe-eval'; \
                     connect-src 'self'{elsewhere}"
                )
            }
            false => "form-action 'none'".to_owned(),
        };
        self.response(status, page, &style, &policy)
    }

    fn response(&self, status: StatusCode, page: String, style: &str, policy: &str) -> Response {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; img-src 'self' https: data:; \
             {policy}; base-uri 'none'",
            Base64::encode_string(hash(&SHA256, style.as_bytes()).as_ref())
        );
        let packed = self.packs.then(|| packing::quickly(page.as_bytes())).flatten();
        let mut response = match packed {
            Some(packed) => ([(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
            None => page.into_response(),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, html);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let vary = HeaderValue::from_static("Accept-Language, Accept-Encoding");
        headers.insert(header::VARY, vary);
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    fn html(&self, session: &Session, style: &str) -> String {
        let campaign = self.campaign();
        // Relative, so that it holds wherever a proxy puts the endpoint.
        // Where a mail is offered, that is what the page opens at.
        let at = if campaign.is_mailed() { ["#", view::MAIL].concat() } else { String::new() };
        let action = format!("{}?lang={}{at}", campaign.id.as_str(), self.lang);
        let mut hidden = vec![(JTI, self.jti.clone()), (VERSION, self.version.digest.clone())];
        hidden.extend(self.offered.clone().map(|offered| (MAIL, offered)));
        if self.test {
            hidden.push((TEST, "1".to_owned()));
        }
        if self.nudged {
            hidden.push((NUDGED, "1".to_owned()));
        }
        let posting = Posting { action: &action, hidden: &hidden };
        let mut out = String::with_capacity(32 * 1024);
        self.head(&self.varied().0.title, style, &mut out);
        out.push_str("<main>");
        let plan = whole(session, locale(&self.lang), Some(posting));
        let trap = trap::html(locale(&self.lang), self.trapped);
        html::write(&plan.tree(), &self.lang, &trap, &mut out);
        out.push_str("</main>\n</html>\n");
        out
    }

    /// All that comes before what the page is about.
    fn head(&self, title: &str, style: &str, out: &mut String) {
        let lang = &self.campaign().lang;
        out.push_str("<!DOCTYPE html>\n<html lang=\"");
        html::escape(lang, out);
        let right_to_left = language::is_right_to_left(lang);
        out.push_str(if right_to_left { "\" dir=\"rtl\">\n" } else { "\">\n" });
        out.push_str("<meta charset=\"utf-8\">\n");
        out.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
        html::escape(title, out);
        out.push_str("</title>\n<style>");
        out.push_str(style);
        out.push_str("</style>\n");
        self.languages(out);
    }

    /// Links to the form in the campaign's other languages.
    fn languages(&self, out: &mut String) {
        let others = self.version.campaigns().map(|campaign| campaign.lang.as_str());
        let mut others = others.filter(|lang| *lang != self.lang).peekable();
        if others.peek().is_none() {
            return;
        }
        out.push_str("<nav>");
        for lang in others {
            let mut escaped = String::new();
            html::escape(lang, &mut escaped);
            let test = if self.test { format!("&amp;{TEST}") } else { String::new() };
            out.push_str(&format!("<a href=\"?lang={escaped}{test}\" lang=\"{escaped}\">"));
            html::escape(autonym(lang), out);
            out.push_str("</a> ");
        }
        out.push_str("</nav>\n");
    }
}

/// The origin of a whole address, as one more word of a policy; nothing for an address near the campaign
/// file's. What stands in a campaign file's address is no space, no quote and, in an origin, no semicolon.
fn origin(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return String::new() };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    [" ", scheme, "://", host].concat()
}

/// By this the very same mail is known.
fn fingerprint(mail: &Mail) -> String {
    digest([&mail.addresses(), "\n", &mail.subject, "\n", &mail.body].concat().as_bytes())
}

/// What the supporter has to know of a refusal.
fn notice(refusal: &Refusal) -> Notice {
    match refusal {
        Refusal::Busy => Notice::Busy(None),
        Refusal::Closed(_) => Notice::Closed,
        refusal => Notice::Refused(refusal.code().to_owned()),
    }
}

/// A new identity: 128 random bits.
fn fresh_jti() -> Result<String, Problem> {
    let mut bits = [0; 16];
    rand::fill(&mut bits).map_err(|_| Refusal::Busy)?;
    Ok(encode(&bits))
}

/// What targets are drawn with by lot: the form that is posted draws those that were shown.
fn seed(jti: &str) -> u64 {
    let bits = decode(jti).unwrap_or_default();
    bits.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// The form's own style, as the widget has it.
const FORM_STYLE: &str = concat!(
    include_str!("../../../www/loader/style.css"),
    include_str!("../../../www/loader/sending.css")
);
/// What the widget leaves to the page that it is on.
const PAGE_STYLE: &str = "body{margin:0;padding:16px;background:canvas;color:canvastext}nav{max-width:40em;margin:0 auto 16px;font:medium/1.5 system-ui,sans-serif}";

/// The style of the page, with the campaign's own colour.
fn style(campaign: &Campaign) -> String {
    // A colour is six hexadecimal digits: it can't say anything else here.
    let accent = campaign.theme.accent.as_ref();
    let accent = accent.map(|accent| format!(":root{{--campaign-accent:{}}}", accent.as_str()));
    let warning = campaign.at_risk.0.as_ref().map(|risk| warning(campaign, risk));
    let own = [accent, warning].map(Option::unwrap_or_default).concat();
    [FORM_STYLE, PAGE_STYLE, trap::STYLE, &own].concat()
}

/// Has the warning of one's own authorities be seen where a country of theirs is chosen. A browser that
/// can't tell shows it.
fn warning(campaign: &Campaign, risk: &Risk) -> String {
    let written_to = campaign.targets.iter().filter_map(|target| target.country.as_ref());
    let mut chosen: Vec<String> = written_to
        .chain(&risk.own_government)
        // Two capital letters.
        .map(|country| format!("#country [value={}]:checked", country.as_str()))
        .collect();
    chosen.sort();
    chosen.dedup();
    let concerned = match chosen.is_empty() {
        true => String::new(),
        false => format!(":not(:has({}))", chosen.join(",")),
    };
    format!(".standwith{concerned} #{OWN_GOVERNMENT}{{display:none}}")
}
