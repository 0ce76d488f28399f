//! Every SQL statement about certificates and their lists.

use std::collections::{BTreeSet, HashMap};

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _,
    IntoActiveModel, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use super::workflow::{ListState, State};
use crate::entity::{certificate, certificate_list, student, student_change};
use crate::reorganisation::series::continued;
use crate::student::standing::LIVE;

const JUDGED: &str = "the school was found to be in the caller's scope";

/// The states in which a certificate is in force.
const IN_FORCE: [i32; 3] = [
    State::Valid as i32,
    State::RevocationRequested as i32,
    State::ReissueRequested as i32,
];

/// The students who finished junior school here in a year, or in a school that has gone into this one, by their history, and
/// whose record has not been cancelled.
pub(super) async fn graduates(
    database: &impl ConnectionTrait,
    school: Uuid,
    graduation_year: i32,
) -> Result<HashMap<Uuid, student::Model>, KernelError> {
    let judged = Scope::everything(JUDGED);
    let schools = continued(database, school).await?;
    let ids: Vec<Uuid> = student_change::Entity::visible_to(&judged)
        .select_only()
        .column(student_change::Column::Student)
        .filter(student_change::Column::School.is_in(schools))
        .filter(student_change::Column::Kind.eq(Happened::Graduated as i32))
        .filter(student_change::Column::Stage.eq(Stage::Junior as i32))
        // A year of graduation is the one in which its school year ends.
        .filter(student_change::Column::SchoolYear.eq(graduation_year - 1))
        .into_tuple()
        .all(database)
        .await?;
    let mut found = HashMap::new();
    for some in ids.chunks(junheng_kernel::bulk::SET) {
        let students = student::Entity::visible_to(&judged)
            .filter(student::Column::Id.is_in(some.iter().copied()))
            .filter(student::Column::State.ne(StudentState::Cancelled as i32))
            // Whose graduation was corrected attends junior school again.
            .filter(finished())
            .all(database)
            .await?;
        found.extend(students.into_iter().map(|one| (one.id, one)));
    }
    Ok(found)
}

fn finished() -> Condition {
    let live = LIVE.map(|state| state as i32);
    Condition::any()
        .add(student::Column::Stage.ne(Stage::Junior as i32))
        .add(student::Column::State.is_not_in(live))
}

/// The students among these who hold a certificate in force.
pub(crate) async fn certified(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<BTreeSet<Uuid>, DbErr> {
    let judged = Scope::everything(JUDGED);
    let mut found = BTreeSet::new();
    for some in students.chunks(junheng_kernel::bulk::SET) {
        let ids: Vec<Uuid> = certificate::Entity::visible_to(&judged)
            .select_only()
            .column(certificate::Column::Student)
            .filter(certificate::Column::Student.is_in(some.iter().copied()))
            .filter(certificate::Column::State.is_in(IN_FORCE))
            .into_tuple()
            .all(database)
            .await?;
        found.extend(ids);
    }
    Ok(found)
}

/// How many certificates a school has given in a year.
pub(super) async fn count(
    database: &impl ConnectionTrait,
    school: Uuid,
    graduation_year: i32,
) -> Result<u64, DbErr> {
    let judged = Scope::everything(JUDGED);
    certificate::Entity::visible_to(&judged)
        .filter(certificate::Column::School.eq(school))
        .filter(certificate::Column::GraduationYear.eq(graduation_year))
        .count(database)
        .await
}

/// The list of a school and year that is under way.
pub(super) async fn open_list(
    database: &impl ConnectionTrait,
    school: Uuid,
    graduation_year: i32,
) -> Result<Option<certificate_list::Model>, DbErr> {
    let judged = Scope::everything(JUDGED);
    let open = [ListState::Proposed as i32, ListState::Submitted as i32];
    certificate_list::Entity::visible_to(&judged)
        .filter(certificate_list::Column::School.eq(school))
        .filter(certificate_list::Column::GraduationYear.eq(graduation_year))
        .filter(certificate_list::Column::State.is_in(open))
        .one(database)
        .await
}

/// Adds a list. Fails with `WRITE_CONFLICT` when another of the school and year was proposed in the same moment.
pub(super) async fn insert_list(
    database: &impl ConnectionTrait,
    list: certificate_list::Model,
) -> Result<(), KernelError> {
    list.into_active_model().insert(database).await?;
    Ok(())
}

/// Adds certificates. Fails with `WRITE_CONFLICT` when a number was given, or a student certified, in the same moment.
pub(super) async fn insert(
    database: &impl ConnectionTrait,
    certificates: Vec<certificate::Model>,
) -> Result<(), KernelError> {
    let rows = certificates
        .into_iter()
        .map(IntoActiveModel::into_active_model);
    certificate::Entity::insert_many(rows)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// The certificate with this hash of its code, whoever asks.
pub(super) async fn with_code(
    database: &impl ConnectionTrait,
    code_hash: Vec<u8>,
) -> Result<Option<certificate::Model>, DbErr> {
    let anybody = Scope::everything("who holds the code may ask about its certificate");
    certificate::Entity::visible_to(&anybody)
        .filter(certificate::Column::CodeHash.eq(code_hash))
        .one(database)
        .await
}

/// Only of this year of graduation, 0 for all.
pub(super) fn of_year(graduation_year: i32) -> Condition {
    let year =
        (graduation_year != 0).then(|| certificate::Column::GraduationYear.eq(graduation_year));
    Condition::all().add_option(year)
}
