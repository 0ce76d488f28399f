//! Aid as it is paid and given: in parts, in kind, and to whom nothing came.

use junheng_kernel::service::Link;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::aid_service_client::AidServiceClient;
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::group_recognition::{Group, HardshipLevel};
use junheng_proto::registration::v1::group_recognition_service_client::GroupRecognitionServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::evidence::Kind;
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use tonic::Code;

use crate::dropout::{done, refused};
use crate::support::{World, child, id};

const COUNTY: &str = "regions/630103";
const TERM: AidTerm = AidTerm {
    school_year: 2018,
    term: SchoolTerm::Autumn as i32,
};
/// What a boarder of a primary school gets for that term, in fen.
const DUE: i64 = 50_000;

/// A county with one boarder, whose hardship is recognised.
struct Ground {
    world: World,
    pupil: Student,
}

impl Ground {
    async fn new() -> Self {
        let world = World::new().await;
        let mut clerk = world.officer("county.clerk", COUNTY);
        let school = clerk.school("2163000001", "630103").await;
        let class = clerk.class(&school, 1, 1).await;
        let message = CreateStudentRequest {
            parent: school.name.clone(),
            student: Some(Student {
                school_class: class.name.clone(),
                boarder: true,
                ..child(1)
            }),
            request_id: id(),
        };
        let Outcome::Student(pupil) = clerk.create(message).await.unwrap() else {
            panic!("registered");
        };
        let filed = recognise(
            &world,
            &pupil,
            Group::Hardship,
            Kind::CivilAffairsCertificate,
        );
        let filed = done(filed.await);
        let chief = world.officer("county.approver", COUNTY);
        let confirm = chief.ask(StepRequest {
            name: filed.name,
            etag: filed.etag,
            request_id: id(),
            ..StepRequest::default()
        });
        done(
            recognitions(&world)
                .confirm_group_recognition(confirm)
                .await,
        );
        Self { world, pupil }
    }

    fn aid(&self) -> AidServiceClient<Link> {
        AidServiceClient::new(self.world.link.clone())
    }

    /// Records one grant: `true` when it is recorded, `false` when it stood so already.
    async fn record(&self, item: i32, amount_fen: i64, day: &str) -> Result<bool, AidGrantVerdict> {
        let clerk = self.world.officer("county.clerk", COUNTY);
        let request = BatchRecordAidGrantsRequest {
            parent: COUNTY.into(),
            term: Some(TERM),
            rows: vec![AidGrantRow {
                row: 2,
                student: self.pupil.name.clone(),
                item,
                amount_fen,
                pay_date: day.into(),
                ..AidGrantRow::default()
            }],
            validate_only: false,
            request_id: id(),
        };
        let answer = self.aid().batch_record_aid_grants(clerk.ask(request)).await;
        let mut answer = done(answer);
        match answer.verdicts.pop() {
            Some(verdict) => Err(verdict),
            None => Ok(answer.recorded_count == 1),
        }
    }

    /// Of each item what is due, what was granted, and in how many grants.
    async fn told(&self) -> Vec<(AidItem, i64, i64, i32)> {
        let clerk = self.world.officer("county.clerk", COUNTY);
        let request = GetStudentAidRequest {
            name: self.pupil.name.clone(),
            term: Some(TERM),
        };
        let aid = done(self.aid().get_student_aid(clerk.ask(request)).await);
        let told =
            |one: &AidEntitlement| (one.item(), one.amount_fen, one.granted_fen, one.grant_count);
        aid.entitlements.iter().map(told).collect()
    }

    async fn unaided(&self) -> usize {
        let clerk = self.world.officer("county.clerk", COUNTY);
        let request = ListUnaidedStudentsRequest {
            parent: COUNTY.into(),
            term: Some(TERM),
            ..ListUnaidedStudentsRequest::default()
        };
        let listed = self.aid().list_unaided_students(clerk.ask(request)).await;
        let request = SumAidRequest {
            parent: COUNTY.into(),
            term: Some(TERM),
        };
        let summed = done(self.aid().sum_aid(clerk.ask(request)).await).sums;
        let summed: i64 = summed.iter().map(|sum| sum.unaided_count).sum();
        let listed = done(listed).unaided_students.len();
        assert_eq!(summed, listed as i64, "the sum and the list say the same");
        listed
    }

    async fn revoke(&self, amount_fen: i64) {
        let clerk = self.world.officer("county.clerk", COUNTY);
        let request = ListAidGrantsRequest {
            parent: COUNTY.into(),
            term: Some(TERM),
            ..ListAidGrantsRequest::default()
        };
        let grants = done(self.aid().list_aid_grants(clerk.ask(request)).await).aid_grants;
        let grant = grants.iter().find(|grant| grant.amount_fen == amount_fen);
        let request = RevokeAidGrantRequest {
            name: grant.unwrap().name.clone(),
            note: "登记有误".into(),
            request_id: id(),
        };
        done(self.aid().revoke_aid_grant(clerk.ask(request)).await);
    }
}

fn recognitions(world: &World) -> GroupRecognitionServiceClient<Link> {
    GroupRecognitionServiceClient::new(world.link.clone())
}

async fn recognise(
    world: &World,
    pupil: &Student,
    group: Group,
    kind: Kind,
) -> Result<tonic::Response<GroupRecognition>, tonic::Status> {
    let level = match group {
        Group::Hardship => HardshipLevel::Great,
        _ => HardshipLevel::Unspecified,
    };
    let clerk = world.officer("school.clerk", &pupil.school);
    let request = clerk.ask(FileGroupRecognitionRequest {
        student: pupil.name.clone(),
        group_recognition: Some(GroupRecognition {
            group: group.into(),
            hardship_level: level.into(),
            evidence: vec![Evidence {
                title: "证明材料".into(),
                digest: "ab".repeat(32),
                kind: kind.into(),
            }],
            valid_from: "2018-08-01".into(),
            ..GroupRecognition::default()
        }),
        request_id: id(),
    });
    recognitions(world).file_group_recognition(request).await
}

#[tokio::test]
async fn an_allowance_is_paid_in_parts_until_it_is_paid_whole() {
    let ground = Ground::new().await;
    let item = AidItem::BoarderAllowance as i32;
    assert_eq!(ground.unaided().await, 1);
    let part = 30_000;
    assert_eq!(ground.record(item, part, "2018-09-01").await, Ok(true));
    assert_eq!(ground.record(item, part, "2018-09-01").await, Ok(false));
    assert_eq!(ground.unaided().await, 0);
    let too_much = ground.record(item, part, "2018-08-31").await.unwrap_err();
    assert_eq!(too_much.reason(), Reason::FieldInvalid);
    assert!(too_much.message.contains("1 to 20000"), "{too_much:?}");
    let rest = DUE - part;
    assert_eq!(ground.record(item, rest, "2018-08-31").await, Ok(true));
    let third = ground.record(item, 1, "2018-08-30").await.unwrap_err();
    assert_eq!(third.reason(), Reason::AidGrantedAlready);
    let told = ground.told().await;
    assert_eq!(told[2], (AidItem::BoarderAllowance, DUE, DUE, 2));
    // Only who is left with nothing is unaided again.
    ground.revoke(rest).await;
    assert_eq!(ground.unaided().await, 0);
    ground.revoke(part).await;
    assert_eq!(ground.unaided().await, 1);
}

#[tokio::test]
async fn what_is_given_in_kind_is_recorded_once_and_aids_nobody_in_hardship() {
    let ground = Ground::new().await;
    let books = AidItem::FreeTextbooks as i32;
    let paid = ground.record(books, 100, "2018-09-01").await.unwrap_err();
    assert_eq!(paid.reason(), Reason::FieldInvalid);
    assert_eq!(ground.record(books, 0, "2018-09-01").await, Ok(true));
    let again = ground.record(books, 0, "2018-08-31").await.unwrap_err();
    assert_eq!(again.reason(), Reason::AidGrantedAlready);
    let unknown = ground.record(99, 0, "2018-09-01").await.unwrap_err();
    assert_eq!(
        (unknown.reason(), unknown.field.as_str()),
        (Reason::FieldInvalid, "item")
    );
    assert_eq!(
        ground.told().await,
        [
            (AidItem::FeeExemption, 0, 0, 0),
            (AidItem::FreeTextbooks, 0, 0, 1),
            (AidItem::BoarderAllowance, DUE, 0, 0),
        ]
    );
    assert_eq!(ground.unaided().await, 1);
}

#[tokio::test]
async fn a_group_is_filed_with_a_document_that_proves_it() {
    let ground = Ground::new().await;
    for (kind, right) in [
        (Kind::Unspecified, false),
        (Kind::CivilAffairsCertificate, false),
        (Kind::ResidencePermit, true),
    ] {
        let filed = recognise(&ground.world, &ground.pupil, Group::Migrant, kind).await;
        if right {
            done(filed);
            continue;
        }
        refused(filed, Code::InvalidArgument, "FIELD_INVALID");
    }
}
