//! The composition root: wires the rooms, runs until told to stop, and ends cleanly.

use crate::chat::console::{self, Account, Console, ConsoleChat, Settings, SignIn};
use crate::chat::discord::setup::Setup;
use crate::chat::discord::{self, Discord};
use crate::chat::slack::{self, Slack, SlackChat};
use crate::config::{Config, SlackSecrets, WaySecrets, check_listen};
use crate::domain::directory;
use crate::engine::{Engine, Link};
use crate::http::Http;
use crate::library::Library;
use crate::link::{Links, Outside};
use crate::loops::outbox::{self, Outbox};
use crate::loops::{heartbeat, timers};
use crate::page;
use crate::ports::{Chat, Clock as _, SystemClock};
use crate::store::Store;
use std::collections::HashMap;
use std::fs::File;
use std::future::Future as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

/// How long a page may take to finish loading once we were told to stop. Live streams end at once.
const DRAIN: Duration = Duration::from_secs(2);

/// The database's name in the data folder.
pub const DATABASE: &str = "rollcall.db";

/// Where the running bot says how to reach it; readable by its owner alone.
pub const RUNNING: &str = "running.json";

/// What `running.json` holds.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Running {
    /// Where a terminal on this machine reaches it.
    pub address: SocketAddr,
    /// Lets a terminal of the same user in.
    pub token: String,
    /// Its process.
    pub pid: u32,
}

/// Runs the bot until SIGTERM or Ctrl-C. The error is a sentence for whoever started it; one that comes after it was
/// ready is for a supervisor too, which should start it again.
pub async fn serve(config: Config) -> Result<(), String> {
    // Before anything that must be ended cleanly begins: from here on, being told to stop kills nothing half-way.
    let mut signals = Signals::heed().map_err(|e| format!("Rollcall cannot be told to stop: {e}."))?;
    check_listen(config.listen, &config.people)?;
    let discord = Setup::from_env(|name| std::env::var(name).ok())?;
    let data = config.data.clone();
    std::fs::create_dir_all(&data)
        .map_err(|e| format!("The data folder {} cannot be made: {e}. Choose another with --data.", data.display()))?;
    let _only = only_instance(&data)?;
    let store = Arc::new(Store::open(&data.join(DATABASE)).await.map_err(|e| e.to_string())?);
    let library = library(&config)?;
    let checklists = library.entries();
    let signs_in = config.people.values().any(|p| p.key.is_some());
    let listener = console::listen(config.listen, signs_in).await?;
    let address = listener.local_addr().map_err(|e| format!("Rollcall cannot listen: {e}."))?;
    let config = Arc::new(config);
    let (engine, door) =
        Engine::open(store.clone(), Arc::new(SystemClock), config.clone(), library).await.map_err(|e| e.to_string())?;

    let token = secret()?;
    let running = Running { address: reachable(address), token: token.clone(), pid: std::process::id() };
    let note = data.join(RUNNING);
    write_private(&note, &serde_json::to_vec(&running).unwrap_or_default())
        .map_err(|e| format!("{} cannot be written: {e}.", note.display()))?;

    let (stop, stopped) = watch::channel(false);
    let mut chats: outbox::Chats = HashMap::from([("console", Arc::new(ConsoleChat) as Arc<dyn Chat>)]);
    let secrets = SlackSecrets::from(|name| std::env::var(name).ok());
    let slack = secrets.and_then(|secrets| in_slack(&engine, secrets));
    if let Some((slack, _)) = &slack {
        chats.insert(slack::PLATFORM, Arc::new(SlackChat(slack.clone())));
    }
    let discord = discord.map(|setup| Discord::new(setup, engine.clone())).transpose()?;
    chats.extend(discord.clone().map(|d| (discord::PLATFORM, d as Arc<dyn Chat>)));
    let way_secrets = WaySecrets::from(&config.ways, |name| std::env::var(name).ok());
    let links = Links::new(&server_secret(&data)?);
    let outside = Outside { public_url: config.ways.public_url.clone(), links: Some(links.clone()) };
    let ways = page::chats(&engine, &way_secrets, &outside, Arc::new(SystemClock))?;
    chats.extend(ways.into_iter().map(|way| (way.platform(), way)));
    let timer_loop = tokio::spawn(timers::run(engine.clone(), stopped.clone()));
    let outbox_loop = tokio::spawn(Outbox::new(engine.clone(), chats).run(stopped.clone()));
    let console = Console::new(Arc::new(engine.clone()), settings(&config, address, token, links, &data)?);
    let (mut router, mut http_stop) = (console.router(), stopped.clone());
    if let Some((slack, Some(signing_secret))) = &slack {
        router = router.merge(slack::http::router(slack.clone(), signing_secret));
    }
    if !way_secrets.pagerduty_webhook.is_empty() {
        router = router.merge(page::hook::router(engine.clone(), way_secrets.pagerduty_webhook.clone()));
    }
    let beat = match &config.ways.heartbeat {
        Some(set) => Some(tokio::spawn(heartbeat::run(engine.clone(), set.clone(), Http::new()?, stopped.clone()))),
        None => None,
    };
    let http = tokio::spawn(async move {
        let closing = async {
            _ = http_stop.wait_for(|stop| *stop).await;
            console.close();
        };
        console::serve(listener, router, closing, DRAIN).await;
    });

    let discord = discord.map(|d| tokio::spawn(d.run(stopped.clone())));

    greet(address, &store, &config, &checklists);
    warn_of_people(&config);
    tracing::info!(%address, "ready");
    let mut tasks =
        vec![("console", http), ("timer loop", timer_loop), ("outbox loop", outbox_loop), ("record's door", door)];
    if let Some((slack, _)) = slack {
        tasks.insert(0, ("link to Slack", tokio::spawn(slack.run(stopped.clone()))));
    }
    tasks.extend(discord.map(|task| ("connection to Discord", task)));
    tasks.extend(beat.map(|task| ("heartbeat", task)));
    let broken = tokio::select! {
        () = signals.stop() => None,
        (name, end) = first_end(&mut tasks) => {
            let why = end.err().map_or_else(|| "it ended".into(), |e| e.to_string());
            tracing::error!(task = name, why, "a part of the bot ended unasked");
            Some(format!("Rollcall has stopped: its {name} failed inside. What was answered is kept. Start it again."))
        }
    };
    tracing::info!("stopping");
    _ = stop.send(true);
    let at = tasks.iter().position(|(name, _)| *name == "record's door");
    let door = at.map(|at| tasks.remove(at));
    for (_, task) in tasks {
        _ = tokio::time::timeout(DRAIN * 2, task).await;
    }
    drop(engine);
    if let Some((_, door)) = door {
        _ = tokio::time::timeout(DRAIN, door).await;
    }
    _ = std::fs::remove_file(&note);
    // What was answered is on the disk already; only tidying up may be left for the next start.
    if let Err(error) = store.close().await {
        tracing::warn!(%error, detail = error.detail(), "the database was not tidied up; nothing is lost");
    }
    tracing::info!("stopped");
    broken.map_or(Ok(()), Err)
}

/// Waits until one of the tasks ends, and takes it out.
async fn first_end(tasks: &mut Vec<(&'static str, JoinHandle<()>)>) -> (&'static str, Result<(), JoinError>) {
    std::future::poll_fn(|cx| {
        for (i, (name, task)) in tasks.iter_mut().enumerate() {
            if let Poll::Ready(end) = Pin::new(task).poll(cx) {
                let name = *name;
                tasks.remove(i);
                return Poll::Ready((name, end));
            }
        }
        Poll::Pending
    })
    .await
}

/// Slack, and the secret it signs with where it calls us. What is wrong is said, and everything else goes on.
fn in_slack(engine: &Engine, secrets: Result<SlackSecrets, String>) -> Option<(Arc<Slack>, Option<String>)> {
    let made = secrets.and_then(|s| Ok((Slack::new(engine.clone(), &s, Arc::new(SystemClock))?, s.signing_secret)));
    made.map_err(|why| {
        tracing::error!(why, "Slack is off");
        engine.link(slack::PLATFORM, Link::Off(why));
    })
    .ok()
}

/// "Everywhere" is an address to listen on, not one to call.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn settings(
    config: &Config,
    address: SocketAddr,
    token: String,
    links: Links,
    data: &Path,
) -> Result<Settings, String> {
    let people: Vec<Account> = config
        .people
        .iter()
        .filter_map(|(id, p)| Some(Account { id: id.clone(), name: p.name.clone(), key_sha256: p.key.as_ref()?.0 }))
        .collect();
    let sign_in =
        if people.is_empty() { None } else { Some(SignIn { people, secret: server_secret(data)?.into_bytes() }) };
    let mut hosts = config.console.hosts.clone();
    // Links in mails lead there.
    hosts.extend(config.ways.public_host());
    Ok(Settings { hosts, address, sign_in, token, clock: Arc::new(SystemClock), links: Some(links) })
}

/// The checklists the configuration points to, or the built-in ones.
pub fn library(config: &Config) -> Result<Library, String> {
    match &config.checklists {
        Some(dir) => Library::from_dir(dir).map_err(|e| e.to_string()),
        None => Ok(Library::built_in()),
    }
}

/// Two bots on the same data would each think they hold the clock. The lock goes with the process, however it ends.
fn only_instance(data: &Path) -> Result<File, String> {
    let path = data.join("rollcall.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|e| {
        format!("{} cannot be opened: {e}. Rollcall must be able to write in its data folder.", path.display())
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(format!(
            "Another Rollcall is running on {}. Use that one, stop it, or choose another folder with --data.",
            data.display()
        )),
        Err(std::fs::TryLockError::Error(e)) => Err(format!("{} cannot be locked: {e}.", path.display())),
    }
}

fn secret() -> Result<String, String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| format!("The machine gives no random numbers: {e}."))?;
    Ok(hex::encode(bytes))
}

/// Signs sessions and the links in mails; kept so that a restart signs nobody out and breaks no link.
fn server_secret(data: &Path) -> Result<String, String> {
    let path = data.join("secret");
    if let Ok(found) = std::fs::read_to_string(&path)
        && found.trim().len() == 64
    {
        return Ok(found.trim().to_owned());
    }
    let made = secret()?;
    write_private(&path, made.as_bytes()).map_err(|e| format!("{} cannot be written: {e}.", path.display()))?;
    Ok(made)
}

/// Writes a file only its owner can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary: PathBuf = path.with_extension("new");
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

/// What the start's log says of people who cannot be reached, in lines.
const MOST_WARNINGS: usize = 20;

/// Who cannot be reached is better read now than when a page finds nobody.
fn warn_of_people(config: &Config) {
    let problems = directory::problems(&config.directory, SystemClock.now(), &[]);
    for problem in problems.iter().take(MOST_WARNINGS) {
        tracing::warn!(line = problem.line, "{}", problem.message);
    }
    if let Some(more) = problems.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
        tracing::warn!(more, "there is more to be said about people; `rollcall doctor` says it all");
    }
}

fn greet(address: SocketAddr, store: &Store, config: &Config, checklists: &[crate::library::Entry]) {
    let usable: Vec<&str> = checklists.iter().filter(|e| e.title.is_some()).map(|e| e.name.as_str()).collect();
    let origin = match &config.checklists {
        Some(dir) => format!("in {}", dir.display()),
        None => "built in".into(),
    };
    let mut out = format!(
        "Rollcall {} is ready.\n\n  Console     http://{}\n  State       {}\n  Checklists  {} {origin}: {}\n",
        env!("CARGO_PKG_VERSION"),
        reachable(address),
        store.path().display(),
        usable.len(),
        usable.join(", "),
    );
    if !address.ip().to_canonical().is_loopback() {
        out.push_str("              From other machines people sign in over HTTPS only: put a TLS proxy in front.\n");
    }
    for broken in checklists.iter().filter(|e| e.title.is_none()) {
        let why = broken.diagnostics.first().map(|d| d.message.as_str()).unwrap_or_default();
        out.push_str(&format!("              {} cannot be used: {why}\n", broken.name));
    }
    out.push_str("\nOpen the console and try:\n  /deploy start v1.2.0\n  /deploy next\n  /deploy help\n\nCtrl-C stops it; nothing is lost.\n");
    // The terminal may be gone; the bot runs all the same.
    _ = std::io::stdout().write_all(out.as_bytes());
    _ = std::io::stdout().flush();
}

/// What tells the bot to stop, heeded from when it is made.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn heed() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn heed() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn stop(&mut self) {
        _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_ends_unasked_is_named() {
        let mut tasks = vec![
            ("steady", tokio::spawn(std::future::pending())),
            ("fragile", tokio::spawn(async { panic!("a fault inside") })),
        ];
        let (name, end) = first_end(&mut tasks).await;
        assert!(name == "fragile" && end.is_err_and(|e| e.is_panic()));
        assert_eq!(tasks.len(), 1);
        tasks[0].1.abort();
        assert_eq!(first_end(&mut tasks).await.0, "steady");
    }

    #[tokio::test]
    async fn without_its_door_the_engine_is_not_well() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&dir.path().join(DATABASE)).await.unwrap());
        let config = Arc::new(Config::default());
        let (engine, door) = Engine::open(store, Arc::new(SystemClock), config, Library::built_in()).await.unwrap();
        assert_eq!(engine.healthy(), Ok(()));
        door.abort();
        _ = door.await;
        assert!(engine.healthy().is_err());
        engine.recover().await;
        assert!(engine.healthy().is_err(), "no probe brings it back");
    }
}
