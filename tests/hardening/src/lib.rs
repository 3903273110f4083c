//! Properties of all code that reads external text, for any input. A property is a plain function of bytes, which
//! panics if it does not hold.
//!
//! Three sources of input: a test on the stable toolchain (`tests/corpus.rs`: the committed corpus and some thousands
//! of mutations of it, always the same ones), the fuzzer (`cargo xtask fuzz`), and anyone who has found a failing
//! input.

pub mod campaigns;
pub mod mutations;
pub mod payloads;
pub mod renderer;
pub mod targets;
