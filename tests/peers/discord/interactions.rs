//! The bot's answers to what people press, type and choose.

use super::checks::{self, Place};
use super::rest::{self, Asked, Done, Problem, invalid, refuse};
use super::shapes;
use super::world::{Id, World};
use serde_json::{Value, json};

const EPHEMERAL: u64 = 1 << 6;
const LOADING: u64 = 1 << 7;

/// The first answer.
pub fn callback(world: &mut World, asked: &Asked, id: Id, token: &str) -> Done {
    let unknown = || refuse(404, 10062, "Unknown interaction");
    let (limit, life) = (world.settings.first_answer, world.settings.token_life);
    let interaction = world.interactions.get(&id).filter(|i| i.token == token).ok_or_else(unknown)?.clone();
    let waited = interaction.asked.elapsed();
    if interaction.answer.is_some() {
        return Err(refuse(400, 40060, "Interaction has already been acknowledged."));
    }
    if waited > limit || waited > life {
        return Err(unknown());
    }
    let kind = asked.body["type"].as_u64().and_then(|k| u8::try_from(k).ok()).unwrap_or(0);
    let data = asked.body["data"].clone();
    let from_message = interaction.message.is_some();
    let fits = match kind {
        4 | 5 => interaction.kind != 4,
        6 | 7 => interaction.kind == 3 || (interaction.kind == 5 && from_message),
        8 => interaction.kind == 4,
        9 => matches!(interaction.kind, 2 | 3),
        _ => false,
    };
    if !fits {
        return Err(invalid(&[format!("callback of type {kind} to an interaction of type {}", interaction.kind)]));
    }
    let found = match kind {
        4 | 7 => checks::message(&data, Place::Answer, asked.files.len()),
        5 if !data.is_null() => checks::message(&data, Place::Promise, 0),
        8 => checks::choices(&data),
        9 => checks::modal(&data),
        _ => Vec::new(),
    };
    if !found.is_empty() {
        return Err(invalid(&found));
    }
    match kind {
        4 | 5 => {
            let mut message = rest::compose(world, interaction.channel, &data, &asked.files);
            message.kind = 20;
            message.interaction = Some(id);
            message.only_for = (message.flags & EPHEMERAL != 0).then_some(interaction.user);
            if kind == 5 {
                message.flags |= LOADING;
            }
            let made = message.id;
            world.messages.insert(made, message);
            note(world, id, |i| i.original = Some(made));
            if kind == 4 {
                world.tell_message("MESSAGE_CREATE", made);
            }
        }
        6 | 7 => {
            let message = interaction.message;
            note(world, id, |i| i.original = message);
            if let (7, Some(message)) = (kind, message) {
                rest::change(world, message, &data, &asked.files);
                world.tell_message("MESSAGE_UPDATE", message);
            }
        }
        _ => {}
    }
    note(world, id, |i| {
        i.answer = Some((kind, data, waited));
        i.promised = kind == 5;
    });
    Ok((204, Value::Null))
}

fn note(world: &mut World, id: Id, change: impl FnOnce(&mut super::world::Interaction)) {
    if let Some(interaction) = world.interactions.get_mut(&id) {
        change(interaction);
    }
}

/// What comes after the first answer, while the token lives.
pub fn webhook(world: &mut World, asked: &Asked, token: &str, rest: &[&str]) -> Done {
    let found = world.interactions.values().find(|i| i.token == token).cloned();
    let interaction = found.ok_or_else(|| refuse(404, 10015, "Unknown Webhook"))?;
    if interaction.asked.elapsed() > world.settings.token_life {
        return Err(refuse(401, 50027, "Invalid Webhook Token"));
    }
    if interaction.answer.is_none() {
        return Err(refuse(404, 10015, "Unknown Webhook"));
    }
    match (asked.method.as_str(), rest) {
        ("POST", []) => follow_up(world, asked, interaction.id),
        (method, ["messages", which]) => {
            let id = match *which {
                "@original" => interaction.original,
                other => other.parse().ok().filter(|m| interaction.followups.contains(m)),
            };
            let id =
                id.filter(|m| world.messages.contains_key(m)).ok_or_else(|| refuse(404, 10008, "Unknown Message"))?;
            match method {
                "GET" => Ok((200, shapes::message(world, &world.messages[&id], false))),
                "PATCH" => {
                    rest::checked(&asked.body, Place::Edit, asked.files.len())?;
                    complete(world, interaction.id, id, asked)
                }
                "DELETE" => {
                    world.messages.remove(&id);
                    note(world, interaction.id, |i| i.promised = false);
                    Ok((204, Value::Null))
                }
                _ => Err(refuse(405, 0, "405: Method Not Allowed")),
            }
        }
        _ => Err(refuse(404, 0, "404: Not Found")),
    }
}

/// Puts an answer where one was promised, or changes one.
fn complete(world: &mut World, interaction: Id, id: Id, asked: &Asked) -> Result<(u16, Value), Problem> {
    rest::change(world, id, &asked.body, &asked.files);
    if let Some(message) = world.messages.get_mut(&id) {
        message.flags &= !LOADING;
    }
    note(world, interaction, |i| i.promised = false);
    world.tell_message("MESSAGE_UPDATE", id);
    Ok((200, shapes::message(world, &world.messages[&id], false)))
}

fn follow_up(world: &mut World, asked: &Asked, interaction: Id) -> Done {
    rest::checked(&asked.body, Place::Answer, asked.files.len())?;
    let whole = world.interactions[&interaction].clone();
    // The first one after a promise takes its place.
    if whole.promised
        && let Some(original) = whole.original
    {
        return complete(world, interaction, original, asked);
    }
    let mut message = rest::compose(world, whole.channel, &asked.body, &asked.files);
    message.interaction = Some(interaction);
    message.only_for = (message.flags & EPHEMERAL != 0).then_some(whole.user);
    let id = message.id;
    world.messages.insert(id, message);
    note(world, interaction, |i| i.followups.push(id));
    world.tell_message("MESSAGE_CREATE", id);
    Ok((200, json!(shapes::message(world, &world.messages[&id], true))))
}
