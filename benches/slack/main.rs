//! From a click in Slack to its acknowledgement, over HTTP: Rollcall against a hand-written bot on Bolt for JavaScript
//! with better-sqlite3. Both record and sync before they acknowledge, and edit their messages in the background.
//!
//! `cargo bench --bench slack` installs Bolt (npm) and measures both by turns; `-- --quick` is a smoke test,
//! `-- --rounds N` and `-- rollcall` or `-- bolt` measure less.

#![allow(clippy::disallowed_methods, reason = "other processes run in real time")]

mod client;
#[path = "../load/figures.rs"]
#[allow(dead_code)]
mod figures;
#[path = "../../tests/peers/slack/mod.rs"]
mod slack;

use self::client::Walk;
use self::figures::{Latencies, Spread};
use self::slack::world::{ALICE, BOB, BOT, Message};
use self::slack::{BOT_TOKEN, SIGNING_SECRET, Settings, Slack};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub type Done<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Deployments under way, each in a channel of its own.
const DEPLOYMENTS: usize = 64;
const RATE: u32 = 1_000;
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bot {
    Rollcall,
    Bolt,
}

impl Bot {
    fn name(self) -> &'static str {
        match self {
            Self::Rollcall => "Rollcall",
            Self::Bolt => "Bolt for JavaScript, better-sqlite3",
        }
    }

    fn command(self, dir: &Path, slack: &Slack) -> Command {
        let mut command = match self {
            Self::Rollcall => {
                let binary = std::env::var_os("ROLLCALL_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_rollcall").into());
                let mut command = Command::new(binary);
                command.arg("serve").arg("--data").arg(dir).arg("--checklists").arg(dir.join("checklists"));
                command.args(["--listen", "127.0.0.1:0"]).env("ROLLCALL_LOG", "warn");
                command
            }
            Self::Bolt => {
                let mut command = Command::new("node");
                command.arg(bolt().join("bot.mjs")).arg(dir).arg("0").env("NODE_ENV", "production");
                command
            }
        };
        command.env("SLACK_BOT_TOKEN", BOT_TOKEN).env("SLACK_SIGNING_SECRET", SIGNING_SECRET);
        command.env("SLACK_API_URL", slack.api_url()).env_remove("SLACK_APP_TOKEN");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

fn bolt() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/slack/bolt")
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

impl Process {
    /// Resident, and at most resident, in MiB.
    fn memory(&self) -> Done<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let mib = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
        };
        Ok((mib("VmRSS"), mib("VmHWM")))
    }
}

#[derive(Default)]
struct Figures {
    paced: Vec<Latencies>,
    saturated: Spread,
    idle: Spread,
    loaded: Spread,
    peak: Spread,
}

fn main() -> Done<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| args.iter().any(|a| a == word);
    let quick = has("--quick");
    let rounds = args.iter().position(|a| a == "--rounds").and_then(|i| args.get(i + 1)?.parse().ok());
    let rounds: usize = rounds.unwrap_or(if quick { 1 } else { 5 });
    let (paced, saturated) = if quick { (2, 2) } else { (15, 10) };
    let only = has("rollcall") || has("bolt");
    let bots: Vec<Bot> = [Bot::Rollcall, Bot::Bolt]
        .into_iter()
        .filter(|b| !only || has(if *b == Bot::Bolt { "bolt" } else { "rollcall" }))
        .collect();
    if bots.contains(&Bot::Bolt) && !bolt().join("node_modules").exists() {
        let done = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(bolt()).status()?;
        if !done.success() {
            return Err("npm ci failed in benches/slack/bolt".into());
        }
    }
    let mut all: Vec<(Bot, Figures)> = bots.iter().map(|b| (*b, Figures::default())).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for round in 1..=rounds {
        for (bot, figures) in &mut all {
            runtime.block_on(measure(*bot, figures, Duration::from_secs(paced), Duration::from_secs(saturated)))?;
            let last = figures.paced.last().map(Latencies::brief).unwrap_or_default();
            eprintln!("round {round}: {}: {last}; {:.0} clicks/s so far", bot.name(), figures.saturated.median());
        }
    }
    let rows: Vec<(&str, &Vec<Latencies>)> = all.iter().map(|(bot, f)| (bot.name(), &f.paced)).collect();
    println!("\n{RATE} clicks a second over {DEPLOYMENTS} deployments, from when a click was to be sent:\n");
    figures::table(&rows);
    println!("\n| | clicks/s, saturated | MiB resident, idle | after it | at most |\n|---|---:|---:|---:|---:|");
    for (bot, f) in &all {
        println!("| {} | {:.0} | {:.1} | {:.1} | {:.1} |", bot.name(), f.saturated, f.idle, f.loaded, f.peak);
    }
    Ok(())
}

async fn measure(bot: Bot, figures: &mut Figures, pace: Duration, full: Duration) -> Done<()> {
    let home = tempfile::Builder::new().prefix("slack-bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let dir = home.path();
    std::fs::create_dir(dir.join("checklists"))?;
    std::fs::write(dir.join("checklists/walk.md"), page())?;
    let settings = Settings { rates: false, checks: false, keeps_calls: false, ..Settings::default() };
    let slack = Slack::start(settings).await;
    let mut process = Process(bot.command(dir, &slack).spawn()?);
    let address = ready(dir, &mut process).await?;
    *slack.request_url.lock().map_err(|_| "poisoned")? = Some(address);
    figures.idle.add(process.memory()?.0);

    for i in 0..DEPLOYMENTS {
        let channel = format!("C1{i:03}");
        slack.world().add_channel(&channel, &format!("team-{i}"), &[ALICE, BOB, BOT]);
        let text = format!("start v1.{i} checklist:walk service:service-{i} env:production");
        if !slack.person(ALICE).command(&channel, "/deploy", &text).await.acknowledged {
            return Err(format!("{} does not acknowledge a start", bot.name()).into());
        }
    }
    let mut walks = Vec::new();
    for i in 0..DEPLOYMENTS {
        let (id, message) = first_section(&slack, &format!("C1{i:03}")).await?;
        walks.push(Walk::of(&slack, id, &message));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;

    figures.paced.push(client::paced(address, &mut walks, RATE, pace).await?);
    let (rate, walks) = client::saturated(address, walks, full).await?;
    figures.saturated.add(rate);
    let (loaded, peak) = process.memory()?;
    figures.loaded.add(loaded);
    figures.peak.add(peak);
    // What was acknowledged must be what everybody sees in the end.
    for walk in &walks {
        let wanted = walk.ticked();
        let shown = |w: &slack::world::World| {
            let section = w.posts(&walk.channel).into_iter().find(|m| is_first_section(m))?;
            let ticked = section.controls().iter().flat_map(slack::world::Control::chosen).collect();
            (wanted == ticked).then_some(())
        };
        slack.until(&format!("{}: {wanted:?} shown in {}", bot.name(), walk.channel), PATIENCE, shown).await?;
    }
    Ok(())
}

fn is_first_section(message: &Message) -> bool {
    message.key().is_some_and(|k| k.contains("/section/1/1@"))
}

async fn first_section(slack: &Slack, channel: &str) -> Done<(u64, Message)> {
    let message = slack
        .until(&format!("a section in {channel}"), PATIENCE, |w| {
            w.posts(channel).into_iter().find(|m| is_first_section(m)).cloned()
        })
        .await?;
    let id = message.key().and_then(|k| k.split('/').next()?.parse().ok()).ok_or("a key without a number")?;
    Ok((id, message))
}

async fn ready(dir: &Path, process: &mut Process) -> Done<SocketAddr> {
    let end = Instant::now() + PATIENCE;
    loop {
        let note = std::fs::read(dir.join("running.json")).ok();
        let note: Option<serde_json::Value> = note.and_then(|n| serde_json::from_slice(&n).ok());
        if let Some(address) = note.as_ref().and_then(|n| n["address"].as_str()) {
            return Ok(address.parse()?);
        }
        if let Some(status) = process.0.try_wait()? {
            return Err(format!("the bot ended: {status}").into());
        }
        if Instant::now() > end {
            return Err("the bot does not start".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The checklist both walk.
fn page() -> String {
    let mut page = String::from("---\ntitle: Load\n---\n\n# Load\n");
    for section in 1..=client::SECTIONS {
        _ = write!(page, "\n## Stage {section}\n\n");
        for _ in 0..client::ITEMS {
            page.push_str("- [ ] Step: the service answers within 200 ms\n");
        }
    }
    page
}
