//! The setup of every browser test and bench: an endpoint, a partner's pages on another origin, and between browser and
//! endpoint a proxy that fails on demand.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::browser::Browser;
use super::endpoint::Endpoint;
use super::fault_proxy::FaultProxy;
use super::form::Form;
use super::partner::Partner;

/// The example campaign.
pub const CAMPAIGN: &str = "free-mech-dara";
/// The example campaign with an endpoint that accepts JSON.
pub const CAMPAIGN_IN_JSON: &str = "free-mech-dara-json";

/// A missing part of this machine without which a test can't run.
#[derive(Debug)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {}", self.0)
    }
}

impl std::error::Error for Missing {}

/// Whether this is a CI run, where nothing may be missing.
pub fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

/// Paths of all parts.
pub struct Place {
    /// The checkout.
    pub root: PathBuf,
    /// The program `standwith`.
    pub program: PathBuf,
    /// The widget's files.
    pub dist: PathBuf,
    /// The npm packages.
    pub modules: PathBuf,
    /// The folder for screenshots of failures.
    pub pictures: PathBuf,
}

impl Place {
    /// Finds them in the checkout, or where the environment says.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
        let named = |variable, usual: &str| {
            env::var_os(variable).map_or_else(|| root.join(usual), PathBuf::from)
        };
        let place = Place {
            program: named("STANDWITH_BIN", "target/release/standwith"),
            dist: named("STANDWITH_DIST", "dist"),
            modules: named("STANDWITH_NODE_MODULES", "node_modules"),
            pictures: root.join("target/e2e"),
            root,
        };
        ensure!(place.program.is_file(), "there is no {}", place.program.display());
        let loader = place.dist.join("standwith.js");
        ensure!(loader.is_file(), "there is no {}", loader.display());
        Ok(place)
    }

    /// A campaign file of the checkout.
    fn campaign(&self) -> Result<Value> {
        let path = self.root.join(format!("www/campaigns/{CAMPAIGN}.json"));
        let file = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(serde_json::from_slice(&file)?)
    }

    /// Fills a folder with the campaigns of the tests.
    pub(crate) fn campaigns(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        // Byte for byte as in production.
        let name = format!("{CAMPAIGN}.json");
        fs::copy(self.root.join("www/campaigns").join(&name), folder.join(&name))?;
        let mut in_json = self.campaign()?;
        in_json["id"] = CAMPAIGN_IN_JSON.into();
        in_json["title"] = "In JSON".into();
        in_json["endpoint"] = serde_json::json!({ "format": "json" });
        fs::write(folder.join(format!("{CAMPAIGN_IN_JSON}.json")), in_json.to_string())?;
        Ok(())
    }
}

/// Everything that a browser test uses.
pub struct Stage {
    /// A window of one engine.
    pub browser: Browser,
    /// The endpoint that the forms post to.
    pub endpoint: Endpoint,
    /// The proxy through which browsers reach it.
    pub proxy: FaultProxy,
    /// The site whose pages embed the forms.
    pub partner: Partner,
    /// The npm packages.
    pub modules: PathBuf,
}

impl Stage {
    /// A fresh endpoint and a fresh partner.
    pub async fn set(place: &Place, browser: Browser) -> Result<Self> {
        let proxy = FaultProxy::open().await?;
        let endpoint = Endpoint::start(place, Some(&proxy.origin)).await?;
        proxy.lead_to(&endpoint.origin());
        let partner = Partner::open(place, &proxy.origin).await?;
        let modules = place.modules.clone();
        Ok(Stage { browser, endpoint, proxy, partner, modules })
    }

    /// Opens one of the partner's pages in the checkout.
    pub async fn open(&self, page: &str) -> Result<()> {
        self.browser.open(&format!("{}/{page}", self.partner.origin)).await
    }

    /// Opens a partner's page with this body.
    pub async fn open_body(&self, body: &str) -> Result<()> {
        self.open_page("", body, &[]).await
    }

    /// Opens a partner's page with this head, body and headers.
    pub async fn open_page(
        &self,
        head: &str,
        body: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<()> {
        let page = self.partner.publish(head, body, headers);
        self.open(&page).await
    }

    /// The first form of the page, or the only one.
    pub fn form(&self) -> Form<'_> {
        self.form_at("document.querySelector('stand-with')")
    }

    /// The form whose element a script expression returns.
    pub fn form_at(&self, element: &str) -> Form<'_> {
        Form { browser: &self.browser, element: element.to_owned() }
    }

    /// The page's uncaught errors so far; only pages of [`Stage::open_page`] record them.
    pub async fn uncaught(&self) -> Result<Value> {
        self.browser.run("return window.uncaught", &[]).await
    }

    /// Prints the state after a failure, and returns a short form of it.
    pub async fn report(&self, picture: &Path) -> String {
        match self.browser.photograph(picture).await {
            Ok(()) => eprintln!("screenshot: {}", picture.display()),
            Err(error) => eprintln!("no screenshot: {error:#}"),
        }
        let told = "const form = document.querySelector('stand-with');
            const shown = form?.shadowRoot;
            const faults = shown?.querySelectorAll('[role=alert], [aria-invalid], [role=status]') ?? [];
            return [location.href, form?.state, shown?.textContent, window.uncaught,
              [...faults].map(({ id, textContent }) => `${id}: ${textContent}`), window.heard]";
        let page = match self.browser.run(told, &[]).await {
            Ok(told) => {
                eprintln!("page: {told}");
                format!("{}, faults {}, heard {}", told[1], told[4], told[5])
            }
            Err(error) => format!("no page: {error:#}"),
        };
        for seen in self.proxy.seen() {
            eprintln!("request: {} {}", seen.method, seen.path);
        }
        eprintln!("endpoint: {}", self.endpoint.log());
        page
    }
}
