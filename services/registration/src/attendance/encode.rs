//! Sheets and absences as callers and the journal see them.

use junheng_kernel::clock::timestamp;
use junheng_kernel::name::etag;
use junheng_proto::registration::v1::{Absence, AttendanceMark, AttendanceSheet};

use super::called::{Called, Kind};
use crate::entity::absence;
use crate::entity::attendance_sheet::Model;

/// The resource name.
pub fn name_of(sheet: &Model) -> String {
    format!("attendanceSheets/{}", sheet.id)
}

/// The sheet, with who was present where asked for.
pub fn encode(sheet: &Model, called: &Called, with_present: bool) -> AttendanceSheet {
    let present = called
        .iter()
        .filter(|(_, kind)| with_present && *kind == Kind::Present)
        .map(|(student, _)| format!("students/{student}"));
    AttendanceSheet {
        name: name_of(sheet),
        school_class: format!("classes/{}", sheet.school_class),
        school: format!("schools/{}", sheet.school),
        date: sheet.date.clone(),
        roll_count: sheet.roll_count,
        called_count: sheet.called_count,
        present_count: sheet.called_count - sheet.absent_count,
        absent_count: sheet.absent_count,
        exceptions: called
            .exceptions()
            .map(|(student, kind)| AttendanceMark {
                student: format!("students/{student}"),
                kind: kind.into(),
            })
            .collect(),
        present_students: present.collect(),
        create_time: Some(timestamp(sheet.create_micros)),
        update_time: Some(timestamp(sheet.update_micros)),
        etag: etag(sheet.version),
    }
}

/// The absence.
pub fn encode_absence(row: &absence::Model) -> Absence {
    Absence {
        student: format!("students/{}", row.student),
        school: format!("schools/{}", row.school),
        school_class: format!("classes/{}", row.school_class),
        date: row.date.clone(),
        kind: row.kind,
    }
}
