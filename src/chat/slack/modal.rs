//! Modals: for what a button asks, and for starting with everything. What they carry unseen says what to do with the
//! answer; what they become is the words somebody could have typed.

use super::text::plain_object;
use crate::card::fit::shortened;
use crate::card::fit::slack as limits;
use crate::card::{Button, Reply};
use crate::config::Channel;
use crate::grammar::{Arg, ArgKind, CommandSpec, Form, Vocabulary};
use crate::words::slack as words;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

pub const ASK: &str = "ask";
pub const START: &str = "start";

/// What a modal carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The words the answer completes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// Slack's id of the channel it is said in; empty: it is chosen in the modal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The message whose button opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Carried {
    /// What a modal carried; nothing where that cannot be read.
    pub fn read(metadata: &str) -> Self {
        serde_json::from_str(metadata).unwrap_or_default()
    }

    fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What is asked before a button's words are said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Above the input.
    pub text: String,
    pub wants: Wants,
}

/// What answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Text,
    /// Nothing, if there is nothing to say.
    OptionalText,
    Person,
    /// Yes or no.
    Yes,
}

/// The command some words say, without the deployment they name.
fn spec(words: &str) -> Option<&'static CommandSpec> {
    CommandSpec::named(words.split_whitespace().find(|w| !w.starts_with('#'))?)
}

fn last_kind(words: &str) -> Option<ArgKind> {
    last(words).map(|a| a.kind)
}

/// What an answer to some words would be: the last person or text they take. What is written with dashes only where
/// it is asked for.
fn last(words: &str) -> Option<&'static Arg> {
    let asked_for = |a: &Arg| words.split_whitespace().any(|w| w.strip_prefix("--") == Some(a.name));
    let taken =
        |a: &&Arg| matches!(a.kind, ArgKind::Person | ArgKind::Text) && (a.form != Form::Dashes || asked_for(a));
    spec(words)?.args.iter().rev().find(taken)
}

impl Question {
    /// What a button asks. `listed`: it was chosen from a list, where Slack itself asks nothing.
    pub fn of(button: &Button, listed: bool) -> Option<Self> {
        let person = last_kind(&button.command) == Some(ArgKind::Person);
        let wants = if person { Wants::Person } else { Wants::Text };
        let asked = button.ask.as_deref().map(|text| Self { text: text.into(), wants });
        asked.or(button.confirm.as_deref().filter(|_| listed).map(|text| Self { text: text.into(), wants: Wants::Yes }))
    }

    /// What completes words of which nothing else is known; none if they are complete.
    pub fn completing(words: &str) -> Option<Self> {
        let spec = spec(words)?;
        let arg = last(words)?;
        let complete = crate::grammar::parse(words).is_ok();
        let reason = spec.arg("reason").is_some();
        let wants = match (arg.kind, complete) {
            (ArgKind::Person, _) => Wants::Person,
            (_, true) => Wants::OptionalText,
            _ => Wants::Text,
        };
        (!complete || reason).then(|| Self { text: capitalized(arg.hint), wants })
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// The modal that asks a question.
pub fn ask(question: &Question, carried: &Carried) -> Value {
    let said: Vec<&str> = carried.words.split_whitespace().filter(|w| !w.starts_with('#')).collect();
    let title = capitalized(&said.join(" "));
    let verb = capitalized(said.first().copied().unwrap_or_default());
    let mut view = view(ASK, &title, &verb, carried);
    let element = match question.wants {
        Wants::Yes => {
            let text = plain_object(&question.text, limits::TEXT);
            view["blocks"] = json!([{ "type": "section", "text": text }]);
            return view;
        }
        Wants::Person => json!({ "type": "users_select", "action_id": "answer" }),
        Wants::Text | Wants::OptionalText => json!({
            "type": "plain_text_input", "action_id": "answer", "multiline": true,
            "max_length": limits::INPUT, "focus_on_load": true,
        }),
    };
    let optional = question.wants == Wants::OptionalText;
    view["blocks"] = json!([input("answer", &question.text, element, optional, None)]);
    view
}

/// A modal that only tells.
pub fn answer(blocks: Vec<Value>) -> Value {
    json!({
        "type": "modal", "callback_id": "answer", "title": plain_object(words::ANSWER_TITLE, limits::MODAL_TITLE),
        "close": plain_object(words::CLOSE, limits::MODAL_TITLE), "blocks": blocks,
    })
}

/// The modal for starting: whatever `start` takes.
pub fn start(vocabulary: &Vocabulary, defaults: Option<&Channel>, carried: &Carried) -> Value {
    let mut blocks = Vec::new();
    if carried.channel.is_empty() {
        let element = json!({
            "type": "conversations_select", "action_id": "channel",
            "filter": { "include": ["public", "private"], "exclude_bot_users": true },
        });
        blocks.push(input("channel", words::CHANNEL, element, false, Some(words::CHANNEL_HINT)));
    }
    let mut version =
        json!({ "type": "plain_text_input", "action_id": "version", "max_length": 80, "focus_on_load": true });
    let example = vocabulary.versions.first().map_or(words::VERSION_EXAMPLE.to_owned(), |v| words::version_before(v));
    version["placeholder"] = plain_object(&example, limits::PLACEHOLDER);
    blocks.push(input("version", words::VERSION, version, false, None));
    let default = |of: fn(&Channel) -> &Option<String>| defaults.and_then(|d| of(d).as_deref());
    let choices = [
        ("checklist", words::CHECKLIST, &vocabulary.checklists, default(|c| &c.checklist)),
        ("env", words::ENVIRONMENT, &vocabulary.environments, default(|c| &c.environment)),
    ];
    for (name, label, known, default) in choices {
        let options: Vec<Value> = known
            .iter()
            .filter(|k| k.chars().count() <= limits::OPTION_TEXT)
            .take(limits::OPTIONS)
            .map(|k| json!({ "text": plain_object(k, limits::OPTION_TEXT), "value": k }))
            .collect();
        if options.is_empty() {
            continue;
        }
        let mut element = json!({ "type": "static_select", "action_id": name });
        if let Some(initial) = options.iter().find(|o| o["value"].as_str() == default) {
            element["initial_option"] = initial.clone();
        }
        element["options"] = options.into();
        blocks.push(input(name, label, element, true, Some(words::DEFAULT_HINT)));
    }
    let mut service = json!({ "type": "plain_text_input", "action_id": "service", "max_length": 40 });
    if let Some(default) = default(|c| &c.service).or(vocabulary.services.first().map(String::as_str)) {
        service["placeholder"] = plain_object(default, limits::PLACEHOLDER);
    }
    blocks.push(input("service", words::SERVICE, service, true, Some(words::DEFAULT_HINT)));
    let mut at = json!({ "type": "plain_text_input", "action_id": "at", "max_length": 40 });
    at["placeholder"] = plain_object(words::AT_EXAMPLE, limits::PLACEHOLDER);
    blocks.push(input("at", words::AT, at, true, Some(words::AT_HINT)));
    let follow = json!({
        "type": "multi_conversations_select", "action_id": "follow", "max_selected_items": 10,
        "filter": { "include": ["public", "private"], "exclude_bot_users": true },
    });
    blocks.push(input("follow", words::FOLLOW, follow, true, None));
    let how: Vec<Value> = [("--queue", words::QUEUE), ("--rehearse", words::REHEARSE)]
        .iter()
        .map(|(value, label)| json!({ "text": plain_object(label, limits::OPTION_TEXT), "value": value }))
        .collect();
    let how = json!({ "type": "checkboxes", "action_id": "how", "options": how });
    blocks.push(input("how", words::HOW, how, true, None));
    let mut view = view(START, words::START_TITLE, words::START_BUTTON, carried);
    view["blocks"] = blocks.into();
    view
}

fn view(callback: &str, title: &str, submit: &str, carried: &Carried) -> Value {
    json!({
        "type": "modal", "callback_id": callback, "private_metadata": carried.written(),
        "title": plain_object(title, limits::MODAL_TITLE), "submit": plain_object(submit, limits::MODAL_TITLE),
        "close": plain_object(words::CANCEL, limits::MODAL_TITLE), "notify_on_close": carried.message.is_some(),
    })
}

fn input(id: &str, label: &str, element: Value, optional: bool, hint: Option<&str>) -> Value {
    let mut block = json!({
        "type": "input", "block_id": id, "element": element, "optional": optional,
        "label": plain_object(label, limits::LABEL),
    });
    if let Some(hint) = hint {
        block["hint"] = plain_object(hint, limits::HINT);
    }
    block
}

/// Whether words ask to start and say nothing else: then a modal asks for the rest.
pub fn wants_start(text: &str) -> bool {
    text.trim().trim_start_matches("/deploy").trim().eq_ignore_ascii_case("start")
}

/// What a modal sent in says: the words, in which channel, and where a refusal is shown. People are named as Slack
/// writes them.
pub fn said(callback: &str, carried: &Carried, values: &HashMap<String, Vec<String>>) -> Option<Said> {
    let one = |name: &str| values.get(name).and_then(|v| v.first()).map(|v| v.trim()).filter(|v| !v.is_empty());
    match callback {
        ASK => {
            let answer = one("answer").unwrap_or_default();
            let person = last_kind(&carried.words) == Some(ArgKind::Person) && !answer.is_empty();
            let answer = if person { format!("<@{answer}>") } else { hushed(answer) };
            Some(Said {
                text: format!("{} {answer}", hushed(&carried.words)).trim_end().to_owned(),
                channel: carried.channel.clone(),
                block: "answer",
            })
        }
        START => {
            let mut text = format!("start {}", quoted(one("version").unwrap_or_default()));
            for name in ["checklist", "env", "service", "at"] {
                if let Some(value) = one(name) {
                    text.push_str(&format!(" {name}:{}", quoted(value)));
                }
            }
            let followed = values.get("follow").filter(|f| !f.is_empty());
            if let Some(channels) = followed {
                let list: Vec<String> = channels.iter().map(|c| format!("slack:{c}")).collect();
                text.push_str(&format!(" follow:{}", list.join(",")));
            }
            for flag in values.get("how").into_iter().flatten().filter(|f| matches!(&***f, "--queue" | "--rehearse")) {
                text.push_str(&format!(" {flag}"));
            }
            let channel = if carried.channel.is_empty() { one("channel")?.to_owned() } else { carried.channel.clone() };
            Some(Said { text, channel, block: "version" })
        }
        _ => None,
    }
}

/// What a modal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub channel: String,
    pub block: &'static str,
}

impl Said {
    /// The input a refusal is about: where it offers choices, the one they would fill.
    pub fn wants(&self, reply: &Reply) -> &'static str {
        let offered = reply.choices.first().map(|c| c.command.as_str()).unwrap_or_default();
        let missing = |name: &&str| {
            let option = format!(" {name}:");
            offered.contains(&option) && !self.text.contains(&option)
        };
        ["checklist", "env", "service"].into_iter().find(missing).unwrap_or(self.block)
    }
}

/// What was typed into a modal is not Slack's writing: it holds no mentions.
fn hushed(text: &str) -> String {
    super::text::escape(text)
}

fn quoted(text: &str) -> String {
    let plain = text.replace(['"', '“', '”', '„', '‟', '«', '»'], "'");
    let plain = super::text::escape(&plain);
    if plain.is_empty() || plain.contains(char::is_whitespace) || plain.contains(':') {
        format!("\"{plain}\"")
    } else {
        plain
    }
}

/// A refusal inside the modal it refuses.
pub fn errors(block: &str, refusal: &str) -> Value {
    json!({ "response_action": "errors", "errors": { block: shortened(refusal, limits::ERROR) } })
}

#[cfg(test)]
mod tests;
