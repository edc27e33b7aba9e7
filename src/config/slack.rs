//! `[slack]`: what can be set about Slack besides its tokens, which stand in the environment.

use std::collections::BTreeMap;

/// Slack's names for the emoji that tick, and what they are.
const NAMES: [(&str, &str); 21] = [
    ("one", "1️⃣"),
    ("two", "2️⃣"),
    ("three", "3️⃣"),
    ("four", "4️⃣"),
    ("five", "5️⃣"),
    ("six", "6️⃣"),
    ("seven", "7️⃣"),
    ("eight", "8️⃣"),
    ("nine", "9️⃣"),
    ("keycap_ten", "🔟"),
    ("1", "1️⃣"),
    ("2", "2️⃣"),
    ("3", "3️⃣"),
    ("4", "4️⃣"),
    ("5", "5️⃣"),
    ("6", "6️⃣"),
    ("7", "7️⃣"),
    ("8", "8️⃣"),
    ("9", "9️⃣"),
    ("10", "🔟"),
    ("white_check_mark", "✅"),
];

/// What is set about Slack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slack {
    /// A workspace's own emoji, each for one of those that tick, by Slack's names without colons.
    pub emoji: BTreeMap<String, String>,
}

impl Slack {
    /// The emoji that Slack calls so, as the engine reads it; none where it means nothing here.
    pub fn emoji(&self, name: &str) -> Option<&'static str> {
        // `one::skin-tone-2` is a `one`.
        let plain = name.split("::").next().unwrap_or(name);
        named(self.emoji.get(plain).map_or(plain, String::as_str))
    }
}

/// The emoji of one of Slack's own names.
fn named(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, emoji)| *emoji)
}

/// Whether an alias may stand for this name; otherwise a sentence that says which it may.
pub(super) fn may_mean(name: &str) -> Result<(), String> {
    if named(name).is_some() {
        return Ok(());
    }
    Err(format!(
        "`{}` is none of the emoji that tick. There are `one` to `nine`, `keycap_ten` and `white_check_mark`, without \
         colons.",
        super::read::shown(name)
    ))
}

/// Slack's secrets, from the environment. Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SlackSecrets {
    /// `SLACK_BOT_TOKEN`: `xoxb-…`.
    pub bot_token: String,
    /// `SLACK_APP_TOKEN`: `xapp-…`, for Socket Mode.
    pub app_token: Option<String>,
    /// `SLACK_SIGNING_SECRET`: Slack calls us instead.
    pub signing_secret: Option<String>,
    /// `SLACK_API_URL`: Slack's Web API elsewhere, for tests. Without a slash at the end.
    pub api_url: Option<String>,
}

impl std::fmt::Debug for SlackSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlackSecrets(…)")
    }
}

impl SlackSecrets {
    /// What the environment says of Slack. None: nothing, Slack is not wanted. The error is a sentence on what is
    /// missing.
    pub fn from(get: impl Fn(&str) -> Option<String>) -> Option<Result<Self, String>> {
        let get = |name: &str| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let (bot, app, signing) = (get("SLACK_BOT_TOKEN"), get("SLACK_APP_TOKEN"), get("SLACK_SIGNING_SECRET"));
        if bot.is_none() && app.is_none() && signing.is_none() {
            return None;
        }
        Some(Self::checked(bot, app, signing, get("SLACK_API_URL")))
    }

    fn checked(
        bot: Option<String>,
        app: Option<String>,
        signing: Option<String>,
        api_url: Option<String>,
    ) -> Result<Self, String> {
        const BOT: &str = "It begins with xoxb- and stands at api.slack.com/apps → your app → OAuth & Permissions.";
        const APP: &str = "It begins with xapp- and is made at api.slack.com/apps → your app → Basic Information → \
                           App-Level Tokens, with the scope connections:write.";
        let Some(bot_token) = bot else { return Err(format!("SLACK_BOT_TOKEN is missing. {BOT}")) };
        if !bot_token.starts_with("xoxb-") {
            return Err(format!("SLACK_BOT_TOKEN is not a bot's token. {BOT}"));
        }
        if signing.is_none() {
            match &app {
                None => return Err(format!("SLACK_APP_TOKEN is missing. {APP}")),
                Some(token) if !token.starts_with("xapp-") => {
                    return Err(format!("SLACK_APP_TOKEN is not an app's token. {APP}"));
                }
                Some(_) => {}
            }
        }
        let api_url = api_url.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &api_url
            && !url.starts_with("https://")
            && !url.starts_with("http://")
        {
            return Err("SLACK_API_URL is no address: it begins with https:// or http://.".into());
        }
        Ok(Self { bot_token, app_token: app, signing_secret: signing, api_url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_skin_tones_and_aliases() {
        let slack = Slack { emoji: BTreeMap::from([("shipit".to_owned(), "white_check_mark".to_owned())]) };
        for (name, emoji) in [
            ("one", Some("1️⃣")),
            ("one::skin-tone-3", Some("1️⃣")),
            ("keycap_ten", Some("🔟")),
            ("white_check_mark", Some("✅")),
            ("shipit", Some("✅")),
            ("tada", None),
            ("zero", None),
            ("", None),
        ] {
            assert_eq!(slack.emoji(name), emoji, "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_said_and_nothing_is_printed() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            SlackSecrets::from(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert!(with(&[]).is_none());
        assert!(with(&[("SLACK_API_URL", "http://127.0.0.1:1/api")]).is_none());
        let why = |pairs| with(pairs).unwrap().unwrap_err();
        assert!(why(&[("SLACK_APP_TOKEN", "xapp-1")]).contains("SLACK_BOT_TOKEN is missing"));
        assert!(why(&[("SLACK_BOT_TOKEN", "xapp-1")]).contains("xoxb-"));
        assert!(why(&[("SLACK_BOT_TOKEN", "xoxb-1")]).contains("SLACK_APP_TOKEN is missing"));
        assert!(why(&[("SLACK_BOT_TOKEN", "xoxb-1"), ("SLACK_APP_TOKEN", "xoxb-2")]).contains("connections:write"));
        let ours = with(&[("SLACK_BOT_TOKEN", " xoxb-1\n"), ("SLACK_SIGNING_SECRET", "s")]).unwrap().unwrap();
        assert_eq!((&*ours.bot_token, ours.signing_secret.as_deref()), ("xoxb-1", Some("s")));
        assert_eq!(format!("{ours:?}"), "SlackSecrets(…)");
    }
}
