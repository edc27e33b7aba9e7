//! What Slack refuses in blocks and views, said in full: each function adds one line for each thing that is wrong.
//!
//! Slack's own words for most of these are `invalid_blocks`; the lines here name the place.

use serde_json::Value;
use std::collections::BTreeSet;

/// Where blocks stand: what is allowed differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    Message,
    Modal,
    Home,
}

/// Everything wrong with a message's text, blocks and metadata.
pub fn message(args: &Value) -> Vec<String> {
    let mut wrong = Wrong::default();
    if let Some(text) = args["text"].as_str() {
        wrong.at_most("text", text, 40_000);
    }
    if let Some(blocks) = args.get("blocks").filter(|b| !b.is_null()) {
        wrong.blocks(blocks, Surface::Message, 50);
    }
    if let Some(metadata) = args.get("metadata").filter(|m| !m.is_null() && **m != serde_json::json!({})) {
        wrong.keys("metadata", metadata, &["event_type", "event_payload", "entities"]);
        if metadata["event_type"].as_str().is_none_or(str::is_empty) {
            wrong.say("metadata", "event_type is missing");
        }
        if !metadata["event_payload"].is_object() {
            wrong.say("metadata", "event_payload is no object");
        }
        if metadata.to_string().len() > 8_000 {
            wrong.say("metadata", "longer than 8 kB");
        }
    }
    wrong.0
}

/// Everything wrong with a modal or a home view.
pub fn view(view: &Value) -> Vec<String> {
    let mut wrong = Wrong::default();
    let surface = match view["type"].as_str() {
        Some("modal") => Surface::Modal,
        Some("home") => Surface::Home,
        other => {
            wrong.say("view", format!("type {other:?}"));
            return wrong.0;
        }
    };
    let common = ["type", "blocks", "private_metadata", "callback_id", "external_id"];
    let modal = ["title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"];
    let keys: Vec<&str> = common.iter().chain(modal.iter().filter(|_| surface == Surface::Modal)).copied().collect();
    wrong.keys("view", view, &keys);
    wrong.blocks(&view["blocks"], surface, 100);
    for (name, most) in [("private_metadata", 3_000), ("callback_id", 255), ("external_id", 255)] {
        wrong.at_most(name, view[name].as_str().unwrap_or_default(), most);
    }
    if surface == Surface::Modal {
        wrong.text("title", &view["title"], 24, Kind::Plain);
        for name in ["submit", "close"] {
            if !view[name].is_null() {
                wrong.text(name, &view[name], 24, Kind::Plain);
            }
        }
        let asks = view["blocks"].as_array().is_some_and(|b| b.iter().any(|b| b["type"] == "input"));
        if asks && view["submit"].is_null() {
            wrong.say("view", "input without submit");
        }
    }
    wrong.0
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Any,
}

#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn say(&mut self, at: &str, what: impl AsRef<str>) {
        self.0.push(format!("{at}: {}", what.as_ref()));
    }

    fn at_most(&mut self, at: &str, text: &str, most: usize) {
        let length = text.chars().count();
        if length > most {
            self.say(at, format!("{length} characters, at most {most}"));
        }
    }

    /// An optional string member with a bound.
    fn member(&mut self, at: &str, of: &Value, name: &str, most: usize) {
        match of.get(name) {
            None => {}
            Some(Value::String(text)) if text.is_empty() => self.say(at, format!("{name} is empty")),
            Some(Value::String(text)) => self.at_most(&format!("{at}/{name}"), text, most),
            Some(_) => self.say(at, format!("{name} is no string")),
        }
    }

    fn keys(&mut self, at: &str, of: &Value, known: &[&str]) {
        let Some(map) = of.as_object() else { return self.say(at, "is no object") };
        for key in map.keys().filter(|k| !known.contains(&k.as_str())) {
            self.say(at, format!("{key} is not known here"));
        }
    }

    fn text(&mut self, at: &str, text: &Value, most: usize, kind: Kind) {
        let words = text["text"].as_str();
        match text["type"].as_str() {
            Some("plain_text") => self.keys(at, text, &["type", "text", "emoji"]),
            Some("mrkdwn") if kind == Kind::Any => self.keys(at, text, &["type", "text", "verbatim"]),
            other => self.say(at, format!("text of type {other:?}")),
        }
        match words {
            None | Some("") => self.say(at, "text is empty"),
            Some(words) => self.at_most(at, words, most),
        }
    }

    fn blocks(&mut self, blocks: &Value, surface: Surface, most: usize) {
        let Some(blocks) = blocks.as_array() else { return self.say("blocks", "are no list") };
        if blocks.len() > most {
            self.say("blocks", format!("{}, at most {most}", blocks.len()));
        }
        let mut ids = BTreeSet::new();
        for (i, block) in blocks.iter().enumerate() {
            let at = format!("blocks/{i}");
            self.member(&at, block, "block_id", 255);
            if let Some(id) = block["block_id"].as_str()
                && !ids.insert(id)
            {
                self.say(&at, format!("block_id {id} a second time"));
            }
            self.block(&at, block, surface);
        }
    }

    fn block(&mut self, at: &str, block: &Value, surface: Surface) {
        match block["type"].as_str() {
            Some("section") => {
                self.keys(at, block, &["type", "block_id", "text", "fields", "accessory", "expand"]);
                if block.get("text").is_none() && block.get("fields").is_none() {
                    self.say(at, "neither text nor fields");
                }
                if let Some(text) = block.get("text") {
                    self.text(at, text, 3_000, Kind::Any);
                }
                if let Some(fields) = block.get("fields") {
                    self.list(at, fields, 1, 10, |w, at, field| w.text(at, field, 2_000, Kind::Any));
                }
                if let Some(accessory) = block.get("accessory") {
                    self.element(&format!("{at}/accessory"), accessory);
                }
            }
            Some("divider") => self.keys(at, block, &["type", "block_id"]),
            Some("header") => {
                self.keys(at, block, &["type", "block_id", "text"]);
                self.text(at, &block["text"], 150, Kind::Plain);
            }
            Some("context") => {
                self.keys(at, block, &["type", "block_id", "elements"]);
                self.list(at, &block["elements"], 1, 10, |w, at, element| match element["type"].as_str() {
                    Some("image") => w.image(at, element),
                    _ => w.text(at, element, 3_000, Kind::Any),
                });
            }
            Some("actions") => {
                self.keys(at, block, &["type", "block_id", "elements"]);
                self.list(at, &block["elements"], 1, 25, |w, at, element| w.element(at, element));
                let mut ids = BTreeSet::new();
                for id in block["elements"].as_array().into_iter().flatten().filter_map(|e| e["action_id"].as_str()) {
                    if !ids.insert(id) {
                        self.say(at, format!("action_id {id} a second time"));
                    }
                }
            }
            Some("image") => {
                self.keys(at, block, &["type", "block_id", "image_url", "alt_text", "title", "slack_file"]);
                self.image(at, block);
            }
            Some("input") => {
                let known = ["type", "block_id", "label", "element", "hint", "optional", "dispatch_action"];
                self.keys(at, block, &known);
                self.text(&format!("{at}/label"), &block["label"], 2_000, Kind::Plain);
                if let Some(hint) = block.get("hint") {
                    self.text(&format!("{at}/hint"), hint, 2_000, Kind::Plain);
                }
                if block["element"]["type"] == "button" || block["element"]["type"] == "overflow" {
                    self.say(at, "this element takes no input");
                }
                self.element(&format!("{at}/element"), &block["element"]);
            }
            Some("rich_text") => {
                self.keys(at, block, &["type", "block_id", "elements"]);
                self.list(at, &block["elements"], 0, usize::MAX, |w, at, element| match element["type"].as_str() {
                    Some("rich_text_section" | "rich_text_list" | "rich_text_preformatted" | "rich_text_quote") => {}
                    other => w.say(at, format!("{other:?} in rich text")),
                });
            }
            Some("markdown") if surface == Surface::Message => {
                self.keys(at, block, &["type", "block_id", "text"]);
                self.at_most(at, block["text"].as_str().unwrap_or_default(), 12_000);
            }
            other => self.say(at, format!("a block of type {other:?} is not known here")),
        }
    }

    fn list(
        &mut self,
        at: &str,
        list: &Value,
        least: usize,
        most: usize,
        mut each: impl FnMut(&mut Self, &str, &Value),
    ) {
        let Some(list) = list.as_array() else { return self.say(at, "is no list") };
        if list.len() < least || list.len() > most {
            self.say(at, format!("{} of them; {least} to {most}", list.len()));
        }
        for (i, one) in list.iter().enumerate() {
            each(self, &format!("{at}/{i}"), one);
        }
    }

    fn image(&mut self, at: &str, image: &Value) {
        self.member(at, image, "image_url", 3_000);
        if image["alt_text"].as_str().is_none_or(str::is_empty) {
            self.say(at, "no alt_text");
        }
        self.member(at, image, "alt_text", 2_000);
        if let Some(title) = image.get("title") {
            self.text(at, title, 2_000, Kind::Plain);
        }
    }

    fn option(&mut self, at: &str, option: &Value, kind: Kind) {
        self.keys(at, option, &["text", "value", "description", "url"]);
        self.text(at, &option["text"], 75, kind);
        match option["value"].as_str() {
            Some("") | None => self.say(at, "an option without a value"),
            Some(value) => self.at_most(&format!("{at}/value"), value, 150),
        }
        if let Some(description) = option.get("description") {
            self.text(&format!("{at}/description"), description, 75, kind);
        }
    }

    fn options(&mut self, at: &str, element: &Value, least: usize, most: usize, kind: Kind) {
        self.list(at, &element["options"], least, most, |w, at, option| w.option(at, option, kind));
        let all: Vec<&Value> = element["options"].as_array().into_iter().flatten().collect();
        let mut values = BTreeSet::new();
        for value in all.iter().filter_map(|o| o["value"].as_str()) {
            if !values.insert(value) {
                self.say(at, format!("option value {value} a second time"));
            }
        }
        let initial = element.get("initial_options").map(|i| i.as_array().cloned().unwrap_or_default());
        if initial.as_ref().is_some_and(Vec::is_empty) {
            self.say(at, "initial_options is empty: leave it out");
        }
        let chosen = initial.into_iter().flatten().chain(element.get("initial_option").cloned());
        for one in chosen {
            if !all.contains(&&one) {
                self.say(at, format!("an initial option is none of the options: {}", one["value"]));
            }
        }
    }

    fn confirm(&mut self, at: &str, confirm: &Value) {
        self.keys(at, confirm, &["title", "text", "confirm", "deny", "style"]);
        self.text(&format!("{at}/title"), &confirm["title"], 100, Kind::Plain);
        self.text(&format!("{at}/text"), &confirm["text"], 300, Kind::Any);
        self.text(&format!("{at}/confirm"), &confirm["confirm"], 30, Kind::Plain);
        self.text(&format!("{at}/deny"), &confirm["deny"], 30, Kind::Plain);
        self.style(at, confirm);
    }

    fn style(&mut self, at: &str, of: &Value) {
        if let Some(style) = of.get("style")
            && style != "primary"
            && style != "danger"
        {
            self.say(at, format!("style {style}"));
        }
    }

    fn element(&mut self, at: &str, element: &Value) {
        self.member(at, element, "action_id", 255);
        if let Some(confirm) = element.get("confirm") {
            self.confirm(&format!("{at}/confirm"), confirm);
        }
        if let Some(placeholder) = element.get("placeholder") {
            self.text(&format!("{at}/placeholder"), placeholder, 150, Kind::Plain);
        }
        let kind = element["type"].as_str().unwrap_or_default();
        let own: &[&str] = match kind {
            "button" => {
                self.text(at, &element["text"], 75, Kind::Plain);
                self.member(at, element, "value", 2_000);
                self.member(at, element, "url", 3_000);
                self.member(at, element, "accessibility_label", 75);
                self.style(at, element);
                &["text", "value", "url", "style", "accessibility_label"]
            }
            "checkboxes" => {
                self.options(at, element, 1, 10, Kind::Any);
                &["options", "initial_options", "focus_on_load"]
            }
            "radio_buttons" => {
                self.options(at, element, 1, 10, Kind::Any);
                &["options", "initial_option", "focus_on_load"]
            }
            "overflow" => {
                self.options(at, element, 1, 5, Kind::Plain);
                &["options"]
            }
            "static_select" | "multi_static_select" => {
                if let Some(groups) = element.get("option_groups") {
                    self.list(at, groups, 1, 100, |w, at, group| {
                        w.text(at, &group["label"], 75, Kind::Plain);
                        w.list(at, &group["options"], 1, 100, |w, at, o| w.option(at, o, Kind::Plain));
                    });
                } else {
                    self.options(at, element, 1, 100, Kind::Plain);
                }
                &[
                    "placeholder",
                    "options",
                    "option_groups",
                    "initial_option",
                    "initial_options",
                    "focus_on_load",
                    "max_selected_items",
                ]
            }
            "users_select"
            | "conversations_select"
            | "channels_select"
            | "multi_users_select"
            | "multi_conversations_select"
            | "multi_channels_select" => &[
                "placeholder",
                "initial_user",
                "initial_users",
                "initial_conversation",
                "initial_conversations",
                "initial_channel",
                "initial_channels",
                "response_url_enabled",
                "filter",
                "default_to_current_conversation",
                "focus_on_load",
                "max_selected_items",
            ],
            "external_select" | "multi_external_select" => {
                &["placeholder", "initial_option", "initial_options", "min_query_length", "focus_on_load"]
            }
            "plain_text_input" => {
                let most = element["max_length"].as_u64().unwrap_or(3_000);
                if !(1..=3_000).contains(&most) {
                    self.say(at, format!("max_length {most}"));
                }
                if let Some(text) = element["initial_value"].as_str() {
                    self.at_most(at, text, usize::try_from(most).unwrap_or(3_000));
                }
                &[
                    "placeholder",
                    "initial_value",
                    "multiline",
                    "min_length",
                    "max_length",
                    "dispatch_action_config",
                    "focus_on_load",
                ]
            }
            "email_text_input" | "url_text_input" => {
                &["placeholder", "initial_value", "dispatch_action_config", "focus_on_load"]
            }
            "number_input" => &[
                "placeholder",
                "initial_value",
                "is_decimal_allowed",
                "min_value",
                "max_value",
                "dispatch_action_config",
                "focus_on_load",
            ],
            "datepicker" => &["placeholder", "initial_date", "focus_on_load"],
            "timepicker" => &["placeholder", "initial_time", "timezone", "focus_on_load"],
            "datetimepicker" => &["initial_date_time", "focus_on_load"],
            "image" => return self.image(at, element),
            other => return self.say(at, format!("an element of type {other:?} is not known here")),
        };
        let known: Vec<&str> = ["type", "action_id", "confirm"].iter().chain(own).copied().collect();
        self.keys(at, element, &known);
    }
}
