//! Rollcall walks a team through the deployment checklist it already keeps in Markdown.

pub mod check;
pub mod domain;
pub mod library;
pub mod markdown;
