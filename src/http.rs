//! Calls by HTTP to addresses an operator has set: one client for all, with an end to everything, and failures in a form
//! to act on. Addresses and headers may carry secrets: none gets into an error.

use crate::ports::ChatError;
use reqwest::header::RETRY_AFTER;
use std::time::Duration;

/// Until a connection stands; until an answer is there as a whole.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const LARGEST: usize = 64 << 10;
/// The longest wait anybody may ask for, since somebody waits to be reached, and the one where "too many" says nothing,
/// in milliseconds.
const LONGEST_WAIT_MS: i64 = 15 * 60_000;
const UNSAID_MS: i64 = 10_000;
/// Characters of somebody else's words that are repeated.
const REPEATED: usize = 200;

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// How long to wait, where it says so, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// At most its first 64 KiB.
    pub body: Vec<u8>,
}

impl Http {
    /// The error is a sentence.
    pub fn new() -> Result<Self, String> {
        // With two providers of TLS in the tree there is none until one is named; another may have named it already.
        _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .use_rustls_tls()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Self)
            .map_err(|_| "Calls by HTTPS cannot be set up: TLS does not start.".into())
    }

    /// A request to be completed and sent.
    pub fn get(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.get(url)
    }

    /// A request to be completed and sent.
    pub fn post(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.post(url)
    }

    /// Sends a request. `whom`: who is called, for the error's sentence.
    pub async fn send(&self, whom: &str, request: reqwest::RequestBuilder) -> Result<Answer, String> {
        let broken = |e: &reqwest::Error| {
            if e.is_timeout() {
                format!("{whom} does not answer in time")
            } else if e.is_connect() {
                format!("{whom} cannot be reached")
            } else if e.is_builder() {
                format!("the call to {whom} could not be made")
            } else {
                format!("the connection to {whom} broke")
            }
        };
        let mut response = request.send().await.map_err(|e| broken(&e))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
        let retry_after_ms =
            retry_after.and_then(|v| v.trim().parse::<i64>().ok()).map(|seconds| seconds.saturating_mul(1000));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
            body.extend_from_slice(&chunk[..chunk.len().min(LARGEST - body.len())]);
            if body.len() == LARGEST {
                break;
            }
        }
        Ok(Answer { status, retry_after_ms: retry_after_ms.map(|ms| ms.clamp(0, LONGEST_WAIT_MS)), body })
    }
}

impl Answer {
    /// Whether it was done.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What a status that is no success means for a message. `said`: its sender's own words for it.
    pub fn error(&self, whom: &str, said: &str) -> ChatError {
        let said = repeated(said);
        let why = if said.is_empty() {
            format!("{whom} answers {}", self.status)
        } else {
            format!("{whom} answers {}: {said}", self.status)
        };
        match self.status {
            429 => ChatError::Retry {
                after_ms: self.retry_after_ms.unwrap_or(UNSAID_MS),
                why: format!("{whom} asks for a pause"),
            },
            408 | 425 | 500.. => ChatError::Retry { after_ms: self.retry_after_ms.unwrap_or(0), why },
            _ => ChatError::Refused { why },
        }
    }
}

/// Somebody else's words, fit to be shown: one line, not endless.
pub fn repeated(said: &str) -> String {
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(4 * REPEATED).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(REPEATED).collect::<String>().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after_ms: Option<i64>) -> Answer {
        Answer { status, retry_after_ms, body: Vec::new() }
    }

    #[test]
    fn what_a_status_means() {
        let why = |said: &str| said.to_owned();
        for (status, wait, meant) in [
            (400, None, ChatError::Refused { why: why("X answers 400: no such thing") }),
            (301, None, ChatError::Refused { why: why("X answers 301: no such thing") }),
            (429, Some(7_000), ChatError::Retry { after_ms: 7_000, why: why("X asks for a pause") }),
            (429, None, ChatError::Retry { after_ms: 10_000, why: why("X asks for a pause") }),
            (503, Some(1_000), ChatError::Retry { after_ms: 1_000, why: why("X answers 503: no such thing") }),
            (500, None, ChatError::Retry { after_ms: 0, why: why("X answers 500: no such thing") }),
        ] {
            assert_eq!(answer(status, wait).error("X", "no such\n thing."), meant);
        }
        assert!(answer(202, None).is_ok() && !answer(304, None).is_ok());
        assert_eq!(repeated(&"x".repeat(1_000)).len(), REPEATED);
    }
}
