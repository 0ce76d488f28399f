//! What holds for every county.

use proptest::prelude::*;

use crate::framework::coefficient::{Point, dispersion};
use crate::framework::exact::Exact;
use crate::framework::root::SquareRoot;

fn points(rows: &[(i64, i64)], factor: i64, pupil_factor: i64) -> Vec<Point> {
    rows.iter()
        .map(|(pupils, numerator)| Point {
            pupils: pupils * pupil_factor,
            numerator: Exact::from(numerator * factor),
        })
        .collect()
}

proptest! {
    #[test]
    fn the_coefficient_does_not_depend_on_units_or_on_the_size_of_all_schools(
        rows in prop::collection::vec((0_i64..3_000, 1_i64..100_000), 1..12),
        factor in 1_i64..1_000,
        pupil_factor in 1_i64..10,
    ) {
        prop_assume!(rows.iter().any(|(pupils, _)| *pupils > 0));
        let plain = dispersion(&points(&rows, 1, 1)).expect("computable");
        let scaled = dispersion(&points(&rows, factor, pupil_factor)).expect("computable");
        prop_assert_eq!(plain.coefficient, scaled.coefficient);
    }

    #[test]
    fn schools_with_the_same_value_per_pupil_do_not_differ(
        pupils in prop::collection::vec(1_i64..3_000, 1..12),
        value in 1_i64..1_000,
    ) {
        let rows: Vec<(i64, i64)> = pupils.iter().map(|count| (*count, count * value)).collect();
        let found = dispersion(&points(&rows, 1, 1)).expect("computable");
        prop_assert_eq!(found.coefficient.to_string(), "0");
        prop_assert_eq!(found.mean, Exact::from(value));
    }

    #[test]
    fn a_rounded_root_lies_within_half_a_unit(numerator in 0_i64..1_000_000, denominator in 1_i64..1_000) {
        let radicand = Exact::ratio(numerator, denominator).expect("not zero");
        let rounded = SquareRoot::of(&radicand).expect("not negative").half_up(3).value();
        let half = Exact::ratio(1, 2_000).expect("not zero");
        let high = rounded.clone() + &half;
        prop_assert!(radicand < high.clone() * &high);
        let low = rounded - &half;
        prop_assert!(low.is_negative() || radicand >= low.clone() * &low);
    }

    #[test]
    fn a_decimal_text_is_read_and_shown_alike(units in 0_u32..1_000_000) {
        let text = format!("{}.{:03}", units / 1_000, units % 1_000);
        let read: Exact = text.parse().expect("a number");
        prop_assert_eq!(read.half_up(3).to_string(), text);
    }
}
