//! The texts of a deployment, as templates: the product's, replaced by the configuration's, replaced by the
//! checklist's. They are checked when they are loaded; at run time nothing fails.
//!
//! Empty lines that statements leave behind, and spaces at the ends of lines, are taken out of what a template makes.
//!
//! Templates are Markdown with `{{ fact }}`, `{% if %}` and `{% for %}`. Every fact is plain text: whatever people
//! typed is escaped on its way in, so it cannot mark up, link or mention.

use super::guard::guard;
use crate::markdown::escape;
use crate::near::nearest;
use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, filters, tests as checks};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::io;

/// Longest source of a template, in characters.
pub const LONGEST_TEMPLATE: usize = 8_000;
/// Longest text a template may make, in characters.
pub const LONGEST_TEXT: usize = 8_000;
/// Steps one rendering may take.
const FUEL: u64 = 50_000;

/// Which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    Start,
    Progress,
    Success,
    Partial,
    /// An item failed, or the deployment as a whole.
    Failure,
    Rollback,
    RolledBack,
    Hold,
    Resume,
    Handover,
    /// A sentence for what happened later than it was due.
    Late,
    Cancelled,
    Scheduled,
    Queued,
    /// A rollback criterion that the deployment evaluates itself is breached.
    Breach,
    /// Its turn has come, but a freeze holds.
    Frozen,
    /// The scheduled start moved.
    Rescheduled,
    /// A window closes soon and something in it is open.
    Closing,
    /// A window has closed with something open.
    Closed,
    /// Something waits.
    Reminder,
    /// It is still held.
    Held,
    /// An announcement of the communication timeline.
    Announcement,
}

impl Template {
    /// All of them.
    pub const ALL: [Template; 22] = [
        Template::Start,
        Template::Progress,
        Template::Success,
        Template::Partial,
        Template::Failure,
        Template::Rollback,
        Template::RolledBack,
        Template::Hold,
        Template::Resume,
        Template::Handover,
        Template::Late,
        Template::Cancelled,
        Template::Scheduled,
        Template::Queued,
        Template::Breach,
        Template::Frozen,
        Template::Rescheduled,
        Template::Closing,
        Template::Closed,
        Template::Reminder,
        Template::Held,
        Template::Announcement,
    ];

    /// What it is called in a configuration and in front matter.
    pub fn name(self) -> &'static str {
        match self {
            Template::Start => "start",
            Template::Progress => "progress",
            Template::Success => "success",
            Template::Partial => "partial",
            Template::Failure => "failure",
            Template::Rollback => "rollback",
            Template::RolledBack => "rolled_back",
            Template::Hold => "hold",
            Template::Resume => "resume",
            Template::Handover => "handover",
            Template::Late => "late",
            Template::Cancelled => "cancelled",
            Template::Scheduled => "scheduled",
            Template::Queued => "queued",
            Template::Breach => "breach",
            Template::Frozen => "frozen",
            Template::Rescheduled => "rescheduled",
            Template::Closing => "closing",
            Template::Closed => "closed",
            Template::Reminder => "reminder",
            Template::Held => "held",
            Template::Announcement => "announcement",
        }
    }

    /// The template of that name.
    pub fn named(name: &str) -> Option<Template> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The product's own text.
    pub fn default_source(self) -> &'static str {
        match self {
            Template::Start => include_str!("defaults/start.md"),
            Template::Progress => include_str!("defaults/progress.md"),
            Template::Success => include_str!("defaults/success.md"),
            Template::Partial => include_str!("defaults/partial.md"),
            Template::Failure => include_str!("defaults/failure.md"),
            Template::Rollback => include_str!("defaults/rollback.md"),
            Template::RolledBack => include_str!("defaults/rolled_back.md"),
            Template::Hold => include_str!("defaults/hold.md"),
            Template::Resume => include_str!("defaults/resume.md"),
            Template::Handover => include_str!("defaults/handover.md"),
            Template::Late => include_str!("defaults/late.md"),
            Template::Cancelled => include_str!("defaults/cancelled.md"),
            Template::Scheduled => include_str!("defaults/scheduled.md"),
            Template::Queued => include_str!("defaults/queued.md"),
            Template::Breach => include_str!("defaults/breach.md"),
            Template::Frozen => include_str!("defaults/frozen.md"),
            Template::Rescheduled => include_str!("defaults/rescheduled.md"),
            Template::Closing => include_str!("defaults/closing.md"),
            Template::Closed => include_str!("defaults/closed.md"),
            Template::Reminder => include_str!("defaults/reminder.md"),
            Template::Held => include_str!("defaults/held.md"),
            Template::Announcement => include_str!("defaults/announcement.md"),
        }
    }
}

/// An item as templates see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub number: String,
    pub text: String,
}

/// Who ticked how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ticker {
    pub name: String,
    pub ticked: u32,
}

/// An item that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failed {
    pub number: String,
    pub text: String,
    pub reason: String,
    pub by: String,
}

/// An item that is blocked: as one that failed.
pub type Blocked = Failed;

/// An item somebody is expected to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub number: String,
    pub text: String,
    pub who: String,
    /// For how long: `1 h 05 min`.
    pub since: String,
}

/// What happened since the last progress post (or the start).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Since {
    /// How long that is: `1 h 00 min`.
    pub span: String,
    pub ticked: u32,
    pub skipped: u32,
    pub people: Vec<Ticker>,
    /// Failed and not ticked since.
    pub failed: Vec<Failed>,
    pub blocked: Vec<Blocked>,
}

/// On whose authority a deployment starts in a freeze.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Override {
    pub by: String,
    pub role: String,
    pub reason: String,
    /// The freezes, by name.
    pub freezes: String,
}

/// What templates may say. All of it plain text; what does not apply is none, 0 or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The deployment's number.
    pub id: u64,
    pub version: String,
    pub service: String,
    pub environment: String,
    /// The checklist's title.
    pub checklist: String,
    pub rehearsal: bool,
    /// Who leads.
    pub deployer: String,
    /// Who did what this text is about.
    pub by: String,
    /// Always there for `partial`, `failure`, `rollback`, `hold`, `cancelled` and `breach` (what was measured); for
    /// `success` where somebody vouched.
    pub reason: Option<String>,
    /// The sentence a person added.
    pub text: Option<String>,
    /// Always there for `handover`: who leads from here.
    pub to: Option<String>,
    /// Required items done, of how many, and in percent.
    pub done: u32,
    pub total: u32,
    pub percent: u32,
    /// Since the start: `1 h 05 min`.
    pub elapsed: String,
    /// How long it usually takes.
    pub expected: Option<String>,
    /// The section the walk stands in.
    pub section: Option<String>,
    /// What to do now; at most three.
    pub next: Vec<Entry>,
    pub since: Since,
    /// On schedule, the so-manieth post in a row before which nothing happened; 0: something did.
    pub quiet: u32,
    /// How long nobody has done anything; only where that is what the text is about.
    pub silent: Option<String>,
    /// How much longer it will take, as it usually does; and how much longer than usual it takes already.
    pub left: Option<String>,
    pub over: Option<String>,
    /// Open items somebody was given; for `reminder`, those that are reminded of.
    pub waiting: Vec<Waiting>,
    /// Open required items, and how many there are in all; for `closing` and `closed` those of the windows, for
    /// `reminder` those nobody was given.
    pub open: Vec<Entry>,
    pub open_count: u32,
    /// Always there for `late`: how late, `12 min`.
    pub late: Option<String>,
    /// Always there for `breach` and for `failure` of an item.
    pub item: Option<Entry>,
    /// Always there for `scheduled` and `rescheduled`: the moment, in words. For `announcement`, until it has started.
    pub start_at: Option<String>,
    /// For `rescheduled`: when it was to start before.
    pub was_at: Option<String>,
    /// Always there for `announcement`: when this is, `1 week before the scheduled start`.
    pub moment: Option<String>,
    /// For `announcement`, once there is one: `succeeded`.
    pub outcome: Option<String>,
    /// For `closing` and `closed`: the sections and items whose window it is.
    pub windows: Vec<Entry>,
    /// Always there for `closing`: when, and in how long.
    pub until: Option<String>,
    pub closes_in: Option<String>,
    /// Always there for `held`: for how long, and that a hold may last no longer.
    pub held: Option<String>,
    pub expired: bool,
    /// Always there for `queued`: the deployment it waits for.
    pub behind: Option<u64>,
    /// Follow-up items still open after the outcome.
    pub follow_up_open: u32,
    /// Where it starts in a freeze: on whose authority.
    pub overridden: Option<Override>,
    /// Always there for `frozen`: the freeze's name. `start_at` is when it goes, where that is known.
    pub freeze: Option<String>,
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The template's name, as given.
    pub name: String,
    /// Line in the template, from 1; 0 where it concerns the template as a whole.
    pub line: usize,
    /// What is wrong, in a sentence or two.
    pub message: String,
}

impl std::error::Error for TemplateProblem {}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template `{}`", self.name)?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The texts in force for one checklist, compiled.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The product's templates under their names; replacements under `own:` and the name.
    env: Environment<'static>,
}

impl Texts {
    /// The product's texts, replaced by the configuration's, replaced by the checklist's; each checked.
    pub fn new(
        config: &BTreeMap<String, String>,
        checklist: &BTreeMap<String, String>,
    ) -> Result<Texts, TemplateProblem> {
        let mut env = environment();
        for template in Template::ALL {
            env.add_template(template.name(), template.default_source().trim_end())
                .map_err(|e| problem(template.name(), &e))?;
        }
        for (name, source) in config.iter().chain(checklist) {
            let Some(template) = Template::named(name) else {
                let names = Template::ALL.map(Template::name);
                return Err(TemplateProblem {
                    name: name.clone(),
                    line: 0,
                    message: match nearest(name, names) {
                        Some(near) => format!("There is no such text. Did you mean `{near}`?"),
                        None => format!("There is no such text. There are {}.", listed(&names)),
                    },
                });
            };
            add(&mut env, template, source)?;
        }
        Ok(Texts { env })
    }

    /// The text of an announcement: its own where it has one that works, else the template's.
    pub fn announcement(&self, own: Option<&str>, facts: &Facts) -> String {
        let value = Value::from(Serde(facts));
        let rendered = own.map(|source| self.env.template_from_str(source).and_then(|t| render(&t, &value)));
        match rendered {
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                tracing::warn!(deployment = facts.id, error = brief(&error), "an announcement's own text failed");
                self.render(Template::Announcement, facts)
            }
            None => self.render(Template::Announcement, facts),
        }
    }

    /// The text. Where a replacement fails after all, the product's own is used and the log says why.
    pub fn render(&self, template: Template, facts: &Facts) -> String {
        let value = Value::from(Serde(facts));
        if let Ok(own) = self.env.get_template(&own_name(template)) {
            match render(&own, &value) {
                Ok(text) => return text,
                Err(error) => {
                    let (name, id, error) = (template.name(), facts.id, brief(&error));
                    tracing::warn!(
                        template = name,
                        deployment = id,
                        error,
                        "template failed; using the product's text"
                    );
                }
            }
        }
        let text = self.env.get_template(template.name()).and_then(|t| render(&t, &value));
        text.unwrap_or_else(|error| {
            tracing::error!(template = template.name(), deployment = facts.id, error = brief(&error), "text failed");
            let say = |s: &str| escape(&shortened(s, 300));
            format!(
                "**{} {}** on **{}**: {}. {}",
                say(&facts.service),
                say(&facts.version),
                say(&facts.environment),
                template.name().replace('_', " "),
                say(facts.reason.as_deref().unwrap_or_default())
            )
        })
    }
}

impl Default for Texts {
    /// The product's texts.
    fn default() -> Self {
        Texts::new(&BTreeMap::new(), &BTreeMap::new()).unwrap_or_else(|_| Texts { env: environment() })
    }
}

/// Checks the text of an announcement as templates are checked.
pub fn check_announcement(source: &str) -> Result<(), TemplateProblem> {
    add(&mut environment(), Template::Announcement, source)
}

fn own_name(template: Template) -> String {
    format!("own:{}", template.name())
}

/// An engine that knows a few filters and tests and nothing else.
fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_debug(true);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(50);
    env.set_formatter(|out, _, value| {
        let text = match value.kind() {
            ValueKind::None | ValueKind::Undefined => return Ok(()),
            ValueKind::Bool | ValueKind::Number => value.to_string(),
            ValueKind::String => escape(value.as_str().unwrap_or_default()),
            _ => return Err(Error::new(ErrorKind::InvalidOperation, "a list cannot be printed as a whole; use `for`")),
        };
        out.write_str(&text).map_err(Error::from)
    });
    env.add_filter("default", filters::default);
    env.add_filter("length", filters::length);
    env.add_filter("first", filters::first);
    env.add_filter("last", filters::last);
    env.add_filter("lower", filters::lower);
    env.add_filter("upper", filters::upper);
    env.add_filter("capitalize", filters::capitalize);
    env.add_filter("trim", filters::trim);
    env.add_filter("short", |text: String, most: Option<usize>| shortened(&text, most.unwrap_or(200)));
    env.add_test("defined", checks::is_defined);
    env.add_test("undefined", checks::is_undefined);
    env.add_test("none", checks::is_none);
    env.add_test("odd", checks::is_odd);
    env.add_test("even", checks::is_even);
    env
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// Takes at most [`LONGEST_TEXT`] characters.
struct Bounded {
    text: Vec<u8>,
    chars: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chars += bytes.iter().filter(|b| **b & 0xc0 != 0x80).count();
        if self.chars > LONGEST_TEXT {
            return Err(io::Error::other(TOO_LONG));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const TOO_LONG: &str = "the text grows longer than 8000 characters";

fn render(template: &minijinja::Template<'_, '_>, facts: &Value) -> Result<String, Error> {
    let mut out = Bounded { text: Vec::new(), chars: 0 };
    template.render_captured_to(facts.clone(), &mut out)?;
    let text = String::from_utf8_lossy(&out.text);
    // Statements leave empty lines behind; no text means them.
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|l| l.is_empty())) {
            lines.push(line);
        }
    }
    Ok(lines.join("\n").trim_end().to_owned())
}

fn add(env: &mut Environment<'static>, template: Template, source: &str) -> Result<(), TemplateProblem> {
    let name = template.name();
    let wrong = |line: usize, message: String| TemplateProblem { name: name.to_owned(), line, message };
    let length = source.chars().count();
    if length > LONGEST_TEMPLATE {
        return Err(wrong(0, format!("It is {length} characters long; at most {LONGEST_TEMPLATE} are read.")));
    }
    if source.trim().is_empty() {
        return Err(wrong(0, "It is empty; leave it out to keep the product's own text.".into()));
    }
    guard(source).map_err(|(line, message)| wrong(line, message))?;
    let own = own_name(template);
    env.add_template_owned(own.clone(), source.trim_end().to_owned()).map_err(|e| problem(name, &e))?;
    let compiled = env.get_template(&own).map_err(|e| problem(name, &e))?;
    known_names(name, source, &compiled)?;
    for facts in samples(template) {
        render(&compiled, &Value::from(Serde(&facts))).map_err(|e| problem(name, &e))?;
    }
    Ok(())
}

/// Every name the template mentions, also in parts that no sample reaches.
fn known_names(name: &str, source: &str, compiled: &minijinja::Template<'_, '_>) -> Result<(), TemplateProblem> {
    let full = Value::from(Serde(full()));
    let mut said: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
    said.sort();
    for path in said {
        let mut at = full.clone();
        let mut parent = "";
        for part in path.split('.') {
            if at.kind() != ValueKind::Map {
                break;
            }
            let keys: Vec<String> =
                at.try_iter().map(|k| k.filter_map(|k| k.as_str().map(str::to_owned)).collect()).unwrap_or_default();
            if !keys.iter().any(|k| k == part) {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                let whose = if parent.is_empty() { String::new() } else { format!(" in `{parent}`") };
                let line = source.lines().position(|l| l.contains(&path) || l.contains(part)).map_or(0, |l| l + 1);
                return Err(TemplateProblem {
                    name: name.to_owned(),
                    line,
                    message: match nearest(part, keys.iter().copied()) {
                        Some(near) => format!("There is no `{part}`{whose}. Did you mean `{near}`?"),
                        None => format!("There is no `{part}`{whose}. There are {}.", listed(&keys)),
                    },
                });
            }
            at = at.get_attr(part).unwrap_or_default();
            parent = part;
        }
    }
    Ok(())
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// The engine's error as one sentence.
fn problem(name: &str, error: &Error) -> TemplateProblem {
    let at = error.range().zip(error.template_source()).and_then(|(range, source)| source.get(range)).map(str::trim);
    let about = at.filter(|s| !s.is_empty() && s.len() <= 80).map(|s| s.replace('`', "'"));
    let message = match (error.kind(), about) {
        (ErrorKind::UndefinedError, Some(what)) => {
            format!("`{what}` is not always there. Guard it: `{{% if {what} %}}`, or correct the name.")
        }
        (ErrorKind::OutOfFuel, _) => "It takes too many steps.".into(),
        (ErrorKind::UnknownFilter, _) => format!(
            "There is no such filter ({}). There are `default`, `length`, `first`, `last`, `lower`, `upper`, \
             `capitalize`, `trim` and `short`.",
            brief(error)
        ),
        (ErrorKind::WriteFailure, _) => format!("With sample facts, {TOO_LONG}."),
        (_, Some(what)) => format!("{} (at `{what}`).", brief(error)),
        (_, None) => format!("{}.", brief(error)),
    };
    TemplateProblem { name: name.to_owned(), line: error.line().unwrap_or(0), message }
}

fn brief(error: &Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}

/// Facts to try a template with: everything there, nothing there but what always is, and between.
fn samples(template: Template) -> [Facts; 3] {
    let between = Facts {
        rehearsal: false,
        late: full().late.filter(|_| template == Template::Late),
        text: None,
        expected: None,
        since: Since { span: "1 h 00 min".into(), ticked: 1, ..full().since },
        follow_up_open: 0,
        overridden: None,
        expired: false,
        over: None,
        ..full()
    };
    let all = full();
    let mut bare = Facts {
        id: 1,
        version: all.version,
        service: all.service,
        environment: all.environment,
        checklist: all.checklist,
        deployer: all.deployer,
        by: all.by,
        elapsed: "0 s".into(),
        ..Facts::default()
    };
    match template {
        Template::Partial | Template::Rollback | Template::Hold | Template::Cancelled => bare.reason = all.reason,
        Template::Failure | Template::Breach => (bare.reason, bare.item) = (all.reason, all.item),
        Template::Handover => bare.to = all.to,
        Template::Late => bare.late = all.late,
        Template::Scheduled => bare.start_at = all.start_at,
        Template::Queued => bare.behind = all.behind,
        Template::Frozen => bare.freeze = all.freeze,
        Template::Progress => bare.quiet = 1,
        Template::Rescheduled => bare.start_at = all.start_at,
        Template::Announcement => bare.moment = all.moment,
        Template::Closing => (bare.until, bare.closes_in) = (all.until, all.closes_in),
        Template::Held => (bare.held, bare.reason) = (all.held, all.reason),
        _ => {}
    }
    [full(), between, bare]
}

fn full() -> Facts {
    let entry = |number: &str, text: &str| Entry { number: number.into(), text: text.into() };
    let failed = |number: &str, text: &str, reason: &str| Failed {
        number: number.into(),
        text: text.into(),
        reason: reason.into(),
        by: "Bob".into(),
    };
    Facts {
        id: 12,
        version: "v1.2.0".into(),
        service: "shop".into(),
        environment: "production".into(),
        checklist: "Web release".into(),
        rehearsal: true,
        deployer: "Ana".into(),
        by: "Ana".into(),
        reason: Some("error rate above 5 %".into()),
        text: Some("Traffic is at 50 %.".into()),
        to: Some("Bob".into()),
        done: 14,
        total: 62,
        percent: 23,
        elapsed: "2 h 05 min".into(),
        expected: Some("3 h 00 min".into()),
        section: Some("Cut-over".into()),
        next: vec![entry("4.1", "Switch the load balancer"), entry("4.2", "Watch the logs")],
        since: Since {
            span: "1 h 00 min".into(),
            ticked: 6,
            skipped: 1,
            people: vec![Ticker { name: "Ana".into(), ticked: 4 }, Ticker { name: "Bob".into(), ticked: 2 }],
            failed: vec![failed("3.2", "Smoke tests pass", "checkout answers 502")],
            blocked: vec![failed("3.7", "Schema migrated", "waiting for the database team")],
        },
        waiting: vec![Waiting {
            number: "3.4".into(),
            text: "Cache warmed".into(),
            who: "Bob".into(),
            since: "25 min".into(),
        }],
        quiet: 0,
        silent: Some("45 min".into()),
        left: Some("55 min".into()),
        over: Some("20 min".into()),
        open: vec![entry("3.2", "Smoke tests pass"), entry("3.7", "Schema migrated")],
        open_count: 2,
        late: Some("12 min".into()),
        item: Some(entry("3.2", "Smoke tests pass")),
        start_at: Some("Fri 27 Nov, 18:30 (Europe/Berlin)".into()),
        was_at: Some("Thu 26 Nov, 18:30 (Europe/Berlin)".into()),
        moment: Some("1 day before the scheduled start".into()),
        outcome: Some("succeeded".into()),
        windows: vec![entry("7", "First day"), entry("5.3", "Post-mortem booked")],
        until: Some("Sat 28 Nov, 18:30 (Europe/Berlin)".into()),
        closes_in: Some("6 h 00 min".into()),
        held: Some("2 h 00 min".into()),
        expired: true,
        behind: Some(11),
        follow_up_open: 3,
        overridden: Some(Override {
            by: "Bob".into(),
            role: "lead".into(),
            reason: "checkout is down".into(),
            freezes: "weekend".into(),
        }),
        freeze: Some("weekend".into()),
    }
}

#[cfg(test)]
mod tests;
