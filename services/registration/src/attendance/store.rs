//! Every SQL statement about attendance.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use sea_orm::sea_query::{Expr, OnConflict, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait as _,
    ExprTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::called::{Called, Kind, is_present, pupils_of};
use crate::dropout_case::workflow::State as CaseState;
use crate::entity::{
    absence, attendance_roll, attendance_sheet as sheet, dropout_case, school_class, student,
    student_change,
};
use crate::school_year;
use crate::student::standing::on_roll;

const JUDGED: &str = "the school or class was found to be in the caller's scope";

/// By which a pupil comes into a school, or back to it.
const ARRIVALS: [i32; 6] = [
    Happened::Enrolled as i32,
    Happened::TransferredIn as i32,
    Happened::Returned as i32,
    Happened::Restored as i32,
    Happened::Advanced as i32,
    Happened::ClassChanged as i32,
];

/// Places that one statement asks for: each is a condition of its own.
const PLACES: usize = 64;

/// A class and day.
pub(super) type ClassDay = (Uuid, NaiveDate);

/// A pupil as an import must know it.
#[derive(Clone, Debug)]
pub(super) struct Pupil {
    /// The student.
    pub(super) id: Uuid,
    /// The number's hash.
    pub(super) number_hash: Vec<u8>,
    /// The school.
    pub(super) school: Uuid,
    /// Where it lies.
    pub(super) place: i64,
    /// The class, where there is one.
    pub(super) school_class: Option<Uuid>,
    /// The state.
    pub(super) state: i32,
}

/// The pupils on the roll of each of some classes.
pub(super) async fn enrolled(
    database: &impl ConnectionTrait,
    classes: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Uuid>>, DbErr> {
    let judged = Scope::everything(JUDGED);
    let mut rolls: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for some in classes.chunks(SET) {
        let found: Vec<(Uuid, Option<Uuid>)> = student::Entity::visible_to(&judged)
            .select_only()
            .columns([student::Column::Id, student::Column::SchoolClass])
            .filter(student::Column::SchoolClass.is_in(some.iter().copied()))
            .filter(student::Column::State.is_in(on_roll()))
            .into_tuple()
            .all(database)
            .await?;
        for (id, class) in found {
            rolls.entry(class.unwrap_or_default()).or_default().push(id);
        }
    }
    Ok(rolls)
}

/// Of some students those who came into their school, class or stage after a day, each with the day of coming. Who was loaded with its
/// school has no arrival on record, but a year in which it entered the stage.
pub(super) async fn arrived_after(
    database: &impl ConnectionTrait,
    students: &[Uuid],
    date: NaiveDate,
) -> Result<HashMap<Uuid, NaiveDate>, DbErr> {
    use student_change::Column;
    let judged = Scope::everything(JUDGED);
    let mut arrived: HashMap<Uuid, NaiveDate> = HashMap::new();
    for some in students.chunks(SET) {
        let found: Vec<(Uuid, String)> = student_change::Entity::visible_to(&judged)
            .select_only()
            .columns([Column::Student, Column::EffectiveDate])
            .filter(Column::Student.is_in(some.iter().copied()))
            .filter(Column::Kind.is_in(ARRIVALS))
            .filter(Column::EffectiveDate.gt(date.to_string()))
            .into_tuple()
            .all(database)
            .await?;
        for (student, day) in found {
            if let Ok(day) = day.parse::<NaiveDate>() {
                let latest = arrived.entry(student).or_insert(day);
                *latest = Ord::max(day, *latest);
            }
        }
        let entered: Vec<(Uuid, i32)> = student::Entity::visible_to(&judged)
            .select_only()
            .columns([student::Column::Id, student::Column::EntryYear])
            .filter(student::Column::Id.is_in(some.iter().copied()))
            .filter(student::Column::EntryYear.gt(school_year::of(date)))
            .into_tuple()
            .all(database)
            .await?;
        for (student, year) in entered {
            let begin = school_year::first_day(year);
            let latest = arrived.entry(student).or_insert(begin);
            *latest = Ord::max(begin, *latest);
        }
    }
    Ok(arrived)
}

/// Students by id or by the hash of their number, as far as there are such.
pub(super) async fn pupils(
    database: &impl ConnectionTrait,
    ids: &[Uuid],
    hashes: &[Vec<u8>],
) -> Result<Vec<Pupil>, DbErr> {
    use student::Column;
    type Row = (Uuid, Vec<u8>, Uuid, i64, Option<Uuid>, i32);
    let judged = Scope::everything("each row is judged against the import's parent");
    let select = |only: SimpleExpr| {
        student::Entity::visible_to(&judged)
            .select_only()
            .columns([
                Column::Id,
                Column::NumberHash,
                Column::School,
                Column::Place,
                Column::SchoolClass,
                Column::State,
            ])
            .filter(only)
            .into_tuple::<Row>()
    };
    let mut rows = Vec::new();
    for some in ids.chunks(SET) {
        let only = Column::Id.is_in(some.iter().copied());
        rows.extend(select(only).all(database).await?);
    }
    for some in hashes.chunks(SET) {
        let only = Column::NumberHash.is_in(some.iter().cloned());
        rows.extend(select(only).all(database).await?);
    }
    let pupil = |(id, number_hash, school, place, school_class, state): Row| Pupil {
        id,
        number_hash,
        school,
        place,
        school_class,
        state,
    };
    Ok(rows.into_iter().map(pupil).collect())
}

/// Classes by their ids.
pub(super) async fn classes(
    database: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<Vec<school_class::Model>, DbErr> {
    let judged = Scope::everything("each row is judged against the import's parent");
    let mut found = Vec::new();
    for some in ids.chunks(SET) {
        let rows = school_class::Entity::visible_to(&judged)
            .filter(school_class::Column::Id.is_in(some.iter().copied()))
            .all(database)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The sheets of some classes on some days.
pub(super) async fn sheets(
    database: &impl ConnectionTrait,
    keys: &[ClassDay],
) -> Result<HashMap<ClassDay, sheet::Model>, DbErr> {
    let judged = Scope::everything(JUDGED);
    let mut by_day: BTreeMap<NaiveDate, Vec<Uuid>> = BTreeMap::new();
    for (class, date) in keys {
        by_day.entry(*date).or_default().push(*class);
    }
    let mut found = HashMap::new();
    for (date, classes) in by_day {
        for some in classes.chunks(SET) {
            let rows = sheet::Entity::visible_to(&judged)
                .filter(sheet::Column::SchoolClass.is_in(some.iter().copied()))
                .filter(sheet::Column::Date.eq(date.to_string()))
                .all(database)
                .await?;
            found.extend(rows.into_iter().map(|row| ((row.school_class, date), row)));
        }
    }
    Ok(found)
}

/// Rolls by their ids.
pub(super) async fn rolls(
    database: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, attendance_roll::Model>, DbErr> {
    let judged = Scope::everything("the rolls of sheets that were read");
    let ids: Vec<Uuid> = ids
        .into_iter()
        .collect::<HashSet<_>>()
        .into_iter()
        .collect();
    let mut found = HashMap::new();
    for some in ids.chunks(SET) {
        let rows = attendance_roll::Entity::visible_to(&judged)
            .filter(attendance_roll::Column::Id.is_in(some.iter().copied()))
            .all(database)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}

/// Each of some sheets with the class as it was called.
pub(super) async fn opened(
    database: &impl ConnectionTrait,
    sheets: Vec<sheet::Model>,
) -> Result<Vec<(sheet::Model, Called)>, KernelError> {
    let rolls = rolls(database, sheets.iter().map(|sheet| sheet.roll)).await?;
    let with_roll = |sheet: sheet::Model| {
        let roll = rolls.get(&sheet.roll).ok_or_else(|| {
            KernelError::Stored(format!("attendanceSheets/{} has no roll", sheet.id))
        })?;
        let called = Called::of(roll, &sheet)?;
        Ok((sheet, called))
    };
    sheets.into_iter().map(with_roll).collect()
}

/// Adds the rolls that are not kept yet.
pub(super) async fn keep_rolls(
    database: &impl ConnectionTrait,
    rolls: Vec<attendance_roll::Model>,
) -> Result<(), DbErr> {
    let unique = [attendance_roll::Column::Id];
    store::insert_missing::<attendance_roll::Entity, _>(database, rolls, unique, |roll| roll.id)
        .await?;
    Ok(())
}

/// Adds new sheets. Fails with `WRITE_CONFLICT` when somebody has just added one of them.
pub(super) async fn insert_sheets(
    database: &impl ConnectionTrait,
    sheets: Vec<sheet::Model>,
) -> Result<(), KernelError> {
    if sheets.is_empty() {
        return Ok(());
    }
    let wanted = sheets.len();
    let unique = [sheet::Column::SchoolClass, sheet::Column::Date];
    let added = store::insert_missing::<sheet::Entity, _>(database, sheets, unique, |sheet| {
        (sheet.school_class, sheet.date.clone())
    })
    .await?;
    if added.len() == wanted {
        return Ok(());
    }
    Err(KernelError::WriteConflict)
}

/// Takes absences of a day away.
pub(super) async fn remove_absences(
    database: &impl ConnectionTrait,
    date: NaiveDate,
    students: &[Uuid],
) -> Result<(), DbErr> {
    for some in students.chunks(SET) {
        absence::Entity::delete_many()
            .filter(absence::Column::Date.eq(date.to_string()))
            .filter(absence::Column::Student.is_in(some.iter().copied()))
            .exec(database)
            .await?;
    }
    Ok(())
}

/// Writes absences; one of the same pupil and day is replaced.
pub(super) async fn put_absences(
    database: &impl ConnectionTrait,
    mut absences: Vec<absence::Model>,
) -> Result<(), DbErr> {
    use absence::Column;
    // Always in one order, so that two writes wait for each other instead of locking up.
    absences.sort_by(|one, other| (one.student, &one.date).cmp(&(other.student, &other.date)));
    for some in absences.chunks(SET) {
        let rows = some.iter().cloned().map(absence::Model::into_active_model);
        let replace = OnConflict::columns([Column::Student, Column::Date])
            .update_columns([
                Column::School,
                Column::Place,
                Column::SchoolClass,
                Column::Kind,
            ])
            .to_owned();
        absence::Entity::insert_many(rows)
            .on_conflict(replace)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}

/// The absences of some students from a day on.
pub(super) async fn absences_of(
    database: &impl ConnectionTrait,
    students: &[Uuid],
    since: NaiveDate,
) -> Result<Vec<absence::Model>, DbErr> {
    let judged = Scope::everything("the pupils were marked in this write, or found in scope");
    let mut found = Vec::new();
    for some in students.chunks(SET) {
        let rows = absence::Entity::visible_to(&judged)
            .filter(absence::Column::Student.is_in(some.iter().copied()))
            .filter(absence::Column::Date.gte(since.to_string()))
            .all(database)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// How some students were called in some classes, each from a day on, day by day; days on which they were on no roll or not called are left out.
pub(super) async fn called_days(
    database: &impl ConnectionTrait,
    classes: impl IntoIterator<Item = ClassDay>,
    students: &HashSet<Uuid>,
) -> Result<HashMap<Uuid, BTreeMap<NaiveDate, Kind>>, KernelError> {
    use sheet::Column;
    let judged = Scope::everything("the pupils were marked in this write, or found in scope");
    let places = classes.into_iter().map(|(class, since)| {
        Condition::all()
            .add(Column::SchoolClass.eq(class))
            .add(Column::Date.gte(since.to_string()))
    });
    let places: Vec<Condition> = places.collect();
    let mut days: HashMap<Uuid, BTreeMap<NaiveDate, Kind>> = HashMap::new();
    for some in places.chunks(PLACES) {
        let any = some.iter().cloned().fold(Condition::any(), Condition::add);
        let sheets = sheet::Entity::visible_to(&judged)
            .filter(any)
            .all(database)
            .await?;
        for (sheet, called) in opened(database, sheets).await? {
            let Ok(date) = sheet.date.parse() else {
                continue;
            };
            for (student, kind) in called.iter() {
                if kind == Kind::Unspecified || !students.contains(&student) {
                    continue;
                }
                // Who was seen in one class was there, whatever another one says of the day.
                let of_day = days.entry(student).or_default().entry(date).or_insert(kind);
                if is_present(kind) {
                    *of_day = kind;
                }
            }
        }
    }
    Ok(days)
}

/// The classes in which each of some pupils may have been called: its own, and those on whose rolls it stands in the schools
/// that its history names.
pub(super) async fn classes_of(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<HashMap<Uuid, HashSet<Uuid>>, DbErr> {
    use student_change::Column;
    let judged = Scope::everything("the pupils were marked in this write, or found in scope");
    let mut schools: HashMap<Uuid, HashSet<Uuid>> = HashMap::new();
    let mut classes: HashMap<Uuid, HashSet<Uuid>> = HashMap::new();
    for pupil in pupils(database, students, &[]).await? {
        schools.entry(pupil.id).or_default().insert(pupil.school);
        classes
            .entry(pupil.id)
            .or_default()
            .extend(pupil.school_class);
    }
    for some in students.chunks(SET) {
        type Row = (Uuid, Uuid, Option<Uuid>, Option<Uuid>);
        let history: Vec<Row> = student_change::Entity::visible_to(&judged)
            .select_only()
            .columns([
                Column::Student,
                Column::School,
                Column::FromSchool,
                Column::ToSchool,
            ])
            .filter(Column::Student.is_in(some.iter().copied()))
            .into_tuple()
            .all(database)
            .await?;
        for (student, own, from, to) in history {
            let named = [Some(own), from, to].into_iter().flatten();
            schools.entry(student).or_default().extend(named);
        }
    }
    let stands = schools.iter().map(|(student, schools)| {
        Condition::all()
            .add(attendance_roll::Column::School.is_in(schools.iter().copied()))
            .add(Expr::cust(names(database, *student)))
    });
    let stands: Vec<Condition> = stands.collect();
    for some in stands.chunks(PLACES) {
        let any = some.iter().cloned().fold(Condition::any(), Condition::add);
        let rolls = attendance_roll::Entity::visible_to(&judged)
            .filter(any)
            .all(database)
            .await?;
        for roll in rolls {
            for student in pupils_of(&roll).filter(|student| schools.contains_key(student)) {
                classes
                    .entry(student)
                    .or_default()
                    .insert(roll.school_class);
            }
        }
    }
    Ok(classes)
}

/// The condition that a roll has a pupil: the bytes of its id. Who is found by chance is on no list of those called.
fn names(database: &impl ConnectionTrait, student: Uuid) -> String {
    let id = student.simple();
    match database.get_database_backend() {
        DatabaseBackend::Postgres => format!("position('\\x{id}'::bytea in pupils) > 0"),
        _ => format!("instr(pupils, X'{id}') > 0"),
    }
}

/// A page of the absences of one day below a parent, by place and pupil, behind `after`.
pub(super) async fn absences_on(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    date: NaiveDate,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<absence::Model>, DbErr> {
    use absence::Column;
    let key = Expr::tuple([Column::Place.into_expr(), Column::Student.into_expr()]);
    let behind = after.map(|(place, id)| key.gt(Expr::tuple([Expr::val(place), Expr::val(id)])));
    absence::Entity::visible_to(scope)
        .filter(Column::Date.eq(date.to_string()))
        .filter(parent.condition::<absence::Entity>())
        .filter(Condition::all().add_option(behind))
        .order_by_asc(Column::Place)
        .order_by_asc(Column::Student)
        .limit(limit)
        .all(database)
        .await
}

/// A page of the absences of one pupil below a parent, oldest first, behind `after`.
pub(super) async fn absences_of_student(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    student: Uuid,
    days: (Option<NaiveDate>, Option<NaiveDate>),
    after: Option<NaiveDate>,
    limit: u64,
) -> Result<Vec<absence::Model>, DbErr> {
    use absence::Column;
    let only = Condition::all()
        .add_option(days.0.map(|day| Column::Date.gte(day.to_string())))
        .add_option(days.1.map(|day| Column::Date.lte(day.to_string())))
        .add_option(after.map(|day| Column::Date.gt(day.to_string())));
    absence::Entity::visible_to(scope)
        .filter(Column::Student.eq(student))
        .filter(parent.condition::<absence::Entity>())
        .filter(only)
        .order_by_asc(Column::Date)
        .limit(limit)
        .all(database)
        .await
}

/// Only the sheets of a day.
pub(super) fn of_day(date: NaiveDate) -> Condition {
    Condition::all().add(sheet::Column::Date.eq(date.to_string()))
}

/// Only classes with pupils that have no sheet of a day. 1 is enrolled.
pub(super) fn missing(date: NaiveDate) -> Condition {
    Condition::all()
        .add(Expr::cust(
            format!(
                "EXISTS (SELECT 1 FROM students p WHERE p.school_class = school_classes.id AND p.state = {})",
                StudentState::Enrolled as i32
            ),
        ))
        // A day has no character that SQL reads otherwise.
        .add(Expr::cust(format!(
            "NOT EXISTS (SELECT 1 FROM attendance_sheets s \
             WHERE s.school_class = school_classes.id AND s.date = '{date}')"
        )))
}

/// Of some pupils who have had a case: the day up to which it has dealt with their absences.
pub(super) async fn settled(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<HashMap<Uuid, NaiveDate>, DbErr> {
    use dropout_case::Column;
    type Row = (Option<Uuid>, Option<NaiveDate>, Option<NaiveDate>);
    let judged = Scope::everything("the pupils were marked in this write, or found in scope");
    let mut settled: HashMap<Uuid, NaiveDate> = HashMap::new();
    for some in students.chunks(SET) {
        let rows: Vec<Row> = dropout_case::Entity::visible_to(&judged)
            .select_only()
            .columns([Column::Student, Column::ClosedDate, Column::ReturnedDate])
            .filter(Column::Student.is_in(some.iter().copied()))
            .into_tuple()
            .all(database)
            .await?;
        for (student, closed, returned) in rows {
            if let (Some(student), Some(day)) = (student, Ord::max(closed, returned)) {
                let latest = settled.entry(student).or_insert(day);
                *latest = Ord::max(day, *latest);
            }
        }
    }
    Ok(settled)
}

/// Those of some pupils who have an open case: silence does not make them present.
pub(super) async fn watched(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<HashSet<Uuid>, DbErr> {
    use dropout_case::Column;
    let judged = Scope::everything("the pupils are on the rolls of classes found in scope");
    let mut watched = HashSet::new();
    for some in students.chunks(SET) {
        let found: Vec<Option<Uuid>> = dropout_case::Entity::visible_to(&judged)
            .select_only()
            .column(Column::OpenSubject)
            .filter(Column::OpenSubject.is_in(some.iter().copied()))
            .into_tuple()
            .all(database)
            .await?;
        watched.extend(found.into_iter().flatten());
    }
    Ok(watched)
}

/// Those of some pupils whose open case is one that absences do not bring back: it is before the return.
pub(crate) async fn dealt_with(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<HashSet<Uuid>, DbErr> {
    use dropout_case::Column;
    let judged = Scope::everything("the service finds in every county");
    let back = [CaseState::Returned as i32, CaseState::Stable as i32];
    let mut found = HashSet::new();
    for some in students.chunks(SET) {
        let open: Vec<Option<Uuid>> = dropout_case::Entity::visible_to(&judged)
            .select_only()
            .column(Column::OpenSubject)
            .filter(Column::OpenSubject.is_in(some.iter().copied()))
            .filter(Column::State.is_not_in(back))
            .into_tuple()
            .all(database)
            .await?;
        found.extend(open.into_iter().flatten());
    }
    Ok(found)
}
