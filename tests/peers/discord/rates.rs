//! Rates: fixed windows by bucket, and the one over all requests.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Requests a second over all routes, interactions apart.
const GLOBAL: u32 = 50;
/// Requests that come in so soon after the first 429 were on their way already.
const ON_ITS_WAY: Duration = Duration::from_millis(700);

#[derive(Default)]
pub struct Rates {
    buckets: HashMap<String, Bucket>,
    global: Option<Bucket>,
    /// Waits a fault told the bot, by route; over all routes under [`ALL`].
    told: HashMap<String, Told>,
    /// By how much this machine woke up too late of late, and when it is to wake up next.
    pub late: Duration,
    pub wakes: Option<Instant>,
    /// Requests that were answered with 429 because the bot was too fast.
    pub earned: Vec<String>,
}

/// All routes, as a route.
const ALL: &str = "all";

/// The bot was told to wait.
#[derive(Clone, Copy)]
struct Told {
    when: Instant,
    until: Instant,
}

impl Told {
    fn ignored(&self, at: Instant, late: Duration) -> bool {
        at > self.when + ON_ITS_WAY + late && at < self.until
    }
}

struct Bucket {
    limit: u32,
    window: Duration,
    began: Instant,
    used: u32,
    told: Option<Told>,
    /// Since when it has heard of this bucket, by route: it cannot know of others that they share it.
    known: HashMap<String, Instant>,
}

/// A request, as far as rates go.
pub struct Take<'a> {
    /// Method and path, without what differs within a bucket.
    pub route: &'a str,
    /// When it came in, and now, when it is answered.
    pub at: Instant,
    pub now: Instant,
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
        Self { limit, window, began: now, used: 0, told: None, known: HashMap::new() }
    }

    fn take(&mut self, name: &str, take: &Take<'_>, late: Duration) -> Result<Standing, Limited> {
        let now = take.now;
        let sent = take.at.checked_sub(ON_ITS_WAY + late).unwrap_or(take.at);
        let knew = self.known.get(take.route).is_some_and(|since| *since < sent);
        if take.heard {
            self.known.entry(take.route.to_owned()).or_insert(now);
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
            let hammering = knew && self.told.is_some_and(|told| told.ignored(take.at, late));
            if take.heard {
                self.told.get_or_insert(Told { when: now, until: now + reset_after });
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
        self.told.clear();
    }

    /// One request in the bucket of that name. The first one makes the bucket.
    pub fn take(&mut self, name: &str, limit: u32, window: Duration, take: &Take<'_>) -> Result<Standing, Limited> {
        let late = self.late(take.now);
        let bucket = self.buckets.entry(name.to_owned()).or_insert_with(|| Bucket::new(limit, window, take.now));
        bucket.take(name, take, late)
    }

    /// One request towards the limit over all routes, which is known to every bot.
    pub fn take_global(&mut self, take: &Take<'_>) -> Result<(), Limited> {
        let late = self.late(take.now);
        let bucket = self.global.get_or_insert_with(|| Bucket::new(GLOBAL, Duration::from_secs(1), take.now));
        let take = Take { route: ALL, ..*take };
        bucket.take("global", &take, late).map(drop).map_err(|limited| Limited { global: true, ..limited })
    }

    /// A fault tells the bot to wait: on this route, or on all but the answers to interactions.
    pub fn tell(&mut self, route: &str, now: Instant, seconds: f64, global: bool) {
        let told = Told { when: now, until: now + Duration::from_secs_f64(seconds) };
        self.told.insert(if global { ALL } else { route }.to_owned(), told);
    }

    /// Whether a request comes although a fault told the bot to wait. `open`: it answers an interaction.
    pub fn ignored(&self, route: &str, at: Instant, open: bool) -> bool {
        let (all, late) = (self.told.get(ALL).filter(|_| !open), self.late(at));
        all.into_iter().chain(self.told.get(route)).any(|told| told.ignored(at, late))
    }

    /// How late this machine is: what comes in may have been sent as much earlier.
    pub fn late(&self, now: Instant) -> Duration {
        self.wakes.map_or(Duration::ZERO, |wakes| now.saturating_duration_since(wakes)).max(self.late)
    }
}
