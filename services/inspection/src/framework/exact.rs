//! Exact numbers: rationals without rounding until a figure is reported.
//!
//! A binary float computes 0.45 as 0.449…96 and would fail a county that stands exactly on its limit, so no
//! float occurs in this room.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};
use std::str::FromStr;

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, Zero};
use serde::{Deserialize, Deserializer};

/// How many significant digits a number without a finite decimal form is shown with.
pub const SHOWN_DIGITS: u32 = 20;

/// An exact rational number.
///
/// `Display` writes the whole decimal when it is finite, otherwise [`SHOWN_DIGITS`] significant digits, half-up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(pub(super) BigRational);

/// An exact number brought half-up (四舍五入) to a fixed number of decimals: the figure that is published and judged.
///
/// `Display` always writes all decimals, `4.20`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounded {
    /// The value times `10^digits`.
    units: BigInt,
    digits: u32,
}

/// A text that is no decimal number (`4.2`, `-3`) and no fraction of two integers (`1/100`).
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is neither a decimal number nor a fraction")]
pub struct NotANumber {
    /// The text as given.
    pub text: String,
}

// === impl Exact ===

impl Exact {
    /// The number zero.
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// The number one.
    pub fn one() -> Self {
        Self(BigRational::one())
    }

    /// `numerator / denominator`, or `None` when the denominator is zero.
    pub fn ratio(numerator: impl Into<BigInt>, denominator: impl Into<BigInt>) -> Option<Self> {
        let denominator = denominator.into();
        if denominator.is_zero() {
            return None;
        }
        Some(Self(BigRational::new(numerator.into(), denominator)))
    }

    /// `self / divisor`, or `None` when the divisor is zero.
    pub fn checked_div(&self, divisor: &Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        Some(Self(&self.0 / &divisor.0))
    }

    /// The number as a fraction in lowest terms, `166/397`, or as an integer.
    pub fn fraction(&self) -> String {
        self.0.to_string()
    }

    /// Whether the number is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The number half-up at `digits` decimals; a half goes away from zero.
    pub fn half_up(&self, digits: u32) -> Rounded {
        let scaled: BigInt = self.0.numer().abs() * power_of_ten(digits) * 2 + self.0.denom();
        let units = scaled.div_floor(&(self.0.denom() * 2));
        let units = if self.is_negative() { -units } else { units };
        Rounded { units, digits }
    }

    /// The number of decimals of a finite decimal form, or `None` when there is none.
    fn finite_decimals(&self) -> Option<u32> {
        let mut rest = self.0.denom().clone();
        let mut strip = |prime: u32| {
            let mut count = 0;
            while (&rest % prime).is_zero() {
                rest /= prime;
                count += 1;
            }
            count
        };
        let decimals = strip(2).max(strip(5));
        rest.is_one().then_some(decimals)
    }

    /// The number of decimals that shows [`SHOWN_DIGITS`] significant digits.
    fn significant_decimals(&self) -> u32 {
        let magnitude = self.0.abs();
        let whole = magnitude.to_integer();
        if !whole.is_zero() {
            let whole_digits = whole.to_string().len() as u32;
            return SHOWN_DIGITS.saturating_sub(whole_digits);
        }
        let mut leading_zeros = 0;
        let mut shifted: BigInt = magnitude.numer() * 10;
        while !shifted.is_zero() && &shifted < magnitude.denom() {
            shifted *= 10;
            leading_zeros += 1;
        }
        SHOWN_DIGITS + leading_zeros
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        Self(BigRational::from_integer(BigInt::from(value)))
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self
            .finite_decimals()
            .unwrap_or_else(|| self.significant_decimals());
        self.half_up(decimals).fmt(f)
    }
}

impl FromStr for Exact {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let refuse = || NotANumber {
            text: text.to_owned(),
        };
        if let Some((numerator, denominator)) = text.split_once('/') {
            let numerator = integer(numerator).ok_or_else(refuse)?;
            let denominator = integer(denominator).ok_or_else(refuse)?;
            return Self::ratio(numerator, denominator).ok_or_else(refuse);
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let all_digits = decimals.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits || text.ends_with('.') {
            return Err(refuse());
        }
        let units = integer(&format!("{whole}{decimals}")).ok_or_else(refuse)?;
        let scale = power_of_ten(u32::try_from(decimals.len()).map_err(|_| refuse())?);
        integer(whole)
            .and_then(|_| Self::ratio(units, scale))
            .ok_or_else(refuse)
    }
}

impl<'de> Deserialize<'de> for Exact {
    /// Reads a string: a number of the file format would already be a binary float.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Add<&Exact> for Exact {
    type Output = Exact;
    fn add(self, other: &Exact) -> Exact {
        Exact(self.0 + &other.0)
    }
}

impl Sub<&Exact> for Exact {
    type Output = Exact;
    fn sub(self, other: &Exact) -> Exact {
        Exact(self.0 - &other.0)
    }
}

impl Mul<&Exact> for Exact {
    type Output = Exact;
    fn mul(self, other: &Exact) -> Exact {
        Exact(self.0 * &other.0)
    }
}

impl Div<std::num::NonZeroU32> for Exact {
    type Output = Exact;
    fn div(self, count: std::num::NonZeroU32) -> Exact {
        Exact(self.0 / BigInt::from(count.get()))
    }
}

// === impl Rounded ===

impl Rounded {
    /// The rounded figure of `units` times `10^-digits`.
    pub(super) fn from_units(units: BigInt, digits: u32) -> Self {
        Self { units, digits }
    }

    /// The figure as a number, to be compared with a threshold.
    pub fn value(&self) -> Exact {
        Exact(BigRational::new(
            self.units.clone(),
            power_of_ten(self.digits),
        ))
    }
}

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.units.sign() {
            Sign::Minus => "-",
            Sign::NoSign | Sign::Plus => "",
        };
        let places = self.digits as usize;
        let padded = format!("{:0>width$}", self.units.abs(), width = places + 1);
        let (whole, decimals) = padded.split_at(padded.len() - places);
        let point = if places == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{decimals}")
    }
}

/// `10^exponent`.
pub(super) fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// An optional minus and ASCII digits, nothing else.
fn integer(text: &str) -> Option<BigInt> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        text.parse().expect("a number")
    }

    #[test]
    fn a_half_is_rounded_up_and_anything_below_it_down() {
        assert_eq!(exact("4.505").half_up(2).to_string(), "4.51");
        assert_eq!(exact("4.50499999").half_up(2).to_string(), "4.50");
        assert_eq!(exact("2.5").half_up(0).to_string(), "3");
        assert_eq!(exact("-0.125").half_up(2).to_string(), "-0.13");
        assert_eq!(exact("0.004").half_up(2).to_string(), "0.00");
    }

    #[test]
    fn forty_five_hundredths_is_exactly_forty_five_hundredths() {
        let nine_twentieths = Exact::ratio(9, 20).expect("not zero");
        assert_eq!(nine_twentieths, exact("0.45"));
        assert_eq!(nine_twentieths.half_up(3).to_string(), "0.450");
        let summed = exact("0.15") + &exact("0.15") + &exact("0.15");
        assert_eq!(summed, exact("0.45"));
    }

    #[test]
    fn finite_decimals_are_shown_whole_and_others_with_twenty_significant_digits() {
        assert_eq!(exact("9711.6").to_string(), "9711.6");
        assert_eq!(
            exact("1/1024").to_string(),
            "0.0009765625",
            "finite, however long"
        );
        assert_eq!(exact("1/3").to_string(), "0.33333333333333333333");
        assert_eq!(exact("1913/302").to_string(), "6.3344370860927152318");
        assert_eq!(exact("2/3000").to_string(), "0.00066666666666666666667");
    }

    #[test]
    fn a_text_that_is_no_number_is_refused() {
        for text in [
            "", ".", "1.", ".5", "1e3", "+1", "1/0", "1/", "--1", "1,5", "１",
        ] {
            assert!(text.parse::<Exact>().is_err(), "{text:?} was read");
        }
    }
}
