//! The matching, in SQL: what each child of a page is found to be, and who may be whom.
//!
//! Verdicts, states and the words of partners are numbers of the contract; the statements are made of the tables in
//! [`rules`](super::rules), so that neither can say something else.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use junheng_proto::registration::v1::ComparisonVerdict as Verdict;
use junheng_proto::registration::v1::resident_candidate::Decision;
use junheng_proto::registration::v1::resident_list::State as ListState;
use junheng_proto::registration::v1::student::IdentityType;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement, Value};
use uuid::Uuid;

use super::rules::{LAST_STAGES, STANDINGS, Standing, TOLD_PARTNERS};
use crate::entity::comparison::Model;
use crate::status_change::store as leaves;

/// The documents that name a family or nobody: a student with one of them may be a child of a list that has a number.
const WITHOUT_NUMBER: [IdentityType; 2] = [IdentityType::None, IdentityType::HouseholdBooklet];

/// A part of a list, in the order of its children.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Behind this child …
    pub(super) after: Uuid,
    /// … up to this one.
    pub(super) upto: Uuid,
}

/// Where the next part of a list ends that has `size` children. The last one ends behind everybody.
pub(super) async fn part(
    database: &impl ConnectionTrait,
    list: Uuid,
    after: Uuid,
    size: u64,
) -> Result<Part, DbErr> {
    let sql = format!(
        "SELECT person FROM residents WHERE list = $1 AND person > $2 \
         ORDER BY person LIMIT 1 OFFSET {}",
        size.saturating_sub(1)
    );
    upto(database, &sql, list, after).await
}

/// The same of the results of a comparison.
pub(super) async fn part_of_results(
    database: &impl ConnectionTrait,
    run: Uuid,
    after: Uuid,
    size: u64,
) -> Result<Part, DbErr> {
    let sql = format!(
        "SELECT person FROM comparison_results WHERE run = $1 AND person > $2 \
         ORDER BY person LIMIT 1 OFFSET {}",
        size.saturating_sub(1)
    );
    upto(database, &sql, run, after).await
}

async fn upto(
    database: &impl ConnectionTrait,
    sql: &str,
    of: Uuid,
    after: Uuid,
) -> Result<Part, DbErr> {
    let row = database
        .query_one_raw(statement(database, sql, [of.into(), after.into()]))
        .await?;
    let upto = row.map_or(Ok(Uuid::max()), |row| row.try_get("", "person"))?;
    Ok(Part { after, upto })
}

/// Lets PostgreSQL keep the children of a page in memory while it reads the register past them.
pub(super) async fn roomy(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    if database.get_database_backend() == DatabaseBackend::Postgres {
        database
            .execute_unprepared("SET LOCAL work_mem = '64MB'")
            .await?;
    }
    Ok(())
}

/// Writes the results of a part of the list, by the places of its region and the day by which leaves are over; how many.
pub(super) async fn write_results(
    database: &impl ConnectionTrait,
    run: &Model,
    (ranges, over_by): (&[RangeInclusive<i64>], NaiveDate),
    part: Part,
) -> Result<u64, DbErr> {
    let sql = format!(
        "INSERT INTO comparison_results (run, person, place, verdict, previous, change, student) \
         SELECT $1, x.person, x.place, x.verdict, COALESCE(p.verdict, 0), {change}, x.student \
         FROM (SELECT r.person, r.place, \
         {verdict} AS verdict, \
         CASE WHEN COALESCE(s.state, d.state) NOT IN ({void}) THEN COALESCE(s.id, d.id) END AS student \
         FROM residents r \
         LEFT JOIN students s ON s.identity_hash = r.identity_hash \
         LEFT JOIN resident_candidates c ON s.id IS NULL AND c.person = r.person \
         AND c.decision = {same} \
         LEFT JOIN students d ON d.id = c.student \
         WHERE r.list = $2 AND r.person > $3 AND r.person <= $4) AS x \
         LEFT JOIN comparison_results p ON p.run = $5 AND p.person = x.person",
        change = change(run, "COALESCE(p.verdict, 0)", "x.verdict"),
        verdict = verdict(run, ranges, over_by),
        void = states(Standing::Void),
        same = Decision::Same as i32,
    );
    let values = [
        run.id.into(),
        run.list.into(),
        part.after.into(),
        part.upto.into(),
        previous(run),
    ];
    let written = database
        .execute_raw(statement(database, &sql, values))
        .await?;
    Ok(written.rows_affected())
}

/// Pairs of a row of the list and a student, of the part's children without a record: the same name, sex and month of birth,
/// on one side at least no number, and nobody has decided that they are two.
pub(super) async fn namesakes(
    database: &impl ConnectionTrait,
    run: &Model,
    part: Part,
) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    let without_number = WITHOUT_NUMBER
        .map(|kind| (kind as i32).to_string())
        .join(", ");
    let sql = format!(
        "WITH open_rows AS MATERIALIZED (\
         SELECT r.id, r.person, r.name_key, r.birth_month, r.sex, r.identity_hash \
         FROM comparison_results q JOIN residents r ON r.list = $2 AND r.person = q.person \
         WHERE q.run = $1 AND q.person > $3 AND q.person <= $4 \
         AND q.verdict = {not_enrolled} AND q.student IS NULL) \
         SELECT o.id AS resident, s.id AS student FROM open_rows o \
         JOIN students s ON s.name_key = o.name_key AND s.birth_month = o.birth_month AND s.sex = o.sex \
         WHERE s.state NOT IN ({void}) \
         AND (o.identity_hash IS NULL OR s.identity_type IN ({without_number})) \
         AND NOT EXISTS (SELECT 1 FROM resident_candidates c WHERE c.person = o.person \
         AND c.student = s.id AND c.decision = {different}) ORDER BY o.id, s.id",
        not_enrolled = Verdict::NotEnrolled as i32,
        void = states(Standing::Void),
        different = Decision::Different as i32,
    );
    let values = [
        run.id.into(),
        run.list.into(),
        part.after.into(),
        part.upto.into(),
    ];
    let rows = database
        .query_all_raw(statement(database, &sql, values))
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "resident")?, row.try_get("", "student")?)))
        .collect()
}

/// Leaves children for people to decide.
pub(super) async fn leave_open(
    database: &impl ConnectionTrait,
    run: &Model,
    persons: &[Uuid],
) -> Result<(), DbErr> {
    let unknown = Verdict::Unknown as i32;
    for some in persons.chunks(500) {
        let places: Vec<String> = (0..some.len()).map(|at| format!("${}", at + 2)).collect();
        let sql = format!(
            "UPDATE comparison_results SET verdict = {unknown}, change = {} \
             WHERE run = $1 AND person IN ({})",
            change(run, "previous", &unknown.to_string()),
            places.join(", ")
        );
        let run_id = std::iter::once(Value::from(run.id));
        let values = run_id.chain(some.iter().map(|person| Value::from(*person)));
        database
            .execute_raw(statement(database, &sql, values))
            .await?;
    }
    Ok(())
}

/// Tells the planner of the results: as long as it knows nothing of this run, it takes them for one row.
pub(super) async fn analyze(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    if database.get_database_backend() == DatabaseBackend::Postgres {
        let sql = "ANALYZE comparison_results";
        database.execute_unprepared(sql).await?;
    }
    Ok(())
}

/// Tells of the children of the comparison before whom the list has no more.
pub(super) async fn write_gone(
    database: &impl ConnectionTrait,
    run: &Model,
    part: Part,
) -> Result<(), DbErr> {
    let gone = Verdict::NoLongerListed as i32;
    let sql = format!(
        "INSERT INTO comparison_results (run, person, place, verdict, previous, change, student) \
         SELECT $1, p.person, p.place, {gone}, p.verdict, 2, NULL FROM comparison_results p \
         WHERE p.run = $2 AND p.person > $3 AND p.person <= $4 AND p.verdict <> {gone} \
         AND NOT EXISTS (SELECT 1 FROM comparison_results n WHERE n.run = $1 AND n.person = p.person \
         AND n.person > $3 AND n.person <= $4)"
    );
    let values = [
        run.id.into(),
        previous(run),
        part.after.into(),
        part.upto.into(),
    ];
    database
        .execute_raw(statement(database, &sql, values))
        .await?;
    Ok(())
}

/// How many children have each result, and how many of them another than before.
pub(super) async fn counts(
    database: &impl ConnectionTrait,
    run: &Model,
) -> Result<Vec<(i32, i64, i64)>, DbErr> {
    let is_changed = match run.previous {
        Some(_) => "change <> 0",
        None => "1 = 1",
    };
    let sql = format!(
        "SELECT verdict, COUNT(*) AS children, \
         CAST(SUM(CASE WHEN {is_changed} THEN 1 ELSE 0 END) AS bigint) AS changed \
         FROM comparison_results WHERE run = $1 GROUP BY verdict"
    );
    let rows = database
        .query_all_raw(statement(database, &sql, [run.id.into()]))
        .await?;
    rows.iter()
        .map(|row| {
            let changed: i64 = row.try_get("", "changed")?;
            Ok((
                row.try_get("", "verdict")?,
                row.try_get("", "children")?,
                changed,
            ))
        })
        .collect()
}

/// Deletes at most `most` results of the comparisons of this source, kind and region before the last two, and as many children
/// of lists that neither of them compared; who has a case or a candidate stays. How many it deleted.
pub(super) async fn clear(
    database: &impl ConnectionTrait,
    run: &Model,
    most: u64,
) -> Result<u64, DbErr> {
    let alike = "region = $1 AND source = $2 AND kind = $3";
    let results = format!(
        "DELETE FROM comparison_results WHERE (run, person) IN (\
         SELECT q.run, q.person FROM comparison_results q WHERE q.run IN (\
         SELECT id FROM comparisons WHERE {alike} AND id <> $4 AND id <> $5) LIMIT {most})"
    );
    let residents = format!(
        "DELETE FROM residents WHERE id IN (SELECT r.id FROM residents r WHERE r.list IN (\
         SELECT id FROM resident_lists WHERE {alike} AND state IN ({over}) AND id NOT IN (\
         SELECT list FROM comparisons WHERE id = $4 OR id = $5)) \
         AND NOT EXISTS (SELECT 1 FROM dropout_cases c WHERE c.resident = r.person) \
         AND NOT EXISTS (SELECT 1 FROM resident_candidates k WHERE k.person = r.person) \
         LIMIT {most})",
        over = [ListState::Replaced, ListState::BrokenOff]
            .map(|state| (state as i32).to_string())
            .join(", "),
    );
    let mut deleted = 0;
    for sql in [results, residents] {
        let values = [
            run.region.as_str().into(),
            run.source.into(),
            run.kind.into(),
            run.id.into(),
            previous(run),
        ];
        let done = database
            .execute_raw(statement(database, &sql, values))
            .await?;
        deleted += done.rows_affected();
    }
    Ok(deleted)
}

/// Children of open cases without a record, each with the student who has the same document or was decided to be the same.
pub(super) async fn registered(
    database: &impl ConnectionTrait,
    most: u64,
) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    let sql = format!(
        "SELECT c.resident AS resident, s.id AS student FROM dropout_cases c \
         JOIN residents r ON r.person = c.resident \
         JOIN students s ON s.identity_hash = r.identity_hash \
         WHERE c.resident IS NOT NULL AND c.open_subject = c.resident AND s.state NOT IN ({void}) \
         UNION SELECT c.resident, k.student FROM dropout_cases c \
         JOIN resident_candidates k ON k.person = c.resident AND k.decision = {same} \
         WHERE c.resident IS NOT NULL AND c.open_subject = c.resident \
         UNION SELECT c.resident, s.id FROM dropout_cases c \
         JOIN admission_entries e ON e.id = c.admission_entry \
         JOIN students s ON s.identity_hash = e.identity_hash \
         WHERE c.resident IS NOT NULL AND c.open_subject = c.resident AND s.state NOT IN ({void}) \
         LIMIT {most}",
        void = states(Standing::Void),
        same = Decision::Same as i32,
    );
    let rows = database
        .query_all_raw(statement(database, &sql, []))
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "resident")?, row.try_get("", "student")?)))
        .collect()
}

fn statement(
    database: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(database.get_database_backend(), sql, values)
}

fn previous(run: &Model) -> Value {
    run.previous.unwrap_or(Uuid::nil()).into()
}

/// What a child is found to be.
fn verdict(run: &Model, ranges: &[RangeInclusive<i64>], over_by: NaiveDate) -> String {
    let here: Vec<String> = ranges
        .iter()
        .map(|range| {
            let (from, to) = (range.start(), range.end());
            format!("COALESCE(s.place, d.place) BETWEEN {from} AND {to}")
        })
        .collect();
    let last_stages: Vec<String> = LAST_STAGES
        .iter()
        .map(|stage| (*stage as i32).to_string())
        .collect();
    format!(
        "CASE WHEN COALESCE(s.state, d.state) IN ({attends}) AND ({here}) THEN {enrolled_here} \
         WHEN COALESCE(s.state, d.state) IN ({attends}, {away}) THEN {elsewhere} \
         WHEN COALESCE(s.state, d.state) IN ({excused}) AND NOT {over} THEN {excused_verdict} \
         WHEN COALESCE(s.state, d.state) IN ({finished}) AND COALESCE(s.stage, d.stage) IN ({last}) \
         THEN {excused_verdict} \
         WHEN r.birth_month > {born_after} AND r.birth_month <= {born_until} THEN {not_enrolled} \
         ELSE {not_of_age} END",
        attends = states(Standing::Attends),
        here = here.join(" OR "),
        enrolled_here = Verdict::EnrolledHere as i32,
        away = states(Standing::Away),
        elsewhere = Verdict::EnrolledElsewhere as i32,
        excused = states(Standing::Excused),
        over = leaves::hangs("COALESCE(s.id, d.id)", over_by),
        excused_verdict = Verdict::Excused as i32,
        finished = states(Standing::Finished),
        last = last_stages.join(", "),
        born_after = run.born_after,
        born_until = run.born_until,
        not_enrolled = Verdict::NotEnrolled as i32,
        not_of_age = Verdict::NotOfAge as i32,
    )
}

fn states(standing: Standing) -> String {
    let numbers: Vec<String> = STANDINGS
        .iter()
        .filter(|(_, own)| *own == standing)
        .map(|(state, _)| (*state as i32).to_string())
        .collect();
    numbers.join(", ")
}

/// 0 the same result as before, 1 another that partners have the same word for, 2 another for everybody. In the first
/// comparison everything is new, which nobody needs to be told row by row: 0.
fn change(run: &Model, before: &str, after: &str) -> String {
    if run.previous.is_none() {
        return "0".to_owned();
    }
    let mut words: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for (verdict, told) in TOLD_PARTNERS {
        let same = words.entry(*told as i32).or_default();
        same.push((*verdict as i32).to_string());
    }
    let alike: Vec<String> = words
        .values()
        .filter(|same| same.len() > 1)
        .map(|same| {
            let same = same.join(", ");
            format!(" WHEN {before} IN ({same}) AND {after} IN ({same}) THEN 1")
        })
        .collect();
    format!(
        "CASE WHEN {before} = {after} THEN 0{} ELSE 2 END",
        alike.concat()
    )
}
