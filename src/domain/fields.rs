//! The blanks of a page that fill themselves.

use super::deployment::Deployment;
use super::status::Status;
use super::time::{Timestamp, span};

/// What Rollcall knows itself.
#[derive(Clone, Copy)]
enum Known {
    Date,
    Time,
    EndTime,
    Deployer,
    Id,
    Version,
    Environment,
    Duration,
    Outcome,
}

fn known(label: &str) -> Option<Known> {
    let label = label.to_lowercase();
    Some(match label.strip_prefix("deployment ").unwrap_or(&label) {
        "date" | "start date" => Known::Date,
        "time" | "start time" => Known::Time,
        "end time" => Known::EndTime,
        "deployer" | "deployed by" => Known::Deployer,
        "id" => Known::Id,
        "version" | "version/tag" | "tag" | "version / tag" => Known::Version,
        "environment" => Known::Environment,
        "duration" => Known::Duration,
        "outcome" | "status" => Known::Outcome,
        _ => return None,
    })
}

/// A field of this label is filled by Rollcall.
pub fn is_automatic(label: &str) -> bool {
    known(label).is_some()
}

/// What stands in a field that fills itself; none as long as it is not known, or for another field.
pub fn automatic(d: &Deployment, label: &str, now: Timestamp) -> Option<String> {
    let started = d.started_at.map(Timestamp::utc);
    match known(label)? {
        Known::Date => started.map(|t| t.format("%Y-%m-%d").to_string()),
        Known::Time => started.map(|t| t.format("%H:%M UTC").to_string()),
        Known::EndTime => d.ended_at.map(|t| t.utc().format("%H:%M UTC").to_string()),
        Known::Deployer => Some(d.deployer().name.to_string()),
        Known::Id => Some(format!("#{}", d.id)),
        Known::Version => Some(d.version.clone()),
        Known::Environment => Some(d.environment.clone()),
        Known::Duration => d.started_at.map(|_| span(d.elapsed_ms(now))),
        Known::Outcome => match d.status {
            Status::Succeeded => Some("Success".into()),
            Status::Partial => Some("Partial".into()),
            Status::RolledBack => Some("Rolled back".into()),
            Status::Cancelled => Some("Cancelled".into()),
            _ => None,
        },
    }
}
