//! The English words the reader goes by, in one table: another language is another list, not other code.
//!
//! Every phrase is lower case and is looked for as a part of a heading or line in lower case.

use regex::{Captures, Match, Regex};

/// Words in front of a heading's number: "Phase 2:", "Step 3 -".
pub(super) const NUMBERED: &[&str] =
    &["phase", "step", "stage", "gate", "part", "section", "chapter", "milestone", "wave", "tier"];

/// Headings about preparing or avoiding a rollback: part of the way forward, whatever stands above them.
pub(super) const ROLLBACK_PREPARED: &[&str] = &[
    "rollback preparation",
    "rollback plan",
    "rollback readiness",
    "rollback prep",
    "rollback test",
    "prepare rollback",
    "prepare for rollback",
    "no rollback",
    "without rollback",
];

/// Headings of rollback criteria.
pub(super) const WATCH: &[&str] = &[
    "rollback criteria",
    "rollback decision criteria",
    "triggers for rollback",
    "rollback trigger",
    "rollback condition",
    "criteria for rollback",
    "when to roll back",
    "when to rollback",
];

/// Headings of what follows a rollback.
pub(super) const AFTER_ROLLBACK: &[&str] =
    &["rollback completion", "after rollback", "after a rollback", "after the rollback", "post-rollback"];

/// Headings of the rollback procedure, where none of the above fits.
pub(super) const ROLLBACK: &[&str] = &["rollback", "roll back", "roll-back", "rolling back", "backout", "back-out"];

/// Headings of what follows a success.
pub(super) const AFTER_SUCCESS: &[&str] =
    &["if successful", "normal completion", "after success", "on success", "upon success"];

/// Headings of lists on demand.
pub(super) const ON_DEMAND: &[&str] = &["troubleshooting", "trouble shooting"];

/// First paragraphs that put their section on the success branch or the rollback branch.
pub(super) const SUCCESS_LEAD: &[&str] =
    &["if deployment successful", "if deployment is successful", "if the deployment is successful", "if successful"];
/// See [`SUCCESS_LEAD`].
pub(super) const ROLLBACK_LEAD: &[&str] =
    &["if rollback required", "if rollback is required", "if rollback was required", "if rolled back"];

/// A window "within an hour" in a heading: it counts wherever it stands.
pub(super) const WITHIN: &str = r"\bwithin\s+(?:the\s+)?(?:first\s+|next\s+)?(?:an?|one|\d+(?:\.\d+)?)\s*(?P<unit>minute|min|hour|hr|h\b|day|business day|working day|week|month)s?";
/// A mark that always means "later": "Day after", "2 days after", "next day", "first 24 hours", "T+1".
pub(super) const LATER: &str = r"\b(?:days?|weeks?|hours?|month) after\b|\bnext (?:day|business day|week)\b|\bfirst \d+ (?:hours|days|weeks)\b|\bt\s?\+\s?[1-9]";
/// A span such as "30 minutes - 2 hours", "2-24 hours", "Day 1-7", "Week 1": a window only where the
/// heading or one above it is about afterwards, since elsewhere it says how long a step takes.
pub(super) const SPAN: &str = r"(?P<from>\d+)\s*(?P<unit>minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?)?\s*(?:-|–|—|to)\s*(?P<to>\d+)\s*(?P<unit2>minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?)\b|\b(?:days?|weeks?|months?)\s+(?P<nth>\d+)";
/// Words that make a span a window afterwards.
pub(super) const AFTERWARDS: &[&str] =
    &["post-", "post ", "after", "monitor", "follow", "long-term", "short-term", "extended", "hypercare", "watch"];
/// A span of days, weeks or months in brackets says when, not how long: "(Day 1-7)".
pub(super) const NTH_IN_BRACKETS: &str = r"\((?:days?|weeks?|months?)\s+[1-9]\d*";
/// Words that put a window before the deployment.
pub(super) const BEFOREHAND: &[&str] = &["before", "prior", "pre-", "ahead of", "leading up"];

/// Headings whose numbered lists are for reading, not for doing; so are those of the sections below them.
pub(super) const REFERENCE: &[&str] = &[
    "important notes",
    "overview",
    "references",
    "appendix",
    "additional notes",
    "final notes",
    "release notes",
    "introduction",
    "background",
    "glossary",
    "definitions",
    "how to use",
    "about this",
    "legend",
    "faq",
    "frequently asked",
    "see also",
    "further reading",
    "resources",
    "changelog",
    "revision history",
    "table of contents",
    "best practices",
    "principles",
    "contacts",
];
/// Headings that are reference when they say nothing else.
pub(super) const REFERENCE_ALONE: &[&str] =
    &["notes", "note", "reference", "about", "contents", "description", "summary", "tools", "context", "goals"];

/// Headings above sections that apply to one environment each.
pub(super) const PER_ENVIRONMENT: &[&str] =
    &["environment-specific", "environment specific", "per environment", "per-environment", "by environment"];
/// What environments are called, and the word we use for each.
pub(super) const ENVIRONMENTS: &[(&str, &str)] = &[
    ("development", "development"),
    ("dev", "development"),
    ("staging", "staging"),
    ("stage", "staging"),
    ("production", "production"),
    ("prod", "production"),
    ("test", "test"),
    ("testing", "test"),
    ("qa", "qa"),
    ("uat", "uat"),
    ("preview", "preview"),
    ("sandbox", "sandbox"),
];
/// Words that may follow an environment's name in its heading.
pub(super) const ENVIRONMENT_TAIL: &[&str] = &["environment", "env", "only", "checklist", "deployment", "specific"];

/// Ends of items that may be left out, after closing brackets and full stops are taken off.
pub(super) const OPTIONAL_END: &[&str] = &[
    "if needed",
    "if applicable",
    "if required",
    "if necessary",
    "if any",
    "if possible",
    "if desired",
    "if relevant",
    "if available",
    "as needed",
    "as required",
    "when applicable",
    "where applicable",
    "when needed",
    "(optional",
    "[optional",
    "- optional",
    "(recommended",
    "[recommended",
    "is recommended",
    "- recommended",
];
/// Starts of items that may be left out.
pub(super) const OPTIONAL_START: &[&str] = &[
    "optional:",
    "optional -",
    "optional –",
    "(optional)",
    "[optional]",
    "optionally",
    "recommended:",
    "(recommended)",
    "if needed",
    "if applicable",
    "if required",
    "if necessary",
];

/// Words before a target: "(target: <1%)".
pub(super) const TARGET: &[&str] = &["target", "goal", "expected", "threshold", "limit"];
/// Labels too general to stand alone when they come second on a line: "X Signature: ____ Date: ____".
pub(super) const GENERAL_LABELS: &[&str] =
    &["date", "time", "signature", "name", "initials", "signed", "contact", "phone", "email", "notes", "comments"];
/// Units that may follow a blank.
pub(super) const UNIT: &str = r"^(?:%|‰|°C|(?i:(?:ms|milliseconds|seconds|secs?|minutes|mins?|hours?|hrs?|days?|weeks?|[kmgt]i?b|bytes|rps|qps|tps|req/s|requests/s|users|rows|keys|records|items|errors)\b)|[sh]\b|(?:€|\$))";

/// True when one of the phrases stands in the text, starting where a word starts.
pub(super) fn any(text: &str, phrases: &[&str]) -> bool {
    let starts_word = |at: usize| !text[..at].ends_with(char::is_alphanumeric);
    phrases.iter().any(|p| text.match_indices(p).any(|(at, _)| starts_word(at)))
}

/// A pattern written in this neighbourhood. One that does not compile would match nothing; tests, which use
/// every pattern, stop at it.
pub(super) struct Pattern(Option<Regex>);

pub(super) fn pattern(text: &str) -> Pattern {
    let regex = Regex::new(text).ok();
    debug_assert!(regex.is_some(), "this pattern does not compile: {text}");
    Pattern(regex)
}

impl Pattern {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|r| r.is_match(text))
    }

    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.0.as_ref()?.captures(text)
    }

    pub(super) fn captures_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        self.0.iter().flat_map(move |r| r.captures_iter(text))
    }

    pub(super) fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.0.as_ref()?.find(text)
    }

    pub(super) fn find_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Match<'t>> {
        self.0.iter().flat_map(move |r| r.find_iter(text))
    }
}
