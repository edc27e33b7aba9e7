//! Help, made from the list of commands.

use crate::card::{Block, Card, Tone};
use crate::domain::text::Rich;
use crate::grammar::{Arg, ArgKind, COMMANDS, CommandSpec, Form, Group, Problem};
use crate::near::nearest;
use std::fmt::Write;

/// Help as Markdown: every command in a line each, or one command in full.
pub fn help(command: Option<&str>) -> Result<String, Problem> {
    match command {
        None => Ok(overview()),
        Some(name) => {
            let name = name.trim();
            let spec = CommandSpec::named(name).ok_or_else(|| Problem::UnknownCommand {
                word: name.to_owned(),
                nearest: nearest(name, COMMANDS.iter().map(|c| c.name)),
            })?;
            Ok(topic(spec))
        }
    }
}

/// What the bot says when it is invited to a channel; `usual` is the checklist that channel uses.
pub fn hello(usual: Option<&str>) -> Card {
    let say = |text: &str| Block::Text { text: crate::markdown::inline(text) };
    let list = match usual {
        Some(name) => format!("In this channel the checklist is `{name}`."),
        None => "`/deploy checklists` shows the checklists there are.".into(),
    };
    Card {
        title: Rich::plain("Hello, I am Rollcall."),
        tone: Tone::Plain,
        rehearsal: false,
        broadcast: false,
        blocks: vec![
            say("I walk a team through its deployment checklist: I announce, keep one board up to date, open section \
                 after section, and remember who ticked what."),
            say(&list),
            say("Try: `/deploy start v1.2.0 --rehearse` walks the list as practice; nobody is paged."),
        ],
        buttons: Vec::new(),
        page: None,
    }
}

fn overview() -> String {
    let mut out = String::from("Type `/deploy` and one of these.\n");
    for group in Group::ALL {
        let _ = write!(out, "\n**{}**\n\n", group.title());
        for c in COMMANDS.iter().filter(|c| c.group == group) {
            let _ = writeln!(out, "- `{}` {}", c.usage, c.summary);
        }
    }
    out.push_str(
        "\nItems go by number (`3.2`), by range (`3.1-3.5`), by section (`3`), or by words that match one of them. \
         `#12` before a command names the deployment. `help tick` says more about `tick`.",
    );
    out
}

fn topic(c: &CommandSpec) -> String {
    let mut out = format!("`{}`\n\n{}\n", c.usage, c.summary);
    if !c.args.is_empty() {
        out.push('\n');
    }
    for arg in c.args {
        let may = if arg.required || arg.form != Form::Place || arg.hint.contains("without it") {
            ""
        } else {
            ", if you like"
        };
        let _ = writeln!(out, "- `{}`: {}{may}", written(arg), arg.hint);
    }
    let _ = write!(out, "\nFor instance: `{}`", c.example);
    out
}

fn written(arg: &Arg) -> String {
    let name = arg.name.to_uppercase();
    match (arg.form, arg.kind) {
        (Form::Place, ArgKind::Person) => format!("@{name}"),
        (Form::Place, ArgKind::Items) => "ITEM…".into(),
        (Form::Place, ArgKind::Span) => "SPAN".into(),
        (Form::Place, _) => name,
        (Form::Option, ArgKind::Time) => format!("{}:TIME", arg.name),
        (Form::Option, ArgKind::Environment) => "env:ENV".into(),
        (Form::Option, _) => format!("{}:NAME", arg.name),
        (Form::Dashes, ArgKind::Flag) => format!("--{}", arg.name),
        (Form::Dashes, _) => format!("--{} REASON", arg.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_made_from_the_list() {
        let mut all = help(None).unwrap();
        for name in ["start", "tick", "status", "assign", "finish", "resume", "fill"] {
            let _ = write!(all, "\n\n----\n{}", help(Some(name)).unwrap());
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn every_command_has_help_and_later_ones_are_not_mentioned() {
        let all = help(None).unwrap();
        for c in COMMANDS {
            assert!(all.contains(&format!("- `{}`", c.usage)), "{}", c.name);
            assert!(help(Some(&c.name.to_uppercase())).is_ok());
        }
        for later in ["approve", "reject", "concern", "run", "metrics"] {
            assert!(!all.contains(&format!("`{later}")), "{later}");
            assert!(help(Some(later)).is_err());
        }
        assert!(help(Some("tikc")).unwrap_err().to_string().contains("`tick`"));
    }
}
