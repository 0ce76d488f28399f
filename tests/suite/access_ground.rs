//! The organisations and records that the matrix is called with.

use junheng_proto::assets::v1::ListSitesRequest;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::identity::v1::{Account, CreateAccountRequest};
use junheng_proto::registration::v1::{ListSchoolClassesRequest, ListStudentsRequest};
use junheng_proto::staffing::v1::ListTeachersRequest;
use junheng_tests::campaign::{BASIC, Inspection};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{employ, enrol, furnish};
use junheng_tests::world::{PASSWORD, PROVINCE};
use junheng_tests::{County, School, World, request_id};
use prost_reflect::MethodDescriptor;

use super::records;

/// Another province, where nobody here has a post.
const ABROAD: [(&str, &str); 2] = [
    ("a province abroad", "regions/630000"),
    ("a county abroad", "regions/630103"),
];

/// Methods whose parent is a region.
const REGIONS_ONLY: &[&str] = &[
    "CreateAccount",
    "ListAccounts",
    "CreateSchool",
    "ListSchools",
    "ImportSchools",
    "CreateCampaign",
    "ListCampaigns",
    "ListEvidenceItems",
    "AssignJuniorPlaces",
    "CreateZonePlan",
    "ListZonePlans",
    "RecordBirths",
    "ListBirths",
    "FreezeCohorts",
    "ListPlaceGaps",
    "CreateReorganisation",
    "RecodeCounty",
    "RunFinding",
    "ListFindingRounds",
    "ImportResidents",
    "ListResidentLists",
    "ListComparisons",
    "ListComparisonResults",
    "ListResidentCandidates",
];

/// Methods whose parent is a school.
const SCHOOLS_ONLY: &[&str] = &[
    "CreateSchoolClass",
    "CreateStudent",
    "CreateTeacher",
    "CreateSite",
    "CreateStatusChange",
    "CreateCertificateList",
    "ConfirmEnrolment",
    "CreateAdmissionPlan",
    "PrepareClassDraw",
];

/// Methods by which a partner reaches only a child that it sent, or the record of one that it reported; these are the schools'.
pub const REPORTERS_ONLY: &[&str] = &["GetDropoutCase", "ReportDropoutSuspicion"];

/// Methods whose records take a school year or a whole process to come about, or are one partner's own; who may call them
/// is told by their own stories.
pub const WITHOUT_RECORDS: &[&str] = &[
    "GetCertificateList",
    "SubmitCertificateList",
    "ApproveCertificateList",
    "ReturnCertificateList",
    "RequestCertificateRevocation",
    "RevokeCertificate",
    "RequestCertificateReissue",
    "ReissueCertificate",
    "KeepCertificate",
    "PrintCertificate",
    "GetReorganisation",
    "PublishReorganisation",
    "ApproveReorganisation",
    "EndorseReorganisation",
    "ReturnReorganisation",
    "WithdrawReorganisation",
    "ExecuteReorganisation",
    "GetReliefPlan",
    "ApproveReliefPlan",
    "FulfilReliefPlan",
    "WithdrawReliefPlan",
    "GetResidentList",
    "RunComparison",
    "GetComparison",
    "GetResident",
    "DecideResidentCandidate",
    "GetDropoutReport",
    "RecountDropoutReport",
    "SignDropoutReport",
    "SubmitDropoutReport",
    "ReturnDropoutReport",
    "AcceptDropoutReport",
    "DraftDropoutReport",
];

/// What a call names, and where that lies.
#[derive(Clone, Debug)]
pub struct Target {
    /// For messages.
    pub label: &'static str,
    /// The organisation or the record.
    pub value: String,
    /// A record to return with a campaign, or another that a valid request needs.
    pub beside: String,
    school: Option<String>,
    county: Option<String>,
    city: Option<String>,
    in_province: bool,
}

/// The records of one school and its county.
struct Corner {
    label: &'static str,
    county: County,
    school: School,
    records: Vec<(&'static str, String)>,
}

/// The ground: a school, another of its county, a neighbouring county, a county of another city.
pub struct Ground {
    corners: Vec<Corner>,
}

// === impl Ground ===

impl Ground {
    /// Sets the ground up.
    pub async fn prepare(world: &World) -> Self {
        let [here, near, far] = world.neighbours();
        let here = County::at(world, here).await;
        let near = County::at(world, near).await;
        let far = County::at(world, far).await;
        let labels = [
            "at home",
            "a school beside",
            "a county beside",
            "another city",
        ];
        let counties = [here.clone(), here, near, far];
        let mut corners = Vec::new();
        for (label, county) in labels.into_iter().zip(counties) {
            corners.push(Corner::furnish(world, label, county).await);
        }
        // The campaigns come last, when every county has its schools.
        for (number, corner) in corners.iter_mut().enumerate() {
            // The school beside lies in a county that has its campaign already.
            if number != 1 {
                let inspection = Inspection::issued(world, &corner.county, BASIC).await;
                corner.add_campaign(world, &inspection).await;
            }
        }
        Self { corners }
    }

    /// Where an officer of the role has the post.
    pub fn home(&self, role: &str) -> String {
        let corner = &self.corners[0];
        match role.split_once('.').map(|(level, _)| level) {
            Some("school") => corner.school.name.clone(),
            Some("county") => corner.county.place.county.clone(),
            Some("city") => corner.county.place.city.clone().expect("a city"),
            _ => PROVINCE.to_owned(),
        }
    }

    /// Whether the post of a role covers a target: judged by geography alone.
    pub fn covers(&self, role: &str, target: &Target) -> bool {
        let home = Some(self.home(role));
        match role.split_once('.').map(|(level, _)| level) {
            Some("school") => target.school == home,
            Some("county") => target.county == home,
            Some("city") => target.city == home,
            _ => target.in_province,
        }
    }

    /// What a method is called with.
    pub fn targets(&self, method: &MethodDescriptor, scope: &str) -> Vec<Target> {
        if scope.is_empty() || WITHOUT_RECORDS.contains(&method.name()) {
            return Vec::new();
        }
        if scope.rsplit('.').next() != Some("parent") {
            let collection = collection_of(method);
            return self
                .corners
                .iter()
                .filter_map(|corner| corner.record(collection))
                .collect();
        }
        if method.name() == "CreateReliefPlan" {
            let classes = self.corners.iter();
            return classes
                .filter_map(|corner| corner.record("classes"))
                .collect();
        }
        let mut targets = Vec::new();
        if !SCHOOLS_ONLY.contains(&method.name()) {
            targets.extend(self.regions());
        }
        if !REGIONS_ONLY.contains(&method.name()) {
            targets.extend(self.corners.iter().map(Corner::school));
        }
        targets
    }

    fn regions(&self) -> Vec<Target> {
        let region = |label, county: Option<&String>, city: Option<&String>, value: &str| Target {
            label,
            value: value.to_owned(),
            beside: String::new(),
            school: None,
            county: county.cloned(),
            city: city.cloned(),
            in_province: value.starts_with("regions/42"),
        };
        let mut targets = Vec::new();
        for (corner, label) in [
            (0, "the own county"),
            (2, "a county beside"),
            (3, "a county of another city"),
        ] {
            let place = &self.corners[corner].county.place;
            targets.push(region(
                label,
                Some(&place.county),
                place.city.as_ref(),
                &place.county,
            ));
        }
        for (corner, label) in [(0, "the own city"), (3, "another city")] {
            let city = self.corners[corner].county.place.city.as_ref();
            targets.push(region(label, None, city, city.expect("a city")));
        }
        targets.push(region("the province", None, None, PROVINCE));
        targets.extend(ABROAD.map(|(label, value)| region(label, None, None, value)));
        targets
    }
}

// === impl Corner ===

impl Corner {
    async fn furnish(world: &World, label: &'static str, county: County) -> Self {
        let school = county.school(SchoolKind::Primary).await;
        enrol(&county.clerk, &school, Stage::Primary, 1).await;
        employ(&county.clerk, &school, Stage::Primary, 1).await;
        furnish(&county.clerk, &school, 10).await;
        let parent = school.name.clone();
        let clerk = &county.clerk;
        let classes = ListSchoolClassesRequest {
            parent: parent.clone(),
            ..Default::default()
        };
        let classes = answered(clerk.classes().list_school_classes(classes).await).school_classes;
        let students = ListStudentsRequest {
            parent: parent.clone(),
            ..Default::default()
        };
        let students = answered(clerk.students().list_students(students).await).students;
        let teachers = ListTeachersRequest {
            parent: parent.clone(),
            ..Default::default()
        };
        let teachers = answered(clerk.teachers().list_teachers(teachers).await).teachers;
        let sites = ListSitesRequest {
            parent: parent.clone(),
            ..Default::default()
        };
        let sites = answered(clerk.sites().list_sites(sites).await).sites;
        let more =
            records::records(world, label, &county, &school, &classes[0], &students[0]).await;
        let mut records = vec![
            ("schools", parent.clone()),
            ("classes", classes[0].name.clone()),
            ("students", students[0].name.clone()),
            ("teachers", teachers[0].name.clone()),
            ("sites", sites[0].name.clone()),
        ];
        records.extend(more);
        Self {
            label,
            county,
            school,
            records,
        }
    }

    async fn add_campaign(&mut self, world: &World, inspection: &Inspection) {
        let reports = inspection.reports().await;
        let report = reports
            .iter()
            .find(|report| report.school == self.school.name);
        let items = inspection.items().await;
        let system = world.administrator("system").await;
        let account = CreateAccountRequest {
            parent: self.county.place.county.clone(),
            account: Some(Account {
                sign_in_name: format!("matrix.{}", uuid::Uuid::now_v7().simple()),
                display_name: "矩阵".to_owned(),
                ..Account::default()
            }),
            password: PASSWORD.to_owned(),
            request_id: request_id(),
        };
        let account = answered(system.accounts().create_account(account).await);
        self.records.extend([
            (
                "schoolReports",
                report.expect("a report of the school").name.clone(),
            ),
            ("evidenceItems", items[0].name.clone()),
            ("campaigns", inspection.name()),
            ("accounts", account.name),
        ]);
    }

    fn school(&self) -> Target {
        self.target(Some(self.school.name.clone()), self.school.name.clone())
    }

    /// A record of a collection; campaigns, items and accounts belong to the county, the others to the school.
    fn record(&self, collection: &str) -> Option<Target> {
        let (_, name) = self
            .records
            .iter()
            .find(|(found, _)| *found == collection)?;
        let of_county = [
            "campaigns",
            "evidenceItems",
            "accounts",
            "zonePlans",
            "accessGrants",
            "exports",
        ]
        .contains(&collection);
        let school = (!of_county).then(|| self.school.name.clone());
        Some(self.target(school, name.clone()))
    }

    fn target(&self, school: Option<String>, value: String) -> Target {
        let find = |collection: &str| {
            let found = self.records.iter().find(|(found, _)| *found == collection);
            found.map(|(_, name)| name.clone()).unwrap_or_default()
        };
        let beside = match value.split_once('/').map(|(collection, _)| collection) {
            Some("campaigns") => find("schoolReports"),
            Some("accounts") => self.county.place.county.clone(),
            _ => find("classes"),
        };
        Target {
            label: self.label,
            beside,
            value,
            school,
            county: Some(self.county.place.county.clone()),
            city: self.county.place.city.clone(),
            in_province: true,
        }
    }
}

fn collection_of(method: &MethodDescriptor) -> &'static str {
    if ["RevealStudent", "GetStudentAid", "FileGroupRecognition"].contains(&method.name()) {
        return "students";
    }
    match method.parent_service().name() {
        "SchoolService" | "ObstacleService" => "schools",
        "SchoolClassService" => "classes",
        "StudentService" | "StudentNumberService" => "students",
        "ReorganisationService" => "schools",
        "ClassSizeService" => "classes",
        "TransferService" => "transfers",
        "DropoutCaseService" if method.name() == "ReportDropoutSuspicion" => "students",
        "DropoutCaseService" => "dropoutCases",
        "DropoutNoticeService" if method.name() == "DrawDropoutNotice" => "dropoutCases",
        "DropoutNoticeService" => "dropoutNotices",
        "DuplicateCaseService" => "duplicateCases",
        "KeyChangeService" if method.name() == "CreateKeyChange" => "students",
        "KeyChangeService" => "keyChanges",
        "StatusChangeService" => "statusChanges",
        "AttendanceService" if method.name() == "MarkAttendance" => "classes",
        "AttendanceService" => "attendanceSheets",
        "AttendanceZoneService" => "zonePlans",
        "AidService" => "aidGrants",
        "AdmissionService" if method.name().ends_with("Entry") => "admissionEntries",
        "AdmissionService" => "admissionPlans",
        "ClassDrawService" => "classDraws",
        "AccessGrantService" => "accessGrants",
        "ExportService" => "exports",
        "GroupRecognitionService" => "groupRecognitions",
        "TeacherService" => "teachers",
        "SiteService" => "sites",
        "SchoolReportService" => "schoolReports",
        "EvidenceItemService" => "evidenceItems",
        "CampaignService" | "FigureService" => "campaigns",
        "AccountService" => "accounts",
        other => panic!("{other} has records that the matrix does not know"),
    }
}
