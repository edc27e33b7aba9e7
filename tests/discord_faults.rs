//! The real binary on a local Discord where things go wrong: answers get lost, connections break, the gateway throws it
//! out, and it is killed between sending a message and recording that it was sent. At the end every message is there
//! once, in order, in its final state, and no reaction was missed.
//!
//! `ROLLCALL_DISCORD_SCHEDULES` says how many schedules (3); `ROLLCALL_DISCORD_SEED` is the first one's seed (1), the
//! others follow it; `ROLLCALL_BIN` names another binary. A seed draws the same faults again, though not at the same moment.

#![cfg(unix)]
// Another process lives and dies in real time: no clock in here could be wound by hand.
#![allow(clippy::disallowed_methods)]

#[path = "peers/discord/mod.rs"]
mod discord;

use discord::faults::{Chance, Fault};
use discord::people::{Person, Words};
use discord::world::{ALICE, BOB, CHANNEL, Id, Message, Out, str_of};
use discord::{Discord, Settings};
use rollcall::domain::event::Event;
use rollcall::serve::{DATABASE, RUNNING, Running};
use rollcall::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Schedules under way at the same time: they mostly wait.
const TOGETHER: usize = 32;
/// Requests that fare badly by a schedule's seed; where there is trouble from the start, as many before it.
const FAULTS: usize = 14;
/// Until everything is as it should be. All faults may meet the same message, and the pauses between its attempts grow
/// to 38 s.
const PATIENCE: Duration = Duration::from_secs(FAULTS as u64 * 38);
/// A person presses again when nothing came back for so long.
const AGAIN: Duration = Duration::from_secs(8);

const PAGE: &str = "\
# Shop release

## Before

- [ ] Backup taken
- [ ] Notes written
- [ ] Team told
- [ ] Window agreed

## Deploy

- [ ] Image pushed
- [ ] First half rolled
- [ ] Second half rolled

## After

- [ ] Errors watched
- [ ] Users asked
- [ ] Board updated
";

/// Items of each section of the page.
const SECTIONS: [usize; 3] = [4, 3, 3];
const KEYCAPS: [&str; 4] = ["1️⃣", "2️⃣", "3️⃣", "4️⃣"];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_it_ends_right() {
    let count = number("ROLLCALL_DISCORD_SCHEDULES").unwrap_or(3);
    let first = number("ROLLCALL_DISCORD_SEED").unwrap_or(1);
    println!("{count} schedules from ROLLCALL_DISCORD_SEED={first}");
    let (began, mut running, mut told) = (Instant::now(), tokio::task::JoinSet::new(), Told::default());
    let mut failed = 0;
    let mut seeds = first..first + count;
    loop {
        while running.len() < TOGETHER
            && let Some(seed) = seeds.next()
        {
            running.spawn(schedule(seed));
        }
        match running.join_next().await {
            Some(Ok(done)) => told.add(done),
            Some(Err(_)) => failed += 1,
            None => break,
        }
    }
    println!("{told:?} in {:.0} s", began.elapsed().as_secs_f32());
    assert_eq!(failed, 0, "schedules that did not end right; their seeds are above");
    assert!(told.faults + told.gateway >= count, "things went wrong: {told:?}");
    assert!(told.too_fast * 50 <= told.requests, "it keeps to the rates it is told: {told:?}");
}

/// What went wrong, over all schedules.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    faults: u64,
    kills: u64,
    gateway: u64,
    sessions: usize,
    resumed: usize,
    messages: usize,
    asked_again: u64,
    requests: usize,
    too_fast: usize,
}

impl Told {
    fn add(&mut self, other: Told) {
        self.faults += other.faults;
        self.kills += other.kills;
        self.gateway += other.gateway;
        self.sessions += other.sessions;
        self.resumed += other.resumed;
        self.messages += other.messages;
        self.asked_again += other.asked_again;
        self.requests += other.requests;
        self.too_fast += other.too_fast;
    }
}

/// Names the seed where a schedule fails.
struct TellSeed(u64, Discord);

impl Drop for TellSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let world = self.1.world();
            let seen = world
                .messages
                .values()
                .filter(|m| m.only_for.is_none())
                .map(|m| format!("  {}/{} {:?} {}", m.channel, m.id, m.nonce, m.text().replace('\n', " ¶ ")));
            eprintln!(
                "ROLLCALL_DISCORD_SEED={} ROLLCALL_DISCORD_SCHEDULES=1\n{} connections, {} sessions, {} resumed, \
                 connected now: {}\nwent wrong:\n  {}\nshown:\n{}",
                self.0,
                world.connections,
                world.identifies,
                world.resumes,
                world.connected(),
                world.faults.happened.join("\n  "),
                seen.collect::<Vec<_>>().join("\n")
            );
        }
    }
}

/// The bot's process, over all its lives.
struct Bot {
    dir: tempfile::TempDir,
    child: Mutex<Option<Child>>,
    env: Vec<(&'static str, String)>,
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Bot {
    async fn start(discord: &Discord) -> Arc<Self> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("pages")).unwrap();
        std::fs::write(dir.path().join("pages/shop.md"), PAGE).unwrap();
        let env = vec![
            ("DISCORD_TOKEN", discord.token()),
            ("DISCORD_API_URL", discord.api_url()),
            ("DISCORD_CA_FILE", discord.ca_file().display().to_string()),
        ];
        let bot = Arc::new(Self { dir, child: Mutex::default(), env });
        bot.up().await;
        bot
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Starts the process, and waits until it says how it is reached.
    async fn up(&self) {
        let binary =
            std::env::var_os("ROLLCALL_BIN").map_or_else(|| env!("CARGO_BIN_EXE_rollcall").into(), PathBuf::from);
        let log = std::fs::File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap();
        let child = Command::new(binary)
            .current_dir(self.dir.path())
            .args(["--data", "data", "--listen", "127.0.0.1:0", "--checklists", "pages"])
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let id = child.id();
        *self.child.lock().unwrap() = Some(child);
        let end = Instant::now() + PATIENCE;
        while self.running().is_none_or(|r| r.pid != id) {
            assert!(Instant::now() < end, "the bot does not start\n{}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn running(&self) -> Option<Running> {
        serde_json::from_slice(&std::fs::read(self.dir.path().join("data").join(RUNNING)).ok()?).ok()
    }

    /// As a power cut does.
    fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// The same; the next process cannot know when this one came, nor what it was told.
    fn kill_before(&self, discord: &Discord) {
        self.kill();
        let mut world = discord.world();
        world.last_identify = None;
        world.rates.forget();
    }

    /// As an operator does.
    async fn stop(&self) {
        let mut child = self.child.lock().unwrap().take().expect("it runs");
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "the bot does not end\n{}", self.log());
            sleep(Duration::from_millis(20)).await;
        };
        assert!(told.success() && status.success(), "it ends cleanly: {status}\n{}", self.log());
    }
}

/// What a test is about is not how fast this machine is.
fn unhurried() -> Settings {
    Settings { first_answer: Duration::from_secs(30), ..Settings::default() }
}

/// A deployment on a Discord, with what its items must be in the end.
struct Show {
    discord: Discord,
    bot: Arc<Bot>,
    alice: Person,
    bob: Person,
    chance: Chance,
    wanted: BTreeMap<String, bool>,
    asked_again: u64,
    disturbed: u64,
    kills: u64,
}

async fn schedule(seed: u64) -> Told {
    let settings = Settings { heartbeat: Duration::from_secs(3), ..Settings::default() };
    let discord = Discord::start(settings).await;
    let _told = TellSeed(seed, discord.clone());
    let mut chance = Chance(seed);
    let mut kills = discord.kills();
    // Some have trouble from the first request on.
    let from_the_start = chance.below(4) == 0;
    let rate = 60 + chance.below(200);
    let trouble = |discord: &Discord| discord.world().faults.seed(seed, rate, FAULTS);
    if from_the_start {
        trouble(&discord);
    }
    let bot = Bot::start(&discord).await;
    let reaper = {
        let (bot, discord) = (bot.clone(), discord.clone());
        tokio::spawn(async move {
            let mut killed = 0;
            while kills.recv().await.is_some() {
                bot.kill_before(&discord);
                bot.up().await;
                killed += 1;
                discord.world().faults.happened.push(format!("killed, for the {killed}. time"));
            }
        })
    };
    let (alice, bob) = (discord.person(ALICE), discord.person(BOB));
    let mut show = Show {
        discord: discord.clone(),
        bot,
        alice,
        bob,
        chance,
        wanted: BTreeMap::new(),
        asked_again: 0,
        disturbed: 0,
        kills: 0,
    };
    show.begin().await;
    trouble(&discord);
    show.walk().await;
    discord.world().faults.calm();
    show.comes_right().await;
    reaper.abort();
    show.bot.stop().await;
    let world = discord.world();
    let happened = &world.faults.happened;
    Told {
        faults: happened.iter().filter(|h| !h.starts_with("killed")).count() as u64,
        kills: happened.iter().filter(|h| h.starts_with("killed")).count() as u64,
        gateway: show.disturbed,
        sessions: world.identifies,
        resumed: world.resumes,
        messages: world.messages.values().filter(|m| m.nonce.is_some()).count(),
        asked_again: show.asked_again,
        requests: world.calls.len(),
        too_fast: world.rates.earned.len(),
    }
}

impl Show {
    /// Says a command until it is answered, as people do.
    async fn insist(&mut self, who: &Person, sub: &str, words: Words<'_>) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let id = who.send_slash(CHANNEL, sub, words);
            if let Some(reply) = who.answer_within(id, AGAIN).await {
                return reply.text;
            }
            self.asked_again += 1;
            assert!(Instant::now() < end, "/deploy {sub} is not answered\n{}", self.bot.log());
            sleep(Duration::from_millis(500)).await;
        }
    }

    async fn begin(&mut self) {
        let registered = |d: &Discord| (!d.commands().is_empty() && d.world().connected()).then_some(());
        self.discord.eventually("the bot comes", PATIENCE, registered).await;
        let alice = self.alice.clone();
        self.insist(&alice, "start", &[("version", "v1.2.0"), ("checklist", "shop"), ("service", "shop")]).await;
    }

    /// The message of the section with that item, as it stands.
    fn section(&self, item: &str) -> Option<Message> {
        let world = self.discord.world();
        world.messages.values().find(|m| m.nonce.is_some() && options(m).iter().any(|(n, _)| n == item)).cloned()
    }

    async fn section_of(&self, item: &str) -> Message {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(message) = self.section(item) {
                return message;
            }
            assert!(Instant::now() < end, "the section of {item} is not shown\n{}", self.bot.log());
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn walk(&mut self) {
        for (s, count) in SECTIONS.into_iter().enumerate() {
            let last = s + 1 == SECTIONS.len();
            for i in 0..count {
                let item = format!("{}.{}", s + 1, i + 1);
                self.disturb();
                self.condemn();
                // In the last section some stay open, or are opened again.
                let keep = !last || self.chance.below(2) == 0;
                self.work(&item, i, keep).await;
                sleep(Duration::from_millis(self.chance.below(500))).await;
                self.aside().await;
            }
        }
    }

    /// One item in one of the ways there are; `keep`: it is ticked in the end.
    async fn work(&mut self, item: &str, place: usize, keep: bool) {
        self.wanted.insert(item.to_owned(), keep);
        let (alice, bob) = (self.alice.clone(), self.bob.clone());
        // A section that is done before it comes up (a reaction may be heard late) never does, and rightly so.
        let message = self.section_of(item).await.id;
        match self.chance.below(3) {
            // By keycap, now and then twice: only how it ends counts.
            0 | 1 => {
                let flips = 2 * self.chance.below(2) + u64::from(keep);
                for n in 0..flips.max(if keep { 1 } else { 2 }) {
                    if n % 2 == 0 {
                        bob.react(message, KEYCAPS[place])
                    } else {
                        bob.unreact(message, KEYCAPS[place])
                    };
                    sleep(Duration::from_millis(self.chance.below(150))).await;
                }
            }
            _ => {
                self.insist(&alice, "tick", &[("items", item)]).await;
                if !keep {
                    self.insist(&alice, "untick", &[("items", item)]).await;
                }
            }
        }
    }

    /// Something that posts a message of its own.
    async fn aside(&mut self) {
        let alice = self.alice.clone();
        match self.chance.below(6) {
            0 => _ = self.insist(&alice, "progress", &[]).await,
            1 => _ = self.insist(&alice, "note", &[("text", "seen by everybody")]).await,
            _ => {}
        }
    }

    /// The bot dies when it posts next: the message is there, and nobody wrote down that it is.
    fn condemn(&mut self) {
        if self.kills < 2 && self.chance.below(8) == 0 {
            self.kills += 1;
            self.discord.world().faults.on("POST", "/messages", Fault::Kill, 1);
        }
    }

    /// The gateway throws the bot out, in one of the ways it has.
    fn disturb(&mut self) {
        if self.disturbed >= 2 || self.chance.below(5) != 0 {
            return;
        }
        self.disturbed += 1;
        let kind = self.chance.below(10);
        let mut world = self.discord.world();
        world.faults.happened.push(format!("disturbance {kind} of the gateway"));
        let discord = self.discord.clone();
        let later = move |ms: u64, what: fn(&mut discord::faults::Faults)| {
            tokio::spawn(async move {
                sleep(Duration::from_millis(ms)).await;
                what(&mut discord.world().faults);
            });
        };
        match kind {
            0 => world.tell_gateway(|| Out::Text(r#"{"op":7,"d":null,"s":null,"t":null}"#.into())),
            1 => world.tell_gateway(|| Out::Text(r#"{"op":9,"d":false,"s":null,"t":null}"#.into())),
            2 => world.tell_gateway(|| Out::Reset),
            3 => world.tell_gateway(|| Out::End),
            4 => world.tell_gateway(|| Out::Close(None)),
            5 => world.tell_gateway(|| Out::Close(Some(4000))),
            6 => world.tell_gateway(|| Out::Close(Some(4009))),
            7 => world.tell_gateway(|| Out::Close(Some(4003))),
            8 => {
                world.faults.mute_heartbeats = true;
                later(7_000, |f| f.mute_heartbeats = false);
            }
            _ => {
                world.faults.refuse_gateway = true;
                world.faults.refuse_resume = true;
                world.tell_gateway(|| Out::Reset);
                later(3_000, |f| (f.refuse_gateway, f.refuse_resume) = (false, false));
            }
        }
    }

    /// Waits until nothing is missing, twice or late.
    async fn comes_right(&self) {
        self.becomes_right(PATIENCE).await;
        // And stays so: what stands there twice, or wrong, never becomes right again. That the board just waits to be
        // drawn again, because a minute has passed, is no fault.
        sleep(Duration::from_secs(1)).await;
        self.becomes_right(Duration::from_secs(20)).await;
        self.discord.assert_clean();
    }

    async fn becomes_right(&self, patience: Duration) {
        let end = Instant::now() + patience;
        while let Err(why) = self.is_right().await {
            assert!(Instant::now() < end, "{why}\n{}", self.bot.log());
            sleep(Duration::from_millis(300)).await;
        }
    }

    async fn is_right(&self) -> Result<(), String> {
        let shown: Vec<Message> =
            self.discord.world().messages.values().filter(|m| m.nonce.is_some()).cloned().collect();
        once(&shown)?;
        self.final_state(&shown)?;
        self.as_recorded(&shown).await
    }

    fn final_state(&self, shown: &[Message]) -> Result<(), String> {
        let there: BTreeMap<String, bool> = shown.iter().flat_map(options).collect();
        for (item, wanted) in &self.wanted {
            match there.get(item) {
                Some(ticked) if ticked == wanted => {}
                other => return Err(format!("{item} is shown {other:?}, not {wanted}")),
            }
        }
        let done = self.wanted.values().filter(|w| **w).count();
        let count = format!("{done} of {}", self.wanted.len());
        let board = shown.iter().any(|m| m.text().contains(&count));
        if board { Ok(()) } else { Err(format!("no board says {count}")) }
    }

    /// What stands there is what is recorded, and in the order of the record.
    async fn as_recorded(&self, shown: &[Message]) -> Result<(), String> {
        let db = self.bot.dir.path().join("data").join(DATABASE);
        let store = Store::open_existing(&db).await.map_err(|e| e.to_string())?;
        let result = compare(&store, shown).await;
        _ = store.close().await;
        result
    }
}

async fn compare(store: &Store, shown: &[Message]) -> Result<(), String> {
    let said = |e: rollcall::store::StoreError| e.to_string();
    let waiting = store.stats().await.map_err(said)?.waiting;
    if waiting > 0 {
        return Err(format!("{waiting} messages wait to be shown"));
    }
    let recorded = store.deployment_messages(1).await.map_err(said)?;
    let recorded: Vec<_> = recorded.into_iter().filter(|m| m.channel.starts_with("discord:")).collect();
    if recorded.len() != shown.len() {
        return Err(format!("{} messages are recorded, {} stand there", recorded.len(), shown.len()));
    }
    let mut last: BTreeMap<Id, i64> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for m in shown {
        let posted = format!("{}/{}", m.channel, m.id);
        let found = store.message_posted(&format!("discord:{CHANNEL}"), &posted).await.map_err(said)?;
        let found = found.ok_or_else(|| format!("{posted} is not recorded: {}", m.text()))?;
        if !keys.insert(found.key.clone()) {
            return Err(format!("{} stands there twice", found.key));
        }
        if last.insert(m.channel, found.id).is_some_and(|before| before > found.id) {
            return Err(format!("{} stands out of order", found.key));
        }
    }
    Ok(())
}

fn once(shown: &[Message]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for m in shown {
        if !seen.insert((m.channel, m.nonce.clone().unwrap_or_default().to_string())) {
            return Err(format!("twice: {}", m.text()));
        }
    }
    Ok(())
}

/// The items of a section's message, and whether each is shown ticked.
fn options(m: &Message) -> Vec<(String, bool)> {
    let select = m.parts().into_iter().find(|c| str_of(&c["custom_id"]).starts_with("items:"));
    let options = select.as_ref().and_then(|s| s["options"].as_array()).cloned().unwrap_or_default();
    options.iter().map(|o| (str_of(&o["value"]).to_owned(), o["default"] == true)).collect()
}

/// What cannot be mended ends in a clear state: the console goes on, readiness says why, and nothing knocks again and again.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_mended_is_said_and_left() {
    for code in [4004, 4013, 4014] {
        let discord = Discord::start(Settings::default()).await;
        let bot = Bot::start(&discord).await;
        discord.eventually("the bot comes", PATIENCE, |d| d.world().connected().then_some(())).await;
        discord.world().tell_gateway(|| Out::Close(Some(code)));
        let address = bot.running().unwrap().address;
        let ask = |path: &str| {
            let url = format!("http://{address}{path}");
            tokio::task::spawn_blocking(move || {
                let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
                let mut answer = agent.get(url).call().unwrap();
                (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
            })
        };
        let end = Instant::now() + PATIENCE;
        loop {
            let (_, words) = ask("/readyz").await.unwrap();
            if words.contains("start Rollcall again") {
                break;
            }
            assert!(Instant::now() < end, "{code}: it does not say what to do: {words}\n{}", bot.log());
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(ask("/healthz").await.unwrap().0, 200);
        let before = discord.world().connections;
        sleep(Duration::from_secs(8)).await;
        assert!(discord.world().connections <= before + 1, "{code}: it knocks again and again");
        assert!(!bot.log().contains(&discord.token()), "the token is nobody's business");
        bot.stop().await;
    }
}

/// However slow Discord is, a press is answered within its three seconds, or promised to be.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_answer_that_is_lost_is_said_again() {
    let discord = Discord::start(unhurried()).await;
    let bot = Bot::start(&discord).await;
    let registered = |d: &Discord| (!d.commands().is_empty() && d.world().connected()).then_some(());
    discord.eventually("the bot comes", PATIENCE, registered).await;
    let alice = discord.person(ALICE);
    for fault in [Fault::Cut, Fault::Status(503), Fault::Slow(Duration::from_millis(800))] {
        discord.world().faults.on("POST", "/callback", fault, 1);
        let id = alice.send_slash(CHANNEL, "checklists", &[]);
        let reply = alice.answer_within(id, AGAIN).await;
        let reply = reply.unwrap_or_else(|| panic!("{fault:?}: not answered\n{}", bot.log()));
        assert!(reply.text.to_lowercase().contains("shop"), "{fault:?}: {}", reply.text);
        let late = discord.world().rates.late;
        assert!(reply.after <= Duration::from_secs(3) + late, "{fault:?}: answered after {:?}", reply.after);
    }
    bot.stop().await;
}

fn first_section(discord: &Discord) -> Option<Message> {
    let world = discord.world();
    world.messages.values().find(|m| m.nonce.is_some() && options(m).iter().any(|(n, _)| n == "1.1")).cloned()
}

fn shows(item: &'static str, ticked: bool) -> impl Fn(&Discord) -> Option<()> {
    move |d| first_section(d).filter(|m| options(m).contains(&(item.to_owned(), ticked))).map(|_| ())
}

/// Bob has ticked 1.1 with a reaction; the bot is killed, and he puts one on for 1.2.
async fn bob_has_ticked_and_reacts_to_nobody() -> (Discord, Arc<Bot>, Message) {
    let discord = Discord::start(unhurried()).await;
    let bot = Bot::start(&discord).await;
    let registered = |d: &Discord| (!d.commands().is_empty() && d.world().connected()).then_some(());
    discord.eventually("the bot comes", PATIENCE, registered).await;
    let (alice, bob) = (discord.person(ALICE), discord.person(BOB));
    alice.slash(CHANNEL, "start", &[("version", "v1.2.0"), ("checklist", "shop"), ("service", "shop")]).await;
    let there = discord.eventually("the section", PATIENCE, first_section).await;
    bob.react(there.id, KEYCAPS[0]);
    discord.eventually("1.1 is ticked", PATIENCE, shows("1.1", true)).await;
    bot.kill_before(&discord);
    bob.react(there.id, KEYCAPS[1]);
    (discord, bot, there)
}

/// After a start the bot does not know the thread yet, and Discord may fail inside just then.
#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_whose_thread_cannot_be_looked_up_is_heeded_later() {
    let (discord, bot, there) = bob_has_ticked_and_reacts_to_nobody().await;
    let bob = discord.person(BOB);
    bot.up().await;
    // Once it has compared what stands there, nothing but the thread itself is asked for.
    discord.eventually("1.2 is ticked", PATIENCE, shows("1.2", true)).await;
    discord.world().faults.on("GET", "/channels/", Fault::Status(500), 1);
    bob.unreact(there.id, KEYCAPS[0]);
    discord.eventually("1.1 is open again", PATIENCE, shows("1.1", false)).await;
    bot.stop().await;
}

/// Its answer was lost, it is found again, and Discord takes no edit just then: people see it, and can tick.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_there_can_be_ticked_though_it_cannot_be_edited() {
    let discord = Discord::start(unhurried()).await;
    let bot = Bot::start(&discord).await;
    let registered = |d: &Discord| (!d.commands().is_empty() && d.world().connected()).then_some(());
    discord.eventually("the bot comes", PATIENCE, registered).await;
    let (alice, bob) = (discord.person(ALICE), discord.person(BOB));
    {
        let faults = &mut discord.world().faults;
        // Announcement and board are posted, and the thread begun; the section is posted, too, but nobody hears of it.
        faults.on("POST", "/messages", Fault::Slow(Duration::from_millis(1)), 3);
        faults.on("POST", "/messages", Fault::Lost, 1);
        faults.on("PATCH", "/channels/", Fault::Status(503), 1_000);
    }
    alice.slash(CHANNEL, "start", &[("version", "v1.2.0"), ("checklist", "shop"), ("service", "shop")]).await;
    let there = discord.eventually("the section", PATIENCE, first_section).await;
    bob.react(there.id, KEYCAPS[0]);
    let store = Store::open_existing(&bot.dir.path().join("data").join(DATABASE)).await.unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let log = store.deployment_log(1).await.unwrap().unwrap();
        if log.events.iter().any(|e| matches!(e.event, Event::Marked { .. })) {
            break;
        }
        assert!(Instant::now() < end, "the tick waits for the edit\n{}", bot.log());
        sleep(Duration::from_millis(100)).await;
    }
    _ = store.close().await;
    let said = discord.world().faults.happened.clone();
    for wanted in [
        format!("Lost on POST /channels/{}/messages", there.channel),
        format!("Status(503) on PATCH /channels/{}/", there.channel),
    ] {
        assert!(said.iter().any(|h| h.starts_with(&wanted)), "{wanted}: {said:?}");
    }
    discord.world().faults.calm();
    discord.eventually("1.1 is ticked", PATIENCE, shows("1.1", true)).await;
    once(&discord.world().messages.values().filter(|m| m.nonce.is_some()).cloned().collect::<Vec<_>>()).unwrap();
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_twice_is_told_twice() {
    let (discord, bot, there) = bob_has_ticked_and_reacts_to_nobody().await;
    bot.up().await;
    discord.eventually("1.2 is ticked", PATIENCE, shows("1.2", true)).await;
    discord.person(ALICE).slash(CHANNEL, "cancel", &[("reason", "Wrong version")]).await;
    let bob = discord.person(BOB);
    let told = |times: usize| {
        move |d: &Discord| {
            let world = d.world();
            let why = world.messages.values().filter(|m| m.content.contains("cancelled") && m.channel != CHANNEL);
            let stands =
                world.messages[&there.id].reactions.iter().any(|(e, who)| e == KEYCAPS[2] && who.contains(&BOB));
            (why.count() == times && !stands).then_some(())
        }
    };
    let before =
        discord.world().messages.values().filter(|m| m.content.contains("cancelled") && m.channel != CHANNEL).count();
    for times in [1, 2, 3] {
        bob.react(there.id, KEYCAPS[2]);
        discord.eventually(&format!("told {times} times"), PATIENCE, told(before + times)).await;
    }
    bot.stop().await;
}

/// Reactions are heeded one after the other, and so is the comparison after a start: it must not keep them waiting.
#[tokio::test(flavor = "multi_thread")]
async fn while_what_stands_there_cannot_be_read_what_people_do_counts() {
    let (discord, bot, there) = bob_has_ticked_and_reacts_to_nobody().await;
    let bob = discord.person(BOB);
    discord.world().faults.on("GET", "/messages/", Fault::Status(500), 1_000);
    bot.up().await;
    let fails = |d: &Discord| d.world().faults.happened.iter().any(|h| h.contains("/messages/")).then_some(());
    discord.eventually("what stands there is asked for", PATIENCE, fails).await;
    bob.unreact(there.id, KEYCAPS[0]);
    // Sooner than one section could be asked for patiently: after 1, 2, 4, 8 and 16 s.
    discord.eventually("1.1 is open again", Duration::from_secs(30), shows("1.1", false)).await;
    discord.world().faults.calm();
    discord.eventually("1.2 is ticked", PATIENCE, shows("1.2", true)).await;
    bot.stop().await;
}
