//! Signing in, and staying so: sealed cookies and a bound on guessing.

use super::identity::digest;
use super::{Account, SignIn, State, guard, limits};
use axum::http::header::{COOKIE, HOST, HeaderMap, HeaderValue, ORIGIN};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

const COOKIE_NAME: &str = "rollcall_session";

impl State {
    /// Whose session a request carries, if it stands.
    pub(crate) fn session<'a>(&self, headers: &HeaderMap, sign_in: &'a SignIn) -> Option<&'a Account> {
        let now = self.settings.clock.now().0;
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
            .find_map(|value| open(value, sign_in, now))
    }

    /// The cookie of a new session.
    pub(crate) fn session_cookie(&self, account: &Account, sign_in: &SignIn, way: Way) -> Option<HeaderValue> {
        let until = self.settings.clock.now().plus_ms(limits::SESSION_MS).0;
        let seal = seal(account, until, sign_in)?;
        cookie(&format!("{}|{until}|{}", hex::encode(&account.id), hex::encode(seal)), limits::SESSION_MS / 1000, way)
    }
}

/// The cookie that ends a session.
pub(crate) fn no_cookie(way: Way) -> Option<HeaderValue> {
    cookie("", 0, way)
}

/// Lax: a link from a chat or a mail finds people signed in. What changes something is guarded by more than the cookie.
fn cookie(value: &str, seconds: i64, way: Way) -> Option<HeaderValue> {
    let secure = if way == Way::OwnMachine { "" } else { "; Secure" };
    let cookie = format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).ok()
}

/// How a page came to its reader. The guard has seen that Origin and Host name the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Over HTTPS, or the browser does not say.
    Secure,
    /// Over plain HTTP, but without leaving the machine.
    OwnMachine,
    /// Over plain HTTP through a network: browsers keep no secure cookie there, and others can read along.
    Open,
}

impl Way {
    /// The way of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let (plain, host) = match text(ORIGIN).map(|o| (o, o.strip_prefix("http://"))) {
            Some((_, Some(host))) => (true, host),
            Some((_, None)) => return Self::Secure,
            None => (false, text(HOST).unwrap_or_default()),
        };
        match (guard::is_loopback(host), plain) {
            (true, _) => Self::OwnMachine,
            (false, true) => Self::Open,
            (false, false) => Self::Secure,
        }
    }
}

/// Person, expiry and account key are sealed together: a changed key ends that person's sessions.
fn seal(account: &Account, until: i64, sign_in: &SignIn) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&sign_in.secret).ok()?;
    mac.update(b"rollcall session 1\0");
    mac.update(&digest(account.id.as_bytes()));
    mac.update(&until.to_be_bytes());
    mac.update(&account.key_sha256);
    Some(mac.finalize().into_bytes().into())
}

fn open<'a>(value: &str, sign_in: &'a SignIn, now: i64) -> Option<&'a Account> {
    let mut parts = value.split('|');
    let (person, until, given) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (person, until, given) = (hex::decode(person).ok()?, until.parse::<i64>().ok()?, hex::decode(given).ok()?);
    let account = sign_in.people.iter().find(|a| a.id.as_bytes() == person)?;
    let fits: bool = seal(account, until, sign_in)?.ct_eq(given.as_slice()).into();
    (fits && now < until && until <= now.saturating_add(limits::SESSION_MS)).then_some(account)
}

/// The account whose key this is. Takes equally long for people there are and people there are not.
pub(crate) fn account<'a>(sign_in: &'a SignIn, person: &str, key: &str) -> Option<&'a Account> {
    let person = person.trim().to_lowercase();
    let known = |a: &&Account| a.id == person || a.name.to_lowercase() == person;
    let found = sign_in.people.iter().find(known);
    let wanted = found.map_or([0; 32], |a| a.key_sha256);
    let fits: bool = digest(key.as_bytes()).ct_eq(&wanted).into();
    found.filter(|_| fits)
}

/// Failed sign-ins of the last minute: guessing is slow whoever guesses, and keeps out nobody but the one guessed at.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<VecDeque<(Instant, [u8; 32])>>);

impl Failures {
    /// Begins an attempt, counted as failed until it is forgiven, so that parallel guesses count too. Refused with
    /// how long to wait. Names there are and names there are not are counted alike.
    pub(crate) fn begin(&self, person: &str) -> Result<Attempt, Duration> {
        const WINDOW: Duration = Duration::from_secs(60);
        let (now, name) = (Instant::now(), digest(person.trim().to_lowercase().as_bytes()));
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while failures.front().is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW)
            || failures.len() >= limits::FAILED_SIGN_INS_KEPT
        {
            failures.pop_front();
        }
        let most = if failures.len() >= limits::FAILED_SIGN_INS_ALL { 1 } else { limits::FAILED_SIGN_INS };
        let mut own = failures.iter().filter(|(_, other)| *other == name);
        match own.next() {
            Some((first, _)) if 1 + own.count() >= most => Err(WINDOW.saturating_sub(now.duration_since(*first))),
            _ => {
                failures.push_back((now, name));
                Ok(Attempt(name))
            }
        }
    }
    /// It did not fail after all.
    pub(crate) fn forgive(&self, attempt: &Attempt) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = failures.iter().rposition(|(_, name)| *name == attempt.0) {
            failures.remove(at);
        }
    }
}

/// A sign-in that was begun.
#[derive(Debug)]
pub(crate) struct Attempt([u8; 32]);
