//! Speaks to the running bot of the same user, over loopback, with the token it left in its data folder.

use crate::card::Reply;
use crate::serve::{RUNNING, Running};
use std::path::Path;
use std::time::Duration;

/// A command is answered when it is on the disk; a disk that takes longer than this is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says a command. The error is a sentence.
pub(super) fn say(data: &Path, text: &str, name: &str, channel: &str) -> Result<Reply, String> {
    let note = data.join(RUNNING);
    let absent = || {
        format!(
            "No Rollcall is running on {}. Start it with `rollcall`, or name its folder with --data.",
            data.display()
        )
    };
    let running = std::fs::read(&note).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => absent(),
        std::io::ErrorKind::PermissionDenied => {
            format!("{} is another user's. Use the console, or become that user.", note.display())
        }
        _ => format!("{} cannot be read: {e}.", note.display()),
    })?;
    let running: Running = serde_json::from_slice(&running)
        .map_err(|_| format!("{} is damaged. Start Rollcall anew; nothing else is lost.", note.display()))?;
    // The token is for this machine's Rollcall alone, whatever proxy the environment names.
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let mut key = [0_u8; 16];
    getrandom::fill(&mut key).map_err(|e| format!("The machine gives no random numbers: {e}."))?;
    let body = serde_json::json!({ "text": text, "channel": channel, "as": name, "key": hex::encode(key) });
    let sent = agent
        .post(format!("http://{}/api/do", running.address))
        .header("Authorization", format!("Bearer {}", running.token))
        .header("Content-Type", "application/json")
        .send(body.to_string());
    let mut answer = sent.map_err(|e| match e {
        ureq::Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => absent(),
        other => format!("The running Rollcall did not answer: {other}. Look with `rollcall list` before repeating."),
    })?;
    let status = answer.status();
    let text = answer.body_mut().read_to_string().map_err(|e| format!("The answer broke off: {e}."))?;
    if status != 200 {
        let said: Option<String> = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|v| v.get("error").and_then(|e| e.as_str()).map(str::to_owned));
        return Err(said.unwrap_or_else(|| format!("The running Rollcall refused ({status}).")));
    }
    serde_json::from_str(&text).map_err(|_| "The running Rollcall is of another version. Restart it.".into())
}
