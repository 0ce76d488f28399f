//! Documents and student numbers 身份证件与学籍号.

use junheng_proto::bulk::v1::ImportHeader;
use junheng_proto::education::v1::Sex;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::issue_formal_numbers_request::Part;
use junheng_proto::registration::v1::number_verdict_row::Verdict;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::student_number::{Kind, Why};
use junheng_proto::registration::v1::{
    IssueFormalNumbersRequest, IssueFormalNumbersResponse, ListNumberMismatchesRequest,
    ListStudentNumbersRequest, NumberMismatch, NumberVerdictRow, Student, StudentNumber,
    UpdateStudentRequest,
};
use junheng_tests::classroom::Classroom;
use junheng_tests::person::{child, with_check_digit};
use junheng_tests::pupils::student_of;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::world::PROVINCE;
use junheng_tests::{Officer, Story, World, request_id, story};
use prost_types::FieldMask;
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a pupil who comes with a student number keeps it and nobody else gets it", |world| Box::pin(brought_along(world))),
    story("a formal number takes the place of the temporary one after the national check and the old one stays in the history", |world| Box::pin(issued(world))),
    story("who does not match the national check is listed until the match", |world| Box::pin(mismatched(world))),
    story("a resident number typed as another document is refused with the kind that would be right", |world| Box::pin(wrong_kind(world))),
    story("every kind of document that a pupil can hold is taken in its own shape", |world| Box::pin(kinds(world))),
    story("an area code out of force is a warning and no refusal", |world| Box::pin(old_area(world))),
    story("an update that changes nothing leaves the etag of the pupil as it is", |world| Box::pin(nothing_changed(world))),
];

async fn brought_along(world: &World) {
    let room = Classroom::shared(world).await;
    let person = child();
    let formal = format!("G{}", person.number);
    let kept = room
        .register_with(&person, |student| student.student_number = formal.clone())
        .await;
    assert_eq!(kept.student_number, format!("G***{}", &formal[18..]));
    assert!(
        kept.warnings
            .iter()
            .all(|warning| warning.field != "student_number"),
        "{kept:?}"
    );

    let other = room.request_with(&child(), |student| student.student_number = formal.clone());
    let answer = room.county.clerk.students().create_student(other).await;
    let taken = refused(answer, Code::AlreadyExists, "STUDENT_NUMBER_TAKEN");
    assert!(!format!("{taken:?}").contains(&person.number), "{taken:?}");

    let wrong = room.request_with(&child(), |student| student.student_number = "G123".into());
    let answer = room.county.clerk.students().create_student(wrong).await;
    let wrong = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(wrong.fields, ["student_number"]);

    // After a change of the identity number the number stays, and then it differs from the document.
    let moved = child();
    let differing = format!(
        "G{}",
        with_check_digit(&moved.number[..17].replace("630111", "412126"))
    );
    let moved = room
        .register_with(&moved, |student| student.student_number = differing)
        .await;
    assert!(moved.student_number.starts_with("G***"));
    assert!(
        moved
            .warnings
            .iter()
            .any(|warning| warning.field == "student_number"),
        "{moved:?}"
    );
}

async fn issued(world: &World) {
    let room = Classroom::fresh(world).await;
    let county = room.county.place.county.clone();
    let person = child();
    let first = room.register(&person).await;
    assert!(first.student_number.starts_with("L***"), "{first:?}");
    let without = room
        .register_with(&child(), |student| {
            student.identity_type = IdentityType::None.into();
            student.identity_number = String::new();
        })
        .await;
    assert!(without.student_number.starts_with("J***"), "{without:?}");
    let approver = world.sign_in("province.approver", PROVINCE).await;
    let unknown = format!("students/{}", request_id());
    let rows = || {
        vec![
            verdict(1, &first.name, Verdict::Matched, ""),
            verdict(2, &without.name, Verdict::Matched, ""),
            verdict(3, &unknown, Verdict::Matched, ""),
            verdict(4, &first.name, Verdict::Matched, ""),
            verdict(5, &first.name, Verdict::Unspecified, ""),
        ]
    };
    let result = issue(&approver, &county, rows()).await;
    let counts = (result.row_count, result.issued_count, result.rejected_count);
    assert_eq!(counts, (5, 1, 4), "{result:?}");
    let reasons: Vec<_> = result
        .verdicts
        .iter()
        .map(|verdict| (verdict.row, verdict.reason()))
        .collect();
    let expected = [
        (2, Reason::NumberNotExchangeable),
        (3, Reason::StudentUnknown),
        (4, Reason::RowDuplicate),
        (5, Reason::FieldRequired),
    ];
    assert_eq!(reasons, expected);

    let formal = room.student(&first.name).await;
    let last = &person.number[17..];
    assert_eq!(formal.student_number, format!("G***{last}"));
    assert_ne!(formal.etag, first.etag);
    let history = history(&room.county.clerk, &first.name).await;
    let kinds: Vec<Kind> = history.iter().map(StudentNumber::kind).collect();
    assert_eq!(kinds, [Kind::Temporary, Kind::Formal]);
    assert_eq!(history[0].student_number, first.student_number, "masked");
    assert_eq!(history[0].replaced_why(), Why::NationalCheck);
    assert_eq!(history[0].until_date, history[1].from_date);
    assert_eq!(history[1].until_date, "");

    let again = issue(&approver, &county, rows()).await;
    assert_eq!(
        (again.issued_count, again.unchanged_count),
        (0, 1),
        "{again:?}"
    );
    assert_eq!(room.student(&first.name).await.etag, formal.etag);
}

async fn mismatched(world: &World) {
    let room = Classroom::fresh(world).await;
    let county = room.county.place.county.clone();
    let (one, other) = (room.register(&child()).await, room.register(&child()).await);
    let approver = world.sign_in("province.approver", PROVINCE).await;
    let silent = vec![verdict(2, &one.name, Verdict::Mismatch, "")];
    let silent = issue(&approver, &county, silent).await;
    assert_eq!(silent.verdicts[0].field, "note");
    let rows = vec![
        verdict(2, &one.name, Verdict::Mismatch, "姓名与人口库不一致"),
        verdict(3, &other.name, Verdict::Matched, ""),
    ];
    let result = issue(&approver, &county, rows.clone()).await;
    assert_eq!(
        (result.issued_count, result.mismatch_count),
        (1, 1),
        "{result:?}"
    );
    issue(&approver, &county, rows).await;
    let listed = mismatches(&room.county.clerk, &county).await;
    assert_eq!(listed.len(), 1, "once, however often the check says so");
    assert_eq!(listed[0].student, one.name);
    assert_eq!(listed[0].note, "姓名与人口库不一致");
    assert!(
        room.student(&one.name)
            .await
            .student_number
            .starts_with("L***")
    );

    let matched = vec![verdict(2, &one.name, Verdict::Matched, "")];
    issue(&approver, &county, matched).await;
    assert!(mismatches(&room.county.clerk, &county).await.is_empty());
    assert!(
        room.student(&one.name)
            .await
            .student_number
            .starts_with("G***")
    );
}

async fn wrong_kind(world: &World) {
    let room = Classroom::shared(world).await;
    for kind in [
        IdentityType::Passport,
        IdentityType::ResidencePermit,
        IdentityType::HouseholdBooklet,
        IdentityType::Other,
    ] {
        let request = room.request_with(&child(), |student| student.identity_type = kind.into());
        let answer = room.county.clerk.students().create_student(request).await;
        let refused = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(refused.fields, ["identity_type"], "{kind:?}");
        assert!(refused.sentence.contains("居民身份证"), "{refused:?}");
    }
    let officer = room.request_with(&child(), |student| {
        student.identity_type = IdentityType::OfficerCard.into();
        student.identity_number = "12345678".into();
    });
    let answer = room.county.clerk.students().create_student(officer).await;
    let refused = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    assert!(refused.sentence.contains("军队证件"), "{refused:?}");
}

async fn kinds(world: &World) {
    let room = Classroom::shared(world).await;
    // Numbers of the shape of GB 11643, each of a girl born on a day of her own.
    let eighteen = |area: &str, person: &junheng_tests::person::Person| {
        with_check_digit(&format!("{area}{}", &person.number[6..17]))
    };
    for (kind, number, letter, code, overseas) in [
        (IdentityType::ResidencePermit, "810000", "L", "6", "01"),
        (IdentityType::ResidencePermit, "820000", "L", "7", "03"),
        (IdentityType::ResidencePermit, "830000", "L", "8", "05"),
        (IdentityType::ForeignerCard, "911000", "L", "9", ""),
        (IdentityType::ForeignerCard, "USA123456789012", "J", "9", ""),
        (
            IdentityType::HongKongMacaoPermit,
            "H12345678",
            "J",
            "6",
            "01",
        ),
        (IdentityType::TaiwanPermit, "12345678", "J", "8", "05"),
        (IdentityType::Passport, "E12345678", "J", "A", ""),
        (IdentityType::HouseholdBooklet, "420106001", "J", "B", ""),
        (IdentityType::Other, "C-1", "", "", ""),
    ] {
        let person = child();
        let number = match number.len() {
            6 => eighteen(number, &person),
            _ => number.to_owned(),
        };
        let request = room.request_with(&person, |student| {
            student.identity_type = kind.into();
            student.identity_number = number.clone();
        });
        let answer = room.county.clerk.students().create_student(request).await;
        if letter.is_empty() {
            let refused = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
            assert_eq!(refused.fields, ["identity_number"]);
            continue;
        }
        let student = student_of(answered(answer));
        assert!(
            student.student_number.starts_with(letter),
            "{kind:?} {student:?}"
        );
        assert_eq!(
            (
                student.identity_code.as_str(),
                student.overseas_code.as_str()
            ),
            (code, overseas)
        );
    }
    let boy = child();
    let other_sex = room.request_with(&boy, |student| {
        student.identity_type = IdentityType::ResidencePermit.into();
        student.identity_number = eighteen("810000", &boy);
        student.sex = if boy.sex == Sex::Male {
            Sex::Female
        } else {
            Sex::Male
        }
        .into();
    });
    let answer = room.county.clerk.students().create_student(other_sex).await;
    let refused = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(refused.fields, ["sex"], "a permit tells the sex too");
}

async fn old_area(world: &World) {
    let room = Classroom::shared(world).await;
    let student = room.register(&child()).await;
    let warning = student.warnings.first().expect("630111 is out of force");
    assert_eq!(warning.field, "identity_number");
    assert!(warning.message_zh.contains("630111"), "{warning:?}");
    let read = room.student(&student.name).await;
    assert!(read.warnings.is_empty(), "told once");
}

async fn nothing_changed(world: &World) {
    let room = Classroom::shared(world).await;
    let student = room.register(&child()).await;
    for paths in [vec![], vec!["boarder".to_owned()], vec!["*".to_owned()]] {
        let request = UpdateStudentRequest {
            student: Some(student.clone()),
            update_mask: (!paths.is_empty()).then_some(FieldMask { paths }),
            request_id: request_id(),
        };
        let same = answered(room.county.clerk.students().update_student(request).await);
        let expected = Student {
            warnings: Vec::new(),
            ..student.clone()
        };
        assert_eq!(same, expected);
    }
}

fn verdict(row: i64, student: &str, verdict: Verdict, note: &str) -> NumberVerdictRow {
    NumberVerdictRow {
        row,
        student: student.to_owned(),
        student_number: String::new(),
        verdict: verdict.into(),
        note: note.to_owned(),
    }
}

async fn issue(
    officer: &Officer,
    parent: &str,
    rows: Vec<NumberVerdictRow>,
) -> IssueFormalNumbersResponse {
    let head = Part::Header(ImportHeader {
        parent: parent.to_owned(),
        request_id: request_id(),
        ..ImportHeader::default()
    });
    let parts = std::iter::once(head).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts
        .map(|part| IssueFormalNumbersRequest { part: Some(part) })
        .collect();
    let stream = tokio_stream::iter(messages);
    answered(officer.student_numbers().issue_formal_numbers(stream).await)
}

async fn history(officer: &Officer, student: &str) -> Vec<StudentNumber> {
    let request = ListStudentNumbersRequest {
        student: student.to_owned(),
    };
    answered(
        officer
            .student_numbers()
            .list_student_numbers(request)
            .await,
    )
    .student_numbers
}

async fn mismatches(officer: &Officer, parent: &str) -> Vec<NumberMismatch> {
    let request = ListNumberMismatchesRequest {
        parent: parent.to_owned(),
        ..ListNumberMismatchesRequest::default()
    };
    answered(
        officer
            .student_numbers()
            .list_number_mismatches(request)
            .await,
    )
    .mismatches
}
