//! Counts against a recount of the rows, after random mixtures of writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use junheng_kernel::clock::Clock;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::run_migrations;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store::{Store, connect};
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::student_change::Kind;
use proptest::prelude::*;
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::counted::{COUNTED, Counted, ENROLLED, PLACED};
use super::read::{self, Reading};
use super::{fold, size, spans};
use crate::entity::{school, student};
use crate::student::ledger::{self, Happening, Move, Pen};
use crate::student::person::Person;
use crate::student::standing::{LIVE_ROWS, is_live};

const PLACES: [i64; 4] = [
    630_103_000_000,
    630_103_001_000,
    630_103_002_000,
    630_121_000_000,
];
const KINDS: [Kind; 4] = [
    Kind::Suspended,
    Kind::Returned,
    Kind::TransferredIn,
    Kind::Graduated,
];

/// One write, its numbers taken as they fit.
#[derive(Clone, Debug)]
enum Write {
    Enrol { school: usize, bits: u32 },
    Change { student: usize, bits: u32 },
    Transfer { student: usize, school: usize },
    MoveSchool { school: usize, place: usize },
    Fold,
}

struct Ground {
    store: Store,
    schools: Vec<school::Model>,
    students: Vec<student::Model>,
    _folder: tempfile::TempDir,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let one = prop_oneof![
        4 => (0..3_usize, any::<u32>()).prop_map(|(school, bits)| Write::Enrol { school, bits }),
        4 => (0..64_usize, any::<u32>()).prop_map(|(student, bits)| Write::Change { student, bits }),
        2 => (0..64_usize, 0..3_usize).prop_map(|(student, school)| Write::Transfer { student, school }),
        1 => (0..3_usize, 0..4_usize).prop_map(|(school, place)| Write::MoveSchool { school, place }),
        1 => Just(Write::Fold),
    ];
    proptest::collection::vec(one, 1..40)
}

fn school(number: u32) -> school::Model {
    school::Model {
        id: Uuid::now_v7(),
        school_code: format!("216300000{number}"),
        display_name: format!("学校{number}"),
        kind: 312,
        urban_rural: 111,
        sponsor: 7,
        region: "630103".into(),
        town: String::new(),
        place: PLACES[0],
        state: 2,
        open_date: String::new(),
        close_date: String::new(),
        closing: None,
        version: 1,
    }
}

/// What the bits make of a student: state, class, grade, flags.
fn drawn(mut student: student::Model, bits: u32) -> student::Model {
    let bit = |number: u32| bits >> number & 1 == 1;
    student.state = 1 + (bits & 7) as i32;
    if student.state == State::TransferredOut as i32 {
        // Of the nine states there are eight here; who dropped out has an open record too.
        student.state = State::DroppedOut as i32;
    }
    let class = u128::from(bits >> 3 & 3);
    student.grade = 1 + (bits >> 4 & 1) as i32;
    student.stage = 1 + (bits >> 5 & 1) as i32;
    student.school_class = (class > 0).then(|| Uuid::from_u128(student.school.as_u128() ^ class));
    student.sex = 1 + (bits >> 6 & 1) as i32;
    student.ethnicity = if bit(7) { "03" } else { "01" }.into();
    (student.boarder, student.migrant, student.left_behind) = (bit(8), bit(9), bit(10));
    student.disability = (bits >> 11 & 3) as i32;
    student.placement = (bits >> 13 & 3) as i32;
    student.hardship = bit(15);
    student
}

impl Ground {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tally.db").display());
        let (_, writer) = connect(&url).await.unwrap();
        run_migrations::<crate::Migrator>(&writer).await.unwrap();
        let keys = Arc::new(Keyring::generate().unwrap());
        let store = Store::open(&url, keys, Clock::default()).await.unwrap();
        let schools: Vec<_> = (0..3).map(school).collect();
        let rows = schools
            .clone()
            .into_iter()
            .map(|one| one.into_active_model());
        school::Entity::insert_many(rows)
            .exec_without_returning(&writer)
            .await
            .unwrap();
        Self {
            store,
            schools,
            students: Vec::new(),
            _folder: folder,
        }
    }

    async fn take(&mut self, write: &Write) {
        match *write {
            Write::Fold => drop(fold::fold(&self.store).await.unwrap()),
            Write::Enrol { school, bits } => self.enrol(school, bits).await,
            Write::Change { student, bits } => {
                let Some(before) = self.pick(student) else {
                    return;
                };
                let after = drawn(before.clone(), bits);
                let kind = KINDS[(bits >> 16) as usize % KINDS.len()];
                self.change(before, after, kind).await;
            }
            Write::Transfer { student, school } => {
                let Some(before) = self.pick(student) else {
                    return;
                };
                let after = student::Model {
                    school: self.schools[school].id,
                    school_class: None,
                    ..before.clone()
                };
                self.change(before, after, Kind::TransferredIn).await;
            }
            Write::MoveSchool { school, place } => {
                let moved = &mut self.schools[school];
                moved.place = PLACES[place];
                moved.version += 1;
                let (row, version) = (moved.clone(), moved.version - 1);
                let work = move |tx| async move {
                    let tx: junheng_kernel::store::Tx = tx;
                    crate::school::store::update(&*tx, &row, version).await
                };
                self.store.upkeep(work).await.unwrap();
            }
        }
    }

    fn pick(&self, number: usize) -> Option<student::Model> {
        let index = number.checked_rem(self.students.len())?;
        self.students.get(index).cloned()
    }

    async fn enrol(&mut self, school: usize, bits: u32) {
        let (id, school) = (Uuid::now_v7(), &self.schools[school]);
        let blank = student::Model {
            id,
            school: school.id,
            place: school.place,
            school_class: None,
            stage: 1,
            grade: 1,
            grade_year: 2026,
            entry_year: 2026,
            state: 1,
            identity_type: 1,
            identity_hash: id.as_bytes().to_vec(),
            number_hash: id.as_bytes().to_vec(),
            name_key: 0,
            name_part_key: None,
            personal: Person::default().seal(&self.store.keys, id).unwrap(),
            sex: 1,
            birth_month: 201_401,
            ethnicity: "01".into(),
            boarder: false,
            migrant: false,
            left_behind: false,
            disability: 0,
            placement: 0,
            hardship: false,
            version: 1,
        };
        let student = drawn(blank, bits);
        self.write(None, student, Kind::Enrolled).await;
    }

    async fn change(&mut self, before: student::Model, after: student::Model, kind: Kind) {
        self.write(Some(before), after, kind).await;
    }

    async fn write(&mut self, before: Option<student::Model>, after: student::Model, kind: Kind) {
        let (keys, is_new) = (self.store.keys.clone(), before.is_none());
        let happening = Happening {
            kind,
            date: NaiveDate::from_ymd_opt(2026, 9, 1).unwrap(),
            process: String::new(),
        };
        let work = move |tx: junheng_kernel::store::Tx| async move {
            if is_new {
                student::Entity::insert(after.clone().into_active_model())
                    .exec_without_returning(&*tx)
                    .await?;
            }
            let one = vec![Move { before, after }];
            let pen = Pen {
                keys: &keys,
                today: happening.date,
                now_micros: 0,
            };
            let mut done = ledger::change_all(&*tx, pen, one, Some(&happening), true).await?;
            done.students
                .pop()
                .ok_or_else(|| KernelError::not_found("students"))
        };
        let student = self.store.upkeep(work).await.unwrap();
        self.students.retain(|other| other.id != student.id);
        self.students.push(student);
    }

    /// The rows themselves, counted by hand.
    async fn recount(&self, parent: &Parent) -> Reading {
        let everything = Scope::everything("a recount");
        let reader = self.store.reader();
        let mut recount = Reading::default();
        let mut classes: BTreeMap<(Uuid, i32, i32), i64> = BTreeMap::new();
        let students = student::Entity::visible_to(&everything)
            .all(reader)
            .await
            .unwrap();
        for student in students {
            if !parent.contains(student.place, Some(student.school)) {
                continue;
            }
            let key = (student.stage, student.grade);
            let sums = recount.sums.entry(key).or_default();
            for (count, counted) in sums.counts.iter_mut().zip(&COUNTED) {
                *count += i64::from((counted.counts)(&student));
            }
            if let Some(class) = student.school_class
                && (COUNTED[PLACED].counts)(&student)
            {
                *classes.entry((class, key.0, key.1)).or_default() += 1;
            }
        }
        for ((_, stage, grade), count) in classes {
            let sums = recount.sums.entry((stage, grade)).or_default();
            size::shift(&mut sums.bands, 0, count);
        }
        let changes = crate::entity::student_change::Entity::visible_to(&everything);
        for told in changes.all(reader).await.unwrap() {
            if told.is_counted() && parent.contains(told.place, Some(told.school)) {
                let key = (told.stage, told.school_year, told.kind);
                *recount.flows.entry(key).or_default() += 1;
            }
        }
        without_zeros(recount)
    }

    async fn compare(&self) {
        let region = |start: i64, end: i64| Parent::Region {
            code: String::new(),
            ranges: vec![start..=end],
        };
        let mut parents = vec![
            region(630_000_000_000, 639_999_999_999),
            region(630_103_000_000, 630_103_999_999),
            region(630_103_001_000, 630_103_001_999),
            region(630_103_002_000, 630_121_000_000),
        ];
        parents.extend(self.schools.iter().map(|school| Parent::School(school.id)));
        for parent in parents {
            let reading = read::reading(self.store.reader(), &parent).await.unwrap();
            let recount = self.recount(&parent).await;
            assert_eq!(without_zeros(reading), recount, "{parent:?}");
            let enrolled = read::enrolled(self.store.reader(), &parent).await.unwrap();
            let seats = recount.sums.iter();
            let counted =
                seats.map(|((stage, grade), sums)| (*stage, *grade, sums.counts[ENROLLED]));
            let counted: Vec<_> = counted.filter(|(_, _, count)| *count != 0).collect();
            assert_eq!(enrolled, counted, "{parent:?}");
            self.compare_spans(&parent).await;
            self.compare_rolls(&parent).await;
        }
        self.compare_years().await;
    }

    async fn everybody(&self) -> Vec<student::Model> {
        let everything = Scope::everything("a recount");
        let students = student::Entity::visible_to(&everything);
        students.all(self.store.reader()).await.unwrap()
    }

    /// Who attends by school, stage and grade, and the classes by their size, page after page.
    async fn compare_rolls(&self, parent: &Parent) {
        let mut attending: BTreeMap<(Uuid, i32, i32), i64> = BTreeMap::new();
        let mut classes: BTreeMap<(i64, Uuid, i32, i32), i64> = BTreeMap::new();
        for one in self.everybody().await {
            if one.state != 1 || !parent.contains(one.place, Some(one.school)) {
                continue;
            }
            let key = (one.school, one.stage, one.grade);
            *attending.entry(key).or_default() += 1;
            if let Some(class) = one.school_class {
                let key = (one.place, class, one.stage, one.grade);
                *classes.entry(key).or_default() += 1;
            }
        }
        let reader = self.store.reader();
        let told = read::attending(reader, parent).await.unwrap();
        let told = told
            .into_iter()
            .map(|(school, stage, grade, count)| ((school, stage, grade), count));
        assert_eq!(BTreeMap::from_iter(told), attending, "{parent:?}");
        let reaches = match parent {
            Parent::School(id) => vec![read::Reach::School(*id)],
            Parent::Region { ranges, .. } => {
                ranges.iter().cloned().map(read::Reach::Places).collect()
            }
        };
        let mut told = Vec::new();
        for reach in &reaches {
            let mut after = None;
            loop {
                let sizes = read::Sizes {
                    stage: 0,
                    least: 1,
                    most: i64::MAX,
                    least_of: Vec::new(),
                    after,
                    limit: 2,
                };
                let page = read::classes(reader, reach, &sizes).await.unwrap();
                let key =
                    |cell: &super::Cell| (cell.place, cell.school_class, cell.stage, cell.grade);
                after = page.last().map(|(cell, _)| key(cell));
                told.extend(page.iter().map(|(cell, count)| (key(cell), *count)));
                if after.is_none() {
                    break;
                }
            }
        }
        assert_eq!(told, Vec::from_iter(classes), "{parent:?}");
    }

    /// What is recorded of a year is what a recount says.
    async fn compare_years(&self) {
        use crate::entity::school_year;
        use crate::reorganisation::store::record_year;
        let database = self.store.derived();
        record_year(database, 2026, "2026-09-01", true)
            .await
            .unwrap();
        let mut expected: BTreeMap<(Uuid, i32), (i64, std::collections::BTreeSet<Uuid>)> =
            BTreeMap::new();
        for one in self.everybody().await {
            if one.state == 1 {
                let year = expected.entry((one.school, one.stage)).or_default();
                year.0 += 1;
                year.1.extend(one.school_class);
            }
        }
        let everything = Scope::everything("a recount");
        let told = school_year::Entity::visible_to(&everything);
        let mut seen = 0;
        for year in told.all(self.store.reader()).await.unwrap() {
            let of_stage = expected.get(&(year.school, year.stage));
            let (students, classes) = of_stage.expect("nothing is left of who has gone");
            seen += 1;
            let counted = (year.student_count, year.class_count);
            assert_eq!(counted, (*students, classes.len() as i64), "{year:?}");
        }
        assert_eq!(seen, expected.len());
    }

    /// A narrowed parent leaves nobody out, and the condition finds whom the count counts.
    async fn compare_spans(&self, parent: &Parent) {
        use sea_orm::{PaginatorTrait as _, QueryFilter as _};
        let everything = Scope::everything("a recount");
        let open = Counted {
            column: "open",
            label: "在籍学生",
            counts: |student| is_live(student.state),
            rows: &LIVE_ROWS,
        };
        let counts = COUNTED.iter().enumerate();
        let counts = counts.map(|(number, row)| (Some(number), row));
        for (counted, row) in counts.chain([(None, &open)]) {
            let asked = spans::Asked {
                counted,
                stage: 1,
                grade: 0,
            };
            let reader = self.store.reader();
            let narrowed = spans::narrowed(reader, parent, asked).await.unwrap();
            let only = format!("stage = 1 AND {}", row.rows);
            let found = student::Entity::visible_to(&everything)
                .filter(narrowed.condition::<student::Entity>())
                .filter(sea_orm::sea_query::Expr::cust(only))
                .count(reader)
                .await
                .unwrap();
            let nobody = matches!(&narrowed, Parent::Region { ranges, .. } if ranges.is_empty());
            let of = |student: &&student::Model| {
                parent.contains(student.place, Some(student.school))
                    && student.stage == 1
                    && (row.counts)(student)
            };
            let students = student::Entity::visible_to(&everything)
                .all(reader)
                .await
                .unwrap();
            let expected = students.iter().filter(of).count() as u64;
            assert_eq!(
                if nobody { 0 } else { found },
                expected,
                "{} {parent:?}",
                row.column
            );
        }
    }
}

fn without_zeros(mut reading: Reading) -> Reading {
    reading
        .sums
        .retain(|_, sums| *sums != read::Sums::default());
    // Parts of kinds are told by who writes, and the rows do not say so.
    reading
        .flows
        .retain(|(_, _, kind), count| *count != 0 && *kind > 0);
    reading
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_equal_a_recount_of_the_rows_after_any_mixture_of_writes(writes in writes()) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut ground = Ground::new().await;
            for write in &writes {
                ground.take(write).await;
            }
            ground.compare().await;
            fold::fold(&ground.store).await.unwrap();
            ground.compare().await;
        });
    }
}
