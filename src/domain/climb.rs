//! The rules of pages: when there is one, whom its steps call, when it climbs on and when it ends.
//!
//! Everything that depends on the configuration is settled here and kept in the event: the steps when a page is opened,
//! the people and their addresses when a step is called.

use super::command::Person;
use super::decide::{LATE_MS, MAX_EVENTS};
use super::deployment::Deployment;
use super::directory::{Escalation, Low, Step, Target, Way, folded};
use super::event::Event;
use super::paging::{
    Call, Cause, Held, Hold, MAX_PAGES, Page, PageEvent, PageState, Recent, Skipped, Unreached, Urgency, counted,
};
use super::policy::Policy;
use super::refusal::Refusal;
use super::time::Timestamp;
use std::collections::BTreeSet;

/// Calls of one step: a role may have many.
const MAX_CALLS: usize = 30;

/// Words that may name somebody before a message: `page Ana Maria …`.
const NAME_WORDS: usize = 4;

/// Whom somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// Whoever the policy calls.
    Usual,
    Policy(String),
    Target(Target),
}

pub(super) fn wrap(page: u32, events: Vec<PageEvent>) -> impl Iterator<Item = Event> {
    events.into_iter().map(move |event| Event::Page { page, event })
}

fn late(at: Timestamp, due: Timestamp) -> i64 {
    let late = at.since_ms(due);
    if late >= LATE_MS { late } else { 0 }
}

// Opening.

/// `page`: whom, where somebody was named apart from the message; else the message may begin with them.
pub fn decide_page(
    d: &Deployment,
    whom: Option<&str>,
    message: &str,
    low: bool,
    by: &Person,
    at: Timestamp,
    policy: &Policy,
) -> Result<Vec<Event>, Refusal> {
    let (whom, message) = match whom {
        Some(said) => (named(d, said, policy)?, message),
        None if is_name(d, message, policy) => return Err(Refusal::NoMessage),
        None => leading(d, message, policy).unwrap_or((Whom::Usual, message)),
    };
    let urgency = if low { Urgency::Low } else { Urgency::High };
    open(d, &Cause::Asked, message, urgency, &whom, by, at, policy)
}

/// Whom that names; refused where it names nobody.
fn named(d: &Deployment, said: &str, policy: &Policy) -> Result<Whom, Refusal> {
    found(d, said, policy).ok_or_else(|| {
        let directory = &policy.directory;
        let people = directory.people.iter().flat_map(|(id, entry)| [id.as_str(), &entry.name]);
        let others = directory.roles.keys().chain(directory.rotations.keys()).chain(directory.policies.keys());
        let known = people.chain(others.map(String::as_str));
        let near = crate::near::nearest(bare(said), known).map(str::to_owned);
        Refusal::NobodyNamed { said: said.to_owned(), near }
    })
}

fn bare(said: &str) -> &str {
    let said = said.trim().trim_start_matches('@');
    said.split_once(':').filter(|(kind, _)| KINDS.contains(kind)).map_or(said, |(_, name)| name)
}

const KINDS: [&str; 5] = ["person", "role", "rotation", "policy", "channel"];

fn found(d: &Deployment, said: &str, policy: &Policy) -> Option<Whom> {
    let directory = &policy.directory;
    let said = said.trim().trim_start_matches('@');
    let (kind, name) = said.split_once(':').filter(|(kind, _)| KINDS.contains(kind)).unwrap_or(("", said));
    let fits = |known: &&String| folded(known) == folded(name);
    let person = || {
        let known = directory.person(name).map(str::to_owned);
        let here = || d.people.iter().map(|p| &p.person).find(|p| *p.id == *name || folded(&p.name) == folded(name));
        // An account of a chat, as its surface names it, is somebody even if nobody listed them.
        let account = || name.contains(':').then(|| name.to_owned());
        known.or_else(|| here().filter(|p| *p.id != *"rollcall").map(|p| p.id.to_string())).or_else(account)
    };
    let role = || policy.roles.keys().find(fits).map(|role| Whom::Target(Target::Role(role.clone())));
    let rotation = || directory.rotations.keys().find(fits).map(|name| Whom::Target(Target::Rotation(name.clone())));
    let escalation = || directory.policies.keys().find(fits).cloned().map(Whom::Policy);
    match kind {
        "person" => person().map(|id| Whom::Target(Target::Person(id))),
        "role" => role(),
        "rotation" => rotation(),
        "policy" => escalation(),
        "channel" => Some(Whom::Target(Target::Channel(None))),
        _ => person()
            .map(|id| Whom::Target(Target::Person(id)))
            .or_else(role)
            .or_else(rotation)
            .or_else(escalation)
            .or_else(|| (folded(name) == "channel").then_some(Whom::Target(Target::Channel(None)))),
    }
}

/// Whom a message begins with, and the rest; none where it begins with nobody or says nothing after them.
fn leading<'a>(d: &Deployment, message: &'a str, policy: &Policy) -> Option<(Whom, &'a str)> {
    let ends = message.match_indices(' ').map(|(i, _)| i).take(NAME_WORDS);
    ends.collect::<Vec<_>>().into_iter().rev().find_map(|end| {
        let (name, rest) = (message[..end].trim_end_matches([':', ',']), message[end..].trim());
        // An account would make any word with a colon somebody.
        let whom = (!name.contains(':')).then(|| found(d, name, policy)).flatten()?;
        (!rest.is_empty()).then_some((whom, rest))
    })
}

/// Whether a message is nothing but somebody's name: what is the matter was left out.
fn is_name(d: &Deployment, message: &str, policy: &Policy) -> bool {
    let name = message.trim_end_matches([':', ',']);
    !name.contains(':') && found(d, name, policy).is_some()
}

/// Opens a page and calls its first step, or counts it with the one that says the same.
#[expect(clippy::too_many_arguments, reason = "what a page is made of")]
pub(super) fn open(
    d: &Deployment,
    cause: &Cause,
    message: &str,
    urgency: Urgency,
    whom: &Whom,
    by: &Person,
    at: Timestamp,
    policy: &Policy,
) -> Result<Vec<Event>, Refusal> {
    let to = match whom {
        Whom::Target(target) => Some(target.clone()),
        _ => None,
    };
    let same = |p: &&std::sync::Arc<Page>| {
        // What has become urgent is not counted with what may wait.
        let alike = folded(&p.message) == folded(message)
            && p.to == to
            && (p.urgency == Urgency::High || urgency == Urgency::Low);
        p.state != PageState::Resolved && if *cause == Cause::Asked { alike } else { p.cause == *cause }
    };
    if let Some(page) = d.pages.iter().find(same) {
        let again = PageEvent::Again { message: message.to_owned() };
        let mut page = Page::clone(page);
        // Where everybody was called and nobody has it, it climbs anew.
        let anew = page.unanswered.is_some();
        page.evolve(&again, by, at);
        let mut events = vec![again];
        if anew {
            events.extend(climb(d, &mut page, at, 0, policy, &policy.recent));
        }
        return Ok(wrap(page.number, events).collect());
    }
    // What goes wrong by itself is always told: there is no more of it than items and criteria.
    let open = d.pages.iter().filter(|p| p.state != PageState::Resolved).count();
    if *cause == Cause::Asked && open >= MAX_PAGES {
        return Err(Refusal::TooManyPages { limit: MAX_PAGES });
    }
    let opened = opened(d, cause, message, urgency, whom, policy);
    let number = u32::try_from(d.pages.len()).unwrap_or(u32::MAX).saturating_add(1);
    let Some(mut page) = Page::open(number, d.rehearsal, &opened, by, at) else { return Ok(Vec::new()) };
    let mut events = vec![opened];
    events.extend(climb(d, &mut page, at, 0, policy, &policy.recent));
    Ok(wrap(number, events).collect())
}

fn opened(d: &Deployment, cause: &Cause, message: &str, urgency: Urgency, whom: &Whom, policy: &Policy) -> PageEvent {
    let directory = &policy.directory;
    let name = match whom {
        Whom::Policy(name) => Some(name.as_str()),
        _ => policy_name(d, policy),
    };
    let escalation = name.and_then(|n| directory.policies.get(n)).cloned().unwrap_or_else(usual);
    let low = (urgency == Urgency::Low).then_some(escalation.low);
    let mut steps = escalation.steps;
    let mut to = None;
    if let Whom::Target(target) = whom {
        // Whoever is named comes first; then the policy goes its way.
        if let Some(first) = steps.first_mut() {
            first.after_ms = super::paging::LAST_WAIT_MS;
        }
        steps.insert(0, Step { after_ms: 0, targets: vec![target.clone()], ways: Vec::new() });
        to = Some(target.clone());
    }
    if low == Some(Low::Channel) {
        steps = usual().steps;
    }
    PageEvent::Opened {
        message: message.to_owned(),
        cause: cause.clone(),
        urgency,
        policy: name.map(str::to_owned),
        to,
        steps,
        repeat: escalation.repeat,
        ack_timeout_ms: escalation.ack_timeout_ms,
        office_hours: low == Some(Low::OfficeHours),
    }
}

/// The policy a deployment's pages go by: its checklist's, else its environment's. None: the product's own.
pub(super) fn policy_name<'a>(d: &'a Deployment, policy: &'a Policy) -> Option<&'a str> {
    let directory = &policy.directory;
    let own = d.plan.checklist.escalation.as_deref().filter(|name| directory.policies.contains_key(*name));
    own.or_else(|| directory.policy_of(&d.environment))
}

/// The product's own policy: the deployment's channel, where whoever leads is called.
fn usual() -> Escalation {
    let step = Step { after_ms: 0, targets: vec![Target::Channel(None)], ways: Vec::new() };
    Escalation { steps: vec![step], ..Escalation::default() }
}

// Calling.

/// Calls the next step and, at once, those after it for as long as they reach nobody. `late_ms`: of the first; `recent`:
/// who was called lately, this moment included.
fn climb(
    d: &Deployment,
    page: &mut Page,
    at: Timestamp,
    late_ms: i64,
    policy: &Policy,
    recent: &Recent,
) -> Vec<PageEvent> {
    let mut events = Vec::new();
    let mut late_ms = late_ms;
    let rollcall = Person::rollcall();
    loop {
        // A log that is full has no room for another step: it is said that nobody answers.
        let next = page.next().filter(|_| events.len() < page.steps.len() && d.seq < MAX_EVENTS);
        let event = match next {
            None => PageEvent::Unanswered { late_ms },
            Some((step, round)) => {
                let index = usize::try_from(step).unwrap_or(usize::MAX);
                let (calls, skipped) =
                    page.steps.get(index).map(|s| calls(d, page, s, at, policy, recent)).unwrap_or_default();
                PageEvent::Called { step, round, calls, skipped, late_ms }
            }
        };
        page.evolve(&event, &rollcall, at);
        // A step whose people have all been called often enough reaches nobody now. Office hours are waited for.
        let waits = |call: &Call| call.held.is_none_or(|held| held.why == Hold::OfficeHours);
        let ends = match &event {
            PageEvent::Called { calls, .. } => calls.iter().any(waits),
            _ => true,
        };
        events.push(event);
        if ends {
            return events;
        }
        late_ms = 0;
    }
}

/// Whom a step calls, and whom it cannot.
fn calls(
    d: &Deployment,
    page: &Page,
    step: &Step,
    at: Timestamp,
    policy: &Policy,
    recent: &Recent,
) -> (Vec<Call>, Vec<Skipped>) {
    let (mut calls, mut skipped): (Vec<Call>, Vec<Skipped>) = (Vec::new(), Vec::new());
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for target in &step.targets {
        let mut skip = |why| skipped.push(Skipped { target: target.clone(), to: None, why });
        let people: Vec<String> = match target {
            Target::Person(id) => vec![id.clone()],
            Target::Role(role) => match people_of(role, policy) {
                Some(people) => people,
                None => {
                    skip(Unreached::Unknown);
                    continue;
                }
            },
            Target::Rotation(name) => match policy.directory.rotations.get(name) {
                Some(rotation) => rotation.on_call(name, at, &policy.covers).into_iter().collect(),
                None => {
                    skip(Unreached::Unknown);
                    continue;
                }
            },
            Target::Channel(channel) => {
                let channel = channel.clone().unwrap_or_else(|| d.channel.clone());
                let (to, ways) = (Some(d.deployer().clone()), vec![(Way::Mention, channel)]);
                calls.push(Call { to, target: target.clone(), ways, held: None });
                continue;
            }
            Target::Webhook(_) => {
                let ways = vec![(Way::Webhook, target.to_string())];
                calls.push(Call { to: None, target: target.clone(), ways, held: None });
                continue;
            }
            Target::Pagerduty(_) => {
                let ways = vec![(Way::Pagerduty, target.to_string())];
                calls.push(Call { to: None, target: target.clone(), ways, held: None });
                continue;
            }
        };
        if people.is_empty() {
            skip(Unreached::Nobody);
        }
        for id in people {
            let ways = policy.directory.addresses(&id, &step.ways, &d.channel);
            // Ways a step asks for and the person has none of: their own are better than nothing.
            let own = || policy.directory.addresses(&id, &[], &d.channel);
            let ways = if ways.is_empty() { own() } else { ways };
            let who = person(d, &id, policy);
            if ways.is_empty() {
                skipped.push(Skipped { target: Target::Person(id), to: Some(who), why: Unreached::NoWay });
            } else if calls.len() >= MAX_CALLS {
                skipped.push(Skipped { target: Target::Person(id), to: Some(who), why: Unreached::TooMany });
            } else if seen.insert(id.clone()) {
                let mut call = Call { to: Some(who), target: target.clone(), ways, held: None };
                call.held = held(page, &call, at, policy, recent);
                calls.push(call);
            }
        }
    }
    (calls, skipped)
}

/// The people of a role, without the groups it names. None: there is no such role any more.
fn people_of(role: &str, policy: &Policy) -> Option<Vec<String>> {
    let all = policy.roles.get(role)?;
    let groups: BTreeSet<&String> =
        policy.directory.roles.get(role).into_iter().flatten().filter(|id| id.contains(':')).collect();
    Some(all.iter().filter(|id| !groups.contains(id)).cloned().collect())
}

/// Somebody by id, with the name they have here.
pub fn person(d: &Deployment, id: &str, policy: &Policy) -> Person {
    let listed = policy.directory.people.get(id).map(|e| e.name.as_str());
    d.known(&Person { id: id.into(), name: listed.unwrap_or(id).into() })
}

/// Until when a call waits, and why.
fn held(page: &Page, call: &Call, at: Timestamp, policy: &Policy, recent: &Recent) -> Option<Held> {
    let person = counted(call)?;
    let hours = policy.directory.people.get(&*person.id).and_then(|e| e.office_hours).filter(|_| page.office_hours);
    let opens = hours.and_then(|hours| hours.opening(at)).filter(|opens| *opens > at);
    if let Some(until) = opens {
        return Some(Held { until, why: Hold::OfficeHours });
    }
    let until = recent.free_at(&person.id, at, policy.directory.per_hour)?;
    Some(Held { until, why: Hold::Limit })
}

// Time.

/// When the first of the pages wants something, if nothing happens until then.
pub fn due(d: &Deployment) -> Option<Timestamp> {
    d.pages.iter().filter_map(|p| page_due(p)).min()
}

fn page_due(page: &Page) -> Option<Timestamp> {
    let held = page.held().map(|(_, held)| held.until).min();
    [page.climbs_at(), page.lapses_at(), held].into_iter().flatten().min()
}

/// What the pages want at this moment: steps, acknowledgements that timed out, calls that were held back.
pub fn fallen_due(d: &Deployment, at: Timestamp, policy: &Policy) -> Vec<Event> {
    let mut events = Vec::new();
    let rollcall = Person::rollcall();
    // Pages that climb in one moment share the hour of whom they call.
    let mut recent = Recent::clone(&policy.recent);
    for page in d.pages.iter().filter(|p| page_due(p).is_some_and(|due| due <= at)) {
        let mut page = Page::clone(page);
        if let Some(due) = page.lapses_at().filter(|due| *due <= at) {
            let lapsed = PageEvent::Lapsed { late_ms: late(at, due) };
            page.evolve(&lapsed, &rollcall, at);
            let number = page.number;
            events.extend(wrap(number, vec![lapsed]));
        }
        if let Some(due) = page.climbs_at().filter(|due| *due <= at) {
            let number = page.number;
            let climbed = climb(d, &mut page, at, late(at, due), policy, &recent);
            // A rehearsal calls nobody.
            climbed.iter().filter(|_| !d.rehearsal).for_each(|event| recent.learn(event, at));
            events.extend(wrap(number, climbed));
        }
    }
    events.extend(released(d, at, policy, recent));
    events
}

/// Calls that were held back and may go now: one message for each person, which speaks for all that wait for them.
fn released(d: &Deployment, at: Timestamp, policy: &Policy, mut recent: Recent) -> Vec<Event> {
    let mut events = Vec::new();
    let waiting: Vec<(u32, u32, Held, Person)> = d
        .pages
        .iter()
        .flat_map(|p| p.held().map(move |(n, held)| (p, n, held)))
        .filter_map(|(p, n, held)| Some((p.number, n, held, p.message(n)?.call.to.clone()?)))
        .collect();
    let mut spoken_for: BTreeSet<(u32, u32)> = BTreeSet::new();
    for (page, n, held, person) in waiting.iter().filter(|(_, _, held, _)| held.until <= at) {
        if spoken_for.contains(&(*page, *n)) {
            continue;
        }
        if let Some(until) =
            recent.free_at(&person.id, at, policy.directory.per_hour).filter(|until| *until > at && d.seq < MAX_EVENTS)
        {
            events.push(Event::Page { page: *page, event: PageEvent::Postponed { n: *n, until } });
            continue;
        }
        // Another hold to the same person that is not over yet is over with this one, unless they are at home.
        let with: Vec<(u32, u32)> = waiting
            .iter()
            .filter(|(p, m, other, who)| {
                let may = other.until <= at || other.why == Hold::Limit;
                (p, m) != (page, n) && who.id == person.id && may && !spoken_for.contains(&(*p, *m))
            })
            .map(|(p, m, ..)| (*p, *m))
            .collect();
        spoken_for.insert((*page, *n));
        spoken_for.extend(with.iter().copied());
        recent.note(&person.id, at);
        let event = PageEvent::Released { n: *n, with, late_ms: late(at, held.until) };
        events.push(Event::Page { page: *page, event });
    }
    events
}

// What people do about it.

/// The page meant: the one named, else the only one there can be.
fn meant(d: &Deployment, named: Option<u32>, fits: impl Fn(&Page) -> bool) -> Result<&Page, Refusal> {
    if let Some(number) = named {
        let all = || d.pages.iter().map(|p| p.number).collect();
        return d
            .pages
            .iter()
            .find(|p| p.number == number)
            .map(|p| &**p)
            .ok_or_else(|| Refusal::NoSuchPage { page: number, pages: all() });
    }
    let fitting: Vec<&Page> = d.pages.iter().map(|p| &**p).filter(|p| fits(p)).collect();
    match fitting.as_slice() {
        [one] => Ok(one),
        [] => match d.pages.last() {
            // What stands against it is said of the last one.
            Some(last) => Ok(last),
            None => Err(Refusal::NoPages),
        },
        many => Err(Refusal::WhichPage { pages: many.iter().map(|p| p.number).collect() }),
    }
}

/// `ack`.
pub fn decide_ack(d: &Deployment, named: Option<u32>) -> Result<Vec<Event>, Refusal> {
    let page = meant(d, named, |p| p.state == PageState::Open)?;
    match (page.state, &page.has) {
        (PageState::Open, _) => Ok(wrap(page.number, vec![PageEvent::Acknowledged]).collect()),
        (PageState::Acknowledged, Some((by, at))) => {
            Err(Refusal::PageTaken { page: page.number, by: by.clone(), at: *at })
        }
        _ => Err(Refusal::PageOver { page: page.number }),
    }
}

/// `resolve`.
pub fn decide_resolve(d: &Deployment, named: Option<u32>) -> Result<Vec<Event>, Refusal> {
    let page = meant(d, named, |p| p.state != PageState::Resolved)?;
    if page.state == PageState::Resolved {
        return Err(Refusal::PageOver { page: page.number });
    }
    Ok(wrap(page.number, vec![PageEvent::Resolved]).collect())
}

/// `escalate`: the next step now; from the first one again where all have been called.
pub fn decide_escalate(
    d: &Deployment,
    named: Option<u32>,
    by: &Person,
    at: Timestamp,
    policy: &Policy,
) -> Result<Vec<Event>, Refusal> {
    let page = meant(d, named, |p| p.state != PageState::Resolved)?;
    if page.state == PageState::Resolved {
        return Err(Refusal::PageOver { page: page.number });
    }
    let mut page = page.clone();
    page.evolve(&PageEvent::Escalated, by, at);
    let number = page.number;
    let mut events = vec![PageEvent::Escalated];
    events.extend(climb(d, &mut page, at, 0, policy, &policy.recent));
    Ok(wrap(number, events).collect())
}

/// What became of a page's message, where it is news.
pub fn witnessed(d: &Deployment, page: u32, n: u32, became: Result<(), &str>) -> Option<Event> {
    use super::paging::Sent;
    // What a full log cannot hold is still seen in the outbox.
    let found = d.pages.iter().find(|p| p.number == page).filter(|_| d.seq < MAX_EVENTS)?;
    let event = match (&found.message(n)?.state, became) {
        (Sent::Waiting | Sent::Missed(..), Ok(())) => PageEvent::Delivered { n },
        (Sent::Waiting, Err(why)) => PageEvent::Missed { n, why: why.to_owned() },
        _ => return None,
    };
    Some(Event::Page { page, event })
}
