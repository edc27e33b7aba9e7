//! What headings and lines say about their section or item: branch, environment, optional, reference.

use super::blocks::{Block, Kind};
use super::fields::has_blank;
use super::words::{self, Pattern, any, pattern};
use crate::domain::checklist::Branch;
use crate::domain::meaning::{SectionKind, Window};
use std::sync::LazyLock;

static WITHIN: LazyLock<Pattern> = LazyLock::new(|| pattern(words::WITHIN));
static LATER: LazyLock<Pattern> = LazyLock::new(|| pattern(words::LATER));
static SPAN: LazyLock<Pattern> = LazyLock::new(|| pattern(words::SPAN));
static NTH_IN_BRACKETS: LazyLock<Pattern> = LazyLock::new(|| pattern(words::NTH_IN_BRACKETS));
static IF_BRACKET: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\((?P<if>(?:only )?(?:if|when|where|unless|in case)\b[^()]*)\)$"));
static IF_FIRST: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"^(?P<if>(?:if|in case of|in case)\s[^,:;]{3,60})[,:]\s*\S"));
static ENVIRONMENT_BRACKET: LazyLock<Pattern> = LazyLock::new(|| {
    let names: Vec<&str> = words::ENVIRONMENTS.iter().map(|(name, _)| *name).collect();
    let names = names.join("|");
    pattern(&format!(
        r"[(\[](?:(?:for|in|on) (?P<a>{names})(?: only| environments?)?|(?P<b>{names})(?: environment)? only|only (?:for|in|on) (?P<c>{names}))[)\]]$"
    ))
});

/// The branch of a section: its own words first, then those of the headings above it, nearest first.
///
/// `headings` are plain texts, outermost first, the section's own last; `lead` is its first paragraph.
pub(super) fn branch(headings: &[&str], lead: Option<&str>) -> Branch {
    let lower: Vec<String> = headings.iter().map(|h| normal(h)).collect();
    if let Some(lead) = lead.map(normal) {
        if words::SUCCESS_LEAD.iter().any(|w| lead.starts_with(w)) {
            return Branch::AfterSuccess;
        }
        if words::ROLLBACK_LEAD.iter().any(|w| lead.starts_with(w)) {
            return Branch::AfterRollback;
        }
        if watched(&lower, &lead) {
            return Branch::Watch;
        }
    }
    let mut windowed = false;
    for (i, heading) in lower.iter().enumerate().rev() {
        if let Some(branch) = own(heading) {
            // A window inside the rollback branch says when, not whether.
            let apart = matches!(branch, Branch::Watch | Branch::Rollback | Branch::AfterRollback | Branch::OnDemand);
            return if windowed && !apart { Branch::FollowUp } else { branch };
        }
        windowed |= window(heading, lower.get(..i).unwrap_or_default());
    }
    if windowed { Branch::FollowUp } else { Branch::Forward }
}

/// True when a first paragraph such as "Roll back if:" makes a section about rollback a list of criteria.
fn watched(headings: &[String], lead: &str) -> bool {
    let starts = words::WATCH_LEAD.iter().any(|w| lead.starts_with(w));
    starts && headings.iter().any(|h| any(h, words::ROLLBACK) && !any(h, words::AFTER_ROLLBACK))
}

/// What a section is for: its branch says it, or its environment, or its own words, or those of the headings above.
/// `only`: what it holds, if that is blanks alone or words alone.
pub(super) fn kind(headings: &[&str], branch: Branch, environment: bool, only: Option<SectionKind>) -> SectionKind {
    match branch {
        Branch::Watch => return SectionKind::RollbackCriteria,
        Branch::Rollback => return SectionKind::RollbackProcedure,
        Branch::AfterSuccess => return SectionKind::AfterSuccess,
        Branch::AfterRollback => return SectionKind::AfterRollback,
        Branch::OnDemand => return SectionKind::Troubleshooting,
        Branch::Forward | Branch::FollowUp => {}
    }
    if environment {
        return SectionKind::Environment;
    }
    let lower: Vec<String> = headings.iter().map(|h| normal(h)).collect();
    let own = lower.len().saturating_sub(1);
    for (i, heading) in lower.iter().enumerate().rev() {
        // "Documentation and Communication" says nothing of each section below it.
        if i < own && words::JOINS.iter().any(|j| heading.contains(j)) && !any(heading, &["go"]) {
            continue;
        }
        let Some(kind) = by_words(heading) else { continue };
        let fits = match kind {
            SectionKind::Information => only == Some(SectionKind::Information),
            // "Tools" below "Communication" is only for reading.
            _ if i < own && only == Some(SectionKind::Notes) => false,
            // Blanks below "Sign-off" about when and how long are information, not signatures.
            SectionKind::SignOff | SectionKind::Kpis if i < own => only.is_none(),
            _ => true,
        };
        if fits {
            return kind;
        }
    }
    if branch == Branch::FollowUp {
        return SectionKind::FollowUp;
    }
    only.unwrap_or_default()
}

fn by_words(heading: &str) -> Option<SectionKind> {
    words::SECTION_KINDS.iter().find(|(_, phrases)| any(heading, phrases)).map(|(kind, _)| *kind)
}

/// What a phase's heading says it is for.
pub(super) fn phase_kind(heading: &str) -> SectionKind {
    let branch = branch(&[heading], None);
    let information = by_words(&normal(heading)) == Some(SectionKind::Information);
    let only = is_reference(&[heading]).then_some(SectionKind::Notes);
    let only = only.or(information.then_some(SectionKind::Information));
    let kind = kind(&[heading], branch, any(&normal(heading), words::PER_ENVIRONMENT), only);
    if words::JOINS.iter().any(|j| normal(heading).contains(j)) && branch == Branch::Forward {
        return SectionKind::Tasks;
    }
    kind
}

/// The words that make a heading one of that kind.
pub(super) fn words_of(kind: SectionKind) -> &'static [&'static str] {
    words::SECTION_KINDS.iter().find(|(k, _)| *k == kind).map_or(&[], |(_, w)| w)
}

/// The walk a section of a kind belongs to, where an annotation says the kind; otherwise what it was.
pub(super) fn branch_of(kind: SectionKind, was: Branch) -> Branch {
    match kind {
        SectionKind::RollbackCriteria => Branch::Watch,
        SectionKind::RollbackProcedure => Branch::Rollback,
        SectionKind::AfterSuccess => Branch::AfterSuccess,
        SectionKind::AfterRollback => Branch::AfterRollback,
        SectionKind::Troubleshooting => Branch::OnDemand,
        SectionKind::FollowUp => Branch::FollowUp,
        SectionKind::Tasks => Branch::Forward,
        _ => was,
    }
}

/// When a section is due: its own heading says it, or the nearest above that does.
pub(super) fn due(headings: &[&str]) -> Option<Window> {
    let lower: Vec<String> = headings.iter().map(|h| normal(h)).collect();
    (0..lower.len()).rev().find_map(|i| super::windows::of_heading(headings.get(i)?, lower.get(..i)?))
}

/// Plain bullets are items in a section of criteria without boxes and numbers; they are marked as such here.
pub(super) fn bullets_to_items(headings: &[&str], blocks: &mut [Block]) -> bool {
    let lead = blocks.iter().find_map(|b| match &b.kind {
        Kind::Lines(lines) if b.depth == 0 => lines.first().map(|(_, l)| l.to_plain()),
        _ => None,
    });
    let branch = branch(headings, lead.as_deref());
    let kind = kind(headings, branch, false, None);
    if !matches!(kind, SectionKind::RollbackCriteria | SectionKind::SuccessCriteria) {
        return false;
    }
    if blocks.iter().any(|b| matches!(b.kind, Kind::Item { checkbox: Some(_), .. } | Kind::Item { ordered: true, .. }))
    {
        return false;
    }
    let blank: Vec<bool> = (0..blocks.len())
        .map(|i| match blocks.get(i + 1).map(|b| &b.kind) {
            Some(Kind::Lines(lines)) => lines.iter().any(|(_, l)| has_blank(&l.to_plain())),
            _ => true,
        })
        .collect();
    let mut any = false;
    for (block, blank) in blocks.iter_mut().zip(blank) {
        if let Kind::Item { ordered, .. } = &mut block.kind
            && block.depth == 1
            && !blank
        {
            *ordered = true;
            any = true;
        }
    }
    any
}

/// The environment an item alone is bound to: "(production only)".
pub(super) fn item_environment(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let found = ENVIRONMENT_BRACKET.captures(text.trim().trim_end_matches(['.', ';', ',']))?;
    let name = ["a", "b", "c"].iter().find_map(|n| found.name(n))?.as_str();
    words::ENVIRONMENTS.iter().find(|(word, _)| *word == name).map(|(_, word)| *word)
}

/// What an item depends on, in its own words: "if database changes".
pub(super) fn condition(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let bare = lower.trim().trim_end_matches(['.', '!', '?', ':', ';', ',']).trim_end();
    if let Some(found) = IF_BRACKET.captures(bare).or_else(|| IF_FIRST.captures(bare)) {
        return found.name("if").map(|m| m.as_str().trim().to_owned());
    }
    let open = bare.trim_end_matches([')', ']', '.', '*']).trim_end();
    let end = words::OPTIONAL_END.iter().chain(words::CONDITION_END).find(|w| open.ends_with(**w))?;
    let says = words::CONDITION.iter().any(|c| end.starts_with(c));
    says.then(|| (*end).to_owned())
}

/// Lower case, one kind of dash and apostrophe, single spaces.
fn normal(text: &str) -> String {
    let text = text.to_lowercase().replace(['‐', '‑'], "-").replace("post rollback", "post-rollback");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn own(heading: &str) -> Option<Branch> {
    if any(heading, words::ROLLBACK_PREPARED) {
        Some(Branch::Forward)
    } else if any(heading, words::WATCH) {
        Some(Branch::Watch)
    } else if any(heading, words::AFTER_ROLLBACK) {
        Some(Branch::AfterRollback)
    } else if any(heading, words::ROLLBACK) {
        Some(Branch::Rollback)
    } else if any(heading, words::AFTER_SUCCESS) {
        Some(Branch::AfterSuccess)
    } else if any(heading, words::ON_DEMAND) {
        Some(Branch::OnDemand)
    } else {
        None
    }
}

/// True when the heading names a time after the very first minutes.
fn window(heading: &str, above: &[String]) -> bool {
    let before = any(heading, words::BEFOREHAND);
    if let Some(found) = WITHIN.captures(heading) {
        return !before && found.name("unit").is_some_and(|u| !u.as_str().starts_with("min"));
    }
    if LATER.is_match(heading) || NTH_IN_BRACKETS.is_match(heading) {
        return !before;
    }
    let afterwards = any(heading, words::AFTERWARDS) || above.iter().any(|h| any(h, words::AFTERWARDS));
    if before || !afterwards {
        return false;
    }
    SPAN.captures(heading).is_some_and(|found| {
        let number = |name| found.name(name).and_then(|m| m.as_str().parse::<u32>().ok());
        if let Some(nth) = number("nth") {
            return nth > 0;
        }
        let minutes = found.name("unit2").is_some_and(|u| u.as_str().starts_with("min"));
        number("from") != Some(0) || !(minutes && number("to").is_some_and(|to| to <= 30))
    })
}

/// True when numbered lists under these headings are for reading.
pub(super) fn is_reference(headings: &[&str]) -> bool {
    headings.iter().map(|h| normal(h)).any(|h| {
        let bare = h.trim_matches(|c: char| !c.is_alphanumeric());
        any(&h, words::REFERENCE) || words::REFERENCE_ALONE.contains(&bare)
    })
}

/// The environment a section is bound to: a well-known one, below a heading that says "environment-specific".
pub(super) fn environment(headings: &[&str]) -> Option<&'static str> {
    let (own, above) = headings.split_last()?;
    if !above.iter().any(|h| any(&normal(h), words::PER_ENVIRONMENT)) {
        return None;
    }
    let own = normal(own);
    let mut parts = own.split(|c: char| !c.is_alphanumeric()).filter(|w| w.is_ascii() && !w.is_empty());
    let first = parts.next()?;
    let (_, word) = words::ENVIRONMENTS.iter().find(|(name, _)| *name == first)?;
    parts.all(|w| words::ENVIRONMENT_TAIL.contains(&w)).then_some(*word)
}

/// True for items that may be left out without a reason.
pub(super) fn is_optional(text: &str) -> bool {
    let text = text.to_lowercase();
    let text = text.trim().trim_end_matches(['.', '!', '?', ':', ';', ',']).trim_end();
    if IF_BRACKET.is_match(text) || words::OPTIONAL_START.iter().any(|w| text.starts_with(w)) {
        return true;
    }
    let open = text.trim_end_matches([')', ']', '.', '*']).trim_end();
    words::OPTIONAL_END.iter().any(|w| open.ends_with(w))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Branch::*;

    #[test]
    fn branches_by_heading() {
        for (path, expected) in [
            (&["Rollback Criteria"][..], Watch),
            (&["Rollback Procedures", "Rollback Decision Criteria"], Watch),
            (&["4. Rollback Procedures", "Triggers for Rollback"], Watch),
            (&["Rollback Procedures", "Execution"], Rollback),
            (&["Rollback Checklist", "If Rollback Needed"], Rollback),
            (&["Pre-Deployment Validation", "Rollback Preparation"], Forward),
            (&["Rollback", "Rollback Plan"], Forward),
            (&["Post-Deployment Actions", "Rollback Completion"], AfterRollback),
            (&["Post-rollback review"], AfterRollback),
            (&["Post-Deployment Actions", "Normal Completion"], AfterSuccess),
            (&["Troubleshooting Checklist", "Migration Fails"], OnDemand),
            (&["Post-Deployment Validation", "Immediate Validation (0-30 minutes)"], Forward),
            (&["Post-Deployment Validation", "Extended Validation (30 minutes - 2 hours)"], FollowUp),
            (&["Post-Deployment Validation", "Long-Term Validation (2-24 hours)"], FollowUp),
            (&["Post-Deployment", "Immediate Checks (Within 1 Hour)"], FollowUp),
            (&["Actions", "Immediate Actions (Within 24 hours)"], FollowUp),
            (&["Post-Deployment", "Short-term Monitoring (Day 1-7)"], FollowUp),
            (&["Post-Deployment", "Long-term Tasks (Week 1-4)"], FollowUp),
            (&["Verification", "First week (day 1-7)"], FollowUp),
            (&["Verification", "Long watch (2-24 hours)"], FollowUp),
            (&["Actions", "Long-term Actions (Within 1 month)"], FollowUp),
            (&["Communication", "Post-Migration (Day after)"], FollowUp),
            (&["Communication", "Pre-Migration (1 week before)"], Forward),
            (&["Deployment", "Phase 2: Migrate (30-60 minutes)"], Forward),
            (&["Rollback", "Verify (within 1 hour)"], Rollback),
            (&["After the release (within 1 day)", "Metrics"], FollowUp),
            (&["Success Criteria"], Forward),
            (&["Migration Success Indicators"], Forward),
            (&["Minor Issues (No Rollback)"], Forward),
            (&["Cut-over (T+0)"], Forward),
            (&["T+1h"], FollowUp),
        ] {
            assert_eq!(branch(path, None), expected, "{path:?}");
        }
        assert_eq!(branch(&["21. Done"], Some("If deployment successful:")), AfterSuccess);
        assert_eq!(branch(&["22. Done"], Some("If rollback required:")), AfterRollback);
    }

    #[test]
    fn environments_only_below_a_heading_that_says_so() {
        assert_eq!(environment(&["Environment-Specific Checklist", "Development"]), Some("development"));
        assert_eq!(environment(&["Environment-Specific Checklist", "🚀 Prod environment"]), Some("production"));
        assert_eq!(environment(&["Environment-Specific Checklist", "Production readiness"]), None);
        assert_eq!(environment(&["Deployment", "Staging Environment"]), None);
        assert_eq!(environment(&["Staging"]), None);
    }

    #[test]
    fn optional_items() {
        for text in [
            "Docs updated (if applicable)",
            "Maintenance mode enabled (if needed).",
            "Customers notified (if user-facing changes)",
            "Migration scripts prepared (if database changes)",
            "Inform people (if any).",
            "Sync stopped if needed",
            "Bake time (optional)",
            "Canary first - recommended",
            "Optional: clean up",
            "**Manual** (if automatic fails)",
        ] {
            assert!(is_optional(text), "{text}");
        }
        for text in ["Check if the site is up", "Backup (30 days)", "Approval (for production)", "The recommended way"]
        {
            assert!(!is_optional(text), "{text}");
        }
    }

    #[test]
    fn reference_headings() {
        assert!(is_reference(&["Appendix", "Quick Reference"]));
        assert!(is_reference(&["Important Notes"]) && is_reference(&["📝 Notes"]));
        assert!(!is_reference(&["Note the version"]) && !is_reference(&["Deploy"]));
    }
}
