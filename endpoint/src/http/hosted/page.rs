//! The hosted page: the widget's own view as plain HTML, and the page around it.

use std::sync::Arc;

use aws_lc_rs::rand;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
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
use super::metadata::metadata;
use super::posted::{JTI, MAIL, NUDGED, TEST, TOKEN, VERSION};
use crate::app::AppState;
use crate::campaigns::Version;
use crate::hosted_forms::Rendered;
use crate::http::document::{Document, FORM_STYLE, NO_FRAME, PAGE_STYLE, languages, query};
use crate::http::file::accepts;
use crate::http::problem::Problem;
use crate::http::{honeypot, html};
use crate::intake::Refusal;
use crate::language::locale;
use crate::signature::digest;

/// The query parameter that requests the form without script, with any value.
const PLAIN: &str = "plain";
/// The query parameter that requests the page for a frame of another site, with any value.
pub(super) const EMBED: &str = "embed";

/// A form that is sent or was posted.
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
    /// Whether the honeypot was filled in; it is then shown.
    pub(super) is_bot: bool,
    /// A message that only the hosted page shows.
    pub(super) told: Option<Key>,
    /// Whether the address asks for the form without script.
    plain: bool,
    /// Whether the address asks for the page in a frame.
    embed: bool,
    /// Whether the browser accepts gzip.
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
        let chosen = languages(uri, headers);
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
            embed: asked(EMBED).is_some(),
            packs: accepts(headers, "gzip"),
        })
    }

    pub(super) fn campaign(&self) -> &Campaign {
        self.version.in_language(&self.lang).unwrap_or(self.version.campaign())
    }

    /// The campaign with the variant that this form shows, and the name of that variant.
    fn varied(&self) -> (Campaign, Option<String>) {
        let mut campaign = self.campaign().clone();
        let variant = campaign.vary(seed(&self.jti));
        (campaign, variant)
    }

    /// Gives the form another identity with the same variant.
    pub(super) fn renew(&mut self) -> Result<(), Problem> {
        let of = |page: &Self| page.campaign().drawn(seed(&page.jti)).cloned();
        let shown = of(self);
        // Give up on a variant that is drawn too rarely.
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
            framed: self.is_embedded(),
            variant,
            ..FormConfig::default()
        }
    }

    /// The session of the form, with what was filled in, if there is any.
    pub(super) fn session(&self, draft: Option<Draft>) -> Session {
        Session::hosted(self.config(), self.now, draft, Vec::new())
    }

    /// Shows a mail, if there is one, and stores its fingerprint.
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

    /// The mail with the content of an action.
    pub(super) fn mail(&self, action: &Action) -> Mail {
        Mail::of(&self.varied().0, action)
    }

    /// The claims of an action, which the supporter has mailed or the endpoint should deliver.
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
        let mut body = String::with_capacity(32 * 1024);
        self.write_above(&mut body);
        body.push_str("<main>");
        self.write_form(session, &mut body);
        body.push_str("</main>");
        self.rendered(status, &self.varied().0.title, &body, "form-action 'self'")
    }

    /// The first page of a campaign at risk: the widget, whose quick exit leaves nothing behind, and without script the
    /// form of plain HTML.
    pub(super) fn first(&self, session: &Session) -> Rendered {
        if !self.campaign().is_at_risk() || self.plain || self.state.widgets.is_none() {
            return self.form(StatusCode::OK, session);
        }
        let mut body = String::with_capacity(32 * 1024);
        self.write_above(&mut body);
        body.push_str("<main><noscript>");
        self.write_form(session, &mut body);
        body.push_str("</noscript>");
        self.write_script(&mut body);
        body.push_str("</main>");
        let policy = ["form-action 'self'; ", &self.script_policy()].concat();
        self.rendered(StatusCode::OK, &self.varied().0.title, &body, &policy)
    }

    /// The page of a sealed campaign. Sealing needs script, so there is no form of plain HTML: without script the page
    /// gives the reason; with script it has the widget, if its files are served.
    pub(super) fn sealed(&self, status: StatusCode) -> Rendered {
        let campaign = self.campaign();
        let mut body = String::with_capacity(4 * 1024);
        self.write_above(&mut body);
        let served = self.state.widgets.is_some() && status == StatusCode::OK;
        body.push_str("<main class=\"standwith\">");
        // The widget has a heading of its own.
        body.push_str(if served { "<noscript><h1>" } else { "<h1>" });
        html::escape(&campaign.title, &mut body);
        body.push_str("</h1><p>");
        html::escape(locale(&self.lang).words(Key::SealedNeedsScript), &mut body);
        body.push_str(if served { "</p></noscript>" } else { "</p>" });
        if served {
            self.write_script(&mut body);
        }
        body.push_str("</main>");
        let policy = match served {
            true => ["form-action 'none'; ", &self.script_policy()].concat(),
            false => "form-action 'none'".to_owned(),
        };
        self.rendered(status, &campaign.title, &body, &policy)
    }

    /// The widget's tag. Its addresses are relative, so that they work behind any proxy path.
    fn write_script(&self, out: &mut String) {
        let campaign = self.campaign();
        // An id needs no escaping.
        let id = campaign.id.as_str();
        out.push_str(&format!(
            "<script async src=\"../standwith.js\" data-campaign=\"{id}.json\" data-lang=\""
        ));
        html::escape(&self.lang, out);
        if campaign.sealing.is_none() {
            // If the script can't run, a link to this page would lead to itself.
            out.push_str(&format!("\" data-hosted=\"{id}?{PLAIN}"));
        }
        out.push_str("\"></script>");
    }

    /// The policy directives that the widget needs.
    fn script_policy(&self) -> String {
        let campaign = self.campaign();
        let elsewhere = [&campaign.endpoint.url, &campaign.counter.url].map(|url| origin(url));
        format!("script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'{}", elsewhere.concat())
    }

    fn rendered(&self, status: StatusCode, title: &str, body: &str, policy: &str) -> Rendered {
        let campaign = self.campaign();
        let address = self.state.config.addresses.first();
        let document = Document {
            lang: &campaign.lang,
            title,
            metadata: &metadata(address, &self.version, &self.lang),
            style: &style(campaign),
            // At risk, "Back" must not show what was typed. Chromium stores a page for that, in spite of `no-store`,
            // unless it has fetched another resource that must not be stored: `/favicon.ico`, which it requests here.
            has_icon: !campaign.is_at_risk(),
            body,
            policy,
            frames: &self.frames(),
            cache: "no-store",
        };
        let mut rendered = document.rendered(status, self.packs);
        // So that a post of this page names its origin; other sites still get no referrer.
        let referrer = HeaderValue::from_static("same-origin");
        rendered.headers_mut().insert(header::REFERRER_POLICY, referrer);
        rendered
    }

    /// Whether the page is requested for a frame, and the campaign allows at least one site to frame it.
    pub(super) fn is_embedded(&self) -> bool {
        self.embed && !self.campaign().embed.origins.is_empty()
    }

    /// The origins that may frame the page, in the syntax of a policy.
    fn frames(&self) -> String {
        if !self.is_embedded() {
            return NO_FRAME.to_owned();
        }
        let origins = self.campaign().embed.origins.iter().map(|url| origin(url));
        origins.collect::<String>().trim_start().to_owned()
    }

    fn write_form(&self, session: &Session, out: &mut String) {
        let campaign = self.campaign();
        let id = campaign.id.as_str();
        // Relative, so that it works behind any proxy path. If a mail is offered, the page opens at it.
        let at = if campaign.is_mailed() { ["#", view::MAIL].concat() } else { String::new() };
        let embed = if self.is_embedded() { ["&", EMBED].concat() } else { String::new() };
        let action = format!("{id}?lang={}{embed}{at}", self.lang);
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

    /// The part above the form: the publisher, and links to the form in the campaign's other languages.
    fn write_above(&self, out: &mut String) {
        out.push_str("<header class=\"above\">\n");
        self.write_publisher(out);
        self.write_languages(out);
        out.push_str("</header>\n");
    }

    fn write_publisher(&self, out: &mut String) {
        let publisher = &self.campaign().publisher;
        if publisher.name.is_empty() {
            return;
        }
        let sentence = locale(&self.lang).words(Key::PublishedBy);
        let (before, after) = sentence.split_once("{publisher}").unwrap_or((sentence, ""));
        out.push_str("<p>");
        html::escape(before, out);
        let is_linked = is_on_the_web(&publisher.url);
        if is_linked {
            out.push_str("<a target=\"_blank\" rel=\"noopener noreferrer\" href=\"");
            html::escape(&publisher.url, out);
            out.push_str("\">");
        }
        html::escape(&publisher.name, out);
        out.push_str(if is_linked { "</a>" } else { "" });
        html::escape(after, out);
        out.push_str("</p>\n");
    }

    fn write_languages(&self, out: &mut String) {
        let others = self.version.campaigns().map(|campaign| campaign.lang.as_str());
        let mut others = others.filter(|lang| *lang != self.lang).peekable();
        if others.peek().is_none() {
            return;
        }
        out.push_str("<nav aria-label=\"");
        html::escape(locale(&self.lang).words(Key::Language), out);
        out.push_str("\">");
        let asked = [(self.test, TEST), (self.plain, PLAIN), (self.is_embedded(), EMBED)];
        let asked = asked.map(
            |(is_asked, name)| {
                if is_asked { ["&amp;", name].concat() } else { String::new() }
            },
        );
        let asked = asked.concat();
        for lang in others {
            let mut escaped = String::new();
            html::escape(lang, &mut escaped);
            out.push_str(&format!("<a href=\"?lang={escaped}{asked}\" lang=\"{escaped}\">"));
            html::escape(autonym(lang), out);
            out.push_str("</a> ");
        }
        out.push_str("</nav>\n");
    }
}

/// Whether a link may lead to this address: it is absolute, and can't run script.
fn is_on_the_web(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| ["https", "http"].contains(&url.scheme()))
}

/// A sentence before the form.
fn notice(role: &str, words: &str) -> String {
    let mut out = format!("<div class=\"notice\" role=\"{role}\"><p>");
    html::escape(words, &mut out);
    out.push_str("</p></div>");
    out
}

/// The origin of an absolute address, as another word of a policy and as browsers write it; empty for an address
/// relative to the campaign file's.
fn origin(url: &str) -> String {
    Url::parse(url)
        .map_or_else(|_| String::new(), |url| [" ", &url.origin().ascii_serialization()].concat())
}

/// The fingerprint of a mail.
pub(super) fn fingerprint(mail: &Mail) -> String {
    digest([&mail.addresses(), "\n", &mail.subject, "\n", &mail.body].concat().as_bytes())
}

/// A new identity: 128 random bits.
fn fresh_jti() -> Result<String, Problem> {
    let mut bits = [0; 16];
    rand::fill(&mut bits).map_err(|_| Refusal::Busy)?;
    Ok(encode(&bits))
}

/// The seed for random targets: the posted form draws the same targets that were shown.
fn seed(jti: &str) -> u64 {
    let bits = decode(jti).unwrap_or_default();
    bits.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// The style of the page, with the campaign's own colour.
fn style(campaign: &Campaign) -> String {
    // A colour is six hexadecimal digits, so it needs no escaping.
    let accent = campaign.theme.accent.as_ref();
    let accent = accent.map(|accent| format!(":root{{--campaign-accent:{}}}", accent.as_str()));
    let warning = campaign.at_risk.0.as_ref().map(|risk| warning(campaign, risk));
    let own = [accent, warning].map(Option::unwrap_or_default).concat();
    [FORM_STYLE, PAGE_STYLE, honeypot::STYLE, &own].concat()
}

/// Shows the warning about one's own authorities when one of its countries is chosen. A browser that does not support
/// the selector shows it always.
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
