//! What the school says of a pupil: taken where it may say so, kept where nobody asked, and no ground for money.

use crate::support::{Officer, World, child, id, row};
use junheng_kernel::bulk::{ImportHeader, ImportResult};
use junheng_kernel::digest::sm3;
use junheng_proto::bulk::v1::import_header::Mode;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::admission_entry::Kind as EntryKind;
use junheng_proto::registration::v1::admission_plan::Basis;
use junheng_proto::registration::v1::admission_service_client::AdmissionServiceClient;
use junheng_proto::registration::v1::aid_service_client::AidServiceClient;
use junheng_proto::registration::v1::class_draw_service_client::ClassDrawServiceClient;
use junheng_proto::registration::v1::group_recognition::{Group, HardshipLevel};
use junheng_proto::registration::v1::group_recognition_service_client::GroupRecognitionServiceClient;
use junheng_proto::registration::v1::import_students_request::Part;
use junheng_proto::registration::v1::promotion_service_client::PromotionServiceClient;
use junheng_proto::registration::v1::quarantine_service_client::QuarantineServiceClient;
use junheng_proto::registration::v1::reorganisation::Kind;
use junheng_proto::registration::v1::reorganisation_service_client::ReorganisationServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::{Evidence, StepRequest, evidence};
use prost_types::FieldMask;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

const COUNTY: &str = "regions/630103";
const CODE: &str = "2163000001";
const TERM: AidTerm = AidTerm {
    school_year: 2018,
    term: SchoolTerm::Autumn as i32,
};

fn done<T>(answer: Result<Response<T>, Status>) -> T {
    answer.unwrap().into_inner()
}

fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.unwrap_err();
    status.get_details_error_info().unwrap().reason
}

/// The fields that a refusal names.
fn fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.unwrap_err();
    let wrong = status.get_details_bad_request().unwrap();
    let wrong = wrong.field_violations.into_iter();
    wrong.map(|wrong| wrong.field).collect()
}

fn verdicts(result: &ImportResult) -> Vec<(i64, &str, Reason)> {
    let verdicts = result.verdicts.iter();
    verdicts
        .map(|one| (one.row, one.field.as_str(), one.reason()))
        .collect()
}

async fn read(officer: &mut Officer<'_>, name: &str) -> Student {
    let request = officer.ask(GetStudentRequest { name: name.into() });
    done(officer.students.get_student(request).await)
}

async fn update(
    officer: &mut Officer<'_>,
    student: Student,
    paths: &[&str],
) -> Result<Response<Student>, Status> {
    let request = officer.ask(UpdateStudentRequest {
        student: Some(student),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        request_id: id(),
    });
    officer.students.update_student(request).await
}

async fn create(
    officer: &mut Officer<'_>,
    class: &SchoolClass,
    student: Student,
) -> Result<Student, Status> {
    let message = CreateStudentRequest {
        parent: class.school.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            ..student
        }),
        request_id: id(),
    };
    match officer.create(message).await? {
        create_student_response::Outcome::Student(student) => Ok(student),
        other => panic!("{other:?}"),
    }
}

/// Imports with a header of its own.
async fn import(
    officer: &mut Officer<'_>,
    mode: Mode,
    validate_only: bool,
    rows: Vec<StudentRow>,
) -> ImportResult {
    let header = Part::Header(ImportHeader {
        parent: COUNTY.into(),
        request_id: id(),
        validate_only,
        mode: mode.into(),
    });
    let parts = std::iter::once(header).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts
        .map(|part| ImportStudentsRequest { part: Some(part) })
        .collect();
    let request = officer.ask(tokio_stream::iter(messages));
    done(officer.students.import_students(request).await)
}

/// Files that a pupil lives in hardship, and has the county recognise it.
async fn recognise(world: &World, school: &School, student: &str) {
    let mut service = GroupRecognitionServiceClient::new(world.link.clone());
    let clerk = world.officer("school.clerk", &school.name);
    let request = clerk.ask(FileGroupRecognitionRequest {
        student: student.into(),
        group_recognition: Some(GroupRecognition {
            group: Group::Hardship.into(),
            hardship_level: HardshipLevel::Great.into(),
            evidence: vec![Evidence {
                title: "证明材料".into(),
                digest: "ab".repeat(32),
                kind: evidence::Kind::CivilAffairsCertificate.into(),
            }],
            valid_from: "2018-08-01".into(),
            ..GroupRecognition::default()
        }),
        request_id: id(),
    });
    let filed = done(service.file_group_recognition(request).await);
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(StepRequest {
        name: filed.name,
        etag: filed.etag,
        note: "材料齐全".into(),
        request_id: id(),
        ..StepRequest::default()
    });
    done(service.confirm_group_recognition(request).await);
}

async fn allowances(world: &World, student: &str) -> Vec<i64> {
    let mut service = AidServiceClient::new(world.link.clone());
    let clerk = world.officer("county.clerk", COUNTY);
    let request = clerk.ask(GetStudentAidRequest {
        name: student.into(),
        term: Some(TERM),
    });
    let aid = done(service.get_student_aid(request).await);
    let amounts = aid.entitlements.iter().map(|due| due.amount_fen);
    amounts.filter(|amount| *amount > 0).collect()
}

#[tokio::test]
async fn an_import_leaves_as_it_stands_what_its_rows_do_not_have() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let known = Student {
        boarder: true,
        disability: 1,
        placement: 1,
        guardian_display_name: "马大".into(),
        guardian_phone: "13800005678".into(),
        residence: "青海省西宁市城中区某某路1号".into(),
        ..child(1)
    };
    let known = create(&mut clerk, &class, known).await.unwrap();
    let bare = row(2, CODE, 1, 1, 1);
    let again = clerk.import(COUNTY, vec![bare.clone()]).await;
    assert_eq!((again.unchanged_count, again.updated_count), (1, 0));
    assert_eq!(read(&mut clerk, &known.name).await, known);

    let given = StudentRow {
        boarder: Some(false),
        disability: Some(0),
        guardian_display_name: Some(String::new()),
        guardian_phone: Some(known.guardian_phone.clone()),
        ..bare.clone()
    };
    assert_eq!(clerk.import(COUNTY, vec![given]).await.updated_count, 1);
    let now = read(&mut clerk, &known.name).await;
    assert!(!now.boarder && now.guardian_display_name.is_empty());
    assert_eq!((now.disability, now.placement), (0, 0));
    assert_eq!(now.guardian_phone, known.guardian_phone, "came back masked");
    assert_eq!(now.residence, known.residence);
    let foreign = StudentRow {
        guardian_phone: Some("139****9999".into()),
        ..bare
    };
    let foreign = clerk.import(COUNTY, vec![foreign]).await;
    assert_eq!(
        verdicts(&foreign),
        [(2, "guardian_phone", Reason::FieldInvalid)],
        "the mask of another number"
    );
}

#[tokio::test]
async fn money_follows_a_recognition_and_nobody_takes_off_what_it_proves() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school(CODE, "630103").await;
    let class = county.class(&school, 1, 1).await;
    let mut clerk = world.officer("school.clerk", &school.name);
    let stated = Student {
        boarder: true,
        hardship: true,
        ..child(1)
    };
    let stated = create(&mut clerk, &class, stated).await.unwrap();
    assert!(
        allowances(&world, &stated.name).await.is_empty(),
        "the school says so only"
    );
    let batch = |amount_fen| BatchRecordAidGrantsRequest {
        parent: school.name.clone(),
        term: Some(TERM),
        rows: vec![AidGrantRow {
            row: 2,
            student: stated.name.clone(),
            item: AidItem::BoarderAllowance.into(),
            amount_fen,
            pay_date: "2018-09-01".into(),
            ..AidGrantRow::default()
        }],
        validate_only: false,
        request_id: id(),
    };
    let mut aid = AidServiceClient::new(world.link.clone());
    let paid = done(aid.batch_record_aid_grants(clerk.ask(batch(20_000))).await);
    assert_eq!(paid.recorded_count, 0);
    assert_eq!(paid.verdicts[0].reason(), Reason::AidNotDue);
    let unaided = ListUnaidedStudentsRequest {
        parent: school.name.clone(),
        term: Some(TERM),
        ..ListUnaidedStudentsRequest::default()
    };
    let listed = done(aid.list_unaided_students(clerk.ask(unaided.clone())).await);
    assert!(listed.unaided_students.is_empty());

    recognise(&world, &school, &stated.name).await;
    assert_eq!(allowances(&world, &stated.name).await, [50_000]);
    let listed = done(aid.list_unaided_students(clerk.ask(unaided)).await);
    assert_eq!(listed.unaided_students.len(), 1);
    let proven = read(&mut clerk, &stated.name).await;
    let lowered = Student {
        hardship: false,
        ..proven.clone()
    };
    let refused = update(&mut clerk, lowered, &["hardship"]).await;
    assert_eq!(reason(refused), "FLAG_PROVEN");
    let lowered = StudentRow {
        hardship: Some(false),
        boarder: Some(false),
        ..row(2, CODE, 1, 1, 1)
    };
    let refused = clerk.import(&school.name, vec![lowered]).await;
    assert_eq!(verdicts(&refused), [(2, "hardship", Reason::FlagProven)]);
    assert_eq!(read(&mut clerk, &stated.name).await, proven);
    let paid = done(aid.batch_record_aid_grants(clerk.ask(batch(20_000))).await);
    assert_eq!(paid.recorded_count, 1, "{paid:?}");
}

#[tokio::test]
async fn what_a_school_says_keeps_its_limits_by_whatever_way_it_comes() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let spoilt = |student: Student| Student {
        guardian_display_name: "长".repeat(100_000),
        guardian_phone: "1\0".into(),
        residence: "路\0".into(),
        disability: 77,
        ..student
    };
    let every = [
        "guardian_display_name",
        "guardian_phone",
        "residence",
        "disability",
    ];
    let created = create(&mut clerk, &class, spoilt(child(1))).await;
    assert_eq!(fields(created), every);
    let standing = create(&mut clerk, &class, child(1)).await.unwrap();
    let updated = update(&mut clerk, spoilt(standing.clone()), &every).await;
    assert_eq!(fields(updated), every);
    let wrong = StudentRow {
        guardian_display_name: Some("长".repeat(51)),
        guardian_phone: Some("abc".into()),
        residence: Some("路".repeat(201)),
        disability: Some(77),
        ..row(2, CODE, 1, 1, 2)
    };
    let home = StudentRow {
        placement: Some(3),
        ..row(3, CODE, 1, 1, 3)
    };
    let told = clerk.import(COUNTY, vec![wrong, home]).await;
    let told: Vec<(i64, &str)> = told
        .verdicts
        .iter()
        .map(|one| (one.row, one.field.as_str()))
        .collect();
    let expected = every.map(|field| (2, field));
    assert_eq!(told, [&expected[..], &[(3, "placement")]].concat());

    let mut admissions = AdmissionServiceClient::new(world.link.clone());
    let own = world.officer("school.clerk", &school.name);
    let request = own.ask(CreateAdmissionPlanRequest {
        parent: school.name.clone(),
        admission_plan: Some(AdmissionPlan {
            school_year: 2018,
            stage: 1,
            basis: Basis::Assigned.into(),
            place_count: 40,
            class_count: 1,
            ..AdmissionPlan::default()
        }),
        request_id: id(),
    });
    let plan = done(admissions.create_admission_plan(request).await);
    let pupil = child(4);
    let request = own.ask(AddAdmissionEntriesRequest {
        name: plan.name,
        rows: vec![AdmissionRow {
            row: 2,
            kind: EntryKind::Local.into(),
            child: Some(AdmittedChild {
                display_name: pupil.display_name,
                identity_type: pupil.identity_type,
                identity_number: pupil.identity_number,
                sex: pupil.sex,
                birth_date: pupil.birth_date,
                ethnicity: pupil.ethnicity,
                hukou_place: "630103001".into(),
                residence_place: "zz".into(),
                guardian_display_name: "马大".into(),
                guardian_phone: "abc".into(),
                late_reason: "身体原因推迟入学".into(),
                disability: 77,
                ..AdmittedChild::default()
            }),
        }],
        validate_only: false,
        request_id: id(),
    });
    let told = done(admissions.add_admission_entries(request).await);
    let told: Vec<&str> = told.verdicts.iter().map(|one| one.field.as_str()).collect();
    let wrong = ["guardian_phone", "disability", "residence_place"];
    assert_eq!(told, wrong.map(|field| format!("child.{field}")));
}

#[tokio::test]
async fn a_year_of_entry_fits_the_grade() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 3, 1).await;
    for year in [-5, 1900, 2030, i32::MIN, i32::MAX] {
        let entered = Student {
            entry_year: year,
            ..child(1)
        };
        let refused = create(&mut clerk, &class, entered).await;
        assert_eq!(fields(refused), ["entry_year"], "{year}");
    }
    let repeater = Student {
        entry_year: 2015,
        ..child(1)
    };
    let repeater = create(&mut clerk, &class, repeater).await.unwrap();
    assert_eq!(repeater.entry_year, 2015);
    assert_eq!(clerk.student(&class, 2).await.unwrap().entry_year, 2016);
    let mut promotions = PromotionServiceClient::new(world.link.clone());
    let request = clerk.ask(AssignJuniorPlacesRequest {
        parent: COUNTY.into(),
        school_year: 2050,
        rows: vec![assign_junior_places_request::Row {
            row: 2,
            student: repeater.name,
            junior_school: school.name,
        }],
        request_id: id(),
    });
    let refused = promotions.assign_junior_places(request).await;
    assert_eq!(fields(refused), ["school_year"]);
}

#[tokio::test]
async fn a_check_refuses_what_the_import_would_refuse_and_writes_nothing() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    clerk.class(&school, 2, 1).await;
    let other = clerk.school("2163000002", "630103").await;
    let elsewhere = clerk.class(&other, 1, 1).await;
    clerk.student(&elsewhere, 1).await.unwrap();
    let numbered = format!("G{}", crate::support::number(9));
    let holder = Student {
        student_number: numbered.clone(),
        ..child(9)
    };
    create(&mut clerk, &class, holder).await.unwrap();
    clerk.student(&class, 3).await.unwrap();
    let rows = || {
        vec![
            row(2, CODE, 1, 1, 1),
            StudentRow {
                student_number: numbered.clone(),
                ..row(3, CODE, 1, 1, 2)
            },
            row(4, CODE, 2, 1, 3),
            row(5, CODE, 1, 1, 4),
        ]
    };
    let expected = [
        (2, "identity_number", Reason::PersonRegistered),
        (3, "student_number", Reason::StudentNumberTaken),
        (4, "class_number", Reason::FieldInvalid),
    ];
    for mode in [Mode::BestEffort, Mode::Atomic] {
        let checked = import(&mut clerk, mode, true, rows()).await;
        assert!(checked.validated_only);
        assert_eq!(verdicts(&checked), expected, "{mode:?}");
        assert_eq!((checked.rejected_count, checked.created_count), (3, 0));
    }
    let written = import(&mut clerk, Mode::BestEffort, false, rows()).await;
    assert_eq!(verdicts(&written), expected);
    assert_eq!(written.created_count, 1, "nobody came in by a check");
}

#[tokio::test]
async fn a_split_takes_some_classes_of_the_school_to_one_that_runs_their_stage() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let (first, second) = (
        clerk.class(&school, 1, 1).await,
        clerk.class(&school, 1, 2).await,
    );
    let other = clerk.school("2163000002", "630103").await;
    let foreign = clerk.class(&other, 1, 1).await;
    let service = ReorganisationServiceClient::new(world.link.clone());
    let split = |classes: &[&SchoolClass], kind: i32, code: &str, day: &str| Reorganisation {
        kind: Kind::Split.into(),
        school: school.name.clone(),
        new_school: Some(School {
            school_code: code.into(),
            display_name: "分设学校".into(),
            kind,
            urban_rural: 111,
            sponsor: 7,
            ..School::default()
        }),
        school_classes: classes.iter().map(|class| class.name.clone()).collect(),
        reason: "规模过大,按布局规划分设".into(),
        effective_date: day.into(),
        ..Reorganisation::default()
    };
    let asked = |plan: Reorganisation| {
        let request = clerk.ask(CreateReorganisationRequest {
            parent: COUNTY.into(),
            reorganisation: Some(plan),
            request_id: id(),
        });
        let mut service = service.clone();
        async move { service.create_reorganisation(request).await }
    };
    let (free, day) = ("2163000003", "2018-10-01");
    let classes = "reorganisation.school_classes";
    for (plan, field) in [
        (
            split(&[&first, &foreign], 211, free, day),
            format!("{classes}[1]"),
        ),
        (
            split(&[&first], 311, "3163000003", day),
            format!("{classes}[0]"),
        ),
        (
            split(&[&first, &second], 211, free, day),
            classes.to_owned(),
        ),
        (
            split(&[&first], 211, free, "2018-08-01"),
            "reorganisation.effective_date".to_owned(),
        ),
    ] {
        assert_eq!(fields(asked(plan).await), [field]);
    }
    let taken = split(&[&first], 211, "2163000002", day);
    assert_eq!(reason(asked(taken).await), "SCHOOL_CODE_TAKEN");
    let opening = |code: &str| Reorganisation {
        kind: Kind::Opening.into(),
        school: String::new(),
        school_classes: Vec::new(),
        ..split(&[], 211, code, day)
    };
    done(asked(opening(free)).await);
    assert_eq!(reason(asked(opening(free)).await), "SCHOOL_CODE_TAKEN");
    done(asked(split(&[&first], 211, "2163000004", day)).await);
}

#[tokio::test]
async fn only_the_draw_gives_a_class_to_whom_it_has_on_its_list_and_each_side_chooses_for_itself() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    clerk.class(&school, 1, 2).await;
    for serial in 1..=2 {
        let placed = clerk.student(&class, serial).await.unwrap();
        let out = Student {
            school_class: String::new(),
            ..placed
        };
        done(update(&mut clerk, out, &["school_class"]).await);
    }
    let mut draws = ClassDrawServiceClient::new(world.link.clone());
    let mut own = world.officer("school.clerk", &school.name);
    let request = own.ask(PrepareClassDrawRequest {
        parent: school.name.clone(),
        stage: 1,
        grade: 1,
        request_id: id(),
    });
    let draw = done(draws.prepare_class_draw(request).await);
    assert_eq!(draw.members.len(), 2);
    let listed = read(&mut own, &format!("students/{}", draw.members[0].student)).await;
    let by_hand = Student {
        school_class: class.name.clone(),
        ..listed
    };
    let refused = update(&mut own, by_hand, &["school_class"]).await;
    assert_eq!(reason(refused), "CLASS_DRAW_UNDER_WAY");
    let refused = own.import(&school.name, vec![row(2, CODE, 1, 2, 1)]).await;
    assert_eq!(
        verdicts(&refused),
        [(2, "class_number", Reason::ClassDrawUnderWay)]
    );
    let commitment = hex::encode(sm3("同一段种子".as_bytes()));
    let commit = |draw: &ClassDraw, commitment: &str| CommitSeedRequest {
        name: draw.name.clone(),
        etag: draw.etag.clone(),
        commitment: commitment.into(),
        request_id: id(),
    };
    let head = world.officer("school.approver", &school.name);
    let request = head.ask(commit(&draw, &commitment));
    let draw = done(draws.commit_school_seed(request).await);
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(commit(&draw, &commitment.to_uppercase()));
    let refused = draws.commit_county_seed(request).await;
    assert_eq!(fields(refused), ["commitment"]);
}

#[tokio::test]
async fn a_school_waits_for_no_other_school_and_a_cause_is_a_line_of_text() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school(CODE, "630103").await;
    county.class(&school, 1, 1).await;
    let mut own = world.officer("school.clerk", &school.name);
    let rows = || vec![row(2, "2163000077", 1, 1, 1)];
    let refused = own.import(&school.name, rows()).await;
    assert_eq!(
        verdicts(&refused),
        [(2, "school_code", Reason::RowOutOfParent)]
    );
    assert_eq!(refused.quarantined_count, 0);
    assert_eq!(county.import(COUNTY, rows()).await.quarantined_count, 1);

    let mut quarantine = QuarantineServiceClient::new(world.link.clone());
    let request = county.ask(ListQuarantinedRowsRequest {
        parent: COUNTY.into(),
        cause: "\0".into(),
        ..ListQuarantinedRowsRequest::default()
    });
    let refused = quarantine.list_quarantined_rows(request).await;
    assert_eq!(fields(refused), ["cause"]);
    let request = county.ask(DiscardQuarantinedRowsRequest {
        parent: COUNTY.into(),
        cause: "a\0b".into(),
        reason: "重复上报".into(),
        request_id: id(),
    });
    let refused = quarantine.discard_quarantined_rows(request).await;
    assert_eq!(fields(refused), ["cause"]);
}
