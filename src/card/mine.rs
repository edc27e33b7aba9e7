//! What concerns one person, over all deployments.

use super::{Block, Button, Card, Fact, Tone, compose};
use crate::domain::deployment::Deployment;
use crate::domain::text::{Rich, Span};
use crate::domain::time::{Timestamp, span};
use std::sync::Arc;

/// Open deployments that are looked at, the newest first.
pub const LOOKED_AT: usize = 50;
/// Items and deployments that are shown.
const ITEMS: usize = 10;
const DEPLOYMENTS: usize = 10;

/// Items that wait for that person, ready to tick, and the deployments they lead or take part in.
pub fn mine(open: &[Arc<Deployment>], person: &str, now: Timestamp) -> Card {
    let mut card = Card {
        title: "Rollcall".into(),
        tone: Tone::Plain,
        rehearsal: false,
        broadcast: false,
        blocks: Vec::new(),
        buttons: Vec::new(),
        page: None,
    };
    let waiting = open.iter().flat_map(|d| {
        let theirs = d.assigned().filter(|(i, to)| &*to.id == person && compose::can_change(d, *i));
        theirs.map(move |(i, _)| (d, i)).collect::<Vec<_>>()
    });
    let waiting: Vec<_> = waiting.collect();
    card.blocks.push(heading(if waiting.is_empty() { "Nothing waits for you" } else { "Waiting for you" }));
    let mut last = None;
    for (d, i) in waiting.iter().take(ITEMS) {
        if last.replace(d.id) != Some(d.id) {
            let text = Rich::plain(format!("#{} {}", d.id, compose::name(d)));
            card.blocks.push(Block::Context { text });
        }
        card.blocks.extend(compose::leaf_block(d, *i));
    }
    if waiting.len() > ITEMS {
        let text = Rich::plain(format!("+{} more", waiting.len() - ITEMS));
        card.blocks.push(Block::Context { text });
    }
    let theirs: Vec<_> = open.iter().filter(|d| d.people.iter().any(|p| &*p.person.id == person)).collect();
    if !theirs.is_empty() {
        card.blocks.push(heading("Your deployments"));
        let facts = theirs.iter().take(DEPLOYMENTS).map(|d| about(d, person, now)).collect();
        card.blocks.push(Block::Facts { facts });
        card.buttons = theirs
            .iter()
            .take(DEPLOYMENTS)
            .map(|d| Button::new(format!("Status of #{}", d.id), format!("#{} status", d.id)))
            .collect();
    }
    card
}

fn heading(text: &str) -> Block {
    Block::Text { text: Rich(vec![Span { text: text.into(), bold: true, ..Span::default() }]) }
}

fn about(d: &Deployment, person: &str, now: Timestamp) -> Fact {
    let tally = d.tally();
    let lead = if &*d.deployer().id == person { ", led by you" } else { "" };
    let since = if d.started_at.is_some() { format!(", for {}", span(d.elapsed_ms(now))) } else { String::new() };
    let value =
        format!("{}: {}, {} of {} done{since}{lead}", compose::name(d), d.status.label(), tally.done, tally.total);
    Fact { label: format!("#{}", d.id), value: Rich::plain(value), at: None }
}
