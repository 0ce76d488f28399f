//! Two ways to the same child, the same place or the same school at the same moment: one comes first, and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::admission_entry::Kind as EntryKind;
use junheng_proto::registration::v1::admission_plan::Basis;
use junheng_proto::registration::v1::reorganisation::Kind;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    AddAdmissionEntriesRequest, AdmissionPlan, AdmittedChild, AssignJuniorPlacesRequest, ClassDraw,
    CommitSeedRequest, CountAdmissionsRequest, DuplicateCase, GetAdmissionPlanRequest,
    ListStudentsRequest, PrepareClassDrawRequest, Reorganisation, RevealSeedRequest, SchoolClass,
    Student, assign_junior_places_request,
};
use junheng_tests::duplicates::cases_once;
use junheng_tests::locks::{behind, waits_for_lock};
use junheng_tests::person::child;
use junheng_tests::pupils::{register, registration, school_with_class, student_of};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::{County, Database, Officer, School, Story, World, request_id, story};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use sm3::{Digest as _, Sm3};
use tokio::time::timeout;
use tonic::Code;

use crate::admission::{YEAR, admit, enter, entrant, open, plan as admission, rows};
use crate::reorganisations::{
    LATER, approve, county, draft, get as plan_of, get_school, plan, primary, publish,
    pupils as counted, step as reorganise,
};
use crate::zones::step;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("of two lists that take one child at the same moment one has it", |world| Box::pin(two_lists(world))),
    story("children entered by two clerks into one list at the same moment all stand on it", |world| Box::pin(one_list(world))),
    story("a primary graduate is given one junior place however list and county race", |world| Box::pin(list_and_county(world))),
    story("pupils imported while their school closes stand in the receiving school or are refused", |world| Box::pin(import_and_closing(world))),
    story("children are registered together while another school is held and the child of that one waits alone", |world| Box::pin(beside_a_held_school(world))),
    story("children are registered together while the record of another is held and the child of that one waits alone", |world| Box::pin(beside_a_held_child(world))),
    story("a child whom two schools register in one moment by two documents has a case soon after", |world| Box::pin(by_two_documents(world))),
    story("who is put into a class while the classes are drawn sits in one class and is counted once", |world| Box::pin(draw_and_seating(world))),
];

/// How long who need not wait may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often each race is run.
const ROUNDS: usize = 6;

/// Children who are registered together in one school.
const TOGETHER: usize = 20;

async fn beside_a_held_school(world: &World) {
    let county = County::fresh(world).await;
    let clerk = &county.clerk;
    let (held, class_there) = school_with_class(&county, 1).await;
    let (_, class) = school_with_class(&county, 1).await;
    let id = held.name.trim_start_matches("schools/");
    let hold = format!("SELECT 1 FROM schools WHERE id = '{id}' FOR UPDATE");
    let there = child();
    let waits = register(clerk, &class_there, &there);
    let late = while_held(world, &hold, waits, clerk, &class).await;
    assert_eq!(late.school, held.name);
}

async fn beside_a_held_child(world: &World) {
    let county = County::fresh(world).await;
    let clerk = &county.clerk;
    let (school, class) = school_with_class(&county, 1).await;
    let known = child();
    let record = register(clerk, &class, &known).await;
    let id = record.name.trim_start_matches("students/");
    // Until it is known whether the record goes, nobody can say whether the child has one.
    let hold = format!("DELETE FROM students WHERE id = '{id}'");
    let again = registration(&school.name, &class, &known);
    let again = async { clerk.students().create_student(again).await };
    let late = while_held(world, &hold, again, clerk, &class).await;
    refused(late, Code::AlreadyExists, "PERSON_REGISTERED");
}

/// Registers children while something is held that `waits` needs, and gives what became of that when it was let go.
async fn while_held<T>(
    world: &World,
    hold: &str,
    waits: impl Future<Output = T>,
    clerk: &Officer,
    class: &SchoolClass,
) -> T {
    let database = world.database_of("registration").await;
    let holder = database.begin().await.expect("a transaction");
    if world.database == Database::Postgres {
        // SQLite has one writer and holds no single row.
        holder.execute_unprepared(hold).await.expect("the hold");
    }
    let people: Vec<_> = (0..TOGETHER).map(|_| child()).collect();
    let others = people.iter().map(|child| register(clerk, class, child));
    let others = async {
        let registered = timeout(PATIENCE, join_all(others)).await;
        holder.rollback().await.expect("it is let go");
        registered.expect("nobody else waits")
    };
    let (late, registered) = tokio::join!(waits, others);
    let names: BTreeSet<String> = registered.into_iter().map(|one| one.name).collect();
    assert_eq!(names.len(), TOGETHER);
    late
}

async fn by_two_documents(world: &World) {
    let county = County::fresh(world).await;
    let clerk = &county.clerk;
    let (held, class_there) = school_with_class(&county, 1).await;
    let (_, class) = school_with_class(&county, 1).await;
    for is_first_without in [false, true] {
        let known = child();
        let by_card = |class: &SchoolClass| registration(&class.school, class, &known);
        let by_nothing = |class: &SchoolClass| {
            let mut asked = by_card(class);
            if let Some(student) = &mut asked.student {
                student.identity_type = IdentityType::None.into();
                student.identity_number.clear();
            }
            asked
        };
        let (there, here) = match is_first_without {
            false => (by_card(&class_there), by_nothing(&class)),
            true => (by_nothing(&class_there), by_card(&class)),
        };
        let database = world.database_of("registration").await;
        let holder = database.begin().await.expect("a transaction");
        let mut behind_holder = String::new();
        if world.database == Database::Postgres {
            let id = held.name.trim_start_matches("schools/");
            let hold = format!("SELECT 1 FROM schools WHERE id = '{id}' FOR UPDATE");
            holder.execute_unprepared(&hold).await.expect("the hold");
            behind_holder = behind(&holder).await;
        }
        let (mut first, mut second) = (clerk.students(), clerk.students());
        let late = first.create_student(there);
        let meanwhile = async {
            // It has looked for others, and found none.
            waits_for_lock(world, &database, &behind_holder).await;
            let registered = second.create_student(here).await;
            holder.rollback().await.expect("it is let go");
            registered
        };
        let (late, registered) = tokio::join!(late, meanwhile);
        let names = BTreeSet::from([late, registered].map(|one| student_of(answered(one)).name));
        let is_theirs = |case: &DuplicateCase| names.contains(&case.student);
        let there = |cases: &[DuplicateCase]| cases.iter().any(is_theirs);
        let cases = cases_once(clerk, &clerk.organisation, there).await;
        let case = cases.into_iter().find(is_theirs).expect("it is there");
        let second: Vec<String> = case.claims.into_iter().map(|one| one.student).collect();
        assert!(
            second.len() == 1 && names.contains(&second[0]) && second[0] != case.student,
            "{second:?}"
        );
    }
}

async fn list_of(world: &World, county: &County, stage: Stage) -> (Officer, String) {
    let kind = match stage {
        Stage::Junior => SchoolKind::Junior,
        _ => SchoolKind::Primary,
    };
    let school = county.school(kind).await;
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let wanted = AdmissionPlan {
        stage: stage.into(),
        ..admission(Basis::Assigned, 45, 1)
    };
    let opened = clerk
        .admissions()
        .create_admission_plan(open(&school.name, wanted))
        .await;
    (clerk, answered(opened).name)
}

async fn two_lists(world: &World) {
    let county = County::fresh(world).await;
    let (one, first) = list_of(world, &county, Stage::Primary).await;
    let (two, second) = list_of(world, &county, Stage::Primary).await;
    for _ in 0..ROUNDS {
        let child = rows(vec![(EntryKind::Local, entrant(&county))]);
        let (here, there) = tokio::join!(
            enter(&one, &first, child.clone()),
            enter(&two, &second, child)
        );
        assert_eq!(
            here.created_count + there.created_count,
            1,
            "{here:?} {there:?}"
        );
        let lost = if here.created_count == 0 { here } else { there };
        assert_eq!(reasons(&lost), ["REASON_LISTED_ALREADY"]);
    }
    assert_eq!(listed(&county).await, count(ROUNDS));
}

async fn one_list(world: &World) {
    let county = County::fresh(world).await;
    let (clerk, list) = list_of(world, &county, Stage::Primary).await;
    for _ in 0..ROUNDS {
        let children = || {
            rows(
                (0..3)
                    .map(|_| (EntryKind::Local, entrant(&county)))
                    .collect(),
            )
        };
        let (one, two) = tokio::join!(
            enter(&clerk, &list, children()),
            enter(&county.clerk, &list, children())
        );
        assert_eq!((one.created_count, two.created_count), (3, 3));
    }
    assert_eq!(listed(&county).await, count(ROUNDS * 6));
    let request = GetAdmissionPlanRequest { name: list };
    let plan = answered(clerk.admissions().get_admission_plan(request).await);
    assert_eq!(i64::from(plan.listed_count), count(ROUNDS * 6));
}

async fn list_and_county(world: &World) {
    let county = County::fresh(world).await;
    let primary = county.school(SchoolKind::Primary).await;
    let junior = county.school(SchoolKind::Junior).await;
    let (clerk, list) = list_of(world, &county, Stage::Junior).await;
    let leavers = leavers(&county.clerk, &primary).await;
    let mut ways = BTreeSet::new();
    for (student, given) in leavers {
        let wanted = AddAdmissionEntriesRequest {
            name: list.clone(),
            rows: rows(vec![(EntryKind::Local, given)]),
            validate_only: false,
            request_id: request_id(),
        };
        let assigned = AssignJuniorPlacesRequest {
            parent: county.place.county.clone(),
            school_year: YEAR,
            rows: vec![assign_junior_places_request::Row {
                row: 1,
                student: student.name,
                junior_school: junior.name.clone(),
            }],
            request_id: request_id(),
        };
        let (mut lists, mut places) = (clerk.admissions(), county.clerk.promotions());
        let (listed, placed) = tokio::join!(
            lists.add_admission_entries(wanted),
            places.assign_junior_places(assigned)
        );
        let (listed, placed) = (answered(listed), answered(placed));
        assert_eq!(
            listed.created_count + placed.created_count,
            1,
            "{listed:?} {placed:?}"
        );
        let (lost, reason) = match listed.created_count {
            0 => (listed, "REASON_JUNIOR_PLACE_GIVEN"),
            _ => (placed, "REASON_LISTED_ALREADY"),
        };
        assert_eq!(reasons(&lost), [reason]);
        ways.insert(reason);
    }
    assert!(!ways.is_empty());
}

/// Pupils of a last primary grade, each with what a junior school would write of the child.
async fn leavers(clerk: &Officer, school: &School) -> Vec<(Student, AdmittedChild)> {
    let classes = vec![class_row(school, Stage::Primary, 6, 1)];
    all_in(answered(
        import_classes(clerk, header(&school.name), classes).await,
    ));
    let people: Vec<_> = (0..ROUNDS).map(|_| child()).collect();
    let pupils = people
        .iter()
        .map(|one| student_row(school, Stage::Primary, 6, 1, one));
    let pupils = numbered(pupils, |row, number| row.row = number);
    all_in(answered(
        import_students(clerk, header(&school.name), pupils).await,
    ));
    let students = roll(clerk, &school.name).await;
    let of = |student: Student| {
        let person = people
            .iter()
            .find(|one| one.display_name == student.display_name);
        let person = person.expect("a pupil of the import");
        let given = AdmittedChild {
            display_name: person.display_name.clone(),
            identity_type: student.identity_type,
            identity_number: person.number.clone(),
            sex: person.sex.into(),
            birth_date: person.birth_date.clone(),
            ethnicity: "01".to_owned(),
            hukou_place: format!("{}001", &school.county["regions/".len()..]),
            residence_place: format!("{}001002", &school.county["regions/".len()..]),
            residence: "某某路2号".to_owned(),
            guardian_display_name: "某某".to_owned(),
            guardian_phone: "13800005678".to_owned(),
            ..AdmittedChild::default()
        };
        (student, given)
    };
    students.into_iter().map(of).collect()
}

async fn import_and_closing(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = county(&world).await;
    let (closing, standing) = (primary(&county, 3).await, primary(&county, 1).await);
    let drafted = Reorganisation {
        school: closing.name.clone(),
        receiving_school: standing.name.clone(),
        ..plan(Kind::Closure)
    };
    let drafted = draft(&county, drafted).await;
    publish(&county.clerk, &drafted.name).await;
    world.later(LATER).expect("a later day");
    let county = County::at(&world, county.place).await;
    approve(&world, &county, &drafted.name).await;
    let now = plan_of(&county.clerk, &drafted.name).await;
    let clerk = &county.clerk;
    // Files that come one after the other while the school closes.
    let imports = async {
        let mut entered = 0;
        let mut refused = 0;
        for _ in 0..ROUNDS {
            let pupils = (0..40).map(|_| student_row(&closing, Stage::Primary, 1, 1, &child()));
            let pupils = numbered(pupils, |row, number| row.row = number);
            let result = answered(import_students(clerk, header(&closing.name), pupils).await);
            let known = ["REASON_SCHOOL_NOT_OPEN", "REASON_CLASS_UNKNOWN"];
            assert!(
                reasons(&result).iter().all(|reason| known.contains(reason)),
                "{result:?}"
            );
            entered += result.created_count;
            refused += result.rejected_count + result.quarantined_count;
        }
        (entered, refused)
    };
    let mut reorganisations = clerk.reorganisations();
    let closed = reorganisations.execute_reorganisation(reorganise(&now));
    let ((entered, refused), closed) = tokio::join!(imports, closed);
    answered(closed);
    assert_eq!(entered + refused, count(ROUNDS * 40));
    assert_eq!(
        counted(clerk, &closing.name).await,
        0,
        "nobody stays in a closed school"
    );
    assert_eq!(counted(clerk, &standing.name).await, 4 + entered);
    assert_eq!(roll(clerk, &closing.name).await.len(), 0);
    let listed = i64::try_from(roll(clerk, &standing.name).await.len()).expect("few");
    assert_eq!(listed, 4 + entered, "the counts are those of the list");
    let gone = get_school(clerk, &closing.name).await;
    assert!(!gone.close_date.is_empty());
}

async fn draw_and_seating(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let school = county.school(SchoolKind::Primary).await;
    let children: Vec<AdmittedChild> = (0..24).map(|_| entrant(&county)).collect();
    let list = children
        .iter()
        .map(|child| (EntryKind::Local, child.clone()));
    admit(&mut world, &county, &school, rows(list.collect())).await;
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let classes = (1..=2).map(|number| class_row(&school, Stage::Primary, 1, number));
    let classes = numbered(classes, |row, number| row.row = number);
    all_in(answered(
        import_classes(&clerk, header(&school.name), classes).await,
    ));
    let draw = ready(&world, &county, &school, &clerk).await;
    // By hand, the first ten of the list into the first class.
    let by_hand = children.iter().take(10).map(|child| {
        let person = junheng_tests::person::Person {
            display_name: child.display_name.clone(),
            number: child.identity_number.clone(),
            sex: child.sex(),
            birth_date: child.birth_date.clone(),
        };
        student_row(&school, Stage::Primary, 1, 1, &person)
    });
    let by_hand = numbered(by_hand, |row, number| row.row = number);
    let mut draws = clerk.class_draws();
    let (drawn, seated) = tokio::join!(
        draws.run_class_draw(step(&draw.name, &draw.etag)),
        import_students(&clerk, header(&school.name), by_hand)
    );
    let (drawn, _seated) = (answered(drawn), answered(seated));
    assert_eq!(
        drawn.members.len(),
        24,
        "the list stays as it was published"
    );
    let mut sizes: BTreeMap<String, i64> = BTreeMap::new();
    for student in roll(&clerk, &school.name).await {
        assert!(
            !student.school_class.is_empty(),
            "everybody sits in a class"
        );
        *sizes.entry(student.school_class).or_default() += 1;
    }
    assert_eq!(sizes.values().sum::<i64>(), 24);
    assert_eq!(counted(&clerk, &school.name).await, 24);
    let classes = junheng_proto::registration::v1::ListSchoolClassesRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    let classes = answered(clerk.classes().list_school_classes(classes).await).school_classes;
    for class in classes {
        let students = ListStudentsRequest {
            parent: school.name.clone(),
            school_class: class.name.clone(),
            page_size: 500,
            ..Default::default()
        };
        let students = answered(clerk.students().list_students(students).await).students;
        assert_eq!(
            count(students.len()),
            sizes.get(&class.name).copied().unwrap_or(0)
        );
    }
}

/// A draw up to the last part of its seed.
async fn ready(world: &World, county: &County, school: &School, clerk: &Officer) -> ClassDraw {
    let head = world.sign_in("school.approver", &school.name).await;
    let inspector = world
        .sign_in("county.inspector", &county.place.county)
        .await;
    let prepare = PrepareClassDrawRequest {
        parent: school.name.clone(),
        stage: Stage::Primary.into(),
        grade: 1,
        request_id: request_id(),
    };
    let draw = answered(clerk.class_draws().prepare_class_draw(prepare).await);
    let (ours, theirs) = ("家长代表掷骰 6 2 5 1 4 3", "督学抽取的书页 117 203 045");
    let commit = |draw: &ClassDraw, part: &str| CommitSeedRequest {
        name: draw.name.clone(),
        etag: draw.etag.clone(),
        commitment: hex::encode(Sm3::digest(part.as_bytes())),
        request_id: request_id(),
    };
    let reveal = |draw: &ClassDraw, part: &str| RevealSeedRequest {
        name: draw.name.clone(),
        etag: draw.etag.clone(),
        part: part.to_owned(),
        source: "当众".to_owned(),
        request_id: request_id(),
    };
    let draw = answered(
        head.class_draws()
            .commit_school_seed(commit(&draw, ours))
            .await,
    );
    let draw = answered(
        inspector
            .class_draws()
            .commit_county_seed(commit(&draw, theirs))
            .await,
    );
    let draw = answered(
        head.class_draws()
            .reveal_school_seed(reveal(&draw, ours))
            .await,
    );
    answered(
        inspector
            .class_draws()
            .reveal_county_seed(reveal(&draw, theirs))
            .await,
    )
}

async fn roll(officer: &Officer, school: &str) -> Vec<Student> {
    let request = ListStudentsRequest {
        parent: school.to_owned(),
        page_size: 500,
        ..Default::default()
    };
    answered(officer.students().list_students(request).await).students
}

/// Children on the year's lists of a county, by its counts.
async fn listed(county: &County) -> i64 {
    let request = CountAdmissionsRequest {
        parent: county.place.county.clone(),
        school_year: YEAR,
    };
    let told = answered(county.clerk.admissions().count_admissions(request).await);
    told.counts.iter().map(|count| count.listed_count).sum()
}

fn reasons(result: &ImportResult) -> Vec<&'static str> {
    let verdicts = result.verdicts.iter();
    verdicts
        .map(|verdict| verdict.reason().as_str_name())
        .collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).expect("few")
}
