//! Taking pupil records out of the system: approved, watermarked, recorded 导出审批.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::download_export_response::Part;
use junheng_proto::registration::v1::export::{Encoding, Kind};
use junheng_proto::registration::v1::{
    ClearField, DownloadExportRequest, Export, ExportDownload, ExportManifest, GetExportRequest,
    RequestExportRequest,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::person::{Person, child};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{enrol, header, import_students, student_row};
use junheng_tests::{County, Officer, School, Story, World, binary, request_id, story};
use sm3::{Digest as _, Sm3};
use tonic::{Code, Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("an approved export gives every pupil masked watermarked and with a digest on record", |world| Box::pin(whole(world))),
    story("an export is approved in writing by a department that did not ask for it", |world| Box::pin(approval(world))),
    story("only who asked for an export downloads it", |world| Box::pin(holder(world))),
    story("an export in GB18030 shows in clear what its approval names and no formula runs", |world| Box::pin(clear(world))),
    story("an export can be downloaded for some days only", |world| Box::pin(expired(world))),
    story("the command line asks for an export of pupils and downloads it once it is approved", |world| Box::pin(command_line(world))),
];

/// A file with what was said about it.
#[derive(Debug)]
struct Taken {
    manifest: ExportManifest,
    bytes: Vec<u8>,
    receipt: ExportDownload,
}

async fn whole(world: &World) {
    let (county, school, people) = stage(world, 45).await;
    let approved = approved(world, &county, wanted(&[])).await;
    let taken = take(&county.clerk, &approved).await;
    let text = String::from_utf8(taken.bytes.clone()).expect("UTF-8");
    let lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!(lines.len(), 47, "a header, the pupils, a last line");
    assert!(lines[0].starts_with("学校标识码,学校名称,学段"));
    let mark = &taken.manifest.watermark;
    assert!(mark.contains(&county.clerk.account) && mark.contains(&approved.name));
    assert!(
        lines[1..].iter().all(|line| line.contains(mark.as_str())),
        "{text}"
    );
    for person in &people {
        assert!(!text.contains(&person.number), "masked");
        assert!(text.contains(&person.display_name));
    }
    assert!(lines[1].starts_with(&school.code));
    assert_eq!(taken.receipt.row_count, 45);
    assert_eq!(taken.receipt.digest, hex::encode(Sm3::digest(&taken.bytes)));
    let again = take(&county.clerk, &approved).await;
    assert_ne!(again.receipt.name, taken.receipt.name);
    let get = GetExportRequest {
        name: approved.name.clone(),
    };
    let kept = answered(county.clerk.exports().get_export(get).await).downloads;
    assert_eq!(kept, [taken.receipt, again.receipt]);
}

async fn approval(world: &World) {
    let (county, school, _) = stage(world, 1).await;
    let place = &county.place.county;
    let asker = world.another("county.approver", place).await;
    let own = answered(ask(&asker, place, wanted(&[])).await);
    refused(
        asker.exports().approve_export(step(&own, true)).await,
        Code::PermissionDenied,
        "SAME_PERSON",
    );
    let elsewhere = County::fresh(world).await;
    let stranger = world
        .another("county.approver", &elsewhere.place.county)
        .await;
    refused(
        stranger.exports().approve_export(step(&own, true)).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let head = world.another("school.approver", &school.name).await;
    refused(
        head.exports().approve_export(step(&own, true)).await,
        Code::PermissionDenied,
        "ROLE_NOT_ALLOWED",
    );
    let chief = world.sign_in("county.approver", place).await;
    let unwritten = chief.exports().approve_export(step(&own, false)).await;
    refused(unwritten, Code::FailedPrecondition, "STEP_NOT_READY");
    let early = download(&asker, &own).await;
    refused(
        early.map(Response::new),
        Code::FailedPrecondition,
        "NOT_IN_FORCE",
    );
    answered(chief.exports().approve_export(step(&own, true)).await);
    let wide = ask(&asker, &county.place.province, wanted(&[])).await;
    refused(wide, Code::PermissionDenied, "OUT_OF_SCOPE");
    let mut unknown = wanted(&[]);
    unknown.columns = vec!["personal".to_owned()];
    let unknown = ask(&asker, place, unknown).await;
    let unknown = refused(unknown, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(unknown.fields, ["export.columns[0]"]);
}

async fn holder(world: &World) {
    let (county, _, _) = stage(world, 1).await;
    let approved = approved(world, &county, wanted(&[])).await;
    let colleague = world.another("county.clerk", &county.place.county).await;
    let theirs = download(&colleague, &approved).await.map(Response::new);
    refused(theirs, Code::PermissionDenied, "NOT_THE_HOLDER");
    let chief = world.sign_in("county.approver", &county.place.county).await;
    let theirs = download(&chief, &approved).await.map(Response::new);
    refused(theirs, Code::PermissionDenied, "NOT_THE_HOLDER");
    take(&county.clerk, &approved).await;
    let mut back = step(&approved, false);
    back.note = "用途已变".to_owned();
    answered(chief.exports().revoke_export(back).await);
    let gone = download(&county.clerk, &approved).await.map(Response::new);
    refused(gone, Code::FailedPrecondition, "NOT_IN_FORCE");
}

async fn clear(world: &World) {
    let (county, school, people) = stage(world, 3).await;
    let mut row = student_row(&school, Stage::Primary, 1, 1, &child());
    row.guardian_display_name = Some("=1+1".to_owned());
    let entered = import_students(&county.clerk, header(&school.name), vec![row]).await;
    assert_eq!(answered(entered).created_count, 1);
    let mut export = wanted(&[ClearField::IdentityNumber]);
    export.encoding = Encoding::Gb18030.into();
    export.columns = ["identity_number", "student_number", "guardian_display_name"]
        .map(str::to_owned)
        .into();
    let approved = approved(world, &county, export).await;
    let taken = take(&county.clerk, &approved).await;
    let (text, _, broken) = encoding_rs::GB18030.decode(&taken.bytes);
    assert!(!broken);
    assert!(
        text.starts_with("身份证件号,学籍号,监护人姓名,导出水印"),
        "{text}"
    );
    for person in &people {
        assert!(text.contains(&format!("{},L***", person.number)), "{text}");
    }
    assert!(text.contains(",'=1+1,"), "{text}");
}

async fn expired(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let (county, _, _) = stage(&world, 1).await;
    let approved = approved(&world, &county, wanted(&[])).await;
    take(&county.clerk, &approved).await;
    let clerk = county.clerk.clone();
    world.later(9).expect("a restart");
    let clerk = world
        .enter(&clerk.sign_in_name, &clerk.password, None)
        .await;
    let over = download(&clerk, &approved).await.map(Response::new);
    refused(over, Code::FailedPrecondition, "APPROVAL_EXPIRED");
}

async fn command_line(world: &World) {
    let (county, _, people) = stage(world, 2).await;
    let folder = tempfile::tempdir().expect("a folder");
    let password = folder.path().join("password");
    std::fs::write(&password, &county.clerk.password).expect("a file");
    let run = |more: &[&str]| {
        let who = [
            "export",
            "students",
            "--endpoint",
            world.url(),
            "--sign-in",
            &county.clerk.sign_in_name,
            "--password-file",
            password.to_str().expect("a name"),
        ];
        let arguments = [&who[..], more].concat();
        let output = binary::run(&arguments, &[]).expect("the command runs");
        (output.status.success(), binary::all_output(&output))
    };
    let out = folder.path().join("pupils.xlsx");
    let out = out.to_str().expect("a name");
    let (well, printed) = run(&["--parent", &county.place.county, "--out", out]);
    assert!(!well && printed.contains("--purpose"), "{printed}");
    let (well, printed) = run(&[
        "--parent",
        &county.place.county,
        "--purpose",
        "核对毕业班名册",
    ]);
    assert!(well, "{printed}");
    let name = printed
        .split_whitespace()
        .find(|word| word.starts_with("exports/"))
        .unwrap_or_else(|| panic!("no export in {printed}"))
        .to_owned();
    let (well, printed) = run(&["--approved", &name, "--out", out]);
    assert!(!well && printed.contains("REQUESTED"), "{printed}");
    let get = GetExportRequest { name: name.clone() };
    let asked = answered(county.clerk.exports().get_export(get).await);
    let chief = world.sign_in("county.approver", &county.place.county).await;
    answered(chief.exports().approve_export(step(&asked, true)).await);
    let (well, printed) = run(&["--approved", &name, "--out", out]);
    assert!(well && printed.contains("2 rows"), "{printed}");
    let bytes = std::fs::read(out).expect("the workbook");
    assert!(bytes.starts_with(b"PK"), "a workbook");
    let csv = folder.path().join("pupils.csv");
    let (well, printed) = run(&["--approved", &name, "--out", csv.to_str().expect("a name")]);
    assert!(well, "{printed}");
    let text = std::fs::read_to_string(csv).expect("the file");
    assert!(
        people
            .iter()
            .all(|person| text.contains(&person.display_name))
    );
}

async fn stage(world: &World, pupils: usize) -> (County, School, Vec<Person>) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let people = enrol(&county.clerk, &school, Stage::Primary, pupils).await;
    (county, school, people)
}

fn wanted(clear: &[ClearField]) -> Export {
    Export {
        kind: Kind::Students.into(),
        purpose: "毕业班资格核对".to_owned(),
        clear_fields: clear.iter().map(|field| (*field).into()).collect(),
        ..Export::default()
    }
}

async fn ask(officer: &Officer, parent: &str, export: Export) -> Result<Response<Export>, Status> {
    let request = RequestExportRequest {
        parent: parent.to_owned(),
        export: Some(export),
        request_id: request_id(),
    };
    officer.exports().request_export(request).await
}

/// An export that the county's clerk asked for and the county approved.
async fn approved(world: &World, county: &County, export: Export) -> Export {
    let place = &county.place.county;
    let asked = answered(ask(&county.clerk, place, export).await);
    let chief = world.sign_in("county.approver", place).await;
    answered(chief.exports().approve_export(step(&asked, true)).await)
}

fn step(export: &Export, in_writing: bool) -> StepRequest {
    let paper = Evidence {
        title: "导出审批表".to_owned(),
        digest: "ab".repeat(32),
        ..Evidence::default()
    };
    StepRequest {
        name: export.name.clone(),
        etag: export.etag.clone(),
        note: String::new(),
        evidence: if in_writing { vec![paper] } else { Vec::new() },
        request_id: request_id(),
    }
}

async fn download(officer: &Officer, export: &Export) -> Result<Taken, Status> {
    let request = DownloadExportRequest {
        name: export.name.clone(),
    };
    let mut stream = officer
        .exports()
        .download_export(request)
        .await?
        .into_inner();
    let (mut manifest, mut bytes, mut receipt) = (None, Vec::new(), None);
    while let Some(message) = stream.message().await? {
        match message.part {
            Some(Part::Manifest(found)) => manifest = Some(found),
            Some(Part::Chunk(more)) => bytes.extend(more),
            Some(Part::Receipt(found)) => receipt = Some(found),
            None => panic!("an empty part"),
        }
    }
    Ok(Taken {
        manifest: manifest.expect("a manifest"),
        bytes,
        receipt: receipt.expect("a receipt"),
    })
}

async fn take(officer: &Officer, export: &Export) -> Taken {
    answered(download(officer, export).await.map(Response::new))
}
