//! iCalendar files (RFC 5545), as far as freezes need them: the spans of their events, those that come again and again
//! included.
//!
//! Reading the lines is done here; what a recurrence rule means is the `rrule` crate's. It counts on a calendar without
//! time zones, and what it finds is then looked up in the event's zone: so a meeting at nine stays at nine when clocks
//! change.

use crate::bounded;
use crate::domain::freeze::{LONGEST_MS, Span, day_begins, on_the_wall};
use crate::domain::schedule;
use crate::domain::time::Timestamp;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rrule::{RRule, RRuleSet, Unvalidated};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;
/// Events of one calendar.
const MOST_EVENTS: usize = 5_000;
/// Times one event may come: daily to the end of the century, from 2020 on.
const MOST_TIMES: usize = 30_000;
/// Spans of one calendar.
const MOST_SPANS: usize = 200_000;
/// Up to the end of this year.
const LAST_YEAR: i32 = 2099;
/// Characters of an event's name.
const LONGEST_NAME: usize = 120;

/// The spans of a calendar's events, in order and without overlap, each with what it is called. `zone` counts for times
/// that name none. The error is a sentence with the line.
pub fn load(path: &Path, zone: Tz) -> Result<Vec<(Span, String)>, String> {
    let unreadable = |e: std::io::Error| format!("The calendar cannot be read: {e}.");
    // A pipe would be waited for, and a device never ends.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("The calendar is not a file.".into());
    }
    let bytes = bounded::read(path, LARGEST).map_err(unreadable)?;
    if bounded::over(&bytes, LARGEST) {
        return Err(format!("The calendar is longer than {LARGEST} bytes; no more are read."));
    }
    let text = String::from_utf8(bytes).map_err(|_| "The calendar is not UTF-8 text.".to_owned())?;
    read(&text, zone)
}

/// The same of a calendar's text.
pub fn read(text: &str, zone: Tz) -> Result<Vec<(Span, String)>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut events: Vec<Event> = Vec::new();
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut event: Option<Event> = None;
    let mut calendar = false;
    for line in lines(text) {
        let at = line.number;
        let property =
            Property::read(&line).ok_or_else(|| format!("line {at} is not `NAME:value`, as in iCalendar."))?;
        match &*property.name {
            "BEGIN" => {
                let what = property.value.trim().to_uppercase();
                calendar |= what == "VCALENDAR";
                if what == "VEVENT" && event.is_none() {
                    event = Some(Event { line: at, ..Event::default() });
                }
                open.push((what, at));
            }
            "END" => {
                let what = property.value.trim().to_uppercase();
                match open.pop() {
                    Some((begun, _)) if begun == what => {}
                    _ => return Err(format!("line {at} ends a {what} that was not begun.")),
                }
                if what == "VEVENT"
                    && let Some(done) = event.take()
                {
                    events.push(done);
                }
                if events.len() > MOST_EVENTS {
                    return Err(format!("line {at}: at most {MOST_EVENTS} events are read."));
                }
            }
            _ if open.last().is_some_and(|(what, _)| what == "VEVENT") => {
                if let Some(event) = &mut event {
                    event.take(property, at, zone)?;
                }
            }
            _ => {}
        }
    }
    if let Some((what, at)) = open.last() {
        return Err(format!("line {at} begins a {what} that never ends."));
    }
    if !calendar {
        return Err("This is no iCalendar file: it does not begin with BEGIN:VCALENDAR.".into());
    }
    spans(events)
}

/// A line with those that continue it.
struct Line {
    number: usize,
    text: String,
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some(last)) => last.text.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push(Line { number: i + 1, text: line.to_owned() }),
        }
    }
    lines
}

/// `DTSTART;TZID=Europe/Berlin:20261124T150000`.
struct Property {
    name: String,
    parameters: BTreeMap<String, String>,
    value: String,
}

impl Property {
    fn read(line: &Line) -> Option<Self> {
        let mut quoted = false;
        let colon = line.text.find(|c| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let (head, value) = (&line.text[..colon], &line.text[colon + 1..]);
        let mut parts = head.split(';');
        let name = parts.next()?.trim().to_uppercase();
        let parameters = parts.filter_map(|p| p.split_once('='));
        let parameters =
            parameters.map(|(key, value)| (key.trim().to_uppercase(), value.trim_matches('"').to_owned())).collect();
        (!name.is_empty()).then(|| Self { name, parameters, value: value.to_owned() })
    }
}

/// A moment as an event writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct When {
    /// On the wall of the zone.
    local: NaiveDateTime,
    zone: Tz,
    /// A day without a time.
    day: bool,
}

impl When {
    fn moment(self) -> Option<Timestamp> {
        if self.day { day_begins(self.zone, self.local.date()) } else { on_the_wall(self.zone, self.local) }
    }
}

#[derive(Default)]
struct Event {
    line: usize,
    uid: String,
    name: String,
    start: Option<When>,
    end: Option<When>,
    duration_ms: Option<i64>,
    rules: Vec<(String, usize)>,
    except: Vec<When>,
    also: Vec<When>,
    /// It replaces this time of the event of the same UID.
    instead: Option<When>,
    cancelled: bool,
    free: bool,
}

impl Event {
    fn take(&mut self, property: Property, line: usize, zone: Tz) -> Result<(), String> {
        let when = || moments(&property, zone).map_err(|why| format!("line {line}: {why}"));
        let first = || -> Result<Option<When>, String> { Ok(when()?.first().copied()) };
        match &*property.name {
            "UID" => property.value.trim().clone_into(&mut self.uid),
            "SUMMARY" => self.name = plain(&property.value),
            "DTSTART" => self.start = first()?,
            "DTEND" => self.end = first()?,
            "DURATION" => {
                let ms = duration(&property.value);
                let why =
                    || format!("line {line}: `{}` is no length of time, such as P1D or PT8H.", shown(&property.value));
                self.duration_ms = Some(ms.ok_or_else(why)?);
            }
            "RRULE" => self.rules.push((property.value.trim().to_owned(), line)),
            "EXRULE" => return Err(format!("line {line}: EXRULE is not understood; write the exceptions as EXDATE.")),
            "EXDATE" => self.except.extend(when()?),
            "RDATE" => self.also.extend(when()?),
            "RECURRENCE-ID" => self.instead = first()?,
            "STATUS" => self.cancelled = property.value.trim().eq_ignore_ascii_case("CANCELLED"),
            "TRANSP" => self.free = property.value.trim().eq_ignore_ascii_case("TRANSPARENT"),
            _ => {}
        }
        Ok(())
    }

    /// When it begins, each time.
    fn times(&self) -> Result<Vec<When>, String> {
        let Some(start) = self.start else { return Err(format!("line {}: this event has no DTSTART.", self.line)) };
        let mut times = vec![start];
        for (rule, line) in &self.rules {
            let found = recurring(start, rule).map_err(|why| format!("line {line}: {why}"))?;
            times.extend(found.into_iter().map(|local| When { local, ..start }));
        }
        times.extend(&self.also);
        // Compared as moments: an exception may be written in another zone.
        let except: Vec<Option<Timestamp>> = self.except.iter().map(|w| w.moment()).collect();
        times.retain(|w| !except.contains(&w.moment()));
        Ok(times)
    }

    /// How long it lasts, in milliseconds on the wall.
    fn length_ms(&self) -> Result<i64, String> {
        let wrong = |why: &str| Err(format!("line {}: this event {why}.", self.line));
        let Some(start) = self.start else { return wrong("has no DTSTART") };
        let length = match (self.end, self.duration_ms) {
            (Some(end), _) if end.zone == start.zone => (end.local - start.local).num_milliseconds(),
            (Some(end), _) => match (start.moment(), end.moment()) {
                (Some(start), Some(end)) => end.0.saturating_sub(start.0),
                _ => return wrong("ends at no moment there is"),
            },
            (None, Some(ms)) => ms,
            (None, None) if start.day => 86_400_000,
            (None, None) => 0,
        };
        match length {
            ..0 => wrong("ends before it begins"),
            0 => wrong("ends when it begins: it has neither DTEND nor DURATION, or an empty one"),
            ms if ms > LONGEST_MS => wrong("lasts longer than a year"),
            ms => Ok(ms),
        }
    }
}

fn spans(events: Vec<Event>) -> Result<Vec<(Span, String)>, String> {
    // Times that another entry of the same event replaces.
    let replaced: Vec<(String, Option<Timestamp>)> =
        events.iter().filter_map(|e| Some((e.uid.clone(), e.instead?.moment()))).collect();
    let mut all: Vec<(Span, String)> = Vec::new();
    for event in events.iter().filter(|e| !e.cancelled && !e.free) {
        let length = TimeDelta::milliseconds(event.length_ms()?);
        for begins in event.times()? {
            let from = begins.moment();
            if event.instead.is_none() && replaced.iter().any(|(uid, at)| *uid == event.uid && *at == from) {
                continue;
            }
            let until = begins.local.checked_add_signed(length).and_then(|local| When { local, ..begins }.moment());
            if let (Some(from), Some(until)) = (from, until)
                && from < until
            {
                all.push((Span { from, until }, event.name.clone()));
            }
        }
        if all.len() > MOST_SPANS {
            return Err(format!("line {}: the events come more than {MOST_SPANS} times in all.", event.line));
        }
    }
    all.sort();
    let mut merged: Vec<(Span, String)> = Vec::new();
    for (span, name) in all {
        match merged.last_mut() {
            Some((last, _)) if span.from < last.until => last.until = last.until.max(span.until),
            _ => merged.push((span, name)),
        }
    }
    Ok(merged)
}

/// Where a rule's times are on the wall.
fn recurring(start: When, rule: &str) -> Result<Vec<NaiveDateTime>, String> {
    let bad = || format!("`{}` is no recurrence rule, such as FREQ=WEEKLY;BYDAY=FR.", shown(rule));
    let rule = on_its_wall(rule, start).ok_or_else(bad)?;
    if ["SECONDLY", "MINUTELY", "HOURLY"].iter().any(|f| rule.contains(f)) {
        return Err(format!("`{}` comes more often than daily; a freeze does not.", shown(&rule)));
    }
    let as_utc =
        |local: NaiveDateTime| DateTime::<Utc>::from_naive_utc_and_offset(local, Utc).with_timezone(&rrule::Tz::UTC);
    let parsed: RRule<Unvalidated> = rule.parse().map_err(|_| bad())?;
    let parsed = parsed.validate(as_utc(start.local)).map_err(|_| bad())?;
    let mut times = Vec::new();
    for time in &RRuleSet::new(as_utc(start.local)).rrule(parsed) {
        if time.year() > LAST_YEAR {
            break;
        }
        times.push(time.naive_utc());
        if times.len() > MOST_TIMES {
            return Err(format!("`{}` comes more than {MOST_TIMES} times.", shown(&rule)));
        }
    }
    Ok(times)
}

/// A rule's UNTIL as the event's own wall shows it, in the form of a moment in UTC: that is where it is counted.
fn on_its_wall(rule: &str, start: When) -> Option<String> {
    let part = |part: &str| -> Option<String> {
        let Some(until) = part.to_uppercase().strip_prefix("UNTIL=").map(str::to_owned) else {
            return Some(part.to_uppercase());
        };
        let local = match (until.strip_suffix('Z'), until.contains('T')) {
            (Some(utc), _) => clock(utc)?.and_utc().with_timezone(&start.zone).naive_local(),
            (None, true) => clock(&until)?,
            // The whole day.
            (None, false) => date(&until)?.and_hms_opt(23, 59, 59)?,
        };
        Some(format!("UNTIL={}Z", local.format("%Y%m%dT%H%M%S")))
    };
    let parts: Option<Vec<String>> = rule.split(';').filter(|p| !p.is_empty()).map(part).collect();
    parts.map(|parts| parts.join(";"))
}

/// The moments of a property: one, or several with commas between.
fn moments(property: &Property, zone: Tz) -> Result<Vec<When>, String> {
    let zone = match property.parameters.get("TZID") {
        Some(name) => schedule::timezone(name.trim_start_matches('/'))?,
        None => zone,
    };
    let one = |said: &str| -> Option<When> {
        let said = said.trim();
        if let Some(utc) = said.strip_suffix('Z') {
            return Some(When { local: clock(utc)?, zone: Tz::UTC, day: false });
        }
        match said.contains('T') {
            true => Some(When { local: clock(said)?, zone, day: false }),
            false => Some(When { local: date(said)?.and_time(NaiveTime::MIN), zone, day: true }),
        }
    };
    let bad = |said: &str| format!("`{}` is no moment, such as 20261124 or 20261124T150000Z.", shown(said));
    property.value.split(',').map(|said| one(said).ok_or_else(|| bad(said))).collect()
}

fn date(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| text.len() == 8)?;
    (1970..=LAST_YEAR).contains(&day.year()).then_some(day)
}

fn clock(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.split_once('T')?;
    let time = NaiveTime::parse_from_str(time, "%H%M%S").ok().filter(|_| time.len() == 6)?;
    Some(date(day)?.and_time(time))
}

/// `P1D`, `PT8H`, `P1W`, `P1DT12H30M`, in milliseconds.
fn duration(text: &str) -> Option<i64> {
    let said = text.trim().trim_start_matches('+').to_uppercase();
    let (mut total, mut digits, mut in_time) = (0_i64, String::new(), false);
    for c in said.strip_prefix('P')?.chars() {
        let unit_ms = match (c, in_time) {
            ('0'..='9', _) => {
                digits.push(c);
                continue;
            }
            ('T', false) if digits.is_empty() => {
                in_time = true;
                continue;
            }
            ('W', false) => 7 * 86_400_000,
            ('D', false) => 86_400_000,
            ('H', true) => 3_600_000,
            ('M', true) => 60_000,
            ('S', true) => 1_000,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit_ms)?)?;
        digits.clear();
    }
    digits.is_empty().then_some(total)
}

/// A text without iCalendar's escapes.
fn plain(text: &str) -> String {
    let text =
        text.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_NAME).collect::<String>().trim().to_owned()
}

fn shown(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() || c == '`' { '\u{fffd}' } else { c }).collect()
}
