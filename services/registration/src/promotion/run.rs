//! Promotes one school: everything in one transaction, once.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::SET;
use junheng_kernel::digest::sm3;
use junheng_kernel::journal::{Entry, record};
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::{Record, change_event};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use junheng_proto::registration::v1::{RunPromotionResponse, SchoolClass, SchoolPromotion};
use uuid::Uuid;

use super::error::PromotionError;
use super::plan::{ClassMove, Plan};
use super::{rules, store};
use crate::duplicate_case;
use crate::entity::{promotion, school, school_class, student};
use crate::school::parent;
use crate::school::rules::stages_of;
use crate::school_class::rpc::encode;
use crate::school_class::store as classes;
use crate::school_year;
use crate::student::ledger::{self, Happening, Move, Pen};

/// One school's part in a run.
#[derive(Clone)]
pub(super) struct SchoolRun {
    pub(super) context: Context,
    pub(super) caller: Caller,
    /// The run's request.
    pub(super) key: RequestKey,
    pub(super) school: school::Model,
    /// The school year moved into.
    pub(super) school_year: i32,
}

// === impl SchoolRun ===

impl SchoolRun {
    /// Promotes the school unless it has been.
    pub(super) async fn run(self) -> Result<RunPromotionResponse, PromotionError> {
        let key = self.key.of_set(sm3(self.school.id.as_bytes()));
        let (store, caller) = (self.context.store.clone(), self.caller.clone());
        store
            .write(&caller, key, move |tx| async move { self.write(tx).await })
            .await
    }

    async fn write(self, tx: Tx) -> Result<(RunPromotionResponse, Entry), PromotionError> {
        let school = &self.school;
        // Held against everybody: who registers or moves a pupil holds the school too, and with it its classes.
        parent::hold_for_change(&*tx, &[school.id]).await?;
        let places = parent::hold_places(&*tx, [school.id]).await?;
        let place = places.get(&school.id).copied().unwrap_or(school.place);
        let subject = format!("schools/{}", school.id);
        let entry = Entry::about(subject, place, Some(school.id), DataClass::Sensitive);
        let known = store::done(&*tx, &[school.id], self.school_year).await?;
        let known = known.get(&school.id);
        if let Some(done) = known
            && !store::is_behind(&*tx, school.id, self.school_year).await?
        {
            return Ok((already(done), entry));
        }
        let classes = classes::of_schools(&*tx, &[school.id]).await?;
        let students = store::students(&*tx, school.id).await?;
        let disputed = duplicate_case::store::disputed(&*tx, &ids_of(&students)).await?;
        let stages = stages_of(school.kind);
        let plan = Plan::of(stages, classes, students, &disputed, self.school_year);
        if let (Some(done), true) = (known, plan.is_empty()) {
            return Ok((already(done), entry));
        }
        let told = plan.tell(school.id, false);
        let run = promotion::Model {
            id: Uuid::now_v7(),
            school: school.id,
            place,
            school_year: self.school_year,
            promoted: told.promoted_count,
            advanced: told.advanced_count,
            graduated: told.graduated_count,
            staying: told.staying_count,
            create_micros: self.context.clock.now_micros(),
        };
        match known {
            // Classes have come since from a school that had not been promoted.
            Some(_) => store::add(&*tx, run).await?,
            None if !store::claim(&*tx, run).await? => {
                let known = store::done(&*tx, &[school.id], self.school_year).await?;
                let done = known.get(&school.id).map(already);
                return Ok((done.unwrap_or_default(), entry));
            }
            None => {}
        }
        let mut records = self.move_students(&tx, plan.students).await?;
        records.extend(self.leave_behind(&tx, plan.left_behind).await?);
        store::judged(&*tx, school.id, self.school_year).await?;
        for (class, to) in plan.classes {
            records.push(move_class(&tx, class, to, self.school_year).await?);
        }
        store::entering(&*tx, plan.entering, self.school_year).await?;
        let answer = RunPromotionResponse {
            school: Some(SchoolPromotion { done: true, ..told }),
            ..RunPromotionResponse::default()
        };
        Ok((answer, entry.with_all(records)))
    }

    async fn move_students(
        &self,
        tx: &Tx,
        moves: Vec<super::plan::StudentMove>,
    ) -> Result<Vec<Record>, PromotionError> {
        let today = self.context.clock.today();
        let mut records = Vec::with_capacity(moves.len());
        for kind in [Happened::Promoted, Happened::Advanced, Happened::Graduated] {
            let of_kind = moves.iter().filter(|one| one.happened == kind);
            let of_kind: Vec<Move> = of_kind
                .map(|one| Move {
                    before: Some(one.before.clone()),
                    after: one.after.clone(),
                })
                .collect();
            let happening = Happening {
                kind,
                date: day_of(kind, self.school_year, today),
                process: String::new(),
            };
            for set in of_kind.chunks(SET) {
                let (pen, set) = (Pen::of(&self.context), set.to_vec());
                let done = ledger::change_all(&**tx, pen, set, Some(&happening), false).await?;
                records.extend(done.records);
            }
        }
        Ok(records)
    }

    /// Who stays is in no class when the class goes on.
    async fn leave_behind(
        &self,
        tx: &Tx,
        students: Vec<crate::entity::student::Model>,
    ) -> Result<Vec<Record>, PromotionError> {
        let mut records = Vec::new();
        let moves: Vec<Move> = students
            .into_iter()
            .map(|before| {
                let mut after = before.clone();
                after.school_class = None;
                let before = Some(before);
                Move { before, after }
            })
            .collect();
        for set in moves.chunks(SET) {
            let pen = Pen::of(&self.context);
            let done = ledger::change_all(&**tx, pen, set.to_vec(), None, false).await?;
            records.extend(done.records);
        }
        Ok(records)
    }
}

fn day_of(kind: Happened, school_year: i32, today: NaiveDate) -> NaiveDate {
    match kind {
        Happened::Graduated => rules::graduation_day(school_year, today),
        _ => school_year::first_day(school_year),
    }
}

async fn move_class(
    tx: &Tx,
    before: school_class::Model,
    to: ClassMove,
    school_year: i32,
) -> Result<Record, PromotionError> {
    let shown = encode(&before);
    let (place, school, version) = (before.place, Some(before.school), before.version);
    match to {
        ClassMove::To(stage, grade, number) => {
            let after = school_class::Model {
                stage,
                grade,
                grade_year: school_year,
                number,
                version: before.version + 1,
                ..before
            };
            resource::replace::<school_class::Entity>(&**tx, after.clone(), version).await?;
            let after = encode(&after);
            Ok(record(
                &after.name,
                place,
                school,
                Some(&shown),
                &after,
                true,
            ))
        }
        ClassMove::Ends => {
            store::end_class(&**tx, before.id, version).await?;
            let gone = SchoolClass::default();
            let told = record(&shown.name, place, school, Some(&shown), &gone, true);
            Ok(Record {
                kind: change_event::Kind::Deleted as i32,
                after: None,
                ..told
            })
        }
    }
}

/// What is told of a school that was promoted before.
pub(super) fn already(done: &promotion::Model) -> RunPromotionResponse {
    RunPromotionResponse {
        school: Some(SchoolPromotion {
            school: format!("schools/{}", done.school),
            done: true,
            promoted_count: done.promoted,
            advanced_count: done.advanced,
            graduated_count: done.graduated,
            staying_count: done.staying,
            ..SchoolPromotion::default()
        }),
        already_done: true,
        ..RunPromotionResponse::default()
    }
}

/// The ids of students.
pub(super) fn ids_of(students: &[student::Model]) -> Vec<Uuid> {
    students.iter().map(|student| student.id).collect()
}
