//! The reference endpoint of StandWith: one binary that receives actions, verifies, stores, counts
//! and exports them, and serves the widget, the campaign files and a form that needs no script.
//!
//! ```text
//! cli ─┬─ serve ── config, app (the state of a running endpoint, which requests and background tasks share)
//!      │   └────── http ─┬─ listen                    connections: how many, from where, how long
//!      │                 ├─ actions ─┬─ rate_limit    above a limit: a proof of work
//!      │                 ├─ hosted ──┴─ intake ─┬─ decode    parses a body, verifies the signature
//!      │                 │                      ├─ verify    audience, campaign, identity, time
//!      │                 │                      ├─ validate  by the core, against a version of campaigns
//!      │                 │                      ├─ plan      status, count, jobs
//!      │                 │                      └─ store     durable; then acknowledged with a receipt
//!      │                 ├─ campaigns   files with first paints, counts, the list
//!      │                 └─ widget, pictures ── static_files
//!      ├─ check ─── campaigns
//!      ├─ export ─┬─ store
//!      │          ├─ csv, characters, email
//!      │          └─ sealing, campaigns, validation: `--unseal`
//!      ├─ backup, withdraw ── store
//!      ├─ verify ── signature
//!      └─ keys ──── keys, sealing
//!
//! app ──── config, clock, store, campaigns, keys, metrics, workers; made of these: rate_limit, intake, hosted_forms
//!
//! store ─┬─ Store      the interface: actions, campaign versions, jobs
//!        ├─ lifecycle  the one table of an action's transitions
//!        ├─ contract   tests that every store must pass
//!        └─ sqlite     the store on SQLite
//! ```
//!
//! Rules about campaigns and actions are in the crate `standwith`, which the browser runs, too. The time comes from
//! `clock`, which tests can set. A success is answered only after the action is on disk. Logs contain no address, no
//! browser name, no query and nothing that was typed.

pub mod cli;

pub mod http;
pub mod intake;
pub mod rate_limit;

pub mod address;
pub mod app;
pub mod campaigns;
pub mod characters;
pub mod clock;
pub mod compression;
pub mod config;
pub mod counts;
pub mod csv;
pub mod email;
pub mod hosted_forms;
mod input;
pub mod keys;
mod language;
pub mod metrics;
pub mod receipt;
pub mod sealing;
pub mod signature;
mod skew;
pub mod static_files;
pub mod store;
mod throttle;
mod validation;
pub mod workers;
