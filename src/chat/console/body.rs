//! Reading a request's body within its bound.

use super::limits;
use super::refuse::Refusal;
use axum::body::Body;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio_stream::StreamExt;

/// A JSON body of at most [`limits::BODY`] bytes.
pub async fn json<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut seen = 0usize;
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "The request broke off before its end."))?;
        seen = seen.saturating_add(chunk.len());
        if seen > limits::DRAIN {
            break;
        }
        if seen <= limits::BODY {
            bytes.extend_from_slice(&chunk);
        }
    }
    if seen > limits::BODY {
        return Err(too_large());
    }
    serde_json::from_slice(&bytes)
        .map_err(|e| Refusal::new(StatusCode::BAD_REQUEST, format!("The request's JSON could not be read: {e}.")))
}

/// Reads and forgets, so that a sender in the middle of sending gets to read the answer. Bounded in bytes and time.
pub async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut seen = 0usize;
    let reading = async {
        while let Some(Ok(chunk)) = stream.next().await {
            seen = seen.saturating_add(chunk.len());
            if seen > limits::DRAIN {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), reading).await;
}

/// What an oversized request is told.
pub fn too_large() -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("That is too long: a request may have at most {} KiB. Nothing was done.", limits::BODY / 1024),
    )
}
