//! Rotations: who takes turns, from when on, in which hours.

use super::ConfigProblem;
use super::people::RawHours;
use super::read::{Reader, line};
use crate::domain::checklist::Schedule;
use crate::domain::directory::Directory;
use crate::domain::rotation::{Layer, Rotation};
use crate::domain::schedule;
use crate::domain::time::Timestamp;
use chrono::{Datelike, NaiveDate, TimeZone};
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Layers of a rotation, and people of a layer.
const MOST_LAYERS: usize = 10;
const MOST_PEOPLE: usize = 100;

/// Years a layer may start in: handoffs are counted from there.
const YEARS: std::ops::RangeInclusive<i32> = 2015..=2099;

/// The least time between two handoffs, in milliseconds, and how many of them are looked at.
const LEAST_TURN_MS: i64 = 3_600_000;
const LOOKED_AT: usize = 50;

const DAY_MS: i64 = 86_400_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[rotations.NAME]`")]
pub(super) struct RawRotation {
    timezone: Option<Spanned<String>>,
    #[serde(default)]
    layers: Vec<Spanned<RawLayer>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[[rotations.NAME.layers]]`")]
pub(super) struct RawLayer {
    people: Spanned<Vec<Spanned<String>>>,
    handoff: Spanned<String>,
    starts: Spanned<toml::Value>,
    timezone: Option<Spanned<String>>,
    only: Option<RawHours>,
}

impl Reader<'_> {
    /// Puts the rotations into the directory, whose people are there.
    pub(super) fn rotations(
        &self,
        raw: BTreeMap<Spanned<String>, RawRotation>,
        timezone: Tz,
        directory: &mut Directory,
    ) -> Result<(), ConfigProblem> {
        for (name, rotation) in raw {
            self.name("rotation", &name, 40)?;
            if rotation.layers.is_empty() {
                let message = format!(
                    "The rotation `{0}` has nobody. Add `[[rotations.{0}.layers]]` with `people`, `handoff` and `starts`.",
                    name.get_ref()
                );
                return Err(self.wrong(name.span(), message));
            }
            if rotation.layers.len() > MOST_LAYERS {
                return Err(self.wrong(name.span(), format!("A rotation has at most {MOST_LAYERS} layers.")));
            }
            let zone = self.zone(rotation.timezone.as_ref(), timezone)?;
            let layers = rotation.layers.iter().map(|layer| self.layer(layer.get_ref(), zone, directory));
            let layers = layers.collect::<Result<_, _>>()?;
            directory.lines.insert(format!("rotations.{}", name.get_ref()), line(self.text, name.span().start));
            directory.rotations.insert(name.into_inner(), Rotation { layers });
        }
        Ok(())
    }

    fn zone(&self, said: Option<&Spanned<String>>, usual: Tz) -> Result<Tz, ConfigProblem> {
        match said {
            Some(name) => schedule::timezone(name.get_ref()).map_err(|e| self.wrong(name.span(), e)),
            None => Ok(usual),
        }
    }

    fn layer(&self, raw: &RawLayer, zone: Tz, directory: &Directory) -> Result<Layer, ConfigProblem> {
        let zone = self.zone(raw.timezone.as_ref(), zone)?;
        let people = raw.people.get_ref();
        if people.is_empty() || people.len() > MOST_PEOPLE {
            let message = format!("A layer of a rotation has 1 to {MOST_PEOPLE} people.");
            return Err(self.wrong(raw.people.span(), message));
        }
        for id in people {
            if !directory.people.contains_key(id.get_ref()) {
                return Err(self.unknown("person", "[people.ID]", id, directory.people.keys().map(String::as_str)));
            }
        }
        let cron = Schedule { cron: raw.handoff.get_ref().clone(), timezone: None };
        let handoff = schedule::parse(&cron, zone).map_err(|e| self.wrong(raw.handoff.span(), e))?;
        let starts = self.starts(&raw.starts, zone)?;
        // A handoff on that day is where the first turn begins.
        let first = handoff.next_after(starts.plus_ms(-1)).filter(|at| at.since_ms(starts) < DAY_MS);
        let starts = first.unwrap_or(starts);
        let mut at = starts;
        for _ in 0..LOOKED_AT {
            let Some(next) = handoff.next_after(at) else { break };
            if next.since_ms(at) < LEAST_TURN_MS {
                let message = "This hands over more often than every hour; once a week is `0 9 * * Mon`.";
                return Err(self.wrong(raw.handoff.span(), message));
            }
            at = next;
        }
        let only = raw.only.as_ref().map(|hours| self.hours(hours, zone)).transpose()?;
        let people = people.iter().map(|id| id.get_ref().clone()).collect();
        Ok(Layer::new(people, handoff, starts, only))
    }

    /// The beginning of a day: `2026-11-30`, as a date or in quotes.
    fn starts(&self, said: &Spanned<toml::Value>, zone: Tz) -> Result<Timestamp, ConfigProblem> {
        let text = match said.get_ref() {
            toml::Value::String(text) => text.clone(),
            toml::Value::Datetime(at) => at.to_string(),
            _ => String::new(),
        };
        let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok().filter(|d| YEARS.contains(&d.year()));
        let begins = |day: NaiveDate| {
            // A midnight that a change of clocks leaves out is an hour later.
            (0..3).find_map(|hour| zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?).earliest())
        };
        match day.and_then(begins) {
            Some(at) => Ok(at.to_utc().into()),
            None => {
                let (first, last) = (YEARS.start(), YEARS.end());
                let message = format!(
                    "`starts` is the day the first person's turn begins, between {first} and {last}, for instance \
                     2026-11-30."
                );
                Err(self.wrong(said.span(), message))
            }
        }
    }
}
