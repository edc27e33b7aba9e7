//! Threads and direct channels.

use super::checks;
use super::rest::{Done, allowed, invalid, refuse, there};
use super::shapes;
use super::world::{BOT, Channel, Id, Message, World, intents, may, str_of};
use serde_json::{Value, json};
use std::time::Instant;

/// A thread on a message, or by itself.
pub fn begin(world: &mut World, channel: Id, message: Option<Id>, body: &Value) -> Done {
    allowed(world, channel, may::CREATE_THREADS)?;
    if let Some(message) = message {
        there(world, channel, message)?;
    }
    if world.channels[&channel].kind != 0 {
        return Err(refuse(400, 50024, "Cannot execute action on this channel type"));
    }
    let found = checks::thread(body);
    if !found.is_empty() {
        return Err(invalid(&found));
    }
    if message.is_some_and(|m| world.channels.contains_key(&m)) {
        return Err(refuse(400, 160_004, "A thread has already been created for this message"));
    }
    // A message's thread has the message's id.
    let id = message.unwrap_or_else(|| world.id());
    let thread = Channel {
        id,
        name: str_of(&body["name"]).to_owned(),
        kind: 11,
        parent: Some(channel),
        owner: Some(BOT),
        archived: false,
        locked: false,
        archive_after: body["auto_archive_duration"].as_u64().unwrap_or(1440),
        may: world.channels[&channel].may,
        with: None,
    };
    let mut shape = shapes::channel(&thread);
    world.channels.insert(id, thread);
    shape["newly_created"] = json!(true);
    world.dispatch("THREAD_CREATE", Some(intents::GUILDS), &shape);
    if let Some(message) = message {
        if let Some(m) = world.messages.get_mut(&message) {
            m.has_thread = true;
            m.flags |= 1 << 5;
        }
        world.tell_message("MESSAGE_UPDATE", message);
        let beginning = beginning(world, channel, id, message);
        let id = beginning.id;
        world.messages.insert(id, beginning);
        world.tell_message("MESSAGE_CREATE", id);
    }
    Ok((201, shape))
}

/// The first message of a message's thread: it says what the thread is about.
fn beginning(world: &mut World, channel: Id, thread: Id, message: Id) -> Message {
    Message {
        id: world.id(),
        channel: thread,
        author: BOT,
        kind: 21,
        content: String::new(),
        embeds: json!([]),
        components: json!([]),
        attachments: Vec::new(),
        nonce: None,
        flags: 0,
        reactions: Vec::new(),
        only_for: None,
        interaction: None,
        created: Instant::now(),
        edits: 0,
        edited_ms: None,
        has_thread: false,
        about: Some((channel, message)),
    }
}

/// Archives a thread, opens it again, renames it.
pub fn change(world: &mut World, id: Id, body: &Value) -> Done {
    allowed(world, id, 0)?;
    let place = world.channels.get_mut(&id).ok_or_else(|| refuse(404, 10003, "Unknown Channel"))?;
    if place.kind != 11 {
        return Err(refuse(403, 50013, "Missing Permissions"));
    }
    let others: Vec<&String> =
        body.as_object().into_iter().flat_map(|o| o.keys()).filter(|k| *k != "archived").collect();
    if place.archived && !others.is_empty() && body["archived"] != false {
        return Err(refuse(400, 50083, "Thread is archived"));
    }
    if place.locked && place.may & may::MANAGE_THREADS == 0 {
        return Err(refuse(403, 50013, "Missing Permissions"));
    }
    if let Some(archived) = body["archived"].as_bool() {
        place.archived = archived;
    }
    if let Some(locked) = body["locked"].as_bool() {
        place.locked = locked;
    }
    if let Some(name) = body["name"].as_str() {
        place.name = name.to_owned();
    }
    let shape = shapes::channel(place);
    world.dispatch("THREAD_UPDATE", Some(intents::GUILDS), &shape);
    Ok((200, shape))
}

/// Archives a thread, as Discord does when nobody wrote in it for long.
pub fn archive(world: &mut World, id: Id) {
    let Some(place) = world.channels.get_mut(&id) else { return };
    place.archived = true;
    let shape = shapes::channel(place);
    world.dispatch("THREAD_UPDATE", Some(intents::GUILDS), &shape);
}

/// The direct channel with somebody; there is one at most.
pub fn direct(world: &mut World, body: &Value) -> Done {
    let who: Id = str_of(&body["recipient_id"]).parse().unwrap_or(0);
    let Some(user) = world.users.get(&who).cloned() else {
        return Err(invalid(&["recipient_id names nobody".into()]));
    };
    let found = world.channels.values().find(|c| c.with == Some(who)).map(|c| c.id);
    let id = found.unwrap_or_else(|| {
        let id = world.id();
        world.add_channel(id, "");
        if let Some(place) = world.channels.get_mut(&id) {
            (place.kind, place.with) = (1, Some(who));
        }
        id
    });
    let mut shape = shapes::channel(&world.channels[&id]);
    shape["recipients"] = json!([shapes::user(&user)]);
    Ok((200, shape))
}
