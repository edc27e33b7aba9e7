//! `rollcall doctor`: what was found, line by line.

use super::{Arguments, DONE, REFUSED, WRONG, configuration, configuration_file, print};
use crate::doctor::{self, Asked};
use crate::ports::{Clock as _, Finding, Health, SystemClock};
use clap::ValueEnum;

/// What `rollcall doctor` was asked.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all is well, 1 something should be looked at (!), 2 something does not work (✗).\n\
                        Tokens are taken from the environment, as the bot takes them; none is ever printed."
)]
pub struct Doctor {
    /// Ask nobody outside this machine: no Slack, no Discord
    #[arg(long)]
    offline: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Looks at everything and tells what it finds; exit code 0, 1 (something to look at) or 2 (something does not work).
pub async fn examine(arguments: &Arguments, asked: &Doctor) -> u8 {
    let file = configuration_file(arguments);
    let findings = match configuration(arguments) {
        Ok(config) => {
            let var = |name: &str| std::env::var(name).ok();
            let now = SystemClock.now();
            doctor::examine(&Asked { config: &config, file: file.as_deref(), var: &var, offline: asked.offline, now })
                .await
        }
        // Everything else follows from it.
        Err(end) => vec![Finding::bad("configuration", end.message, "Mend that first; the rest is looked at then.")],
    };
    match asked.format {
        Format::Text => print(&text(&findings)),
        Format::Json => print(&serde_json::to_string_pretty(&findings).unwrap_or_default()),
    }
    match worst(&findings) {
        Health::Good => DONE,
        Health::Warn => REFUSED,
        Health::Bad => WRONG,
    }
}

fn worst(findings: &[Finding]) -> Health {
    findings.iter().map(|f| f.health).max().unwrap_or(Health::Good)
}

/// A line each, with what to do below it, and a sum.
pub fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|f| f.what.chars().count()).max().unwrap_or(0).min(28);
    let mut out = String::new();
    for f in findings {
        let sign = match f.health {
            Health::Good => '✓',
            Health::Warn => '!',
            Health::Bad => '✗',
        };
        // What others say may hold anything; a line stays a line.
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!("{sign} {:width$}  {}\n", f.what, line(&f.says)));
        if !f.todo.is_empty() {
            out.push_str(&format!("  {:width$}  → {}\n", "", line(&f.todo)));
        }
    }
    let count = |health: Health| findings.iter().filter(|f| f.health == health).count();
    out.push_str(&match (count(Health::Bad), count(Health::Warn)) {
        (0, 0) => "\nAll is well.\n".to_owned(),
        (0, n) => format!("\nNothing is broken; {n} to look at.\n"),
        (n, 0) => format!("\n{n} broken.\n"),
        (n, m) => format!("\n{n} broken; {m} to look at.\n"),
    });
    out
}
