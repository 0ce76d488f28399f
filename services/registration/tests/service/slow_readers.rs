//! Readers who take their time leave the service to the others.

use crate::dropout::{COUNTY, done, evidence, ground};
use crate::support::id;
use junheng_proto::registration::v1::export::Kind;
use junheng_proto::registration::v1::export_service_client::ExportServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;

/// More than there are connections to read by.
const SLOW: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn downloads_that_nobody_reads_leave_the_service_to_the_others_and_the_next_waits_its_turn() {
    let ground = ground().await;
    let mut exports = ExportServiceClient::new(ground.world.link.clone());
    let clerk = ground.officer("county.clerk");
    let asked = RequestExportRequest {
        parent: COUNTY.into(),
        export: Some(Export {
            kind: Kind::Students.into(),
            purpose: "毕业班资格核对".into(),
            ..Export::default()
        }),
        request_id: id(),
    };
    let export = done(exports.request_export(clerk.ask(asked)).await);
    let chief = ground.officer("county.approver");
    let approved = StepRequest {
        name: export.name.clone(),
        etag: export.etag,
        evidence: vec![evidence("导出审批表")],
        request_id: id(),
        ..StepRequest::default()
    };
    let export = done(exports.approve_export(chief.ask(approved)).await);

    let (told, mut begun) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..SLOW {
        let (told, mut exports) = (told.clone(), exports.clone());
        let request = clerk.ask(DownloadExportRequest {
            name: export.name.clone(),
        });
        tokio::spawn(async move {
            let mut parts = done(exports.download_export(request).await);
            let manifest = parts.message().await.unwrap();
            told.send((manifest, parts)).unwrap();
        });
    }
    let mut slow = vec![begun.recv().await.unwrap(), begun.recv().await.unwrap()];

    let get = |name: &str| clerk.ask(GetExportRequest { name: name.into() });
    let known = done(exports.get_export(get(&export.name)).await);
    assert_eq!(known.downloads.len(), 2, "who waits has downloaded nothing");
    // A turn that is given up is the next one's, to the last.
    for _ in 2..SLOW {
        drop(slow.remove(0));
        slow.push(begun.recv().await.unwrap());
    }
    let (_, mut parts) = slow.pop().unwrap();
    let mut receipt = None;
    while let Some(message) = parts.message().await.unwrap() {
        receipt = message.part;
    }
    let Some(download_export_response::Part::Receipt(receipt)) = receipt else {
        panic!("no receipt: {receipt:?}");
    };
    assert_eq!(receipt.row_count, 2);
}
