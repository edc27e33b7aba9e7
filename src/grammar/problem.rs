//! What was wrong with what somebody typed, said so that they can put it right.

use super::spec::{CommandSpec, Form};
use std::fmt;

/// Why a character does not fit into a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It would mention somebody.
    Mention,
    /// It would be read as markup.
    Markup,
    Space,
    LineBreak,
    Control,
    /// It turns the text after it around.
    BidiOverride,
    /// It cannot be seen.
    Hidden,
    Other,
}

/// Why what was typed is no command. Its `Display` is Markdown: one or two sentences, and an example that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing was typed.
    Empty,
    /// More than is read.
    InputTooLong { length: usize, limit: usize },
    /// No such command.
    UnknownCommand { word: String, nearest: Option<&'static str> },
    /// `#12` without a usable number.
    BadTarget { word: String },
    /// Two deployments are named.
    TwoTargets { first: u64, second: u64 },
    /// A deployment is named where none is concerned.
    NoTarget { command: &'static str, target: u64 },
    /// `chekclist:x`.
    UnknownOption { command: &'static str, word: String, nearest: Option<&'static str> },
    /// `--queu`.
    UnknownFlag { command: &'static str, word: String, nearest: Option<&'static str> },
    /// `env:` with nothing after it.
    MissingValue { command: &'static str, option: &'static str },
    /// `env:a env:b`.
    Twice { command: &'static str, option: &'static str },
    /// A required argument is not there.
    Missing { command: &'static str, what: &'static str },
    /// A reason is required.
    NoReason { command: &'static str },
    /// Words that belong nowhere.
    Stray { command: &'static str, text: String },
    /// A test is answered by its number alone, and does not climb.
    OfTest { test: Option<u32>, climbs: bool },
    /// A quote that does not end.
    UnclosedQuote { text: String },
    /// A name of no characters.
    EmptyName { what: &'static str },
    /// A name or text is too long.
    TooLong { what: &'static str, length: usize, limit: usize },
    /// A character that may not stand in a name.
    BadCharacter { what: &'static str, character: char, why: Unfit, text: String },
    /// A name that does not begin with a letter or digit.
    BadBeginning { what: &'static str, character: char, text: String },
    /// Looks like an item's number and is none.
    BadNumber { word: String },
    /// `3.5-3.1`.
    BackwardRange { from: String, to: String },
    /// `3.1-5`: to 3.5, or to the end of section 5?
    UnclearRange { from: String, to: String, section: u32 },
    /// More items than one command may name.
    TooManyItems { limit: usize },
    /// `at:` could not be read.
    BadTime { text: String },
    /// Reminders cannot be snoozed for so short or so long.
    BadSnooze,
    /// A test of how people are reached has no urgency.
    LowTest,
    /// A calendar moment that does not exist.
    NoSuchTime { text: String },
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Empty => {
                f.write_str("Say what to do, for instance `next` or `tick 3.2`. `help` lists every command.")
            }
            Problem::InputTooLong { length, limit } => write!(
                f,
                "That is {length} characters long; at most {limit} are read. Keep the long part elsewhere and add its \
                 address, for instance `evidence 3.2 https://ci.example.com/builds/118`."
            ),
            Problem::UnknownCommand { word, nearest: Some(near) } => {
                write!(f, "There is no command {}. Did you mean `{near}`? ", said(word))?;
                instance(f, near)
            }
            Problem::UnknownCommand { word, nearest: None } => {
                write!(f, "There is no command {}. `help` lists every command; `next` says what to do now.", said(word))
            }
            Problem::BadTarget { word } => write!(
                f,
                "{} names no deployment: after `#` comes its number, for instance `#12 status`. `list` shows them.",
                said(word)
            ),
            Problem::TwoTargets { first, second } => write!(
                f,
                "Both #{first} and #{second} are named; a command is for one deployment, for instance `#{first} status`."
            ),
            Problem::NoTarget { command, target } => {
                write!(
                    f,
                    "`{command}` is not about one deployment, so #{target} does not belong here. Write `{command}`"
                )?;
                f.write_str(if *command == "start" { " and a version: `start v1.2.0`." } else { " alone." })
            }
            Problem::UnknownOption { command, word, nearest } => {
                write!(f, "`{command}` has no option {}. ", said(word))?;
                match nearest {
                    Some(near) => write!(f, "Did you mean `{near}:`? ")?,
                    None => options(f, command)?,
                }
                instance(f, command)
            }
            Problem::UnknownFlag { command, word, nearest } => {
                write!(f, "`{command}` does not know {}. ", said(word))?;
                match nearest {
                    Some(near) => write!(f, "Did you mean `--{near}`? ")?,
                    None => options(f, command)?,
                }
                if *command == "finish" { f.write_str(VOUCHED) } else { instance(f, command) }
            }
            Problem::MissingValue { command, option } => {
                let (open, example) = match *option {
                    "checklist" => ("checklist:", "start v1.2.0 checklist:web"),
                    "env" => ("env:", "start v1.2.0 env:production"),
                    "service" => ("service:", "start v1.2.0 service:shop"),
                    "at" => ("at:", "start v1.2.0 at:18:30"),
                    _ => return write!(f, "`--override` needs the reason after it. {VOUCHED}"),
                };
                write!(f, "`{open}` of `{command}` has nothing after it. For instance: `{example}`.")
            }
            Problem::Twice { command, option } => {
                let dashes =
                    CommandSpec::named(command).and_then(|c| c.arg(option)).map(|a| a.form) == Some(Form::Dashes);
                let (before, after) = if dashes { ("--", "") } else { ("", ":") };
                write!(f, "`{before}{option}{after}` is given twice; once is enough. ")?;
                instance(f, command)
            }
            // The command alone is right where there is one page, and no example where there are two.
            Problem::Missing { command, what: what @ "a page's number" } => {
                write!(f, "`{command}` needs {what}. For instance: `{command} 1`.")
            }
            Problem::Missing { command, what } => {
                write!(f, "`{command}` needs {what}. ")?;
                instance(f, command)
            }
            Problem::NoReason { command } => {
                write!(f, "Say why: `{command}` needs a reason, for everybody to read. ")?;
                instance(f, command)
            }
            Problem::Stray { command, text } => {
                write!(f, "`{command}` has no use for {}. ", said(text))?;
                match *command {
                    "start" => {
                        f.write_str("A name with spaces stands in quotes: `start v1.2.0 checklist:\"web shop\"`.")
                    }
                    "finish" => {
                        f.write_str("Write `finish` alone, or `finish --override REASON` if items are still open.")
                    }
                    "assign" | "handover" | "show" => instance(f, command),
                    "page" => f.write_str(
                        "`page test` takes one name. A message that begins with “test” stands in quotes: `page \"test \
                         fails\"`.",
                    ),
                    "ack" | "resolve" | "escalate" => {
                        write!(f, "Write `{command}` alone, or with a page's number: `{command} 1`.")
                    }
                    "oncall" => f.write_str("Write `oncall` alone, or with a rotation's name."),
                    "status" | "next" | "record" => {
                        write!(f, "Write `{command}` alone, or with a deployment's number: `{command} 12`.")
                    }
                    "help" => f.write_str("Name one command: `help tick`."),
                    _ => write!(
                        f,
                        "Write `{command}` alone; to add a sentence use `note`, for instance `note all calm`."
                    ),
                }
            }
            Problem::OfTest { test, climbs } => {
                let test = test.unwrap_or(7);
                let why = match climbs {
                    true => "A test calls nobody else. It is answered by its number",
                    false => "A test is answered by its number alone, which stands in it",
                };
                write!(f, "{why}: `ack test {test}`.")
            }
            Problem::UnclosedQuote { text } => write!(
                f,
                "The quote before {} does not end. Put one after the last word too, for instance \
                 `tick \"smoke tests\"`.",
                said(text.get(text.chars().next().map_or(0, char::len_utf8)..).unwrap_or("").trim())
            ),
            Problem::EmptyName { what } => write!(f, "The {what} is empty. {}", name_example(what)),
            Problem::TooLong { what, length, limit } => {
                write!(f, "The {what} is {length} characters long; at most {limit} are kept.")?;
                if matches!(*what, "version" | "service" | "environment" | "checklist" | "person") {
                    write!(f, " {}", name_example(what))?;
                }
                Ok(())
            }
            Problem::BadCharacter { what, character, why, text } => {
                let c = character_said(*character);
                let because = match why {
                    Unfit::Mention => format!("{c}, which would mention somebody"),
                    Unfit::Markup => format!("{c}, which would be read as markup"),
                    Unfit::Space => format!("a space ({c})"),
                    Unfit::LineBreak => format!("a line break ({c})"),
                    Unfit::Control => format!("a control character ({c})"),
                    Unfit::BidiOverride => format!("{c}, which turns the text after it around"),
                    Unfit::Hidden => format!("{c}, which cannot be seen"),
                    Unfit::Other => c,
                };
                write!(f, "The {what} {} contains {because}. {}", said(text), alphabet(what))
            }
            Problem::BadBeginning { what, character, text } => write!(
                f,
                "The {what} {} begins with {}; it must begin with a letter or a digit. {}",
                said(text),
                character_said(*character),
                name_example(what)
            ),
            Problem::BadNumber { word } => write!(
                f,
                "{} is no item's number. Items are numbered like `3.2`, ranges like `3.1-3.5`; `3` is all of section 3. \
                 For instance: `tick 3.2`.",
                said(word)
            ),
            Problem::BackwardRange { from, to } => {
                write!(f, "The range from {from} to {to} runs backwards. Write `{to}-{from}`.")
            }
            Problem::UnclearRange { from, to, section } => write!(
                f,
                "`{from}-{to}` could end at {section}.{to} or with section {to}. Write it out: `{from}-{section}.{to}`."
            ),
            Problem::TooManyItems { limit } => {
                write!(f, "At most {limit} items can be named at once. A range or a section says more: `tick 3`.")
            }
            Problem::BadTime { text } => write!(
                f,
                "{} is no time I can read. Times are written `18:30`, `\"tomorrow 18:30\"`, `+2h` or \
                 `2026-11-21T18:30`.",
                said(text)
            ),
            Problem::BadSnooze => f.write_str(
                "Reminders are snoozed for a minute to a week, for instance `snooze 2h` or `snooze 3.2 2d`. `snooze stop` is for good, and \
                 `snooze off` brings them back.",
            ),
            Problem::LowTest => f.write_str(
                "A test goes out at once; `--low` does not belong to it. Write `page test` or `page test ana`. A message \
                 that begins with “test” stands in quotes: `page \"test fails\" --low`.",
            ),
            Problem::NoSuchTime { text } => write!(
                f,
                "{} is on no calendar or clock. Days are written year-month-day, hours go from 00 to 23: \
                 `2026-11-21T18:30`.",
                said(text)
            ),
        }
    }
}

const VOUCHED: &str = "For instance: `finish --override the open items belong to the next release`.";

fn instance(f: &mut fmt::Formatter<'_>, command: &str) -> fmt::Result {
    match CommandSpec::named(command) {
        Some(spec) => write!(f, "For instance: `{}`.", spec.example),
        None => f.write_str("`help` lists every command."),
    }
}

fn options(f: &mut fmt::Formatter<'_>, command: &str) -> fmt::Result {
    let names: Vec<String> = CommandSpec::named(command)
        .into_iter()
        .flat_map(|c| c.args)
        .filter_map(|a| match a.form {
            Form::Option => Some(format!("`{}:`", a.name)),
            Form::Dashes => Some(format!("`--{}`", a.name)),
            Form::Place => None,
        })
        .collect();
    if names.is_empty() { Ok(()) } else { write!(f, "It takes {}. ", names.join(", ")) }
}

fn name_example(what: &str) -> &'static str {
    match what {
        "version" => "For instance: `start v1.2.0`.",
        "service" => "For instance: `start v1.2.0 service:shop`.",
        "environment" => "For instance: `start v1.2.0 env:production`.",
        "checklist" => "For instance: `start v1.2.0 checklist:web`.",
        _ => "For instance: `handover @ana`.",
    }
}

fn alphabet(what: &str) -> String {
    let letters = match what {
        "version" => "Versions are made of the letters A to Z, digits and `. _ + - ~ / :`.",
        "checklist" | "person" => "Letters, digits, spaces and `. _ + - ~ / : ( ) & ' ,` can stand there.",
        _ => "Letters, digits and `. _ + - ~ / :` can stand there.",
    };
    format!("{letters} {}", name_example(what))
}

/// A character named so that it does nothing: itself where that is safe, and always its code.
fn character_said(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_ascii_graphic() && c != '`' { format!("`{c}` ({code})") } else { code }
}

/// Typed words, shortened, inside a code span, where they can neither mention nor mark up.
pub(super) fn said(text: &str) -> String {
    let mut out = String::from("`");
    for (i, c) in text.chars().enumerate() {
        if i == 60 {
            out.push('…');
            break;
        }
        match c {
            '`' => out.push('\''),
            c if c.is_control() || super::chars::is_bidi_override(c) || super::chars::is_out_of_sight(c) => {
                out.push('\u{fffd}')
            }
            c => out.push(c),
        }
    }
    if out.trim_end() == "`" {
        return "“”".into();
    }
    out.push('`');
    out
}
