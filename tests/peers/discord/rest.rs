//! What a bot asks of Discord: REST v10.

use super::checks::{self, Place};
use super::faults::Fault;
use super::form::{self, Part};
use super::rates::{Limited, Standing, Take};
use super::shapes;
use super::tls::Identity;
use super::world::{Attachment, BOT, Call, GUILD, Id, Message, World, intents, may, now_ms, str_of};
use super::{Inner, commands, interactions, lock, threads};
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Weak;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Bytes of a request.
const BODY: usize = 12 << 20;
/// How long a request that kills the bot is held.
const HELD: Duration = Duration::from_secs(30);
/// Distinct emoji on a message.
const REACTIONS: usize = 20;

/// What was done: a status and what is said with it.
pub type Done = Result<(u16, Value), Problem>;

/// What Discord says when it will not.
#[derive(Debug)]
pub struct Problem {
    pub status: u16,
    pub body: Value,
    headers: Vec<(&'static str, String)>,
}

pub fn refuse(status: u16, code: u32, message: &str) -> Problem {
    Problem { status, body: json!({ "code": code, "message": message }), headers: Vec::new() }
}

/// A body that breaks limits.
pub fn invalid(found: &[String]) -> Problem {
    let errors: Vec<Value> = found.iter().map(|m| json!({ "code": "BASE_TYPE_BAD", "message": m })).collect();
    Problem {
        status: 400,
        body: json!({ "code": 50035, "message": "Invalid Form Body", "errors": { "_errors": errors } }),
        headers: Vec::new(),
    }
}

/// The connection ends here.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

pub async fn serve(inner: Weak<Inner>, listener: TcpListener, identity: Identity) {
    while let Ok((stream, _)) = listener.accept().await {
        if inner.strong_count() == 0 {
            return;
        }
        let (inner, acceptor) = (inner.clone(), identity.acceptor.clone());
        tokio::spawn(async move {
            _ = stream.set_nodelay(true);
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = hyper::service::service_fn(move |request| handle(inner.clone(), request));
            _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// A request, read.
pub struct Asked {
    pub method: String,
    pub path: Vec<String>,
    pub query: String,
    pub body: Value,
    pub files: Vec<Part>,
    /// When it came in.
    pub at: Instant,
    /// Its answer reaches the bot.
    pub heard: bool,
}

impl Asked {
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.split('&').filter_map(|p| p.split_once('=')).find(|(k, _)| *k == name).map(|(_, v)| v)
    }

    /// Its route: neither ids, but the first one, nor an emoji make it another one.
    fn route(&self) -> String {
        let parts = self.path.iter().enumerate();
        let same = |(i, part): (usize, &String)| {
            let differs = i > 1 && part.parse::<Id>().is_ok() || i == 5 && self.path[4] == "reactions";
            format!("/{}", if differs { "_" } else { part })
        };
        format!("{} {}", self.method, parts.map(same).collect::<String>())
    }

    /// An interaction is answered, or the gateway asked for: without the bot's token, and outside its limits.
    fn open(&self) -> bool {
        matches!(self.path.first().map(String::as_str), Some("interactions" | "webhooks")) || self.path == ["gateway"]
    }
}

async fn handle(inner: Weak<Inner>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let at = Instant::now();
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = to_bytes(Body::new(body), BODY).await.map_err(|_| Cut)?;
    let method = head.method.as_str().to_owned();
    let path = head.uri.path().trim_start_matches("/api/v10").to_owned();
    let fault = {
        let inner = inner.upgrade().ok_or(Cut)?;
        let mut world = lock(&inner.world);
        let agent = header("user-agent");
        if !agent.starts_with("DiscordBot (") {
            world.broke(format!("{method} {path} by {agent:?}: a bot names itself DiscordBot (address, version)"));
        }
        world.faults.meet(&method, &path)
    };
    match fault {
        Some(Fault::Cut) => return Err(Cut),
        Some(Fault::Slow(delay)) => tokio::time::sleep(delay).await,
        _ => {}
    }
    let mut response = {
        let inner = inner.upgrade().ok_or(Cut)?;
        let mut world = lock(&inner.world);
        let segments = path.split('/').filter(|s| !s.is_empty());
        let decode = |s: &str| percent_decode_str(s).decode_utf8_lossy().into_owned();
        let read = form::read(&header("content-type"), &bytes);
        let (body, files) = read.unwrap_or_else(|why| {
            world.broke(format!("{method} {path}: {why}"));
            (Value::Null, Vec::new())
        });
        let asked = Asked {
            method: method.clone(),
            path: segments.map(decode).collect(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            body,
            files,
            at,
            heard: !matches!(fault, Some(Fault::Lost | Fault::DoneAndStatus(_) | Fault::Kill)),
        };
        let route = asked.route();
        if world.rates.ignored(&route, at, asked.open()) {
            world.broke(format!("{method} {path}: asked although told to wait"));
        }
        let (response, status, body) = match fault {
            Some(Fault::TooMany { after, global }) => {
                world.rates.tell(&route, Instant::now(), after, global && !asked.open());
                too_many(after, global)
            }
            Some(Fault::TooManyBare) => bare(429, "<html><body>error code: 1015</body></html>"),
            Some(Fault::Status(status)) => bare(status, "upstream connect error"),
            _ => answer(&mut world, &asked, &header("authorization"), &path),
        };
        let query = head.uri.query().unwrap_or_default().to_owned();
        world.calls.push(Call { at, method, path, query, body, status });
        response
    };
    match fault {
        Some(Fault::Lost) => return Err(Cut),
        Some(Fault::DoneAndStatus(status)) => response = bare(status, "upstream reset").0,
        Some(Fault::Kill) => {
            if let Some(inner) = inner.upgrade()
                && let Some(tell) = &lock(&inner.world).faults.tell_kill
            {
                _ = tell.send(());
            }
            tokio::time::sleep(HELD).await;
            return Err(Cut);
        }
        _ => {}
    }
    Ok(response)
}

fn bare(status: u16, text: &str) -> (Response<Body>, u16, Value) {
    let response =
        Response::builder().status(status).header("content-type", "text/html").body(Body::from(text.to_owned()));
    (response.unwrap_or_default(), status, Value::Null)
}

fn too_many(after: f64, global: bool) -> (Response<Body>, u16, Value) {
    let body = json!({ "message": "You are being rate limited.", "retry_after": after, "global": global });
    let mut response = Response::builder()
        .status(429)
        .header("content-type", "application/json")
        .header("retry-after", format!("{}", after.ceil()))
        .header("x-ratelimit-scope", if global { "global" } else { "shared" });
    if global {
        response = response.header("x-ratelimit-global", "true");
    } else {
        response = response.header("x-ratelimit-reset-after", format!("{after:.3}"));
    }
    (response.body(Body::from(body.to_string())).unwrap_or_default(), 429, Value::Null)
}

/// Authority, rates, work; the response with its status, and the request's body for the log.
fn answer(world: &mut World, asked: &Asked, authorization: &str, path: &str) -> (Response<Body>, u16, Value) {
    let open = asked.open();
    let token = format!("Bot {}", world.settings.token);
    let mut standing = None;
    let done = if !open && authorization != token {
        Err(refuse(401, 0, "401: Unauthorized"))
    } else {
        rate(world, asked, open).and_then(|s| {
            standing = s;
            route(world, asked)
        })
    };
    if let Err(problem) = &done
        && problem.body["code"] == 50035
    {
        for error in problem.body["errors"]["_errors"].as_array().cloned().unwrap_or_default() {
            world.broke(format!("{} {path}: {}", asked.method, str_of(&error["message"])));
        }
    }
    let (status, body, extra) = match done {
        Ok((status, body)) => (status, body, Vec::new()),
        Err(problem) => (problem.status, problem.body, problem.headers),
    };
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    if let Some(s) = standing {
        let reset_after = s.reset_after.as_secs_f64();
        response = response
            .header("x-ratelimit-bucket", s.name)
            .header("x-ratelimit-limit", s.limit)
            .header("x-ratelimit-remaining", s.remaining)
            .header("x-ratelimit-reset", format!("{:.3}", now_ms() as f64 / 1000.0 + reset_after))
            .header("x-ratelimit-reset-after", format!("{reset_after:.3}"));
    }
    for (name, value) in extra {
        response = response.header(name, value);
    }
    let text = if status == 204 { String::new() } else { body.to_string() };
    (response.body(Body::from(text)).unwrap_or_default(), status, asked.body.clone())
}

/// The request counted in its bucket and over all.
fn rate(world: &mut World, asked: &Asked, open: bool) -> Result<Option<Standing>, Problem> {
    if !world.settings.rates {
        return Ok(None);
    }
    let seconds = Duration::from_secs;
    let p: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let bucket = match (asked.method.as_str(), p.as_slice()) {
        ("POST", ["channels", c, "messages"]) => Some((format!("post {c}"), 5, seconds(5))),
        ("PATCH", ["channels", c, "messages", _]) => Some((format!("edit {c}"), 5, seconds(5))),
        (_, ["channels", c, "messages", _, "reactions", ..]) if asked.method != "GET" => {
            Some((format!("react {c}"), 1, Duration::from_millis(250)))
        }
        ("GET", ["channels", c, ..]) => Some((format!("read {c}"), 10, seconds(2))),
        (method, ["channels", c, kind, ..]) => Some((format!("{method} {kind} {c}"), 5, seconds(5))),
        (_, ["webhooks", _, token, ..]) => Some((format!("webhook {token}"), 5, seconds(2))),
        _ => None,
    };
    let route = asked.route();
    let take = Take { route: &route, at: asked.at, now: Instant::now(), heard: asked.heard };
    let mut limited = None;
    if !open {
        limited = world.rates.take_global(&take).err();
    }
    let standing = match (&limited, &bucket) {
        (None, Some((name, limit, window))) => match world.rates.take(name, *limit, *window, &take) {
            Ok(standing) => Some(standing),
            Err(why) => {
                limited = Some(why);
                None
            }
        },
        _ => None,
    };
    if limited.is_none()
        && let ("PATCH", ["channels", c, "messages", m]) = (asked.method.as_str(), p.as_slice())
        && let Some(message) = m.parse::<Id>().ok().and_then(|m| world.messages.get(&m))
        && message.created.elapsed() >= world.settings.old_message
        && let Err(why) = world.rates.take(&format!("old edit {c}"), 3, seconds(5), &take)
    {
        let mut problem = too_fast(world, &why, asked);
        problem.body["code"] = json!(30046);
        problem.body["message"] =
            json!("Maximum number of edits to messages older than 1 hour reached. Try again later.");
        return Err(problem);
    }
    match limited {
        Some(why) => Err(too_fast(world, &why, asked)),
        None => Ok(standing),
    }
}

fn too_fast(world: &mut World, why: &Limited, asked: &Asked) -> Problem {
    let what = format!("{} /{} ({})", asked.method, asked.path.join("/"), why.standing.name);
    if why.hammering {
        world.broke(format!("{what}: asked again although told to wait"));
    }
    world.rates.earned.push(what);
    let after = why.retry_after.as_secs_f64();
    let mut headers = vec![
        ("retry-after", format!("{}", after.ceil())),
        ("x-ratelimit-scope", if why.global { "global" } else { "user" }.to_owned()),
    ];
    if why.global {
        headers.push(("x-ratelimit-global", "true".into()));
    } else {
        headers.push(("x-ratelimit-bucket", why.standing.name.clone()));
        headers.push(("x-ratelimit-limit", why.standing.limit.to_string()));
        headers.push(("x-ratelimit-remaining", "0".into()));
        headers.push(("x-ratelimit-reset-after", format!("{after:.3}")));
    }
    let body = json!({ "message": "You are being rate limited.", "retry_after": after, "global": why.global });
    Problem { status: 429, body, headers }
}

pub fn number(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| refuse(400, 50035, "Value is not snowflake."))
}

/// The channel is there, and the bot may do these things in it.
pub fn allowed(world: &World, channel: Id, bits: u64) -> Result<(), Problem> {
    let place = world.channels.get(&channel).ok_or_else(|| refuse(404, 10003, "Unknown Channel"))?;
    if place.may & may::VIEW == 0 {
        return Err(refuse(403, 50001, "Missing Access"));
    }
    if place.may & bits != bits {
        return Err(refuse(403, 50013, "Missing Permissions"));
    }
    Ok(())
}

/// The message is there, in that channel, for everybody.
pub fn there(world: &World, channel: Id, message: Id) -> Result<(), Problem> {
    match world.messages.get(&message) {
        Some(m) if m.channel == channel && m.only_for.is_none() => Ok(()),
        _ => Err(refuse(404, 10008, "Unknown Message")),
    }
}

fn route(world: &mut World, asked: &Asked) -> Done {
    let p: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method.as_str(), p.as_slice()) {
        ("GET", ["gateway"]) => Ok((200, json!({ "url": gateway(world) }))),
        ("GET", ["gateway", "bot"]) => Ok((
            200,
            json!({
                "url": gateway(world), "shards": 1,
                "session_start_limit": { "total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1 },
            }),
        )),
        ("GET", ["users", "@me"]) => Ok((200, shapes::myself(world))),
        ("GET", ["users", "@me", "guilds"]) => Ok((
            200,
            json!([{ "id": GUILD.to_string(), "name": "Ops", "icon": null, "banner": null, "owner": false,
                "permissions": may::ALL.to_string(), "features": [] }]),
        )),
        ("GET", ["users", id]) => {
            let id = number(id)?;
            world.users.get(&id).map(|u| (200, shapes::user(u))).ok_or_else(|| refuse(404, 10013, "Unknown User"))
        }
        ("POST", ["users", "@me", "channels"]) => threads::direct(world, &asked.body),
        ("GET", ["applications" | "oauth2", ..]) if p.last() == Some(&"@me") => Ok((200, shapes::application(world))),
        (_, ["applications", app, rest @ ..]) if *app == BOT.to_string() => commands::route(world, asked, rest),
        ("GET", ["guilds", guild, rest @ ..]) if *guild == GUILD.to_string() => in_guild(world, rest),
        (_, ["guilds", ..]) => Err(refuse(403, 50001, "Missing Access")),
        (_, ["interactions", id, token, "callback"]) => interactions::callback(world, asked, number(id)?, token),
        (_, ["webhooks", app, token, rest @ ..]) if *app == BOT.to_string() => {
            interactions::webhook(world, asked, token, rest)
        }
        (_, ["channels", channel, rest @ ..]) => in_channel(world, asked, number(channel)?, rest),
        _ => {
            world.broke(format!("{} /{} is not known here", asked.method, asked.path.join("/")));
            Err(refuse(404, 0, "404: Not Found"))
        }
    }
}

fn gateway(world: &World) -> String {
    world.settings.gateway.clone().unwrap_or_else(|| format!("ws://{}", world.gateway))
}

fn in_guild(world: &World, rest: &[&str]) -> Done {
    match rest {
        [] => Ok((200, shapes::rest_guild(world))),
        ["roles"] => Ok((200, shapes::roles(world))),
        ["channels"] => Ok((200, world.channels.values().filter(|c| c.kind == 0).map(shapes::channel).collect())),
        ["threads", "active"] => {
            let threads: Value =
                world.channels.values().filter(|c| c.kind == 11 && !c.archived).map(shapes::channel).collect();
            Ok((200, json!({ "threads": threads, "members": [] })))
        }
        ["members", "search"] => Ok((200, world.users.keys().map(|id| shapes::member(world, *id, true)).collect())),
        ["members"] => Ok((200, world.users.keys().map(|id| shapes::member(world, *id, true)).collect())),
        ["members", id] => {
            let id = if *id == "@me" { BOT } else { number(id)? };
            if !world.users.contains_key(&id) {
                return Err(refuse(404, 10007, "Unknown Member"));
            }
            Ok((200, shapes::member(world, id, true)))
        }
        _ => Err(refuse(404, 0, "404: Not Found")),
    }
}

fn in_channel(world: &mut World, asked: &Asked, channel: Id, rest: &[&str]) -> Done {
    match (asked.method.as_str(), rest) {
        ("GET", []) => {
            allowed(world, channel, 0)?;
            Ok((200, shapes::channel(&world.channels[&channel])))
        }
        ("PATCH", []) => threads::change(world, channel, &asked.body),
        ("POST", ["typing"]) | ("PUT", ["thread-members", "@me"]) => {
            allowed(world, channel, 0)?;
            Ok((204, Value::Null))
        }
        ("POST", ["messages"]) => create(world, asked, channel),
        ("GET", ["messages"]) => list(world, asked, channel),
        ("POST", ["messages", message, "threads"]) => {
            threads::begin(world, channel, Some(number(message)?), &asked.body)
        }
        ("POST", ["threads"]) => threads::begin(world, channel, None, &asked.body),
        ("GET", ["messages", message]) => {
            allowed(world, channel, may::HISTORY)?;
            let message = number(message)?;
            there(world, channel, message)?;
            Ok((200, shapes::message(world, &world.messages[&message], false)))
        }
        ("PATCH", ["messages", message]) => edit(world, asked, channel, number(message)?),
        ("DELETE", ["messages", message]) => {
            allowed(world, channel, 0)?;
            let message = number(message)?;
            there(world, channel, message)?;
            if world.messages[&message].author != BOT {
                allowed(world, channel, may::MANAGE_MESSAGES)?;
            }
            world.messages.remove(&message);
            let gone =
                json!({ "id": message.to_string(), "channel_id": channel.to_string(), "guild_id": GUILD.to_string() });
            world.dispatch("MESSAGE_DELETE", Some(intents::GUILD_MESSAGES), &gone);
            Ok((204, Value::Null))
        }
        (_, ["messages", message, "reactions", rest @ ..]) => react(world, asked, channel, number(message)?, rest),
        _ => {
            world.broke(format!("{} /{} is not known here", asked.method, asked.path.join("/")));
            Err(refuse(404, 0, "404: Not Found"))
        }
    }
}

/// What every body of a message must hold to.
pub fn checked(body: &Value, place: Place, files: usize) -> Result<(), Problem> {
    let found = checks::message(body, place, files);
    if found.is_empty() { Ok(()) } else { Err(invalid(&found)) }
}

/// A message from a body.
pub fn compose(world: &mut World, channel: Id, body: &Value, files: &[Part]) -> Message {
    let list = |v: &Value| if v.is_array() { v.clone() } else { json!([]) };
    let attachments = keep_files(world, files);
    let about = str_of(&body["message_reference"]["message_id"]).parse().ok().map(|id| (channel, id));
    Message {
        id: world.id(),
        channel,
        author: BOT,
        // An answer to another message, or an ordinary one.
        kind: if about.is_some() { 19 } else { 0 },
        content: str_of(&body["content"]).to_owned(),
        embeds: list(&body["embeds"]),
        components: list(&body["components"]),
        attachments,
        nonce: Some(body["nonce"].clone()).filter(|n| !n.is_null()),
        flags: body["flags"].as_u64().unwrap_or(0),
        reactions: Vec::new(),
        only_for: None,
        interaction: None,
        created: Instant::now(),
        edits: 0,
        edited_ms: None,
        has_thread: false,
        about,
    }
}

fn keep_files(world: &mut World, files: &[Part]) -> Vec<Attachment> {
    let keep = |f: &Part| Attachment { id: 0, name: f.file.clone().unwrap_or_default(), bytes: f.bytes.clone() };
    let mut kept: Vec<Attachment> = files.iter().map(keep).collect();
    for attachment in &mut kept {
        attachment.id = world.id();
    }
    kept
}

fn create(world: &mut World, asked: &Asked, channel: Id) -> Done {
    let body = &asked.body;
    allowed(world, channel, 0)?;
    let place = &world.channels[&channel];
    let mut bits = if place.kind == 11 { may::SEND_IN_THREADS } else { may::SEND };
    if body["embeds"].as_array().is_some_and(|e| !e.is_empty()) {
        bits |= may::EMBED;
    }
    if !asked.files.is_empty() {
        bits |= may::ATTACH;
    }
    allowed(world, channel, bits)?;
    if place.locked {
        return Err(refuse(400, 50083, "Thread is archived"));
    }
    checked(body, Place::Create, asked.files.len())?;
    if body["enforce_nonce"] == true {
        let window = world.settings.nonce_window;
        let twin = world.messages.values().find(|m| {
            m.author == BOT
                && m.channel == channel
                && m.nonce.as_ref() == Some(&body["nonce"])
                && m.created.elapsed() < window
        });
        if let Some(twin) = twin {
            return Ok((200, shapes::message(world, twin, true)));
        }
    }
    // Writing opens a thread again.
    if let Some(place) = world.channels.get_mut(&channel) {
        place.archived = false;
    }
    let message = compose(world, channel, body, &asked.files);
    let id = message.id;
    world.messages.insert(id, message);
    world.tell_message("MESSAGE_CREATE", id);
    Ok((200, shapes::message(world, &world.messages[&id], true)))
}

fn list(world: &World, asked: &Asked, channel: Id) -> Done {
    allowed(world, channel, may::HISTORY)?;
    let limit = asked.query("limit").map_or(Ok(50), |l| l.parse::<usize>()).unwrap_or(0);
    if !(1..=100).contains(&limit) {
        return Err(invalid(&["limit is 1 to 100".into()]));
    }
    let bound = |name: &str| asked.query(name).and_then(|v| v.parse::<Id>().ok());
    let (before, after) = (bound("before").unwrap_or(Id::MAX), bound("after"));
    let mut found: Vec<&Message> = world
        .messages
        .values()
        .filter(|m| m.channel == channel && m.only_for.is_none() && m.id < before && m.id > after.unwrap_or(0))
        .collect();
    // The oldest after a mark, the newest otherwise; newest first either way.
    if after.is_some() {
        found.truncate(limit);
    } else {
        let extra = found.len().saturating_sub(limit);
        found.drain(..extra);
    }
    found.reverse();
    Ok((200, found.into_iter().map(|m| shapes::message(world, m, false)).collect()))
}

/// What an edit changes.
pub fn change(world: &mut World, id: Id, body: &Value, files: &[Part]) {
    let new = keep_files(world, files);
    let Some(message) = world.messages.get_mut(&id) else { return };
    if !body["content"].is_null() {
        message.content = str_of(&body["content"]).to_owned();
    }
    for (field, value) in [(&mut message.embeds, &body["embeds"]), (&mut message.components, &body["components"])] {
        if value.is_array() {
            *field = value.clone();
        }
    }
    if let Some(kept) = body["attachments"].as_array() {
        let kept: Vec<Id> = kept.iter().filter_map(|a| str_of(&a["id"]).parse().ok()).collect();
        message.attachments.retain(|a| kept.contains(&a.id));
    }
    message.attachments.extend(new);
    message.edits += 1;
    message.edited_ms = Some(now_ms());
}

fn edit(world: &mut World, asked: &Asked, channel: Id, id: Id) -> Done {
    allowed(world, channel, 0)?;
    there(world, channel, id)?;
    if world.messages[&id].author != BOT {
        return Err(refuse(403, 50005, "Cannot edit a message authored by another user"));
    }
    if world.channels[&channel].archived {
        return Err(refuse(400, 50083, "Thread is archived"));
    }
    checked(&asked.body, Place::Edit, asked.files.len())?;
    change(world, id, &asked.body, &asked.files);
    world.tell_message("MESSAGE_UPDATE", id);
    Ok((200, shapes::message(world, &world.messages[&id], false)))
}

fn react(world: &mut World, asked: &Asked, channel: Id, id: Id, rest: &[&str]) -> Done {
    let method = asked.method.as_str();
    allowed(world, channel, 0)?;
    there(world, channel, id)?;
    if method != "GET" && world.channels[&channel].archived {
        return Err(refuse(400, 50083, "Thread is archived"));
    }
    match (method, rest) {
        ("GET", [emoji]) => {
            allowed(world, channel, may::HISTORY)?;
            let limit = asked.query("limit").map_or(Ok(25), |l| l.parse::<usize>()).unwrap_or(0);
            if !(1..=100).contains(&limit) {
                return Err(invalid(&["limit is 1 to 100".into()]));
            }
            let after = asked.query("after").and_then(|v| v.parse::<Id>().ok()).unwrap_or(0);
            let mut who: Vec<Id> = world.messages[&id].reacted(emoji).iter().copied().filter(|u| *u > after).collect();
            who.sort_unstable();
            Ok((200, who.iter().take(limit).map(|u| shapes::user(&world.users[u])).collect()))
        }
        ("PUT", [emoji, "@me"]) => {
            if emoji.is_ascii() && !emoji.contains(':') {
                return Err(refuse(400, 10014, "Unknown Emoji"));
            }
            let known = world.messages[&id].reactions.iter().any(|(e, _)| e == emoji);
            if !known {
                allowed(world, channel, may::ADD_REACTIONS)?;
                if world.messages[&id].reactions.len() >= REACTIONS {
                    world.broke(format!("more than {REACTIONS} reactions on {id}"));
                    return Err(refuse(400, 30010, "Maximum number of reactions reached (20)"));
                }
            }
            reaction(world, id, emoji, BOT, true);
            Ok((204, Value::Null))
        }
        ("DELETE", [emoji, who]) => {
            let who = if *who == "@me" { BOT } else { number(who)? };
            if who != BOT {
                allowed(world, channel, may::MANAGE_MESSAGES)?;
            }
            reaction(world, id, emoji, who, false);
            Ok((204, Value::Null))
        }
        ("DELETE", _) => {
            allowed(world, channel, may::MANAGE_MESSAGES)?;
            let gone: Vec<(String, Vec<Id>)> = world.messages[&id].reactions.clone();
            for (emoji, who) in gone.into_iter().filter(|(e, _)| rest.first().is_none_or(|only| only == e)) {
                for person in who {
                    reaction(world, id, &emoji, person, false);
                }
            }
            Ok((204, Value::Null))
        }
        _ => Err(refuse(405, 0, "405: Method Not Allowed")),
    }
}

/// Puts a reaction on a message or takes it off; tells of it where that changed anything.
pub fn reaction(world: &mut World, id: Id, emoji: &str, who: Id, present: bool) -> bool {
    let Some(message) = world.messages.get_mut(&id) else { return false };
    let (channel, author) = (message.channel, message.author);
    let at = message.reactions.iter().position(|(e, _)| e == emoji);
    let there = at.is_some_and(|at| message.reactions[at].1.contains(&who));
    if there == present {
        return false;
    }
    match at {
        Some(at) if present => message.reactions[at].1.push(who),
        Some(at) => {
            message.reactions[at].1.retain(|u| *u != who);
            if message.reactions[at].1.is_empty() {
                message.reactions.remove(at);
            }
        }
        None => message.reactions.push((emoji.to_owned(), vec![who])),
    }
    let mut data = json!({
        "user_id": who.to_string(), "channel_id": channel.to_string(), "message_id": id.to_string(),
        "guild_id": GUILD.to_string(), "emoji": shapes::emoji_of(emoji), "burst": false, "type": 0,
    });
    if present {
        data["member"] = shapes::member(world, who, true);
        data["message_author_id"] = json!(author.to_string());
    }
    let kind = if present { "MESSAGE_REACTION_ADD" } else { "MESSAGE_REACTION_REMOVE" };
    world.dispatch(kind, Some(intents::REACTIONS), &data)
}
