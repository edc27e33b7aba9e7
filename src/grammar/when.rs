//! Moments as people write them.

use super::lex::unquoted;
use super::problem::Problem;
use crate::domain::time::Timestamp;
use chrono::{DateTime, Days, FixedOffset, LocalResult, NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use std::fmt;

/// Farthest ahead a start may be: 366 days, in milliseconds.
const FARTHEST: i64 = 366 * 86_400_000;

/// A moment as said; [`When::resolve`] makes it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `18:30`, today or tomorrow.
    Clock { time: NaiveTime, tomorrow: bool },
    /// A day and a time on it, in the reader's zone.
    Local { date: NaiveDate, time: NaiveTime },
    /// A day and a time with `Z` or an offset.
    Exact(DateTime<FixedOffset>),
    /// So many milliseconds from now.
    In(i64),
}

impl When {
    /// Reads `18:30`, `tomorrow 18:30`, `18:30tomorrow`, `2026-11-21T18:30` with or without `Z` or offset, `+2h`,
    /// `+1h30m`, `in 30 min`.
    pub fn parse(text: &str) -> Result<When, Problem> {
        let text = unquoted(text);
        let bad = || Problem::BadTime { text: text.to_owned() };
        let no_such = || Problem::NoSuchTime { text: text.to_owned() };
        if text.chars().count() > 60 {
            return Err(bad());
        }
        let lower = text.to_lowercase();
        let lower = lower.strip_prefix("at ").unwrap_or(&lower).trim();
        if let Some(ahead) = lower.strip_prefix('+') {
            return ahead_ms(ahead).map(When::In).ok_or_else(bad);
        }
        if let Some(ahead) = lower.strip_prefix("in ") {
            return ahead_ms(ahead).map(When::In).ok_or_else(bad);
        }
        for (word, tomorrow) in [("tomorrow", true), ("today", false)] {
            let around = lower.strip_prefix(word).or_else(|| lower.strip_suffix(word));
            if let Some(clock) = around {
                let clock = clock.trim().trim_start_matches("at ").trim_matches([',', ' ']);
                let time = clock_time(clock).ok_or_else(bad)?.ok_or_else(no_such)?;
                return Ok(When::Clock { time, tomorrow });
            }
        }
        if let Some(time) = clock_time(lower) {
            return Ok(When::Clock { time: time.ok_or_else(no_such)?, tomorrow: false });
        }
        let (day, rest) = lower.split_once(['t', ' ']).ok_or_else(bad)?;
        let date = date(day).ok_or_else(bad)?.ok_or_else(no_such)?;
        let rest = rest.trim();
        let (clock, zone) = match rest.find(['z', '+', '-']) {
            Some(i) => (rest[..i].trim(), Some(&rest[i..])),
            None => (rest, None),
        };
        let time = clock_time(clock).ok_or_else(bad)?.ok_or_else(no_such)?;
        match zone {
            None => Ok(When::Local { date, time }),
            Some(zone) => {
                let offset = offset(zone).ok_or_else(bad)?;
                offset.from_local_datetime(&date.and_time(time)).single().map(When::Exact).ok_or_else(no_such)
            }
        }
    }

    /// The moment, seen from `now` in the zone `tz`. The error is a sentence that says what to write instead.
    pub fn resolve(&self, now: Timestamp, tz: Tz) -> Result<Timestamp, String> {
        let found = self.moment(now, tz)?;
        if found.since_ms(now) > FARTHEST {
            return Err("That is more than a year ahead; a start can be scheduled at most a year before.".into());
        }
        Ok(found)
    }

    /// The same for an option of another name, such as `until`.
    pub fn resolve_for(&self, option: &str, now: Timestamp, tz: Tz) -> Result<Timestamp, String> {
        let found = self.moment(now, tz).map_err(|why| why.replace("`at:", &format!("`{option}:")))?;
        if found.since_ms(now) > FARTHEST {
            return Err(format!("`{option}:` is more than a year ahead; name a moment within a year."));
        }
        Ok(found)
    }

    fn moment(&self, now: Timestamp, tz: Tz) -> Result<Timestamp, String> {
        let here = now.utc().with_timezone(&tz);
        let found = match *self {
            When::In(ms) => now.plus_ms(ms),
            When::Exact(moment) => Timestamp(moment.timestamp_millis()),
            When::Local { date, time } => on_the_wall(date, time, tz)?,
            When::Clock { time, tomorrow: true } => {
                let date = here.date_naive().checked_add_days(Days::new(1)).ok_or("There is no tomorrow left.")?;
                on_the_wall(date, time, tz)?
            }
            When::Clock { time, tomorrow: false } => {
                let found = on_the_wall(here.date_naive(), time, tz)?;
                if found <= now {
                    let clock = shown(time);
                    return Err(format!(
                        "{clock} has passed today; it is {} in {tz}. For tomorrow write `at:\"tomorrow {clock}\"`.",
                        here.format("%H:%M")
                    ));
                }
                found
            }
        };
        if found <= now {
            let then = found.utc().with_timezone(&tz);
            return Err(format!(
                "{} has passed; it is {} in {tz}. Name a later moment, for instance `at:+30m`.",
                then.format("%Y-%m-%d %H:%M"),
                here.format("%Y-%m-%d %H:%M")
            ));
        }
        Ok(found)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Clock { time, tomorrow: false } => f.write_str(&shown(*time)),
            When::Clock { time, tomorrow: true } => write!(f, "tomorrow {}", shown(*time)),
            When::Local { date, time } => write!(f, "{date} {}", shown(*time)),
            When::Exact(moment) => f.write_str(&moment.to_rfc3339()),
            // Exact, because it is read again: a picker repeats what was asked.
            When::In(ms) => write!(f, "+{}s", ms / 1000),
        }
    }
}

fn shown(time: NaiveTime) -> String {
    let text = time.format("%H:%M:%S").to_string();
    text.strip_suffix(":00").map(str::to_owned).unwrap_or(text)
}

fn on_the_wall(date: NaiveDate, time: NaiveTime, tz: Tz) -> Result<Timestamp, String> {
    match tz.from_local_datetime(&date.and_time(time)) {
        LocalResult::Single(t) => Ok(Timestamp(t.timestamp_millis())),
        LocalResult::None => Err(format!(
            "{} does not exist on {date} in {tz}: the clocks are set forward over it. Choose a time before or after.",
            shown(time)
        )),
        LocalResult::Ambiguous(first, second) => {
            let exact = |t: &DateTime<Tz>| t.with_timezone(&t.offset().fix()).format("%Y-%m-%dT%H:%M%:z").to_string();
            Err(format!(
                "{} comes twice on {date} in {tz}: the clocks are set back over it. Say which: `at:{}` is the first, \
                 `at:{}` the second.",
                shown(time),
                exact(&first),
                exact(&second)
            ))
        }
    }
}

/// `18:30` or `18:30:15`. None: not written like a clock time. `Some(None)`: no clock shows it.
fn clock_time(text: &str) -> Option<Option<NaiveTime>> {
    let parts: Vec<&str> = text.split(':').collect();
    let digits = |p: &str, most: usize| (1..=most).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    let (hour, minute, second) = match parts[..] {
        [h, m] => (h, m, "0"),
        [h, m, s] => (h, m, s),
        _ => return None,
    };
    if !digits(hour, 2) || !digits(second, 2) || minute.len() != 2 || !digits(minute, 2) {
        return None;
    }
    let number = |p: &str| p.parse::<u32>().unwrap_or(u32::MAX);
    Some(NaiveTime::from_hms_opt(number(hour), number(minute), number(second)))
}

/// `2026-11-21`. None: not written like a day. `Some(None)`: on no calendar.
fn date(text: &str) -> Option<Option<NaiveDate>> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
        return None;
    }
    if !parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Some(NaiveDate::from_ymd_opt(year, month, day))
}

/// `z`, `+1`, `+01`, `+0100`, `+01:00`.
fn offset(text: &str) -> Option<FixedOffset> {
    if text == "z" {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", d) => (1, d),
        ("-", d) => (-1, d),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((h, m)) => (h, m),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    if hours.is_empty() || hours.len() > 2 || minutes.len() != 2 {
        return None;
    }
    if !hours.bytes().chain(minutes.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

/// `2h`, `90m`, `1h30m`, `30 min`, `2 hours and 5 minutes`.
fn ahead_ms(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 6 {
            return None;
        }
        let amount: i64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "s" | "sec" | "second" | "seconds" => 1_000,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            "w" | "week" | "weeks" => 7 * 86_400_000,
            _ => return None,
        };
        total = total.checked_add(amount.checked_mul(unit)?)?;
        rest = rest[letters..].trim_start_matches([',', ' ']);
        rest = rest.strip_prefix("and ").unwrap_or(rest).trim_start();
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    fn at(text: &str) -> Timestamp {
        text.parse::<DateTime<Utc>>().unwrap().into()
    }

    #[test]
    fn moments_are_read_and_resolved() {
        // 18:00 in Berlin.
        let now = at("2026-11-20T17:00:00Z");
        for (said, moment) in [
            ("18:30", "2026-11-20T17:30:00Z"),
            ("today 18:30", "2026-11-20T17:30:00Z"),
            ("18:30tomorrow", "2026-11-21T17:30:00Z"),
            ("tomorrow 18:30", "2026-11-21T17:30:00Z"),
            ("Tomorrow at 8:05", "2026-11-21T07:05:00Z"),
            ("18:30 tomorrow", "2026-11-21T17:30:00Z"),
            ("2026-11-21T18:30", "2026-11-21T17:30:00Z"),
            ("2026-11-21 18:30", "2026-11-21T17:30:00Z"),
            ("2026-11-21 18:30:15", "2026-11-21T17:30:15Z"),
            ("2026-11-21T18:30Z", "2026-11-21T18:30:00Z"),
            ("2026-11-21T18:30+02:00", "2026-11-21T16:30:00Z"),
            ("2026-11-21T18:30-0500", "2026-11-21T23:30:00Z"),
            ("2026-11-21 18:30 +1", "2026-11-21T17:30:00Z"),
            ("+2h", "2026-11-20T19:00:00Z"),
            ("+90m", "2026-11-20T18:30:00Z"),
            ("+1h30m", "2026-11-20T18:30:00Z"),
            ("in 30 min", "2026-11-20T17:30:00Z"),
            ("in 1 hour and 5 minutes", "2026-11-20T18:05:00Z"),
            ("“tomorrow 18:30”", "2026-11-21T17:30:00Z"),
        ] {
            let when = When::parse(said).unwrap_or_else(|p| panic!("{said}: {p}"));
            assert_eq!(when.resolve(now, Tz::Europe__Berlin), Ok(at(moment)), "{said} ({when})");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for said in [
            "",
            "soon",
            "tomorrow",
            "18",
            "18:3",
            "+",
            "+h",
            "+2",
            "+2 parsecs",
            "in",
            "in a while",
            "2026-11-21",
            "21.11.2026 18:30",
            "2026-11-21T",
            "2026-11-21T18:30+99",
            "+9999999h",
            "+0m",
            "18:30 +1",
            "é:30",
            "2026-11-21T18:30é",
            "１８:３０",
        ] {
            assert!(matches!(When::parse(said), Err(Problem::BadTime { .. })), "{said}: {:?}", When::parse(said));
        }
        for said in ["24:00", "18:60", "2026-02-30T10:00", "2026-13-01T10:00", "tomorrow 25:00", "9999-99-99 10:00"] {
            assert!(matches!(When::parse(said), Err(Problem::NoSuchTime { .. })), "{said}");
        }
    }

    #[test]
    fn unusable_moments_get_a_sentence() {
        let now = at("2026-11-20T17:00:00Z");
        for (said, sentence) in [
            (
                "18:00",
                "18:00 has passed today; it is 18:00 in Europe/Berlin. For tomorrow write `at:\"tomorrow 18:00\"`.",
            ),
            (
                "2026-11-19T10:00",
                "2026-11-19 10:00 has passed; it is 2026-11-20 18:00 in Europe/Berlin. Name a later moment, for \
                 instance `at:+30m`.",
            ),
            ("+367d", "That is more than a year ahead; a start can be scheduled at most a year before."),
            ("9999-12-31 23:59", "That is more than a year ahead; a start can be scheduled at most a year before."),
            (
                "2027-03-28 02:30",
                "02:30 does not exist on 2027-03-28 in Europe/Berlin: the clocks are set forward over it. Choose a \
                 time before or after.",
            ),
            (
                "2027-10-31 02:30",
                "02:30 comes twice on 2027-10-31 in Europe/Berlin: the clocks are set back over it. Say which: \
                 `at:2027-10-31T02:30+02:00` is the first, `at:2027-10-31T02:30+01:00` the second.",
            ),
        ] {
            assert_eq!(When::parse(said).unwrap().resolve(now, Tz::Europe__Berlin), Err(sentence.to_owned()), "{said}");
        }
        assert!(When::parse("tomorrow 10:00").unwrap().resolve(Timestamp(i64::MAX), Tz::UTC).is_err());
        assert!(When::In(1).resolve(Timestamp(i64::MAX), Tz::UTC).is_err());
    }
}
