//! Core of StandWith, an embeddable form for sending messages to public authorities.
//!
//! This crate has all rules, texts, states and markup of a form. It performs no I/O: no browser, network, clock or
//! randomness. Widget and endpoint share it, and almost all of it is tested natively.
//!
//! # Start here
//!
//! | question | module |
//! | --- | --- |
//! | What may a campaign file say? | [`campaign`]; rules between values: [`lint`] |
//! | What is a valid submission? | [`check`] |
//! | What is signed and sent? | [`action`], [`envelope`]; encryption: [`sealing`] |
//! | What happens after a click or an answer? | [`session`]: [`Session::update`](session::Session::update) |
//! | What does the form look like? | [`view`], which writes [`markup`] |
//! | What does the form say? | [`text`] |
//!
//! # Data flow
//!
//! ```text
//! campaign file ── json ── shape ── campaign ─┐
//! input ────────── draft ── message ──────────┴─ check ── action ── envelope ── (endpoint)
//!                                                              answer ── session ── view ── markup
//! ```

// A slice of a text outside the boundaries of characters panics; writing that panic's message takes the widget 4 KB.
#![cfg_attr(not(test), deny(clippy::string_slice))]

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

// Campaign files are validated by the endpoint and the command line, never in the widget.
#[cfg(not(target_arch = "wasm32"))]
pub mod lint;
