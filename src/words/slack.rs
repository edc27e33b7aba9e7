//! Labels and sentences only Slack needs.

use crate::card::Shown;

pub const MORE: &str = "More for an item…";
pub const CANCEL: &str = "Cancel";
pub const CLOSE: &str = "Close";
pub const ANSWER_TITLE: &str = "Rollcall";
pub const OPTIONAL: &str = " (optional)";
pub const REHEARSAL: &str = "REHEARSAL · ";

/// `12 of 40 done`.
pub fn count(done: u32, total: u32) -> String {
    format!("{done} of {total} done")
}

/// The state of an item, where its box does not say it.
pub fn state(state: Shown) -> &'static str {
    match state {
        Shown::Open | Shown::Ticked => "",
        Shown::Skipped => "⏭️ skipped",
        Shown::Failed => "❌ failed",
        Shown::Blocked => "⛔ blocked",
        Shown::Closed => "closed",
    }
}

pub const NO_ANSWER: &str = "Slack did not answer in time.";
pub const NO_CONNECTION: &str = "The connection to Slack failed.";
pub const NO_JSON: &str = "Slack's answer could not be read.";
pub const TOO_MANY: &str = "Slack asks for a pause: too many messages.";

/// A trouble of Slack's own.
pub fn passing(code: &str) -> String {
    format!("Slack has trouble of its own (`{code}`).")
}

/// An answer that says nothing but its status.
pub fn http(status: u16) -> String {
    format!("Slack answered with HTTP status {status}.")
}

/// Why Slack says no, and what to do. `code` is Slack's word for it.
pub fn no(code: &str, needed: Option<&str>) -> String {
    const APP: &str = "api.slack.com/apps → your app";
    match code {
        "not_in_channel" => "Rollcall is not in that channel: type `/invite @Rollcall` there.".into(),
        "channel_not_found" => {
            "Slack shows Rollcall no such channel. If it is private, type `/invite @Rollcall` there.".into()
        }
        "user_not_found" | "users_not_found" | "user_disabled" | "cannot_dm_bot" | "user_not_visible" => {
            "Slack has no such person to write to: look at `slack` of theirs under [people].".into()
        }
        "is_archived" => "That channel is archived: unarchive it, or follow the deployment in another.".into(),
        "restricted_action" | "restricted_action_read_only_channel" => {
            "This workspace's rules keep Rollcall from posting in that channel: ask its owner.".into()
        }
        "missing_scope" => format!(
            "The Slack app lacks the scope {}: add it at {APP} → OAuth & Permissions, then press Reinstall to Workspace.",
            needed.unwrap_or("it needs")
        ),
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => format!(
            "Slack does not accept the token (`{code}`): copy it anew from {APP} (OAuth & Permissions for \
             SLACK_BOT_TOKEN, Basic Information → App-Level Tokens for SLACK_APP_TOKEN) and start Rollcall again."
        ),
        "link_disabled" => {
            format!("Socket Mode is switched off: switch it on at {APP} → Socket Mode, and start Rollcall again.")
        }
        "not_allowed_token_type" => {
            "A token of the wrong kind: SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN with xapp-.".into()
        }
        other => format!(
            "Slack says no: `{}`.",
            other.chars().filter(|c| !c.is_control() && *c != '`').take(60).collect::<String>()
        ),
    }
}

pub const START_TITLE: &str = "Start a deployment";
pub const START_BUTTON: &str = "Start";
pub const CHANNEL: &str = "Channel";
pub const CHANNEL_HINT: &str = "Where it is announced and walked. Rollcall must have been invited there.";
pub const VERSION: &str = "Version";
pub const VERSION_EXAMPLE: &str = "v1.2.0";
pub const CHECKLIST: &str = "Checklist";
pub const ENVIRONMENT: &str = "Environment";
pub const SERVICE: &str = "Service";
pub const DEFAULT_HINT: &str = "Left empty, it is the channel's or the checklist's.";
pub const AT: &str = "When";
pub const AT_EXAMPLE: &str = "now";
pub const AT_HINT: &str = "18:30, +2h, tomorrow 18:30, 2026-11-21T18:30. Left empty, it starts now.";
pub const FOLLOW: &str = "Also show it in";
pub const HOW: &str = "How";
pub const QUEUE: &str = "Wait in line if another deployment is under way there";
pub const REHEARSE: &str = "Rehearse: walk the list as practice, marked REHEARSAL";

/// To the deployer, as Markdown: a channel shows nothing of their deployment.
pub fn undelivered(name: &str, why: &str) -> String {
    use crate::markdown::escape;
    format!("{} cannot be shown in its Slack channel. {}", escape(name), escape(why))
}

/// In an empty field for a version.
pub fn version_before(version: &str) -> String {
    format!("The last one was {version}")
}

pub const NO_MODAL: &str = "Slack did not open the window. Press again, or type the command: `/deploy help`.";
pub const DONE: &str = "Done.";
pub const FILE_NOT_HERE: &str =
    "The file is in the console: Rollcall may not attach files here. Its app needs the scope files:write.";

/// Said once in the log.
pub fn no_files(needed: Option<&str>) -> String {
    format!("Records are not attached in Slack. {}", no("missing_scope", Some(needed.unwrap_or("files:write"))))
}

pub const HOME_START: &str = "Start a deployment";
pub const NO_SOCKET: &str = "The WebSocket to Slack could not be opened.";
pub const LINK_CLOSED: &str = "Slack closed the connection.";
pub const LINK_LOST: &str = "The connection to Slack broke.";
pub const LINK_SILENT: &str = "The connection to Slack went silent.";
