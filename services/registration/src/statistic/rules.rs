//! From counts to figures.

use chrono::NaiveDate;
use junheng_proto::registration::v1::list_students_request::Group;
use junheng_proto::registration::v1::statistic::Rows;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::{
    ListClassSizesRequest, ListStudentChangesRequest, ListStudentsRequest, Statistic,
};

use super::band;
use super::formula::{FORMULAS, Formula, Term};
use super::ratio::{exact, rounded};
use crate::tally::counted::index_of;
use crate::tally::read::{Reading, Sums};
use crate::tally::size;

/// What figures are asked of.
pub(super) struct Asked<'a> {
    /// As the caller named it.
    pub(super) parent: &'a str,
    /// 0 for all.
    pub(super) stage: i32,
    /// The year in which it begins.
    pub(super) school_year: i32,
    /// The day by which bands are judged.
    pub(super) today: NaiveDate,
    /// The moment of the counts.
    pub(super) as_of_time: prost_types::Timestamp,
}

/// Every figure of what was read.
pub(super) fn figures(asked: &Asked<'_>, reading: &Reading) -> Vec<Statistic> {
    let total = reading.total(|stage, _| asked.covers(stage));
    FORMULAS
        .iter()
        .map(|formula| asked.figure(formula, reading, &total))
        .collect()
}

// === impl Asked ===

impl Asked<'_> {
    fn covers(&self, stage: i32) -> bool {
        self.stage == 0 || self.stage == stage
    }

    fn figure(&self, formula: &Formula, reading: &Reading, total: &Sums) -> Statistic {
        let numerator = self.value(formula.numerator, reading, total);
        let denominator = formula
            .denominator
            .map_or(1, |term| self.value(term, reading, total));
        let (factor, places) = formula.unit.scale();
        Statistic {
            figure_id: formula.figure().to_owned(),
            label: formula.label.to_owned(),
            formula_id: formula.id.to_owned(),
            formula: formula.text(),
            numerator,
            denominator,
            exact_value: exact(numerator, denominator).unwrap_or_default(),
            value: rounded(numerator, denominator, factor, places).unwrap_or_default(),
            unit: formula.unit.label().to_owned(),
            as_of_time: Some(self.as_of_time),
            source: formula.source.to_owned(),
            rows: self.rows(formula.numerator),
        }
    }

    fn value(&self, term: Term, reading: &Reading, total: &Sums) -> i64 {
        match term {
            Term::Students(column) => index_of(column)
                .and_then(|index| total.counts.get(index))
                .copied()
                .unwrap_or(0),
            Term::Classes => total.bands.iter().sum(),
            Term::Band(key) => band::named(key, self.today).map_or(0, |band| {
                let above = match band.most {
                    i64::MAX => 0,
                    most => size::from(&total.bands, most + 1),
                };
                size::from(&total.bands, band.least) - above
            }),
            Term::AboveStandard => {
                self.judged(reading, |sums, most| size::from(&sums.bands, most + 1))
            }
            Term::Judged => self.judged(reading, |sums, _| sums.bands.iter().sum()),
            Term::Changes(kind) => reading
                .flows
                .iter()
                .filter(|((stage, school_year, of), _)| {
                    self.covers(*stage) && *school_year == self.school_year && *of == kind as i32
                })
                .map(|(_, count)| count)
                .sum(),
        }
    }

    /// The sum over the stages that have a standard size.
    fn judged(&self, reading: &Reading, count: impl Fn(&Sums, i64) -> i64) -> i64 {
        reading
            .sums
            .iter()
            .filter(|((stage, _), _)| self.covers(*stage))
            .filter_map(|((stage, _), sums)| {
                Some(count(sums, band::standard(*stage, self.today)?.most))
            })
            .sum()
    }

    /// The request that lists what a term counts.
    fn rows(&self, term: Term) -> Option<Rows> {
        let classes = |least: i64, most: i64| {
            Rows::Classes(ListClassSizesRequest {
                parent: self.parent.to_owned(),
                stage: self.stage,
                least: i32::try_from(least).unwrap_or(0),
                most: i32::try_from(most).unwrap_or(0),
                ..ListClassSizesRequest::default()
            })
        };
        match term {
            Term::Students(column) => {
                let (state, group) = listed(column);
                Some(Rows::Students(ListStudentsRequest {
                    parent: self.parent.to_owned(),
                    stage: self.stage,
                    state: state.into(),
                    group: group.into(),
                    ..ListStudentsRequest::default()
                }))
            }
            Term::Classes | Term::Judged => Some(classes(1, 0)),
            Term::Band(key) => {
                let band = band::named(key, self.today)?;
                Some(classes(band.least, band.most))
            }
            Term::AboveStandard => Some(Rows::Classes(ListClassSizesRequest {
                parent: self.parent.to_owned(),
                stage: self.stage,
                above_standard: true,
                ..ListClassSizesRequest::default()
            })),
            Term::Changes(kind) => Some(Rows::Changes(ListStudentChangesRequest {
                parent: self.parent.to_owned(),
                kind: kind.into(),
                school_year: self.school_year,
                stage: self.stage,
                ..ListStudentChangesRequest::default()
            })),
        }
    }
}

/// The state and group by which `ListStudents` shows those whom a column counts.
fn listed(column: &str) -> (State, Group) {
    match column {
        "suspended" => (State::Suspended, Group::Unspecified),
        "abroad" => (State::Abroad, Group::Unspecified),
        column => {
            let name = format!("GROUP_{}", column.to_uppercase());
            let group = Group::from_str_name(&name).unwrap_or_default();
            (State::Enrolled, group)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::counted::{COUNTED, ENROLLED, PLACED};

    fn asked(stage: i32) -> Asked<'static> {
        Asked {
            parent: "regions/630103",
            stage,
            school_year: 2026,
            today: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
            as_of_time: prost_types::Timestamp::default(),
        }
    }

    fn reading() -> Reading {
        let mut reading = Reading::default();
        for (stage, sizes) in [(1, [45, 46, 60]), (2, [50, 51, 70])] {
            let mut sums = Sums::default();
            for size in sizes {
                size::shift(&mut sums.bands, 0, size);
                sums.counts[ENROLLED] += size;
                sums.counts[PLACED] += size;
            }
            reading.sums.insert((stage, 1), sums);
            reading.flows.insert((stage, 2026, 22), 4);
            reading.flows.insert((stage, 2025, 22), 9);
        }
        reading
    }

    fn told(stage: i32, id: &str) -> (i64, i64, String) {
        let figures = figures(&asked(stage), &reading());
        let figure = figures
            .into_iter()
            .find(|one| one.formula_id == id)
            .unwrap();
        (figure.numerator, figure.denominator, figure.value)
    }

    #[test]
    fn classes_are_judged_by_their_bands_and_by_the_standard_of_their_stage() {
        assert_eq!(told(0, "classes.count"), (6, 1, "6".into()));
        assert_eq!(told(0, "classes.large_share"), (1, 6, "16.67".into()));
        assert_eq!(told(2, "classes.over_large"), (1, 1, "1".into()));
        assert_eq!(told(1, "classes.over_large"), (0, 1, "0".into()));
        assert_eq!(
            told(0, "classes.above_standard_share"),
            (4, 6, "66.67".into())
        );
        assert_eq!(told(1, "classes.average_size"), (151, 3, "50.33".into()));
    }

    #[test]
    fn changes_are_those_of_the_school_year() {
        assert_eq!(told(0, "changes.transfers_in"), (8, 1, "8".into()));
        assert_eq!(told(2, "changes.transfers_in"), (4, 1, "4".into()));
    }

    #[test]
    fn a_share_of_nobody_has_no_value() {
        assert_eq!(told(3, "enrolment.girls_share"), (0, 0, String::new()));
    }

    #[test]
    fn whom_a_count_counts_a_list_shows() {
        for counted in COUNTED {
            let (state, group) = listed(counted.column);
            let everybody = counted.column == "enrolled" || state != State::Enrolled;
            assert_eq!(group == Group::Unspecified, everybody, "{}", counted.column);
        }
    }
}
