//! What a bot hears: the gateway, a WebSocket.

use super::shapes;
use super::world::{BOT, GUILD, Out, Session, World, intents};
use super::{Inner, lock};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Between two new sessions, less what a busy machine may be late.
const IDENTIFY_EVERY: Duration = Duration::from_secs(4);

pub async fn serve(inner: Weak<Inner>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let Some(strong) = inner.upgrade() else { return };
        let refuse = {
            let mut world = lock(&strong.world);
            world.connections += 1;
            world.faults.refuse_gateway
        };
        if !refuse {
            tokio::spawn(connection(inner.clone(), stream));
        }
    }
}

/// What comes of something said on a connection.
enum Next {
    Nothing,
    Say(Vec<String>),
    /// The connection has this session from now on.
    Joined(String, Vec<String>),
    Close(u16),
}

async fn connection(inner: Weak<Inner>, stream: TcpStream) {
    _ = stream.set_nodelay(true);
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let Some(heartbeat) = with(&inner, |w| w.settings.heartbeat) else { return };
    let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": heartbeat.as_millis() as u64, "_trace": [] } });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    let (line, mut outs) = mpsc::unbounded_channel();
    let mut session: Option<String> = None;
    let mut heard = Instant::now();
    let end = loop {
        let patience = (heartbeat * 2).saturating_sub(heard.elapsed());
        tokio::select! {
            out = outs.recv() => match out {
                Some(Out::Text(text)) => if socket.send(Message::text(text)).await.is_err() { break None },
                Some(other) => break Some(other),
                None => break None,
            },
            said = socket.next() => {
                let text = match said {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break None,
                    Some(Ok(_)) => continue,
                };
                heard = Instant::now();
                let next = with(&inner, |world| hear(world, &text, session.as_deref(), &line));
                match next {
                    None => break None,
                    Some(Next::Nothing) => {}
                    Some(Next::Say(texts)) => if say(&mut socket, texts).await.is_err() { break None },
                    Some(Next::Joined(id, texts)) => {
                        session = Some(id);
                        if say(&mut socket, texts).await.is_err() { break None }
                    }
                    Some(Next::Close(code)) => break Some(Out::Close(Some(code))),
                }
            }
            () = tokio::time::sleep(patience) => {
                break Some(Out::Close(Some(4009)));
            }
        }
    };
    if let Some(id) = &session {
        with(&inner, |world| {
            // A later connection may have taken the session over.
            if let Some(s) = world.sessions.get_mut(id)
                && s.line.as_ref().is_some_and(|l| l.same_channel(&line))
            {
                s.line = None;
            }
        });
    }
    match end {
        Some(Out::Close(code)) => {
            let frame = code.map(|code| CloseFrame { code: code.into(), reason: "".into() });
            _ = socket.close(frame).await;
            // The other side answers a close before the connection may end.
            _ = tokio::time::timeout(Duration::from_secs(5), async { while let Some(Ok(_)) = socket.next().await {} })
                .await;
        }
        Some(Out::Reset) => _ = socket.get_ref().set_zero_linger(),
        _ => {}
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, texts: Vec<String>) -> Result<(), ()> {
    for text in texts {
        socket.send(Message::text(text)).await.map_err(drop)?;
    }
    Ok(())
}

fn with<T>(inner: &Weak<Inner>, f: impl FnOnce(&mut World) -> T) -> Option<T> {
    let inner: Arc<Inner> = inner.upgrade()?;
    let mut world = lock(&inner.world);
    Some(f(&mut world))
}

fn hear(world: &mut World, text: &str, session: Option<&str>, line: &mpsc::UnboundedSender<Out>) -> Next {
    let Ok(said) = serde_json::from_str::<Value>(text) else { return Next::Close(4002) };
    match said["op"].as_u64() {
        Some(1) => {
            let seq = &said["d"];
            let known = session.and_then(|s| world.sessions.get(s)).map_or(0, |s| s.seq);
            if !(seq.is_null() || seq.as_u64().is_some_and(|s| s <= known)) {
                world.broke(format!("a heartbeat after {seq}, of {known}"));
            }
            if world.faults.mute_heartbeats {
                return Next::Nothing;
            }
            Next::Say(vec![json!({ "op": 11 }).to_string()])
        }
        Some(2) if session.is_some() => Next::Close(4005),
        Some(2) => identify(world, &said["d"], line),
        Some(6) => resume(world, &said["d"], line),
        Some(3 | 4 | 8) if session.is_none() => Next::Close(4003),
        Some(3 | 4 | 8 | 31) => Next::Nothing,
        _ => Next::Close(4001),
    }
}

fn invalid_session() -> Next {
    Next::Say(vec![json!({ "op": 9, "d": false }).to_string()])
}

fn identify(world: &mut World, d: &Value, line: &mpsc::UnboundedSender<Out>) -> Next {
    world.identifies += 1;
    if d["token"] != Value::String(world.settings.token.clone())
        && d["token"] != Value::String(format!("Bot {}", world.settings.token))
    {
        return Next::Close(4004);
    }
    let Some(wanted) = d["intents"].as_u64().filter(|i| i & !intents::KNOWN == 0) else { return Next::Close(4013) };
    if wanted & intents::PRIVILEGED & !world.settings.privileged != 0 {
        return Next::Close(4014);
    }
    if !d["shard"].is_null() && d["shard"] != json!([0, 1]) {
        return Next::Close(4010);
    }
    for key in ["os", "browser", "device"] {
        if d["properties"][key].is_null() {
            world.broke(format!("identify without properties.{key}"));
        }
    }
    if world.last_identify.is_some_and(|last| last.elapsed() + world.rates.late(Instant::now()) < IDENTIFY_EVERY) {
        world.broke(format!("two new sessions within {IDENTIFY_EVERY:?}"));
    }
    world.last_identify = Some(Instant::now());
    // What an older session of this process missed is not told to the new one.
    let id = format!("session-{}", world.identifies);
    let mut session = Session { id: id.clone(), intents: wanted, seq: 0, buffer: Vec::new(), line: Some(line.clone()) };
    let ready = json!({
        "v": 10, "user": shapes::myself(world), "user_settings": {}, "session_type": "normal", "session_id": id,
        "resume_gateway_url": format!("ws://{}", world.gateway), "relationships": [], "private_channels": [],
        "presences": [], "guilds": [{ "id": GUILD.to_string(), "unavailable": true }], "guild_join_requests": [],
        "geo_ordered_rtc_regions": [], "game_relationships": [], "auth": {}, "shard": [0, 1],
        "application": { "id": BOT.to_string(), "flags": 0 }, "_trace": [],
    });
    session.say("READY", &ready);
    if wanted & intents::GUILDS != 0 {
        session.say("GUILD_CREATE", &shapes::guild(world));
    }
    world.sessions.insert(id.clone(), session);
    Next::Joined(id, Vec::new())
}

fn resume(world: &mut World, d: &Value, line: &mpsc::UnboundedSender<Out>) -> Next {
    let id = d["session_id"].as_str().unwrap_or_default().to_owned();
    if world.faults.refuse_resume {
        world.sessions.remove(&id);
        return invalid_session();
    }
    let Some(session) = world.sessions.get_mut(&id) else { return invalid_session() };
    let seq = d["seq"].as_u64().unwrap_or(0);
    if seq > session.seq {
        return Next::Close(4007);
    }
    if seq + 1 < session.buffer.first().map_or(session.seq, |(s, _)| *s) {
        world.sessions.remove(&id);
        return invalid_session();
    }
    // Whoever held the session before is cut off.
    if let Some(old) = session.line.replace(line.clone()) {
        _ = old.send(Out::End);
    }
    for (_, missed) in session.buffer.iter().filter(|(s, _)| *s > seq) {
        _ = line.send(Out::Text(missed.clone()));
    }
    session.say("RESUMED", &json!({ "_trace": [] }));
    world.resumes += 1;
    Next::Joined(id, Vec::new())
}
