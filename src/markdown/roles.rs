//! Lines and tables about people: who signs, and whom to reach.

use super::blocks::{Block, Kind};
use super::words::{self, Pattern, pattern};
use crate::domain::checklist::Field;
use crate::domain::meaning::{Contact, FieldKind, Way, WayKind};
use crate::domain::text::Rich;
use std::sync::LazyLock;

/// Longest role, in characters: more is a sentence.
const LONGEST_ROLE: usize = 60;

static LABELLED_BLANK: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"^(?P<role>[^:：_\[\]]{2,60})[:：]\s*(?:_{2,}|…{2,}|\.{5,}|\[[^\[\]]{2,40}\])(?P<rest>.*)$")
});
static SIGNED: LazyLock<Pattern> = LazyLock::new(|| {
    let signs: Vec<&str> = words::SIGNS.iter().chain(words::REVIEWS).copied().collect();
    pattern(&format!(r"(?i)^(?P<role>[^:,.;()]{{2,60}}?)\s+(?P<sign>{})\b(?P<rest>.*)$", signs.join("|")))
});
static EMAIL: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^[^\s@]+@[^\s@]+\.[^\s@]+$"));
static PHONE: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^\+?[0-9(][0-9 ()./-]{4,}(?:\s*(?:x|ext\.?)\s*\d+)?$"));

/// The role a line is the sign-off of. `signing`: its section, or the item above it, is about signing off.
pub(super) fn sign_off(text: &str, signing: bool) -> Option<String> {
    if let Some(found) = LABELLED_BLANK.captures(text) {
        let role = found.name("role")?.as_str();
        let rest = found.name("rest").map_or("", |m| m.as_str()).to_lowercase();
        let own = role.to_lowercase().trim().ends_with("signature");
        let blank = rest.contains("__") && words::says::SIGNATURE.is_match(&rest);
        return (signing || own || blank).then(|| without_signature(role)).filter(|r| !r.is_empty());
    }
    let found = SIGNED.captures(text)?;
    let role = found.name("role")?.as_str().trim();
    let sign = found.name("sign")?.as_str().to_lowercase();
    let review = words::REVIEWS.contains(&sign.as_str());
    let role = without_verbs(role);
    let last = role.split([' ', '/', '-']).next_back()?.to_lowercase();
    let person = is_role_end(&last) && !(review && words::MATTERS.contains(&last.as_str()));
    (person && (signing || !review)).then(|| role.to_owned())
}

/// "Obtain explicit owner approval" is the owner's.
fn without_verbs(role: &str) -> &str {
    let mut rest = role;
    while let Some((first, more)) = rest.split_once(' ')
        && words::SIGN_VERBS.contains(&first.to_lowercase().as_str())
    {
        rest = more.trim_start();
    }
    rest
}

/// The role of a bold label in a section about signing off: `**QA Lead**: Test plan executed`.
pub(super) fn role_label(label: &str) -> Option<String> {
    let label = label.trim_end_matches([':', '：', ' ']);
    let last = label.split([' ', '/', '-']).next_back()?.to_lowercase();
    (label.chars().count() <= LONGEST_ROLE && is_role_end(&last)).then(|| label.to_owned())
}

static OWNED: LazyLock<Pattern> = LazyLock::new(|| {
    let labels: Vec<&str> = words::all(|l| l.owner).collect();
    pattern(&format!(r"(?i)(?:^|[\s(|])(?:{})\s*[:：]\s*(?P<who>[^.;|()_\[\]]{{2,40}})", labels.join("|")))
});

/// Who is to do an item, as its words or a line below it say: "Owner: Platform".
pub(super) fn owner(text: &str, notes: &[Rich]) -> Option<String> {
    let of = |text: &str| {
        let who = OWNED.captures(text)?.name("who")?.as_str().trim().trim_matches(['*', ',']).trim();
        (who.chars().any(char::is_alphabetic) && !who.eq_ignore_ascii_case("tbd")).then(|| who.to_owned())
    };
    if !text.contains([':', '：']) && notes.is_empty() {
        return None;
    }
    let labelled = |note: &Rich| note.0.first().is_some_and(|s| s.text.len() < 40);
    notes.iter().filter(|n| labelled(n)).map(Rich::to_plain).find_map(|n| of(&n)).or_else(|| of(text))
}

/// True for the last word of a role, in lower case.
pub(super) fn is_role_end(word: &str) -> bool {
    words::ROLE_ENDS.contains(&word)
}

/// "Technical Lead Signature" signs for the technical lead.
fn without_signature(role: &str) -> String {
    let role = role.trim();
    let lower = role.to_ascii_lowercase();
    let cut = lower.strip_suffix("signature").map_or(role.len(), str::len);
    role.get(..cut).unwrap_or(role).trim().trim_end_matches('\'').to_owned()
}

/// Marks the fields of a line of signatures: the first is the role's, the others belong to it.
pub(super) fn mark_signatures(fields: &mut [Field], signing: bool) {
    let labels: Vec<String> = fields.iter().map(|f| f.label.to_lowercase()).collect();
    for i in 0..fields.len() {
        let follows = |j: usize| {
            let same_line = fields.get(j).is_some_and(|f| f.line == fields[i].line);
            same_line
                && labels[j].starts_with(&labels[i])
                && words::says::SIGNATURE.is_match(&labels[j][labels[i].len()..])
        };
        let followed = follows(i + 1);
        let named = labels[i].ends_with("signature") && !(i > 0 && labels[i].starts_with(&labels[i - 1]));
        let is_role = without_signature(&labels[i]).split_whitespace().last().is_some_and(is_role_end);
        if followed || named || (signing && is_role && fields[i].choices.is_empty()) {
            let role = without_signature(&fields[i].label);
            fields[i].kind = FieldKind::Person;
            fields[i].role = Some(role).filter(|r| !r.is_empty());
        }
    }
}

/// The contacts the lines and tables of a contact section name. Lines such as "Name: …", "Phone: …" are one card, of
/// the role the section's `title` is.
pub(super) fn contacts(title: &str, blocks: &[Block]) -> Vec<Contact> {
    let mut out: Vec<Contact> = Vec::new();
    let mut card: Option<Contact> = None;
    for block in blocks {
        match &block.kind {
            Kind::Lines(lines) => {
                for (line, text) in lines {
                    if on_card(&mut card, title, *line, text) {
                        continue;
                    }
                    out.extend(contact(text, *line));
                }
            }
            Kind::Table(rows) => out.extend(table_contacts(rows, block.line)),
            _ => {}
        }
    }
    out.extend(card);
    out.sort_by_key(|c| c.line);
    out
}

/// Puts "Name: …" or "Phone: …" on the section's card; false for other lines.
fn on_card(card: &mut Option<Contact>, title: &str, line: u32, text: &Rich) -> bool {
    let plain = text.to_plain();
    let Some((label, value)) = plain.split_once([':', '：']) else { return false };
    let label = label.trim().to_lowercase();
    let value = value.trim();
    let value = (!value.is_empty() && !value.starts_with('[') && !value.starts_with("__")).then(|| value.to_owned());
    let way = words::COLUMN_WAY.iter().find(|(w, _)| label == *w).map(|(_, kind)| *kind);
    let named = words::CARD_NAME.contains(&label.as_str());
    // "Contact: …" alone may be anything; it joins a card, and does not start one.
    if (way.is_none() && !named) || (card.is_none() && matches!(label.as_str(), "contact" | "channel" | "link" | "url"))
    {
        return false;
    }
    let role = || Contact { role: title.to_owned(), line, ..Contact::default() };
    let card = card.get_or_insert_with(role);
    match way {
        Some(kind) => card.ways.push(Way { kind, value }),
        None => card.name = value,
    }
    true
}

/// `**On-Call DevOps**: [Phone/Email]`, `CTO: Ann Lee, +49 30 1234, ann@example.com`.
fn contact(line: &Rich, number: u32) -> Option<Contact> {
    let plain = line.to_plain();
    let (role, rest) = plain.split_once([':', '：'])?;
    let role = role.trim().trim_matches(['*', '-', '•', ' ']).trim();
    let bold = line.0.iter().find(|s| !s.text.trim().is_empty()).is_some_and(|s| s.bold);
    let rest = rest.trim();
    let fits = role.chars().count() <= LONGEST_ROLE && role.chars().any(char::is_alphabetic) && !rest.is_empty();
    if !fits || rest.starts_with("//") {
        return None;
    }
    let mut contact = Contact { role: role.to_owned(), line: number, ..Contact::default() };
    let inside = rest.strip_prefix('[').and_then(|r| r.strip_suffix(']'));
    let parts = inside.unwrap_or(rest).split([',', '|', ';']).flat_map(|p| {
        // "Phone/Email" are two ways; an address keeps its slashes.
        if p.contains("://") { vec![p] } else { p.split(['/', '·', '–', '—']).collect() }
    });
    for part in parts.map(str::trim).filter(|p| !p.is_empty()) {
        add_way(&mut contact, part);
    }
    let person = role.split_whitespace().last().is_some_and(|w| is_role_end(&w.to_lowercase()));
    // "Repository: https://…" and "Escalation path: A → B" stand among contacts, but nobody is reached by them.
    let reached = contact.ways.iter().any(|w| w.value.is_none() || !matches!(w.kind, WayKind::Link | WayKind::Other));
    let named = contact.name.is_some() && (bold || contact.ways.is_empty());
    (reached || person || named || (bold && inside.is_some())).then_some(contact)
}

/// Sorts one part of a contact's line: a way with or without a value, or a name.
fn add_way(contact: &mut Contact, part: &str) {
    let lower = part.to_lowercase();
    if part.chars().all(|c| matches!(c, '_' | '.' | '…' | '-' | ' ')) || lower == "name" || lower == "tbd" {
        return;
    }
    if let Some((_, kind)) = words::COLUMN_WAY.iter().find(|(word, _)| lower == *word) {
        contact.ways.push(Way { kind: *kind, value: None });
        return;
    }
    // "Slack: @ann", "phone +49 …": the word says what the rest is.
    let (said, value) = match part.split_once([':', ' ']) {
        Some((word, rest)) => {
            let word = word.to_lowercase();
            let kind = words::COLUMN_WAY.iter().find(|(w, _)| *w == word).map(|(_, kind)| *kind);
            (kind, if kind.is_some() { rest.trim() } else { part })
        }
        None => (None, part),
    };
    match said.or_else(|| way(value)) {
        Some(kind) => contact.ways.push(Way { kind, value: Some(value.to_owned()) }),
        None if contact.name.is_none() && contact.ways.is_empty() && is_name(value) => {
            contact.name = Some(value.to_owned());
        }
        None => contact.ways.push(Way { kind: WayKind::Other, value: Some(value.to_owned()) }),
    }
}

fn way(value: &str) -> Option<WayKind> {
    if EMAIL.is_match(value) {
        Some(WayKind::Email)
    } else if PHONE.is_match(value) && value.bytes().filter(u8::is_ascii_digit).count() >= 5 {
        Some(WayKind::Phone)
    } else if value.starts_with(['#', '@']) {
        Some(WayKind::Chat)
    } else if value.starts_with("http://") || value.starts_with("https://") {
        Some(WayKind::Link)
    } else {
        None
    }
}

fn is_name(value: &str) -> bool {
    let words = value.split_whitespace().count();
    let letters = |c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '’' | '-' | '(' | ')' | '&');
    (1..=5).contains(&words) && value.chars().all(letters)
}

/// Where a table's columns of people stand.
struct Columns {
    role: usize,
    name: Option<usize>,
    ways: Vec<(usize, WayKind)>,
    signed: bool,
}

fn columns(rows: &[Vec<Rich>]) -> Option<Columns> {
    let header: Vec<String> = rows.first()?.iter().map(|c| c.to_plain().trim().to_lowercase()).collect();
    let at = |names: &[&str]| header.iter().position(|h| names.contains(&h.as_str()));
    let role = at(words::COLUMN_ROLE)?;
    let ways: Vec<(usize, WayKind)> = header
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != role)
        .filter_map(|(i, h)| words::COLUMN_WAY.iter().find(|(w, _)| h.starts_with(w)).map(|(_, kind)| (i, *kind)))
        .collect();
    let name = header
        .iter()
        .enumerate()
        .position(|(i, h)| i != role && words::COLUMN_NAME.contains(&h.as_str()) && !ways.iter().any(|(w, _)| *w == i));
    let signed = header.iter().any(|h| words::COLUMN_SIGNED.contains(&h.as_str()));
    (name.is_some() || signed || !ways.is_empty()).then_some(Columns { role, name, ways, signed })
}

fn cell(row: &[Rich], at: usize) -> Option<String> {
    let text = row.get(at)?.to_plain();
    let text = text.trim();
    let blank = text.chars().all(|c| matches!(c, '_' | '-' | '.' | '…' | '[' | ']' | ' '));
    (!blank && !text.is_empty()).then(|| text.to_owned())
}

fn table_contacts(rows: &[Vec<Rich>], line: u32) -> Vec<Contact> {
    let Some(columns) = columns(rows) else { return Vec::new() };
    let body = rows.iter().skip(1);
    let contact = |row: &Vec<Rich>| {
        let role = cell(row, columns.role)?;
        let name = columns.name.and_then(|at| cell(row, at)).filter(|n| !n.starts_with('['));
        let ways = columns.ways.iter().map(|(at, kind)| {
            let value = cell(row, *at).filter(|v| !v.starts_with('['));
            let kind = value.as_deref().and_then(way).unwrap_or(*kind);
            Way { kind, value }
        });
        Some(Contact { role, name, ways: ways.collect(), line })
    };
    body.filter_map(contact).collect()
}

/// The blanks of sign-off tables, one for each role; a table that became blanks row by row is taken out.
pub(super) fn table_signatures(blocks: &mut Vec<Block>, signing: bool) -> Vec<Field> {
    let mut out = Vec::new();
    blocks.retain(|block| {
        let Kind::Table(rows) = &block.kind else { return true };
        let Some(columns) = columns(rows).filter(|c| c.signed || (signing && c.ways.is_empty())) else { return true };
        let before = out.len();
        for row in rows.iter().skip(1) {
            let boxes =
                row.iter().any(|c| c.to_plain().contains(['☐', '☑', '☒', '✅', '⬜']) || c.to_plain().contains("[ ]"));
            if let Some(role) = cell(row, columns.role).filter(|r| !boxes && !r.starts_with('[')) {
                let value = columns.name.and_then(|at| cell(row, at)).filter(|v| !v.starts_with('['));
                let (label, line) = (role.clone(), block.line);
                out.push(Field { label, kind: FieldKind::Person, role: Some(role), value, line, ..Field::default() });
            }
        }
        // Cells that say more than who and when must not be lost.
        let said = |row: &Vec<Rich>| {
            let known = [Some(columns.role), columns.name];
            let others = (0..row.len()).filter(|i| !known.contains(&Some(*i)));
            others.filter(|i| cell(row, *i).is_some_and(|c| !c.starts_with('['))).count() > 0
        };
        out.len() - before + 1 != rows.len() || rows.iter().skip(1).any(said)
    });
    out
}

#[cfg(test)]
mod tests {
    use super::super::blocks::blocks;
    use super::*;

    #[test]
    fn who_signs() {
        for (text, signing, role) in [
            ("Developer: _______________ Signature: _______________", false, Some("Developer")),
            ("Technical Lead: _________ Date: ____", false, Some("Technical Lead")),
            ("QA: ____", true, Some("QA")),
            ("QA: ____", false, None),
            ("Technical lead sign-off obtained", false, Some("Technical lead")),
            ("Product owner approval obtained", true, Some("Product owner")),
            ("Database administrator approval", true, Some("Database administrator")),
            ("Backend engineer review", true, Some("Backend engineer")),
            ("Backend engineer review", false, None),
            ("Deployment manager authorization obtained", true, Some("Deployment manager")),
            ("Management approval (for production)", true, Some("Management")),
            ("Architecture review completed", true, None),
            ("Security review passed", true, None),
            ("Security sign-off", true, Some("Security")),
            ("Product owner notified", true, None),
            ("Change window approved and scheduled", true, None),
            ("Risk assessment accepted", true, None),
            ("Obtain explicit owner approval for the migration", false, Some("owner")),
            ("Product/Legal sign-off", false, Some("Product/Legal")),
        ] {
            assert_eq!(sign_off(text, signing).as_deref(), role, "{text}");
        }
    }

    fn all(text: &str) -> Vec<String> {
        let show = |c: &Contact| {
            let ways: Vec<String> =
                c.ways.iter().map(|w| format!("{:?}={}", w.kind, w.value.as_deref().unwrap_or("?"))).collect();
            format!("{}|{}|{}", c.role, c.name.as_deref().unwrap_or(""), ways.join(","))
        };
        contacts("Primary", &blocks(text, 1)).iter().map(show).collect()
    }

    #[test]
    fn whom_to_reach() {
        for (text, expected) in [
            ("- **On-Call DevOps**: [Phone/Email]\n", "On-Call DevOps||Phone=?,Email=?"),
            ("- [ ] **Technical Lead**: [Name, Contact]\n", "Technical Lead||Other=?"),
            ("- **Incident Channel**: #incident-{date}\n", "Incident Channel||Chat=#incident-{date}"),
            ("CTO: Ann Lee, +49 30 123456, ann@example.com\n", "CTO|Ann Lee|Phone=+49 30 123456,Email=ann@example.com"),
            ("- **Primary**: Bo Lee (site owner)\n", "Primary|Bo Lee (site owner)|"),
            ("- Lead: phone 555-12345\n", "Lead||Phone=555-12345"),
            ("- **Name**: Bo Lee\n- **Phone**: [Phone]\n- **Slack**: @bo\n", "Primary|Bo Lee|Phone=?,Chat=@bo"),
            ("- **CTO**: name, phone, e-mail\n", "CTO||Phone=?,Email=?"),
            (
                "| Role | Name | Phone | Slack |\n|-|-|-|-|\n| DBA | Bo | 555 1234 | @bo |\n",
                "DBA|Bo|Phone=555 1234,Chat=@bo",
            ),
        ] {
            assert_eq!(all(text), [expected], "{text}");
        }
        assert!(all("Call early: it costs 3 euros.\n").is_empty() && all("Just words\n").is_empty());
        assert!(all("- **Repository**: https://example.com/a\n- **Rollback**: See A_B.md\n").is_empty());
        assert!(all("| Step | Result |\n|-|-|\n| a | b |\n").is_empty());
    }

    #[test]
    fn tables_of_signatures() {
        let mut page =
            blocks("| Role | Name | Signature | Date |\n|-|-|-|-|\n| QA lead | ____ | | |\n| CTO | Ann | | |\n", 1);
        let found = table_signatures(&mut page, false);
        assert!(page.is_empty());
        let labels: Vec<_> = found.iter().map(|f| (f.label.as_str(), f.value.as_deref())).collect();
        assert_eq!(labels, [("QA lead", None), ("CTO", Some("Ann"))]);
    }
}
