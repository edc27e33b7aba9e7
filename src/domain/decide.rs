//! What a command means in a state: the events it causes, or why it is refused.

use super::checklist::{Branch, Number};
use super::climb;
use super::command::{Command, ItemRef, Mark, Person, Quiet, Timer};
use super::deployment::{Deployment, Marked};
use super::event::{Authority, Event, Reaction};
use super::policy::Policy;
use super::refusal::Refusal;
use super::resolve;
use super::status::Status;
use super::time::Timestamp;
use super::{agenda, remind, watch};

/// From how late on a thing is said to be late, in milliseconds: a minute, below which nobody would ask.
pub const LATE_MS: i64 = 60_000;

/// How long a deployment stays walkable after its outcome, in milliseconds: 31 days, the longest window
/// ("within a month") of the checklists we know.
pub const WALKABLE_MS: i64 = 31 * 86_400_000;

/// Events one deployment may have. A walk of 360 items takes some 500; ten thousand is a machine gone wild.
/// Outcomes, and what leads to them, are taken even then, so that it can always be ended.
pub const MAX_EVENTS: u64 = 10_000;

/// From how many events on progress is no longer posted by itself: whatever the schedule, at least half of the log is
/// left for people.
pub const MAX_EVENTS_POSTING: u64 = MAX_EVENTS / 2;

/// Channels that may show one deployment: every tick is an edit in each.
pub const MAX_CHANNELS: usize = 10;

/// What is to be recorded, and what is said of the parts that were left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub events: Vec<Event>,
    pub remarks: Vec<Refusal>,
}

impl Decision {
    fn of(events: Vec<Event>) -> Self {
        Self { events, remarks: Vec::new() }
    }
}

impl From<Event> for Decision {
    fn from(event: Event) -> Self {
        Self { events: vec![event], remarks: Vec::new() }
    }
}

/// What a command means in this state.
///
/// `reaction` names the reaction that said it, if one did: [`Reaction::parse`].
pub fn decide(
    d: &Deployment,
    command: &Command,
    by: &Person,
    at: Timestamp,
    policy: &Policy,
    reaction: Option<&str>,
) -> Result<Decision, Refusal> {
    let ends = matches!(
        command,
        Command::Resume
            | Command::Rollback { .. }
            | Command::RolledBack
            | Command::Finish { .. }
            | Command::Partial { .. }
            | Command::Cancel { .. }
            | Command::Ack { .. }
            | Command::Resolve { .. }
            | Command::Due { .. }
    );
    if d.seq >= MAX_EVENTS && !ends {
        return Err(Refusal::LogFull { limit: MAX_EVENTS });
    }
    match command {
        Command::Mark { items, mark, note } => {
            decide_mark(d, items, *mark, note.as_deref(), reaction.map(Reaction::parse).as_ref())
        }
        Command::Assign { item, to } => {
            let (leaf, rest) = resolve::item(d, item)?;
            match check_open(d, leaf) {
                // What is not open yet can be planned.
                Err(Refusal::Closed { why, .. }) if why.is_yet_to_come() => {}
                other => other?,
            }
            if rest.is_some() {
                return Err(not_whole(std::slice::from_ref(item)));
            }
            Ok(Event::Assigned { item: d.plan.leaves[leaf].number.clone(), to: d.known(to) }.into())
        }
        Command::Evidence { item, text } => {
            let (leaf, rest) = open_item(d, item)?;
            if !text.is_empty() && rest.is_some() {
                return Err(not_whole(std::slice::from_ref(item)));
            }
            let text = if text.is_empty() { rest.unwrap_or_default() } else { text.clone() };
            let item = d.plan.leaves[leaf].number.clone();
            if text.is_empty() {
                return Err(Refusal::ValueNeeded { field: item.to_string(), choices: Vec::new() });
            }
            Ok(Event::Evidence { item, text }.into())
        }
        Command::Note { text } => {
            not_archived(d)?;
            Ok(Event::Noted { text: text.clone() }.into())
        }
        Command::Fill { field, value } => decide_fill(d, field, value),
        Command::Hold { reason } => {
            if d.status == Status::Held {
                return Err(on_hold(d));
            }
            only(d, &[Status::Active])?;
            Ok(Event::Held { reason: reason.clone() }.into())
        }
        Command::Resume => {
            only(d, &[Status::Held])?;
            Ok(Event::Resumed.into())
        }
        Command::Handover { to } => {
            if d.status.is_over() {
                return Err(wrong_status(d));
            }
            if d.deployer().id == to.id {
                return Err(Refusal::AlreadyLeads { to: to.clone() });
            }
            Ok(Event::HandedOver { to: d.known(to) }.into())
        }
        Command::Progress { text } => {
            only(d, &[Status::Active, Status::Held, Status::RollingBack])?;
            Ok(Event::Progress { text: text.clone(), late_ms: 0, quiet: 0 }.into())
        }
        Command::Rollback { reason } => {
            not_archived(d)?;
            only(d, &[Status::Active, Status::Held, Status::Succeeded, Status::Partial])?;
            // After the outcome others may have gone on from here: then it is theirs to roll back.
            if let Some(holder) = policy.lock_held_by {
                return Err(Refusal::LockTaken { holder });
            }
            Ok(called(d, reason))
        }
        Command::RolledBack => {
            only(d, &[Status::RollingBack])?;
            Ok(Event::RolledBack.into())
        }
        Command::Finish { authority } => decide_finish(d, authority.as_deref(), by, policy),
        Command::Partial { reason } => {
            only(d, &[Status::Active, Status::Held])?;
            Ok(Event::Partial { reason: reason.clone() }.into())
        }
        Command::Cancel { reason } => {
            only(d, &[Status::Scheduled, Status::Queued, Status::Active, Status::Held])?;
            Ok(Event::Cancelled { reason: reason.clone() }.into())
        }
        Command::Follow { channel } => {
            not_archived(d)?;
            if d.channels().any(|c| c == channel) {
                return Err(Refusal::AlreadyFollows { channel: channel.clone() });
            }
            if d.channels().count() >= MAX_CHANNELS {
                return Err(Refusal::TooManyChannels { limit: MAX_CHANNELS });
            }
            Ok(Event::Followed { channel: channel.clone() }.into())
        }
        Command::Unfollow { channel } => {
            if *channel == d.channel {
                return Err(Refusal::HomeChannel);
            }
            if !d.also.contains(channel) {
                return Err(Refusal::NotFollowing { channel: channel.clone() });
            }
            Ok(Event::Unfollowed { channel: channel.clone() }.into())
        }
        Command::Open { section } => {
            let Some(list) = d.on_demand().find(|s| s.number == *section) else {
                return Err(Refusal::NotOnDemand { section: *section });
            };
            // Somebody else may have been quicker: it is there, and that is what was asked for.
            let events = match d.opened.contains_key(&list.number) {
                true => Vec::new(),
                false => vec![Event::SectionOpened { section: list.number, late_ms: 0 }],
            };
            Ok(Decision { events, remarks: Vec::new() })
        }
        Command::Page { whom, message, low } => {
            not_archived(d)?;
            climb::decide_page(d, whom.as_deref(), message, *low, by, at, policy).map(Decision::of)
        }
        Command::Ack { page } => climb::decide_ack(d, *page).map(Decision::of),
        Command::Resolve { page } => climb::decide_resolve(d, *page).map(Decision::of),
        Command::Escalate { page } => climb::decide_escalate(d, *page, by, at, policy).map(Decision::of),
        Command::Reschedule { at: start_at } => {
            only(d, &[Status::Scheduled])?;
            if d.start_at == Some(*start_at) {
                return Err(Refusal::StartsThen { at: *start_at });
            }
            Ok(Event::Rescheduled { start_at: *start_at }.into())
        }
        Command::Snooze { item, how } => decide_snooze(d, item.as_ref(), *how, at),
        Command::Due { timer, due } => decide_due(d, *timer, *due, at, policy),
    }
}

/// Characters of a criterion's words in the reason of a rollback; a criterion may be a paragraph.
const LONGEST_CRITERION: usize = 300;

/// A rollback. A reason that begins with a criterion's number says that it happened: `rollback 26.9`.
fn called(d: &Deployment, reason: &str) -> Decision {
    let (first, rest) = reason.split_once(' ').unwrap_or((reason, ""));
    let number = first.trim_end_matches(':').parse::<Number>();
    let criterion = number.ok().and_then(|n| d.plan.leaf(&n)).filter(|&i| is_criterion(d, i) && d.applies_here(i));
    let Some(i) = criterion else { return Event::RollbackCalled { reason: reason.to_owned() }.into() };
    let leaf = &d.plan.leaves[i];
    let words: String = leaf.text.chars().take(LONGEST_CRITERION).collect();
    let more = rest.strip_prefix(&*leaf.text).unwrap_or(rest).trim_start_matches([':', ' ']);
    let more = if more.is_empty() { String::new() } else { format!(": {more}") };
    let mut events = Vec::new();
    if d.mark(i) != Some(Mark::Tick) {
        events.push(Event::Marked { item: leaf.number.clone(), mark: Mark::Tick, note: None, reaction: None });
    }
    events.push(Event::RollbackCalled { reason: format!("{} {words}{more}", leaf.number) });
    Decision { events, remarks: Vec::new() }
}

fn decide_mark(
    d: &Deployment,
    items: &[ItemRef],
    mark: Mark,
    note: Option<&str>,
    reaction: Option<&Reaction>,
) -> Result<Decision, Refusal> {
    let meant = resolve::items(d, items)?;
    if note.is_some_and(|n| !n.is_empty()) && meant.rest.is_some() {
        return Err(not_whole(items));
    }
    let note = note.filter(|n| !n.is_empty()).map(str::to_owned).or(meant.rest);
    let mut decision = Decision::default();
    for (leaf, by_name) in meant.leaves.into_iter().zip(meant.by_name) {
        match mark_one(d, leaf, mark, note.as_deref(), reaction, by_name) {
            Ok(event) => decision.events.push(event),
            // A reason is missing for the whole command, not for one item of it.
            Err(refusal @ (Refusal::ReasonNeeded { .. } | Refusal::OnHold { .. })) => return Err(refusal),
            Err(refusal) => decision.remarks.push(refusal),
        }
    }
    if decision.events.is_empty() {
        return Err(match decision.remarks.as_slice() {
            [one] => one.clone(),
            [first, ..]
                if decision.remarks.iter().all(|r| std::mem::discriminant(r) == std::mem::discriminant(first)) =>
            {
                match first {
                    Refusal::Closed { .. } | Refusal::OtherEnvironment { .. } => first.clone(),
                    _ => Refusal::NothingToDo,
                }
            }
            _ => Refusal::NothingToDo,
        });
    }
    Ok(decision)
}

fn mark_one(
    d: &Deployment,
    leaf: usize,
    mark: Mark,
    note: Option<&str>,
    reaction: Option<&Reaction>,
    by_name: bool,
) -> Result<Event, Refusal> {
    let item = d.plan.leaves[leaf].number.clone();
    check_open(d, leaf)?;
    // Criteria and troubleshooting are what a hold is for.
    let walked = !matches!(d.plan.leaves[leaf].branch, Branch::Watch | Branch::OnDemand);
    if d.status == Status::Held && walked && matches!(mark, Mark::Tick | Mark::Skip) {
        return Err(on_hold(d));
    }
    let standing = d.marked(leaf);
    let choices = &d.plan.leaves[leaf].choices;
    let chosen = match mark {
        Mark::Tick if !choices.is_empty() => match chosen(choices, note.unwrap_or_default()) {
            Some(chosen) => Some(chosen),
            // Named alone or among many, it is not for us to choose.
            None => return Err(Refusal::ChoiceNeeded { item, choices: choices.clone() }),
        },
        _ => None,
    };
    let note = chosen.as_deref().or(note);
    let already =
        |m: &Marked| Refusal::Already { item: item.clone(), mark: m.mark, by: d.person(m.by).clone(), at: m.at };
    match (mark, standing) {
        (Mark::Untick, None) => return Err(Refusal::NotMarked { item }),
        (Mark::Untick, Some(m)) if reaction.is_some() && m.reaction.as_ref() != reaction => {
            return Err(Refusal::NotByThisReaction { item, by: d.person(m.by).clone(), at: m.at });
        }
        // Another choice may be made as long as the item can be changed.
        (Mark::Tick, Some(m)) if m.mark == Mark::Tick && chosen.is_some() && m.note != chosen => {}
        (Mark::Tick, Some(m)) if m.mark == Mark::Tick => return Err(already(m)),
        (Mark::Skip, Some(m)) if matches!(m.mark, Mark::Tick | Mark::Skip) => return Err(already(m)),
        (Mark::Block, Some(m)) if m.mark == Mark::Tick => return Err(already(m)),
        // What somebody said of one item is not overruled by what is said of many.
        (Mark::Tick | Mark::Skip | Mark::Fail | Mark::Block, Some(m)) if !by_name => {
            return Err(Refusal::LeftAsIs { item, mark: m.mark });
        }
        _ => {}
    }
    let reason_needed = match mark {
        Mark::Fail | Mark::Block => true,
        Mark::Skip => !d.plan.leaves[leaf].optional,
        Mark::Tick | Mark::Untick => false,
    };
    if reason_needed && note.is_none_or(str::is_empty) {
        return Err(Refusal::ReasonNeeded { mark, item });
    }
    let reaction = if mark == Mark::Untick { None } else { reaction.cloned() };
    Ok(Event::Marked { item, mark, note: note.map(str::to_owned), reaction })
}

/// The choice a note begins with, as the page writes it, and what else the note says. The longest that fits.
fn chosen(choices: &[String], note: &str) -> Option<String> {
    let (note, folded) = (note.trim(), fold(note.trim()));
    let begins = |choice: &&String| {
        let rest = folded.strip_prefix(&fold(choice));
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let choice = choices.iter().filter(begins).max_by_key(|c| c.chars().count())?;
    let rest: String = note.chars().skip(choice.chars().count()).collect();
    let rest = rest.trim_start_matches([':', ',', ' ']);
    Some(if rest.is_empty() { choice.clone() } else { format!("{choice}: {rest}") })
}

/// What else there is to say was told apart from the item's words, and yet some of them match no item: which item is
/// meant is then in doubt.
fn not_whole(items: &[ItemRef]) -> Refusal {
    let words = items.iter().find(|r| matches!(r, ItemRef::Words(_))).or(items.first());
    Refusal::NoMatch { said: words.map(resolve::said).unwrap_or_default() }
}

/// The leaf can be changed now.
fn check_open(d: &Deployment, leaf: usize) -> Result<(), Refusal> {
    let why = d.closed_leaf(leaf);
    let leaf = &d.plan.leaves[leaf];
    let item = leaf.number.clone();
    if !d.applies(leaf.environment.as_deref()) {
        return Err(Refusal::OtherEnvironment { item, environment: leaf.environment.clone().unwrap_or_default() });
    }
    match why {
        Some(why) => Err(Refusal::Closed { item, why }),
        None => Ok(()),
    }
}

fn open_item(d: &Deployment, item: &ItemRef) -> Result<(usize, Option<String>), Refusal> {
    let (leaf, rest) = resolve::item(d, item)?;
    check_open(d, leaf)?;
    Ok((leaf, rest))
}

/// `fill LABEL value`: where the value was not told apart from the label, the longest label that begins the text is it.
fn decide_fill(d: &Deployment, field: &str, value: &str) -> Result<Decision, Refusal> {
    not_archived(d)?;
    let fields = || d.plan.fields();
    // Told apart, a label is that label, even where a longer one would fit what follows.
    let exact = fields().find(|f| !value.is_empty() && fold(&f.label) == fold(field.trim()));
    let said = format!("{field} {value}");
    let said = said.trim();
    let folded = fold(said);
    let begins = |label: &str| {
        let rest = folded.strip_prefix(&fold(label));
        rest.is_some_and(|rest| rest.is_empty() || !rest.starts_with(char::is_alphanumeric))
    };
    let longest = || fields().filter(|f| begins(&f.label)).max_by_key(|f| f.label.chars().count());
    let Some(found) = exact.or_else(longest) else {
        let fields = d.plan.fields().map(|f| f.label.clone()).collect();
        return Err(Refusal::NoSuchField { said: field.to_owned(), fields });
    };
    // Folding keeps the number of characters, so the label's length is the same in what was said.
    let value: String = said.chars().skip(found.label.chars().count()).collect();
    let value = value.trim_start_matches([':', '=', ' ']).trim().to_owned();
    let field = found.label.clone();
    if super::fields::is_automatic(&field) {
        return Err(Refusal::AutomaticField { field });
    }
    if value.is_empty() {
        return Err(Refusal::ValueNeeded { field, choices: found.choices.clone() });
    }
    if !found.choices.is_empty() {
        let Some(choice) = found.choices.iter().find(|c| fold(c) == fold(&value)) else {
            return Err(Refusal::NotAChoice { field, choices: found.choices.clone() });
        };
        return Ok(Event::Filled { field, value: choice.clone() }.into());
    }
    Ok(Event::Filled { field, value }.into())
}

/// Compared without regard to case. One character stays one character, so that lengths agree. Through upper case,
/// because some letters have two lower ones (`σ`, `ς`).
fn fold(text: &str) -> String {
    let upper = |c: char| {
        let mut upper = c.to_uppercase();
        if upper.len() == 1 { upper.next().unwrap_or(c) } else { c }
    };
    text.chars().map(|c| upper(c).to_lowercase().next().unwrap_or(c)).collect()
}

fn decide_finish(d: &Deployment, authority: Option<&str>, by: &Person, policy: &Policy) -> Result<Decision, Refusal> {
    if d.status == Status::Held {
        return Err(on_hold(d));
    }
    only(d, &[Status::Active])?;
    let open = d.required_open();
    if open.is_empty() {
        return Ok(Event::Succeeded { authority: None, open: Vec::new() }.into());
    }
    let numbers: Vec<_> = open.iter().map(|&i| d.plan.leaves[i].number.clone()).collect();
    let Some(reason) = authority else {
        let count = numbers.len();
        return Err(Refusal::RequiredOpen { items: numbers.into_iter().take(10).collect(), count });
    };
    let Some(role) = policy.role_of(&by.id, &policy.may_override) else {
        return Err(Refusal::NoAuthority { roles: policy.may_override.clone() });
    };
    let authority = Authority { role: role.to_owned(), reason: reason.to_owned() };
    Ok(Event::Succeeded { authority: Some(authority), open: numbers }.into())
}

fn decide_due(
    d: &Deployment,
    timer: Timer,
    due: Timestamp,
    at: Timestamp,
    policy: &Policy,
) -> Result<Decision, Refusal> {
    let late_ms = late(at, due);
    let all = |events: Vec<Event>| match events.is_empty() {
        true => Err(Refusal::Stale),
        false => Ok(Decision { events, remarks: Vec::new() }),
    };
    match timer {
        // Asked before its moment, because something that it may wait for has changed.
        Timer::Start if d.status == Status::Scheduled && d.start_at.is_some_and(|t| t > at.max(due)) => {
            Err(Refusal::Stale)
        }
        Timer::Start => match (d.status, policy.lock_held_by) {
            (Status::Scheduled, Some(behind)) => Ok(Event::Queued { behind }.into()),
            (Status::Scheduled | Status::Queued, None) if policy.frozen.is_some() => waits(d, policy),
            (Status::Scheduled | Status::Queued, None) => {
                // Out of the queue nothing is late: its turn has just come.
                let late_ms = if d.status == Status::Scheduled { late_ms } else { 0 };
                Ok(Event::Started { late_ms }.into())
            }
            _ => Err(Refusal::Stale),
        },
        Timer::Progress if d.seq < MAX_EVENTS_POSTING && matches!(d.status, Status::Active | Status::RollingBack) => {
            // Nothing that a person did, and nothing done to an item, since the last one.
            let nothing = d.active_at <= d.since.at && d.since.marks.is_empty();
            let quiet = if nothing { d.quiet.saturating_add(1) } else { 0 };
            Ok(Event::Progress { text: None, late_ms, quiet }.into())
        }
        Timer::Archive if d.status.is_over() && !d.archived => Ok(Event::Archived.into()),
        Timer::Watch if d.seq < MAX_EVENTS_POSTING => all(watch::fallen_due(d, at)),
        Timer::Agenda if d.seq < MAX_EVENTS => all(agenda::fallen_due(d, at, policy)),
        Timer::Remind if d.seq < MAX_EVENTS_POSTING => all(remind::fallen_due(d, at, policy).into_iter().collect()),
        Timer::Page => all(climb::fallen_due(d, at, policy)),
        _ => Err(Refusal::Stale),
    }
}

/// How late something is said to be that was due then, in milliseconds; 0: not worth saying.
pub fn late(at: Timestamp, due: Timestamp) -> i64 {
    let late = at.since_ms(due);
    if late >= LATE_MS { late } else { 0 }
}

/// `snooze`: of an item or a section, or of everything.
fn decide_snooze(d: &Deployment, item: Option<&ItemRef>, how: Quiet, at: Timestamp) -> Result<Decision, Refusal> {
    if d.status.is_over() {
        return Err(wrong_status(d));
    }
    let item = match item {
        None => None,
        // A section's number means what nobody in it was given, and its items.
        Some(ItemRef::Number(n)) if n.parts().len() == 1 && d.plan.stretch(n.section()).is_some() => Some(n.clone()),
        Some(item) => {
            let (leaf, rest) = resolve::item(d, item)?;
            if rest.is_some() {
                return Err(not_whole(std::slice::from_ref(item)));
            }
            Some(d.plan.leaves[leaf].number.clone())
        }
    };
    Ok(match how {
        Quiet::For(ms) => Event::Snoozed { item, until: Some(at.plus_ms(ms)) },
        Quiet::Stop => Event::Snoozed { item, until: None },
        Quiet::Off => {
            let quiet = match &item {
                Some(item) => d.snoozed.contains_key(item),
                None => d.snoozed_all.is_some() || !d.snoozed.is_empty(),
            };
            if !quiet {
                return Err(Refusal::NotSnoozed { item });
            }
            Event::Unsnoozed { item }
        }
    }
    .into())
}

/// A start waits for a freeze. It is said again only when it is another freeze or another moment.
fn waits(d: &Deployment, policy: &Policy) -> Result<Decision, Refusal> {
    let Some(frozen) = &policy.frozen else { return Err(Refusal::Stale) };
    let Some(first) = frozen.first() else { return Err(Refusal::Stale) };
    if d.frozen.as_ref().is_some_and(|w| w.freeze == first.name && w.until == frozen.free_at) {
        return Err(Refusal::Stale);
    }
    Ok(Event::Frozen { freeze: first.name.clone(), reason: first.reason.clone(), until: frozen.free_at }.into())
}

/// How often a start that waits for a freeze looks whether it still holds, in milliseconds: an hour. What is lifted is
/// heard of at once; this is for a configuration that has changed.
const LOOK_AGAIN_MS: i64 = 3_600_000;

/// What stays on the timer after it fell due. A stale timer that is still wanted is armed again.
pub fn next_due(after: &Deployment, timer: Timer, at: Timestamp, policy: &Policy) -> Option<Timestamp> {
    match timer {
        Timer::Progress if after.seq < MAX_EVENTS_POSTING && after.status.is_under_way() => {
            policy.progress.next_after(at)
        }
        Timer::Watch if after.seq < MAX_EVENTS_POSTING => watch::due(after),
        Timer::Page => climb::due(after),
        Timer::Start if after.status == Status::Scheduled && after.start_at.is_some_and(|t| t > at) => after.start_at,
        Timer::Start if matches!(after.status, Status::Scheduled | Status::Queued) => {
            let again = at.plus_ms(LOOK_AGAIN_MS);
            let frozen = policy.frozen.as_ref().filter(|_| policy.lock_held_by.is_none())?;
            Some(frozen.free_at.map_or(again, |free| free.min(again)))
        }
        Timer::Archive if !after.archived => after.ended_at.map(|ended| ended.plus_ms(WALKABLE_MS)),
        Timer::Agenda if after.seq < MAX_EVENTS => agenda::due(after, at),
        Timer::Remind if after.seq < MAX_EVENTS_POSTING => remind::due(after, policy),
        _ => None,
    }
}

fn only(d: &Deployment, allowed: &[Status]) -> Result<(), Refusal> {
    if allowed.contains(&d.status) { Ok(()) } else { Err(wrong_status(d)) }
}

fn wrong_status(d: &Deployment) -> Refusal {
    let at = match d.status {
        Status::Scheduled => d.start_at,
        Status::Queued => None,
        Status::Active => d.started_at,
        Status::Held => d.held_at,
        Status::RollingBack => d.rollback_at,
        Status::Succeeded | Status::Partial | Status::RolledBack | Status::Cancelled => d.ended_at,
    };
    Refusal::WrongStatus { status: d.status, reason: d.reason.clone(), at }
}

fn on_hold(d: &Deployment) -> Refusal {
    Refusal::OnHold { reason: d.reason.clone().unwrap_or_default(), since: d.held_at.unwrap_or(d.at) }
}

fn not_archived(d: &Deployment) -> Result<(), Refusal> {
    if d.archived { Err(wrong_status(d)) } else { Ok(()) }
}

/// True when a leaf is one of the rollback criteria: marking it says that it happened.
pub fn is_criterion(d: &Deployment, leaf: usize) -> bool {
    d.plan.leaves[leaf].branch == Branch::Watch
}
