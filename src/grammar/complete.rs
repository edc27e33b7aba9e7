//! What could be meant by what has been typed so far.

use super::lex::Cursor;
use super::spec::{Arg, ArgKind, COMMANDS, CommandSpec, Form, Verb};
use serde::Serialize;

/// Most completions of one kind.
const MOST: usize = 8;
/// Longest text that is completed, in bytes.
const LONGEST: usize = 500;
/// Most words or names of one kind that are looked at.
const LOOKED_AT: usize = 2_000;

/// Something to complete in the composer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// The whole text as it would stand after choosing this.
    pub text: String,
    /// What is chosen, short: `tick`, `3.2`, `v1.2.0`.
    pub label: String,
    /// What it means, for instance the item's words.
    pub detail: String,
}

/// An item as completion knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemWord {
    /// `3.2`.
    pub number: String,
    /// Its words, plain.
    pub text: String,
    /// Still to do.
    pub open: bool,
}

/// What there is to choose from, where the person is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    pub checklists: Vec<String>,
    pub environments: Vec<String>,
    pub services: Vec<String>,
    /// Used before, the newest first.
    pub versions: Vec<String>,
    /// In walk order.
    pub items: Vec<ItemWord>,
    /// Names or ids, without `@`.
    pub people: Vec<String>,
    /// With their platform, but for the console's.
    pub channels: Vec<String>,
    /// Roles, rotations and escalation policies: whom to page besides people.
    pub teams: Vec<String>,
    pub rotations: Vec<String>,
    /// Pages that are not resolved: number and message.
    pub pages: Vec<(String, String)>,
    /// Labels of the page's blanks.
    pub fields: Vec<String>,
    /// There is a deployment here: commands about one apply.
    pub deployment: bool,
}

/// Completes the last word of `text`: a command, an option or its value, an item, a field, a person.
pub fn complete(text: &str, cx: &Vocabulary) -> Vec<Completion> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let mut cursor = Cursor::new(text);
    let mut named = false;
    let mut slash = "";
    if let Some(first) = ["/deploy", "deploy"].iter().find(|w| cursor.peek().eq_ignore_ascii_case(w)) {
        cursor.word();
        // `deploy` without a space after it may still become a longer word, but there is none.
        slash = first;
    }
    let mut head = if slash.is_empty() { String::new() } else { format!("{} ", &slash) };
    if cursor.peek().starts_with('#') {
        let target = cursor.word().unwrap_or("");
        head.push_str(target);
        head.push(' ');
        named = true;
    }
    let word = cursor.peek();
    let ended = text.ends_with(char::is_whitespace);
    let more = cursor.rest().len() > word.len();
    if word.is_empty() || (!more && !ended) {
        return commands(&head, word, cx.deployment || named);
    }
    let Some(spec) = CommandSpec::named(word) else { return Vec::new() };
    cursor.word();
    let mut rest = cursor.rest().to_owned();
    if ended && !rest.is_empty() {
        rest.push(' ');
    }
    head.push_str(spec.name);
    head.push(' ');
    arguments(spec, &head, &rest, cx)
}

fn commands(head: &str, typed: &str, on_deployment: bool) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    let mut found: Vec<(usize, &CommandSpec)> = COMMANDS
        .iter()
        .filter(|c| on_deployment || !c.on_deployment || c.verb == Verb::Record)
        .filter_map(|c| rank(c.name, &typed).map(|r| (r, c)))
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found
        .into_iter()
        .map(|(_, c)| Completion {
            text: format!("{head}{}{}", c.name, if c.args.is_empty() { "" } else { " " }),
            label: c.name.to_owned(),
            detail: c.summary.to_owned(),
        })
        .collect()
}

/// 0: begins so. 1: a later word begins so. 2: contains it. None: neither.
fn rank(text: &str, typed: &str) -> Option<usize> {
    let lower = text.to_lowercase();
    if lower.starts_with(typed) {
        Some(0)
    } else if lower.split(|c: char| !c.is_alphanumeric()).any(|w| w.starts_with(typed)) {
        Some(1)
    } else if typed.chars().count() >= 2 && lower.contains(typed) {
        Some(2)
    } else {
        None
    }
}

fn arguments(spec: &CommandSpec, head: &str, rest: &str, cx: &Vocabulary) -> Vec<Completion> {
    match spec.verb {
        Verb::Start => start(spec, head, rest, cx),
        Verb::Freeze | Verb::Cover => options(spec, head, rest, cx),
        Verb::Assign | Verb::Handover => {
            let last =
                rest.rfind(char::is_whitespace).map_or(0, |i| i + rest[i..].chars().next().map_or(0, char::len_utf8));
            let (before, typed) = rest.split_at(last);
            let item_said = before.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '"');
            if spec.verb == Verb::Handover || typed.starts_with('@') || item_said {
                let head = format!("{head}{before}");
                return people(&head, typed.strip_prefix('@').unwrap_or(typed), cx);
            }
            items(head, rest, true, " ", cx)
        }
        Verb::Finish => {
            let typed = rest.trim();
            let dashed = "--override".starts_with(&typed.replace('—', "--").to_lowercase());
            if !dashed || rest.trim_end().len() != rest.len() {
                return Vec::new();
            }
            spec.args
                .iter()
                .map(|a| Completion {
                    text: format!("{head}--{} ", a.name),
                    label: format!("--{}", a.name),
                    detail: a.hint.to_owned(),
                })
                .collect()
        }
        _ => match spec.args.first().map(|a| a.kind) {
            Some(ArgKind::Items | ArgKind::Item) => {
                let open_first = spec.verb != Verb::Untick;
                if spec.args.first().map(|a| a.kind) == Some(ArgKind::Item) {
                    return items(head, rest, open_first, if spec.args.len() > 1 { " " } else { "" }, cx);
                }
                // Items already named stay; the word after them is completed.
                let done = rest.rfind([' ', ',']).map_or(0, |i| i + 1);
                let (before, typed) = rest.split_at(done);
                let numbers = before
                    .split([' ', ','])
                    .filter(|w| !w.is_empty())
                    .all(|w| w.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '–')));
                if numbers && (before.is_empty() || typed.starts_with(|c: char| c.is_ascii_digit())) {
                    items(&format!("{head}{before}"), typed, open_first, " ", cx)
                } else if numbers {
                    Vec::new()
                } else {
                    items(head, rest, open_first, " ", cx)
                }
            }
            Some(ArgKind::Field) => fields(head, rest, cx),
            Some(ArgKind::Whom) => whom(head, rest, cx),
            Some(ArgKind::Rotation) => names(head, rest, cx.rotations.iter().map(String::as_str), "", |_| "rotation"),
            Some(ArgKind::Page) => {
                let of = |n: &str| cx.pages.iter().find(|(p, _)| p == n).map_or("", |(_, message)| message);
                names(head, rest, cx.pages.iter().map(|(n, _)| n.as_str()), "", of)
            }
            Some(ArgKind::Channel) => {
                let typed = rest.strip_prefix('#').unwrap_or(rest);
                names(head, typed, cx.channels.iter().map(String::as_str), "", |_| "channel")
            }
            Some(ArgKind::CommandName) => names(head, rest, COMMANDS.iter().map(|c| c.name), "", |name| {
                CommandSpec::named(name).map_or("", |c| c.summary)
            }),
            _ => Vec::new(),
        },
    }
}

/// Whom to page: people first. Once somebody is named, what follows is the message.
fn whom(head: &str, rest: &str, cx: &Vocabulary) -> Vec<Completion> {
    let typed = rest.strip_prefix('@').unwrap_or(rest);
    if typed.contains(char::is_whitespace) && !typed.starts_with('"') {
        return Vec::new();
    }
    let typed = typed.trim_matches(['"', '“', '”']);
    let people = names(&format!("{head}@"), typed, cx.people.iter().map(String::as_str), " ", |_| "person");
    let teams = names(head, typed, cx.teams.iter().map(String::as_str), " ", |_| "role, rotation or policy");
    people.into_iter().chain(teams).take(MOST).collect()
}

/// Names that fit, the best first.
fn names<'a>(
    head: &str,
    typed: &str,
    known: impl Iterator<Item = &'a str>,
    after: &str,
    detail: impl Fn(&str) -> &'a str,
) -> Vec<Completion> {
    let typed = typed.trim().to_lowercase();
    let mut found: Vec<(usize, &str)> =
        known.take(LOOKED_AT).filter_map(|name| rank(name, &typed).map(|r| (r, name))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.truncate(MOST);
    found
        .into_iter()
        .map(|(_, name)| Completion {
            text: format!("{head}{}{after}", quoted(name)),
            label: name.to_owned(),
            detail: detail(name).to_owned(),
        })
        .collect()
}

/// A name as an option's value: in quotes where it has spaces.
pub fn quoted(name: &str) -> String {
    if name.contains(char::is_whitespace) { format!("\"{name}\"") } else { name.to_owned() }
}

/// An option's value, where one is being typed.
fn value_of(spec: &CommandSpec, head: &str, typed: &str, cx: &Vocabulary) -> Option<Vec<Completion>> {
    let (key, value) = typed.split_once(':')?;
    let key = if key.eq_ignore_ascii_case("environment") { "env" } else { key };
    let arg = spec.args.iter().find(|a| a.form == Form::Option && a.name.eq_ignore_ascii_case(key))?;
    let value = value.trim_matches(['"', '“', '”']);
    let head = format!("{head}{}:", arg.name);
    let times = ["+30m", "+1h", "tomorrow 09:00"];
    Some(match arg.kind {
        ArgKind::Checklist => names(&head, value, cx.checklists.iter().map(String::as_str), " ", |_| "checklist"),
        ArgKind::Environment => names(&head, value, cx.environments.iter().map(String::as_str), " ", |_| "environment"),
        ArgKind::Channel => names(&head, value, cx.channels.iter().map(String::as_str), " ", |_| "channel"),
        ArgKind::Service => names(&head, value, cx.services.iter().map(String::as_str), " ", |_| "service"),
        _ => names(&head, value, times.into_iter(), " ", |_| "time"),
    })
}

/// People after `@`, values after `name:`; elsewhere the options there are.
fn options(spec: &CommandSpec, head: &str, rest: &str, cx: &Vocabulary) -> Vec<Completion> {
    let begin = rest.rfind(char::is_whitespace).map_or(0, |i| i + rest[i..].chars().next().map_or(0, char::len_utf8));
    let (before, typed) = rest.split_at(begin);
    let head = format!("{head}{before}");
    if let Some(name) = typed.strip_prefix('@') {
        return people(&head, name, cx);
    }
    if let Some(found) = value_of(spec, &head, typed, cx) {
        return found;
    }
    let given = |a: &Arg| before.split_whitespace().any(|w| w.starts_with(&format!("{}:", a.name)));
    let open = spec.args.iter().filter(|a| a.form == Form::Option && !given(a));
    let fits = |a: &&Arg| before.contains(char::is_whitespace) && a.name.starts_with(&typed.to_lowercase());
    open.filter(fits)
        .map(|a| Completion {
            text: format!("{head}{}:", a.name),
            label: format!("{}:", a.name),
            detail: a.hint.to_owned(),
        })
        .collect()
}

fn start(spec: &CommandSpec, head: &str, rest: &str, cx: &Vocabulary) -> Vec<Completion> {
    // The word under the cursor begins after the last space that is not inside quotes.
    let mut begin = 0;
    let mut open = false;
    for (i, c) in rest.char_indices() {
        match c {
            '"' | '“' | '”' => open = !open,
            c if c.is_whitespace() && !open => begin = i + c.len_utf8(),
            _ => {}
        }
    }
    let (before, typed) = rest.split_at(begin);
    let head = format!("{head}{before}");
    if let Some(found) = value_of(spec, &head, typed, cx) {
        return found;
    }
    let words: Vec<&str> = before.split_whitespace().collect();
    let given = |name: &str, form: Form| {
        words.iter().any(|w| match form {
            Form::Option => w.split([':', '=']).next().is_some_and(|k| k.eq_ignore_ascii_case(name)) && w.contains(':'),
            _ => w.trim_start_matches(['-', '—', '–']).eq_ignore_ascii_case(name),
        })
    };
    let has_version = words.iter().any(|w| {
        let option =
            w.split_once(':').is_some_and(|(k, _)| spec.args.iter().any(|a| a.form == Form::Option && a.name == k));
        !option && !w.starts_with(['-', '—', '–'])
    });
    let mut found = Vec::new();
    if !has_version {
        found = names(&head, typed, cx.versions.iter().map(String::as_str), " ", |_| "version used before");
        if typed.is_empty() || !found.is_empty() {
            return found;
        }
    }
    let lower = typed.replace(['—', '–'], "--").to_lowercase();
    for arg in spec.args {
        let (word, after) = match arg.form {
            Form::Place => continue,
            Form::Option => (format!("{}:", arg.name), ""),
            Form::Dashes => (format!("--{}", arg.name), " "),
        };
        let fits = word.starts_with(&lower)
            || (arg.form == Form::Option && "environment:".starts_with(&lower) && arg.name == "env");
        if fits && !given(arg.name, arg.form) && (has_version || !lower.is_empty()) {
            found.push(Completion { text: format!("{head}{word}{after}"), label: word, detail: arg.hint.to_owned() });
        }
    }
    found
}

fn people(head: &str, typed: &str, cx: &Vocabulary) -> Vec<Completion> {
    let mut found = names(head, typed, cx.people.iter().map(String::as_str), "", |_| "");
    for c in &mut found {
        c.text = format!("{head}@{}", quoted(&c.label));
        c.label = format!("@{}", c.label);
    }
    found
}

fn fields(head: &str, rest: &str, cx: &Vocabulary) -> Vec<Completion> {
    let typed = rest.trim_start_matches(['"', '“', '”']);
    let mut found = names(head, typed, cx.fields.iter().map(String::as_str), "", |_| "field");
    for c in &mut found {
        let plain = !c.label.contains([':', '=', '"']);
        c.text =
            if plain { format!("{head}{}: ", c.label) } else { format!("{head}\"{}\" ", c.label.replace('"', "")) };
    }
    found
}

fn items(head: &str, typed: &str, open_first: bool, after: &str, cx: &Vocabulary) -> Vec<Completion> {
    let typed = typed.trim().trim_start_matches(['"', '“', '”']).to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let number_like = typed.starts_with(|c: char| c.is_ascii_digit());
    let mut found: Vec<(bool, usize, &ItemWord)> = cx
        .items
        .iter()
        .take(LOOKED_AT)
        .filter_map(|item| {
            let by_number = (number_like && item.number.starts_with(&typed)).then_some(0);
            let by_words = || {
                let ranks: Option<Vec<usize>> = words.iter().map(|w| rank(&item.text, w)).collect();
                ranks.map(|r| 1 + r.into_iter().max().unwrap_or(0))
            };
            by_number.or_else(by_words).map(|rank| (item.open != open_first, rank, item))
        })
        .collect();
    found.sort_by_key(|(later, rank, _)| (*later, *rank));
    found.truncate(MOST);
    found
        .into_iter()
        .map(|(_, _, item)| Completion {
            text: format!("{head}{}{after}", item.number),
            label: item.number.clone(),
            detail: item.text.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::parse;

    fn vocabulary() -> Vocabulary {
        let item = |number: &str, text: &str, open| ItemWord { number: number.into(), text: text.into(), open };
        let list = |s: &str| s.split(',').map(str::to_owned).collect::<Vec<_>>();
        Vocabulary {
            channels: vec!["deployments".into()],
            checklists: list("web,web shop,database"),
            environments: list("production,staging"),
            services: list("shop,billing"),
            versions: list("v1.2.0,v1.1.9,v0.9"),
            items: vec![
                item("1.1", "Backup taken", false),
                item("3.1", "Smoke tests pass", false),
                item("3.2", "Run smoke tests in Berlin", true),
                item("3.10", "Warm the cache", true),
                item("4.1", "Tell support", true),
            ],
            people: list("ana,bob,Ana Maria"),
            fields: list("Error rate,Cut-over time,Odd: label"),
            teams: list("lead,web,night"),
            rotations: list("web"),
            pages: vec![("2".into(), "checkout is down".into())],
            deployment: true,
        }
    }
    fn texts(typed: &str) -> Vec<String> {
        complete(typed, &vocabulary()).into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn completions_by_what_was_typed() {
        for (typed, expected) in [
            ("ti", vec!["tick ", "untick ", "partial "]),
            ("/deploy TIC", vec!["/deploy tick ", "/deploy untick "]),
            ("#12 roll", vec!["#12 rollback ", "#12 rolled-back"]),
            ("tick", vec!["tick ", "untick "]),
            ("st", vec!["start ", "status ", "list", "checklists", "history"]),
            ("xyz", vec![]),
            ("tick 3", vec!["tick 3.2 ", "tick 3.10 ", "tick 3.1 "]),
            ("tick smoke te", vec!["tick 3.2 ", "tick 3.1 "]),
            ("tick 1.1 3.1", vec!["tick 1.1 3.10 ", "tick 1.1 3.1 "]),
            ("tick 1.1,4", vec!["tick 1.1,4.1 "]),
            ("tick 3.2 done by h", vec![]),
            ("untick smoke", vec!["untick 3.1 ", "untick 3.2 "]),
            ("show ca", vec!["show 3.10"]),
            ("start ", vec!["start v1.2.0 ", "start v1.1.9 ", "start v0.9 "]),
            ("start v1", vec!["start v1.2.0 ", "start v1.1.9 "]),
            ("start v2 --q", vec!["start v2 --queue "]),
            ("start v2 —r", vec!["start v2 --rehearse "]),
            ("start v2 --queue --", vec!["start v2 --queue --rehearse ", "start v2 --queue --override "]),
            ("start v2 e", vec!["start v2 env:"]),
            ("start v2 env:", vec!["start v2 env:production ", "start v2 env:staging "]),
            ("start v2 environment:st", vec!["start v2 env:staging "]),
            ("start v2 checklist:\"web s", vec!["start v2 checklist:\"web shop\" "]),
            ("start v2 env:staging s", vec!["start v2 env:staging service:"]),
            ("assign 3.2 ", vec!["assign 3.2 @ana", "assign 3.2 @\"Ana Maria\"", "assign 3.2 @bob"]),
            ("assign ca", vec!["assign 3.10 "]),
            ("assign warm cache @b", vec!["assign warm cache @bob"]),
            ("handover b", vec!["handover @bob"]),
            ("fill err", vec!["fill Error rate: "]),
            ("fill odd", vec!["fill \"Odd: label\" "]),
            ("help ti", vec!["help tick", "help untick", "help partial"]),
            ("finish --o", vec!["finish --override "]),
            ("freeze incident un", vec!["freeze incident until:"]),
            ("freeze incident until:+1", vec!["freeze incident until:+1h "]),
            ("cover primary @b", vec!["cover primary @bob"]),
            ("note hel", vec![]),
            ("nonsense x", vec![]),
        ] {
            let mut got = texts(typed);
            let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            if typed.starts_with("assign 3.2") {
                got.sort();
                expected.sort();
            }
            assert_eq!(got, expected, "{typed:?}");
        }
    }

    #[test]
    fn nothing_typed_lists_what_applies() {
        assert_eq!(complete("", &vocabulary()).len(), COMMANDS.len());
        assert_eq!(complete("/deploy ", &vocabulary()).len(), COMMANDS.len());
        let none = Vocabulary::default();
        let names: Vec<_> = complete("", &none).into_iter().map(|c| c.label).collect();
        assert_eq!(
            names.join(" "),
            "start list oncall freeze unfreeze freezes cover uncover checklists history record help"
        );
        assert_eq!(complete("#3 ", &none).len(), COMMANDS.len());
    }

    #[test]
    fn open_items_come_first_and_at_most_eight() {
        let mut cx = vocabulary();
        cx.items =
            (1..=30).map(|n| ItemWord { number: format!("2.{n}"), text: format!("Step {n}"), open: n > 20 }).collect();
        let got = complete("tick step", &cx);
        assert_eq!(got.len(), 8);
        assert_eq!(got[0].label, "2.21");
        assert_eq!(got[0].detail, "Step 21");
    }

    #[test]
    fn what_is_completed_can_be_said() {
        for typed in ["start ", "start v2 checklist:", "tick ", "assign 3.2 ", "handover ", "help ", "start v2 at:"] {
            for text in texts(typed) {
                assert!(parse(&text).is_ok(), "{text}: {:?}", parse(&text));
            }
        }
        for odd in ["é", "tick é", "start é:", "assign \u{a0}x\u{2003}", "“", "start “", "#", "# ", "/deploy#"] {
            complete(odd, &vocabulary());
        }
    }
}
