//! The hosted page: the widget's own view as plain HTML, and what stands around it.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest as hash};
use aws_lc_rs::rand;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use base64ct::{Base64, Encoding};
use standwith::action::{Action, ClaimContext, Claims, DeliveryClaim, Source};
use standwith::campaign::{Campaign, Risk};
use standwith::check::check;
use standwith::draft::Draft;
use standwith::envelope::{decode, encode};
use standwith::language;
use standwith::language::autonym;
use standwith::mail::Mail;
use standwith::message::is_unchanged;
use standwith::session::{FormConfig, Session};
use standwith::text::Key;
use standwith::view::{self, OWN_GOVERNMENT, Posting, whole};
use url::Url;

use super::Unsent;
use super::posted::{JTI, MAIL, NUDGED, TEST, TOKEN, VERSION};
use crate::app::AppState;
use crate::campaigns::Version;
use crate::compression;
use crate::hosted_forms::Rendered;
use crate::http::file::accepts;
use crate::http::problem::Problem;
use crate::http::{honeypot, html};
use crate::intake::Refusal;
use crate::language::{locale, wanted};
use crate::signature::digest;

/// What in the address asks for the form without script, whatever its value.
const PLAIN: &str = "plain";

/// A form on its way out or in.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) state: Arc<AppState>,
    pub(super) version: Arc<Version>,
    pub(super) lang: String,
    /// The identity of the action that the form makes.
    pub(super) jti: String,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// The fingerprint of the mail that is offered.
    pub(super) offered: Option<String>,
    /// Whether the form is for a test.
    pub(super) test: bool,
    /// Whether the supporter was asked for words of their own.
    pub(super) nudged: bool,
    /// Whether something was in the honeypot, which is then shown.
    pub(super) is_bot: bool,
    /// What only the hosted page has to say.
    pub(super) told: Option<Key>,
    /// Whether the address asks for the form without script.
    plain: bool,
    /// Whether the browser takes gzip.
    packs: bool,
}

impl Page {
    /// # Errors
    /// The system has no randomness.
    pub(super) fn new(
        state: Arc<AppState>,
        version: Arc<Version>,
        uri: &Uri,
        headers: &HeaderMap,
        now: i64,
    ) -> Result<Self, Problem> {
        let asked = |wanted: &str| query(uri, wanted);
        let chosen: Vec<String> = asked("lang").into_iter().chain(wanted(headers)).collect();
        let available: Vec<String> = version.campaigns().map(|c| c.lang.clone()).collect();
        let lang = language::choose(&chosen, &available).to_owned();
        Ok(Page {
            state,
            version,
            lang,
            jti: fresh_jti()?,
            now,
            offered: None,
            test: asked(TEST).is_some(),
            nudged: false,
            is_bot: false,
            told: None,
            plain: asked(PLAIN).is_some(),
            packs: accepts(headers, "gzip"),
        })
    }

    pub(super) fn campaign(&self) -> &Campaign {
        self.version.in_language(&self.lang).unwrap_or(self.version.campaign())
    }

    /// The campaign as this form shows it, and which of its variants that is.
    fn varied(&self) -> (Campaign, Option<String>) {
        let mut campaign = self.campaign().clone();
        let variant = campaign.vary(seed(&self.jti));
        (campaign, variant)
    }

    /// Gives the form another identity, and leaves it the variant that it shows.
    pub(super) fn renew(&mut self) -> Result<(), Problem> {
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

    pub(super) fn config(&self) -> FormConfig {
        let (campaign, variant) = self.varied();
        let address = self.state.config.addresses.first();
        let at = |path: &str| address.map_or_else(String::new, |a| [a.as_str(), path].concat());
        let hosted = format!("/campaigns/{}", campaign.id.as_str());
        FormConfig {
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
            // No site may frame the page.
            framed: false,
            variant,
            ..FormConfig::default()
        }
    }

    /// The form as it stands with what was filled in, if anything was.
    pub(super) fn session(&self, draft: Option<Draft>) -> Session {
        Session::hosted(self.config(), self.now, draft, Vec::new())
    }

    /// Shows a mail, if there is one, and keeps in mind which.
    pub(super) fn offer(&mut self, session: Session, mail: Option<Mail>) -> Session {
        let Some(mail) = mail else { return session };
        self.offered = Some(fingerprint(&mail));
        session.with_mail(mail)
    }

    /// Validates what was filled in.
    pub(super) fn validate(&self, draft: &Draft) -> Result<Action, Unsent> {
        let config = self.config();
        let campaign = &config.campaign;
        let composed = draft.clone().seeded(config.seed).composed(campaign);
        let action = check(campaign, &composed).map_err(Unsent::Mistakes)?;
        if campaign.message.nudge && !self.nudged && is_unchanged(campaign, draft) {
            return Err(Unsent::Unchanged);
        }
        Ok(action)
    }

    /// The mail that says what an action says.
    pub(super) fn mail(&self, action: &Action) -> Mail {
        Mail::of(&self.varied().0, action)
    }

    /// The claims of an action, which the supporter has mailed or the endpoint is to deliver.
    pub(super) fn claims(&self, action: &Action, is_mailed: bool) -> Claims {
        let config = self.config();
        let circumstances = ClaimContext {
            jti: self.jti.clone(),
            iat: self.now,
            aud: config.endpoint,
            campaign_digest: config.campaign_digest,
            wording_digests: action.wordings().map(|wording| digest(wording.as_bytes())).collect(),
            source: config.source,
            test: config.test,
            variant: config.variant,
        };
        let mut claims = action.claims(self.campaign(), circumstances);
        claims.delivery = is_mailed.then_some(DeliveryClaim::MailApp);
        claims
    }

    /// The form of plain HTML.
    pub(super) fn form(&self, status: StatusCode, session: &Session) -> Rendered {
        let style = style(self.campaign());
        let mut page = String::with_capacity(32 * 1024);
        self.head(&self.varied().0.title, &style, &mut page);
        page.push_str("<main>");
        self.write_form(session, &mut page);
        page.push_str("</main>\n</html>\n");
        self.rendered(status, &page, &style, "form-action 'self'")
    }

    /// The form as a campaign where people may be at risk begins with it: the widget, whose quick way out leaves
    /// nothing behind, and without script the form of plain HTML.
    pub(super) fn first(&self, session: &Session) -> Rendered {
        if !self.campaign().is_at_risk() || self.plain || self.state.widgets.is_none() {
            return self.form(StatusCode::OK, session);
        }
        let style = style(self.campaign());
        let mut page = String::with_capacity(32 * 1024);
        self.head(&self.varied().0.title, &style, &mut page);
        page.push_str("<main><noscript>");
        self.write_form(session, &mut page);
        page.push_str("</noscript>");
        self.write_script(&mut page);
        page.push_str("</main>\n</html>\n");
        let policy = ["form-action 'self'; ", &self.script_policy()].concat();
        self.rendered(StatusCode::OK, &page, &style, &policy)
    }

    /// The page of a sealed campaign. What is sealed is sealed by script, so there is no form of plain HTML:
    /// without script the page says why, with it the widget stands there, where its files are served.
    pub(super) fn sealed(&self, status: StatusCode) -> Rendered {
        let campaign = self.campaign();
        let style = style(campaign);
        let mut page = String::with_capacity(16 * 1024);
        self.head(&campaign.title, &style, &mut page);
        let served = self.state.widgets.is_some() && status == StatusCode::OK;
        page.push_str("<main class=\"standwith\">");
        // The widget brings a heading of its own.
        page.push_str(if served { "<noscript><h1>" } else { "<h1>" });
        html::escape(&campaign.title, &mut page);
        page.push_str("</h1><p>");
        html::escape(locale(&self.lang).words(Key::SealedNeedsScript), &mut page);
        page.push_str(if served { "</p></noscript>" } else { "</p>" });
        if served {
            self.write_script(&mut page);
        }
        page.push_str("</main>\n</html>\n");
        let policy = match served {
            true => ["form-action 'none'; ", &self.script_policy()].concat(),
            false => "form-action 'none'".to_owned(),
        };
        self.rendered(status, &page, &style, &policy)
    }

    /// The widget's tag. Its addresses are relative, so that they hold wherever a proxy puts the endpoint.
    fn write_script(&self, out: &mut String) {
        let campaign = self.campaign();
        // An id needs no escaping.
        let id = campaign.id.as_str();
        out.push_str(&format!(
            "<script async src=\"../standwith.js\" data-campaign=\"{id}.json\" data-lang=\""
        ));
        html::escape(&self.lang, out);
        if campaign.sealing.is_none() {
            // Where the script can't run after all, this page would lead to itself.
            out.push_str(&format!("\" data-hosted=\"{id}?{PLAIN}"));
        }
        out.push_str("\"></script>");
    }

    /// What the widget needs to be let do.
    fn script_policy(&self) -> String {
        let campaign = self.campaign();
        let elsewhere = [&campaign.endpoint.url, &campaign.counter.url].map(|url| origin(url));
        format!("script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'{}", elsewhere.concat())
    }

    fn rendered(&self, status: StatusCode, page: &str, style: &str, policy: &str) -> Rendered {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; img-src 'self' https: data:; \
             {policy}; base-uri 'none'; frame-ancestors 'none'",
            Base64::encode_string(hash(&SHA256, style.as_bytes()).as_ref())
        );
        let packed = self.packs.then(|| compression::quickly(page.as_bytes())).flatten();
        let is_packed = packed.is_some();
        let body = packed.map_or_else(|| Bytes::copy_from_slice(page.as_bytes()), Bytes::from);
        let mut rendered = Rendered::new(body);
        *rendered.status_mut() = status;
        let headers = rendered.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept-Language, Accept-Encoding"),
            // No window of another site keeps a hand on this one.
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            // So that a post of this page names its origin; other sites still learn nothing.
            (header::REFERRER_POLICY, "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if is_packed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        // All in it is ASCII: addresses are written as browsers send them.
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        rendered
    }

    fn write_form(&self, session: &Session, out: &mut String) {
        let campaign = self.campaign();
        let id = campaign.id.as_str();
        // Relative, so that it holds wherever a proxy puts the endpoint.
        // Where a mail is offered, that is what the page opens at.
        let at = if campaign.is_mailed() { ["#", view::MAIL].concat() } else { String::new() };
        let action = format!("{id}?lang={}{at}", self.lang);
        let token = self.state.hosted.tokens.issue(id, &self.jti, self.now);
        let mut hidden =
            vec![(JTI, self.jti.clone()), (TOKEN, token), (VERSION, self.version.digest.clone())];
        hidden.extend(self.offered.clone().map(|offered| (MAIL, offered)));
        if self.test {
            hidden.push((TEST, "1".to_owned()));
        }
        if self.nudged {
            hidden.push((NUDGED, "1".to_owned()));
        }
        let posting = Posting { action: &action, hidden: &hidden };
        let locale = locale(&self.lang);
        let plan = whole(session, locale, Some(posting));
        let told = self.told.map(|key| notice("alert", locale.words(key))).unwrap_or_default();
        let limits = match campaign.is_at_risk() {
            true => notice("note", locale.words(Key::ExitLimits)),
            false => String::new(),
        };
        let first = [told, limits, honeypot::html(locale, self.is_bot)].concat();
        html::write(&plan.tree(), &self.lang, &first, out);
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
            let asked = [(self.test, TEST), (self.plain, PLAIN)].map(|(is_asked, name)| {
                if is_asked { ["&amp;", name].concat() } else { String::new() }
            });
            let asked = asked.concat();
            out.push_str(&format!("<a href=\"?lang={escaped}{asked}\" lang=\"{escaped}\">"));
            html::escape(autonym(lang), out);
            out.push_str("</a> ");
        }
        out.push_str("</nav>\n");
    }
}

/// The value of this name in an address's query.
pub(super) fn query(uri: &Uri, wanted: &str) -> Option<String> {
    let mut asked = form_urlencoded::parse(uri.query()?.as_bytes());
    asked.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

/// A sentence that stands before the form.
fn notice(role: &str, words: &str) -> String {
    let mut out = format!("<div class=\"notice\" role=\"{role}\"><p>");
    html::escape(words, &mut out);
    out.push_str("</p></div>");
    out
}

/// The origin of a whole address, as one more word of a policy and as browsers write it; nothing for an address
/// near the campaign file's.
fn origin(url: &str) -> String {
    Url::parse(url)
        .map_or_else(|_| String::new(), |url| [" ", &url.origin().ascii_serialization()].concat())
}

/// Identifies this very mail.
pub(super) fn fingerprint(mail: &Mail) -> String {
    digest([&mail.addresses(), "\n", &mail.subject, "\n", &mail.body].concat().as_bytes())
}

/// A new identity: 128 random bits.
fn fresh_jti() -> Result<String, Problem> {
    let mut bits = [0; 16];
    rand::fill(&mut bits).map_err(|_| Refusal::Busy)?;
    Ok(encode(&bits))
}

/// What targets are drawn with at random: the form that is posted draws those that were shown.
fn seed(jti: &str) -> u64 {
    let bits = decode(jti).unwrap_or_default();
    bits.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// The form's own style, as the widget has it.
const FORM_STYLE: &str = include_str!("../../../../www/loader/style.css");
/// What the widget leaves to the page that it is on.
const PAGE_STYLE: &str = "body{margin:0;padding:16px;background:canvas;color:canvastext}nav{max-width:40em;margin:0 auto 16px;font:medium/1.5 system-ui,sans-serif}";

/// The style of the page, with the campaign's own colour.
fn style(campaign: &Campaign) -> String {
    // A colour is six hexadecimal digits: it can't say anything else here.
    let accent = campaign.theme.accent.as_ref();
    let accent = accent.map(|accent| format!(":root{{--campaign-accent:{}}}", accent.as_str()));
    let warning = campaign.at_risk.0.as_ref().map(|risk| warning(campaign, risk));
    let own = [accent, warning].map(Option::unwrap_or_default).concat();
    [FORM_STYLE, PAGE_STYLE, honeypot::STYLE, &own].concat()
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
