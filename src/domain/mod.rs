//! The rules, pure: no async, no I/O, no clock, no randomness.

pub mod checklist;
pub mod text;
