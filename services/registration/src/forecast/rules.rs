//! The arithmetic of a forecast. Pure; whole numbers only.

use std::collections::BTreeMap;

/// Grades of primary and junior school, in one row: 0 to 5 primary, 6 to 8 junior.
pub const GRADES: usize = 9;
/// Grades of primary school.
pub const PRIMARY: usize = 6;

/// Pupils by grade.
pub type Pupils = [i64; GRADES];

/// A rate as two whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What is found.
    pub numerator: i64,
    /// What was there.
    pub denominator: i64,
    /// Whether nothing was counted and the default stands.
    pub assumed: bool,
}

/// Children of one year of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Born {
    /// Residents counted, or births where nobody counted.
    pub count: i64,
    /// Who come each year; negative when they leave.
    pub yearly_migration: i64,
    /// The year of the count.
    pub as_of_year: i32,
}

/// What a forecast starts from.
#[derive(Clone, Debug)]
pub struct Base {
    /// The running school year.
    pub school_year: i32,
    /// Pupils in it.
    pub pupils: Pupils,
    /// Children by year of birth.
    pub born: BTreeMap<i32, Born>,
    /// The part of these children who belong here.
    pub share: Rate,
    /// Of the children of an age, how many enter.
    pub entry: Rate,
    /// From each grade to the next, `GRADES - 1` of them.
    pub steps: Vec<Rate>,
    /// Whence grade 7 comes, where nobody here is in grade 6.
    pub fed: Option<Fed>,
}

/// The grade 6 of others that a part of goes on here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fed {
    /// Its pupils in the running school year and in each after it.
    pub last_grade: Vec<i64>,
    /// The part of them who belong here.
    pub share: Rate,
}

/// One school year of a forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// The year in which it begins.
    pub school_year: i32,
    /// Pupils by grade.
    pub pupils: Pupils,
    /// The children whom the entrants were computed from, by the two years of birth; `None` when one is not entered and the
    /// entrants of the year before were held.
    pub born: Option<(i64, i64)>,
    /// The grade 6 of others that grade 7 was computed from.
    pub fed: Option<i64>,
}

/// The base year and `years` after it.
pub fn project(base: &Base, years: i32) -> Vec<Year> {
    let mut told = vec![Year {
        school_year: base.school_year,
        pupils: base.pupils,
        born: None,
        fed: None,
    }];
    let mut last = base.pupils;
    for (passed, school_year) in (base.school_year + 1..=base.school_year + years).enumerate() {
        let born = born_for(base, school_year);
        let mut pupils = [0; GRADES];
        pupils[0] = match born {
            Some((older, younger)) => {
                let children = 4 * i128::from(older) + 8 * i128::from(younger);
                by_rates(children, 12, [base.entry, base.share])
            }
            None => last[0],
        };
        for grade in 1..GRADES {
            pupils[grade] = base
                .steps
                .get(grade - 1)
                .map_or(last[grade - 1], |rate| times(last[grade - 1], *rate));
        }
        let fed = base.fed.as_ref().and_then(|fed| {
            let before = *fed.last_grade.get(passed)?;
            let rates = [*base.steps.get(PRIMARY - 1)?, fed.share];
            pupils[PRIMARY] = by_rates(before.into(), 1, rates);
            Some(before)
        });
        told.push(Year {
            school_year,
            pupils,
            born,
            fed,
        });
        last = pupils;
    }
    told
}

/// So many of so many parts, times two rates, rounded half up once.
fn by_rates(number: i128, parts: i128, rates: [Rate; 2]) -> i64 {
    let numerators = rates.iter().map(|rate| i128::from(rate.numerator));
    let denominators = rates.iter().map(|rate| i128::from(rate.denominator));
    rounded(
        number * numerators.product::<i128>(),
        parts * denominators.product::<i128>(),
    )
}

/// A number times a rate, rounded half up. A rate of nothing gives nothing.
pub fn times(number: i64, rate: Rate) -> i64 {
    rounded(
        i128::from(number) * i128::from(rate.numerator),
        i128::from(rate.denominator),
    )
}

/// The rate found in pairs of years: pupils of the grade before, and those of the next a year later. Without any, the default in
/// thousandths.
pub fn rate_of(pairs: impl IntoIterator<Item = (i64, i64)>, default_permille: i64) -> Rate {
    let (denominator, numerator) = pairs
        .into_iter()
        .filter(|(before, _)| *before > 0)
        .fold((0, 0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    if denominator > 0 {
        return Rate {
            numerator,
            denominator,
            assumed: false,
        };
    }
    Rate {
        numerator: default_permille,
        denominator: 1_000,
        assumed: true,
    }
}

/// Children born in the two years whose months reach six by 31 August: September to December of the one, January to August of
/// the next.
fn born_for(base: &Base, school_year: i32) -> Option<(i64, i64)> {
    let children = |birth_year: i32| {
        let born = base.born.get(&birth_year)?;
        let years = i64::from(school_year - born.as_of_year);
        Some((born.count + born.yearly_migration * years).max(0))
    };
    Some((children(school_year - 7)?, children(school_year - 6)?))
}

fn rounded(numerator: i128, denominator: i128) -> i64 {
    if denominator <= 0 || numerator <= 0 {
        return 0;
    }
    i64::try_from((2 * numerator + denominator) / (2 * denominator)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Rate = Rate {
        numerator: 1_000,
        denominator: 1_000,
        assumed: true,
    };

    fn born(count: i64, yearly_migration: i64) -> Born {
        Born {
            count,
            yearly_migration,
            as_of_year: 2026,
        }
    }

    fn base() -> Base {
        Base {
            school_year: 2026,
            pupils: [100, 90, 80, 70, 60, 50, 40, 30, 20],
            born: [(2020, born(120, 0)), (2021, born(90, 3))].into(),
            share: WHOLE,
            entry: WHOLE,
            steps: vec![WHOLE; 8],
            fed: None,
        }
    }

    #[test]
    fn a_junior_school_takes_its_share_of_the_countys_last_primary_grade() {
        let mut base = base();
        base.pupils = [0, 0, 0, 0, 0, 0, 40, 30, 20];
        base.steps[5] = rate_of([(100, 95)], 1_000);
        base.fed = Some(Fed {
            last_grade: vec![100, 120, 80],
            share: Rate {
                numerator: 2,
                denominator: 5,
                assumed: false,
            },
        });
        let years = project(&base, 2);
        // 100 × 0.95 × 2/5 = 38; 120 × 0.95 × 2/5 = 45.6, rounded to 46.
        assert_eq!(years[1].pupils, [102, 0, 0, 0, 0, 0, 38, 40, 30]);
        assert_eq!(years[2].pupils[6..], [46, 38, 40]);
        assert_eq!((years[0].fed, years[2].fed), (None, Some(120)));
    }

    #[test]
    fn entrants_are_a_third_of_one_birth_year_and_two_thirds_of_the_next() {
        let years = project(&base(), 2);
        // 2027: (4 × 120 + 8 × (90 + 3 × 1)) / 12 = (480 + 744) / 12 = 102.
        assert_eq!(years[1].pupils[0], 102);
        assert_eq!(years[1].born, Some((120, 93)));
        // 2028 needs the births of 2021 and 2022; those of 2022 are not entered: held.
        assert_eq!((years[2].pupils[0], years[2].born), (102, None));
    }

    #[test]
    fn cohorts_move_up_by_their_rates_and_round_half_up() {
        let mut base = base();
        // 95 of 100 go from the sixth grade into junior school.
        base.steps[5] = rate_of([(60, 57), (40, 38), (0, 9)], 1_000);
        assert_eq!(
            (base.steps[5].numerator, base.steps[5].denominator),
            (95, 100)
        );
        let years = project(&base, 3);
        assert_eq!(years[1].pupils, [102, 100, 90, 80, 70, 60, 48, 40, 30]);
        // 60 × 0.95 = 57; the year after 70 × 0.95 = 66.5, rounded to 67.
        assert_eq!(years[2].pupils[6], 57);
        assert_eq!(years[3].pupils[6], 67);
        assert_eq!(years[3].pupils[7], 57, "the year before's");
    }

    #[test]
    fn a_school_takes_its_share_of_the_countys_children() {
        let mut base = base();
        base.share = Rate {
            numerator: 1,
            denominator: 3,
            assumed: false,
        };
        // 1224 / 12 / 3 = 34.
        assert_eq!(project(&base, 1)[1].pupils[0], 34);
    }

    #[test]
    fn who_leaves_never_makes_less_than_nobody() {
        let mut base = base();
        base.born = [(2020, born(3, -9)), (2021, born(2, -9))].into();
        assert_eq!(project(&base, 1)[1].pupils[0], 0);
    }

    #[test]
    fn without_a_record_the_default_stands_and_says_so() {
        assert_eq!(
            rate_of([], 985),
            Rate {
                numerator: 985,
                denominator: 1_000,
                assumed: true
            }
        );
        assert_eq!(times(200, rate_of([], 985)), 197);
    }
}
