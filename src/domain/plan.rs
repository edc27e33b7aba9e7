//! A checklist prepared for walking: its items in one row, findable by number, and cut into messages.

use super::checklist::{Branch, Checklist, Field, Item, Number, Section};
use super::meaning::{Anchor, FieldKind, Window};
use super::watch::{self, Own};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Items a message holds: there are ten keycaps (PRODUCT, "What people see in the channel").
pub const ITEMS_PER_MESSAGE: usize = 10;

/// Shared by all deployments that copied the same checklist.
#[derive(Debug)]
pub struct Plan {
    /// What was copied.
    pub checklist: Arc<Checklist>,
    /// Its content hash.
    pub hash: String,
    /// Everything that can be ticked, in page order.
    pub leaves: Vec<Leaf>,
    /// Sections that have items, in page order.
    pub sections: Vec<Stretch>,
    /// Items any one of whose children completes them ([`Item::any`]), the outermost of them, in page order.
    pub choices: Vec<Choice>,
    /// Rollback criteria the deployment evaluates itself, in page order.
    pub own: Vec<Own>,
    /// Sections and items with a time of their own, in page order.
    pub windows: Vec<Windowed>,
    /// Blanks those need that the page does not have.
    own_fields: Vec<Field>,
    index: HashMap<Number, Range<usize>>,
}

/// An item without children: what is ticked.
#[derive(Debug)]
pub struct Leaf {
    pub number: Number,
    /// Its words without styles, for matching and short mentions.
    pub text: String,
    pub section: u32,
    pub branch: Branch,
    pub environment: Option<String>,
    /// It or something above it is.
    pub optional: bool,
    /// One of these is chosen by ticking it.
    pub choices: Vec<String>,
    /// When it is due by itself, or by an item above it.
    pub window: Option<Window>,
    /// After how many milliseconds it is reminded of, where the page says so; 0: never.
    pub remind_ms: Option<i64>,
    /// Which message of its section shows it, from 1.
    pub part: u32,
    /// Which keycap it has there, 1 to 10.
    pub keycap: u8,
}

/// A section or an item that is due in a window.
#[derive(Debug)]
pub struct Windowed {
    pub of: Number,
    pub window: Window,
    pub branch: Branch,
    pub leaves: Range<usize>,
}

/// An item any one of whose children completes it.
#[derive(Debug)]
pub struct Choice {
    /// All its leaves.
    pub leaves: Range<usize>,
    pub options: Vec<AnOption>,
}

/// One of the children that complete a [`Choice`].
#[derive(Debug)]
pub struct AnOption {
    pub leaves: Range<usize>,
    /// Choices inside of it.
    pub choices: Vec<Choice>,
}

/// A section's place in the row of leaves.
#[derive(Debug)]
pub struct Stretch {
    pub number: u32,
    /// The title of its phase.
    pub phase: String,
    pub branch: Branch,
    pub environment: Option<String>,
    /// Its leaves.
    pub leaves: Range<usize>,
    /// How many messages it takes.
    pub parts: u32,
}

/// What an item takes over from what stands above it: what may be left out whole may be left out in parts.
#[derive(Clone, Copy)]
struct Above<'a> {
    optional: bool,
    environment: Option<&'a str>,
    window: Option<Window>,
    remind_ms: Option<i64>,
}

impl Plan {
    /// Prepares a checklist. `hash` names its content.
    pub fn new(checklist: Arc<Checklist>, hash: String) -> Self {
        let mut plan = Self {
            checklist: checklist.clone(),
            hash,
            leaves: Vec::new(),
            sections: Vec::new(),
            choices: Vec::new(),
            own: Vec::new(),
            windows: Vec::new(),
            own_fields: Vec::new(),
            index: HashMap::new(),
        };
        for phase in &checklist.phases {
            for section in phase.sections.iter().filter(|s| !s.items.is_empty()) {
                plan.add_section(phase.title.to_plain(), section);
            }
        }
        plan.leaves.shrink_to_fit();
        plan.add_own_fields();
        plan
    }

    /// The blanks to fill: those of the page in its order, then those its criteria need besides.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.checklist.fields().chain(&self.own_fields)
    }

    /// The blank of exactly that label.
    pub fn field(&self, label: &str) -> Option<&Field> {
        self.fields().find(|f| f.label == label)
    }

    fn add_own_fields(&mut self) {
        for own in self.own.iter().filter(|o| !o.field.is_empty()) {
            if !self.checklist.fields().chain(&self.own_fields).any(|f| watch::is_field(own, &f.label)) {
                let line = self.checklist.item(&self.leaves[own.leaf].number).map_or(0, |i| i.line);
                let field = Field { label: own.field.clone(), kind: FieldKind::Duration, line, ..Field::default() };
                self.own_fields.push(field);
            }
        }
    }

    /// The outermost choice a leaf is part of.
    pub fn choice(&self, leaf: usize) -> Option<&Choice> {
        let before = self.choices.partition_point(|c| c.leaves.end <= leaf);
        self.choices.get(before).filter(|c| c.leaves.contains(&leaf))
    }

    fn add_section(&mut self, phase: String, section: &Section) {
        let start = self.leaves.len();
        let items = self.windows.len();
        let mut part = 1;
        let mut filled = 0;
        for item in &section.items {
            let above = Above {
                optional: false,
                environment: section.environment.as_deref(),
                window: None,
                remind_ms: section.remind_ms,
            };
            let choices = self.add_item(section, item, above, &mut part, &mut filled);
            self.choices.extend(choices);
        }
        let leaves = start..self.leaves.len();
        self.index.insert(Number::new(vec![section.number]), leaves.clone());
        if let Some(window) = section.window {
            let (of, leaves) = (Number::new(vec![section.number]), leaves.clone());
            self.windows.insert(items, Windowed { of, window, branch: section.branch, leaves });
        }
        // What is on demand, or part of going back, is due when it is needed.
        if matches!(section.branch, Branch::OnDemand | Branch::Rollback | Branch::Watch) {
            self.windows.truncate(items);
        }
        self.sections.push(Stretch {
            number: section.number,
            phase,
            branch: section.branch,
            environment: section.environment.clone(),
            leaves,
            parts: part,
        });
    }

    /// Gives back the outermost choices of the item.
    fn add_item(
        &mut self,
        section: &Section,
        item: &Item,
        above: Above,
        part: &mut u32,
        filled: &mut usize,
    ) -> Vec<Choice> {
        let start = self.leaves.len();
        let above = Above {
            optional: above.optional || item.optional,
            environment: item.environment.as_deref().or(above.environment),
            window: item.window.or(above.window),
            remind_ms: item.remind_ms.or(above.remind_ms),
        };
        let (mut options, mut inside) = (Vec::new(), Vec::new());
        // A parent and its children stay in one message where they fit in one.
        if *filled > 0 && *filled + count_leaves(item) > ITEMS_PER_MESSAGE {
            *part += 1;
            *filled = 0;
        }
        if item.children.is_empty() {
            *filled += 1;
            if section.branch == Branch::Watch && self.own.len() < watch::MAX_OWN {
                self.own.extend(watch::own(item, self.leaves.len()));
            }
            self.leaves.push(Leaf {
                number: item.number.clone(),
                text: item.words().to_plain(),
                section: section.number,
                branch: branch_of(section, above.window),
                environment: above.environment.map(str::to_owned),
                optional: above.optional,
                choices: item.choices.clone(),
                window: above.window,
                remind_ms: above.remind_ms,
                part: *part,
                keycap: u8::try_from(*filled).unwrap_or(u8::MAX),
            });
        } else {
            for child in &item.children {
                let first = self.leaves.len();
                let choices = self.add_item(section, child, above, part, filled);
                if item.any {
                    options.push(AnOption { leaves: first..self.leaves.len(), choices });
                } else {
                    inside.extend(choices);
                }
            }
        }
        let leaves = start..self.leaves.len();
        self.index.insert(item.number.clone(), leaves.clone());
        if let Some(window) = item.window {
            let branch = branch_of(section, Some(window));
            self.windows.push(Windowed { of: item.number.clone(), window, branch, leaves: leaves.clone() });
        }
        if !options.is_empty() {
            inside.push(Choice { leaves, options });
        }
        inside
    }

    /// The leaves a number means: one, or all of a parent's or a section's.
    pub fn span(&self, number: &Number) -> Option<Range<usize>> {
        self.index.get(number).cloned()
    }

    /// The leaf of exactly this number.
    pub fn leaf(&self, number: &Number) -> Option<usize> {
        let span = self.span(number)?;
        (span.len() == 1 && self.leaves[span.start].number == *number).then_some(span.start)
    }

    /// The section of that number, if it has items.
    pub fn stretch(&self, section: u32) -> Option<&Stretch> {
        self.sections.iter().find(|s| s.number == section)
    }

    /// When a section is due by its own heading.
    pub fn window(&self, section: u32) -> Option<&Windowed> {
        self.windows.iter().find(|w| *w.of.parts() == [section])
    }

    /// The leaves of one message of a section.
    pub fn part(&self, section: u32, part: u32) -> Range<usize> {
        let Some(stretch) = self.stretch(section) else { return 0..0 };
        let inside = |i: &usize| self.leaves[*i].part == part;
        let mut of_part = stretch.leaves.clone().filter(inside);
        match of_part.next() {
            Some(first) => first..of_part.next_back().map_or(first + 1, |last| last + 1),
            None => 0..0,
        }
    }

    /// The leaf a keycap means on one message of a section.
    pub fn by_keycap(&self, section: u32, part: u32, keycap: u8) -> Option<usize> {
        self.part(section, part).find(|&i| self.leaves[i].keycap == keycap)
    }

    /// What an item of any level says.
    pub fn text(&self, number: &Number) -> String {
        match self.leaf(number) {
            Some(i) => self.leaves[i].text.clone(),
            None => self.checklist.item(number).map(|i| i.text.to_plain()).unwrap_or_default(),
        }
    }
}

/// How long a look at the result is still part of the work, in milliseconds: "watched for 30 minutes". As with sections.
const FIRST_MS: i64 = 30 * 60_000;

/// The walk an item belongs to. What goes on after the success cannot be asked for before it: in a section of the way
/// forward it is a follow-up, which blocks no `finish`.
fn branch_of(section: &Section, window: Option<Window>) -> Branch {
    let afterwards = |w: Window| matches!(w.relative_to, Anchor::Success | Anchor::Cutover) && w.to_ms > FIRST_MS;
    match section.branch {
        Branch::Forward if window.is_some_and(afterwards) => Branch::FollowUp,
        branch => branch,
    }
}

fn count_leaves(item: &Item) -> usize {
    if item.children.is_empty() { 1 } else { item.children.iter().map(count_leaves).sum() }
}
