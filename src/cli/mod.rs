//! Arguments → what the terminal does. Speaks to the running bot, or reads the file beside it.

pub mod doctor;
pub mod draw;
mod pages;
mod remote;

use crate::card::Reply;
use crate::config::Config;
use crate::engine::{Engine, Format};
use crate::ports::SystemClock;
use crate::serve;
use crate::store::{Past, Store};
use clap::{Parser, Subcommand, ValueEnum};
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

const AFTER_HELP: &str = "\
Examples:
  rollcall                                   start the bot and its console on http://127.0.0.1:8080
  rollcall check my-checklist.md             show what Rollcall understands of a page
  rollcall check --diff old.md new.md        what a change to a page means for the walk
  rollcall new checklists/shop.md            a checklist to start from
  rollcall do \"start v1.2.0\"                 the same commands as in chat, against the running bot
  rollcall do \"tick 3.1-3.4\" --as ana
  rollcall record 12 --format json > 12.json
  rollcall doctor                            what is wrong here, and what to do
  rollcall backup rollcall-backup.db         a copy of the state, while the bot runs

Exit codes: 0 done, 1 refused, 2 wrong use or bad input, 3 the bot is not running or cannot start.";

/// Walks a team through the deployment checklist it already keeps in Markdown.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, about, after_help = AFTER_HELP, arg_required_else_help = false)]
pub struct Arguments {
    /// The folder that holds the state [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the console listens [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The configuration [default: rollcall.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A folder of Markdown checklists [default: the built-in ones]
    #[arg(long, global = true, value_name = "DIR")]
    checklists: Option<PathBuf>,
    /// How the log is written, to standard error [default: human]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RecordFormat {
    Md,
    Json,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Run the bot and its console (what happens without a command, too)
    Serve,
    /// Show what Rollcall understands of checklists, and what it does not
    Check(pages::Check),
    /// Write a checklist to start from [default: deployment.md]
    New {
        /// Where to; an existing file is not overwritten
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Say a command to the running bot, as in chat: rollcall do "tick 3.2"
    Do {
        /// The command, with or without /deploy
        #[arg(required = true, value_name = "COMMAND")]
        words: Vec<String>,
        /// Whose doing it is [default: you]
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
        /// The channel it is said in
        #[arg(long, value_name = "CHANNEL", default_value = "deployments")]
        channel: String,
    },
    /// Deployments under way, and the last that ended
    List,
    /// One deployment with its whole checklist
    Show {
        /// Its number, with or without #; without it, the newest
        id: Option<String>,
    },
    /// The record of a deployment
    Record {
        /// Its number, with or without #
        id: String,
        #[arg(long, value_enum, default_value = "md")]
        format: RecordFormat,
    },
    /// Prove that nobody has changed what was recorded
    Audit {
        #[command(subcommand)]
        what: AuditWhat,
    },
    /// Look at everything an operator can get wrong, and say what to do
    Doctor(doctor::Doctor),
    /// Copy the state into one file, while the bot runs
    Backup {
        /// Where to; an existing file is not overwritten
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum AuditWhat {
    /// Walk the chain of every deployment's events and name the first row that does not fit
    Verify,
}

/// Why the terminal ends: what it says, and its exit code.
struct End {
    code: u8,
    message: String,
}

impl End {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Done, or answered.
const DONE: u8 = 0;
/// Understood and refused; or found wanting.
const REFUSED: u8 = 1;
/// Wrong use, or input that cannot be read.
const WRONG: u8 = 2;
/// The bot is not there, or cannot start.
const ABSENT: u8 = 3;

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            print_error(&format!("The machine gives Rollcall no threads: {error}."));
            return ExitCode::from(ABSENT);
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(code) => ExitCode::from(code),
        Err(end) => {
            print_error(&end.message);
            ExitCode::from(end.code)
        }
    }
}

fn print_error(message: &str) {
    _ = writeln!(std::io::stderr(), "rollcall: {message}");
}

/// Prints to standard output. A reader that went away (`| head`) is not an error.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        _ = out.write_all(b"\n");
    }
}

async fn run(arguments: Arguments) -> Result<u8, End> {
    match &arguments.what {
        Some(What::Check(asked)) => {
            // Without a configuration a page is looked at by itself.
            let config = configuration_file(&arguments).map(|_| configuration(&arguments)).transpose()?;
            return pages::check(asked, config.as_ref());
        }
        Some(What::New { file }) => return pages::new(file.as_deref()),
        Some(What::Doctor(asked)) => return Ok(doctor::examine(&arguments, asked).await),
        _ => {}
    }
    let config = configuration(&arguments)?;
    log(&config, arguments.log_format, matches!(arguments.what, None | Some(What::Serve)));
    match arguments.what {
        None | Some(What::Serve) => serve::serve(config).await.map(|()| DONE).map_err(|e| End::new(ABSENT, e)),
        Some(What::Check(_) | What::New { .. } | What::Doctor(_)) => Ok(DONE),
        Some(What::Do { words, name, channel }) => {
            let name = name.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "terminal".into());
            let data = config.data.clone();
            let said = words.join(" ");
            let asked = tokio::task::spawn_blocking(move || remote::say(&data, &said, &name, &channel)).await;
            let reply = asked.map_err(|e| End::new(ABSENT, e.to_string()))?.map_err(|e| End::new(ABSENT, e))?;
            Ok(show_reply(&reply))
        }
        Some(What::List) => list(&config).await,
        Some(What::Show { id }) => show(config, id).await,
        Some(What::Record { id, format }) => record(config, &id, format).await,
        Some(What::Audit { what: AuditWhat::Verify }) => verify(&config).await,
        Some(What::Backup { file }) => {
            let store = open(&config).await?;
            store.backup(&file).await.map_err(|e| End::new(REFUSED, e.to_string()))?;
            print(&format!("Copied to {}.", file.display()));
            Ok(DONE)
        }
    }
}

fn configuration_file(arguments: &Arguments) -> Option<PathBuf> {
    let default = PathBuf::from("rollcall.toml");
    arguments.config.clone().or_else(|| default.exists().then_some(default))
}

fn configuration(arguments: &Arguments) -> Result<Config, End> {
    let path = configuration_file(arguments);
    let mut config = Config::load(path.as_deref()).map_err(|e| End::new(WRONG, e.to_string()))?;
    if let Some(data) = &arguments.data {
        config.data = data.clone();
    }
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    if let Some(checklists) = &arguments.checklists {
        config.checklists = Some(checklists.clone());
    }
    // A folder of that name beside us is what people expect to be used; without one the binary has its own.
    let beside = PathBuf::from("checklists");
    if config.checklists.is_none() && beside.is_dir() {
        config.checklists = Some(beside);
    }
    Ok(config)
}

/// What writes whole payloads, tokens included, into its logs, whatever `ROLLCALL_LOG` says.
const NEVER_LOGGED: [&str; 3] = ["serenity=off", "tungstenite=off", "tokio_tungstenite=off"];

fn log(config: &Config, format: Option<LogFormat>, serving: bool) {
    let level = if serving { config.log.level.word() } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("ROLLCALL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let filter = NEVER_LOGGED.iter().filter_map(|d| d.parse().ok()).fold(filter, |f, d| f.add_directive(d));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = format.map_or(config.log.format == crate::config::LogFormat::Json, |f| f == LogFormat::Json);
    // A second logger cannot be set; the first one stays.
    if json {
        _ = builder.json().try_init();
    } else {
        _ = builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init();
    }
}

fn show_reply(reply: &Reply) -> u8 {
    let text = draw::reply(reply);
    if reply.ok {
        print(&text);
        return DONE;
    }
    _ = std::io::stderr().write_all(text.as_bytes());
    REFUSED
}

async fn open(config: &Config) -> Result<Store, End> {
    let path = config.data.join(serve::DATABASE);
    Store::open_existing(&path).await.map_err(|e| End::new(ABSENT, e.to_string()))
}

/// The engine on a store opened for reading: the same answers as the running bot gives.
async fn reader(config: Config) -> Result<Engine, End> {
    let store = Arc::new(open(&config).await?);
    let library = crate::library::Library::built_in();
    let opened = Engine::open(store, Arc::new(SystemClock), Arc::new(config), library).await;
    opened.map(|(engine, _)| engine).map_err(|e| End::new(ABSENT, e.to_string()))
}

async fn list(config: &Config) -> Result<u8, End> {
    let store = open(config).await?;
    let absent = |e: crate::store::StoreError| End::new(ABSENT, e.to_string());
    let open = store.under_way().await.map_err(absent)?;
    let past = store.list(Past::Over { before_id: None, limit: 20 }).await.map_err(absent)?;
    if open.is_empty() && past.is_empty() {
        print("No deployment yet. Start one: rollcall do \"start v1.2.0\"");
        return Ok(DONE);
    }
    let mut out = String::new();
    for (title, rows) in [("Under way", &open), ("Ended", &past)] {
        if rows.is_empty() {
            continue;
        }
        out.push_str(&format!("{title}\n"));
        for s in rows {
            let rehearsal = if s.rehearsal { " REHEARSAL" } else { "" };
            out.push_str(&format!(
                "  #{:<5} {:<13} {} {} → {}{rehearsal}  {}  {}\n",
                s.id,
                s.status.label(),
                s.service,
                s.version,
                s.environment,
                s.deployer,
                s.opened_at.utc().format("%Y-%m-%d %H:%M UTC"),
            ));
        }
    }
    print(&out);
    Ok(DONE)
}

fn number(id: &str) -> Result<u64, End> {
    id.trim_start_matches('#')
        .parse()
        .map_err(|_| End::new(WRONG, format!("“{id}” is no deployment's number. For example: rollcall record 12")))
}

async fn show(config: Config, id: Option<String>) -> Result<u8, End> {
    let engine = reader(config).await?;
    let absent = |e: crate::store::StoreError| End::new(ABSENT, e.to_string());
    let id = match id {
        Some(id) => number(&id)?,
        None => engine.store().next_id().await.map_err(absent)?.saturating_sub(1),
    };
    let Some(page) = engine.page(id, false).await.map_err(absent)? else {
        return Err(End::new(REFUSED, format!("There is no deployment #{id}. `rollcall list` shows what there is.")));
    };
    let mut out = draw::card(&page.board);
    for section in &page.sections {
        out.push('\n');
        section.cards.iter().for_each(|c| out.push_str(&draw::card(c)));
    }
    print(&out);
    Ok(DONE)
}

async fn record(config: Config, id: &str, format: RecordFormat) -> Result<u8, End> {
    let id = number(id)?;
    let engine = reader(config).await?;
    let format = match format {
        RecordFormat::Md => Format::Markdown,
        RecordFormat::Json => Format::Json,
    };
    match engine.record(id, format).await.map_err(|e| End::new(ABSENT, e.to_string()))? {
        Some(record) => {
            print(&record);
            Ok(DONE)
        }
        None => Err(End::new(REFUSED, format!("There is no deployment #{id}. `rollcall list` shows what there is."))),
    }
}

async fn verify(config: &Config) -> Result<u8, End> {
    let store = open(config).await?;
    let report = store.audit(None).await.map_err(|e| End::new(ABSENT, e.to_string()))?;
    print(&report.to_string());
    Ok(if report.is_sound() { DONE } else { REFUSED })
}
