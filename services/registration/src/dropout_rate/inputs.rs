//! What each input is called, and the request that lists its rows.

use junheng_kernel::label;
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::junior_place::State as PlaceState;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::list_students_request::Group as StudentGroup;
use junheng_proto::registration::v1::rate_input::Rows;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::student_change::Kind;
use junheng_proto::registration::v1::{
    LedgerKind, ListJuniorPlacesRequest, ListStudentChangesRequest, ListStudentsRequest, RateInput,
};

use super::formula::{Input, JUNIOR, PRIMARY};
use super::rules::{Asked, Origin};
use crate::ledger::cases::days_of;
use crate::ledger::rules::Asked as Ledger;
use crate::school_class::rules::last_grade;
use crate::tally::{LEFT_BEFORE, STILL_AWAY};

const ROLL: &str = "学籍";
const CHANGES: &str = "学籍异动";
const CASES: &str = "控辍个案";
const FROZEN: &str = "历年固化数";

// === impl Input ===

impl Input {
    /// Its name in formulas.
    pub fn id(self) -> String {
        let of = |name: &str, stage: i32| format!("{name}.{}", stage_id(stage));
        match self {
            Self::DroppedOut(stage) => of("dropped_out", stage),
            Self::AtStart(stage) => of("enrolled_at_start", stage),
            Self::Enrolled(stage) => of("enrolled", stage),
            Self::LastGrade(stage) => of("last_grade", stage),
            Self::LastGradeFrozen(stage) => of("last_grade_frozen", stage),
            Self::Changed(stage, part) if part < 0 => of(&kind_id(part), stage),
            Self::Changed(stage, kind) => of(&format!("changed_{}", kind_id(kind)), stage),
            Self::Yearbook(stage) => of("yearbook", stage),
            Self::Graduated(stage) => of("graduated", stage),
            Self::PrimaryGraduates => "primary_graduates".to_owned(),
            Self::WentOn => "went_on".to_owned(),
            Self::Arrived => "arrived".to_owned(),
            Self::OfCohort(stage, kind) => of(&format!("cohort_{}", kind_id(kind)), stage),
            Self::Entrants(stage) => of("entrants", stage),
            Self::NineYearEntrants => "nine_year_entrants".to_owned(),
            Self::Aged(from, to, _) => format!("attending_aged_{from}_{to}"),
            Self::Population(from, to) => format!("population_aged_{from}_{to}"),
            Self::Placed(column) => column.to_owned(),
            Self::Disabled => "disabled_of_school_age".to_owned(),
        }
    }

    /// The input as answers give it.
    pub(super) fn tell(
        self,
        asked: &Asked,
        value: Option<i64>,
        origin: Option<&Origin>,
    ) -> RateInput {
        let (label, source) = self.words();
        let origin = origin.cloned().unwrap_or_default();
        RateInput {
            input_id: self.id(),
            label,
            count: value.unwrap_or(0),
            source: match origin.source.is_empty() {
                true => source.to_owned(),
                false => origin.source,
            },
            as_of_date: origin.as_of,
            resident_lists: origin.lists,
            absent: value.is_none(),
            rows: self.rows(asked).filter(|_| value.is_some()),
        }
    }

    fn words(self) -> (String, &'static str) {
        let stage_label = |stage: i32| label::by_number("junheng.education.v1.Stage", stage);
        let of = |stage: i32, what: &str| format!("{}{what}", stage_label(stage));
        match self {
            Self::DroppedOut(stage) => (
                of(
                    stage,
                    "学年内确认辍学且有学籍的学生数(查无错误的除外;已毕业未升学的计入小升初)",
                ),
                CASES,
            ),
            Self::AtStart(stage) => (of(stage, "学年初在校学生数"), ROLL),
            Self::Enrolled(stage) => (of(stage, "在校学生数"), ROLL),
            Self::LastGrade(stage) => (of(stage, "毕业班学生数"), ROLL),
            Self::LastGradeFrozen(stage) => (of(stage, "毕业班学生数"), FROZEN),
            Self::Changed(stage, kind) => (
                of(stage, &format!("学年内{}人次", kind_label(kind))),
                CHANGES,
            ),
            Self::Yearbook(stage) => (of(stage, "学年初在校学生数"), FROZEN),
            Self::Graduated(stage) => (of(stage, "毕业学生数"), CHANGES),
            Self::PrimaryGraduates => ("上学年小学毕业学生数".to_owned(), CHANGES),
            Self::WentOn => ("九年制学校直升初中学生数".to_owned(), "年度升级"),
            Self::Arrived => ("小学毕业生中初中已确认入学人数".to_owned(), "小升初派位"),
            Self::OfCohort(stage, kind) => {
                (of(stage, &format!("本届{}人次", kind_label(kind))), CHANGES)
            }
            Self::Entrants(stage) => (of(stage, "本届起始年级在校学生数"), FROZEN),
            Self::NineYearEntrants => ("同批小学一年级入学人数".to_owned(), FROZEN),
            Self::Aged(from, to, _) => (format!("{from}至{to}周岁已入学人数"), ROLL),
            Self::Population(from, to) => {
                (format!("{from}至{to}周岁适龄人口"), "户籍名单或人口登记")
            }
            Self::Placed(column) => (placed_label(column).to_owned(), ROLL),
            Self::Disabled => ("适龄残疾儿童少年".to_owned(), "适龄儿童台账"),
        }
    }

    fn rows(self, asked: &Asked) -> Option<Rows> {
        let parent = &asked.parent;
        let year = asked.school_year;
        let students = |stage: i32, grade: i32, group: StudentGroup| {
            Rows::Students(ListStudentsRequest {
                parent: parent.clone(),
                stage,
                grade,
                group: group.into(),
                state: State::Enrolled.into(),
                ..ListStudentsRequest::default()
            })
        };
        let changes = |stage: i32, kind: i32, school_year: i32, entry_year: i32| {
            Rows::Changes(ListStudentChangesRequest {
                parent: parent.clone(),
                kind,
                school_year,
                stage,
                entry_year,
                ..ListStudentChangesRequest::default()
            })
        };
        Some(match self {
            Self::DroppedOut(stage) => {
                let happened = Ledger::happened(Event::DroppedOut, days_of(year).0, asked.as_of);
                let ledger = Ledger { stage, ..happened };
                Rows::Ledger(ledger.request(parent))
            }
            Self::Enrolled(stage) => students(stage, 0, StudentGroup::Unspecified),
            Self::LastGrade(stage) => students(stage, last_grade(stage), StudentGroup::Unspecified),
            // A part of some kinds has no list of its own.
            Self::Changed(_, kind) if kind < 0 => return None,
            Self::Changed(stage, kind) => changes(stage, kind, year, 0),
            Self::Graduated(stage) => changes(stage, Kind::Graduated as i32, year, 0),
            Self::PrimaryGraduates => changes(PRIMARY, Kind::Graduated as i32, year - 1, 0),
            Self::OfCohort(stage, kind) => changes(stage, kind, 0, entry_year(stage, year)),
            Self::Arrived => Rows::JuniorPlaces(ListJuniorPlacesRequest {
                parent: parent.clone(),
                school_year: year,
                state: PlaceState::Confirmed.into(),
                primary_side_only: true,
                ..ListJuniorPlacesRequest::default()
            }),
            Self::Aged(from, to, stage) => {
                Rows::Ledger(aged(stage, (from, to), year).request(parent))
            }
            Self::Placed("inclusive") => students(0, 0, StudentGroup::Inclusive),
            Self::Placed("special") => students(0, 0, StudentGroup::Special),
            Self::Placed(_) => students(0, 0, StudentGroup::HomeTaught),
            Self::Disabled => {
                let ledger = Ledger {
                    group: Group::Disabled.into(),
                    ..Ledger::all(LedgerKind::SchoolAge, year)
                };
                Rows::Ledger(ledger.request(parent))
            }
            Self::AtStart(_)
            | Self::Yearbook(_)
            | Self::LastGradeFrozen(_)
            | Self::WentOn
            | Self::Entrants(_)
            | Self::NineYearEntrants
            | Self::Population(..) => return None,
        })
    }
}

/// The ledger of the children of these ages who attend a stage or a higher one.
pub(super) fn aged(stage: i32, ages: (i32, i32), school_year: i32) -> Ledger {
    Ledger {
        stage,
        or_higher: stage != 0,
        ages,
        attending_only: true,
        ..Ledger::all(LedgerKind::SchoolAge, school_year)
    }
}

/// The year in which the cohort that finishes a stage in a school year entered it.
pub(super) fn entry_year(stage: i32, school_year: i32) -> i32 {
    school_year + 1 - last_grade(stage)
}

fn stage_id(stage: i32) -> &'static str {
    match stage {
        PRIMARY => "primary",
        JUNIOR => "junior",
        _ => "all",
    }
}

/// Parts of kinds, each with its id and its label.
const PARTS: [(i32, &str, &str); 2] = [
    (LEFT_BEFORE, "left_before", "离校变动时已不在读"),
    (STILL_AWAY, "still_away", "到校变动后仍不在读"),
];

fn kind_id(kind: i32) -> String {
    if let Some((_, id, _)) = PARTS.iter().find(|(part, ..)| *part == kind) {
        return (*id).to_owned();
    }
    let kind = Kind::try_from(kind).unwrap_or_default();
    kind.as_str_name()
        .trim_start_matches("KIND_")
        .to_lowercase()
}

fn kind_label(kind: i32) -> &'static str {
    if let Some((.., label)) = PARTS.iter().find(|(part, ..)| *part == kind) {
        return label;
    }
    label::by_number("junheng.registration.v1.StudentChange.Kind", kind)
}

fn placed_label(column: &str) -> &'static str {
    match column {
        "inclusive" => "随班就读学生数",
        "special" => "特教学校就读学生数",
        _ => "送教上门学生数",
    }
}
