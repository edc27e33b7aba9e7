//! Schedules: cron expressions in a time zone, answered one moment at a time.
//!
//! Weekdays are counted as on every server: 0 and 7 are Sunday, 1 is Monday. Where both the day of the month and the
//! weekday are restricted, either is enough.
//!
//! When clocks change, an expression whose hour is `*` follows real time: an hourly post stays hourly. An expression
//! that names its hours means the clock on the wall: an hour that happens twice counts once, the first time, and
//! what would have fallen into an hour that is left out is due the moment after it.

use crate::domain::checklist::Schedule;
use crate::domain::time::Timestamp;
use crate::near::nearest;
use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use cron::TimeUnitSpec as _;
use std::str::FromStr;

/// Longest expression that is read.
const LONGEST: usize = 200;
/// How many wall-clock moments are looked at to find the next real one. A change of clocks takes three hours at most.
const LOOKS: usize = 12_000;
/// The last moment a schedule is asked about: 2100-01-01.
const LAST: i64 = 4_102_444_800_000;

/// A schedule ready to be asked.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// One expression, or two where either of two restrictions on the day is enough.
    parts: Vec<cron::Schedule>,
    tz: Tz,
    /// Its hour is `*`: follows real time through a change of clocks.
    every_hour: bool,
}

/// Reads a schedule. `default_tz` counts where it names no zone.
///
/// The error is a sentence for the person who wrote the expression.
pub fn parse(schedule: &Schedule, default_tz: Tz) -> Result<Compiled, String> {
    let tz = match &schedule.timezone {
        Some(name) => timezone(name)?,
        None => default_tz,
    };
    let source = schedule.cron.trim();
    if source.is_empty() {
        return Err("The schedule is empty; hourly is `0 * * * *`.".into());
    }
    if source.len() > LONGEST {
        return Err(format!("The schedule is {} bytes long; at most {LONGEST} are read.", source.len()));
    }
    let expanded = match source.strip_prefix('@') {
        Some(name) => shorthand(name)?,
        None => source,
    };
    let mut fields: Vec<&str> = expanded.split_ascii_whitespace().collect();
    match fields.len() {
        5 => fields.insert(0, "0"),
        6 => {}
        n => {
            return Err(format!(
                "`{}` has {n} field{}; a schedule has five (minute, hour, day, month, weekday) or six (second first). \
                 Hourly is `0 * * * *`.",
                tame(source),
                if n == 1 { "" } else { "s" }
            ));
        }
    }
    let [second, minute, hour, day, month, weekday] = fields[..] else {
        return Err("The schedule could not be read.".into());
    };
    let rules = [
        (second, "second", 0, 59, &[][..]),
        (minute, "minute", 0, 59, &[][..]),
        (hour, "hour", 0, 23, &[][..]),
        (day, "day of the month", 1, 31, &[][..]),
        (month, "month", 1, 12, MONTHS),
        (weekday, "weekday", 0, 7, WEEKDAYS),
    ];
    let mut sets = Vec::with_capacity(6);
    for (field, name, least, most, words) in rules {
        sets.push(Set::read(field, name, least, most, words)?);
    }
    let [seconds, minutes, hours, days, months, weekdays] = &sets[..] else {
        return Err("The schedule could not be read.".into());
    };
    let weekdays = weekdays.as_week();
    let combinations = if days.open || weekdays.open {
        vec![(days.text(), weekdays.text())]
    } else {
        vec![(days.text(), "*".to_owned()), ("*".to_owned(), weekdays.text())]
    };
    let mut parts = Vec::new();
    for (day, weekday) in combinations {
        let expression =
            format!("{} {} {} {day} {} {weekday}", seconds.text(), minutes.text(), hours.text(), months.text());
        parts.push(
            cron::Schedule::from_str(&expression)
                .map_err(|_| format!("`{}` could not be read as a schedule.", tame(source)))?,
        );
    }
    let compiled = Compiled { parts, tz, every_hour: hours.values.len() == 24 };
    if compiled.next_after(Timestamp(0)).is_none() {
        return Err(format!("`{}` never comes: no month has such a day.", tame(source)));
    }
    Ok(compiled)
}

impl Compiled {
    /// It comes more than once in a minute of some hour.
    pub fn is_hasty(&self) -> bool {
        self.parts.iter().any(|part| part.seconds().count() > 1)
    }

    /// Every full hour.
    pub fn hourly(tz: Tz) -> Self {
        let hourly = Schedule { cron: "0 0 * * * *".into(), timezone: None };
        parse(&hourly, tz).unwrap_or(Compiled { parts: Vec::new(), tz, every_hour: true })
    }

    /// The first moment strictly after `t`. None when there is no more (or `t` is not in 1970 to 2099).
    pub fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        if t.0 >= LAST {
            return None;
        }
        let t = t.0.max(0);
        let now = Utc.timestamp_millis_opt(t).single()?;
        let local = now.with_timezone(&self.tz).naive_local();
        let found = if self.every_hour { self.by_real_time(now, local) } else { self.by_wall_clock(now, local) }?;
        Some(found.into())
    }

    /// The zone it is kept in.
    pub fn timezone(&self) -> Tz {
        self.tz
    }

    /// The first wall-clock moment after `local` that fits.
    fn next_local(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let from = DateTime::<Utc>::from_naive_utc_and_offset(local, Utc);
        self.parts.iter().filter_map(|part| part.after(&from).next()).map(|t| t.naive_utc()).min()
    }

    fn by_real_time(&self, now: DateTime<Utc>, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let mut best = None;
        let mut at = local;
        for _ in 0..LOOKS {
            at = self.next_local(at)?;
            let found = match self.tz.from_local_datetime(&at) {
                LocalResult::Single(x) => Some(x.to_utc()),
                LocalResult::Ambiguous(first, second) => Some(if first > now { first } else { second }.to_utc()),
                LocalResult::None => None,
            };
            if let Some(found) = found.filter(|found| *found > now) {
                best = Some(found);
                break;
            }
        }
        // Clocks set back soon: the wall shows once more what it showed already.
        let soon = now + Duration::hours(3);
        let (before, after) = (self.offset(now), self.offset(soon));
        if after < before {
            let (mut low, mut high) = (now.timestamp(), soon.timestamp());
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                let set_back = Utc.timestamp_opt(middle, 0).single().is_some_and(|m| self.offset(m) < before);
                if set_back { high = middle } else { low = middle }
            }
            let change = Utc.timestamp_opt(high, 0).single()?;
            let shown = change.naive_utc() + Duration::seconds(i64::from(after)) - Duration::seconds(1);
            if let Some(next) = self.next_local(shown) {
                let again = (next - Duration::seconds(i64::from(after))).and_utc();
                if again > now && self.offset(again) == after && best.is_none_or(|b| again < b) {
                    best = Some(again);
                }
            }
        }
        best
    }

    fn by_wall_clock(&self, now: DateTime<Utc>, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let mut at = local;
        for _ in 0..LOOKS {
            at = self.next_local(at)?;
            let found = match self.tz.from_local_datetime(&at) {
                LocalResult::Single(x) => x.to_utc(),
                LocalResult::Ambiguous(first, _) => first.to_utc(),
                LocalResult::None => self.end_of_gap(at)?,
            };
            if found > now {
                return Some(found);
            }
        }
        None
    }

    /// The first real moment after a wall-clock moment that was left out.
    fn end_of_gap(&self, at: NaiveDateTime) -> Option<DateTime<Utc>> {
        let (mut low, mut high) = (at.and_utc() - Duration::hours(26), at.and_utc() + Duration::hours(26));
        // `low` shows less than `at`, `high` shows more; between them the wall jumps over it.
        while high - low > Duration::milliseconds(1) {
            let middle = low + (high - low) / 2;
            if middle.with_timezone(&self.tz).naive_local() < at { low = middle } else { high = middle }
        }
        Utc.timestamp_millis_opt(high.timestamp_millis()).single()
    }

    fn offset(&self, t: DateTime<Utc>) -> i32 {
        self.tz.offset_from_utc_datetime(&t.naive_utc()).fix().local_minus_utc()
    }
}

/// The time zone of that name, or a sentence with the nearest one.
pub fn timezone(name: &str) -> Result<Tz, String> {
    let name = name.trim();
    if let Ok(tz) = Tz::from_str(name) {
        return Ok(tz);
    }
    let names = || chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name());
    let near = names()
        .find(|known| known.eq_ignore_ascii_case(name))
        .or_else(|| names().find(|known| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name))))
        .or_else(|| nearest(name, names()));
    Err(match near {
        Some(near) => format!("There is no time zone `{}`. Did you mean `{near}`?", tame(name)),
        None => {
            format!("There is no time zone `{}`. Zones are written like `Europe/Berlin` or `UTC`.", tame(name))
        }
    })
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const SHORTHANDS: [(&str, &str); 7] = [
    ("hourly", "0 * * * *"),
    ("daily", "0 0 * * *"),
    ("midnight", "0 0 * * *"),
    ("weekly", "0 0 * * 0"),
    ("monthly", "0 0 1 * *"),
    ("yearly", "0 0 1 1 *"),
    ("annually", "0 0 1 1 *"),
];

fn shorthand(name: &str) -> Result<&'static str, String> {
    if let Some((_, fields)) = SHORTHANDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Ok(fields);
    }
    let near = nearest(name, SHORTHANDS.map(|(known, _)| known));
    Err(format!(
        "There is no schedule `@{}`. {}",
        tame(name),
        match near {
            Some(near) => format!("Did you mean `@{near}`?"),
            None => "There are `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`.".into(),
        }
    ))
}

/// What one field allows.
struct Set {
    values: Vec<u32>,
    /// Written with a leading `*` or `?`: it restricts nothing, as far as days are concerned.
    open: bool,
    all: bool,
}

impl Set {
    fn read(field: &str, name: &str, least: u32, most: u32, words: &[&str]) -> Result<Self, String> {
        let wrong = |part: &str| {
            let named = if words.is_empty() { String::new() } else { format!(" or names like `{}`", words[1]) };
            format!("`{}` is no {name}; it takes {least} to {most}{named}, `*`, ranges and steps.", tame(part))
        };
        let value = |text: &str| -> Option<u32> {
            if !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit()) {
                return text.parse().ok().filter(|n| (least..=most).contains(n));
            }
            let lower = text.to_ascii_lowercase();
            let index = words.iter().position(|w| lower.starts_with(w) && lower.len() <= 9)?;
            u32::try_from(index).ok().map(|i| if name == "month" { i + 1 } else { i })
        };
        let mut allowed = vec![false; most as usize + 1];
        for part in field.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => {
                    let number =
                        step.parse::<u32>().ok().filter(|n| *n > 0 && *n <= 1000).ok_or_else(|| wrong(part))?;
                    (range, Some(number))
                }
                None => (part, None),
            };
            let (from, to) = if range == "*" || range == "?" {
                (least, if name == "weekday" { 6 } else { most })
            } else if let Some((from, to)) = range.split_once('-') {
                let (from, to) = (value(from).ok_or_else(|| wrong(part))?, value(to).ok_or_else(|| wrong(part))?);
                // `Fri-Sun`: the week goes round.
                let to = if name == "weekday" && to == 0 && from > 0 { 7 } else { to };
                if from > to && name == "weekday" {
                    (from, to + 7)
                } else if from > to {
                    return Err(format!("`{}` runs backwards: {from} is after {to}.", tame(part)));
                } else {
                    (from, to)
                }
            } else {
                let from = value(range).ok_or_else(|| wrong(part))?;
                (from, if step.is_some() { most } else { from })
            };
            for n in (from..=to).step_by(step.unwrap_or(1) as usize) {
                let n = if n > most { n - 7 } else { n };
                if let Some(slot) = allowed.get_mut(n as usize) {
                    *slot = true;
                }
            }
        }
        let values: Vec<u32> = (least..=most).filter(|n| allowed.get(*n as usize).copied().unwrap_or(false)).collect();
        let all = values.len() == (most - least + 1) as usize;
        Ok(Self { values, open: field.starts_with('*') || field.starts_with('?'), all })
    }

    /// Weekdays as the cron library counts them: Sunday is 1.
    fn as_week(&self) -> Self {
        let mut values: Vec<u32> = self.values.iter().map(|n| n % 7 + 1).collect();
        values.sort_unstable();
        values.dedup();
        Self { all: values.len() == 7, open: self.open, values }
    }

    fn text(&self) -> String {
        if self.all {
            return "*".into();
        }
        self.values.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
    }
}

/// A typed word as it may stand between backticks in a sentence.
fn tame(text: &str) -> String {
    let mut out: String =
        text.chars().take(60).map(|c| if c.is_control() || c == '`' { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(cron: &str, tz: Tz) -> Compiled {
        match parse(&Schedule { cron: cron.into(), timezone: None }, tz) {
            Ok(c) => c,
            Err(e) => panic!("{cron}: {e}"),
        }
    }
    fn refusal(cron: &str) -> String {
        match parse(&Schedule { cron: cron.into(), timezone: None }, Tz::UTC) {
            Ok(_) => panic!("{cron} was accepted"),
            Err(e) => e,
        }
    }
    fn at(text: &str) -> Timestamp {
        text.parse::<DateTime<Utc>>().unwrap().into()
    }
    /// The next `n` moments after `from`, in UTC.
    fn run(cron: &str, tz: Tz, from: &str, n: usize) -> Vec<String> {
        let c = compiled(cron, tz);
        let mut t = at(from);
        (0..n)
            .map(|_| {
                t = c.next_after(t).unwrap();
                t.utc().format("%m-%dT%H:%M").to_string()
            })
            .collect()
    }

    #[test]
    fn expressions_of_five_and_six_fields_and_names() {
        for (cron, from, next) in [
            ("0 * * * *", "2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"),
            ("0 0 * * * *", "2026-11-21T10:00:00.001Z", "2026-11-21T11:00:00Z"),
            ("0 * * * *", "2026-11-21T09:59:59.999Z", "2026-11-21T10:00:00Z"),
            ("@hourly", "2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"),
            ("@Daily", "2026-11-21T10:00:00Z", "2026-11-22T00:00:00Z"),
            ("@weekly", "2026-11-21T10:00:00Z", "2026-11-22T00:00:00Z"),
            ("*/15 9-17 * * 1-5", "2026-11-20T17:50:00Z", "2026-11-23T09:00:00Z"),
            ("0 9 * * 1", "2026-11-21T10:00:00Z", "2026-11-23T09:00:00Z"),
            ("0 9 * * 7", "2026-11-21T10:00:00Z", "2026-11-22T09:00:00Z"),
            ("0 9 * * 0", "2026-11-21T10:00:00Z", "2026-11-22T09:00:00Z"),
            ("0 9 * * mon-Fri", "2026-11-21T10:00:00Z", "2026-11-23T09:00:00Z"),
            ("0 9 * * Fri-Mon", "2026-11-24T10:00:00Z", "2026-11-27T09:00:00Z"),
            ("0 9 1 * 1", "2026-11-24T10:00:00Z", "2026-11-30T09:00:00Z"),
            ("0 9 1 * 1", "2026-11-30T10:00:00Z", "2026-12-01T09:00:00Z"),
            ("0 0 29 2 *", "2026-11-21T10:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 1 JAN *", "2026-11-21T10:00:00Z", "2027-01-01T00:00:00Z"),
            ("5/20 * * * *", "2026-11-21T10:06:00Z", "2026-11-21T10:25:00Z"),
            ("* * * * * *", "2026-11-21T10:00:00.5Z", "2026-11-21T10:00:01Z"),
        ] {
            let got = compiled(cron, Tz::UTC).next_after(at(from)).unwrap();
            assert_eq!(got.utc().to_rfc3339(), at(next).utc().to_rfc3339(), "{cron} after {from}");
        }
    }

    #[test]
    fn hopeless_expressions_are_refused_with_a_sentence() {
        for (cron, part) in [
            ("", "is empty"),
            ("* * *", "has 3 fields"),
            ("* * * * * * 2030", "has 7 fields"),
            ("0 0 30 2 *", "never comes"),
            ("0 0 31 4,6,9,11 *", "never comes"),
            ("60 * * * *", "`60` is no minute; it takes 0 to 59"),
            ("* 24 * * *", "is no hour"),
            ("* * 0 * *", "day of the month"),
            ("* * * 13 *", "names like `feb`"),
            ("* * * * 8", "weekday"),
            ("*/0 * * * *", "`*/0`"),
            ("9-5 * * * *", "runs backwards"),
            ("@hourlyy", "Did you mean `@hourly`?"),
            ("@noon", "There are `@hourly`"),
            ("a b c d e", "`a` is no minute"),
            ("\u{7}` * * * *", "\u{fffd}"),
        ] {
            let said = refusal(cron);
            assert!(said.contains(part), "{cron}: {said}");
        }
        assert!(refusal(&"9".repeat(10_000)).contains("10000 bytes"));
    }

    #[test]
    fn zones_are_found_or_the_nearest_is_named() {
        assert_eq!(timezone("Europe/Berlin"), Ok(Tz::Europe__Berlin));
        for (name, part) in [
            ("Europe/Berln", "`Europe/Berlin`"),
            ("europe/berlin", "`Europe/Berlin`"),
            ("berlin", "`Europe/Berlin`"),
            ("Atlantis", "written like"),
            ("", "written like"),
        ] {
            let said = timezone(name).unwrap_err();
            assert!(said.contains(part), "{name}: {said}");
        }
    }

    #[test]
    fn an_hourly_schedule_stays_hourly_when_clocks_change() {
        for (tz, day) in [
            (Tz::Europe__Berlin, "2026-03-28T22:00:00Z"),
            (Tz::Europe__Berlin, "2026-10-24T22:00:00Z"),
            (Tz::America__New_York, "2026-03-08T04:00:00Z"),
            (Tz::America__New_York, "2026-11-01T03:00:00Z"),
        ] {
            let c = compiled("0 0 * * * *", tz);
            let mut t = at(day);
            for hour in 1..=12 {
                t = c.next_after(t).unwrap();
                assert_eq!(t, at(day).plus_ms(hour * 3_600_000), "{tz} {day} +{hour} h");
            }
        }
        let seen = run("30 * * * *", Tz::Europe__Berlin, "2026-10-24T23:10:00Z", 4);
        assert_eq!(seen, ["10-24T23:30", "10-25T00:30", "10-25T01:30", "10-25T02:30"]);
        // A restricted day in the zone, an open hour: nothing is lost at the seam.
        let seen = run("0 * 25 10 *", Tz::Europe__Berlin, "2026-10-24T23:30:00Z", 3);
        assert_eq!(seen, ["10-25T00:00", "10-25T01:00", "10-25T02:00"]);
    }

    #[test]
    fn a_named_hour_counts_once_when_clocks_change() {
        // Berlin, 29 March: 02:00 to 03:00 is left out.
        assert_eq!(
            run("30 2 * * *", Tz::Europe__Berlin, "2026-03-28T00:00:00Z", 3),
            ["03-28T01:30", "03-29T01:00", "03-30T00:30"]
        );
        assert_eq!(
            run("*/10 2,3 * * *", Tz::Europe__Berlin, "2026-03-28T23:00:00Z", 2),
            ["03-29T01:00", "03-29T01:10"]
        );
        // Berlin, 25 October: 02:30 happens twice.
        assert_eq!(run("30 2 * * *", Tz::Europe__Berlin, "2026-10-24T12:00:00Z", 2), ["10-25T00:30", "10-26T01:30"]);
        // New York, 8 March and 1 November.
        assert_eq!(run("30 2 * * *", Tz::America__New_York, "2026-03-08T00:00:00Z", 2), ["03-08T07:00", "03-09T06:30"]);
        assert_eq!(run("30 1 * * *", Tz::America__New_York, "2026-11-01T00:00:00Z", 2), ["11-01T05:30", "11-02T06:30"]);
        // Asked in the second of the two hours.
        assert_eq!(run("* 1 * * *", Tz::America__New_York, "2026-11-01T06:30:00Z", 1), ["11-02T06:00"]);
        assert_eq!(run("* * 1 * * *", Tz::America__New_York, "2026-11-01T06:00:00Z", 1), ["11-02T06:00"]);
    }

    #[test]
    fn an_open_hour_is_every_real_moment_whose_clock_fits() {
        for (tz, from) in [
            (Tz::Europe__Berlin, "2026-03-28T20:00:00Z"),
            (Tz::Europe__Berlin, "2026-10-24T20:00:00Z"),
            (Tz::America__New_York, "2026-03-08T02:00:00Z"),
            (Tz::America__New_York, "2026-11-01T02:00:00Z"),
            (Tz::Australia__Lord_Howe, "2026-04-04T10:00:00Z"),
            (Tz::Australia__Lord_Howe, "2026-10-03T10:00:00Z"),
        ] {
            let c = compiled("*/7 * * * *", tz);
            let start = at(from);
            let expected: Vec<i64> = (1..12 * 60)
                .map(|m| start.plus_ms(m * 60_000))
                .filter(|t| chrono::Timelike::minute(&t.utc().with_timezone(&tz)) % 7 == 0)
                .map(|t| t.0)
                .collect();
            let mut got = Vec::new();
            let mut t = start;
            while got.len() < expected.len() {
                t = c.next_after(t).unwrap();
                got.push(t.0);
            }
            assert_eq!(got, expected, "{tz} {from}");
        }
    }

    #[test]
    fn always_strictly_later_and_never_a_panic() {
        for cron in ["* * * * *", "0 */2 * * *", "30 2 * * *", "0 0 29 2 *"] {
            for tz in [Tz::Europe__Berlin, Tz::Australia__Lord_Howe, Tz::Pacific__Apia, Tz::Africa__Casablanca] {
                let c = compiled(cron, tz);
                for t in [i64::MIN, -1, 0, 1_774_742_400_001, 1_792_886_400_000, LAST - 1, LAST, i64::MAX] {
                    if let Some(next) = c.next_after(Timestamp(t)) {
                        assert!(next > Timestamp(t), "{cron} {tz} {t}");
                    }
                }
            }
        }
        // Samoa left out 30 December 2011 altogether.
        assert_eq!(
            run("0 12 * * *", Tz::Pacific__Apia, "2011-12-30T00:00:00Z", 3),
            ["12-30T10:00", "12-30T22:00", "12-31T22:00"]
        );
    }
}
