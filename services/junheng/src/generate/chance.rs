//! Chance that is the same on every machine: ChaCha8, whose stream its library keeps from version to version, and the
//! mathematics of `libm` instead of the system's.

use junheng_kernel::digest::PartsDigest;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::parameters::Size;

/// A stream of chance for one purpose.
#[derive(Clone, Debug)]
pub struct Chance(ChaCha8Rng);

/// Entries by weight.
#[derive(Clone, Debug)]
pub struct Weighted<T> {
    entries: Vec<T>,
    /// The sum of the weights up to and with each entry.
    sums: Vec<u64>,
}

// === impl Chance ===

impl Chance {
    /// The stream of a purpose; `index` tells apart things of one purpose.
    pub fn fork(seed: u64, purpose: &str, index: u64) -> Self {
        let mut digest = PartsDigest::default();
        digest
            .add(&seed.to_be_bytes())
            .add(purpose.as_bytes())
            .add(&index.to_be_bytes());
        Self(ChaCha8Rng::from_seed(digest.finish()))
    }

    /// A number in `0..bound`; 0 when `bound` is 0. The bias, below `bound / 2^64`, does not matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// A number from 0 up to 1, without 1.
    pub fn fraction(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }

    /// True in this share of cases.
    pub fn happens(&mut self, share: f64) -> bool {
        self.fraction() < share
    }

    /// An entry of a list that is not empty.
    pub fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// A number from the normal distribution (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.fraction())).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.fraction())
    }

    /// e to the power of a normal number.
    pub fn lognormal(&mut self, sigma: f64) -> f64 {
        libm::exp(sigma * self.normal())
    }

    /// A size, whole, within its bounds.
    pub fn size(&mut self, size: &Size) -> u64 {
        let median = size.mean * libm::exp(-size.sigma * size.sigma / 2.0);
        let drawn = (median * self.lognormal(size.sigma)).round() as u64;
        drawn.clamp(size.least, size.most)
    }

    /// A number from the Beta distribution with whole parameters: the `alpha`-th smallest of `alpha + beta - 1` numbers.
    pub fn beta(&mut self, alpha: usize, beta: usize) -> f64 {
        let mut drawn: Vec<f64> = (1..alpha + beta).map(|_| self.fraction()).collect();
        drawn.sort_by(f64::total_cmp);
        drawn.get(alpha.wrapping_sub(1)).copied().unwrap_or(0.5)
    }
}

// === impl Weighted ===

impl<T> Weighted<T> {
    /// Entries with their weights.
    pub fn of(entries: impl IntoIterator<Item = (T, u64)>) -> Self {
        let (mut kept, mut sums, mut sum) = (Vec::new(), Vec::new(), 0);
        for (entry, weight) in entries {
            sum += weight;
            kept.push(entry);
            sums.push(sum);
        }
        Self {
            entries: kept,
            sums,
        }
    }

    /// One by weight; `None` when there is none.
    pub fn draw(&self, chance: &mut Chance) -> Option<&T> {
        let at = chance.below(self.sums.last().copied().unwrap_or_default());
        self.entries
            .get(self.sums.partition_point(|sum| *sum <= at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_same_on_every_machine() {
        // Kept from the first run: another library or machine must not change what a seed gives.
        let mut chance = Chance::fork(1, "pupils", 7);
        let drawn = [chance.below(1_000_000), chance.below(1_000_000)];
        assert_eq!(drawn, [941_849, 733_970]);
        assert_eq!(chance.normal().to_bits(), 13_830_926_879_412_113_692);
        assert_ne!(Chance::fork(1, "pupils", 8).below(1_000_000), drawn[0]);
    }

    #[test]
    fn distributions_have_their_means() {
        let mut chance = Chance::fork(1, "means", 0);
        let size = Size {
            mean: 800.0,
            sigma: 0.5,
            least: 1,
            most: 1_000_000,
        };
        let sum: u64 = (0..20_000).map(|_| chance.size(&size)).sum();
        assert!((780..820).contains(&(sum / 20_000)), "{}", sum / 20_000);
        let beta: f64 = (0..20_000).map(|_| chance.beta(2, 7)).sum();
        assert!((beta / 20_000.0 - 2.0 / 9.0).abs() < 0.01);
    }

    #[test]
    fn entries_come_by_weight() {
        let table = Weighted::of([("never", 0), ("once", 1), ("thrice", 3)]);
        let mut chance = Chance::fork(1, "weights", 0);
        let drawn: Vec<&str> = (0..4_000)
            .filter_map(|_| table.draw(&mut chance).copied())
            .collect();
        let count = |name| drawn.iter().filter(|one| **one == name).count();
        assert_eq!(count("never"), 0);
        assert!((2_850..3_150).contains(&count("thrice")));
    }
}
