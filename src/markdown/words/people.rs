//! Words of lines and tables about people: who signs, whom to reach, what a blank holds.

use crate::domain::meaning::{FieldKind, WayKind};

/// Words that end the name of somebody who signs or is called: "Database administrator", "Operations team".
pub(in crate::markdown) const ROLE_ENDS: &[&str] = &[
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
    "engineering",
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
pub(in crate::markdown) const MATTERS: &[&str] = &[
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
pub(in crate::markdown) const SIGNS: &[&str] = &[
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
pub(in crate::markdown) const REVIEWS: &[&str] = &["review", "acknowledgement", "confirmation"];
/// Words in front of a role that belong to the sentence: "Obtain explicit owner approval".
pub(in crate::markdown) const SIGN_VERBS: &[&str] = &[
    "obtain", "get", "request", "receive", "await", "confirm", "secure", "ensure", "collect", "explicit", "final",
    "written", "formal", "the",
];
/// Labels of who does it.
pub(in crate::markdown) const OWNER: &[&str] =
    &["owner", "owners", "responsible", "assignee", "assigned to", "dri", "accountable", "performed by", "who"];
/// Blanks beside a role that make a line its sign-off.
pub(in crate::markdown) const SIGNATURE: &[&str] = &["signature", "signed", "sign", "initials", "date", "approved"];
/// Headers of table columns: who.
pub(in crate::markdown) const COLUMN_ROLE: &[&str] =
    &["role", "team", "function", "position", "title", "area", "approver", "stakeholder", "responsible", "group"];
/// Headers of table columns: the name.
pub(in crate::markdown) const COLUMN_NAME: &[&str] =
    &["name", "person", "contact", "owner", "who", "primary", "approver"];
/// Labels of the name on a card of one person.
pub(in crate::markdown) const CARD_NAME: &[&str] = &["name", "person", "full name"];
/// Labels of a card, which say nothing without the one it is of.
pub(in crate::markdown) const ON_CARD: &[&str] =
    &["name", "person", "full name", "phone", "mobile", "email", "e-mail", "slack", "teams", "hours", "contact"];
/// Headers of table columns: a way to reach somebody.
pub(in crate::markdown) const COLUMN_WAY: &[(&str, WayKind)] = &[
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
pub(in crate::markdown) const COLUMN_SIGNED: &[&str] =
    &["signature", "signed", "sign-off", "sign off", "signoff", "approved", "approval", "decision"];

/// What a blank in brackets may ask for: "[Name, Contact]".
pub(in crate::markdown) const BRACKET: &[&str] = &[
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
pub(in crate::markdown) const FIELD_KINDS: &[(FieldKind, &[&str])] = &[
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

/// Headers of the first column of a table of rollback criteria.
pub(in crate::markdown) const COLUMN_TRIGGER: &[&str] =
    &["trigger", "triggers", "condition", "criterion", "criteria", "if", "when", "symptom", "signal"];
/// Headers of the column that says what a blank of the row is to reach.
pub(in crate::markdown) const COLUMN_TARGET: &[&str] =
    &["requirement", "required", "target", "expected", "threshold", "goal", "limit", "need", "minimum", "maximum"];
/// Headers of the column that says when a criterion is met: "> 5%".
pub(in crate::markdown) const COLUMN_LIMIT: &[&str] = &[
    "threshold",
    "limit",
    "value",
    "level",
    "trigger",
    "condition",
    "rollback threshold",
    "schwelle",
    "schwellwert",
    "grenzwert",
];
/// Headers of the column that says for how long.
pub(in crate::markdown) const COLUMN_DURATION: &[&str] =
    &["duration", "for", "window", "time window", "period", "sustained", "sustained for", "dauer", "zeitraum"];
