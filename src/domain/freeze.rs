//! When nothing may be started: rules with their spans of time, and at any moment what holds, by which rule, until when.
//!
//! A freeze forbids starts while it lasts; a window for starting forbids them while none of its kind is open. Both are
//! the same rule read two ways.

use super::deployment::same_environment;
use super::schedule::Compiled;
use super::standing::SetFreeze;
use super::time::Timestamp;
use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// How far ahead a free moment is looked for, in milliseconds: 400 days. What is frozen for longer has none.
pub const FARTHEST_MS: i64 = 400 * 86_400_000;

/// Ends of freezes looked at on the way to a free moment.
const LOOKS: usize = 1_000;

/// The longest a span may last, in milliseconds: 366 days.
pub const LONGEST_MS: i64 = 366 * 86_400_000;

/// How far back the last end of a span is looked for, in milliseconds, nearer first: nine years reach over every leap day.
const BACK_MS: [i64; 7] =
    [120_000, 3_600_000, 86_400_000, 8 * 86_400_000, 32 * 86_400_000, 370 * 86_400_000, 3_290 * 86_400_000];

/// A freeze as people name it: those that were set have a number only.
pub fn called(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_digit()) { format!("freeze {name}") } else { name.to_owned() }
}

/// From a moment on until another, which is no longer in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// What ends with its last days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Month,
    Quarter,
    Year,
}

impl Period {
    /// How many last days leave some of the shortest such period free.
    pub fn most_days(self) -> u32 {
        match self {
            Self::Month => 27,
            Self::Quarter => 89,
            Self::Year => 364,
        }
    }

    fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// When a rule's spans are.
#[derive(Clone, Debug)]
pub enum Spans {
    /// From each of the first moments until the next of the second.
    Cron { starts: Box<Compiled>, ends: Box<Compiled> },
    /// The last days of every period, on the calendar of a zone.
    Last { days: u32, of: Period, zone: Tz },
    /// Once.
    Once(Span),
    /// Of a calendar, in order and without overlap, each with what it is called there.
    Listed(Vec<(Span, String)>),
}

/// Where a rule holds. Empty: everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub services: Vec<String>,
    pub environments: Vec<String>,
}

impl Scope {
    /// It holds for this service in this environment.
    pub fn covers(&self, service: &str, environment: &str) -> bool {
        let service_fits = |s: &String| s.trim().to_lowercase() == service.trim().to_lowercase();
        (self.services.is_empty() || self.services.iter().any(service_fits))
            && (self.environments.is_empty() || self.environments.iter().any(|e| same_environment(e, environment)))
    }

    /// There is a service in an environment for which both hold.
    fn meets(&self, other: &Scope) -> bool {
        let any = |mine: &[String], theirs: &[String], both: &dyn Fn(&str, &str) -> bool| {
            mine.is_empty() || theirs.is_empty() || mine.iter().any(|m| theirs.iter().any(|t| both(m, t)))
        };
        any(&self.services, &other.services, &|a, b| a.trim().to_lowercase() == b.trim().to_lowercase())
            && any(&self.environments, &other.environments, &same_environment)
    }
}

/// Whether starts are forbidden in a rule's spans or outside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Freeze,
    Window,
}

/// A rule of the configuration.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub kind: Kind,
    /// Why, for whoever is refused. May be empty.
    pub reason: String,
    pub scope: Scope,
    /// Roles that may start all the same.
    pub may_override: Vec<String>,
    pub spans: Spans,
}

/// A freeze that holds at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The rule's name, or the number of one that was set.
    pub name: String,
    pub reason: String,
    /// Since when, where it began; of windows it is not told.
    pub since: Option<Timestamp>,
    /// None: until somebody lifts it.
    pub until: Option<Timestamp>,
    pub may_override: Vec<String>,
}

/// A start that may not be: what holds then, and when it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// At least one; the one that ends last first.
    pub holding: Vec<Holding>,
    /// The next free moment; none within [`FARTHEST_MS`].
    pub free_at: Option<Timestamp>,
}

impl Frozen {
    /// The one that ends last.
    pub fn first(&self) -> Option<&Holding> {
        self.holding.first()
    }
}

/// A span that is coming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    pub name: String,
    pub reason: String,
    pub from: Timestamp,
    pub until: Timestamp,
    pub scope: Scope,
}

/// All that can forbid a start: the configuration's rules and what people have set.
#[derive(Clone, Copy, Debug)]
pub struct Freezes<'a> {
    pub rules: &'a [Rule],
    pub set: &'a [SetFreeze],
    /// Roles that may start in a freeze somebody has set.
    pub may_override: &'a [String],
}

impl Freezes<'_> {
    /// What holds at a moment for a service in an environment, but for those named in `except`.
    pub fn holding(&self, service: &str, environment: &str, at: Timestamp, except: &[String]) -> Vec<Holding> {
        self.held_where(&|scope| scope.covers(service, environment), at, except)
    }

    /// What holds at a moment somewhere in a scope.
    pub fn over(&self, scope: &Scope, at: Timestamp) -> Vec<Holding> {
        self.held_where(&|other| other.meets(scope), at, &[])
    }

    fn held_where(&self, fits: &dyn Fn(&Scope) -> bool, at: Timestamp, except: &[String]) -> Vec<Holding> {
        let here = || self.rules.iter().filter(|r| fits(&r.scope));
        let frozen = here().filter(|r| r.kind == Kind::Freeze).filter_map(|r| r.held(at));
        let set = self.set.iter().filter(|f| fits(&f.scope()) && f.holds(at));
        let set = set.map(|f| Holding {
            name: f.number.to_string(),
            reason: f.reason.clone(),
            since: Some(f.at),
            until: f.until,
            may_override: self.may_override.to_vec(),
        });
        let mut holding: Vec<Holding> =
            frozen.chain(set).chain(closed(here().filter(|r| r.kind == Kind::Window), at)).collect();
        holding.retain(|h| !except.contains(&h.name));
        holding.sort_by_key(|h| std::cmp::Reverse(h.until.map_or(i64::MAX, |t| t.0)));
        holding
    }

    /// Why a start at this moment may not be; none if it may.
    pub fn frozen(&self, service: &str, environment: &str, at: Timestamp, except: &[String]) -> Option<Frozen> {
        let holding = self.holding(service, environment, at, except);
        if holding.is_empty() {
            return None;
        }
        let free_at = self.free_after(service, environment, at, except);
        Some(Frozen { holding, free_at })
    }

    /// The first moment from here on at which a start may be.
    fn free_after(&self, service: &str, environment: &str, at: Timestamp, except: &[String]) -> Option<Timestamp> {
        let mut moment = at;
        for _ in 0..LOOKS {
            let holding = self.holding(service, environment, moment, except);
            let Some(first) = holding.first() else { return Some(moment) };
            moment = first.until.filter(|until| until.since_ms(at) <= FARTHEST_MS)?;
        }
        None
    }

    /// Freezes that begin after `from` and before `until`, in order of their beginning; at most `most` of each rule.
    pub fn coming(&self, from: Timestamp, until: Timestamp, most: usize) -> Vec<Coming> {
        let mut coming = Vec::new();
        for rule in self.rules.iter().filter(|r| r.kind == Kind::Freeze) {
            let mut at = rule.spans.held(from).map_or(from, |(span, _)| span.until);
            for _ in 0..most {
                let Some((span, called)) = rule.spans.ending_after(at).filter(|(s, _)| s.from < until) else { break };
                let reason = called.unwrap_or(&rule.reason).to_owned();
                let (name, scope) = (rule.name.clone(), rule.scope.clone());
                coming.push(Coming { name, reason, from: span.from, until: span.until, scope });
                at = span.until;
            }
        }
        coming.sort_by_key(|c| c.from);
        coming
    }
}

/// Where there are windows for starting and none is open: until the first of them opens.
fn closed<'a>(windows: impl Iterator<Item = &'a Rule>, at: Timestamp) -> Option<Holding> {
    let mut soonest: Option<(&Rule, Option<Timestamp>)> = None;
    for rule in windows {
        let next = rule.spans.ending_after(at).map(|(span, _)| span.from);
        if next.is_some_and(|from| from <= at) {
            return None;
        }
        let sooner = |(_, best): (&Rule, Option<Timestamp>)| next.is_some_and(|n| best.is_none_or(|b| n < b));
        if soonest.is_none_or(sooner) {
            soonest = Some((rule, next));
        }
    }
    let (rule, until) = soonest?;
    let (name, reason) = (rule.name.clone(), rule.reason.clone());
    Some(Holding { name, reason, since: None, until, may_override: rule.may_override.clone() })
}

impl Rule {
    fn held(&self, at: Timestamp) -> Option<Holding> {
        let (span, called) = self.spans.held(at)?;
        Some(Holding {
            name: self.name.clone(),
            reason: called.unwrap_or(&self.reason).to_owned(),
            since: Some(span.from),
            until: Some(span.until),
            may_override: self.may_override.clone(),
        })
    }
}

impl Spans {
    /// The span that holds at a moment, with what a calendar calls it.
    pub fn held(&self, at: Timestamp) -> Option<(Span, Option<&str>)> {
        self.ending_after(at).filter(|(span, _)| span.from <= at)
    }

    /// The first span that ends after a moment: the one that holds, else the next.
    pub fn ending_after(&self, at: Timestamp) -> Option<(Span, Option<&str>)> {
        match self {
            Self::Cron { starts, ends } => cron_span(starts, ends, at).map(|span| (span, None)),
            Self::Last { days, of, zone } => last_days(*days, *of, *zone, at).map(|span| (span, None)),
            Self::Once(span) => (span.until > at).then_some((*span, None)),
            Self::Listed(spans) => {
                let next = spans.get(spans.partition_point(|(span, _)| span.until <= at))?;
                Some((next.0, Some(next.1.as_str()).filter(|called| !called.is_empty())))
            }
        }
    }
}

/// A span begins with the first start since the last end: further starts in it change nothing.
fn cron_span(starts: &Compiled, ends: &Compiled, at: Timestamp) -> Option<Span> {
    let last_end = |back: &i64| {
        let mut last = None;
        let mut end = ends.next_after(at.plus_ms(-back));
        while let Some(found) = end.filter(|e| *e <= at) {
            last = Some(found);
            end = ends.next_after(found);
        }
        last
    };
    let since = BACK_MS.iter().find_map(last_end).unwrap_or_else(|| at.plus_ms(-BACK_MS[6]));
    let from = starts.next_after(since.plus_ms(-1))?;
    let until = ends.next_after(from.max(at))?;
    Some(Span { from, until })
}

fn last_days(days: u32, of: Period, zone: Tz, at: Timestamp) -> Option<Span> {
    let here = at.utc().with_timezone(&zone).date_naive();
    let months = of.months();
    let first = NaiveDate::from_ymd_opt(here.year(), here.month0() / months * months + 1, 1)?;
    let next = first.checked_add_months(Months::new(months))?;
    let from = next.checked_sub_days(Days::new(u64::from(days)))?;
    Some(Span { from: day_begins(zone, from)?, until: day_begins(zone, next)? })
}

/// The first moment of a day in a zone.
pub fn day_begins(zone: Tz, day: NaiveDate) -> Option<Timestamp> {
    on_the_wall(zone, day.and_hms_opt(0, 0, 0)?)
}

/// The moment a clock on the wall shows that: the first of two, and the first after what is left out.
pub fn on_the_wall(zone: Tz, local: NaiveDateTime) -> Option<Timestamp> {
    // A day at most is left out; clocks are set by whole minutes.
    (0..=1_500).find_map(|minutes| {
        let shown = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        let found: Option<DateTime<Tz>> = match zone.from_local_datetime(&shown) {
            LocalResult::Single(t) => Some(t),
            LocalResult::Ambiguous(first, _) => Some(first),
            LocalResult::None => None,
        };
        found.map(|t| Timestamp(t.timestamp_millis()))
    })
}
