//! Certificates of compulsory education 义务教育证书.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::certificate::State;
use junheng_proto::registration::v1::certificate_list::State as ListState;
use junheng_proto::registration::v1::reorganisation::Kind;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::verify_certificate_response::Verdict;
use junheng_proto::registration::v1::{
    Certificate, CertificateList, CreateCertificateListRequest, ListCertificatesRequest,
    PrintCertificateRequest, Reorganisation, VerifyCertificateRequest, VerifyCertificateResponse,
};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::school_year::{in_summer, summer_year};
use junheng_tests::world::{PASSWORD, post};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::{Code, Response, Status};

use crate::promotion::{fill, promote, students};
use crate::reorganisations::{self, LATER};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a certificate is issued by two hands and verified by anybody who holds its code", |world| Box::pin(issued(world))),
    story("who has not finished junior school gets no certificate", |world| Box::pin(not_graduated(world))),
    story("graduates of a school that closes are certified by the one that receives it and lose nothing", |world| Box::pin(inherited(world))),
    story("a revoked or replaced certificate says so to whoever verifies it", |world| Box::pin(revoked(world))),
];

/// A nine-year school with two graduates, in summer.
struct Ground {
    world: World,
    county: County,
    school: School,
    clerk: Officer,
    head: Officer,
    county_head: Officer,
}

impl Ground {
    async fn of(world: &World) -> Self {
        let world = in_summer(world).await;
        let county = reorganisations::county(&world).await;
        let school = county.school(SchoolKind::NineYear).await;
        fill(&county.clerk, &school, Stage::Junior, &[2, 3], 2).await;
        let clerk = world.sign_in("school.clerk", &school.name).await;
        let head = world.sign_in("school.approver", &school.name).await;
        let place = county.place.county.clone();
        let county_head = world.sign_in("county.approver", &place).await;
        Self {
            world,
            county,
            school,
            clerk,
            head,
            county_head,
        }
    }

    async fn propose(&self, named: &[String]) -> Result<Response<CertificateList>, Status> {
        let request = CreateCertificateListRequest {
            parent: self.school.name.clone(),
            graduation_year: summer_year(),
            students: named.to_vec(),
            request_id: request_id(),
        };
        self.clerk
            .certificates()
            .create_certificate_list(request)
            .await
    }

    /// The officers of the same posts, after the installation has gone on.
    async fn enter_again(&mut self) {
        let (world, school) = (&self.world, &self.school.name);
        let place = self.county.place.county.clone();
        self.clerk = world.sign_in("school.clerk", school).await;
        self.head = world.sign_in("school.approver", school).await;
        self.county_head = world.sign_in("county.approver", &place).await;
        self.county = County::at(world, self.county.place.clone()).await;
    }

    async fn issue(&self) -> Vec<Certificate> {
        self.certify(&[]).await
    }

    async fn certify(&self, named: &[String]) -> Vec<Certificate> {
        let list = answered(self.propose(named).await);
        let submit = step(&list.name, &list.etag);
        let head = self.head.certificates();
        let list = answered(head.clone().submit_certificate_list(submit).await);
        let approve = step(&list.name, &list.etag);
        let county = self.county_head.certificates();
        let list = answered(county.clone().approve_certificate_list(approve).await);
        assert_eq!(list.state(), ListState::Approved);
        self.certificates().await
    }

    async fn certificates(&self) -> Vec<Certificate> {
        let list = ListCertificatesRequest {
            parent: self.county.place.county.clone(),
            graduation_year: summer_year(),
            ..Default::default()
        };
        let county = self.county.clerk.certificates();
        answered(county.clone().list_certificates(list).await).certificates
    }

    async fn verify(&self, code: &str) -> Result<Response<VerifyCertificateResponse>, Status> {
        let request = VerifyCertificateRequest {
            verification_code: code.to_owned(),
        };
        let nobody = self.world.nobody();
        nobody.certificates().verify_certificate(request).await
    }
}

fn step(name: &str, etag: &str) -> StepRequest {
    StepRequest {
        name: name.to_owned(),
        etag: etag.to_owned(),
        note: "已核实".to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    }
}

async fn issued(world: &World) {
    let ground = Ground::of(world).await;
    promote(&ground.county_head, &ground.school.name).await;
    let issued = ground.issue().await;
    assert_eq!(issued.len(), 2);
    assert_ne!(issued[0].number, issued[1].number);
    let certificate = &issued[0];
    let code = &certificate.verification_code;
    let verified = answered(ground.verify(code).await);
    assert_eq!(verified.verdict(), Verdict::Valid);
    assert_eq!(
        verified.school_display_name,
        ground.school.entry.display_name
    );
    assert_eq!(verified.graduation_year, summer_year());
    assert!(verified.masked_name.ends_with("**"), "{verified:?}");
    let typed = code.to_lowercase().replace('-', " ");
    assert_eq!(answered(ground.verify(&typed).await), verified);
    let print = PrintCertificateRequest {
        name: certificate.name.clone(),
    };
    let clerk = ground.clerk.certificates();
    let text = answered(clerk.clone().print_certificate(print).await).text;
    for part in [&certificate.number, code, &ground.school.entry.display_name] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // One wrong symbol is a slip; a code that checks and that nobody was given is unknown.
    let slip = code.replacen(&code[..1], if code.starts_with('7') { "8" } else { "7" }, 1);
    refused(
        ground.verify(&slip).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    refused(ground.verify(&forged()).await, Code::NotFound, "NOT_FOUND");
    // Nobody is left to certify.
    refused(
        ground.propose(&[]).await,
        Code::FailedPrecondition,
        "NO_CERTIFICATE",
    );
    let again = ground
        .propose(std::slice::from_ref(&certificate.student))
        .await;
    let again = refused(again, Code::FailedPrecondition, "NO_CERTIFICATE");
    assert!(again.sentence.contains("补发"), "{again:?}");
}

/// A code whose check characters fit: the base-32 value of sixteen symbols times 1,024 and 7 more, modulo 1,021.
fn forged() -> String {
    const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let secret: Vec<u32> = (0..16).map(|at| (at * 7 + 3) % 32).collect();
    let value = secret
        .iter()
        .fold(0, |value, one| (value * 32 + one) % 1_021);
    let check = (value * 1_024 + 7) % 1_021;
    let all = secret.into_iter().chain([check / 32, check % 32]);
    all.map(|one| char::from(SYMBOLS[one as usize])).collect()
}

async fn not_graduated(world: &World) {
    let ground = Ground::of(world).await;
    refused(
        ground.propose(&[]).await,
        Code::FailedPrecondition,
        "NO_CERTIFICATE",
    );
    promote(&ground.county_head, &ground.school.name).await;
    let pupils = students(&ground.clerk, &ground.school.name).await;
    let younger = pupils
        .iter()
        .find(|one| one.state() == junheng_proto::registration::v1::student::State::Enrolled);
    let younger = younger.expect("who went up a grade").name.clone();
    let found = refused(
        ground.propose(std::slice::from_ref(&younger)).await,
        Code::FailedPrecondition,
        "NO_CERTIFICATE",
    );
    assert!(found.sentence.contains(&younger), "{found:?}");
    // Two hands: who proposes does not submit, and the school does not approve.
    let school = ground.school.name.as_str();
    let posts = [("school.clerk", school), ("school.approver", school)];
    ground.world.appoint("two.posts", &posts).await;
    let clerk = post("school.clerk", school);
    let clerk = ground.world.enter("two.posts", PASSWORD, Some(clerk)).await;
    let head = post("school.approver", school);
    let head = ground.world.enter("two.posts", PASSWORD, Some(head)).await;
    let request = CreateCertificateListRequest {
        parent: ground.school.name.clone(),
        graduation_year: summer_year(),
        students: Vec::new(),
        request_id: request_id(),
    };
    let list = answered(clerk.certificates().create_certificate_list(request).await);
    refused(
        head.certificates()
            .submit_certificate_list(step(&list.name, &list.etag))
            .await,
        Code::PermissionDenied,
        "SAME_PERSON",
    );
    let submit = step(&list.name, &list.etag);
    let own_head = ground.head.certificates();
    let list = answered(own_head.clone().submit_certificate_list(submit).await);
    let back = step(&list.name, &list.etag);
    let county = ground.county_head.certificates();
    let list = answered(county.clone().return_certificate_list(back).await);
    assert_eq!(list.state(), ListState::Returned);
    assert!(ground.certificates().await.is_empty());
    assert_eq!(ground.issue().await.len(), 2, "proposed anew");
}

async fn revoked(world: &World) {
    let ground = Ground::of(world).await;
    promote(&ground.county_head, &ground.school.name).await;
    let issued = ground.issue().await;
    let [one, other] = issued.as_slice() else {
        panic!("{issued:?}")
    };
    let county = ground.county_head.certificates();
    let at_once = county
        .clone()
        .revoke_certificate(step(&one.name, &one.etag))
        .await;
    refused(at_once, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let mut head = ground.head.certificates();
    let asked = head
        .request_certificate_revocation(step(&one.name, &one.etag))
        .await;
    let asked = answered(asked);
    let still = answered(ground.verify(&one.verification_code).await);
    assert_eq!(still.verdict(), Verdict::Valid, "asked for is not done");
    let revoke = step(&asked.name, &asked.etag);
    let gone = answered(county.clone().revoke_certificate(revoke).await);
    assert_eq!(gone.state(), State::Revoked);
    let verified = answered(ground.verify(&one.verification_code).await);
    assert_eq!(verified.verdict(), Verdict::Revoked);

    let mut clerk = ground.clerk.certificates();
    let silent = StepRequest {
        note: String::new(),
        ..step(&other.name, &other.etag)
    };
    refused(
        clerk.request_certificate_reissue(silent).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    let asked = step(&other.name, &other.etag);
    let asked = answered(clerk.request_certificate_reissue(asked).await);
    let reissue = step(&asked.name, &asked.etag);
    let new = answered(county.clone().reissue_certificate(reissue).await);
    assert_eq!(
        (new.state(), new.replaces.as_str()),
        (State::Valid, other.name.as_str())
    );
    assert_ne!(new.number, other.number);
    let verdict = async |code: &str| answered(ground.verify(code).await).verdict();
    assert_eq!(verdict(&other.verification_code).await, Verdict::Replaced);
    assert_eq!(verdict(&new.verification_code).await, Verdict::Valid);
    // Who was revoked may be certified anew.
    let list = answered(ground.propose(&[]).await);
    assert_eq!(list.students, std::slice::from_ref(&one.student));
}

async fn inherited(world: &World) {
    let mut ground = Ground::of(world).await;
    promote(&ground.county_head, &ground.school.name).await;
    let pupils = students(&ground.clerk, &ground.school.name).await;
    let graduated = StudentState::Graduated;
    let mut graduates = pupils.iter().filter(|one| one.state() == graduated);
    let first = graduates.next().expect("two graduates");
    let second = graduates.next().expect("two graduates");
    let early = ground.certify(std::slice::from_ref(&first.name)).await;
    assert_eq!(early.len(), 1);

    let receiving = ground.county.school(SchoolKind::NineYear).await;
    let drafted = Reorganisation {
        school: ground.school.name.clone(),
        receiving_school: receiving.name.clone(),
        effective_date: format!("{}-07-13", summer_year()),
        ..reorganisations::plan(Kind::Closure)
    };
    let drafted = reorganisations::draft(&ground.county, drafted).await;
    reorganisations::publish(&ground.county.clerk, &drafted.name).await;
    ground.world.later(LATER).expect("a later day");
    ground.enter_again().await;
    let county = &ground.county;
    reorganisations::approve(&ground.world, county, &drafted.name).await;
    // A list under way is an obstacle, for nobody could take its next step.
    let open = answered(ground.propose(&[]).await);
    let now = reorganisations::get(&county.clerk, &drafted.name).await;
    let early_execution = county
        .clerk
        .reorganisations()
        .execute_reorganisation(reorganisations::step(&now))
        .await;
    let refusal = refused(early_execution, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(refusal.sentence.contains("证书名册1项"), "{refusal:?}");
    let submit = step(&open.name, &open.etag);
    let submitted = ground
        .head
        .certificates()
        .submit_certificate_list(submit)
        .await;
    let submitted = answered(submitted);
    let back = step(&submitted.name, &submitted.etag);
    let county_head = ground.county_head.certificates();
    answered(county_head.clone().return_certificate_list(back).await);
    reorganisations::execute(&county.clerk, &drafted.name).await;

    // The county asks for a replacement where the school is gone.
    let lost = early[0].clone();
    let county_clerk = county.clerk.certificates();
    let asked = step(&lost.name, &lost.etag);
    let asked = answered(
        county_clerk
            .clone()
            .request_certificate_reissue(asked)
            .await,
    );
    let reissue = step(&asked.name, &asked.etag);
    let new = answered(county_head.clone().reissue_certificate(reissue).await);
    assert_eq!(new.replaces, lost.name);
    // Who graduated there and has none is listed by the school that went on.
    ground.clerk = ground.world.sign_in("school.clerk", &receiving.name).await;
    ground.head = ground
        .world
        .sign_in("school.approver", &receiving.name)
        .await;
    ground.school = receiving;
    let list = answered(ground.propose(&[]).await);
    assert_eq!(list.students, std::slice::from_ref(&second.name));
}
