//! What people read of pages besides their cards: replies, refusals, the record, who is on call, tests.

use crate::card::{Block, Button, Card, PageFacts, Tone};
use crate::domain::command::Person;
use crate::domain::deployment::Deployment;
use crate::domain::directory::{Directory, Way};
use crate::domain::paging::{Message, Page, PageEvent, PageState, Traced, Urgency};
use crate::domain::refusal::Refusal;
use crate::domain::rotation::Cover;
use crate::domain::text::{Rich, Span};
use crate::domain::time::{Timestamp, span};
use crate::grammar::Problem;
use crate::markdown::escape;
use chrono_tz::Tz;

/// Where nobody can be reached at all.
pub const NO_CONTACTS: &str = "Nobody can be reached yet. Add people with their `email`, `phone`, `slack` or `discord` \
                               under `[people.ID]` in the configuration.";

/// How an address of the outbox is shown: without what it is an address of.
fn address(channel: &str) -> &str {
    channel.split_once(':').map_or(channel, |(_, address)| address)
}

fn page_of(d: &Deployment, number: u32) -> Option<&Page> {
    d.pages.iter().find(|p| p.number == number).map(|p| &**p)
}

fn list(numbers: &[u32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What the person who did it is told. `d` is the state after it.
pub fn done(d: &Deployment, number: u32, event: &PageEvent, zone: Tz) -> String {
    let Some(page) = page_of(d, number) else { return String::new() };
    match event {
        PageEvent::Opened { .. } => {
            let (held, called): (Vec<&Message>, Vec<&Message>) =
                page.messages.iter().filter(|m| m.follows.is_none()).partition(|m| m.call.held.is_some());
            let who = |m: &&Message| {
                let who = m.call.to.as_ref().map_or_else(|| m.call.target.to_string(), |p| p.name.to_string());
                let until = m.call.held.map(|h| format!(", until {}", super::standing::moment(h.until, zone)));
                format!("{} ({}{})", escape(&who), m.way().map_or("", Way::label), until.unwrap_or_default())
            };
            let list = |of: &[&Message]| of.iter().map(who).collect::<Vec<_>>().join(", ");
            let called = match called.as_slice() {
                [] => "Nobody is called now: see its card.".to_owned(),
                few if page.rehearsal => format!("Rehearsal, so nobody is called; it would be {}.", list(few)),
                few => format!("Called: {}. It climbs until somebody acknowledges it.", list(few)),
            };
            let held = match held.as_slice() {
                [] => String::new(),
                few => format!(" Held back: {}.", list(few)),
            };
            let missing = match &page.policy {
                None => format!(" {}", crate::card::page::contacts_missing(d)),
                Some(_) => String::new(),
            };
            format!("Page {number} is open. {called}{held}{missing}")
        }
        PageEvent::Again { .. } => {
            // It was called after it was asked for again.
            let climbs_anew = !matches!(page.trail.last().map(|t| &t.what), Some(Traced::Again));
            let who = match &page.has {
                Some((by, _)) => format!("{} has it.", escape(&by.name)),
                None if climbs_anew => "Nobody has answered yet: it climbs anew until somebody does.".into(),
                None => "It climbs on until somebody acknowledges it.".into(),
            };
            format!("Page {number} says that already; it is counted ({} times). {who}", page.count)
        }
        PageEvent::Acknowledged => {
            let others: Vec<u32> = d.pages.iter().filter(|p| p.state == PageState::Open).map(|p| p.number).collect();
            let others = match others.as_slice() {
                [] => String::new(),
                [one] => format!(" Nobody has page {one} yet."),
                many => format!(" Nobody has pages {} yet.", list(many)),
            };
            format!(
                "You have page {number}. Nobody else is called. When it is dealt with: `/deploy resolve {number}`.{others}"
            )
        }
        PageEvent::Escalated => match page.reached {
            Some(reached) if page.unanswered.is_none() => {
                format!("Page {number} climbs on: step {} is called now.", reached.step + 1)
            }
            _ => format!("Page {number} climbs on, but no step reaches anybody: see its card."),
        },
        PageEvent::Resolved => format!("Page {number} is resolved."),
        _ => String::new(),
    }
}

fn moment(at: Timestamp) -> impl std::fmt::Display {
    at.utc().format("%Y-%m-%d %H:%M UTC")
}

/// One line of the record.
pub fn timeline(d: &Deployment, number: u32, event: &PageEvent) -> Rich {
    let bold = |text: &str| Span { text: format!("Page {number} {text}"), bold: true, ..Span::default() };
    let plain = |text: String| Span { text, ..Span::default() };
    let late = |ms: i64| if ms > 0 { format!(" ({} late)", span(ms)) } else { String::new() };
    let message = |n: u32| {
        let found = page_of(d, number).and_then(|p| p.message(n));
        found.map_or(String::new(), |m| {
            let who = m.call.to.as_ref().map_or_else(|| m.call.target.to_string(), |p| p.name.to_string());
            format!(" — {who}, {}", m.way().map_or("", Way::label))
        })
    };
    match event {
        PageEvent::Opened { message, .. } => Rich(vec![bold("opened"), plain(format!(" — {message}"))]),
        PageEvent::Again { message } => Rich(vec![bold("asked again"), plain(format!(" — {message}"))]),
        PageEvent::Called { step, round, calls, skipped, late_ms } => {
            let who: Vec<String> = calls
                .iter()
                .map(|c| c.to.as_ref().map_or_else(|| c.target.to_string(), |p| p.name.to_string()))
                .chain(skipped.iter().map(|s| {
                    let who = s.to.as_ref().map_or_else(|| s.target.to_string(), |p| p.name.to_string());
                    format!("{who} skipped")
                }))
                .collect();
            let round = if *round > 0 { format!(", round {}", round + 1) } else { String::new() };
            Rich(vec![
                bold(&format!("step {}{round}", step + 1)),
                plain(format!(" — {}{}", who.join(", "), late(*late_ms))),
            ])
        }
        PageEvent::Released { n, with, late_ms } => {
            let with = if with.is_empty() { String::new() } else { format!(", with {} more", with.len()) };
            Rich(vec![bold("no longer held back"), plain(format!("{}{with}{}", message(*n), late(*late_ms)))])
        }
        PageEvent::Postponed { n, until } => {
            Rich(vec![bold("held back"), plain(format!("{}, until {}", message(*n), moment(*until)))])
        }
        PageEvent::Delivered { n } => Rich(vec![bold("delivered"), plain(message(*n))]),
        PageEvent::Missed { n, why } => Rich(vec![bold("not delivered"), plain(format!("{}: {why}", message(*n)))]),
        PageEvent::Acknowledged => Rich(vec![bold("acknowledged")]),
        PageEvent::Lapsed { late_ms } => Rich(vec![bold("not resolved in time"), plain(late(*late_ms))]),
        PageEvent::Escalated => Rich(vec![bold("escalated")]),
        PageEvent::Unanswered { late_ms } => Rich(vec![bold("unanswered"), plain(late(*late_ms))]),
        PageEvent::Resolved => Rich(vec![bold("resolved")]),
    }
}

/// A refusal that is about pages. None: it is about something else.
pub fn refusal(d: &Deployment, r: &Refusal, now: Timestamp) -> Option<String> {
    let id = d.id;
    Some(match r {
        Refusal::NobodyNamed { said, near } => nobody_named(said, near.as_deref()),
        Refusal::NoMessage => Problem::Missing { command: "page", what: "a message" }.to_string(),
        Refusal::TooManyPages { limit } => format!(
            "#{id} has {limit} pages that nobody has resolved, the most there may be. Resolve what is dealt with: \
             `/deploy resolve 1`."
        ),
        Refusal::NoSuchPage { page, pages } if pages.is_empty() => {
            format!(
                "#{id} has no page {page}: nobody has been paged. `/deploy page what is the matter` pages somebody."
            )
        }
        Refusal::NoSuchPage { page, pages } => {
            format!("#{id} has no page {page}. Its pages are {}.", list(&last(pages)))
        }
        Refusal::NoPages => {
            format!("Nobody has been paged in #{id}. `/deploy page what is the matter` pages somebody.")
        }
        Refusal::WhichPage { pages } => format!("Which page? It could be {}.", list(&last(pages))),
        Refusal::PageTaken { page, by, at } => format!(
            "{} has page {page} since {} ({}). Nothing changed. `/deploy escalate {page}` calls the next step all the \
             same.",
            escape(&by.name),
            at.utc().format("%H:%M UTC"),
            span(now.since_ms(*at))
        ),
        Refusal::PageOver { page } => format!("Page {page} is resolved already. Nothing changed."),
        _ => return None,
    })
}

/// The newest few.
fn last(pages: &[u32]) -> Vec<u32> {
    pages[pages.len().saturating_sub(10)..].to_vec()
}

/// What to press where more than one page could be meant.
pub fn which(d: &Deployment, pages: &[u32], verb: &str) -> Vec<Button> {
    let button = |n: &u32| {
        let message: String = page_of(d, *n).map(|p| p.message.chars().take(50).collect()).unwrap_or_default();
        Button::new(format!("Page {n}: {message}"), format!("#{} {verb} {n}", d.id))
    };
    last(pages).iter().map(button).collect()
}

/// Nobody of that name can be paged.
pub fn nobody_named(said: &str, near: Option<&str>) -> String {
    let hint = match near {
        Some(near) => format!("Did you mean `{}`?", escape(near)),
        None => {
            "Name a person, a role, a rotation or a policy of the configuration, or nobody: then the policy of the \
                 environment is called."
                .into()
        }
    };
    let said: String = said.chars().take(80).collect();
    format!("“{}” is nobody who could be paged. {hint} Nobody was called.", escape(&said))
}

/// What to do where nobody is ever on call.
pub const NO_ROTATIONS: &str = "No rotation is configured. Add one under `[rotations.NAME]`: its `layers` with `people`, a \
                                `handoff` such as \"0 9 * * Mon\" and the day it `starts`.";

/// Who is on call, in one rotation or in all.
pub fn on_call(directory: &Directory, named: Option<&str>, covers: &[Cover], now: Timestamp, zone: Tz) -> String {
    if directory.rotations.is_empty() {
        return NO_ROTATIONS.into();
    }
    let person = |id: &Option<String>| match id {
        Some(id) => escape(directory.people.get(id).map_or(id.as_str(), |e| e.name.as_str())),
        None => "nobody".into(),
    };
    let when = |at: Timestamp| at.utc().with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string();
    let lines = directory.rotations.iter().filter(|(name, _)| named.is_none_or(|n| n.eq_ignore_ascii_case(name)));
    let lines: Vec<String> = lines
        .map(|(name, rotation)| {
            let turn = rotation.turn(name, now, covers);
            let cover = covers.iter().rev().find(|c| c.rotation == *name && c.from <= now && now < c.until);
            let until = cover.map(|c| format!(", standing in until {}", when(c.until))).unwrap_or_default();
            let next = match &turn.next {
                Some((at, then)) => format!(" Next: {} from {}.", person(then), when(*at)),
                None => String::new(),
            };
            format!("**{}**: {}{until}.{next}", escape(name), person(&turn.now))
        })
        .collect();
    lines.join("\n\n")
}

/// There is no rotation of that name.
pub fn no_such_rotation(directory: &Directory, said: &str) -> String {
    let near = crate::near::nearest(said, directory.rotations.keys().map(String::as_str));
    let hint = match near {
        Some(near) => format!("Did you mean `{near}`?"),
        None => {
            let names: Vec<&str> = directory.rotations.keys().map(String::as_str).collect();
            format!("There is {}.", escape(&names.join(", ")))
        }
    };
    format!("There is no rotation “{}”. {hint}", escape(said))
}

/// A checklist names an escalation policy there is not.
pub fn no_such_policy(checklist: &str, said: &str, near: Option<&str>) -> String {
    let hint = match near {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Add `[policies.{}]` to the configuration, or take it out of the page.", escape(said)),
    };
    format!(
        "The checklist `{}` cannot be used: it names the escalation policy `{}`, which there is not. {hint}",
        escape(checklist),
        escape(said)
    )
}

// Tests.

/// A way, where, how long ago it was proven and whether by an answer, and why the last test of it failed.
pub type Proven = (Way, String, Option<(i64, bool)>, Option<String>);

/// A person's ways, each with how long ago it was proven and whether they answered.
pub fn contact(person: &Person, ways: &[Proven]) -> String {
    if ways.is_empty() {
        return format!("- **{}**: no way to be reached", escape(&person.name));
    }
    let ways = ways.iter().map(|(way, to, proof, why)| {
        let proof = match proof {
            Some((ms, true)) => format!("answered {} ago", span(*ms)),
            Some((ms, false)) => format!("delivered {} ago, never answered", span(*ms)),
            None => "never proven".into(),
        };
        let failed = why.as_ref().map(|why| format!("; the last test failed: {}", escape(why))).unwrap_or_default();
        format!("{} {} ({proof}{failed})", way.label(), escape(address(to)))
    });
    format!("- **{}**: {}", escape(&person.name), ways.collect::<Vec<_>>().join("; "))
}

fn with_more(lines: &[String], more: usize) -> String {
    let more = if more > 0 { format!("\n- and {more} more") } else { String::new() };
    format!("{}{more}", lines.join("\n"))
}

/// Who can be reached how.
pub fn overview(lines: &[String], more: usize) -> String {
    format!("Who can be reached, and when that was last proven:\n\n{}", with_more(lines, more))
}

/// Tests are on their way.
pub fn sent(count: usize, lines: &[String], more: usize) -> String {
    let tests = if count == 1 { "One test is".to_owned() } else { format!("{count} tests are") };
    format!(
        "{tests} on the way. A way is proven when its test is acknowledged; `/deploy page test` shows it. Before this \
         test:\n\n{}",
        with_more(lines, more)
    )
}

/// Of those meant, none has a way.
pub fn unreachable(people: &[Person]) -> String {
    match people {
        [] => "Nobody is there to be tested now.".into(),
        [one] => format!(
            "{} has no way to be reached. Add `email`, `phone`, `slack` or `discord` under `[people.{}]`.",
            escape(&one.name),
            escape(&one.id)
        ),
        _ => "None of them has a way to be reached. Add contacts under `[people.ID]`.".into(),
    }
}

/// Somebody the configuration does not know is to stand in.
pub fn cannot_cover(person: &Person, near: Option<&str>) -> String {
    let hint = match near {
        Some(near) => format!("Did you mean `{}`?", escape(near)),
        None => "Name somebody of the configuration, with `email`, `phone`, `slack` or `discord`.".into(),
    };
    let said: String = person.name.chars().take(80).collect();
    format!("“{}” has no way to be reached and cannot cover. {hint} Nothing changed.", escape(&said))
}

/// What a test says.
pub fn test_card(to: &Person, by: &Person, test: u32) -> Card {
    let facts = PageFacts {
        deployment: 0,
        page: test,
        state: PageState::Open,
        climb: 1,
        past: false,
        urgency: Urgency::High,
        summary: format!("Test by {}: nothing is the matter. Please acknowledge.", by.name),
        to: Some(to.clone()),
    };
    let mut text = Rich(vec![Span { call: true, ..Span::person(to) }]);
    let words = format!(": {} tests whether you can be reached. Nothing is the matter.", by.name);
    text.push(Span { text: words, ..Span::default() });
    let mut button = Button::new("Acknowledge", facts.words("ack"));
    button.style = crate::card::Style::Primary;
    Card {
        title: Rich::plain("This is a test"),
        tone: Tone::Plain,
        rehearsal: false,
        broadcast: false,
        blocks: vec![Block::Text { text }],
        buttons: vec![button],
        page: Some(Box::new(facts)),
    }
}

/// A test was answered.
pub fn proven(person: &Person, channel: &str) -> String {
    format!("Thank you. It is proven that {} can be reached at {}.", escape(&person.name), escape(address(channel)))
}

/// No test of that number went out.
pub fn no_such_test(test: u32) -> String {
    format!("There is no test {test}, or it has not gone out. `/deploy page test` shows who can be reached.")
}

/// It proves nothing when somebody else answers.
pub fn others_test(person: &Person) -> String {
    format!("That test is for {0}; only {0} can answer it.", escape(&person.name))
}
