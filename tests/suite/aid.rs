//! Aid: who is entitled, what was granted, who got nothing 学生资助.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::group_recognition::{Group, HardshipLevel};
use junheng_proto::registration::v1::{
    AidGrant, AidGrantRow, AidItem, AidSum, AidTerm, BatchRecordAidGrantsRequest,
    BatchRecordAidGrantsResponse, FileGroupRecognitionRequest, GetStudentAidRequest,
    GroupRecognition, ListAidGrantsRequest, ListStudentsRequest, ListUnaidedStudentsRequest,
    RevokeAidGrantRequest, SchoolTerm, Student, SumAidRequest, UpdateStudentRequest,
};
use junheng_proto::workflow::v1::evidence::Kind;
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{class_row, header, import_classes, import_students, student_row};
use junheng_tests::{County, Officer, School, Story, World, days_from_now, request_id, story};
use prost_types::FieldMask;
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("who is entitled to an allowance and got nothing is listed and summed at every level", |world| Box::pin(unaided(world))),
    story("aid is recorded once and only for who is entitled to it", |world| Box::pin(recorded(world))),
    story("a wrong grant is taken back with its reason and one allowance stands for a term", |world| Box::pin(corrected(world))),
];

/// 2025学年秋季学期, after the rise of 2024: 62,500 fen a term for boarders of a primary school, 31,250 for day pupils.
const TERM: AidTerm = AidTerm {
    school_year: 2025,
    term: SchoolTerm::Autumn as i32,
};

async fn unaided(world: &World) {
    let (county, school, pupils) = stage(world).await;
    let (boarder, day) = (&pupils[0], &pupils[1]);
    let province = world
        .sign_in("province.inspector", &county.place.province)
        .await;
    for parent in [&school, &county.place.county] {
        let listed = nothing(&county.clerk, parent).await;
        assert_eq!(listed, sorted(&[boarder, day]), "{parent}");
    }
    let row = row(boarder, AidItem::BoarderAllowance, 62_500);
    let answer = record(&county.clerk, &school, vec![row], false).await;
    assert_eq!(answer.recorded_count, 1, "{answer:?}");
    assert_eq!(
        nothing(&county.clerk, &school).await,
        std::slice::from_ref(&day.name)
    );
    let everywhere = nothing(&province, &county.place.province).await;
    assert!(everywhere.contains(&day.name) && !everywhere.contains(&boarder.name));
    let told = summed(&county.clerk, &county.place.county).await;
    assert_eq!(
        told,
        [
            (AidItem::BoarderAllowance, 1, 62_500, 0, 1, 62_500),
            (AidItem::DayPupilAllowance, 1, 31_250, 1, 0, 0),
        ]
    );
    let get = GetStudentAidRequest {
        name: boarder.name.clone(),
        term: Some(TERM),
    };
    let aid = answered(county.clerk.aid().get_student_aid(get).await);
    let told: Vec<_> = aid
        .entitlements
        .iter()
        .map(|one| (one.item(), one.amount_fen, one.granted_fen))
        .collect();
    assert_eq!(
        told,
        [
            (AidItem::FeeExemption, 0, 0),
            (AidItem::FreeTextbooks, 0, 0),
            (AidItem::BoarderAllowance, 62_500, 62_500),
        ]
    );
    // Who moves out of the dormitory is a day pupil who was aided, and the sums of every level follow.
    let moved_out = UpdateStudentRequest {
        student: Some(Student {
            name: boarder.name.clone(),
            etag: boarder.etag.clone(),
            boarder: false,
            ..Student::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["boarder".to_owned()],
        }),
        request_id: request_id(),
    };
    answered(county.clerk.students().update_student(moved_out).await);
    for parent in [&school, &county.place.county] {
        let expected = [
            (AidItem::BoarderAllowance, 0, 0, 0, 1, 62_500),
            (AidItem::DayPupilAllowance, 2, 62_500, 1, 0, 0),
        ];
        assert_eq!(summed(&county.clerk, parent).await, expected, "{parent}");
    }
    assert_eq!(
        nothing(&county.clerk, &school).await,
        std::slice::from_ref(&day.name),
        "the list and the sum are of the same students"
    );
}

async fn recorded(world: &World) {
    let (county, school, pupils) = stage(world).await;
    let rows = || {
        vec![
            row(&pupils[0], AidItem::BoarderAllowance, 62_500),
            row(&pupils[1], AidItem::BoarderAllowance, 62_500),
            row(&pupils[2], AidItem::DayPupilAllowance, 100),
            row(&pupils[1], AidItem::DayPupilAllowance, 31_251),
            row(&pupils[0], AidItem::BoarderAllowance, 62_400),
        ]
    };
    let reasons = [
        "AID_NOT_DUE",
        "AID_NOT_DUE",
        "FIELD_INVALID",
        "AID_GRANTED_ALREADY",
    ];
    let checked = record(&county.clerk, &school, rows(), true).await;
    assert_eq!(told(&checked), (1, 0, reasons.map(str::to_owned).into()));
    assert!(
        grants(&county.clerk, &school).await.is_empty(),
        "only judged"
    );
    let first = record(&county.clerk, &school, rows(), false).await;
    assert_eq!(told(&first).0, 1);
    let again = record(&county.clerk, &school, rows(), false).await;
    assert_eq!(told(&again), (0, 1, reasons.map(str::to_owned).into()));
    assert_eq!(grants(&county.clerk, &school).await, [62_500]);
    let elsewhere = County::fresh(world).await;
    let theirs = elsewhere.school(SchoolKind::Primary).await;
    let foreign = vec![row(&pupils[1], AidItem::DayPupilAllowance, 100)];
    let foreign = record(&elsewhere.clerk, &theirs.name, foreign, false).await;
    assert_eq!(told(&foreign), (0, 0, vec!["NOT_FOUND".to_owned()]));
    let outside = BatchRecordAidGrantsRequest {
        parent: school.clone(),
        term: Some(TERM),
        rows: rows(),
        validate_only: false,
        request_id: request_id(),
    };
    refused(
        elsewhere.clerk.aid().batch_record_aid_grants(outside).await,
        Code::PermissionDenied,
        "OUT_OF_SCOPE",
    );
}

/// A grant to a pupil whose hardship is recognised for it, by name.
pub async fn granted(clerk: &Officer, chief: &Officer, school: &School, pupil: &Student) -> String {
    recognise(clerk, chief, pupil).await;
    let item = match pupil.boarder {
        true => AidItem::BoarderAllowance,
        false => AidItem::DayPupilAllowance,
    };
    let recorded = record(clerk, &school.name, vec![row(pupil, item, 100)], false).await;
    assert_eq!(recorded.recorded_count, 1, "{recorded:?}");
    let of_pupil = list(clerk, &school.name).await.into_iter();
    let mut of_pupil = of_pupil.filter(|grant| grant.student == pupil.name);
    of_pupil.next().expect("the grant").name
}

async fn corrected(world: &World) {
    let (county, school, pupils) = stage(world).await;
    let (clerk, boarder) = (&county.clerk, &pupils[0]);
    let wrong = vec![row(boarder, AidItem::BoarderAllowance, 100)];
    assert_eq!(record(clerk, &school, wrong, false).await.recorded_count, 1);
    let grant = list(clerk, &school).await.remove(0);
    let revoke = |name: &str, note: &str| RevokeAidGrantRequest {
        name: name.to_owned(),
        note: note.to_owned(),
        request_id: request_id(),
    };
    let silent = clerk.aid().revoke_aid_grant(revoke(&grant.name, "")).await;
    let silent = refused(silent, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(silent.fields, ["note"]);
    let elsewhere = County::fresh(world).await.clerk;
    let note = "金额录入有误";
    let theirs = elsewhere
        .aid()
        .revoke_aid_grant(revoke(&grant.name, note))
        .await;
    refused(theirs, Code::NotFound, "NOT_FOUND");
    let gone = answered(
        clerk
            .aid()
            .revoke_aid_grant(revoke(&grant.name, note))
            .await,
    );
    assert_eq!(gone, grant);
    let twice = clerk
        .aid()
        .revoke_aid_grant(revoke(&grant.name, note))
        .await;
    refused(twice, Code::NotFound, "NOT_FOUND");
    assert_eq!(
        nothing(clerk, &school).await,
        sorted(&[boarder, &pupils[1]])
    );
    let told = [
        (AidItem::BoarderAllowance, 1, 62_500, 1, 0, 0),
        (AidItem::DayPupilAllowance, 1, 31_250, 1, 0, 0),
    ];
    assert_eq!(summed(clerk, &county.place.county).await, told);

    // Recorded anew; and who lives at home since gets no second allowance for the term.
    let right = vec![row(boarder, AidItem::BoarderAllowance, 62_500)];
    assert_eq!(record(clerk, &school, right, false).await.recorded_count, 1);
    let moved_out = UpdateStudentRequest {
        student: Some(Student {
            name: boarder.name.clone(),
            etag: boarder.etag.clone(),
            ..Student::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["boarder".to_owned()],
        }),
        request_id: request_id(),
    };
    answered(clerk.students().update_student(moved_out).await);
    let second = vec![row(boarder, AidItem::DayPupilAllowance, 31_250)];
    let second = record(clerk, &school, second, false).await;
    let already = vec!["AID_GRANTED_ALREADY".to_owned()];
    assert_eq!(self::told(&second), (0, 0, already));
    assert_eq!(grants(clerk, &school).await, [62_500]);
}

/// A school with a boarder in hardship, a day pupil in hardship and a boarder who is not.
async fn stage(world: &World) -> (County, String, Vec<Student>) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let class = class_row(&school, Stage::Primary, 1, 1);
    answered(import_classes(&county.clerk, header(&school.name), vec![class]).await);
    let flags = [(true, true), (false, true), (true, false)];
    let mut pupils = Vec::new();
    for (boarder, hardship) in flags {
        let mut row = student_row(&school, Stage::Primary, 1, 1, &child());
        (row.boarder, row.hardship) = (Some(boarder), Some(hardship));
        answered(import_students(&county.clerk, header(&school.name), vec![row]).await);
    }
    let list = ListStudentsRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    pupils.extend(answered(county.clerk.students().list_students(list).await).students);
    pupils.sort_by_key(|pupil| {
        let flag = (pupil.boarder, pupil.hardship);
        flags.iter().position(|one| *one == flag)
    });
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let chief = world.sign_in("county.approver", &county.place.county).await;
    for pupil in pupils.iter().filter(|pupil| pupil.hardship) {
        recognise(&clerk, &chief, pupil).await;
    }
    // Another one, whom only the school calls so: nothing follows from it.
    let mut row = student_row(&school, Stage::Primary, 1, 1, &child());
    (row.boarder, row.hardship) = (Some(true), Some(true));
    answered(import_students(&county.clerk, header(&school.name), vec![row]).await);
    (county, school.name, pupils)
}

async fn recognise(clerk: &Officer, chief: &Officer, pupil: &Student) {
    let request = FileGroupRecognitionRequest {
        student: pupil.name.clone(),
        group_recognition: Some(GroupRecognition {
            group: Group::Hardship.into(),
            hardship_level: HardshipLevel::Great.into(),
            evidence: vec![Evidence {
                title: "证明材料".to_owned(),
                digest: "ab".repeat(32),
                kind: Kind::CivilAffairsCertificate.into(),
            }],
            valid_from: days_from_now(-30),
            ..GroupRecognition::default()
        }),
        request_id: request_id(),
    };
    let filed = answered(clerk.recognitions().file_group_recognition(request).await);
    let step = StepRequest {
        name: filed.name,
        etag: filed.etag,
        note: "材料齐全".to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    };
    answered(chief.recognitions().confirm_group_recognition(step).await);
}

fn row(pupil: &Student, item: AidItem, amount_fen: i64) -> AidGrantRow {
    AidGrantRow {
        row: 2,
        student: pupil.name.clone(),
        student_number: String::new(),
        item: item.into(),
        amount_fen,
        pay_date: "2025-10-15".to_owned(),
    }
}

async fn record(
    officer: &Officer,
    parent: &str,
    rows: Vec<AidGrantRow>,
    validate_only: bool,
) -> BatchRecordAidGrantsResponse {
    let request = BatchRecordAidGrantsRequest {
        parent: parent.to_owned(),
        term: Some(TERM),
        rows,
        validate_only,
        request_id: request_id(),
    };
    answered(officer.aid().batch_record_aid_grants(request).await)
}

/// Recorded, unchanged, and the reasons of the others.
fn told(answer: &BatchRecordAidGrantsResponse) -> (i32, i32, Vec<String>) {
    let reasons = answer.verdicts.iter().map(|verdict| {
        let name = verdict.reason().as_str_name();
        name.trim_start_matches("REASON_").to_owned()
    });
    (
        answer.recorded_count,
        answer.unchanged_count,
        reasons.collect(),
    )
}

async fn list(officer: &Officer, parent: &str) -> Vec<AidGrant> {
    let request = ListAidGrantsRequest {
        parent: parent.to_owned(),
        term: Some(TERM),
        ..Default::default()
    };
    answered(officer.aid().list_aid_grants(request).await).aid_grants
}

async fn grants(officer: &Officer, parent: &str) -> Vec<i64> {
    let listed = list(officer, parent).await;
    listed.iter().map(|grant| grant.amount_fen).collect()
}

/// Item, entitled with fen, unaided, granted with fen.
async fn summed(officer: &Officer, parent: &str) -> Vec<(AidItem, i64, i64, i64, i64, i64)> {
    let request = SumAidRequest {
        parent: parent.to_owned(),
        term: Some(TERM),
    };
    let sums = answered(officer.aid().sum_aid(request).await).sums;
    let told = |sum: &AidSum| {
        (
            sum.item(),
            sum.entitled_count,
            sum.entitled_fen,
            sum.unaided_count,
            sum.granted_count,
            sum.granted_fen,
        )
    };
    sums.iter().map(told).collect()
}

/// Who got nothing, in the order of names.
async fn nothing(officer: &Officer, parent: &str) -> Vec<String> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListUnaidedStudentsRequest {
            parent: parent.to_owned(),
            term: Some(TERM),
            page_size: 1,
            page_token,
        };
        let page = answered(officer.aid().list_unaided_students(request).await);
        let students = page.unaided_students.into_iter();
        names.extend(students.filter_map(|one| one.student).map(|one| one.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            names.sort();
            return names;
        }
    }
}

fn sorted(pupils: &[&Student]) -> Vec<String> {
    let mut names: Vec<String> = pupils.iter().map(|pupil| pupil.name.clone()).collect();
    names.sort();
    names
}
