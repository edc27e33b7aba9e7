//! The ways out to people: `public_url`, `[mail]`, `[pagerduty.NAME]`, `[webhooks.NAME]`, `[twilio]`, `[heartbeat]`.
//! Their secrets stand in the environment alone.

use super::ConfigProblem;
use super::read::Reader;
use crate::domain::time::parse_span;
use crate::words::ways as words;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use toml::Spanned;

/// Characters of an address of the web; of a name under `[pagerduty]` and `[webhooks]`; of an e-mail address.
const LONGEST_URL: usize = 2_000;
const LONGEST_NAME: usize = 40;
const LONGEST_EMAIL: usize = 254;
/// Between two heartbeats, in milliseconds: the least, the most, and where nothing is said.
const HEARTBEAT_MS: (i64, i64, i64) = (10_000, 3_600_000, 60_000);

/// What is set about the ways out to people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Where people reach the console from outside, without a slash at the end: what links in mails begin with.
    pub public_url: Option<String>,
    pub mail: Option<Mail>,
    /// PagerDuty's services, by the names given to them here.
    pub pagerduty: BTreeSet<String>,
    /// Receivers of signed calls: name → address.
    pub webhooks: BTreeMap<String, String>,
    pub twilio: Option<Twilio>,
    pub heartbeat: Option<Heartbeat>,
}

impl Ways {
    /// The host people's browsers name, with its port where it has one of its own.
    pub fn public_host(&self) -> Option<String> {
        Some(self.public_url.as_ref()?.split_once("://")?.1.to_ascii_lowercase())
    }
}

/// How mails are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub server: String,
    pub port: u16,
    pub tls: Tls,
    /// Whom mails are from: an address, and the name before it.
    pub from: String,
    pub from_name: Option<String>,
    /// Who signs in at the server; none: nobody needs to.
    pub user: Option<String>,
}

/// How the connection to the mail server is kept from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// It begins in the clear and must turn to TLS before anything is said.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None: on this machine only.
    None,
}

/// How short messages are sent and people are called, at Twilio or whoever speaks its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twilio {
    pub account: String,
    /// The number they come from, with a plus.
    pub from: String,
    /// Without a slash at the end.
    pub api_url: String,
}

/// A sign of life, as long as all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub url: String,
    pub every_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `server`, `port`, `tls`, `from` and `user`")]
pub(super) struct RawMail {
    server: Spanned<String>,
    port: Option<Spanned<i64>>,
    tls: Option<Spanned<String>>,
    from: Spanned<String>,
    user: Option<Spanned<String>>,
    password: Option<Spanned<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[pagerduty.NAME]`")]
pub(super) struct RawService {
    routing_key: Option<Spanned<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[webhooks.NAME]`")]
pub(super) struct RawWebhook {
    url: Spanned<String>,
    secret: Option<Spanned<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `account`, `from` and `api_url`")]
pub(super) struct RawTwilio {
    account: Spanned<String>,
    from: Spanned<String>,
    api_url: Option<Spanned<String>>,
    token: Option<Spanned<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `url` and `every`")]
pub(super) struct RawHeartbeat {
    url: Spanned<String>,
    every: Option<Spanned<String>>,
}

/// Everything of the file that is about ways.
pub(super) struct RawWays {
    pub public_url: Option<Spanned<String>>,
    pub mail: Option<RawMail>,
    pub pagerduty: BTreeMap<Spanned<String>, RawService>,
    pub webhooks: BTreeMap<Spanned<String>, RawWebhook>,
    pub twilio: Option<RawTwilio>,
    pub heartbeat: Option<RawHeartbeat>,
}

impl Reader<'_> {
    pub(super) fn ways(&self, raw: RawWays) -> Result<Ways, ConfigProblem> {
        let public_url = raw
            .public_url
            .map(|url| {
                let place = self.url(&url)?;
                let bare = reqwest::Url::parse(&place).is_ok_and(|u| u.path() == "/" && u.query().is_none());
                if bare { Ok(place) } else { Err(self.wrong(url.span(), words::PUBLIC_URL)) }
            })
            .transpose()?;
        let mut taken = BTreeMap::new();
        let mut pagerduty = BTreeSet::new();
        for (name, service) in raw.pagerduty {
            let variable = self.variable(&name, pagerduty_variable, &mut taken)?;
            self.not_here("routing_key", &service.routing_key, &variable)?;
            pagerduty.insert(name.into_inner());
        }
        let mut webhooks = BTreeMap::new();
        for (name, hook) in raw.webhooks {
            let variable = self.variable(&name, webhook_variable, &mut taken)?;
            self.not_here("secret", &hook.secret, &variable)?;
            webhooks.insert(name.into_inner(), self.url(&hook.url)?);
        }
        Ok(Ways {
            public_url,
            mail: raw.mail.map(|mail| self.mail(mail)).transpose()?,
            pagerduty,
            webhooks,
            twilio: raw.twilio.map(|twilio| self.twilio(twilio)).transpose()?,
            heartbeat: raw.heartbeat.map(|heartbeat| self.heartbeat(&heartbeat)).transpose()?,
        })
    }

    fn mail(&self, raw: RawMail) -> Result<Mail, ConfigProblem> {
        self.not_here("password", &raw.password, SMTP_PASSWORD)?;
        let host = raw.server.get_ref();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if host.is_empty() || host.len() > 255 || !host.chars().all(fits) || host.ends_with(':') {
            return Err(self.wrong(raw.server.span(), words::SERVER));
        }
        if host.parse::<IpAddr>().is_err() && host.contains(':') {
            return Err(self.wrong(raw.server.span(), words::SERVER));
        }
        let tls = match raw.tls.as_ref().map(|t| (t.get_ref().as_str(), t.span())) {
            None | Some(("starttls", _)) => Tls::Starttls,
            Some(("tls", _)) => Tls::Tls,
            Some(("none", span)) => {
                if !is_loopback(host) {
                    return Err(self.wrong(span, words::PLAIN_MAIL));
                }
                Tls::None
            }
            Some((_, span)) => return Err(self.wrong(span, words::TLS)),
        };
        let usual = match tls {
            Tls::Starttls => 587,
            Tls::Tls => 465,
            Tls::None => 25,
        };
        let port = match raw.port {
            None => usual,
            Some(port) => u16::try_from(*port.get_ref())
                .ok()
                .filter(|p| *p > 0)
                .ok_or_else(|| self.wrong(port.span(), "`port` is a number from 1 to 65535."))?,
        };
        let (from_name, from) = mailbox(raw.from.get_ref()).ok_or_else(|| self.wrong(raw.from.span(), words::FROM))?;
        if let Some(user) = &raw.user {
            self.name("user", user, LONGEST_EMAIL)?;
        }
        let user = raw.user.map(Spanned::into_inner);
        Ok(Mail { server: raw.server.into_inner(), port, tls, from, from_name, user })
    }

    fn twilio(&self, raw: RawTwilio) -> Result<Twilio, ConfigProblem> {
        self.not_here("token", &raw.token, TWILIO_TOKEN)?;
        let account = raw.account.get_ref();
        if account.is_empty() || account.len() > 64 || !account.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(self.wrong(raw.account.span(), words::ACCOUNT));
        }
        if !is_phone(raw.from.get_ref()) {
            return Err(self.wrong(raw.from.span(), words::PHONE));
        }
        let api_url = match &raw.api_url {
            Some(url) => self.url(url)?,
            None => TWILIO.to_owned(),
        };
        Ok(Twilio { account: raw.account.into_inner(), from: raw.from.into_inner(), api_url })
    }

    fn heartbeat(&self, raw: &RawHeartbeat) -> Result<Heartbeat, ConfigProblem> {
        let (least, most, usual) = HEARTBEAT_MS;
        let every_ms = match &raw.every {
            None => usual,
            Some(every) => parse_span(every.get_ref(), 0)
                .filter(|ms| (least..=most).contains(ms))
                .ok_or_else(|| self.wrong(every.span(), words::EVERY))?,
        };
        Ok(Heartbeat { url: self.url(&raw.url)?, every_ms })
    }

    /// An address of the web that secrets may be sent to: without a slash at the end.
    fn url(&self, said: &Spanned<String>) -> Result<String, ConfigProblem> {
        url(said.get_ref()).map_err(|why| self.wrong(said.span(), why))
    }

    /// The variable that holds the secret of what has this name; no two share one.
    fn variable(
        &self,
        name: &Spanned<String>,
        of: fn(&str) -> String,
        taken: &mut BTreeMap<String, String>,
    ) -> Result<String, ConfigProblem> {
        let said = name.get_ref();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if said.is_empty() || said.len() > LONGEST_NAME || !said.chars().all(fits) {
            return Err(self.wrong(name.span(), words::NAME));
        }
        let variable = of(said);
        match taken.insert(variable.clone(), said.clone()) {
            Some(other) => Err(self.wrong(name.span(), words::same_variable(said, &other, &variable))),
            None => Ok(variable),
        }
    }

    /// Secrets do not stand in the file.
    fn not_here(&self, key: &str, said: &Option<Spanned<IgnoredAny>>, variable: &str) -> Result<(), ConfigProblem> {
        match said {
            Some(said) => Err(self.wrong(said.span(), words::in_environment(key, variable))),
            None => Ok(()),
        }
    }
}

/// An address of the web that secrets may be sent to: encrypted, or on this machine; without a slash at the end. The
/// error is a sentence.
pub fn url(said: &str) -> Result<String, String> {
    let read =
        reqwest::Url::parse(said).ok().filter(|_| said.len() <= LONGEST_URL && !said.contains(char::is_whitespace));
    let Some(read) = read.filter(|u| u.has_host()) else { return Err(words::NO_URL.into()) };
    if !read.username().is_empty() || read.password().is_some() || read.fragment().is_some() {
        return Err(words::SECRET_IN_URL.into());
    }
    match read.scheme() {
        "https" => {}
        "http" if read.host_str().is_some_and(is_loopback) => {}
        "http" => return Err(words::PLAIN_URL.into()),
        _ => return Err(words::NO_URL.into()),
    }
    Ok(said.trim_end_matches('/').to_owned())
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// A telephone number as the whole world writes it: a plus, the country, 7 to 15 digits in all.
fn is_phone(said: &str) -> bool {
    said.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// `Rollcall <rollcall@example.org>` or the address alone.
fn mailbox(said: &str) -> Option<(Option<String>, String)> {
    let said = said.trim();
    let (name, address) = match said.split_once('<') {
        Some((name, rest)) => (Some(name.trim().trim_matches('"').to_owned()), rest.strip_suffix('>')?),
        None => (None, said),
    };
    let clean =
        name.as_ref().is_none_or(|n| n.len() <= 100 && !n.chars().any(|c| c.is_control() || "<>\"".contains(c)));
    (clean && is_email(address)).then(|| (name.filter(|n| !n.is_empty()), address.to_owned()))
}

fn is_email(said: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic() && !"()<>[]:;,\\\"@".contains(c);
    said.len() <= LONGEST_EMAIL
        && said.split_once('@').is_some_and(|(who, domain)| {
            let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
            !who.is_empty()
                && who.chars().all(fits)
                && !domain.is_empty()
                && domain.chars().all(part)
                && !domain.split('.').any(str::is_empty)
        })
}

/// Twilio itself.
const TWILIO: &str = "https://api.twilio.com";

/// The variables the secrets stand in.
pub const SMTP_PASSWORD: &str = "ROLLCALL_SMTP_PASSWORD";
pub const TWILIO_TOKEN: &str = "ROLLCALL_TWILIO_TOKEN";
pub const PAGERDUTY_WEBHOOK: &str = "ROLLCALL_PAGERDUTY_WEBHOOK_SECRET";
/// PagerDuty elsewhere, for tests.
const PAGERDUTY_URL: &str = "PAGERDUTY_API_URL";

/// The variable of a PagerDuty service's routing key.
pub fn pagerduty_variable(name: &str) -> String {
    format!("ROLLCALL_PAGERDUTY_KEY_{}", in_capitals(name))
}

/// The variable of a receiver's secret.
pub fn webhook_variable(name: &str) -> String {
    format!("ROLLCALL_WEBHOOK_SECRET_{}", in_capitals(name))
}

fn in_capitals(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// The secrets of the ways that are configured, from the environment. Never printed.
#[derive(Clone, Default)]
pub struct WaySecrets {
    pub smtp_password: Option<String>,
    /// Routing keys by service.
    pub pagerduty: BTreeMap<String, String>,
    /// What PagerDuty signs its calls with: one for each of its subscriptions, separated by commas.
    pub pagerduty_webhook: Vec<String>,
    /// Where PagerDuty is, if not where it always is.
    pub pagerduty_url: Option<String>,
    /// By receiver.
    pub webhooks: BTreeMap<String, String>,
    pub twilio_token: Option<String>,
}

impl fmt::Debug for WaySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaySecrets(…)")
    }
}

impl WaySecrets {
    /// What the environment holds for these ways.
    pub fn from(ways: &Ways, get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let named = |names: &mut dyn Iterator<Item = &String>, of: fn(&str) -> String| {
            names.filter_map(|name| Some((name.clone(), get(&of(name))?))).collect()
        };
        let webhook = get(PAGERDUTY_WEBHOOK).unwrap_or_default();
        Self {
            smtp_password: get(SMTP_PASSWORD),
            pagerduty: named(&mut ways.pagerduty.iter(), pagerduty_variable),
            pagerduty_webhook: webhook.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            pagerduty_url: get(PAGERDUTY_URL),
            webhooks: named(&mut ways.webhooks.keys(), webhook_variable),
            twilio_token: get(TWILIO_TOKEN),
        }
    }
}

/// What keeps a configured way from working, as far as that can be told without asking anybody: way (`email`,
/// `pagerduty:web`, `webhook:ops`, `sms`) and a sentence on what to do.
pub fn problems(ways: &Ways, secrets: &WaySecrets) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if ways.mail.as_ref().is_some_and(|m| m.user.is_some()) && secrets.smtp_password.is_none() {
        found.push(("email".to_owned(), words::missing("the mail server's password", SMTP_PASSWORD)));
    }
    let elsewhere = secrets.pagerduty_url.as_deref().map(url);
    for name in &ways.pagerduty {
        let variable = pagerduty_variable(name);
        let why = match (secrets.pagerduty.get(name), &elsewhere) {
            (_, Some(Err(why))) => format!("{PAGERDUTY_URL} cannot be used. {why}"),
            (None, _) => words::missing("the service's routing key", &variable),
            (Some(key), _) if key.len() != 32 || !key.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                words::no_routing_key(&variable)
            }
            _ => continue,
        };
        found.push((format!("pagerduty:{name}"), why));
    }
    for name in ways.webhooks.keys().filter(|name| !secrets.webhooks.contains_key(*name)) {
        found.push((format!("webhook:{name}"), words::missing("the receiver's secret", &webhook_variable(name))));
    }
    if ways.twilio.is_some() && secrets.twilio_token.is_none() {
        for way in ["sms", "voice"] {
            found.push((way.to_owned(), words::missing("the account's token", TWILIO_TOKEN)));
        }
    }
    found
}

#[cfg(test)]
mod tests;
