//! The whole product on a local Discord: how soon a press is answered, what it holds, and how fast it takes what happens.
//!
//! `cargo bench --bench discord` measures everything; `-- --quick` is a smoke test of seconds. `ROLLCALL_BIN` names another
//! binary, `ROLLCALL_BENCH_DIR` another disk than the build's. What it prints is what stands in `benches/README.md`.

// It measures real time.
#![allow(clippy::disallowed_methods)]

#[path = "../../tests/peers/discord/mod.rs"]
mod discord;
#[path = "../load/figures.rs"]
mod figures;

use discord::people::Person;
use discord::world::{ALICE, CHANNEL, Id};
use discord::{Discord, Settings};
use figures::{Latencies, Spread, table};
use rollcall::domain::event::Event;
use rollcall::serve::DATABASE;
use rollcall::store::Store;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until};

type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// Presses a second.
const RATE: u32 = 200;
/// People who press: each waits for their own answer before the next press is due.
const PEOPLE: usize = 100;
/// A machine under load is slow, not broken.
const PATIENCE: Duration = Duration::from_secs(120);

struct Size {
    rounds: usize,
    spell: Duration,
    /// Reactions put on and taken off as fast as the gateway tells of them.
    reactions: usize,
}

// All in one deployment, whose log takes ten thousand events.
const WHOLE: Size = Size { rounds: 3, spell: Duration::from_secs(8), reactions: 1_500 };
const QUICK: Size = Size { rounds: 1, spell: Duration::from_secs(1), reactions: 200 };

fn main() -> Done<()> {
    // Without `--bench` it is `cargo test` that runs us, on its way through all targets.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|a| a == "--quick") || !arguments.iter().any(|a| a == "--bench");
    let size = if quick { QUICK } else { WHOLE };
    tokio::runtime::Runtime::new()?.block_on(measure(&size))
}

async fn measure(size: &Size) -> Done<()> {
    let place = std::env::var("ROLLCALL_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let home = tempfile::tempdir_in(place)?;
    std::fs::create_dir(home.path().join("pages"))?;
    std::fs::write(home.path().join("pages/walk.md"), page())?;
    let discord = Discord::start(Settings::default()).await;
    let people: Vec<Person> = (0..PEOPLE)
        .map(|n| {
            let id = discord.world().add_user(&format!("person{n}"));
            discord.person(id)
        })
        .collect();
    let bot = Bot::start(home.path(), &discord)?;
    let there = |d: &Discord| (!d.commands().is_empty() && d.world().connected()).then_some(());
    discord.eventually("the bot comes", PATIENCE, there).await;
    let idle = bot.memory()?;
    let start = [("version", "v1.0.0"), ("checklist", "walk"), ("service", "bench")];
    discord.person(ALICE).slash(CHANNEL, "start", &start).await;
    let section = discord.eventually("a section is shown", PATIENCE, first_section).await;

    let mut rounds = Vec::new();
    let (mut ingested, mut lag) = (Spread::default(), Duration::ZERO);
    for n in 0..size.rounds {
        let (answers, behind) = presses(&discord, &people, size.spell, n % 2 == 0).await;
        println!("round: {}; sent at most {:.1} ms late", answers.brief(), behind.as_secs_f64() * 1e3);
        rounds.push(answers);
        lag = lag.max(behind);
        let took = reactions(home.path(), &people, section, size.reactions).await?;
        ingested.add(size.reactions as f64 / took.as_secs_f64());
    }
    let loaded = bot.memory()?;

    println!(
        "\n## Discord\n\nFrom a `/deploy tick` on the gateway to its answer over REST, {RATE} a second by {PEOPLE} people:\n"
    );
    table(&[("press → answer", &rounds)]);
    println!("\n| | |\n|---|---:|");
    println!("| reactions recorded a second, in order | {ingested:.0} |");
    println!("| memory, connected and idle | {idle:.1} MiB |");
    println!("| memory after all this | {loaded:.1} MiB |");
    let edits = discord.world().messages.values().map(|m| m.edits).sum::<usize>();
    println!("| edits for all these changes | {edits} |");
    println!("| times Discord said 429 | {} |", discord.world().rates.earned.len());
    Ok(())
}

/// Twenty sections of ten.
fn page() -> String {
    let mut page = "# Walk\n".to_owned();
    for s in 1..=20 {
        page.push_str(&format!("\n## Part {s}\n\n"));
        (1..=10).for_each(|i| page.push_str(&format!("- [ ] Step {i} of part {s}\n")));
    }
    page
}

fn first_section(discord: &Discord) -> Option<Id> {
    let world = discord.world();
    world.messages.values().find(|m| m.select().is_some()).map(|m| m.id)
}

/// An open loop: each person ticks, or unticks, an item of their own when it is due, whatever became of the others.
async fn presses(discord: &Discord, people: &[Person], spell: Duration, first: bool) -> (Latencies, Duration) {
    let began = tokio::time::Instant::now();
    let count = (spell.as_secs_f64() * f64::from(RATE)) as u32;
    let (mut sent, mut behind) = (Vec::new(), Duration::ZERO);
    for n in 0..count {
        let due = began + Duration::from_secs(1) * n / RATE;
        sleep_until(due).await;
        behind = behind.max(due.elapsed());
        let who = n as usize % people.len();
        // The first section is for reactions.
        let item = format!("{}.{}", 2 + who / 10, 1 + who % 10);
        let ticks = (n as usize / people.len()).is_multiple_of(2) == first;
        let word = if ticks { "tick" } else { "untick" };
        sent.push(people[who].send_slash(CHANNEL, word, &[("items", &item)]));
    }
    let end = Instant::now() + PATIENCE;
    let mut answers = Latencies::default();
    for id in sent {
        loop {
            if let Some((_, _, after)) = &discord.world().interactions[&id].answer {
                answers.add(*after);
                break;
            }
            assert!(Instant::now() < end, "a press was not answered");
            sleep(Duration::from_millis(5)).await;
        }
    }
    (answers, behind)
}

/// Ten people each put their keycap on and take it off again, as fast as the gateway tells. Every one of these changes an
/// item, if and only if they are taken in the order they came: exactly so many events are recorded.
async fn reactions(home: &Path, people: &[Person], section: Id, count: usize) -> Done<Duration> {
    const CAPS: [&str; 10] = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣", "🔟"];
    let store = Store::open_existing(&home.join("data").join(DATABASE)).await?;
    let before = marks(&store).await?;
    let began = Instant::now();
    for n in 0..count {
        let who = n % CAPS.len();
        let present = (n / CAPS.len()).is_multiple_of(2);
        let person = &people[who];
        let heard = if present { person.react(section, CAPS[who]) } else { person.unreact(section, CAPS[who]) };
        assert!(heard, "somebody hears it");
    }
    let mut seen = 0;
    while seen < count {
        assert!(began.elapsed() < PATIENCE, "{seen} of {count} reactions were recorded");
        sleep(Duration::from_millis(20)).await;
        seen = marks(&store).await? - before;
    }
    let took = began.elapsed();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(marks(&store).await? - before, count, "each once");
    store.close().await?;
    Ok(took)
}

/// How often the items of the first section were changed.
async fn marks(store: &Store) -> Done<usize> {
    let Some(log) = store.deployment_log(1).await? else { return Ok(0) };
    let first = |e: &Event| matches!(e, Event::Marked { item, .. } if item.section() == 1);
    Ok(log.events.iter().filter(|e| first(&e.event)).count())
}

/// The real binary, looked at from outside.
struct Bot(Child);

impl Drop for Bot {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

impl Bot {
    fn start(home: &Path, discord: &Discord) -> Done<Self> {
        let binary =
            std::env::var_os("ROLLCALL_BIN").map_or_else(|| env!("CARGO_BIN_EXE_rollcall").into(), PathBuf::from);
        let child = Command::new(binary)
            .current_dir(home)
            .args(["--data", "data", "--listen", "127.0.0.1:0", "--checklists", "pages"])
            .env("DISCORD_TOKEN", discord.token())
            .env("DISCORD_API_URL", discord.api_url())
            .env("DISCORD_CA_FILE", discord.ca_file())
            .env("ROLLCALL_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }

    /// Resident, in MiB.
    fn memory(&self) -> Done<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).ok_or("/proc has another form")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}
