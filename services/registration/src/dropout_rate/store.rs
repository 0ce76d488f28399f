//! Reads the inputs of rates, all in one snapshot.

use std::collections::HashMap;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::LedgerKind;
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::junior_place::State as PlaceState;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::student_change::Kind;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, PaginatorTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::formula::{Input, JUNIOR, PRIMARY};
use super::inputs::{aged, entry_year};
use super::population::{self, Population};
use super::rules::{Asked, Origins, Values, inputs};
use crate::entity::{cohort_count, junior_place, promotion, school_year, student, student_change};
use crate::ledger::cases;
use crate::ledger::people;
use crate::ledger::rules::Asked as Ledger;
use crate::promotion::store as junior_places;
use crate::school_class::rules::last_grade;
use crate::student_change::of_cohort;
use crate::tally::counted::{ENROLLED, index_of};
use crate::tally::read::{self, Reading};

/// Changes that a cohort is followed by.
const OF_COHORTS: [Kind; 3] = [Kind::TransferredOut, Kind::TransferredIn, Kind::Deceased];
/// The age at the begin of a school year at which a child may finish primary school in it.
const FINISHING: i32 = 11;
/// School years from the first grade of primary school to the last of junior school.
const NINE: i32 = 9;

/// Everything that several inputs come from.
struct Read {
    reading: Reading,
    dropped_out: Vec<cases::Count>,
    cohorts: HashMap<(i32, i32), i64>,
    population: Population,
}

/// The value of every input.
pub(super) async fn values(
    snapshot: &impl ConnectionTrait,
    regions: &RegionTable,
    parent: &Parent,
    asked: &Asked,
) -> Result<(Values, Origins), KernelError> {
    let (first, _) = cases::days_of(asked.school_year);
    let confirmed = Ledger::happened(Event::DroppedOut, first, asked.as_of);
    let read = Read {
        reading: read::reading(snapshot, parent).await?,
        dropped_out: cases::counts(snapshot, parent, &confirmed).await?,
        cohorts: cohort_changes(snapshot, parent, asked.school_year).await?,
        population: population::read(snapshot, regions, parent, asked).await?,
    };
    let mut values = Values::new();
    let mut origins = Origins::new();
    for input in inputs(asked.is_on_roll) {
        if let Input::Population(from, to) = input {
            let (value, origin) = read.population.aged(from, to, asked.school_year);
            values.insert(input, value);
            origins.insert(input, origin);
            continue;
        }
        let value = read.value(snapshot, parent, asked, input).await?;
        values.insert(input, value);
    }
    Ok((values, origins))
}

// === impl Read ===

impl Read {
    async fn value(
        &self,
        snapshot: &impl ConnectionTrait,
        parent: &Parent,
        asked: &Asked,
        input: Input,
    ) -> Result<Option<i64>, DbErr> {
        let year = asked.school_year;
        // What is counted of the roll as it stands says nothing of a year that is over …
        let now = |value: i64| asked.is_running.then_some(value);
        // … and less when who finishes a stage has left the roll before its end.
        let on_roll = |value: i64| asked.is_on_roll.then_some(value);
        // Who finishes this school year has not yet.
        let finished = |count: i64| (count > 0 || !asked.is_running).then_some(count);
        Ok(match input {
            Input::DroppedOut(stage) => Some(cases::sum(&self.dropped_out, stage, 0)),
            Input::Enrolled(stage) => on_roll(self.counted(ENROLLED, stage, 0)),
            Input::LastGrade(stage) => on_roll(self.counted(ENROLLED, stage, last_grade(stage))),
            Input::Changed(stage, kind) => Some(self.flow(stage, year, kind)),
            Input::Graduated(stage) => finished(self.flow(stage, year, Kind::Graduated as i32)),
            Input::PrimaryGraduates => Some(self.flow(PRIMARY, year - 1, Kind::Graduated as i32)),
            Input::OfCohort(stage, kind) => {
                Some(self.cohorts.get(&(stage, kind)).copied().unwrap_or(0))
            }
            Input::Placed(column) => now(index_of(column).map_or(0, |column| {
                self.counted(column, PRIMARY, 0) + self.counted(column, JUNIOR, 0)
            })),
            // Told with their origins, and by their parts.
            Input::Population(..) | Input::AtStart(_) => None,
            Input::Yearbook(stage) => yearbook(snapshot, parent, year, stage).await?,
            Input::Entrants(stage) => {
                frozen(snapshot, parent, entry_year(stage, year), (stage, 1)).await?
            }
            Input::NineYearEntrants => {
                frozen(snapshot, parent, year + 1 - NINE, (PRIMARY, 1)).await?
            }
            Input::LastGradeFrozen(stage) => {
                frozen(snapshot, parent, year, (stage, last_grade(stage))).await?
            }
            Input::WentOn => Some(went_on(snapshot, parent, year).await?),
            Input::Arrived => Some(arrived(snapshot, parent, year).await?),
            Input::Aged(from, to, stage) => {
                let count = students(snapshot, parent, &aged(stage, (from, to), year)).await?;
                match to < FINISHING {
                    true => now(count),
                    false => on_roll(count),
                }
            }
            Input::Disabled => {
                let ledger = Ledger {
                    group: Group::Disabled.into(),
                    ..Ledger::all(LedgerKind::SchoolAge, year)
                };
                let without_record = cases::counts(snapshot, parent, &ledger).await?;
                let with_record = students(snapshot, parent, &ledger).await?;
                now(with_record + cases::sum(&without_record, 0, 0))
            }
        })
    }

    fn counted(&self, column: usize, stage: i32, grade: i32) -> i64 {
        let of = |one: i32, level: i32| one == stage && (grade == 0 || grade == level);
        self.reading.total(of).counts[column]
    }

    fn flow(&self, stage: i32, year: i32, kind: i32) -> i64 {
        let found = self.reading.flows.get(&(stage, year, kind));
        found.copied().unwrap_or(0)
    }
}

fn judged() -> Scope {
    Scope::everything("the parent was judged against the scope before; only sums are read")
}

/// Changes of the cohorts that finish a stage in a school year, by stage and kind.
async fn cohort_changes(
    database: &impl ConnectionTrait,
    parent: &Parent,
    year: i32,
) -> Result<HashMap<(i32, i32), i64>, DbErr> {
    use student_change::{Column, Entity};
    let of_stage = |stage: i32| {
        Condition::all()
            .add(Column::Stage.eq(stage))
            .add(of_cohort(entry_year(stage, year)))
    };
    let rows: Vec<(i32, i32, i64)> = Entity::visible_to(&judged())
        .filter(parent.condition::<Entity>())
        // In the words of the index that leaves out what is nearly all of them.
        .filter(Expr::cust(format!(
            "kind <> {} AND kind <> {} AND kind IN ({})",
            Kind::Enrolled as i32,
            Kind::Promoted as i32,
            OF_COHORTS.map(|kind| (kind as i32).to_string()).join(", ")
        )))
        .filter(
            Condition::any()
                .add(of_stage(PRIMARY))
                .add(of_stage(JUNIOR)),
        )
        .select_only()
        .columns([Column::Stage, Column::Kind])
        .column_as(Column::Id.count(), "change_count")
        .group_by(Column::Stage)
        .group_by(Column::Kind)
        .into_tuple()
        .all(database)
        .await?;
    let pairs = rows
        .into_iter()
        .map(|(stage, kind, count)| ((stage, kind), count));
    Ok(pairs.collect())
}

async fn yearbook(
    database: &impl ConnectionTrait,
    parent: &Parent,
    year: i32,
    stage: i32,
) -> Result<Option<i64>, DbErr> {
    use school_year::{Column, Entity};
    let counts: Vec<i64> = Entity::visible_to(&judged())
        .filter(parent.condition::<Entity>())
        .filter(Column::SchoolYear.eq(year))
        .filter(Column::Stage.eq(stage))
        .select_only()
        .column(Column::StudentCount)
        .into_tuple()
        .all(database)
        .await?;
    Ok((!counts.is_empty()).then(|| counts.iter().sum()))
}

/// Whether a school below the parent has been promoted out of a school year: its roll shows the next one.
pub(super) async fn has_moved_on(
    database: &impl ConnectionTrait,
    parent: &Parent,
    year: i32,
) -> Result<bool, DbErr> {
    use promotion::{Column, Entity};
    let one = Entity::visible_to(&judged())
        .filter(parent.condition::<Entity>())
        .filter(Column::SchoolYear.eq(year + 1))
        .select_only()
        .column(Column::Id)
        .into_tuple::<Uuid>()
        .one(database)
        .await?;
    Ok(one.is_some())
}

/// What was frozen of a grade of a stage in a school year.
async fn frozen(
    database: &impl ConnectionTrait,
    parent: &Parent,
    year: i32,
    (stage, grade): (i32, i32),
) -> Result<Option<i64>, DbErr> {
    use cohort_count::{Column, Entity};
    let counts: Vec<i64> = Entity::visible_to(&judged())
        .filter(parent.condition::<Entity>())
        .filter(Column::SchoolYear.eq(year))
        .filter(Column::Stage.eq(stage))
        .filter(Column::Grade.eq(grade))
        .select_only()
        .column(Column::StudentCount)
        .into_tuple()
        .all(database)
        .await?;
    Ok((!counts.is_empty()).then(|| counts.iter().sum()))
}

async fn went_on(
    database: &impl ConnectionTrait,
    parent: &Parent,
    year: i32,
) -> Result<i64, DbErr> {
    use promotion::{Column, Entity};
    let counts: Vec<i64> = Entity::visible_to(&judged())
        .filter(parent.condition::<Entity>())
        .filter(Column::SchoolYear.eq(year))
        .filter(Column::Advanced.ne(0))
        .select_only()
        .column(Column::Advanced)
        .into_tuple()
        .all(database)
        .await?;
    Ok(counts.iter().sum())
}

/// Primary graduates of the parent whose junior school, wherever it is, has confirmed them.
async fn arrived(
    database: &impl ConnectionTrait,
    parent: &Parent,
    year: i32,
) -> Result<i64, DbErr> {
    let count = junior_place::Entity::visible_to(&judged())
        .filter(junior_places::sent_by(parent))
        .filter(junior_places::of(year, PlaceState::Confirmed as i32))
        .count(database)
        .await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

async fn students(
    database: &impl ConnectionTrait,
    parent: &Parent,
    ledger: &Ledger,
) -> Result<i64, DbErr> {
    let count = student::Entity::visible_to(&judged())
        .filter(parent.condition::<student::Entity>())
        .filter(people::students_of(ledger))
        .count(database)
        .await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}
