//! Holds what was filled in against its target.

use super::checklist::Field;
use super::meaning::{Amount, Comparison, Relative, Threshold, unit_ms};
use super::time::parse_span;
use serde::Serialize;

/// How a value stands to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Met,
    Missed,
}

impl Verdict {
    /// As people read it, after the target.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
        }
    }
}

/// The verdict on a value, in the target's unit where it names none. None: there is no target that a machine can hold
/// it against, or the value is no measure.
pub fn judge(field: &Field, value: &str) -> Option<Verdict> {
    let goal = field.goal.clone().or_else(|| plain(field))?;
    let holds = match goal.unit.as_deref().and_then(unit_ms) {
        Some(unit) => {
            let limit = Threshold { value: Amount { thousandths: goal.value_ms()? }, ..goal };
            limit.holds(Amount { thousandths: parse_span(value, unit)? })
        }
        None => goal.holds(amount(value, &goal)?),
    };
    Some(if holds { Verdict::Met } else { Verdict::Missed })
}

/// A bare 0 is a limit, and so is a bare 100 %; between them a number may be either.
fn plain(field: &Field) -> Option<Threshold> {
    let target = field.target.as_deref()?.trim();
    let number = target.trim_end_matches('%').trim();
    let value = Amount::parse(number)?;
    let comparison = match value.thousandths {
        0 => Comparison::AtMost,
        100_000 if target.ends_with('%') => Comparison::AtLeast,
        _ => return None,
    };
    let unit = target.ends_with('%').then(|| "%".to_owned()).or_else(|| field.unit.clone());
    let (measure, relative) = (field.label.clone(), Relative::Absolute);
    Some(Threshold { measure, comparison, value, unit, relative, change: false, for_ms: None })
}

/// The number of a value whose unit, if it has one, is the target's.
fn amount(value: &str, goal: &Threshold) -> Option<Amount> {
    let value = value.trim().trim_start_matches(['~', '≈', '+']).trim();
    let (value, negative) = value.strip_prefix(['-', '−', '–']).map_or((value, false), |v| (v.trim(), true));
    let digits = value.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let number = Amount::parse(number).filter(|_| digits > 0)?;
    let unit = unit.trim().to_lowercase();
    let unit = if unit == "percent" { "%" } else { &unit };
    let wanted = goal.unit.as_deref().unwrap_or_default().to_lowercase().replace(' ', "");
    // What counts from a baseline must say so in its unit: a plain number could be the measure itself.
    let bare = unit.is_empty() && goal.relative == Relative::Absolute;
    let fits = bare || unit.replace(' ', "") == wanted && !wanted.is_empty();
    fits.then_some(Amount { thousandths: if negative { -number.thousandths } else { number.thousandths } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(target: &str, goal: Option<(Comparison, i64, &str)>) -> Field {
        let goal = goal.map(|(comparison, value, unit)| Threshold {
            measure: "Measure".into(),
            comparison,
            value: Amount { thousandths: value },
            unit: (!unit.is_empty()).then(|| unit.to_owned()),
            relative: if unit == "x" { Relative::Baseline } else { Relative::Absolute },
            change: false,
            for_ms: None,
        });
        Field { label: "Measure".into(), target: Some(target.into()), goal, ..Field::default() }
    }

    #[test]
    fn values_against_their_targets() {
        use Verdict::{Met, Missed};
        let percent = field("<1%", Some((Comparison::Below, 1000, "%")));
        let score = field(">= 80/100", Some((Comparison::AtLeast, 80_000, "/100")));
        let hours = field("<2 hours", Some((Comparison::Below, 2000, "hours")));
        let ratio = field("< 3x baseline", Some((Comparison::Below, 3000, "x")));
        for (field, value, verdict) in [
            (&percent, "0.4 %", Some(Met)),
            (&percent, "0.4", Some(Met)),
            (&percent, "~0.9 percent", Some(Met)),
            (&percent, "1%", Some(Missed)),
            (&percent, "-2%", Some(Met)),
            (&percent, "0.4 ms", None),
            (&percent, "fine", None),
            (&percent, "", None),
            (&score, "80", Some(Met)),
            (&score, "79/100", Some(Missed)),
            (&score, "8/10", None),
            (&hours, "1h 59min", Some(Met)),
            (&hours, "119 minutes", Some(Met)),
            (&hours, "2", Some(Missed)),
            (&hours, "2:30", Some(Missed)),
            (&hours, "a while", None),
            (&ratio, "2.9x", Some(Met)),
            (&ratio, "2.9", None),
            (&field("0", None), "0", Some(Met)),
            (&field("0%", None), "0.1%", Some(Missed)),
            (&field("100%", None), "99.9%", Some(Missed)),
            (&field("99.9%", None), "100%", None),
            (&field("soon", None), "0", None),
        ] {
            assert_eq!(judge(field, value), verdict, "{:?} {value}", field.target);
        }
    }
}
