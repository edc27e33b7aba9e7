//! Until when Discord is not to be asked: everything, a bucket of routes, or one route.
//!
//! Discord tells with an answer which bucket the route is in; several routes may share one, for each channel or server
//! apart. A route whose bucket is not known yet is taken for one of its own.

use reqwest::header::HeaderMap;
use serenity::http::{LightMethod, RatelimitingBucket, Route};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

/// How long everything waits where Discord says "too many" without saying how long, in seconds.
const UNSAID: f64 = 30.0;
/// The longest wait that is believed, in seconds.
const LONGEST: f64 = 86_400.0;
/// Routes whose buckets are remembered, and waits.
const REMEMBERED: usize = 4_096;
/// The header of "too many of everything".
const GLOBAL: &str = "x-ratelimit-global";

/// A route as Discord limits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asking {
    method: LightMethod,
    route: RatelimitingBucket,
    /// The channel, server or interaction it is limited for.
    within: Option<u64>,
    /// Answers to interactions have limits of their own, outside those of the bot.
    own: bool,
}

impl Asking {
    /// Asking that route by that method.
    pub fn new(method: LightMethod, route: &Route<'_>) -> Self {
        let (within, own) = match route {
            Route::Channel { channel_id }
            | Route::ChannelMessage { channel_id, .. }
            | Route::ChannelMessageReaction { channel_id, .. }
            | Route::ChannelMessageReactionEmoji { channel_id, .. }
            | Route::ChannelMessageReactionMe { channel_id, .. }
            | Route::ChannelMessageThreads { channel_id, .. }
            | Route::ChannelMessages { channel_id } => (Some(channel_id.get()), false),
            Route::GuildCommands { guild_id, .. }
            | Route::GuildMember { guild_id, .. }
            | Route::GuildRoles { guild_id } => (Some(guild_id.get()), false),
            // The token itself is a secret, and need not be kept to tell one from another.
            Route::InteractionResponse { token, .. }
            | Route::WebhookOriginalInteractionResponse { token, .. }
            | Route::WebhookFollowupMessages { token, .. } => (Some(hash(token)), true),
            _ => (None, false),
        };
        Self { method, route: route.ratelimiting_bucket(), within, own }
    }
}

fn hash(token: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

/// What waits together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum What {
    Everything,
    Bucket(String, Option<u64>),
    Route(Asking),
}

/// What Discord has said about its limits.
#[derive(Debug, Default)]
pub struct Rates {
    buckets: HashMap<Asking, What>,
    waits: HashMap<What, Instant>,
}

impl Rates {
    /// How long that is not to be asked, if at all.
    pub fn wait(&self, asking: &Asking) -> Option<Duration> {
        let everything = self.waits.get(&What::Everything).filter(|_| !asking.own);
        let bucket = self.buckets.get(asking).and_then(|bucket| self.waits.get(bucket));
        let route = self.waits.get(&What::Route(*asking));
        let until = everything.max(bucket).max(route)?;
        Some(until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }

    /// Any answer: it names the bucket, and says when it was the last one of a burst: the next waits.
    pub fn heed(&mut self, asking: &Asking, headers: &HeaderMap) {
        let name = headers.get("x-ratelimit-bucket").and_then(|name| name.to_str().ok());
        // "Too many of everything" is no route's bucket.
        if let Some(name) = name.filter(|_| !headers.contains_key(GLOBAL)) {
            if self.buckets.len() >= REMEMBERED && !self.buckets.contains_key(asking) {
                let now = Instant::now();
                self.buckets.retain(|_, bucket| self.waits.get(bucket).is_some_and(|until| *until > now));
            }
            self.buckets.insert(*asking, What::Bucket(name.to_owned(), asking.within));
        }
        if number(headers, "x-ratelimit-remaining") == Some(0.0)
            && let Some(after) = number(headers, "x-ratelimit-reset-after")
        {
            self.block_together(asking, after);
        }
    }

    /// An answer that says "too many", its body as far as it says `retry_after` (seconds) and `global`: how long to wait.
    pub fn too_many(
        &mut self,
        asking: &Asking,
        headers: &HeaderMap,
        retry_after: Option<f64>,
        global: bool,
    ) -> Duration {
        // The header is the same in whole seconds.
        let said = retry_after.filter(|s| sensible(*s)).or_else(|| number(headers, "retry-after"));
        let global = global || said.is_none() || headers.contains_key(GLOBAL);
        // Where nothing is said, it is not Discord that answers but what stands before it, and it means everything.
        let seconds = said.unwrap_or(UNSAID);
        if global && !asking.own { self.block(What::Everything, seconds) } else { self.block_together(asking, seconds) }
    }

    /// The route waits even should it turn out to be in another bucket: edits of old messages have one of their own.
    fn block_together(&mut self, asking: &Asking, seconds: f64) -> Duration {
        let bucket = self.buckets.get(asking).cloned();
        let shared = bucket.map(|bucket| self.block(bucket, seconds)).unwrap_or_default();
        self.block(What::Route(*asking), seconds).max(shared)
    }

    /// How long it waits now: a shorter wait does not end a longer one.
    fn block(&mut self, what: What, seconds: f64) -> Duration {
        let now = Instant::now();
        if self.waits.len() >= REMEMBERED {
            self.waits.retain(|_, until| *until > now);
        }
        let until = self.waits.entry(what).or_insert(now);
        *until = (*until).max(now + Duration::from_secs_f64(seconds.min(LONGEST)));
        until.saturating_duration_since(now)
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok().filter(|seconds| sensible(*seconds))
}

fn sensible(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serenity::model::id::{ApplicationId, ChannelId, MessageId};

    const SECOND: Duration = Duration::from_secs(1);

    fn headers(named: &[(&'static str, &str)]) -> HeaderMap {
        named.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn all(channel: u64) -> Asking {
        Asking::new(LightMethod::Get, &Route::ChannelMessages { channel_id: ChannelId::new(channel) })
    }

    fn one(channel: u64, message: u64) -> Asking {
        let route = Route::ChannelMessage { channel_id: ChannelId::new(channel), message_id: MessageId::new(message) };
        Asking::new(LightMethod::Get, &route)
    }

    fn answer(token: &str) -> Asking {
        let route = Route::WebhookFollowupMessages { application_id: ApplicationId::new(1), token };
        Asking::new(LightMethod::Post, &route)
    }

    fn bucket(named: &[(&'static str, &str)]) -> HeaderMap {
        let mut all = headers(named);
        all.insert("x-ratelimit-bucket", "b".parse().unwrap());
        all
    }

    #[tokio::test(start_paused = true)]
    async fn what_shares_a_bucket_waits_together() {
        let mut rates = Rates::default();
        let more = bucket(&[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset-after", "2")]);
        rates.heed(&all(7), &more);
        rates.heed(&all(8), &more);
        assert_eq!(rates.wait(&all(7)), None, "there are more");
        // The other route's first answer already names the bucket, and says that it is used up.
        let last = bucket(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", "2")]);
        rates.heed(&one(7, 1), &last);
        assert_eq!(rates.wait(&one(7, 2)), Some(2 * SECOND));
        assert_eq!(rates.wait(&all(7)), Some(2 * SECOND), "the same bucket");
        assert_eq!(rates.wait(&all(8)), None, "another channel has its own");
        tokio::time::advance(2 * SECOND).await;
        assert_eq!(rates.wait(&all(7)), None);
        // So does "too many".
        let much = bucket(&[("retry-after", "4")]);
        rates.heed(&one(7, 1), &much);
        assert_eq!(rates.too_many(&one(7, 1), &much, Some(3.5), false), SECOND * 7 / 2, "the header is rounded up");
        assert_eq!(rates.wait(&all(7)), Some(SECOND * 7 / 2));
        assert_eq!(rates.wait(&all(8)), None);
        // "Too many of everything" says nothing of the route's bucket.
        let everything = headers(&[(GLOBAL, "true"), ("x-ratelimit-bucket", "another")]);
        rates.heed(&all(7), &everything);
        tokio::time::advance(4 * SECOND).await;
        rates.heed(&one(7, 1), &last);
        assert_eq!(rates.wait(&all(7)), Some(2 * SECOND), "still the same bucket");
    }

    #[tokio::test(start_paused = true)]
    async fn a_route_without_a_bucket_waits_alone_and_everything_but_answers_together() {
        let mut rates = Rates::default();
        assert_eq!(rates.too_many(&one(7, 1), &headers(&[]), Some(5.0), false), 5 * SECOND);
        assert_eq!(rates.wait(&one(7, 2)), Some(5 * SECOND));
        assert_eq!(rates.wait(&all(7)), None);
        // What it was told before its bucket was known, or while it was in another one, still holds.
        rates.heed(&one(7, 1), &bucket(&[]));
        assert_eq!(rates.wait(&one(7, 2)), Some(5 * SECOND));
        assert_eq!(rates.too_many(&all(7), &headers(&[("x-ratelimit-global", "true")]), Some(9.0), false), 9 * SECOND);
        assert_eq!(rates.wait(&one(8, 1)), Some(9 * SECOND));
        assert_eq!(rates.wait(&answer("a")), None, "answers have their own");
        assert_eq!(rates.too_many(&answer("a"), &headers(&[]), Some(20.0), true), 20 * SECOND);
        assert_eq!((rates.wait(&answer("a")), rates.wait(&all(8))), (Some(20 * SECOND), Some(9 * SECOND)));
        assert_eq!(rates.wait(&answer("b")), None, "each its own");
        // Nothing said at all: what stands before Discord answers.
        assert_eq!(rates.too_many(&all(7), &headers(&[]), None, false), 30 * SECOND);
        assert_eq!(rates.wait(&all(8)), Some(30 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_wait_does_not_end_a_longer_one_and_nonsense_says_nothing() {
        let mut rates = Rates::default();
        rates.too_many(&all(7), &headers(&[]), Some(5.0), false);
        assert_eq!(rates.too_many(&all(7), &headers(&[]), Some(0.5), false), 5 * SECOND);
        for odd in ["NaN", "inf", "-1", "soon", ""] {
            let mut rates = Rates::default();
            rates.heed(&one(7, 1), &bucket(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", odd)]));
            assert_eq!(rates.wait(&one(7, 1)), None, "{odd:?}");
            let said = rates.too_many(&one(8, 1), &headers(&[("retry-after", odd)]), odd.parse().ok(), false);
            assert_eq!(said, 30 * SECOND, "{odd:?}");
        }
        assert_eq!(rates.too_many(&all(9), &headers(&[("retry-after", "1e300")]), None, false), 86_400 * SECOND);
        assert_eq!(rates.too_many(&all(10), &headers(&[("retry-after", "2")]), Some(f64::NAN), false), 2 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let mut rates = Rates::default();
        for channel in 1..=2 * REMEMBERED as u64 {
            rates.heed(&all(channel), &bucket(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", "1")]));
            if channel % 1_000 == 0 {
                tokio::time::advance(SECOND).await;
            }
        }
        assert!(rates.buckets.len() <= REMEMBERED && rates.waits.len() <= REMEMBERED);
        assert!(rates.wait(&all(2 * REMEMBERED as u64)).is_some());
    }
}
