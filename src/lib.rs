//! Rollcall walks a team through the deployment checklist it already keeps in Markdown.

pub mod domain;
