//! The state of one deployment: what its events add up to.

use super::announce::{Occurrence, When};
use super::checklist::{Branch, Number};
use super::command::{Mark, Person};
use super::event::{Authority, Event, Reaction, Recorded};
use super::paging::{Page, PageEvent};
use super::plan::{Choice, Leaf, Plan, Stretch};
use super::status::Status;
use super::time::Timestamp;
use super::watch::Breach;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use super::closed::{Closed, lock_key, same_environment};
pub use super::tally::Tally;

/// One deployment. Made by [`Deployment::open`] from its first event and changed only by [`Deployment::evolve`].
#[derive(Clone, Debug)]
pub struct Deployment {
    pub id: u64,
    /// The number of the last event.
    pub seq: u64,
    /// The time of the last event.
    pub at: Timestamp,
    pub plan: Arc<Plan>,
    pub version: String,
    pub service: String,
    pub environment: String,
    pub channel: String,
    /// The channels that follow besides it.
    pub also: Vec<String>,
    /// Channels where messages cannot be shown, and why.
    pub undelivered: BTreeMap<String, String>,
    pub rehearsal: bool,
    pub status: Status,
    /// No longer walkable.
    pub archived: bool,
    /// An index into `people`.
    pub deployer: u16,
    pub opened_at: Timestamp,
    pub start_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub expected_ms: Option<i64>,
    /// Whom it waits for in the queue.
    pub behind: Option<u64>,
    /// When it last came under way: it started, went on after a hold, or was called back.
    pub going_at: Timestamp,
    /// Why it is held, rolled back, partial or cancelled, or on what authority it was finished.
    pub reason: Option<String>,
    /// When it was held.
    pub held_at: Option<Timestamp>,
    /// When the rollback was called.
    pub rollback_at: Option<Timestamp>,
    /// What was filled in, by label.
    pub fields: BTreeMap<String, String>,
    /// Sections that have come up in the walk.
    pub opened: BTreeMap<u32, CameUp>,
    /// Everybody who did something or was handed the lead, in order of appearance. Others refer to them by index.
    pub people: Vec<Presence>,
    /// Free notes taken.
    pub notes: u32,
    /// When a person last did something, or it was started.
    pub active_at: Timestamp,
    /// What has happened since the last progress post.
    pub since: Since,
    /// When its start was last planned.
    pub planned_at: Timestamp,
    /// Announcements made, counted from 1.
    pub announced: BTreeSet<u32>,
    /// Windows whose end was reminded of, and windows that have closed.
    pub closing: BTreeSet<Number>,
    pub lapsed: BTreeSet<Number>,
    /// How often, and when last, something was reminded of: items for whom they were given to, sections for the rest.
    pub told: BTreeMap<Number, Told>,
    /// Until when there are no reminders of something; none: for good.
    pub snoozed: BTreeMap<Number, Option<Timestamp>>,
    /// And of anything.
    pub snoozed_all: Option<Option<Timestamp>>,
    /// How often this hold was reminded of, and that it has lasted as long as it may.
    pub hold_told: u32,
    pub hold_expired: bool,
    /// Progress posts in a row, on schedule, before which nothing happened.
    pub quiet: u32,
    pub(super) slots: Vec<Slot>,
    /// Leaves nobody asks for any more: another one completed what they are one of.
    spared: BTreeSet<u32>,
    /// In the order they were opened; page n is the n-th.
    pub pages: Vec<Arc<Page>>,
    /// Criteria it evaluates itself that are breached, by leaf.
    pub(super) breaches: BTreeMap<u32, Breach>,
    /// On what authority it starts in a freeze.
    pub overridden: Option<Overridden>,
    /// What it waits for although its turn has come.
    pub frozen: Option<Wait>,
}

/// On whose authority a deployment starts in freezes, and in which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overridden {
    /// An index into `people`.
    pub by: u16,
    pub authority: Authority,
    /// By name.
    pub freezes: Vec<String>,
}

/// A freeze that a deployment waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The freeze's name.
    pub freeze: String,
    pub reason: String,
    /// When it may start; none: nobody knows yet.
    pub until: Option<Timestamp>,
}

/// When a section came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameUp {
    pub at: Timestamp,
    /// So much later than its window opened.
    pub late_ms: i64,
}

/// Reminders of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub times: u32,
    pub at: Timestamp,
}

/// Somebody who took part.
#[derive(Clone, Debug)]
pub struct Presence {
    pub person: Person,
    pub last_seen: Timestamp,
}

/// What has happened since a progress post.
#[derive(Clone, Debug, Default)]
pub struct Since {
    pub at: Timestamp,
    /// Each leaf at most once, with what was done to it last and by whom.
    pub marks: Vec<(u32, Mark, u16)>,
}

/// What is kept of a leaf. Small while nothing has happened to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    marked: Option<Box<Marked>>,
    pub(super) extra: Option<Box<Extra>>,
}

/// What was done to an item, by whom and when.
#[derive(Clone, Debug)]
pub struct Marked {
    /// Never `Untick`.
    pub mark: Mark,
    pub by: u16,
    pub at: Timestamp,
    pub note: Option<String>,
    /// The reaction that did it.
    pub reaction: Option<Reaction>,
}

/// What was added to an item.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    pub assignee: Option<Person>,
    /// When they were given it.
    pub assigned_at: Timestamp,
    pub evidence: Vec<String>,
}

impl Deployment {
    /// The deployment its first event opens. None if the event is not an opening.
    pub fn open(id: u64, plan: Arc<Plan>, first: &Recorded) -> Option<Self> {
        let Event::Opened { version, service, environment, channel, rehearsal, start_at, expected_ms, .. } =
            &first.event
        else {
            return None;
        };
        let slots = vec![Slot::default(); plan.leaves.len()];
        Some(Self {
            id,
            seq: first.seq,
            at: first.at,
            plan,
            version: version.clone(),
            service: service.clone(),
            environment: environment.clone(),
            channel: channel.clone(),
            also: Vec::new(),
            undelivered: BTreeMap::new(),
            rehearsal: *rehearsal,
            status: Status::Scheduled,
            archived: false,
            deployer: 0,
            opened_at: first.at,
            start_at: *start_at,
            started_at: None,
            ended_at: None,
            expected_ms: *expected_ms,
            behind: None,
            going_at: first.at,
            reason: None,
            held_at: None,
            rollback_at: None,
            fields: BTreeMap::new(),
            opened: BTreeMap::new(),
            people: vec![Presence { person: first.by.clone(), last_seen: first.at }],
            notes: 0,
            active_at: first.at,
            since: Since { at: first.at, marks: Vec::new() },
            planned_at: first.at,
            announced: BTreeSet::new(),
            closing: BTreeSet::new(),
            lapsed: BTreeSet::new(),
            told: BTreeMap::new(),
            snoozed: BTreeMap::new(),
            snoozed_all: None,
            hold_told: 0,
            hold_expired: false,
            quiet: 0,
            slots,
            spared: BTreeSet::new(),
            pages: Vec::new(),
            breaches: BTreeMap::new(),
            overridden: None,
            frozen: None,
        })
    }

    /// The state after an event. Total: it cannot fail and knows no rules.
    pub fn evolve(&mut self, recorded: &Recorded) {
        let Recorded { seq, at, by, event, .. } = recorded;
        if matches!(event, Event::ClockSetBack { .. }) {
            self.set_back(*at);
        }
        if matches!(event, Event::Started { .. } | Event::Resumed | Event::RollbackCalled { .. }) {
            self.going_at = *at;
        }
        (self.seq, self.at) = (*seq, *at);
        // Who answers a page or puts off a reminder has not done anything for the release yet.
        let only_heard = matches!(event, Event::Page { .. } | Event::Snoozed { .. } | Event::Unsnoozed { .. });
        if !only_heard && *by.id != *Person::rollcall().id || matches!(event, Event::Started { .. }) {
            self.active_at = *at;
        }
        let by = self.index_of(by, *at);
        self.seen(by, *at);
        match event {
            Event::Opened { .. } | Event::ClockSetBack { .. } => {}
            Event::Queued { behind } => (self.status, self.behind) = (Status::Queued, Some(*behind)),
            Event::Started { .. } => {
                (self.status, self.behind, self.started_at) = (Status::Active, None, Some(*at));
                self.frozen = None;
                self.since = Since { at: *at, marks: Vec::new() };
            }
            Event::SectionOpened { section, late_ms } => {
                self.opened.entry(*section).or_insert(CameUp { at: *at, late_ms: *late_ms });
            }
            Event::Marked { item, mark, note, reaction } => {
                let Some(i) = self.plan.leaf(item) else { return };
                self.slots[i].marked = (*mark != Mark::Untick).then(|| {
                    Box::new(Marked { mark: *mark, by, at: *at, note: note.clone(), reaction: reaction.clone() })
                });
                let leaf = u32::try_from(i).unwrap_or(u32::MAX);
                self.since.marks.retain(|(other, ..)| *other != leaf);
                self.since.marks.push((leaf, *mark, by));
                self.choose(i);
            }
            Event::Assigned { item, to } => {
                if let Some(extra) = self.extra_mut(item) {
                    (extra.assignee, extra.assigned_at) = (Some(to.clone()), *at);
                }
                self.told.remove(item);
            }
            Event::Evidence { item, text } => {
                if let Some(extra) = self.extra_mut(item) {
                    extra.evidence.push(text.clone());
                }
            }
            Event::Noted { .. } => self.notes += 1,
            Event::Filled { field, value } => _ = self.fields.insert(field.clone(), value.clone()),
            Event::Held { reason } => {
                (self.status, self.reason, self.held_at) = (Status::Held, Some(reason.clone()), Some(*at));
                (self.hold_told, self.hold_expired) = (0, false);
            }
            Event::Resumed => (self.status, self.reason, self.held_at) = (Status::Active, None, None),
            Event::HandedOver { to } => self.deployer = self.index_of(to, *at),
            Event::Progress { quiet, .. } => {
                (self.since, self.quiet) = (Since { at: *at, marks: Vec::new() }, *quiet);
            }
            Event::RollbackCalled { reason } => {
                (self.status, self.reason, self.held_at) = (Status::RollingBack, Some(reason.clone()), None);
                // Called after the outcome, it takes the outcome back.
                (self.rollback_at, self.ended_at) = (Some(*at), None);
            }
            Event::RolledBack => self.end(Status::RolledBack, *at, self.reason.clone()),
            Event::Succeeded { authority, .. } => {
                self.end(Status::Succeeded, *at, authority.as_ref().map(|a| a.reason.clone()));
            }
            Event::Partial { reason } => self.end(Status::Partial, *at, Some(reason.clone())),
            Event::Cancelled { reason } => self.end(Status::Cancelled, *at, Some(reason.clone())),
            Event::Archived => self.archived = true,
            Event::Followed { channel } => self.also.push(channel.clone()),
            Event::Unfollowed { channel } => {
                self.also.retain(|c| c != channel);
                self.undelivered.remove(channel);
            }
            Event::Undelivered { channel, why } => _ = self.undelivered.insert(channel.clone(), why.clone()),
            Event::Redelivered { channel } => _ = self.undelivered.remove(channel),
            Event::Breached { item, measured_ms, .. } => {
                if let Some(leaf) = self.plan.leaf(item).and_then(|i| u32::try_from(i).ok()) {
                    self.breaches.insert(leaf, Breach { at: *at, measured_ms: *measured_ms });
                }
            }
            Event::Cleared { item } => {
                let leaf = self.plan.leaf(item).and_then(|i| u32::try_from(i).ok());
                self.breaches.retain(|l, _| Some(*l) != leaf);
            }
            Event::FreezeOverridden { authority, freezes } => {
                self.overridden = Some(Overridden { by, authority: authority.clone(), freezes: freezes.clone() });
            }
            Event::Frozen { freeze, reason, until } => {
                self.frozen = Some(Wait { freeze: freeze.clone(), reason: reason.clone(), until: *until });
            }
            Event::Rescheduled { start_at } => self.reschedule(*start_at, *at),
            Event::Announced { entry, .. } => _ = self.announced.insert(*entry),
            Event::WindowClosing { of, .. } => self.closing.extend(of.iter().cloned()),
            Event::WindowClosed { of, .. } => self.lapsed.extend(of.iter().cloned()),
            Event::Reminded { waiting, .. } => {
                for waiting in waiting {
                    let times = self.told.get(&waiting.of).map_or(0, |t| t.times);
                    self.told.insert(waiting.of.clone(), Told { times: times.saturating_add(1), at: *at });
                }
            }
            Event::HoldReminded { round, expired, .. } => {
                self.hold_told = *round;
                self.hold_expired |= expired;
            }
            Event::Snoozed { item: Some(item), until } => _ = self.snoozed.insert(item.clone(), *until),
            Event::Snoozed { item: None, until } => self.snoozed_all = Some(*until),
            Event::Unsnoozed { item: Some(item) } => _ = self.snoozed.remove(item),
            Event::Unsnoozed { item: None } => {
                self.snoozed_all = None;
                self.snoozed.clear();
            }
            Event::Page { page, event } => self.page(*page, event, &recorded.by, *at),
        }
    }

    fn page(&mut self, number: u32, event: &PageEvent, by: &Person, at: Timestamp) {
        if let PageEvent::Opened { .. } = event {
            self.pages.extend(Page::open(number, self.rehearsal, event, by, at).map(Arc::new));
            return;
        }
        let page = |n: u32| usize::try_from(n).ok().and_then(|n| n.checked_sub(1));
        if let Some(found) = page(number).and_then(|i| self.pages.get_mut(i)) {
            Arc::make_mut(found).evolve(event, by, at);
        }
        if let PageEvent::Released { n, with, .. } = event {
            for (other, message) in with {
                if let Some(found) = page(*other).and_then(|i| self.pages.get_mut(i)) {
                    Arc::make_mut(found).bundled(*message, number, *n);
                }
            }
        }
    }

    /// What was announced before the start comes again where its moment does, and the start moved by so much that what
    /// was said is no longer about right: half of how long before it was.
    fn reschedule(&mut self, start_at: Timestamp, at: Timestamp) {
        let moved = self.start_at.map_or(i64::MAX, |was| start_at.since_ms(was));
        (self.start_at, self.planned_at) = (Some(start_at), at);
        let again = |n: &u32| {
            let index = usize::try_from(*n).unwrap_or(0).saturating_sub(1);
            let when = self.plan.checklist.timeline.get(index).map(|a| a.when);
            let far = |w: &When| moved >= w.offset_ms.saturating_neg() / 2 && start_at.plus_ms(w.offset_ms) > at;
            when.is_some_and(|w| w.of == Occurrence::Scheduled && far(&w))
        };
        self.announced.retain(|n| !again(n));
        self.closing.clear();
    }

    fn end(&mut self, status: Status, at: Timestamp, reason: Option<String>) {
        (self.status, self.ended_at, self.reason, self.held_at) = (status, Some(at), reason, None);
        self.frozen = None;
    }

    fn seen(&mut self, index: u16, at: Timestamp) {
        if let Some(presence) = self.people.get_mut(usize::from(index)) {
            presence.last_seen = at;
        }
    }

    fn index_of(&mut self, person: &Person, at: Timestamp) -> u16 {
        let found = self.people.iter().position(|p| p.person.id == person.id);
        let i = found.unwrap_or_else(|| {
            self.people.push(Presence { person: person.clone(), last_seen: at });
            self.people.len() - 1
        });
        // 65,535 people in one deployment is beyond every channel's size; the last index then stands for the rest.
        u16::try_from(i).unwrap_or(u16::MAX)
    }

    fn extra_mut(&mut self, item: &Number) -> Option<&mut Extra> {
        let i = self.plan.leaf(item)?;
        Some(self.slots[i].extra.get_or_insert_default())
    }

    /// What was done to a leaf, if anything stands.
    pub fn marked(&self, leaf: usize) -> Option<&Marked> {
        self.slots.get(leaf)?.marked.as_deref()
    }

    /// What was added to a leaf.
    pub fn extra(&self, leaf: usize) -> Option<&Extra> {
        self.slots.get(leaf)?.extra.as_deref()
    }

    /// The mark that stands on a leaf.
    pub fn mark(&self, leaf: usize) -> Option<Mark> {
        self.marked(leaf).map(|m| m.mark)
    }

    /// How a criterion that the deployment evaluates itself is breached, if it is.
    pub fn breach(&self, leaf: usize) -> Option<Breach> {
        u32::try_from(leaf).ok().and_then(|l| self.breaches.get(&l)).copied()
    }

    /// The criteria that are breached, in page order.
    pub fn breached(&self) -> impl Iterator<Item = usize> {
        self.breaches.keys().filter_map(|l| usize::try_from(*l).ok())
    }

    /// Ticked or skipped: nothing more is asked of it.
    pub fn is_settled(&self, leaf: usize) -> bool {
        matches!(self.mark(leaf), Some(Mark::Tick | Mark::Skip))
    }

    /// Settled, or spared by another one of which any is enough: it is not waited for.
    pub fn is_done(&self, leaf: usize) -> bool {
        self.is_settled(leaf) || self.is_spared(leaf)
    }

    /// Another item completed what this one is one of ([`super::checklist::Item::any`]).
    pub fn is_spared(&self, leaf: usize) -> bool {
        u32::try_from(leaf).is_ok_and(|l| self.spared.contains(&l))
    }

    /// Works out anew what the choice around a leaf spares.
    fn choose(&mut self, leaf: usize) {
        let plan = self.plan.clone();
        let Some(choice) = plan.choice(leaf) else { return };
        let inside = |l: &u32| usize::try_from(*l).is_ok_and(|l| choice.leaves.contains(&l));
        self.spared.retain(|l| !inside(l));
        self.spare(choice);
    }

    /// An option is complete when nothing in it that applies here is waited for and something in it was ticked; the first complete one
    /// spares the others. Nested as deep as items are.
    fn spare(&mut self, choice: &Choice) {
        for option in &choice.options {
            option.choices.iter().for_each(|c| self.spare(c));
        }
        let complete = choice.options.iter().any(|o| {
            let waited_for = |i: usize| self.applies_here(i) && !self.is_done(i);
            o.leaves.clone().any(|i| self.mark(i) == Some(Mark::Tick)) && !o.leaves.clone().any(waited_for)
        });
        if complete {
            let open = choice.leaves.clone().filter(|&i| !self.is_settled(i));
            self.spared.extend(open.filter_map(|i| u32::try_from(i).ok()).collect::<Vec<_>>());
        }
    }

    /// Somebody by their index.
    pub fn person(&self, index: u16) -> &Person {
        let last = self.people.len() - 1;
        &self.people[usize::from(index).min(last)].person
    }

    /// Somebody as they are called here: `@cleo` is the Cleo who took part.
    pub fn known(&self, person: &Person) -> Person {
        self.people.iter().find(|p| p.person.id == person.id).map_or(person, |p| &p.person).clone()
    }

    /// Who leads it.
    pub fn deployer(&self) -> &Person {
        self.person(self.deployer)
    }

    /// Every channel that shows it: its own, then those that follow.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.channel).chain(&self.also).map(String::as_str)
    }

    /// The lock it holds while under way. A rehearsal locks only rehearsals.
    pub fn lock(&self) -> String {
        lock_key(&self.service, &self.environment, self.rehearsal)
    }

    /// The section or item applies to this deployment's environment.
    pub fn applies(&self, environment: Option<&str>) -> bool {
        environment.is_none_or(|e| same_environment(e, &self.environment))
    }

    /// The leaf, or what stands above it, is not for another environment alone.
    pub fn applies_here(&self, leaf: usize) -> bool {
        self.applies(self.plan.leaves[leaf].environment.as_deref())
    }

    /// Why a branch's items cannot be changed now; none if they can.
    pub fn closed(&self, branch: Branch) -> Option<Closed> {
        use Branch::*;
        let open = match self.status {
            Status::Scheduled | Status::Queued => return Some(Closed::NotStarted),
            Status::Active | Status::Held => matches!(branch, Forward | Watch | FollowUp | OnDemand),
            Status::RollingBack => matches!(branch, Rollback | Watch | OnDemand),
            Status::Succeeded | Status::Partial => matches!(branch, AfterSuccess | FollowUp | OnDemand | Watch),
            Status::RolledBack => matches!(branch, AfterRollback | OnDemand),
            Status::Cancelled => false,
        };
        if self.archived {
            return Some(Closed::Archived);
        }
        (!open).then_some(match branch {
            Rollback if !self.status.is_over() => Closed::UntilRollback,
            AfterSuccess if !self.status.is_over() && self.status != Status::RollingBack => Closed::UntilSuccess,
            AfterRollback if !self.status.is_over() => Closed::UntilRolledBack,
            _ if self.status == Status::RollingBack => Closed::ByRollback,
            _ => Closed::Over,
        })
    }

    /// Why a section's items cannot be changed now. What is to be done before the start can be, once it has come up.
    pub fn closed_in(&self, section: u32, branch: Branch) -> Option<Closed> {
        let early = self.status == Status::Scheduled && self.opened.contains_key(&section);
        if early { None } else { self.closed(branch) }
    }

    /// Why a leaf cannot be changed now.
    pub fn closed_leaf(&self, leaf: usize) -> Option<Closed> {
        let leaf = &self.plan.leaves[leaf];
        self.closed_in(leaf.section, leaf.branch)
    }

    /// The branches walked now, in the order they are walked.
    fn walking(&self) -> &'static [Branch] {
        match self.status {
            Status::Queued | Status::Cancelled => &[],
            Status::Scheduled | Status::Active | Status::Held => &[Branch::Forward],
            Status::RollingBack => &[Branch::Rollback],
            Status::Succeeded | Status::Partial => &[Branch::AfterSuccess, Branch::FollowUp],
            Status::RolledBack => &[Branch::AfterRollback],
        }
    }

    /// The sections walked now, in order. Those with a window of their own come when it opens, before the start and
    /// after the outcome.
    pub fn walk(&self) -> impl Iterator<Item = &Stretch> {
        let branches = if self.archived { &[] } else { self.walking() };
        let come = |s: &Stretch| match s.branch {
            Branch::FollowUp => self.plan.window(s.number).is_none() || self.opened.contains_key(&s.number),
            _ => self.status != Status::Scheduled || self.opened.contains_key(&s.number),
        };
        branches.iter().flat_map(move |b| {
            let here = move |s: &&Stretch| s.branch == *b && self.applies(s.environment.as_deref()) && come(s);
            self.plan.sections.iter().filter(here)
        })
    }

    /// What of a walked section is asked for now: not what is due only after the outcome.
    pub fn asked(&self, section: &Stretch) -> impl Iterator<Item = usize> {
        let branch = section.branch;
        section.leaves.clone().filter(move |&i| self.plan.leaves[i].branch == branch)
    }

    /// Items of the way forward that are asked for once there is an outcome.
    fn afterwards(&self) -> impl Iterator<Item = usize> {
        let now = !self.archived && matches!(self.status, Status::Succeeded | Status::Partial);
        let forward = self.plan.sections.iter().filter(move |s| now && s.branch == Branch::Forward);
        let leaves = forward.flat_map(|s| s.leaves.clone());
        leaves.filter(|&i| self.plan.leaves[i].branch == Branch::FollowUp)
    }

    /// The sections people have before them: those that came up, and the criteria watched from the start on.
    pub fn on_show(&self) -> BTreeSet<u32> {
        let watched = self.watched().filter(|_| self.started_at.is_some());
        self.opened.keys().copied().chain(watched.map(|s| s.number)).collect()
    }

    /// The sections of rollback criteria that apply here.
    pub fn watched(&self) -> impl Iterator<Item = &Stretch> {
        self.plan.sections.iter().filter(|s| s.branch == Branch::Watch && self.applies(s.environment.as_deref()))
    }

    /// The lists on demand that can be opened now.
    pub fn on_demand(&self) -> impl Iterator<Item = &Stretch> {
        let open = self.closed(Branch::OnDemand).is_none();
        let here = move |s: &&Stretch| open && s.branch == Branch::OnDemand && self.applies(s.environment.as_deref());
        self.plan.sections.iter().filter(here)
    }

    /// Done and total of what is walked now (after an outcome: of the walk that led to it).
    pub fn tally(&self) -> Tally {
        let branch = match self.status {
            Status::RollingBack | Status::RolledBack => Branch::Rollback,
            _ => Branch::Forward,
        };
        self.leaves_of(branch)
            .fold(Tally::default(), |t, (i, _)| Tally { done: t.done + u32::from(self.is_done(i)), total: t.total + 1 })
    }

    /// Done and total of a row of leaves, of those that apply here.
    pub fn tally_of(&self, leaves: impl Iterator<Item = usize>) -> Tally {
        leaves
            .filter(|&i| self.applies_here(i))
            .fold(Tally::default(), |t, i| Tally { done: t.done + u32::from(self.is_done(i)), total: t.total + 1 })
    }

    /// The leaves of a branch that apply here.
    pub fn leaves_of(&self, branch: Branch) -> impl Iterator<Item = (usize, &Leaf)> {
        self.plan
            .leaves
            .iter()
            .enumerate()
            .filter(move |(_, l)| l.branch == branch && self.applies(l.environment.as_deref()))
    }

    /// Required items of the forward walk that are waited for.
    pub fn required_open(&self) -> Vec<usize> {
        self.leaves_of(Branch::Forward).filter(|(i, l)| !l.optional && !self.is_done(*i)).map(|(i, _)| i).collect()
    }

    /// The leaves to look at now, in walk order: open ones first of what is required, then the rest.
    pub fn next_up(&self) -> impl Iterator<Item = usize> {
        let walked = self.walk().flat_map(|s| self.asked(s)).chain(self.afterwards());
        let open: Vec<usize> = walked.filter(|&i| self.is_open(i)).collect();
        let (required, optional): (Vec<_>, Vec<_>) = open.into_iter().partition(|&i| !self.plan.leaves[i].optional);
        required.into_iter().chain(optional)
    }

    /// It applies here, nothing was done to it and it is waited for.
    pub fn is_open(&self, leaf: usize) -> bool {
        self.mark(leaf).is_none() && !self.is_spared(leaf) && self.applies_here(leaf)
    }

    /// The section the walk stands in: the first with a required open item; else with a failed or blocked one;
    /// else with anything open.
    pub fn current_section(&self) -> Option<u32> {
        let has = |test: &dyn Fn(usize) -> bool| self.walk().find(|s| self.asked(s).any(test)).map(|s| s.number);
        has(&|i| self.is_open(i) && !self.plan.leaves[i].optional)
            .or_else(|| has(&|i| matches!(self.mark(i), Some(Mark::Fail | Mark::Block)) && !self.is_spared(i)))
            .or_else(|| has(&|i| self.is_open(i)))
    }

    /// The sections that came up and have not been announced, in page order: the events that say so. Sections the
    /// walk passes over because all that is open in them is optional come up on the way, so that nobody learns of
    /// "if needed" when it is too late.
    pub fn follow_on(&self) -> Vec<Event> {
        let Some(current) = self.current_section() else { return Vec::new() };
        let passed = self
            .walk()
            .take_while(|s| s.number != current)
            .filter(|s| self.asked(s).any(|i| self.is_open(i)))
            .map(|s| s.number);
        let due = passed.chain([current]).filter(|s| !self.opened.contains_key(s));
        due.map(|section| Event::SectionOpened { section, late_ms: 0 }).collect()
    }

    /// Milliseconds under way, up to the outcome.
    pub fn elapsed_ms(&self, now: Timestamp) -> i64 {
        self.started_at.map_or(0, |s| self.ended_at.unwrap_or(now).since_ms(s))
    }

    /// Leaves that failed or are blocked, in page order.
    pub fn troubled(&self, mark: Mark) -> impl Iterator<Item = usize> {
        (0..self.plan.leaves.len()).filter(move |&i| self.mark(i) == Some(mark))
    }

    /// Open leaves somebody was asked to do, with who.
    pub fn assigned(&self) -> impl Iterator<Item = (usize, &Person)> {
        (0..self.plan.leaves.len()).filter(|&i| !self.is_settled(i)).filter_map(|i| {
            let to = self.extra(i)?.assignee.as_ref()?;
            Some((i, to))
        })
    }
}
