//! Requests over a connection that stays open, with as little work as possible.

use anyhow::{Result, ensure};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Sends a request and reads the answer; returns status and body.
pub(crate) async fn exchange(
    stream: &mut BufReader<TcpStream>,
    request: &[u8],
) -> Result<(u16, String)> {
    stream.write_all(request).await?;
    let (mut status, mut length, mut line) = (0, 0, String::new());
    loop {
        line.clear();
        ensure!(stream.read_line(&mut line).await? > 0, "the connection was closed");
        if line.starts_with("HTTP") {
            status = line.get(9..12).unwrap_or_default().parse()?;
        } else if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse()?;
        } else if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((status, String::from_utf8(body)?))
}
