//! The words the reader goes by, in one place: what is not English stands in [`languages`], an entry each.
//!
//! Every phrase is lower case and is looked for as words of a heading or line in lower case.

mod languages;
mod people;

use crate::domain::meaning::{Comparison, SectionKind};

pub(super) use super::pattern::{Pattern, any, pattern, phrases};
pub(super) use languages::{all, kind, says};
pub(super) use people::*;

/// Words in front of a heading's number: "Phase 2:", "Step 3 -".
pub(super) const NUMBERED: &[&str] = &[
    "phase",
    "step",
    "stage",
    "gate",
    "part",
    "section",
    "chapter",
    "milestone",
    "wave",
    "tier",
    "schritt",
    "abschnitt",
    "étape",
    "paso",
    "etapa",
    "fase",
    "passo",
    "passaggio",
    "stap",
    "шаг",
    "этап",
];
/// Those of them that mean something to do: "Step 3: Merge" is a step, with or without a list below it.
pub(super) const STEPS: &[&str] = &["step", "schritt", "étape", "paso", "passo", "passaggio", "stap", "шаг"];

/// Headings about preparing or avoiding a rollback: part of the way forward, whatever stands above them.
pub(super) const ROLLBACK_PREPARED: &[&str] = &[
    "rollback preparation",
    "rollback readiness",
    "rollback prep",
    "rollback test",
    "prepare rollback",
    "prepare for rollback",
    "no rollback",
    "without rollback",
];
/// Headings of a plan, which may be the procedure itself or only be ready: its lines decide.
pub(super) const ROLLBACK_PLAN: &[&str] =
    &["rollback plan", "roll back plan", "roll-back plan", "rollback strategy", "backout plan", "back-out plan"];
/// Words of lines that say a plan is ready.
pub(super) const READY: &[&str] = &[
    "documented",
    "tested",
    "reviewed",
    "ready",
    "approved",
    "prepared",
    "available",
    "verified",
    "defined",
    "in place",
    "exists",
    "agreed",
    "understood",
    "aware",
    "rehearsed",
    "identified",
    "communicated",
    "confirmed",
    "written",
];
/// Words of a heading below criteria that says how, not when: "Rollback steps".
pub(super) const PROCEDURE: &[&str] =
    &["step", "procedure", "process", "execution", "how to", "instruction", "command", "action", "runbook"];

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
    "no-go trigger",
    "abort criteria",
    "abort condition",
    "stop criteria",
    "kill criteria",
    "roll back criteria",
    "roll-back criteria",
    "roll back trigger",
    "roll-back trigger",
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
pub(super) const ON_DEMAND: &[&str] = &[
    "troubleshooting",
    "trouble shooting",
    "common issues",
    "known issues",
    "common problems",
    "if something goes wrong",
    "when something goes wrong",
    "if things go wrong",
    "when things go wrong",
    "if anything goes wrong",
];
/// Headings of lists on demand when they say nothing else.
pub(super) const ON_DEMAND_ALONE: &[&str] =
    &["as needed", "as necessary", "if needed", "if necessary", "partial success"];
/// Headings of what follows a failure when they say nothing else.
pub(super) const FAILURE_ALONE: &[&str] =
    &["failure", "on failure", "if failed", "if it fails", "if unsuccessful", "failed"];

/// First paragraphs that put their section on the success branch or the rollback branch.
pub(super) const SUCCESS_LEAD: &[&str] =
    &["if deployment successful", "if deployment is successful", "if the deployment is successful", "if successful"];
/// See [`SUCCESS_LEAD`].
pub(super) const ROLLBACK_LEAD: &[&str] =
    &["if rollback required", "if rollback is required", "if rollback was required", "if rolled back"];

/// A window "within an hour" in a heading: it counts wherever it stands.
pub(super) const WITHIN: &str = r"\b(?:within|innerhalb(?: von)?)\s+(?:the\s+)?(?:first\s+|next\s+)?(?:an?|one|\d+(?:\.\d+)?)\s*(?P<unit>minute|min|hour|hr|h\b|day|business day|working day|week|month|stunde|tag|woche|monat)(?:s|en|n|e)?";
/// A mark that always means "later": "Day after", "2 days after", "next day", "first 24 hours", "T+1".
pub(super) const LATER: &str = r"\b(?:days?|weeks?|hours?|month) after\b|\bnext (?:day|business day|week)\b|\bfirst (?:\d+ )?(?:hours?|days?|weeks?)\b|\bafter (?:\d+ )(?:hours|days|weeks)\b|\b(?:day|week) \d+\s?\+|\bt\s?\+\s?[1-9]";
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
    "template",
    "additional information",
    "further information",
    "more information",
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

/// What marks an item that may be left out, in brackets or at its end.
pub(super) const OPTIONAL_WORDS: &[&str] = &[
    "optional",
    "recommended",
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
    "as necessary",
    "when applicable",
    "where applicable",
    "when needed",
    "nice to have",
];
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

/// What headings say of their section's kind, where its branch does not say it already. The first that fits counts.
pub(super) const SECTION_KINDS: &[(SectionKind, &[&str])] = &[
    (
        SectionKind::Contacts,
        &[
            "contact",
            "on-call",
            "on call list",
            "escalation path",
            "escalation chain",
            "escalation matrix",
            "who to call",
        ],
    ),
    (
        SectionKind::SignOff,
        &[
            "sign-off",
            "sign off",
            "signoff",
            "signoffs",
            "approval",
            "approvals",
            "authorization",
            "authorisation",
            "go/no-go",
            "go / no-go",
            "go no-go",
            "go or no-go",
            "go-no-go",
            "quality gate",
        ],
    ),
    (SectionKind::Kpis, &["kpi", "key performance indicator", "key figures", "key metrics"]),
    (
        SectionKind::SuccessCriteria,
        &[
            "success criteria",
            "success criterion",
            "success metric",
            "success indicator",
            "success measure",
            "acceptance criteria",
            "exit criteria",
            "definition of done",
            "criteria for success",
        ],
    ),
    (
        SectionKind::Communication,
        &["communication", "communications", "announcement", "stakeholder notification", "notifications"],
    ),
    (SectionKind::Information, &["information", "details", "metadata", "deployment record"]),
];
/// A heading that joins two things says nothing of the sections below it.
pub(super) const JOINS: &[&str] = &[" and ", " & ", " + ", " / "];
/// First lines, ending with a colon, that start a list of rollback criteria wherever they stand.
pub(super) const WATCH_LEAD: &[&str] = &[
    "rollback if",
    "roll back if",
    "roll-back if",
    "rollback when",
    "roll back when",
    "rollback immediately if",
    "roll back immediately if",
    "rollback must be initiated if",
    "a rollback is triggered",
    "trigger a rollback",
];
/// Such lines where the heading is about a rollback already.
pub(super) const WATCH_LEAD_BELOW: &[&str] = &[
    "execute if",
    "execute when",
    "trigger if",
    "initiate if",
    "if any of",
    "any of the following",
    "any of these",
    "abort if",
    "stop if",
];
/// What takes the condition out of such a line: "roll back if needed".
pub(super) const NOT_A_LEAD: &[&str] = &["needed", "necessary", "required", "possible", "applicable"];

/// Words people compare with a plain number: "Validation score >= 80".
pub(super) const MEASURES: &[&str] = &[
    "score",
    "rate",
    "latency",
    "p50",
    "p90",
    "p95",
    "p99",
    "percentile",
    "response time",
    "errors",
    "count",
    "usage",
    "utilization",
    "utilisation",
    "throughput",
    "queue",
    "apdex",
    "lag",
    "restarts",
    "failures",
    "coverage",
];
/// A measure that is a change counts from what was usual before.
pub(super) const CHANGES: &[&str] =
    &["degradation", "degrades", "spike", "increase", "increases", "drop", "drops", "decrease", "regression", "growth"];
/// Words that compare. Longer ones first where one starts with another.
pub(super) const COMPARISONS: &[(&str, Comparison)] = &[
    ("does not exceed", Comparison::AtMost),
    ("do not exceed", Comparison::AtMost),
    ("not exceeding", Comparison::AtMost),
    ("not above", Comparison::AtMost),
    ("not more than", Comparison::AtMost),
    ("no more than", Comparison::AtMost),
    ("at most", Comparison::AtMost),
    ("up to", Comparison::AtMost),
    ("no less than", Comparison::AtLeast),
    ("not below", Comparison::AtLeast),
    ("at least", Comparison::AtLeast),
    ("exceeds", Comparison::Above),
    ("exceeding", Comparison::Above),
    ("exceed", Comparison::Above),
    ("greater than", Comparison::Above),
    ("higher than", Comparison::Above),
    ("longer than", Comparison::Above),
    ("more than", Comparison::Above),
    ("above", Comparison::Above),
    ("over", Comparison::Above),
    ("less than", Comparison::Below),
    ("lower than", Comparison::Below),
    ("fewer than", Comparison::Below),
    ("below", Comparison::Below),
    ("under", Comparison::Below),
];
/// What a relative value counts from.
pub(super) const BASELINE: &[&str] = &["baseline", "normal", "usual", "average"];
/// Words that make a relative value a distance: "10% above baseline".
pub(super) const BEYOND: &[&str] = &["above", "over", "from"];
/// "within 5% of baseline".
pub(super) const WITHIN_OF: &[&str] = &["within"];
/// "100% success rate required".
pub(super) const REQUIRED: &[&str] = &["required", "needed", "expected"];
/// How long a threshold must hold: "for more than 5 minutes".
pub(super) const FOR: &[&str] = &["for", "für"];
/// Words between "for" and the time.
pub(super) const AT_LEAST_FOR: &[&str] =
    &["more than", "longer than", "at least", "over", "the last", "mehr als", "länger als", "mindestens"];
/// Words at the end of a measure that belong to the sentence, not to what is measured.
pub(super) const FILLERS: &[&str] = &[
    "is",
    "are",
    "was",
    "stays",
    "stay",
    "remains",
    "remain",
    "normal",
    "must be",
    "should be",
    "of",
    "the",
    "a",
    "by",
    "has",
    "been",
];

/// Units of time, as a pattern.
pub(super) const TIME_UNITS: &str = "(?:business |working )?days?|weeks?|months?|minutes?|mins?|hours?|hrs?|seconds?|secs?|sekunden?|minuten|stunden?|tag(?:en?)?|wochen?|monat(?:en?)?|[smhd]";
/// Units of time that are words of their own, as a pattern.
pub(super) const TIME_WORDS: &str = "(?:business |working )?days?|weeks?|months?|minutes?|mins?|hours?|hrs?";
/// How units of time start: a line without a digit and without these says no time.
pub(super) const TIME_STARTS: &[&str] = &["minute", "hour", "day", "week", "month"];
/// "within 1 hour".
pub(super) const WITHIN_TIME: &[&str] = &["within", "innerhalb von", "innerhalb"];
/// "1 week before".
pub(super) const TIME_BEFORE: &[&str] = &["before", "prior", "ahead", "in advance"];
/// "Day after".
pub(super) const TIME_AFTER: &[&str] = &["after", "later"];
/// What may follow "within 2 hours" where it says when something is due.
pub(super) const AFTER_TIME: &[&str] = &["of", "after", "from"];
/// "Day of": the day itself.
pub(super) const DAY_OF: &[&str] = &["(day of", "day of deployment", "day of migration", "day of release"];
/// "Monitoring continued for 2 hours".
pub(super) const WATCHING: &[&str] = &["monitor", "watch", "observe", "observation", "soak", "bake"];
/// What a time before or after is counted from, where it is the deployment.
pub(super) const THE_DEPLOYMENT: &[&str] = &[
    "release",
    "deploy",
    "deployment",
    "launch",
    "go-live",
    "migration",
    "cutover",
    "cut-over",
    "start",
    "completion",
    "rollout",
    "it",
];
/// What a time counts from: the cut-over, or the start; otherwise the success.
pub(super) const CUTOVER: &[&str] = &["cut-over", "cutover", "go-live", "go live", "switch"];
/// See [`CUTOVER`].
pub(super) const STARTED: &[&str] = &["of start", "of the start", "after start", "after the start"];

/// Ends of lines that only hold under a condition, besides those of [`OPTIONAL_END`].
pub(super) const CONDITION_END: &[&str] = &[
    "if successful",
    "if unsuccessful",
    "if it fails",
    "if rollback required",
    "if rollback is required",
    "if database changes",
    "if schema changes",
    "if the schema changes",
    "if enabled",
    "if issues occurred",
    "if breaking changes",
];
/// Starts of conditions.
pub(super) const CONDITION: &[&str] = &["if", "when", "where", "in case", "only if", "only when", "unless"];

/// Starts of conditions that say a time as well: at the start of a line they make nothing optional.
pub(super) const WHEN: &[&str] = &["when", "where", "only when", "wenn"];

/// Words that stand for a value in a command, by what they stand for. Any other word stands for something else.
pub(super) const PLACEHOLDERS: &[(&str, &[&str])] = &[
    (
        "version",
        &[
            "version",
            "tag",
            "image_tag",
            "release",
            "release_version",
            "new_version",
            "app_version",
            "release_tag",
            "git_tag",
        ],
    ),
    ("environment", &["environment", "env", "deploy_env"]),
    ("service", &["service", "service_name", "app", "app_name"]),
];

/// Keys of front matter that site generators, code hosts and note takers use: where one of them stands, the front
/// matter is theirs, and other keys we do not know are no mistakes.
pub(super) const FOREIGN_KEYS: &[&str] = &[
    "layout",
    "permalink",
    "category",
    "categories",
    "tags",
    "tag",
    "keywords",
    "weight",
    "draft",
    "date",
    "lastmod",
    "created",
    "updated",
    "modified",
    "last_updated",
    "last_reviewed",
    "author",
    "authors",
    "slug",
    "id",
    "aliases",
    "alias",
    "type",
    "doc_type",
    "name",
    "about",
    "labels",
    "assignees",
    "projects",
    "sidebar_label",
    "sidebar_position",
    "sidebar",
    "nav_order",
    "parent",
    "has_children",
    "toc",
    "hide",
    "menu",
    "linktitle",
    "image",
    "cssclass",
    "cssclasses",
    "publish",
    "lang",
    "language",
    "license",
    "subtitle",
    "ms.date",
    "ms.topic",
    "ms.author",
    "uid",
    "redirect_from",
    "template",
    "related",
    "outline",
    "head",
    "icon",
    "cover",
    "series",
    "published",
    "reviewers",
    "custom_edit_url",
    "pagination_next",
];
