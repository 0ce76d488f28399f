//! From inputs to rates. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_proto::registration::v1::control_line::Side;
use junheng_proto::registration::v1::{ControlLine, DropoutRate};

use super::formula::{CAME, FORMULAS, Formula, Input, Line, WENT};
use crate::rule_book::{RegionPath, Rule, RuleBook};
use crate::statistic::ratio::{exact, rounded};
use crate::tally::{LEFT_BEFORE, STILL_AWAY};

/// Decimals of a rate per hundred, as reports give it.
const PLACES: u32 = 2;

/// What a rate is asked of.
#[derive(Clone, Debug)]
pub struct Asked {
    /// As the caller named it.
    pub parent: String,
    /// The year in which it begins.
    pub school_year: i32,
    /// Whether it is under way.
    pub is_running: bool,
    /// Whether the roll is still that of the school year: it is under way, and no school has been promoted out of it.
    pub is_on_roll: bool,
    /// The last day whose cases count.
    pub as_of: NaiveDate,
    /// The day whose population is taken: the day on which the roll stands, and so the last one that has come, whatever day's cases
    /// are counted.
    pub population_day: NaiveDate,
}

/// Where an input was taken from, where that differs from place to place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// In Chinese.
    pub source: String,
    /// The oldest day whose state was taken, `YYYY-MM-DD`; the year of what is entered by years.
    pub as_of: String,
    /// The lists counted.
    pub lists: Vec<String>,
}

/// The origins of inputs that have one of their own.
pub type Origins = BTreeMap<Input, Origin>;

/// The inputs that are on record.
pub type Values = BTreeMap<Input, Option<i64>>;

/// Every input that the formulas take in, of a year that the roll still shows, or shows no more.
pub fn inputs(is_on_roll: bool) -> Vec<Input> {
    let mut all: Vec<Input> = FORMULAS
        .iter()
        .flat_map(|formula| formula.numerator.iter().chain(formula.denominator))
        .flat_map(|(_, input)| parts(*input, is_on_roll))
        .map(|(_, input)| input)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// An input as it is read. As long as the roll is the year's: who attended at its start is today's roll with its changes taken
/// back. Graduates leave the roll in July and the next first grade comes on it, in neither case by a change of the year: from the
/// promotion on, what was recorded of the year is read instead, as of every year before.
pub fn parts(input: Input, is_on_roll: bool) -> Vec<(i64, Input)> {
    let stage = match (input, is_on_roll) {
        (Input::AtStart(stage), true) => stage,
        (Input::AtStart(stage) | Input::Enrolled(stage), false) => {
            return vec![(1, Input::Yearbook(stage))];
        }
        (Input::LastGrade(stage), false) => return vec![(1, Input::LastGradeFrozen(stage))],
        _ => return vec![(1, input)],
    };
    let changed = |sign| move |kind| (sign, Input::Changed(stage, kind as i32));
    let went = WENT.into_iter().map(changed(1));
    let came = CAME.into_iter().map(changed(-1));
    // Who had gone already goes once, and who comes without attending has not come.
    let part = |sign: i64, part: i32| (sign, Input::Changed(stage, part));
    std::iter::once((1, Input::Enrolled(stage)))
        .chain(went)
        .chain(came)
        .chain([part(-1, LEFT_BEFORE), part(1, STILL_AWAY)])
        .collect()
}

/// Every rate.
pub fn rates(
    asked: &Asked,
    values: &Values,
    origins: &Origins,
    path: &RegionPath,
) -> Result<Vec<DropoutRate>, KernelError> {
    let rate = |formula: &Formula| rate(formula, asked, values, origins, path);
    FORMULAS.iter().map(rate).collect()
}

fn rate(
    formula: &Formula,
    asked: &Asked,
    values: &Values,
    origins: &Origins,
    path: &RegionPath,
) -> Result<DropoutRate, KernelError> {
    let sum = |terms: &[(i64, Input)]| {
        let parts = terms.iter().flat_map(|(sign, input)| {
            let parts = parts(*input, asked.is_on_roll).into_iter();
            parts.map(move |(own, input)| (sign * own, input))
        });
        let value = |(sign, input)| Some(sign * values.get(&input).copied().flatten()?);
        parts.map(value).sum::<Option<i64>>()
    };
    let both = sum(formula.numerator).zip(sum(formula.denominator));
    let (mut numerator, denominator) = both.unwrap_or((0, 0));
    if formula.capped {
        numerator = numerator.min(denominator);
    }
    let known = both.is_some() && denominator > 0;
    let missing_count = match formula.full && known {
        true => (denominator - numerator).max(0),
        false => 0,
    };
    let mut shown: Vec<Input> = Vec::new();
    for (_, input) in formula.numerator.iter().chain(formula.denominator) {
        for (_, part) in parts(*input, asked.is_on_roll) {
            if !shown.contains(&part) {
                shown.push(part);
            }
        }
    }
    let book = RuleBook::builtin()?;
    // Of a year before a line there was none to keep.
    let lines = formula.lines.iter().filter_map(|line| {
        let rule = book.find(line.rule, path, asked.as_of)?;
        Some(judge(line, rule, known.then_some((numerator, denominator))))
    });
    let told = |text: Option<String>| text.filter(|_| known).unwrap_or_default();
    Ok(DropoutRate {
        formula_id: formula.id.to_owned(),
        label: formula.label.to_owned(),
        formula: formula.text(),
        inputs: shown
            .into_iter()
            .map(|input| {
                let value = values.get(&input).copied().flatten();
                input.tell(asked, value, origins.get(&input))
            })
            .collect(),
        numerator,
        denominator,
        missing_count,
        exact_value: told(exact(numerator, denominator)),
        value: told(rounded(numerator, denominator, 100, PLACES)),
        unit: "%".to_owned(),
        lines: lines.collect(),
        source: formula.source.to_owned(),
    })
}

fn judge(line: &Line, rule: &Rule, rate: Option<(i64, i64)>) -> ControlLine {
    let scale = match line.rule.ends_with("_permille") {
        true => 1_000,
        false => 100,
    };
    let crossed = |(numerator, denominator): (i64, i64)| {
        let (rate, limit) = (
            i128::from(numerator) * i128::from(scale),
            i128::from(rule.value) * i128::from(denominator),
        );
        match line.side {
            Side::AtMost => rate > limit,
            _ => rate < limit,
        }
    };
    let decimals = u32::from(scale == 1_000);
    ControlLine {
        rule: line.rule.to_owned(),
        value: rounded(rule.value, scale, 100, decimals).unwrap_or_default(),
        side: line.side.into(),
        crossed: rate.is_some_and(crossed),
        source: rule.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::formula::{JUNIOR, PRIMARY};
    use super::*;
    use junheng_kernel::region::RegionTable;
    use junheng_proto::registration::v1::student_change::Kind;

    fn told(values: &[(Input, i64)], is_on_roll: bool) -> BTreeMap<String, DropoutRate> {
        told_on("2018-12-01", values, is_on_roll)
    }

    fn told_on(
        day: &str,
        values: &[(Input, i64)],
        is_on_roll: bool,
    ) -> BTreeMap<String, DropoutRate> {
        let mut all: Values = inputs(is_on_roll)
            .into_iter()
            .map(|one| (one, None))
            .collect();
        all.extend(values.iter().map(|(input, value)| (*input, Some(*value))));
        let regions = RegionTable::builtin();
        let asked = Asked {
            parent: "regions/630103".into(),
            school_year: 2018,
            is_running: is_on_roll,
            is_on_roll,
            as_of: day.parse().unwrap(),
            population_day: day.parse().unwrap(),
        };
        let rates = rates(
            &asked,
            &all,
            &Origins::new(),
            &RegionPath::of(&regions, "630103"),
        )
        .unwrap();
        rates
            .into_iter()
            .map(|rate| (rate.formula_id.clone(), rate))
            .collect()
    }

    fn start(stage: i32, enrolled: i64) -> Vec<(Input, i64)> {
        let changes = WENT.iter().chain(&CAME).map(|kind| *kind as i32);
        changes
            .chain([LEFT_BEFORE, STILL_AWAY])
            .map(|kind| (Input::Changed(stage, kind), 0))
            .chain([(Input::Enrolled(stage), enrolled)])
            .collect()
    }

    #[test]
    fn the_figures_of_the_2018_self_assessment_report_of_chengzhong_district_come_out() {
        let values = [
            (Input::Aged(7, 7, 0), 647),
            (Input::Population(7, 7), 654),
            (Input::Arrived, 3_000),
            (Input::WentOn, 175),
            (Input::PrimaryGraduates, 3_007),
        ];
        let rates = told(&values, true);
        let seven = &rates["entry.age_seven"];
        assert_eq!((seven.value.as_str(), seven.missing_count), ("98.93", 7));
        assert_eq!(seven.exact_value, "647/654");
        let onward = &rates["entry.junior"];
        assert_eq!((onward.value.as_str(), onward.missing_count), ("99.78", 7));
        assert_eq!((onward.numerator, onward.denominator), (3_175, 3_182));
    }

    #[test]
    fn the_line_is_kept_by_the_exact_value_and_not_by_the_rounded_one() {
        let mut values = start(PRIMARY, 10_000);
        values.push((Input::DroppedOut(PRIMARY), 60));
        let line = |values: &[(Input, i64)]| told(values, true)["dropout.primary"].lines[0].clone();
        assert_eq!(
            (line(&values).crossed, line(&values).value.as_str()),
            (false, "0.6")
        );
        values = start(PRIMARY, 9_999);
        values.push((Input::DroppedOut(PRIMARY), 60));
        assert!(
            line(&values).crossed,
            "60 of 9,999 is 0.60 rounded and more than 0.6"
        );
        assert_eq!(told(&values, true)["dropout.primary"].value, "0.60");
    }

    #[test]
    fn junior_dropout_has_the_line_of_the_province_and_that_of_rural_schools() {
        let mut values = start(JUNIOR, 1_000);
        values.push((Input::DroppedOut(JUNIOR), 20));
        let rate = &told(&values, true)["dropout.junior"];
        let lines: Vec<_> = rate
            .lines
            .iter()
            .map(|one| (one.value.as_str(), one.crossed))
            .collect();
        assert_eq!(lines, [("1.8", true), ("3.0", false)]);
    }

    #[test]
    fn who_came_and_went_since_the_year_began_is_taken_back() {
        let mut values = start(PRIMARY, 95);
        for (kind, count) in [
            (Kind::TransferredOut, 8),
            (Kind::TransferredIn, 4),
            (Kind::DroppedOut, 1),
        ] {
            values.retain(|(input, _)| *input != Input::Changed(PRIMARY, kind as i32));
            values.push((Input::Changed(PRIMARY, kind as i32), count));
        }
        values.push((Input::DroppedOut(PRIMARY), 1));
        assert_eq!(told(&values, true)["dropout.primary"].denominator, 100);
        let past = [
            (Input::Yearbook(PRIMARY), 250),
            (Input::DroppedOut(PRIMARY), 1),
        ];
        assert_eq!(told(&past, false)["dropout.primary"].value, "0.40");
    }

    #[test]
    fn from_the_promotion_on_the_year_is_read_from_what_was_recorded_of_it() {
        // 550 pupils at the start; the 92 graduates of July are in no change of the year that is taken back.
        let values = [
            (Input::Yearbook(PRIMARY), 550),
            (Input::DroppedOut(PRIMARY), 3),
            (Input::Enrolled(PRIMARY), 458),
            (Input::Population(6, 11), 560),
            (Input::LastGrade(JUNIOR), 0),
            (Input::LastGradeFrozen(JUNIOR), 190),
            (Input::NineYearEntrants, 200),
        ];
        let rates = told(&values, false);
        let dropout = &rates["dropout.primary"];
        assert_eq!((dropout.value.as_str(), dropout.denominator), ("0.55", 550));
        assert!(!dropout.lines[0].crossed);
        assert_eq!(rates["entry.gross_primary"].numerator, 550);
        assert_eq!(rates["retention.nine_years"].value, "95.00");
    }

    #[test]
    fn retention_of_three_years_follows_the_quality_items() {
        let values = [
            (Input::Graduated(JUNIOR), 96),
            (Input::OfCohort(JUNIOR, Kind::TransferredIn as i32), 5),
            (Input::OfCohort(JUNIOR, Kind::TransferredOut as i32), 4),
            (Input::Entrants(JUNIOR), 101),
            (Input::OfCohort(JUNIOR, Kind::Deceased as i32), 1),
        ];
        let rate = &told(&values, false)["retention.junior"];
        assert_eq!((rate.numerator, rate.denominator), (95, 100));
        assert_eq!(
            (rate.value.as_str(), rate.lines[0].crossed),
            ("95.00", false)
        );
    }

    #[test]
    fn a_rate_of_a_year_before_its_line_has_none() {
        let values = [
            (Input::Yearbook(JUNIOR), 1_000),
            (Input::DroppedOut(JUNIOR), 40),
        ];
        let lines = |day: &str| told_on(day, &values, false)["dropout.junior"].lines.clone();
        assert_eq!(lines("2000-12-01"), []);
        let rural = lines("2010-12-01");
        assert_eq!((rural.len(), rural[0].crossed), (1, true));
        assert_eq!(lines("2018-12-01").len(), 2);
    }

    #[test]
    fn six_years_of_retention_are_at_most_all() {
        let values = [
            (Input::Graduated(PRIMARY), 103),
            (Input::Entrants(PRIMARY), 100),
            (Input::OfCohort(PRIMARY, Kind::TransferredIn as i32), 0),
            (Input::OfCohort(PRIMARY, Kind::TransferredOut as i32), 0),
        ];
        assert_eq!(told(&values, false)["retention.primary"].value, "100.00");
    }

    #[test]
    fn what_is_not_on_record_gives_no_value_and_crosses_no_line() {
        let rates = told(&[(Input::Graduated(JUNIOR), 96)], false);
        let rate = &rates["retention.junior"];
        assert!(rate.value.is_empty() && rate.exact_value.is_empty());
        assert!(!rate.lines[0].crossed);
        assert!(rate.inputs.iter().any(|input| input.absent));
        assert_eq!(rates["entry.age_seven"].missing_count, 0);
    }
}
