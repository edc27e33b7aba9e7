//! Which template speaks on which occasion.

use super::Template;
use crate::domain::react::Occasion;

/// The template of an occasion.
pub fn template(occasion: Occasion) -> Template {
    match occasion {
        Occasion::Scheduled => Template::Scheduled,
        Occasion::Queued => Template::Queued,
        Occasion::Start => Template::Start,
        Occasion::Progress => Template::Progress,
        Occasion::Failure => Template::Failure,
        Occasion::Hold => Template::Hold,
        Occasion::Resume => Template::Resume,
        Occasion::Handover => Template::Handover,
        Occasion::Rollback => Template::Rollback,
        Occasion::RolledBack => Template::RolledBack,
        Occasion::Success => Template::Success,
        Occasion::Partial => Template::Partial,
        Occasion::Cancelled => Template::Cancelled,
        Occasion::Breach => Template::Breach,
        Occasion::Frozen => Template::Frozen,
        Occasion::Rescheduled => Template::Rescheduled,
        Occasion::Closing => Template::Closing,
        Occasion::Closed => Template::Closed,
        Occasion::Reminder => Template::Reminder,
        Occasion::Held => Template::Held,
        Occasion::Announcement => Template::Announcement,
    }
}

/// Its word in a message's key.
pub fn word(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Scheduled => "scheduled",
        Occasion::Queued => "queued",
        Occasion::Start => "start",
        Occasion::Progress => "progress",
        Occasion::Failure => "failure",
        Occasion::Hold => "hold",
        Occasion::Resume => "resume",
        Occasion::Handover => "handover",
        Occasion::Rollback => "rollback",
        Occasion::RolledBack => "rolled-back",
        Occasion::Success => "success",
        Occasion::Partial => "partial",
        Occasion::Cancelled => "cancelled",
        Occasion::Breach => "breach",
        Occasion::Frozen => "frozen",
        Occasion::Rescheduled => "rescheduled",
        Occasion::Closing => "closing",
        Occasion::Closed => "closed",
        Occasion::Reminder => "reminder",
        Occasion::Held => "still-held",
        Occasion::Announcement => "announcement",
    }
}
