//! A real page, a real endpoint, three engines.
