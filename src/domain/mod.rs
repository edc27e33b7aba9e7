//! The rules, pure: no async, no I/O, no clock, no randomness.

pub mod checklist;
pub mod command;
pub mod event;
pub mod status;
pub mod text;
pub mod time;
