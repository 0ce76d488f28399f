//! When service of a notice counts, and by when it must be done: by dated rules.

use chrono::{Days, NaiveDate};
use junheng_kernel::error::KernelError;
use junheng_proto::registration::v1::dropout_notice::{Kind, ServiceMethod};

use crate::dropout_case::opening::Scene;
use crate::entity::dropout_notice::Model;
use crate::rule_book::RegionPath;

/// Calendar days after which a publication counts as service.
const PUBLIC: &str = "dropout.public_notice_days";
/// Calendar days in which a penalty is decided; 0 where no rule sets them.
const DECIDE: &str = "dropout.decide_days";

/// The day from which service counts: that of service itself, and of a publication when its days have passed (民事诉讼法 95, R+,
/// to which 行政处罚法 61 refers).
pub(crate) fn counts_from(
    scene: &Scene<'_>,
    region: &str,
    method: i32,
    served: NaiveDate,
) -> Result<NaiveDate, KernelError> {
    if method != ServiceMethod::Public as i32 {
        return Ok(served);
    }
    let path = RegionPath::of(scene.regions, region);
    let days = scene.rules.count(PUBLIC, &path, served)?;
    Ok(served
        .checked_add_days(Days::new(days.into()))
        .unwrap_or(served))
}

/// The last day on which what was drawn on a day may be served, where a rule of working days says so.
pub(super) fn last_day(
    scene: &Scene<'_>,
    region: &str,
    rule: &str,
    drawn: NaiveDate,
) -> Result<NaiveDate, KernelError> {
    let path = RegionPath::of(scene.regions, region);
    let days = scene.rules.count(rule, &path, drawn)?;
    Ok(scene.calendar.add_working_days(drawn, days).date)
}

/// The last day on which a penalty may be decided that was first told of on a day (行政处罚法 60); None where no rule sets one. What is
/// on record of the filing of a penalty is its prior notice, so that the days run from that at the latest.
pub(crate) fn decided_by(
    scene: &Scene<'_>,
    region: &str,
    told: NaiveDate,
) -> Result<Option<NaiveDate>, KernelError> {
    let path = RegionPath::of(scene.regions, region);
    let days = scene.rules.count(DECIDE, &path, told)?;
    Ok((days > 0)
        .then(|| told.checked_add_days(Days::new(days.into())))
        .flatten())
}

/// The notice of a kind on which a round of a case rests: the newest of those that were served, and where none was, the newest that
/// is drawn. A second one, drawn by mistake, takes nothing from the first before it reaches somebody. `holding` are the notices
/// that were not revoked, oldest first.
pub(crate) fn resting(holding: &[Model], kind: Kind, relapses: i32) -> Option<&Model> {
    let newest = |served: bool| {
        holding.iter().rev().find(|row| {
            row.kind == kind as i32
                && row.relapses == relapses
                && row.served_date.is_some() == served
        })
    };
    newest(true).or_else(|| newest(false))
}

/// Whether the days of a notice have passed. Err says the last of them; None where it was not served.
pub(super) fn passed(comply: Option<NaiveDate>, today: NaiveDate) -> Result<(), Option<NaiveDate>> {
    match comply {
        Some(last) if last < today => Ok(()),
        last => Err(last),
    }
}

#[cfg(test)]
mod tests {
    use junheng_kernel::calendar::Calendar;
    use junheng_kernel::clock::Clock;
    use junheng_kernel::privacy::Keyring;
    use junheng_kernel::region::RegionTable;

    use super::*;
    use crate::rule_book::RuleBook;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_publication_counts_as_service_when_its_days_have_passed_and_a_handover_at_once() {
        let (regions, calendar) = (RegionTable::builtin(), Calendar::builtin());
        let keys = Keyring::generate().unwrap();
        let clock = Clock::default();
        let scene = Scene {
            regions: &regions,
            calendar: &calendar,
            rules: RuleBook::builtin().unwrap(),
            keys: &keys,
            clock: &clock,
            now_micros: 0,
            today: day("2026-11-22"),
        };
        let from = |method: ServiceMethod, served: &str| {
            let day = counts_from(&scene, "630103", method.into(), day(served));
            day.unwrap().to_string()
        };
        assert_eq!(from(ServiceMethod::InPerson, "2026-03-02"), "2026-03-02");
        assert_eq!(from(ServiceMethod::Public, "2026-03-02"), "2026-04-01");
        assert_eq!(
            from(ServiceMethod::Public, "2021-03-02"),
            "2021-05-01",
            "sixty days until 2021"
        );
        let last = last_day(
            &scene,
            "630103",
            "dropout.service_working_days",
            day("2026-09-25"),
        );
        assert_eq!(
            last.unwrap(),
            day("2026-10-12"),
            "seven working days, the holiday between"
        );
        let decided = |told: &str| decided_by(&scene, "630103", day(told)).unwrap();
        assert_eq!(decided("2026-03-02"), Some(day("2026-05-31")));
        assert_eq!(decided("2018-10-15"), None, "the law of 1996 set no days");
    }

    #[test]
    fn days_have_passed_when_the_last_of_them_has() {
        let today = day("2026-04-17");
        assert_eq!(passed(Some(day("2026-04-16")), today), Ok(()));
        assert_eq!(passed(Some(today), today), Err(Some(today)));
        assert_eq!(passed(None, today), Err(None));
    }
}
