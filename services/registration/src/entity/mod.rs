//! One table, one struct.
#![allow(
    clippy::disallowed_methods,
    missing_docs,
    reason = "the derive of an entity calls find; columns are documented where the contract names them"
)]

pub mod absence;
pub mod access_grant;
pub mod access_reveal;
pub mod admission_count;
pub mod admission_entry;
pub mod admission_plan;
pub mod aid_grant;
pub mod aid_sum;
pub mod aided_count;
pub mod attendance_roll;
pub mod attendance_sheet;
pub mod birth_count;
pub mod certificate;
pub mod certificate_list;
pub mod class_draw;
pub mod cohort_count;
pub mod comparison;
pub mod comparison_result;
pub mod dropout_case;
pub mod dropout_case_event;
pub mod dropout_notice;
pub mod dropout_report;
pub mod dropout_visit;
pub mod duplicate_case;
pub mod duplicate_claim;
pub mod export;
pub mod export_download;
pub mod finding_round;
pub mod former_identity;
pub mod former_school;
pub mod group_recognition;
pub mod junior_place;
pub mod key_change;
pub mod number_mismatch;
pub mod promotion;
pub mod quarantined_row;
pub mod relief_plan;
pub mod reorganisation;
pub mod resident;
pub mod resident_candidate;
pub mod resident_count;
pub mod resident_list;
pub mod school;
pub mod school_class;
pub mod school_lineage;
pub mod school_year;
pub mod status_change;
pub mod student;
pub mod student_change;
pub mod student_number;
pub mod transfer;
pub mod zone_plan;
