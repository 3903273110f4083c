//! The core's tests, as one program: each file of it would otherwise be linked by itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]

mod answer;
mod campaign;
mod check;
mod envelope;
mod json;
mod language;
mod lint;
mod locales;
mod mail;
mod markdown;
mod markup;
mod message;
mod naughty;
mod proof;
mod retry;
mod scenario;
mod sealing;
mod session;
mod shape;
mod targeting;
mod text;
mod tidy;
mod view;
