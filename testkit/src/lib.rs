//! What tests and benches share: the endpoint as a process, supporters' signatures, networks that fail, and, with the
//! feature `browser`, a partner's pages in a real browser.
//!
//! ```text
//! process      an endpoint on files of its own: started, stopped, killed
//! signer       keys and signed actions, as a form makes them
//! bad_network  a proxy for connections, which resets, delays, trickles and cuts
//! fault_proxy  a proxy for requests, which breaks, holds or answers them
//! postgres     database servers of their own: started, stopped, killed, promoted
//! stage        endpoint, fault proxy, partner's pages and browser together
//! ```
//!
//! It runs the program `standwith` and never links it.

pub mod bad_network;
#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "browser")]
pub mod endpoint;
#[cfg(feature = "browser")]
pub mod engine;
#[cfg(feature = "browser")]
pub mod fault_proxy;
pub mod folder;
#[cfg(feature = "browser")]
pub mod form;
#[cfg(feature = "browser")]
pub mod partner;
pub mod postgres;
pub mod process;
#[cfg(feature = "browser")]
pub mod server;
pub mod signer;
#[cfg(feature = "browser")]
pub mod stage;

#[cfg(feature = "browser")]
pub use stage::{CAMPAIGN, CAMPAIGN_IN_JSON, Missing, Place, Stage, in_ci};
