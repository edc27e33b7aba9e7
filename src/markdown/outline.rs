//! Headings: which is the title, which are phases and sections, and what of them is numbering.

use super::blocks::{Block, Kind};
use super::inline::without;
use super::kinds;
use super::words::{self, Pattern, pattern};
use crate::domain::text::Rich;
use std::sync::LazyLock;

/// A heading and what stands directly below it.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// 1 to 6; 0 for what stands above all headings.
    pub(super) level: u8,
    /// Without its numbering.
    pub(super) title: Rich,
    /// The numbering as written.
    pub(super) label: Option<String>,
    /// The numbering, where it is a plain number.
    pub(super) plain: Option<u32>,
    pub(super) line: u32,
    /// The heading it stands under, the page's title not counted.
    pub(super) parent: Option<usize>,
    pub(super) blocks: Vec<Block>,
}

/// A page's headings in order.
#[derive(Debug)]
pub(super) struct Outline {
    /// The heading that is the page's title.
    pub(super) title: Option<Rich>,
    /// The first part holds what stands before the first phase; the title is not among the parts.
    pub(super) parts: Vec<Part>,
    /// The level whose headings are phases.
    pub(super) top: u8,
}

static LABEL: LazyLock<Pattern> = LazyLock::new(|| {
    let words = words::NUMBERED.join("|");
    pattern(&format!(
        r"^(?P<skip>[^\p{{L}}\p{{N}}]*?)(?P<label>\(?(?P<plain>\d{{1,4}})(?:[.)]\s|\s?[:\-–—]\s)|\d{{1,3}}(?:\.\d{{1,3}})+[.):]?\s|(?i:{words})\s+(?:\d{{1,3}}(?:\.\d{{1,3}})*|[IVXivx]{{1,5}}|[A-Za-z])(?:\s*[:.)]|\s+[\-–—])\s)\s*(?P<rest>.*[\p{{L}}\p{{N}}])"
    ))
});

/// Parts a heading into its numbering, the plain number if it is one, and the rest.
pub(super) fn numbering(heading: &Rich) -> (Option<String>, Option<u32>, Rich) {
    let plain = heading.to_plain();
    let Some(found) = LABEL.captures(&plain) else { return (None, None, heading.clone()) };
    let (Some(label), Some(rest)) = (found.name("label"), found.name("rest")) else {
        return (None, None, heading.clone());
    };
    let number = found.name("plain").and_then(|n| n.as_str().parse().ok()).filter(|n| (1..=9999).contains(n));
    (Some(label.as_str().trim().to_owned()), number, without(heading, label.start()..rest.start()))
}

/// Sorts blocks under their headings. `titled`: the front matter names the page already.
pub(super) fn outline(blocks: Vec<Block>, titled: bool) -> Outline {
    let levels: Vec<u8> = blocks
        .iter()
        .filter_map(|b| match b.kind {
            Kind::Heading { level, .. } => Some(level),
            _ => None,
        })
        .collect();
    let title_level = title_level(&levels, titled).or_else(|| title_over_phases(&blocks, titled));
    let rest = if title_level.is_some() { levels.get(1..).unwrap_or_default() } else { &levels[..] };
    let top = rest.iter().copied().min().unwrap_or(1);

    let mut title = None;
    let mut title_pending = title_level.is_some();
    let mut parts = vec![Part::default()];
    let mut open: Vec<usize> = Vec::new();
    for block in blocks {
        match block.kind {
            Kind::Heading { text, .. } if title_pending => {
                title_pending = false;
                title = Some(text);
                if let Some(first) = parts.first_mut() {
                    first.line = block.line;
                }
            }
            Kind::Heading { level, text } => {
                while open.last().and_then(|i| parts.get(*i)).is_some_and(|p| p.level >= level) {
                    open.pop();
                }
                let (label, plain, title) = numbering(&text);
                let parent = open.last().copied();
                open.push(parts.len());
                parts.push(Part { level, title, label, plain, line: block.line, parent, blocks: Vec::new() });
            }
            _ => {
                if let Some(part) = parts.last_mut() {
                    if part.line == 0 {
                        part.line = block.line;
                    }
                    part.blocks.push(block);
                }
            }
        }
    }
    Outline { title, parts: split_at_bold(parts), top }
}

/// The page's title is its first heading, if that is alone on its level and no other stands higher.
/// Below a first-level heading nothing more is asked; a lower one must have several headings below it.
fn title_level(levels: &[u8], titled: bool) -> Option<u8> {
    let (first, rest) = levels.split_first()?;
    let alone = rest.iter().all(|l| l > first);
    let is_title = *first == 1 || (!titled && rest.len() > 1);
    (alone && is_title).then_some(*first)
}

/// A first heading of the first level with only words below it is the title, though the phases are on that level too.
fn title_over_phases(blocks: &[Block], titled: bool) -> Option<u8> {
    let mut headings = blocks.iter().enumerate().filter_map(|(i, b)| match &b.kind {
        Kind::Heading { level, text } => Some((i, *level, text)),
        _ => None,
    });
    let ((at, 1, text), (next, 1, _)) = (headings.next()?, headings.next()?) else { return None };
    let words = blocks.get(at..next)?.iter().all(|b| !matches!(b.kind, Kind::Item { .. } | Kind::Code { .. }));
    (!titled && words && !kinds::is_reference(&[&text.to_plain()])).then_some(1)
}

/// Where at least two short lines each stand over a task list, they are headings in all but name: "**Before (1 week
/// before)**". A single one is, where it leads to another walk than the heading above: "**Rollback:**".
fn split_at_bold(parts: Vec<Part>) -> Vec<Part> {
    let cuts: Vec<Vec<(usize, Rich)>> = (0..parts.len()).map(|i| cuts(&parts, i)).collect();
    if cuts.iter().all(Vec::is_empty) {
        return parts;
    }
    let mut out: Vec<Part> = Vec::with_capacity(parts.len());
    let mut moved: Vec<usize> = Vec::with_capacity(parts.len());
    for (mut part, cuts) in parts.into_iter().zip(cuts) {
        part.parent = part.parent.and_then(|p| moved.get(p).copied());
        moved.push(out.len());
        let index = out.len();
        if cuts.is_empty() {
            out.push(part);
            continue;
        }
        let level = part.level + 1;
        let mut subs: Vec<Part> = Vec::new();
        for (at, title) in cuts.into_iter().rev() {
            let mut blocks = part.blocks.split_off(at);
            let line = blocks.first().map_or(part.line, |b| b.line);
            blocks.remove(0);
            let (label, _, title) = numbering(&title);
            subs.push(Part { level, title, label, plain: None, line, parent: Some(index), blocks });
        }
        out.push(part);
        out.extend(subs.into_iter().rev());
    }
    out
}

/// Lines of one part that are looked at for another walk.
const MOST_LABELS: usize = 20;

/// Where the lines that are headings stand among a part's blocks, and what they say.
fn cuts(parts: &[Part], index: usize) -> Vec<(usize, Rich)> {
    let Some(part) = parts.get(index).filter(|p| p.level > 0) else { return Vec::new() };
    let (bold, short, others) = label_lines(&part.blocks);
    for lines in [bold, short] {
        if lines.len() > 1 {
            return lines;
        }
    }
    let mut path = Vec::new();
    let mut at = Some(index);
    while let Some(p) = at.and_then(|i| parts.get(i)).filter(|_| !others.is_empty()) {
        path.push(p.title.to_plain());
        at = p.parent;
    }
    let path: Vec<&str> = path.iter().rev().map(String::as_str).collect();
    others
        .into_iter()
        .take(MOST_LABELS)
        .filter(|(at, title)| kinds::splits(&path, &title.to_plain(), *at == 0))
        .collect()
}

/// One-line paragraphs over lists: bold ones over boxes, short ones over boxes, and all that end with a colon or are
/// bold.
#[expect(clippy::type_complexity, reason = "three lists of one sort")]
fn label_lines(blocks: &[Block]) -> (Vec<(usize, Rich)>, Vec<(usize, Rich)>, Vec<(usize, Rich)>) {
    let (mut bold, mut short, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (i, pair) in blocks.windows(2).enumerate() {
        let [Block { depth: 0, kind: Kind::Lines(lines), .. }, Block { kind: Kind::Item { checkbox, .. }, .. }] = pair
        else {
            continue;
        };
        let [(_, line)] = lines.as_slice() else { continue };
        let plain = line.to_plain();
        let title = plain.trim_end_matches([':', '：', ' ']);
        let is_short = title.split_whitespace().count() <= 5
            && title.chars().count() <= 60
            && title.chars().any(char::is_alphabetic)
            && !title.ends_with(['.', '!', '?', ',', ';', '。']);
        let all_bold = all_bold(line);
        if let Some(title) = &all_bold
            && checkbox.is_some()
        {
            bold.push((i, title.clone()));
        }
        if is_short && checkbox.is_some() {
            short.push((i, Rich::plain(title)));
        }
        if (all_bold.is_some() || plain.ends_with([':', '：'])) && title.chars().count() <= 80 {
            others.push((i, Rich::plain(title)));
        }
    }
    (bold, short, others)
}

/// The words of a line that is bold throughout, without a colon at its end.
fn all_bold(line: &Rich) -> Option<Rich> {
    let bold = line.0.iter().all(|s| s.bold || matches!(s.text.trim(), "" | ":"));
    let plain = line.to_plain();
    let title = plain.trim_end_matches([':', ' ']);
    (bold && title.chars().any(char::is_alphabetic) && title.chars().count() <= 120).then(|| Rich::plain(title))
}

#[cfg(test)]
mod tests {
    use super::super::blocks::blocks;
    use super::super::inline::inline;
    use super::*;

    #[test]
    fn numbering_is_taken_out_of_headings() {
        for (heading, label, plain, title) in [
            ("21. Normal Completion", Some("21."), Some(21), "Normal Completion"),
            ("3) Go", Some("3)"), Some(3), "Go"),
            ("(4) Go", Some("(4)"), Some(4), "Go"),
            ("5 - Go", Some("5 -"), Some(5), "Go"),
            ("2.1 Details", Some("2.1"), None, "Details"),
            ("Phase 2: Validate", Some("Phase 2:"), None, "Validate"),
            ("Step 3 - Deploy", Some("Step 3 -"), None, "Deploy"),
            ("Gate 1: Approval", Some("Gate 1:"), None, "Approval"),
            ("Phase IV — Done", Some("Phase IV —"), None, "Done"),
            ("🚀 2. Launch", Some("2."), Some(2), "🚀 Launch"),
            ("Phase 2", None, None, "Phase 2"),
            ("5 working days before", None, None, "5 working days before"),
            ("Step by step", None, None, "Step by step"),
            ("Part of it: all", None, None, "Part of it: all"),
            ("2.", None, None, "2."),
            ("v1.2.0", None, None, "v1.2.0"),
        ] {
            let (l, p, t) = numbering(&inline(heading));
            assert_eq!((l.as_deref(), p, t.to_plain().as_str()), (label, plain, title), "{heading}");
        }
    }

    type Shape = (Option<String>, u8, Vec<(u8, String, Option<usize>)>);

    fn shape(text: &str) -> Shape {
        let o = outline(blocks(text, 1), false);
        (
            o.title.map(|t| t.to_plain()),
            o.top,
            o.parts.iter().map(|p| (p.level, p.title.to_plain(), p.parent)).collect(),
        )
    }

    #[test]
    fn titles_and_levels() {
        assert_eq!(shape("# T\n## A\n### B\n").0.as_deref(), Some("T"));
        assert_eq!(shape("# T\n## A\n### B\n").1, 2);
        assert_eq!(shape("# A\n- x\n# B\n## C\n"), {
            let parts =
                vec![(0, String::new(), None), (1, "A".into(), None), (1, "B".into(), None), (2, "C".into(), Some(2))];
            (None, 1, parts)
        });
        // Words alone below the first: it is the title of the others.
        assert_eq!(shape("# T\nwords\n# A\n- x\n# B\n").0.as_deref(), Some("T"));
        assert_eq!(shape("# Overview\nwords\n# A\n# B\n").0, None);
        assert_eq!(shape("T\n===\nA\n---\n").0.as_deref(), Some("T"));
        assert_eq!(shape("## T\n### A\n### B\n").0.as_deref(), Some("T"));
        assert_eq!(shape("## A\n### B\n").0, None);
        assert_eq!(shape("# T\n### A\n### B\n").1, 3);
        assert_eq!(shape("x").2.len(), 1);
    }

    #[test]
    fn bold_lines_over_lists_are_headings_where_there_are_several() {
        let (.., parts) = shape("# T\n## A\n**One:**\n- [ ] a\n\n**Two (later)**\n- [ ] b\n## B\n### C\n");
        let titles: Vec<_> = parts.iter().map(|p| (p.1.as_str(), p.2)).collect();
        assert_eq!(
            titles,
            [("", None), ("A", None), ("One", Some(1)), ("Two (later)", Some(1)), ("B", None), ("C", Some(4))]
        );
        // Short lines, and a single one that leads to another walk.
        let titles = |text: &str| shape(text).2.into_iter().map(|p| p.1).collect::<Vec<_>>();
        assert_eq!(
            titles("# T\n## A\nMinor checks\n- [ ] a\n\nMajor checks\n- [ ] b\n")[2..],
            ["Minor checks", "Major checks"]
        );
        assert_eq!(
            titles("# T\n## Rollback criteria\n- a\n\n**Rollback process:**\n1. b\n")[2..],
            ["Rollback process"]
        );
        assert_eq!(titles("# T\n## Deploy\n- [ ] a\n\nRoll back if:\n- b\n")[2..], ["Roll back if"]);
        assert_eq!(titles("# T\n## Deploy\n- [ ] a\n\nManual checks:\n- [ ] b\n").len(), 2);
        assert_eq!(shape("# T\n## A\n**Any of these:**\n- [ ] a\n").2.len(), 2);
    }
}
