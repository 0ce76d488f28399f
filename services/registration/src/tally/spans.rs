//! Where counted students are, so that a list of few does not look through the many.

use std::ops::RangeInclusive;

use junheng_kernel::name::Parent;
use sea_orm::{ConnectionTrait, DbErr};

use super::counted::{BY_STATE, COUNTED, live_but_not_counted};
use super::read::{self, COUNTY, split};

/// Whom a list asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// A row of [`COUNTED`]; none for everybody whose record is open (在籍).
    pub counted: Option<usize>,
    /// The stage; 0 for all.
    pub stage: i32,
    /// The grade; 0 for all.
    pub grade: i32,
}

/// The parent without the counties that hold nobody asked for, and, where it lies in one county, without such places.
pub async fn narrowed(
    database: &impl ConnectionTrait,
    parent: &Parent,
    asked: Asked,
) -> Result<Parent, DbErr> {
    let Parent::Region { code, ranges } = parent else {
        return Ok(parent.clone());
    };
    let mut found = Vec::new();
    for range in ranges {
        let (whole, parts) = split(range);
        let mut kept: Vec<RangeInclusive<i64>> = Vec::new();
        for part in parts {
            kept.extend(places(database, &part, asked).await?);
        }
        match whole {
            Some(counties) if counties.start() == counties.end() => {
                let first = counties.start() * COUNTY;
                kept.extend(places(database, &(first..=first + COUNTY - 1), asked).await?);
            }
            Some(counties) => kept.extend(self::counties(database, &counties, asked).await?),
            None => {}
        }
        kept.sort_by_key(|range| *range.start());
        found.extend(kept);
    }
    Ok(Parent::Region {
        code: code.clone(),
        ranges: found,
    })
}

async fn counties(
    database: &impl ConnectionTrait,
    counties: &RangeInclusive<i64>,
    asked: Asked,
) -> Result<Vec<RangeInclusive<i64>>, DbErr> {
    let (first, last) = (counties.start(), counties.end());
    let places = first * COUNTY..=last * COUNTY + (COUNTY - 1);
    let sums = sums(
        database,
        &format!("tally_counties WHERE county BETWEEN {first} AND {last}"),
        "county",
        &format!("place / {COUNTY}"),
        &places,
        asked,
    )
    .await?;
    let wide = |county: i64| county * COUNTY..=county * COUNTY + (COUNTY - 1);
    Ok(runs(sums, wide))
}

async fn places(
    database: &impl ConnectionTrait,
    places: &RangeInclusive<i64>,
    asked: Asked,
) -> Result<Vec<RangeInclusive<i64>>, DbErr> {
    let (first, last) = (places.start(), places.end());
    let sums = sums(
        database,
        &format!("tally_cells WHERE place BETWEEN {first} AND {last}"),
        "place",
        "place",
        places,
        asked,
    )
    .await?;
    Ok(runs(sums, |place| place..=place))
}

/// The key of each county or place with how many asked for it holds, in order.
async fn sums(
    database: &impl ConnectionTrait,
    folded: &str,
    key: &str,
    key_of_change: &str,
    places: &RangeInclusive<i64>,
    asked: Asked,
) -> Result<Vec<(i64, i64)>, DbErr> {
    let counted = asked.counted.and_then(|number| COUNTED.get(number));
    let open = BY_STATE.map(|(_, column)| column).join(" + ");
    let many = counted.map_or(open.as_str(), |counted| counted.column);
    let mut only = String::new();
    for (name, value) in [("stage", asked.stage), ("grade", asked.grade)] {
        if value != 0 {
            only.push_str(&format!(" AND {name} = {value}"));
        }
    }
    let within = format!(
        "place BETWEEN {} AND {}{only}",
        places.start(),
        places.end()
    );
    let others = if counted.is_some() {
        String::new()
    } else {
        format!(
            " UNION ALL SELECT {key_of_change} AS key, 1 AS many FROM students WHERE {} AND {within}",
            live_but_not_counted()
        )
    };
    let sql = format!(
        "SELECT key, {} FROM (SELECT {key} AS key, {many} AS many FROM {folded}{only} UNION ALL \
         SELECT {key_of_change} AS key, {many} AS many FROM tally_changes WHERE {within}{others}) AS told \
         GROUP BY key ORDER BY key",
        read::sum("many"),
    );
    let rows = read::all(database, sql, Vec::new()).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "key")?, row.try_get("", "many")?)))
        .collect()
}

/// One range for each run of keys that hold any.
fn runs(
    sums: Vec<(i64, i64)>,
    wide: impl Fn(i64) -> RangeInclusive<i64>,
) -> Vec<RangeInclusive<i64>> {
    let mut runs: Vec<RangeInclusive<i64>> = Vec::new();
    let mut is_open = false;
    for (key, count) in sums {
        let range = wide(key);
        match runs.last_mut() {
            Some(last) if is_open && count > 0 => *last = *last.start()..=*range.end(),
            _ if count > 0 => runs.push(range),
            _ => {}
        }
        is_open = count > 0;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_that_hold_any_are_one_range_and_empty_ones_part_them() {
        let sums = vec![(1, 5), (3, 1), (4, 0), (7, 2), (8, 0)];
        assert_eq!(runs(sums, |place| place..=place), [1..=3, 7..=7]);
        assert_eq!(runs(vec![(1, 0)], |place| place..=place), []);
    }
}
