//! What the environment says about Discord.

use std::net::{IpAddr, SocketAddr};

/// How to reach Discord, and as whom.
#[derive(Clone)]
pub struct Setup {
    /// The bot's token. Never printed.
    pub token: String,
    /// The server the commands are registered in; none: everywhere.
    pub guild: Option<u64>,
    /// For tests: where to find discord.com.
    pub instead: Option<Instead>,
}

/// A Discord on this machine: its address stands in for discord.com's, and its certificates are trusted besides the
/// usual ones. Everything else is as in production.
#[derive(Clone)]
pub struct Instead {
    pub address: SocketAddr,
    /// Certificates, as PEM.
    pub roots: Vec<Vec<u8>>,
}

impl Setup {
    /// From `DISCORD_TOKEN`, `DISCORD_GUILD_ID` and, for tests, `DISCORD_API_URL` and `DISCORD_CA_FILE`. None: no token,
    /// no Discord. The error is a sentence for whoever starts the bot.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let var = |name: &str| var(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let Some(token) = var("DISCORD_TOKEN") else { return Ok(None) };
        let token = token.strip_prefix("Bot ").unwrap_or(&token).trim().to_owned();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("DISCORD_TOKEN is not a bot's token. Copy it from the application's Bot page.".into());
        }
        let guild = var("DISCORD_GUILD_ID").map(|id| {
            id.parse().ok().filter(|id| *id > 0).ok_or(
                "DISCORD_GUILD_ID is a server's id: a number of some 18 digits (right click on the server, Copy ID).",
            )
        });
        let instead = var("DISCORD_API_URL").map(|url| instead(&url, var("DISCORD_CA_FILE"))).transpose()?;
        Ok(Some(Self { token, guild: guild.transpose()?, instead }))
    }
}

fn instead(url: &str, ca: Option<String>) -> Result<Instead, String> {
    let wrong = || {
        "DISCORD_API_URL is for tests: https://, then discord.com or a loopback address, and a port, for instance \
         https://discord.com:4011. Leave it away to talk to Discord."
            .to_owned()
    };
    let place = url.strip_prefix("https://").ok_or_else(wrong)?;
    let (host, port) = place.trim_end_matches('/').rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    let ip: IpAddr = match host {
        "discord.com" | "localhost" => IpAddr::from([127, 0, 0, 1]),
        other => other.trim_matches(['[', ']']).parse().map_err(|_| wrong())?,
    };
    if !ip.is_loopback() {
        return Err(wrong());
    }
    let roots = match ca {
        Some(path) => {
            vec![std::fs::read(&path).map_err(|e| format!("DISCORD_CA_FILE, {path}, cannot be read: {e}."))?]
        }
        None => Vec::new(),
    };
    Ok(Instead { address: SocketAddr::new(ip, port), roots })
}

/// Whether a gateway's address is one the token may be sent to.
pub fn is_gateway(url: &str, instead: bool) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    if instead {
        return matches!(scheme, "ws" | "wss") && host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    }
    let ours = host == "discord.gg" || host.strip_suffix(".discord.gg").is_some_and(|name| !name.is_empty());
    scheme == "wss" && ours && !authority.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Option<Setup>, String> {
        Setup::from_env(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn without_a_token_there_is_no_discord() {
        assert!(read(&[]).unwrap().is_none() && read(&[("DISCORD_TOKEN", " ")]).unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let token = ("DISCORD_TOKEN", "Bot abc.def");
        let good = read(&[token, ("DISCORD_GUILD_ID", "1000000000000000001")]).unwrap().unwrap();
        assert_eq!((good.token.as_str(), good.guild), ("abc.def", Some(1_000_000_000_000_000_001)));
        for (name, value) in [
            ("DISCORD_GUILD_ID", "ops"),
            ("DISCORD_API_URL", "http://127.0.0.1:4010"),
            ("DISCORD_API_URL", "https://evil.example:443"),
            ("DISCORD_API_URL", "https://10.0.0.1:443"),
        ] {
            let problem = read(&[token, (name, value)]).err().unwrap();
            assert!(problem.contains(name) && !problem.contains("abc"), "{problem}");
        }
        let here = read(&[token, ("DISCORD_API_URL", "https://discord.com:4011")]).unwrap().unwrap();
        assert_eq!(here.instead.unwrap().address, "127.0.0.1:4011".parse().unwrap());
    }

    #[test]
    fn the_token_goes_to_no_strange_gateway() {
        for (url, instead, good) in [
            ("wss://gateway.discord.gg", false, true),
            ("wss://gateway-us-east1-b.discord.gg/", false, true),
            ("ws://gateway.discord.gg", false, false),
            ("wss://gateway.discord.gg.evil.example", false, false),
            ("wss://evil.example/.discord.gg", false, false),
            ("wss://evildiscord.gg", false, false),
            ("wss://x@gateway.discord.gg", false, false),
            ("ws://127.0.0.1:4010/gateway", false, false),
            ("ws://127.0.0.1:4010/gateway", true, true),
            ("wss://gateway.discord.gg", true, false),
        ] {
            assert_eq!(is_gateway(url, instead), good, "{url}");
        }
    }
}
