//! Carries a reorganisation out: what becomes of schools, classes and students, by kind.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::journal::record;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::Tx;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::reorganisation::Kind;
use junheng_proto::registration::v1::{Reorganisation, School, school};
use uuid::Uuid;

use super::error::ReorganisationError;
use super::moves::{Moved, Transit};
use super::rules::{check_kind, check_split};
use super::store;
use crate::entity::reorganisation::Model;
use crate::entity::school::{self as school_entity, Model as SchoolRow};
use crate::entity::{junior_place, school_class, school_lineage};
use crate::promotion::places::told;
use crate::promotion::store as promotions;
use crate::school::rpc::{draft_of, encode, model_of};
use crate::school::store as schools;
use crate::student::ledger::Pen;

/// What a reorganisation is carried out with.
pub(super) struct Execution<'a> {
    pub(super) context: &'a Context,
    pub(super) tx: &'a Tx,
    pub(super) plan: Reorganisation,
    pub(super) id: Uuid,
    pub(super) region: String,
}

// === impl Execution ===

impl Execution<'_> {
    /// Does it, and keeps in `model` what came of it.
    pub(super) async fn run(&self, model: &mut Model) -> Result<Vec<Record>, ReorganisationError> {
        let kind = Kind::try_from(model.kind).unwrap_or_default();
        let mut records = Vec::new();
        match kind {
            Kind::Unspecified => {}
            Kind::Opening => {
                let opened = self.open(&mut records).await?;
                model.created_school = Some(opened.id);
            }
            Kind::Renaming | Kind::ChangeOfKind => {
                let school = self.school(model.school).await?;
                if kind == Kind::ChangeOfKind {
                    // Judged again: who came since the plan was drafted is not left in a stage that nobody runs.
                    let new_kind = changed_entry(&school, &self.plan).kind;
                    let used = store::stages_in_use(&**self.tx, school.id).await?;
                    KernelError::unless_empty(check_kind(&used, new_kind))?;
                }
                self.change_entry(&school, &mut records).await?;
            }
            Kind::Merger | Kind::Closure => {
                let from = self.school(model.school).await?;
                let to = self.school(model.receiving_school).await?;
                // Closed first: who registers somebody in it at this moment comes before, or is refused.
                self.close(&from, &mut records).await?;
                let classes = self.classes_of(from.id).await?;
                let moved = self.transit(&from, &to).run(classes, true).await?;
                self.follow_places(&from, &to, &mut records).await?;
                self.keep_lineage(&from, &to, false).await?;
                tell(model, &mut records, moved);
            }
            Kind::Split => {
                let from = self.school(model.school).await?;
                let all = self.classes_of(from.id).await?;
                // Judged again: classes have come, gone and been promoted since the plan was drafted.
                let new_kind = self.plan.new_school.as_ref().map_or(0, |new| new.kind);
                let named = &self.plan.school_classes;
                KernelError::unless_empty(check_split(named, &all, new_kind))?;
                let to = self.open(&mut records).await?;
                model.created_school = Some(to.id);
                let is_named =
                    |class: &school_class::Model| named.contains(&format!("classes/{}", class.id));
                let classes = all.into_iter().filter(is_named).collect();
                let moved = self.transit(&from, &to).run(classes, false).await?;
                self.keep_lineage(&from, &to, true).await?;
                tell(model, &mut records, moved);
            }
        }
        Ok(records)
    }

    fn day(&self) -> NaiveDate {
        date_of(&self.plan.effective_date).unwrap_or_default()
    }

    fn transit<'a>(&'a self, from: &'a SchoolRow, to: &'a SchoolRow) -> Transit<'a> {
        Transit {
            tx: self.tx,
            pen: Pen::of(self.context),
            from,
            to,
            date: self.day(),
            process: format!("reorganisations/{}", self.id),
        }
    }

    async fn school(&self, id: Option<Uuid>) -> Result<SchoolRow, KernelError> {
        let judged = Scope::everything("the plan's schools were judged when it was drafted");
        let id = id.unwrap_or_default();
        resource::get::<school_entity::Entity>(&**self.tx, &judged, id).await
    }

    /// Opens the new school of the plan.
    async fn open(&self, records: &mut Vec<Record>) -> Result<SchoolRow, ReorganisationError> {
        let entry = self.plan.new_school.clone().unwrap_or_default();
        self.require_new_code(&entry.school_code).await?;
        let school = SchoolRow {
            open_date: self.plan.effective_date.clone(),
            ..model_of(draft_of(&entry, self.region.clone()), &self.context.regions)?
        };
        let added = schools::insert_missing(&**self.tx, vec![school.clone()]).await?;
        if added.is_empty() {
            let school_code = school.school_code;
            return Err(ReorganisationError::CodeTaken { school_code });
        }
        records.push(record_of(None, &school));
        Ok(school)
    }

    /// Gives a school another name, or another code and kind, and keeps what it was.
    async fn change_entry(
        &self,
        school: &SchoolRow,
        records: &mut Vec<Record>,
    ) -> Result<(), ReorganisationError> {
        let entry = changed_entry(school, &self.plan);
        if entry.school_code != school.school_code {
            self.require_new_code(&entry.school_code).await?;
            let everywhere = Scope::everything("a code is given once in the whole province");
            let taken = [entry.school_code.as_str()];
            let taken = schools::with_codes(&**self.tx, &everywhere, &taken).await?;
            if !taken.is_empty() {
                let school_code = entry.school_code;
                return Err(ReorganisationError::CodeTaken { school_code });
            }
        }
        let changed = SchoolRow {
            school_code: entry.school_code,
            display_name: entry.display_name,
            kind: entry.kind,
            version: school.version + 1,
            ..school.clone()
        };
        let until = &self.plan.effective_date;
        store::keep_former(&**self.tx, school, until, self.id).await?;
        resource::replace::<school_entity::Entity>(&**self.tx, changed.clone(), school.version)
            .await?;
        records.push(record_of(Some(school), &changed));
        Ok(())
    }

    /// Closes a school; the entry stays, and with it the code that is never given again.
    async fn close(
        &self,
        school: &SchoolRow,
        records: &mut Vec<Record>,
    ) -> Result<(), KernelError> {
        let changed = SchoolRow {
            state: school::State::Closed as i32,
            close_date: self.plan.effective_date.clone(),
            version: school.version + 1,
            ..school.clone()
        };
        resource::replace::<school_entity::Entity>(&**self.tx, changed.clone(), school.version)
            .await?;
        records.push(record_of(Some(school), &changed));
        Ok(())
    }

    /// Junior places that wait for students of the school, or in it, go to the other one as the students do.
    async fn follow_places(
        &self,
        from: &SchoolRow,
        to: &SchoolRow,
        records: &mut Vec<Record>,
    ) -> Result<(), KernelError> {
        for before in promotions::places_waiting(&**self.tx, from.id).await? {
            let mut after = before.clone();
            if before.school == from.id {
                (after.school, after.place) = (to.id, to.place);
            }
            if before.primary_school == from.id {
                (after.primary_school, after.primary_place) = (to.id, to.place);
            }
            after.version += 1;
            records.push(told(Some(&before), &after));
            resource::replace::<junior_place::Entity>(&**self.tx, after, before.version).await?;
        }
        Ok(())
    }

    async fn require_new_code(&self, code: &str) -> Result<(), ReorganisationError> {
        if store::former_codes(&**self.tx, &[code]).await?.is_empty() {
            return Ok(());
        }
        let school_code = code.to_owned();
        Err(ReorganisationError::CodeTaken { school_code })
    }

    async fn keep_lineage(
        &self,
        from: &SchoolRow,
        to: &SchoolRow,
        shared: bool,
    ) -> Result<(), KernelError> {
        let lineage = school_lineage::Model {
            successor: to.id,
            predecessor: from.id,
            place: to.place,
            shared,
            effective_date: self.plan.effective_date.clone(),
            reorganisation: self.id,
        };
        Ok(store::keep_lineage(&**self.tx, lineage).await?)
    }

    async fn classes_of(&self, school: Uuid) -> Result<Vec<school_class::Model>, KernelError> {
        Ok(crate::school_class::store::of_schools(&**self.tx, &[school]).await?)
    }
}

/// The entry that a renaming or a change of kind gives: what the plan leaves empty stays.
pub(super) fn changed_entry(school: &SchoolRow, plan: &Reorganisation) -> School {
    let current = encode(school);
    let new = plan.new_school.clone().unwrap_or_default();
    let or = |new: String, current: String| if new.is_empty() { current } else { new };
    let renaming = plan.kind == Kind::Renaming as i32;
    School {
        display_name: or(new.display_name.trim().to_owned(), current.display_name),
        school_code: match renaming {
            true => current.school_code,
            false => or(new.school_code, current.school_code),
        },
        kind: match new.kind {
            0 => current.kind,
            _ if renaming => current.kind,
            kind => kind,
        },
        stages: Vec::new(),
        ..current
    }
}

fn tell(model: &mut Model, records: &mut Vec<Record>, moved: Moved) {
    model.moved_student_count = moved.student_count;
    records.extend(moved.records);
}

pub(super) fn record_of(before: Option<&SchoolRow>, after: &SchoolRow) -> Record {
    let (before, answer) = (before.map(encode), encode(after));
    let school = Some(after.id);
    record(
        &answer.name,
        after.place,
        school,
        before.as_ref(),
        &answer,
        true,
    )
}
