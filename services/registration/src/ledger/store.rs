//! How many children have an open record, for the counts of ledgers.

use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::education::v1::Stage;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QuerySelect as _};

use crate::entity::student;
use crate::tally::counted::{BY_STATE, index_of, live_but_not_counted};
use crate::tally::read;

/// The stages of compulsory education.
pub(super) const STAGES: [i32; 2] = [Stage::Primary as i32, Stage::Junior as i32];

/// Children of the compulsory years with an open record, by stage: what the counts keep, and those in the few other states.
pub(super) async fn with_record(
    snapshot: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<(i32, i64)>, DbErr> {
    let reading = read::reading(snapshot, parent).await?;
    let kept: Vec<usize> = BY_STATE
        .iter()
        .filter_map(|(_, column)| index_of(column))
        .collect();
    let mut counts: Vec<(i32, i64)> = STAGES
        .into_iter()
        .map(|stage| {
            let total = reading.total(|one, _| one == stage).counts;
            (stage, kept.iter().map(|at| total[*at]).sum())
        })
        .collect();
    counts.extend(in_other_states(snapshot, parent).await?);
    Ok(counts)
}

async fn in_other_states(
    snapshot: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<(i32, i64)>, DbErr> {
    let judged = Scope::everything("the parent was judged against the scope before");
    student::Entity::visible_to(&judged)
        .filter(parent.condition::<student::Entity>())
        .filter(Expr::cust(live_but_not_counted()))
        .filter(student::Column::Stage.is_in(STAGES))
        .select_only()
        .column(student::Column::Stage)
        .column_as(student::Column::Id.count(), "student_count")
        .group_by(student::Column::Stage)
        .into_tuple()
        .all(snapshot)
        .await
}
