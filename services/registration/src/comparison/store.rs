//! The SQL statements about lists, their children and comparisons, but for the matching itself.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::ComparisonVerdict as Verdict;
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::resident_candidate::Decision;
use junheng_proto::registration::v1::resident_list;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::dropout_case::ground;
use crate::entity::{
    comparison, comparison_result, resident, resident_candidate, resident_count,
    resident_list as list, school, student, student_change,
};

const EVERYWHERE: &str = "a list is compared as a whole, whoever asked for it";

/// What makes a list follow another: the later takes the place of the earlier, and its comparison is set against the earlier's.
/// The account is no part of it, so that a department whose system gets a new one is no newcomer.
const LIST_KEY: [list::Column; 3] = [
    list::Column::Region,
    list::Column::Source,
    list::Column::Kind,
];
const COMPARISON_KEY: [comparison::Column; 3] = [
    comparison::Column::Region,
    comparison::Column::Source,
    comparison::Column::Kind,
];

fn alike<C: ColumnTrait>([region, source, kind]: [C; 3], row: &list::Model) -> Condition {
    Condition::all()
        .add(region.eq(&row.region))
        .add(source.eq(row.source))
        .add(kind.eq(row.kind))
}

/// Adds a list.
pub(super) async fn insert_list(
    database: &impl ConnectionTrait,
    row: list::Model,
) -> Result<(), DbErr> {
    list::Entity::insert(row.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Adds the children whom their list does not have yet, and gives the ids of those it added.
pub(super) async fn insert_residents(
    database: &impl ConnectionTrait,
    rows: Vec<resident::Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    let unique = [resident::Column::List, resident::Column::Person];
    store::insert_missing::<resident::Entity, _>(database, rows, unique, |row| {
        (row.list, row.person)
    })
    .await
}

/// The lists that began before a moment and have not ended, microseconds since 1970.
pub(super) async fn arriving_since(
    database: &impl ConnectionTrait,
    before: i64,
) -> Result<Vec<Uuid>, DbErr> {
    list::Entity::visible_to(&Scope::everything("every list ends, whoever sent it"))
        .select_only()
        .column(list::Column::Id)
        // The number in the words of the index.
        .filter(Expr::cust(format!(
            "state = {}",
            resident_list::State::Arriving as i32
        )))
        .filter(list::Column::CreateMicros.lt(before))
        .into_tuple()
        .all(database)
        .await
}

/// How many children a list has, by county and month of birth.
pub(super) async fn count_residents(
    database: &impl ConnectionTrait,
    list: Uuid,
) -> Result<Vec<(String, i32, i64)>, DbErr> {
    resident::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(resident::Column::List.eq(list))
        .select_only()
        .columns([resident::Column::Region, resident::Column::BirthMonth])
        .column_as(resident::Column::Id.count(), "resident_count")
        .group_by(resident::Column::Region)
        .group_by(resident::Column::BirthMonth)
        .into_tuple()
        .all(database)
        .await
}

/// Keeps how many children a list has.
pub(super) async fn keep_counts(
    database: &impl ConnectionTrait,
    counts: Vec<resident_count::Model>,
) -> Result<(), DbErr> {
    for some in counts.chunks(SET) {
        let rows = some
            .iter()
            .cloned()
            .map(resident_count::Model::into_active_model);
        resident_count::Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}

/// The live lists of the same source, kind and region.
pub(super) async fn live_like(
    database: &impl ConnectionTrait,
    row: &list::Model,
) -> Result<Vec<list::Model>, DbErr> {
    list::Entity::visible_to(&Scope::everything("a list replaces whoever's came before"))
        .filter(alike(LIST_KEY, row))
        .filter(list::Column::State.eq(resident_list::State::Live as i32))
        .filter(list::Column::Id.ne(row.id))
        .all(database)
        .await
}

/// Adds a comparison.
pub(super) async fn insert_comparison(
    database: &impl ConnectionTrait,
    row: comparison::Model,
) -> Result<(), DbErr> {
    comparison::Entity::insert(row.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// The comparison of a region that runs.
pub(super) async fn running_in(
    database: &impl ConnectionTrait,
    region: &str,
) -> Result<Option<comparison::Model>, DbErr> {
    comparison::Entity::visible_to(&Scope::everything("one comparison of a region at a time"))
        .filter(comparison::Column::Region.eq(region))
        .filter(comparison::Column::State.eq(State::Running as i32))
        .one(database)
        .await
}

/// The comparison of a list of the same source, kind and region that ended last.
pub(super) async fn last_like(
    database: &impl ConnectionTrait,
    row: &list::Model,
) -> Result<Option<comparison::Model>, DbErr> {
    comparison::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(alike(COMPARISON_KEY, row))
        .filter(comparison::Column::State.eq(State::Done as i32))
        .order_by_desc(comparison::Column::Id)
        .one(database)
        .await
}

/// The comparisons that run, oldest first.
pub(super) async fn running(database: &impl ConnectionTrait) -> Result<Vec<Uuid>, DbErr> {
    comparison::Entity::visible_to(&Scope::everything("every one that was begun is ended"))
        .select_only()
        .column(comparison::Column::Id)
        .filter(comparison::Column::State.eq(State::Running as i32))
        .order_by_asc(comparison::Column::Id)
        .into_tuple()
        .all(database)
        .await
}

/// A comparison, wherever it lies.
pub(super) async fn comparison(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<comparison::Model, KernelError> {
    comparison::Entity::visible_to(&Scope::everything("the caller judges whose it is"))
        .filter(comparison::Column::Id.eq(id))
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("comparisons/{id}")))
}

/// The comparison, held until the transaction ends: two replicas go on one after the other.
pub(super) async fn hold(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<comparison::Model, KernelError> {
    comparison::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(comparison::Column::Id.eq(id))
        .lock_exclusive()
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("comparisons/{id}")))
}

/// A list, held until the transaction ends: nobody ends it while children come.
pub(super) async fn hold_list(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<list::Model, KernelError> {
    list::Entity::visible_to(&Scope::everything("its sender was judged when it began"))
        .filter(list::Column::Id.eq(id))
        .lock_exclusive()
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("residentLists/{id}")))
}

/// The children of these lists, the newest row of each child first.
pub(super) async fn residents(
    database: &impl ConnectionTrait,
    lists: &[Uuid],
    persons: Vec<Uuid>,
) -> Result<Vec<resident::Model>, DbErr> {
    resident::Entity::visible_to(&Scope::everything("the results were read within the scope"))
        .filter(resident::Column::List.is_in(lists.iter().copied()))
        .filter(resident::Column::Person.is_in(persons))
        .order_by_desc(resident::Column::Id)
        .all(database)
        .await
}

/// A child as the last list has it that the scope covers.
pub(super) async fn last_resident(
    database: &impl ConnectionTrait,
    scope: &Scope,
    person: Uuid,
) -> Result<Option<resident::Model>, DbErr> {
    resident::Entity::visible_to(scope)
        .filter(resident::Column::Person.eq(person))
        .order_by_desc(resident::Column::Id)
        .one(database)
        .await
}

/// A child as the last list of an account has it; None where no list of the account has it.
pub(crate) async fn sent_by(
    database: &impl ConnectionTrait,
    account: &str,
    person: Uuid,
) -> Result<Option<resident::Model>, DbErr> {
    let own = Query::select()
        .column(list::Column::Id)
        .from(list::Entity)
        .and_where(list::Column::Account.eq(account))
        .to_owned();
    resident::Entity::visible_to(&Scope::everything("who sent a child may name it again"))
        .filter(resident::Column::Person.eq(person))
        .filter(resident::Column::List.in_subquery(own))
        .order_by_desc(resident::Column::Id)
        .one(database)
        .await
}

/// Children as the last list has each, wherever they live.
pub(super) async fn last_residents(
    database: &impl ConnectionTrait,
    persons: Vec<Uuid>,
) -> Result<Vec<resident::Model>, DbErr> {
    resident::Entity::visible_to(&Scope::everything(
        "the candidates were read within the scope",
    ))
    .filter(resident::Column::Person.is_in(persons))
    .order_by_asc(resident::Column::Id)
    .all(database)
    .await
}

/// The pair in which a child is decided to be a student.
pub(super) async fn same_as(
    database: &impl ConnectionTrait,
    person: Uuid,
) -> Result<Option<Uuid>, DbErr> {
    of_decided(database, person, resident_candidate::Column::Id).await
}

/// The student that a child is decided to be.
pub(crate) async fn decided_to_be(
    database: &impl ConnectionTrait,
    person: Uuid,
) -> Result<Option<Uuid>, DbErr> {
    of_decided(database, person, resident_candidate::Column::Student).await
}

async fn of_decided(
    database: &impl ConnectionTrait,
    person: Uuid,
    wanted: resident_candidate::Column,
) -> Result<Option<Uuid>, DbErr> {
    use resident_candidate::{Column, Entity};
    Entity::visible_to(&Scope::everything("a child is one student in the province"))
        .select_only()
        .column(wanted)
        .filter(Column::Person.eq(person))
        .filter(Column::Decision.eq(Decision::Same as i32))
        .into_tuple()
        .one(database)
        .await
}

/// Children of lists by the ids of their rows.
pub(super) async fn residents_by_id(
    database: &impl ConnectionTrait,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, resident::Model>, DbErr> {
    let found = resident::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(resident::Column::Id.is_in(ids))
        .all(database)
        .await?;
    Ok(found.into_iter().map(|one| (one.id, one)).collect())
}

/// Students by id.
pub(super) async fn students_by_id(
    database: &impl ConnectionTrait,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, student::Model>, DbErr> {
    let found = student::Entity::visible_to(&Scope::everything("who is told what is judged later"))
        .filter(student::Column::Id.is_in(ids))
        .all(database)
        .await?;
    Ok(found.into_iter().map(|one| (one.id, one)).collect())
}

/// The counties of schools.
pub(super) async fn regions_of(
    database: &impl ConnectionTrait,
    schools: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>, DbErr> {
    let found = school::Entity::visible_to(&Scope::everything("a school's county is public"))
        .filter(school::Column::Id.is_in(schools))
        .all(database)
        .await?;
    Ok(found.into_iter().map(|one| (one.id, one.region)).collect())
}

/// The students of these whom people decided to be a child of a list, each with the child.
pub(super) async fn decided_same(
    database: &impl ConnectionTrait,
    students: Vec<Uuid>,
) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    use resident_candidate::{Column, Entity};
    Entity::visible_to(&Scope::everything("a child is one student in the province"))
        .select_only()
        .columns([Column::Student, Column::Person])
        .filter(Column::Decision.eq(Decision::Same as i32))
        .filter(Column::Student.is_in(students))
        .into_tuple()
        .all(database)
        .await
}

/// The kinds of live lists in which each of these children is.
pub(super) async fn live_kinds(
    database: &impl ConnectionTrait,
    persons: Vec<Uuid>,
) -> Result<Vec<(Uuid, i32)>, DbErr> {
    let own = Scope::everything("the lists of children whom the caller deals with");
    let rows: Vec<(Uuid, Uuid)> = resident::Entity::visible_to(&own)
        .select_only()
        .columns([resident::Column::Person, resident::Column::List])
        .filter(resident::Column::Person.is_in(persons))
        .into_tuple()
        .all(database)
        .await?;
    let lists: HashSet<Uuid> = rows.iter().map(|(_, list)| *list).collect();
    let live: Vec<(Uuid, i32)> = list::Entity::visible_to(&own)
        .select_only()
        .columns([list::Column::Id, list::Column::Kind])
        .filter(list::Column::Id.is_in(lists))
        .filter(list::Column::State.eq(resident_list::State::Live as i32))
        .into_tuple()
        .all(database)
        .await?;
    let live: HashMap<Uuid, i32> = live.into_iter().collect();
    let in_live = rows
        .into_iter()
        .filter_map(|(person, list)| Some((person, *live.get(&list)?)));
    Ok(in_live.collect())
}

/// The children among these, each of whom the comparison found in its list.
pub(super) async fn found_listed(
    database: &impl ConnectionTrait,
    run: Uuid,
    persons: Vec<Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    use comparison_result::{Column, Entity};
    let found: Vec<Uuid> = Entity::visible_to(&Scope::everything(EVERYWHERE))
        .select_only()
        .column(Column::Person)
        .filter(Column::Run.eq(run))
        .filter(Column::Verdict.ne(Verdict::NoLongerListed as i32))
        .filter(Column::Person.is_in(persons))
        .into_tuple()
        .all(database)
        .await?;
    Ok(found.into_iter().collect())
}

/// The students, each with the hash of its document.
pub(super) async fn documents_of(
    database: &impl ConnectionTrait,
    students: Vec<Uuid>,
) -> Result<Vec<(Uuid, Vec<u8>)>, DbErr> {
    student::Entity::visible_to(&Scope::everything("whoever has a case is looked for"))
        .select_only()
        .columns([student::Column::Id, student::Column::IdentityHash])
        .filter(student::Column::Id.is_in(students))
        .into_tuple()
        .all(database)
        .await
}

/// The students among these who finished primary school in a school year or later.
pub(super) async fn finished_since(
    database: &impl ConnectionTrait,
    students: Vec<Uuid>,
    school_year: i32,
) -> Result<HashSet<Uuid>, DbErr> {
    use student_change::{Column, Entity};
    let found: Vec<Uuid> = Entity::visible_to(&Scope::everything(EVERYWHERE))
        .select_only()
        .column(Column::Student)
        .filter(Column::Student.is_in(students))
        .filter(Column::Kind.eq(Happened::Graduated as i32))
        .filter(Column::Stage.eq(Stage::Primary as i32))
        .filter(Column::SchoolYear.gte(school_year))
        .into_tuple()
        .all(database)
        .await?;
    Ok(found.into_iter().collect())
}

/// A page of the children of a comparison who are of school age, in no school, and were not found so before, or whose last case
/// ended before the school year that begins on a day, on what holds for a year.
pub(super) async fn not_enrolled(
    database: &impl ConnectionTrait,
    run: &comparison::Model,
    year_begin: NaiveDate,
    most: u64,
) -> Result<Vec<comparison_result::Model>, DbErr> {
    use comparison_result::{Column, Entity};
    let columns = [Expr::col(Column::Place), Expr::col(Column::Person)];
    let behind = Expr::tuple(columns).gt(Expr::tuple([run.cursor_place.into(), run.cursor.into()]));
    Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(Column::Run.eq(run.id))
        .filter(Column::Verdict.eq(Verdict::NotEnrolled as i32))
        .filter(Condition::all().add_option(run.previous.map(|_| {
            let asks_again = Expr::cust(ended_before(year_begin));
            Column::Change.ne(0).or(asks_again)
        })))
        .filter(behind)
        .order_by_asc(Column::Place)
        .order_by_asc(Column::Person)
        .limit(most)
        .all(database)
        .await
}

/// The condition that a child of a result has had cases without a record, that the last ended before a day, and none for good.
fn ended_before(day: NaiveDate) -> String {
    let for_good: Vec<String> = ground::for_good()
        .map(|ground| (ground as i32).to_string())
        .collect();
    // A day and numbers: nothing that SQL reads otherwise.
    format!(
        "EXISTS (SELECT 1 FROM dropout_cases c WHERE c.resident = comparison_results.person) \
         AND NOT EXISTS (SELECT 1 FROM dropout_cases c WHERE c.resident = comparison_results.person \
         AND (c.closed_date IS NULL OR c.closed_date >= '{day}' OR c.ground IN ({})))",
        for_good.join(", ")
    )
}

/// Adds the pairs that are not known yet.
pub(super) async fn insert_candidates(
    database: &impl ConnectionTrait,
    rows: Vec<resident_candidate::Model>,
) -> Result<(), DbErr> {
    use resident_candidate::{Column, Entity};
    let unique = [Column::Person, Column::Student];
    store::insert_missing::<Entity, _>(database, rows, unique, |row| (row.person, row.student))
        .await?;
    Ok(())
}
