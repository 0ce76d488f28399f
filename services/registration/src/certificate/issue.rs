//! Makes certificates: number, code, holder.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::Keyring;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::Certificate;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::workflow::State;
use super::{code, holder::Holder, store};
use crate::entity::certificate::Model;
use crate::entity::{school, student};

/// For whom, by whom and when certificates are made.
pub(super) struct Issue<'a> {
    pub(super) keys: &'a Keyring,
    pub(super) school: &'a school::Model,
    /// The list by which they are issued.
    pub(super) list: Uuid,
    pub(super) graduation_year: i32,
    pub(super) today: NaiveDate,
    pub(super) now_micros: i64,
}

// === impl Issue ===

impl Issue<'_> {
    /// Issues a certificate for each of these students, in this order; each may replace another.
    pub(super) async fn run(
        &self,
        database: &impl ConnectionTrait,
        students: &[(&student::Model, Option<Uuid>)],
    ) -> Result<Vec<Model>, KernelError> {
        let given = store::count(database, self.school.id, self.graduation_year).await?;
        let mut issued = Vec::with_capacity(students.len());
        for (serial, (student, replaces)) in (given + 1..).zip(students) {
            issued.push(self.one(student, *replaces, serial)?);
        }
        store::insert(database, issued.clone()).await?;
        Ok(issued)
    }

    fn one(
        &self,
        student: &student::Model,
        replaces: Option<Uuid>,
        serial: u64,
    ) -> Result<Model, KernelError> {
        let id = Uuid::now_v7();
        let (keys, school) = (self.keys, self.school);
        let code = code::of(keys, id)?.replace('-', "");
        Ok(Model {
            id,
            student: student.id,
            school: school.id,
            place: school.place,
            region: school.region.clone(),
            list: self.list,
            number: number(self.graduation_year, &school.school_code, serial),
            code_hash: code::hash(keys, &code)?,
            graduation_year: self.graduation_year,
            state: State::Valid as i32,
            issue_date: self.today.to_string(),
            replaces,
            holder: Holder::now(keys, student, school)?.seal(keys, id)?,
            update_micros: self.now_micros,
            version: 1,
        })
    }
}

/// A certificate's number: year, the school's identification code, serial of school and year.
fn number(graduation_year: i32, school_code: &str, serial: u64) -> String {
    format!("{graduation_year}{school_code}{serial:05}")
}

/// The certificate as officers see it.
pub(super) fn encode(keys: &Keyring, row: &Model) -> Result<Certificate, KernelError> {
    Ok(Certificate {
        name: format!("certificates/{}", row.id),
        student: format!("students/{}", row.student),
        school: format!("schools/{}", row.school),
        number: row.number.clone(),
        verification_code: code::of(keys, row.id)?,
        graduation_year: row.graduation_year,
        state: row.state,
        issue_date: row.issue_date.clone(),
        certificate_list: format!("certificateLists/{}", row.list),
        replaces: row
            .replaces
            .map_or_else(String::new, |id| format!("certificates/{id}")),
        etag: etag(row.version),
    })
}

/// What the journal keeps of a certificate: not its code, which opens it to strangers.
pub(super) fn told(before: Option<&Model>, after: &Model) -> Record {
    let shown = |row: &Model| Certificate {
        name: format!("certificates/{}", row.id),
        student: format!("students/{}", row.student),
        school: format!("schools/{}", row.school),
        number: row.number.clone(),
        graduation_year: row.graduation_year,
        state: row.state,
        issue_date: row.issue_date.clone(),
        certificate_list: format!("certificateLists/{}", row.list),
        ..Certificate::default()
    };
    let (before, after_shown) = (before.map(shown), shown(after));
    let school = Some(after.school);
    let name = &after_shown.name;
    record(
        name,
        after.place,
        school,
        before.as_ref(),
        &after_shown,
        true,
    )
}
