//! The registered commands.

use super::checks;
use super::rest::{Asked, Done, invalid, refuse};
use super::world::{BOT, GUILD, World};
use serde_json::{Value, json};

pub fn route(world: &mut World, asked: &Asked, rest: &[&str]) -> Done {
    let guild = GUILD.to_string();
    let of_guild = match rest {
        ["commands", ..] => false,
        ["guilds", g, "commands", ..] if *g == guild => true,
        ["guilds", ..] => return Err(refuse(403, 50001, "Missing Access")),
        _ => return Err(refuse(404, 0, "404: Not Found")),
    };
    let at = rest.last().copied().filter(|last| *last != "commands");
    match (asked.method.as_str(), at) {
        ("GET", None) => Ok((200, list(world, of_guild).clone().into())),
        ("PUT", None) => {
            let found = checks::commands(&asked.body);
            if !found.is_empty() {
                return Err(invalid(&found));
            }
            let bodies = asked.body.as_array().cloned().unwrap_or_default();
            let made: Vec<Value> = bodies.iter().map(|body| made(world, body, of_guild)).collect();
            *list(world, of_guild) = made.clone();
            Ok((200, made.into()))
        }
        ("POST", None) => {
            let found = checks::commands(&json!([asked.body]));
            if !found.is_empty() {
                return Err(invalid(&found));
            }
            let made = made(world, &asked.body, of_guild);
            let all = list(world, of_guild);
            all.retain(|c| c["name"] != made["name"]);
            all.push(made.clone());
            Ok((201, made))
        }
        ("DELETE", Some(id)) => {
            list(world, of_guild).retain(|c| c["id"] != id);
            Ok((204, Value::Null))
        }
        ("GET", Some(id)) => {
            let found = list(world, of_guild).iter().find(|c| c["id"] == id).cloned();
            found.map(|c| (200, c)).ok_or_else(|| refuse(404, 10063, "Unknown application command"))
        }
        _ => Err(refuse(405, 0, "405: Method Not Allowed")),
    }
}

fn list(world: &mut World, of_guild: bool) -> &mut Vec<Value> {
    if of_guild { &mut world.guild_commands } else { &mut world.global_commands }
}

/// A command as Discord gives it back: with what was left out, and its old id where it only changed.
fn made(world: &mut World, body: &Value, of_guild: bool) -> Value {
    let old = list(world, of_guild).iter().find(|c| c["name"] == body["name"]).map(|c| c["id"].clone());
    let mut command = body.clone();
    command["id"] = old.unwrap_or_else(|| json!(world.id().to_string()));
    command["version"] = json!(world.id().to_string());
    command["application_id"] = json!(BOT.to_string());
    let defaults = [
        ("type", json!(1)),
        ("description", json!("")),
        ("default_member_permissions", Value::Null),
        ("nsfw", json!(false)),
        ("name_localizations", Value::Null),
        ("description_localizations", Value::Null),
    ];
    for (key, value) in defaults {
        if command[key].is_null() {
            command[key] = value;
        }
    }
    if of_guild {
        command["guild_id"] = json!(GUILD.to_string());
    } else if command["contexts"].is_null() {
        command["dm_permission"] = json!(true);
    }
    trim(&mut command["options"]);
    command
}

/// Discord leaves out what is false by default: the options come back shorter than they were sent.
fn trim(options: &mut Value) {
    for option in options.as_array_mut().into_iter().flatten() {
        trim(&mut option["options"]);
        let Some(map) = option.as_object_mut() else { continue };
        map.retain(|key, value| {
            !(value.is_null() || (matches!(key.as_str(), "required" | "autocomplete") && *value == false))
        });
        map.retain(|key, value| !(key == "choices" && value.as_array().is_some_and(Vec::is_empty)));
    }
}
