//! Attendance 考勤.

pub mod proof;
