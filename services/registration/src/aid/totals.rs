//! Sums of aid, kept with every grant and with every change of a student who was aided: what a province granted, and how many
//! of those in hardship got something, are sums over its schools, not over its students.

use std::collections::BTreeMap;

use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, QuerySelect as _, Statement, Value,
};
use uuid::Uuid;

use super::rules::Term;
use crate::entity::{aid_grant, aid_sum, aided_count, student};
use crate::tally::read::{COUNTY, split};

/// County, stage, whether they board, and how many.
pub(super) type ByCounty = BTreeMap<(i64, i32, bool), i64>;

/// Where an aided student is counted: school, stage, boarding, and the place of the school.
type Seat = (Uuid, i32, bool, i64);

/// Where a student counts among those in hardship; `None` for who does not.
fn seat_of(student: &student::Model) -> Option<Seat> {
    let compulsory = [Stage::Primary as i32, Stage::Junior as i32];
    let counts = student.hardship
        && student.state == State::Enrolled as i32
        && compulsory.contains(&student.stage);
    counts.then_some((
        student.school,
        student.stage,
        student.boarder,
        student.place,
    ))
}

/// Adds new grants to the sums. `aided` are those of their students to whom the first allowance of the term is granted.
pub(super) async fn granted<'a>(
    database: &impl ConnectionTrait,
    grants: &[aid_grant::Model],
    aided: impl Iterator<Item = &'a student::Model>,
    term: Term,
) -> Result<(), DbErr> {
    let mut sums: BTreeMap<(Uuid, i32, i32), (i64, i64, i64)> = BTreeMap::new();
    for grant in grants {
        let sum = sums
            .entry((grant.school, grant.stage, grant.item))
            .or_default();
        *sum = (grant.place, sum.1 + 1, sum.2 + grant.amount_fen);
    }
    let key = (term.school_year, term.term as i32);
    if !sums.is_empty() {
        add_sums(database, sums, key).await?;
    }
    let seats = aided.filter_map(seat_of).map(|seat| (seat, key, 1));
    add_aided(database, seats).await
}

/// Takes a grant out of the sums, and its student where `student` says that no allowance of the term is left.
pub(super) async fn revoked(
    database: &impl ConnectionTrait,
    grant: &aid_grant::Model,
    student: Option<&student::Model>,
) -> Result<(), DbErr> {
    let sum = (grant.place, -1, -grant.amount_fen);
    let sums = BTreeMap::from([((grant.school, grant.stage, grant.item), sum)]);
    let term = (grant.school_year, grant.term);
    add_sums(database, sums, term).await?;
    let seat = student.and_then(seat_of);
    add_aided(database, seat.into_iter().map(|seat| (seat, term, -1))).await
}

async fn add_sums(
    database: &impl ConnectionTrait,
    sums: BTreeMap<(Uuid, i32, i32), (i64, i64, i64)>,
    (school_year, term): (i32, i32),
) -> Result<(), DbErr> {
    use aid_sum::Column;
    let rows = sums
        .into_iter()
        .map(|((school, stage, item), (place, grants, amount_fen))| {
            aid_sum::Model {
                school,
                school_year,
                term,
                stage,
                item,
                place,
                grants,
                amount_fen,
            }
            .into_active_model()
        });
    let more = |column: Column| {
        let standing = Expr::col((aid_sum::Entity, column));
        standing.add(Expr::col(("excluded", column)))
    };
    let unique = [
        Column::School,
        Column::SchoolYear,
        Column::Term,
        Column::Stage,
        Column::Item,
    ];
    let added = OnConflict::columns(unique)
        .value(Column::Grants, more(Column::Grants))
        .value(Column::AmountFen, more(Column::AmountFen))
        .to_owned();
    aid_sum::Entity::insert_many(rows)
        .on_conflict(added)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Whether a change of a record moves somebody among those in hardship, so that the counts of the aided must follow.
pub(crate) fn concerns(before: &student::Model, after: &student::Model) -> bool {
    seat_of(before) != seat_of(after)
}

/// The counts of the aided follow students whose records changed.
pub(crate) async fn follow(
    database: &impl ConnectionTrait,
    changed: &[(student::Model, student::Model)],
) -> Result<(), DbErr> {
    if changed.is_empty() {
        return Ok(());
    }
    let ids = changed.iter().map(|(before, _)| before.id);
    let all = Scope::everything("the grants of students whose records are being changed");
    let terms: Vec<(Uuid, i32, i32)> = aid_grant::Entity::visible_to(&all)
        .select_only()
        .columns([
            aid_grant::Column::Student,
            aid_grant::Column::SchoolYear,
            aid_grant::Column::Term,
        ])
        .filter(aid_grant::Column::Student.is_in(ids))
        .filter(aid_grant::Column::AmountFen.gt(0))
        .distinct()
        .into_tuple()
        .all(database)
        .await?;
    let mut moved = Vec::new();
    for (before, after) in changed {
        for (_, school_year, term) in terms.iter().filter(|(id, ..)| *id == before.id) {
            let key = (*school_year, *term);
            moved.extend(seat_of(before).map(|seat| (seat, key, -1)));
            moved.extend(seat_of(after).map(|seat| (seat, key, 1)));
        }
    }
    add_aided(database, moved.into_iter()).await
}

/// School, school year, term and stage, and whether the students board: what a count is of.
type CountKey = (Uuid, i32, i32, i32, bool);

async fn add_aided(
    database: &impl ConnectionTrait,
    seats: impl Iterator<Item = (Seat, (i32, i32), i64)>,
) -> Result<(), DbErr> {
    use aided_count::Column;
    // In one order, so that two writes wait for each other instead of locking up.
    let mut counts: BTreeMap<CountKey, (i64, i64)> = BTreeMap::new();
    for ((school, stage, boarder, place), (school_year, term), more) in seats {
        let count = counts
            .entry((school, school_year, term, stage, boarder))
            .or_default();
        *count = (place, count.1 + more);
    }
    let rows: Vec<_> = counts
        .into_iter()
        .filter(|(_, (_, students))| *students != 0)
        .map(
            |((school, school_year, term, stage, boarder), (place, students))| {
                aided_count::Model {
                    school,
                    school_year,
                    term,
                    stage,
                    boarder,
                    place,
                    students,
                }
                .into_active_model()
            },
        )
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let standing = Expr::col((aided_count::Entity, Column::Students));
    let sum = standing.add(Expr::col(("excluded", Column::Students)));
    let unique = [
        Column::School,
        Column::SchoolYear,
        Column::Term,
        Column::Stage,
        Column::Boarder,
    ];
    let added = OnConflict::columns(unique)
        .value(Column::Students, sum)
        .to_owned();
    aided_count::Entity::insert_many(rows)
        .on_conflict(added)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Those who got an allowance in a term among the students in hardship below `parent`, by county, stage and boarding. Reads the
/// rows of schools.
pub(super) async fn aided(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    term: Term,
) -> Result<ByCounty, DbErr> {
    use aided_count::Column;
    let rows = aided_count::Entity::visible_to(scope)
        .filter(parent.condition::<aided_count::Entity>())
        .filter(Column::SchoolYear.eq(term.school_year))
        .filter(Column::Term.eq(term.term as i32))
        .filter(Column::Students.ne(0))
        .all(database)
        .await?;
    let mut found = ByCounty::new();
    for row in rows {
        let county = row.place / COUNTY;
        *found.entry((county, row.stage, row.boarder)).or_default() += row.students;
    }
    Ok(found)
}

/// Students in hardship below `parent` by county, stage and boarding, from the counts that are kept of all students: of a
/// whole county its sums, of a school or a part of a county its classes.
pub(super) async fn in_hardship(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<ByCounty, DbErr> {
    let mut found = ByCounty::new();
    match parent {
        Parent::School(id) => {
            let only = "school = $1";
            let sources = [cells("tally_cells", only), cells("tally_changes", only)];
            add(database, sources, vec![(*id).into()], &mut found).await?;
        }
        Parent::Region { ranges, .. } => {
            for range in ranges {
                let (whole, parts) = split(range);
                for part in parts {
                    let only = format!("place BETWEEN {} AND {}", part.start(), part.end());
                    let sources = [cells("tally_cells", &only), cells("tally_changes", &only)];
                    add(database, sources, Vec::new(), &mut found).await?;
                }
                let Some(counties) = whole else { continue };
                let (first, last) = (counties.start(), counties.end());
                let folded = format!(
                    "SELECT county, stage, hardship, hardship_boarders FROM tally_counties \
                     WHERE county BETWEEN {first} AND {last}"
                );
                let (first, last) = (first * COUNTY, last * COUNTY + (COUNTY - 1));
                let only = format!("place BETWEEN {first} AND {last}");
                let sources = [folded, cells("tally_changes", &only)];
                add(database, sources, Vec::new(), &mut found).await?;
            }
        }
    }
    Ok(found)
}

fn cells(table: &str, only: &str) -> String {
    format!(
        "SELECT place / {COUNTY} AS county, stage, hardship, hardship_boarders FROM {table} WHERE {only}"
    )
}

async fn add(
    database: &impl ConnectionTrait,
    sources: [String; 2],
    values: Vec<Value>,
    found: &mut ByCounty,
) -> Result<(), DbErr> {
    let sql = format!(
        "SELECT county, stage, CAST(SUM(hardship) AS bigint) AS hardship, \
         CAST(SUM(hardship_boarders) AS bigint) AS boarders FROM ({}) AS told GROUP BY county, stage",
        sources.join(" UNION ALL ")
    );
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    for row in database.query_all_raw(statement).await? {
        let (county, stage) = (row.try_get("", "county")?, row.try_get("", "stage")?);
        let all: i64 = row.try_get("", "hardship")?;
        let boarders: i64 = row.try_get("", "boarders")?;
        *found.entry((county, stage, true)).or_default() += boarders;
        *found.entry((county, stage, false)).or_default() += all - boarders;
    }
    Ok(())
}

/// Item, stage, grants and fen of a term below `parent`. Reads the rows of schools.
pub(super) async fn sums(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    term: Term,
) -> Result<BTreeMap<(i32, i32), (i64, i64)>, DbErr> {
    use aid_sum::Column;
    let rows = aid_sum::Entity::visible_to(scope)
        .filter(parent.condition::<aid_sum::Entity>())
        .filter(Column::SchoolYear.eq(term.school_year))
        .filter(Column::Term.eq(term.term as i32))
        .all(database)
        .await?;
    let mut found: BTreeMap<(i32, i32), (i64, i64)> = BTreeMap::new();
    for row in rows {
        let sum = found.entry((row.item, row.stage)).or_default();
        *sum = (sum.0 + row.grants, sum.1 + row.amount_fen);
    }
    Ok(found)
}
