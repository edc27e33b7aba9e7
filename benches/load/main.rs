//! The whole product under load: starts the real binary on a real disk and speaks to it over HTTP.
//!
//! `cargo bench --bench load` measures everything; `-- --quick` is a smoke test of seconds; `-- latency memory …`
//! measures only those parts. `ROLLCALL_BENCH_DIR` names another disk than the build's. What it prints is what stands in `benches/README.md`.

mod client;
mod figures;
mod past;
mod raw;
mod server;

use client::{Walk, closed_loop, open_loop, start_all, tick_each};
use figures::{Latencies, Spread};
use server::Server;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// How much is done.
struct Size {
    /// Repetitions; tables hold their medians.
    rounds: usize,
    commits: usize,
    /// Active deployments of [`client::ITEMS`] items.
    active: usize,
    /// Ticks a second of the open loop, and for how long.
    rate: u32,
    spell: Duration,
    /// Connections of the saturated loop.
    connections: usize,
    /// Past deployments, and how many events each has.
    past: u64,
    events_each: u64,
    /// Ticks one after the other on one connection.
    alone: usize,
}

const WHOLE: Size = Size {
    rounds: 5,
    commits: 2_000,
    active: 1_000,
    rate: 1_000,
    spell: Duration::from_secs(10),
    connections: 256,
    past: 100_000,
    events_each: 10,
    alone: 1_000,
};

const QUICK: Size = Size {
    rounds: 2,
    commits: 50,
    active: 20,
    rate: 200,
    spell: Duration::from_millis(500),
    connections: 16,
    past: 300,
    events_each: 10,
    alone: 20,
};

const PARTS: [&str; 5] = ["latency", "saturated", "memory", "start", "age"];

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
    // Below the build's folder: the system's own temporary folder may be in memory.
    let place = std::env::var("ROLLCALL_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let home = tempfile::tempdir_in(place)?;
    let home = home.path();
    let checklists = home.join("checklists");
    std::fs::create_dir(&checklists)?;
    std::fs::write(checklists.join("walk.md"), client::page())?;
    std::fs::write(home.join("rollcall.toml"), client::channels(size.active))?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if wanted("latency") || wanted("saturated") {
            speed(home, &size, wanted("latency"), wanted("saturated")).await?;
        }
        if wanted("memory") {
            memory(home, &size).await?;
        }
        if wanted("start") || wanted("age") {
            age(home, &size, wanted("start"), wanted("age")).await?;
        }
        Ok(())
    })
}

fn data(home: &Path, name: &str) -> Done<PathBuf> {
    let data = home.join(name);
    std::fs::create_dir_all(&data)?;
    Ok(data)
}

/// (a), (b), (c): the disk's own rate, the open loop and the saturated one, by turns on the same disk.
async fn speed(home: &Path, size: &Size, open: bool, saturated: bool) -> Done<()> {
    let server = Server::start(&data(home, "speed")?, home)?;
    let mut walks = start_all(&server, size.active).await?;
    tick_each(&server, &mut walks).await?;
    let (mut syncs, mut commits) = (Spread::default(), Spread::default());
    let (mut paced, mut full) = (Vec::new(), Vec::new());
    let (mut rates, mut cpu, mut depth) = (Spread::default(), Spread::default(), Spread::default());
    for _ in 0..size.rounds {
        server.settle().await;
        let (synced, committed) = (raw::syncs(home, size.commits)?, raw::commits(home, size.commits).await?);
        syncs.add(synced);
        commits.add(committed);
        let mut line = format!("round: {synced:.0} syncs/s, {committed:.0} commits/s");
        if open {
            let before = server.cpu()?;
            let spell = open_loop(&server, &mut walks, size.rate, size.spell).await?;
            cpu.add((server.cpu()? - before).as_secs_f64() / size.spell.as_secs_f64() * 100.0);
            _ = write!(line, "; paced {}", spell.brief());
            paced.push(spell);
            server.settle().await;
        }
        if saturated {
            let before = server.cpu()?;
            let (spell, took) = closed_loop(&server, &mut walks, size.connections, size.spell).await?;
            rates.add(spell.count() as f64 / took.as_secs_f64());
            depth.add((server.cpu()? - before).as_secs_f64() * 1e6 / spell.count() as f64);
            _ = write!(line, "; saturated {:.0}/s {}", spell.count() as f64 / took.as_secs_f64(), spell.brief());
            full.push(spell);
        }
        eprintln!("{line}");
    }
    println!("\n## The disk, in this run\n\n| | a second |\n|---|---:|");
    println!("| 4 KiB written and synced (fdatasync), one after the other | {syncs:.0} |");
    println!("| one-row SQLite commits (WAL, synchronous=FULL), one after the other | {commits:.0} |");
    if open {
        println!("\n## {} ticks a second over {} deployments, open loop\n", size.rate, size.active);
        figures::table(&[("answered durably", &paced)]);
        println!("\nThe process used {cpu:.0} % of one core.");
    }
    if saturated {
        println!("\n## Saturated: {} connections, closed loop\n", size.connections);
        println!("| | |\n|---|---:|\n| ticks answered a second | {rates:.0} |");
        println!("| raw single commits a second | {commits:.0} |");
        println!("| ratio of the medians | {:.2} |", rates.median() / commits.median());
        println!("| processor time of the process for a tick, µs | {depth:.0} |\n");
        figures::table(&[("saturated", &full)]);
    }
    println!("\nMemory after all this: {}.", server.memory()?);
    server.stop()
}

/// (d): what stays in memory.
async fn memory(home: &Path, size: &Size) -> Done<()> {
    println!("\n## Memory with {} active deployments of {} items\n", size.active, client::ITEMS);
    println!("| | resident MiB | of it private MiB | peak MiB |\n|---|---:|---:|---:|");
    let data = data(home, "memory")?;
    let server = Server::start(&data, home)?;
    println!("| just started, empty | {} |", server.memory()?.cells());
    let mut walks = start_all(&server, size.active).await?;
    server.settle().await;
    println!("| all started | {} |", server.memory()?.cells());
    for _ in 0..10 {
        tick_each(&server, &mut walks).await?;
    }
    println!("| ten ticks in each, at full speed | {} |", server.memory()?.cells());
    server.settle().await;
    tokio::time::sleep(size.spell).await;
    println!("| idle after it | {} |", server.memory()?.cells());
    server.stop()?;
    let server = Server::start(&data, home)?;
    println!("| started anew | {} |", server.memory()?.cells());
    tick_each(&server, &mut walks).await?;
    server.settle().await;
    println!("| every deployment touched | {} |", server.memory()?.cells());
    server.stop()
}

/// (e), (f): a database with a history.
async fn age(home: &Path, size: &Size, start: bool, ticks: bool) -> Done<()> {
    let (young, old) = (data(home, "young")?, data(home, "old")?);
    past::make(&young, size.past.min(100), size.events_each).await?;
    let took = std::time::Instant::now();
    past::make(&old, size.past, size.events_each).await?;
    let events = size.past * size.events_each;
    println!(
        "\n## {} past deployments, {events} events\n\nMade in {:.0} s; {} MiB on the disk.\n",
        size.past,
        took.elapsed().as_secs_f64(),
        std::fs::metadata(old.join("rollcall.db"))?.len() >> 20
    );
    if start {
        let (mut fresh, mut aged, mut laden) = (Spread::default(), Spread::default(), Spread::default());
        for _ in 0..size.rounds * 2 {
            fresh.add(ready_ms(&young, home)?);
            aged.add(ready_ms(&old, home)?);
        }
        let server = Server::start(&old, home)?;
        start_all(&server, size.active).await?;
        server.settle().await;
        println!("Memory: {}.\n", server.memory()?);
        server.stop()?;
        for _ in 0..size.rounds * 2 {
            laden.add(ready_ms(&old, home)?);
        }
        println!("| start to ready | ms |\n|---|---:|\n| 100 past deployments | {fresh:.1} |");
        println!("| {} past deployments | {aged:.1} |", size.past);
        println!("| the same and {} active ones | {laden:.1} |", size.active);
    }
    if ticks {
        let servers = [Server::start(&young, home)?, Server::start(&old, home)?];
        let mut walks: Vec<Vec<Walk>> = Vec::new();
        for server in &servers {
            let mut begun = start_all(server, size.active.min(100)).await?;
            tick_each(server, &mut begun).await?;
            walks.push(begun);
        }
        let mut alone: [Vec<Latencies>; 2] = Default::default();
        let mut paced: [Vec<Latencies>; 2] = Default::default();
        for _ in 0..size.rounds {
            for (i, server) in servers.iter().enumerate() {
                server.settle().await;
                alone[i].push(client::one_by_one(server, &mut walks[i], size.alone).await?);
                server.settle().await;
                paced[i].push(open_loop(server, &mut walks[i], size.rate, size.spell / 2).await?);
            }
        }
        println!("\n## A tick in a young and in an old database\n");
        figures::table(&[
            ("one after the other, 1,000 events", &alone[0]),
            (&format!("one after the other, {events} events"), &alone[1]),
            (&format!("{} a second, 1,000 events", size.rate), &paced[0]),
            (&format!("{} a second, {events} events", size.rate), &paced[1]),
        ]);
        for server in servers {
            server.stop()?;
        }
    }
    Ok(())
}

fn ready_ms(data: &Path, home: &Path) -> Done<f64> {
    let server = Server::start(data, home)?;
    let took = server.ready_after;
    // Nobody ends it in the very moment it starts.
    #[allow(clippy::disallowed_methods, reason = "outside the product")]
    std::thread::sleep(Duration::from_millis(20));
    server.stop()?;
    Ok(took.as_secs_f64() * 1e3)
}
