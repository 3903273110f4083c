//! Code shared by the tests: an endpoint on a folder of its own, and supporters who sign.

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_lc_rs::aead::{Aad, Nonce};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::fill;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use hyper::body::Frame;
use serde_json::{Value, json};
use standwith::action::Claims;
use standwith::envelope::{PublicKey, compact, encode};
use standwith::{sealing, shape};
use standwith_endpoint::address::PublicUrl;
use standwith_endpoint::app::{AppState, Parts};
use standwith_endpoint::campaigns::Campaigns;
use standwith_endpoint::clock::{self, ManualClock};
use standwith_endpoint::config::Config;
use standwith_endpoint::http::router;
use standwith_endpoint::keys::Keyring;
use standwith_endpoint::metrics::Metrics;
use standwith_endpoint::rate_limit::{Challenge, Limits, Proxies, RateLimiter};
use standwith_endpoint::sealing::encryption_key;
use standwith_endpoint::signature::digest;
use standwith_endpoint::store::{Settings, SqliteStore, StoredAction};
use standwith_endpoint::workers::Workers;
use standwith_testkit::signer;
use tempfile::TempDir;
use tower::ServiceExt;

/// The id of the campaign of [`campaign`].
pub(crate) const ID: &str = "free-press";
/// The wordings of the consents of [`campaign`], in English.
pub(crate) const UPDATES: &str = "Write to me about this.";
pub(crate) const DELIVERY: &str = "Pass my message on.";
/// The wording of the consent to delivery, in Khmer.
pub(crate) const DELIVERY_KM: &str = "សូមបញ្ជូនសាររបស់ខ្ញុំ។";

/// A campaign that is open.
pub(crate) fn campaign() -> Value {
    json!({
        "id": ID,
        "lang": "en",
        "title": "Free the press",
        "targets": [
            {"id": "minister", "name": "The Minister", "email": "minister@government.invalid"},
            {"id": "embassy", "name": "The Embassy", "email": "embassy@government.invalid"},
        ],
        "targeting": {"mode": "choose"},
        "message": {
            "subjects": ["A request"],
            "body": "Please let them write.\n\n{{given_name}} {{family_name}}",
        },
        "consents": [
            {"purpose": "updates", "wording": UPDATES},
            {"purpose": "delivery", "wording": DELIVERY, "required": true},
        ],
        "counter": {"goal": 500},
        "languages": {"km": {"title": "សេរីភាពសារព័ត៌មាន", "consents": [
            {"purpose": "delivery", "wording": DELIVERY_KM},
        ]}},
    })
}

/// An endpoint, in this process.
pub(crate) struct TestEndpoint {
    pub(crate) dir: TempDir,
    pub(crate) endpoint: Arc<AppState>,
    /// The endpoint's clock, which starts at the system's time and then stands still.
    pub(crate) clock: Arc<ManualClock>,
    router: Router,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl TestEndpoint {
    /// An endpoint that serves [`campaign`].
    pub(crate) async fn new() -> Self {
        Self::serving(&[campaign()]).await
    }

    /// An endpoint that serves these campaigns.
    pub(crate) async fn serving(campaigns: &[Value]) -> Self {
        Self::on(folder(campaigns)).await
    }

    /// An endpoint that serves [`campaign`], with these limits.
    pub(crate) async fn limited(limits: Limits) -> Self {
        Self::rate_limited(folder(&[campaign()]), PublicUrl::local(8080), limits, None).await
    }

    /// An endpoint on this folder.
    pub(crate) async fn on(dir: TempDir) -> Self {
        Self::at(dir, PublicUrl::local(8080)).await
    }

    /// An endpoint on this folder, reached at these addresses.
    pub(crate) async fn at(dir: TempDir, addresses: Vec<PublicUrl>) -> Self {
        Self::rate_limited(dir, addresses, Limits::none(), None).await
    }

    /// An endpoint on this folder with these limits. Above them it requires a proof of work, or this kind of proof.
    pub(crate) async fn rate_limited(
        dir: TempDir,
        addresses: Vec<PublicUrl>,
        limits: Limits,
        challenge: Option<Arc<dyn Challenge>>,
    ) -> Self {
        let (metrics, workers) = (Metrics::default(), Workers::default());
        let clock = Arc::new(ManualClock::at(clock::now()));
        let settings =
            Settings { metrics: metrics.clone(), clock: clock.clone(), ..Settings::default() };
        let store = SqliteStore::open(&database(dir.path()), settings).await.unwrap();
        let store = Arc::new(store);
        let folder = dir.path().join("campaigns");
        let campaigns = Campaigns::open(&folder, &[], store.clone(), workers.clone());
        let campaigns = Arc::new(campaigns.await.unwrap());
        let keys = Keyring::open_or_make(&dir.path().join("test.keys.json")).unwrap();
        let proxies = Proxies { trusted: vec!["127.0.0.1".parse().unwrap()], ..Proxies::default() };
        let config = Config {
            campaigns: folder,
            addresses,
            limits,
            proxies: proxies.clone(),
            widgets: Some(dir.path().join("dist")),
            ..Config::default()
        };
        let parts = Parts {
            store,
            campaigns,
            keys,
            clock: clock.clone(),
            metrics: metrics.clone(),
            workers,
        };
        let mut state = AppState::new(config, parts).unwrap();
        if let Some(challenge) = challenge {
            state.limiter = RateLimiter::new(limits, proxies, challenge, metrics).unwrap();
        }
        let endpoint = Arc::new(state);
        TestEndpoint { dir, router: router(endpoint.clone()), endpoint, clock }
    }

    /// Stops the endpoint and starts another one on the same folder.
    pub(crate) async fn restarted(self) -> Self {
        self.endpoint.intake.store.close().await;
        Self::on(self.dir).await
    }

    /// Writes this campaign, and has the endpoint reload its files; returns a line for each new fault.
    pub(crate) async fn change_campaign(&self, campaign: &Value) -> Vec<String> {
        write_campaign(self.dir.path(), campaign);
        self.look().await
    }

    /// Has the endpoint reload changed campaign files; returns a line for each new fault.
    pub(crate) async fn look(&self) -> Vec<String> {
        self.endpoint.campaigns.refresh().await.unwrap()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request =
            headers.iter().fold(Request::get(path), |r, (name, value)| r.header(*name, *value));
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// The metrics, as Prometheus reads them.
    pub(crate) fn metrics(&self) -> String {
        self.endpoint.intake.metrics.text()
    }

    /// Posts an action as the widget does.
    pub(crate) async fn post(&self, jws: impl Into<Body>) -> Answer {
        self.post_to(ID, "text/plain", jws).await
    }

    pub(crate) async fn post_to(
        &self,
        campaign: &str,
        kind: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let request = Request::post(format!("/campaigns/{campaign}/actions"));
        self.ask(request.header("content-type", kind).body(body.into()).unwrap()).await
    }

    /// A post of the hosted form, as sent by a browser that has loaded the form: with its token, and with an identity
    /// if the values contain none.
    pub(crate) fn form(&self, query: &str, values: &[(&str, &str)]) -> Request<Body> {
        self.form_of(ID, query, values)
    }

    /// The same for the campaign with this id.
    pub(crate) fn form_of(&self, id: &str, query: &str, values: &[(&str, &str)]) -> Request<Body> {
        let named = values.iter().find(|(name, _)| *name == "jti");
        let jti = named.map_or_else(fresh_jti, |(_, jti)| (*jti).to_owned());
        let token = self.endpoint.hosted.token(id, &jti, clock::now());
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(values);
        if named.is_none() {
            form.append_pair("jti", &jti);
        }
        if !values.iter().any(|(name, _)| *name == "form-token") {
            form.append_pair("form-token", &token);
        }
        let body = form.finish();
        let request = Request::post(format!("/campaigns/{id}{query}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-length", body.len());
        request.body(Body::from(body)).unwrap()
    }

    /// Valid claims, with an identity of their own.
    pub(crate) fn claims(&self) -> Value {
        claims(&fs::read(campaign_file(self.dir.path(), ID)).unwrap())
    }

    /// The stored actions, in the order of their arrival.
    pub(crate) async fn stored(&self) -> Vec<StoredAction> {
        let mut export = self.endpoint.store.export(ID).await.unwrap();
        let rows = export.next().await.unwrap();
        rows.into_iter().map(|row| row.unwrap().stored).collect()
    }

    /// Another connection to the database.
    pub(crate) async fn database(&self) -> sqlx::SqliteConnection {
        use sqlx::Connection;
        sqlx::SqliteConnection::connect(&database(self.dir.path())).await.unwrap()
    }

    /// The single number that a query returns.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        let mut database = self.database().await;
        sqlx::query_scalar(query).fetch_one(&mut database).await.unwrap()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that the answer is a problem as the contract defines it; returns the problem.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("access-control-allow-origin"), "*");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        problem
    }

    /// Asserts that the action was accepted with this status; returns the receipt.
    #[track_caller]
    pub(crate) fn taken(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("access-control-allow-origin"), "*");
        self.json()["receipt"].as_str().unwrap().to_owned()
    }
}

/// A body that never arrives, or breaks off at once.
pub(crate) enum Bad {
    Never,
    Broken,
}

impl HttpBody for Bad {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match *self {
            Bad::Never => Poll::Pending,
            Bad::Broken => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
        }
    }
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// A hosted form, filled in.
pub(crate) const FILLED: [(&str, &str); 8] = [
    ("given_name", "ដារ៉ា"),
    ("family_name", "មេឃ"),
    ("email", "dara@example.org"),
    ("country", "KH"),
    ("targets", "minister"),
    ("subject", "A request"),
    ("body", "Please let them write.\r\n\r\n{{given_name}}"),
    ("consent_delivery", "on"),
];

/// A folder with these campaigns.
pub(crate) fn folder(campaigns: &[Value]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    fs::create_dir(dir.path().join("dist")).unwrap();
    for campaign in campaigns {
        write_campaign(dir.path(), campaign);
    }
    dir
}

pub(crate) fn database(dir: &Path) -> String {
    format!("sqlite:{}", dir.join("test.sqlite").display())
}

pub(crate) fn campaign_file(dir: &Path, id: &str) -> std::path::PathBuf {
    dir.join("campaigns").join(format!("{id}.json"))
}

pub(crate) fn write_campaign(dir: &Path, campaign: &Value) {
    let path = campaign_file(dir, campaign["id"].as_str().unwrap());
    fs::write(path, serde_json::to_string_pretty(campaign).unwrap()).unwrap();
}

/// Valid claims for a campaign with these bytes.
pub(crate) fn claims(campaign: &[u8]) -> Value {
    json!({
        "jti": fresh_jti(),
        "iat": clock::now(),
        "aud": format!("http://localhost:8080/campaigns/{ID}/actions"),
        "campaign": ID,
        "campaign_digest": digest(campaign),
        "kind": "message",
        "lang": "en",
        "person": {
            "given_name": "ដារ៉ា",
            "family_name": "មេឃ",
            "email": "dara@example.org",
            "country": "KH",
        },
        "message": {"subject": "A request", "body": "Please let them write."},
        "targets": ["minister"],
        "consents": [
            {"purpose": "updates", "granted": false, "wording_digest": digest(UPDATES.as_bytes()), "lang": "en"},
            {"purpose": "delivery", "granted": true, "wording_digest": digest(DELIVERY.as_bytes()), "lang": "en"},
        ],
        "source": {"page": "https://partner.example"},
    })
}

pub(crate) fn fresh_jti() -> String {
    signer::fresh_jti().unwrap()
}

/// A supporter's new key, which also signs invalid actions.
pub(crate) struct Signer(signer::Signer);

impl Signer {
    pub(crate) fn new() -> Self {
        Signer(signer::Signer::new().unwrap())
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.0.key().clone()
    }

    pub(crate) fn signature(&self, input: &str) -> Vec<u8> {
        self.0.signature(input).unwrap()
    }

    /// The header of an action.
    pub(crate) fn header(&self) -> Value {
        let key = self.key();
        let jwk = json!({"kty": key.kty, "crv": key.crv, "x": key.x, "y": key.y});
        json!({"alg": "ES256", "typ": "action+jws", "jwk": jwk})
    }

    /// Signs any header and payload.
    pub(crate) fn sign_raw(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
        compact(&input, &self.signature(&input))
    }
}

/// Signs claims as the core writes them; claims that the core can't read are signed as they are.
pub(crate) fn signed(claims: &Value) -> String {
    let (signer, text) = (Signer::new(), claims.to_string());
    match shape::read::<Claims>(&text) {
        Ok(claims) => signer.0.sign(&claims).unwrap(),
        Err(_) => signer.sign_raw(&signer.header().to_string(), &text),
    }
}

/// Encrypts a text to the public key of a campaign file, as a browser does.
pub(crate) fn seal(jwk: &Value, text: &str) -> String {
    let mut iv = [0; 12];
    fill(&mut iv).unwrap();
    seal_with(&PrivateKey::generate(&ECDH_P256).unwrap(), iv, jwk, text)
}

/// The same with this ephemeral key and initialisation vector; outside tests both are secret and used only once.
pub(crate) fn seal_with(fresh: &PrivateKey, iv: [u8; 12], jwk: &Value, text: &str) -> String {
    let point = fresh.compute_public_key().unwrap();
    let epk = PublicKey::p256(&encode(&point.as_ref()[1..33]), &encode(&point.as_ref()[33..]));
    let text_of = |name: &str| jwk[name].as_str().unwrap_or_default();
    let peer = PublicKey::p256(text_of("x"), text_of("y")).point().unwrap();
    let peer = UnparsedPublicKey::new(&ECDH_P256, peer);
    let key = agree(fresh, peer, Unspecified, encryption_key).unwrap();
    let header = sealing::header(&epk, text_of("kid"));
    let mut bytes = text.as_bytes().to_vec();
    let nonce = Nonce::assume_unique_for_key(iv);
    key.seal_in_place_append_tag(nonce, Aad::from(&header), &mut bytes).unwrap();
    sealing::compact(&header, &iv, &bytes)
}

/// These claims as a sealed campaign has them: the sealed payload is encrypted to this key.
pub(crate) fn sealed(jwk: &Value, claims: &Value) -> Value {
    let (mut claims, inside) = sealing::split(shape::read::<Claims>(&claims.to_string()).unwrap());
    claims.sealed = Some(seal(jwk, &sealing::plaintext(&inside)));
    serde_json::from_str(&shape::write(&claims)).unwrap()
}

/// The claims with these members changed; `null` removes one.
pub(crate) fn with(mut claims: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(key);
        } else {
            claims[key] = value.clone();
        }
    }
    claims
}
