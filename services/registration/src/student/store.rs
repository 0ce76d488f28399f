//! Every SQL statement about students.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::iter;

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::student::State;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait as _,
    IntoActiveModel, QueryFilter as _, QueryOrder as _, QueryResult, QuerySelect as _, Statement,
    Value,
};
use uuid::Uuid;

use super::standing::LIVE_ROWS;
use crate::entity::student::{Column, Entity, Model};
use crate::entity::{former_identity, student_change};
use crate::tally::counted::COUNTED;

/// The students with these hashes, wherever they are.
pub async fn with_hashes(
    database: &impl ConnectionTrait,
    hashes: &[&[u8]],
) -> Result<Vec<Model>, DbErr> {
    let everywhere = Scope::everything("a person has one record in the whole province");
    Entity::visible_to(&everywhere)
        .filter(Column::IdentityHash.is_in(hashes.iter().map(|hash| hash.to_vec())))
        .all(database)
        .await
}

/// The students with these ids, of whom the caller has been judged otherwise.
pub(crate) async fn with_ids(
    database: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Model>, DbErr> {
    let judged = Scope::everything("the ids come from records in scope");
    let ids: BTreeSet<Uuid> = ids.into_iter().collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut students = HashMap::with_capacity(ids.len());
    for some in ids.chunks(SET) {
        let rows = Entity::visible_to(&judged)
            .filter(Column::Id.is_in(some.iter().copied()))
            .all(database)
            .await?;
        students.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(students)
}

/// The student, wherever the record is; the caller has been judged by what led here.
pub(crate) async fn with_id(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<Model>, DbErr> {
    let judged = Scope::everything("the id comes from a record in scope");
    Entity::visible_to(&judged)
        .filter(Column::Id.eq(id))
        .one(database)
        .await
}

/// The student, if the caller may see it, held until the transaction ends: of two who begin something for a pupil at once one
/// comes second. Schools are held before students.
pub(crate) async fn hold_one(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<Model, KernelError> {
    Entity::visible_to(scope)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("students/{id}")))
}

/// Holds the records of some students until the transaction ends, wherever they are: exclusively where they are about to be
/// given something that each has once, shared where they are to stay as they are.
pub(crate) async fn hold_all(
    database: &impl ConnectionTrait,
    ids: &[Uuid],
    lock: LockType,
) -> Result<(), DbErr> {
    let judged = Scope::everything("the ids come from records in scope");
    // Always in one order, so that two calls wait for each other instead of locking up.
    let ids: BTreeSet<Uuid> = ids.iter().copied().collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    for some in ids.chunks(SET) {
        Entity::visible_to(&judged)
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(some.iter().copied()))
            .order_by_asc(Column::Id)
            .lock(lock)
            .into_tuple::<Uuid>()
            .all(database)
            .await?;
    }
    Ok(())
}

/// The students who had documents with these hashes before a change of key fields, by the hash, wherever they are.
pub(crate) async fn former_holders(
    database: &impl ConnectionTrait,
    hashes: &[&[u8]],
) -> Result<HashMap<Vec<u8>, Model>, DbErr> {
    use former_identity::Column as Former;
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    let everywhere = Scope::everything("a document is one person's in the whole province");
    let former: Vec<(Vec<u8>, Uuid)> = former_identity::Entity::visible_to(&everywhere)
        .select_only()
        .columns([Former::IdentityHash, Former::Student])
        .filter(Former::IdentityHash.is_in(hashes.iter().map(|hash| hash.to_vec())))
        .into_tuple()
        .all(database)
        .await?;
    if former.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = former.iter().map(|(_, student)| *student);
    let students = Entity::visible_to(&everywhere)
        .filter(Column::Id.is_in(ids))
        .all(database)
        .await?;
    let holder = |(hash, id): (Vec<u8>, Uuid)| {
        let student = students.iter().find(|student| student.id == id)?;
        Some((hash, student.clone()))
    };
    Ok(former.into_iter().filter_map(holder).collect())
}

/// Keeps the document that a record had until a day.
pub(crate) async fn keep_former(
    database: &impl ConnectionTrait,
    student: &Model,
    until_date: &str,
) -> Result<(), DbErr> {
    let former = former_identity::Model {
        identity_hash: student.identity_hash.clone(),
        student: student.id,
        school: student.school,
        place: student.place,
        until_date: until_date.to_owned(),
    };
    former_identity::Entity::insert(former.into_active_model())
        .on_conflict_do_nothing()
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Lets go of documents that a record had before: of this one, or of all.
pub(crate) async fn release_former(
    database: &impl ConnectionTrait,
    student: Uuid,
    hash: Option<&[u8]>,
) -> Result<(), DbErr> {
    use former_identity::Column as Former;
    former_identity::Entity::delete_many()
        .filter(Former::Student.eq(student))
        .filter(
            Condition::all().add_option(hash.map(|hash| Former::IdentityHash.eq(hash.to_vec()))),
        )
        .exec(database)
        .await?;
    Ok(())
}

/// Who shows no number of the shape of GB 11643, in the words of the indexes `students_without_resident_number` and
/// `students_new_without_resident_number`.
pub(super) const UNNUMBERED: &str = "identity_type NOT IN (1, 5, 6)";

/// The open or finished records with these keys of names; with `unnumbered`, only of those who have no resident number.
pub(super) async fn with_names(
    database: &impl ConnectionTrait,
    names: impl IntoIterator<Item = i64>,
    unnumbered: bool,
) -> Result<Vec<Model>, DbErr> {
    let everywhere = Scope::everything("whether a child has another record is asked of all");
    let few = unnumbered.then(|| Expr::cust(UNNUMBERED));
    Entity::visible_to(&everywhere)
        .filter(Column::NameKey.is_in(names))
        .filter(Condition::all().add_option(few))
        .filter(Column::State.ne(State::Cancelled as i32))
        .order_by_asc(Column::Id)
        .all(database)
        .await
}

/// A record with the name, sex and month of birth of another.
#[derive(Clone, Debug)]
pub(super) struct Namesake {
    pub(super) id: Uuid,
    /// What they have in common.
    pub(super) key: (i64, i32, i32),
    /// Whether a claim names it as a second record.
    pub(super) is_claimed: bool,
}

/// The records that agree in name, sex and month of birth where one of them shows no resident number and more than one is named by
/// no claim, side by side and the oldest first: where that one has been registered since this id was made, or one has had a change of
/// key fields, or at any time. On
/// PostgreSQL. All are one pass over the students, before which those without a number are few. (What is counted is materialized:
/// the planner of PostgreSQL 15 loses a window over an EXISTS.)
pub(super) async fn namesakes(
    database: &impl ConnectionTrait,
    since: Option<Uuid>,
) -> Result<Vec<Namesake>, DbErr> {
    // A record's id tells when it was made. Who was renamed may have come to another's name, with a number or without.
    let (behind, renamed) = match since {
        None => ("", ""),
        Some(_) => (
            "AND id > $2",
            "UNION SELECT name_key, sex, birth_month FROM students \
             WHERE id IN (SELECT student FROM key_changes WHERE update_micros > $3)",
        ),
    };
    let sql = format!(
        "WITH few AS MATERIALIZED (\
             SELECT DISTINCT name_key, sex, birth_month FROM students WHERE {UNNUMBERED} AND state <> $1 {behind} {renamed}), \
         found AS MATERIALIZED (\
             SELECT one.id, one.name_key, one.sex, one.birth_month, \
                 EXISTS (SELECT 1 FROM duplicate_claims WHERE student = one.id) AS is_claimed \
             FROM few JOIN students one \
             ON (one.name_key, one.sex, one.birth_month) = (few.name_key, few.sex, few.birth_month) \
             WHERE one.state <> $1), \
         counted AS (\
             SELECT *, count(*) FILTER (WHERE NOT is_claimed) OVER (PARTITION BY name_key, sex, birth_month) AS unclaimed \
             FROM found) \
         SELECT id, name_key, sex, birth_month, is_claimed FROM counted WHERE unclaimed > 1 \
         ORDER BY name_key, sex, birth_month, id"
    );
    let cancelled = Value::from(State::Cancelled as i32);
    let bounds = since.map(|since| [since.into(), made_micros(since).into()]);
    let values = iter::once(cancelled).chain(bounds.into_iter().flatten());
    let asked = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, values);
    let rows = database.query_all_raw(asked).await?;
    let namesake = |row: &QueryResult| {
        Ok(Namesake {
            id: row.try_get("", "id")?,
            key: (
                row.try_get("", "name_key")?,
                row.try_get("", "sex")?,
                row.try_get("", "birth_month")?,
            ),
            is_claimed: row.try_get("", "is_claimed")?,
        })
    };
    rows.iter().map(namesake).collect()
}

/// When an id was made, microseconds since 1970.
fn made_micros(id: Uuid) -> i64 {
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |at| at.to_unix());
    i64::try_from(seconds).map_or(i64::MAX, |seconds| {
        seconds * 1_000_000 + i64::from(nanos / 1_000)
    })
}

/// Adds the students whose hash nobody has yet, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    students: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    store::insert_missing::<Entity, _>(database, students, [Column::IdentityHash], |student| {
        student.identity_hash.clone()
    })
    .await
}

/// Adds students of whom it is known that their hashes and numbers are nobody's.
pub(super) async fn insert_new(
    database: &impl ConnectionTrait,
    students: &[Model],
) -> Result<(), DbErr> {
    store::insert_new::<Entity>(database, students).await
}

/// Writes rows whole, whose versions have been counted up, if nobody wrote since they were read. Only the ledger calls this:
/// a change is also counted and told.
pub(super) async fn replace_all(
    database: &impl ConnectionTrait,
    students: Vec<Model>,
) -> Result<(), KernelError> {
    store::replace_all::<Entity>(database, students).await
}

/// Adds entries to the history of students.
pub(super) async fn insert_changes(
    database: &impl ConnectionTrait,
    changes: Vec<student_change::Model>,
) -> Result<(), DbErr> {
    for some in changes.chunks(SET) {
        let rows = some.iter().cloned().map(IntoActiveModel::into_active_model);
        student_change::Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}

/// Whom a list shows by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// Those of a row of [`COUNTED`].
    Counted(usize),
    /// Records that are open, whether the student attends or is away (在籍); the others are gone.
    Open,
    /// Those of a state in which nobody attends.
    Away(i32),
}

/// Only these, of a class, stage and grade where each is asked for; with constants where an index holds some rows only.
pub(super) fn wanted(rows: Rows, class: Option<Uuid>, stage: i32, grade: i32) -> Condition {
    let state = match rows {
        Rows::Counted(counted) => COUNTED[counted].rows.to_owned(),
        Rows::Open => LIVE_ROWS.clone(),
        Rows::Away(state) => format!("state <> 1 AND state = {state}"),
    };
    Condition::all()
        .add(Expr::cust(state))
        .add_option(class.map(|id| Column::SchoolClass.eq(id)))
        .add_option((stage != 0).then(|| Column::Stage.eq(stage)))
        .add_option((grade != 0).then(|| Column::Grade.eq(grade)))
}
