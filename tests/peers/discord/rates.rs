//! Rates: fixed windows by bucket, and the one over all requests.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Requests a second over all routes, interactions apart.
const GLOBAL: u32 = 50;
/// What was on its way when the first 429 was said came in until then; a client on a busy machine reads late.
const ON_ITS_WAY: Duration = Duration::from_millis(700);

#[derive(Default)]
pub struct Rates {
    buckets: HashMap<String, Bucket>,
    global: Option<Bucket>,
    /// Requests that were answered with 429 because the bot was too fast.
    pub earned: Vec<String>,
}

struct Bucket {
    limit: u32,
    window: Duration,
    began: Instant,
    used: u32,
    /// When the bot was told to wait.
    told: Option<Instant>,
    /// Routes by which it has heard of this bucket: it cannot know of others that they share it.
    known: HashSet<String>,
}

/// A request, as far as rates go.
pub struct Take<'a> {
    /// Method and path, without what differs within a bucket.
    pub route: &'a str,
    /// When it came in.
    pub at: Instant,
    /// The answer reaches the bot.
    pub heard: bool,
}

/// How a bucket stands after a request, for its headers.
#[derive(Clone, Debug)]
pub struct Standing {
    pub name: String,
    pub limit: u32,
    pub remaining: u32,
    pub reset_after: Duration,
}

/// Too fast.
#[derive(Clone, Debug)]
pub struct Limited {
    pub standing: Standing,
    pub retry_after: Duration,
    pub global: bool,
    /// It had been told to wait and did not.
    pub hammering: bool,
}

impl Bucket {
    fn new(limit: u32, window: Duration, now: Instant) -> Self {
        Self { limit, window, began: now, used: 0, told: None, known: HashSet::new() }
    }

    fn take(&mut self, name: &str, take: &Take<'_>, now: Instant) -> Result<Standing, Limited> {
        let knew = self.known.contains(take.route);
        if take.heard && !knew {
            self.known.insert(take.route.to_owned());
        }
        if now.duration_since(self.began) >= self.window {
            (self.began, self.used, self.told) = (now, 0, None);
        }
        let reset_after = self.window.saturating_sub(now.duration_since(self.began));
        let standing = |used: u32| Standing {
            name: name.to_owned(),
            limit: self.limit,
            remaining: self.limit.saturating_sub(used),
            reset_after,
        };
        if self.used >= self.limit {
            let hammering = knew && self.told.is_some_and(|told| take.at > told + ON_ITS_WAY);
            if take.heard {
                self.told.get_or_insert(now);
            }
            return Err(Limited { standing: standing(self.used), retry_after: reset_after, global: false, hammering });
        }
        self.used += 1;
        Ok(standing(self.used))
    }
}

impl Rates {
    /// A new process cannot know what the old one was told.
    pub fn forget(&mut self) {
        for bucket in self.buckets.values_mut().chain(&mut self.global) {
            bucket.told = None;
            bucket.known.clear();
        }
    }

    /// One request in the bucket of that name. The first one makes the bucket.
    pub fn take(&mut self, name: &str, limit: u32, window: Duration, take: &Take<'_>) -> Result<Standing, Limited> {
        let now = Instant::now();
        self.buckets.entry(name.to_owned()).or_insert_with(|| Bucket::new(limit, window, now)).take(name, take, now)
    }

    /// One request towards the limit over all routes, which is known to every bot.
    pub fn take_global(&mut self, take: &Take<'_>) -> Result<(), Limited> {
        let now = Instant::now();
        let bucket = self.global.get_or_insert_with(|| Bucket::new(GLOBAL, Duration::from_secs(1), now));
        let take = Take { route: "all", ..*take };
        bucket.take("global", &take, now).map(drop).map_err(|limited| Limited { global: true, ..limited })
    }
}
