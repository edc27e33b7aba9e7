//! Every text people read: what templates say when something happens, and help.

pub mod facts;
mod guard;
mod help;
pub mod link;
pub mod occasions;
pub mod paging;
pub mod refusals;
pub mod replies;
pub mod slack;
pub mod standing;
mod templates;
pub mod ways;

pub use help::{hello, help};
pub use templates::{
    Blocked, Entry, Facts, Failed, LONGEST_TEMPLATE, LONGEST_TEXT, Override, Since, Template, TemplateProblem, Texts,
    Ticker, Waiting, check_announcement,
};
