//! What wasm-bindgen's glue carries along for browsers and calls that the form does not have.

use anyhow::{Context, Result};

/// Parts of the glue from where they begin to where they end, and what stands there instead.
const SPARED: [(&str, &str, &str); 3] = [
    // For what decodes 2 GiB of text in one page, in one browser.
    (
        "const MAX_SAFARI_DECODE_BYTES",
        "\n}\n",
        "function decodeText(bytes) {\n    return cachedTextDecoder.decode(bytes);\n}\n",
    ),
    // Every browser with WebAssembly's reference types has `encodeInto`.
    ("if (!('encodeInto' in ", "\n}\n", ""),
    // Both halves give `realloc` along.
    ("    if (realloc === undefined) {", "\n    }\n", ""),
];

/// The glue without that; as it is where it has another form.
///
/// # Errors
///
/// If a part begins and never ends.
pub(crate) fn spare(glue: &str) -> Result<String> {
    let mut spared = glue.to_owned();
    for (begin, end, instead) in SPARED {
        if let Some((before, rest)) = spared.split_once(begin) {
            let (_, after) = rest.split_once(end).with_context(|| format!("{begin} never ends"))?;
            spared = [before, instead, after].concat();
        }
    }
    Ok(spared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_needs_goes() {
        let glue = "let a;\nif (!('encodeInto' in b)) {\n    b.encodeInto = 1;\n}\nlet c;\n";
        assert_eq!(spare(glue).unwrap(), "let a;\nlet c;\n");
        let other = "let a;\n";
        assert_eq!(spare(other).unwrap(), other);
        assert!(spare("if (!('encodeInto' in b)) {").is_err());
    }
}
