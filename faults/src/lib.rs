//! Tests whether any acknowledged action is lost or stored twice, while the endpoint is killed repeatedly or the
//! network between it and the supporters is bad.
//!
//! ```text
//! supporter   signs actions, as the form does
//! driver ─── line        sends them, repeatedly if necessary; records acknowledgements
//! machine     an endpoint's process, killed and restarted on the same files and the same port
//! fleet       several endpoints on one PostgreSQL, which is restarted and replaced
//! account     compares acknowledged actions with those that the endpoint has
//! ```
//!
//! The process, the signatures and the bad network come from the testkit.
//!
//! `cargo xtask bench faults` and `bench network` are the long runs; the endpoint's tests do short ones
//! with the same code.

pub mod account;
pub mod driver;
pub mod fleet;
mod line;
pub mod machine;
pub mod supporter;
