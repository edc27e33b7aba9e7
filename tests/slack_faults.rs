//! The real binary in a Slack where things go wrong, by seed: storms of 429, server errors, answers lost after the work
//! was done, cut and half-open links, swallowed acknowledgements, the bot killed between sending and recording. In the
//! end every message is there exactly once, in order, and shows the final state; what was acknowledged is in the log,
//! once.
//!
//! `ROLLCALL_FAULT_SCHEDULES` says how many (4), `ROLLCALL_FAULT_SEED` the first seed, `ROLLCALL_FAULT_JOBS` how many at
//! a time (4), `ROLLCALL_BIN` another binary.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "another process runs and dies in real time")]

#[path = "peers/slack/mod.rs"]
mod slack;

use self::slack::weather::{Chance, Fault, Weather};
use self::slack::world::{ALICE, BOB, Control, DEPLOYS, Message};
use self::slack::{APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Settings, Slack};
use rollcall::card::{Shown, compose};
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::plan::Plan;
use rollcall::serve::{RUNNING, Running};
use rollcall::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Until the bot serves, is linked, has shown everything: slow is not broken. Pauses grow to 38 s; that thirteen attempts at
/// the same message fail one after the other, a third of them at most being bad, does not happen.
const PATIENCE: Duration = Duration::from_secs(360);

/// The key of the first section's message.
const SECTION: &str = "1/section/1/1@slack:C02DEP";

/// What people do in one schedule.
const STEPS: u64 = 24;

/// How many calls of a hundred fare badly.
const BAD: u64 = 15;

const PAGE: &str = "\
# Shop release

## Before

- [ ] Backup taken
- [ ] Notes written
- [ ] Team told

## Deploy

- [ ] Image pushed
- [ ] First half rolled
  ```bash
  kubectl rollout status deployment/shop
  ```
- [ ] Second half rolled

## After

- [ ] Errors watched
- [ ] Board updated
";

#[test]
fn whatever_goes_wrong_every_message_is_there_once() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let schedules = number("ROLLCALL_FAULT_SCHEDULES").unwrap_or(4);
    let first = number("ROLLCALL_FAULT_SEED").unwrap_or(1);
    let jobs = number("ROLLCALL_FAULT_JOBS").unwrap_or(4);
    let began = Instant::now();
    run(async move {
        let places = Arc::new(Semaphore::new(usize::try_from(jobs).unwrap()));
        let mut running = JoinSet::new();
        for seed in first..first + schedules {
            let places = places.clone();
            running.spawn(async move {
                let _place = places.acquire().await.unwrap();
                let result = tokio::spawn(schedule(seed)).await;
                let result = result.unwrap_or_else(|e| Err(panic_text(e)));
                (seed, result)
            });
        }
        let (mut failed, mut sum) = (BTreeMap::new(), Counts::default());
        while let Some(done) = running.join_next().await {
            match done.unwrap() {
                (_, Ok(counts)) => sum.add(&counts),
                (seed, Err(why)) => {
                    println!("ROLLCALL_FAULT_SEED={seed}: {why}");
                    failed.insert(seed, why);
                }
            }
        }
        println!(
            "{schedules} schedules from seed {first}: {} calls fared badly of {}, {} kills, {} links cut or frozen; {} \
             things done, {} of them not acknowledged; {} messages; {:.0} s",
            sum.bad,
            sum.calls,
            sum.kills,
            sum.links,
            sum.done,
            sum.unacknowledged,
            sum.messages,
            began.elapsed().as_secs_f32()
        );
        assert!(failed.is_empty(), "{} of {schedules} failed: {:?}", failed.len(), failed.keys());
        assert!(sum.bad > 0, "something went wrong at least once");
    });
}

#[test]
fn killed_between_sending_and_recording_nothing_is_there_twice() {
    run(async {
        // The first post of all, one in the middle, and a reply in the thread.
        for skipped in [0, 1, 2] {
            let mut house = House::new(900 + skipped, Mode::Socket).await;
            for _ in 0..skipped {
                house.slack.next("chat.postMessage", Fault::Slow(Duration::from_millis(1)));
            }
            house.slack.next("chat.postMessage", Fault::Held);
            house.start_bot().await.unwrap();
            house.say(ALICE, "start v1.0").await;
            assert!(house.slack.holds(PATIENCE).await, "a post is held");
            house.kill();
            house.start_bot().await.unwrap();
            house.ends().await.unwrap_or_else(|why| panic!("after post {skipped}: {why}\n{}", house.log()));
        }
    });
}

#[test]
fn a_message_somebody_deleted_is_posted_anew_once() {
    run(async {
        let mut house = House::new(950, Mode::Http).await;
        let section = house.begins().await;
        house.slack.person(BOB).delete(&section);
        house.say(BOB, "tick 1.1").await;
        house.shows_the_section().await;
        house.ends().await.unwrap_or_else(|why| panic!("{why}\n{}", house.log()));
    });
}

#[test]
fn a_reaction_to_a_message_whose_answer_was_lost_counts() {
    run(async {
        let mut house = House::new(951, Mode::Http).await;
        // Board and announcement are posted; the section is, too, but nobody hears of it, and it is found again later
        // than a reaction is waited for.
        for fault in [Fault::Slow(Duration::from_millis(1)), Fault::Slow(Duration::from_millis(1)), Fault::Lost] {
            house.slack.next("chat.postMessage", fault);
        }
        for _ in 0..2 {
            house.slack.next("conversations.replies", Fault::Broken(503));
        }
        let section = house.begins().await;
        house.slack.person(BOB).react(&section, "one", true).await;
        house.has_ticks(1, PATIENCE).await;
        house.ends().await.unwrap_or_else(|why| panic!("{why}\n{}", house.log()));
    });
}

/// Its answer was lost, it is found again, and Slack takes no edit just then: people see it, and can tick.
#[test]
fn what_stands_there_can_be_ticked_though_it_cannot_be_edited() {
    run(async {
        let mut house = House::new(953, Mode::Http).await;
        for fault in [Fault::Slow(Duration::from_millis(1)), Fault::Slow(Duration::from_millis(1)), Fault::Lost] {
            house.slack.next("chat.postMessage", fault);
        }
        for _ in 0..12 {
            house.slack.next("chat.update", Fault::Broken(503));
        }
        let section = house.begins().await;
        house.slack.person(BOB).react(&section, "one", true).await;
        house.has_ticks(1, Duration::from_secs(20)).await;
        let edits = |w: &slack::world::World| w.calls.iter().filter(|c| c.method == "chat.update").count();
        assert!((1..12).contains(&edits(&house.slack.world())), "edits still fail");
        let lost = |w: &slack::world::World| {
            let posts = w.calls.iter().filter(|c| c.method == "chat.postMessage").count();
            w.posts(DEPLOYS).len() == 3 && posts == 3
        };
        assert!(lost(&house.slack.world()), "announcement, board and section were posted once each");
        house.ends().await.unwrap_or_else(|why| panic!("{why}\n{}", house.log()));
    });
}

/// Posted anew, and killed before it wrote down where: what is found after the start is the new one, not the deleted.
#[test]
fn a_reaction_to_a_message_posted_anew_counts_after_a_kill() {
    run(async {
        let mut house = House::new(954, Mode::Http).await;
        let section = house.begins().await;
        house.comes_to_rest().await.unwrap();
        house.slack.person(BOB).delete(&section);
        house.slack.next("chat.postMessage", Fault::Held);
        house.say(BOB, "tick 1.1").await;
        assert!(house.slack.holds(PATIENCE).await, "it is posted anew");
        house.kill();
        let anew = house.slack.by_key(SECTION).unwrap();
        assert_ne!(anew.ts, section.ts);
        house.slack.person(BOB).react(&anew, "two", true).await;
        // The comparison that follows every start is over before the message is found.
        for _ in 0..2 {
            house.slack.next("chat.update", Fault::Broken(503));
        }
        house.start_bot().await.unwrap();
        house.has_ticks(2, PATIENCE).await;
        house.ends().await.unwrap_or_else(|why| panic!("{why}\n{}", house.log()));
    });
}

#[test]
fn what_people_did_while_it_was_away_counts_when_slack_wants_to_be_left_alone_first() {
    run(async {
        let mut house = House::new(952, Mode::Socket).await;
        let section = house.begins().await;
        house.comes_to_rest().await.unwrap();
        house.kill();
        house.slack.person(BOB).react(&section, "one", true).await;
        let reads = |w: &slack::world::World| w.calls.iter().filter(|c| c.method == "conversations.replies").count();
        let before = reads(&house.slack.world());
        house.slack.next("conversations.replies", Fault::Busy(Some(4)));
        house.slack.next("conversations.replies", Fault::Broken(503));
        let began = Instant::now();
        house.start_bot().await.unwrap();
        house.has_ticks(1, PATIENCE).await;
        assert!(began.elapsed() >= Duration::from_secs(4), "Slack was not left alone");
        let reads = reads(&house.slack.world()) - before;
        assert_eq!(reads, 3, "refused, broken, read");
        house.ends().await.unwrap_or_else(|why| panic!("{why}\n{}", house.log()));
    });
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

fn panic_text(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "cancelled".into() };
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_default()
}

#[derive(Default)]
struct Counts {
    calls: usize,
    bad: usize,
    kills: usize,
    links: usize,
    done: usize,
    unacknowledged: usize,
    messages: usize,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.bad += other.bad;
        self.kills += other.kills;
        self.links += other.links;
        self.done += other.done;
        self.unacknowledged += other.unacknowledged;
        self.messages += other.messages;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Socket,
    Http,
}

/// One seed from the start to the end.
async fn schedule(seed: u64) -> Result<Counts, String> {
    let mode = if seed.is_multiple_of(3) { Mode::Http } else { Mode::Socket };
    let mut house = House::new(seed, mode).await;
    let outcome = house.live().await;
    outcome.map_err(|why| format!("{why}\n{}", house.log()))
}

struct House {
    dir: tempfile::TempDir,
    slack: Slack,
    mode: Mode,
    chance: Chance,
    bot: Option<Child>,
    /// Notes that were acknowledged, and those that were not.
    noted: BTreeMap<String, bool>,
    counts: Counts,
}

impl Drop for House {
    fn drop(&mut self) {
        self.kill();
    }
}

impl House {
    async fn new(seed: u64, mode: Mode) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("pages")).unwrap();
        std::fs::write(dir.path().join("pages/shop.md"), PAGE).unwrap();
        let slack = Slack::start(Settings::default()).await;
        slack.foreign(DEPLOYS);
        Self { dir, slack, mode, chance: Chance(seed), bot: None, noted: BTreeMap::new(), counts: Counts::default() }
    }

    fn binary() -> PathBuf {
        std::env::var_os("ROLLCALL_BIN").map_or_else(|| env!("CARGO_BIN_EXE_rollcall").into(), PathBuf::from)
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    /// Starts the bot; comes back when it serves, and in Socket Mode when it is linked.
    async fn start_bot(&mut self) -> Result<(), String> {
        let dir = self.dir.path();
        let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
        let mut command = Command::new(Self::binary());
        command
            .current_dir(dir)
            .args(["serve", "--data", "data", "--listen", "127.0.0.1:0", "--checklists", "pages"])
            .env("SLACK_BOT_TOKEN", BOT_TOKEN)
            .env("SLACK_API_URL", self.slack.api_url())
            .env_remove("SLACK_APP_TOKEN")
            .env_remove("SLACK_SIGNING_SECRET")
            .env_remove("DISCORD_TOKEN")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        match self.mode {
            Mode::Socket => command.env("SLACK_APP_TOKEN", APP_TOKEN),
            Mode::Http => command.env("SLACK_SIGNING_SECRET", SIGNING_SECRET),
        };
        let child = command.spawn().unwrap();
        let pid = child.id();
        self.bot = Some(child);
        let end = Instant::now() + PATIENCE;
        let address = loop {
            if let Some(running) = running(dir, pid) {
                break running.address;
            }
            if let Some(status) = self.bot.as_mut().and_then(|b| b.try_wait().ok().flatten()) {
                return Err(format!("the bot ended by itself: {status}"));
            }
            if Instant::now() > end {
                return Err("the bot does not serve".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        if self.mode == Mode::Http {
            *self.slack.request_url.lock().unwrap() = Some(address);
            return Ok(());
        }
        let slack = self.slack.clone();
        self.slack.until("a link", PATIENCE, move |_| (slack.open_links() > 0).then_some(())).await
    }

    fn kill(&mut self) {
        if let Some(mut bot) = self.bot.take() {
            _ = bot.kill();
            _ = bot.wait();
        }
    }

    async fn live(&mut self) -> Result<Counts, String> {
        self.start_bot().await?;
        *self.slack.weather.lock().unwrap() = Weather::of_seed(self.chance.next(), BAD);
        if self.chance.per_cent(20) {
            self.slack.next("chat.postMessage", Fault::Held);
        }
        self.say(ALICE, "start v1.0").await;
        self.first_section().await?;
        for step in 0..STEPS {
            self.somebody_does_something(step).await;
            self.something_happens().await?;
            let pause = self.chance.below(400);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.ends().await?;
        let world = self.slack.world();
        self.counts.calls = world.calls.len();
        self.counts.bad = world.calls.iter().filter(|c| c.outcome != "ok").count();
        Ok(std::mem::take(&mut self.counts))
    }

    /// Waits until the first section can be ticked. Whoever got no answer asks again; a held answer is the bot's last.
    async fn first_section(&mut self) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let there = |w: &slack::world::World| {
                w.posts(DEPLOYS).iter().any(|m| m.key().is_some_and(|k| k.starts_with("1/section/1/1@"))).then_some(())
            };
            if self.slack.until("the first section", Duration::from_secs(8), there).await.is_ok() {
                return Ok(());
            }
            if self.slack.holds(Duration::ZERO).await && self.bot.is_some() {
                self.kill();
                self.counts.kills += 1;
                self.start_bot().await?;
            }
            if self.events().await.is_none() {
                self.say(ALICE, "start v1.0").await;
            }
            if Instant::now() > end {
                return Err("the first section does not come".into());
            }
        }
    }

    /// Types a command; whoever sees an error types it again, a few times.
    async fn say(&mut self, who: &str, text: &str) -> bool {
        let person = self.slack.person(who);
        for _ in 0..5 {
            self.counts.done += 1;
            if person.command(DEPLOYS, "/deploy", text).await.acknowledged {
                return true;
            }
            self.counts.unacknowledged += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        false
    }

    async fn somebody_does_something(&mut self, step: u64) {
        let who = *self.chance.of(&[ALICE, BOB]);
        let person = self.slack.person(who);
        let sections: Vec<Message> = self.section_messages();
        let acknowledged = match self.chance.below(10) {
            0..=3 => {
                // Ticks or unticks one box, as they see them at this moment.
                let boxes: Vec<(Message, Control)> = sections
                    .iter()
                    .flat_map(|m| m.controls().into_iter().map(|c| (m.clone(), c)))
                    .filter(|(_, c)| c.kind() == "checkboxes")
                    .collect();
                if boxes.is_empty() {
                    return;
                }
                let (message, control) = self.chance.of(&boxes).clone();
                let mut chosen = control.chosen();
                let values: Vec<String> =
                    control.options().iter().filter_map(|o| o["value"].as_str().map(str::to_owned)).collect();
                let value = self.chance.of(&values).clone();
                if !chosen.remove(&value) {
                    chosen.insert(value);
                }
                person.check(&message, &control, &chosen).await.acknowledged
            }
            4..=5 if !sections.is_empty() => {
                let message = self.chance.of(&sections).clone();
                let name = *self.chance.of(&["one", "two", "three"]);
                let present = !message.reactions.get(name).is_some_and(|users| users.iter().any(|u| u == who));
                person.react(&message, name, present).await.acknowledged
            }
            6..=7 => {
                let note = format!("note {step} by {who}");
                let acknowledged = person.command(DEPLOYS, "/deploy", &format!("note {note}")).await.acknowledged;
                self.noted.insert(note, acknowledged);
                acknowledged
            }
            8 => {
                let words = *self.chance.of(&[
                    "hold wait",
                    "resume",
                    "progress all is well",
                    "fail 1.1 no disk",
                    "skip 2.3 no",
                ]);
                person.command(DEPLOYS, "/deploy", words).await.acknowledged
            }
            _ => {
                let words = format!("tick {}.{}", 1 + self.chance.below(3), 1 + self.chance.below(3));
                person.command(DEPLOYS, "/deploy", &words).await.acknowledged
            }
        };
        self.counts.done += 1;
        self.counts.unacknowledged += usize::from(!acknowledged);
    }

    /// Now and then a link breaks or the bot dies.
    async fn something_happens(&mut self) -> Result<(), String> {
        let (what, spell) = (self.chance.below(40), Duration::from_millis(1_000 + self.chance.below(4_000)));
        match what {
            0 => self.slack.disconnect("refresh_requested"),
            1 => self.slack.disconnect("warning"),
            2 => self.slack.cut(),
            3 => self.slack.freeze(spell),
            4 => self.slack.swallow(u32::try_from(1 + self.chance.below(3)).unwrap()),
            5 => self.slack.next("chat.update", Fault::Lost),
            6 => self.slack.next("chat.postMessage", Fault::Lost),
            7..=8 => {
                self.kill();
                self.counts.kills += 1;
                self.start_bot().await?;
            }
            _ => {}
        }
        self.counts.links += usize::from(what < 4 && self.mode == Mode::Socket);
        Ok(())
    }

    fn section_messages(&self) -> Vec<Message> {
        let world = self.slack.world();
        let section = |m: &&Message| m.key().is_some_and(|k| k.contains("/section/"));
        world.posts(DEPLOYS).into_iter().filter(section).cloned().collect()
    }

    /// The sun comes out: the deployment ends, everything is shown, and all of it is looked at.
    async fn ends(&mut self) -> Result<(), String> {
        self.slack.calm();
        let end = Instant::now() + PATIENCE;
        self.say(ALICE, "resume").await;
        self.comes_to_rest().await?;
        self.is_right(false).await?;
        // By a person who tries again until the board says so; while it is on hold it must be resumed.
        loop {
            self.say(ALICE, "partial enough for today").await;
            let over = |events: &[Recorded]| events.iter().any(|e| matches!(e.event, Event::Partial { .. }));
            if self.events().await.is_some_and(|e| over(&e)) {
                break;
            }
            if Instant::now() > end {
                return Err(format!("it does not end; last answer: {:?}", self.last_told(ALICE)));
            }
            self.say(ALICE, "resume").await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        self.comes_to_rest().await?;
        self.is_right(true).await?;
        // And whoever asks is answered, alone.
        let before = self.slack.world().told(BOB).len();
        self.say(BOB, "history").await;
        let answered = |w: &slack::world::World| (w.told(BOB).len() > before).then_some(());
        self.slack.until("an answer", Duration::from_secs(10), answered).await
    }

    fn last_told(&self, who: &str) -> Option<String> {
        self.slack.world().told(who).last().map(|m| format!("{} {}", m.text, serde_json::Value::from(m.blocks.clone())))
    }

    fn db(&self) -> PathBuf {
        self.dir.path().join("data/rollcall.db")
    }

    /// The log of the one deployment, once there is one.
    /// The bot starts, Alice starts a deployment, and its first section stands there.
    async fn begins(&mut self) -> Message {
        self.start_bot().await.unwrap();
        self.say(ALICE, "start v1.0").await;
        self.shows_the_section().await
    }

    async fn shows_the_section(&self) -> Message {
        let there = |w: &slack::world::World| w.posts(DEPLOYS).iter().any(|m| m.key() == Some(SECTION)).then_some(());
        self.slack.until("the section", PATIENCE, there).await.unwrap();
        self.slack.by_key(SECTION).unwrap()
    }

    /// Waits until so many ticks are recorded.
    async fn has_ticks(&self, wanted: usize, patience: Duration) {
        let end = Instant::now() + patience;
        let ticks = |events: &[Recorded]| events.iter().filter(|e| matches!(e.event, Event::Marked { .. })).count();
        while self.events().await.is_none_or(|e| ticks(&e) != wanted) {
            assert!(Instant::now() < end, "there are not {wanted} ticks\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn events(&self) -> Option<Vec<Recorded>> {
        let store = Store::open_existing(&self.db()).await.ok()?;
        let log = store.deployment_log(1).await.ok().flatten();
        _ = store.close().await;
        Some(log?.events)
    }

    /// Nothing waits to be shown, nothing was given up.
    async fn comes_to_rest(&self) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        let store = Store::open_existing(&self.db()).await.map_err(|e| e.to_string())?;
        let result = loop {
            let waiting = store.next_delivery().await.map_err(|e| e.to_string())?;
            let failed = store.failed_deliveries(None).await.map_err(|e| e.to_string())?;
            if !failed.is_empty() {
                break Err(format!("given up: {failed:?}"));
            }
            if waiting.is_none() {
                break Ok(());
            }
            if Instant::now() > end {
                break Err(format!("the outbox does not drain: {waiting:?}"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        _ = store.close().await;
        result
    }

    async fn is_right(&mut self, over: bool) -> Result<(), String> {
        let store = Store::open_existing(&self.db()).await.map_err(|e| e.to_string())?;
        let log = store.deployment_log(1).await.map_err(|e| e.to_string())?.ok_or("no deployment")?;
        let list = store.checklist(&log.summary.checklist_hash).await.map_err(|e| e.to_string())?.ok_or("no list")?;
        let kept = store.deployment_messages(1).await.map_err(|e| e.to_string())?;
        _ = store.close().await;
        let plan = Arc::new(Plan::new(Arc::new(list), log.summary.checklist_hash.clone()));
        let mut d = Deployment::open(1, plan, &log.events[0]).ok_or("the log does not open")?;
        log.events.iter().for_each(|e| d.evolve(e));

        let mut wrong = self.slack.world().violations.clone();
        let posts: Vec<Message> = self.slack.world().posts(DEPLOYS).into_iter().cloned().collect();
        self.counts.messages += posts.len();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for post in &posts {
            match post.key() {
                Some(key) => *seen.entry(key.to_owned()).or_default() += 1,
                None => wrong.push(format!("a post without a key: {:?}", post.text)),
            }
        }
        wrong.extend(seen.iter().filter(|(_, n)| **n != 1).map(|(key, n)| format!("{key} is there {n} times")));
        // The record is a file, which has a name and no key.
        let files = self.slack.world().messages.iter().filter(|m| !m.files.is_empty() && !m.deleted).count();
        if files != usize::from(over) {
            wrong.push(format!("over: {over}, and the record is there {files} times"));
        }
        let keys: BTreeSet<&str> =
            kept.iter().filter(|m| m.channel == "slack:C02DEP" && m.what != "record").map(|m| &*m.key).collect();
        wrong.extend(keys.iter().filter(|k| !seen.contains_key(**k)).map(|k| format!("{k} is not there")));
        wrong.extend(seen.keys().filter(|k| !keys.contains(k.as_str())).map(|k| format!("{k} is there and not known")));
        wrong.extend(
            wanted(&log.events)
                .into_iter()
                .filter(|k| !keys.contains(k.as_str()))
                .map(|k| format!("{k} was never posted")),
        );

        // In order: the announcement, then what happened in the order it happened.
        if posts.first().and_then(Message::key).is_none_or(|k| !k.starts_with("1/start@")) {
            wrong.push(format!("the first post is {:?}", posts.first().and_then(Message::key)));
        }
        let order: Vec<u64> = posts.iter().filter_map(|p| p.key()?.split('/').nth(1)?.parse().ok()).collect();
        if !order.is_sorted() {
            wrong.push(format!("posts out of order: {order:?}"));
        }

        // Every box shows what the log adds up to; the board says how it stands.
        let mut boxes = 0;
        let states: BTreeMap<String, Shown> =
            d.plan.leaves.iter().enumerate().map(|(i, l)| (l.number.to_string(), compose::shown(&d, i))).collect();
        for post in &posts {
            let key = post.key().unwrap_or_default().to_owned();
            if key.contains("/section/") {
                boxes += post.controls().iter().filter(|c| c.kind() == "checkboxes").count();
                wrong.extend(boxes_shown(post, &states).into_iter().map(|w| format!("{key}: {w}")));
            }
            let all = format!("{} {}", post.text, serde_json::Value::from(post.blocks.clone()));
            if key.starts_with("1/board@") && !all.contains(d.status.label()) {
                wrong.push(format!("the board does not say {}", d.status.label()));
            }
        }
        if (boxes > 0) == over {
            wrong.push(format!("over: {over}, and there are {boxes} groups of boxes"));
        }
        for (note, acknowledged) in &self.noted {
            let times = log.events.iter().filter(|e| matches!(&e.event, Event::Noted { text } if text == note)).count();
            // On hold and under way notes are taken; before and after, they are refused, and that is an answer, too.
            if times > 1 || (*acknowledged && times == 0) {
                wrong.push(format!("{note:?}, acknowledged: {acknowledged}, is in the log {times} times"));
            }
        }
        wrong.truncate(20);
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

fn running(dir: &Path, pid: u32) -> Option<Running> {
    let bytes = std::fs::read(dir.join("data").join(RUNNING)).ok()?;
    let running: Running = serde_json::from_slice(&bytes).ok()?;
    (running.pid == pid).then_some(running)
}

/// Posts that the log calls for.
fn wanted(events: &[Recorded]) -> Vec<String> {
    let mut all = vec!["1/board@slack:C02DEP".to_owned()];
    for e in events {
        let word = match &e.event {
            Event::Started { .. } => {
                all.push("1/start@slack:C02DEP".into());
                continue;
            }
            Event::Progress { .. } => "progress",
            Event::Held { .. } => "hold",
            Event::Resumed => "resume",
            Event::Partial { .. } => "partial",
            _ => continue,
        };
        all.push(format!("1/{}/{word}@slack:C02DEP", e.seq));
    }
    all
}

/// What boxes of a message show otherwise than it is.
fn boxes_shown(message: &Message, states: &BTreeMap<String, Shown>) -> Vec<String> {
    let mut wrong = Vec::new();
    for control in message.controls().iter().filter(|c| c.kind() == "checkboxes") {
        let chosen = control.chosen();
        for option in control.options() {
            let value = option["value"].as_str().unwrap_or_default();
            let Some(state) = states.get(value) else { continue };
            let (shows, is) = (chosen.contains(value), *state == Shown::Ticked);
            if shows != is {
                wrong.push(format!("{value} is shown ticked: {shows}, and it is {state:?}"));
            }
        }
    }
    wrong
}
