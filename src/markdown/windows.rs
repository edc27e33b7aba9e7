//! "(0-30 minutes)", "Day 1-7", "1 week before", "T-7" to an interval around the deployment.

use super::kinds::is_afterwards;
use super::words::{self, Pattern, any, pattern, phrases};
use crate::domain::meaning::{Anchor, Window, unit_ms};
use std::sync::LazyLock;

static WITHIN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:{})\s+(?:the\s+)?(?:first\s+|next\s+)?(?P<n>(?:an?|one)\b|\d+(?:\.\d+)?)[\s-]*(?P<unit>{})\b",
        words::WITHIN_TIME.join("|"),
        words::TIME_UNITS
    ))
});
static FIRST: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"\b(?:first|next)\s+(?P<n>\d+)?\s*(?P<unit>{})\b", words::TIME_UNITS)));
static NTH: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?P<unit>day|week|month|hour)s?\s+(?P<from>\d+)(?:\s*(?:-|–|—|to)\s*(?:(?:day|week|month|hour)s?\s+)?(?P<to>\d+))?\b",
    )
});
static SPAN: LazyLock<Pattern> = LazyLock::new(|| {
    let unit = words::TIME_UNITS;
    pattern(&format!(
        r"(?P<from>\d+(?:\.\d+)?)\s*(?P<unit>{unit})?\s*(?:-|–|—|to)\s*(?P<to>\d+(?:\.\d+)?)\s*(?P<unit2>{unit})\b"
    ))
});
static BEFORE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:(?P<n>(?:an?|one)\b|\d+)\s*)?(?P<unit>{})\s+(?:{})\b",
        words::TIME_WORDS,
        words::TIME_BEFORE.join("|")
    ))
});
static AFTER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:(?P<n>(?:an?|one)\b|\d+)\s*)?(?P<unit>{})\s+(?:{})\b",
        words::TIME_WORDS,
        words::TIME_AFTER.join("|")
    ))
});
static ON: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?P<unit>day|week|month)s?\s+(?P<from>\d{1,3})\s*\+"));
static AFTER_N: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"\bafter\s+(?:the first\s+)?(?P<n>\d+)\s*(?P<unit>{})\b", words::TIME_WORDS)));
static MARK: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"(?:^|[\s(\[])(?P<mark>[td])\s?(?P<sign>[-+−–])\s?(?P<n>\d{1,3})\s?(?P<unit>minutes?|mins?|hours?|hrs?|days?|weeks?|[mhdw])?(?:$|[\s:.,;)\]–—-])",
    )
});
static FOR: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:{})\w*\s+(?:\w+\s+){{0,3}}?for\s+(?:at least\s+)?(?:the\s+)?(?:first\s+|next\s+)?(?P<n>an?\b|\d+)\s*(?P<unit>{})\b",
        words::WATCHING.join("|"),
        words::TIME_UNITS
    ))
});

/// "(a month)", "(2 weeks)": how long what comes afterwards lasts.
static LASTS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\(\s*(?P<n>an?|one|\d{1,3})\s*(?P<unit>days?|weeks?|months?|tage?|wochen?|monate?)\s*\)")
});
/// "(2-24 h)", "(Day 7-1)": from one to the other, whatever it counts.
static RANGE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\(\s*(?:(?P<word>day|week|month|hour)s?\s+)?(?P<from>\d{1,6}(?:\.\d+)?)\s*(?P<unit>\p{L}+)?\s*(?:-|–|—|\bto\b|\bbis\b)\s*(?:(?:day|week|month|hour)s?\s+)?(?P<to>\d{1,6}(?:\.\d+)?)\s*(?P<unit2>\p{L}+)?\.?\s*\)",
    )
});
/// Units people write and Rollcall does not read.
const OTHER_UNITS: [&str; 11] =
    ["std", "wk", "wks", "mo", "mos", "yr", "yrs", "quarters", "fortnights", "sprints", "w"];
/// A span that reaches over a day and so many times as far as it begins is no guess at how long something takes.
const WIDE: i64 = 8;

static TIME: LazyLock<Pattern> = LazyLock::new(|| phrases(words::TIME_STARTS.iter().copied()));

/// False where a text in lower case can name no time: most are not looked at twice.
pub(super) fn says_time(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) || TIME.is_match(text)
}

/// When a section is due by its own heading. `above`: what stands over it, in lower case.
pub(super) fn of_heading(heading: &str, above: &[String]) -> Option<Window> {
    let text = heading.to_lowercase();
    if !says_time(&text) {
        return None;
    }
    let before = any(&text, words::BEFOREHAND);
    let after = is_afterwards(&text) || above.iter().any(|h| is_afterwards(h));
    let cutover = any(&text, words::CUTOVER) || above.iter().any(|h| any(h, words::CUTOVER));
    if let Some(window) = counted(&text).or_else(|| marked(&text, true)).or_else(|| open_ended(&text)) {
        return Some(window);
    }
    if let Some(found) = WITHIN.captures(&text) {
        let ms = span(found.name("n")?.as_str(), found.name("unit")?.as_str())?;
        // The first minutes are part of the work.
        let minutes = found.name("unit").is_some_and(|u| u.as_str().starts_with("min"));
        let anchor = if cutover || minutes { Anchor::Cutover } else { Anchor::Success };
        return Some(if before { from_before(ms) } else { window(0, ms, anchor) });
    }
    let wide = !before && is_wide(&text);
    if let Some(window) = nth(&text, after).or_else(|| spanned(&text, wide || after && !before)) {
        return Some(window);
    }
    if let Some(ms) = lasts(&text, after).filter(|_| !before) {
        return Some(window(0, ms, Anchor::Success));
    }
    if !before && let Some(found) = FIRST.captures(&text) {
        let unit = unit_ms(found.name("unit")?.as_str())?;
        let n = found.name("n").map_or(Some(1), |n| n.as_str().parse::<i64>().ok())?;
        // "The next day" is the day after; "the first 24 hours" start at once.
        let next = found.name("n").is_none() && found.get(0).is_some_and(|m| m.as_str().starts_with("next"));
        let anchor = if cutover { Anchor::Cutover } else { Anchor::Success };
        return Some(window(if next { unit } else { 0 }, unit * (n + i64::from(next)), anchor));
    }
    let day = unit_ms("day")?;
    any(&text, words::DAY_OF).then(|| window(0, day, Anchor::Scheduled))
}

/// A heading in lower case says by its brackets alone that it is about afterwards: "(2-24 h)".
pub(super) fn is_wide(text: &str) -> bool {
    let Some((from, to)) = RANGE.captures(text).filter(|f| f.name("word").is_none()).and_then(|f| ends(&f)) else {
        return false;
    };
    unit_ms("day").is_some_and(|day| to >= day) && from > 0 && from.checked_mul(WIDE).is_some_and(|wide| to >= wide)
}

/// How long a heading in lower case says that it lasts: "(a month)"; anything else, such as "(2 weeks)", only where it is
/// about afterwards.
pub(super) fn lasts(text: &str, after: bool) -> Option<i64> {
    let found = LASTS.captures(text)?;
    let ms = span(found.name("n")?.as_str(), found.name("unit")?.as_str())?;
    let article = !found.name("n")?.as_str().starts_with(|c: char| c.is_ascii_digit());
    (after || article && Some(ms) == unit_ms("month")).then_some(ms)
}

/// Beginning and end of a range that counts one unit or two.
fn ends(found: &regex::Captures) -> Option<(i64, i64)> {
    let unit2 = found.name("unit2")?.as_str();
    let unit = found.name("unit").map_or(unit2, |u| u.as_str());
    Some((span(found.name("from")?.as_str(), unit)?, span(found.name("to")?.as_str(), unit2)?))
}

/// What is wrong with the window a heading seems to name, where none is read.
pub(super) fn unread(heading: &str, above: &[String]) -> Option<String> {
    let text = heading.to_lowercase();
    let found = RANGE.captures(&text)?;
    let said = found.get(0)?.as_str();
    let none = |why: String| Some(format!("“{said}” looks like a window but is read as none: {why}"));
    if let Some(word) = found.name("word") {
        let number = |name| found.name(name).and_then(|n| n.as_str().parse::<u32>().ok());
        let (word, from, to) = (word.as_str(), number("from")?, number("to")?);
        return match (from, to) {
            (0, to) => none(format!("the first {word} is 1. Write “({word} 1-{})”.", to.max(1))),
            (from, to) if to < from => none(format!("it ends before it begins. Write “({word} {to}-{from})”.")),
            _ => None,
        };
    }
    if let Some((from, to)) = ends(&found) {
        return match from.cmp(&to) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => none("it ends when it begins.".into()),
            std::cmp::Ordering::Greater => none("it ends before it begins. Write the earlier time first.".into()),
        };
    }
    let after = is_afterwards(&text) || above.iter().any(|h| is_afterwards(h));
    let unit = found.name("unit2").filter(|_| after)?.as_str();
    let known = ["minutes", "hours", "days", "weeks", "months"];
    let meant = OTHER_UNITS.contains(&unit) || crate::near::nearest(unit, known).is_some();
    if meant { none(format!("“{unit}” is no unit. Write minutes, hours, days, weeks or months.")) } else { None }
}

/// When an item is due by its own words.
pub(super) fn of_item(text: &str) -> Option<Window> {
    let text = text.to_lowercase();
    if !says_time(&text) {
        return None;
    }
    if let Some(window) = counted(&text) {
        return Some(window);
    }
    if let Some(found) = FOR.captures(&text) {
        return Some(window(0, span(found.name("n")?.as_str(), found.name("unit")?.as_str())?, Anchor::Success));
    }
    if let Some(window) = marked(&text, false) {
        return Some(window);
    }
    let found = WITHIN.captures(&text)?;
    let rest = text.get(found.get(0)?.end()..)?.trim_start_matches([' ', ')', '.', ',']);
    // "Within 2 hours of the cut-over" is a time; "within 5 minutes on average" is not.
    let ends = rest.is_empty() || words::AFTER_TIME.iter().any(|w| rest.starts_with(w));
    let ms = span(found.name("n")?.as_str(), found.name("unit")?.as_str())?;
    ends.then(|| window(0, ms, anchor(&text)))
}

/// "T-7", "D-1", "T+1h".
fn counted(text: &str) -> Option<Window> {
    let found = MARK.captures(text)?;
    let n: i64 = found.name("n")?.as_str().parse().ok()?;
    let unit = unit_ms(found.name("unit").map_or("d", |u| u.as_str()))?;
    let later = found.name("sign")?.as_str() == "+";
    Some(match (n, later) {
        (0, false) => window(0, unit, Anchor::Scheduled),
        (n, true) => window(n * unit, (n + 1) * unit, Anchor::Start),
        (n, false) => from_before(n * unit),
    })
}

/// "1 week before", "Day after"; in an item, whose words go on, only before or after the deployment itself.
fn marked(text: &str, heading: bool) -> Option<Window> {
    let meant = |found: &regex::Captures, number: bool| {
        let rest = found.get(0).map_or("", |m| text.get(m.end()..).unwrap_or_default());
        let end = rest.trim_start().is_empty() || !rest.starts_with([' ', '\u{a0}']);
        let first: Vec<&str> = rest.split_whitespace().take(4).collect();
        heading || (number && (end || any(&first.join(" "), words::THE_DEPLOYMENT)))
    };
    if let Some(found) = BEFORE.captures(text).filter(|f| meant(f, f.name("n").is_some())) {
        return Some(from_before(span(found.name("n").map_or("1", |n| n.as_str()), found.name("unit")?.as_str())?));
    }
    let found = AFTER.captures(text).filter(|f| meant(f, f.name("n").is_some()))?;
    let (n, unit) = (found.name("n").map_or("1", |n| n.as_str()), found.name("unit")?.as_str());
    let (from, unit) = (span(n, unit)?, unit_ms(unit)?);
    let before = text.get(..found.get(0)?.start())?.trim_end();
    if before.ends_with("first") || before.ends_with("next") {
        return Some(window(0, from, Anchor::Start));
    }
    Some(window(from, from.checked_add(unit)?, Anchor::Start))
}

/// "After 24 hours", "Day 8+": from then on, for as long again, or to the end of a month.
fn open_ended(text: &str) -> Option<Window> {
    if let Some(found) = ON.captures(text) {
        let unit = unit_ms(found.name("unit")?.as_str())?;
        let from = (found.name("from")?.as_str().parse::<i64>().ok()? - 1).checked_mul(unit)?;
        let month = unit_ms("month")?;
        return (from >= 0).then(|| window(from, month.max(from.saturating_mul(2)), Anchor::Success));
    }
    let found = AFTER_N.captures(text)?;
    let from = span(found.name("n")?.as_str(), found.name("unit")?.as_str())?;
    Some(window(from, from.checked_mul(2)?, Anchor::Success))
}

/// "Day 1-7", "Week 2".
fn nth(text: &str, after: bool) -> Option<Window> {
    let found = NTH.captures(text)?;
    let bracket = text.get(..found.get(0)?.start())?.trim_end().ends_with('(');
    let at_start = found.get(0)?.start() == 0;
    let unit = unit_ms(found.name("unit")?.as_str())?;
    let from: i64 = found.name("from")?.as_str().parse().ok()?;
    let to = found.name("to").map_or(Some(from), |n| n.as_str().parse().ok())?;
    let fits = (1..=1000).contains(&from) && (from..=1000).contains(&to);
    ((after || bracket || at_start) && fits).then(|| window((from - 1) * unit, to * unit, Anchor::Success))
}

/// "30 minutes - 2 hours", "2-24 hours". Where nothing says it is about afterwards, it is how long something takes.
fn spanned(text: &str, after: bool) -> Option<Window> {
    let found = SPAN.captures(text).filter(|_| after)?;
    let unit2 = found.name("unit2")?.as_str();
    let unit = found.name("unit").map_or(unit2, |u| u.as_str());
    let (from, to) = (span(found.name("from")?.as_str(), unit)?, span(found.name("to")?.as_str(), unit2)?);
    (from < to).then(|| window(from, to, Anchor::Cutover))
}

fn anchor(text: &str) -> Anchor {
    if any(text, words::CUTOVER) {
        Anchor::Cutover
    } else if any(text, words::STARTED) {
        Anchor::Start
    } else {
        Anchor::Success
    }
}

fn span(n: &str, unit: &str) -> Option<i64> {
    let unit = unit_ms(unit)?;
    match n {
        "a" | "an" | "one" => Some(unit),
        n => crate::domain::meaning::Amount::parse(n)?.thousandths.checked_mul(unit).map(|ms| ms / 1000),
    }
}

fn window(from_ms: i64, to_ms: i64, relative_to: Anchor) -> Window {
    Window { from_ms, to_ms, relative_to }
}

fn from_before(ms: i64) -> Window {
    window(-ms, 0, Anchor::Scheduled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: i64 = 60_000;
    const HOUR: i64 = 60 * MIN;
    const DAY: i64 = 24 * HOUR;

    #[test]
    fn headings() {
        use Anchor::*;
        for (heading, above, from, to, anchor) in [
            ("Immediate Validation (0-30 minutes)", "post-deployment validation", 0, 30 * MIN, Cutover),
            ("Extended Validation (30 minutes - 2 hours)", "", 30 * MIN, 2 * HOUR, Cutover),
            ("Long-Term Validation (2-24 hours)", "", 2 * HOUR, 24 * HOUR, Cutover),
            ("Immediate Checks (Within 1 Hour)", "", 0, HOUR, Success),
            ("Short-term Monitoring (Day 1-7)", "", 0, 7 * DAY, Success),
            ("Long-term Tasks (Week 1-4)", "", 0, 28 * DAY, Success),
            ("Week 2", "", 7 * DAY, 14 * DAY, Success),
            ("Pre-Migration (1 week before)", "", -7 * DAY, 0, Scheduled),
            ("5 working days before", "", -5 * DAY, 0, Scheduled),
            ("Migration Day (Day of)", "", 0, DAY, Scheduled),
            ("Post-Migration (Day after)", "", DAY, 2 * DAY, Start),
            ("2 weeks after", "", 14 * DAY, 21 * DAY, Start),
            ("Long-term Actions (Within 1 month)", "", 0, 30 * DAY, Success),
            ("Within an hour", "", 0, HOUR, Success),
            ("First 24 hours", "", 0, DAY, Success),
            ("The next day", "", DAY, 2 * DAY, Success),
            ("T-7: Freeze", "", -7 * DAY, 0, Scheduled),
            ("D-1", "", -DAY, 0, Scheduled),
            ("T-0h: Launch", "", 0, HOUR, Scheduled),
            ("T+1d", "", DAY, 2 * DAY, Start),
            ("T-30min checks", "", -30 * MIN, 0, Scheduled),
            ("Cut-over (T+0)", "", 0, DAY, Start),
            ("Verify (Within 5 minutes)", "", 0, 5 * MIN, Cutover),
            ("Monitoring (First hour)", "post-cutover", 0, HOUR, Cutover),
            ("Day 8+", "", 7 * DAY, 30 * DAY, Success),
            ("Completion (After 24 hours)", "", 24 * HOUR, 48 * HOUR, Success),
            ("B (2-24 h)", "", 2 * HOUR, 24 * HOUR, Cutover),
            ("B (2-24 hours)", "", 2 * HOUR, 24 * HOUR, Cutover),
            ("C (a month)", "", 0, 30 * DAY, Success),
            ("Follow-up (2 weeks)", "", 0, 14 * DAY, Success),
        ] {
            let got = of_heading(heading, &[above.to_owned()]);
            assert_eq!(got, Some(window(from, to, anchor)), "{heading}");
        }
        for heading in [
            "Phase 2: Migrate (30-60 minutes)",
            "Migrate (12-24 hours)",
            "Dual write (2 weeks)",
            "Dual write (1 month)",
            "B (24-2 hours)",
            "Deploy",
            "Day-to-day work",
            "24 items",
            "Sign-off",
            "Tier 1-2",
        ] {
            assert_eq!(of_heading(heading, &[]), None, "{heading}");
        }
    }

    #[test]
    fn ranges_that_are_none_are_told() {
        for (heading, said) in [
            (
                "B (24-2 hours)",
                Some("“(24-2 hours)” looks like a window but is read as none: it ends before it begins."),
            ),
            ("B (2 h - 30 min)", Some("ends before it begins")),
            ("B (Day 7-1)", Some("Write “(day 1-7)”")),
            ("B (Day 0-7)", Some("the first day is 1. Write “(day 1-7)”")),
            ("B (0-0 min)", Some("it ends when it begins")),
            ("Monitoring (2-24 std)", Some("“std” is no unit")),
            ("Monitoring (2-24 huors)", Some("“huors” is no unit")),
            ("B (2-24 h)", None),
            ("Migrate (30-60 minutes)", None),
            ("Monitoring (5-10 users)", None),
            ("Steps (3-1)", None),
            ("Day 1-7", None),
        ] {
            let got = unread(heading, &[]);
            assert!(
                said.map_or(got.is_none(), |said| got.as_ref().is_some_and(|g| g.contains(said))),
                "{heading}: {got:?}"
            );
        }
    }

    #[test]
    fn items() {
        assert_eq!(of_item("Monitoring continued for 2 hours"), Some(window(0, 2 * HOUR, Anchor::Success)));
        assert_eq!(of_item("Monitor dashboards for the first 30 minutes"), Some(window(0, 30 * MIN, Anchor::Success)));
        let two = Some(window(0, 2 * HOUR, Anchor::Success));
        assert_eq!(of_item("Monitoring went on for 2 hours after completion"), two);
        assert_eq!(of_item("T-7: code freeze").map(|w| w.from_ms), Some(-7 * DAY));
        assert_eq!(of_item("Announce 1 week before").map(|w| w.from_ms), Some(-7 * DAY));
        assert_eq!(
            of_item("Changes of the first 4 weeks after a release").map(|w| (w.from_ms, w.to_ms)),
            Some((0, 28 * DAY))
        );
        assert_eq!(of_item("Freeze 2 days before the release").map(|w| w.from_ms), Some(-2 * DAY));
        assert_eq!(of_item("Post-mortem (within 1 week)"), Some(window(0, 7 * DAY, Anchor::Success)));
        assert_eq!(of_item("Reviewed within 2 hours of cut-over"), Some(window(0, 2 * HOUR, Anchor::Cutover)));
        for text in [
            "Backup and recovery procedures tested within last 30 days",
            "Database performance within 5% of baseline",
            "Recent backup exists (< 24 hours old)",
            "Set the timeout to 2 hours",
            "Final backup before deployment",
            "Scores are as good as before",
            "Remind them 24 hours before the retrospective",
            "Meet within a few days after the release",
        ] {
            assert_eq!(of_item(text), None, "{text}");
        }
    }
}
