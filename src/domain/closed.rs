//! Why a branch is closed, and what only one deployment may hold at a time.

/// Why a branch is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Scheduled or queued.
    NotStarted,
    /// Opens when a rollback is called.
    UntilRollback,
    /// Opens after success.
    UntilSuccess,
    /// Opens when the rollback is through.
    UntilRolledBack,
    /// The forward walk was closed by the rollback.
    ByRollback,
    /// The deployment has its outcome.
    Over,
    /// Too long over.
    Archived,
}

impl Closed {
    /// It may still open.
    pub fn is_yet_to_come(self) -> bool {
        matches!(self, Self::NotStarted | Self::UntilRollback | Self::UntilSuccess | Self::UntilRolledBack)
    }
}

/// What only one deployment may hold at a time. Different spellings of one service and environment are one lock.
pub fn lock_key(service: &str, environment: &str, rehearsal: bool) -> String {
    let kind = if rehearsal { "rehearsal:" } else { "" };
    format!("{kind}{}/{}", service.trim().to_lowercase(), canonical_environment(environment))
}

/// `prod` and `production` are one, and so on.
pub fn same_environment(a: &str, b: &str) -> bool {
    canonical_environment(a) == canonical_environment(b)
}

fn canonical_environment(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    match lower.as_str() {
        "prod" | "live" => "production".into(),
        "stage" | "stg" => "staging".into(),
        "dev" => "development".into(),
        _ => lower,
    }
}
