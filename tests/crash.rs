//! The real binary, killed at random moments under load: what was answered is there, nothing is there twice, and what
//! it shows is what its log adds up to.
//!
//! `ROLLCALL_CRASH_ROUNDS` says how often (5); `ROLLCALL_CRASH_SEED` sends the same requests and kills after the same
//! time again, though threads never meet twice in the same way; `ROLLCALL_BIN` names another binary.

#![cfg(unix)]
// Another process runs and dies in real time: no clock in here could be wound by hand.
#![allow(clippy::disallowed_methods)]

use rollcall::card::{Block, Shown, compose};
use rollcall::domain::command::Mark;
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::plan::Plan;
use rollcall::domain::react::QUIET_ON_BOARD;
use rollcall::domain::time::Timestamp;
use rollcall::serve::{RUNNING, Running};
use rollcall::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The binary: the one built with this test, or the one that `ROLLCALL_BIN` names.
fn binary() -> PathBuf {
    std::env::var_os("ROLLCALL_BIN").map_or_else(|| env!("CARGO_BIN_EXE_rollcall").into(), PathBuf::from)
}

/// Threads that tick, untick and react at the same time, each for a person of its own.
const PEOPLE: usize = 4;

/// Deployments under way at the same time.
const DEPLOYMENTS: u64 = 3;

/// From the first request of a round to the kill, at most.
const LOAD_MS: u64 = 250;

/// Until the bot serves, a request is answered, everything is shown. A machine under load is slow, not broken.
const PATIENCE: Duration = Duration::from_secs(30);

const PAGE: &str = "\
---
progress: \"*/2 * * * * *\"
---
# Shop release

## Before

- [ ] Backup taken
- [ ] Notes written
- [ ] Team told
- [ ] Window agreed
- [ ] Way back tried

## Deploy

- [ ] Image pushed
- [ ] First half rolled
- [ ] Second half rolled
- [ ] Cache warmed

## After

- [ ] Errors watched
- [ ] Users asked
- [ ] Board updated
";

#[test]
fn what_was_answered_survives_the_kill() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let rounds = number("ROLLCALL_CRASH_ROUNDS").unwrap_or(5);
    let seed = number("ROLLCALL_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 20 | nanos());
    println!("{rounds} rounds; ROLLCALL_CRASH_SEED={seed}");
    let _told = TellSeed(seed);
    let mut chance = Chance(seed);
    let mut house = House::new();
    let began = Instant::now();
    for round in 1..=rounds {
        house.round(round, &mut chance);
        if round.is_multiple_of(20) || round == rounds {
            println!(
                "round {round}: {} answered, {} cut off, {} asked again, {} events, {:.1} s",
                house.answered.len(),
                house.cut_off,
                house.asked_again,
                house.events,
                began.elapsed().as_secs_f32()
            );
        }
    }
    assert!(house.answered.len() as u64 > rounds, "the bot was under load: {} answers", house.answered.len());
}

/// Names the seed where a round fails.
struct TellSeed(u64);

impl Drop for TellSeed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("ROLLCALL_CRASH_SEED={}", self.0);
        }
    }
}

fn nanos() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |d| u64::from(d.subsec_nanos()))
}

/// SplitMix64: small, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// A request with the name that makes it one and the same however often it is sent.
#[derive(Clone, Debug)]
struct Request {
    person: String,
    deployment: u64,
    what: What,
    key: String,
}

#[derive(Clone, Debug)]
enum What {
    Say(String),
    React { message: String, emoji: &'static str, present: bool },
}

/// A request with its answer: whether it was done, and what was said, word for word.
#[derive(Clone, Debug)]
struct Answered {
    request: Request,
    ok: bool,
    body: String,
}

/// The bot's data folder over all its lives.
struct House {
    dir: tempfile::TempDir,
    /// Deployments under way.
    live: Vec<u64>,
    /// The last number given out.
    opened: u64,
    answered: Vec<Answered>,
    /// Requests that got no answer before the kill, or were refused for the moment.
    cut_off: usize,
    asked_again: usize,
    events: u64,
    /// Keys of all messages ever seen, with the order they were posted in: that never changes.
    posted: BTreeMap<String, i64>,
}

/// One life of the bot.
struct Bot {
    child: Child,
    running: Running,
    agent: ureq::Agent,
}

impl Drop for Bot {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Bot {
    fn start(dir: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
        let mut child = Command::new(binary())
            .current_dir(dir)
            .args(["--data", "data", "--listen", "127.0.0.1:0", "--checklists", "pages"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build().into();
        let end = Instant::now() + PATIENCE;
        loop {
            let found = std::fs::read(dir.join("data").join(RUNNING)).ok();
            let running: Option<Running> = found.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if let Some(running) = running.filter(|r| r.pid == child.id())
                && agent.get(format!("http://{}/readyz", running.address)).call().is_ok_and(|r| r.status() == 200)
            {
                return Self { child, running, agent };
            }
            let ended = child.try_wait().unwrap();
            let log = || std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "the bot ended by itself: {ended:?}\n{}", log());
            assert!(Instant::now() < end, "the bot does not serve\n{}", log());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// How to reach a bot; outlives it.
#[derive(Clone)]
struct Line {
    address: String,
    token: String,
    agent: ureq::Agent,
}

impl Line {
    fn to(bot: &Bot) -> Self {
        Self { address: bot.running.address.to_string(), token: bot.running.token.clone(), agent: bot.agent.clone() }
    }

    /// The answer, if one came: whether it was done, and its words.
    fn send(&self, request: &Request) -> Option<Answered> {
        let Request { person, deployment, what, key } = request;
        let sent = match what {
            What::Say(text) => {
                let body = serde_json::json!({
                    "text": text, "channel": "deployments", "as": person, "deployment": deployment, "key": key,
                });
                self.agent
                    .post(format!("http://{}/api/do", self.address))
                    .header("Authorization", format!("Bearer {}", self.token))
                    .header("Content-Type", "application/json")
                    .send(body.to_string())
            }
            What::React { message, emoji, present } => {
                let body = serde_json::json!({ "message": message, "emoji": emoji, "present": present, "key": key });
                self.agent
                    .post(format!("http://{}/api/react", self.address))
                    .header("Origin", format!("http://{}", self.address))
                    .header("X-Rollcall", "1")
                    .header("X-Rollcall-As", person)
                    .header("Content-Type", "application/json")
                    .send(body.to_string())
            }
        };
        let mut answer = sent.ok()?;
        if answer.status() != 200 {
            return None;
        }
        let body = answer.body_mut().read_to_string().ok()?;
        let json: serde_json::Value = serde_json::from_str(&body).ok()?;
        // A bot in the middle of ending says so, and that nothing is sure: that is no answer.
        if body.contains("shutting down") || body.contains("not certain") {
            return None;
        }
        Some(Answered { request: request.clone(), ok: json["ok"].as_bool()?, body })
    }

    fn say(&self, person: &str, text: &str, key: &str) -> Answered {
        let (person, key) = (person.to_owned(), key.to_owned());
        let request = Request { person, deployment: 0, what: What::Say(text.into()), key };
        // No deployment is named: `start` makes one.
        let body = serde_json::json!({
            "text": text, "channel": "deployments", "as": request.person, "key": request.key,
        });
        let mut sent = self
            .agent
            .post(format!("http://{}/api/do", self.address))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .unwrap();
        let body = sent.body_mut().read_to_string().unwrap();
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        Answered { request, ok: json["ok"].as_bool().unwrap_or_default(), body }
    }
}

/// What one person does next.
fn invent(chance: &mut Chance, person: &str, live: &[u64], key: String) -> Request {
    let deployment = live[usize::try_from(chance.below(live.len() as u64)).unwrap()];
    let (section, items) = [(1, 5), (2, 4), (3, 3)][usize::try_from(chance.below(3)).unwrap()];
    let item = 1 + chance.below(items);
    let what = match chance.below(20) {
        0..=6 => What::Say(format!("tick {section}.{item}")),
        7..=9 => What::Say(format!("untick {section}.{item}")),
        10 => What::Say(format!("tick {section}.1-{section}.{items} all of it")),
        11 => What::Say(format!("fail {section}.{item} no answer")),
        12 => What::Say(format!("skip {section}.{item} not today")),
        13 => What::Say("note what was seen".into()),
        14 => What::Say(format!("evidence {section}.{item} log 42")),
        _ => {
            // The first section's message is there from the start.
            let message = format!("{deployment}/section/1/1@console:deployments");
            let emoji = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣"][usize::try_from(chance.below(5)).unwrap()];
            What::React { message, emoji, present: chance.below(3) > 0 }
        }
    };
    Request { person: person.to_owned(), deployment, what, key }
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("pages")).unwrap();
        std::fs::write(dir.path().join("pages/shop.md"), PAGE).unwrap();
        Self {
            dir,
            live: Vec::new(),
            opened: 0,
            answered: Vec::new(),
            cut_off: 0,
            asked_again: 0,
            events: 0,
            posted: BTreeMap::new(),
        }
    }

    fn db(&self) -> PathBuf {
        self.dir.path().join("data/rollcall.db")
    }

    fn round(&mut self, round: u64, chance: &mut Chance) {
        let mut bot = Bot::start(self.dir.path());
        let line = Line::to(&bot);
        self.renew(&line, round, chance);

        let over = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU64::new(0));
        let people: Vec<_> = (0..PEOPLE)
            .map(|p| {
                let (line, over, sent, live) = (line.clone(), over.clone(), sent.clone(), self.live.clone());
                let mut chance = Chance(chance.next());
                thread::spawn(move || {
                    let mut answers = Vec::new();
                    let mut open = Vec::new();
                    let mut n = 0;
                    while !over.load(Ordering::Relaxed) {
                        n += 1;
                        let key = format!("round-{round}-{p}-{n}");
                        let request = invent(&mut chance, &format!("Person{p}"), &live, key);
                        sent.fetch_add(1, Ordering::Relaxed);
                        match line.send(&request) {
                            Some(answer) => answers.push(answer),
                            None => open.push(request),
                        }
                    }
                    (answers, open)
                })
            })
            .collect();
        // Some kills come at once, some in the middle of things, none before anybody said something.
        let until = Instant::now() + PATIENCE;
        while sent.load(Ordering::Relaxed) < 1 && Instant::now() < until {
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(chance.below(LOAD_MS * 1000)));
        bot.child.kill().unwrap();
        bot.child.wait().unwrap();
        over.store(true, Ordering::Relaxed);
        let (mut answers, mut open) = (Vec::new(), Vec::new());
        for person in people {
            let (mine, lost) = person.join().unwrap();
            answers.extend(mine);
            // After the kill everything fails at once; the first is the one that may have been recorded.
            open.extend(lost.into_iter().take(2));
        }
        self.cut_off += open.len();

        // Before the next life: the file as the kill left it.
        self.in_the_file(&answers);
        let bot = Bot::start(self.dir.path());
        let line = Line::to(&bot);
        self.exactly_once(&line, &answers, &open, chance);
        self.answered.extend(answers);
        self.comes_to_rest(&bot);
        self.sound_and_shown(&bot);
    }

    /// Starts what is missing; now and then ends one, so that outcomes are killed, too.
    fn renew(&mut self, line: &Line, round: u64, chance: &mut Chance) {
        if round.is_multiple_of(7) && !self.live.is_empty() {
            let at = usize::try_from(chance.below(self.live.len() as u64)).unwrap();
            let id = self.live.remove(at);
            let words = ["cancel enough", "partial half is enough", "rollback error rate 4%"];
            let words = words[usize::try_from(chance.below(3)).unwrap()];
            let key = format!("end-{round}-of-it");
            let ended = line.say("Person0", &format!("#{id} {words}"), &key);
            assert!(ended.ok, "{ended:?}");
            self.answered.push(Answered { request: Request { deployment: id, ..ended.request.clone() }, ..ended });
        }
        while (self.live.len() as u64) < DEPLOYMENTS {
            self.opened += 1;
            let started = line.say(
                "Person0",
                &format!("start v{} service:shop{}", self.opened, self.opened),
                &format!("start-of-{}", self.opened),
            );
            assert!(started.ok, "{started:?}");
            self.live.push(self.opened);
            let shown = format!("http://{}/c/deployments/fragment", line.address);
            let key = format!("{}/section/1/1@", self.opened);
            let until = Instant::now() + PATIENCE;
            while !line.agent.get(&shown).call().unwrap().body_mut().read_to_string().unwrap().contains(&key) {
                assert!(Instant::now() < until, "the first section is not shown");
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// What was answered with ok is in the log, once.
    fn in_the_file(&mut self, answers: &[Answered]) {
        let logs = block(async {
            let store = Store::open_existing(&self.db()).await.unwrap();
            let mut logs = BTreeMap::new();
            for id in 1..=self.opened {
                logs.insert(id, store.deployment_log(id).await.unwrap().unwrap().events);
            }
            store.close().await.unwrap();
            logs
        });
        for (id, events) in &logs {
            // A reaction that stands already and is told again is the same one: answered, and no second event.
            let once = |a: &&Answered| {
                let again = matches!(a.request.what, What::React { present: true, .. });
                a.ok && !again && a.request.deployment == *id
            };
            let before = self.answered.iter().filter(once).count();
            let now = answers.iter().filter(once).count();
            let by_people = events.iter().filter(|e| e.by.name.starts_with("Person")).count();
            assert!(by_people >= before + now, "#{id}: {by_people} events, {} were answered", before + now);
        }
        for a in answers.iter().filter(|a| a.ok) {
            assert!(
                logs[&a.request.deployment].iter().any(|e| is_of(e, &a.request)),
                "answered and not recorded: {a:?}"
            );
        }
    }

    /// Asked again, the same answer is given and nothing is done; cut off, a request can be sent again and is done once.
    fn exactly_once(&mut self, line: &Line, answers: &[Answered], open: &[Request], chance: &mut Chance) {
        // All of this round, and some of rounds long past.
        let past = self.answered.len() as u64;
        let old: Vec<Answered> =
            (0..past.min(10)).map(|_| self.answered[usize::try_from(chance.below(past)).unwrap()].clone()).collect();
        let count = || self.count_events();
        let before = count();
        for a in answers.iter().chain(&old) {
            let again = match &a.request.what {
                What::Say(text) if text.starts_with('#') => line.say(&a.request.person, text, &a.request.key),
                _ => line.send(&a.request).unwrap_or_else(|| panic!("no answer to {a:?}")),
            };
            assert_eq!(again.body, a.body, "asked again, another answer: {a:?}");
        }
        let between = count();
        assert_eq!(before, between, "asking again did something");
        self.asked_again += answers.len() + old.len();
        for request in open {
            let first = line.send(request).unwrap_or_else(|| panic!("no answer to {request:?}"));
            let second = line.send(request).unwrap_or_else(|| panic!("no answer to {request:?}"));
            assert_eq!(first.body, second.body, "one key, two answers");
            self.answered.push(first);
        }
    }

    /// Events by people. What timers do goes on by itself.
    fn count_events(&self) -> usize {
        block(async {
            let store = Store::open_existing(&self.db()).await.unwrap();
            let mut n = 0;
            for id in 1..=self.opened {
                let events = store.deployment_log(id).await.unwrap().unwrap().events;
                n += events.iter().filter(|e| e.by.name.starts_with("Person")).count();
            }
            store.close().await.unwrap();
            n
        })
    }

    /// Everything that waits to be shown is shown, and nothing that fell due stays.
    fn comes_to_rest(&self, bot: &Bot) {
        let until = Instant::now() + PATIENCE;
        block(async {
            let store = Store::open_existing(&self.db()).await.unwrap();
            loop {
                let waiting = store.next_delivery().await.unwrap();
                let overdue = store.next_timer().await.unwrap();
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
                let now = Timestamp(i64::try_from(now.as_millis()).unwrap());
                if waiting.is_none() && overdue.is_none_or(|due| now.since_ms(due) < 1_000) {
                    break;
                }
                assert!(Instant::now() < until, "the outbox does not drain: {waiting:?}, {overdue:?}");
                assert!(bot.child.id() > 0);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert!(store.failed_deliveries(None).await.unwrap().is_empty());
            store.close().await.unwrap();
        });
    }

    /// The chain holds; the state shown is the log's; each post the log calls for is there, once.
    fn sound_and_shown(&mut self, bot: &Bot) {
        let audit = Command::new(binary())
            .current_dir(self.dir.path())
            .args(["audit", "verify", "--data", "data"])
            .output()
            .unwrap();
        assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
        // Deployments long over cannot change: those under way, and the last ones.
        let ids: Vec<u64> = (1..=self.opened).filter(|id| self.live.contains(id) || id + 6 > self.opened).collect();
        let mut events = 0;
        for id in ids {
            // A progress post may come between reading the log and reading the page: then both are read again.
            let until = Instant::now() + PATIENCE;
            loop {
                let before = self.replay(id);
                let shown = bot
                    .agent
                    .get(format!("http://{}/d/{id}/record.json", bot.running.address))
                    .call()
                    .unwrap()
                    .body_mut()
                    .read_to_string()
                    .unwrap();
                let drained = self.drained();
                let messages = self.messages(id);
                let after = self.replay(id);
                if before.0.len() == after.0.len() && drained {
                    events += after.0.len() as u64;
                    same_state(&after.1, &serde_json::from_str(&shown).unwrap());
                    self.same_posts(id, &after.0, &after.1, &messages);
                    break;
                }
                assert!(Instant::now() < until, "#{id} never rests");
            }
        }
        self.events = events;
    }

    fn drained(&self) -> bool {
        block(async {
            let store = Store::open_existing(&self.db()).await.unwrap();
            let none = store.next_delivery().await.unwrap().is_none();
            store.close().await.unwrap();
            none
        })
    }

    /// The log, and what it adds up to.
    fn replay(&self, id: u64) -> (Vec<Recorded>, Deployment) {
        block(async {
            let store = Store::open_existing(&self.db()).await.unwrap();
            let log = store.deployment_log(id).await.unwrap().unwrap();
            let list = store.checklist(&log.summary.checklist_hash).await.unwrap().unwrap();
            store.close().await.unwrap();
            let plan = Arc::new(Plan::new(Arc::new(list), log.summary.checklist_hash.clone()));
            let mut d = Deployment::open(id, plan, &log.events[0]).unwrap();
            log.events.iter().for_each(|e| d.evolve(e));
            (log.events, d)
        })
    }

    fn messages(&self, id: u64) -> Vec<rollcall::store::Message> {
        block(async {
            let store = Store::open_existing(&self.db()).await.unwrap();
            let messages = store.deployment_messages(id).await.unwrap();
            store.close().await.unwrap();
            messages
        })
    }

    /// Exactly the messages that the log calls for, each once, where it was first put, showing the present.
    fn same_posts(&mut self, id: u64, events: &[Recorded], d: &Deployment, messages: &[rollcall::store::Message]) {
        let mut failed = BTreeSet::new();
        let mut wanted: BTreeSet<String> = events.iter().filter_map(|e| post_of(id, e, &mut failed)).collect();
        wanted.insert(format!("{id}/board@console:deployments"));
        for section in d.on_show() {
            let parts = d.plan.stretch(section).map_or(0, |s| s.parts);
            wanted.extend((1..=parts).map(|p| format!("{id}/section/{section}/{p}@console:deployments")));
        }
        let keys: Vec<String> = messages.iter().map(|m| m.key.clone()).collect();
        let shown: BTreeSet<String> = keys.iter().cloned().collect();
        assert_eq!(keys.len(), shown.len(), "#{id}: a message is there twice: {keys:?}");
        let missing: Vec<_> = wanted.difference(&shown).collect();
        let unwanted: Vec<_> = shown.difference(&wanted).collect();
        assert!(missing.is_empty() && unwanted.is_empty(), "#{id}: not posted: {missing:?}; for nothing: {unwanted:?}");
        for message in messages {
            let first = *self.posted.entry(message.key.clone()).or_insert(message.id);
            assert_eq!(first, message.id, "{} was posted anew", message.key);
            if let Some((section, part)) = message.what.strip_prefix("section/").and_then(|w| w.split_once('/')) {
                let (section, part) = (section.parse().unwrap(), part.parse().unwrap());
                let now = compose::section_part(d, section, part);
                assert_eq!(lines(&message.card), lines(&now), "{} shows something past", message.key);
            }
        }
    }
}

/// Items as a card shows them.
fn lines(card: &rollcall::card::Card) -> Vec<(String, Shown, Option<String>)> {
    card.blocks
        .iter()
        .filter_map(|b| match b {
            Block::Item { item } => {
                Some((item.number.to_string(), item.state, item.who.as_ref().map(|w| w.name.to_string())))
            }
            _ => None,
        })
        .collect()
}

/// The event says what the request asked for.
fn is_of(e: &Recorded, request: &Request) -> bool {
    if e.by.name.as_ref() != request.person {
        return false;
    }
    match (&request.what, &e.event) {
        (What::React { message, emoji, present }, Event::Marked { mark, reaction, .. }) => match (present, reaction) {
            (true, Some(by)) => *mark == Mark::Tick && by.message == *message && by.emoji == *emoji,
            (false, None) => *mark == Mark::Untick,
            _ => false,
        },
        (What::Say(text), event) => {
            let mut words = text.split(' ');
            let (verb, item) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            match event {
                Event::Marked { item: marked, mark, .. } => {
                    let meant = item.split('-').next().unwrap_or_default();
                    let range = item.contains('-') && marked.to_string().split('.').next() == meant.split('.').next();
                    let mark = match mark {
                        Mark::Tick => "tick",
                        Mark::Untick => "untick",
                        Mark::Skip => "skip",
                        Mark::Fail => "fail",
                        Mark::Block => "block",
                    };
                    mark == verb && (range || marked.to_string() == item)
                }
                Event::Noted { .. } => verb == "note",
                Event::Evidence { item: of, .. } => verb == "evidence" && of.to_string() == item,
                _ => false,
            }
        }
        _ => false,
    }
}

/// The post an event calls for, by its key. `failed` are the items that stand as failed: a failure is news once.
fn post_of(id: u64, e: &Recorded, failed: &mut BTreeSet<String>) -> Option<String> {
    let word = match &e.event {
        Event::Started { .. } => return Some(format!("{id}/start@console:deployments")),
        Event::Marked { item, mark: Mark::Fail, .. } => failed.insert(item.to_string()).then_some("failure")?,
        Event::Marked { item, .. } => {
            failed.remove(&item.to_string());
            return None;
        }
        // While nothing happens it goes on on the board alone.
        Event::Progress { quiet: QUIET_ON_BOARD.., .. } => return None,
        Event::Progress { .. } => "progress",
        Event::RollbackCalled { .. } => "rollback",
        Event::RolledBack => "rolled-back",
        Event::Succeeded { .. } => "success",
        Event::Partial { .. } => "partial",
        Event::Cancelled { .. } => "cancelled",
        Event::Breached { .. } => "breach",
        _ => return None,
    };
    Some(format!("{id}/{}/{word}@console:deployments", e.seq))
}

/// The page says of every item what the replay says.
fn same_state(d: &Deployment, shown: &serde_json::Value) {
    let items = shown["items"].as_array().unwrap();
    assert_eq!(items.len(), d.plan.leaves.len());
    for (i, leaf) in d.plan.leaves.iter().enumerate() {
        let number = leaf.number.to_string();
        let found =
            items.iter().find(|item| item["number"] == number.as_str()).unwrap_or_else(|| panic!("no {number}"));
        let state = serde_json::to_value(compose::shown(d, i)).unwrap();
        let who = d.marked(i).map(|m| d.person(m.by).name.to_string());
        assert_eq!(found["state"], state, "#{} {number}", d.id);
        assert_eq!(found["by"].as_str().map(str::to_owned), who, "#{} {number}", d.id);
    }
    let status = serde_json::to_value(d.status).unwrap();
    assert_eq!(shown["status"], status, "#{}", d.id);
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
