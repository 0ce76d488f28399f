//! The records of the rooms that the matrix names: made once at each corner of its ground.

use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::admission_entry::Kind as EntryKind;
use junheng_proto::registration::v1::admission_plan::Basis;
use junheng_proto::registration::v1::export::Kind as ExportKind;
use junheng_proto::registration::v1::group_recognition::Group;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    AccessGrant, ClearField, ConfirmDropoutCaseRequest, CreateKeyChangeRequest,
    CreateStatusChangeRequest, CreateTransferRequest, DrawDropoutNoticeRequest, Export,
    FileGroupRecognitionRequest, GroupRecognition, KeyFields, ListAdmissionEntriesRequest,
    ListStudentsRequest, PrepareClassDrawRequest, ReportDropoutSuspicionRequest,
    RequestAccessGrantRequest, RequestExportRequest, SchoolClass, StatusChange, StatusProof,
    Student, TransferApplicant, UpdateStudentRequest, dropout_case, dropout_notice, status_change,
    status_proof,
};
use junheng_proto::workflow::v1::Evidence;
use junheng_proto::workflow::v1::evidence::Kind;
use junheng_tests::person::child;
use junheng_tests::pupils::{claim, household_proof, proof, register, school_with_class};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::school_year::in_days;
use junheng_tests::{County, Officer, School, World, days_from_now, request_id};

use crate::{admission, aid, attendance, zones};

/// A record by its collection.
pub type Named = (&'static str, String);

/// Everything that is under way at a corner.
pub async fn records(
    world: &World,
    label: &str,
    county: &County,
    school: &School,
    class: &SchoolClass,
    student: &Student,
) -> Vec<Named> {
    let clerk = &county.clerk;
    let (transfer, case) = disputes(world, school, county, class).await;
    let key_change = key_change(world, school, student).await;
    let mistaken = mistaken(clerk, &school.name, &student.name).await;
    let (dropout_case, dropout_notice) = dropout(world, county, class).await;
    let mut records = vec![
        ("transfers", transfer),
        ("duplicateCases", case),
        ("dropoutCases", dropout_case),
        ("dropoutNotices", dropout_notice),
        ("keyChanges", key_change),
        ("statusChanges", mistaken.name),
        (
            "attendanceSheets",
            attendance::called(clerk, &class.name).await.name,
        ),
    ];
    records.extend(intake(world, county, school, label).await);
    records.extend(approvals(clerk, &school.name, &student.name).await);
    let chief = world.sign_in("county.approver", &county.place.county).await;
    records.push((
        "aidGrants",
        aid::granted(clerk, &chief, school, student).await,
    ));
    records
}

/// A pupil who comes to the school from another province, and one whom it claims from another school of its county.
async fn disputes(
    world: &World,
    school: &School,
    county: &County,
    class: &SchoolClass,
) -> (String, String) {
    let newcomer = child();
    let request = CreateTransferRequest {
        parent: school.name.clone(),
        applicant: Some(TransferApplicant {
            display_name: newcomer.display_name,
            birth_date: newcomer.birth_date,
            identity_type: IdentityType::ResidentCard.into(),
            identity_number: newcomer.number,
            sex: newcomer.sex.into(),
            ethnicity: "01".to_owned(),
            ..Default::default()
        }),
        receiving_class: class.name.clone(),
        outside_school: "西宁市观门街小学".to_owned(),
        outside_region: "regions/630103".to_owned(),
        reason: "随父母迁居".to_owned(),
        evidence: vec![proof("监护人转学申请")],
        request_id: request_id(),
    };
    let receiver = world.sign_in("school.clerk", &school.name).await;
    let transfer = answered(receiver.transfers().create_transfer(request).await);
    let (_, other) = school_with_class(county, 1).await;
    let pupil = child();
    register(&county.clerk, &other, &pupil).await;
    let case = claim(&county.clerk, class, &pupil).await;
    (transfer.name, case.name)
}

/// A pupil of the class who dropped out, and the reminder to the guardians.
async fn dropout(world: &World, county: &County, class: &SchoolClass) -> (String, String) {
    let clerk = &county.clerk;
    let pupil = register(clerk, class, &child()).await;
    let report = ReportDropoutSuspicionRequest {
        child: pupil.name,
        note: "多日未到校".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let case = answered(clerk.dropout_cases().report_dropout_suspicion(report).await);
    let confirm = ConfirmDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag,
        reason: dropout_case::Reason::Work.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let head = world.sign_in("school.approver", &class.school).await;
    answered(head.dropout_cases().confirm_dropout_case(confirm).await);
    let draw = DrawDropoutNoticeRequest {
        dropout_case: case.name.clone(),
        kind: dropout_notice::Kind::ReturnReminder.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let notice = answered(clerk.dropout_notices().draw_dropout_notice(draw).await);
    (case.name, notice.name)
}

/// A change of the name, filed.
async fn key_change(world: &World, school: &School, student: &Student) -> String {
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let change = CreateKeyChangeRequest {
        student: student.name.clone(),
        etag: student.etag.clone(),
        wanted: Some(KeyFields {
            display_name: "矩阵改名".to_owned(),
            ..KeyFields::default()
        }),
        evidence: vec![household_proof("户籍证明")],
        request_id: request_id(),
        ..CreateKeyChangeRequest::default()
    };
    answered(clerk.key_changes().create_key_change(change).await).name
}

/// The cancellation of a record, filed.
async fn mistaken(clerk: &Officer, school: &str, student: &str) -> StatusChange {
    let proof = StatusProof {
        kind: status_proof::Kind::Finding.into(),
        document: Some(Evidence {
            title: "核查说明".to_owned(),
            digest: "ab".repeat(32),
            ..Evidence::default()
        }),
        ..StatusProof::default()
    };
    let request = CreateStatusChangeRequest {
        parent: school.to_owned(),
        status_change: Some(StatusChange {
            student: student.to_owned(),
            kind: status_change::Kind::Cancellation.into(),
            effective_date: in_days(0),
            reason: "重复建籍".to_owned(),
            proofs: vec![proof],
            ..StatusChange::default()
        }),
        request_id: request_id(),
    };
    answered(clerk.status_changes().create_status_change(request).await)
}

/// Zones of the county, and of the school an admission with a child on the list and a draw of a class.
async fn intake(world: &World, county: &County, school: &School, label: &str) -> Vec<Named> {
    let clerk = &county.clerk;
    // Two schools of the ground lie in one county, which has one plan of a stage.
    let stage = match label {
        "a school beside" => Stage::Junior,
        _ => Stage::Primary,
    };
    let mut zones = zones::draft(county, 2030, Vec::new());
    if let Some(plan) = &mut zones.zone_plan {
        plan.stage = stage.into();
    }
    let zones = answered(clerk.zones().create_zone_plan(zones).await);
    let plan = admission::plan(Basis::Assigned, 40, 1);
    let plan = admission::open(&school.name, plan);
    let plan = answered(clerk.admissions().create_admission_plan(plan).await);
    let rows = admission::rows(vec![(EntryKind::Local, admission::entrant(county))]);
    admission::enter(clerk, &plan.name, rows).await;
    let listed = ListAdmissionEntriesRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    let listed = answered(clerk.admissions().list_admission_entries(listed).await);
    let draw = draw(world, clerk, school).await;
    vec![
        ("zonePlans", zones.name),
        ("admissionPlans", plan.name),
        ("admissionEntries", listed.admission_entries[0].name.clone()),
        ("classDraws", draw),
    ]
}

/// A draw for the one student of the second grade, who is in no class.
async fn draw(world: &World, clerk: &Officer, school: &School) -> String {
    let classes = numbered([class_row(school, Stage::Primary, 2, 1)], |row, number| {
        row.row = number;
    });
    all_in(answered(
        import_classes(clerk, header(&school.name), classes).await,
    ));
    let rows = numbered(
        [student_row(school, Stage::Primary, 2, 1, &child())],
        |row, number| row.row = number,
    );
    all_in(answered(
        import_students(clerk, header(&school.name), rows).await,
    ));
    let students = ListStudentsRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    let students = answered(clerk.students().list_students(students).await).students;
    let student = students.into_iter().find(|student| student.grade == 2);
    let unplaced = UpdateStudentRequest {
        student: student.map(|student| Student {
            school_class: String::new(),
            ..student
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["school_class".to_owned()],
        }),
        request_id: request_id(),
    };
    answered(clerk.students().update_student(unplaced).await);
    let own = world.sign_in("school.clerk", &school.name).await;
    let request = PrepareClassDrawRequest {
        parent: school.name.clone(),
        stage: Stage::Primary.into(),
        grade: 2,
        request_id: request_id(),
    };
    answered(own.class_draws().prepare_class_draw(request).await).name
}

/// A grant and an export of the county's clerk, and a recognition of the pupil.
async fn approvals(clerk: &Officer, school: &str, pupil: &str) -> Vec<Named> {
    let grant = RequestAccessGrantRequest {
        parent: school.to_owned(),
        access_grant: Some(AccessGrant {
            fields: vec![ClearField::IdentityNumber.into()],
            purpose: "矩阵".to_owned(),
            expire_date: days_from_now(1),
            quota: 1,
            ..AccessGrant::default()
        }),
        request_id: request_id(),
    };
    let grant = answered(clerk.grants().request_access_grant(grant).await);
    let export = RequestExportRequest {
        parent: school.to_owned(),
        export: Some(Export {
            kind: ExportKind::Students.into(),
            purpose: "矩阵".to_owned(),
            ..Export::default()
        }),
        request_id: request_id(),
    };
    let export = answered(clerk.exports().request_export(export).await);
    let recognition = FileGroupRecognitionRequest {
        student: pupil.to_owned(),
        group_recognition: Some(GroupRecognition {
            group: Group::Migrant.into(),
            evidence: vec![Evidence {
                title: "居住证".to_owned(),
                digest: "0".repeat(64),
                kind: Kind::ResidencePermit.into(),
            }],
            valid_from: days_from_now(-1),
            ..GroupRecognition::default()
        }),
        request_id: request_id(),
    };
    let recognition = clerk
        .recognitions()
        .file_group_recognition(recognition)
        .await;
    vec![
        ("accessGrants", grant.name),
        ("exports", export.name),
        ("groupRecognitions", answered(recognition).name),
    ]
}
