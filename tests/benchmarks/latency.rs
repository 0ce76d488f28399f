//! How long calls take.

use std::time::Instant;

use serde_json::{Value, json};

/// How long the pages of a list take.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// The first page, asked for again and again.
    pub first: Latency,
    /// Those behind it, each further than the one before.
    pub further: Latency,
}

// === impl Pages ===

impl Pages {
    /// Asks `calls` times for the first page, and turns at most `turns` pages. `page` takes a token and gives the next.
    pub async fn turn(
        (calls, turns): (usize, usize),
        mut page: impl AsyncFnMut(String) -> anyhow::Result<String>,
    ) -> anyhow::Result<Self> {
        let mut pages = Self::default();
        for _ in 0..calls {
            let begun = Instant::now();
            page(String::new()).await?;
            pages.first.add(begun.elapsed());
        }
        let mut token = String::new();
        for turned in 0..turns {
            let begun = Instant::now();
            token = page(token).await?;
            if turned > 0 {
                pages.further.add(begun.elapsed());
            }
            if token.is_empty() {
                break;
            }
        }
        Ok(pages)
    }
}

/// Times in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Latency(Vec<f64>);

// === impl Latency ===

impl Latency {
    /// Adds one.
    pub fn add(&mut self, took: std::time::Duration) {
        self.0.push(took.as_secs_f64() * 1e3);
    }

    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that this share of the calls did not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (share * sorted.len() as f64).ceil() as usize;
        sorted
            .get(at.saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// For the file of results.
    pub fn detail(&self) -> Value {
        json!({
            "calls": self.count(),
            "p50_ms": self.quantile(0.50),
            "p95_ms": self.quantile(0.95),
            "p99_ms": self.quantile(0.99),
        })
    }
}
