//! What each method of the Web API does to the world.

use super::server::error;
use super::world::{APP, BOT, BOT_ID, Channel, File, Message, TEAM, User, View, World};
use super::{Slack, limits};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub fn run(slack: &Slack, method: &str, args: &Value) -> Value {
    let mut world = slack.world();
    let world = &mut *world;
    let checks = slack.settings.checks;
    let answer = match method {
        "api.test" => Ok(json!({"ok": true})),
        "auth.test" => Ok(json!({
            "ok": true, "url": "https://test-workspace.slack.com/", "team": "Test Workspace", "user": "rollcall",
            "team_id": TEAM, "user_id": BOT, "bot_id": BOT_ID, "is_enterprise_install": false,
        })),
        "apps.connections.open" => Ok(json!({"ok": true, "url": slack.new_link()})),
        "chat.postMessage" => post(world, args, checks, None),
        "chat.postEphemeral" => {
            let user = args["user"].as_str().unwrap_or_default().to_owned();
            post(world, args, checks, Some(user))
        }
        "chat.update" => update(world, args, checks),
        "chat.delete" => message(world, args, "ts").map(|m| {
            m.deleted = true;
            json!({"ok": true, "channel": m.channel, "ts": m.ts})
        }),
        "chat.getPermalink" => message(world, args, "message_ts").map(|m| {
            let place = m.ts.replace('.', "");
            let link = format!("https://test-workspace.slack.com/archives/{}/p{place}", m.channel);
            json!({"ok": true, "channel": m.channel, "permalink": link})
        }),
        "conversations.history" => history(world, args),
        "conversations.replies" => replies(world, args),
        "conversations.info" => channel(world, args).map(|c| json!({"ok": true, "channel": channel_json(c)})),
        "conversations.members" => channel(world, args)
            .map(|c| json!({"ok": true, "members": c.members, "response_metadata": {"next_cursor": ""}})),
        "conversations.list" | "users.conversations" => {
            let all = world.channels.values().filter(|c| c.with.is_none());
            let all = all.filter(|c| method != "users.conversations" || c.members.contains(BOT));
            let all: Vec<Value> = all.map(channel_json).collect();
            Ok(json!({"ok": true, "channels": all, "response_metadata": {"next_cursor": ""}}))
        }
        "conversations.open" => open(world, args),
        "conversations.join" => {
            let id = channel(world, args).map(|c| c.id.clone());
            id.map(|id| {
                let channel = world.channels.get_mut(&id);
                channel.map_or(Value::Null, |c| {
                    c.members.insert(BOT.into());
                    json!({"ok": true, "channel": channel_json(c)})
                })
            })
        }
        "reactions.add" | "reactions.remove" => react(world, args, method == "reactions.add"),
        "reactions.get" => message(world, args, "timestamp")
            .map(|m| json!({"ok": true, "type": "message", "channel": m.channel, "message": m.as_json(false)})),
        "users.info" => match world.users.get(args["user"].as_str().unwrap_or_default()) {
            Some(user) => Ok(json!({"ok": true, "user": user_json(user)})),
            None => Err("user_not_found"),
        },
        "users.list" => {
            let all: Vec<Value> = world.users.values().map(user_json).collect();
            Ok(json!({"ok": true, "members": all, "cache_ts": 1, "response_metadata": {"next_cursor": ""}}))
        }
        "usergroups.list" => {
            let all = world.groups.iter().map(|(id, (handle, users))| {
                json!({"id": id, "team_id": TEAM, "is_usergroup": true, "name": handle, "handle": handle,
                       "description": "", "is_external": false, "date_create": 1, "date_update": 1, "date_delete": 0,
                       "users": users, "user_count": users.len()})
            });
            Ok(json!({"ok": true, "usergroups": all.collect::<Vec<_>>()}))
        }
        "usergroups.users.list" => match world.groups.get(args["usergroup"].as_str().unwrap_or_default()) {
            Some((_, users)) => Ok(json!({"ok": true, "users": users})),
            None => Err("no_such_subteam"),
        },
        "emoji.list" => Ok(json!({"ok": true, "emoji": {}, "cache_ts": "1"})),
        "team.info" => Ok(json!({"ok": true, "team": {"id": TEAM, "name": "Test Workspace",
                                 "domain": "test-workspace", "email_domain": "example.com", "icon": {}}})),
        "bots.info" => Ok(json!({"ok": true, "bot": {"id": BOT_ID, "name": "rollcall", "app_id": APP,
                                 "user_id": BOT, "deleted": false, "updated": 1, "icons": {}}})),
        "views.open" | "views.push" | "views.update" | "views.publish" => view(world, method, args, checks),
        "files.getUploadURLExternal" => {
            let name = args["filename"].as_str().unwrap_or_default().to_owned();
            if name.is_empty() || number(&args["length"]).is_none_or(|n| n == 0) {
                Err("invalid_arguments")
            } else {
                let id = world.name("F");
                let file =
                    File { id: id.clone(), name, bytes: Vec::new(), channel: None, thread_ts: None, complete: false };
                world.files.insert(id.clone(), file);
                Ok(json!({"ok": true, "upload_url": format!("http://{}/upload/{id}", slack.address), "file_id": id}))
            }
        }
        "files.completeUploadExternal" => complete(world, args),
        _ => Err("unknown_method"),
    };
    answer.unwrap_or_else(error)
}

/// Numbers come as such from JSON, and as words from a form.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or(matches!(value.as_str(), Some("true" | "1")))
}

fn channel<'a>(world: &'a World, args: &Value) -> Result<&'a Channel, &'static str> {
    world.channels.get(args["channel"].as_str().unwrap_or_default()).ok_or("channel_not_found")
}

/// The bot's own message that the arguments name.
fn message<'a>(world: &'a mut World, args: &Value, ts: &str) -> Result<&'a mut Message, &'static str> {
    channel(world, args)?;
    let (channel, ts) = (args["channel"].as_str().unwrap_or_default(), args[ts].as_str().unwrap_or_default());
    match world.message_mut(channel, ts) {
        Some(message) if message.only_for.is_none() => Ok(message),
        _ => Err("message_not_found"),
    }
}

/// Writes down what Slack would not take.
fn check(world: &mut World, checks: bool, method: &str, wrong: Vec<String>) -> Result<(), &'static str> {
    if !checks || wrong.is_empty() {
        return Ok(());
    }
    wrong.into_iter().for_each(|w| world.violate(format!("{method}: {w}")));
    Err("invalid_blocks")
}

/// Every block has an id; who gives none gets one.
fn named(world: &mut World, blocks: &Value) -> Vec<Value> {
    let mut blocks = blocks.as_array().cloned().unwrap_or_default();
    for block in &mut blocks {
        if block.get("block_id").is_none() {
            block["block_id"] = world.name("b").into();
        }
        let several = block["elements"].as_array().map_or(0, Vec::len);
        for i in 0..several {
            if block["type"] == "actions" && block["elements"][i].get("action_id").is_none() {
                block["elements"][i]["action_id"] = world.name("a").into();
            }
        }
    }
    blocks
}

fn post(world: &mut World, args: &Value, checks: bool, only_for: Option<String>) -> Result<Value, &'static str> {
    let method = if only_for.is_some() { "chat.postEphemeral" } else { "chat.postMessage" };
    // A person's id stands for the conversation with them.
    let mut args = args.clone();
    if args["channel"].as_str().is_some_and(|c| world.users.contains_key(c)) {
        let opened = open(world, &json!({"users": args["channel"]}))?;
        args["channel"] = opened["channel"]["id"].clone();
    }
    let place = channel(world, &args)?;
    if place.archived {
        return Err("is_archived");
    }
    if !place.members.contains(BOT) {
        return Err("not_in_channel");
    }
    if only_for.as_ref().is_some_and(|user| !place.members.contains(user)) {
        return Err("user_not_in_channel");
    }
    let text = args["text"].as_str().unwrap_or_default().to_owned();
    if text.is_empty() && args["blocks"].as_array().is_none_or(Vec::is_empty) {
        return Err("no_text");
    }
    if text.is_empty() && checks {
        world.violate(format!("{method}: blocks without a text: what notifications show and screen readers read"));
    }
    check(world, checks, method, limits::message(&args))?;
    let thread_ts = args["thread_ts"].as_str().map(str::to_owned);
    let channel = args["channel"].as_str().unwrap_or_default().to_owned();
    if let Some(thread) = &thread_ts
        && only_for.is_none()
        && world.message(&channel, thread).is_none()
    {
        // Slack posts it as if the thread were there; for the bot that is an error.
        world.violate(format!("{method}: a reply to {thread}, which is no message"));
    }
    let message = Message {
        ts: world.stamp(),
        user: BOT.into(),
        app: Some(APP.into()),
        text,
        blocks: named(world, &args["blocks"]),
        metadata: args.get("metadata").filter(|m| !m.is_null()).cloned(),
        broadcast: thread_ts.is_some() && flag(&args["reply_broadcast"]),
        thread_ts,
        channel,
        only_for,
        edits: 0,
        deleted: false,
        reactions: BTreeMap::new(),
        files: Vec::new(),
    };
    let answer = if message.only_for.is_some() {
        json!({"ok": true, "message_ts": message.ts})
    } else {
        json!({"ok": true, "channel": message.channel, "ts": message.ts, "message": message.as_json(true)})
    };
    world.messages.push(message);
    Ok(answer)
}

fn update(world: &mut World, args: &Value, checks: bool) -> Result<Value, &'static str> {
    if channel(world, args)?.archived {
        return Err("is_archived");
    }
    if message(world, args, "ts")?.app.as_deref() != Some(APP) {
        return Err("cant_update_message");
    }
    check(world, checks, "chat.update", limits::message(args))?;
    let blocks = args.get("blocks").filter(|b| !b.is_null()).map(|b| named(world, b));
    let message = message(world, args, "ts")?;
    if let Some(text) = args["text"].as_str() {
        message.text = text.into();
    }
    // What is not named stays as it is.
    if let Some(blocks) = blocks {
        message.blocks = blocks;
    }
    if let Some(metadata) = args.get("metadata").filter(|m| !m.is_null()) {
        message.metadata = Some(metadata.clone());
    }
    message.broadcast |= flag(&args["reply_broadcast"]) && message.thread_ts.is_some();
    message.edits += 1;
    Ok(json!({"ok": true, "channel": message.channel, "ts": message.ts, "text": message.text,
              "message": message.as_json(true)}))
}

/// Newest first; replies only where they were broadcast.
fn history(world: &World, args: &Value) -> Result<Value, &'static str> {
    let place = channel(world, args)?;
    if !place.members.contains(BOT) {
        return Err("not_in_channel");
    }
    let in_channel = |m: &&Message| m.thread_ts.as_ref().is_none_or(|t| *t == m.ts) || m.broadcast;
    let mut found: Vec<&Message> = visible(world, &place.id, args).filter(in_channel).collect();
    found.reverse();
    Ok(sheet(&found, args))
}

/// The first message, then its replies, oldest first.
fn replies(world: &World, args: &Value) -> Result<Value, &'static str> {
    let place = channel(world, args)?;
    let ts = args["ts"].as_str().unwrap_or_default();
    if world.message(&place.id, ts).is_none() {
        return Err("thread_not_found");
    }
    let of_thread = |m: &&Message| m.ts == ts || m.thread_ts.as_deref() == Some(ts);
    let found: Vec<&Message> = visible(world, &place.id, args).filter(of_thread).collect();
    Ok(sheet(&found, args))
}

fn visible<'a>(world: &'a World, channel: &'a str, args: &Value) -> impl Iterator<Item = &'a Message> {
    let bound = |name: &str| args[name].as_str().and_then(|t| t.parse::<f64>().ok());
    let (oldest, latest, inclusive) = (bound("oldest"), bound("latest"), flag(&args["inclusive"]));
    world.messages.iter().filter(move |m| {
        let at: f64 = m.ts.parse().unwrap_or_default();
        let inside = |bound: Option<f64>, than: fn(&f64, &f64) -> bool| {
            bound.is_none_or(|b| than(&at, &b) || (inclusive && at == b))
        };
        m.channel == channel && !m.deleted && m.only_for.is_none() && inside(oldest, f64::gt) && inside(latest, f64::lt)
    })
}

/// One page of messages; the cursor is the place of the next.
fn sheet(found: &[&Message], args: &Value) -> Value {
    let limit = number(&args["limit"]).unwrap_or(100).clamp(1, 999) as usize;
    let from: usize = args["cursor"].as_str().and_then(|c| c.strip_prefix("at-")?.parse().ok()).unwrap_or(0);
    let metadata = flag(&args["include_all_metadata"]);
    let some: Vec<Value> = found.iter().skip(from).take(limit).map(|m| m.as_json(metadata)).collect();
    let more = from + some.len() < found.len();
    let next = if more { format!("at-{}", from + limit) } else { String::new() };
    json!({"ok": true, "messages": some, "has_more": more, "pin_count": 0, "response_metadata": {"next_cursor": next}})
}

fn channel_json(c: &Channel) -> Value {
    let text = json!({"value": "", "creator": "", "last_set": 0});
    json!({
        "id": c.id, "name": c.name, "is_channel": c.with.is_none(), "is_group": false, "is_im": c.with.is_some(),
        "is_mpim": false, "is_private": false, "is_archived": c.archived, "is_general": false, "created": 1_700_000_000,
        "creator": "U01ALICE", "is_member": c.members.contains(BOT), "is_shared": false, "is_ext_shared": false,
        "is_org_shared": false, "topic": text, "purpose": text, "num_members": c.members.len(), "user": c.with,
    })
}

fn user_json(u: &User) -> Value {
    json!({
        "id": u.id, "team_id": TEAM, "name": u.name, "deleted": false, "real_name": u.real_name, "tz": u.tz,
        "tz_label": "Central European Time", "tz_offset": 3600, "is_bot": u.bot, "is_app_user": false, "is_admin": false,
        "is_owner": false, "is_primary_owner": false, "is_restricted": false, "is_ultra_restricted": false, "updated": 1,
        "profile": {"real_name": u.real_name, "display_name": u.name, "email": u.email, "team": TEAM,
                    "real_name_normalized": u.real_name, "display_name_normalized": u.name, "avatar_hash": "",
                    "status_text": "", "status_emoji": ""},
    })
}

fn open(world: &mut World, args: &Value) -> Result<Value, &'static str> {
    let user = args["users"].as_str().unwrap_or_default().to_owned();
    if !world.users.contains_key(&user) {
        return Err("user_not_found");
    }
    let found = world.channels.values().find(|c| c.with.as_ref() == Some(&user)).map(|c| c.id.clone());
    let id = found.unwrap_or_else(|| {
        let id = world.name("D");
        world.add_channel(&id, "", &[&user, BOT]);
        if let Some(channel) = world.channels.get_mut(&id) {
            channel.with = Some(user);
        }
        id
    });
    Ok(json!({"ok": true, "channel": {"id": id}}))
}

fn react(world: &mut World, args: &Value, add: bool) -> Result<Value, &'static str> {
    let name = args["name"].as_str().unwrap_or_default().to_owned();
    if !super::people::EMOJI.contains(&name.as_str()) {
        world.violate(format!("reactions: {name:?} is no name of an emoji known here"));
        return Err("invalid_name");
    }
    let message = message(world, args, "timestamp")?;
    let users = message.reactions.entry(name.clone()).or_default();
    let has = users.iter().any(|u| u == BOT);
    match (add, has) {
        (true, true) => return Err("already_reacted"),
        (false, false) => return Err("no_reaction"),
        (true, false) => users.push(BOT.into()),
        (false, true) => users.retain(|u| u != BOT),
    }
    message.reactions.retain(|_, users| !users.is_empty());
    Ok(json!({"ok": true}))
}

fn view(world: &mut World, method: &str, args: &Value, checks: bool) -> Result<Value, &'static str> {
    check(world, checks, method, limits::view(&args["view"]))?;
    let home = args["view"]["type"] == "home";
    if home != (method == "views.publish") {
        world.violate(format!("{method}: a view of the wrong type"));
        return Err("invalid_arguments");
    }
    let blocks = named(world, &args["view"]["blocks"]);
    let mut shown = args["view"].clone();
    shown["blocks"] = blocks.into();
    let user = match method {
        "views.publish" => args["user_id"].as_str().unwrap_or_default().to_owned(),
        "views.update" => {
            let (id, external) = (&args["view_id"], &args["external_id"]);
            let named = |v: &View| v.view["id"] == *id || (!external.is_null() && v.view["external_id"] == *external);
            let Some(open) = world.views.iter_mut().find(|v| named(v)) else { return Err("not_found") };
            let view = dressed(shown, &open.id, &open.user);
            open.view = view.clone();
            return Ok(json!({"ok": true, "view": view}));
        }
        _ => {
            // A trigger is good for one view.
            let trigger = args["trigger_id"].as_str().unwrap_or_default();
            world.triggers.remove(trigger).ok_or("expired_trigger_id")?
        }
    };
    if !world.users.contains_key(&user) {
        return Err("user_not_found");
    }
    let id = world.name("V");
    let view = dressed(shown, &id, &user);
    if home {
        world.homes.insert(user, view.clone());
    } else {
        if method == "views.open" {
            world.views.retain(|v| v.user != user);
        }
        world.views.push(View { id, user, view: view.clone() });
    }
    Ok(json!({"ok": true, "view": view}))
}

/// A view as Slack gives it back.
pub fn dressed(mut view: Value, id: &str, user: &str) -> Value {
    let own = json!({"id": id, "team_id": TEAM, "hash": format!("1.{id}"), "app_id": APP, "bot_id": BOT_ID,
                     "root_view_id": id, "previous_view_id": null, "app_installed_team_id": TEAM,
                     "state": {"values": {}}});
    for (name, value) in own.as_object().into_iter().flatten() {
        view[name] = value.clone();
    }
    for (name, value) in [
        ("private_metadata", json!("")),
        ("callback_id", json!("")),
        ("external_id", json!("")),
        ("clear_on_close", json!(false)),
        ("notify_on_close", json!(false)),
    ] {
        if view.get(name).is_none_or(Value::is_null) {
            view[name] = value;
        }
    }
    _ = user;
    view
}

fn complete(world: &mut World, args: &Value) -> Result<Value, &'static str> {
    let (mut done, mut titles) = (Vec::new(), Vec::new());
    let place = args["channel_id"].as_str().map(str::to_owned);
    if let Some(id) = &place {
        let channel = world.channels.get(id).ok_or("channel_not_found")?;
        if !channel.members.contains(BOT) {
            return Err("not_in_channel");
        }
    }
    let ts = world.stamp();
    for one in args["files"].as_array().into_iter().flatten() {
        let id = one["id"].as_str().unwrap_or_default();
        let file = world.files.get_mut(id).ok_or("file_not_found")?;
        if file.bytes.is_empty() || file.complete {
            return Err("file_update_failed");
        }
        file.complete = true;
        file.channel.clone_from(&place);
        file.thread_ts = args["thread_ts"].as_str().map(str::to_owned);
        titles.push(one["title"].as_str().unwrap_or(&file.name).to_owned());
        done.push(json!({"id": id, "title": one["title"], "name": file.name}));
    }
    if done.is_empty() {
        return Err("invalid_arguments");
    }
    // The file stands in the channel as a message of the bot's own.
    if let Some(channel) = place {
        world.messages.push(Message {
            channel,
            ts,
            user: BOT.into(),
            app: None,
            text: args["initial_comment"].as_str().unwrap_or_default().into(),
            blocks: Vec::new(),
            metadata: None,
            thread_ts: args["thread_ts"].as_str().map(str::to_owned),
            broadcast: false,
            only_for: None,
            edits: 0,
            deleted: false,
            reactions: BTreeMap::new(),
            files: titles,
        });
    }
    Ok(json!({"ok": true, "files": done}))
}
