//! Where people talk with Rollcall. A surface hears and shows; it has no opinion of its own.

pub mod console;
pub mod discord;
mod recorded;
pub mod slack;
