//! The tables of a report's steps, one for each of the four. The days of review are a dated rule.

use junheng_kernel::post::{
    CITY_APPROVER as MA, CITY_CLERK as MC, COUNTY_APPROVER as CA, COUNTY_CLERK as CC, Level,
    PROVINCE_APPROVER as PA, PROVINCE_CLERK as PC, Role, SCHOOL_APPROVER as SA, SCHOOL_CLERK as SC,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::dropout_report::{Kind, State};

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The period is near its end.
    PeriodNearEnd,
    /// The records count as the draft does.
    AsCounted,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::PeriodNearEnd, Guard::AsCounted];

/// The step that drafts it.
pub const DRAFT: &str = "DraftDropoutReport";
/// The step that counts anew.
pub const RECOUNT: &str = "RecountDropoutReport";
/// The step that signs.
pub const SIGN: &str = "SignDropoutReport";
/// The step that submits.
pub const SUBMIT: &str = "SubmitDropoutReport";
/// The step that gives items back.
pub const RETURN: &str = "ReturnDropoutReport";
/// The step that accepts.
pub const ACCEPT: &str = "AcceptDropoutReport";

/// The rule of the working days in which the level above decides, or the level below counts anew.
const DAYS: &str = "dropout.accept_working_days";

/// The school's, each month.
#[rustfmt::skip]
pub static MONTHLY: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "dropoutMonthlyReport", begin: (DRAFT, "编制草稿"), start: Draft, rules, rows: &[
        //  step     label       from               to            by         due   guards                       not by the taker of
        row(SIGN,    "校长签署", &[Draft],          Signed,       &[SA],     "",    &[PeriodNearEnd, AsCounted], &[DRAFT, RECOUNT]),
        row(SUBMIT,  "上报县级", &[Signed],         CountyReview, &[SC],     DAYS, &[],                         &[]),
        row(ACCEPT,  "县级接收", &[CountyReview],   Accepted,     &[CA],     "",    &[],                         &[]),
        row(RETURN,  "退回项目", &[CountyReview],   Returned,     &[CC, CA], DAYS, &[],                         &[]),
        row(RECOUNT, "重新统计", &[Returned, Draft], Draft,       &[SC],     "",    &[],                         &[]),
    ]}
};

/// The county's, each quarter. Without a city the province reviews it.
#[rustfmt::skip]
pub static QUARTERLY: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "dropoutQuarterlyReport", begin: (DRAFT, "编制草稿"), start: Draft, rules, rows: &[
        row(SIGN,    "县级签署", &[Draft],          Signed,       &[CA],     "",    &[PeriodNearEnd, AsCounted], &[DRAFT, RECOUNT]),
        row(SUBMIT, "上报上级", &[Signed],     CityReview,   &[CC],     DAYS, &[],                         &[]).without(Level::City, ProvinceReview),
        row(ACCEPT,  "市级接收", &[CityReview],     Accepted,     &[MA],     "",    &[],                         &[]),
        row(ACCEPT,  "省级接收", &[ProvinceReview], Accepted,     &[PA],     "",    &[],                         &[]),
        row(RETURN,  "退回项目", &[CityReview],     Returned,     &[MC, MA], DAYS, &[],                         &[]),
        row(RETURN,  "退回项目", &[ProvinceReview], Returned,     &[PC, PA], DAYS, &[],                         &[]),
        row(RECOUNT, "重新统计", &[Returned, Draft], Draft,       &[CC],     "",    &[],                         &[]),
    ]}
};

/// The city's, each term.
#[rustfmt::skip]
pub static TERM: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "dropoutTermReport", begin: (DRAFT, "编制草稿"), start: Draft, rules, rows: &[
        row(SIGN,    "市级签署", &[Draft],          Signed,         &[MA],     "",    &[PeriodNearEnd, AsCounted], &[DRAFT, RECOUNT]),
        row(SUBMIT,  "上报省级", &[Signed],         ProvinceReview, &[MC],     DAYS, &[],                         &[]),
        row(ACCEPT,  "省级接收", &[ProvinceReview], Accepted,       &[PA],     "",    &[],                         &[]),
        row(RETURN,  "退回项目", &[ProvinceReview], Returned,       &[PC, PA], DAYS, &[],                         &[]),
        row(RECOUNT, "重新统计", &[Returned, Draft], Draft,         &[MC],     "",    &[],                         &[]),
    ]}
};

/// The province's, each school year.
#[rustfmt::skip]
pub static YEARLY: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "dropoutYearlyReport", begin: (DRAFT, "编制草稿"), start: Draft, rules, rows: &[
        row(SIGN,    "省级签署",   &[Draft],  Signed, &[PA], "", &[PeriodNearEnd, AsCounted], &[DRAFT, RECOUNT]),
        row(SUBMIT,  "报送教育部", &[Signed], Filed,  &[PC], "", &[],                         &[]),
        row(RECOUNT, "重新统计",   &[Draft],  Draft,  &[PC], "", &[],                         &[]),
    ]}
};

/// The table of each kind.
pub static TABLES: [(Kind, &Workflow<State, Guard>); 4] = [
    (Kind::Monthly, &MONTHLY),
    (Kind::Quarterly, &QUARTERLY),
    (Kind::Term, &TERM),
    (Kind::Yearly, &YEARLY),
];

/// The table of a kind; of a number that is none, the monthly one.
pub fn table_of(kind: i32) -> &'static Workflow<State, Guard> {
    let found = TABLES.iter().find(|(known, _)| *known as i32 == kind);
    found.map_or(&MONTHLY, |(_, table)| table)
}

/// The level that makes a kind.
pub fn level_of(kind: Kind) -> Level {
    match kind {
        Kind::Unspecified | Kind::Monthly => Level::School,
        Kind::Quarterly => Level::County,
        Kind::Term => Level::City,
        Kind::Yearly => Level::Province,
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one for each column of the table"
)]
const fn row(
    step: &'static str,
    label: &'static str,
    from: &'static [State],
    to: State,
    by: &'static [Role],
    due: &'static str,
    guards: &'static [Guard],
    not_by_taker_of: &'static [&'static str],
) -> Row<State, Guard> {
    Row::step(step, label, from, to, by)
        .due(due)
        .guards(guards)
        .not_by(not_by_taker_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_makes_its_own_report_and_the_one_above_decides() {
        for (kind, table) in &TABLES {
            let own = level_of(*kind);
            for row in table.rows {
                let decides = [ACCEPT, RETURN].contains(&row.step);
                for role in row.by {
                    assert_eq!(role.level == own, !decides, "{} {}", table.name, row.step);
                    assert!(!decides || role.level as i32 > own as i32);
                }
            }
        }
    }

    #[test]
    fn a_county_without_a_city_reports_to_the_province() {
        let submit = |has_city: bool| {
            let moved = QUARTERLY.next("dropoutReports/1", State::Signed, SUBMIT, CC, |level| {
                level != Level::City || has_city
            });
            moved.unwrap().1
        };
        assert_eq!(submit(true).to, State::CityReview);
        assert_eq!(submit(false).to, State::ProvinceReview);
        assert_eq!(submit(false).skipped, Some(State::CityReview));
    }
}
