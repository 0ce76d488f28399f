//! Classes by their size. The bands are those of the statistical form of class sizes (班额, V): up to 25, then steps
//! of five to 65, then 66 and more; every limit that rules draw lies between two of them.

/// How many bands there are.
pub const LENGTH: usize = 10;

/// How many classes are in each band.
pub type Bands = [i64; LENGTH];

/// The columns, smallest first, each named by the smallest class that it counts.
pub const COLUMNS: [&str; LENGTH] = [
    "from_1", "from_26", "from_31", "from_36", "from_41", "from_46", "from_51", "from_56",
    "from_61", "from_66",
];

/// The smallest class of each band. A class without pupils is in none.
pub const FROM: [i64; LENGTH] = [1, 26, 31, 36, 41, 46, 51, 56, 61, 66];

/// The band of a class of this size.
pub fn band(size: i64) -> Option<usize> {
    FROM.iter().rposition(|from| size >= *from)
}

/// Moves a class from the band of one size to that of another.
pub fn shift(bands: &mut Bands, before: i64, after: i64) {
    if let Some(count) = band(before).and_then(|band| bands.get_mut(band)) {
        *count -= 1;
    }
    if let Some(count) = band(after).and_then(|band| bands.get_mut(band)) {
        *count += 1;
    }
}

/// The classes of `least` pupils and more, where `least` is the first of a band.
pub fn from(bands: &Bands, least: i64) -> i64 {
    FROM.iter()
        .zip(bands)
        .filter(|(from, _)| **from >= least)
        .map(|(_, count)| count)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_moves_between_bands_at_their_limits() {
        let cases = [
            (0, None),
            (1, Some(0)),
            (25, Some(0)),
            (26, Some(1)),
            (55, Some(6)),
        ];
        for (size, expected) in cases {
            assert_eq!(band(size), expected, "{size}");
        }
        assert_eq!(
            (band(56), band(65), band(66), band(90)),
            (Some(7), Some(8), Some(9), Some(9))
        );
        let mut bands = Bands::default();
        shift(&mut bands, 0, 55);
        shift(&mut bands, 55, 56);
        assert_eq!((bands.iter().sum::<i64>(), from(&bands, 56)), (1, 1));
        shift(&mut bands, 56, 0);
        assert_eq!(bands, Bands::default());
    }
}
