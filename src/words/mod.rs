//! Every text people read: what templates say when something happens, and help.

mod escape;
mod guard;
mod help;
mod templates;

pub use help::help;
pub use templates::{
    Blocked, Entry, Facts, Failed, LONGEST_TEMPLATE, LONGEST_TEXT, Since, Template, TemplateProblem, Texts, Ticker,
    Waiting,
};
