//! What becomes of the children of a list stands in the journal, step by step: who decided about whom can be proved later.

use crate::admitted::{admissions, confirm, listed_in, publish, step};
use crate::support::{World, id};
use junheng_proto::journal::v1::ListEntriesRequest;
use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;
use junheng_proto::registration::v1::admission_entry::Outcome;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;

const COUNTY: &str = "regions/630103";

/// The methods of the entries about a record, oldest first, each with how many records it changed.
async fn told(world: &World, subject: &str) -> Vec<(String, i32)> {
    let auditor = world.officer("county.audit", COUNTY);
    let request = ListEntriesRequest {
        service: "registration".into(),
        parent: COUNTY.into(),
        subject: subject.into(),
        ..ListEntriesRequest::default()
    };
    let mut journal = JournalServiceClient::new(world.link.clone());
    let listed = journal.list_entries(auditor.ask(request)).await.unwrap();
    let entries = listed.into_inner().entries.into_iter();
    let method = |method: &str| method.rsplit('/').next().unwrap().to_owned();
    entries
        .map(|entry| (method(&entry.method), entry.record_count))
        .collect()
}

#[tokio::test]
async fn the_journal_tells_of_every_child_whom_a_step_or_an_arrival_changes() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let (plan, _) = listed_in(&world, &school, 2, &[1, 2, 3]).await;
    let plan = publish(&world, &school, &plan).await;
    let county = world.officer("county.approver", COUNTY);
    let back = StepRequest {
        note: "名单有误,退回重排".into(),
        ..step(&plan)
    };
    let mut service = admissions(&world);
    let returned = service.return_admission_plan(county.ask(back)).await;
    let plan = confirm(&world, &school, returned.unwrap().get_ref()).await;

    let head = world.officer("school.clerk", &school.name);
    let list = ListAdmissionEntriesRequest {
        parent: school.name.clone(),
        plan: plan.name.clone(),
        ..ListAdmissionEntriesRequest::default()
    };
    let listed = service.list_admission_entries(head.ask(list)).await;
    let listed = listed.unwrap().into_inner().admission_entries;
    let admitted = listed
        .iter()
        .filter(|entry| entry.outcome() == Outcome::Admitted);
    let admitted: Vec<String> = admitted.map(|entry| entry.name.clone()).collect();
    assert_eq!(admitted.len(), 2);
    for entries in [&admitted[..1], &admitted[..]] {
        let arrive = RecordArrivalsRequest {
            name: plan.name.clone(),
            entries: entries.to_vec(),
            request_id: id(),
        };
        service.record_arrivals(head.ask(arrive)).await.unwrap();
    }

    let expected = [
        ("CreateAdmissionPlan", 1),
        ("AddAdmissionEntries", 1 + 3),
        ("CloseAdmissionPlan", 1),
        ("DrawAdmissionPlan", 1 + 3),
        ("PublishAdmissionPlan", 1),
        ("ReturnAdmissionPlan", 1 + 3),
        ("CloseAdmissionPlan", 1),
        ("DrawAdmissionPlan", 1 + 3),
        ("PublishAdmissionPlan", 1),
        // Who was not drawn is let go.
        ("ConfirmAdmissionPlan", 1 + 1),
        ("RecordArrivals", 1 + 1),
        // One of the two had come before.
        ("RecordArrivals", 1 + 1),
    ];
    let expected = expected.map(|(method, count)| (method.to_owned(), count));
    assert_eq!(told(&world, &plan.name).await, expected);
}
