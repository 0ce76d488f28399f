//! Exact fractions, and how reports write them.

/// A fraction in lowest terms, `613/1225`; a whole number alone. `None` when the denominator is 0.
pub(crate) fn exact(numerator: i64, denominator: i64) -> Option<String> {
    let divisor = divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
    if denominator == 0 {
        return None;
    }
    let divisor = i64::try_from(divisor).ok()?;
    let (numerator, denominator) = (numerator / divisor, denominator / divisor);
    Some(match denominator {
        1 => numerator.to_string(),
        _ => format!("{numerator}/{denominator}"),
    })
}

/// The fraction times `factor`, rounded half up to `places` decimals. `None` when the denominator is 0.
pub(crate) fn rounded(
    numerator: i64,
    denominator: i64,
    factor: i64,
    places: u32,
) -> Option<String> {
    if denominator <= 0 {
        return None;
    }
    let scale = 10_i128.pow(places);
    let scaled = i128::from(numerator) * i128::from(factor) * scale;
    let denominator = i128::from(denominator);
    let units = (2 * scaled + denominator).div_euclid(2 * denominator);
    let (whole, rest) = (units / scale, units % scale);
    Some(match places {
        0 => whole.to_string(),
        _ => format!("{whole}.{rest:0width$}", width = places as usize),
    })
}

fn divisor(one: u64, other: u64) -> u64 {
    match other {
        0 => one.max(1),
        _ => divisor(other, one % other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_and_reports_round_half_up() {
        assert_eq!(exact(49, 98).as_deref(), Some("1/2"));
        assert_eq!(exact(45, 1).as_deref(), Some("45"));
        assert_eq!(exact(0, 7).as_deref(), Some("0"));
        assert_eq!(exact(3, 0), None);
        assert_eq!(rounded(1, 3, 100, 2).as_deref(), Some("33.33"));
        assert_eq!(rounded(2, 3, 100, 2).as_deref(), Some("66.67"));
        assert_eq!(rounded(1, 800, 100, 2).as_deref(), Some("0.13"));
        assert_eq!(rounded(1225, 27, 1, 2).as_deref(), Some("45.37"));
        assert_eq!(rounded(7, 1, 1, 0).as_deref(), Some("7"));
        assert_eq!(rounded(7, 0, 1, 0), None);
    }
}
