//! What provinces decide about changes of status, with the days on which it holds. Conditions of repeating and skipping are
//! the provinces' (RULES C4 of the 2013 rules: R+); where nothing is on record, neither is allowed.

use chrono::NaiveDate;

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Whether a student may repeat a grade (留级): 0 or 1.
    RepeatingAllowed,
    /// Whether a student may skip a grade (跳级): 0 or 1.
    SkippingAllowed,
    /// Months of rest that a medical proof must ask for.
    RestMonths,
    /// Months that one leave may last.
    LeaveMonths,
    /// Months that leave may last in a row.
    LeaveMonthsInARow,
    /// Working days before the end by which more leave must be asked for.
    ExtensionWorkingDays,
    /// Working days within which the record of a student who died is closed.
    DeathWorkingDays,
}

/// One value: for a region and all below it, from a day until the day before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The rule.
    pub rule: Rule,
    /// The region's code; `000000` for the whole country.
    pub region: &'static str,
    /// The first day, `YYYY-MM-DD`.
    pub from: &'static str,
    /// The first day on which it holds no more; empty while it does.
    pub to: &'static str,
    /// The value.
    pub value: u32,
    /// Where it stands, with how far that is known.
    pub source: &'static str,
}

/// The values on record. A narrower region goes before a wider one.
#[rustfmt::skip]
pub const ALLOWANCES: &[Allowance] = {
    use Rule::*;
    &[
        allowance(RepeatingAllowed,     "000000", "2013-09-01", "", 0,  "status.repeating-allowed 教基一〔2013〕7号:留级条件由省级规定,未规定的不办理"),
        allowance(SkippingAllowed,      "000000", "2013-09-01", "", 0,  "status.skipping-allowed 教基一〔2013〕7号:跳级条件由省级规定,未规定的不办理"),
        allowance(RestMonths,           "000000", "2013-09-01", "", 3,  "status.rest-months 县级以上医院证明,须休养三个月以上(地方规定)"),
        allowance(LeaveMonths,          "000000", "2013-09-01", "", 12, "status.leave-months 休学期限一年(地方规定)"),
        allowance(LeaveMonthsInARow,    "000000", "2013-09-01", "", 24, "status.leave-months-in-a-row 连续休学最长两年(地方规定)"),
        allowance(ExtensionWorkingDays, "000000", "2013-09-01", "", 15, "status.extension-working-days 期满15个工作日前申请延期(地方规定)"),
        allowance(DeathWorkingDays,     "000000", "2013-09-01", "", 10, "status.death-working-days 死亡后10个工作日内注销(中小学生学籍管理办法,R)"),
    ]
};

const fn allowance(
    rule: Rule,
    region: &'static str,
    from: &'static str,
    to: &'static str,
    value: u32,
    source: &'static str,
) -> Allowance {
    Allowance {
        rule,
        region,
        from,
        to,
        value,
        source,
    }
}

/// The value that holds on a day in a place, whose `path` names its codes from the narrowest outwards. `None` when nothing is on
/// record.
pub fn find<'a>(
    allowances: &'a [Allowance],
    rule: Rule,
    path: &[String],
    day: NaiveDate,
) -> Option<&'a Allowance> {
    let day = day.to_string();
    let holds = |one: &&Allowance| {
        let day = day.as_str();
        one.rule == rule && one.from <= day && (one.to.is_empty() || day < one.to)
    };
    let of_region = |region: &str| {
        allowances
            .iter()
            .filter(holds)
            .find(|one| one.region == region)
    };
    let everywhere = "000000".to_owned();
    path.iter()
        .chain([&everywhere])
        .find_map(|region| of_region(region))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_province_goes_before_the_country_while_its_rule_holds() {
        let table = [
            allowance(
                Rule::RepeatingAllowed,
                "000000",
                "2013-09-01",
                "",
                0,
                "country",
            ),
            allowance(
                Rule::RepeatingAllowed,
                "630000",
                "2020-09-01",
                "2022-09-01",
                1,
                "province",
            ),
        ];
        let path: Vec<String> = ["630103", "630100", "630000"].map(str::to_owned).to_vec();
        let at = |date: &str| find(&table, Rule::RepeatingAllowed, &path, day(date)).unwrap();
        assert_eq!(at("2020-08-31").value, 0);
        assert_eq!(at("2020-09-01").value, 1);
        assert_eq!(at("2022-08-31").value, 1);
        assert_eq!(at("2022-09-01").source, "country");
        let other = vec!["420106".to_owned()];
        let elsewhere = find(&table, Rule::RepeatingAllowed, &other, day("2021-01-01"));
        assert_eq!(elsewhere.unwrap().value, 0);
        assert!(find(&table, Rule::RepeatingAllowed, &path, day("2010-01-01")).is_none());
    }
}
