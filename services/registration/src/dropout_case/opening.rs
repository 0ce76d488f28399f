//! Opens cases: the one way in, whatever finds the children.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use junheng_kernel::calendar::{Calendar, Due};
use junheng_kernel::clock::Clock;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::DropoutCase;
pub use junheng_proto::registration::v1::dropout_case::Finding;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::LockType;
use uuid::Uuid;

pub use super::child::Subject;
use super::child::{self, Child};
use super::content::Content;
use super::encode::{encode, name_of};
use super::history::{self, Event};
use super::store;
use super::workflow::{State, days_rule, state_of};
use crate::admission::store as admissions;
use crate::entity::dropout_case::{Entity, Model};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;
use crate::student::ledger::Pen;
use crate::student::store as students;

/// A child who may have dropped out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// The child.
    pub subject: Subject,
    /// How it was found.
    pub finding: Finding,
    /// When.
    pub found_date: NaiveDate,
    /// The last day at school, where known.
    pub last_day: Option<NaiveDate>,
    /// The name of what found it, or empty.
    pub source: String,
    /// Who reported it, `accounts/{id}`; None for the system.
    pub reporter: Option<String>,
}

/// What opening needs of the service.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The regions.
    pub regions: &'a RegionTable,
    /// The working days.
    pub calendar: &'a Calendar,
    /// The dated rules.
    pub rules: &'static RuleBook,
    /// The keys of personal fields.
    pub keys: &'a Keyring,
    /// The clock, for what says itself when it was entered.
    pub clock: &'a Clock,
    /// Now, microseconds since 1970.
    pub now_micros: i64,
    /// Today in China.
    pub today: NaiveDate,
}

/// A case that was opened, or that relapsed.
#[derive(Clone, Debug)]
pub struct Opened {
    /// As it stands now.
    pub case: Model,
    /// Whether it was open before and its child is away again.
    pub relapsed: bool,
    /// What the journal keeps of it: for `entry.with_all`.
    pub records: Vec<Record>,
}

// === impl Scene ===

impl<'a> Scene<'a> {
    /// The service as it is now.
    pub fn of(context: &'a Context) -> Result<Self, KernelError> {
        Ok(Self {
            regions: &context.regions,
            calendar: &context.calendar,
            rules: RuleBook::builtin()?,
            keys: &context.store.keys,
            clock: &context.clock,
            now_micros: context.clock.now_micros(),
            today: context.clock.today(),
        })
    }

    /// With what the ledger of students writes.
    pub(super) fn pen(&self) -> Pen<'a> {
        Pen {
            keys: self.keys,
            today: self.today,
            now_micros: self.now_micros,
        }
    }

    /// The value of a dated rule for a county today.
    pub(crate) fn number(&self, id: &str, region: &str) -> Result<i64, KernelError> {
        let path = RegionPath::of(self.regions, region);
        self.rules.number(id, &path, self.today)
    }

    /// When the step out of a state is due in a county; None after the end.
    pub(crate) fn due(&self, state: State, region: &str) -> Result<Option<Due>, KernelError> {
        self.due_by(days_rule(state), region)
    }

    /// When something is due in a county by a rule of working days; None without a rule.
    pub(super) fn due_by(&self, rule: &str, region: &str) -> Result<Option<Due>, KernelError> {
        if rule.is_empty() {
            return Ok(None);
        }
        let path = RegionPath::of(self.regions, region);
        let days = self.rules.count(rule, &path, self.today)?;
        Ok((days > 0).then(|| self.calendar.add_working_days(self.today, days)))
    }
}

/// Opens a case for each child that has none open and is to attend; one that is back relapses when attendance finds it
/// away. Whoever has an open case otherwise, and whoever is unknown, is passed over. A few statements for all; any number of
/// writes may race: one case results. Give at most [`IMPORT_SET`](junheng_kernel::bulk::IMPORT_SET).
pub async fn suspect(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    suspicions: Vec<Suspicion>,
) -> Result<Vec<Opened>, KernelError> {
    suspect_with(tx, scene, suspicions, &Content::default()).await
}

/// The same with what is known already of persons and whereabouts.
pub(super) async fn suspect_with(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    suspicions: Vec<Suspicion>,
    content: &Content,
) -> Result<Vec<Opened>, KernelError> {
    let mut wanted: BTreeMap<Uuid, Suspicion> = BTreeMap::new();
    for suspicion in suspicions {
        // The first of a child counts.
        wanted.entry(suspicion.subject.id()).or_insert(suspicion);
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let subjects: Vec<Subject> = wanted.values().map(|one| one.subject).collect();
    let students: Vec<Uuid> = subjects.iter().filter_map(|one| one.student()).collect();
    let mut schools = store::schools_of(tx, &students).await?;
    let entries = subjects.iter().filter_map(|one| one.entry());
    schools.extend(admissions::schools_of(tx, entries).await?);
    let places = parent::hold_places(tx, schools).await?;
    let ids: Vec<Uuid> = wanted.keys().copied().collect();
    let open = store::hold_open(tx, &ids).await?;
    // Who moves meanwhile takes no case along that is not there yet.
    students::hold_all(tx, &students, LockType::Share).await?;
    let children = child::children(tx, scene.keys, &subjects).await?;
    let (mut fresh, mut done) = (Vec::new(), Vec::new());
    let mut dues: HashMap<String, Option<Due>> = HashMap::new();
    for (id, suspicion) in &wanted {
        let Some(child) = children.get(&suspicion.subject) else {
            continue;
        };
        match open.get(id) {
            Some(case) if relapses(case, suspicion) => {
                done.push(relapse(tx, scene, case, child, suspicion.last_day).await?);
            }
            Some(_) => {}
            None if child.is_obliged() => {
                let due = match dues.get(&child.region) {
                    Some(due) => *due,
                    None => scene.due(State::Suspected, &child.region)?,
                };
                dues.insert(child.region.clone(), due);
                let place = child.school.and_then(|school| places.get(&school));
                let mut case = case_of(scene, suspicion, child, due, content)?;
                case.place = place.copied().unwrap_or(child.place);
                fresh.push(case);
            }
            None => {}
        }
    }
    let added = store::insert_missing(tx, fresh.clone()).await?;
    let found = fresh.iter().filter(|case| added.contains(&case.id));
    let found = found.map(|case| history::happening(case, Event::Found, case.found_date));
    history::keep(tx, scene, found.collect()).await?;
    for case in fresh.into_iter().filter(|case| added.contains(&case.id)) {
        let child = subject_of(&case).and_then(|subject| children.get(&subject));
        let after = encode(scene.keys, &case, child, &[], scene.today)?;
        let told = told(&case, None, &after);
        done.push(Opened {
            case,
            relapsed: false,
            records: vec![told],
        });
    }
    Ok(done)
}

/// The child of a case.
pub(crate) fn subject_of(case: &Model) -> Option<Subject> {
    let person = case.resident;
    let admitted = case.admission_entry.zip(person);
    let student = case.student.map(Subject::Student);
    student
        .or(admitted.map(|(entry, person)| Subject::Admitted { entry, person }))
        .or(person.map(Subject::Resident))
}

/// Whether a suspicion brings a case back that was thought done: attendance alone shows that a child is away again.
fn relapses(case: &Model, suspicion: &Suspicion) -> bool {
    let is_back = matches!(state_of(case.state), State::Returned | State::Stable);
    let back_on = case.returned_date;
    is_back
        && suspicion.finding == Finding::Attendance
        && back_on.is_none_or(|back| suspicion.found_date > back)
}

/// What a case says of its student, as the record has it now: it has moved, or a school year has begun. Groups that only the case
/// knows stay.
pub(super) fn refresh(case: &mut Model, child: Option<&Child>) {
    let (Some(child), Some(_)) = (child, case.student) else {
        return;
    };
    case.stage = child.stage;
    case.grade = child.grade;
    case.groups |= child.groups;
}

/// The case after its child is away again.
pub(super) fn relapsed(
    scene: &Scene<'_>,
    case: &Model,
    child: Option<&Child>,
    last_day: Option<NaiveDate>,
) -> Result<Model, KernelError> {
    let mut changed = case.clone();
    refresh(&mut changed, child);
    changed.state = State::Confirmed as i32;
    changed.relapses += 1;
    changed.visits = 0;
    changed.ground = 0;
    changed.returned_date = None;
    changed.stable_date = None;
    changed.confirmed_date = Some(scene.today);
    changed.last_day = last_day.or(case.last_day);
    let due = scene.due(State::Confirmed, &case.region)?;
    changed.due_date = due.map_or_else(String::new, |due| due.date.to_string());
    changed.due_provisional = due.is_some_and(|due| due.provisional);
    changed.held_due_date = String::new();
    changed.version += 1;
    changed.update_micros = scene.now_micros;
    Ok(changed)
}

/// The case goes on as one whose child is away again, and the record says so.
pub(super) async fn relapse(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
    child: &Child,
    last_day: Option<NaiveDate>,
) -> Result<Opened, KernelError> {
    let changed = relapsed(scene, case, Some(child), last_day)?;
    resource::replace::<Entity>(tx, changed.clone(), case.version).await?;
    let again = history::happening(&changed, Event::Relapsed, scene.today);
    history::keep(tx, scene, vec![again]).await?;
    let before = encode(scene.keys, case, Some(child), &[], scene.today)?;
    let after = encode(scene.keys, &changed, Some(child), &[], scene.today)?;
    let mut records = vec![told(&changed, Some(&before), &after)];
    records.extend(super::record::drop_out(tx, scene, &changed).await?);
    Ok(Opened {
        case: changed,
        relapsed: true,
        records,
    })
}

fn case_of(
    scene: &Scene<'_>,
    suspicion: &Suspicion,
    child: &Child,
    due: Option<Due>,
    content: &Content,
) -> Result<Model, KernelError> {
    let id = Uuid::now_v7();
    let (student, resident) = match suspicion.subject {
        Subject::Student(id) => (Some(id), None),
        Subject::Resident(id) | Subject::Admitted { person: id, .. } => (None, Some(id)),
    };
    Ok(Model {
        id,
        student,
        resident,
        admission_entry: suspicion.subject.entry(),
        open_subject: Some(suspicion.subject.id()),
        school: child.school,
        place: child.place,
        region: child.region.clone(),
        finding: suspicion.finding as i32,
        found_date: suspicion.found_date,
        last_day: suspicion.last_day,
        source: suspicion.source.clone(),
        reporter: suspicion.reporter.clone(),
        stage: child.stage,
        grade: child.grade,
        reason: 0,
        state: State::Suspected as i32,
        groups: child.groups,
        returned_date: None,
        stable_date: None,
        relapses: 0,
        visits: 0,
        confirmed_date: None,
        closed_date: None,
        ground: 0,
        merged_into: None,
        personal: content.seal(scene.keys, id)?,
        due_date: due.map_or_else(String::new, |due| due.date.to_string()),
        due_provisional: due.is_some_and(|due| due.provisional),
        held_due_date: String::new(),
        create_micros: scene.now_micros,
        update_micros: scene.now_micros,
        version: 1,
    })
}

pub(super) fn told(case: &Model, before: Option<&DropoutCase>, after: &DropoutCase) -> Record {
    record(&name_of(case), case.place, case.school, before, after, true)
}
