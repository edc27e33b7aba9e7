//! What a template may say of a moment.

use super::replies;
use super::{Blocked, Entry, Facts, Override, Since, Ticker, Waiting};
use crate::card::compose;
use crate::domain::checklist::Branch;
use crate::domain::command::Mark;
use crate::domain::deployment::Deployment;
use crate::domain::event::{Event, Recorded};
use crate::domain::freeze::called;
use crate::domain::time::{Timestamp, span};

/// Items listed as next; open items listed.
const NEXT: usize = 3;
const OPEN: usize = 20;

/// An event with the state on both sides of it.
pub struct Moment<'a> {
    pub before: &'a Deployment,
    pub after: &'a Deployment,
    pub recorded: &'a Recorded,
}

/// The facts of a moment. What happened since the last progress post is told from the state before.
pub fn of(m: &Moment<'_>) -> Facts {
    let (d, at) = (m.after, m.recorded.at);
    let tally = d.tally();
    let open = if d.status.is_under_way() || d.status.is_over() { d.required_open() } else { Vec::new() };
    let mut facts = Facts {
        id: d.id,
        version: d.version.clone(),
        service: d.service.clone(),
        environment: d.environment.clone(),
        checklist: d.plan.checklist.title.clone(),
        rehearsal: d.rehearsal,
        deployer: d.deployer().name.to_string(),
        by: m.recorded.by.name.to_string(),
        reason: d.reason.clone(),
        done: tally.done,
        total: tally.total,
        percent: tally.percent(),
        elapsed: span(d.elapsed_ms(at)),
        expected: d.expected_ms.map(span),
        section: d.current_section().map(|s| compose::section_name(d, s)),
        next: d.next_up().take(NEXT).map(|i| entry(d, i)).collect(),
        since: since(m.before, at),
        waiting: waiting(d),
        open: open.iter().take(OPEN).map(|&i| entry(d, i)).collect(),
        open_count: u32::try_from(open.len()).unwrap_or(u32::MAX),
        follow_up_open: follow_up_open(d),
        overridden: d.overridden.as_ref().map(|o| Override {
            by: d.person(o.by).name.to_string(),
            role: o.authority.role.clone(),
            reason: o.authority.reason.clone(),
            freezes: o.freezes.iter().map(|f| called(f)).collect::<Vec<_>>().join(", "),
        }),
        ..Facts::default()
    };
    match &m.recorded.event {
        Event::Opened { start_at, .. } => facts.start_at = start_at.map(moment),
        Event::Queued { behind } => facts.behind = Some(*behind),
        Event::Started { late_ms } => late(&mut facts, at, *late_ms),
        Event::Progress { text, late_ms } => {
            facts.text.clone_from(text);
            late(&mut facts, at, *late_ms);
        }
        Event::Marked { item, note, .. } => {
            facts.reason.clone_from(note);
            facts.item = d.plan.leaf(item).map(|i| entry(d, i));
        }
        Event::Breached { item, measured_ms, late_ms } => {
            facts.reason = Some(replies::measured(d, item, *measured_ms));
            facts.item = d.plan.leaf(item).map(|i| entry(d, i));
            late(&mut facts, at, *late_ms);
        }
        Event::FreezeOverridden { .. } => facts.start_at = d.start_at.map(moment),
        Event::Frozen { freeze, reason, until } => {
            (facts.freeze, facts.start_at) = (Some(called(freeze)), until.map(moment));
            facts.reason = Some(reason.clone()).filter(|r| !r.is_empty());
        }
        Event::HandedOver { to } => facts.to = Some(to.name.to_string()),
        _ => {}
    }
    facts
}

fn late(facts: &mut Facts, at: Timestamp, late_ms: i64) {
    if late_ms > 0 {
        facts.late = Some(span(late_ms));
        facts.start_at = Some(moment(at.plus_ms(-late_ms)));
    }
}

fn moment(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M UTC").to_string()
}

fn entry(d: &Deployment, leaf: usize) -> Entry {
    let leaf = &d.plan.leaves[leaf];
    Entry { number: leaf.number.to_string(), text: leaf.text.clone() }
}

fn since(d: &Deployment, at: Timestamp) -> Since {
    let marks = |wanted: Mark| d.since.marks.iter().filter(move |(_, mark, _)| *mark == wanted);
    let count = |wanted: Mark| u32::try_from(marks(wanted).count()).unwrap_or(u32::MAX);
    let mut people: Vec<(u16, u32)> = Vec::new();
    for (_, _, by) in marks(Mark::Tick) {
        match people.iter_mut().find(|(who, _)| who == by) {
            Some((_, n)) => *n += 1,
            None => people.push((*by, 1)),
        }
    }
    people.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
    Since {
        span: span(at.since_ms(d.since.at)),
        ticked: count(Mark::Tick),
        skipped: count(Mark::Skip),
        people: people
            .into_iter()
            .map(|(who, ticked)| Ticker { name: d.person(who).name.to_string(), ticked })
            .collect(),
        failed: trouble(d, Mark::Fail),
        blocked: trouble(d, Mark::Block),
    }
}

fn trouble(d: &Deployment, mark: Mark) -> Vec<Blocked> {
    d.troubled(mark)
        .filter_map(|i| {
            let m = d.marked(i)?;
            let Entry { number, text } = entry(d, i);
            let reason = m.note.clone().unwrap_or_default();
            Some(Blocked { number, text, reason, by: d.person(m.by).name.to_string() })
        })
        .collect()
}

fn waiting(d: &Deployment) -> Vec<Waiting> {
    d.assigned()
        .filter(|(i, _)| compose::can_change(d, *i))
        .map(|(i, to)| {
            let Entry { number, text } = entry(d, i);
            Waiting { number, text, who: to.name.to_string() }
        })
        .collect()
}

fn follow_up_open(d: &Deployment) -> u32 {
    if !d.status.is_over() {
        return 0;
    }
    let branches = [Branch::AfterSuccess, Branch::AfterRollback, Branch::FollowUp];
    let open = branches.into_iter().filter(|b| d.closed(*b).is_none()).flat_map(|b| d.leaves_of(b));
    u32::try_from(open.filter(|(i, _)| !d.is_done(*i)).count()).unwrap_or(u32::MAX)
}
