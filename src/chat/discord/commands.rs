//! `/deploy` as Discord knows it: one subcommand for each command of the grammar, and what somebody chose there as the
//! grammar's words. Pure.

use crate::card::fit::cut;
use crate::card::fit::discord as most;
use crate::grammar::{Arg, ArgKind, COMMANDS, CommandSpec, Form, quoted};
use serde_json::{Value, json};

/// The one command.
pub const COMMAND: &str = "deploy";
/// A command has at most 25 subcommands. What a team says all day is one; what it says now and then is in this group.
pub const MORE: &str = "more";
/// Of them, one is the group.
const DIRECT: [&str; 24] = [
    "start",
    "status",
    "next",
    "show",
    "tick",
    "untick",
    "skip",
    "fail",
    "block",
    "assign",
    "note",
    "evidence",
    "fill",
    "hold",
    "resume",
    "handover",
    "progress",
    "rollback",
    "rolled-back",
    "finish",
    "partial",
    "page",
    "ack",
    "help",
];
/// Names the deployment where several are under way.
const DEPLOYMENT: &str = "deployment";

const SUB_COMMAND: u8 = 1;
const GROUP: u8 = 2;
const STRING: u8 = 3;
const INTEGER: u8 = 4;
const BOOLEAN: u8 = 5;

/// The command to be registered.
pub fn registration() -> Value {
    let (direct, more): (Vec<_>, Vec<_>) = COMMANDS.iter().partition(|c| DIRECT.contains(&c.name));
    let mut options: Vec<Value> = direct.into_iter().map(subcommand).collect();
    if !more.is_empty() {
        options.push(json!({
            "type": GROUP, "name": MORE, "description": "What is needed now and then",
            "options": more.into_iter().map(subcommand).collect::<Vec<_>>(),
        }));
    }
    json!({
        "type": 1, "name": COMMAND, "description": "Walk through a deployment",
        // In servers only: a direct message is no place where a team deploys.
        "contexts": [0], "integration_types": [0], "options": options,
    })
}

fn subcommand(spec: &'static CommandSpec) -> Value {
    let mut options: Vec<Value> = spec.args.iter().map(option).collect();
    if spec.on_deployment && !spec.args.iter().any(|a| a.kind == ArgKind::DeploymentId) {
        let hint = "the deployment's number; without it, the one here";
        options.push(json!({
            "type": INTEGER, "name": DEPLOYMENT, "description": hint, "required": false, "min_value": 1,
            "autocomplete": true,
        }));
    }
    // Required ones come first, or Discord refuses the command.
    options.sort_by_key(|o| o["required"] != true);
    json!({
        "type": SUB_COMMAND, "name": spec.name, "description": plain(spec.summary, most::COMMAND_DESCRIPTION),
        "options": options,
    })
}

fn option(arg: &Arg) -> Value {
    let kind = match arg.kind {
        ArgKind::Flag => BOOLEAN,
        ArgKind::DeploymentId => INTEGER,
        _ => STRING,
    };
    let mut option = json!({
        "type": kind, "name": arg.name, "description": plain(arg.hint, most::COMMAND_DESCRIPTION),
        "required": arg.required,
    });
    match arg.kind {
        ArgKind::Flag => {}
        ArgKind::DeploymentId => {
            option["min_value"] = 1.into();
            option["autocomplete"] = true.into();
        }
        ArgKind::CommandName if COMMANDS.len() <= most::SUBCOMMANDS => {
            let names = COMMANDS.iter().map(|c| json!({ "name": c.name, "value": c.name }));
            option["choices"] = names.collect();
        }
        ArgKind::Name => option["max_length"] = crate::grammar::LONGEST_TITLE.into(),
        ArgKind::Text | ArgKind::Value => option["max_length"] = crate::grammar::LONGEST_TEXT.into(),
        ArgKind::Version => {
            option["max_length"] = crate::grammar::LONGEST_VERSION.into();
            option["autocomplete"] = true.into();
        }
        _ => option["autocomplete"] = true.into(),
    }
    option
}

/// A description is shown as it is, without Markdown.
fn plain(text: &str, max: usize) -> String {
    let mut out = cut(&text.replace('`', ""), max);
    if let Some(first) = out.get(..1).map(str::to_uppercase) {
        out.replace_range(..1, &first);
    }
    out
}

/// What Discord answers with what it knows holds everything that we would send.
pub fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.iter().all(|(key, ours)| match theirs.get(key) {
                Some(theirs) => same(ours, theirs),
                // It leaves out what is as by default.
                None => matches!(ours, Value::Bool(false)) || ours.as_array().is_some_and(Vec::is_empty),
            }) && theirs
                .keys()
                .filter(|k| matches!(k.as_str(), "choices" | "autocomplete" | "max_length" | "min_value"))
                .all(|k| ours.contains_key(k) || theirs[k] == false)
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// A subcommand somebody chose, with what they gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    pub name: String,
    /// Name and value, as text.
    pub options: Vec<(String, String)>,
    /// The option being typed.
    pub focused: Option<(String, String)>,
}

impl Chosen {
    fn get(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(n, _)| n == name).map(|(_, v)| v.trim()).filter(|v| !v.is_empty())
    }
}

/// The grammar's words for a choice.
pub fn words(chosen: &Chosen) -> String {
    let Some(spec) = CommandSpec::named(&chosen.name) else { return chosen.name.clone() };
    let mut out = String::new();
    let id = spec.args.iter().find(|a| a.kind == ArgKind::DeploymentId).map_or(DEPLOYMENT, |a| a.name);
    if let Some(id) = chosen.get(id).filter(|_| spec.on_deployment) {
        out.push_str(&format!("#{} ", id.trim_start_matches('#')));
    }
    out.push_str(spec.name);
    // What stands in its place is told apart from what follows it: a colon after numbers, quotes around words.
    let follows =
        |i: usize| spec.args.iter().skip(i + 1).any(|a| a.form == Form::Place && chosen.get(a.name).is_some());
    for (i, arg) in spec.args.iter().enumerate() {
        let Some(value) = chosen.get(arg.name) else { continue };
        let said = match (arg.kind, arg.form) {
            (ArgKind::DeploymentId, _) => continue,
            (ArgKind::Flag, _) if value == "true" => format!("--{}", arg.name),
            (ArgKind::Flag, _) => continue,
            (_, Form::Dashes) => format!("--{} {value}", arg.name),
            (_, Form::Option) => format!("{}:{}", arg.name, quoted(&unquoted(value))),
            (ArgKind::Items | ArgKind::Item, _) => items(value, follows(i)),
            (ArgKind::Field, _) => format!("\"{}\":", value.replace(['"', '“', '”'], "")),
            (ArgKind::Whom, _) => whom(value),
            (ArgKind::Person, _) => format!("@{}", quoted(&unquoted(value.trim_start_matches('@')))),
            (ArgKind::Version | ArgKind::Name, _) => quoted(&unquoted(value)),
            _ => value.to_owned(),
        };
        out.push(' ');
        out.push_str(&said);
    }
    out
}

/// A name of several words in quotes; a mention stays one.
fn whom(value: &str) -> String {
    let (at, name) = match value.strip_prefix('@') {
        Some(name) => ("@", name),
        None => ("", value),
    };
    // Quotes tell it apart from the message also where it is one word.
    match unquoted(name) {
        name if !at.is_empty() => format!("@{}", quoted(&name)),
        name if name.contains(':') && !name.contains(' ') => name,
        name => format!("\"{name}\""),
    }
}

fn unquoted(value: &str) -> String {
    value.trim_matches(['"', '“', '”']).to_owned()
}

/// Numbers as they are; words in quotes where something follows that is no part of them.
fn items(value: &str, follows: bool) -> String {
    let numbers = value.chars().all(|c| c.is_ascii_digit() || " .,-–—…".contains(c))
        && value.contains(|c: char| c.is_ascii_digit());
    match (numbers, follows) {
        (true, true) => format!("{}:", value.trim_end_matches([',', ':', ' '])),
        (true, false) => value.to_owned(),
        (false, true) if !value.starts_with(['"', '“']) => format!("\"{}\"", value.replace('"', "")),
        (false, _) => value.to_owned(),
    }
}

/// The line to be completed for the option being typed, as it would stand in the grammar; none where nothing can be.
pub fn typed(chosen: &Chosen) -> Option<Typed> {
    let (name, value) = chosen.focused.as_ref()?;
    if name == DEPLOYMENT {
        return Some(Typed::Deployment);
    }
    let spec = CommandSpec::named(&chosen.name)?;
    let arg = spec.arg(name)?;
    let id = chosen.get(DEPLOYMENT).map(|id| format!("#{id} ")).unwrap_or_default();
    let head = match (arg.kind, arg.form) {
        (ArgKind::DeploymentId, _) => return Some(Typed::Deployment),
        (_, Form::Option) => format!("{} x {}:", spec.name, arg.name),
        (ArgKind::Person, _) if spec.args.first().map(|a| a.kind) == Some(ArgKind::Item) => {
            format!("{id}{} 1.1 @", spec.name)
        }
        (ArgKind::Person, _) => format!("{id}{} @", spec.name),
        _ => format!("{id}{} ", spec.name),
    };
    let value = value.trim_start_matches(['@', '"', '“']);
    let list = matches!(arg.kind, ArgKind::Items | ArgKind::Item);
    Some(Typed::Line { line: format!("{head}{value}"), head, list })
}

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A deployment's number.
    Deployment,
    /// A line of the grammar, how much of it stands before the option, and whether the option may hold a list: what is
    /// in it already stays.
    Line { line: String, head: String, list: bool },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::parse;

    fn chosen(name: &str, options: &[(&str, &str)]) -> Chosen {
        let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Chosen { name: name.into(), options, focused: None }
    }

    /// Every subcommand, those of the group included.
    fn subcommands(command: &Value) -> Vec<Value> {
        let top = command["options"].as_array().unwrap();
        assert!(top.len() <= most::SUBCOMMANDS);
        top.iter()
            .flat_map(|o| if o["type"] == GROUP { o["options"].as_array().unwrap().clone() } else { vec![o.clone()] })
            .collect()
    }

    #[test]
    fn every_command_is_a_subcommand_and_fits() {
        let command = registration();
        let all = subcommands(&command);
        let mut names: Vec<&str> = all.iter().map(|s| s["name"].as_str().unwrap()).collect();
        let mut known: Vec<&str> = COMMANDS.iter().map(|c| c.name).collect();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
        let mut total = 0;
        let mut count = |v: &Value| {
            let name = v["name"].as_str().unwrap();
            let description = v["description"].as_str().unwrap();
            assert!(!description.is_empty() && description.chars().count() <= most::COMMAND_DESCRIPTION, "{v}");
            assert!(
                name.len() <= most::COMMAND_NAME && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{v}"
            );
            total += name.len() + description.len();
            for choice in v["choices"].as_array().into_iter().flatten() {
                total += 2 * choice["name"].as_str().unwrap().len();
            }
        };
        for sub in &all {
            count(sub);
            let options = sub["options"].as_array().unwrap();
            assert!(options.len() <= most::SUBCOMMANDS);
            options.iter().for_each(&mut count);
            let required: Vec<bool> = options.iter().map(|o| o["required"] == true).collect();
            assert!(required.is_sorted_by(|a, b| a >= b), "required ones first: {sub}");
        }
        assert!(total <= most::COMMAND, "{total}");
    }

    #[test]
    fn what_is_chosen_is_what_is_said() {
        for (name, options, said) in [
            (
                "start",
                &[
                    ("version", "v1.2.0"),
                    ("env", "staging"),
                    ("at", "tomorrow 18:30"),
                    ("queue", "true"),
                    ("rehearse", "false"),
                ][..],
                "start v1.2.0 env:staging at:\"tomorrow 18:30\" --queue",
            ),
            ("tick", &[("items", "3.2")], "tick 3.2"),
            ("tick", &[("items", "3.1-3.4, 3.6"), ("note", "2 of them twice")], "tick 3.1-3.4, 3.6: 2 of them twice"),
            ("tick", &[("items", "smoke tests")], "tick smoke tests"),
            ("fail", &[("reason", "502"), ("items", "smoke tests")], "fail \"smoke tests\" 502"),
            (
                "assign",
                &[("item", "3.2"), ("person", "Ana Maria"), ("deployment", "12")],
                "#12 assign 3.2: @\"Ana Maria\"",
            ),
            ("fill", &[("field", "Error rate"), ("value", "0.2 %")], "fill \"Error rate\": 0.2 %"),
            ("status", &[("id", "12")], "#12 status"),
            ("evidence", &[("item", "3.2"), ("text", "https://ci.example/1")], "evidence 3.2: https://ci.example/1"),
            ("finish", &[("override", "agreed with Ana")], "finish --override agreed with Ana"),
            ("handover", &[("person", "@bob")], "handover @bob"),
            ("page", &[("message", "db is down"), ("who", "lead"), ("low", "true")], "page \"lead\" db is down --low"),
            ("page", &[("message", "db is down"), ("who", "@discord:3002")], "page @discord:3002 db is down"),
            ("page", &[("message", "test")], "page test"),
            ("page", &[("message", "test"), ("who", "ana")], "page \"ana\" test"),
            ("ack", &[("page", "2"), ("deployment", "12")], "#12 ack 2"),
            ("help", &[("command", "tick")], "help tick"),
            ("rollback", &[("reason", "error rate 4%")], "rollback error rate 4%"),
        ] {
            let words = words(&chosen(name, options));
            assert_eq!(words, said);
            assert!(parse(&words).is_ok(), "{words}: {:?}", parse(&words));
        }
    }

    #[test]
    fn the_same_is_not_sent_again() {
        let ours = registration();
        let mut theirs = ours.clone();
        theirs["id"] = "1".into();
        theirs["options"][0]["options"][0]["name_localizations"] = Value::Null;
        for option in theirs["options"][0]["options"].as_array_mut().unwrap() {
            if option["required"] == false {
                option.as_object_mut().unwrap().remove("required");
            }
        }
        assert!(same(&ours, &theirs));
        theirs["options"][0]["options"][0]["description"] = "something else".into();
        assert!(!same(&ours, &theirs));
    }
}
