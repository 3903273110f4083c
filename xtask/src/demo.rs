//! `cargo xtask demo`: serves the endpoint and, on another origin, a partner's page with the form.

use crate::run::{Run, say, target_dir, warn};
use crate::widget;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use fs_err as fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdout};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tiny_http::{Header, Method, Request, Response, Server};

/// Placeholder for the endpoint's origin in the partner's pages.
const PLACEHOLDER: &str = "https://actions.example.org";

/// Folder of the partner's pages.
const PAGES: &str = "www/partner";

/// Options of `demo`.
#[derive(Args)]
pub(crate) struct Options {
    /// The endpoint's port, or the next one that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The port of the partner's page, or the next one that is free
    #[arg(long, default_value_t = 8081)]
    partner_port: u16,
}

/// What may happen while the demo runs.
enum Event {
    /// The endpoint accepts connections.
    Listening,
    /// The endpoint ended.
    Ended,
    /// Ctrl-C, or a request to terminate.
    Stopped,
}

/// Builds everything, serves it, and stops on Ctrl-C.
pub(crate) fn demo(options: &Options) -> Result<()> {
    widget::build()?;
    let (sender, events) = channel();
    let stopping = sender.clone();
    // Sending fails only if the demo has ended already.
    ctrlc::set_handler(move || drop(stopping.send(Event::Stopped)))?;
    let (partner, partner_port) = listen(options.partner_port, None)?;
    let (free, port) = listen(options.port, Some(partner_port))?;
    drop(free);
    let origin = format!("http://127.0.0.1:{port}");
    let database = target_dir().join("demo/demo.sqlite");
    fs::create_dir_all(target_dir().join("demo"))?;
    let database = format!("sqlite:{}", shown(&database));
    let addresses = addresses(&origin, partner_port, &database)?;
    serve_pages(partner, origin)?;

    say("starting the endpoint");
    let (mut endpoint, output) = endpoint(port, &database)?;
    std::thread::spawn(move || watch(output, &sender));
    for event in &events {
        match event {
            // The demo goes on even if standard output is closed.
            Event::Listening => drop(std::io::stdout().write_all(addresses.as_bytes())),
            Event::Ended => bail!("the endpoint ended ({})", endpoint.wait()?),
            Event::Stopped => break,
        }
    }
    // `kill` requests a shutdown. After five seconds, or on another Ctrl-C, the endpoint is killed.
    let _ = Run::new("kill").arg(endpoint.id().to_string()).read();
    if !matches!(events.recv_timeout(Duration::from_secs(5)), Ok(Event::Ended)) {
        endpoint.kill()?;
    }
    endpoint.wait()?;
    Ok(())
}

/// Passes the endpoint's output on, and sends an event when it listens and when it ends.
fn watch(output: impl Read, events: &Sender<Event>) {
    // Sending fails only if the demo has ended already.
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        eprintln!("{line}");
        if line.starts_with("StandWith listens on ") {
            let _ = events.send(Event::Listening);
        }
    }
    let _ = events.send(Event::Ended);
}

/// Listens on a port of this machine, or on the next free one.
fn listen(wanted: u16, except: Option<u16>) -> Result<(TcpListener, u16)> {
    (wanted..=wanted.saturating_add(50))
        .filter(|port| Some(*port) != except)
        .find_map(|port| Some((TcpListener::bind(("127.0.0.1", port)).ok()?, port)))
        .inspect(|(_, port)| {
            if *port != wanted {
                warn(&format!("port {wanted} is taken: {port} instead"));
            }
        })
        .with_context(|| format!("no free port from {wanted} on"))
}

fn endpoint(port: u16, database: &str) -> Result<(Child, ChildStdout)> {
    Run::new(shown(&widget::endpoint()))
        .args(["serve", "--campaigns", "www/campaigns", "--database", database])
        .args(["--listen", &format!("127.0.0.1:{port}"), "--widgets", "dist"])
        .start()
}

/// Serves the partner's pages from another thread, reading the files at each request.
fn serve_pages(listener: TcpListener, origin: String) -> Result<()> {
    let server = Server::from_listener(listener, None).map_err(|error| anyhow!("{error}"))?;
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            if let Err(error) = answer(request, &origin) {
                warn(&format!("{error:#}"));
            }
        }
    });
    Ok(())
}

fn answer(request: Request, origin: &str) -> Result<()> {
    let page = match request.method() {
        Method::Get | Method::Head => page(request.url()),
        _ => None,
    };
    let Some(page) = page else {
        return Ok(request.respond(Response::from_string("Not here.").with_status_code(404))?);
    };
    let kind = content_type(&page);
    let mut body = fs::read(&page)?;
    if kind.starts_with("text/") {
        body = String::from_utf8_lossy(&body).replace(PLACEHOLDER, origin).into_bytes();
    }
    let mut response = Response::from_data(body);
    for header in [format!("Content-Type: {kind}"), "Cache-Control: no-store".to_owned()] {
        response.add_header(header.parse::<Header>().map_err(|()| anyhow!("bad {header}"))?);
    }
    Ok(request.respond(response)?)
}

/// The file of an address, if it is one of the partner's.
fn page(address: &str) -> Option<PathBuf> {
    let path = address.split(['?', '#']).next()?.trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    Some(Path::new(PAGES).join(path)).filter(|file| inside && file.is_file())
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The text with all addresses.
fn addresses(origin: &str, partner_port: u16, database: &str) -> Result<String> {
    let partner = format!("http://127.0.0.1:{partner_port}");
    let program = shown(&widget::endpoint());
    let pages = crate::dist::by_stem(Path::new(PAGES), "html")?;
    let others = pages.iter().filter(|(name, _)| name != "index");
    let others = others.map(|(name, _)| format!("\n                       {partner}/{name}.html"));
    Ok(format!(
        "
  A partner's page     {partner}/{}
  The endpoint         {origin}/

  The actions so far   {program} export --campaign free-mech-dara \\
                         --database {database} --format jsonl

  Ctrl-C stops both.

",
        others.collect::<String>()
    ))
}

/// A path as one would type it from the checkout.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_no_file_outside_the_pages() {
        for address in ["/../campaigns/free-mech-dara.json", "//etc/passwd", "/./..", "/nothing"] {
            assert_eq!(page(address), None, "{address}");
        }
    }

    #[test]
    fn takes_the_next_free_port() {
        let (taken, port) = listen(20_000, None).unwrap();
        let (_, next) = listen(port, Some(port + 1)).unwrap();
        assert!(next > port + 1);
        drop(taken);
    }
}
