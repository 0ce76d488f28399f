//! Every SQL statement about recognitions.

use std::collections::{HashMap, HashSet};

use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::groups::{Flag, GROUPS, known, taken_off};
use super::workflow::State;
use crate::entity::group_recognition::{Column, Entity, Model};
use crate::entity::student;

/// The students that any flag marks, in the words of the index `students_flagged`: by them the database takes it.
const FLAGGED: &str = "(migrant OR left_behind OR boarder OR hardship OR disability <> 0)";

/// Which recognitions a list holds, its parent aside; 0 and none for all.
pub(crate) fn only(student: Option<Uuid>, kind: i32, state: i32) -> Condition {
    Condition::all()
        .add_option(student.map(|id| Column::Student.eq(id)))
        .add_option((kind != 0).then(|| Column::Kind.eq(kind)))
        .add_option((state != 0).then(|| Column::State.eq(state)))
}

/// Adds a recognition.
pub(crate) async fn insert(database: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Writes the recognition whole, if nobody wrote since `version` was read.
pub(crate) async fn replace(
    database: &impl ConnectionTrait,
    row: &Model,
    version: i64,
) -> Result<(), KernelError> {
    resource::replace::<Entity>(database, row.clone(), version).await
}

/// The recognitions of some students that stand or wait.
pub(crate) async fn live(
    database: &impl ConnectionTrait,
    students: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("the recognitions of students that are in scope");
    Entity::visible_to(&all)
        .filter(Column::Student.is_in(students))
        .filter(Column::State.is_in([State::Filed as i32, State::Recognised as i32]))
        .all(database)
        .await
}

/// The recognitions in force whose last day lies before `today`, the longest over first, those behind a day and an id.
pub(crate) async fn over(
    database: &impl ConnectionTrait,
    today: &str,
    after: &(String, Uuid),
    most: u64,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("time passes everywhere");
    let columns = Expr::tuple([Expr::col(Column::ValidUntil), Expr::col(Column::Id)]);
    let last = Expr::tuple([after.0.as_str().into(), after.1.into()]);
    Entity::visible_to(&all)
        // As the index says it: a bound value would hide it from the planner.
        .filter(Expr::cust("state = 2"))
        .filter(Column::ValidUntil.gt(""))
        .filter(Column::ValidUntil.lt(today))
        .filter(columns.gt(last))
        .order_by_asc(Column::ValidUntil)
        .order_by_asc(Column::Id)
        .limit(most)
        .all(database)
        .await
}

/// Students with a flag that no recognition in force proves. 2 is recognised; the groups are numbered as in the contract.
pub(crate) fn unproven() -> Condition {
    let missing = |flag: &str, groups: &str| {
        format!(
            "({flag} AND NOT EXISTS (SELECT 1 FROM group_recognitions g \
             WHERE g.student = students.id AND g.state = 2 AND g.kind IN ({groups})))"
        )
    };
    let any = [
        missing("migrant", "1"),
        missing("left_behind", "2"),
        missing("disability <> 0", "3"),
        missing("boarder", "4"),
        missing("hardship", "5, 6, 7"),
    ];
    Condition::all()
        .add(Expr::cust(FLAGGED))
        .add(Expr::cust(format!("({})", any.join(" OR "))))
}

/// What changes of students, each before and after, take off though a recognition in force proves it: by student, the fields
/// each with the group.
pub(crate) async fn proven<'a>(
    database: &impl ConnectionTrait,
    changes: impl IntoIterator<Item = (&'a student::Model, &'a student::Model)>,
) -> Result<HashMap<Uuid, Vec<(&'static str, &'static str)>>, DbErr> {
    let every: Vec<i32> = GROUPS.iter().map(|known| known.group as i32).collect();
    let lowered: Vec<_> = changes
        .into_iter()
        .filter(|(before, after)| !taken_off(before, after, &every).is_empty())
        .collect();
    if lowered.is_empty() {
        return Ok(HashMap::new());
    }
    let students = lowered.iter().map(|(before, _)| before.id);
    let groups = recognised(database, students).await?;
    let proven = lowered.into_iter().filter_map(|(before, after)| {
        let flags = taken_off(before, after, groups.get(&before.id)?);
        (!flags.is_empty()).then_some((before.id, flags))
    });
    Ok(proven.collect())
}

/// Those of some students whom a recognition in force proves to live in hardship: what gives money.
pub(crate) async fn in_hardship(
    database: &impl ConnectionTrait,
    students: impl IntoIterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    let proves = |group: &i32| known(*group).is_some_and(|known| known.flag == Flag::Hardship);
    let groups = recognised(database, students).await?;
    let hard = groups.into_iter();
    let hard = hard.filter(|(_, groups)| groups.iter().any(proves));
    Ok(hard.map(|(student, _)| student).collect())
}

/// The same of the row of a student, in SQL; numbered like [`unproven`].
pub(crate) fn hardship_is_proven() -> SimpleExpr {
    Expr::cust(
        "EXISTS (SELECT 1 FROM group_recognitions g \
         WHERE g.student = students.id AND g.state = 2 AND g.kind IN (5, 6, 7))",
    )
}

/// The groups in force of each of some students.
pub(crate) async fn recognised(
    database: &impl ConnectionTrait,
    students: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<i32>>, DbErr> {
    let mut groups: HashMap<Uuid, Vec<i32>> = HashMap::new();
    for row in live(database, students).await? {
        if row.state == State::Recognised as i32 {
            groups.entry(row.student).or_default().push(row.kind);
        }
    }
    Ok(groups)
}
