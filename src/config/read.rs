//! Reading the file: what stands in it, checked, with the line of what is wrong.

use super::freezes::RawFreeze;
use super::people::{RawPerson, RawRoles};
use super::policies::{RawPaging, RawPolicy};
use super::rotations::RawRotation;
use super::ways::{RawHeartbeat, RawMail, RawService, RawTwilio, RawWays, RawWebhook};
use super::{
    CHATS, CONSOLE, Channel, Config, ConfigProblem, Console, DEFAULT_CHANNEL, HOURLY, Log, LogFormat, LogLevel,
    Progress, Rules, Slack, check_listen, slack, time,
};
use crate::domain::checklist::Schedule;
use crate::domain::directory::{Directory, Way};
use crate::domain::schedule;
use crate::near::nearest;
use crate::words::Texts;
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

/// Reads and checks the text of a configuration; paths in it are relative to `folder`.
pub(super) fn read(text: &str, folder: &Path) -> Result<Config, ConfigProblem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw: Raw = toml::from_str(text).map_err(|e| said(text, &e))?;
    Reader { text, folder }.config(raw)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
struct Raw {
    listen: Option<Spanned<String>>,
    data: Option<PathBuf>,
    checklists: Option<PathBuf>,
    timezone: Option<Spanned<String>>,
    progress: Option<RawProgress>,
    templates: BTreeMap<Spanned<String>, Spanned<String>>,
    channels: BTreeMap<Spanned<String>, RawChannel>,
    people: BTreeMap<Spanned<String>, RawPerson>,
    roles: RawRoles,
    rules: RawRules,
    console: RawConsole,
    slack: RawSlack,
    log: RawLog,
    paging: RawPaging,
    rotations: BTreeMap<Spanned<String>, RawRotation>,
    policies: BTreeMap<Spanned<String>, RawPolicy>,
    freezes: BTreeMap<Spanned<String>, RawFreeze>,
    start_windows: BTreeMap<Spanned<String>, RawFreeze>,
    reminders: time::RawReminders,
    holds: time::RawHolds,
    environments: BTreeMap<Spanned<String>, time::RawEnvironment>,
    public_url: Option<Spanned<String>>,
    mail: Option<RawMail>,
    pagerduty: BTreeMap<Spanned<String>, RawService>,
    webhooks: BTreeMap<Spanned<String>, RawWebhook>,
    twilio: Option<RawTwilio>,
    heartbeat: Option<RawHeartbeat>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `cron` and `timezone`")]
pub(super) struct RawProgress {
    pub(super) cron: Option<Spanned<String>>,
    pub(super) timezone: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[channels.NAME]`")]
struct RawChannel {
    checklist: Option<Spanned<String>>,
    service: Option<Spanned<String>>,
    environment: Option<Spanned<String>>,
    progress: Option<Spanned<String>>,
    #[serde(default)]
    follow: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
struct RawRules {
    #[serde(rename = "override")]
    override_: Vec<Spanned<String>>,
    freeze: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
struct RawConsole {
    hosts: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
struct RawSlack {
    emoji: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table with `format` and `level`")]
struct RawLog {
    format: Option<Spanned<String>>,
    level: Option<Spanned<String>>,
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) folder: &'a Path,
}

impl Reader<'_> {
    pub(super) fn wrong(&self, span: Range<usize>, message: impl Into<String>) -> ConfigProblem {
        ConfigProblem { file: None, line: Some(line(self.text, span.start)), message: message.into() }
    }

    fn config(&self, raw: Raw) -> Result<Config, ConfigProblem> {
        let listen_span = raw.listen.as_ref().map_or(0..0, Spanned::span);
        let listen = match raw.listen {
            Some(listen) => listen.get_ref().parse().map_err(|_| {
                self.wrong(listen.span(), "`listen` is an address and a port, for instance \"127.0.0.1:8080\".")
            })?,
            None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
        };
        let timezone = match raw.timezone {
            Some(name) => schedule::timezone(name.get_ref()).map_err(|e| self.wrong(name.span(), e))?,
            None => Tz::UTC,
        };
        let progress = match raw.progress {
            Some(progress) => self.progress(progress, timezone)?,
            None => self.progress(RawProgress { cron: None, timezone: None }, timezone)?,
        };
        let templates = self.templates(raw.templates)?;
        let (mut channels, mut elsewhere) = (BTreeMap::new(), BTreeMap::new());
        for (name, channel) in raw.channels {
            let channel = self.channel(channel, timezone)?;
            if name.get_ref().contains(':') {
                elsewhere.insert(self.address(name)?, channel);
            } else {
                self.name("channel", &name, 80)?;
                channels.insert(name.into_inner(), channel);
            }
        }
        if channels.is_empty() {
            channels.insert(DEFAULT_CHANNEL.to_owned(), Channel::default());
        }
        let ways = self.ways(RawWays {
            public_url: raw.public_url,
            mail: raw.mail,
            pagerduty: raw.pagerduty,
            webhooks: raw.webhooks,
            twilio: raw.twilio,
            heartbeat: raw.heartbeat,
        })?;
        let unset =
            [(Way::Email, ways.mail.is_none()), (Way::Sms, ways.twilio.is_none()), (Way::Voice, ways.twilio.is_none())];
        let mut directory = Directory {
            unset: unset.into_iter().filter(|(_, unset)| *unset).map(|(way, _)| way).collect(),
            services: ways.pagerduty.clone(),
            webhooks: ways.webhooks.keys().cloned().collect(),
            ..Directory::default()
        };
        let people = self.people(raw.people, timezone, &mut directory)?;
        let roles = self.roles(raw.roles, &people)?;
        directory.roles.clone_from(&roles);
        self.rotations(raw.rotations, timezone, &mut directory)?;
        self.policies(raw.policies, &mut directory)?;
        self.limits(&raw.paging, &mut directory)?;
        for role in raw.rules.override_.iter().chain(&raw.rules.freeze) {
            if !roles.contains_key(role.get_ref()) {
                return Err(self.unknown("role", "[roles]", role, roles.keys().map(String::as_str)));
            }
        }
        for host in &raw.console.hosts {
            let bare = host.get_ref();
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
            if bare.is_empty() || bare.len() > 255 || !bare.chars().all(fits) {
                let message = "A host is a name or an address, with a port if need be, for instance \
                               \"rollcall.example.com\"; no `https://` and no path.";
                return Err(self.wrong(host.span(), message));
            }
        }
        let own: Vec<String> = raw.rules.override_.iter().map(|r| r.get_ref().clone()).collect();
        let known = |role: &str| roles.contains_key(role);
        let freezes = self.freezes(raw.freezes, raw.start_windows, timezone, &known, &own)?;
        check_listen(listen, &people).map_err(|e| self.wrong(listen_span, e))?;
        Ok(Config {
            listen,
            data: self.folder.join(raw.data.unwrap_or_else(|| "data".into())),
            checklists: raw.checklists.map(|dir| self.folder.join(dir)),
            timezone,
            progress,
            templates,
            channels,
            elsewhere,
            people,
            roles,
            directory: Arc::new(directory),
            rules: Rules {
                override_: raw.rules.override_.into_iter().map(Spanned::into_inner).collect(),
                freeze: raw.rules.freeze.into_iter().map(Spanned::into_inner).collect(),
            },
            console: Console {
                hosts: raw.console.hosts.into_iter().map(|h| h.into_inner().to_ascii_lowercase()).collect(),
            },
            slack: self.slack(raw.slack)?,
            log: Log {
                format: self.choice(
                    raw.log.format,
                    "format",
                    &[("human", LogFormat::Human), ("json", LogFormat::Json)],
                )?,
                level: self.choice(
                    raw.log.level,
                    "level",
                    &[LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace]
                        .map(|l| (l.word(), l)),
                )?,
            },
            freezes,
            reminding: self.reminding(raw.reminders, raw.holds)?,
            environments: self.environments(raw.environments, timezone)?,
            ways,
        })
    }

    fn slack(&self, raw: RawSlack) -> Result<Slack, ConfigProblem> {
        let mut emoji = BTreeMap::new();
        for (alias, name) in raw.emoji {
            self.name("emoji", &alias, 100)?;
            slack::may_mean(name.get_ref()).map_err(|e| self.wrong(name.span(), e))?;
            emoji.insert(alias.into_inner(), name.into_inner());
        }
        Ok(Slack { emoji })
    }

    pub(super) fn progress(&self, raw: RawProgress, timezone: Tz) -> Result<Progress, ConfigProblem> {
        let zone = match &raw.timezone {
            Some(name) => schedule::timezone(name.get_ref()).map_err(|e| self.wrong(name.span(), e))?,
            None => timezone,
        };
        let span = raw.cron.as_ref().map_or(0..0, Spanned::span);
        let schedule = Schedule {
            cron: raw.cron.map_or_else(|| HOURLY.to_owned(), Spanned::into_inner),
            timezone: raw.timezone.map(Spanned::into_inner),
        };
        let compiled = schedule::parse(&schedule, zone).map_err(|e| self.wrong(span.clone(), e))?;
        // Whoever reads the channel is to find the deployment in it, too.
        if compiled.is_hasty() {
            return Err(self.wrong(span, crate::words::HASTY));
        }
        Ok(Progress { schedule, compiled })
    }

    fn templates(
        &self,
        raw: BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<BTreeMap<String, String>, ConfigProblem> {
        let spans: BTreeMap<String, (Range<usize>, Range<usize>)> =
            raw.iter().map(|(name, text)| (name.get_ref().clone(), (name.span(), text.span()))).collect();
        let templates: BTreeMap<String, String> =
            raw.into_iter().map(|(name, text)| (name.into_inner(), text.into_inner())).collect();
        Texts::new(&templates, &BTreeMap::new()).map_err(|p| {
            let (name, text) = spans.get(&p.name).cloned().unwrap_or((0..0, 0..0));
            if p.line == 0 {
                return self.wrong(name, p.to_string());
            }
            // A multi-line string begins after the line break that follows its quotes.
            let source = self.text.get(text.clone()).unwrap_or("");
            let multi = source.starts_with("\"\"\"") || source.starts_with("'''");
            let broken = multi && source[3..].trim_start_matches('\r').starts_with('\n');
            let first = line(self.text, text.start) + usize::from(broken);
            let at = if multi { first + p.line - 1 } else { first };
            let message = format!("Template `{}`: {}", p.name, p.message);
            ConfigProblem { file: None, line: Some(at), message }
        })?;
        Ok(templates)
    }

    fn channel(&self, raw: RawChannel, timezone: Tz) -> Result<Channel, ConfigProblem> {
        let name = |what: &str, value: Option<Spanned<String>>, limit: usize| -> Result<_, ConfigProblem> {
            value
                .map(|v| {
                    self.name(what, &v, limit)?;
                    Ok(v.into_inner())
                })
                .transpose()
        };
        Ok(Channel {
            checklist: name("checklist", raw.checklist, 80)?,
            service: name("service", raw.service, 40)?,
            environment: name("environment", raw.environment, 40)?,
            progress: raw
                .progress
                .map(|cron| self.progress(RawProgress { cron: Some(cron), timezone: None }, timezone))
                .transpose()?,
            follow: raw.follow.into_iter().map(|channel| self.address(channel)).collect::<Result<_, _>>()?,
        })
    }

    /// A channel with its platform.
    pub(super) fn address(&self, channel: Spanned<String>) -> Result<String, ConfigProblem> {
        let fits = match channel.get_ref().split_once(':') {
            Some((CONSOLE, name)) => !name.is_empty(),
            Some((platform, id)) => {
                CHATS.contains(&platform) && !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric())
            }
            None => false,
        };
        if fits {
            return Ok(channel.into_inner());
        }
        let message = "A channel is written with its chat, for instance \"slack:C0123ABCD\", \"discord:1234567890\" or \
                       \"console:deployments\".";
        Err(self.wrong(channel.span(), message))
    }

    /// A name fit to be shown: not empty, not endless, nothing in it that controls a screen.
    pub(super) fn name(&self, what: &str, name: &Spanned<String>, limit: usize) -> Result<(), ConfigProblem> {
        let text = name.get_ref();
        let length = text.chars().count();
        if text.trim().is_empty() {
            return Err(self.wrong(name.span(), format!("This {what} is empty.")));
        }
        if length > limit {
            return Err(
                self.wrong(name.span(), format!("This {what} is {length} characters long; at most {limit} fit."))
            );
        }
        let unfit = |c: &char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if let Some(c) = text.chars().find(unfit) {
            let message = format!("This {what} contains U+{:04X}, which cannot be shown.", u32::from(c));
            return Err(self.wrong(name.span(), message));
        }
        Ok(())
    }

    pub(super) fn unknown<'k>(
        &self,
        what: &str,
        place: &str,
        said: &Spanned<String>,
        known: impl Iterator<Item = &'k str>,
    ) -> ConfigProblem {
        let shown = shown(said.get_ref());
        let hint = match nearest(said.get_ref(), known) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("It must stand under `{place}`."),
        };
        self.wrong(said.span(), format!("There is no {what} `{shown}`. {hint}"))
    }

    pub(super) fn choice<T: Copy + Default>(
        &self,
        said: Option<Spanned<String>>,
        key: &str,
        known: &[(&'static str, T)],
    ) -> Result<T, ConfigProblem> {
        let Some(said) = said else { return Ok(T::default()) };
        if let Some((_, value)) = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(said.get_ref())) {
            return Ok(*value);
        }
        let words: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let hint = match nearest(said.get_ref(), known.iter().map(|(word, _)| *word)) {
            Some(near) => format!(" Did you mean \"{near}\"?"),
            None => String::new(),
        };
        Err(self.wrong(said.span(), format!("`{key}` is one of {}.{hint}", words.join(", "))))
    }
}

/// A group of a chat, whose members have the role: `slack:S0123`, `discord:8001`.
pub(super) fn is_group(id: &str) -> bool {
    id.split_once(':').is_some_and(|(platform, group)| {
        CHATS.contains(&platform) && !group.is_empty() && group.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

pub(super) use crate::domain::directory::folded;

pub(super) fn line(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count()
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() || c == '`' { '\u{fffd}' } else { c }).collect()
}

/// The TOML reader's error as a sentence, without the values it may quote.
fn said(text: &str, error: &toml::de::Error) -> ConfigProblem {
    let message = error.message();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let sentence = if message.starts_with("unknown field") {
        let key = quoted.first().copied().unwrap_or_default();
        let known = &quoted[quoted.len().min(1)..];
        match nearest(key, known.iter().copied()) {
            Some(near) => format!("There is no setting `{}` here. Did you mean `{near}`?", shown(key)),
            None => {
                let known: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
                format!("There is no setting `{}` here. There are {}.", shown(key), known.join(", "))
            }
        }
    } else if message.starts_with("missing field") {
        format!("`{}` is missing here.", quoted.first().copied().unwrap_or_default())
    } else if let Some(rest) = message.strip_prefix("invalid type: ") {
        // `string "secret", expected a table`: the value itself is nobody's business.
        let found = rest.split([' ', ',']).next().unwrap_or("value");
        let expected = rest.rsplit_once("expected ").map_or("something else", |(_, e)| e.trim());
        let found = match found {
            "sequence" => "a list",
            "map" => "a table",
            "integer" => "a number",
            "floating" => "a number",
            "boolean" => "true or false",
            _ => "a text",
        };
        let expected = match expected {
            "a string" | "path string" => "a text in quotes",
            "a sequence" => "a list such as `[\"one\", \"two\"]`",
            "a map" => "a table",
            "a TOML datetime" => "a day without quotes, such as 2026-12-20,",
            other => other,
        };
        format!("Here stands {found}, but {expected} is expected.")
    } else if message.starts_with("duplicate key") {
        "This setting is there twice.".to_owned()
    } else if message.starts_with("invalid value") {
        "This value cannot be read.".to_owned()
    } else {
        let first = message.lines().next().unwrap_or_default();
        format!("This is not TOML: {}.", first.trim_end_matches('.'))
    };
    ConfigProblem { file: None, line: error.span().map(|s| line(text, s.start)), message: sentence }
}
