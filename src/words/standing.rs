//! What people read about freezes and covers.

use crate::card::{Card, Tone};
use crate::domain::command::Person;
use crate::domain::freeze::{Freezes, Frozen, Holding, Kind, Scope, called};
use crate::domain::standing::{Refusal, Ruling, SetFreeze};
use crate::domain::text::{Rich, Span};
use crate::domain::time::Timestamp;
use crate::markdown::escape;
use chrono_tz::Tz;

/// How far ahead `freezes` looks, in milliseconds: 14 days.
const AHEAD_MS: i64 = 14 * 86_400_000;
/// Spans of one rule it lists, and lines in all.
const OF_ONE: usize = 5;
const LINES: usize = 40;
/// Freezes a refusal names.
const NAMED: usize = 3;

/// `Mon 2026-11-30 08:00 CET`.
pub fn moment(at: Timestamp, zone: Tz) -> String {
    at.utc().with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string()
}

fn or(roles: &[String]) -> String {
    escape(&roles.join(" or "))
}

/// ` for shop in production`; empty: everywhere.
fn place(scope: &Scope) -> String {
    let services =
        if scope.services.is_empty() { String::new() } else { format!(" for {}", scope.services.join(", ")) };
    let places =
        if scope.environments.is_empty() { String::new() } else { format!(" in {}", scope.environments.join(", ")) };
    escape(&format!("{services}{places}"))
}

fn why(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({})", escape(reason)) }
}

fn ends(until: Option<Timestamp>, zone: Tz) -> String {
    until.map_or_else(|| "until it is lifted".into(), |at| format!("until {}", moment(at, zone)))
}

/// A freeze as a sentence names it: `weekend (no starts), until Mon …`.
fn named(h: &Holding, zone: Tz) -> String {
    let set = called(&h.name);
    let name = if set == h.name { format!("`{set}`") } else { set };
    match (h.since, h.until) {
        (None, None) => format!("{name}{}, a window for starting that does not open again", why(&h.reason)),
        (None, Some(at)) => format!("{name}{}, a window for starting that opens {}", why(&h.reason), moment(at, zone)),
        (Some(_), until) => format!("{name}{}, {}", why(&h.reason), ends(until, zone)),
    }
}

/// The same in plain words.
fn in_plain(h: &Holding, zone: Tz) -> String {
    let reason = if h.reason.is_empty() { String::new() } else { format!(" ({})", h.reason) };
    let until = match (h.since, h.until) {
        (None, None) => "a window for starting that does not open again".into(),
        (None, Some(at)) => format!("a window for starting that opens {}", moment(at, zone)),
        (Some(_), until) => ends(until, zone),
    };
    format!("{}{reason}, {until}", called(&h.name))
}

/// The first of what holds, and how many more.
fn lines(holding: &[Holding], one: impl Fn(&Holding) -> String) -> String {
    let named: Vec<String> = holding.iter().take(NAMED).map(one).collect();
    let more = holding.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", named.join("; "))
}

/// Why a start may not be then, when it may, and who may start all the same.
pub fn frozen(frozen: &Frozen, service: &str, environment: &str, then: Option<Timestamp>, zone: Tz) -> String {
    let when = then.map_or_else(|| "is frozen".into(), |at| format!("is frozen {}", moment(at, zone)));
    let free = match frozen.free_at {
        Some(at) => format!("The next free moment is {}.", moment(at.to_minute(), zone)),
        None if frozen.holding.iter().any(|h| h.since.is_some() && h.until.is_none()) => {
            "It can start when the freeze is lifted: `/deploy unfreeze`.".into()
        }
        None => "There is no free moment within 400 days.".into(),
    };
    format!(
        "{} on {} {when}: {}. {free} {}",
        escape(service),
        escape(environment),
        lines(&frozen.holding, |h| named(h, zone)),
        overriders(frozen)
    )
}

/// Who may start all the same.
fn overriders(frozen: &Frozen) -> String {
    let sets: Vec<&[String]> = frozen.holding.iter().map(|h| h.may_override.as_slice()).collect();
    if sets.iter().any(|roles| roles.is_empty()) {
        return "Nobody may override it: no role is configured for it (`override` of the freeze, or under `[rules]`)."
            .into();
    }
    let mut said: Vec<String> = Vec::new();
    for roles in sets.iter().map(|roles| or(roles)) {
        if !said.contains(&roles) {
            said.push(roles);
        }
    }
    format!("Whoever is {} may start all the same: add `--override \"the reason\"`.", said.join(", and "))
}

/// Somebody without the role wants to start all the same.
pub fn no_authority(holding: &Holding, zone: Tz) -> String {
    if holding.may_override.is_empty() {
        return format!(
            "Nobody may override {}: no role is configured for it. Add `override` to the freeze, or under `[rules]`.",
            named(holding, zone)
        );
    }
    format!("Only {} may override {}. Ask one of them.", or(&holding.may_override), named(holding, zone))
}

/// The line on the board of what is under way.
pub fn on_board(h: &Holding, zone: Tz) -> Rich {
    let reason = if h.reason.is_empty() { String::new() } else { format!(" ({})", h.reason) };
    let name = called(&h.name);
    Rich::plain(format!("Frozen by {name}{reason}, {}: new starts wait; this one goes on.", ends(h.until, zone)))
}

fn post(tone: Tone, bold: String, rest: String) -> Card {
    Card {
        title: Rich(vec![Span { text: bold, bold: true, ..Span::default() }, Span { text: rest, ..Span::default() }]),
        tone,
        rehearsal: false,
        broadcast: false,
        blocks: Vec::new(),
        buttons: Vec::new(),
        page: None,
    }
}

/// What the channel is told of a ruling.
/// `still`: what holds where a freeze was lifted.
pub fn announced(
    ruling: &Ruling,
    lifted: Option<&SetFreeze>,
    still: &[Holding],
    by: &Person,
    zone: Tz,
) -> Option<Card> {
    match ruling {
        Ruling::FreezeSet { number, reason, until, environment, service } => {
            let place = scope_words(service.as_deref(), environment.as_deref());
            let rest = format!("{place}, {}, by {}: {reason}", ends(*until, zone), by.name);
            Some(post(Tone::Warn, format!("🧊 Freeze {number}: no starts"), rest))
        }
        Ruling::FreezeLifted { number } => {
            let reason = lifted.map(|f| format!(" ({})", f.reason)).unwrap_or_default();
            let (tone, now) = match still {
                [] => (Tone::Good, "Starts may be again.".to_owned()),
                some => (Tone::Plain, format!("What holds there still: {}.", lines(some, |h| in_plain(h, zone)))),
            };
            Some(post(tone, format!("Freeze {number} is lifted"), format!(" by {}{reason}. {now}", by.name)))
        }
        Ruling::CoverSet { cover } => Some(post(
            Tone::Plain,
            format!("{} covers {}", cover.person.name, cover.rotation),
            format!(" from {} until {}, set by {}.", moment(cover.from, zone), moment(cover.until, zone), by.name),
        )),
        Ruling::CoverLifted { rotation, .. } => Some(post(
            Tone::Plain,
            format!("{rotation} is no longer covered"),
            format!(", by {}: whoever is on call by rotation has it.", by.name),
        )),
        Ruling::Proved { .. } => None,
    }
}

fn scope_words(service: Option<&str>, environment: Option<&str>) -> String {
    let service = service.map(|s| format!(" of {s}")).unwrap_or_default();
    let environment = environment.map(|e| format!(" in {e}")).unwrap_or_default();
    format!("{service}{environment}")
}

/// What whoever asked is told. `still`: what holds where a freeze was lifted.
pub fn done(ruling: &Ruling, still: &[Holding], now: Timestamp, zone: Tz) -> String {
    match ruling {
        Ruling::FreezeSet { number, until, environment, service, .. } => format!(
            "Freeze {number} holds{}, {}. What is under way goes on; what is scheduled waits. `/deploy unfreeze {number}` \
             lifts it.",
            place(&Scope {
                services: service.iter().cloned().collect(),
                environments: environment.iter().cloned().collect(),
            }),
            ends(*until, zone)
        ),
        Ruling::FreezeLifted { number } if still.is_empty() => {
            format!("Freeze {number} is lifted. Whatever waited for it starts now.")
        }
        Ruling::FreezeLifted { number } => format!(
            "Freeze {number} is lifted. What holds there still: {}. Whatever is bound by none of it starts now.",
            lines(still, |h| named(h, zone))
        ),
        Ruling::CoverSet { cover } => {
            let from = if cover.from <= now { String::new() } else { format!(" from {}", moment(cover.from, zone)) };
            format!(
                "{} covers {}{from} until {}.",
                escape(&cover.person.name),
                escape(&cover.rotation),
                moment(cover.until, zone)
            )
        }
        Ruling::CoverLifted { rotation, .. } => format!("{} is no longer covered.", escape(rotation)),
        Ruling::Proved { .. } => String::new(),
    }
}

fn numbers(numbers: &[u32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The sentence for a refusal, as Markdown.
pub fn refusal(r: &Refusal, now: Timestamp, zone: Tz) -> String {
    match r {
        Refusal::NotYoursToFreeze { roles } => format!("Only {} may freeze. Ask one of them.", or(roles)),
        Refusal::TooManyFreezes => {
            "As many freezes are set as there may be. Lift one first: `/deploy freezes` lists them.".into()
        }
        Refusal::AlreadyFrozen { number } => format!("That is frozen already, by freeze {number}. Nothing changed."),
        Refusal::NothingSet => {
            "No freeze is set. Those of the configuration end by themselves: `/deploy freezes` lists them.".into()
        }
        Refusal::WhichFreeze { numbers: all } => {
            format!("Several freezes are set: {}. Say which: `/deploy unfreeze {}`.", numbers(all), all[0])
        }
        Refusal::NoSuchFreeze { said, numbers: all } if all.is_empty() => {
            format!("There is no freeze “{}”; none is set. `/deploy freezes` says what holds.", escape(said))
        }
        Refusal::NoSuchFreeze { said, numbers: all } => {
            format!("There is no freeze “{}”. Set are {}. `/deploy freezes` lists them.", escape(said), numbers(all))
        }
        Refusal::InConfiguration { name } => format!(
            "`{name}` stands in the configuration and ends by itself. To start in it: `/deploy start VERSION --override \
             \"the reason\"`, by a role that may."
        ),
        Refusal::NotYoursToLift { number, by, roles } if roles.is_empty() => format!(
            "Freeze {number} was set by {}, who alone lifts it. Others can when `freeze` under `[rules]` names their role.",
            escape(&by.name)
        ),
        Refusal::NotYoursToLift { number, by, roles } => {
            format!("Freeze {number} was set by {}; they or {} lift it.", escape(&by.name), or(roles))
        }
        Refusal::EndsBeforeItBegins => {
            "That ends before it begins. Name a later `until:`, or an earlier `from:`.".into()
        }
        Refusal::Covered { cover } => {
            let begun = if cover.from <= now { String::new() } else { format!(" from {}", moment(cover.from, zone)) };
            format!(
                "{} covers {}{begun} until {} already. Choose another time, or take it away: `/deploy uncover {}`.",
                escape(&cover.person.name),
                escape(&cover.rotation),
                moment(cover.until, zone),
                crate::grammar::quoted(&cover.rotation)
            )
        }
        Refusal::TooManyCovers => "As many covers stand as there may be. Take one away with `/deploy uncover`.".into(),
        Refusal::NoCover { rotation, others } if others.is_empty() => {
            format!("Nobody covers “{}”, nor any other rotation. Nothing changed.", escape(rotation))
        }
        Refusal::NoCover { rotation, others } => {
            format!("Nobody covers “{}”. Covered are {}.", escape(rotation), escape(&others.join(", ")))
        }
    }
}

/// What holds now, what comes, and who may start all the same.
pub fn freezes(all: &Freezes<'_>, now: Timestamp, zone: Tz) -> String {
    let by = |roles: &[String]| {
        if roles.is_empty() { "nobody may override it".to_owned() } else { format!("{} may override it", or(roles)) }
    };
    let mut lines: Vec<String> = Vec::new();
    for rule in all.rules.iter().filter(|r| r.kind == Kind::Freeze) {
        if let Some((span, called)) = rule.spans.held(now) {
            let reason = why(called.unwrap_or(&rule.reason));
            let until = moment(span.until, zone);
            lines.push(format!(
                "`{}`{reason}{}, until {until}; {}",
                rule.name,
                place(&rule.scope),
                by(&rule.may_override)
            ));
        }
    }
    for f in all.set.iter().filter(|f| f.holds(now)) {
        let (reason, until) = (why(&f.reason), ends(f.until, zone));
        let (who, place) = (escape(&f.by.name), place(&f.scope()));
        lines.push(format!("freeze {}{reason}{place}, {until}, set by {who}; {}", f.number, by(all.may_override)));
    }
    let mut out = if lines.is_empty() { "Nothing is frozen now.".into() } else { listed("Frozen now:", lines) };
    let windows = all.rules.iter().filter(|r| r.kind == Kind::Window).filter_map(|rule| {
        let (span, _) = rule.spans.ending_after(now)?;
        let when = if span.from <= now {
            format!("open until {}", moment(span.until, zone))
        } else {
            format!("opens {}", moment(span.from, zone))
        };
        let reason = why(&rule.reason);
        let outside = if rule.may_override.is_empty() { "nobody".to_owned() } else { or(&rule.may_override) };
        Some(format!("`{}`{reason}{}, {when}; {outside} may start outside it", rule.name, place(&rule.scope)))
    });
    let windows: Vec<String> = windows.collect();
    if !windows.is_empty() {
        out.push_str("\n\n");
        out.push_str(&listed("Windows for starting:", windows));
    }
    let coming = all.coming(now, now.plus_ms(AHEAD_MS), OF_ONE).into_iter().take(LINES).map(|c| {
        let (from, until) = (moment(c.from, zone), moment(c.until, zone));
        format!("{from} until {until}: `{}`{}{}", c.name, why(&c.reason), place(&c.scope))
    });
    let coming: Vec<String> = coming.collect();
    out.push_str("\n\n");
    out.push_str(&if coming.is_empty() {
        "No freeze begins in the next 14 days.".to_owned()
    } else {
        listed("In the next 14 days:", coming)
    });
    out
}

fn listed(title: &str, lines: Vec<String>) -> String {
    format!("{title}\n{}", lines.iter().map(|l| format!("\n- {l}")).collect::<String>())
}
