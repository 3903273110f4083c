//! What holds whatever comes from outside: properties of everything that reads other people's text. A
//! property is a plain function of bytes, which panics where it does not hold.
//!
//! Three things feed them: a test on the stable toolchain (`tests/corpus.rs`: the kept corpus and some
//! thousands of mutations of it, always the same ones), the fuzzer (`cargo xtask fuzz`), and whoever has
//! found something.

pub mod campaigns;
pub mod mutations;
pub mod payloads;
pub mod renderer;
pub mod targets;
