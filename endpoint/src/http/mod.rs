//! The routes. Each answers by itself; what applies to all of them is added here.

mod actions;
mod body;
mod campaigns;
mod document;
mod excerpt;
mod file;
mod honeypot;
mod hosted;
mod html;
mod list;
pub mod listen;
pub(crate) mod pictures;
mod problem;
mod widget;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{PathRejection, RawPathParamsRejection};
use axum::extract::{FromRequestParts, MatchedPath, Path, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use standwith::campaign::Id;
use tokio::time::Instant;

use self::document::Reader;
use self::problem::Problem;
use crate::address::PublicUrl;
use crate::app::AppState;
use crate::intake::Refusal;
use crate::rate_limit;
use crate::throttle::{Once, OnceAMinute};

/// Warns about a refusal that is mostly caused by a wrong `--public-url`: nothing else shows it to the operator.
fn explain(state: &AppState, code: Option<&str>) {
    let addresses = state.config.addresses.iter().map(PublicUrl::as_str);
    let expected = || addresses.collect::<Vec<_>>().join(" ");
    match code {
        Some("audience_mismatch") if WRONG_AUDIENCE.is_due() => tracing::warn!(
            expected = expected(),
            "action rejected: its aud names another address; --public-url must be the address in browsers"
        ),
        Some(hosted::CROSS_SITE) if WRONG_ORIGIN.is_due() => tracing::warn!(
            expected = expected(),
            "form rejected: it was posted from another address; --public-url must be the address in browsers"
        ),
        _ => {}
    }
}

/// Routes whose names could be ids of campaigns.
const BESIDE_CAMPAIGNS: [&str; 3] = ["campaigns", "healthz", "readyz"];

/// The ids that no campaign can have at these addresses: below the path `/campaigns`, `/campaigns/healthz` is a route.
pub fn reserved_ids(addresses: &[PublicUrl]) -> &'static [&'static str] {
    match addresses.iter().any(|address| address.path() == "/campaigns") {
        true => &BESIDE_CAMPAIGNS,
        false => &[],
    }
}

/// The endpoint as a service. Its routes also exist below the path of each public address: some proxies leave it in.
pub fn router(state: Arc<AppState>) -> Router {
    let paths = state.config.addresses.iter().map(PublicUrl::path);
    let paths: BTreeSet<String> =
        paths.filter(|path| !path.is_empty()).map(str::to_owned).collect();
    let routes = routes(state);
    if paths.is_empty() {
        return routes;
    }
    // Paths come from addresses and may begin with any character.
    let mut router = Router::new().without_v07_checks();
    for path in &paths {
        // The list of campaigns has relative links.
        let last = path.rsplit('/').next().unwrap_or_default();
        let location = format!("{last}/");
        let redirect = async |uri: Uri| {
            let location = [location, asked(&uri)].concat();
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)])
        };
        router = router.route(path, get(redirect));
    }
    let shortened = middleware::map_request(move |mut request: Request| {
        if let Some(uri) = paths.iter().find_map(|path| below(path, request.uri())) {
            *request.uri_mut() = uri;
        }
        std::future::ready(request)
    });
    // Around the fallback: it must run before the inner router looks for routes.
    router.fallback_service(routes).layer(shortened)
}

/// The address of a route below this path.
fn below(path: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(path)?;
    let is_route = |first: &str| {
        ["", "standwith.js", ".well-known"].contains(&first)
            || BESIDE_CAMPAIGNS.contains(&first)
            || widget::is_version(first)
    };
    // A path may equal a route's name, and the proxy may have removed it.
    let first = rest.strip_prefix('/')?.split(['/', '?']).next()?;
    rest.parse().ok().filter(|_| is_route(first))
}

fn routes(state: Arc<AppState>) -> Router {
    // Routes that pages of other origins fetch.
    let open = Router::new()
        .route("/standwith.js", get(widget::loader))
        .route("/{version}/{*file}", get(widget::file))
        .route(
            "/campaigns/{id}/actions",
            axum::routing::post(actions::post).options(actions::preflight),
        )
        .route("/campaigns/{id}/count", get(campaigns::count))
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::map_response(open_to_all));
    Router::new()
        .merge(open)
        .route("/", get(list::get))
        .route("/campaigns/{id}", get(file_or_form).post(hosted::post))
        .route("/campaigns/{id}/", get(without_slash).post(without_slash))
        .route("/.well-known/jwks.json", get(jwks).layer(middleware::map_response(open_to_all)))
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .method_not_allowed_fallback(no_such_method)
        .fallback(|| async { Problem::not_found() })
        .layer(middleware::from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

/// The routes for the operator's own machines only, as a service.
pub fn metrics_router(state: Arc<AppState>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .fallback(|| async { Problem::not_found() })
        .with_state(state)
}

/// The `id` of a campaign's routes.
struct CampaignId(String);

impl<S: Send + Sync> FromRequestParts<S> for CampaignId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        // A name that can't be decoded is not the name of a campaign.
        path.map(|Path(id)| CampaignId(id)).map_err(|_| Refusal::CampaignUnknown.into())
    }
}

/// The other end of the connection, as the listener sees it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The origin of a request, if it is known.
struct Client(Option<rate_limit::Client>);

/// Marks an answer without a log line of its own: in a flood, lines would fill the disk.
#[derive(Clone, Copy, Debug)]
struct Quiet;

/// The code of a refusal, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(&'static str);

/// Warnings about the configuration, which any client can trigger.
static UNTRUSTED_PROXY: Once = Once::new();
static SILENT_PROXY: Once = Once::new();
static WRONG_AUDIENCE: OnceAMinute = OnceAMinute::new();
static WRONG_ORIGIN: OnceAMinute = OnceAMinute::new();

impl FromRequestParts<Arc<AppState>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>();
        Ok(Client(peer.map(|Peer(peer)| state.limiter.client(*peer, &parts.headers))))
    }
}

/// `GET /campaigns/{id}.json`, `GET /campaigns/{id}`, and the pictures beside the campaign files.
async fn file_or_form(
    State(state): State<Arc<AppState>>,
    campaign: Result<CampaignId, Problem>,
    request: Request,
) -> Response {
    let Ok(CampaignId(name)) = campaign else {
        return hosted::unknown(Reader::of(request.uri(), request.headers()));
    };
    if let Some(media_type) = pictures::media_type(&name) {
        let picture = pictures::file(state, name, media_type, request.headers()).await;
        return open_to_all(picture).await;
    }
    match name.strip_suffix(".json") {
        Some(campaign) => {
            let answer = campaigns::file(&state, campaign, request.headers());
            open_to_all(answer.into_response()).await
        }
        None => {
            let (parts, _) = request.into_parts();
            hosted::get(&state, &name, &parts.method, &parts.uri, &parts.headers).await
        }
    }
}

/// `/campaigns/{id}/`: for people who type a slash at the end. It forwards posts, too.
async fn without_slash(request: Request) -> Response {
    let uri = request.uri();
    // Relative, because a proxy may have added a path prefix.
    let name = uri.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let headers = [
        (header::LOCATION, format!("../{name}{}", asked(uri))),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (StatusCode::PERMANENT_REDIRECT, headers).into_response()
}

/// The query of an address, with its question mark.
fn asked(uri: &Uri) -> String {
    uri.query().map_or_else(String::new, |query| format!("?{query}"))
}

async fn no_such_method() -> Problem {
    let detail = "method not allowed at this address";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

async fn jwks(State(state): State<Arc<AppState>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, state.keys.jwks()).into_response()
}

/// Alive: the process answers. A restart does not help a failing disk.
async fn health() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// Ready: actions can be stored, and there are campaigns. File names are the operator's: this shows only how many have
/// faults.
async fn ready(State(state): State<Arc<AppState>>) -> Response {
    let (served, faulty) = state.campaigns.tally();
    let files = match faulty {
        0 => String::new(),
        _ => format!("campaign files with faults, see the log: {faulty}\n"),
    };
    let (status, told) = if !state.store.is_ready().await {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not take actions now\n")
    } else if served == 0 {
        (StatusCode::SERVICE_UNAVAILABLE, "no campaign is served\n")
    } else {
        (StatusCode::OK, "ok\n")
    };
    (status, [(header::CACHE_CONTROL, "no-store")], [told, &files].concat()).into_response()
}

async fn metrics(State(state): State<Arc<AppState>>) -> Response {
    let headers =
        [(header::CONTENT_TYPE, crate::metrics::CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, state.metrics.text()).into_response()
}

/// Lets pages of any origin read the answer. Cookies and credentials are never used, so there is nothing to protect
/// from them.
async fn open_to_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    response
}

/// The campaign that a path names, for the log: only a valid id, so that it is short and not free text.
fn named_campaign(params: Result<RawPathParams, RawPathParamsRejection>) -> Option<String> {
    let params = params.ok()?;
    let (_, name) = params.iter().find(|(param, _)| *param == "id")?;
    let name = name.strip_suffix(".json").unwrap_or(name);
    Id::is(name).then(|| name.to_owned())
}

/// Counts and logs each request, by its route and campaign: a path, a query or an address could identify a person.
async fn observe(
    State(state): State<Arc<AppState>>,
    route: Option<MatchedPath>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    // The method can be any text, even of 31 KB.
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    if let Some(Peer(peer)) = request.extensions().get::<Peer>()
        && state.limiter.is_untrusted_proxy(*peer, request.headers())
        && UNTRUSTED_PROXY.is_due()
    {
        tracing::warn!(
            "proxy not trusted: a request with X-Forwarded-For or Forwarded came from this machine or a private \
             network; name the proxy with --trust-forwarded, otherwise all its clients share one limit"
        );
    }
    // Health checks come from the proxy itself.
    if let Some(Peer(peer)) = request.extensions().get::<Peer>()
        && *request.method() == Method::POST
        && state.limiter.is_silent_proxy(*peer, request.headers())
        && SILENT_PROXY.is_due()
    {
        tracing::warn!(
            "trusted proxy: a post came without the header that --forwarded-header names; have the proxy write it, \
             otherwise all its clients share one limit"
        );
    }
    let campaign = named_campaign(params);
    let begun = Instant::now();
    let mut response = next.run(request).await;
    let (status, route) = (response.status(), route.as_ref().map_or("none", MatchedPath::as_str));
    state.metrics.answered(route, status.as_u16());
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    // The rate limiter reports a flood once in a while.
    let is_quiet = response.extensions().get::<Quiet>().is_some();
    let code = response.extensions().get::<Code>().map(|Code(code)| *code);
    if is_quiet || status == StatusCode::TOO_MANY_REQUESTS {
        tracing::debug!(method, route, campaign, status = status.as_u16(), code, ms, "answered");
    } else {
        tracing::info!(method, route, campaign, status = status.as_u16(), code, ms, "answered");
        explain(&state, code);
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A page with a form has a policy of its own.
    let policy = headers.entry(header::REFERRER_POLICY);
    policy.or_insert(HeaderValue::from_static("no-referrer"));
    response
}
