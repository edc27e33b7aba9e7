//! Rollcall walks a team through the deployment checklist it already keeps in Markdown.
//!
//! # One idea
//!
//! Everything that happens to a deployment is an **event**, kept for ever in the order it happened. Three pure
//! functions hold all the rules: [`domain::decide`] (what a command means in a state: events, or a refusal),
//! [`domain::deployment::Deployment::evolve`] (the state after an event; cannot fail) and [`domain::react`] (what the
//! outside must do: show a message, arm a timer). Everything else carries things to them and away from them.
//!
//! # How a tick flows
//!
//! 1. Somebody presses *Tick* at 3.2. The button says `#12 tick 3.2`: the same words they could have typed.
//! 2. The surface ([`chat::console`]) makes an [`engine::Envelope`] of it: who, where, which words, and a key that
//!    names this very press. It has no opinion of its own.
//! 3. [`engine::Engine::handle`] reads the words with [`grammar`] and hands the envelope to the **one door**, a task
//!    that takes everything that has queued up, decides it in order on copies of the state (`engine::stage`) and
//!    commits it all in one transaction: answers by key, events, timers and messages to be shown.
//! 4. Only then is anybody answered. *Acknowledged means durably recorded.* The same press delivered twice has the
//!    same key and gets the same answer.
//! 5. [`loops::outbox`] finds the board and the section's message waiting, draws them from the state as it is by now
//!    ([`card::compose`]), makes them fit ([`card::fit`]) and gives them to the [`ports::Chat`] they belong to. Ten
//!    ticks make one edit.
//!    Every channel that follows the deployment has its lane: order and the platform's pace are kept in it, and no
//!    lane waits for another. What may stand there although nobody knows is looked for before it is posted.
//! 6. What was shown is stored by the same door, which tells the surfaces that listen ([`engine::Notice`]).
//!
//! # How a page climbs
//!
//! A page is part of its deployment: opened by a person's word or by what happened ([`domain::causes::follow_on`]), it keeps
//! the steps of its policy in its first event. When a step is called, whom it means and where they are reached is settled
//! and kept as well. Every address is a channel of the outbox (`sms:+49…`, `slack:@U01`), so a call is a message like any
//! other; what became of it comes back through the door and decides whether the next way is tried. One timer,
//! [`domain::command::Timer::Page`], stands for the soonest moment any page waits for. A call is drawn when it is sent: once
//! somebody has the page there is nothing to draw, and nothing goes out, but for services that may have heard of it: they
//! are told how it ended. Calls wait for no other message of their lane.
//!
//! # Rooms, from the inside out
//!
//! | room | is |
//! |---|---|
//! | [`domain`] | the rules, pure |
//! | [`markdown`] | a file → a checklist and what was noticed; pure. [`check`] shows that understanding |
//! | [`grammar`] | words → commands, and the one list of commands; pure |
//! | [`bounded`] | files read to a bound |
//! | [`near`] | the nearest known word; pure |
//! | [`card`] | what a message shows, as plain data: compose (from a deployment) and fit (into a platform); pure |
//! | [`words`] | texts people read: templates, refusals, replies, help. What a card says of a state stands with the card; what a page is about, the rules write into the log |
//! | [`config`], [`library`] | the TOML file; the checklists there are |
//! | [`ics`] | calendars that freezes are taken from; what a recurrence rule means is the `rrule` crate's |
//! | [`store`] | the only place that says `sqlx`: one SQLite file, one unit of work at a time |
//! | [`engine`] | the one door, questions and their answers, a deployment's page and record |
//! | [`ports`] | what the engine asks of the outside: a clock, and places to show cards |
//! | [`loops`] | what runs by itself: timers and outbox, a step function each |
//! | [`chat`] | surfaces: hear → envelope, card → the platform's own. The web console, [`chat::slack`], [`chat::discord`] |
//! | [`doctor`] | looks at everything an operator can get wrong: one list of checks, and each surface's own `examine` |
//! | [`page`] | the ways out to people who are paged: e-mail, PagerDuty, signed webhook, text message and call; chats of the outbox too |
//! | [`http`], [`link`] | calls to addresses an operator has set; the link that acknowledges a page |
//! | [`cli`], [`serve`] | the terminal; the composition root |
//!
//! # What holds for the whole house
//!
//! Freezes that people set, covers of rotations and proofs that somebody was reached belong to no deployment. They are
//! **rulings** ([`domain::standing`]) in a journal beside the events: decided, linked, audited and committed the same
//! way, in the same unit of work, and read from [`engine::Engine::standing`]. When a start may be is pure
//! ([`domain::freeze`]): the configuration's rules and what was set, asked about a moment. What a deployment met of it is
//! in its own log.
//!
//! # Invariants
//!
//! `tests/tidy.rs` checks what can be checked in the text of the sources.
//!
//! 1. `domain`, `markdown`, `grammar` and `card` are pure: no async, no I/O, no clock, no randomness.
//! 2. Only `store` says `sqlx`, only `chat/slack` `slack_morphism`, only `chat/discord` `serenity`. `chat`, `page` and `loops` never import each other; only `page` says `lettre`; they meet at `engine` and `ports`.
//! 3. A surface has no opinion: state is `compose`'s, length is `fit`'s, words are `words`'.
//! 4. One transaction holds the answers, events, timers and messages of a unit of work; none is open while a
//!    platform is spoken to. Events are only ever added, each with the hash of the one before it
//!    ([`store::chain`]); their stored shape only grows (`tests/golden`).
//! 5. A timer exists at most once per deployment and name, fires through the door, and is taken away or armed again
//!    in the transaction that records what it caused. A stale one decides nothing.
//! 6. A message has one key for ever. Asking for it again is an edit; [`ports::Chat::show`] may be repeated.
//! 7. Time comes in through [`ports::Clock`]; within a deployment it never runs backwards, but for
//!    the event that says that the clock was set back.
//! 8. What people type travels as plain [`domain::text::Span`]s and is escaped by the surface that draws it.
//! 9. Every queue, body, retry and text has a bound, written beside what it bounds.
//!
//! # Where this house differs from its first plan
//!
//! * Reads before a unit of work happen outside its transaction. One process owns the file (a lock in the data
//!   folder), and the store refuses a log that does not continue exactly where it ended, so nothing can slip in
//!   between; the transaction stays short and many requests share it.
//! * Items are recorded by number, not by id: a deployment carries its own copy of the checklist, in which numbers
//!   never move, and the log stays readable. Ids are for comparing deployments and versions of a page.
//! * The console is a chat like any other to the engine, but what it shows is what the store holds: showing a
//!   message there costs nothing beyond the outbox's own bookkeeping.
//! * Slack's payloads are read with structs of our own and its WebSocket is held by us: see [`chat::slack`].
//! * Discord is serenity's gateway and its requests, and no more of it: sending them, with an end and the wait Discord asks
//!   for, is `chat::discord::client`'s.

pub mod bounded;
pub mod card;
pub mod chat;
pub mod check;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod domain;
pub mod engine;
pub mod grammar;
pub mod http;
pub mod ics;
pub mod library;
pub mod link;
pub mod loops;
pub mod markdown;
pub mod near;
pub mod page;
pub mod ports;
pub mod serve;
pub mod store;
pub mod words;
