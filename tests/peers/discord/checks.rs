//! The platform's limits on what is sent, those included that clients do not check.
//!
//! Each check gives what is wrong as sentences; none: all is well.

use super::world::str_of;
use serde_json::Value;
use std::collections::BTreeSet;

/// Where a body of a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Create,
    Edit,
    /// Callback, follow-up or edited answer of an interaction.
    Answer,
    /// A promise to answer, which has flags alone.
    Promise,
}

/// Characters, as Discord counts them.
fn len(value: &Value) -> usize {
    str_of(value).chars().count()
}

struct Found(Vec<String>);

impl Found {
    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }
    fn length(&mut self, name: &str, value: &Value, least: usize, most: usize) {
        let n = len(value);
        self.unless(value.is_string() && (least..=most).contains(&n), || {
            format!("{name} must be {least} to {most} characters, not {n}: {value}")
        });
    }
    fn keys(&mut self, name: &str, value: &Value, known: &[&str]) {
        for key in value.as_object().into_iter().flat_map(|o| o.keys()) {
            self.unless(known.contains(&key.as_str()), || format!("{name} has the unknown key {key:?}"));
        }
    }
}

/// The body of a message.
pub fn message(body: &Value, place: Place, files: usize) -> Vec<String> {
    let mut f = Found(Vec::new());
    f.unless(body.is_object(), || format!("a message is an object, not {body}"));
    f.keys(
        "the message",
        body,
        &[
            "content",
            "nonce",
            "tts",
            "embeds",
            "allowed_mentions",
            "message_reference",
            "components",
            "sticker_ids",
            "attachments",
            "flags",
            "enforce_nonce",
            "poll",
        ],
    );
    if place == Place::Promise {
        return f.0;
    }
    mentions(&mut f, &body["allowed_mentions"]);
    if !body["content"].is_null() {
        f.length("content", &body["content"], 0, 2000);
    }
    embeds(&mut f, &body["embeds"]);
    components(&mut f, &body["components"]);
    if place == Place::Create {
        let nonce = &body["nonce"];
        f.unless(nonce.is_null() || nonce.is_u64() || (nonce.is_string() && len(nonce) <= 25), || {
            format!("nonce has at most 25 characters: {nonce}")
        });
        let empty =
            len(&body["content"]) == 0 && size(&body["embeds"]) == 0 && files == 0 && size(&body["components"]) == 0;
        f.unless(!empty, || "an empty message".into());
    }
    if place != Place::Edit {
        f.unless(body["tts"] != true, || "nothing is to be read aloud".into());
    }
    let known = 1 << 2 | 1 << 6 | 1 << 12;
    let flags = body["flags"].as_u64().unwrap_or(0);
    f.unless(flags & !known == 0, || format!("flags {flags} may not be set"));
    let described = body["attachments"].as_array().map_or(0, Vec::len);
    f.unless(described <= 10 && files <= 10, || "at most 10 files".into());
    f.0
}

fn size(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

fn mentions(f: &mut Found, allowed: &Value) {
    f.unless(allowed.is_object(), || "allowed_mentions must be said on every message".into());
    f.keys("allowed_mentions", allowed, &["parse", "users", "roles", "replied_user"]);
    for parsed in allowed["parse"].as_array().into_iter().flatten() {
        f.unless(false, || format!("{parsed} may ping whomever the text names"));
    }
    f.unless(allowed.is_null() || allowed["parse"].is_array(), || {
        "allowed_mentions without parse pings as the text says".into()
    });
    for list in ["users", "roles"] {
        f.unless(size(&allowed[list]) <= 100, || format!("allowed_mentions.{list} has at most 100"));
    }
}

fn embeds(f: &mut Found, embeds: &Value) {
    let Some(all) = embeds.as_array() else { return };
    f.unless(all.len() <= 10, || format!("at most 10 embeds, not {}", all.len()));
    let mut total = 0;
    for e in all {
        f.keys(
            "an embed",
            e,
            &[
                "title",
                "type",
                "description",
                "url",
                "timestamp",
                "color",
                "footer",
                "image",
                "thumbnail",
                "author",
                "fields",
                "provider",
                "video",
            ],
        );
        let parts = [
            ("title", &e["title"], 256),
            ("description", &e["description"], 4096),
            ("footer", &e["footer"]["text"], 2048),
            ("author", &e["author"]["name"], 256),
        ];
        for (name, value, most) in parts {
            if !value.is_null() {
                f.length(&format!("an embed's {name}"), value, 1, most);
                total += len(value);
            }
        }
        f.unless(size(&e["fields"]) <= 25, || format!("at most 25 fields, not {}", size(&e["fields"])));
        for field in e["fields"].as_array().into_iter().flatten() {
            f.length("a field's name", &field["name"], 1, 256);
            f.length("a field's value", &field["value"], 1, 1024);
            total += len(&field["name"]) + len(&field["value"]);
        }
        for url in
            [&e["url"], &e["author"]["url"], &e["footer"]["icon_url"], &e["image"]["url"], &e["thumbnail"]["url"]]
        {
            let text = str_of(url);
            f.unless(url.is_null() || text.starts_with("http://") || text.starts_with("https://"), || {
                format!("an embed's address must be http(s): {url}")
            });
            f.unless(len(url) <= 2048, || "an embed's address has at most 2048 characters".into());
        }
        let color = &e["color"];
        f.unless(color.is_null() || color.as_u64().is_some_and(|c| c <= 0xFF_FFFF), || format!("color {color}"));
        let shows = parts.iter().any(|(_, v, _)| !v.is_null()) || size(&e["fields"]) > 0 || e["image"].is_object();
        f.unless(shows, || "an empty embed".into());
    }
    f.unless(total <= 6000, || format!("embeds have at most 6000 characters together, not {total}"));
}

fn components(f: &mut Found, components: &Value) {
    let Some(rows) = components.as_array() else { return };
    f.unless(rows.len() <= 5, || format!("at most 5 rows, not {}", rows.len()));
    let mut ids = BTreeSet::new();
    for row in rows {
        f.unless(row["type"] == 1, || format!("only rows stand at the top, not type {}", row["type"]));
        let inner = row["components"].as_array().map_or(&[][..], Vec::as_slice);
        let selects = inner.iter().filter(|c| c["type"] != 2).count();
        f.unless(!inner.is_empty() && inner.len() <= if selects > 0 { 1 } else { 5 }, || {
            format!("a row has 1 to 5 buttons or one select, not {} with {selects}", inner.len())
        });
        for c in inner {
            if let Some(id) = c["custom_id"].as_str() {
                f.unless(ids.insert(id.to_owned()), || format!("the id {id:?} stands there twice"));
            }
            match c["type"].as_u64() {
                Some(2) => button(f, c),
                Some(3) => select(f, c),
                Some(5..=8) => f.length("a select's id", &c["custom_id"], 1, 100),
                other => f.unless(false, || format!("a row holds no component of type {other:?}")),
            }
        }
    }
}

fn button(f: &mut Found, c: &Value) {
    f.keys("a button", c, &["type", "id", "style", "label", "emoji", "custom_id", "sku_id", "url", "disabled"]);
    let labelled = c["label"].is_string();
    f.unless(labelled || c["emoji"].is_object(), || "a button needs a label or an emoji".into());
    if labelled {
        f.length("a button's label", &c["label"], if c["emoji"].is_object() { 0 } else { 1 }, 80);
    }
    match c["style"].as_u64() {
        Some(1..=4) => {
            f.length("a button's id", &c["custom_id"], 1, 100);
            f.unless(c["url"].is_null(), || "only link buttons have an address".into());
        }
        Some(5) => {
            f.length("a link button's address", &c["url"], 1, 512);
            f.unless(c["custom_id"].is_null(), || "a link button has no id".into());
        }
        other => f.unless(false, || format!("a button's style is 1 to 5, not {other:?}")),
    }
}

fn select(f: &mut Found, c: &Value) {
    f.keys(
        "a select",
        c,
        &[
            "type",
            "id",
            "custom_id",
            "options",
            "placeholder",
            "min_values",
            "max_values",
            "disabled",
            "channel_types",
            "default_values",
            "required",
        ],
    );
    f.length("a select's id", &c["custom_id"], 1, 100);
    if !c["placeholder"].is_null() {
        f.length("a placeholder", &c["placeholder"], 0, 150);
    }
    let options = c["options"].as_array().map_or(&[][..], Vec::as_slice);
    f.unless((1..=25).contains(&options.len()), || format!("a select has 1 to 25 options, not {}", options.len()));
    let bound = |name: &str, otherwise: u64| c[name].as_u64().unwrap_or(otherwise);
    let (least, most) = (bound("min_values", 1), bound("max_values", 1));
    f.unless(least <= most && (1..=25).contains(&most) && most <= options.len() as u64, || {
        format!("a select of {} options cannot want {least} to {most}", options.len())
    });
    let mut values = BTreeSet::new();
    for o in options {
        f.keys("an option", o, &["label", "value", "description", "emoji", "default"]);
        f.length("an option's label", &o["label"], 1, 100);
        f.length("an option's value", &o["value"], 1, 100);
        if !o["description"].is_null() {
            f.length("an option's description", &o["description"], 1, 100);
        }
        f.unless(values.insert(str_of(&o["value"]).to_owned()), || {
            format!("the value {} stands there twice", o["value"])
        });
    }
    let chosen = options.iter().filter(|o| o["default"] == true).count() as u64;
    f.unless(chosen <= most, || format!("{chosen} options are chosen beforehand, of {most} at most"));
}

/// The data of a modal.
pub fn modal(data: &Value) -> Vec<String> {
    let mut f = Found(Vec::new());
    f.length("a modal's title", &data["title"], 1, 45);
    f.length("a modal's id", &data["custom_id"], 1, 100);
    let rows = data["components"].as_array().map_or(&[][..], Vec::as_slice);
    f.unless((1..=5).contains(&rows.len()), || format!("a modal has 1 to 5 rows, not {}", rows.len()));
    let mut ids = BTreeSet::new();
    for row in rows {
        let inner = row["components"].as_array().map_or(&[][..], Vec::as_slice);
        f.unless(row["type"] == 1 && inner.len() == 1, || "a modal's rows hold one input each".into());
        for c in inner {
            f.unless(c["type"] == 4, || format!("a modal holds inputs, not type {}", c["type"]));
            f.length("an input's id", &c["custom_id"], 1, 100);
            f.unless(ids.insert(str_of(&c["custom_id"]).to_owned()), || "an input's id stands there twice".into());
            f.length("an input's label", &c["label"], 1, 45);
            f.unless(matches!(c["style"].as_u64(), Some(1 | 2)), || format!("an input's style: {}", c["style"]));
            for (name, most) in [("placeholder", 100), ("value", 4000)] {
                if !c[name].is_null() {
                    f.length(&format!("an input's {name}"), &c[name], 0, most);
                }
            }
            let (least, most) = (c["min_length"].as_u64().unwrap_or(0), c["max_length"].as_u64().unwrap_or(4000));
            f.unless(least <= most && (1..=4000).contains(&most), || {
                format!("an input of {least} to {most} characters")
            });
        }
    }
    f.0
}

/// The data of an autocompletion.
pub fn choices(data: &Value) -> Vec<String> {
    let mut f = Found(Vec::new());
    f.unless(data["choices"].is_array(), || "an autocompletion has choices, if only none".into());
    f.unless(size(&data["choices"]) <= 25, || format!("at most 25 choices, not {}", size(&data["choices"])));
    for c in data["choices"].as_array().into_iter().flatten() {
        f.length("a choice's name", &c["name"], 1, 100);
        if c["value"].is_string() {
            f.length("a choice's value", &c["value"], 1, 100);
        }
    }
    f.0
}

/// A thread's beginning.
pub fn thread(body: &Value) -> Vec<String> {
    let mut f = Found(Vec::new());
    f.length("a thread's name", &body["name"], 1, 100);
    let after = &body["auto_archive_duration"];
    f.unless(after.is_null() || [60, 1440, 4320, 10080].map(Some).contains(&after.as_u64()), || {
        format!("auto_archive_duration is 60, 1440, 4320 or 10080, not {after}")
    });
    f.0
}

/// Commands as they are registered.
pub fn commands(all: &Value) -> Vec<String> {
    let mut f = Found(Vec::new());
    let list = all.as_array().map_or(&[][..], Vec::as_slice);
    f.unless(list.len() <= 100, || "at most 100 commands".into());
    for c in list {
        let chat = c["type"].as_u64().unwrap_or(1) == 1;
        name(&mut f, &c["name"], chat);
        if chat {
            f.length("a command's description", &c["description"], 1, 100);
        }
        let mut total = len(&c["name"]) + len(&c["description"]);
        options(&mut f, &c["options"], 0, &mut total);
        f.unless(total <= 8000, || format!("a command has at most 8000 characters, not {total}"));
    }
    f.0
}

fn name(f: &mut Found, value: &Value, chat: bool) {
    let text = str_of(value);
    f.length("a name", value, 1, 32);
    if chat {
        let fine = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '\'';
        f.unless(text.chars().all(fine), || format!("a name has letters, digits, - and _ only: {text:?}"));
        f.unless(text == text.to_lowercase(), || format!("a name is lower case: {text:?}"));
    }
}

fn options(f: &mut Found, list: &Value, depth: u8, total: &mut usize) {
    let all = list.as_array().map_or(&[][..], Vec::as_slice);
    f.unless(all.len() <= 25, || format!("at most 25 options or subcommands, not {}", all.len()));
    let (mut names, mut optional) = (BTreeSet::new(), false);
    let subs = all.iter().filter(|o| matches!(o["type"].as_u64(), Some(1 | 2))).count();
    f.unless(subs == 0 || subs == all.len(), || "subcommands and plain options do not mix".into());
    for o in all {
        let kind = o["type"].as_u64().unwrap_or(0);
        name(f, &o["name"], true);
        f.length("an option's description", &o["description"], 1, 100);
        *total += len(&o["name"]) + len(&o["description"]);
        f.unless(names.insert(str_of(&o["name"]).to_owned()), || format!("{} stands there twice", o["name"]));
        match kind {
            1 => {
                f.unless(depth < 2, || "a subcommand in a subcommand".into());
                options(f, &o["options"], 2, total);
            }
            2 => {
                f.unless(depth == 0, || "a group in a group".into());
                options(f, &o["options"], 1, total);
            }
            3..=11 => {
                f.unless(!(o["required"] == true && optional), || {
                    format!("{} is required, after an optional one", o["name"])
                });
                optional |= o["required"] != true;
                f.unless(size(&o["choices"]) <= 25, || format!("{} has more than 25 choices", o["name"]));
                f.unless(!(o["autocomplete"] == true && size(&o["choices"]) > 0), || {
                    format!("{} has choices and autocompletion", o["name"])
                });
                for c in o["choices"].as_array().into_iter().flatten() {
                    f.length("a choice's name", &c["name"], 1, 100);
                    *total += len(&c["name"]) + len(&c["value"]);
                }
            }
            other => f.unless(false, || format!("an option's type is 1 to 11, not {other}")),
        }
    }
}
