//! StandWith: the form with which people send a message to the authorities, on any website.
//!
//! This crate is the whole of what a form is: the rules, the words, the course of events and the
//! tree of elements. None of it knows a browser, a network, a clock or a source of randomness, so
//! the widget and the endpoint share it, and nearly all of it is tested natively.
//!
//! The way of the data, from top to bottom:
//!
//! ```text
//! campaign file ── json ── shape ── campaign ─┐
//! what is typed ── draft ── message ──────────┴─ check ── action ── envelope ── (the wire)
//!                                                              answer ── session ── view ── markup
//! ```

pub mod base64url;
mod find;
pub mod json;
pub mod jwk;
mod rng;
pub mod shape;
mod time;
mod value;

pub mod campaign;
pub mod country;
pub mod language;
pub mod markdown;

pub mod action;
pub mod check;
pub mod control;
pub mod draft;
pub mod mail;
pub mod message;
pub mod phone;
pub mod postcode;
pub mod suggest;
pub mod targeting;
pub mod variant;

pub mod answer;
pub mod envelope;
pub mod goal;
pub mod outbox;
pub mod prefill;
pub mod proof;
pub mod receipt;
pub mod retry;
pub mod sealing;

pub mod session;
pub mod text;

pub mod markup;
pub mod view;

// What is wrong with a campaign file is told where it is written, never in the widget.
#[cfg(not(target_arch = "wasm32"))]
pub mod lint;
