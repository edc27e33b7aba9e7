//! Whole pages.

pub mod ack;
pub mod channel;
pub mod deployment;
pub mod list;
pub mod shell;
pub mod sign_in;
