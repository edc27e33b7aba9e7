//! `rollcall doctor`: against a local Slack and a local Discord, with good and bad tokens, missing scopes, channels that
//! are not there; against files that are broken; beside a running bot; and as a program.

#![allow(clippy::disallowed_methods, reason = "sockets live in real time")]

#[path = "peers/discord/mod.rs"]
mod discord;
#[path = "peers/slack/mod.rs"]
mod slack;

use rollcall::cli::doctor::text;
use rollcall::config::Config;
use rollcall::doctor::{Asked, examine};
use rollcall::ports::{Clock, Finding, Health, SystemClock};
use rollcall::store::Store;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const PAGE: &str = "# Shop\n\n## Before\n\n- [ ] One\n- [ ] Two\n";

struct Place {
    dir: tempfile::TempDir,
    vars: BTreeMap<&'static str, String>,
    offline: bool,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("checklists")).unwrap();
        std::fs::write(dir.path().join("checklists/shop.md"), PAGE).unwrap();
        Self { dir, vars: BTreeMap::new(), offline: false }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.vars.insert(name, value.into());
        self
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    async fn findings(&self, config: &str) -> Vec<Finding> {
        let config = format!("listen = \"127.0.0.1:0\"\nchecklists = \"checklists\"\n{config}");
        let config = Config::parse(&config, self.path()).unwrap_or_else(|e| panic!("{e}"));
        let vars = self.vars.clone();
        let var = move |name: &str| vars.get(name).cloned();
        let (offline, now) = (self.offline, SystemClock.now());
        examine(&Asked { config: &config, file: Some(Path::new("rollcall.toml")), var: &var, offline, now }).await
    }

    /// What is printed, without what differs from run to run; and no secret in it.
    async fn says(&self, config: &str) -> String {
        let findings = self.findings(config).await;
        let said = text(&findings) + &serde_json::to_string(&findings).unwrap();
        for (name, value) in self.vars.iter().filter(|(name, _)| name.contains("TOKEN") || name.contains("SECRET")) {
            assert!(!said.contains(value.as_str()), "{name} is printed");
        }
        let said = text(&findings).replace(&self.path().display().to_string(), "FOLDER");
        let volatile = [(r"\d+ MB", "N MB"), (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "NOW")];
        volatile
            .iter()
            .fold(said, |said, (pattern, by)| regex::Regex::new(pattern).unwrap().replace_all(&said, *by).into_owned())
    }
}

fn with_slack(slack: &slack::Slack) -> Place {
    Place::new()
        .with("SLACK_BOT_TOKEN", slack::BOT_TOKEN)
        .with("SLACK_APP_TOKEN", slack::APP_TOKEN)
        .with("SLACK_API_URL", slack.api_url())
}

fn with_discord(discord: &discord::Discord) -> Place {
    Place::new()
        .with("DISCORD_TOKEN", discord.token())
        .with("DISCORD_API_URL", discord.api_url())
        .with("DISCORD_CA_FILE", discord.ca_file().display().to_string())
        .with("DISCORD_GUILD_ID", discord::world::GUILD.to_string())
}

#[tokio::test]
async fn a_fresh_place_is_well() {
    insta::assert_snapshot!("fresh", Place::new().says("").await);
}

#[tokio::test]
async fn a_policy_that_reaches_nobody_is_not_well() {
    let people = "[people.ana]\nname = \"Ana\"\nslack = \"U01ANA\"\n[policies.night]\n\
                  [[policies.night.steps]]\ntargets = [\"ana\"]\n";
    let mut place = Place::new();
    place.offline = true;
    let said = place.says(people).await;
    assert!(said.contains("direct message in Slack, which is not set up"), "{said}");
    assert!(said.contains("reaches nobody as things stand"), "{said}");
    let place = place.with("SLACK_BOT_TOKEN", "xoxb-1").with("SLACK_APP_TOKEN", "xapp-1");
    let said = place.says(people).await;
    assert!(said.contains("1 person, 1 policy: everybody can be reached."), "{said}");
}

#[test]
fn check_tells_what_the_configuration_beside_a_page_does_not_do() {
    let place = Place::new();
    let check = |config: &str| {
        std::fs::write(place.path().join("rollcall.toml"), config).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        let out = program.args(["check", "--strict", "checklists/shop.md"]).current_dir(place.path()).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, said) = check("[people.ana]\nname = \"Ana\"\n");
    assert!(code == Some(1) && said.contains("configuration, line 1: warning: `ana` cannot be reached"), "{said}");
    let (code, said) = check("");
    assert!(code == Some(0) && !said.contains("warning"), "{said}");
}

#[tokio::test]
async fn what_slack_says() {
    let slack = slack::Slack::start(slack::Settings::default()).await;
    let config = "[people.ana]\nname = \"Ana\"\nslack = \"U01ALICE\"\n[people.ben]\nname = \"Ben\"\nslack = \"U0NOBODY\"\n\
                  [channels.\"slack:C02DEP\"]\nservice = \"shop\"\nfollow = [\"slack:C0GONE\"]\n";
    insta::assert_snapshot!("slack", with_slack(&slack).says(config).await);
    slack.world().channels.get_mut("C02DEP").unwrap().members.remove(slack::world::BOT);
    let said = with_slack(&slack).says(config).await;
    assert!(said.contains("✗ channel slack:C02DEP") && said.contains("/invite @Rollcall"), "{said}");
    // Tokens that are refused, and of the wrong kind.
    let said = with_slack(&slack).with("SLACK_BOT_TOKEN", "xoxb-wrong").says("").await;
    assert!(said.contains("✗ Slack ") && said.contains("does not accept the token (`invalid_auth`)"), "{said}");
    let said = with_slack(&slack).with("SLACK_APP_TOKEN", "xapp-wrong").says("").await;
    assert!(said.contains("✗ Slack's way in"), "{said}");
    let said = with_slack(&slack).with("SLACK_BOT_TOKEN", "xapp-other").says("").await;
    assert!(said.contains("SLACK_BOT_TOKEN is not a bot's token"), "{said}");
    // Nobody there.
    let said = with_slack(&slack).with("SLACK_API_URL", "http://127.0.0.1:9/api").says("").await;
    assert!(said.contains("✗ Slack ") && said.contains("The connection to Slack failed."), "{said}");
}

#[tokio::test]
async fn scopes_that_are_missing_are_named_with_what_is_lost() {
    let scopes = ["commands", "chat:write", "channels:history", "channels:read"].map(str::to_owned).to_vec();
    let slack = slack::Slack::start(slack::Settings { scopes, ..slack::Settings::default() }).await;
    let said = with_slack(&slack).says("").await;
    let line = said.lines().find(|l| l.contains("Slack's scopes")).unwrap();
    insta::assert_snapshot!("scopes", line);
}

#[tokio::test]
async fn what_discord_says() {
    let discord = discord::Discord::start(discord::Settings::default()).await;
    let config = format!("[channels.\"discord:{}\"]\n[channels.\"discord:77\"]\n", discord::world::CHANNEL);
    insta::assert_snapshot!("discord", with_discord(&discord).says(&config).await);
    {
        let mut world = discord.world();
        let channel = world.channels.get_mut(&discord::world::CHANNEL).unwrap();
        channel.may &= !(discord::world::may::EMBED | discord::world::may::MANAGE_MESSAGES);
    }
    let said = with_discord(&discord).says(&config).await;
    assert!(said.contains("The bot lacks Embed Links, Manage Messages there."), "{said}");
    let said = with_discord(&discord).with("DISCORD_TOKEN", "wrong").says(&config).await;
    assert!(said.contains("✗ Discord ") && said.contains("Discord refuses the bot's token."), "{said}");
    let said = with_discord(&discord).with("DISCORD_GUILD_ID", "42").says("").await;
    assert!(said.contains("✗ server 42") && said.contains("Correct DISCORD_GUILD_ID"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_on_this_machine() {
    let mut place = Place::new().with("SLACK_BOT_TOKEN", "xoxb-1").with("SLACK_APP_TOKEN", "xapp-1");
    place.offline = true;
    std::fs::write(place.path().join("checklists/torn.md"), "").unwrap();
    std::fs::write(place.path().join("checklists/odd.md"), format!("{PAGE}\n## Contacts\n\n- [ ]\n")).unwrap();
    std::fs::create_dir(place.path().join("data")).unwrap();
    std::fs::write(place.path().join("data/rollcall.db"), "not a database at all").unwrap();
    let config = "[people.ana]\nname = \"Ana\"\n[roles]\nlead = []\n[rules]\nfreeze = [\"lead\"]\n\
                  [channels.ops]\nchecklist = \"nothing\"\n[channels.\"discord:1\"]\n\
                  [freezes.old]\nfrom = 2020-01-01\nuntil = 2020-01-02\n";
    insta::assert_snapshot!("wrong", place.says(config).await);
}

#[tokio::test]
async fn a_database_is_looked_through_beside_whoever_writes_it() {
    let place = Place::new();
    let data = place.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let store = Store::open(&data).await.unwrap();
    let findings = place.findings("").await;
    assert_eq!(findings.iter().map(|f| f.health).max(), Some(Health::Good), "{}", text(&findings));
    assert!(text(&findings).contains("Whole, with 0 deployments"), "{}", text(&findings));
    store.close().await.unwrap();
    // A byte in the middle of the file.
    let file = data.join("rollcall.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096..8192].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    let said = place.says("").await;
    assert!(said.contains("✗ database"), "{said}");
}

fn run(place: &Place, arguments: &[&str]) -> (i32, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(arguments)
        .current_dir(place.path())
        .env_clear()
        .envs(&place.vars)
        .output()
        .unwrap();
    (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn as_a_program() {
    let place = Place::new();
    std::fs::write(place.path().join("rollcall.toml"), "listen = \"127.0.0.1:0\"\n").unwrap();
    let (code, said) = run(&place, &["doctor"]);
    assert!(code == 0 && said.ends_with("All is well.\n"), "{code} {said}");
    let (code, said) = run(&place, &["doctor", "--format", "json"]);
    let findings: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
    assert!(code == 0 && findings.iter().all(|f| f["health"] == "good"), "{said}");
    std::fs::write(place.path().join("rollcall.toml"), "[channels.\"slack:C1\"]\n").unwrap();
    let (code, said) = run(&place, &["doctor", "--listen", "127.0.0.1:0"]);
    assert!(code == 1 && said.contains("! Slack") && said.contains("1 to look at"), "{code} {said}");
    std::fs::write(place.path().join("rollcall.toml"), "lisen = 1\n").unwrap();
    let (code, said) = run(&place, &["doctor"]);
    assert!(code == 2 && said.contains("✗ configuration") && said.contains("rollcall.toml, line 1"), "{code} {said}");
    assert!(!place.path().join("data").exists(), "nothing was made");
}
