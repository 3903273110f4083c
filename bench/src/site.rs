//! Two origins, as in production: a partner's pages, and the endpoint with the widget's files. A third one receives the
//! posts of the minimal form.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::header::HeaderValue;
use standwith_testkit::endpoint::Endpoint;
use standwith_testkit::server::{self, Answer, Server, answer};
use standwith_testkit::{CAMPAIGN, Place, folder};
use tempfile::TempDir;
use tokio::process::Command;

/// A partner's article, with a placeholder for the form.
const ARTICLE: &str = include_str!("../pages/article.html");

/// The folder of the version that is measured.
const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// All servers of the bench.
pub(crate) struct Site {
    /// The origin of the partner's pages.
    pub(crate) partner: String,
    /// The address of the campaign file.
    pub(crate) campaign: String,
    /// Size of the minimal form's script (brotli), in bytes.
    pub(crate) floor_weighs: usize,
    _pages: Server,
    _sink: Server,
    _endpoint: Endpoint,
    _dist: TempDir,
}

impl Site {
    pub(crate) async fn open() -> Result<Self> {
        let place = Place::find().context("run `cargo xtask build` first")?;
        let dist = TempDir::new()?;
        folder::copy(&place.dist, dist.path())?;
        let floor = minified(&place.root).await?;
        let floor_weighs = put(&dist.path().join(VERSION).join("floor.js"), &floor)?;
        let endpoint = Endpoint::start_with(&place, None, dist.path().to_owned()).await?;
        let sink = server::serve(|_| std::future::ready(Some(taken()))).await?;
        let campaign = format!("{}/campaigns/{CAMPAIGN}.json", endpoint.origin());
        let files = format!("{}/{VERSION}", endpoint.origin());
        let pages = Arc::new(pages(&files, &campaign, sink.port)?);
        let served = server::serve(move |request| {
            let page = pages.get(request.uri().path().trim_start_matches('/')).cloned();
            std::future::ready(page.or_else(|| Some(answer(404, "text/plain", ""))))
        });
        let served = served.await?;
        Ok(Site {
            // A host other than the endpoint's, so that no request is same-site.
            partner: format!("http://localhost:{}", served.port),
            campaign,
            floor_weighs,
            _pages: served,
            _sink: sink,
            _endpoint: endpoint,
            _dist: dist,
        })
    }
}

/// The partner's pages by name.
fn pages(files: &str, campaign: &str, sink: u16) -> Result<HashMap<&'static str, Answer>> {
    let hosted = campaign.trim_end_matches(".json");
    let tag = format!(
        "<script async crossorigin=\"anonymous\" src=\"{files}/standwith.js\"\n        \
         data-campaign=\"{campaign}\"></script>\n\
         <noscript><a href=\"{hosted}\">Send your message</a></noscript>"
    );
    let floor = format!(
        "<script async crossorigin=\"anonymous\" src=\"{files}/floor.js\"\n        \
         data-campaign=\"{campaign}\" data-endpoint=\"http://127.0.0.1:{sink}/\"></script>"
    );
    let reserved = |inside: &str| format!("<div style=\"min-height:640px\">\n{inside}\n</div>");
    let element = format!("<stand-with campaign=\"{campaign}\"></stand-with>\n");
    let loader =
        format!("<script async crossorigin=\"anonymous\" src=\"{files}/standwith.js\"></script>\n");
    let made = [
        ("ours", reserved(&tag)),
        ("bare", tag.clone()),
        ("floor", reserved(&floor)),
        ("empty", String::new()),
        ("none", loader.clone()),
        ("one", format!("{loader}{element}")),
        ("twenty", format!("{loader}{}", element.repeat(20))),
    ];
    let articles = made.map(|(name, form)| Ok((name, html(&ARTICLE.replace("{{form}}", &form))?)));
    let waiting = html("<!doctype html><link rel=\"icon\" href=\"data:,\"><title>Waiting</title>");
    articles.into_iter().chain([waiting.map(|page| ("waiting", page))]).collect()
}

/// A page with the headers of a well-configured server.
fn html(text: &str) -> Result<Answer> {
    let mut page = answer(200, "text/html; charset=utf-8", packed(text.as_bytes())?);
    let headers = page.headers_mut();
    headers.insert("Content-Encoding", HeaderValue::from_static("br"));
    headers.insert("Cache-Control", HeaderValue::from_static("no-cache"));
    Ok(page)
}

/// The third origin's answer to every request.
fn taken() -> Answer {
    let mut taken = answer(201, "application/json", "{\"id\":\"0\",\"status\":\"accepted\"}");
    taken.headers_mut().insert("Access-Control-Allow-Origin", HeaderValue::from_static("*"));
    taken
}

/// The minimal form's script, minified as ours is.
async fn minified(root: &Path) -> Result<Vec<u8>> {
    let mut esbuild = Command::new(root.join("node_modules/.bin/esbuild"));
    esbuild
        .args(["--minify", "--format=iife", "--target=es2022"])
        .arg(root.join("bench/floor/floor.js"));
    let made = esbuild.output().await.context("esbuild did not start")?;
    ensure!(made.status.success(), "esbuild: {}", String::from_utf8_lossy(&made.stderr));
    Ok(made.stdout)
}

/// Writes a file and its compressed form, and returns the compressed size.
fn put(path: &Path, bytes: &[u8]) -> Result<usize> {
    let brotli = packed(bytes)?;
    fs::write(path, bytes)?;
    fs::write(path.with_extension("js.br"), &brotli)?;
    Ok(brotli.len())
}

fn packed(bytes: &[u8]) -> Result<Bytes> {
    let mut out = Vec::new();
    {
        let (buffer, quality, window) = (4096, 11, 22);
        brotli::CompressorWriter::new(&mut out, buffer, quality, window).write_all(bytes)?;
    }
    Ok(out.into())
}
