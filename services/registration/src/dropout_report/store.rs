//! Every SQL statement about reports.

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::school::State as SchoolState;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, DbErr, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::workflow::{Kind, State};
use crate::entity::dropout_report::{Column, Entity, Model};
use crate::entity::school;

/// States in which a report has not been handed in.
pub(super) const AT_HOME: [i32; 3] = [
    State::Draft as i32,
    State::Signed as i32,
    State::Returned as i32,
];

/// Which reports a list holds, its parent aside; 0 and empty for all.
pub(super) fn only(kind: i32, period: &str, state: i32) -> Condition {
    Condition::all()
        .add_option((kind != 0).then(|| Column::Kind.eq(kind)))
        .add_option((!period.is_empty()).then(|| Column::Period.eq(period)))
        .add_option((state != 0).then(|| Column::State.eq(state)))
}

/// Adds a report. Fails with `WRITE_CONFLICT` when another of the period was drafted in the same moment.
pub(super) async fn insert(
    database: &impl ConnectionTrait,
    report: Model,
) -> Result<(), KernelError> {
    report.into_active_model().insert(database).await?;
    Ok(())
}

/// The report of an organisation for a period.
pub(super) async fn of_period(
    database: &impl ConnectionTrait,
    organisation: &str,
    kind: Kind,
    period: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::visible_to(&everybody())
        .filter(Column::Organisation.eq(organisation))
        .filter(Column::Kind.eq(kind as i32))
        .filter(Column::Period.eq(period))
        .one(database)
        .await
}

/// The report of an organisation that ends last before a day.
pub(super) async fn before(
    database: &impl ConnectionTrait,
    organisation: &str,
    kind: Kind,
    day: chrono::NaiveDate,
) -> Result<Option<Model>, DbErr> {
    Entity::visible_to(&everybody())
        .filter(Column::Organisation.eq(organisation))
        .filter(Column::Kind.eq(kind as i32))
        .filter(Column::UntilDate.lt(day))
        .order_by_desc(Column::UntilDate)
        .one(database)
        .await
}

/// The moment after which the next report behind a period counts, where there is one.
pub(super) async fn next_begins(
    database: &impl ConnectionTrait,
    organisation: &str,
    kind: Kind,
    last: chrono::NaiveDate,
) -> Result<Option<i64>, DbErr> {
    let next = Entity::visible_to(&everybody())
        .filter(Column::Organisation.eq(organisation))
        .filter(Column::Kind.eq(kind as i32))
        .filter(Column::UntilDate.gt(last))
        .order_by_asc(Column::UntilDate)
        .one(database)
        .await?;
    Ok(next.map(|next| next.after_micros))
}

/// The reports of some organisations for a period.
pub(super) async fn of_organisations(
    database: &impl ConnectionTrait,
    organisations: Vec<String>,
    kind: Kind,
    period: &str,
) -> Result<Vec<Model>, DbErr> {
    Entity::visible_to(&everybody())
        .filter(Column::Organisation.is_in(organisations))
        .filter(Column::Kind.eq(kind as i32))
        .filter(Column::Period.eq(period))
        .all(database)
        .await
}

/// The next open schools of these kinds below a parent, opened by a day, whose report of a period is not handed in.
pub(super) async fn missing_schools(
    database: &impl ConnectionTrait,
    parent: &Parent,
    kinds: &[i32],
    period: &str,
    opened_by: &str,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<school::Model>, DbErr> {
    use school::{Column, Entity};
    let handed_in = super::store::handed_in(period);
    let key = Expr::tuple([Expr::col(Column::Place), Expr::col(Column::Id)]);
    let behind = after.map(|(place, id)| key.gt(Expr::tuple([Expr::val(place), Expr::val(id)])));
    Entity::visible_to(&everybody())
        .filter(parent.condition::<Entity>())
        .filter(Column::State.eq(SchoolState::Open as i32))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
        .filter(Column::OpenDate.lte(opened_by))
        .filter(Column::Id.not_in_subquery(handed_in))
        .filter(Condition::all().add_option(behind))
        .order_by_asc(Column::Place)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(database)
        .await
}

/// The codes of the counties that have an open school below a parent.
pub(super) async fn counties(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<String>, DbErr> {
    use school::{Column, Entity};
    Entity::visible_to(&everybody())
        .filter(parent.condition::<Entity>())
        .filter(Column::State.eq(SchoolState::Open as i32))
        .select_only()
        .column(Column::Region)
        .distinct()
        .into_tuple()
        .all(database)
        .await
}

/// The schools whose report of a month is handed in.
fn handed_in(period: &str) -> sea_orm::sea_query::SelectStatement {
    let reports = Entity::visible_to(&everybody())
        .filter(Column::Kind.eq(Kind::Monthly as i32))
        .filter(Column::Period.eq(period))
        .filter(Column::School.is_not_null())
        .filter(Column::State.is_not_in(AT_HOME))
        .select_only()
        .column(Column::School);
    sea_orm::QueryTrait::into_query(reports)
}

fn everybody() -> Scope {
    Scope::everything("the organisation was judged against the scope before")
}
