//! Page → Card: what stands in the channel, and what a person who is called reads.

use super::compose::{empty, name};
use super::{Block, Button, Card, Fact, PageFacts, Style, Tone, kinds};
use crate::domain::deployment::Deployment;
use crate::domain::directory::{Target, Way};
use crate::domain::paging::{Cause, Hold, Message, Page, PageState, Sent, Skipped, Trace, Traced, Unreached, Urgency};
use crate::domain::text::{Rich, Span};
use crate::domain::time::{Timestamp, span};

/// Lines of the trail a card shows, the newest; the record has all.
const TRAIL: usize = 14;

/// Pages the board names.
const ON_BOARD: usize = 3;

/// Other pages one message names.
const BUNDLED: usize = 5;

/// Characters of a message where it is named beside others.
const SHORT: usize = 120;

fn plain(text: impl Into<String>) -> Span {
    Span { text: text.into(), ..Span::default() }
}

fn bold(text: impl Into<String>) -> Span {
    Span { text: text.into(), bold: true, ..Span::default() }
}

fn fact(label: &str, value: Vec<Span>) -> Fact {
    Fact { label: label.into(), value: Rich(value), at: None }
}

fn short(text: &str) -> String {
    if text.chars().count() <= SHORT { text.to_owned() } else { text.chars().take(SHORT - 1).chain(['…']).collect() }
}

fn found(d: &Deployment, page: u32) -> Option<&Page> {
    d.pages.iter().find(|p| p.number == page).map(|p| &**p)
}

/// `10:05 UTC`, with the day where it is another than the page's own.
fn clock(page: &Page, at: Timestamp) -> String {
    let same = at.utc().date_naive() == page.at.utc().date_naive();
    at.utc().format(if same { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" }).to_string()
}

fn tone(page: &Page) -> Tone {
    match (page.state, page.urgency) {
        (PageState::Open, Urgency::High) => Tone::Bad,
        (PageState::Open, Urgency::Low) | (PageState::Acknowledged, _) => Tone::Warn,
        (PageState::Resolved, _) => Tone::Quiet,
    }
}

/// Whether somebody has it, in a few words.
fn standing(page: &Page) -> Vec<Span> {
    match (page.state, &page.has) {
        (PageState::Open, _) if page.unanswered.is_some() => vec![bold("Unanswered: nobody has it")],
        (PageState::Open, _) => vec![bold("Nobody has it yet")],
        (PageState::Acknowledged, Some((by, at))) => {
            vec![Span::person(by), plain(format!(" has it since {}", clock(page, *at)))]
        }
        (PageState::Resolved, _) => vec![plain("Resolved")],
        (PageState::Acknowledged, None) => vec![plain("Acknowledged")],
    }
}

/// The page's card in the channel, edited in place.
pub fn card(d: &Deployment, page: u32) -> Option<Card> {
    let page = found(d, page)?;
    let mut card = empty(d, Rich::plain(format!("Page {}: {}", page.number, page.message)), tone(page));
    let mut facts = vec![fact("Status", standing(page)), fact("For", vec![plain(format!("#{} {}", d.id, name(d)))])];
    if page.count > 1 {
        let times = format!("{} times, last {}", page.count, clock(page, page.again_at));
        facts.push(fact("Asked", vec![plain(times)]));
    }
    if page.urgency == Urgency::Low {
        facts.push(fact("Urgency", vec![plain("low")]));
    }
    facts.extend(page.policy.as_ref().map(|policy| fact("Policy", vec![plain(policy.clone())])));
    facts.extend(next_fact(page));
    card.blocks.push(Block::Facts { facts });
    let lines = trail(page);
    let cut = lines.len().saturating_sub(TRAIL);
    if cut > 0 {
        card.blocks.push(Block::Context { text: Rich::plain(format!("+{cut} earlier; the record has all.")) });
    }
    card.blocks.extend(lines.into_iter().skip(cut).map(|(_, text)| Block::Text { text }));
    if page.rehearsal {
        let text = "Rehearsal: nobody was called. This is who would have been.";
        card.blocks.push(Block::Context { text: Rich::plain(text) });
    }
    if page.policy.is_none() && page.state != PageState::Resolved {
        card.blocks.push(Block::Context { text: Rich::plain(contacts_missing(d)) });
    }
    card.buttons = buttons(d, page);
    Some(card)
}

/// What is missing where no policy is configured, and how to add it.
pub fn contacts_missing(d: &Deployment) -> String {
    format!(
        "Only this channel is called: no escalation policy covers {}. Add contacts under [people.ID] and steps under \
         [policies.NAME] in the configuration.",
        d.environment
    )
}

fn next_fact(page: &Page) -> Option<Fact> {
    let at = page.climbs_at()?;
    let value = match page.next() {
        Some((step, _)) => {
            let targets = usize::try_from(step).ok().and_then(|s| page.steps.get(s)).map(|s| s.targets.as_slice());
            let names: Vec<String> = targets.unwrap_or_default().iter().map(target).collect();
            format!("Step {}: {}, at", step + 1, names.join(", "))
        }
        None => "It is said that nobody answers, at".to_owned(),
    };
    Some(Fact { label: "Next".into(), value: Rich::plain(value), at: Some(at) })
}

/// A target as people read it.
fn target(target: &Target) -> String {
    match target {
        Target::Person(id) => id.clone(),
        Target::Role(name) => format!("role {name}"),
        Target::Rotation(name) => format!("rotation {name}"),
        Target::Channel(None) => "the channel".into(),
        Target::Channel(Some(channel)) => format!("the channel {channel}"),
        Target::Webhook(name) => format!("webhook {name}"),
        Target::Pagerduty(name) => format!("PagerDuty service {name}"),
    }
}

fn buttons(d: &Deployment, page: &Page) -> Vec<Button> {
    let say = |label: &str, word: &str| Button::new(label, format!("#{} {word} {}", d.id, page.number));
    let primary = |mut b: Button| {
        b.style = Style::Primary;
        b
    };
    let mut buttons = match page.state {
        PageState::Open => {
            vec![primary(say("Acknowledge", "ack")), say("Escalate now", "escalate"), say("Resolve", "resolve")]
        }
        PageState::Acknowledged => vec![primary(say("Resolve", "resolve")), say("Escalate now", "escalate")],
        PageState::Resolved => return Vec::new(),
    };
    if let Cause::Breached(item) | Cause::Failed(item) = &page.cause
        && let Some(leaf) = d.plan.leaf(item).filter(|&leaf| crate::domain::decide::is_criterion(d, leaf))
    {
        buttons.extend(kinds::happened_button(d, leaf, "Roll back"));
    }
    buttons
}

/// The whole trail, oldest first: what happened, and to each call what became of it.
pub fn trail(page: &Page) -> Vec<(Timestamp, Rich)> {
    let mut lines = Vec::new();
    for trace in &page.trail {
        lines.push((trace.at, line(page, trace)));
        if let Traced::Called { first, count, skipped, .. } = &trace.what {
            let calls = *first..first.saturating_add(*count);
            lines.extend(calls.filter_map(|n| Some((trace.at, called(page, n)?))));
            lines.extend(skipped.iter().map(|s| (trace.at, left_out(s))));
        }
    }
    lines
}

fn line(page: &Page, trace: &Trace) -> Rich {
    let by = || Span::person(&trace.by);
    let mut rich = Rich(vec![plain(format!("{} ", clock(page, trace.at)))]);
    let spans = match &trace.what {
        Traced::Opened => vec![bold("Opened"), plain(" by "), by()],
        Traced::Again => vec![bold("Again"), plain(" by "), by()],
        Traced::Called { step, round, late_ms, .. } => {
            let mut text = format!("Step {}", step + 1);
            if *round > 0 {
                text.push_str(&format!(", round {}", round + 1));
            }
            let late = if *late_ms > 0 { format!(" ({} late)", span(*late_ms)) } else { String::new() };
            vec![bold(text), plain(late)]
        }
        Traced::Acknowledged => vec![bold("Acknowledged"), plain(" by "), by()],
        Traced::Lapsed => vec![bold("Not resolved in time"), plain(": it climbs anew")],
        Traced::Escalated => vec![bold("Escalated"), plain(" by "), by()],
        Traced::Unanswered => {
            let reached = |m: &Message| matches!(m.state, Sent::Delivered(_) | Sent::Rehearsed);
            let why = match page.messages.iter().any(reached) {
                true => ": every step was called, and nobody has it",
                false => ": no call reached anybody",
            };
            vec![bold("Unanswered"), plain(why)]
        }
        Traced::Resolved if &*trace.by.id == "rollcall" => {
            let why = match page.cause {
                Cause::Closed(_) => ": nothing is open in it any more",
                _ => ": the criterion is breached no longer",
            };
            vec![bold("Resolved"), plain(why)]
        }
        Traced::Resolved => vec![bold("Resolved"), plain(" by "), by()],
    };
    spans.into_iter().for_each(|s| rich.push(s));
    rich
}

/// A call and all the ways it took: `Ana: direct message failed (busy), e-mail delivered 10:01 UTC`.
fn called(page: &Page, first: u32) -> Option<Rich> {
    let message = page.message(first)?;
    let mut rich = Rich(vec![plain("— ")]);
    match &message.call.to {
        Some(person) => rich.push(Span::person(person)),
        None => rich.push(plain(target(&message.call.target))),
    }
    if let Target::Role(_) | Target::Rotation(_) | Target::Channel(Some(_)) = &message.call.target {
        rich.push(plain(format!(" ({})", target(&message.call.target))));
    }
    let mut ways = Vec::new();
    let mut at = Some(first);
    while let Some(n) = at {
        let Some(message) = page.message(n) else { break };
        ways.push(became(page, n, message));
        at = page.after(n);
    }
    rich.push(plain(format!(": {}", ways.join(", "))));
    Some(rich)
}

fn became(page: &Page, n: u32, message: &Message) -> String {
    let way = message.way().map_or("", |w| w.label());
    match &message.state {
        Sent::Held(held) if !page.may_go(n) => format!("{way} held back and not sent ({})", hold(held.why)),
        Sent::Held(held) => format!("{way} held back until {} ({})", clock(page, held.until), hold(held.why)),
        Sent::Waiting if !page.may_go(n) => format!("{way} not sent any more"),
        Sent::Waiting => format!("{way} on its way"),
        Sent::Delivered(at) => format!("{way} delivered {}", clock(page, *at)),
        Sent::Missed(_, why) => format!("{way} failed ({})", short(why)),
        Sent::Bundled(other, _) if *other == page.number => format!("{way} together with another call"),
        Sent::Bundled(other, _) => format!("{way} together with page {other}"),
        Sent::Rehearsed => format!("{way}, not sent: rehearsal"),
    }
}

fn hold(why: Hold) -> &'static str {
    match why {
        Hold::OfficeHours => "office hours",
        Hold::Limit => "called often enough this hour",
    }
}

fn left_out(skipped: &Skipped) -> Rich {
    let who = skipped.to.as_ref().map_or_else(|| target(&skipped.target), |person| person.name.to_string());
    let why = match skipped.why {
        Unreached::NoWay => "no way to be reached is configured",
        Unreached::Nobody => "nobody is there now",
        Unreached::Unknown => "the configuration does not have it",
        Unreached::TooMany => "too many for one step",
    };
    Rich(vec![plain(format!("— {who}: skipped, {why}"))])
}

/// Whether a message has gone out already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    No,
    /// It was tried, and no answer came.
    Perhaps,
    Yes,
}

/// One message to somebody. None: there is nothing to say any more.
///
/// Nothing goes out about a page that somebody has. But a service that may have heard of it would call people for ever,
/// and in a chat there may stand what is no longer so: they are shown how the page is now, where they know of it.
pub fn message(d: &Deployment, page: u32, n: u32, out: Out) -> Option<Card> {
    let own = found(d, page)?;
    let message = own.message(n)?;
    let live = |(page, n): &(u32, u32)| found(d, *page).filter(|p| p.may_go(*n));
    let told = match message.way() {
        Some(Way::Pagerduty | Way::Mention | Way::Direct) => true,
        // Its calls have no end to be told of but the page's own.
        Some(Way::Webhook) => own.state != PageState::Open,
        _ => false,
    };
    let (page, n) = match out == Out::Yes || own.may_go(n) {
        true => (own, n),
        false => match message.with.iter().find_map(|w| Some((live(w)?, w.1))) {
            Some(other) => other,
            None if told && out == Out::Perhaps => (own, n),
            None => return None,
        },
    };
    let mut card = empty(d, Rich::plain(format!("Page {} of #{} {}", page.number, d.id, name(d))), tone(page));
    let mut text = Rich::default();
    if let Some(to) = message.call.to.as_ref() {
        let call = page.state == PageState::Open;
        text.push(Span { call, ..Span::person(to) });
        text.push(plain(": "));
    }
    text.push(bold(page.message.clone()));
    card.blocks.push(Block::Text { text });
    let others: Vec<&Page> = message.with.iter().filter_map(live).filter(|p| p.number != page.number).collect();
    if !others.is_empty() && page.state == PageState::Open {
        let listed: Vec<String> =
            others.iter().take(BUNDLED).map(|p| format!("{}: {}", p.number, short(&p.message))).collect();
        let (word, each) = if others.len() == 1 { ("page", "") } else { ("pages", ", each on its own") };
        let first = others[0].number;
        let text = format!(
            "{} more {word}, to be acknowledged too{each} (/deploy #{} ack {first}): {}",
            others.len(),
            d.id,
            listed.join("; ")
        );
        card.blocks.push(Block::Text { text: Rich::plain(text) });
    }
    if page.state != PageState::Open {
        card.blocks.push(Block::Text { text: Rich(standing(page)) });
    }
    card.buttons = buttons(d, page);
    if page.state == PageState::Open {
        let ack = |p: &&Page| Button::new(format!("Acknowledge {}", p.number), format!("#{} ack {}", d.id, p.number));
        card.buttons.extend(others.iter().take(BUNDLED).map(ack));
    }
    card.page = Some(Box::new(PageFacts {
        deployment: d.id,
        page: page.number,
        state: page.state,
        climb: page.climb_of(n),
        past: page.climb_of(n) < page.climb(),
        urgency: page.urgency,
        summary: format!("{}: {}", name(d), page.message),
        to: message.call.to.clone(),
    }));
    Some(card)
}

/// Said in the channel when a climb has ended and nobody has the page: never a silent end.
pub fn unanswered(d: &Deployment, page: u32) -> Option<Card> {
    let page = found(d, page)?;
    let mut card = empty(d, Rich::plain(format!("Nobody answers page {}", page.number)), Tone::Bad);
    card.broadcast = true;
    let mut text = Rich(vec![Span { call: true, ..Span::person(d.deployer()) }]);
    text.push(plain(": "));
    text.push(bold(page.message.clone()));
    card.blocks.push(Block::Text { text });
    let reached = page.messages.iter().filter(|m| matches!(m.state, Sent::Delivered(_))).count();
    let words = match reached {
        0 => "No call reached anybody. It is not called any further.".to_owned(),
        1 => "One call was delivered, and nobody acknowledged it. It is not called any further.".to_owned(),
        n => format!("{n} calls were delivered, and nobody acknowledged them. It is not called any further."),
    };
    card.blocks.push(Block::Text { text: Rich::plain(words) });
    if page.policy.is_none() {
        card.blocks.push(Block::Context { text: Rich::plain(contacts_missing(d)) });
    }
    card.buttons = buttons(d, page);
    Some(card)
}

/// The pages that are not resolved, each as a line for the board.
pub fn board_lines(d: &Deployment) -> Vec<Rich> {
    let open: Vec<&Page> = d.pages.iter().map(|p| &**p).filter(|p| p.state != PageState::Resolved).collect();
    let line = |p: &&Page| {
        let mut rich = Rich(vec![bold(format!("Page {}: ", p.number)), plain(format!("{} — ", short(&p.message)))]);
        standing(p).into_iter().for_each(|s| rich.push(Span { bold: false, ..s }));
        rich
    };
    let mut lines: Vec<Rich> = open.iter().take(ON_BOARD).map(line).collect();
    if open.len() > ON_BOARD {
        lines.push(Rich::plain(format!("+{} more pages", open.len() - ON_BOARD)));
    }
    lines
}
