//! Clicks as Slack sends them: signed requests on kept-alive connections, at a pace or as fast as they are answered.

use crate::Done;
use crate::figures::Latencies;
use crate::slack::Slack;
use crate::slack::deliver::{now, signature};
use crate::slack::world::{ALICE, BOB, Control, Message};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{Error, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

pub const SECTIONS: usize = 6;
pub const ITEMS: usize = 10;
const CONNECTIONS: usize = 64;

const TRIGGER: &str = "TRIGGERTRIGGER";
const VALUE: &str = "VALUEVALUE";

/// Clicks have names that no two share.
static CLICKS: AtomicU64 = AtomicU64::new(0);

/// One deployment that is being clicked: every item ticked in order, then every tick taken back, then anew.
pub struct Walk {
    id: u64,
    pub channel: String,
    done: usize,
    /// The body of a click, in two persons' names, cut where it differs from click to click.
    bodies: Vec<Vec<String>>,
}

impl Walk {
    /// A walk by the buttons below a message that the bot posted.
    pub fn of(slack: &Slack, id: u64, message: &Message) -> Self {
        let element = json!({"type": "button", "action_id": "say:0", "value": VALUE,
                             "text": {"type": "plain_text", "text": "Tick"}});
        let control = Control { block: "buttons:0".into(), element };
        let bodies = [ALICE, BOB].map(|who| {
            let mut payload = slack.person(who).action_payload(message, &control, json!({}));
            payload["trigger_id"] = TRIGGER.into();
            let (_, body) = crate::slack::deliver::body(crate::slack::deliver::Kind::Interaction, &payload);
            let cut = body.replace(TRIGGER, "\0T\0").replace(VALUE, "\0V\0");
            cut.split('\0').map(str::to_owned).collect()
        });
        Self { id, channel: message.channel.clone(), done: 0, bodies: bodies.to_vec() }
    }

    fn click(&mut self) -> Click {
        let items = SECTIONS * ITEMS;
        let (item, word) = (self.done % items, if (self.done / items).is_multiple_of(2) { "tick" } else { "untick" });
        let value = format!("%23{}%20{word}%20{}.{}", self.id, item / ITEMS + 1, item % ITEMS + 1);
        let parts = &self.bodies[self.done % self.bodies.len()];
        self.done += 1;
        let trigger = format!("1337x{}x{}", std::process::id(), CLICKS.fetch_add(1, Ordering::Relaxed));
        let body = parts.iter().map(|p| match p.as_str() {
            "T" => trigger.as_str(),
            "V" => value.as_str(),
            other => other,
        });
        Click { body: body.collect() }
    }

    /// The boxes of the first section that must be ticked by now.
    pub fn ticked(&self) -> BTreeSet<String> {
        let items = SECTIONS * ITEMS;
        let (rounds, rest) = (self.done / items, self.done % items);
        let ticked = |i: usize| if rounds.is_multiple_of(2) { i < rest } else { i >= rest };
        (0..ITEMS).filter(|i| ticked(*i)).map(|i| format!("1.{}", i + 1)).collect()
    }
}

struct Click {
    body: String,
}

struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Done<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address, request: Vec::new(), answer: Vec::new() })
    }

    /// Sends a click and reads the whole answer; an error unless it is acknowledged.
    async fn send(&mut self, click: &Click) -> std::io::Result<()> {
        let (at, address, body) = (now(), self.address, &click.body);
        self.request.clear();
        write!(
            self.request,
            "POST /slack/events HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             X-Slack-Request-Timestamp: {at}\r\nX-Slack-Signature: {}\r\nContent-Length: {}\r\n\r\n{body}",
            signature(at, body),
            body.len()
        )?;
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let wrong = |why: String| Err(Error::new(ErrorKind::InvalidData, why));
        while !whole(&self.answer) {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return wrong("the connection was closed".into());
            }
        }
        let text = String::from_utf8_lossy(&self.answer);
        if text.starts_with("HTTP/1.1 200") { Ok(()) } else { wrong(format!("a click was answered: {text}")) }
    }
}

/// The answer has come to its end, by its length or by its last chunk.
fn whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    if text.contains("transfer-encoding: chunked") {
        return answer.ends_with(b"0\r\n\r\n");
    }
    let length = text.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    answer.len() >= head + 4 + length.unwrap_or(0)
}

/// `rate` clicks a second for a spell. What counts is the time from the moment a click was to be sent, whether or not
/// it could be sent then, to its acknowledgement.
pub async fn paced(address: SocketAddr, walks: &mut [Walk], rate: u32, spell: Duration) -> Done<Latencies> {
    let count = (spell.as_secs_f64() * f64::from(rate)) as usize;
    let all = walks.len();
    let clicks: Vec<Click> = (0..count).map(|i| walks[i % all].click()).collect();
    let (send, receive) = mpsc::unbounded_channel();
    let receive = Arc::new(Mutex::new(receive));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mut connection, receive) = (Connection::open(address).await?, receive.clone());
        tasks.spawn(async move {
            let mut took = Latencies::default();
            loop {
                let next: Option<(Instant, Click)> = receive.lock().await.recv().await;
                let Some((due, click)) = next else { return Ok::<_, Error>(took) };
                connection.send(&click).await?;
                took.add(Instant::now().duration_since(due));
            }
        });
    }
    // The runtime's own timer counts whole milliseconds: too coarse.
    let pace = std::thread::spawn(move || {
        let from = Instant::now() + Duration::from_millis(20);
        for (i, click) in clicks.into_iter().enumerate() {
            let due = from + Duration::from_secs_f64(i as f64 / f64::from(rate));
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if send.send((due, click)).is_err() {
                return;
            }
        }
    });
    let mut latencies = Vec::new();
    while let Some(one) = tasks.join_next().await {
        latencies.push(one??);
    }
    pace.join().map_err(|_| "the pace broke")?;
    Ok(latencies.into_iter().sum())
}

/// As fast as they are acknowledged; how many a second. A deployment is clicked on one connection only, so that its
/// clicks arrive in order.
pub async fn saturated(address: SocketAddr, walks: Vec<Walk>, spell: Duration) -> Done<(f64, Vec<Walk>)> {
    let began = Instant::now();
    let mut shares: Vec<Vec<Walk>> = (0..CONNECTIONS).map(|_| Vec::new()).collect();
    for (i, walk) in walks.into_iter().enumerate() {
        shares[i % CONNECTIONS].push(walk);
    }
    let mut tasks = JoinSet::new();
    for mut share in shares.into_iter().filter(|s| !s.is_empty()) {
        let mut connection = Connection::open(address).await?;
        tasks.spawn(async move {
            let mut count = 0_u64;
            while began.elapsed() < spell {
                let all = share.len() as u64;
                let place = usize::try_from(count % all).unwrap_or(0);
                let click = share[place].click();
                connection.send(&click).await?;
                count += 1;
            }
            Ok::<_, Error>((count, share))
        });
    }
    let (mut count, mut back) = (0, Vec::new());
    while let Some(one) = tasks.join_next().await {
        let (some, share) = one??;
        count += some;
        back.extend(share);
    }
    Ok((count as f64 / began.elapsed().as_secs_f64(), back))
}
