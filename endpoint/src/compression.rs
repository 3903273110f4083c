//! Compression of texts for the wire.

use std::io::{self, Read, Write};

use axum::body::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// A text in its compressed forms.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// With gzip (RFC 1952).
    pub gzip: Option<Bytes>,
    /// With brotli (RFC 7932).
    pub brotli: Option<Bytes>,
}

impl Packed {
    /// Compresses a text that is compressed once and served often.
    pub fn of(bytes: &[u8]) -> Self {
        let smaller = |packed: io::Result<Vec<u8>>| {
            packed.ok().filter(|packed| packed.len() < bytes.len()).map(Bytes::from)
        };
        Packed { gzip: smaller(gzip(bytes, Compression::best())), brotli: smaller(brotli(bytes)) }
    }
}

/// Compresses a text that is served once: fast.
pub fn quickly(bytes: &[u8]) -> Option<Vec<u8>> {
    gzip(bytes, Compression::new(4)).ok().filter(|packed| packed.len() < bytes.len())
}

/// Decompresses the output of [`quickly`].
///
/// # Errors
/// It is not the gzip format.
pub fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut text)?;
    Ok(text)
}

fn gzip(bytes: &[u8], compression: Compression) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), compression);
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (buffer, quality, window) = (4096, 9, 22);
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), buffer, quality, window);
    encoder.write_all(bytes)?;
    Ok(encoder.into_inner())
}
