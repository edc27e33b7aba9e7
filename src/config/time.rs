//! What the file says of time: reminders, holds, and what holds in one environment.

use super::read::{RawProgress, Reader};
use super::{ConfigProblem, Environment};
use crate::domain::deployment::same_environment;
use crate::domain::remind::{LATEST_MS, Reminding, SOONEST_MS};
use crate::domain::time::parse_span;
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// How often one thing may be reminded of at most; how many reminders a hold may have.
const MOST: u32 = 10;
const MOST_HELD: usize = 5;
/// The longest a hold may be allowed to last, in milliseconds: a month.
const LONGEST_HOLD_MS: i64 = 31 * 86_400_000;
/// Environments that may have settings of their own.
const MOST_ENVIRONMENTS: usize = 100;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table with `after` and `most`")]
pub(super) struct RawReminders {
    after: Option<Spanned<String>>,
    most: Option<Spanned<u32>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table with `remind` and `expire`")]
pub(super) struct RawHolds {
    remind: Option<Spanned<Vec<Spanned<String>>>>,
    expire: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[environments.production]`")]
pub(super) struct RawEnvironment {
    progress: Option<Spanned<String>>,
}

impl Reader<'_> {
    pub(super) fn reminding(&self, reminders: RawReminders, holds: RawHolds) -> Result<Reminding, ConfigProblem> {
        let mut out = Reminding::default();
        if let Some(after) = &reminders.after {
            out.after_ms = match after.get_ref().eq_ignore_ascii_case("off") {
                true => 0,
                false => self.span("after", after, LATEST_MS)?,
            };
        }
        if let Some(most) = &reminders.most {
            if !(1..=MOST).contains(most.get_ref()) {
                let message = format!("`most` lies between 1 and {MOST}; `after = \"off\"` turns reminders off.");
                return Err(self.wrong(most.span(), message));
            }
            out.most = *most.get_ref();
        }
        if let Some(remind) = &holds.remind {
            if remind.get_ref().len() > MOST_HELD {
                let message = format!("A hold is reminded of {MOST_HELD} times at most.");
                return Err(self.wrong(remind.span(), message));
            }
            out.held_ms.clear();
            for at in remind.get_ref() {
                let ms = self.span("remind", at, LATEST_MS)?;
                if out.held_ms.last().is_some_and(|last| *last >= ms) {
                    return Err(self.wrong(at.span(), "The times of `remind` must ascend, each once."));
                }
                out.held_ms.push(ms);
            }
        }
        if let Some(expire) = &holds.expire {
            out.hold_expires_ms = Some(self.span("expire", expire, LONGEST_HOLD_MS)?);
        }
        Ok(out)
    }

    /// A span with its unit, of at least a minute.
    fn span(&self, key: &str, said: &Spanned<String>, most_ms: i64) -> Result<i64, ConfigProblem> {
        let text = said.get_ref();
        let ms = parse_span(text, 0).filter(|_| text.contains(char::is_alphabetic));
        let Some(ms) = ms else {
            let message = format!("`{key}` is a time with its unit, for instance \"15m\" or \"2h\".");
            return Err(self.wrong(said.span(), message));
        };
        if !(SOONEST_MS..=most_ms).contains(&ms) {
            let message = format!("`{key}` lies between 1 minute and {} days.", most_ms / 86_400_000);
            return Err(self.wrong(said.span(), message));
        }
        Ok(ms)
    }

    pub(super) fn environments(
        &self,
        raw: BTreeMap<Spanned<String>, RawEnvironment>,
        timezone: Tz,
    ) -> Result<BTreeMap<String, Environment>, ConfigProblem> {
        let mut out: BTreeMap<String, Environment> = BTreeMap::new();
        for (name, environment) in raw {
            self.name("environment", &name, 40)?;
            if let Some(other) = out.keys().find(|known| same_environment(known, name.get_ref())) {
                let message = format!("This is the same environment as `{other}`; put what holds there together.");
                return Err(self.wrong(name.span(), message));
            }
            if out.len() >= MOST_ENVIRONMENTS {
                let message = format!("At most {MOST_ENVIRONMENTS} environments have settings of their own.");
                return Err(self.wrong(name.span(), message));
            }
            let progress = environment.progress.map(|cron| RawProgress { cron: Some(cron), timezone: None });
            let progress = progress.map(|raw| self.progress(raw, timezone)).transpose()?;
            out.insert(name.into_inner().to_lowercase(), Environment { progress });
        }
        Ok(out)
    }
}
