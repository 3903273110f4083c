//! Builds, tests and shows.
fn main() {}
