//! The coefficient of variation (差异系数) between the schools of a county.
//!
//! With x_i the numerator and P_i the pupils of school i: X_i = x_i/P_i, the county's value is X̄ = Σx_i / ΣP_i
//! (not the mean of the schools' values), S = sqrt( Σ (P_i/ΣP)·(X_i − X̄)² ) and CV = S / X̄. The weights are the
//! pupils: without them the published example gives 0.489 where 0.515 is right.
//! Source: published calculation notes to 教督〔2012〕3号 (V); the same form for 教督〔2017〕6号 is R+.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::exact::Exact;
use super::root::SquareRoot;

/// One school in a coefficient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The pupils; a school without pupils is dropped.
    pub pupils: i64,
    /// The numerator, not negative.
    pub numerator: Exact,
}

/// How the schools of a county differ in one indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispersion {
    /// How many schools took part.
    pub schools: usize,
    /// Their pupils.
    pub pupils: i64,
    /// The county's value X̄.
    pub mean: Exact,
    /// The standard deviation S.
    pub deviation: SquareRoot,
    /// The coefficient CV.
    pub coefficient: SquareRoot,
    /// Whether one school alone took part: its coefficient is zero and says nothing.
    pub single_school: bool,
}

/// Why a coefficient cannot be computed; it is never taken for zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotComputable {
    /// No school has pupils of the stage.
    NoPupils,
    /// The county's value is zero, and nothing can be divided by it.
    ZeroMean,
    /// Figures of this many schools are missing.
    Gaps {
        /// The schools with a gap.
        schools: usize,
    },
}

/// Computes mean, deviation and coefficient, exactly.
///
/// Over rationals Σ P_i (X_i − X̄)² equals Σ x_i²/P_i − X̄·Σx_i without the cancellation that makes two passes
/// necessary in floating point; so CV² = P·Q/X² − 1 with P = ΣP_i, X = Σx_i, Q = Σ x_i²/P_i.
pub fn dispersion(points: &[Point]) -> Result<Dispersion, NotComputable> {
    let points: Vec<&Point> = points.iter().filter(|point| point.pupils > 0).collect();
    let pupils: i64 = points.iter().map(|point| point.pupils).sum();
    if points.is_empty() {
        return Err(NotComputable::NoPupils);
    }
    let (x, x_unit) = sum(points.iter().map(|point| point.numerator.0.clone()));
    if x.is_zero() {
        return Err(NotComputable::ZeroMean);
    }
    let (q, q_unit) = sum(points.iter().map(|point| {
        let numerator = &point.numerator.0;
        numerator * numerator / BigInt::from(point.pupils)
    }));
    let count = BigInt::from(pupils);
    let spread = &count * q * &x_unit * &x_unit - &q_unit * &x * &x;
    let coefficient = SquareRoot::of_fraction(spread.clone(), &q_unit * &x * &x);
    let deviation = SquareRoot::of_fraction(spread, q_unit * &x_unit * &x_unit * &count * &count);
    let (Some(coefficient), Some(deviation)) = (coefficient, deviation) else {
        return Err(NotComputable::ZeroMean);
    };
    Ok(Dispersion {
        schools: points.len(),
        pupils,
        mean: Exact(BigRational::new(x, x_unit * count)),
        deviation,
        coefficient,
        single_school: points.len() == 1,
    })
}

/// Numerator and denominator of a sum, not reduced.
///
/// One common denominator instead of a reduction after each addition: the greatest common divisor of numbers
/// with hundreds of digits is the dear part, and here the second operand is always small.
fn sum(terms: impl Iterator<Item = BigRational>) -> (BigInt, BigInt) {
    let terms: Vec<BigRational> = terms.collect();
    let common = terms.iter().fold(BigInt::one(), |common, term| {
        let shared = term.denom().gcd(&(&common % term.denom()));
        common * (term.denom() / shared)
    });
    let total = terms
        .iter()
        .map(|term| term.numer() * (&common / term.denom()))
        .sum();
    (total, common)
}

impl NotComputable {
    /// The sentence for officers.
    pub fn zh(self) -> String {
        match self {
            Self::NoPupils => "没有该学段学生，无法计算".to_owned(),
            Self::ZeroMean => "全县均值为零，无法计算".to_owned(),
            Self::Gaps { schools } => format!("{schools}所学校数据缺失，无法计算"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::root::MeanOfRoots;

    fn points(rows: &[(i64, i64)]) -> Vec<Point> {
        rows.iter()
            .map(|(pupils, numerator)| Point {
                pupils: *pupils,
                numerator: Exact::from(*numerator),
            })
            .collect()
    }

    const EXAMPLE: [(i64, i64); 5] = [(45, 279), (37, 137), (89, 935), (76, 160), (55, 402)];

    #[test]
    fn the_published_example_comes_out_to_the_digit() {
        let found = dispersion(&points(&EXAMPLE)).expect("computable");
        assert_eq!(found.pupils, 302);
        assert_eq!(found.mean.half_up(4).to_string(), "6.3344");
        assert_eq!(found.deviation.half_up(5).to_string(), "3.26386");
        assert_eq!(found.coefficient.half_up(5).to_string(), "0.51526");
        assert_eq!(found.coefficient.half_up(3).to_string(), "0.515");
        assert_ne!(
            found.coefficient.half_up(3).to_string(),
            "0.489",
            "unweighted"
        );
        assert!(!found.single_school);
    }

    #[test]
    fn the_two_pass_form_of_the_formula_gives_the_same() {
        let found = dispersion(&points(&EXAMPLE)).expect("computable");
        let total = Exact::from(302);
        let variance = EXAMPLE.iter().fold(Exact::zero(), |sum, (pupils, books)| {
            let value = Exact::ratio(*books, *pupils).expect("not zero");
            let off = value - &found.mean;
            let weight = Exact::ratio(*pupils, 302).expect("not zero");
            sum + &(off.clone() * &off * &weight)
        });
        assert_eq!(total, Exact::from(found.pupils));
        assert_eq!(variance.half_up(4).to_string(), "10.6528");
        assert_eq!(SquareRoot::of(&variance), Some(found.deviation));
    }

    #[test]
    fn a_school_without_pupils_is_dropped_and_a_single_school_is_flagged() {
        let found = dispersion(&points(&[(0, 99), (10, 30)])).expect("computable");
        assert!(found.single_school);
        assert_eq!(found.coefficient.to_string(), "0");
        assert_eq!(found.mean, Exact::from(3));
    }

    #[test]
    fn nothing_to_divide_by_is_not_computable_rather_than_zero() {
        assert_eq!(
            dispersion(&points(&[(5, 0), (6, 0)])),
            Err(NotComputable::ZeroMean)
        );
        assert_eq!(dispersion(&points(&[(0, 4)])), Err(NotComputable::NoPupils));
        assert_eq!(dispersion(&[]), Err(NotComputable::NoPupils));
    }

    #[test]
    fn the_published_composites_come_out() {
        let composite = |values: [&str; 8]| {
            let roots = values.map(|text| {
                let value: Exact = text.parse().expect("a number");
                SquareRoot::of(&(value.clone() * &value)).expect("not negative")
            });
            let mean = MeanOfRoots::of(roots.to_vec()).expect("not empty");
            mean.half_up(3).to_string()
        };
        let primary = [
            "0.881", "1.299", "0.977", "0.379", "0.170", "0.334", "0.286", "0.408",
        ];
        let junior = [
            "0.353", "0.784", "0.146", "0.491", "0.037", "0.226", "0.223", "0.253",
        ];
        assert_eq!(composite(primary), "0.592");
        assert_eq!(composite(junior), "0.314");
    }
}
