//! What headings and lines say about their section or item: branch, environment, optional, reference.

use super::words::{self, Pattern, any, pattern};
use crate::domain::checklist::Branch;
use crate::domain::meaning::{SectionKind, Window};
use std::sync::LazyLock;

static WITHIN: LazyLock<Pattern> = LazyLock::new(|| pattern(words::WITHIN));
static LATER: LazyLock<Pattern> = LazyLock::new(|| pattern(words::LATER));
static SPAN: LazyLock<Pattern> = LazyLock::new(|| pattern(words::SPAN));
static NTH_IN_BRACKETS: LazyLock<Pattern> = LazyLock::new(|| pattern(words::NTH_IN_BRACKETS));
/// "(if database changes)", at the end of a line or of a sentence.
static IF_BRACKET: LazyLock<Pattern> = LazyLock::new(|| {
    let starts = escaped(words::all(|l| l.condition));
    pattern(&format!(r"[(（](?P<if>(?:only )?(?:{starts})\s[^()（）,;:]{{1,60}})[)）]\s*(?:$|[.,:;!?*–—-])"))
});
static IF_FIRST: LazyLock<Pattern> = LazyLock::new(|| {
    let starts = escaped(words::all(|l| l.condition).filter(|w| !words::WHEN.contains(w)));
    pattern(&format!(r"^(?P<if>(?:{starts})\s[^,:;]{{3,60}})[,:]\s*\S"))
});
/// "…, if the build is green".
static IF_LAST: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r",\s(?P<if>(?:only )?(?:if|unless|in case)\s[^,.;:()]{3,70})$"));
/// "(optional)", wherever it stands.
static OPTIONAL_BRACKET: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"[(\[（]\s*(?:{})\s*[)\]）]", escaped(words::all(|l| l.optional)))));
/// A condition of more words is an instruction.
const LONGEST_CONDITION: usize = 8;
static ENVIRONMENT_BRACKET: LazyLock<Pattern> = LazyLock::new(|| {
    let names: Vec<&str> = words::ENVIRONMENTS.iter().map(|(name, _)| *name).collect();
    let names = names.join("|");
    pattern(&format!(
        r"[(\[](?:(?:for|in|on) (?P<a>{names})(?: only| environments?)?|(?P<b>{names})(?: environment)? only|only (?:for|in|on) (?P<c>{names}))[)\]]$"
    ))
});

/// Phrases as alternatives of a pattern, longer ones first.
fn escaped(phrases: impl Iterator<Item = &'static str>) -> String {
    let mut all: Vec<&str> = phrases.collect();
    all.sort_by_key(|p| std::cmp::Reverse(p.len()));
    all.join("|")
}

/// The walk that a line over a list says by itself, where it is not the one of the headings above it: "**Rollback:**".
///
/// `first`: it is the first line below its heading, which speaks for the whole section already.
pub(super) fn splits(headings: &[&str], line: &str, first: bool) -> bool {
    let lead = format!("{}:", line.trim_end_matches([':', '：', ' ']));
    let above = branch(headings, Some(lead.as_str()).filter(|_| first), false);
    let all: Vec<&str> = headings.iter().copied().chain([line]).collect();
    let below = branch(&all, Some(&lead), true);
    below != above && !matches!(below, Branch::Forward | Branch::FollowUp)
}

/// The branch of a section: its own words first, then those of the headings above it, nearest first.
///
/// `headings` are plain texts, outermost first, the section's own last; `lead` is its first line. `acts`: its lines say
/// what to do, not what is ready, which is what tells a rollback plan from its preparation.
pub(super) fn branch(headings: &[&str], lead: Option<&str>, acts: bool) -> Branch {
    let lower: Vec<String> = headings.iter().map(|h| normal(h)).collect();
    if let Some(lead) = lead.map(normal) {
        if words::all(|l| l.success_lead).any(|w| lead.starts_with(w)) {
            return Branch::AfterSuccess;
        }
        if words::all(|l| l.rollback_lead).any(|w| lead.starts_with(w)) {
            return Branch::AfterRollback;
        }
        if watched(&lower, &lead) {
            return Branch::Watch;
        }
    }
    let mut windowed = false;
    for (i, heading) in lower.iter().enumerate().rev() {
        if let Some(branch) = own(heading, acts) {
            let above = || lower.iter().take(i).rev().find_map(|h| own(h, acts));
            // "Immediate rollback" below "Rollback criteria" says when, not how.
            let branch = match branch {
                Branch::Rollback if !any(heading, words::PROCEDURE) && above() == Some(Branch::Watch) => Branch::Watch,
                branch => branch,
            };
            // A window inside the rollback branch says when, not whether.
            let apart = matches!(branch, Branch::Watch | Branch::Rollback | Branch::AfterRollback | Branch::OnDemand);
            return if windowed && !apart { Branch::FollowUp } else { branch };
        }
        windowed |= window(heading, lower.get(..i).unwrap_or_default());
    }
    if windowed { Branch::FollowUp } else { Branch::Forward }
}

/// "Roll back if", and not "roll back if needed".
fn is_watch_lead(text: &str) -> bool {
    words::all(|l| l.watch_lead).any(|phrase| {
        text.split_once(phrase)
            .is_some_and(|(_, rest)| !words::NOT_A_LEAD.iter().any(|w| rest.trim_start().starts_with(w)))
    })
}

/// True when a first line such as "Roll back if:" starts a list of criteria.
fn watched(headings: &[String], lead: &str) -> bool {
    if !lead.ends_with([':', '：']) || lead.contains("not roll") || lead.contains("no roll") {
        return false;
    }
    let about =
        || headings.iter().any(|h| words::says::ROLLBACK.is_match(h) && !words::says::AFTER_ROLLBACK.is_match(h));
    is_watch_lead(lead) || (about() && words::WATCH_LEAD_BELOW.iter().any(|p| lead.contains(p)))
}

/// True below a heading about rolling back.
pub(super) fn about_rollback(headings: &[&str]) -> bool {
    headings.iter().any(|h| {
        let heading = normal(h);
        words::says::ROLLBACK.is_match(&heading) && !words::says::AFTER_ROLLBACK.is_match(&heading)
    })
}

/// True when most of the lines of a rollback plan say what to do; one that is only ready says so.
pub(super) fn acts(lines: impl Iterator<Item = String>) -> bool {
    let (mut all, mut ready) = (0_usize, 0_usize);
    for line in lines {
        all += 1;
        ready += usize::from(words::says::READY.is_match(&normal(&line)));
    }
    all > 0 && ready * 2 < all
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
    words::kind(heading)
}

/// What a phase's heading says it is for.
pub(super) fn phase_kind(heading: &str) -> SectionKind {
    let branch = branch(&[heading], None, false);
    let information = by_words(&normal(heading)) == Some(SectionKind::Information);
    let only = is_reference(&[heading]).then_some(SectionKind::Notes);
    let only = only.or(information.then_some(SectionKind::Information));
    let kind = kind(&[heading], branch, words::says::PER_ENVIRONMENT.is_match(&normal(heading)), only);
    if words::JOINS.iter().any(|j| normal(heading).contains(j)) && branch == Branch::Forward {
        return SectionKind::Tasks;
    }
    kind
}

/// True for words about signing off: "Technical approval", "Sign-off and approval".
pub(super) fn signs(text: &str) -> bool {
    by_words(&normal(text)) == Some(SectionKind::SignOff)
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

/// What is wrong with the window a heading, the last of these, seems to name.
pub(super) fn unread(headings: &[&str]) -> Option<String> {
    let (last, above) = headings.split_last()?;
    let above: Vec<String> = above.iter().map(|h| normal(h)).collect();
    super::windows::unread(&normal(last), &above)
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
    let leads = lower.trim_end().ends_with([':', '：']);
    let last = || if leads { None } else { IF_LAST.captures(bare) };
    let found = IF_BRACKET.captures(bare).or_else(|| IF_FIRST.captures(bare)).or_else(last);
    if let Some(said) = found.and_then(|f| f.name("if")).map(|m| m.as_str().trim())
        && said.split_whitespace().count() <= LONGEST_CONDITION
    {
        return Some(said.to_owned());
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

fn own(heading: &str, acts: bool) -> Option<Branch> {
    let bare = heading.trim_matches(|c: char| !c.is_alphanumeric());
    if words::says::ROLLBACK_PREPARED.is_match(heading) {
        Some(Branch::Forward)
    } else if words::says::WATCH.is_match(heading) || is_watch_lead(heading) {
        Some(Branch::Watch)
    } else if words::all(|l| l.success_lead).any(|w| heading.starts_with(w)) {
        Some(Branch::AfterSuccess)
    } else if words::all(|l| l.rollback_lead).any(|w| heading.starts_with(w))
        || words::says::AFTER_ROLLBACK.is_match(heading)
        || words::FAILURE_ALONE.contains(&bare)
    {
        Some(Branch::AfterRollback)
    } else if words::says::ROLLBACK_PLAN.is_match(heading) {
        Some(if acts { Branch::Rollback } else { Branch::Forward })
    } else if words::says::ROLLBACK.is_match(heading) {
        Some(Branch::Rollback)
    } else if words::says::AFTER_SUCCESS.is_match(heading) {
        Some(Branch::AfterSuccess)
    } else if words::says::ON_DEMAND.is_match(heading) || words::ON_DEMAND_ALONE.contains(&bare) {
        Some(Branch::OnDemand)
    } else {
        None
    }
}

/// True when the heading names a time after the very first minutes.
fn window(heading: &str, above: &[String]) -> bool {
    if !super::windows::says_time(heading) {
        return false;
    }
    let before = any(heading, words::BEFOREHAND);
    if let Some(found) = WITHIN.captures(heading) {
        return !before && found.name("unit").is_some_and(|u| !u.as_str().starts_with("min"));
    }
    let afterwards = is_afterwards(heading) || above.iter().any(|h| is_afterwards(h));
    let in_brackets = super::windows::is_wide(heading) || super::windows::lasts(heading, afterwards).is_some();
    if LATER.is_match(heading) || NTH_IN_BRACKETS.is_match(heading) || in_brackets {
        return !before;
    }
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

/// True for a heading about the time after the deployment.
pub(super) fn is_afterwards(heading: &str) -> bool {
    words::says::AFTERWARDS.is_match(heading)
}

/// True when numbered lists under these headings are for reading.
pub(super) fn is_reference(headings: &[&str]) -> bool {
    headings.iter().map(|h| normal(h)).any(|h| {
        let bare = h.trim_matches(|c: char| !c.is_alphanumeric());
        words::says::REFERENCE.is_match(&h) || words::REFERENCE_ALONE.contains(&bare)
    })
}

/// The environment a section is bound to: a well-known one, below a heading that says "environment-specific".
pub(super) fn environment(headings: &[&str]) -> Option<&'static str> {
    let (own, above) = headings.split_last()?;
    if !above.iter().any(|h| words::says::PER_ENVIRONMENT.is_match(&normal(h))) {
        return None;
    }
    let own = normal(own);
    let mut parts = own.split(|c: char| !c.is_alphanumeric()).filter(|w| w.is_ascii() && !w.is_empty());
    let first = parts.next()?;
    let (_, word) = words::ENVIRONMENTS.iter().find(|(name, _)| *name == first)?;
    parts.all(|w| words::ENVIRONMENT_TAIL.contains(&w)).then_some(*word)
}

/// True for items that may be left out without a reason, and for headings of such items.
pub(super) fn is_optional(text: &str) -> bool {
    let text = text.to_lowercase();
    let text = text.trim().trim_end_matches(['.', '!', '?', ':', ';', ',']).trim_end();
    if OPTIONAL_BRACKET.is_match(text) || words::OPTIONAL_START.iter().any(|w| text.starts_with(w)) {
        return true;
    }
    let open = text.trim_end_matches([')', ']', '.', '*']).trim_end();
    words::OPTIONAL_END.iter().any(|w| open.ends_with(w))
        || words::all(|l| l.optional).any(|w| w.contains(' ') && (open.ends_with(w) || starts_with_clause(text, w)))
}

/// "Se necessario, …".
fn starts_with_clause(text: &str, phrase: &str) -> bool {
    text.strip_prefix(phrase).is_some_and(|rest| rest.starts_with([',', ':', '，', '、']))
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
            assert_eq!(branch(path, None, false), expected, "{path:?}");
        }
        assert_eq!(branch(&["21. Done"], Some("If deployment successful:"), false), AfterSuccess);
        assert_eq!(branch(&["22. Done"], Some("If rollback required:"), false), AfterRollback);
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
            "Update the versions (if applicable). Note: not the tag",
            "Flip it off (if it was on). Then check",
            "Record it, if checking is unavailable.",
            "Benachrichtigung (bei Bedarf)",
            "Notificar al cliente (si aplica)",
            "Se sono cambiati i tipi, rigenerarli",
            "検証（任意）",
            "通知客户（如适用）",
        ] {
            assert!(is_optional(text) || condition(text).is_some(), "{text}");
        }
        for text in [
            "Check if the site is up",
            "Backup (30 days)",
            "Approval (for production)",
            "The recommended way",
            "Merge it (in case the fixes are there already, use the other strategy)",
            "Add it (if not RC mark this new version as the preferred one)",
            "When the deploy ends, look at the graphs",
            "Make sure it answers, if it does not:",
        ] {
            assert!(!is_optional(text) && condition(text).is_none(), "{text}");
        }
    }

    #[test]
    fn reference_headings() {
        assert!(is_reference(&["Appendix", "Quick Reference"]));
        assert!(is_reference(&["Important Notes"]) && is_reference(&["📝 Notes"]));
        assert!(!is_reference(&["Note the version"]) && !is_reference(&["Deploy"]));
    }
}
