//! Children who are none of the made-up province: born before all of its pupils.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{Days, NaiveDate};
use junheng_proto::education::v1::Sex;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{CreateStudentRequest, Student};
use junheng_tests::person::with_check_digit;
use junheng_tests::request_id;

use crate::ground::Seat;

/// Area codes that went out of force before 2000.
const AREAS: [&str; 4] = ["630111", "632124", "632125", "632421"];
/// Serials of a day.
const SERIALS: u64 = 998;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A child nobody has registered.
pub fn next() -> Student {
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let (serial, rest) = (1 + count % SERIALS, count / SERIALS);
    let area = AREAS[(rest % AREAS.len() as u64) as usize];
    let first = NaiveDate::from_ymd_opt(2008, 1, 1).expect("a date");
    let birth = first + Days::new(rest / AREAS.len() as u64);
    let sex = if serial % 2 == 1 {
        Sex::Male
    } else {
        Sex::Female
    };
    Student {
        display_name: "苗小苗".to_owned(),
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: with_check_digit(&format!("{area}{}{serial:03}", birth.format("%Y%m%d"))),
        sex: sex.into(),
        birth_date: birth.to_string(),
        ethnicity: "01".to_owned(),
        ..Student::default()
    }
}

/// The request that registers a child in a class.
pub fn request(student: &Student, seat: &Seat) -> CreateStudentRequest {
    CreateStudentRequest {
        parent: format!("schools/{}", seat.school),
        student: Some(Student {
            school_class: format!("classes/{}", seat.id),
            stage: seat.stage,
            grade: seat.grade,
            ..student.clone()
        }),
        request_id: request_id(),
    }
}
