//! Rollcall walks a team through the deployment checklist it already keeps in Markdown.

pub mod card;
pub mod chat;
pub mod domain;
pub mod engine;
pub mod ports;
pub mod store;
pub mod words;
