//! Every SQL statement about cases and claims.

use std::collections::{BTreeMap, HashMap, HashSet};

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::duplicate_claim::Verdict;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use crate::entity::duplicate_case::{Column, Entity, Model};
use crate::entity::duplicate_claim;

type ClaimColumn = duplicate_claim::Column;

/// Adds the case, unless one on the same record is open.
pub(super) async fn insert(database: &impl ConnectionTrait, case: &Model) -> Result<bool, DbErr> {
    let added = store::insert_missing::<Entity, _>(
        database,
        vec![case.clone()],
        [Column::OpenStudent],
        |row| row.open_student,
    )
    .await?;
    Ok(!added.is_empty())
}

/// Adds the claim, unless its school has claimed the same child in the case already, or its second record.
pub(super) async fn insert_claim(
    database: &impl ConnectionTrait,
    claim: &duplicate_claim::Model,
) -> Result<bool, DbErr> {
    let unique = [
        ClaimColumn::DuplicateCase,
        ClaimColumn::School,
        ClaimColumn::Student,
        ClaimColumn::Child,
    ];
    let added = store::insert_missing::<duplicate_claim::Entity, _>(
        database,
        vec![claim.clone()],
        unique,
        |row| {
            let child = row.child.clone();
            (row.duplicate_case, row.school, row.student, child)
        },
    )
    .await?;
    Ok(!added.is_empty())
}

/// The open case on a record, held until the transaction ends.
pub(super) async fn hold_open(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<Option<Model>, DbErr> {
    let everywhere = Scope::everything("the caller becomes a party of the case");
    Entity::visible_to(&everywhere)
        .filter(Column::OpenStudent.eq(student))
        .lock_exclusive()
        .one(database)
        .await
}

/// The settled case on a record in which this child was found to be somebody else.
pub(super) async fn told_apart(
    database: &impl ConnectionTrait,
    student: Uuid,
    child: &[u8],
) -> Result<Option<Uuid>, DbErr> {
    let everywhere =
        Scope::everything("whether two children were told apart is asked by whoever registers one");
    let verdict = Verdict::OtherPerson as i32;
    let others = duplicate_claim::Entity::visible_to(&everywhere)
        .select_only()
        .column(ClaimColumn::DuplicateCase)
        .filter(ClaimColumn::Child.eq(child.to_vec()))
        .filter(ClaimColumn::Verdict.eq(verdict))
        .into_query();
    Entity::visible_to(&everywhere)
        .select_only()
        .column(Column::Id)
        .filter(Column::Student.eq(student))
        .filter(Column::Id.in_subquery(others))
        .into_tuple()
        .one(database)
        .await
}

/// Which of these records have met in a case, open or settled: the one that it is on, and the one that may be its child's second.
pub(crate) async fn met(
    database: &impl ConnectionTrait,
    records: &[Uuid],
) -> Result<HashSet<(Uuid, Uuid)>, DbErr> {
    let everywhere = Scope::everything("whether two records have met is asked by who judges both");
    let mut met = HashSet::new();
    for some in records.chunks(SET) {
        let found: Vec<(Uuid, Uuid)> = duplicate_claim::Entity::visible_to(&everywhere)
            .select_only()
            .column(Column::Student)
            .column(ClaimColumn::Student)
            .join(
                JoinType::InnerJoin,
                duplicate_claim::Entity::belongs_to(Entity)
                    .from(ClaimColumn::DuplicateCase)
                    .to(Column::Id)
                    .into(),
            )
            .filter(ClaimColumn::Student.is_in(some.iter().copied()))
            .into_tuple()
            .all(database)
            .await?;
        met.extend(found);
    }
    Ok(met)
}

/// Whether a case on the record is open in which somebody claims the record itself. Who only may have a second record is
/// not held by that.
pub(crate) async fn is_disputed(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<bool, DbErr> {
    Ok(!disputed(database, &[student]).await?.is_empty())
}

/// Those of the records that are disputed (双重学籍), however many are asked about.
pub(crate) async fn disputed(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<HashSet<Uuid>, DbErr> {
    let everywhere = Scope::everything("whether a record is disputed is asked by its own process");
    let of_the_record = duplicate_claim::Entity::visible_to(&everywhere)
        .select_only()
        .column(ClaimColumn::DuplicateCase)
        .filter(ClaimColumn::Student.eq(Uuid::nil()))
        .filter(Expr::cust(
            "duplicate_claims.duplicate_case = duplicate_cases.id",
        ))
        .into_query();
    let mut disputed = HashSet::new();
    for some in students.chunks(SET) {
        let found: Vec<Option<Uuid>> = Entity::visible_to(&everywhere)
            .select_only()
            .column(Column::OpenStudent)
            .filter(Column::OpenStudent.is_in(some.iter().copied()))
            .filter(Column::Id.in_subquery(of_the_record.clone()))
            .into_tuple()
            .all(database)
            .await?;
        disputed.extend(found.into_iter().flatten());
    }
    Ok(disputed)
}

/// The case, if the caller covers one of its sides.
pub(super) async fn get(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<Model, KernelError> {
    let sides = Scope::everything("the sides are the condition below");
    Entity::visible_to(&sides)
        .filter(Column::Id.eq(id))
        .filter(on_a_side(
            scope.condition::<Entity>(),
            scope.condition::<duplicate_claim::Entity>(),
        ))
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("duplicateCases/{id}")))
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Only<'a> {
    /// The state.
    pub(super) state: Option<i32>,
    /// Those whose day has passed before this one.
    pub(super) overdue_before: Option<&'a str>,
}

/// One page of the cases of which one side lies below `parent`, oldest first, with the one row more that tells of the next.
pub(super) async fn list(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    only: Only<'_>,
    page: &Page,
) -> Result<Vec<Model>, KernelError> {
    let sides = Scope::everything("the sides are the conditions below");
    let visible = on_a_side(
        scope.condition::<Entity>(),
        scope.condition::<duplicate_claim::Entity>(),
    );
    let narrowed = Condition::all()
        .add_option(only.state.map(|state| Column::State.eq(state)))
        .add_option(
            only.overdue_before
                .map(|today| resource::overdue(Column::DueDate, today)),
        )
        .add_option(page.after::<Uuid>()?.map(|after| Column::Id.gt(after)));
    // A statement for each side: of either an index knows the first rows, of both together none does.
    let of_the_record = parent.condition::<Entity>();
    let of_claims = Condition::all()
        .add(Column::Id.in_subquery(claiming(parent.condition::<duplicate_claim::Entity>())));
    let mut found = BTreeMap::new();
    for side in [of_the_record, of_claims] {
        let rows = Entity::visible_to(&sides)
            .filter(side)
            .filter(visible.clone())
            .filter(narrowed.clone())
            .order_by_asc(Column::Id)
            .limit(page.limit())
            .all(database)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    Ok(found.into_values().take(limit).collect())
}

/// The claims of a case, oldest first.
pub(super) async fn claims_of(
    database: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Vec<duplicate_claim::Model>, DbErr> {
    let mut claims = claims_of_all(database, &[case]).await?;
    Ok(claims.remove(&case).unwrap_or_default())
}

/// The claims of cases, oldest first.
pub(super) async fn claims_of_all(
    database: &impl ConnectionTrait,
    cases: &[Uuid],
) -> Result<HashMap<Uuid, Vec<duplicate_claim::Model>>, DbErr> {
    let sides = Scope::everything("who sees a case sees who claims; what is shown is narrowed");
    let claims = duplicate_claim::Entity::visible_to(&sides)
        .filter(ClaimColumn::DuplicateCase.is_in(cases.iter().copied()))
        .order_by_asc(ClaimColumn::Id)
        .all(database)
        .await?;
    let mut by_case: HashMap<Uuid, Vec<duplicate_claim::Model>> = HashMap::new();
    for claim in claims {
        by_case.entry(claim.duplicate_case).or_default().push(claim);
    }
    Ok(by_case)
}

/// Writes a claim whole. Its case has been counted up, which keeps two writers apart.
pub(super) async fn replace_claim(
    database: &impl ConnectionTrait,
    claim: &duplicate_claim::Model,
) -> Result<(), DbErr> {
    duplicate_claim::Entity::update_many()
        .set(sea_orm::ActiveModelTrait::reset_all(
            claim.clone().into_active_model(),
        ))
        .filter(ClaimColumn::Id.eq(claim.id))
        .exec(database)
        .await?;
    Ok(())
}

/// The condition that the record's side or one of the claims meets.
fn on_a_side(standing: Condition, claim: Condition) -> Condition {
    Condition::any()
        .add(standing)
        .add(Column::Id.in_subquery(claiming(claim)))
}

/// The cases of the claims that meet a condition.
fn claiming(claim: Condition) -> SelectStatement {
    let everywhere = Scope::everything("narrowed by the claim's condition");
    duplicate_claim::Entity::visible_to(&everywhere)
        .select_only()
        .column(ClaimColumn::DuplicateCase)
        .filter(claim)
        .into_query()
}
