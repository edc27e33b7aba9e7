//! Moments and spans. The domain is told the time; it never asks for it.

use chrono::{DateTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// A moment, in whole milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// As a calendar moment in UTC. Out of chrono's range (±262,000 years) it is the epoch.
    pub fn utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or_default()
    }
    /// The same moment, `ms` milliseconds later.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
    /// The whole minute that is not before this moment: what clocks show, people can say.
    pub fn to_minute(self) -> Self {
        Self(self.0.saturating_add(59_999).div_euclid(60_000).saturating_mul(60_000))
    }
    /// Milliseconds from `earlier` to here; never negative.
    pub fn since_ms(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(t: DateTime<Utc>) -> Self {
        Self(t.timestamp_millis())
    }
}

/// A span as people say it: `45 s`, `12 min`, `1 h 05 min`, `3 d 4 h`.
pub fn span(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    let (d, h, m) = (s / 86_400, s / 3600 % 24, s / 60 % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m:02} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// Milliseconds of a span as people write it: `45 s`, `1h 20min`, `1:30`, `90` (in `unit_ms`). None: it is no span.
pub fn parse_span(text: &str, unit_ms: i64) -> Option<i64> {
    let text = text.trim().trim_start_matches(['~', '<', '>', '≈']).trim().to_lowercase();
    if let Some((hours, minutes)) = text.split_once(':') {
        let (h, m) = (hours.trim().parse::<i64>().ok()?, minutes.trim().parse::<i64>().ok()?);
        return (0..60).contains(&m).then(|| h.checked_mul(3_600_000)?.checked_add(m * 60_000))?;
    }
    let mut total: i64 = 0;
    let mut rest = text.as_str();
    let mut parts = 0;
    while !rest.is_empty() && parts < 5 {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let n = super::meaning::Amount::parse(&rest[..digits]).filter(|_| digits > 0)?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "" if parts == 0 && rest.is_empty() => unit_ms,
            word => super::meaning::unit_ms(word)?,
        };
        total = total.checked_add(n.thousandths.checked_mul(unit)? / 1000)?;
        rest = rest[letters..].trim_start_matches([' ', ',', '.']).trim_start_matches("and ");
        parts += 1;
    }
    (parts > 0 && rest.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_like_speech() {
        for (ms, said) in
            [(-5, "0 s"), (45_000, "45 s"), (60_000, "1 min"), (3_900_000, "1 h 05 min"), (273_600_000, "3 d 4 h")]
        {
            assert_eq!(span(ms), said);
        }
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (said, ms) in [
            ("12", Some(720_000)),
            ("12 minutes", Some(720_000)),
            ("~12min", Some(720_000)),
            ("1h 20min", Some(4_800_000)),
            ("1 hour and 20 minutes", Some(4_800_000)),
            ("1:20", Some(4_800_000)),
            ("1.5 h", Some(5_400_000)),
            ("45 s", Some(45_000)),
            ("0", Some(0)),
            ("none", None),
            ("", None),
            ("1h 20", None),
            ("12 potatoes", None),
            ("1:75", None),
            ("999999999999 months", None),
        ] {
            assert_eq!(parse_span(said, 60_000), ms, "{said}");
        }
    }
}
