//! Returns that nothing proves any more: the sheet that showed the child present has been corrected since.

use junheng_kernel::error::KernelError;
use junheng_proto::journal::v1::Record;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::LockType;
use uuid::Uuid;

use super::child::{self, Subject};
use super::opening::{Scene, relapse};
use super::store;
use super::workflow::{State, state_of};
use crate::attendance::proof;
use crate::entity::dropout_case::Model;
use crate::student::store as records_of;

/// The cases of those of some students who were thought back, and of whom no sheet says of any day since the return that they were
/// there, go on as the cases of children who are away; what the journal keeps of them. The sheets are written before.
pub(crate) async fn take_back(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    students: &[Uuid],
) -> Result<Vec<Record>, KernelError> {
    if students.is_empty() {
        return Ok(Vec::new());
    }
    let mut back: Vec<Model> = store::hold_open(tx, students)
        .await?
        .into_values()
        .filter(|case| matches!(state_of(case.state), State::Returned | State::Stable))
        .collect();
    back.sort_by_key(|case| case.student);
    let students: Vec<Uuid> = back.iter().filter_map(|case| case.student).collect();
    records_of::hold_all(tx, &students, LockType::Share).await?;
    let subjects: Vec<Subject> = students.iter().copied().map(Subject::Student).collect();
    let children = child::children(tx, scene.keys, &subjects).await?;
    let mut records = Vec::new();
    for case in &back {
        let (Some(student), Some(day)) = (case.student, case.returned_date) else {
            continue;
        };
        let Some(child) = children.get(&Subject::Student(student)) else {
            continue;
        };
        let days = proof::calls_since(tx, student, day).await?;
        if days.presence(day).days == 0 {
            records.extend(relapse(tx, scene, case, child, None).await?.records);
        }
    }
    Ok(records)
}
