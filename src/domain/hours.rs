//! Hours of a week: when an office is open, when a layer of a rotation holds.

use super::time::Timestamp;
use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Tz;

/// Days looked at to find the next opening: a week with one day open, and one to be sure.
const DAYS: i64 = 9;

/// Some hours of some days of every week. Hours that end before they begin belong to the day they begin on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// From Monday.
    pub days: [bool; 7],
    /// Minutes since midnight.
    pub from: u16,
    /// Minutes since midnight, not included; 1440 is the day's end.
    pub until: u16,
    pub timezone: Tz,
}

/// The days as people name them.
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Hours {
    /// Whether that moment is within them.
    pub fn hold(&self, t: Timestamp) -> bool {
        let local = t.utc().with_timezone(&self.timezone);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        let (today, before) = (self.on(local.weekday()), self.on(local.weekday().pred()));
        if self.from < self.until {
            return today && (self.from..self.until).contains(&minute);
        }
        (today && minute >= self.from) || (before && minute < self.until)
    }

    fn on(&self, day: Weekday) -> bool {
        self.days[day.num_days_from_monday() as usize]
    }

    /// The first moment within them that is not before `t`; none where no day is open.
    pub fn opening(&self, t: Timestamp) -> Option<Timestamp> {
        if self.hold(t) {
            return Some(t);
        }
        self.edges(t).map(|(opens, _)| opens).filter(|at| *at > t).min()
    }

    /// The next moment after `t` at which they begin or end.
    pub fn next_edge(&self, t: Timestamp) -> Option<Timestamp> {
        self.edges(t).flat_map(|(opens, closes)| [opens, closes]).filter(|at| *at > t).min()
    }

    /// Beginnings and ends around a moment.
    fn edges(&self, t: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = t.utc().with_timezone(&self.timezone).date_naive();
        let overnight = u64::from(self.from >= self.until);
        let days = (-1..DAYS).filter_map(move |n| match u64::try_from(n) {
            Ok(n) => today.checked_add_days(Days::new(n)),
            Err(_) => today.pred_opt(),
        });
        days.filter(|day| self.on(day.weekday())).filter_map(move |day| {
            let end = day.checked_add_days(Days::new(overnight))?;
            Some((self.moment(day, self.from)?, self.moment(end, self.until)?))
        })
    }

    /// That minute of that day. What a change of clocks leaves out is the moment after; what happens twice, the first.
    fn moment(&self, day: NaiveDate, minute: u16) -> Option<Timestamp> {
        let (day, minute) = if minute >= 1440 { (day.succ_opt()?, 0) } else { (day, minute) };
        let time = NaiveTime::from_hms_opt(u32::from(minute / 60), u32::from(minute % 60), 0)?;
        let wall = day.and_time(time);
        let found: DateTime<Utc> = match self.timezone.from_local_datetime(&wall) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
            // Gaps end at a full quarter of an hour.
            LocalResult::None => (1..=12)
                .find_map(|quarters| {
                    let later = wall + chrono::Duration::minutes(quarters * 15);
                    self.timezone.from_local_datetime(&later).earliest()
                })?
                .to_utc(),
        };
        Some(found.into())
    }
}

/// Days as people write them: `Mon-Fri`, `Sat,Sun`. The error is a sentence.
pub fn days(text: &str) -> Result<[bool; 7], String> {
    let wrong = || format!("`{}` names no days. They are written like `Mon-Fri` or `Sat,Sun`.", shown(text));
    let day = |word: &str| {
        let word = word.trim().to_lowercase();
        NAMES.iter().position(|n| word.starts_with(n) && word.len() <= 9).ok_or_else(wrong)
    };
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = match part.split_once(['-', '–']) {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        // The week goes round: Fri-Mon.
        let length = (last + 7 - first) % 7;
        (0..=length).for_each(|n| days[(first + n) % 7] = true);
    }
    Ok(days)
}

/// Minutes since midnight of a time as people write it: `09:00`, `24:00`. The error is a sentence.
pub fn minute(text: &str) -> Result<u16, String> {
    let read = || {
        let (h, m) = text.trim().split_once(':')?;
        let (h, m): (u16, u16) = (h.parse().ok()?, m.parse().ok()?);
        let minute = h.checked_mul(60)?.checked_add(m)?;
        (m < 60 && minute <= 1440).then_some(minute)
    };
    read().ok_or_else(|| format!("`{}` is no time of day. Times are written like `09:00`.", shown(text)))
}

fn shown(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() || c == '`' { '\u{fffd}' } else { c }).collect()
}
