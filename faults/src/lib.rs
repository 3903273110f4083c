//! Whether anything that was acknowledged is lost, and whether anything is taken twice, while the endpoint
//! is killed again and again, or the network between it and the supporters is a bad one.
//!
//! ```text
//! supporter   signs actions, as the form does
//! driver ─── line        sends them, again and again where need be; keeps what was answered
//! machine     an endpoint's process, killed and started again on the same files and the same port
//! account     what was acknowledged, beside what the endpoint has
//! ```
//!
//! Process, signatures and the bad network are those of the testkit.
//!
//! `cargo xtask bench faults` and `bench network` are the long runs; the endpoint's tests do short ones
//! with the same code.

pub mod account;
pub mod driver;
mod line;
pub mod machine;
pub mod supporter;
