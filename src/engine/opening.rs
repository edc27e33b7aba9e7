//! `start`: from a version to an open deployment, or to a picker where something must be chosen.

use super::ask::known_channel;
use super::door::load;
use super::rules::schedule_of;
use super::stage::{By, Stage, lock_of};
use super::standing::let_through;
use super::{Envelope, Inner, lock};
use crate::card::{Button, Reply};
use crate::domain::checklist::Checklist;
use crate::domain::decide::MAX_CHANNELS;
use crate::domain::deployment::{Deployment, lock_key};
use crate::domain::event::{Event, Recorded};
use crate::domain::plan::Plan;
use crate::domain::status::Status;
use crate::domain::time::span;
use crate::grammar::{Start, quoted};
use crate::markdown::escape;
use crate::near;
use crate::store::{StoreError, Summary, chain};
use crate::words::{Texts, paging as words};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Deployments open at once. A thousand is a large company's busy day.
const MAX_OPEN: usize = 20_000;

/// Past successes the expected duration is taken from.
const PAST: u32 = 20;

/// Choices a picker shows.
const PICKER: usize = 25;

/// Handles `start`.
pub(super) async fn start(
    inner: &Arc<Inner>,
    stage: &mut Stage<'_>,
    envelope: &Envelope,
    wish: &Start,
) -> Result<Reply, StoreError> {
    let settings = inner.config.channel(&envelope.channel).cloned().unwrap_or_default();
    let checklist = match checklist(inner, wish, settings.checklist.as_deref()) {
        Ok(checklist) => checklist,
        Err(reply) => return Ok(reply),
    };
    let environment = match environment(&checklist, wish, settings.environment.as_deref()) {
        Ok(environment) => environment,
        Err(reply) => return Ok(reply),
    };
    let service = [wish.service.clone(), settings.service.clone(), checklist.service.clone()]
        .into_iter()
        .flatten()
        .next()
        .unwrap_or_else(|| checklist.name.clone());
    if let Err(problem) = Texts::new(&inner.config.templates, &checklist.templates) {
        return Ok(Reply::refused(format!(
            "The checklist `{}` cannot be used: {}",
            checklist.name,
            escape(&problem.to_string())
        )));
    }
    if let Err(problem) = schedule_of(&inner.config, &envelope.channel, &environment, &checklist) {
        return Ok(Reply::refused(format!("The checklist `{}` cannot be used: {}", checklist.name, escape(&problem))));
    }
    if let Some(name) = &checklist.escalation
        && !inner.config.directory.policies.contains_key(name)
    {
        let near = near::nearest(name, inner.config.directory.policies.keys().map(String::as_str));
        let text = words::no_such_policy(&checklist.name, name, near);
        return Ok(Reply::refused(text));
    }
    // What is announced where nobody is would be lost.
    for channel in checklist.timeline.iter().filter_map(|a| a.channel.as_deref()) {
        if let Err(reply) = known_channel(channel, &inner.config) {
            let text = format!("The checklist `{}` cannot be used, its timeline: {}", checklist.name, reply.text);
            return Ok(Reply::refused(text));
        }
    }
    let start_at = match wish.at.as_ref().map(|w| w.resolve(stage.now(), inner.config.timezone)).transpose() {
        Ok(at) => at,
        Err(sentence) => return Ok(Reply::refused(sentence)),
    };
    if inner.house.open_count() >= MAX_OPEN {
        return Ok(Reply::refused(format!("{MAX_OPEN} deployments are open, the most there may be. End some first.")));
    }
    let lock = lock_key(&service, &environment, wish.rehearse);
    let full = Start {
        checklist: Some(checklist.name.clone()),
        environment: Some(environment.clone()),
        service: Some(service.clone()),
        ..wish.clone()
    };
    let through = let_through(stage, envelope, &full, start_at);
    if let Ok(Some(_)) = &through {
        for waiting in stage.queue(&lock) {
            load(inner, stage, waiting.id).await?;
        }
    }
    let holder = stage.holder(&lock).or_else(|| ahead(stage, &lock, matches!(through, Ok(Some(_)))));
    if let (Some(holder), None, false) = (&holder, start_at, wish.queue) {
        return Ok(taken(holder, wish, &checklist.name, &service, &environment, stage));
    }
    let queued = start_at.is_none() && holder.is_some();
    let overriding = match through {
        Ok(event) => event,
        // Whoever is queued starts later, and waits then.
        Err(_) if queued && wish.override_.is_none() => None,
        Err(reply) => return Ok(*reply),
    };
    let expected_ms = inner.store.usual_duration(&checklist.name, &service, PAST).await?;
    // Less than a minute was no walk to expect anything from.
    let expected_ms = expected_ms.filter(|ms| *ms >= 60_000);
    let plan = plan(inner, checklist);
    let by = By { person: &envelope.by, via: envelope.via, reaction: None };
    let id = stage.next_id;
    let opened = Event::Opened {
        version: wish.version.clone(),
        checklist: plan.hash.clone(),
        service,
        environment,
        channel: envelope.channel.clone(),
        rehearsal: wish.rehearse,
        start_at,
        expected_ms,
    };
    let first = Recorded { seq: 1, at: stage.now(), by: envelope.by.clone(), via: envelope.via, event: opened };
    let Some(d) = Deployment::open(id, plan, &first) else {
        return Ok(Reply::refused("The deployment could not be opened."));
    };
    let mut follow: Vec<String> = Vec::new();
    for channel in wish.follow.iter().chain(&settings.follow) {
        if *channel != envelope.channel && !follow.contains(channel) {
            follow.push(channel.clone());
        }
    }
    if follow.len() >= MAX_CHANNELS {
        return Ok(Reply::refused(format!("A deployment is shown in {MAX_CHANNELS} channels at most.")));
    }
    let follow = follow.into_iter().map(|channel| Event::Followed { channel });
    let nothing_overridden = wish.override_.is_some() && overriding.is_none();
    let then = match (&holder, start_at) {
        (_, Some(_)) => Vec::new(),
        (Some(holder), None) => vec![Event::Queued { behind: holder.id }],
        (None, None) => vec![Event::Started { late_ms: 0 }],
    };
    // Followed before it starts: the announcement goes everywhere.
    let then = follow.chain(overriding).chain(then).collect();
    let name = crate::card::compose::name(&d);
    stage.open_deployment(d, first, then, &by);
    let rehearsal = if wish.rehearse { " (rehearsal)" } else { "" };
    let text = match (&holder, start_at) {
        (_, Some(at)) => {
            format!(
                "Scheduled #{id} {} for {}{rehearsal}.",
                escape(&name),
                at.utc().with_timezone(&inner.config.timezone).format("%Y-%m-%d %H:%M %Z")
            )
        }
        (Some(h), None) => format!("Queued #{id} {} behind #{}{rehearsal}.", escape(&name), h.id),
        (None, None) => format!("Started #{id} {}{rehearsal}.", escape(&name)),
    };
    let idle = match nothing_overridden {
        true if queued => " No freeze holds now, so nothing was overridden.",
        true => " No freeze holds then, so nothing was overridden.",
        false => "",
    };
    Ok(Reply::ok(format!("{text}{idle}")).about(id))
}

/// Whoever waits in the queue comes first, even in the moment between one end and the next start. Not before one that is
/// let through a freeze: those that wait for it.
fn ahead(stage: &Stage<'_>, lock: &str, let_through: bool) -> Option<Summary> {
    let mut queue = stage.open(|s| s.status == Status::Queued && lock_of(s) == lock).into_iter();
    let waits = |s: &Summary| stage.peek(s.id).is_some_and(|d| stage.keeps_waiting(&d).is_some());
    queue.rfind(|s| !(let_through && waits(s)))
}

fn plan(inner: &Inner, checklist: Arc<Checklist>) -> Arc<Plan> {
    let hash = chain::checklist_hash(&checklist);
    inner.house.known_plan(&hash).unwrap_or_else(|| inner.house.keep_plan(Plan::new(checklist, hash)))
}

/// The words of a start, with one more option.
pub(super) fn again(wish: &Start, option: &str) -> String {
    let mut words = vec!["start".to_owned(), wish.version.clone()];
    let mut add = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            words.push(format!("{name}:{}", quoted(value)));
        }
    };
    add("checklist", &wish.checklist);
    add("env", &wish.environment);
    add("service", &wish.service);
    add("follow", &(!wish.follow.is_empty()).then(|| wish.follow.join(",")));
    if let Some(at) = &wish.at {
        words.push(format!("at:\"{at}\""));
    }
    if wish.queue {
        words.push("--queue".into());
    }
    if wish.rehearse {
        words.push("--rehearse".into());
    }
    words.extend((!option.is_empty()).then(|| option.to_owned()));
    // Last, because it may be everything that is left.
    words.extend(wish.override_.as_ref().map(|why| format!("--override \"{}\"", why.replace('"', "'"))));
    words.join(" ")
}

fn checklist(inner: &Inner, wish: &Start, default: Option<&str>) -> Result<Arc<Checklist>, Reply> {
    let mut library = lock(&inner.library);
    library.reload_changed();
    let names = library.names();
    if let Some(name) = wish.checklist.as_deref().or(default) {
        if let Some(found) = library.get(name) {
            return Ok(found);
        }
        let problems = library.problems(name);
        if let Some(problem) = problems.first() {
            let line = if problem.line > 0 { format!("line {}: ", problem.line) } else { String::new() };
            return Err(Reply::refused(format!(
                "The checklist `{name}` cannot be used: {line}{}",
                escape(&problem.message)
            )));
        }
        let hint = near::nearest(name, names.iter().map(String::as_str))
            .map(|n| format!(" Did you mean `{n}`?"))
            .unwrap_or_default();
        let wish = Start { checklist: None, ..wish.clone() };
        return Err(Reply::refused(format!("There is no checklist “{}”.{hint}", escape(name)))
            .with_choices(checklist_choices(&library, &wish)));
    }
    let usable = library.entries().into_iter().filter(|e| e.title.is_some()).collect::<Vec<_>>();
    match usable.as_slice() {
        [] => Err(Reply::refused("No checklist can be used. `/deploy checklists` says why.")),
        [one] => library.get(&one.name).ok_or_else(|| Reply::refused("No checklist can be used.")),
        _ => Err(Reply::refused(format!("Which checklist for {}?", escape(&wish.version)))
            .with_choices(checklist_choices(&library, wish))),
    }
}

fn checklist_choices(library: &crate::library::Library, wish: &Start) -> Vec<Button> {
    let entries = library.entries();
    let twins = |title: &str| entries.iter().filter(|e| e.title.as_deref() == Some(title)).count() > 1;
    entries
        .iter()
        .filter_map(|e| {
            let title = e.title.as_deref()?;
            let name = if twins(title) { format!("{title}, {}", e.name) } else { title.to_owned() };
            let items = if e.items == 1 { "1 item".to_owned() } else { format!("{} items", e.items) };
            let words = again(wish, &format!("checklist:{}", quoted(&e.name)));
            Some(Button::new(format!("{name} ({items})"), words))
        })
        .take(PICKER)
        .collect()
}

fn environment(checklist: &Checklist, wish: &Start, default: Option<&str>) -> Result<String, Reply> {
    let said = [wish.environment.as_deref(), default, checklist.environment.as_deref()].into_iter().flatten().next();
    if let Some(said) = said {
        return Ok(said.to_lowercase());
    }
    let known: BTreeSet<&str> = checklist.sections().filter_map(|s| s.environment.as_deref()).collect();
    if known.is_empty() {
        return Ok("production".into());
    }
    let wish = Start { checklist: Some(checklist.name.clone()), ..wish.clone() };
    let choices = known.into_iter().map(|e| Button::new(e, again(&wish, &format!("env:{}", quoted(e))))).collect();
    Err(Reply::refused(format!("Which environment does {} go to?", escape(&wish.version))).with_choices(choices))
}

fn taken(
    holder: &Summary,
    wish: &Start,
    checklist: &str,
    service: &str,
    environment: &str,
    stage: &Stage<'_>,
) -> Reply {
    let since = holder.started_at.map(|at| format!(" for {}", span(stage.now().since_ms(at)))).unwrap_or_default();
    let queued = stage.open(|s| s.id != holder.id && s.status == Status::Queued && lock_of(s) == lock_of(holder));
    let behind = match queued.len() {
        0 => String::new(),
        1 => ", with 1 more in the queue".into(),
        n => format!(", with {n} more in the queue"),
    };
    let full = Start {
        checklist: Some(checklist.into()),
        environment: Some(environment.into()),
        service: Some(service.into()),
        ..wish.clone()
    };
    let choices = vec![
        Button::new("Queue it", again(&full, "--queue")),
        Button::new(format!("Status of #{}", holder.id), format!("#{} status", holder.id)),
    ];
    Reply::refused(format!(
        "{} on {} is taken: #{} {} by {}, {}{since}{behind}. Wait with `--queue`, or end that one first.",
        escape(service),
        escape(environment),
        holder.id,
        escape(&holder.version),
        escape(&holder.deployer),
        holder.status.label(),
    ))
    .with_choices(choices)
}
