//! Reads counts: what has been folded and what has not, in one statement or one snapshot.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use junheng_kernel::name::Parent;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use uuid::Uuid;

use super::counted::{COUNTED, Counts, PLACED};
use super::size::{self, Bands};
use super::store::CELL;
use super::{Cell, Flow};

/// The places of one county: the first six digits of the twelve.
pub const COUNTY: i64 = 1_000_000;

/// Schools of a statement that looks cells up by their class.
const CLASSES: usize = 400;

/// Whose counts are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One school's.
    School(Uuid),
    /// Those of a range of places.
    Places(RangeInclusive<i64>),
}

/// Counts of one stage and grade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Students.
    pub counts: Counts,
    /// Classes by size.
    pub bands: Bands,
}

/// The counts of a parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// By stage and grade.
    pub sums: BTreeMap<(i32, i32), Sums>,
    /// Changes by stage, school year and kind.
    pub flows: BTreeMap<(i32, i32, i32), i64>,
}

// === impl Reach ===

impl Reach {
    /// The condition on rows that carry school and place.
    fn condition(&self) -> String {
        match self {
            // A UUID's text holds nothing that could end a literal; databases write binary ones differently, so that
            // it is bound.
            Self::School(_) => "school = $1".to_owned(),
            Self::Places(range) => format!("place BETWEEN {} AND {}", range.start(), range.end()),
        }
    }

    fn values(&self) -> Vec<sea_orm::Value> {
        match self {
            Self::School(id) => vec![(*id).into()],
            Self::Places(_) => Vec::new(),
        }
    }
}

// === impl Reading ===

impl Reading {
    /// The sum over the stages and grades that `only` takes.
    pub fn total(&self, only: impl Fn(i32, i32) -> bool) -> Sums {
        let mut total = Sums::default();
        for ((stage, grade), sums) in &self.sums {
            if only(*stage, *grade) {
                total.add(sums);
            }
        }
        total
    }

    fn at(&mut self, stage: i32, grade: i32) -> &mut Sums {
        self.sums.entry((stage, grade)).or_default()
    }
}

// === impl Sums ===

impl Sums {
    fn add(&mut self, other: &Self) {
        for (own, more) in self.counts.iter_mut().zip(other.counts) {
            *own += more;
        }
        for (own, more) in self.bands.iter_mut().zip(other.bands) {
            *own += more;
        }
    }
}

/// The counts below a parent whose place in the caller's post has been judged. Ask in a snapshot: it is several statements.
///
/// Whole counties are read as their sums; what a range holds of a county, and a school, is summed from its classes.
pub async fn reading(snapshot: &impl ConnectionTrait, parent: &Parent) -> Result<Reading, DbErr> {
    let mut reading = Reading::default();
    let ranges = match parent {
        Parent::School(id) => {
            add_cells(snapshot, &Reach::School(*id), &mut reading).await?;
            return Ok(reading);
        }
        Parent::Region { ranges, .. } => ranges,
    };
    for range in ranges {
        let (whole, parts) = split(range);
        for part in parts {
            add_cells(snapshot, &Reach::Places(part), &mut reading).await?;
        }
        if let Some(counties) = whole {
            add_counties(snapshot, &counties, &mut reading).await?;
        }
    }
    Ok(reading)
}

/// Every cell of a reach that counts anything, in one statement.
pub async fn cells(
    database: &impl ConnectionTrait,
    reach: &Reach,
) -> Result<Vec<(Cell, Counts)>, DbErr> {
    let (cell, columns) = (CELL.join(", "), columns());
    let condition = reach.condition();
    let source = format!(
        "(SELECT {cell}, {columns} FROM tally_cells WHERE {condition} UNION ALL \
         SELECT {cell}, {columns} FROM tally_changes WHERE {condition}) AS told"
    );
    summed_cells(database, &source, reach.values()).await
}

/// Which classes are asked for by their size.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// The stage; 0 for all.
    pub stage: i32,
    /// The fewest pupils, at least 1.
    pub least: i64,
    /// The most.
    pub most: i64,
    /// The fewest pupils by stage, and no class of another stage; nothing where the stage does not matter.
    pub least_of: Vec<(i32, i64)>,
    /// Behind this place, class, stage and grade.
    pub after: Option<(i64, Uuid, i32, i32)>,
    /// At most so many.
    pub limit: u64,
}

/// The next classes of a reach with how many attend each, in the order of place, class, stage and grade.
pub async fn classes(
    database: &impl ConnectionTrait,
    reach: &Reach,
    asked: &Sizes,
) -> Result<Vec<(Cell, i64)>, DbErr> {
    let Sizes {
        stage,
        least,
        most,
        after,
        limit,
        ..
    } = *asked;
    let mut values = reach.values();
    let mut only = reach.condition();
    if stage != 0 {
        only.push_str(&format!(" AND stage = {stage}"));
    }
    if let Some((place, class, stage, grade)) = after {
        values.push(class.into());
        let class = values.len();
        only.push_str(&format!(
            " AND (place, school_class, stage, grade) > ({place}, ${class}, {stage}, {grade})"
        ));
    }
    let mut sizes = format!("SUM(placed) BETWEEN {least} AND {most}");
    if !asked.least_of.is_empty() {
        let of = asked.least_of.iter();
        let of: String = of
            .map(|(stage, least)| format!(" WHEN {stage} THEN {least}"))
            .collect();
        sizes.push_str(&format!(" AND SUM(placed) >= CASE stage{of} END"));
    }
    let cell = CELL.join(", ");
    let sql = format!(
        "SELECT {cell}, {} FROM (\
         SELECT {cell}, placed FROM tally_cells WHERE {only} UNION ALL \
         SELECT {cell}, placed FROM tally_changes WHERE placed <> 0 AND {only}) AS told \
         GROUP BY {cell} HAVING {sizes} \
         ORDER BY place, school_class, stage, grade LIMIT {limit}",
        sum("placed")
    );
    let rows = all(database, sql, values).await?;
    rows.iter()
        .map(|row| Ok((cell_of(row)?, row.try_get("", "placed")?)))
        .collect()
}

/// Who attends below a parent by school, stage and grade, in one statement for each range of places.
pub async fn attending(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<(Uuid, i32, i32, i64)>, DbErr> {
    let reaches: Vec<Reach> = match parent {
        Parent::School(id) => vec![Reach::School(*id)],
        Parent::Region { ranges, .. } => ranges.iter().cloned().map(Reach::Places).collect(),
    };
    let mut found = Vec::new();
    for reach in reaches {
        let only = reach.condition();
        let sql = format!(
            "SELECT school, stage, grade, {} FROM (\
             SELECT school, stage, grade, enrolled FROM tally_cells WHERE {only} UNION ALL \
             SELECT school, stage, grade, enrolled FROM tally_changes WHERE {only}) AS told \
             GROUP BY school, stage, grade HAVING SUM(enrolled) <> 0",
            sum("enrolled")
        );
        for row in all(database, sql, reach.values()).await? {
            found.push((
                row.try_get("", "school")?,
                row.try_get("", "stage")?,
                row.try_get("", "grade")?,
                row.try_get("", "enrolled")?,
            ));
        }
    }
    Ok(found)
}

/// Who attends below a parent by stage and grade, lowest first, in one statement. A grade that nobody attends is left out.
pub async fn enrolled(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<(i32, i32, i64)>, DbErr> {
    let mut sources = Vec::new();
    let mut told = |table: &str, only: &str| {
        sources.push(format!(
            "SELECT stage, grade, enrolled FROM {table} WHERE {only}"
        ));
    };
    let values = match parent {
        Parent::School(id) => {
            let reach = Reach::School(*id);
            for table in ["tally_cells", "tally_changes"] {
                told(table, &reach.condition());
            }
            reach.values()
        }
        Parent::Region { ranges, .. } => {
            for range in ranges {
                let (whole, parts) = split(range);
                for part in parts {
                    told("tally_cells", &Reach::Places(part).condition());
                }
                if let Some(counties) = whole {
                    let (first, last) = (counties.start(), counties.end());
                    told(
                        "tally_counties",
                        &format!("county BETWEEN {first} AND {last}"),
                    );
                }
                told("tally_changes", &Reach::Places(range.clone()).condition());
            }
            Vec::new()
        }
    };
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT stage, grade, {} FROM ({}) AS told GROUP BY stage, grade \
         HAVING SUM(enrolled) <> 0 ORDER BY stage, grade",
        sum("enrolled"),
        sources.join(" UNION ALL ")
    );
    let count = |row: &QueryResult| {
        let seat = (row.try_get("", "stage")?, row.try_get("", "grade")?);
        Ok((seat.0, seat.1, row.try_get("", "enrolled")?))
    };
    let rows = all(database, sql, values).await?;
    rows.iter().map(count).collect()
}

/// Every flow of a reach, in one statement.
pub async fn flows(
    database: &impl ConnectionTrait,
    reach: &Reach,
) -> Result<Vec<(Flow, i64)>, DbErr> {
    let key = "school, place, stage, school_year, kind";
    let condition = reach.condition();
    let sql = format!(
        "SELECT {key}, {} FROM (SELECT {key}, flow FROM flow_cells WHERE {condition} UNION ALL \
         SELECT {key}, flow FROM tally_changes WHERE {condition} AND flow <> 0) AS told GROUP BY {key}",
        sum("flow")
    );
    let rows = all(database, sql, reach.values()).await?;
    let flow = |row: &QueryResult| {
        let flow = Flow {
            school: row.try_get("", "school")?,
            place: row.try_get("", "place")?,
            stage: row.try_get("", "stage")?,
            school_year: row.try_get("", "school_year")?,
            kind: row.try_get("", "kind")?,
        };
        Ok((flow, row.try_get("", "flow")?))
    };
    rows.iter().map(flow).collect()
}

/// The counties of a range of places in which anybody was ever counted, in order.
pub async fn counties_in(
    database: &impl ConnectionTrait,
    range: &RangeInclusive<i64>,
) -> Result<Vec<i64>, DbErr> {
    let (first, last) = (range.start(), range.end());
    let sql = format!(
        "SELECT county FROM tally_counties WHERE county BETWEEN {} AND {} UNION \
         SELECT place / {COUNTY} AS county FROM tally_changes WHERE place BETWEEN {first} AND {last} ORDER BY 1",
        first / COUNTY,
        last / COUNTY
    );
    let rows = all(database, sql, Vec::new()).await?;
    rows.iter().map(|row| row.try_get("", "county")).collect()
}

async fn add_cells(
    snapshot: &impl ConnectionTrait,
    reach: &Reach,
    reading: &mut Reading,
) -> Result<(), DbErr> {
    for (cell, counts) in cells(snapshot, reach).await? {
        let sums = reading.at(cell.stage, cell.grade);
        for (own, more) in sums.counts.iter_mut().zip(counts) {
            *own += more;
        }
        if !cell.school_class.is_nil() {
            size::shift(&mut sums.bands, 0, counts[PLACED]);
        }
    }
    for (flow, count) in flows(snapshot, reach).await? {
        *reading
            .flows
            .entry((flow.stage, flow.school_year, flow.kind))
            .or_default() += count;
    }
    Ok(())
}

/// Adds whole counties: their sums, and what has not been folded into them.
async fn add_counties(
    snapshot: &impl ConnectionTrait,
    counties: &RangeInclusive<i64>,
    reading: &mut Reading,
) -> Result<(), DbErr> {
    let (first, last) = (counties.start(), counties.end());
    let summed = COUNTED.iter().map(|counted| counted.column);
    let summed: Vec<String> = summed.chain(size::COLUMNS).map(sum).collect();
    let sql = format!(
        "SELECT stage, grade, {} FROM tally_counties WHERE county BETWEEN {first} AND {last} GROUP BY stage, grade",
        summed.join(", ")
    );
    for row in all(snapshot, sql, Vec::new()).await? {
        let mut bands = Bands::default();
        for (band, column) in bands.iter_mut().zip(size::COLUMNS) {
            *band = row.try_get("", column)?;
        }
        let counts = counts_of(&row)?;
        reading
            .at(row.try_get("", "stage")?, row.try_get("", "grade")?)
            .add(&Sums { counts, bands });
    }
    let places = first * COUNTY..=last * COUNTY + (COUNTY - 1);
    let (cell, columns) = (CELL.join(", "), columns());
    let source = format!(
        "(SELECT {cell}, {columns} FROM tally_changes WHERE place BETWEEN {} AND {}) AS told",
        places.start(),
        places.end()
    );
    let waiting = summed_cells(snapshot, &source, Vec::new()).await?;
    let folded = placed(snapshot, waiting.iter().map(|(cell, _)| cell)).await?;
    for (cell, counts) in waiting {
        let sums = reading.at(cell.stage, cell.grade);
        for (own, more) in sums.counts.iter_mut().zip(counts) {
            *own += more;
        }
        if !cell.school_class.is_nil() {
            let before = folded.get(&cell).copied().unwrap_or(0);
            size::shift(&mut sums.bands, before, before + counts[PLACED]);
        }
    }
    let sql = format!(
        "SELECT stage, school_year, kind, {} FROM (\
         SELECT stage, school_year, kind, flow FROM flow_counties WHERE county BETWEEN {first} AND {last} UNION ALL \
         SELECT stage, school_year, kind, flow FROM tally_changes WHERE flow <> 0 AND place BETWEEN {} AND {}\
         ) AS told GROUP BY stage, school_year, kind",
        sum("flow"),
        places.start(),
        places.end()
    );
    for row in all(snapshot, sql, Vec::new()).await? {
        let key = (
            row.try_get("", "stage")?,
            row.try_get("", "school_year")?,
            row.try_get("", "kind")?,
        );
        let count: i64 = row.try_get("", "flow")?;
        *reading.flows.entry(key).or_default() += count;
    }
    Ok(())
}

/// How many pupils of each of these cells have been folded, where they are of a class.
pub(super) async fn placed<'a>(
    database: &impl ConnectionTrait,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<BTreeMap<Cell, i64>, DbErr> {
    let mut classes: Vec<Uuid> = cells
        .map(|cell| cell.school_class)
        .filter(|class| !class.is_nil())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    let mut found = BTreeMap::new();
    for chunk in classes.chunks(CLASSES) {
        let names: Vec<String> = (1..=chunk.len())
            .map(|number| format!("${number}"))
            .collect();
        let sql = format!(
            "SELECT {}, placed FROM tally_cells WHERE school_class IN ({})",
            CELL.join(", "),
            names.join(", ")
        );
        let values = chunk.iter().map(|class| (*class).into()).collect();
        for row in all(database, sql, values).await? {
            found.insert(cell_of(&row)?, row.try_get("", "placed")?);
        }
    }
    Ok(found)
}

async fn summed_cells(
    database: &impl ConnectionTrait,
    source: &str,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<(Cell, Counts)>, DbErr> {
    let cell = CELL.join(", ");
    let sums: Vec<String> = COUNTED.iter().map(|counted| sum(counted.column)).collect();
    let sql = format!(
        "SELECT {cell}, {} FROM {source} GROUP BY {cell}",
        sums.join(", ")
    );
    let rows = all(database, sql, values).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let counts = counts_of(&row)?;
        if counts.iter().any(|count| *count != 0) {
            found.push((cell_of(&row)?, counts));
        }
    }
    Ok(found)
}

pub(super) async fn all(
    database: &impl ConnectionTrait,
    sql: String,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let backend = database.get_database_backend();
    database
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await
}

pub(super) fn cell_of(row: &QueryResult) -> Result<Cell, DbErr> {
    Ok(Cell {
        school: row.try_get("", "school")?,
        school_class: row.try_get("", "school_class")?,
        place: row.try_get("", "place")?,
        stage: row.try_get("", "stage")?,
        grade: row.try_get("", "grade")?,
    })
}

pub(super) fn counts_of(row: &QueryResult) -> Result<Counts, DbErr> {
    let mut counts = Counts::default();
    for (count, counted) in counts.iter_mut().zip(&COUNTED) {
        *count = row.try_get("", counted.column)?;
    }
    Ok(counts)
}

/// PostgreSQL sums to a decimal number.
pub(super) fn sum(column: &str) -> String {
    format!("CAST(SUM({column}) AS bigint) AS {column}")
}

pub(super) fn columns() -> String {
    let columns: Vec<&str> = COUNTED.iter().map(|counted| counted.column).collect();
    columns.join(", ")
}

/// The whole counties of a range of places, by their six digits, and what is left of the range on both sides.
pub(crate) fn split(
    range: &RangeInclusive<i64>,
) -> (Option<RangeInclusive<i64>>, Vec<RangeInclusive<i64>>) {
    let (start, end) = (*range.start(), *range.end());
    let first = (start + COUNTY - 1).div_euclid(COUNTY);
    let last = (end + 1).div_euclid(COUNTY) - 1;
    if first > last {
        return (None, vec![start..=end]);
    }
    let sides = [start..=first * COUNTY - 1, (last + 1) * COUNTY..=end];
    let parts = sides.into_iter().filter(|part| !part.is_empty());
    (Some(first..=last), parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_counties_are_told_from_pieces_of_counties() {
        let county = 630_103_000_000..=630_103_999_999;
        assert_eq!(split(&county), (Some(630_103..=630_103), vec![]));
        let town = 630_103_001_000..=630_103_001_999;
        assert_eq!(split(&town), (None, vec![town.clone()]));
        let (whole, parts) = split(&(630_103_001_000..=630_105_000_999));
        assert_eq!(whole, Some(630_104..=630_104));
        let expected = [
            630_103_001_000..=630_103_999_999,
            630_105_000_000..=630_105_000_999,
        ];
        assert_eq!(parts, expected);
        let (whole, parts) = split(&(630_103_001_000..=630_104_000_999));
        assert_eq!((whole, parts.len()), (None, 1));
    }
}
