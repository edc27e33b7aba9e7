//! Looks at Discord from the outside: whether the token works, what the bot may in the channels named in the
//! configuration, and whether the command is registered. Changes nothing.

use super::client::{Rest, Trouble, http_client, snowflake};
use super::commands;
use super::gateway::NEEDED;
use super::setup::Setup;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::ports::{Examined, Finding};
use serde_json::Value;
use serenity::model::permissions::Permissions;
use std::collections::{BTreeMap, BTreeSet};

/// Channels asked about.
const MOST: usize = 100;

const WHAT: &str = "Discord";
const INVITE: &str = "Invite the bot again with the link of deploy/discord.md, or give its role the permissions there.";

/// Looks at Discord with this setup.
pub async fn examine(setup: &Setup, config: &Config) -> Examined {
    let mut examined = Examined::default();
    let rest = match Rest::new(setup) {
        Ok(rest) => rest,
        Err(why) => {
            examined.findings.push(Finding::bad(WHAT, why, ""));
            return examined;
        }
    };
    examined.their_now = their_now(setup).await;
    let me = match rest.me().await {
        Ok(me) => me,
        Err(trouble) => {
            let todo =
                "Copy the token anew from discord.com/developers/applications → your app → Bot, into DISCORD_TOKEN.";
            let todo = if trouble.code().is_some() { todo } else { "" };
            examined.findings.push(Finding::bad(WHAT, sentence(&trouble), todo));
            return examined;
        }
    };
    examined.findings.push(Finding::good(WHAT, "The bot's token works. No privileged intent is needed."));
    examined.findings.push(command(&rest, setup).await);
    let mut known: BTreeMap<u64, Guild> = BTreeMap::new();
    if let Some(id) = setup.guild {
        match guild(&rest, id, me).await {
            Ok(guild) => _ = known.insert(id, guild),
            Err(why) => {
                let todo = "Correct DISCORD_GUILD_ID, or invite the bot there with the link of deploy/discord.md.";
                examined.findings.push(Finding::bad(format!("server {id}"), why, todo));
            }
        }
    }
    let (mut asked, mut there) = (0, 0);
    for channel in config.channels_on(super::PLATFORM).into_iter().take(MOST) {
        asked += 1;
        match in_channel(&rest, &channel, me, &mut known).await {
            Ok(lacks) if lacks.is_empty() => there += 1,
            Ok(lacks) => {
                let says = format!("The bot lacks {} there.", lacks.join(", "));
                examined.findings.push(Finding::bad(format!("channel discord:{channel}"), says, INVITE));
            }
            Err(why) => examined.findings.push(Finding::bad(format!("channel discord:{channel}"), why, INVITE)),
        }
    }
    if there > 0 {
        examined.findings.push(Finding::good("Discord's channels", format!("{there} of {asked} can be posted to.")));
    }
    examined
}

/// What went wrong, as a sentence.
fn sentence(trouble: &Trouble) -> String {
    let words = trouble.words();
    let mut chars = words.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// What time it is there. Anybody may ask where the gateway is.
async fn their_now(setup: &Setup) -> Option<Timestamp> {
    let client = http_client(setup).ok()?;
    let request =
        client.get("https://discord.com/api/v10/gateway").header("user-agent", serenity::constants::USER_AGENT);
    let response = request.send().await.ok()?;
    let date = response.headers().get("date")?.to_str().ok()?;
    Some(chrono::DateTime::parse_from_rfc2822(date).ok()?.to_utc().into())
}

async fn command(rest: &Rest, setup: &Setup) -> Finding {
    const WHAT: &str = "Discord's command";
    let registered = async {
        let application = rest.application().await?;
        rest.commands(application, setup.guild).await
    };
    match registered.await {
        Ok(known) if known.iter().any(|c| commands::same(&commands::registration(), c)) => {
            Finding::good(WHAT, "`/deploy` is registered as this Rollcall has it.")
        }
        Ok(_) => Finding::good(WHAT, "`/deploy` is registered anew when the bot starts."),
        Err(trouble) => Finding::warn(WHAT, sentence(&trouble), ""),
    }
}

/// What is known of a server: whoever is everybody there, and what the bot's roles may.
struct Guild {
    id: u64,
    everyone: Permissions,
    mine: BTreeSet<u64>,
    may: Permissions,
}

async fn guild(rest: &Rest, id: u64, me: u64) -> Result<Guild, String> {
    let roles = rest.roles(id).await.map_err(|t| sentence(&t))?;
    let member = rest.member(id, me).await.map_err(|t| sentence(&t))?;
    let mine: BTreeSet<u64> = member["roles"].as_array().into_iter().flatten().filter_map(snowflake).collect();
    let of = |role: &Value| permissions(&role["permissions"]);
    let everyone = roles.iter().find(|r| snowflake(&r["id"]) == Some(id)).map_or(Permissions::empty(), of);
    let has = |r: &&Value| snowflake(&r["id"]).is_some_and(|r| mine.contains(&r));
    let may = roles.iter().filter(has).map(of).fold(everyone, |all, role| all | role);
    Ok(Guild { id, everyone, mine, may })
}

fn permissions(value: &Value) -> Permissions {
    Permissions::from_bits_truncate(value.as_str().and_then(|p| p.parse().ok()).unwrap_or(0))
}

/// What the bot lacks in a channel.
async fn in_channel(
    rest: &Rest,
    channel: &str,
    me: u64,
    known: &mut BTreeMap<u64, Guild>,
) -> Result<Vec<&'static str>, String> {
    let Ok(id) = channel.parse::<u64>() else {
        return Err("It is no channel of Discord: its id is a number of some 18 digits (right click, Copy ID).".into());
    };
    let there = rest.channel(id).await.map_err(|t| sentence(&t))?;
    let Some(of) = snowflake(&there["guild_id"]) else {
        return Err("It belongs to no server: a direct message is no place where a team deploys.".into());
    };
    if let std::collections::btree_map::Entry::Vacant(place) = known.entry(of) {
        place.insert(guild(rest, of, me).await?);
    }
    let Some(guild) = known.get(&of) else { return Ok(Vec::new()) };
    let may = in_place(guild, &there["permission_overwrites"], me);
    Ok(NEEDED.iter().filter(|(p, _)| !may.contains(*p)).map(|(_, word)| *word).collect())
}

/// As Discord works it out: everybody's exceptions, then the roles' together, then the bot's own.
fn in_place(guild: &Guild, exceptions: &Value, me: u64) -> Permissions {
    if guild.may.contains(Permissions::ADMINISTRATOR) || guild.everyone.contains(Permissions::ADMINISTRATOR) {
        return Permissions::all();
    }
    let exceptions: Vec<(u64, Permissions, Permissions)> = exceptions
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|o| Some((snowflake(&o["id"])?, permissions(&o["allow"]), permissions(&o["deny"]))))
        .collect();
    let mut may = guild.may;
    let mut apply = |whose: &dyn Fn(u64) -> bool| {
        let of = exceptions.iter().filter(|(id, ..)| whose(*id));
        let (allow, deny) =
            of.fold((Permissions::empty(), Permissions::empty()), |(a, d), (_, allow, deny)| (a | *allow, d | *deny));
        may = (may - deny) | allow;
    };
    apply(&|id| id == guild.id);
    apply(&|id| guild.mine.contains(&id));
    apply(&|id| id == me);
    may
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn exceptions_count_in_discords_order() {
        let (view, send) = (Permissions::VIEW_CHANNEL, Permissions::SEND_MESSAGES);
        let guild = Guild { id: 1, everyone: view, mine: BTreeSet::from([7]), may: view | send };
        let exception = |id: u64, allow: Permissions, deny: Permissions| json!({ "id": id.to_string(), "allow": allow.bits().to_string(), "deny": deny.bits().to_string() });
        let none = Permissions::empty();
        for (exceptions, expected) in [
            (json!([]), view | send),
            (json!([exception(1, none, view)]), send),
            (json!([exception(1, none, view), exception(7, view, none)]), view | send),
            (json!([exception(7, send, none), exception(9, none, send)]), view),
            (json!([exception(8, none, view)]), view | send),
        ] {
            assert_eq!(in_place(&guild, &exceptions, 9), expected, "{exceptions}");
        }
        let admin = Guild { may: Permissions::ADMINISTRATOR, ..guild };
        assert_eq!(in_place(&admin, &json!([exception(1, none, view)]), 9), Permissions::all());
    }
}
