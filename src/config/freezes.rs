//! `[freezes.NAME]` and `[start_windows.NAME]`: when nothing may be started, and when something may.

use super::ConfigProblem;
use super::read::Reader;
use crate::domain::checklist::Schedule;
use crate::domain::freeze::{Kind, LONGEST_MS, Period, Rule, Scope, Span, Spans, day_begins, on_the_wall};
use crate::domain::schedule::{self, Compiled};
use crate::domain::time::Timestamp;
use crate::ics;
use crate::near::nearest;
use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::value::Datetime;

/// Rules there may be.
const MOST: usize = 100;
/// Services or environments of one rule.
const MOST_NAMED: usize = 100;
/// From where the first spans of a rule are looked at when it is loaded: 2026-01-01.
const LOOK_FROM: Timestamp = Timestamp(1_767_225_600_000);
/// How many of them.
const LOOKED_AT: usize = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[freezes.NAME]`")]
pub(super) struct RawFreeze {
    reason: Option<Spanned<String>>,
    #[serde(default)]
    services: Vec<Spanned<String>>,
    #[serde(default)]
    environments: Vec<Spanned<String>>,
    #[serde(rename = "override")]
    override_: Option<Vec<Spanned<String>>>,
    timezone: Option<Spanned<String>>,
    starts: Option<Spanned<String>>,
    ends: Option<Spanned<String>>,
    last_days: Option<Spanned<i64>>,
    of: Option<Spanned<String>>,
    from: Option<Spanned<Datetime>>,
    until: Option<Spanned<Datetime>>,
    ics: Option<Spanned<String>>,
}

impl Reader<'_> {
    /// `known`: whether a role is there. `own`: the roles that may override where a rule names none.
    pub(super) fn freezes(
        &self,
        freezes: BTreeMap<Spanned<String>, RawFreeze>,
        windows: BTreeMap<Spanned<String>, RawFreeze>,
        zone: Tz,
        known: &dyn Fn(&str) -> bool,
        own: &[String],
    ) -> Result<Vec<Rule>, ConfigProblem> {
        let mut rules: Vec<Rule> = Vec::new();
        let all = freezes.into_iter().map(|f| (Kind::Freeze, f)).chain(windows.into_iter().map(|w| (Kind::Window, w)));
        for (kind, (name, raw)) in all {
            self.name("freeze", &name, 40)?;
            let said = name.get_ref();
            if said.chars().all(|c| c.is_ascii_digit()) {
                let message = "A number is what Rollcall calls freezes that people set; give this one a name.";
                return Err(self.wrong(name.span(), message));
            }
            if rules.iter().any(|r| r.name.eq_ignore_ascii_case(said)) {
                let message = format!("`{said}` is the name of another freeze or window; names must tell them apart.");
                return Err(self.wrong(name.span(), message));
            }
            if rules.len() >= MOST {
                return Err(self.wrong(name.span(), format!("There are more than {MOST} freezes and windows.")));
            }
            rules.push(self.freeze(kind, &name, raw, zone, known, own)?);
        }
        Ok(rules)
    }

    fn freeze(
        &self,
        kind: Kind,
        name: &Spanned<String>,
        raw: RawFreeze,
        zone: Tz,
        known: &dyn Fn(&str) -> bool,
        own: &[String],
    ) -> Result<Rule, ConfigProblem> {
        let zone = match &raw.timezone {
            Some(zone) => schedule::timezone(zone.get_ref()).map_err(|e| self.wrong(zone.span(), e))?,
            None => zone,
        };
        if let Some(reason) = &raw.reason {
            self.name("reason", reason, 300)?;
        }
        for (what, names) in [("service", &raw.services), ("environment", &raw.environments)] {
            names.iter().try_for_each(|n| self.name(what, n, 40))?;
            if names.len() > MOST_NAMED {
                let message = format!("At most {MOST_NAMED} can be named; leave the list away to mean all.");
                return Err(self.wrong(name.span(), message));
            }
        }
        let may_override = match &raw.override_ {
            Some(roles) => {
                if let Some(role) = roles.iter().find(|role| !known(role.get_ref())) {
                    return Err(self.unknown("role", "[roles]", role, std::iter::empty()));
                }
                roles.iter().map(|r| r.get_ref().clone()).collect()
            }
            None => own.to_vec(),
        };
        let names = |all: &[Spanned<String>]| all.iter().map(|n| n.get_ref().clone()).collect();
        let scope = Scope { services: names(&raw.services), environments: names(&raw.environments) };
        let spans = self.spans(name, &raw, zone)?;
        let reason = raw.reason.map(Spanned::into_inner).unwrap_or_default();
        Ok(Rule { name: name.get_ref().clone(), kind, reason, scope, may_override, spans })
    }

    fn spans(&self, name: &Spanned<String>, raw: &RawFreeze, zone: Tz) -> Result<Spans, ConfigProblem> {
        const WAYS: &str = "Say when in one way: `starts` and `ends` as cron expressions; `last_days` and `of`; `from` \
                            and `until`; or `ics` with a calendar's file.";
        let ways = [
            raw.starts.is_some() || raw.ends.is_some(),
            raw.last_days.is_some() || raw.of.is_some(),
            raw.from.is_some() || raw.until.is_some(),
            raw.ics.is_some(),
        ];
        if ways.iter().filter(|way| **way).count() != 1 {
            return Err(self.wrong(name.span(), WAYS));
        }
        let lacks = |key: &str| Err(self.wrong(name.span(), format!("`{key}` is missing here. {WAYS}")));
        match (&raw.starts, &raw.ends, &raw.last_days, &raw.of, &raw.from, &raw.until, &raw.ics) {
            (Some(starts), Some(ends), ..) => self.cron(starts, ends, zone),
            (Some(_), None, ..) => lacks("ends"),
            (None, Some(_), ..) => lacks("starts"),
            (_, _, Some(days), Some(of), ..) => self.last(days, of, zone),
            (_, _, Some(_), None, ..) => lacks("of"),
            (_, _, None, Some(_), ..) => lacks("last_days"),
            (_, _, _, _, Some(from), Some(until), _) => self.once(from, until, zone),
            (_, _, _, _, Some(_), None, _) => lacks("until"),
            (_, _, _, _, None, Some(_), _) => lacks("from"),
            (.., Some(file)) => self.calendar(file, zone),
            (.., None) => Err(self.wrong(name.span(), WAYS)),
        }
    }

    fn cron(&self, starts: &Spanned<String>, ends: &Spanned<String>, zone: Tz) -> Result<Spans, ConfigProblem> {
        let compiled = |said: &Spanned<String>| -> Result<Box<Compiled>, ConfigProblem> {
            let schedule = Schedule { cron: said.get_ref().clone(), timezone: None };
            schedule::parse(&schedule, zone).map(Box::new).map_err(|e| self.wrong(said.span(), e))
        };
        let (starts_at, ends_at) = (compiled(starts)?, compiled(ends)?);
        let same = starts_at.next_after(LOOK_FROM) == ends_at.next_after(LOOK_FROM);
        if same && starts.get_ref().trim() == ends.get_ref().trim() {
            let message = "It ends at the very moments it starts: there is nothing in between.";
            return Err(self.wrong(ends.span(), message));
        }
        let spans = Spans::Cron { starts: starts_at, ends: ends_at };
        let mut at = LOOK_FROM;
        for _ in 0..LOOKED_AT {
            let Some((span, _)) = spans.ending_after(at) else { break };
            if span.until.since_ms(span.from) > LONGEST_MS {
                let message = format!(
                    "From {} it would last until {}, longer than a year. Let it end sooner.",
                    span.from.utc().format("%Y-%m-%d"),
                    span.until.utc().format("%Y-%m-%d")
                );
                return Err(self.wrong(ends.span(), message));
            }
            at = span.until;
        }
        Ok(spans)
    }

    fn last(&self, days: &Spanned<i64>, of: &Spanned<String>, zone: Tz) -> Result<Spans, ConfigProblem> {
        let known = [("month", Period::Month), ("quarter", Period::Quarter), ("year", Period::Year)];
        let Some((word, period)) = known.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(of.get_ref())) else {
            let near = nearest(of.get_ref(), known.iter().map(|(word, _)| *word));
            let near = near.map(|n| format!(" Did you mean \"{n}\"?")).unwrap_or_default();
            return Err(self.wrong(of.span(), format!("`of` is \"month\", \"quarter\" or \"year\".{near}")));
        };
        let most = period.most_days();
        match u32::try_from(*days.get_ref()).ok().filter(|n| (1..=most).contains(n)) {
            Some(days) => Ok(Spans::Last { days, of: period, zone }),
            None => {
                let message =
                    format!("`last_days` of a {word} is a number from 1 to {most}: some of it must stay free.");
                Err(self.wrong(days.span(), message))
            }
        }
    }

    fn once(&self, from: &Spanned<Datetime>, until: &Spanned<Datetime>, zone: Tz) -> Result<Spans, ConfigProblem> {
        let begins = self.moment(from, zone, false)?;
        let ends = self.moment(until, zone, true)?;
        if ends <= begins {
            return Err(self.wrong(until.span(), "It ends before it begins. A day given as its end belongs to it."));
        }
        if ends.since_ms(begins) > LONGEST_MS {
            return Err(
                self.wrong(until.span(), "It lasts longer than a year; let it end sooner, and look at it again then.")
            );
        }
        Ok(Spans::Once(Span { from: begins, until: ends }))
    }

    /// A day belongs as a whole; a time is a moment in the zone, or in its own.
    fn moment(&self, said: &Spanned<Datetime>, zone: Tz, last: bool) -> Result<Timestamp, ConfigProblem> {
        let bad = || {
            let message = "Here stands a day (2026-12-20) or a day and a time (2026-12-20T18:00:00), without quotes.";
            self.wrong(said.span(), message)
        };
        let datetime = said.get_ref();
        if datetime.offset.is_some() {
            let exact = chrono::DateTime::parse_from_rfc3339(&datetime.to_string()).map_err(|_| bad())?;
            return Ok(Timestamp(exact.timestamp_millis()));
        }
        let date = datetime.date.ok_or_else(bad)?;
        let day = NaiveDate::from_ymd_opt(i32::from(date.year), date.month.into(), date.day.into()).ok_or_else(bad)?;
        if !(1970..2100).contains(&date.year) {
            return Err(self.wrong(said.span(), "This year is none that Rollcall will see; from 1970 to 2099."));
        }
        let found = match datetime.time {
            None if last => day.checked_add_days(Days::new(1)).and_then(|next| day_begins(zone, next)),
            None => day_begins(zone, day),
            Some(time) => {
                let second = time.second.unwrap_or(0);
                let clock = NaiveTime::from_hms_opt(time.hour.into(), time.minute.into(), second.into());
                clock.and_then(|clock| on_the_wall(zone, day.and_time(clock)))
            }
        };
        found.ok_or_else(bad)
    }

    fn calendar(&self, file: &Spanned<String>, zone: Tz) -> Result<Spans, ConfigProblem> {
        let path = self.folder.join(Path::new(file.get_ref()));
        let wrong = |why: String| self.wrong(Range::clone(&file.span()), format!("{}: {why}", path.display()));
        let spans = ics::load(&path, zone).map_err(wrong)?;
        if spans.is_empty() {
            return Err(wrong("There is no event in this calendar.".into()));
        }
        Ok(Spans::Listed(spans))
    }
}
