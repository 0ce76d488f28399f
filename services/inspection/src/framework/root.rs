//! Square roots of rationals, rounded exactly, and the mean of several of them.

use std::fmt;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::exact::{Exact, Rounded, SHOWN_DIGITS, power_of_ten};

/// The square root of a rational that is not negative; kept as the radicand, so nothing is lost.
///
/// `Display` writes [`SHOWN_DIGITS`] decimals, half-up, or the exact value when the root is rational.
#[derive(Clone, Debug)]
pub struct SquareRoot {
    /// Not reduced: the radicand of a county has thousands of digits and every question below is one division.
    numerator: BigInt,
    denominator: BigInt,
    /// The root itself where it is rational.
    rational: Option<Exact>,
}

/// The arithmetic mean of square roots.
///
/// `Display` writes [`SHOWN_DIGITS`] decimals, half-up.
#[derive(Clone, Debug)]
pub struct MeanOfRoots {
    roots: Vec<SquareRoot>,
}

impl SquareRoot {
    /// The root of `radicand`, or `None` when that is negative.
    pub fn of(radicand: &Exact) -> Option<Self> {
        Self::of_fraction(radicand.0.numer().clone(), radicand.0.denom().clone())
    }

    /// The root of `numerator / denominator`, or `None` unless `numerator >= 0` and `denominator > 0`.
    pub(super) fn of_fraction(numerator: BigInt, denominator: BigInt) -> Option<Self> {
        if numerator < BigInt::zero() || denominator <= BigInt::zero() {
            return None;
        }
        // sqrt(n/d) = sqrt(n·d) / d, rational exactly when n·d is a perfect square.
        let product = &numerator * &denominator;
        let root = product.sqrt();
        let rational =
            (&root * &root == product).then(|| Exact(BigRational::new(root, denominator.clone())));
        Some(Self {
            numerator,
            denominator,
            rational,
        })
    }

    /// The root half-up at `digits` decimals, exactly.
    pub fn half_up(&self, digits: u32) -> Rounded {
        // floor(x + 1/2) = floor((floor(2x) + 1) / 2), and floor(2x·10^d) is an integer square root.
        let doubled = self.floor_times(&(power_of_ten(digits) * 2));
        Rounded::from_units(
            (doubled + BigInt::one()).div_floor(&BigInt::from(2)),
            digits,
        )
    }

    /// `floor(root · factor)`.
    fn floor_times(&self, factor: &BigInt) -> BigInt {
        (&self.numerator * factor * factor)
            .div_floor(&self.denominator)
            .sqrt()
    }
}

impl PartialEq for SquareRoot {
    /// Equal roots of differently written fractions are equal.
    fn eq(&self, other: &Self) -> bool {
        &self.numerator * &other.denominator == &other.numerator * &self.denominator
    }
}

impl Eq for SquareRoot {}

impl fmt::Display for SquareRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rational {
            Some(value) => value.fmt(f),
            None => self.half_up(SHOWN_DIGITS).fmt(f),
        }
    }
}

// === impl MeanOfRoots ===

impl MeanOfRoots {
    /// The mean of `roots`, or `None` when there are none.
    pub fn of(roots: Vec<SquareRoot>) -> Option<Self> {
        (!roots.is_empty()).then_some(Self { roots })
    }

    /// The mean half-up at `digits` decimals, exactly.
    ///
    /// The rational roots are added exactly; the others are enclosed between two decimals, with more guard
    /// digits until both ends round to the same figure. That ends, because a sum of irrational square roots
    /// with positive weights is irrational and so never lies on the border itself.
    pub fn half_up(&self, digits: u32) -> Rounded {
        let count = BigInt::from(self.roots.len());
        let rational_sum = self
            .roots
            .iter()
            .filter_map(|root| root.rational.as_ref())
            .fold(Exact::zero(), |sum, value| sum + value);
        let irrational: Vec<&SquareRoot> = self
            .roots
            .iter()
            .filter(|root| root.rational.is_none())
            .collect();
        let mut guard = digits + 10;
        loop {
            let factor = power_of_ten(guard);
            let below: BigInt = irrational
                .iter()
                .map(|root| root.floor_times(&factor))
                .sum();
            let above = &below + BigInt::from(irrational.len());
            let mean_of = |sum: BigInt| {
                let sum = BigRational::new(sum, factor.clone()) + &rational_sum.0;
                Exact(sum / &count).half_up(digits)
            };
            let (low, high) = (mean_of(below), mean_of(above));
            if low == high {
                return low;
            }
            guard *= 2;
        }
    }
}

impl fmt::Display for MeanOfRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.half_up(SHOWN_DIGITS).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(radicand: &str) -> SquareRoot {
        SquareRoot::of(&radicand.parse().expect("a number")).expect("not negative")
    }

    fn mean(radicands: &[&str]) -> MeanOfRoots {
        MeanOfRoots::of(radicands.iter().map(|text| root(text)).collect()).expect("not empty")
    }

    #[test]
    fn a_root_is_rounded_half_up_without_error() {
        assert_eq!(root("2").to_string(), "1.41421356237309504880");
        assert_eq!(root("2").half_up(3).to_string(), "1.414");
        // 0.4505² exactly on the border, and one part in 10^30 below it.
        assert_eq!(root("0.20295025").half_up(3).to_string(), "0.451");
        let below = "0.202950249999999999999999999999";
        assert_eq!(root(below).half_up(3).to_string(), "0.450");
    }

    #[test]
    fn a_rational_root_is_shown_exactly() {
        assert_eq!(root("0.2025").to_string(), "0.45");
        assert_eq!(root("0").to_string(), "0");
        assert_eq!(root("1/9").to_string(), "0.33333333333333333333");
    }

    #[test]
    fn a_negative_number_has_no_root() {
        assert!(SquareRoot::of(&Exact::from(-1)).is_none());
    }

    #[test]
    fn the_mean_of_rational_roots_on_the_border_is_rounded_up() {
        // 1/3 and 1/6: their mean is 1/4, half-up at one decimal 0.3.
        assert_eq!(mean(&["1/9", "1/36"]).half_up(1).to_string(), "0.3");
    }

    #[test]
    fn the_mean_of_irrational_roots_uses_as_many_digits_as_it_needs() {
        assert_eq!(mean(&["2", "3"]).half_up(3).to_string(), "1.573");
        assert_eq!(mean(&["2", "3"]).to_string(), "1.57313218497098617116");
        // sqrt(0.25 + 10^-40) is above 1/2 by 10^-40 only, yet irrational.
        let hair_above = format!("0.25{}1", "0".repeat(37));
        assert_eq!(mean(&[&hair_above]).half_up(0).to_string(), "1");
        let hair_below = format!("0.24{}", "9".repeat(38));
        assert_eq!(mean(&[&hair_below]).half_up(0).to_string(), "0");
    }

    #[test]
    fn digits_cut_off_from_several_roots_do_not_add_up_to_an_error() {
        // The second is 1 − sqrt(1/2) rounded up at 20 decimals, so the mean is a hair above one half, while
        // a first enclosure with few digits begins below it.
        let rest: Exact = "0.29289321881345247560".parse().expect("a number");
        let rest = SquareRoot::of(&(rest.clone() * &rest)).expect("not negative");
        let mean = MeanOfRoots::of(vec![root("0.5"), rest]).expect("not empty");
        assert_eq!(mean.half_up(0).to_string(), "1");
    }
}
