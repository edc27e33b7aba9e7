//! What a page's sections, lines and blanks mean, beyond being there: data for the walk, the watch and the record.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What a section is for. The walk goes by [`super::checklist::Branch`]; this says what people see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    /// Things to do.
    #[default]
    Tasks,
    /// When to roll back.
    RollbackCriteria,
    /// How to roll back.
    RollbackProcedure,
    /// Who agrees: sign-offs, approvals, gates.
    SignOff,
    /// Whom to reach.
    Contacts,
    /// For one environment only.
    Environment,
    /// Lists on demand.
    Troubleshooting,
    /// After a success.
    AfterSuccess,
    /// After a rollback.
    AfterRollback,
    /// A time after the deployment.
    FollowUp,
    /// Who is told what, and when.
    Communication,
    /// What makes it a success.
    SuccessCriteria,
    /// Figures to reach.
    Kpis,
    /// Blanks about the deployment.
    Information,
    /// Only to be read.
    Notes,
}

impl SectionKind {
    /// Every kind, in the order they are listed to people.
    pub const ALL: [Self; 15] = [
        Self::Tasks,
        Self::RollbackCriteria,
        Self::RollbackProcedure,
        Self::SignOff,
        Self::Contacts,
        Self::Environment,
        Self::Troubleshooting,
        Self::AfterSuccess,
        Self::AfterRollback,
        Self::FollowUp,
        Self::Communication,
        Self::SuccessCriteria,
        Self::Kpis,
        Self::Information,
        Self::Notes,
    ];

    /// The word of it in data and annotations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::RollbackCriteria => "rollback_criteria",
            Self::RollbackProcedure => "rollback_procedure",
            Self::SignOff => "sign_off",
            Self::Contacts => "contacts",
            Self::Environment => "environment",
            Self::Troubleshooting => "troubleshooting",
            Self::AfterSuccess => "after_success",
            Self::AfterRollback => "after_rollback",
            Self::FollowUp => "follow_up",
            Self::Communication => "communication",
            Self::SuccessCriteria => "success_criteria",
            Self::Kpis => "kpis",
            Self::Information => "information",
            Self::Notes => "notes",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::RollbackCriteria => "rollback criteria",
            Self::RollbackProcedure => "rollback",
            Self::SignOff => "sign-off",
            Self::Contacts => "contacts",
            Self::Environment => "environment",
            Self::Troubleshooting => "on demand",
            Self::AfterSuccess => "after success",
            Self::AfterRollback => "after a rollback",
            Self::FollowUp => "follow-up",
            Self::Communication => "communication",
            Self::SuccessCriteria => "success criteria",
            Self::Kpis => "key figures",
            Self::Information => "information",
            Self::Notes => "notes",
        }
    }

    pub(crate) fn is_tasks(&self) -> bool {
        *self == Self::Tasks
    }
}

/// What a blank holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any words.
    #[default]
    Text,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// How long something took.
    Duration,
    /// A share of a hundred.
    Percent,
    /// A count or amount.
    Number,
    /// Somebody.
    Person,
}

impl FieldKind {
    /// The word of it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::Percent => "percent",
            Self::Number => "number",
            Self::Person => "person",
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

/// A number of a page, exact to a thousandth, so that data made of it can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    /// The number times a thousand.
    pub thousandths: i64,
}

impl Amount {
    /// Of a whole number.
    pub fn whole(n: i64) -> Self {
        Self { thousandths: n.saturating_mul(1000) }
    }

    /// From `1`, `0.1`, `99.95`, `1,000`; digits beyond the thousandth are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| *c != ',').collect();
        let (whole, part) = text.split_once('.').unwrap_or((text.as_str(), ""));
        if !part.bytes().all(|b| b.is_ascii_digit()) || whole.len() > 12 {
            return None;
        }
        let part: String = part.chars().chain("000".chars()).take(3).collect();
        let whole = whole.parse::<i64>().ok().filter(|n| *n >= 0)?;
        Some(Self { thousandths: whole * 1000 + part.parse::<i64>().ok()? })
    }

    /// As a floating-point number.
    #[expect(clippy::cast_precision_loss, reason = "numbers of a page have few digits")]
    pub fn as_f64(self) -> f64 {
        self.thousandths as f64 / 1000.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.thousandths / 1000, (self.thousandths % 1000).abs());
        if part == 0 {
            return write!(f, "{whole}");
        }
        let part = format!("{part:03}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.thousandths % 1000 == 0 {
            s.serialize_i64(self.thousandths / 1000)
        } else {
            s.serialize_f64(self.as_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    #[expect(clippy::cast_possible_truncation, reason = "a number out of range becomes the nearest there is")]
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        f64::deserialize(d).map(|n| Self { thousandths: (n * 1000.0).round() as i64 })
    }
}

/// How a measure is held against a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
    /// No further away than the value, in either direction.
    Within,
}

impl Comparison {
    /// Its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => "≥",
            Self::Below => "<",
            Self::AtMost => "≤",
            Self::Within => "within",
        }
    }
}

/// What a threshold's value is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relative {
    /// The value itself.
    #[default]
    Absolute,
    /// What was usual before: "3x baseline", "degradation > 50%".
    Baseline,
}

/// "Error rate exceeds 1% for more than 5 minutes", understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// What is measured, in the page's words.
    pub measure: String,
    pub comparison: Comparison,
    pub value: Amount,
    /// `%`, `ms`, `minutes`, `x`, `/100`; none for a plain number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(default)]
    pub relative: Relative,
    /// The value is how far from the baseline it is ("baseline + 10%"), not a share of it ("3x baseline").
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub change: bool,
    /// How long it must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<i64>,
}

impl Threshold {
    /// True when a measured value (in the threshold's unit) is on the side the threshold names.
    pub fn holds(&self, value: Amount) -> bool {
        match self.comparison {
            Comparison::Above => value > self.value,
            Comparison::AtLeast => value >= self.value,
            Comparison::Below => value < self.value,
            Comparison::AtMost => value <= self.value,
            Comparison::Within => value.thousandths.abs() <= self.value.thousandths,
        }
    }

    /// The value as time, where its unit is one.
    pub fn value_ms(&self) -> Option<i64> {
        let unit = unit_ms(self.unit.as_deref()?)?;
        Some(self.value.thousandths.saturating_mul(unit) / 1000)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.measure, self.comparison.sign())?;
        if self.change && self.comparison != Comparison::Within {
            f.write_str("baseline + ")?;
        }
        write!(f, "{}", self.value)?;
        if let Some(unit) = &self.unit {
            let tight = unit.starts_with(['%', '/', 'x', '‰']);
            write!(f, "{}{unit}", if tight { "" } else { " " })?;
        }
        if self.relative == Relative::Baseline && (!self.change || self.comparison == Comparison::Within) {
            f.write_str(" of baseline")?;
        }
        if let Some(ms) = self.for_ms {
            write!(f, " for {}", offset(ms))?;
        }
        Ok(())
    }
}

/// What a window counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// When it was planned to start.
    Scheduled,
    Start,
    /// When the new version took over: the end of the work, before it is called a success.
    Cutover,
    Success,
}

impl Anchor {
    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Scheduled => "the scheduled start",
            Self::Start => "the start",
            Self::Cutover => "the cut-over",
            Self::Success => "success",
        }
    }
}

/// When something is due: an interval counted from a moment of the deployment; negative is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    pub from_ms: i64,
    pub to_ms: i64,
    pub relative_to: Anchor,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to, anchor) = (self.from_ms, self.to_ms, self.relative_to.label());
        if to <= 0 {
            return match to {
                0 => write!(f, "from {} before {anchor}", offset(-from)),
                _ => write!(f, "{} to {} before {anchor}", offset(-from), offset(-to)),
            };
        }
        match from {
            0 => write!(f, "within {} after {anchor}", offset(to)),
            _ => write!(f, "{} to {} after {anchor}", offset(from), offset(to)),
        }
    }
}

/// A way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub kind: WayKind,
    /// None: the page leaves it blank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What sort of way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayKind {
    Phone,
    Email,
    /// A channel or handle.
    Chat,
    Link,
    Other,
}

/// Somebody to reach, as a contact section names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub role: String,
    /// None: the page does not say who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// Line in the file, from 1.
    #[serde(default)]
    pub line: u32,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The milliseconds of a unit of time by its English word; a month has 30 days.
pub fn unit_ms(word: &str) -> Option<i64> {
    let word = word.to_lowercase();
    let word = word.strip_prefix("business ").or_else(|| word.strip_prefix("working ")).unwrap_or(&word);
    Some(match word {
        "ms" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" | "sekunde" | "sekunden" => 1000,
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" | "stunde" | "stunden" => HOUR,
        "d" | "day" | "days" | "tag" | "tage" | "tagen" => DAY,
        "w" | "week" | "weeks" | "woche" | "wochen" => 7 * DAY,
        "month" | "months" | "monat" | "monate" | "monaten" => 30 * DAY,
        "year" | "years" => 365 * DAY,
        _ => return None,
    })
}

/// A span in its largest whole unit: `30 minutes`, `1 day`.
pub fn offset(ms: i64) -> String {
    let units = [(7 * DAY, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1000, "second")];
    let (unit, word) = units.into_iter().find(|(unit, _)| ms >= *unit && ms % unit == 0).unwrap_or((1, "millisecond"));
    let n = ms / unit;
    // A month was thirty days on the page.
    if word == "day" && n > 0 && n % 30 == 0 {
        return many(n / 30, "month");
    }
    many(n, word)
}

fn many(n: i64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_print_as_written() {
        for (text, shown) in [("1", "1"), ("0.1", "0.1"), ("99.950", "99.95"), ("1,000", "1000"), ("0", "0")] {
            let amount = Amount::parse(text).unwrap();
            assert_eq!(amount.to_string(), shown);
            let json = serde_json::to_string(&amount).unwrap();
            assert_eq!(json, shown);
            assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        }
        for text in ["", "x", "-1", "1.x", "1234567890123"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn windows_in_words() {
        let window = |from_ms, to_ms, relative_to| Window { from_ms, to_ms, relative_to }.to_string();
        assert_eq!(window(0, HOUR, Anchor::Success), "within 1 hour after success");
        assert_eq!(window(30 * MINUTE, 2 * HOUR, Anchor::Cutover), "30 minutes to 2 hours after the cut-over");
        assert_eq!(window(-7 * DAY, 0, Anchor::Scheduled), "from 1 week before the scheduled start");
        assert_eq!(window(0, 30 * DAY, Anchor::Success), "within 1 month after success");
    }

    #[test]
    fn every_kind_has_its_word() {
        for kind in SectionKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }

    #[test]
    fn thresholds_judge_values() {
        let at = |comparison| Threshold {
            measure: "x".into(),
            comparison,
            value: Amount::whole(5),
            unit: Some("minutes".into()),
            relative: Relative::Absolute,
            change: false,
            for_ms: None,
        };
        let five = Amount::whole(5);
        assert!(!at(Comparison::Above).holds(five) && at(Comparison::AtLeast).holds(five));
        assert!(!at(Comparison::Below).holds(five) && at(Comparison::AtMost).holds(five));
        assert_eq!(at(Comparison::Above).value_ms(), Some(5 * MINUTE));
        assert_eq!(at(Comparison::Above).to_string(), "x > 5 minutes");
    }
}
