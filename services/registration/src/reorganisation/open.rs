//! What has begun for students of a school, or has its classes in it, and has not ended: every SQL statement about that.

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped, of_school};
use junheng_proto::obstacle::v1::Obstacle;
use junheng_proto::registration::v1::key_change::State as KeyState;
use junheng_proto::registration::v1::status_change::State as ChangeState;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, ExprTrait as _, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use crate::admission::workflow::State as AdmissionState;
use crate::certificate::workflow::ListState;
use crate::class_draw::store as draws;
use crate::entity::{
    admission_plan, certificate_list, duplicate_case, duplicate_claim, key_change, status_change,
    student, transfer,
};

/// Who leaves a school.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaving<'a> {
    /// Everybody: it closes.
    Everybody,
    /// These classes, with who is in them.
    Classes(&'a [Uuid]),
}

/// What is open for those who leave a school, by kind; nothing of a kind that has ended everywhere.
pub(super) async fn open_processes(
    database: &impl ConnectionTrait,
    school: Uuid,
    leaving: Leaving<'_>,
    school_year: i32,
) -> Result<Vec<Obstacle>, KernelError> {
    let found = [
        (
            "transfers",
            "转学",
            "transfers",
            transfers(database, school, leaving).await?,
        ),
        (
            "cases of double registration",
            "双重学籍",
            "duplicateCases",
            cases(database, school, leaving).await?,
        ),
        (
            "changes of key fields",
            "关键信息变更",
            "keyChanges",
            key_changes(database, school, leaving).await?,
        ),
        (
            "changes of status",
            "学籍异动",
            "statusChanges",
            status_changes(database, school, leaving).await?,
        ),
        (
            "admission lists",
            "招生名单",
            "admissionPlans",
            lists(database, school, leaving, school_year).await?,
        ),
        (
            "class draws",
            "均衡分班",
            "classDraws",
            draws::running_with(database, school, leaving.classes()).await?,
        ),
        (
            "lists of certificates",
            "证书名册",
            "certificateLists",
            certificates(database, school, leaving).await?,
        ),
    ];
    let open = found.into_iter().filter(|(.., count)| *count > 0);
    Ok(open
        .map(|(kind, label, collection, count)| Obstacle {
            kind: kind.to_owned(),
            label: label.to_owned(),
            count: i64::try_from(count).unwrap_or(i64::MAX),
            source: format!("schools/{school}/{collection}"),
        })
        .collect())
}

// === impl Leaving ===

impl<'a> Leaving<'a> {
    fn classes(self) -> Option<&'a [Uuid]> {
        match self {
            Self::Everybody => None,
            Self::Classes(classes) => Some(classes),
        }
    }
}

async fn transfers(
    database: &impl ConnectionTrait,
    school: Uuid,
    leaving: Leaving<'_>,
) -> Result<u64, DbErr> {
    use transfer::{Column, Entity};
    let concerned = match leaving {
        Leaving::Everybody => of_school::<Entity>(school),
        Leaving::Classes(classes) => Condition::any()
            .add(Column::Student.in_subquery(students_in(classes)))
            .add(Column::ReceivingClass.is_in(classes.iter().copied())),
    };
    count_open::<Entity>(database, concerned, Column::OpenKey.is_not_null()).await
}

/// The school's own records, and those that it claims.
async fn cases(
    database: &impl ConnectionTrait,
    school: Uuid,
    leaving: Leaving<'_>,
) -> Result<u64, DbErr> {
    use duplicate_case::{Column, Entity};
    use duplicate_claim::Column as Claim;
    let (standing, claim) = match leaving {
        Leaving::Everybody => (
            of_school::<Entity>(school),
            of_school::<duplicate_claim::Entity>(school),
        ),
        Leaving::Classes(classes) => (
            Condition::all().add(Column::Student.in_subquery(students_in(classes))),
            Condition::any()
                .add(Claim::SchoolClass.is_in(classes.iter().copied()))
                .add(Claim::Student.in_subquery(students_in(classes))),
        ),
    };
    let all = Scope::everything("counted for whoever closes or splits the school");
    let claimed = duplicate_claim::Entity::visible_to(&all)
        .select_only()
        .column(Claim::DuplicateCase)
        .filter(claim)
        .into_query();
    let concerned = Condition::any()
        .add(standing)
        .add(Column::Id.in_subquery(claimed));
    count_open::<Entity>(database, concerned, Column::OpenStudent.is_not_null()).await
}

async fn key_changes(
    database: &impl ConnectionTrait,
    school: Uuid,
    leaving: Leaving<'_>,
) -> Result<u64, DbErr> {
    use key_change::{Column, Entity};
    let open = [KeyState::Filed as i32, KeyState::Endorsed as i32];
    let concerned = match leaving {
        Leaving::Everybody => of_school::<Entity>(school),
        Leaving::Classes(classes) => {
            Condition::all().add(Column::Student.in_subquery(students_in(classes)))
        }
    };
    count_open::<Entity>(database, concerned, Column::State.is_in(open)).await
}

async fn status_changes(
    database: &impl ConnectionTrait,
    school: Uuid,
    leaving: Leaving<'_>,
) -> Result<u64, DbErr> {
    use status_change::{Column, Entity};
    // Like the index that keeps one open change to a student.
    let open = [ChangeState::Filed as i32, ChangeState::Agreed as i32];
    let concerned = match leaving {
        Leaving::Everybody => of_school::<Entity>(school),
        Leaving::Classes(classes) => Condition::any()
            .add(Column::Student.in_subquery(students_in(classes)))
            .add(Column::SchoolClass.is_in(classes.iter().copied())),
    };
    count_open::<Entity>(database, concerned, Column::State.is_in(open)).await
}

/// Lists that hold children who have no place yet; and, of the school years that have not ended, those that hold children who
/// were admitted and are neither registered nor released. They are the school's, and go with none of its classes.
async fn lists(
    database: &impl ConnectionTrait,
    school: Uuid,
    leaving: Leaving<'_>,
    school_year: i32,
) -> Result<u64, DbErr> {
    use admission_plan::{Column, Entity};
    if let Leaving::Classes(_) = leaving {
        return Ok(0);
    }
    let undecided = [
        AdmissionState::Draft as i32,
        AdmissionState::Closed as i32,
        AdmissionState::Published as i32,
    ];
    let confirmed = [
        AdmissionState::Confirmed as i32,
        AdmissionState::Enrolled as i32,
    ];
    let waiting = Column::State
        .is_in(undecided)
        .and(Column::ListedCount.gt(0));
    let missing = Column::AdmittedCount
        .into_expr()
        .gt(Column::EnrolledCount.into_expr());
    let admitted = Column::State.is_in(confirmed).and(missing);
    let open = waiting.or(admitted.and(Column::SchoolYear.gte(school_year)));
    count_open::<Entity>(database, of_school::<Entity>(school), open).await
}

/// Lists of who is to get a certificate, which the county has not decided.
async fn certificates(
    database: &impl ConnectionTrait,
    school: Uuid,
    leaving: Leaving<'_>,
) -> Result<u64, DbErr> {
    use certificate_list::{Column, Entity};
    if let Leaving::Classes(_) = leaving {
        return Ok(0);
    }
    let open = [ListState::Proposed as i32, ListState::Submitted as i32];
    count_open::<Entity>(
        database,
        of_school::<Entity>(school),
        Column::State.is_in(open),
    )
    .await
}

/// The students of some classes.
fn students_in(classes: &[Uuid]) -> SelectStatement {
    let all = Scope::everything("counted for whoever splits the school");
    student::Entity::visible_to(&all)
        .select_only()
        .column(student::Column::Id)
        .filter(student::Column::SchoolClass.is_in(classes.iter().copied()))
        .into_query()
}

async fn count_open<E: Scoped>(
    database: &impl ConnectionTrait,
    concerned: Condition,
    open: SimpleExpr,
) -> Result<u64, DbErr>
where
    E::Model: Sync,
{
    let all = Scope::everything("counted for whoever closes or splits the school");
    E::visible_to(&all)
        .filter(concerned)
        .filter(open)
        .count(database)
        .await
}
