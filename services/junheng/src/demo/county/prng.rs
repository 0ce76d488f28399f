//! The one source of chance in the demo: SplitMix64, a counter put through a mixing function.
//!
//! Not for secrets. It is here because the same seed must give the same bytes on every machine and in
//! every release, which no general random crate promises across its versions.

/// The golden-ratio step of SplitMix64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A deterministic stream of numbers.
#[derive(Clone, Debug)]
pub struct Prng {
    state: u64,
}

impl Prng {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// An independent stream for one purpose, so that a change in how one thing is drawn leaves the
    /// others as they were. `purpose` is any fixed text, `index` tells apart things of one purpose.
    pub fn fork(seed: u64, purpose: &str, index: u64) -> Self {
        let mut state = seed ^ 0x6A75_6E68_656E_6721;
        for byte in purpose.bytes() {
            state = Self::new(state ^ u64::from(byte)).draw();
        }
        Self::new(Self::new(state ^ index).draw())
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` is 0. The bias, below `bound / 2^64`, does not matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.draw()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// A place in a list of `len` entries.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// True in `thousandths` of a thousand cases.
    pub fn chance(&mut self, thousandths: u64) -> bool {
        self.below(1000) < thousandths
    }

    /// Puts a list into random order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.index(last + 1));
        }
    }

    /// Picks an entry by weight; `None` when all weights are zero.
    pub fn weighted<'a, T>(&mut self, list: &'a [(T, u64)]) -> Option<&'a T> {
        let mut left = self.below(list.iter().map(|(_, weight)| weight).sum());
        for (entry, weight) in list {
            if left < *weight {
                return Some(entry);
            }
            left -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // The first numbers of SplitMix64 for the seed 1234567, as published with the algorithm.
        let mut stream = Prng::new(1_234_567);
        assert_eq!(stream.draw(), 6_457_827_717_110_365_317);
        assert_eq!(stream.draw(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn streams_of_two_purposes_differ() {
        let names = Prng::fork(1, "names", 0).draw();
        assert_ne!(names, Prng::fork(1, "sizes", 0).draw());
        assert_ne!(names, Prng::fork(1, "names", 1).draw());
    }
}
