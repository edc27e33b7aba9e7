//! Cards: what a message shows, as plain data that every surface can draw.

mod call;
pub mod compose;
pub mod fit;
pub mod kinds;
pub mod mine;
pub mod page;
pub mod plain;

use crate::domain::checklist::{CodeBlock, Number};
use crate::domain::command::Person;
use crate::domain::paging::{PageState, Urgency};
use crate::domain::text::Rich;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// First line, shown large. May be empty.
    pub title: Rich,
    /// How it is meant.
    pub tone: Tone,
    /// A practice run: every card of it says so.
    #[serde(default)]
    pub rehearsal: bool,
    /// An outcome or a rollback: nobody who follows the channel may miss it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub broadcast: bool,
    /// From top to bottom.
    pub blocks: Vec<Block>,
    /// The card's own buttons (items carry theirs).
    #[serde(default)]
    pub buttons: Vec<Button>,
    /// It is about a page: what ways that show no cards (a mail, a pager) say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Box<PageFacts>>,
}

/// A page in a few facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFacts {
    /// 0: a test of whether somebody can be reached, about no deployment.
    pub deployment: u64,
    /// Its number within the deployment, or the test's.
    pub page: u32,
    pub state: PageState,
    /// The climb this message belongs to, from 1, and whether the page has climbed anew since.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub climb: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub past: bool,
    pub urgency: Urgency,
    /// One line that says all: what happened to what.
    pub summary: String,
    /// Whom this message is to reach, where it is one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Person>,
}

fn first() -> u32 {
    1
}

fn is_first(climb: &u32) -> bool {
    *climb == 1
}

impl PageFacts {
    /// Whether it calls somebody: nobody has the page, nor had it since.
    pub fn calls(&self) -> bool {
        self.state == PageState::Open && !self.past
    }

    /// The words that do this to the page, for ways that carry no buttons: `ack`, `resolve`, `escalate`.
    pub fn words(&self, verb: &str) -> String {
        match self.deployment {
            0 => format!("{verb} test {}", self.page),
            id => format!("#{id} {verb} {}", self.page),
        }
    }
}

/// How a card is meant; surfaces choose a colour, and always a word or sign with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Plain,
    Active,
    Good,
    Warn,
    Bad,
    Quiet,
}

/// A part of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Text { text: Rich },
    /// Small print.
    Context { text: Rich },
    /// A bar with its count.
    Bar { done: u32, total: u32 },
    /// Short label and value pairs.
    Facts { facts: Vec<Fact> },
    /// A heading line among items: a parent item and how far it is.
    Group { number: Number, text: Rich, done: u32, total: u32 },
    /// An item that can be ticked.
    Item { item: Box<ItemLine> },
    /// A command to copy.
    Code { code: CodeBlock },
}

/// A label with its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub label: String,
    pub value: Rich,
    /// Where the value is a moment, shown in the reader's own time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// An item as a section's message shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemLine {
    pub number: Number,
    /// 1 to 10: the keycap that toggles it in this message.
    pub keycap: u8,
    pub text: Rich,
    pub state: Shown,
    pub optional: bool,
    /// What kind of line it is, where it is not just something to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// How deep it stands: 0 for the section's own items.
    pub depth: u8,
    /// Who put it in its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Person>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Reason or note, assignee, evidence: one short line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Rich>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CodeBlock>,
    /// The main button (tick or untick) first; then what else can be done to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

impl ItemLine {
    /// Its tags in one line, for a surface without room for each; empty where it has none.
    pub fn tag_words(&self) -> String {
        self.tags.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" · ")
    }
}

/// A word or two on what kind of line an item is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub kind: TagKind,
    pub text: String,
}

/// What a tag is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagKind {
    /// A rollback criterion, as it was understood.
    Criterion,
    SignOff,
    Choice,
    Due,
    Environment,
    Owner,
}

/// The state an item is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    Open,
    Ticked,
    Skipped,
    Failed,
    Blocked,
    /// Belongs to a branch that is not open.
    Closed,
}

/// Something to press. Pressing says `command` in the grammar, for the deployment it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    /// The grammar's words, for instance `#12 tick 3.2`. With `ask`, the answer is put after it. At most 100 bytes.
    pub command: String,
    #[serde(default)]
    pub style: Style,
    /// Asked first; the answer completes the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// Asked first; yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    #[default]
    Plain,
    Primary,
    Danger,
}

/// What the person who asked is told. Seen only by them unless `public`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// False: nothing was changed and the words say why.
    pub ok: bool,
    /// Markdown; what people typed is escaped in it.
    pub text: String,
    /// A card that says more (status, show, help).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Box<Card>>,
    /// To choose from: each says its command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Button>,
    /// The deployment concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<u64>,
}

impl Reply {
    /// Done, or answered.
    pub fn ok(text: impl Into<String>) -> Self {
        Self { ok: true, text: text.into(), card: None, choices: Vec::new(), deployment: None }
    }
    /// Nothing was changed, and why.
    pub fn refused(text: impl Into<String>) -> Self {
        Self { ok: false, ..Self::ok(text) }
    }
    /// With a card that says more.
    pub fn with_card(mut self, card: Card) -> Self {
        self.card = Some(Box::new(card));
        self
    }
    /// With something to choose from.
    pub fn with_choices(mut self, choices: Vec<Button>) -> Self {
        self.choices = choices;
        self
    }
    /// About this deployment.
    pub fn about(mut self, deployment: u64) -> Self {
        self.deployment = Some(deployment);
        self
    }
}

impl Button {
    /// A button that says these words.
    pub fn new(label: impl Into<String>, command: impl Into<String>) -> Self {
        Self { label: label.into(), command: command.into(), style: Style::Plain, ask: None, confirm: None }
    }
}
