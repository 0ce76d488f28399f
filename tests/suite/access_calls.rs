//! Calls any method of the contract with a request that is valid but for whom it comes from and what it names.

use std::time::Duration;

use bytes::Bytes;
use junheng_tests::bytes_codec::BytesCodec;
use junheng_tests::person::{adult, child};
use junheng_tests::school_year::in_days;
use junheng_tests::{Officer, Refused, request_id};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage as _, Value};
use serde_json::{Value as Json, json};
use tonic::Status;

use super::ground::Target;
use crate::attendance;

/// How long a feed may stay silent until it counts as open.
const OPEN: Duration = Duration::from_millis(300);

/// An encoded request.
#[derive(Clone, Debug)]
pub struct Request(Bytes);

/// What became of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Answered with content.
    Answered,
    /// Answered, and every list in the answer is empty.
    Nothing,
    /// Refused.
    Refused {
        /// The reason.
        reason: String,
        /// The `name` of its metadata.
        name: String,
    },
}

// === impl Request ===

impl Request {
    /// A request for a method. `target` is the scope field and what to name there.
    pub fn of(method: &MethodDescriptor, target: Option<(&str, &Target)>, service: &str) -> Self {
        let body = body_of(method.name(), target.map(|(_, target)| target));
        let text = body.to_string();
        let mut reader = serde_json::Deserializer::from_str(&text);
        let mut message = DynamicMessage::deserialize(method.input(), &mut reader)
            .unwrap_or_else(|error| panic!("{}: {error}", method.full_name()));
        let defaults = [
            ("request_id", request_id()),
            ("etag", "0".to_owned()),
            ("service", service.to_owned()),
        ];
        for (field, value) in defaults {
            if message.descriptor().get_field_by_name(field).is_some() {
                message.set_field_by_name(field, Value::String(value));
            }
        }
        if let Some((path, target)) = target {
            set(&mut message, path, &target.value);
        }
        Self(message.encode_to_vec().into())
    }
}

/// The services that a method is called at; one where only one implements it.
pub fn services_of(method: &MethodDescriptor) -> &'static [&'static str] {
    match method.parent_service().name() {
        "JournalService" => &[
            "registration",
            "staffing",
            "assets",
            "inspection",
            "accounts",
        ],
        "MeasureService" | "ObstacleService" => &["registration", "staffing", "assets"],
        "WorkflowService" => &["inspection"],
        _ => &["registration"],
    }
}

/// Calls a method and says what became of it.
pub async fn call(officer: &Officer, method: &MethodDescriptor, request: Request) -> Outcome {
    match answer(officer, method, request.0).await {
        Err(status) => {
            let refused = Refused::read(&status);
            Outcome::Refused {
                reason: refused.reason,
                name: refused.metadata.get("name").cloned().unwrap_or_default(),
            }
        }
        Ok(bytes) => {
            let message =
                DynamicMessage::decode(method.output(), bytes).expect("a readable answer");
            let shown = message.fields().any(|(_, value)| match value {
                Value::List(list) => !list.is_empty(),
                Value::I64(number) => *number != 0,
                Value::String(text) => !text.is_empty(),
                _ => false,
            });
            if shown {
                Outcome::Answered
            } else {
                Outcome::Nothing
            }
        }
    }
}

async fn answer(
    officer: &Officer,
    method: &MethodDescriptor,
    body: Bytes,
) -> Result<Bytes, Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = path.parse().expect("a path");
    let mut client = tonic::client::Grpc::new(officer.link());
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    if method.is_server_streaming() {
        let stream = client
            .server_streaming(tonic::Request::new(body), path, BytesCodec)
            .await?;
        let mut stream = stream.into_inner();
        return match tokio::time::timeout(OPEN, stream.message()).await {
            Ok(first) => Ok(first?.unwrap_or_default()),
            Err(_) => Ok(Bytes::new()),
        };
    }
    if method.is_client_streaming() {
        let stream = tonic::Request::new(tokio_stream::once(body));
        return Ok(client
            .client_streaming(stream, path, BytesCodec)
            .await?
            .into_inner());
    }
    Ok(client
        .unary(tonic::Request::new(body), path, BytesCodec)
        .await?
        .into_inner())
}

/// Sets a text field by its path, making the messages on the way.
fn set(message: &mut DynamicMessage, path: &str, value: &str) {
    let (field, rest) = path.split_once('.').unwrap_or((path, ""));
    let descriptor = message
        .descriptor()
        .get_field_by_name(field)
        .expect("the scope field");
    if rest.is_empty() {
        message.set_field(&descriptor, Value::String(value.to_owned()));
    } else if let Value::Message(inner) = message.get_field_mut(&descriptor) {
        set(inner, rest, value);
        if let Some(field) = inner.descriptor().get_field_by_name("request_id") {
            inner.set_field(&field, Value::String(request_id()));
        }
    }
}

/// The content of a valid request, without what [`Request::of`] fills in.
fn body_of(method: &str, target: Option<&Target>) -> Json {
    let beside = target.map_or("", |target| target.beside.as_str());
    let (pupil, teacher) = (child(), adult());
    match method {
        "CreateAccount" => json!({
            "account": { "signInName": "matrix.account", "displayName": "矩阵" },
            "password": "a long Password for tests",
        }),
        "GrantPost" | "RevokePost" => json!({
            "post": { "level": "LEVEL_COUNTY", "duty": "DUTY_CLERK", "organisation": beside },
        }),
        "SignIn" => {
            json!({ "signInName": "nobody.at.all", "password": "a long Password for tests" })
        }
        "CreateSchool" => json!({ "school": {
            "schoolCode": "2142960001", "displayName": "矩阵小学", "kind": "SCHOOL_KIND_PRIMARY",
            "urbanRural": "URBAN_RURAL_MAIN_URBAN", "sponsor": "SPONSOR_COUNTY_EDUCATION", "stages": ["STAGE_PRIMARY"],
        }}),
        "UpdateSchool" => {
            json!({ "school": { "sponsor": "SPONSOR_PRIVATE", "etag": "0" }, "updateMask": "sponsor" })
        }
        "ListLedger" => json!({ "kind": "LEDGER_KIND_SCHOOL_AGE" }),
        "ListMissingReports" => json!({ "kind": "KIND_MONTHLY", "period": "2026-10" }),
        "CreateReliefPlan" => json!({ "reliefPlan": {
            "measure": "MEASURE_DIVISION", "statement": "拆分为两个班",
            "endDate": in_days(300),
        }}),
        "CreateSchoolClass" => {
            json!({ "schoolClass": { "stage": "STAGE_PRIMARY", "grade": 6, "number": 9 } })
        }
        "CreateStudent" => json!({ "student": {
            "schoolClass": beside, "displayName": pupil.display_name, "identityType": "IDENTITY_TYPE_RESIDENT_CARD",
            "identityNumber": pupil.number, "sex": pupil.sex as i32, "birthDate": pupil.birth_date, "ethnicity": "01",
        }}),
        "UpdateStudent" => {
            json!({ "student": { "boarder": true, "etag": "0" }, "updateMask": "boarder" })
        }
        "DiscardQuarantinedRows" => json!({ "cause": "2142960001", "reason": "矩阵" }),
        "CreateTransfer" => json!({
            "applicant": {
                "displayName": pupil.display_name, "birthDate": pupil.birth_date, "sex": pupil.sex as i32,
                "identityType": "IDENTITY_TYPE_RESIDENT_CARD", "identityNumber": pupil.number, "ethnicity": "01",
            },
            "receivingClass": beside, "reason": "随父母迁居",
            "evidence": [{ "title": "监护人转学申请", "digest": "0".repeat(64) }],
        }),
        "RejectTransfer" | "ReturnTransferFile" | "DisputeDuplicateSettlement" => {
            json!({ "note": "请核对" })
        }
        "SettleDuplicateCase" | "ProposeDuplicateSettlement" | "DecideDuplicateCase" => {
            json!({ "outcome": "OUTCOME_STANDING_KEEPS", "note": "请核对" })
        }
        "SearchStudents" => json!({ "displayName": pupil.display_name }),
        "CreateKeyChange" => json!({
            "wanted": { "displayName": "矩阵改名" },
            "evidence": [{ "title": "户籍证明", "digest": "0".repeat(64), "kind": "KIND_POLICE_CERTIFICATE" }],
        }),
        "MoveTeacher" | "HandOverSite" => json!({ "note": "按布局调整办理" }),
        "RejectKeyChange" => json!({ "note": "材料不全" }),
        "CreateTeacher" => json!({ "teacher": {
            "displayName": teacher.display_name, "identityNumber": teacher.number, "sex": teacher.sex as i32,
            "stage": "STAGE_PRIMARY", "position": "POSITION_FULL_TIME", "subject": "SUBJECT_MUSIC",
            "education": "EDUCATION_BACHELOR", "title": "TITLE_FIRST", "backbone": "BACKBONE_NONE",
        }}),
        "UpdateTeacher" => {
            json!({ "teacher": { "title": "TITLE_SENIOR", "etag": "0" }, "updateMask": "title" })
        }
        "CreateSite" => json!({ "site": { "displayName": "矩阵校区", "bookCount": 1 } }),
        "UpdateSite" => {
            json!({ "site": { "bookCount": 2, "etag": "0" }, "updateMask": "bookCount" })
        }
        "CreateCampaign" => json!({ "campaign": {
            "framework": "frameworks/basic-2012", "displayName": "矩阵督导", "asOfDate": "2018-09-01",
        }}),
        "ReturnCampaign" => json!({ "parts": [{ "name": beside, "reason": "请核对" }] }),
        "ReportDropoutSuspicion" => json!({ "note": "多日未到校" }),
        "ConfirmDropoutCase" => json!({ "reason": "REASON_WORK" }),
        "AssignDropoutCase" => json!({ "plan": "矩阵方案" }),
        "RecordDropoutVisit" => json!({ "visit": {
            "date": "2026-01-01", "people": ["矩阵"], "method": "METHOD_HOME", "outcome": "OUTCOME_REFUSED",
        }}),
        "ReturnDropoutCase" => json!({ "returnedDate": "2026-01-01" }),
        "RequestDropoutClosing" => json!({ "ground": "GROUND_NO_FAULT" }),
        "RelapseDropoutCase" | "RefuseDropoutClosing" => json!({ "note": "请核对" }),
        "DrawDropoutNotice" => json!({ "kind": "KIND_RETURN_REMINDER" }),
        "RecordNoticeService" => json!({
            "servedDate": "2026-01-01", "serviceMethod": "SERVICE_METHOD_IN_PERSON", "receivedBy": "矩阵",
            "evidence": [{ "title": "送达回证", "digest": "0".repeat(64) }],
        }),
        "RevokeDropoutNotice" => json!({ "reason": "矩阵作废" }),
        "RejectStatusChange" => json!({ "note": "请核对" }),
        "ReturnSchoolReport" => json!({ "reason": "请核对" }),
        "ConfirmSchoolReport" => json!({ "measuresDigest": "0".repeat(64) }),
        "AnswerEvidenceItem" => json!({ "met": true, "value": "100", "statement": "已落实" }),
        "GetPublishedVerdict" => json!({ "campaign": format!("campaigns/{}", request_id()) }),
        "TraceFigure" => {
            json!({ "school": format!("schools/{}", request_id()), "stage": "STAGE_PRIMARY", "indicator": "5" })
        }
        "GetFramework" => json!({ "name": "frameworks/basic-2012" }),
        "EvaluateMeasures" => json!({
            "framework": "frameworks/basic-2012", "region": "regions/420106", "asOfDate": "2018-09-01",
        }),
        "CreateZonePlan" => {
            json!({ "zonePlan": { "schoolYear": 2031, "stage": "STAGE_PRIMARY" } })
        }
        "LookUpZone" => json!({
            "parent": "regions/420106", "stage": "STAGE_PRIMARY", "schoolYear": 2031, "area": "矩阵小区",
        }),
        "ReturnZonePlan"
        | "ReturnAdmissionPlan"
        | "WithdrawAdmissionEntry"
        | "ReleaseAdmissionEntry"
        | "CancelClassDraw" => json!({ "note": "请核对" }),
        // Without a reason: a grant that is taken back is gone for whoever calls next.
        "RevokeAidGrant" => json!({ "note": "" }),
        "CreateAdmissionPlan" => json!({ "admissionPlan": {
            "schoolYear": 2031, "stage": "STAGE_PRIMARY", "basis": "BASIS_ASSIGNED", "placeCount": 40, "classCount": 1,
        }}),
        "AddAdmissionEntries" => json!({ "rows": [{ "row": 1 }] }),
        "DrawAdmissionPlan" => json!({ "seed": "0123456789abcdef" }),
        "RecordArrivals" => json!({ "entries": [format!("admissionEntries/{}", request_id())] }),
        "CountAdmissions" | "ListNotArrived" => json!({ "schoolYear": 2031 }),
        "PrepareClassDraw" => json!({ "stage": "STAGE_PRIMARY", "grade": 1 }),
        "CommitSchoolSeed" | "CommitCountySeed" => json!({ "commitment": "0".repeat(64) }),
        "RevealSchoolSeed" | "RevealCountySeed" => {
            json!({ "part": "0123456789abcdef", "source": "当众" })
        }
        "ReplayClassDraw" => json!({
            "members": [{ "student": request_id(), "sex": "SEX_MALE", "group": "GROUP_OTHER" }], "classCount": 1,
        }),
        "RecordBirths" => json!({ "births": [{
            "place": "420106", "birthYear": 2020, "asOfYear": 2026, "source": "矩阵",
        }]}),
        "MarkAttendance" => json!({ "date": attendance::MATRIX_DAY, "reason": "矩阵" }),
        "ListAttendanceSheets" | "ListMissingSheets" => json!({ "date": attendance::MATRIX_DAY }),
        "ListAbsences" => {
            json!({ "beginDate": attendance::MATRIX_DAY, "endDate": attendance::MATRIX_DAY })
        }
        "GetWorkflow" => json!({ "name": "workflows/campaign" }),
        "GetInclusionProof" => json!({ "name": format!("entries/{}", request_id()) }),
        "ListEntries" => json!({ "subject": format!("schools/{}", request_id()) }),
        _ => json!({}),
    }
}
