//! Medians and spreads.

use std::fmt;
use std::iter::Sum;
use std::time::Duration;

/// Measurements of one thing; shown as the median, and the least and greatest behind it.
#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<f64>);

impl Spread {
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
        self.0.sort_by(f64::total_cmp);
    }

    pub fn median(&self) -> f64 {
        let n = self.0.len();
        if n == 0 { f64::NAN } else { (self.0[(n - 1) / 2] + self.0[n / 2]) / 2.0 }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let (least, greatest) =
            (self.0.first().copied().unwrap_or(f64::NAN), self.0.last().copied().unwrap_or(f64::NAN));
        write!(f, "{:.digits$} ({least:.digits$} – {greatest:.digits$})", self.median())
    }
}

/// How long answers took.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// One round in a few words.
    pub fn brief(&self) -> String {
        format!("p50 {:.2} p99 {:.2} worst {:.2} ms", self.within(0.5), self.within(0.99), self.within(1.0))
    }

    /// In milliseconds, the time that so great a part of the answers did not exceed.
    fn within(&self, part: f64) -> f64 {
        let mut all = self.0.clone();
        all.sort_unstable();
        let place = (all.len() as f64 * part).ceil() as usize;
        all.get(place.clamp(1, all.len().max(1)) - 1).map_or(f64::NAN, |d| d.as_secs_f64() * 1e3)
    }
}

impl Sum for Latencies {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.flat_map(|l| l.0).collect())
    }
}

/// A row for each, from several rounds: the medians of the rounds' percentiles, and their spread.
pub fn table(rows: &[(&str, &Vec<Latencies>)]) {
    println!("| ms | answers | p50 | p90 | p99 | p99.9 | worst |\n|---|---:|---:|---:|---:|---:|---:|");
    for (name, rounds) in rows {
        let at = |part: f64| {
            let mut spread = Spread::default();
            rounds.iter().for_each(|l| spread.add(l.within(part)));
            spread
        };
        let count: usize = rounds.iter().map(Latencies::count).sum();
        println!(
            "| {name} | {count} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
}
