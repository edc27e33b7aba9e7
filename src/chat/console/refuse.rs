//! Why a request is not served: a status and a sentence. [`super::form`] gives it the form its reader can use.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why a request is not served.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub(super) status: StatusCode,
    pub(super) words: String,
}

impl Refusal {
    /// With a sentence that says what to do.
    pub fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }
    /// There is no such page.
    pub fn not_found(words: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, words)
    }
    /// It could not be looked up just now; what there is, is there all the same.
    pub fn not_now(why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("This could not be read just now. {why}"))
    }
    /// What was sent cannot be used.
    pub fn bad(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }
}

impl IntoResponse for Refusal {
    /// Without a body: [`super::form::in_its_form`] gives it one.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// For paths that lead nowhere.
pub async fn not_found() -> Refusal {
    Refusal::not_found("There is nothing at this address. Maybe the link was cut short.")
}

/// For paths that are asked in a way they do not answer.
pub async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "This address cannot be asked that way.")
}
