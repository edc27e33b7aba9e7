//! Timers: how late they are under load, whether those that are not due cost anything, and how soon a night's worth is
//! made good after a restart. On a real disk, with the product's own engine, store and steps; messages go nowhere.
//!
//! `cargo bench --bench timers` measures everything; `-- --quick` is a smoke test of seconds; `-- late growth recovery`
//! measures only those parts. `ROLLCALL_BENCH_DIR` names another disk than the build's.

#[path = "../load/figures.rs"]
#[allow(dead_code)]
mod figures;
#[path = "../load/raw.rs"]
mod raw;

use figures::Latencies;
use rollcall::card::fit::{CONSOLE, Limits};
use rollcall::config::Config;
use rollcall::domain::command::{Person, Via};
use rollcall::domain::time::Timestamp;
use rollcall::engine::{Engine, Envelope, Input};
use rollcall::library::Library;
use rollcall::loops::outbox::{Chats, Outbox};
use rollcall::loops::timers;
use rollcall::ports::{Chat, ChatError, Clock, Delivery, Pending, SystemClock};
use rollcall::store::Store;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// Starts handed in together.
const TOGETHER: usize = 256;

/// How much is done.
struct Size {
    commits: usize,
    /// Active deployments, each with a progress timer.
    active: usize,
    /// How many of them have an open page, whose steps are timers like these.
    pages: usize,
    /// How many of them are timed where growth is measured.
    few: usize,
    /// How long lateness is measured.
    spell: Duration,
}

const WHOLE: Size = Size { commits: 2_000, active: 10_000, pages: 2_000, few: 1_000, spell: Duration::from_secs(120) };
const QUICK: Size = Size { commits: 50, active: 300, pages: 60, few: 60, spell: Duration::from_secs(3) };

const PARTS: [&str; 3] = ["late", "growth", "recovery"];

/// The machine's clock, set ahead by so many milliseconds.
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_ms(self.0.load(Ordering::SeqCst))
    }
}

/// A chat that shows everything at once, to nobody.
struct Nowhere;

impl Chat for Nowhere {
    fn platform(&self) -> &'static str {
        "console"
    }
    fn limits(&self) -> Limits {
        CONSOLE
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(std::future::ready(Ok(delivery.key.clone())))
    }
}

/// The product without its surfaces.
struct House {
    engine: Engine,
    outbox: Outbox,
    task: tokio::task::JoinHandle<()>,
    clock: Arc<Ahead>,
}

/// A page that nobody takes climbs on every twenty seconds, and from the beginning again.
fn policies() -> String {
    let step = |n: usize| {
        let after = if n == 0 { "" } else { "after = \"20s\"\n" };
        format!("[[policies.night.steps]]\n{after}targets = [\"channel\"]\n")
    };
    format!("[policies.night]\nrepeat = 9\n{}", (0..6).map(step).collect::<String>())
}

struct Place {
    data: PathBuf,
    checklists: PathBuf,
    clock: Arc<Ahead>,
}

impl Place {
    async fn open(&self) -> Done<House> {
        let store = Arc::new(Store::open(&self.data).await?);
        let library = Library::from_dir(&self.checklists).map_err(|e| e.to_string())?;
        let config = Config::parse(&policies(), Path::new("")).map_err(|e| e.message)?;
        let (engine, task) = Engine::open(store, self.clock.clone(), Arc::new(config), library).await?;
        let chats: Chats = HashMap::from([("console", Arc::new(Nowhere) as Arc<dyn Chat>)]);
        let outbox = Outbox::new(engine.clone(), chats);
        Ok(House { engine, outbox, task, clock: self.clock.clone() })
    }
}

impl House {
    async fn close(self) -> Done<()> {
        drop((self.engine, self.outbox));
        self.task.await?;
        Ok(())
    }

    /// Starts deployments of that checklist each, so many at a time.
    async fn start(&self, from: usize, count: usize, checklist: impl Fn(usize) -> String) -> Done<()> {
        let all: Vec<usize> = (from..from + count).collect();
        for some in all.chunks(TOGETHER) {
            let replies = some.iter().map(|i| {
                let text = format!("start v1 service:s{i} checklist:{}", checklist(*i));
                self.engine.handle(Envelope {
                    key: None,
                    by: Person::named("Ana"),
                    via: Via::Terminal,
                    channel: "console:deployments".into(),
                    deployment: None,
                    mentioned: Vec::new(),
                    input: Input::Say(text),
                })
            });
            for reply in futures_util::future::join_all(replies).await {
                if !reply.ok {
                    return Err(reply.text.into());
                }
            }
            self.show_all().await?;
        }
        Ok(())
    }

    /// Pages somebody about each of the first so many deployments.
    async fn page(&self, count: usize) -> Done<()> {
        let all: Vec<u64> = self.engine.open_deployments().iter().map(|d| d.id).take(count).collect();
        for some in all.chunks(TOGETHER) {
            let replies = some.iter().map(|id| {
                self.engine.handle(Envelope {
                    key: None,
                    by: Person::named("Ana"),
                    via: Via::Terminal,
                    channel: "console:deployments".into(),
                    deployment: Some(*id),
                    mentioned: Vec::new(),
                    input: Input::Say("page the disk is full".into()),
                })
            });
            for reply in futures_util::future::join_all(replies).await {
                if !reply.ok {
                    return Err(reply.text.into());
                }
            }
            self.show_all().await?;
        }
        Ok(())
    }

    async fn show_all(&self) -> Done<()> {
        while self.outbox.step().await? > 0 {}
        Ok(())
    }

    /// Fires what falls due for so long, as the loop does, while messages are shown beside it. How late each was: from
    /// when it was due until what it caused was durable.
    async fn fire(&self, spell: Duration) -> Done<Latencies> {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let showing = tokio::spawn(self.outbox.clone().run(stopped));
        let mut late = Latencies::default();
        // What has just been started posts nothing for a while: that is not waited for.
        if let Some(next) = self.engine.store().next_timer().await? {
            self.clock.0.fetch_add(next.since_ms(self.engine.now()), Ordering::SeqCst);
        }
        // What fell due while deployments were started is not what is measured.
        while !timers::step(&self.engine).await?.is_empty() {}
        let begun = self.engine.now();
        let until = Instant::now() + spell;
        while Instant::now() < until {
            let fired = timers::step(&self.engine).await?;
            let now = self.engine.now();
            for (.., due) in fired.iter().filter(|(.., due)| *due >= begun) {
                late.add(Duration::from_millis(now.since_ms(*due).unsigned_abs()));
            }
            if fired.is_empty() {
                let next = self.engine.store().next_timer().await?;
                let pause = next.map_or(1_000, |t| t.since_ms(self.engine.now())).clamp(1, 1_000);
                tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())).await;
            }
        }
        stop.send(true)?;
        showing.await?;
        Ok(late)
    }
}

/// Sixty checklists: each posts progress at another second of every minute. And one whose next post is far away.
fn checklists(folder: &Path) -> Done<()> {
    std::fs::create_dir_all(folder)?;
    let items: String = (1..=10).map(|n| format!("- [ ] Step {n}\n")).collect();
    for second in 0..60 {
        let page = format!("---\nprogress: \"{second} * * * * *\"\n---\n# Walk {second}\n## Work\n{items}");
        std::fs::write(folder.join(format!("at-{second}.md")), page)?;
    }
    let page = format!("---\nprogress: \"0 0 1 1 *\"\n---\n# Walk\n## Work <!-- rollcall: remind=off -->\n{items}");
    std::fs::write(folder.join("rarely.md"), page)?;
    Ok(())
}

fn main() -> Done<()> {
    // Without `--bench` it is `cargo test` that runs us, on its way through all targets.
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|a| a == "--quick") || !arguments.iter().any(|a| a == "--bench");
    arguments.retain(|a| !a.starts_with("--"));
    if let Some(unknown) = arguments.iter().find(|a| !PARTS.contains(&a.as_str())) {
        return Err(format!("There is no part {unknown}; there are {}.", PARTS.join(", ")).into());
    }
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|a| a == part);
    let size = if quick { QUICK } else { WHOLE };
    let place = std::env::var("ROLLCALL_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let home = tempfile::tempdir_in(place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(async {
        let mut out = String::new();
        let (syncs, commits) = (raw::syncs(home.path(), size.commits)?, raw::commits(home.path(), size.commits).await?);
        writeln!(out, "4 KiB written and synced: {syncs:.0}/s; one-row commits, the physical limit: {commits:.0}/s")?;
        if wanted("growth") {
            growth(home.path(), &size, &mut out).await?;
        }
        if wanted("late") || wanted("recovery") {
            let place = at(home.path(), "many")?;
            let house = place.open().await?;
            let began = Instant::now();
            house.start(0, size.active, |i| format!("at-{}", i % 60)).await?;
            house.page(size.pages).await?;
            let took = began.elapsed().as_secs_f64();
            writeln!(out, "{} deployments started, {} pages opened in {took:.1} s", size.active, size.pages)?;
            if wanted("late") {
                let late = house.fire(size.spell).await?;
                let (n, brief) = (late.count(), late.brief());
                writeln!(out, "late: {n} timers of {} deployments in {:?}: {brief}", size.active, size.spell)?;
            }
            house.close().await?;
            if wanted("recovery") {
                recovery(&place, &mut out).await?;
            }
        }
        Ok::<_, Box<dyn std::error::Error>>(out)
    })?;
    print!("{report}");
    Ok(())
}

fn at(home: &Path, name: &str) -> Done<Place> {
    let folder = home.join(name);
    std::fs::create_dir_all(&folder)?;
    let checklists_at = folder.join("checklists");
    checklists(&checklists_at)?;
    let clock = Arc::new(Ahead(AtomicI64::new(0)));
    Ok(Place { data: folder.join("rollcall.db"), checklists: checklists_at, clock })
}

/// The same timers, alone and among ten times as many that are not due.
async fn growth(home: &Path, size: &Size, out: &mut String) -> Done<()> {
    let place = at(home, "growth")?;
    let house = place.open().await?;
    house.start(0, size.few, |i| format!("at-{}", i % 60)).await?;
    let spell = size.spell / 2;
    let alone = house.fire(spell).await?;
    house.start(size.few, size.active, |_| "rarely".into()).await?;
    let among = house.fire(spell).await?;
    writeln!(out, "growth: {} timed, alone: {} of them: {}", size.few, alone.count(), alone.brief())?;
    writeln!(out, "growth: among {} not due: {} of them: {}", size.active, among.count(), among.brief())?;
    house.close().await
}

/// Down for two hours, and started again: until nothing is overdue.
async fn recovery(place: &Place, out: &mut String) -> Done<()> {
    place.clock.0.fetch_add(2 * 3_600_000, Ordering::SeqCst);
    let began = Instant::now();
    let house = place.open().await?;
    let opened = began.elapsed();
    // What comes due while this runs is not what was overdue.
    let down_until = house.engine.now();
    let mut fired = 0;
    loop {
        let step = timers::step(&house.engine).await?;
        fired += step.iter().filter(|(.., due)| *due <= down_until).count();
        if step.iter().all(|(.., due)| *due > down_until) {
            break;
        }
    }
    let all = began.elapsed();
    writeln!(
        out,
        "recovery: {fired} overdue timers in {:.2} s, of it {:.2} s to open",
        all.as_secs_f64(),
        opened.as_secs_f64()
    )?;
    let began = Instant::now();
    house.show_all().await?;
    writeln!(out, "recovery: what they asked for was shown in {:.1} s more", began.elapsed().as_secs_f64())?;
    house.close().await
}
