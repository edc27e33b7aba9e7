//! The one grammar of every surface: words in, a [`Request`] out.
//!
//! [`COMMANDS`] is the one list everything is made from: reading, completing, help, and the commands a platform
//! registers. All of it is pure.

mod chars;
mod complete;
mod lex;
mod parse;
mod problem;
mod quiet;
mod request;
mod spec;
mod when;

pub use complete::{Completion, ItemWord, Vocabulary, complete, quoted};
pub use parse::{Order, parse};
pub use problem::{Problem, Unfit};
pub use request::{Parsed, Query, Request, Start};
pub use spec::{Arg, ArgKind, COMMANDS, CommandSpec, Form, Group, Verb};
pub use when::When;

/// Longest input that is read, in characters.
pub const LONGEST_INPUT: usize = 4_000;
/// Longest reason, note or other free text, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Longest version, in characters.
pub const LONGEST_VERSION: usize = 100;
/// Longest service and longest environment, in characters.
pub const LONGEST_NAME: usize = 40;
/// Longest name of a checklist or of a person, in characters.
pub const LONGEST_TITLE: usize = 80;
/// Longest that reminders may be snoozed, in milliseconds: a week.
pub const LONGEST_SNOOZE_MS: i64 = 7 * 86_400_000;
/// Most items and ranges one command may name.
pub const MOST_ITEMS: usize = 100;
