//! What documents prove of a child that is not at school, and for how long.

use crate::comparisons::{COUNTY, POLICE, client, compare, resident, send};
use crate::dropout::{cases, done, evidence, evidence_of, ground, step, unready};
use crate::support::{Officer, World, id};
use junheng_proto::registration::v1::dropout_case::{Ground, Reason, State};
use junheng_proto::registration::v1::resident_list::Kind;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use junheng_proto::workflow::v1::evidence::Kind as Paper;

/// A day more, so that a leap year passes too.
const YEAR: i64 = 366 * 86_400;

#[tokio::test]
async fn a_school_elsewhere_is_proven_by_the_kind_of_a_document_and_not_by_its_title() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    let told = "家长电话说在外省学校就读";
    for kind in [Paper::GuardianStatement, Paper::Other, Paper::Unspecified] {
        let given = vec![evidence_of(told, kind)];
        unready(
            ground.close(&case, Ground::Elsewhere, given.clone()).await,
            "学校证明或记录",
        );
        unready(
            ground.close(&case, Ground::NoFault, given).await,
            "公安机关户籍证明",
        );
    }
    let given = vec![evidence_of("外省学校在读证明", Paper::SchoolRecord)];
    let case = done(ground.close(&case, Ground::Elsewhere, given).await);
    let chief = ground.officer("county.approver");
    let closed = cases(&ground.world)
        .close_dropout_case(chief.ask(step(&case)))
        .await;
    assert_eq!(done(closed).state(), State::Closed);
}

#[tokio::test]
async fn the_county_clears_no_suspicion_on_the_guardians_word() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    let chief = ground.officer("county.approver");
    let clear = |kind: Paper| StepRequest {
        evidence: vec![evidence_of("情况说明", kind)],
        ..step(&case)
    };
    let mut service = cases(&ground.world);
    unready(
        service
            .clear_dropout_case(chief.ask(clear(Paper::GuardianStatement)))
            .await,
        "医疗机构证明",
    );
    let cleared = service
        .clear_dropout_case(chief.ask(clear(Paper::MedicalCertificate)))
        .await;
    assert_eq!(done(cleared).state(), State::Cleared);
}

/// A county whose register has one child that no school knows.
struct Unknown {
    world: World,
}

impl Unknown {
    fn officer(&self, role: &str) -> Officer<'_> {
        self.world.officer(role, COUNTY)
    }

    /// The police send their list again, and compare. How many were suspected, which the county is told.
    async fn compared(&self) -> i64 {
        let police = self.world.officer_of(POLICE, "county.partner", COUNTY);
        send(&self.world, &police, Kind::SchoolAge, vec![resident(2, 3)]).await;
        let run = compare(&self.world, &police).await;
        let request = GetComparisonRequest { name: run.name };
        let clerk = self.officer("county.clerk");
        let run = client(&self.world).get_comparison(clerk.ask(request)).await;
        done(run).suspected_count
    }

    /// The child's open case, which is suspected.
    async fn case(&self) -> DropoutCase {
        let request = ListDropoutCasesRequest {
            parent: COUNTY.into(),
            state: State::Suspected.into(),
            ..Default::default()
        };
        let clerk = self.officer("county.clerk");
        let listed = cases(&self.world)
            .list_dropout_cases(clerk.ask(request))
            .await;
        let mut listed = done(listed).dropout_cases;
        assert_eq!(listed.len(), 1);
        listed.remove(0)
    }

    /// The county closes its case on a ground and a document.
    async fn closed(&self, ground: Ground) {
        let case = self.case().await;
        let (clerk, chief) = (
            self.officer("county.clerk"),
            self.officer("county.approver"),
        );
        let mut service = cases(&self.world);
        let confirm = ConfirmDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            reason: Reason::Illness.into(),
            request_id: id(),
            ..Default::default()
        };
        let case = done(service.confirm_dropout_case(clerk.ask(confirm)).await);
        let request = RequestDropoutClosingRequest {
            name: case.name,
            etag: case.etag,
            ground: ground.into(),
            evidence: vec![evidence("批准文件")],
            request_id: id(),
            ..Default::default()
        };
        let case = done(service.request_dropout_closing(clerk.ask(request)).await);
        done(service.close_dropout_case(chief.ask(step(&case))).await);
    }
}

#[tokio::test]
async fn a_closing_on_papers_of_a_child_without_a_record_holds_for_the_school_year() {
    let county = Unknown {
        world: World::new().await,
    };
    let clock = county.world.context.clock.clone();
    assert_eq!(county.compared().await, 1);
    county.closed(Ground::Leave).await;
    assert_eq!(county.compared().await, 0, "the leave runs");

    clock.advance_seconds(YEAR);
    assert_eq!(county.compared().await, 1, "nothing says that it runs on");
    assert_eq!(county.compared().await, 0, "the case is open");
    let case = county.case().await;
    let given = StepRequest {
        evidence: vec![evidence("延长缓学批准文件")],
        ..step(&case)
    };
    let chief = county.officer("county.approver");
    let cleared = cases(&county.world)
        .clear_dropout_case(chief.ask(given))
        .await;
    assert_eq!(done(cleared).state(), State::Cleared);
    assert_eq!(county.compared().await, 0);

    clock.advance_seconds(YEAR);
    assert_eq!(county.compared().await, 1);
    county.closed(Ground::Graduated).await;
    clock.advance_seconds(YEAR);
    assert_eq!(county.compared().await, 0, "that is for good");
}
