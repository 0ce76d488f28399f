//! The ways of finding, each a page at a time.

use chrono::{Days, NaiveDate};
use junheng_kernel::error::KernelError;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::student::State as StudentState;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::rules;
use super::store::{self, Key, Ranges};
use crate::attendance::threshold;
use crate::comparison;
use crate::dropout_case::opening::{Finding, Subject, Suspicion};
use crate::entity::{admission_entry, finding_round, student};
use crate::rule_book::{RegionPath, RuleBook};
use crate::student::document;

/// Records of a page.
const PAGE: u64 = 500;
/// How far back absences are looked at.
const WINDOW: Days = Days::new(365);

/// A way of finding. The order is the order in which a round goes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Absences that reach a threshold.
    Attendance,
    /// Primary graduates without a junior record.
    Graduates,
    /// Admitted children who did not arrive.
    Admissions,
    /// Transfers past their day.
    Transfers,
    /// Leaves past their end.
    Leaves,
    /// Returns that have become stable.
    Settling,
}

/// Every way.
pub(super) const WAYS: [Way; 6] = [
    Way::Attendance,
    Way::Graduates,
    Way::Admissions,
    Way::Transfers,
    Way::Leaves,
    Way::Settling,
];

/// What a page holds that calls for a case.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Pupils, with their places, whose absences are to be added up in the write.
    pub(super) away: Vec<(Uuid, i64)>,
    /// Suspicions.
    pub(super) suspicions: Vec<Suspicion>,
    /// Cases to be settled.
    pub(super) settling: Vec<crate::entity::dropout_case::Model>,
    /// Children found, those among them whose case is open already.
    pub(super) found: i64,
    /// The last record of the page; `None` when the way is done.
    pub(super) after: Option<String>,
}

/// The county that a round goes through.
pub(super) struct County<'a> {
    context: &'a Context,
    ranges: Vec<std::ops::RangeInclusive<i64>>,
    path: RegionPath,
    place: i64,
    today: NaiveDate,
}

/// A child that a way has come by.
struct Candidate {
    subject: Subject,
    source: String,
    /// The day from which the source has called for a case; None for what is as it is for good. A process that was prolonged or
    /// went a step on runs out again.
    since: Option<NaiveDate>,
    last_day: Option<NaiveDate>,
}

// === impl Way ===

impl Way {
    /// The way of a round's number; `None` when all are done.
    pub(super) fn of(number: i32) -> Option<Self> {
        WAYS.get(usize::try_from(number).ok()?).copied()
    }

    /// The round's count that the way adds to.
    pub(super) fn count(self, round: &mut finding_round::Model) -> Option<&mut i64> {
        Some(match self {
            Self::Attendance => &mut round.attendance_count,
            Self::Graduates | Self::Admissions => &mut round.cohort_count,
            Self::Transfers | Self::Leaves => &mut round.process_count,
            Self::Settling => return None,
        })
    }
}

// === impl Page ===

impl Page {
    /// Whether there is anything to write but how far the round has come.
    pub(super) fn calls_for_a_case(&self) -> bool {
        !self.away.is_empty() || !self.suspicions.is_empty()
    }
}

// === impl County ===

impl<'a> County<'a> {
    /// The county of a code, today.
    pub(super) fn of(context: &'a Context, code: &str) -> Result<Self, KernelError> {
        let unknown = |_| KernelError::RegionUnknown {
            code: code.to_owned(),
        };
        Ok(Self {
            context,
            ranges: context.regions.ranges(code).map_err(unknown)?,
            path: RegionPath::of(&context.regions, code),
            place: context.regions.place(code).map_err(unknown)?,
            today: context.clock.today(),
        })
    }

    fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// A number of days of the rule book.
    fn number(&self, rule: &str) -> Result<u32, KernelError> {
        let days = RuleBook::builtin()?.number(rule, &self.path, self.today)?;
        u32::try_from(days).map_err(|_| KernelError::Stored(format!("{rule} is no number of days")))
    }

    /// The next page of a way behind `after`.
    pub(super) async fn page(&self, way: Way, after: &str) -> Result<Page, KernelError> {
        let database = self.context.store.reader();
        match way {
            Way::Attendance => self.attendance(database, after).await,
            Way::Graduates => self.graduates(database, after).await,
            Way::Admissions => self.admissions(database, after).await,
            Way::Transfers => self.transfers(database, after).await,
            Way::Leaves => self.leaves(database, after).await,
            Way::Settling => self.settling(database, after).await,
        }
    }

    async fn attendance(
        &self,
        database: &impl ConnectionTrait,
        after: &str,
    ) -> Result<Page, KernelError> {
        let least = threshold::thresholds_at(self.context, self.place, self.today)?.least();
        let since = self.today.checked_sub_days(WINDOW).unwrap_or(self.today);
        let after = after.parse().ok();
        let pupils = store::often_away(database, self.ranges(), since, least, after, PAGE).await?;
        let last = pupils.last().map(|(student, _)| student.to_string());
        let count = pupils.len();
        let reached = threshold::reached(database, self.context, &pupils, self.today).await?;
        let ids: Vec<Uuid> = reached.iter().map(|(student, _)| *student).collect();
        let dealt_with = crate::attendance::store::dealt_with(database, &ids).await?;
        let away = pupils
            .into_iter()
            .filter(|(student, _)| ids.contains(student) && !dealt_with.contains(student));
        Ok(Page {
            away: away.collect(),
            found: i64::try_from(ids.len()).unwrap_or(i64::MAX),
            after: last.filter(|_| is_full(count)),
            ..Page::default()
        })
    }

    async fn graduates(
        &self,
        database: &impl ConnectionTrait,
        after: &str,
    ) -> Result<Page, KernelError> {
        let days = self.number("finding.arrival_days")?;
        let Some(year) = rules::cohort_due(self.today, days) else {
            return Ok(Page::default());
        };
        let after = key_of(after);
        let pupils = store::graduates(database, self.ranges(), year, after, PAGE).await?;
        let ids: Vec<Uuid> = pupils.iter().map(|pupil| pupil.id).collect();
        let places = store::junior_places(database, &ids, year).await?;
        let candidate = |pupil: student::Model| Candidate {
            subject: Subject::Student(pupil.id),
            source: match places.get(&pupil.id) {
                Some(place) => format!("juniorPlaces/{place}"),
                None => format!("students/{}", pupil.id),
            },
            since: None,
            last_day: None,
        };
        let rows = pupils.into_iter().map(|pupil| {
            let key = written((pupil.place, pupil.id));
            (key, Some(candidate(pupil)))
        });
        self.paged(database, Finding::Cohort, rows).await
    }

    async fn admissions(
        &self,
        database: &impl ConnectionTrait,
        after: &str,
    ) -> Result<Page, KernelError> {
        let days = self.number("finding.arrival_days")?;
        let Some(year) = rules::cohort_due(self.today, days) else {
            return Ok(Page::default());
        };
        let after = key_of(after);
        let entries = store::not_arrived(database, self.ranges(), year, after, PAGE).await?;
        let hashes = entries.iter().map(|entry| entry.identity_hash.clone());
        let known = store::students_with_hashes(database, hashes.collect()).await?;
        let index = document::index_of(&self.context.store.keys)?;
        let subject = |entry: &admission_entry::Model| {
            let record = known.get(&entry.identity_hash);
            match record.filter(|one| !is_void(one)) {
                Some(student) if is_away(student) => Some(Subject::Student(student.id)),
                // The record says where the child is.
                Some(_) => None,
                None => Some(Subject::Admitted {
                    entry: entry.id,
                    person: comparison::of_document(index, &entry.identity_hash),
                }),
            }
        };
        let rows = entries.iter().map(|entry| {
            let candidate = subject(entry).map(|subject| Candidate {
                subject,
                source: format!("admissionEntries/{}", entry.id),
                since: None,
                last_day: None,
            });
            (written((entry.place, entry.id)), candidate)
        });
        self.paged(database, Finding::Cohort, rows).await
    }

    async fn transfers(
        &self,
        database: &impl ConnectionTrait,
        after: &str,
    ) -> Result<Page, KernelError> {
        let grace = self.number("finding.transfer_grace_working_days")?;
        let by = rules::hangs_if_due_by(&self.context.calendar, self.today, grace);
        let after = after.parse().ok();
        let rows = store::hanging_transfers(database, self.ranges(), by, after, PAGE).await?;
        let rows = rows.into_iter().map(|(id, student, due)| {
            let candidate = student.map(|student| Candidate {
                subject: Subject::Student(student),
                source: format!("transfers/{id}"),
                since: due.parse().ok(),
                last_day: None,
            });
            (id.to_string(), candidate)
        });
        self.paged(database, Finding::Process, rows).await
    }

    async fn leaves(
        &self,
        database: &impl ConnectionTrait,
        after: &str,
    ) -> Result<Page, KernelError> {
        let grace = self.number("finding.leave_grace_working_days")?;
        let by = rules::hangs_if_due_by(&self.context.calendar, self.today, grace);
        let after = key_of(after);
        let rows = store::hanging_leaves(database, self.ranges(), by, after, PAGE).await?;
        let rows = rows.into_iter().map(|leave| {
            let candidate = Candidate {
                subject: Subject::Student(leave.student),
                source: format!("statusChanges/{}", leave.id),
                since: leave.until_date.parse().ok(),
                last_day: before(&leave.effective_date),
            };
            (written((leave.place, leave.id)), Some(candidate))
        });
        self.paged(database, Finding::Process, rows).await
    }

    async fn settling(
        &self,
        database: &impl ConnectionTrait,
        after: &str,
    ) -> Result<Page, KernelError> {
        let after = key_of(after);
        let cases = store::returned(database, self.ranges(), after, PAGE).await?;
        let last = cases.last().map(|case| written((case.place, case.id)));
        let after = last.filter(|_| is_full(cases.len()));
        Ok(Page {
            settling: cases,
            after,
            ..Page::default()
        })
    }

    /// The page of some rows, each with its key and the child that it is about, where there is one.
    async fn paged(
        &self,
        database: &impl ConnectionTrait,
        finding: Finding,
        rows: impl ExactSizeIterator<Item = (String, Option<Candidate>)>,
    ) -> Result<Page, KernelError> {
        let is_full = is_full(rows.len());
        let (keys, candidates): (Vec<String>, Vec<Option<Candidate>>) = rows.unzip();
        let after = keys.into_iter().next_back().filter(|_| is_full);
        let candidates = candidates.into_iter().flatten().collect();
        self.judged(database, finding, candidates, after).await
    }

    /// Suspicions of those who have no case open and of whom this source has raised none since it called for one.
    async fn judged(
        &self,
        database: &impl ConnectionTrait,
        finding: Finding,
        candidates: Vec<Candidate>,
        after: Option<String>,
    ) -> Result<Page, KernelError> {
        let ids: Vec<Uuid> = candidates.iter().map(|one| one.subject.id()).collect();
        let (open, raised) = store::known(database, finding, &ids).await?;
        let found = i64::try_from(candidates.len()).unwrap_or(i64::MAX);
        let suspicions = candidates
            .into_iter()
            .filter(|one| {
                let id = one.subject.id();
                let raised = raised.get(&(id, one.source.clone()));
                !open.contains(&id) && !raised.is_some_and(|found| is_raised(*found, one.since))
            })
            .map(|one| Suspicion {
                subject: one.subject,
                finding,
                found_date: self.today,
                last_day: one.last_day,
                source: one.source,
                reporter: None,
            });
        Ok(Page {
            suspicions: suspicions.collect(),
            found,
            after,
            ..Page::default()
        })
    }
}

/// Whether the record of a child who was expected shows it at no school.
fn is_away(student: &student::Model) -> bool {
    student.state == StudentState::Graduated as i32
}

/// Whether a record is none.
fn is_void(student: &student::Model) -> bool {
    student.state == StudentState::Cancelled as i32
}

/// Whether a case that was found on a day is about what has called for one since another.
fn is_raised(found: NaiveDate, since: Option<NaiveDate>) -> bool {
    since.is_none_or(|since| found > since)
}

fn is_full(count: usize) -> bool {
    u64::try_from(count).is_ok_and(|count| count >= PAGE)
}

fn before(date: &str) -> Option<NaiveDate> {
    date.parse::<NaiveDate>().ok()?.pred_opt()
}

fn written((place, id): Key) -> String {
    format!("{place}/{id}")
}

fn key_of(written: &str) -> Option<Key> {
    let (place, id) = written.split_once('/')?;
    Some((place.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_goes_every_way_once_and_ends() {
        let gone: Vec<Way> = (0..).map_while(Way::of).collect();
        assert_eq!(gone, WAYS);
    }

    #[test]
    fn a_case_found_before_a_leave_was_prolonged_says_nothing_of_its_new_end() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let found = day("2018-10-15");
        assert!(is_raised(found, Some(day("2018-10-01"))));
        assert!(!is_raised(found, Some(day("2018-11-01"))));
        assert!(is_raised(found, None), "a cohort has one year");
    }

    #[test]
    fn a_key_reads_back() {
        let key = (420_106_000_000, Uuid::now_v7());
        assert_eq!(key_of(&written(key)), Some(key));
        assert_eq!(key_of(""), None);
    }
}
