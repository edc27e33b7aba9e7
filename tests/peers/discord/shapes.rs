//! The JSON of what there is, as Discord writes it.

use super::world::{BOT, Channel, GUILD, Id, Interaction, Message, User, World, made_ms, may, moment, now_ms};
use serde_json::{Value, json};

const JOINED: &str = "2024-01-02T03:04:05.678000+00:00";

pub fn user(user: &User) -> Value {
    json!({
        "id": user.id.to_string(), "username": user.name, "global_name": user.name, "discriminator": "0",
        "avatar": null, "avatar_decoration_data": null, "bot": user.bot, "public_flags": 0, "primary_guild": null,
        "clan": null, "collectibles": null,
    })
}

/// The bot about itself.
pub fn myself(world: &World) -> Value {
    let mut me = user(&world.users[&BOT]);
    for (key, value) in
        [("verified", json!(true)), ("mfa_enabled", json!(true)), ("email", Value::Null), ("flags", json!(0))]
    {
        me[key] = value;
    }
    me
}

pub fn member(world: &World, id: Id, with_user: bool) -> Value {
    let roles: Vec<String> = world.users[&id].roles.iter().map(Id::to_string).collect();
    let mut member = json!({
        "avatar": null, "banner": null, "communication_disabled_until": null, "deaf": false, "flags": 0,
        "joined_at": JOINED, "mute": false, "nick": null, "pending": false, "premium_since": null, "roles": roles,
        "unusual_dm_activity_until": null,
    });
    if with_user {
        member["user"] = user(&world.users[&id]);
    }
    member
}

pub fn role(id: Id, name: &str, position: usize) -> Value {
    json!({
        "id": id.to_string(), "name": name, "description": null, "color": 0,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null }, "hoist": false, "icon": null,
        "unicode_emoji": null, "position": position, "managed": false,
        "permissions": if id == GUILD { (may::ALL & !may::ADMINISTRATOR).to_string() } else { "0".to_owned() },
        "mentionable": false, "flags": 0,
    })
}

pub fn roles(world: &World) -> Value {
    world.roles.iter().enumerate().map(|(i, r)| role(r.id, &r.name, i)).collect()
}

pub fn channel(channel: &Channel) -> Value {
    if channel.kind == 1 {
        return json!({
            "id": channel.id.to_string(), "type": 1, "last_message_id": null, "flags": 0, "recipients": [],
        });
    }
    let mut shape = json!({
        "id": channel.id.to_string(), "type": channel.kind, "guild_id": GUILD.to_string(), "name": channel.name,
        "last_message_id": null, "last_pin_timestamp": null, "flags": 0, "rate_limit_per_user": 0,
        "parent_id": channel.parent.map(|p| p.to_string()),
    });
    if channel.kind == 11 {
        shape["owner_id"] = json!(channel.owner.unwrap_or(BOT).to_string());
        shape["message_count"] = json!(0);
        shape["member_count"] = json!(1);
        shape["total_message_sent"] = json!(0);
        shape["thread_metadata"] = json!({
            "archived": channel.archived, "archive_timestamp": moment(now_ms()), "locked": channel.locked,
            "auto_archive_duration": channel.archive_after, "create_timestamp": moment(made_ms(channel.id)),
        });
    } else {
        shape["position"] = json!(0);
        shape["topic"] = Value::Null;
        shape["nsfw"] = json!(false);
        // What the bot may not here is an exception of its own.
        let lacks = may::ALL & !channel.may;
        let exception = json!({ "id": BOT.to_string(), "type": 1, "allow": "0", "deny": lacks.to_string() });
        shape["permission_overwrites"] = if lacks == 0 { json!([]) } else { json!([exception]) };
    }
    shape
}

/// The guild as `GUILD_CREATE` tells it.
pub fn guild(world: &World) -> Value {
    let of = |kind: u8| -> Vec<Value> {
        let mine = world.channels.values().filter(|c| c.kind == kind && !c.archived && c.may & may::VIEW != 0);
        mine.map(channel).collect()
    };
    let members: Vec<Value> = world.users.keys().map(|id| member(world, *id, true)).collect();
    let mut guild = rest_guild(world);
    for (key, value) in [
        ("joined_at", json!(JOINED)),
        ("large", json!(false)),
        ("unavailable", json!(false)),
        ("member_count", json!(members.len())),
        ("voice_states", json!([])),
        ("members", json!(members)),
        ("channels", json!(of(0))),
        ("threads", json!(of(11))),
        ("presences", json!([])),
        ("stage_instances", json!([])),
        ("guild_scheduled_events", json!([])),
        ("soundboard_sounds", json!([])),
    ] {
        guild[key] = value;
    }
    guild
}

/// The guild as REST tells it.
pub fn rest_guild(world: &World) -> Value {
    let owner = world.users.keys().next().copied().unwrap_or(BOT);
    let mut guild = json!({
        "id": GUILD.to_string(), "name": "Ops", "owner_id": owner.to_string(), "region": "deprecated",
        "afk_timeout": 300, "widget_enabled": false, "verification_level": 0, "default_message_notifications": 0,
        "explicit_content_filter": 0, "roles": roles(world), "emojis": [], "features": [], "mfa_level": 0,
        "system_channel_flags": 0, "max_members": 500_000, "premium_tier": 0, "premium_subscription_count": 0,
        "preferred_locale": "en-US", "max_video_channel_users": 25, "max_stage_video_channel_users": 50, "nsfw": false,
        "nsfw_level": 0, "stickers": [], "premium_progress_bar_enabled": false, "embed_enabled": false,
    });
    for unset in [
        "icon",
        "icon_hash",
        "splash",
        "discovery_splash",
        "afk_channel_id",
        "widget_channel_id",
        "application_id",
        "system_channel_id",
        "rules_channel_id",
        "max_presences",
        "vanity_url_code",
        "description",
        "banner",
        "public_updates_channel_id",
        "safety_alerts_channel_id",
        "incidents_data",
        "hub_type",
        "home_header",
        "latest_onboarding_question_id",
        "inventory_settings",
        "embed_channel_id",
    ] {
        guild[unset] = Value::Null;
    }
    guild
}

pub fn application(world: &World) -> Value {
    json!({
        "id": BOT.to_string(), "name": "rollcall", "icon": null, "description": "", "type": null, "bot_public": true,
        "bot_require_code_grant": false, "verify_key": "00", "flags": 0, "hook": true, "is_monetized": false,
        "is_verified": false, "is_discoverable": false, "integration_types_config": { "0": {} },
        "approximate_guild_count": 1, "owner": user(&world.users[&BOT]), "team": null, "redirect_uris": [],
        "interactions_endpoint_url": null, "summary": "", "bot": user(&world.users[&BOT]),
    })
}

/// A message; its nonce is only told when it is made.
pub fn message(world: &World, m: &Message, new: bool) -> Value {
    let mut components = m.components.clone();
    number(&mut components, &mut 0);
    let mut embeds = m.embeds.clone();
    for embed in embeds.as_array_mut().into_iter().flatten() {
        embed["type"] = json!("rich");
        // Discord leaves out what a message did not bring.
        for field in embed.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
            if field["inline"].is_null() {
                field["inline"] = json!(false);
            }
        }
    }
    let attachments: Vec<Value> = m
        .attachments
        .iter()
        .map(|a| {
            let url = format!("https://cdn.discordapp.com/attachments/{}/{}/{}", m.channel, a.id, a.name);
            json!({
                "id": a.id.to_string(), "filename": a.name, "size": a.bytes.len(), "url": url, "proxy_url": url,
                "content_type": "text/plain; charset=utf-8",
            })
        })
        .collect();
    let mut shape = json!({
        "id": m.id.to_string(), "type": m.kind, "channel_id": m.channel.to_string(),
        "author": user(&world.users[&m.author]), "content": m.content, "timestamp": moment(made_ms(m.id)),
        "edited_timestamp": m.edited_ms.map(moment), "tts": false, "mention_everyone": false, "mentions": [],
        "mention_roles": [], "attachments": attachments, "embeds": embeds, "pinned": false, "flags": m.flags,
        "components": components,
    });
    if !m.reactions.is_empty() {
        shape["reactions"] = m.reactions.iter().map(|(emoji, who)| reaction(emoji, who)).collect();
    }
    if new && let Some(nonce) = &m.nonce {
        shape["nonce"] = nonce.clone();
    }
    if m.has_thread
        && let Some(thread) = world.channels.get(&m.id)
    {
        shape["thread"] = channel(thread);
    }
    if let Some((channel, about)) = m.about {
        shape["message_reference"] = json!({ "type": 0, "channel_id": channel.to_string(), "message_id": about.to_string(), "guild_id": GUILD.to_string() });
        if let Some(about) = world.messages.get(&about) {
            shape["referenced_message"] = message(world, about, false);
        }
    }
    if let Some(interaction) = m.interaction.and_then(|i| world.interactions.get(&i)) {
        shape["webhook_id"] = json!(BOT.to_string());
        shape["application_id"] = json!(BOT.to_string());
        shape["interaction_metadata"] = came_of(world, interaction);
    }
    shape
}

/// What a message that answers says of its interaction.
fn came_of(world: &World, i: &Interaction) -> Value {
    let part = |kind: u8, id: Id| {
        json!({
            "id": id.to_string(), "type": kind, "user": user(&world.users[&i.user]),
            "authorizing_integration_owners": owners(world.channels.get(&i.channel).is_some_and(|c| c.kind == 1)),
        })
    };
    let mut whole = part(i.kind, i.id);
    let on = i.message.map(|m| json!(m.to_string()));
    match (i.kind, on) {
        (3, Some(on)) => whole["interacted_message_id"] = on,
        // A modal tells of what opened it.
        (5, Some(on)) => {
            whole["triggering_interaction_metadata"] = part(3, i.id - 1);
            whole["triggering_interaction_metadata"]["interacted_message_id"] = on;
        }
        (5, None) => whole["triggering_interaction_metadata"] = part(2, i.id - 1),
        _ => {}
    }
    whole
}

fn reaction(emoji: &str, who: &[Id]) -> Value {
    json!({
        "emoji": emoji_of(emoji), "count": who.len(), "count_details": { "burst": 0, "normal": who.len() },
        "burst_colors": [], "me_burst": false, "burst_me": false, "me": who.contains(&BOT), "burst_count": 0,
    })
}

pub fn emoji_of(emoji: &str) -> Value {
    json!({ "id": null, "name": emoji })
}

/// Discord numbers the components of a message.
fn number(components: &mut Value, last: &mut u64) {
    for component in components.as_array_mut().into_iter().flatten() {
        *last += 1;
        component["id"] = json!(*last);
        number(&mut component["components"], last);
        if component["components"].is_null() {
            component.as_object_mut().map(|c| c.remove("components"));
        }
    }
}

/// `INTERACTION_CREATE`, with its data. In a direct channel there is no guild and no member: it is a user who does it, and
/// the application's owner is named 0.
pub fn interaction(world: &World, i: &Interaction, data: &Value) -> Value {
    let place = &world.channels[&i.channel];
    let mut at = channel(place);
    let mut shape = json!({
        "id": i.id.to_string(), "application_id": BOT.to_string(), "type": i.kind, "data": data, "version": 1,
        "token": i.token, "channel_id": i.channel.to_string(), "locale": "en-US", "entitlements": [],
        "entitlement_sku_ids": [], "app_permissions": place.may.to_string(), "attachment_size_limit": 10_485_760,
        "authorizing_integration_owners": owners(place.kind == 1),
    });
    if let Some(with) = place.with {
        at["recipients"] = json!([user(&world.users[&with])]);
        shape["user"] = user(&world.users[&i.user]);
        shape["context"] = json!(1);
    } else {
        at["permissions"] = json!("2248473465835073");
        let mut who = member(world, i.user, true);
        who["permissions"] = json!("2248473465835073");
        shape["member"] = who;
        shape["guild_id"] = json!(GUILD.to_string());
        shape["guild"] = json!({ "id": GUILD.to_string(), "locale": "en-US", "features": [] });
        shape["guild_locale"] = json!("en-US");
        shape["context"] = json!(0);
    }
    shape["channel"] = at;
    if let Some(m) = i.message.and_then(|m| world.messages.get(&m)) {
        shape["message"] = message(world, m, false);
    }
    shape
}

/// Where the application was added: to the guild.
fn owners(direct: bool) -> Value {
    json!({ "0": if direct { "0".to_owned() } else { GUILD.to_string() } })
}
