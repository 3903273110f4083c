//! StandWith.

pub mod action;
pub mod answer;
pub mod campaign;
pub mod check;
pub mod country;
pub mod draft;
pub mod envelope;
pub mod json;
pub mod message;
pub mod shape;
