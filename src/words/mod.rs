//! Every text people read: what templates say when something happens, and help.

pub mod facts;
mod guard;
mod help;
pub mod occasions;
pub mod refusals;
pub mod replies;
pub mod slack;
mod templates;
pub mod ways;

pub use help::{hello, help};
pub use templates::{
    Blocked, Entry, Facts, Failed, LONGEST_TEMPLATE, LONGEST_TEXT, Since, Template, TemplateProblem, Texts, Ticker,
    Waiting,
};
