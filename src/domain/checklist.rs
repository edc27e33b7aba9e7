//! A checklist: what a team's Markdown page means, as plain data.
//!
//! It is copied into a deployment when the deployment is opened and never changes there.

use super::announce::Announcement;
use super::meaning::{Contact, FieldKind, SectionKind, Threshold, Window};
use super::text::Rich;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The number people call an item by: `3.2`, nested `3.2.1`. The first part is its section's number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(Vec<u32>);

impl Number {
    /// Parts from the section's number inwards. At least two parts for an item.
    pub fn new(parts: Vec<u32>) -> Self {
        Self(parts)
    }
    /// The parts, outermost first.
    pub fn parts(&self) -> &[u32] {
        &self.0
    }
    /// The section this number belongs to.
    pub fn section(&self) -> u32 {
        self.0.first().copied().unwrap_or(0)
    }
    /// This number with one more part.
    pub fn child(&self, n: u32) -> Self {
        let mut parts = self.0.clone();
        parts.push(n);
        Self(parts)
    }
    /// True when `self` is `other` or stands under it.
    pub fn is_within(&self, other: &Number) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

impl FromStr for Number {
    type Err = ();
    /// Accepts `3`, `3.2`, `3.2.1`: everything a number is shown as, for events keep it that way and a page may
    /// nest as deep as it likes. Parts have at most 10 digits.
    fn from_str(s: &str) -> Result<Self, ()> {
        let part = |p: &str| match p.bytes().all(|b| b.is_ascii_digit()) && p.len() <= 10 {
            true => p.parse::<u32>().map_err(|_| ()),
            false => Err(()),
        };
        s.split('.').map(part).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(|()| serde::de::Error::custom("not an item number"))
    }
}

/// Which walk a section belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// The way to success. Its required items must be settled before `finish`.
    #[default]
    Forward,
    /// Rollback criteria: noted when they happen, never required.
    Watch,
    /// The rollback procedure: closed until a rollback is called.
    Rollback,
    /// After success only ("if successful"): closed until the outcome.
    AfterSuccess,
    /// After a rollback only ("if rollback required" follow-ups): closed until rolled back.
    AfterRollback,
    /// Follow-up windows ("2-24 hours", "Day 1-7"): open during and after the walk, never block `finish`.
    FollowUp,
    /// Lists on demand (troubleshooting): open at any time, never required.
    OnDemand,
}

/// A command to copy: a code fence of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeBlock {
    /// The fence's language word, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The fence's content without the last line break.
    pub code: String,
}

/// What sort of line an item was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A task-list item: a checkbox on the page.
    #[default]
    Task,
    /// A numbered step in a section that has no checkboxes.
    Step,
    /// A plain bullet with items below it: done when they are.
    Group,
    /// A plain bullet of a criteria section that has no checkboxes.
    Bullet,
    /// A box a person sees but no renderer draws: in a table, before a heading, without a bullet, in a tree or
    /// template inside a fence.
    Box,
}

/// What a box says besides open and ticked: `[-]`, `[~]`, `[!]`, `[?]`. Shown, never acted on: a page is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxState {
    /// Left out, or not applicable.
    Skipped,
    /// Begun, or done in part.
    InProgress,
    /// To be looked at with care.
    Important,
    /// A mark whose meaning the page does not say.
    Unclear,
}

/// One thing to do. An item with children is done when its children are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Survives edits elsewhere in the file: made of headings, parents, text and, for twins, their count.
    pub id: String,
    /// What people call it.
    pub number: Number,
    /// Its words.
    pub text: Rich,
    /// Checkbox or numbered step.
    #[serde(default)]
    pub kind: ItemKind,
    /// The box was ticked on the page already. It starts open all the same: a page is not a record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checked: bool,
    /// What the box says besides, for instance `[-]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<BoxState>,
    /// Any one of its children completes it ("one of:", children joined by "OR"); the others are then not asked for.
    /// A child that was only skipped completes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any: bool,
    /// "if needed", "if applicable", "(optional)": may be skipped without a reason, never blocks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What it depends on, where it says so: "if database changes". Such an item is optional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Applies to this environment only, though its section applies to more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Its failure pages somebody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub critical: bool,
    /// When it is due, where it says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// What it measures, and against what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// It is a sign-off by this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Who is to do it, from an annotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// After how many milliseconds of waiting it is reminded of, from an annotation; 0: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_ms: Option<i64>,
    /// One of these is chosen by doing it: `- [ ] GO [ ] NO-GO`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Plain bullets and paragraphs under the item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Rich>,
    /// Code fences under the item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CodeBlock>,
    /// Nested items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Item>,
    /// Line in the file, from 1.
    #[serde(default)]
    pub line: u32,
}

impl Default for Number {
    fn default() -> Self {
        Self(vec![0])
    }
}

/// A blank on the page to fill in: `**Label**: ____`, `Label: ___% (target: <1%)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its label as written, without the colon.
    pub label: String,
    /// What it holds.
    #[serde(default, skip_serializing_if = "FieldKind::is_text")]
    pub kind: FieldKind,
    /// It is the signature of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The target as written, for instance `<1%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The target understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Threshold>,
    /// The unit standing after the blank, for instance `%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the field offers to choose from (`Success / Rollback`, `[ ] Yes [ ] No`), or empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What the page itself already says (`**Environment**: Production`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Line in the file, from 1.
    #[serde(default)]
    pub line: u32,
}

/// A heading's worth of items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Unique in the checklist; the first part of its items' numbers.
    pub number: u32,
    /// The heading, without its own numbering.
    pub title: Rich,
    /// The heading's own numbering as written (`21.`, `Phase 2:`), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The walk it belongs to.
    #[serde(default)]
    pub branch: Branch,
    /// What it is for.
    #[serde(default, skip_serializing_if = "SectionKind::is_tasks")]
    pub kind: SectionKind,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Applies to this environment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// After how many milliseconds of waiting its items are reminded of, from an annotation; 0: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_ms: Option<i64>,
    /// Prose and plain bullets of the section.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Rich>,
    /// Code fences of the section that belong to no item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CodeBlock>,
    /// Blanks to fill.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Things to do, outermost level. May be empty: a section of notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// Line of the heading, from 1.
    #[serde(default)]
    pub line: u32,
}

/// A part of the walk: a top-level heading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// The heading, without its own numbering.
    pub title: Rich,
    /// The heading's own numbering as written, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What its heading says it is for.
    #[serde(default, skip_serializing_if = "SectionKind::is_tasks")]
    pub kind: SectionKind,
    /// Its sections in page order.
    pub sections: Vec<Section>,
}

/// When progress is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// A cron expression of five fields (minute first) or six (second first).
    pub cron: String,
    /// An IANA time zone name. None: the configuration's, then UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A Markdown page, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    /// The word people name it by: the file's name without ending.
    pub name: String,
    /// From front matter, else the first heading, else the file's name.
    pub title: String,
    /// One sentence about it, where front matter or the first paragraph says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Default service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Default environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// When progress is posted. None: the configuration's schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Schedule>,
    /// Texts that replace the product's, by template name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
    /// The escalation policy its pages go by, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<String>,
    /// What is announced around it, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Announcement>,
    /// Whom to reach, from its contact sections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// In page order.
    pub phases: Vec<Phase>,
}

impl Checklist {
    /// All sections in page order.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.phases.iter().flat_map(|p| &p.sections)
    }
    /// The section of that number.
    pub fn section(&self, number: u32) -> Option<&Section> {
        self.sections().find(|s| s.number == number)
    }
    /// The item of exactly that number, at any depth.
    pub fn item(&self, number: &Number) -> Option<&Item> {
        let section = self.section(number.section())?;
        let mut items = &section.items;
        for depth in 2..=number.parts().len() {
            let found = items.iter().find(|i| i.number.parts() == &number.parts()[..depth])?;
            if depth == number.parts().len() {
                return Some(found);
            }
            items = &found.children;
        }
        None
    }
    /// All fields in page order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.sections().flat_map(|s| &s.fields)
    }
}

impl Item {
    /// Its words, where it is a choice without the boxes between: `GO / NO-GO`.
    pub fn words(&self) -> Rich {
        if self.choices.is_empty() { self.text.clone() } else { Rich::plain(self.choices.join(" / ")) }
    }
}

impl Section {
    /// The items without children, in page order: what is ticked.
    pub fn leaves(&self) -> Vec<&Item> {
        fn walk<'a>(items: &'a [Item], out: &mut Vec<&'a Item>) {
            for item in items {
                if item.children.is_empty() { out.push(item) } else { walk(&item.children, out) }
            }
        }
        let mut out = Vec::new();
        walk(&self.items, &mut out);
        out
    }
}

/// What reading a page had to say about a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Line in the file, from 1; 0 where it concerns the file as a whole.
    pub line: u32,
    /// What was wrong and what to do, in one or two sentences.
    pub message: String,
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be walked.
    Error,
    /// It walks, but a person should look.
    Warning,
    /// Something worth knowing.
    Note,
}
