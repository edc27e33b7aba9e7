//! Tables with boxes: a row is an item, its other cells are its text and notes, the header gives them labels.

use super::inline::{join, without};
use super::marks::{self, Found, Legend, Mark, Sure};
use super::words;
use crate::domain::text::{Rich, Span};

/// A row of a table that has boxes.
#[derive(Debug)]
pub(super) struct Row {
    /// Its place in the table; the header is 0.
    pub(super) index: usize,
    /// The row's own box; none where it has several, or nothing at all to tick.
    pub(super) mark: Option<Mark>,
    pub(super) sign: String,
    pub(super) text: Rich,
    /// The other cells, with their labels.
    pub(super) notes: Vec<Rich>,
    /// Several boxes in one row: each with its sign and its column's label.
    pub(super) boxes: Vec<(Mark, String, Rich)>,
}

/// How many cells a line of a table has as written.
pub(super) fn cells(source: &str) -> usize {
    let line = inner(source);
    1 + line.matches('|').count() - line.matches("\\|").count()
}

/// The last cell of a line of a table, as written.
pub(super) fn last_cell(source: &str) -> &str {
    inner(source).rsplit('|').next().unwrap_or_default().trim()
}

fn inner(source: &str) -> &str {
    let line = source.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    line.strip_suffix('|').unwrap_or(line)
}

/// The rows of a table, if it has boxes. `shifted`: the header has no cell for the box in front.
pub(super) fn read(rows: &[Vec<Rich>], shifted: bool, legend: &Legend) -> Option<Vec<Row>> {
    let header = rows.first()?;
    // A header with a box is the first row of a table without labels.
    let labelled = !header.iter().any(|c| cell(c, legend).is_some_and(|f| f.sure > Sure::Emoji));
    let body: Vec<(usize, &Vec<Rich>)> = rows.iter().enumerate().skip(usize::from(labelled)).collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let columns = columns(&body, width, legend);
    if !columns.iter().any(|c| *c) {
        return None;
    }
    let label = |column: usize| {
        let column = if shifted { column.checked_sub(1) } else { Some(column) };
        column.filter(|_| labelled).and_then(|c| header.get(c)).cloned().unwrap_or_default()
    };
    Some(body.into_iter().map(|(index, cells)| row(index, cells, &columns, &label, legend)).collect())
}

/// The box of a cell that has exactly one, at its start.
fn cell(cell: &Rich, legend: &Legend) -> Option<Found> {
    let found = marks::at_start(cell, legend)?;
    let plain = cell.to_plain();
    let bare = found.end >= plain.len();
    (marks::count(&plain) < 2 && (bare || found.sure == Sure::Box)).then_some(found)
}

/// Which columns hold boxes. `✅` alone is a box where its whole column is made of such signs and no other column is:
/// several such columns compare things.
fn columns(body: &[(usize, &Vec<Rich>)], width: usize, legend: &Legend) -> Vec<bool> {
    let mut sure = vec![false; width];
    let mut signs = vec![0_usize; width];
    let mut ticks = vec![0_usize; width];
    let mut words = vec![0_usize; width];
    for (_, cells) in body {
        for (i, text) in cells.iter().enumerate().filter(|(_, c)| !c.is_empty()) {
            match cell(text, legend) {
                Some(found) => {
                    sure[i] |= found.sure == Sure::Box;
                    signs[i] += 1;
                    ticks[i] += usize::from(found.mark.checked);
                }
                None => words[i] += 1,
            }
        }
    }
    let drawn: Vec<usize> = (0..width).filter(|&i| !sure[i] && signs[i] > 0 && words[i] == 0).collect();
    if let [only] = drawn.as_slice()
        && ticks[*only] > 0
        && !sure.iter().any(|s| *s)
    {
        sure[*only] = true;
    }
    sure
}

fn row(index: usize, cells: &[Rich], columns: &[bool], label: &dyn Fn(usize) -> Rich, legend: &Legend) -> Row {
    let mut found: Vec<(usize, Found)> = Vec::new();
    let mut others: Vec<(usize, Rich)> = Vec::new();
    for (i, text) in cells.iter().enumerate() {
        match cell(text, legend).filter(|_| columns.get(i).copied().unwrap_or(false)) {
            Some(mark) => {
                let rest = without(text, 0..mark.end);
                if !rest.is_empty() {
                    others.push((i, rest));
                }
                found.push((i, mark));
            }
            None if !text.is_empty() => others.push((i, text.clone())),
            None => {}
        }
    }
    let mut text = Rich::default();
    let mut notes = Vec::new();
    let mut named = false;
    // What a blank of the row is to reach: "Requirement: ≥ 0.63".
    let target = others.iter().skip(1).find_map(|(i, words)| {
        let is_target = words::COLUMN_TARGET.contains(&label(*i).to_plain().trim().to_lowercase().as_str());
        let plain = words.to_plain();
        (is_target && plain.trim_start().starts_with(['<', '>', '≤', '≥', '='])).then(|| plain.trim().to_owned())
    });
    for (i, words) in others {
        let plain = words.to_plain();
        let blank = !plain.is_empty() && plain.chars().all(|c| matches!(c, '_' | ' ' | '.' | '…'));
        if named || ((blank || marks::count(&plain) > 1) && !text.is_empty()) {
            notes.push(note(&text, &label(i), &words, &plain, target.as_deref()));
            continue;
        }
        // A number or a short mark is not yet a text.
        named = plain.chars().filter(|c| c.is_alphabetic()).count() > 2 || plain.chars().any(|c| c > '\u{2fff}');
        join(&mut text, words);
    }
    // A box in the first column is the row's; the others only say how far it is.
    if found.len() > 1 && found.first().is_some_and(|(column, _)| *column == 0) && !text.is_empty() {
        for (i, mark) in found.split_off(1) {
            notes.push(note(&text, &label(i), &Rich::plain(mark.sign), "", None));
        }
    }
    let mut row = Row { index, mark: None, sign: String::new(), text, notes, boxes: Vec::new() };
    if found.len() == 1
        && !row.text.is_empty()
        && let Some((_, only)) = found.pop()
    {
        (row.mark, row.sign) = (Some(only.mark), only.sign);
    }
    row.boxes = found
        .into_iter()
        .map(|(i, found)| {
            let name = label(i);
            let name = if name.is_empty() { Rich::plain(format!("Column {}", i + 1)) } else { name };
            (found.mark, found.sign, name)
        })
        .collect();
    row
}

/// "Owner: Security". A blank is called by its row too: "Latency – Actual: ____".
fn note(row: &Rich, label: &Rich, words: &Rich, plain: &str, target: Option<&str>) -> Rich {
    let label = label.to_plain();
    if label.trim().is_empty() {
        return words.clone();
    }
    let blank = plain.contains("___");
    let row = row.to_plain();
    let label = if blank && row.chars().count() <= 60 {
        format!("{row} – {}: ", label.trim())
    } else {
        format!("{}: ", label.trim())
    };
    let mut out = Rich(vec![Span { text: label, bold: !blank, ..Span::default() }]);
    words.0.iter().cloned().for_each(|s| out.push(s));
    if let Some(target) = target.filter(|_| blank) {
        out.push(Span { text: format!(" (target: {target})"), ..Span::default() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{Kind, blocks};
    use super::*;

    fn rows(table: &str) -> Option<Vec<String>> {
        let Some(Kind::Table(rows)) = blocks(table, 1).into_iter().map(|b| b.kind).next() else { panic!("{table}") };
        let show = |r: Row| {
            let sign = r.mark.map_or("-", |m| if m.checked { "x" } else { "o" });
            let notes: Vec<_> = r.notes.iter().map(Rich::to_plain).collect();
            let boxes: Vec<_> = r.boxes.iter().map(|b| b.2.to_plain()).collect();
            format!("{sign} {} ({}) [{}]", r.text.to_plain(), notes.join("; "), boxes.join(" "))
        };
        {
            let width = rows[0].len();
            let shifted = table.lines().skip(2).all(|l| cells(l) == width + 1);
            read(&rows, shifted, &Legend::default())
        }
        .map(|rows| rows.into_iter().map(show).collect())
    }

    #[test]
    fn rows_with_boxes_are_items() {
        for (table, expected) in [
            (
                "|Check|Owner|Ok|\n|-|-|-|\n|Smoke|QA|[ ]|\n|Load|Ops|[x]|",
                &["o Smoke (Owner: QA) []", "x Load (Owner: Ops) []"][..],
            ),
            ("|Done|What|\n|-|-|\n|☐|Smoke|\n|☑|Load|", &["o Smoke () []", "x Load () []"]),
            ("|#|What|Done|\n|-|-|-|\n|1|Smoke|⬜|\n|2|Load|✅|", &["o 1 Smoke () []", "x 2 Load () []"]),
            ("|What|Done|\n|-|-|\n|Smoke|✅|\n|Load|❌|", &["x Smoke () []", "o Load () []"]),
            ("|What|Dev|Prod|\n|-|-|-|\n|Smoke|☐|☐|", &["- Smoke () [Dev Prod]"]),
            ("|A|B|\n|-|-|\n|[ ]|[ ]|", &["-  () [A B]"]),
            ("|Check|Need|Actual|\n|-|-|-|\n|[ ]|Latency|____|", &["o Latency (Latency – Actual: ____) []"]),
            ("|Check|What|Pass|\n|-|-|-|\n|[ ]|Latency|☐|", &["o Latency (Pass: ☐) []"]),
            (
                "|What|State|\n|-|-|\n|Ape|☐ Yes / ☐ No|\n|Bee|☐ later|",
                &["- Ape (State: ☐ Yes / ☐ No) []", "o Bee (State: later) []"],
            ),
            (
                "|Metric|Requirement|Actual|Pass|\n|-|-|-|-|\n|[ ]|Latency|< 5 ms|____|☐|",
                &["o Latency (Requirement: < 5 ms; Latency – Actual: ____ (target: < 5 ms)) []"],
            ),
            ("|Fold|AUC|Ok|\n|-|-|-|\n|1|____|☐|", &["o 1 (1 – AUC: ____) []"]),
            ("|[ ]|Smoke|\n|-|-|\n|[ ]|Load|", &["o Smoke () []", "o Load () []"]),
        ] {
            assert_eq!(rows(table).unwrap_or_default(), expected, "{table}");
        }
        for table in
            ["|A|B|\n|-|-|\n|x|y|", "|What|Free|Paid|\n|-|-|-|\n|SSO|❌|✅|\n|API|✅|✅|", "|A|B|\n|-|-|\n|x|❌|"]
        {
            assert_eq!(rows(table), None, "{table}");
        }
    }
}
