//! What the page behind a mail's link says.

use crate::domain::time::Timestamp;

/// The title of the page that asks, and its button.
pub const ACKNOWLEDGE: &str = "Acknowledge";
pub const ASK: &str = "Acknowledge this page?";
/// What it is about, where it proves that somebody is reached.
pub const TEST: &str = "This is a test of whether you can be reached. Nothing is the matter.";
/// What the button does; then the name of whoever has the link.
pub const THEN: &str = "Nobody else is called then. You have it as ";
/// It was pressed, and there was nothing to take.
pub const NOTHING: &str = "Nothing was acknowledged";
/// It was pressed.
pub const ACKNOWLEDGED: &str = "Acknowledged";
pub const SEE: &str = "See the deployment";
pub const PRESS_ANEW: &str = "Open the link again and press its button. Nothing was done.";
pub const NO_LINK: &str = "This link is none that Rollcall made, or was cut short. Acknowledge in the chat or the console: \
                           /deploy ack.";

/// A page, and the deployment it is of.
pub fn about(id: u64, service: &str, version: &str, environment: &str, page: u32) -> String {
    format!("#{id} {service} {version} → {environment}, page {page}")
}

/// There is no such deployment.
pub fn no_deployment(id: u64) -> String {
    format!("There is no deployment #{id} any more.")
}

/// There is no such page.
pub fn no_page(id: u64, page: u32) -> String {
    format!("There is no page {page} of deployment #{id}.")
}

/// Somebody has it: the title, and the sentence.
pub fn taken(by: Option<&str>, at: Option<Timestamp>) -> (String, String) {
    let who = by.unwrap_or("Somebody");
    (format!("{who} has this page"), format!("{who} has it since {}. Nobody else is called.", moment(at)))
}

/// It is over: the title, and the sentence.
pub fn resolved(by: Option<&str>, at: Option<Timestamp>, had: Option<&str>) -> (String, String) {
    let who = by.unwrap_or("somebody");
    let had = had.filter(|had| Some(*had) != by).map(|had| format!(" {had} had it.")).unwrap_or_default();
    ("This page is resolved".into(), format!("Resolved by {who}, {}.{had} Nobody is called.", moment(at)))
}

/// With its day: a mail may be opened on another.
fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "a while ago".into(), |at| at.utc().format("%Y-%m-%d %H:%M UTC").to_string())
}
