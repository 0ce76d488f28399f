//! A transfer as its parties see it: numbers masked, name and date of birth for those who are a party.

use std::fmt;

use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_kernel::post::Level;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::Transfer;
use junheng_proto::workflow::v1::Awaited;
use uuid::Uuid;

use super::workflow::{ASIDE, OUTSIDE, RECEIVING, state_of, table_of};
use crate::entity::transfer::Model;
use crate::student::rules::Draft;

/// The sealed part of a transfer's row: who moves, and what was said.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Application {
    #[prost(string, tag = "1")]
    pub(super) display_name: String,
    #[prost(string, tag = "2")]
    pub(super) student_number: String,
    #[prost(int32, tag = "3")]
    pub(super) identity_type: i32,
    #[prost(string, tag = "4")]
    pub(super) identity_number: String,
    #[prost(int32, tag = "5")]
    pub(super) sex: i32,
    #[prost(string, tag = "6")]
    pub(super) birth_date: String,
    #[prost(string, tag = "7")]
    pub(super) ethnicity: String,
    #[prost(string, tag = "8")]
    pub(super) guardian_display_name: String,
    #[prost(string, tag = "9")]
    pub(super) guardian_phone: String,
    #[prost(string, tag = "10")]
    pub(super) outside_school: String,
    #[prost(string, tag = "11")]
    pub(super) outside_region: String,
    #[prost(string, tag = "12")]
    pub(super) reason: String,
    #[prost(string, repeated, tag = "13")]
    pub(super) papers: Vec<String>,
    #[prost(string, tag = "14")]
    pub(super) end_reason: String,
}

// === impl Application ===

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Application")
    }
}

impl Application {
    pub(super) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(address(&row.id.to_string()), &row.personal)
    }

    /// The pupil as the rules of students judge one.
    pub(super) fn draft(&self) -> Draft {
        Draft {
            display_name: self.display_name.clone(),
            identity_type: self.identity_type,
            identity_number: self.identity_number.clone(),
            sex: self.sex,
            birth_date: self.birth_date.clone(),
            ethnicity: self.ethnicity.clone(),
            student_number: self.student_number.clone(),
        }
    }

    pub(super) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address(&id.to_string()), self)
    }
}

/// The transfer as it is shown today.
pub(super) fn encode(context: &Context, row: &Model) -> Result<Transfer, KernelError> {
    let application = Application::of(&context.store.keys, row)?;
    let school = |id: Option<Uuid>| id.map_or_else(String::new, |id| format!("schools/{id}"));
    let today = context.clock.today().to_string();
    Ok(Transfer {
        name: name_of(row),
        route: row.route,
        state: row.state,
        student: row
            .student
            .map_or_else(String::new, |id| format!("students/{id}")),
        display_name: application.display_name,
        student_number: mask::identity_number(&application.student_number),
        identity_number: mask::identity_number(&application.identity_number),
        birth_date: application.birth_date,
        receiving_school: school(row.receiving_school),
        receiving_class: row
            .receiving_class
            .map_or_else(String::new, |id| format!("classes/{id}")),
        sending_school: school(row.sending_school),
        outside_school: application.outside_school,
        outside_region: application.outside_region,
        reason: application.reason,
        papers: application.papers,
        end_reason: application.end_reason,
        overdue: !row.due_date.is_empty() && row.due_date < today,
        due_date: row.due_date.clone(),
        due_provisional: row.due_provisional,
        awaited: awaited(&context.regions, row),
        etag: etag(row.version),
        create_time: Some(timestamp(row.create_micros)),
        update_time: Some(timestamp(row.update_micros)),
    })
}

/// Who is to act next.
fn awaited(regions: &RegionTable, row: &Model) -> Option<Awaited> {
    let next = table_of(row.route).awaited(state_of(row.state), ASIDE)?;
    let receiving = (row.receiving_school, row.receiving_region.as_str());
    let sending = (row.sending_school, row.sending_region.as_str());
    // Of the outside party the province records, which is that of the side that lies here.
    let here = if receiving.0.is_some() {
        receiving
    } else {
        sending
    };
    let (school, region) = match next.party {
        RECEIVING => receiving,
        OUTSIDE => here,
        _ => sending,
    };
    let level = next.by.first().map(|role| role.level);
    let organisation = match (level, school) {
        (Some(Level::School), Some(id)) => format!("schools/{id}"),
        (Some(Level::Province), _) => regions
            .province_of(region)
            .map_or_else(String::new, |province| format!("regions/{}", province.code)),
        _ => format!("regions/{region}"),
    };
    Some(Awaited {
        step: next.step.to_owned(),
        step_label: next.label.to_owned(),
        party: next.party.to_owned(),
        roles: next.by.iter().map(ToString::to_string).collect(),
        organisation,
    })
}

/// The resource name.
pub(super) fn name_of(row: &Model) -> String {
    format!("transfers/{}", row.id)
}

/// A journal entry about a transfer, kept with the receiving side, or the sending one where that lies outside.
pub(super) fn about(row: &Model) -> Entry {
    let (place, school) = match row.receiving_place {
        Some(place) => (place, row.receiving_school),
        None => (row.sending_place.unwrap_or_default(), row.sending_school),
    };
    Entry::about(name_of(row), place, school, DataClass::Sensitive)
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "transfers",
        field: "personal",
        row,
    }
}
