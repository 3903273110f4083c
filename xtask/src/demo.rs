//! `cargo xtask demo`: serves the endpoint and, on another origin, a partner's page with the form.

use crate::run::{Run, say, target_dir, warn};
use crate::stamp::read;
use crate::widget;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
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

/// Builds everything, serves it, and stops when told to (Ctrl-C).
pub(crate) fn demo(options: &Options) -> Result<()> {
    widget::build()?;
    let stop = on_signal()?;
    let (partner, partner_port) = listen(options.partner_port, None)?;
    let (free, port) = listen(options.port, Some(partner_port))?;
    drop(free);
    let database = target_dir().join("demo/demo.sqlite");
    std::fs::create_dir_all(target_dir().join("demo"))?;
    let database = format!("sqlite:{}", shown(&database));

    say("starting the endpoint");
    let mut endpoint = endpoint(port, &database)?;
    let origin = format!("http://127.0.0.1:{port}");
    let result = await_health(&mut endpoint, port, &stop).and_then(|ready| {
        if !ready {
            return Ok(());
        }
        serve_pages(partner, origin.clone())?;
        announce(&origin, partner_port, &database)?;
        wait(&mut endpoint, &stop)
    });
    let stopped = end(&mut endpoint);
    result.and(stopped)
}

/// A channel that receives Ctrl-C and requests to terminate.
fn on_signal() -> Result<Receiver<()>> {
    let (sender, receiver) = channel();
    ctrlc::set_handler(move || {
        // The receiver is gone only when shutdown has already begun.
        let _ = sender.send(());
    })?;
    Ok(receiver)
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

fn endpoint(port: u16, database: &str) -> Result<Child> {
    Run::new(shown(&widget::endpoint()))
        .args(["serve", "--campaigns", "www/campaigns", "--database", database])
        .args(["--listen", &format!("127.0.0.1:{port}"), "--widgets", "dist"])
        .start()
}

/// Waits until the endpoint responds; returns false if it was stopped before.
fn await_health(endpoint: &mut Child, port: u16, stop: &Receiver<()>) -> Result<bool> {
    for _ in 0..150 {
        if is_healthy(port) {
            return Ok(true);
        }
        if let Some(status) = endpoint.try_wait()? {
            bail!("the endpoint ended at once ({status})");
        }
        if stop.recv_timeout(Duration::from_millis(100)).is_ok() {
            return Ok(false);
        }
    }
    bail!("the endpoint has not answered for 15 seconds")
}

fn is_healthy(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    ask().is_ok_and(|status| status.ends_with(" 200"))
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
    let mut body = read(&page)?;
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
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => "application/octet-stream",
    }
}

/// Prints all addresses.
fn announce(origin: &str, partner_port: u16, database: &str) -> Result<()> {
    let partner = format!("http://127.0.0.1:{partner_port}");
    let program = shown(&widget::endpoint());
    let mut out = std::io::stdout();
    writeln!(out, "\n  A partner's page     {partner}/")?;
    for other in other_pages()? {
        writeln!(out, "                       {partner}/{other}")?;
    }
    writeln!(out, "  The endpoint         {origin}/")?;
    writeln!(out, "\n  The actions so far   {program} export --campaign free-mech-dara \\")?;
    writeln!(out, "                         --database {database} --format jsonl")?;
    writeln!(out, "\n  Ctrl-C stops both.\n")?;
    Ok(out.flush()?)
}

fn other_pages() -> Result<Vec<String>> {
    let pages = crate::dist::by_stem(Path::new(PAGES), "html")?;
    let names = pages.iter().filter_map(|(_, path)| path.strip_prefix(PAGES).ok());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    Ok(names.filter(|name| name != "index.html").collect())
}

/// Waits for a signal, or until the endpoint ends by itself.
fn wait(endpoint: &mut Child, stop: &Receiver<()>) -> Result<()> {
    while stop.recv_timeout(Duration::from_millis(250)).is_err() {
        if let Some(status) = endpoint.try_wait()? {
            bail!("the endpoint ended ({status})");
        }
    }
    Ok(())
}

/// Ends the endpoint: after Ctrl-C it ends by itself; otherwise it is asked to, and killed after a while.
fn end(endpoint: &mut Child) -> Result<()> {
    let pid = endpoint.id().to_string();
    for attempt in 0..50 {
        if endpoint.try_wait()?.is_some() {
            return Ok(());
        }
        if attempt == 5 {
            // Whether it ends shows the result.
            let _ = Run::new("kill").arg(&pid).read();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    endpoint.kill()?;
    endpoint.wait()?;
    Ok(())
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
    fn names_no_file_outside_the_pages() {
        for address in ["/../campaigns/free-mech-dara.json", "//etc/passwd", "/./..", "/nothing"] {
            assert_eq!(page(address), None, "{address}");
        }
    }

    #[test]
    fn takes_the_next_port_that_is_free() {
        let (taken, port) = listen(20_000, None).unwrap();
        let (_, next) = listen(port, Some(port + 1)).unwrap();
        assert!(next > port + 1);
        drop(taken);
    }
}
