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

/// A schedule of progress that would fill the channel.
pub const HASTY: &str =
    "It comes more than once a minute, which fills the channel. Write one second, for instance `0 */30 * * * *`.";

pub use help::{hello, help};
pub use templates::{
    Blocked, Entry, Facts, Failed, LONGEST_TEMPLATE, LONGEST_TEXT, Override, Since, Template, TemplateProblem, Texts,
    Ticker, Waiting, check_announcement,
};
