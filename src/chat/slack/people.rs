//! Who people are: the directory's names first, then what Slack calls them, remembered for a while.

use super::api::Api;
use crate::config::Config;
use crate::domain::command::Person;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Profiles kept at most; how long one is believed; how long a click waits for one.
const KEPT: usize = 2_000;
const BELIEVED: Duration = Duration::from_secs(3600);
const WAIT: Duration = Duration::from_millis(700);

/// Names by Slack's ids.
#[derive(Default)]
pub struct People {
    names: Mutex<HashMap<String, (String, Instant)>>,
}

impl People {
    /// The person behind one of Slack's ids. `called` is what the payload calls them: the last resort.
    pub async fn person(&self, api: &Api, config: &Config, id: &str, called: &str) -> Person {
        let fallback = if called.is_empty() { id } else { called };
        let known = config.member("slack", id, fallback);
        if !known.id.starts_with("slack:") {
            return known;
        }
        if let Some(name) = self.remembered(id) {
            return config.member("slack", id, &name);
        }
        match tokio::time::timeout(WAIT, api.name_of(id)).await {
            Ok(Ok(Some(name))) => {
                let person = config.member("slack", id, &name);
                self.remember(id, name);
                person
            }
            _ => known,
        }
    }

    fn remembered(&self, id: &str) -> Option<String> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(id).filter(|(_, at)| at.elapsed() < BELIEVED).map(|(name, _)| name.clone())
    }

    fn remember(&self, id: &str, name: String) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= KEPT {
            names.retain(|_, (_, at)| at.elapsed() < BELIEVED);
            if names.len() >= KEPT {
                names.clear();
            }
        }
        names.insert(id.to_owned(), (name, Instant::now()));
    }
}
