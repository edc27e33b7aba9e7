//! `rollcall doctor`: looks at everything an operator can get wrong, beside a running bot or before the first start, and
//! says what to do. It changes nothing and prints no secret.
//!
//! [`examine`] is the list of what is looked at, in the order it is told.

use crate::chat::{console, discord, slack};
use crate::config::ways::problems;
use crate::config::{CHATS, Config, SlackSecrets, WaySecrets};
use crate::domain::checklist::Severity;
use crate::domain::directory;
use crate::domain::freeze::{Kind, Rule, Spans};
use crate::domain::time::{Timestamp, span};
use crate::page;
use crate::ports::{Examined, Finding};
use crate::serve::{self, DATABASE, RUNNING, Running};
use crate::store::{Store, StoreError};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

/// A clock so far from a platform's is wrong; so far, it is worth a look. In milliseconds.
const CLOCK_WRONG_MS: i64 = 5 * 60_000;
const CLOCK_OFF_MS: i64 = 30_000;

/// Free space below which writing will soon fail, and below which somebody should look, in bytes.
const DISK_LOW: u64 = 50 << 20;
const DISK_WATCH: u64 = 500 << 20;

/// How far ahead a calendar should still have events, in milliseconds: 30 days.
const CALENDAR_AHEAD_MS: i64 = 30 * 86_400_000;

/// What the mail library says where the server offers no sign-in, and what that means.
const NO_SIGN_IN: &str = "No compatible authentication mechanism";
const NO_SIGN_IN_TODO: &str = "The server takes no password on this connection. Take `user` out of [mail] if nobody signs \
                               in there; else set `tls` to \"starttls\" or \"tls\", with the `port` the server has for it.";

/// Until a running bot must have taken a connection.
const ANSWERS: Duration = Duration::from_secs(2);

/// What is looked at, and with what.
pub struct Asked<'a> {
    pub config: &'a Config,
    /// The configuration's file, where there is one.
    pub file: Option<&'a Path>,
    /// The environment.
    pub var: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Ask nobody outside this machine.
    pub offline: bool,
    pub now: Timestamp,
}

/// Looks at everything.
pub async fn examine(asked: &Asked<'_>) -> Vec<Finding> {
    let config = asked.config;
    let mut findings = vec![configuration(asked)];
    findings.extend(roles(config));
    findings.extend(people(asked));
    findings.extend(freezes(config, asked.now));
    findings.extend(checklists(config));
    findings.push(folder(&config.data));
    findings.extend(disk(&config.data));
    let (found, newest) = database(&config.data).await;
    findings.extend(found);
    findings.push(listening(config).await);
    let in_slack = in_slack(asked).await;
    let in_discord = in_discord(asked).await;
    let clocks = [("Slack", in_slack.their_now), ("Discord", in_discord.their_now)];
    findings.extend(in_slack.findings);
    findings.extend(in_discord.findings);
    findings.extend(ways(asked).await);
    findings.extend(clock(asked.now, newest, &clocks));
    findings
}

fn configuration(asked: &Asked<'_>) -> Finding {
    match asked.file {
        Some(file) => Finding::good("configuration", format!("{} is sound.", file.display())),
        None => Finding::good("configuration", "There is no rollcall.toml: everything is as by default."),
    }
}

/// Contacts, rotations and policies.
fn people(asked: &Asked<'_>) -> Vec<Finding> {
    let config = asked.config;
    let there =
        [SlackSecrets::from(asked.var).is_some(), !matches!(discord::setup::Setup::from_env(asked.var), Ok(None))];
    let absent: Vec<&str> = CHATS.into_iter().zip(there).filter(|(_, there)| !there).map(|(chat, _)| chat).collect();
    let problems = directory::problems(&config.directory, asked.now, &absent);
    if problems.is_empty() && !config.directory.people.is_empty() {
        let people = match config.directory.people.len() {
            1 => "1 person".to_owned(),
            many => format!("{many} people"),
        };
        let told = match config.directory.policies.len() {
            0 => format!("{people}. Without a policy, pages go to the deployment's channel."),
            1 => format!("{people}, 1 policy: everybody can be reached."),
            many => format!("{people}, {many} policies: everybody can be reached."),
        };
        return vec![Finding::good("contacts", told)];
    }
    let line = |n: usize| if n > 0 { format!("contacts, line {n}") } else { "contacts".into() };
    problems.into_iter().map(|p| Finding::warn(line(p.line), p.message, "")).collect()
}

/// The ways out to people who are paged.
async fn ways(asked: &Asked<'_>) -> Vec<Finding> {
    let secrets = WaySecrets::from(&asked.config.ways, asked.var);
    let found = match asked.offline {
        true => problems(&asked.config.ways, &secrets).into_iter().map(|(way, why)| (way, Err(why))).collect(),
        false => page::probe(asked.config, &secrets).await,
    };
    found.into_iter().map(way).collect()
}

fn way((way, said): (String, Result<String, String>)) -> Finding {
    match said {
        Ok(says) => Finding::good(way, says),
        Err(why) => {
            let todo = if why.contains(NO_SIGN_IN) { NO_SIGN_IN_TODO } else { "" };
            Finding::bad(way, why, todo)
        }
    }
}

fn roles(config: &Config) -> Vec<Finding> {
    let rules = [("override", &config.rules.override_), ("freeze", &config.rules.freeze)];
    let empty = |role: &&String| config.roles.get(*role).is_none_or(Vec::is_empty);
    let mut findings = Vec::new();
    for (rule, roles) in rules {
        for role in roles.iter().filter(empty) {
            findings.push(Finding::warn(
                format!("role {role}"),
                format!("Nobody has it, and `{rule}` under [rules] is its alone."),
                format!("Put people or groups into `{role}` under [roles]."),
            ));
        }
    }
    findings
}

fn freezes(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings: Vec<Finding> = config.freezes.iter().filter_map(|rule| freeze(rule, config, now)).collect();
    if findings.is_empty() && !config.freezes.is_empty() {
        let windows = config.freezes.iter().filter(|r| r.kind == Kind::Window).count();
        let says = format!("{} freezes and {windows} windows for starting.", config.freezes.len() - windows);
        findings.push(Finding::good("freezes", says));
    }
    findings
}

fn freeze(rule: &Rule, config: &Config, now: Timestamp) -> Option<Finding> {
    let (word, table) = match rule.kind {
        Kind::Freeze => ("freeze", "freezes"),
        Kind::Window => ("window", "start_windows"),
    };
    let what = format!("{word} {}", rule.name);
    let todo = format!("Take [{table}.{}] away, or give it days to come.", rule.name);
    if rule.spans.ending_after(now).is_none() {
        let says = match rule.kind {
            Kind::Freeze => "It is over: it will not hold again.",
            Kind::Window => "It is over: nothing may be started where it holds.",
        };
        return Some(match rule.kind {
            Kind::Freeze => Finding::warn(what, says, todo),
            Kind::Window => Finding::bad(what, says, todo),
        });
    }
    let last = match &rule.spans {
        Spans::Listed(spans) => spans.last().map(|(span, _)| span.until),
        _ => None,
    };
    if let Some(last) = last.filter(|last| last.since_ms(now) < CALENDAR_AHEAD_MS) {
        let says = format!("Its calendar has no event after {}.", last.utc().format("%Y-%m-%d"));
        return Some(Finding::warn(what, says, "Put a newer calendar in its place and start Rollcall again."));
    }
    let nobody = |role: &String| config.roles.get(role).is_none_or(Vec::is_empty);
    if !rule.may_override.is_empty() && rule.may_override.iter().all(nobody) {
        let says = format!("Nobody has a role that may override it ({}).", rule.may_override.join(", "));
        return Some(Finding::warn(what, says, "Put people or groups into the role under [roles]."));
    }
    None
}

fn checklists(config: &Config) -> Vec<Finding> {
    const WHAT: &str = "checklists";
    let library = match serve::library(config) {
        Ok(library) => library,
        Err(why) => return vec![Finding::bad(WHAT, why, "")],
    };
    let place = config.checklists.as_ref().map_or("built in".to_owned(), |dir| format!("in {}", dir.display()));
    let mut findings = Vec::new();
    let (mut usable, mut warnings) = (0, 0);
    for entry in library.entries() {
        let worst = entry.diagnostics.first();
        if entry.title.is_none() {
            let says = worst.map_or("It cannot be used.".to_owned(), |d| match d.line {
                0 => d.message.clone(),
                line => format!("Line {line}: {}", d.message),
            });
            let todo = format!(
                "Mend it; `rollcall check` shows how it is understood. Until then nobody can start {}.",
                entry.name
            );
            findings.push(Finding::bad(format!("checklist {}", entry.name), says, todo));
            continue;
        }
        usable += 1;
        warnings += entry.diagnostics.iter().filter(|d| d.severity == Severity::Warning).count();
    }
    for (name, channel) in config.channels.iter().chain(&config.elsewhere) {
        if let Some(checklist) = channel.checklist.as_ref().filter(|c| library.get(c).is_none()) {
            findings.push(Finding::bad(
                format!("channel {name}"),
                format!("Its checklist `{checklist}` cannot be used, or is not there."),
                format!("There are {}.", library.names().join(", ")),
            ));
        }
    }
    findings.push(match (usable, warnings) {
        (0, _) => {
            Finding::bad(WHAT, format!("None {place} can be used."), "Write one: rollcall new checklists/NAME.md")
        }
        (n, 0) => Finding::good(WHAT, format!("{n} {place}.")),
        (n, w) => {
            let todo = match &config.checklists {
                Some(dir) => format!("rollcall check {}/*.md", dir.display()),
                None => String::new(),
            };
            let says = format!("{n} {place}; reading them gave {w} warning{}.", if w == 1 { "" } else { "s" });
            // What comes with the binary is not the operator's to mend.
            if todo.is_empty() { Finding::good(WHAT, says) } else { Finding::warn(WHAT, says, todo) }
        }
    });
    findings
}

fn folder(data: &Path) -> Finding {
    const WHAT: &str = "data folder";
    let name = data.display();
    if !data.exists() {
        return Finding::good(WHAT, format!("{name} is not there yet; the first start makes it."));
    }
    let trial = data.join(format!(".doctor-{}", std::process::id()));
    let tried = std::fs::File::create_new(&trial).and_then(|mut f| f.write_all(b"x").and_then(|()| f.sync_all()));
    _ = std::fs::remove_file(&trial);
    match tried {
        Ok(()) => Finding::good(WHAT, format!("{name} can be written.")),
        Err(e) => {
            let todo = "Give it to the user Rollcall runs as, or choose another with --data.";
            Finding::bad(WHAT, format!("{name} cannot be written: {e}."), todo)
        }
    }
}

#[cfg(unix)]
fn disk(data: &Path) -> Option<Finding> {
    const WHAT: &str = "disk";
    let there = data.ancestors().find(|p| p.exists() && !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stat = rustix::fs::statvfs(there).ok()?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let says = format!("{} MB are free.", free >> 20);
    let todo = "Make room: when the disk is full, nothing more is recorded.";
    Some(match free {
        ..DISK_LOW => Finding::bad(WHAT, says, todo),
        DISK_LOW..DISK_WATCH => Finding::warn(WHAT, says, todo),
        _ => Finding::good(WHAT, says),
    })
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<Finding> {
    None
}

/// And when the newest thing in it was recorded.
async fn database(data: &Path) -> (Vec<Finding>, Option<Timestamp>) {
    const WHAT: &str = "database";
    let path = data.join(DATABASE);
    if !path.exists() {
        return (vec![Finding::good(WHAT, "There is none yet; the first start makes it.")], None);
    }
    let store = match Store::open_existing(&path).await {
        Ok(store) => store,
        Err(StoreError::Older { .. }) => {
            let todo = "Copy the data folder first, if you want a way back; there is nothing else to do.";
            let says = "An older Rollcall wrote it; the next start brings it up to date.";
            return (vec![Finding::warn(WHAT, says, todo)], None);
        }
        Err(error) => return (vec![Finding::bad(WHAT, error.to_string(), "")], None),
    };
    let looked = look_through(&store).await;
    // Opened for reading: closing it changes nothing.
    _ = store.close().await;
    looked.unwrap_or_else(|error| (vec![Finding::bad(WHAT, error.to_string(), "")], None))
}

async fn look_through(store: &Store) -> Result<(Vec<Finding>, Option<Timestamp>), StoreError> {
    const WHAT: &str = "database";
    let broken = store.broken_pages().await?;
    let newest = store.newest_at().await?;
    if let Some(first) = broken.first() {
        let todo = "Stop Rollcall, keep the file as it is, and put the newest good backup in its place.";
        return Ok((vec![Finding::bad(WHAT, format!("It is damaged: {first}."), todo)], newest));
    }
    let last = store.next_id().await?.saturating_sub(1);
    let report = if last > 0 { Some(store.audit(Some(last)).await?) } else { None };
    let sound = report.as_ref().is_none_or(crate::store::AuditReport::is_sound);
    Ok(match sound {
        true => {
            let deployments = if last == 1 { "1 deployment".to_owned() } else { format!("{last} deployments") };
            (vec![Finding::good(WHAT, format!("Whole, with {deployments}; the newest is as it was recorded."))], newest)
        }
        false => {
            let todo = "`rollcall audit verify` tells all. Keep the file, and compare with the newest backup.";
            (
                vec![Finding::bad(WHAT, format!("#{last} is not as it was recorded: somebody has changed it."), todo)],
                newest,
            )
        }
    })
}

async fn listening(config: &Config) -> Finding {
    const WHAT: &str = "address";
    let note = std::fs::read(config.data.join(RUNNING)).ok();
    if let Some(running) = note.and_then(|bytes| serde_json::from_slice::<Running>(&bytes).ok()) {
        let connected = tokio::time::timeout(ANSWERS, tokio::net::TcpStream::connect(running.address)).await;
        if matches!(connected, Ok(Ok(_))) {
            return Finding::good(WHAT, format!("Rollcall is running and answers at http://{}.", running.address));
        }
    }
    let signs_in = config.people.values().any(|p| p.key.is_some());
    match console::listen(config.listen, signs_in).await {
        Ok(_) => Finding::good(WHAT, format!("{} is free to listen on; Rollcall is not running.", config.listen)),
        Err(why) => Finding::bad(WHAT, why, ""),
    }
}

/// Nothing of a chat is set up; where the configuration names some of it, that is a mistake.
fn not_set_up(config: &Config, what: &str, platform: &str, token: &str) -> Examined {
    let people = config.people.values().filter(|p| p.accounts.contains_key(platform)).count();
    let channels = config.channels_on(platform).len();
    let finding = match channels + people {
        0 => Finding::good(what, format!("Not set up ({token}).")),
        _ => Finding::warn(
            what,
            format!("Not set up, but the configuration names {channels} of its channels and {people} people there."),
            format!("Set {token} where Rollcall is started, and where you call `rollcall doctor`."),
        ),
    };
    Examined { findings: vec![finding], their_now: None }
}

fn alone(finding: Finding) -> Examined {
    Examined { findings: vec![finding], their_now: None }
}

async fn in_slack(asked: &Asked<'_>) -> Examined {
    const WHAT: &str = "Slack";
    match SlackSecrets::from(asked.var) {
        None => not_set_up(asked.config, WHAT, CHATS[0], "SLACK_BOT_TOKEN"),
        Some(Err(why)) => alone(Finding::bad(WHAT, why, "")),
        Some(Ok(_)) if asked.offline => {
            alone(Finding::good(WHAT, "The tokens are there; not asked whether they work."))
        }
        Some(Ok(secrets)) => slack::examine::examine(&secrets, asked.config).await,
    }
}

async fn in_discord(asked: &Asked<'_>) -> Examined {
    const WHAT: &str = "Discord";
    match discord::setup::Setup::from_env(asked.var) {
        Ok(None) => not_set_up(asked.config, WHAT, CHATS[1], "DISCORD_TOKEN"),
        Err(why) => alone(Finding::bad(WHAT, why, "")),
        Ok(Some(_)) if asked.offline => alone(Finding::good(WHAT, "The token is there; not asked whether it works.")),
        Ok(Some(setup)) => discord::examine::examine(&setup, asked.config).await,
    }
}

/// The machine's clock against what is recorded already and against the platforms'.
fn clock(now: Timestamp, newest: Option<Timestamp>, others: &[(&str, Option<Timestamp>)]) -> Vec<Finding> {
    const WHAT: &str = "clock";
    const TODO: &str = "Set it, and keep it right: a time service such as chrony or systemd-timesyncd.";
    let mut findings = Vec::new();
    if let Some(behind) = newest.map(|at| at.since_ms(now)).filter(|ms| *ms >= CLOCK_OFF_MS) {
        let says =
            format!("It is {} behind the newest thing recorded: timers wait until it is there again.", span(behind));
        findings.push(Finding::bad(WHAT, says, TODO));
    }
    let mut compared = Vec::new();
    for (who, theirs) in others.iter().filter_map(|(who, theirs)| Some((who, (*theirs)?))) {
        let off = now.since_ms(theirs).max(theirs.since_ms(now));
        let way = if now < theirs { "behind" } else { "ahead of" };
        let says = format!("It is {} {way} {who}'s.", span(off));
        match off {
            ..CLOCK_OFF_MS => compared.push(*who),
            CLOCK_OFF_MS..CLOCK_WRONG_MS => findings.push(Finding::warn(WHAT, says, TODO)),
            _ => findings.push(Finding::bad(WHAT, says, TODO)),
        }
    }
    if findings.is_empty() {
        let utc = now.utc().format("%Y-%m-%d %H:%M UTC");
        let says = match compared.as_slice() {
            [] => format!("{utc}; not compared with anybody's."),
            others => format!("{utc}, as {} has it.", others.join(" and ")),
        };
        findings.push(Finding::good(WHAT, says));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Health;

    #[test]
    fn a_clock_is_held_against_what_is_known() {
        let at = |minutes: i64| Timestamp(1_800_000_000_000 + minutes * 60_000);
        let worst = |newest: Option<i64>, slack: Option<i64>| {
            let found = clock(at(0), newest.map(at), &[("Slack", slack.map(at))]);
            found.into_iter().max_by_key(|f| f.health).map(|f| (f.health, f.says))
        };
        assert_eq!(worst(None, None).unwrap().0, Health::Good);
        assert_eq!(worst(Some(-60), Some(0)).unwrap().0, Health::Good);
        let (health, says) = worst(Some(3), Some(0)).unwrap();
        assert!(health == Health::Bad && says.contains("3 min behind the newest"), "{says}");
        let (health, says) = worst(None, Some(2)).unwrap();
        assert!(health == Health::Warn && says.contains("2 min behind Slack's"), "{says}");
        let (health, says) = worst(None, Some(-90)).unwrap();
        assert!(health == Health::Bad && says.contains("1 h 30 min ahead of Slack's"), "{says}");
    }

    #[test]
    fn a_mail_server_without_sign_in_is_explained() {
        let why = "the mail server localhost cannot do what is needed: internal client error: No compatible \
                   authentication mechanism was found";
        let found = way(("email".into(), Err(why.into())));
        assert!(found.health == Health::Bad && found.todo.contains("Take `user` out of [mail]"), "{found:?}");
        assert_eq!(way(("email".into(), Err("gone".into()))).todo, "");
    }

    #[test]
    fn rules_that_are_over_are_named() {
        let text = "[roles]\nlead = []\n[freezes.old]\nfrom = 2026-01-01\nuntil = 2026-01-02\n\
                    [freezes.weekend]\nstarts = \"0 15 * * FRI\"\nends = \"0 8 * * MON\"\noverride = [\"lead\"]\n\
                    [start_windows.once]\nfrom = 2026-01-01\nuntil = 2026-01-02\n[rules]\nfreeze = [\"lead\"]\n";
        let config = Config::parse(text, Path::new("")).unwrap();
        let now = Timestamp(1_795_255_230_000);
        let found: Vec<String> =
            freezes(&config, now).iter().map(|f| format!("{:?} {}: {}", f.health, f.what, f.says)).collect();
        assert_eq!(
            found,
            [
                "Warn freeze old: It is over: it will not hold again.",
                "Warn freeze weekend: Nobody has a role that may override it (lead).",
                "Bad window once: It is over: nothing may be started where it holds.",
            ]
        );
        assert!(roles(&config)[0].says.contains("`freeze` under [rules]"));
    }
}
