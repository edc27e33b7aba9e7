//! Looks at Slack from the outside: whether the tokens work, what they may, and whether the channels and people named in
//! the configuration are there. Changes nothing.

use super::api::PUBLIC;
use crate::config::{Config, SlackSecrets};
use crate::domain::time::Timestamp;
use crate::ports::{Examined, Finding};
use crate::words::slack as words;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// Until Slack has answered.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const LARGEST: usize = 4 << 20;
/// Channels and people asked about.
const MOST: usize = 100;

const WHAT: &str = "Slack";
const SCOPES: &str =
    "Add them at api.slack.com/apps → your app → OAuth & Permissions, then press Reinstall to Workspace.";

/// What the bot must be allowed, and what is lost without it.
const NEEDED: [(&str, &str); 5] = [
    ("chat:write", "it cannot post"),
    ("commands", "nobody can type /deploy"),
    ("channels:history", "it cannot find its messages again"),
    ("reactions:read", "keycaps do not tick"),
    ("users:read", "people have no names"),
];
const USEFUL: [(&str, &str); 5] = [
    ("app_mentions:read", "it does not hear its name"),
    ("channels:read", "it is not told of being invited"),
    ("groups:history", "it cannot find its messages in private channels"),
    ("groups:read", "it is not told of being invited to private channels"),
    ("files:write", "records stay in the console"),
];

/// Looks at Slack with these secrets.
pub async fn examine(secrets: &SlackSecrets, config: &Config) -> Examined {
    let mut examined = Examined::default();
    let client = match reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()
    {
        Ok(client) => client,
        Err(_) => {
            let todo = "Install the machine's certificates (ca-certificates) and look again.";
            examined.findings.push(Finding::bad(WHAT, "Connections cannot be made: TLS does not start.", todo));
            return examined;
        }
    };
    let ask = Ask { client, url: secrets.api_url.as_deref().unwrap_or(PUBLIC) };
    let me = ask.ask("auth.test", &secrets.bot_token, &[]).await;
    match me {
        Err(not) => {
            examined.findings.push(Finding::bad(WHAT, not.why, ""));
            return examined;
        }
        Ok(answer) => {
            examined.their_now = answer.date;
            let (name, team) = (said(&answer.body["user"]), said(&answer.body["team"]));
            examined.findings.push(Finding::good(WHAT, format!("The bot's token works: {name} in {team}.")));
            examined.findings.push(scopes(answer.scopes.as_deref()));
        }
    }
    examined.findings.push(way_in(&ask, secrets).await);
    channels(&ask, secrets, config, &mut examined.findings).await;
    people(&ask, secrets, config, &mut examined.findings).await;
    examined
}

fn scopes(has: Option<&str>) -> Finding {
    const WHAT: &str = "Slack's scopes";
    let Some(has) = has else { return Finding::good(WHAT, "Slack does not say what the token may.") };
    let has: BTreeSet<&str> = has.split(',').map(str::trim).collect();
    let lacks = |of: &[(&str, &str)]| -> Vec<String> {
        of.iter().filter(|(scope, _)| !has.contains(scope)).map(|(scope, lost)| format!("{scope} ({lost})")).collect()
    };
    let (needed, useful) = (lacks(&NEEDED), lacks(&USEFUL));
    match (needed.as_slice(), useful.as_slice()) {
        ([], []) => Finding::good(WHAT, "The token may all it has to."),
        ([], useful) => Finding::warn(WHAT, format!("Not there: {}.", useful.join(", ")), SCOPES),
        (needed, _) => Finding::bad(WHAT, format!("Missing: {}.", [needed, &useful].concat().join(", ")), SCOPES),
    }
}

/// How payloads come in.
async fn way_in(ask: &Ask<'_>, secrets: &SlackSecrets) -> Finding {
    const WHAT: &str = "Slack's way in";
    if secrets.signing_secret.is_some() {
        return Finding::good(WHAT, "Slack calls this machine at /slack/events, which must have a public address.");
    }
    let Some(app) = &secrets.app_token else { return Finding::good(WHAT, "Nothing is configured.") };
    match ask.ask("apps.connections.open", app, &[]).await {
        Ok(_) => Finding::good(WHAT, "Socket Mode opens with the app's token."),
        Err(not) => Finding::bad(WHAT, not.why, ""),
    }
}

async fn channels(ask: &Ask<'_>, secrets: &SlackSecrets, config: &Config, findings: &mut Vec<Finding>) {
    let (mut asked, mut there) = (0, 0);
    for channel in config.channels_on(super::PLATFORM).into_iter().take(MOST) {
        let what = format!("channel slack:{channel}");
        asked += 1;
        let answer = ask.ask("conversations.info", &secrets.bot_token, &[("channel", &channel)]).await;
        let code = match &answer {
            Err(not) => {
                findings.push(Finding::bad(what, not.why.clone(), ""));
                continue;
            }
            Ok(answer) if answer.body["channel"]["is_archived"] == true => "is_archived",
            Ok(answer) if answer.body["channel"]["is_member"] == false => "not_in_channel",
            Ok(_) => {
                there += 1;
                continue;
            }
        };
        findings.push(Finding::bad(what, words::no(code, None), ""));
    }
    if there > 0 {
        findings.push(Finding::good("Slack's channels", format!("{there} of {asked} can be posted to.")));
    }
}

async fn people(ask: &Ask<'_>, secrets: &SlackSecrets, config: &Config, findings: &mut Vec<Finding>) {
    let (mut asked, mut there) = (0, 0);
    let people = config.people.iter().filter_map(|(id, p)| Some((id, p.accounts.get(super::PLATFORM)?)));
    for (id, account) in people.take(MOST) {
        let what = format!("person {id}");
        asked += 1;
        match ask.ask("users.info", &secrets.bot_token, &[("user", account)]).await {
            Ok(answer) if answer.body["user"]["deleted"] == true => {
                let todo = format!("Take `slack` away under [people.{id}], or put the right id there.");
                findings.push(Finding::warn(what, format!("Slack's user {account} is deactivated."), todo));
            }
            Ok(_) => there += 1,
            Err(not) if not.code == "user_not_found" => {
                let todo = format!("Correct `slack` under [people.{id}]: profile → ⋮ → Copy member ID.");
                findings.push(Finding::bad(what, format!("Slack knows no user {account}."), todo));
            }
            Err(not) => findings.push(Finding::warn(what, not.why, "")),
        }
    }
    if there > 0 {
        findings.push(Finding::good("Slack's people", format!("{there} of {asked} are there.")));
    }
}

struct Ask<'a> {
    client: reqwest::Client,
    url: &'a str,
}

struct Answer {
    body: Value,
    scopes: Option<String>,
    date: Option<Timestamp>,
}

impl Ask<'_> {
    /// Calls a method.
    async fn ask(&self, method: &str, token: &str, params: &[(&str, &str)]) -> Result<Answer, Not> {
        let url = format!("{}/{method}", self.url);
        // Errors of the client hold addresses, and are never repeated.
        let sent = self.client.post(url).bearer_auth(token).form(params).send().await;
        let mut response =
            sent.map_err(|e| Not::from(if e.is_timeout() { words::NO_ANSWER } else { words::NO_CONNECTION }))?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (scopes, date, status) = (header("x-oauth-scopes"), header("date"), response.status());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Not::from(words::NO_CONNECTION))? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(words::NO_JSON.into());
            }
            bytes.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(Not { code: String::new(), why: words::http(status.as_u16()) });
        }
        let body: Value = serde_json::from_slice(&bytes).map_err(|_| Not::from(words::NO_JSON))?;
        if body["ok"] != true {
            let code = said(&body["error"]);
            return Err(Not { why: words::no(&code, body["needed"].as_str()), code });
        }
        let date = date.and_then(|d| chrono::DateTime::parse_from_rfc2822(&d).ok());
        Ok(Answer { body, scopes, date: date.map(|d| d.to_utc().into()) })
    }
}

/// Why Slack did not do it.
struct Not {
    /// Slack's word for it; empty where there was no answer.
    code: String,
    /// A sentence on what is wrong and what to do.
    why: String,
}

impl From<&str> for Not {
    fn from(why: &str) -> Self {
        Self { code: String::new(), why: why.to_owned() }
    }
}

/// A name as it may stand in a sentence.
fn said(value: &Value) -> String {
    value.as_str().unwrap_or("?").chars().filter(|c| !c.is_control()).take(60).collect()
}
