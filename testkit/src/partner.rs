//! A partner's site, on an origin and host of its own.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use bytes::Bytes;
use hyper::{Request, header::HeaderValue};

use super::Place;
use super::server::{self, Answer, Server, answer};

/// Placeholder for the endpoint's origin in the partner's pages.
const PLACEHOLDER: &str = "https://actions.example.org";

/// Records the page's errors, and shortens the waits of tests: a form retries twenty times sooner. Two times stay: the
/// three seconds before it leads on, and the seven for opening IndexedDB.
const WATCH: &str = "
const wait = setTimeout;
window.setTimeout = (done, time, ...more) =>
  wait(done, [3000, 7000].includes(time) ? time : time / 20, ...more);
window.uncaught = [];
addEventListener('error', (event) => uncaught.push(event.message ?? event.target.tagName));
addEventListener('unhandledrejection', (event) => uncaught.push(String(event.reason)));
window.heard = [];
for (const kind of ['ready', 'start', 'invalid', 'submit', 'sent', 'queued', 'error', 'count']) {
  addEventListener(`standwith:${kind}`, ({ target, detail }) => heard.push([kind, detail, target.state]));
}";

/// The site.
#[derive(Debug)]
pub struct Partner {
    /// Its origin.
    pub origin: String,
    site: Arc<Mutex<Site>>,
    endpoint: String,
    _server: Server,
}

#[derive(Debug, Default)]
struct Site {
    pages: HashMap<String, Answer>,
    /// Content security policy reports from browsers.
    violations: Vec<String>,
}

fn lock(site: &Mutex<Site>) -> MutexGuard<'_, Site> {
    site.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Partner {
    /// Serves the pages of the checkout, whose forms use the endpoint at this origin.
    pub async fn open(place: &Place, endpoint: &str) -> Result<Self> {
        let site = Arc::<Mutex<Site>>::default();
        let server = server::serve({
            let site = site.clone();
            move |request| std::future::ready(Some(handle(&site, &request)))
        });
        let server = server.await?;
        let partner = Partner {
            // A host other than the proxy's, so that no request is same-site.
            origin: format!("http://localhost:{}", server.port),
            site,
            endpoint: endpoint.to_owned(),
            _server: server,
        };
        for file in fs::read_dir(place.root.join("www/partner"))? {
            let (name, path) = {
                let file = file?;
                (file.file_name(), file.path())
            };
            let content_type = match path.extension().and_then(|ending| ending.to_str()) {
                Some("css") => "text/css",
                _ => "text/html; charset=utf-8",
            };
            let text = fs::read_to_string(&path)?;
            partner.put(&name.to_string_lossy(), content_type, &text, &[]);
        }
        partner.put("watch.js", "text/javascript", WATCH, &[]);
        Ok(partner)
    }

    /// Adds a page with this head, body and headers; returns its path. The endpoint is named as in the partner's pages.
    pub fn publish(&self, head: &str, body: &str, headers: &[(&'static str, &str)]) -> String {
        let name = format!("page-{}.html", lock(&self.site).pages.len());
        // In a file of its own, so that it runs under a content security policy too.
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Test</title>\
             <script src=\"watch.js\"></script>{head}</head>\n<body>{body}</body>\n</html>"
        );
        self.put(&name, "text/html; charset=utf-8", &page, headers);
        name
    }

    /// Sets headers on an existing page.
    pub fn put_headers(&self, name: &str, headers: &[(&'static str, &str)]) {
        if let Some(page) = lock(&self.site).pages.get_mut(name) {
            self.add_headers(page, headers);
        }
    }

    /// Adds a file of this name. The endpoint is named as in the partner's pages.
    pub fn put(
        &self,
        name: &str,
        content_type: &str,
        text: &str,
        headers: &[(&'static str, &str)],
    ) {
        let mut page = answer(200, content_type, self.addressed(text));
        self.add_headers(&mut page, headers);
        lock(&self.site).pages.insert(name.to_owned(), page);
    }

    fn add_headers(&self, page: &mut Answer, headers: &[(&'static str, &str)]) {
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&self.addressed(value)) {
                page.headers_mut().insert(*name, value);
            }
        }
    }

    fn addressed(&self, text: &str) -> String {
        text.replace(PLACEHOLDER, &self.endpoint)
    }

    /// The reports that browsers sent to `/violations`.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.site).violations.clone()
    }
}

fn handle(site: &Mutex<Site>, request: &Request<Bytes>) -> Answer {
    let mut site = lock(site);
    match request.uri().path().trim_start_matches('/') {
        "violations" => {
            let report = String::from_utf8_lossy(request.body()).into_owned();
            // Browsers request it by themselves.
            if !report.contains("/favicon.ico\"") {
                site.violations.push(report);
            }
            answer(204, "text/plain", "")
        }
        "" => site.pages.get("index.html").cloned().unwrap_or_default(),
        name => {
            let missing = || answer(404, "text/html", "<!doctype html><p>Not here.");
            site.pages.get(name).cloned().unwrap_or_else(missing)
        }
    }
}
