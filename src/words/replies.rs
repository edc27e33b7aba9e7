//! What the person who said something is told when it was done.

use super::{paging, refusals, standing};
use crate::card::{Reply, compose, kinds};
use crate::domain::checklist::{Branch, Number};
use crate::domain::command::{Command, Mark, Person};
use crate::domain::decide::{Decision, is_criterion};
use crate::domain::deployment::Deployment;
use crate::domain::event::Event;
use crate::domain::freeze::called;
use crate::domain::judge::{Verdict, judge};
use crate::domain::status::Status;
use crate::domain::text::{Rich, Span};
use crate::domain::time::{Timestamp, span};
use crate::domain::watch::{self, Measure};
use crate::markdown::escape;
use chrono_tz::Tz;

/// One or two sentences on what a command did, as Markdown. `d` is the state after it.
pub fn done(d: &Deployment, decision: &Decision, now: Timestamp, zone: Tz) -> String {
    let marks: Vec<(&Number, Mark)> = decision
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Marked { item, mark, .. } => Some((item, *mark)),
            _ => None,
        })
        .collect();
    let called = decision.events.iter().find(|e| matches!(e, Event::RollbackCalled { .. }));
    let mut text = match marks.as_slice() {
        _ if called.is_some() => called.map(|e| said(d, e, zone)).unwrap_or_default(),
        [] => decision.events.first().map(|e| said(d, e, zone)).unwrap_or_default(),
        [(item, mark)] => {
            let text = d.plan.text(item);
            format!("{}: {item} *{}*{} {}", mark_word(*mark), escape(&text), stop(&text), so_far(d))
        }
        [(first, mark), .., (last, _)] => {
            format!("{}: {} items, {first} to {last}. {}", mark_word(*mark), marks.len(), so_far(d))
        }
    };
    for remark in decision.remarks.iter().take(3) {
        text.push_str("\n\n");
        text.push_str(&refusals::refusal(d, remark, now, zone));
    }
    if decision.remarks.len() > 3 {
        text.push_str(&format!("\n\n{} more were left as they are.", decision.remarks.len() - 3));
    }
    text
}

fn mark_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Tick => "Ticked",
        Mark::Untick => "Reopened",
        Mark::Skip => "Skipped",
        Mark::Fail => "Failed",
        Mark::Block => "Blocked",
    }
}

/// The reply with what follows from it to press: the rollback where a criterion is met, lists on demand where something
/// failed, the list that was opened.
pub fn with_offers(mut reply: Reply, d: &Deployment, command: &Command, decision: &Decision) -> Reply {
    match command {
        Command::Mark { mark: Mark::Fail, .. } => reply.choices = kinds::help_buttons(d),
        Command::Mark { mark: Mark::Tick, .. } => {
            let happened = decision.events.iter().find_map(|e| match e {
                Event::Marked { item, .. } => d.plan.leaf(item).filter(|&i| is_criterion(d, i)),
                _ => None,
            });
            if let Some(i) = happened.filter(|_| matches!(d.status, Status::Active | Status::Held)) {
                reply.text = criterion_met(d, i);
                reply.choices.extend(kinds::happened_button(d, i, "Roll back"));
            }
        }
        Command::Fill { .. } => {
            let field = decision.events.iter().find_map(|e| match e {
                Event::Filled { field, .. } => Some(field),
                _ => None,
            });
            let own = d.plan.own.iter().filter(|own| field.is_some_and(|f| watch::is_field(own, f)));
            if let Some(i) = own.map(|own| own.leaf).find(|&i| d.breach(i).is_some()) {
                reply.text = format!("{}\n\n{}", reply.text, criterion_met(d, i));
                reply.choices.extend(kinds::happened_button(d, i, "Roll back"));
            }
        }
        Command::Open { section } => {
            if reply.text.is_empty() {
                reply.text = format!("{} is open in the thread.", escape(&compose::section_name(d, *section)));
            }
            return reply.with_card(compose::section_part(d, *section, 1));
        }
        _ => {}
    }
    reply
}

fn criterion_met(d: &Deployment, i: usize) -> String {
    format!(
        "A rollback criterion is met: {} *{}*. Nothing is rolled back yet.",
        d.plan.leaves[i].number,
        escape(&d.plan.leaves[i].text)
    )
}

/// The target of a field and how a value stands to it.
fn judged(d: &Deployment, field: &str, value: &str) -> Option<(String, Verdict)> {
    let field = d.plan.field(field)?;
    Some((field.target.clone()?, judge(field, value)?))
}

/// What ends a sentence that ends with somebody's words: nothing where they bring their own end.
fn stop(words: &str) -> &'static str {
    if words.ends_with(['.', '!', '?', '…', ':']) { "" } else { "." }
}

fn so_far(d: &Deployment) -> String {
    let tally = d.tally();
    match d.next_up().next() {
        Some(i) => {
            let next = compose::line(d, i);
            format!("{} of {} done. Next: {}{}", tally.done, tally.total, escape(&next), stop(&next))
        }
        None if d.required_open().is_empty() && d.status.is_under_way() => {
            format!("{} of {} done. Everything required is settled.", tally.done, tally.total)
        }
        None if d.status.is_under_way() && tally.done < tally.total => {
            let left = "What is left has failed or is blocked: `/deploy status` shows it.";
            format!("{} of {} done. {left}", tally.done, tally.total)
        }
        None => format!("{} of {} done.", tally.done, tally.total),
    }
}

fn said(d: &Deployment, event: &Event, zone: Tz) -> String {
    let id = d.id;
    match event {
        Event::Assigned { item, to } => format!("{item} is for {} now.", escape(&to.name)),
        Event::Evidence { item, .. } => format!("Evidence kept with {item}."),
        Event::Noted { .. } => format!("Noted in #{id}."),
        Event::Filled { field, value } => {
            let judged = judged(d, field, value).map(|(target, verdict)| match verdict {
                Verdict::Met => format!(" Within the target ({}).", escape(&target)),
                Verdict::Missed => format!(" **The target is missed** ({}).", escape(&target)),
            });
            format!("{} is {}.{}", escape(field), escape(value), judged.unwrap_or_default())
        }
        Event::SectionOpened { section, .. } => {
            format!("Opened {} in the thread.", escape(&compose::section_name(d, *section)))
        }
        Event::Rescheduled { start_at } => {
            format!("#{id} is scheduled for {} now. Announced.", standing::moment(*start_at, zone))
        }
        Event::Snoozed { item, until } => {
            let of = item.as_ref().map(|i| format!(" of {i}")).unwrap_or_default();
            match until {
                Some(until) => format!(
                    "No reminders{of} in #{id} until {}. `/deploy snooze off` ends that.",
                    standing::moment(*until, zone)
                ),
                None => format!("No more reminders{of} in #{id}. `/deploy snooze off` brings them back."),
            }
        }
        Event::Unsnoozed { item } => {
            let of = item.as_ref().map(|i| format!(" of {i}")).unwrap_or_default();
            format!("#{id} reminds{of} again.")
        }
        Event::Held { .. } => format!("#{id} is on hold. `/deploy resume` goes on."),
        Event::Resumed => format!("#{id} goes on."),
        Event::HandedOver { to } => format!("{} leads #{id} now.", escape(&to.name)),
        Event::Progress { .. } => "Progress posted.".into(),
        Event::RollbackCalled { .. } => match d.next_up().next() {
            Some(i) => format!(
                "Rollback announced. The forward walk is closed. First: {}. When it is through: `/deploy rolled-back`.",
                escape(&compose::line(d, i))
            ),
            None => "Rollback announced. The forward walk is closed. The checklist has no rollback steps; when the \
                     earlier version runs again: `/deploy rolled-back`."
                .into(),
        },
        Event::RolledBack => format!("#{id} is rolled back. `/deploy record {id}` has all of it."),
        Event::Succeeded { .. } => format!("#{id} succeeded. `/deploy record {id}` has all of it."),
        Event::Partial { .. } => format!("#{id} ended in part. `/deploy record {id}` has all of it."),
        Event::Cancelled { .. } => format!("#{id} is cancelled."),
        Event::Followed { channel } => format!("#{id} is shown in {} too.", refusals::place(channel)),
        Event::Unfollowed { channel } => format!("#{id} is no longer shown in {}.", refusals::place(channel)),
        Event::Page { page, event } => paging::done(d, *page, event, zone),
        _ => String::new(),
    }
}

/// One line of the record: what happened, without who and when.
pub fn timeline(d: &Deployment, event: &Event) -> Rich {
    let item = |n: &Number| Rich(vec![bold(n.to_string()), plain(format!(" {}", d.plan.text(n)))]);
    let with = |mut rich: Rich, text: &str| {
        if !text.is_empty() {
            rich.push(plain(format!(" — {text}")));
        }
        rich
    };
    let word = |text: &str| Rich(vec![bold(text)]);
    let late = |ms: i64| if ms > 0 { format!("{} late", span(ms)) } else { String::new() };
    match event {
        Event::Opened { start_at: Some(at), .. } => {
            with(word("Scheduled"), &at.utc().format("for %Y-%m-%d %H:%M UTC").to_string())
        }
        Event::Opened { version, .. } => with(word("Opened"), version),
        Event::Queued { behind } => with(word("Queued"), &format!("behind #{behind}")),
        Event::Started { late_ms } => with(word("Started"), &late(*late_ms)),
        Event::SectionOpened { section, late_ms } => {
            let on_demand = d.plan.stretch(*section).is_some_and(|s| s.branch == Branch::OnDemand);
            let came_to = with(word(if on_demand { "Opened" } else { "Came to" }), &compose::section_name(d, *section));
            with(came_to, &late(*late_ms))
        }
        Event::Marked { item: n, mark, note, reaction } => {
            let mut rich = Rich(vec![plain(format!("{} ", mark_word(*mark)))]);
            item(n).0.into_iter().for_each(|s| rich.push(s));
            let rich = with(rich, note.as_deref().unwrap_or_default());
            if reaction.is_some() { with(rich, "by reaction") } else { rich }
        }
        Event::Assigned { item: n, to } => with(item(n), &format!("assigned to {}", to.name)),
        Event::Noted { text } => with(word("Note"), text),
        Event::Evidence { item: n, text } => with(item(n), &format!("evidence: {text}")),
        Event::Filled { field, value } => {
            let rich = Rich(vec![bold(field.clone()), plain(format!(": {value}"))]);
            let judged = judged(d, field, value).map(|(target, verdict)| format!("target {target} {}", verdict.word()));
            with(rich, &judged.unwrap_or_default())
        }
        Event::Held { reason } => with(word("Held"), reason),
        Event::Resumed => word("Resumed"),
        Event::HandedOver { to } => with(word("Handed over"), &format!("to {}", to.name)),
        Event::Progress { text, late_ms, quiet } => {
            let nothing = if *quiet > 0 { "nothing had happened" } else { "" };
            let posted = with(word("Progress posted"), text.as_deref().unwrap_or(nothing));
            with(posted, &late(*late_ms))
        }
        Event::RollbackCalled { reason } => with(word("Rollback called"), reason),
        Event::RolledBack => word("Rolled back"),
        Event::Succeeded { authority: None, .. } => word("Succeeded"),
        Event::Succeeded { authority: Some(by), open } => with(
            word("Succeeded by override"),
            &format!("{} (as {}; {} required open)", by.reason, by.role, open.len()),
        ),
        Event::Partial { reason } => with(word("Ended in part"), reason),
        Event::Cancelled { reason } => with(word("Cancelled"), reason),
        Event::Archived => word("Archived"),
        Event::Followed { channel } => with(word("Followed"), &format!("in {channel}")),
        Event::Unfollowed { channel } => with(word("No longer followed"), &format!("in {channel}")),
        Event::Undelivered { channel, why } => with(word("Not shown"), &format!("in {channel}: {why}")),
        Event::ClockSetBack { was } => {
            with(word("The clock was set back"), &was.utc().format("from %Y-%m-%d %H:%M UTC").to_string())
        }
        Event::Redelivered { channel } => with(word("Shown again"), &format!("in {channel}")),
        Event::Breached { item: n, measured_ms, late_ms } => {
            let mut rich = Rich(vec![bold("Criterion breached: ")]);
            item(n).0.into_iter().for_each(|s| rich.push(s));
            with(with(rich, &measured(d, n, *measured_ms)), &late(*late_ms))
        }
        Event::FreezeOverridden { authority, freezes } => with(
            word("Freeze overridden"),
            &format!(
                "{}: {} (as {})",
                freezes.iter().map(|f| called(f)).collect::<Vec<_>>().join(", "),
                authority.reason,
                authority.role
            ),
        ),
        Event::Frozen { freeze, reason, until } => {
            let until = until.map(|at| at.utc().format(", until %Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
            let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            with(word("Waits for a freeze"), &format!("{}{reason}{until}", called(freeze)))
        }
        Event::Cleared { item: n } => {
            let mut rich = Rich(vec![bold("No longer breached: ")]);
            item(n).0.into_iter().for_each(|s| rich.push(s));
            rich
        }
        Event::Page { page, event } => paging::timeline(d, *page, event),
        Event::Rescheduled { .. }
        | Event::Announced { .. }
        | Event::WindowClosing { .. }
        | Event::WindowClosed { .. }
        | Event::Reminded { .. }
        | Event::HoldReminded { .. }
        | Event::Snoozed { .. }
        | Event::Unsnoozed { .. } => timed(d, event),
    }
}

/// What happened by the clock, as a line of the record.
fn timed(d: &Deployment, event: &Event) -> Rich {
    let late = |ms: i64| if ms > 0 { format!("{} late", span(ms)) } else { String::new() };
    let numbers = |numbers: &[Number]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let to = |people: &[Person]| people.iter().map(|p| p.name.to_string()).collect::<Vec<_>>().join(", ");
    let (word, parts) = match event {
        Event::Rescheduled { start_at } => {
            ("Rescheduled", vec![format!("to {}", start_at.utc().format("%Y-%m-%d %H:%M UTC"))])
        }
        Event::Announced { entry, late_ms } => {
            let index = usize::try_from(*entry).unwrap_or(0).saturating_sub(1);
            let when = d.plan.checklist.timeline.get(index).map(|a| a.when.to_string()).unwrap_or_default();
            ("Announced", vec![when, late(*late_ms)])
        }
        Event::WindowClosing { of, count, call, late_ms, .. } => {
            let open = format!("{} with {count} open", numbers(of));
            ("Reminded before the end", vec![open, to(call), late(*late_ms)])
        }
        Event::WindowClosed { of, count: 0, late_ms, .. } => {
            ("Window closed", vec![format!("{}, all done", numbers(of)), late(*late_ms)])
        }
        Event::WindowClosed { of, count, late_ms, .. } => {
            ("Window closed", vec![format!("{} with {count} open", numbers(of)), late(*late_ms)])
        }
        Event::Reminded { waiting, call, late_ms, .. } => {
            let of: Vec<Number> = waiting.iter().map(|w| w.of.clone()).collect();
            ("Reminded", vec![format!("of {}", numbers(&of)), to(call), late(*late_ms)])
        }
        Event::HoldReminded { expired, call, late_ms, .. } => {
            let long = if *expired { "held for longer than a hold may last" } else { "still on hold" };
            ("Reminded", vec![long.to_owned(), to(call), late(*late_ms)])
        }
        Event::Snoozed { item, until } => {
            let until = until
                .map_or_else(|| "for good".to_owned(), |u| format!("until {}", u.utc().format("%Y-%m-%d %H:%M UTC")));
            ("Reminders snoozed", vec![item.as_ref().map(|i| format!("of {i}")).unwrap_or_default(), until])
        }
        Event::Unsnoozed { item } => {
            ("Reminders again", vec![item.as_ref().map(|i| format!("of {i}")).unwrap_or_default()])
        }
        _ => ("", Vec::new()),
    };
    let mut rich = Rich(vec![bold(word)]);
    for part in parts.into_iter().filter(|p| !p.is_empty()) {
        rich.push(plain(format!(" — {part}")));
    }
    rich
}

/// What a criterion measured, in words: `nothing done for 16 min`.
pub fn measured(d: &Deployment, item: &Number, ms: i64) -> String {
    let own = d.plan.own.iter().find(|own| d.plan.leaves[own.leaf].number == *item);
    match own.map(|own| own.measure) {
        Some(Measure::Silence) => format!("nothing done for {}", span(ms)),
        Some(Measure::Duration) => format!("under way for {}", span(ms)),
        Some(Measure::Impact) => format!("{} so far", span(ms)),
        None => span(ms),
    }
}

fn bold(text: impl Into<String>) -> Span {
    Span { text: text.into(), bold: true, ..Span::default() }
}

fn plain(text: impl Into<String>) -> Span {
    Span { text: text.into(), ..Span::default() }
}
