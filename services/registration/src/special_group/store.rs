//! Every SQL statement about recognitions.

use std::collections::{BTreeMap, HashMap};

use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::group_recognition::{Column, Entity, Model};

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

/// The recognitions in force whose last day lies before `today`, the longest over first.
pub(crate) async fn over(
    database: &impl ConnectionTrait,
    today: &str,
    most: u64,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("time passes everywhere");
    Entity::visible_to(&all)
        // As the index says it: a bound value would hide it from the planner.
        .filter(Expr::cust("state = 2"))
        .filter(Column::ValidUntil.gt(""))
        .filter(Column::ValidUntil.lt(today))
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

/// The recognitions follow students, each with the school entered and its place.
pub(crate) async fn follow(
    database: &impl ConnectionTrait,
    moved: impl Iterator<Item = (Uuid, Uuid, i64)>,
) -> Result<(), DbErr> {
    let mut by_school: BTreeMap<(Uuid, i64), Vec<Uuid>> = BTreeMap::new();
    for (student, school, place) in moved {
        by_school.entry((school, place)).or_default().push(student);
    }
    for ((school, place), students) in by_school {
        Entity::update_many()
            .col_expr(Column::School, school.into())
            .col_expr(Column::Place, place.into())
            .filter(Column::Student.is_in(students))
            .exec(database)
            .await?;
    }
    Ok(())
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
