//! Numbers of notices: 城中控辍〔2026〕12号.

use std::sync::LazyLock;

use junheng_kernel::error::KernelError;
use junheng_kernel::store::Tx;
use sea_orm::{ConnectionTrait as _, Statement};

/// Endings of the names of counties.
const ENDINGS: [&str; 7] = ["自治县", "自治旗", "林区", "特区", "县", "区", "市"];
/// A name of one character keeps its ending: 忠县.
const LEAST: usize = 2;

/// Names of peoples, the longest first, as they stand in the names of autonomous counties.
static PEOPLES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let rows = include_str!("../../data/ethnic_groups.tsv").lines();
    let names = rows.filter(|row| !row.starts_with('#')).skip(1);
    let mut names: Vec<&str> = names.filter_map(|row| row.split('\t').nth(1)).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    names
});

/// The short name of a county: 城中区 城中, 大通回族土族自治县 大通, 忠县 忠县.
pub(super) fn short_name(county: &str) -> &str {
    let is_long = |name: &str| name.chars().count() >= LEAST;
    let ending = |name: &&str| county.strip_suffix(name).is_some_and(is_long);
    let Some(ending) = ENDINGS.iter().copied().find(|name| ending(name)) else {
        return county;
    };
    let mut short = county.strip_suffix(ending).unwrap_or(county);
    if ending.starts_with("自治") {
        while let Some(less) = PEOPLES
            .iter()
            .find_map(|people| short.strip_suffix(people))
            .filter(|less| is_long(less))
        {
            short = less;
        }
    }
    short
}

/// The number as it is printed.
pub(super) fn number(short_name: &str, year: i32, sequence: i32) -> String {
    format!("{short_name}控辍〔{year}〕{sequence}号")
}

/// The next number of an issuer in a year. Whoever asks holds it until the transaction ends: who does not commit leaves
/// no gap.
pub(super) async fn next(tx: &Tx, issuer: &str, year: i32) -> Result<i32, KernelError> {
    let statement = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "INSERT INTO dropout_notice_numbers (issuer, year, last) VALUES ($1, $2, 1) \
         ON CONFLICT (issuer, year) DO UPDATE SET last = dropout_notice_numbers.last + 1 RETURNING last",
        [issuer.into(), year.into()],
    );
    let row = tx.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| KernelError::Stored("no number was given".into()))?;
    Ok(row.try_get("", "last")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_is_called_by_its_name_alone() {
        for (county, short) in [
            ("城中区", "城中"),
            ("大通回族土族自治县", "大通"),
            ("互助土族自治县", "互助"),
            ("忠县", "忠县"),
            ("格尔木市", "格尔木"),
            ("莫力达瓦达斡尔族自治旗", "莫力达瓦"),
            ("神农架林区", "神农架"),
        ] {
            assert_eq!(short_name(county), short);
        }
    }

    #[test]
    fn a_number_is_written_with_hexagonal_brackets() {
        assert_eq!(number("城中", 2026, 12), "城中控辍〔2026〕12号");
    }
}
