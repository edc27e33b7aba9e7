//! People: what they type, press, tick, react and submit, in the shapes Slack gives it.

use super::Slack;
use super::deliver::{Delivered, Kind, now};
use super::methods::dressed;
use super::server::answered;
use super::world::{APP, BOT, Control, Message, ResponseUrl, TEAM, View, controls};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Names of emoji that reactions may have here.
pub const EMOJI: [&str; 22] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "keycap_ten",
    "white_check_mark",
    "heavy_check_mark",
    "+1",
    "thumbsup",
    "-1",
    "rocket",
    "eyes",
    "tada",
    "x",
    "warning",
    "zero",
    "ballot_box_with_check",
];

/// Somebody at their Slack.
#[derive(Clone)]
pub struct Person {
    slack: Slack,
    pub id: String,
}

impl Slack {
    pub fn person(&self, id: &str) -> Person {
        Person { slack: self.clone(), id: id.into() }
    }
}

impl Person {
    fn user(&self) -> Value {
        let name = self.slack.world().users.get(&self.id).map(|u| u.name.clone()).unwrap_or_default();
        json!({"id": self.id, "username": name, "name": name, "team_id": TEAM})
    }

    fn trigger(&self) -> String {
        let mut world = self.slack.world();
        let trigger = world.name("1337.42.");
        world.triggers.insert(trigger.clone(), self.id.clone());
        trigger
    }

    fn response_url(&self, channel: &str, original: Option<&str>) -> String {
        let mut world = self.slack.world();
        let id = world.name("R");
        let original = original.map(str::to_owned);
        let url = ResponseUrl { user: self.id.clone(), channel: channel.into(), original, uses: 0 };
        world.response_urls.insert(id.clone(), url);
        format!("http://{}/response/{id}", self.slack.address)
    }

    /// Types a slash command.
    pub async fn command(&self, channel: &str, command: &str, text: &str) -> Delivered {
        let payload = self.command_payload(channel, command, text);
        let delivered = self.slack.deliver(Kind::Command, &payload).await;
        if delivered.payload.is_object() && delivered.payload != json!({}) {
            let mut world = self.slack.world();
            answered(&self.slack, &mut world, &delivered.payload, &self.id, channel, None);
            drop(world);
            self.slack.touch();
        }
        delivered
    }

    pub fn command_payload(&self, channel: &str, command: &str, text: &str) -> Value {
        let name = self.slack.world().channels.get(channel).map(|c| c.name.clone()).unwrap_or_default();
        json!({
            "token": "legacy", "team_id": TEAM, "team_domain": "test-workspace", "channel_id": channel,
            "channel_name": name, "user_id": self.id, "user_name": self.user()["name"], "command": command,
            "text": text, "api_app_id": APP, "is_enterprise_install": "false",
            "response_url": self.response_url(channel, None), "trigger_id": self.trigger(),
        })
    }

    /// Presses a button.
    pub async fn press(&self, message: &Message, control: &Control) -> Delivered {
        let payload = self.action_payload(message, control, json!({}));
        self.slack.deliver(Kind::Interaction, &payload).await
    }

    /// Chooses from a menu or a select, by the option's value.
    pub async fn choose(&self, message: &Message, control: &Control, value: &str) -> Delivered {
        let option = control.options().into_iter().find(|o| o["value"] == value).unwrap_or_default();
        let payload = self.action_payload(message, control, json!({ "selected_option": option }));
        self.slack.deliver(Kind::Interaction, &payload).await
    }

    /// Leaves these checkboxes ticked, and no others of the group.
    pub async fn check(&self, message: &Message, control: &Control, ticked: &BTreeSet<String>) -> Delivered {
        let payload = self.action_payload(message, control, json!({ "selected_options": chosen(control, ticked) }));
        self.slack.deliver(Kind::Interaction, &payload).await
    }

    /// The payload of a press; `what` is what the element adds to its action.
    pub fn action_payload(&self, message: &Message, control: &Control, what: Value) -> Value {
        let ephemeral = message.only_for.is_some();
        let mut container = json!({"type": "message", "message_ts": message.ts, "channel_id": message.channel,
                                   "is_ephemeral": ephemeral});
        if let Some(thread) = &message.thread_ts {
            container["thread_ts"] = thread.clone().into();
        }
        let mut values = state(&message.blocks);
        let action = self.action(control, &what, &mut values);
        let name = self.slack.world().channels.get(&message.channel).map(|c| c.name.clone()).unwrap_or_default();
        let mut payload = json!({
            "type": "block_actions", "user": self.user(), "api_app_id": APP, "token": "legacy",
            "container": container, "trigger_id": self.trigger(), "team": {"id": TEAM, "domain": "test-workspace"},
            "enterprise": null, "is_enterprise_install": false,
            "channel": {"id": message.channel, "name": name}, "state": {"values": values},
            "response_url": self.response_url(&message.channel, Some(&message.ts)), "actions": [action],
        });
        if !ephemeral {
            payload["message"] = message.as_json(true);
        }
        payload
    }

    fn action(&self, control: &Control, what: &Value, values: &mut Value) -> Value {
        let mut action = Map::new();
        for name in ["action_id", "type", "text", "value", "style", "confirm", "placeholder"] {
            let of_button = control.kind() == "button" || !matches!(name, "text" | "value" | "style");
            if let Some(value) = control.element.get(name).filter(|_| of_button) {
                action.insert(name.into(), value.clone());
            }
        }
        action.insert("block_id".into(), control.block.clone().into());
        action.insert("action_ts".into(), format!("{}.000100", now()).into());
        for (name, value) in what.as_object().into_iter().flatten() {
            action.insert(name.clone(), value.clone());
            // A menu keeps no state.
            if control.kind() != "overflow" {
                values[&control.block][control.action()][name] = value.clone();
                values[&control.block][control.action()]["type"] = control.kind().into();
            }
        }
        Value::Object(action)
    }

    /// Presses a button in a modal or on the app's home.
    pub async fn press_in_view(&self, view: &Value, control: &Control, what: Value) -> Delivered {
        let mut values = view["state"]["values"].clone();
        let action = self.action(control, &what, &mut values);
        let payload = json!({
            "type": "block_actions", "user": self.user(), "api_app_id": APP, "token": "legacy",
            "container": {"type": "view", "view_id": view["id"]}, "trigger_id": self.trigger(),
            "team": {"id": TEAM, "domain": "test-workspace"}, "enterprise": null, "is_enterprise_install": false,
            "view": view, "actions": [action],
        });
        self.slack.deliver(Kind::Interaction, &payload).await
    }

    /// Fills the modal in front of them and submits it; what is not named keeps what it was opened with. The keys are
    /// action ids.
    pub async fn submit(&self, fills: &BTreeMap<&str, Value>) -> Delivered {
        let view = self.slack.world().view_before(&self.id).cloned();
        let Some(view) = view else {
            self.slack.world().violate(format!("{} has no modal to submit", self.id));
            return Delivered { acknowledged: false, took: Default::default(), payload: Value::Null, again: 0 };
        };
        let payload = self.submission_payload(&view, fills);
        let delivered = self.slack.deliver(Kind::Interaction, &payload).await;
        if delivered.acknowledged {
            self.answered(&view, &delivered.payload);
        }
        delivered
    }

    pub fn submission_payload(&self, view: &View, fills: &BTreeMap<&str, Value>) -> Value {
        let blocks = view.view["blocks"].as_array().cloned().unwrap_or_default();
        let mut values = state(&blocks);
        for control in controls(&blocks) {
            if let Some(fill) = fills.get(control.action()) {
                let (name, value) = match control.kind() {
                    "static_select" | "radio_buttons" => {
                        ("selected_option", control.options().into_iter().find(|o| o["value"] == *fill).into())
                    }
                    "checkboxes" => ("selected_options", fill.clone()),
                    "users_select" => ("selected_user", fill.clone()),
                    "conversations_select" => ("selected_conversation", fill.clone()),
                    "multi_conversations_select" => ("selected_conversations", fill.clone()),
                    "multi_channels_select" => ("selected_channels", fill.clone()),
                    "datetimepicker" => ("selected_date_time", fill.clone()),
                    "datepicker" => ("selected_date", fill.clone()),
                    "timepicker" => ("selected_time", fill.clone()),
                    _ => ("value", fill.clone()),
                };
                values[&control.block][control.action()][name] = value;
            }
        }
        let mut shown = view.view.clone();
        shown["state"] = json!({ "values": values });
        json!({
            "type": "view_submission", "team": {"id": TEAM, "domain": "test-workspace"}, "user": self.user(),
            "api_app_id": APP, "token": "legacy", "trigger_id": self.trigger(), "view": shown, "response_urls": [],
            "is_enterprise_install": false, "enterprise": null,
        })
    }

    /// What the answer to a submission does to the modal.
    fn answered(&self, view: &View, answer: &Value) {
        let mut world = self.slack.world();
        match answer["response_action"].as_str() {
            None | Some("clear") => world.views.retain(|v| v.user != self.id),
            Some("errors") => {
                let blocks = view.view["blocks"].as_array().cloned().unwrap_or_default();
                for block in answer["errors"].as_object().into_iter().flatten().map(|(block, _)| block) {
                    if !blocks.iter().any(|b| b["block_id"] == *block && b["type"] == "input") {
                        world.violate(format!("view_submission: an error for {block}, which is no input of the view"));
                    }
                }
            }
            Some(action @ ("update" | "push")) => {
                for wrong in super::limits::view(&answer["view"]) {
                    world.violate(format!("view_submission: {wrong}"));
                }
                let id = if action == "push" { world.name("V") } else { view.id.clone() };
                let shown = dressed(answer["view"].clone(), &id, &self.id);
                if action == "update" {
                    world.views.retain(|v| v.id != view.id);
                }
                world.views.push(View { id, user: self.id.clone(), view: shown });
            }
            Some(other) => world.violate(format!("view_submission: response_action {other}")),
        }
        drop(world);
        self.slack.touch();
    }

    /// Puts a reaction on a message, or takes it off.
    pub async fn react(&self, message: &Message, name: &str, present: bool) -> Delivered {
        let changed = {
            let mut world = self.slack.world();
            let found = world.message_mut(&message.channel, &message.ts);
            found.is_some_and(|m| {
                let users = m.reactions.entry(name.to_owned()).or_default();
                let had = users.contains(&self.id);
                users.retain(|u| *u != self.id);
                if present {
                    users.push(self.id.clone());
                }
                m.reactions.retain(|_, users| !users.is_empty());
                had != present
            })
        };
        self.slack.touch();
        if !changed {
            return Delivered { acknowledged: true, took: Default::default(), payload: Value::Null, again: 0 };
        }
        let ts = self.slack.world().stamp();
        let event = json!({
            "type": if present { "reaction_added" } else { "reaction_removed" }, "user": self.id, "reaction": name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts}, "item_user": message.user,
            "event_ts": ts,
        });
        self.slack.event(event).await
    }

    /// Says something to the bot in a channel: `@Rollcall …`.
    pub async fn mention(&self, channel: &str, text: &str) -> Delivered {
        let text = format!("<@{BOT}> {text}");
        let ts = self.slack.world().stamp();
        self.slack.world().messages.push(Message {
            channel: channel.into(),
            ts: ts.clone(),
            user: self.id.clone(),
            app: None,
            text: text.clone(),
            blocks: Vec::new(),
            metadata: None,
            thread_ts: None,
            broadcast: false,
            only_for: None,
            edits: 0,
            deleted: false,
            reactions: BTreeMap::new(),
            files: Vec::new(),
        });
        let event = json!({"type": "app_mention", "user": self.id, "text": text, "ts": ts, "channel": channel,
                           "event_ts": ts, "team": TEAM});
        self.slack.event(event).await
    }

    /// Opens the app's home.
    pub async fn open_home(&self) -> Delivered {
        let view = self.slack.world().homes.get(&self.id).cloned();
        let ts = self.slack.world().stamp();
        let mut event = json!({"type": "app_home_opened", "user": self.id, "channel": "D0HOME", "tab": "home",
                               "event_ts": ts});
        if let Some(view) = view {
            event["view"] = view;
        }
        self.slack.event(event).await
    }

    /// Deletes one of the bot's messages, as an owner of the workspace may.
    pub fn delete(&self, message: &Message) {
        if let Some(m) = self.slack.world().message_mut(&message.channel, &message.ts) {
            m.deleted = true;
        }
        self.slack.touch();
    }
}

impl Slack {
    /// Tells the app of something that happened.
    pub async fn event(&self, event: Value) -> Delivered {
        let id = self.world().name("Ev");
        let payload = json!({
            "token": "legacy", "team_id": TEAM, "context_team_id": TEAM, "context_enterprise_id": null,
            "api_app_id": APP, "event": event, "type": "event_callback", "event_id": id, "event_time": now(),
            "authorizations": [{"enterprise_id": null, "team_id": TEAM, "user_id": BOT, "is_bot": true,
                                "is_enterprise_install": false}],
            "is_ext_shared_channel": false, "event_context": "4-test",
        });
        self.deliver(Kind::Event, &payload).await
    }

    /// Invites the bot.
    pub async fn invite(&self, channel: &str, by: &str) -> Delivered {
        if let Some(channel) = self.world().channels.get_mut(channel) {
            channel.members.insert(BOT.into());
        }
        let ts = self.world().stamp();
        self.event(json!({"type": "member_joined_channel", "user": BOT, "channel": channel, "channel_type": "C",
                          "team": TEAM, "inviter": by, "event_ts": ts}))
            .await
    }

    /// A message of another app, with metadata as it likes: numbers, lists, nothing that is ours.
    pub fn foreign(&self, channel: &str) {
        let mut world = self.world();
        let ts = world.stamp();
        world.messages.push(Message {
            channel: channel.into(),
            ts,
            user: "U0OTHER".into(),
            app: Some("A0OTHER".into()),
            text: "Build 7 passed".into(),
            blocks: vec![json!({"type": "rich_text", "block_id": "x", "elements": []})],
            metadata: Some(
                json!({"event_type": "build", "event_payload": {"number": 7, "key": 12, "ok": true, "of": [1]}}),
            ),
            thread_ts: None,
            broadcast: false,
            only_for: None,
            edits: 0,
            deleted: false,
            reactions: BTreeMap::new(),
            files: Vec::new(),
        });
    }
}

/// The options of those values, in the order they are shown.
fn chosen(control: &Control, values: &BTreeSet<String>) -> Value {
    let of = |o: &Value| o["value"].as_str().is_some_and(|v| values.contains(v));
    control.options().into_iter().filter(of).collect()
}

/// What every element that keeps a state holds as it is shown.
fn state(blocks: &[Value]) -> Value {
    let mut values = json!({});
    for control in controls(blocks) {
        let of = |name: &str| control.element.get(name).cloned().unwrap_or(Value::Null);
        let held = match control.kind() {
            "button" | "overflow" => continue,
            "checkboxes" | "multi_static_select" | "multi_external_select" => {
                json!({"selected_options": control.element.get("initial_options").cloned().unwrap_or(json!([]))})
            }
            "radio_buttons" | "static_select" | "external_select" => json!({"selected_option": of("initial_option")}),
            "users_select" => json!({"selected_user": of("initial_user")}),
            "conversations_select" => json!({"selected_conversation": of("initial_conversation")}),
            "channels_select" => json!({"selected_channel": of("initial_channel")}),
            "multi_conversations_select" => {
                json!({"selected_conversations": control.element.get("initial_conversations").cloned().unwrap_or(json!([]))})
            }
            "multi_channels_select" => {
                json!({"selected_channels": control.element.get("initial_channels").cloned().unwrap_or(json!([]))})
            }
            "datetimepicker" => json!({"selected_date_time": of("initial_date_time")}),
            "datepicker" => json!({"selected_date": of("initial_date")}),
            "timepicker" => json!({"selected_time": of("initial_time")}),
            _ => json!({"value": of("initial_value")}),
        };
        let mut held = held;
        held["type"] = control.kind().into();
        values[&control.block][control.action()] = held;
    }
    values
}
