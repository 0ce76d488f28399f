//! Powers and normal quantiles from the four basic operations alone.
//!
//! The mathematics library of the platform may differ in the last digit from machine to machine; the
//! four operations may not. A generator whose output must be the same everywhere uses only these.

/// `e^x` for `|x|` up to about 20, to about 12 digits: a short series at `x / 1024`, squared ten times.
pub fn exp(x: f64) -> f64 {
    let small = x / 1024.0;
    let mut value = 1.0 + small * (1.0 + small / 2.0 * (1.0 + small / 3.0 * (1.0 + small / 4.0)));
    for _ in 0..10 {
        value *= value;
    }
    value
}

/// The natural logarithm of `x > 0`, by Newton's method on [`exp`].
pub fn ln(x: f64) -> f64 {
    let mut value = 0.0;
    // 40 rounds reach any x between e^-20 and e^20: far from the root a round moves by about one.
    for _ in 0..40 {
        let power = exp(value);
        value += 2.0 * (x - power) / (x + power);
    }
    value
}

/// `count` numbers spread as a normal distribution spreads them, lowest first: the quantiles at
/// `(i + 0.5) / count`.
///
/// Handing these out in random order, instead of drawing freely, keeps the inequality of a county the same
/// for every seed while the seed still decides which school gets what.
pub fn normal_quantiles(count: usize) -> Vec<f64> {
    let at = |i: usize| {
        let p = (i as f64 + 0.5) / count as f64;
        // The logistic curve, scaled: within 0.25 of the normal quantile for 0.02 < p < 0.98, tails heavier.
        ln(p / (1.0 - p)) / 1.702
    };
    (0..count).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_agree_with_the_platform() {
        for x in [-9.0, -1.5, -0.2, 0.0, 0.3, 2.0, 8.5] {
            assert!((exp(x) / f64::exp(x) - 1.0).abs() < 1e-9, "{x}");
            assert!((ln(f64::exp(x)) - x).abs() < 1e-8, "{x}");
        }
    }

    #[test]
    fn quantiles_are_symmetric_and_ascending() {
        let list = normal_quantiles(21);
        assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((list[0] + list[20]).abs() < 1e-9);
        assert!(list[10].abs() < 1e-9);
    }
}
