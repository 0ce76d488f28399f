//! How long calls take.

use serde_json::{Value, json};

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
