//! Who decides a case, and how the guards of its steps judge. Pure.

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::region::RegionTable;
use junheng_kernel::workflow::{Unmet, check_reason};
use junheng_proto::registration::v1::SettleDuplicateRequest;
use junheng_proto::registration::v1::duplicate_case::Outcome;

use super::workflow::{
    AGREE, CLAIMANT, COUNTY, DECIDE, Guard, PROPOSE, SETTLE, STANDING, SUPERIOR, State,
};

/// Who decides, by the counties of the record and of the claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seat {
    /// One county has all schools.
    County(String),
    /// Two counties decide together.
    Two {
        /// That of the claims.
        claimant: String,
        /// That of the record.
        standing: String,
    },
    /// More than two counties: the level above.
    Above,
}

/// Everything that guards look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Today in China.
    pub today: NaiveDate,
    /// The last day of the counties.
    pub due: Option<NaiveDate>,
    /// Who decides.
    pub seat: Seat,
    /// Pieces of evidence beside the step.
    pub evidence: usize,
    /// Whether the side that the decision favours has proved its case.
    pub proved: bool,
}

/// Who decides.
pub fn seat<'a>(standing: &str, claims: impl Iterator<Item = &'a str>) -> Seat {
    let mut others: Vec<&str> = claims.filter(|region| *region != standing).collect();
    others.sort_unstable();
    others.dedup();
    match others.as_slice() {
        [] => Seat::County(standing.to_owned()),
        [one] => Seat::Two {
            claimant: (*one).to_owned(),
            standing: standing.to_owned(),
        },
        _ => Seat::Above,
    }
}

/// The region above all counties: their city if they lie in one, otherwise the province.
pub fn superior<'a>(
    regions: &RegionTable,
    standing: &str,
    mut claims: impl Iterator<Item = &'a str>,
) -> String {
    let city = |region: &str| regions.city_of(region).map(|city| city.code.clone());
    let own = city(standing);
    let common = own.filter(|own| claims.all(|region| city(region).as_ref() == Some(own)));
    common.unwrap_or_else(|| {
        regions
            .province_of(standing)
            .map_or_else(String::new, |province| province.code.clone())
    })
}

/// Whose step it is, and which: the step and the party.
pub fn awaited(
    state: State,
    seat: &Seat,
    is_overdue: bool,
) -> Option<(&'static str, &'static str)> {
    match (state, seat) {
        (State::Unspecified | State::Settled, _) => None,
        (State::Escalated, _) | (_, Seat::Above) => Some((DECIDE, SUPERIOR)),
        _ if is_overdue => Some((DECIDE, SUPERIOR)),
        (State::Opened, Seat::County(_)) => Some((SETTLE, COUNTY)),
        (State::Opened, Seat::Two { .. }) => Some((PROPOSE, CLAIMANT)),
        (State::Proposed, _) => Some((AGREE, STANDING)),
    }
}

/// Judges one guard.
pub fn judge(guard: Guard, facts: &Facts) -> Result<(), Unmet> {
    let missing = |en: &str, zh: &str| Err(Unmet::Missing(en.to_owned(), zh.to_owned()));
    match guard {
        Guard::EvidenceGiven if facts.evidence == 0 => {
            missing("at least one piece of evidence", "请至少提交一件证明材料")
        }
        Guard::SideProved if !facts.proved => missing(
            "the school that this decides for has stated no evidence",
            "拟支持的一方学校尚未提交证明材料",
        ),
        Guard::EvidenceGiven | Guard::SideProved => Ok(()),
        Guard::ClimbedUp => match (&facts.seat, facts.due) {
            (Seat::Above, _) => Ok(()),
            (_, Some(due)) if facts.today <= due => Err(Unmet::NotBefore(due)),
            _ => Ok(()),
        },
    }
}

/// Everything that is wrong with a decision.
pub fn check(request: &SettleDuplicateRequest) -> Vec<Violation> {
    let full_name = "junheng.registration.v1.DuplicateCase.Outcome";
    let mut wrong = check_reason("note", &request.note);
    wrong.extend(label::check("outcome", full_name, request.outcome));
    let names_one = !request.claim.is_empty();
    let keeps = request.outcome == Outcome::StandingKeeps as i32;
    if keeps && names_one {
        wrong.push(Violation::invalid(
            "claim",
            "must be empty when the record stays",
            "保留原学籍时不得指定申报",
        ));
    }
    if !keeps && !names_one {
        wrong.push(Violation::required("claim"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn two() -> Seat {
        seat("420102", ["420103", "420103", "420102"].into_iter())
    }

    #[test]
    fn the_counties_concerned_say_who_decides() {
        assert_eq!(
            seat("420102", ["420102"].into_iter()),
            Seat::County("420102".into())
        );
        assert_eq!(
            two(),
            Seat::Two {
                claimant: "420103".into(),
                standing: "420102".into()
            }
        );
        assert_eq!(
            seat("420102", ["420103", "420104"].into_iter()),
            Seat::Above
        );
    }

    #[test]
    fn the_common_city_decides_above_two_counties_and_the_province_above_two_cities() {
        let regions = RegionTable::builtin();
        let above = |standing, claims: &[&'static str]| {
            superior(&regions, standing, claims.iter().copied())
        };
        assert_eq!(above("420102", &["420103"]), "420100");
        assert_eq!(above("420102", &["420103", "420202"]), "420000");
        assert_eq!(above("429004", &["429004"]), "420000", "仙桃 has no city");
        assert_eq!(above("420102", &["429004"]), "420000");
    }

    #[test]
    fn the_superior_waits_for_the_counties_until_their_day_has_passed() {
        let mut facts = Facts {
            today: day("2026-12-04"),
            due: Some(day("2026-12-04")),
            seat: two(),
            evidence: 0,
            proved: true,
        };
        let waits = Err(Unmet::NotBefore(day("2026-12-04")));
        assert_eq!(judge(Guard::ClimbedUp, &facts), waits);
        facts.today = day("2026-12-05");
        assert_eq!(judge(Guard::ClimbedUp, &facts), Ok(()));
        facts.today = day("2026-12-04");
        facts.seat = Seat::Above;
        assert_eq!(judge(Guard::ClimbedUp, &facts), Ok(()));
    }

    #[test]
    fn nothing_is_decided_without_evidence_of_the_side_that_it_favours() {
        let facts = Facts {
            today: day("2026-12-04"),
            due: None,
            seat: two(),
            evidence: 0,
            proved: false,
        };
        assert!(judge(Guard::SideProved, &facts).is_err());
        assert!(judge(Guard::EvidenceGiven, &facts).is_err());
    }

    #[test]
    fn whose_turn_it_is_follows_state_counties_and_days() {
        let county = Seat::County("420102".into());
        assert_eq!(
            awaited(State::Opened, &county, false),
            Some((SETTLE, COUNTY))
        );
        assert_eq!(
            awaited(State::Opened, &county, true),
            Some((DECIDE, SUPERIOR))
        );
        assert_eq!(
            awaited(State::Opened, &two(), false),
            Some((PROPOSE, CLAIMANT))
        );
        assert_eq!(
            awaited(State::Proposed, &two(), false),
            Some((AGREE, STANDING))
        );
        assert_eq!(
            awaited(State::Opened, &Seat::Above, false),
            Some((DECIDE, SUPERIOR))
        );
        assert_eq!(awaited(State::Settled, &two(), true), None);
    }

    #[test]
    fn a_decision_says_what_why_and_about_which_claim() {
        let mut request = SettleDuplicateRequest {
            outcome: Outcome::StandingKeeps as i32,
            note: "原校在读".into(),
            ..Default::default()
        };
        assert!(check(&request).is_empty());
        request.outcome = Outcome::ClaimantTakes as i32;
        assert_eq!(check(&request)[0].field, "claim");
        request.outcome = 0;
        request.note = String::new();
        assert!(check(&request).len() >= 2);
    }
}
