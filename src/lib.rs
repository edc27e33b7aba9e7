//! Rollcall walks a team through the deployment checklist it already keeps in Markdown.

pub mod card;
pub mod chat;
pub mod check;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod grammar;
pub mod library;
pub mod loops;
pub mod markdown;
pub mod near;
pub mod ports;
pub mod schedule;
pub mod serve;
pub mod store;
pub mod words;
