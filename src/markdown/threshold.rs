//! "Error rate exceeds 1% for more than 5 minutes" to data.

use super::words::{self, Pattern, any, pattern, phrases};
use crate::domain::meaning::{Amount, Comparison, Relative, Threshold, unit_ms};
use std::sync::LazyLock;

const NUMBER: &str = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?";
/// A unit after a number, as it may stand in a threshold.
const UNIT: &str = r"%|‰|percent\b|/\s?\d+\b|(?:out )?of \d+\b|x\b|×|times\b|(?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|sekunden?|minuten|stunden?|tag(?:en?)?|wochen?|monat(?:en?)?|ms|[smhd]|(?:[kmgt]i?)?b|bytes|rps|qps|tps|req/s|requests?/s(?:ec)?|errors?/min(?:ute)?|/s|/min)\b";

static FOR: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\s*\b(?:{})\s+(?:(?:{})\s+|[>≥]\s*)?(?P<n>{NUMBER})[\s-]*(?P<unit>{})\b",
        words::FOR.join("|"),
        words::AT_LEAST_FOR.join("|"),
        words::TIME_UNITS
    ))
});
static COMPARED: LazyLock<Pattern> = LazyLock::new(|| {
    let phrases: Vec<String> = words::COMPARISONS.iter().map(|(phrase, _)| format!(r"\b{phrase}\b")).collect();
    pattern(&format!(
        r"(?P<cmp>>=|<=|≥|≤|â‰¥|â‰¤|>|<|{})\s*(?:(?:a|an|the)\s+)?(?:(?P<base>{base})\s*(?:(?:\+|plus)\s*(?P<more>{NUMBER})\s*(?P<unit2>{UNIT})?|(?P<less>-|−|minus)\s*\d)?|(?P<plus>\+)?(?P<n>{NUMBER})\s*(?P<unit>{UNIT})?(?P<of>\s*(?:(?:of|the|above|over|from)\s+)*(?:{base})\b)?)",
        phrases.join("|"),
        base = words::BASELINE.join("|")
    ))
});
static BASELINE: LazyLock<Pattern> = LazyLock::new(|| phrases(words::BASELINE.iter().copied()));
static SENTENCE: LazyLock<Pattern> = LazyLock::new(|| pattern(r"[.!?]\s+\p{Lu}"));
static PLUS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(r"\b(?:{})\s*(?:\+|plus)\s*(?P<n>{NUMBER})\s*(?P<unit>{UNIT})?", words::BASELINE.join("|")))
});
static WITHIN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:{})\s+(?:±|\+/-)?\s*(?P<n>{NUMBER})\s*(?P<unit>%|percent\b|x\b)(?P<of>\s*(?:of|from)\s+(?:the\s+)?(?:{})\b)?",
        words::WITHIN_OF.join("|"),
        words::BASELINE.join("|")
    ))
});
static REQUIRED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"(?P<n>{NUMBER})\s*(?P<unit>%)\s*(?P<measure>[a-z][a-z -]{{2,40}}?)\s+(?:{})\b",
        words::REQUIRED.join("|")
    ))
});
static ALL: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\(\s*100\s?%\s*\)"));

/// The threshold a line names, if it names one. In a section of criteria a plain number is enough and a duration
/// alone is one ("no traffic for 10 minutes"); elsewhere the value needs a unit, or a measure people compare, or ends
/// the line after a sign. `said` is the text with its code masked, byte for byte: code compares nothing.
pub(super) fn threshold(text: &str, said: &str, criteria: bool) -> Option<Threshold> {
    // Most lines measure nothing; they are not looked at twice.
    if !said.bytes().any(|b| b.is_ascii_digit()) && !BASELINE.is_match(&lowered(said)) {
        return None;
    }
    let mut start = 0;
    // One sentence at a time: how long something lasts belongs to the comparison beside it.
    for end in SENTENCE.find_iter(said).map(|m| m.start() + 1).chain([said.len()]) {
        let found = text.get(start..end).zip(said.get(start..end)).and_then(|(t, s)| of_sentence(t, s, criteria));
        if found.is_some() {
            return found;
        }
        start = end;
    }
    None
}

fn of_sentence(text: &str, said: &str, criteria: bool) -> Option<Threshold> {
    let lower = lowered(said);
    let held = FOR.captures(&lower).and_then(|c| {
        let all = c.get(0)?.range();
        let ms = time(c.name("n")?.as_str(), c.name("unit")?.as_str())?;
        Some((all, ms))
    });
    // What is said of how long it lasts is no second value.
    let (head, cut) = match &held {
        Some((range, _)) => (format!("{}{}", &lower[..range.start], &lower[range.end..]), range.start),
        None => (lower.clone(), lower.len()),
    };
    let for_ms = held.as_ref().map(|(_, ms)| *ms);
    let compare = |found: Found| -> Option<Threshold> {
        let at = if found.at <= cut { found.at } else { found.at + (lower.len() - head.len()) };
        let measure = found.measure.unwrap_or_else(|| measure(text, at));
        let counts = found.unit.is_some() || criteria || found.ends || any(&measure.to_lowercase(), words::MEASURES);
        if !measure.chars().any(char::is_alphabetic) || !counts {
            return None;
        }
        let change = found.change || any(&measure.to_lowercase(), words::CHANGES) && found.unit.as_deref() == Some("%");
        let relative = if found.baseline || change { Relative::Baseline } else { Relative::Absolute };
        let Found { comparison, value, unit, .. } = found;
        Some(Threshold { measure, comparison, value, unit, relative, change, for_ms })
    };
    if let Some(found) = within(&head).or_else(|| compared(&head)).or_else(|| plus(&head)).or_else(|| required(&head)) {
        return compare(found);
    }
    let (range, ms) = held.filter(|_| criteria)?;
    let measure = measure(text, range.start);
    let fits = measure.chars().any(char::is_alphabetic);
    let captures = FOR.captures(&lower)?;
    let unit = captures.name("unit")?.as_str().to_owned();
    let value = Amount::parse(captures.name("n")?.as_str())?;
    (fits && ms > 0).then_some(Threshold {
        measure,
        comparison: Comparison::Above,
        value,
        unit: Some(unit),
        relative: Relative::Absolute,
        change: false,
        for_ms: None,
    })
}

/// The target of a blank: `<1%`, `>= 80`, `99.9%`, `2 hours`.
pub(super) fn goal(label: &str, target: &str, unit: Option<&str>) -> Option<Threshold> {
    let lower = lowered(target);
    let found = within(&lower).or_else(|| compared(&lower)).or_else(|| plus(&lower))?;
    let relative = if found.baseline { Relative::Baseline } else { Relative::Absolute };
    let unit = found.unit.clone().or_else(|| unit.map(str::to_owned));
    let Found { comparison, value, change, .. } = found;
    Some(Threshold { measure: label.to_owned(), comparison, value, unit, relative, change, for_ms: None })
}

struct Found {
    /// Where the comparison starts.
    at: usize,
    /// The measure, where it does not stand in front of the comparison.
    measure: Option<String>,
    comparison: Comparison,
    value: Amount,
    unit: Option<String>,
    baseline: bool,
    /// The value is the distance from the baseline.
    change: bool,
    /// A sign compares, and nothing comes after the value.
    ends: bool,
}

fn compared(text: &str) -> Option<Found> {
    let c = COMPARED.captures_iter(text).find(|c| {
        // An arrow is no comparison.
        c.name("cmp").is_some_and(|m| !text[..m.start()].ends_with(['-', '=']))
    })?;
    let at = c.get(0)?.start();
    let said = c.name("cmp")?.as_str();
    let comparison = sign(said)?;
    let text_of = |name: &str| c.name(name).map(|m| m.as_str());
    let rest = c.get(0).map_or("", |m| &text[m.end()..]);
    let ends = !said.starts_with(char::is_alphabetic) && rest.chars().all(|c| matches!(c, ')' | '.' | ' ' | '*' | ']'));
    if text_of("less").is_some() {
        return None;
    }
    if text_of("base").is_some() {
        let (value, unit) = match text_of("more") {
            Some(n) => (Amount::parse(n)?, text_of("unit2").map(unit_word)),
            None => (Amount::whole(1), Some("x".to_owned())),
        };
        let change = text_of("more").is_some();
        return Some(Found { at, measure: None, comparison, value, unit, baseline: true, change, ends });
    }
    let (mut value, unit) = (Amount::parse(text_of("n")?)?, text_of("unit").map(unit_word));
    // "100k" is a hundred thousand; what other letters at a number mean is not guessed.
    if unit.is_none() && rest.starts_with(char::is_alphabetic) {
        let thousands = rest.starts_with('k') && !rest[1..].starts_with(char::is_alphanumeric);
        value.thousandths = value.thousandths.checked_mul(1000).filter(|_| thousands)?;
    }
    let baseline = text_of("of").is_some() || unit.as_deref() == Some("x");
    let more = text_of("plus").is_some() && text_of("of").is_some();
    let change = more || text_of("of").is_some_and(|of| words::BEYOND.iter().any(|w| of.contains(w)));
    Some(Found { at, measure: None, comparison, value, unit, baseline, change, ends })
}

fn within(text: &str) -> Option<Found> {
    let c = WITHIN.captures(text)?;
    let value = Amount::parse(c.name("n")?.as_str())?;
    let unit = c.name("unit").map(|u| unit_word(u.as_str()));
    let baseline = c.name("of").is_some();
    Some(Found {
        at: c.get(0)?.start(),
        measure: None,
        comparison: Comparison::Within,
        value,
        unit,
        baseline,
        change: baseline,
        ends: false,
    })
}

/// "baseline + 10%".
fn plus(text: &str) -> Option<Found> {
    let c = PLUS.captures(text)?;
    let value = Amount::parse(c.name("n")?.as_str())?;
    let unit = c.name("unit").map(|u| unit_word(u.as_str()));
    Some(Found {
        at: c.get(0)?.start(),
        measure: None,
        comparison: Comparison::AtMost,
        value,
        unit,
        baseline: true,
        change: true,
        ends: false,
    })
}

/// "100% success rate required", "Unit tests passing (100%)".
fn required(text: &str) -> Option<Found> {
    if let Some(c) = REQUIRED.captures(text) {
        let value = Amount::parse(c.name("n")?.as_str())?;
        let measure = c.name("measure").map(|m| m.as_str().trim().to_owned());
        let unit = Some("%".to_owned());
        let comparison = Comparison::AtLeast;
        let at = c.get(0)?.start();
        return Some(Found { at, measure, comparison, value, unit, baseline: false, change: false, ends: false });
    }
    let at = ALL.find(text)?.start();
    let (comparison, value) = (Comparison::AtLeast, Amount::whole(100));
    let unit = Some("%".to_owned());
    Some(Found { at, measure: None, comparison, value, unit, baseline: false, change: false, ends: false })
}

fn sign(said: &str) -> Option<Comparison> {
    Some(match said {
        ">" => Comparison::Above,
        "<" => Comparison::Below,
        ">=" | "≥" | "â‰¥" => Comparison::AtLeast,
        "<=" | "≤" | "â‰¤" => Comparison::AtMost,
        word => words::COMPARISONS.iter().find(|(phrase, _)| *phrase == word).map(|(_, sign)| *sign)?,
    })
}

/// A unit in one spelling.
fn unit_word(unit: &str) -> String {
    let unit = unit.trim();
    match unit {
        "percent" => "%".to_owned(),
        "×" | "times" => "x".to_owned(),
        _ => match unit.strip_prefix("out of ").or_else(|| unit.strip_prefix("of ")).or_else(|| unit.strip_prefix('/'))
        {
            Some(n) => format!("/{}", n.trim()),
            None => unit.to_owned(),
        },
    }
}

fn time(n: &str, unit: &str) -> Option<i64> {
    Amount::parse(n)?.thousandths.checked_mul(unit_ms(unit)?).map(|ms| ms / 1000)
}

/// What is measured: the words in front of the comparison, without those that only join.
fn measure(text: &str, at: usize) -> String {
    let mut before = text.get(..at).unwrap_or_default().trim();
    // "Alert if > baseline" does not say of what.
    if before.ends_with(" if") {
        return String::new();
    }
    // The last clause: "Rollback if: error rate" measures the error rate.
    let clause = [": ", "; ", "：", "；"].iter().filter_map(|s| before.rfind(s).map(|at| at + s.len())).max();
    if let Some(last) = clause.and_then(|at| before.get(at..))
        && last.chars().any(char::is_alphabetic)
    {
        before = last.trim();
    }
    loop {
        let trimmed = before.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | '%')).trim_start();
        let lower = lowered(trimmed);
        let filler = words::FILLERS.iter().find(|f| {
            lower
                .strip_suffix(**f)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with(|c: char| !c.is_alphanumeric()))
        });
        let shorter = match filler {
            Some(filler) => trimmed.get(..trimmed.len() - filler.len()).unwrap_or(trimmed),
            None => trimmed,
        };
        if shorter.len() == before.len() {
            break;
        }
        before = shorter;
    }
    before.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lower case of the ASCII letters only: every byte stays where it is.
fn lowered(text: &str) -> String {
    text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        for (text, shown) in [
            ("Error rate > 5%", "Error rate > 5%"),
            ("Error Rate > 1% check.", "Error Rate > 1%"),
            ("Validation score >= 80/100", "Validation score ≥ 80/100"),
            ("Score ≥ 80/100", "Score ≥ 80/100"),
            ("Its score is at least 80 of 100", "Its score ≥ 80/100"),
            ("Error rate exceeds 1% for more than 5 minutes", "Error rate > 1% for 5 minutes"),
            (
                "Response time degradation >50% for more than 10 minutes",
                "Response time degradation > baseline + 50% for 10 minutes",
            ),
            ("Response time > 3x baseline", "Response time > 3x of baseline"),
            ("p99 above 3 times the baseline", "p99 > 3x of baseline"),
            ("Response time normal (< 500ms)", "Response time < 500 ms"),
            ("Response time is below 500 ms", "Response time < 500 ms"),
            ("Deployment stuck > 15 minutes", "Deployment stuck > 15 minutes"),
            ("Customer impact > 10 minutes", "Customer impact > 10 minutes"),
            ("Database performance within 5% of baseline", "Database performance within 5% of baseline"),
            ("95th percentile response time â‰¤ baseline + 10%", "95th percentile response time ≤ baseline + 10%"),
            ("95th percentile response time ≤ baseline + 10%", "95th percentile response time ≤ baseline + 10%"),
            ("Latency at baseline + 10%", "Latency at ≤ baseline + 10%"),
            ("Latency spike > 200%.", "Latency spike > baseline + 200%"),
            ("Latency > 200% of baseline", "Latency > 200% of baseline"),
            ("Latency > 10% above baseline", "Latency > baseline + 10%"),
            ("Error rates below 0.1% threshold", "Error rates < 0.1%"),
            ("Error rate < 0.1% during and after deployment", "Error rate < 0.1%"),
            ("Memory utilization < 80% sustained", "Memory utilization < 80%"),
            ("Environment configuration drift < 1%", "Environment configuration drift < 1%"),
            ("All unit tests passing (100% success rate required)", "success rate ≥ 100%"),
            ("Unit tests passing (100%)", "Unit tests passing ≥ 100%"),
            ("Recent backup exists (< 24 hours old)", "Recent backup exists < 24 hours"),
            ("Rollback if: error rate > 2%", "error rate > 2%"),
            ("5xx rate does not exceed 1 percent", "5xx rate ≤ 1%"),
            ("Queue length > 1,000", "Queue length > 1000"),
            ("P95 latency > +50% baseline", "P95 latency > baseline + 50%"),
            ("See https://x.example: valid for > 30 days", "valid > 30 days"),
        ] {
            let got = threshold(text, text, true).map(|t| t.to_string());
            assert_eq!(got.as_deref(), Some(shown), "{text}");
        }
        let held = |text| threshold(text, text, true).and_then(|t| t.for_ms);
        assert_eq!(held("Errors exceed 1% for more than 5 minutes"), Some(300_000));
        assert_eq!(held("CPU > 90% for over 2h"), Some(7_200_000));
        assert_eq!(
            threshold("No heartbeat for 10 minutes", "No heartbeat for 10 minutes", true).unwrap().to_string(),
            "No heartbeat > 10 minutes"
        );
    }

    #[test]
    fn what_is_no_threshold() {
        for text in [
            "Monitoring continued for 2 hours",
            "Backup and recovery procedures tested within last 30 days",
            "Move v1 -> 2",
            "Deploy <VERSION> now",
            "More than 3 people know",
            "Pre-deployment preparation 100% complete",
            "Node >= 18 is installed",
            "Upgraded to Redis OM Python 1.0+ in staging",
            "> 5%",
            "Tail the logs for 30 minutes, alert if > baseline",
            "Accuracy < baseline - 5%",
        ] {
            assert_eq!(threshold(text, text, false), None, "{text}");
        }
        let text = "Data corruption detected";
        assert_eq!(threshold(text, text, true), None);
        let text = "Watch it for 30 minutes. Error rate > 2%";
        assert_eq!(threshold(text, text, false).unwrap().to_string(), "Error rate > 2%");
        let text = "Lighthouse ≥ 90";
        assert_eq!(threshold(text, text, false).unwrap().to_string(), "Lighthouse ≥ 90");
        // What stands in code is not compared.
        assert_eq!(threshold("Node a>=22 runs", "Node xxxxx runs", true), None);
    }

    #[test]
    fn goals_of_blanks() {
        assert_eq!(goal("Error rate", "<1%", Some("%")).unwrap().to_string(), "Error rate < 1%");
        assert_eq!(goal("Downtime", "<2 hours", None).unwrap().value_ms(), Some(7_200_000));
        assert_eq!(goal("Latency", "< 500", Some("ms")).unwrap().unit.as_deref(), Some("ms"));
        assert_eq!(goal("X", "everything", None), None);
    }
}
