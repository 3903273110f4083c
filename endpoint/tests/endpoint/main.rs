//! Integration tests of the endpoint: its routes in this process, and the command itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod test_endpoint;

mod actions;
mod campaigns;
mod commands;
mod counts;
mod disk;
mod faults;
mod fleet;
mod forgery;
mod hosted;
mod pages;
mod postgres;
#[cfg(target_os = "linux")]
mod power;
mod proxy;
mod rate_limit;
mod receipts;
mod replays;
mod sealed;
mod server;
mod service;
mod vectors;
mod widget;
