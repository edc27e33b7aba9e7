//! The seeded simulation: people, mistakes, repeated requests, lost answers, a full disk, a wandering clock and
//! restarts, against a small model of its own that is kept from the answers alone.
//!
//! `ROLLCALL_SIMULATE_STEPS` (10,000 without it) says how long; a failure prints the `ROLLCALL_SEED` that repeats it.

mod world;

use rollcall::card::fit::{CONSOLE, fit};
use rollcall::card::page::Out;
use rollcall::card::{self, Block, Card, Reply, Shown, compose};
use rollcall::config::Config;
use rollcall::domain::checklist::Branch;
use rollcall::domain::command::{Mark, Person, Timer, Via};
use rollcall::domain::decide::{LATE_MS, WALKABLE_MS};
use rollcall::domain::deployment::{Deployment, lock_key};
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::paging::{self, PageEvent, PageState};
use rollcall::domain::policy::Policy;
use rollcall::domain::status::Status;
use rollcall::domain::time::Timestamp;
use rollcall::engine::{Envelope, Input, Page};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use world::*;

/// Steps of one world; then another begins.
const EPISODE: u64 = 500;

const SHOP: &str = "\
# Shop release

- **Lead**: ____
- **Channel**: ____

## Before

- [ ] Backup taken
- [ ] Notes written (optional)
- [ ] Freeze announced

## Deploy

- [ ] Image pushed
- [ ] Pods rolled
  - [ ] First half
  - [ ] Second half
- [ ] Health checked

## Rollback criteria

- [ ] Error rate above 5 percent
- [ ] Latency doubled
- [ ] Deployment stuck > 15 minutes

## Rollback procedure

- [ ] Traffic switched back
- [ ] Team told

## After success

- [ ] Maintenance page off

## First hour (within 1 hour)

- [ ] Dashboards read
- [ ] Customers quiet (optional)
";

const LONG: &str = "\
---
service: ledger
---
# Long walk

## Many

- [ ] Step one
- [ ] Step two
- [ ] Step three
- [ ] Step four
- [ ] Step five
- [ ] Step six
- [ ] Step seven
- [ ] Step eight
- [ ] Step nine
- [ ] Step ten
- [ ] Step eleven
- [ ] Step twelve
- [ ] Step thirteen
- [ ] Everything in one go
  - [ ] Go one
  - [ ] Go two
  - [ ] Go three
  - [ ] Go four
  - [ ] Go five
  - [ ] Go six
  - [ ] Go seven
  - [ ] Go eight
  - [ ] Go nine
  - [ ] Go ten
  - [ ] Go eleven

## Few

- [ ] Last look (optional)
- [ ] Door locked
";

const CONFIG: &str = r#"
[people.ana]
name = "Ana"
email = "ana@example.org"
phone = "+4915112345678"
[people.bob]
name = "Bob"
phone = "+4915112345679"
ways = ["sms", "voice"]
office_hours = { from = "09:00", to = "17:00" }
[people.cleo]
name = "Cleo"
[roles]
lead = ["ana"]
spare = ["cleo"]
[rules]
override = ["lead"]
[rotations.web]
[[rotations.web.layers]]
people = ["ana", "bob"]
handoff = "0 9 * * *"
starts = 2026-11-16
[policies.house]
repeat = 1
ack_timeout = "45m"
[[policies.house.steps]]
targets = ["rotation:web"]
[[policies.house.steps]]
after = "4m"
targets = ["role:spare"]
[[policies.house.steps]]
after = "6m"
targets = ["bob", "role:lead"]
ways = ["email", "sms"]
[[policies.house.steps]]
after = "10m"
targets = ["channel"]
[paging]
per_hour = 6
"#;

/// Ways people are reached by.
const WAYS: [&str; 3] = ["email", "sms", "voice"];

const PEOPLE: [&str; 5] = ["Ana", "Bob", "Cleo", "Deniz", "Édith"];
const CHANNELS: [&str; 2] = ["console:deployments", "console:night"];

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// What the model knows of an item.
#[derive(Clone, Debug)]
struct Leaf {
    number: String,
    branch: String,
    /// Section, part and keycap.
    place: (u32, u32, u8),
    mark: Option<(Mark, String)>,
    evidence: usize,
}

/// What the model knows of a deployment.
#[derive(Clone, Debug)]
struct Known {
    status: Status,
    deployer: String,
    archived: bool,
    leaves: Vec<Leaf>,
    fields: BTreeMap<String, String>,
    notes: usize,
}

#[derive(Default)]
struct Model {
    deployments: BTreeMap<u64, Known>,
    /// Requests answered for good.
    answered: Vec<(Envelope, Reply)>,
    /// The latest moment the clock ever showed.
    latest: i64,
    /// The clock was set back since all was quiet: attempts put off may then wait for longer.
    set_back: bool,
}

struct Simulation {
    dice: Dice,
    world: World,
    model: Model,
    keys: u64,
    /// Buttons that were offered.
    offered: Vec<String>,
    log: Vec<String>,
}

#[tokio::test]
async fn whatever_happens_no_tick_is_lost_and_none_is_made_up() {
    let steps: u64 = std::env::var("ROLLCALL_SIMULATE_STEPS").ok().and_then(|s| s.parse().ok()).unwrap_or(10_000);
    let seed: Option<u64> = std::env::var("ROLLCALL_SEED").ok().and_then(|s| s.parse().ok());
    let (first, episodes) = match seed {
        Some(seed) => (seed, 1),
        None => (1, steps.div_ceil(EPISODE)),
    };
    for seed in first..first + episodes {
        let story = Story { seed };
        Simulation::new(seed).await.run(EPISODE).await;
        std::mem::forget(story);
    }
}

/// Tells the seed when a test fails.
struct Story {
    seed: u64,
}

impl Drop for Story {
    fn drop(&mut self) {
        eprintln!("\nThe simulation failed. Repeat it with ROLLCALL_SEED={} cargo test --test simulate\n", self.seed);
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let from = self.log.len().saturating_sub(40);
            eprintln!("the last of what happened:\n{}", self.log[from..].join("\n"));
        }
    }
}

impl Simulation {
    async fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("shop.md"), SHOP).unwrap();
        std::fs::write(dir.path().join("long.md"), LONG).unwrap();
        std::fs::write(dir.path().join("broken.md"), [0xff, 0xfe, 0x41]).unwrap();
        let config = Config::parse(CONFIG, std::path::Path::new("")).unwrap();
        let mut world = World::with_ways(config, Some(dir.path().into()), &WAYS).await;
        world.kept = Some(dir);
        Self { dice: Dice(seed), world, model: Model::default(), keys: 0, offered: Vec::new(), log: Vec::new() }
    }

    async fn run(&mut self, steps: u64) {
        for _ in 0..steps {
            self.step().await;
        }
        self.quiet().await;
    }

    async fn step(&mut self) {
        match self.dice.below(1000) {
            0..700 => {
                let envelope = self.request();
                self.send(vec![envelope]).await;
            }
            700..760 => {
                let mut several: Vec<Envelope> = (0..2 + self.dice.below(4)).map(|_| self.request()).collect();
                if self.dice.chance(40) {
                    // The same request twice at once.
                    let again = several[0].clone();
                    several.push(again);
                }
                self.send(several).await;
            }
            760..820 => self.repeat().await,
            820..850 => self.interrupted().await,
            850..860 => self.full_disk().await,
            860..890 => {
                self.log.push("restart".into());
                self.world.restart().await;
            }
            890..925 => self.clock().await,
            925..945 => self.look().await,
            945..970 => {
                for _ in 0..1 + self.dice.below(6) {
                    let fault = match self.dice.below(3) {
                        0 => Some(Fault::AnswerLost),
                        1 => Some(Fault::Busy),
                        _ => None,
                    };
                    self.world.chat.faults.lock().unwrap().push_back(fault);
                    let way = self.dice.of(&WAYS);
                    self.world.fault(way, [fault]);
                }
            }
            970..990 => {
                self.log.push("settle".into());
                self.world.settle().await;
            }
            _ => self.quiet().await,
        }
        self.model.latest = self.model.latest.max(self.world.now().0);
    }

    // What is asked.

    fn envelope(&mut self, input: Input) -> Envelope {
        self.keys += 1;
        Envelope {
            key: self.dice.chance(90).then(|| format!("request-{}", self.keys)),
            by: Person::named(self.dice.of(&PEOPLE)),
            via: self.dice.of(&[Via::Console, Via::Terminal]),
            channel: self.dice.of(&CHANNELS).to_string(),
            deployment: None,
            mentioned: Vec::new(),
            input,
        }
    }

    fn request(&mut self) -> Envelope {
        let input = match self.dice.below(100) {
            0..14 => self.reaction(),
            14..30 => Input::Say(self.pressed()),
            _ => Input::Say(self.words()),
        };
        let mut envelope = self.envelope(input);
        if self.dice.chance(15) {
            envelope.deployment = self.some_deployment();
        }
        envelope
    }

    fn some_deployment(&mut self) -> Option<u64> {
        let last = *self.model.deployments.keys().next_back()?;
        // The newest are the likeliest.
        let back = self.dice.below(5).min(self.dice.below(12)) as u64;
        Some(last.saturating_sub(back).max(1))
    }

    fn some_items(&mut self, id: Option<u64>) -> String {
        let numbers: Vec<String> = id
            .and_then(|id| self.model.deployments.get(&id))
            .map(|k| k.leaves.iter().map(|l| l.number.clone()).collect())
            .unwrap_or_default();
        if numbers.is_empty() {
            return "1.1".into();
        }
        let one = self.dice.of(&numbers);
        match self.dice.below(20) {
            0 | 1 => one.split('.').next().unwrap_or("1").to_owned(),
            2 | 3 => {
                let at = self.dice.below(numbers.len());
                let to = (at + self.dice.below(4)).min(numbers.len() - 1);
                format!("{}-{}", numbers[at], numbers[to])
            }
            4 => format!("{one} {}", self.dice.of(&numbers)),
            5 => "2.2".into(),
            6 => self.dice.of(&["9.9", "1.44", "0.1", "7", "1.1.1.1.1", "99999999999.1"]).to_string(),
            7 => {
                self.dice.of(&["backup taken", "half", "step", "pods", "door locked", "traffic", "health"]).to_string()
            }
            _ => one,
        }
    }

    fn words(&mut self) -> String {
        let open = self.model.deployments.values().filter(|k| !k.status.is_over()).count();
        if open < 2 || (self.dice.chance(3) && open < 8) {
            return self.start();
        }
        let id = self.some_deployment();
        let at = match (id, self.dice.below(10)) {
            (Some(id), 0..9) => format!("#{id} "),
            _ => String::new(),
        };
        let slash = if self.dice.chance(20) { "/deploy " } else { "" };
        let items = self.some_items(id);
        let why = self.dice.of(&["because", "pager fired", "*no* `idea` <b>", "ruft @everyone", "5xx at 4%", "ó…"]);
        let text = match self.dice.below(1000) {
            0..280 => format!("tick {items}"),
            280..330 => self.about_pages(why),
            330..345 => format!("tick {items} {why}"),
            345..410 => format!("untick {items}"),
            410..470 => format!("skip {items} {why}"),
            470..480 => format!("skip {items}"),
            480..520 => format!("fail {items} {why}"),
            520..550 => format!("block {items} {why}"),
            550..580 => format!("assign {items} @{}", self.dice.of(&PEOPLE)),
            580..620 => format!("evidence {items} https://ci.example/{}", self.dice.below(50)),
            620..650 => format!("note {why}"),
            650..690 => {
                let field = self.dice.of(&["Lead", "Channel", "lead", "Nothing"]).to_string();
                format!("fill {field}: {}", self.dice.of(&["Ana", "ops", "<b>x</b>", "4 %"]))
            }
            690..715 => format!("hold {why}"),
            715..755 => "resume".into(),
            755..775 => format!("handover @{}", self.dice.of(&PEOPLE)),
            775..790 => "progress".into(),
            790..800 => format!("progress {why}"),
            800..815 => format!("rollback {why}"),
            815..835 => "rolled-back".into(),
            835..860 => "finish".into(),
            860..868 => format!("finish --override {why}"),
            868..876 => format!("partial {why}"),
            876..886 => format!("cancel {why}"),
            886..940 => {
                let questions = [
                    "status",
                    "next",
                    "list",
                    "history",
                    "checklists",
                    "record",
                    "help",
                    "help tick",
                    "show 1.1",
                    "show 2",
                    "show half",
                ];
                self.dice.of(&questions).to_string()
            }
            _ => {
                let nonsense = [
                    "tcik 1.1",
                    "",
                    "#",
                    "# tick 1.1",
                    "#0 tick 1.1",
                    "#99999999999999999999 tick 1.1",
                    "tick",
                    "fail 1.1",
                    "start",
                    "start \u{202e}v1",
                    "start @everyone",
                    "hold",
                    "tick 3.1-1.1",
                    "tick 1.1\u{0}",
                    "finish now",
                    "start v1 env:a:b env:c",
                    "🔥🔥",
                    "tick 1.1 1.1",
                    "tick 0",
                    "approve",
                    "--help",
                    "start v1 at:yesterday",
                    "start v1 checklist:broken",
                    "start v1 checklist:nope",
                    "start v1 checklst:shop",
                    "assign 1.1",
                ];
                self.dice.of(&nonsense).to_string()
            }
        };
        format!("{slash}{at}{text}")
    }

    fn about_pages(&mut self, why: &str) -> String {
        let number = 1 + self.dice.below(4);
        match self.dice.below(12) {
            0..4 => {
                let who =
                    self.dice.of(&["", "@Ana ", "lead: ", "bob ", "web ", "@nobody ", "policy:house ", "role:spare "]);
                let low = if self.dice.chance(25) { " --low" } else { "" };
                format!("page {who}{why}{low}")
            }
            4..6 => "ack".into(),
            6 => format!("ack {number}"),
            7 => format!("resolve {number}"),
            8 => "resolve".into(),
            9 => format!("escalate {number}"),
            10 => self.dice.of(&["oncall", "oncall web", "oncall nothing", "page test"]).to_string(),
            _ => self.dice.of(&["page test ana", "page test all", "ack test 7"]).to_string(),
        }
    }

    fn start(&mut self) -> String {
        let mut text = format!("start v{}.{}", self.dice.below(4), self.dice.below(20));
        if self.dice.chance(90) {
            text += if self.dice.chance(70) { " checklist:shop" } else { " checklist:long" };
        }
        text += match self.dice.below(6) {
            0 => " env:staging",
            1 => " env:prod",
            2 => " env:Production",
            _ => "",
        };
        if self.dice.chance(20) {
            text += " service:cart";
        }
        if self.dice.chance(15) {
            text += self.dice.of(&[" at:+10m", " at:+2h", " at:23:30"]);
        }
        if self.dice.chance(45) {
            text += " --queue";
        }
        if self.dice.chance(12) {
            text += " --rehearse";
        }
        text
    }

    /// A button somebody sees: on a card or in an answer.
    fn pressed(&mut self) -> String {
        if !self.offered.is_empty() && self.dice.chance(25) {
            return self.dice.of(&self.offered);
        }
        let seen = self.world.chat.seen.lock().unwrap();
        let from = seen.len().saturating_sub(25);
        let mut buttons = Vec::new();
        for message in &seen[from..] {
            let items = message.card.blocks.iter().filter_map(|b| match b {
                Block::Item { item } => Some(&item.buttons),
                _ => None,
            });
            for button in items.flatten().chain(&message.card.buttons) {
                let end = button.command.ends_with("finish") || button.command.ends_with("cancel");
                let answer = if button.ask.is_some() { " pressed with a reason" } else { "" };
                if !end || seen.len().is_multiple_of(7) {
                    buttons.push(format!("{}{answer}", button.command));
                }
            }
        }
        drop(seen);
        if buttons.is_empty() { "status".into() } else { self.dice.of(&buttons) }
    }

    fn reaction(&mut self) -> Input {
        let keys: Vec<String> = self.world.messages().into_iter().map(|m| m.key).collect();
        let sections: Vec<&String> = keys.iter().filter(|k| k.contains("/section/")).collect();
        let message = match self.dice.below(12) {
            0 if !keys.is_empty() => self.dice.of(&keys),
            1 => self.dice.of(&["1/section/9/9@console:deployments", "nonsense", "99/board@console:x"]).to_string(),
            _ if !sections.is_empty() => {
                let from = sections.len().saturating_sub(8);
                self.dice.of(&sections[from..]).to_string()
            }
            _ => "1/section/1/1@console:deployments".into(),
        };
        let emoji = self.dice.of(&["1️⃣", "2️⃣", "2️⃣", "3️⃣", "4⃣", "5️⃣", "🔟", "✅", "🎉", "1️⃣"]).to_string();
        Input::React { message, emoji, present: self.dice.chance(65) }
    }

    // How it is sent.

    /// Sends requests at once, in this order, and takes their answers into the model.
    async fn send(&mut self, envelopes: Vec<Envelope>) {
        let mut replies = Vec::new();
        let asked: Vec<_> = envelopes
            .iter()
            .map(|envelope| {
                let (engine, envelope) = (self.world.engine().clone(), envelope.clone());
                tokio::spawn(async move { engine.handle(envelope).await })
            })
            .collect();
        for reply in asked {
            replies.push(reply.await.unwrap());
        }
        for (envelope, reply) in envelopes.into_iter().zip(replies) {
            self.learn(envelope, reply).await;
        }
    }

    /// The same request again, perhaps much later: the same answer, and nothing is done.
    async fn repeat(&mut self) {
        if self.model.answered.is_empty() {
            return;
        }
        let (envelope, reply) = self.dice.of(&self.model.answered);
        let again = self.world.engine().handle(envelope.clone()).await;
        assert_eq!(again, reply, "the same request was answered differently: {envelope:?}");
    }

    /// The bot is stopped while it works: what was asked may or may not have been done. Whoever asked asks again with
    /// the same key, and that answer counts.
    async fn interrupted(&mut self) {
        let mut envelopes: Vec<Envelope> = (0..1 + self.dice.below(3)).map(|_| self.request()).collect();
        for envelope in &mut envelopes {
            self.keys += 1;
            envelope.key = Some(format!("interrupted-{}", self.keys));
        }
        self.log.push(format!("interrupted while {} were asked", envelopes.len()));
        let asked: Vec<_> = envelopes
            .iter()
            .map(|envelope| {
                let (engine, envelope) = (self.world.engine().clone(), envelope.clone());
                tokio::spawn(async move { engine.handle(envelope).await })
            })
            .collect();
        for _ in 0..self.dice.below(4) {
            tokio::task::yield_now().await;
        }
        asked.iter().for_each(|task| task.abort());
        for task in asked {
            _ = task.await;
        }
        self.world.restart().await;
        self.send(envelopes).await;
    }

    /// While the disk is full things are refused or done, never half done; the same request later is done.
    async fn full_disk(&mut self) {
        self.log.push("the disk is full".into());
        self.world.engine().store().limit_pages(Some(1)).await.unwrap();
        let mut refused = Vec::new();
        for _ in 0..3 {
            let envelope = self.request();
            let reply = self.world.engine().handle(envelope.clone()).await;
            if reply.text.starts_with("Not recorded") {
                assert!(!reply.ok && self.world.engine().healthy().is_err(), "{reply:?}");
                refused.push(envelope);
            } else {
                self.learn(envelope, reply).await;
            }
        }
        self.world.engine().store().limit_pages(None).await.unwrap();
        self.send(refused).await;
    }

    async fn clock(&mut self) {
        let ms = match self.dice.below(10) {
            0..4 => self.dice.below(90) as i64 * SECOND,
            4..6 => self.dice.below(70) as i64 * MINUTE,
            6 => self.dice.below(30) as i64 * HOUR,
            7 if self.dice.chance(20) => 40 * DAY,
            7 | 8 => -(self.dice.below(100) as i64) * MINUTE,
            _ => -(self.dice.below(30) as i64) * SECOND,
        };
        self.log.push(format!("the clock moves by {ms} ms"));
        self.model.set_back |= ms < 0;
        self.world.jump(ms);
        // As the loop does, when it notices it.
        if ms <= -MINUTE && self.dice.chance(70) {
            rollcall::loops::timers::set_back(self.world.engine()).await.unwrap();
        }
    }

    /// Looking changes nothing and never fails.
    async fn look(&mut self) {
        let id = self.some_deployment().unwrap_or(7);
        let known = self.model.deployments.contains_key(&id);
        let engine = self.world.engine();
        assert_eq!(engine.page(id, false).await.unwrap().is_some(), known);
        assert_eq!(engine.record(id, rollcall::engine::Format::Markdown).await.unwrap().is_some(), known);
        assert_eq!(engine.record(id, rollcall::engine::Format::Json).await.unwrap().is_some(), known);
        engine.complete(CHANNELS[0], Some(id), "tick ").await;
    }

    // What is learned from answers.

    async fn learn(&mut self, envelope: Envelope, reply: Reply) {
        let said = match &envelope.input {
            Input::Say(text) => text.clone(),
            Input::React { message, emoji, present } => format!("react {message} {emoji} {present}"),
            Input::Due { .. } | Input::SetBack { .. } | Input::Joined => unreachable!(),
        };
        self.log.push(format!("{} {}: {said:?} → {} {:?}", self.world.now().0, envelope.by.name, reply.ok, reply.text));
        assert!(
            !reply.text.contains("It is not certain") && !reply.text.starts_with("Not recorded"),
            "{said:?}: {reply:?}"
        );
        assert!(reply.ok || !reply.text.is_empty(), "a refusal without words: {said:?}");
        for choice in &reply.choices {
            let answer = if choice.ask.is_some() { " for a reason" } else { "" };
            self.offered.push(format!("{}{answer}", choice.command));
        }
        let drop = self.offered.len().saturating_sub(12);
        self.offered.drain(..drop);
        let repeated = envelope.key.is_some() && self.model.answered.iter().any(|(e, _)| e.key == envelope.key);
        if let Some((_, before)) = self.model.answered.iter().find(|(e, _)| repeated && e.key == envelope.key) {
            assert_eq!(*before, reply, "the same request was answered differently: {said:?}");
            return;
        }
        if reply.ok {
            self.take(&envelope, &said, &reply).await;
        }
        let question = ["status", "next", "list", "history", "checklists", "record", "help", "show", "oncall"];
        let words = bare(&said).replace("page test", "oncall");
        let verb = words.split_whitespace().next().unwrap_or("");
        if envelope.key.is_some() && !question.contains(&verb) {
            self.model.answered.push((envelope, reply));
        }
    }

    async fn take(&mut self, envelope: &Envelope, said: &str, reply: &Reply) {
        let by = envelope.by.name.to_string();
        let words = bare(said).replace("page test", "oncall");
        let (verb, rest) = words.split_once(' ').unwrap_or((&words, ""));
        if verb == "start" {
            let id = reply.deployment.expect("a start names its deployment");
            let page = self.world.engine().page(id, true).await.unwrap().unwrap();
            // Only the shape is taken from the page; all that happens is the model's own.
            let status = match () {
                () if reply.text.starts_with("Started") => Status::Active,
                () if reply.text.starts_with("Queued") => Status::Queued,
                () => Status::Scheduled,
            };
            let known = Known {
                status,
                deployer: by,
                archived: false,
                leaves: shape(&page),
                fields: BTreeMap::new(),
                notes: 0,
            };
            assert!(self.model.deployments.insert(id, known).is_none(), "#{id} was opened twice");
            return;
        }
        if ["status", "next", "list", "history", "checklists", "record", "help", "show", "oncall"].contains(&verb) {
            return;
        }
        if verb == "react" && reply.text.is_empty() {
            return;
        }
        let id = reply.deployment.expect("what was done names its deployment");
        // What fell due in between was done by the bot: it is looked up, and held against what may be, when quiet.
        self.follow(id).await;
        let known = self.model.deployments.get_mut(&id).expect("a deployment nobody opened");
        let mark = match verb {
            "tick" => Some(Mark::Tick),
            "untick" => Some(Mark::Untick),
            "skip" => Some(Mark::Skip),
            "fail" => Some(Mark::Fail),
            "block" => Some(Mark::Block),
            _ => None,
        };
        if let Some(mark) = mark {
            known.mark(mark, rest, &by, &reply.text);
            return;
        }
        match verb {
            "react" => {
                let Input::React { message, present, .. } = &envelope.input else { return };
                let marked = ["Ticked: ", "Reopened: ", "A rollback criterion is met: "];
                let Some(number) = marked.iter().find_map(|m| reply.text.strip_prefix(m)) else { return };
                let number = number.split([' ', '\u{a0}']).next().unwrap_or("");
                let leaf = known.leaves.iter_mut().find(|l| l.number == number).expect("an item");
                assert!(
                    message.contains(&format!("/section/{}/{}@", leaf.place.0, leaf.place.1)),
                    "{message} {leaf:?}"
                );
                leaf.mark = present.then_some((Mark::Tick, by));
            }
            "assign" => {}
            "evidence" => {
                let number = reply.text.trim_start_matches("Evidence kept with ").trim_end_matches('.');
                known.leaves.iter_mut().find(|l| l.number == number).expect("an item").evidence += 1;
            }
            "note" => known.notes += 1,
            "fill" => {
                let (field, value) = rest.split_once(": ").expect("label and value");
                let label = if field.eq_ignore_ascii_case("lead") { "Lead" } else { "Channel" };
                known.fields.insert(label.into(), value.into());
            }
            "hold" => known.status = Status::Held,
            "resume" => known.status = Status::Active,
            "handover" => known.deployer = rest.trim_start_matches('@').into(),
            "progress" | "page" | "ack" | "resolve" | "escalate" | "snooze" | "reschedule" => {}
            "rollback" => {
                known.status = Status::RollingBack;
                // A reason that begins with a criterion's number says that it happened.
                let number = rest.split(' ').next().unwrap_or_default().trim_end_matches(':');
                let criterion = known.leaves.iter_mut().find(|l| l.number == number && l.branch == "rollback criteria");
                if let Some(leaf) = criterion.filter(|l| l.mark.as_ref().is_none_or(|m| m.0 != Mark::Tick)) {
                    leaf.mark = Some((Mark::Tick, by));
                }
            }
            "rolled-back" => known.status = Status::RolledBack,
            "finish" => known.status = Status::Succeeded,
            "partial" => known.status = Status::Partial,
            "cancel" => known.status = Status::Cancelled,
            other => panic!("{other} was done: {reply:?}"),
        }
    }

    /// The bot itself may have started or archived a deployment: nothing else.
    async fn follow(&mut self, id: u64) {
        let d = self.world.engine().deployment(id).await.unwrap().expect("a deployment");
        let log = self.world.engine().store().deployment_log(id).await.unwrap().unwrap().events;
        let known = self.model.deployments.get_mut(&id).unwrap();
        let started = log.iter().any(|r| matches!(r.event, Event::Started { .. }));
        let queued = log.iter().any(|r| matches!(r.event, Event::Queued { .. }));
        match known.status {
            Status::Scheduled | Status::Queued if started => known.status = Status::Active,
            Status::Scheduled if queued => known.status = Status::Queued,
            _ => {}
        }
        if d.archived && !known.archived {
            let ended = d.ended_at.expect("archived after its outcome");
            assert!(self.model.latest.max(self.world.now().0) >= ended.0 + WALKABLE_MS, "#{id} archived early");
            known.archived = true;
        }
    }

    // What must hold.

    /// Lets everything come to rest and holds the world against the model.
    async fn quiet(&mut self) {
        self.log.push("quiet".into());
        self.world.chat.faults.lock().unwrap().clear();
        WAYS.iter().for_each(|way| self.world.ways[*way].faults.lock().unwrap().clear());
        let began = self.world.now().0;
        for _ in 0..200 {
            self.world.settle().await;
            match self.world.engine().store().next_delivery().await.unwrap() {
                Some(next) => self.world.jump((next.0 - self.world.now().0).max(1)),
                None => break,
            }
        }
        self.model.latest = self.model.latest.max(self.world.now().0);
        let now = self.world.now();
        assert!(now.0 - began <= 2 * MINUTE || self.model.set_back, "messages waited for {} ms", now.0 - began);
        self.model.set_back = false;
        let engine = self.world.engine().clone();
        let store = engine.store();
        assert!(engine.healthy().is_ok());
        let stats = store.stats().await.unwrap();
        assert_eq!((stats.waiting, stats.failed), (0, 0), "something was never shown");
        assert!(store.due_timers(now, 10).await.unwrap().is_empty(), "a timer is overdue");
        let audit = store.audit(None).await.unwrap();
        assert!(audit.is_sound(), "{audit}");
        assert_eq!(stats.deployments as usize, self.model.deployments.len());

        let mut locks: HashMap<String, u64> = HashMap::new();
        let mut waits: Vec<(u64, String)> = Vec::new();
        let mut expected: BTreeSet<String> = BTreeSet::new();
        let mut allowed: BTreeSet<String> = BTreeSet::new();
        let ids: Vec<u64> = self.model.deployments.keys().copied().collect();
        for id in ids {
            self.follow(id).await;
            let known = &self.model.deployments[&id];
            let page = engine.page(id, true).await.unwrap().unwrap();
            compare(id, known, &page);
            let log = store.deployment_log(id).await.unwrap().unwrap();
            let d = engine.deployment(id).await.unwrap().unwrap();
            assert_eq!(d.seq, log.events.len() as u64);
            assert_eq!(d.status, log.summary.status);
            let (must, may) = messages(&d, &log.events);
            expected.extend(must);
            allowed.extend(may);
            times(id, &log.events);
            breaches(id, &log.events);
            self.pages(&d, &log.events);
            by_the_clock(&d, &log.events);
            timers(&d, &store.timers_of(id).await.unwrap(), now);
            let lock = lock_key(&log.summary.service, &log.summary.environment, log.summary.rehearsal);
            if d.status.is_under_way() {
                let other = locks.insert(lock.clone(), id);
                assert_eq!(other, None, "#{id} and another hold {lock}");
                assert_eq!(store.lock_holder(&lock).await.unwrap(), Some(id));
            }
            if d.status == Status::Queued {
                waits.push((id, lock));
            }
            assert!(!(d.status == Status::Scheduled && d.start_at.unwrap() <= now), "#{id} should have started");
            self.views(&d);
        }
        for (id, lock) in waits {
            assert!(locks.contains_key(&lock), "#{id} waits for {lock}, which nobody holds");
        }
        let seen: Vec<String> = self.world.messages().into_iter().map(|m| m.key).collect();
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(seen.len(), distinct.len(), "a message was posted twice");
        let missing: Vec<_> = expected.difference(&distinct).collect();
        let surplus: Vec<_> = distinct.difference(&expected).filter(|k| !allowed.contains(*k)).collect();
        for way in std::iter::once(&self.world.chat).chain(self.world.ways.values()) {
            let wrong = way.wrong.lock().unwrap();
            assert!(wrong.is_empty(), "sent twice, or after the acknowledgement: {wrong:?}");
        }
        assert!(missing.is_empty() && surplus.is_empty(), "never shown: {missing:?}; shown for nothing: {surplus:?}");
    }

    /// No page ends in silence, each step is on time, nothing goes out for a page that somebody has, and what was
    /// delivered has come.
    fn pages(&self, d: &Deployment, log: &[Recorded]) {
        let mut pages: BTreeMap<u32, paging::Page> = BTreeMap::new();
        let mut quiet: BTreeMap<u32, bool> = BTreeMap::new();
        for r in log {
            if let Event::ClockSetBack { was } = &r.event {
                pages.values_mut().for_each(|page| page.set_back(*was, r.at));
            }
            let Event::Page { page: number, event } = &r.event else { continue };
            let at = format!("#{} page {number} at {}: {event:?}", d.id, r.seq);
            let Some(page) = pages.get_mut(number) else {
                pages.insert(*number, paging::Page::open(*number, d.rehearsal, event, &r.by, r.at).expect(&at));
                continue;
            };
            match event {
                PageEvent::Called { late_ms, calls, .. } => {
                    // After a step that reaches nobody now, or at somebody's word, the next comes at once.
                    let at_once = quiet.get(number).copied().unwrap_or(true);
                    if !at_once {
                        let due = page.climbs_at().unwrap_or_else(|| panic!("{at} called for nothing"));
                        assert!(r.at >= due, "{at} is early");
                        let late = r.at.0 - due.0;
                        assert_eq!(
                            *late_ms,
                            if late >= LATE_MS { late } else { 0 },
                            "{at} is late and does not say so"
                        );
                    }
                    let limited = |c: &paging::Call| c.held.is_some_and(|held| held.why == paging::Hold::Limit);
                    quiet.insert(*number, calls.iter().all(limited));
                }
                PageEvent::Escalated | PageEvent::Lapsed { .. } => _ = quiet.insert(*number, true),
                // Asked for again after nobody answered, it climbs anew.
                PageEvent::Again { .. } if page.unanswered.is_some() => _ = quiet.insert(*number, true),
                PageEvent::Delivered { n } => {
                    assert!(page.may_go(*n), "{at} went out after the acknowledgement");
                    let message = page.message(*n).expect(&at);
                    let (way, _) = message.address().split_once(':').expect("an address");
                    let key = format!("{}/page/{number}/{n}@{}", d.id, message.address());
                    let came = match self.world.ways.get(way) {
                        Some(way) => way.seen.lock().unwrap().iter().any(|m| m.key == key),
                        None => self.world.messages().iter().any(|m| m.key == key),
                    };
                    assert!(came && !d.rehearsal, "{at} never came");
                }
                _ => {}
            }
            page.evolve(event, &r.by, r.at);
        }
        for page in pages.values().filter(|p| p.state == PageState::Open) {
            assert!(
                page.climbs_at().is_some() || page.unanswered.is_some(),
                "#{} page {} has ended in silence",
                d.id,
                page.number
            );
        }
    }

    /// Every message that is edited in place shows the latest state.
    fn views(&self, d: &Deployment) {
        let prefix = format!("{}/", d.id);
        for message in self.world.messages() {
            let Some(what) = message.key.strip_prefix(&prefix).and_then(|k| k.split('@').next()) else { continue };
            if let Some(page) = what.strip_prefix("page/") {
                let (page, n) = page.split_once('/').unwrap_or((page, ""));
                let (page, n) = (page.parse().unwrap(), n.parse().ok());
                let now = n.map_or_else(|| card::page::card(d, page), |n| card::page::message(d, page, n, Out::Yes));
                assert_eq!(message.card, fit(now.unwrap(), &CONSOLE), "{} shows an old state", message.key);
                continue;
            }
            let now = match what.strip_prefix("section/").and_then(|s| s.split_once('/')) {
                Some((s, p)) => compose::section_part(d, s.parse().unwrap(), p.parse().unwrap()),
                None if what == "board" => compose::board(d, self.world.now()),
                None => continue,
            };
            let now = fit(now, &CONSOLE);
            assert_eq!(timeless(&message.card), timeless(&now), "{} shows an old state", message.key);
        }
    }
}

/// What was said, without the words around it.
fn bare(said: &str) -> String {
    let said = said.trim();
    let said = said.strip_prefix("/deploy").unwrap_or(said).trim();
    match said.strip_prefix('#').and_then(|s| s.split_once(' ')) {
        Some((_, rest)) => rest.trim().to_owned(),
        // A deployment's number alone, or nothing at all, asks how it stands.
        None if said.starts_with('#') || said.is_empty() => "status".into(),
        None => said.to_owned(),
    }
}

fn items(page: &Page) -> Vec<(u32, u32, String, rollcall::card::ItemLine)> {
    let mut all = Vec::new();
    for section in &page.sections {
        for (part, card) in section.cards.iter().enumerate() {
            for block in &card.blocks {
                if let Block::Item { item } = block {
                    all.push((section.number, part as u32 + 1, section.branch.clone(), (**item).clone()));
                }
            }
        }
    }
    all
}

fn shape(page: &Page) -> Vec<Leaf> {
    let leaf = |(section, part, branch, item): (u32, u32, String, rollcall::card::ItemLine)| Leaf {
        number: item.number.to_string(),
        branch,
        place: (section, part, item.keycap),
        mark: None,
        evidence: 0,
    };
    items(page).into_iter().map(leaf).collect()
}

impl Known {
    /// The branch can be walked now.
    fn is_open(&self, branch: &str) -> bool {
        use Status::*;
        let watch = compose::branch_word(Branch::Watch);
        let rollback = compose::branch_word(Branch::Rollback);
        let after = [Branch::AfterSuccess, Branch::FollowUp].map(compose::branch_word);
        let follow_up = compose::branch_word(Branch::FollowUp);
        match self.status {
            Active | Held => branch.is_empty() || branch == watch || branch == follow_up,
            RollingBack => branch == rollback || branch == watch,
            Succeeded | Partial => (after.contains(&branch) || branch == watch) && !self.archived,
            _ => false,
        }
    }

    /// What a mark that was answered with yes has done.
    fn mark(&mut self, mark: Mark, rest: &str, by: &str, answer: &str) {
        let watch = compose::branch_word(Branch::Watch);
        let mut meant: Vec<(usize, bool)> = Vec::new();
        let at = |n: &str| self.leaves.iter().position(|l| l.number == n);
        let below = |n: &str| -> Vec<usize> {
            let prefix = format!("{n}.");
            (0..self.leaves.len()).filter(|&i| at(n) == Some(i) || self.leaves[i].number.starts_with(&prefix)).collect()
        };
        for word in rest.split_whitespace() {
            if !word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-') {
                break;
            }
            let (span, single) = match word.split_once('-') {
                Some((from, to)) => ((below(from)[0]..=*below(to).last().unwrap()).collect(), false),
                None => (below(word), below(word).len() == 1),
            };
            let all_watch = span.iter().all(|&i| self.leaves[i].branch == watch);
            meant
                .extend(span.into_iter().filter(|&i| all_watch || self.leaves[i].branch != watch).map(|i| (i, single)));
        }
        if meant.is_empty() {
            // Said in words: the answer names the item.
            let number = answer.split(": ").nth(1).unwrap_or("").split([' ', '\u{a0}']).next().unwrap_or("");
            let i = at(number).unwrap_or_else(|| panic!("which item is meant by {rest:?}? {answer:?}"));
            meant.push((i, true));
        }
        let mut by_name: BTreeMap<usize, bool> = BTreeMap::new();
        for (i, single) in meant {
            *by_name.entry(i).or_default() |= single;
        }
        let mut changed = 0;
        for (i, by_name) in by_name {
            if !self.is_open(&self.leaves[i].branch.clone()) {
                continue;
            }
            let leaf = &mut self.leaves[i];
            let standing = leaf.mark.as_ref().map(|m| m.0);
            let changes = match (mark, standing) {
                (Mark::Untick, standing) => standing.is_some(),
                (_, None) => true,
                (Mark::Tick, Some(Mark::Tick)) | (Mark::Skip, Some(Mark::Tick | Mark::Skip)) => false,
                (Mark::Block, Some(Mark::Tick)) => false,
                _ => by_name,
            };
            if changes {
                leaf.mark = (mark != Mark::Untick).then(|| (mark, by.to_owned()));
                changed += 1;
            }
        }
        assert!(changed > 0, "{mark:?} {rest:?} was answered with {answer:?} and changes nothing in the model");
        let count = answer.split(": ").nth(1).and_then(|a| a.split_once(" items, ")).map(|(n, _)| n.parse().unwrap());
        assert!(count.is_none_or(|n: usize| n == changed), "{mark:?} {rest:?}: {answer:?} but {changed}");
    }
}

/// Items, status and people are what the answers said.
fn compare(id: u64, known: &Known, page: &Page) {
    assert_eq!(page.summary.status, known.status, "the status of #{id}");
    assert_eq!(page.summary.deployer, known.deployer, "who leads #{id}");
    assert_eq!(page.summary.archived, known.archived, "#{id} archived");
    let shown = items(page);
    assert_eq!(shown.len(), known.leaves.len());
    for ((.., item), leaf) in shown.iter().zip(&known.leaves) {
        assert_eq!(item.number.to_string(), leaf.number);
        let standing = match item.state {
            Shown::Ticked => Some(Mark::Tick),
            Shown::Skipped => Some(Mark::Skip),
            Shown::Failed => Some(Mark::Fail),
            Shown::Blocked => Some(Mark::Block),
            Shown::Open | Shown::Closed => None,
        };
        let expected = leaf.mark.as_ref().map(|m| m.0);
        assert_eq!(standing, expected, "#{id} {} is not as it was answered", leaf.number);
        assert_eq!(
            item.who.as_ref().map(|w| w.name.to_string()).as_ref(),
            leaf.mark.as_ref().map(|m| &m.1),
            "#{id} {}: by whom",
            leaf.number
        );
        let evidence = item.details.iter().filter(|d| d.to_plain().starts_with("Evidence: ")).count();
        assert_eq!(evidence, leaf.evidence, "#{id} {}: evidence", leaf.number);
    }
    for field in page.fields.iter().filter(|f| !f.automatic) {
        assert_eq!(field.value.as_ref(), known.fields.get(&field.label), "#{id}: {}", field.label);
    }
    let notes = page.timeline.iter().filter(|l| l.text.to_plain().starts_with("Note — ")).count();
    assert_eq!(notes, known.notes, "#{id}: notes");
}

/// Every message that the log of a deployment asks for, once.
///
/// What fails together is announced once, by the first that is news. From the log alone two commands of one person in
/// one moment look like one: what follows the first *may* have been announced.
fn messages(d: &Deployment, log: &[Recorded]) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut keys = BTreeSet::new();
    let mut may = BTreeSet::new();
    let mut failed: HashMap<String, Option<String>> = HashMap::new();
    let mut together: Option<(u64, Timestamp, Person, Option<String>)> = None;
    let name_of = |name: &str| format!("{}/{name}@{}", d.id, d.channel);
    let mut add = |name: String| _ = keys.insert(name_of(&name));
    for r in log {
        let word = match &r.event {
            Event::Opened { start_at: Some(_), .. } => "scheduled",
            Event::Queued { .. } => "queued",
            Event::Started { .. } => {
                add("start".into());
                add("board".into());
                d.watched().for_each(|s| (1..=s.parts).for_each(|p| add(format!("section/{}/{p}", s.number))));
                continue;
            }
            Event::Breached { .. } => "breach",
            Event::Page { page, event: PageEvent::Opened { .. } } => {
                add("board".into());
                add(format!("page/{page}"));
                continue;
            }
            Event::Page { event: PageEvent::Unanswered { .. }, .. } if !d.rehearsal => "unanswered",
            Event::SectionOpened { section, .. } => {
                let parts = d.plan.stretch(*section).unwrap().parts;
                (1..=parts).for_each(|p| add(format!("section/{section}/{p}")));
                continue;
            }
            Event::Marked { item, mark: Mark::Fail, note, .. } => {
                let i = d.plan.leaf(item).unwrap();
                add("board".into());
                let known = failed.insert(item.to_string(), note.clone());
                if d.plan.leaves[i].branch == Branch::Watch || known.as_ref() == Some(note) {
                    continue;
                }
                let with = together.replace((r.seq, r.at, r.by.clone(), note.clone()));
                if with.is_some_and(|(seq, at, by, n)| seq + 1 == r.seq && at == r.at && by == r.by && n == *note) {
                    may.insert(name_of(&format!("{}/failure", r.seq)));
                    continue;
                }
                "failure"
            }
            Event::Marked { item, .. } => {
                failed.remove(&item.to_string());
                continue;
            }
            Event::Held { .. } => "hold",
            Event::Resumed => "resume",
            Event::HandedOver { .. } => "handover",
            // From the third in a row on, only the board says that nothing happened.
            Event::Progress { quiet: 3.., .. } => continue,
            Event::Progress { .. } => "progress",
            Event::Rescheduled { .. } => "rescheduled",
            Event::Announced { .. } => "announcement",
            Event::WindowClosing { .. } => "closing",
            Event::WindowClosed { open, .. } if open.is_empty() => continue,
            Event::WindowClosed { .. } => "closed",
            Event::Reminded { .. } => "reminder",
            Event::HoldReminded { .. } => "still-held",
            Event::RollbackCalled { .. } => "rollback",
            Event::RolledBack => "rolled-back",
            Event::Succeeded { .. } => "success",
            Event::Partial { .. } => "partial",
            Event::Cancelled { .. } => "cancelled",
            _ => continue,
        };
        add("board".into());
        add(format!("{}/{word}", r.seq));
    }
    // Calls in the channel: those that were delivered are there, and those whose answer was lost may be.
    for page in &d.pages {
        for (message, n) in page.messages.iter().zip(1u32..).filter(|(m, _)| m.address().starts_with("console:")) {
            let key = format!("{}/page/{}/{n}@{}", d.id, page.number, message.address());
            if matches!(message.state, paging::Sent::Delivered(_)) {
                keys.insert(key)
            } else {
                may.insert(key)
            };
        }
    }
    (keys, may)
}

/// Time never runs backwards unless the log says so, and no due moment is met twice.
fn times(id: u64, log: &[Recorded]) {
    let set_back = |r: &Recorded| matches!(r.event, Event::ClockSetBack { .. });
    assert!(
        log.windows(2).all(|w| (w[0].at <= w[1].at || set_back(&w[1])) && w[0].seq + 1 == w[1].seq),
        "the log of #{id} runs backwards"
    );
    // A moment that the clock shows once more is another one.
    let anew = log.iter().rposition(set_back).unwrap_or(0);
    let due: Vec<i64> = log[anew..]
        .iter()
        .filter(|r| r.via == Via::Timer)
        .filter_map(|r| match &r.event {
            Event::Progress { late_ms, .. } => Some((r.at.0 - late_ms).div_euclid(HOUR)),
            _ => None,
        })
        .collect();
    assert!(due.windows(2).all(|w| w[0] < w[1]), "#{id} posted progress twice for one moment: {due:?}");
    let starts = log.iter().filter(|r| matches!(r.event, Event::Started { .. })).count();
    assert!(starts <= 1, "#{id} started twice");
}

/// Reminders as they are without a word in the configuration.
fn usual() -> Policy {
    Policy {
        progress: std::sync::Arc::new(rollcall::domain::schedule::Compiled::hourly(chrono_tz::UTC)),
        may_override: Vec::new(),
        roles: Default::default(),
        lock_held_by: None,
        directory: Default::default(),
        covers: Default::default(),
        recent: Default::default(),
        frozen: None,
        reminding: Default::default(),
        off_hours: Default::default(),
    }
}

/// What must still happen by itself is armed.
fn timers(d: &Deployment, armed: &[(Timer, Timestamp)], now: Timestamp) {
    let is = |timer| armed.iter().any(|(t, due)| *t == timer && *due > now);
    if d.status.is_under_way() {
        assert!(is(Timer::Progress), "#{} will post no progress", d.id);
    }
    if rollcall::domain::watch::due(d).is_some() {
        assert!(is(Timer::Watch), "#{} watches nothing", d.id);
    }
    if rollcall::domain::climb::due(d).is_some() {
        assert!(is(Timer::Page), "#{} climbs no further", d.id);
    }
    if rollcall::domain::agenda::due(d, now).is_some() {
        assert!(is(Timer::Agenda), "#{} keeps no agenda", d.id);
    }
    if d.status.is_under_way() && rollcall::domain::remind::due(d, &usual()).is_some() {
        assert!(is(Timer::Remind), "#{} reminds nobody", d.id);
    }
    if d.status == Status::Scheduled {
        assert!(is(Timer::Start), "#{} will not start", d.id);
    }
    if d.status.is_over() {
        assert!(d.archived || is(Timer::Archive), "#{} will never be archived", d.id);
        assert!(!is(Timer::Progress), "#{} posts progress after its outcome", d.id);
    }
}

/// What windows and reminders do happens once, never early, and says how late it is.
fn by_the_clock(d: &Deployment, log: &[Recorded]) {
    let (mut closing, mut closed, mut holds) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut told: HashMap<String, u32> = HashMap::new();
    for r in log {
        match &r.event {
            Event::WindowClosing { of, until, .. } => {
                assert!(r.at < *until, "#{} {of:?}: reminded of after its end", d.id);
                assert!(of.iter().all(|n| closing.insert(n.clone())), "#{} {of:?}: reminded of twice", d.id);
            }
            Event::WindowClosed { of, .. } => {
                assert!(of.iter().all(|n| closed.insert(n.clone())), "#{} {of:?}: closed twice", d.id);
                for w in d.plan.windows.iter().filter(|w| of.contains(&w.of)) {
                    if let Some((_, to)) = rollcall::domain::agenda::span(d, &w.window, w.branch) {
                        assert!(r.at >= to, "#{} {}: closed early", d.id, w.of);
                    }
                }
            }
            Event::Reminded { waiting, .. } => {
                for w in waiting {
                    let times = told.entry(w.of.to_string()).or_default();
                    *times += 1;
                    assert!(*times <= 3, "#{} {}: reminded of more often than it may be", d.id, w.of);
                }
            }
            // Given to somebody anew, it is asked anew.
            Event::Assigned { item, .. } => _ = told.remove(&item.to_string()),
            Event::Held { .. } => holds.clear(),
            Event::HoldReminded { round, .. } => assert!(holds.insert(*round), "#{}: still held {round} twice", d.id),
            _ => {}
        }
    }
}

/// A criterion is said to be breached once, until it is not.
fn breaches(id: u64, log: &[Recorded]) {
    let mut standing = BTreeSet::new();
    for r in log {
        match &r.event {
            Event::Breached { item, .. } => assert!(standing.insert(item.clone()), "#{id} {item} is said twice"),
            Event::Cleared { item } => assert!(standing.remove(item), "#{id} {item} was not breached"),
            _ => {}
        }
    }
}

/// A card without what changes by the mere passing of time.
fn timeless(card: &Card) -> Card {
    let mut card = card.clone();
    for block in &mut card.blocks {
        if let Block::Facts { facts } = block {
            facts.retain(|f| f.label != "Elapsed");
        }
    }
    card
}
