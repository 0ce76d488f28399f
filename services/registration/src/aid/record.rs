//! Records what was granted: every row judged, good rows written together.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::{Entry, record};
use junheng_kernel::label;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::rule_book::Rules;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::error::v1::Reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{
    AidGrant, AidGrantRow, AidGrantVerdict, BatchRecordAidGrantsRequest,
    BatchRecordAidGrantsResponse,
};
use uuid::Uuid;

use super::error::AidError;
use super::rules::{self, Due, Pupil, Stands, Term};
use super::{store, totals};
use crate::approval;
use crate::entity::aid_grant::Model;
use crate::entity::student;
use crate::rule_book::{self, RegionPath};
use crate::school::parent::{self, PlacedParent};
use crate::special_group;
use crate::student::number_hash;

/// The most rows of a batch.
const MOST_ROWS: usize = 500;

/// What became of a row.
enum Outcome {
    Recorded(Box<Model>),
    Unchanged,
    Refused(Violation),
}

/// What rows are judged by.
struct Ground {
    context: Context,
    rules: &'static Rules,
    parent: Parent,
    term: Term,
    today: NaiveDate,
    by_id: HashMap<Uuid, student::Model>,
    by_hash: HashMap<Vec<u8>, Uuid>,
    /// Whose hardship is recognised.
    in_hardship: HashSet<Uuid>,
    /// What stands, and what earlier rows add.
    granted: HashMap<Uuid, Vec<Stands>>,
}

/// Judges and records a batch.
pub(super) async fn run(
    context: &Context,
    caller: Caller,
    message: BatchRecordAidGrantsRequest,
) -> Result<BatchRecordAidGrantsResponse, KernelError> {
    let key = RequestKey::of(&message.request_id, &message)?;
    let (reader, regions) = (context.store.reader(), &context.regions);
    let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
    let today = context.clock.today();
    let term = Term::of(message.term, today).map_err(KernelError::Fields)?;
    if !(1..=MOST_ROWS).contains(&message.rows.len()) {
        return Err(KernelError::Fields(vec![Violation::invalid(
            "rows",
            format!("must be 1 to {MOST_ROWS}"),
            format!("应为1至{MOST_ROWS}行"),
        )]));
    }
    let (context, work_caller) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let PlacedParent { parent, place } = placed;
            let school = parent.school();
            let mut ground = Ground {
                context,
                rules: rule_book::rules()?,
                parent,
                term,
                today,
                by_id: HashMap::new(),
                by_hash: HashMap::new(),
                in_hardship: HashSet::new(),
                granted: HashMap::new(),
            };
            ground.read(&*tx, &work_caller, &message.rows).await?;
            let mut answer = BatchRecordAidGrantsResponse::default();
            let mut grants = Vec::new();
            for row in &message.rows {
                match ground.judge(row) {
                    Outcome::Recorded(grant) => grants.push(*grant),
                    Outcome::Unchanged => answer.unchanged_count += 1,
                    Outcome::Refused(wrong) => answer.verdicts.push(verdict(row.row, wrong)),
                }
            }
            answer.recorded_count = i32::try_from(grants.len()).unwrap_or(i32::MAX);
            let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
            if message.validate_only {
                return Ok((answer, entry.note("validate_only")));
            }
            let told = grants.iter().map(|grant| {
                let told = encode(grant);
                record(
                    &told.name,
                    grant.place,
                    Some(grant.school),
                    None,
                    &told,
                    true,
                )
            });
            let entry = entry.note(&term.label()).with_all(told);
            let allowances = grants.iter().filter(|grant| grant.amount_fen > 0);
            let newly: BTreeSet<Uuid> = allowances.map(|grant| grant.student).collect();
            let key = (term.school_year, term.term as i32);
            let before = store::with_allowance(&*tx, key, newly.iter().copied()).await?;
            let aided = newly.iter().filter(|id| !before.contains(id));
            let aided = aided.filter_map(|id| ground.by_id.get(id));
            totals::granted(&*tx, &grants, aided, term).await?;
            store::insert(&*tx, grants).await?;
            Ok::<_, KernelError>((answer, entry))
        })
        .await
}

// === impl Ground ===

impl Ground {
    async fn read(
        &mut self,
        database: &impl sea_orm::ConnectionTrait,
        caller: &Caller,
        rows: &[AidGrantRow],
    ) -> Result<(), KernelError> {
        let keys = &self.context.store.keys;
        let ids = rows
            .iter()
            .filter_map(|row| id_of("students", &row.student).ok());
        let mut hashes = Vec::new();
        for row in rows.iter().filter(|row| !row.student_number.is_empty()) {
            hashes.push(number_hash(keys, &row.student_number)?);
        }
        let (ids, hashes) = (ids.collect::<Vec<_>>(), hashes);
        let scope = &caller.scope;
        let found = store::students(database, scope, ids.clone(), hashes.clone(), false).await?;
        // Schools first and then the students, as every change of a record holds them: the counts of the aided follow the
        // change, or the grant counts the student as changed.
        parent::hold_places(database, found.iter().map(|one| one.school)).await?;
        let found = store::students(database, scope, ids, hashes, true).await?;
        let standing =
            store::of_students(database, self.term, found.iter().map(|one| one.id)).await?;
        for grant in standing {
            let stands = Stands {
                item: grant.item,
                amount_fen: grant.amount_fen,
                pay_date: grant.pay_date,
            };
            self.granted.entry(grant.student).or_default().push(stands);
        }
        let ids = found.iter().map(|one| one.id);
        self.in_hardship = special_group::in_hardship(database, ids).await?;
        for student in found {
            self.by_hash.insert(student.number_hash.clone(), student.id);
            self.by_id.insert(student.id, student);
        }
        Ok(())
    }

    fn student(&self, row: &AidGrantRow) -> Option<&student::Model> {
        let id = match row.student_number.as_str() {
            "" => id_of("students", &row.student).ok()?,
            number => {
                let hash = number_hash(&self.context.store.keys, number).ok()?;
                *self.by_hash.get(&hash)?
            }
        };
        let student = self.by_id.get(&id)?;
        let inside = self.parent.contains(student.place, Some(student.school));
        inside.then_some(student)
    }

    fn judge(&mut self, row: &AidGrantRow) -> Outcome {
        if row.student.is_empty() == row.student_number.is_empty() {
            return Outcome::Refused(Violation::invalid(
                "student",
                "give either the student or the student number",
                "学生与学籍号填写其一",
            ));
        }
        let Some(student) = self.student(row) else {
            return Outcome::Refused(Violation {
                field: "student".into(),
                reason: Reason::NotFound,
                why: "is no student below the parent".into(),
                why_zh: "本范围内没有该学生".into(),
            });
        };
        let today = self.today;
        match approval::day_of("pay_date", &row.pay_date) {
            Err(wrong) => return Outcome::Refused(wrong),
            Ok(day) if day > today => {
                return Outcome::Refused(Violation::invalid(
                    "pay_date",
                    "must not lie after today",
                    "不得晚于今日",
                ));
            }
            Ok(_) => {}
        }
        if let Some(wrong) = label::check("item", "junheng.registration.v1.AidItem", row.item) {
            return Outcome::Refused(wrong);
        }
        let item = rules::item_label(row.item);
        let term = self.term.label();
        let told = Stands {
            item: row.item,
            amount_fen: row.amount_fen,
            pay_date: row.pay_date.clone(),
        };
        let stands = self.granted.get(&student.id).map_or(&[][..], Vec::as_slice);
        if stands.contains(&told) {
            return Outcome::Unchanged;
        }
        let region = approval::region_of(student.place);
        let path = RegionPath::of(&self.context.regions, &region);
        let pupil = Pupil::of(student, self.in_hardship.contains(&student.id));
        let dues = rules::dues(self.rules, pupil, &path, self.term);
        let due = dues.iter().find(|due| due.item as i32 == row.item);
        let Some(due) = due else {
            return Outcome::Refused(Violation::of("item", &AidError::NotDue { item, term }));
        };
        let open = match rules::open(due, stands) {
            Ok(open) => open,
            Err(standing) => {
                let item = rules::item_label(standing);
                let already = AidError::GrantedAlready { item, term };
                return Outcome::Refused(Violation::of("item", &already));
            }
        };
        if !open.contains(&row.amount_fen) {
            return Outcome::Refused(out_of(&open, due));
        }
        let grant = Model {
            id: Uuid::now_v7(),
            student: student.id,
            school: student.school,
            place: student.place,
            stage: student.stage,
            item: row.item,
            school_year: self.term.school_year,
            term: self.term.term as i32,
            amount_fen: row.amount_fen,
            pay_date: row.pay_date.clone(),
            create_micros: self.context.clock.now_micros(),
        };
        self.granted.entry(student.id).or_default().push(told);
        Outcome::Recorded(Box::new(grant))
    }
}

/// An amount that is not open to be recorded.
fn out_of(open: &RangeInclusive<i64>, due: &Due) -> Violation {
    let (least, most, source) = (open.start(), open.end(), &due.source);
    let (must, must_zh) = match most {
        0 => (
            "must be 0: it is given in kind".to_owned(),
            "应为0:该项目免收或发放实物,不发放现金".to_owned(),
        ),
        _ if *most < due.amount_fen => (
            format!(
                "must be {least} to {most}: the rest of the {} of the term",
                due.amount_fen
            ),
            format!(
                "应为{least}至{most}分:本学期{}分,其余已登记发放",
                due.amount_fen
            ),
        ),
        _ => (
            format!("must be {least} to {most}"),
            format!("应为{least}至{most}分"),
        ),
    };
    Violation::invalid(
        "amount_fen",
        format!("{must} ({source})"),
        format!("{must_zh}({source})"),
    )
}

fn verdict(row: i64, wrong: Violation) -> AidGrantVerdict {
    AidGrantVerdict {
        row,
        field: wrong.field,
        reason: wrong.reason as i32,
        message: wrong.why,
        message_zh: wrong.why_zh,
    }
}

/// The grant as callers and the journal see it.
pub(super) fn encode(grant: &Model) -> AidGrant {
    AidGrant {
        name: format!("aidGrants/{}", grant.id),
        student: format!("students/{}", grant.student),
        school: format!("schools/{}", grant.school),
        item: grant.item,
        term: Some(junheng_proto::registration::v1::AidTerm {
            school_year: grant.school_year,
            term: grant.term,
        }),
        amount_fen: grant.amount_fen,
        pay_date: grant.pay_date.clone(),
        create_time: Some(timestamp(grant.create_micros)),
    }
}
