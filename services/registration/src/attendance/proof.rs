//! What attendance proves of one pupil, for those who decide about cases of dropping out.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::called::{Kind, is_present, is_without_leave, kind_of};
use super::{store, terms};

/// How a pupil has attended since a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The first day on which the pupil was there.
    pub first: Option<NaiveDate>,
    /// School days on which the pupil was there.
    pub days: u32,
    /// School days on which the pupil was away without leave, those before the first day included.
    pub unexcused: u32,
}

/// On how many days of a term a pupil was away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Away {
    /// School days, with leave or without.
    pub days: u32,
    /// Those without leave, as far as anybody knows.
    pub unexcused: u32,
}

/// On how many days of the term that runs where they are some pupils, each with a place, were away by a day. Who never was
/// is left out; so is everybody between terms.
pub async fn away_in_term(
    database: &impl ConnectionTrait,
    pupils: &[(Uuid, i64)],
    today: NaiveDate,
) -> Result<HashMap<Uuid, Away>, KernelError> {
    let begins = pupils.iter().filter_map(|(student, place)| {
        let term = terms::term_at(*place, today)?;
        Some((*student, term.begin))
    });
    let begins: HashMap<Uuid, NaiveDate> = begins.collect();
    let mut away: HashMap<Uuid, Away> = HashMap::new();
    let Some(first) = begins.values().min() else {
        return Ok(away);
    };
    let students: Vec<Uuid> = begins.keys().copied().collect();
    for row in store::absences_of(database, &students, *first).await? {
        let (date, kind) = (row.date.parse::<NaiveDate>(), kind_of(row.kind));
        let begin = begins.get(&row.student).copied().unwrap_or(today);
        if is_present(kind) || !date.is_ok_and(|date| (begin..=today).contains(&date)) {
            continue;
        }
        let of_pupil = away.entry(row.student).or_default();
        of_pupil.days += 1;
        of_pupil.unexcused += u32::from(is_without_leave(kind));
    }
    Ok(away)
}

/// How a pupil was called, day by day; days on which it was not called are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls(BTreeMap<NaiveDate, Kind>);

/// How a pupil was called from a day on, in whatever classes it has been, of whatever schools; nothing for who has no record.
pub async fn calls_since(
    database: &impl ConnectionTrait,
    student: Uuid,
    since: NaiveDate,
) -> Result<Calls, KernelError> {
    let classes = store::classes_of(database, &[student]).await?;
    let places = classes.into_values().flatten().map(|class| (class, since));
    let mut called = store::called_days(database, places, &HashSet::from([student])).await?;
    Ok(Calls(called.remove(&student).unwrap_or_default()))
}

// === impl Calls ===

impl Calls {
    /// How the pupil has attended since one of the days that were read.
    pub fn presence(&self, since: NaiveDate) -> Presence {
        let first = self
            .0
            .range(since..)
            .find(|(_, kind)| is_present(**kind))
            .map(|(date, _)| *date);
        let count = |which: fn(Kind) -> bool| {
            let found = self.0.range(since..).filter(|(_, kind)| which(**kind));
            u32::try_from(found.count()).unwrap_or(u32::MAX)
        };
        Presence {
            first,
            days: count(is_present),
            unexcused: count(is_without_leave),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_counts_from_the_day_asked_for_with_the_absences_before_the_first_day_there() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let days = Calls(BTreeMap::from([
            (day("2026-09-01"), Kind::Present),
            (day("2026-09-02"), Kind::Unexcused),
            (day("2026-09-03"), Kind::Late),
            (day("2026-09-04"), Kind::Unknown),
            (day("2026-09-07"), Kind::Sick),
            (day("2026-09-08"), Kind::Present),
        ]));
        let presence = days.presence(day("2026-09-02"));
        assert_eq!(presence.first, Some(day("2026-09-03")));
        assert_eq!((presence.days, presence.unexcused), (2, 2));
        assert_eq!(days.presence(day("2026-09-09")), Presence::default());
    }
}
