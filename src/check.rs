//! What was understood from a page, for a person (a tree) and for a program (JSON).

mod data;
mod diff;

pub use data::json;
pub use diff::diff;

use crate::domain::checklist::{BoxState, Branch, CodeBlock, Field, Item, ItemKind, Section, Severity};
use crate::domain::deployment::same_environment;
use crate::domain::meaning::{Contact, FieldKind, SectionKind};
use crate::domain::text::Rich;
use crate::domain::time::span;
use crate::markdown::{Reading, placeholders};
use std::fmt::Write;

/// The reading of one file as a tree to hold against the page. With an environment, what is left out there is marked.
pub fn tree(file: &str, r: &Reading, environment: Option<&str>, color: bool) -> String {
    let mut tree = Tree { out: String::new(), environment: environment.map(str::to_owned), color };
    tree.file(file, r);
    tree.out
}

/// True when what is bound to one environment is walked in another; with none named, everything is.
fn applies(bound: Option<&str>, environment: Option<&str>) -> bool {
    match (bound, environment) {
        (Some(bound), Some(environment)) => same_environment(bound, environment),
        _ => true,
    }
}

struct Tree {
    out: String,
    environment: Option<String>,
    color: bool,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const YELLOW: &str = "33";
const CYAN: &str = "36";

impl Tree {
    fn paint(&self, style: &str, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.out, "{:indent$}{text}", "");
    }

    fn file(&mut self, file: &str, r: &Reading) {
        let name = self.paint(BOLD, file);
        match &r.checklist {
            Some(c) => {
                self.line(0, &format!("{name}: {}", c.title));
                if let Some(description) = &c.description {
                    let text = self.paint(DIM, &brief(description));
                    self.line(2, &text);
                }
                let known = [("service", &c.service), ("environment", &c.environment)];
                for (label, value) in known.into_iter().filter_map(|(l, v)| v.as_ref().map(|v| (l, v))) {
                    self.line(2, &format!("{label}: {value}"));
                }
                if let Some(schedule) = &c.progress {
                    let zone = schedule.timezone.as_deref().map(|z| format!(" ({z})")).unwrap_or_default();
                    self.line(2, &format!("progress: {}{zone}", schedule.cron));
                }
                if !c.templates.is_empty() {
                    let names: Vec<_> = c.templates.keys().map(String::as_str).collect();
                    self.line(2, &format!("templates: {}", names.join(", ")));
                }
                for a in &c.timeline {
                    let to = a.channel.as_ref().map(|c| format!(", in {c}")).unwrap_or_default();
                    let says = a.text.as_ref().map_or_else(|| "the product's text".to_owned(), |t| brief(t));
                    self.line(2, &format!("announced {}{to}: {says}", a.when));
                }
                for phase in &c.phases {
                    self.out.push('\n');
                    let title = self.paint(BOLD, &heading(phase.label.as_deref(), &phase.title));
                    self.line(0, &title);
                    for section in &phase.sections {
                        self.section(section);
                    }
                }
                if !c.contacts.is_empty() {
                    self.out.push('\n');
                    let title = self.paint(BOLD, "Whom to reach");
                    self.line(0, &title);
                    c.contacts.iter().for_each(|contact| self.contact(contact));
                }
                self.out.push('\n');
            }
            None => self.line(0, &format!("{name}: cannot be walked")),
        }
        self.end(r);
    }

    fn section(&mut self, s: &Section) {
        let number = self.paint(CYAN, &s.number.to_string());
        let mut marks = Vec::new();
        if s.branch != Branch::Forward {
            marks.push(branch_words(s.branch).to_owned());
        }
        let said = s.kind.label() == branch_words(s.branch);
        if !said && !matches!(s.kind, SectionKind::Tasks | SectionKind::Notes | SectionKind::Environment) {
            marks.push(s.kind.label().to_owned());
        }
        if let Some(window) = &s.window {
            marks.push(window.to_string());
        }
        marks.extend(s.remind_ms.map(reminded));
        if let Some(environment) = &s.environment {
            marks.push(format!("only in {environment}"));
        }
        if !applies(s.environment.as_deref(), self.environment.as_deref()) {
            marks.push("left out here".to_owned());
        }
        let marks = if marks.is_empty() { String::new() } else { format!("  [{}]", marks.join(", ")) };
        let marks = self.paint(YELLOW, &marks);
        // "21." in front of "21. Done" says it twice.
        let is_number = |l: &&str| l.trim_matches(|c: char| !c.is_alphanumeric()) == s.number.to_string();
        let label = s.label.as_deref().filter(|l| !is_number(l));
        self.line(2, &format!("{number}  {}{marks}", heading(label, &s.title)));
        for note in &s.notes {
            self.note(5, note);
        }
        for code in &s.commands {
            self.command(5, code);
        }
        for field in &s.fields {
            self.line(5, &field_line(field));
        }
        for item in &s.items {
            self.item(5, item);
        }
    }

    fn item(&mut self, indent: usize, item: &Item) {
        let number = self.paint(CYAN, &item.number.to_string());
        let sign = match (item.kind, item.checked) {
            (ItemKind::Task | ItemKind::Box, _) if item.role.is_some() => "✍",
            (ItemKind::Task | ItemKind::Box, false) => "☐",
            (ItemKind::Task | ItemKind::Box, true) => "☑",
            (ItemKind::Step, _) => "→",
            (ItemKind::Group, _) => "▸",
            (ItemKind::Bullet, _) => "•",
        };
        let optional = if item.optional { self.paint(DIM, "  (optional)") } else { String::new() };
        let mut marks = Vec::new();
        if item.any {
            marks.push("any one of these".to_owned());
        }
        marks.extend(item.state.map(|s| state_words(s).to_owned()));
        marks.extend(item.role.as_ref().map(|r| format!("sign-off: {r}")));
        marks.extend(item.threshold.as_ref().map(|t| format!("measures: {t}")));
        marks.extend(item.window.as_ref().map(|w| format!("due: {w}")));
        marks.extend(item.remind_ms.map(reminded));
        marks.extend(item.owner.as_ref().map(|o| format!("owner: {o}")));
        if !item.choices.is_empty() {
            marks.push(format!("one of: {}", item.choices.join(" / ")));
        }
        if let Some(environment) = &item.environment {
            marks.push(format!("only in {environment}"));
            if !applies(Some(environment), self.environment.as_deref()) {
                marks.push("left out here".to_owned());
            }
        }
        let marks = if marks.is_empty() { String::new() } else { format!("  [{}]", marks.join("; ")) };
        let marks = self.paint(YELLOW, &marks);
        self.line(indent, &format!("{number} {sign} {}{optional}{marks}", one_line(&item.text.to_plain())));
        for note in &item.notes {
            self.note(indent + 2, note);
        }
        for code in &item.commands {
            self.command(indent + 2, code);
        }
        for child in &item.children {
            self.item(indent + 2, child);
        }
    }

    fn note(&mut self, indent: usize, note: &Rich) {
        let text = self.paint(DIM, &format!("· {}", brief(&note.to_plain())));
        self.line(indent, &text);
    }

    fn command(&mut self, indent: usize, code: &CodeBlock) {
        let mut lines = code.code.lines().filter(|l| !l.trim().is_empty());
        let first = lines.next().unwrap_or_default();
        let more = match lines.count() {
            0 => String::new(),
            n => format!(" … (+{n} lines)"),
        };
        let text = self.paint(DIM, &format!("$ {}{more}", brief(first)));
        self.line(indent, &text);
        let found: Vec<String> =
            placeholders(&code.code).iter().map(|p| format!("{} = {}", p.text, p.stands_for)).collect();
        if !found.is_empty() {
            let text = self.paint(DIM, &format!("  to fill in: {}", found.join(", ")));
            self.line(indent, &text);
        }
    }

    fn contact(&mut self, c: &Contact) {
        let ways = c.ways.iter().map(|w| {
            let kind = format!("{:?}", w.kind).to_lowercase();
            w.value.as_ref().map_or_else(|| format!("{kind} ____"), |v| format!("{kind} {v}"))
        });
        let all: Vec<String> = c.name.iter().cloned().chain(ways).collect();
        self.line(2, &format!("☎ {}: {}", c.role, if all.is_empty() { "____".to_owned() } else { all.join(", ") }));
    }

    fn end(&mut self, r: &Reading) {
        let c = &r.counts;
        let counts = [
            many(c.checkboxes, "checkbox", "checkboxes"),
            many(c.items, "item", "items"),
            many(c.steps, "step", "steps"),
            many(c.fields, "field", "fields"),
            many(c.commands, "command", "commands"),
        ];
        let more = [
            (c.boxes, "box no renderer draws", "boxes no renderer draws"),
            (c.hidden, "hidden box", "hidden boxes"),
            (c.signoffs, "sign-off", "sign-offs"),
            (c.contacts, "contact", "contacts"),
            (c.criteria, "rollback criterion", "rollback criteria"),
            (c.windows, "window", "windows"),
        ];
        let more = more.iter().filter(|(n, ..)| *n > 0).map(|(n, one, some)| many(*n, one, some));
        let counts: Vec<String> = counts.into_iter().chain(more).collect();
        self.line(0, &counts.join(", "));
        for d in &r.diagnostics {
            let (word, style) = match d.severity {
                Severity::Error => ("error", RED),
                Severity::Warning => ("warning", YELLOW),
                Severity::Note => ("note", DIM),
            };
            let place = if d.line > 0 { format!(" line {}", d.line) } else { String::new() };
            let text = format!("{}: {}", self.paint(style, &format!("{word}{place}")), d.message);
            self.line(0, &text);
        }
    }
}

fn reminded(ms: i64) -> String {
    if ms == 0 { "never reminded of".into() } else { format!("reminded of after {}", span(ms)) }
}

fn many(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

fn heading(label: Option<&str>, title: &Rich) -> String {
    let title = one_line(&title.to_plain());
    label.map_or_else(|| title.clone(), |l| format!("{l} {title}"))
}

fn state_words(state: BoxState) -> &'static str {
    match state {
        BoxState::Skipped => "marked as skipped",
        BoxState::InProgress => "marked as in progress",
        BoxState::Important => "marked as important",
        BoxState::Unclear => "marked, unclear how",
    }
}

fn branch_words(branch: Branch) -> &'static str {
    match branch {
        Branch::Forward => "forward",
        Branch::Watch => "rollback criteria",
        Branch::Rollback => "rollback",
        Branch::AfterSuccess => "after success",
        Branch::AfterRollback => "after a rollback",
        Branch::FollowUp => "follow-up",
        Branch::OnDemand => "on demand",
    }
}

fn field_line(f: &Field) -> String {
    let mut out = format!("✎ {}: ", f.label);
    match (&f.value, f.choices.is_empty()) {
        (Some(value), true) => out.push_str(value),
        (_, false) => out.push_str(&f.choices.join(" / ")),
        _ => out.push_str("____"),
    }
    if let (Some(value), false) = (&f.value, f.choices.is_empty()) {
        let _ = write!(out, " (now {value})");
    }
    if let Some(unit) = &f.unit {
        let _ = write!(out, " {unit}");
    }
    if let Some(target) = &f.target {
        let _ = write!(out, " (target: {target})");
    }
    match &f.role {
        Some(role) => _ = write!(out, "  [sign-off: {role}]"),
        None if f.kind != FieldKind::Text => _ = write!(out, "  [{}]", f.kind.word()),
        None => {}
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line of at most 100 characters.
fn brief(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::read;

    const PAGE: &str = "# T\n\nWhy.\n\n## 1. A\n\n- [ ] **x** (if needed)\n  ```sh\n  run a\n  run b\n  ```\n\n## Rollback\n1. back\n\nRate: ___% (target: <1%)\n\n| a |\n|---|\n| b |\n";

    #[test]
    fn a_tree_to_read() {
        let plain = tree("t.md", &read("t", PAGE.as_bytes()), None, false);
        let expected = "t.md: T\n  Why.\n\n1. A\n  1  A\n     1.1 ☐ x (if needed)  (optional)\n       $ run a … (+1 lines)\n\nRollback\n  2  Rollback  [rollback]\n     · a\n     · b\n     ✎ Rate: ____ % (target: <1%)  [percent]\n     2.1 → back\n\n1 checkbox, 1 item, 1 step, 1 field, 1 command\nnote line 18: 1 table(s) without boxes, the first on this line, are kept as notes.\n";
        assert_eq!(plain, expected);
        let painted = tree("t.md", &read("t", PAGE.as_bytes()), None, true);
        assert!(painted.contains("\u{1b}[36m1.1\u{1b}[0m"));
        assert!(tree("e.md", &read("e", b"x"), None, false).starts_with("e.md: cannot be walked\n0 checkboxes"));
    }

    #[test]
    fn the_same_as_data() {
        let value = json(&[("t.md".to_owned(), read("t", PAGE.as_bytes()))], None);
        assert_eq!(value[0]["counts"]["checkboxes"], 1);
        let item = &value[0]["phases"][0]["sections"][0]["items"][0];
        assert_eq!(item["number"], "1.1");
        assert_eq!(item["text"], "x (if needed)");
        assert_eq!(item["kind"], "task");
        assert_eq!(value[0]["phases"][1]["sections"][0]["branch"], "rollback");
        assert_eq!(value[0]["diagnostics"][0]["severity"], "note");
    }
}
