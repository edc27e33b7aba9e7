//! One unit of work in the making: decisions are taken on copies, and everything to be written is gathered.

use super::house::House;
use super::rules::Rules;
use crate::card::{Button, Card, Reply, compose, kinds, page as compose_page};
use crate::config::Config;
use crate::domain::agenda;
use crate::domain::checklist::Number;
use crate::domain::command::{Command, Mark, Person, Timer, Via};
use crate::domain::decide::{Decision, decide, is_criterion, next_due};
use crate::domain::deployment::Deployment;
use crate::domain::event::{Event, Recorded};
use crate::domain::freeze::Frozen;
use crate::domain::paging::{MAX_PAGES, PageEvent, PageState, Recent, counted};
use crate::domain::policy::Policy;
use crate::domain::react::{Effect, Occasion, react};
use crate::domain::refusal::Refusal;
use crate::domain::rotation::Cover;
use crate::domain::set_back::{self, SET_BACK_MS};
use crate::domain::standing::Standing;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::watch;
use crate::domain::{causes, climb};
use crate::store::{self, Batch, NewDelivery, NewEvent, Summary, chain};
use crate::words::facts::{self, Moment};
use crate::words::{Entry, Facts, Template, occasions, paging, refusals, replies};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Due whatever the clock says, even after it has been set back.
pub(super) const AT_ONCE: Timestamp = Timestamp(0);

/// When a timer that decides nothing although it is due is looked at again, in milliseconds.
const AGAIN_MS: i64 = 60_000;

/// Of a queue that waits for a freeze, how many are asked whether they may go first.
const MAX_QUEUE: usize = 100;

/// A deployment being changed: a copy is made for every event, and the state before it is still there to compare.
struct Staged {
    deployment: Arc<Deployment>,
    head: store::Hash,
}

/// One unit of work in the making.
pub(super) struct Stage<'a> {
    house: &'a House,
    rules: &'a Rules,
    now: Timestamp,
    staged: HashMap<u64, Staged>,
    /// Summaries changed in this unit, the latest of each.
    summaries: BTreeMap<u64, Summary>,
    /// Loaded for this unit because they were not in memory.
    loaded: HashMap<u64, (Arc<Deployment>, store::Hash)>,
    /// What holds for the whole house, where this unit changed it.
    standing: Option<(Arc<Standing>, store::Hash)>,
    pub(super) batch: Batch,
    pub(super) next_id: u64,
    pub(super) paged: Paged,
    /// Who is outside their office hours.
    off_hours: Arc<BTreeSet<String>>,
}

/// What pages know beyond their deployment, as a unit of work finds and leaves it.
#[derive(Clone, Default)]
pub(super) struct Paged {
    /// Who was called in the last hour.
    pub(super) recent: Arc<Recent>,
    /// Who stands in for whom in the rotations.
    pub(super) covers: Arc<Vec<Cover>>,
    /// The number of the last test.
    pub(super) last_test: u32,
}

/// What a unit of work changed.
pub(super) struct Changes {
    pub(super) deployments: Vec<(Arc<Deployment>, store::Hash)>,
    pub(super) summaries: Vec<Summary>,
    pub(super) standing: Option<(Arc<Standing>, store::Hash)>,
}

/// Who does something, through what.
#[derive(Clone)]
pub(super) struct By<'a> {
    pub(super) person: &'a Person,
    pub(super) via: Via,
    pub(super) reaction: Option<&'a str>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(house: &'a House, rules: &'a Rules, paged: Paged, now: Timestamp) -> Self {
        Self {
            house,
            rules,
            now,
            staged: HashMap::new(),
            summaries: BTreeMap::new(),
            loaded: HashMap::new(),
            standing: None,
            batch: Batch::default(),
            next_id: house.next_id(),
            paged,
            off_hours: rules.off_hours(now),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Makes a replayed deployment available to this unit.
    pub(super) fn load(&mut self, deployment: Deployment, head: store::Hash) {
        self.loaded.insert(deployment.id, (Arc::new(deployment), head));
    }

    /// The deployment as this unit leaves it.
    pub(super) fn peek(&self, id: u64) -> Option<Arc<Deployment>> {
        if let Some(s) = self.staged.get(&id) {
            return Some(s.deployment.clone());
        }
        self.loaded.get(&id).map(|(d, _)| d.clone()).or_else(|| self.house.get(id))
    }

    /// A deployment to be changed. Where its last moment is yet to come, the clock was set back: that is recorded first.
    fn take(&mut self, id: u64) -> Option<Staged> {
        if let Some(s) = self.staged.remove(&id) {
            return Some(s);
        }
        let (deployment, head) = self.loaded.get(&id).cloned().or_else(|| self.house.get_with_head(id))?;
        let mut staged = Staged { deployment, head };
        let was = staged.deployment.at;
        if was.since_ms(self.now) >= SET_BACK_MS {
            let person = Person::rollcall();
            Arc::make_mut(&mut self.paged.recent).set_back(self.now);
            let by = By { person: &person, via: Via::Timer, reaction: None };
            self.record(&mut staged, vec![Event::ClockSetBack { was }], &by);
        }
        Some(staged)
    }

    /// Open deployments as this unit leaves them, that pass a test; oldest first.
    pub(super) fn open(&self, test: impl Fn(&Summary) -> bool) -> Vec<Summary> {
        let mut all: BTreeMap<u64, Summary> = self
            .house
            .open(|s| !self.summaries.contains_key(&s.id) && test(s))
            .into_iter()
            .map(|s| (s.id, s))
            .collect();
        let changed = self.summaries.values().filter(|s| !s.status.is_over() && test(s));
        all.extend(changed.map(|s| (s.id, s.clone())));
        all.into_values().collect()
    }

    /// Who holds a lock.
    pub(super) fn holder(&self, lock: &str) -> Option<Summary> {
        self.open(|s| s.status.is_under_way() && lock_of(s) == lock).into_iter().next()
    }

    /// Who waits for a lock, in order: of many, those whose turn comes first.
    pub(super) fn queue(&self, lock: &str) -> Vec<Summary> {
        let mut queue = self.open(|s| s.status == Status::Queued && lock_of(s) == lock);
        queue.truncate(MAX_QUEUE);
        queue
    }

    fn policy(&self, d: &Deployment) -> Policy {
        // Those not under way need the lock first: to start, or to be rolled back after the outcome.
        let waits = !d.status.is_under_way();
        Policy {
            progress: self.rules.schedule(d),
            may_override: self.rules.config.rules.override_.clone(),
            roles: self.rules.roles(),
            lock_held_by: if waits { self.holder(&d.lock()).map(|s| s.id) } else { None },
            directory: self.rules.config.directory.clone(),
            covers: self.covers(),
            recent: self.paged.recent.clone(),
            frozen: self.keeps_waiting(d),
            reminding: self.rules.reminding(),
            off_hours: self.off_hours.clone(),
        }
    }

    /// Whoever waits for a freeze lets those go first who wait behind it and for none.
    fn pass_on(&mut self, d: &Deployment) {
        let lock = d.lock();
        if self.holder(&lock).is_some() {
            return;
        }
        let behind = self.queue(&lock).into_iter().filter(|s| s.id > d.id);
        let mut free = behind.filter(|s| self.peek(s.id).is_some_and(|d| self.keeps_waiting(&d).is_none()));
        if let Some(next) = free.next().map(|s| s.id) {
            self.batch.timers.push((next, Timer::Start, Some(AT_ONCE)));
        }
    }

    /// The freeze that keeps a deployment from starting now. A rehearsal is bound by none.
    pub(super) fn keeps_waiting(&self, d: &Deployment) -> Option<Frozen> {
        if d.rehearsal || !matches!(d.status, Status::Scheduled | Status::Queued) {
            return None;
        }
        let except = d.overridden.as_ref().map_or(&[][..], |o| &o.freezes);
        self.frozen(&d.service, &d.environment, self.now, except)
    }

    pub(super) fn config(&self) -> &Config {
        &self.rules.config
    }

    /// The roles somebody has.
    pub(super) fn roles_of(&self, person: &str) -> BTreeSet<String> {
        let roles = self.rules.roles();
        roles.iter().filter(|(_, people)| people.contains(person)).map(|(role, _)| role.clone()).collect()
    }

    /// What holds for the whole house as this unit leaves it, with the link of the last ruling.
    pub(super) fn kept_standing(&self) -> (Arc<Standing>, store::Hash) {
        self.standing.clone().unwrap_or_else(|| self.house.standing_with_head())
    }

    pub(super) fn keep_standing(&mut self, standing: Arc<Standing>, head: store::Hash) {
        self.paged.covers = Arc::new(standing.covers(self.now).cloned().collect());
        self.standing = Some((standing, head));
    }

    /// A board to be drawn anew wherever it is shown.
    pub(super) fn show_board_of(&mut self, s: &Summary) {
        for channel in std::iter::once(&s.channel).chain(&s.also) {
            self.want(s.id, channel, "board".into(), false, true);
        }
    }

    /// Who stands in for whom in the rotations.
    pub(super) fn covers(&self) -> Arc<Vec<Cover>> {
        self.paged.covers.clone()
    }

    /// The number of the next test of whether somebody can be reached: never given twice.
    pub(super) fn next_test(&mut self) -> u32 {
        let now = u32::try_from(self.now.0 / 1_000).unwrap_or(u32::MAX);
        self.paged.last_test = now.max(self.paged.last_test.saturating_add(1));
        self.paged.last_test
    }

    /// Opens a deployment and records its first events.
    pub(super) fn open_deployment(&mut self, d: Deployment, first: Recorded, then: Vec<Event>, by: &By<'_>) {
        let (id, hash, checklist) = (d.id, d.plan.hash.clone(), d.plan.checklist.clone());
        self.next_id = self.next_id.max(id + 1);
        self.batch.checklists.push((hash, checklist));
        let mut staged = Staged { deployment: Arc::new(d), head: [0; 32] };
        self.append(&mut staged, first);
        self.record(&mut staged, then, by);
        self.staged.insert(id, staged);
    }

    /// Decides a command and records what follows.
    pub(super) fn act(&mut self, id: u64, command: &Command, by: &By<'_>) -> Reply {
        let Some(mut staged) = self.take(id) else { return no_such(id) };
        let at = self.now.max(staged.deployment.at);
        let policy = self.policy(&staged.deployment);
        let reply = match decide(&staged.deployment, command, by.person, at, &policy, by.reaction) {
            Ok(decision) => {
                self.record(&mut staged, decision.events.clone(), by);
                self.done(&staged.deployment, command, &decision)
            }
            Err(refusal) => refused(&staged.deployment, command, &refusal, at, self.config().timezone),
        };
        self.staged.insert(id, staged);
        reply.about(id)
    }

    /// A timer fell due: what it decides, and whether it is armed again. A stale one is only taken away.
    pub(super) fn due(&mut self, id: u64, timer: Timer, due: Timestamp) -> Reply {
        // A timer that fires before its moment (the clock was set back since) waits for it.
        if due > self.now {
            return Reply::ok("");
        }
        let person = Person::rollcall();
        let by = By { person: &person, via: Via::Timer, reaction: None };
        // Taken away first, so that whatever the events arm stands.
        self.batch.timers.push((id, timer, None));
        let reply = self.act(id, &Command::Due { timer, due }, &by);
        if let Some(d) = self.peek(id) {
            // By the clock, not by what was last recorded: after it was set back, what recurs goes on.
            let again = next_due(&d, timer, self.now, &self.policy(&d));
            // What has come and decides nothing must not come again at once, for ever.
            let nothing = !reply.ok;
            let again = again.map(|due| if nothing && due <= self.now { self.now.plus_ms(AGAIN_MS) } else { due });
            if again.is_some() {
                self.batch.timers.push((id, timer, again));
            }
            if timer == Timer::Start && d.status == Status::Queued && self.keeps_waiting(&d).is_some() {
                self.pass_on(&d);
            }
        }
        reply
    }

    /// The clock was set back: what is waited for is armed by the clock, also where nothing was recorded since.
    pub(super) fn set_back(&mut self, id: u64) {
        let Some(staged) = self.take(id) else { return };
        let (d, now) = (staged.deployment.clone(), self.now);
        self.staged.insert(id, staged);
        let armed = set_back::timers(&d, now, &self.policy(&d)).into_iter();
        self.batch.timers.extend(armed.map(|(timer, due)| (id, timer, Some(due))));
    }

    fn record(&mut self, staged: &mut Staged, events: Vec<Event>, by: &By<'_>) {
        let mut failed = Vec::new();
        for event in events {
            let before = staged.deployment.clone();
            let recorded = self.next(&staged.deployment, event, by.person.clone(), by.via);
            self.append(staged, recorded.clone());
            failed.extend(newly_failed(&before, &recorded).map(|item| (item, before, recorded)));
        }
        // What fails together is announced together.
        if let Some((first, before, recorded)) = failed.first() {
            let last = failed.last().filter(|_| failed.len() > 1).map(|(item, ..)| item);
            let others = last
                .map(|last| Entry { number: format!("{first} to {last}"), text: format!("({} items)", failed.len()) });
            let d = staged.deployment.clone();
            self.say(Occasion::Failure, before, &d, recorded, others);
        }
        let d = &staged.deployment;
        for event in [watch::follow_on(d), agenda::follow_on(d), d.follow_on()].concat() {
            let recorded = self.next(&staged.deployment, event, Person::rollcall(), by.via);
            self.append(staged, recorded);
        }
        // A page may ask for the next one.
        for _ in 0..=MAX_PAGES {
            let events = causes::follow_on(&staged.deployment, &self.policy(&staged.deployment));
            if events.is_empty() {
                break;
            }
            for event in events {
                let recorded = self.next(&staged.deployment, event, Person::rollcall(), by.via);
                self.append(staged, recorded);
            }
        }
    }

    fn next(&self, d: &Deployment, event: Event, by: Person, via: Via) -> Recorded {
        let at = if matches!(event, Event::ClockSetBack { .. }) { self.now } else { self.now.max(d.at) };
        Recorded { seq: d.seq + 1, at, by, via, event }
    }

    fn append(&mut self, staged: &mut Staged, recorded: Recorded) {
        let before = staged.deployment.clone();
        if recorded.seq > 1 {
            Arc::make_mut(&mut staged.deployment).evolve(&recorded);
        }
        let d = staged.deployment.clone();
        self.learn(&d, &recorded);
        let hash = chain::link(&staged.head, d.id, &recorded);
        let prev = std::mem::replace(&mut staged.head, hash);
        self.keep_summary(&d, &before, recorded.seq == 1);
        for effect in react(&d, &recorded, &self.policy(&d)) {
            self.effect(effect, &before, &d, &recorded);
        }
        self.batch.events.push(NewEvent { deployment: d.id, prev, hash, recorded });
    }

    /// Notes who is called.
    fn learn(&mut self, d: &Deployment, recorded: &Recorded) {
        let Event::Page { page, event } = &recorded.event else { return };
        if d.rehearsal {
            return;
        }
        match event {
            PageEvent::Called { .. } => Arc::make_mut(&mut self.paged.recent).learn(event, recorded.at),
            PageEvent::Released { n, .. } => {
                let call = d.pages.iter().find(|p| p.number == *page).and_then(|p| p.message(*n)).map(|m| &m.call);
                if let Some(person) = call.and_then(|call| counted(call)) {
                    Arc::make_mut(&mut self.paged.recent).note(&person.id, recorded.at);
                }
            }
            _ => {}
        }
    }

    fn keep_summary(&mut self, d: &Deployment, before: &Deployment, new: bool) {
        let changed = new
            || d.status != before.status
            || d.deployer != before.deployer
            || d.archived != before.archived
            || (d.opened_at, d.started_at, d.ended_at) != (before.opened_at, before.started_at, before.ended_at)
            || d.also != before.also;
        if !changed {
            return;
        }
        let summary = Summary::of(d);
        self.batch.deployments.retain(|s| s.id != d.id);
        self.batch.deployments.push(summary.clone());
        self.summaries.insert(d.id, summary);
        if d.status.is_under_way() != before.status.is_under_way() {
            self.batch.locks.push((d.id, d.status.is_under_way().then(|| d.lock())));
        }
    }

    fn effect(&mut self, effect: Effect, before: &Deployment, d: &Deployment, recorded: &Recorded) {
        match effect {
            // Said once for all that failed with one command: see `record`.
            Effect::Say(Occasion::Failure) => {}
            Effect::Say(occasion) => self.say(occasion, before, d, recorded, None),
            Effect::ShowBoard => self.show(d, "board".into(), false),
            Effect::ShowSection(n) => {
                let parts = d.plan.stretch(n).map_or(0, |s| s.parts);
                (1..=parts).for_each(|p| self.show(d, format!("section/{n}/{p}"), false));
            }
            Effect::RefreshPart(n, p) => self.show(d, format!("section/{n}/{p}"), true),
            Effect::RefreshSections => {
                for n in d.on_show() {
                    let parts = d.plan.stretch(n).map_or(0, |s| s.parts);
                    (1..=parts).for_each(|p| self.show(d, format!("section/{n}/{p}"), true));
                }
            }
            Effect::ShowPage(n) => self.show(d, format!("page/{n}"), false),
            Effect::CallPage(page, n) => self.call(d, page, n, false),
            Effect::RefreshCalls(page) => {
                let of = d.pages.iter().find(|p| p.number == page);
                let told = of.into_iter().flat_map(|p| (1..p.next_message()).filter(|n| p.tells(*n)));
                told.collect::<Vec<_>>().into_iter().for_each(|n| self.call(d, page, n, true));
            }
            Effect::TellUnanswered(page) => {
                if let Some(card) = compose_page::unanswered(d, page) {
                    for channel in d.channels() {
                        self.post_about(d.id, channel, &format!("{}/unanswered", recorded.seq), card.clone());
                    }
                }
            }
            Effect::ShowAllIn(channel) => self.show_all_in(&channel, d),
            Effect::AttachRecord => self.show(d, "record".into(), false),
            Effect::Remind { occasion, call, loud } => self.remind((occasion, &call, loud), before, d, recorded),
            Effect::Announce(entry) => self.announce(entry, before, d, recorded),
            Effect::Timer(timer, due) => self.batch.timers.push((d.id, timer, due)),
            Effect::ReleaseLock => {
                let lock = d.lock();
                let first = self.open(|s| s.status == Status::Queued && lock_of(s) == lock).into_iter().next();
                if let Some(next) = first {
                    self.batch.timers.push((next.id, Timer::Start, Some(AT_ONCE)));
                }
            }
        }
    }

    fn say(
        &mut self,
        occasion: Occasion,
        before: &Deployment,
        d: &Deployment,
        recorded: &Recorded,
        items: Option<Entry>,
    ) {
        let mut facts = facts::of(&Moment { before, after: d, recorded });
        facts.item = items.or(facts.item);
        let text = self.text(occasions::template(occasion), &facts, d);
        let mut card = compose::post(d, occasion, crate::markdown::lines(&text));
        card.buttons = kinds::post_buttons(d, &recorded.event);
        // Whoever takes it over must know, and whoever takes it themselves does.
        if let Event::HandedOver { to } = &recorded.event
            && to.id != recorded.by.id
        {
            card.call(to);
        }
        let name = if occasion == Occasion::Start {
            "start".into()
        } else if matches!(recorded.event, Event::FreezeOverridden { .. }) {
            // In place of what its opening has just said.
            format!("1/{}", occasions::word(occasion))
        } else {
            format!("{}/{}", recorded.seq, occasions::word(occasion))
        };
        for channel in d.channels() {
            self.post_about(d.id, channel, &name, card.clone());
        }
    }

    /// A text, with how late it is where it is.
    pub(super) fn text(&self, template: Template, facts: &Facts, d: &Deployment) -> String {
        let texts = self.rules.texts(d);
        let mut text = texts.render(template, facts);
        if facts.late.is_some() {
            text.push_str("\n\n");
            text.push_str(&texts.render(Template::Late, facts));
        }
        text
    }

    pub(super) fn rules(&self) -> &'a Rules {
        self.rules
    }

    pub(super) fn post_about(&mut self, deployment: u64, channel: &str, name: &str, card: Card) {
        self.post_in(deployment, channel, None, name, card);
    }

    /// A message about a deployment, in a thread where one is named.
    pub(super) fn post_in(&mut self, deployment: u64, channel: &str, thread: Option<String>, name: &str, card: Card) {
        let key = format!("{deployment}/{name}@{channel}");
        self.batch.outbox.push(NewDelivery { deployment, thread, ..fixed(key, channel, card) });
    }

    /// A message about no deployment.
    pub(super) fn post(&mut self, channel: &str, key: String, card: Card) {
        self.batch.outbox.push(fixed(key, channel, card));
    }

    /// A message about no deployment, under the name of a view.
    pub(super) fn post_as(&mut self, channel: &str, key: String, what: String, card: Card) {
        self.batch.outbox.push(NewDelivery { what, ..fixed(key, channel, card) });
    }

    /// What a channel that comes to follow has missed: the announcement, the board, and the sections that are open.
    fn show_all_in(&mut self, channel: &str, d: &Deployment) {
        // What it is shown carries this deployment's present, also where it was shown here before and taken away.
        if d.started_at.is_some() {
            let title = format!("{} is followed here", compose::name(d));
            self.post_about(d.id, channel, "start", compose::notice(d, title));
        }
        self.show_in(d, channel, "board".into(), false);
        for n in d.on_show() {
            let parts = d.plan.stretch(n).map_or(0, |s| s.parts);
            (1..=parts).for_each(|p| self.show_in(d, channel, format!("section/{n}/{p}"), false));
        }
        for page in d.pages.iter().filter(|p| p.state != PageState::Resolved) {
            self.show_in(d, channel, format!("page/{}", page.number), false);
        }
    }

    /// Messages of a deployment cannot be shown in a channel. Said again only when the reason is another.
    pub(super) fn undelivered(&mut self, id: u64, channel: &str, why: &str) {
        let new =
            |d: &Deployment| d.channels().any(|c| c == channel) && d.undelivered.get(channel).is_none_or(|w| w != why);
        if self.peek(id).is_some_and(|d| new(&d)) {
            self.witness(id, Event::Undelivered { channel: channel.into(), why: why.into() });
        }
    }

    /// And now they can.
    pub(super) fn redelivered(&mut self, id: u64, channel: &str) {
        if self.peek(id).is_some_and(|d| d.undelivered.contains_key(channel)) {
            self.witness(id, Event::Redelivered { channel: channel.into() });
        }
    }

    fn witness(&mut self, id: u64, event: Event) {
        let Some(mut staged) = self.take(id) else { return };
        let person = Person::rollcall();
        self.record(&mut staged, vec![event], &By { person: &person, via: Via::Timer, reaction: None });
        self.staged.insert(id, staged);
    }

    fn show(&mut self, d: &Deployment, what: String, only_if_shown: bool) {
        for channel in d.channels() {
            self.show_in(d, channel, what.clone(), only_if_shown);
        }
    }

    /// One message of a page, to where it is addressed.
    fn call(&mut self, d: &Deployment, page: u32, n: u32, only_if_shown: bool) {
        let message = d.pages.iter().find(|p| p.number == page).and_then(|p| p.message(n));
        let channel = message.map(|m| m.address().to_owned()).unwrap_or_default();
        if !channel.is_empty() {
            self.show_in(d, &channel, format!("page/{page}/{n}"), only_if_shown);
        }
    }

    /// What became of a page's message, where it is news.
    pub(super) fn reached(&mut self, id: u64, page: u32, n: u32, became: Result<(), &str>) {
        if let Some(event) = self.peek(id).and_then(|d| climb::witnessed(&d, page, n, became)) {
            self.witness(id, event);
        }
    }

    fn show_in(&mut self, d: &Deployment, channel: &str, what: String, only_if_shown: bool) {
        // What comes up before the start has no announcement to stand below.
        let threaded = what == "record" || what.starts_with("section/") && d.started_at.is_some();
        self.want(d.id, channel, what, threaded, only_if_shown);
    }

    fn want(&mut self, id: u64, channel: &str, what: String, threaded: bool, only_if_shown: bool) {
        let key = format!("{id}/{what}@{channel}");
        // Ten ticks in one unit of work are one refresh.
        if let Some(same) = self.batch.outbox.iter_mut().find(|n| n.key == key) {
            same.only_if_shown &= only_if_shown;
            return;
        }
        let thread = threaded.then(|| format!("{id}/start@{channel}"));
        self.batch.outbox.push(NewDelivery {
            key,
            deployment: id,
            channel: channel.to_owned(),
            thread,
            what,
            card: None,
            due: AT_ONCE,
            only_if_shown,
        });
    }

    fn done(&self, d: &Deployment, command: &Command, decision: &Decision) -> Reply {
        let reply = Reply::ok(replies::done(d, decision, self.now, self.config().timezone));
        replies::with_offers(reply, d, command, decision)
    }

    /// What the unit changed, to be published when it is committed.
    pub(super) fn into_changes(self) -> Changes {
        let deployments = self.staged.into_values().map(|s| (s.deployment, s.head)).collect();
        Changes { deployments, summaries: self.summaries.into_values().collect(), standing: self.standing }
    }
}

/// A post that never changes.
fn fixed(key: String, channel: &str, card: Card) -> NewDelivery {
    NewDelivery {
        key,
        deployment: 0,
        channel: channel.to_owned(),
        thread: None,
        what: "post".into(),
        card: Some(card),
        due: AT_ONCE,
        only_if_shown: false,
    }
}

/// The item an event made fail, unless it had failed for the same reason already.
fn newly_failed(before: &Deployment, recorded: &Recorded) -> Option<Number> {
    let Event::Marked { item, mark: Mark::Fail, note, .. } = &recorded.event else { return None };
    let leaf = before.plan.leaf(item)?;
    let said = before.marked(leaf).is_some_and(|m| m.mark == Mark::Fail && m.note == *note);
    (!said && !is_criterion(before, leaf)).then(|| item.clone())
}

/// The lock a summary's deployment wants or holds.
pub(super) fn lock_of(s: &Summary) -> String {
    crate::domain::deployment::lock_key(&s.service, &s.environment, s.rehearsal)
}

/// A deployment of that number does not exist.
pub(super) fn no_such(id: u64) -> Reply {
    Reply::refused(format!("There is no deployment #{id}. `/deploy list` shows those under way."))
}

/// A refusal in words, with what else could be meant.
pub(super) fn refused(
    d: &Deployment,
    command: &Command,
    refusal: &Refusal,
    at: Timestamp,
    zone: chrono_tz::Tz,
) -> Reply {
    let mut reply = Reply::refused(refusals::refusal(d, refusal, at, zone)).about(d.id);
    if let Command::Mark { mark, note, .. } = command {
        let word = refusals::command_word(*mark);
        let note = note.as_deref().map(|n| format!(" {n}")).unwrap_or_default();
        reply.choices = refusals::choices(d, refusal)
            .into_iter()
            .map(|(n, line)| Button::new(line, format!("#{} {word} {n}{note}", d.id)))
            .collect();
    }
    reply.choices.extend(refusals::picker(d, refusal));
    if let Refusal::WhichPage { pages } = refusal {
        let verb = match command {
            Command::Ack { .. } => "ack",
            Command::Resolve { .. } => "resolve",
            _ => "escalate",
        };
        reply.choices = paging::which(d, pages, verb);
    }
    if let Refusal::ReasonNeeded { mark, item } = refusal {
        let word = refusals::command_word(*mark);
        let mut ask = Button::new(format!("{word} {item}"), format!("#{} {word} {item}", d.id));
        ask.ask = Some(format!("Why {word} {item}?"));
        reply.choices = vec![ask];
    }
    reply
}
