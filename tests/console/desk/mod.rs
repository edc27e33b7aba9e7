//! Somebody at the desk who plays the engine: one deployment with a few sections, ticked in memory.
#![allow(dead_code, clippy::unwrap_used)]

use rollcall::card::{Block, Button, Card, Fact, ItemLine, Reply, Shown, Style, Tone};
use rollcall::chat::console::{Desk, Listing, Looked, RecordFormat};

use rollcall::domain::command::{Person, Via};
use rollcall::domain::status::Status;
use rollcall::domain::text::Rich;
use rollcall::domain::time::Timestamp;
use rollcall::engine::{
    CalledPage, Completion, Envelope, Input, Notice, Page, PageField, PagePerson, PageSection, TimelineLine,
};
use rollcall::ports::Pending;
use rollcall::store::Message;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::broadcast;

mod data;

pub use data::*;

pub const CHANNEL: &str = "console:deployments";
/// 2026-03-05 14:00 UTC.
pub const START: i64 = 1_772_719_200_000;

pub struct FakeDesk {
    pub heard: Mutex<Vec<Envelope>>,
    pub messages: Mutex<Vec<Message>>,
    pub sections: Mutex<Vec<(String, Vec<ItemLine>)>>,
    pub pages: Mutex<Vec<CalledPage>>,
    pub version: String,
    pub notices: broadcast::Sender<Notice>,
    pub sick: AtomicBool,
}

impl FakeDesk {
    pub fn empty() -> Self {
        Self {
            heard: Mutex::default(),
            messages: Mutex::default(),
            sections: Mutex::default(),
            pages: Mutex::default(),
            version: "v1.2.0".into(),
            notices: broadcast::channel(64).0,
            sick: AtomicBool::new(false),
        }
    }

    /// A deployment in the middle of its walk.
    pub fn walking() -> Self {
        let mut desk = Self::empty();
        desk.sections = Mutex::new(sections());
        desk.messages = Mutex::new(desk.compose());
        desk
    }

    pub fn compose(&self) -> Vec<Message> {
        let mut all = vec![
            message(
                1,
                "12/announcement",
                None,
                "post",
                card(
                    &format!("Deploying payments {} to production", self.version),
                    Tone::Active,
                    vec![
                        text(
                            "Ana is deploying. Expected to take 1 h 30 min, until about 15:30. The checklist is in the thread; the board below is always current.",
                        ),
                        Block::Context {
                            text: "Production service · commit 4f2c9e1 · change window 14:00 to 16:00".into(),
                        },
                    ],
                    vec![],
                ),
            ),
            message(2, "12/board", None, "board", self.board()),
        ];
        for (i, (title, items)) in self.sections.lock().unwrap().iter().take(3).enumerate() {
            let mut m = message(
                3 + i as i64,
                &format!("12/section/{}", i + 1),
                Some("12/announcement"),
                "section",
                section_card(i + 1, title, items),
            );
            if i == 2 {
                m.reactions = vec![
                    ("1️⃣".into(), vec!["Ana".into()]),
                    ("2️⃣".into(), vec!["Ben".into(), "Chidi".into()]),
                    ("🎉".into(), vec!["Dana".into()]),
                ];
                m.edited_at = Some(Timestamp(START + 1_500_000));
            }
            all.push(m);
        }
        all.push(message(
            8,
            "12/progress/1",
            None,
            "post",
            card(
                "Progress after 1 h: 11 of 22 done",
                Tone::Plain,
                vec![
                    text("Since the last post: 3.1 and 3.2 ticked, 3.3 failed. Waiting on Ben for 3.5. Next: 3.4 Warm the caches."),
                    Block::Context { text: "On schedule; about 30 minutes left at this pace.".into() },
                ],
                vec![],
            ),
        ));
        let mut rehearsal = message(
            9,
            "11/outcome",
            None,
            "post",
            card(
                "Rehearsal of v1.2.0 succeeded in 48 min",
                Tone::Good,
                vec![
                    text("22 of 22 items, nobody had to be paged."),
                    Block::Facts {
                        facts: vec![
                            Fact { label: "Deployer".into(), value: "Ben".into(), at: None },
                            Fact {
                                label: "Ended".into(),
                                value: Rich::default(),
                                at: Some(Timestamp(START + 500_000)),
                            },
                        ],
                    },
                ],
                vec![],
            ),
        );
        rehearsal.card.rehearsal = true;
        rehearsal.deployment = 11;
        all.push(rehearsal);
        all.push(message(
            10,
            "12/hold",
            None,
            "post",
            card(
                "On hold: error rate is climbing",
                Tone::Warn,
                vec![text("Ben holds the deployment: checkout errors at 0.8 %, looking at the new pool size.")],
                vec![],
            ),
        ));
        all
    }

    /// What was found, unless the database is sick.
    fn looked<T: Send + 'static>(&self, found: T) -> Looked<'_, T> {
        let sick = self.sick.load(Ordering::Relaxed);
        Box::pin(async move { if sick { Err("The database does not answer.".into()) } else { Ok(found) } })
    }

    fn board(&self) -> Card {
        let sections = self.sections.lock().unwrap();
        let (done, total) = count(sections.iter().flat_map(|(_, items)| items));
        card(
            &format!("payments {} · production", self.version),
            Tone::Active,
            vec![
                Block::Bar { done, total },
                Block::Facts {
                    facts: vec![
                        Fact { label: "Phase".into(), value: "Deployment".into(), at: None },
                        Fact { label: "Elapsed".into(), value: "52 min of 1 h 30 min".into(), at: None },
                        Fact { label: "Deployer".into(), value: "Ana".into(), at: None },
                        Fact { label: "Started".into(), value: Rich::default(), at: Some(Timestamp(START)) },
                        Fact {
                            label: "Next".into(),
                            value: Rich(vec![styled("3.4", true, false), styled(" Warm the caches", false, false)]),
                            at: None,
                        },
                    ],
                },
            ],
            vec![
                Button { style: Style::Primary, ..button("What is next?", "#12 next") },
                Button { ask: Some("Why hold it?".into()), ..button("Hold", "#12 hold") },
                Button { ask: Some("Progress, in a sentence".into()), ..button("Post progress", "#12 progress") },
                Button {
                    style: Style::Danger,
                    ask: Some("Why roll back?".into()),
                    confirm: Some("Everybody is told at once and the rollback procedure opens.".into()),
                    ..button("Roll back", "#12 rollback")
                },
            ],
        )
    }

    fn reply(&self, envelope: &Envelope) -> Reply {
        let mut reply = Reply { ok: true, text: String::new(), card: None, choices: vec![], deployment: Some(12) };
        match &envelope.input {
            Input::Say(said) => {
                let said = said.trim_start_matches("/deploy ").trim_start_matches("#12 ").trim();
                let words: Vec<&str> = said.splitn(3, ' ').collect();
                let state = match words[0] {
                    "tick" => Some(Shown::Ticked),
                    "untick" => Some(Shown::Open),
                    "skip" => Some(Shown::Skipped),
                    "fail" => Some(Shown::Failed),
                    "block" => Some(Shown::Blocked),
                    _ => None,
                };
                match (words[0], state, words.get(1)) {
                    (verb, Some(state), Some(number)) if self.mark(number, state, &envelope.by.name, words.get(2).copied()) => {
                        reply.text = format!("**{number}** {verb}: recorded.");
                    }
                    ("start", ..) => {
                        reply.text = "Which checklist? **v1.2.0** could walk any of these:".into();
                        reply.choices = vec![
                            button("Production service (60 items)", "start v1.2.0 checklist:production"),
                            button("Database migration (42 items)", "start v1.2.0 checklist:database"),
                            Button { style: Style::Danger, confirm: Some("Really?".into()), ..button("Blue-green", "start v1.2.0 checklist:bg") },
                        ];
                    }
                    ("status", ..) => {
                        reply.text = "You are on **3 Deployment**.".into();
                        reply.card = Some(Box::new(self.board()));
                    }
                    ("next", ..) => reply.text = "Next is **3.4** Warm the caches:\n\n```\n./warm.sh --all\n```\n\n- owned by *Ben*\n- expected: `ok`".into(),
                    _ => {
                        reply.ok = false;
                        reply.text = format!("There is no command `{}`. Did you mean **tick**? For instance:\n\n```\n/deploy tick 3.4\n```", words[0].replace('`', ""));
                        reply.choices = vec![button("tick 3.4", "#12 tick 3.4")];
                    }
                }
            }
            Input::React { message, emoji, present } => {
                if emoji == "✅" {
                    reply.text = "Tick everything open here: 3.4, 3.5, 3.6?".into();
                    reply.choices = vec![button("Tick 3 items", "#12 tick 3.4"), button("No", "status")];
                    return reply;
                }
                let mut messages = self.messages.lock().unwrap();
                let m = messages.iter_mut().find(|m| m.key == *message).unwrap();
                if !m.reactions.iter().any(|(e, _)| e == emoji) {
                    m.reactions.push((emoji.clone(), vec![]));
                }
                for (e, names) in &mut m.reactions {
                    if e == emoji {
                        names.retain(|n| **n != *envelope.by.name);
                        if *present {
                            names.push(envelope.by.name.to_string());
                        }
                    }
                }
                m.reactions.retain(|(_, names)| !names.is_empty());
                let changed = m.clone();
                drop(messages);
                let _ = self.notices.send(Notice::Message(Box::new(changed)));
                reply.text = "Recorded.".into();
            }
            Input::Due { .. } | Input::SetBack { .. } | Input::Joined => {}
        }
        reply
    }

    pub fn mark(&self, number: &str, state: Shown, who: &str, note: Option<&str>) -> bool {
        let mut found = None;
        for (s, (_, items)) in self.sections.lock().unwrap().iter_mut().enumerate() {
            for line in items.iter_mut().filter(|i| i.number.to_string() == number) {
                let mut fresh = item(number, line.text.clone(), state);
                (fresh.commands, fresh.optional) = (line.commands.clone(), line.optional);
                fresh.who = (state != Shown::Open).then(|| Person::named(who));
                fresh.details = note.map(Rich::plain).into_iter().collect();
                *line = fresh;
                found = Some(s);
            }
        }
        let Some(s) = found else { return false };
        let composed = self.compose();
        let mut messages = self.messages.lock().unwrap();
        for m in messages.iter_mut() {
            if m.what == "board" || m.key.starts_with(&format!("12/section/{}@", s + 1)) {
                m.card = composed.iter().find(|c| c.key == m.key).unwrap().card.clone();
                m.edited_at = Some(Timestamp(START + 4_000_000));
                let _ = self.notices.send(Notice::Message(Box::new(m.clone())));
            }
        }
        let _ = self.notices.send(Notice::Deployment(12));
        true
    }
}

impl Desk for FakeDesk {
    fn identify(&self, name: &str) -> Person {
        // The directory knows one person, by id and by name.
        match name.to_lowercase().as_str() {
            "dana.k" | "dana kay" => Person { id: "dana.k".into(), name: "Dana Kay".into() },
            // What guessing from a display name would do to somebody signed in.
            "ana lima" => Person { id: "somebody-else".into(), name: "Somebody Else".into() },
            _ => Person::named(name),
        }
    }
    fn handle(&self, envelope: Envelope) -> Pending<'_, Reply> {
        // What comes from outside acknowledges, and nothing else.
        let reply = match envelope.via {
            Via::Pager => Reply::ok("You have **page 1**. Nobody else is called."),
            _ => self.reply(&envelope),
        };
        self.heard.lock().unwrap().push(envelope);
        Box::pin(async move { reply })
    }
    fn messages<'a>(&'a self, channel: &'a str, before: Option<i64>, limit: usize) -> Looked<'a, Vec<Message>> {
        let mut found: Vec<Message> = self
            .messages
            .lock()
            .unwrap()
            .iter()
            .filter(|m| m.channel == channel && before.is_none_or(|b| m.id < b))
            .cloned()
            .collect();
        found.sort_by_key(|m| m.id);
        let skip = found.len().saturating_sub(limit);
        self.looked(found.split_off(skip))
    }
    fn message<'a>(&'a self, key: &'a str) -> Looked<'a, Option<Message>> {
        let found = self.messages.lock().unwrap().iter().find(|m| m.key == key).cloned();
        self.looked(found)
    }
    fn page(&self, id: u64) -> Looked<'_, Option<Page>> {
        if id != 12 || self.sections.lock().unwrap().is_empty() {
            return self.looked(None);
        }
        let board = self.board();
        let sections = self.sections.lock().unwrap();
        let phases = ["Preparation", "Preparation", "Deployment", "Afterwards", "Rollback"];
        let page = Page {
            summary: summary(12, &self.version, Status::Active),
            board,
            sections: sections
                .iter()
                .enumerate()
                .map(|(i, (title, items))| {
                    let (done, total) = count(items.iter());
                    PageSection {
                        number: i as u32 + 1,
                        phase: phases[i].into(),
                        title: title.as_str().into(),
                        branch: if i == 4 { "rollback".into() } else { String::new() },
                        kinds: if i == 4 { vec!["rollback".into()] } else { vec![] },
                        closed: (i == 4).then(|| "opens when a rollback is called".into()),
                        done,
                        total,
                        current: i == 2,
                        notes: if i == 2 {
                            vec!["Keep the dashboard open while traffic moves.".into()]
                        } else {
                            vec![]
                        },
                        cards: vec![section_card(i + 1, title, items)],
                    }
                })
                .collect(),
            timeline: (1..=9)
                .map(|n| TimelineLine {
                    seq: n,
                    at: Timestamp(START + n as i64 * 300_000),
                    who: ["Ana", "Ben", "Rollcall"][n as usize % 3].into(),
                    via: [Via::Console, Via::Terminal, Via::Timer][n as usize % 3],
                    text: if n == 1 {
                        "started the deployment".into()
                    } else {
                        format!("ticked 3.{n} with a few words that may be longer").as_str().into()
                    },
                })
                .collect(),
            timeline_cut: 14,
            people: vec![
                PagePerson {
                    name: "Ana".into(),
                    ticked: 6,
                    assigned: 0,
                    deployer: true,
                    last_seen: Timestamp(START + 3_000_000),
                },
                PagePerson {
                    name: "Ben".into(),
                    ticked: 1,
                    assigned: 2,
                    deployer: false,
                    last_seen: Timestamp(START + 3_100_000),
                },
            ],
            fields: vec![
                PageField {
                    label: "Snapshot ID".into(),
                    value: Some("snap-0f3".into()),
                    target: None,
                    verdict: None,
                    choices: vec![],
                    automatic: false,
                },
                PageField {
                    label: "Error rate".into(),
                    value: None,
                    target: Some("<1%".into()),
                    verdict: None,
                    choices: vec![],
                    automatic: false,
                },
                PageField {
                    label: "Environment".into(),
                    value: None,
                    target: None,
                    verdict: None,
                    choices: vec!["Staging".into(), "Production".into()],
                    automatic: true,
                },
            ],
            pages: self.pages.lock().unwrap().clone(),
            undelivered: vec![],
        };
        self.looked(Some(page))
    }
    fn list(&self, before: Option<u64>) -> Looked<'_, Listing> {
        let none = self.sections.lock().unwrap().is_empty();
        if none {
            return self.looked(Listing::default());
        }
        let past = [Status::Succeeded, Status::Partial, Status::RolledBack, Status::Cancelled];
        self.looked(Listing {
            active: vec![summary(12, &self.version, Status::Active), summary(13, "v1.2.1", Status::Queued)],
            past: (1..=11)
                .rev()
                .filter(|id| before.is_none_or(|b| *id < b))
                .take(4)
                .map(|id| summary(id, &format!("v1.1.{id}"), past[id as usize % 4]))
                .collect(),
        })
    }
    fn complete<'a>(&'a self, _: &'a str, _: Option<u64>, text: &'a str) -> Pending<'a, Vec<Completion>> {
        let words = ["start v1.2.0", "status", "tick 3.4", "tick 3.5", "skip 3.5", "next", "note", "hold"];
        let typed = text.trim_start_matches('/').trim_start_matches("deploy").trim_start().to_owned();
        let found = words
            .iter()
            .filter(|w| w.starts_with(&typed))
            .map(|w| Completion {
                text: format!("/deploy {w}"),
                label: (*w).into(),
                detail: format!("what {w} does, in a few words"),
            })
            .collect();
        Box::pin(async move { found })
    }
    fn record(&self, id: u64, format: RecordFormat) -> Looked<'_, Option<String>> {
        self.looked((id == 12).then(|| match format {
            RecordFormat::Markdown => "# Record of #12\n".into(),
            RecordFormat::Json => "{\"id\":12}".into(),
        }))
    }
    fn channels(&self) -> Pending<'_, Vec<String>> {
        Box::pin(async { vec![CHANNEL.into(), "console:release-train".into(), "slack:ops".into()] })
    }
    fn healthy(&self) -> Pending<'_, Result<(), String>> {
        let sick = self.sick.load(Ordering::Relaxed);
        Box::pin(async move { if sick { Err("The database does not answer.".into()) } else { Ok(()) } })
    }
    fn links(&self) -> Vec<(&'static str, rollcall::engine::Link)> {
        Vec::new()
    }
    fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }
}
