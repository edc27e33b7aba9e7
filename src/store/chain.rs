//! The links between the events of a deployment: changing, moving or removing one breaks the next.

use super::Hash;
use super::names;
use crate::domain::checklist::Checklist;
use crate::domain::event::{Event, Recorded};
use sha2::{Digest, Sha256};

/// What stands before the first event.
pub const ROOT: Hash = [0; 32];

/// An event as it is stored: exactly the bytes of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    pub deployment: u64,
    pub seq: u64,
    pub at: i64,
    pub by_id: &'a [u8],
    pub by_name: &'a [u8],
    pub via: &'a [u8],
    /// The event as JSON.
    pub body: &'a [u8],
}

/// The link of an event that follows the one with the link `prev` ([`ROOT`] for the first).
pub fn link(prev: &Hash, deployment: u64, recorded: &Recorded) -> Hash {
    let body = body(&recorded.event).unwrap_or_default();
    link_parts(prev, &parts(deployment, recorded, &body))
}

/// The same over what is stored: SHA-256 of a fixed opening, the link before, then numbers as eight bytes and texts
/// as their length in eight bytes and their bytes. Never changes: a new encoding needs a new opening.
pub fn link_parts(prev: &Hash, parts: &Parts<'_>) -> Hash {
    let mut sha = Sha256::new();
    sha.update(b"rollcall event 1\0");
    sha.update(prev);
    sha.update(parts.deployment.to_be_bytes());
    sha.update(parts.seq.to_be_bytes());
    sha.update(parts.at.to_be_bytes());
    for text in [parts.by_id, parts.by_name, parts.via, parts.body] {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text);
    }
    sha.finalize().into()
}

/// What a checklist is called by: the hash of what is stored of it. The first event names it, so the chain holds it too.
pub fn checklist_hash(list: &Checklist) -> String {
    content_hash(serde_json::to_string(list).unwrap_or_default().as_bytes())
}

/// SHA-256 in hexadecimal digits.
pub(super) fn content_hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// An event as the text that is stored.
pub(super) fn body(event: &Event) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

pub(super) fn parts<'a>(deployment: u64, recorded: &'a Recorded, body: &'a str) -> Parts<'a> {
    Parts {
        deployment,
        seq: recorded.seq,
        at: recorded.at.0,
        by_id: recorded.by.id.as_bytes(),
        by_name: recorded.by.name.as_bytes(),
        via: names::via(recorded.via).as_bytes(),
        body: body.as_bytes(),
    }
}
