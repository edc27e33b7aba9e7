//! The English words the reader goes by, in one table: another language is another list, not other code.
//!
//! Every phrase is lower case and is looked for as a part of a heading or line in lower case.

use crate::domain::meaning::{Comparison, FieldKind, SectionKind, WayKind};

pub(super) use super::pattern::{Pattern, any, pattern};

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
/// First paragraphs that make the section below a rollback heading a list of criteria.
pub(super) const WATCH_LEAD: &[&str] = &[
    "initiate rollback if",
    "roll back if",
    "rollback if",
    "roll back when",
    "rollback when",
    "rollback immediately if",
    "roll back immediately if",
    "trigger rollback if",
    "trigger a rollback if",
    "a rollback is triggered",
    "consider rollback if",
];

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
pub(super) const FOR: &[&str] = &["for"];
/// Words between "for" and the time.
pub(super) const AT_LEAST_FOR: &[&str] = &["more than", "longer than", "at least", "over", "the last"];
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
pub(super) const TIME_UNITS: &str =
    "(?:business |working )?days?|weeks?|months?|minutes?|mins?|hours?|hrs?|seconds?|secs?|[smhd]";
/// Units of time that are words of their own, as a pattern.
pub(super) const TIME_WORDS: &str = "(?:business |working )?days?|weeks?|months?|minutes?|mins?|hours?|hrs?";
/// How units of time start: a line without a digit and without these says no time.
pub(super) const TIME_STARTS: &[&str] = &["minute", "hour", "day", "week", "month"];
/// "within 1 hour".
pub(super) const WITHIN_TIME: &[&str] = &["within"];
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
/// What a time counts from: the cut-over, or the start; otherwise the success.
pub(super) const CUTOVER: &[&str] = &["cut-over", "cutover", "go-live", "go live", "switch"];
/// See [`CUTOVER`].
pub(super) const STARTED: &[&str] = &["of start", "of the start", "after start", "after the start"];

/// Words that end the name of somebody who signs or is called: "Database administrator", "Operations team".
pub(super) const ROLE_ENDS: &[&str] = &[
    "team",
    "lead",
    "leads",
    "leader",
    "manager",
    "managers",
    "management",
    "owner",
    "owners",
    "administrator",
    "admin",
    "dba",
    "engineer",
    "engineers",
    "architect",
    "developer",
    "developers",
    "officer",
    "director",
    "stakeholder",
    "stakeholders",
    "assurance",
    "qa",
    "cto",
    "ceo",
    "ciso",
    "cio",
    "sre",
    "devops",
    "head",
    "analyst",
    "reviewer",
    "sponsor",
    "reliability",
    "operations",
    "ops",
    "security",
    "legal",
    "compliance",
    "product",
    "business",
    "technical",
    "support",
    "client",
    "customer",
    "vendor",
];
/// Ends of roles that are also matters: "security review" is a review of the security.
pub(super) const MATTERS: &[&str] = &[
    "security",
    "legal",
    "compliance",
    "product",
    "business",
    "technical",
    "reliability",
    "operations",
    "assurance",
    "customer",
];
/// Words after a role that make a line its sign-off. A review is one only where the section is about signing off.
pub(super) const SIGNS: &[&str] = &[
    "sign-off",
    "sign off",
    "signoff",
    "approval",
    "authorization",
    "authorisation",
    "acceptance",
    "approved",
    "signed off",
];
/// See [`SIGNS`].
pub(super) const REVIEWS: &[&str] = &["review", "acknowledgement", "confirmation"];
/// Blanks beside a role that make a line its sign-off.
pub(super) const SIGNATURE: &[&str] = &["signature", "signed", "sign", "initials", "date", "approved"];
/// Headers of table columns: who.
pub(super) const COLUMN_ROLE: &[&str] =
    &["role", "team", "function", "position", "title", "area", "approver", "stakeholder", "responsible", "group"];
/// Headers of table columns: the name.
pub(super) const COLUMN_NAME: &[&str] = &["name", "person", "contact", "owner", "who", "primary", "approver"];
/// Headers of table columns: a way to reach somebody.
pub(super) const COLUMN_WAY: &[(&str, WayKind)] = &[
    ("phone", WayKind::Phone),
    ("mobile", WayKind::Phone),
    ("telephone", WayKind::Phone),
    ("tel", WayKind::Phone),
    ("cell", WayKind::Phone),
    ("email", WayKind::Email),
    ("e-mail", WayKind::Email),
    ("mail", WayKind::Email),
    ("slack", WayKind::Chat),
    ("discord", WayKind::Chat),
    ("teams", WayKind::Chat),
    ("chat", WayKind::Chat),
    ("channel", WayKind::Chat),
    ("handle", WayKind::Chat),
    ("pager", WayKind::Other),
    ("pagerduty", WayKind::Other),
    ("link", WayKind::Link),
    ("url", WayKind::Link),
    ("contact", WayKind::Other),
];
/// Headers of table columns: the signature.
pub(super) const COLUMN_SIGNED: &[&str] =
    &["signature", "signed", "sign-off", "sign off", "signoff", "approved", "approval", "decision"];

/// What a blank in brackets may ask for: "[Name, Contact]".
pub(super) const BRACKET: &[&str] = &[
    "name",
    "names",
    "contact",
    "phone",
    "email",
    "e-mail",
    "mobile",
    "slack",
    "date",
    "time",
    "role",
    "team",
    "person",
    "owner",
    "tbd",
    "to be determined",
    "to be filled",
    "fill in",
    "insert",
    "enter",
    "your",
    "url",
    "link",
    "number",
    "version",
    "value",
    "details",
    "signature",
    "ticket",
    "id",
    "duration",
    "reason",
    "description",
    "yyyy-mm-dd",
    "hh:mm",
];
/// What a label's words say of the blank beside it. The first that fits counts.
pub(super) const FIELD_KINDS: &[(FieldKind, &[&str])] = &[
    (
        FieldKind::Duration,
        &[
            "duration",
            "downtime",
            "elapsed",
            "time taken",
            "response time",
            "recovery time",
            "rto",
            "rpo",
            "latency",
            "time to",
            "lead time",
        ],
    ),
    (FieldKind::Percent, &["percent", "percentage"]),
    (FieldKind::Date, &["date", "deployed on", "last updated", "next review", "day"]),
    (FieldKind::Time, &["time", "started at", "ended at", "window start", "window end"]),
    (
        FieldKind::Person,
        &[
            "deployer",
            "reviewer",
            "approver",
            "deployed by",
            "reviewed by",
            "approved by",
            "signed by",
            "prepared by",
            "executed by",
            "performed by",
            "verified by",
            "signature",
            "owner",
            "lead",
            "manager",
            "engineer",
            "administrator",
            "name",
            "on-call",
            "contact",
            "assignee",
            "responsible",
            "coordinator",
            "commander",
        ],
    ),
    (
        FieldKind::Number,
        &["total", "number of", "count", "score", "batch size", "rows", "keys", "records", "errors", "users affected"],
    ),
];

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
