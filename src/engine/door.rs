//! The one task that changes anything: takes what has queued up, decides it in order, commits it together, and only
//! then answers. Committing together is what lets many people tick at once faster than the disk can sync alone.

use super::ask::{self, Wanted};
use super::rules::Rules;
use super::stage::{By, Stage, no_such};
use super::{Envelope, Inner, Input, Job, Notice, lock, opening, page_named, page_test, standing};
use crate::card::{Button, Reply};
use crate::domain::command::{Command, ItemRef, Mark, Timer};
use crate::domain::decide::is_criterion;
use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::store::{Delivered, DeliveryOutcome, NewDelivery, Reaction, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, Weak};
use tokio::sync::{Notify, mpsc, oneshot};

/// Requests committed together at most: bounds how long the first waits for the last.
const TOGETHER: usize = 256;

/// Messages looked up together to tell listeners of.
const TOLD_TOGETHER: usize = 64;

/// Runs until the engine is gone.
pub(super) async fn run(engine: Weak<Inner>, mut jobs: mpsc::Receiver<Job>) {
    let Some(rules) = engine.upgrade().map(|i| Rules::new(i.config.clone(), i.groups.clone(), i.links.clone())) else {
        return;
    };
    let news = Arc::new(News::default());
    let teller = tokio::spawn(tell(engine.clone(), news.clone()));
    let mut taken = Vec::with_capacity(TOGETHER);
    while jobs.recv_many(&mut taken, TOGETHER).await > 0 {
        let Some(inner) = engine.upgrade() else { break };
        let door = Door { inner: &inner, rules: &rules, news: &news };
        door.unit_of_work(std::mem::take(&mut taken), Asked::Anew).await;
    }
    teller.abort();
}

/// What has changed since listeners were last told. Told after the askers have been answered, by a task of its own:
/// looking up what is to be told keeps nobody waiting.
#[derive(Default)]
struct News {
    changed: Mutex<Changed>,
    bell: Notify,
}

#[derive(Default)]
struct Changed {
    deployments: BTreeSet<u64>,
    messages: BTreeSet<String>,
    undelivered: Vec<Notice>,
}

async fn tell(engine: Weak<Inner>, news: Arc<News>) {
    loop {
        news.bell.notified().await;
        let Changed { deployments, messages, undelivered } = std::mem::take(&mut *lock(&news.changed));
        let Some(inner) = engine.upgrade() else { return };
        // Nobody may be listening any more; whoever comes anew reads anew.
        for id in deployments {
            _ = inner.notices.send(Notice::Deployment(id));
        }
        for notice in undelivered {
            _ = inner.notices.send(notice);
        }
        let messages: Vec<String> = messages.into_iter().collect();
        for some in messages.chunks(TOLD_TOGETHER) {
            match inner.store.messages_by_key(some).await {
                Ok(found) => found.into_iter().for_each(|m| _ = inner.notices.send(Notice::Message(Box::new(m)))),
                Err(error) => tracing::warn!(%error, detail = error.detail(), "listeners are not told of messages"),
            }
        }
    }
}

/// Whether requests may have been answered before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Taken to be new. One that is not clashes when it is recorded, and then they are looked up: asking twice is
    /// rare, and whoever does it pays.
    Anew,
    Perhaps,
}

/// How the asker is answered once the unit is committed.
enum Answer {
    Reply(oneshot::Sender<Reply>, Reply),
    Delivered(oneshot::Sender<Result<(), StoreError>>),
}

#[derive(Clone, Copy)]
struct Door<'a> {
    inner: &'a Arc<Inner>,
    rules: &'a Rules,
    news: &'a News,
}

impl Door<'_> {
    async fn unit_of_work(self, jobs: Vec<Job>, asked: Asked) {
        let Door { inner, rules, .. } = self;
        let mut answered = HashMap::new();
        if asked == Asked::Perhaps {
            let keys: Vec<String> = jobs.iter().filter_map(|j| key_of(j).map(str::to_owned)).collect();
            match inner.store.answered(&keys).await {
                Ok(found) => answered = found,
                Err(error) if jobs.len() == 1 => return fail(inner, jobs, &error),
                Err(_) => return self.one_by_one(jobs).await,
            }
        }
        let mut stage = Stage::new(&inner.house, rules, inner.paged(), inner.clock.now());
        let mut answers = Vec::with_capacity(jobs.len());
        for job in &jobs {
            match job {
                Job::Delivered { delivered, .. } => {
                    stage.batch.delivered.extend(delivered.iter().map(|(_, d)| d.clone()));
                    for (of, became) in delivered {
                        if let Err(error) = witnessed(inner, &mut stage, of, became).await {
                            // What became of a message counts even if its deployment cannot be read.
                            tracing::warn!(%error, detail = error.detail(), "a delivery is not in the log");
                        }
                    }
                }
                Job::Request { envelope, wanted, .. } => {
                    let known = envelope.key.as_ref().and_then(|k| answered.get(k)).cloned();
                    let reply = match known {
                        Some(reply) => reply,
                        None => match request(inner, &mut stage, envelope, wanted).await {
                            Ok(reply) => {
                                remember(&mut stage, &mut answered, envelope, &reply);
                                reply
                            }
                            Err(error) => {
                                // Nothing of this unit has been written. One that cannot be read stops nobody else.
                                drop(stage);
                                if jobs.len() == 1 {
                                    return fail(inner, jobs, &error);
                                }
                                return self.one_by_one(jobs).await;
                            }
                        },
                    };
                    answers.push(reply);
                }
            }
        }
        match self.commit(stage).await {
            Ok(()) => {
                let mut answers = answers.into_iter();
                for job in jobs {
                    match job {
                        Job::Delivered { answer, .. } => give(Answer::Delivered(answer)),
                        Job::Request { answer, .. } => {
                            if let Some(reply) = answers.next() {
                                give(Answer::Reply(answer, reply));
                            }
                        }
                    }
                }
            }
            Err(error) if error.is_conflict() && asked == Asked::Anew => {
                Box::pin(self.unit_of_work(jobs, Asked::Perhaps)).await;
            }
            // One of many does not fit what is stored: alone, each shows whether it is the one.
            Err(error) if error.is_conflict() && jobs.len() > 1 => self.one_by_one(jobs).await,
            Err(error) => fail(inner, jobs, &error),
        }
    }

    async fn one_by_one(self, jobs: Vec<Job>) {
        for job in jobs {
            Box::pin(self.unit_of_work(vec![job], Asked::Perhaps)).await;
        }
    }

    async fn commit(self, mut stage: Stage<'_>) -> Result<(), StoreError> {
        let inner = self.inner;
        let batch = std::mem::take(&mut stage.batch);
        let next_id = stage.next_id;
        let paged = stage.paged.clone();
        let changes = stage.into_changes();
        if batch.is_empty() {
            return Ok(());
        }
        let publishing = inner.publishing.lock().await;
        if let Err(error) = inner.store.commit(&batch).await {
            inner.house.forget(changes.deployments.iter().map(|(d, _)| d.id));
            // Whether or not it is on the disk after all: from here on the disk is right.
            if let Err(error) = inner.house.reload(&inner.store).await {
                tracing::warn!(%error, "what is open could not be read again");
            }
            return Err(error);
        }
        *lock(&inner.trouble) = None;
        *lock(&inner.paged) = paged;
        inner.house.publish(changes.deployments, &changes.summaries, next_id, changes.standing);
        drop(publishing);
        if !batch.outbox.is_empty() {
            inner.outbox.notify_one();
        }
        if !batch.timers.is_empty() {
            inner.timers.notify_one();
        }
        if inner.notices.receiver_count() > 0 {
            let stands =
                |d: &Delivered| matches!(d.outcome, DeliveryOutcome::Shown { .. } | DeliveryOutcome::Stands { .. });
            let shown = batch.delivered.into_iter().filter(stands);
            let mut news = lock(&self.news.changed);
            news.deployments.extend(batch.events.iter().map(|e| e.deployment));
            for e in &batch.events {
                if let Event::Undelivered { channel, why } = &e.recorded.event {
                    let (deployment, channel, why) = (e.deployment, channel.clone(), why.clone());
                    news.undelivered.push(Notice::Undelivered { deployment, channel, why });
                }
            }
            news.messages.extend(shown.map(|d| d.key).chain(batch.reactions.into_iter().map(|r| r.message)));
            self.news.bell.notify_one();
        }
        Ok(())
    }
}

fn give(answer: Answer) {
    // Whoever asked may have gone; what was recorded stands all the same.
    match answer {
        Answer::Reply(to, reply) => _ = to.send(reply),
        Answer::Delivered(to) => _ = to.send(Ok(())),
    }
}

fn key_of(job: &Job) -> Option<&str> {
    match job {
        Job::Request { envelope, .. } => envelope.key.as_deref(),
        Job::Delivered { .. } => None,
    }
}

fn remember(stage: &mut Stage<'_>, answered: &mut HashMap<String, Reply>, envelope: &Envelope, reply: &Reply) {
    if let Some(key) = &envelope.key {
        answered.insert(key.clone(), reply.clone());
        stage.batch.inbox.push((key.clone(), stage.now(), reply.clone()));
    }
}

fn fail(inner: &Arc<Inner>, jobs: Vec<Job>, error: &StoreError) {
    tracing::error!(%error, detail = error.detail(), "not recorded");
    if !error.is_conflict() {
        *lock(&inner.trouble) = Some(error.to_string());
    }
    let sure = if error.is_unsure() {
        "It is not certain that this was recorded: look before repeating."
    } else {
        "Not recorded, nothing changed."
    };
    for job in jobs {
        match job {
            Job::Request { answer, .. } => {
                _ = answer.send(Reply::refused(format!("{sure} {error}")));
            }
            Job::Delivered { answer, .. } => _ = answer.send(Err(error.clone())),
        }
    }
}

async fn request(
    inner: &Arc<Inner>,
    stage: &mut Stage<'_>,
    envelope: &Envelope,
    wanted: &Wanted,
) -> Result<Reply, StoreError> {
    let by = By { person: &envelope.by, via: envelope.via, reaction: None };
    match wanted {
        Wanted::Answer { .. } => Ok(Reply::refused("That is a question, not a change.")),
        Wanted::Start(start) => opening::start(inner, stage, envelope, start).await,
        Wanted::Order(order) => Ok(standing::order(inner, stage, envelope, order)),
        Wanted::Act { target, command } => match ask::target(inner, stage, envelope, *target).await? {
            Ok(id) => {
                load(inner, stage, id).await?;
                Ok(stage.act(id, command, &by))
            }
            Err(reply) => Ok(reply),
        },
        Wanted::Reschedule { target, when } => match ask::target(inner, stage, envelope, *target).await? {
            Ok(id) => {
                load(inner, stage, id).await?;
                Ok(match when.resolve(stage.now(), inner.config.timezone) {
                    Ok(at) => match standing::moved(stage, id, at) {
                        Ok(()) => stage.act(id, &Command::Reschedule { at }, &by),
                        Err(reply) => reply.about(id),
                    },
                    Err(sentence) => Reply::refused(sentence).about(id),
                })
            }
            Err(reply) => Ok(reply),
        },
        Wanted::React(reaction) => {
            load(inner, stage, reaction.deployment).await?;
            react(inner, stage, envelope, reaction).await
        }
        Wanted::Test(whom) => Ok(page_test::send(inner, stage, envelope, whom)),
        Wanted::Heard(test) => page_test::heard(inner, stage, envelope, *test).await,
        Wanted::Joined => joined(inner, stage, envelope).await,
        Wanted::Due => match &envelope.input {
            Input::Due { deployment, timer, due } => {
                load(inner, stage, *deployment).await?;
                if *timer == Timer::Start {
                    load_queue(inner, stage, *deployment).await?;
                }
                Ok(stage.due(*deployment, *timer, *due))
            }
            Input::SetBack { deployment } => {
                load(inner, stage, *deployment).await?;
                stage.set_back(*deployment);
                Ok(Reply::ok(""))
            }
            _ => Ok(Reply::ok("")),
        },
    }
}

/// Whether a deployment can be shown in a channel is part of what happened to it: told once when it fails, and once when
/// it works again.
async fn witnessed(
    inner: &Arc<Inner>,
    stage: &mut Stage<'_>,
    of: &NewDelivery,
    became: &Delivered,
) -> Result<(), StoreError> {
    if let Some((page, n)) = page_named(&of.what).filter(|(_, n)| *n > 0) {
        let reached = match &became.outcome {
            // That somebody has it has reached a service; whether the call had is not known.
            DeliveryOutcome::Shown { card, .. } | DeliveryOutcome::Stands { card, .. } => {
                card.page.as_ref().is_none_or(|page| page.calls()).then_some(Ok(()))
            }
            DeliveryOutcome::Retry { why, .. } | DeliveryOutcome::Failed { why } => Some(Err(why.as_str())),
            DeliveryOutcome::Dropped => None,
        };
        match reached {
            Some(reached) if of.deployment > 0 => {
                load(inner, stage, of.deployment).await?;
                stage.reached(of.deployment, page, n, reached);
            }
            Some(Ok(())) => page_test::delivered(stage, of),
            _ => {}
        }
    }
    match &became.outcome {
        DeliveryOutcome::Failed { why } if of.deployment > 0 => {
            load(inner, stage, of.deployment).await?;
            stage.undelivered(of.deployment, &of.channel, why);
        }
        // Whoever has trouble somewhere is in memory, or will be when the next one fails.
        DeliveryOutcome::Shown { .. } => stage.redelivered(of.deployment, &of.channel),
        _ => {}
    }
    Ok(())
}

/// Says hello in a channel where it never did.
async fn joined(inner: &Arc<Inner>, stage: &mut Stage<'_>, envelope: &Envelope) -> Result<Reply, StoreError> {
    let key = format!("hello@{}", envelope.channel);
    if inner.store.message(&key).await?.is_none() {
        let usual = inner.config.channel(&envelope.channel).and_then(|c| c.checklist.as_deref());
        stage.post(&envelope.channel, key, crate::words::hello(usual));
    }
    Ok(Reply::ok(""))
}

/// Brings a deployment into the unit of work, from memory or replayed.
pub(super) async fn load(inner: &Arc<Inner>, stage: &mut Stage<'_>, id: u64) -> Result<(), StoreError> {
    if stage.peek(id).is_none()
        && let Some((d, head)) = inner.house.replay(&inner.store, id).await?
    {
        stage.load(d, head);
    }
    Ok(())
}

/// Brings those that wait in the queue of a deployment into the unit of work: one may go before another.
async fn load_queue(inner: &Arc<Inner>, stage: &mut Stage<'_>, id: u64) -> Result<(), StoreError> {
    let Some(lock) = stage.peek(id).filter(|d| d.status == Status::Queued).map(|d| d.lock()) else { return Ok(()) };
    for waiting in stage.queue(&lock) {
        load(inner, stage, waiting.id).await?;
    }
    Ok(())
}

async fn react(
    inner: &Arc<Inner>,
    stage: &mut Stage<'_>,
    envelope: &Envelope,
    r: &ask::Reacted,
) -> Result<Reply, StoreError> {
    if inner.store.message(&r.message).await?.is_none() {
        return Ok(Reply::refused("That message is not here any more. Look at the newest one."));
    }
    // Heard of and found again after the bot was away: one reaction, and no second tick to be refused.
    let same =
        |other: &&Reaction| other.message == r.message && other.emoji == r.emoji && other.person.id == envelope.by.id;
    let stands = match stage.batch.reactions.iter().rev().find(same) {
        Some(last) => last.present,
        None => inner.store.has_reaction(&r.message, &r.emoji, &envelope.by.id).await?,
    };
    if r.present && stands {
        return Ok(Reply::ok("").about(r.deployment));
    }
    let reply = reacted(stage, envelope, r);
    // A reaction stands for what it did: refused, it would show a tick that never was. Taken off, it is gone anyway.
    if reply.ok || !r.present {
        stage.batch.reactions.push(Reaction {
            message: r.message.clone(),
            emoji: r.emoji.clone(),
            person: envelope.by.clone(),
            present: r.present,
            at: stage.now(),
        });
    }
    Ok(reply)
}

/// What a reaction means, done.
fn reacted(stage: &mut Stage<'_>, envelope: &Envelope, r: &ask::Reacted) -> Reply {
    let Some(d) = stage.peek(r.deployment) else { return no_such(r.deployment) };
    let Some((section, part)) = r.section else { return Reply::ok("") };
    match r.meaning {
        ask::Meaning::Keycap(keycap) => {
            let Some(leaf) = d.plan.by_keycap(section, part, keycap) else {
                return Reply::refused(format!("There is no item {} on that message.", r.emoji)).about(d.id);
            };
            let item = ItemRef::Number(d.plan.leaves[leaf].number.clone());
            let mark = if r.present { Mark::Tick } else { Mark::Untick };
            let origin = format!("{} {} {}", r.message, r.emoji, envelope.by.id);
            let by = By { person: &envelope.by, via: envelope.via, reaction: Some(&origin) };
            stage.act(r.deployment, &Command::Mark { items: vec![item], mark, note: None }, &by)
        }
        ask::Meaning::All if r.present => confirm_all(&d, section, part),
        ask::Meaning::All | ask::Meaning::Nothing => Reply::ok("").about(d.id),
    }
}

/// ✅: asks before it ticks what is open on that message.
fn confirm_all(d: &crate::domain::deployment::Deployment, section: u32, part: u32) -> Reply {
    if d.plan.part(section, part).any(|i| is_criterion(d, i)) {
        return Reply::refused("Rollback criteria happen one by one: tick the one that did.").about(d.id);
    }
    let open: Vec<String> = d
        .plan
        .part(section, part)
        .filter(|&i| d.mark(i).is_none() && crate::card::compose::shown(d, i) == crate::card::Shown::Open)
        .map(|i| d.plan.leaves[i].number.to_string())
        .collect();
    if open.is_empty() || d.status == Status::Held {
        return Reply::refused("Nothing on that message can be ticked now.").about(d.id);
    }
    let n = open.len();
    let items = if n == 1 { "item" } else { "items" };
    // A range leaves alone whatever somebody marks between the question and the answer.
    let (first, last) = (&open[0], &open[n - 1]);
    let mut yes = Button::new(format!("Tick {n} {items}"), format!("#{} tick {first}-{last}", d.id));
    yes.style = crate::card::Style::Primary;
    Reply::ok(format!("Tick all that is open there: {}?", open.join(", "))).with_choices(vec![yes]).about(d.id)
}
