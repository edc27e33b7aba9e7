//! Who is asking.

use super::refuse::Refusal;
use super::{Account, limits};
use crate::domain::command::Person;
use axum::http::header::{HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use percent_encoding::percent_decode;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const AS: HeaderName = HeaderName::from_static("x-rollcall-as");

/// The person behind a request, if any is known.
#[derive(Clone, Debug)]
pub struct Viewer {
    person: Option<Person>,
    signed_in: bool,
}

impl Viewer {
    /// Nobody in particular.
    pub fn nobody() -> Self {
        Self { person: None, signed_in: false }
    }
    /// On loopback: the name the page says it acts as, if it says one, and whom `identify` knows by it.
    pub fn picked(headers: &HeaderMap, identify: impl FnOnce(&str) -> Person) -> Result<Self, Refusal> {
        let picked =
            headers.get(AS).map(|raw| name(&percent_decode(raw.as_bytes()).decode_utf8_lossy())).transpose()?;
        Ok(Self { person: picked.map(|name| identify(&name)), signed_in: false })
    }
    /// Known by a session.
    pub fn signed_in(account: &Account) -> Self {
        Self { person: Some(person(account)), signed_in: true }
    }
    /// Whether a session says so.
    pub fn is_signed_in(&self) -> bool {
        self.signed_in
    }
    /// The person, if known.
    pub fn person(&self) -> Option<&Person> {
        self.person.as_ref()
    }
    /// The person, where one is needed.
    pub fn someone(self) -> Result<Person, Refusal> {
        self.person
            .ok_or_else(|| Refusal::bad("Say who you are first: pick a name at the top right. Nothing was done."))
    }
}

/// An account as the person the house knows.
pub fn person(account: &Account) -> Person {
    Person { id: account.id.as_str().into(), name: account.name.as_str().into() }
}

/// A name somebody picked, cleaned: visible characters, single spaces, 1 to 40 of them.
pub fn name(picked: &str) -> Result<String, Refusal> {
    let words: Vec<String> = picked
        .split_whitespace()
        .map(|word| word.chars().filter(|c| is_visible(*c)).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join(" ");
    if !name.chars().any(char::is_alphanumeric) {
        return Err(Refusal::bad("A name needs at least one letter or digit."));
    }
    if name.chars().count() > limits::NAME {
        return Err(Refusal::bad(format!("A name may have at most {} characters.", limits::NAME)));
    }
    if name.eq_ignore_ascii_case(&Person::rollcall().name) {
        return Err(Refusal::bad("Rollcall is the bot's own name. Pick another."));
    }
    Ok(name)
}

/// Neither a control character nor one that hides or turns around its neighbours.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether `Authorization: Bearer …` carries the token; takes equally long whatever it carries.
pub fn bearer(header: Option<&HeaderValue>, token: &str) -> Result<(), Refusal> {
    let given = header
        .map(HeaderValue::as_bytes)
        .and_then(|v| v.split_at_checked(7))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
        .map(|(_, given)| given)
        .unwrap_or_default();
    let same: bool = digest(given).ct_eq(&digest(token.as_bytes())).into();
    if same && !token.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNAUTHORIZED,
        "The token does not fit. Run the terminal client with the same --data directory as the running bot.",
    ))
}

/// SHA-256.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
