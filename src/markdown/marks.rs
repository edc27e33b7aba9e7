//! Boxes as people draw them: `[ ]`, `[]`, `[OK]`, `[-]`, `☐`, and what each of them says.

use super::blocks::{Block, Kind};
use super::words::{Pattern, pattern};
use crate::domain::checklist::{BoxState, ItemKind};
use crate::domain::text::Rich;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Stand in the text for `<input type="checkbox">`, open and ticked, until it is known what they belong to.
pub(super) const INPUT: char = '\u{f8f0}';
/// See [`INPUT`].
pub(super) const INPUT_TICKED: char = '\u{f8f1}';

/// What brackets may hold besides a space, and what it says. A legend of the page goes before.
const WORDS: &[(&str, Says)] = &[
    ("ok", Says::Ticked),
    ("done", Says::Ticked),
    ("pass", Says::Ticked),
    ("passed", Says::Ticked),
    ("complete", Says::Ticked),
    ("completed", Says::Ticked),
    ("v", Says::Ticked),
    ("part", Says::State(BoxState::InProgress)),
    ("partial", Says::State(BoxState::InProgress)),
    ("wip", Says::State(BoxState::InProgress)),
    ("in progress", Says::State(BoxState::InProgress)),
    ("doing", Says::State(BoxState::InProgress)),
    ("n/a", Says::State(BoxState::Skipped)),
    ("na", Says::State(BoxState::Skipped)),
    ("skip", Says::State(BoxState::Skipped)),
    ("skipped", Says::State(BoxState::Skipped)),
    ("todo", Says::Open),
    ("open", Says::Open),
    ("pending", Says::Open),
    ("fail", Says::State(BoxState::Unclear)),
    ("failed", Says::State(BoxState::Unclear)),
    ("tbd", Says::State(BoxState::Unclear)),
];

/// Words by which a legend's explanation is understood, the first that is found; in lower case.
const MEANINGS: &[(&[&str], Says)] = &[
    (&["not started", "todo", "to do", "to-do", "open", "pending", "planned", "not done", "not yet"], Says::Open),
    (
        &["progress", "partial", "partly", "started", "wip", "ongoing", "doing", "half"],
        Says::State(BoxState::InProgress),
    ),
    (
        &[
            "skip",
            "skipped",
            "n/a",
            "not applicable",
            "cancel",
            "cancelled",
            "canceled",
            "defer",
            "deferred",
            "won't",
            "not needed",
            "dropped",
        ],
        Says::State(BoxState::Skipped),
    ),
    (
        &["important", "critical", "urgent", "block", "blocker", "attention", "priority"],
        Says::State(BoxState::Important),
    ),
    (
        &["not working", "broken", "fail", "failed", "failing", "unknown", "unsure", "untested", "question"],
        Says::State(BoxState::Unclear),
    ),
    (&["done", "complete", "verified", "ok", "pass", "work", "finished", "ready", "tested"], Says::Ticked),
];

/// What a box says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Open,
    Ticked,
    State(BoxState),
}

/// A box: what sort it is and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Task where a renderer draws it, else Box.
    pub(super) kind: ItemKind,
    pub(super) checked: bool,
    pub(super) state: Option<BoxState>,
}

impl Mark {
    /// A task-list item's box.
    pub(super) fn task(checked: bool) -> Self {
        Self { kind: ItemKind::Task, checked, state: None }
    }

    fn drawn(says: Says) -> Self {
        let state = if let Says::State(state) = says { Some(state) } else { None };
        Self { kind: ItemKind::Box, checked: says == Says::Ticked, state }
    }
}

/// How surely a sign is a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sure {
    /// `✅`, `❌`: only beside boxes that are open.
    Emoji,
    /// `[OK]`, `[-]`: at the start of a list item, or where a legend says so.
    Sign,
    /// `[ ]`, `[x]`, `☐`: wherever a line starts.
    Box,
}

/// A box at the start of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) mark: Mark,
    pub(super) sure: Sure,
    /// As written.
    pub(super) sign: String,
    /// Bytes of the text it takes, the white space after it included.
    pub(super) end: usize,
}

static BRACKETS: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^\[([^\[\]\n]{0,12})\]"));

/// What the page says its marks mean: lower-case content of the brackets → meaning.
#[derive(Debug, Default)]
pub(super) struct Legend(HashMap<String, Says>);

static EXPLAINED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\[(?P<mark>[^\[\]]{0,12})\][`*\s]*(?:=|:|-|–|—|→)?\s*(?P<words>[^\[\]`|·;,]{2,60})"));

impl Legend {
    /// Looks for lines such as "`[-]` In progress" or "Legend: [?] unknown, [OK] verified".
    pub(super) fn read(blocks: &[Block]) -> Self {
        let mut out = HashMap::new();
        for block in blocks {
            let Kind::Lines(lines) = &block.kind else { continue };
            for (_, line) in lines {
                // Where "[✔]" says it works, "[ X ]" says it does not.
                if line.0.first().is_some_and(|s| s.text.starts_with("[✔") || s.text.starts_with("[✓")) {
                    out.entry("x".to_owned()).or_insert(Says::State(BoxState::Unclear));
                }
                let code = line.0.iter().any(|s| s.code && BRACKETS.is_match(&s.text));
                if !code && !line.0.first().is_some_and(|s| is_legend(&s.text)) {
                    continue;
                }
                let plain = line.to_plain();
                for found in EXPLAINED.captures_iter(&plain) {
                    let (Some(mark), Some(words)) = (found.name("mark"), found.name("words")) else { continue };
                    let words = words.as_str().to_lowercase();
                    let meaning = MEANINGS.iter().find(|(any, _)| super::words::any(&words, any));
                    if let Some((_, says)) = meaning {
                        out.entry(mark.as_str().trim().to_lowercase()).or_insert(*says);
                    }
                }
            }
        }
        Self(out)
    }

    fn says(&self, content: &str) -> Option<Says> {
        self.0.get(&content.to_lowercase()).copied()
    }
}

fn is_legend(text: &str) -> bool {
    let text = text.trim_start().to_lowercase();
    ["legend", "key:", "status legend", "marks:", "symbols:"].iter().any(|w| text.starts_with(w))
}

/// The box a text starts with. `None` also where the first characters are code or a link.
pub(super) fn at_start(text: &Rich, legend: &Legend) -> Option<Found> {
    let first = text.0.first()?;
    if first.code || first.link.is_some() || !may_start(first.text.chars().next()?) {
        return None;
    }
    in_text(&text.to_plain(), legend)
}

fn may_start(c: char) -> bool {
    c == '[' || !c.is_ascii()
}

/// The box that plain characters start with.
pub(super) fn in_text(text: &str, legend: &Legend) -> Option<Found> {
    let first = text.chars().next()?;
    if first == '[' {
        return brackets(text, legend);
    }
    let (mark, sure) = drawn(first)?;
    let mut end = first.len_utf8();
    // An emoji may carry a sign that only says "as a picture".
    if text[end..].starts_with('\u{fe0f}') {
        end += '\u{fe0f}'.len_utf8();
    }
    let found = Found { mark, sure, sign: text[..end].to_owned(), end };
    let rest = text[end..].trim_start();
    if sure == Sure::Emoji
        && let Some(inner) = in_text(rest, legend).filter(|f| f.sure == Sure::Box)
    {
        // "✅ [ ] text": the box is what counts.
        return Some(Found { end: text.len() - rest.len() + inner.end, ..inner });
    }
    Some(spaced(found, text))
}

fn drawn(c: char) -> Option<(Mark, Sure)> {
    Some(match c {
        INPUT => (Mark::task(false), Sure::Box),
        INPUT_TICKED => (Mark::task(true), Sure::Box),
        '☐' | '⬜' | '🔲' | '◻' | '□' | '❏' | '❑' => (Mark::drawn(Says::Open), Sure::Box),
        '☑' | '☒' | '🗹' | '🗷' => (Mark::drawn(Says::Ticked), Sure::Box),
        '✅' | '✔' | '✓' => (Mark::drawn(Says::Ticked), Sure::Emoji),
        '❌' | '✗' | '✘' | '🟥' | '🔴' => (Mark::drawn(Says::Open), Sure::Emoji),
        '⏳' | '🔄' | '🚧' | '🟡' => (Mark::drawn(Says::State(BoxState::InProgress)), Sure::Emoji),
        _ => return None,
    })
}

fn brackets(text: &str, legend: &Legend) -> Option<Found> {
    let found = BRACKETS.captures(text)?;
    let (all, inside) = (found.get(0)?, found.get(1)?.as_str());
    let content = inside.trim();
    let mut chars = content.chars();
    let only = chars.next().filter(|_| chars.as_str().trim_start_matches('\u{fe0f}').is_empty());
    let rest = &text[all.end()..];
    let free = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ':');
    let (says, sure) = match (content, only) {
        ("", _) => (Says::Open, Sure::Box),
        ("x" | "X", _) => (legend.says("x").filter(|_| inside.len() > 1).unwrap_or(Says::Ticked), Sure::Box),
        _ if legend.says(content).is_some() && free => (legend.says(content)?, Sure::Sign),
        (_, Some(c)) if free => (sign(c)?, Sure::Sign),
        _ if free => {
            let word = content.to_lowercase();
            (WORDS.iter().find(|(w, _)| *w == word)?.1, Sure::Sign)
        }
        _ => return None,
    };
    // "[x]ylophone" and "[X]%" are no boxes; "[ ]text" and "[]text" are.
    if matches!(content, "x" | "X") && !free {
        return None;
    }
    let found = Found { mark: Mark::drawn(says), sure, sign: all.as_str().to_owned(), end: all.end() };
    Some(spaced(found, text))
}

/// What one sign between brackets says where no legend does.
fn sign(c: char) -> Option<Says> {
    Some(match c {
        '-' | '–' | '—' => Says::State(BoxState::Skipped),
        '~' | '/' | '\\' | '>' | '.' | 'o' | 'O' | '⏳' | '🔄' | '🚧' => Says::State(BoxState::InProgress),
        '!' | '*' | '⚠' | '❗' => Says::State(BoxState::Important),
        '?' | '❓' => Says::State(BoxState::Unclear),
        '✓' | '✔' | '✅' | '☑' | '√' | '+' | 'v' | 'V' | '×' => Says::Ticked,
        '✗' | '✘' | '❌' => Says::State(BoxState::Unclear),
        '_' => Says::Open,
        _ => return None,
    })
}

fn spaced(mut found: Found, text: &str) -> Found {
    let rest = &text[found.end..];
    found.end += rest.len() - rest.trim_start().len();
    found
}

static ANY_BOX: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\[[ xX]?\](?:\s|$)|[☐☑☒⬜🔲◻□\u{f8f0}\u{f8f1}]"));

/// How many boxes stand in a text, wherever.
pub(super) fn count(text: &str) -> usize {
    ANY_BOX.find_iter(text).count()
}

static LINE_BOX: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"(?m)^[ \t>]*(?:(?:[-*+•]|\d{1,4}[.)])[ \t]*)?(?:\[[ xX]?\](?:[ \t]|$)|\[[xX ]\]|[☐☑☒⬜🔲◻□])")
});

/// How many lines of a text start with a box, as written in Markdown.
pub(super) fn count_lines(text: &str) -> usize {
    LINE_BOX.find_iter(text).count()
}

/// Characters that may stand before a box in place of a list's own marker: `-[ ]`, `• [ ]`, `1.[ ]`.
static BULLET: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^(?:[-*+•·‣▪◦–—]|\d{1,4}[.)])\s{0,3}"));

/// The box a line of a paragraph starts with, where no list makes it, and whether a bullet stands before it.
pub(super) fn loose(line: &Rich, legend: &Legend) -> Option<(Found, bool)> {
    let first = line.0.first()?;
    if first.code || first.link.is_some() {
        return None;
    }
    let c = first.text.chars().next()?;
    if !may_start(c) && !matches!(c, '-' | '*' | '+' | '0'..='9') {
        return None;
    }
    let plain = line.to_plain();
    if count(&plain) > 1 {
        return None; // a choice
    }
    let bullet = BULLET.find(&plain).map_or(0, |m| m.end());
    let mut found = in_text(&plain[bullet..], legend)?;
    found.end += bullet;
    // Bold or code may begin right after the bullet; a box is plain.
    (found.end < plain.len() || found.sure == Sure::Box).then_some((found, bullet > 0))
}

#[cfg(test)]
mod tests {
    use super::super::blocks::blocks;
    use super::super::inline::inline;
    use super::*;

    fn says(text: &str) -> Option<(bool, Option<BoxState>, Sure)> {
        at_start(&inline(text), &Legend::default()).map(|f| (f.mark.checked, f.mark.state, f.sure))
    }

    #[test]
    fn boxes_people_draw() {
        use BoxState::*;
        for (text, expected) in [
            ("[ ] a", (false, None, Sure::Box)),
            ("[] a", (false, None, Sure::Box)),
            ("[]a", (false, None, Sure::Box)),
            ("[x] a", (true, None, Sure::Box)),
            ("[ X ] a", (true, None, Sure::Box)),
            ("☐ a", (false, None, Sure::Box)),
            ("☑️ a", (true, None, Sure::Box)),
            ("⬜ a", (false, None, Sure::Box)),
            ("[-] a", (false, Some(Skipped), Sure::Sign)),
            ("[~] a", (false, Some(InProgress), Sure::Sign)),
            ("[/] a", (false, Some(InProgress), Sure::Sign)),
            ("[!] a", (false, Some(Important), Sure::Sign)),
            ("[?] a", (false, Some(Unclear), Sure::Sign)),
            ("[✔] a", (true, None, Sure::Sign)),
            ("[✔️] a", (true, None, Sure::Sign)),
            ("[OK] a", (true, None, Sure::Sign)),
            ("[PART] a", (false, Some(InProgress), Sure::Sign)),
            ("[N/A] a", (false, Some(Skipped), Sure::Sign)),
            ("✅ a", (true, None, Sure::Emoji)),
            ("✅ [ ] a", (false, None, Sure::Box)),
        ] {
            assert_eq!(says(text), Some(expected), "{text}");
        }
        for text in
            ["`[ ]` a", "[a](http://x.example)", "[RC1] a", "[^1] a", "[X]% of it", "[x]yz", "[OK]ay", "a [ ]", "", "1"]
        {
            assert_eq!(says(text), None, "{text}");
        }
    }

    #[test]
    fn a_legend_has_the_last_word() {
        let legend = Legend::read(&blocks("Legend: `[OK]` verified · `[>]` skipped\n\n- `[-]` In progress\n", 1));
        let state = |t: &str| at_start(&inline(t), &legend).and_then(|f| f.mark.state);
        assert_eq!(state("[-] a"), Some(BoxState::InProgress));
        assert_eq!(state("[>] a"), Some(BoxState::Skipped));
        assert!(Legend::read(&blocks("see [-] skipped\n", 1)).0.is_empty());
    }

    #[test]
    fn loose_boxes_and_choices() {
        let is = |t: &str| loose(&inline(t), &Legend::default()).map(|(f, bullet)| (f.end, bullet));
        assert_eq!(is("-[ ] a"), Some((5, true)));
        assert_eq!(is("[ ] a"), Some((4, false)));
        assert_eq!(is("• [x] a").map(|f| f.1), Some(true));
        assert_eq!(is("[ ] GO [ ] NO-GO"), None);
        assert_eq!(is("-5 degrees"), None);
        assert_eq!(count("a [ ] b [x] c ☐"), 3);
        assert_eq!(count_lines("- [ ] a\n  * [x] b\n[] c\n-[ ] d\ntext [ ] e\n☐ f"), 5);
    }
}
