//! A small language for the rules: given what happened, when somebody says something, then this follows.
//!
//! A page is written as people would sketch it, commands as they are typed, and what follows is compared as one line:
//! the events with `; ` between them, ` | ` before what was left out, or `no: ` and the reason.

use rollcall::domain::checklist::{Branch, Checklist, Field, Item, Number, Phase, Section};
use rollcall::domain::command::{Command, ItemRef, Mark, Person, Quiet, Timer, Via};
use rollcall::domain::decide::{Decision, decide, next_due};
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::plan::Plan;
use rollcall::domain::policy::Policy;
use rollcall::domain::react::{Effect, react};
use rollcall::domain::refusal::Refusal;
use rollcall::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The one place where tests make a schedule.
fn hourly() -> Arc<rollcall::domain::schedule::Compiled> {
    Arc::new(rollcall::domain::schedule::Compiled::hourly(chrono_tz::UTC))
}

/// Hourly progress, no roles, nobody else under way.
pub fn policy() -> Policy {
    Policy {
        progress: hourly(),
        may_override: Vec::new(),
        roles: Arc::default(),
        lock_held_by: None,
        directory: Arc::default(),
        covers: Arc::default(),
        recent: Arc::default(),
        frozen: None,
        reminding: Arc::default(),
        off_hours: Arc::default(),
    }
}

/// The page most tests walk.
pub const PAGE: &str = "
## 1 Prepare
- Backup taken
- Smoke tests passed
- Warm caches ?
- Database
  - Schema migrated
  - Rows counted
## 2 Deploy
- Traffic shifted
- Error rate watched
## 3 Development only =dev
- Debug port open
## 4 Production only =production
- Change ticket filed
## 5 Criteria @watch
- Error rate above 5 percent
- Latency above 3x
## 6 Going back @rollback
- Traffic back
- Old version checked
## 7 If successful @after_success
- Announcement sent
## 8 If rolled back @after_rollback
- Post-mortem booked
## 9 First day @follow_up
- Dashboards looked at
## 10 Troubleshooting @on_demand
- Logs read
";

/// Reads a sketch: `## NUMBER TITLE [@branch] [=environment]`, `- item [?]` nested by two spaces (`- item |`: any one of
/// those below completes it), `label: [a/b]`.
pub fn page(text: &str) -> Arc<Plan> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let depth = (line.len() - line.trim_start().len()) / 2;
        let line = line.trim();
        if let Some(heading) = line.strip_prefix("## ") {
            let mut section = Section::default();
            let mut title = Vec::new();
            for word in heading.split(' ') {
                if section.number == 0 {
                    section.number = word.parse().unwrap();
                } else if let Some(branch) = word.strip_prefix('@') {
                    section.branch = serde_json::from_value::<Branch>(branch.into()).unwrap();
                } else if let Some(environment) = word.strip_prefix('=') {
                    section.environment = Some(environment.into());
                } else {
                    title.push(word);
                }
            }
            section.title = title.join(" ").as_str().into();
            sections.push(section);
        } else if let Some(text) = line.strip_prefix("- ") {
            let section = sections.last_mut().unwrap();
            let mut number = Number::new(vec![section.number]);
            let mut items = &mut section.items;
            for _ in 0..depth {
                let parent = items.last_mut().unwrap();
                number = parent.number.clone();
                items = &mut parent.children;
            }
            let number = number.child(u32::try_from(items.len()).unwrap() + 1);
            let (text, optional) = text.strip_suffix(" ?").map_or((text, false), |t| (t, true));
            let (text, any) = text.strip_suffix(" |").map_or((text, false), |t| (t, true));
            items.push(Item { id: number.to_string(), number, text: text.into(), optional, any, ..Item::default() });
        } else {
            let (label, choices) = line.split_once(": [").map_or((line, ""), |(l, c)| (l, c.trim_end_matches(']')));
            let choices = choices.split('/').filter(|c| !c.is_empty()).map(str::to_owned).collect();
            sections.last_mut().unwrap().fields.push(Field { label: label.into(), choices, ..Field::default() });
        }
    }
    let phases = vec![Phase { title: "Walk".into(), sections, ..Phase::default() }];
    let checklist = Checklist { name: "sketch".into(), title: "Sketch".into(), phases, ..Checklist::default() };
    Arc::new(Plan::new(Arc::new(checklist), "hash".into()))
}

/// A deployment with everything needed to ask it something.
#[derive(Clone, Debug)]
pub struct Case {
    pub d: Deployment,
    pub log: Vec<Recorded>,
    pub policy: Policy,
    pub now: Timestamp,
    pub by: Person,
    pub reaction: Option<String>,
}

/// Who opens and, unless told otherwise, does everything.
pub fn ana() -> Person {
    Person::named("Ana")
}

pub fn opened(environment: &str, start_at: Option<Timestamp>) -> Event {
    Event::Opened {
        version: "v1.2.0".into(),
        checklist: "hash".into(),
        service: "shop".into(),
        environment: environment.into(),
        channel: "console:deployments".into(),
        rehearsal: false,
        start_at,
        expected_ms: None,
    }
}

/// Opened to `prod`, not started.
pub fn scheduled(text: &str) -> Case {
    scheduled_in("prod", text)
}

pub fn scheduled_in(environment: &str, text: &str) -> Case {
    let first = Recorded {
        seq: 1,
        at: Timestamp(1_000),
        by: ana(),
        via: Via::Console,
        event: opened(environment, Some(Timestamp(60_000))),
    };
    let d = Deployment::open(1, page(text), &first).unwrap();
    Case { d, log: vec![first], policy: policy(), now: Timestamp(1_000), by: ana(), reaction: None }
}

/// Started to production, along a page as teams write them.
pub fn reading(markdown: &str) -> Case {
    let checklist = rollcall::markdown::read("page", markdown.as_bytes()).checklist.unwrap();
    let plan = Arc::new(Plan::new(Arc::new(checklist), "hash".into()));
    let case = scheduled("");
    let d = Deployment::open(1, plan, &case.log[0]).unwrap();
    Case { d, ..case }.given(Event::Started { late_ms: 0 })
}

/// Started.
pub fn walking(text: &str) -> Case {
    scheduled(text).given(Event::Started { late_ms: 0 })
}

impl Case {
    /// This happened, a second later.
    pub fn given(mut self, event: Event) -> Self {
        self.record(event);
        self
    }

    /// Somebody else speaks from here.
    pub fn by(mut self, name: &str) -> Self {
        self.by = Person::named(name);
        self
    }

    /// From here through this reaction, or none.
    pub fn reacting(mut self, reaction: &str) -> Self {
        self.reaction = (!reaction.is_empty()).then(|| reaction.to_owned());
        self
    }

    pub fn record(&mut self, event: Event) {
        self.now = self.now.plus_ms(1_000);
        let recorded = Recorded { seq: self.d.seq + 1, at: self.now, by: self.by.clone(), via: Via::Console, event };
        self.d.evolve(&recorded);
        self.log.push(recorded);
    }

    pub fn decide(&self, command: &Command) -> Result<Decision, Refusal> {
        decide(&self.d, command, &self.by, self.now, &self.policy, self.reaction.as_deref())
    }

    /// What would follow, as one line. Nothing is changed.
    pub fn asks(&self, said: &str) -> String {
        line(&self.decide(&command(said)))
    }

    /// Says it; it must be accepted, and happens.
    #[track_caller]
    pub fn says(mut self, said: &str) -> Self {
        let decision = self.decide(&command(said));
        let Ok(decision) = decision else { panic!("{said}: {}", line(&decision)) };
        for event in decision.events {
            self.record(event);
        }
        self
    }

    /// Lets the sections that came up come up, and gives their numbers.
    pub fn follow(&mut self) -> Vec<u32> {
        let mut sections = Vec::new();
        for event in self.d.follow_on() {
            let Event::SectionOpened { section, .. } = event else { panic!("{event:?}") };
            sections.push(section);
            self.record(event);
        }
        assert_eq!(self.d.follow_on(), [], "announced is announced");
        sections
    }

    /// The last event's effects.
    pub fn effects(&self) -> Vec<Effect> {
        react(&self.d, self.log.last().unwrap(), &self.policy)
    }

    pub fn next_due(&self, timer: Timer) -> Option<Timestamp> {
        next_due(&self.d, timer, self.now, &self.policy)
    }

    /// The marks that stand: `1.1 tick, 1.2 fail`.
    pub fn marks(&self) -> String {
        let leaves = self.d.plan.leaves.iter().enumerate();
        let marks = leaves.filter_map(|(i, l)| Some(format!("{} {}", l.number, word(self.d.mark(i)?))));
        marks.collect::<Vec<_>>().join(", ")
    }

    pub fn role(mut self, role: &str, people: &[&str]) -> Self {
        let people: BTreeSet<String> = people.iter().map(|p| (*p).to_owned()).collect();
        let mut roles: BTreeMap<_, _> = (*self.policy.roles).clone();
        roles.insert(role.to_owned(), people);
        self.policy.roles = Arc::new(roles);
        self
    }
}

pub fn number(text: &str) -> Number {
    text.parse().unwrap()
}

pub fn marked(item: &str, mark: Mark) -> Event {
    Event::Marked { item: number(item), mark, note: None, reaction: None }
}

/// `tick 1.1 1.3-1.4 "smoke tests" : note`; items end at `:`. `fill LABEL = VALUE`. `assign 1.1 : Ben`.
/// `due start 60000`.
pub fn command(said: &str) -> Command {
    let (head, tail) = match said.split_once(" : ") {
        Some((head, tail)) => (head, Some(tail.to_owned())),
        None => (said, None),
    };
    let (verb, rest) = head.split_once(' ').unwrap_or((head, ""));
    let text = || if rest.is_empty() { tail.clone().unwrap_or_default() } else { rest.to_owned() };
    let item = || refs(rest).remove(0);
    let mark = |mark| Command::Mark { items: refs(rest), mark, note: tail.clone() };
    match verb {
        "tick" => mark(Mark::Tick),
        "untick" => mark(Mark::Untick),
        "skip" => mark(Mark::Skip),
        "fail" => mark(Mark::Fail),
        "block" => mark(Mark::Block),
        "assign" => Command::Assign { item: item(), to: Person::named(&tail.unwrap()) },
        "evidence" => Command::Evidence { item: item(), text: tail.unwrap_or_default() },
        "note" => Command::Note { text: text() },
        "fill" => {
            let (field, value) = rest.split_once(" = ").unwrap_or((rest, ""));
            Command::Fill { field: field.into(), value: value.into() }
        }
        "hold" => Command::Hold { reason: text() },
        "resume" => Command::Resume,
        "handover" => Command::Handover { to: Person::named(rest) },
        "progress" => Command::Progress { text: (!rest.is_empty()).then(|| rest.to_owned()) },
        "rollback" => Command::Rollback { reason: text() },
        "rolled-back" => Command::RolledBack,
        "finish" => Command::Finish { authority: (!rest.is_empty()).then(|| rest.to_owned()) },
        "partial" => Command::Partial { reason: text() },
        "cancel" => Command::Cancel { reason: text() },
        "follow" => Command::Follow { channel: text() },
        "unfollow" => Command::Unfollow { channel: text() },
        "page" => Command::Page {
            whom: tail.is_some().then(|| rest.to_owned()),
            message: tail.clone().unwrap_or_else(|| rest.to_owned()),
            low: false,
        },
        "page-low" => Command::Page { whom: None, message: text(), low: true },
        "ack" => Command::Ack { page: rest.parse().ok() },
        "resolve" => Command::Resolve { page: rest.parse().ok() },
        "escalate" => Command::Escalate { page: rest.parse().ok() },
        "open" => Command::Open { section: rest.parse().unwrap() },
        "reschedule" => Command::Reschedule { at: Timestamp(rest.parse().unwrap()) },
        // `snooze 1.1 : 60000`, `snooze : stop`, `snooze 1 : off`.
        "snooze" => Command::Snooze {
            item: (!rest.is_empty()).then(item),
            how: match tail.as_deref().unwrap() {
                "stop" => Quiet::Stop,
                "off" => Quiet::Off,
                ms => Quiet::For(ms.parse().unwrap()),
            },
        },
        "due" => {
            let (timer, due) = rest.split_once(' ').unwrap();
            let timer = serde_json::from_value(timer.into()).unwrap();
            Command::Due { timer, due: Timestamp(due.parse().unwrap()) }
        }
        other => panic!("no command {other}"),
    }
}

fn refs(text: &str) -> Vec<ItemRef> {
    if let Some(words) = text.strip_prefix('"') {
        return vec![ItemRef::Words(words.trim_end_matches('"').to_owned())];
    }
    let one = |word: &str| match word.split_once('-') {
        Some((from, to)) => ItemRef::Range(number(from), number(to)),
        None => ItemRef::Number(number(word)),
    };
    text.split(' ').filter(|w| !w.is_empty()).map(one).collect()
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Tick => "tick",
        Mark::Untick => "untick",
        Mark::Skip => "skip",
        Mark::Fail => "fail",
        Mark::Block => "block",
    }
}

/// What was decided, as one line.
pub fn line(decided: &Result<Decision, Refusal>) -> String {
    match decided {
        Err(refusal) => format!("no: {}", why(refusal)),
        Ok(Decision { events, remarks }) => {
            let events: Vec<String> = events.iter().map(what).collect();
            let remarks: Vec<String> = remarks.iter().map(why).collect();
            let bar = if remarks.is_empty() { "" } else { " | " };
            format!("{}{bar}{}", events.join("; "), remarks.join("; "))
        }
    }
}

/// An event in a few words.
pub fn what(event: &Event) -> String {
    let late = |ms: &i64| if *ms == 0 { String::new() } else { format!(" late {ms}") };
    match event {
        Event::Opened { .. } => "opened".into(),
        Event::Queued { behind } => format!("queued behind {behind}"),
        Event::Started { late_ms } => format!("started{}", late(late_ms)),
        Event::SectionOpened { section, late_ms } => format!("section {section}{}", late(late_ms)),
        Event::Marked { item, mark, note, reaction } => {
            let note = note.as_ref().map(|n| format!(" : {n}")).unwrap_or_default();
            let reaction =
                reaction.as_ref().map(|r| format!(" by <{} {} {}>", r.message, r.emoji, r.person)).unwrap_or_default();
            format!("{} {item}{note}{reaction}", word(*mark))
        }
        Event::Assigned { item, to } => format!("{item} to {}", to.name),
        Event::Noted { text } => format!("noted {text}"),
        Event::Evidence { item, text } => format!("evidence {item} : {text}"),
        Event::Filled { field, value } => format!("{field} = {value}"),
        Event::Held { reason } => format!("held : {reason}"),
        Event::Resumed => "resumed".into(),
        Event::HandedOver { to } => format!("handed to {}", to.name),
        Event::Progress { text, late_ms, quiet } => {
            let text = text.as_ref().map(|t| format!(" : {t}")).unwrap_or_default();
            let quiet = if *quiet == 0 { String::new() } else { format!(" quiet {quiet}") };
            format!("progress{}{quiet}{text}", late(late_ms))
        }
        Event::RollbackCalled { reason } => format!("rollback : {reason}"),
        Event::RolledBack => "rolled back".into(),
        Event::Succeeded { authority, open } => match authority {
            None => format!("succeeded{}", list(open)),
            Some(by) => format!("succeeded by {} as {}, open{}", by.reason, by.role, list(open)),
        },
        Event::Partial { reason } => format!("partial : {reason}"),
        Event::Cancelled { reason } => format!("cancelled : {reason}"),
        Event::FreezeOverridden { authority, freezes } => {
            format!("overrides {} : {} as {}", freezes.join(", "), authority.reason, authority.role)
        }
        Event::Frozen { freeze, reason, until } => {
            let until = until.map(|at| format!(" until {}", at.0)).unwrap_or_default();
            format!("frozen by {freeze}{until} : {reason}")
        }
        Event::Archived => "archived".into(),
        Event::Followed { channel } => format!("followed {channel}"),
        Event::Unfollowed { channel } => format!("unfollowed {channel}"),
        Event::Undelivered { channel, why } => format!("undelivered {channel} : {why}"),
        Event::Redelivered { channel } => format!("redelivered {channel}"),
        Event::Breached { item, measured_ms, late_ms } => format!("breached {item} at {measured_ms}{}", late(late_ms)),
        Event::ClockSetBack { was } => format!("clock set back from {}", was.0),
        Event::Cleared { item } => format!("cleared {item}"),
        Event::Page { page, event } => format!("page {page} {}", crate::paging::what(event)),
        Event::Rescheduled { start_at } => format!("rescheduled to {}", start_at.0),
        Event::Announced { entry, late_ms } => format!("announced {entry}{}", late(late_ms)),
        Event::WindowClosing { of, open, until, call, late_ms, .. } => {
            format!("closing{} at {}, open{}, calls{}{}", list(of), until.0, list(open), names(call), late(late_ms))
        }
        Event::WindowClosed { of, open, call, late_ms, .. } => {
            format!("closed{}, open{}, calls{}{}", list(of), list(open), names(call), late(late_ms))
        }
        Event::Reminded { waiting, call, loud, late_ms } => {
            let one = |w: &rollcall::domain::event::Waiting| {
                format!(" {}{}", w.of, w.to.as_ref().map(|p| format!(" for {}", p.name)).unwrap_or_default())
            };
            let waiting: String = waiting.iter().map(one).collect();
            format!("reminded of{waiting}, calls{}{}{}", names(call), if *loud { " loud" } else { "" }, late(late_ms))
        }
        Event::HoldReminded { round, expired, call, loud, late_ms } => {
            let expired = if *expired { " expired" } else { "" };
            let loud = if *loud { " loud" } else { "" };
            format!("still held {round}{expired}, calls{}{loud}{}", names(call), late(late_ms))
        }
        Event::Snoozed { item, until } => {
            let until = until.map_or("for good".into(), |u| format!("until {}", u.0));
            format!("snoozed{} {until}", list(item.as_slice()))
        }
        Event::Unsnoozed { item } => format!("unsnoozed{}", list(item.as_slice())),
    }
}

fn names(people: &[Person]) -> String {
    people.iter().map(|p| format!(" {}", p.name)).collect()
}

fn list(numbers: &[Number]) -> String {
    numbers.iter().map(|n| format!(" {n}")).collect()
}

/// A refusal in a few words.
pub fn why(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoSuchItem { said, near } => format!("no item {said}, near{}", list(near)),
        Refusal::NoMatch { said } => format!("no match <{said}>"),
        Refusal::Ambiguous { said, matches, count } => format!("<{said}> means {count}:{}", list(matches)),
        Refusal::Backwards { from, to } => format!("backwards {from}-{to}"),
        Refusal::TooMany { count } => format!("too many {count}"),
        Refusal::Already { item, mark, by, at } => format!("already {} {item} by {} at {}", word(*mark), by.name, at.0),
        Refusal::NotMarked { item } => format!("not marked {item}"),
        Refusal::NotByThisReaction { item, by, at } => format!("not by this reaction {item}, {} at {}", by.name, at.0),
        Refusal::LeftAsIs { item, mark } => format!("left {} {item}", word(*mark)),
        Refusal::Closed { item, why } => format!("closed {item} {why:?}"),
        Refusal::OtherEnvironment { item, environment } => format!("{item} is for {environment}"),
        Refusal::NothingToDo => "nothing to do".into(),
        Refusal::ReasonNeeded { mark, item } => format!("reason needed {} {item}", word(*mark)),
        Refusal::OnHold { reason, since } => format!("on hold since {} : {reason}", since.0),
        Refusal::WrongStatus { status, reason, at } => {
            let reason = reason.as_ref().map(|r| format!(" : {r}")).unwrap_or_default();
            let at = at.map(|a| format!(" since {}", a.0)).unwrap_or_default();
            format!("{}{at}{reason}", status.label())
        }
        Refusal::RequiredOpen { items, count } => format!("required open {count}:{}", list(items)),
        Refusal::NoAuthority { roles } => format!("no authority [{}]", roles.join(", ")),
        Refusal::NoSuchField { said, fields } => format!("no field <{said}>, but {}", fields.join(", ")),
        Refusal::NotAChoice { field, choices } => format!("{field} is one of {}", choices.join(", ")),
        Refusal::ValueNeeded { field, .. } => format!("{field} needs a value"),
        Refusal::ChoiceNeeded { item, choices } => format!("{item} is one of {}", choices.join(", ")),
        Refusal::NotOnDemand { section } => format!("no list {section}"),
        Refusal::AutomaticField { field } => format!("{field} is automatic"),
        Refusal::AlreadyLeads { to } => format!("{} leads already", to.name),
        Refusal::LockTaken { holder } => format!("taken by {holder}"),
        Refusal::AlreadyFollows { channel } => format!("{channel} follows already"),
        Refusal::NotFollowing { channel } => format!("{channel} does not follow"),
        Refusal::HomeChannel => "home".into(),
        Refusal::TooManyChannels { limit } => format!("too many channels {limit}"),
        Refusal::StartsThen { at } => format!("starts at {} already", at.0),
        Refusal::NotSnoozed { item } => format!("not snoozed{}", list(item.as_slice())),
        Refusal::Stale => "stale".into(),
        Refusal::NobodyNamed { said, near } => format!("nobody <{said}>, near {}", near.as_deref().unwrap_or("-")),
        Refusal::NoMessage => "no message".into(),
        Refusal::TooManyPages { limit } => format!("too many pages {limit}"),
        Refusal::NoSuchPage { page, pages } => format!("no page {page} of {pages:?}"),
        Refusal::NoPages => "no pages".into(),
        Refusal::WhichPage { pages } => format!("which page of {pages:?}"),
        Refusal::PageTaken { page, by, at } => format!("page {page} taken by {} at {}", by.name, at.0),
        Refusal::PageOver { page } => format!("page {page} is over"),
        Refusal::LogFull { limit } => format!("full {limit}"),
    }
}
