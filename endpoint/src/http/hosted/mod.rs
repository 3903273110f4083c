//! The hosted form: the widget's own view as plain HTML, for browsers without script and pages without the widget. Its
//! actions have no proof and are recorded as such.
//!
//! The form carries the action's identity and the version of the campaign that it shows, so that sending it twice is
//! harmless and a consent is recorded in the wording that the supporter read.

mod guard;
mod metadata;
mod page;
mod posted;
mod without_form;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use standwith::action::Claims;
use standwith::answer;
use standwith::check::FieldError;
use standwith::draft::Draft;
use standwith::mail::Mail;
use standwith::session::{Notice, Session};
use standwith::text::Key;

use self::guard::is_cross_site;
pub(super) use self::metadata::picture_url;
use self::page::{EMBED, Page, fingerprint};
use self::posted::Posted;
pub(super) use self::without_form::unknown;
use self::without_form::{unsent, unshown};
use super::document::{Reader, query};
use super::problem::Problem;
use super::{CampaignId, Client, Code, body};
use crate::app::AppState;
use crate::hosted_forms::{PackedPage, Rendered};
use crate::intake::{Acceptance, Refusal};
use crate::rate_limit::{Kind, Waiting};

/// The longest form in bytes: the longest message, each byte of it percent-encoded, and the rest.
const LONGEST_FORM: usize = 128 * 1024;
/// The code of a form that another site posted, in the log.
pub(super) const CROSS_SITE: &str = "cross_site";
/// The query parameter of a page that answers a post.
const ONCE: &str = "once";

/// `GET /campaigns/{id}`: the form.
pub(super) async fn get(
    state: &Arc<AppState>,
    campaign: &str,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    let shown = show(state, campaign, method, uri, headers).await;
    shown.unwrap_or_else(|problem| unshown(Reader::of(uri, headers), &problem))
}

async fn show(
    state: &Arc<AppState>,
    campaign: &str,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let once = query(uri, ONCE).filter(|_| *method == Method::GET);
    let found = once.as_deref().and_then(|token| state.hosted.pages.take(token));
    if let Some(page) = found {
        let unpacked = state.workers.run(move || page.unpack()).await.map_err(Refusal::from)?;
        return Ok(unpacked.map_err(|_| Refusal::Busy)?.map(Body::from));
    }
    let Some(version) = state.campaigns.get(campaign) else {
        return Ok(unknown(Reader::of(uri, headers)));
    };
    let mut page = Page::new(state.clone(), version, uri, headers, state.clock.now())?;
    page.told = once.map(|_| Key::PageOnce);
    let count = state.counts.get(campaign).await.ok();
    let rendered = state.workers.run(move || match page.campaign().sealing {
        Some(_) => page.sealed(StatusCode::OK),
        None => {
            let session = page.session(None).with_count(count);
            match page.told {
                Some(_) => page.form(StatusCode::OK, &session),
                None => page.first(&session),
            }
        }
    });
    Ok(rendered.await.map_err(Refusal::from)?.map(Body::from))
}

/// `POST /campaigns/{id}`: the form, filled in.
pub(super) async fn post(
    State(state): State<Arc<AppState>>,
    campaign: Result<CampaignId, Problem>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let reader = Reader::of(&uri, &headers);
    let Ok(CampaignId(campaign)) = campaign else { return unknown(reader) };
    let taken = take(state, campaign, client, uri, headers, body).await;
    taken.unwrap_or_else(|problem| unsent(reader, &problem))
}

async fn take(
    state: Arc<AppState>,
    campaign: String,
    Client(client): Client,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (now, limiter) = (state.clock.now(), &state.limiter);
    let Some(served) = state.campaigns.get(&campaign) else {
        return Ok(unknown(Reader::of(&uri, &headers)));
    };
    let is_sealed = served.campaign().sealing.is_some();
    let over = limiter.admit(Kind::Form, client).err();
    if is_sealed || is_cross_site(&headers, &state.config.addresses) {
        // Neither is read: the one should have been sealed, the other does not come from the supporter.
        if let Some(wait) = over {
            return Err(Problem::rate_limited(wait));
        }
        let page = Page::new(state.clone(), served, &uri, &headers, now)?;
        return unread(page, is_sealed).await;
    }
    let place = || over.is_none().then(|| limiter.slow_place(Waiting::Admitted, client)).flatten();
    let body = body::read(body, LONGEST_FORM, place).await;
    if let Some(wait) = over
        && (!limiter.may_give_back_page() || body.is_err())
    {
        return Err(Problem::rate_limited(wait));
    }
    let body = body?;
    let posted = state.workers.run(move || Posted::read(&body)).await.map_err(Refusal::from)?;
    let is_ours = state.hosted.tokens.is_valid(&posted.token, &campaign, &posted.jti, now);
    // Only a form of this endpoint may load and parse an old campaign file.
    let shown = match is_ours {
        true => state.campaigns.version(&campaign, &posted.version).await,
        false => Ok(None),
    };
    // A form of a sealed campaign had no fields of plain HTML.
    let shown = shown.ok().flatten().filter(|shown| shown.campaign().sealing.is_none());
    let version = shown.unwrap_or(served);
    let is_at_risk = version.campaign().is_at_risk();
    let page = Page::new(state.clone(), version, &uri, &headers, now)?;
    let embedded = page.is_embedded();
    let rendered = respond(page, posted, is_ours, over).await?;
    if !is_at_risk {
        return Ok(rendered.map(Body::from));
    }
    let network = limiter.network(client);
    let asked = if embedded { ["&", EMBED].concat() } else { String::new() };
    see_other(&state, (&campaign, &asked), rendered, network).await
}

/// Answers a form that is not read: the campaign is sealed, or another site posted it.
async fn unread(mut page: Page, is_sealed: bool) -> Result<Response, Problem> {
    let workers = page.state.workers.clone();
    let rendered = workers.run(move || {
        if is_sealed {
            return page.sealed(StatusCode::METHOD_NOT_ALLOWED);
        }
        page.told = Some(Key::ForeignForm);
        page.form(StatusCode::FORBIDDEN, &page.session(None))
    });
    let mut response = rendered.await.map_err(Refusal::from)?.map(Body::from);
    if is_sealed {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    let code = if is_sealed { "sealed" } else { CROSS_SITE };
    response.extensions_mut().insert(Code(code));
    Ok(response)
}

/// Stores a page for one GET, and answers the post with its address, which ends with `asked`: the browser then stores
/// nothing that was posted.
async fn see_other(
    state: &AppState,
    (campaign, asked): (&str, &str),
    rendered: Rendered,
    network: Option<u64>,
) -> Result<Response, Problem> {
    let code = rendered.extensions().get::<Code>().copied();
    let packed = state.workers.run(move || PackedPage::of(rendered)).await;
    let packed = packed.map_err(Refusal::from)?;
    let token = state.hosted.pages.keep(packed, network).map_err(|_| Refusal::Busy)?;
    let headers = [
        (header::LOCATION, format!("{campaign}?{ONCE}={token}{asked}")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let mut response = (StatusCode::SEE_OTHER, headers).into_response();
    if let Some(code) = code {
        response.extensions_mut().insert(code);
    }
    Ok(response)
}

/// Renders the answer to a form. `is_ours` says whether its token is valid; if the form was over the limits, there is a
/// time to wait, in seconds.
async fn respond(
    mut page: Page,
    posted: Posted,
    is_ours: bool,
    over: Option<u32>,
) -> Result<Rendered, Problem> {
    let (state, draft) = (page.state.clone(), posted.draft.clone());
    let id = page.campaign().id.as_str().to_owned();
    if is_ours {
        page.jti.clone_from(&posted.jti);
    }
    page.nudged = posted.nudged;
    page.test |= posted.test;
    if let Some(wait) = over {
        return over_limit(page, draft, wait).await;
    }
    if posted.is_bot {
        state.metrics.rate_limited("robot");
        page.is_bot = true;
        // As if it had been accepted, so that a robot does not try again.
        let rendered = render(page, StatusCode::OK, move |page| page.session(Some(draft))).await;
        return coded(rendered, Code("robot"));
    }
    if !is_ours {
        page.told = Some(Key::FormExpired);
        let unsent = StatusCode::UNPROCESSABLE_ENTITY;
        let rendered = render(page, unsent, move |page| page.session(Some(draft))).await;
        return coded(rendered, Code("form_expired"));
    }
    let workers = &state.workers;
    let validated = workers.run(move || {
        let next = next(&page, &posted);
        (page, next)
    });
    let (page, next) = validated.await.map_err(Refusal::from)?;
    let sent = match next {
        Ok(next) => send(&state, &id, page.now, next).await,
        Err(unsent) => Err(unsent),
    };
    match sent {
        Ok(Sent::Thanks(acceptance, mail)) => {
            render(page, StatusCode::OK, move |page| {
                let session = Session::thanks(page.config(), page.now, acceptance);
                page.offer(session, mail)
            })
            .await
        }
        Ok(Sent::Offer(mail)) => {
            render(page, StatusCode::OK, move |page| {
                let session = page.session(Some(draft));
                page.offer(session, Some(mail))
            })
            .await
        }
        Err(unsent) => back(page, draft, unsent).await,
    }
}

/// The form again, with what was typed: it was over the limits, and may be sent again after `wait` seconds.
async fn over_limit(page: Page, draft: Draft, wait: u32) -> Result<Rendered, Problem> {
    let mut rendered = render(page, StatusCode::TOO_MANY_REQUESTS, move |page| {
        page.session(Some(draft)).with_notice(Notice::Busy(Some(wait)))
    })
    .await?;
    rendered.headers_mut().insert(header::RETRY_AFTER, wait.into());
    rendered.extensions_mut().insert(Code("rate_limited"));
    Ok(rendered)
}

/// The form again, with what was typed and the reason why it was not sent.
async fn back(mut page: Page, draft: Draft, unsent: Unsent) -> Result<Rendered, Problem> {
    let unsendable = StatusCode::UNPROCESSABLE_ENTITY;
    match unsent {
        Unsent::Mistakes(field_errors) => {
            let rendered = render(page, unsendable, move |page| {
                Session::hosted(page.config(), page.now, Some(draft), field_errors)
            });
            coded(rendered.await, Code("rules"))
        }
        Unsent::Unchanged => {
            page.nudged = true;
            let rendered = render(page, unsendable, move |page| {
                page.session(Some(draft)).with_notice(Notice::Nudge)
            });
            coded(rendered.await, Code("unchanged"))
        }
        Unsent::Refused(refusal, mail) => {
            if refusal == Refusal::ReplayMismatch {
                // A message that was changed after sending is another message.
                page.renew()?;
            }
            let notice = notice(&refusal);
            let problem = Problem::from(refusal);
            let mut rendered = render(page, problem.status(), move |page| {
                let session = page.session(Some(draft));
                page.offer(session, mail).with_notice(notice)
            })
            .await?;
            problem.put_retry_after(rendered.headers_mut());
            coded(Ok(rendered), problem.code())
        }
    }
}

/// A page with the code of the refusal that it reports, for the log.
fn coded(rendered: Result<Rendered, Problem>, code: Code) -> Result<Rendered, Problem> {
    let mut rendered = rendered?;
    rendered.extensions_mut().insert(code);
    Ok(rendered)
}

/// Renders a form on a thread of its own.
async fn render(
    mut page: Page,
    status: StatusCode,
    session: impl FnOnce(&mut Page) -> Session + Send + 'static,
) -> Result<Rendered, Problem> {
    let workers = page.state.workers.clone();
    let rendered = workers.run(move || {
        let session = session(&mut page);
        page.form(status, &session)
    });
    Ok(rendered.await.map_err(Refusal::from)?)
}

/// The next step for a valid form.
enum Next {
    /// Record it, with the mail that the supporter has sent, if there is one.
    Record(Box<Claims>, Option<Mail>),
    /// Offer this mail to the supporter.
    Offer(Mail),
}

/// Validates a form, and returns the next step.
fn next(page: &Page, posted: &Posted) -> Result<Next, Unsent> {
    let campaign = page.campaign();
    let action = page.validate(&posted.draft)?;
    let (by_mail, told) = match posted.act.as_deref() {
        Some("mail-yes") if campaign.is_mailed() => (true, posted.offered.as_deref()),
        Some("mail") if campaign.is_mailed() => (true, None),
        _ => (campaign.is_only_mailed(), None),
    };
    if !by_mail {
        return Ok(Next::Record(Box::new(page.claims(&action, false)), None));
    }
    let mail = page.mail(&action);
    // Record a mail only if it is the one that was offered.
    if told.is_some_and(|told| told == fingerprint(&mail)) {
        return Ok(Next::Record(Box::new(page.claims(&action, true)), Some(mail)));
    }
    Ok(Next::Offer(mail))
}

/// Records a form, unless a mail is offered first.
async fn send(state: &AppState, campaign: &str, now: i64, next: Next) -> Result<Sent, Unsent> {
    match next {
        Next::Record(claims, mail) => match state.intake.take_bare(*claims, now).await {
            Ok(Acceptance { id, status, receipt, count, .. }) => Ok(Sent::Thanks(
                answer::Acceptance { id, status, receipt, count: Some(count) },
                mail,
            )),
            Err(refusal) => Err(Unsent::Refused(refusal, mail)),
        },
        Next::Offer(mail) => {
            let today = state.campaigns.get(campaign).ok_or(Refusal::CampaignUnknown);
            match today.and_then(|today| today.is_open(now).map_err(Refusal::Closed)) {
                Ok(()) => Ok(Sent::Offer(mail)),
                Err(refusal) => Err(Unsent::Refused(refusal, None)),
            }
        }
    }
}

/// The result of sending a form.
enum Sent {
    /// It is recorded, with the mail that was sent, if there was one.
    Thanks(answer::Acceptance, Option<Mail>),
    /// The supporter should send this mail.
    Offer(Mail),
}

/// The reason why a form was not accepted.
enum Unsent {
    /// The supporter has to correct something.
    Mistakes(Vec<FieldError>),
    /// The supporter should add a few words of their own.
    Unchanged,
    /// The endpoint refused it; with the mail, if one was sent.
    Refused(Refusal, Option<Mail>),
}

/// The notice about a refusal for the supporter.
fn notice(refusal: &Refusal) -> Notice {
    match refusal {
        Refusal::Busy => Notice::Busy(None),
        Refusal::Closed(_) => Notice::Closed,
        refusal => Notice::Refused(refusal.code().to_owned()),
    }
}
