//! Many people ticking: an open loop that keeps its pace whatever is answered, and a closed one that waits.

use crate::Done;
use crate::figures::Latencies;
use crate::server::Server;
use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

/// Items of a deployment, in sections of [`SECTION`].
pub const ITEMS: usize = 60;
const SECTION: usize = 10;
/// Deployments of one channel.
const CHANNEL: usize = 20;
/// Connections that start, touch and keep pace.
const CONNECTIONS: usize = 64;
const PEOPLE: [&str; 4] = ["Ana", "Bob", "Chidi", "Dagny"];

/// The checklist that is walked.
pub fn page() -> String {
    let mut page = String::from("---\ntitle: Load\n---\n\n# Load\n");
    for i in 0..ITEMS {
        if i % SECTION == 0 {
            write!(page, "\n## Stage {}\n\n", i / SECTION + 1).expect("a string takes everything");
        }
        writeln!(page, "- [ ] Step {i}: the service answers within 200 ms on every node").expect("likewise");
        if i % 5 == 0 {
            page.push_str("  ```bash\n  kubectl rollout status deployment/shop --timeout=120s\n  ```\n");
        }
    }
    page
}

/// A deployment being walked: ticks every item in order, then takes every tick back, then anew.
#[derive(Clone, Debug)]
pub struct Walk {
    id: u64,
    channel: String,
    done: usize,
}

impl Walk {
    fn next(&mut self) -> Words {
        let (item, word) = (self.done % ITEMS, if (self.done / ITEMS).is_multiple_of(2) { "tick" } else { "untick" });
        self.done += 1;
        let text = format!("#{} {word} {}.{}", self.id, item / SECTION + 1, item % SECTION + 1);
        Words { text, channel: self.channel.clone(), name: PEOPLE[self.done % PEOPLE.len()] }
    }
}

struct Words {
    text: String,
    channel: String,
    name: &'static str,
}

struct Connection {
    stream: TcpStream,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Names requests, each with another.
    name: String,
    count: u64,
}

impl Connection {
    async fn open(server: &Server) -> Done<Self> {
        let stream = TcpStream::connect(server.address).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /api/do HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            server.address, server.token
        );
        let name = stream.local_addr()?.port().to_string();
        let nonce = Instant::now().duration_since(server.started).as_micros();
        let name = format!("load-{}-{nonce}-{name}", std::process::id());
        Ok(Self { stream, head, request: Vec::new(), answer: Vec::new(), name, count: 0 })
    }

    /// Says something and reads the whole answer; an error unless it is a yes.
    async fn say(&mut self, words: &Words) -> std::io::Result<()> {
        use std::io::Write as _;
        self.count += 1;
        let (name, count, channel) = (&self.name, self.count, &words.channel);
        let body = format!(
            r#"{{"text":"{}","channel":"{channel}","as":"{}","key":"{name}-{count}"}}"#,
            words.text, words.name
        );
        self.request.clear();
        write!(self.request, "{}Content-Length: {}\r\n\r\n{body}", self.head, body.len())?;
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let wrong = |why: String| Err(Error::new(ErrorKind::InvalidData, why));
        let whole = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return wrong("the connection was closed".into());
            }
            if let Some(whole) = length(&self.answer)
                && self.answer.len() >= whole
            {
                break whole;
            }
        };
        let text = String::from_utf8_lossy(&self.answer[..whole]);
        if !text.starts_with("HTTP/1.1 200") || !text.contains(r#""ok":true"#) {
            return wrong(format!("{} was answered: {text}", words.text));
        }
        Ok(())
    }
}

/// Bytes of the whole answer, once its head is there.
fn length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let body = text.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    Some(head + 4 + body.unwrap_or(0))
}

/// Says everything, on many connections at once, in no particular order.
async fn all(server: &Server, words: Vec<Words>) -> Done<()> {
    let words = Arc::new(Mutex::new(words.into_iter()));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mut connection, words) = (Connection::open(server).await?, words.clone());
        tasks.spawn(async move {
            loop {
                let Some(next) = words.lock().await.next() else { return Ok(()) };
                connection.say(&next).await?;
            }
        });
    }
    finish(tasks).await.map(|_: Vec<()>| ())
}

async fn finish<T: 'static>(mut tasks: JoinSet<std::io::Result<T>>) -> Done<Vec<T>> {
    let mut all = Vec::new();
    while let Some(one) = tasks.join_next().await {
        all.push(one??);
    }
    Ok(all)
}

fn team(n: usize) -> String {
    format!("team-{n}")
}

/// A configuration with the channels of so many deployments: one that is not written there is refused.
pub fn channels(deployments: usize) -> String {
    (0..deployments.div_ceil(CHANNEL)).map(|n| format!("[channels.{}]\n", team(n))).collect()
}

/// Starts so many deployments of the checklist, each of its own service.
pub async fn start_all(server: &Server, count: usize) -> Done<Vec<Walk>> {
    let first = server.next_id().await?;
    let channel = |i: usize| team(i / CHANNEL);
    let words = |i: usize| Words {
        text: format!("start v1.{i} checklist:walk service:service-{first}-{i} env:production"),
        channel: channel(i),
        name: PEOPLE[i % PEOPLE.len()],
    };
    all(server, (0..count).map(words).collect()).await?;
    // Which number got which channel does not matter: a walk names its deployment.
    Ok((0..count).map(|i| Walk { id: first + i as u64, channel: channel(i), done: 0 }).collect())
}

/// One tick in every deployment, as fast as they are answered.
pub async fn tick_each(server: &Server, walks: &mut [Walk]) -> Done<()> {
    all(server, walks.iter_mut().map(Walk::next).collect()).await
}

/// One tick after the other on one connection.
pub async fn one_by_one(server: &Server, walks: &mut [Walk], count: usize) -> Done<Latencies> {
    let mut connection = Connection::open(server).await?;
    let mut took = Latencies::default();
    let all = walks.len();
    for i in 0..count {
        let words = walks[i % all].next();
        let from = Instant::now();
        connection.say(&words).await?;
        took.add(from.elapsed());
    }
    Ok(took)
}

/// `rate` ticks a second for a spell, over all deployments by turns. What counts is the time from the moment a tick
/// was to be sent, whether or not it could be sent then.
pub async fn open_loop(server: &Server, walks: &mut [Walk], rate: u32, spell: Duration) -> Done<Latencies> {
    let count = (spell.as_secs_f64() * f64::from(rate)) as usize;
    let all = walks.len();
    let words: Vec<Words> = (0..count).map(|i| walks[i % all].next()).collect();
    let (send, receive) = mpsc::unbounded_channel();
    let receive = Arc::new(Mutex::new(receive));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mut connection, receive) = (Connection::open(server).await?, receive.clone());
        tasks.spawn(async move {
            let mut took = Latencies::default();
            loop {
                let Some((due, words)) = receive.lock().await.recv().await else { return Ok(took) };
                connection.say(&words).await?;
                took.add(Instant::now().duration_since(due));
            }
        });
    }
    // The runtime's own timer counts whole milliseconds: too coarse.
    let pace = std::thread::spawn(move || {
        let from = Instant::now() + Duration::from_millis(20);
        for (i, words) in words.into_iter().enumerate() {
            let due = from + Duration::from_secs_f64(i as f64 / f64::from(rate));
            #[allow(clippy::disallowed_methods, reason = "a pace is kept by sleeping")]
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if send.send((due, words)).is_err() {
                return;
            }
        }
    });
    let took = finish(tasks).await?;
    pace.join().map_err(|_| "the pace was lost")?;
    Ok(took.into_iter().sum())
}

/// Every connection says the next as soon as it is answered; how long the spell really took.
pub async fn closed_loop(
    server: &Server,
    walks: &mut Vec<Walk>,
    connections: usize,
    spell: Duration,
) -> Done<(Latencies, Duration)> {
    let mut shares: Vec<Vec<Walk>> = vec![Vec::new(); connections.min(walks.len())];
    let people = shares.len();
    walks.drain(..).enumerate().for_each(|(i, walk)| shares[i % people].push(walk));
    let mut tasks = JoinSet::new();
    let mut open = Vec::new();
    for _ in 0..people {
        open.push(Connection::open(server).await?);
    }
    let from = Instant::now();
    for (mut connection, mut share) in open.into_iter().zip(shares) {
        tasks.spawn(async move {
            let mut took = Latencies::default();
            let all = share.len();
            for i in 0.. {
                if from.elapsed() > spell {
                    break;
                }
                let words = share[i % all].next();
                let sent = Instant::now();
                connection.say(&words).await?;
                took.add(sent.elapsed());
            }
            Ok((took, share))
        });
    }
    let ended = finish(tasks).await?;
    let elapsed = from.elapsed();
    let mut took = Vec::new();
    for (latencies, share) in ended {
        walks.extend(share);
        took.push(latencies);
    }
    Ok((took.into_iter().sum(), elapsed))
}
