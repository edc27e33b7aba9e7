//! Until when Discord is not to be asked: everything, a bucket of routes, or one route.
//!
//! Discord tells with an answer which bucket the route is in; several routes may share one, for each channel or server
//! apart. A route whose bucket is not known yet is taken for one of its own.

use reqwest::header::HeaderMap;
use serenity::http::{LightMethod, RatelimitingBucket, Route};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long everything waits where Discord says "too many" without saying how long, in seconds.
const UNSAID: f64 = 30.0;
/// The longest wait that is believed, in seconds.
const LONGEST: f64 = 86_400.0;
/// Routes whose buckets are remembered, and waits.
const REMEMBERED: usize = 4_096;

/// A route as Discord limits it.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    route: (LightMethod, RatelimitingBucket),
    /// The channel or server its bucket is for.
    within: Option<u64>,
    /// Answers to interactions have limits of their own, outside those of the bot.
    own: bool,
}

impl Asking {
    /// Asking that route by that method.
    pub fn new(method: LightMethod, route: &Route<'_>) -> Self {
        let within = match route {
            Route::Channel { channel_id }
            | Route::ChannelMessage { channel_id, .. }
            | Route::ChannelMessageReaction { channel_id, .. }
            | Route::ChannelMessageReactionEmoji { channel_id, .. }
            | Route::ChannelMessageReactionMe { channel_id, .. }
            | Route::ChannelMessageThreads { channel_id, .. }
            | Route::ChannelMessages { channel_id } => Some(channel_id.get()),
            Route::GuildCommands { guild_id, .. }
            | Route::GuildMember { guild_id, .. }
            | Route::GuildRoles { guild_id } => Some(guild_id.get()),
            _ => None,
        };
        let own = matches!(
            route,
            Route::InteractionResponse { .. }
                | Route::WebhookOriginalInteractionResponse { .. }
                | Route::WebhookFollowupMessages { .. }
        );
        Self { route: (method, route.ratelimiting_bucket()), within, own }
    }
}

/// What waits together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum What {
    Everything,
    Bucket(String, Option<u64>),
    Route((LightMethod, RatelimitingBucket)),
}

/// What Discord has said about its limits.
#[derive(Debug, Default)]
pub struct Rates {
    buckets: HashMap<(LightMethod, RatelimitingBucket), What>,
    waits: HashMap<What, Instant>,
}

impl Rates {
    /// How long that is not to be asked, if at all.
    pub fn wait(&self, asking: &Asking) -> Option<Duration> {
        let everything = self.waits.get(&What::Everything).filter(|_| !asking.own);
        let bucket = self.buckets.get(&asking.route).and_then(|bucket| self.waits.get(bucket));
        let route = self.waits.get(&What::Route(asking.route));
        let until = everything.max(bucket).max(route)?;
        Some(until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }

    /// Any answer: it names the bucket, and says when it was the last one of a burst: the next waits.
    pub fn heed(&mut self, asking: &Asking, headers: &HeaderMap) {
        if let Some(name) = headers.get("x-ratelimit-bucket").and_then(|name| name.to_str().ok()) {
            if self.buckets.len() >= REMEMBERED {
                self.buckets.clear();
            }
            self.buckets.insert(asking.route, What::Bucket(name.to_owned(), asking.within));
        }
        if number(headers, "x-ratelimit-remaining") == Some(0.0)
            && let Some(after) = number(headers, "x-ratelimit-reset-after")
        {
            self.block_together(asking, after);
        }
    }

    /// An answer that says "too many", its body as far as it says `retry_after` and `global`: how long to wait.
    pub fn too_many(
        &mut self,
        asking: &Asking,
        headers: &HeaderMap,
        retry_after: Option<f64>,
        global: bool,
    ) -> Duration {
        let said = number(headers, "retry-after").or(retry_after);
        // Where nothing is said, it is not Discord that answers but what stands before it, and it means everything.
        let seconds = said.filter(|s| s.is_finite() && *s >= 0.0).unwrap_or(UNSAID);
        let global = global || said.is_none() || headers.contains_key("x-ratelimit-global");
        if global && !asking.own { self.block(What::Everything, seconds) } else { self.block_together(asking, seconds) }
    }

    /// The route waits even should it turn out to be in another bucket: edits of old messages have one of their own.
    fn block_together(&mut self, asking: &Asking, seconds: f64) -> Duration {
        if let Some(bucket) = self.buckets.get(&asking.route).cloned() {
            self.block(bucket, seconds);
        }
        self.block(What::Route(asking.route), seconds)
    }

    fn block(&mut self, what: What, seconds: f64) -> Duration {
        let (now, wait) = (Instant::now(), Duration::from_secs_f64(seconds.clamp(0.0, LONGEST)));
        if self.waits.len() >= REMEMBERED {
            self.waits.retain(|_, until| *until > now);
        }
        let known = self.waits.entry(what).or_insert(now);
        *known = (*known).max(now + wait);
        wait
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serenity::model::id::{ChannelId, InteractionId, MessageId};

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

    fn answer() -> Asking {
        let route = Route::InteractionResponse { interaction_id: InteractionId::new(1), token: "t" };
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
        assert_eq!(rates.too_many(&one(7, 1), &much, Some(3.2), false), 4 * SECOND);
        assert_eq!(rates.wait(&all(7)), Some(4 * SECOND));
        assert_eq!(rates.wait(&all(8)), None);
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
        assert_eq!(rates.wait(&answer()), None, "answers have their own");
        assert_eq!(rates.too_many(&answer(), &headers(&[]), Some(20.0), true), 20 * SECOND);
        assert_eq!((rates.wait(&answer()), rates.wait(&all(8))), (Some(20 * SECOND), Some(9 * SECOND)));
        // Nothing said at all: what stands before Discord answers.
        assert_eq!(rates.too_many(&all(7), &headers(&[]), None, false), 30 * SECOND);
        assert_eq!(rates.wait(&all(8)), Some(30 * SECOND));
        // A shorter wait does not end a longer one; nonsense is none.
        for odd in [0.5, -3.0, f64::NAN, f64::INFINITY] {
            rates.too_many(&all(7), &headers(&[]), Some(odd), true);
        }
        assert_eq!(rates.wait(&all(8)), Some(30 * SECOND));
        assert_eq!(rates.too_many(&all(9), &headers(&[("retry-after", "1e300")]), None, false), 86_400 * SECOND);
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
